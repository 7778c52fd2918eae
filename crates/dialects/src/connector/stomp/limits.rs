//! Limits of STOMP. Beyond one of them a connection ends with an `ERROR` that says so, unless it is said otherwise.

use std::time::Duration;

/// Headers of a frame.
pub const HEADERS_MAX: usize = 64;
/// Bytes of a line: the command, or one header as it is written.
pub const LINE_BYTES_MAX: usize = 8 * 1_024;
/// Bytes of a frame's body.
pub const BODY_BYTES_MAX: usize = 1_024 * 1_024;
/// How long a client may take until it has connected.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a frame may take from its first to its last byte.
pub const FRAME_TIME_MAX: Duration = Duration::from_secs(10);
/// How often we can send a heart-beat at most. A client that wants more gets this.
pub const BEAT_SENT_MIN: Duration = Duration::from_secs(1);
/// How often we want to hear from the far end. One that offers less is believed less often.
pub const BEAT_WANTED: Duration = Duration::from_secs(10);
/// The longest time between heart-beats that is kept. A far end that says more is taken to say this.
pub const BEAT_MAX: Duration = Duration::from_secs(3_600);
/// Subscriptions of one connection.
pub const SUBSCRIPTIONS_MAX: usize = 128;
/// Messages that one connection has not acknowledged yet.
pub const UNACKNOWLEDGED_MAX: usize = 1_024;
/// Bytes of them.
pub const UNACKNOWLEDGED_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// Transactions that one connection has begun and not ended.
pub const TRANSACTIONS_MAX: usize = 16;
/// Messages and acknowledgements in one transaction.
pub const TRANSACTION_STEPS_MAX: usize = 256;
/// Bytes of the messages in all transactions of one connection.
pub const TRANSACTION_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// Bytes of what names a subscription, a transaction, a receipt or a destination.
pub const NAME_BYTES_MAX: usize = 256;
/// Comparisons in a selector. A longer one is refused.
pub const SELECTOR_TERMS_MAX: usize = 64;
/// Parentheses within parentheses in a selector. A deeper one is refused.
pub const SELECTOR_DEPTH_MAX: usize = 16;
