//! The directory: what operators decide at run time. Every entry is made, changed and removed by facts.

use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::id::{AgentId, DeviceId, DispositionId, QueueId, ReasonId, RouteId, TeamId, TrunkId, UserId};
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
    Queue(Queue),
    /// Where a dialled number leads.
    Route(Route),
    /// Why an agent is not ready.
    Reason(Reason),
    /// How a contact ended.
    Disposition(Disposition),
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
        }
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
        }
    }

    /// What is unique per kind within a tenant: the name, or the number of a device or route.
    pub fn key(&self) -> &str {
        match self {
            Self::User(user) => user.name.as_str(),
            Self::Agent(agent) => agent.name.as_str(),
            Self::Team(team) => team.name.as_str(),
            Self::Device(device) => device.number.as_str(),
            Self::Trunk(trunk) => trunk.name.as_str(),
            Self::Queue(queue) => queue.name.as_str(),
            Self::Route(route) => route.number.as_str(),
            Self::Reason(reason) => reason.name.as_str(),
            Self::Disposition(disposition) => disposition.name.as_str(),
        }
    }

    /// The entry's number on the tenant's plan, where devices, agents, queues and routes share one space.
    pub const fn number(&self) -> Option<&Number> {
        match self {
            Self::Agent(agent) => agent.number.as_ref(),
            Self::Device(device) => Some(&device.number),
            Self::Queue(queue) => queue.number.as_ref(),
            Self::Route(route) => Some(&route.number),
            Self::User(_) | Self::Team(_) | Self::Trunk(_) | Self::Reason(_) | Self::Disposition(_) => None,
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
}

/// What a user may do; each includes nothing of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes calls and changes his own state.
    Agent,
    /// Sees and changes the state of others.
    Supervisor,
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
}

/// A group of agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Unique within the tenant.
    pub name: Name,
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

/// How requests travel to a trunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// In datagrams.
    #[default]
    Udp,
    /// Over a connection in the clear.
    Tcp,
    /// Over a connection under TLS.
    Tls,
}

/// A carrier or peer link. Its password lives outside the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trunk {
    /// Unique within the tenant.
    pub name: Name,
    /// Where requests are sent and, by default, whence they are taken: `host:port` as an IP address and port.
    pub address: Text<64>,
    /// How requests travel there. Facts older than this field mean UDP.
    #[serde(default)]
    pub transport: Transport,
    /// Further addresses whose requests are this trunk's: IP addresses with or without a port.
    pub sources: Vec<Text<64>>,
    /// The user name for digest authentication towards the trunk, when it asks for it.
    pub username: Option<Text<64>>,
    /// Whether requests from the addresses must authenticate as well.
    pub authenticate_inbound: bool,
    /// Numbers that may be dialled out on it, by prefix; empty allows nothing (toll fraud is refused by default).
    pub outbound_prefixes: Vec<Number>,
    /// The number shown to the called party, instead of a device's own (which means nothing outside) and when a caller
    /// from outside who is led out again has none.
    pub caller_number: Option<Number>,
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
    /// Longest wait before the call overflows; `None` waits for ever. Milliseconds.
    pub max_wait_ms: Option<u64>,
    /// Where a call goes that waited too long.
    pub overflow: Overflow,
    /// Most calls waiting; beyond it a call is refused as full.
    pub max_waiting: u32,
    /// Wait within which a call should be answered. Milliseconds.
    pub service_level_ms: u64,
    /// An abandoned call shorter than this counts apart. Milliseconds.
    pub short_abandon_ms: u64,
    /// What a waiting caller hears.
    pub treatment: Treatment,
    /// Whether conversations are recorded from the bridge on.
    pub record: bool,
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
            max_wait_ms: None,
            overflow: Overflow::Clear,
            max_waiting: 1_000,
            service_level_ms: 20_000,
            short_abandon_ms: 5_000,
            treatment: Treatment { greeting: None, music: None },
            record: true,
        }
    }
}

/// The rule for choosing who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The eligible agent who has been idle longest.
    LongestIdle,
    /// All eligible agents at once, up to [`crate::limits::RING_ALL_WIDTH_MAX`]; the first to answer wins.
    RingAll,
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

/// Where a call goes that waited too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// The call is cleared.
    Clear,
    /// The call waits in another queue.
    Queue(QueueId),
}

/// What a waiting caller hears. Prompts are named as in the prompt library, e.g. `en/please-wait`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Treatment {
    /// Said once on entering; the call waits already while it is said.
    pub greeting: Option<Name>,
    /// Played while waiting; the library's default when absent.
    pub music: Option<Name>,
}

/// Where a number dialled on a trunk leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The number dialled; unique within the tenant.
    pub number: Number,
    /// A prompt said before anything else.
    pub greeting: Option<Name>,
    /// Where the call goes then.
    pub destination: Destination,
}

/// Where a call is led.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Waits in a queue.
    Queue(QueueId),
    /// Rings one agent.
    Agent(AgentId),
    /// Rings one device.
    Device(DeviceId),
    /// Nowhere: the call is cleared after the greeting.
    Clear,
}

/// Why an agent is not ready, as the tenant names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Unique within the tenant.
    pub name: Name,
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
