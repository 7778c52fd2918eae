//! One WebSocket: who it is, what it listens to, and both protocols side by side.

use std::collections::BTreeSet;
use std::future::pending;
use std::net::IpAddr;

use axum::extract::ws::{Message as Frame, WebSocket};
use cordial_dialects::event_socket::local_name;
use cordial_dialects::floor::Floor;
use cordial_dialects::webitel::account::Account;
use cordial_dialects::webitel::event::{Happened, told};
use cordial_dialects::webitel::newer::call::{self, Own};
use cordial_dialects::webitel::newer::channel::Channel;
use cordial_dialects::webitel::newer::{self, Act};
use cordial_dialects::webitel::socket::{Exec, disconnect};
use cordial_engine::Event;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::time::{Duration, Instant, Interval, sleep_until, timeout};

use super::accounts::sees_all;
use super::actions::Acting;
use super::functions::Doing;
use super::online::{News, Presence};
use super::{No, State, enter, own_account};
use crate::events::Subscription;
use crate::http::events::token_looks;
use crate::http::limits::SEND_TIME;
use crate::http::{Caller, TurnedAway, wall};

/// Bytes of a frame that are read. A larger one ends the connection.
pub(super) const HEARD_MAX: usize = 64 * 1_024;
/// How long a client may take to prove itself. Then it is told to go.
const AUTH_TIME: Duration = Duration::from_secs(10);
/// Names of events that one session listens to. One more is refused.
const NAMES_MAX: usize = 64;

/// A session.
struct Session {
    state: State,
    peer: IpAddr,
    socket: WebSocket,
    who: Option<Who>,
    until: Instant,
    look: Interval,
    news: broadcast::Receiver<News>,
    /// The number of the last event told in the newer protocol.
    seq: u64,
}

/// Somebody who proved himself.
struct Who {
    caller: Caller,
    account: Option<Account>,
    /// Held while the socket is open, so that others see it.
    _presence: Option<Presence>,
    tail: Option<Tail>,
    /// Names subscribed to; `ALL` is all.
    names: BTreeSet<String>,
    /// What of the newer protocol is told.
    newer: Newer,
    /// Whether it said `cc login`.
    in_call_centre: bool,
}

/// What a session hears in the newer protocol.
#[derive(Default)]
struct Newer {
    /// `agent_status`.
    agents: bool,
    /// `call`, for one's own calls.
    calls: bool,
    /// `channel`, for what queues ask of oneself.
    channel: Option<Channel>,
}

struct Tail {
    floor: Floor,
    events: Subscription,
}

/// Why a session ends.
struct Over;

/// Speaks with one client until it leaves or is cut.
pub(super) async fn run(state: State, peer: IpAddr, socket: WebSocket) {
    let news = state.online.news();
    let until = Instant::now() + AUTH_TIME;
    let mut session = Session { state, peer, socket, who: None, until, look: token_looks(), news, seq: 0 };
    // Whoever ended it knows why.
    session.converse().await.ok();
    timeout(SEND_TIME, session.socket.send(Frame::Close(None))).await.ok();
}

enum Next {
    Heard(Option<Result<Frame, axum::Error>>),
    Event(Option<std::sync::Arc<Event>>),
    News(Option<News>),
    Look,
    TooSlow,
}

impl Session {
    async fn converse(&mut self) -> Result<std::convert::Infallible, Over> {
        loop {
            match self.next().await {
                Next::Heard(Some(Ok(Frame::Text(text)))) => self.hear(&text).await?,
                Next::Heard(Some(Ok(Frame::Ping(_) | Frame::Pong(_)))) => {}
                // Neither protocol has binary frames.
                Next::Heard(Some(Ok(Frame::Binary(_) | Frame::Close(_)) | Err(_)) | None) => {
                    return Err(Over);
                }
                Next::Event(Some(event)) => self.tell(&event).await?,
                Next::Event(None) => return Err(Over),
                Next::News(news) => {
                    if let Some(news) = news {
                        self.tell_online(&news).await?;
                    }
                }
                Next::Look => {
                    if self.who.as_ref().is_some_and(|who| !who.caller.stands(&self.state)) {
                        return self.dismiss().await;
                    }
                }
                Next::TooSlow => return self.dismiss().await,
            }
        }
    }

    async fn dismiss(&mut self) -> Result<std::convert::Infallible, Over> {
        self.send(&disconnect()).await?;
        Err(Over)
    }

    async fn next(&mut self) -> Next {
        let Self { socket, who, until, look, news, .. } = self;
        let is_known = who.is_some();
        let event = async {
            match who.as_mut().and_then(|who| who.tail.as_mut()) {
                Some(tail) => tail.events.next().await,
                None => pending().await,
            }
        };
        let too_slow = async { if is_known { pending().await } else { sleep_until(*until).await } };
        // In no fixed order: neither who talks without pause nor a busy house keeps the other from being heard.
        tokio::select! {
            _ = look.tick() => Next::Look,
            heard = socket.recv() => Next::Heard(heard),
            event = event => Next::Event(event),
            news = news.recv(), if is_known => Next::News(news.ok()),
            () = too_slow => Next::TooSlow,
        }
    }

    async fn hear(&mut self, text: &str) -> Result<(), Over> {
        let answer = match serde_json::from_str::<Value>(text) {
            Ok(frame) => self.answer(&frame).await,
            Err(error) => {
                json!({ "exec-complete": "-ERR", "exec-response": { "response": format!("-ERR: {error}") } })
            }
        };
        self.send(&answer).await
    }

    async fn answer(&mut self, frame: &Value) -> Value {
        if let Some(who) = &self.who
            && self.state.asks(&who.caller, self.peer).is_err()
        {
            let exec = Exec::parse(frame);
            return exec.map_or_else(
                || Act::parse(frame).map_or(Value::Null, |act| act.refused(429, "app.rate", "slow down")),
                |exec| exec.refused("slow down"),
            );
        }
        if let Some(exec) = Exec::parse(frame) {
            return self.function(&exec).await;
        }
        match Act::parse(frame) {
            Some(act) => self.action(&act).await,
            None => json!({
                "exec-complete": "-ERR",
                "exec-response": { "response": "-ERR: neither exec-func nor action" },
            }),
        }
    }

    async fn function(&mut self, exec: &Exec) -> Value {
        if exec.func == "auth" {
            let (key, token) = (exec.text(&["key"]), exec.text(&["token"]));
            return match self.enter(key.as_deref(), token.as_deref()).await {
                Ok(()) => exec.ok(&self.session_told()),
                Err(no) => exec.refused(&no.info),
            };
        }
        match exec.func.as_str() {
            "subscribe" => return self.subscribe(exec).await,
            "unsubscribe" => return self.unsubscribe(exec),
            _ => {}
        }
        let Some(who) = &mut self.who else {
            return exec.refused("permission denied: auth first");
        };
        let doing = Doing { state: &self.state, caller: &who.caller, account: who.account.as_ref() };
        match doing.run(exec).await {
            Some(Ok(response)) => {
                match exec.func.as_str() {
                    "cc login" => who.in_call_centre = true,
                    "cc logout" | "logout" => who.in_call_centre = false,
                    _ => {}
                }
                exec.ok(&response)
            }
            Some(Err(no)) => exec.refused(&no.info),
            None => exec.unknown(),
        }
    }

    async fn action(&mut self, act: &Act) -> Value {
        match act.action.as_str() {
            "authentication_challenge" => {
                return match self.enter(None, act.text("token").as_deref()).await {
                    Ok(()) => {
                        let hello = newer::event("hello", self.next_seq(), &self.session_told());
                        // The greeting comes first; a client that is gone hears neither.
                        self.send(&hello).await.ok();
                        act.ok(&self.session_told())
                    }
                    Err(no) => refused(act, &no),
                };
            }
            "ping" => return act.ok(&json!({ "pong": 1 })),
            _ => {}
        }
        if self.who.is_none() {
            return act.refused(401, "app.session.unauthorized", "authentication_challenge first");
        }
        if let Some(answer) = self.subscription(act).await {
            return answer.map_or_else(|no| refused(act, &no), |data| act.ok(&data));
        }
        let Some(who) = &self.who else { return Value::Null };
        let acting = Acting { state: &self.state, caller: &who.caller, account: who.account.as_ref() };
        match acting.run(act).await {
            Some(Ok(data)) => act.ok(&data),
            Some(Err(no)) => refused(act, &no),
            None => act.refused(501, "app.action.unknown", &format!("{} - not found.", act.action)),
        }
    }

    /// The actions that say what is told from now on; `None` for all others.
    async fn subscription(&mut self, act: &Act) -> Option<Result<Value, No>> {
        let name = act.action.as_str();
        // Who asks for his session goes on with its channel.
        let follows = matches!(
            name,
            "cc_agent_subscribe_status" | "subscribe_users_status" | "subscribe_call" | "cc_agent_session"
        );
        if follows && let Err(no) = self.follow().await {
            return Some(Err(no));
        }
        let who = self.who.as_mut()?;
        let (own, floor) = (who.own(), who.tail.as_ref().map(|tail| &tail.floor));
        match name {
            "cc_agent_subscribe_status" | "subscribe_users_status" => who.newer.agents = true,
            "un_subscribe_users_status" => who.newer.agents = false,
            "subscribe_call" => {
                who.newer.calls = true;
                return floor.map(|floor| Ok(call::items(floor, own, wall())));
            }
            "un_subscribe_call" => who.newer.calls = false,
            "cc_agent_session" => {
                who.newer.channel = own.agent.zip(floor).map(|(agent, floor)| Channel::of(floor, agent));
                return None;
            }
            _ => return None,
        }
        Some(Ok(json!({})))
    }

    async fn enter(&mut self, key: Option<&str>, token: Option<&str>) -> Result<(), No> {
        let token = token.ok_or_else(|| No::new(400, "token is required"))?;
        let caller = enter(&self.state, self.peer, key, token).await?;
        let account = own_account(&self.state, &caller).await?;
        let open = |account: &Account| self.state.online.open(caller.tenant, &account.id);
        let presence = account.as_ref().map(open);
        self.who = Some(Who {
            caller,
            account,
            _presence: presence,
            tail: None,
            names: BTreeSet::new(),
            newer: Newer::default(),
            in_call_centre: false,
        });
        Ok(())
    }

    /// Who the session is, as `auth` answers.
    fn session_told(&self) -> Value {
        let Some(who) = &self.who else { return Value::Null };
        let mut told = who.account.as_ref().map(Account::me).unwrap_or_default();
        let sockets = who.account.as_ref().map_or(0, |it| self.state.online.count(who.caller.tenant, &it.id));
        let login = who.account.as_ref().map_or_else(String::new, Account::full_name);
        let role = told.get("roleName").cloned().unwrap_or(Value::Null);
        told.insert("login".to_owned(), json!(login));
        told.insert("role".to_owned(), role);
        told.insert("session".to_owned(), json!(who.caller.key()));
        told.insert("ws-count".to_owned(), json!(sockets));
        told.insert("cc-logged".to_owned(), json!(who.in_call_centre));
        Value::Object(told)
    }

    async fn subscribe(&mut self, exec: &Exec) -> Value {
        let Some(name) = exec.text(&["event"]).filter(|name| !name.is_empty()) else {
            return exec.refused("event is required");
        };
        let everybody = exec.flag("all");
        if let Err(no) = self.follow().await {
            return exec.refused(&no.info);
        }
        let Some(who) = &mut self.who else {
            return exec.refused("permission denied: auth first");
        };
        if everybody && !sees_all(&who.caller) {
            return exec.refused("permission denied");
        }
        if who.names.len() >= NAMES_MAX {
            return exec.refused("too many events");
        }
        who.names.insert(name.to_ascii_uppercase());
        exec.ok(&json!({ "response": format!("Subscribed {name}") }))
    }

    fn unsubscribe(&mut self, exec: &Exec) -> Value {
        let Some(who) = &mut self.who else {
            return exec.refused("permission denied: auth first");
        };
        let name = exec.text(&["event"]).unwrap_or_default();
        if who.names.remove(&name.to_ascii_uppercase()) {
            exec.ok(&json!({ "response": format!("Unsubscribed {name}") }))
        } else {
            exec.refused("not subscribed")
        }
    }

    /// Begins to follow the tenant's events, if that was not done before.
    async fn follow(&mut self) -> Result<(), No> {
        let Some(who) = &mut self.who else {
            return Err(TurnedAway::Wrong.into());
        };
        if who.tail.is_some() {
            return Ok(());
        }
        let (tenant, handle) = (who.caller.tenant, self.state.handle());
        let (seq, floor) = handle.snapshot(move |engine, now| Floor::of(engine, tenant, now)).await?;
        let events = handle.subscribe(tenant, Some(seq)).await?;
        who.tail = Some(Tail { floor, events });
        Ok(())
    }

    async fn tell(&mut self, event: &Event) -> Result<(), Over> {
        let Self { state, who: Some(who), seq, .. } = self else { return Ok(()) };
        let own = who.own();
        let Some(tail) = &mut who.tail else { return Ok(()) };
        let left = call::leaving(&tail.floor, own, event).filter(|_| who.newer.calls);
        let applied = tail.floor.apply(event);
        let mut newer: Vec<(&str, Value)> = left.into_iter().map(|data| ("call", data)).collect();
        if let Some(channel) = &mut who.newer.channel {
            let told = channel.told(&tail.floor, event, &applied);
            newer.extend(told.into_iter().map(|data| ("channel", data)));
        }
        let Some(tail) = &who.tail else { return Ok(()) };
        if who.newer.calls {
            newer.extend(call::told(&tail.floor, own, event).into_iter().map(|data| ("call", data)));
        }
        let agent = happened_to(event, &applied)
            .filter(|agent| who.newer.agents && (own.agent == Some(*agent) || sees_all(&who.caller)));
        let status = agent.and_then(|agent| newer::agent(&tail.floor, agent, event.wall));
        newer.extend(status.map(|data| ("agent_status", data)));
        let tenant = who.caller.tenant;
        let online = |account: &str| state.online.count(tenant, account) > 0;
        let happened = told(&tail.floor, event, &applied, online);
        let mut frames: Vec<Value> =
            happened.into_iter().filter(|it| who.hears(it)).map(|it| Value::Object(it.headers)).collect();
        for (name, data) in newer {
            *seq += 1;
            frames.push(newer::event(name, *seq, &data));
        }
        for frame in frames {
            self.send(&frame).await?;
        }
        Ok(())
    }

    async fn tell_online(&mut self, news: &News) -> Result<(), Over> {
        let Some(who) = &self.who else { return Ok(()) };
        if news.tenant != who.caller.tenant {
            return Ok(());
        }
        let name = if news.online { "ACCOUNT_ONLINE" } else { "ACCOUNT_OFFLINE" };
        let happened = Happened::about(name, &news.account)
            .with("Account-User", news.account.clone())
            .with("Account-Online", news.online.to_string());
        if who.hears(&happened) { self.send(&Value::Object(happened.headers)).await } else { Ok(()) }
    }

    const fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    async fn send(&mut self, frame: &Value) -> Result<(), Over> {
        let sent = self.socket.send(Frame::Text(frame.to_string().into()));
        match timeout(SEND_TIME, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }
}

impl Who {
    /// Whether an event is subscribed to and this session's to hear.
    fn hears(&self, happened: &Happened) -> bool {
        let wanted = self.names.contains("ALL") || self.names.contains(&happened.name);
        wanted
            && happened
                .account
                .as_ref()
                .map_or_else(|| sees_all(&self.caller), |account| self.is_his(account))
    }

    /// Whose calls and tasks it hears of in the newer protocol.
    fn own(&self) -> Own {
        let (agent, device) = self.account.as_ref().map_or((None, None), |own| (own.agent, own.device));
        Own { agent, device }
    }

    fn is_his(&self, account: &str) -> bool {
        let own = self.account.as_ref();
        let is_own = own.is_some_and(|own| local_name(account, &own.domain) == Some(own.id.as_str()));
        is_own || sees_all(&self.caller)
    }
}

/// The agent whose status an event changed, or what he wrote beside it.
fn happened_to(
    event: &Event,
    applied: &cordial_dialects::floor::Applied,
) -> Option<cordial_engine::id::AgentId> {
    if let cordial_engine::Fact::AgentNotReady { agent, .. } = &event.fact {
        return Some(*agent);
    }
    applied.agent.as_ref().map(|change| change.agent)
}

fn refused(act: &Act, no: &No) -> Value {
    let detail = no.info.trim_start_matches("-ERR ");
    act.refused(no.status, "app.action.refused", detail)
}
