//! A client's side of one connection, as to a broker that a site has (ActiveMQ).
//!
//! Bytes and time go in, events come out, and what is to be written. What a broker calls a destination is its own business
//! (`/temp-queue/...`, `/remote-temp-queue/ID:...`), so it stays text here.

use core::fmt;
use std::collections::VecDeque;

use cordial_engine::Timestamp;

use super::frame::{BadFrame, Decoder, Frame, Headers, Verb, Version};
use super::heart_beat::{HeartBeat, Offer};
use super::limits::{CONNECT_TIME_MAX, FRAME_TIME_MAX};
use super::message::AckMode;

/// One connection of ours to a broker.
#[derive(Debug)]
pub struct Client {
    decoder: Decoder,
    version: Version,
    stage: Stage,
    heart_beat: Option<HeartBeat>,
    /// By when what has begun must be whole: the connecting, or a frame.
    patience: Option<Timestamp>,
    /// Why it is over, until the owner was told.
    end: Option<End>,
    output: VecDeque<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    Connected,
    Over,
}

/// By what we say who we are.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The virtual host; brokers that have none want the name by which they are reached.
    pub host: String,
    /// The name, if one is needed.
    pub login: Option<String>,
    /// The password to it.
    pub passcode: Option<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("host", &self.host)
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

/// What the broker does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It has let us in.
    Connected {
        /// The version that is spoken.
        version: Version,
        /// What it says it is.
        server: Option<String>,
    },
    /// A message came by a subscription.
    Message(Delivery),
    /// What we asked to be told of is done.
    Receipt(String),
    /// The connection is over, and is to be closed.
    Ended(End),
}

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// By which subscription; who speaks 1.0 may leave it out.
    pub subscription: Option<String>,
    /// Whence.
    pub destination: String,
    /// All its headers.
    pub headers: Headers,
    /// What it says.
    pub body: Vec<u8>,
}

/// Why a connection to a broker is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum End {
    /// The broker sent an `ERROR`.
    #[error("the broker says: {message}")]
    Refused {
        /// Its sentence.
        message: String,
        /// What it says further.
        detail: String,
    },
    /// It does not speak STOMP.
    #[error(transparent)]
    Frame(#[from] BadFrame),
    /// It sent what a broker does not send, or not then.
    #[error("the broker sent {0} where it should not")]
    Unexpected(Verb),
    /// It chose a version that we did not offer.
    #[error("the broker speaks another version")]
    Version,
    /// Its heart-beat cannot be read.
    #[error("the broker's heart-beat is not two numbers")]
    HeartBeat,
    /// The connecting, or a frame, was not whole in time.
    #[error("the broker was too slow")]
    TooSlow,
    /// No heart-beat came.
    #[error("the broker was silent for longer than agreed")]
    Silent,
    /// We have left.
    #[error("we have left")]
    Left,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Text. It is sent without a length, since ActiveMQ makes a `TextMessage` of it then only; a text with a nought in it
    /// needs the length and becomes a `BytesMessage` there.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl Client {
    /// A connection that was opened just now. What it is to write first is there.
    #[must_use]
    pub fn new(account: &Account, now: Timestamp) -> Self {
        let mut client = Self {
            decoder: Decoder::default(),
            version: Version::V1_0,
            stage: Stage::Connecting,
            heart_beat: None,
            patience: Some(now.after(CONNECT_TIME_MAX)),
            end: None,
            output: VecDeque::new(),
        };
        let mut headers = Headers::default().with("accept-version", Version::ALL).with("host", &account.host);
        for (name, value) in [("login", &account.login), ("passcode", &account.passcode)] {
            if let Some(value) = value {
                headers.add(name, value);
            }
        }
        headers.add("heart-beat", Offer::OURS.header());
        client.put(now, &Frame::new(Verb::Connect, headers));
        client
    }

    /// Takes bytes that came. [`Client::poll_event`] is to be asked until it has nothing more, before others are given.
    pub fn receive(&mut self, now: Timestamp, bytes: &[u8]) {
        if self.stage != Stage::Over {
            if let Some(beat) = &mut self.heart_beat {
                beat.heard(now);
            }
            self.decoder.push(bytes);
        }
    }

    /// What the broker does next.
    pub fn poll_event(&mut self, now: Timestamp) -> Option<Event> {
        if self.stage != Stage::Over {
            match self.decoder.take() {
                Ok(Some(frame)) => {
                    self.patience = None;
                    match self.take(now, frame) {
                        Ok(event) => return Some(event),
                        Err(end) => self.end(end),
                    }
                }
                Ok(None) if self.stage == Stage::Connected => {
                    let until = self.patience.unwrap_or_else(|| now.after(FRAME_TIME_MAX));
                    self.patience = self.decoder.has_begun().then_some(until);
                }
                Ok(None) => {}
                Err(why) => self.end(End::Frame(why)),
            }
        }
        self.end.take().map(Event::Ended)
    }

    /// Asks for the messages of a destination; `id` is unlike that of any other subscription of this connection.
    pub fn subscribe(
        &mut self,
        now: Timestamp,
        id: &str,
        destination: &str,
        mode: AckMode,
        selector: Option<&str>,
    ) {
        let mut headers = Headers::default().with("id", id).with("destination", destination);
        headers.add("ack", mode.as_str());
        if let Some(selector) = selector {
            headers.add("selector", selector);
        }
        self.say(now, Verb::Subscribe, headers);
    }

    /// Asks for them no longer.
    pub fn unsubscribe(&mut self, now: Timestamp, id: &str) {
        self.say(now, Verb::Unsubscribe, Headers::default().with("id", id));
    }

    /// Sends a message. A `receipt` among its headers asks to be told when it is there.
    pub fn send(&mut self, now: Timestamp, destination: &str, headers: &Headers, body: &Body<'_>) {
        let mut all = Headers::default().with("destination", destination);
        headers
            .iter()
            .filter(|(name, _)| *name != "content-length")
            .for_each(|(name, value)| all.add(name, value));
        let frame = |body: &[u8]| Frame { verb: Verb::Send, headers: all, body: body.to_vec() };
        let frame = match body {
            Body::Text(text) if !text.contains('\0') => frame(text.as_bytes()),
            Body::Text(text) => frame(text.as_bytes()).with_length(),
            Body::Bytes(bytes) => frame(bytes).with_length(),
        };
        if self.stage == Stage::Connected {
            self.put(now, &frame);
        }
    }

    /// Says that a message was taken.
    pub fn ack(&mut self, now: Timestamp, delivery: &Delivery) {
        self.say(now, Verb::Ack, self.acknowledgement(delivery));
    }

    /// Says that a message was not taken; 1.0 has no word for it.
    pub fn nack(&mut self, now: Timestamp, delivery: &Delivery) {
        if self.version > Version::V1_0 {
            self.say(now, Verb::Nack, self.acknowledgement(delivery));
        }
    }

    /// Leaves. The broker answers with a receipt of this name when it has taken all that was sent before.
    pub fn disconnect(&mut self, now: Timestamp, receipt: &str) {
        self.say(now, Verb::Disconnect, Headers::default().with("receipt", receipt));
    }

    /// The next bytes to be written: one frame, or one heart-beat.
    pub fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.output.pop_front()
    }

    /// When [`Client::handle_timeout`] is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let beat = self.heart_beat.as_ref().and_then(HeartBeat::timeout);
        self.patience.into_iter().chain(beat).min().filter(|_| self.stage != Stage::Over)
    }

    /// Does what its time has come for; how it ends, if it does, is the next event.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        if self.stage == Stage::Over {
            return;
        }
        if self.patience.is_some_and(|until| until <= now) {
            self.end(End::TooSlow);
        } else if self.heart_beat.as_ref().is_some_and(|beat| beat.is_silent(now)) {
            self.end(End::Silent);
        } else if let Some(beat) = self.heart_beat.as_mut().filter(|beat| beat.is_due(now)) {
            beat.sent(now);
            self.output.push_back(b"\n".to_vec());
        }
    }

    fn take(&mut self, now: Timestamp, frame: Frame) -> Result<Event, End> {
        let Frame { verb, headers, body } = frame;
        let said = |name: &str| headers.get(name).map(str::to_owned);
        match (self.stage, verb) {
            (Stage::Connecting, Verb::Connected) => self.connected(now, &headers),
            (_, Verb::Error) => {
                let detail = String::from_utf8_lossy(&body).trim().to_owned();
                Err(End::Refused { message: said("message").unwrap_or_default(), detail })
            }
            (Stage::Connected, Verb::Message) => {
                let (subscription, destination) = (said("subscription"), said("destination"));
                let destination = destination.unwrap_or_default();
                Ok(Event::Message(Delivery { subscription, destination, headers, body }))
            }
            (Stage::Connected, Verb::Receipt) => Ok(Event::Receipt(said("receipt-id").unwrap_or_default())),
            (Stage::Connecting | Stage::Connected | Stage::Over, _) => Err(End::Unexpected(verb)),
        }
    }

    fn connected(&mut self, now: Timestamp, headers: &Headers) -> Result<Event, End> {
        let version = headers.get("version").map_or(Some(Version::V1_0), Version::parse);
        self.version = version.ok_or(End::Version)?;
        self.decoder.speak(self.version);
        if self.version > Version::V1_0 {
            let theirs = Offer::parse(headers.get("heart-beat")).map_err(|_| End::HeartBeat)?;
            self.heart_beat = Some(HeartBeat::agree(theirs, now));
        }
        self.stage = Stage::Connected;
        Ok(Event::Connected { version: self.version, server: headers.get("server").map(str::to_owned) })
    }

    fn acknowledgement(&self, delivery: &Delivery) -> Headers {
        let named = |from: &str, to: &str| {
            let value = delivery.headers.get(from).unwrap_or_default();
            Headers::default().with(to, value)
        };
        match self.version {
            Version::V1_2 => named("ack", "id"),
            Version::V1_1 => named("message-id", "message-id")
                .with("subscription", delivery.subscription.clone().unwrap_or_default()),
            Version::V1_0 => named("message-id", "message-id"),
        }
    }

    /// Writes a frame without a body, unless nobody would read it.
    fn say(&mut self, now: Timestamp, verb: Verb, headers: Headers) {
        if self.stage == Stage::Connected {
            self.put(now, &Frame::new(verb, headers));
        }
    }

    fn put(&mut self, now: Timestamp, frame: &Frame) {
        if let Some(beat) = &mut self.heart_beat {
            beat.sent(now);
        }
        self.output.push_back(frame.encode(self.version));
    }

    fn end(&mut self, end: End) {
        self.stage = Stage::Over;
        self.end = Some(end);
    }
}

#[cfg(test)]
mod tests;
