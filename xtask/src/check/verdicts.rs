//! What became of each test that the gate ran, heard from what the test programs print.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::invocation::target_folder;

/// A name's path as the test programs print it, and whether it passed.
#[derive(Default)]
pub(super) struct Verdicts {
    passed: BTreeMap<String, bool>,
}

impl Verdicts {
    /// Those that the stages' last runs left behind.
    pub(super) fn read() -> Result<Self> {
        let mut verdicts = Self::default();
        let entries = fs::read_dir(folder()?).context("no stage that runs tests has been run yet")?;
        for entry in entries {
            let path = entry?.path();
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            for line in text.lines() {
                let (word, name) = line.split_once(' ').context("a verdict is a word and a name")?;
                verdicts.note(name, word == "passed");
            }
        }
        Ok(verdicts)
    }

    /// Keeps them as those of a stage, in place of what its last run left.
    pub(super) fn keep(&self, stage: &str) -> Result<()> {
        let mut text = String::new();
        for (name, passed) in &self.passed {
            let word = if *passed { "passed" } else { "failed" };
            writeln!(text, "{word} {name}").expect("a String takes what it is given");
        }
        let folder = folder()?;
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join(stage), text))
            .with_context(|| format!("cannot keep what became of the tests in {}", folder.display()))
    }

    /// Whether tests of this name were run and none of them failed. A page may leave out the modules before it.
    pub(super) fn has_passed(&self, name: &str) -> bool {
        let end = format!("::{name}");
        let mut named =
            self.passed.iter().filter(|(path, _)| *path == name || path.ends_with(&end)).peekable();
        named.peek().is_some() && named.all(|(_, passed)| *passed)
    }

    fn note(&mut self, name: &str, passed: bool) {
        *self.passed.entry(name.to_owned()).or_insert(true) &= passed;
    }
}

/// Hears the verdicts in what test programs print, line by line.
#[derive(Default)]
pub(super) struct Listener {
    verdicts: Verdicts,
    /// The test that was begun in a line which did not end with its verdict: it prints for itself, one test at a time.
    begun: Option<String>,
}

impl Listener {
    pub(super) fn hear(&mut self, line: &str) {
        let name = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "));
        let (begun, word) = match name {
            Some((name, rest)) => (Some(name.trim_end_matches(" - should panic").to_owned()), rest),
            None => (self.begun.take(), line),
        };
        self.begun = match (begun, word) {
            (Some(name), "ok" | "FAILED") => {
                self.verdicts.note(&name, word == "ok");
                None
            }
            (Some(_), word) if word.starts_with("ignored") => None,
            (begun, _) => begun,
        };
    }

    pub(super) fn verdicts(self) -> Verdicts {
        self.verdicts
    }
}

/// What the test programs that printed these lines came to.
#[cfg(test)]
pub(super) fn heard(lines: &str) -> Verdicts {
    let mut listener = Listener::default();
    lines.lines().for_each(|line| listener.hear(line));
    listener.verdicts()
}

fn folder() -> Result<PathBuf> {
    Ok(target_folder()?.join("verdicts"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_run_side_by_side_are_each_told_in_a_line() {
        let verdicts = heard(
            "running 3 tests\ntest a::one ... ok\nsomething printed\ntest a::two ... FAILED\ntest three ... ignored, slow",
        );
        assert!(verdicts.has_passed("a::one") && verdicts.has_passed("one"));
        assert!(!verdicts.has_passed("two") && !verdicts.has_passed("three") && !verdicts.has_passed("ne"));
    }

    #[test]
    fn a_test_that_prints_is_judged_by_the_line_after() {
        let verdicts = heard("test a::one ... 10 kills\n20 kills\nok\ntest a::two ... 1 kill\nFAILED\nok");
        assert!(verdicts.has_passed("a::one"));
        assert!(!verdicts.has_passed("a::two"));
    }

    #[test]
    fn of_two_tests_of_one_name_both_must_pass() {
        assert!(heard("test a::one ... ok\ntest b::one ... ok").has_passed("one"));
        assert!(!heard("test a::one ... ok\ntest b::one ... FAILED").has_passed("one"));
    }
}
