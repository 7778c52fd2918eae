//! Parking: a call waits in a slot, with music, until a phone takes it.
//!
//! Who parks a call leaves it, and his part in it ends as at the end of a call. When nobody takes it in time the phone that
//! parked it is rung for it, a few times; then it is cleared.

use super::{CallStep, Cause, LegPhase, ParkingEnd, Role};
use crate::action::Action;
use crate::code::Feature;
use crate::command::{Answer, Endpoint};
use crate::engine::Engine;
use crate::entry::{EntryId, Kind};
use crate::fact::Fact;
use crate::id::{CallId, DeviceId, LegId, TenantId};
use crate::limits::{PARKING_MS, PARKING_REMINDERS_MAX, PARKING_SLOTS};
use crate::refusal::Refusal;
use crate::state::Parked;
use crate::text::Number;
use crate::time::Timestamp;

const NOT_TALKING: Refusal = Refusal::Invalid { field: "call", why: "must be a conversation of two" };
const NO_SLOT: Refusal = Refusal::Invalid { field: "slot", why: "must be 1 to 99" };

impl Engine {
    /// The call that a phone holds, and its leg there; of several the one that it held last. A phone that dials a code
    /// for a call that it has holds that call meanwhile.
    pub(super) fn held_at(&self, device: DeviceId) -> Result<(CallId, LegId), Refusal> {
        let legs = self.state.device(device).legs.iter().map(|id| (*id, self.state.leg(*id)));
        let held = legs.filter(|(id, leg)| {
            let call = self.state.call(leg.call);
            leg.phase == LegPhase::Held && call.members.contains(id)
        });
        let last = held.max_by_key(|(id, leg)| (leg.since, *id));
        last.map(|(id, leg)| (leg.call, id)).ok_or(Refusal::NotFound(Kind::Call))
    }

    /// Parks the call that a phone holds.
    pub(super) fn park_by_code(
        &mut self,
        tenant: TenantId,
        device: DeviceId,
        slot: Option<&Number>,
    ) -> Result<Answer, Refusal> {
        let slot = slot.map(slot_of).transpose()?;
        let (call, leg) = self.held_at(device)?;
        self.park(tenant, call, (leg, device), slot)
    }

    pub(crate) fn park_by_command(
        &mut self,
        tenant: TenantId,
        id: CallId,
        device: Option<DeviceId>,
        slot: Option<u16>,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, id)?;
        let leaves = self.end_of(id, device)?;
        self.park(tenant, id, leaves, slot)
    }

    /// The two who talk in a call.
    pub(super) fn talking(&self, id: CallId) -> Result<(LegId, LegId), Refusal> {
        let call = self.state.call(id);
        match (call.step, call.members.as_slice()) {
            (CallStep::Talking, [a, b]) if call.consultation.is_none() => Ok((*a, *b)),
            _ => Err(NOT_TALKING),
        }
    }

    /// The leg of a device that talks in a call; when none is named, that of an agent, else of who was rung.
    pub(super) fn end_of(&self, id: CallId, device: Option<DeviceId>) -> Result<(LegId, DeviceId), Refusal> {
        let call = self.state.call(id);
        if call.step != CallStep::Talking {
            return Err(NOT_TALKING);
        }
        let at = |leg: &LegId| match self.state.leg(*leg).endpoint {
            Endpoint::Device(at) => Some((*leg, at)),
            Endpoint::Trunk(_) => None,
        };
        let has_agent =
            |leg: &LegId| call.agents.keys().any(|agent| self.state.agent(*agent).parts.contains_key(leg));
        let mut ends = call.members.iter().filter_map(at).collect::<Vec<_>>();
        ends.sort_by_key(|(leg, _)| (!has_agent(leg), self.state.leg(*leg).role != Role::Callee));
        let mut ends = ends.into_iter();
        ends.find(|(_, at)| device.is_none_or(|device| device == *at)).ok_or(Refusal::NotInCall)
    }

    /// Refuses to let somebody leave a call by a way that knows nothing of the other call that he has.
    pub(super) fn check_leaves(&self, leg: LegId) -> Result<(), Refusal> {
        match self.consults_by(leg) {
            Some(_) => Err(Refusal::Invalid { field: "call", why: "must not be left by who consults" }),
            None => Ok(()),
        }
    }

    fn park(
        &mut self,
        tenant: TenantId,
        id: CallId,
        (leaves, device): (LegId, DeviceId),
        slot: Option<u16>,
    ) -> Result<Answer, Refusal> {
        self.check_leaves(leaves)?;
        let (a, b) = self.talking(id)?;
        let leg = if a == leaves { b } else { a };
        let taken = &self.state.tenant(tenant).parked;
        let slot = match slot {
            Some(slot) if !(1..=PARKING_SLOTS).contains(&slot) => return Err(NO_SLOT),
            Some(slot) if taken.contains_key(&slot) => return Err(Refusal::Taken(Kind::Call, "slot")),
            Some(slot) => slot,
            None => (1..=PARKING_SLOTS)
                .find(|slot| !taken.contains_key(slot))
                .ok_or(Refusal::LimitReached("parked calls"))?,
        };
        self.part(tenant, id);
        let until = Timestamp(self.now.at.0.saturating_add(PARKING_MS));
        self.record(tenant, Fact::CallParked { call: id, leg, slot, device, until, reminded: 0 });
        self.leave_call(tenant, id, leaves);
        self.play_hold_music(id, leg);
        Ok(Answer::Parked(slot))
    }

    /// Ends what two who talk have in common, before one of them leaves.
    pub(super) fn part(&mut self, tenant: TenantId, id: CallId) {
        self.stop_recording(id, true);
        self.end_monitors(id, Cause::Normal);
        let call = self.state.call(id);
        let hears = |leg: &LegId| call.heard.contains(leg);
        if let &[a, b] = call.members.iter().copied().filter(hears).collect::<Vec<_>>().as_slice() {
            self.record(tenant, Fact::LegsUnbridged { call: id, a, b });
            self.act(Action::Unbridge { a, b });
        }
    }

    /// Ends one leg of a call that goes on without it, and the part of its agent.
    pub(super) fn leave_call(&mut self, tenant: TenantId, id: CallId, leg: LegId) {
        self.clear_leg(leg, Cause::Normal);
        self.end_part_of(tenant, id, leg);
    }

    /// Lets a phone that dialled for it into a parked call: the one in that slot; without a number the only one, or the
    /// one that this phone parked.
    pub(super) fn retrieve_by_code(
        &mut self,
        tenant: TenantId,
        device: DeviceId,
        argument: Option<&Number>,
    ) -> Result<Answer, Refusal> {
        let slot = argument.map(slot_of).transpose()?;
        let parked = &self.state.tenant(tenant).parked;
        let by_device = |call: &&CallId| self.state.call(**call).parked.is_some_and(|at| at.device == device);
        let found = match slot {
            Some(slot) => parked.get(&slot),
            None if parked.len() == 1 => parked.values().next(),
            None => parked.values().find(by_device),
        };
        // Who waits does not take himself.
        let of_another = |call: &&CallId| {
            let waiting = self.state.call(**call).parked.map(|at| self.state.leg(at.leg).endpoint);
            waiting != Some(Endpoint::Device(device))
        };
        let call = *found.filter(of_another).ok_or(Refusal::NotFound(Kind::Call))?;
        let agent = self.person_at(device);
        self.stop_ringing_for(call);
        let leg = self.add_leg(call, Role::Callee, true, Endpoint::Device(device));
        let (feature, argument) = (Feature::Retrieve, argument.cloned());
        self.record(tenant, Fact::FeatureCodeDialled { call, agent, feature, argument, refused: None });
        self.act(Action::Answer { leg });
        self.connect_parked(call, leg);
        Ok(Answer::Arrived(call, leg))
    }

    pub(crate) fn retrieve_by_command(
        &mut self,
        tenant: TenantId,
        id: CallId,
        device: DeviceId,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, id)?;
        self.owned(tenant, EntryId::Device(device))?;
        let call = self.state.call(id);
        if call.parked.is_none() {
            return Err(Refusal::Invalid { field: "call", why: "must be parked" });
        }
        let found = self.state.device(device);
        if !found.registered {
            return Err(Refusal::DeviceUnregistered);
        }
        if !found.legs.is_empty() || call.legs.len() > 1 {
            return Err(Refusal::Busy);
        }
        self.ring_for_parked(id, device);
        Ok(Answer::Done)
    }

    /// Nobody has taken a parked call for long.
    pub(crate) fn remind_of_parked(&mut self, id: CallId) {
        let call = self.state.call(id);
        let (tenant, parked) = (call.tenant, call.parked.expect("the timer is of a parked call"));
        if parked.reminded >= PARKING_REMINDERS_MAX {
            return self.clear_call(id, Cause::NoAnswer);
        }
        let alone = call.legs.len() == 1;
        let until = Timestamp(self.now.at.0.saturating_add(PARKING_MS));
        let Parked { slot, leg, device, .. } = parked;
        let reminded = parked.reminded + 1;
        self.record_policy(tenant, Fact::CallParked { call: id, leg, slot, device, until, reminded });
        if alone && self.state.devices.get(&parked.device).is_some_and(|device| device.is_idle()) {
            self.ring_for_parked(id, parked.device);
        }
    }

    /// Ends a parked call's place, if it has one.
    pub(super) fn end_parking(&mut self, id: CallId, end: ParkingEnd) {
        let call = self.state.call(id);
        if let Some(parked) = call.parked {
            self.record(call.tenant, Fact::ParkingEnded { call: id, slot: parked.slot, end });
        }
    }

    /// Connects a parked call to who answers for it.
    pub(super) fn connect_parked(&mut self, id: CallId, leg: LegId) {
        let call = self.state.call(id);
        let tenant = call.tenant;
        let waiting = call.parked.expect("who is connected to a parked call finds it there").leg;
        self.record(tenant, Fact::LegAnswered { call: id, leg });
        self.end_parking(id, ParkingEnd::Retrieved);
        self.act(Action::StopPlay { leg: waiting });
        self.connect_agent_at(leg);
        self.bridge(id, leg, waiting);
        self.follow_recording(id);
        // Who waited may hold us meanwhile: whoever takes the call hears music until he is back.
        if self.state.leg(waiting).phase == LegPhase::Held {
            self.record(tenant, Fact::LegsUnbridged { call: id, a: leg, b: waiting });
            self.act(Action::Unbridge { a: leg, b: waiting });
            self.play_hold_music(id, leg);
        }
    }

    fn ring_for_parked(&mut self, id: CallId, device: DeviceId) {
        let endpoint = Endpoint::Device(device);
        let leg = self.add_leg(id, Role::Callee, false, endpoint);
        let call = self.state.call(id);
        let waiting = call.parked.map(|parked| self.state.leg(parked.leg).role);
        let (caller, caller_name) = match waiting {
            Some(Role::Callee) => (Some(call.dialled.clone()), self.name_of(call.tenant, &call.dialled)),
            Some(Role::Caller) | None => (call.caller.clone(), call.caller_name.clone()),
        };
        let number = self.state.device(device).filed.entry.number.clone();
        self.act(Action::Ring { leg, endpoint, number, caller, caller_name, auto_answer: false });
    }

    /// Somebody else was quicker.
    fn stop_ringing_for(&mut self, id: CallId) {
        let call = self.state.call(id);
        let waiting = call.parked.map(|parked| parked.leg);
        for leg in call.legs.clone().into_iter().filter(|leg| Some(*leg) != waiting) {
            self.clear_leg(leg, Cause::AnsweredElsewhere);
        }
    }
}

fn slot_of(number: &Number) -> Result<u16, Refusal> {
    number.as_str().parse().map_err(|_| NO_SLOT)
}
