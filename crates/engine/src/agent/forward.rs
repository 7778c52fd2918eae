//! What an agent has set for direct calls that he is rung for: where they go when he cannot take them.
//!
//! Unlike [`super::Handling`], which keeps every direct call from ringing, these come into play when one has been tried.
//! Nobody forwards the same call twice, so that forwards which form a ring end.

use serde::{Deserialize, Serialize};

use crate::call::Cause;
use crate::command::Answer;
use crate::engine::Engine;
use crate::entry::EntryId;
use crate::fact::Fact;
use crate::id::{AgentId, CallId, DeviceId, TenantId};
use crate::limits::FORWARDS_MAX;
use crate::refusal::Refusal;
use crate::text::Number;

/// Why a direct call did not reach an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// His phone has a call or says that it is busy, or he finishes one.
    Busy,
    /// It rang, and he did not answer in [`crate::entry::Agent::ring_ms`].
    NoAnswer,
    /// He is logged in nowhere, or his phone is not registered or cannot be reached.
    Unreachable,
}

impl Missed {
    /// What the end of a leg that rang says of it; nothing when whoever was rung did not miss the call.
    pub(crate) const fn of(cause: Cause) -> Option<Self> {
        match cause {
            Cause::Busy => Some(Self::Busy),
            Cause::NoAnswer => Some(Self::NoAnswer),
            Cause::Unreachable => Some(Self::Unreachable),
            Cause::Normal
            | Cause::Rejected
            | Cause::AnsweredElsewhere
            | Cause::NoRoute
            | Cause::Full
            | Cause::Failed(_)
            | Cause::Lost
            | Cause::NodeRestarted => None,
        }
    }

    /// Why the call clears that nobody forwards.
    pub(crate) const fn cause(self) -> Cause {
        match self {
            Self::Busy => Cause::Busy,
            Self::NoAnswer => Cause::NoAnswer,
            Self::Unreachable => Cause::Unreachable,
        }
    }
}

/// Where a missed call goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardTo {
    /// To a number: of a user, a phone or a queue, or outside.
    Number(Number),
    /// To the agent's own mailbox.
    Voicemail,
}

/// What an agent has set for direct calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSettings {
    /// Where calls go that find him busy.
    pub busy: Option<ForwardTo>,
    /// Where calls go that he does not answer.
    pub no_answer: Option<ForwardTo>,
    /// Where calls go when he cannot be reached.
    pub unreachable: Option<ForwardTo>,
}

impl CallSettings {
    /// Where such calls go.
    pub const fn forward(&self, missed: Missed) -> Option<&ForwardTo> {
        match missed {
            Missed::Busy => self.busy.as_ref(),
            Missed::NoAnswer => self.no_answer.as_ref(),
            Missed::Unreachable => self.unreachable.as_ref(),
        }
    }

    /// The same, to be changed.
    pub(crate) const fn forward_mut(&mut self, missed: Missed) -> &mut Option<ForwardTo> {
        match missed {
            Missed::Busy => &mut self.busy,
            Missed::NoAnswer => &mut self.no_answer,
            Missed::Unreachable => &mut self.unreachable,
        }
    }

    fn leads_to_voicemail(&self) -> bool {
        let forwards = [&self.busy, &self.no_answer, &self.unreachable];
        forwards.into_iter().flatten().any(|to| *to == ForwardTo::Voicemail)
    }
}

impl Engine {
    pub(crate) fn set_call_settings(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        settings: CallSettings,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        let known = self.state.agent(agent);
        if settings.leads_to_voicemail() && known.filed.entry.mailbox.is_none() {
            return Err(Refusal::NoMailbox);
        }
        if known.settings == settings {
            return Err(Refusal::AlreadySo);
        }
        self.record(tenant, Fact::CallSettingsSet { agent, settings });
        Ok(Answer::Done)
    }

    /// Changes where an agent's missed calls of one kind go.
    pub(crate) fn set_forward(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        missed: Missed,
        to: Option<ForwardTo>,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        let mut settings = self.state.agent(agent).settings.clone();
        *settings.forward_mut(missed) = to;
        self.set_call_settings(tenant, agent, settings)
    }

    /// A call could not be led to a phone.
    pub(crate) fn forward_missed_at(&mut self, call: CallId, device: DeviceId, missed: Missed) {
        match self.person_at(device) {
            Some(agent) => self.forward_missed(call, agent, missed),
            None => self.clear_call(call, missed.cause()),
        }
    }

    /// A call did not reach an agent: it goes where he wants it to go then, or clears.
    pub(crate) fn forward_missed(&mut self, call: CallId, agent: AgentId, missed: Missed) {
        match self.state.forward(call, agent, missed).cloned() {
            Some(to) => self.forward(call, agent, missed, to),
            None => self.clear_call(call, missed.cause()),
        }
    }

    fn forward(&mut self, call: CallId, agent: AgentId, missed: Missed, to: ForwardTo) {
        let tenant = self.state.call(call).tenant;
        self.record_policy(tenant, Fact::CallForwarded { call, agent, missed, to: to.clone() });
        match to {
            ForwardTo::Number(number) => self.lead_to_number(call, &number, Some(agent)),
            ForwardTo::Voicemail => self.reach_mailbox(call, agent),
        }
    }
}

impl crate::state::State {
    /// Where the call goes that the agent missed; nowhere when he forwarded it before, or too many did.
    pub(crate) fn forward(&self, call: CallId, agent: AgentId, missed: Missed) -> Option<&ForwardTo> {
        let (by, owner) = (&self.call(call).forwarded_by, self.agent(agent));
        let to = owner.settings.forward(missed)?;
        // The mailbox may have been taken away since.
        let is_there = *to != ForwardTo::Voicemail || owner.filed.entry.mailbox.is_some();
        (is_there && by.len() < FORWARDS_MAX && !by.contains(&agent)).then_some(to)
    }
}
