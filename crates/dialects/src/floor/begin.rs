//! The floor as it stands: from the engine's views.

use std::collections::{BTreeMap, BTreeSet};

use cordial_engine::agent::{Activity, DeviceState, Duty, WhyNotReady};
use cordial_engine::call::{LegPhase, Role, VariableName, VariableValue};
use cordial_engine::command::Endpoint;
use cordial_engine::entry::{Entry, EntryId, Kind};
use cordial_engine::id::{AgentId, CallId, DeviceId, QueueId, TenantId};
use cordial_engine::view::{AgentView, CallPhase, CallView, DeviceView, OfferView, QueueView};
use cordial_engine::{Engine, Now, Timestamp, WallTime};

use super::{Consultation, Ear, Floor, Party, Seat, Served, Talk};

impl Floor {
    /// The floor of a tenant at `now`.
    #[must_use]
    pub fn of(engine: &Engine, tenant: TenantId, now: Now) -> Self {
        let mut floor = Self::empty(engine, tenant);
        for kind in [Kind::User, Kind::Team, Kind::Reason] {
            for (id, guid, entry) in engine.entries(tenant, kind) {
                floor.added(id, Some(guid), &entry, now.wall);
            }
        }
        for device in engine.devices(tenant) {
            floor.begin_device(device, now);
        }
        for queue in engine.queues(tenant, now.at) {
            floor.begin_queue(engine, tenant, queue, now);
        }
        for agent in engine.agents(tenant) {
            floor.begin_agent(engine, agent, now);
        }
        for call in engine.calls(tenant) {
            floor.begin_call(&call, now);
        }
        for offer in engine.offers(tenant) {
            floor.begin_offer(engine, &offer, now);
        }
        floor
    }

    /// What one agent and one phone have of the floor: them, their calls, and the queues that those wait in or came through. Costs the
    /// same however many others there are.
    #[must_use]
    pub fn around(
        engine: &Engine,
        tenant: TenantId,
        agent: Option<AgentId>,
        phone: Option<DeviceId>,
        now: Now,
    ) -> Self {
        let mut floor = Self::empty(engine, tenant);
        let agent = agent.and_then(|agent| engine.agent(tenant, agent));
        let used = agent.as_ref().and_then(|agent| agent.login).map(|login| login.device);
        let mut calls = BTreeSet::<CallId>::new();
        for id in BTreeSet::from([used, phone]).into_iter().flatten() {
            if let Some(device) = engine.device(tenant, id) {
                let of_leg = |leg: &_| engine.call_of_leg(*leg).map(|(_, call)| call);
                calls.extend(device.legs.iter().filter_map(of_leg));
                floor.begin_device(device, now);
            }
        }
        let (mut offered, mut queues) = (None, BTreeSet::<QueueId>::new());
        if let Some(agent) = agent {
            if let Duty::NotReady { reason: Some(WhyNotReady::Reason(reason)), .. } = &agent.duty {
                let id = EntryId::Reason(*reason);
                if let Some(entry) = engine.entry(tenant, id) {
                    floor.added(id, None, &entry, now.wall);
                }
            }
            match agent.activity {
                Activity::Idle => {}
                Activity::Offered { offer } => offered = engine.offer(offer),
                Activity::InCall { call, queue, .. } => {
                    calls.insert(call);
                    queues.extend(queue);
                }
                Activity::WrapUp { call, queue, .. } => {
                    calls.insert(call);
                    queues.insert(queue);
                }
            }
            calls.extend(offered.iter().map(|offer| offer.call));
            floor.begin_agent(engine, agent, now);
        }
        for call in calls.into_iter().filter_map(|call| engine.call(tenant, call)) {
            floor.begin_call(&call, now);
            if let CallPhase::Waiting { queue, .. } = call.phase {
                queues.insert(queue);
            }
        }
        for queue in queues.into_iter().filter_map(|queue| engine.queue(tenant, queue, now.at)) {
            floor.begin_queue(engine, tenant, queue, now);
        }
        if let Some(offer) = offered {
            floor.begin_offer(engine, &offer, now);
        }
        floor
    }

    fn empty(engine: &Engine, tenant: TenantId) -> Self {
        let view = engine.tenant(tenant);
        Self {
            tenant: view.as_ref().map(|view| view.guid),
            domain: view.map(|view| view.domain).unwrap_or_default(),
            ..Self::default()
        }
    }

    fn begin_device(&mut self, view: DeviceView, now: Now) {
        self.added(EntryId::Device(view.id), Some(view.guid), &Entry::Device(view.entry), now.wall);
        if let Some(desk) = self.devices.get_mut(&view.id) {
            desk.registered = view.state != DeviceState::Unregistered;
            desk.agent = view.agent;
        }
    }

    fn begin_queue(&mut self, engine: &Engine, tenant: TenantId, view: QueueView, now: Now) {
        self.added(EntryId::Queue(view.id), Some(view.guid), &Entry::from(view.entry), now.wall);
        if let Some(line) = self.queues.get_mut(&view.id) {
            let waiting = engine.line(tenant, view.id);
            line.waiting = waiting.into_iter().map(|(call, entered)| (entered, call)).collect();
        }
    }

    fn begin_agent(&mut self, engine: &Engine, view: AgentView, now: Now) {
        let id = EntryId::Agent(view.id);
        self.added(id, Some(view.guid), &Entry::Agent(view.entry), wall(now, view.duty_since));
        let Some(seat) = self.agents.get_mut(&view.id) else { return };
        seat.device = view.login.map(|login| login.device);
        (seat.duty, seat.pending, seat.handling) = (view.duty, view.pending, view.handling);
        seat.memberships = view.memberships.into_iter().collect();
        seat.tiers = view.tiers.into_iter().collect();
        match view.activity {
            Activity::Idle => {}
            Activity::Offered { offer } => seat.offer = engine.offer(offer).map(|view| (offer, view.leg)),
            Activity::InCall { call, leg, queue } => drop(seat.parts.insert(leg, (call, queue))),
            Activity::WrapUp { call, queue, .. } => seat.wrap_up = Some((call, queue)),
        }
    }

    fn begin_call(&mut self, call: &CallView, now: Now) {
        let waits = match call.phase {
            CallPhase::Waiting { queue, entered } => Some((queue, entered)),
            CallPhase::Setup
            | CallPhase::Greeting
            | CallPhase::Served
            | CallPhase::Parked { .. }
            | CallPhase::Talking
            | CallPhase::WrapUp => None,
        };
        let first = call.legs.iter().find(|leg| leg.role == Role::Caller);
        let talk = Talk {
            guid: call.guid,
            direction: call.direction,
            caller: call.caller.as_ref().map(|number| number.as_str().to_owned()).unwrap_or_default(),
            caller_name: call.caller_name.to_string(),
            dialled: call.dialled.as_str().to_owned(),
            began: call.started_wall,
            first: first.map(|leg| leg.id),
            first_guid: first.map(|leg| leg.guid),
            queued: waits.map(|(queue, entered)| (queue, wall(now, entered))),
            waits: waits.map(|(_, entered)| entered),
            is_callback: call.callback.is_some(),
            legs: BTreeSet::new(),
            phones: BTreeSet::new(),
            target: None,
            answered: matches!(call.phase, CallPhase::Talking),
            served: BTreeMap::new(),
            consultation: call.consultation.map(|it| Consultation { call: it.call, leg: it.leg }),
            consults_for: call.consults_for,
            ear: call.supervision.map(|it| Ear { agent: it.agent, call: it.call }),
            variables: call.variables.iter().map(texts).collect(),
        };
        self.calls.insert(call.id, talk);
        for leg in &call.legs {
            let device = match leg.endpoint {
                Endpoint::Device(device) => Some(device),
                Endpoint::Trunk(_) => None,
            };
            let holds = u8::from(leg.held_by_phone) + u8::from(leg.held_by_command);
            let party = Party {
                guid: leg.guid,
                call: call.id,
                role: leg.role,
                device,
                phase: leg.phase,
                holds,
                barged: false,
                called_as: None,
            };
            self.add_leg(leg.id, party);
            let talks = matches!(leg.phase, LegPhase::Answered | LegPhase::Held)
                && matches!(call.phase, CallPhase::Talking);
            // A second line of an agent is not told by his view; it came through no queue. Who logged out while it rang
            // has no part in it.
            let sits = |seat: &&mut Seat| seat.device.is_some() && seat.device == device;
            let seat = leg.agent.filter(|_| talks).and_then(|agent| self.agents.get_mut(&agent)).filter(sits);
            if let Some(seat) = seat {
                seat.parts.entry(leg.id).or_insert((call.id, None));
            }
        }
    }

    fn begin_offer(&mut self, engine: &Engine, offer: &OfferView, now: Now) {
        if let (Some(talk), Some(leg)) = (self.calls.get_mut(&offer.call), engine.leg(offer.leg)) {
            let called = wall(now, leg.since);
            talk.served.insert(offer.agent, Served { leg: leg.guid, called, answered: None });
        }
    }
}

fn texts((name, value): (&VariableName, &VariableValue)) -> (String, String) {
    (name.as_str().to_owned(), value.as_str().to_owned())
}

/// The wall time of an instant, reckoned from clocks read together.
pub(super) const fn wall(now: Now, at: Timestamp) -> WallTime {
    let offset = at.0 as i64 - now.at.0 as i64;
    WallTime(now.wall.0.saturating_add(offset))
}
