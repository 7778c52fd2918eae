//! One assignment: a caller meets free agents, an agent meets waiting callers, at sites that grow.

use std::collections::VecDeque;
use std::time::Duration;

use cordial_engine::call::Cause;
use cordial_engine::command::Note;
use cordial_engine::entry::Strategy;
use cordial_engine::id::{AgentId, LegId, OfferId};
use cordial_engine::{Answer, Command, Event, Fact, Input, Report};

use super::clock::{print_latency, time_one};
use crate::Scale;
use cordial_sim::site::{Site, at};

/// Agents of each site, and calls waiting in it.
const SITES: [u64; 3] = [100, 10_000, 100_000];
const SITES_QUICK: [u64; 3] = [100, 1_000, 5_000];

pub(crate) fn assignment_at_growing_sites(scale: Scale) {
    let times = scale.of(50_000, 2_000);
    for size in scale.of(SITES, SITES_QUICK) {
        let mut idle = Site::furnish(size, 1, Strategy::LongestIdle, true);
        let what = format!("assignment: caller arrives, {size} agents free");
        print_latency(&what, caller_arrives(&mut idle, times, 1));

        let mut busy = Site::furnish(size, 1, Strategy::LongestIdle, false);
        let what = format!("assignment: agent gets ready, {size} agents and waiting");
        print_latency(&what, agent_gets_ready(&mut busy, size, times));

        let mut ring_all = Site::furnish(size, 1, Strategy::RingAll, true);
        let what = format!("assignment: caller arrives, ring all 50 of {size}");
        print_latency(&what, caller_arrives(&mut ring_all, times / 20, 50));
    }
}

/// A call comes in and is offered at once. Off the clock it is cleared, and whoever was rung goes to the end of the order.
fn caller_arrives(site: &mut Site, times: u64, offers: usize) -> Vec<Duration> {
    let once = |n| {
        let now = at(n * 10);
        let (took, leg) = arrive(site, n, n * 10);
        let made = offers_made(site);
        assert_eq!(made.len(), offers, "offers of one call");
        clear(site, leg, n * 10);
        for (_, agent) in made {
            let note = Note::default();
            for command in [Command::NotReady { agent, reason: None, note }, Command::Ready { agent }] {
                site.engine.handle(now, site.command(command)).expect("a free agent may take a break");
            }
        }
        site.drain();
        took
    };
    (1..=times).map(once).collect()
}

/// One agent after the other gets ready and is offered the oldest call. Off the clock he declines, the call is cleared,
/// and another one comes into the line.
fn agent_gets_ready(site: &mut Site, waiting: u64, times: u64) -> Vec<Duration> {
    let mut line: VecDeque<_> = (0..waiting).map(|n| arrive(site, n, n).1).collect();
    let agents = site.agents.clone();
    let once = |(n, agent)| {
        let now = at(waiting + n);
        site.drain();
        let ready = site.command(Command::Ready { agent });
        let (took, answer) = time_one(|| site.engine.handle(now, ready));
        answer.expect("who is not ready may get ready");
        let offers = offers_made(site);
        let [(offer, _)] = offers[..] else { panic!("one offer, not {offers:?}") };
        let declined = site.command(Command::DeclineOffer { offer });
        site.engine.handle(now, declined).expect("a live offer may be declined");
        clear(site, line.pop_front().expect("somebody waits"), waiting + n);
        line.push_back(arrive(site, n, waiting + n).1);
        took
    };
    (1..=times).zip(agents.into_iter().cycle()).map(once).collect()
}

fn arrive(site: &mut Site, n: u64, ms: u64) -> (Duration, LegId) {
    let input = site.arrival(n);
    let (took, answer) = time_one(|| site.engine.handle(at(ms), input));
    let Ok(Answer::Arrived(_, leg)) = answer else { panic!("a call is let in: {answer:?}") };
    (took, leg)
}

fn clear(site: &mut Site, leg: LegId, ms: u64) {
    let cleared = Report::LegCleared { leg, cause: Cause::Normal };
    site.engine.handle(at(ms), Input::Report(cleared)).expect("reports are not refused");
}

fn offers_made(site: &mut Site) -> Vec<(OfferId, AgentId)> {
    let events: Vec<_> = std::iter::from_fn(|| site.engine.poll_event()).collect();
    let offer = |event: Event| {
        if let Fact::OfferMade { offer, agent, .. } = event.fact { Some((offer, agent)) } else { None }
    };
    events.into_iter().filter_map(offer).collect()
}
