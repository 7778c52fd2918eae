//! From the wire to commands: text is parsed once, here, and every fault is reported with the field that has it.

mod blacklist;
mod calendar;
mod call;
mod contacts;
mod treatment;

pub use calendar::emergency;
use cordial_engine::Refusal;
use cordial_engine::agent::{Absence, Attend, CallSettings, ForwardTo, Handling, Membership};
use cordial_engine::code::{Code, Feature, FeatureCodes};
use cordial_engine::command::{Command, Note};
use cordial_engine::entry::{self, Entry, Name};
use cordial_engine::id::{AgentId, CalendarId, CallId, DeviceId, QueueId, ReasonId, SkillId, TeamId, UserId};
use cordial_engine::limits::{OUTBOUND_DENIED_MAX, OUTBOUND_UNLIMITED_MAX, PIN_DIGITS_MAX, PIN_DIGITS_MIN};
use cordial_engine::outbound::OutboundRules;
use cordial_engine::text::{Number, Text, TextError};
use std::collections::{BTreeMap, BTreeSet};

use super::limits::{PASSWORD_MAX, PASSWORD_MIN, TOKEN_LIFE_S_MAX};
use super::problem::FieldError;
use super::wire::{self, Id};
use crate::names::{EntryKey, Find};

pub use blacklist::blacklist_prompts;
pub use call::*;
pub use contacts::{ContactFile, ContactRow};

/// The faults of one request.
type Faults = Vec<FieldError>;

/// Reads the fields of one body and keeps every fault, so that all are told at once.
///
/// A reader answers `None` only after it noted a fault.
struct Fields<'a> {
    find: &'a dyn Find,
    faults: Faults,
}

impl<'a> Fields<'a> {
    const fn new(find: &'a dyn Find) -> Self {
        Self { find, faults: Vec::new() }
    }

    fn fault<T>(&mut self, pointer: &str, detail: impl Into<String>) -> Option<T> {
        self.faults.push(FieldError::new(pointer, detail));
        None
    }

    fn parsed<T>(&mut self, pointer: &str, parsed: Result<T, TextError>) -> Option<T> {
        parsed.or_else(|error| self.fault(pointer, error.to_string()).ok_or(())).ok()
    }

    fn name(&mut self, pointer: &str, text: &str) -> Option<Name> {
        self.parsed(pointer, Name::parse_some(text))
    }

    fn text<const MAX: usize>(&mut self, pointer: &str, text: &str) -> Option<Text<MAX>> {
        self.parsed(pointer, Text::parse(text))
    }

    fn number(&mut self, pointer: &str, text: &str) -> Option<Number> {
        self.parsed(pointer, Number::parse(text))
    }

    fn password(&mut self, pointer: &str, password: Option<&str>, min: usize) {
        let Some(password) = password else { return };
        if password.chars().count() < min {
            self.fault::<()>(pointer, format!("must have at least {min} characters"));
        } else if password.len() > PASSWORD_MAX {
            self.fault::<()>(pointer, format!("must have at most {PASSWORD_MAX} bytes"));
        }
    }

    fn entry<K: EntryKey>(&mut self, pointer: &str, id: Id) -> Option<K> {
        match self.find.find(K::KIND, id.0).and_then(K::of) {
            Some(key) => Some(key),
            None => self.fault(pointer, format!("no such {:?}", K::KIND).to_lowercase()),
        }
    }

    /// Each of a list of ids.
    fn entries<K: EntryKey + Ord>(&mut self, pointer: &str, ids: &[Id]) -> Option<BTreeSet<K>> {
        let all: Vec<Option<K>> =
            ids.iter().enumerate().map(|(i, id)| self.entry(&format!("{pointer}/{i}"), *id)).collect();
        all.into_iter().collect()
    }

    /// A field that may be left out: only what is there can be at fault.
    fn perhaps<V, T>(
        &mut self,
        value: Option<V>,
        read: impl FnOnce(&mut Self, V) -> Option<T>,
    ) -> Option<Option<T>> {
        match value {
            None => Some(None),
            Some(value) => read(self, value).map(Some),
        }
    }

    /// Each of a list, at most `max`.
    fn each<T>(
        &mut self,
        pointer: &str,
        max: usize,
        values: &[String],
        read: impl Fn(&mut Self, &str, &str) -> Option<T>,
    ) -> Option<Vec<T>> {
        if values.len() > max {
            return self.fault(pointer, format!("must have at most {max} items"));
        }
        let read = |(i, value): (usize, &String)| read(self, &format!("{pointer}/{i}"), value);
        // Not `collect::<Option<_>>()`, which would stop at the first fault.
        let all: Vec<Option<T>> = values.iter().enumerate().map(read).collect();
        all.into_iter().collect()
    }

    fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Faults> {
        match build() {
            Some(value) if self.faults.is_empty() => Ok(value),
            Some(_) | None => Err(self.faults),
        }
    }
}

/// A body that says what an entry of the directory shall be.
pub trait EntryBody {
    /// The entry, or every field that is not as it should be.
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults>;
}

impl EntryBody for wire::User {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let name = f.name("/name", &self.name);
        let roles = self.roles.iter().map(|role| user_role(*role)).collect();
        f.password("/password", self.password.as_deref(), PASSWORD_MIN);
        let teams = f.perhaps(self.teams.as_deref(), |f, ids| f.entries::<TeamId>("/teams", ids));
        let queues = f.perhaps(self.queues.as_deref(), |f, ids| f.entries::<QueueId>("/queues", ids));
        f.finish(|| Some(Entry::User(entry::User { name: name?, roles, teams: teams?, queues: queues? })))
    }
}

impl EntryBody for wire::Agent {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let name = f.name("/name", &self.name);
        let number = f.perhaps(self.number.as_deref(), |f, text| f.number("/number", text));
        let user = f.perhaps(self.user, |f, id| f.entry::<UserId>("/user", id));
        let team = f.perhaps(self.team, |f, id| f.entry::<TeamId>("/team", id));
        let mailbox = f.perhaps(self.mailbox.as_ref(), |f, mailbox| {
            let greeting = mailbox.greeting.as_deref();
            let greeting = f.perhaps(greeting, |f, text| f.name("/mailbox/greeting", text))?;
            Some(entry::Mailbox { greeting, unsolicited: mailbox.unsolicited })
        });
        let skills = skill_levels(&mut f, "/skills", &self.skills);
        f.finish(|| {
            Some(Entry::Agent(entry::Agent {
                name: name?,
                number: number?,
                user: user?,
                team: team?,
                mailbox: mailbox?,
                wrap_up_ms: self.wrap_up_ms,
                ring_ms: self.ring_ms,
                skills: skills?,
            }))
        })
    }
}

impl EntryBody for wire::Team {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let name = f.name("/name", &self.name);
        f.finish(|| Some(Entry::Team(entry::Team { name: name?, sees_monitoring: self.sees_monitoring })))
    }
}

impl EntryBody for wire::Device {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let number = f.number("/number", &self.number);
        let display_name = f.text("/display_name", &self.display_name);
        let owner = f.perhaps(self.owner, |f, id| f.entry::<AgentId>("/owner", id));
        f.finish(|| {
            Some(Entry::Device(entry::Device {
                number: number?,
                display_name: display_name?,
                digest: match self.digest {
                    wire::Digest::Any => entry::Digest::Any,
                    wire::Digest::Md5 => entry::Digest::Md5,
                    wire::Digest::Sha256 => entry::Digest::Sha256,
                },
                owner: owner?,
                auto_answer: self.auto_answer,
                hot_desk: self.hot_desk,
            }))
        })
    }
}

impl EntryBody for wire::Trunk {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let name = f.name("/name", &self.name);
        let address = f.text("/address", &self.address);
        let sources = f.each("/sources", super::limits::TRUNK_SOURCES_MAX, &self.sources, Fields::text);
        let username = f.perhaps(self.username.as_deref(), |f, text| f.text("/username", text));
        let outbound_prefixes = f.each(
            "/outbound_prefixes",
            super::limits::TRUNK_PREFIXES_MAX,
            &self.outbound_prefixes,
            Fields::number,
        );
        let caller_number =
            f.perhaps(self.caller_number.as_deref(), |f, text| f.number("/caller_number", text));
        f.password("/password", self.password.as_deref(), 1);
        f.finish(|| {
            Some(Entry::Trunk(entry::Trunk {
                name: name?,
                address: address?,
                transport: match self.transport {
                    wire::Transport::Udp => entry::Transport::Udp,
                    wire::Transport::Tcp => entry::Transport::Tcp,
                    wire::Transport::Tls => entry::Transport::Tls,
                },
                sources: sources?,
                username: username?,
                authenticate_inbound: self.authenticate_inbound,
                outbound_prefixes: outbound_prefixes?,
                caller_number: caller_number?,
            }))
        })
    }
}

/// The pointers to what a field that says where a call goes may hold: queue, agent, number and prompt.
macro_rules! leads {
    ($field:literal) => {
        [
            concat!("/", $field, "/queue"),
            concat!("/", $field, "/agent"),
            concat!("/", $field, "/number"),
            concat!("/", $field, "/prompt"),
        ]
    };
}

impl EntryBody for wire::Queue {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let name = f.name("/name", &self.name);
        let number = f.perhaps(self.number.as_deref(), |f, text| f.number("/number", text));
        let to = overflow(&mut f, &self.overflow, &leads!("overflow"));
        let when_full = overflow(&mut f, &self.when_full, &leads!("when_full"));
        let when_empty = overflow(&mut f, &self.when_empty, &leads!("when_empty"));
        let when_closed = overflow(&mut f, &self.when_closed, &leads!("when_closed"));
        let in_emergency = overflow(&mut f, &self.in_emergency, &leads!("in_emergency"));
        let calendar = f.perhaps(self.calendar, |f, id| f.entry::<CalendarId>("/calendar", id));
        let treatment = treatment::read(&mut f, &self.treatment);
        let briefing = f.perhaps(self.briefing.as_deref(), |f, text| f.name("/briefing", text));
        let skills = skill_levels(&mut f, "/skills", &self.skills);
        let rings = rings(&mut f, &self.rings);
        f.finish(|| {
            Some(Entry::from(entry::Queue {
                name: name?,
                number: number?,
                strategy: strategy(self.strategy),
                offer_ms: self.offer_ms,
                wrap_up_ms: self.wrap_up_ms,
                on_no_answer: after_missed(self.on_no_answer),
                on_decline: after_missed(self.on_decline),
                on_busy: self.on_busy.map(after_missed),
                missed_max: self.missed_max,
                extension_ms: self.extension_ms,
                auto_answer: self.auto_answer,
                max_wait_ms: self.max_wait_ms,
                overflow: to?,
                when_full: when_full?,
                refuse_when: self.refuse_when.iter().copied().map(condition).collect(),
                leave_when: self.leave_when.iter().copied().map(condition).collect(),
                leave_after_ms: self.leave_after_ms,
                leave_min_wait_ms: self.leave_min_wait_ms,
                when_empty: when_empty?,
                calendar: calendar?,
                when_closed: when_closed?,
                at_closing: at_closing(self.at_closing),
                in_emergency: in_emergency?,
                max_waiting: self.max_waiting,
                service_level_ms: self.service_level_ms,
                short_abandon_ms: self.short_abandon_ms,
                treatment: treatment?,
                record: self.record,
                skill_first: self.skill_first,
                progress_ms: self.progress_ms,
                reach: self.reach.iter().copied().map(reach).collect(),
                skip_empty_levels: self.skip_empty_levels,
                weight: self.weight,
                promote_after_ms: self.promote_after_ms,
                sticky: self
                    .sticky
                    .map(|wire::Sticky { remember_ms, wait_ms }| entry::Sticky { remember_ms, wait_ms }),
                auto_ready: self.auto_ready,
                auto_not_ready_after_other_call: self.auto_not_ready_after_other_call,
                briefing: briefing?,
                callback_ms: self.callback_ms,
                service_level_percent: self.service_level_percent,
                skills: skills?,
                rings: rings?,
            }))
        })
    }
}

impl EntryBody for wire::Route {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let number = f.number("/number", &self.number);
        let greeting = f.perhaps(self.greeting.as_deref(), |f, text| f.name("/greeting", text));
        let destination = destination(
            &mut f,
            self.destination,
            ["/destination/queue", "/destination/agent", "/destination/device"],
        );
        let preference = f.perhaps(self.preference, |f, wire::Preference { agent, wait_ms }| {
            let agent = f.entry::<AgentId>("/preference/agent", agent)?;
            Some(entry::Preference { agent, wait_ms })
        });
        let calendar = f.perhaps(self.calendar, |f, id| f.entry::<CalendarId>("/calendar", id));
        let closed_greeting =
            f.perhaps(self.closed_greeting.as_deref(), |f, text| f.name("/closed_greeting", text));
        let when_closed = self::destination(
            &mut f,
            self.when_closed,
            ["/when_closed/queue", "/when_closed/agent", "/when_closed/device"],
        );
        f.finish(|| {
            Some(Entry::Route(entry::Route {
                number: number?,
                greeting: greeting?,
                destination: destination?,
                priority: {
                    let wire::Priority { urgency, head_start_ms } = self.priority;
                    entry::Priority { urgency, head_start_ms }
                },
                preference: preference?,
                calendar: calendar?,
                closed_greeting: closed_greeting?,
                when_closed: when_closed?,
            }))
        })
    }
}

impl EntryBody for wire::Reason {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let name = f.name("/name", &self.name);
        let team = f.perhaps(self.team, |f, id| f.entry::<TeamId>("/team", id));
        let category = match self.category {
            wire::ReasonCategory::NotReady => entry::ReasonCategory::NotReady,
            wire::ReasonCategory::LogOut => entry::ReasonCategory::LogOut,
            wire::ReasonCategory::Both => entry::ReasonCategory::Both,
        };
        let absence = absence_of(self.absence);
        f.finish(|| Some(Entry::Reason(entry::Reason { name: name?, category, absence, team: team? })))
    }
}

impl EntryBody for wire::Disposition {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let name = f.name("/name", &self.name);
        f.finish(|| Some(Entry::Disposition(entry::Disposition { name: name? })))
    }
}

impl EntryBody for wire::Skill {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let name = f.name("/name", &self.name);
        f.finish(|| Some(Entry::Skill(entry::Skill { name: name? })))
    }
}

fn skill_levels(
    f: &mut Fields<'_>,
    pointer: &str,
    levels: &[wire::SkillLevel],
) -> Option<Vec<entry::SkillLevel>> {
    let mut read = |(i, it): (usize, &wire::SkillLevel)| {
        let skill = f.entry::<SkillId>(&format!("{pointer}/{i}/skill"), it.skill)?;
        Some(entry::SkillLevel { skill, level: it.level })
    };
    // Not `collect::<Option<_>>()`, which would stop at the first fault.
    let all: Vec<Option<_>> = levels.iter().enumerate().map(&mut read).collect();
    all.into_iter().collect()
}

fn rings(f: &mut Fields<'_>, rings: &[wire::Ring]) -> Option<Vec<entry::Ring>> {
    let read = |(i, it): (usize, &wire::Ring)| {
        let relax = skill_levels(f, &format!("/rings/{i}/relax"), &it.relax)?;
        Some(entry::Ring { after_ms: it.after_ms, relax })
    };
    let all: Vec<Option<_>> = rings.iter().enumerate().map(read).collect();
    all.into_iter().collect()
}

/// Log an agent in.
pub fn log_in(agent: AgentId, body: wire::AgentLogIn, find: &dyn Find) -> Result<Command, Faults> {
    let mut f = Fields::new(find);
    let device = f.entry::<DeviceId>("/device", body.device);
    f.finish(|| Some(Command::LogIn { agent, device: device? }))
}

/// Log an agent out.
pub fn log_out(agent: AgentId, body: wire::AgentLogOut, find: &dyn Find) -> Result<Command, Faults> {
    let mut f = Fields::new(find);
    let reason = f.perhaps(body.reason, |f, id| f.entry::<ReasonId>("/reason", id));
    f.finish(|| Some(Command::LogOut { agent, reason: reason? }))
}

/// Make an agent not ready.
pub fn not_ready(agent: AgentId, body: &wire::AgentNotReady, find: &dyn Find) -> Result<Command, Faults> {
    let mut f = Fields::new(find);
    let reason = f.perhaps(body.reason, |f, id| f.entry::<ReasonId>("/reason", id));
    let note: Option<Note> = f.text("/note", &body.note);
    if body.reason.is_some() && body.absence.is_some() {
        f.fault::<()>("/absence", "must be left out beside a reason");
    }
    f.finish(|| {
        Some(match body.absence {
            Some(absence) => Command::Absent { agent, absence: absence_of(absence), note: note? },
            None => Command::NotReady { agent, reason: reason?, note: note? },
        })
    })
}

const fn absence_of(it: wire::Absence) -> Absence {
    match it {
        wire::Absence::Break => Absence::Break,
        wire::Absence::Tasks => Absence::Tasks,
    }
}

/// Change what an agent is for a queue, or for all of his.
pub fn attend(agent: AgentId, body: &wire::Attend, find: &dyn Find) -> Result<Command, Faults> {
    let mut f = Fields::new(find);
    let queue = f.perhaps(body.queue, |f, id| f.entry::<QueueId>("/queue", id));
    let device = f.perhaps(body.device, |f, id| f.entry::<DeviceId>("/device", id));
    let reason = f.perhaps(body.reason, |f, id| f.entry::<ReasonId>("/reason", id));
    let note: Option<Note> = f.text("/note", &body.note);
    let how = match body.attendance {
        wire::Attendance::LoggedIn => match device {
            Some(Some(device)) => Some(Attend::LogIn { device }),
            Some(None) => f.fault("/device", "must say where"),
            None => None,
        },
        wire::Attendance::LoggedOut => Some(Attend::LogOut),
        wire::Attendance::Ready => Some(Attend::Ready),
        wire::Attendance::NotReady => {
            reason.zip(note).map(|(reason, note)| Attend::NotReady { reason, note })
        }
    };
    f.finish(|| Some(Command::Attend { agent, queue: queue?, how: how? }))
}

/// Change what happens to direct calls.
pub fn set_handling(agent: AgentId, body: &wire::Handling, find: &dyn Find) -> Result<Command, Faults> {
    let mut f = Fields::new(find);
    let handling = match body {
        wire::Handling::Ring => Some(Handling::Ring),
        wire::Handling::Busy => Some(Handling::Busy),
        wire::Handling::Voicemail => Some(Handling::Voicemail),
        wire::Handling::Forward { number } => f.number("/number", number).map(Handling::Forward),
    };
    f.finish(|| Some(Command::SetHandling { agent, handling: handling? }))
}

/// Change what an agent has set for direct calls.
pub fn set_call_settings(
    agent: AgentId,
    body: &wire::CallSettings,
    find: &dyn Find,
) -> Result<Command, Faults> {
    let mut f = Fields::new(find);
    let busy = forward(&mut f, "/busy/number", body.busy.as_ref());
    let no_answer = forward(&mut f, "/no_answer/number", body.no_answer.as_ref());
    let unreachable = forward(&mut f, "/unreachable/number", body.unreachable.as_ref());
    f.finish(|| {
        let settings = CallSettings { busy: busy?, no_answer: no_answer?, unreachable: unreachable? };
        Some(Command::SetCallSettings { agent, settings })
    })
}

fn forward(f: &mut Fields<'_>, path: &str, to: Option<&wire::ForwardTo>) -> Option<Option<ForwardTo>> {
    f.perhaps(to, |f, to| match to {
        wire::ForwardTo::Voicemail => Some(ForwardTo::Voicemail),
        wire::ForwardTo::Number { number } => f.number(path, number).map(ForwardTo::Number),
    })
}

/// Where a call goes that a queue does not keep; the pointers are those of its queue, agent, number and prompt.
fn overflow(f: &mut Fields<'_>, to: &wire::Overflow, at: &[&str; 4]) -> Option<entry::Overflow> {
    let [queue, agent, number, prompt] = at;
    match to {
        wire::Overflow::Clear => Some(entry::Overflow::Clear),
        wire::Overflow::Queue { queue: id } => f.entry(queue, *id).map(entry::Overflow::Queue),
        wire::Overflow::Voicemail { agent: id } => f.entry(agent, *id).map(entry::Overflow::Voicemail),
        wire::Overflow::Announcement { prompt: text } => {
            f.name(prompt, text).map(entry::Overflow::Announcement)
        }
        wire::Overflow::Number { number: text } => f.number(number, text).map(entry::Overflow::Number),
    }
}

/// Where a number leads; the pointers are those of its queue, agent and device.
fn destination(
    f: &mut Fields<'_>,
    to: wire::Destination,
    at: [&'static str; 3],
) -> Option<entry::Destination> {
    let [at_queue, at_agent, at_device] = at;
    match to {
        wire::Destination::Queue { queue } => f.entry(at_queue, queue).map(entry::Destination::Queue),
        wire::Destination::Agent { agent } => f.entry(at_agent, agent).map(entry::Destination::Agent),
        wire::Destination::Device { device } => f.entry(at_device, device).map(entry::Destination::Device),
        wire::Destination::Clear => Some(entry::Destination::Clear),
    }
}

const fn at_closing(it: wire::AtClosing) -> entry::AtClosing {
    match it {
        wire::AtClosing::Serve => entry::AtClosing::Serve,
        wire::AtClosing::SendAway => entry::AtClosing::SendAway,
    }
}

const fn condition(it: wire::Condition) -> entry::Condition {
    match it {
        wire::Condition::LoggedOut => entry::Condition::LoggedOut,
        wire::Condition::Unregistered => entry::Condition::Unregistered,
        wire::Condition::NotReady => entry::Condition::NotReady,
        wire::Condition::InCall => entry::Condition::InCall,
        wire::Condition::Ringing => entry::Condition::Ringing,
        wire::Condition::WrapUp => entry::Condition::WrapUp,
        wire::Condition::Resting => entry::Condition::Resting,
        wire::Condition::OutOfReach => entry::Condition::OutOfReach,
    }
}

const fn reach(step: wire::Reach) -> entry::Reach {
    let wire::Reach { after_ms, min_level, max_level, raise_level } = step;
    entry::Reach { after_ms, min_level, max_level, raise_level }
}

/// Let an agent take calls of a queue, or give him another rank there than the one that he has.
pub fn assign(agent: AgentId, queue: QueueId, body: wire::AssignAgent, has: Option<entry::Tier>) -> Command {
    let rank = has.unwrap_or_default();
    let tier = entry::Tier {
        level: body.level.unwrap_or(rank.level),
        position: body.position.unwrap_or(rank.position),
        skill: body.skill.unwrap_or(rank.skill),
    };
    Command::Assign { agent, queue, tier: Some(tier) }
}

/// Change an agent's part in a queue.
pub const fn set_membership(agent: AgentId, queue: QueueId, body: wire::SetMembership) -> Command {
    let membership = match body.membership {
        wire::Membership::Out => Membership::Out,
        wire::Membership::NotReady => Membership::NotReady,
        wire::Membership::Ready => Membership::Ready,
    };
    Command::SetMembership { agent, queue, membership }
}

/// What the tenant's devices shall dial for features.
pub fn feature_codes(body: &wire::FeatureCodes) -> Result<Command, Faults> {
    let mut f = Fields::new(&Nothing);
    let mut codes = BTreeMap::new();
    for (word, code) in &body.codes {
        let pointer = format!("/codes/{}", word.replace('~', "~0").replace('/', "~1"));
        match (Feature::of_word(word), Code::parse(code)) {
            (Some(feature), Ok(code)) => drop(codes.insert(feature, code)),
            (None, _) => drop(f.fault::<()>(&pointer, "no such feature")),
            (Some(_), Err(fault)) => drop(f.fault::<()>(&pointer, fault.to_string())),
        }
    }
    let codes = FeatureCodes::new(codes);
    if let Err(Refusal::Invalid { why, .. }) = codes {
        f.fault::<()>("/codes", why);
    }
    f.finish(|| Some(Command::SetFeatureCodes(codes.ok()?)))
}

/// What the tenant shall let out.
pub fn outbound_rules(body: &wire::OutboundRules) -> Result<Command, Faults> {
    let mut f = Fields::new(&Nothing);
    let denied = f.each("/denied", OUTBOUND_DENIED_MAX, &body.denied, Fields::number);
    let unlimited = f.each("/unlimited", OUTBOUND_UNLIMITED_MAX, &body.unlimited, Fields::number);
    f.finish(|| {
        Some(Command::SetOutboundRules(OutboundRules {
            calls: body.calls,
            calls_per_device: body.calls_per_device,
            calls_per_minute: body.calls_per_minute,
            minutes_per_day: body.minutes_per_day,
            denied: denied?,
            unlimited: unlimited?,
            lead_out_again: body.lead_out_again,
        }))
    })
}

/// Pause a recording.
pub fn pause_recording(
    call: CallId,
    body: &wire::PauseRecording,
    find: &dyn Find,
) -> Result<Command, Faults> {
    let mut f = Fields::new(find);
    let reason = f.text("/reason", &body.reason);
    f.finish(|| Some(Command::PauseRecording { call, reason: reason? }))
}

/// A user's new password.
pub fn user_password(body: &wire::UserPassword) -> Result<(), Faults> {
    let mut f = Fields::new(&Nothing);
    f.password("/password", Some(&body.password), PASSWORD_MIN);
    f.finish(|| Some(()))
}

/// A trunk's new password, or its removal.
pub fn trunk_password(body: &wire::TrunkPassword) -> Result<(), Faults> {
    let mut f = Fields::new(&Nothing);
    f.password("/password", body.password.as_deref(), 1);
    f.finish(|| Some(()))
}

/// An agent's PIN: digits, neither few nor many.
pub fn agent_pin(body: &wire::AgentPin) -> Result<(), Faults> {
    let mut f = Fields::new(&Nothing);
    let is_one = |pin: &String| {
        (PIN_DIGITS_MIN..=PIN_DIGITS_MAX).contains(&pin.len())
            && pin.bytes().all(|digit| digit.is_ascii_digit())
    };
    if !body.pin.as_ref().is_none_or(is_one) {
        f.fault::<()>("/pin", "must be 4 to 12 digits");
    }
    f.finish(|| Some(()))
}

/// A tenant's name and domain.
pub fn tenant(body: &wire::NewTenant) -> Result<(Name, Text<255>), Faults> {
    let mut f = Fields::new(&Nothing);
    let name = f.name("/name", &body.name);
    let domain = f.parsed("/domain", Text::parse_some(&body.domain));
    f.finish(|| Some((name?, domain?)))
}

/// A token's name and the user it acts as.
pub fn token(body: &wire::NewToken, find: &dyn Find) -> Result<(Name, Option<UserId>), Faults> {
    let mut f = Fields::new(find);
    let name = f.name("/name", &body.name);
    let user = f.perhaps(body.user, |f, id| f.entry::<UserId>("/user", id));
    let has = |scope| body.scopes.contains(&scope);
    if body.scopes.is_empty() {
        f.fault::<()>("/scopes", "must name at least one");
    }
    if has(wire::Scope::Agent) && !has(wire::Scope::Supervise) && body.user.is_none() {
        f.fault::<()>("/user", "must be given for the scope agent: it acts as the agent of a user");
    }
    if body.expires_in_s.is_some_and(|life| life == 0 || life > TOKEN_LIFE_S_MAX) {
        f.fault::<()>("/expires_in_s", format!("must be from 1 to {TOKEN_LIFE_S_MAX}"));
    }
    f.finish(|| Some((name?, user?)))
}

/// Where bodies without ids look.
struct Nothing;

impl Find for Nothing {
    fn find(&self, _kind: entry::Kind, _guid: cordial_engine::id::Guid) -> Option<entry::EntryId> {
        None
    }
}

const fn user_role(role: wire::UserRole) -> entry::Role {
    match role {
        wire::UserRole::Agent => entry::Role::Agent,
        wire::UserRole::Supervisor => entry::Role::Supervisor,
        wire::UserRole::QueueManager => entry::Role::QueueManager,
        wire::UserRole::Administrator => entry::Role::Administrator,
    }
}

const fn strategy(strategy: wire::Strategy) -> entry::Strategy {
    match strategy {
        wire::Strategy::LongestIdle => entry::Strategy::LongestIdle,
        wire::Strategy::LeastRecent => entry::Strategy::LeastRecent,
        wire::Strategy::RoundRobin => entry::Strategy::RoundRobin,
        wire::Strategy::TopDown => entry::Strategy::TopDown,
        wire::Strategy::Sequential => entry::Strategy::Sequential,
        wire::Strategy::FewestCalls => entry::Strategy::FewestCalls,
        wire::Strategy::LeastTalk => entry::Strategy::LeastTalk,
        wire::Strategy::Random => entry::Strategy::Random,
        wire::Strategy::WeightedRandom => entry::Strategy::WeightedRandom,
        wire::Strategy::RingAll => entry::Strategy::RingAll,
        wire::Strategy::RingLevel => entry::Strategy::RingLevel,
        wire::Strategy::RingProgressively => entry::Strategy::RingProgressively,
    }
}

const fn after_missed(after: wire::AfterMissed) -> entry::AfterMissed {
    match after {
        wire::AfterMissed::NotReady => entry::AfterMissed::NotReady,
        wire::AfterMissed::Rest { delay_ms } => entry::AfterMissed::Rest { delay_ms },
    }
}

#[cfg(test)]
mod tests {
    use cordial_engine::entry::{EntryId, Kind};
    use cordial_engine::id::{Guid, TrunkId};
    use expect_test::{Expect, expect};

    use super::*;
    use crate::names::{Named, Names};
    use crate::native::encode;

    /// A queue, a calendar and a skill are known, by the guids 7, 8 and 9.
    struct OneQueue;

    impl Find for OneQueue {
        fn find(&self, kind: Kind, guid: Guid) -> Option<EntryId> {
            match (kind, guid) {
                (Kind::Queue, Guid(7)) => Some(EntryId::Queue(QueueId(7))),
                (Kind::Calendar, Guid(8)) => Some(EntryId::Calendar(CalendarId(8))),
                (Kind::Skill, Guid(9)) => Some(EntryId::Skill(SkillId(9))),
                _other => None,
            }
        }
    }

    impl Names for OneQueue {
        fn guid(&self, of: Named) -> Option<Guid> {
            let known =
                [EntryId::Queue(QueueId(7)), EntryId::Calendar(CalendarId(8)), EntryId::Skill(SkillId(9))];
            known.into_iter().find(|id| of == Named::Entry(*id)).map(|id| Guid(id.number().into()))
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "so that each case ends in a plain `expect![..]`")]
    fn check<T: EntryBody + serde::de::DeserializeOwned>(body: &str, want: Expect) {
        let body: T = serde_json::from_str(body).unwrap();
        want.assert_eq(&match body.entry(&OneQueue) {
            Ok(entry) => serde_json::to_string(&encode::entry(&entry, &OneQueue).unwrap()).unwrap(),
            Err(faults) => {
                let lines = faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail));
                lines.collect::<Vec<_>>().join("\n")
            }
        });
    }

    #[test]
    fn what_is_left_out_of_a_queue_is_what_a_new_site_would_choose() {
        check::<wire::Queue>(
            r#"{"name":" Sales "}"#,
            expect![[
                r#"{"kind":"queue","name":"Sales","number":null,"strategy":"longest_idle","offer_ms":20000,"wrap_up_ms":30000,"on_no_answer":{"then":"not_ready"},"on_decline":{"then":"not_ready"},"on_busy":null,"missed_max":null,"extension_ms":30000,"auto_answer":false,"max_wait_ms":null,"overflow":{"to":"clear"},"max_waiting":1000,"when_full":{"to":"clear"},"refuse_when":[],"leave_when":[],"leave_after_ms":0,"leave_min_wait_ms":0,"when_empty":{"to":"clear"},"calendar":null,"when_closed":{"to":"clear"},"at_closing":"serve","in_emergency":{"to":"clear"},"service_level_ms":20000,"short_abandon_ms":5000,"treatment":{"greeting":null,"music":null,"language":null,"position":"never","wait":"never","messages":[],"announce_ms":60000,"menu":[]},"record":true,"skill_first":false,"progress_ms":10000,"reach":[],"skip_empty_levels":false,"weight":0,"promote_after_ms":null,"sticky":null,"auto_ready":true,"auto_not_ready_after_other_call":false,"briefing":null,"callback_ms":14400000,"service_level_percent":80,"skills":[],"rings":[]}"#
            ]],
        );
    }

    #[test]
    fn what_was_read_can_be_written_back() {
        let queue = r#"{"kind":"queue","name":"Sales","number":"800","strategy":"ring_all","offer_ms":1,"wrap_up_ms":2,"on_no_answer":{"then":"rest","delay_ms":3},"on_decline":{"then":"not_ready"},"on_busy":{"then":"rest","delay_ms":5},"missed_max":3,"extension_ms":1,"auto_answer":true,"max_wait_ms":4,"overflow":{"to":"queue","queue":"00000000000000000000000000000007"},"max_waiting":5,"when_full":{"to":"number","number":"+4930"},"refuse_when":["logged_out","unregistered"],"leave_when":["not_ready","in_call","ringing","wrap_up","resting"],"leave_after_ms":12,"leave_min_wait_ms":13,"when_empty":{"to":"number","number":"+4931"},"calendar":"00000000000000000000000000000008","when_closed":{"to":"announcement","prompt":"en/closed"},"at_closing":"send_away","in_emergency":{"to":"number","number":"+4932"},"service_level_ms":6,"short_abandon_ms":7,"treatment":{"greeting":"en/hello","music":null,"language":"es","position":"once","wait":"again","messages":["en/web"],"announce_ms":5000,"menu":[{"key":"1","prompt":null,"choice":{"to":"callback"}},{"key":"0","prompt":"en/help","choice":{"to":"number","number":"600"}}]},"record":false,"skill_first":true,"progress_ms":5000,"reach":[{"after_ms":0,"min_level":0,"max_level":0,"raise_level":0},{"after_ms":30000,"min_level":0,"max_level":65535,"raise_level":1}],"skip_empty_levels":true,"weight":8,"promote_after_ms":9,"sticky":{"remember_ms":10,"wait_ms":11},"auto_ready":false,"auto_not_ready_after_other_call":true,"briefing":"en/sales","callback_ms":12,"service_level_percent":90,"skills":[{"skill":"00000000000000000000000000000009","level":7}],"rings":[{"after_ms":14,"relax":[{"skill":"00000000000000000000000000000009","level":0}]}]}"#;
        let told = {
            let body: wire::Queue = serde_json::from_str(queue).unwrap();
            let entry = body.entry(&OneQueue).unwrap();
            serde_json::to_string(&encode::entry(&entry, &OneQueue).unwrap()).unwrap()
        };
        assert_eq!(told, queue);
    }

    #[test]
    fn every_fault_is_told_with_its_field() {
        check::<wire::Route>(
            r#"{"number":"4 4","greeting":"","destination":{"to":"agent","agent":"00000000000000000000000000000007"}}"#,
            expect![[r#"
                /number: must not contain ' '
                /greeting: must not be empty
                /destination/agent: no such agent"#]],
        );
        check::<wire::Trunk>(
            r#"{"name":"t","address":"192.0.2.1:5060","sources":["ok","a\tb"],"outbound_prefixes":["+44",""],"password":""}"#,
            expect![[r#"
                /sources/1: must not contain '\t'
                /outbound_prefixes/1: must not be empty
                /password: must have at least 1 characters"#]],
        );
        check::<wire::User>(
            r#"{"name":"ann","roles":[],"password":"short"}"#,
            expect!["/password: must have at least 10 characters"],
        );
    }

    #[test]
    fn a_secret_that_was_written_is_never_read() {
        let body = r#"{"name":"t","address":"192.0.2.1:5060","password":"hunter2"}"#;
        let body: wire::Trunk = serde_json::from_str(body).unwrap();
        let told = serde_json::to_string(&encode::entry(&body.entry(&OneQueue).unwrap(), &OneQueue).unwrap())
            .unwrap();
        assert!(!told.contains("hunter2") && !told.contains("password"), "{told}");
        assert_eq!(<TrunkId as EntryKey>::KIND, Kind::Trunk);
    }

    #[test]
    fn a_table_of_codes_is_read_whole_or_told_what_is_wrong() {
        let read = |body: &str| feature_codes(&serde_json::from_str(body).unwrap());
        let told = |body: &str| match read(body) {
            Ok(command) => format!("{command:?}"),
            Err(faults) => {
                let lines = faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail));
                lines.collect::<Vec<_>>().join("\n")
            }
        };
        assert_eq!(read("{}"), Ok(Command::SetFeatureCodes(FeatureCodes::default())));
        expect!["SetFeatureCodes(FeatureCodes({LogIn: *1, LogOut: #2}))"]
            .assert_eq(&told(r##"{"codes":{"log_in":"*1","log_out":"#2"}}"##));
        expect![[r"
            /codes/fly: no such feature
            /codes/ready: must be one to three of * and #, then at most four digits"]]
        .assert_eq(&told(r#"{"codes":{"fly":"*1","ready":"36"}}"#));
        expect!["/codes: no code may begin like another"]
            .assert_eq(&told(r#"{"codes":{"log_in":"*3","log_out":"*39"}}"#));
    }

    #[test]
    fn who_logs_in_says_where_and_for_which_queue_if_for_one() {
        let read = |body: &str| attend(AgentId(1), &serde_json::from_str(body).unwrap(), &OneQueue);
        let queue = "00000000000000000000000000000007";
        let ready = Command::Attend { agent: AgentId(1), queue: Some(QueueId(7)), how: Attend::Ready };
        assert_eq!(read(&format!(r#"{{"attendance":"ready","queue":"{queue}"}}"#)), Ok(ready));
        let out = Command::Attend { agent: AgentId(1), queue: None, how: Attend::LogOut };
        assert_eq!(read(r#"{"attendance":"logged_out"}"#), Ok(out));
        let faults = read(&format!(r#"{{"attendance":"logged_in","reason":"{queue}"}}"#)).unwrap_err();
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/reason", "/device"]);
    }

    #[test]
    fn a_token_for_an_agent_needs_its_user() {
        let body = r#"{"name":"x","scopes":["agent"],"expires_in_s":0}"#;
        let faults = token(&serde_json::from_str(body).unwrap(), &OneQueue).unwrap_err();
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/user", "/expires_in_s"]);
    }
}
