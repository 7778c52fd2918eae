//! What a tenant lets out, and what is going out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a tenant lets out. Of every count, 0 lets nothing out. Numbers are compared as a carrier reads them: `00` is
/// `+`, dots and hyphens mean nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboundRules {
    /// Calls out at once.
    #[serde(default = "default::calls")]
    #[schema(maximum = 100_000)]
    pub calls: u32,
    /// Calls out at once that one device began.
    #[serde(default = "default::calls_per_device")]
    #[schema(maximum = 8)]
    pub calls_per_device: u32,
    /// Calls out begun within any sixty seconds.
    #[serde(default = "default::calls_per_minute")]
    #[schema(maximum = 10_000)]
    pub calls_per_minute: u32,
    /// Minutes talked out on one day (UTC). When they are spent no call out begins; those that talk go on.
    #[serde(default = "default::minutes_per_day")]
    #[schema(maximum = 144_000_000)]
    pub minutes_per_day: u32,
    /// Prefixes that may not be dialled, whatever a trunk allows. The longest prefix decides; of two equal ones, this.
    #[serde(default = "default::denied")]
    #[schema(max_items = 1_000, example = json!(["+881", "0900"]))]
    pub denied: Vec<String>,
    /// Whole numbers that none of the limits holds for, such as those of emergency services. A trunk must still allow
    /// them.
    #[serde(default = "default::unlimited")]
    #[schema(max_items = 100, example = json!(["112"]))]
    pub unlimited: Vec<String>,
    /// Whether a caller from outside may be led outside again, by an agent's forward.
    #[serde(default)]
    pub lead_out_again: bool,
}

/// What a tenant lets out, and what is going out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outbound {
    /// What it lets out.
    #[serde(flatten)]
    pub rules: OutboundRules,
    /// What is going out.
    pub state: OutboundState,
}

/// What is going out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutboundState {
    /// Calls out that live.
    pub calls: u32,
    /// Calls out begun within the last sixty seconds.
    pub calls_last_minute: u64,
    /// Talked out today (UTC), by calls, too, that talk still. Milliseconds.
    pub talked_today_ms: u64,
}

/// Why a call was not let out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotOut {
    /// No trunk may dial the number, or a rule denies it.
    Denied,
    /// The caller came from outside and would be led out again.
    LedOutAgain,
    /// As many calls are out as may be.
    Calls,
    /// The device has as many calls out as it may have.
    CallsPerDevice,
    /// As many calls out began within a minute as may.
    CallsPerMinute,
    /// The minutes of the day are spent.
    MinutesPerDay,
}

/// The engine's own defaults, so that there is one truth.
mod default {
    use cordial_engine::outbound::OutboundRules;
    use cordial_engine::text::Number;

    pub(super) fn calls() -> u32 {
        OutboundRules::default().calls
    }

    pub(super) fn calls_per_device() -> u32 {
        OutboundRules::default().calls_per_device
    }

    pub(super) fn calls_per_minute() -> u32 {
        OutboundRules::default().calls_per_minute
    }

    pub(super) fn minutes_per_day() -> u32 {
        OutboundRules::default().minutes_per_day
    }

    pub(super) fn denied() -> Vec<String> {
        written(&OutboundRules::default().denied)
    }

    pub(super) fn unlimited() -> Vec<String> {
        written(&OutboundRules::default().unlimited)
    }

    fn written(numbers: &[Number]) -> Vec<String> {
        numbers.iter().map(|number| number.as_str().to_owned()).collect()
    }
}
