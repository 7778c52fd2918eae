//! The newer protocol: `action` and `seq` in, `seq_reply` out, events with a `seq` of their own.

pub mod call;
pub mod channel;

use cordial_engine::WallTime;
use cordial_engine::agent::{Duty, WhyNotReady};
use cordial_engine::id::AgentId;
use serde_json::{Map, Value, json};

use super::socket::VALUE_MAX;
use super::status::{Axes, Doing, Stance};
use crate::floor::Floor;

/// What a client is told of the node that has its call: there is one.
const APP: &str = "cordial";

/// A request.
#[derive(Clone, PartialEq)]
pub struct Act {
    /// What the client calls the request; comes back as `seq_reply`.
    pub seq: i64,
    /// What is asked for.
    pub action: String,
    /// With what.
    pub data: Map<String, Value>,
}

impl Act {
    /// Reads a frame; `None` when it is none.
    #[must_use]
    pub fn parse(frame: &Value) -> Option<Self> {
        let action = frame.get("action")?.as_str()?.to_owned();
        let seq = frame.get("seq").and_then(Value::as_i64).unwrap_or(0);
        let data = frame.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
        (action.len() <= VALUE_MAX).then_some(Self { seq, action, data })
    }

    /// A text of the data; numbers are texts, too.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        let text = match self.data.get(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        (text.len() <= VALUE_MAX).then_some(text)
    }

    /// It is granted, with this beside it.
    #[must_use]
    pub fn ok(&self, data: &Value) -> Value {
        json!({ "status": "OK", "seq_reply": self.seq, "data": data })
    }

    /// It is refused.
    #[must_use]
    pub fn refused(&self, code: u16, id: &str, detail: &str) -> Value {
        json!({
            "status": "FAIL",
            "seq_reply": self.seq,
            "error": fault(code, id, detail),
        })
    }
}

/// Why something is refused, over the socket and by REST.
#[must_use]
pub fn fault(code: u16, id: &str, detail: &str) -> Value {
    json!({ "id": id, "detail": detail, "code": code, "status": status_text(code) })
}

/// Tokens are not shown.
impl core::fmt::Debug for Act {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Act({}, {}, {:?})", self.seq, self.action, self.data.keys().collect::<Vec<_>>())
    }
}

const fn status_text(code: u16) -> &'static str {
    match code {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        429 => "Too Many Requests",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// An event.
#[must_use]
pub fn event(name: &str, seq: u64, data: &Value) -> Value {
    json!({ "event": name, "seq": seq, "data": data })
}

/// The status of an agent: what he wants, in four words.
#[must_use]
pub const fn agent_status(duty: &Duty, axes: &Axes) -> &'static str {
    match (axes.stance, duty) {
        (Stance::LoggedOut, _) => "offline",
        (Stance::Ready, _) => "online",
        (Stance::Fresh | Stance::Absent(_), Duty::NotReady { reason: Some(why), .. }) => match why {
            // Who missed a call was put aside by the system.
            WhyNotReady::NoAnswer | WhyNotReady::Declined | WhyNotReady::Unreachable | WhyNotReady::Busy => {
                "break_out"
            }
            WhyNotReady::Reason(_) | WhyNotReady::Absence(_) => "pause",
        },
        (Stance::Fresh | Stance::Absent(_), Duty::LoggedOut | Duty::NotReady { .. } | Duty::Ready) => "pause",
    }
}

/// The state of an agent: what goes on.
#[must_use]
pub const fn agent_state(axes: &Axes) -> &'static str {
    match (axes.stance, axes.doing) {
        (Stance::LoggedOut, _) => "offline",
        (_, Doing::Reserved) => "offering",
        (_, Doing::Receiving) => "ringing",
        (_, Doing::QueueCall | Doing::Outbound | Doing::OtherCall) => "talking",
        (_, Doing::WrapUp) => "reporting",
        (Stance::Ready, Doing::Nothing) => "waiting",
        (Stance::Fresh | Stance::Absent(_), Doing::Nothing) => "break",
    }
}

/// The state of the call channel of an agent.
#[must_use]
pub const fn channel_state(axes: &Axes) -> &'static str {
    match axes.doing {
        Doing::Nothing => "waiting",
        Doing::Reserved => "distribute",
        Doing::Receiving => "offering",
        Doing::QueueCall => "bridged",
        Doing::Outbound | Doing::OtherCall => "answered",
        Doing::WrapUp => "wrap_time",
    }
}

/// An agent as `cc_agent_session` answers and `agent_status` tells.
#[must_use]
pub fn agent(floor: &Floor, agent: AgentId, at: WallTime) -> Option<Value> {
    let seat = floor.agents.get(&agent)?;
    let axes = floor.axes(agent)?;
    Some(json!({
        "agent_id": agent.0,
        "user": seat.name,
        "status": agent_status(&seat.duty, &axes),
        "state": agent_state(&axes),
        "status_payload": Value::Null,
        "status_comment": floor.note(agent),
        "last_status_change": seat.since.0,
        "timestamp": at.0,
        "on_demand": false,
        "is_admin": false,
        "channels": [{ "channel": "call", "state": channel_state(&axes), "online": axes.stance != Stance::LoggedOut }],
    }))
}
