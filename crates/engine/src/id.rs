//! Names of things: one newtype per kind, so that two `u64`s side by side never compile.
//!
//! Inside the process an id is a `u64` per kind that is never reused. Outside it is a [`Guid`], random, given at
//! creation and stored in the creating fact: a stranger cannot guess the next one.

use core::fmt;
use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

ids! {
    /// The owner of everything else: one company on a shared installation.
    TenantId "tenant-";
    /// A login and its rights.
    UserId "user-";
    /// A person who takes calls.
    AgentId "agent-";
    /// A group of agents under one supervisor.
    TeamId "team-";
    /// A registered phone or browser.
    DeviceId "device-";
    /// A carrier or peer link.
    TrunkId "trunk-";
    /// A line of waiting calls.
    QueueId "queue-";
    /// Where a dialled number leads.
    RouteId "route-";
    /// When something is open.
    CalendarId "calendar-";
    /// Why an agent is not ready.
    ReasonId "reason-";
    /// An agent's word for how a contact ended.
    DispositionId "disposition-";
    /// Something that agents can do.
    SkillId "skill-";
    /// A list of people to call.
    PhoneBookId "phone-book-";
    /// Somebody in a phone book.
    ContactId "contact-";
    /// A number whose calls queues refuse.
    BlacklistedNumberId "blacklisted-number-";
    /// One conversation and all its legs.
    CallId "call-";
    /// One party's part in a call.
    LegId "leg-";
    /// One agent asked to take one call, once.
    OfferId "offer-";
    /// Audio of a call.
    RecordingId "recording-";
}

impl TenantId {
    /// Whose the installation's own facts are, such as that the process started. No tenant has this id.
    pub const INSTALLATION: Self = Self(0);
}

/// The name of a thing outside the process: 128 random bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub u128);

impl Guid {
    /// Reads 32 hexadecimal digits, with or without the hyphens of a UUID.
    pub fn parse(text: &str) -> Option<Self> {
        let mut value: u128 = 0;
        let mut digits = 0;
        for c in text.chars().filter(|c| *c != '-') {
            digits += 1;
            if digits > 32 {
                return None;
            }
            value = value << 4 | u128::from(c.to_digit(16)?);
        }
        (digits == 32).then_some(Self(value))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Guid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a guid is 32 hexadecimal digits"))
    }
}
