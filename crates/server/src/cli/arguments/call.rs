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
