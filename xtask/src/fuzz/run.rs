//! One target under libFuzzer, and several side by side.

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail};

use super::CORPUS;
use crate::invocation::{Budget, Invocation, target_folder};

/// The longest input that is made up. Bytes; a kept input may be longer.
const INPUT_MAX: u32 = 4_096;

/// An input that takes longer has found something. Seconds.
const INPUT_LIMIT_S: u32 = 20;

/// More memory than this has found something. MiB.
const MEMORY_MAX_MIB: u32 = 1_024;

/// Lines of a failed target's log that are shown.
const LOG_LINES: usize = 12;

/// One target.
pub(super) struct Target {
    pub(super) name: String,
    program: PathBuf,
    /// Where its log and what it found lie.
    folder: PathBuf,
}

/// What came of one target.
pub(super) struct Outcome {
    pub(super) target: String,
    inputs: String,
    per_second: String,
    covered: String,
    corpus: String,
    /// What it found wrong, with the command that repeats it.
    pub(super) fault: Option<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, inputs, per_second, covered, corpus, fault } = self;
        write!(f, "{target:<14} {inputs:>10} {per_second:>9} {covered:>9} {corpus:>7}")?;
        if fault.is_some() { write!(f, "  FAILED") } else { Ok(()) }
    }
}

impl Target {
    pub(super) fn new(name: String, program: &Path) -> Result<Self> {
        let folder = target_folder()?.join("fuzz");
        for part in [folder.join("corpus").join(&name), folder.join("found"), folder.join("log")] {
            std::fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;
        }
        Ok(Self { name, program: program.to_path_buf(), folder })
    }

    fn kept(&self) -> String {
        format!("{CORPUS}/{}", self.name)
    }

    fn gathered(&self) -> PathBuf {
        self.folder.join("corpus").join(&self.name)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log").join(&self.name)
    }

    fn invocation(&self) -> Invocation {
        let found = self.folder.join("found").join(&self.name);
        Invocation::new(&self.program)
            .env("CORDIAL_FUZZ_TARGET", &self.name)
            .env("RUST_BACKTRACE", "0")
            .args([format!("-max_len={INPUT_MAX}"), format!("-timeout={INPUT_LIMIT_S}")])
            .args([
                format!("-rss_limit_mb={MEMORY_MAX_MIB}"),
                format!("-artifact_prefix={}-", found.display()),
            ])
    }

    fn fed(&self, seconds: u64, seed: Option<u32>) -> Invocation {
        let seed = seed.map(|seed| format!("-seed={seed}"));
        self.invocation()
            .args([format!("-max_total_time={seconds}")])
            .args(seed)
            .args([self.gathered(), PathBuf::from(self.kept())])
    }

    /// Feeds it for a while with libFuzzer's own account of it on the terminal.
    pub(super) fn feed_in_sight(&self, seconds: u64) -> Result<()> {
        self.fed(seconds, None).run()
    }

    /// Gives it one input.
    pub(super) fn repeat(&self, input: &Path) -> Result<()> {
        self.invocation().args([input]).run()
    }

    /// Copies the fewest inputs that cover all that was reached to the kept ones.
    pub(super) fn keep(&self) -> Result<()> {
        let (kept, gathered) = (PathBuf::from(self.kept()), self.gathered());
        self.invocation().args(["-set_cover_merge=1"]).args([kept, gathered]).run()
    }

    fn feed(&self, seconds: u64, seed: Option<u32>, budget: &Budget) -> Result<Outcome> {
        let log = self.log();
        let result = self.fed(seconds, seed).run_logged(&log, budget);
        let text = std::fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
        let text = String::from_utf8_lossy(&text);
        let fault = result.err().map(|error| self.tell(&format!("{error:#}"), &text));
        Ok(outcome(&self.name, &text, fault))
    }

    fn tell(&self, error: &str, log: &str) -> String {
        let told: Vec<&str> =
            log.lines().skip_while(|line| !line.contains("panicked at")).take(LOG_LINES).collect();
        let file =
            log.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, file)| file);
        let repeat = file.map(|file| {
            format!("\nto repeat: cargo xtask fuzz --target {} --input {}", self.name, file.trim())
        });
        format!("{error}\n{}{}", told.join("\n"), repeat.unwrap_or_default())
    }
}

/// Feeds targets, some at once, and tells of each when it is done.
pub(super) fn feed_all(
    targets: &[Target],
    seconds: u64,
    at_once: u64,
    seed: Option<u32>,
    budget: &Budget,
) -> Result<Vec<Outcome>> {
    println!("({} targets, {at_once} at once, {seconds} s each)", targets.len());
    let waiting: Mutex<VecDeque<&Target>> = Mutex::new(targets.iter().collect());
    let next = || waiting.lock().map(|mut waiting| waiting.pop_front()).unwrap_or_default();
    let work = || -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        while let Some(target) = next() {
            outcomes.push(target.feed(seconds, seed, budget)?);
        }
        Ok(outcomes)
    };
    let mut outcomes = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(some) => outcomes.extend(some?),
                Err(_) => bail!("a worker panicked"),
            }
        }
        Ok(())
    })?;
    outcomes.sort_by(|one, other| one.target.cmp(&other.target));
    Ok(outcomes)
}

/// Reads libFuzzer's account: `#N KIND cov: C ft: F corp: N/Bb lim: L exec/s: E rss: M`.
fn outcome(target: &str, log: &str, fault: Option<String>) -> Outcome {
    let last = log.lines().rfind(|line| line.starts_with('#') && line.contains(" cov: ")).unwrap_or_default();
    let after = |word: &str| {
        let rest = last.split_once(word).map(|(_, rest)| rest.trim_start());
        rest.and_then(|rest| rest.split([' ', '/']).next()).unwrap_or("-").to_owned()
    };
    let done = log.lines().rfind(|line| line.starts_with("Done "));
    let numbers: Vec<u64> =
        done.unwrap_or_default().split(' ').filter_map(|word| word.parse().ok()).collect();
    let (inputs, per_second) = match numbers.as_slice() {
        [inputs, seconds] => (inputs.to_string(), (inputs / (*seconds).max(1)).to_string()),
        _ => (after("#").split_whitespace().next().unwrap_or("-").to_owned(), after("exec/s:")),
    };
    Outcome {
        target: target.to_owned(),
        inputs,
        per_second,
        covered: after("cov:"),
        corpus: after("corp:"),
        fault,
    }
}

#[cfg(test)]
mod tests {
    use super::outcome;

    #[test]
    fn libfuzzers_account_is_read() {
        let log = "INFO: x\n#3\tINITED cov: 44 ft: 44 corp: 1/1b exec/s: 0 rss: 27Mb\n\
                   #90\tNEW    cov: 54 ft: 58 corp: 3/5b lim: 4 exec/s: 45 rss: 27Mb L: 2/2 MS: 1 ShuffleBytes-\n\
                   Done 565481 runs in 9 second(s)\n";
        let line = outcome("sip_uri", log, None).to_string();
        assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["sip_uri", "565481", "62831", "54", "3"]);
    }

    #[test]
    fn a_target_that_ended_early_is_told_as_far_as_it_came() {
        let log = "#90\tNEW    cov: 54 ft: 58 corp: 3/5b lim: 4 exec/s: 45 rss: 27Mb\npanicked at\n";
        let line = outcome("sdp", log, Some("broken".to_owned())).to_string();
        assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["sdp", "90", "45", "54", "3", "FAILED"]);
    }
}
