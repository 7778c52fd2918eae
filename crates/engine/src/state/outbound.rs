//! What a tenant has going out, and had: counted as facts are applied, so a restart neither forgets nor forgives. Every
//! count costs the same however many calls there are and however much is configured.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::State;
use crate::fact::{Event, Fact};
use crate::id::DeviceId;
use crate::id::TrunkId;
use crate::limits::OUTBOUND_REFUSALS_TOLD;
use crate::outbound::{OutboundLimit, OutboundRules, read_number, read_prefix};
use crate::text::Number;
use crate::time::{Now, Timestamp};

const MINUTE_MS: u64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// A tenant's rules, what finds them quickly, and the counts that they are held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outbound {
    pub(crate) rules: OutboundRules,
    /// Every prefix that anything says something of, as a carrier reads it.
    prefixes: BTreeMap<String, Prefix>,
    /// [`OutboundRules::unlimited`] as a carrier reads them.
    unlimited: BTreeSet<String>,
    /// Calls out that live.
    live: u32,
    /// The same by the device that began them.
    live_of: BTreeMap<DeviceId, u32>,
    /// Those of them that are answered.
    talking: u32,
    /// The days since 1970 (UTC) that `talked_ms` is of.
    day: i64,
    /// Talked out on `day` until `counted`.
    talked_ms: u64,
    counted: Timestamp,
    /// When the calls out of the last minute began, the oldest first.
    begun: VecDeque<Timestamp>,
    /// Refusals told since `told_since`, which is within the last minute or long over.
    told: u32,
    told_since: Timestamp,
}

/// What is said of a prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Prefix {
    denied: bool,
    trunks: BTreeSet<TrunkId>,
}

impl Default for Outbound {
    fn default() -> Self {
        let mut outbound = Self {
            rules: OutboundRules::default(),
            prefixes: BTreeMap::new(),
            unlimited: BTreeSet::new(),
            live: 0,
            live_of: BTreeMap::new(),
            talking: 0,
            day: 0,
            talked_ms: 0,
            counted: Timestamp(0),
            begun: VecDeque::new(),
            told: 0,
            told_since: Timestamp(0),
        };
        outbound.set_rules(&OutboundRules::default());
        outbound
    }
}

impl State {
    pub(super) fn apply_outbound(&mut self, event: &Event) {
        let outbound = &mut self.tenant_mut(event.tenant).outbound;
        if let Fact::OutboundRulesSet { rules } = &event.fact {
            outbound.set_rules(rules);
        } else {
            outbound.tell(event.at);
        }
    }
}

/// Decisions.
impl Outbound {
    /// The first trunk that the longest known prefix of the number allows, unless that prefix is denied.
    pub(crate) fn trunk_for(&self, read: &str) -> Option<TrunkId> {
        let known = (1..=read.len()).rev().find_map(|end| self.prefixes.get(read.get(..end)?))?;
        if known.denied { None } else { known.trunks.first().copied() }
    }

    pub(crate) fn is_unlimited(&self, read: &str) -> bool {
        self.unlimited.contains(read)
    }

    /// The limit, if any, that keeps one more call from going out.
    pub(crate) fn reached(&self, now: Now) -> Option<OutboundLimit> {
        let rules = &self.rules;
        if self.live >= rules.calls {
            return Some(OutboundLimit::Calls);
        }
        // The call that was begun so many calls ago must be a minute old.
        let begun_before = self.begun.len().checked_sub(rules.calls_per_minute as usize);
        let within_minute = |at: &Timestamp| now.at.millis_since(*at) < MINUTE_MS;
        if rules.calls_per_minute == 0
            || begun_before.and_then(|i| self.begun.get(i)).is_some_and(within_minute)
        {
            return Some(OutboundLimit::CallsPerMinute);
        }
        let spent = self.talked_ms(now) >= u64::from(rules.minutes_per_day) * MINUTE_MS;
        spent.then_some(OutboundLimit::MinutesPerDay)
    }

    /// Whether one more refusal is told; a flood of them is told in part.
    pub(crate) fn tells(&self, at: Timestamp) -> bool {
        self.told < OUTBOUND_REFUSALS_TOLD || at.millis_since(self.told_since) >= MINUTE_MS
    }

    /// Talked out on the day of `now`, by those calls, too, that talk still. Milliseconds.
    pub(crate) fn talked_ms(&self, now: Now) -> u64 {
        let passed = now.at.millis_since(self.counted);
        let talked = |ms: u64| ms.saturating_mul(u64::from(self.talking));
        if day_of(now) == self.day {
            return self.talked_ms.saturating_add(talked(passed));
        }
        let since_midnight = now.wall.0.rem_euclid(DAY_MS).unsigned_abs();
        talked(passed.min(since_midnight))
    }

    /// Calls out that live.
    pub(crate) const fn live(&self) -> u32 {
        self.live
    }

    /// Calls out begun within the last minute.
    pub(crate) fn begun_within_minute(&self, at: Timestamp) -> usize {
        let old = self.begun.partition_point(|begun| at.millis_since(*begun) >= MINUTE_MS);
        self.begun.len() - old
    }
}

/// Changes, as facts are applied.
impl Outbound {
    fn set_rules(&mut self, rules: &OutboundRules) {
        for prefix in core::mem::take(&mut self.rules.denied) {
            self.change(&prefix, |known| known.denied = false);
        }
        for prefix in &rules.denied {
            self.change(prefix, |known| known.denied = true);
        }
        self.unlimited = rules.unlimited.iter().filter_map(read_number).collect();
        self.rules = rules.clone();
    }

    pub(super) fn allow(&mut self, trunk: TrunkId, prefixes: &[Number]) {
        for prefix in prefixes {
            self.change(prefix, |known| {
                known.trunks.insert(trunk);
            });
        }
    }

    pub(super) fn disallow(&mut self, trunk: TrunkId, prefixes: &[Number]) {
        for prefix in prefixes {
            self.change(prefix, |known| {
                known.trunks.remove(&trunk);
            });
        }
    }

    /// A prefix that cannot be read, as an old journal may have one, allows and denies nothing.
    fn change(&mut self, prefix: &Number, change: impl FnOnce(&mut Prefix)) {
        let Some(read) = read_prefix(prefix) else { return };
        let known = self.prefixes.entry(read.clone()).or_default();
        change(known);
        if *known == Prefix::default() {
            self.prefixes.remove(&read);
        }
    }

    /// Calls out that live and that a device began, whoever has them now.
    pub(crate) fn live_of(&self, device: DeviceId) -> u32 {
        self.live_of.get(&device).copied().unwrap_or(0)
    }

    pub(super) fn begin(&mut self, at: Timestamp, by: Option<DeviceId>) {
        self.live += 1;
        if let Some(device) = by {
            *self.live_of.entry(device).or_default() += 1;
        }
        while self.begun.front().is_some_and(|begun| at.millis_since(*begun) >= MINUTE_MS) {
            self.begun.pop_front();
        }
        self.begun.push_back(at);
    }

    pub(super) fn talk(&mut self, now: Now) {
        self.count(now);
        self.talking += 1;
    }

    pub(super) fn end(&mut self, now: Now, by: Option<DeviceId>, talked: bool) {
        self.live -= 1;
        if let Some(device) = by
            && let Some(live) = self.live_of.get_mut(&device)
        {
            *live -= 1;
            if *live == 0 {
                self.live_of.remove(&device);
            }
        }
        if talked {
            self.count(now);
            self.talking -= 1;
        }
    }

    const fn tell(&mut self, at: Timestamp) {
        if at.millis_since(self.told_since) >= MINUTE_MS {
            self.told_since = at;
            self.told = 0;
        }
        self.told += 1;
    }

    fn count(&mut self, now: Now) {
        self.talked_ms = self.talked_ms(now);
        self.day = day_of(now);
        self.counted = now.at;
    }
}

/// Wall time says which day it is and nothing else: how long somebody talked comes from the clock that never steps.
const fn day_of(now: Now) -> i64 {
    now.wall.0.div_euclid(DAY_MS)
}
