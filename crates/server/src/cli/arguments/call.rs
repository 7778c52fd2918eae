//! What can be typed about live calls.

use clap::{Args, Subcommand, ValueEnum};

use super::Which;

/// `cordial call`
#[derive(Debug, Subcommand)]
pub enum CallVerb {
    /// Calls in progress
    List,
    /// Ring a device and, when it is answered, call a number from it
    Place {
        /// Number or id
        device: Which,
        /// Whom to call
        to: String,
    },
    /// End a call
    HangUp {
        /// The call's id
        call: String,
    },
    #[command(flatten)]
    Control(ControlVerb),
    /// Ring a supervisor's phone for him to hear a call, or an agent from call to call
    #[command(group(clap::ArgGroup::new("heard").required(true)))]
    Monitor {
        /// The supervisor's phone: its number or id
        device: Which,
        /// The call's id
        #[arg(long, group = "heard")]
        call: Option<String>,
        /// The agent's name or id
        #[arg(long, group = "heard")]
        agent: Option<Which>,
        /// Let the agent hear the supervisor from the beginning
        #[arg(long)]
        whisper: bool,
    },
    /// Change what part a supervisor takes in the call that he hears
    Supervise {
        /// The id of the supervisor's own call
        call: String,
        /// What part
        how: Supervision,
    },
    /// Keep something with a call; it follows every transfer
    Variables {
        /// The call's id
        call: String,
        /// A name and its value; without a value it is taken away
        #[arg(required = true, value_name = "NAME=VALUE")]
        changes: Vec<String>,
    },
    /// What a call waits for: why it is stuck
    Waits {
        /// The call's id
        call: String,
    },
    /// A call with its legs, and what may be asked for each
    Show {
        /// The call's id
        call: String,
    },
    /// Let a call wait in a slot until a phone takes it
    Park {
        /// The call's id
        call: String,
        /// The device that leaves it
        #[arg(long, value_name = "DEVICE")]
        device: Option<Which>,
        /// The slot; the lowest free one when left out
        #[arg(long)]
        slot: Option<u16>,
    },
    /// Lead one party of a call elsewhere, whose other party leaves it
    #[command(group(clap::ArgGroup::new("destination").required(true)))]
    Transfer {
        /// The call's id
        call: String,
        /// A number of a user, a phone or a queue, or outside
        #[arg(group = "destination")]
        to: Option<String>,
        /// The agent whose mailbox takes it
        #[arg(long, value_name = "AGENT", group = "destination")]
        mailbox: Option<Which>,
        /// The device that leaves it
        #[arg(long, value_name = "DEVICE")]
        device: Option<Which>,
    },
    /// The parked calls
    Parked,
    /// Ring a device for a parked call
    Retrieve {
        /// The call's id
        call: String,
        /// Number or id of the device
        device: Which,
    },
}

/// What one party of a call may ask for
#[derive(Debug, Subcommand)]
pub enum ControlVerb {
    /// Answer for a phone that rings and answers by itself when it is asked to
    Answer(Line),
    /// End one phone's part in a call; of more than two the others talk on
    Leave(Line),
    /// Hold a call for one of its phones; the others hear music
    Hold(Line),
    /// Take back a hold; from a consultation, go back to this call
    Unhold(Line),
    /// Let the others hear a phone no more
    Mute(Line),
    /// Let the others hear it again
    Unmute(Line),
    /// Press keys on a phone's behalf
    Digits {
        /// The keys: 0 to 9, A to D, * and #
        digits: String,
        #[command(flatten)]
        line: Line,
    },
    /// Ask somebody else, in a call of its own; the others hear music
    Consult {
        /// A number of a user, a phone or a queue, or outside
        to: String,
        #[command(flatten)]
        line: Line,
    },
    /// Take who consults to the other of his two calls
    Swap(Line),
    /// Make one call of a call and its consultation
    Complete {
        /// What for
        how: Joining,
        #[command(flatten)]
        line: Line,
    },
    /// End the part of any of those who talk; of more than two the others talk on
    Drop {
        /// The call's id
        call: String,
        /// The id of a leg, as `cordial call show` says it
        leg: String,
    },
}

/// A call, and which of its phones is meant.
#[derive(Debug, Args)]
pub struct Line {
    /// The call's id
    pub call: String,
    /// The phone's number or id; that of the call's agent when left out
    #[arg(long = "at", value_name = "DEVICE")]
    pub device: Option<Which>,
}

/// What part a supervisor takes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Supervision {
    /// Nobody hears him
    Listen,
    /// The agent hears him, and nobody else does
    Whisper,
    /// Everybody hears him
    Barge,
    /// He has the call, and the agent leaves it
    TakeOver,
}

impl Supervision {
    /// As the API calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Whisper => "whisper",
            Self::Barge => "barge",
            Self::TakeOver => "take_over",
        }
    }
}

/// What two calls become one for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Joining {
    /// Who was consulted has the call
    Transfer,
    /// All of them talk
    Conference,
}

impl Joining {
    /// As the API calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Conference => "conference",
        }
    }
}
