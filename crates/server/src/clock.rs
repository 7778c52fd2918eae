//! The engine's clock: monotonic, and going on across restarts.
//!
//! The journal's timestamps count from its first record. After a restart the clock goes on from the last event by the
//! wall time that passed since, so that a wrap-up ends when it would have ended. A wall clock that was set back
//! meanwhile counts as no time at all: the engine's clock never steps back.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cordial_engine::{Now, Timestamp, WallTime};

/// The two clocks, read together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    base: Timestamp,
    started: Instant,
}

impl Clock {
    /// A clock that goes on from the journal's last event, or begins at nought.
    pub(crate) fn resume(last: Option<Now>) -> Self {
        Self { base: resumed_at(last, wall_now()), started: Instant::now() }
    }

    /// What both clocks say.
    pub(crate) fn now(&self) -> Now {
        Now { at: self.base.after(self.started.elapsed()), wall: wall_now() }
    }

    /// When the monotonic clock will say `at`.
    pub(crate) fn instant(&self, at: Timestamp) -> Instant {
        // Beyond a century the timer is as good as never.
        const FAR: Duration = Duration::from_secs(100 * 365 * 86_400);
        let ahead = Duration::from_millis(at.millis_since(self.base)).min(FAR);
        self.started + ahead
    }
}

/// Where the clock goes on.
fn resumed_at(last: Option<Now>, wall: WallTime) -> Timestamp {
    match last {
        None => Timestamp(0),
        Some(last) => {
            let passed = wall.0.saturating_sub(last.wall.0);
            last.at.after(Duration::from_millis(u64::try_from(passed).unwrap_or(0)))
        }
    }
}

pub(crate) fn wall_now() -> WallTime {
    // A clock before 1970 is told as 1970: wall time is for people only.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(at: u64, wall: i64) -> Option<Now> {
        Some(Now { at: Timestamp(at), wall: WallTime(wall) })
    }

    #[test]
    fn the_first_start_begins_at_nought() {
        assert_eq!(resumed_at(None, WallTime(1_700_000_000_000)), Timestamp(0));
    }

    #[test]
    fn time_that_passed_while_stopped_counts() {
        assert_eq!(resumed_at(last(5_000, 1_000_000), WallTime(1_030_000)), Timestamp(35_000));
    }

    #[test]
    fn a_wall_clock_set_back_never_steps_the_engine_back() {
        assert_eq!(resumed_at(last(5_000, 1_000_000), WallTime(400_000)), Timestamp(5_000));
        assert_eq!(resumed_at(last(5_000, i64::MAX), WallTime(i64::MIN)), Timestamp(5_000));
    }

    #[test]
    fn instants_and_timestamps_agree() {
        let clock = Clock { base: Timestamp(1_000), started: Instant::now() };
        assert_eq!(clock.instant(Timestamp(3_500)) - clock.started, Duration::from_millis(2_500));
        assert_eq!(clock.instant(Timestamp(0)), clock.started);
        assert!(clock.instant(Timestamp(u64::MAX)) > clock.started);
    }
}
