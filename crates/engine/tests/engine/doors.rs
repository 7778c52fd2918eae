//! Whether a queue is empty, found by looking at everybody: the proof of the engine's counts.

use std::collections::BTreeMap;

use cordial_engine::agent::{Activity, DeviceState, Duty, Handling, Membership};
use cordial_engine::call::{NotKept, WaitingEnd, Widening};
use cordial_engine::entry::{Condition, Conditions};
use cordial_engine::id::*;
use cordial_engine::view::{AgentView, QueueView};
use cordial_engine::{Engine, Entry, EntryId, Event, Fact, Timestamp};

use crate::matcher::{candidate, instants, max_level, queue_of, step_of};

/// Since when each queue is empty by its leave rule, for calls of each step, and at which step they are.
#[derive(Default)]
pub(crate) struct Doors {
    empty_since: BTreeMap<(QueueId, usize), Timestamp>,
    steps: BTreeMap<CallId, usize>,
}

impl Doors {
    /// Nobody is sent away too early; `engine` is as it was just before.
    pub(crate) fn before(&self, engine: &Engine, event: &Event) {
        let view = |queue| engine.queue(event.tenant, queue, event.at).expect("a queue is there");
        if let Fact::WaitingEnded { call, queue, end: WaitingEnd::SentAway(NotKept::Empty), .. } = event.fact
        {
            let view = view(queue);
            let line = engine.line(event.tenant, queue);
            let entered = line.iter().find(|(waiting, _)| *waiting == call).expect("it waits").1;
            assert!(
                self.due(&view, call, entered).is_some_and(|due| due <= event.at),
                "{call} leaves too early"
            );
            assert!(!engine.offers(event.tenant).iter().any(|offer| offer.call == call), "{call} rings");
        }
        if let Fact::CallQueued { queue, .. } = event.fact {
            let rule = view(queue).entry.refuse_when;
            assert!(!is_empty(engine, event.tenant, queue, rule, 0), "{queue} is empty");
        }
    }

    /// Folds one event; `engine` is as it is after it.
    pub(crate) fn fold(&mut self, engine: &Engine, event: &Event) {
        match &event.fact {
            Fact::CallQueued { call, .. } => drop(self.steps.insert(*call, 0)),
            Fact::SearchWidened { call, by: Widening::Step(step), .. } => {
                self.steps.insert(*call, usize::from(*step));
            }
            Fact::EntryChanged { id: EntryId::Queue(queue), entry: Entry::Queue(entry) } => {
                for (call, entered) in engine.line(event.tenant, *queue) {
                    let waited_ms = event.at.millis_since(entered);
                    let passed = instants(entry).into_iter().filter(|after| *after <= waited_ms).count();
                    self.steps.insert(call, passed - 1);
                }
            }
            _other => {}
        }
        for queue in engine.queues(event.tenant, event.at) {
            let steps = instants(&queue.entry).len();
            self.empty_since.retain(|(of, step), _| *of != queue.id || *step < steps);
            for step in 0..steps {
                if is_empty(engine, event.tenant, queue.id, queue.entry.leave_when, step) {
                    self.empty_since.entry((queue.id, step)).or_insert(event.at);
                } else {
                    self.empty_since.remove(&(queue.id, step));
                }
            }
        }
    }

    /// What queues show is so, and who is to leave will.
    pub(crate) fn after(&self, engine: &Engine, tenant: TenantId) {
        let offers = engine.offers(tenant);
        let next = engine.poll_timeout().map(|(due, _)| due);
        for queue in engine.queues(tenant, Timestamp(0)) {
            let empty = is_empty(engine, tenant, queue.id, queue.entry.refuse_when, 0);
            let closed = !matches!(queue.turns_away, None | Some(NotKept::Empty));
            assert!(closed || queue.turns_away.is_some() == empty, "{queue:?}");
            for (call, entered) in engine.line(tenant, queue.id) {
                let rings = offers.iter().any(|offer| offer.call == call);
                if let Some(due) = self.due(&queue, call, entered).filter(|_| !rings) {
                    assert!(next.is_some_and(|next| next <= due), "{call} is forgotten in {queue:?}");
                }
            }
        }
    }

    fn due(&self, queue: &QueueView, call: CallId, entered: Timestamp) -> Option<Timestamp> {
        let since = self.empty_since.get(&(queue.id, *self.steps.get(&call)?))?;
        let empty = since.0.saturating_add(queue.entry.leave_after_ms);
        Some(Timestamp(empty.max(entered.0 + queue.entry.leave_min_wait_ms)))
    }
}

/// For each agent of the queue one of the conditions is true, for a call at that step.
fn is_empty(engine: &Engine, tenant: TenantId, queue: QueueId, rule: Conditions, step: usize) -> bool {
    let entry = queue_of(engine, tenant, queue);
    let (max, (reach, rings)) = (max_level(engine, tenant, &entry, queue, step), step_of(&entry, step));
    let is_out_of_reach = |agent: &AgentView| {
        let seen = candidate(engine, tenant, agent.id, &entry, queue);
        !(reach.min_level..=max).contains(&seen.tier.level) || seen.ring.is_none_or(|ring| ring > rings)
    };
    let mut agents = engine.queue_agents(tenant, queue).into_iter();
    let excluded = |agent: &AgentView| {
        let device = agent.login.and_then(|login| engine.device(tenant, login.device));
        let has_legs = device.is_some_and(|device| !device.legs.is_empty());
        rule.iter().any(|condition| match condition {
            Condition::OutOfReach => is_out_of_reach(agent),
            condition => is_so(agent, has_legs, queue, condition),
        })
    };
    !rule.is_never() && agents.all(|agent| excluded(&agent))
}

fn is_so(agent: &AgentView, has_legs: bool, queue: QueueId, condition: Condition) -> bool {
    let membership = agent.memberships.iter().find(|(id, _)| *id == queue).expect("a member").1;
    let offered = matches!(agent.activity, Activity::Offered { .. });
    match condition {
        Condition::LoggedOut => agent.login.is_none() || membership == Membership::Out,
        Condition::Unregistered => agent.login.is_none() || agent.device == DeviceState::Unregistered,
        Condition::NotReady => {
            agent.duty != Duty::Ready
                || agent.pending.is_some()
                || agent.handling != Handling::Ring
                || membership != Membership::Ready
        }
        Condition::InCall => matches!(agent.activity, Activity::InCall { .. }) || has_legs && !offered,
        Condition::Ringing => offered,
        Condition::WrapUp => matches!(agent.activity, Activity::WrapUp { .. }),
        Condition::Resting => agent.rest_until.is_some(),
        Condition::OutOfReach => unreachable!("it depends on the call"),
    }
}
