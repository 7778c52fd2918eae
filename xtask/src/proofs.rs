//! The longer proofs, one function each: simulation, scenarios, soak, measurements, pictures of the state machines.

use std::path::Path;

use anyhow::{Result, bail};

use crate::invocation::Invocation;

/// Run the whole contact centre under seeded faults and check its invariants after every step.
///
/// A run that fails prints the seed and the command that repeats it, step for step.
#[derive(clap::Args)]
pub(crate) struct SimArgs {
    /// How many seeds to run.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Instead of seeds, one busy hour with 100 agents, stopped and recovered after every single record of its journal.
    #[arg(long)]
    every_record: bool,
    /// Further arguments for the simulator itself.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Play readable stories and compare facts, SIP ladder and call records with the kept snapshots.
#[derive(clap::Args)]
pub(crate) struct ScenarioArgs {
    /// Play only the scenarios whose name contains this.
    name: Option<String>,
    /// Keep what happens now as the new snapshots; read the difference before you commit it.
    #[arg(long)]
    update: bool,
}

/// The long forms of what the gate does briefly: seeds, a crash after every record, kills of the real process. For a
/// night, or before a release.
#[derive(clap::Args)]
pub(crate) struct SoakArgs {
    /// How many seeds to run.
    #[arg(long, default_value_t = 20_000)]
    seeds: u64,
    /// The first seed; the gate's own seeds begin at 1.
    #[arg(long, default_value_t = 1_000_000)]
    from: u64,
    /// How many busy hours are then stopped and recovered after every single record; each takes a quarter of an hour.
    #[arg(long, default_value_t = 1, value_name = "HOURS")]
    every_record: u64,
    /// How often the real process is killed under load and started again afterwards.
    #[arg(long, default_value_t = 500)]
    kills: u64,
}

/// Measure, in the release profile, and print figures.
#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    /// Further arguments for the measuring program itself.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Draw the state machines again into docs/states; read the difference before you commit it.
#[derive(clap::Args)]
pub(crate) struct StatesArgs {}

/// Makes the tests that compare with a kept text write that text instead.
const KEEP_WHAT_IS: (&str, &str) = ("UPDATE_EXPECT", "1");

const BENCH_PROGRAM: &str = "crates/sim/src/bin/bench.rs";

pub(crate) fn sim(args: &SimArgs) -> Result<()> {
    let from = args.from.to_string();
    if args.every_record {
        return simulator(&["--every-record", "--from", &from]).args(&args.rest).run();
    }
    simulator(&["--seeds", &args.seeds.to_string(), "--from", &from]).args(&args.rest).run()
}

fn simulator(args: &[&str]) -> Invocation {
    Invocation::cargo().args(["run", "--locked", "--package", "cordial-sim", "--bin", "sim", "--"]).args(args)
}

pub(crate) fn scenario(args: &ScenarioArgs) -> Result<()> {
    let mut invocation =
        Invocation::cargo().args(["test", "--locked", "--package", "cordial-sim", "--test", "scenarios"]);
    if let Some(name) = &args.name {
        // The harness filters by test name; the scenarios' runner filters its stories by this.
        invocation = invocation.env("SCENARIO", name);
    }
    if args.update {
        invocation = invocation.env(KEEP_WHAT_IS.0, KEEP_WHAT_IS.1);
    }
    invocation.args(["--", "--nocapture"]).run()
}

pub(crate) fn soak(args: &SoakArgs) -> Result<()> {
    simulator(&["--seeds", &args.seeds.to_string(), "--from", &args.from.to_string()]).run()?;
    for hour in 0..args.every_record {
        simulator(&["--every-record", "--full", "--from", &(args.from + hour).to_string()]).run()?;
    }
    Invocation::cargo()
        .args(["test", "--locked", "--package", "cordial-server", "--test", "wire"])
        .args(["--", "--include-ignored", "--nocapture", "kill"])
        .env("KILLS", &args.kills.to_string())
        .run()
}

pub(crate) fn bench(args: &BenchArgs) -> Result<()> {
    if !Path::new(BENCH_PROGRAM).is_file() {
        bail!("there is nothing to measure with yet: {BENCH_PROGRAM} does not exist");
    }
    Invocation::cargo()
        .args(["run", "--release", "--locked", "--package", "cordial-sim", "--bin", "bench", "--"])
        .args(&args.rest)
        .run()
}

pub(crate) fn states() -> Result<()> {
    Invocation::cargo()
        .args(["test", "--locked", "--package", "cordial-engine", "--package", "cordial-sip"])
        .env("UPDATE_STATES", "1")
        .run()
}
