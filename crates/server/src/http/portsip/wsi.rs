//! WSI: a WebSocket on which a client says who it is and what it wants to be told, and is told.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::extract::{self, ConnectInfo};
use axum::response::Response;
use cordial_dialects::native::wire::Scope;
use cordial_dialects::portsip::limits::MESSAGE_BYTES_MAX;
use cordial_dialects::portsip::problem::Problem;
use cordial_dialects::portsip::session::{Auth, Heard, Interest, Reply, Request, Rights, Topics, hear};
use cordial_dialects::portsip::watch::Watch;
use cordial_dialects::portsip::wire::wsi::Message;
use cordial_engine::entry::{EntryId, Kind};
use cordial_engine::id::{DeviceId, Guid, TenantId, UserId};
use cordial_engine::{Event, WallTime};
use cordial_store::{DeviceSecret, NewToken, Owner, TokenId};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::fault::No;
use super::guard::{manages, who};
use super::token::{Bearer, log_in};
use crate::http::access::{LOG_IN, reaching_all, scope_told};
use crate::http::guesses::Attempt;
use crate::http::limits::{HEARTBEAT, SEND_TIME, TOKEN_LOOK};
use crate::http::{State, wall};

/// How long a client may take to be believed. Then the connection ends.
const AUTH_TIME: Duration = Duration::from_secs(30);
/// How long one log-in carries a session. Milliseconds; the client then comes back.
const SESSION_MS: i64 = 7 * 24 * 3_600_000;
/// Events on their way to a session. Beyond it they wait, and a session that is too slow is cut.
const EVENTS_MAX: usize = 256;

pub(super) async fn newer(
    state: extract::State<State>,
    peer: ConnectInfo<SocketAddr>,
    upgrade: Result<WebSocketUpgrade, extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, No> {
    open(state.0, peer.0.ip(), upgrade, false)
}

pub(super) async fn older(
    state: extract::State<State>,
    peer: ConnectInfo<SocketAddr>,
    upgrade: Result<WebSocketUpgrade, extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, No> {
    open(state.0, peer.0.ip(), upgrade, true)
}

fn open(
    state: State,
    peer: IpAddr,
    upgrade: Result<WebSocketUpgrade, extract::ws::rejection::WebSocketUpgradeRejection>,
    v16: bool,
) -> Result<Response, No> {
    let upgrade = upgrade.map_err(|rejection| Problem::new(400, "BAD_REQUEST", rejection.body_text()))?;
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let (events, arriving) = mpsc::channel(EVENTS_MAX);
        let mut session = Session {
            state,
            peer,
            v16,
            login: None,
            floors: BTreeMap::new(),
            events,
            followers: JoinSet::new(),
        };
        session.run(socket, arriving).await;
        session.end().await;
    }))
}

/// One client's connection.
struct Session {
    state: State,
    peer: IpAddr,
    v16: bool,
    login: Option<Login>,
    /// The tenants that are followed, and what is wanted of each.
    floors: BTreeMap<TenantId, (Watch, Interest)>,
    events: mpsc::Sender<Arc<Event>>,
    followers: JoinSet<()>,
}

/// Who is believed to be there.
struct Login {
    tenant: Option<TenantId>,
    rights: Rights,
    standing: Standing,
}

/// What a log-in stands on.
enum Standing {
    /// A token of the client's own.
    Token(Arc<str>),
    /// A token that was made for this session, and ends with it.
    Own(Arc<str>, Owner, TokenId),
    /// An extension's SIP password.
    Device(DeviceId, DeviceSecret),
}

/// Why a session ends.
struct Over;

impl Session {
    async fn run(&mut self, mut socket: WebSocket, mut arriving: mpsc::Receiver<Arc<Event>>) {
        let deadline = Instant::now() + AUTH_TIME;
        let mut looks = interval_at(Instant::now() + TOKEN_LOOK, TOKEN_LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                // Who may no longer be told is told no more, whatever has piled up.
                biased;
                _ = looks.tick(), if self.login.is_some() => self.look().await,
                () = sleep_until(deadline), if self.login.is_none() => Err(Over),
                heard = socket.recv() => match heard {
                    Some(Ok(Frame::Text(text))) => self.heard(&mut socket, &text).await,
                    Some(Ok(Frame::Binary(bytes))) => {
                        self.heard(&mut socket, &String::from_utf8_lossy(&bytes)).await
                    }
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => Ok(()),
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
                },
                event = arriving.recv() => match event {
                    Some(event) => self.happened(&mut socket, &event).await,
                    None => Err(Over),
                },
                // A follower ends when it is cut, or the process stops: the client comes back for a new snapshot.
                Some(_) = self.followers.join_next() => Err(Over),
                _ = beats.tick() => sent(socket.send(Frame::Ping(Default::default()))).await,
            };
            if done.is_err() {
                break;
            }
        }
        // The client may be gone already; either way this is the last that it hears.
        timeout(SEND_TIME, socket.send(Frame::Close(None))).await.ok();
    }

    async fn end(self) {
        if let Some(Login { standing: Standing::Own(_, owner, token), .. }) = self.login {
            // A token that is left behind ends by itself.
            self.state.parts.handle.store().revoke_token(owner, token).await.ok();
        }
    }

    async fn heard(&mut self, socket: &mut WebSocket, text: &str) -> Result<(), Over> {
        let Heard { command, id, request } = hear(text);
        let mut messages = Vec::new();
        let error = match request {
            Err(why) => Some(why),
            Ok(Request::Auth(auth)) => self.auth(auth).await.err(),
            Ok(Request::Subscribe(topics)) => match self.subscribe(&topics).await {
                Ok(told) => {
                    messages = told;
                    None
                }
                Err(why) => Some(why),
            },
            Ok(Request::Unsubscribe(topics)) => self.unsubscribe(&topics).err(),
        };
        tell(socket, &Reply::new(&command, id, error, self.v16)).await?;
        for message in messages {
            tell(socket, &message).await?;
        }
        Ok(())
    }

    async fn happened(&mut self, socket: &mut WebSocket, event: &Event) -> Result<(), Over> {
        let Some((floor, interest)) = self.floors.get_mut(&event.tenant) else { return Ok(()) };
        let told = floor.apply(event);
        let mut last: Option<&Message> = None;
        for told in &told {
            // An extension with two numbers is told of once.
            if interest.wants(&told.audience, self.v16) && last != Some(&told.message) {
                tell(socket, &told.message).await?;
                last = Some(&told.message);
            }
        }
        Ok(())
    }

    async fn look(&self) -> Result<(), Over> {
        let store = self.state.parts.handle.store();
        let stands = match self.login.as_ref().map(|login| &login.standing) {
            Some(Standing::Token(text) | Standing::Own(text, ..)) => {
                store.authenticate(text, wall()).is_some()
            }
            Some(Standing::Device(device, secret)) => {
                store.device_secret(*device).await.is_ok_and(|kept| kept == Some(*secret))
            }
            None => true,
        };
        if stands { Ok(()) } else { Err(Over) }
    }

    async fn subscribe(&mut self, topics: &Topics) -> Result<Vec<Message>, String> {
        let (tenant, rights) = self.known()?;
        let mut told = Vec::new();
        if topics.global() {
            if rights != Rights::System {
                return Err("permission denied".to_owned());
            }
            for tenant in self.tenants(topics).await? {
                let (floor, interest) = self.floor(tenant).await?;
                told.extend(interest.subscribe_globally(topics, floor)?);
            }
        }
        if topics.own() {
            let tenant = tenant.ok_or("topics: the system's administrator has global_ topics only")?;
            let (floor, interest) = self.floor(tenant).await?;
            told.extend(interest.subscribe(topics, rights, floor)?);
        }
        Ok(told)
    }

    fn unsubscribe(&mut self, topics: &Topics) -> Result<(), String> {
        self.known()?;
        for (floor, interest) in self.floors.values_mut() {
            interest.unsubscribe(topics, floor);
        }
        Ok(())
    }

    fn known(&self) -> Result<(Option<TenantId>, Rights), String> {
        let login = self.login.as_ref().ok_or("authentication is needed first")?;
        Ok((login.tenant, login.rights))
    }

    /// The tenants that global topics are about: those named, or all.
    async fn tenants(&self, topics: &Topics) -> Result<Vec<TenantId>, String> {
        let all = self.state.parts.handle.read(|engine, _| engine.tenants()).await;
        let all = all.map_err(|unavailable| unavailable.to_string())?;
        let Some(names) = &topics.tenants else {
            return Ok(all.into_iter().map(|tenant| tenant.id).collect());
        };
        let called = |name: &String| {
            let guid = Guid::parse(name);
            let found = all.iter().find(|tenant| Some(tenant.guid) == guid || tenant.name.as_str() == name);
            found.map(|tenant| tenant.id).ok_or(format!("no such tenant: {name}"))
        };
        names.iter().map(called).collect()
    }

    /// The tenant as it is told; followed from now on.
    async fn floor(&mut self, tenant: TenantId) -> Result<(&Watch, &mut Interest), String> {
        if !self.floors.contains_key(&tenant) {
            let handle = &self.state.parts.handle;
            let snapshot = handle.snapshot(move |engine, now| Watch::of(engine, tenant, now)).await;
            let (seq, floor) = snapshot.map_err(|unavailable| unavailable.to_string())?;
            let floor = floor.ok_or("no such tenant")?;
            let subscription = handle.subscribe(tenant, Some(seq)).await;
            let mut subscription = subscription.map_err(|unavailable| unavailable.to_string())?;
            let events = self.events.clone();
            self.followers.spawn(async move {
                while let Some(event) = subscription.next().await {
                    if events.send(event).await.is_err() {
                        return;
                    }
                }
            });
            self.floors.insert(tenant, (floor, Interest::default()));
        }
        let (floor, interest) = self.floors.get_mut(&tenant).ok_or("no such tenant")?;
        Ok((floor, interest))
    }
}

/// Who is there.
impl Session {
    async fn auth(&mut self, auth: Auth) -> Result<(), String> {
        if self.login.is_some() {
            return Err("authenticated already".to_owned());
        }
        let login = match auth {
            Auth::Token(text) => self.by_token(text.into()).await,
            Auth::User { username, domain, password } => self.by_password(username, domain, &password).await,
            Auth::Extension { number, domain, password } => {
                self.by_extension(number, domain, &password).await
            }
        };
        match login {
            Ok(login) => {
                self.login = Some(login);
                Ok(())
            }
            Err(no) if matches!(no.problem().status, 400 | 401) => {
                Err(Reply::not_believed(self.v16).to_owned())
            }
            Err(no) => Err(no.problem().errors.iter().map(|fault| fault.message.clone()).collect()),
        }
    }

    async fn by_token(&self, text: Arc<str>) -> Result<Login, No> {
        let identity = self.state.parts.handle.store().authenticate(&text, wall());
        let Some(identity) = identity else {
            self.state.rates.stranger(self.peer)?;
            return Err(Problem::unauthorized().into());
        };
        let standing = Standing::Token(Arc::clone(&text));
        if identity.owner == Owner::Installation {
            return Ok(Login { tenant: None, rights: Rights::System, standing });
        }
        let who = who(&self.state, text, identity, self.peer).await?;
        let rights = if manages(&who) || who.user.is_none() {
            Rights::Tenant
        } else {
            self.rights(who.tenant, who.user).await?
        };
        Ok(Login { tenant: Some(who.tenant), rights, standing })
    }

    async fn by_password(&self, username: String, domain: String, password: &str) -> Result<Login, No> {
        let Bearer { owner, user, scopes } =
            log_in(&self.state, self.peer, username, domain, password).await?;
        let Owner::Tenant(tenant) = owner else {
            // The administrator's password is a token itself.
            let standing = Standing::Token(password.into());
            return Ok(Login { tenant: None, rights: Rights::System, standing });
        };
        let told = scopes.iter().map(|scope| scope_told(*scope)).collect();
        let reach = reaching_all(&self.state, tenant, user, told).await?;
        let manages = [Scope::Admin, Scope::Supervise].iter().any(|scope| reach.contains(scope));
        let rights = if manages { Rights::Tenant } else { self.rights(tenant, user).await? };
        let new = NewToken {
            owner,
            user,
            name: LOG_IN.to_owned(),
            scopes,
            expires: Some(WallTime(wall().0.saturating_add(SESSION_MS))),
        };
        let token = self.state.parts.handle.store().create_token(new, wall()).await?;
        let standing = Standing::Own(token.reveal().into(), owner, token.id);
        Ok(Login { tenant: Some(tenant), rights, standing })
    }

    async fn by_extension(&self, number: String, domain: String, password: &str) -> Result<Login, No> {
        let attempt = Attempt::new(self.peer, &domain, &number);
        self.state.guesses.may_try(&attempt)?;
        let username = number.clone();
        let found = self.state.parts.handle.read(move |engine, _| {
            let tenant = engine.tenant_by_domain(&domain)?;
            let EntryId::Device(id) = engine.find_by_name(tenant, Kind::Device, &number)? else {
                return None;
            };
            let agent = engine.device(tenant, id)?.agent;
            Some((tenant, id, agent, engine.tenant(tenant)?.domain))
        });
        let found = found.await?;
        let store = self.state.parts.handle.store();
        let right = match &found {
            Some((_, device, _, realm)) => store.verify_device(*device, &username, realm, password).await?,
            None => false,
        };
        self.state.guesses.note(&attempt, right);
        let (Some((tenant, device, agent, _)), true) = (found, right) else {
            return Err(Problem::log_in_failed().into());
        };
        let secret = store.device_secret(device).await?.ok_or_else(Problem::log_in_failed)?;
        let standing = Standing::Device(device, secret);
        Ok(Login { tenant: Some(tenant), rights: Rights::Agent(agent), standing })
    }

    async fn rights(&self, tenant: TenantId, user: Option<UserId>) -> Result<Rights, No> {
        let agent = self.state.parts.handle.read(move |engine, _| engine.agent_of_user(tenant, user?));
        Ok(Rights::Agent(agent.await?))
    }
}

async fn tell(socket: &mut WebSocket, message: &impl Serialize) -> Result<(), Over> {
    let text = serde_json::to_string(message).expect("a message holds texts, numbers and lists only");
    sent(socket.send(Frame::Text(text.into()))).await
}

/// A reader that is too slow is cut.
async fn sent(sending: impl Future<Output = Result<(), axum::Error>>) -> Result<(), Over> {
    match timeout(SEND_TIME, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Over),
    }
}
