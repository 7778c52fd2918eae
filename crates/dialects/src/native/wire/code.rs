//! What a tenant's devices dial for features.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a tenant's devices dial for features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeatureCodes {
    /// The code of each feature: one to three of `*` and `#`, then up to four digits. No code begins like another. A
    /// feature that is left out cannot be dialled; without any `codes` the table is the default one.
    #[serde(default = "default_codes")]
    #[schema(example = json!({"ready": "*36", "not_ready": "*37", "log_in": "*38", "log_out": "*39"}))]
    pub codes: BTreeMap<String, String>,
}

/// The engine's own default, so that there is one truth.
fn default_codes() -> BTreeMap<String, String> {
    crate::native::encode::feature_codes(&cordial_engine::code::FeatureCodes::default()).codes
}
