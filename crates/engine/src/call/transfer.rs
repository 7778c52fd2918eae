//! Blind transfer: one of two who talk leaves, and the other is led on to a number or a mailbox.
//!
//! It is asked for by command, by code, or by the phone itself (REFER). Whoever transfers leaves at once, and his part in
//! the call ends as at the end of a call. Where the call cannot go that is refused first, so that nobody is cut off for a
//! wrong number. Who stays is the caller of what follows, whoever called whom before.

use serde::{Deserialize, Serialize};

use super::route::Target;
use super::{Cause, LegPhase};
use crate::agent::Missed;
use crate::code::Feature;
use crate::command::{Answer, Endpoint};
use crate::engine::Engine;
use crate::entry::EntryId;
use crate::fact::Fact;
use crate::id::{AgentId, CallId, DeviceId, LegId, TenantId};
use crate::refusal::Refusal;
use crate::text::Number;

/// Where a call is transferred to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferTo {
    /// Whom the number reaches.
    Number(Number),
    /// An agent's mailbox.
    Mailbox(AgentId),
}

impl Engine {
    /// Transfers the call that a phone holds, as one of the two codes means it.
    pub(super) fn transfer_by_code(
        &mut self,
        tenant: TenantId,
        device: DeviceId,
        feature: Feature,
        number: Number,
    ) -> Result<Answer, Refusal> {
        let to = if feature == Feature::TransferToVoicemail {
            TransferTo::Mailbox(self.person_of_number(tenant, &number).ok_or(Refusal::NoMailbox)?)
        } else {
            TransferTo::Number(number)
        };
        let (call, leg) = self.held_at(device)?;
        self.transfer(tenant, call, (leg, device), to)
    }

    pub(crate) fn transfer_by_command(
        &mut self,
        tenant: TenantId,
        id: CallId,
        device: Option<DeviceId>,
        to: TransferTo,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, id)?;
        if let TransferTo::Mailbox(agent) = to {
            self.owned(tenant, EntryId::Agent(agent))?;
        }
        let leaves = self.end_of(id, device)?;
        self.transfer(tenant, id, leaves, to)
    }

    /// A phone transfers its call by itself. A trunk leads nobody elsewhere.
    pub(crate) fn leg_referred(&mut self, id: LegId, to: Number) -> Result<Answer, Refusal> {
        let (call, leg) = self.reported(id).ok_or(Refusal::NotInCall)?;
        let Endpoint::Device(device) = leg.endpoint else { return Err(Refusal::NotPermitted) };
        let (a, b) = self.talking(call)?;
        if a != id && b != id {
            return Err(Refusal::NotInCall);
        }
        self.transfer(leg.tenant, call, (id, device), TransferTo::Number(to))
    }

    fn transfer(
        &mut self,
        tenant: TenantId,
        id: CallId,
        (leaves, device): (LegId, DeviceId),
        to: TransferTo,
    ) -> Result<Answer, Refusal> {
        let stays = self.who_stays(id, leaves)?;
        let from = self.state.leg(stays).endpoint;
        let target = match &to {
            // Who stays is who makes the call from here on: a caller from outside is not led out again by this either.
            TransferTo::Number(number) => self.send_on(tenant, from, number, None)?,
            TransferTo::Mailbox(agent) => Target::Mailbox(*agent),
        };
        let target = self.open_to(target)?;
        self.hand_on(id, stays, (leaves, device), (to, target));
        Ok(Answer::Done)
    }

    /// The other of two who talk, if one of them may leave by a transfer.
    pub(super) fn who_stays(&self, id: CallId, leaves: LegId) -> Result<LegId, Refusal> {
        self.check_leaves(leaves)?;
        let (a, b) = self.talking(id)?;
        let stays = if a == leaves { b } else { a };
        if self.state.leg(stays).phase == LegPhase::Held {
            return Err(Refusal::Invalid { field: "call", why: "must not be held by the party that stays" });
        }
        // An agent is no caller whom another queue could serve.
        let by_queue = self.state.part_by_queue(id);
        if by_queue.is_some_and(|(agent, _)| self.state.agent(agent).parts.contains_key(&stays)) {
            return Err(Refusal::NotPermitted);
        }
        Ok(stays)
    }

    /// One leaves, if he is not gone already, and the other is led on.
    pub(super) fn hand_on(
        &mut self,
        id: CallId,
        stays: LegId,
        (leaves, device): (LegId, DeviceId),
        (to, target): (TransferTo, Target),
    ) {
        let tenant = self.state.call(id).tenant;
        self.part(tenant, id);
        let agent = self.state.device(device).agent;
        self.record(tenant, Fact::CallTransferred { call: id, leg: stays, device, agent, to });
        if self.state.legs.contains_key(&leaves) {
            self.clear_leg(leaves, Cause::Normal);
        }
        self.end_part_of(tenant, id, leaves);
        self.lead(id, target);
    }

    /// The target, if a call can be led there as things are.
    pub(super) fn open_to(&self, target: Target) -> Result<Target, Refusal> {
        let target = self.not_in_vain(target)?;
        match &target {
            Target::Device(id) => {
                let device = self.state.device(*id);
                let (missed, refusal) = match (device.registered, device.legs.is_empty()) {
                    (false, _) => (Missed::Unreachable, Refusal::DeviceUnregistered),
                    (true, false) => (Missed::Busy, Refusal::Busy),
                    (true, true) => return Ok(target),
                };
                let person = self.person_at(*id).map(|person| &self.state.agent(person).settings);
                let goes_on = person.is_some_and(|settings| settings.forward(missed).is_some());
                if goes_on { Ok(target) } else { Err(refusal) }
            }
            Target::Mailbox(agent) if self.state.agent(*agent).filed.entry.mailbox.is_none() => {
                Err(Refusal::NoMailbox)
            }
            Target::Mailbox(_)
            | Target::Queue(..)
            | Target::Trunk(..)
            | Target::Greeting(..)
            | Target::Absent(..)
            | Target::Gone(_) => Ok(target),
        }
    }
}
