//! A file can be read in one sitting, a function on one screen. Tests are not measured.

use super::Finding;
use super::rust::RustFile;

/// Aim for half of it.
const FILE_LINES_MAX: usize = 800;

const FUNCTION_LINES_MAX: usize = 70;

pub(super) fn check(file: &RustFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = file.product_lines();
    if lines > FILE_LINES_MAX {
        findings.push(Finding {
            path: file.path.clone(),
            line: 1,
            what: format!("{lines} lines without tests, more than {FILE_LINES_MAX}"),
            remedy: "split it by idea (`call/transfer.rs`), not by kind (`call/types.rs`)",
        });
    }
    for function in file.functions() {
        if function.lines > FUNCTION_LINES_MAX && !function.is_excused && !file.is_test(function.line) {
            findings.push(Finding {
                path: file.path.clone(),
                line: function.line,
                what: format!(
                    "`{}` has {} lines, more than {FUNCTION_LINES_MAX}",
                    function.name, function.lines
                ),
                remedy: "let the parent branch and leaves do the straight work",
            });
        }
    }
    if file.path.ends_with("/mod.rs") {
        findings.push(Finding {
            path: file.path.clone(),
            line: 1,
            what: "a file named mod.rs".to_owned(),
            remedy: "name it after its module: `foo.rs` beside `foo/`",
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check_text(path: &str, text: &str, expected: &Expect) {
        let findings = check(&RustFile::read(path, text));
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_function_of_seventy_lines_fits_and_of_seventy_one_does_not() {
        check_text("a.rs", &format!("fn a() {{\n{}}}\n", "x;\n".repeat(68)), &expect![[""]]);
        check_text(
            "a.rs",
            &format!("\nfn a() {{\n{}}}\n", "x;\n".repeat(69)),
            &expect![
                "a.rs:2: `a` has 71 lines, more than 70; let the parent branch and leaves do the straight work"
            ],
        );
    }

    #[test]
    fn a_table_may_be_long_when_it_says_why_and_excuses_nothing_but_itself() {
        let long = format!("fn a() {{\n{}}}\n", "x;\n".repeat(70));
        let excuse = "#[expect(clippy::too_many_lines, reason = \"one exhaustive table\")]\n";
        check_text(
            "a.rs",
            &format!("{excuse}pub(crate) {long}{long}"),
            &expect![
                "a.rs:74: `a` has 72 lines, more than 70; let the parent branch and leaves do the straight work"
            ],
        );
    }

    #[test]
    fn tests_may_be_long() {
        let long = format!("fn a() {{\n{}}}\n", "x;\n".repeat(900));
        check_text("a.rs", &format!("#[cfg(test)]\nmod tests {{\n{long}}}\n"), &expect![[""]]);
        check_text("crates/a/tests/b.rs", &long, &expect![[""]]);
    }

    #[test]
    fn a_file_of_eight_hundred_lines_fits_and_of_one_more_does_not() {
        check_text("a.rs", &"x();\n".repeat(800), &expect![[""]]);
        check_text(
            "a/mod.rs",
            &"x();\n".repeat(801),
            &expect![[r"
                a/mod.rs:1: 801 lines without tests, more than 800; split it by idea (`call/transfer.rs`), not by kind (`call/types.rs`)
                a/mod.rs:1: a file named mod.rs; name it after its module: `foo.rs` beside `foo/`"]],
        );
    }
}
