//! Calls as the newer protocol tells them to whose they are: one channel for each leg at one's own phone.

use cordial_engine::call::{Cause, LegPhase, Role};
use cordial_engine::id::{AgentId, CallId, DeviceId, LegId, QueueId};
use cordial_engine::{Event, Fact, WallTime};
use serde_json::{Value, json};

use super::APP;
use crate::event_socket::uuid;
use crate::floor::{Floor, Party, Talk};

/// Whose calls are told: those at the phone where this agent is, and those at this phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// The agent, if the account is one.
    pub agent: Option<AgentId>,
    /// The account's phone, if it has one.
    pub device: Option<DeviceId>,
}

impl Own {
    fn has(self, floor: &Floor, party: &Party) -> bool {
        let Some(device) = party.device else { return false };
        self.device == Some(device) || (self.agent.is_some() && self.agent == floor.agent_at(device))
    }

    fn leg(self, floor: &Floor, leg: LegId) -> Option<&Party> {
        floor.legs.get(&leg).filter(|party| self.has(floor, party))
    }
}

/// The channels that there are, as `subscribe_call` is answered.
#[must_use]
pub fn items(floor: &Floor, own: Own, at: WallTime) -> Value {
    let parties = floor.legs.values().filter(|party| own.has(floor, party));
    let item = |party: &Party| {
        let talk = floor.calls.get(&party.call)?;
        let mut item = about(floor, party, talk);
        item["id"] = json!(uuid(party.guid));
        item["app_id"] = json!(APP);
        item["state"] = json!(state(party.phase));
        item["type"] = json!("call");
        item["timestamp"] = json!(at.0);
        item["created_at"] = json!(talk.began.0);
        item["duration"] = json!((at.0 - talk.began.0).max(0) / 1_000);
        item["variables"] = json!({});
        Some(item)
    };
    json!({ "items": parties.filter_map(item).collect::<Vec<_>>(), "next": false })
}

/// What is told of an event that the floor was brought on by.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "`floor::Part` names every fact; these are of legs")]
pub fn told(floor: &Floor, own: Own, event: &Event) -> Vec<Value> {
    match &event.fact {
        Fact::LegAdded { leg, .. } => of_leg(floor, own, *leg, "ringing", event.wall),
        Fact::LegAnswered { leg, .. } | Fact::LegRetrieved { leg, .. } => {
            of_leg(floor, own, *leg, "active", event.wall)
        }
        Fact::LegHeld { leg, .. } => of_leg(floor, own, *leg, "hold", event.wall),
        Fact::LegsBridged { a, b, .. } => [(*a, *b), (*b, *a)]
            .into_iter()
            .filter_map(|(leg, other)| bridged(floor, own.leg(floor, leg)?, other, event.wall))
            .collect(),
        _ => Vec::new(),
    }
}

/// What is told of a leg that an event takes away, before the floor is brought on by it.
#[must_use]
pub fn leaving(floor: &Floor, own: Own, event: &Event) -> Option<Value> {
    let Fact::LegCleared { leg, cause, .. } = &event.fact else { return None };
    let party = own.leg(floor, *leg)?;
    let (cause, sip) = cause_of(*cause, party.phase);
    let data = json!({ "cause": cause, "sip": sip, "reporting_at": 0 });
    Some(frame(party, "hangup", event.wall, &data))
}

fn of_leg(floor: &Floor, own: Own, leg: LegId, action: &str, at: WallTime) -> Vec<Value> {
    let told = own.leg(floor, leg).and_then(|party| {
        let talk = floor.calls.get(&party.call)?;
        let mut data = about(floor, party, talk);
        data["payload"] = json!({});
        Some(frame(party, action, at, &data))
    });
    told.into_iter().collect()
}

fn bridged(floor: &Floor, party: &Party, other: LegId, at: WallTime) -> Option<Value> {
    let talk = floor.calls.get(&party.call)?;
    let other = floor.legs.get(&other)?;
    let to = end_of(floor, other, talk);
    let mut data = json!({ "bridged_id": uuid(other.guid), "to": to, "payload": {} });
    if let Some(queue) = queue_of(floor, party, talk) {
        data["queue"] = queue;
    }
    Some(frame(party, "bridge", at, &data))
}

fn frame(party: &Party, action: &str, at: WallTime, data: &Value) -> Value {
    let id = uuid(party.guid);
    json!({ "id": id, "app_id": APP, "cc_app_id": "", "event": action, "timestamp": at.0, "data": data })
}

/// What a channel is, seen from its phone.
fn about(floor: &Floor, party: &Party, talk: &Talk) -> Value {
    let own = end_of(floor, party, talk);
    let first = talk.first.and_then(|leg| floor.legs.get(&leg));
    let (direction, from, to) = match party.role {
        Role::Caller => ("outbound", own, json!({ "type": "dest", "number": talk.dialled, "name": "" })),
        Role::Callee => ("inbound", first.map_or_else(|| stranger(talk), |it| end_of(floor, it, talk)), own),
    };
    let destination = &talk.dialled;
    let mut about =
        json!({ "direction": direction, "destination": destination, "from": from, "to": to, "sip_id": "" });
    if let (Role::Callee, Some(parent)) = (party.role, talk.first_guid) {
        about["parent_id"] = json!(uuid(parent));
    }
    if let Some(queue) = queue_of(floor, party, talk) {
        about["queue"] = queue;
    }
    about
}

/// One end of a call: a user at his phone, or somebody outside.
fn end_of(floor: &Floor, party: &Party, talk: &Talk) -> Value {
    let Some(desk) = party.device.and_then(|device| floor.devices.get(&device)) else {
        return match party.role {
            Role::Caller => stranger(talk),
            Role::Callee => json!({ "type": "dest", "number": talk.dialled, "name": "" }),
        };
    };
    let name = desk.agent.and_then(|agent| floor.agents.get(&agent)).map_or(&desk.name, |seat| &seat.name);
    json!({ "type": "user", "number": desk.number, "name": name })
}

fn stranger(talk: &Talk) -> Value {
    json!({ "type": "dest", "number": talk.caller, "name": talk.caller_name })
}

/// The queue through which a call came to a phone.
fn queue_of(floor: &Floor, party: &Party, talk: &Talk) -> Option<Value> {
    let (queue, _) = talk.queued.filter(|_| party.role == Role::Callee)?;
    let line = floor.queues.get(&queue)?;
    Some(parameters(party.call, queue, &line.name))
}

/// These are variables of a channel in Webitel, so that all of them are texts.
fn parameters(call: CallId, queue: QueueId, name: &str) -> Value {
    json!({
        "attempt_id": call.0.to_string(),
        "queue_id": queue.0.to_string(),
        "queue_name": name,
        "queue_type": "inbound",
        "reporting": "false",
    })
}

const fn state(phase: LegPhase) -> &'static str {
    match phase {
        LegPhase::Arrived | LegPhase::Dialled | LegPhase::Ringing => "ringing",
        LegPhase::Answered => "active",
        LegPhase::Held => "hold",
    }
}

/// FreeSWITCH's name of a cause, and the SIP code.
const fn cause_of(cause: Cause, phase: LegPhase) -> (&'static str, u16) {
    match (cause, phase) {
        (Cause::Normal, LegPhase::Answered | LegPhase::Held) => ("NORMAL_CLEARING", 200),
        (Cause::Normal, LegPhase::Arrived | LegPhase::Dialled | LegPhase::Ringing) => {
            ("ORIGINATOR_CANCEL", 487)
        }
        (Cause::Busy, _) => ("USER_BUSY", 486),
        (Cause::NoAnswer, _) => ("NO_ANSWER", 408),
        (Cause::Rejected, _) => ("CALL_REJECTED", 603),
        (Cause::AnsweredElsewhere, _) => ("LOSE_RACE", 487),
        (Cause::Unreachable, _) => ("USER_NOT_REGISTERED", 480),
        (Cause::NoRoute, _) => ("UNALLOCATED_NUMBER", 404),
        (Cause::Full, _) => ("NORMAL_CIRCUIT_CONGESTION", 503),
        (Cause::Failed(code), _) => ("NORMAL_UNSPECIFIED", code),
        (Cause::Lost | Cause::NodeRestarted, _) => ("NORMAL_TEMPORARY_FAILURE", 500),
    }
}
