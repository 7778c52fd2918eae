//! A SIP user agent (registrar, UAS and UAC at once) as one deterministic value.
//!
//! # The door
//!
//! [`UserAgent`] opens no socket, reads no clock and draws no entropy except from the seed given to
//! [`UserAgent::new`]. Its methods come in six families:
//!
//! - **what happened**: [`UserAgent::handle_datagram`], [`UserAgent::handle_stream`],
//!   [`UserAgent::handle_stream_closed`], [`UserAgent::handle_connect_failed`], [`UserAgent::handle_timeout`];
//! - **what to do**: after every call, drain [`UserAgent::poll_transmit`] and [`UserAgent::poll_event`],
//!   then ask [`UserAgent::poll_timeout`] when to call `handle_timeout` next;
//! - **the directory**: [`UserAgent::set_account`], [`UserAgent::set_peer`] and their removals. An account is
//!   a device that proves itself with digest; a peer is a trunk known by its source address. Nobody else
//!   may do more than ask OPTIONS. Bindings survive a restart through [`Event::BindingsChanged`] and
//!   [`UserAgent::restore_binding`];
//! - **lamps**: [`UserAgent::set_mailbox`] says what a device is to be told of its messages (RFC 3842). Subscriptions
//!   (RFC 6665) are kept inside and end with the process; a device subscribes again when its refresh is answered 481;
//! - **dialogs**: [`UserAgent::invite`] makes one, [`Event::Incoming`] announces one; `ring`, `answer`,
//!   `reject`, `reoffer`, `answer_reoffer`, `reject_reoffer`, `ping`, `clear` act on one;
//! - **after a crash**: [`UserAgent::dialog_blob`] and [`UserAgent::clear_from_blob`]. An owner who sets
//!   [`Config::hold_ack`] and says [`UserAgent::acknowledge`] when the blob is safe loses no answered call: a phone
//!   whose 200 nobody acknowledged says it again to the next process, which knows by [`Config::key`] that the INVITE
//!   was ours, acknowledges and says BYE.
//!
//! # The life of a dialog as its owner sees it
//!
//! | began by | then | ends with one of |
//! |---|---|---|
//! | `invite` | any number of `Progress`, then `Answered` (acknowledged already, unless held) | `Failed` before the answer, `Cleared` after it, or the owner's `clear` |
//! | `Incoming` | the owner rings, then answers: `Confirmed` when the ACK has come; or rejects | `Cleared`, or the owner's `reject` or `clear` |
//!
//! - After `Failed` or `Cleared`, and after the owner's own `clear` or `reject`, no event names that dialog
//!   again: there is no `Cleared` for what the owner cleared itself.
//! - A command for a dialog that is gone already does nothing: the event that says why is on its way.
//! - Re-INVITE: `reoffer` gives `ReofferAnswered` or `ReofferFailed` (glare is retried inside). Theirs gives
//!   `Reoffered`, to be answered at once by `answer_reoffer` or `reject_reoffer`. When the re-INVITE carried no
//!   offer, ours goes out in `answer_reoffer` and their answer comes as `ReofferAnswered`.
//! - UPDATE (RFC 3311) of theirs with an offer is a `Reoffered` too, before the answer as well as after it; one without
//!   is answered inside.
//! - Provisional answers go out reliably (RFC 3262) when the caller demands it, or can and `ring` has a body: one at a
//!   time, and `answer` waits inside for the PRACK of a body. Theirs are acknowledged in order; repeats are not told.
//!   An answer that came in one is the body of `Answered`, whatever the 2xx says.
//! - Where both ends know session timers (RFC 4028), a confirmed dialog is refreshed by whoever was chosen: by UPDATE,
//!   else by our last description once more, which gives a `ReofferAnswered` nobody asked for. A dialog that nobody
//!   refreshed is `Cleared` with [`ClearCause::Expired`]. OPTIONS pings go on beside it, for they find a dead far end
//!   sooner.
//! - REFER (RFC 3515) gives `Referred`. It may name another dialog of the same account, and so may an INVITE, by a
//!   Replaces header (RFC 3891): the event's `replaces` is that dialog, which goes on until its owner clears it. Whose
//!   dialog it is not is told 481, as if there were none.
//! - Bodies are session descriptions as bytes; [`sdp`] turns an offer into an answer in a few lines.
//!
//! # Streams and the shell
//!
//! Every [`Flow`] says where bytes came from or go to. On TCP, TLS and WebSocket the shell owns the connections and
//! gives each a [`StreamId`] that is never used again.
//!
//! - A [`Transmit`] whose flow has a stream goes down that stream, or nowhere: if it is gone the shell drops the bytes,
//!   for its end has been reported or is about to be.
//! - A [`Transmit`] on TCP or TLS whose flow has none goes down a connection to exactly `remote` that the shell opened
//!   before, or opens now; `listener` says for which of our listeners. More bytes for the same `remote` queue behind
//!   the opening, in order. What arrives on it is told by [`UserAgent::handle_stream`] with the new stream's id, the
//!   same `listener` and `remote`. WebSocket connections are never opened by us: bytes on [`Transport::Ws`] always
//!   have a stream.
//! - The end of any connection is told once, after its last bytes, by [`UserAgent::handle_stream_closed`]. From then
//!   on nothing names that stream.
//! - One that the shell opened itself is told by [`UserAgent::handle_connect_failed`] as well: when it could not be
//!   opened, and also when it ends later (after `handle_stream_closed`), for requests that went down it named no
//!   stream. The shell does not try again by itself; the next request opens anew.
//!
//! A stream that ends ends no call:
//!
//! | what was going on | then |
//! |---|---|
//! | our INVITE, nothing heard | `Failed` with 503 |
//! | our INVITE rings at a trunk, or at a device that can be connected to | rings on: the response may come by another connection (RFC 3261 section 18.2.2) |
//! | our INVITE rings at any other device | `Failed` with 503 (RFC 5626 section 5.3); CANCEL when it is back |
//! | their INVITE | goes on until the owner decides; responses go by a new connection to the address that the request came from and the port in its Via |
//! | a dialog | goes on; requests open a connection to the trunk's target or to the device's Contact, if that is the address it was seen at, or go by the path of the device's next registration (same `+sip.instance`, or its only binding) |
//! | a re-INVITE of ours | `ReofferFailed` with 503 |
//! | a request with no way to go | fails at once with 503; a BYE is owed to the device for a minute |
//! | nobody comes back | two pings that could not be sent: `Cleared` as unreachable |

pub mod digest;
pub mod limits;
pub mod message;
pub mod sdp;

mod chance;
mod config;
mod dialog;
mod directory;
mod event;
mod flow;
mod registrar;
mod time;
mod transaction;
mod user_agent;

pub use config::{Config, Key, Listener, Timing};
pub use dialog::{BlobError, DialogId, Invite, ReofferError, Target};
pub use directory::{Account, AccountId, ClientCredentials, Peer, PeerId, PeerTarget, Secret};
pub use event::{ClearCause, Event, Origin};
pub use flow::{Flow, ListenerId, StreamId, Transmit, Transport};
pub use registrar::Binding;
pub use time::Timestamp;
pub use user_agent::{Counts, Mailbox, Shedding, UserAgent};
