//! The fold itself.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AgentPart, Cdr, CdrChange, ConsultationOutcome, ConsultationPart, DispositionPart, ENTRIES_MAX,
    OfferPart, ParkingPart, Pause, QueuePart, RecordingEnd, RecordingPart, RecordingState, Segment,
    TransferPart,
};
use crate::call::{Joining, OfferEnd, TransferTo};
use crate::fact::{Event, Fact};
use crate::id::{AgentId, CallId, DeviceId, LegId, QueueId, RecordingId};
use crate::time::Timestamp;

/// The records of the calls that are not closed yet.
#[derive(Clone, Debug, Default)]
pub struct CdrFold {
    open: BTreeMap<CallId, OpenCall>,
    started_at: BTreeSet<u64>,
}

#[derive(Clone, Debug)]
struct OpenCall {
    cdr: Cdr,
    first_seq: u64,
    started: Timestamp,
    /// Up to here talk and hold are counted.
    counted: Timestamp,
    /// Who hear each other: nobody, or at least two.
    heard: BTreeSet<LegId>,
    held: BTreeSet<LegId>,
    wraps: BTreeMap<AgentId, Timestamp>,
}

impl CdrFold {
    /// Takes in the next event. Facts of calls whose start was not seen are passed over.
    pub fn apply(&mut self, event: &Event) -> Option<CdrChange> {
        if let Fact::CallStarted { call, .. } = &event.fact {
            self.open_call(*call, event);
            return None;
        }
        if let Some(calls) = calls_of(&event.fact) {
            self.apply_to_both(calls, event);
            return None;
        }
        let call = call_of(&event.fact)?;
        match self.open.get_mut(&call) {
            Some(open) => {
                open.apply(event);
                if matches!(event.fact, Fact::CallClosed { .. }) {
                    return self.close(call);
                }
                None
            }
            None => recording_end(&event.fact).map(|(recording, end)| CdrChange::RecordingEnded {
                call,
                recording,
                end,
            }),
        }
    }

    /// Takes in what concerns two calls.
    fn apply_to_both(&mut self, calls: [CallId; 2], event: &Event) {
        for call in calls {
            if let Some(open) = self.open.get_mut(&call) {
                open.count_until(event.at);
                open.cdr.closed = event.wall;
                open.cdr.closed_ms = event.at.millis_since(open.started);
            }
        }
        let at = event.at;
        if let Fact::LegMoved { leg, from, to } = &event.fact {
            self.move_leg(*leg, *from, *to, at);
        } else if let Fact::ConsultationStarted { call, of, device, agent, .. } = &event.fact {
            self.change(*of, |open| open.add_consultation(*call, *device, *agent, at));
            self.change(*call, |open| open.cdr.consulted_for = Some(*of));
        } else if let Fact::ConsultationEnded { call, of, end } = &event.fact {
            let end = ConsultationOutcome::Ended(*end);
            self.change(*of, |open| {
                open.end_consultation(*call, end, at);
            });
        } else if let Fact::CallsJoined { call, from, legs, how, device, agent } = &event.fact {
            self.join(*call, *from, *how, (*device, *agent), at);
            for leg in legs {
                self.move_leg(*leg, *from, *call, at);
            }
        }
    }

    fn join(
        &mut self,
        call: CallId,
        from: CallId,
        how: Joining,
        (device, agent): (DeviceId, Option<AgentId>),
        at: Timestamp,
    ) {
        let Some(asked) = self.open.get_mut(&from) else { return };
        asked.cdr.consulted_for = Some(call);
        let (to, ended_ms) = (asked.cdr.dialled.clone(), at.millis_since(asked.started));
        let mut moved = Vec::new();
        for part in &mut asked.cdr.agents {
            if part.disconnected_ms.is_none() && Some(part.agent) != agent {
                moved.push((part.agent, part.queue));
                part.disconnected_ms = Some(ended_ms);
            }
        }
        self.change(call, |open| {
            let now_ms = at.millis_since(open.started);
            let end = ConsultationOutcome::Joined(how);
            if !open.end_consultation(from, end, at) {
                open.add_consultation(from, device, agent, at);
                open.end_consultation(from, end, at);
            }
            if how == Joining::Transfer {
                let part = TransferPart { device, agent, to: TransferTo::Number(to), transferred_ms: now_ms };
                open.cdr.left_out += push_bounded(&mut open.cdr.transfers, part, |_| true);
            }
            for (agent, queue) in moved {
                open.add_agent(agent, queue, now_ms);
            }
        });
    }

    fn move_leg(&mut self, leg: LegId, from: CallId, to: CallId, at: Timestamp) {
        let segment = self.open.get_mut(&from).and_then(|open| open.give_away(leg, at));
        if let (Some(segment), Some(open)) = (segment, self.open.get_mut(&to)) {
            open.take_over(&segment, at);
        }
    }

    fn change(&mut self, call: CallId, change: impl FnOnce(&mut OpenCall)) {
        if let Some(open) = self.open.get_mut(&call) {
            change(open);
        }
    }

    /// The record of an open call as far as it goes.
    pub fn open(&self, call: CallId) -> Option<&Cdr> {
        self.open.get(&call).map(|open| &open.cdr)
    }

    /// The event from which a new fold must start to know every call that is open here.
    pub fn oldest_seq(&self) -> Option<u64> {
        self.started_at.first().copied()
    }

    fn open_call(&mut self, id: CallId, event: &Event) {
        let Some(open) = OpenCall::new(event) else { return };
        self.started_at.insert(event.seq);
        self.open.insert(id, open);
    }

    fn close(&mut self, call: CallId) -> Option<CdrChange> {
        let open = self.open.remove(&call)?;
        self.started_at.remove(&open.first_seq);
        Some(CdrChange::Closed(Box::new(open.cdr)))
    }
}

impl OpenCall {
    fn new(event: &Event) -> Option<Self> {
        let Fact::CallStarted { call, guid, direction, caller, caller_name, dialled } = &event.fact else {
            return None;
        };
        let cdr = Cdr {
            call: *call,
            guid: *guid,
            tenant: event.tenant,
            direction: *direction,
            caller: caller.clone(),
            caller_name: caller_name.clone(),
            dialled: dialled.clone(),
            started: event.wall,
            answered: None,
            cleared: None,
            closed: event.wall,
            answered_ms: None,
            cleared_ms: None,
            closed_ms: 0,
            talk_ms: 0,
            hold_ms: 0,
            wait_ms: 0,
            wrap_ms: 0,
            cause: None,
            queues: Vec::new(),
            segments: Vec::new(),
            offers: Vec::new(),
            agents: Vec::new(),
            parkings: Vec::new(),
            transfers: Vec::new(),
            consultations: Vec::new(),
            consulted_for: None,
            dispositions: Vec::new(),
            recordings: Vec::new(),
            left_out: 0,
        };
        Some(Self {
            cdr,
            first_seq: event.seq,
            started: event.at,
            counted: event.at,
            heard: BTreeSet::new(),
            held: BTreeSet::new(),
            wraps: BTreeMap::new(),
        })
    }

    fn apply(&mut self, event: &Event) {
        self.count_until(event.at);
        self.cdr.closed = event.wall;
        self.cdr.closed_ms = event.at.millis_since(self.started);
        self.apply_leg(event);
        self.apply_queue(event);
        self.apply_agent(event);
        self.apply_moves(event);
        self.apply_recording(event);
    }

    /// Talk is two who hear each other; hold is nobody who does once the call was answered, as somebody holds or consults.
    fn count_until(&mut self, at: Timestamp) {
        let passed = at.millis_since(self.counted);
        self.counted = at;
        let consults = self.cdr.consultations.last().is_some_and(|part| part.end.is_none());
        if self.heard.difference(&self.held).count() > 1 {
            self.cdr.talk_ms += passed;
        } else if self.cdr.answered.is_some() && (consults || !self.held.is_empty()) {
            self.cdr.hold_ms += passed;
        }
    }

    /// A leg is no longer in the call.
    fn lose(&mut self, leg: LegId) {
        self.held.remove(&leg);
        self.heard.remove(&leg);
        if self.heard.len() < 2 {
            self.heard.clear();
        }
    }

    /// Begins a leg's stretch in this call with what is known of it from another.
    fn take_over(&mut self, segment: &Segment, at: Timestamp) {
        let now_ms = at.millis_since(self.started);
        let answered_ms = segment.answered_ms.map(|_| now_ms);
        let segment =
            Segment { added_ms: now_ms, ringing_ms: None, answered_ms, moved_ms: None, ..segment.clone() };
        let over = |old: &Segment| old.cleared_ms.is_some() || old.moved_ms.is_some();
        self.cdr.left_out += push_bounded(&mut self.cdr.segments, segment, over);
    }

    /// Ends a leg's stretch, because it goes to another call.
    fn give_away(&mut self, leg: LegId, at: Timestamp) -> Option<Segment> {
        let now_ms = at.millis_since(self.started);
        self.lose(leg);
        let segment = self.cdr.segments.iter_mut().rev().find(|segment| segment.leg == leg)?;
        let known = segment.clone();
        segment.moved_ms = Some(now_ms);
        Some(known)
    }

    fn end_consultation(&mut self, call: CallId, end: ConsultationOutcome, at: Timestamp) -> bool {
        let now_ms = at.millis_since(self.started);
        let mut parts = self.cdr.consultations.iter_mut().rev();
        let part = parts.find(|part| part.call == call && part.end.is_none());
        let found = part.is_some();
        if let Some(part) = part {
            (part.ended_ms, part.end) = (Some(now_ms), Some(end));
        }
        found
    }

    fn add_consultation(&mut self, call: CallId, device: DeviceId, agent: Option<AgentId>, at: Timestamp) {
        let started_ms = at.millis_since(self.started);
        let part = ConsultationPart { call, device, agent, started_ms, ended_ms: None, end: None };
        self.cdr.left_out += push_bounded(&mut self.cdr.consultations, part, |old| old.end.is_some());
    }

    fn note_answered(&mut self, event: &Event) {
        if self.cdr.answered.is_none() {
            self.cdr.answered = Some(event.wall);
            self.cdr.answered_ms = Some(event.at.millis_since(self.started));
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`call_of` names every fact of a call")]
    fn apply_leg(&mut self, event: &Event) {
        let now_ms = event.at.millis_since(self.started);
        match &event.fact {
            Fact::LegAdded { leg, guid, role, arrived, endpoint, agent, .. } => {
                let segment = Segment {
                    leg: *leg,
                    guid: *guid,
                    role: *role,
                    arrived: *arrived,
                    endpoint: *endpoint,
                    agent: *agent,
                    added_ms: now_ms,
                    ringing_ms: None,
                    answered_ms: None,
                    cleared_ms: None,
                    cause: None,
                    moved_ms: None,
                };
                let came_to_nothing = |old: &Segment| old.cleared_ms.is_some() && old.answered_ms.is_none();
                self.cdr.left_out += push_bounded(&mut self.cdr.segments, segment, came_to_nothing);
            }
            Fact::LegRinging { leg, .. } => self.segment(*leg, |segment| segment.ringing_ms = Some(now_ms)),
            Fact::LegAnswered { leg, .. } => self.segment(*leg, |segment| segment.answered_ms = Some(now_ms)),
            Fact::LegHeld { leg, .. } => {
                self.held.insert(*leg);
            }
            Fact::LegRetrieved { leg, .. } => {
                self.held.remove(leg);
            }
            Fact::LegCleared { leg, cause, .. } => {
                self.lose(*leg);
                self.segment(*leg, |segment| {
                    segment.cleared_ms = Some(now_ms);
                    segment.cause = Some(*cause);
                });
            }
            Fact::LegsBridged { a, b, .. } => {
                self.heard = BTreeSet::from([*a, *b]);
                self.note_answered(event);
            }
            Fact::LegsMixed { legs, .. } => self.heard = legs.iter().copied().collect(),
            Fact::LegsUnbridged { .. } => self.heard.clear(),
            Fact::CallCleared { cause, .. } => {
                self.heard.clear();
                self.held.clear();
                self.cdr.cleared = Some(event.wall);
                self.cdr.cleared_ms = Some(now_ms);
                self.cdr.cause = Some(*cause);
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`call_of` names every fact of a call")]
    fn apply_queue(&mut self, event: &Event) {
        let now_ms = event.at.millis_since(self.started);
        match &event.fact {
            Fact::CallQueued { queue, entered, .. } => {
                let part = QueuePart {
                    queue: *queue,
                    entered_ms: entered.millis_since(self.started),
                    end: None,
                    waited_ms: 0,
                };
                self.cdr.left_out += push_bounded(&mut self.cdr.queues, part, |old| old.end.is_some());
            }
            Fact::WaitingEnded { queue, end, waited_ms, .. } => {
                self.cdr.wait_ms += waited_ms;
                let open = |part: &&mut QueuePart| part.queue == *queue && part.end.is_none();
                if let Some(part) = self.cdr.queues.iter_mut().rev().find(open) {
                    part.end = Some(*end);
                    part.waited_ms = *waited_ms;
                }
            }
            Fact::OfferMade { offer, queue, agent, .. } => {
                let part = OfferPart {
                    offer: *offer,
                    queue: *queue,
                    agent: *agent,
                    made_ms: now_ms,
                    ended_ms: None,
                    end: None,
                };
                let came_to_nothing =
                    |old: &OfferPart| old.end.is_some() && old.end != Some(OfferEnd::Accepted);
                self.cdr.left_out += push_bounded(&mut self.cdr.offers, part, came_to_nothing);
            }
            Fact::OfferEnded { offer, end, .. } => {
                if let Some(part) = self.cdr.offers.iter_mut().rev().find(|part| part.offer == *offer) {
                    part.ended_ms = Some(now_ms);
                    part.end = Some(*end);
                }
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`call_of` names every fact of a call")]
    fn apply_agent(&mut self, event: &Event) {
        let now_ms = event.at.millis_since(self.started);
        match &event.fact {
            Fact::AgentConnected { agent, queue, .. } => {
                self.add_agent(*agent, *queue, now_ms);
                self.note_answered(event);
            }
            Fact::AgentDisconnected { agent, .. } => {
                self.agent(*agent, |part| part.disconnected_ms = Some(now_ms));
            }
            Fact::WrapUpStarted { agent, .. } => {
                self.wraps.insert(*agent, event.at);
            }
            Fact::WrapUpEnded { agent, .. } => {
                if let Some(began) = self.wraps.remove(agent) {
                    let lasted = event.at.millis_since(began);
                    self.cdr.wrap_ms += lasted;
                    self.agent(*agent, |part| part.wrap_ms += lasted);
                }
            }
            Fact::DispositionSet { agent, disposition, note, .. } => {
                self.cdr.dispositions.retain(|part| part.agent != *agent);
                let part = DispositionPart {
                    agent: *agent,
                    disposition: *disposition,
                    note: note.clone(),
                    set: event.wall,
                };
                self.cdr.left_out += push_bounded(&mut self.cdr.dispositions, part, |_| true);
            }
            _ => {}
        }
    }

    fn apply_moves(&mut self, event: &Event) {
        let now_ms = event.at.millis_since(self.started);
        if let Fact::CallParked { slot, device, reminded: 0, .. } = &event.fact {
            let (slot, device) = (*slot, *device);
            let part = ParkingPart { slot, device, parked_ms: now_ms, ended_ms: None, end: None };
            let over = |old: &ParkingPart| old.end.is_some();
            self.cdr.left_out += push_bounded(&mut self.cdr.parkings, part, over);
        } else if let Fact::ParkingEnded { end, .. } = &event.fact
            && let Some(part) = self.cdr.parkings.last_mut().filter(|part| part.end.is_none())
        {
            (part.ended_ms, part.end) = (Some(now_ms), Some(*end));
        } else if let Fact::CallTransferred { device, agent, to, .. } = &event.fact {
            let part =
                TransferPart { device: *device, agent: *agent, to: to.clone(), transferred_ms: now_ms };
            self.cdr.left_out += push_bounded(&mut self.cdr.transfers, part, |_| true);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`call_of` names every fact of a call")]
    fn apply_recording(&mut self, event: &Event) {
        let now_ms = event.at.millis_since(self.started);
        match &event.fact {
            Fact::RecordingStarted { recording, guid, agent, .. } => {
                let part = RecordingPart {
                    recording: *recording,
                    guid: *guid,
                    agent: *agent,
                    started_ms: now_ms,
                    state: RecordingState::Recording,
                    audio_ms: 0,
                    paused_ms: 0,
                    bytes: 0,
                    pauses: Vec::new(),
                };
                self.cdr.left_out += push_bounded(&mut self.cdr.recordings, part, |_| true);
            }
            Fact::RecordingPaused { recording, reason, .. } => self.recording(*recording, |part| {
                part.state = RecordingState::Paused;
                let pause = Pause { reason: reason.clone(), from_ms: now_ms, to_ms: None };
                push_bounded(&mut part.pauses, pause, |old| old.to_ms.is_some())
            }),
            Fact::RecordingResumed { recording, .. } => self.recording(*recording, |part| {
                end_pause(part, now_ms);
                part.state = RecordingState::Recording;
                0
            }),
            Fact::RecordingStopped { recording, .. } => self.recording(*recording, |part| {
                end_pause(part, now_ms);
                part.state = RecordingState::Stopped;
                0
            }),
            fact => {
                if let Some((recording, end)) = recording_end(fact) {
                    self.cdr.end_recording(recording, end);
                }
            }
        }
    }

    fn add_agent(&mut self, agent: AgentId, queue: Option<QueueId>, connected_ms: u64) {
        let part = AgentPart { agent, queue, connected_ms, disconnected_ms: None, wrap_ms: 0 };
        let over = |old: &AgentPart| old.disconnected_ms.is_some();
        self.cdr.left_out += push_bounded(&mut self.cdr.agents, part, over);
    }

    fn segment(&mut self, leg: LegId, change: impl FnOnce(&mut Segment)) {
        if let Some(segment) = self.cdr.segments.iter_mut().rev().find(|segment| segment.leg == leg) {
            change(segment);
        }
    }

    fn agent(&mut self, agent: AgentId, change: impl FnOnce(&mut AgentPart)) {
        if let Some(part) = self.cdr.agents.iter_mut().rev().find(|part| part.agent == agent) {
            change(part);
        }
    }

    /// `change` says how many entries it left out.
    fn recording(&mut self, recording: RecordingId, change: impl FnOnce(&mut RecordingPart) -> u64) {
        let mut parts = self.cdr.recordings.iter_mut();
        if let Some(part) = parts.find(|part| part.recording == recording) {
            self.cdr.left_out += change(part);
        }
    }
}

fn end_pause(part: &mut RecordingPart, now_ms: u64) {
    if let Some(pause) = part.pauses.last_mut().filter(|pause| pause.to_ms.is_none()) {
        pause.to_ms = Some(now_ms);
        part.paused_ms += now_ms - pause.from_ms;
    }
}

/// Appends; at [`ENTRIES_MAX`] the oldest entry that may go makes room. Says how many were left out.
fn push_bounded<T>(entries: &mut Vec<T>, entry: T, may_go: impl Fn(&T) -> bool) -> u64 {
    if entries.len() < ENTRIES_MAX {
        entries.push(entry);
        return 0;
    }
    if let Some(index) = entries.iter().position(may_go) {
        entries.remove(index);
        entries.push(entry);
    }
    1
}

/// What a fact says of the end of a recording's file, if it does.
#[expect(clippy::wildcard_enum_match_arm, reason = "`call_of` names every fact of a call")]
pub fn recording_end(fact: &Fact) -> Option<(RecordingId, RecordingEnd)> {
    match fact {
        Fact::RecordingSaved { recording, audio_ms, paused_ms, bytes, .. } => Some((
            *recording,
            RecordingEnd::Saved { audio_ms: *audio_ms, paused_ms: *paused_ms, bytes: *bytes },
        )),
        Fact::RecordingFailed { recording, why, .. } => {
            Some((*recording, RecordingEnd::Failed { why: why.clone() }))
        }
        _ => None,
    }
}

/// The two calls whose records a fact belongs in, if they are two.
#[expect(clippy::wildcard_enum_match_arm, reason = "`call_of` names every fact of a call")]
const fn calls_of(fact: &Fact) -> Option<[CallId; 2]> {
    match fact {
        Fact::LegMoved { from, to, .. } => Some([*from, *to]),
        Fact::ConsultationStarted { call, of, .. } | Fact::ConsultationEnded { call, of, .. } => {
            Some([*call, *of])
        }
        Fact::CallsJoined { call, from, .. } => Some([*call, *from]),
        _ => None,
    }
}

/// The call whose record a fact belongs in. A new fact does not compile until it is named here; one that is named
/// with a call must be counted by `OpenCall::apply`.
#[expect(clippy::too_many_lines, reason = "one table of all facts; splitting it would need a wildcard")]
fn call_of(fact: &Fact) -> Option<CallId> {
    match fact {
        Fact::CallStarted { call, .. }
        | Fact::LegAdded { call, .. }
        | Fact::LegRinging { call, .. }
        | Fact::LegAnswered { call, .. }
        | Fact::LegHeld { call, .. }
        | Fact::LegRetrieved { call, .. }
        | Fact::LegCleared { call, .. }
        | Fact::LegMuted { call, .. }
        | Fact::DigitsSent { call, .. }
        | Fact::LegsBridged { call, .. }
        | Fact::LegsUnbridged { call, .. }
        | Fact::LegsMixed { call, .. }
        | Fact::LegMoved { to: call, .. }
        | Fact::ConsultationStarted { call, .. }
        | Fact::ConsultationEnded { call, .. }
        | Fact::CallsJoined { call, .. }
        | Fact::CallTransferred { call, .. }
        | Fact::CallParked { call, .. }
        | Fact::ParkingEnded { call, .. }
        | Fact::AgentConnected { call, .. }
        | Fact::AgentDisconnected { call, .. }
        | Fact::CallCleared { call, .. }
        | Fact::CallClosed { call }
        | Fact::CallQueued { call, .. }
        | Fact::SearchWidened { call, .. }
        | Fact::WaitingEnded { call, .. }
        | Fact::OfferMade { call, .. }
        | Fact::OfferEnded { call, .. }
        | Fact::WrapUpStarted { call, .. }
        | Fact::WrapUpExtended { call, .. }
        | Fact::WrapUpEnded { call, .. }
        | Fact::DispositionSet { call, .. }
        | Fact::RecordingStarted { call, .. }
        | Fact::RecordingPaused { call, .. }
        | Fact::RecordingResumed { call, .. }
        | Fact::RecordingStopped { call, .. }
        | Fact::RecordingSaved { call, .. }
        | Fact::RecordingFailed { call, .. } => Some(*call),
        Fact::BlacklistPromptsSet { .. }
        | Fact::CallerBlacklisted { .. }
        | Fact::OutboundRulesSet { .. }
        | Fact::OutboundRefused { .. }
        | Fact::TenantAdded { .. }
        | Fact::EntryAdded { .. }
        | Fact::EntryChanged { .. }
        | Fact::EntryRemoved { .. }
        | Fact::AgentAssigned { .. }
        | Fact::TierSet { .. }
        | Fact::AgentUnassigned { .. }
        | Fact::DeviceRegistered { .. }
        | Fact::DeviceUnregistered { .. }
        | Fact::AgentLoggedIn { .. }
        | Fact::AgentLoggedOut { .. }
        | Fact::AgentReady { .. }
        | Fact::AgentNotReady { .. }
        | Fact::DutyPending { .. }
        | Fact::HandlingSet { .. }
        | Fact::CallSettingsSet { .. }
        | Fact::CallForwarded { .. }
        | Fact::MembershipSet { .. }
        | Fact::MembershipPending { .. }
        | Fact::AgentRested { .. }
        | Fact::AgentRestEnded { .. }
        | Fact::LegSaved { .. }
        | Fact::CallerTold { .. }
        | Fact::ServiceLevelBreached { .. }
        | Fact::CallbackAsked { .. }
        | Fact::BriefingStarted { .. }
        | Fact::GreetingStarted { .. }
        | Fact::FeatureCodesSet { .. }
        | Fact::AccessNoted { .. }
        | Fact::CalendarTurned { .. }
        | Fact::NightModeSet { .. }
        | Fact::EmergencySet { .. }
        | Fact::FeatureCodeDialled { .. }
        | Fact::MonitoringStarted { .. }
        | Fact::NumberAsked { .. }
        | Fact::LogInAsked { .. }
        | Fact::PinRefused { .. }
        | Fact::AnnouncementStarted { .. }
        | Fact::MailboxReached { .. }
        | Fact::MailboxOpened { .. }
        | Fact::MessagePlayed { .. }
        | Fact::MessageLeft { .. }
        | Fact::MessageMarked { .. }
        | Fact::MessageRemoved { .. }
        | Fact::NodeStarted { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::call::Withdrawn;
    use crate::command::Actor;
    use crate::id::{DeviceId, TrunkId};
    use expect_test::{Expect, expect};

    const CALL: CallId = CallId(7);
    const QUEUE: QueueId = QueueId(3);
    const ANN: AgentId = AgentId(1);
    const BOB: AgentId = AgentId(2);
    const CALLER: LegId = LegId(10);
    const CALLEE: LegId = LegId(11);

    /// One event per fact, numbered from 1; the wall clock is ten seconds ahead of the monotonic one.
    fn events(facts: Vec<(u64, Fact)>) -> Vec<Event> {
        let numbered = (1..).zip(facts);
        let event = |(seq, (at, fact)): (u64, (u64, Fact))| Event {
            seq,
            at: Timestamp(at),
            wall: WallTime(at as i64 + 10_000),
            tenant: TenantId(1),
            by: Actor::Policy,
            origin: None,
            fact,
        };
        numbered.map(event).collect()
    }

    fn check(facts: Vec<(u64, Fact)>, expected: &Expect) {
        let mut fold = CdrFold::default();
        let changes: Vec<CdrChange> = events(facts).iter().filter_map(|event| fold.apply(event)).collect();
        let text: Vec<String> = changes.iter().map(describe).collect();
        expected.assert_eq(&text.join("\n"));
    }

    fn describe(change: &CdrChange) -> String {
        let cdr = match change {
            CdrChange::Closed(cdr) => cdr,
            CdrChange::RecordingEnded { call, recording, end } => {
                return format!("{call} {recording} {end:?}");
            }
        };
        let mut lines = vec![format!(
            "{} {:?} {:?}->{:?} {:?}: started {} answered {:?} cleared {:?} closed {}",
            cdr.call,
            cdr.direction,
            cdr.caller,
            cdr.dialled,
            cdr.cause,
            cdr.started.0,
            cdr.answered.map(|wall| wall.0),
            cdr.cleared.map(|wall| wall.0),
            cdr.closed.0,
        )];
        lines.push(format!(
            "talk {} hold {} wait {} wrap {} left out {}",
            cdr.talk_ms, cdr.hold_ms, cdr.wait_ms, cdr.wrap_ms, cdr.left_out
        ));
        lines.extend(cdr.queues.iter().map(|part| format!("{part:?}")));
        lines.extend(cdr.segments.iter().map(|part| {
            format!(
                "{} {:?} {:?} {:?}: {} ringing {:?} answered {:?} cleared {:?} {:?}",
                part.leg,
                part.role,
                part.endpoint,
                part.agent,
                part.added_ms,
                part.ringing_ms,
                part.answered_ms,
                part.cleared_ms,
                part.cause
            )
        }));
        lines.extend(cdr.offers.iter().map(|part| format!("{part:?}")));
        lines.extend(cdr.agents.iter().map(|part| format!("{part:?}")));
        lines.extend(cdr.dispositions.iter().map(|part| format!("{part:?}")));
        lines.extend(cdr.recordings.iter().map(|part| format!("{part:?}")));
        lines.join("\n")
    }

    fn started() -> Fact {
        Fact::CallStarted {
            call: CALL,
            guid: Guid(0xca11),
            direction: Direction::Inbound,
            caller: Some(Number::parse("+4930111222").expect("a number")),
            caller_name: Name::default(),
            dialled: Number::parse("100").expect("a number"),
        }
    }

    fn added(leg: LegId, role: Role, agent: Option<AgentId>) -> Fact {
        let endpoint = match agent {
            Some(agent) => Endpoint::Device(DeviceId(agent.0)),
            None => Endpoint::Trunk(TrunkId(1)),
        };
        Fact::LegAdded {
            call: CALL,
            leg,
            guid: Guid(u128::from(leg.0)),
            role,
            arrived: agent.is_none(),
            endpoint,
            agent,
        }
    }

    fn offered(offer: u64, agent: AgentId, leg: LegId) -> Fact {
        Fact::OfferMade {
            offer: OfferId(offer),
            call: CALL,
            queue: QUEUE,
            agent,
            leg,
            deadline: Timestamp(0),
        }
    }

    fn offer_ended(offer: u64, agent: AgentId, end: OfferEnd) -> Fact {
        Fact::OfferEnded { offer: OfferId(offer), call: CALL, agent, end }
    }

    fn cleared(leg: LegId, cause: Cause) -> Fact {
        Fact::LegCleared { call: CALL, leg, cause }
    }

    fn bridged() -> Fact {
        Fact::LegsBridged { call: CALL, a: CALLER, b: CALLEE }
    }

    fn connected() -> Fact {
        Fact::AgentConnected { call: CALL, agent: ANN, leg: CALLEE, queue: Some(QUEUE) }
    }

    fn text<const N: usize>(text: &str) -> Text<N> {
        Text::parse(text).expect("a line of text")
    }

    /// From the arrival at 1 s to both parties talking at 6 s.
    fn until_talking() -> Vec<(u64, Fact)> {
        vec![
            (1_000, started()),
            (1_000, added(CALLER, Role::Caller, None)),
            (1_010, Fact::LegAnswered { call: CALL, leg: CALLER }),
            (
                1_020,
                Fact::CallQueued {
                    call: CALL,
                    queue: QUEUE,
                    entered: Timestamp(1_020),
                    priority: crate::entry::Priority::default(),
                    preferred: None,
                },
            ),
            (1_030, added(CALLEE, Role::Callee, Some(ANN))),
            (1_030, offered(1, ANN, CALLEE)),
            (1_500, Fact::LegRinging { call: CALL, leg: CALLEE }),
            (6_000, Fact::LegAnswered { call: CALL, leg: CALLEE }),
            (6_000, offer_ended(1, ANN, OfferEnd::Accepted)),
            (
                6_000,
                Fact::WaitingEnded { call: CALL, queue: QUEUE, end: WaitingEnd::Answered, waited_ms: 4_980 },
            ),
            (6_000, connected()),
            (6_000, bridged()),
        ]
    }

    const RECORDING: RecordingId = RecordingId(5);

    fn recording_started() -> Fact {
        Fact::RecordingStarted { recording: RECORDING, guid: Guid(0xaa), call: CALL, agent: ANN }
    }

    fn recording_saved() -> Fact {
        Fact::RecordingSaved {
            recording: RECORDING,
            call: CALL,
            audio_ms: 9_000,
            paused_ms: 1_000,
            bytes: 288_044,
        }
    }

    fn disposed(disposition: u64, note: &str) -> Fact {
        Fact::DispositionSet {
            call: CALL,
            agent: ANN,
            disposition: DispositionId(disposition),
            note: text(note),
        }
    }

    fn call_cleared(cause: Cause) -> Fact {
        Fact::CallCleared { call: CALL, cause }
    }

    fn wrap_up_started() -> Fact {
        Fact::WrapUpStarted { agent: ANN, call: CALL, queue: QUEUE, until: Timestamp(46_100) }
    }

    #[test]
    fn a_queued_and_answered_call_is_one_record() {
        let (call, recording, agent) = (CALL, RECORDING, ANN);
        let (a, b, reason) = (CALLEE, CALLER, text("card"));
        let mut facts = until_talking();
        facts.extend([
            (6_000, recording_started()),
            (8_000, Fact::RecordingPaused { recording, call, reason }),
            (9_000, Fact::RecordingResumed { recording, call }),
            (9_500, disposed(1, "first word")),
            (16_000, cleared(CALLER, Cause::Normal)),
            (16_000, Fact::RecordingStopped { recording, call }),
            (16_000, Fact::LegsUnbridged { call, a, b }),
            (16_000, Fact::AgentDisconnected { call, agent }),
            (16_100, cleared(CALLEE, Cause::Normal)),
            (16_100, call_cleared(Cause::Normal)),
            (16_100, wrap_up_started()),
            (16_500, recording_saved()),
            (20_000, disposed(2, "last word")),
            (26_100, Fact::WrapUpEnded { agent, call }),
            (26_100, Fact::CallClosed { call }),
        ]);
        check(
            facts,
            &expect![[r#"
            call-7 Inbound Some(…22)->…00 Some(Normal): started 11000 answered Some(16000) cleared Some(26100) closed 36100
            talk 10000 hold 0 wait 4980 wrap 10000 left out 0
            QueuePart { queue: queue-3, entered_ms: 20, end: Some(Answered), waited_ms: 4980 }
            leg-10 Caller Trunk(trunk-1) None: 0 ringing None answered Some(10) cleared Some(15000) Some(Normal)
            leg-11 Callee Device(device-1) Some(agent-1): 30 ringing Some(500) answered Some(5000) cleared Some(15100) Some(Normal)
            OfferPart { offer: offer-1, queue: queue-3, agent: agent-1, made_ms: 30, ended_ms: Some(5000), end: Some(Accepted) }
            AgentPart { agent: agent-1, queue: Some(queue-3), connected_ms: 5000, disconnected_ms: Some(15000), wrap_ms: 10000 }
            DispositionPart { agent: agent-1, disposition: disposition-2, note: "last word", set: WallTime(30000) }
            RecordingPart { recording: recording-5, guid: 000000000000000000000000000000aa, agent: agent-1, started_ms: 5000, state: Saved, audio_ms: 9000, paused_ms: 1000, bytes: 288044, pauses: [Pause { reason: "card", from_ms: 7000, to_ms: Some(8000) }] }"#]],
        );
    }

    #[test]
    fn hold_is_not_talk_and_ends_with_its_leg() {
        let mut facts = until_talking();
        let (call, leg) = (CALL, CALLEE);
        facts.extend([
            (10_000, Fact::LegHeld { call, leg, by_command: false }),
            (13_000, Fact::LegRetrieved { call, leg, by_command: false }),
            (14_000, Fact::LegHeld { call, leg, by_command: false }),
            (15_000, cleared(CALLEE, Cause::Lost)),
            (18_000, cleared(CALLER, Cause::Normal)),
            (18_000, call_cleared(Cause::Lost)),
            (18_000, Fact::CallClosed { call }),
        ]);
        let mut fold = CdrFold::default();
        let closed = events(facts).iter().find_map(|event| fold.apply(event));
        let Some(CdrChange::Closed(cdr)) = closed else { panic!("no record") };
        assert_eq!((cdr.talk_ms, cdr.hold_ms), (5_000, 4_000));
        assert_eq!(cdr.cause, Some(Cause::Lost));
    }

    #[test]
    fn two_rung_at_once_are_two_segments_and_two_offers() {
        let loser = LegId(12);
        let mut facts = until_talking();
        facts.insert(6, (1_030, added(loser, Role::Callee, Some(BOB))));
        facts.insert(7, (1_030, offered(2, BOB, loser)));
        let lost = OfferEnd::Withdrawn(Withdrawn::AnsweredBy(ANN, OfferId(1)));
        facts.extend([
            (6_000, offer_ended(2, BOB, lost)),
            (6_050, cleared(loser, Cause::AnsweredElsewhere)),
            (7_000, call_cleared(Cause::Normal)),
            (7_000, Fact::CallClosed { call: CALL }),
        ]);
        check(
            facts,
            &expect![[r#"
            call-7 Inbound Some(…22)->…00 Some(Normal): started 11000 answered Some(16000) cleared Some(17000) closed 17000
            talk 1000 hold 0 wait 4980 wrap 0 left out 0
            QueuePart { queue: queue-3, entered_ms: 20, end: Some(Answered), waited_ms: 4980 }
            leg-10 Caller Trunk(trunk-1) None: 0 ringing None answered Some(10) cleared None None
            leg-11 Callee Device(device-1) Some(agent-1): 30 ringing Some(500) answered Some(5000) cleared None None
            leg-12 Callee Device(device-2) Some(agent-2): 30 ringing None answered None cleared Some(5050) Some(AnsweredElsewhere)
            OfferPart { offer: offer-1, queue: queue-3, agent: agent-1, made_ms: 30, ended_ms: Some(5000), end: Some(Accepted) }
            OfferPart { offer: offer-2, queue: queue-3, agent: agent-2, made_ms: 30, ended_ms: Some(5000), end: Some(Withdrawn(AnsweredBy(agent-1, offer-1))) }
            AgentPart { agent: agent-1, queue: Some(queue-3), connected_ms: 5000, disconnected_ms: None, wrap_ms: 0 }"#]],
        );
    }

    #[test]
    fn a_file_finished_after_the_record_amends_it() {
        let facts = vec![
            (0, started()),
            (0, recording_started()),
            (10, Fact::CallClosed { call: CALL }),
            (20, recording_saved()),
        ];
        let mut fold = CdrFold::default();
        let mut changes = events(facts).into_iter().filter_map(|event| fold.apply(&event));
        let (Some(CdrChange::Closed(mut cdr)), Some(CdrChange::RecordingEnded { call, recording, end })) =
            (changes.next(), changes.next())
        else {
            panic!("a record and its amendment")
        };
        assert_eq!(call, CALL);
        assert_eq!(cdr.recordings[0].state, RecordingState::Recording);
        cdr.end_recording(recording, end);
        assert_eq!(cdr.recordings[0].state, RecordingState::Saved);
        assert_eq!((cdr.recordings[0].audio_ms, cdr.recordings[0].bytes), (9_000, 288_044));
    }

    #[test]
    fn a_record_stays_bounded_and_keeps_what_came_to_something() {
        let mut facts = vec![(0, started()), (0, offered(0, ANN, CALLEE))];
        facts.push((0, offer_ended(0, ANN, OfferEnd::Accepted)));
        for number in 1..=300 {
            facts.push((number, offered(number, BOB, CALLEE)));
            facts.push((number, offer_ended(number, BOB, OfferEnd::Expired)));
        }
        facts.push((400, Fact::CallClosed { call: CALL }));
        let mut fold = CdrFold::default();
        let closed = events(facts).iter().find_map(|event| fold.apply(event));
        let Some(CdrChange::Closed(cdr)) = closed else { panic!("no record") };
        assert_eq!(cdr.offers.len(), ENTRIES_MAX);
        assert_eq!(cdr.left_out, 301 - ENTRIES_MAX as u64);
        assert_eq!(cdr.offers[0].end, Some(OfferEnd::Accepted));
        assert_eq!(cdr.offers[ENTRIES_MAX - 1].offer, OfferId(300));
    }

    #[test]
    fn only_open_calls_are_kept_and_the_oldest_is_known() {
        let mut fold = CdrFold::default();
        let facts = vec![
            (0, Fact::CallClosed { call: CallId(1) }),
            (1, started()),
            (2, bridged()),
            (3, Fact::CallClosed { call: CALL }),
        ];
        let mut oldest = Vec::new();
        for event in events(facts) {
            fold.apply(&event);
            oldest.push((fold.oldest_seq(), fold.open(CALL).is_some()));
        }
        assert_eq!(oldest, [(None, false), (Some(2), true), (Some(2), true), (None, false)]);
    }
}
