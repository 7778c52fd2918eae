//! The engine against the exact results of queueing theory (Erlang B, C and A, priorities, shared agents).
//!
//! Calls arrive, are talked to and lose patience at random, each after a time that is exponentially distributed; the
//! engine queues them and chooses who is asked, and whoever is asked answers at once. There is no SIP and no sleeping: the
//! clock jumps from event to event. What the facts say of the waits is compared with the exact value.
//!
//! A figure is a ratio of sums over [`BATCHES`] batches of consecutive calls, and its confidence interval follows from how
//! the batches differ (batch means, the ratio's variance by its linear part). The exact value must lie within the interval of
//! [`CONFIDENCE`] on both sides: the interval is the only tolerance, and the seed is fixed, so the same code judges alike for
//! ever. A batch is longer than the system remembers ([`System::memory_calls`]), or the interval would be too narrow.

mod drive;
mod tables;

use std::fmt;

use drive::Drive;
pub use tables::{gate, systems};

use crate::chance::Chance;

/// In so many batches a run is cut; the times before them are dropped.
pub const BATCHES: usize = 40;

/// How much of all confidence intervals would hold the exact value.
pub const CONFIDENCE: f64 = 0.999;

/// Student's quantile of [`CONFIDENCE`], two-sided, for 39 degrees of freedom.
const STUDENT: f64 = 3.558;

/// Calls of a batch in the gate: 40 batches are 200,000 calls.
pub const GATE_CALLS: usize = 5_000;

/// Calls of a batch in the long form: 40 batches are a million.
pub const FULL_CALLS: usize = 25_000;

/// A system that theory knows, and what it says of it.
#[derive(Clone, Debug)]
pub struct System {
    /// Table and row, for who reads the result.
    pub name: String,
    /// How heavy each queue is.
    weights: Vec<u16>,
    classes: Vec<Class>,
    groups: Vec<Group>,
    /// Mean time of a conversation. Seconds.
    aht_s: f64,
    /// Draws the length of a conversation from their mean. Microseconds.
    service: fn(&mut Chance, f64) -> u64,
    /// Whether nobody may wait.
    loses: bool,
    /// The wait that divides quick from slow. Seconds.
    threshold_s: f64,
    exact: Vec<(Figure, f64)>,
}

/// Calls of one kind.
#[derive(Clone, Debug)]
struct Class {
    per_hour: f64,
    queue: usize,
    urgency: u8,
    patience_s: Option<f64>,
}

/// Agents of one kind, with the level at which they serve each queue.
#[derive(Clone, Debug)]
struct Group {
    agents: u64,
    serves: Vec<(usize, u16)>,
}

/// What is compared: of the calls of a class, or of the agents of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    /// Share that is not offered to anybody at once.
    Waits(usize),
    /// Share that is not taken in.
    Lost(usize),
    /// Share that gives up.
    Abandons(usize),
    /// Mean wait of all. Seconds.
    MeanWait(usize),
    /// Mean wait of those who are answered. Seconds.
    MeanWaitAnswered(usize),
    /// Mean wait of those who wait at all. Seconds.
    MeanWaitOfWaiters(usize),
    /// Share answered within the threshold, of all.
    QuickOfAll(usize),
    /// Share answered within the threshold, of the answered.
    QuickOfAnswered(usize),
    /// Share answered or given up within the threshold.
    QuickEitherWay(usize),
    /// Share given up within the threshold.
    AbandonsQuickly(usize),
    /// Share that waits longer than the threshold.
    WaitsLong(usize),
    /// Share of their time that a group of agents talks.
    Occupancy(usize),
}

/// What became of the calls of one class that arrived during one batch.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    all: u64,
    waited: u64,
    lost: u64,
    abandoned: u64,
    abandoned_quickly: u64,
    answered: u64,
    answered_quickly: u64,
    waited_long: u64,
    wait_ms: u64,
    wait_answered_ms: u64,
}

/// One batch of consecutive arrivals.
#[derive(Clone, Debug, Default)]
struct Batch {
    classes: Vec<Tally>,
    /// Time that each group talked, and could have: agents times length. Microseconds.
    groups: Vec<(f64, f64)>,
}

/// A figure as it was seen, with its interval.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    figure: Figure,
    exact: f64,
    seen: f64,
    half_width: f64,
}

impl Seen {
    /// Whether the exact value is in the interval.
    pub fn holds(&self) -> bool {
        (self.seen - self.exact).abs() <= self.half_width
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { figure, exact, seen, half_width } = self;
        let verdict = if self.holds() { "" } else { "  NOT WITHIN" };
        // Debug ignores a width.
        let figure = format!("{figure:?}");
        let blur = 100.0 * half_width / exact;
        write!(f, "  {figure:<22} exact {exact:>10.5}  seen {seen:>10.5} within {blur:>6.2} %{verdict}")
    }
}

impl System {
    /// Lets the engine serve as many calls as asked for in each batch, but no fewer than five times what the system
    /// remembers.
    pub fn run(&self, seed: u64, batch_calls: usize) -> Vec<Seen> {
        let batch_calls = batch_calls.max((5.0 * self.memory_calls()) as usize);
        let batches = Drive::open(self, seed).live(batch_calls);
        self.exact.iter().map(|(figure, exact)| seen(*figure, *exact, &batches)).collect()
    }

    /// After about how many arrivals a system has forgotten how full it was: the relaxation time of a queue of one line
    /// (a conversation's length over the square of the difference of the roots of agents and load), never more than what
    /// patience allows, and never less than all agents' conversations.
    pub fn memory_calls(&self) -> f64 {
        let per_s = self.classes.iter().map(|class| class.per_hour).sum::<f64>() / 3_600.0;
        let agents = self.groups.iter().map(|group| group.agents).sum::<u64>() as f64;
        let load = per_s * self.aht_s;
        let patience = self.classes.iter().filter_map(|class| class.patience_s).fold(0.0, f64::max);
        let relaxation_s = match patience > 0.0 {
            _ if self.loses => self.aht_s,
            true => self.aht_s.max(patience),
            false => (self.aht_s / (agents.sqrt() - load.sqrt()).powi(2)).max(self.aht_s),
        };
        relaxation_s * per_s
    }
}

fn seen(figure: Figure, exact: f64, batches: &[Batch]) -> Seen {
    let parts: Vec<_> = batches.iter().map(|batch| figure.of(batch)).collect();
    let many = parts.len() as f64;
    let (above, below) = parts.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    let ratio = above / below;
    let off = parts.iter().map(|(above, below)| (above - ratio * below).powi(2)).sum::<f64>();
    let deviation = (off / (many - 1.0)).sqrt() / (below / many);
    Seen { figure, exact, seen: ratio, half_width: STUDENT * deviation / many.sqrt() }
}

impl Figure {
    /// What to divide by what.
    fn of(self, batch: &Batch) -> (f64, f64) {
        let tally = |class: usize| batch.classes.get(class).copied().unwrap_or_default();
        let (above, below) = match self {
            Self::Waits(class) => (tally(class).waited, tally(class).all),
            Self::Lost(class) => (tally(class).lost, tally(class).all),
            Self::Abandons(class) => (tally(class).abandoned, tally(class).all),
            Self::MeanWait(class) => (tally(class).wait_ms, tally(class).all * 1_000),
            Self::MeanWaitAnswered(class) => (tally(class).wait_answered_ms, tally(class).answered * 1_000),
            Self::MeanWaitOfWaiters(class) => (tally(class).wait_ms, tally(class).waited * 1_000),
            Self::QuickOfAll(class) => (tally(class).answered_quickly, tally(class).all),
            Self::QuickOfAnswered(class) => (tally(class).answered_quickly, tally(class).answered),
            Self::QuickEitherWay(class) => {
                (tally(class).answered_quickly + tally(class).abandoned_quickly, tally(class).all)
            }
            Self::AbandonsQuickly(class) => (tally(class).abandoned_quickly, tally(class).all),
            Self::WaitsLong(class) => (tally(class).waited_long, tally(class).all),
            Self::Occupancy(group) => return batch.groups.get(group).copied().unwrap_or_default(),
        };
        (above as f64, below as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The intervals are worth what they would not hold: conversations that all last as long are another system.
    #[test]
    fn another_system_is_told_from_the_one_that_theory_knows() {
        let mut system = systems().into_iter().find(|system| system.name == "erlang_c row 1").expect("a row");
        let holds = |system: &System| system.run(1, 1_000).iter().all(Seen::holds);
        assert!(holds(&system));
        let exponential = std::mem::replace(&mut system.service, |_, mean_s| (mean_s * 1e6) as u64);
        assert!(!holds(&system));
        system.service = exponential;
        system.groups[0].agents += 1;
        assert!(!holds(&system), "one agent more is another system as well");
    }

    #[test]
    fn the_gates_systems_forget_within_a_fraction_of_a_batch() {
        let gate = gate();
        assert_eq!(gate.len(), 6);
        for system in gate {
            assert!(system.memory_calls() * 5.0 <= GATE_CALLS as f64, "{}", system.name);
        }
    }

    #[test]
    fn every_row_of_the_tables_is_a_system_but_the_one_that_has_no_mean() {
        let rows = |name: &str| systems().iter().filter(|system| system.name.starts_with(name)).count();
        assert_eq!(
            ["erlang_a", "erlang_b", "erlang_c", "priority_mmn", "skills"].map(rows),
            [20, 10, 10, 5, 5]
        );
    }

    #[test]
    fn an_interval_is_that_of_batch_means() {
        let batch =
            |waited| Batch { classes: vec![Tally { all: 10, waited, ..Tally::default() }], groups: vec![] };
        let batches: Vec<_> = (0..40).map(|n| batch(if n % 2 == 0 { 4 } else { 6 })).collect();
        let seen = seen(Figure::Waits(0), 0.5, &batches);
        // Standard deviation of the batches 0.1 * sqrt(40 / 39).
        assert!((seen.half_width - 3.558 * 0.1 / 39_f64.sqrt()).abs() < 1e-9, "{seen:?}");
        assert!(seen.holds());
    }
}
