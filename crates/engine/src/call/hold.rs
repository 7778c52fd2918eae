//! What one party of a conversation does with its own end: hold, mute, keys, answering.
//!
//! A phone that holds and a person who holds by command are apart: each takes back only what it did, because nobody can
//! make a phone take back its own hold. What the others hear is the same.

use super::{Cause, LegPhase, Role};
use crate::action::Action;
use crate::command::{Answer, Endpoint};
use crate::engine::Engine;
use crate::entry::EntryId;
use crate::fact::Fact;
use crate::id::{CallId, DeviceId, LegId, TenantId};
use crate::limits::DIGITS_MAX;
use crate::refusal::Refusal;

/// Keys to be pressed on somebody's behalf: `0` to `9`, `A` to `D`, `*` and `#`. They may be a card's, so they are shown
/// to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Digits(String);

impl Digits {
    /// Takes them if they are keys, at least one and at most [`DIGITS_MAX`].
    pub fn parse(text: &str) -> Option<Self> {
        let is_key = |key: char| key.is_ascii_digit() || matches!(key, 'A'..='D' | '*' | '#');
        ((1..=DIGITS_MAX).contains(&text.len()) && text.chars().all(is_key)).then(|| Self(text.to_owned()))
    }

    /// For whoever sends them.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for Digits {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Digits")
    }
}

impl Engine {
    /// A phone holds its call.
    pub(crate) fn leg_held(&mut self, id: LegId) {
        self.hold_at_phone(id, true);
    }

    /// A phone takes back its hold.
    pub(crate) fn leg_retrieved(&mut self, id: LegId) {
        self.hold_at_phone(id, false);
    }

    fn hold_at_phone(&mut self, id: LegId, hold: bool) {
        let Some((call, leg)) = self.reported(id) else { return };
        if matches!(leg.phase, LegPhase::Answered | LegPhase::Held) && leg.held_by_phone != hold {
            self.hold(call, id, false, hold);
        }
    }

    /// Holds a conversation for one of its devices, or takes it back.
    pub(crate) fn hold_by_command(
        &mut self,
        tenant: TenantId,
        id: CallId,
        device: Option<DeviceId>,
        hold: bool,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, id)?;
        if let (false, Some(consultation)) = (hold, self.state.call(id).consultation)
            && self.is_end_of(consultation.leg, device)
            && self.state.leg(consultation.leg).call != id
        {
            // He is wanted back in the call for which he asks somebody else.
            return self.swap(id, consultation);
        }
        let (leg, _) = self.end_of(id, device)?;
        let end = self.state.leg(leg);
        if end.held_by_command == hold {
            return Err(if hold || !end.held_by_phone { Refusal::AlreadySo } else { Refusal::HeldAtPhone });
        }
        self.hold(id, leg, true, hold);
        Ok(Answer::Done)
    }

    fn hold(&mut self, call: CallId, leg: LegId, by_command: bool, hold: bool) {
        let tenant = self.state.call(call).tenant;
        let fact = if hold {
            Fact::LegHeld { call, leg, by_command }
        } else {
            Fact::LegRetrieved { call, leg, by_command }
        };
        self.retalk(&[call], |engine| engine.record(tenant, fact));
    }

    /// Lets the others hear a device no more, or again.
    pub(crate) fn mute_by_command(
        &mut self,
        tenant: TenantId,
        call: CallId,
        device: Option<DeviceId>,
        muted: bool,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, call)?;
        let (leg, _) = self.end_of(call, device)?;
        if self.state.leg(leg).muted == muted {
            return Err(Refusal::AlreadySo);
        }
        self.retalk(&[call], |engine| engine.record(tenant, Fact::LegMuted { call, leg, muted }));
        Ok(Answer::Done)
    }

    /// Presses keys for a device, which whom it talks to receive.
    pub(crate) fn send_digits(
        &mut self,
        tenant: TenantId,
        call: CallId,
        device: Option<DeviceId>,
        digits: &Digits,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, call)?;
        let (leg, _) = self.end_of(call, device)?;
        let heard = &self.state.call(call).heard;
        if !heard.contains(&leg) {
            return Err(Refusal::OnHold);
        }
        let count = digits.as_str().len() as u8;
        self.record(tenant, Fact::DigitsSent { call, leg, digits: count });
        self.send_to_others(call, leg, digits);
        Ok(Answer::Done)
    }

    /// Lets the others of a conversation have a key that one of them pressed.
    pub(super) fn pass_digit(&mut self, call: CallId, leg: LegId, digit: char) {
        if let Some(digits) = Digits::parse(digit.encode_utf8(&mut [0; 4])) {
            self.send_to_others(call, leg, &digits);
        }
    }

    fn send_to_others(&mut self, call: CallId, leg: LegId, digits: &Digits) {
        let heard = self.state.call(call).heard.clone();
        for other in heard.into_iter().filter(|other| *other != leg) {
            self.act(Action::SendDigits { leg: other, digits: digits.clone() });
        }
    }

    /// Answers for a phone that rings, which must be one that answers by itself when it is asked to.
    pub(crate) fn answer_by_command(
        &mut self,
        tenant: TenantId,
        call: CallId,
        device: DeviceId,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, call)?;
        self.owned(tenant, EntryId::Device(device))?;
        let at = |leg: &LegId| self.state.leg(*leg).endpoint == Endpoint::Device(device);
        let leg = self.state.call(call).legs.iter().copied().find(at).ok_or(Refusal::NotInCall)?;
        match self.state.leg(leg).phase {
            LegPhase::Answered | LegPhase::Held => return Err(Refusal::AlreadySo),
            LegPhase::Arrived => return Err(Refusal::NotInCall),
            LegPhase::Dialled | LegPhase::Ringing => {}
        }
        let entry = &self.state.device(device).filed.entry;
        if !entry.auto_answer {
            return Err(Refusal::AnsweredAtPhoneOnly);
        }
        let (number, endpoint) = (entry.number.clone(), Endpoint::Device(device));
        let whole = self.state.call(call);
        let (caller, caller_name) = match self.state.leg(leg).role {
            Role::Caller => (Some(whole.dialled.clone()), self.name_of(tenant, &whole.dialled)),
            Role::Callee => (whole.caller.clone(), whole.caller_name.clone()),
        };
        self.act(Action::Ring { leg, endpoint, number, caller, caller_name, auto_answer: true });
        Ok(Answer::Done)
    }

    /// Ends one device's part in a call: of two who talk both leave, of more the others talk on.
    pub(crate) fn leave_by_command(
        &mut self,
        tenant: TenantId,
        id: CallId,
        device: Option<DeviceId>,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, id)?;
        if let Some(consultation) = self.state.call(id).consultation
            && self.is_end_of(consultation.leg, device)
            && self.state.leg(consultation.leg).call != id
            && self.state.call(id).members.len() < 2
        {
            self.clear_call(id, Cause::Normal);
            return Ok(Answer::Done);
        }
        let call = self.state.call(id);
        match (self.end_of(id, device), call.caller_leg) {
            (Ok((leg, _)), _) => self.drop_party(tenant, id, leg),
            // Who calls gives up.
            (Err(_), Some(caller)) if self.is_end_of(caller, device) => self.party_left(id, Cause::Normal),
            (Err(refusal), _) => return Err(refusal),
        }
        Ok(Answer::Done)
    }
}
