//! The simulator: phones, callers, agents, network, journal and clock around the production node, under one seed.
//!
//! | file | holds |
//! |---|---|
//! | `phone.rs` | a scripted phone, also used with real sockets by the demonstration |
//! | `network.rs` | what loses, delays, reorders, repeats and cuts datagrams |
//! | `journal.rs` | group commit that takes time; a crash loses what was not synced |
//! | `media.rs` | the media worker, or its silent stand-in |
//! | `world.rs` | all of that around the production node, one event at a time |
//! | `checker.rs` | the invariants H1 to H9 and H12, from events and views |
//! | `crashes.rs` | a crash after every single record |
//! | `model.rs` | a naive model of the engine's decisions |
//! | `tamper.rs` | faults planted on purpose |
//! | `erlang.rs` | the engine against the exact results of queueing theory |
//! | `site.rs` | an engine of any size without SIP, for that and for measuring |
//! | `run.rs` | one seed: a morning full of people, faults, and calm |
//! | `scenario.rs` | stories that a supervisor can read, and their snapshots |

pub mod chance;
pub mod checker;
pub mod crashes;
pub mod erlang;
pub mod journal;
mod media;
mod model;
pub mod network;
pub mod phone;
pub mod run;
pub mod scenario;
pub mod site;
pub mod tamper;
pub mod world;
