//! What an agent is as seen from one queue: duty and membership together.
//!
//! Who knows agents only queue by queue (feature codes, queue panels) says one word for both axes, about one queue or
//! about all of them at once. What the other queues see never changes by a word about one.

use super::{Attend, Attendance, Duty, Membership, QueueWish};
use crate::command::Answer;
use crate::engine::Engine;
use crate::entry::EntryId;
use crate::fact::Fact;
use crate::id::{AgentId, DeviceId, QueueId, TenantId};
use crate::refusal::Refusal;

impl Attendance {
    /// What the queue sees.
    pub fn of(duty: &Duty, membership: Membership) -> Self {
        match (duty, membership) {
            (Duty::LoggedOut, _) | (_, Membership::Out) => Self::LoggedOut,
            (Duty::Ready, Membership::Ready) => Self::Ready,
            (Duty::Ready | Duty::NotReady { .. }, Membership::NotReady)
            | (Duty::NotReady { .. }, Membership::Ready) => Self::NotReady,
        }
    }
}

/// Memberships that change, and into what.
type Changes = Vec<(QueueId, Membership)>;

impl Engine {
    pub(crate) fn attend(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        queue: Option<QueueId>,
        how: Attend,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        let Some(queue) = queue else {
            return match how {
                Attend::LogIn { device } => self.attend_log_in(tenant, agent, device),
                Attend::LogOut => self.log_out(tenant, agent, None),
                Attend::Ready => self.attend_ready(tenant, agent),
                Attend::NotReady { reason, note } => {
                    self.attends(agent)?;
                    self.become_not_ready(tenant, agent, reason, note)
                }
            };
        };
        let wish = match how {
            Attend::LogIn { device } => QueueWish::LogIn(Some(device)),
            Attend::LogOut => QueueWish::LogOut,
            Attend::Ready => QueueWish::Ready,
            Attend::NotReady { .. } => QueueWish::NotReady,
        };
        self.ask_in_queue(tenant, agent, queue, wish)
    }

    fn attend_log_in(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        device: DeviceId,
    ) -> Result<Answer, Refusal> {
        let logged_in = self.log_in(tenant, agent, device);
        if !matches!(logged_in, Ok(_) | Err(Refusal::AlreadySo)) {
            return logged_in;
        }
        // In means ready as soon as the agent is: who is ready elsewhere already is not thrown into the work.
        let ready = self.wish(agent) == Duty::Ready;
        let part = if ready { Membership::NotReady } else { Membership::Ready };
        let enters = |(id, now): (QueueId, Membership)| (now == Membership::Out).then_some((id, part));
        let changes = self.state.agent(agent).parts().into_iter().filter_map(enters).collect();
        let changed = self.change_memberships(tenant, agent, changes);
        or_changed(changed, logged_in)
    }

    fn attend_ready(&mut self, tenant: TenantId, agent: AgentId) -> Result<Answer, Refusal> {
        self.attends(agent)?;
        let becomes = |(id, now): (QueueId, Membership)| {
            (now == Membership::NotReady).then_some((id, Membership::Ready))
        };
        let changes = self.state.agent(agent).parts().into_iter().filter_map(becomes).collect();
        // Memberships first: wherever the journal is cut, nobody is ready where he did not want to be.
        let changed = self.change_memberships(tenant, agent, changes);
        or_changed(changed, self.become_ready(tenant, agent))
    }

    /// Says whether anything changed.
    fn change_memberships(&mut self, tenant: TenantId, agent: AgentId, changes: Changes) -> bool {
        let changed = !changes.is_empty();
        for (queue, membership) in changes {
            self.record(tenant, Fact::MembershipSet { agent, queue, membership });
        }
        changed
    }

    /// Refuses who is logged out of all his queues.
    fn attends(&self, agent: AgentId) -> Result<(), Refusal> {
        let agent = self.state.agent(agent);
        let sees = |part: Membership| Attendance::of(&agent.duty, part) != Attendance::LoggedOut;
        if agent.parts().into_values().any(sees) { Ok(()) } else { Err(Refusal::NotLoggedIn) }
    }

    /// What the agent wants to be: the duty, or what is pending.
    fn wish(&self, agent: AgentId) -> Duty {
        let agent = self.state.agent(agent);
        agent.pending.clone().unwrap_or_else(|| agent.duty.clone())
    }
}

/// What was said of the duty, unless it was so already and memberships changed.
fn or_changed(changed: bool, said: Result<Answer, Refusal>) -> Result<Answer, Refusal> {
    match said {
        Err(Refusal::AlreadySo) if changed => Ok(Answer::Done),
        said => said,
    }
}
