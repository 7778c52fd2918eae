//! A busy hour with a hundred agents, stopped after every single record of its journal.

use std::collections::BTreeSet;

use cordial_engine::entry::{
    AfterMissed, Destination, Disposition, Entry, EntryId, Overflow, Priority, Queue, Route, Strategy,
};
use cordial_engine::id::QueueId;

use super::town::{Climate, Company};
use super::{Report, Run};
use crate::chance::Chance;
use crate::crashes::{Done, Stops};
use crate::network::Weather;
use crate::tamper::Tamper;
use crate::world::{DOMAINS, Settings, World, name, number};

/// People in the first company; the second has two.
const AGENTS: u64 = 100;
/// Every agent serves so many queues, each with its neighbours.
const QUEUES_EACH: usize = 2;
const QUEUES: usize = 6;
/// The last queue rings all of these at once.
const RING_ALL: usize = 8;
const HOUR_MS: u64 = 3_600_000;

/// How busy the hour is.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Calls that callers place in the hour.
    pub calls: u64,
    /// The longest a caller talks. Milliseconds.
    pub talk_ms: u64,
}

impl Pace {
    /// For the gate: an hour whose every record can be a crash in well under a minute.
    pub const GATE: Self = Self { calls: 1_000, talk_ms: 180_000 };
    /// Everybody talks most of the time, and callers queue.
    pub const FULL: Self = Self { calls: 2_200, talk_ms: 240_000 };
}

/// Lives through the hour, with a crash and a recovery on the side after the records asked for.
pub fn hour(seed: u64, pace: Pace, stops: Stops, verbose: bool) -> (Report, Done) {
    let mut chance = Chance::new(seed);
    let crashes = Some(stops);
    let settings =
        Settings { seed, commit_ms: 0..=5, audio: false, ladder: false, crashes, timer_only_s: None };
    let mut world = World::new(settings, Tamper::plant(None, seed));
    let companies = vec![company(&mut world, &mut chance, 0, AGENTS), company(&mut world, &mut chance, 1, 2)];
    let ghosts = vec![None; world.stations.len()];
    let climate =
        Climate { weather: Weather::FAIR, crashes: false, cuts: false, clock_steps: true, power_cuts: true };
    let log = verbose.then(Vec::new);
    let talk_ms = 3_000..=pace.talk_ms;
    let excused = vec![BTreeSet::new(); world.stations.len()];
    let mut run =
        Run { world, chance, climate, companies, calls: 0, talk_ms, ghosts, excused, troubled: 0, log };
    run.morning();
    run.busy(pace);
    run.evening();
    let done = run.world.crashes_done();
    (run.report(seed), done)
}

impl Run {
    /// An hour of deeds at random moments: calls at the pace wanted, and what agents, phones and fate do meanwhile.
    fn busy(&mut self, pace: Pace) {
        let until = self.world.now() + HOUR_MS;
        // Half of the deeds are calls.
        let gap = HOUR_MS / (pace.calls * 2);
        while self.world.now() < until && self.world.violation().is_none() {
            let pause = self.chance.within(1..=gap * 2);
            self.pass(pause);
            match self.chance.within(0..=99) {
                0..=49 => self.caller_calls(),
                50..=84 => self.agent_acts(),
                85..=97 => self.phone_acts(),
                _ => self.fault_strikes(),
            }
        }
    }
}

fn company(world: &mut World, chance: &mut Chance, index: usize, people: u64) -> Company {
    let domain = DOMAINS[index];
    let tenant = world.add_tenant(&format!("company {index}"), domain);
    let mut queues: Vec<QueueId> = Vec::new();
    for n in 0..QUEUES {
        queues.push(world.add_queue(tenant, queue(chance, n, queues.last().copied())));
    }
    let reason = world.add_reason(tenant, "lunch");
    let entry = Entry::Disposition(Disposition { name: name("sold") });
    let EntryId::Disposition(disposition) = world.add(tenant, entry) else {
        panic!("a disposition's entry has a disposition's id")
    };
    let mut agents = Vec::new();
    for n in 0..usize::try_from(people).unwrap_or_default() {
        let mut serves: Vec<QueueId> = (0..QUEUES_EACH).map(|k| queues[(n + k) % (QUEUES - 1)]).collect();
        if n < RING_ALL {
            serves.push(queues[QUEUES - 1]);
        }
        let agent = world.add_agent(tenant, &format!("agent {n}"), Some(&format!("30{n}")), &serves);
        let desk = world.add_desk(tenant, domain, &format!("10{n}"), &format!("desk {index}.{n}"), None);
        agents.push((agent, desk));
    }
    let carrier = world.add_carrier(tenant, domain, &format!("carrier{index}"), None, false);
    let first = agents[0];
    for (n, queue) in queues.iter().enumerate() {
        let greeting = n.is_multiple_of(2).then(|| name("en/welcome"));
        let destination = Destination::Queue(*queue);
        for (dialled, urgency) in [(format!("+44100{n}"), 0), (format!("+44101{n}"), 1)] {
            let (number, greeting) = (number(&dialled), greeting.clone());
            let priority = Priority { urgency, head_start_ms: 0 };
            let route = Route { greeting, priority, ..Route::to(number, destination) };
            world.add(tenant, Entry::Route(route));
        }
    }
    let others = [
        ("+44200", Destination::Agent(first.0)),
        ("+44201", Destination::Device(first.1.device)),
        ("+44202", Destination::Clear),
    ];
    for (dialled, destination) in others {
        let greeting = None;
        world.add(tenant, Entry::Route(Route { greeting, ..Route::to(number(dialled), destination) }));
    }
    Company { tenant, agents, queues, reason, disposition, carrier }
}

/// The queues differ in all that decides what a record means; the last rings all.
fn queue(chance: &mut Chance, n: usize, earlier: Option<QueueId>) -> Queue {
    let even = n.is_multiple_of(2);
    let rest = AfterMissed::Rest { delay_ms: chance.within(1_000..=8_000) };
    Queue {
        number: Some(number(&format!("50{n}"))),
        strategy: if n + 1 == QUEUES { Strategy::RingAll } else { Strategy::LongestIdle },
        offer_ms: chance.within(4_000..=15_000),
        wrap_up_ms: if n == 1 { 0 } else { chance.within(5_000..=30_000) },
        on_no_answer: if even { AfterMissed::NotReady } else { rest },
        on_decline: if even { rest } else { AfterMissed::NotReady },
        max_wait_ms: even.then(|| chance.within(20_000..=60_000)),
        overflow: earlier.map_or(Overflow::Clear, Overflow::Queue),
        max_waiting: if n == 2 { 3 } else { 100 },
        record: !n.is_multiple_of(3),
        ..Queue::named(name(&format!("queue {n}")))
    }
}
