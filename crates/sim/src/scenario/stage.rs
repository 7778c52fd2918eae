//! Playing a story: names become ids, steps become deeds, expectations are compared.

use std::collections::BTreeMap;
use std::net::IpAddr;

use cordial_engine::agent::{Absence, Activity, Duty, Handling, QueueWish};
use cordial_engine::command::Note;
use cordial_engine::entry::{
    AfterMissed, Choice, Destination, Disposition, Entry, EntryId, MenuKey, Overflow, Queue, Ring, Route,
    SkillLevel, Strategy, Told, Treatment,
};
use cordial_engine::id::{AgentId, CalendarId, CallId, DispositionId, QueueId, ReasonId, SkillId, TenantId};
use cordial_engine::outbound::OutboundRules;
use cordial_engine::text::Text;
use cordial_engine::{Actor, Command, Input, Timestamp};
use cordial_media::{SAMPLE_RATE, tone};

use super::language::{CallerHabit, Deed, Given, QueuePart, Step, Story, StoryError, Wish, duration};
use super::print;
use crate::network::Loss;
use crate::phone::{Habit, LineId, PhoneEvent, Placing};
use crate::tamper::Tamper;
use crate::world::{DOMAINS, Desk, Line, NODE, Settings, World, name, number};

/// What came of a story, as text to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// Every fact.
    pub facts: String,
    /// Every SIP message, by dialog.
    pub sip: String,
    /// Every call record.
    pub cdr: String,
    /// What PortSIP's WSI told.
    pub portsip: String,
    /// What Webitel's WebSocket told a supervisor.
    pub webitel: String,
    /// What the event socket told of `callcenter::info`.
    pub freeswitch: String,
    /// What agents hear by the Generic Connector, in the strings of its document.
    pub seed: String,
    /// The same in the longer strings of later releases.
    pub long: String,
    /// The same in JSON.
    pub json: String,
}

/// Plays a story.
///
/// # Errors
/// The first line that names nobody, or whose expectation was not met; or a broken invariant.
pub fn play(story: &Story) -> Result<Played, StoryError> {
    let audio = story.givens.iter().any(|(_, given)| matches!(given, Given::Audio));
    let timer =
        |given: &Given| if let Given::SessionTimer { after_s } = given { Some(*after_s) } else { None };
    let timer_only_s = story.givens.iter().find_map(|(_, given)| timer(given));
    let settings = Settings { seed: 1, commit_ms: 2..=2, audio, ladder: true, crashes: None, timer_only_s };
    let mut stage = Stage::new(World::new(settings, Tamper::default()));
    for (line, given) in &story.givens {
        stage.set_up(given).map_err(|what| StoryError { line: *line, what })?;
    }
    stage.world.run_until(stage.world.now().next_multiple_of(1_000));
    stage.begins = stage.world.now();
    for (line, at, step) in &story.steps {
        stage.world.run_until(stage.begins + at);
        stage.do_step(step).map_err(|what| StoryError { line: *line, what })?;
        stage.world.check();
        if let Some(violation) = stage.world.violation() {
            return Err(StoryError { line: *line, what: format!("{}: {}", violation.rule, violation.what) });
        }
    }
    Ok(print::written(&stage.world, stage.begins, stage.shows_registrations))
}

pub(super) struct Stage {
    world: World,
    begins: u64,
    shows_registrations: bool,
    tenant: Option<(TenantId, usize)>,
    queues: BTreeMap<String, QueueId>,
    pub(super) calendars: BTreeMap<String, CalendarId>,
    agents: BTreeMap<String, (TenantId, AgentId, Desk)>,
    reasons: BTreeMap<String, ReasonId>,
    dispositions: BTreeMap<String, DispositionId>,
    skills: BTreeMap<String, SkillId>,
    phones: BTreeMap<String, (TenantId, Desk)>,
    carriers: Vec<(TenantId, Line)>,
    callers: BTreeMap<String, (usize, LineId)>,
}

pub(super) type Fault = String;

fn unknown(kind: &str, name: &str) -> Fault {
    format!("there is no {kind} `{name}` in this story")
}

fn outbound_rules(traits: &[Vec<String>]) -> Result<OutboundRules, Fault> {
    let mut rules = OutboundRules::default();
    for words in traits {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let count = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
        match words.as_slice() {
            [n, "calls"] => rules.calls = count(n)?,
            [n, "calls", "per", "device"] => rules.calls_per_device = count(n)?,
            [n, "calls", "per", "minute"] => rules.calls_per_minute = count(n)?,
            [n, "minutes", "per", "day"] => rules.minutes_per_day = count(n)?,
            ["denied", prefix] => rules.denied.push(number(prefix)),
            ["leads", "out", "again"] => rules.lead_out_again = true,
            _ => {
                return Err(format!(
                    "`{}` is none of: N calls, N calls per device, N calls per minute, N minutes per day, denied \
                     PREFIX, leads out again",
                    words.join(" ")
                ));
            }
        }
    }
    Ok(rules)
}

impl Stage {
    const fn new(world: World) -> Self {
        Self {
            world,
            begins: 0,
            shows_registrations: false,
            tenant: None,
            queues: BTreeMap::new(),
            calendars: BTreeMap::new(),
            agents: BTreeMap::new(),
            reasons: BTreeMap::new(),
            dispositions: BTreeMap::new(),
            skills: BTreeMap::new(),
            phones: BTreeMap::new(),
            carriers: Vec::new(),
            callers: BTreeMap::new(),
        }
    }

    // What is there

    fn set_up(&mut self, given: &Given) -> Result<(), Fault> {
        if let Given::Tenant(title) = given {
            let index = self.tenant.map_or(0, |(_, index)| index + 1);
            let domain = DOMAINS.get(index).ok_or("a story has two tenants at most")?;
            self.tenant = Some((self.world.add_tenant(title, domain), index));
            return Ok(());
        }
        let (tenant, index) = match self.tenant {
            Some(tenant) => tenant,
            None => *self.tenant.insert((self.world.add_tenant("one", DOMAINS[0]), 0)),
        };
        let domain = DOMAINS[index];
        match given {
            Given::Tenant(_) | Given::Audio | Given::SessionTimer { .. } => {}
            Given::Registrations => self.shows_registrations = true,
            Given::Queue { name: title, number: own, traits } => {
                let mut queue = Queue::named(name(title));
                queue.number = own.as_deref().map(number);
                for words in traits {
                    self.set_trait(&mut queue, &words.iter().map(String::as_str).collect::<Vec<_>>())?;
                }
                self.queues.insert(title.clone(), self.world.add_queue(tenant, queue));
            }
            Given::Calendar { name: title, zone, traits } => {
                let entry = super::rules::calendar(title, zone, traits)?;
                if let EntryId::Calendar(id) = self.world.add(tenant, entry) {
                    self.calendars.insert(title.clone(), id);
                }
            }
            Given::Agent { .. }
            | Given::SecondPhone { .. }
            | Given::Phone(_)
            | Given::Owner { .. }
            | Given::HotDesk(_)
            | Given::Identity { .. }
            | Given::Mailbox(_)
            | Given::Supervisor(_)
            | Given::Carrier { .. } => {
                self.set_up_phone(given, tenant, domain)?;
            }
            Given::Number { number: own, to, greeting } => {
                let destination = match to {
                    None => Destination::Clear,
                    Some(to) => self.destination(to)?,
                };
                let greeting = greeting.as_deref().map(name);
                self.world
                    .add(tenant, Entry::Route(Route { greeting, ..Route::to(number(own), destination) }));
            }
            Given::Outbound(traits) => {
                let rules = outbound_rules(traits)?;
                let command = Command::SetOutboundRules(rules);
                self.world.must(Input::Command { tenant, by: Actor::Operator, command });
            }
            Given::Reason(title) => {
                self.reasons.insert(title.clone(), self.world.add_reason(tenant, title));
            }
            Given::Disposition(title) => {
                let entry = Entry::Disposition(Disposition { name: name(title) });
                if let EntryId::Disposition(id) = self.world.add(tenant, entry) {
                    self.dispositions.insert(title.clone(), id);
                }
            }
            Given::Skill(title) => {
                self.skills.insert(title.clone(), self.world.add_skill(tenant, title));
            }
            Given::Can { agent, skills } => self.give_skills(tenant, agent, skills)?,
        }
        Ok(())
    }

    fn give_skills(&mut self, tenant: TenantId, title: &str, skills: &[Vec<String>]) -> Result<(), Fault> {
        let (_, agent, _) = *self.agents.get(title).ok_or_else(|| unknown("agent", title))?;
        let levels = skills.iter().map(|words| match words.as_slice() {
            [skill, level] => self.skill_level(skill, level),
            _ => Err("say `NAME can: SKILL LEVEL, SKILL LEVEL`".to_owned()),
        });
        let levels = levels.collect::<Result<_, _>>()?;
        self.world.give_skills(tenant, agent, levels);
        Ok(())
    }

    /// The phone that has the number.
    fn desk_of(&self, number: &str) -> Result<(TenantId, Desk), Fault> {
        let mut desks = self.phones.values();
        let has =
            |(_, desk): &&(TenantId, Desk)| self.world.stations[desk.station].phone.config().number == number;
        desks.find(has).copied().ok_or_else(|| unknown("phone", number))
    }

    fn set_up_phone(&mut self, given: &Given, tenant: TenantId, domain: &str) -> Result<(), Fault> {
        let tone = |hz| self.world.has_audio().then_some(hz);
        let (agent_tone, caller_tone) = (tone(1_300.0), tone(700.0));
        match given {
            Given::Agent { name: title, device, queues } => {
                let queues = queues.iter().map(|queue| self.queue(queue)).collect::<Result<Vec<_>, _>>()?;
                let agent = self.world.add_agent(tenant, title, None, &queues);
                let desk = self.world.add_desk(tenant, domain, device, title, agent_tone);
                self.agents.insert(title.clone(), (tenant, agent, desk));
                self.phones.insert(title.clone(), (tenant, desk));
            }
            Given::SecondPhone { name: title, device } => {
                let (tenant, desk) = self.desk_of(device)?;
                let station = self.world.add_phone(domain, device, title, 2, agent_tone, None);
                self.phones.insert(title.clone(), (tenant, Desk { device: desk.device, station }));
            }
            Given::Phone(own) => {
                let desk = self.world.add_desk(tenant, domain, own, own, agent_tone);
                self.phones.insert(own.clone(), (tenant, desk));
            }
            Given::Owner { name: title, device } => {
                let (_, agent, _) = self.agents.get(title).ok_or_else(|| unknown("agent", title))?;
                let owner = Some(*agent);
                let (_, desk) = self.desk_of(device)?;
                self.world.change_device(tenant, desk.device, |entry| entry.owner = owner);
            }
            Given::HotDesk(device) => {
                let (_, desk) = self.desk_of(device)?;
                self.world.change_device(tenant, desk.device, |entry| entry.hot_desk = true);
            }
            Given::Identity { name: title, number: own, pin } => {
                let (_, agent, _) = self.agents.get(title).ok_or_else(|| unknown("agent", title))?;
                let agent = *agent;
                self.world.give_number(tenant, agent, number(own));
                self.world.set_agent_pin(agent, pin);
            }
            Given::Mailbox(title) => {
                let (_, agent, _) = self.agents.get(title).ok_or_else(|| unknown("agent", title))?;
                self.world.give_mailbox(tenant, *agent);
            }
            Given::Supervisor(title) => {
                let (_, agent, _) = self.agents.get(title).ok_or_else(|| unknown("agent", title))?;
                self.world.make_supervisor(tenant, *agent);
            }
            Given::Carrier { name: title, digest } => {
                let line = self.world.add_carrier(tenant, domain, title, caller_tone, *digest);
                self.carriers.push((tenant, line));
                self.phones.insert(
                    title.clone(),
                    (tenant, Desk { device: cordial_engine::id::DeviceId(0), station: line.station }),
                );
            }
            Given::Tenant(_)
            | Given::Queue { .. }
            | Given::Calendar { .. }
            | Given::Number { .. }
            | Given::Outbound(_)
            | Given::Reason(_)
            | Given::Disposition(_)
            | Given::Skill(_)
            | Given::Can { .. }
            | Given::Audio
            | Given::SessionTimer { .. }
            | Given::Registrations => {}
        }
        Ok(())
    }

    /// Whether the words say what waiting callers are told or can press; then that is set.
    fn set_announcement(&self, treatment: &mut Treatment, words: &[&str]) -> Result<bool, Fault> {
        let one = |text: &str| text.chars().next().unwrap_or_default();
        let mut menu = |key: &str, prompt: Option<&str>, choice| {
            treatment.menu.push(MenuKey { key: one(key), prompt: prompt.map(name), choice });
        };
        match words {
            ["tells", "position"] => treatment.position = Told::Again,
            ["tells", "position", "once"] => treatment.position = Told::Once,
            ["tells", "wait"] => treatment.wait = Told::Again,
            ["tells", "wait", "once"] => treatment.wait = Told::Once,
            ["says", prompt] => treatment.messages.push(name(prompt)),
            ["announces", "every", time] => treatment.announce_ms = duration(time)?,
            ["speaks", language] => {
                treatment.language = Some(Text::parse(language).map_err(|fault| fault.to_string())?);
            }
            [key, "calls", "back"] => menu(key, None, Choice::Callback),
            [key, "takes", "a", "message", "for", agent] => {
                let (_, agent, _) = self.agents.get(*agent).ok_or_else(|| unknown("agent", agent))?;
                menu(key, None, Choice::Leave(Overflow::Voicemail(*agent)));
            }
            [key, "leads", "to", other, "by", prompt] => {
                menu(key, Some(prompt), Choice::Leave(Overflow::Queue(self.queue(other)?)));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_trait(&self, queue: &mut Queue, words: &[&str]) -> Result<(), Fault> {
        let missed = |words: &[&str]| match words {
            ["not", "ready"] => Ok(AfterMissed::NotReady),
            ["rest", time] => Ok(AfterMissed::Rest { delay_ms: duration(time)? }),
            _ => Err("say `not ready` or `rest TIME`".to_owned()),
        };
        match words {
            ["ring", "all"] => queue.strategy = Strategy::RingAll,
            ["ring", "level"] => queue.strategy = Strategy::RingLevel,
            ["ring", "progressively"] => queue.strategy = Strategy::RingProgressively,
            ["longest", "idle"] => queue.strategy = Strategy::LongestIdle,
            ["least", "recent"] => queue.strategy = Strategy::LeastRecent,
            ["round", "robin"] => queue.strategy = Strategy::RoundRobin,
            ["top", "down"] => queue.strategy = Strategy::TopDown,
            ["sequential"] => queue.strategy = Strategy::Sequential,
            ["fewest", "calls"] => queue.strategy = Strategy::FewestCalls,
            ["least", "talk"] => queue.strategy = Strategy::LeastTalk,
            ["random"] => queue.strategy = Strategy::Random,
            ["weighted", "random"] => queue.strategy = Strategy::WeightedRandom,
            ["offer", time] => queue.offer_ms = duration(time)?,
            ["wrap-up", time] => queue.wrap_up_ms = duration(time)?,
            ["no", "answer", rest @ ..] => queue.on_no_answer = missed(rest)?,
            ["decline", rest @ ..] => queue.on_decline = missed(rest)?,
            ["at", "most", count, "waiting"] => {
                queue.max_waiting = count.parse().map_err(|_| format!("`{count}` is no number"))?;
            }
            ["max", "wait", time] => queue.max_wait_ms = Some(duration(time)?),
            ["max", "wait", time, "then", "number", other] => {
                queue.max_wait_ms = Some(duration(time)?);
                queue.overflow = Overflow::Number(number(other));
            }
            ["full", "then", other] => queue.when_full = Overflow::Queue(self.queue(other)?),
            ["max", "wait", time, "then", other] => {
                queue.max_wait_ms = Some(duration(time)?);
                queue.overflow = Overflow::Queue(self.queue(other)?);
            }
            ["max", "wait", time, "then", "voicemail", "of", agent] => {
                queue.max_wait_ms = Some(duration(time)?);
                let (_, agent, _) = self.agents.get(*agent).ok_or_else(|| unknown("agent", agent))?;
                queue.overflow = Overflow::Voicemail(*agent);
            }
            ["greeting", prompt] => queue.treatment.greeting = Some(name(prompt)),
            ["not", "recorded"] => queue.record = false,
            ["not", "ready", "by", "themselves"] => queue.auto_ready = false,
            ["not", "ready", "after", "other", "calls"] => queue.auto_not_ready_after_other_call = true,
            ["service", "level", time] => queue.service_level_ms = duration(time)?,
            ["needs", skill, level] => queue.skills.push(self.skill_level(skill, level)?),
            ["after", time, skill, level, "is", "enough"] => {
                let relax = vec![self.skill_level(skill, level)?];
                queue.rings.push(Ring { after_ms: duration(time)?, relax });
            }
            ["briefs", prompt] => queue.briefing = Some(name(prompt)),
            words if self.set_announcement(&mut queue.treatment, words)? => {}
            _ if self.set_rule(queue, words)? => {}
            _ => {
                return Err(format!(
                    "`{}` is none of: a strategy, offer TIME, wrap-up TIME, no answer not ready|rest TIME, \
                     decline not ready|rest TIME, at most N waiting, max wait TIME [then QUEUE], full|empty then QUEUE, \
                     refuses when nobody logged in|ready|available, leaves when ... [for TIME], greeting PROMPT, not \
                     recorded, not ready by themselves, not ready after other calls, service level TIME, needs SKILL LEVEL, after TIME SKILL LEVEL is enough, briefs PROMPT, tells position|wait [once], says PROMPT, announces \
                     every TIME, speaks LANGUAGE, KEY calls back, KEY takes a message for AGENT, KEY leads to QUEUE by PROMPT",
                    words.join(" ")
                ));
            }
        }
        Ok(())
    }

    fn skill_level(&self, skill: &str, level: &str) -> Result<SkillLevel, Fault> {
        let id = self.skills.get(skill).copied().ok_or_else(|| unknown("skill", skill))?;
        let level = level.parse().map_err(|_| format!("`{level}` is no level from 0 to 10"))?;
        Ok(SkillLevel { skill: id, level })
    }

    pub(super) fn queue(&self, title: &str) -> Result<QueueId, Fault> {
        self.queues.get(title).copied().ok_or_else(|| unknown("queue", title))
    }

    fn destination(&self, title: &str) -> Result<Destination, Fault> {
        if let Some(queue) = self.queues.get(title) {
            return Ok(Destination::Queue(*queue));
        }
        if let Some((_, agent, _)) = self.agents.get(title) {
            return Ok(Destination::Agent(*agent));
        }
        let phone = self.phones.get(title).map(|(_, desk)| Destination::Device(desk.device));
        phone.ok_or_else(|| unknown("queue, agent or phone", title))
    }

    fn station(&self, who: &str) -> Result<usize, Fault> {
        let caller = self.callers.get(who).map(|(station, _)| *station);
        caller
            .or_else(|| self.phones.get(who).map(|(_, desk)| desk.station))
            .ok_or_else(|| unknown("phone", who))
    }

    fn host(&self, who: &str) -> Result<IpAddr, Fault> {
        if who == "node" {
            return Ok(NODE.ip());
        }
        Ok(self.world.stations[self.station(who)?].phone.config().sip.ip())
    }

    // What happens

    fn do_step(&mut self, step: &Step) -> Result<(), Fault> {
        match step {
            Step::End => Ok(()),
            Step::Crash => {
                self.world.crash();
                Ok(())
            }
            Step::Night(..) | Step::Emergency { .. } => self.close(step),
            Step::WallJump(by) => {
                self.world.step_wall(*by);
                Ok(())
            }
            Step::Lose { word, from, to, times } => {
                let from = from.as_deref().map(|who| self.host(who)).transpose()?;
                let to = to.as_deref().map(|who| self.host(who)).transpose()?;
                self.world.network.lose(Loss { from, to, word: word.clone(), times: *times });
                Ok(())
            }
            Step::Cut(who, cut) => {
                let host = self.host(who)?;
                if *cut {
                    self.world.network.cut(host);
                } else {
                    self.world.network.heal(host);
                }
                Ok(())
            }
            Step::Call { caller, to, after } => self.call(caller, to, after),
            Step::Phone(who, deed) => self.do_deed(who, deed),
            Step::Ask(who, wish) => self.ask(who, wish),
            Step::Expect(who, what) => {
                let what: Vec<&str> = what.iter().map(String::as_str).collect();
                let seen = if let ["hears", tone, "Hz"] = what.as_slice() {
                    (self.tone(who)?, format!("{tone} Hz"))
                } else if let ["lamp", ..] = what.as_slice() {
                    (self.lamp(who)?, what.join(" "))
                } else {
                    (self.seen(who, &what)?, what.join(" "))
                };
                if seen.0 == seen.1 {
                    Ok(())
                } else {
                    Err(format!("expected {who} {}, but it is: {}", seen.1, seen.0))
                }
            }
        }
    }

    fn call(&mut self, caller: &str, to: &str, after: &[(CallerHabit, u64)]) -> Result<(), Fault> {
        // Of two carriers, a caller comes in at the one whose tenant owns the number.
        let owner = |tenant| {
            let engine = self.world.node().map(cordial_node::Node::engine);
            engine
                .is_some_and(|engine| engine.find_by_name(tenant, cordial_engine::Kind::Route, to).is_some())
        };
        let line = self.carriers.iter().find(|(tenant, _)| owner(*tenant)).or(self.carriers.first());
        let station = line.ok_or("a caller needs a carrier: `given carrier NAME`")?.1.station;
        let time = |habit| after.iter().find(|(other, _)| *other == habit).map(|(_, time)| *time);
        let placing = Placing {
            to: to.to_owned(),
            from: Some(caller.trim_start_matches("caller ").to_owned()),
            give_up_after_ms: time(CallerHabit::GivesUp),
            hang_up_after_ms: time(CallerHabit::HangsUp),
        };
        let line = self.world.at_phone(station, |phone, now| phone.place(now, placing));
        self.callers.insert(caller.to_owned(), (station, line.ok_or("the carrier has no line left")?));
        Ok(())
    }

    fn do_deed(&mut self, who: &str, deed: &Deed) -> Result<(), Fault> {
        let station = self.station(who)?;
        let line = match self.callers.get(who) {
            Some((_, line)) => Some(*line),
            None => self.world.stations[station].phone.lines().next(),
        };
        let on_line = line.ok_or_else(|| format!("{who} has no call"));
        match deed {
            Deed::Register => self.world.at_phone(station, |phone, now| phone.register(now)),
            Deed::Unregister => self.world.at_phone(station, |phone, now| phone.unregister(now)),
            Deed::LosePower => self.world.at_phone(station, |phone, _| phone.lose_power()),
            Deed::Habit(habit) => self.set_habit(station, *habit),
            Deed::AnswerNow => {
                let ringing = self.world.stations[station].phone.ringing().next();
                let line = ringing.ok_or_else(|| format!("{who} is not being rung"))?;
                self.world.at_phone(station, |phone, now| phone.answer(now, line));
            }
            Deed::HangUp => {
                let line = on_line?;
                self.world.at_phone(station, |phone, now| phone.hang_up(now, line));
            }
            Deed::Hold(held) => {
                let line = on_line?;
                self.world.at_phone(station, |phone, now| phone.hold(now, line, *held));
            }
            Deed::Press(digit) => {
                let line = on_line?;
                self.world.at_phone(station, |phone, _| phone.press(line, &[*digit]));
            }
            Deed::Dial(to) => {
                let placing = Placing { to: to.clone(), ..Placing::default() };
                self.world
                    .at_phone(station, |phone, now| phone.place(now, placing))
                    .ok_or("all lines are taken")?;
            }
        }
        Ok(())
    }

    fn set_habit(&mut self, station: usize, habit: Habit) {
        self.world.at_phone(station, |phone, _| phone.set_habit(habit, None));
    }

    fn ask(&mut self, who: &str, wish: &Wish) -> Result<(), Fault> {
        let phone = self.phones.get(who).map(|(tenant, desk)| (*tenant, AgentId(0), *desk));
        let (tenant, agent, desk) =
            self.agents.get(who).copied().or(phone).ok_or_else(|| unknown("agent", who))?;
        let command = self.command(who, wish, (tenant, agent, desk))?;
        let said = format!("{command:?}");
        let ask = self
            .world
            .ask(Input::Command { tenant, by: Actor::Operator, command })
            .ok_or("the node is down")?;
        // Answers come after a commit; a story asks what may be asked.
        for _ in 0..10 {
            self.world.run_for(5);
            match self.world.answer(ask) {
                Some(Ok(_)) => return Ok(()),
                Some(Err(refusal)) => return Err(format!("{said} was refused: {refusal}")),
                None => {}
            }
        }
        let broken =
            self.world.violation().map(|violation| format!("{}: {}", violation.rule, violation.what));
        Err(broken.unwrap_or_else(|| format!("{said} was not answered")))
    }

    /// Closes queues, or opens them again.
    fn close(&mut self, step: &Step) -> Result<(), Fault> {
        let (tenant, _) = self.tenant.ok_or("there is no tenant yet")?;
        let command = self.closing(step)?;
        self.world.must(Input::Command { tenant, by: Actor::Operator, command });
        Ok(())
    }

    fn command(
        &self,
        who: &str,
        wish: &Wish,
        (tenant, agent, desk): (TenantId, AgentId, Desk),
    ) -> Result<Command, Fault> {
        Ok(match wish {
            Wish::LogIn => Command::LogIn { agent, device: desk.device },
            Wish::LogInAt(device) => Command::LogIn { agent, device: self.desk_of(device)?.1.device },
            Wish::LogOut => Command::LogOut { agent, reason: None },
            Wish::Ready => Command::Ready { agent },
            Wish::NotReady(reason) => {
                let known =
                    |title: &String| self.reasons.get(title).copied().ok_or_else(|| unknown("reason", title));
                Command::NotReady {
                    agent,
                    reason: reason.as_ref().map(known).transpose()?,
                    note: Note::default(),
                }
            }
            Wish::EndWrapUp => Command::EndWrapUp { agent },
            Wish::DeclineOffer => match self.activity(tenant, agent) {
                Some(Activity::Offered { offer }) => Command::DeclineOffer { offer },
                other => return Err(format!("{who} is not being offered a call: {other:?}")),
            },
            Wish::PlaceCall(to) => Command::PlaceCall { device: desk.device, to: number(to) },
            Wish::PauseRecording => {
                let reason = Text::parse("card number").map_err(|error| error.to_string())?;
                Command::PauseRecording { call: self.call_of(tenant, agent)?, reason }
            }
            Wish::ResumeRecording => Command::ResumeRecording { call: self.call_of(tenant, agent)? },
            Wish::Disposition(title) => Command::SetDisposition {
                call: self.call_of(tenant, agent)?,
                agent,
                disposition: *self.dispositions.get(title).ok_or_else(|| unknown("disposition", title))?,
                note: Note::default(),
            },
            Wish::ClearCall => Command::ClearCall { call: self.call_of(tenant, agent)? },
            Wish::InCall(control) => control.command(self.call_of(tenant, agent)?, desk.device),
            Wish::Forward(to) => Command::SetHandling { agent, handling: Handling::Forward(number(to)) },
            Wish::ToMailbox => Command::SetHandling { agent, handling: Handling::Voicemail },
            Wish::Break => Command::Absent { agent, absence: Absence::Break, note: Note::default() },
            Wish::Tasks => Command::Absent { agent, absence: Absence::Tasks, note: Note::default() },
            Wish::InQueue(queue, part) => {
                let wish = match part {
                    QueuePart::In => QueueWish::LogIn(Some(desk.device)),
                    QueuePart::Out => QueueWish::LogOut,
                    QueuePart::Ready => QueueWish::Ready,
                    QueuePart::NotReady => QueueWish::NotReady,
                    QueuePart::WrapUp => QueueWish::WrapUp,
                };
                Command::AskInQueue { agent, queue: self.queue(queue)?, wish }
            }
            Wish::DoNotDisturb(on) => {
                Command::SetHandling { agent, handling: if *on { Handling::Busy } else { Handling::Ring } }
            }
        })
    }

    fn activity(&self, tenant: TenantId, agent: AgentId) -> Option<Activity> {
        Some(self.world.node()?.engine().agent(tenant, agent)?.activity)
    }

    fn call_of(&self, tenant: TenantId, agent: AgentId) -> Result<CallId, Fault> {
        match self.activity(tenant, agent) {
            Some(Activity::InCall { call, .. } | Activity::WrapUp { call, .. }) => Ok(call),
            Some(Activity::Idle | Activity::Offered { .. }) | None => {
                Err("the agent is in no call".to_owned())
            }
        }
    }

    // What is seen

    fn seen(&self, who: &str, wanted: &[&str]) -> Result<String, Fault> {
        if let Some((station, line)) = self.callers.get(who) {
            return Ok(self.caller_seen(*station, *line));
        }
        let node = self.world.node().ok_or("the node is down")?;
        if let Some((tenant, agent, _)) = self.agents.get(who) {
            let view = node.engine().agent(*tenant, *agent).ok_or_else(|| unknown("agent", who))?;
            let pending =
                view.pending.map(|duty| format!(", {} pending", self.duty(&duty))).unwrap_or_default();
            let activity = match view.activity {
                Activity::Idle => "idle",
                Activity::Offered { .. } => "offered",
                Activity::InCall { .. } if view.held => "in call on hold",
                Activity::InCall { .. } => "in call",
                Activity::WrapUp { .. } => "in wrap-up",
            };
            // A single word asks for a single axis.
            let whole = format!("{activity}, {}{pending}", self.duty(&view.duty));
            let asked = wanted.join(" ");
            return Ok(if whole.split(", ").any(|part| part == asked) { asked } else { whole });
        }
        if let Some(queue) = self.queues.get(who) {
            let tenants = node.engine().tenants();
            let now = Timestamp(self.world.now());
            let view = tenants.iter().find_map(|tenant| node.engine().queue(tenant.id, *queue, now));
            return Ok(format!("waiting {}", view.ok_or_else(|| unknown("queue", who))?.waiting));
        }
        if who == "node" {
            let counts = node.counts();
            let live = counts.legs + counts.ports + counts.plays + counts.sip.dialogs;
            return Ok(if live == 0 { "empty".to_owned() } else { format!("{counts:?}") });
        }
        if who == "recording" {
            return Ok(self.tape_seen());
        }
        let (_, desk) = self.phones.get(who).ok_or_else(|| unknown("agent, phone, queue or caller", who))?;
        let phone = &self.world.stations[desk.station].phone;
        let state = |line| {
            if phone.is_talking(line) { "talking" } else { "ringing" }
        };
        Ok(phone.lines().next().map_or("silent", state).to_owned())
    }

    fn duty(&self, duty: &Duty) -> String {
        match duty {
            Duty::LoggedOut => "logged out".to_owned(),
            Duty::Ready => "ready".to_owned(),
            Duty::NotReady { reason: None, .. } => "not ready".to_owned(),
            Duty::NotReady { reason: Some(cordial_engine::agent::WhyNotReady::Reason(reason)), .. } => {
                let known = self.reasons.iter().find(|(_, id)| *id == reason);
                format!("not ready for {}", known.map_or("?", |(title, _)| title))
            }
            Duty::NotReady { reason: Some(why), .. } => format!("not ready by {why:?}"),
        }
    }

    fn caller_seen(&self, station: usize, line: LineId) -> String {
        let station = &self.world.stations[station];
        let of = |event: &PhoneEvent| match event {
            PhoneEvent::Progress { line: of, code } => (*of == line).then(|| format!("at {code}")),
            PhoneEvent::Answered { line: of } => (*of == line).then(|| "answered".to_owned()),
            PhoneEvent::Failed { line: of, code } => (*of == line).then(|| format!("refused {code}")),
            PhoneEvent::Cleared { line: of, .. } => (*of == line).then(|| "gone".to_owned()),
            PhoneEvent::Registered
            | PhoneEvent::Unregistered
            | PhoneEvent::RegistrationRefused { .. }
            | PhoneEvent::Ringing { .. } => None,
        };
        station.history.iter().rev().find_map(|(_, event)| of(event)).unwrap_or_else(|| "dialling".to_owned())
    }

    fn tone(&self, who: &str) -> Result<String, Fault> {
        let station = self.station(who)?;
        let phone = &self.world.stations[station].phone;
        let line = self.callers.get(who).map(|(_, line)| *line).or_else(|| phone.lines().next());
        let heard = line.and_then(|line| phone.heard(line).tone_hz);
        Ok(heard.map_or("silence".to_owned(), |hz| format!("{hz} Hz")))
    }

    fn lamp(&self, who: &str) -> Result<String, Fault> {
        let phone = &self.world.stations[self.station(who)?].phone;
        Ok(match phone.lamp() {
            Some(true) => "lamp lit",
            Some(false) => "lamp dark",
            None => "lamp never told",
        }
        .to_owned())
    }

    /// The tones in the last recording: left is the agent.
    fn tape_seen(&self) -> String {
        let Some((_, tape)) = self.world.tapes().last() else {
            return "none".to_owned();
        };
        let side = |offset: usize| {
            let samples: Vec<i16> = tape.samples.iter().skip(offset).step_by(2).copied().collect();
            let loudest = tone::dominant(&samples, SAMPLE_RATE, &tone::telephone_band());
            loudest.map_or("silence".to_owned(), |(hz, _)| format!("{hz}"))
        };
        format!("left {} right {}", side(0), side(1))
    }
}
