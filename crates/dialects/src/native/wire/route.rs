//! Where dialled numbers lead.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Priority};

/// Where a number dialled on a trunk leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Route {
    /// The number dialled; unique.
    #[schema(min_length = 1, max_length = 64, example = "+442071234567")]
    pub number: String,
    /// A prompt said before anything else.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub greeting: Option<String>,
    /// Where the call goes then.
    pub destination: Destination,
    /// How urgent the call is in the queue that it is led to.
    #[serde(default)]
    pub priority: Priority,
    /// Whom it is for first in that queue.
    #[serde(default)]
    pub preference: Option<Preference>,
    /// The calendar that says when the number is open; without one, at any time.
    #[serde(default)]
    pub calendar: Option<Id>,
    /// Said instead of `greeting` when it is closed.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub closed_greeting: Option<String>,
    /// Where the call goes when it is closed.
    #[serde(default)]
    pub when_closed: Destination,
}

/// The agent whom a call is for first, as long as he is there for the queue's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preference {
    /// Who.
    pub agent: Id,
    /// How long the call waits for him before anybody may have it. Milliseconds.
    #[schema(maximum = 3_600_000)]
    pub wait_ms: u64,
}

/// Where a call is led.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
pub enum Destination {
    /// Waits in a queue.
    Queue {
        /// Which.
        queue: Id,
    },
    /// Rings one agent.
    Agent {
        /// Whom.
        agent: Id,
    },
    /// Rings one device.
    Device {
        /// Which.
        device: Id,
    },
    /// Nowhere: the call is cleared after the greeting.
    #[default]
    Clear,
}
