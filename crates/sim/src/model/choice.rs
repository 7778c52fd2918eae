//! Whose turn it is, and who may be asked: found by looking at every call and every agent.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use cordial_engine::agent::Duty;
use cordial_engine::call::{OfferEnd, Preferred, Widening};
use cordial_engine::entry::{Priority, Queue, Reach, SkillLevel, Strategy, Tier};
use cordial_engine::id::{AgentId, CallId, QueueId, TenantId};
use cordial_engine::limits::RING_ALL_WIDTH_MAX;
use cordial_engine::{Actor, Event, Timestamp};

use super::{Agent, Model};
use crate::checker::Broken;

/// A call's place in a queue.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) tenant: TenantId,
    pub(super) call: CallId,
    pub(super) queue: QueueId,
    pub(super) entered: Timestamp,
    pub(super) priority: Priority,
    pub(super) preferred: Option<AgentId>,
    step: usize,
    asked_last: Option<Rank>,
    /// Whether ring progressively lets those who are rung ring on, before it rings one more.
    rings_on: bool,
}

/// How many rings he needs, then level, then skill where that counts.
pub(super) type Group = (Option<usize>, u16, Reverse<u8>);
/// By what position and age order agents.
pub(super) type Rank = (Group, u16, AgentId);

/// A call that wants an agent, whom of its queue it may be offered to, and when its turn is.
struct Wanting {
    turn: (Reverse<u16>, Reverse<u8>, i128, CallId),
    queue: QueueId,
    agents: Vec<AgentId>,
}

impl Place {
    pub(super) fn new(
        event: &Event,
        (call, queue): (CallId, QueueId),
        entered: Timestamp,
        priority: Priority,
        preferred: Option<Preferred>,
    ) -> Self {
        let preferred = preferred.map(|preferred| preferred.agent);
        let tenant = event.tenant;
        Self { tenant, call, queue, entered, priority, preferred, step: 0, asked_last: None, rings_on: false }
    }

    pub(super) const fn widen(&mut self, by: Widening) {
        match by {
            Widening::Step(step) => self.step = step as usize,
            Widening::OneMore => self.rings_on = false,
            Widening::Anyone => self.preferred = None,
            Widening::Promoted => self.priority.urgency = u8::MAX,
        }
    }

    /// Whom a caller was to get and who did not take him is not asked again before the others.
    pub(super) fn offer_ended(&mut self, agent: AgentId, end: OfferEnd) {
        if end != OfferEnd::Accepted && self.preferred == Some(agent) {
            self.preferred = None;
        }
    }
}

impl Model {
    /// Whether this offer, which is about to be made, is the next by the rules.
    pub(super) fn judge(&mut self, event: &Event, offer: (CallId, QueueId, AgentId)) -> Result<(), Broken> {
        let (call, queue, agent) = offer;
        let Some(strategy) = self.queues.get(&queue).map(|queue| queue.strategy) else {
            return Err(format!("model {call} is offered through {queue}, which nobody added"));
        };
        let place = self.waiting.iter().find(|place| place.call == call);
        let group = place.and_then(|place| Some((call, self.raised(place, agent)?)));
        // A level is rung as a whole, before any other call has its turn.
        if strategy == Strategy::RingLevel && group.is_some() && self.rung_level == group {
            return Ok(());
        }
        self.rung_level = group;
        // Who picks a call himself is no choice of the queue's.
        if event.by != Actor::Policy {
            return Ok(());
        }
        let right = self.next_match(Some(event.tenant));
        match &right {
            Some((of, line, agents)) if (*of, *line) == (call, queue) && agents.contains(&agent) => Ok(()),
            _ => Err(format!(
                "model {call} of {queue} ({strategy:?}) is offered to {agent}; it should be {right:?}"
            )),
        }
    }

    /// What an offer leaves behind for the next choice.
    pub(super) fn asked(&mut self, call: CallId, queue: QueueId, agent: AgentId) {
        let Some(entry) = self.queues.get(&queue) else { return };
        let progresses = entry.strategy == Strategy::RingProgressively;
        let Some(asked) = self.agents.get(&agent) else { return };
        let rank = (group(entry, queue, asked), asked.tier(queue).position, agent);
        self.asked_last.insert(queue, rank);
        if let Some(place) = self.waiting.iter_mut().find(|place| place.call == call) {
            (place.asked_last, place.rings_on) = (Some(rank), progresses);
        }
    }

    /// A queue chooses anew, by other rules.
    pub(super) fn queue_changed(&mut self, id: QueueId, entry: &Queue, at: Timestamp) {
        self.asked_last.remove(&id);
        for place in self.waiting.iter_mut().filter(|place| place.queue == id) {
            let waited_ms = at.millis_since(place.entered);
            let passed = instants(entry).into_iter().filter(|after_ms| *after_ms <= waited_ms).count();
            (place.step, place.asked_last) = (passed.saturating_sub(1), None);
        }
    }

    /// The next call of a tenant, or of any, and whom it may be offered to: of the heaviest queue, the most urgent, the one
    /// that has waited longest, of those that want somebody and could get him.
    pub(super) fn next_match(&self, tenant: Option<TenantId>) -> Option<(CallId, QueueId, Vec<AgentId>)> {
        let ours = self.waiting.iter().filter(|place| tenant.is_none_or(|tenant| place.tenant == tenant));
        let wanting = ours.filter_map(|place| self.wanting(place));
        let next = wanting.min_by_key(|wanting| wanting.turn)?;
        Some((next.turn.3, next.queue, next.agents))
    }

    fn wanting(&self, place: &Place) -> Option<Wanting> {
        let entry = self.queues.get(&place.queue)?;
        let offers = self.offers.iter().filter(|(_, of, ..)| *of == place.call).count();
        let wants = match entry.strategy {
            Strategy::RingAll => offers < RING_ALL_WIDTH_MAX,
            Strategy::RingProgressively => offers == 0 || (offers < RING_ALL_WIDTH_MAX && !place.rings_on),
            Strategy::LongestIdle
            | Strategy::LeastRecent
            | Strategy::RoundRobin
            | Strategy::TopDown
            | Strategy::Sequential
            | Strategy::FewestCalls
            | Strategy::LeastTalk
            | Strategy::Random
            | Strategy::WeightedRandom
            | Strategy::RingLevel => offers == 0,
        };
        let free: Vec<_> =
            self.agents.iter().filter(|(id, agent)| self.is_eligible(**id, agent, place.queue)).collect();
        let agents = match place.preferred {
            Some(agent) => free.iter().filter(|(id, _)| **id == agent).map(|(id, _)| **id).collect(),
            None => self.chosen(entry, place, &free),
        };
        let since = i128::from(place.entered.0) - i128::from(place.priority.head_start_ms);
        let turn = (Reverse(entry.weight), Reverse(place.priority.urgency), since, place.call);
        (wants && !agents.is_empty()).then_some(Wanting { turn, queue: place.queue, agents })
    }

    /// Everybody whom the strategy may choose of these.
    fn chosen(&self, entry: &Queue, place: &Place, free: &[(&AgentId, &Agent)]) -> Vec<AgentId> {
        let queue = place.queue;
        let (reach, rings) = step_of(entry, place.step);
        let max =
            reach.max_level.max(self.lowest_level(queue).filter(|_| entry.skip_empty_levels).unwrap_or(0));
        let reached = free.iter().map(|(id, agent)| (**id, *agent, agent.tier(queue)));
        let reached: Vec<_> = reached
            .filter(|(.., tier)| (reach.min_level..=max).contains(&tier.level))
            .filter(|(_, agent, _)| ring(entry, &agent.skills).is_some_and(|ring| ring <= rings))
            .collect();
        let raised = |agent: &Agent| raised(entry, reach, queue, agent);
        let first = reached.iter().map(|(_, agent, _)| raised(agent)).min();
        let lowest: Vec<_> =
            reached.iter().copied().filter(|(_, agent, _)| Some(raised(agent)) == first).collect();
        let by_position = |(id, _, tier): &(AgentId, &Agent, Tier)| (tier.position, *id);
        let by_rank =
            |(id, agent, tier): &(AgentId, &Agent, Tier)| (group(entry, queue, agent), tier.position, *id);
        let ids = |of: &[(AgentId, &Agent, Tier)]| of.iter().map(|(id, ..)| *id).collect::<Vec<_>>();
        let least = |key: &dyn Fn(&Agent) -> u64| {
            let best = lowest.iter().min_by_key(|it| (key(it.1), by_position(it)));
            best.map(|(id, ..)| *id).into_iter().collect()
        };
        match entry.strategy {
            Strategy::Random | Strategy::RingLevel => ids(&lowest),
            Strategy::WeightedRandom => ids(&reached),
            Strategy::RoundRobin => {
                let last = self.asked_last.get(&queue).map(|(_, position, agent)| (*position, *agent));
                following(lowest.iter().map(by_position).collect(), last)
                    .map(|(_, id)| id)
                    .into_iter()
                    .collect()
            }
            Strategy::TopDown => {
                let order = reached.iter().map(by_rank).collect();
                following(order, place.asked_last).map(|(.., id)| id).into_iter().collect()
            }
            Strategy::Sequential | Strategy::RingProgressively => least(&|_| 0),
            Strategy::LongestIdle | Strategy::RingAll => least(&|agent| agent.idle_since.0),
            Strategy::LeastTalk => least(&|agent| agent.talked_ms),
            Strategy::FewestCalls => least(&|agent| agent.had(queue).0),
            Strategy::LeastRecent => {
                least(&|agent| agent.had(queue).1.map_or(0, |ended| ended.0.saturating_add(1)))
            }
        }
    }

    /// The lowest level of a queue that somebody is there for, free or not.
    fn lowest_level(&self, queue: QueueId) -> Option<u16> {
        let here = self.agents.values().filter(|agent| agent.duty != Duty::LoggedOut);
        here.filter_map(|agent| agent.tiers.get(&queue)).map(|tier| tier.level).min()
    }

    /// The group that an agent is asked with for a waiting call.
    fn raised(&self, place: &Place, agent: AgentId) -> Option<Group> {
        let entry = self.queues.get(&place.queue)?;
        let (reach, _) = step_of(entry, place.step);
        Some(raised(entry, reach, place.queue, self.agents.get(&agent)?))
    }
}

impl Agent {
    fn tier(&self, queue: QueueId) -> Tier {
        self.tiers.get(&queue).copied().unwrap_or_default()
    }

    /// How many calls of a queue the agent has had since logging in, and when the last ended.
    fn had(&self, queue: QueueId) -> (u64, Option<Timestamp>) {
        self.had.get(&queue).copied().unwrap_or_default()
    }
}

/// The waits after which a call of the queue reaches others.
fn instants(entry: &Queue) -> BTreeSet<u64> {
    let reached = entry.reach.iter().map(|reach| reach.after_ms);
    reached.chain(entry.rings.iter().map(|ring| ring.after_ms)).chain([0]).collect()
}

/// The levels that a call reaches at a step, and how many rings have opened.
fn step_of(entry: &Queue, step: usize) -> (Reach, usize) {
    let after_ms = instants(entry).into_iter().nth(step).unwrap_or(u64::MAX);
    let reach = entry.reach.iter().rfind(|reach| reach.after_ms <= after_ms).copied();
    let rings = entry.rings.iter().filter(|ring| ring.after_ms <= after_ms).count();
    (reach.unwrap_or(Reach::ALL), rings)
}

/// The first ring in which these skills are enough, found by trying each.
fn ring(entry: &Queue, skills: &[SkillLevel]) -> Option<usize> {
    let is_enough = |rings: &usize| {
        let mut needed = entry.skills.clone();
        for relaxed in entry.rings[..*rings].iter().flat_map(|ring| &ring.relax) {
            needed.retain(|need| need.skill != relaxed.skill);
            needed.push(*relaxed);
        }
        needed.retain(|need| need.level > 0);
        needed.iter().all(|need| skills.iter().any(|has| has.skill == need.skill && has.level >= need.level))
    };
    (0..=entry.rings.len()).find(is_enough)
}

fn group(entry: &Queue, queue: QueueId, agent: &Agent) -> Group {
    let tier = agent.tier(queue);
    (ring(entry, &agent.skills), tier.level, Reverse(if entry.skill_first { tier.skill } else { 0 }))
}

fn raised(entry: &Queue, reach: Reach, queue: QueueId, agent: &Agent) -> Group {
    let (ring, level, skill) = group(entry, queue, agent);
    (ring, level.max(reach.raise_level), skill)
}

/// The first of an order after the last one, else the first.
fn following<T: Ord + Copy>(mut order: Vec<T>, last: Option<T>) -> Option<T> {
    order.sort_unstable();
    let next = order.iter().find(|it| last.is_some_and(|last| **it > last));
    next.or(order.first()).copied()
}
