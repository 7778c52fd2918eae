//! Plays one story and prints what came of it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use cordial_sim::scenario::{Story, play};

/// Play one story of `scenarios/` and print its facts, SIP ladder and call records.
#[derive(Parser)]
struct Arguments {
    /// Its name, as in `scenarios/NAME.scn`, or a path.
    name: String,
}

#[expect(clippy::disallowed_methods, reason = "a program reads the story that it is asked for")]
fn main() -> ExitCode {
    let name = Arguments::parse().name;
    let path = if name.ends_with(".scn") {
        PathBuf::from(&name)
    } else {
        PathBuf::from(format!("scenarios/{name}.scn"))
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    };
    match Story::parse(&text).and_then(|story| Ok((play(&story)?, story))) {
        Ok((played, story)) => {
            println!("{}\n\n{}\n{}\n{}", story.title, played.facts, played.sip, played.cdr);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}
