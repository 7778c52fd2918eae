//! The store against real files in folders of their own.

mod desk;
mod golden;
mod journal;
mod read;
mod secrets;
mod world;
