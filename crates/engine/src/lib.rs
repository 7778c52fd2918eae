//! The contact centre as one deterministic value: commands and reports in, facts and actions out.
//!
//! It opens no socket, reads no clock, draws no entropy except from a seed, and does not know SIP, HTTP, JSON or SQL.

pub mod action;
pub mod agent;
pub mod blacklist;
pub mod call;
pub mod cdr;
pub mod code;
pub mod command;
mod directory;
pub mod engine;
pub mod entry;
pub mod estimate;
pub mod fact;
mod guid;
pub mod id;
pub mod limits;
mod machine;
mod offer;
pub mod outbound;
mod queue;
mod recording;
mod recover;
pub mod refusal;
pub mod state;
pub mod tally;
pub mod text;
pub mod time;
mod timer;
pub mod view;
mod witness;

pub use action::{Action, AfterPrompts};
pub use command::{Actor, Answer, Command, Endpoint, Input, Report};
pub use engine::Engine;
pub use entry::{Entry, EntryId, Kind};
pub use fact::{Event, Fact};
pub use refusal::Refusal;
pub use state::State;
pub use time::{Now, Timestamp, WallTime};
pub use witness::{Seen, Watch};
