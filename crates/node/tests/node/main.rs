//! The node through its door.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one output among all")]

mod desk;
mod digits;
mod durability;
mod hairpin;
mod mailbox;
mod ports;
mod trunk;
