//! One connection of STOMP: its frames one after the other, and what it listens to in between.

use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::io;
use std::net::IpAddr;

use cordial_dialects::connector::stomp::server::{self, Event, LogIn};
use cordial_engine::Timestamp;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until, timeout};

use super::Stomp;
use super::broker::{Arrivals, Broker, Delivery, SessionId, Visitor};
use super::carrier::Carrier;
use crate::http::{Caller, TurnedAway};
use crate::limits::{STOMP_LINGER, STOMP_LOOK, STOMP_WRITE_MAX};
use crate::streams::book::Place;

pub(super) struct Session<'a, C> {
    stomp: &'a Stomp,
    peer: IpAddr,
    carrier: C,
    began: Instant,
    id: SessionId,
    spoken: server::Session,
    entered: Option<Entered>,
    look: Interval,
}

/// Who was let in, and what comes for him.
struct Entered {
    caller: Caller,
    visitor: Visitor,
    arrivals: Arrivals,
}

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum End {
    Left,
    Slow,
    Over,
    Io(io::Error),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("the client left"),
            Self::Slow => f.write_str("the client did not read in time"),
            Self::Over => f.write_str("all was said"),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What there is to do.
enum Next {
    Heard(Vec<u8>),
    Arrived(Option<Delivery>),
    Time,
    Look,
}

impl<'a, C: Carrier> Session<'a, C> {
    pub(super) fn new(stomp: &'a Stomp, peer: IpAddr, carrier: C) -> Self {
        let (id, name) = stomp.embedded.broker.name();
        let mut look = interval(STOMP_LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let spoken = server::Session::new(name, Timestamp(0));
        Self { stomp, peer, carrier, began: Instant::now(), id, spoken, entered: None, look }
    }

    /// Speaks until there is an end. What was not acknowledged, or not even written, goes back to its queue.
    pub(super) async fn run(mut self, place: Option<&Place>) -> End {
        let broker = &self.stomp.embedded.broker;
        // Also when this task is ended from outside.
        let _leaving = Leaving { broker, session: self.id };
        let end = match self.converse(place).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        if matches!(end, End::Over) {
            self.carrier.close().await;
            // A far end that closes in its own time has read all; one that is cut may lose what is on its way.
            timeout(STOMP_LINGER, async { while let Ok(Some(_)) = self.carrier.read().await {} }).await.ok();
        }
        broker.leave(self.id);
        if let Some(Entered { visitor, arrivals, .. }) = self.entered {
            let mut back = self.spoken.unacknowledged();
            back.extend(arrivals.rest());
            broker.give_back(visitor.tenant, &back);
        }
        end
    }

    async fn converse(&mut self, place: Option<&Place>) -> Result<Infallible, End> {
        loop {
            self.write().await?;
            match self.next().await? {
                Next::Heard(bytes) => {
                    self.spoken.receive(self.now(), &bytes);
                    while let Some(event) = self.spoken.poll_event(self.now()) {
                        self.answer(event).await;
                        if let (Some(place), Some(_)) = (place, &self.entered) {
                            place.prove();
                        }
                        self.write().await?;
                    }
                }
                Next::Arrived(Some(first)) => {
                    let entered = self.entered.as_mut();
                    let more = entered.map(|entered| entered.arrivals.more()).unwrap_or_default();
                    for Delivery { subscription, message } in std::iter::once(first).chain(more) {
                        self.spoken.deliver(self.now(), subscription, &message);
                    }
                }
                Next::Arrived(None) => self.spoken.end("you do not read what is sent to you fast enough"),
                Next::Time => self.spoken.handle_timeout(self.now()),
                Next::Look => {
                    let stands = |entered: &Entered| entered.caller.stands(&self.stomp.state);
                    if !self.entered.as_ref().is_none_or(stands) {
                        self.spoken.end("the token no longer works");
                    }
                }
            }
        }
    }

    /// Milliseconds of this connection's life.
    fn now(&self) -> Timestamp {
        Timestamp(0).after(self.began.elapsed())
    }

    async fn next(&mut self) -> Result<Next, End> {
        let until = self.spoken.poll_timeout().map(|at| self.began + std::time::Duration::from_millis(at.0));
        let Self { carrier, entered, look, .. } = self;
        let time = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => pending().await,
            }
        };
        let arrived = async {
            match entered {
                Some(entered) => entered.arrivals.next().await,
                None => pending().await,
            }
        };
        // In no fixed order: neither who sends without pause nor a busy house keeps the other from being heard.
        tokio::select! {
            heard = carrier.read() => heard?.map(Next::Heard).ok_or(End::Left),
            arrived = arrived => Ok(Next::Arrived(arrived)),
            () = time => Ok(Next::Time),
            _ = look.tick() => Ok(Next::Look),
        }
    }

    /// Writes all there is; the end when that was the last.
    async fn write(&mut self) -> Result<(), End> {
        let frames: Vec<Vec<u8>> = std::iter::from_fn(|| self.spoken.poll_output()).collect();
        if !frames.is_empty() {
            match timeout(STOMP_WRITE_MAX, self.carrier.write(frames)).await {
                Ok(wrote) => wrote?,
                Err(_) => return Err(End::Slow),
            }
        }
        if self.spoken.is_over() { Err(End::Over) } else { Ok(()) }
    }

    async fn answer(&mut self, event: Event) {
        let broker = &self.stomp.embedded.broker;
        let granted = match event {
            Event::Connect(who) => self.let_in(&who).await,
            Event::Subscribe { subscription, destination, selector } => broker
                .subscribe(self.id, subscription, &destination, selector)
                .map_err(|refused| refused.to_string()),
            Event::Unsubscribed { subscription, unacknowledged } => {
                broker.unsubscribe(self.id, subscription, &unacknowledged);
                return;
            }
            Event::Send(messages) => match &self.entered {
                Some(Entered { visitor, .. }) => {
                    broker.send(self.id, visitor, messages).map_err(|refused| refused.to_string())
                }
                None => Err("CONNECT comes first".to_owned()),
            },
        };
        match granted {
            Ok(()) => self.spoken.accept(self.now()),
            Err(why) => self.spoken.refuse(&why),
        }
    }

    async fn let_in(&mut self, who: &LogIn) -> Result<(), String> {
        match self.stomp.enter(self.peer, who).await {
            Ok(caller) => {
                let (tenant, user, scopes) = (caller.tenant, caller.user, caller.scopes.clone());
                let visitor = Visitor { tenant, user, scopes, peer: self.peer };
                let arrivals = self.stomp.embedded.broker.enter(self.id, tenant, user);
                self.entered = Some(Entered { caller, visitor, arrivals });
                Ok(())
            }
            Err(TurnedAway::Wrong) => Err("login or passcode is wrong".to_owned()),
            Err(TurnedAway::TooMuch) => Err("too many attempts; try again later".to_owned()),
            Err(TurnedAway::Unavailable) => Err("nobody can be let in now; try again later".to_owned()),
        }
    }
}

/// Takes a session out of the broker when it is dropped.
struct Leaving<'a> {
    broker: &'a Broker,
    session: SessionId,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.broker.leave(self.session);
    }
}
