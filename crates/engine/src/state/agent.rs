//! Agents as applied: the axes, and from them who could be offered a call now.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{Filed, State};
use crate::agent::{ACTIVITY, Activity, DUTY, Duty, Handling, Login, Membership};
use crate::entry;
use crate::id::{AgentId, CallId, DeviceId, LegId, OfferId, QueueId};
use crate::machine::assert_legal;
use crate::time::{Timestamp, WallTime};
use crate::timer::Timer;

/// An agent on all axes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agent {
    pub(crate) filed: Filed<entry::Agent>,
    pub(crate) login: Option<Login>,
    pub(crate) duty: Duty,
    pub(crate) duty_since: Timestamp,
    pub(crate) pending: Option<Duty>,
    pub(crate) handling: Handling,
    pub(crate) memberships: BTreeMap<QueueId, Membership>,
    pub(crate) activity: Activity,
    pub(crate) activity_since: Timestamp,
    pub(crate) since_wall: WallTime,
    pub(crate) offer: Option<OfferId>,
    /// The calls that the agent talks in, by his leg. One, unless he takes a second line.
    pub(crate) parts: BTreeMap<LegId, Part>,
    pub(crate) wrap_up: Option<WrapUp>,
    pub(crate) rest_until: Option<Timestamp>,
    /// The later of: became ready, end of the last call, end of the last wrap-up.
    pub(crate) idle_since: Timestamp,
    /// `idle_since` under which the agent stands in his queues' order, when he could be offered a call now.
    pub(crate) standing: Option<Timestamp>,
}

/// An agent's part in the talking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) call: CallId,
    pub(crate) queue: Option<QueueId>,
}

/// An agent's time for finishing a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WrapUp {
    pub(crate) call: CallId,
    pub(crate) queue: QueueId,
    pub(crate) until: Timestamp,
}

impl Agent {
    pub(super) const fn new(filed: Filed<entry::Agent>, at: Timestamp, wall: WallTime) -> Self {
        Self {
            filed,
            login: None,
            duty: Duty::LoggedOut,
            duty_since: at,
            pending: None,
            handling: Handling::Ring,
            memberships: BTreeMap::new(),
            activity: Activity::Idle,
            activity_since: at,
            since_wall: wall,
            offer: None,
            parts: BTreeMap::new(),
            wrap_up: None,
            rest_until: None,
            idle_since: at,
            standing: None,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.activity == Activity::Idle
    }

    /// What the agent is doing follows from wrap-up, parts and offer, in this order.
    fn derived_activity(&self) -> Activity {
        let in_call =
            |(leg, part): (&LegId, &Part)| Activity::InCall { call: part.call, leg: *leg, queue: part.queue };
        if let Some(WrapUp { call, queue, until }) = self.wrap_up {
            Activity::WrapUp { call, queue, until }
        } else if let Some(part) = self.parts.iter().find(|(_, part)| part.queue.is_some()) {
            in_call(part)
        } else if let Some(offer) = self.offer {
            Activity::Offered { offer }
        } else {
            self.parts.iter().next().map_or(Activity::Idle, in_call)
        }
    }

    /// Whether nothing but the queue's own membership keeps the agent from being offered a call.
    fn could_take_calls(&self, device_idle: bool) -> bool {
        self.duty == Duty::Ready
            && self.pending.is_none()
            && self.activity == Activity::Idle
            && self.handling == Handling::Ring
            && self.rest_until.is_none()
            && device_idle
    }
}

impl State {
    pub(crate) fn agent(&self, id: AgentId) -> &Agent {
        self.agents.get(&id).expect("an agent with a part in anything is not removed")
    }

    pub(super) fn agent_mut(&mut self, id: AgentId) -> &mut Agent {
        self.agents.get_mut(&id).expect("an agent with a part in anything is not removed")
    }

    pub(super) fn log_in(&mut self, id: AgentId, device: DeviceId) {
        let since = self.at;
        let agent = self.agent_mut(id);
        agent.login = Some(Login { device, since });
        for queue in agent.memberships.keys().copied().collect::<Vec<_>>() {
            self.queue_mut(queue).logged_in += 1;
        }
        self.devices.get_mut(&device).expect("the fact names a device").agent = Some(id);
        self.enter_duty(id, Duty::NotReady { reason: None, note: Default::default() });
    }

    pub(super) fn log_out(&mut self, id: AgentId) {
        let agent = self.agent_mut(id);
        let login = agent.login.take().expect("only who is logged in logs out");
        for queue in agent.memberships.keys().copied().collect::<Vec<_>>() {
            self.queue_mut(queue).logged_in -= 1;
        }
        self.devices.get_mut(&login.device).expect("a device in use is not removed").agent = None;
        self.enter_duty(id, Duty::LoggedOut);
    }

    /// Enters a duty; whatever was pending is done with, and so is a rest.
    pub(super) fn enter_duty(&mut self, id: AgentId, duty: Duty) {
        self.end_rest(id);
        let (at, wall) = (self.at, self.wall);
        let agent = self.agent_mut(id);
        assert_legal("duty", DUTY, agent.duty.step(), duty.step());
        if duty == Duty::Ready {
            agent.idle_since = at;
        }
        agent.duty = duty;
        agent.duty_since = at;
        agent.since_wall = wall;
        agent.pending = None;
        self.refresh(id);
    }

    pub(super) fn set_pending(&mut self, id: AgentId, duty: Option<&Duty>) {
        self.agent_mut(id).pending = duty.cloned();
        self.refresh(id);
    }

    pub(super) fn set_handling(&mut self, id: AgentId, handling: &Handling) {
        self.agent_mut(id).handling = handling.clone();
        self.refresh(id);
    }

    pub(super) fn rest(&mut self, id: AgentId, until: Timestamp) {
        self.end_rest(id);
        self.agent_mut(id).rest_until = Some(until);
        self.set_timer(until, Timer::Rest(id));
        self.refresh(id);
    }

    pub(super) fn end_rest(&mut self, id: AgentId) {
        if let Some(until) = self.agent_mut(id).rest_until.take() {
            self.clear_timer(until, Timer::Rest(id));
            self.refresh(id);
        }
    }

    pub(super) fn connect_agent(&mut self, id: AgentId, leg: LegId, call: CallId, queue: Option<QueueId>) {
        self.agent_mut(id).parts.insert(leg, Part { call, queue });
        self.call_mut(call).agents.insert(id, queue);
        self.refresh(id);
    }

    pub(super) fn disconnect_agent(&mut self, id: AgentId, call: CallId) {
        let at = self.at;
        let agent = self.agent_mut(id);
        agent.parts.retain(|_, part| part.call != call);
        agent.idle_since = at;
        self.refresh(id);
    }

    pub(super) fn start_wrap_up(&mut self, id: AgentId, call: CallId, queue: QueueId, until: Timestamp) {
        self.agent_mut(id).wrap_up = Some(WrapUp { call, queue, until });
        self.call_mut(call).wrap_ups.insert(id);
        self.set_timer(until, Timer::WrapUp(id));
        self.refresh(id);
    }

    pub(super) fn end_wrap_up(&mut self, id: AgentId) {
        let at = self.at;
        let agent = self.agent_mut(id);
        agent.idle_since = at;
        if let Some(WrapUp { call, until, .. }) = agent.wrap_up.take() {
            self.clear_timer(until, Timer::WrapUp(id));
            self.call_mut(call).wrap_ups.remove(&id);
        }
        self.refresh(id);
    }

    pub(super) fn assign(&mut self, id: AgentId, queue: QueueId) {
        let agent = self.agent_mut(id);
        agent.memberships.insert(queue, Membership::Ready);
        let logged_in = usize::from(agent.login.is_some());
        let queue = self.queue_mut(queue);
        queue.agents.insert(id);
        queue.logged_in += logged_in;
        self.line_up(id);
    }

    pub(super) fn unassign(&mut self, id: AgentId, queue: QueueId) {
        self.set_membership(id, queue, Membership::Out);
        let agent = self.agent_mut(id);
        agent.memberships.remove(&queue);
        let logged_in = usize::from(agent.login.is_some());
        let queue = self.queue_mut(queue);
        queue.agents.remove(&id);
        queue.logged_in -= logged_in;
    }

    pub(super) fn set_membership(&mut self, id: AgentId, queue: QueueId, membership: Membership) {
        let agent = self.agent_mut(id);
        agent.memberships.insert(queue, membership);
        if let (Some(standing), Membership::Out | Membership::NotReady) = (agent.standing, membership) {
            self.queue_mut(queue).eligible.remove(&(standing, id));
            self.rematch(queue);
        }
        self.line_up(id);
    }

    /// Brings activity and standing up to what the agent's other axes say. Called after every change to them.
    pub(super) fn refresh(&mut self, id: AgentId) {
        let (at, wall) = (self.at, self.wall);
        let agent = self.agent(id);
        let device = agent.login.and_then(|login| self.devices.get(&login.device));
        let device_idle = device.is_some_and(|device| device.is_idle());
        let agent = self.agent_mut(id);
        let activity = agent.derived_activity();
        if activity != agent.activity {
            assert_legal("activity", ACTIVITY, agent.activity.step(), activity.step());
            agent.activity = activity;
            agent.activity_since = at;
            agent.since_wall = wall;
        }
        let standing = agent.could_take_calls(device_idle).then_some(agent.idle_since);
        if standing != agent.standing {
            self.step_back(id);
            self.agent_mut(id).standing = standing;
            self.line_up(id);
        }
    }

    /// Takes the agent out of the order of all his queues.
    fn step_back(&mut self, id: AgentId) {
        let agent = self.agent(id);
        let Some(standing) = agent.standing else { return };
        for queue in agent.memberships.keys().copied().collect::<Vec<_>>() {
            self.queue_mut(queue).eligible.remove(&(standing, id));
            self.rematch(queue);
        }
    }

    /// Puts the agent, if he stands, in the order of each queue that he is ready in. At most
    /// [`crate::limits::QUEUES_PER_AGENT_MAX`] of them.
    fn line_up(&mut self, id: AgentId) {
        let agent = self.agent(id);
        let Some(standing) = agent.standing else { return };
        let ready = agent.memberships.iter().filter(|(_, part)| **part == Membership::Ready);
        for queue in ready.map(|(queue, _)| *queue).collect::<Vec<_>>() {
            self.queue_mut(queue).eligible.insert((standing, id));
            self.rematch(queue);
        }
    }
}
