//! Build and proof commands of the house. `cargo xtask` lists them; each explains itself with `--help`.

mod check;
mod demo;
mod fuzz;
mod invocation;
mod licences;
mod packages;
mod prompts;
mod proofs;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::invocation::Budget;

/// Beyond this an installation on a person's behalf is given up.
const INSTALL_LIMIT: Duration = Duration::from_secs(300);

/// See Cordial work, prove that it works, and keep its house in order.
///
/// A newcomer needs two of these: `cargo xtask demo` shows the contact centre doing its main job with real SIP and
/// real audio on this machine; `cargo xtask check` is the whole gate, exactly what the build server runs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Demo(demo::DemoArgs),
    Check(check::CheckArgs),
    Tidy(tidy::TidyArgs),
    Licences(licences::LicencesArgs),
    Sim(proofs::SimArgs),
    Scenario(proofs::ScenarioArgs),
    Soak(proofs::SoakArgs),
    Fuzz(fuzz::FuzzArgs),
    Bench(proofs::BenchArgs),
    States(proofs::StatesArgs),
    /// Make the announcements, tones and music of assets/prompts again; listen before you commit them.
    Prompts,
}

fn main() -> ExitCode {
    if let Some(code) = fuzz::in_place_of_rustc() {
        return code;
    }
    match run(&Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: &Verb) -> Result<()> {
    let root = repository_root()?;
    std::env::set_current_dir(&root).with_context(|| format!("cannot enter {}", root.display()))?;
    match verb {
        Verb::Demo(args) => demo::run(args),
        Verb::Check(args) => check::run(args),
        Verb::Tidy(_) => tidy::run(),
        Verb::Licences(_) => licences::run(),
        Verb::Sim(args) => proofs::sim(args),
        Verb::Scenario(args) => proofs::scenario(args),
        Verb::Soak(args) => proofs::soak(args),
        Verb::Fuzz(args) => fuzz::run(args),
        Verb::Bench(args) => proofs::bench(args),
        Verb::States(_) => proofs::states(),
        Verb::Prompts => {
            packages::install_missing(&Budget::starting_now(INSTALL_LIMIT))?;
            prompts::run()
        }
    }
}

/// The nearest folder upwards that holds this program's own manifest: the commands work from any sub-folder.
fn repository_root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("the current folder does not exist")?;
    here.ancestors()
        .find(|folder| folder.join("xtask/Cargo.toml").is_file())
        .map(PathBuf::from)
        .with_context(|| format!("{} is not inside Cordial's repository", here.display()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn every_verb_and_argument_is_well_formed_and_explained() {
        let command = super::Cli::command();
        command.clone().debug_assert();
        for verb in command.get_subcommands() {
            assert!(verb.get_about().is_some(), "{} has no sentence of help", verb.get_name());
            for argument in verb.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", verb.get_name(), argument.get_id());
            }
        }
    }
}
