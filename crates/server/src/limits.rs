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
/// Bytes of a datagram that are read. The rest is cut, and the message is then not understood.
pub const DATAGRAM_MAX: usize = 65_535;
/// Events read from the journal at once for a subscriber that catches up.
pub const PAGE_EVENTS: usize = 512;
/// Tap entries kept for a slow watcher. Beyond it the oldest are skipped and counted.
pub const TAP_ENTRIES_MAX: usize = 512;
/// Bytes of a body shown in a tap entry. The rest is cut.
pub const TAP_EXCERPT_BYTES_MAX: usize = 2_048;
/// Silence of the node's loop after which the process counts as hung.
pub const HEARTBEAT_MAX: Duration = Duration::from_secs(5);
/// The node's loop turns at least this often.
pub const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often the loop looks at the journal's delay while it waits for it.
pub const BEHIND_LOOK: Duration = Duration::from_millis(50);
/// Recordings written at once. One more is told as failed.
pub const RECORDINGS_OPEN_MAX: usize = 10_000;
/// Recordings read at once when the start looks for those without an end.
pub const RECORDINGS_PAGE: u32 = 1_000;
/// How long a stop waits for what is still to be written, after the calls have ended.
pub const STOP_MAX: Duration = Duration::from_secs(10);
/// How long a start that failed waits for the reason that a thread or task has.
pub const START_FATAL_MAX: Duration = Duration::from_secs(1);
/// Events after which a snapshot is written.
pub const SNAPSHOT_EVENTS: u64 = 50_000;
/// How often a drain looks whether the last call has ended.
pub const DRAIN_LOOK: Duration = Duration::from_millis(100);
