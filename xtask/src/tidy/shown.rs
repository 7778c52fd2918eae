//! The dialects' pages say of each row of a vendor's document that it works, and by which tests that is shown. The gate runs
//! every test and fails with any; what is left to check is that a row which says so names tests that the gate runs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, TextFile};

const PAGES: &str = "docs/dialects/";
/// The last heading of a table that is checked; the cell before it names the tests.
const HEADING: &str = "Works";
const YES: &str = "works";
/// Tests that are set aside here are run by a stage of their own.
const RUN_ASIDE: &[&str] =
    &["crates/server/tests/wire/", "crates/server/tests/api", "crates/sim/tests/scenarios"];

pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let tests: BTreeSet<&str> =
        files.iter().filter(|file| file.path.ends_with(".rs")).flat_map(tests).collect();
    let pages = files.iter().filter(|file| file.path.starts_with(PAGES));
    pages.flat_map(|page| page_rows(page, &tests)).collect()
}

/// The tests of a file that the gate runs.
fn tests(file: &TextFile) -> Vec<&str> {
    let aside = RUN_ASIDE.iter().any(|path| file.path.starts_with(path));
    let mut found = Vec::new();
    let mut attributes: Vec<&str> = Vec::new();
    for line in file.text.lines().map(str::trim) {
        if line.starts_with("#[") {
            attributes.push(line);
            continue;
        }
        let is_test =
            attributes.iter().any(|attribute| attribute.contains("test]") || attribute.contains("test("));
        let is_run = aside || !attributes.iter().any(|attribute| attribute.starts_with("#[ignore"));
        let name =
            line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
        if let (Some(name), true) = (name, is_test && is_run) {
            found.push(name);
        }
        attributes.clear();
    }
    found
}

fn page_rows(page: &TextFile, tests: &BTreeSet<&str>) -> Vec<Finding> {
    let keys = keys(&page.text);
    let mut findings = Vec::new();
    let (mut in_table, mut before) = (false, Vec::new());
    for (index, line) in page.text.lines().enumerate() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        if !line.starts_with('|') {
            in_table = false;
        } else if cells.last() == Some(&HEADING) {
            in_table = true;
        } else if let (true, [.., shown, works]) = (in_table && !line.starts_with("|---"), cells.as_slice()) {
            let named = if *shown == "the same" { before.clone() } else { named(shown, &keys) };
            let missing = named.iter().find(|test| !tests.contains(last(test)));
            let what = match (*works == YES, missing) {
                (true, None) if named.is_empty() => Some("no test shows that this works".to_owned()),
                (true, Some(test)) => Some(format!("the gate runs no test `{test}`")),
                (false, None) if !named.is_empty() => {
                    Some("its tests are there and it does not say so".to_owned())
                }
                (true | false, _) => None,
            };
            let remedy = "name the tests that show it, or take `works` away";
            findings.extend(what.map(|what| Finding {
                path: page.path.clone(),
                line: index + 1,
                what,
                remedy,
            }));
            before = named;
        }
    }
    findings
}

/// Letters that stand for tests: `W: ` and a name in backticks.
fn keys(text: &str) -> BTreeMap<char, String> {
    let mut keys = BTreeMap::new();
    for (at, _) in text.match_indices(": `") {
        let letter = text[..at].chars().next_back().filter(char::is_ascii_uppercase);
        let alone = text[..at].chars().rev().nth(1).is_none_or(char::is_whitespace);
        let name = text[at + 3..].split('`').next();
        if let (Some(letter), Some(name), true) = (letter, name, alone) {
            keys.insert(letter, name.to_owned());
        }
    }
    keys
}

/// The tests that a cell names, in backticks or by letters.
fn named(cell: &str, keys: &BTreeMap<char, String>) -> Vec<String> {
    let quoted = cell.split('`').skip(1).step_by(2).map(str::to_owned);
    let words = cell.split('`').step_by(2).flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    let letters = words.filter_map(|word| {
        let mut chars = word.chars();
        chars.next().filter(|_| chars.next().is_none()).and_then(|letter| keys.get(&letter)).cloned()
    });
    letters.chain(quoted).collect()
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "#[test]\nfn it_is_shown() {}\n#[tokio::test(flavor = \"x\")]\nasync fn it_waits() {}\n#[test]\n#[ignore = \"y\"]\n\
                        fn it_is_set_aside() {}\nfn it_is_no_test() {}";

    fn findings(path: &str, page: &str) -> Vec<String> {
        let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
        let page = format!("| A | Shown by | Works |\n|---|---|---|\n{page}\nW: `it_waits`.");
        let found = check(&[file(path, CODE), file("docs/dialects/x.md", &page)]);
        found.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_row_works_when_the_gate_runs_the_tests_that_it_names() {
        let good =
            "| a | `m::it_is_shown` | works |\n| b | the same | works |\n| c | W | works |\n| d | - | |";
        assert_eq!(findings("a.rs", good), Vec::<String>::new());
    }

    #[test]
    fn a_row_that_names_no_test_or_one_that_is_not_run_does_not_work() {
        let nothing = "no test shows that this works";
        assert_eq!(findings("a.rs", "| a | the engine | works |"), [nothing]);
        assert_eq!(
            findings("a.rs", "| a | `it_is_no_test` | works |"),
            ["the gate runs no test `it_is_no_test`"]
        );
        let aside = "| a | `it_is_set_aside` | works |";
        assert_eq!(findings("a.rs", aside), ["the gate runs no test `it_is_set_aside`"]);
        assert_eq!(findings("crates/server/tests/wire/a.rs", aside), Vec::<String>::new());
        assert_eq!(findings("a.rs", "| a | W | |"), ["its tests are there and it does not say so"]);
    }
}
