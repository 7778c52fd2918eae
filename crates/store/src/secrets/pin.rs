//! Agents' PINs for hot desks, kept as digests and sealed: a PIN is short enough to be found by trying all of them, so that
//! a copy of the database alone must not be enough to try.

use cordial_engine::id::AgentId;
use sqlx::Row as _;

use crate::database::Store;
use crate::error::StoreError;
use crate::int::{column, to_sql};

impl Store {
    /// Sets or takes away the digest of an agent's PIN.
    pub async fn set_agent_pin(&self, agent: AgentId, digest: Option<[u8; 32]>) -> Result<(), StoreError> {
        let query = match digest {
            Some(digest) => {
                let sealed = self.inner.key.seal(&agent.to_string(), &digest)?;
                sqlx::query("INSERT OR REPLACE INTO agent_pins (agent, sealed) VALUES (?, ?)")
                    .bind(to_sql(agent.0))
                    .bind(sealed)
            }
            None => sqlx::query("DELETE FROM agent_pins WHERE agent = ?").bind(to_sql(agent.0)),
        };
        query.execute(&mut *self.desk().await).await?;
        Ok(())
    }

    /// The digests of all PINs, for the start.
    pub async fn agent_pins(&self) -> Result<Vec<(AgentId, [u8; 32])>, StoreError> {
        let rows = sqlx::query("SELECT agent, sealed FROM agent_pins ORDER BY agent")
            .fetch_all(&self.inner.readers)
            .await?;
        let open = |row| {
            let agent = AgentId(column(row, "agent")?);
            let sealed: &[u8] = row.try_get("sealed")?;
            let of = agent.to_string();
            let opened = self.inner.key.open(&of, sealed)?;
            let digest = opened.try_into().map_err(|_| StoreError::Sealed { of })?;
            Ok((agent, digest))
        };
        rows.iter().map(open).collect()
    }
}
