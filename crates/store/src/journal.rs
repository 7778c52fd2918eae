//! The stored events: one row per committed batch, checked whenever it is read.

use cordial_engine::{Event, Timestamp, WallTime};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection as _, Row as _};

use crate::codec::{Codec, DecodeError};
use crate::database::Store;
use crate::error::{JournalFault, StoreError};
use crate::int::{column, to_sql};
use crate::limits;

mod writer;

pub use writer::{Journal, Writer};

/// Rows read in one go; each holds at most [`limits::BATCH_FACTS_MAX`] facts.
const ROWS_PER_READ: i64 = 8;

/// The end of the journal: where sequence and monotonic clock go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The last event.
    pub seq: u64,
    /// When it was, for durations.
    pub at: Timestamp,
    /// When it was, for people.
    pub wall: WallTime,
}

impl Store {
    /// The journal's end; `None` while nothing has been written.
    pub async fn tail(&self) -> Result<Option<Tail>, StoreError> {
        let row = sqlx::query("SELECT * FROM journal ORDER BY first_seq DESC LIMIT 1")
            .fetch_optional(&self.inner.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let events = Batch::from_row(&row)?.events(&self.inner.codec)?;
        Ok(events.last().map(|event| Tail { seq: event.seq, at: event.at, wall: event.wall }))
    }

    /// The last event that is on disk; nought while there is none.
    pub async fn last_seq(&self) -> Result<u64, StoreError> {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT last_seq FROM journal ORDER BY first_seq DESC LIMIT 1")
                .fetch_optional(&self.inner.readers)
                .await?;
        Ok(last.map_or(0, crate::int::from_sql))
    }

    /// The events after `after`, in order and without gaps, at most `limit` and [`limits::EVENTS_PAGE_MAX`]. Fewer
    /// than that means that the end was reached.
    pub async fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.read_events(after, limit).await.map_err(|error| error.of(&self.inner.path))
    }

    async fn read_events(&self, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let limit = limit.min(limits::EVENTS_PAGE_MAX);
        let mut events = Vec::new();
        let mut next = after.saturating_add(1);
        let mut connection = self.inner.readers.acquire().await?;
        while events.len() < limit {
            let batches = batches(&mut connection, next).await?;
            let Some(last) = batches.last().map(|batch| batch.last_seq) else {
                break;
            };
            for batch in batches {
                batch.follows(next)?;
                let fresh = batch.events(&self.inner.codec)?;
                events.extend(fresh.into_iter().filter(|event| event.seq >= next));
                next = batch.last_seq + 1;
            }
            next = next.max(last + 1);
        }
        events.truncate(limit);
        Ok(events)
    }

    /// Reads the whole journal with every check; gives the number of events.
    pub async fn verify_journal(&self) -> Result<u64, StoreError> {
        let mut seen = 0;
        loop {
            let page = self.events(seen, limits::EVENTS_PAGE_MAX).await?;
            let Some(last) = page.last() else { return Ok(seen) };
            seen = last.seq;
        }
    }
}

/// The rows from that which holds `next` on, or from the first after it if none does.
async fn batches(connection: &mut SqliteConnection, next: u64) -> Result<Vec<Batch>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM journal WHERE last_seq >= ?1 AND first_seq >= \
         coalesce((SELECT max(first_seq) FROM journal WHERE first_seq <= ?1), 0) ORDER BY first_seq LIMIT ?2",
    )
    .bind(to_sql(next))
    .bind(ROWS_PER_READ)
    .fetch_all(connection)
    .await?;
    rows.iter().map(Batch::from_row).collect()
}

/// One row of the journal.
struct Batch {
    first_seq: u64,
    last_seq: u64,
    wall: i64,
    checksum: i64,
    records: Vec<u8>,
}

impl Batch {
    /// The row that holds these events, which must follow each other and be at least one.
    fn of(codec: &Codec, events: &[Event]) -> Result<Self, String> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Err("a batch holds at least one event".to_owned());
        };
        let mut records = Vec::new();
        for event in events {
            let record = codec.encode(event);
            if record.len() > limits::RECORD_BYTES_MAX {
                return Err(format!("event {} has {} bytes", event.seq, record.len()));
            }
            records.extend_from_slice(record.as_bytes());
            records.push(b'\n');
        }
        let mut batch =
            Self { first_seq: first.seq, last_seq: last.seq, wall: last.wall.0, checksum: 0, records };
        batch.checksum = batch.sum();
        Ok(batch)
    }

    fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        Ok(Self {
            first_seq: column(row, "first_seq")?,
            last_seq: column(row, "last_seq")?,
            wall: row.try_get("wall")?,
            checksum: row.try_get("checksum")?,
            records: row.try_get("records")?,
        })
    }

    /// Written and flushed to the disk when this returns: a single statement is its own transaction.
    async fn insert(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO journal (first_seq, last_seq, wall, checksum, records) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(to_sql(self.first_seq))
        .bind(to_sql(self.last_seq))
        .bind(self.wall)
        .bind(self.checksum)
        .bind(&self.records)
        .execute(connection)
        .await?;
        Ok(())
    }

    fn sum(&self) -> i64 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.first_seq.to_le_bytes());
        hasher.update(&self.last_seq.to_le_bytes());
        hasher.update(&self.wall.to_le_bytes());
        hasher.update(&self.records);
        i64::from(hasher.finalize())
    }

    /// That the event `next` is in this row.
    fn follows(&self, next: u64) -> Result<(), JournalFault> {
        if self.first_seq > next || self.last_seq < next {
            return Err(JournalFault::Gap { row: self.first_seq, seq: next, found: self.first_seq });
        }
        Ok(())
    }

    /// The row's events, after every check.
    fn events(&self, codec: &Codec) -> Result<Vec<Event>, JournalFault> {
        let (row, seq) = (self.first_seq, self.first_seq);
        if self.checksum != self.sum() {
            return Err(JournalFault::Checksum { row, seq });
        }
        let text = core::str::from_utf8(&self.records).map_err(|error| JournalFault::Unreadable {
            row,
            seq,
            why: error.to_string(),
        })?;
        let expected = (self.last_seq - self.first_seq).saturating_add(1);
        let found = text.lines().count() as u64;
        if found != expected {
            return Err(JournalFault::Torn { row, seq, expected, found });
        }
        let numbered = (self.first_seq..).zip(text.lines());
        numbered.map(|(seq, line)| decode(codec, row, seq, line)).collect()
    }
}

fn decode(codec: &Codec, row: u64, seq: u64, line: &str) -> Result<Event, JournalFault> {
    let event = codec.decode(line).map_err(|error| match error {
        DecodeError::Newer { fact, found, known } => JournalFault::Newer { row, seq, fact, found, known },
        DecodeError::Unreadable(why) => JournalFault::Unreadable { row, seq, why },
    })?;
    if event.seq != seq {
        return Err(JournalFault::Gap { row, seq, found: event.seq });
    }
    Ok(event)
}

/// Ends a connection in good order; the last one to end folds the log into the file.
async fn close(connection: SqliteConnection) {
    // What counts is on the disk already; a failure here costs the next start some milliseconds.
    drop(connection.close().await);
}
