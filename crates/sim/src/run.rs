//! One seed: people call, answer, hang up, take breaks and change their minds while phones, network, clock and process
//! fail; then the faults stop, everybody goes home, and nothing may be left over.

mod hour;
mod town;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use cordial_engine::agent::{CallSettings, ForwardTo, Handling, Membership};
use cordial_engine::call::{Joining, Monitored, Supervision, TransferTo};
use cordial_engine::command::Note;
use cordial_engine::id::DeviceId;
use cordial_engine::text::Text;
use cordial_engine::view::LegPhase;
use cordial_engine::{Actor, Command, Endpoint, Input};

use crate::chance::Chance;
use crate::checker::Violation;
use crate::phone::{Habit, LineId, Placing};
use crate::tamper::{Fault, Tamper};
use crate::world::{World, number};
use town::{Climate, Company};

pub use hour::{Pace, hour};

/// A talking phone whose leg we have forgotten must learn of it within this, when the network loses nothing.
/// Milliseconds.
const GHOST_MS: u64 = 5_000;
/// The same when the network loses some: as long as a BYE is sent again (RFC 3261 section 17.1.2.2). Milliseconds.
const GHOST_IN_STORM_MS: u64 = 40_000;
/// A phone that answered while the process was dead says so again every 4 s (RFC 3261 section 13.3.1.4), and the
/// process needs one to come back. Milliseconds.
const AFTERMATH_MS: u64 = 6_000;
/// After the faults stop. Milliseconds.
const CALM_MS: u64 = 600_000;
/// The last transactions linger no longer than this. Milliseconds.
const LINGER_MS: u64 = 130_000;

/// Events shown when a rule is broken and everything is printed.
const LAST_EVENTS: usize = 15;

/// How a seed went.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// What was wrong, if anything.
    pub violation: Option<Violation>,
    /// Events told.
    pub events: usize,
    /// Calls placed by callers.
    pub calls: u64,
    /// Virtual time that passed. Milliseconds.
    pub virtual_ms: u64,
    /// What was done, when it was asked for.
    pub log: Vec<String>,
}

struct Run {
    world: World,
    chance: Chance,
    climate: Climate,
    companies: Vec<Company>,
    calls: u64,
    /// How long callers talk. Milliseconds.
    talk_ms: RangeInclusive<u64>,
    /// When a station was first seen in a call that we know nothing of.
    ghosts: Vec<Option<u64>>,
    /// Calls at a station that was cut off meanwhile: it may have missed their ends for good.
    excused: Vec<BTreeSet<LineId>>,
    troubled: u64,
    log: Option<Vec<String>>,
}

/// Runs a seed, with a planted fault or none.
pub fn run(seed: u64, fault: Option<Fault>, verbose: bool) -> Report {
    let mut chance = Chance::new(seed);
    let climate = Climate::draw(&mut chance);
    let settings = town::settings(seed, &mut chance);
    let mut world = World::new(settings.clone(), Tamper::plant(fault, seed));
    let mut companies = vec![town::company(&mut world, &mut chance, 0)];
    if chance.permille(400) {
        companies.push(town::company(&mut world, &mut chance, 1));
    }
    let ghosts = vec![None; world.stations.len()];
    let log = verbose.then(|| vec![format!("{settings:?} {climate:?}")]);
    let excused = vec![BTreeSet::new(); world.stations.len()];
    let talk_ms = 3_000..=60_000;
    let mut run =
        Run { world, chance, climate, companies, calls: 0, talk_ms, ghosts, excused, troubled: 0, log };
    run.morning();
    run.day();
    run.evening();
    run.report(seed)
}

impl Run {
    fn report(mut self, seed: u64) -> Report {
        if self.world.violation().is_some() {
            let last = self.world.told.len().saturating_sub(LAST_EVENTS);
            let events: Vec<_> = self.world.told[last..].iter().map(|event| format!("{event:?}")).collect();
            events.into_iter().for_each(|event| self.say(|| event));
        }
        Report {
            seed,
            violation: self.world.violation().cloned(),
            events: self.world.told.len(),
            calls: self.calls,
            virtual_ms: self.world.now(),
            log: self.log.unwrap_or_default(),
        }
    }

    /// Phones register, agents log in and get ready.
    fn morning(&mut self) {
        for company in 0..self.companies.len() {
            for agent in 0..self.companies[company].agents.len() {
                let desk = self.companies[company].agents[agent].1;
                self.world.at_phone(desk.station, |phone, now| phone.register(now));
                self.draw_habit(desk.station);
            }
            let carrier = self.companies[company].carrier.station;
            self.world.at_phone(carrier, |phone, _| {
                phone.set_habit(Habit::Answer { after_ms: 2_000 }, Some(15_000));
            });
        }
        self.world.run_for(2_000);
        for company in 0..self.companies.len() {
            for agent in 0..self.companies[company].agents.len() {
                self.log_in_and_ready(company, agent);
            }
        }
        self.world.network.set_weather(self.climate.weather.clone());
    }

    fn day(&mut self) {
        let wanted = self.chance.within(5..=40);
        let deeds = wanted * 6;
        for _ in 0..deeds {
            let pause = self.chance.within(20..=2_000);
            self.pass(pause);
            if self.world.violation().is_some() {
                return;
            }
            match self.chance.within(0..=99) {
                0..=29 if self.calls < wanted => self.caller_calls(),
                0..=69 => self.agent_acts(),
                70..=84 => self.phone_acts(),
                85..=89 => self.many_act_at_once(),
                _ => self.fault_strikes(),
            }
        }
    }

    /// The faults stop, agents stay, calls run out: nothing may be left over.
    fn evening(&mut self) {
        self.world.network.calm();
        self.say(|| "calm".to_owned());
        for station in 0..self.world.stations.len() {
            self.world.at_phone(station, |phone, now| {
                for line in phone.lines().collect::<Vec<_>>() {
                    if phone.is_talking(line) {
                        phone.hold(now, line, false);
                    }
                }
            });
        }
        self.pass(CALM_MS);
        for company in 0..self.companies.len() {
            for (_, desk) in self.companies[company].agents.clone() {
                self.world.at_phone(desk.station, |phone, now| phone.unregister(now));
            }
        }
        self.pass(LINGER_MS);
        let Some(node) = self.world.node() else { return };
        let counts = node.counts();
        let none = cordial_node::Counts::default();
        let left = (counts != none).then(|| format!("the node still holds {counts:?}"));
        let talking = self.world.stations.iter().find(|station| station.phone.lines().next().is_some());
        let left = left.or_else(|| talking.map(|station| format!("{} is still in a call", station.name)));
        self.world.judge_calm(left);
    }

    // What happens

    fn caller_calls(&mut self) {
        self.calls += 1;
        let company = self.draw_company();
        let queue = self.chance.within(0..=self.companies[company].queues.len() as u64 - 1);
        let to = match self.chance.within(0..=19) {
            0 => "+44200".to_owned(),
            1 => "+44201".to_owned(),
            2 => "+44202".to_owned(),
            3 => "+44999".to_owned(),
            4..=8 => format!("+44101{queue}"),
            _ => format!("+44100{queue}"),
        };
        // Some call again, and may get the agent of last time.
        let caller = if self.chance.permille(300) { self.chance.within(1..=5) } else { self.calls };
        let placing = Placing {
            to,
            from: Some(format!("+4477{caller:05}")),
            give_up_after_ms: Some(self.chance.within(500..=60_000)),
            hang_up_after_ms: Some(self.chance.within(self.talk_ms.clone())),
        };
        self.say(|| format!("caller {placing:?}"));
        let station = self.companies[company].carrier.station;
        self.world.at_phone(station, |phone, now| phone.place(now, placing));
    }

    fn agent_acts(&mut self) {
        let company = self.draw_company();
        let Company { agents, reason, .. } = &self.companies[company];
        let (reason, index) = (Some(*reason), self.chance.within(0..=agents.len() as u64 - 1) as usize);
        let (agent, desk) = agents[index];
        let note = Note::default();
        let command = match self.chance.within(0..=24) {
            20..=24 => self.draw_control(desk.device),
            0..=5 => Some(Command::Ready { agent }),
            6..=7 => Some(Command::NotReady { agent, reason, note }),
            8 => Some(Command::LogOut { agent, reason: None }),
            9 => return self.log_in_and_ready(company, index),
            10 if self.chance.permille(300) => Some(Command::ReadyAfterWrapUp { agent }),
            10 => Some(Command::EndWrapUp { agent }),
            dice => self.draw_command(company, index, dice),
        };
        if let Some(command) = command {
            self.command(company, command);
        }
    }

    /// Something an agent asks for less often.
    fn draw_command(&mut self, company: usize, index: usize, dice: u64) -> Option<Command> {
        let Company { queues, disposition, agents, .. } = &self.companies[company];
        let ((agent, desk), disposition) = (agents[index], *disposition);
        let queue = *self.chance.pick(queues)?;
        let live_calls: Vec<_> = self.world.checker.live_calls().collect();
        let live_offers: Vec<_> = self.world.checker.live_offers().collect();
        let (call, offer) = (self.chance.pick(&live_calls).copied(), self.chance.pick(&live_offers).copied());
        let note = Note::default();
        match dice {
            11 => offer.map(|offer| Command::DeclineOffer { offer }),
            12 => {
                let options = [Membership::Out, Membership::NotReady, Membership::Ready, Membership::Ready];
                let membership = *self.chance.pick(&options)?;
                Some(Command::SetMembership { agent, queue, membership })
            }
            13 if self.chance.permille(300) => {
                let to = ["101", "102", "500", "+44555"].map(|to| Some(ForwardTo::Number(number(to))));
                let mut draw = || self.chance.pick(&to).cloned().flatten();
                let settings = CallSettings { busy: draw(), no_answer: draw(), unreachable: draw() };
                Some(Command::SetCallSettings { agent, settings })
            }
            13 => {
                let away = Handling::Forward(number("101"));
                let options = [Handling::Ring, Handling::Ring, Handling::Busy, away];
                let handling = self.chance.pick(&options)?.clone();
                Some(Command::SetHandling { agent, handling })
            }
            14 if self.chance.permille(700) => {
                let to = self.chance.pick(&["101", "102", "500", "501", "300", "+44555", "999"])?;
                let to = TransferTo::Number(number(to));
                call.map(|call| Command::TransferCall { call, device: None, to })
            }
            14 => call.map(|call| Command::ClearCall { call }),
            15 => {
                let to = number(self.chance.pick(&["+44555", "102", "500", "300", "999"])?);
                let device = desk.device;
                Some(Command::PlaceCall { device, to })
            }
            16 => call.map(|call| Command::PauseRecording { call, reason: Text::default() }),
            17 => call.map(|call| Command::ResumeRecording { call }),
            18 => call.map(|call| Command::SetDisposition { call, agent, disposition, note }),
            _ if self.chance.permille(500) => Some(Command::Assign { agent, queue, tier: None }),
            _ => Some(Command::Unassign { agent, queue }),
        }
    }

    /// People hold, transfer and hang up in the same instant, at phones and by command.
    fn many_act_at_once(&mut self) {
        for _ in 0..self.chance.within(2..=6) {
            let company = self.draw_company();
            if self.chance.permille(500) {
                self.phone_acts();
                continue;
            }
            let agents = &self.companies[company].agents;
            let index = self.chance.within(0..=agents.len() as u64 - 1) as usize;
            let device = self.companies[company].agents[index].1.device;
            if let Some(command) = self.draw_control(device) {
                self.command(company, command);
            }
        }
    }

    /// Something that is asked for in a call, for the device of an agent or for whoever has it.
    fn draw_control(&mut self, device: DeviceId) -> Option<Command> {
        let live_calls: Vec<_> = self.world.checker.live_calls().collect();
        let call = *self.chance.pick(&live_calls)?;
        let own = device;
        let device = self.chance.permille(200).then_some(device);
        let hold = self.chance.permille(500);
        Some(match self.chance.within(0..=17) {
            14 => Command::Monitor { device: own, whom: Monitored::Call(call), whispers: hold },
            15..=17 => {
                let parts =
                    [Supervision::Listen, Supervision::Whisper, Supervision::Barge, Supervision::TakeOver];
                Command::Supervise { call, how: *self.chance.pick(&parts)? }
            }
            0..=3 => {
                let to =
                    number(self.chance.pick(&["101", "102", "103", "500", "501", "300", "+44555", "999"])?);
                Command::Consult { call, device, to }
            }
            4 => Command::SwapCalls { call, device },
            5..=6 => Command::JoinCalls { call, device, how: Joining::Transfer },
            7..=8 => Command::JoinCalls { call, device, how: Joining::Conference },
            9..=10 => Command::HoldCall { call, device, hold },
            11 => Command::MuteCall { call, device, muted: hold },
            12 => Command::LeaveCall { call, device },
            _ => {
                let legs: Vec<_> = self.world.checker.legs_of(call).collect();
                let leg = self.chance.pick(&legs).copied();
                leg.map_or(Command::ClearCall { call }, |leg| Command::DropParty { call, leg })
            }
        })
    }

    fn phone_acts(&mut self) {
        let company = self.draw_company();
        let index = self.chance.within(0..=self.companies[company].agents.len() as u64 - 1) as usize;
        let station = self.companies[company].agents[index].1.station;
        let deed = self.chance.within(0..=9);
        let line = self.world.stations[station].phone.lines().next();
        self.say(|| format!("phone {station} does {deed} on {line:?}"));
        match (deed, line) {
            (0..=2, _) => self.draw_habit(station),
            (3..=4, Some(line)) => self.world.at_phone(station, |phone, now| phone.hang_up(now, line)),
            (5, Some(line)) => self.world.at_phone(station, |phone, now| phone.hold(now, line, true)),
            (6, Some(line)) => self.world.at_phone(station, |phone, now| phone.hold(now, line, false)),
            (7, _) => {
                let to = ["101", "102", "500", "301", "+44666", "999", "*54102", "*54500"];
                let to = (*self.chance.pick(&to).expect("there are eight")).to_owned();
                let give_up_after_ms = Some(self.chance.within(1_000..=30_000));
                let hang_up_after_ms = Some(self.chance.within(1_000..=30_000));
                let placing = Placing { to, from: None, give_up_after_ms, hang_up_after_ms };
                self.world.at_phone(station, |phone, now| phone.place(now, placing));
            }
            (8, _) => self.world.at_phone(station, |phone, now| phone.unregister(now)),
            _ => self.world.at_phone(station, |phone, now| phone.register(now)),
        }
    }

    fn fault_strikes(&mut self) {
        let station = self.chance.within(0..=self.world.stations.len() as u64 - 1) as usize;
        let host = self.world.stations[station].phone.config().sip.ip();
        match self.chance.within(0..=4) {
            0 if self.climate.crashes => {
                self.say(|| "the node crashes".to_owned());
                self.troubled = self.world.now();
                self.world.crash();
            }
            1 if self.climate.cuts => {
                self.say(|| format!("station {station} is cut off"));
                self.world.network.cut(host);
            }
            2 if self.climate.cuts => {
                self.say(|| "the cuts are healed".to_owned());
                for station in &self.world.stations {
                    self.world.network.heal(station.phone.config().sip.ip());
                }
            }
            3 if self.climate.clock_steps => {
                let hours = self.chance.within(0..=2) as i64 - 1;
                self.say(|| format!("the wall clock steps by {hours} h"));
                self.world.step_wall(hours * 3_600_000 + 1_000);
            }
            4 if self.climate.power_cuts => {
                self.say(|| format!("station {station} loses power"));
                self.world.at_phone(station, |phone, now| {
                    phone.lose_power();
                    if phone.config().lines == 2 {
                        phone.register(now);
                    }
                });
            }
            _ => {}
        }
    }

    // With what

    fn log_in_and_ready(&mut self, company: usize, index: usize) {
        let (agent, desk) = self.companies[company].agents[index];
        self.command(company, Command::LogIn { agent, device: desk.device });
        self.command(company, Command::Ready { agent });
    }

    fn command(&mut self, company: usize, command: Command) {
        let tenant = self.companies[company].tenant;
        self.say(|| format!("{command:?}"));
        self.world.ask(Input::Command { tenant, by: Actor::Operator, command });
    }

    fn draw_company(&mut self) -> usize {
        if self.companies.len() > 1 && self.chance.permille(250) { 1 } else { 0 }
    }

    fn draw_habit(&mut self, station: usize) {
        let after_ms = self.chance.within(200..=6_000);
        let habit = match self.chance.within(0..=19) {
            0..=14 => Habit::Answer { after_ms },
            15 => Habit::Reject { code: 486, after_ms },
            16 => Habit::Reject { code: 603, after_ms },
            17 => Habit::Reject { code: 500, after_ms },
            18 => Habit::EarlyMedia { after_ms },
            _ => Habit::Ignore,
        };
        let talk = Some(self.chance.within(2_000..=60_000));
        self.world.at_phone(station, |phone, _| phone.set_habit(habit, talk));
    }

    /// Lets time pass, looking for ghosts each second.
    fn pass(&mut self, ms: u64) {
        let until = self.world.now() + ms;
        while self.world.now() < until && self.world.violation().is_none() {
            self.world.run_until(until.min(self.world.now() + 1_000));
            self.look_for_ghosts();
        }
    }

    /// No leg is left up at a phone: one that talks has a leg here, or learns of its end, from this process or the next.
    fn look_for_ghosts(&mut self) {
        let now = self.world.now();
        let calls: Vec<(Endpoint, LegPhase)> = self.world.node().map_or_else(Vec::new, |node| {
            let tenants = node.engine().tenants();
            let calls = tenants.iter().flat_map(|tenant| node.engine().calls(tenant.id));
            calls.flat_map(|call| call.legs).map(|leg| (leg.endpoint, leg.phase)).collect()
        });
        if self.world.node().is_none() {
            self.troubled = now;
        }
        let quiet = now > self.troubled + AFTERMATH_MS && self.world.node().is_some();
        let patience_ms = if self.climate.is_fair() { GHOST_MS } else { GHOST_IN_STORM_MS };
        let mut found = None;
        for company in &self.companies {
            let desks = company.agents.iter().map(|(_, desk)| (Endpoint::Device(desk.device), desk.station));
            let carrier = (Endpoint::Trunk(company.carrier.trunk), company.carrier.station);
            for (endpoint, station) in desks.chain([carrier]) {
                let phone = &self.world.stations[station].phone;
                let excused = &mut self.excused[station];
                if self.world.network.is_cut(phone.config().sip.ip()) {
                    excused.extend(phone.lines());
                }
                let talking = phone.lines().filter(|line| phone.is_talking(*line) && !excused.contains(line));
                let talking = talking.count();
                let known = calls.iter().filter(|(at, _)| *at == endpoint).count();
                let since = &mut self.ghosts[station];
                *since = if quiet && talking > known { since.or(Some(now)) } else { None };
                if since.is_some_and(|since| now > since + patience_ms) {
                    found = Some(format!("station {station} talks in {talking} calls, we know of {known}"));
                }
            }
        }
        if let Some(what) = found {
            self.world.judge(format!("ghost {what}"));
        }
    }

    fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            log.push(format!("{:>9} {}", self.world.now(), what()));
        }
    }
}
