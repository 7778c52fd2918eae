//! What an agent's own deeds cost at their worst: in as many queues as one may well serve, and before the longest line.

use std::time::Duration;

use cordial_engine::call::Cause;
use cordial_engine::command::Note;
use cordial_engine::entry::{Strategy, Tier};
use cordial_engine::id::LegId;
use cordial_engine::limits::WAITING_MAX;
use cordial_engine::{Command, Fact, Input, Report};
use cordial_sim::site::{Site, at, route};

use super::clock::{print_latency, time_one};
use crate::Scale;

/// Queues that every agent serves.
const QUEUES: u64 = 200;

/// Agents in all of these queues, so that each queue has an order to keep.
const COLLEAGUES: u64 = 200;

pub(crate) fn state_change_in_many_queues(scale: Scale) {
    let times = scale.of(20_000, 500);
    let mut site = Site::open();
    let queues: Vec<_> = (0..QUEUES)
        .map(|_| (site.add_queue(|queue| queue.strategy = Strategy::LongestIdle), Tier::default()))
        .collect();
    for _ in 0..scale.of(COLLEAGUES, 20) {
        site.add_agent(&queues, true);
    }
    let agents = site.agents.clone();
    let (mut leaves, mut comes) = (Vec::new(), Vec::new());
    for (n, agent) in (1..=times).zip(agents.into_iter().cycle()) {
        let not_ready = Command::NotReady { agent, reason: None, note: Note::default() };
        for (command, samples) in [(not_ready, &mut leaves), (Command::Ready { agent }, &mut comes)] {
            let input = site.command(command);
            let (took, answer) = time_one(|| site.engine.handle(at(n * 10), input));
            answer.expect("a free agent may take a break and come back");
            samples.push(took);
            site.drain();
        }
    }
    print_latency(&format!("agent of {QUEUES} queues gets not ready"), leaves);
    print_latency(&format!("agent of {QUEUES} queues gets ready"), comes);
}

/// An agent's call ends and he is offered the first of the longest line there can be. Off the clock he answers, and another
/// call comes into the line.
pub(crate) fn agent_freed_before_a_long_line(scale: Scale) {
    let times = scale.of(50_000, 2_000);
    // The one who talks is a call as well, and there may be no more calls than this.
    let waiting = scale.of(u64::from(WAITING_MAX) - 1, 5_000);
    let mut site = Site::open();
    let queue = site.add_queue(|queue| {
        (queue.strategy, queue.wrap_up_ms, queue.record) = (Strategy::LongestIdle, 0, false);
    });
    site.add(route("+441000", queue));
    site.add_agent(&[(queue, Tier::default())], true);
    for n in 0..=waiting {
        let arrival = site.arrival(0);
        site.engine.handle(at(n), arrival).expect("a call is let in");
    }
    let mut leg = rung(&mut site);
    let mut samples: Vec<Duration> = Vec::new();
    for n in 1..=times {
        let now = at(waiting + n * 10);
        let answered = Input::Report(Report::LegAnswered { leg });
        site.engine.handle(now, answered).expect("reports are not refused");
        site.drain();
        let cleared = Input::Report(Report::LegCleared { leg, cause: Cause::Normal });
        let (took, answer) = time_one(|| site.engine.handle(now, cleared));
        answer.expect("reports are not refused");
        samples.push(took);
        leg = rung(&mut site);
        let arrival = site.arrival(0);
        site.engine.handle(now, arrival).expect("a call is let in");
        site.drain();
    }
    print_latency(&format!("agent freed, {waiting} calls waiting"), samples);
}

/// The leg that rings the agent who has just been asked.
fn rung(site: &mut Site) -> LegId {
    let events: Vec<_> = std::iter::from_fn(|| site.engine.poll_event()).collect();
    let leg = events
        .iter()
        .rev()
        .find_map(|event| if let Fact::OfferMade { leg, .. } = event.fact { Some(leg) } else { None });
    leg.expect("whoever is free is asked while calls wait")
}
