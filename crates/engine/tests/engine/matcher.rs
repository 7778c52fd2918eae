//! Who should get which call, found by looking at everybody: the proof of the engine's ordered sets.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use cordial_engine::agent::{Activity, DeviceState, Duty, Handling, Membership};
use cordial_engine::call::{OfferEnd, Widening};
use cordial_engine::entry::{Priority, Queue, Reach, SkillLevel, Strategy, Tier};
use cordial_engine::id::*;
use cordial_engine::limits::RING_ALL_WIDTH_MAX;
use cordial_engine::{Actor, Engine, Entry, EntryId, Event, Fact, Timestamp};

/// What the facts say, kept as plainly as possible.
#[derive(Default)]
pub(crate) struct Matcher {
    now: Timestamp,
    places: BTreeMap<CallId, Place>,
    idle_since: BTreeMap<AgentId, Timestamp>,
    talked_ms: BTreeMap<AgentId, u64>,
    /// Calls had and when the last ended.
    had: BTreeMap<(AgentId, QueueId), (u64, Option<Timestamp>)>,
    talking: BTreeMap<(AgentId, CallId), (QueueId, Timestamp)>,
    asked_last: BTreeMap<QueueId, Rank>,
    /// The call and the level of the offer just made, while all of a level are rung.
    ringing_level: Option<(CallId, Group)>,
}

/// A call's place in a queue.
struct Place {
    tenant: TenantId,
    queue: QueueId,
    entered: Timestamp,
    priority: Priority,
    preferred: Option<AgentId>,
    step: usize,
    asked_last: Option<Rank>,
    offers: BTreeMap<OfferId, AgentId>,
    /// Since when ring progressively waits with one more.
    waits_since: Option<Timestamp>,
}

/// How many rings he needs, then level, then skill where that counts.
type Group = (Option<usize>, u16, Reverse<u8>);
/// By what position and age order agents.
type Rank = (Group, u16, AgentId);

/// A call that wants an agent, whom it could get, and when its turn is.
struct Wanting {
    turn: (Reverse<u16>, Reverse<u8>, i128, CallId),
    agents: Vec<AgentId>,
}

impl Matcher {
    /// Looks at an offer before it is made known; `engine` is as it was just before.
    pub(crate) fn before(&mut self, engine: &Engine, event: &Event) {
        self.now = event.at;
        let Fact::LegAdded { call, agent: Some(agent), .. } = event.fact else {
            return;
        };
        let Some(place) = self.places.get(&call) else { return };
        // Who picks a call himself is no choice of the queue's.
        if event.by != Actor::Policy {
            return;
        }
        let entry = queue_of(engine, place.tenant, place.queue);
        let candidate = candidate(engine, place.tenant, agent, &entry, place.queue);
        let group = raised(&entry, place.step, candidate);
        if self.ringing_level == Some((call, group)) && entry.strategy == Strategy::RingLevel {
            return;
        }
        let wanting = self.all_wanting(engine, place.tenant);
        let first = wanting.iter().min_by_key(|wanting| wanting.turn).expect("somebody wants an agent");
        assert_eq!(first.turn.3, call, "whose turn it is");
        assert!(first.agents.contains(&agent), "{agent} is offered {call}, not one of {:?}", first.agents);
        self.ringing_level = Some((call, group));
    }

    /// Nobody waits for whom somebody is free.
    pub(crate) fn after(&mut self, engine: &Engine, tenant: TenantId) {
        self.ringing_level = None;
        let served = |wanting: Wanting| (wanting.turn.3, wanting.agents);
        let waiting: Vec<_> = self.all_wanting(engine, tenant).into_iter().map(served).collect();
        assert!(waiting.is_empty(), "calls wait though agents are free: {waiting:?}");
    }

    fn all_wanting(&self, engine: &Engine, tenant: TenantId) -> Vec<Wanting> {
        let calls = self.places.iter().filter(|(_, place)| place.tenant == tenant);
        calls.filter_map(|(call, place)| self.wanting(engine, *call, place)).collect()
    }

    /// Whom the call could get now, if it wants somebody and could.
    fn wanting(&self, engine: &Engine, call: CallId, place: &Place) -> Option<Wanting> {
        let entry = queue_of(engine, place.tenant, place.queue);
        let wants = match entry.strategy {
            Strategy::RingAll => place.offers.len() < RING_ALL_WIDTH_MAX,
            Strategy::RingProgressively => place.offers.is_empty() || place.waits_since.is_none(),
            _one_at_a_time => place.offers.is_empty(),
        };
        let free = free_agents(engine, place.tenant, place.queue);
        let agents = match place.preferred {
            Some(agent) => free.into_iter().filter(|free| *free == agent).collect(),
            None => self.chosen(engine, &entry, place, free),
        };
        let since = i128::from(place.entered.0) - i128::from(place.priority.head_start_ms);
        let turn = (Reverse(entry.weight), Reverse(place.priority.urgency), since, call);
        (wants && !agents.is_empty()).then_some(Wanting { turn, agents })
    }

    /// Everybody whom the strategy may choose of these.
    fn chosen(&self, engine: &Engine, entry: &Queue, place: &Place, free: Vec<AgentId>) -> Vec<AgentId> {
        let (reach, rings) = step_of(entry, place.step);
        let max = max_level(engine, place.tenant, entry, place.queue, place.step);
        let reached: Vec<_> = free
            .into_iter()
            .map(|agent| candidate(engine, place.tenant, agent, entry, place.queue))
            .filter(|it| (reach.min_level..=max).contains(&it.tier.level))
            .filter(|it| it.ring.is_some_and(|ring| ring <= rings))
            .collect();
        let raised = |it: Candidate| raised(entry, place.step, it);
        let first = reached.iter().map(|it| raised(*it)).min();
        let lowest: Vec<_> = reached.iter().copied().filter(|it| Some(raised(*it)) == first).collect();
        let rank = |it: Candidate| (group(entry, it), it.tier.position, it.agent);
        let by_position = |it: Candidate| (it.tier.position, it.agent);
        let key = |Candidate { agent, tier, .. }: Candidate| match entry.strategy {
            Strategy::LeastRecent => {
                self.had.get(&(agent, place.queue)).and_then(|(_, last)| *last).map_or(0, |at| at.0 + 1)
            }
            Strategy::FewestCalls => self.had.get(&(agent, place.queue)).map_or(0, |(calls, _)| *calls),
            Strategy::LeastTalk => self.talked_ms.get(&agent).copied().unwrap_or_default(),
            Strategy::Sequential | Strategy::RingProgressively => u64::from(tier.position),
            _by_idle_time => self.idle_since.get(&agent).map_or(0, |at| at.0),
        };
        match entry.strategy {
            Strategy::Random | Strategy::RingLevel => lowest.iter().map(|it| it.agent).collect(),
            Strategy::WeightedRandom => reached.iter().map(|it| it.agent).collect(),
            Strategy::RoundRobin => {
                let last = self.asked_last.get(&place.queue).map(|(_, position, agent)| (*position, *agent));
                let mut order: Vec<_> = lowest.iter().map(|it| by_position(*it)).collect();
                order.sort_unstable();
                let next = order.iter().find(|it| last.is_some_and(|last| **it > last)).or(order.first());
                next.map(|(_, agent)| *agent).into_iter().collect()
            }
            Strategy::TopDown => {
                let mut order: Vec<_> = reached.iter().map(|it| rank(*it)).collect();
                order.sort_unstable();
                let next = order.iter().find(|it| place.asked_last.is_some_and(|last| **it > last));
                next.or(order.first()).map(|(_, _, agent)| *agent).into_iter().collect()
            }
            _by_key => {
                let best = lowest.iter().min_by_key(|it| (key(**it), by_position(**it)));
                best.map(|it| it.agent).into_iter().collect()
            }
        }
    }

    /// Takes in what became so; `engine` has taken it in already.
    pub(crate) fn fold(&mut self, engine: &Engine, event: &Event) {
        let at = event.at;
        match &event.fact {
            Fact::AgentLoggedIn { agent, moved_from: None, .. } => {
                self.had.retain(|(of, _), _| of != agent);
                self.talked_ms.remove(agent);
            }
            Fact::AgentReady { agent } | Fact::WrapUpEnded { agent, .. } => {
                self.idle_since.insert(*agent, at);
            }
            Fact::AgentUnassigned { agent, queue } => drop(self.had.remove(&(*agent, *queue))),
            Fact::AgentConnected { call, agent, queue: Some(queue), .. } => {
                self.talking.insert((*agent, *call), (*queue, at));
            }
            Fact::AgentDisconnected { call, agent } => self.disconnect(*call, *agent, at),
            Fact::CallQueued { call, queue, entered, priority, preferred } => {
                let (tenant, preferred) = (event.tenant, preferred.map(|preferred| preferred.agent));
                let place = Place {
                    tenant,
                    queue: *queue,
                    entered: *entered,
                    priority: *priority,
                    preferred,
                    step: 0,
                    asked_last: None,
                    offers: BTreeMap::new(),
                    waits_since: None,
                };
                self.places.insert(*call, place);
            }
            Fact::WaitingEnded { call, .. } => drop(self.places.remove(call)),
            Fact::SearchWidened { call, by, .. } => {
                let place = self.places.get_mut(call).expect("it waits");
                match by {
                    Widening::Step(step) => place.step = usize::from(*step),
                    Widening::OneMore => place.waits_since = None,
                    Widening::Anyone => place.preferred = None,
                    Widening::Promoted => place.priority.urgency = u8::MAX,
                }
            }
            Fact::OfferMade { offer, call, queue, agent, .. } => {
                let entry = queue_of(engine, event.tenant, *queue);
                let asked = candidate(engine, event.tenant, *agent, &entry, *queue);
                let rank = (group(&entry, asked), asked.tier.position, *agent);
                self.asked_last.insert(*queue, rank);
                let place = self.places.get_mut(call).expect("it waits");
                place.asked_last = Some(rank);
                place.waits_since = Some(at).filter(|_| entry.strategy == Strategy::RingProgressively);
                place.offers.insert(*offer, *agent);
            }
            Fact::OfferEnded { offer, call, agent, end } => {
                let place = self.places.get_mut(call).expect("it waits");
                place.offers.remove(offer);
                if *end != OfferEnd::Accepted && place.preferred == Some(*agent) {
                    place.preferred = None;
                }
            }
            Fact::EntryChanged { id: EntryId::Queue(queue), entry: Entry::Queue(entry) } => {
                self.asked_last.remove(queue);
                for place in self.places.values_mut().filter(|place| place.queue == *queue) {
                    let waited_ms = at.millis_since(place.entered);
                    let passed = instants(entry).into_iter().filter(|after| *after <= waited_ms).count();
                    (place.step, place.asked_last) = (passed - 1, None);
                }
            }
            _other => {}
        }
    }

    fn disconnect(&mut self, call: CallId, agent: AgentId, at: Timestamp) {
        self.idle_since.insert(agent, at);
        if let Some((queue, since)) = self.talking.remove(&(agent, call)) {
            *self.talked_ms.entry(agent).or_default() += at.millis_since(since);
            let had = self.had.entry((agent, queue)).or_default();
            *had = (had.0 + 1, Some(at));
        }
    }
}

/// Somebody as a queue sees him.
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    agent: AgentId,
    pub(crate) tier: Tier,
    /// The first ring in which he can do what the queue needs; the queue itself is ring nought.
    pub(crate) ring: Option<usize>,
}

pub(crate) fn candidate(
    engine: &Engine,
    tenant: TenantId,
    agent: AgentId,
    entry: &Queue,
    queue: QueueId,
) -> Candidate {
    let skills = match engine.entry(tenant, EntryId::Agent(agent)) {
        Some(Entry::Agent(agent)) => agent.skills,
        other => panic!("{agent} is {other:?}"),
    };
    let ring =
        (0..=entry.rings.len()).find(|ring| needed(entry, *ring).iter().all(|need| has(&skills, need)));
    Candidate { agent, tier: tier(engine, tenant, agent, queue), ring }
}

/// What the queue needs when so many of its rings have opened.
fn needed(entry: &Queue, rings: usize) -> Vec<SkillLevel> {
    let mut needed = entry.skills.clone();
    for relaxed in entry.rings[..rings].iter().flat_map(|ring| &ring.relax) {
        needed.retain(|need| need.skill != relaxed.skill);
        needed.push(*relaxed);
    }
    needed
}

fn has(skills: &[SkillLevel], need: &SkillLevel) -> bool {
    need.level == 0 || skills.iter().any(|has| has.skill == need.skill && has.level >= need.level)
}

/// The waits after which a call reaches others.
pub(crate) fn instants(entry: &Queue) -> BTreeSet<u64> {
    let reached = entry.reach.iter().map(|reach| reach.after_ms);
    reached.chain(entry.rings.iter().map(|ring| ring.after_ms)).chain([0]).collect()
}

/// The levels of a step, and how many rings have opened.
pub(crate) fn step_of(entry: &Queue, step: usize) -> (Reach, usize) {
    let after_ms = instants(entry).into_iter().nth(step).expect("a step of the queue");
    let reach = entry.reach.iter().rfind(|reach| reach.after_ms <= after_ms).copied();
    let rings = entry.rings.iter().filter(|ring| ring.after_ms <= after_ms).count();
    (reach.unwrap_or(Reach::ALL), rings)
}

/// The highest level that a call of that step reaches.
pub(crate) fn max_level(
    engine: &Engine,
    tenant: TenantId,
    entry: &Queue,
    queue: QueueId,
    step: usize,
) -> u16 {
    let here = engine.agents(tenant).into_iter().filter(|agent| agent.duty != Duty::LoggedOut);
    let levels = here.flat_map(|agent| agent.tiers).filter(|(of, _)| *of == queue);
    let lowest = levels.map(|(_, tier)| tier.level).min().filter(|_| entry.skip_empty_levels);
    step_of(entry, step).0.max_level.max(lowest.unwrap_or_default())
}

fn group(entry: &Queue, of: Candidate) -> Group {
    (of.ring, of.tier.level, Reverse(if entry.skill_first { of.tier.skill } else { 0 }))
}

/// The group that somebody is asked with, at a step.
fn raised(entry: &Queue, step: usize, of: Candidate) -> Group {
    let (reach, _) = step_of(entry, step);
    let (ring, level, skill) = group(entry, of);
    (ring, level.max(reach.raise_level), skill)
}

pub(crate) fn queue_of(engine: &Engine, tenant: TenantId, queue: QueueId) -> Queue {
    match engine.entry(tenant, EntryId::Queue(queue)) {
        Some(Entry::Queue(queue)) => *queue,
        other => panic!("{queue} is {other:?}"),
    }
}

fn tier(engine: &Engine, tenant: TenantId, agent: AgentId, queue: QueueId) -> Tier {
    let tiers = engine.agent(tenant, agent).expect("an agent").tiers;
    tiers.into_iter().find(|(of, _)| *of == queue).map(|(_, tier)| tier).unwrap_or_default()
}

/// Who could be offered a call of the queue now, if he can do what it needs.
fn free_agents(engine: &Engine, tenant: TenantId, queue: QueueId) -> Vec<AgentId> {
    let agents = engine.agents(tenant).into_iter().filter(|agent| {
        agent.duty == Duty::Ready
            && agent.pending.is_none()
            && agent.activity == Activity::Idle
            && agent.device == DeviceState::Idle
            && agent.handling == Handling::Ring
            && agent.rest_until.is_none()
            && agent.memberships.contains(&(queue, Membership::Ready))
    });
    agents.map(|agent| agent.id).collect()
}
