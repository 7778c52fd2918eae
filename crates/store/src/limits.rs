//! Every limit of the store, with its unit and what happens at it.

use std::time::Duration;

/// Facts in one committed batch. A fuller queue waits for the next batch.
pub const BATCH_FACTS_MAX: usize = 256;
/// How long a batch under load waits for more facts. When idle a fact is committed at once.
pub const BATCH_WAIT_MAX: Duration = Duration::from_millis(5);
/// Facts in the batch before that count as load.
pub const LOADED_FACTS: usize = 32;
/// Commits begin at least this far apart; when idle a fact is committed at once. A commit costs the same for one fact as
/// for fifty, and under load each fact waits this little for the others.
pub const COMMIT_EVERY: Duration = Duration::from_millis(1);
/// Facts on their way to the writer. Beyond it `append` waits and `try_append` refuses.
pub const WRITER_QUEUE_MAX: usize = 65_536;
/// Age of the oldest fact that is not durable from which the server sheds new work (503, 429).
pub const BACKLOG_AGE_MAX: Duration = Duration::from_millis(500);
/// How long the writer waits for another program that holds the file. Then the journal has failed.
pub const WRITER_BUSY_MAX: Duration = Duration::from_secs(30);
/// How long every other connection waits for the file. Then the request fails.
pub const BUSY_MAX: Duration = Duration::from_secs(5);
/// Connections for reading, unless the options say otherwise. Beyond them a reader waits.
pub const READERS: u32 = 4;
/// How long a reader waits for a connection. Then the request fails.
pub const READER_WAIT_MAX: Duration = Duration::from_secs(5);
/// One encoded fact. Bytes; a longer one is a bug upstream and fails the journal.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// Events given out by one call of `events`. A larger wish is cut to it.
pub const EVENTS_PAGE_MAX: usize = 10_000;
/// Facts folded into the read models in one transaction. The rest follows in the next.
pub const FOLD_FACTS_MAX: usize = 256;
/// The read models are written at most this often. What comes in between goes together.
pub const FOLD_EVERY: Duration = Duration::from_millis(50);
/// Snapshots kept. Saving one more drops the oldest.
pub const SNAPSHOTS_KEPT: i64 = 2;
/// One snapshot. Bytes; a larger one is refused, and the journal alone rebuilds.
pub const SNAPSHOT_BYTES_MAX: usize = 512 << 20;
/// A snapshot's bytes written in one transaction; between two, the journal's writer has its turn.
pub const SNAPSHOT_CHUNK_BYTES: usize = 1 << 20;
/// Rows in one page of a listing. A larger wish is cut to it.
pub const PAGE_ROWS_MAX: u32 = 1_000;
/// Directory entries given out in one page.
pub const DIRECTORY_PAGE_MAX: u32 = 10_000;
/// Differences that a rebuild tells one by one. The rest is counted.
pub const DIFFERENCES_MAX: usize = 100;
/// Shortest password. Characters; a shorter one is refused.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password. Bytes; a longer one is refused before it is hashed.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// How long a password that was right is recognised without the slow hash, by protocols that send it each time.
pub const RECOGNISED_TIME: Duration = Duration::from_secs(5 * 60);
/// Passwords that are recognised. For one more the oldest is forgotten, and costs the slow hash once more.
pub const RECOGNISED_MAX: usize = 10_000;
/// Tokens of one installation. Beyond it a new one is refused until some are revoked.
pub const TOKENS_MAX: usize = 10_000;
/// How long the token of the first start can be used.
pub const FIRST_RUN_TOKEN_MS: i64 = 24 * 3_600_000;
/// Characters of a token's name. A longer one is refused.
pub const TOKEN_NAME_CHARS_MAX: usize = 64;
/// The stored bindings of one device. Bytes; longer ones are refused.
pub const BINDING_BYTES_MAX: usize = 64 << 10;
/// An idempotency key. Bytes; a longer one is refused.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// How long an idempotency key is remembered. Milliseconds.
pub const IDEMPOTENCY_MS: i64 = 24 * 3_600_000;
/// Idempotency keys remembered per tenant. Beyond it (checked now and then) the oldest are forgotten.
pub const IDEMPOTENCY_KEYS_MAX: i64 = 100_000;
/// Keys taken between two such checks.
pub const IDEMPOTENCY_CHECK_EVERY: u64 = 256;
/// A remembered response. Bytes; a longer one is not remembered, and its key answers as interrupted.
pub const RESPONSE_BYTES_MAX: usize = 1 << 20;
/// How often the last use of tokens is written down and the write-ahead log is folded into the file.
pub const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(30);
/// Facts after which the write-ahead log is folded into the file without waiting for that.
pub const CHECKPOINT_EVERY_FACTS: u64 = 10_000;
/// Pages (4 KiB) in the write-ahead log from which it is begun anew when it is folded. A start reads all of it.
pub const LOG_PAGES_MAX: i64 = 4_096;
/// How long that waits for readers, while nobody can write. Then the log grows on until the next time.
pub const LOG_RESTART_WAIT_MAX: Duration = Duration::from_millis(50);
/// How long it is remembered where a client of the connector listened that is not seen any more. Milliseconds (30 days).
pub const DESTINATION_LIFE_MS: i64 = 30 * 24 * 3_600_000;
/// Such places remembered per tenant; beyond it those are forgotten that were not seen for longest.
pub const DESTINATIONS_MAX: i64 = 1_000;
