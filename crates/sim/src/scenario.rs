//! Stories that a supervisor can read: who is there, what happens when, and what is expected.
//!
//! ```text
//! story  A caller hangs up while the agent is being rung.
//! given  queue sales on 500: wrap-up 10s, no answer rest 5s
//! given  agent ann at 101 in sales
//! given  carrier acme
//! given  number +44100 leads to sales
//! at 0s    ann registers
//! at 1s    ann logs in
//! at 1s    ann is ready
//! at 2s    caller 4711 dials +44100
//! at 5s    caller 4711 hangs up
//! at 6s    expect ann idle
//! ```
//!
//! `language.rs` reads a story, `stage.rs` plays it in a [`World`](crate::world::World), `print.rs` writes down what
//! came of it: facts, SIP ladder, call records, and what each dialect's watchers heard.

mod control;
mod language;
mod print;
mod rules;
mod stage;

pub use language::{Story, StoryError};
pub use stage::{Played, play};
