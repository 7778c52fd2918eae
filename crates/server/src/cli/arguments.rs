//! What can be typed.

mod call;
mod contacts;
mod queue;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(super) use call::*;
pub(super) use contacts::*;
pub(super) use queue::*;

use super::EXIT_CODES;

/// Cordial, a contact centre in one program: phones register, calls are queued, offered, answered and recorded.
///
/// Begin with `cordial serve`. The first start prints a token; every other command that speaks to the running
/// server finds one by itself on the same machine.
#[derive(Debug, Parser)]
#[command(name = "cordial", version, after_long_help = EXIT_CODES)]
pub struct Arguments {
    /// The configuration file; see config/example.toml
    #[arg(long, global = true, env = "CORDIAL_CONFIG", value_name = "FILE", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// How results are shown
    #[arg(long, global = true, value_enum, default_value_t = Form::Table)]
    pub output: Form,
    /// The same as `--output json`
    #[arg(long, global = true)]
    pub json: bool,
    /// Where the server's API is, such as http://127.0.0.1:8080
    #[arg(long, global = true, env = "CORDIAL_URL", value_name = "URL", hide_env_values = true)]
    pub url: Option<String>,
    /// A file that holds the token to present
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people
    Table,
    /// For programs
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the server until SIGTERM or Ctrl-C, then drain; a second one ends the drain at once
    Serve,
    /// Say whether the configuration is right, and what is not
    CheckConfig,
    /// People's logins and what they may do
    #[command(subcommand)]
    User(UserVerb),
    /// Phones and browsers that register
    #[command(subcommand)]
    Device(DeviceVerb),
    /// People who take calls
    #[command(subcommand)]
    Agent(AgentVerb),
    /// Groups of agents
    #[command(subcommand)]
    Team(NamedVerb),
    /// Lines of waiting calls
    #[command(subcommand)]
    Queue(QueueVerb),
    /// When queues and numbers are open
    #[command(subcommand)]
    Calendar(CalendarVerb),
    /// Send calls elsewhere at once, of one queue or of all
    #[command(subcommand)]
    Emergency(EmergencyVerb),
    /// Carriers and other telephone systems
    #[command(subcommand)]
    Trunk(TrunkVerb),
    /// What may leave the house: how many calls, how long, and to which numbers never
    #[command(subcommand)]
    Outbound(OutboundVerb),
    /// What phones dial for features, such as *38 for logging in
    #[command(subcommand)]
    FeatureCode(FeatureCodeVerb),
    /// Mailboxes of agents and the messages in them
    #[command(subcommand)]
    Voicemail(VoicemailVerb),
    /// Where numbers that are dialled from outside lead
    #[command(subcommand)]
    Route(RouteVerb),
    /// Why agents can be not ready, and why they log out
    #[command(subcommand)]
    Reason(ReasonVerb),
    /// How contacts can end
    #[command(subcommand)]
    Disposition(NamedVerb),
    /// What agents can do and queues need
    #[command(subcommand)]
    Skill(NamedVerb),
    /// Lists of people to call, for agents' desktops
    #[command(subcommand)]
    PhoneBook(PhoneBookVerb),
    /// Whom phone books list
    #[command(subcommand)]
    Contact(ContactVerb),
    /// Numbers whose calls queues refuse
    #[command(subcommand)]
    Blacklist(BlacklistVerb),
    /// Calls in progress
    #[command(subcommand)]
    Call(CallVerb),
    /// Tokens for programs that use the API
    #[command(subcommand)]
    Token(TokenVerb),
    /// FreeSWITCH's console of the call centre, as its `callcenter_config`: agent|tier|queue and what to do
    CallcenterConfig {
        /// The words, such as: agent set status ann 'On Break'
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Everything that happens, live
    Events {
        /// Go on after this event instead of beginning with a picture of now
        #[arg(long, value_name = "SEQ")]
        after: Option<u64>,
        /// End after so many
        #[arg(long)]
        count: Option<u64>,
    },
    /// Make the tenant's directory what a TOML file says: teams, queues, users, agents, devices, trunks, routes, ranks
    ///
    /// Things are named by their name or number. What the file leaves out of a thing stays as it is; a second run finds
    /// nothing to do. Nobody is logged out and no call is dropped: what is in use is not removed. A thing is renamed by
    /// `was = "old name"`, and a field is cleared by `clear = ["field"]`.
    #[command(after_help = "Example: cordial export > site.toml; cordial apply site.toml --dry-run")]
    Apply {
        /// The file; `cordial export` writes one
        file: PathBuf,
        /// Show what would be done and whom it would touch, and do nothing
        #[arg(long)]
        dry_run: bool,
        /// Remove what the file does not name, of the kinds that it names
        #[arg(long)]
        prune: bool,
    },
    /// Write the tenant's directory as a file for `cordial apply`; secrets are not in it
    Export,
    /// Who changed what, when and whence, newest first
    #[command(after_help = "Example: cordial audit --operation entry_changed --count 20")]
    Audit {
        /// Only what this user did
        #[arg(long, value_name = "USER")]
        user: Option<Which>,
        /// Only of this operation, such as entry_changed, secret_set or refused
        #[arg(long)]
        operation: Option<String>,
        /// Only since this time, such as 2026-11-21T07:42:00Z
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// How many
        #[arg(long, default_value_t = 50)]
        count: usize,
    },
    /// What clients of the API send and what they are answered, live, secrets hidden
    Tap {
        /// End after so many
        #[arg(long)]
        count: Option<u64>,
    },
    /// Apply the journal again, without a running server: its events and the state they lead to
    Replay {
        /// Stop after this event
        #[arg(long, value_name = "SEQ")]
        until: Option<u64>,
        /// Show the events of this call only
        #[arg(long, value_name = "ID")]
        call: Option<String>,
    },
    /// Make the read models again from the journal and compare, without a running server
    Rebuild {
        /// Put the new ones in place of those that differ
        #[arg(long)]
        replace: bool,
    },
    /// Look for what could go wrong: configuration, ports, disk, journal, clock
    Doctor,
}

/// A thing by its name, its number where it has one, or its id.
pub(super) type Which = String;

/// `cordial user`
#[derive(Debug, Subcommand)]
pub enum UserVerb {
    /// All users
    List,
    /// Make a user
    Add {
        /// The login
        name: String,
        /// What the user may do; may be given more than once
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<UserRole>,
        /// A team whose agents the user supervises; may be given more than once. Without any, all
        #[arg(long = "team", value_name = "TEAM")]
        teams: Vec<Which>,
        /// A queue that the user manages; may be given more than once. Without any, all
        #[arg(long = "queue", value_name = "QUEUE")]
        queues: Vec<Which>,
        /// Read the password from standard input; without it the user cannot log in yet
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set a user's password, read from standard input
    Password {
        /// Name or id
        user: Which,
    },
    /// Show a user
    Show {
        /// Name or id
        which: Which,
    },
    /// Change fields of a user; the others stay, and nothing is changed if somebody else did meanwhile
    #[command(after_help = "Example: cordial user set sue teams=[\"day\"]")]
    Set {
        /// Name or id
        which: Which,
        /// A field and its value, such as roles=["agent"]; `null` clears it
        #[arg(required = true, value_name = "FIELD=VALUE")]
        changes: Vec<String>,
    },
    /// Remove a user
    Remove {
        /// Name or id
        user: Which,
    },
}

/// What a user may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum UserRole {
    /// Take calls and change the own state
    Agent,
    /// See and change the state of the agents of the user's teams
    Supervisor,
    /// See and change the user's queues
    QueueManager,
    /// Change the directory
    Administrator,
}

impl UserRole {
    /// The API's word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::QueueManager => "queue_manager",
            Self::Administrator => "administrator",
        }
    }
}

/// `cordial device`
#[derive(Debug, Subcommand)]
pub enum DeviceVerb {
    /// All devices and whether they can be rung
    List,
    /// Make a device; its secret is shown once
    Add {
        /// Its number, which is also its SIP user name
        number: String,
        /// The name that those see whom it calls
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
        /// How it proves itself: `md5` for phones that read only the first challenge
        #[arg(long, value_parser = ["any", "md5", "sha256"])]
        digest: Option<String>,
        /// The agent whose desk it stands on
        #[arg(long, value_name = "AGENT")]
        owner: Option<Which>,
        /// It is a desk for whoever comes: a log-in there logs out an idle agent who sat there before
        #[arg(long)]
        hot_desk: bool,
    },
    /// Give a device a new secret; it is shown once, and the old one ends
    Secret {
        /// Number or id
        device: Which,
    },
    /// Show a device
    Show {
        /// Number or id
        which: Which,
    },
    /// Change fields of a device; the others stay, and nothing is changed if somebody else did meanwhile
    #[command(after_help = "Example: cordial device set 100 owner=ann")]
    Set {
        /// Number or id
        which: Which,
        /// A field and its value, such as owner=ann; `null` clears it
        #[arg(required = true, value_name = "FIELD=VALUE")]
        changes: Vec<String>,
    },
    /// Remove a device
    Remove {
        /// Number or id
        device: Which,
    },
}

/// `cordial agent`
#[derive(Debug, Subcommand)]
pub enum AgentVerb {
    /// All agents and their states
    List,
    /// Make an agent
    Add {
        /// The agent's name
        name: String,
        /// A number that reaches the agent wherever logged in
        #[arg(long)]
        number: Option<String>,
        /// The login that acts as this agent
        #[arg(long, value_name = "USER")]
        user: Option<Which>,
        /// The agent's team
        #[arg(long, value_name = "TEAM")]
        team: Option<Which>,
    },
    /// Show an agent
    Show {
        /// Name or id
        which: Which,
    },
    /// Change fields of an agent; the others stay, and nothing is changed if somebody else did meanwhile
    #[command(after_help = "Example: cordial agent set ann team=day number=201")]
    Set {
        /// Name or id
        which: Which,
        /// A field and its value, such as team=day; `null` clears it
        #[arg(required = true, value_name = "FIELD=VALUE")]
        changes: Vec<String>,
    },
    /// Remove an agent
    Remove {
        /// Name or id
        agent: Which,
    },
    /// Let an agent take calls of a queue, or give an agent another rank there
    Assign {
        /// Name or id
        agent: Which,
        /// Name or id
        queue: Which,
        /// Lower levels are asked first
        #[arg(long)]
        level: Option<u16>,
        /// The order within a level, for strategies that go by it
        #[arg(long)]
        position: Option<u16>,
        /// How good the agent is at this queue's calls, from 0 to 255
        #[arg(long)]
        skill: Option<u8>,
    },
    /// Take an agent off a queue
    Unassign {
        /// Name or id
        agent: Which,
        /// Name or id
        queue: Which,
    },
    /// Set the PIN that an agent proves himself by at hot desks, read from standard input
    Pin {
        /// Name or id
        agent: Which,
        /// Take it away instead
        #[arg(long)]
        remove: bool,
    },
    /// Log an agent in at a device
    LogIn {
        /// Name or id
        agent: Which,
        /// Number or id
        device: Which,
    },
    /// Log an agent out
    LogOut {
        /// Name or id
        agent: Which,
        /// Why
        #[arg(long)]
        reason: Option<Which>,
    },
    /// Make an agent ready
    Ready {
        /// Name or id
        agent: Which,
    },
    /// Make an agent not ready
    NotReady {
        /// Name or id
        agent: Which,
        /// Why
        #[arg(long, value_name = "REASON")]
        reason: Option<Which>,
        /// In free words
        #[arg(long)]
        note: Option<String>,
    },
    /// Say where direct calls go that an agent misses; what is not named stays
    #[command(
        after_help = "Example: cordial agent missed-calls ann --busy 202 --no-answer voicemail --unreachable off"
    )]
    MissedCalls {
        /// Name or id
        agent: Which,
        /// Calls that find the agent busy: a number, `voicemail` or `off`
        #[arg(long, value_name = "WHERE")]
        busy: Option<String>,
        /// Calls that are not answered within `ring_ms`: a number, `voicemail` or `off`
        #[arg(long, value_name = "WHERE")]
        no_answer: Option<String>,
        /// Calls to an agent who cannot be reached: a number, `voicemail` or `off`
        #[arg(long, value_name = "WHERE")]
        unreachable: Option<String>,
    },
    /// Lengthen an agent's wrap-up, once
    ExtendWrapUp {
        /// Name or id
        agent: Which,
    },
    /// End an agent's wrap-up
    EndWrapUp {
        /// Name or id
        agent: Which,
    },
    /// Make an agent ready after the wrap-up that goes on
    ReadyAfterWrapUp {
        /// Name or id
        agent: Which,
    },
}

/// `cordial trunk`
#[derive(Debug, Subcommand)]
pub enum TrunkVerb {
    /// All trunks
    List,
    /// Make a trunk
    Add(Box<NewTrunk>),
    /// Show a trunk
    Show {
        /// Name or id
        which: Which,
    },
    /// Change fields of a trunk; the others stay, and nothing is changed if somebody else did meanwhile
    #[command(after_help = "Example: cordial trunk set carrier caller_number=+4930999")]
    Set {
        /// Name or id
        which: Which,
        /// A field and its value, such as caller_number=+4930999; `null` clears it
        #[arg(required = true, value_name = "FIELD=VALUE")]
        changes: Vec<String>,
    },
    /// Remove a trunk
    Remove {
        /// Name or id
        trunk: Which,
    },
}

/// What a new trunk is like.
#[derive(Args, Debug)]
pub struct NewTrunk {
    /// Its name
    pub name: String,
    /// Where it is, as IP address and port
    #[arg(long, value_name = "IP:PORT")]
    pub address: String,
    /// How requests travel there
    #[arg(long, value_name = "udp|tcp|tls", default_value = "udp", value_parser = ["udp", "tcp", "tls"])]
    pub transport: String,
    /// A further address whose calls are this trunk's; may be given more than once
    #[arg(long = "source", value_name = "IP[:PORT]")]
    pub sources: Vec<String>,
    /// The user name for authentication
    #[arg(long)]
    pub username: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Its calls must authenticate, too
    #[arg(long)]
    pub authenticate_inbound: bool,
    /// What may be dialled on it, by prefix; may be given more than once. Without any, nothing
    #[arg(long = "allow", value_name = "PREFIX")]
    pub outbound_prefixes: Vec<String>,
    /// The number shown to those called when the caller has none
    #[arg(long, value_name = "NUMBER")]
    pub caller_number: Option<String>,
}

/// `cordial outbound`
#[derive(Debug, Subcommand)]
pub enum OutboundVerb {
    /// The rules, and what is going out now
    Show,
    /// Change rules; what is not given stays as it is
    Set(Box<OutboundChange>),
}

/// What shall be different. Of every count, 0 lets nothing out.
#[derive(Args, Debug)]
pub struct OutboundChange {
    /// Calls out at once
    #[arg(long, value_name = "COUNT")]
    pub calls: Option<u32>,
    /// Calls out at once that one device began, at most 8
    #[arg(long, value_name = "COUNT")]
    pub calls_per_device: Option<u32>,
    /// Calls out begun within any sixty seconds
    #[arg(long, value_name = "COUNT")]
    pub calls_per_minute: Option<u32>,
    /// Minutes talked out on one day (UTC); calls that talk when they are spent go on
    #[arg(long, value_name = "MINUTES")]
    pub minutes_per_day: Option<u32>,
    /// A prefix that may not be dialled, whatever a trunk allows; may be given more than once. The longest prefix decides
    #[arg(long = "deny", value_name = "PREFIX")]
    pub deny: Vec<String>,
    /// A prefix that is denied no more; may be given more than once
    #[arg(long = "deny-no-more", value_name = "PREFIX")]
    pub deny_no_more: Vec<String>,
    /// A number that no limit holds for, such as that of an emergency service; may be given more than once
    #[arg(long = "unlimited", value_name = "NUMBER")]
    pub unlimited: Vec<String>,
    /// A number that the limits hold for again; may be given more than once
    #[arg(long = "unlimited-no-more", value_name = "NUMBER")]
    pub unlimited_no_more: Vec<String>,
    /// Whether callers from outside may be led outside again by an agent's forward
    #[arg(long, value_name = "BOOL")]
    pub lead_out_again: Option<bool>,
}

/// `cordial feature-code`
#[derive(Debug, Subcommand)]
pub enum FeatureCodeVerb {
    /// The table
    List,
    /// Give a feature a code
    Set {
        /// Its name, as in the table
        feature: String,
        /// One to three of * and #, then up to four digits
        code: String,
    },
    /// Take a feature's code away, so that it cannot be dialled
    Off {
        /// Its name, as in the table
        feature: String,
    },
    /// Go back to the table that a new tenant has
    Default,
}

/// `cordial voicemail`
#[derive(Debug, Subcommand)]
pub enum VoicemailVerb {
    /// Let callers leave messages for an agent
    On {
        /// Name or id
        agent: Which,
        /// The prompt that asks for a message
        #[arg(long, value_name = "PROMPT")]
        greeting: Option<String>,
        /// Tell only phones that subscribed to message waiting, and no others that are registered
        #[arg(long)]
        subscribed_only: bool,
    },
    /// Take no more messages for an agent; those in the mailbox stay
    Off {
        /// Name or id
        agent: Which,
    },
    /// The messages in an agent's mailbox
    List {
        /// Name or id
        agent: Which,
    },
    /// Take a message out of an agent's mailbox
    Remove {
        /// Name or id
        agent: Which,
        /// The message's id
        message: String,
    },
}

/// `cordial route`
#[derive(Debug, Subcommand)]
pub enum RouteVerb {
    /// All routes
    List,
    /// Make a route
    Add {
        /// The number that is dialled
        number: String,
        /// Where it leads.
        #[command(flatten)]
        to: RouteTo,
        /// A prompt said before
        #[arg(long, value_name = "PROMPT")]
        greeting: Option<String>,
    },
    /// Show a route
    Show {
        /// Number or id
        which: Which,
    },
    /// Change fields of a route; the others stay, and nothing is changed if somebody else did meanwhile
    #[command(
        after_help = "Example: cordial route set 4930123 priority.urgency=2 preference.agent=ann preference.wait_ms=20000"
    )]
    Set {
        /// Number or id
        which: Which,
        /// A field and its value, such as greeting=en/welcome; `null` clears it
        #[arg(required = true, value_name = "FIELD=VALUE")]
        changes: Vec<String>,
    },
    /// Remove a route
    Remove {
        /// Number or id
        route: Which,
    },
}

/// Where a route leads.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct RouteTo {
    /// To a queue
    #[arg(long, value_name = "QUEUE")]
    pub queue: Option<Which>,
    /// To an agent
    #[arg(long, value_name = "AGENT")]
    pub agent: Option<Which>,
    /// To a device
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<Which>,
    /// Nowhere: the call is cleared after the greeting
    #[arg(long)]
    pub clear: bool,
}

/// `cordial reason`, `cordial disposition`, `cordial skill` and `cordial team`
#[derive(Debug, Subcommand)]
pub enum NamedVerb {
    /// All of them
    List,
    /// Make one
    Add {
        /// Its name
        name: String,
    },
    /// Show a thing
    Show {
        /// Name or id
        which: Which,
    },
    /// Change fields of a thing; the others stay, and nothing is changed if somebody else did meanwhile
    #[command(after_help = "Example: cordial skill set french name=français")]
    Set {
        /// Name or id
        which: Which,
        /// A field and its value, such as name=new; `null` clears it
        #[arg(required = true, value_name = "FIELD=VALUE")]
        changes: Vec<String>,
    },
    /// Remove one
    Remove {
        /// Name or id
        which: Which,
    },
}

/// `cordial blacklist`
#[derive(Debug, Subcommand)]
pub enum BlacklistVerb {
    /// All of them, and how many calls each has refused
    List,
    /// Refuse a number's calls to queues
    Add {
        /// As it is shown to us
        number: String,
        /// On the second level, whose callers hear the second prompt
        #[arg(long)]
        second: bool,
        /// Until when, such as 2027-01-31T00:00:00Z; without it for ever
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Why
        #[arg(long)]
        note: Option<String>,
    },
    /// Let a number's calls in again
    Remove {
        /// Number or id
        number: Which,
    },
    /// Say what callers hear before they are cleared; a level without a prompt is cleared unanswered
    Prompts {
        /// A name of the prompt library, for the first level
        #[arg(long, value_name = "PROMPT")]
        first: Option<String>,
        /// The same for the second
        #[arg(long, value_name = "PROMPT")]
        second: Option<String>,
    },
}

/// `cordial token`
#[derive(Debug, Subcommand)]
pub enum TokenVerb {
    /// All tokens, without their secrets
    List,
    /// Make a token; it is shown once
    Add {
        /// What it is for
        name: String,
        /// What it may do; may be given more than once
        #[arg(long = "scope", value_name = "SCOPE", required = true,
              value_parser = ["read", "agent", "supervise", "manage", "admin"])]
        scopes: Vec<String>,
        /// The user for whom it acts
        #[arg(long, value_name = "USER")]
        user: Option<Which>,
        /// When it ends by itself, in seconds
        #[arg(long, value_name = "SECONDS")]
        expires_in_s: Option<u64>,
    },
    /// End a token at once
    Revoke {
        /// Its id
        token: String,
    },
}
