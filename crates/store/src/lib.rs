//! The journal and what is folded from it, on one SQLite file.
//!
//! [`Store::open`] makes the file and brings its tables up to date. The shell then takes the [`Writer`] (the only
//! one who appends to the journal) and the [`Follower`] (who writes the read models behind it) and runs each as a
//! task. Everything else is a question asked of the [`Store`], which can be cloned.
//!
//! Three connections write, one at a time by turns: the journal's (every commit is on the disk before it counts), the
//! desk's for secrets (likewise), and the follower's, whose commits may be lost with the power, since the journal
//! makes them again. All share one write-ahead log, so what was written before a fact is on the disk when the fact is.

pub mod binding;
pub mod codec;
mod database;
pub mod destination;
pub mod error;
pub mod idempotency;
mod int;
pub mod journal;
pub mod limits;
pub mod read;
pub mod secrets;
pub mod snapshot;
mod torn;

pub use binding::StoredBinding;
pub use codec::Codec;
pub use database::{Options, Store};
pub use destination::KnownDestination;
pub use error::{JournalClosed, JournalFailed, JournalFault, PasswordFault, StoreError, TryAppendError};
pub use idempotency::Begun;
pub use journal::{Journal, Tail, Writer};
pub use read::audit::{AuditEntry, AuditFilter, AuditPage};
pub use read::cdr::{CdrCursor, CdrFilter, CdrPage, CdrSort, Within};
pub use read::directory::{DirectoryKind, DirectoryName};
pub use read::follow::Follower;
pub use read::rebuild::{Difference, Rebuild, RebuildReport};
pub use read::recording::{RecordingFilter, RecordingPage, RecordingPhase, StoredRecording};
pub use secrets::device::DeviceSecret;
pub use secrets::token::{Identity, IssuedToken, NewToken, Owner, Scope, TokenId, TokenView};
pub use snapshot::Snapshot;
