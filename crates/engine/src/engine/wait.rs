//! What a call or an agent waits for: the answer to "why is this stuck?". Nothing here looks at more than what the thing
//! itself holds.

use super::Engine;
use crate::agent::Activity;
use crate::call::LegPhase;
use crate::id::{AgentId, CallId, TenantId};
use crate::view::{WaitView, WaitsFor};

impl Engine {
    /// What a live call waits for; `None` when there is no such call.
    pub fn call_waits_for(&self, tenant: TenantId, id: CallId) -> Option<Vec<WaitView>> {
        let call = self.state.calls.get(&id).filter(|call| call.tenant == tenant)?;
        let mut waits = Vec::new();
        for id in &call.legs {
            let leg = self.state.leg(*id);
            let (leg, state) = (*id, leg.phase);
            let until = self.state.leg(leg).rings_until;
            waits.push(WaitView { until, ..WaitView::of(WaitsFor::Leg { leg, state }) });
        }
        for offer in &call.offers {
            let offer = self.state.offer(*offer);
            let what = WaitsFor::Offer { agent: offer.agent, queue: offer.queue };
            waits.push(WaitView { until: Some(offer.deadline), ..WaitView::of(what) });
        }
        if let Some(place) = call.place {
            let what = WaitsFor::AnyAgent { queue: place.queue };
            waits.push(WaitView { until: place.due.gives_up, ..WaitView::of(what) });
        }
        if let Some(until) = call.greeting_until {
            waits.push(WaitView { until: Some(until), ..WaitView::of(WaitsFor::Prompt) });
        }
        if let Some(parked) = call.parked {
            let what = WaitsFor::Retrieval { slot: parked.slot };
            waits.push(WaitView { until: Some(parked.until), ..WaitView::of(what) });
        }
        if let Some(consultation) = call.consultation {
            waits.push(WaitView::of(WaitsFor::Consultation { call: consultation.call }));
        }
        for agent in &call.wrap_ups {
            let until = self.state.agent(*agent).wrap_up.map(|wrap_up| wrap_up.until);
            waits.push(WaitView { until, ..WaitView::of(WaitsFor::WrapUp { agent: *agent }) });
        }
        Some(waits)
    }

    /// What an agent who is not idle, or to whom something is yet to happen, waits for; `None` when there is no such agent.
    pub fn agent_waits_for(&self, tenant: TenantId, id: AgentId) -> Option<Vec<WaitView>> {
        let agent = self.state.agents.get(&id).filter(|agent| agent.filed.tenant == tenant)?;
        let mut waits = Vec::new();
        for leg in agent.parts.keys() {
            let state = self.state.legs.get(leg).map_or(LegPhase::Answered, |leg| leg.phase);
            waits.push(WaitView::of(WaitsFor::Leg { leg: *leg, state }));
        }
        if let Activity::Offered { offer } = agent.activity {
            let offer = self.state.offer(offer);
            let what = WaitsFor::Offer { agent: id, queue: offer.queue };
            waits.push(WaitView { until: Some(offer.deadline), ..WaitView::of(what) });
        }
        if let Some(wrap_up) = agent.wrap_up {
            let what = WaitsFor::WrapUp { agent: id };
            waits.push(WaitView { until: Some(wrap_up.until), ..WaitView::of(what) });
        }
        if let Some(until) = agent.rest_until {
            waits.push(WaitView { until: Some(until), ..WaitView::of(WaitsFor::Rest) });
        }
        Some(waits)
    }
}
