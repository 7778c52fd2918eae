//! Skills, as agents have them and queues need them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Id;

/// Something that agents can do more or less well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Skill {
    /// Unique.
    #[schema(min_length = 1, max_length = 64, example = "French")]
    pub name: String,
}

/// How well somebody can do something, or has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkillLevel {
    /// What.
    pub skill: Id,
    /// How well; 10 is best. In a ring, 0 means that the skill is needed no more.
    #[schema(maximum = 10)]
    pub level: u8,
}

/// What a waiting call needs less of from some wait on, beside what the rings before it relaxed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// From this wait on. Milliseconds.
    #[schema(minimum = 1, maximum = 86_400_000)]
    pub after_ms: u64,
    /// The lower levels that are enough then, of skills that the queue needs.
    pub relax: Vec<SkillLevel>,
}
