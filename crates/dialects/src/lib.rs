//! The languages Cordial speaks: wire types and translation. A dialect translates and never decides.

pub mod connector;
pub mod event_socket;
pub mod finesse;
pub mod floor;
pub mod names;
pub mod native;
pub mod portsip;
pub mod webitel;
