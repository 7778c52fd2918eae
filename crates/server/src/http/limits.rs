//! Every bound of the native API's server side, with its unit and what happens beyond it. Those of bodies, pages and
//! keys stand with the dialect.

use std::num::NonZeroU32;
use std::time::Duration;

/// Requests of one token. Per second, after a burst; beyond it 429.
pub(super) const TOKEN_RATE: NonZeroU32 = NonZeroU32::new(200).expect("not nought");
/// Requests of one token at once. Beyond it 429.
pub(super) const TOKEN_BURST: NonZeroU32 = NonZeroU32::new(1_000).expect("not nought");
/// Requests of one address without a working token, log-ins among them. Per second, after a burst; beyond it 429.
pub(super) const STRANGER_RATE: NonZeroU32 = NonZeroU32::new(10).expect("not nought");
/// Requests of one address without a working token at once. Beyond it 429.
pub(super) const STRANGER_BURST: NonZeroU32 = NonZeroU32::new(100).expect("not nought");
/// Wrong passwords of one address (an IPv6 /64 counts as one) at once. Beyond it 429, for the right password too.
pub(super) const GUESSES_BURST: u32 = 20;
/// How long until one more wrong password is allowed.
pub(super) const GUESS_EVERY: Duration = Duration::from_secs(3);
/// Wrong passwords for one name from anywhere, at once. Beyond it an address from which nobody has logged in under that
/// name has one attempt, and then waits [`GUESSER_WAIT`].
pub(super) const GUESSED_NAME_BURST: u32 = 100;
/// How long until one more wrong password for a name is forgiven.
pub(super) const GUESSED_NAME_EVERY: Duration = Duration::from_secs(36);
/// How long an address waits after a wrong password for a name that is being guessed.
pub(super) const GUESSER_WAIT: Duration = Duration::from_secs(60);
/// How long an address is familiar with a name after a right log-in.
pub(super) const FAMILIAR_TIME: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Addresses, names and pairs of both that are counted, each. The one nearest to being forgiven is forgotten.
pub(super) const GUESSES_MAX: usize = 4_096;
/// Requests after which rates of those who have been quiet are forgotten.
pub(super) const FORGET_EVERY: u64 = 4_096;
/// How long a request may take to arrive and to be answered. Beyond it 408; a command given meanwhile stays given.
pub(super) const REQUEST_TIME: Duration = Duration::from_secs(30);
/// What is still read of a body whose request was refused, so that its sender hears why. Bytes; who sends more may see
/// the connection reset instead.
pub(super) const LEFTOVER_MAX: usize = 16 * 1024 * 1024;
/// How long that goes on.
pub(super) const LEFTOVER_TIME: Duration = Duration::from_secs(5);
/// Largest answer that is not a stream. Bytes; our own lists stay far below it.
pub(super) const ANSWER_MAX: usize = 64 * 1024 * 1024;
/// What of a refusal in axum's words is repeated in a dialect's. Bytes; of a longer one nothing.
pub(super) const REFUSAL_MAX: usize = 4 * 1024;
/// How long a ticket stands for its token.
pub(super) const TICKET_LIFE: Duration = Duration::from_secs(30);
/// Tickets that stand at once. Beyond it 429.
pub(super) const TICKETS_MAX: usize = 10_000;
/// How long a token bought by name and password lives. Milliseconds.
pub(super) const LOG_IN_MS: i64 = 12 * 3_600_000;
/// Silence on a stream after which a heartbeat is sent.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a stream looks whether its token still works. When it does not, the stream ends.
pub(super) const TOKEN_LOOK: Duration = Duration::from_secs(2);
/// How long the teller of an event waits for the row of what has just ended. Beyond it the event is `untold`.
pub(super) const FOLD_TIME: Duration = Duration::from_secs(5);
/// How long one message may take to leave on a WebSocket. A reader that is slower is cut.
pub(super) const SEND_TIME: Duration = Duration::from_secs(10);
/// A message that a WebSocket client may send; what it says is not read. Bytes; a larger one ends the stream.
pub(super) const HEARD_MAX: usize = 4 * 1024;
/// A recording is read in pieces. Bytes.
pub(super) const AUDIO_PIECE: usize = 32 * 1024;
/// Attempts at what is not allowed that are noted in a tenant's audit in a minute. Beyond it they are refused and not noted.
pub(super) const REFUSALS_NOTED: NonZeroU32 = NonZeroU32::new(60).expect("not nought");
/// Rows of a file that one look at the engine goes through, which nobody else can look at or change meanwhile.
pub(super) const ROWS_AT_ONCE: usize = 250;
/// Commands of one request that are under way at once, so that many share one write to the disk and others come in between.
pub(super) const COMMANDS_AT_ONCE: usize = 50;
/// Agents of whose teams and wrap-up one look at the engine finds out, which nobody else can look at or change meanwhile.
pub(super) const PROFILES_AT_ONCE: usize = 50;
