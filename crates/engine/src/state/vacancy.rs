//! Whether a queue is empty, and which of its waiting calls leaves first when it is.
//!
//! For each rule a queue counts its agents for whom no condition of it holds. What an agent counts for changes with his
//! axes and costs O(log n) per queue where it does; nobody looks through a queue's agents or calls.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::State;
use crate::agent::{Duty, Handling, Membership};
use crate::entry::{self, Condition, Conditions};
use crate::id::{AgentId, CallId, QueueId};
use crate::state::{Agent, Device};
use crate::time::Timestamp;
use crate::timer::Timer;

/// What a queue knows of whether it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Vacancy {
    /// Agents for whom no condition of `refuse_when` holds.
    admitting: usize,
    /// Agents for whom no condition of `leave_when` holds.
    keeping: usize,
    /// Since when there is nobody of these.
    empty_since: Option<Timestamp>,
    /// Waiting calls that ring nobody, by the instant they entered.
    unoffered: BTreeSet<(Timestamp, CallId)>,
    /// When the first of them leaves.
    due: Option<Timestamp>,
}

/// An agent's part in a queue's being empty or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Presence {
    /// The rules of the queue, kept here because an agent has many queues and changes often.
    refuse_when: Conditions,
    leave_when: Conditions,
    admits: bool,
    keeps: bool,
}

impl Presence {
    fn under(self, excluded: Conditions) -> Self {
        let (admits, keeps) = (!self.refuse_when.meets(excluded), !self.leave_when.meets(excluded));
        Self { admits, keeps, ..self }
    }
}

impl Vacancy {
    /// Whether a call that arrives does not enter.
    pub(crate) const fn refuses(&self, queue: &entry::Queue) -> bool {
        !queue.refuse_when.is_never() && self.admitting == 0
    }

    /// The first call that is to leave by now.
    pub(crate) fn leaves(&self, now: Timestamp) -> Option<CallId> {
        let due = self.due.is_some_and(|due| due <= now);
        self.unoffered.first().filter(|_| due).map(|(_, call)| *call)
    }

    fn recount(&mut self, before: Presence, after: Presence) {
        self.admitting = self.admitting + usize::from(after.admits) - usize::from(before.admits);
        self.keeping = self.keeping + usize::from(after.keeps) - usize::from(before.keeps);
    }

    /// When the first call leaves, as things are.
    fn next(&mut self, queue: &entry::Queue, now: Timestamp) -> Option<Timestamp> {
        let is_empty = !queue.leave_when.is_never() && self.keeping == 0;
        self.empty_since = is_empty.then(|| self.empty_since.unwrap_or(now));
        let (entered, _) = self.unoffered.first()?;
        let empty_for = self.empty_since?.0.saturating_add(queue.leave_after_ms);
        Some(Timestamp(empty_for.max(entered.0.saturating_add(queue.leave_min_wait_ms))))
    }
}

impl Agent {
    /// What keeps the agent from any queue's calls.
    pub(super) fn exclusions(&self, device: Option<&Device>) -> Conditions {
        let device_taken = device.is_some_and(|device| !device.legs.is_empty());
        let serves = self.duty == Duty::Ready && self.pending.is_none() && self.handling == Handling::Ring;
        Conditions::where_so([
            (Condition::LoggedOut, self.login.is_none()),
            (Condition::Unregistered, !device.is_some_and(|device| device.registered)),
            (Condition::NotReady, !serves),
            (Condition::InCall, !self.parts.is_empty() || device_taken && self.offer.is_none()),
            (Condition::Ringing, self.offer.is_some()),
            (Condition::WrapUp, self.wrap_up.is_some()),
            (Condition::Resting, self.rest_until.is_some()),
        ])
    }
}

impl State {
    /// Brings what an agent counts for in his queues up to what keeps him from their calls.
    pub(super) fn exclude(&mut self, id: AgentId, excluded: Conditions) {
        let agent = self.agent_mut(id);
        if agent.excluded == excluded {
            return;
        }
        agent.excluded = excluded;
        let parts = agent.memberships.iter();
        let changed = parts.filter(|(_, part)| part.presence != part.presence.under(part.excluded(excluded)));
        for queue in changed.map(|(queue, _)| *queue).collect::<Vec<_>>() {
            self.count_presence(id, queue);
        }
    }

    /// Brings what an agent counts for in a queue up to his axes.
    pub(super) fn count_presence(&mut self, id: AgentId, queue: QueueId) {
        let agent = self.agent_mut(id);
        let excluded = agent.excluded;
        let Some(part) = agent.memberships.get_mut(&queue) else { return };
        let (before, after) = (part.presence, part.presence.under(part.excluded(excluded)));
        part.presence = after;
        self.queue_mut(queue).vacancy.recount(before, after);
        self.reset_leaving(queue);
    }

    /// Counts an agent by the rules that a queue has now.
    pub(super) fn take_up_rules(&mut self, id: AgentId, queue: QueueId) {
        let entry = &self.queue(queue).filed.entry;
        let (refuse_when, leave_when) = (entry.refuse_when, entry.leave_when);
        if let Some(part) = self.agent_mut(id).memberships.get_mut(&queue) {
            (part.presence.refuse_when, part.presence.leave_when) = (refuse_when, leave_when);
        }
        self.count_presence(id, queue);
    }

    /// Counts an agent no more who is taken off a queue.
    pub(super) fn uncount(&mut self, queue: QueueId, presence: Presence) {
        let nobody = Presence { admits: false, keeps: false, ..presence };
        self.queue_mut(queue).vacancy.recount(presence, nobody);
        self.reset_leaving(queue);
    }

    /// A waiting call rings nobody, or does again, or waits no more.
    pub(super) fn set_unoffered(&mut self, id: CallId, is_unoffered: bool) {
        let Some(place) = self.call(id).place else { return };
        let unoffered = &mut self.queue_mut(place.queue).vacancy.unoffered;
        let key = (place.entered, id);
        let changed = if is_unoffered { unoffered.insert(key) } else { unoffered.remove(&key) };
        if changed {
            self.reset_leaving(place.queue);
        }
    }

    /// Sets when the first call leaves a queue.
    pub(super) fn reset_leaving(&mut self, id: QueueId) {
        let at = self.at;
        let line = self.queue_mut(id);
        let next = line.vacancy.next(&line.filed.entry, at);
        let before = core::mem::replace(&mut line.vacancy.due, next);
        if before == next {
            return;
        }
        if let Some(before) = before {
            self.clear_timer(before, Timer::Leave(id));
        }
        if let Some(next) = next {
            self.set_timer(next, Timer::Leave(id));
        }
    }
}

impl super::Assignment {
    /// What keeps the agent from this queue's calls, if that keeps him from every queue's.
    fn excluded(&self, anywhere: Conditions) -> Conditions {
        match self.membership {
            Membership::Out => anywhere.with(Condition::LoggedOut).with(Condition::NotReady),
            Membership::NotReady => anywhere.with(Condition::NotReady),
            Membership::Ready => anywhere,
        }
    }
}
