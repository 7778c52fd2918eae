//! The only place where this program looks at a clock, and how figures are printed.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "measuring is reading clocks")]

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

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

/// The CPU time that one small deed takes this thread: other programs of the machine are not in it, two looks at the clock
/// are.
pub(crate) fn time_one<T>(deed: impl FnOnce() -> T) -> (Duration, T) {
    let begun = thread_cpu_time();
    let result = deed();
    (thread_cpu_time().saturating_sub(begun), result)
}

fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).expect("a thread has run since its beginning");
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or_default())
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
    let (count, p50, p99, max) = (samples.len(), at(50), at(99), at(100));
    println!("{what:<52} {count:>9} times  {p50:>8.2} us p50  {p99:>8.2} us p99  {max:>8.2} us max");
}

/// Fields 14 and 15 of `/proc/self/stat`; the second may hold blanks, so counting begins behind its bracket.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this program measures on Linux");
    let (_, fields) = stat.rsplit_once(')').expect("the name of the program is in brackets");
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}
