//! What the network says of a leg. A report about a leg that is no longer there is ignored: the engine forgets a leg
//! when it asks for its clearing, and what the far end did meanwhile does not matter.

use super::{LegPhase, Role};
use crate::action::{Action, AfterPrompts};
use crate::agent::Missed;
use crate::call::Cause;
use crate::command::{Actor, Endpoint};
use crate::engine::Engine;
use crate::entry::Name;
use crate::fact::Fact;
use crate::id::{AgentId, CallId, LegId};
use crate::limits::DIALOG_BYTES_MAX;
use crate::state::Leg;

impl Engine {
    pub(crate) fn leg_ringing(&mut self, id: LegId, early_media: bool) {
        let Some((call, leg)) = self.reported(id) else {
            return;
        };
        let (is_callee, is_offer) = (leg.role == Role::Callee, leg.offer.is_some());
        match leg.phase {
            LegPhase::Dialled => self.record(leg.tenant, Fact::LegRinging { call, leg: id }),
            LegPhase::Ringing => {}
            LegPhase::Arrived | LegPhase::Answered | LegPhase::Held => return,
        }
        // A caller who waits in a queue hears its treatment and nothing of the phones that ring for him.
        let caller = self.state.call(call).caller_leg;
        let unanswered = |leg: &LegId| self.state.leg(*leg).phase == LegPhase::Arrived;
        if let (true, false, Some(leg)) = (is_callee, is_offer, caller.filter(unanswered)) {
            let heard = early_media.then_some(id);
            self.act(Action::Progress { leg, heard });
        }
    }

    pub(crate) fn leg_answered(&mut self, id: LegId) {
        let Some((call, leg)) = self.reported(id) else {
            return;
        };
        match leg.phase {
            LegPhase::Dialled | LegPhase::Ringing => {}
            LegPhase::Arrived | LegPhase::Answered | LegPhase::Held => return,
        }
        match (leg.offer, leg.role) {
            (Some(offer), _) => self.accept(offer, self.state.offer(offer)),
            (None, Role::Caller) => self.dial_for_caller(call, id, leg.endpoint),
            (None, Role::Callee) if self.state.call(call).parked.is_some() => self.connect_parked(call, id),
            (None, Role::Callee) => self.connect_direct(call, id),
        }
    }

    pub(crate) fn leg_saved(&mut self, id: LegId, dialog: String) {
        let Some((_, leg)) = self.reported(id) else { return };
        if dialog.len() <= DIALOG_BYTES_MAX && leg.dialog.as_deref() != Some(dialog.as_str()) {
            self.record(leg.tenant, Fact::LegSaved { leg: id, dialog });
        }
    }

    pub(crate) fn leg_cleared(&mut self, id: LegId, cause: Cause) {
        let Some((call, leg)) = self.reported(id) else {
            return;
        };
        if let Some(offer) = leg.offer {
            return self.offer_failed(offer, cause);
        }
        if let Some(of) = self.consults_by(id) {
            return self.consulting_party_gone(of, id, cause);
        }
        if self.goes_on_without(call, id) {
            return self.leave_conference(leg.tenant, call, id, |engine| {
                engine.record(leg.tenant, Fact::LegCleared { call, leg: id, cause });
            });
        }
        self.record(leg.tenant, Fact::LegCleared { call, leg: id, cause });
        if let Some((agent, missed)) = self.missed_on(&leg, cause) {
            return self.forward_missed(call, agent, missed);
        }
        // Who was rung for a parked call has not taken it: it goes on waiting.
        if self.state.call(call).parked.is_none_or(|parked| parked.leg == id) {
            self.party_left(call, cause);
        }
    }

    /// The far end of a leg that is no offer rang too long.
    pub(crate) fn give_up_ringing(&mut self, leg: LegId) {
        let rang = self.state.leg(leg).clone();
        let missed = self.missed_on(&rang, Cause::NoAnswer);
        if missed.is_some() || self.state.call(rang.call).parked.is_some() {
            self.clear_leg(leg, Cause::NoAnswer);
        } else {
            self.clear_call(rang.call, Cause::NoAnswer);
        }
        if let Some((agent, missed)) = missed {
            self.forward_missed(rang.call, agent, missed);
        }
    }

    /// Who misses a direct call with the leg by which his phone rang, when he forwards it.
    fn missed_on(&self, leg: &Leg, cause: Cause) -> Option<(AgentId, Missed)> {
        let rang = matches!(leg.phase, LegPhase::Dialled | LegPhase::Ringing) && leg.role == Role::Callee;
        let call = self.state.call(leg.call);
        let (true, Endpoint::Device(device), Some(_), None) =
            (rang, leg.endpoint, call.caller_leg, call.parked)
        else {
            return None;
        };
        let (agent, missed) = (self.person_at(device)?, Missed::of(cause)?);
        self.state.forward(leg.call, agent, missed).map(|_| (agent, missed))
    }

    /// Lets two legs hear each other.
    pub(crate) fn bridge(&mut self, call: CallId, a: LegId, b: LegId) {
        let tenant = self.state.call(call).tenant;
        self.record(tenant, Fact::LegsBridged { call, a, b });
        self.act(Action::Bridge { a, b });
    }

    /// Gives the agent who is logged in at the leg's device, if any, a part in the call that came through no queue.
    pub(crate) fn connect_agent_at(&mut self, id: LegId) {
        let leg = self.state.leg(id);
        let (tenant, call) = (leg.tenant, leg.call);
        // Who is led on by a transfer has his part already.
        let has_none = |agent: &AgentId| !self.state.agent(*agent).parts.contains_key(&id);
        if let Some(agent) = self.agent_at(leg.endpoint).filter(has_none) {
            let connected = Fact::AgentConnected { call, agent, leg: id, queue: None };
            self.record(tenant, connected);
        }
    }

    /// Who is logged in there.
    pub(crate) fn agent_at(&self, endpoint: Endpoint) -> Option<AgentId> {
        match endpoint {
            Endpoint::Device(device) => self.state.device(device).agent,
            Endpoint::Trunk(_) => None,
        }
    }

    pub(super) fn connect_direct(&mut self, call: CallId, callee: LegId) {
        let tenant = self.state.call(call).tenant;
        self.record(tenant, Fact::LegAnswered { call, leg: callee });
        let Some(caller) = self.state.call(call).caller_leg else {
            return self.connect_callback(call, callee);
        };
        if self.state.leg(caller).phase != LegPhase::Arrived {
            self.act(Action::StopPlay { leg: caller });
        }
        self.answer_caller(call);
        self.connect_agent_at(callee);
        self.connect_agent_at(caller);
        self.bridge(call, caller, callee);
        // What an agent's queue records it records beyond a transfer.
        self.follow_recording(call);
    }

    pub(super) fn play_hold_music(&mut self, call: CallId, leg: LegId) {
        let queue = self.state.call(call).queue;
        let music: Option<Name> =
            queue.and_then(|id| self.state.queue(id).filed.entry.treatment.music.clone());
        self.act(Action::Play { leg, prompts: Vec::new(), then: AfterPrompts::Music(music) });
    }

    /// The leg that a report is about, if it lives; what follows is by its device, or by the network.
    pub(super) fn reported(&mut self, id: LegId) -> Option<(CallId, Leg)> {
        let leg = self.state.legs.get(&id)?.clone();
        self.by = match leg.endpoint {
            Endpoint::Device(device) => Actor::Device(device),
            Endpoint::Trunk(_) => Actor::Network,
        };
        Some((leg.call, leg))
    }
}
