//! Whether a queue is empty, and which of its waiting calls leaves first when it is.
//!
//! For each rule a queue counts its agents for whom no condition of it holds. What an agent counts for changes with his
//! axes and costs O(log n) per queue where it does; nobody looks through a queue's agents or calls.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::State;
use crate::agent::{Duty, Handling, Membership};
use crate::entry::{self, Condition, Conditions};
use crate::id::{AgentId, CallId, QueueId};
use crate::state::{Agent, Device, Group, Levels, Queue};
use crate::time::Timestamp;
use crate::timer::Timer;

/// What a queue knows of whether it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Vacancy {
    /// Agents for whom no condition of `refuse_when` holds, reach apart.
    admitting: Census,
    /// Agents for whom no condition of `leave_when` holds, reach apart.
    keeping: Census,
    /// Waiting calls that ring nobody, by the step that they are at.
    unoffered: Vec<Unoffered>,
    /// When the first of them leaves.
    due: Option<Timestamp>,
}

/// Agents by ring and level, for calls that do not reach all of them. Whom no ring reaches stands in the last there can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Census(BTreeMap<Group, usize>);

/// Calls of one step that ring nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Unoffered {
    /// Since when there is nobody for them.
    empty_since: Option<Timestamp>,
    /// By the instant they entered.
    calls: BTreeSet<(Timestamp, CallId)>,
}

/// An agent's part in a queue's being empty or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Presence {
    /// The rules of the queue, kept here because an agent has many queues and changes often.
    refuse_when: Conditions,
    leave_when: Conditions,
    admits: bool,
    keeps: bool,
    /// Ring and level; the first group of them.
    group: Group,
}

impl Presence {
    fn under(self, excluded: Conditions) -> Self {
        let (admits, keeps) = (!self.refuse_when.meets(excluded), !self.leave_when.meets(excluded));
        Self { admits, keeps, ..self }
    }
}

impl Census {
    fn recount(&mut self, before: Option<Group>, after: Option<Group>) {
        if before == after {
            return;
        }
        if let Some(after) = after {
            *self.0.entry(after).or_default() += 1;
        }
        if let Some(before) = before
            && let Some(count) = self.0.get_mut(&before)
        {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&before);
            }
        }
    }

    /// Whether nobody is there by that rule for a call that reaches these levels.
    fn is_empty(&self, rule: Conditions, levels: Levels) -> bool {
        if !rule.meets(Conditions::of(&[Condition::OutOfReach])) {
            return self.0.is_empty();
        }
        let reached = |ring| {
            let (first, last) = (Group::first_of(ring, levels.min), Group::first_of(ring, levels.max));
            self.0.range(first..=last).next().is_some()
        };
        levels.min > levels.max || !(0..=levels.ring).any(reached)
    }
}

impl Queue {
    /// Whether a call that arrives does not enter.
    pub(crate) fn refuses(&self) -> bool {
        let rule = self.filed.entry.refuse_when;
        !rule.is_never() && self.vacancy.admitting.is_empty(rule, self.levels(0))
    }

    /// Brings up to now since when there is nobody for the calls of each step; gives when the first of them leaves.
    fn next_leaving(&mut self, now: Timestamp) -> Option<Timestamp> {
        let entry = &self.filed.entry;
        let rule = entry.leave_when;
        let empty: Vec<bool> = (0..self.steps.len())
            .map(|step| !rule.is_never() && self.vacancy.keeping.is_empty(rule, self.levels(step as u8)))
            .collect();
        let mut first: Option<Timestamp> = None;
        self.vacancy.unoffered.resize_with(empty.len(), Unoffered::default);
        for (step, is_empty) in self.vacancy.unoffered.iter_mut().zip(empty) {
            step.empty_since = is_empty.then(|| step.empty_since.unwrap_or(now));
            let due = step.due(&self.filed.entry);
            first = first.into_iter().chain(due).min();
        }
        first
    }

    /// The first call that is to leave by now.
    pub(crate) fn leaves(&self, now: Timestamp) -> Option<CallId> {
        self.vacancy.due.filter(|due| *due <= now)?;
        let entry = &self.filed.entry;
        let due = self.vacancy.unoffered.iter().filter(|step| step.due(entry).is_some_and(|due| due <= now));
        due.filter_map(|step| step.calls.first()).min().map(|(_, call)| *call)
    }
}

impl Unoffered {
    /// When the first call of the step leaves, as things are.
    fn due(&self, queue: &entry::Queue) -> Option<Timestamp> {
        let (entered, _) = self.calls.first()?;
        let empty_for = self.empty_since?.0.saturating_add(queue.leave_after_ms);
        Some(Timestamp(empty_for.max(entered.0.saturating_add(queue.leave_min_wait_ms))))
    }
}

impl Vacancy {
    fn recount(&mut self, before: Presence, after: Presence) {
        let group = |presence: Presence, counts: bool| counts.then_some(presence.group);
        self.admitting.recount(group(before, before.admits), group(after, after.admits));
        self.keeping.recount(group(before, before.keeps), group(after, after.keeps));
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
        self.recount(id, queue);
        self.reset_leaving(queue);
    }

    /// As [`State::count_presence`], before [`State::reset_leaving`] when more changes of the same fact follow: what is
    /// true only between them must not count.
    pub(super) fn recount(&mut self, id: AgentId, queue: QueueId) {
        let agent = self.agent_mut(id);
        let excluded = agent.excluded;
        let Some(part) = agent.memberships.get_mut(&queue) else { return };
        let before = part.presence;
        let mut after = before.under(part.excluded(excluded));
        after.group = Group::first_of(part.ring.unwrap_or(u8::MAX), part.tier.level);
        part.presence = after;
        self.queue_mut(queue).vacancy.recount(before, after);
    }

    /// Counts an agent by the rules that a queue has now; [`State::reset_leaving`] follows.
    pub(super) fn take_up_rules(&mut self, id: AgentId, queue: QueueId) {
        let entry = &self.queue(queue).filed.entry;
        let (refuse_when, leave_when) = (entry.refuse_when, entry.leave_when);
        if let Some(part) = self.agent_mut(id).memberships.get_mut(&queue) {
            (part.presence.refuse_when, part.presence.leave_when) = (refuse_when, leave_when);
        }
        self.recount(id, queue);
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
        let line = self.queue_mut(place.queue);
        line.vacancy.unoffered.resize_with(line.steps.len(), Unoffered::default);
        let calls = &mut line.vacancy.unoffered[usize::from(place.step)].calls;
        let key = (place.entered, id);
        let changed = if is_unoffered { calls.insert(key) } else { calls.remove(&key) };
        if changed {
            self.reset_leaving(place.queue);
        }
    }

    /// Sets when the first call leaves a queue.
    pub(super) fn reset_leaving(&mut self, id: QueueId) {
        let at = self.at;
        let line = self.queue_mut(id);
        let next = line.next_leaving(at);
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
