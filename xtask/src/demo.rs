//! The demonstration: the server, phones and callers on this machine, with a live picture.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context, Result};

use crate::invocation::{Invocation, target_folder};

/// Watch Cordial do its main job: real SIP and audio over UDP on loopback.
///
/// Starts the server with a fresh embedded store, brings up phones of our own as agents and callers, shows queue,
/// agents and calls as they happen, and ends with a summary of calls, waits, service level and recordings. Stop it with
/// Ctrl-C.
#[derive(clap::Args)]
pub(crate) struct DemoArgs {
    /// Run one fixed round without a live picture and fail unless a call was queued, answered, recorded and closed.
    #[arg(long)]
    once: bool,
    /// How many agents are at work.
    #[arg(long)]
    agents: Option<u8>,
    /// How many callers there are; more than agents, so that a queue forms.
    #[arg(long)]
    callers: Option<u8>,
    /// End by itself after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Show lines of text instead of the live picture.
    #[arg(long)]
    plain: bool,
    /// Keep the folders of all earlier demonstrations; otherwise the newest five stay.
    #[arg(long)]
    keep: bool,
}

/// The demonstration lives beside the server as an example, because it needs the simulator's phones, which the server
/// itself must not depend on. It needs no Debian package: server, phones and audio are our own.
const BUILD: &str = "build --locked --package cordial-server --bin cordial --example demo";

pub(crate) fn run(args: &DemoArgs) -> Result<()> {
    Invocation::cargo().args(BUILD.split_whitespace()).run()?;
    let program = target_folder()?.join("debug/examples/demo");
    // It takes our place, so that Ctrl-C reaches it alone and the shell waits for its summary.
    let error = Command::new(&program).args(args.words()).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}

impl DemoArgs {
    /// The same wishes for the demonstration program itself, which knows what is left out.
    fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let numbers = [
            ("--agents", self.agents.map(u64::from)),
            ("--callers", self.callers.map(u64::from)),
            ("--seconds", self.seconds),
        ];
        for (name, value) in numbers {
            words.extend(value.map(|value| format!("{name}={value}")));
        }
        for (name, wished) in [("--once", self.once), ("--plain", self.plain), ("--keep", self.keep)] {
            words.extend(wished.then(|| name.to_owned()));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::DemoArgs;

    #[test]
    fn what_is_wished_for_is_passed_on_and_nothing_else() {
        let mut args =
            DemoArgs { once: false, agents: None, callers: None, seconds: None, plain: false, keep: false };
        assert!(args.words().is_empty());
        (args.once, args.agents, args.seconds, args.keep) = (true, Some(4), Some(30), true);
        assert_eq!(args.words(), ["--agents=4", "--seconds=30", "--once", "--keep"]);
    }
}
