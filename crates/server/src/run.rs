//! Concurrency in one file: every thread and task is started here, and every channel is owned here. All are bounded.
//!
//! ```text
//!   UDP ─────► node loop (own thread) ─► journal writer ─► disk
//!   a task ──►    ▲  │  ▲                      │ durable
//!   for each      │  │  │                      │
//!   connection    │  │  │                      │
//!   Handle ───────┘  │  └──────────────────────┘
//!   (HTTP)           ├─► live events ─► subscriptions
//!                    ├─► media thread ─► recordings' thread ─► files
//!                    └─► bindings' task ─► store
//! ```
//! Read models are folded from the journal by the store's follower, behind all this.

mod certificates;
mod clients;
mod connector;
mod first_start;
mod left;
mod restore;
mod sockets;
mod start;
mod stop;
mod streams;
mod threads;
mod web;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use cordial_node::Node;
use cordial_sip::Transport;
use cordial_store::StoreError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::config::{Config, Face, WebListener};
use crate::handle::Handle;
use crate::health::Health;
use crate::limits::STOP_MAX;
use crate::prompts;
use crate::recordings::RecordingDoor;
use crate::stomp::broker::Broker;
pub use crate::tls::TlsFault;

pub use first_start::FirstStart;
pub(crate) use first_start::token_file;
use restore::snapshot_bytes;
pub(crate) use restore::state_bytes;
pub use restore::{RestoreError, SNAPSHOT_VERSION};
use threads::Threads;

/// A running server.
pub struct Server {
    handle: Handle,
    health: Health,
    sip: Vec<(Transport, SocketAddr)>,
    served: sockets::Served,
    first_start: Option<FirstStart>,
    drain: std::time::Duration,
    recordings: RecordingDoor,
    fatal: mpsc::Receiver<Fatal>,
    node: oneshot::Receiver<Node>,
    http_stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    threads: Threads,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the journal says could not be made true again.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// A socket could not be opened.
    #[error("{key} = \"{address}\": cannot listen there: {source}{}", remedy(source))]
    Listen {
        /// The option that names it.
        key: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate, its key or the roots cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The folder of the recordings could not be used.
    #[error("paths.recordings = {path:?}: {source}")]
    Recordings {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A prompt is not what it should be.
    #[error(transparent)]
    Prompts(#[from] prompts::PromptFault),
    /// The node does not take its configuration.
    #[error("media.rtp_ports: {0}")]
    Node(#[from] cordial_node::ConfigError),
    /// The system gives no thread, no random number or no poll.
    #[error("the system refuses what is needed: {0}")]
    System(#[from] io::Error),
    /// Something broke before anything was served.
    #[error(transparent)]
    Fatal(#[from] Fatal),
    /// The first tenant or its tokens could not be made.
    #[error("the first start failed: {0}")]
    FirstStart(String),
}

/// What to do about a socket that cannot be opened.
fn remedy(error: &io::Error) -> &'static str {
    const REMEDIES: [(io::ErrorKind, &str); 3] = [
        (io::ErrorKind::AddrInUse, "; end the program that has it, or choose another port"),
        (io::ErrorKind::AddrNotAvailable, "; choose an address of this machine (see `ip address`)"),
        (
            io::ErrorKind::PermissionDenied,
            "; ports below 1024 need a right of their own (CAP_NET_BIND_SERVICE)",
        ),
    ];
    REMEDIES.iter().find(|(kind, _)| *kind == error.kind()).map_or("", |(_, remedy)| remedy)
}

/// Why a running server had to end. It is restarted and recovers from the journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fatal {
    /// The journal could not be written. What the disk holds after a failed flush is unknown, so nothing is tried
    /// again.
    #[error("the journal failed: {0}")]
    Journal(String),
    /// A socket broke.
    #[error("a socket failed: {0}")]
    Socket(String),
    /// A thread or task ended that never should: a bug.
    #[error("internal error: the {0} ended")]
    Ended(&'static str),
}

impl Server {
    /// The door to the node.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Where SIP is taken: by UDP if at all, else by the first listener that there is.
    ///
    /// # Panics
    /// Never: the configuration has at least one listener.
    #[must_use]
    pub fn sip(&self) -> SocketAddr {
        self.sip.first().expect("a configuration without listeners is refused").1
    }

    /// Every place where SIP is taken.
    #[must_use]
    pub fn sip_listeners(&self) -> &[(Transport, SocketAddr)] {
        &self.sip
    }

    /// Where the API is served in the clear.
    ///
    /// # Panics
    /// Never: there always is such a place.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.served.http.first().expect("the plain listener is opened first, and always").address
    }

    /// Every place where HTTP is served, by whatever is spoken there.
    #[must_use]
    pub fn web_listeners(&self) -> &[WebListener] {
        &self.served.http
    }

    /// Where the event socket is spoken.
    #[must_use]
    pub fn event_sockets(&self) -> &[SocketAddr] {
        &self.served.event_sockets
    }

    /// Where STOMP is spoken, in the clear first.
    #[must_use]
    pub fn stomp(&self) -> &[SocketAddr] {
        &self.served.stomp
    }

    /// The broker of the connector's clients, if it is switched on.
    #[must_use]
    pub const fn broker(&self) -> Option<&Broker> {
        self.served.broker.as_ref()
    }

    /// The first place where a dialect is spoken.
    #[must_use]
    pub fn spoken(&self, face: Face) -> Option<SocketAddr> {
        self.served.http.iter().find(|place| place.face == face).map(|place| place.address)
    }

    /// What the very first start made; shown once.
    pub const fn take_first_start(&mut self) -> Option<FirstStart> {
        self.first_start.take()
    }

    /// Serves until `stop` comes, then drains: new calls are refused, live ones go on up to `limits.drain_s`.
    ///
    /// # Errors
    /// Why the process had to end before.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Fatal> {
        self.run_until(stop, std::future::pending()).await
    }

    /// As [`Server::run`]; when `hurry` comes while it drains, the calls that are left are cleared at once.
    ///
    /// # Errors
    /// Why the process had to end before.
    pub async fn run_until(
        mut self,
        stop: impl Future<Output = ()>,
        hurry: impl Future<Output = ()>,
    ) -> Result<(), Fatal> {
        tokio::select! {
            fatal = self.fatal.recv() => return Err(fatal.unwrap_or(Fatal::Ended("server"))),
            () = stop => {}
        }
        tokio::select! {
            fatal = self.fatal.recv() => return Err(fatal.unwrap_or(Fatal::Ended("server"))),
            () = stop::drain(&self.handle, &self.recordings, self.drain, hurry) => {}
        }
        self.end().await
    }

    /// Ends every thread and task in the order in which they depend on each other.
    async fn end(self) -> Result<(), Fatal> {
        let Self { handle, mut fatal, node, http_stop, served, tasks, threads, recordings, .. } = self;
        let store = handle.store().clone();
        handle.stop().await;
        let Ok(Ok(node)) = tokio::time::timeout(STOP_MAX, node).await else {
            return Err(fatal.try_recv().unwrap_or(Fatal::Ended("node's thread")));
        };
        http_stop.send_replace(true);
        drop((handle, recordings));
        for task in served.tasks {
            if tokio::time::timeout(STOP_MAX, task).await.is_err() {
                tracing::warn!("requests were cut: they took too long to end");
            }
        }
        for task in tasks {
            if tokio::time::timeout(STOP_MAX, task).await.is_err() {
                tracing::warn!("a task was cut: it took too long to end");
            }
        }
        threads.join().await;
        let (seq, bytes) = snapshot_bytes(&node);
        if let Err(error) = store.save_snapshot(seq, SNAPSHOT_VERSION, &bytes).await {
            tracing::warn!(%error, "no snapshot was written: the next start reads more of the journal");
        }
        if let Err(error) = store.flush().await {
            tracing::warn!(%error, "the store was not folded");
        }
        tracing::info!(seq, "stopped");
        Ok(())
    }

    /// Whether the server wants work.
    #[must_use]
    pub const fn health(&self) -> &Health {
        &self.health
    }
}

/// The store's file.
#[must_use]
pub fn store_path(config: &Config) -> PathBuf {
    config.paths.data.join("cordial.db")
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}
