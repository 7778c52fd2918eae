//! Calls, legs and recordings as applied.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::{Place, State};
use crate::agent::Missed;
use crate::call::{CALL, CallStep, Direction, LEG, LegPhase, LegStep, Role, Service};
use crate::command::Endpoint;
use crate::entry::Name;
use crate::fact::{Event, Fact};
use crate::id::{AgentId, CallId, DeviceId, Guid, LegId, OfferId, QueueId, RecordingId, TenantId};
use crate::limits::{
    BRIEFING_MS_MAX, DIGIT_PAUSE_MS, GREETING_MS_MAX, LEG_ENDING_KEPT_MS, LEG_ENDINGS_MAX, MESSAGE_MS_MAX,
    MESSAGE_PLAY_MS_MAX, NUMBER_MS_MAX, RING_MS_MAX,
};
use crate::machine::assert_legal;
use crate::recording::{RECORDING, RecordingStep};
use crate::text::Number;
use crate::time::{Timestamp, WallTime};
use crate::timer::Timer;

/// A call whose record is not closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) tenant: TenantId,
    pub(crate) guid: Guid,
    pub(crate) direction: Direction,
    pub(crate) caller: Option<Number>,
    pub(crate) caller_name: Name,
    pub(crate) dialled: Number,
    pub(crate) started: Timestamp,
    pub(crate) started_wall: WallTime,
    pub(crate) step: CallStep,
    pub(crate) legs: BTreeSet<LegId>,
    /// The leg with [`Role::Caller`], while it lives.
    pub(crate) caller_leg: Option<LegId>,
    pub(crate) place: Option<Place>,
    /// The queue it waits in or came through.
    pub(crate) queue: Option<QueueId>,
    pub(crate) overflows: u8,
    /// Whether an emergency led it on already.
    pub(crate) diverted: bool,
    pub(crate) offers: BTreeSet<OfferId>,
    /// Who talks in it, in the order of joining, even while one holds the others.
    pub(crate) members: Vec<LegId>,
    /// Who of them hear each other: nobody, or at least two.
    pub(crate) heard: BTreeSet<LegId>,
    /// Where one of them asks somebody else meanwhile.
    pub(crate) consultation: Option<Consultation>,
    /// The call for which somebody consults in this one.
    pub(crate) consults_for: Option<CallId>,
    /// Everyone who had a part in the talking, and through which queue.
    pub(crate) agents: BTreeMap<AgentId, Option<QueueId>>,
    pub(crate) wrap_ups: BTreeSet<AgentId>,
    pub(crate) recording: Option<RecordingId>,
    /// When what is said, or a message that is left, should long be over.
    pub(crate) greeting_until: Option<Timestamp>,
    /// What the engine does with it, while it is served.
    pub(crate) service: Option<Service>,
    /// Whom it is to reach, when nobody has called yet.
    pub(crate) callback: Option<Callback>,
    /// The digits of the number that is asked for.
    pub(crate) digits: String,
    /// Who missed it and let it go on.
    pub(crate) forwarded_by: BTreeSet<AgentId>,
    /// Its place, while it is parked.
    pub(crate) parked: Option<Parked>,
    /// The calls in which somebody hears this one.
    pub(crate) monitors: BTreeSet<CallId>,
}

/// A call in which somebody asks on behalf of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Consultation {
    pub(crate) call: CallId,
    /// Who asks: in either of the two calls.
    pub(crate) leg: LegId,
    /// Whether the recording of the call goes on when he is back in it.
    pub(crate) resumes: bool,
}

/// Somebody who asked to be called back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Callback {
    /// Where he is called.
    pub(crate) number: Number,
    /// How long he has his place.
    pub(crate) until: Timestamp,
}

/// A parked call's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parked {
    pub(crate) slot: u16,
    /// Who waits.
    pub(crate) leg: LegId,
    /// Who parked it.
    pub(crate) device: DeviceId,
    pub(crate) since: Timestamp,
    /// When the device is rung for it.
    pub(crate) until: Timestamp,
    /// How often it was.
    pub(crate) reminded: u8,
}

/// A leg that lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Leg {
    pub(crate) tenant: TenantId,
    pub(crate) call: CallId,
    pub(crate) guid: Guid,
    pub(crate) role: Role,
    pub(crate) endpoint: Endpoint,
    pub(crate) agent: Option<AgentId>,
    pub(crate) phase: LegPhase,
    pub(crate) since: Timestamp,
    /// Whether its phone holds the call.
    pub(crate) held_by_phone: bool,
    /// Whether it holds the call by command.
    pub(crate) held_by_command: bool,
    /// Whether nobody hears it.
    pub(crate) muted: bool,
    pub(crate) offer: Option<OfferId>,
    /// When it has rung too long, unless an offer says when.
    pub(crate) rings_until: Option<Timestamp>,
    pub(crate) dialog: Option<String>,
}

impl Call {
    /// A leg is in it no more.
    fn lose(&mut self, leg: LegId) {
        self.legs.remove(&leg);
        self.members.retain(|member| *member != leg);
        self.heard.remove(&leg);
        if self.heard.len() < 2 {
            self.heard.clear();
        }
        if self.caller_leg == Some(leg) {
            self.caller_leg = None;
        }
    }
}

impl Leg {
    /// Whether it holds the call, in one way or the other.
    pub(crate) const fn is_held(&self) -> bool {
        self.held_by_phone || self.held_by_command
    }

    /// Whether we dialled it beyond a trunk.
    pub(crate) fn goes_out(&self) -> bool {
        self.role == Role::Callee && matches!(self.endpoint, Endpoint::Trunk(_))
    }
}

/// A leg that ended a moment ago: should the process die before the far end knows, another can still tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndedLeg {
    pub(crate) at: Timestamp,
    pub(crate) leg: LegId,
    pub(crate) dialog: String,
}

/// A recording whose file is not complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recording {
    pub(crate) tenant: TenantId,
    pub(crate) guid: Guid,
    pub(crate) call: CallId,
    pub(crate) step: RecordingStep,
    /// Who is heard on the left.
    pub(crate) agent: AgentId,
    /// Whose message it will be, when it is one.
    pub(crate) message: Option<Draft>,
}

/// A message that is being left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) agent: AgentId,
    pub(crate) caller: Option<Number>,
    pub(crate) caller_name: Name,
}

impl State {
    pub(crate) fn call(&self, id: CallId) -> &Call {
        self.calls.get(&id).expect("what is part of a call does not outlive it")
    }

    pub(super) fn call_mut(&mut self, id: CallId) -> &mut Call {
        self.calls.get_mut(&id).expect("what is part of a call does not outlive it")
    }

    pub(super) fn leg_mut(&mut self, id: LegId) -> &mut Leg {
        self.legs.get_mut(&id).expect("a fact names live legs")
    }

    pub(super) fn start_call(&mut self, event: &Event) {
        let Fact::CallStarted { call: id, guid, direction, caller, caller_name, dialled } = &event.fact
        else {
            return;
        };
        self.last.call = self.last.call.max(id.0);
        let owner = self.tenant_mut(event.tenant);
        owner.calls.insert(*id, *guid);
        owner.call_guids.insert(*guid, *id);
        let call = Call {
            tenant: event.tenant,
            guid: *guid,
            direction: *direction,
            caller: caller.clone(),
            caller_name: caller_name.clone(),
            dialled: dialled.clone(),
            started: self.at,
            started_wall: self.wall,
            step: CallStep::Setup,
            legs: BTreeSet::new(),
            caller_leg: None,
            place: None,
            queue: None,
            overflows: 0,
            diverted: false,
            offers: BTreeSet::new(),
            members: Vec::new(),
            heard: BTreeSet::new(),
            consultation: None,
            consults_for: None,
            agents: BTreeMap::new(),
            wrap_ups: BTreeSet::new(),
            recording: None,
            greeting_until: None,
            service: None,
            callback: None,
            digits: String::new(),
            forwarded_by: BTreeSet::new(),
            parked: None,
            monitors: BTreeSet::new(),
        };
        self.calls.insert(*id, call);
    }

    pub(super) fn add_leg(&mut self, event: &Event) {
        let &Fact::LegAdded { call, leg: id, guid, role, arrived, endpoint, agent } = &event.fact else {
            return;
        };
        self.last.leg = self.last.leg.max(id.0);
        let rings_ms = self.rings_ms(call, role, endpoint);
        let rings_until = (!arrived).then(|| Timestamp(self.at.0.saturating_add(rings_ms)));
        if let Some(due) = rings_until {
            self.set_timer(due, Timer::Ring(id));
        }
        let leg = Leg {
            tenant: event.tenant,
            call,
            guid,
            role,
            endpoint,
            agent,
            phase: if arrived { LegPhase::Arrived } else { LegPhase::Dialled },
            since: self.at,
            held_by_phone: false,
            held_by_command: false,
            muted: false,
            offer: None,
            rings_until,
            dialog: None,
        };
        if leg.goes_out() {
            let at = self.at;
            self.tenant_mut(event.tenant).outbound.begin(at);
        }
        self.legs.insert(id, leg);
        let whole = self.call_mut(call);
        whole.legs.insert(id);
        match role {
            Role::Caller => whole.caller_leg = Some(id),
            Role::Callee if matches!(whole.step, CallStep::Greeting | CallStep::Briefing) => {
                self.enter_call(call, CallStep::Setup);
            }
            Role::Callee => {}
        }
        self.occupy(endpoint, |legs| legs.insert(id));
        self.remember_number(call, role, arrived, endpoint);
    }

    /// How long a leg rings that no queue offers: whoever forwards what he does not answer says so himself.
    fn rings_ms(&self, call: CallId, role: Role, endpoint: Endpoint) -> u64 {
        let (Role::Callee, Endpoint::Device(device), None) = (role, endpoint, self.call(call).parked) else {
            return RING_MS_MAX;
        };
        let person = self.person_at(device);
        let forwards = person.filter(|agent| self.forward(call, *agent, Missed::NoAnswer).is_some());
        forwards.map_or(RING_MS_MAX, |agent| self.agent(agent).filed.entry.ring_ms)
    }

    /// Who has a part in a call now, and through which queue.
    pub(crate) fn parts_in(&self, id: CallId) -> impl Iterator<Item = (AgentId, Option<QueueId>)> {
        let has_part = move |agent: &AgentId| self.agent(*agent).parts.values().any(|part| part.call == id);
        let agents = self.call(id).agents.iter().map(|(agent, queue)| (*agent, *queue));
        agents.filter(move |(agent, _)| has_part(agent))
    }

    /// Who has a part in a call now that he was offered by a queue.
    pub(crate) fn part_by_queue(&self, id: CallId) -> Option<(AgentId, QueueId)> {
        self.parts_in(id).find_map(|(agent, queue)| Some((agent, queue?)))
    }

    /// Who speaks from a device: who is logged in there, else whose desk it stands on.
    pub(crate) fn person_at(&self, device: DeviceId) -> Option<AgentId> {
        let device = self.device(device);
        device.agent.or(device.filed.entry.owner)
    }

    /// Keeps whom a device called last, and who called it, for it to call again.
    fn remember_number(&mut self, call: CallId, role: Role, arrived: bool, endpoint: Endpoint) {
        let Endpoint::Device(device) = endpoint else { return };
        let call = self.call(call);
        let (caller, dialled) = (call.caller.clone(), call.dialled.clone());
        let known = self.devices.get_mut(&device).expect("a device with legs is not removed");
        match (role, arrived) {
            (Role::Caller, _) if !dialled.as_str().starts_with(['*', '#']) => {
                known.dialled_last = Some(dialled);
            }
            (Role::Callee, false) => known.called_last = caller.or(known.called_last.take()),
            (Role::Caller | Role::Callee, _) => {}
        }
    }

    pub(super) fn enter_leg(&mut self, id: LegId, phase: LegPhase) {
        let at = self.at;
        let leg = self.leg_mut(id);
        assert_legal("leg", LEG, LegStep::of(leg.phase), LegStep::of(phase));
        let answered = phase == LegPhase::Answered && leg.phase != LegPhase::Held;
        leg.phase = phase;
        leg.since = at;
        let (tenant, talks_out) = (leg.tenant, answered && leg.goes_out());
        if phase == LegPhase::Answered {
            self.stop_ring_timer(id);
        }
        if talks_out {
            let now = self.now();
            self.tenant_mut(tenant).outbound.talk(now);
        }
    }

    pub(super) fn stop_ring_timer(&mut self, id: LegId) {
        if let Some(due) = self.leg_mut(id).rings_until.take() {
            self.clear_timer(due, Timer::Ring(id));
        }
    }

    pub(super) fn clear_leg(&mut self, id: LegId) {
        self.stop_ring_timer(id);
        let leg = self.legs.remove(&id).expect("a leg clears once");
        assert_legal("leg", LEG, LegStep::of(leg.phase), LegStep::Cleared);
        self.call_mut(leg.call).lose(id);
        if leg.goes_out() {
            let (now, talked) = (self.now(), matches!(leg.phase, LegPhase::Answered | LegPhase::Held));
            self.tenant_mut(leg.tenant).outbound.end(now, talked);
        }
        self.occupy(leg.endpoint, |legs| legs.remove(&id));
        if let (Some(dialog), true) = (leg.dialog, leg.phase != LegPhase::Arrived) {
            self.keep_ending(EndedLeg { at: self.at, leg: id, dialog });
        }
    }

    fn keep_ending(&mut self, ended: EndedLeg) {
        let old = |first: &EndedLeg| ended.at.millis_since(first.at) > LEG_ENDING_KEPT_MS;
        while self.ended_legs.len() >= LEG_ENDINGS_MAX || self.ended_legs.front().is_some_and(old) {
            self.ended_legs.pop_front();
        }
        self.ended_legs.push_back(ended);
    }

    /// Changes which legs a device has, and so whether its agent can be offered a call.
    fn occupy(&mut self, endpoint: Endpoint, change: impl FnOnce(&mut BTreeSet<LegId>) -> bool) {
        let Endpoint::Device(device) = endpoint else {
            return;
        };
        let device = self.devices.get_mut(&device).expect("a device with legs is not removed");
        change(&mut device.legs);
        if let Some(agent) = device.agent {
            self.refresh(agent);
        }
    }

    /// These talk, and hear each other.
    pub(super) fn let_hear(&mut self, id: CallId, legs: &[LegId]) {
        let call = self.call_mut(id);
        for leg in legs {
            if !call.members.contains(leg) {
                call.members.push(*leg);
            }
        }
        call.heard = legs.iter().copied().collect();
        if call.step != CallStep::Talking {
            self.enter_call(id, CallStep::Talking);
        }
    }

    pub(super) fn hear_nobody(&mut self, id: CallId) {
        self.call_mut(id).heard.clear();
    }

    /// A phone, or somebody by command, holds the call or takes it back.
    pub(super) fn hold(&mut self, id: LegId, by_command: bool, held: bool) {
        let leg = self.leg_mut(id);
        let flag = if by_command { &mut leg.held_by_command } else { &mut leg.held_by_phone };
        *flag = held;
        let (is_held, was_held) = (leg.is_held(), leg.phase == LegPhase::Held);
        if is_held != was_held {
            self.enter_leg(id, if is_held { LegPhase::Held } else { LegPhase::Answered });
        }
    }

    /// A leg goes to another call. Whoever consults keeps his part in the call that he consults for.
    pub(super) fn move_leg(&mut self, id: LegId, from: CallId, to: CallId) {
        let recording = self.call(from).recording.and_then(|recording| self.recordings.get(&recording));
        let resumes = recording.is_some_and(|recording| recording.step == RecordingStep::Started);
        let role = self.leg(id).role;
        let left = self.call_mut(from);
        left.lose(id);
        match &mut left.consultation {
            Some(consultation) if consultation.call == to && consultation.leg == id => {
                consultation.resumes = resumes;
            }
            _ => {}
        }
        let entered = self.call_mut(to);
        entered.legs.insert(id);
        if entered.step == CallStep::Talking {
            entered.members.push(id);
        }
        // Who asks in a call that has no caller yet is its caller; who is back is what he was.
        if entered.caller_leg.is_none() && (role == Role::Caller || entered.step == CallStep::Setup) {
            entered.caller_leg = Some(id);
        }
        self.leg_mut(id).call = to;
    }

    /// Two calls become one: these legs go to it with their agents' parts.
    pub(super) fn join(&mut self, id: CallId, from: CallId, legs: &[LegId]) {
        if let Some(consultation) = self.call_mut(id).consultation.take() {
            self.end_consulting(consultation.call);
        }
        for leg in legs {
            self.move_leg(*leg, from, id);
            let agent = self.agent_with_leg(*leg);
            if let Some(agent) = agent {
                let part = self.agent_mut(agent).parts.get_mut(leg).expect("he was found by it");
                part.call = id;
                let queue = part.queue;
                self.call_mut(id).agents.insert(agent, queue);
                self.refresh(agent);
            }
        }
    }

    pub(super) fn start_consulting(&mut self, id: CallId, of: CallId, leg: LegId) {
        self.call_mut(of).consultation = Some(Consultation { call: id, leg, resumes: false });
        self.call_mut(id).consults_for = Some(of);
    }

    pub(super) fn end_consulting(&mut self, id: CallId) {
        if let Some(of) = self.call_mut(id).consults_for.take() {
            self.call_mut(of).consultation = None;
        }
    }

    /// The agent who talks by that leg.
    pub(crate) fn agent_with_leg(&self, id: LegId) -> Option<AgentId> {
        let leg = self.leg(id);
        let Endpoint::Device(device) = leg.endpoint else { return None };
        let candidates = [leg.agent, self.device(device).agent];
        candidates.into_iter().flatten().find(|agent| self.agent(*agent).parts.contains_key(&id))
    }

    /// One of the two leaves; the other is the caller of what follows, which is a new way through the house.
    pub(super) fn transfer(&mut self, id: CallId, stays: LegId) {
        self.enter_call(id, CallStep::Setup);
        let call = self.call_mut(id);
        (call.members, call.heard) = (Vec::new(), BTreeSet::new());
        (call.overflows, call.diverted) = (0, false);
        call.forwarded_by.clear();
        let called_back = call.callback.take().map(|callback| callback.number);
        if call.caller_leg != Some(stays) {
            call.caller_leg = Some(stays);
            let number = called_back.unwrap_or_else(|| call.dialled.clone());
            (call.caller, call.caller_name) = (Some(number), Name::default());
        }
    }

    /// Something is said to the caller, and should not take for ever.
    pub(super) fn start_saying(&mut self, id: CallId, step: CallStep) {
        self.enter_call(id, step);
        self.should_end_within(id, GREETING_MS_MAX);
    }

    /// The engine serves the call, or goes on to something else with it.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    pub(super) fn serve(&mut self, fact: &Fact) {
        let (call, service, within_ms) = match fact {
            Fact::AnnouncementStarted { call, .. } => (*call, Service::Announces, GREETING_MS_MAX),
            Fact::MailboxReached { call, agent } => (*call, Service::Greets(*agent), GREETING_MS_MAX),
            Fact::MailboxOpened { call, agent } => {
                let new = self.agent(*agent).messages.values().any(|message| !message.heard);
                (*call, Service::Plays { agent: *agent, new, message: None }, GREETING_MS_MAX)
            }
            Fact::NumberAsked { call, agent, feature, digits } => {
                self.call_mut(*call).digits = digits.as_str().to_owned();
                let within_ms = if digits.as_str().is_empty() { NUMBER_MS_MAX } else { DIGIT_PAUSE_MS };
                (*call, Service::Asks { agent: *agent, feature: *feature }, within_ms)
            }
            Fact::LogInAsked { call, digits, pin, wrong } => {
                self.call_mut(*call).digits = digits.as_str().to_owned();
                let pauses = !pin && !digits.as_str().is_empty();
                let within_ms = if pauses { DIGIT_PAUSE_MS } else { NUMBER_MS_MAX };
                (*call, Service::LogsIn { pin: *pin, wrong: *wrong }, within_ms)
            }
            Fact::MessagePlayed { call, agent, message } => {
                let before = self.call(*call).service;
                let new = matches!(before, Some(Service::Plays { new: true, .. }));
                let service = Service::Plays { agent: *agent, new, message: Some(*message) };
                (*call, service, MESSAGE_PLAY_MS_MAX)
            }
            _ => return,
        };
        if self.call(call).step != CallStep::Served {
            self.enter_call(call, CallStep::Served);
        }
        self.call_mut(call).service = Some(service);
        self.should_end_within(call, within_ms);
    }

    /// Somebody hears another call from this one, as long as both last.
    pub(super) fn start_monitoring(&mut self, id: CallId, monitored: CallId) {
        self.enter_call(id, CallStep::Served);
        self.call_mut(id).service = Some(Service::Monitors(monitored));
        self.call_mut(monitored).monitors.insert(id);
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    pub(super) fn apply_parking(&mut self, event: &Event) {
        match event.fact {
            Fact::CallParked { call, leg, slot, device, until, reminded } => {
                let since = match self.call(call).parked {
                    Some(before) => {
                        self.clear_timer(before.until, Timer::Parked(call));
                        before.since
                    }
                    None => {
                        self.enter_call(call, CallStep::Parked);
                        self.at
                    }
                };
                let whole = self.call_mut(call);
                (whole.members, whole.heard) = (Vec::new(), BTreeSet::new());
                whole.parked = Some(Parked { slot, leg, device, since, until, reminded });
                self.tenant_mut(event.tenant).parked.insert(slot, call);
                self.set_timer(until, Timer::Parked(call));
            }
            Fact::ParkingEnded { call, slot, .. } => {
                if let Some(parked) = self.call_mut(call).parked.take() {
                    self.clear_timer(parked.until, Timer::Parked(call));
                }
                self.tenant_mut(event.tenant).parked.remove(&slot);
            }
            _ => {}
        }
    }

    fn should_end_within(&mut self, id: CallId, ms: u64) {
        if let Some(due) = self.call_mut(id).greeting_until.take() {
            self.clear_timer(due, Timer::Greeting(id));
        }
        let due = Timestamp(self.at.0.saturating_add(ms));
        self.call_mut(id).greeting_until = Some(due);
        self.set_timer(due, Timer::Greeting(id));
    }

    /// The agent of a call is told what it is, and should not be for long.
    pub(super) fn start_briefing(&mut self, id: CallId) {
        self.enter_call(id, CallStep::Briefing);
        self.should_end_within(id, BRIEFING_MS_MAX);
    }

    pub(super) fn enter_call(&mut self, id: CallId, step: CallStep) {
        let call = self.call_mut(id);
        assert_legal("call", CALL, call.step, step);
        call.step = step;
        let monitored = match (step, call.service) {
            (CallStep::Cleared, Some(Service::Monitors(monitored))) => Some(monitored),
            _ => None,
        };
        if let Some(due) = call.greeting_until.take() {
            self.clear_timer(due, Timer::Greeting(id));
        }
        if let Some(monitored) = monitored.and_then(|monitored| self.calls.get_mut(&monitored)) {
            monitored.monitors.remove(&id);
        }
    }

    pub(super) fn close_call(&mut self, id: CallId) {
        self.enter_call(id, CallStep::Closed);
        let call = self.calls.remove(&id).expect("a call closes once");
        self.tenant_mut(call.tenant).close_call(id);
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    pub(super) fn apply_recording(&mut self, event: &Event) {
        match &event.fact {
            Fact::RecordingStarted { recording, .. } => self.start_recording(*recording, event),
            Fact::RecordingPaused { recording, .. } => {
                self.enter_recording(*recording, RecordingStep::Paused);
            }
            Fact::RecordingResumed { recording, .. } => {
                self.enter_recording(*recording, RecordingStep::Started);
            }
            Fact::RecordingStopped { recording, .. } => {
                self.enter_recording(*recording, RecordingStep::Stopped);
            }
            Fact::RecordingSaved { recording, .. } => self.enter_recording(*recording, RecordingStep::Saved),
            Fact::RecordingFailed { recording, .. } => {
                self.enter_recording(*recording, RecordingStep::Failed);
            }
            _ => {}
        }
    }

    fn start_recording(&mut self, id: RecordingId, event: &Event) {
        let &Fact::RecordingStarted { guid, call, agent: recorded, .. } = &event.fact else {
            return;
        };
        self.last.recording = self.last.recording.max(id.0);
        let whole = self.call_mut(call);
        whole.recording = Some(id);
        let message = if let Some(Service::Greets(agent)) = whole.service {
            whole.service = Some(Service::Takes(agent));
            let (caller, caller_name) = (whole.caller.clone(), whole.caller_name.clone());
            Some(Draft { agent, caller, caller_name })
        } else {
            None
        };
        if message.is_some() {
            self.should_end_within(call, MESSAGE_MS_MAX);
        }
        let step = RecordingStep::Started;
        let recording = Recording { tenant: event.tenant, guid, call, step, agent: recorded, message };
        self.recordings.insert(id, recording);
    }

    fn enter_recording(&mut self, id: RecordingId, step: RecordingStep) {
        let recording = self.recordings.get_mut(&id).expect("a fact names live recordings");
        assert_legal("recording", RECORDING, recording.step, step);
        recording.step = step;
        let call = recording.call;
        match step {
            RecordingStep::Started | RecordingStep::Paused => {}
            RecordingStep::Stopped => self.call_mut(call).recording = None,
            RecordingStep::Saved | RecordingStep::Failed => drop(self.recordings.remove(&id)),
        }
    }
}
