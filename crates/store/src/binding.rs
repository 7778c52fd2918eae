//! Where registered devices are, written behind the registrar so that UDP phones stay reachable across a restart.

use cordial_engine::WallTime;
use cordial_engine::id::DeviceId;
use sqlx::Row as _;

use crate::database::Store;
use crate::error::StoreError;
use crate::int::{column, to_sql};
use crate::limits;

/// The bindings of one device in the node's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBinding {
    /// Whose.
    pub device: DeviceId,
    /// The bindings.
    pub json: String,
    /// When the last of them lapses.
    pub expires: WallTime,
}

impl Store {
    /// Replaces the bindings of devices in one transaction; `None` takes them away. Callers gather what came since
    /// the last write: a burst of registrations is one commit.
    pub async fn save_bindings(
        &self,
        changes: &[(DeviceId, Option<(String, WallTime)>)],
    ) -> Result<(), StoreError> {
        for (_, change) in changes {
            let found = change.as_ref().map_or(0, |(json, _)| json.len());
            if found > limits::BINDING_BYTES_MAX {
                return Err(StoreError::TooLarge {
                    what: "a binding",
                    found,
                    max: limits::BINDING_BYTES_MAX,
                });
            }
        }
        // Two statements however many devices: each statement is a way to SQLite's thread and back.
        let kept: Vec<(i64, &str, i64)> = changes
            .iter()
            .filter_map(|(device, change)| {
                change.as_ref().map(|(json, expires)| (to_sql(device.0), json.as_str(), expires.0))
            })
            .collect();
        let gone: Vec<i64> = changes
            .iter()
            .filter(|(_, change)| change.is_none())
            .map(|(device, _)| to_sql(device.0))
            .collect();
        let mut behind = self.behind().await;
        let mut transaction = behind.begin_immediate().await?;
        sqlx::query(
            "INSERT OR REPLACE INTO bindings (device, json, expires) \
             SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
        )
        .bind(listed(&kept))
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM bindings WHERE device IN (SELECT value FROM json_each(?))")
            .bind(listed(&gone))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// All bindings that have not lapsed; those that have are removed.
    pub async fn load_bindings(&self, now: WallTime) -> Result<Vec<StoredBinding>, StoreError> {
        let mut behind = self.behind().await;
        sqlx::query("DELETE FROM bindings WHERE expires <= ?").bind(now.0).execute(&mut *behind).await?;
        let rows = sqlx::query("SELECT * FROM bindings ORDER BY device").fetch_all(&mut *behind).await?;
        let read = |row| {
            Ok(StoredBinding {
                device: DeviceId(column(row, "device")?),
                json: row.try_get("json")?,
                expires: WallTime(row.try_get("expires")?),
            })
        };
        rows.iter().map(read).collect()
    }
}

fn listed(rows: &impl serde::Serialize) -> String {
    serde_json::to_string(rows).expect("numbers and text are always JSON")
}
