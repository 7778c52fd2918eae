//! The directory: the same words are written and read, so that what was got can be changed and put back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Absence, AtClosing, Contact, Id, PhoneBook, Ring, Route, Skill, SkillLevel};

/// A login and its rights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// The login; unique.
    #[schema(min_length = 1, max_length = 64, example = "ann")]
    pub name: String,
    /// What the user may do; none includes another.
    pub roles: Vec<UserRole>,
    /// Whose agents a supervisor sees and forces; those of all teams when left out.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    pub teams: Option<Vec<Id>>,
    /// Which queues a manager of queues sees and changes; all when left out.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    pub queues: Option<Vec<Id>>,
    /// Sets the password; left out, it stays as it is. A user without one cannot log in.
    #[serde(default, skip_serializing)]
    #[schema(min_length = 10, max_length = 256, write_only, format = Password)]
    pub password: Option<String>,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// Takes calls and changes his own state.
    Agent,
    /// Sees and changes the state of the agents of his teams.
    Supervisor,
    /// Sees and changes his queues: their settings and their agents' ranks.
    QueueManager,
    /// Changes the directory.
    Administrator,
}

/// A password that replaces the one before.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct UserPassword {
    /// At least ten characters.
    #[schema(min_length = 10, max_length = 256, format = Password)]
    pub password: String,
}

/// A person who takes calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Agent {
    /// Unique.
    #[schema(min_length = 1, max_length = 64, example = "Ann")]
    pub name: String,
    /// Dialling it reaches the agent wherever logged in.
    #[serde(default)]
    #[schema(max_length = 64, example = "201")]
    pub number: Option<String>,
    /// The login that acts as this agent.
    #[serde(default)]
    pub user: Option<Id>,
    /// The agent's team.
    #[serde(default)]
    pub team: Option<Id>,
    /// Where callers can leave messages; nowhere when left out.
    #[serde(default)]
    pub mailbox: Option<Mailbox>,
    /// Time for finishing after a call of a queue, instead of the queue's. Milliseconds.
    #[serde(default)]
    #[schema(maximum = 3_600_000)]
    pub wrap_up_ms: Option<u64>,
    /// How long a direct call rings that is forwarded when it is not answered. Milliseconds.
    #[serde(default = "default::ring_ms")]
    #[schema(minimum = 1_000, maximum = 60_000)]
    pub ring_ms: u64,
    /// What he can do, and how well: each skill once, with a level from 1 to 10.
    #[serde(default)]
    #[schema(max_items = 16)]
    pub skills: Vec<SkillLevel>,
}

/// An agent's mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mailbox {
    /// The prompt that asks for a message; the library's own when left out.
    #[serde(default)]
    #[schema(max_length = 64, example = "ann/greeting")]
    pub greeting: Option<String>,
    /// Whether registered phones of the agent that never subscribed to message waiting are told of messages as well
    /// (RFC 3842); those that subscribed always are.
    #[serde(default = "unsolicited")]
    pub unsolicited: bool,
}

const fn unsolicited() -> bool {
    true
}

/// A group of agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Team {
    /// Unique.
    #[schema(min_length = 1, max_length = 64, example = "Day shift")]
    pub name: String,
    /// Whether its agents are told when a supervisor hears them.
    #[serde(default)]
    pub sees_monitoring: bool,
}

/// A phone or browser that registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// The user part of its SIP address and its number on the plan; unique.
    #[schema(min_length = 1, max_length = 64, example = "1001")]
    pub number: String,
    /// What a person who is called from it sees.
    #[serde(default)]
    #[schema(max_length = 64, example = "Desk 1")]
    pub display_name: String,
    /// How it proves itself.
    #[serde(default)]
    pub digest: Digest,
    /// The agent whose desk it stands on. Who dials a feature code at a device where nobody is logged in is its owner.
    #[serde(default)]
    pub owner: Option<Id>,
    /// Whether it answers by itself when it is asked to, and is asked: for calls of queues that say so, and when it is rung
    /// to place a call.
    #[serde(default)]
    pub auto_answer: bool,
    /// Whether it is a desk for whoever comes: an agent who logs in there logs out the one who sat there before, if he is
    /// idle.
    #[serde(default)]
    pub hot_desk: bool,
}

/// The digest algorithms by which a device is challenged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// SHA-256 first, then MD5.
    #[default]
    Any,
    /// MD5 alone, for phones that read only the first challenge.
    Md5,
    /// SHA-256 alone.
    Sha256,
}

/// What a phone needs for registering. Shown once; only hashes are kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeviceSecret {
    /// The user name for digest authentication.
    pub username: String,
    /// The realm, which is the tenant's SIP domain.
    pub realm: String,
    /// The password: 128 random bits.
    pub password: String,
}

/// How requests travel to a trunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// In datagrams.
    #[default]
    Udp,
    /// Over a connection in the clear. Requests from the address are the trunk's whatever their port.
    Tcp,
    /// Over a connection under TLS; the trunk's certificate must hold its IP address.
    Tls,
}

/// A carrier or peer link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trunk {
    /// Unique.
    #[schema(min_length = 1, max_length = 64, example = "carrier")]
    pub name: String,
    /// Where requests are sent and whence they are taken: IP address and port.
    #[schema(max_length = 64, example = "192.0.2.10:5060")]
    pub address: String,
    /// How requests travel there.
    #[serde(default)]
    pub transport: Transport,
    /// Further addresses whose requests are this trunk's: IP addresses with or without a port.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub sources: Vec<String>,
    /// The user name for digest authentication towards the trunk.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub username: Option<String>,
    /// Whether requests from the addresses must authenticate as well.
    #[serde(default)]
    pub authenticate_inbound: bool,
    /// Numbers that may be dialled out on it, by prefix. Empty allows nothing.
    #[serde(default)]
    #[schema(max_items = 256)]
    pub outbound_prefixes: Vec<String>,
    /// The number shown when the caller has none of his own.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub caller_number: Option<String>,
    /// Sets the password for digest authentication; left out, it stays as it is.
    #[serde(default, skip_serializing)]
    #[schema(max_length = 256, write_only, format = Password)]
    pub password: Option<String>,
}

/// An agent's PIN, or its removal. It is never shown again.
#[derive(Clone, Deserialize, ToSchema)]
pub struct AgentPin {
    /// Digits; `null` removes it, and ends that he is locked out.
    // Who leaves it out has not said that it shall go.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(min_length = 4, max_length = 12, pattern = "^[0-9]+$", format = Password, required)]
    pub pin: Option<String>,
}

/// A trunk's password, or its removal.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct TrunkPassword {
    /// The password; `null` removes it.
    // Who leaves it out has not said that it shall go.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(max_length = 256, format = Password, required)]
    pub password: Option<String>,
}

/// A line of waiting calls and the rule for choosing who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Queue {
    /// Unique.
    #[schema(min_length = 1, max_length = 64, example = "Sales")]
    pub name: String,
    /// Dialling it from a device enters the queue.
    #[serde(default)]
    #[schema(max_length = 64, example = "800")]
    pub number: Option<String>,
    /// Who is chosen.
    #[serde(default = "default::strategy")]
    pub strategy: Strategy,
    /// How long an agent is rung. Milliseconds.
    #[serde(default = "default::offer_ms")]
    #[schema(minimum = 1_000, maximum = 300_000)]
    pub offer_ms: u64,
    /// Time for finishing after a call; 0 for none. Milliseconds.
    #[serde(default = "default::wrap_up_ms")]
    #[schema(maximum = 3_600_000)]
    pub wrap_up_ms: u64,
    /// What an agent who does not answer becomes.
    #[serde(default = "default::after_missed")]
    pub on_no_answer: AfterMissed,
    /// What an agent who declines becomes.
    #[serde(default = "default::after_missed")]
    pub on_decline: AfterMissed,
    /// What an agent becomes whose phone says that it is busy; as `on_decline` when left out.
    #[serde(default)]
    pub on_busy: Option<AfterMissed>,
    /// After so many offers in a row that he did not answer, an agent is not ready even where he only rests.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub missed_max: Option<u8>,
    /// By how much an agent may lengthen a wrap-up, once; 0 for not at all. Milliseconds.
    #[serde(default = "default::extension_ms")]
    #[schema(maximum = 3_600_000)]
    pub extension_ms: u64,
    /// Whether devices that can are asked to answer its calls by themselves.
    #[serde(default)]
    pub auto_answer: bool,
    /// Longest wait before the call overflows; `null` waits for ever. Milliseconds.
    #[serde(default)]
    pub max_wait_ms: Option<u64>,
    /// Where a call goes that waited too long.
    #[serde(default = "default::overflow")]
    pub overflow: Overflow,
    /// Most calls waiting; beyond it the queue is full.
    #[serde(default = "default::max_waiting")]
    pub max_waiting: u32,
    /// Where a call goes that finds the queue full.
    #[serde(default = "default::overflow")]
    pub when_full: Overflow,
    /// A call that arrives does not enter while for each agent of the queue at least one of these is true; with none it
    /// always enters.
    #[serde(default)]
    #[schema(max_items = 8)]
    pub refuse_when: Vec<Condition>,
    /// Waiting calls leave when for each agent of the queue at least one of these is true; with none they wait on. A call
    /// that rings somebody does not leave.
    #[serde(default)]
    #[schema(max_items = 8)]
    pub leave_when: Vec<Condition>,
    /// For how long that must have been so. Milliseconds.
    #[serde(default)]
    #[schema(maximum = 86_400_000)]
    pub leave_after_ms: u64,
    /// How long a call has waited at least before it leaves so. Milliseconds.
    #[serde(default)]
    #[schema(maximum = 86_400_000)]
    pub leave_min_wait_ms: u64,
    /// Where a call goes that the queue does not keep because it is empty.
    #[serde(default = "default::overflow")]
    pub when_empty: Overflow,
    /// The calendar that says when calls are taken; without one, at any time.
    #[serde(default)]
    pub calendar: Option<Id>,
    /// Where a call goes that arrives when the queue is closed, by its calendar or in night mode.
    #[serde(default = "default::overflow")]
    pub when_closed: Overflow,
    /// What becomes of the calls that wait when it closes.
    #[serde(default)]
    pub at_closing: AtClosing,
    /// Where calls go in an emergency that names no other place.
    #[serde(default = "default::overflow")]
    pub in_emergency: Overflow,
    /// Wait within which a call should be answered. Milliseconds.
    #[serde(default = "default::service_level_ms")]
    pub service_level_ms: u64,
    /// An abandoned call shorter than this counts apart. Milliseconds.
    #[serde(default = "default::short_abandon_ms")]
    pub short_abandon_ms: u64,
    /// What a waiting caller hears.
    #[serde(default)]
    pub treatment: Treatment,
    /// Whether conversations are recorded.
    #[serde(default = "default::record")]
    pub record: bool,
    /// Whether, within a level, the better skilled come first, whatever the strategy.
    #[serde(default)]
    pub skill_first: bool,
    /// With `ring_progressively`, after how long one more agent is rung. Milliseconds.
    #[serde(default = "default::progress_ms")]
    #[schema(minimum = 1_000, maximum = 300_000)]
    pub progress_ms: u64,
    /// Whom a waiting call reaches, by how long it has waited. Empty reaches everybody at once.
    #[serde(default)]
    #[schema(max_items = 16)]
    pub reach: Vec<Reach>,
    /// Whether a call goes past levels where nobody is logged in without waiting.
    #[serde(default)]
    pub skip_empty_levels: bool,
    /// An agent of several queues is given to the heaviest that has a call for him.
    #[serde(default)]
    pub weight: u16,
    /// After so long a call comes before every other of the queue. Milliseconds.
    #[serde(default)]
    pub promote_after_ms: Option<u64>,
    /// Whether a caller gets the agent whom he talked to last.
    #[serde(default)]
    pub sticky: Option<Sticky>,
    /// Whether an agent is ready who logs in to the queue, and whose wrap-up ends. Without it a call is always followed by
    /// a wrap-up, if need be one that the agent ends.
    #[serde(default = "default::auto_ready")]
    pub auto_ready: bool,
    /// Whether an agent who was ready is not ready after a call that came through no queue; `auto_ready` comes first.
    #[serde(default)]
    pub auto_not_ready_after_other_call: bool,
    /// A prompt said to the agent who answers, before he hears the caller: which queue the call is of.
    #[serde(default)]
    #[schema(max_length = 64, example = "en/sales")]
    pub briefing: Option<String>,
    /// How long a caller who asked to be called back keeps his place. Milliseconds.
    #[serde(default = "default::callback_ms")]
    #[schema(minimum = 1, maximum = 86_400_000)]
    pub callback_ms: u64,
    /// The share of calls that should be answered within `service_level_ms`. Percent.
    #[serde(default = "default::service_level_percent")]
    #[schema(minimum = 1, maximum = 100)]
    pub service_level_percent: u8,
    /// What agents must be able to do to be asked, and how well at least: each skill once, with a level from 1 to 10.
    #[serde(default)]
    #[schema(max_items = 16)]
    pub skills: Vec<SkillLevel>,
    /// How that relaxes while a call waits, the first ring first. Who needs fewer rings is asked first.
    #[serde(default)]
    #[schema(max_items = 6)]
    pub rings: Vec<Ring>,
}

/// The rule for choosing who answers, among the agents of the lowest level that a call reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Who has been idle longest.
    LongestIdle,
    /// Whose last call of this queue ended longest ago; who had none since logging in comes first.
    LeastRecent,
    /// The next by position after whom the queue asked last.
    RoundRobin,
    /// Each call goes through the agents by level and position, and begins anew when it has asked the last.
    TopDown,
    /// The first by position.
    Sequential,
    /// Who has had the fewest calls of this queue since logging in.
    FewestCalls,
    /// Who has talked least in calls of queues since logging in.
    LeastTalk,
    /// Anyone, each as likely as the others.
    Random,
    /// Anyone on any level reached; the higher the level, the less likely.
    WeightedRandom,
    /// All at once on every level reached; the first to answer wins.
    RingAll,
    /// All of the lowest level that has anyone at once; the next level when none of these took it.
    RingLevel,
    /// One, and one more after each `progress_ms`, while the others still ring.
    RingProgressively,
}

/// What may be true of an agent who does not come free for a queue's calls now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Not logged in, or out of the queue.
    LoggedOut,
    /// No phone of his is registered.
    Unregistered,
    /// Not ready, in the queue or anywhere, or about to be; or his direct calls do not ring.
    NotReady,
    /// In a call, or his phone is taken.
    InCall,
    /// Being offered a call.
    Ringing,
    /// Finishing a call.
    WrapUp,
    /// Resting after an offer that he missed.
    Resting,
    /// On a level or in a ring that the call does not reach yet, or never able to do what the queue needs.
    OutOfReach,
}

/// Whom a call reaches that has waited so long, by the agents' level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// From this wait on; 0 in the first. Milliseconds.
    #[serde(default)]
    #[schema(maximum = 86_400_000)]
    pub after_ms: u64,
    /// The lowest level reached.
    #[serde(default)]
    pub min_level: u16,
    /// The highest level reached.
    #[serde(default = "default::max_level")]
    pub max_level: u16,
    /// Levels below this are asked together with it.
    #[serde(default)]
    pub raise_level: u16,
}

/// Leads a caller back to the agent whom he talked to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sticky {
    /// How long a conversation is remembered. Milliseconds.
    #[schema(maximum = 31_536_000_000_u64)]
    pub remember_ms: u64,
    /// How long the call waits for that agent before anybody may have it. Milliseconds.
    #[schema(maximum = 3_600_000)]
    pub wait_ms: u64,
}

/// How urgent a call is among the others of its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Priority {
    /// A more urgent call comes before every less urgent one.
    #[serde(default)]
    pub urgency: u8,
    /// Among calls of one urgency, it counts as if it had waited so much longer. Milliseconds.
    #[serde(default)]
    pub head_start_ms: u64,
}

/// What an agent becomes after not taking an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "then", rename_all = "snake_case", deny_unknown_fields)]
pub enum AfterMissed {
    /// Not ready, with a reason that says why.
    NotReady,
    /// Ready still, but no offer for a while.
    Rest {
        /// How long no offer is made. Milliseconds.
        delay_ms: u64,
    },
}

/// Where a call goes that waited too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
pub enum Overflow {
    /// The call is cleared.
    Clear,
    /// The call waits in another queue.
    Queue {
        /// Which.
        queue: Id,
    },
    /// The caller is asked to leave a message in this agent's mailbox.
    Voicemail {
        /// Whose.
        agent: Id,
    },
    /// The call goes where the number leads that a device of the tenant would dial.
    Number {
        /// Which.
        #[schema(min_length = 1, max_length = 64)]
        number: String,
    },
    /// The caller is told something, and the call is cleared.
    Announcement {
        /// What, as in the prompt library.
        #[schema(min_length = 1, max_length = 64, example = "en/closed")]
        prompt: String,
    },
}

/// What a waiting caller hears, and what he can press. Prompts are named as in the prompt library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Treatment {
    /// Said once on entering.
    #[schema(max_length = 64, example = "en/please-wait")]
    pub greeting: Option<String>,
    /// Played while waiting; the library's own when left out.
    #[schema(max_length = 64)]
    pub music: Option<String>,
    /// The folder of the library with what is said to callers; `en` when left out.
    #[schema(max_length = 16, example = "es")]
    pub language: Option<String>,
    /// When a caller is told his place in the line.
    pub position: Told,
    /// When he is told how long he will probably wait.
    pub wait: Told,
    /// Said one each time, in turn.
    #[schema(max_items = 16)]
    pub messages: Vec<String>,
    /// From the beginning of one announcement to the next. Milliseconds.
    #[schema(minimum = 5_000, maximum = 86_400_000)]
    pub announce_ms: u64,
    /// What a caller can press; said at the end of every announcement.
    #[schema(max_items = 12)]
    pub menu: Vec<MenuKey>,
}

impl Default for Treatment {
    fn default() -> Self {
        Self {
            greeting: None,
            music: None,
            language: None,
            position: Told::Never,
            wait: Told::Never,
            messages: Vec::new(),
            announce_ms: 60_000,
            menu: Vec::new(),
        }
    }
}

/// When a waiting caller is told something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Not at all.
    #[default]
    Never,
    /// On entering.
    Once,
    /// On entering, and with every announcement.
    Again,
}

/// A key that a waiting caller can press.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MenuKey {
    /// `0` to `9`, `*` or `#`.
    #[schema(min_length = 1, max_length = 1, example = "1")]
    pub key: char,
    /// Says what the key is for. The library has words of its own for a callback or a mailbox at 1 and 2.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub prompt: Option<String>,
    /// What happens then.
    pub choice: Choice,
}

/// What a waiting caller chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
pub enum Choice {
    /// He hangs up and keeps his place; when his turn comes an agent is asked, and then he is called.
    Callback,
    /// The call is cleared.
    Clear,
    /// He waits in another queue.
    Queue {
        /// Which.
        queue: Id,
    },
    /// He is asked to leave a message in this agent's mailbox.
    Voicemail {
        /// Whose.
        agent: Id,
    },
    /// He goes where the number leads that a device of the tenant would dial.
    Number {
        /// Which.
        #[schema(min_length = 1, max_length = 64)]
        number: String,
    },
    /// He is told something, and the call is cleared.
    Announcement {
        /// What, as in the prompt library.
        #[schema(min_length = 1, max_length = 64, example = "en/closed")]
        prompt: String,
    },
}

/// Why an agent is not ready or logs out, as the tenant names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// Unique.
    #[schema(min_length = 1, max_length = 64, example = "Lunch")]
    pub name: String,
    /// What it can be given for.
    #[serde(default)]
    pub category: ReasonCategory,
    /// What an agent who is not ready for this reason does meanwhile.
    #[serde(default)]
    pub absence: Absence,
    /// The team whose agents alone may give it; everybody when left out.
    #[serde(default)]
    pub team: Option<Id>,
}

/// What a reason can be given for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCategory {
    /// Being not ready.
    #[default]
    NotReady,
    /// Logging out.
    LogOut,
    /// Either.
    Both,
}

/// An agent's word for how a contact ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Disposition {
    /// Unique.
    #[schema(min_length = 1, max_length = 64, example = "Sold")]
    pub name: String,
}

macro_rules! stored {
    ($($(#[$doc:meta])* $name:ident $entry:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, ToSchema)]
        pub struct $name {
            /// Its id.
            pub id: Id,
            /// What was written.
            #[serde(flatten)]
            pub entry: $entry,
        }
    )*};
}

stored! {
    /// A user with its id.
    StoredUser User;
    /// A team with its id.
    StoredTeam Team;
    /// A trunk with its id.
    StoredTrunk Trunk;
    /// A route with its id.
    StoredRoute Route;
    /// A reason with its id.
    StoredReason Reason;
    /// A disposition with its id.
    StoredDisposition Disposition;
    /// A skill with its id.
    StoredSkill Skill;
    /// A phone book with its id.
    StoredPhoneBook PhoneBook;
    /// A contact with his id.
    StoredContact Contact;
}

/// What a field is when it is left out: the engine's own defaults for a new queue.
mod default {
    use cordial_engine::entry::{Agent, Name, Queue};

    use super::{AfterMissed, Overflow, Strategy};

    fn queue() -> Queue {
        Queue::named(Name::default())
    }

    pub(super) fn strategy() -> Strategy {
        crate::native::encode::strategy(queue().strategy)
    }

    pub(super) fn offer_ms() -> u64 {
        queue().offer_ms
    }

    pub(super) fn ring_ms() -> u64 {
        Agent::named(Name::default()).ring_ms
    }

    pub(super) fn wrap_up_ms() -> u64 {
        queue().wrap_up_ms
    }

    pub(super) const fn after_missed() -> AfterMissed {
        AfterMissed::NotReady
    }

    pub(super) const fn overflow() -> Overflow {
        Overflow::Clear
    }

    pub(super) fn max_waiting() -> u32 {
        queue().max_waiting
    }

    pub(super) fn service_level_ms() -> u64 {
        queue().service_level_ms
    }

    pub(super) fn short_abandon_ms() -> u64 {
        queue().short_abandon_ms
    }

    pub(super) fn record() -> bool {
        queue().record
    }

    pub(super) fn progress_ms() -> u64 {
        queue().progress_ms
    }

    pub(super) const fn max_level() -> u16 {
        u16::MAX
    }

    pub(super) fn auto_ready() -> bool {
        queue().auto_ready
    }

    pub(super) fn extension_ms() -> u64 {
        queue().extension_ms
    }

    pub(super) fn callback_ms() -> u64 {
        queue().callback_ms
    }

    pub(super) fn service_level_percent() -> u8 {
        queue().service_level_percent
    }
}
