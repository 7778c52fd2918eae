//! What can go wrong with the disk, and what a reader of it must be told.

use std::path::{Path, PathBuf};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or file could not be made or opened.
    #[error("cannot open {path}: {source}")]
    Open {
        /// What was to be opened.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process has the file.
    #[error("{path} is in use by another process; stop it first")]
    InUse {
        /// The store's file.
        path: PathBuf,
    },
    /// A later program wrote the file.
    #[error(
        "{path} was written by a newer version (schema {found}, this version knows {known}); use that version"
    )]
    NewerSchema {
        /// The store's file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The last schema known here.
        known: i64,
    },
    /// The file's tables could not be brought up to date.
    #[error("cannot bring the tables up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database refused or failed.
    #[error("{}the database failed: {source}", .path.as_ref().map(|path| format!("{}: ", path.display())).unwrap_or_default())]
    Sql {
        /// The store's file, where it is known.
        path: Option<PathBuf>,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The write-ahead log holds something else than what was written.
    #[error(
        "{path}: frame {frame} of the write-ahead log does not match its checksum (a flipped bit), and {later} commits \
         after it cannot be read. Put the data folder back from the backup. To go on without what follows byte {keep} \
         instead, keep a copy and then: truncate -s {keep} {path}"
    )]
    Log {
        /// The log.
        path: PathBuf,
        /// The frame, counted from 1; nought is the header.
        frame: u64,
        /// Transactions that would be lost.
        later: u64,
        /// How much of the log is whole. Bytes.
        keep: u64,
    },
    /// The journal is not whole.
    #[error(transparent)]
    Journal(#[from] JournalFault),
    /// The one writer was taken already.
    #[error("the journal's writer was taken already")]
    WriterTaken,
    /// A stored row of a read model or secret cannot be read.
    #[error("a row of {table} cannot be read: {why}")]
    Row {
        /// Which table.
        table: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Something given is longer than what is kept.
    #[error("{what} has {found} bytes; at most {max} are kept")]
    TooLarge {
        /// What was given.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The most that is taken.
        max: usize,
    },
    /// As many are kept as may be.
    #[error("there are {max} {what} already; remove some first")]
    Full {
        /// What there are too many of.
        what: &'static str,
        /// The most.
        max: usize,
    },
    /// The secrets' key is missing although secrets were sealed with it.
    #[error("the key file {path} is missing; put it back from the backup, or set the secrets anew")]
    KeyMissing {
        /// Where it is looked for.
        path: PathBuf,
    },
    /// The key file's text is no key.
    #[error("the key file {path} must hold 64 hexadecimal digits")]
    KeyUnreadable {
        /// Where it is.
        path: PathBuf,
    },
    /// A secret was sealed with another key, or altered.
    #[error(
        "the secret of {of} does not open with the key file; put the right key file back, or set it anew"
    )]
    Sealed {
        /// Whose secret.
        of: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// A password that is not taken.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// Facts came in while read models were to be replaced.
    #[error(
        "facts were folded meanwhile (up to {found} instead of {expected}); stop the server and try again"
    )]
    Moved {
        /// Up to where the new tables reach.
        expected: u64,
        /// Up to where the present ones do.
        found: u64,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        Self::Sql { path: None, source }
    }
}

impl StoreError {
    /// The same with the file that it is about, where only the database is named so far.
    #[must_use]
    pub(crate) fn of(self, file: &Path) -> Self {
        let Self::Sql { path: None, source } = self else { return self };
        Self::Sql { path: Some(file.to_owned()), source }
    }
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too easily guessed.
    #[error("a password has at least {} characters", crate::limits::PASSWORD_CHARS_MIN)]
    TooShort,
    /// More than is hashed.
    #[error("a password has at most {} bytes", crate::limits::PASSWORD_BYTES_MAX)]
    TooLong,
}

/// What is wrong with the journal. The row is named by the first sequence number in its key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalFault {
    /// The bytes are not those that were written.
    #[error(
        "journal row {row}: the checksum does not match from event {seq} on (a flipped bit or a torn write)"
    )]
    Checksum {
        /// The row.
        row: u64,
        /// The first event in doubt.
        seq: u64,
    },
    /// Events are missing.
    #[error("journal row {row}: it begins with event {found} where {seq} was expected")]
    Gap {
        /// The row.
        row: u64,
        /// The event that should come.
        seq: u64,
        /// The event that is there.
        found: u64,
    },
    /// The row holds fewer or more records than its key says.
    #[error("journal row {row}: {found} records instead of {expected}, counted from event {seq}")]
    Torn {
        /// The row.
        row: u64,
        /// The first event of the row.
        seq: u64,
        /// Records that the key promises.
        expected: u64,
        /// Records that are there.
        found: u64,
    },
    /// A newer program wrote the record.
    #[error(
        "journal row {row}, event {seq}: {fact} version {found} was written by a newer version of the program \
         (this one knows {known}); use that version"
    )]
    Newer {
        /// The row.
        row: u64,
        /// The event.
        seq: u64,
        /// The fact's name.
        fact: String,
        /// Its version.
        found: u16,
        /// The last version known here; nought if the fact is unknown.
        known: u16,
    },
    /// The record's text is no event.
    #[error("journal row {row}, event {seq}: the record cannot be read: {why}")]
    Unreadable {
        /// The row.
        row: u64,
        /// The event.
        seq: u64,
        /// What is wrong.
        why: String,
    },
}

/// The journal could not be written: nothing after `durable` is on disk, and the process must end.
#[derive(Debug, thiserror::Error)]
#[error("{path}: the journal cannot be written after event {durable}: {why}")]
pub struct JournalFailed {
    /// The store's file.
    pub path: PathBuf,
    /// The last event that is on disk.
    pub durable: u64,
    /// What happened.
    pub why: String,
}

/// The journal takes nothing more: its writer has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal's writer has ended")]
pub struct JournalClosed;

/// Why a fact was not taken without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TryAppendError {
    /// [`crate::limits::WRITER_QUEUE_MAX`] facts wait already.
    #[error("the journal's writer is too far behind")]
    Full,
    /// The writer has ended.
    #[error("the journal's writer has ended")]
    Closed,
}
