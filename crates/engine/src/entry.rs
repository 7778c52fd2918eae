//! The directory: what operators decide at run time. Every entry is made, changed and removed by facts.

mod calendar;
mod empty;
mod numbered;
mod phone_book;
mod reason;

pub use calendar::{Calendar, HORIZON, Holiday, Hours, Zone};
pub use empty::{Condition, Conditions};
pub use jiff::civil::Date;
pub use numbered::Numbered;
pub use phone_book::{Contact, PhoneBook};
pub use reason::{Reason, ReasonCategory};

mod route;
mod skill;
mod treatment;
mod trunk;

use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub use route::{Destination, Preference, Route};
pub use skill::{Ring, Skill, SkillLevel, Step};
pub use treatment::{Choice, Language, MenuKey, Told, Treatment};
pub use trunk::{Transport, Trunk};

use crate::blacklist::BlacklistedNumber;
use crate::id::{
    AgentId, BlacklistedNumberId, CalendarId, ContactId, DeviceId, DispositionId, PhoneBookId, QueueId,
    ReasonId, RouteId, SkillId, TeamId, TrunkId, UserId,
};
use crate::limits::REACH_STEPS_MAX;
use crate::text::{Number, Text};

/// What an operator calls a thing: unique per kind within a tenant.
pub type Name = Text<64>;

/// One entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A login and its rights.
    User(User),
    /// A person who takes calls.
    Agent(Agent),
    /// A group of agents.
    Team(Team),
    /// A phone or browser.
    Device(Device),
    /// A carrier or peer link.
    Trunk(Trunk),
    /// A line of waiting calls.
    Queue(Box<Queue>),
    /// Where a dialled number leads.
    Route(Route),
    /// Why an agent is not ready or logs out.
    Reason(Reason),
    /// How a contact ended.
    Disposition(Disposition),
    /// A number whose calls queues refuse.
    BlacklistedNumber(BlacklistedNumber),
    /// When something is open.
    Calendar(Box<Calendar>),
    /// Something that agents can do.
    Skill(Skill),
    /// A list of people to call.
    PhoneBook(PhoneBook),
    /// Somebody in a phone book.
    Contact(Box<Contact>),
}

/// The id of an entry, with its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EntryId {
    /// See [`Entry::User`].
    User(UserId),
    /// See [`Entry::Agent`].
    Agent(AgentId),
    /// See [`Entry::Team`].
    Team(TeamId),
    /// See [`Entry::Device`].
    Device(DeviceId),
    /// See [`Entry::Trunk`].
    Trunk(TrunkId),
    /// See [`Entry::Queue`].
    Queue(QueueId),
    /// See [`Entry::Route`].
    Route(RouteId),
    /// See [`Entry::Reason`].
    Reason(ReasonId),
    /// See [`Entry::Disposition`].
    Disposition(DispositionId),
    /// See [`Entry::BlacklistedNumber`].
    BlacklistedNumber(BlacklistedNumberId),
    /// See [`Entry::Calendar`].
    Calendar(CalendarId),
    /// See [`Entry::Skill`].
    Skill(SkillId),
    /// See [`Entry::PhoneBook`].
    PhoneBook(PhoneBookId),
    /// See [`Entry::Contact`].
    Contact(ContactId),
}

impl EntryId {
    /// Which kind of entry it names.
    pub const fn kind(self) -> Kind {
        match self {
            Self::User(_) => Kind::User,
            Self::Agent(_) => Kind::Agent,
            Self::Team(_) => Kind::Team,
            Self::Device(_) => Kind::Device,
            Self::Trunk(_) => Kind::Trunk,
            Self::Queue(_) => Kind::Queue,
            Self::Route(_) => Kind::Route,
            Self::Reason(_) => Kind::Reason,
            Self::Disposition(_) => Kind::Disposition,
            Self::BlacklistedNumber(_) => Kind::BlacklistedNumber,
            Self::Calendar(_) => Kind::Calendar,
            Self::Skill(_) => Kind::Skill,
            Self::PhoneBook(_) => Kind::PhoneBook,
            Self::Contact(_) => Kind::Contact,
        }
    }

    /// The bare number inside.
    pub const fn number(self) -> u64 {
        match self {
            Self::User(id) => id.0,
            Self::Agent(id) => id.0,
            Self::Team(id) => id.0,
            Self::Device(id) => id.0,
            Self::Trunk(id) => id.0,
            Self::Queue(id) => id.0,
            Self::Route(id) => id.0,
            Self::Reason(id) => id.0,
            Self::Disposition(id) => id.0,
            Self::BlacklistedNumber(id) => id.0,
            Self::Calendar(id) => id.0,
            Self::Skill(id) => id.0,
            Self::PhoneBook(id) => id.0,
            Self::Contact(id) => id.0,
        }
    }
}

impl From<Queue> for Entry {
    fn from(queue: Queue) -> Self {
        Self::Queue(Box::new(queue))
    }
}

impl Entry {
    /// Which kind of entry it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::User(_) => Kind::User,
            Self::Agent(_) => Kind::Agent,
            Self::Team(_) => Kind::Team,
            Self::Device(_) => Kind::Device,
            Self::Trunk(_) => Kind::Trunk,
            Self::Queue(_) => Kind::Queue,
            Self::Route(_) => Kind::Route,
            Self::Reason(_) => Kind::Reason,
            Self::Disposition(_) => Kind::Disposition,
            Self::BlacklistedNumber(_) => Kind::BlacklistedNumber,
            Self::Calendar(_) => Kind::Calendar,
            Self::Skill(_) => Kind::Skill,
            Self::PhoneBook(_) => Kind::PhoneBook,
            Self::Contact(_) => Kind::Contact,
        }
    }

    /// What is unique per kind within a tenant: the name, or the number of a device, a route or the
    /// blacklist. Contacts have none: two books may have the same one.
    pub fn key(&self) -> Option<&str> {
        Some(match self {
            Self::User(user) => user.name.as_str(),
            Self::Agent(agent) => agent.name.as_str(),
            Self::Team(team) => team.name.as_str(),
            Self::Device(device) => device.number.as_str(),
            Self::Trunk(trunk) => trunk.name.as_str(),
            Self::Queue(queue) => queue.name.as_str(),
            Self::Route(route) => route.number.as_str(),
            Self::Reason(reason) => reason.name.as_str(),
            Self::Disposition(disposition) => disposition.name.as_str(),
            Self::BlacklistedNumber(entry) => entry.number.as_str(),
            Self::Calendar(calendar) => calendar.name.as_str(),
            Self::Skill(skill) => skill.name.as_str(),
            Self::PhoneBook(book) => book.name.as_str(),
            Self::Contact(_) => return None,
        })
    }

    /// The entry's number on the tenant's plan, where devices, agents, queues and routes share one space.
    pub const fn number(&self) -> Option<&Number> {
        match self {
            Self::Agent(agent) => agent.number.as_ref(),
            Self::Device(device) => Some(&device.number),
            Self::Queue(queue) => queue.number.as_ref(),
            Self::Route(route) => Some(&route.number),
            Self::User(_)
            | Self::Team(_)
            | Self::Trunk(_)
            | Self::Reason(_)
            | Self::Disposition(_)
            | Self::BlacklistedNumber(_)
            | Self::Calendar(_)
            | Self::Skill(_)
            | Self::PhoneBook(_)
            | Self::Contact(_) => None,
        }
    }
}

/// The kinds of thing that a refusal or a listing can speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each kind is documented at its type")]
pub enum Kind {
    Tenant,
    User,
    Agent,
    Team,
    Device,
    Trunk,
    Queue,
    Route,
    Reason,
    Disposition,
    BlacklistedNumber,
    Calendar,
    Skill,
    PhoneBook,
    Contact,
    Call,
    Leg,
    Offer,
    Recording,
}

/// A login. Its password is a secret and lives outside the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The login, unique within the tenant.
    pub name: Name,
    /// What the user may do.
    pub roles: BTreeSet<Role>,
    /// Whose agents a supervisor sees and forces. Facts older than this field mean all of the tenant's.
    #[serde(default)]
    pub teams: Option<BTreeSet<TeamId>>,
    /// Which queues a manager of queues sees and changes. Facts older than this field mean all of the tenant's.
    #[serde(default)]
    pub queues: Option<BTreeSet<QueueId>>,
}

/// What a user may do; each includes nothing of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes calls and changes his own state.
    Agent,
    /// Sees and changes the state of the agents of [`User::teams`].
    Supervisor,
    /// Sees and changes the queues of [`User::queues`].
    QueueManager,
    /// Changes the directory.
    Administrator,
}

/// A person who takes calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The agent's name, unique within the tenant.
    pub name: Name,
    /// Dialling it reaches the agent wherever logged in.
    pub number: Option<Number>,
    /// The login that acts as this agent.
    pub user: Option<UserId>,
    /// The agent's team.
    pub team: Option<TeamId>,
    /// Where callers can leave messages. Facts older than this field mean nowhere.
    #[serde(default)]
    pub mailbox: Option<Mailbox>,
    /// Time for finishing after a call of a queue, instead of the queue's. Milliseconds.
    #[serde(default)]
    pub wrap_up_ms: Option<u64>,
    /// How long a direct call rings that is forwarded when it is not answered. Milliseconds.
    #[serde(default = "ring_ms")]
    pub ring_ms: u64,
    /// What he can do, and how well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<SkillLevel>,
}

/// Four to five times a phone's ring of 4 s and more: as telephone networks count before they forward.
const fn ring_ms() -> u64 {
    20_000
}

impl Agent {
    /// Somebody of whom nothing but the name is known.
    pub const fn named(name: Name) -> Self {
        Self {
            name,
            number: None,
            user: None,
            team: None,
            mailbox: None,
            wrap_up_ms: None,
            ring_ms: ring_ms(),
            skills: Vec::new(),
        }
    }
}

/// An agent's mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The prompt that asks for a message; the library's own when absent.
    pub greeting: Option<Name>,
    /// Whether phones that never subscribed to their lamp are told of messages as well. Facts older than this field
    /// mean that they are.
    #[serde(default = "unsolicited")]
    pub unsolicited: bool,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self { greeting: None, unsolicited: unsolicited() }
    }
}

const fn unsolicited() -> bool {
    true
}

/// A group of agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Unique within the tenant.
    pub name: Name,
    /// Whether its agents are told when a supervisor hears them.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub sees_monitoring: bool,
}

/// A phone or browser that registers. Its secret lives outside the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The user part of its SIP address and its number on the plan; unique within the tenant.
    pub number: Number,
    /// What a person who is called from it sees.
    pub display_name: Name,
    /// How it proves itself.
    #[serde(default)]
    pub digest: Digest,
    /// Whose desk it stands on: who speaks when nobody is logged in there. Facts older than this field mean nobody.
    #[serde(default)]
    pub owner: Option<AgentId>,
    /// Whether it answers by itself when it is asked to, and is asked: for calls of queues that say so, and when it is rung
    /// to place a call.
    #[serde(default)]
    pub auto_answer: bool,
    /// Whether it is a desk for whoever comes: a log-in there logs out who sat there before, if he is idle. Facts older
    /// than this field mean that it is not.
    #[serde(default)]
    pub hot_desk: bool,
}

impl Device {
    /// A phone of nobody's with that number.
    pub const fn numbered(number: Number, display_name: Name) -> Self {
        Self { number, display_name, digest: Digest::Any, owner: None, auto_answer: false, hot_desk: false }
    }
}

/// The algorithms by which a device is challenged (RFC 8760).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// SHA-256 first, then MD5: the device takes the first one that it knows.
    #[default]
    Any,
    /// MD5 alone, for devices that read only the first challenge and know nothing better.
    Md5,
    /// SHA-256 alone.
    Sha256,
}

/// A line of waiting calls and the rule for choosing who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Unique within the tenant.
    pub name: Name,
    /// Dialling it from a device enters the queue.
    pub number: Option<Number>,
    /// Who is chosen.
    pub strategy: Strategy,
    /// How long an agent is rung. Milliseconds.
    pub offer_ms: u64,
    /// Time for finishing after a call; nought for none. Milliseconds.
    pub wrap_up_ms: u64,
    /// What an agent who does not answer becomes.
    pub on_no_answer: AfterMissed,
    /// What an agent who declines becomes.
    pub on_decline: AfterMissed,
    /// What an agent becomes whose phone says that it is busy; as [`Queue::on_decline`] when absent.
    #[serde(default)]
    pub on_busy: Option<AfterMissed>,
    /// After so many offers in a row that he did not answer, an agent is not ready even where he only rests.
    #[serde(default)]
    pub missed_max: Option<u8>,
    /// By how much an agent may lengthen a wrap-up, once; nought for not at all. Milliseconds.
    #[serde(default = "extension_ms")]
    pub extension_ms: u64,
    /// Whether devices that can are asked to answer its calls by themselves.
    #[serde(default)]
    pub auto_answer: bool,
    /// Longest wait before the call overflows; `None` waits for ever. Milliseconds.
    pub max_wait_ms: Option<u64>,
    /// Where a call goes that waited too long.
    pub overflow: Overflow,
    /// Most calls waiting; beyond it the queue is full.
    pub max_waiting: u32,
    /// Where a call goes that finds the queue full.
    #[serde(default)]
    pub when_full: Overflow,
    /// A call that arrives does not enter while for each agent of the queue one of these is true.
    #[serde(default)]
    pub refuse_when: Conditions,
    /// Waiting calls leave when for each agent of the queue one of these is true. Who rings for a call is there for it.
    #[serde(default)]
    pub leave_when: Conditions,
    /// For how long that must have been so. Milliseconds.
    #[serde(default)]
    pub leave_after_ms: u64,
    /// How long a call has waited at least before it leaves so. Milliseconds.
    #[serde(default)]
    pub leave_min_wait_ms: u64,
    /// Where a call goes that the queue does not keep because it is empty.
    #[serde(default)]
    pub when_empty: Overflow,
    /// When calls are taken; without one, at any time.
    #[serde(default)]
    pub calendar: Option<CalendarId>,
    /// Where a call goes that arrives when the queue is closed, by its calendar or in night mode.
    #[serde(default)]
    pub when_closed: Overflow,
    /// What becomes of the calls that wait when it closes.
    #[serde(default)]
    pub at_closing: AtClosing,
    /// Where calls go in an emergency that names no other place.
    #[serde(default)]
    pub in_emergency: Overflow,
    /// Wait within which a call should be answered. Milliseconds.
    pub service_level_ms: u64,
    /// An abandoned call shorter than this counts apart. Milliseconds.
    pub short_abandon_ms: u64,
    /// What a waiting caller hears.
    pub treatment: Treatment,
    /// Whether conversations are recorded from the bridge on.
    pub record: bool,
    /// Whether, within a level, the better skilled come first, whatever the strategy.
    #[serde(default)]
    pub skill_first: bool,
    /// With [`Strategy::RingProgressively`], after how long one more agent is rung. Milliseconds.
    #[serde(default = "progress_ms")]
    pub progress_ms: u64,
    /// Whom a waiting call reaches, by how long it has waited: the first from the start, each later one with more. Empty
    /// reaches everybody at once.
    #[serde(default)]
    pub reach: Vec<Reach>,
    /// Whether a call goes past levels where nobody is logged in without waiting.
    #[serde(default)]
    pub skip_empty_levels: bool,
    /// An agent of several queues is given to the heaviest that has a call for him.
    #[serde(default)]
    pub weight: u16,
    /// After so long a call comes before every other of the queue, so that nobody is overtaken for ever. Milliseconds.
    #[serde(default)]
    pub promote_after_ms: Option<u64>,
    /// Whether a caller gets the agent whom he talked to last.
    #[serde(default)]
    pub sticky: Option<Sticky>,
    /// Whether an agent is ready who logs in to the queue, and whose wrap-up ends. Without it a call is always followed by
    /// a wrap-up, if need be one that the agent ends. Facts older than this field mean yes.
    #[serde(default = "yes")]
    pub auto_ready: bool,
    /// Whether an agent who was ready is not ready after a call that came through no queue. [`Queue::auto_ready`] comes
    /// before it.
    #[serde(default)]
    pub auto_not_ready_after_other_call: bool,
    /// Said to the agent who answers, before he hears the caller: which queue the call is of. Nothing when absent.
    #[serde(default)]
    pub briefing: Option<Name>,
    /// How long a caller who asked to be called back keeps his place. Milliseconds. Facts older than this field mean four
    /// hours.
    #[serde(default = "callback_ms")]
    pub callback_ms: u64,
    /// The share of calls that should be answered within [`Queue::service_level_ms`]. Percent. Facts older than this field
    /// mean 80.
    #[serde(default = "service_level_percent")]
    pub service_level_percent: u8,
    /// What agents must be able to do to be asked, and how well at least.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<SkillLevel>,
    /// How that relaxes while a call waits, the first ring first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rings: Vec<Ring>,
}

/// [`Queue::extension_ms`] of facts older than the field.
const fn extension_ms() -> u64 {
    30_000
}

/// [`Queue::callback_ms`] of facts older than the field.
const fn callback_ms() -> u64 {
    4 * 3_600_000
}

/// [`Queue::service_level_percent`] of facts older than the field.
const fn service_level_percent() -> u8 {
    80
}

const fn yes() -> bool {
    true
}

/// [`Queue::progress_ms`] of facts older than the field; FreeSWITCH's default.
const fn progress_ms() -> u64 {
    10_000
}

/// Whom a call reaches that has waited so long: agents by their [`Tier::level`] (an Asterisk penalty).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// From this wait on; nought for the first. Milliseconds.
    pub after_ms: u64,
    /// The lowest level reached.
    pub min_level: u16,
    /// The highest level reached.
    pub max_level: u16,
    /// Levels below this count as this one: they are asked together with it.
    pub raise_level: u16,
}

impl Reach {
    /// Everybody, level by level.
    pub const ALL: Self = Self { after_ms: 0, min_level: 0, max_level: u16::MAX, raise_level: 0 };

    /// FreeSWITCH's tier rules: a level is reached after `wait_ms`, or with `multiply` after that for each level below it.
    /// Its `tier-rule-no-agent-no-wait` is [`Queue::skip_empty_levels`]. At most [`crate::limits::REACH_STEPS_MAX`] steps.
    pub fn tier_rules(wait_ms: u64, multiply: bool) -> Vec<Self> {
        let highest = if multiply { REACH_STEPS_MAX as u64 - 1 } else { 1 };
        let steps = (0..=highest).map(|step| {
            let all = step == highest;
            let max_level = if all { u16::MAX } else { step as u16 };
            Self { after_ms: step * wait_ms, max_level, ..Self::ALL }
        });
        steps.collect()
    }
}

/// Leads a caller back to the agent whom he talked to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticky {
    /// How long a conversation is remembered. Milliseconds.
    pub remember_ms: u64,
    /// How long the call waits for that agent before anybody may have it. Milliseconds.
    pub wait_ms: u64,
}

/// An agent's rank in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// Lower levels are asked first (FreeSWITCH tier level, Asterisk penalty).
    pub level: u16,
    /// The order within a level, for strategies that go by it; agents of one position go by age.
    pub position: u16,
    /// How good the agent is at this queue's calls.
    pub skill: u8,
}

impl Tier {
    /// Whether it is the tier of whoever was given none.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How urgent a call is among the others of its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Priority {
    /// A more urgent call comes before every less urgent one.
    pub urgency: u8,
    /// Among calls of one urgency, it counts as if it had waited so much longer. Milliseconds.
    pub head_start_ms: u64,
}

impl Priority {
    /// Whether it is that of an ordinary call.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Queue {
    /// A queue with the defaults that a new site would choose.
    pub const fn named(name: Name) -> Self {
        Self {
            name,
            number: None,
            strategy: Strategy::LongestIdle,
            offer_ms: 20_000,
            wrap_up_ms: 30_000,
            on_no_answer: AfterMissed::NotReady,
            on_decline: AfterMissed::NotReady,
            on_busy: None,
            missed_max: None,
            extension_ms: extension_ms(),
            auto_answer: false,
            max_wait_ms: None,
            overflow: Overflow::Clear,
            max_waiting: 1_000,
            when_full: Overflow::Clear,
            refuse_when: Conditions::NEVER,
            leave_when: Conditions::NEVER,
            leave_after_ms: 0,
            leave_min_wait_ms: 0,
            when_empty: Overflow::Clear,
            calendar: None,
            when_closed: Overflow::Clear,
            at_closing: AtClosing::Serve,
            in_emergency: Overflow::Clear,
            service_level_ms: 20_000,
            short_abandon_ms: 5_000,
            treatment: Treatment::NONE,
            record: true,
            skill_first: false,
            progress_ms: progress_ms(),
            reach: Vec::new(),
            skip_empty_levels: false,
            weight: 0,
            promote_after_ms: None,
            sticky: None,
            auto_ready: true,
            auto_not_ready_after_other_call: false,
            briefing: None,
            callback_ms: callback_ms(),
            service_level_percent: service_level_percent(),
            skills: Vec::new(),
            rings: Vec::new(),
        }
    }
}

/// The rule for choosing who answers, among the agents of the lowest level that a call reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Who has been idle longest.
    LongestIdle,
    /// Whose last call of this queue ended longest ago; who had none since logging in comes first (Asterisk `leastrecent`).
    LeastRecent,
    /// The next by position after whom the queue asked last (Asterisk `rrmemory` and `rrordered`).
    RoundRobin,
    /// Each call goes through the agents by level and position, and begins anew when it has asked the last (FreeSWITCH
    /// `top-down`, Asterisk `linear`).
    TopDown,
    /// The first by position (FreeSWITCH `sequentially-by-agent-order`).
    Sequential,
    /// Who has had the fewest calls of this queue since logging in.
    FewestCalls,
    /// Who has talked least in calls of queues since logging in.
    LeastTalk,
    /// Anyone, each as likely as the others.
    Random,
    /// Anyone on any level reached; the higher the level, the less likely (Asterisk `wrandom`).
    WeightedRandom,
    /// All at once on every level reached, those who become free meanwhile too (FreeSWITCH `ring-all`); up to
    /// [`crate::limits::RING_ALL_WIDTH_MAX`], and the first to answer wins.
    RingAll,
    /// All of the lowest level reached that has anyone at once; the others when none of these took it (Asterisk `ringall`).
    RingLevel,
    /// One, and one more each [`Queue::progress_ms`], by level and position, while the others still ring (FreeSWITCH
    /// `ring-progressively`).
    RingProgressively,
}

/// What an agent becomes after not taking an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterMissed {
    /// Not ready, with the system reason that says why.
    NotReady,
    /// Ready still, but no offer for `delay_ms` milliseconds.
    Rest {
        /// How long no offer is made.
        delay_ms: u64,
    },
}

/// Where a call goes that a queue does not keep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// The call is cleared.
    #[default]
    Clear,
    /// The call waits in another queue.
    Queue(QueueId),
    /// The caller is asked to leave a message in this agent's mailbox.
    Voicemail(AgentId),
    /// The call goes where the number leads that a device of the tenant would dial.
    Number(Number),
    /// The caller is told something, and the call is cleared.
    Announcement(Name),
}

/// What becomes of the calls that wait in a queue when it closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtClosing {
    /// They are served: who came in time is not sent away.
    #[default]
    Serve,
    /// They go where those go who come too late; nobody waits in a closed queue.
    SendAway,
}

/// An emergency: calls go elsewhere at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emergency {
    /// Whither; `None` goes where each queue says.
    pub to: Option<Overflow>,
}

/// An agent's word for how a contact ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    /// Unique within the tenant.
    pub name: Name,
}

impl Queue {
    /// [`Queue::offer_ms`] as a duration.
    pub const fn offer(&self) -> Duration {
        Duration::from_millis(self.offer_ms)
    }
}
