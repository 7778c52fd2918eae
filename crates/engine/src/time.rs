//! Time as an input.
//!
//! Durations come from a monotonic clock that goes on across restarts; wall time is kept for people. A step of the
//! wall clock can therefore neither shorten a wrap-up nor stretch a wait.

use core::fmt;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// Monotonic time in milliseconds since the first record of the journal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The instant `duration` later; saturates at the end of time.
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_millis() as u64))
    }

    /// Milliseconds from `earlier` to here, nought if `earlier` is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.0 / 1000, self.0 % 1000)
    }
}

/// Wall time in milliseconds since 1970-01-01T00:00:00Z, for people and records only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WallTime(pub i64);

/// The two clocks, read together by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// For durations and deadlines.
    pub at: Timestamp,
    /// For people.
    pub wall: WallTime,
}
