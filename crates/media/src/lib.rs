//! Media of the contact centre as one deterministic value.
//!
//! A [`Worker`] owns every RTP stream of one thread: it relays between two parties, plays prompts and music, hears
//! and sends keys, records, and reports. It opens no socket and reads no clock. The server's media thread (and the
//! simulator, in virtual time) does the following and nothing else:
//!
//! ```text
//! loop {
//!     wait for a datagram, a command, or worker.poll_timeout()
//!     worker.handle_packet(now, local, from, bytes)      // RTP socket; `local` is its port number
//!     worker.handle_rtcp(now, local, from, bytes)        // RTCP socket = local + 1; `local` is the RTP port number
//!     worker.handle_command(now, command)
//!     worker.handle_timeout(now)                         // when poll_timeout() <= now
//!     while let Some(t) = worker.poll_transmit() {
//!         send t.bytes to t.to, from socket t.local (+ 1 if t.is_rtcp); then worker.recycle(t.bytes)
//!     }
//!     while let Some(e) = worker.poll_event()    { to the node }
//!     while let Some(r) = worker.poll_recorded() { to the thread that writes files, with wav::WavWriter }
//! }
//! ```
//!
//! # A port's life
//! `OpenPort` (socket from [`PortPool`]) → `SetRemote` (each time SDP says something new; hold is a change of
//! direction) → any of `Play`, `Bridge`, `SendDtmf`, recordings → `ClosePort` → [`MediaEvent::PortClosed`], after which
//! the socket is closed and given back to the pool.
//!
//! # What a port hears
//! Digits being sent, else its play, else its bridge, else nothing. The outgoing stream keeps one SSRC for life; its
//! sequence numbers follow each other and its timestamps follow real time across every switch of source.
//!
//! # Whom a port believes
//! Only its party: the address of the SDP, or a source learned within [`limits::LEARN_WINDOW`] and then locked.
//! Everyone else is counted and dropped, and never answered.
//!
//! # Recording
//! What ports *say* (never what they hear) is set on one time line by arrival, so that the length of a recording is the
//! time that passed less the pauses. Left is the agent, right everyone else.
//!
//! # Keys
//! Telephone events (RFC 4733) are always heard; tones in the audio where `DetectDigits` asks for it. A key that comes
//! both ways is told once.

mod command;
mod dtmf;
mod event;
pub mod g711;
mod id;
mod inband;
pub mod limits;
mod mixer;
mod outbox;
mod outgoing;
mod player;
mod pool;
mod port;
pub mod probe;
mod prompts;
mod reception;
mod recording;
mod reports;
mod rtcp;
pub mod rtp;
mod seed;
mod source;
mod time;
pub mod tone;
pub mod wav;
mod worker;

pub use command::{AtEnd, MediaCommand, Remote};
pub use dtmf::Digit;
pub use event::{MediaEvent, PlayEnding, PortFault, PortStatistics, Recorded, RecordingEnding, Transmit};
pub use g711::Codec;
pub use id::{Epoch, LocalSocket, PlayId, PortId, PortRef, PromptName, RecordingId};
pub use mixer::Gain;
pub use pool::{NoPorts, NotTaken, PoolExhausted, PortPool};
pub use prompts::{PromptError, Prompts, parse_ulaw_wav};
pub use time::{FRAME_SAMPLES, SAMPLE_RATE, TICK, Timestamp};
pub use worker::{Worker, WorkerConfig};
