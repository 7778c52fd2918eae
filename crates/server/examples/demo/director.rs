//! Who calls, answers, gives up, hangs up and finishes, and when. It opens no socket and asks no API: it is told what
//! happened and says what is to be done.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use cordial_sim::chance::Chance;
use cordial_sim::phone::{Habit, PhoneEvent, Placing};
use tokio::time::Instant;

use crate::phones::{Cast, Order, Who};
use crate::site::{NUMBER, Site};
use crate::wire::Event;

/// The caller who loses patience in his first call, and what he can stand in the queue. Milliseconds.
const IMPATIENT_CALLER: usize = 3;
const PATIENCE_MS: u64 = 3_000;
/// The agent who lets a call ring once: the second that rings at the second desk.
const DREAMER: (usize, u32) = (1, 2);
/// The agent who asks for lunch in the middle of a call.
const HUNGRY: usize = 0;

/// Something to be done outside.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// By the user of a phone.
    Phone(Who, Order),
    /// An agent says how the contact ended and is ready again; with lunch pending, just ends the wrap-up.
    Finish { agent: usize, call: String, word: usize, hungry: bool },
    /// An agent asks for lunch.
    Lunch(usize),
    /// An agent says ready.
    Ready(usize),
}

/// Plans for later.
#[derive(Clone, Debug)]
enum Chore {
    Call(usize),
    GiveUp(usize, String),
    HangUp(Who, String),
    Lunch(usize, String),
    Finish(usize, String),
    Ready(usize),
}

#[derive(Default)]
struct Desk {
    rung: u32,
    talks: u32,
    call: Option<String>,
    lunch_asked: bool,
}

#[derive(Default)]
struct Caller {
    calls: u32,
    /// Between placing a call and its end.
    on_the_phone: bool,
    call: Option<String>,
    waiting: bool,
}

/// See the module's first lines.
pub(crate) struct Director {
    chance: Chance,
    agents: Vec<Desk>,
    callers: Vec<Caller>,
    chores: BTreeMap<(Instant, u64), Chore>,
    planned: u64,
    deeds: VecDeque<Deed>,
    /// Calls still to be placed; without a number, for ever.
    left: Option<u32>,
    /// A round that proves something keeps to the script.
    scripted: bool,
    words: usize,
    stopping: bool,
}

impl Director {
    pub(crate) fn new(site: &Site, cast: &Cast, calls: Option<u32>, seed: u64) -> Self {
        let now = Instant::now();
        let mut director = Self {
            chance: Chance::new(seed),
            agents: (0..cast.agents()).map(|_| Desk::default()).collect(),
            callers: (0..cast.callers()).map(|_| Caller::default()).collect(),
            chores: BTreeMap::new(),
            planned: 0,
            deeds: VecDeque::new(),
            left: calls,
            scripted: calls.is_some(),
            words: site.dispositions.len(),
            stopping: false,
        };
        for agent in 0..cast.agents() {
            director.next_habit(agent);
        }
        for caller in 0..cast.callers() {
            director.plan(now, 300 + 350 * caller as u64, Chore::Call(caller));
        }
        director
    }

    // What happened

    /// A phone told something.
    pub(crate) fn heard(&mut self, now: Instant, who: Who, event: &PhoneEvent) {
        match (who, event) {
            (Who::Agent(agent), PhoneEvent::Ringing { .. }) => {
                self.agents[agent].rung += 1;
                self.next_habit(agent);
            }
            (Who::Caller(caller), PhoneEvent::Cleared { .. } | PhoneEvent::Failed { .. }) => {
                let one = &mut self.callers[caller];
                (one.on_the_phone, one.call, one.waiting) = (false, None, false);
                let pause = if self.scripted {
                    self.chance.within(300..=900)
                } else {
                    self.chance.within(800..=5_000)
                };
                self.plan(now, pause, Chore::Call(caller));
            }
            (
                Who::Agent(_) | Who::Caller(_),
                PhoneEvent::Registered
                | PhoneEvent::Unregistered
                | PhoneEvent::RegistrationRefused { .. }
                | PhoneEvent::Ringing { .. }
                | PhoneEvent::Progress { .. }
                | PhoneEvent::Answered { .. }
                | PhoneEvent::Failed { .. }
                | PhoneEvent::Cleared { .. },
            ) => {}
        }
    }

    /// The server told an event; its agent and caller are found by place.
    pub(crate) fn told(&mut self, now: Instant, event: &Event, agent: Option<usize>, caller: Option<usize>) {
        let call = event.text("call").to_owned();
        match (event.kind.as_str(), agent, caller) {
            ("call_started", _, Some(caller)) => self.callers[caller].call = Some(call),
            ("call_queued", _, Some(caller)) => self.queued(now, caller, call),
            ("waiting_ended", _, Some(caller)) => self.callers[caller].waiting = false,
            ("agent_connected", Some(agent), Some(caller)) => self.connected(now, agent, caller, call),
            ("agent_disconnected", Some(agent), _) => self.agents[agent].call = None,
            ("wrap_up_started", Some(agent), _) => {
                let typing = self.chance.within(900..=1_800);
                self.plan(now, typing, Chore::Finish(agent, call));
            }
            // Whoever was marked away comes back and says so; lunch takes a little longer.
            ("agent_not_ready", Some(agent), _) => {
                let away = if event.data["duty"]["why"]["kind"] == "reason" { 4_000 } else { 2_500 };
                self.plan(now, away, Chore::Ready(agent));
            }
            _ => {}
        }
    }

    fn queued(&mut self, now: Instant, caller: usize, call: String) {
        let one = &mut self.callers[caller];
        one.waiting = true;
        let scripted = caller == IMPATIENT_CALLER && one.calls == 1;
        if scripted || (!self.scripted && self.chance.permille(200)) {
            let patience = if scripted { PATIENCE_MS } else { self.chance.within(2_000..=9_000) };
            self.plan(now, patience, Chore::GiveUp(caller, call));
        } else if self.stopping {
            self.plan(now, 0, Chore::GiveUp(caller, call));
        }
    }

    fn connected(&mut self, now: Instant, agent: usize, caller: usize, call: String) {
        let desk = &mut self.agents[agent];
        desk.talks += 1;
        desk.call = Some(call.clone());
        if agent == HUNGRY && desk.talks.is_multiple_of(4)
            || self.scripted && agent == HUNGRY && desk.talks == 2
        {
            self.plan(now, 1_500, Chore::Lunch(agent, call.clone()));
        }
        let talk = match (self.stopping, self.scripted) {
            (true, _) => 1_500,
            (false, true) => self.chance.within(3_500..=5_000),
            (false, false) => self.chance.within(4_000..=12_000),
        };
        let who = if self.chance.permille(500) { Who::Agent(agent) } else { Who::Caller(caller) };
        self.plan(now, talk, Chore::HangUp(who, call));
    }

    /// No more calls; those that wait give up and those that talk come to an end.
    pub(crate) fn stop(&mut self, now: Instant) {
        self.stopping = true;
        self.left = Some(0);
        for caller in 0..self.callers.len() {
            let one = &self.callers[caller];
            if let (true, Some(call)) = (one.waiting, one.call.clone()) {
                self.plan(now, 200, Chore::GiveUp(caller, call));
            }
        }
        for agent in 0..self.agents.len() {
            if let Some(call) = self.agents[agent].call.clone() {
                self.plan(now, 1_500, Chore::HangUp(Who::Agent(agent), call));
            }
        }
    }

    /// Whether every call was placed and every caller has hung up.
    pub(crate) fn is_done(&self) -> bool {
        self.left == Some(0) && self.callers.iter().all(|caller| !caller.on_the_phone)
    }

    // What to do

    /// When something is to be done next.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.chores.keys().next().map(|(at, _)| *at)
    }

    /// Takes up the plans whose time has come.
    pub(crate) fn wake(&mut self, now: Instant) {
        while let Some(entry) = self.chores.first_entry().filter(|entry| entry.key().0 <= now) {
            let chore = entry.remove();
            self.take_up(chore);
        }
    }

    /// The next thing to be done.
    pub(crate) fn deed(&mut self) -> Option<Deed> {
        self.deeds.pop_front()
    }

    fn take_up(&mut self, chore: Chore) {
        match chore {
            Chore::Call(caller) => self.call(caller),
            Chore::GiveUp(caller, call) => {
                let one = &self.callers[caller];
                if one.waiting && one.call.as_ref() == Some(&call) {
                    self.deeds.push_back(Deed::Phone(Who::Caller(caller), Order::HangUp));
                }
            }
            Chore::HangUp(who, call) => {
                let talks_in = match who {
                    Who::Agent(agent) => &self.agents[agent].call,
                    Who::Caller(caller) => &self.callers[caller].call,
                };
                if talks_in.as_ref() == Some(&call) {
                    self.deeds.push_back(Deed::Phone(who, Order::HangUp));
                }
            }
            Chore::Lunch(agent, call) => {
                if !self.stopping && self.agents[agent].call.as_ref() == Some(&call) {
                    self.agents[agent].lunch_asked = true;
                    self.deeds.push_back(Deed::Lunch(agent));
                }
            }
            Chore::Finish(agent, call) => {
                let hungry = std::mem::take(&mut self.agents[agent].lunch_asked);
                let word = self.chance.within(0..=self.words as u64 - 1) as usize;
                self.deeds.push_back(Deed::Finish { agent, call, word, hungry });
            }
            Chore::Ready(agent) => self.deeds.push_back(Deed::Ready(agent)),
        }
    }

    fn call(&mut self, caller: usize) {
        if self.callers[caller].on_the_phone || self.left == Some(0) {
            return;
        }
        self.left = self.left.map(|left| left - 1);
        let one = &mut self.callers[caller];
        one.calls += 1;
        one.on_the_phone = true;
        // The demonstration never waits for ever, whatever becomes of the call.
        let placing = Placing { to: NUMBER.to_owned(), give_up_after_ms: Some(30_000), ..Placing::default() };
        self.deeds.push_back(Deed::Phone(Who::Caller(caller), Order::Place(placing)));
    }

    /// Decides what the agent does when the phone rings next.
    fn next_habit(&mut self, agent: usize) {
        let next = (agent, self.agents[agent].rung + 1);
        let dreams = if self.scripted { next == DREAMER } else { self.chance.permille(120) };
        let habit = if dreams {
            Habit::Ignore
        } else {
            Habit::Answer { after_ms: self.chance.within(1_000..=2_500) }
        };
        self.deeds.push_back(Deed::Phone(Who::Agent(agent), Order::Habit(habit)));
    }

    fn plan(&mut self, now: Instant, after_ms: u64, chore: Chore) {
        self.planned += 1;
        self.chores.insert((now + Duration::from_millis(after_ms), self.planned), chore);
    }
}
