//! Fuzzing: the targets of `fuzz/` under libFuzzer, guided by coverage, on the stable toolchain.

mod api;
mod run;
mod rustc;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::invocation::{Budget, Invocation, target_folder};
use run::{Outcome, Target};
pub(crate) use rustc::in_place_of_rustc;

/// Feed hostile bytes to everything that reads from outside, guided by coverage, or ask the whole HTTP API.
///
/// Found inputs that reach new code gather in target/fuzz/corpus and serve the next run; `--keep` picks the few that
/// are worth committing. An input that breaks a promise is left in target/fuzz/found with the command that repeats it.
#[derive(clap::Args)]
pub(crate) struct FuzzArgs {
    /// Only this target: a folder of fuzz/corpus.
    #[arg(long)]
    target: Option<String>,
    /// How long each target is fed. Seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Give the target this one input and nothing else.
    #[arg(long, requires = "target", value_name = "FILE")]
    input: Option<PathBuf>,
    /// Afterwards, copy the fewest found inputs that cover all that was reached into fuzz/corpus.
    #[arg(long)]
    keep: bool,
    /// Ask the HTTP API of a real server with schemathesis instead, for `--seconds`.
    #[arg(long, conflicts_with_all = ["target", "keep"])]
    api: bool,
}

/// Where the kept inputs lie, a folder for each target.
const CORPUS: &str = "fuzz/corpus";

/// How long the gate's targets run, all together. Seconds, of two processors.
const GATE_S: u64 = 60;

/// Targets that run at once: one for each processor of the smallest machine.
const AT_ONCE: u64 = 2;

/// How long the gate asks the HTTP API. Seconds.
const GATE_API_S: u64 = 60;

/// Made-up requests for each operation of the HTTP API, in the gate and by hand.
const GATE_API_EXAMPLES: u32 = 8;
const API_EXAMPLES: u32 = 500;

/// A person may wait this long for one target, its build included.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// What `cargo xtask fuzz` does.
pub(crate) fn run(args: &FuzzArgs) -> Result<()> {
    let budget = Budget::starting_now(PATIENCE);
    if args.api {
        return api::ask(api::Depth { examples: API_EXAMPLES, seconds: args.seconds }, &budget);
    }
    let program = build(&budget)?;
    let all = targets(&program)?;
    let chosen: Vec<Target> = match &args.target {
        None => all,
        Some(name) => {
            let names: Vec<String> = all.iter().map(|target| target.name.clone()).collect();
            let chosen = all.into_iter().filter(|target| target.name == *name).collect::<Vec<_>>();
            if chosen.is_empty() {
                bail!("there is no target `{name}`; the targets are {}", names.join(", "));
            }
            chosen
        }
    };
    if let (Some(input), [target]) = (&args.input, chosen.as_slice()) {
        return target.repeat(input);
    }
    if let [target] = chosen.as_slice() {
        target.feed_in_sight(args.seconds)?;
    } else {
        report(&run::feed_all(&chosen, args.seconds, AT_ONCE, None, &budget)?)?;
    }
    if args.keep {
        chosen.iter().try_for_each(Target::keep)?;
    }
    Ok(())
}

/// The gate's share: all targets, the whole kept corpus first, then new inputs for the rest of the time. The seed is
/// fixed, so that what is tried depends on the speed of the machine and on nothing else.
pub(crate) fn gate(budget: &Budget) -> Result<()> {
    let targets = targets(&build(budget)?)?;
    let each = (GATE_S * AT_ONCE / targets.len() as u64).max(1);
    report(&run::feed_all(&targets, each, AT_ONCE, Some(1), budget)?)
}

/// The gate's share of the HTTP API.
pub(crate) fn gate_api(budget: &Budget) -> Result<()> {
    api::ask(api::Depth { examples: GATE_API_EXAMPLES, seconds: GATE_API_S }, budget)
}

/// Builds the targets with coverage: this program stands in for rustc and adds the passes for our own crates. Cargo
/// keeps what it so builds apart, and takes dependencies as the gate's one build left them.
fn build(budget: &Budget) -> Result<PathBuf> {
    // By its place, not as this process: the gate's build may have put a new one there since it began.
    let this = target_folder()?.join("debug/xtask");
    let text = Invocation::cargo()
        .args(["build", "--workspace", "--test", "fuzz", "--locked"])
        .arg("--message-format=json-render-diagnostics")
        .env("RUSTC_WORKSPACE_WRAPPER", &this.to_string_lossy())
        .env(rustc::SIGN, "1")
        .capture()?;
    if budget.is_outrun() {
        bail!("building the targets took all the time there was");
    }
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "fuzz")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo built no fuzz program")
}

/// Every folder of inputs is a target; the replay in `fuzz/tests` proves it.
fn targets(program: &Path) -> Result<Vec<Target>> {
    let mut names: Vec<String> = std::fs::read_dir(CORPUS)
        .with_context(|| format!("{CORPUS} cannot be read"))?
        .filter_map(|folder| folder.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    if names.is_empty() {
        bail!("{CORPUS} is empty");
    }
    names.into_iter().map(|name| Target::new(name, program)).collect()
}

fn report(outcomes: &[Outcome]) -> Result<()> {
    println!("{:<14} {:>10} {:>9} {:>9} {:>7}", "target", "inputs", "per s", "covered", "kept");
    for outcome in outcomes {
        println!("{outcome}");
    }
    let failed: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.fault.is_some()).collect();
    for outcome in &failed {
        println!("\n{}: {}", outcome.target, outcome.fault.as_deref().unwrap_or_default());
    }
    if !failed.is_empty() {
        bail!("{} of {} targets broke a promise", failed.len(), outcomes.len());
    }
    Ok(())
}
