//! Every bound of the shell that is not in the configuration, with its unit and what happens beyond it.

use std::time::Duration;

/// Questions waiting for the node. One more is refused (429).
pub const INBOX_MAX: usize = 4_096;
/// Messages taken from one source before the others are looked at again.
pub const TURN_MAX: usize = 64;
/// Orders waiting for the media thread. One more ends the process: the thread has stopped.
pub const MEDIA_ORDERS_MAX: usize = 65_536;
/// Media events waiting for the node. The media thread waits beyond it.
pub const MEDIA_EVENTS_MAX: usize = 16_384;
/// Pieces of recordings waiting for the disk. One more is left out and its recording is told as failed.
pub const RECORDED_QUEUE_MAX: usize = 16_384;
/// Changed bindings waiting for the store. The last state of a device wins; one more waits for the next REGISTER.
pub const BINDINGS_QUEUE_MAX: usize = 65_536;
/// Changed bindings in one commit.
pub const BINDINGS_BATCH_MAX: usize = 1_024;
/// Changed bindings are committed at most this often, unless a whole batch waits. A crash loses those of this time:
/// their devices are then reached again when they next register.
pub const BINDINGS_EVERY: Duration = Duration::from_millis(100);
/// How long the SIP socket may stay unemptied. Beyond it new calls are answered 503 with Retry-After, which costs a
/// twentieth of a call, until it has been emptied once.
pub const OVERLOADED_AFTER: Duration = Duration::from_millis(20);
/// As above; beyond it registrations are answered 503 as well.
pub const FLOODED_AFTER: Duration = Duration::from_secs(1);
/// What the system keeps of datagrams for a SIP socket while the loop is at others: a tenth of a second of a flood.
/// Bytes; beyond it datagrams are lost, those of calls in progress among them, and are sent again.
pub const SIP_BUFFER: usize = 4 << 20;
/// Bytes of a datagram that are read. The rest is cut, and the message is then not understood.
pub const DATAGRAM_MAX: usize = 65_535;
/// Events read from the journal at once for a subscriber that catches up.
pub const PAGE_EVENTS: usize = 512;
/// Tap entries kept for a slow watcher. Beyond it the oldest are skipped and counted.
pub const TAP_ENTRIES_MAX: usize = 512;
/// Bytes of a body shown in a tap entry. The rest is cut.
pub const TAP_EXCERPT_BYTES_MAX: usize = 2_048;
/// How often a flood of SIP datagrams is told in the log, at most.
pub const FLOOD_TOLD_EVERY: Duration = Duration::from_secs(10);
/// Silence of the node's loop after which the process counts as hung.
pub const HEARTBEAT_MAX: Duration = Duration::from_secs(5);
/// The node's loop turns at least this often.
pub const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often the loop looks at the journal's delay while it waits for it.
pub const BEHIND_LOOK: Duration = Duration::from_millis(50);
/// Recordings written at once. One more is told as failed.
pub const RECORDINGS_OPEN_MAX: usize = 10_000;
/// How long a stop waits for what is still to be written, after the calls have ended.
pub const STOP_MAX: Duration = Duration::from_secs(10);
/// How long a start that failed waits for the reason that a thread or task has.
pub const START_FATAL_MAX: Duration = Duration::from_secs(1);
/// Events after which a snapshot is written.
pub const SNAPSHOT_EVENTS: u64 = 50_000;
/// How often a drain looks whether the last call has ended.
pub const DRAIN_LOOK: Duration = Duration::from_millis(100);
/// Connections that the system holds for us until they are accepted. It refuses more.
pub const ACCEPT_BACKLOG: i32 = 1_024;
/// How long nothing is accepted after the system refused a connection (for lack of file descriptors, say).
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Messages from SIP connections waiting for the node. The connections wait beyond it, and with them their far ends.
pub const STREAM_MESSAGES_MAX: usize = 1_024;
/// Connections waiting to be opened. For one more, whatever wanted it has failed.
pub const DIALS_MAX: usize = 1_024;
/// How long opening a connection may take, TLS included. Then whatever wanted it has failed.
pub const DIAL_MAX: Duration = Duration::from_secs(5);
/// Messages queued on one connection. One more cuts it: its far end does not read.
pub const STREAM_QUEUE_MAX: usize = 256;
/// How long one message may take to be written. Then the connection is cut: its far end does not read.
pub const STREAM_WRITE_MAX: Duration = Duration::from_secs(10);
/// How long a connection may take until its first message is whole. Then it is cut.
pub const STREAM_FIRST_MESSAGE_MAX: Duration = Duration::from_secs(10);
/// How long any message may take from its first to its last byte. Then the connection is cut.
pub const STREAM_MESSAGE_MAX: Duration = Duration::from_secs(10);
/// How long a connection without registration or call may say nothing, not even a keep-alive. Then it is closed.
pub const STREAM_IDLE: Duration = Duration::from_secs(180);
/// How long a connection that is given up may still send what is queued.
pub const STREAM_LINGER: Duration = Duration::from_secs(2);
/// Bytes read from a connection at once.
pub const STREAM_READ_BYTES: usize = 4_096;
/// Connections from one source that have not sent a whole message. For one more the oldest of them is cut.
pub const STREAM_UNPROVED_MAX: usize = 32;
/// Silence after which the system asks whether the far end of a connection is still there, and how often then.
pub const STREAM_PROBE: Duration = Duration::from_secs(60);
/// How long a TLS handshake may take. Then the connection is cut.
pub const TLS_HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// How often the files of the certificate are looked at for changes. SIGHUP looks at once.
pub const TLS_LOOK: Duration = Duration::from_secs(60);
/// How long the head of an HTTP request may take, and how long a connection may wait for its next request. Then it is
/// closed.
pub const HTTP_HEAD_MAX: Duration = Duration::from_secs(15);
/// Bytes of an HTTP request's head. A larger one is refused (431).
pub const HTTP_HEAD_BYTES_MAX: usize = 64 * 1_024;
/// How long an HTTP answer or stream may wait until its reader takes more. Then the connection is cut.
pub const HTTP_WRITE_MAX: Duration = Duration::from_secs(20);
/// Event socket connections taken at once, in all. One more is told to go away, unless one that has not logged in makes
/// place.
pub const EVENT_SOCKET_CONNECTIONS_MAX: usize = 512;
/// The same from one source: an IPv4 address, or a network of 64 bits in IPv6.
pub const EVENT_SOCKET_PER_SOURCE_MAX: usize = 128;
/// Event socket connections from one source that have not logged in. For one more the oldest of them is cut.
pub const EVENT_SOCKET_UNPROVED_MAX: usize = 16;
/// How long a log-in, or any request from its first to its last byte, may take. Then the connection is cut.
pub const EVENT_SOCKET_REQUEST_MAX: Duration = Duration::from_secs(10);
/// How long an answer or event may wait until its reader takes it. Then the connection is cut.
pub const EVENT_SOCKET_WRITE_MAX: Duration = Duration::from_secs(10);
/// How often a session looks whether its token still works. When it does not, the connection is cut.
pub const EVENT_SOCKET_LOOK: Duration = Duration::from_secs(2);
/// STOMP connections by TCP and TLS taken at once, in all. One more is told to go away, unless one that has not logged in
/// makes place. Those by WebSocket count as connections of HTTP.
pub const STOMP_CONNECTIONS_MAX: usize = 2_048;
/// The same from one source: an IPv4 address, or a network of 64 bits in IPv6.
pub const STOMP_PER_SOURCE_MAX: usize = 512;
/// STOMP connections from one source that have not logged in. For one more the oldest of them is cut.
pub const STOMP_UNPROVED_MAX: usize = 32;
/// How long a frame may wait until its reader takes it. Then the connection is cut.
pub const STOMP_WRITE_MAX: Duration = Duration::from_secs(10);
/// How long a far end has to close after the last frame. Then the connection is cut.
pub const STOMP_LINGER: Duration = Duration::from_secs(2);
/// How often a session looks whether its token still works. When it does not, the client is told so and cut.
pub const STOMP_LOOK: Duration = Duration::from_secs(2);
/// Messages on their way to one STOMP connection. For one more its client is too slow: it is told so and cut.
pub const STOMP_ARRIVALS_MAX: usize = 1_024;
/// Bytes of them. As above.
pub const STOMP_ARRIVALS_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// Bytes of messages that are written to one STOMP connection at once, about. The rest is written after them.
pub const STOMP_WRITTEN_BYTES: usize = 64 * 1_024;
/// Messages kept in all queues of a tenant until somebody takes them. One more is refused.
pub const STOMP_HELD_MAX: usize = 1_024;
/// Bytes of them. As above.
pub const STOMP_HELD_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// Requests of the connector's clients waiting to be attended to. One more is refused.
pub const STOMP_REQUESTS_MAX: usize = 1_024;
/// Bytes of such a request. A larger one is refused.
pub const STOMP_REQUEST_BYTES_MAX: usize = 64 * 1_024;
/// Bytes of one message on a WebSocket that carries STOMP; a larger frame comes in several. A larger one ends the connection.
pub const STOMP_WEB_SOCKET_BYTES_MAX: usize = 256 * 1_024;
/// News of who is online kept for a slow Webitel session. Beyond it the oldest are skipped: counts are asked anew anyway.
pub const WEBITEL_NEWS_MAX: usize = 1_024;
/// HTTP connections from one source that have not sent a whole request. For one more the oldest of them is cut.
pub const HTTP_UNPROVED_MAX: usize = 64;
/// Longest stretch of a message that is read for somebody to hear. Mu-law codes, 8,000 a second; what follows is left out.
/// A minute more than a message may last.
pub const MESSAGE_BYTES_MAX: usize = 240 * 8_000;

/// Requests that wait to be brought to their tenants.
pub(crate) const CONNECTOR_HEARD_MAX: usize = 256;
/// Requests of one tenant that wait for its room.
pub(crate) const CONNECTOR_ROOM_MAX: usize = 1_024;
/// Requests of one login that wait for the one before; a client that asks more at once is told to try again.
pub(crate) const CONNECTOR_LINE_MAX: usize = 32;
/// Connections of which it is remembered where they listen.
pub(crate) const CONNECTOR_CONNECTIONS_MAX: usize = 10_000;
/// How often it is looked whose client is silent.
pub(crate) const CONNECTOR_TICK: Duration = Duration::from_secs(1);
/// How long a room waits that cannot look at the engine.
pub(crate) const CONNECTOR_PAUSE: Duration = Duration::from_millis(200);
/// Messages that wait to be sent to the site's broker. One more is dropped.
pub(crate) const LINK_POSTS_MAX: usize = 4_096;
/// What connectors tell each other that waits, each way. One more is dropped.
pub(crate) const LINK_SYNC_MAX: usize = 256;
/// How long nobody looks for the site's broker after all its addresses failed; it doubles each time.
pub(crate) const LINK_RETRY_MIN: Duration = Duration::from_secs(1);
/// The longest such time.
pub(crate) const LINK_RETRY_MAX: Duration = Duration::from_secs(30);
/// How long a connection to it must have held for that time to be the shortest again.
pub(crate) const LINK_GOOD_AFTER: Duration = Duration::from_secs(10);
/// Requests of the site's broker that are remembered, so that one that comes again is not done again.
pub(crate) const LINK_SEEN_MAX: usize = 1_024;
/// Messages that wait to be brought to those who are called by HTTP. One more is dropped.
pub(crate) const CALLBACK_POSTS_MAX: usize = 4_096;
/// Addresses that are called at once. For one more what is told is dropped.
pub(crate) const CALLBACK_LINES_MAX: usize = 2_048;
/// Messages that wait for one address. For one more the oldest is dropped.
pub(crate) const CALLBACK_LINE_MAX: usize = 256;
/// How long a call may take, from the connection to the answer. Then its message is dropped.
pub(crate) const CALLBACK_TIME: Duration = Duration::from_secs(5);
/// Bytes that are read of an answer, of which nothing is wanted. After a longer one the connection is closed.
pub(crate) const CALLBACK_ANSWER_BYTES_MAX: usize = 16 * 1_024;
/// How long the last messages may take when all is to stop.
pub(crate) const CALLBACK_LINGER: Duration = Duration::from_secs(2);
/// How often it is told in the log, at most, that one address fails.
pub(crate) const CALLBACK_TOLD_EVERY: Duration = Duration::from_secs(60);
/// Bytes of an address that is called, and of what a client calls its session.
pub(crate) const CALLBACK_URL_BYTES_MAX: usize = 2_048;
