//! Wrong passwords, counted per address and per name, so that neither can be guessed at line speed and nobody can lock
//! an owner out: a right log-in makes an address familiar with its name, and such pairs are counted apart.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cordial_dialects::native::problem::Code;
use sha2::{Digest as _, Sha256};

use super::fault::No;
use super::limits::{
    FAMILIAR_TIME, GUESS_EVERY, GUESSED_NAME_BURST, GUESSED_NAME_EVERY, GUESSER_WAIT, GUESSES_BURST,
    GUESSES_MAX,
};

/// Counts of wrong passwords; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Guesses(Arc<Mutex<Counts>>);

/// One attempt to log in.
pub(super) struct Attempt {
    address: IpAddr,
    name: Hash,
}

type Hash = [u8; 16];

/// Until when what was done wrong counts, by who did it.
#[derive(Default)]
struct Counts {
    addresses: Aging<IpAddr>,
    names: Aging<Hash>,
    /// Who logged in rightly, and until when that is remembered.
    familiar: Aging<(IpAddr, Hash)>,
    homes: Aging<(IpAddr, Hash)>,
}

impl Attempt {
    pub(super) fn new(address: IpAddr, domain: &str, name: &str) -> Self {
        let hash = Sha256::new().chain_update(domain).chain_update([0]).chain_update(name).finalize();
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        Self { address: network(address), name: short }
    }
}

impl Guesses {
    /// Whether one more password is looked at.
    pub(super) fn may_try(&self, attempt: &Attempt) -> Result<(), No> {
        let now = Instant::now();
        let allowed = self.0.lock().unwrap_or_else(PoisonError::into_inner).may_try(now, attempt);
        if allowed { Ok(()) } else { Err(No::new(Code::TooManyRequests, "too many wrong passwords: wait")) }
    }

    /// What became of it.
    pub(super) fn note(&self, attempt: &Attempt, right: bool) {
        let now = Instant::now();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if right { counts.note_right(now, attempt) } else { counts.note_wrong(now, attempt) }
    }
}

impl Counts {
    fn may_try(&self, now: Instant, attempt: &Attempt) -> bool {
        let burst = GUESS_EVERY * (GUESSES_BURST - 1);
        let pair = (attempt.address, attempt.name);
        if self.familiar.after(now, &pair) > now {
            return self.homes.after(now, &pair) <= now + burst;
        }
        let burst = if self.is_guessed(now, attempt) { Duration::ZERO } else { burst };
        self.addresses.after(now, &attempt.address) <= now + burst
    }

    fn note_wrong(&mut self, now: Instant, attempt: &Attempt) {
        let wait = if self.is_guessed(now, attempt) { GUESSER_WAIT } else { GUESS_EVERY };
        self.names.charge(now, attempt.name, GUESSED_NAME_EVERY);
        let pair = (attempt.address, attempt.name);
        if self.familiar.after(now, &pair) > now {
            self.homes.charge(now, pair, GUESS_EVERY);
        } else {
            self.addresses.charge(now, attempt.address, wait);
        }
    }

    fn note_right(&mut self, now: Instant, attempt: &Attempt) {
        self.familiar.put(now, (attempt.address, attempt.name), now + FAMILIAR_TIME);
    }

    fn is_guessed(&self, now: Instant, attempt: &Attempt) -> bool {
        self.names.after(now, &attempt.name) > now + GUESSED_NAME_EVERY * (GUESSED_NAME_BURST - 1)
    }
}

/// One host or, with IPv6, one subscriber.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Instants by key. Beyond the limit those past are forgotten, and then the one nearest.
struct Aging<K>(BTreeMap<K, Instant>);

impl<K> Default for Aging<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Copy + Ord> Aging<K> {
    fn after(&self, now: Instant, key: &K) -> Instant {
        self.0.get(key).copied().unwrap_or(now).max(now)
    }

    fn charge(&mut self, now: Instant, key: K, cost: Duration) {
        self.put(now, key, self.after(now, &key) + cost);
    }

    /// A log-in costs a slow hash anyway, so a walk over the table when it is full costs little beside it.
    fn put(&mut self, now: Instant, key: K, until: Instant) {
        if self.0.len() >= GUESSES_MAX && !self.0.contains_key(&key) {
            self.0.retain(|_, until| *until > now);
            let nearest = self.0.iter().min_by_key(|(_, until)| **until).map(|(key, _)| *key);
            if let Some(nearest) = nearest.filter(|_| self.0.len() >= GUESSES_MAX) {
                self.0.remove(&nearest);
            }
        }
        self.0.insert(key, until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(host: u8, name: &str) -> Attempt {
        Attempt::new(IpAddr::from([192, 0, 2, host]), "example", name)
    }

    #[test]
    fn an_address_has_a_burst_of_wrong_passwords_and_then_few() {
        let (mut counts, now) = (Counts::default(), Instant::now());
        for n in 0..GUESSES_BURST {
            let guess = attempt(1, &n.to_string());
            assert!(counts.may_try(now, &guess));
            counts.note_wrong(now, &guess);
        }
        assert!(!counts.may_try(now, &attempt(1, "ann")));
        assert!(counts.may_try(now + GUESS_EVERY, &attempt(1, "ann")));
        assert!(counts.may_try(now, &attempt(2, "ann")));
    }

    #[test]
    fn a_name_guessed_from_everywhere_leaves_strange_addresses_one_attempt_and_familiar_ones_in() {
        let (mut counts, now) = (Counts::default(), Instant::now());
        counts.note_right(now, &attempt(250, "ann"));
        for host in 0..GUESSED_NAME_BURST {
            counts.note_wrong(now, &attempt(host as u8, "ann"));
        }
        let stranger = attempt(200, "ann");
        assert!(counts.may_try(now, &stranger), "the owner's first attempt from a new place is looked at");
        counts.note_wrong(now, &stranger);
        assert!(!counts.may_try(now + GUESSER_WAIT - Duration::from_secs(1), &stranger));
        assert!(counts.may_try(now + GUESSER_WAIT, &stranger));
        for _ in 0..10 {
            counts.note_wrong(now, &attempt(250, "bob"));
        }
        assert!(
            counts.may_try(now, &attempt(250, "ann")),
            "who logged in from there before is not concerned"
        );
    }

    #[test]
    fn the_table_does_not_grow_beyond_its_limit() {
        let (mut aging, now) = (Aging::default(), Instant::now());
        for n in 0..GUESSES_MAX + 100 {
            aging.charge(now, n, Duration::from_secs(60));
        }
        assert_eq!(aging.0.len(), GUESSES_MAX);
    }
}
