//! Where dialled numbers lead.

use serde::{Deserialize, Serialize};

use super::{Name, Priority};
use crate::id::{AgentId, CalendarId, DeviceId, QueueId};
use crate::text::Number;

/// Where a number dialled on a trunk leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The number dialled; unique within the tenant.
    pub number: Number,
    /// A prompt said before anything else.
    pub greeting: Option<Name>,
    /// Where the call goes then.
    pub destination: Destination,
    /// How urgent the call is in the queue that it is led to.
    #[serde(default, skip_serializing_if = "Priority::is_default")]
    pub priority: Priority,
    /// Whom it is for first in that queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<Preference>,
    /// When the number is open; without one, at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarId>,
    /// Said instead of `greeting` when it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_greeting: Option<Name>,
    /// Where the call goes when it is closed.
    #[serde(default, skip_serializing_if = "Destination::is_clear")]
    pub when_closed: Destination,
}

impl Route {
    /// Where a number leads at any time, in no hurry.
    pub const fn to(number: Number, destination: Destination) -> Self {
        Self {
            number,
            greeting: None,
            destination,
            priority: Priority { urgency: 0, head_start_ms: 0 },
            preference: None,
            calendar: None,
            closed_greeting: None,
            when_closed: Destination::Clear,
        }
    }
}

/// The agent whom a call is for first, as long as he is there for the queue's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preference {
    /// Who.
    pub agent: AgentId,
    /// How long the call waits for him before anybody may have it. Milliseconds.
    pub wait_ms: u64,
}

/// Where a call is led.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Waits in a queue.
    Queue(QueueId),
    /// Rings one agent.
    Agent(AgentId),
    /// Rings one device.
    Device(DeviceId),
    /// Nowhere: the call is cleared after the greeting.
    #[default]
    Clear,
}

impl Destination {
    /// Whether it is nowhere.
    fn is_clear(&self) -> bool {
        *self == Self::Clear
    }
}
