//! Opening hours and what closes queues besides.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Overflow, Time};

/// When a queue or number is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Calendar {
    /// Unique.
    #[schema(min_length = 1, max_length = 64, example = "Office")]
    pub name: String,
    /// Whose wall clock counts: an IANA time zone.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    pub zone: String,
    /// The hours of each day of the week.
    #[serde(default)]
    pub week: Week,
    /// Days with hours of their own. Of several that fall on one day the first counts.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub holidays: Vec<Holiday>,
}

/// The hours of each day: `HH:MM-HH:MM` each, up to and without the second, `24:00` at the latest, in order; none closes the
/// whole day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "a day is a day")]
pub struct Week {
    #[serde(default)]
    #[schema(max_items = 8, example = json!(["09:00-12:30", "13:30-17:00"]))]
    pub monday: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 8)]
    pub tuesday: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 8)]
    pub wednesday: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 8)]
    pub thursday: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 8)]
    pub friday: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 8)]
    pub saturday: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 8)]
    pub sunday: Vec<String>,
}

/// A day, or several together, with hours of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// For people.
    #[schema(min_length = 1, max_length = 64, example = "Christmas")]
    pub name: String,
    /// The first day.
    #[schema(format = Date, example = "2026-12-24")]
    pub first: String,
    /// The last day, itself included; the first when left out.
    #[serde(default)]
    #[schema(format = Date, example = "2026-12-26")]
    pub last: Option<String>,
    /// Whether it comes again each year on the same days of the month.
    #[serde(default)]
    pub yearly: bool,
    /// When it is open nevertheless; none closes the whole day.
    #[serde(default)]
    #[schema(max_items = 8)]
    pub hours: Vec<String>,
}

/// A calendar with its id and what it says now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CalendarState {
    /// Its name outside.
    pub id: Id,
    /// What the directory says.
    #[serde(flatten)]
    pub entry: Calendar,
    /// How it stands.
    pub state: Opening,
}

/// Whether something is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Opening {
    /// Whether it is.
    pub open: bool,
    /// When it next closes, or opens; `null` when not within 400 days.
    pub until: Option<Time>,
}

/// What becomes of the calls that wait in a queue when it closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtClosing {
    /// They are served.
    #[default]
    Serve,
    /// They go where those go who come too late.
    SendAway,
}

/// Whether a queue is closed until told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NightMode {
    /// Whether it is.
    pub on: bool,
}

/// An emergency, thrown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEmergency {
    /// Where calls go; left out, where each queue's `in_emergency` says.
    #[serde(default)]
    pub to: Option<Overflow>,
    /// Whether the calls that wait go there too.
    #[serde(default)]
    pub waiting: bool,
}

/// An emergency: calls go elsewhere at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Emergency {
    /// Where they go; `null` goes where each queue's `in_emergency` says.
    pub to: Option<Overflow>,
}

/// Whether there is an emergency in all queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EmergencyState {
    /// `null` when there is none.
    pub emergency: Option<Emergency>,
}
