//! The index of recordings, by tenant. The audio itself lies in the tenant's folder under an opaque key.

use cordial_engine::cdr::RecordingEnd;
use cordial_engine::id::{AgentId, CallId, Guid, RecordingId, TenantId};
use cordial_engine::{Event, WallTime};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row as _};

use super::cdr::Within;
use crate::database::Store;
use crate::error::StoreError;
use crate::int::{column, guid_column, to_sql};
use crate::limits;

/// How far a recording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingPhase {
    /// What is said is taken in.
    Recording,
    /// What is said is left out.
    Paused,
    /// Nothing more is taken in; the file is not complete yet.
    Stopped,
    /// The file is complete.
    Saved,
    /// The file could not be completed; what exists is kept.
    Failed,
}

impl RecordingPhase {
    const ALL: [Self; 5] = [Self::Recording, Self::Paused, Self::Stopped, Self::Saved, Self::Failed];

    /// Its word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Saved => "saved",
            Self::Failed => "failed",
        }
    }
}

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecording {
    /// Which.
    pub recording: RecordingId,
    /// Its name outside.
    pub guid: Guid,
    /// Whose.
    pub tenant: TenantId,
    /// Of which call.
    pub call: CallId,
    /// That call's name outside.
    pub call_guid: Guid,
    /// The agent who is heard in it.
    pub agent: AgentId,
    /// When it began.
    pub started: WallTime,
    /// How far it is.
    pub phase: RecordingPhase,
    /// Audio in the file; nought until it is saved.
    pub audio_ms: u64,
    /// Time left out by pauses; nought until it is saved.
    pub paused_ms: u64,
    /// Size of the file; nought until it is saved.
    pub bytes: u64,
    /// Why it failed.
    pub why: Option<String>,
    /// The file's name within the tenant's folder, made by us and never from what a caller said.
    pub file_key: String,
}

/// Which recordings, and how many of them.
#[derive(Clone, Debug, Default)]
pub struct RecordingFilter {
    /// Begun at or after.
    pub from: Option<WallTime>,
    /// Begun before.
    pub to: Option<WallTime>,
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// Of this call.
    pub call: Option<Guid>,
    /// Only of these agents.
    pub within: Option<Within>,
    /// After this one of the page before.
    pub after: Option<(WallTime, RecordingId)>,
    /// Recordings wanted, at most [`limits::PAGE_ROWS_MAX`].
    pub limit: u32,
}

/// One page of recordings, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingPage {
    /// The recordings.
    pub recordings: Vec<StoredRecording>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<(WallTime, RecordingId)>,
}

impl Store {
    /// The recordings of a tenant that pass a filter, newest first.
    pub async fn recordings(
        &self,
        tenant: TenantId,
        filter: &RecordingFilter,
    ) -> Result<RecordingPage, StoreError> {
        let limit = filter.limit.clamp(1, limits::PAGE_ROWS_MAX);
        let mut query = QueryBuilder::new("SELECT * FROM recordings WHERE tenant = ");
        query.push_bind(to_sql(tenant.0));
        if let Some(from) = filter.from {
            query.push(" AND started >= ").push_bind(from.0);
        }
        if let Some(to) = filter.to {
            query.push(" AND started < ").push_bind(to.0);
        }
        if let Some(agent) = filter.agent {
            query.push(" AND agent = ").push_bind(to_sql(agent.0));
        }
        if let Some(call) = filter.call {
            query.push(" AND call_guid = ").push_bind(call.to_string());
        }
        if let Some(within) = &filter.within {
            query.push(" AND agent IN (SELECT value FROM json_each(");
            query.push_bind(within.agent_list()).push("))");
        }
        if let Some((started, recording)) = filter.after {
            query.push(" AND (started, recording_id) < (").push_bind(started.0);
            query.push(", ").push_bind(to_sql(recording.0)).push(")");
        }
        query.push(" ORDER BY started DESC, recording_id DESC LIMIT ").push_bind(limit + 1);
        let rows = query.build().fetch_all(&self.inner.readers).await?;
        let more = rows.len() > limit as usize;
        let mut recordings = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        recordings.truncate(limit as usize);
        let last = recordings.last().map(|last| (last.started, last.recording));
        Ok(RecordingPage { recordings, next: last.filter(|_| more) })
    }

    /// The recordings of a tenant that have no end: those that are being made, or that a stop of the process cut.
    pub async fn recordings_without_end(&self, tenant: TenantId) -> Result<Vec<StoredRecording>, StoreError> {
        // The states stand here as in the index, which serves no other words.
        let rows = sqlx::query(
            "SELECT * FROM recordings WHERE tenant = ? AND state IN ('recording', 'paused', 'stopped')",
        )
        .bind(to_sql(tenant.0))
        .fetch_all(&self.inner.readers)
        .await?;
        rows.iter().map(read).collect()
    }

    /// One recording of a tenant.
    pub async fn recording(
        &self,
        tenant: TenantId,
        guid: Guid,
    ) -> Result<Option<StoredRecording>, StoreError> {
        let row = sqlx::query("SELECT * FROM recordings WHERE tenant = ? AND guid = ?")
            .bind(to_sql(tenant.0))
            .bind(guid.to_string())
            .fetch_optional(&self.inner.readers)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// As [`Store::recording`], by the number that the recording has inside.
    pub async fn recording_of_id(
        &self,
        tenant: TenantId,
        recording: RecordingId,
    ) -> Result<Option<StoredRecording>, StoreError> {
        let row = sqlx::query("SELECT * FROM recordings WHERE recording_id = ? AND tenant = ?")
            .bind(to_sql(recording.0))
            .bind(to_sql(tenant.0))
            .fetch_optional(&self.inner.readers)
            .await?;
        row.as_ref().map(read).transpose()
    }
}

fn read(row: &SqliteRow) -> Result<StoredRecording, StoreError> {
    const TABLE: &str = "recordings";
    let state: &str = row.try_get("state")?;
    let phase = RecordingPhase::ALL.into_iter().find(|phase| phase.as_str() == state);
    Ok(StoredRecording {
        recording: RecordingId(column(row, "recording_id")?),
        guid: guid_column(row, TABLE, "guid")?,
        tenant: TenantId(column(row, "tenant")?),
        call: CallId(column(row, "call_id")?),
        call_guid: guid_column(row, TABLE, "call_guid")?,
        agent: AgentId(column(row, "agent")?),
        started: WallTime(row.try_get("started")?),
        phase: phase.ok_or_else(|| StoreError::Row {
            table: TABLE,
            why: format!("{state} is no state of a recording"),
        })?,
        audio_ms: column(row, "audio_ms")?,
        paused_ms: column(row, "paused_ms")?,
        bytes: column(row, "bytes")?,
        why: row.try_get("why")?,
        file_key: row.try_get("file_key")?,
    })
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    event: &Event,
    recording: RecordingId,
    guid: Guid,
    call: (CallId, Option<Guid>),
    agent: AgentId,
) -> Result<(), StoreError> {
    let (call, call_guid) = call;
    let call_guid = call_guid.ok_or_else(|| StoreError::Row {
        table: "recordings",
        why: format!("{recording} began in {call}, which is not open"),
    })?;
    sqlx::query(
        "INSERT INTO recordings (recording_id, tenant, guid, call_id, call_guid, agent, started, state, audio_ms, \
         paused_ms, bytes, why, file_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, NULL, ?)",
    )
    .bind(to_sql(recording.0))
    .bind(to_sql(event.tenant.0))
    .bind(guid.to_string())
    .bind(to_sql(call.0))
    .bind(call_guid.to_string())
    .bind(to_sql(agent.0))
    .bind(event.wall.0)
    .bind(RecordingPhase::Recording.as_str())
    .bind(guid.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn enter(
    connection: &mut SqliteConnection,
    recording: RecordingId,
    phase: RecordingPhase,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE recordings SET state = ? WHERE recording_id = ?")
        .bind(phase.as_str())
        .bind(to_sql(recording.0))
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn end(
    connection: &mut SqliteConnection,
    recording: RecordingId,
    end: &RecordingEnd,
) -> Result<(), StoreError> {
    let query = match end {
        RecordingEnd::Saved { audio_ms, paused_ms, bytes } => sqlx::query(
            "UPDATE recordings SET state = ?, audio_ms = ?, paused_ms = ?, bytes = ? WHERE recording_id = ?",
        )
        .bind(RecordingPhase::Saved.as_str())
        .bind(to_sql(*audio_ms))
        .bind(to_sql(*paused_ms))
        .bind(to_sql(*bytes)),
        RecordingEnd::Failed { why } => {
            sqlx::query("UPDATE recordings SET state = ?, why = ? WHERE recording_id = ?")
                .bind(RecordingPhase::Failed.as_str())
                .bind(why.as_str().to_owned())
        }
    };
    query.bind(to_sql(recording.0)).execute(connection).await?;
    Ok(())
}
