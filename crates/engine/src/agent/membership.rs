//! One agent's state in one queue, as systems keep it that know a state per agent and queue: an agent logs in to a queue,
//! is ready in it, leaves it. What he is in his other queues stays as it was.

use super::{Activity, Duty, Membership, PendingMembership, QueueWish};
use crate::command::Answer;
use crate::engine::Engine;
use crate::entry::EntryId;
use crate::fact::Fact;
use crate::id::{AgentId, DeviceId, QueueId, TenantId};
use crate::limits::WRAP_UP_MS_MAX;
use crate::refusal::Refusal;

impl Engine {
    /// What an agent asks to be in one queue. Noted for later while an offer, a call or a wrap-up is in its way.
    pub(crate) fn ask_in_queue(
        &mut self,
        tenant: TenantId,
        id: AgentId,
        queue: QueueId,
        wish: QueueWish,
    ) -> Result<Answer, Refusal> {
        let part = self.assignment(tenant, id, queue)?.membership;
        let is_in = self.state.agent(id).login.is_some() && part != Membership::Out;
        match (wish, is_in) {
            (QueueWish::LogIn(device), false) => self.log_in_to_queue(tenant, id, queue, device),
            (QueueWish::LogIn(_), true) => self.stay_in_queue(id, queue),
            (QueueWish::LogOut, false) => self.stay_out_of_queue(id, queue),
            (QueueWish::Ready | QueueWish::NotReady | QueueWish::WrapUp, false) => Err(Refusal::NotLoggedIn),
            (QueueWish::LogOut, true) => self.leave_or_note(id, queue, PendingMembership::Out),
            (QueueWish::NotReady, true) => self.leave_or_note(id, queue, PendingMembership::NotReady),
            (QueueWish::Ready, true) => self.be_ready_in_queue(id, queue),
            (QueueWish::WrapUp, true) => self.wrap_up_later(id, queue),
        }
    }

    /// Gives an agent who is ready in none of his queues, and is ready himself, what he means by it.
    pub(crate) fn ready_in_some_queue(&mut self, id: AgentId) {
        let memberships = self.state.agent(id).parts();
        if !memberships.values().any(|part| *part == Membership::Ready) {
            for (queue, _) in memberships.into_iter().filter(|(_, part)| *part == Membership::NotReady) {
                self.set_part(id, queue, Membership::Ready);
            }
        }
    }

    /// What was noted for after the call takes effect, now that the agent is free.
    pub(crate) fn settle_memberships(&mut self, id: AgentId) {
        for (queue, wish) in self.state.agent(id).pending_memberships.clone() {
            self.note(id, queue, None);
            match wish {
                PendingMembership::In => self.enter_queue_as_policy_says(id, queue),
                PendingMembership::Out => self.set_part(id, queue, Membership::Out),
                PendingMembership::NotReady => self.set_part(id, queue, Membership::NotReady),
                PendingMembership::WrapUp => {}
            }
            self.rest_if_ready_nowhere(id);
        }
    }

    /// What follows a wrap-up is decided just before it ends, so that nobody sees the agent ready between. Whether the
    /// agent is ready in fewer queues than before.
    pub(crate) fn before_wrap_up_ends(&mut self, id: AgentId, queue: QueueId) -> bool {
        let before = self.state.agent(id).parts();
        for (queue, wish) in self.state.agent(id).pending_memberships.clone() {
            match wish {
                PendingMembership::Out => self.set_part(id, queue, Membership::Out),
                PendingMembership::NotReady => self.set_part(id, queue, Membership::NotReady),
                PendingMembership::In | PendingMembership::WrapUp => {}
            }
        }
        let agent = self.state.agent(id);
        let asked = agent.pending.is_some();
        let ready = agent.membership(queue) == Some(Membership::Ready);
        if !asked && ready && !self.state.queue(queue).filed.entry.auto_ready {
            self.set_part_by_policy(id, queue, Membership::NotReady);
        }
        self.state.agent(id).parts() != before
    }

    /// An agent's call ends: who asked to leave queues leaves them with it, and after a call that came through no queue he
    /// is not ready in those that want it. Whether he is ready in fewer queues than before.
    pub(crate) fn before_call_ends(&mut self, id: AgentId, through: Option<QueueId>) -> bool {
        let agent = self.state.agent(id);
        if agent.parts.len() > 1 {
            return false;
        }
        let before = agent.parts();
        for (queue, wish) in agent.pending_memberships.clone() {
            if wish == PendingMembership::Out {
                self.set_part(id, queue, Membership::Out);
            }
        }
        let agent = self.state.agent(id);
        let other = through.is_none() && agent.wrap_up.is_none() && agent.duty == Duty::Ready;
        for (queue, part) in agent.parts().into_iter().filter(|_| other) {
            let policy = &self.state.queue(queue).filed.entry;
            if part == Membership::Ready && !policy.auto_ready && policy.auto_not_ready_after_other_call {
                self.set_part_by_policy(id, queue, Membership::NotReady);
            }
        }
        self.state.agent(id).parts() != before
    }

    /// The queue and length of the wrap-up that follows an agent's part in a call, if one does. Milliseconds.
    pub(crate) fn wrap_up_after(&self, id: AgentId, queue: Option<QueueId>) -> Option<(QueueId, u64)> {
        let mut noted = self.state.agent(id).pending_memberships.iter();
        let wished = noted.find(|(_, wish)| **wish == PendingMembership::WrapUp).map(|(queue, _)| *queue);
        let queue = queue.or(wished)?;
        let policy = &self.state.queue(queue).filed.entry;
        match self.state.agent(id).filed.entry.wrap_up_ms.unwrap_or(policy.wrap_up_ms) {
            // Nothing but the agent ends such a wrap-up, or the longest there is.
            0 if wished.is_some() || !policy.auto_ready => Some((queue, WRAP_UP_MS_MAX)),
            0 => None,
            ms => Some((queue, ms)),
        }
    }

    /// An agent who is ready in no queue any more is not ready.
    pub(crate) fn rest_if_ready_nowhere(&mut self, id: AgentId) {
        let agent = self.state.agent(id);
        let nowhere = !agent.parts().values().any(|part| *part == Membership::Ready);
        if nowhere && agent.is_idle() && agent.duty == Duty::Ready && agent.pending.is_none() {
            let (tenant, duty) =
                (agent.filed.tenant, Duty::NotReady { reason: None, note: Default::default() });
            self.record(tenant, Fact::AgentNotReady { agent: id, duty });
            self.release_callers(id);
        }
    }

    fn log_in_to_queue(
        &mut self,
        tenant: TenantId,
        id: AgentId,
        queue: QueueId,
        device: Option<DeviceId>,
    ) -> Result<Answer, Refusal> {
        let agent = self.state.agent(id);
        match (agent.login, &agent.activity) {
            (Some(_), Activity::InCall { .. } | Activity::WrapUp { .. }) => {
                return self.note_anew(id, queue, PendingMembership::In);
            }
            (Some(_), Activity::Idle | Activity::Offered { .. }) => {}
            (None, _) => {
                let device = device.ok_or(Refusal::NotLoggedIn)?;
                self.check_device_free(tenant, device)?;
                // Logging in to one queue brings no other back.
                for (other, part) in self.state.agent(id).parts() {
                    if part != Membership::Out {
                        self.set_part(id, other, Membership::Out);
                    }
                }
                self.record(tenant, Fact::AgentLoggedIn { agent: id, device, moved_from: None });
            }
        }
        self.enter_queue_as_policy_says(id, queue);
        Ok(Answer::Done)
    }

    fn enter_queue_as_policy_says(&mut self, id: AgentId, queue: QueueId) {
        if self.state.queue(queue).filed.entry.auto_ready {
            self.become_ready_in(id, queue);
        } else {
            self.set_part(id, queue, Membership::NotReady);
        }
    }

    /// Who asks to be in while he is about to leave stays.
    fn stay_in_queue(&mut self, id: AgentId, queue: QueueId) -> Result<Answer, Refusal> {
        let agent = self.state.agent(id);
        let tenant = agent.filed.tenant;
        let leaves = agent.pending_memberships.get(&queue) == Some(&PendingMembership::Out);
        if agent.pending == Some(Duty::LoggedOut) {
            self.record(tenant, Fact::DutyPending { agent: id, duty: None, reason: None });
        } else if !leaves {
            return Err(Refusal::AlreadySo);
        }
        if leaves {
            self.note(id, queue, None);
        }
        Ok(Answer::Done)
    }

    /// Who asks to be out while he is about to come in stays out.
    fn stay_out_of_queue(&mut self, id: AgentId, queue: QueueId) -> Result<Answer, Refusal> {
        if !self.state.agent(id).pending_memberships.contains_key(&queue) {
            return Err(Refusal::AlreadySo);
        }
        self.note(id, queue, None);
        Ok(Answer::Done)
    }

    fn leave_or_note(
        &mut self,
        id: AgentId,
        queue: QueueId,
        wish: PendingMembership,
    ) -> Result<Answer, Refusal> {
        let part = if wish == PendingMembership::Out { Membership::Out } else { Membership::NotReady };
        let agent = self.state.agent(id);
        let rests = part == Membership::NotReady && agent.duty != Duty::Ready;
        let is_so = agent.membership(queue) == Some(part) || rests;
        match agent.activity {
            Activity::Idle if is_so => Err(Refusal::AlreadySo),
            Activity::Idle => {
                self.set_part(id, queue, part);
                self.rest_if_ready_nowhere(id);
                Ok(Answer::Done)
            }
            Activity::WrapUp { .. } => {
                self.set_part(id, queue, part);
                self.end_wrap_up(id);
                self.rest_if_ready_nowhere(id);
                Ok(Answer::Done)
            }
            Activity::Offered { .. } | Activity::InCall { .. } => self.note_anew(id, queue, wish),
        }
    }

    fn be_ready_in_queue(&mut self, id: AgentId, queue: QueueId) -> Result<Answer, Refusal> {
        let agent = self.state.agent(id);
        let wraps_up = agent.wrap_up.is_some();
        let noted = agent.pending_memberships.contains_key(&queue);
        let is_so = agent.membership(queue) == Some(Membership::Ready) && agent.duty == Duty::Ready;
        if is_so && !noted && !wraps_up && agent.pending.is_none() && agent.rest_until.is_none() {
            return Err(Refusal::AlreadySo);
        }
        if noted {
            self.note(id, queue, None);
        }
        Ok(self.become_ready_in(id, queue))
    }

    /// Makes an agent ready in one queue, and himself, without making him ready anywhere else.
    fn become_ready_in(&mut self, id: AgentId, queue: QueueId) -> Answer {
        let agent = self.state.agent(id);
        let wraps_up = agent.wrap_up.is_some();
        if agent.duty != Duty::Ready {
            for (other, part) in agent.parts() {
                if other != queue && part == Membership::Ready {
                    self.set_part(id, other, Membership::NotReady);
                }
            }
        }
        if wraps_up {
            self.set_part(id, queue, Membership::Ready);
        }
        let asked = if wraps_up { self.end_wrap_up_ready(id) } else { self.ask_duty(id, Duty::Ready) };
        self.set_part(id, queue, Membership::Ready);
        if self.state.agent(id).rest_until.is_some() {
            self.end_rest(id);
        }
        // That he is ready himself already is no reason to refuse.
        asked.unwrap_or(Answer::Done)
    }

    /// A wrap-up after the live call, whatever the call is.
    fn wrap_up_later(&mut self, id: AgentId, queue: QueueId) -> Result<Answer, Refusal> {
        match self.state.agent(id).activity {
            Activity::InCall { .. } => self.note_anew(id, queue, PendingMembership::WrapUp),
            Activity::WrapUp { .. } => Err(Refusal::AlreadySo),
            Activity::Idle | Activity::Offered { .. } => Err(Refusal::NotInCall),
        }
    }

    fn note_anew(&mut self, id: AgentId, queue: QueueId, wish: PendingMembership) -> Result<Answer, Refusal> {
        if self.state.agent(id).pending_memberships.get(&queue) == Some(&wish) {
            return Err(Refusal::AlreadySo);
        }
        self.note(id, queue, Some(wish));
        Ok(Answer::Pending)
    }

    fn note(&mut self, agent: AgentId, queue: QueueId, wish: Option<PendingMembership>) {
        let tenant = self.state.agent(agent).filed.tenant;
        self.record(tenant, Fact::MembershipPending { agent, queue, wish });
    }

    fn set_part(&mut self, agent: AgentId, queue: QueueId, membership: Membership) {
        let of = self.state.agent(agent);
        if of.membership(queue) != Some(membership) {
            let tenant = of.filed.tenant;
            self.record(tenant, Fact::MembershipSet { agent, queue, membership });
            self.release_callers(agent);
        }
    }

    fn set_part_by_policy(&mut self, agent: AgentId, queue: QueueId, membership: Membership) {
        let tenant = self.state.agent(agent).filed.tenant;
        self.record_policy(tenant, Fact::MembershipSet { agent, queue, membership });
        self.release_callers(agent);
    }

    fn check_device_free(&self, tenant: TenantId, id: DeviceId) -> Result<(), Refusal> {
        self.owned(tenant, EntryId::Device(id))?;
        match self.state.device(id).agent {
            Some(_) => Err(Refusal::DeviceTaken),
            None => Ok(()),
        }
    }
}
