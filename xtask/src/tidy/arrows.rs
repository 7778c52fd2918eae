//! Arrows between our crates run downwards only: server -> {dialects, node, store} -> {engine, sip, media}.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;

/// The manifests of the workspace, without their dependencies' own.
pub(super) const METADATA: [&str; 5] = ["metadata", "--no-deps", "--format-version", "1", "--offline"];

/// What each crate may name of ours: in its code, and in its tests besides.
struct Arrows {
    from: &'static str,
    to: &'static [&'static str],
    in_tests: &'static [&'static str],
}

/// A ninth crate needs a different reader, stability promise or thread; "it is long" asks for a module.
const ARROWS: &[Arrows] = &[
    Arrows { from: "cordial-engine", to: &[], in_tests: &[] },
    Arrows { from: "cordial-sip", to: &[], in_tests: &[] },
    Arrows { from: "cordial-media", to: &[], in_tests: &[] },
    Arrows { from: "cordial-dialects", to: &["cordial-engine"], in_tests: &[] },
    Arrows { from: "cordial-node", to: &["cordial-engine", "cordial-sip", "cordial-media"], in_tests: &[] },
    Arrows { from: "cordial-store", to: &["cordial-engine", "cordial-node"], in_tests: &[] },
    Arrows {
        from: "cordial-sim",
        to: &["cordial-node", "cordial-dialects", "cordial-media", "cordial-engine", "cordial-sip"],
        in_tests: &[],
    },
    Arrows {
        from: "cordial-server",
        to: &[
            "cordial-dialects",
            "cordial-node",
            "cordial-store",
            "cordial-engine",
            "cordial-sip",
            "cordial-media",
        ],
        // Tests and the demonstration use the simulator's phones.
        in_tests: &["cordial-sim"],
    },
    Arrows {
        // The targets stand outside of everything: they are fed, and nothing of ours names them.
        from: "cordial-fuzz",
        to: &["cordial-dialects", "cordial-store", "cordial-engine", "cordial-sip", "cordial-media"],
        in_tests: &[],
    },
    Arrows { from: "xtask", to: &["cordial-media"], in_tests: &[] },
];

pub(super) fn check(metadata: &str) -> Result<Vec<Finding>> {
    let metadata: Value = serde_json::from_str(metadata).context("cargo metadata is not JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let ours: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package has no name")?;
        let manifest = package["manifest_path"].as_str().context("a package has no manifest")?;
        let path = manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/');
        let mut find = |what: String, remedy: &'static str| {
            findings.push(Finding { path: path.to_owned(), line: 1, what, remedy });
        };
        let Some(arrows) = ARROWS.iter().find(|arrows| arrows.from == name) else {
            find(
                format!("the crate {name} is new"),
                "make it a module, or add it in xtask/src/tidy/arrows.rs",
            );
            continue;
        };
        let dependencies = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
        for dependency in dependencies {
            let to = dependency["name"].as_str().context("a dependency has no name")?;
            let in_tests = dependency["kind"].as_str() == Some("dev");
            let is_allowed = arrows.to.contains(&to) || (in_tests && arrows.in_tests.contains(&to));
            if ours.contains(&to) && !is_allowed {
                let what =
                    format!("the arrow {name} -> {to}{} is upwards", if in_tests { " (tests)" } else { "" });
                find(what, "move what is needed down, or pass it in as plain values");
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::json;

    fn check_arrow(from: &str, to: &str, kind: Option<&str>, expected: &Expect) {
        let package = |name: &str, dependencies: Value| {
            let manifest = format!("/r/crates/{name}/Cargo.toml");
            json!({"name": name, "manifest_path": manifest, "dependencies": dependencies})
        };
        let metadata = json!({
            "workspace_root": "/r",
            "packages": [package(from, json!([{"name": to, "kind": kind}])), package(to, json!([]))],
        });
        let findings = check(&metadata.to_string()).expect("well-formed");
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn arrows_may_run_downwards() {
        check_arrow("cordial-server", "cordial-node", None, &expect![[""]]);
        check_arrow("cordial-node", "cordial-engine", None, &expect![[""]]);
    }

    #[test]
    fn an_arrow_upwards_or_sideways_is_found() {
        check_arrow(
            "cordial-engine",
            "cordial-sip",
            None,
            &expect![
                "crates/cordial-engine/Cargo.toml:1: the arrow cordial-engine -> cordial-sip is upwards; move what is needed down, or pass it in as plain values"
            ],
        );
        check_arrow(
            "cordial-dialects",
            "cordial-node",
            Some("dev"),
            &expect![
                "crates/cordial-dialects/Cargo.toml:1: the arrow cordial-dialects -> cordial-node (tests) is upwards; move what is needed down, or pass it in as plain values"
            ],
        );
    }

    #[test]
    fn the_server_may_use_the_simulator_in_tests_alone() {
        check_arrow("cordial-server", "cordial-sim", Some("dev"), &expect![[""]]);
        check_arrow(
            "cordial-server",
            "cordial-sim",
            None,
            &expect![
                "crates/cordial-server/Cargo.toml:1: the arrow cordial-server -> cordial-sim is upwards; move what is needed down, or pass it in as plain values"
            ],
        );
    }

    #[test]
    fn a_new_crate_asks_for_its_reason() {
        check_arrow(
            "cordial-extra",
            "cordial-sip",
            None,
            &expect![
                "crates/cordial-extra/Cargo.toml:1: the crate cordial-extra is new; make it a module, or add it in xtask/src/tidy/arrows.rs"
            ],
        );
    }
}
