//! One connection to the site's broker, from the log-in to its end.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::time::Duration;

use cordial_dialects::connector::stomp::client::{self, Body, Client, Delivery, Event};
use cordial_dialects::connector::stomp::frame::Headers;
use cordial_dialects::connector::stomp::message::AckMode;
use cordial_engine::Timestamp;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep_until, timeout};

use super::message::{self, SENDER};
use super::{Ends, LinkState};
use crate::config::SiteBroker;
use crate::connector::{Heard, Post};
use crate::limits::{STOMP_LINGER, STOMP_WRITE_MAX, TURN_MAX};
use crate::meters;
use crate::stomp::carrier::Carrier;

/// The names of our two subscriptions.
const REQUESTS: &str = "requests";
const SYNC: &str = "sync";
/// The name of the receipt for all that we sent.
const BYE: &str = "bye";

/// A connection to a broker.
pub(super) struct Found<C> {
    pub(super) carrier: C,
    pub(super) client: Client,
    /// When it began: its client counts from there.
    pub(super) began: Instant,
}

/// Why a connection is over.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// Nobody has anything to tell any more.
    #[error("nobody has anything to tell any more")]
    Done,
    /// The broker closed it.
    #[error("the broker closed the connection")]
    Closed,
    /// The broker does not take what is written.
    #[error("the broker does not read")]
    Slow,
    /// STOMP's own end.
    #[error(transparent)]
    Stomp(#[from] client::End),
    /// The system's.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<C: Carrier> Found<C> {
    /// Waits until the broker has let us in; gives what it says it is.
    pub(super) async fn enter(mut self) -> Result<(Self, Option<String>), End> {
        loop {
            match self.client.poll_event(self.now()) {
                Some(Event::Connected { server, .. }) => return Ok((self, server)),
                Some(Event::Ended(end)) => return Err(end.into()),
                // Neither comes before we were let in.
                Some(Event::Message(_) | Event::Receipt(_)) => {}
                None => {
                    self.write().await?;
                    let until = self.until();
                    tokio::select! {
                        read = self.carrier.read() => {
                            let bytes = read?.ok_or(End::Closed)?;
                            self.client.receive(self.now(), &bytes);
                        }
                        () = at(until) => self.client.handle_timeout(self.now()),
                    }
                }
            }
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(0).after(self.began.elapsed())
    }

    /// When the client wants to be told the time.
    fn until(&self) -> Option<Instant> {
        self.client.poll_timeout().map(|at| self.began + Duration::from_millis(at.0))
    }

    /// Writes all there is.
    async fn write(&mut self) -> Result<(), End> {
        let frames: Vec<Vec<u8>> = std::iter::from_fn(|| self.client.poll_output()).collect();
        if frames.is_empty() {
            return Ok(());
        }
        Ok(timeout(STOMP_WRITE_MAX, self.carrier.write(frames)).await.map_err(|_| End::Slow)??)
    }
}

async fn at(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}

/// What there is to do.
enum Next {
    Bytes(Vec<u8>),
    /// The sessions took the request that waited.
    Handed(Delivery),
    /// They take no more.
    Deaf,
    /// None: there never will be any more.
    Posts(Vec<Post>),
    Sync(String),
    Time,
}

/// A connection that is used.
pub(super) struct Session<'a, C> {
    found: Found<C>,
    broker: &'a SiteBroker,
    ends: &'a mut Ends,
    /// A request that waits until the sessions have room. Nothing more is read meanwhile.
    waiting: Option<(Delivery, Heard)>,
    /// The sessions take no more requests: we are ending.
    deaf: bool,
}

impl<'a, C: Carrier> Session<'a, C> {
    pub(super) const fn new(found: Found<C>, broker: &'a SiteBroker, ends: &'a mut Ends) -> Self {
        Self { found, broker, ends, waiting: None, deaf: false }
    }

    /// Carries messages both ways until there is an end.
    pub(super) async fn run(mut self) -> End {
        let end = match self.converse().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        if matches!(end, End::Done) {
            // Who ends without its answer may lose what is on its way; more than waiting a while cannot be done.
            timeout(STOMP_LINGER, self.leave()).await.ok();
        }
        end
    }

    async fn converse(&mut self) -> Result<Infallible, End> {
        self.subscribe();
        self.found.write().await?;
        self.ends.times += 1;
        self.ends.state.send_replace(LinkState::Up { times: self.ends.times });
        meters::link_up(true);
        loop {
            self.listen()?;
            self.found.write().await?;
            match self.next().await? {
                Next::Bytes(bytes) => self.found.client.receive(self.found.now(), &bytes),
                Next::Handed(delivery) => self.acknowledge(&delivery),
                // What waits was not acknowledged, so it stays at the broker.
                Next::Deaf => self.deaf = true,
                Next::Posts(posts) if posts.is_empty() => return Err(End::Done),
                Next::Posts(posts) => posts.iter().for_each(|post| self.post(post)),
                Next::Sync(text) => self.tell_others(&text),
                Next::Time => {
                    let now = self.found.now();
                    if self.is_blocked() {
                        // That nothing is heard is our own doing.
                        self.found.client.receive(now, &[]);
                    }
                    self.found.client.handle_timeout(now);
                }
            }
        }
    }

    async fn next(&mut self) -> Result<Next, End> {
        let (until, blocked) = (self.found.until(), self.is_blocked());
        let Self { found, ends, waiting, deaf, .. } = self;
        let Ends { heard, posts, syncs, .. } = &mut **ends;
        let mut told = Vec::new();
        // In no fixed order: neither who sends without pause nor a busy house keeps the other from being heard.
        tokio::select! {
            read = found.carrier.read(), if !blocked => read?.map(Next::Bytes).ok_or(End::Closed),
            room = heard.reserve(), if waiting.is_some() && !*deaf => {
                let Ok(room) = room else { return Ok(Next::Deaf) };
                let (delivery, heard) = waiting.take().expect("it was there a moment ago");
                room.send(heard);
                Ok(Next::Handed(delivery))
            }
            _ = posts.recv_many(&mut told, TURN_MAX) => Ok(Next::Posts(told)),
            Some(text) = syncs.recv() => Ok(Next::Sync(text)),
            () = at(until) => Ok(Next::Time),
        }
    }

    /// Whether nothing is read now.
    const fn is_blocked(&self) -> bool {
        self.waiting.is_some() || self.deaf
    }

    /// The sessions have the request that waited.
    fn acknowledge(&mut self, delivery: &Delivery) {
        self.ends.seen.add(message::id(delivery));
        self.found.client.ack(self.found.now(), delivery);
        meters::link_heard();
    }

    fn subscribe(&mut self) {
        let (queue, topic) = (queue(self.broker), topic(self.broker.sync_topic.as_str()));
        let now = self.found.now();
        self.found.client.subscribe(now, REQUESTS, &queue, AckMode::ClientIndividual, None);
        self.found.client.subscribe(now, SYNC, &topic, AckMode::Auto, None);
    }

    /// Takes what was read, up to a request that waits.
    fn listen(&mut self) -> Result<(), End> {
        while self.waiting.is_none() {
            match self.found.client.poll_event(self.found.now()) {
                Some(Event::Message(delivery)) => self.take(delivery),
                Some(Event::Ended(end)) => return Err(end.into()),
                Some(Event::Connected { .. } | Event::Receipt(_)) => {}
                None => break,
            }
        }
        Ok(())
    }

    fn take(&mut self, delivery: Delivery) {
        if delivery.subscription.as_deref() == Some(SYNC) {
            return self.take_from_others(&delivery);
        }
        if self.ends.seen.has(message::id(&delivery)) {
            tracing::info!("a request came again after the broker was lost; it is not done again");
            return self.found.client.ack(self.found.now(), &delivery);
        }
        match message::heard(&delivery) {
            Ok(heard) => self.waiting = Some((delivery, heard)),
            Err(why) => {
                let kind = delivery.headers.get("type").unwrap_or_default();
                tracing::warn!(kind, %why, "a request from the site's broker is thrown away");
                meters::link_refused();
                self.found.client.ack(self.found.now(), &delivery);
            }
        }
    }

    fn take_from_others(&self, delivery: &Delivery) {
        if delivery.headers.get(SENDER) == Some(&self.ends.name) {
            return;
        }
        let Ok(text) = std::str::from_utf8(&delivery.body) else {
            return tracing::warn!("another connector tells something that is no text; it is dropped");
        };
        if let Err(TrySendError::Full(_)) = self.ends.others.try_send(text.to_owned()) {
            tracing::warn!("another connector tells more than can be heard; some of it is dropped");
        }
    }

    fn post(&mut self, post: &Post) {
        match message::topic(post, &self.broker.sync_topic) {
            Ok(name) => {
                let headers = message::headers(post);
                self.found.client.send(
                    self.found.now(),
                    &topic(name.as_str()),
                    &headers,
                    &Body::Text(&post.text),
                );
                meters::link_told();
            }
            Err(why) => {
                tracing::warn!(to = ?post.to, %why, "what the connector has to tell is dropped");
                meters::link_dropped("address");
            }
        }
    }

    fn tell_others(&mut self, text: &str) {
        let headers = Headers::default().with("persistent", "false").with(SENDER, &self.ends.name);
        let topic = topic(self.broker.sync_topic.as_str());
        self.found.client.send(self.found.now(), &topic, &headers, &Body::Text(text));
    }

    /// Leaves, and waits until the broker says that it has taken all that was sent.
    async fn leave(&mut self) -> Result<(), End> {
        self.found.client.disconnect(self.found.now(), BYE);
        self.found.write().await?;
        loop {
            while let Some(event) = self.found.client.poll_event(self.found.now()) {
                match event {
                    Event::Receipt(name) if name == BYE => {
                        self.found.carrier.close().await;
                        return Ok(());
                    }
                    Event::Ended(end) => return Err(end.into()),
                    // Requests that are not acknowledged any more stay at the broker.
                    Event::Message(_) | Event::Connected { .. } | Event::Receipt(_) => {}
                }
            }
            let bytes = self.found.carrier.read().await?.ok_or(End::Closed)?;
            self.found.client.receive(self.found.now(), &bytes);
        }
    }
}

fn queue(broker: &SiteBroker) -> String {
    format!("/queue/{}", broker.queue)
}

fn topic(name: &str) -> String {
    format!("/topic/{name}")
}
