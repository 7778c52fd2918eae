//! Where an agent is, which queues he serves, and what happens to direct calls.

use super::{Duty, Handling, Membership, WhyLoggedOut};
use crate::call::{Cause, OfferEnd, Withdrawn};
use crate::command::{Actor, Answer};
use crate::engine::Engine;
use crate::entry::{EntryId, Tier};
use crate::fact::Fact;
use crate::id::{AgentId, DeviceId, LegId, QueueId, TenantId};
use crate::limits::QUEUES_PER_AGENT_MAX;
use crate::refusal::Refusal;
use crate::state::Assignment;

impl Engine {
    pub(crate) fn log_in(
        &mut self,
        tenant: TenantId,
        id: AgentId,
        device: DeviceId,
    ) -> Result<Answer, Refusal> {
        self.come_to(tenant, id, device, None)
    }

    /// As [`Engine::log_in`], asked for at the device by this leg of its own.
    pub(crate) fn come_to(
        &mut self,
        tenant: TenantId,
        id: AgentId,
        device: DeviceId,
        asking: Option<LegId>,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(id))?;
        self.owned(tenant, EntryId::Device(device))?;
        let agent = self.state.agent(id);
        match agent.login {
            Some(login) if login.device != device => return self.move_to(id, (login.device, device), asking),
            // Who logs in while a log-out is pending stays.
            Some(_) if agent.pending == Some(Duty::LoggedOut) => {
                self.record(tenant, Fact::DutyPending { agent: id, duty: None, reason: None });
                return Ok(Answer::Done);
            }
            Some(_) => return Err(Refusal::AlreadySo),
            None => {}
        }
        if let Some(occupant) = self.state.device(device).agent {
            self.vacate(device, (occupant, id), asking)?;
        }
        self.record(tenant, Fact::AgentLoggedIn { agent: id, device, moved_from: None });
        Ok(Answer::Done)
    }

    /// Moves an agent to another device of his own, or to a hot desk. He keeps all that he is, a
    /// wrap-up, too; what rings or talks at the old device stays there, so that he must be free of it first.
    fn move_to(
        &mut self,
        id: AgentId,
        (from, to): (DeviceId, DeviceId),
        asking: Option<LegId>,
    ) -> Result<Answer, Refusal> {
        let new = self.state.device(to);
        if new.filed.entry.owner != Some(id) && !new.filed.entry.hot_desk {
            return Err(Refusal::LoggedInElsewhere);
        }
        let agent = self.state.agent(id);
        let works = agent.offer.is_some() || !agent.parts.is_empty();
        if works || !self.state.device(from).legs.is_empty() {
            return Err(Refusal::Busy);
        }
        let (tenant, leaves) = (agent.filed.tenant, agent.pending == Some(Duty::LoggedOut));
        if let Some(occupant) = new.agent {
            self.vacate(to, (occupant, id), asking)?;
        }
        // Who logs in while a log-out is pending stays.
        if leaves {
            self.record(tenant, Fact::DutyPending { agent: id, duty: None, reason: None });
        }
        self.record(tenant, Fact::AgentLoggedIn { agent: id, device: to, moved_from: Some(from) });
        Ok(Answer::Done)
    }

    /// Logs out who sits at a hot desk that somebody else comes to, as a rule of that desk and not as his own wish.
    fn vacate(
        &mut self,
        device: DeviceId,
        (occupant, agent): (AgentId, AgentId),
        asking: Option<LegId>,
    ) -> Result<(), Refusal> {
        let desk = self.state.device(device);
        if !desk.filed.entry.hot_desk {
            return Err(Refusal::DeviceTaken);
        }
        // A leg of the phone is one of his calls, even when it came to the phone's own number; the other's is not.
        let in_use = desk.legs.iter().any(|leg| Some(*leg) != asking);
        if !self.state.agent(occupant).is_idle() || in_use {
            return Err(Refusal::Busy);
        }
        let tenant = desk.filed.tenant;
        let why = Some(WhyLoggedOut::DeskTaken { agent });
        self.record_policy(tenant, Fact::AgentLoggedOut { agent: occupant, why, reason: None });
        self.release_callers(occupant);
        self.end_following(occupant);
        Ok(())
    }

    /// Logs out who sits at a hot desk; its owner, if he sits elsewhere, is left alone.
    pub(crate) fn leave_desk(&mut self, tenant: TenantId, device: DeviceId) -> Result<Answer, Refusal> {
        let desk = self.state.device(device);
        if !desk.filed.entry.hot_desk {
            return Err(Refusal::FeatureUnavailable);
        }
        let occupant = desk.agent.ok_or(Refusal::NobodyThere)?;
        self.log_out(tenant, occupant, None)
    }

    pub(crate) fn assign(
        &mut self,
        tenant: TenantId,
        id: AgentId,
        queue: QueueId,
        tier: Option<Tier>,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(id))?;
        self.owned(tenant, EntryId::Queue(queue))?;
        let memberships = &self.state.agent(id).memberships;
        if let Some(part) = memberships.get(&queue) {
            let tier = tier.filter(|tier| *tier != part.tier).ok_or(Refusal::AlreadySo)?;
            self.record(tenant, Fact::TierSet { agent: id, queue, tier });
            return Ok(Answer::Done);
        }
        if memberships.len() >= QUEUES_PER_AGENT_MAX {
            return Err(Refusal::LimitReached("queues of an agent"));
        }
        let tier = tier.unwrap_or_default();
        self.record(tenant, Fact::AgentAssigned { agent: id, queue, tier });
        Ok(Answer::Done)
    }

    pub(crate) fn unassign(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        queue: QueueId,
    ) -> Result<Answer, Refusal> {
        self.assignment(tenant, agent, queue)?;
        self.take_off(tenant, agent, queue);
        Ok(Answer::Done)
    }

    /// Takes an agent off a queue; what waited for him there is for anybody.
    pub(crate) fn take_off(&mut self, tenant: TenantId, agent: AgentId, queue: QueueId) {
        self.record(tenant, Fact::AgentUnassigned { agent, queue });
        self.release_callers(agent);
    }

    pub(crate) fn set_membership(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        queue: QueueId,
        membership: Membership,
    ) -> Result<Answer, Refusal> {
        if self.assignment(tenant, agent, queue)?.membership == membership {
            return Err(Refusal::AlreadySo);
        }
        let fact = Fact::MembershipSet { agent, queue, membership };
        self.record(tenant, fact);
        self.release_callers(agent);
        Ok(Answer::Done)
    }

    pub(crate) fn set_handling(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        handling: Handling,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        if handling == Handling::Voicemail && self.state.agent(agent).filed.entry.mailbox.is_none() {
            return Err(Refusal::NoMailbox);
        }
        if self.state.agent(agent).handling == handling {
            return Err(Refusal::AlreadySo);
        }
        self.record(tenant, Fact::HandlingSet { agent, handling });
        self.release_callers(agent);
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

    pub(super) fn assignment(
        &self,
        tenant: TenantId,
        agent: AgentId,
        queue: QueueId,
    ) -> Result<Assignment, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        self.owned(tenant, EntryId::Queue(queue))?;
        self.state.agent(agent).memberships.get(&queue).copied().ok_or(Refusal::NotAssigned)
    }
}
