//! Drives the real server as phones, callers and a carrier would, and measures what a unit of work costs it.
//!
//! `cargo xtask bench` builds and starts this. The server is a process of its own with a fresh folder, set up by its
//! HTTP API; phones and callers are templates of SIP messages behind a few sockets, so that they cost little beside it.
//!
//! | file | holds |
//! |---|---|
//! | `server.rs`, `api.rs`, `site.rs` | the server's process, its API, the contact centre in it |
//! | `sip.rs` | messages read and written |
//! | `floor.rs`, `floor/` | the loop of all phones and callers |
//! | `audio.rs` | their audio, with the time of sending in each packet |
//! | `proc.rs`, `figures.rs` | what the system says of the server, and how it is printed |
//! | `stage.rs`, `measure.rs`, `measure/` | the measurements |

mod api;
mod audio;
mod figures;
mod floor;
mod measure;
mod proc;
mod server;
mod sip;
mod site;
mod stage;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use measure::MEASUREMENTS;

/// Measure the real server with sockets and disk. Figures are good to one digit; build in release.
#[derive(Clone, Parser)]
#[command(name = "load")]
pub(crate) struct Options {
    /// Only measurements whose name contains this; `--list` names all.
    #[arg(long)]
    only: Option<String>,
    /// Name the measurements and end.
    #[arg(long)]
    list: bool,
    /// Small and short: shows that everything runs; the figures are rough.
    #[arg(long)]
    quick: bool,
    /// Bind the server to one processor; for the generator, start this program under `taskset` too.
    #[arg(long)]
    cpu: Option<usize>,
    /// Deeds a second, where a measurement has a rate.
    #[arg(long)]
    rate: Option<f64>,
    /// Agents, where a measurement has a size of site.
    #[arg(long)]
    agents: Option<usize>,
    /// Calls at once, where a measurement holds calls.
    #[arg(long)]
    calls: Option<u64>,
    /// Multiplies how long each stretch is measured.
    #[arg(long, default_value_t = 1.0)]
    stretch: f64,
    /// The server to measure, if not the one that was built beside this program.
    #[arg(long)]
    program: Option<std::path::PathBuf>,
    /// End with a failure when a limit is missed.
    #[arg(long)]
    strict: bool,
    /// Let the server give memory that it freed back to the system at once, so that growth shows what is held.
    #[arg(skip)]
    frees_at_once: bool,
}

impl Options {
    /// For measuring memory. The allocator keeps what was freed otherwise, and takes new things from it.
    fn for_memory(&self) -> Self {
        Self { frees_at_once: true, ..self.clone() }
    }

    /// The first at full scale, the second when quick.
    fn of(&self, full: u64, quick: u64) -> u64 {
        if self.quick { quick } else { full }
    }

    /// How long a stretch is measured. Seconds.
    fn seconds(&self, full: u32) -> f64 {
        f64::from(if self.quick { 1 } else { full }) * self.stretch
    }

    /// A pause that quick runs leave out.
    fn wait(&self, full: Duration) -> Duration {
        if self.quick { Duration::from_millis(200) } else { full }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let names = || MEASUREMENTS.map(|(name, _)| name).join(", ");
    if options.list {
        println!("{}", names());
        return ExitCode::SUCCESS;
    }
    let wanted = |name: &str| options.only.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let chosen: Vec<_> = MEASUREMENTS.iter().filter(|(name, _)| wanted(name)).collect();
    if chosen.is_empty() {
        eprintln!("no such measurement; there are: {}", names());
        return ExitCode::FAILURE;
    }
    println!("load average before: {}", proc::load());
    let (mut failed, mut missed) = (false, false);
    for (name, measure) in chosen {
        println!("{name}");
        match measure(&options) {
            Ok(met) => missed |= !met,
            Err(error) => {
                failed = true;
                println!("  not measured: {error:#}");
            }
        }
    }
    println!("load average after:  {}", proc::load());
    if failed || (missed && options.strict) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
