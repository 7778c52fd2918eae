//! Keys that clients give their requests, so that a repeated one acts once and is answered alike.
//!
//! A key is written before its request acts, into the same log as the journal: if the request's facts survived a
//! crash, so did the key. Its answer may not have; then the key says so instead of acting again.

use std::sync::atomic::Ordering;

use cordial_engine::WallTime;
use cordial_engine::id::TenantId;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use crate::database::Store;
use crate::error::StoreError;
use crate::int::to_sql;
use crate::limits;

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: it is taken now, act and say [`Store::finish_idempotent`].
    Fresh,
    /// The same request is being acted on.
    InProgress,
    /// The same request was answered with this.
    Done(Vec<u8>),
    /// Another request used the key.
    Different,
    /// The same request began, but the process ended before its answer was written down; whether it acted must be
    /// looked up.
    Interrupted,
}

const IN_PROGRESS: &str = "in progress";
const DONE: &str = "done";
const INTERRUPTED: &str = "interrupted";

impl Store {
    /// Takes a key for a request, or says what is known of it. `fingerprint` is a digest of the request.
    pub async fn begin_idempotent(
        &self,
        tenant: TenantId,
        key: &str,
        fingerprint: [u8; 32],
        now: WallTime,
    ) -> Result<Begun, StoreError> {
        if key.len() > limits::IDEMPOTENCY_KEY_BYTES_MAX {
            return Err(StoreError::TooLarge {
                what: "an idempotency key",
                found: key.len(),
                max: limits::IDEMPOTENCY_KEY_BYTES_MAX,
            });
        }
        let mut behind = self.behind().await;
        let mut transaction = behind.begin_immediate().await?;
        let found = sqlx::query("SELECT * FROM idempotency WHERE tenant = ? AND key = ?")
            .bind(to_sql(tenant.0))
            .bind(key)
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(row) = found {
            let created: i64 = row.try_get("created")?;
            if created.saturating_add(limits::IDEMPOTENCY_MS) > now.0 {
                return known(&row, fingerprint);
            }
        }
        sqlx::query(
            "INSERT OR REPLACE INTO idempotency (tenant, key, fingerprint, phase, response, created) \
             VALUES (?, ?, ?, ?, NULL, ?)",
        )
        .bind(to_sql(tenant.0))
        .bind(key)
        .bind(fingerprint.as_slice())
        .bind(IN_PROGRESS)
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
        let taken = self.inner.keys_taken.fetch_add(1, Ordering::Relaxed) + 1;
        if taken.is_multiple_of(limits::IDEMPOTENCY_CHECK_EVERY) {
            forget(&mut transaction, tenant, now).await?;
        }
        transaction.commit().await?;
        Ok(Begun::Fresh)
    }

    /// Writes down the answer to a key's request. One that is too long is not kept: the key then answers
    /// [`Begun::Interrupted`].
    pub async fn finish_idempotent(
        &self,
        tenant: TenantId,
        key: &str,
        response: &[u8],
    ) -> Result<(), StoreError> {
        let (phase, response) = if response.len() > limits::RESPONSE_BYTES_MAX {
            (INTERRUPTED, None)
        } else {
            (DONE, Some(response))
        };
        let mut behind = self.behind().await;
        sqlx::query("UPDATE idempotency SET phase = ?, response = ? WHERE tenant = ? AND key = ?")
            .bind(phase)
            .bind(response)
            .bind(to_sql(tenant.0))
            .bind(key)
            .execute(&mut *behind)
            .await?;
        Ok(())
    }

    /// Gives a key back whose request certainly did not act (it was shed, or its caller went away before).
    pub async fn abandon_idempotent(&self, tenant: TenantId, key: &str) -> Result<(), StoreError> {
        let mut behind = self.behind().await;
        sqlx::query("DELETE FROM idempotency WHERE tenant = ? AND key = ? AND phase = ?")
            .bind(to_sql(tenant.0))
            .bind(key)
            .bind(IN_PROGRESS)
            .execute(&mut *behind)
            .await?;
        Ok(())
    }
}

/// What the process before left unanswered.
pub(crate) async fn mark_interrupted(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("UPDATE idempotency SET phase = ? WHERE phase = ?")
        .bind(INTERRUPTED)
        .bind(IN_PROGRESS)
        .execute(connection)
        .await?;
    Ok(())
}

fn known(row: &sqlx::sqlite::SqliteRow, fingerprint: [u8; 32]) -> Result<Begun, StoreError> {
    let stored: Vec<u8> = row.try_get("fingerprint")?;
    if stored != fingerprint {
        return Ok(Begun::Different);
    }
    let phase: &str = row.try_get("phase")?;
    Ok(match phase {
        IN_PROGRESS => Begun::InProgress,
        DONE => Begun::Done(row.try_get("response")?),
        _ => Begun::Interrupted,
    })
}

/// Forgets a tenant's lapsed keys, and the oldest if there are too many.
async fn forget(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    now: WallTime,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM idempotency WHERE tenant = ? AND created <= ?")
        .bind(to_sql(tenant.0))
        .bind(now.0.saturating_sub(limits::IDEMPOTENCY_MS))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "DELETE FROM idempotency WHERE tenant = ?1 AND key IN \
         (SELECT key FROM idempotency WHERE tenant = ?1 ORDER BY created DESC LIMIT -1 OFFSET ?2)",
    )
    .bind(to_sql(tenant.0))
    .bind(limits::IDEMPOTENCY_KEYS_MAX)
    .execute(&mut *connection)
    .await?;
    Ok(())
}
