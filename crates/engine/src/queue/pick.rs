//! An agent takes a waiting call out of turn.

use crate::agent::Membership;
use crate::call::{Cause, Withdrawn};
use crate::command::Answer;
use crate::engine::Engine;
use crate::entry::EntryId;
use crate::id::{AgentId, CallId, QueueId, TenantId};
use crate::refusal::Refusal;

impl Engine {
    /// Offers a waiting call to the agent who asks for it, instead of to whom it is offered now. He must be one who could
    /// be offered a call of that queue.
    pub(crate) fn pick(&mut self, tenant: TenantId, id: AgentId, call: CallId) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(id))?;
        self.owned_call(tenant, call)?;
        let waiting = self.state.call(call);
        let place = waiting.place.ok_or(Refusal::OfferEnded)?;
        self.could_be_offered(id, place.queue)?;
        for offer in waiting.offers.clone() {
            self.withdraw(offer, Withdrawn::QueueGaveUp(place.queue), Cause::Normal);
        }
        self.make_offer(place.queue, call, id);
        Ok(Answer::Done)
    }

    /// Whether an agent could be offered a call of that queue now, and why not.
    pub(crate) fn could_be_offered(&self, id: AgentId, queue: QueueId) -> Result<(), Refusal> {
        let agent = self.state.agent(id);
        match agent.membership(queue) {
            None => Err(Refusal::NotAssigned),
            Some(Membership::Out | Membership::NotReady) => Err(Refusal::NotLoggedIn),
            Some(Membership::Ready) if agent.login.is_none() => Err(Refusal::NotLoggedIn),
            Some(Membership::Ready) if agent.standing.is_none() => Err(Refusal::Busy),
            Some(Membership::Ready) => Ok(()),
        }
    }
}
