//! Agents: duty, talking, wrap-up (H6, H8).

use std::collections::BTreeMap;

use cordial_engine::agent::{Activity, Duty, Handling, Membership, PendingMembership, WhyNotReady};
use cordial_engine::id::{AgentId, CallId, DeviceId, LegId, OfferId, QueueId, TenantId};
use cordial_engine::limits::WRAP_UP_MS_MAX;
use cordial_engine::{Actor, Event, Fact, Timestamp};

use super::{Books, Broken, must};

#[derive(Clone)]
pub(in crate::checker) struct Agent {
    pub(in crate::checker) tenant: TenantId,
    pub(in crate::checker) device: Option<DeviceId>,
    pub(in crate::checker) duty: Duty,
    pub(in crate::checker) duty_since: Timestamp,
    pub(in crate::checker) pending: Option<Duty>,
    pub(in crate::checker) activity_since: Timestamp,
    pub(in crate::checker) handling: Handling,
    pub(in crate::checker) memberships: BTreeMap<QueueId, Membership>,
    pub(in crate::checker) rests: bool,
    pub(in crate::checker) offer: Option<OfferId>,
    pub(in crate::checker) parts: BTreeMap<LegId, (CallId, Option<QueueId>)>,
    pub(in crate::checker) wrap_up: Option<(CallId, QueueId, Timestamp)>,
    /// The wrap-up that a conversation just ended must be followed by.
    pub(in crate::checker) owed: Option<(CallId, QueueId)>,
    /// The queue in which the agent asked for a wrap-up after the live call.
    pub(in crate::checker) asks_wrap_up: Option<QueueId>,
    pub(in crate::checker) logged_in_at: Timestamp,
    /// Sum of the states since log-in. Milliseconds.
    pub(in crate::checker) spent_ms: u64,
}

impl Agent {
    pub(super) const fn new(tenant: TenantId, at: Timestamp) -> Self {
        Self {
            tenant,
            device: None,
            duty: Duty::LoggedOut,
            duty_since: at,
            pending: None,
            activity_since: at,
            handling: Handling::Ring,
            memberships: BTreeMap::new(),
            rests: false,
            offer: None,
            parts: BTreeMap::new(),
            wrap_up: None,
            owed: None,
            asks_wrap_up: None,
            logged_in_at: at,
            spent_ms: 0,
        }
    }

    /// What the agent is doing follows from wrap-up, parts and offer.
    pub(in crate::checker) fn activity(&self) -> Activity {
        let in_call = |(leg, (call, queue)): (&LegId, &(CallId, Option<QueueId>))| Activity::InCall {
            call: *call,
            leg: *leg,
            queue: *queue,
        };
        let through_queue = self.parts.iter().find(|(_, (_, queue))| queue.is_some());
        match (self.wrap_up, through_queue, self.offer) {
            (Some((call, queue, until)), _, _) => Activity::WrapUp { call, queue, until },
            (None, Some(part), _) => in_call(part),
            (None, None, Some(offer)) => Activity::Offered { offer },
            (None, None, None) => self.parts.iter().next().map_or(Activity::Idle, in_call),
        }
    }
}

impl Agent {
    pub(super) fn enter(&mut self, at: Timestamp, duty: Duty) -> Result<(), Broken> {
        if let Some(pending) = self.pending.take()
            && pending != duty
        {
            return Err(format!("pending {pending:?} was pending and {duty:?} came"));
        }
        // Policy may take an agent off duty whose device failed while he talks on a call of his own.
        let system = matches!(&duty, Duty::NotReady { reason: Some(why), .. } if !matches!(why, WhyNotReady::Reason(_) | WhyNotReady::Absence(_)));
        let own_call = matches!(self.activity(), Activity::InCall { queue: None, .. });
        let free = self.activity() == Activity::Idle || (system && own_call);
        must(free, "pending a duty changes under a live offer, call or wrap-up")?;
        self.rests = false;
        (self.duty, self.duty_since) = (duty, at);
        Ok(())
    }
}

impl Books {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    pub(super) fn read_duty(&mut self, event: &Event) -> Result<(), Broken> {
        let at = event.at;
        match &event.fact {
            Fact::AgentLoggedIn { agent, device, moved_from: Some(from) } => {
                let agent = self.agent(*agent)?;
                must(agent.device == Some(*from), "H6 moved from where he was not")?;
                must(agent.offer.is_none() && agent.parts.is_empty(), "H8 moved under a live offer or call")?;
                agent.device = Some(*device);
                Ok(())
            }
            Fact::AgentLoggedIn { agent, device, moved_from: None } => {
                let agent = self.agent(*agent)?;
                must(agent.device.is_none(), "H6 logged in twice")?;
                (agent.device, agent.logged_in_at, agent.spent_ms) = (Some(*device), at, 0);
                agent.enter(at, Duty::NotReady { reason: None, note: Default::default() })
            }
            Fact::AgentLoggedOut { agent, .. } => {
                let agent = self.agent(*agent)?;
                let spent_ms = agent.spent_ms + at.millis_since(agent.activity_since.max(agent.logged_in_at));
                let present_ms = at.millis_since(agent.logged_in_at);
                must(spent_ms == present_ms, "H6 an agent's states do not sum to the time at work")?;
                agent.device = None;
                agent.enter(at, Duty::LoggedOut)
            }
            Fact::AgentReady { agent } => self.agent(*agent)?.enter(at, Duty::Ready),
            Fact::AgentNotReady { agent, duty } => self.agent(*agent)?.enter(at, duty.clone()),
            Fact::DutyPending { agent, duty, .. } => {
                let agent = self.agent(*agent)?;
                let is_live = agent.activity() != Activity::Idle;
                must(is_live || duty.is_none(), "H8 a duty is pending for an idle agent")?;
                agent.pending = duty.clone();
                Ok(())
            }
            Fact::AgentRested { agent, .. } => {
                self.agent(*agent)?.rests = true;
                Ok(())
            }
            Fact::AgentRestEnded { agent } => {
                self.agent(*agent)?.rests = false;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn connect(
        &mut self,
        call: CallId,
        agent: AgentId,
        leg: LegId,
        queue: Option<QueueId>,
    ) -> Result<(), Broken> {
        let open = self.call(call)?;
        must(open.legs.contains_key(&leg), "H8 an agent is connected at a leg that is not there")?;
        if queue.is_some() {
            must(open.assigned.is_none_or(|other| other == agent), "H1 a call has two assigned agents")?;
            open.assigned = Some(agent);
        }
        open.agents.insert(agent, queue);
        let agent = self.agent(agent)?;
        must(queue.is_none() || agent.wrap_up.is_none(), "H4 a queue's call reaches an agent in wrap-up")?;
        agent.parts.insert(leg, (call, queue));
        Ok(())
    }

    pub(super) fn disconnect(&mut self, call: CallId, id: AgentId) -> Result<(), Broken> {
        let queue = self.call(call)?.agents.remove(&id).ok_or("H8 an agent leaves a call he is not in")?;
        let agent = self.agent(id)?.clone();
        let wraps = self.wrap_up_after(&agent, queue).map(|(queue, _)| (call, queue));
        let agent = self.agent(id)?;
        agent.parts.retain(|_, (other, _)| *other != call);
        agent.owed = wraps.filter(|_| agent.wrap_up.is_none());
        Ok(())
    }

    /// The queue and length of the wrap-up that follows a conversation through that queue, if one does. Milliseconds.
    pub(in crate::checker) fn wrap_up_after(
        &self,
        agent: &Agent,
        queue: Option<QueueId>,
    ) -> Option<(QueueId, u64)> {
        let queue = queue.or(agent.asks_wrap_up)?;
        let entry = &self.queues.get(&queue)?.entry;
        match entry.wrap_up_ms {
            0 if agent.asks_wrap_up.is_some() || !entry.auto_ready => Some((queue, WRAP_UP_MS_MAX)),
            0 => None,
            ms => Some((queue, ms)),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    pub(super) fn read_wrap_up(&mut self, event: &Event) -> Result<(), Broken> {
        match &event.fact {
            Fact::MembershipPending { agent, queue, wish } => {
                let asked = &mut self.agent(*agent)?.asks_wrap_up;
                if *wish == Some(PendingMembership::WrapUp) {
                    *asked = Some(*queue);
                } else if *asked == Some(*queue) {
                    *asked = None;
                }
            }
            Fact::WrapUpStarted { agent, call, queue, until } => {
                let length = self.agents.get(agent).and_then(|agent| self.wrap_up_after(agent, Some(*queue)));
                let due = length.map(|(_, ms)| event.at.0 + ms);
                must(due == Some(until.0), "wrap-up a wrap-up has another length than its queue's")?;
                self.call(*call)?.wrap_ups.insert(*agent);
                let agent = self.agent(*agent)?;
                let through = |of: Option<QueueId>| of == Some(*queue) || agent.asks_wrap_up == Some(*queue);
                let follows = agent.parts.values().any(|(of, by)| of == call && through(*by));
                must(follows || agent.owed.take().is_some(), "wrap-up a wrap-up follows no conversation")?;
                agent.wrap_up = Some((*call, *queue, *until));
            }
            Fact::WrapUpExtended { agent, call, until } => {
                let Some((of, _, due)) = self.agent(*agent)?.wrap_up.as_mut() else {
                    return Err("wrap-up a wrap-up is lengthened that is not there".to_owned());
                };
                must(of == call && *until > *due, "wrap-up a wrap-up is lengthened to an earlier end")?;
                *due = *until;
            }
            Fact::WrapUpEnded { agent, call } => {
                self.call(*call)?.wrap_ups.remove(agent);
                let agent = self.agent(*agent)?;
                let Some((of, _, until)) = agent.wrap_up.take() else {
                    return Err("wrap-up a wrap-up ends that was not there".to_owned());
                };
                must(of == *call, "wrap-up the wrap-up of another call ends")?;
                must(event.by != Actor::Policy || event.at >= until, "wrap-up a wrap-up ends too soon")?;
            }
            _ => {}
        }
        Ok(())
    }
}
