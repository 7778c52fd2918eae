//! Time as an argument, and the timers that wait for it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Add;

use crate::dialog::DialogId;
use crate::directory::AccountId;
use crate::transaction::{ClientId, ServerId};
use crate::user_agent::SubscriptionId;

/// Milliseconds since an arbitrary origin; never steps back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

impl Add<u64> for Timestamp {
    type Output = Self;

    fn add(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// The timers of RFC 3261 table 4 and RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Letter {
    A,
    B,
    D,
    E,
    F,
    G,
    H,
    I,
    J,
    K,
    L,
    M,
}

/// What only forgets waits for the next whole tenth of a second, so that one turn forgets what a whole turn began.
const FORGET_GRID_MS: u64 = 100;

impl Letter {
    /// When the timer is due that is set now. RFC 3261 gives a least time to those that absorb retransmissions.
    pub(crate) fn due(self, now: Timestamp, after_ms: u64) -> Timestamp {
        let due = now + after_ms;
        match self {
            Self::A | Self::B | Self::E | Self::F | Self::G | Self::H => due,
            Self::D | Self::I | Self::J | Self::K | Self::L | Self::M => {
                Timestamp(due.0.div_ceil(FORGET_GRID_MS).saturating_mul(FORGET_GRID_MS))
            }
        }
    }
}

/// What a dialog waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DialogTimer {
    /// Our call has rung too long, or its CANCEL was not followed by a final response.
    GiveUp,
    /// The provisional response is to be repeated.
    Provisional,
    /// The 2xx is to be sent again.
    Answer,
    /// The ACK is overdue.
    NoAck,
    /// Our offer is to be sent again after 491.
    Glare,
    /// Our reliable provisional response is to be sent again.
    Reliable,
    /// Its PRACK is overdue.
    NoPrack,
    /// The session is to be refreshed by us.
    Refresh,
    /// It was not refreshed in time.
    Expiry,
    /// The far end is to be asked whether it lives. Last, for `stop_dialog` ends here.
    Ping,
}

/// What a timer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimerKey {
    Client(ClientId, Letter),
    Server(ServerId, Letter),
    Dialog(DialogId, DialogTimer),
    Bindings(AccountId),
    Subscription(SubscriptionId),
}

impl TimerKey {
    fn reason(self) -> &'static str {
        match self {
            Self::Client(..) => "client transaction",
            Self::Server(..) => "server transaction",
            Self::Dialog(..) => "dialog",
            Self::Bindings(_) => "bindings",
            Self::Subscription(_) => "subscription",
        }
    }
}

/// All timers, by time and by key; every operation is O(log n).
#[derive(Default)]
pub(crate) struct Timers {
    by_time: BTreeSet<(Timestamp, TimerKey)>,
    by_key: BTreeMap<TimerKey, Timestamp>,
}

impl Timers {
    pub(crate) fn set(&mut self, key: TimerKey, at: Timestamp) {
        if let Some(old) = self.by_key.insert(key, at) {
            self.by_time.remove(&(old, key));
        }
        self.by_time.insert((at, key));
    }

    pub(crate) fn stop(&mut self, key: TimerKey) {
        if let Some(at) = self.by_key.remove(&key) {
            self.by_time.remove(&(at, key));
        }
    }

    pub(crate) fn stop_client(&mut self, id: ClientId) {
        self.stop_between(TimerKey::Client(id, Letter::A), TimerKey::Client(id, Letter::M));
    }

    pub(crate) fn stop_server(&mut self, id: ServerId) {
        self.stop_between(TimerKey::Server(id, Letter::A), TimerKey::Server(id, Letter::M));
    }

    pub(crate) fn stop_dialog(&mut self, id: DialogId) {
        self.stop_between(TimerKey::Dialog(id, DialogTimer::GiveUp), TimerKey::Dialog(id, DialogTimer::Ping));
    }

    fn stop_between(&mut self, first: TimerKey, last: TimerKey) {
        while let Some((key, _)) = self.by_key.range(first..=last).next() {
            let key = *key;
            self.stop(key);
        }
    }

    pub(crate) fn next(&self) -> Option<(Timestamp, &'static str)> {
        self.by_time.first().map(|(at, key)| (*at, key.reason()))
    }

    /// Takes out the earliest timer that is due.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<TimerKey> {
        let (_, key) = *self.by_time.first().filter(|(at, _)| *at <= now)?;
        self.stop(key);
        Some(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }
}
