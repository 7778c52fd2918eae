//! Running counts folded from events. Never authoritative: a recount of the journal gives the same.

use serde::{Deserialize, Serialize};

use crate::call::WaitingEnd;
use crate::entry;
use crate::time::WallTime;

/// What an agent did for queues. Counts are since he logged in; instants are the last ones, however long ago.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentTally {
    /// Calls that he had and that have ended.
    pub calls: u64,
    /// Talked in them. Milliseconds.
    pub talked_ms: u64,
    /// Offers in a row that he did not answer, since he was last ready.
    pub missed: u8,
    /// When he was last offered a call.
    pub offered: Option<WallTime>,
    /// When he last answered one.
    pub answered: Option<WallTime>,
    /// When one that he had last ended.
    pub ended: Option<WallTime>,
}

impl AgentTally {
    /// Counts begin again.
    pub(crate) const fn log_in(&mut self) {
        (self.calls, self.talked_ms) = (0, 0);
    }

    /// A call of a queue that he had ended.
    pub(crate) const fn end_call(&mut self, talked_ms: u64, at: WallTime) {
        self.calls += 1;
        self.talked_ms += talked_ms;
        self.ended = Some(at);
    }
}

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
