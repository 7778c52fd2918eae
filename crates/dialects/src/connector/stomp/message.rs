//! A message between those who send and those who listen, and how it is acknowledged.

use std::sync::OnceLock;

use super::destination::Destination;
use super::frame::{Headers, Version, write_header};

/// A message for a destination.
#[derive(Clone, Debug)]
pub struct Message {
    destination: Destination,
    headers: Headers,
    body: Vec<u8>,
    /// What all who get it get alike, for each version; written once, however many there are.
    written: [OnceLock<Vec<u8>>; 3],
}

/// Headers that belong to the frame that carried a message, and are not handed on with it.
const OF_THE_FRAME: &[&str] =
    &["destination", "content-length", "receipt", "transaction", "subscription", "message-id", "ack"];

impl Message {
    /// A message with those of the headers that are its own.
    #[must_use]
    pub fn new(destination: Destination, headers: &Headers, body: Vec<u8>) -> Self {
        let headers = headers.iter().filter(|(name, _)| !OF_THE_FRAME.contains(name)).collect();
        Self { destination, headers, body, written: [const { OnceLock::new() }; 3] }
    }

    /// Where it goes.
    #[must_use]
    pub const fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Its headers: `type` (JMSType), `correlation-id`, `reply-to`, and the sender's own.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// What it says.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The end of a `MESSAGE`: destination, the message's own headers, its length, and the body with the nought behind it.
    pub(super) fn written(&self, version: Version) -> &[u8] {
        let written = match version {
            Version::V1_0 => &self.written[0],
            Version::V1_1 => &self.written[1],
            Version::V1_2 => &self.written[2],
        };
        written.get_or_init(|| {
            let mut bytes = Vec::with_capacity(64 + self.bytes());
            let mut header = |name: &str, value: &str| write_header(name, value, version, &mut bytes);
            header("destination", &self.destination.to_string());
            self.headers.iter().for_each(|(name, value)| header(name, value));
            header("content-length", &self.body.len().to_string());
            bytes.push(b'\n');
            bytes.extend_from_slice(&self.body);
            bytes.push(0);
            bytes
        })
    }

    /// What it takes in memory, about. Bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.destination.name().len() + self.headers.bytes() + self.body.len()
    }
}

/// How a subscription's messages are acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AckMode {
    /// By having been sent.
    #[default]
    Auto,
    /// Each with all before it.
    Client,
    /// Each for itself.
    ClientIndividual,
}

impl AckMode {
    /// The mode that a subscription's `ack` says; without it, by having been sent.
    #[must_use]
    pub fn parse(header: Option<&str>) -> Option<Self> {
        let said = header.unwrap_or(Self::Auto.as_str());
        [Self::Auto, Self::Client, Self::ClientIndividual].into_iter().find(|mode| mode.as_str() == said)
    }

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Client => "client",
            Self::ClientIndividual => "client-individual",
        }
    }
}
