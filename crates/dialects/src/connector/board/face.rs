//! A call as one agent has it: in which state his part of it is, of which type it is, and who else has a part.

use std::collections::BTreeMap;

use cordial_engine::call::{Cause, Direction, LegPhase, Role};
use cordial_engine::id::{CallId, LegId};

use super::{Face, FaceKind, stamp};
use crate::connector::event::{CallEvent, CallWord, Dialog, Event, Participant};
use crate::floor::{Desk, Floor, Party, Seat, Talk};

/// Variables that every call has, set or not.
const NUMBERED: usize = 10;

/// Which way an agent talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heading {
    /// With somebody who called.
    In,
    /// With somebody outside whom he called.
    Out,
    /// With a colleague.
    Internal,
}

/// Where an agent's part in a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// So.
    Is(FaceKind, CallWord),
    /// About to change, by facts that follow at once: what was told stands until they do.
    Turns,
}

/// Whether one of these asks somebody who has not answered.
pub(super) fn asks<'a>(mut faces: impl Iterator<Item = &'a Face>) -> bool {
    faces.any(|face| face.kind == FaceKind::Consultation && face.dialog.state == CallWord::Alerting)
}

/// Whether a leg is of somebody who is called.
pub(super) fn is_called(party: &Party) -> bool {
    party.role == Role::Callee
}

/// Why a call did not come about, in Finesse's words for a participant that failed; `None` where it is not for that.
pub(super) const fn why_not(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::Normal | Cause::AnsweredElsewhere => None,
        Cause::Busy => Some("BUSY"),
        Cause::NoRoute => Some("BAD_DESTINATION"),
        Cause::Unreachable | Cause::Full => Some("DEVICE_RESOURCE_NOT_AVAILABLE"),
        Cause::NoAnswer | Cause::Rejected | Cause::Failed(_) | Cause::Lost | Cause::NodeRestarted => {
            Some("OTHER")
        }
    }
}

impl Party {
    /// Whether somebody is there.
    pub(super) fn has_answered(&self) -> bool {
        matches!(self.phase, LegPhase::Answered | LegPhase::Held)
    }

    const fn word(&self) -> CallWord {
        match self.phase {
            LegPhase::Arrived | LegPhase::Dialled => CallWord::Initiated,
            LegPhase::Ringing => CallWord::Alerting,
            LegPhase::Answered => CallWord::Active,
            LegPhase::Held => CallWord::Held,
        }
    }
}

impl Dialog {
    /// Of a call that nobody knows.
    #[must_use]
    pub fn not_found(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            state: CallWord::NotFound,
            from: String::new(),
            to: String::new(),
            variables: Vec::new(),
            since: String::new(),
            call_type: String::new(),
            participants: Vec::new(),
            previous: None,
        }
    }
}

impl Face {
    /// That it is so.
    pub(super) fn told(&self) -> Event {
        self.saying(self.dialog.clone())
    }

    /// That it begins: what comes to him is announced first, unless it goes on from another call of his.
    pub(super) fn begun(&self) -> Vec<Event> {
        let new = || Event::Call(Box::new(CallEvent::New(self.dialog.clone())));
        let is_new = self.kind == FaceKind::In && self.dialog.previous.is_none();
        is_new.then(new).into_iter().chain([self.told()]).collect()
    }

    /// That it ends, because it failed or otherwise.
    pub(super) fn ended(&self, why: Option<&str>) -> Vec<Event> {
        let failed = why.and_then(|why| self.failed(why));
        let dropped = Dialog { state: CallWord::Drop, participants: Vec::new(), ..self.dialog.clone() };
        failed.into_iter().chain([self.saying(dropped)]).collect()
    }

    /// That whom he called is not reached; why stands where else the caller does.
    pub(super) fn failed(&self, why: &str) -> Option<Event> {
        let failed = Dialog { state: CallWord::Failed, from: why.to_owned(), ..self.dialog.clone() };
        (self.kind != FaceKind::In).then(|| self.saying(failed))
    }

    pub(super) fn heading(&self) -> Heading {
        match (self.kind, self.dialog.call_type.as_str()) {
            (_, "AGENT_INSIDE" | "CONSULT" | "CONSULT_IN") => Heading::Internal,
            (FaceKind::Out, _) => Heading::Out,
            (FaceKind::In | FaceKind::Consultation, _) => Heading::In,
        }
    }

    fn saying(&self, dialog: Dialog) -> Event {
        Event::Call(Box::new(match self.kind {
            FaceKind::Consultation => CallEvent::Consultation(dialog),
            FaceKind::In | FaceKind::Out => CallEvent::State(dialog),
        }))
    }
}

/// What is looked at for one agent.
struct Look<'a> {
    floor: &'a Floor,
    seat: &'a Seat,
    desk: &'a Desk,
}

impl Floor {
    /// The calls that an agent has, and whether one of them is about to change; `had` is what he was told last.
    pub(super) fn faces(&self, seat: &Seat, had: &BTreeMap<CallId, Face>) -> (BTreeMap<CallId, Face>, bool) {
        let mut faces = BTreeMap::new();
        let mut turns = false;
        let desk = seat.device.and_then(|device| self.devices.get(&device));
        let Some(desk) = desk else { return (faces, turns) };
        let look = Look { floor: self, seat, desk };
        for (call, leg) in look.candidates() {
            let Some(talk) = self.calls.get(&call) else { continue };
            match look.standing(call, talk, leg) {
                Some(Standing::Is(kind, state)) => {
                    faces.insert(call, look.face(call, talk, leg, kind, state, had));
                }
                Some(Standing::Turns) => {
                    turns = true;
                    faces.extend(had.get(&call).map(|face| (call, face.clone())));
                }
                None => {}
            }
        }
        (faces, turns)
    }

    /// What somebody in a call is reached by: the number of his phone, or the number outside.
    pub(super) fn address<'a>(&'a self, talk: &'a Talk, party: &'a Party) -> &'a str {
        match (party.device.and_then(|device| self.devices.get(&device)), party.role) {
            (Some(desk), _) => &desk.number,
            (None, Role::Caller) => &talk.caller,
            (None, Role::Callee) => party.called_as.as_ref().unwrap_or(&talk.dialled),
        }
    }
}

impl Look<'_> {
    /// Calls that the agent may have, each with his leg in it if he has one there.
    fn candidates(&self) -> BTreeMap<CallId, Option<LegId>> {
        let parts = self.seat.parts.values().map(|(call, _)| *call);
        let finishing = self.seat.wrap_up.map(|(call, _)| call);
        let mut all: BTreeMap<CallId, Option<LegId>> =
            parts.chain(finishing).map(|call| (call, None)).collect();
        for leg in &self.desk.legs {
            let Some(party) = self.floor.legs.get(leg) else { continue };
            all.insert(party.call, Some(*leg));
            let Some(talk) = self.floor.calls.get(&party.call) else { continue };
            let asked = talk.consultation.filter(|asks| asks.leg == *leg).map(|asks| asks.call);
            let of = talk.consults_for.filter(|_| self.asks_in(talk));
            for other in asked.into_iter().chain(of) {
                all.entry(other).or_default();
            }
        }
        all
    }

    /// Whether it is the agent who asks somebody in a call.
    fn asks_in(&self, talk: &Talk) -> bool {
        let of = talk.consults_for.and_then(|of| self.floor.calls.get(&of));
        of.and_then(|of| of.consultation).is_some_and(|asks| self.desk.legs.contains(&asks.leg))
    }

    fn standing(&self, call: CallId, talk: &Talk, leg: Option<LegId>) -> Option<Standing> {
        let asks = self.asks_in(talk);
        let kind = if asks { FaceKind::Consultation } else { FaceKind::In };
        let Some(party) = leg.and_then(|leg| self.floor.legs.get(&leg)) else {
            return self.standing_without(call, talk, kind);
        };
        if !asks && is_called(party) && talk.ear.is_none() {
            let waits = party.phase == LegPhase::Dialled;
            return if talk.answered && party.has_answered() && self.is_alone(talk) {
                Some(Standing::Turns)
            } else {
                (!waits).then_some(Standing::Is(FaceKind::In, party.word()))
            };
        }
        let kind = if asks { kind } else { FaceKind::Out };
        let others = || talk.legs.iter().filter(|other| Some(**other) != leg);
        let mut others = others().filter_map(|other| self.floor.legs.get(other)).filter(|it| is_called(it));
        let word = match party.phase {
            LegPhase::Dialled | LegPhase::Ringing => CallWord::Initiating,
            LegPhase::Held => CallWord::Held,
            LegPhase::Arrived | LegPhase::Answered if talk.answered || talk.ear.is_some() => {
                if talk.ear.is_none() && self.is_alone(talk) {
                    return Some(Standing::Turns);
                }
                CallWord::Active
            }
            LegPhase::Arrived | LegPhase::Answered => {
                if asks && others.any(|it| it.phase == LegPhase::Ringing) {
                    CallWord::Alerting
                } else {
                    CallWord::Initiated
                }
            }
        };
        Some(Standing::Is(kind, word))
    }

    /// Whether nobody else is in a call any more, which ends the part of who is left.
    fn is_alone(&self, talk: &Talk) -> bool {
        talk.legs.len() < 2 && talk.consultation.is_none()
    }

    /// Where the agent's part is in a call in which he has no leg now.
    fn standing_without(&self, call: CallId, talk: &Talk, kind: FaceKind) -> Option<Standing> {
        let away = talk.consultation.is_some_and(|asks| self.desk.legs.contains(&asks.leg));
        if away || (kind == FaceKind::Consultation && !talk.legs.is_empty()) {
            Some(Standing::Is(kind, CallWord::Held))
        } else if self.seat.wrap_up.is_some_and(|(of, _)| of == call) {
            Some(Standing::Is(kind, CallWord::WrapUp))
        } else {
            let has_part = self.seat.parts.values().any(|(of, _)| *of == call);
            has_part.then_some(Standing::Turns)
        }
    }

    fn face(
        &self,
        call: CallId,
        talk: &Talk,
        leg: Option<LegId>,
        kind: FaceKind,
        state: CallWord,
        had: &BTreeMap<CallId, Face>,
    ) -> Face {
        let before = had.get(&call);
        // In which direction he has a call is settled when it begins.
        let kind = match (before.map(|face| face.kind), kind) {
            (Some(before @ (FaceKind::In | FaceKind::Out)), FaceKind::In | FaceKind::Out) => before,
            _ => kind,
        };
        let previous = match before {
            Some(face) => face.dialog.previous.clone(),
            None if kind == FaceKind::Consultation => None,
            None => leg.and_then(|leg| came_from(leg, call, had)),
        };
        let leg = leg.or_else(|| before.and_then(|face| face.leg));
        let participants = self.participants(talk, leg, kind);
        let call_type = self.call_type(talk, kind, previous.is_some(), &participants);
        let dialog = Dialog {
            id: call.0.to_string(),
            state,
            from: talk.caller.clone(),
            to: talk.dialled.clone(),
            variables: variables(talk),
            since: stamp(talk.began),
            call_type: call_type.to_owned(),
            participants,
            previous,
        };
        Face { kind, leg, dialog }
    }

    fn call_type(&self, talk: &Talk, kind: FaceKind, moved: bool, parties: &[Participant]) -> &'static str {
        let talking = parties.iter().filter(|it| matches!(it.state, CallWord::Active | CallWord::Held));
        if talk.ear.is_some() {
            "SM"
        } else if kind == FaceKind::Consultation {
            "CONSULT"
        } else if talk.consults_for.is_some() {
            "CONSULT_IN"
        } else if talking.count() > 2 {
            "CONFERENCE"
        } else if moved {
            "TRANSFER"
        } else if talk.is_callback {
            "OUTBOUND"
        } else {
            match (talk.direction, kind) {
                (_, FaceKind::In) if talk.queued.is_some() => "ACD_IN",
                (Direction::Internal, _) => "AGENT_INSIDE",
                (Direction::Inbound | Direction::Outbound, FaceKind::In) => "OTHER_IN",
                (Direction::Inbound | Direction::Outbound, FaceKind::Out | FaceKind::Consultation) => "OUT",
            }
        }
    }

    /// Who has a part: those who are there, whom the agent calls, and who asks somebody else meanwhile. A supervisor who
    /// only hears is a participant of his own call alone.
    fn participants(&self, talk: &Talk, own: Option<LegId>, kind: FaceKind) -> Vec<Participant> {
        let floor = self.floor;
        let one = |party: &Party, talk: &Talk| Participant {
            address: floor.address(talk, party).to_owned(),
            state: party.word(),
            kind: (if party.device.is_some() { "AGENT_DEVICE" } else { "" }).to_owned(),
            cause: (if party.barged { "SUPERVISOR_BARGE_IN" } else { "" }).to_owned(),
            since: stamp(talk.began),
        };
        let mut all = Vec::new();
        for (leg, party) in talk.legs.iter().filter_map(|leg| Some((*leg, floor.legs.get(leg)?))) {
            let rings = matches!(party.phase, LegPhase::Dialled | LegPhase::Ringing);
            // Whom a queue rings besides is nobody's business.
            if !rings || Some(leg) == own || (kind != FaceKind::In && talk.waits.is_none()) {
                let heard = talk.ear.is_some() && Some(leg) == own;
                let kind = |it: Participant| if heard { "NULL".to_owned() } else { it.kind };
                let it = one(party, talk);
                all.push(Participant { kind: kind(it.clone()), ..it });
            }
        }
        if talk.consults_for.is_some() && kind == FaceKind::Consultation && all.len() < 2 && !talk.answered {
            let is_phone = floor.phone_called(&talk.dialled).is_some();
            all.push(Participant {
                address: talk.dialled.clone(),
                state: CallWord::Initiated,
                kind: (if is_phone { "AGENT_DEVICE" } else { "" }).to_owned(),
                cause: String::new(),
                since: stamp(talk.began),
            });
        }
        if let Some(asks) = talk.consultation
            && !talk.legs.contains(&asks.leg)
            && let Some(party) = floor.legs.get(&asks.leg)
        {
            all.push(Participant { state: CallWord::Held, ..one(party, talk) });
        }
        if let Some(heard) = talk.ear.and_then(|ear| floor.calls.get(&ear.call?)) {
            let legs = heard.legs.iter().filter_map(|leg| floor.legs.get(leg)).filter(|it| it.has_answered());
            all.extend(legs.map(|party| one(party, heard)));
        }
        all
    }
}

/// The call that a leg was in until now.
fn came_from(leg: LegId, call: CallId, had: &BTreeMap<CallId, Face>) -> Option<String> {
    let from = had.iter().find(|(of, face)| **of != call && face.leg == Some(leg));
    from.map(|(of, _)| of.0.to_string())
}

/// The ten that every call has, then the others.
fn variables(talk: &Talk) -> Vec<(String, String)> {
    let numbered = |n: usize| format!("callVariable{n}");
    let held = |name: &str| talk.variables.get(name).cloned().unwrap_or_default();
    let ten = (1..=NUMBERED).map(|n| (numbered(n), held(&numbered(n))));
    let is_free = |name: &str| !(1..=NUMBERED).any(|n| numbered(n) == name);
    let free = talk.variables.iter().filter(|(name, _)| is_free(name));
    ten.chain(free.map(|(name, value)| (name.clone(), value.clone()))).collect()
}
