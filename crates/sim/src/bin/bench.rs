//! Measures the production crates in memory: what one unit of work costs, and how cost grows with the site.
//!
//! No sockets, no disk, one thread. Where somebody has to talk to what is measured (phones, callers, agents), he does
//! so once beforehand and is taped: the crates are deterministic, so a fresh value that is played the tape does the
//! same again, alone on the clock.

use std::process::ExitCode;

use clap::Parser;

mod bench {
    pub(super) mod assignment;
    pub(super) mod calls;
    pub(super) mod clock;
    pub(super) mod conference;
    pub(super) mod connector;
    pub(super) mod day;
    pub(super) mod freed;
    pub(super) mod relay;
    pub(super) mod signalling;
}

use bench::{assignment, calls, clock, conference, connector, day, freed, relay, signalling};

/// The allocator of the program `cordial`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measure what a unit of work costs, in memory. Figures are good to one digit; build in release.
#[derive(Parser)]
struct Arguments {
    /// Only measurements whose name contains this: day, assignment, assignment-freed,
    /// assignment-queues, register, parse, b2bua, queued, relay, conference, connector.
    #[arg(long)]
    only: Option<String>,
    /// A few seconds for all: shows that everything runs, on a small scale; the figures are rough.
    #[arg(long)]
    quick: bool,
}

/// How much is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scale {
    Full,
    Quick,
}

impl Scale {
    /// The first at full scale, the second at the small one.
    fn of<T>(self, full: T, quick: T) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }
}

/// One measurement; prints its own figures.
type Measurement = fn(Scale);

/// Each by name.
const MEASUREMENTS: [(&str, Measurement); 11] = [
    ("day", day::facts_of_a_mixed_day),
    ("assignment", assignment::assignment_at_growing_sites),
    ("assignment-freed", freed::agent_freed_before_a_long_line),
    ("assignment-queues", freed::state_change_in_many_queues),
    ("register", signalling::registration_with_digest),
    ("parse", signalling::invite_parsed_and_written),
    ("b2bua", calls::calls_between_two_devices),
    ("queued", calls::calls_through_a_queue),
    ("relay", relay::relayed_packets),
    ("conference", conference::mixed_frames),
    ("connector", connector::news_of_a_mixed_day),
];

fn main() -> ExitCode {
    let Arguments { only, quick } = Arguments::parse();
    let scale = if quick { Scale::Quick } else { Scale::Full };
    let wanted = |name: &str| only.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let chosen: Vec<_> = MEASUREMENTS.iter().filter(|(name, _)| wanted(name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = MEASUREMENTS.iter().map(|(name, _)| *name).collect();
        eprintln!("no such measurement; there are: {}", names.join(", "));
        return ExitCode::FAILURE;
    }
    println!("load average before: {}", clock::load());
    for (_, measure) in chosen {
        measure(scale);
    }
    println!("load average after:  {}", clock::load());
    ExitCode::SUCCESS
}
