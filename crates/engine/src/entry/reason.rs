//! Reasons: why agents are not ready, and why they log out.

use serde::{Deserialize, Serialize};

use super::Name;
use crate::agent::Absence;
use crate::id::TeamId;

/// Why an agent is not ready or leaves, as the tenant names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Unique within the tenant.
    pub name: Name,
    /// What it can be given for. Facts older than this field mean being not ready.
    #[serde(default, skip_serializing_if = "ReasonCategory::is_default")]
    pub category: ReasonCategory,
    /// What an agent who gives this reason does meanwhile. Facts older than this field mean a break.
    #[serde(default)]
    pub absence: Absence,
    /// Whose agents may give it; everybody when absent.
    #[serde(default)]
    pub team: Option<TeamId>,
}

impl Reason {
    /// One that anybody may give for a break.
    pub const fn named(name: Name) -> Self {
        Self { name, category: ReasonCategory::NotReady, absence: Absence::Break, team: None }
    }
}

/// What a reason can be given for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCategory {
    /// Being not ready.
    #[default]
    NotReady,
    /// Logging out.
    LogOut,
    /// Either.
    Both,
}

impl ReasonCategory {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an agent may be not ready for it.
    pub const fn is_for_not_ready(self) -> bool {
        matches!(self, Self::NotReady | Self::Both)
    }

    /// Whether an agent may log out for it.
    pub const fn is_for_log_out(self) -> bool {
        matches!(self, Self::LogOut | Self::Both)
    }
}
