//! When a queue counts as empty: which agents are not there for its calls.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What may be true of an agent who does not come free for a queue's calls now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Not logged in, or out of the queue.
    LoggedOut,
    /// No phone of his is registered (Asterisk `unavailable`).
    Unregistered,
    /// Not ready, in the queue or anywhere, or about to be; or his direct calls do not ring (Asterisk `paused`).
    NotReady,
    /// In a call, or his phone is taken (Asterisk `inuse`).
    InCall,
    /// Being offered a call (Asterisk `ringing`).
    Ringing,
    /// Finishing a call (Asterisk `wrapup`).
    WrapUp,
    /// Resting after an offer that he missed.
    Resting,
    /// On a level, or in a ring, that the call does not reach yet (Asterisk `penalty`); or never able to do what the queue
    /// needs. Of a call that arrives, what it reaches at once counts.
    OutOfReach,
}

impl Condition {
    /// Each once, in the order of the enum.
    pub const ALL: [Self; 8] = [
        Self::LoggedOut,
        Self::Unregistered,
        Self::NotReady,
        Self::InCall,
        Self::Ringing,
        Self::WrapUp,
        Self::Resting,
        Self::OutOfReach,
    ];
}

/// A set of conditions. A rule of such a set holds when for each agent of the queue at least one of them is true; the empty
/// set never holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions(u8);

impl Conditions {
    /// The rule that never holds.
    pub const NEVER: Self = Self(0);
    /// Holds when nobody is logged in (Asterisk `loose`, where who is logged out is no member).
    pub const NOBODY_LOGGED_IN: Self = Self::of(&[Condition::LoggedOut]);
    /// Holds when nobody is ready, whether he talks or not (Asterisk `strict`).
    pub const NOBODY_READY: Self =
        Self::of(&[Condition::LoggedOut, Condition::Unregistered, Condition::NotReady]);
    /// Holds when nobody could be offered at once a call that reaches everybody.
    pub const NOBODY_AVAILABLE: Self = Self::of(&[
        Condition::LoggedOut,
        Condition::Unregistered,
        Condition::NotReady,
        Condition::InCall,
        Condition::Ringing,
        Condition::WrapUp,
        Condition::Resting,
    ]);

    /// The set of these.
    pub const fn of(conditions: &[Condition]) -> Self {
        let (mut set, mut next) = (0, 0);
        while next < conditions.len() {
            set |= 1 << conditions[next] as u8;
            next += 1;
        }
        Self(set)
    }

    /// Those for which it is so, of what is so of an agent whatever the call.
    pub(crate) fn where_so(all: [(Condition, bool); 7]) -> Self {
        let so = all.into_iter().filter(|(_, so)| *so);
        so.fold(Self::NEVER, |set, (condition, _)| set.with(condition))
    }

    /// The set with one more.
    #[must_use]
    pub(crate) const fn with(self, condition: Condition) -> Self {
        Self(self.0 | 1 << condition as u8)
    }

    /// Whether a rule of this set never holds.
    pub const fn is_never(self) -> bool {
        self.0 == 0
    }

    /// Whether both have one of them.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Each of the set once.
    pub fn iter(self) -> impl Iterator<Item = Condition> {
        Condition::ALL.into_iter().filter(move |condition| self.meets(Self::of(&[*condition])))
    }
}

impl FromIterator<Condition> for Conditions {
    fn from_iter<I: IntoIterator<Item = Condition>>(conditions: I) -> Self {
        conditions.into_iter().fold(Self::NEVER, Self::with)
    }
}

impl Serialize for Conditions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Conditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Condition>::deserialize(deserializer)?.into_iter().collect())
    }
}
