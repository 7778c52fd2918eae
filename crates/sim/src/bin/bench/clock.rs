//! The only place where this program looks at a clock, and how figures are printed.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "measuring is reading clocks")]

use std::time::{Duration, Instant};

/// Linux counts a process's time for user space in hundredths of a second on every architecture (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// What a piece of work took.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    /// User and system time of the process, good to 10 ms.
    cpu: Duration,
    wall: Duration,
}

/// Runs a piece of work between two looks at both clocks.
pub(crate) fn measure(work: impl FnOnce()) -> Spent {
    let (cpu, wall) = (cpu_time(), Instant::now());
    work();
    Spent { wall: wall.elapsed(), cpu: cpu_time().saturating_sub(cpu) }
}

/// How long one small deed takes by the wall: CPU time is not counted that finely.
pub(crate) fn time_one<T>(deed: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let result = deed();
    (begun.elapsed(), result)
}

/// The machine's load averages.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "not known".to_owned());
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Prints what `units` pieces of work cost each.
pub(crate) fn print_cost(what: &str, units: u64, spent: Spent) {
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / units as f64;
    let (cpu, wall) = (micros(spent.cpu), micros(spent.wall));
    let rate = if cpu > 0.0 { format!("{:.0}", 1e6 / cpu) } else { "-".to_owned() };
    println!("{what:<52} {units:>9} units  {cpu:>9.3} us CPU  {wall:>9.3} us wall  {rate:>9} per CPU-s");
}

/// Prints how single deeds spread.
pub(crate) fn print_latency(what: &str, mut samples: Vec<Duration>) {
    samples.sort_unstable();
    let at = |percent: usize| {
        let index = (samples.len() * percent / 100).min(samples.len().saturating_sub(1));
        samples.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    let (count, p50, p99) = (samples.len(), at(50), at(99));
    println!("{what:<52} {count:>9} times  {p50:>9.3} us p50  {p99:>9.3} us p99");
}

/// Fields 14 and 15 of `/proc/self/stat`; the second may hold blanks, so counting begins behind its bracket.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this program measures on Linux");
    let (_, fields) = stat.rsplit_once(')').expect("the name of the program is in brackets");
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}
