//! The WebSocket's functions, each by its name.

use cordial_dialects::event_socket::console::{Ask, Look, Steer};
use cordial_dialects::event_socket::table;
use cordial_dialects::native::wire::Scope;
use cordial_dialects::webitel::account::Account;
use cordial_dialects::webitel::socket::Exec;
use cordial_dialects::webitel::status::{FsState, FsStatus};
use cordial_dialects::webitel::wish::Wish;
use cordial_engine::call::TransferTo;
use cordial_engine::command::Note;
use cordial_engine::id::Guid;
use cordial_engine::text::Number;
use cordial_engine::view::CallView;
use cordial_engine::{Answer, Command};
use serde_json::{Map, Value, json};

use super::accounts::{listed, made, removed, seen, set_password, set_status};
use super::{No, State, own_account};
use crate::callcenter::Desk;
use crate::http::Caller;

/// Functions that Webitel has and that need what this engine does not do yet.
const NOT_YET: &[&str] = &[
    "hold",
    "unhold",
    "toggle_hold",
    "attended_transfer",
    "att_xfer",
    "att_xfer2",
    "att_xfer_bridge",
    "att_xfer_cancel",
    "bridge",
    "dtmf",
    "broadcast",
    "eavesdrop",
    "displace",
];

/// Where a function is carried out.
pub(super) struct Doing<'a> {
    pub(super) state: &'a State,
    pub(super) caller: &'a Caller,
    pub(super) account: Option<&'a Account>,
}

impl Doing<'_> {
    /// Answers a function; `None` when there is none of that name.
    pub(super) async fn run(&self, exec: &Exec) -> Option<Result<Value, No>> {
        Some(match exec.func.as_str() {
            "ping" => Ok(json!({ "response": "pong" })),
            "login" => self.wish(&Wish::LogIn).await,
            "logout" => self.wish(&Wish::LogOut).await,
            "cc login" => self.cc_login(exec).await,
            "cc logout" => self.wish(&Wish::LogOut).await,
            "cc ready" => self.cc_state(FsState::Waiting).await,
            "cc busy" => self.cc_state(FsState::Idle).await,
            "cc tier from user" => self.tiers(exec).await,
            "api whoami" | "whoami" => self.whoami().await,
            "api account list" => self.accounts().await,
            "api account create" => self.create(exec).await,
            "api account change" => self.change(exec).await,
            "api account remove" => self.remove(exec).await,
            "call" => self.call(exec).await,
            "hangup" => match channel(exec) {
                Ok(uuid) => self.hang_up(&uuid).await.map(|()| json!({ "response": "+OK" })),
                Err(no) => Err(no),
            },
            "transfer" => self.transferred(exec).await,
            "show_channel" => self.channels().await,
            "channel_dump" => self.dump(exec).await,
            name if NOT_YET.contains(&name) => {
                Err(No::new(501, format!("{name} is not served: this engine does not do it yet")))
            }
            _ => return None,
        })
    }

    fn desk(&self) -> Desk<'_> {
        Desk { handle: self.state.handle(), caller: self.caller }
    }

    fn me(&self) -> Result<&Account, No> {
        self.account.ok_or_else(|| No::new(400, "the token stands for no account"))
    }

    async fn wish(&self, wish: &Wish) -> Result<Value, No> {
        let agent = self.me()?.agent.ok_or_else(|| No::new(400, "the account takes no calls"))?;
        let desk = self.desk();
        desk.may_act_on(agent).await?;
        desk.grant(agent, wish, Note::default()).await?;
        Ok(json!({ "response": "+OK" }))
    }

    async fn cc_login(&self, exec: &Exec) -> Result<Value, No> {
        let status = exec.text(&["status"]).unwrap_or_else(|| "Available".to_owned());
        let status = FsStatus::parse(&status).ok_or_else(|| No::new(400, "-ERR Invalid Agent Status!"))?;
        self.wish(&Wish::of_fs_status(status)).await
    }

    async fn cc_state(&self, state: FsState) -> Result<Value, No> {
        let name = self.me()?.full_name();
        let ask = Ask::Steer(Steer::AgentSetState { name, state });
        let answer = self.desk().carry_out(ask).await?;
        Ok(json!({ "response": answer.trim_end() }))
    }

    /// The queues that a user serves.
    async fn tiers(&self, exec: &Exec) -> Result<Value, No> {
        let user = match exec.text(&["user"]) {
            Some(user) => seen(self.state, self.caller, &user).await?.full_name(),
            None => self.me()?.full_name(),
        };
        let all = table::rows(&self.desk().carry_out(Ask::Look(Look::TierList)).await?);
        let own: Vec<_> = all.into_iter().filter(|row| row.get("agent") == Some(&json!(user))).collect();
        Ok(json!({ "response": own }))
    }

    async fn whoami(&self) -> Result<Value, No> {
        let account = own_account(self.state, self.caller).await?;
        let account = account.ok_or_else(|| No::new(400, "the token stands for no account"))?;
        let sockets = self.state.online.count(self.caller.tenant, &account.id);
        let logged = account.status() != cordial_dialects::webitel::status::Status::LogOut;
        let mut me = account.me();
        me.insert("logged".to_owned(), json!(logged));
        me.insert("sessionLength".to_owned(), json!(sockets));
        Ok(json!({ "response": me }))
    }

    async fn accounts(&self) -> Result<Value, No> {
        Ok(json!({ "response": listed(self.state, self.caller).await? }))
    }

    async fn create(&self, exec: &Exec) -> Result<Value, No> {
        // Old clients say `100:password@domain` in one word.
        let mut body: Map<String, Value> = exec.args.clone();
        if let Some((name, rest)) = exec.text(&["param"]).as_deref().and_then(|param| param.split_once(':')) {
            let password = rest.rsplit_once('@').map_or(rest, |(password, _)| password);
            body.insert("login".to_owned(), json!(name));
            body.insert("password".to_owned(), json!(password));
        }
        Ok(json!({ "response": made(self.state, self.caller, &body).await? }))
    }

    /// `api account change`: the parameter `status`, with its description, or `password`.
    async fn change(&self, exec: &Exec) -> Result<Value, No> {
        let account = match exec.text(&["user", "account"]) {
            Some(user) => seen(self.state, self.caller, &user).await?,
            None => self.me()?.clone(),
        };
        let parameter = exec.text(&["param", "parameter"]).unwrap_or_else(|| "status".to_owned());
        let value = exec.text(&["value", "status"]).ok_or_else(|| No::new(400, "value is required"))?;
        match parameter.to_ascii_lowercase().as_str() {
            "status" => {
                let description = exec.text(&["description", "descript"]);
                set_status(self.state, self.caller, &account, &value, description).await?;
            }
            "password" => set_password(self.state, self.caller, &account, &value).await?,
            _ => return Err(No::new(400, format!("parameter {parameter:?} cannot be changed"))),
        }
        Ok(json!({ "response": "+OK" }))
    }

    async fn remove(&self, exec: &Exec) -> Result<Value, No> {
        let user = exec.text(&["user", "account"]).ok_or_else(|| No::new(400, "user is required"))?;
        removed(self.state, self.caller, &user).await?;
        Ok(json!({ "response": "+OK" }))
    }

    /// `call`: one's own phone is rung, and dials when it is answered.
    async fn call(&self, exec: &Exec) -> Result<Value, No> {
        let to = exec.text(&["number", "extension"]).ok_or_else(|| No::new(400, "number is required"))?;
        let guid = self.place_call(exec.text(&["user"]), &to).await?;
        Ok(json!({ "response": format!("+OK {}", uuid(guid)) }))
    }

    /// Rings the phone of this account, or of one's own, which dials the number when it is answered.
    pub(super) async fn place_call(&self, user: Option<String>, to: &str) -> Result<Guid, No> {
        let account = match user {
            Some(user) => seen(self.state, self.caller, &user).await?,
            None => self.me()?.clone(),
        };
        let desk = self.desk();
        match account.agent {
            Some(agent) => desk.may_act_on(agent).await?,
            None => desk.need(Scope::Supervise)?,
        }
        let to = Number::parse(to).map_err(|why| No::new(400, format!("number {why}")))?;
        let device = account.device.ok_or_else(|| No::new(400, "the account has no phone"))?;
        match desk.ask(Command::PlaceCall { device, to }).await? {
            Answer::Call(_, guid) => Ok(guid),
            Answer::Done
            | Answer::Pending
            | Answer::Tenant(..)
            | Answer::Added(..)
            | Answer::Arrived(..)
            | Answer::Parked(_) => Err(No::new(500, "the engine answered what was not asked")),
        }
    }

    /// Ends the call that a channel's uuid names.
    pub(super) async fn hang_up(&self, uuid: &str) -> Result<(), No> {
        let call = self.named_call(uuid).await?;
        self.desk().ask(Command::ClearCall { call: call.id }).await?;
        Ok(())
    }

    /// `transfer`: the other party of a channel is led to a number.
    async fn transferred(&self, exec: &Exec) -> Result<Value, No> {
        let uuid = channel(exec)?;
        let to = exec.text(&["destination", "number", "extension"]);
        self.transfer(&uuid, &to.ok_or_else(|| No::new(400, "destination is required"))?).await?;
        Ok(json!({ "response": "+OK" }))
    }

    /// Leads a party of the call that a channel's uuid names to a number. One's own phone leaves it if it has a part in
    /// it, else the agent's.
    pub(super) async fn transfer(&self, uuid: &str, to: &str) -> Result<(), No> {
        let call = self.named_call(uuid).await?;
        let to = Number::parse(to).map_err(|why| No::new(400, format!("destination {why}")))?;
        let own = self.account.and_then(|account| account.device);
        let device = own
            .filter(|own| call.legs.iter().any(|leg| leg.endpoint == cordial_engine::Endpoint::Device(*own)));
        let to = TransferTo::Number(to);
        self.desk().ask(Command::TransferCall { call: call.id, device, to }).await?;
        Ok(())
    }

    async fn dump(&self, exec: &Exec) -> Result<Value, No> {
        let call = self.named_call(&channel(exec)?).await?;
        Ok(json!({ "response": channels_of(&call) }))
    }

    /// The call that a channel's uuid names, if it is the caller's to look at.
    async fn named_call(&self, uuid: &str) -> Result<CallView, No> {
        let missing = || No::new(404, "channel not found!");
        let guid = Guid::parse(uuid).ok_or_else(missing)?;
        let tenant = self.caller.tenant;
        let calls = self.state.handle().read(move |engine, _| engine.calls(tenant)).await?;
        let found =
            calls.into_iter().find(|call| call.guid == guid || call.legs.iter().any(|leg| leg.guid == guid));
        found.filter(|call| self.is_ours(call)).ok_or_else(missing)
    }

    /// A supervisor sees every call, an agent those that he has a part in.
    fn is_ours(&self, call: &CallView) -> bool {
        let agent = self.account.and_then(|account| account.agent);
        let device = self.account.and_then(|account| account.device);
        let takes_part = call.legs.iter().any(|leg| {
            (leg.agent.is_some() && leg.agent == agent)
                || device.is_some_and(|device| leg.endpoint == cordial_engine::Endpoint::Device(device))
        });
        self.caller.scopes.contains(&Scope::Supervise) || takes_part
    }

    async fn channels(&self) -> Result<Value, No> {
        let tenant = self.caller.tenant;
        let calls = self.state.handle().read(move |engine, _| engine.calls(tenant)).await?;
        let own: Vec<Value> = calls.iter().filter(|call| self.is_ours(call)).flat_map(channels_of).collect();
        Ok(json!({ "response": { "row_count": own.len(), "rows": own } }))
    }
}

fn channel(exec: &Exec) -> Result<String, No> {
    exec.text(&["channel-uuid", "uuid"]).ok_or_else(|| No::new(400, "channel-uuid is required"))
}

fn uuid(guid: Guid) -> String {
    cordial_dialects::event_socket::uuid(guid)
}

/// The legs of a call as channels.
fn channels_of(call: &CallView) -> Vec<Value> {
    let direction = |role| match role {
        cordial_engine::call::Role::Caller => "inbound",
        cordial_engine::call::Role::Callee => "outbound",
    };
    let state = |phase| match phase {
        cordial_engine::view::LegPhase::Arrived | cordial_engine::view::LegPhase::Dialled => "DOWN",
        cordial_engine::view::LegPhase::Ringing => "RINGING",
        cordial_engine::view::LegPhase::Answered => "ACTIVE",
        cordial_engine::view::LegPhase::Held => "HELD",
    };
    let told = |leg: &cordial_engine::view::LegView| {
        json!({
            "uuid": uuid(leg.guid),
            "call_uuid": uuid(call.guid),
            "direction": direction(leg.role),
            "callstate": state(leg.phase),
            "created_epoch": call.started_wall.0.div_euclid(1_000).to_string(),
            "cid_num": call.caller.as_ref().map_or("", |number| number.as_str()),
            "cid_name": call.caller_name.as_str(),
            "dest": call.dialled.as_str(),
        })
    };
    call.legs.iter().map(told).collect()
}
