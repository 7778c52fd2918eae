//! A tenant as WSI tells it: the floor, and what was last told of it, so that every change is told once and in order.
//!
//! A session begins with what the engine knows and goes on with every event after it. Each event gives back what is to be
//! told because of it, and to whom.

mod hear;
mod tell;

use std::collections::BTreeMap;

use cordial_engine::Engine;
use cordial_engine::agent::Membership;
use cordial_engine::call::LegPhase;
use cordial_engine::id::{AgentId, CallId, DeviceId, QueueId, TenantId};
use cordial_engine::time::{Now, WallTime};

use super::state::{Axes, Doing, Rest, Status};
use super::wire::wsi::Message;
use crate::floor::{Floor, Seat};

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Who subscribed to this queue.
    Queue(QueueId),
    /// Who subscribed to an extension with this number.
    Extension(String),
    /// As [`Audience::Extension`], on the v16 face.
    ExtensionV16(String),
    /// Who manages queues.
    QueueManagement,
    /// Who manages extensions.
    ExtensionManagement,
    /// Who keeps call records.
    Cdr,
}

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// To whom.
    pub audience: Audience,
    /// What.
    pub message: Message,
}

/// One tenant as WSI tells it.
#[derive(Debug)]
pub struct Watch {
    floor: Floor,
    agents: BTreeMap<AgentId, Shown>,
    /// What each phone does, and since when it is told so.
    phones: BTreeMap<DeviceId, (&'static str, WallTime)>,
}

/// What was last told of an agent.
#[derive(Debug)]
struct Shown {
    /// His state in each of his queues, and since when it is so.
    states: BTreeMap<QueueId, (Status, WallTime)>,
    /// What he says of himself, in the vendor's word and in his own.
    presence: (&'static str, String),
    /// His own number, else that of the phone that he uses or used last.
    extension: Option<String>,
}

impl Default for Shown {
    fn default() -> Self {
        Self { states: BTreeMap::new(), presence: ("ONLINE", String::new()), extension: None }
    }
}

impl Watch {
    /// What the engine knows of a tenant; `None` when there is no such tenant.
    #[must_use]
    pub fn of(engine: &Engine, tenant: TenantId, now: Now) -> Option<Self> {
        engine.tenant(tenant)?;
        let floor = Floor::of(engine, tenant, now);
        let mut watch = Self { floor, agents: BTreeMap::new(), phones: BTreeMap::new() };
        for agent in engine.agents(tenant) {
            watch.refresh_agent(agent.id, agent.since_wall);
        }
        for id in watch.extensions() {
            watch.phones.insert(id, ("", now.wall));
            watch.refresh_phone(id, now.wall);
        }
        Some(watch)
    }

    fn status(&self, seat: &Seat, queue: QueueId, part: Membership) -> Status {
        let phone = seat.device.and_then(|device| self.floor.devices.get(&device));
        let axes = Axes {
            logged_in: seat.device.is_some(),
            registered: phone.is_some_and(|phone| phone.registered),
            duty: &seat.duty,
            doing: doing(seat),
        };
        axes.status(queue, part, |reason| Rest::named(&self.floor.reasons.get(&reason)?.name))
    }

    /// Brings what is shown of an agent up to date; gives the queues in which it changed.
    fn refresh_agent(&mut self, id: AgentId, at: WallTime) -> Vec<QueueId> {
        let Some(seat) = self.floor.agents.get(&id) else { return Vec::new() };
        let now: BTreeMap<QueueId, Status> =
            seat.memberships.iter().map(|(queue, part)| (*queue, self.status(seat, *queue, *part))).collect();
        let extension = self.extension_of(seat);
        let shown = self.agents.entry(id).or_default();
        shown.extension = extension.or(shown.extension.take());
        let shown = &mut shown.states;
        shown.retain(|queue, _| now.contains_key(queue));
        let mut changed = Vec::new();
        for (queue, status) in now {
            if shown.get(&queue).is_none_or(|(shown, _)| *shown != status) {
                shown.insert(queue, (status, at));
                changed.push(queue);
            }
        }
        changed
    }

    /// Brings what is shown of a phone up to date; whether it changed.
    fn refresh_phone(&mut self, id: DeviceId, at: WallTime) -> bool {
        let Some(desk) = self.floor.devices.get(&id) else { return false };
        // Who dials is in a call; who is dialled is rung.
        let talks = |leg: &_| self.floor.legs.get(leg).is_some_and(|party| is_up(party.phase));
        let status = match desk.legs.iter().map(talks).max() {
            Some(true) => "ON_CALL",
            Some(false) => "RINGING",
            None => "",
        };
        let (shown, since) = self.phones.entry(id).or_insert(("", at));
        let changed = *shown != status;
        if changed {
            (*shown, *since) = (status, at);
        }
        changed
    }
}

const fn is_up(phase: LegPhase) -> bool {
    match phase {
        LegPhase::Arrived | LegPhase::Answered | LegPhase::Held => true,
        LegPhase::Dialled | LegPhase::Ringing => false,
    }
}

fn doing(seat: &Seat) -> Doing {
    if let Some((_, queue)) = seat.wrap_up {
        return Doing::WrappingUp(queue);
    }
    match seat.parts.values().find(|(_, queue)| queue.is_some()) {
        Some((_, queue)) => Doing::Talking(*queue),
        None if seat.offer.is_some() || seat.parts.is_empty() => Doing::Nothing,
        None => Doing::Talking(None),
    }
}

/// The call that an agent's state is about.
fn call_of(seat: &Seat) -> Option<CallId> {
    let through = seat.parts.values().find(|(_, queue)| queue.is_some());
    let part = || through.or(seat.parts.values().next()).map(|(call, _)| *call);
    seat.wrap_up.map(|(call, _)| call).or_else(part)
}
