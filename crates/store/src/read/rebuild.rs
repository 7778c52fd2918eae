//! Making the read models again from the journal, to compare them with the present ones or to replace them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use cordial_engine::cdr::CdrFold;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};

use super::fold::fold;
use super::follow::cursor;
use crate::database::{Store, beside, connect, migrate};
use crate::error::StoreError;
use crate::limits;

/// What to do with the tables made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuild {
    /// Compare them with the present ones and throw them away.
    Compare,
    /// Compare, and put them in the place of the present ones if they differ.
    Replace,
}

/// What a rebuild found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebuildReport {
    /// Up to which event both reach.
    pub seq: u64,
    /// Rows made again, per table.
    pub rows: Vec<(&'static str, u64)>,
    /// The first differences, at most [`limits::DIFFERENCES_MAX`] per table.
    pub differences: Vec<Difference>,
    /// All differences.
    pub differing: u64,
    /// Whether the present tables were replaced.
    pub replaced: bool,
}

/// One row that is not as the journal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The journal makes it, and it is not there.
    Missing {
        /// In which table.
        table: &'static str,
        /// Its key.
        key: String,
    },
    /// It is there, and the journal does not make it.
    Surplus {
        /// In which table.
        table: &'static str,
        /// Its key.
        key: String,
    },
    /// It is there with other contents.
    Altered {
        /// In which table.
        table: &'static str,
        /// Its key.
        key: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { table, key } => write!(f, "{table}: {key} is missing"),
            Self::Surplus { table, key } => write!(f, "{table}: {key} should not be there"),
            Self::Altered { table, key } => write!(f, "{table}: {key} is not as the journal says"),
        }
    }
}

struct Table {
    name: &'static str,
    count: &'static str,
    present_only: &'static str,
    fresh_only: &'static str,
    empty: &'static str,
    fill: &'static str,
}

macro_rules! table {
    ($name:literal, $key:literal) => {
        Table {
            name: $name,
            count: concat!("SELECT count(*) FROM fresh.", $name),
            present_only: concat!(
                "SELECT ",
                $key,
                " FROM (SELECT * FROM main.",
                $name,
                " EXCEPT SELECT * FROM fresh.",
                $name,
                ")"
            ),
            fresh_only: concat!(
                "SELECT ",
                $key,
                " FROM (SELECT * FROM fresh.",
                $name,
                " EXCEPT SELECT * FROM main.",
                $name,
                ")"
            ),
            empty: concat!("DELETE FROM main.", $name),
            fill: concat!("INSERT INTO main.", $name, " SELECT * FROM fresh.", $name),
        }
    };
}

/// Every table of the read models; those that others refer to come first.
const TABLES: [Table; 7] = [
    table!("cdrs", "'call-' || call_id"),
    table!("cdr_queues", "'call-' || call_id || ' queue-' || queue"),
    table!("cdr_agents", "'call-' || call_id || ' agent-' || agent"),
    table!("recordings", "'recording-' || recording_id"),
    table!("audit", "'event-' || seq"),
    table!("directory", "kind || '-' || id"),
    table!("read_models", "'fold from ' || fold_from || ' up to ' || applied_seq"),
];

impl Store {
    /// Makes the read models again up to where the present ones reach, in a file of their own beside the store.
    /// Comparing can be done while the follower runs; replacing cannot, and says so.
    pub async fn rebuild(&self, mode: Rebuild) -> Result<RebuildReport, StoreError> {
        let path = beside(self.path(), "rebuild");
        remove(&path)?;
        let result = self.rebuild_at(&path, mode).await;
        remove(&path)?;
        result
    }

    async fn rebuild_at(&self, path: &Path, mode: Rebuild) -> Result<RebuildReport, StoreError> {
        let made = crate::database::private_file().create_new(true).open(path);
        made.map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
        let mut fresh = connect(path, limits::BUSY_MAX).await?;
        migrate(path, &mut fresh).await?;
        // A reader's transaction sees the present tables as of one instant, however long the folding takes.
        let mut both = connect(self.path(), limits::BUSY_MAX).await?;
        attach(&mut both, path).await?;
        let mut reading = both.begin().await?;
        let seq = cursor(&mut reading).await?;
        self.fold_again(&mut fresh, seq).await?;
        fresh.close().await?;
        let mut report = compare(&mut reading, seq).await?;
        reading.rollback().await?;
        both.close().await?;
        if mode == Rebuild::Replace && report.differing > 0 {
            self.replace_by(path, seq).await?;
            report.replaced = true;
        }
        Ok(report)
    }

    async fn fold_again(&self, fresh: &mut SqliteConnection, goal: u64) -> Result<(), StoreError> {
        let mut cdrs = CdrFold::default();
        let mut applied = 0;
        while applied < goal {
            let page = (goal - applied).min(limits::EVENTS_PAGE_MAX as u64) as usize;
            let events = self.events(applied, page).await?;
            if events.is_empty() {
                break;
            }
            let mut transaction = fresh.begin().await?;
            applied = fold(&mut transaction, &mut cdrs, applied, &events).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn replace_by(&self, path: &Path, seq: u64) -> Result<(), StoreError> {
        let mut behind = self.behind().await;
        attach(&mut behind, path).await?;
        let replaced = replace(&mut behind, seq).await;
        sqlx::query("DETACH DATABASE fresh").execute(&mut *behind).await?;
        replaced
    }
}

async fn attach(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let path = path.to_str().ok_or_else(|| StoreError::Open {
        path: path.to_owned(),
        source: std::io::Error::other("the path is not UTF-8"),
    })?;
    sqlx::query("ATTACH DATABASE ? AS fresh").bind(path.to_owned()).execute(connection).await?;
    Ok(())
}

async fn compare(connection: &mut SqliteConnection, seq: u64) -> Result<RebuildReport, StoreError> {
    let mut report =
        RebuildReport { seq, rows: Vec::new(), differences: Vec::new(), differing: 0, replaced: false };
    for table in &TABLES {
        let count: i64 = sqlx::query_scalar(table.count).fetch_one(&mut *connection).await?;
        report.rows.push((table.name, crate::int::from_sql(count)));
        // Which sides have rows that the other has not: present, fresh.
        let mut keys: BTreeMap<String, (bool, bool)> = BTreeMap::new();
        for row in sqlx::query(table.present_only).fetch_all(&mut *connection).await? {
            keys.entry(row.try_get(0)?).or_default().0 = true;
        }
        for row in sqlx::query(table.fresh_only).fetch_all(&mut *connection).await? {
            keys.entry(row.try_get(0)?).or_default().1 = true;
        }
        report.differing += keys.len() as u64;
        let told = keys.into_iter().take(limits::DIFFERENCES_MAX);
        report.differences.extend(told.map(|(key, sides)| difference(table.name, key, sides)));
    }
    Ok(report)
}

fn difference(table: &'static str, key: String, sides: (bool, bool)) -> Difference {
    match sides {
        (true, true) => Difference::Altered { table, key },
        (true, false) => Difference::Surplus { table, key },
        (false, _) => Difference::Missing { table, key },
    }
}

async fn replace(connection: &mut SqliteConnection, seq: u64) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let found = cursor(&mut transaction).await?;
    if found != seq {
        return Err(StoreError::Moved { expected: seq, found });
    }
    for table in TABLES.iter().rev() {
        sqlx::query(table.empty).execute(&mut *transaction).await?;
    }
    for table in &TABLES {
        sqlx::query(table.fill).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Removes the file and what SQLite lays beside it.
fn remove(path: &Path) -> Result<(), StoreError> {
    let wal = format!("{}-wal", path.display());
    let shm = format!("{}-shm", path.display());
    for path in [path.to_owned(), PathBuf::from(wal), PathBuf::from(shm)] {
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(StoreError::Open { path, source }),
        }
    }
    Ok(())
}
