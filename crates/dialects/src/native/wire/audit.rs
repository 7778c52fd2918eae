//! Who changed what.

use serde::Serialize;
use utoipa::ToSchema;

use super::{By, Time};

/// One change, or one attempt that was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Audited {
    /// The event that tells it.
    pub seq: u64,
    /// When.
    pub at: Time,
    /// Who brought it about.
    pub by: By,
    /// The id of the token that was used, if one was.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub token: Option<String>,
    /// The address that it was asked from, if it was asked over the network.
    pub address: Option<String>,
    /// What was done: the type of the event on `/v1/events`, or `secret_set`, `token_made`, `token_ended`, `refused`.
    #[schema(example = "entry_changed")]
    pub operation: String,
    /// What it was before: the `data` of the event that made it so; `null` for what is new.
    #[schema(value_type = Option<Object>)]
    pub before: Option<serde_json::Value>,
    /// What it is since: the `data` of this event; `null` for what is gone.
    #[schema(value_type = Option<Object>)]
    pub after: Option<serde_json::Value>,
}
