//! Callers who hang up and keep their place: another call has it until an agent takes that, and then they are called.
//!
//! That call has no leg while it waits, so it outlives the process. The agent is asked first: nobody is called for whom
//! there is no one to talk to.

use super::announcement::said;
use crate::action::{Action, AfterPrompts};
use crate::call::arrive::cause_of;
use crate::call::{Cause, Direction, WaitingEnd, Withdrawn};
use crate::command::Endpoint;
use crate::engine::Engine;
use crate::entry::{Numbered, Overflow};
use crate::fact::Fact;
use crate::id::{CallId, LegId, QueueId, TenantId};
use crate::text::Number;
use crate::time::Timestamp;

impl Engine {
    /// Takes a caller's wish to be called back at the number that he calls from, if that may be dialled; else he is told,
    /// and waits on.
    pub(super) fn ask_callback(&mut self, call: CallId, leg: LegId) {
        let waiting = self.state.call(call);
        let (tenant, Some(place)) = (waiting.tenant, waiting.place) else { return };
        let entry = &self.state.queue(place.queue).filed.entry;
        let (treatment, keeps_ms) = (entry.treatment.clone(), entry.callback_ms);
        let number = waiting.caller.clone().filter(|number| self.can_call_back(tenant, number));
        let (Some(number), Ok(())) = (number, self.check_room(tenant)) else {
            let prompts = vec![said(&treatment, "callback-not-possible")];
            let then = AfterPrompts::Music(treatment.music);
            return self.act(Action::Play { leg, prompts, then });
        };
        let (name, dialled) = (waiting.caller_name.clone(), waiting.dialled.clone());
        self.give_up_offers(call, place.queue);
        self.leave_queue(call, WaitingEnd::CalledBack);
        if !self.state.queue(place.queue).callbacks.contains_key(&number) {
            let caller = Some(number.clone());
            let (back, _) = self.start_call(tenant, Direction::Outbound, caller, name, dialled);
            let until = Timestamp(self.now.at.0.saturating_add(keeps_ms));
            let queue = place.queue;
            self.record(tenant, Fact::CallbackAsked { call: back, of: call, queue, number, until });
            let (entered, priority) = (place.entered, place.priority);
            self.record(tenant, Fact::CallQueued { call: back, queue, entered, priority, preferred: None });
        }
        self.announce(call, vec![said(&treatment, "callback")]);
    }

    /// The caller leaves the line for somewhere else.
    pub(super) fn leave_by_key(&mut self, call: CallId, to: Overflow) {
        let Some(place) = self.state.call(call).place else { return };
        self.give_up_offers(call, place.queue);
        self.leave_queue(call, WaitingEnd::LeftByKey);
        self.lead_away(call, to, place.priority, Cause::Normal);
    }

    fn give_up_offers(&mut self, call: CallId, queue: QueueId) {
        for offer in self.state.call(call).offers.clone() {
            self.withdraw(offer, Withdrawn::QueueGaveUp(queue), Cause::Normal);
        }
    }

    /// Whether somebody can be called at the number from which he calls. What a caller says of himself is not believed
    /// further than the rules for calls out let everybody dial.
    fn can_call_back(&self, tenant: TenantId, number: &Number) -> bool {
        let own = self.state.tenant(tenant).plan.get(number);
        matches!(own, Some(Numbered::Device(_)))
            || own.is_none() && self.may_go_out(tenant, None, number).is_ok()
    }

    /// The agent has answered: the caller is called, as if the agent dialled him.
    pub(crate) fn call_back(&mut self, call: CallId, agent_leg: LegId) {
        let calling = self.state.call(call);
        let (tenant, number) = (calling.tenant, calling.callback.as_ref().map(|back| back.number.clone()));
        let Some(number) = number else { return self.clear_call(call, Cause::Normal) };
        let from: Endpoint = self.state.leg(agent_leg).endpoint;
        match self.send_on(tenant, from, &number, None) {
            Ok(target) => self.lead(call, target),
            Err(refusal) => self.clear_call(call, cause_of(&refusal)),
        }
    }

    /// The caller who was called back has answered.
    pub(crate) fn connect_callback(&mut self, call: CallId, callee: LegId) {
        let talking = self.state.call(call);
        let near = talking.legs.iter().copied().find(|leg| *leg != callee);
        let (Some(near), Some((agent, queue))) = (near, self.state.part_by_queue(call)) else { return };
        self.act(Action::StopPlay { leg: near });
        self.connect_agent_at(callee);
        self.bridge(call, near, callee);
        if self.state.queue(queue).filed.entry.record {
            self.start_recording(call, agent, near, vec![callee]);
        }
    }
}
