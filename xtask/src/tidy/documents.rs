//! Documents that must keep up with the code: changelog, architecture, a page for each code of a refusal or problem.

use std::collections::BTreeSet;

use super::{Finding, TextFile, crate_of};

const CHANGELOG: &str = "CHANGELOG.md";
const ARCHITECTURE: &str = "ARCHITECTURE.md";
const REFUSAL: &str = "crates/engine/src/refusal.rs";
const PROBLEM: &str = "crates/dialects/src/native/problem.rs";

/// One sitting.
const ARCHITECTURE_LINES_MAX: usize = 300;

/// The kinds of change of keepachangelog.com.
const HEADINGS: &[&str] = &["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

/// Folders of a machine rather than of the repository. Spelled so that this file does not name one.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let text_of = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let crates: BTreeSet<&str> = paths.iter().filter_map(|path| crate_of(path)).collect();
    let mut findings = match text_of(CHANGELOG) {
        Some(text) => changelog(text),
        None => vec![missing(CHANGELOG)],
    };
    findings.extend(match text_of(ARCHITECTURE) {
        Some(text) => architecture(text, &crates),
        None => vec![missing(ARCHITECTURE)],
    });
    findings.extend(match text_of(REFUSAL) {
        Some(text) => refusals(text, &paths),
        None => vec![missing(REFUSAL)],
    });
    findings.extend(match text_of(PROBLEM) {
        Some(text) => problems(text, &paths),
        None => vec![missing(PROBLEM)],
    });
    let texts = [REFUSAL, PROBLEM].map(|path| text_of(path).unwrap_or_default());
    findings.extend(stray_pages(&codes_of_refusals(texts[0]), &codes_of_problems(texts[1]), &paths));
    findings.extend(files.iter().flat_map(machine_paths));
    findings
}

fn missing(path: &str) -> Finding {
    finding(path, 1, "the file does not exist".to_owned(), "write it")
}

fn finding(path: &str, line: usize, what: String, remedy: &'static str) -> Finding {
    Finding { path: path.to_owned(), line, what, remedy }
}

/// Keep a Changelog: `## Unreleased` first, known headings under it, an entry under each.
fn changelog(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, what: String, remedy: &'static str| {
        findings.push(finding(CHANGELOG, line, what, remedy));
    };
    let lines: Vec<(usize, &str)> = text.lines().enumerate().map(|(index, line)| (index + 1, line)).collect();
    let is_release = |line: &str| line.starts_with("## ");
    match lines.iter().find(|(_, line)| is_release(line)) {
        Some((_, "## Unreleased")) => {}
        Some((number, line)) => find(*number, format!("`{line}` comes first"), "begin with `## Unreleased`"),
        None => find(1, "there is no `## Unreleased`".to_owned(), "add it below the introduction"),
    }
    for (at, (number, line)) in lines.iter().enumerate() {
        let Some(heading) = line.strip_prefix("### ") else {
            continue;
        };
        if !HEADINGS.contains(&heading) {
            find(
                *number,
                format!("`{heading}` is no kind of change"),
                "use Added, Changed, Deprecated, Removed, Fixed or Security",
            );
        }
        let body = lines[at + 1..].iter().take_while(|(_, line)| !line.starts_with('#'));
        if !body.into_iter().any(|(_, line)| line.starts_with("- ")) {
            find(
                *number,
                format!("`{heading}` has no entry"),
                "add a line that begins with `- `, or remove the heading",
            );
        }
    }
    let mut unreleased = lines.iter().skip_while(|(_, line)| *line != "## Unreleased").skip(1);
    let has_heading = unreleased
        .by_ref()
        .take_while(|(_, line)| !is_release(line))
        .any(|(_, line)| line.starts_with("### "));
    if text.contains("## Unreleased") && !has_heading {
        find(
            1,
            "nothing is said under `## Unreleased`".to_owned(),
            "say what a user or an operator will notice",
        );
    }
    findings
}

/// Short, and complete: every crate is named as `name`, name/ or crates/name.
fn architecture(text: &str, crates: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if lines > ARCHITECTURE_LINES_MAX {
        let what = format!("{lines} lines, more than {ARCHITECTURE_LINES_MAX}");
        findings.push(finding(
            ARCHITECTURE,
            1,
            what,
            "it is read in one sitting: move detail beside the code",
        ));
    }
    for name in crates {
        let forms = [format!("`{name}`"), format!("{name}/"), format!("crates/{name}")];
        if !forms.iter().any(|form| text.contains(form)) {
            findings.push(finding(
                ARCHITECTURE,
                1,
                format!("the crate `{name}` is not named"),
                "say what it is for",
            ));
        }
    }
    findings
}

/// Codes with the lines where they stand.
type Codes<'a> = Vec<(usize, &'a str)>;

/// The codes of `Refusal::code`: the literals of that function's match.
fn codes_of_refusals(text: &str) -> Codes<'_> {
    body_of(text, "fn code(")
        .filter_map(|(line, text)| Some((line, text.split_once("=> \"")?.1.split_once('"')?.0)))
        .collect()
}

/// The codes of `Code::words`: the first literal of each line that begins a tuple with an HTTP status.
fn codes_of_problems(text: &str) -> Codes<'_> {
    body_of(text, "fn words(")
        .filter_map(|(line, text)| {
            let (before, after) = text.split_once(", \"")?;
            let status = before.rsplit_once('(')?.1;
            status.parse::<u16>().is_ok().then_some((line, after.split_once('"')?.0))
        })
        .collect()
}

/// The numbered lines of a function, up to the next one.
fn body_of<'a>(text: &'a str, function: &'static str) -> impl Iterator<Item = (usize, &'a str)> {
    let lines = text.lines().enumerate().skip_while(move |(_, line)| !line.contains(function));
    lines.skip(1).take_while(|(_, line)| !line.contains(" fn ")).map(|(index, line)| (index + 1, line))
}

/// Each code of `Refusal::code` has its page.
fn refusals(text: &str, paths: &BTreeSet<&str>) -> Vec<Finding> {
    let codes = codes_of_refusals(text);
    if codes.is_empty() {
        return vec![no_codes(REFUSAL, "let `fn code` be a match to literals")];
    }
    pages(REFUSAL, "refusal", codes, paths)
}

/// Each code of `Code::words` has its page.
fn problems(text: &str, paths: &BTreeSet<&str>) -> Vec<Finding> {
    let codes = codes_of_problems(text);
    if codes.is_empty() {
        return vec![no_codes(PROBLEM, "let `fn words` be a match to tuples of literals")];
    }
    pages(PROBLEM, "problem", codes, paths)
}

fn no_codes(path: &str, remedy: &'static str) -> Finding {
    finding(path, 1, "no codes are found".to_owned(), remedy)
}

fn pages(path: &str, kind: &str, codes: Codes<'_>, paths: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (line, code) in codes {
        if !code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            findings.push(finding(path, line, format!("the code `{code}`"), "write codes in kebab-case"));
        }
        if !seen.insert(code) {
            findings.push(finding(
                path,
                line,
                format!("the code `{code}` is used twice"),
                "one code, one meaning",
            ));
        }
        if !paths.contains(format!("docs/errors/{code}.md").as_str()) {
            let what = format!("the {kind} `{code}` has no page docs/errors/{code}.md");
            findings.push(finding(path, line, what, "write what happened, why, and what to do"));
        }
    }
    findings
}

/// A page whose code is gone explains what cannot happen.
fn stray_pages(refusals: &Codes<'_>, problems: &Codes<'_>, paths: &BTreeSet<&str>) -> Vec<Finding> {
    let codes: BTreeSet<&str> = refusals.iter().chain(problems).map(|(_, code)| *code).collect();
    paths
        .iter()
        .filter(|path| {
            let page = path.strip_prefix("docs/errors/").and_then(|name| name.strip_suffix(".md"));
            page.is_some_and(|code| !codes.contains(code))
        })
        .map(|path| finding(path, 1, "no code is called so".to_owned(), "remove or rename the page"))
        .collect()
}

fn machine_paths(file: &TextFile) -> Vec<Finding> {
    let lines = file.text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            let path = MACHINE_PATHS.iter().find(|path| begins_within(line, path))?;
            let what = format!("a path of some machine (`{path}`)");
            Some(finding(&file.path, index + 1, what, "write paths from the repository's root"))
        })
        .collect()
}

/// Whether this absolute path stands in the line; in `docs/errors/` the slash continues a relative one.
fn begins_within(line: &str, path: &str) -> bool {
    let continues = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || "._-*}>)".contains(c));
    line.match_indices(path).any(|(at, _)| !continues(&line[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check_findings(findings: &[Finding], expected: &Expect) {
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_changelog_in_its_form_has_no_findings() {
        let text =
            "# Changelog\n\n## Unreleased\n\n### Added\n- A call.\n\n## 0.1.0\n\n### Fixed\n- A leg.\n";
        check_findings(&changelog(text), &expect![[""]]);
    }

    #[test]
    fn a_changelog_out_of_form_says_what_is_missing() {
        check_findings(
            &changelog("# Changelog\n\n## 0.1.0\n### New\n"),
            &expect![[r"
                CHANGELOG.md:3: `## 0.1.0` comes first; begin with `## Unreleased`
                CHANGELOG.md:4: `New` is no kind of change; use Added, Changed, Deprecated, Removed, Fixed or Security
                CHANGELOG.md:4: `New` has no entry; add a line that begins with `- `, or remove the heading"]],
        );
        check_findings(
            &changelog("## Unreleased\n\n## 0.1.0\n### Added\n- x\n"),
            &expect![
                "CHANGELOG.md:1: nothing is said under `## Unreleased`; say what a user or an operator will notice"
            ],
        );
        check_findings(
            &changelog(""),
            &expect!["CHANGELOG.md:1: there is no `## Unreleased`; add it below the introduction"],
        );
    }

    #[test]
    fn the_architecture_names_every_crate_in_few_lines() {
        let crates = BTreeSet::from(["engine", "sip", "media"]);
        let text = format!("`engine` and sip/\nmultimedia\n{}", "\n".repeat(300));
        check_findings(
            &architecture(&text, &crates),
            &expect![[r"
                ARCHITECTURE.md:1: 302 lines, more than 300; it is read in one sitting: move detail beside the code
                ARCHITECTURE.md:1: the crate `media` is not named; say what it is for"]],
        );
    }

    #[test]
    fn every_refusal_has_its_page() {
        let text = "const X: &str = match y { 1 => \"no\" };\n\
                    pub const fn code(&self) -> &str {\n  match self {\n    Self::A => \"busy\",\n    Self::B { .. } => \"Not_Found\",\n    Self::C => \"busy\",\n  }\n}\n\
                    pub fn other() { 1 => \"x\" }\n";
        check_findings(
            &refusals(text, &BTreeSet::from(["docs/errors/busy.md"])),
            &expect![[r"
                crates/engine/src/refusal.rs:5: the code `Not_Found`; write codes in kebab-case
                crates/engine/src/refusal.rs:5: the refusal `Not_Found` has no page docs/errors/Not_Found.md; write what happened, why, and what to do
                crates/engine/src/refusal.rs:6: the code `busy` is used twice; one code, one meaning"]],
        );
        check_findings(
            &refusals("pub struct Refusal;", &BTreeSet::new()),
            &expect![
                "crates/engine/src/refusal.rs:1: no codes are found; let `fn code` be a match to literals"
            ],
        );
    }

    #[test]
    fn every_problem_has_its_page_and_every_page_its_code() {
        let text = "pub const fn words(self) -> (u16, &'static str) {\n  match self {\n    Self::A => (400, \"bad\", \"Bad (1, 2)\"),\n    Self::B => {\n      (409, \"busy\", \"Busy\")\n    }\n  }\n}\n\n    pub fn other() { (1, \"x\") }\n";
        let paths = BTreeSet::from(["docs/errors/busy.md", "docs/errors/gone.md", "docs/errors.md"]);
        check_findings(
            &problems(text, &paths),
            &expect![
                "crates/dialects/src/native/problem.rs:3: the problem `bad` has no page docs/errors/bad.md; write what happened, why, and what to do"
            ],
        );
        check_findings(
            &stray_pages(&Vec::new(), &codes_of_problems(text), &paths),
            &expect!["docs/errors/gone.md:1: no code is called so; remove or rename the page"],
        );
        assert_eq!(problems("pub enum Code {}", &paths).len(), 1);
    }

    #[test]
    fn a_machine_path_is_found() {
        let file = |text: &str| TextFile { path: "a.md".to_owned(), text: text.to_owned() };
        assert_eq!(machine_paths(&file(concat!("x\nsee /wo", "rk/main\n")))[0].line, 2);
        assert_eq!(machine_paths(&file(concat!("see docs/wo", "rk/a.md and /rootless\n"))), []);
    }
}
