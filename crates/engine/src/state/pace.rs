//! How quickly a queue serves its callers, and how patient they are: what an estimate of their wait is made of.
//!
//! Each mean is over about the last hundred samples, half of its weight on the last fifty. Whole numbers, so that applying
//! the journal gives the same everywhere.

use serde::{Deserialize, Serialize};

use super::{Queue, State};
use crate::call::WaitingEnd;
use crate::estimate::{self, Rates, WaitEstimate};
use crate::id::{AgentId, CallId, QueueId};
use crate::time::Timestamp;

/// 1 / (1 - 2^(-1/50)): from so many samples on, the weight of one halves with every fifty after it.
const MEMORY: u32 = 73;
/// A sample that is so, among others that are not.
const WHOLE: u64 = 1_000_000;
/// From this share on of calls that go to heavier queues while callers wait here, the length of the line says little.
const OVERTAKEN_MAX: u64 = WHOLE / 10;

/// A mean that forgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mean {
    /// Thousandths.
    value: u64,
    samples: u32,
}

impl Mean {
    fn add(&mut self, sample: u64) {
        self.samples = (self.samples + 1).min(MEMORY);
        // No wait and no talk comes near the most that this holds, which is 292 million years.
        let signed = |thousandths: u64| i64::try_from(thousandths).unwrap_or(i64::MAX);
        let step = (signed(sample.saturating_mul(1_000)) - signed(self.value)) / i64::from(self.samples);
        self.value = self.value.saturating_add_signed(step);
    }

    fn get(self) -> f64 {
        self.value as f64 / 1_000.0
    }

    fn whole(self) -> u64 {
        self.value / 1_000
    }
}

/// See the module's first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// How long calls are talked in. Milliseconds.
    talk: Mean,
    /// How long agents finish after them. Milliseconds.
    wrap_up: Mean,
    /// How long callers wait, whatever ends it. Milliseconds.
    wait: Mean,
    /// Whether they gave up.
    gave_up: Mean,
    /// Whether agents at work here took a call of this queue, when they took one.
    share: Mean,
    /// Whether it was of a heavier queue, while callers waited here.
    overtaken: Mean,
}

impl Pace {
    pub(super) fn end_talk(&mut self, talked_ms: u64, wraps_up: bool) {
        self.talk.add(talked_ms);
        if !wraps_up {
            self.wrap_up.add(0);
        }
    }

    pub(super) fn end_wrap_up(&mut self, lasted_ms: u64) {
        self.wrap_up.add(lasted_ms);
    }

    pub(super) fn end_wait(&mut self, end: WaitingEnd, waited_ms: u64) {
        let gave_up = match end {
            WaitingEnd::Refused | WaitingEnd::TurnedAway(_) => return,
            WaitingEnd::Abandoned | WaitingEnd::LeftByKey => WHOLE,
            WaitingEnd::Answered
            | WaitingEnd::Overflowed
            | WaitingEnd::CalledBack
            | WaitingEnd::SentAway(_) => 0,
        };
        self.wait.add(waited_ms);
        self.gave_up.add(gave_up);
    }

    fn rates(self, staffed: usize) -> Rates {
        let share = if self.share.samples == 0 { 1.0 } else { self.share.get() / WHOLE as f64 };
        let gives_up = self.gave_up.get() / WHOLE as f64 / self.wait.get();
        Rates {
            agents: staffed as f64 * share,
            handle_ms: self.talk.get() + self.wrap_up.get(),
            gives_up: if gives_up.is_finite() { gives_up } else { 0.0 },
        }
    }

    /// Whether the length of the line says little of the wait, because its agents serve heavier queues first.
    fn is_overtaken(self) -> bool {
        self.overtaken.whole() >= OVERTAKEN_MAX
    }
}

impl State {
    /// An agent took a call of a queue: what that says of all queues that he is at work for. He has at most
    /// [`crate::limits::QUEUES_PER_AGENT_MAX`].
    pub(super) fn note_share(&mut self, id: AgentId, taken: QueueId) {
        let weight = self.queue(taken).filed.entry.weight;
        let agent = self.agent(id);
        let serving: Vec<QueueId> =
            agent.memberships.iter().filter(|(_, part)| part.staffs).map(|(queue, _)| *queue).collect();
        for id in serving {
            let queue = self.queue_mut(id);
            let is_heavier = weight > queue.filed.entry.weight && !queue.waiting.is_empty();
            queue.pace.share.add(if id == taken { WHOLE } else { 0 });
            queue.pace.overtaken.add(if is_heavier { WHOLE } else { 0 });
        }
    }

    /// The wait that a call has before it: one that waits, or one that would enter now as an ordinary call.
    pub(crate) fn wait_estimate(
        &self,
        queue: &Queue,
        call: Option<CallId>,
        now: Timestamp,
    ) -> Option<WaitEstimate> {
        if queue.staffed == 0 {
            return None;
        }
        if call.is_none() && queue.waiting.is_empty() && queue.pool.len() > 0 {
            return Some(WaitEstimate { median_ms: 0, p80_ms: 0 });
        }
        let first = queue.line.first().and_then(|turn| self.calls.get(&turn.call)?.place);
        if let (true, Some(first)) = (queue.pace.is_overtaken(), first) {
            let waited_ms = now.millis_since(first.entered);
            return Some(WaitEstimate { median_ms: waited_ms, p80_ms: waited_ms });
        }
        let ahead = match call.and_then(|id| Some((id, self.calls.get(&id)?.place?))) {
            Some((id, place)) => queue.line.before(&place.turn(id)),
            None => queue.waiting.len(),
        };
        estimate::wait(u32::try_from(ahead).unwrap_or(u32::MAX), queue.pace.rates(queue.staffed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_exact_at_first_and_forgets_later() {
        let mut mean = Mean::default();
        [10, 20, 60].into_iter().for_each(|sample| mean.add(sample));
        assert_eq!(mean.whole(), 30);
        (0..1_000).for_each(|_| mean.add(500));
        assert!((499..=500).contains(&mean.whole()), "{mean:?}");
        (0..50).for_each(|_| mean.add(0));
        assert!((245..=255).contains(&mean.whole()), "half of it is forgotten after fifty: {mean:?}");
    }
}
