//! Audio relayed between callers and agents, with and without recording.

use std::time::Duration;

use anyhow::Result;

use crate::Options;
use crate::figures::{judge, tell};
use crate::floor::{Deed, Habits};
use crate::proc::{self, Spent};
use crate::stage::Stage;

/// Packets a second that each call brings: two directions, one packet each 20 ms.
pub(crate) const PACKETS_PER_CALL: u64 = 100;

/// What a packet costs at 10,000 and 40,000 a second, and how much later it arrives.
pub(crate) fn relayed_packets(options: &Options) -> Result<bool> {
    let sizes = options
        .calls
        .map_or_else(|| if options.quick { vec![10] } else { vec![100, 400] }, |calls| vec![calls]);
    let mut met = true;
    for calls in sizes {
        for record in [false, true] {
            met &= relay(options, calls, record)?;
        }
    }
    Ok(met)
}

fn relay(options: &Options, calls: u64, record: bool) -> Result<bool> {
    let mut stage = Stage::with_agents(options, calls as usize, calls as usize, record)?;
    stage.floor.habits = Habits { audio: true, ..Habits::STAY };
    stage.do_all(Deed::CallQueue, 100.0, calls, move |floor| floor.counts.offered >= calls)?;
    // Sources are learned and locked within the first seconds.
    stage.floor.run_for(Duration::from_secs_f64(options.seconds(3)))?;
    let heard = hear(&mut stage, options.seconds(20))?;
    let kind = if record { "recorded" } else { "relayed" };
    tell(&format!("{} packets/s {kind}, each", calls * PACKETS_PER_CALL), &heard.spent.each(heard.arrived));
    tell("  later by", &heard.delays);
    tell(
        "  lost",
        &format!("{} of {}; {} of {} streams heard", heard.lost, heard.arrived, heard.streams, calls * 2),
    );
    stage.tell_trouble();
    let limit = if record { 7.0 } else { 5.0 };
    let met = judge(
        &format!("  packet {kind}"),
        proc::per(heard.spent.whole(), heard.arrived),
        "us CPU each",
        limit,
    );
    Ok(judge("  added delay, p99", heard.p99_ms, "ms", 1.0) && met)
}

/// What arrived in a while, and what it cost.
pub(crate) struct Stretch {
    pub(crate) spent: Spent,
    pub(crate) arrived: u64,
    pub(crate) lost: u64,
    pub(crate) streams: usize,
    pub(crate) p99_ms: f64,
    pub(crate) delays: String,
}

/// Listens for so many seconds.
pub(crate) fn hear(stage: &mut Stage, seconds: f64) -> Result<Stretch> {
    stage.floor.audio.take();
    let before = stage.process().spent()?;
    stage.floor.run_for(Duration::from_secs_f64(seconds))?;
    let spent = stage.process().spent()?.since(&before);
    let heard = stage.floor.audio.take();
    let (arrived, lost) = heard.arrived_and_lost();
    Ok(Stretch {
        spent,
        arrived,
        lost,
        streams: heard.streams(),
        p99_ms: heard.delays.at(990),
        delays: heard.delays.words(),
    })
}
