//! Time as the worker sees it: an argument, never a clock.

use std::ops::Add;
use std::time::Duration;

/// Samples per second of everything in this crate (G.711, RFC 3551 section 4.5.14).
pub const SAMPLE_RATE: u32 = 8_000;

/// Samples of one packet and of one tick: 20 ms.
pub const FRAME_SAMPLES: usize = 160;

/// Microseconds of one tick.
pub const TICK: Duration = Duration::from_millis(20);

/// Microseconds on a monotonic clock of arbitrary origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Microseconds since `earlier`; zero when `earlier` lies in the future.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Milliseconds since `earlier`; zero when `earlier` lies in the future.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> u64 {
        self.micros_since(earlier) / 1_000
    }

    /// Whole 8 kHz samples since `earlier`.
    #[must_use]
    pub const fn samples_since(self, earlier: Self) -> u64 {
        self.micros_since(earlier) / 125
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(rhs.as_micros()).unwrap_or(u64::MAX)))
    }
}
