//! The event socket at its connections: one session each, in a task that `run` starts.
//!
//! A session holds nothing but its place among the connections, what it listens to and the floor that it tells from.

mod command;
mod session;

use std::net::IpAddr;
use std::time::Instant;

use cordial_dialects::event_socket::request;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::http;
use crate::streams::book::Place;

/// What all sessions have in common; cheap to clone.
#[derive(Clone)]
pub(crate) struct EventSocket {
    state: http::State,
    /// The domain meant by `userauth` without one.
    domain: String,
    began: Instant,
}

impl EventSocket {
    pub(crate) fn new(state: http::State, domain: String) -> Self {
        Self { state, domain, began: Instant::now() }
    }

    /// Speaks with one client until it leaves, is cut, or its token no longer works.
    pub(crate) async fn speak(&self, io: TcpStream, peer: IpAddr, place: &Place) {
        if let Err(end) = session::Session::new(self, peer, io).run(place).await {
            tracing::debug!(%peer, %end, "an event socket connection has ended");
        }
    }

    /// Tells a client that there is no room for it.
    pub(crate) async fn turn_away(mut io: TcpStream) {
        // It may have gone already; either way there is nothing more to say.
        io.write_all(request::rude_rejection().as_bytes()).await.ok();
    }
}
