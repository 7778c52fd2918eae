//! REGISTER with digest.

use anyhow::Result;

use crate::figures::{judge, tell};
use crate::floor::{Deed, Floor};
use crate::stage::{LINGER, Stage};
use crate::{Options, proc};

/// What a registration costs while it is new, and when it is refreshed.
pub(crate) fn registrations(options: &Options) -> Result<bool> {
    let count = options.of(5_000, 200);
    let rate = options.rate.unwrap_or(2_000.0);
    let mut stage = Stage::with_devices(options, count as usize)?;
    let all = move |floor: &Floor| floor.counts.settled() >= count;
    let spent = stage.do_all(Deed::Register, rate, count, all)?;
    tell("first registration, with its fact", &spent.each(count));
    let rounds = options.of(4, 1) * count;
    let all = move |floor: &Floor| floor.counts.settled() >= rounds;
    let spent = stage.do_all(Deed::Register, rate, rounds, all)?;
    tell(&format!("refreshed at {rate}/s"), &spent.each(rounds));
    tell("  REGISTER to 200", &stage.floor.counts.registration.words());
    stage.tell_trouble();
    Ok(judge("REGISTER, 401, REGISTER, 200", proc::per(spent.whole(), rounds), "us CPU each", 25.0))
}

/// What a contact takes in memory, with all that its registration left behind.
pub(crate) fn memory_per_contact(options: &Options) -> Result<bool> {
    let count = options.of(10_000, 500);
    let mut stage = Stage::with_devices(&options.for_memory(), count as usize)?;
    stage.floor.run_for(options.wait(LINGER))?;
    let before = stage.process().memory()?;
    let all = move |floor: &Floor| floor.counts.settled() >= count;
    stage.do_all(Deed::Register, 1_000.0, count, all)?;
    stage.floor.run_for(options.wait(LINGER))?;
    let grown = stage.process().memory()?.saturating_sub(before);
    stage.tell_trouble();
    Ok(judge("memory of a contact", grown as f64 / count as f64 / 1_000.0, "kB PSS each", 1.5))
}
