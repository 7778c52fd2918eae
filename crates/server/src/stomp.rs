//! The embedded broker of the Generic Connector: STOMP by TCP, TLS and WebSocket, for sites that have no broker of their
//! own.
//!
//! [`broker`] has the destinations of each tenant and who listens there; whoever gives the messages their meaning attends
//! to a queue and publishes what there is to tell. A session is one connection, in a task that `run` or HTTP starts.

pub mod broker;
pub(crate) mod carrier;
mod session;

use std::net::IpAddr;

use cordial_dialects::connector::stomp::frame::{Frame, Headers, Verb, Version};
use cordial_dialects::connector::stomp::server::LogIn;

use self::broker::Broker;
use self::carrier::Carrier;
use crate::http::{self, Caller, TurnedAway};
use crate::streams::book::Place;

/// What there is of the embedded broker, if it is switched on; cheap to clone.
#[derive(Clone)]
pub(crate) struct Embedded {
    /// The destinations.
    pub(crate) broker: Broker,
    /// The domain of users who name none.
    pub(crate) domain: String,
}

/// What all sessions have in common; cheap to clone.
#[derive(Clone)]
pub(crate) struct Stomp {
    state: http::State,
    embedded: Embedded,
}

impl Stomp {
    pub(crate) const fn new(state: http::State, embedded: Embedded) -> Self {
        Self { state, embedded }
    }

    /// Speaks with one client until it leaves, is cut, or its token no longer works.
    pub(crate) async fn speak<C: Carrier>(&self, carrier: C, peer: IpAddr, place: Option<&Place>) {
        let why = session::Session::new(self, peer, carrier).run(place).await;
        tracing::debug!(%peer, %why, "a STOMP connection has ended");
    }

    /// With a login a user's name and password, else a token. The domain of a user stands behind an `@`, or is the
    /// virtual host if that is the domain of a tenant: most clients send the name of the machine there.
    async fn enter(&self, peer: IpAddr, who: &LogIn) -> Result<Caller, TurnedAway> {
        let Self { state, embedded } = self;
        let passcode = who.passcode.as_deref().unwrap_or_default();
        let Some(login) = who.login.as_deref().filter(|login| !login.is_empty()) else {
            return state.enter_by_token(peer, passcode).await;
        };
        if let Some((name, domain)) = login.rsplit_once('@') {
            return state.enter_by_password(peer, domain, name, passcode).await;
        }
        let host = who.host.clone().unwrap_or_default();
        let known = state.handle().read(move |engine, _| engine.tenant_by_domain(&host).map(|_| host)).await;
        let known = known.map_err(|_| TurnedAway::Unavailable)?;
        let domain = known.as_deref().unwrap_or(&embedded.domain);
        state.enter_by_password(peer, domain, login, passcode).await
    }
}

/// What a client is told for whom there is no room.
pub(crate) fn no_room() -> Vec<u8> {
    let headers = Headers::default().with("message", "there are too many connections; try again later");
    Frame::new(Verb::Error, headers).encode(Version::V1_0)
}
