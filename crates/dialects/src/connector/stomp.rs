//! STOMP 1.0, 1.1 and 1.2 (stomp.github.io), without a socket or a clock: bytes and time in, bytes and events out.
//!
//! [`frame`] tells frames out of a stream and writes them. [`server`] is a broker's side of one connection, [`client`] the
//! other side, as of a real broker. Both keep [`heart_beat`]s. A subscription can narrow what it gets by a
//! [`selector`].

pub mod client;
pub mod destination;
pub mod frame;
pub mod heart_beat;
pub mod limits;
pub mod message;
pub mod selector;
pub mod server;
