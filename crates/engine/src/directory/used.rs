//! What keeps an entry from being removed. An operator's command, so looking through a tenant's things is affordable.

use crate::agent::{Activity, Duty, WhyNotReady};
use crate::call::{CallStep, Service};
use crate::command::Endpoint;
use crate::engine::Engine;
use crate::entry::{self, Choice, Destination, EntryId, Overflow};
use crate::id::{AgentId, CalendarId, DeviceId, QueueId, ReasonId, RouteId, SkillId, TenantId};
use crate::state::{Agent, Call, Device, Leg};

impl Engine {
    /// Who still needs the entry, if anyone does. Assignments do not count: they end with it.
    pub(super) fn used_by(&self, tenant: TenantId, id: EntryId) -> Option<&'static str> {
        match id {
            EntryId::User(user) => {
                let acting = self.state.tenant(tenant).agent_of_user.contains_key(&user);
                acting.then_some("an agent")
            }
            EntryId::Agent(agent) => self.agent_used_by(tenant, agent),
            EntryId::Team(team) => {
                let has_agents = self.agents_of(tenant).any(|agent| agent.filed.entry.team == Some(team));
                let mut reasons = self.state.reasons.values();
                let has_reasons = reasons.any(|reason| reason.entry.team == Some(team));
                let mut books = self.state.phone_books.values();
                let has_books = books.any(|book| book.filed.entry.team == Some(team));
                let of_directory = has_agents.then_some("an agent").or(has_reasons.then_some("a reason"));
                let of_directory = of_directory.or(has_books.then_some("a phone book"));
                of_directory.or_else(|| {
                    self.has_user(tenant, |user| {
                        user.teams.as_ref().is_some_and(|teams| teams.contains(&team))
                    })
                })
            }
            EntryId::Device(device) => self.device_used_by(tenant, device),
            EntryId::Trunk(trunk) => self.has_leg(tenant, |leg| leg.endpoint == Endpoint::Trunk(trunk)),
            EntryId::Queue(queue) => self.queue_used_by(tenant, queue),
            EntryId::Route(route) => self.route_used_by(tenant, route),
            EntryId::Reason(reason) => self.reason_used_by(tenant, reason),
            EntryId::Disposition(_) | EntryId::BlacklistedNumber(_) | EntryId::Contact(_) => None,
            EntryId::PhoneBook(book) => {
                (!self.state.phone_books.get(&book)?.contacts.is_empty()).then_some("a contact")
            }
            EntryId::Skill(skill) => self.skill_used_by(skill),
            EntryId::Calendar(calendar) => self.calendar_used_by(tenant, calendar),
        }
    }

    fn agent_used_by(&self, tenant: TenantId, id: AgentId) -> Option<&'static str> {
        if self.state.agent(id).login.is_some() {
            return Some("a login");
        }
        let owns = |device: &Device| device.filed.tenant == tenant && device.filed.entry.owner == Some(id);
        if self.state.devices.values().any(owns) {
            return Some("a device");
        }
        let served = |call: &Call| call.service.and_then(Service::agent) == Some(id);
        let had_part = |call: &Call| call.agents.contains_key(&id);
        if self.calls_of(tenant).any(|call| served(call) || had_part(call)) {
            return Some("a call");
        }
        let overflows = |queue: &crate::state::Queue| leads(queue, &Overflow::Voicemail(id));
        if self.state.queues.values().any(overflows) {
            return Some("a queue");
        }
        if self.in_emergency_leads(tenant, &Overflow::Voicemail(id)) {
            return Some("an emergency");
        }
        self.has_leg(tenant, |leg| leg.agent == Some(id))
            .or_else(|| self.has_route(tenant, Destination::Agent(id)))
    }

    fn device_used_by(&self, tenant: TenantId, id: DeviceId) -> Option<&'static str> {
        if self.state.devices.get(&id)?.agent.is_some() {
            return Some("a login");
        }
        self.has_leg(tenant, |leg| leg.endpoint == Endpoint::Device(id))
            .or_else(|| self.has_route(tenant, Destination::Device(id)))
    }

    fn queue_used_by(&self, tenant: TenantId, id: QueueId) -> Option<&'static str> {
        let finishing = |agent: &Agent| match agent.activity {
            Activity::WrapUp { queue, .. } => queue == id,
            Activity::Idle | Activity::Offered { .. } | Activity::InCall { .. } => false,
        };
        let came_through = |call: &Call| call.agents.values().any(|queue| *queue == Some(id));
        if self.calls_of(tenant).any(|call| call.queue == Some(id) || came_through(call)) {
            return Some("a call");
        }
        if self.agents_of(tenant).any(finishing) {
            return Some("a wrap-up");
        }
        let overflows =
            |queue: &crate::state::Queue| queue.filed.tenant == tenant && leads(queue, &Overflow::Queue(id));
        if self.state.queues.values().any(overflows) {
            return Some("a queue");
        }
        if self.in_emergency_leads(tenant, &Overflow::Queue(id)) {
            return Some("an emergency");
        }
        self.has_route(tenant, Destination::Queue(id)).or_else(|| {
            self.has_user(tenant, |user| user.queues.as_ref().is_some_and(|queues| queues.contains(&id)))
        })
    }

    fn route_used_by(&self, tenant: TenantId, id: RouteId) -> Option<&'static str> {
        let number = &self.state.routes.get(&id)?.entry.number;
        let greeted = |call: &Call| call.step == CallStep::Greeting && call.dialled == *number;
        self.calls_of(tenant).any(greeted).then_some("a call")
    }

    fn reason_used_by(&self, tenant: TenantId, id: ReasonId) -> Option<&'static str> {
        let names = |duty: &Duty| match duty {
            Duty::NotReady { reason, .. } => *reason == Some(WhyNotReady::Reason(id)),
            Duty::LoggedOut | Duty::Ready => false,
        };
        let given = |agent: &Agent| {
            let leaves_for_it = agent.log_out_reason == Some(id);
            names(&agent.duty) || agent.pending.as_ref().is_some_and(names) || leaves_for_it
        };
        self.agents_of(tenant).any(given).then_some("an agent")
    }

    fn skill_used_by(&self, id: SkillId) -> Option<&'static str> {
        let names = |levels: &[entry::SkillLevel]| levels.iter().any(|level| level.skill == id);
        if self.state.agents.values().any(|agent| names(&agent.filed.entry.skills)) {
            return Some("an agent");
        }
        self.state.queues.values().any(|queue| names(&queue.filed.entry.skills)).then_some("a queue")
    }

    fn has_user(&self, tenant: TenantId, bound: impl Fn(&entry::User) -> bool) -> Option<&'static str> {
        let mut users = self.state.users.values();
        users.any(|user| user.tenant == tenant && bound(&user.entry)).then_some("a user")
    }

    fn calendar_used_by(&self, tenant: TenantId, id: CalendarId) -> Option<&'static str> {
        if !self.state.calendars.get(&id)?.queues.is_empty() {
            return Some("a queue");
        }
        let mut routes = self.state.routes.values();
        let goes_by = routes.any(|route| route.tenant == tenant && route.entry.calendar == Some(id));
        goes_by.then_some("a route")
    }

    fn in_emergency_leads(&self, tenant: TenantId, to: &Overflow) -> bool {
        let emergency = self.state.tenant(tenant).emergency.as_ref();
        emergency.is_some_and(|emergency| emergency.to.as_ref() == Some(to))
    }

    fn has_leg(&self, tenant: TenantId, wanted: impl Fn(&Leg) -> bool) -> Option<&'static str> {
        let mut legs = self.state.legs.values();
        legs.any(|leg| leg.tenant == tenant && wanted(leg)).then_some("a call")
    }

    fn has_route(&self, tenant: TenantId, destination: Destination) -> Option<&'static str> {
        let preferred = |entry: &entry::Route| entry.preference.map(|it| Destination::Agent(it.agent));
        let mut routes = self.state.routes.values();
        let leads = routes.any(|route| {
            let entry = &route.entry;
            let needs = [Some(entry.destination), Some(entry.when_closed), preferred(entry)];
            route.tenant == tenant && needs.contains(&Some(destination))
        });
        leads.then_some("a route")
    }

    fn agents_of(&self, tenant: TenantId) -> impl Iterator<Item = &Agent> {
        self.state.agents.values().filter(move |agent| agent.filed.tenant == tenant)
    }

    fn calls_of(&self, tenant: TenantId) -> impl Iterator<Item = &Call> {
        self.state.calls.values().filter(move |call| call.tenant == tenant)
    }
}

/// Whether a queue sends calls there.
fn leads(queue: &crate::state::Queue, to: &Overflow) -> bool {
    let entry::Queue { overflow, when_full, when_empty, when_closed, in_emergency, treatment, .. } =
        &queue.filed.entry;
    let by_key = treatment.menu.iter().filter_map(|key| match &key.choice {
        Choice::Leave(to) => Some(to),
        Choice::Callback => None,
    });
    let emergency = queue.emergency.as_ref().and_then(|emergency| emergency.to.as_ref());
    let by_rule = [overflow, when_full, when_empty, when_closed, in_emergency];
    by_rule.into_iter().chain(by_key).chain(emergency).any(|leads| leads == to)
}
