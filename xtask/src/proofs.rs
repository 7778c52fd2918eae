//! The longer proofs, one function each: simulation, scenarios, soak, measurements, pictures of the state machines.

use anyhow::Result;

use crate::invocation::{Invocation, target_folder};

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
    /// Instead of seeds, compare the waits of systems that queueing theory knows with the exact results.
    #[arg(long, conflicts_with = "every_record")]
    erlang: bool,
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

/// The long forms of what the gate does briefly. For a night, or before a release.
///
/// One after the other: seeds in simulation; busy hours stopped and recovered after every single record; every system
/// that queueing theory has a table for; the real process killed under load again and again; the real process flooded, a
/// minute for each of eight floods.
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
    /// How long the real process then endures each of the eight floods.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    flood_s: u64,
}

/// Measure, in the release profile, and print figures: first the crates in memory, then the real process.
///
/// `-- --only NAME` chooses: names that begin with `wire` are measured on the real server with sockets and disk, the
/// others in memory. `-- --quick` is small and rough. What else the two programs take they say themselves:
/// `-- --only register --help`, `-- --only wire --help`.
#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    /// Further arguments for the measuring programs themselves.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Draw the state machines again into docs/states; read the difference before you commit it.
#[derive(clap::Args)]
pub(crate) struct StatesArgs {}

/// Makes the tests that compare with a kept text write that text instead.
const KEEP_WHAT_IS: (&str, &str) = ("UPDATE_EXPECT", "1");

/// The load generator lies beside the server as an example and starts the server that is built with it.
const LOAD_BUILD: &str = "build --release --locked --package cordial-server --bin cordial --example load";

pub(crate) fn sim(args: &SimArgs) -> Result<()> {
    let from = args.from.to_string();
    if args.every_record {
        return simulator(&["--every-record", "--from", &from]).args(&args.rest).run();
    }
    if args.erlang {
        return simulator(&["--erlang", "--from", &from]).args(&args.rest).run();
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
    simulator(&["--erlang", "--full"]).run()?;
    wire("crash::kill::").env("KILLS", &args.kills.to_string()).run()?;
    wire("hostile::flood::").env("FLOOD_S", &args.flood_s.to_string()).run()
}

/// The tests with this in their name against the real process, one after the other.
fn wire(name: &str) -> Invocation {
    Invocation::cargo().args(["test", "--locked", "--package", "cordial-server", "--test", "wire"]).args([
        "--",
        "--include-ignored",
        "--nocapture",
        "--test-threads=1",
        name,
    ])
}

pub(crate) fn bench(args: &BenchArgs) -> Result<()> {
    let wire = args.is_wire_wanted();
    if wire != Some(true) {
        Invocation::cargo()
            .args(["run", "--release", "--locked", "--package", "cordial-sim", "--bin", "bench", "--"])
            .args(&args.rest)
            .run()?;
    }
    if wire != Some(false) {
        Invocation::cargo().args(LOAD_BUILD.split_whitespace()).run()?;
        Invocation::new(target_folder()?.join("release/examples/load")).args(&args.rest).run()?;
    }
    Ok(())
}

impl BenchArgs {
    /// Whether the one wished for is measured on the real server; `None` when all are wished for.
    fn is_wire_wanted(&self) -> Option<bool> {
        let mut words = self.rest.iter().map(String::as_str);
        let name = words.find_map(|word| word.strip_prefix("--only"))?;
        let name = name.strip_prefix('=').or_else(|| words.next())?;
        Some(name.starts_with("wire"))
    }
}

pub(crate) fn states() -> Result<()> {
    Invocation::cargo()
        .args(["test", "--locked", "--package", "cordial-engine", "--package", "cordial-sip"])
        .env("UPDATE_STATES", "1")
        .run()
}

#[cfg(test)]
mod tests {
    use super::BenchArgs;

    #[test]
    fn a_measurement_is_made_by_the_program_that_has_it() {
        let wanted = |words: &str| {
            BenchArgs { rest: words.split_whitespace().map(str::to_owned).collect() }.is_wire_wanted()
        };
        assert_eq!(wanted("--quick"), None);
        assert_eq!(wanted("--quick --only register"), Some(false));
        assert_eq!(wanted("--only wire-register --quick"), Some(true));
        assert_eq!(wanted("--only=wire"), Some(true));
        assert_eq!(wanted("--only"), None);
    }
}
