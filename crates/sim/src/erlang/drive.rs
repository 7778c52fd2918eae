//! Callers and agents of a system around the engine.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use cordial_engine::call::{Cause, WaitingEnd};
use cordial_engine::entry::Tier;
use cordial_engine::id::{AgentId, CallId, LegId};
use cordial_engine::{Answer, Endpoint, Event, Fact, Input, Report};

use super::{BATCHES, Batch, System};
use crate::chance::Chance;
use crate::site::{Site, at, urgent_route};
use crate::world::{name, number};

/// What is due. Microseconds, so that the order within a millisecond is that of chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A call of this class arrives.
    Arrives(usize),
    /// A caller has no patience left.
    GivesUp(CallId),
    /// A conversation is over.
    Ends(LegId),
}

/// A call that arrived and is neither lost, given up nor answered yet.
struct Caller {
    batch: usize,
    class: usize,
    leg: LegId,
}

/// A system at work.
pub(super) struct Drive<'a> {
    system: &'a System,
    site: Site,
    groups: BTreeMap<AgentId, usize>,
    now_us: u64,
    due: BinaryHeap<Reverse<(u64, Due)>>,
    arrivals: Chance,
    patience: Chance,
    services: Chance,
    callers: BTreeMap<CallId, Caller>,
    /// How many of each group talk.
    talking: Vec<u64>,
    batches: Vec<Batch>,
    /// Calls that arrived in the batch so far, and make one.
    arrived: usize,
    batch_calls: usize,
}

impl<'a> Drive<'a> {
    /// The system with all agents free.
    pub(super) fn open(system: &'a System, seed: u64) -> Self {
        let mut site = Site::open();
        let weights = system.weights.iter();
        let queues: Vec<_> = weights
            .map(|weight| {
                site.add_queue(|queue| {
                    (queue.weight, queue.wrap_up_ms, queue.record) = (*weight, 0, false);
                    queue.max_wait_ms = system.loses.then_some(1);
                })
            })
            .collect();
        for (n, class) in system.classes.iter().enumerate() {
            site.add(urgent_route(&dialled(n), queues[class.queue], class.urgency));
        }
        let mut groups = BTreeMap::new();
        for (n, group) in system.groups.iter().enumerate() {
            let tier = |level| Tier { level, ..Tier::default() };
            let serves: Vec<_> =
                group.serves.iter().map(|(queue, level)| (queues[*queue], tier(*level))).collect();
            groups.extend((0..group.agents).map(|_| (site.add_agent(&serves, true), n)));
        }
        let mut chance = Chance::new(seed);
        Self {
            system,
            site,
            groups,
            now_us: 0,
            due: BinaryHeap::new(),
            arrivals: chance.branch(),
            patience: chance.branch(),
            services: chance.branch(),
            callers: BTreeMap::new(),
            talking: vec![0; system.groups.len()],
            batches: Vec::new(),
            arrived: 0,
            batch_calls: 0,
        }
    }

    /// Lives through a twentieth of all calls that does not count, then through the batches, until the last of their calls
    /// has left the queue.
    pub(super) fn live(mut self, batch_calls: usize) -> Vec<Batch> {
        // A full house to begin with: how long its conversations still last is forgotten by them.
        for class in 0..self.system.classes.len() {
            let load = self.system.classes[class].per_hour * self.system.aht_s / 3_600.0;
            (0..load as u64).for_each(|_| self.arrives(class));
        }
        (0..self.system.classes.len()).for_each(|class| self.plan_arrival(class));
        self.begin_batch();
        self.batch_calls = batch_calls * BATCHES / 20;
        while self.batches.len() <= BATCHES + 1 || self.is_one_left() {
            let Some(Reverse((due_us, due))) = self.due.pop() else { break };
            self.pass(due_us);
            match due {
                Due::Arrives(class) => {
                    self.plan_arrival(class);
                    if self.arrived == self.batch_calls {
                        self.begin_batch();
                        self.batch_calls = batch_calls;
                    }
                    self.arrived += 1;
                    self.arrives(class);
                }
                Due::GivesUp(call) => {
                    if let Some(leg) = self.callers.get(&call).map(|caller| caller.leg) {
                        self.report(Report::LegCleared { leg, cause: Cause::Normal });
                    }
                }
                Due::Ends(leg) => self.report(Report::LegCleared { leg, cause: Cause::Normal }),
            }
        }
        self.batches.drain(1..=BATCHES).collect()
    }

    /// Whether a call of a batch that counts is still in line.
    fn is_one_left(&self) -> bool {
        self.callers.values().next().is_some_and(|caller| caller.batch <= BATCHES)
    }

    fn begin_batch(&mut self) {
        let groups = self.system.groups.iter().map(|_| (0.0, 0.0)).collect();
        let classes = vec![Default::default(); self.system.classes.len()];
        self.batches.push(Batch { classes, groups });
        self.arrived = 0;
    }

    /// Lets time pass: who talks goes on talking, and the engine's timers run out.
    fn pass(&mut self, until_us: u64) {
        while let Some(due) = self.site.engine.poll_timeout().map(|(due, _)| due.0 * 1_000) {
            if due > until_us {
                break;
            }
            self.add_time(due.max(self.now_us));
            self.handle(Input::Timeout);
        }
        self.add_time(until_us);
    }

    fn add_time(&mut self, until_us: u64) {
        let passed = until_us.saturating_sub(self.now_us) as f64;
        self.now_us = self.now_us.max(until_us);
        let Some(batch) = self.batches.last_mut() else { return };
        let groups = self.system.groups.iter().zip(&self.talking);
        for ((group, talking), sums) in groups.zip(&mut batch.groups) {
            sums.0 += passed * *talking as f64;
            sums.1 += passed * group.agents as f64;
        }
    }

    fn plan_arrival(&mut self, class: usize) {
        let mean_s = 3_600.0 / self.system.classes[class].per_hour;
        let after = exponential(&mut self.arrivals, mean_s);
        self.plan(after, Due::Arrives(class));
    }

    fn plan(&mut self, after_us: u64, due: Due) {
        self.due.push(Reverse((self.now_us + after_us, due)));
    }

    fn arrives(&mut self, class: usize) {
        let arrival = Report::LegArrived {
            from: Endpoint::Trunk(self.site.trunk),
            caller: None,
            caller_name: name(""),
            dialled: number(&dialled(class)),
        };
        let answer = self.site.engine.handle(at(self.now_us / 1_000), Input::Report(arrival));
        let batch = self.batches.len().saturating_sub(1);
        let counts = !self.batches.is_empty();
        if let Some(tally) = self.tally(batch, class) {
            tally.all += 1;
        }
        let Ok(Answer::Arrived(call, leg)) = answer else {
            // As many calls as there may be: nobody gets further.
            if let Some(tally) = self.tally(batch, class) {
                tally.lost += 1;
            }
            return;
        };
        self.callers.insert(call, Caller { batch, class, leg });
        self.follow();
        if !counts || !self.callers.contains_key(&call) {
            return;
        }
        if let Some(tally) = self.tally(batch, class) {
            tally.waited += 1;
        }
        if let Some(patience_s) = self.system.classes[class].patience_s {
            let after = exponential(&mut self.patience, patience_s);
            self.plan(after, Due::GivesUp(call));
        }
    }

    fn tally(&mut self, batch: usize, class: usize) -> Option<&mut super::Tally> {
        self.batches.get_mut(batch)?.classes.get_mut(class)
    }

    fn report(&mut self, report: Report) {
        self.handle(Input::Report(report));
    }

    fn handle(&mut self, input: Input) {
        let answer = self.site.engine.handle(at(self.now_us / 1_000), input);
        answer.expect("neither reports nor timeouts are refused");
        self.follow();
    }

    /// Counts what the facts say. Whoever is asked answers at once.
    fn follow(&mut self) {
        while let Some(event) = self.site.engine.poll_event() {
            if let Some(leg) = self.take(&event) {
                let answered = Input::Report(Report::LegAnswered { leg });
                let answer = self.site.engine.handle(at(self.now_us / 1_000), answered);
                answer.expect("reports are not refused");
            }
        }
        while self.site.engine.poll_action().is_some() {}
    }

    /// The leg of an offer, to be answered.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a queue's waits are what is counted here")]
    fn take(&mut self, event: &Event) -> Option<LegId> {
        match &event.fact {
            Fact::OfferMade { leg, .. } => return Some(*leg),
            Fact::WaitingEnded { call, end, waited_ms, .. } => self.leaves(*call, *end, *waited_ms),
            Fact::AgentConnected { agent, leg, .. } => {
                self.talking[self.groups[agent]] += 1;
                let after = (self.system.service)(&mut self.services, self.system.aht_s);
                self.plan(after, Due::Ends(*leg));
            }
            Fact::AgentDisconnected { agent, .. } => self.talking[self.groups[agent]] -= 1,
            _ => {}
        }
        None
    }

    fn leaves(&mut self, call: CallId, end: WaitingEnd, waited_ms: u64) {
        let Some(Caller { batch, class, .. }) = self.callers.remove(&call) else { return };
        let threshold_ms = (self.system.threshold_s * 1e3) as u64;
        let Some(tally) = self.tally(batch, class) else { return };
        let quick = waited_ms <= threshold_ms;
        tally.wait_ms += waited_ms;
        tally.waited_long += u64::from(!quick);
        match end {
            WaitingEnd::Answered => {
                tally.answered += 1;
                tally.answered_quickly += u64::from(quick);
                tally.wait_answered_ms += waited_ms;
            }
            WaitingEnd::Abandoned => {
                tally.abandoned += 1;
                tally.abandoned_quickly += u64::from(quick);
            }
            WaitingEnd::Overflowed
            | WaitingEnd::Refused
            | WaitingEnd::TurnedAway(_)
            | WaitingEnd::SentAway(_) => tally.lost += 1,
            WaitingEnd::LeftByKey | WaitingEnd::CalledBack => unreachable!("nobody here presses a key"),
        }
    }
}

fn dialled(class: usize) -> String {
    format!("+44100{class}")
}

/// A time of this mean, exponentially distributed. Microseconds.
pub(super) fn exponential(chance: &mut Chance, mean_s: f64) -> u64 {
    let unit = ((chance.number() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
    (-unit.ln() * mean_s * 1e6) as u64
}
