//! The number plan: whom a dialled number reaches, from a trunk and from a device.

use crate::agent::{Handling, Missed};
use crate::call::Cause;
use crate::command::Endpoint;
use crate::engine::Engine;
use crate::entry::{Destination, EntryId, Kind, Name, Numbered, Preference, Priority, Route};
use crate::id::{AgentId, DeviceId, QueueId, RouteId, TenantId, TrunkId};
use crate::limits::FORWARDS_MAX;
use crate::refusal::Refusal;
use crate::text::Number;

/// Where a call can be led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Into a line, this urgent, and for whom first.
    Queue(QueueId, Priority, Option<Preference>),
    /// To a phone or browser of the tenant.
    Device(DeviceId),
    /// Out, to a number beyond a trunk.
    Trunk(TrunkId, Number),
    /// Through a route's greeting first.
    Greeting(RouteId, Name),
    /// To somebody's mailbox.
    Mailbox(AgentId),
    /// To an agent who cannot take it just now, for this reason.
    Absent(AgentId, Missed),
    /// To somebody who cannot be had.
    Gone(Cause),
}

/// One look at the plan: there, or another number to look up, because it was dialled or because an agent forwards.
enum Hop {
    There(Target),
    Dial(Number),
    Forward(AgentId, Number),
}

impl Engine {
    /// Whom the number reaches. A trunk's callers reach routes only; devices reach the whole plan and then the trunks.
    pub(crate) fn dial(
        &mut self,
        tenant: TenantId,
        from: Endpoint,
        dialled: &Number,
    ) -> Result<Target, Refusal> {
        let plan = &self.state.tenant(tenant).plan;
        let hop = match (from, plan.get(dialled)) {
            (_, Some(Numbered::Route(route))) => self.through_route(*route),
            (Endpoint::Trunk(_), _) => return Err(Refusal::NoRoute),
            (Endpoint::Device(_), _) => Hop::Dial(dialled.clone()),
        };
        self.follow(tenant, from, hop)
    }

    /// Where a greeted call goes after the greeting.
    pub(crate) fn beyond_greeting(
        &mut self,
        tenant: TenantId,
        from: Endpoint,
        dialled: &Number,
    ) -> Result<Target, Refusal> {
        let routes = self.state.tenant(tenant).keys.get(&Kind::Route);
        let Some(EntryId::Route(route)) = routes.and_then(|keys| keys.get(dialled.as_str())) else {
            return Err(Refusal::NoRoute);
        };
        let hop = self.beyond(*route, None);
        self.follow(tenant, from, hop)
    }

    /// What a person who is asked to call the number sees.
    pub(crate) fn name_of(&self, tenant: TenantId, number: &Number) -> Name {
        match self.state.tenant(tenant).plan.get(number) {
            Some(Numbered::Device(id)) => self.state.device(*id).filed.entry.display_name.clone(),
            Some(Numbered::Agent(id)) => self.state.agent(*id).filed.entry.name.clone(),
            Some(Numbered::Queue(id)) => self.state.queue(*id).filed.entry.name.clone(),
            Some(Numbered::Route(_)) | None => Name::default(),
        }
    }

    /// The agent whose number it is, or who speaks from the device that has it.
    pub(super) fn person_of_number(&self, tenant: TenantId, number: &Number) -> Option<AgentId> {
        match self.state.tenant(tenant).plan.get(number)? {
            Numbered::Agent(agent) => Some(*agent),
            Numbered::Device(device) => self.person_at(*device),
            Numbered::Queue(_) | Numbered::Route(_) => None,
        }
    }

    /// Where the number leads that a queue sends its calls to, as if a device of the tenant had dialled it, or an agent
    /// (`by`) those that he misses.
    pub(crate) fn send_on(
        &mut self,
        tenant: TenantId,
        from: Endpoint,
        number: &Number,
        by: Option<AgentId>,
    ) -> Result<Target, Refusal> {
        let dialled = || Hop::Dial(number.clone());
        let hop = by.map_or_else(dialled, |agent| Hop::Forward(agent, number.clone()));
        self.follow(tenant, from, hop)
    }

    /// Follows forwards, which may form a ring, a bounded number of times.
    fn follow(&mut self, tenant: TenantId, from: Endpoint, mut hop: Hop) -> Result<Target, Refusal> {
        let mut by = None;
        for _ in 0..=FORWARDS_MAX {
            let number = match hop {
                Hop::There(target) => return Ok(target),
                Hop::Dial(number) => number,
                Hop::Forward(agent, number) => {
                    by = Some(agent);
                    number
                }
            };
            hop = match self.state.tenant(tenant).plan.get(&number) {
                Some(Numbered::Device(id)) => self.to_device(*id, by),
                Some(Numbered::Queue(id)) => Hop::There(Target::Queue(*id, Priority::default(), None)),
                Some(Numbered::Agent(id)) => self.to_agent(*id),
                Some(Numbered::Route(id)) => self.beyond(*id, by),
                None => {
                    let (trunk, number) = self.out(tenant, from, &number)?;
                    return Ok(Target::Trunk(trunk, number));
                }
            };
        }
        match hop {
            Hop::There(target) => Ok(target),
            Hop::Dial(_) | Hop::Forward(..) => Err(Refusal::NoRoute),
        }
    }

    fn through_route(&self, id: RouteId) -> Hop {
        let route = self.state.route(id);
        let greeting = if self.is_open(route) { &route.greeting } else { &route.closed_greeting };
        match greeting {
            Some(prompt) => Hop::There(Target::Greeting(id, prompt.clone())),
            None => self.beyond(id, None),
        }
    }

    fn is_open(&self, route: &Route) -> bool {
        route.calendar.is_none_or(|id| self.state.calendar(id).filed.entry.is_open(self.now.wall))
    }

    fn beyond(&self, id: RouteId, by: Option<AgentId>) -> Hop {
        let route = self.state.route(id);
        let destination = if self.is_open(route) { route.destination } else { route.when_closed };
        match destination {
            Destination::Queue(id) => Hop::There(Target::Queue(id, route.priority, route.preference)),
            Destination::Device(id) => self.to_device(id, by),
            Destination::Agent(id) => self.to_agent(id),
            Destination::Clear => Hop::There(Target::Gone(Cause::Normal)),
        }
    }

    /// A device is handled as the person there wants his calls to be handled. Who forwards to a device of his own wants
    /// it to ring.
    fn to_device(&self, id: DeviceId, by: Option<AgentId>) -> Hop {
        let person = self.person_at(id).filter(|person| by != Some(*person));
        match person.map(|person| (person, &self.state.agent(person).handling)) {
            Some((agent, Handling::Forward(number))) => Hop::Forward(agent, number.clone()),
            Some((_, Handling::Busy)) => Hop::There(Target::Gone(Cause::Busy)),
            Some((agent, Handling::Voicemail)) => Hop::There(Target::Mailbox(agent)),
            // Whoever finishes a call is not to be called meanwhile.
            Some((agent, Handling::Ring)) if self.finishes_at(agent, id) => {
                Hop::There(Target::Absent(agent, Missed::Busy))
            }
            Some((_, Handling::Ring)) | None => Hop::There(Target::Device(id)),
        }
    }

    fn finishes_at(&self, agent: AgentId, device: DeviceId) -> bool {
        let agent = self.state.agent(agent);
        agent.wrap_up.is_some() && agent.login.is_some_and(|login| login.device == device)
    }

    fn to_agent(&self, id: AgentId) -> Hop {
        let agent = self.state.agent(id);
        match (&agent.handling, agent.login) {
            (Handling::Forward(number), _) => Hop::Forward(id, number.clone()),
            (Handling::Voicemail, _) => Hop::There(Target::Mailbox(id)),
            // Whoever finishes a call is not to be called meanwhile.
            (Handling::Ring, Some(_)) if agent.wrap_up.is_some() => {
                Hop::There(Target::Absent(id, Missed::Busy))
            }
            (Handling::Busy, Some(_)) => Hop::There(Target::Gone(Cause::Busy)),
            (Handling::Ring, Some(login)) => Hop::There(Target::Device(login.device)),
            (Handling::Ring, None) => Hop::There(Target::Absent(id, Missed::Unreachable)),
            (Handling::Busy, None) => Hop::There(Target::Gone(Cause::Unreachable)),
        }
    }
}
