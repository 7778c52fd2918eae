//! The gate's table of stages. To change what the gate runs, edit this file alone.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Stage, Step, works};
use crate::invocation::{Budget, Invocation};
use crate::{fuzz, licences, packages, tidy};

/// From a clean clone on 2 cores, in seconds. Beyond it the gate fails even if every stage passed.
pub(super) const TOTAL_LIMIT_S: u64 = 40 * 60;

/// The gate's one build. Everything at once, so that cargo unites the crates' features once: tests, programs and
/// examples of later stages then run as they lie, without compiling anything a second time.
pub(crate) const BUILD: &str = "build --workspace --all-targets --locked";

/// Our target without clocks, sockets and entropy: what builds for it cannot reach for them.
const WASM: &str = "wasm32-unknown-unknown";

/// Cheap stages first: what can fail in a second should not wait for what fails in a minute.
pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "debian",
        budget_s: 150,
        steps: &[Step::Inline(
            "install the programs that the proofs need, if missing",
            packages::install_missing,
        )],
    },
    Stage {
        name: "toolchain",
        budget_s: 30,
        steps: &[Step::Inline("add the wasm32 target, if missing", add_wasm_target)],
    },
    Stage { name: "format", budget_s: 15, steps: &[Step::Cargo("fmt --all --check")] },
    Stage { name: "tidy", budget_s: 15, steps: &[Step::Inline("the rules of the house", |_| tidy::run())] },
    Stage {
        name: "licences",
        // The first to ask for the whole dependency graph: from a clean clone this is where crates are downloaded.
        budget_s: 30,
        steps: &[Step::Inline("the licence of every dependency", |_| licences::run())],
    },
    Stage {
        name: "clippy",
        budget_s: 180,
        steps: &[Step::Cargo("clippy --workspace --all-targets --locked -- -D warnings")],
    },
    Stage {
        name: "wasm",
        budget_s: 60,
        steps: &[Step::Cargo(
            "check --locked --lib --target wasm32-unknown-unknown -p cordial-engine -p cordial-sip \
             -p cordial-media -p cordial-dialects -p cordial-node -p cordial-sim",
        )],
    },
    Stage { name: "build", budget_s: 600, steps: &[Step::Cargo(BUILD)] },
    Stage { name: "tests", budget_s: 120, steps: &[Step::Tests("--workspace --locked")] },
    Stage {
        name: "scenarios",
        budget_s: 25,
        steps: &[Step::Tests("--workspace --locked --test scenarios -- --include-ignored")],
    },
    Stage {
        name: "sim",
        budget_s: 120,
        steps: &[
            Step::Program("sim --seeds 500 --from 1"),
            Step::Program("sim --every-record"),
            Step::Program("sim --erlang"),
        ],
    },
    Stage {
        name: "fuzz",
        // Our crates are compiled once more, with coverage; then 60 s of inputs.
        budget_s: 210,
        steps: &[Step::Inline("hostile bytes for everything that reads from outside", fuzz::gate)],
    },
    Stage {
        name: "wire",
        budget_s: 210,
        steps: &[Step::Tests(
            "--workspace --locked --test wire -- --include-ignored --nocapture --skip transports:: --skip hostile:: --skip crash::",
        )],
    },
    Stage {
        name: "transports",
        budget_s: 60,
        steps: &[Step::Tests("--workspace --locked --test wire -- --include-ignored transports::")],
    },
    Stage {
        name: "hostile",
        // One after another: a flood beside another test would be that test's flood as well.
        budget_s: 200,
        steps: &[Step::Tests(
            "--workspace --locked --test wire -- --include-ignored --nocapture --test-threads=1 hostile::",
        )],
    },
    Stage {
        name: "crash",
        // Ten kills under load, drains, and disks that fail, one after the other: each wants the machine to itself.
        budget_s: 130,
        steps: &[Step::Tests(
            "--workspace --locked --test wire -- --include-ignored --nocapture --test-threads=1 crash::",
        )],
    },
    Stage {
        name: "api",
        budget_s: 60,
        steps: &[Step::Tests("--workspace --locked --test api -- --include-ignored")],
    },
    Stage {
        name: "schemathesis",
        budget_s: 120,
        steps: &[Step::Inline(
            "every operation of the HTTP API, asked by a program that is not ours",
            fuzz::gate_api,
        )],
    },
    Stage { name: "demo", budget_s: 60, steps: &[Step::Program("examples/demo --once")] },
    Stage {
        name: "works",
        budget_s: 5,
        steps: &[Step::Inline(
            "what the dialects' pages say that works, from what became of the tests",
            works::run,
        )],
    },
];

fn add_wasm_target(budget: &Budget) -> Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let folder = Invocation::new(rustc).args(["--print", "target-libdir", "--target", WASM]).capture()?;
    if Path::new(folder.trim()).is_dir() {
        println!("{WASM} is here");
        return Ok(());
    }
    Invocation::new("rustup")
        .args(["target", "add", WASM])
        .run_within(budget)
        .with_context(|| format!("the pure crates are checked for {WASM}; this toolchain lacks it"))
}
