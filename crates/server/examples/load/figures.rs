//! How figures are printed: each with its limit and whether it is met.

use std::time::Duration;

use crate::proc;

/// Delays of one kind.
#[derive(Default)]
pub(crate) struct Delays(Vec<u32>);

impl Delays {
    /// Notes one.
    pub(crate) fn note(&mut self, delay: Duration) {
        self.0.push(u32::try_from(delay.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The value below which so many in a thousand are. Milliseconds.
    pub(crate) fn at(&self, per_mille: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let index = (sorted.len() * per_mille / 1_000).min(sorted.len().saturating_sub(1));
        sorted.get(index).map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
    }

    /// Count, median and tails in words.
    pub(crate) fn words(&self) -> String {
        let (p50, p99, most) = (self.at(500), self.at(990), self.at(1_000));
        format!("p50 {p50:.2} p99 {p99:.2} most {most:.2} ms ({} times)", self.count())
    }
}

/// Prints a figure with the most that it may be. Gives whether it is met.
pub(crate) fn judge(what: &str, figure: f64, unit: &str, most: f64) -> bool {
    let met = figure <= most;
    let verdict = if met { "met" } else { "MISSED" };
    println!("  {what:<58} {figure:>9.2} {unit:<22} limit {most:<6} {verdict}   load {}", proc::load());
    met
}

/// Prints a figure that has no limit of its own.
pub(crate) fn tell(what: &str, text: &str) {
    println!("  {what:<58} {text}");
}
