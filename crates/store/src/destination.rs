//! Where clients of the connector listen, kept so that they can be told at the next start.

use cordial_engine::WallTime;
use cordial_engine::id::TenantId;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::database::Store;
use crate::error::StoreError;
use crate::int::{column, to_sql};
use crate::limits::{DESTINATION_LIFE_MS, DESTINATIONS_MAX};

/// A place where a client listened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDestination {
    /// Of which tenant the client is.
    pub tenant: TenantId,
    /// What the client calls it.
    pub name: String,
    /// The URL that is called there; `None` for a topic of that name.
    pub url: Option<String>,
}

impl Store {
    /// Keeps that a client listens there. Those that were not seen for long, or are one too many, are forgotten.
    pub async fn remember_destination(
        &self,
        destination: &KnownDestination,
        now: WallTime,
    ) -> Result<(), StoreError> {
        let KnownDestination { tenant, name, url } = destination;
        let mut desk = self.desk().await;
        let mut transaction = desk.begin_immediate().await?;
        sqlx::query(
            "INSERT OR REPLACE INTO destinations (tenant, name, address, seen_ms) VALUES (?, ?, ?, ?)",
        )
        .bind(to_sql(tenant.0))
        .bind(name)
        .bind(url.as_deref().unwrap_or_default())
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM destinations WHERE seen_ms < ? OR (tenant = ? AND (name, address) IN \
             (SELECT name, address FROM destinations WHERE tenant = ? ORDER BY seen_ms DESC LIMIT -1 OFFSET ?))",
        )
        .bind(now.0.saturating_sub(DESTINATION_LIFE_MS))
        .bind(to_sql(tenant.0))
        .bind(to_sql(tenant.0))
        .bind(DESTINATIONS_MAX)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Where clients listened.
    pub async fn destinations(&self) -> Result<Vec<KnownDestination>, StoreError> {
        let rows =
            sqlx::query("SELECT tenant, name, address FROM destinations ORDER BY tenant, name, address")
                .fetch_all(&self.inner.readers)
                .await?;
        let read = |row: &SqliteRow| {
            let url: String = row.try_get("address")?;
            let url = Some(url).filter(|url| !url.is_empty());
            Ok(KnownDestination { tenant: TenantId(column(row, "tenant")?), name: row.try_get("name")?, url })
        };
        rows.iter().map(read).collect()
    }
}
