//! The file: made with narrow rights, locked against a second process, brought up to date, and its connections.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as Lock, MutexGuard as LockGuard, PoisonError};
use std::time::Duration;

use sqlx::migrate::{Migrate as _, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, SqlSafeStr as _, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore, watch};

use crate::codec::Codec;
use crate::error::StoreError;
use crate::idempotency;
use crate::limits;
use crate::secrets::password::Recognised;
use crate::secrets::seal::SealKey;
use crate::secrets::token::Tokens;
use crate::torn::{self, LogEnd};

/// What may be chosen on opening.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections for reading.
    pub readers: u32,
    /// Passwords hashed at the same time; each needs 19 MiB while it lasts.
    pub hashing: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: limits::READERS,
            hashing: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// One open store. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) path: PathBuf,
    pub(crate) codec: Codec,
    pub(crate) readers: SqlitePool,
    /// The journal's connection, until its writer takes it.
    pub(crate) journal: Lock<Option<SqliteConnection>>,
    desk: Arc<Mutex<SqliteConnection>>,
    behind: Arc<Mutex<SqliteConnection>>,
    pub(crate) turn: Arc<Mutex<()>>,
    pub(crate) key: SealKey,
    pub(crate) tokens: Lock<Tokens>,
    pub(crate) hashing: Arc<Semaphore>,
    pub(crate) recognised: Recognised,
    /// Up to where the read models reach.
    pub(crate) folded: watch::Sender<u64>,
    pub(crate) keys_taken: std::sync::atomic::AtomicU64,
    torn_bytes: u64,
    /// Held for as long as the store is open.
    _file_lock: File,
}

impl Store {
    /// Opens the store, making folder, file and tables that are not there yet.
    pub async fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        Self::open_here(path, options).await.map_err(|error| error.of(path))
    }

    async fn open_here(path: &Path, options: Options) -> Result<Self, StoreError> {
        let file_lock = make_and_lock(path)?;
        let torn_bytes = look_at_log(path)?;
        let mut journal = connect(path, limits::WRITER_BUSY_MAX).await?;
        migrate(path, &mut journal).await?;
        let desk = connect(path, limits::BUSY_MAX).await?;
        let mut behind = connect(path, limits::BUSY_MAX).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .acquire_timeout(limits::READER_WAIT_MAX)
            .connect_with(connect_options(path, limits::BUSY_MAX).read_only(true))
            .await?;
        idempotency::mark_interrupted(&mut behind).await?;
        let sealed: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM device_secrets) + (SELECT count(*) FROM trunk_secrets)",
        )
        .fetch_one(&mut behind)
        .await?;
        let key = SealKey::load(&beside(path, "key"), sealed == 0)?;
        let tokens = Tokens::load(&mut behind).await?;
        let folded: i64 =
            sqlx::query_scalar("SELECT applied_seq FROM read_models").fetch_one(&mut behind).await?;
        let store = Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                codec: Codec::CURRENT,
                readers,
                journal: Lock::new(Some(journal)),
                desk: Arc::new(Mutex::new(desk)),
                behind: Arc::new(Mutex::new(behind)),
                turn: Arc::new(Mutex::new(())),
                key,
                tokens: Lock::new(tokens),
                hashing: Arc::new(Semaphore::new(options.hashing.max(1))),
                recognised: Recognised::new()?,
                folded: watch::Sender::new(crate::int::from_sql(folded)),
                keys_taken: std::sync::atomic::AtomicU64::new(0),
                torn_bytes,
                _file_lock: file_lock,
            }),
        };
        // The last row is the one that a crash could have torn; the others are checked when they are read.
        store.tail().await?;
        Ok(store)
    }

    /// The store's file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// A key for a purpose, made from the key file: the same at every start, and of no use for what is sealed.
    pub fn derived_key(&self, purpose: &str) -> [u8; 32] {
        self.inner.key.derive(purpose)
    }

    /// What the end of the write-ahead log held of a transaction that was never whole, and so never acknowledged. It is
    /// dropped. Bytes; nought when there was none.
    pub fn torn_bytes(&self) -> u64 {
        self.inner.torn_bytes
    }

    /// Writes down what is only in memory and folds the write-ahead log into the file. The store stays usable.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.write_token_use().await?;
        self.checkpoint().await
    }

    /// Folds the write-ahead log into the file as far as readers allow. Writers are not held up.
    pub(crate) async fn checkpoint(&self) -> Result<(), StoreError> {
        let mut behind = self.inner.behind.lock().await;
        let row = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut *behind).await?;
        let pages: i64 = row.try_get("log")?;
        if pages > limits::LOG_PAGES_MAX {
            begin_log_anew(&mut behind).await?;
        }
        Ok(())
    }

    /// The connection for what somebody waits for.
    pub(crate) async fn desk(&self) -> Pen {
        Pen::take(&self.inner.desk, &self.inner).await
    }

    /// The connection for what nobody waits for.
    pub(crate) async fn behind(&self) -> Pen {
        Pen::take(&self.inner.behind, &self.inner).await
    }
}

/// A connection for writing, for the length of a turn: two writers never wait for each other inside the database,
/// where waiting is polling.
pub(crate) struct Pen {
    connection: OwnedMutexGuard<SqliteConnection>,
    path: PathBuf,
    _turn: OwnedMutexGuard<()>,
}

impl Pen {
    async fn take(connection: &Arc<Mutex<SqliteConnection>>, inner: &Inner) -> Self {
        let connection = Arc::clone(connection).lock_owned().await;
        let turn = Arc::clone(&inner.turn).lock_owned().await;
        Self { connection, path: inner.path.clone(), _turn: turn }
    }

    pub(crate) async fn begin_immediate(&mut self) -> Result<Transaction<'_, sqlx::Sqlite>, StoreError> {
        // A full disk makes SQLite roll back by itself, and the driver goes on counting a transaction that is no more.
        // Such a connection never writes again; a new one does as soon as there is room.
        if self.connection.is_in_transaction() {
            *self.connection = connect(&self.path, limits::BUSY_MAX).await?;
        }
        Ok(self.connection.begin_with("BEGIN IMMEDIATE").await?)
    }
}

impl Deref for Pen {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Pen {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

/// A poisoned lock only says that somebody panicked elsewhere; what it guards is changed in single steps.
pub(crate) fn locked<T>(lock: &Lock<T>) -> LockGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `path` with one more extension, e.g. `cordial.db.key`.
pub(crate) fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

/// What is torn of the write-ahead log, before SQLite forgets it.
fn look_at_log(path: &Path) -> Result<u64, StoreError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log = PathBuf::from(log);
    match torn::look(&log) {
        Ok(LogEnd::Whole) => Ok(0),
        Ok(LogEnd::Torn { bytes }) => Ok(bytes),
        Ok(LogEnd::Altered { frame, later, keep }) => Err(StoreError::Log { path: log, frame, later, keep }),
        Err(source) => Err(StoreError::Open { path: log, source }),
    }
}

fn make_and_lock(path: &Path) -> Result<File, StoreError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| StoreError::Open { path, source }
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        private_folder().create(folder).map_err(failed(folder))?;
    }
    let lock_path = beside(path, "lock");
    let lock = private_file().create(true).open(&lock_path).map_err(failed(&lock_path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(StoreError::InUse { path: path.to_owned() });
        }
        Err(TryLockError::Error(source)) => return Err(failed(&lock_path)(source)),
    }
    // SQLite gives the log and the shared memory beside it the rights of the file itself.
    private_file().create(true).open(path).map_err(failed(path))?;
    Ok(lock)
}

fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// A file to be made readable and writable by its owner alone; one that is there is not shortened.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn connect_options(path: &Path, busy: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // Every commit waits for its flush, so that at most one can be torn by a power cut: see `torn`.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(busy)
        // The log is folded into the file by `checkpoint`, never inside somebody's commit.
        .pragma("wal_autocheckpoint", "0")
        .disable_statement_logging()
}

/// Begins the write-ahead log anew from its start. Under load somebody always writes while it is folded, so that it never
/// is folded whole and grows for ever: for a moment nobody else may write. A reader who is in the way is waited for a little,
/// else it is done another time.
async fn begin_log_anew(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let wait =
        |wait: Duration| AssertSqlSafe(["PRAGMA busy_timeout = ", &wait.as_millis().to_string()].concat());
    sqlx::query(wait(limits::LOG_RESTART_WAIT_MAX)).execute(&mut *connection).await?;
    sqlx::query("PRAGMA wal_checkpoint(RESTART)").execute(&mut *connection).await?;
    sqlx::query(wait(limits::BUSY_MAX)).execute(&mut *connection).await?;
    Ok(())
}

/// A connection to a store's file or to one with the same tables.
pub(crate) async fn connect(path: &Path, busy: Duration) -> Result<SqliteConnection, StoreError> {
    Ok(connect_options(path, busy).connect().await?)
}

/// Brings the tables up to date; refuses those of a newer program.
pub(crate) async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let steps: [(&str, &'static str); 6] = [
        ("journal and read models", include_str!("../migrations/0001_journal_and_read_models.sql")),
        ("desk", include_str!("../migrations/0002_desk.sql")),
        ("audit", include_str!("../migrations/0003_audit.sql")),
        ("recordings without end", include_str!("../migrations/0004_recordings_without_end.sql")),
        ("pins", include_str!("../migrations/0005_pins.sql")),
        ("destinations", include_str!("../migrations/0006_destinations.sql")),
    ];
    let numbered = (1..).zip(steps);
    let migrations: Vec<Migration> = numbered
        .map(|(version, (name, sql))| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect();
    let known = migrations.last().map_or(0, |migration| migration.version);
    let migrator = Migrator::with_migrations(migrations);
    connection.ensure_migrations_table(&migrator.table_name).await?;
    let applied = connection.list_applied_migrations(&migrator.table_name).await?;
    if let Some(newest) = applied.iter().map(|applied| applied.version).max().filter(|newest| *newest > known)
    {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found: newest, known });
    }
    // `run` is generic over who lends the connection, which keeps the future from being sent between threads.
    Ok(migrator.run_direct(None, connection, false).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pragma(connection: &mut SqliteConnection, sql: &'static str) -> String {
        let value: String = sqlx::query_scalar(sql).fetch_one(connection).await.unwrap();
        value
    }

    /// How durable a connection's commits are: 1 until the power goes, 2 beyond that.
    async fn synchronous(connection: &mut SqliteConnection) -> i64 {
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(connection).await.unwrap()
    }

    #[tokio::test]
    async fn every_writer_flushes_every_commit_and_none_folds_the_log_in_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("cordial.db"), Options::default()).await.unwrap();
        let mut journal = locked(&store.inner.journal).take().expect("nobody took it");
        assert_eq!(synchronous(&mut journal).await, 2);
        assert_eq!(pragma(&mut journal, "PRAGMA journal_mode").await, "wal");
        assert_eq!(synchronous(&mut *store.desk().await).await, 2);
        assert_eq!(synchronous(&mut *store.behind().await).await, 2);
        for sql in ["PRAGMA wal_autocheckpoint", "SELECT foreign_keys = 0 FROM pragma_foreign_keys"] {
            let value: i64 = sqlx::query_scalar(sql).fetch_one(&mut journal).await.unwrap();
            assert_eq!(value, 0, "{sql}");
        }
    }

    #[tokio::test]
    async fn a_reader_cannot_write() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("cordial.db"), Options::default()).await.unwrap();
        let refused = sqlx::query("DELETE FROM journal").execute(&store.inner.readers).await;
        assert!(refused.expect_err("read-only").to_string().contains("readonly"));
    }

    #[tokio::test]
    async fn a_disk_that_was_full_is_written_again_once_there_is_room() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("x.db"), Options::default()).await.expect("a new store");
        let mut pen = store.desk().await;
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *pen).await.expect("a count");
        // What a full disk is to SQLite, a full file is too.
        sqlx::query(AssertSqlSafe(["PRAGMA max_page_count = ", &pages.to_string()].concat()))
            .execute(&mut *pen)
            .await
            .expect("a limit of this connection");
        {
            let mut transaction = pen.begin_immediate().await.expect("a transaction");
            let full = sqlx::query("CREATE TABLE room AS SELECT zeroblob(1000000) AS taken")
                .execute(&mut *transaction)
                .await
                .expect_err("no room");
            assert!(full.to_string().contains("full"), "{full}");
            // SQLite does this by itself when the disk is full in the middle of its own work.
            sqlx::query("ROLLBACK").execute(&mut *transaction).await.expect("it is in a transaction");
        }
        drop(pen);
        let mut pen = store.desk().await;
        let mut transaction = pen.begin_immediate().await.expect("a transaction on a new connection");
        sqlx::query("CREATE TABLE room (taken)").execute(&mut *transaction).await.expect("room");
        transaction.commit().await.expect("room");
    }
}
