//! Disposable pictures of the engine's state, so that a start need not read the whole journal.

use sqlx::Row as _;

use crate::database::Store;
use crate::error::StoreError;
use crate::int::{column, to_sql};
use crate::limits;

/// The state after an event, in a form that only its version knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event that it contains.
    pub seq: u64,
    /// The form of the bytes; a reader that does not know it reads the journal instead.
    pub version: u32,
    /// The state.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Saves a snapshot and drops the oldest beyond [`limits::SNAPSHOTS_KEPT`]. It counts only once it is whole.
    pub async fn save_snapshot(&self, seq: u64, version: u32, bytes: &[u8]) -> Result<(), StoreError> {
        self.write_snapshot(seq, version, bytes).await.map_err(|error| error.of(&self.inner.path))
    }

    async fn write_snapshot(&self, seq: u64, version: u32, bytes: &[u8]) -> Result<(), StoreError> {
        if bytes.len() > limits::SNAPSHOT_BYTES_MAX {
            return Err(StoreError::TooLarge {
                what: "a snapshot",
                found: bytes.len(),
                max: limits::SNAPSHOT_BYTES_MAX,
            });
        }
        let mut desk = self.desk().await;
        let mut started = desk.begin_immediate().await?;
        sqlx::query("DELETE FROM snapshots WHERE seq = ?").bind(to_sql(seq)).execute(&mut *started).await?;
        // Chunks of this number, and those that a crash left without their snapshot.
        sqlx::query("DELETE FROM snapshot_chunks WHERE seq NOT IN (SELECT seq FROM snapshots)")
            .execute(&mut *started)
            .await?;
        started.commit().await?;
        drop(desk);
        for (number, chunk) in (0_i64..).zip(bytes.chunks(limits::SNAPSHOT_CHUNK_BYTES)) {
            let mut desk = self.desk().await;
            sqlx::query("INSERT INTO snapshot_chunks (seq, chunk, bytes) VALUES (?, ?, ?)")
                .bind(to_sql(seq))
                .bind(number)
                .bind(chunk)
                .execute(&mut *desk)
                .await?;
        }
        let mut desk = self.desk().await;
        let mut finished = desk.begin_immediate().await?;
        sqlx::query("INSERT INTO snapshots (seq, version, length, checksum) VALUES (?, ?, ?, ?)")
            .bind(to_sql(seq))
            .bind(version)
            .bind(to_sql(bytes.len() as u64))
            .bind(i64::from(crc32fast::hash(bytes)))
            .execute(&mut *finished)
            .await?;
        sqlx::query(
            "DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)",
        )
        .bind(limits::SNAPSHOTS_KEPT)
        .execute(&mut *finished)
        .await?;
        sqlx::query("DELETE FROM snapshot_chunks WHERE seq NOT IN (SELECT seq FROM snapshots)")
            .execute(&mut *finished)
            .await?;
        finished.commit().await?;
        Ok(())
    }

    /// The newest snapshot that is whole and not ahead of the journal.
    pub async fn latest_snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        let last = self.last_seq().await?;
        let kept = sqlx::query("SELECT * FROM snapshots WHERE seq <= ? ORDER BY seq DESC")
            .bind(to_sql(last))
            .fetch_all(&self.inner.readers)
            .await?;
        for row in kept {
            let seq = column(&row, "seq")?;
            let chunks: Vec<Vec<u8>> =
                sqlx::query_scalar("SELECT bytes FROM snapshot_chunks WHERE seq = ? ORDER BY chunk")
                    .bind(to_sql(seq))
                    .fetch_all(&self.inner.readers)
                    .await?;
            let bytes = chunks.concat();
            let checksum: i64 = row.try_get("checksum")?;
            let length = column(&row, "length")?;
            if bytes.len() as u64 == length && i64::from(crc32fast::hash(&bytes)) == checksum {
                return Ok(Some(Snapshot { seq, version: row.try_get("version")?, bytes }));
            }
        }
        Ok(None)
    }
}
