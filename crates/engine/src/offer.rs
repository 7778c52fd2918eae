//! Offers: one agent asked to take one call, once. Each ends exactly once.

use serde::{Deserialize, Serialize};

use crate::action::{Action, AfterPrompts};
use crate::agent::WhyNotReady;
use crate::call::{Cause, OfferEnd, Role, Withdrawn};
use crate::command::{Answer, Endpoint};
use crate::engine::Engine;
use crate::entry::{AfterMissed, Kind, Name};
use crate::fact::Fact;
use crate::id::{AgentId, CallId, LegId, OfferId, QueueId, TenantId};
use crate::machine::Moves;
use crate::refusal::Refusal;
use crate::state::Offer;

/// The steps of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OfferStep {
    Made,
    Accepted,
    Declined,
    Expired,
    Withdrawn,
}

/// The legal moves of an offer.
pub(crate) const OFFER: Moves<OfferStep> = &[(
    OfferStep::Made,
    &[OfferStep::Accepted, OfferStep::Declined, OfferStep::Expired, OfferStep::Withdrawn],
)];

impl OfferStep {
    pub(crate) const fn of(end: OfferEnd) -> Self {
        match end {
            OfferEnd::Accepted => Self::Accepted,
            OfferEnd::Declined => Self::Declined,
            OfferEnd::Expired => Self::Expired,
            OfferEnd::Withdrawn(_) => Self::Withdrawn,
        }
    }
}

impl Engine {
    /// Asks an agent who stands in the queue's order to take a call that waits there.
    pub(crate) fn make_offer(&mut self, queue: QueueId, call: CallId, agent: AgentId) {
        let login = self.state.agent(agent).login.expect("who stands in order is logged in");
        let waiting = self.state.call(call);
        let tenant = waiting.tenant;
        let (caller, caller_name) = (waiting.caller.clone(), waiting.caller_name.clone());
        let endpoint = Endpoint::Device(login.device);
        let leg = self.add_leg(call, Role::Callee, false, endpoint);
        let offer = OfferId(self.state.last.offer + 1);
        let deadline = self.now.at.after(self.state.queue(queue).filed.entry.offer());
        let fact = Fact::OfferMade { offer, call, queue, agent, leg, deadline };
        self.record(tenant, fact);
        let device = &self.state.device(login.device).filed.entry;
        self.act(Action::Ring {
            leg,
            endpoint,
            number: device.number.clone(),
            caller,
            caller_name,
            auto_answer: device.auto_answer && self.state.queue(queue).filed.entry.auto_answer,
        });
    }

    /// The agent's device answered: he has the call, and nobody else.
    pub(crate) fn accept(&mut self, id: OfferId, offer: Offer) {
        let Offer { tenant, call, queue, agent, leg, .. } = offer;
        self.record(tenant, Fact::LegAnswered { call, leg });
        let end = OfferEnd::Accepted;
        self.record(tenant, Fact::OfferEnded { offer: id, call, agent, end });
        for other in self.state.call(call).offers.clone() {
            let quicker = Withdrawn::AnsweredBy(agent, id);
            self.withdraw(other, quicker, Cause::AnsweredElsewhere);
        }
        self.answer_waiting(call);
        let connected = Fact::AgentConnected { call, agent, leg, queue: Some(queue) };
        self.record(tenant, connected);
        match self.state.queue(queue).filed.entry.briefing.clone() {
            Some(prompt) => self.briefing(call, agent, leg, prompt),
            None => self.connect(call, agent, leg, queue),
        }
    }

    /// Says to the agent which call he has answered, while the caller still waits.
    fn briefing(&mut self, call: CallId, agent: AgentId, leg: LegId, prompt: Name) {
        let tenant = self.state.call(call).tenant;
        self.record(tenant, Fact::BriefingStarted { call, agent, leg, prompt: prompt.clone() });
        self.act(Action::Play { leg, prompts: vec![prompt], then: AfterPrompts::Report });
    }

    /// The briefing is said, or should be: the agent and the caller hear each other.
    pub(crate) fn end_briefing(&mut self, call: CallId) {
        let Some((agent, queue)) = self.state.part_by_queue(call) else { return };
        let parts = &self.state.agent(agent).parts;
        if let Some(leg) = parts.iter().find(|(_, part)| part.call == call).map(|(leg, _)| *leg) {
            self.connect(call, agent, leg, queue);
        }
    }

    /// Lets the agent who took a queue's call and its caller hear each other, or calls the caller back.
    fn connect(&mut self, call: CallId, agent: AgentId, leg: LegId, queue: QueueId) {
        let Some(caller) = self.state.call(call).caller_leg else {
            return self.call_back(call, leg);
        };
        self.connect_agent_at(caller);
        self.act(Action::StopPlay { leg: caller });
        self.bridge(call, leg, caller);
        if self.state.queue(queue).filed.entry.record {
            self.start_recording(call, agent, leg, vec![caller]);
        }
    }

    /// The agent says no without touching the phone.
    pub(crate) fn decline(&mut self, tenant: TenantId, id: OfferId) -> Result<Answer, Refusal> {
        let Some(offer) = self.state.offers.get(&id).copied() else {
            let ended = id.0 <= self.state.last.offer;
            return Err(if ended { Refusal::OfferEnded } else { Refusal::NotFound(Kind::Offer) });
        };
        if offer.tenant != tenant {
            return Err(Refusal::NotFound(Kind::Offer));
        }
        self.end_offer(id, OfferEnd::Declined, Some(Cause::Rejected));
        let rule = self.state.queue(offer.queue).filed.entry.on_decline;
        self.missed(offer.agent, WhyNotReady::Declined, (rule, None));
        Ok(Answer::Done)
    }

    /// The agent did not answer in time.
    pub(crate) fn expire_offer(&mut self, id: OfferId) {
        let offer = self.state.offer(id);
        self.end_offer(id, OfferEnd::Expired, Some(Cause::NoAnswer));
        let policy = &self.state.queue(offer.queue).filed.entry;
        let rule = (policy.on_no_answer, policy.missed_max);
        self.missed(offer.agent, WhyNotReady::NoAnswer, rule);
    }

    /// The agent's leg cleared before it was answered: what that says about the agent.
    pub(crate) fn offer_failed(&mut self, id: OfferId, cause: Cause) {
        let offer = self.state.offer(id);
        let policy = &self.state.queue(offer.queue).filed.entry;
        let (end, why, rule) = match cause {
            Cause::Busy => {
                let rule = policy.on_busy.unwrap_or(policy.on_decline);
                (OfferEnd::Declined, WhyNotReady::Busy, rule)
            }
            Cause::Rejected | Cause::Normal | Cause::AnsweredElsewhere => {
                (OfferEnd::Declined, WhyNotReady::Declined, policy.on_decline)
            }
            Cause::NoAnswer => (OfferEnd::Expired, WhyNotReady::NoAnswer, policy.on_no_answer),
            Cause::Unreachable
            | Cause::NoRoute
            | Cause::Full
            | Cause::Failed(_)
            | Cause::Lost
            | Cause::NodeRestarted => {
                let lost = OfferEnd::Withdrawn(Withdrawn::DeviceLost);
                (lost, WhyNotReady::Unreachable, AfterMissed::NotReady)
            }
        };
        let rule = (rule, policy.missed_max);
        self.end_offer(id, end, None);
        let Offer { tenant, call, leg, .. } = offer;
        self.record(tenant, Fact::LegCleared { call, leg, cause });
        self.missed(offer.agent, why, rule);
    }

    /// Ends an offer whose reason went away, and what the agent had pending takes effect.
    pub(crate) fn withdraw(&mut self, id: OfferId, why: Withdrawn, cause: Cause) {
        let agent = self.state.offer(id).agent;
        self.end_offer(id, OfferEnd::Withdrawn(why), Some(cause));
        self.settle(agent);
    }

    /// Ends an offer, and its leg too unless that has cleared by itself (`cause` is `None` then).
    pub(crate) fn end_offer(&mut self, id: OfferId, end: OfferEnd, cause: Option<Cause>) {
        let Offer { tenant, call, agent, leg, .. } = self.state.offer(id);
        let ended = Fact::OfferEnded { offer: id, call, agent, end };
        self.record(tenant, ended);
        if let Some(cause) = cause {
            self.clear_leg(leg, cause);
        }
    }
}
