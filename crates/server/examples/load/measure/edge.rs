//! The edge of this machine, and what happens beyond it.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::media::hear;
use crate::Options;
use crate::figures::{judge, tell};
use crate::floor::{Deed, Habits};
use crate::proc::{Spent, load};
use crate::stage::Stage;

/// Of the packets, so many in a thousand may be missing before quality counts as fallen.
const LOST_PER_MILLE: f64 = 1.0;
/// And so late may one in a hundred of them be: two packets' time. Milliseconds.
const LATE_MS: f64 = 40.0;

/// Recorded calls with audio, more and more of them, until quality falls.
pub(crate) fn calls_at_the_edge(options: &Options) -> Result<bool> {
    let step = options.of(100, 10);
    let most = options.calls.unwrap_or(options.of(2_000, 20));
    let mut stage = Stage::with_agents(options, most as usize, most as usize, true)?;
    stage.floor.habits = Habits { audio: true, ..Habits::STAY };
    let (mut calls, mut good) = (0, 0);
    while calls < most {
        calls += step;
        let answered = stage.do_all(Deed::CallQueue, 50.0, step, move |floor| floor.counts.offered >= step);
        if let Err(error) = answered {
            tell(&format!("{calls} calls: not all are set up"), &error.to_string());
            break;
        }
        stage.floor.run_for(Duration::from_secs_f64(options.seconds(3)))?;
        let seconds = options.seconds(5);
        let heard = hear(&mut stage, seconds)?;
        let lost = heard.lost as f64 * 1_000.0 / (heard.arrived + heard.lost).max(1) as f64;
        let text = format!("{lost:.2} in 1000 lost, {}, {}", heard.delays, cores(&heard.spent, seconds));
        tell(&format!("{calls} calls, recorded"), &text);
        if lost > LOST_PER_MILLE || heard.p99_ms > LATE_MS {
            break;
        }
        good = calls;
    }
    stage.tell_trouble();
    tell("calls with audio, recorded, before quality falls", &format!("{good}   load {}", load()));
    Ok(true)
}

fn cores(spent: &Spent, seconds: f64) -> String {
    let share = |time: Duration| time.as_secs_f64() / seconds;
    format!(
        "cores: node {:.2} media {:.2} recordings {:.2} store {:.2}",
        share(spent.node),
        share(spent.media),
        share(spent.recordings),
        share(spent.store)
    )
}

/// Calls through a queue at rising rates until no more are done in a second, then five times that rate.
pub(crate) fn overload(options: &Options) -> Result<bool> {
    let agents = options.agents.unwrap_or(options.of(1_000, 20) as usize);
    let mut stage = Stage::with_agents(options, agents, agents, false)?;
    stage.floor.habits = Habits { caller_talks: Some(Duration::from_millis(100)), ..Habits::STAY };
    let mut rate = options.rate.unwrap_or(if options.quick { 50.0 } else { 400.0 });
    let mut best = 0.0_f64;
    loop {
        let done = push(options, &mut stage, rate)?;
        best = best.max(done);
        if done < rate * 0.9 {
            break;
        }
        rate *= 1.25;
    }
    tell("best throughput", &format!("{best:.0} calls a second   load {}", load()));
    let done = push(options, &mut stage, best * 5.0)?;
    let met = judge("lost of the best at five times the edge", 100.0 * (1.0 - done / best), "%", 20.0);
    stage.tell_trouble();
    Ok(met)
}

/// Offers calls at a rate for a while; gives how many were done a second.
fn push(options: &Options, stage: &mut Stage, rate: f64) -> Result<f64> {
    let seconds = options.seconds(8);
    stage.floor.counts = Default::default();
    let (begun, before) = (Instant::now(), stage.process().spent()?);
    stage.floor.plan(Deed::CallQueue, rate, (rate * seconds) as u64);
    stage.floor.run_for(Duration::from_secs_f64(seconds))?;
    let counts = &stage.floor.counts;
    let took = begun.elapsed().as_secs_f64();
    let (ended, refused) = (counts.ended, counts.refused.values().sum::<u64>());
    let spent = stage.process().spent()?.since(&before);
    let text = format!(
        "{:.0}/s placed, {:.0}/s done, {:.0}/s refused ({} of {refused} told when; {:?}), {} sent again; set up {}; {}",
        counts.placed as f64 / took,
        ended as f64 / took,
        refused as f64 / took,
        counts.told_when,
        counts.refused,
        counts.sent_again,
        counts.set_up.words(),
        cores(&spent, took)
    );
    tell(&format!("{rate:.0} calls offered a second"), &text);
    // What is still under way ends before the next stretch.
    stage.floor.run_until(Duration::from_secs(40), |floor| floor.is_planless() && floor.talking() == 0)?;
    stage.floor.run_for(Duration::from_secs(2))?;
    Ok(ended as f64 / took)
}
