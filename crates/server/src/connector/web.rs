//! The connector over HTTP: requests come as JSON in an envelope, and what is told goes to an address that the client named,
//! one `POST` for each message.
//!
//! Nobody proves himself with the envelope (the requests in it bring passwords), so it alone decides nothing: an address
//! is called only if the configuration has its host, at its port, whatever names and redirections say.

mod call;
mod callbacks;
mod envelope;

use std::net::IpAddr;

use tokio::sync::mpsc;

pub(crate) use self::call::CORRELATION;
pub(crate) use self::callbacks::Callbacks;
pub(crate) use self::envelope::Wrong;
use super::Heard;
use crate::config::CallbackHost;

/// Where envelopes come in; cheap enough to clone.
#[derive(Clone)]
pub(crate) struct Door {
    heard: mpsc::Sender<Heard>,
    hosts: Vec<CallbackHost>,
}

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotTaken {
    /// The connector is not spoken over HTTP here.
    #[error(
        "the connector is not spoken over HTTP here: connector.callback_hosts names nobody who may be called back"
    )]
    Off,
    /// It is not what it should be.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// Too many wait already.
    #[error("too much is asked at once; try again")]
    Busy,
}

impl Door {
    pub(crate) const fn new(heard: mpsc::Sender<Heard>, hosts: Vec<CallbackHost>) -> Self {
        Self { heard, hosts }
    }

    /// Takes an envelope. What comes of it is told by callback.
    ///
    /// # Errors
    /// Why it was not taken.
    pub(crate) fn take(
        &self,
        body: &[u8],
        correlation: Option<String>,
        peer: IpAddr,
    ) -> Result<(), NotTaken> {
        if self.hosts.is_empty() {
            return Err(NotTaken::Off);
        }
        let heard = envelope::heard(body, correlation, peer, &self.hosts)?;
        self.heard.try_send(heard).map_err(|_| NotTaken::Busy)
    }
}
