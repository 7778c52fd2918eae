//! Answering a call that rings at somebody else's phone.
//!
//! Who picks up joins the call that rings: his leg takes the place of the one that was rung, and no call of his own is
//! begun. A call that a queue offers is for agents of that queue alone: whoever of them could be offered it just now may
//! take the offer of another over.

use super::{Cause, LegPhase, Role, Withdrawn};
use crate::action::Action;
use crate::code::Feature;
use crate::command::{Answer, Endpoint};
use crate::engine::Engine;
use crate::entry::{Kind, Numbered};
use crate::fact::Fact;
use crate::id::{DeviceId, LegId, OfferId, TenantId};
use crate::refusal::Refusal;
use crate::state::{Leg, Offer};
use crate::text::Number;

impl Engine {
    /// Connects the call that rings at the phone of that number.
    pub(super) fn pick_up_at(
        &mut self,
        tenant: TenantId,
        device: DeviceId,
        number: Number,
    ) -> Result<Answer, Refusal> {
        let rung = match self.state.tenant(tenant).plan.get(&number) {
            Some(Numbered::Device(device)) => Some(*device),
            Some(Numbered::Agent(agent)) => self.state.agent(*agent).login.map(|login| login.device),
            Some(Numbered::Queue(_) | Numbered::Route(_)) | None => None,
        };
        let legs = rung.map(|rung| &self.state.device(rung).legs);
        let ringing = legs.into_iter().flatten().find(|leg| is_ringing(self.state.leg(**leg))).copied();
        let leg = ringing.ok_or(Refusal::NotFound(Kind::Call))?;
        self.pick_up(device, leg, Feature::PickUp, Some(number))
    }

    /// Connects the call that has been ringing longest at a phone of the own team.
    pub(super) fn pick_up_in_team(&mut self, tenant: TenantId, device: DeviceId) -> Result<Answer, Refusal> {
        let team_at = |device| {
            let person = self.person_at(device)?;
            self.state.agent(person).filed.entry.team
        };
        let team = team_at(device).ok_or(Refusal::NotFound(Kind::Call))?;
        // A person's deed at a phone, so looking through what rings is affordable.
        let in_team = |leg: &Leg| match leg.endpoint {
            Endpoint::Device(rung) => leg.tenant == tenant && team_at(rung) == Some(team),
            Endpoint::Trunk(_) => false,
        };
        let mut legs = self.state.legs.iter();
        let ringing = legs.find(|(_, leg)| is_ringing(leg) && in_team(leg) && self.may_take(device, leg));
        let ringing = ringing.map(|(id, _)| *id);
        let leg = ringing.ok_or(Refusal::NotFound(Kind::Call))?;
        self.pick_up(device, leg, Feature::PickUpGroup, None)
    }

    fn pick_up(
        &mut self,
        device: DeviceId,
        ringing: LegId,
        feature: Feature,
        argument: Option<Number>,
    ) -> Result<Answer, Refusal> {
        if let Some(offer) = self.state.leg(ringing).offer {
            return self.take_over(device, offer, feature, argument);
        }
        let call = self.state.leg(ringing).call;
        let tenant = self.state.call(call).tenant;
        let agent = self.person_at(device);
        self.clear_leg(ringing, Cause::AnsweredElsewhere);
        let leg = self.add_leg(call, Role::Callee, true, Endpoint::Device(device));
        let dialled = Fact::FeatureCodeDialled { call, agent, feature, argument, refused: None };
        self.record(tenant, dialled);
        self.act(Action::Answer { leg });
        self.connect_direct(call, leg);
        Ok(Answer::Arrived(call, leg))
    }

    /// Whether who is logged in at a device may answer what rings: a call that a queue offers only if he could be
    /// offered it himself.
    fn may_take(&self, device: DeviceId, leg: &Leg) -> bool {
        let Some(offer) = leg.offer else { return true };
        let agent = self.agent_at(Endpoint::Device(device));
        agent.is_some_and(|agent| self.could_be_offered(agent, self.state.offer(offer).queue).is_ok())
    }

    /// Gives a call that a queue offers to somebody to another of its agents, who answers already.
    fn take_over(
        &mut self,
        device: DeviceId,
        id: OfferId,
        feature: Feature,
        argument: Option<Number>,
    ) -> Result<Answer, Refusal> {
        let agent = self.agent_at(Endpoint::Device(device)).ok_or(Refusal::NotLoggedIn)?;
        let Offer { tenant, call, queue, .. } = self.state.offer(id);
        self.could_be_offered(agent, queue)?;
        for other in self.state.call(call).offers.clone() {
            self.withdraw(other, Withdrawn::QueueGaveUp(queue), Cause::AnsweredElsewhere);
        }
        let leg = self.add_leg(call, Role::Callee, true, Endpoint::Device(device));
        let offer = OfferId(self.state.last.offer + 1);
        let deadline = self.now.at.after(self.state.queue(queue).filed.entry.offer());
        self.record(tenant, Fact::OfferMade { offer, call, queue, agent, leg, deadline });
        let agent = Some(agent);
        self.record(tenant, Fact::FeatureCodeDialled { call, agent, feature, argument, refused: None });
        self.act(Action::Answer { leg });
        self.accept(offer, self.state.offer(offer));
        Ok(Answer::Arrived(call, leg))
    }
}

/// Whether somebody's phone rings for a call.
fn is_ringing(leg: &Leg) -> bool {
    let rings = match leg.phase {
        LegPhase::Dialled | LegPhase::Ringing => true,
        LegPhase::Arrived | LegPhase::Answered | LegPhase::Held => false,
    };
    rings && leg.role == Role::Callee && matches!(leg.endpoint, Endpoint::Device(_))
}
