//! Runs seeds and stops at the first that breaks a rule.

use std::process::ExitCode;

use clap::Parser;
use cordial_sim::run::run;
use cordial_sim::tamper::Fault;

/// Run the contact centre under seeded faults and check its invariants after every step.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Plant a fault by its name, to see it caught.
    #[arg(long)]
    fault: Option<String>,
    /// Go on after a seed that breaks a rule, to see how many do.
    #[arg(long)]
    keep_going: bool,
    /// Print all that people and faults did.
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let fault = match &arguments.fault {
        None => None,
        Some(name) => match Fault::ALL.iter().find(|(_, word, _)| word == name) {
            Some((fault, ..)) => Some(*fault),
            None => {
                let words: Vec<_> = Fault::ALL.iter().map(|(_, word, _)| *word).collect();
                eprintln!("no such fault; there are: {}", words.join(", "));
                return ExitCode::FAILURE;
            }
        },
    };
    let mut broken = 0;
    let (mut events, mut calls, mut virtual_ms) = (0, 0, 0);
    for seed in arguments.from..arguments.from + arguments.seeds {
        let report = run(seed, fault, arguments.verbose);
        (events, calls, virtual_ms) =
            (events + report.events, calls + report.calls, virtual_ms + report.virtual_ms);
        for line in &report.log {
            println!("{line}");
        }
        if let Some(violation) = &report.violation {
            println!("seed {seed}, at {} ms: {}: {}", violation.at, violation.rule, violation.what);
            println!("repeat it with: cargo xtask sim --seeds 1 --from {seed}");
            broken += 1;
            if !arguments.keep_going {
                return ExitCode::FAILURE;
            }
        }
        let done = seed + 1 - arguments.from;
        if done.is_multiple_of(100) {
            println!(
                "{done} seeds done: {calls} calls, {events} events, {} virtual minutes",
                virtual_ms / 60_000
            );
        }
    }
    let (passed, minutes) = (arguments.seeds - broken, virtual_ms / 60_000);
    println!(
        "{passed} of {} seeds passed: {calls} calls, {events} events, {minutes} virtual minutes",
        arguments.seeds
    );
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
