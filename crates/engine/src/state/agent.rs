//! Agents as applied: the axes, and from them who could be offered a call now.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::pool::{Group, Match, Spot};
use super::{Filed, Presence, State};
use crate::agent::{
    ACTIVITY, Activity, CallSettings, DUTY, Duty, Handling, Login, Membership, PendingMembership,
};
use crate::code::Feature;
use crate::command::{Access, Actor};
use crate::entry::{self, Conditions, EntryId, Name, Strategy, Tier};
use crate::fact::{Event, Fact};
use crate::id::{AgentId, CallId, DeviceId, Guid, LegId, OfferId, QueueId, ReasonId, RecordingId};
use crate::machine::assert_legal;
use crate::tally::AgentTally;
use crate::text::Number;
use crate::time::{Timestamp, WallTime};
use crate::timer::Timer;

/// An agent on all axes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agent {
    pub(crate) filed: Filed<entry::Agent>,
    pub(crate) login: Option<Login>,
    pub(crate) duty: Duty,
    pub(crate) duty_since: Timestamp,
    pub(crate) pending: Option<Duty>,
    /// The reason for a log-out that is pending.
    pub(crate) log_out_reason: Option<ReasonId>,
    /// Who asked for what is pending.
    pub(crate) asked_by: Option<Actor>,
    pub(crate) handling: Handling,
    pub(crate) settings: CallSettings,
    pub(crate) memberships: BTreeMap<QueueId, Assignment>,
    pub(crate) pending_memberships: BTreeMap<QueueId, PendingMembership>,
    pub(crate) activity: Activity,
    pub(crate) activity_since: Timestamp,
    pub(crate) since_wall: WallTime,
    pub(crate) offer: Option<OfferId>,
    /// The calls that the agent talks in, by his leg. One, unless he takes a second line.
    pub(crate) parts: BTreeMap<LegId, Part>,
    pub(crate) wrap_up: Option<WrapUp>,
    pub(crate) rest_until: Option<Timestamp>,
    /// PINs in a row that were not his; none while he is locked out for them.
    pub(crate) wrong_pins: u8,
    /// Until when no PIN lets him in at a hot desk.
    pub(crate) locked_until: Option<Timestamp>,
    /// What is in the mailbox, the oldest first.
    pub(crate) messages: BTreeMap<RecordingId, Message>,
    /// The later of: became ready, end of the last call, end of the last wrap-up.
    pub(crate) idle_since: Timestamp,
    /// Whether he is there for calls of queues, now or when he is free again.
    pub(crate) at_work: bool,
    /// `idle_since` under which the agent stands in his queues' order, when he could be offered a call now.
    pub(crate) standing: Option<Timestamp>,
    /// What keeps him from the calls of all his queues.
    pub(super) excluded: Conditions,
    pub(crate) tally: AgentTally,
    /// The calls from which somebody hears what he says, in whatever call.
    pub(crate) watched_by: BTreeSet<CallId>,
    /// Waiting calls that are for this agent.
    pub(crate) wanted: BTreeSet<Match>,
    /// What [`State::matchable`] says of this agent.
    pub(super) matched: Option<Match>,
}

/// An agent's part in a queue that he is assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Assignment {
    pub(crate) membership: Membership,
    pub(crate) tier: Tier,
    /// How many of the queue's rings must have opened before he is asked; never when absent.
    pub(crate) ring: Option<u8>,
    /// Calls of the queue since logging in.
    pub(crate) calls: u64,
    /// When the last of them ended.
    pub(crate) last_call: Option<Timestamp>,
    /// Where he stands in the queue's order, when he could be offered a call of it now.
    pub(crate) spot: Option<Spot>,
    /// Whether he is at work for the queue's calls; see [`Agent::serves`].
    pub(crate) staffs: bool,
    /// What he counts for in whether the queue is empty.
    pub(super) presence: Presence,
}

impl Assignment {
    /// Where the agent stands when only ring, level, skill and position count.
    pub(super) fn rank(&self, agent: AgentId, queue: &entry::Queue) -> Spot {
        let Tier { level, position, skill } = self.tier;
        let group =
            Group::new(self.ring.unwrap_or(u8::MAX), level, if queue.skill_first { skill } else { 0 });
        Spot { group, key: 0, position, agent }
    }
}

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) guid: Guid,
    pub(crate) caller: Option<Number>,
    pub(crate) caller_name: Name,
    pub(crate) left: WallTime,
    pub(crate) audio_ms: u64,
    pub(crate) heard: bool,
}

/// An agent's part in the talking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) call: CallId,
    pub(crate) queue: Option<QueueId>,
    pub(crate) since: Timestamp,
}

/// An agent's time for finishing a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WrapUp {
    pub(crate) call: CallId,
    pub(crate) queue: QueueId,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    /// Whether it was lengthened, which may be once.
    pub(crate) extended: bool,
}

impl Agent {
    pub(super) fn new(filed: Filed<entry::Agent>, at: Timestamp, wall: WallTime) -> Self {
        let mut agent = Self {
            filed,
            login: None,
            duty: Duty::LoggedOut,
            duty_since: at,
            pending: None,
            log_out_reason: None,
            asked_by: None,
            handling: Handling::Ring,
            settings: CallSettings::default(),
            memberships: BTreeMap::new(),
            pending_memberships: BTreeMap::new(),
            activity: Activity::Idle,
            activity_since: at,
            since_wall: wall,
            offer: None,
            parts: BTreeMap::new(),
            wrap_up: None,
            rest_until: None,
            wrong_pins: 0,
            locked_until: None,
            messages: BTreeMap::new(),
            idle_since: at,
            at_work: false,
            standing: None,
            excluded: Conditions::NEVER,
            tally: AgentTally::default(),
            watched_by: BTreeSet::new(),
            wanted: BTreeSet::new(),
            matched: None,
        };
        agent.excluded = agent.exclusions(None);
        agent
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.activity == Activity::Idle
    }

    /// His part in a queue, if he is assigned to it.
    pub(crate) fn membership(&self, queue: QueueId) -> Option<Membership> {
        self.memberships.get(&queue).map(|part| part.membership)
    }

    /// His parts in all his queues.
    pub(crate) fn parts(&self) -> BTreeMap<QueueId, Membership> {
        self.memberships.iter().map(|(queue, part)| (*queue, part.membership)).collect()
    }

    /// Whether he is there for calls of a queue, now or when he is free again.
    pub(crate) fn serves(&self, queue: QueueId) -> bool {
        self.is_at_work() && self.membership(queue) == Some(Membership::Ready)
    }

    fn is_at_work(&self) -> bool {
        self.duty == Duty::Ready && self.pending.is_none() && self.handling == Handling::Ring
    }

    /// What the agent is doing follows from wrap-up, parts and offer, in this order.
    fn derived_activity(&self) -> Activity {
        let in_call =
            |(leg, part): (&LegId, &Part)| Activity::InCall { call: part.call, leg: *leg, queue: part.queue };
        if let Some(WrapUp { call, queue, until, .. }) = self.wrap_up {
            Activity::WrapUp { call, queue, until }
        } else if let Some(part) = self.parts.iter().find(|(_, part)| part.queue.is_some()) {
            in_call(part)
        } else if let Some(offer) = self.offer {
            Activity::Offered { offer }
        } else {
            self.parts.iter().next().map_or(Activity::Idle, in_call)
        }
    }

    /// Whether nothing but the queue's own membership keeps the agent from being offered a call.
    fn could_take_calls(&self, device_idle: bool) -> bool {
        self.duty == Duty::Ready
            && self.pending.is_none()
            && self.activity == Activity::Idle
            && self.handling == Handling::Ring
            && self.rest_until.is_none()
            && device_idle
    }

    /// Where he stands in the order of a queue that he is assigned to.
    fn spot(&self, id: AgentId, part: &Assignment, queue: &entry::Queue) -> Option<Spot> {
        let idle_since = self.standing?;
        if part.membership != Membership::Ready || part.ring.is_none() {
            return None;
        }
        let key = match queue.strategy {
            Strategy::LongestIdle | Strategy::RingAll | Strategy::RingLevel => idle_since.0,
            Strategy::LeastRecent => part.last_call.map_or(0, |at| at.0.saturating_add(1)),
            Strategy::FewestCalls => part.calls,
            Strategy::LeastTalk => self.tally.talked_ms,
            Strategy::RoundRobin
            | Strategy::TopDown
            | Strategy::Sequential
            | Strategy::RingProgressively
            | Strategy::Random
            | Strategy::WeightedRandom => 0,
        };
        Some(Spot { key, ..part.rank(id, queue) })
    }
}

impl State {
    pub(crate) fn agent(&self, id: AgentId) -> &Agent {
        self.agents.get(&id).expect("an agent with a part in anything is not removed")
    }

    pub(super) fn agent_mut(&mut self, id: AgentId) -> &mut Agent {
        self.agents.get_mut(&id).expect("an agent with a part in anything is not removed")
    }

    pub(super) fn log_in(&mut self, id: AgentId, device: DeviceId) {
        let since = self.at;
        let agent = self.agent_mut(id);
        agent.login = Some(Login { device, since });
        agent.tally.log_in();
        for part in agent.memberships.values_mut() {
            (part.calls, part.last_call) = (0, None);
        }
        for (queue, level) in self.levels_of(id) {
            self.queue_mut(queue).count_log_in(level);
            self.rematch(queue);
        }
        self.devices.get_mut(&device).expect("the fact names a device").agent = Some(id);
        self.enter_duty(id, Duty::NotReady { reason: None, note: Default::default() });
        self.reset_leaving_everywhere(id);
    }

    /// Moves an agent to another device; all that the agent is stays as it was.
    pub(super) fn move_login(&mut self, id: AgentId, device: DeviceId) {
        let login = self.agent_mut(id).login.as_mut().expect("only who is logged in moves");
        let from = core::mem::replace(&mut login.device, device);
        self.devices.get_mut(&from).expect("a device in use is not removed").agent = None;
        self.devices.get_mut(&device).expect("the fact names a device").agent = Some(id);
        self.refresh(id);
    }

    pub(super) fn log_out(&mut self, id: AgentId) {
        let agent = self.agent_mut(id);
        let login = agent.login.take().expect("only who is logged in logs out");
        agent.pending_memberships.clear();
        for (queue, level) in self.levels_of(id) {
            self.queue_mut(queue).count_log_out(level);
            self.rematch(queue);
        }
        self.devices.get_mut(&login.device).expect("a device in use is not removed").agent = None;
        self.enter_duty(id, Duty::LoggedOut);
        self.reset_leaving_everywhere(id);
    }

    /// Enters a duty; whatever was pending is done with, and so is a rest.
    pub(super) fn enter_duty(&mut self, id: AgentId, duty: Duty) {
        self.end_rest(id);
        let (at, wall) = (self.at, self.wall);
        let agent = self.agent_mut(id);
        assert_legal("duty", DUTY, agent.duty.step(), duty.step());
        if duty == Duty::Ready {
            agent.tally.missed = 0;
            agent.idle_since = at;
        }
        agent.duty = duty;
        agent.duty_since = at;
        agent.since_wall = wall;
        (agent.pending, agent.log_out_reason, agent.asked_by) = (None, None, None);
        self.refresh(id);
    }

    pub(super) fn set_pending(
        &mut self,
        id: AgentId,
        duty: Option<&Duty>,
        reason: Option<ReasonId>,
        by: Actor,
    ) {
        let agent = self.agent_mut(id);
        (agent.pending, agent.log_out_reason, agent.asked_by) = (duty.cloned(), reason, duty.map(|_| by));
        self.refresh(id);
    }

    fn set_pending_membership(&mut self, id: AgentId, queue: QueueId, wish: Option<PendingMembership>) {
        let noted = &mut self.agent_mut(id).pending_memberships;
        match wish {
            Some(wish) => noted.insert(queue, wish),
            None => noted.remove(&queue),
        };
    }

    pub(super) fn set_handling(&mut self, id: AgentId, handling: &Handling) {
        self.agent_mut(id).handling = handling.clone();
        self.refresh(id);
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    pub(super) fn apply_message(&mut self, event: &Event) {
        match &event.fact {
            Fact::MessageLeft { agent, message, guid, caller, caller_name, audio_ms } => {
                let kept = Message {
                    guid: *guid,
                    caller: caller.clone(),
                    caller_name: caller_name.clone(),
                    left: event.wall,
                    audio_ms: *audio_ms,
                    heard: false,
                };
                self.agent_mut(*agent).messages.insert(*message, kept);
            }
            Fact::MessageMarked { agent, message, heard } => {
                let kept = self.agent_mut(*agent).messages.get_mut(message);
                kept.expect("the fact names a message that is there").heard = *heard;
            }
            Fact::MessageRemoved { agent, message } => {
                self.agent_mut(*agent).messages.remove(message);
            }
            _ => {}
        }
    }

    /// Wrong PINs are counted until one is right, the agent is locked out, or he is given a PIN.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    pub(super) fn count_pins(&mut self, fact: &Fact) {
        let (id, wrong, until) = match fact {
            Fact::PinRefused { agent, until: None, wrong, .. } => (*agent, *wrong, None),
            Fact::PinRefused { agent, until, .. } => (*agent, 0, *until),
            // Only who pressed the right PIN is named by this code.
            Fact::FeatureCodeDialled { feature: Feature::HotDeskOn, agent: Some(agent), .. } => {
                (*agent, 0, None)
            }
            Fact::AccessNoted { what: Access::SecretSet { id: EntryId::Agent(agent) } } => (*agent, 0, None),
            _ => return,
        };
        if let Some(agent) = self.agents.get_mut(&id) {
            (agent.wrong_pins, agent.locked_until) = (wrong, until);
        }
    }

    pub(super) fn rest(&mut self, id: AgentId, until: Timestamp) {
        self.end_rest(id);
        self.agent_mut(id).rest_until = Some(until);
        self.set_timer(until, Timer::Rest(id));
        self.refresh(id);
    }

    pub(super) fn end_rest(&mut self, id: AgentId) {
        if let Some(until) = self.agent_mut(id).rest_until.take() {
            self.clear_timer(until, Timer::Rest(id));
            self.refresh(id);
        }
    }

    /// An agent's part in a call, and the finishing after it.
    pub(super) fn apply_part(&mut self, fact: &Fact) {
        if let Fact::AgentConnected { call, agent, leg, queue } = *fact {
            self.connect_agent(agent, leg, call, queue);
        } else if let Fact::AgentDisconnected { call, agent } = *fact {
            self.disconnect_agent(agent, call);
        } else if let Fact::WrapUpStarted { agent, call, queue, until } = *fact {
            self.start_wrap_up(agent, call, queue, until);
        } else if let Fact::WrapUpExtended { agent, until, .. } = *fact {
            self.extend_wrap_up(agent, until);
        } else if let Fact::WrapUpEnded { agent, .. } = *fact {
            self.end_wrap_up(agent);
        }
    }

    pub(super) fn connect_agent(&mut self, id: AgentId, leg: LegId, call: CallId, queue: Option<QueueId>) {
        let since = self.at;
        self.agent_mut(id).parts.insert(leg, Part { call, queue, since });
        let talking = self.call_mut(call);
        talking.agents.insert(id, queue);
        if let (Some(queue), Some(caller)) = (queue, talking.caller.clone()) {
            self.queue_mut(queue).remember(&caller, id, since);
        }
        if let Some(queue) = queue {
            let wall = self.wall;
            self.agent_mut(id).tally.answered = Some(wall);
            self.note_share(id, queue);
        }
        self.refresh(id);
    }

    fn disconnect_agent(&mut self, id: AgentId, call: CallId) {
        let (at, wall) = (self.at, self.wall);
        let mut served = Vec::new();
        let agent = self.agent_mut(id);
        let wraps_up = agent.wrap_up.is_some_and(|wrap_up| wrap_up.call == call);
        for (_, part) in agent.parts.extract_if(.., |_, part| part.call == call) {
            let Some(queue) = part.queue else { continue };
            let talked_ms = at.millis_since(part.since);
            agent.tally.end_call(talked_ms, wall);
            served.push((queue, talked_ms));
            if let Some(assignment) = agent.memberships.get_mut(&queue) {
                (assignment.calls, assignment.last_call) = (assignment.calls + 1, Some(at));
            }
        }
        agent.idle_since = at;
        for (queue, talked_ms) in served {
            if let Some(queue) = self.queues.get_mut(&queue) {
                queue.pace.end_talk(talked_ms, wraps_up);
            }
        }
        self.refresh(id);
    }

    fn start_wrap_up(&mut self, id: AgentId, call: CallId, queue: QueueId, until: Timestamp) {
        let since = self.at;
        let agent = self.agent_mut(id);
        agent.wrap_up = Some(WrapUp { call, queue, since, until, extended: false });
        agent.pending_memberships.retain(|_, wish| *wish != PendingMembership::WrapUp);
        self.call_mut(call).wrap_ups.insert(id);
        self.set_timer(until, Timer::WrapUp(id));
        self.refresh(id);
    }

    fn extend_wrap_up(&mut self, id: AgentId, until: Timestamp) {
        let agent = self.agent_mut(id);
        let Some(wrap_up) = &mut agent.wrap_up else { return };
        let before = core::mem::replace(&mut wrap_up.until, until);
        wrap_up.extended = true;
        // He is at it since when he was before.
        agent.activity = agent.derived_activity();
        self.clear_timer(before, Timer::WrapUp(id));
        self.set_timer(until, Timer::WrapUp(id));
    }

    fn end_wrap_up(&mut self, id: AgentId) {
        let at = self.at;
        let agent = self.agent_mut(id);
        agent.idle_since = at;
        if let Some(WrapUp { call, queue, since, until, .. }) = agent.wrap_up.take() {
            self.clear_timer(until, Timer::WrapUp(id));
            self.call_mut(call).wrap_ups.remove(&id);
            if let Some(queue) = self.queues.get_mut(&queue) {
                queue.pace.end_wrap_up(at.millis_since(since));
            }
        }
        self.refresh(id);
    }

    pub(super) fn apply_membership(&mut self, event: &Event) {
        if let Fact::AgentAssigned { agent, queue, tier } = event.fact {
            self.assign(agent, queue, tier);
        } else if let Fact::TierSet { agent, queue, tier } = event.fact {
            self.set_tier(agent, queue, tier);
        } else if let Fact::AgentUnassigned { agent, queue } = event.fact {
            self.unassign(agent, queue);
        } else if let Fact::MembershipSet { agent, queue, membership } = event.fact {
            self.set_membership(agent, queue, membership);
        } else if let Fact::MembershipPending { agent, queue, wish } = event.fact {
            self.set_pending_membership(agent, queue, wish);
        }
    }

    fn assign(&mut self, id: AgentId, queue: QueueId, tier: Tier) {
        let membership = Membership::Ready;
        let presence = Presence::default();
        let part = Assignment {
            membership,
            tier,
            ring: None,
            calls: 0,
            last_call: None,
            spot: None,
            staffs: false,
            presence,
        };
        let agent = self.agent_mut(id);
        agent.memberships.insert(queue, part);
        let is_here = agent.login.is_some();
        let line = self.queue_mut(queue);
        line.agents.insert(id);
        if is_here {
            line.count_log_in(tier.level);
        }
        self.qualify(id, queue);
        self.take_up_rules(id, queue);
        self.reset_leaving(queue);
    }

    fn unassign(&mut self, id: AgentId, queue: QueueId) {
        self.set_membership(id, queue, Membership::Out);
        let agent = self.agent_mut(id);
        let part = agent.memberships.remove(&queue).expect("only who is assigned is taken off");
        agent.pending_memberships.remove(&queue);
        let is_here = agent.login.is_some();
        let line = self.queue_mut(queue);
        line.agents.remove(&id);
        if is_here {
            line.count_log_out(part.tier.level);
        }
        self.uncount(queue, part.presence);
        self.rematch(queue);
    }

    fn set_tier(&mut self, id: AgentId, queue: QueueId, tier: Tier) {
        let agent = self.agent_mut(id);
        let is_here = agent.login.is_some();
        let part = agent.memberships.get_mut(&queue).expect("only who is assigned has a tier");
        let before = core::mem::replace(&mut part.tier, tier);
        if is_here {
            let line = self.queue_mut(queue);
            line.count_log_out(before.level);
            line.count_log_in(tier.level);
        }
        self.stand(id, queue);
        self.count_presence(id, queue);
    }

    fn set_membership(&mut self, id: AgentId, queue: QueueId, membership: Membership) {
        let agent = self.agent_mut(id);
        agent.memberships.get_mut(&queue).expect("only who is assigned has a part").membership = membership;
        if membership != Membership::Ready {
            agent.pending_memberships.remove(&queue);
        }
        self.stand(id, queue);
        self.count_presence(id, queue);
        self.match_wanted(id);
    }

    /// Brings activity and standing up to what the agent's other axes say. Called after every change to them.
    pub(super) fn refresh(&mut self, id: AgentId) {
        let (at, wall) = (self.at, self.wall);
        let agent = self.agent(id);
        let device = agent.login.and_then(|login| self.devices.get(&login.device));
        let device_idle = device.is_some_and(|device| device.is_idle());
        let excluded = agent.exclusions(device);
        let agent = self.agent_mut(id);
        let activity = agent.derived_activity();
        if activity != agent.activity {
            assert_legal("activity", ACTIVITY, agent.activity.step(), activity.step());
            let goes_on = match (&agent.activity, &activity) {
                // His call became part of another.
                (Activity::InCall { leg: before, .. }, Activity::InCall { leg, .. }) => before == leg,
                _ => false,
            };
            agent.activity = activity;
            if !goes_on {
                agent.activity_since = at;
                agent.since_wall = wall;
            }
        }
        let standing = agent.could_take_calls(device_idle).then_some(agent.idle_since);
        let at_work = agent.is_at_work();
        if (standing, at_work) != (agent.standing, agent.at_work) {
            (agent.standing, agent.at_work) = (standing, at_work);
            for queue in agent.memberships.keys().copied().collect::<Vec<_>>() {
                self.stand(id, queue);
            }
            self.match_wanted(id);
        }
        self.exclude(id, excluded);
    }

    /// Brings the agent's place in a queue's order up to what his axes say: in at his spot, or out.
    pub(super) fn stand(&mut self, id: AgentId, queue: QueueId) {
        let (Some(agent), Some(line)) = (self.agents.get_mut(&id), self.queues.get_mut(&queue)) else {
            unreachable!("an assignment names an agent and a queue that are there");
        };
        let Some(part) = agent.memberships.get(&queue) else { return };
        let (before, spot) = (part.spot, agent.spot(id, part, &line.filed.entry));
        let staffs = agent.serves(queue) && part.ring.is_some();
        if let Some(part) = agent.memberships.get_mut(&queue).filter(|part| part.staffs != staffs) {
            part.staffs = staffs;
            line.staffed = if staffs { line.staffed + 1 } else { line.staffed - 1 };
        }
        if before != spot {
            if let Some(before) = before {
                line.pool.remove(&before);
            }
            if let Some(spot) = spot {
                line.pool.insert(spot);
            }
            if let Some(part) = agent.memberships.get_mut(&queue) {
                part.spot = spot;
            }
        }
        self.rematch(queue);
    }

    /// Brings an agent's part in a queue up to his skills and to what the queue needs; [`State::reset_leaving`] follows.
    pub(super) fn qualify(&mut self, id: AgentId, queue: QueueId) {
        let ring = self.queue(queue).filed.entry.ring_of(&self.agent(id).filed.entry.skills);
        if let Some(part) = self.agent_mut(id).memberships.get_mut(&queue) {
            part.ring = ring;
        }
        self.stand(id, queue);
        self.recount(id, queue);
    }

    /// As [`State::qualify`] in all of an agent's queues. At most [`crate::limits::QUEUES_PER_AGENT_MAX`] of them.
    pub(super) fn qualify_everywhere(&mut self, id: AgentId) {
        for (queue, _) in self.levels_of(id) {
            self.qualify(id, queue);
            self.reset_leaving(queue);
        }
    }

    /// Who is there decides which levels calls go past, where a queue says so.
    fn reset_leaving_everywhere(&mut self, id: AgentId) {
        for (queue, _) in self.levels_of(id) {
            self.reset_leaving(queue);
        }
    }

    /// The queues that an agent is assigned to, with his level in each. At most
    /// [`crate::limits::QUEUES_PER_AGENT_MAX`] of them.
    fn levels_of(&self, id: AgentId) -> Vec<(QueueId, u16)> {
        self.agent(id).memberships.iter().map(|(queue, part)| (*queue, part.tier.level)).collect()
    }
}
