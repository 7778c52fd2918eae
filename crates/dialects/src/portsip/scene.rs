//! What this API's names mean in one tenant: queues by id or number, extensions by number, users by id.
//!
//! An extension is the vendor's word for a person with a phone. Ours is an agent: his extension is his own number, or that
//! of the phone where he is logged in. A phone's number alone is an extension, too; without an agent it has no queues.

use cordial_engine::Engine;
use cordial_engine::agent::Activity;
use cordial_engine::entry::{Entry, EntryId, Kind, Numbered, Tier};
use cordial_engine::id::{AgentId, CallId, DeviceId, Guid, QueueId, ReasonId, TenantId, UserId};
use cordial_engine::text::Number;
use cordial_engine::time::Now;
use cordial_engine::view::{AgentView, QueueView};

use super::problem::Problem;
use super::state::{Axes, Doing, Rest, Status};
use crate::names::EntryKey as _;

/// One tenant's part of the engine at one instant.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// Whose part.
    pub tenant: TenantId,
    /// The instant.
    pub now: Now,
}

/// A person with a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The person.
    pub agent: AgentId,
    /// The phone that has this number, where he can be logged in.
    pub device: Option<DeviceId>,
}

impl Scene<'_> {
    /// The queue with this id or number.
    pub fn queue(&self, name: &str) -> Result<QueueView, Problem> {
        let by_id = Guid::parse(name).and_then(|guid| self.engine.find(self.tenant, Kind::Queue, guid));
        let by_number = || match self.engine.find_by_number(self.tenant, &Number::parse(name).ok()?)? {
            Numbered::Queue(id) => Some(id),
            Numbered::Agent(_) | Numbered::Device(_) | Numbered::Route(_) => None,
        };
        let id = by_id.and_then(QueueId::of).or_else(by_number);
        let view = id.and_then(|id| self.engine.queue(self.tenant, id, self.now.at));
        view.ok_or_else(|| Problem::not_found("call queue"))
    }

    /// The person with this extension number.
    pub fn extension(&self, number: &str) -> Result<Extension, Problem> {
        let none = || Problem::not_found("extension");
        let parsed = Number::parse(number).map_err(|_| none())?;
        match self.engine.find_by_number(self.tenant, &parsed) {
            Some(Numbered::Agent(agent)) => Ok(Extension { agent, device: None }),
            Some(Numbered::Device(id)) => {
                let device = self.engine.device(self.tenant, id).ok_or_else(none)?;
                let agent = device.agent.or(device.entry.owner).ok_or_else(none)?;
                Ok(Extension { agent, device: Some(id) })
            }
            Some(Numbered::Queue(_) | Numbered::Route(_)) | None => Err(none()),
        }
    }

    /// The agent of a user, who is named by his own id or by his agent's.
    pub fn user(&self, name: &str) -> Result<AgentView, Problem> {
        let none = || Problem::not_found("user");
        let guid = Guid::parse(name).ok_or_else(none)?;
        let user = self.engine.find(self.tenant, Kind::User, guid).and_then(UserId::of);
        let agent = match user {
            Some(user) => self.engine.agent_of_user(self.tenant, user),
            None => self.engine.find(self.tenant, Kind::Agent, guid).and_then(AgentId::of),
        };
        agent.and_then(|agent| self.engine.agent(self.tenant, agent)).ok_or_else(none)
    }

    /// The agent of the user who asks.
    pub fn own(&self, user: Option<UserId>) -> Result<AgentView, Problem> {
        let agent = user.and_then(|user| self.engine.agent_of_user(self.tenant, user));
        let view = agent.and_then(|agent| self.engine.agent(self.tenant, agent));
        view.ok_or_else(|| Problem::forbidden("the token stands for nobody who takes calls"))
    }

    /// An agent by his id inside.
    pub fn agent(&self, id: AgentId) -> Result<AgentView, Problem> {
        self.engine.agent(self.tenant, id).ok_or_else(|| Problem::not_found("agent"))
    }

    /// The call with this id that waits in a queue.
    pub fn waiting(&self, queue: QueueId, session: &str) -> Result<CallId, Problem> {
        let call = Guid::parse(session).and_then(|guid| self.engine.call_by_guid(self.tenant, guid));
        let line = self.engine.line(self.tenant, queue);
        let found = call.map(|call| call.id).filter(|id| line.iter().any(|(waiting, _)| waiting == id));
        found.ok_or_else(|| Problem::not_found("waiting caller"))
    }

    /// The reason that is called BREAK or LUNCH here.
    #[must_use]
    pub fn reason(&self, rest: Rest) -> Option<ReasonId> {
        let reasons = self.engine.entries(self.tenant, Kind::Reason);
        reasons.into_iter().find_map(|(id, _, entry)| match (id, entry) {
            (EntryId::Reason(id), Entry::Reason(entry))
                if entry.category.is_for_not_ready() && Rest::named(entry.name.as_str()) == Some(rest) =>
            {
                Some(id)
            }
            _ => None,
        })
    }

    /// The extension number of an agent, if he has one.
    #[must_use]
    pub fn number_of(&self, agent: &AgentView) -> Option<String> {
        let phone = || Some(self.engine.device(self.tenant, agent.login?.device)?.entry.number);
        agent.entry.number.clone().or_else(phone).map(String::from)
    }

    /// The phone at which an agent is, or can be logged in when he is nowhere: his own. Looks at all phones then.
    #[must_use]
    pub fn phone_of(&self, agent: &AgentView) -> Option<DeviceId> {
        let own =
            || self.engine.devices(self.tenant).into_iter().find(|phone| phone.entry.owner == Some(agent.id));
        agent.login.map(|login| login.device).or_else(|| own().map(|phone| phone.id))
    }

    /// The rank of an agent in a queue; `None` when he is not assigned to it.
    #[must_use]
    pub fn tier(&self, agent: &AgentView, queue: QueueId) -> Option<Tier> {
        agent.tiers.iter().find(|(of, _)| *of == queue).map(|(_, tier)| *tier)
    }

    /// The state of an agent in a queue; `None` when he is not assigned to it.
    #[must_use]
    pub fn status(&self, agent: &AgentView, queue: QueueId) -> Option<Status> {
        let (_, part) = agent.memberships.iter().find(|(of, _)| *of == queue)?;
        let axes = Axes {
            logged_in: agent.login.is_some(),
            registered: agent.device != cordial_engine::agent::DeviceState::Unregistered,
            duty: &agent.duty,
            doing: match agent.activity {
                Activity::Idle | Activity::Offered { .. } => Doing::Nothing,
                Activity::InCall { queue, .. } => Doing::Talking(queue),
                Activity::WrapUp { queue, .. } => Doing::WrappingUp(queue),
            },
        };
        Some(axes.status(queue, *part, |reason| self.rest(reason)))
    }

    fn rest(&self, reason: ReasonId) -> Option<Rest> {
        let entry = self.engine.entry(self.tenant, EntryId::Reason(reason));
        if let Some(Entry::Reason(entry)) = entry { Rest::named(entry.name.as_str()) } else { None }
    }
}
