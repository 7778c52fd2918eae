//! What queues ask of an agent: his tasks, and the events of his channel `call`.

use cordial_engine::call::{OfferEnd, Role};
use cordial_engine::id::{AgentId, CallId, QueueId};
use cordial_engine::{Event, Fact, WallTime};
use serde_json::{Value, json};

use super::{APP, channel_state};
use crate::event_socket::uuid;
use crate::floor::{Applied, Floor, Seat};

/// The channel of one agent, and the call that it was about last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    agent: AgentId,
    about: Option<CallId>,
}

impl Channel {
    /// The channel as it is.
    #[must_use]
    pub fn of(floor: &Floor, agent: AgentId) -> Self {
        Self { agent, about: attempt(floor, agent) }
    }

    /// What is told of an event that the floor was brought on by.
    #[must_use]
    pub fn told(&mut self, floor: &Floor, event: &Event, applied: &Applied) -> Vec<Value> {
        let mut all = Vec::new();
        if let Fact::OfferEnded { agent, call, end: OfferEnd::Expired | OfferEnd::Declined, .. } = &event.fact
            && *agent == self.agent
        {
            let mut missed = status("missed", Some(*call), event.wall);
            missed["missed"] = json!({ "timeout": 0 });
            all.push(missed);
        }
        let about = attempt(floor, self.agent);
        if let Some(change) = applied.agent.as_ref().filter(|change| change.agent == self.agent) {
            let now = channel_state(&change.after);
            if channel_state(&change.before) != now {
                let mut told = status(now, about.or(self.about), event.wall);
                if let Some(more) = self.more(floor, now, about, event) {
                    told[now] = more;
                }
                all.push(told);
            }
        }
        self.about = about.or(self.about);
        all
    }

    /// What a state has beside it, under its own name.
    fn more(&self, floor: &Floor, state: &str, about: Option<CallId>, event: &Event) -> Option<Value> {
        match (state, &event.fact) {
            ("wrap_time", Fact::WrapUpStarted { until, .. }) => {
                let left = i64::try_from(until.millis_since(event.at)).unwrap_or(i64::MAX);
                Some(json!({ "timeout": event.wall.0.saturating_add(left) }))
            }
            ("distribute" | "offering", _) => distribute(floor, self.agent, about?, state, event.wall),
            _ => None,
        }
    }
}

/// What an agent is asked to do and does for queues, as `cc_agent_tasks` answers.
#[must_use]
pub fn tasks(floor: &Floor, agent: AgentId, at: WallTime) -> Vec<Value> {
    let Some(axes) = floor.axes(agent) else { return Vec::new() };
    let task = |call: CallId| {
        let state = channel_state(&axes);
        let mut task = distribute(floor, agent, call, state, at)?;
        let began = floor.calls.get(&call)?.began;
        task["state"] = json!(state);
        task["duration"] = json!((at.0 - began.0).max(0) / 1_000);
        Some(task)
    };
    attempt(floor, agent).into_iter().filter_map(task).collect()
}

/// The call of a queue that an agent is asked to take, talks in or finishes after.
fn attempt(floor: &Floor, agent: AgentId) -> Option<CallId> {
    let seat = floor.agents.get(&agent)?;
    let talks = seat.parts.values().find(|(_, queue)| queue.is_some()).map(|(call, _)| *call);
    let offered = || Some(floor.legs.get(&seat.offer?.1)?.call);
    let wrapped = || seat.wrap_up.map(|(call, _)| call);
    // The leg of an offer that is about to be made.
    let rings = || {
        let legs = &floor.devices.get(&seat.device?)?.legs;
        let party = legs.iter().find_map(|leg| floor.legs.get(leg).filter(|leg| leg.role == Role::Callee))?;
        floor.calls.get(&party.call)?.waits.map(|_| party.call)
    };
    talks.or_else(wrapped).or_else(offered).or_else(rings)
}

fn status(status: &str, call: Option<CallId>, at: WallTime) -> Value {
    let mut told = json!({ "channel": "call", "status": status, "timestamp": at.0 });
    if let Some(call) = call {
        told["attempt_id"] = json!(call.0);
    }
    told
}

/// A call of a queue as a task.
fn distribute(floor: &Floor, agent: AgentId, call: CallId, state: &str, at: WallTime) -> Option<Value> {
    let (seat, talk) = (floor.agents.get(&agent)?, floor.calls.get(&call)?);
    let queue = queue_of(seat, call).or(talk.queued.map(|(queue, _)| queue));
    let own = talk.legs.iter().filter_map(|leg| floor.legs.get(leg));
    let mut own = own.filter(|party| party.device.is_some() && party.device == seat.device);
    let own =
        own.next_back().map(|party| party.guid).or_else(|| talk.served.get(&agent).map(|served| served.leg));
    let mut told = status(state, Some(call), at);
    told["app_id"] = json!(APP);
    told["queue_id"] = json!(queue.map(|queue| queue.0));
    told["queue_name"] = json!(queue.and_then(|queue| Some(&floor.queues.get(&queue)?.name)));
    told["agent_id"] = json!(agent.0);
    told["member_channel_id"] = json!(talk.first_guid.map(uuid));
    told["agent_channel_id"] = json!(own.map(uuid));
    told["communication"] = json!({ "destination": talk.caller, "display": talk.caller_name });
    told["has_reporting"] = json!(false);
    Some(told)
}

/// The queue through which an agent has a part in a call.
fn queue_of(seat: &Seat, call: CallId) -> Option<QueueId> {
    let wrapped = seat.wrap_up.filter(|(of, _)| *of == call).map(|(_, queue)| queue);
    wrapped.or_else(|| seat.parts.values().find(|(of, _)| *of == call)?.1)
}
