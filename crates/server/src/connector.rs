//! The sessions of the Generic Connector: who is logged in from which destination, and what is told to whom.
//!
//! A message comes by one of three ways ([`Way`]): the embedded broker, a broker of the site's, or HTTP. From there on
//! there is one model: the [`hub`] brings it to its tenant's [`room`], which knows who is there, does what is asked, and tells
//! what happens. What is told ([`Post`]) goes back by the way that the destination came by.

mod hub;
mod link;
mod person;
mod recall;
mod room;
mod rooms;
mod settings;
mod web;

use std::net::IpAddr;

use cordial_dialects::connector::board::stamp;
use cordial_dialects::connector::stomp::destination::{Destination, Kind};
use cordial_dialects::connector::stomp::frame::Headers;
use cordial_dialects::connector::stomp::message::Message;
use cordial_engine::WallTime;
use cordial_engine::id::{TenantId, UserId};
use reqwest::Url;
use tokio::sync::mpsc;

pub(crate) use self::hub::{Ears, Far, Hub};
pub(crate) use self::link::Link;
pub(crate) use self::rooms::{Inquiries, Rooms};
pub(crate) use self::settings::Settings;
pub(crate) use self::web::{CORRELATION, Callbacks, Door, NotTaken, Wrong};
use crate::http::wall;
use crate::stomp::broker::{Broker, Request, SessionId, Visitor};

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
    /// A topic of the embedded broker, and the user who listens there; other users hear nothing.
    Embedded {
        /// The topic's name.
        topic: String,
        /// Who; `None` where somebody came by a token that is no user's.
        user: Option<UserId>,
    },
    /// A topic of the site's broker.
    Broker(String),
    /// An address that is called for each message.
    Web(Url),
}

/// The ways out; cheap to clone.
#[derive(Clone)]
pub(crate) struct Ways {
    /// The embedded broker.
    pub(crate) embedded: Option<Broker>,
    /// To the broker of the site's, if there is one.
    pub(crate) link: Option<mpsc::Sender<Post>>,
    /// To the other connectors of the site's.
    pub(crate) sync: Option<mpsc::Sender<String>>,
    /// To those who are called by HTTP.
    pub(crate) web: Option<mpsc::Sender<Post>>,
}

impl Ways {
    /// Tells something, or not when a way is blocked: whoever comes back asks how it is.
    fn send(&self, tenant: TenantId, post: Post) {
        let way = match &post.to {
            Address::Embedded { topic, user } => {
                if let (Some(broker), Ok(destination)) =
                    (&self.embedded, Destination::new(Kind::Topic, topic))
                {
                    broker.tell(tenant, *user, post.message(destination));
                }
                return;
            }
            Address::Broker(_) => &self.link,
            Address::Web(_) => &self.web,
        };
        if let Some(way) = way
            && way.try_send(post).is_err()
        {
            tracing::warn!("what the connector has to tell is dropped: it comes faster than it can be sent");
        }
    }

    /// Tells the other connectors of the site's that an agent has logged in here (O-025). The document has his password
    /// there; what stands instead is of no use to anybody.
    fn tell_others(&self, login: &str, extension: &str) {
        let Some(sync) = &self.sync else { return };
        let text = format!("AgentState#{login}#*#{extension}#{}", stamp(wall()));
        if sync.try_send(text).is_err() {
            tracing::debug!(login, "the other connectors are not told of a log-in");
        }
    }

    /// From now on nobody but us sends to where a client listens.
    fn claim(&self, tenant: TenantId, address: &Address) {
        if let (Some(broker), Some(topic)) = (&self.embedded, topic_of(address)) {
            broker.claim(tenant, topic);
        }
    }

    /// Nobody of ours listens there any more.
    fn release(&self, tenant: TenantId, address: &Address) {
        if let (Some(broker), Some(topic)) = (&self.embedded, topic_of(address)) {
            broker.release(tenant, topic);
        }
    }
}

fn topic_of(address: &Address) -> Option<Destination> {
    let Address::Embedded { topic, .. } = address else { return None };
    Destination::new(Kind::Topic, topic).ok()
}

impl Post {
    /// As a message of a broker's.
    fn message(self, destination: Destination) -> Message {
        let mut headers = Headers::default().with("category", self.category);
        if let Some(kind) = self.kind {
            headers.add("type", kind);
        }
        if let Some(correlation) = self.correlation {
            headers.add("correlation-id", correlation);
        }
        Message::new(destination, &headers, self.text.into_bytes())
    }
}

impl From<Request> for Heard {
    fn from(request: Request) -> Self {
        let Request { session, visitor, message } = request;
        let header = |name: &str| message.headers().get(name).map(str::to_owned);
        // Clients write `reply-to` as a destination or as a topic's name.
        let topic = |text: String| text.strip_prefix("/topic/").map(str::to_owned).unwrap_or(text);
        Self {
            kind: header("type").unwrap_or_default(),
            body: Some(String::from_utf8_lossy(message.body()).into_owned()),
            correlation: header("correlation-id"),
            reply_to: header("reply-to").map(topic),
            sent: None,
            way: Way::Embedded { session, visitor },
        }
    }
}
