//! The sessions of the Generic Connector: who is logged in from which destination, and what is told to whom.
//!
//! A message comes by one of three ways ([`Way`]): the embedded broker, a broker of the site's, or HTTP. From there on
//! there is one model. What is told ([`Post`]) goes back by the way that the destination came by.

#![expect(dead_code, reason = "the transports and the sessions come next")]

mod settings;

use std::net::IpAddr;

use cordial_engine::WallTime;
use reqwest::Url;

use crate::stomp::broker::{SessionId, Visitor};

#[expect(unused_imports, reason = "as above")]
pub(crate) use settings::Settings;

/// A request as it came, whatever carried it.
#[derive(Debug)]
pub(crate) struct Heard {
    /// By which way, and by whom as far as that is known there.
    pub(crate) way: Way,
    /// The message type (JMSType): `<Command>#<login>`.
    pub(crate) kind: String,
    /// The parameters, if there is a body.
    pub(crate) body: Option<String>,
    /// What the answer is to repeat (JMSCorrelationID).
    pub(crate) correlation: Option<String>,
    /// The topic on which the client wants the answer (JMSReplyTo).
    pub(crate) reply_to: Option<String>,
    /// When the client sent it; `None` when it came just now.
    pub(crate) sent: Option<WallTime>,
}

/// How a message comes, and what is told goes.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// The embedded broker, at one of its connections.
    Embedded {
        /// Which connection.
        session: SessionId,
        /// Who proved himself there.
        visitor: Visitor,
    },
    /// The broker of the site, which decides who may send.
    Broker,
    /// HTTP.
    Web {
        /// What the client calls its session; nobody else may guess it.
        session: String,
        /// Where it wants to be told; absent in most requests after the first.
        callback: Option<Url>,
        /// Whence it came.
        peer: IpAddr,
    },
}

/// Something told to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Post {
    /// To whom.
    pub(crate) to: Address,
    /// What.
    pub(crate) text: String,
    /// The message type (JMSType), where the document gives one.
    pub(crate) kind: Option<String>,
    /// The document's category, a property of every message.
    pub(crate) category: &'static str,
    /// What the request wanted repeated (JMSCorrelationID).
    pub(crate) correlation: Option<String>,
}

/// Where a client listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Address {
    /// A topic of the embedded broker.
    Embedded(String),
    /// A topic of the site's broker.
    Broker(String),
    /// An address that is called for each message.
    Web(Url),
}
