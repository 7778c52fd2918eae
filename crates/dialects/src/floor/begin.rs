//! The floor as it stands: from the engine's views.

use std::collections::BTreeMap;

use cordial_engine::agent::{Activity, DeviceState};
use cordial_engine::call::{LegPhase, Role};
use cordial_engine::command::Endpoint;
use cordial_engine::entry::{Entry, EntryId, Kind};
use cordial_engine::id::{AgentId, DeviceId, LegId, TenantId};
use cordial_engine::view::{AgentView, CallPhase, CallView};
use cordial_engine::{Engine, Now, Timestamp, WallTime};

use super::{Desk, Floor, Line, Party, Seat, Served, Talk};

impl Floor {
    /// The floor of a tenant at `now`.
    #[must_use]
    pub fn of(engine: &Engine, tenant: TenantId, now: Now) -> Self {
        let view = engine.tenant(tenant);
        let mut floor = Self {
            tenant: view.as_ref().map(|view| view.guid),
            domain: view.map(|view| view.domain).unwrap_or_default(),
            ..Self::default()
        };
        for device in engine.devices(tenant) {
            let desk = Desk {
                number: device.entry.number.as_str().to_owned(),
                registered: device.state != DeviceState::Unregistered,
                legs: device.legs.into_iter().collect(),
                agent: device.agent,
            };
            floor.devices.insert(device.id, desk);
        }
        for queue in engine.queues(tenant, now.at) {
            let line = Line { name: queue.entry.name.to_string(), waiting: queue.waiting };
            floor.queues.insert(queue.id, line);
        }
        for (id, _, entry) in engine.entries(tenant, Kind::User) {
            if let (EntryId::User(id), Entry::User(user)) = (id, entry) {
                floor.users.insert(id, user.name.to_string());
            }
        }
        for (id, _, entry) in engine.entries(tenant, Kind::Reason) {
            if let (EntryId::Reason(id), Entry::Reason(reason)) = (id, entry) {
                floor.reasons.insert(id, reason.absence);
            }
        }
        for agent in engine.agents(tenant) {
            floor.agents.insert(agent.id, seat(engine, &agent, now));
        }
        for call in engine.calls(tenant) {
            floor.begin_call(&call, now);
        }
        for offer in engine.offers(tenant) {
            let leg = engine.leg(offer.leg);
            if let (Some(talk), Some(leg)) = (floor.calls.get_mut(&offer.call), leg) {
                let called = wall(now, leg.since);
                talk.served.insert(offer.agent, Served { leg: leg.guid, called, answered: None });
            }
        }
        floor
    }

    fn begin_call(&mut self, call: &CallView, now: Now) {
        let first = call.legs.iter().find(|leg| leg.role == Role::Caller);
        let queued = match call.phase {
            CallPhase::Waiting { queue, entered } => Some((queue, wall(now, entered))),
            CallPhase::Setup
            | CallPhase::Greeting
            | CallPhase::Served
            | CallPhase::Parked { .. }
            | CallPhase::Talking
            | CallPhase::WrapUp => None,
        };
        let talk = Talk {
            guid: call.guid,
            direction: call.direction,
            caller: call.caller.as_ref().map(|number| number.as_str().to_owned()).unwrap_or_default(),
            caller_name: call.caller_name.to_string(),
            dialled: call.dialled.as_str().to_owned(),
            began: call.started_wall,
            first: first.map(|leg| leg.id),
            first_guid: first.map(|leg| leg.guid),
            queued,
            waits: queued.is_some(),
            served: BTreeMap::new(),
        };
        self.calls.insert(call.id, talk);
        for leg in &call.legs {
            let device = match leg.endpoint {
                Endpoint::Device(device) => Some(device),
                Endpoint::Trunk(_) => None,
            };
            let party = Party { guid: leg.guid, call: call.id, role: leg.role, device, phase: leg.phase };
            self.legs.insert(leg.id, party);
            let talks = matches!(leg.phase, LegPhase::Answered | LegPhase::Held)
                && matches!(call.phase, CallPhase::Talking);
            if let (Some(agent), true) = (leg.agent, talks) {
                self.begin_part(agent, call, leg.id, device);
            }
        }
    }

    /// A second line of an agent is not told by his view; it came through no queue. Who logged out while it rang has no
    /// part in it.
    fn begin_part(&mut self, agent: AgentId, call: &CallView, leg: LegId, device: Option<DeviceId>) {
        if let Some(seat) =
            self.agents.get_mut(&agent).filter(|seat| seat.device.is_some() && seat.device == device)
        {
            seat.parts.entry(leg).or_insert((call.id, None));
        }
    }
}

fn seat(engine: &Engine, agent: &AgentView, now: Now) -> Seat {
    let mut seat = Seat {
        guid: agent.guid,
        name: agent.entry.name.to_string(),
        device: agent.login.map(|login| login.device),
        duty: agent.duty.clone(),
        handling: agent.handling.clone(),
        memberships: agent.memberships.iter().copied().collect(),
        tiers: agent.tiers.iter().copied().collect(),
        offer: None,
        parts: BTreeMap::new(),
        wraps_up: false,
        since: wall(now, agent.duty_since),
    };
    match agent.activity {
        Activity::Idle => {}
        Activity::Offered { offer } => seat.offer = engine.offer(offer).map(|view| (offer, view.leg)),
        Activity::InCall { call, leg, queue } => {
            seat.parts.insert(leg, (call, queue));
        }
        Activity::WrapUp { .. } => seat.wraps_up = true,
    }
    seat
}

/// The wall time of an instant, reckoned from clocks read together.
pub(super) const fn wall(now: Now, at: Timestamp) -> WallTime {
    let offset = at.0 as i64 - now.at.0 as i64;
    WallTime(now.wall.0.saturating_add(offset))
}
