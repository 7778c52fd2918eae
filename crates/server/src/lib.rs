//! The shell around the node: sockets, threads, files, configuration, command line.
//!
//! `run.rs` starts every thread and task and owns every channel; everyone else holds a [`handle::Handle`].

pub mod cli;
pub mod config;
pub mod events;
pub mod handle;
pub mod health;
pub mod http;
pub mod limits;
pub mod log;
pub mod meters;
pub mod offline;
pub mod prompts;
pub mod recordings;
pub mod run;
pub mod stomp;
pub mod tap;

mod bindings;
mod callcenter;
mod clock;
mod connector;
mod event_socket;
mod listeners;
mod media_thread;
mod node_loop;
mod streams;
mod tls;
