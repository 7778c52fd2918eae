//! What is counted of those who have not proved themselves: their messages, so that a flood does not become work, and
//! their wrong answers to challenges, so that passwords cannot be tried at line speed. Every table has a limit, and
//! nobody can fill one to keep another out: who was forgotten merely begins anew.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use sha2::{Digest as _, Sha256};

use crate::directory::AccountId;
use crate::limits::{
    FAMILIAR_MAX, FAMILIAR_MS, GUESSED_NAME_BURST, GUESSED_NAME_MS, GUESSED_NAMES_MAX, GUESSER_MS,
    STRANGER_BURST, STRANGER_MS, STRANGERS_MAX, WRONG_ANSWER_MS, WRONG_ANSWER_SOURCES_MAX,
    WRONG_ANSWERS_BURST,
};
use crate::time::Timestamp;

/// Who is counted, and since when whom we know.
pub(super) struct Strangers {
    /// Addresses from which somebody proved himself, until they count as strange again.
    familiar: Aging<IpAddr>,
    /// Messages of other addresses.
    messages: Aging<IpAddr>,
    /// Wrong answers by address.
    sources: Aging<IpAddr>,
    /// Wrong answers for a device from the address at which it is registered.
    homes: Aging<(IpAddr, AccountId)>,
    /// Wrong answers by the name that was tried, whether it exists or not.
    names: Aging<NameHash>,
    /// Messages that nobody looked at.
    shed: u64,
}

type NameHash = [u8; 16];

/// An answer to a challenge, as far as it is limited.
pub(super) struct Attempt {
    source: IpAddr,
    name: NameHash,
    /// The device that is tried, if it is registered at the very address.
    home: Option<AccountId>,
}

impl Attempt {
    pub(super) fn new(source: IpAddr, realm: &str, name: &str, home: Option<AccountId>) -> Self {
        let hash = Sha256::new().chain_update(realm).chain_update([0]).chain_update(name).finalize();
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        Self { source: network(source), name: short, home }
    }
}

impl Default for Strangers {
    fn default() -> Self {
        Self {
            familiar: Aging::new(FAMILIAR_MAX),
            messages: Aging::new(STRANGERS_MAX),
            sources: Aging::new(WRONG_ANSWER_SOURCES_MAX),
            homes: Aging::new(WRONG_ANSWER_SOURCES_MAX),
            names: Aging::new(GUESSED_NAMES_MAX),
            shed: 0,
        }
    }
}

impl Strangers {
    /// Whether a message from there is looked at; `peer` if the address is a trunk's.
    pub(super) fn admits(&mut self, now: Timestamp, address: IpAddr, peer: bool) -> bool {
        let address = network(address);
        if peer || self.familiar.after(now, &address) > now {
            return true;
        }
        if self.messages.after(now, &address) > now + (STRANGER_BURST - 1) * STRANGER_MS {
            self.shed += 1;
            return false;
        }
        self.messages.charge(now, address, STRANGER_MS);
        true
    }

    /// Somebody there has proved himself.
    pub(super) fn note_proved(&mut self, now: Timestamp, address: IpAddr) {
        let address = network(address);
        // Not with every proof: the table need not change at each REGISTER.
        if self.familiar.after(now, &address) < now + FAMILIAR_MS / 2 {
            self.familiar.put(now, address, now + FAMILIAR_MS);
        }
    }

    /// Somebody there had proved himself before the restart.
    pub(super) fn note_restored(&mut self, address: IpAddr, until: Timestamp) {
        let address = network(address);
        let until = self.familiar.after(until, &address);
        self.familiar.put(Timestamp(0), address, until);
    }

    /// Messages that nobody looked at, since the start.
    pub(super) fn shed(&self) -> u64 {
        self.shed
    }

    /// Whether one more answer is looked at. A name that is being guessed from all sides is left to its owner: who is
    /// where the device is registered is not concerned, and any other address has one attempt and not many.
    pub(super) fn may_try(&self, now: Timestamp, attempt: &Attempt) -> bool {
        let burst_ms = (WRONG_ANSWERS_BURST - 1) * WRONG_ANSWER_MS;
        if let Some(account) = attempt.home {
            return self.homes.after(now, &(attempt.source, account)) <= now + burst_ms;
        }
        let burst_ms = if self.is_guessed(now, attempt) { 0 } else { burst_ms };
        self.sources.after(now, &attempt.source) <= now + burst_ms
    }

    pub(super) fn note_wrong(&mut self, now: Timestamp, attempt: &Attempt) {
        let guessed = self.is_guessed(now, attempt);
        self.names.charge(now, attempt.name, GUESSED_NAME_MS);
        match attempt.home {
            Some(account) => self.homes.charge(now, (attempt.source, account), WRONG_ANSWER_MS),
            None => {
                let ms = if guessed { GUESSER_MS } else { WRONG_ANSWER_MS };
                self.sources.charge(now, attempt.source, ms);
            }
        }
    }

    fn is_guessed(&self, now: Timestamp, attempt: &Attempt) -> bool {
        self.names.after(now, &attempt.name) > now + (GUESSED_NAME_BURST - 1) * GUESSED_NAME_MS
    }
}

/// One host or, with IPv6, one subscriber: the rest of such an address is for him to choose.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Instants by key, forgotten when they are past; beyond the limit the nearest goes first.
struct Aging<K> {
    until: BTreeMap<K, Timestamp>,
    order: BTreeSet<(Timestamp, K)>,
    max: usize,
}

impl<K: Copy + Ord> Aging<K> {
    fn new(max: usize) -> Self {
        Self { until: BTreeMap::new(), order: BTreeSet::new(), max }
    }

    /// The instant of a key, or now if that is later.
    fn after(&self, now: Timestamp, key: &K) -> Timestamp {
        self.until.get(key).copied().unwrap_or(now).max(now)
    }

    fn charge(&mut self, now: Timestamp, key: K, ms: u64) {
        self.put(now, key, self.after(now, &key) + ms);
    }

    fn put(&mut self, now: Timestamp, key: K, until: Timestamp) {
        if let Some(old) = self.until.insert(key, until) {
            self.order.remove(&(old, key));
        }
        self.order.insert((until, key));
        while let Some((at, key)) = self.order.first().copied() {
            if at > now && self.order.len() <= self.max {
                break;
            }
            self.order.remove(&(at, key));
            self.until.remove(&key);
        }
    }
}
