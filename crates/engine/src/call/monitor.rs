//! Supervision: somebody hears what an agent and his caller say. His microphone is closed unless he whispers, when the
//! agent alone hears him, or joins them.
//!
//! Whoever hears has a call of his own, which the engine serves: dialled with a feature code, or placed by command. It is
//! about one call, or follows the agent from call to call and is silent between.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::mailbox::Service;
use super::{CallStep, Cause, Joining};
use crate::action::Action;
use crate::code::Feature;
use crate::command::{Answer, Endpoint};
use crate::engine::Engine;
use crate::entry::{EntryId, Kind, Role};
use crate::fact::Fact;
use crate::id::{AgentId, CallId, DeviceId, LegId, TeamId, TenantId};
use crate::limits::MONITORS_MAX;
use crate::refusal::Refusal;
use crate::text::Number;

/// Whom a supervisor wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monitored {
    /// One call, to its end.
    Call(CallId),
    /// An agent: the call that he has, and those that follow.
    Agent(AgentId),
}

/// What part a supervisor takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervision {
    /// Nobody hears him.
    Listen,
    /// The agent hears him, and nobody else does.
    Whisper,
    /// Everybody hears him: he is one of those who talk.
    Barge,
    /// He has the call, and the agent leaves it.
    TakeOver,
}

/// A supervisor's ear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watch {
    /// On whom.
    pub(crate) agent: AgentId,
    /// What is heard, or is to be when the supervisor is there.
    pub(crate) call: Option<CallId>,
    /// Whether it goes on with the agent's next call.
    pub(crate) follows: bool,
    /// Whether the agent hears the supervisor.
    pub(crate) whispers: bool,
}

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
        // His own calls are no secret to him.
        let call = self.talk_of(agent, Some(supervisor)).ok_or(Refusal::NotFound(Kind::Call))?;
        self.check_monitors(call)?;
        Ok((call, agent))
    }

    /// The call in which an agent talks and that other has no part.
    fn talk_of(&self, agent: AgentId, other: Option<AgentId>) -> Option<CallId> {
        let mut talks = self.state.agent(agent).parts.values().map(|part| part.call);
        talks.find(|call| {
            let call = self.state.call(*call);
            call.step == CallStep::Talking && other.is_none_or(|other| !call.agents.contains_key(&other))
        })
    }

    fn check_monitors(&self, call: CallId) -> Result<(), Refusal> {
        if self.state.call(call).monitors.len() >= MONITORS_MAX {
            return Err(Refusal::LimitReached("monitors of a call"));
        }
        Ok(())
    }

    /// Lets the caller of a call, who dialled for it, hear another.
    pub(super) fn monitor_by_code(
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
        self.let_hear(call, Watch { agent, call: None, follows: false, whispers: false }, monitored);
    }

    /// Rings a device whose user wants to hear an agent, or a call.
    pub(crate) fn monitor_by_command(
        &mut self,
        tenant: TenantId,
        device: DeviceId,
        whom: Monitored,
        whispers: bool,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Device(device))?;
        let (agent, call, follows) = match whom {
            Monitored::Call(call) => {
                self.owned_call(tenant, call)?;
                let agent = self.state.parts_in(call).next().map(|(agent, _)| agent);
                let agent = agent.filter(|agent| self.talk_of(*agent, None) == Some(call));
                (agent.ok_or(Refusal::NotFound(Kind::Agent))?, Some(call), false)
            }
            Monitored::Agent(agent) => {
                self.owned(tenant, EntryId::Agent(agent))?;
                (agent, self.talk_of(agent, None), true)
            }
        };
        let login = self.state.agent(agent).login.ok_or(Refusal::NotLoggedIn)?;
        let (own, seat) = (self.state.device(device), self.state.device(login.device));
        if login.device == device {
            return Err(Refusal::NotPermitted);
        }
        if !own.registered {
            return Err(Refusal::DeviceUnregistered);
        }
        if !own.legs.is_empty() {
            return Err(Refusal::Busy);
        }
        if self.state.agent(agent).watched_by.len() >= MONITORS_MAX {
            return Err(Refusal::LimitReached("monitors of an agent"));
        }
        call.map_or(Ok(()), |call| self.check_monitors(call))?;
        self.check_room(tenant)?;
        let (own, heard) = (own.filed.entry.clone(), seat.filed.entry.number.clone());
        let caller = Some(own.number.clone());
        let direction = super::Direction::Internal;
        let (placed, guid) = self.start_call(tenant, direction, caller, own.display_name, heard.clone());
        let leg = self.add_leg(placed, super::Role::Caller, false, Endpoint::Device(device));
        self.record(
            tenant,
            Fact::MonitoringAsked { call: placed, agent, monitored: call, follows, whispers },
        );
        let (number, caller, auto_answer) = (own.number, Some(heard.clone()), own.auto_answer);
        let (endpoint, caller_name) = (Endpoint::Device(device), self.name_of(tenant, &heard));
        self.act(Action::Ring { leg, endpoint, number, caller, caller_name, auto_answer });
        Ok(Answer::Call(placed, guid))
    }

    /// The device that was rung for a supervisor answered.
    pub(super) fn begin_monitoring(&mut self, call: CallId, leg: LegId, watch: Watch) {
        let tenant = self.state.call(call).tenant;
        self.record(tenant, Fact::LegAnswered { call, leg });
        let talks = |call: &CallId| {
            self.state.calls.get(call).is_some_and(|call| call.step == CallStep::Talking)
                && self.check_monitors(*call).is_ok()
        };
        let heard = watch.call.filter(talks);
        let heard = heard.or_else(|| self.talk_of(watch.agent, None).filter(|_| watch.follows));
        match heard {
            Some(heard) => self.let_hear(call, watch, heard),
            None if watch.follows => self.let_wait(call),
            None => self.clear_call(call, Cause::Normal),
        }
    }

    fn let_hear(&mut self, call: CallId, watch: Watch, monitored: CallId) {
        let tenant = self.state.call(call).tenant;
        let Watch { agent, follows, whispers, .. } = watch;
        self.retalk(&[monitored], |engine| {
            let fact = Fact::MonitoringStarted { call, monitored, agent, follows, whispers };
            engine.record(tenant, fact);
        });
    }

    /// Nothing is to be heard until the agent's next call.
    fn let_wait(&mut self, call: CallId) {
        let waiting = self.state.call(call);
        let (tenant, leg) = (waiting.tenant, waiting.caller_leg);
        let heard = self.watch_of(call).and_then(|watch| watch.call);
        let hears =
            |heard: &CallId| self.state.calls.get(heard).is_some_and(|it| it.monitors.contains(&call));
        let heard = heard.filter(hears);
        let calls = heard.into_iter().collect::<Vec<_>>();
        self.retalk(&calls, |engine| engine.record(tenant, Fact::MonitoringWaits { call }));
        if let Some(leg) = leg {
            self.play_silence(leg);
        }
    }

    /// An agent who is followed talks anew.
    pub(super) fn let_followers_hear(&mut self, id: CallId) {
        let agents = self.state.parts_in(id).map(|(agent, _)| agent).collect::<Vec<_>>();
        for agent in agents {
            for follower in self.state.agent(agent).watched_by.clone() {
                let is_there = self.state.call(follower).step == CallStep::Served;
                if let Some(watch) = self.watch_of(follower).filter(|watch| is_there && watch.call.is_none())
                    && self.check_monitors(id).is_ok()
                {
                    self.let_hear(follower, watch, id);
                }
            }
        }
    }

    pub(crate) fn watch_of(&self, call: CallId) -> Option<Watch> {
        match self.state.call(call).service {
            Some(Service::Monitors(watch)) => Some(watch),
            Some(
                Service::Announces
                | Service::Greets(_)
                | Service::Takes(_)
                | Service::Asks { .. }
                | Service::LogsIn { .. }
                | Service::Plays { .. },
            )
            | None => None,
        }
    }

    /// A supervisor's keys: `4` listens, `5` whispers, `6` joins them.
    pub(super) fn supervise_by_key(&mut self, call: CallId, key: char) {
        let how = match key {
            '4' => Supervision::Listen,
            '5' => Supervision::Whisper,
            '6' => Supervision::Barge,
            _ => return,
        };
        // What cannot be leaves him where he is.
        self.supervise(call, how).ok();
    }

    /// Changes what part a supervisor takes.
    pub(crate) fn supervise_by_command(
        &mut self,
        tenant: TenantId,
        call: CallId,
        how: Supervision,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, call)?;
        self.supervise(call, how)
    }

    pub(super) fn supervise(&mut self, call: CallId, how: Supervision) -> Result<Answer, Refusal> {
        let own = self.state.call(call);
        let watch = self.watch_of(call).filter(|_| own.step == CallStep::Served);
        let watch = watch.ok_or(Refusal::Invalid { field: "call", why: "must be a supervisor's" })?;
        let (tenant, leg) = (own.tenant, own.caller_leg.ok_or(Refusal::NotInCall)?);
        let whispers = how == Supervision::Whisper;
        if matches!(how, Supervision::Listen | Supervision::Whisper) {
            if watch.whispers == whispers {
                return Err(Refusal::AlreadySo);
            }
            let heard = watch.call.into_iter().collect::<Vec<_>>();
            self.retalk(&heard, |engine| engine.record(tenant, Fact::MonitoringModeSet { call, whispers }));
            return Ok(Answer::Done);
        }
        let heard = watch.call.ok_or(Refusal::NotFound(Kind::Call))?;
        self.check_conference(self.state.call(heard).members.len() + 1)?;
        let parts = self.state.agent(watch.agent).parts.iter();
        let agents = { parts }.find(|(_, part)| part.call == heard).map(|(leg, _)| *leg);
        let leaves = agents.filter(|leg| self.state.call(heard).members.contains(leg));
        let how = match (how, leaves) {
            (Supervision::TakeOver, None) => return Err(Refusal::Busy),
            (Supervision::TakeOver, Some(_)) => Joining::TakeOver,
            (Supervision::Listen | Supervision::Whisper | Supervision::Barge, _) => Joining::Barge,
        };
        self.join_supervisor((heard, call), leg, leaves.filter(|_| how == Joining::TakeOver), how);
        Ok(Answer::Done)
    }

    fn join_supervisor(
        &mut self,
        (heard, own): (CallId, CallId),
        leg: LegId,
        leaves: Option<LegId>,
        how: Joining,
    ) {
        let tenant = self.state.call(heard).tenant;
        let Endpoint::Device(device) = self.state.leg(leg).endpoint else {
            unreachable!("only who sits at a device hears calls");
        };
        let agent = self.state.device(device).agent;
        self.retalk(&[heard], |engine| {
            let legs = vec![leg];
            engine.record(tenant, Fact::CallsJoined { call: heard, from: own, legs, how, device, agent });
            engine.connect_agent_at(leg);
            if let Some(leaves) = leaves {
                engine.leave_call(tenant, heard, leaves);
            }
        });
        self.clear_call(own, Cause::Normal);
        self.follow_recording(heard);
    }

    /// What was heard is over. Who follows an agent waits for his next call.
    pub(super) fn end_monitors(&mut self, id: CallId, cause: Cause) {
        for monitor in self.state.call(id).monitors.clone() {
            let served = self.state.calls.get(&monitor).is_some_and(|call| call.step == CallStep::Served);
            match self.watch_of(monitor).filter(|_| served) {
                Some(watch) if watch.follows => self.let_wait(monitor),
                Some(_) => self.clear_call(monitor, cause),
                None => {}
            }
        }
    }

    /// Nobody follows an agent who is not at work.
    pub(crate) fn end_following(&mut self, agent: AgentId) {
        for follower in self.state.agent(agent).watched_by.clone() {
            self.clear_call(follower, Cause::Normal);
        }
    }
}
