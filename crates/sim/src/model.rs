//! A naive model of the contact centre: plain lists, scanned from end to end, no timers, no indexes.
//!
//! It is fed the same stream. From what the world and people did it works out what the house's rules make of it: who
//! is offered which call, in which order, what an agent becomes after it. A decision that differs, or is missing when
//! the step is over, is a violation. It is small enough to be read in one go and believed. Whose turn it is and who may be
//! asked, by all strategies, is in `model/choice.rs`.

mod choice;

use std::collections::BTreeMap;

use cordial_engine::agent::{Duty, Handling, Membership, PendingMembership, WhyNotReady};
use cordial_engine::call::{OfferEnd, Role, WaitingEnd, Withdrawn};
use cordial_engine::entry::{AfterMissed, Entry, EntryId, Queue, SkillLevel, Tier};
use cordial_engine::id::{AgentId, CallId, DeviceId, LegId, OfferId, QueueId};
use cordial_engine::limits::WRAP_UP_MS_MAX;
use cordial_engine::{Actor, Endpoint, Event, Fact, Timestamp};

use crate::checker::Broken;
use choice::{Group, Place, Rank};

/// See the module's first lines.
#[derive(Clone, Default)]
pub(crate) struct Model {
    queues: BTreeMap<QueueId, Queue>,
    agents: BTreeMap<AgentId, Agent>,
    registered: Vec<DeviceId>,
    /// Live legs: whose, of which call, in which part, at which device.
    legs: Vec<(LegId, CallId, Role, Option<DeviceId>)>,
    /// Who consults, in which call, and what he is in the other.
    consulting: Vec<(LegId, CallId, Role)>,
    waiting: Vec<Place>,
    offers: Vec<(OfferId, CallId, QueueId, AgentId, LegId)>,
    /// With the instant of the first word.
    conversations: Vec<(AgentId, CallId, Option<QueueId>, Timestamp)>,
    /// Whom each queue asked last.
    asked_last: BTreeMap<QueueId, Rank>,
    /// The call and the level that is being rung as a whole.
    rung_level: Option<(CallId, Group)>,
    /// What must follow before the step is over.
    expected: Vec<Expected>,
}

#[derive(Clone)]
struct Agent {
    device: Option<DeviceId>,
    duty: Duty,
    pending: Option<Duty>,
    handling: Handling,
    queues: Vec<(QueueId, Membership)>,
    tiers: BTreeMap<QueueId, Tier>,
    skills: Vec<SkillLevel>,
    /// Calls of each queue since logging in, and when the last ended.
    had: BTreeMap<QueueId, (u64, Option<Timestamp>)>,
    /// In calls of queues, since logging in.
    talked_ms: u64,
    rests: bool,
    wraps_up: bool,
    /// The queue in which the agent asked for a wrap-up after the live call.
    asks_wrap_up: Option<QueueId>,
    idle_since: Timestamp,
}

/// A decision that follows from the rules.
#[derive(Clone, Debug, PartialEq)]
enum Expected {
    /// The agent becomes this.
    Becomes(AgentId, Duty),
    /// The agent gets no offers for a while.
    Rests(AgentId),
    /// The agent finishes until then.
    WrapsUp(AgentId, CallId, Timestamp),
    /// The offer is taken back.
    Withdrawn(OfferId, Option<Withdrawn>),
    /// The place in the queue ends so.
    PlaceEnds(CallId, WaitingEnd),
    /// The caller's leg goes too.
    CallerLeaves(CallId),
    /// The agent gets the call.
    Connects(AgentId, CallId),
}

impl Model {
    /// Takes the next event in; says where it differs from what follows from the rules.
    pub(crate) fn read(&mut self, event: &Event) -> Result<(), Broken> {
        if let Some(decision) = self.decision(&event.fact) {
            let Some(index) = self.expected.iter().position(|expected| agrees(expected, &decision)) else {
                return Err(format!("model {decision:?} follows from nothing; expected {:?}", self.expected));
            };
            self.expected.remove(index);
        }
        if let Fact::OfferMade { call, queue, agent, leg, .. } = &event.fact {
            // The leg that will ring him is on record already; it is not what keeps him from being rung.
            let own =
                self.legs.iter().position(|(other, ..)| other == leg).map(|index| self.legs.remove(index));
            let judged = self.judge(event, (*call, *queue, *agent));
            self.legs.extend(own);
            judged?;
        }
        let by_the_network = matches!(event.by, Actor::Network | Actor::Device(_));
        if by_the_network && matches!(event.fact, Fact::WaitingEnded { end: WaitingEnd::Overflowed, .. }) {
            return Err("model a caller who gave up counts as overflowed".to_owned());
        }
        self.apply(event);
        Ok(())
    }

    /// Everything that follows has come, and whoever can be matched is.
    pub(crate) fn at_rest(&mut self) -> Result<(), Broken> {
        self.rung_level = None;
        if !self.expected.is_empty() {
            return Err(format!("model did not follow: {:?}", self.expected));
        }
        match self.next_match(None) {
            Some((call, queue, agents)) => {
                let strategy = self.queues[&queue].strategy;
                Err(format!("model {call} of {queue} ({strategy:?}) waits though {agents:?} could be asked"))
            }
            None => Ok(()),
        }
    }

    fn is_eligible(&self, id: AgentId, agent: &Agent, queue: QueueId) -> bool {
        let device_idle = agent.device.is_some_and(|device| {
            self.registered.contains(&device) && self.legs.iter().all(|(.., at)| *at != Some(device))
        });
        device_idle
            && agent.duty == Duty::Ready
            && agent.pending.is_none()
            && agent.handling == Handling::Ring
            && !agent.rests
            && self.is_idle(id)
            && agent.queues.contains(&(queue, Membership::Ready))
    }

    fn is_idle(&self, id: AgentId) -> bool {
        let offered = self.offers.iter().any(|(_, _, _, agent, _)| *agent == id);
        let talks = self.conversations.iter().any(|(agent, ..)| *agent == id);
        let wraps_up = self.agents.get(&id).is_some_and(|agent| agent.wraps_up);
        !offered && !talks && !wraps_up
    }

    /// The part of a fact that must follow from what came before.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not listed is a cause, not a decision")]
    fn decision(&self, fact: &Fact) -> Option<Expected> {
        match fact {
            Fact::AgentNotReady { agent, duty } => {
                let system = matches!(
                    duty,
                    Duty::NotReady {
                        reason: Some(
                            WhyNotReady::NoAnswer
                                | WhyNotReady::Declined
                                | WhyNotReady::Unreachable
                                | WhyNotReady::Busy
                        ),
                        ..
                    }
                );
                let was_pending =
                    self.agents.get(agent).is_some_and(|agent| agent.pending.as_ref() == Some(duty));
                // Of a phone that says no, only the end of its leg says that it was busy.
                let declined =
                    || Duty::NotReady { reason: Some(WhyNotReady::Declined), note: Default::default() };
                let is_busy = matches!(duty, Duty::NotReady { reason: Some(WhyNotReady::Busy), .. });
                let becomes = || if is_busy { declined() } else { duty.clone() };
                (system || was_pending).then(|| Expected::Becomes(*agent, becomes()))
            }
            Fact::AgentReady { agent } => self.if_pending(*agent, Duty::Ready),
            Fact::AgentLoggedOut { agent, .. } => self.if_pending(*agent, Duty::LoggedOut),
            Fact::AgentRested { agent, .. } => Some(Expected::Rests(*agent)),
            Fact::OfferEnded { offer, end: OfferEnd::Withdrawn(why), .. } => self
                .expected
                .iter()
                .any(|expected| matches!(expected, Expected::Withdrawn(of, _) if of == offer))
                .then_some(Expected::Withdrawn(*offer, Some(*why))),
            Fact::WaitingEnded { call, end: end @ WaitingEnd::Answered, .. } => {
                Some(Expected::PlaceEnds(*call, *end))
            }
            Fact::AgentConnected { call, agent, queue: Some(_), .. } => {
                Some(Expected::Connects(*agent, *call))
            }
            _ => None,
        }
    }

    fn if_pending(&self, id: AgentId, duty: Duty) -> Option<Expected> {
        let was_pending = self.agents.get(&id).is_some_and(|agent| agent.pending.as_ref() == Some(&duty));
        was_pending.then_some(Expected::Becomes(id, duty))
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the model knows offers, places and duties, and nothing else"
    )]
    fn apply(&mut self, event: &Event) {
        let at = event.at;
        match &event.fact {
            Fact::EntryAdded { id, entry, .. } | Fact::EntryChanged { id, entry } => {
                self.file(*id, entry, at);
            }
            Fact::AgentAssigned { agent, queue, tier } => {
                self.set_membership(*agent, *queue, Membership::Ready);
                self.set_tier(*agent, *queue, *tier);
            }
            Fact::TierSet { agent, queue, tier } => self.set_tier(*agent, *queue, *tier),
            Fact::MembershipSet { agent, queue, membership } => {
                self.set_membership(*agent, *queue, *membership);
            }
            Fact::AgentUnassigned { agent, queue } => self.change(*agent, |agent| {
                agent.queues.retain(|(other, _)| other != queue);
                agent.tiers.remove(queue);
                agent.had.remove(queue);
            }),
            Fact::DeviceRegistered { device } => self.registered.push(*device),
            Fact::DeviceUnregistered { device } => {
                self.registered.retain(|other| other != device);
                let logged_in =
                    |id: &AgentId| self.agents.get(id).is_some_and(|agent| agent.device == Some(*device));
                let lost = self.offers.iter().filter(|(_, _, _, agent, _)| logged_in(agent));
                let lost: Vec<_> =
                    lost.map(|(id, ..)| Expected::Withdrawn(*id, Some(Withdrawn::DeviceLost))).collect();
                self.expected.extend(lost);
            }
            Fact::AgentLoggedIn { agent, device, moved_from: Some(_) } => {
                self.change(*agent, |agent| agent.device = Some(*device));
            }
            Fact::AgentLoggedIn { agent, device, moved_from: None } => {
                self.change(*agent, |agent| {
                    agent.device = Some(*device);
                    (agent.had, agent.talked_ms) = (BTreeMap::new(), 0);
                });
                self.become_(*agent, Duty::NotReady { reason: None, note: Default::default() }, at);
            }
            Fact::AgentLoggedOut { agent, .. } => {
                self.change(*agent, |agent| agent.device = None);
                self.become_(*agent, Duty::LoggedOut, at);
            }
            Fact::AgentReady { agent } => self.become_(*agent, Duty::Ready, at),
            Fact::AgentNotReady { agent, duty } => self.become_(*agent, duty.clone(), at),
            Fact::DutyPending { agent, duty, .. } => {
                self.change(*agent, |agent| agent.pending = duty.clone());
            }
            Fact::HandlingSet { agent, handling } => {
                self.change(*agent, |agent| agent.handling = handling.clone());
            }
            Fact::AgentRested { agent, .. } => self.change(*agent, |agent| agent.rests = true),
            Fact::AgentRestEnded { agent } => self.change(*agent, |agent| agent.rests = false),
            _ => self.apply_call(event),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the model knows offers, places and duties, and nothing else"
    )]
    fn apply_call(&mut self, event: &Event) {
        let at = event.at;
        match &event.fact {
            Fact::LegAdded { call, leg, role, endpoint, .. } => {
                let device = match endpoint {
                    Endpoint::Device(device) => Some(*device),
                    Endpoint::Trunk(_) => None,
                };
                self.legs.push((*leg, *call, *role, device));
            }
            Fact::LegCleared { leg, .. } => self.leg_cleared(*leg),
            Fact::ConsultationStarted { .. } | Fact::LegMoved { .. } | Fact::CallsJoined { .. } => {
                self.apply_move(&event.fact);
            }
            Fact::CallQueued { call, queue, entered, priority, preferred } => {
                let place = Place::new(event, (*call, *queue), *entered, *priority, *preferred);
                self.waiting.push(place);
            }
            Fact::SearchWidened { call, by, .. } => {
                self.waiting
                    .iter_mut()
                    .filter(|place| place.call == *call)
                    .for_each(|place| place.widen(*by));
            }
            Fact::WaitingEnded { call, end, .. } => self.place_ended(*call, *end),
            Fact::OfferMade { offer, call, queue, agent, leg, .. } => {
                self.offers.push((*offer, *call, *queue, *agent, *leg));
                self.asked(*call, *queue, *agent);
            }
            Fact::OfferEnded { offer, end, .. } => self.offer_ended(*offer, *end, at),
            Fact::AgentConnected { call, agent, queue, .. } => self.converse(*agent, *call, *queue, at),
            Fact::NodeStarted { .. } => self.restarted(),
            Fact::AgentDisconnected { call, agent } => self.disconnected(*agent, *call, at),
            Fact::WrapUpStarted { agent, call, queue, until } => {
                let length = self.wrap_up_after(*agent, Some(*queue)).unwrap_or(0);
                let asked = self.agents.get(agent).and_then(|agent| agent.asks_wrap_up) == Some(*queue);
                let talks = |through: Option<QueueId>| {
                    let mut talks = self.conversations.iter();
                    talks.any(|(of, with, by, _)| (of, with, *by) == (agent, call, through))
                };
                let follows = talks(Some(*queue)) || (asked && talks(None));
                if !follows || until.0 != at.0 + length {
                    self.expected.push(Expected::WrapsUp(*agent, *call, Timestamp(at.0 + length)));
                }
                self.change(*agent, |agent| agent.wraps_up = true);
            }
            Fact::MembershipPending { agent, queue, wish } => self.change(*agent, |agent| {
                if *wish == Some(PendingMembership::WrapUp) {
                    agent.asks_wrap_up = Some(*queue);
                } else if agent.asks_wrap_up == Some(*queue) {
                    agent.asks_wrap_up = None;
                }
            }),
            Fact::WrapUpEnded { agent, .. } => {
                self.change(*agent, |agent| (agent.wraps_up, agent.idle_since) = (false, at));
                self.settle(*agent);
            }
            _ => {}
        }
    }

    fn file(&mut self, id: EntryId, entry: &Entry, at: Timestamp) {
        if let (EntryId::Queue(id), Entry::Queue(queue)) = (id, entry)
            && self.queues.insert(id, (**queue).clone()).is_some()
        {
            self.queue_changed(id, queue, at);
        }
        if let EntryId::Agent(id) = id {
            self.agents.entry(id).or_insert(Agent {
                device: None,
                duty: Duty::LoggedOut,
                pending: None,
                handling: Handling::Ring,
                queues: Vec::new(),
                tiers: BTreeMap::new(),
                skills: Vec::new(),
                had: BTreeMap::new(),
                talked_ms: 0,
                rests: false,
                wraps_up: false,
                asks_wrap_up: None,
                idle_since: at,
            });
            if let Entry::Agent(entry) = entry {
                self.change(id, |agent| agent.skills.clone_from(&entry.skills));
            }
        }
    }

    fn change(&mut self, id: AgentId, change: impl FnOnce(&mut Agent)) {
        if let Some(agent) = self.agents.get_mut(&id) {
            change(agent);
        }
    }

    fn set_membership(&mut self, id: AgentId, queue: QueueId, membership: Membership) {
        self.change(id, |agent| {
            agent.queues.retain(|(other, _)| *other != queue);
            agent.queues.push((queue, membership));
        });
    }

    fn set_tier(&mut self, id: AgentId, queue: QueueId, tier: Tier) {
        self.change(id, |agent| {
            agent.tiers.insert(queue, tier);
        });
    }

    fn become_(&mut self, id: AgentId, duty: Duty, at: Timestamp) {
        self.change(id, |agent| {
            if duty == Duty::Ready {
                agent.idle_since = at;
            }
            (agent.duty, agent.pending, agent.rests) = (duty, None, false);
        });
    }

    /// What was asked for meanwhile comes true once the agent is idle.
    fn settle(&mut self, id: AgentId) {
        let pending = self.agents.get(&id).and_then(|agent| agent.pending.clone());
        let Some(duty) = pending.filter(|_| self.is_idle(id)) else {
            return;
        };
        let becomes = Expected::Becomes(id, duty);
        if !self.expected.contains(&becomes) {
            self.expected.push(becomes);
        }
    }

    fn is_withdrawn(&self, offer: OfferId) -> bool {
        self.expected.iter().any(|expected| matches!(expected, Expected::Withdrawn(of, _) if *of == offer))
    }

    fn place_ended(&mut self, call: CallId, end: WaitingEnd) {
        if end == WaitingEnd::Abandoned {
            let left = Expected::PlaceEnds(call, end);
            match self.expected.iter().position(|expected| *expected == left) {
                Some(index) => drop(self.expected.remove(index)),
                // A journal may be cut after the caller left: then nobody is left who could.
                None if self.has_caller(call) => self.expected.push(Expected::CallerLeaves(call)),
                None => {}
            }
        }
        self.waiting.retain(|place| place.call != call);
        // Whoever is still asked to take a call that waits no more is asked no more.
        let left = self.offers.iter().filter(|(_, of, ..)| *of == call).map(|(id, ..)| *id);
        let left: Vec<_> = left.filter(|id| !self.is_withdrawn(*id)).collect();
        self.expected.extend(left.into_iter().map(|id| Expected::Withdrawn(id, None)));
    }

    fn offer_ended(&mut self, id: OfferId, end: OfferEnd, at: Timestamp) {
        let Some(index) = self.offers.iter().position(|(other, ..)| *other == id) else {
            return;
        };
        let (_, call, queue, agent, _) = self.offers.remove(index);
        self.waiting
            .iter_mut()
            .filter(|place| place.call == call)
            .for_each(|place| place.offer_ended(agent, end));
        let Some(rules) = self.queues.get(&queue) else {
            return;
        };
        let (rule, why) = match end {
            OfferEnd::Accepted => {
                self.converse(agent, call, Some(queue), at);
                let others: Vec<_> =
                    self.offers.iter().filter(|(_, of, ..)| *of == call).map(|(other, ..)| *other).collect();
                let quicker = Withdrawn::AnsweredBy(agent, id);
                self.expected
                    .extend(others.into_iter().map(|other| Expected::Withdrawn(other, Some(quicker))));
                self.expected.push(Expected::PlaceEnds(call, WaitingEnd::Answered));
                self.expected.push(Expected::Connects(agent, call));
                return;
            }
            // A phone that is registered and cannot be reached is no use; one that went away may come back.
            OfferEnd::Withdrawn(Withdrawn::DeviceLost) if self.has_device(agent) => {
                (AfterMissed::NotReady, WhyNotReady::Unreachable)
            }
            OfferEnd::Withdrawn(_) => return self.settle(agent),
            // Which of the two it was only the cause of the leg's end says.
            OfferEnd::Declined => (rules.on_decline, WhyNotReady::Declined),
            OfferEnd::Expired => (rules.on_no_answer, WhyNotReady::NoAnswer),
        };
        let pending = self.agents.get(&agent).is_some_and(|agent| agent.pending.is_some());
        match rule {
            _ if pending => self.settle(agent),
            AfterMissed::NotReady => {
                let duty = Duty::NotReady { reason: Some(why), note: Default::default() };
                self.expected.push(Expected::Becomes(agent, duty));
            }
            AfterMissed::Rest { .. } => self.expected.push(Expected::Rests(agent)),
        }
    }

    fn converse(&mut self, agent: AgentId, call: CallId, queue: Option<QueueId>, at: Timestamp) {
        // Who goes from one call to another is not idle between, and what he asked for waits.
        self.expected.retain(|expected| !matches!(expected, Expected::Becomes(of, _) if *of == agent));
        let talks = |other: &(AgentId, CallId, Option<QueueId>, Timestamp)| {
            (other.0, other.1, other.2) == (agent, call, queue)
        };
        if !self.conversations.iter().any(talks) {
            self.conversations.push((agent, call, queue, at));
        }
    }

    fn has_device(&self, id: AgentId) -> bool {
        let device = self.agents.get(&id).and_then(|agent| agent.device);
        device.is_some_and(|device| self.registered.contains(&device))
    }

    /// What a dead process did not get to say does not follow any more; but who accepted a call has it, and who is idle
    /// becomes what he asked for.
    fn restarted(&mut self) {
        let accepted =
            |call: &CallId| self.conversations.iter().any(|(_, of, queue, _)| of == call && queue.is_some());
        let places = self.waiting.iter().map(|place| place.call).filter(accepted);
        self.expected = places.map(|call| Expected::PlaceEnds(call, WaitingEnd::Answered)).collect();
        for agent in self.agents.keys().copied().collect::<Vec<_>>() {
            self.settle(agent);
        }
    }

    fn has_caller(&self, call: CallId) -> bool {
        self.legs.iter().any(|(_, of, role, _)| *of == call && *role == Role::Caller)
    }

    /// Legs go from call to call.
    fn apply_move(&mut self, fact: &Fact) {
        if let Fact::ConsultationStarted { call, leg, .. } = fact {
            let role = self.legs.iter().find(|(other, ..)| other == leg).map(|(_, _, role, _)| *role);
            self.consulting.extend(role.map(|role| (*leg, *call, role)));
        } else if let Fact::LegMoved { leg, to, .. } = fact {
            self.leg_moved(*leg, *to);
        } else if let Fact::CallsJoined { call, from, legs, agent, .. } = fact {
            for leg in legs {
                self.leg_moved(*leg, *call);
            }
            for (who, of, ..) in &mut self.conversations {
                if *of == *from && Some(*who) != *agent {
                    *of = *call;
                }
            }
        }
    }

    /// Who asks is the caller where he asks.
    fn leg_moved(&mut self, leg: LegId, to: CallId) {
        let consults = self.consulting.iter().rev().find(|(other, ..)| *other == leg).copied();
        if let Some((_, call, role, _)) = self.legs.iter_mut().find(|(other, ..)| *other == leg) {
            *call = to;
            if let Some((_, asked, own)) = consults {
                *role = if asked == to { Role::Caller } else { own };
            }
        }
    }

    fn leg_cleared(&mut self, leg: LegId) {
        let Some(index) = self.legs.iter().position(|(other, ..)| *other == leg) else {
            return;
        };
        let (_, call, role, _) = self.legs.remove(index);
        if role == Role::Caller {
            self.expected.retain(|expected| *expected != Expected::CallerLeaves(call));
            if self.waiting.iter().any(|place| place.call == call) {
                self.expected.push(Expected::PlaceEnds(call, WaitingEnd::Abandoned));
            }
        }
    }

    fn disconnected(&mut self, id: AgentId, call: CallId, at: Timestamp) {
        let Some(index) = self.conversations.iter().position(|(agent, of, ..)| (*agent, *of) == (id, call))
        else {
            return;
        };
        let (_, _, queue, since) = self.conversations.remove(index);
        self.change(id, |agent| {
            agent.idle_since = at;
            if let Some(queue) = queue {
                agent.talked_ms += at.millis_since(since);
                let had = agent.had.entry(queue).or_default();
                *had = (had.0 + 1, Some(at));
            }
        });
        match self.wrap_up_after(id, queue) {
            None => self.settle(id),
            Some(_) if self.agents.get(&id).is_some_and(|agent| agent.wraps_up) => {}
            Some(length) => self.expected.push(Expected::WrapsUp(id, call, Timestamp(at.0 + length))),
        }
    }

    /// How long the wrap-up takes that follows a conversation through that queue, if one does. Milliseconds.
    fn wrap_up_after(&self, id: AgentId, queue: Option<QueueId>) -> Option<u64> {
        let asked = self.agents.get(&id)?.asks_wrap_up;
        let queue = self.queues.get(&queue.or(asked)?)?;
        match queue.wrap_up_ms {
            0 => (asked.is_some() || !queue.auto_ready).then_some(WRAP_UP_MS_MAX),
            ms => Some(ms),
        }
    }
}

fn agrees(expected: &Expected, decision: &Expected) -> bool {
    match (expected, decision) {
        (Expected::Withdrawn(one, None), Expected::Withdrawn(other, _)) => one == other,
        (expected, decision) => expected == decision,
    }
}
