//! Whether the process lives and whether it wants work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cordial_store::Store;

use crate::limits::HEARTBEAT_MAX;

/// What the probes say; cheap to clone.
#[derive(Clone)]
pub struct Health {
    shared: Arc<Shared>,
}

struct Shared {
    started: Instant,
    /// When the node's loop last turned, in milliseconds since `started`; 0 before it did.
    beat_ms: AtomicU64,
    /// How long the oldest undurable event has waited. Milliseconds.
    behind_ms: AtomicU64,
    behind: AtomicBool,
    draining: AtomicBool,
    store: Store,
}

/// Whether new work is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It is.
    Open,
    /// The journal is behind: work is refused until it has caught up.
    Behind,
}

impl Health {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            shared: Arc::new(Shared {
                started: Instant::now(),
                beat_ms: AtomicU64::new(0),
                behind_ms: AtomicU64::new(0),
                behind: AtomicBool::new(false),
                draining: AtomicBool::new(false),
                store,
            }),
        }
    }

    /// Whether the node's loop turns. When it does not, the process is to be restarted.
    ///
    /// # Errors
    /// What is wrong.
    pub fn live(&self) -> Result<(), &'static str> {
        let beat = Duration::from_millis(self.shared.beat_ms.load(Ordering::Relaxed));
        if self.shared.started.elapsed().saturating_sub(beat) < HEARTBEAT_MAX {
            Ok(())
        } else {
            Err("the node's loop stands still")
        }
    }

    /// Whether new calls and requests should be sent here.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn ready(&self) -> Result<(), String> {
        self.live()?;
        if self.is_draining() {
            return Err("draining: the server is about to stop".to_owned());
        }
        if self.shared.beat_ms.load(Ordering::Relaxed) == 0 {
            return Err("starting".to_owned());
        }
        if self.gate() == Gate::Behind {
            return Err(format!("the journal is {} ms behind", self.behind_ms()));
        }
        // An empty commit: it needs the file's write lock, and touches nothing.
        self.shared
            .store
            .save_bindings(&[])
            .await
            .map_err(|error| format!("the store cannot be written: {error}"))
    }

    /// How far the journal is behind. Milliseconds.
    #[must_use]
    pub fn behind_ms(&self) -> u64 {
        self.shared.behind_ms.load(Ordering::Relaxed)
    }

    /// Whether the process is about to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Relaxed)
    }

    /// Whether new calls and requests are taken, as far as that can be told at once.
    #[must_use]
    pub fn takes_work(&self) -> bool {
        self.live().is_ok() && !self.is_draining() && self.gate() == Gate::Open
    }

    /// Whether new work is let in.
    #[must_use]
    pub fn gate(&self) -> Gate {
        if self.shared.behind.load(Ordering::Relaxed) { Gate::Behind } else { Gate::Open }
    }

    pub(crate) fn drain(&self) {
        self.shared.draining.store(true, Ordering::Relaxed);
    }

    /// The node's loop turned.
    pub(crate) fn beat(&self) {
        let ms = u64::try_from(self.shared.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.shared.beat_ms.store(ms.max(1), Ordering::Relaxed);
    }

    /// How long the oldest undurable event has waited. The gate closes at `limit` and opens again at half of it, so
    /// that it does not flutter.
    pub(crate) fn set_behind(&self, behind: Duration, limit: Duration) -> Gate {
        self.shared.behind_ms.store(u64::try_from(behind.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let closed = match self.gate() {
            Gate::Open => behind >= limit,
            Gate::Behind => behind >= limit / 2,
        };
        self.shared.behind.store(closed, Ordering::Relaxed);
        self.gate()
    }
}
