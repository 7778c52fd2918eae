//! What may be done now for a party of a call: the same checks as of the commands, asked beforehand.

use super::{CallStep, LegPhase};
use crate::command::Endpoint;
use crate::engine::Engine;
use crate::id::LegId;
use crate::limits::CONFERENCE_MAX;

/// Something that may be asked for on behalf of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallAction {
    /// [`crate::Command::AnswerCall`].
    Answer,
    /// [`crate::Command::LeaveCall`].
    Leave,
    /// [`crate::Command::HoldCall`].
    Hold,
    /// [`crate::Command::HoldCall`], to take the hold back.
    Unhold,
    /// [`crate::Command::MuteCall`].
    Mute,
    /// [`crate::Command::MuteCall`], to be heard again.
    Unmute,
    /// [`crate::Command::SendDigits`].
    SendDigits,
    /// [`crate::Command::TransferCall`].
    Transfer,
    /// [`crate::Command::ParkCall`].
    Park,
    /// [`crate::Command::Consult`].
    Consult,
    /// [`crate::Command::SwapCalls`].
    Swap,
    /// [`crate::Command::JoinCalls`], to transfer.
    CompleteTransfer,
    /// [`crate::Command::JoinCalls`], to confer.
    CompleteConference,
}

impl Engine {
    /// What may be done for the party at that leg, in the order of [`CallAction`]. Where somebody else is to be reached, it
    /// depends on whom besides.
    pub(crate) fn allowed(&self, id: LegId) -> Vec<CallAction> {
        let leg = self.state.leg(id);
        let Endpoint::Device(device) = leg.endpoint else { return Vec::new() };
        let call = self.state.call(leg.call);
        let mut allowed = Vec::new();
        let mut allow = |action, is_allowed: bool| allowed.extend(is_allowed.then_some(action));
        let rings = matches!(leg.phase, LegPhase::Dialled | LegPhase::Ringing);
        let talks = call.step == CallStep::Talking && call.members.contains(&id);
        allow(CallAction::Answer, rings && self.state.device(device).filed.entry.auto_answer);
        allow(CallAction::Leave, talks || call.caller_leg == Some(id));
        allow(CallAction::Hold, talks && !leg.held_by_command);
        allow(CallAction::Unhold, talks && leg.held_by_command);
        allow(CallAction::Mute, talks && !leg.muted);
        allow(CallAction::Unmute, talks && leg.muted);
        allow(CallAction::SendDigits, call.heard.contains(&id));
        allow(CallAction::Transfer, self.who_stays(leg.call, id).is_ok());
        allow(CallAction::Park, self.check_leaves(id).is_ok() && talks && self.talking(leg.call).is_ok());
        let consults = call.consultation.is_some() || call.consults_for.is_some();
        allow(CallAction::Consult, talks && !consults && !leg.held_by_phone);
        let Some((of, asked)) = self.consults_by(id).and_then(|of| {
            let consultation = self.state.call(of).consultation?;
            Some((self.state.call(of), self.state.call(consultation.call)))
        }) else {
            return allowed;
        };
        let answered = asked.step == CallStep::Talking;
        allow(CallAction::Swap, answered && !leg.held_by_phone);
        allow(CallAction::CompleteTransfer, answered);
        let people = of.members.len() + asked.members.len();
        allow(CallAction::CompleteConference, answered && people <= CONFERENCE_MAX);
        allowed
    }
}
