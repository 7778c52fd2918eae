//! A place in a queue: its turn, whom it reaches, and what becomes due while the call waits.

use core::cmp::Reverse;
use serde::{Deserialize, Serialize};

use super::pool::{Spot, Turn};
use super::{Queue, State};
use crate::entry::Priority;
use crate::estimate::WaitRange;
use crate::id::{AgentId, CallId, QueueId};
use crate::time::Timestamp;
use crate::timer::Timer;

/// See the module's first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) queue: QueueId,
    pub(crate) entered: Timestamp,
    pub(crate) priority: Priority,
    /// Whether it has waited so long that it comes before all others.
    pub(crate) promoted: bool,
    /// The step of [`crate::entry::Queue::steps`].
    pub(crate) step: u8,
    /// The one agent whom the call is for now.
    pub(crate) preferred: Option<AgentId>,
    /// Where the agent stood who was asked last for this call.
    pub(crate) asked_last: Option<Spot>,
    /// Whether it has waited longer than the queue's service level.
    pub(crate) breached: bool,
    /// How long a callback keeps the place.
    pub(crate) kept_until: Option<Timestamp>,
    /// The wait that the caller was told last.
    pub(crate) told: Option<WaitRange>,
    /// Which of the queue's messages comes next.
    pub(crate) next_message: u8,
    pub(crate) due: PlaceTimers,
}

/// When something becomes due at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlaceTimers {
    /// The queue gives up.
    pub(crate) gives_up: Option<Timestamp>,
    /// The next step.
    pub(crate) step: Option<Timestamp>,
    /// Ring progressively rings one more.
    pub(crate) one_more: Option<Timestamp>,
    /// It is for anybody.
    pub(crate) anyone: Option<Timestamp>,
    /// It comes before all others.
    pub(crate) promoted: Option<Timestamp>,
    /// The caller is told something again.
    pub(crate) announcement: Option<Timestamp>,
    /// It has waited as long as the service level says.
    pub(crate) service_level: Option<Timestamp>,
}

impl PlaceTimers {
    fn all(&self, call: CallId) -> [(Option<Timestamp>, Timer); 7] {
        [
            (self.gives_up, Timer::Wait(call)),
            (self.step, Timer::Reach(call)),
            (self.one_more, Timer::OneMore(call)),
            (self.anyone, Timer::Anyone(call)),
            (self.promoted, Timer::Promotion(call)),
            (self.announcement, Timer::Announcement(call)),
            (self.service_level, Timer::ServiceLevel(call)),
        ]
    }

    /// What becomes due by the queue's rules at a place as it is now. What was begun goes on.
    fn of(place: &Place, line: &Queue, now: Timestamp) -> Self {
        let queue = &line.filed.entry;
        let after = |ms: u64| Timestamp(place.entered.0.saturating_add(ms));
        let next_announcement = Timestamp(now.0.saturating_add(queue.treatment.announce_ms));
        let next = line.steps.get(usize::from(place.step) + 1);
        Self {
            gives_up: place.kept_until.or_else(|| queue.max_wait_ms.map(after)),
            step: next.map(|step| after(step.after_ms)),
            one_more: place.due.one_more,
            anyone: place.due.anyone.filter(|_| place.preferred.is_some()),
            promoted: queue.promote_after_ms.filter(|_| !place.promoted).map(after),
            announcement: (queue.treatment.goes_on() && place.kept_until.is_none())
                .then(|| place.due.announcement.unwrap_or(next_announcement)),
            service_level: Some(queue.service_level_ms).filter(|ms| *ms > 0 && !place.breached).map(after),
        }
    }
}

impl Place {
    /// When its turn comes among the calls of its queue.
    pub(crate) fn turn(&self, call: CallId) -> Turn {
        let urgency = if self.promoted { u8::MAX } else { self.priority.urgency };
        let entered = i64::try_from(self.entered.0).unwrap_or(i64::MAX);
        let head_start = i64::try_from(self.priority.head_start_ms).unwrap_or(i64::MAX);
        Turn { urgency: Reverse(urgency), since: entered.saturating_sub(head_start), call }
    }
}

impl State {
    /// Sets what becomes due at a call's place by the queue's rules.
    pub(super) fn set_place_timers(&mut self, id: CallId) {
        let Some(place) = self.call(id).place else { return };
        let timers = PlaceTimers::of(&place, self.queue(place.queue), self.at);
        self.change_place_timers(id, |due| *due = timers);
    }

    pub(super) fn change_place_timers(&mut self, id: CallId, change: impl FnOnce(&mut PlaceTimers)) {
        let Some(place) = &mut self.call_mut(id).place else { return };
        let before = place.due;
        change(&mut place.due);
        let after = place.due;
        for ((old, timer), (new, _)) in before.all(id).into_iter().zip(after.all(id)) {
            if old == new {
                continue;
            }
            if let Some(due) = old {
                self.clear_timer(due, timer);
            }
            if let Some(due) = new {
                self.set_timer(due, timer);
            }
        }
    }
}
