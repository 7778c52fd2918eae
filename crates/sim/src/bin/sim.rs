//! Runs seeds and stops at the first that breaks a rule.

use std::process::ExitCode;
use std::thread;

use clap::Parser;
use cordial_sim::crashes::{Done, Stops};
use cordial_sim::erlang::{self, System};
use cordial_sim::run::{Pace, Report, hour, run};
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
    /// Instead, one busy hour with 100 agents, stopped and recovered after every single record of its journal.
    #[arg(long, conflicts_with_all = ["seeds", "fault", "keep_going"])]
    every_record: bool,
    /// Instead, let the engine serve systems whose waits queueing theory knows, and compare.
    #[arg(long, conflicts_with_all = ["seeds", "fault", "keep_going", "every_record"])]
    erlang: bool,
    /// With --every-record: as many calls as 100 agents can take. The gate's hour has fewer. With --erlang: every row of the
    /// tables instead of six, and a million calls or more of each instead of 200,000.
    #[arg(long)]
    full: bool,
    /// Print all that people and faults did.
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.every_record {
        return every_record(&arguments);
    }
    if arguments.erlang {
        return erlang(&arguments);
    }
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

/// The hour is lived in as many threads as there are processors, each stopping after its share of the records: the live
/// run is the same in all of them and costs little beside the recoveries.
#[expect(clippy::disallowed_methods, reason = "two runs side by side; nothing is shared between them")]
fn every_record(arguments: &Arguments) -> ExitCode {
    let (seed, verbose) = (arguments.from, arguments.verbose);
    let pace = if arguments.full { Pace::FULL } else { Pace::GATE };
    let step = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let shares: Vec<_> = (0..step)
        .map(|first| thread::spawn(move || hour(seed, pace, Stops { first, step, fault: None }, verbose)))
        .collect();
    let (mut crashes, mut records) = (0, 0);
    for share in shares {
        let (report, done) = share.join().expect("a run that panics has shown why");
        crashes += done.crashes;
        records = done.compared;
        for line in &report.log {
            println!("{line}");
        }
        if let Some(violation) = &report.violation {
            println!("seed {seed}, at {} ms: {}: {}", violation.at, violation.rule, violation.what);
            println!("repeat it with: cargo xtask sim --every-record --from {seed}");
            return ExitCode::FAILURE;
        }
        print_share(&report, done);
    }
    println!("{crashes} crashes for {records} records, shared by {step} threads");
    if crashes == records { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Each system is independent of the others, so they are run side by side.
///
/// Of six systems none may be off. All of them have some 300 figures, of which one in a thousand is expected outside its
/// interval though the engine is right: of those, one system may be.
#[expect(clippy::disallowed_methods, reason = "systems side by side; nothing is shared between them")]
fn erlang(arguments: &Arguments) -> ExitCode {
    let (seed, full) = (arguments.from, arguments.full);
    let chosen = move || if full { erlang::systems() } else { erlang::gate() };
    let calls = if full { erlang::FULL_CALLS } else { erlang::GATE_CALLS };
    let step = thread::available_parallelism().map_or(1, |threads| threads.get());
    let share = move |first| {
        let run = |system: System| {
            let seen = system.run(seed, calls);
            let lines: Vec<_> = seen.iter().map(|seen| format!("\n{seen}")).collect();
            println!("{}{}", system.name, lines.concat());
            seen.iter().filter(|seen| !seen.holds()).count()
        };
        chosen().into_iter().skip(first).step_by(step).map(run).collect::<Vec<_>>()
    };
    let shares: Vec<_> = (0..step).map(|first| thread::spawn(move || share(first))).collect();
    let off: Vec<_> =
        shares.into_iter().flat_map(|share| share.join().expect("a run that panics has shown why")).collect();
    let systems_off = off.iter().filter(|figures| **figures > 0).count();
    println!(
        "{} systems, {systems_off} of them not as theory has it, {} figures",
        off.len(),
        off.iter().sum::<usize>()
    );
    if systems_off <= usize::from(full) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print_share(report: &Report, done: Done) {
    println!(
        "{} records compared; {} crashes recovered: {} calls ended (up to {} at once), {} BYEs, {} facts; \
         {} calls placed in {} virtual minutes",
        done.compared,
        done.crashes,
        done.calls,
        done.calls_max,
        done.byes,
        done.facts,
        report.calls,
        report.virtual_ms / 60_000,
    );
}
