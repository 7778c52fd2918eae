//! The native dialect's words: what is written in bodies, answers and events.

mod access;
mod agent;
mod audit;
mod blacklist;
mod calendar;
mod call;
mod code;
mod directory;
mod event;
mod message;
mod outbound;
mod phone_book;
mod record;
mod route;
mod skill;
mod value;

pub use access::*;
pub use agent::*;
pub use audit::*;
pub use blacklist::*;
pub use calendar::*;
pub use call::*;
pub use code::*;
pub use directory::*;
pub use event::*;
pub use message::*;
pub use outbound::*;
pub use phone_book::*;
pub use record::*;
pub use route::*;
pub use skill::*;
pub use value::*;
