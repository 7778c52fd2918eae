//! Running counts folded from events. Never authoritative: a recount of the journal gives the same.

use serde::{Deserialize, Serialize};

use crate::call::WaitingEnd;
use crate::entry;

/// The counts of one queue since the journal began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueTally {
    /// Calls that entered, refused ones included. Always the sum of the ends below plus those waiting (H5).
    pub entered: u64,
    /// Ended by an accepted offer.
    pub answered: u64,
    /// Ended by the caller.
    pub abandoned: u64,
    /// Of these, sooner than the queue's short-abandon threshold.
    pub abandoned_short: u64,
    /// Of `abandoned`, within the service level.
    pub abandoned_in_time: u64,
    /// Ended by the queue.
    pub overflowed: u64,
    /// Not taken in on entering: full, or by a rule of the queue.
    pub refused: u64,
    /// Ended by the caller's choice of a key.
    #[serde(default)]
    pub left_by_key: u64,
    /// Ended because the caller will be called back; the callback has entered anew.
    #[serde(default)]
    pub called_back: u64,
    /// Places held longer than the service level, however they ended then.
    #[serde(default)]
    pub breached: u64,
    /// Of `answered`, within the queue's service level.
    pub answered_in_time: u64,
    /// Sum of the waits of answered calls. Milliseconds.
    pub answered_wait_ms: u64,
    /// Offers made.
    pub offers: u64,
    /// Offers that expired.
    pub offers_expired: u64,
}

impl QueueTally {
    /// Counts the end of a place in the queue, under the queue's thresholds of that instant.
    pub(crate) const fn count_end(&mut self, end: WaitingEnd, waited_ms: u64, queue: &entry::Queue) {
        let in_time = (waited_ms <= queue.service_level_ms) as u64;
        match end {
            WaitingEnd::Answered => {
                self.answered += 1;
                self.answered_in_time += in_time;
                self.answered_wait_ms += waited_ms;
            }
            WaitingEnd::Abandoned => {
                self.abandoned += 1;
                self.abandoned_in_time += in_time;
                self.abandoned_short += (waited_ms < queue.short_abandon_ms) as u64;
            }
            WaitingEnd::Overflowed | WaitingEnd::SentAway(_) => self.overflowed += 1,
            WaitingEnd::LeftByKey => self.left_by_key += 1,
            WaitingEnd::CalledBack => self.called_back += 1,
            WaitingEnd::Refused | WaitingEnd::TurnedAway(_) => {
                self.entered += 1;
                self.refused += 1;
            }
        }
    }

    /// Whether every place that was entered has ended once or is still held.
    pub const fn adds_up(&self, waiting: usize) -> bool {
        let ended = self.answered + self.abandoned + self.overflowed + self.refused;
        self.entered == ended + self.left_by_key + self.called_back + waiting as u64
    }
}
