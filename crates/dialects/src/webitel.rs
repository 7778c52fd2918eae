//! The Webitel dialect: accounts with a state and a status, over REST and WebSocket, and the FreeSWITCH call centre
//! beneath it.
//!
//! **Account.** `100@pbx.example` is a user, an agent and a device of one name within the tenant of that domain. The
//! *state* is the device's ([`status::device_state`]): `NONREG`, `ONHOOK`, `ISBUSY`. The *status* is the person's:
//! one word of eleven, a pure function of the engine's axes ([`status::Axes`]), with a free-text description beside it.
//!
//! **FreeSWITCH.** Each status has a status and a state of `mod_callcenter`; its console and events are the module
//! [`crate::event_socket`], which speaks of the same people by the same table.

pub mod account;
pub mod event;
pub mod newer;
pub mod socket;
pub mod status;
pub mod wish;
