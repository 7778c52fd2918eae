//! Consultation: a party of a call asks somebody else, while the others hear music.
//!
//! The consultation is a call of its own, into which the asking party's leg moves; his part stays in the call that he
//! consults for. He goes back and forth between the two ([`Engine::swap`]), makes them one ([`Engine::join`]), or is back in
//! the first when the second ends, whoever ends it. A caller is not cut off because an agent hangs up: whom the agent had
//! reached has the call then, and where nobody had answered yet it goes on as a blind transfer.

use super::arrive::direction_to;
use super::route::Target;
use super::{CallStep, Cause, ConsultationEnd, Joining, LegPhase, TransferTo};
use crate::command::{Answer, Endpoint};
use crate::engine::Engine;
use crate::fact::Fact;
use crate::id::{CallId, DeviceId, LegId, TenantId};
use crate::recording::RecordingStep;
use crate::refusal::Refusal;
use crate::state::Consultation;
use crate::text::{Number, Text};

impl Engine {
    /// Lets a device that talks in a call ask somebody else.
    pub(crate) fn consult(
        &mut self,
        tenant: TenantId,
        id: CallId,
        device: Option<DeviceId>,
        to: Number,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, id)?;
        let call = self.state.call(id);
        if call.consultation.is_some() {
            return Err(Refusal::Busy);
        }
        if call.consults_for.is_some() {
            return Err(Refusal::Invalid { field: "call", why: "must not be a consultation itself" });
        }
        let (leg, device) = self.end_of(id, device)?;
        if self.state.leg(leg).held_by_phone {
            return Err(Refusal::HeldAtPhone);
        }
        self.check_room(tenant)?;
        let target = self.dial(tenant, Endpoint::Device(device), &to)?;
        let target = self.open_to(target)?;
        let entry = &self.state.device(device).filed.entry;
        let (number, name) = (Some(entry.number.clone()), entry.display_name.clone());
        let agent = self.state.device(device).agent;
        let (asked, guid) = self.start_call(tenant, direction_to(&target), number, name, to);
        self.record(tenant, Fact::ConsultationStarted { call: asked, of: id, leg, device, agent });
        self.walk(tenant, leg, id, asked);
        self.lead(asked, target);
        Ok(Answer::Call(asked, guid))
    }

    /// Takes whoever consults to the other of his two calls.
    pub(crate) fn swap_by_command(
        &mut self,
        tenant: TenantId,
        id: CallId,
        device: Option<DeviceId>,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, id)?;
        let (of, consultation) = self.consultation_of(id, device)?;
        self.swap(of, consultation)
    }

    pub(super) fn swap(&mut self, of: CallId, consultation: Consultation) -> Result<Answer, Refusal> {
        let Consultation { call: asked, leg, .. } = consultation;
        let tenant = self.state.call(of).tenant;
        if self.state.call(asked).step != CallStep::Talking {
            return Err(Refusal::NotAnswered);
        }
        if self.state.leg(leg).held_by_phone {
            return Err(Refusal::HeldAtPhone);
        }
        if self.state.leg(leg).call == of {
            self.walk(tenant, leg, of, asked);
        } else {
            self.walk(tenant, leg, asked, of);
            self.go_on_recording(of, consultation.resumes);
        }
        Ok(Answer::Done)
    }

    /// Makes one call of two: those of a consultation, or, to transfer, any two in which one device talks.
    pub(crate) fn complete_by_command(
        &mut self,
        tenant: TenantId,
        id: CallId,
        device: Option<DeviceId>,
        how: Joining,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, id)?;
        match (self.consultation_of(id, device), how) {
            (Ok((of, Consultation { call: asked, leg, .. })), _) => {
                if self.state.call(asked).step != CallStep::Talking {
                    return Err(Refusal::NotAnswered);
                }
                let people = self.state.call(of).members.len() + self.state.call(asked).members.len();
                self.check_conference(people)?;
                self.join((of, asked), &[leg], how, None);
                Ok(Answer::Done)
            }
            (Err(_), Joining::Transfer) => {
                let (own, device) = self.end_of(id, device)?;
                let other = self.other_line(device, own).ok_or(Refusal::NotConsulting)?;
                self.join_lines(own, other)
            }
            (Err(refusal), Joining::Conference) => Err(refusal),
        }
    }

    /// A phone transfers one of its calls to the party of another that it has.
    pub(crate) fn leg_replaces(&mut self, id: LegId, other: LegId) -> Result<Answer, Refusal> {
        let (call, leg) = self.reported(id).ok_or(Refusal::NotInCall)?;
        let Endpoint::Device(_) = leg.endpoint else { return Err(Refusal::NotPermitted) };
        let asked = self.state.legs.get(&other).filter(|asked| asked.endpoint == leg.endpoint);
        let asked = asked.ok_or(Refusal::NotInCall)?.call;
        if self.state.call(asked).step == CallStep::Talking {
            return self.join_lines(id, other);
        }
        if self.state.call(asked).caller_leg != Some(other) || asked == call {
            return Err(Refusal::NotAnswered);
        }
        self.let_caller_wait(call, (id, leg.endpoint), asked)
    }

    /// Whom a phone calls with its second line has not answered yet: the caller of the first does the waiting.
    fn let_caller_wait(
        &mut self,
        id: CallId,
        (leaves, endpoint): (LegId, Endpoint),
        asked: CallId,
    ) -> Result<Answer, Refusal> {
        let Endpoint::Device(device) = endpoint else { return Err(Refusal::NotPermitted) };
        let stays = self.who_stays(id, leaves)?;
        let (tenant, to) = (self.state.call(id).tenant, self.state.call(asked).dialled.clone());
        let target = self.send_on(tenant, self.state.leg(stays).endpoint, &to, None)?;
        let rings = |target: &Target| {
            let Target::Device(rung) = target else { return false };
            self.state.device(*rung).legs.iter().all(|leg| self.state.leg(*leg).call == asked)
        };
        let target = match self.open_to(target.clone()) {
            // It is busy with nothing but ringing for him.
            Err(Refusal::Busy) if rings(&target) => target,
            open => open?,
        };
        self.party_left(asked, Cause::Normal);
        self.hand_on(id, stays, (leaves, device), (TransferTo::Number(to), target));
        Ok(Answer::Done)
    }

    /// Joins the calls of two legs of one device, which leaves both. The call that somebody has through a queue goes on, else
    /// the older one.
    fn join_lines(&mut self, a: LegId, b: LegId) -> Result<Answer, Refusal> {
        let (one, other) = (self.state.leg(a).call, self.state.leg(b).call);
        for id in [one, other] {
            self.talking(id)?;
        }
        if one == other || self.consults_by(a).is_some() || self.consults_by(b).is_some() {
            return Err(Refusal::NotConsulting);
        }
        let by_queue = |call: CallId| self.state.part_by_queue(call).is_some();
        let (of, asked) = match (by_queue(one), by_queue(other)) {
            (true, false) => (one, other),
            (false, true) => (other, one),
            (true, true) | (false, false) => (one.min(other), one.max(other)),
        };
        self.join((of, asked), &[a, b], Joining::Transfer, None);
        Ok(Answer::Done)
    }

    /// The leg by which a device talks to somebody else than by this one, if there is exactly one.
    fn other_line(&self, device: DeviceId, own: LegId) -> Option<LegId> {
        let legs = self.state.device(device).legs.iter().copied();
        let mut others = legs
            .filter(|leg| *leg != own && self.state.call(self.state.leg(*leg).call).members.contains(leg));
        others.next().filter(|_| others.next().is_none())
    }

    /// The call for which that one is a consultation, or for which one is under way.
    pub(super) fn consultation_of(
        &self,
        id: CallId,
        device: Option<DeviceId>,
    ) -> Result<(CallId, Consultation), Refusal> {
        let of = self.state.call(id).consults_for.unwrap_or(id);
        let consultation = self.state.call(of).consultation.ok_or(Refusal::NotConsulting)?;
        if !self.is_end_of(consultation.leg, device) {
            return Err(Refusal::NotInCall);
        }
        Ok((of, consultation))
    }

    /// The call for which that leg consults.
    pub(super) fn consults_by(&self, leg: LegId) -> Option<CallId> {
        let call = self.state.leg(leg).call;
        let of = self.state.call(call).consults_for.unwrap_or(call);
        self.state.call(of).consultation.filter(|consultation| consultation.leg == leg).map(|_| of)
    }

    /// Moves who consults between his two calls. What is said in the first is not recorded while he is away.
    fn walk(&mut self, tenant: TenantId, leg: LegId, from: CallId, to: CallId) {
        self.retalk(&[from, to], |engine| {
            if engine.state.leg(leg).held_by_command {
                engine.record(tenant, Fact::LegRetrieved { call: from, leg, by_command: true });
            }
            engine.record(tenant, Fact::LegMoved { leg, from, to });
        });
        if self.state.call(from).consultation.is_some_and(|consultation| consultation.leg == leg) {
            let reason = Text::parse("consultation").unwrap_or_default();
            self.pause_recording(tenant, from, reason).ok();
        }
    }

    pub(super) fn go_on_recording(&mut self, call: CallId, resumes: bool) {
        let whole = self.state.call(call);
        let step = whole.recording.and_then(|id| self.state.recordings.get(&id)).map(|found| found.step);
        if resumes && step == Some(RecordingStep::Paused) {
            let tenant = whole.tenant;
            self.resume_recording(tenant, call).ok();
        }
    }

    /// Makes one call of two that talk. Those legs are the device's whose calls they are: it leaves both, or stays. It may be
    /// gone already, for that cause.
    fn join(&mut self, (of, asked): (CallId, CallId), own: &[LegId], how: Joining, gone: Option<Cause>) {
        let call = self.state.call(of);
        let (tenant, resumes) = (call.tenant, call.consultation.is_some_and(|it| it.resumes));
        let Endpoint::Device(device) = self.state.leg(own[0]).endpoint else {
            unreachable!("only a device has two calls that may become one");
        };
        let agent = self.state.device(device).agent;
        let members = self.state.call(asked).members.iter().copied();
        let legs = members.filter(|leg| !own.contains(leg)).collect::<Vec<_>>();
        self.retalk(&[of, asked], |engine| {
            engine.record(tenant, Fact::CallsJoined { call: of, from: asked, legs, how, device, agent });
            match how {
                Joining::Transfer => {
                    for leg in own {
                        match gone {
                            Some(cause) => {
                                let call = engine.state.leg(*leg).call;
                                engine.record(tenant, Fact::LegCleared { call, leg: *leg, cause });
                            }
                            None => engine.clear_leg(*leg, Cause::Normal),
                        }
                        engine.end_part_of(tenant, of, *leg);
                    }
                }
                Joining::Conference => {
                    let away = own.iter().copied().find(|leg| engine.state.leg(*leg).call == asked);
                    if let Some(leg) = away {
                        engine.record(tenant, Fact::LegMoved { leg, from: asked, to: of });
                    }
                }
            }
        });
        self.clear_call(asked, Cause::Normal);
        self.go_on_recording(of, resumes && how == Joining::Conference);
        self.follow_recording(of);
    }

    /// A consultation ends with its call: who asked is back in the other.
    pub(super) fn come_back(&mut self, asked: CallId) {
        let Some(of) = self.state.call(asked).consults_for else { return };
        let Some(Consultation { leg, resumes, .. }) = self.state.call(of).consultation else { return };
        let tenant = self.state.call(of).tenant;
        let end = ConsultationEnd::Returned;
        let is_away = self.state.leg(leg).call == asked;
        if is_away {
            self.walk(tenant, leg, asked, of);
        }
        self.record(tenant, Fact::ConsultationEnded { call: asked, of, end });
        if is_away {
            self.go_on_recording(of, resumes);
        }
    }

    /// Nobody is left for whom somebody consults: he is where he asked, and goes on there. His leg, if he was elsewhere.
    pub(super) fn forsake_consultation(&mut self, of: CallId) -> Option<LegId> {
        let Consultation { call: asked, leg, .. } = self.state.call(of).consultation?;
        let tenant = self.state.call(of).tenant;
        if self.state.leg(leg).call == of {
            self.walk(tenant, leg, of, asked);
        }
        let end = ConsultationEnd::CallerGone;
        self.record(tenant, Fact::ConsultationEnded { call: asked, of, end });
        Some(leg)
    }

    /// Who consults hung up, or was lost. Whom he had reached has the call from here on.
    pub(super) fn consulting_party_gone(&mut self, of: CallId, leg: LegId, cause: Cause) {
        let call = self.state.call(of);
        let (tenant, others) = (call.tenant, call.members.iter().filter(|member| **member != leg).count());
        let asked = call.consultation.expect("somebody consults for it").call;
        if others == 1 && self.state.call(asked).step == CallStep::Talking {
            return self.join((of, asked), &[leg], Joining::Transfer, Some(cause));
        }
        let Endpoint::Device(device) = self.state.leg(leg).endpoint else {
            unreachable!("only a device consults");
        };
        let to = self.state.call(asked).dialled.clone();
        let end = ConsultationEnd::AgentGone;
        self.record(tenant, Fact::ConsultationEnded { call: asked, of, end });
        let at = self.state.leg(leg).call;
        self.retalk(&[at], |engine| engine.record(tenant, Fact::LegCleared { call: at, leg, cause }));
        self.party_left(asked, Cause::Normal);
        if others > 1 {
            self.end_part_of(tenant, of, leg);
            return self.follow_recording(of);
        }
        let stays = self.state.call(of).members.first().copied();
        let stays = stays.filter(|stays| self.state.leg(*stays).phase == LegPhase::Answered);
        let endpoint = stays.map(|stays| self.state.leg(stays).endpoint);
        let target = endpoint.ok_or(Refusal::OnHold).and_then(|from| self.send_on(tenant, from, &to, None));
        match (stays, target.and_then(|target| self.open_to(target))) {
            (Some(stays), Ok(target)) => {
                self.hand_on(of, stays, (leg, device), (TransferTo::Number(to), target));
            }
            (None, _) | (_, Err(_)) => self.party_left(of, cause),
        }
    }

    pub(super) fn is_end_of(&self, leg: LegId, device: Option<DeviceId>) -> bool {
        device.is_none_or(|device| self.state.leg(leg).endpoint == Endpoint::Device(device))
    }
}
