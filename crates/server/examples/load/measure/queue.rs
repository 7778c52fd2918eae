//! Calls through a queue: what they cost, and how soon an agent is rung.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::figures::{Delays, judge, tell};
use crate::floor::{Deed, Floor, Habits};
use crate::stage::{LINGER, Stage};
use crate::{Options, proc};

/// What a call costs from the carrier's INVITE to its record, and how soon an agent is rung; at two sizes of site.
pub(crate) fn queued_calls(options: &Options) -> Result<bool> {
    let sizes: &[usize] = if options.quick { &[10] } else { &[50, 5_000] };
    let one = options.agents.map(|agents| [agents]);
    let mut met = true;
    for agents in one.as_ref().map_or(sizes, <[usize; 1]>::as_slice) {
        met &= at_size(options, *agents)?;
    }
    Ok(met)
}

fn at_size(options: &Options, agents: usize) -> Result<bool> {
    let mut stage = Stage::with_agents(options, agents, agents, false)?;
    stage.floor.habits = Habits { caller_talks: Some(Duration::from_millis(200)), ..Habits::STAY };
    let rates = options
        .rate
        .map_or_else(|| if options.quick { vec![20.0] } else { vec![20.0, 100.0] }, |rate| vec![rate]);
    let mut met = true;
    for rate in rates {
        let count = (rate * options.seconds(20)) as u64;
        let ended = move |floor: &Floor| floor.counts.over() >= count;
        let spent = stage.do_all(Deed::CallQueue, rate, count, ended)?;
        tell(&format!("{agents} agents, each of {count} calls at {rate}/s"), &spent.each(count));
        let counts = &stage.floor.counts;
        met &=
            judge("  queued call, all of it", proc::per(spent.whole(), count) / 1_000.0, "ms CPU each", 0.5);
        met &= judge("  INVITE to the agent's INVITE, p50", counts.offer.at(500), "ms", 3.0);
        met &= judge("  INVITE to the agent's INVITE, p99", counts.offer.at(990), "ms", 10.0);
        if counts.offered != count {
            tell("  (offers)", &format!("{} for {count} calls", counts.offered));
        }
        stage.tell_trouble();
    }
    Ok(met)
}

/// How soon the next caller is offered to an agent who becomes free, with a long line.
pub(crate) fn freed_agents(options: &Options) -> Result<bool> {
    let (agents, line) = (options.agents.unwrap_or(options.of(50, 5) as usize), options.of(500, 20));
    let mut stage = Stage::with_agents(options, agents, agents, false)?;
    let talk = Duration::from_millis(1_000);
    stage.floor.habits = Habits { phone_talks: Some(talk), ..Habits::STAY };
    // The line is built faster than agents can answer, then kept at its length: as many come as are answered.
    let first = line + agents as u64;
    stage.floor.plan(Deed::CallQueue, 400.0, first);
    stage.floor.run_until(Duration::from_secs(60), Floor::is_planless)?;
    stage.floor.counts.freed = Delays::default();
    let rate = agents as f64 / talk.as_secs_f64();
    let more = (rate * options.seconds(20)) as u64;
    stage.floor.plan(Deed::CallQueue, rate, more);
    stage.floor.run_until(Duration::from_secs(90), Floor::is_planless)?;
    let freed = std::mem::take(&mut stage.floor.counts.freed);
    ensure!(freed.count() > 0, "no agent was rung twice\n{}", stage.server.log());
    tell(&format!("{agents} agents, {line} in line: BYE to the next INVITE"), &freed.words());
    stage.tell_trouble();
    Ok(judge("agent free to next caller offered, p99", freed.at(990), "ms", 10.0))
}

/// What callers cost who only wait and hear music.
pub(crate) fn waiting_callers(options: &Options) -> Result<bool> {
    let count = options.calls.unwrap_or(options.of(300, 20));
    let mut stage = Stage::with_agents(&options.for_memory(), 1, 0, false)?;
    stage.floor.run_for(options.wait(LINGER))?;
    let process = stage.process();
    let (before, threads) = (process.memory()?, process.spent()?.threads);
    stage.do_all(Deed::CallQueue, 100.0, count, move |floor| floor.counts.answered >= count)?;
    stage.floor.run_for(options.wait(LINGER))?;
    let grown = process.memory()?.saturating_sub(before);
    let seconds = options.seconds(10);
    stage.floor.audio.take();
    let begun = process.spent()?;
    stage.floor.run_for(Duration::from_secs_f64(seconds))?;
    let spent = process.spent()?.since(&begun);
    let heard = stage.floor.audio.take().other as f64 / seconds / count as f64;
    tell(&format!("{count} callers wait, {} threads before", threads), &format!("{} threads", spent.threads));
    tell("  packets of music heard by each, a second", &format!("{heard:.1}"));
    let caller_seconds = (count as f64 * seconds) as u64;
    tell("  each caller, each second", &spent.each(caller_seconds));
    stage.tell_trouble();
    let met =
        judge("caller who waits", proc::per(spent.whole(), caller_seconds) / 1_000.0, "ms CPU a second", 0.1);
    Ok(judge("memory of a caller who waits", grown as f64 / count as f64 / 1_000.0, "kB PSS each", 20.0)
        && met)
}
