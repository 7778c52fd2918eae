//! Where an agent is, which queues he serves, and what happens to direct calls.

use super::{Duty, Handling, Membership};
use crate::call::{Cause, OfferEnd, Withdrawn};
use crate::command::{Actor, Answer};
use crate::engine::Engine;
use crate::entry::EntryId;
use crate::fact::Fact;
use crate::id::{AgentId, DeviceId, QueueId, TenantId};
use crate::limits::QUEUES_PER_AGENT_MAX;
use crate::refusal::Refusal;

impl Engine {
    pub(crate) fn log_in(
        &mut self,
        tenant: TenantId,
        id: AgentId,
        device: DeviceId,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(id))?;
        self.owned(tenant, EntryId::Device(device))?;
        let agent = self.state.agent(id);
        match agent.login {
            Some(login) if login.device != device => return Err(Refusal::LoggedInElsewhere),
            // Who logs in while a log-out is pending stays.
            Some(_) if agent.pending == Some(Duty::LoggedOut) => {
                self.record(tenant, Fact::DutyPending { agent: id, duty: None });
                return Ok(Answer::Done);
            }
            Some(_) => return Err(Refusal::AlreadySo),
            None => {}
        }
        if self.state.devices.get(&device).is_some_and(|device| device.agent.is_some()) {
            return Err(Refusal::DeviceTaken);
        }
        self.record(tenant, Fact::AgentLoggedIn { agent: id, device });
        Ok(Answer::Done)
    }

    pub(crate) fn assign(
        &mut self,
        tenant: TenantId,
        id: AgentId,
        queue: QueueId,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(id))?;
        self.owned(tenant, EntryId::Queue(queue))?;
        let memberships = &self.state.agent(id).memberships;
        if memberships.contains_key(&queue) {
            return Err(Refusal::AlreadySo);
        }
        if memberships.len() >= QUEUES_PER_AGENT_MAX {
            return Err(Refusal::LimitReached("queues of an agent"));
        }
        self.record(tenant, Fact::AgentAssigned { agent: id, queue });
        Ok(Answer::Done)
    }

    pub(crate) fn unassign(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        queue: QueueId,
    ) -> Result<Answer, Refusal> {
        self.membership(tenant, agent, queue)?;
        self.record(tenant, Fact::AgentUnassigned { agent, queue });
        Ok(Answer::Done)
    }

    pub(crate) fn set_membership(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        queue: QueueId,
        membership: Membership,
    ) -> Result<Answer, Refusal> {
        if self.membership(tenant, agent, queue)? == membership {
            return Err(Refusal::AlreadySo);
        }
        let fact = Fact::MembershipSet { agent, queue, membership };
        self.record(tenant, fact);
        Ok(Answer::Done)
    }

    pub(crate) fn set_handling(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        handling: Handling,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        if self.state.agent(agent).handling == handling {
            return Err(Refusal::AlreadySo);
        }
        self.record(tenant, Fact::HandlingSet { agent, handling });
        Ok(Answer::Done)
    }

    pub(crate) fn device_registered(&mut self, id: DeviceId) {
        let Some(device) = self.state.devices.get(&id) else {
            return;
        };
        if !device.registered {
            let tenant = device.filed.tenant;
            self.by = Actor::Device(id);
            self.record(tenant, Fact::DeviceRegistered { device: id });
        }
    }

    /// The agent keeps his duty: he is ineligible until the device is back. An offer to him goes on to another.
    pub(crate) fn device_unregistered(&mut self, id: DeviceId) {
        let Some(device) = self.state.devices.get(&id) else {
            return;
        };
        if !device.registered {
            return;
        }
        let (tenant, agent) = (device.filed.tenant, device.agent);
        self.record(tenant, Fact::DeviceUnregistered { device: id });
        let Some(agent) = agent else { return };
        if let Some(offer) = self.state.agent(agent).offer {
            let end = OfferEnd::Withdrawn(Withdrawn::DeviceLost);
            self.end_offer(offer, end, Some(Cause::Unreachable));
            self.settle(agent);
        }
    }

    fn membership(&self, tenant: TenantId, agent: AgentId, queue: QueueId) -> Result<Membership, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        self.owned(tenant, EntryId::Queue(queue))?;
        let membership = self.state.agent(agent).memberships.get(&queue);
        membership.copied().ok_or(Refusal::NotAssigned)
    }
}
