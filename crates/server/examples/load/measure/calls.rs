//! Calls between two devices through the back-to-back user agent.

use std::time::Duration;

use anyhow::Result;

use crate::figures::{judge, tell};
use crate::floor::{Deed, Floor, Habits};
use crate::stage::{LINGER, Stage};
use crate::{Options, proc};

/// What a call costs that is set up and torn down, without audio.
pub(crate) fn calls_between_devices(options: &Options) -> Result<bool> {
    let rate = options.rate.unwrap_or(200.0);
    let count = (rate * options.seconds(20)) as u64;
    let mut stage = Stage::with_devices(options, options.of(400, 40) as usize)?;
    stage.register_all()?;
    stage.floor.habits = Habits { caller_talks: Some(Duration::from_millis(200)), ..Habits::STAY };
    let ended = |count: u64| move |floor: &Floor| floor.counts.over() >= count;
    let first = count / 10;
    stage.do_all(Deed::CallPair, rate, first, ended(first))?;
    let spent = stage.do_all(Deed::CallPair, rate, count, ended(count))?;
    tell(&format!("each of {count} calls at {rate}/s"), &spent.each(count));
    tell("  INVITE to 200", &stage.floor.counts.set_up.words());
    stage.tell_trouble();
    let sip = spent.node + spent.media;
    let met = judge("call: SIP, engine, ports", proc::per(sip, count) / 1_000.0, "ms CPU each", 0.25);
    Ok(judge("call: journal and read models", proc::per(spent.store, count) / 1_000.0, "ms CPU each", 0.1)
        && met)
}

/// What a call takes in memory that is held for long: two legs, four sockets.
pub(crate) fn memory_per_call(options: &Options) -> Result<bool> {
    let count = options.calls.unwrap_or(options.of(1_000, 50));
    // A device that talks is busy for direct calls, so each call has a pair of its own.
    let mut stage = Stage::with_devices(&options.for_memory(), 2 * count as usize)?;
    stage.register_all()?;
    stage.floor.run_for(options.wait(LINGER))?;
    let before = stage.process().memory()?;
    stage.do_all(Deed::CallPair, 100.0, count, move |floor| floor.counts.answered >= count)?;
    let at_once = stage.process().memory()?.saturating_sub(before);
    stage.floor.run_for(options.wait(LINGER))?;
    let held = stage.process().memory()?.saturating_sub(before);
    let kb = |bytes: u64| bytes as f64 / count as f64 / 1_000.0;
    tell(&format!("{count} calls, the moment they are up"), &format!("{:.1} kB PSS each", kb(at_once)));
    stage.tell_trouble();
    Ok(judge("memory of a call held", kb(held), "kB PSS each", 20.0))
}
