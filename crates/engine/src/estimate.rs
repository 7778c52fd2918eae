//! How long a caller will probably wait.
//!
//! With `q` callers before him, `n` agents at work, a call holding an agent for `1/mu` and callers giving up at the rate
//! `theta`, a caller waits for `q + 1` times at which somebody is served or gives up. These are exponential at the rates
//! `n mu + k theta`, for `k` from 0 to `q` (Ibrahim and Whitt 2009, "QLm"). Their sum is read as a gamma distribution of the
//! same mean and variance.

use serde::{Deserialize, Serialize};

/// Up to so many callers before him, each is summed by itself; the rest is an integral.
const SUMMED_ONE_BY_ONE: u32 = 64;

/// What callers are told, in minutes. The last has no end.
const RANGES: [(u64, Option<u64>); 9] = [
    (0, Some(1)),
    (1, Some(2)),
    (2, Some(3)),
    (3, Some(5)),
    (5, Some(10)),
    (10, Some(15)),
    (15, Some(20)),
    (20, Some(30)),
    (30, None),
];

/// Names of the library's prompts for these ranges.
const PROMPTS: [&str; RANGES.len()] = [
    "wait-0-1",
    "wait-1-2",
    "wait-2-3",
    "wait-3-5",
    "wait-5-10",
    "wait-10-15",
    "wait-15-20",
    "wait-20-30",
    "wait-30",
];

/// A range of waits that a caller is told, such as three to five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct WaitRange(u8);

impl WaitRange {
    /// The range that a wait lies in. At a border it is the longer one.
    pub fn of(wait_ms: u64) -> Self {
        let minutes = wait_ms / 60_000;
        let longer = RANGES.iter().filter(|(from, _)| *from <= minutes).count();
        Self(longer.saturating_sub(1) as u8)
    }

    /// What a caller is told who was told `before`: at most one range more, so that nobody's wait jumps.
    pub fn after(self, before: Option<Self>) -> Self {
        before.map_or(self, |before| self.min(Self(before.0.saturating_add(1))))
    }

    /// From how many minutes.
    pub fn from_minutes(self) -> u64 {
        RANGES[usize::from(self.0)].0
    }

    /// To how many minutes; `None` for the longest.
    pub fn to_minutes(self) -> Option<u64> {
        RANGES[usize::from(self.0)].1
    }

    /// The prompt that says it, in the folder of a language.
    pub(crate) fn prompt(self) -> &'static str {
        PROMPTS[usize::from(self.0)]
    }
}

impl TryFrom<u8> for WaitRange {
    type Error = &'static str;

    fn try_from(index: u8) -> Result<Self, Self::Error> {
        if usize::from(index) < RANGES.len() {
            Ok(Self(index))
        } else {
            Err("there is no such range of waits")
        }
    }
}

impl From<WaitRange> for u8 {
    fn from(range: WaitRange) -> Self {
        range.0
    }
}

/// An estimate of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitEstimate {
    /// Half of such callers wait no longer. Milliseconds.
    pub median_ms: u64,
    /// Four of five such callers wait no longer. Milliseconds.
    pub p80_ms: u64,
}

impl WaitEstimate {
    /// The range that a caller is told.
    pub fn range(self) -> WaitRange {
        WaitRange::of(self.p80_ms)
    }
}

/// What an estimate is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rates {
    /// Agents at work for these calls, or the parts of them that are.
    pub(crate) agents: f64,
    /// How long a call holds an agent. Milliseconds.
    pub(crate) handle_ms: f64,
    /// Callers who give up in a millisecond of waiting.
    pub(crate) gives_up: f64,
}

/// The wait of a caller with so many before him; nothing can be said when nobody is at work or nothing is known of calls.
pub(crate) fn wait(ahead: u32, rates: Rates) -> Option<WaitEstimate> {
    let served = rates.agents / rates.handle_ms;
    if !served.is_finite() || served <= 0.0 {
        return None;
    }
    let rate = |k: f64| served + k * rates.gives_up;
    let each = ahead.min(SUMMED_ONE_BY_ONE - 1);
    let (mut mean, mut variance) = (0.0, 0.0);
    for k in 0..=each {
        let step = rate(f64::from(k)).recip();
        mean += step;
        variance += step * step;
    }
    if ahead > each {
        // The midpoint rule backwards: the sum from each + 1 to ahead is the integral from each + 1/2 to ahead + 1/2.
        let (from, to) = (rate(f64::from(each) + 0.5), rate(f64::from(ahead) + 0.5));
        let many = f64::from(ahead - each);
        if rates.gives_up > 0.0 {
            mean += (to / from).ln() / rates.gives_up;
            variance += (from.recip() - to.recip()) / rates.gives_up;
        } else {
            mean += many / served;
            variance += many / (served * served);
        }
    }
    let at = |z| quantile(mean, variance, z).min(1e15) as u64;
    Some(WaitEstimate { median_ms: at(0.0), p80_ms: at(0.841_621_233_572_914) })
}

/// The quantile of a gamma distribution at the standard normal quantile `z` (Wilson and Hilferty 1931).
fn quantile(mean: f64, variance: f64, z: f64) -> f64 {
    let shape = mean * mean / variance;
    let ninth = (9.0 * shape).recip();
    let cube = 1.0 - ninth + z * ninth.sqrt();
    mean * cube.max(0.0).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(agents: f64, handle_s: f64, patience_s: f64) -> Rates {
        let gives_up = if patience_s > 0.0 { (patience_s * 1_000.0).recip() } else { 0.0 };
        Rates { agents, handle_ms: handle_s * 1_000.0, gives_up }
    }

    fn estimate(ahead: u32, rates: Rates) -> WaitEstimate {
        wait(ahead, rates).expect("somebody is at work")
    }

    /// With one agent and nobody before him the wait is exponential: its quantiles are known.
    #[test]
    fn the_first_in_line_waits_for_one_agent_to_come_free() {
        let first = estimate(0, rates(1.0, 60.0, 0.0));
        let close = |got: u64, exact: f64| (got as f64 / exact - 1.0).abs() < 0.03;
        assert!(close(first.median_ms, 60_000.0 * core::f64::consts::LN_2), "{first:?}");
        assert!(close(first.p80_ms, 60_000.0 * 5.0_f64.ln()), "{first:?}");
    }

    #[test]
    fn many_before_him_make_the_wait_long_and_sure() {
        let last = estimate(99, rates(10.0, 60.0, 0.0));
        // A hundred times six seconds, and their deviation is a tenth of it.
        assert!((590_000..600_000).contains(&last.median_ms), "{last:?}");
        assert!((645_000..655_000).contains(&last.p80_ms), "{last:?}");
    }

    #[test]
    fn those_who_give_up_shorten_the_wait() {
        let (patient, impatient) = (rates(10.0, 60.0, 0.0), rates(10.0, 60.0, 120.0));
        assert!(estimate(100, impatient).median_ms < estimate(100, patient).median_ms / 2);
    }

    #[test]
    fn a_long_line_is_summed_as_a_short_one_is() {
        let rates = rates(20.0, 180.0, 300.0);
        let exact: f64 = (0..=5_000).map(|k| (20.0 / 180_000.0 + f64::from(k) / 300_000.0_f64).recip()).sum();
        let got = estimate(5_000, rates);
        assert!((got.median_ms as f64 / exact - 1.0).abs() < 0.01, "{got:?}, not about {exact}");
    }

    #[test]
    fn nothing_is_said_where_nothing_is_known() {
        assert_eq!(wait(3, rates(0.0, 60.0, 0.0)), None);
        assert_eq!(wait(3, rates(5.0, 0.0, 0.0)), None);
        assert_eq!(wait(3, Rates { agents: 1.0, handle_ms: f64::NAN, gives_up: 0.0 }), None);
    }

    #[test]
    fn a_wait_is_told_as_a_range_that_grows_by_one_at_most() {
        let minutes = |range: WaitRange| (range.from_minutes(), range.to_minutes());
        assert_eq!(minutes(WaitRange::of(59_999)), (0, Some(1)));
        assert_eq!(minutes(WaitRange::of(60_000)), (1, Some(2)));
        assert_eq!(minutes(WaitRange::of(4 * 60_000)), (3, Some(5)));
        assert_eq!(minutes(WaitRange::of(u64::MAX)), (30, None));
        let told = WaitRange::of(30_000);
        assert_eq!(minutes(WaitRange::of(3_600_000).after(Some(told))), (1, Some(2)));
        assert_eq!(minutes(told.after(Some(WaitRange::of(3_600_000)))), (0, Some(1)));
        assert!(serde_json::from_str::<WaitRange>("9").is_err());
    }
}
