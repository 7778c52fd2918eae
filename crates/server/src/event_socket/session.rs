//! One connection: greeting, log-in, requests one after the other, and events in between.

use std::fmt;
use std::future::pending;
use std::net::IpAddr;
use std::time::Duration;

use cordial_dialects::event_socket::event::{Told, callcenter};
use cordial_dialects::event_socket::frame::{BadFrame, Framer};
use cordial_dialects::event_socket::request::{self, Call, Request};
use cordial_dialects::event_socket::subscription;
use cordial_dialects::floor::Floor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until, timeout};

use super::{EventSocket, command};
use crate::events;
use crate::http::{Caller, TurnedAway};
use crate::limits::{EVENT_SOCKET_LOOK, EVENT_SOCKET_REQUEST_MAX, EVENT_SOCKET_WRITE_MAX, STREAM_READ_BYTES};
use crate::run::random;
use crate::streams::book::Place;

/// A session.
pub(super) struct Session<'a> {
    server: &'a EventSocket,
    peer: IpAddr,
    io: TcpStream,
    framer: Framer,
    caller: Option<Caller>,
    listens: subscription::Subscription,
    tail: Option<Tail>,
    /// By when the request that has begun, or the log-in, must be there.
    patience: Option<Instant>,
    look: Interval,
}

/// The tenant's events and the floor that they are told from.
struct Tail {
    floor: Floor,
    events: events::Subscription,
}

/// Why a session ended.
#[derive(Debug)]
pub(super) enum End {
    Left,
    Refused,
    TokenOver,
    Behind,
    Slow,
    Bad(BadFrame),
    Io(std::io::Error),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("the client left"),
            Self::Refused => f.write_str("the client did not prove itself"),
            Self::TokenOver => f.write_str("the token no longer works"),
            Self::Behind => f.write_str("the client was too far behind, or the server stops"),
            Self::Slow => f.write_str("a request was not whole in time, or an answer was not read in time"),
            Self::Bad(why) => write!(f, "{why}"),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

impl From<std::io::Error> for End {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// What there is to do.
enum Next {
    Read(usize),
    Event(Option<std::sync::Arc<cordial_engine::Event>>),
    Look,
    TooSlow,
}

impl<'a> Session<'a> {
    pub(super) fn new(server: &'a EventSocket, peer: IpAddr, io: TcpStream) -> Self {
        let mut look = interval(EVENT_SOCKET_LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            server,
            peer,
            io,
            framer: Framer::default(),
            caller: None,
            listens: subscription::Subscription::default(),
            tail: None,
            patience: Some(Instant::now() + EVENT_SOCKET_REQUEST_MAX),
            look,
        }
    }

    /// Speaks until there is an end, and says good-bye where the client can still hear it.
    pub(super) async fn run(mut self, place: &Place) -> Result<(), End> {
        let end = match self.converse(place).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        match &end {
            End::Io(_) | End::Slow => {}
            End::Left | End::Refused | End::TokenOver | End::Behind | End::Bad(_) => {
                self.send(&request::disconnect_notice()).await.ok();
                self.io.shutdown().await.ok();
            }
        }
        Err(end)
    }

    async fn converse(&mut self, place: &Place) -> Result<std::convert::Infallible, End> {
        self.send(request::AUTH_REQUEST).await?;
        let mut buffer = vec![0; STREAM_READ_BYTES];
        loop {
            match self.next(&mut buffer).await? {
                Next::Read(0) => return Err(End::Left),
                Next::Read(bytes) => {
                    self.framer.push(&buffer[..bytes]);
                    while let Some(frame) = self.framer.take().map_err(End::Bad)? {
                        self.answer(&Request::of(&frame)).await?;
                        if self.caller.is_some() {
                            place.prove();
                        }
                    }
                    self.be_patient();
                }
                Next::Event(Some(event)) => self.tell(&event).await?,
                Next::Event(None) => return Err(End::Behind),
                Next::Look => {
                    if self.caller.as_ref().is_some_and(|caller| !caller.stands(&self.server.state)) {
                        return Err(End::TokenOver);
                    }
                }
                Next::TooSlow => return Err(End::Slow),
            }
        }
    }

    async fn next(&mut self, buffer: &mut [u8]) -> Result<Next, End> {
        let Self { io, tail, look, patience, .. } = self;
        let event = async {
            match tail {
                Some(tail) => tail.events.next().await,
                None => pending().await,
            }
        };
        let too_slow = async {
            match patience {
                Some(until) => sleep_until(*until).await,
                None => pending().await,
            }
        };
        // In no fixed order: neither who asks without pause nor a busy house keeps the other from being heard.
        tokio::select! {
            _ = look.tick() => Ok(Next::Look),
            bytes = io.read(buffer) => Ok(Next::Read(bytes?)),
            event = event => Ok(Next::Event(event)),
            () = too_slow => Ok(Next::TooSlow),
        }
    }

    /// A request that has begun must come to its end; who is in may otherwise be quiet as long as he likes.
    fn be_patient(&mut self) {
        if self.caller.is_some() {
            let begun = self.framer.has_begun();
            let until = || Instant::now() + EVENT_SOCKET_REQUEST_MAX;
            self.patience = begun.then(|| self.patience.unwrap_or_else(until));
        }
    }

    async fn answer(&mut self, asked: &Request) -> Result<(), End> {
        let Some(caller) = self.caller.clone() else {
            return self.let_in(asked).await;
        };
        match asked {
            Request::Api(call) => {
                let text = self.call(&caller, call).await;
                self.send(&request::api_response(&text)).await
            }
            Request::BgApi(call, job) => self.job(&caller, call, job.as_deref()).await,
            Request::Event(names) => {
                let reply = self.listen(&caller, names).await;
                self.reply(&reply).await
            }
            Request::NixEvent(names) => {
                let reply = self.listens.nix(names);
                self.reply(&reply).await
            }
            Request::NoEvents => {
                self.tail = None;
                let reply = self.listens.none();
                self.reply(reply).await
            }
            Request::Filter(rule) => {
                let reply = self.listens.filter(rule);
                self.reply(&reply).await
            }
            Request::NoLog => self.reply("-ERR not loging").await,
            Request::Exit => {
                self.reply("+OK bye").await?;
                Err(End::Left)
            }
            Request::Auth(_) | Request::UserAuth { .. } | Request::Unknown => {
                self.reply("-ERR command not found").await
            }
        }
    }

    async fn let_in(&mut self, asked: &Request) -> Result<(), End> {
        let (state, peer) = (&self.server.state, self.peer);
        let entered = match asked {
            Request::Auth(token) => state.enter_by_token(peer, token).await,
            Request::UserAuth { user, domain, password } => {
                let domain = domain.as_deref().unwrap_or(&self.server.domain);
                state.enter_by_password(peer, domain, user, password).await
            }
            Request::Exit => {
                self.reply("+OK bye").await?;
                return Err(End::Left);
            }
            Request::Api(_)
            | Request::BgApi(..)
            | Request::Event(_)
            | Request::NixEvent(_)
            | Request::NoEvents
            | Request::Filter(_)
            | Request::NoLog
            | Request::Unknown => return self.reply("-ERR command not found").await,
        };
        match entered {
            Ok(caller) => {
                self.caller = Some(caller);
                self.patience = None;
                self.reply("+OK accepted").await
            }
            Err(turned) => {
                let why = match turned {
                    TurnedAway::Wrong => "-ERR invalid",
                    TurnedAway::TooMuch => "-ERR too many attempts",
                    TurnedAway::Unavailable => "-ERR try again later",
                };
                self.reply(why).await?;
                Err(End::Refused)
            }
        }
    }

    async fn call(&self, caller: &Caller, call: &Call) -> String {
        if self.server.state.asks(caller, self.peer).is_err() {
            return "-ERR slow down\n".to_owned();
        }
        command::run(self.server, caller, call).await
    }

    /// `bgapi`: the reply first, the answer as an event for this client.
    async fn job(&mut self, caller: &Caller, call: &Call, named: Option<&str>) -> Result<(), End> {
        let drawn = || random::<16>().map(|bytes| cordial_engine::id::Guid(u128::from_be_bytes(bytes)));
        let job = match named {
            Some(job) => job.to_owned(),
            None => cordial_dialects::event_socket::uuid(drawn()?),
        };
        self.send(&request::job_reply(&job)).await?;
        let answer = self.call(caller, call).await;
        let seq = self.server.state.handle().durable_seq();
        let tenant = self.tail.as_ref().and_then(|tail| tail.floor.tenant);
        let core = tenant.map(cordial_dialects::event_socket::uuid).unwrap_or_default();
        let mut told = Told::new("BACKGROUND_JOB", &core, seq, crate::http::wall())
            .with("Job-UUID", job)
            .with("Job-Command", call.command.clone());
        if !call.arguments.is_empty() {
            told = told.with("Job-Command-Arg", call.arguments.clone());
        }
        told.body = Some(answer);
        match self.listens.tell(&told) {
            Some(text) => self.send(&text).await,
            None => Ok(()),
        }
    }

    /// `event`: the events begin with the next one after the floor was seen.
    async fn listen(&mut self, caller: &Caller, names: &str) -> String {
        let mut listens = self.listens.clone();
        let reply = listens.event(names);
        if reply.starts_with("+OK") && self.tail.is_none() {
            let (tenant, handle) = (caller.tenant, self.server.state.handle());
            let seen = handle.snapshot(move |engine, now| Floor::of(engine, tenant, now)).await;
            let (seq, floor) = match seen {
                Ok(seen) => seen,
                Err(why) => return format!("-ERR {why}"),
            };
            match handle.subscribe(tenant, Some(seq)).await {
                Ok(events) => self.tail = Some(Tail { floor, events }),
                Err(why) => return format!("-ERR {why}"),
            }
        }
        self.listens = listens;
        reply
    }

    async fn tell(&mut self, event: &cordial_engine::Event) -> Result<(), End> {
        let Some(tail) = &mut self.tail else {
            return Ok(());
        };
        let applied = tail.floor.apply(event);
        let told = callcenter(&tail.floor, event, applied.agent.as_ref());
        let texts: String = told.iter().filter_map(|told| self.listens.tell(told)).collect();
        if texts.is_empty() { Ok(()) } else { self.send(&texts).await }
    }

    async fn reply(&mut self, text: &str) -> Result<(), End> {
        self.send(&request::reply(text)).await
    }

    async fn send(&mut self, text: &str) -> Result<(), End> {
        within(EVENT_SOCKET_WRITE_MAX, self.io.write_all(text.as_bytes())).await
    }
}

async fn within(limit: Duration, write: impl Future<Output = std::io::Result<()>>) -> Result<(), End> {
    match timeout(limit, write).await {
        Ok(wrote) => Ok(wrote?),
        Err(_) => Err(End::Slow),
    }
}
