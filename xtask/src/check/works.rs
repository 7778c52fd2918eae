//! The dialects' pages say of each row of a vendor's document whether it works. A person names the tests that show it; the
//! word is written from what became of them in the gate.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::verdicts::Verdicts;
use crate::invocation::Budget;

const PAGES: &str = "docs/dialects";
/// The last heading of a table whose rows are judged; the cell before it names the tests.
const HEADING: &str = "Works";
const YES: &str = "works";

/// Writes each page anew whose words are not those of the verdicts, and fails when there is one.
pub(super) fn run(_: &Budget) -> Result<()> {
    let verdicts = Verdicts::read()?;
    let mut differences = 0;
    for entry in fs::read_dir(PAGES).context("the dialects' pages")? {
        let path = entry?.path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        differences += judge(&path, &text, &verdicts)?;
    }
    if differences > 0 {
        bail!(
            "{differences} rows of {PAGES} said otherwise than the tests; they are written anew: look, then commit"
        );
    }
    Ok(())
}

fn judge(path: &Path, text: &str, verdicts: &Verdicts) -> Result<usize> {
    let judged = page(text, verdicts);
    let (mut rows, mut differences) = (0, 0);
    for (index, (was, is)) in text.lines().zip(judged.lines()).enumerate() {
        rows += usize::from(is.ends_with(&format!("| {YES} |")));
        if was != is {
            differences += 1;
            println!("{}:{}: {is}", path.display(), index + 1);
        }
    }
    if differences > 0 {
        fs::write(path, judged).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if rows > 0 {
        println!("{}: {rows} rows work", path.display());
    }
    Ok(differences)
}

/// The page with the last cell of each row as the verdicts on the tests of the cell before it say.
fn page(text: &str, verdicts: &Verdicts) -> String {
    let keys = keys(text);
    let (mut in_table, mut before) = (false, Vec::new());
    let lines = text.split_inclusive('\n').map(|line| {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let was_in_table = in_table;
        in_table = line.starts_with('|') && (in_table || cells.last() == Some(&HEADING));
        let [.., shown, _] = cells.as_slice() else { return line.to_owned() };
        if !was_in_table || !in_table || line.starts_with("|---") {
            return line.to_owned();
        }
        if *shown != "the same" {
            before = named(shown, &keys);
        }
        let is_shown = !before.is_empty() && before.iter().all(|test| verdicts.has_passed(test));
        let kept = line
            .trim_end()
            .strip_suffix('|')
            .and_then(|row| row.rsplit_once('|'))
            .map_or(line, |(kept, _)| kept);
        format!("{kept}|{}|\n", if is_shown { format!(" {YES} ") } else { " ".to_owned() })
    });
    lines.collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::verdicts::heard;
    use expect_test::expect;

    #[test]
    fn a_row_works_when_all_the_tests_that_it_names_have_passed() {
        let verdicts = heard("test m::is_shown ... ok\ntest waits ... ok\ntest fails ... FAILED");
        let text = "\
| A | Shown by | Works |
|---|---|---|
| a | `m::is_shown` | |
| b | the same | |
| c | W | works |
| d | `fails`, W | works |
| e | `is_not_run` | works |
|  | - | works |

| A | Shown by |
|---|---|
| f | `fails` |
W: `waits`.
";
        expect![[r"
            | A | Shown by | Works |
            |---|---|---|
            | a | `m::is_shown` | works |
            | b | the same | works |
            | c | W | works |
            | d | `fails`, W | |
            | e | `is_not_run` | |
            |  | - | |

            | A | Shown by |
            |---|---|
            | f | `fails` |
            W: `waits`.
        "]]
        .assert_eq(&page(text, &verdicts));
    }
}
