//! Engine, SIP user agent and media control joined into one deterministic value: a back-to-back user agent that
//! journals what it decides before it does it.
//!
//! # The door
//!
//! [`Node`] opens no socket, reads no clock and draws no entropy except from its seed. The shell (or the simulator)
//!
//! - tells it what happened: `handle_datagram`, `handle_stream`, `handle_stream_closed`, `handle_connect_failed`
//!   (the contract for streams stands on the first page of [`sip`]), `handle_media`, `handle_audio`, `handle_command`,
//!   `handle_report`, `handle_durable`, `handle_timeout`;
//! - then drains [`Node::poll_output`] and asks [`Node::poll_timeout`] when to come back.
//!
//! # Facts first
//!
//! Every event leaves as [`Output::Journal`]. What follows from it (actions towards phones and media, answers to
//! whoever asked, [`Output::Tell`] for subscribers) is held back until [`Node::handle_durable`] says that the journal
//! has it. What SIP does on its own account (100, retransmissions, challenges) does not wait: it tells nobody
//! anything that could be lost. The ACK of a call that we made does: without it the phone says its 200 again, and the
//! next process ends the call.
//!
//! # Where a line lives
//!
//! | file | holds |
//! |---|---|
//! | `node.rs` | the door, and the line of what waits for the journal |
//! | `b2bua.rs` | SIP events into reports, actions into SIP: legs and their dialogs |
//! | `audio.rs` | a leg's media port: addresses, plays, bridges, recordings |
//! | `directory.rs` | devices and trunks as the user agent knows them |
//! | `lamp.rs` | which mailbox the lamp of a phone stands for, and when to tell it |
//! | `cause.rs` | causes and refusals as SIP codes, and back |

mod audio;
mod b2bua;
mod cause;
mod directory;
mod lamp;
mod node;

pub use cordial_engine as engine;
pub use cordial_media as media;
pub use cordial_sip as sip;
pub use directory::{DeviceSecret, pin_digest};
pub use node::{Admission, AskId, Config, ConfigError, Counts, Node, Output, Reach};
