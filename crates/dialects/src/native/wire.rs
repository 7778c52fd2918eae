//! The native dialect's words: what is written in bodies, answers and events.

mod access;
mod agent;
mod calendar;
mod call;
mod code;
mod directory;
mod event;
mod message;
mod outbound;
mod record;
mod value;

pub use access::*;
pub use agent::*;
pub use calendar::*;
pub use call::*;
pub use code::*;
pub use directory::*;
pub use event::*;
pub use message::*;
pub use outbound::*;
pub use record::*;
pub use value::*;
