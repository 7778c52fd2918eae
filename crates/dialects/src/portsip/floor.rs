//! A tenant as WSI tells it: folded from facts, so that every change is told once and in order.
//!
//! A session begins with what the engine knows and goes on with every event after it. Each event gives back what is to be
//! told because of it, and to whom.

mod apply;
mod tell;

use std::collections::{BTreeMap, BTreeSet};

use cordial_engine::agent::{Activity, DeviceState, Duty, Handling, Membership};
use cordial_engine::command::Endpoint;
use cordial_engine::entry::{self, Entry, EntryId, Kind, Name};
use cordial_engine::id::{AgentId, CallId, DeviceId, Guid, LegId, QueueId, ReasonId, TenantId};
use cordial_engine::text::Number;
use cordial_engine::time::{Now, Timestamp, WallTime};
use cordial_engine::view::{CallPhase, CallView, LegPhase};
use cordial_engine::{Engine, call::Role};

use super::state::{Axes, Doing, Rest, Status};
use super::wire::wsi::Message;

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
pub struct Floor {
    tenant: Guid,
    domain: String,
    queues: BTreeMap<QueueId, Queue>,
    agents: BTreeMap<AgentId, Seat>,
    phones: BTreeMap<DeviceId, Phone>,
    calls: BTreeMap<CallId, Call>,
    rests: BTreeMap<ReasonId, Rest>,
}

#[derive(Debug)]
struct Queue {
    guid: Guid,
    name: Name,
    number: Option<Number>,
    waiting: BTreeSet<(Timestamp, CallId)>,
}

#[derive(Debug)]
struct Seat {
    guid: Guid,
    name: Name,
    number: Option<Number>,
    device: Option<DeviceId>,
    duty: Duty,
    handling: Handling,
    offered: bool,
    parts: BTreeMap<LegId, (CallId, Option<QueueId>)>,
    wrap_up: Option<(CallId, QueueId)>,
    memberships: BTreeMap<QueueId, Membership>,
    /// What was last told of each queue, and since when it is so.
    shown: BTreeMap<QueueId, (Status, WallTime)>,
    presence: (&'static str, String),
}

#[derive(Debug)]
struct Phone {
    guid: Guid,
    number: Number,
    name: Name,
    registered: bool,
    agent: Option<AgentId>,
    /// Its legs, and whether each is answered.
    legs: BTreeMap<LegId, bool>,
    status: &'static str,
    since: WallTime,
}

#[derive(Debug)]
struct Call {
    guid: Guid,
    caller: Option<Number>,
    caller_name: Name,
    dialled: Number,
    /// When it entered the queue where it waits.
    queued: WallTime,
    legs: BTreeMap<LegId, Leg>,
    /// The phones that ever had a part in it.
    phones: BTreeSet<DeviceId>,
    /// The phone that was rung last, or that answered.
    target: Option<DeviceId>,
    answered: bool,
}

#[derive(Debug)]
struct Leg {
    endpoint: Endpoint,
    role: Role,
}

impl Floor {
    /// What the engine knows of a tenant; `None` when there is no such tenant.
    #[must_use]
    pub fn of(engine: &Engine, tenant: TenantId, now: Now) -> Option<Self> {
        let view = engine.tenant(tenant)?;
        let mut floor = Self {
            tenant: view.guid,
            domain: view.domain,
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
            phones: BTreeMap::new(),
            calls: BTreeMap::new(),
            rests: BTreeMap::new(),
        };
        for (id, _, entry) in engine.entries(tenant, Kind::Reason) {
            floor.learn_rest(id, &entry);
        }
        for device in engine.devices(tenant) {
            let mut phone = Phone::new(device.guid, &device.entry, now.wall);
            (phone.registered, phone.agent) = (device.state != DeviceState::Unregistered, device.agent);
            floor.phones.insert(device.id, phone);
        }
        for call in engine.calls(tenant) {
            floor.learn_call(&call, now);
        }
        for queue in engine.queues(tenant, now.at) {
            let mut told = Queue::new(queue.guid, &queue.entry);
            told.waiting = engine.line(tenant, queue.id).into_iter().map(|(call, at)| (at, call)).collect();
            floor.queues.insert(queue.id, told);
        }
        for agent in engine.agents(tenant) {
            let mut seat = Seat::new(agent.guid, &agent.entry);
            seat.device = agent.login.map(|login| login.device);
            (seat.duty, seat.handling) = (agent.duty, agent.handling);
            seat.memberships = agent.memberships.into_iter().collect();
            match agent.activity {
                Activity::Idle => {}
                Activity::Offered { .. } => seat.offered = true,
                Activity::InCall { call, leg, queue } => drop(seat.parts.insert(leg, (call, queue))),
                Activity::WrapUp { call, queue, .. } => seat.wrap_up = Some((call, queue)),
            }
            floor.agents.insert(agent.id, seat);
            floor.refresh_agent(agent.id, agent.since_wall);
        }
        for id in floor.phones.keys().copied().collect::<Vec<_>>() {
            floor.refresh_phone(id, now.wall);
        }
        Some(floor)
    }

    fn learn_rest(&mut self, id: EntryId, entry: &Entry) {
        if let (EntryId::Reason(id), Entry::Reason(entry)) = (id, entry) {
            match Rest::named(entry.name.as_str()) {
                Some(rest) => self.rests.insert(id, rest),
                None => self.rests.remove(&id),
            };
        }
    }

    fn learn_call(&mut self, view: &CallView, now: Now) {
        let queued = match view.phase {
            CallPhase::Waiting { entered, .. } => wall_of(now, entered),
            CallPhase::Setup
            | CallPhase::Greeting
            | CallPhase::Served
            | CallPhase::Parked { .. }
            | CallPhase::Talking
            | CallPhase::WrapUp => view.started_wall,
        };
        let mut call = Call {
            guid: view.guid,
            caller: view.caller.clone(),
            caller_name: view.caller_name.clone(),
            dialled: view.dialled.clone(),
            queued,
            legs: BTreeMap::new(),
            phones: BTreeSet::new(),
            target: None,
            answered: matches!(view.phase, CallPhase::Talking),
        };
        for leg in &view.legs {
            call.legs.insert(leg.id, Leg { endpoint: leg.endpoint, role: leg.role });
            if let Endpoint::Device(device) = leg.endpoint {
                call.phones.insert(device);
                if leg.role == Role::Callee {
                    call.target = Some(device);
                }
                let answered = matches!(leg.phase, LegPhase::Answered | LegPhase::Held);
                if let Some(phone) = self.phones.get_mut(&device) {
                    phone.legs.insert(leg.id, answered);
                }
            }
        }
        self.calls.insert(view.id, call);
    }
}

impl Queue {
    fn new(guid: Guid, entry: &entry::Queue) -> Self {
        Self { guid, name: entry.name.clone(), number: entry.number.clone(), waiting: BTreeSet::new() }
    }

    /// Where a call stands in the line, from 1.
    fn position(&self, call: CallId) -> usize {
        self.waiting.iter().position(|(_, waiting)| *waiting == call).map_or(0, |before| before + 1)
    }
}

impl Seat {
    fn new(guid: Guid, entry: &entry::Agent) -> Self {
        Self {
            guid,
            name: entry.name.clone(),
            number: entry.number.clone(),
            device: None,
            duty: Duty::LoggedOut,
            handling: Handling::Ring,
            offered: false,
            parts: BTreeMap::new(),
            wrap_up: None,
            memberships: BTreeMap::new(),
            shown: BTreeMap::new(),
            presence: ("ONLINE", String::new()),
        }
    }

    fn doing(&self) -> Doing {
        if let Some((_, queue)) = self.wrap_up {
            return Doing::WrappingUp(queue);
        }
        match self.parts.values().find(|(_, queue)| queue.is_some()) {
            Some((_, queue)) => Doing::Talking(*queue),
            None if self.offered || self.parts.is_empty() => Doing::Nothing,
            None => Doing::Talking(None),
        }
    }

    /// The call that his state is about.
    fn call(&self) -> Option<CallId> {
        let through = self.parts.values().find(|(_, queue)| queue.is_some());
        let part = || through.or(self.parts.values().next()).map(|(call, _)| *call);
        self.wrap_up.map(|(call, _)| call).or_else(part)
    }
}

impl Phone {
    fn new(guid: Guid, entry: &entry::Device, at: WallTime) -> Self {
        Self {
            guid,
            number: entry.number.clone(),
            name: entry.display_name.clone(),
            registered: false,
            agent: None,
            legs: BTreeMap::new(),
            status: "",
            since: at,
        }
    }
}

/// The states of an agent, worked out anew.
impl Floor {
    fn status(&self, seat: &Seat, queue: QueueId, part: Membership) -> Status {
        let phone = seat.device.and_then(|device| self.phones.get(&device));
        let axes = Axes {
            logged_in: seat.device.is_some(),
            registered: phone.is_some_and(|phone| phone.registered),
            duty: &seat.duty,
            doing: seat.doing(),
        };
        axes.status(queue, part, |reason| self.rests.get(&reason).copied())
    }

    /// Brings what is shown of an agent up to date; gives the queues in which it changed.
    fn refresh_agent(&mut self, id: AgentId, at: WallTime) -> Vec<QueueId> {
        let Some(seat) = self.agents.get(&id) else { return Vec::new() };
        let now: BTreeMap<QueueId, Status> =
            seat.memberships.iter().map(|(queue, part)| (*queue, self.status(seat, *queue, *part))).collect();
        let Some(seat) = self.agents.get_mut(&id) else { return Vec::new() };
        seat.shown.retain(|queue, _| now.contains_key(queue));
        let mut changed = Vec::new();
        for (queue, status) in now {
            if seat.shown.get(&queue).is_none_or(|(shown, _)| *shown != status) {
                seat.shown.insert(queue, (status, at));
                changed.push(queue);
            }
        }
        changed
    }

    /// Brings what is shown of a phone up to date; whether it changed.
    fn refresh_phone(&mut self, id: DeviceId, at: WallTime) -> bool {
        let Some(phone) = self.phones.get_mut(&id) else { return false };
        let status = match phone.legs.values().max() {
            Some(true) => "ON_CALL",
            Some(false) => "RINGING",
            None => "",
        };
        let changed = phone.status != status;
        if changed {
            (phone.status, phone.since) = (status, at);
        }
        changed
    }
}

/// The wall time of an instant before now.
const fn wall_of(now: Now, at: Timestamp) -> WallTime {
    WallTime(now.wall.0.saturating_sub_unsigned(now.at.millis_since(at)))
}
