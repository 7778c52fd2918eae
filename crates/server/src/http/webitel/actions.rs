//! The newer protocol's actions, each by its name.

use cordial_dialects::floor::Floor;
use cordial_dialects::names::EntryKey as _;
use cordial_dialects::webitel::account::Account;
use cordial_dialects::webitel::newer::{self, Act, channel};
use cordial_dialects::webitel::wish::Wish;
use cordial_engine::command::Note;
use cordial_engine::entry::Kind;
use cordial_engine::id::{AgentId, ReasonId};
use cordial_engine::{Command, Refusal};
use serde_json::{Value, json};

use super::accounts::{no_agent, seen_agent};
use super::functions::Doing;
use super::{No, State};
use crate::callcenter::Desk;
use crate::http::Caller;

/// Actions on calls that Webitel has and that need what this engine does not do yet.
const NOT_YET: &[&str] = &[
    "call_hold",
    "call_unhold",
    "call_dtmf",
    "call_mute",
    "call_bridge",
    "call_eavesdrop",
    "call_user",
    "call_recordings",
];

/// Where an action is carried out.
pub(super) struct Acting<'a> {
    pub(super) state: &'a State,
    pub(super) caller: &'a Caller,
    pub(super) account: Option<&'a Account>,
}

impl Acting<'_> {
    /// Answers an action; `None` when there is none of that name.
    pub(super) async fn run(&self, act: &Act) -> Option<Result<Value, No>> {
        Some(match act.action.as_str() {
            "cc_agent_session" => self.session(act).await,
            "cc_agent_online" => self.online(act).await,
            "cc_agent_offline" => self.wish(act, &Wish::LogOut, "").await,
            "cc_agent_pause" => self.pause(act).await,
            "cc_agent_waiting" => self.waiting(act).await,
            "cc_agent_tasks" => self.tasks(act).await,
            "call_hangup" => self.hang_up(act).await,
            "call_blind_transfer" => self.transfer(act).await,
            "call_invite" => self.invite(act).await,
            name if NOT_YET.contains(&name) => {
                Err(No::new(501, format!("{name} is not served: this engine does not do it yet")))
            }
            _ => return None,
        })
    }

    fn desk(&self) -> Desk<'_> {
        Desk { handle: self.state.handle(), caller: self.caller }
    }

    /// The agent that is named, if he is one's to see, or one's own.
    async fn agent(&self, act: &Act) -> Result<AgentId, No> {
        let own = self.account.and_then(|account| account.agent);
        let Some(named) = act.text("agent_id") else {
            return own.ok_or_else(no_agent);
        };
        let id = AgentId(named.parse().map_err(|_| No::new(400, "agent_id must be a number"))?);
        seen_agent(self.state, self.caller, id).await
    }

    async fn wish(&self, act: &Act, wish: &Wish, note: &str) -> Result<Value, No> {
        let agent = self.agent(act).await?;
        let desk = self.desk();
        desk.may_act_on(agent).await?;
        let note = Note::parse(note).map_err(|why| No::new(400, format!("status_comment {why}")))?;
        desk.grant(agent, wish, note).await?;
        self.told(agent).await
    }

    async fn told(&self, agent: AgentId) -> Result<Value, No> {
        let tenant = self.caller.tenant;
        let told = self.state.handle().read(move |engine, now| {
            newer::agent(&Floor::around(engine, tenant, Some(agent), None, now), agent, now.wall)
        });
        told.await?.ok_or_else(no_agent)
    }

    async fn session(&self, act: &Act) -> Result<Value, No> {
        let agent = self.agent(act).await?;
        self.told(agent).await
    }

    async fn online(&self, act: &Act) -> Result<Value, No> {
        if act.data.get("on_demand").and_then(Value::as_bool) == Some(true) {
            return Err(No::new(501, "on_demand is not served: an agent is ready again after wrap-up"));
        }
        self.wish(act, &Wish::Available, "").await
    }

    /// A pause for a cause from the tenant's list, or for none.
    async fn pause(&self, act: &Act) -> Result<Value, No> {
        if act.text("timeout").is_some_and(|timeout| timeout != "0") {
            return Err(No::new(501, "a pause that ends by itself is not served"));
        }
        let comment = act.text("status_comment").unwrap_or_default();
        let Some(cause) = act.text("payload").filter(|cause| !cause.is_empty()) else {
            return self.wish(act, &Wish::OnBreak, &comment).await;
        };
        let agent = self.agent(act).await?;
        let desk = self.desk();
        desk.may_act_on(agent).await?;
        let tenant = self.caller.tenant;
        let wanted = cause.clone();
        let reason = self
            .state
            .handle()
            .read(move |engine, _| engine.find_by_name(tenant, Kind::Reason, &wanted).and_then(ReasonId::of));
        let unknown = || No::new(400, format!("pause cause {cause:?} is not known"));
        let reason = Some(reason.await?.ok_or_else(unknown)?);
        let note = Note::parse(&comment).map_err(|why| No::new(400, format!("status_comment {why}")))?;
        match desk.ask(Command::NotReady { agent, reason, note }).await {
            Ok(_) | Err(crate::callcenter::No::Refused(Refusal::AlreadySo)) => self.told(agent).await,
            Err(crate::callcenter::No::Refused(Refusal::NotLoggedIn)) => {
                Err(No::new(400, "You can't take a pause right now"))
            }
            Err(no) => Err(no.into()),
        }
    }

    /// Back to waiting after a call: ready, and the wrap-up over.
    async fn waiting(&self, act: &Act) -> Result<Value, No> {
        let channel = act.text("channel").unwrap_or_else(|| "call".to_owned());
        if channel != "call" {
            return Err(No::new(400, format!("channel {channel:?} is not known")));
        }
        let agent = self.agent(act).await?;
        let desk = self.desk();
        desk.may_act_on(agent).await?;
        match desk.ask(Command::Ready { agent }).await {
            Ok(_) | Err(crate::callcenter::No::Refused(Refusal::AlreadySo)) => self.told(agent).await,
            Err(no) => Err(no.into()),
        }
    }

    /// What queues ask of an agent, and what he does for them.
    async fn tasks(&self, act: &Act) -> Result<Value, No> {
        let agent = self.agent(act).await?;
        self.desk().may_act_on(agent).await?;
        let tenant = self.caller.tenant;
        let items = self.state.handle().read(move |engine, now| {
            channel::tasks(&Floor::around(engine, tenant, Some(agent), None, now), agent, now.wall)
        });
        Ok(json!({ "items": items.await? }))
    }

    /// `call_hangup` `{id}`, the id of one's own leg or of the call.
    async fn hang_up(&self, act: &Act) -> Result<Value, No> {
        let id = act.text("id").ok_or_else(|| No::new(400, "id is required"))?;
        self.doing().hang_up(&id).await?;
        Ok(json!({}))
    }

    /// `call_blind_transfer` `{id, destination}`: the other party of one's own leg is led there.
    async fn transfer(&self, act: &Act) -> Result<Value, No> {
        let id = act.text("id").ok_or_else(|| No::new(400, "id is required"))?;
        let to = act.text("destination").ok_or_else(|| No::new(400, "destination is required"))?;
        self.doing().transfer(&id, &to).await?;
        Ok(json!({}))
    }

    /// `call_invite` `{destination}`: one's own phone is rung, and dials when it is answered.
    async fn invite(&self, act: &Act) -> Result<Value, No> {
        let to = act.text("destination").ok_or_else(|| No::new(400, "destination is required"))?;
        let guid = self.doing().place_call(None, &to).await?;
        Ok(json!({ "id": cordial_dialects::event_socket::uuid(guid) }))
    }

    const fn doing(&self) -> Doing<'_> {
        Doing { state: self.state, caller: self.caller, account: self.account }
    }
}
