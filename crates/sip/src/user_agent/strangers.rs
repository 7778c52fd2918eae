//! Wrong answers to challenges, counted per address, so that passwords cannot be tried at line speed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::limits::{WRONG_ANSWER_MS, WRONG_ANSWER_SOURCES_MAX, WRONG_ANSWERS_BURST};
use crate::time::Timestamp;

/// One bucket per address: the instant at which all its wrong answers are forgiven.
#[derive(Default)]
pub(super) struct Strangers {
    forgiven_at: BTreeMap<IpAddr, Timestamp>,
    oldest: BTreeSet<(Timestamp, IpAddr)>,
}

impl Strangers {
    /// Whether one more answer from there is looked at.
    pub(super) fn may_try(&self, now: Timestamp, address: IpAddr) -> bool {
        let burst_ms = u64::from(WRONG_ANSWERS_BURST - 1) * WRONG_ANSWER_MS;
        self.forgiven_at.get(&address).is_none_or(|forgiven| *forgiven <= now + burst_ms)
    }

    pub(super) fn note_wrong(&mut self, now: Timestamp, address: IpAddr) {
        let old = self.forgiven_at.get(&address).copied();
        let forgiven = old.unwrap_or(now).max(now) + WRONG_ANSWER_MS;
        if let Some(old) = old {
            self.oldest.remove(&(old, address));
        }
        self.forgiven_at.insert(address, forgiven);
        self.oldest.insert((forgiven, address));
        while let Some((at, address)) = self.oldest.first().copied() {
            if at > now && self.oldest.len() <= WRONG_ANSWER_SOURCES_MAX {
                break;
            }
            self.oldest.remove(&(at, address));
            self.forgiven_at.remove(&address);
        }
    }
}
