//! Challenging others and judging their answers.
//!
//! A nonce is the time, a serial number and a keyed hash of both with the realm and the address that it was sent to:
//! nothing is stored for strangers, and a nonce is worth nothing elsewhere. Only a nonce that was once answered rightly is remembered, with the counts it was used with.

use std::collections::BTreeMap;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use super::{Algorithm, DigestFields, response, same_secret, to_hex};
use crate::directory::Account;
use crate::limits::NONCES_MAX;
use crate::message::Request;
use crate::time::Timestamp;

/// Which challenges an account is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    Md5,
    Sha256,
    /// SHA-256 first (RFC 8760 section 2.4).
    Both,
}

impl Shape {
    pub(crate) const ALL: [Self; 3] = [Self::Md5, Self::Sha256, Self::Both];

    pub(crate) fn of(account: &Account) -> Self {
        match (account.ha1_md5, account.ha1_sha256) {
            (Some(_), None) => Self::Md5,
            (None, Some(_)) => Self::Sha256,
            (Some(_), Some(_)) | (None, None) => Self::Both,
        }
    }

    fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::Md5 => &[Algorithm::Md5],
            Self::Sha256 => &[Algorithm::Sha256],
            Self::Both => &[Algorithm::Sha256, Algorithm::Md5],
        }
    }
}

/// What an answer to a challenge is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the account's.
    Proved,
    /// The secret is right, the nonce is old or used up: `stale=true`.
    Stale,
    /// It is not the account's.
    Wrong,
}

/// Counts that a nonce was used with.
#[derive(Clone, Copy, Debug)]
struct Uses {
    highest: u32,
    /// Bit `n` stands for `highest - n`.
    window: u64,
}

/// Time and serial of a nonce.
type NonceKey = (u64, u32);

pub(crate) struct Guard {
    key: [u8; 32],
    serial: u32,
    life_ms: u64,
    without_qop: bool,
    uses: BTreeMap<NonceKey, Uses>,
    /// Nonces up to this one were forgotten and are stale.
    forgotten: NonceKey,
}

impl Guard {
    pub(crate) fn new(key: [u8; 32], life_ms: u64, without_qop: bool) -> Self {
        Self { key, serial: 0, life_ms, without_qop, uses: BTreeMap::new(), forgotten: (0, 0) }
    }

    /// One header value per algorithm, in the order to be sent.
    pub(crate) fn challenges(
        &mut self,
        now: Timestamp,
        realm: &str,
        address: IpAddr,
        shape: Shape,
        stale: bool,
    ) -> Vec<String> {
        self.serial = self.serial.wrapping_add(1);
        let nonce = self.nonce((now.0, self.serial), realm, address);
        let challenge = |algorithm: &Algorithm| {
            let mut fields = DigestFields::default();
            fields.push("realm", realm);
            fields.push("nonce", &nonce);
            fields.push("algorithm", algorithm.as_str());
            fields.push("qop", "auth");
            if stale {
                fields.push("stale", "true");
            }
            fields.to_value()
        };
        shape.algorithms().iter().map(challenge).collect()
    }

    /// The shape shown for a name that does not exist: one of those that exist, always the same for that name.
    pub(crate) fn shape_for_stranger(&self, name: &str, known: [usize; 3]) -> Shape {
        let total: usize = known.iter().sum();
        if total == 0 {
            return Shape::Both;
        }
        let hash = Sha256::new().chain_update(self.key).chain_update(b"shape").chain_update(name).finalize();
        let draw = hash.iter().take(4).fold(0usize, |number, byte| number << 8 | usize::from(*byte));
        let mut left = draw % total;
        for (shape, count) in Shape::ALL.into_iter().zip(known) {
            match left.checked_sub(count) {
                Some(rest) => left = rest,
                None => return shape,
            }
        }
        Shape::Both
    }

    /// Whether the answer is to a challenge of ours that went to this address.
    pub(crate) fn asked(&self, realm: &str, address: IpAddr, fields: &DigestFields) -> bool {
        fields.get("nonce").and_then(|nonce| self.nonce_key(nonce, realm, address)).is_some()
    }

    /// Judges an answer to a challenge of ours. For a name that does not exist `account` is `None`, and the same work is done.
    pub(crate) fn judge(
        &mut self,
        now: Timestamp,
        account: Option<&Account>,
        request: &Request,
        fields: &DigestFields,
    ) -> Verdict {
        let (Some(algorithm), Some(nonce), Some(given), Some(uri)) =
            (fields.algorithm(), fields.get("nonce"), fields.get("response"), fields.get("uri"))
        else {
            return Verdict::Wrong;
        };
        let quality = match (fields.get("qop"), fields.get("nc"), fields.get("cnonce")) {
            (Some(qop), Some(count), Some(client)) if qop.eq_ignore_ascii_case("auth") => {
                Some((count, client))
            }
            (None, _, _) if self.without_qop && algorithm == Algorithm::Md5 => None,
            _ => return Verdict::Wrong,
        };
        // RFC 7616 section 3.3: the count is 8 hexadecimal digits; some phones write fewer.
        let count = match quality {
            Some((count, _)) if count.len() <= 8 => u32::from_str_radix(count, 16).ok(),
            Some(_) => None,
            None => Some(1),
        };
        let Some(count) = count.filter(|count| *count > 0) else {
            return Verdict::Wrong;
        };
        let ha1 = match (account, algorithm) {
            (Some(account), Algorithm::Md5) => account.ha1_md5.map(|ha1| to_hex(&ha1)),
            (Some(account), Algorithm::Sha256) => account.ha1_sha256.map(|ha1| to_hex(&ha1)),
            (None, Algorithm::Md5 | Algorithm::Sha256) => None,
        };
        let dummy = || to_hex(&self.key);
        let (secret, known) = ha1.map_or_else(|| (dummy(), false), |ha1| (ha1, true));
        let wanted = response(algorithm, &secret, request.method.as_str(), uri, nonce, quality);
        let right = same_secret(&wanted, &given.to_ascii_lowercase()) && known && same_target(uri, request);
        if !right {
            return Verdict::Wrong;
        }
        match time_and_serial(nonce) {
            Some(key) if key.0 <= now.0 && now.0 - key.0 < self.life_ms && self.first_use(key, count) => {
                Verdict::Proved
            }
            Some(_) | None => Verdict::Stale,
        }
    }

    /// Marks a use; false if it was used before or is too far behind to tell.
    fn first_use(&mut self, key: NonceKey, count: u32) -> bool {
        if key <= self.forgotten {
            return false;
        }
        self.forget_old(key);
        let uses = self.uses.entry(key).or_insert(Uses { highest: 0, window: 0 });
        if count > uses.highest {
            let ahead = count - uses.highest;
            uses.window = uses.window.checked_shl(ahead).unwrap_or(0) | 1;
            uses.highest = count;
            return true;
        }
        let behind = uses.highest - count;
        let bit = 1u64.checked_shl(behind).unwrap_or(0);
        let fresh = bit != 0 && uses.window & bit == 0;
        uses.window |= bit;
        fresh
    }

    /// Drops nonces that are past their life, and the oldest beyond the limit.
    fn forget_old(&mut self, newest: NonceKey) {
        while let Some(entry) = self.uses.first_entry() {
            let past = entry.key().0.saturating_add(self.life_ms) < newest.0;
            if !past && self.uses.len() < NONCES_MAX {
                break;
            }
            if let Some((key, _)) = self.uses.pop_first() {
                self.forgotten = self.forgotten.max(key);
            }
        }
    }

    fn nonce(&self, (time, serial): NonceKey, realm: &str, address: IpAddr) -> String {
        let mac = self.mac(time, serial, realm, address);
        format!("{time:012x}{serial:08x}{}", to_hex(&mac[..16]))
    }

    fn nonce_key(&self, nonce: &str, realm: &str, address: IpAddr) -> Option<NonceKey> {
        let key = time_and_serial(nonce)?;
        same_secret(nonce, &self.nonce(key, realm, address)).then_some(key)
    }

    /// HMAC-SHA-256 (RFC 2104).
    fn mac(&self, time: u64, serial: u32, realm: &str, address: IpAddr) -> [u8; 32] {
        let address = match address.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        let pad = |with: u8| {
            let mut block = [with; 64];
            block.iter_mut().zip(self.key).for_each(|(byte, key)| *byte ^= key);
            block
        };
        let inner = Sha256::new()
            .chain_update(pad(0x36))
            .chain_update(time.to_be_bytes())
            .chain_update(serial.to_be_bytes())
            .chain_update(address.octets())
            .chain_update(realm.as_bytes())
            .finalize();
        Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
    }
}

/// What a nonce says of itself, whether it is ours or not.
fn time_and_serial(nonce: &str) -> Option<NonceKey> {
    let time = u64::from_str_radix(nonce.get(..12)?, 16).ok()?;
    let serial = u32::from_str_radix(nonce.get(12..20)?, 16).ok()?;
    Some((time, serial))
}

/// RFC 7616 section 3.4.6: the answer must be for the thing asked. Phones leave out port and parameters, so the
/// user and host decide.
fn same_target(uri: &str, request: &Request) -> bool {
    match crate::message::Uri::parse(uri) {
        Ok(uri) => {
            uri.host.eq_ignore_ascii_case(&request.uri.host) && uri.user_text() == request.uri.user_text()
        }
        Err(_) => false,
    }
}
