//! The licence of every crate that ends up in, or builds, our programs, from `cargo metadata`.

mod spdx;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::invocation::Invocation;
use spdx::Expression;

/// Check that every dependency's licence is one that this project may ship under `MIT OR Apache-2.0`.
#[derive(clap::Args)]
pub(crate) struct LicencesArgs {}

/// Permissive licences: nothing is asked of our users but to keep the notices.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// A licence that one crate may carry and others may not. MPL-2.0 is not on the list above either: its duty to publish
/// changed files is light, but each crate that brings it is looked at once and gets its line here.
struct Exception {
    package: &'static str,
    licence: &'static str,
    /// Why we may carry it; for the reader of this file alone.
    #[expect(dead_code, reason = "a reason is written for people")]
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        package: "libfuzzer-sys",
        licence: "NCSA",
        reason: "permissive, as MIT and BSD-3-Clause are; in the fuzz targets alone, which are not shipped",
    },
    Exception {
        package: "mp3lame-sys",
        licence: "LGPL-3.0",
        reason: "linked statically; our sources are open, so whoever receives the program can relink it",
    },
    Exception {
        package: "mp3lame-sys",
        licence: "LGPL-3.0-or-later",
        reason: "the same crate, in the newer spelling",
    },
];

/// A package of the dependency graph, as far as licences go.
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
}

pub(crate) fn run() -> Result<()> {
    // We ship for Linux; crates that only other systems would build are neither downloaded nor judged.
    let platforms = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];
    let filters = platforms.iter().flat_map(|platform| ["--filter-platform", platform]);
    let text = Invocation::cargo()
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(filters)
        .capture()
        .context("the dependency graph cannot be read; is Cargo.lock up to date?")?;
    let packages = packages(&text)?;
    let complaints: Vec<String> = packages.iter().filter_map(complaint).collect();
    for complaint in &complaints {
        println!("{complaint}");
    }
    if !complaints.is_empty() {
        bail!("{} of {} packages have a licence that we may not ship", complaints.len(), packages.len());
    }
    println!("{} packages, every licence allowed", packages.len());
    Ok(())
}

fn packages(metadata: &str) -> Result<Vec<Package>> {
    let metadata: Value = serde_json::from_str(metadata).context("cargo metadata is not JSON")?;
    let list = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    list.iter()
        .map(|package| {
            let text = |key: &str| package[key].as_str().map(str::to_owned);
            Ok(Package {
                name: text("name").context("a package has no name")?,
                version: text("version").context("a package has no version")?,
                licence: text("license"),
            })
        })
        .collect()
}

/// What is wrong with a package's licence and what to do about it, if anything is.
fn complaint(package: &Package) -> Option<String> {
    let Package { name, version, licence } = package;
    let Some(licence) = licence else {
        return Some(format!("{name} {version}: declares no licence; choose another crate"));
    };
    let expression = match Expression::parse(licence) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("{name} {version}: `{licence}` cannot be read: {error}")),
    };
    if expression.is_satisfied_by(&|term| is_allowed(name, term)) {
        return None;
    }
    Some(format!(
        "{name} {version}: `{licence}` is not allowed; choose another crate, or weigh it and add a line with its reason \
         in xtask/src/licences.rs"
    ))
}

fn is_allowed(package: &str, licence: &str) -> bool {
    ALLOWED.contains(&licence)
        || EXCEPTIONS.iter().any(|exception| exception.package == package && exception.licence == licence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(name: &str, licence: Option<&str>, expected: &Expect) {
        let package = Package {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            licence: licence.map(str::to_owned),
        };
        expected.assert_eq(complaint(&package).as_deref().unwrap_or("allowed"));
    }

    #[test]
    fn a_choice_is_allowed_when_one_side_of_it_is() {
        check("a", Some("MIT OR GPL-3.0-only"), &expect!["allowed"]);
        check("a", Some("MIT/Apache-2.0"), &expect!["allowed"]);
    }

    #[test]
    fn duties_that_add_up_must_all_be_allowed() {
        check("ring", Some("Apache-2.0 AND ISC"), &expect!["allowed"]);
        check(
            "a",
            Some("MIT AND GPL-3.0-only"),
            &expect![
                "a 1.2.3: `MIT AND GPL-3.0-only` is not allowed; choose another crate, or weigh it and add a line with its reason in xtask/src/licences.rs"
            ],
        );
    }

    #[test]
    fn an_exception_belongs_to_its_crate_alone() {
        check("mp3lame-sys", Some("LGPL-3.0"), &expect!["allowed"]);
        check(
            "other",
            Some("LGPL-3.0"),
            &expect![
                "other 1.2.3: `LGPL-3.0` is not allowed; choose another crate, or weigh it and add a line with its reason in xtask/src/licences.rs"
            ],
        );
    }

    #[test]
    fn a_crate_without_a_licence_is_refused() {
        check("a", None, &expect!["a 1.2.3: declares no licence; choose another crate"]);
        check(
            "a",
            Some("MIT OR"),
            &expect!["a 1.2.3: `MIT OR` cannot be read: a licence is expected at the end"],
        );
    }

    #[test]
    fn packages_are_read_from_cargo_metadata() {
        let text = r#"{"packages":[{"name":"a","version":"1.0.0","license":"MIT"},{"name":"b","version":"2.0.0","license":null}]}"#;
        let read = packages(text).expect("well-formed");
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].licence.as_deref(), Some("MIT"));
        assert_eq!(read[1].licence, None);
    }
}
