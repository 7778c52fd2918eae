//! What can be typed about queues, and when they are closed.

use core::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};

use super::Which;

/// `cordial queue`
#[derive(Debug, Subcommand)]
pub enum QueueVerb {
    /// All queues with their lines
    List,
    /// Make a queue
    Add(Box<NewQueue>),
    /// Show a queue
    Show {
        /// Name or id
        which: Which,
    },
    /// Change fields of a queue; the others stay, and nothing is changed if somebody else did meanwhile
    #[command(after_help = "Example: cordial queue set sales wrap_up_ms=10000 overflow.to=clear")]
    Set {
        /// Name or id
        which: Which,
        /// A field and its value, such as wrap_up_ms=10000; `null` clears it
        #[arg(required = true, value_name = "FIELD=VALUE")]
        changes: Vec<String>,
    },
    /// Close a queue until told otherwise, or open it again
    Night {
        /// Name or id
        queue: Which,
        /// Whether it is closed
        #[arg(value_enum)]
        switch: Switch,
    },
    /// Remove a queue
    Remove {
        /// Name or id
        queue: Which,
    },
}

/// On or off.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Switch {
    /// It is so
    On,
    /// It is not
    Off,
}

/// `cordial calendar`
#[derive(Debug, Subcommand)]
pub enum CalendarVerb {
    /// All calendars, whether they are open, and until when
    List,
    /// Show a calendar
    Show {
        /// Name or id
        calendar: Which,
    },
    /// Make a calendar
    Add {
        /// Its name
        name: String,
        /// Whose wall clock counts: an IANA time zone such as Europe/Berlin
        #[arg(long)]
        zone: String,
        #[command(flatten)]
        rules: CalendarRules,
    },
    /// Change days or holidays of a calendar
    Set {
        /// Name or id
        calendar: Which,
        /// Whose wall clock counts
        #[arg(long)]
        zone: Option<String>,
        #[command(flatten)]
        rules: CalendarRules,
    },
    /// Remove a calendar
    Remove {
        /// Name or id
        calendar: Which,
    },
}

/// When it is open.
#[derive(Args, Debug)]
pub struct CalendarRules {
    /// The hours of some days, such as mon-fri=09:00-12:00,13:00-17:00 or sat=closed; may be repeated
    #[arg(long, value_name = "DAYS=HOURS")]
    pub hours: Vec<String>,
    /// A holiday, such as Christmas=2026-12-24..2026-12-26,yearly or Inventory=2026-12-30,10:00-12:00; may be repeated,
    /// and replaces all holidays that there were
    #[arg(long = "holiday", value_name = "NAME=DATES")]
    pub holidays: Vec<String>,
}

/// `cordial emergency`
#[derive(Debug, Subcommand)]
pub enum EmergencyVerb {
    /// Send all calls elsewhere
    On {
        /// Those of this queue alone
        #[arg(long)]
        queue: Option<Which>,
        /// Where they go: clear, queue:NAME, voicemail:AGENT, number:NUMBER or announcement:PROMPT; else where each queue
        /// says
        #[arg(long, value_name = "WHERE")]
        to: Option<Where>,
        /// Also those that wait
        #[arg(long)]
        waiting: bool,
    },
    /// Take calls again
    Off {
        /// Those of this queue alone
        #[arg(long)]
        queue: Option<Which>,
    },
    /// Show where there is an emergency
    Show,
}

/// What a new queue is like; what is left out has the server's default.
#[derive(Args, Debug)]
pub struct NewQueue {
    /// Its name
    pub name: String,
    /// Dialling it from a device enters the queue
    #[arg(long)]
    pub number: Option<String>,
    /// Who is chosen
    #[arg(long, value_enum)]
    pub strategy: Option<QueueStrategy>,
    /// Within a level, the better skilled come first
    #[arg(long)]
    pub skill_first: bool,
    /// An agent of several queues is given to the heaviest that has a call for him
    #[arg(long)]
    pub weight: Option<u16>,
    /// How long an agent is rung, in seconds
    #[arg(long, value_name = "SECONDS")]
    pub offer_s: Option<u64>,
    /// Time for finishing after a call, in seconds
    #[arg(long, value_name = "SECONDS")]
    pub wrap_up_s: Option<u64>,
    /// Longest wait, in seconds; then the call is cleared
    #[arg(long, value_name = "SECONDS")]
    pub max_wait_s: Option<u64>,
    /// The prompt that a caller hears first
    #[arg(long, value_name = "PROMPT")]
    pub greeting: Option<String>,
    /// Do not record conversations
    #[arg(long)]
    pub no_recording: bool,
    #[command(flatten)]
    pub rules: QueueRules,
}

/// By which rules a queue does not keep a call.
#[derive(Args, Debug)]
pub struct QueueRules {
    /// Take no calls when each agent is one of: logged_out, unregistered, not_ready, in_call, ringing, wrap_up,
    /// resting, out_of_reach; or never, nobody_logged_in, nobody_ready, nobody_available
    #[arg(long, value_name = "CONDITION,...", value_delimiter = ',')]
    pub refuse_when: Option<Vec<String>>,
    /// Let waiting calls leave when each agent is one of these
    #[arg(long, value_name = "CONDITION,...", value_delimiter = ',')]
    pub leave_when: Option<Vec<String>>,
    /// For how long that must have been so, in seconds
    #[arg(long, value_name = "SECONDS")]
    pub leave_after_s: Option<u64>,
    /// How long a call has waited at least before it leaves so, in seconds
    #[arg(long, value_name = "SECONDS")]
    pub leave_min_wait_s: Option<u64>,
    /// Where a call goes that finds the queue empty or leaves it: clear, queue:NAME, voicemail:AGENT or number:NUMBER
    #[arg(long, value_name = "WHERE")]
    pub when_empty: Option<Where>,
    /// The calendar that says when calls are taken; none for at any time
    #[arg(long)]
    pub calendar: Option<Which>,
    /// Where a call goes that finds the queue closed, or announcement:PROMPT
    #[arg(long, value_name = "WHERE")]
    pub when_closed: Option<Where>,
    /// What becomes of the calls that wait when it closes: serve or send_away
    #[arg(long)]
    pub at_closing: Option<String>,
    /// Where calls go in an emergency that names no other place
    #[arg(long, value_name = "WHERE")]
    pub in_emergency: Option<Where>,
}

/// Where a call goes that a queue does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    Clear,
    Queue(Which),
    Voicemail(Which),
    Number(String),
    Announcement(String),
}

impl FromStr for Where {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "clear" => Ok(Self::Clear),
            Some(("queue", which)) => Ok(Self::Queue(which.to_owned())),
            Some(("voicemail", which)) => Ok(Self::Voicemail(which.to_owned())),
            Some(("number", number)) => Ok(Self::Number(number.to_owned())),
            Some(("announcement", prompt)) => Ok(Self::Announcement(prompt.to_owned())),
            Some(_) | None => {
                Err("must be clear, queue:NAME, voicemail:AGENT, number:NUMBER or announcement:PROMPT")
            }
        }
    }
}

/// Who is chosen.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum QueueStrategy {
    /// Who has been idle longest
    LongestIdle,
    /// Whose last call of the queue ended longest ago
    LeastRecent,
    /// The next by position after whom the queue asked last
    RoundRobin,
    /// Each call goes through the agents by level and position
    TopDown,
    /// The first by position
    Sequential,
    /// Who has had the fewest calls of the queue since logging in
    FewestCalls,
    /// Who has talked least since logging in
    LeastTalk,
    /// Anyone
    Random,
    /// Anyone; the higher the level, the less likely
    WeightedRandom,
    /// All who are free at once; the first to answer wins
    RingAll,
    /// All of the lowest level at once, then the next level
    RingLevel,
    /// One, and one more every ten seconds while the others still ring
    RingProgressively,
}

impl QueueStrategy {
    /// The API's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::LongestIdle => "longest_idle",
            Self::LeastRecent => "least_recent",
            Self::RoundRobin => "round_robin",
            Self::TopDown => "top_down",
            Self::Sequential => "sequential",
            Self::FewestCalls => "fewest_calls",
            Self::LeastTalk => "least_talk",
            Self::Random => "random",
            Self::WeightedRandom => "weighted_random",
            Self::RingAll => "ring_all",
            Self::RingLevel => "ring_level",
            Self::RingProgressively => "ring_progressively",
        }
    }
}
