//! The rules of the house that no compiler checks: arrows between crates, sizes, words, bans, documents.
//!
//! Each rule is a function from text to findings, so that its tests are text too. This file reads the tree and asks
//! every rule about it.

mod arrows;
mod bans;
mod documents;
mod rust;
mod size;
mod words;

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, Result, bail};

use crate::invocation::Invocation;
use rust::RustFile;

/// Check the rules of the house that no compiler checks. Takes a second.
///
/// Arrows between crates, sizes of files and functions, the glossary's words in the engine's public names, banned
/// calls, the changelog, ARCHITECTURE.md, a page for every refusal. Every finding says where, what and what to do.
#[derive(clap::Args)]
pub(crate) struct TidyArgs {}

/// The crates that do no I/O, read no clock and draw no entropy: `crates/<name>`.
const PURE: &[&str] = &["dialects", "engine", "media", "node", "sim", "sip"];

/// A broken rule: where, what is wrong, what to do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
    remedy: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.remedy)
    }
}

/// A file of the tree that is text.
struct TextFile {
    path: String,
    text: String,
}

pub(crate) fn run() -> Result<()> {
    let files = text_files()?;
    let rust_files = rust_files(&files);
    let mut findings = arrows::check(&Invocation::cargo().args(arrows::METADATA).capture()?)?;
    for file in &rust_files {
        findings.extend(size::check(file));
        findings.extend(words::check(file));
        findings.extend(bans::check(file));
    }
    findings.extend(bans::dead_excuses(&rust_files));
    findings.extend(documents::check(&files));
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings in {} files", findings.len(), files.len());
    }
    println!("{} files are tidy, {} of them Rust", files.len(), rust_files.len());
    Ok(())
}

/// Every text file that is committed or would be by `git add --all`.
fn text_files() -> Result<Vec<TextFile>> {
    let list = Invocation::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .capture()
        .context("tidy reads the list of files from git")?;
    let paths: BTreeSet<&str> = list.split_terminator('\0').collect();
    // A file that is deleted but not yet committed as such is still listed; one that is not UTF-8 is not text.
    let read = |path: &&str| std::fs::read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(paths
        .iter()
        .filter_map(|path| Some(TextFile { path: (*path).to_owned(), text: read(path)? }))
        .collect())
}

/// The Rust files, those that `#[cfg(test)] mod name;` makes tests as a whole marked as tests.
fn rust_files(files: &[TextFile]) -> Vec<RustFile> {
    let mut rust_files: Vec<RustFile> = files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .map(|file| RustFile::read(&file.path, &file.text))
        .collect();
    let test_modules: BTreeSet<String> = rust_files.iter().flat_map(RustFile::test_modules).collect();
    for file in &mut rust_files {
        let path = file.path.trim_end_matches(".rs");
        if test_modules.iter().any(|module| path == module || path.starts_with(&format!("{module}/"))) {
            file.mark_as_test();
        }
    }
    rust_files
}

/// `crates/<name>/…` belongs to `<name>`; the rest to no crate of the product.
fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_what_and_what_to_do() {
        let finding =
            Finding { path: "a.rs".to_owned(), line: 7, what: "`x` is wrong".to_owned(), remedy: "use `y`" };
        assert_eq!(finding.to_string(), "a.rs:7: `x` is wrong; use `y`");
    }

    #[test]
    fn a_module_declared_as_test_is_test_with_all_below_it() {
        let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
        let files = [
            file("crates/sip/src/lib.rs", "mod a;\n#[cfg(test)]\nmod rig;\n"),
            file("crates/sip/src/a.rs", "fn a() {}\n#[cfg(test)]\nmod deep;\n"),
            file("crates/sip/src/a/deep.rs", "fn d() {}\n"),
            file("crates/sip/src/rig.rs", "fn r() {}\n"),
            file("crates/sip/src/rig/pair.rs", "fn p() {}\n"),
        ];
        let is_test: Vec<bool> = rust_files(&files).iter().map(|file| file.is_test(1)).collect();
        assert_eq!(is_test, [false, false, true, true, true]);
    }
}
