//! How a fact is written down, and how what earlier programs wrote is still read.
//!
//! One record is one line: `{"v":1,"event":{...}}`. The version belongs to the fact, not to the program: changing
//! how one fact is written raises the version of that fact alone and adds an [`Upcast`] from the one before. A
//! version that is not known here was written by a newer program, and reading stops: guessing would lose facts.

use cordial_engine::{Event, Fact};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Brings the fields of one fact from a version to the next.
#[derive(Clone, Copy, Debug)]
pub struct Upcast {
    /// The fact's name.
    pub fact: &'static str,
    /// The version that it reads; it gives the next one.
    pub from: u16,
    /// Changes the fact's fields.
    pub change: fn(Value) -> Result<Value, String>,
}

/// The versions of all facts and the ways from old ones.
#[derive(Clone, Copy, Debug)]
pub struct Codec {
    /// Facts whose version is no longer 1.
    pub versions: &'static [(&'static str, u16)],
    /// One for each step from an old version.
    pub upcasts: &'static [Upcast],
}

/// Why a line is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer program.
    #[error("{fact} version {found} is not known (the last known is {known})")]
    Newer {
        /// The fact's name.
        fact: String,
        /// Its version.
        found: u16,
        /// The last version known; nought if the fact is unknown.
        known: u16,
    },
    /// Not what any program wrote.
    #[error("{0}")]
    Unreadable(String),
}

#[derive(Serialize)]
struct Written<'a> {
    v: u16,
    event: &'a Event,
}

#[derive(Deserialize)]
struct Read {
    v: u16,
    event: Event,
}

impl Codec {
    /// What this program writes.
    pub const CURRENT: Self = Self { versions: &[], upcasts: &[] };

    /// The record of an event, without the line's end.
    pub fn encode(&self, event: &Event) -> String {
        let written = Written { v: self.version(name(&event.fact)), event };
        serde_json::to_string(&written).expect("facts hold no map with keys that are not text")
    }

    /// The event of a record.
    pub fn decode(&self, line: &str) -> Result<Event, DecodeError> {
        match serde_json::from_str::<Read>(line) {
            Ok(read) if read.v == self.version(name(&read.event.fact)) => Ok(read.event),
            Ok(_) => self.decode_other(line, "a version that is not this one"),
            Err(error) => self.decode_other(line, &error.to_string()),
        }
    }

    /// A record that is not of the current version: upcast, or told why not.
    fn decode_other(&self, line: &str, why: &str) -> Result<Event, DecodeError> {
        let unreadable = |why: &str| DecodeError::Unreadable(why.to_owned());
        let mut record: Value = serde_json::from_str(line).map_err(|error| unreadable(&error.to_string()))?;
        let found = record.get("v").and_then(Value::as_u64);
        let found =
            found.and_then(|v| u16::try_from(v).ok()).ok_or_else(|| unreadable("it has no version"))?;
        let fact = record.pointer_mut("/event/fact").and_then(Value::as_object_mut);
        let fact = fact.ok_or_else(|| unreadable("it has no fact"))?;
        let tag = fact.keys().next().cloned().ok_or_else(|| unreadable("its fact has no name"))?;
        let known = if NAMES.contains(&tag.as_str()) { self.version(&tag) } else { 0 };
        if found > known {
            return Err(DecodeError::Newer { fact: tag, found, known });
        }
        let mut fields = fact.remove(&tag).unwrap_or(Value::Null);
        for version in found..known {
            let step = self.upcasts.iter().find(|upcast| upcast.fact == tag && upcast.from == version);
            let step = step.ok_or_else(|| unreadable(&format!("no way from {tag} version {version}")))?;
            fields = (step.change)(fields).map_err(DecodeError::Unreadable)?;
        }
        if found == known {
            return Err(unreadable(why));
        }
        fact.insert(tag, fields);
        let event = record.get_mut("event").map(Value::take).unwrap_or_default();
        serde_json::from_value(event).map_err(|error| unreadable(&error.to_string()))
    }

    fn version(&self, fact: &str) -> u16 {
        let raised = self.versions.iter().find(|(name, _)| *name == fact);
        raised.map_or(1, |(_, version)| *version)
    }
}

macro_rules! names {
    ($($name:ident)*) => {
        /// The names of all facts.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// The name of a fact, as it is written. A new fact does not compile until it is named here; the golden
        /// test then fails until its written form is pinned.
        pub const fn name(fact: &Fact) -> &'static str {
            match fact {
                $(Fact::$name { .. } => stringify!($name),)*
            }
        }
    };
}

names! {
    TenantAdded FeatureCodesSet OutboundRulesSet OutboundRefused BlacklistPromptsSet CallerBlacklisted EntryAdded EntryChanged EntryRemoved
    AgentAssigned TierSet SearchWidened CallerTold ServiceLevelBreached CallbackAsked BriefingStarted AgentUnassigned
    CalendarTurned NightModeSet EmergencySet
    DeviceRegistered DeviceUnregistered
    AgentLoggedIn AgentLoggedOut AgentReady AgentNotReady DutyPending HandlingSet CallSettingsSet MembershipSet MembershipPending
    AgentRested AgentRestEnded
    CallStarted LegAdded LegRinging LegAnswered LegSaved LegHeld LegRetrieved LegCleared CallForwarded LegsBridged LegsUnbridged
    GreetingStarted FeatureCodeDialled AnnouncementStarted AgentConnected AgentDisconnected CallCleared CallClosed
    CallQueued WaitingEnded OfferMade OfferEnded
    WrapUpStarted WrapUpExtended WrapUpEnded DispositionSet
    RecordingStarted RecordingPaused RecordingResumed RecordingStopped RecordingSaved RecordingFailed
    LegMuted DigitsSent LegsMixed LegMoved ConsultationStarted ConsultationEnded CallsJoined
    CallTransferred CallParked ParkingEnded MonitoringStarted NumberAsked LogInAsked PinRefused
    MailboxReached MailboxOpened MessagePlayed MessageLeft MessageMarked MessageRemoved
    AccessNoted
    NodeStarted
}
