//! An agent's duty: asked for, granted at once or pending, and what policy makes of it.

use super::{Absence, Activity, Duty, Membership, WhyLoggedOut, WhyNotReady};
use crate::command::{Actor, Answer, Note};
use crate::engine::Engine;
use crate::entry::{AfterMissed, EntryId, ReasonCategory};
use crate::fact::Fact;
use crate::id::{AgentId, ReasonId, TenantId};
use crate::refusal::Refusal;
use crate::time::Timestamp;

impl Engine {
    pub(crate) fn log_out(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        reason: Option<ReasonId>,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        if self.state.agent(agent).login.is_none() {
            return Err(Refusal::AlreadySo);
        }
        if let Some(reason) = reason
            && !self.given_by(tenant, agent, reason)?.is_for_log_out()
        {
            return Err(Refusal::Invalid { field: "reason", why: "must be one for logging out" });
        }
        self.ask_duty_for(agent, Duty::LoggedOut, reason)
    }

    /// What a reason can be given for, if it is one that the agent may give.
    fn given_by(
        &self,
        tenant: TenantId,
        agent: AgentId,
        reason: ReasonId,
    ) -> Result<ReasonCategory, Refusal> {
        let id = EntryId::Reason(reason);
        self.owned(tenant, id)?;
        let reason = &self.state.reasons.get(&reason).ok_or(Refusal::NotFound(id.kind()))?.entry;
        if reason.team.is_some() && reason.team != self.state.agent(agent).filed.entry.team {
            return Err(Refusal::Invalid { field: "reason", why: "must be one of the agent's team" });
        }
        Ok(reason.category)
    }

    pub(crate) fn become_ready(&mut self, tenant: TenantId, id: AgentId) -> Result<Answer, Refusal> {
        self.logged_in(tenant, id)?;
        let agent = self.state.agent(id);
        let wraps_up = agent.wrap_up.is_some();
        let rests = agent.rest_until.is_some();
        if wraps_up {
            return self.end_wrap_up_ready(id);
        }
        let result = match self.ask_duty(id, Duty::Ready) {
            Err(Refusal::AlreadySo) if rests => {
                self.end_rest(id);
                Ok(Answer::Done)
            }
            result => result,
        };
        if result == Ok(Answer::Done) {
            self.ready_in_some_queue(id);
        }
        result
    }

    pub(crate) fn become_not_ready(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        reason: Option<ReasonId>,
        note: Note,
    ) -> Result<Answer, Refusal> {
        self.logged_in(tenant, agent)?;
        if let Some(reason) = reason
            && !self.given_by(tenant, agent, reason)?.is_for_not_ready()
        {
            return Err(Refusal::Invalid { field: "reason", why: "must be one for being not ready" });
        }
        let reason = reason.map(WhyNotReady::Reason);
        self.ask_duty(agent, Duty::NotReady { reason, note })
    }

    pub(crate) fn become_absent(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        absence: Absence,
        note: Note,
    ) -> Result<Answer, Refusal> {
        self.logged_in(tenant, agent)?;
        let reason = Some(WhyNotReady::Absence(absence));
        self.ask_duty(agent, Duty::NotReady { reason, note })
    }

    /// After the wrap-up the agent is ready, whatever was to follow it.
    pub(crate) fn ready_after_wrap_up(&mut self, tenant: TenantId, id: AgentId) -> Result<Answer, Refusal> {
        self.logged_in(tenant, id)?;
        let agent = self.state.agent(id);
        let Some(wrap_up) = agent.wrap_up else { return self.become_ready(tenant, id) };
        let follows = agent.duty == Duty::Ready && self.state.queue(wrap_up.queue).filed.entry.auto_ready;
        match (&agent.pending, follows) {
            (Some(Duty::Ready), _) | (None, true) => Err(Refusal::AlreadySo),
            (Some(_), true) => {
                self.record(tenant, Fact::DutyPending { agent: id, duty: None, reason: None });
                Ok(Answer::Done)
            }
            (_, false) => {
                let duty = Some(Duty::Ready);
                self.record(tenant, Fact::DutyPending { agent: id, duty, reason: None });
                Ok(Answer::Pending)
            }
        }
    }

    /// Ends the wrap-up before its time.
    pub(crate) fn finish_wrap_up(&mut self, tenant: TenantId, agent: AgentId) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        if self.state.agent(agent).wrap_up.is_none() {
            return Err(Refusal::NotInWrapUp);
        }
        self.end_wrap_up(agent);
        Ok(Answer::Done)
    }

    /// Ends whatever an agent waits for.
    pub(crate) fn clear_agent(&mut self, tenant: TenantId, id: AgentId) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(id))?;
        let agent = self.state.agent(id);
        if agent.is_idle() && agent.parts.is_empty() {
            return Err(Refusal::AlreadySo);
        }
        if let Some(offer) = agent.offer {
            self.decline(tenant, offer)?;
        }
        while let Some(leg) = self.state.agent(id).parts.keys().next().copied() {
            self.leave_everything(tenant, leg);
        }
        if self.state.agent(id).wrap_up.is_some() {
            self.end_wrap_up(id);
        }
        Ok(Answer::Done)
    }

    /// Lengthens a wrap-up, once.
    pub(crate) fn extend_wrap_up(&mut self, tenant: TenantId, id: AgentId) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(id))?;
        let wrap_up = self.state.agent(id).wrap_up.ok_or(Refusal::NotInWrapUp)?;
        let more = self.state.queue(wrap_up.queue).filed.entry.extension_ms;
        if wrap_up.extended || more == 0 {
            return Err(Refusal::NoExtension);
        }
        let until = Timestamp(wrap_up.until.0.saturating_add(more));
        self.record(tenant, Fact::WrapUpExtended { agent: id, call: wrap_up.call, until });
        Ok(Answer::Done)
    }

    /// Ends a wrap-up: what was pending takes effect, and what the queue says of the time after.
    pub(crate) fn end_wrap_up(&mut self, id: AgentId) {
        if let Some(wrap_up) = self.state.agent(id).wrap_up {
            let changed = self.before_wrap_up_ends(id, wrap_up.queue);
            self.leave_wrap_up(id);
            if changed || self.state.agent(id).membership(wrap_up.queue) != Some(Membership::Ready) {
                self.rest_if_ready_nowhere(id);
            }
        }
    }

    /// Ends a wrap-up; what was pending takes effect.
    fn leave_wrap_up(&mut self, id: AgentId) {
        let agent = self.state.agent(id);
        let tenant = agent.filed.tenant;
        if let Some(wrap_up) = agent.wrap_up {
            let call = wrap_up.call;
            self.record(tenant, Fact::WrapUpEnded { agent: id, call });
            self.settle(id);
            self.close_if_over(call);
        }
    }

    pub(crate) fn end_rest(&mut self, agent: AgentId) {
        let tenant = self.state.agent(agent).filed.tenant;
        self.record(tenant, Fact::AgentRestEnded { agent });
    }

    /// What policy makes of an agent who did not take an offer. What he asked for himself comes first.
    pub(crate) fn missed(&mut self, id: AgentId, why: WhyNotReady, (rule, most): (AfterMissed, Option<u8>)) {
        let agent = self.state.agent(id);
        let tenant = agent.filed.tenant;
        if agent.pending.is_some() {
            return self.settle(id);
        }
        // Who never answers is not rung for ever.
        let most = most.filter(|_| why == WhyNotReady::NoAnswer);
        let rule =
            if most.is_some_and(|most| agent.tally.missed >= most) { AfterMissed::NotReady } else { rule };
        match rule {
            AfterMissed::NotReady => {
                let note = Note::default();
                let duty = Duty::NotReady { reason: Some(why), note };
                self.record_policy(tenant, Fact::AgentNotReady { agent: id, duty });
                self.release_callers(id);
            }
            AfterMissed::Rest { delay_ms } => {
                let until = Timestamp(self.now.at.0.saturating_add(delay_ms));
                self.record_policy(tenant, Fact::AgentRested { agent: id, until });
            }
        }
        self.settle(id);
    }

    /// Lets a pending duty take effect once nothing is live any more.
    pub(crate) fn settle(&mut self, id: AgentId) {
        if self.state.agent(id).is_idle() {
            self.settle_memberships(id);
        }
        let agent = self.state.agent(id);
        if let (true, Some(duty)) = (agent.is_idle(), agent.pending.clone()) {
            let by = agent.asked_by.unwrap_or(self.by);
            let (tenant, reason) = (agent.filed.tenant, agent.log_out_reason);
            if duty == agent.duty {
                // It said only that he stays so, whatever the queue says of the time after a wrap-up.
                self.record(tenant, Fact::DutyPending { agent: id, duty: None, reason: None });
            } else {
                self.enter_duty(id, duty, reason, by);
            }
        }
    }

    pub(super) fn ask_duty(&mut self, id: AgentId, wish: Duty) -> Result<Answer, Refusal> {
        self.ask_duty_for(id, wish, None)
    }

    /// As [`Engine::ask_duty`], with the reason for a log-out.
    fn ask_duty_for(&mut self, id: AgentId, wish: Duty, reason: Option<ReasonId>) -> Result<Answer, Refusal> {
        let agent = self.state.agent(id);
        let tenant = agent.filed.tenant;
        let is_so = agent.duty == wish;
        let new_reason = reason.is_some() && reason != agent.log_out_reason;
        match (&agent.pending, &agent.activity) {
            (Some(pending), _) if *pending == wish && !new_reason => Err(Refusal::AlreadySo),
            (Some(_), _) if is_so => {
                self.record(tenant, Fact::DutyPending { agent: id, duty: None, reason: None });
                Ok(Answer::Done)
            }
            (None, _) if is_so => Err(Refusal::AlreadySo),
            (_, Activity::Offered { .. } | Activity::InCall { .. } | Activity::WrapUp { .. }) => {
                let duty = Some(wish);
                self.record(tenant, Fact::DutyPending { agent: id, duty, reason });
                self.release_callers(id);
                Ok(Answer::Pending)
            }
            (_, Activity::Idle) => {
                self.enter_duty(id, wish, reason, self.by);
                Ok(Answer::Done)
            }
        }
    }

    /// Ready asked for in a wrap-up ends it, and is the last word about what follows.
    pub(super) fn end_wrap_up_ready(&mut self, id: AgentId) -> Result<Answer, Refusal> {
        let agent = self.state.agent(id);
        let tenant = agent.filed.tenant;
        let was_ready = agent.duty == Duty::Ready;
        if agent.pending.is_some() {
            self.record(tenant, Fact::DutyPending { agent: id, duty: None, reason: None });
        }
        self.leave_wrap_up(id);
        if was_ready {
            return Ok(Answer::Done);
        }
        self.ask_duty(id, Duty::Ready)
    }

    /// Makes a duty true that `by` asked for, now or while something was live; `reason` is a log-out's.
    fn enter_duty(&mut self, agent: AgentId, duty: Duty, reason: Option<ReasonId>, by: Actor) {
        let tenant = self.state.agent(agent).filed.tenant;
        let fact = match duty {
            Duty::LoggedOut => {
                let why = if self.is_himself(agent, by) {
                    WhyLoggedOut::Asked
                } else {
                    WhyLoggedOut::Forced { by }
                };
                Fact::AgentLoggedOut { agent, why: Some(why), reason }
            }
            Duty::Ready => Fact::AgentReady { agent },
            Duty::NotReady { .. } => Fact::AgentNotReady { agent, duty },
        };
        let leaves = matches!(fact, Fact::AgentLoggedOut { .. });
        self.record(tenant, fact);
        self.release_callers(agent);
        if leaves {
            self.end_following(agent);
        }
    }

    /// Whether who asks is the agent: as his user, or at a phone where he speaks.
    fn is_himself(&self, agent: AgentId, by: Actor) -> bool {
        match by {
            Actor::User(user) => self.state.agent(agent).filed.entry.user == Some(user),
            Actor::Device(device) => self.person_at(device) == Some(agent),
            Actor::Operator | Actor::Network | Actor::Policy => false,
        }
    }

    fn logged_in(&self, tenant: TenantId, agent: AgentId) -> Result<(), Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        match self.state.agent(agent).login {
            Some(_) => Ok(()),
            None => Err(Refusal::NotLoggedIn),
        }
    }
}
