//! Trunks' passwords, which we must know in the clear to answer a carrier's challenge.

use cordial_engine::id::TrunkId;
use sqlx::Row as _;

use crate::database::Store;
use crate::error::{PasswordFault, StoreError};
use crate::int::{column, to_sql};
use crate::limits;

impl Store {
    /// Sets or takes away the password that a trunk asks of us.
    pub async fn set_trunk_password(&self, trunk: TrunkId, password: Option<&str>) -> Result<(), StoreError> {
        let query = match password {
            Some(password) if password.len() > limits::PASSWORD_BYTES_MAX => {
                return Err(PasswordFault::TooLong.into());
            }
            Some(password) => {
                let sealed = self.inner.key.seal(&trunk.to_string(), password.as_bytes())?;
                sqlx::query("INSERT OR REPLACE INTO trunk_secrets (trunk, sealed) VALUES (?, ?)")
                    .bind(to_sql(trunk.0))
                    .bind(sealed)
            }
            None => sqlx::query("DELETE FROM trunk_secrets WHERE trunk = ?").bind(to_sql(trunk.0)),
        };
        query.execute(&mut *self.desk().await).await?;
        Ok(())
    }

    /// The passwords of all trunks, for the start.
    pub async fn trunk_passwords(&self) -> Result<Vec<(TrunkId, String)>, StoreError> {
        let rows = sqlx::query("SELECT trunk, sealed FROM trunk_secrets ORDER BY trunk")
            .fetch_all(&self.inner.readers)
            .await?;
        let open = |row| {
            let trunk = TrunkId(column(row, "trunk")?);
            let sealed: &[u8] = row.try_get("sealed")?;
            let of = trunk.to_string();
            let opened = self.inner.key.open(&of, sealed)?;
            let password = String::from_utf8(opened).map_err(|_| StoreError::Sealed { of })?;
            Ok((trunk, password))
        };
        rows.iter().map(open).collect()
    }
}
