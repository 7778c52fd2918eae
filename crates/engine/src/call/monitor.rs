//! Silent monitoring: a supervisor hears what an agent and his caller say, and neither hears him.

use std::collections::BTreeSet;

use super::{CallStep, Cause};
use crate::code::Feature;
use crate::engine::Engine;
use crate::entry::{Kind, Role};
use crate::fact::Fact;
use crate::id::{AgentId, CallId, TeamId, TenantId};
use crate::limits::MONITORS_MAX;
use crate::refusal::Refusal;
use crate::text::Number;

impl Engine {
    /// The call that somebody may hear who dials for that number, and whose it is.
    pub(super) fn monitored_by(
        &self,
        tenant: TenantId,
        supervisor: AgentId,
        number: &Number,
    ) -> Result<(CallId, AgentId), Refusal> {
        let user = self.state.agent(supervisor).filed.entry.user;
        let user = user.and_then(|user| self.state.users.get(&user)).map(|user| &user.entry);
        let user = user.filter(|user| user.roles.contains(&Role::Supervisor)).ok_or(Refusal::NotPermitted)?;
        let agent = self.person_of_number(tenant, number).ok_or(Refusal::NotFound(Kind::Agent))?;
        let team = self.state.agent(agent).filed.entry.team;
        let supervises = |teams: &BTreeSet<TeamId>| team.is_some_and(|team| teams.contains(&team));
        if !user.teams.as_ref().is_none_or(supervises) {
            return Err(Refusal::NotPermitted);
        }
        let parts = self.state.agent(agent).parts.values();
        let mut talks = parts.map(|part| part.call).filter(|call| {
            let call = self.state.call(*call);
            // His own calls are no secret to him.
            call.step == CallStep::Talking && !call.agents.contains_key(&supervisor)
        });
        let call = talks.next().ok_or(Refusal::NotFound(Kind::Call))?;
        if self.state.call(call).monitors.len() >= MONITORS_MAX {
            return Err(Refusal::LimitReached("monitors of a call"));
        }
        Ok((call, agent))
    }

    /// Lets the caller of a call hear another, which two talk in.
    pub(super) fn monitor(
        &mut self,
        call: CallId,
        (supervisor, argument): (AgentId, Option<Number>),
        (monitored, agent): (CallId, AgentId),
    ) {
        let tenant = self.state.call(call).tenant;
        self.answer_caller(call);
        let dialled = Fact::FeatureCodeDialled {
            call,
            agent: Some(supervisor),
            feature: Feature::Monitor,
            argument,
            refused: None,
        };
        self.record(tenant, dialled);
        self.retalk(&[monitored], |engine| {
            engine.record(tenant, Fact::MonitoringStarted { call, monitored, agent });
        });
    }

    /// What was heard is over.
    pub(super) fn end_monitors(&mut self, id: CallId, cause: Cause) {
        for monitor in self.state.call(id).monitors.clone() {
            if self.state.call(monitor).step == CallStep::Served {
                self.clear_call(monitor, cause);
            }
        }
    }
}
