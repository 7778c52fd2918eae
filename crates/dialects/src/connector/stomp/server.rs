//! A broker's side of one connection.
//!
//! Bytes and time go in, events come out, and what is to be written. What an event asks for (to be let in, to hear a
//! destination, to have messages sent) is accepted or refused by whoever owns the [`Session`]; then the next comes. What is
//! refused, and what is wrong, is answered with `ERROR`, and the connection is over, as the protocol wants it.

mod fault;
mod subscriptions;
mod transactions;

use core::fmt;
use std::collections::VecDeque;
use std::sync::Arc;

use cordial_engine::Timestamp;

pub use self::fault::Fault;
use self::subscriptions::{Acknowledged, Subscriptions};
use self::transactions::{Step, Transactions};
use super::destination::Destination;
use super::frame::{Decoder, Frame, Headers, Verb, Version};
use super::heart_beat::{HeartBeat, Offer};
use super::limits::{CONNECT_TIME_MAX, FRAME_TIME_MAX, NAME_BYTES_MAX};
use super::message::{AckMode, Message};
use super::selector::Selector;

/// One connection of a client to us.
#[derive(Debug)]
pub struct Session {
    /// Unlike that of any other connection: it is in the names of messages.
    name: String,
    decoder: Decoder,
    version: Version,
    stage: Stage,
    heart_beat: Option<HeartBeat>,
    /// By when what has begun must be whole: the connecting, or a frame.
    patience: Option<Timestamp>,
    /// What the owner has to say yes or no to.
    asked: Option<Asked>,
    /// What the frame at hand wants to be told when it is done.
    receipt: Option<String>,
    subscriptions: Subscriptions,
    transactions: Transactions,
    output: VecDeque<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Fresh,
    Connected,
    /// Nothing is read any more; what is to be written still is.
    Over,
}

#[derive(Debug)]
enum Asked {
    Connect(Version, Offer),
    Subscribe,
    Send(Vec<Acknowledged>),
}

/// A subscription among those of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubscriptionId(u64);

/// What a client does.
#[derive(Debug)]
pub enum Event {
    /// It wants to be let in. To be accepted or refused.
    Connect(LogIn),
    /// It wants the messages of a destination. To be accepted or refused.
    Subscribe {
        /// By which they are delivered.
        subscription: SubscriptionId,
        /// Of what.
        destination: Destination,
        /// Which of them; without it all.
        selector: Option<Selector>,
    },
    /// It no longer wants them. What it had not acknowledged of them is no longer delivered to it.
    Unsubscribed {
        /// What has ended.
        subscription: SubscriptionId,
        /// What goes back.
        unacknowledged: Vec<Arc<Message>>,
    },
    /// It sends a message, or all that a transaction held. To be accepted or refused as a whole.
    Send(Vec<Message>),
}

/// By what a client says who it is.
#[derive(Clone, PartialEq, Eq)]
pub struct LogIn {
    /// The name of a user.
    pub login: Option<String>,
    /// A password.
    pub passcode: Option<String>,
    /// The virtual host that is meant.
    pub host: Option<String>,
}

impl fmt::Debug for LogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogIn").field("login", &self.login).field("host", &self.host).finish_non_exhaustive()
    }
}

impl Session {
    /// A connection that was opened just now. Its name is to be unlike that of any other, as messages are named after it.
    #[must_use]
    pub fn new(name: String, now: Timestamp) -> Self {
        Self {
            subscriptions: Subscriptions::new(name.clone()),
            name,
            decoder: Decoder::default(),
            version: Version::V1_0,
            stage: Stage::Fresh,
            heart_beat: None,
            patience: Some(now.after(CONNECT_TIME_MAX)),
            asked: None,
            receipt: None,
            transactions: Transactions::default(),
            output: VecDeque::new(),
        }
    }

    /// Takes bytes that came. [`Session::poll_event`] is to be asked until it has nothing more, before others are given.
    pub fn receive(&mut self, now: Timestamp, bytes: &[u8]) {
        if self.stage != Stage::Over {
            if let Some(beat) = &mut self.heart_beat {
                beat.heard(now);
            }
            self.decoder.push(bytes);
        }
    }

    /// What the client does next.
    ///
    /// # Panics
    /// When the event before is neither accepted nor refused.
    pub fn poll_event(&mut self, now: Timestamp) -> Option<Event> {
        assert!(self.asked.is_none(), "an event is accepted or refused before the next is asked for");
        while self.stage != Stage::Over {
            match self.decoder.take() {
                Ok(Some(frame)) => {
                    self.patience = None;
                    self.receipt = frame.headers.get("receipt").map(str::to_owned);
                    match self.take(now, frame) {
                        Ok(Some(event)) => return Some(event),
                        Ok(None) => {}
                        Err(fault) => self.fail(&fault),
                    }
                }
                Ok(None) => {
                    if self.stage == Stage::Connected {
                        let until = self.patience.unwrap_or_else(|| now.after(FRAME_TIME_MAX));
                        self.patience = self.decoder.has_begun().then_some(until);
                    }
                    break;
                }
                Err(why) => {
                    self.receipt = None;
                    self.fail(&Fault::Frame(why));
                }
            }
        }
        None
    }

    /// Says yes to the last event.
    ///
    /// # Panics
    /// When it asked for nothing.
    pub fn accept(&mut self, now: Timestamp) {
        match self.asked.take().expect("an event that asks came before") {
            Asked::Connect(version, offer) => self.connected(now, version, offer),
            Asked::Subscribe => {}
            Asked::Send(acknowledged) => self.subscriptions.acknowledge_all(&acknowledged),
        }
        self.done(now);
    }

    /// Says no to the last event, and why in a sentence for the client: the connection is over.
    ///
    /// # Panics
    /// When it asked for nothing.
    pub fn refuse(&mut self, why: &str) {
        let asked = self.asked.take();
        assert!(asked.is_some(), "an event that asks came before");
        self.error(Headers::default(), why);
    }

    /// Ends the connection for a reason of the owner's, in a sentence for the client.
    pub fn end(&mut self, why: &str) {
        (self.asked, self.receipt) = (None, None);
        if self.stage != Stage::Over {
            self.error(Headers::default(), why);
        }
    }

    /// Delivers a message to a subscription; none that has ended is an error.
    pub fn deliver(&mut self, now: Timestamp, subscription: SubscriptionId, message: &Arc<Message>) {
        if self.stage != Stage::Connected {
            return;
        }
        match self.subscriptions.deliver(subscription, message, self.version) {
            Ok(Some(bytes)) => self.put_bytes(now, bytes),
            Ok(None) => {}
            Err(fault) => {
                self.receipt = None;
                self.fail(&fault);
            }
        }
    }

    /// The next bytes to be written: one frame, or one heart-beat.
    pub fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.output.pop_front()
    }

    /// When [`Session::handle_timeout`] is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let beat = self.heart_beat.as_ref().and_then(HeartBeat::timeout);
        self.patience.into_iter().chain(beat).min().filter(|_| self.stage != Stage::Over)
    }

    /// Does what its time has come for.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        if self.stage == Stage::Over {
            return;
        }
        let late = self.patience.is_some_and(|until| until <= now);
        let silent = self.heart_beat.as_ref().is_some_and(|beat| beat.is_silent(now));
        if late || silent {
            self.receipt = None;
            self.fail(if late { &Fault::TooSlow } else { &Fault::Silent });
        } else if let Some(beat) = self.heart_beat.as_mut().filter(|beat| beat.is_due(now)) {
            beat.sent(now);
            self.output.push_back(b"\n".to_vec());
        }
    }

    /// Whether the connection is to be closed once all output is written.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// What was delivered and not acknowledged, the oldest first. What transactions held is forgotten.
    #[must_use]
    pub fn unacknowledged(self) -> Vec<Arc<Message>> {
        self.subscriptions.unacknowledged()
    }

    fn take(&mut self, now: Timestamp, frame: Frame) -> Result<Option<Event>, Fault> {
        if !frame.body.is_empty() && frame.verb != Verb::Send {
            return Err(Fault::Body(frame.verb));
        }
        if self.receipt.as_ref().is_some_and(|receipt| receipt.len() > NAME_BYTES_MAX) {
            self.receipt = None;
            return Err(Fault::LongName("receipt"));
        }
        match (self.stage, frame.verb) {
            (Stage::Fresh, Verb::Connect | Verb::Stomp) => return self.connect(&frame.headers).map(Some),
            (Stage::Fresh, _) => return Err(Fault::NotConnected),
            (Stage::Connected | Stage::Over, _) => {}
        }
        match frame.verb {
            Verb::Connect | Verb::Stomp => return Err(Fault::ConnectedAlready),
            Verb::Send => return self.send(now, frame),
            Verb::Subscribe => return self.subscribe(&frame.headers).map(Some),
            Verb::Unsubscribe => {
                let (subscription, unacknowledged) =
                    self.subscriptions.remove(&frame.headers, self.version)?;
                self.done(now);
                return Ok(Some(Event::Unsubscribed { subscription, unacknowledged }));
            }
            Verb::Ack | Verb::Nack => self.acknowledge(&frame)?,
            Verb::Begin => self.transactions.begin(name(&frame.headers, "transaction")?)?,
            Verb::Commit => return self.commit(now, &frame.headers),
            Verb::Abort => drop(self.transactions.end(name(&frame.headers, "transaction")?)?),
            Verb::Disconnect => {
                self.done(now);
                self.stage = Stage::Over;
            }
            Verb::Connected | Verb::Message | Verb::Receipt | Verb::Error => {
                return Err(Fault::NotForUs(frame.verb));
            }
        }
        self.done(now);
        Ok(None)
    }

    fn connect(&mut self, headers: &Headers) -> Result<Event, Fault> {
        // No receipts here: `CONNECTED` is the answer (1.0 to 1.2, "receipt").
        self.receipt = None;
        let accepted = headers.get("accept-version").unwrap_or("1.0");
        let version = accepted.split(',').filter_map(|one| Version::parse(one.trim())).max();
        let version = version.ok_or(Fault::NoVersion)?;
        let offer = match version {
            Version::V1_0 => Offer::default(),
            Version::V1_1 | Version::V1_2 => Offer::parse(headers.get("heart-beat"))?,
        };
        self.asked = Some(Asked::Connect(version, offer));
        let said = |name: &str| headers.get(name).map(str::to_owned);
        Ok(Event::Connect(LogIn { login: said("login"), passcode: said("passcode"), host: said("host") }))
    }

    fn connected(&mut self, now: Timestamp, version: Version, offer: Offer) {
        self.version = version;
        self.stage = Stage::Connected;
        self.decoder.speak(version);
        let mut headers = Headers::default().with("version", version.as_str()).with("session", &self.name);
        headers.add("server", concat!("Cordial/", env!("CARGO_PKG_VERSION")));
        if version > Version::V1_0 {
            headers.add("heart-beat", Offer::OURS.header());
            self.heart_beat = Some(HeartBeat::agree(offer, now));
        }
        self.put(now, &Frame::new(Verb::Connected, headers));
    }

    fn subscribe(&mut self, headers: &Headers) -> Result<Event, Fault> {
        let destination = Destination::parse(name(headers, "destination")?)?;
        let mode = AckMode::parse(headers.get("ack")).ok_or(Fault::AckMode)?;
        let selector = headers.get("selector").filter(|text| !text.trim().is_empty());
        let selector = selector.map(Selector::parse).transpose()?;
        let subscription = self.subscriptions.add(headers, self.version, &destination, mode)?;
        self.asked = Some(Asked::Subscribe);
        Ok(Event::Subscribe { subscription, destination, selector })
    }

    fn send(&mut self, now: Timestamp, frame: Frame) -> Result<Option<Event>, Fault> {
        let destination = Destination::parse(name(&frame.headers, "destination")?)?;
        let message = Message::new(destination, &frame.headers, frame.body);
        if let Some(transaction) = frame.headers.get("transaction") {
            self.transactions.add(transaction, Step::Send(message))?;
            self.done(now);
            return Ok(None);
        }
        self.asked = Some(Asked::Send(Vec::new()));
        Ok(Some(Event::Send(vec![message])))
    }

    /// `NACK` as well: that nobody else is asked, and what was not taken is dropped, is one of the things that the protocol
    /// leaves to the server.
    fn acknowledge(&mut self, frame: &Frame) -> Result<(), Fault> {
        if frame.verb == Verb::Nack && self.version == Version::V1_0 {
            return Err(Fault::NotForUs(Verb::Nack));
        }
        let acknowledged = self.subscriptions.find(&frame.headers, self.version)?;
        match frame.headers.get("transaction") {
            Some(transaction) => self.transactions.add(transaction, Step::Acknowledge(acknowledged)),
            None => {
                self.subscriptions.acknowledge_all(&[acknowledged]);
                Ok(())
            }
        }
    }

    fn commit(&mut self, now: Timestamp, headers: &Headers) -> Result<Option<Event>, Fault> {
        let (mut messages, mut acknowledged) = (Vec::new(), Vec::new());
        for step in self.transactions.end(name(headers, "transaction")?)? {
            match step {
                Step::Send(message) => messages.push(message),
                Step::Acknowledge(one) => acknowledged.push(one),
            }
        }
        if messages.is_empty() {
            self.subscriptions.acknowledge_all(&acknowledged);
            self.done(now);
            return Ok(None);
        }
        self.asked = Some(Asked::Send(acknowledged));
        Ok(Some(Event::Send(messages)))
    }

    /// The frame at hand is done: who wants to know is told.
    fn done(&mut self, now: Timestamp) {
        if let Some(receipt) = self.receipt.take() {
            self.put(now, &Frame::new(Verb::Receipt, Headers::default().with("receipt-id", receipt)));
        }
    }

    fn fail(&mut self, fault: &Fault) {
        let mut headers = Headers::default();
        if matches!(fault, Fault::NoVersion) {
            headers.add("version", Version::ALL);
        }
        self.error(headers, &fault.to_string());
    }

    fn error(&mut self, headers: Headers, why: &str) {
        let mut headers = headers.with("message", why).with("content-type", "text/plain");
        if let Some(receipt) = self.receipt.take() {
            headers.add("receipt-id", receipt);
        }
        let frame = Frame { verb: Verb::Error, headers, body: why.as_bytes().to_vec() }.with_length();
        self.output.push_back(frame.encode(self.version));
        self.stage = Stage::Over;
    }

    fn put(&mut self, now: Timestamp, frame: &Frame) {
        self.put_bytes(now, frame.encode(self.version));
    }

    fn put_bytes(&mut self, now: Timestamp, bytes: Vec<u8>) {
        if let Some(beat) = &mut self.heart_beat {
            beat.sent(now);
        }
        self.output.push_back(bytes);
    }
}

/// A header that must be there and is short enough to be kept.
fn name<'a>(headers: &'a Headers, header: &'static str) -> Result<&'a str, Fault> {
    let value = headers.get(header).filter(|value| !value.is_empty()).ok_or(Fault::Missing(header))?;
    // A destination says by itself how long it may be.
    if value.len() > NAME_BYTES_MAX && header != "destination" {
        return Err(Fault::LongName(header));
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
