//! Every refusal code has its page, and every page its code.

use std::collections::BTreeSet;

#[test]
#[expect(clippy::disallowed_methods, reason = "the test reads the pages")]
fn every_refusal_code_has_a_page_of_the_common_form() {
    let source = include_str!("../../src/refusal.rs");
    let codes: BTreeSet<String> =
        source.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
    assert!(codes.contains("already-so"), "the codes are read from the source");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
    for code in &codes {
        let page = std::fs::read_to_string(format!("{folder}/{code}.md")).unwrap_or_default();
        let parts =
            [&format!("# {code}\n") as &str, "\n## Meaning\n", "\n## Why it happens\n", "\n## What to do\n"];
        for part in parts {
            assert!(page.contains(part), "docs/errors/{code}.md lacks {part:?}");
        }
    }
}
