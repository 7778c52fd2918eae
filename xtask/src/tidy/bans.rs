//! What must not stand in the code, and the few places where it may, each with its reason.

use super::rust::RustFile;
use super::{Finding, PURE, crate_of};

/// Words of the code that are banned.
struct Ban {
    sequence: &'static str,
    scope: Scope,
    remedy: &'static str,
}

/// Where a ban holds.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    /// Everywhere, tests too.
    Everywhere,
    /// In the libraries of the pure crates, without their tests and programs.
    Pure,
}

const fn everywhere(sequence: &'static str, remedy: &'static str) -> Ban {
    Ban { sequence, scope: Scope::Everywhere, remedy }
}

const fn pure(sequence: &'static str, remedy: &'static str) -> Ban {
    Ban { sequence, scope: Scope::Pure, remedy }
}

const BOUNDED: &str = "give it a bound and say what happens there";
const TIME: &str = "time is an argument";
const ORDERED: &str = "iteration order is part of the result: use BTreeMap or BTreeSet";
const NO_IO: &str = "the pure crates do no I/O: let the server or the store do it";
const ONE_OWNER: &str = "one owner per piece of state; concurrency is in the server";

const BANS: &[Ban] = &[
    everywhere("#[allow(", "use `#[expect(lint, reason = \"…\")]`"),
    everywhere("#![allow(", "use `#![expect(lint, reason = \"…\")]`"),
    everywhere("todo!", "finish it, or leave it out"),
    everywhere("unimplemented!", "finish it, or leave it out"),
    everywhere("thread::sleep", "wait for the event itself, or for a deadline with it"),
    everywhere("unbounded_channel", BOUNDED),
    everywhere("mpsc::channel()", BOUNDED),
    pure("async", ONE_OWNER),
    pure("Mutex", ONE_OWNER),
    pure("RwLock", ONE_OWNER),
    pure("std::thread", ONE_OWNER),
    pure("Instant", TIME),
    pure("SystemTime", TIME),
    pure("HashMap", ORDERED),
    pure("HashSet", ORDERED),
    pure("UdpSocket", NO_IO),
    pure("TcpStream", NO_IO),
    pure("TcpListener", NO_IO),
    pure("std::fs", NO_IO),
    pure("std::env", NO_IO),
    pure("std::process", NO_IO),
];

/// Marks of unfinished work, in comments.
const MARKS: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

/// How SQL begins. Written in capitals, as ours is.
const SQL: &[&str] =
    &["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "DROP TABLE ", "PRAGMA "];

/// What builds a text from parts.
const FORMATTERS: &[&str] = &["format!(", "format_args!(", "write!(", "writeln!("];

const SQL_BY_FORMAT: &str = "SQL by format!";

/// A place where a ban does not hold.
struct Excuse {
    path: &'static str,
    ban: &'static str,
    /// For the reader of this file.
    #[expect(dead_code, reason = "a reason is written for people")]
    reason: &'static str,
}

/// An excuse that excuses nothing any more is itself a finding.
const EXCUSES: &[Excuse] = &[];

pub(super) fn check(file: &RustFile) -> Vec<Finding> {
    violations(file)
        .into_iter()
        .filter(|(ban, _)| !is_excused(&file.path, ban))
        .map(|(_, finding)| finding)
        .collect()
}

/// Excuses whose file no longer does what is excused.
pub(super) fn dead_excuses(files: &[RustFile]) -> Vec<Finding> {
    let is_needed = |excuse: &&Excuse| {
        let file = files.iter().find(|file| file.path == excuse.path);
        file.is_some_and(|file| violations(file).iter().any(|(ban, _)| *ban == excuse.ban))
    };
    EXCUSES
        .iter()
        .filter(|excuse| !is_needed(excuse))
        .map(|excuse| Finding {
            path: "xtask/src/tidy/bans.rs".to_owned(),
            line: 1,
            what: format!("nothing needs the excuse for `{}` in {}", excuse.ban, excuse.path),
            remedy: "remove the excuse",
        })
        .collect()
}

fn is_excused(path: &str, ban: &str) -> bool {
    EXCUSES.iter().any(|excuse| excuse.path == path && excuse.ban == ban)
}

/// Every breach with the name of its ban, excused or not.
fn violations(file: &RustFile) -> Vec<(&'static str, Finding)> {
    let mut violations = Vec::new();
    let is_pure = is_pure_library(&file.path);
    for ban in BANS.iter().filter(|ban| ban.scope == Scope::Everywhere || is_pure) {
        for offset in file.occurrences(ban.sequence) {
            let line = file.line_at(offset);
            if ban.scope == Scope::Everywhere || !file.is_test(line) {
                violations.push((ban.sequence, finding(file, line, ban.sequence, ban.remedy)));
            }
        }
    }
    for (index, comment) in file.comments.lines().enumerate() {
        for mark in MARKS
            .iter()
            .filter(|mark| comment.split(|c: char| !c.is_alphanumeric()).any(|word| word == **mark))
        {
            violations.push((
                *mark,
                finding(file, index + 1, mark, "finish it, or say in a sentence why it is so"),
            ));
        }
    }
    for formatter in FORMATTERS {
        for offset in file.occurrences(formatter).into_iter().filter(|offset| formats_sql(file, *offset)) {
            let remedy = "bind values as parameters, build lists with QueryBuilder";
            violations.push((SQL_BY_FORMAT, finding(file, file.line_at(offset), SQL_BY_FORMAT, remedy)));
        }
    }
    violations
}

fn finding(file: &RustFile, line: usize, what: &str, remedy: &'static str) -> Finding {
    Finding { path: file.path.clone(), line, what: format!("`{what}`"), remedy }
}

/// The simulator's programs own sockets and clocks; its library does not.
fn is_pure_library(path: &str) -> bool {
    let in_library = path.contains("/src/") && !path.contains("/src/bin/") && !path.ends_with("/src/main.rs");
    in_library && crate_of(path).is_some_and(|home| PURE.contains(&home))
}

/// Whether a literal within the macro call at `offset` begins like SQL.
fn formats_sql(file: &RustFile, offset: usize) -> bool {
    let call_end = call_end(&file.code, offset);
    let text = &file.text[offset..call_end];
    let literals = text.split('"').skip(1).step_by(2);
    literals.into_iter().any(|literal| SQL.iter().any(|verb| literal.trim_start().starts_with(verb)))
}

/// Where the parentheses that open after `offset` are closed again.
fn call_end(code: &str, offset: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[offset..].char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return offset + at,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check_text(path: &str, text: &str, expected: &Expect) {
        let mut findings = check(&RustFile::read(path, text));
        findings.sort();
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn an_allowed_lint_is_found_and_an_expected_one_is_not() {
        check_text(
            "crates/store/src/a.rs",
            "#[allow(dead_code)]\nfn a() {}\n#[expect(dead_code, reason = \"#[allow(\")]\nfn b() {}\n",
            &expect!["crates/store/src/a.rs:1: `#[allow(`; use `#[expect(lint, reason = \"…\")]`"],
        );
    }

    #[test]
    fn unfinished_work_is_found_in_code_and_comments_but_not_in_strings() {
        check_text(
            "crates/store/src/a.rs",
            "todo!();\n// TODO: this\nlet x = \"TODO\";\n// TODOS are fine\n",
            &expect![[r"
                crates/store/src/a.rs:1: `todo!`; finish it, or leave it out
                crates/store/src/a.rs:2: `TODO`; finish it, or say in a sentence why it is so"]],
        );
    }

    #[test]
    fn pure_crates_reach_for_nothing_and_their_tests_and_programs_may() {
        let text = "use std::{time::Instant, net::SocketAddr};\nasync fn f() {}\n#[cfg(test)]\nmod tests { use std::fs; }\n";
        check_text(
            "crates/sim/src/a.rs",
            text,
            &expect![[r"
                crates/sim/src/a.rs:1: `Instant`; time is an argument
                crates/sim/src/a.rs:2: `async`; one owner per piece of state; concurrency is in the server"]],
        );
        check_text("crates/sim/src/bin/a.rs", text, &expect![[""]]);
        check_text("crates/server/src/a.rs", text, &expect![[""]]);
    }

    #[test]
    fn channels_without_a_bound_and_sleep_are_found_everywhere() {
        check_text(
            "crates/server/tests/a.rs",
            "mpsc::unbounded_channel();\nmpsc::channel();\nmpsc::channel(8);\nthread::sleep(d);\n",
            &expect![[r"
                crates/server/tests/a.rs:1: `unbounded_channel`; give it a bound and say what happens there
                crates/server/tests/a.rs:2: `mpsc::channel()`; give it a bound and say what happens there
                crates/server/tests/a.rs:4: `thread::sleep`; wait for the event itself, or for a deadline with it"]],
        );
    }

    #[test]
    fn sql_that_is_formatted_is_found() {
        check_text(
            "crates/store/src/a.rs",
            "format!(\"SELECT * FROM {table}\");\nformat!(\"Please SELECT one of {n}\");\nquery(\"SELECT 1\");\n",
            &expect![
                "crates/store/src/a.rs:1: `SQL by format!`; bind values as parameters, build lists with QueryBuilder"
            ],
        );
    }
}
