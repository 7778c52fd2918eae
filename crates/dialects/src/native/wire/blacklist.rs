//! Numbers whose calls queues refuse.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Time};

/// A number whose calls queues refuse: who calls a queue from it is cleared, after a prompt if the tenant has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlacklistedNumber {
    /// As it is shown to us. Unique.
    #[schema(min_length = 1, max_length = 64, example = "+4930999")]
    pub number: String,
    /// Which of the tenant's two prompts its callers hear.
    #[serde(default)]
    pub level: BlacklistLevel,
    /// Until when; left out for ever.
    #[serde(default)]
    pub until: Option<Time>,
    /// Whether it is refused at all now.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub note: String,
    /// Where its owner is.
    #[serde(default)]
    pub place: CallerPlace,
}

/// Where somebody is who calls, as an operator wrote it down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallerPlace {
    /// Degrees, as they were written.
    #[serde(default)]
    #[schema(max_length = 32)]
    pub longitude: String,
    /// Degrees, as they were written.
    #[serde(default)]
    #[schema(max_length = 32)]
    pub latitude: String,
    /// Street and town.
    #[serde(default)]
    #[schema(max_length = 128)]
    pub address: String,
}

/// The two levels of a blacklist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlacklistLevel {
    /// The first.
    #[default]
    First,
    /// The second.
    Second,
}

/// A blacklisted number with its id, and what came of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BlacklistedNumberState {
    /// Its id.
    pub id: Id,
    /// What was written.
    #[serde(flatten)]
    pub entry: BlacklistedNumber,
    /// How many calls it has refused.
    pub refused: u64,
}

/// What callers on the blacklist hear before they are cleared, by level. A level without a prompt is cleared unanswered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlacklistPrompts {
    /// A name of the prompt library, for the first level.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub first: Option<String>,
    /// The same for the second.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub second: Option<String>,
}

const fn yes() -> bool {
    true
}
