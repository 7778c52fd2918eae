//! How calls end: whoever ends one, everything that it held ends with it, once.

use super::{CallStep, Cause, ConsultationEnd, ParkingEnd, WaitingEnd, Withdrawn};
use crate::action::Action;
use crate::command::{Answer, Note};
use crate::engine::Engine;
use crate::entry::{EntryId, Kind};
use crate::fact::Fact;
use crate::id::{AgentId, CallId, DispositionId, LegId, QueueId, TenantId};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::view::LegPhase;

/// Who ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ender {
    /// One of its parties.
    Party,
    /// The engine, by a rule or a command.
    Engine,
    /// The death of the process.
    Restart,
}

impl Ender {
    /// What that makes of a place in a queue.
    const fn waiting_end(self) -> WaitingEnd {
        match self {
            Self::Party | Self::Restart => WaitingEnd::Abandoned,
            Self::Engine => WaitingEnd::Overflowed,
        }
    }

    /// What that makes of a place in a slot.
    const fn parking_end(self) -> ParkingEnd {
        match self {
            Self::Party | Self::Restart => ParkingEnd::Abandoned,
            Self::Engine => ParkingEnd::Cleared,
        }
    }

    /// What that makes of a live offer.
    const fn withdrawn(self, queue: QueueId) -> Withdrawn {
        match self {
            Self::Party => Withdrawn::CallerGone,
            Self::Engine => Withdrawn::QueueGaveUp(queue),
            Self::Restart => Withdrawn::NodeRestarted,
        }
    }
}

impl Engine {
    pub(crate) fn clear_by_command(&mut self, tenant: TenantId, id: CallId) -> Result<Answer, Refusal> {
        self.owned_call(tenant, id)?;
        if self.state.call(id).step == CallStep::Cleared {
            return Err(Refusal::AlreadySo);
        }
        self.clear_call(id, Cause::Normal);
        Ok(Answer::Done)
    }

    /// Says how a contact ended, in the word of an agent who had a part in it.
    pub(crate) fn set_disposition(
        &mut self,
        tenant: TenantId,
        call: CallId,
        agent: AgentId,
        disposition: DispositionId,
        note: Note,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, call)?;
        self.owned(tenant, EntryId::Agent(agent))?;
        self.owned(tenant, EntryId::Disposition(disposition))?;
        if !self.state.call(call).agents.contains_key(&agent) {
            return Err(Refusal::NotInCall);
        }
        let fact = Fact::DispositionSet { call, agent, disposition, note };
        self.record(tenant, fact);
        Ok(Answer::Done)
    }

    /// Ends a call because we want it to end.
    pub(crate) fn clear_call(&mut self, call: CallId, cause: Cause) {
        self.end_call(call, cause, Ender::Engine);
    }

    /// Ends what is left of a call after one of its parties left.
    pub(crate) fn party_left(&mut self, call: CallId, cause: Cause) {
        self.end_call(call, cause, Ender::Party);
    }

    /// Ends what a dead process left of a call.
    pub(crate) fn end_after_restart(&mut self, call: CallId) {
        let left = self.state.call(call);
        if left.step == CallStep::Cleared {
            self.close_if_over(call);
        } else if left.callback.is_some() && left.place.is_some() && left.agents.is_empty() {
            // Nobody is on the line who could have been cut off: he keeps his place.
            for offer in left.offers.clone() {
                self.withdraw(offer, Withdrawn::NodeRestarted, Cause::NodeRestarted);
            }
        } else {
            self.end_call(call, Cause::NodeRestarted, Ender::Restart);
        }
    }

    /// What was saved of a leg that still can be ended by it from another process. A caller whom nobody answered may
    /// not be sent BYE (RFC 3261 section 15), and gives up by himself.
    pub fn leg_ending(&self, id: LegId) -> Option<&str> {
        let leg = self.state.legs.get(&id)?;
        match leg.phase {
            LegPhase::Arrived => None,
            LegPhase::Dialled | LegPhase::Ringing | LegPhase::Answered | LegPhase::Held => {
                leg.dialog.as_deref()
            }
        }
    }

    /// Ends a leg. The legs of a dead process end by what was saved of them.
    pub(crate) fn clear_leg(&mut self, id: LegId, cause: Cause) {
        let saved = self.leg_ending(id).map(str::to_owned);
        let leg = self.state.leg(id);
        let (tenant, call) = (leg.tenant, leg.call);
        self.record(tenant, Fact::LegCleared { call, leg: id, cause });
        match (cause == Cause::NodeRestarted, saved) {
            (false, _) => self.act(Action::Clear { leg: id, cause }),
            (true, Some(dialog)) => self.act(Action::ClearSaved { leg: id, dialog }),
            (true, None) => {}
        }
    }

    /// Closes the call's record when its last leg and last wrap-up are over.
    pub(crate) fn close_if_over(&mut self, id: CallId) {
        let call = self.state.call(id);
        if call.step == CallStep::Cleared && call.legs.is_empty() && call.wrap_ups.is_empty() {
            self.record(call.tenant, Fact::CallClosed { call: id });
        }
    }

    pub(crate) fn owned_call(&self, tenant: TenantId, id: CallId) -> Result<(), Refusal> {
        match self.state.calls.get(&id) {
            Some(call) if call.tenant == tenant => Ok(()),
            Some(_) => Err(Refusal::NotFound(Kind::Call)),
            None if self.state.tenant(tenant).closed.contains(&id) => Err(Refusal::CallClosed),
            None => Err(Refusal::NotFound(Kind::Call)),
        }
    }

    fn end_call(&mut self, id: CallId, cause: Cause, ender: Ender) {
        let goes_on = self.end_consultations(id, ender);
        self.stop_recording(id, ender != Ender::Restart);
        if ender != Ender::Restart {
            self.end_monitors(id, Cause::Normal);
        }
        self.end_parking(id, ender.parking_end());
        for offer in self.state.call(id).offers.clone() {
            let why = ender.withdrawn(self.state.offer(offer).queue);
            let cause = if ender == Ender::Restart { cause } else { Cause::Normal };
            self.withdraw(offer, why, cause);
        }
        // The journal may be cut between an offer's acceptance and the end of the place: the agent has the call then.
        let accepted = self.state.part_by_queue(id).is_some();
        self.leave_queue(id, if accepted { WaitingEnd::Answered } else { ender.waiting_end() });
        for leg in self.state.call(id).legs.clone() {
            self.clear_leg(leg, cause);
        }
        let tenant = self.state.call(id).tenant;
        let agents = self.state.call(id).agents.clone();
        let mut changed = Vec::new();
        for (agent, queue) in &agents {
            if self.disconnect(tenant, id, *agent, *queue) {
                changed.push(*agent);
            }
        }
        if let Some(leg) =
            goes_on.filter(|leg| self.state.call(self.state.leg(*leg).call).step == CallStep::Talking)
        {
            self.connect_agent_at(leg);
        }
        self.record(tenant, Fact::CallCleared { call: id, cause });
        for agent in agents.into_keys() {
            self.settle(agent);
        }
        for agent in changed {
            self.rest_if_ready_nowhere(agent);
        }
        self.close_if_over(id);
    }

    /// Ends what a call has to do with a consultation. The leg of who consults for it, if that goes on without it.
    fn end_consultations(&mut self, id: CallId, ender: Ender) -> Option<LegId> {
        if ender != Ender::Restart {
            self.come_back(id);
            return self.forsake_consultation(id);
        }
        let call = self.state.call(id);
        let tenant = call.tenant;
        let own = call.consults_for.map(|of| (id, of));
        if let Some((call, of)) = call.consultation.map(|it| (it.call, id)).or(own) {
            self.record(tenant, Fact::ConsultationEnded { call, of, end: ConsultationEnd::NodeRestarted });
        }
        None
    }

    /// Ends an agent's part. The wrap-up is on record before the part is over, so that a crash between the two
    /// cannot lose it. Whether the agent is ready in fewer queues than before.
    pub(super) fn disconnect(
        &mut self,
        tenant: TenantId,
        call: CallId,
        agent: AgentId,
        queue: Option<QueueId>,
    ) -> bool {
        let parts = &self.state.agent(agent).parts;
        if !parts.values().any(|part| part.call == call) {
            return false;
        }
        let started = self.state.agent(agent).wrap_up.is_some();
        if let (Some((queue, ms)), false) = (self.wrap_up_after(agent, queue), started) {
            let until = Timestamp(self.now.at.0.saturating_add(ms));
            let fact = Fact::WrapUpStarted { agent, call, queue, until };
            self.record_policy(tenant, fact);
        }
        let changed = self.before_call_ends(agent, queue);
        self.record(tenant, Fact::AgentDisconnected { call, agent });
        changed
    }
}
