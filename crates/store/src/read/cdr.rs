//! Records of calls, by tenant: what to sort by comes from an enum, everything else is bound.

use std::collections::BTreeSet;
use std::fmt;

use cordial_engine::WallTime;
use cordial_engine::cdr::Cdr;
use cordial_engine::id::{AgentId, CallId, Guid, QueueId, TenantId};
use cordial_engine::text::Number;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::word;
use crate::database::Store;
use crate::error::StoreError;
use crate::int::{from_sql, to_sql};
use crate::limits;

/// What a listing is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CdrSort {
    /// When the call began.
    #[default]
    Started,
    /// When its record became final.
    Closed,
    /// How long people talked.
    Talk,
    /// How long the caller waited.
    Wait,
}

impl CdrSort {
    const fn column(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Closed => "closed",
            Self::Talk => "talk_ms",
            Self::Wait => "wait_ms",
        }
    }
}

/// Which records, and how many of them.
#[derive(Clone, Debug, Default)]
pub struct CdrFilter {
    /// Begun at or after.
    pub from: Option<WallTime>,
    /// Begun before.
    pub to: Option<WallTime>,
    /// Entered this queue.
    pub queue: Option<QueueId>,
    /// This agent had a part in it.
    pub agent: Option<AgentId>,
    /// Called from or to this number.
    pub number: Option<Number>,
    /// Only calls in which one of these agents had a part, or that entered one of these queues.
    pub within: Option<Within>,
    /// What to sort by; equal ones by the order of the calls.
    pub sort: CdrSort,
    /// Smallest first instead of largest first.
    pub ascending: bool,
    /// After this record of the page before, sorted alike.
    pub after: Option<CdrCursor>,
    /// Records wanted, at most [`limits::PAGE_ROWS_MAX`].
    pub limit: u32,
}

/// The agents and queues whose calls somebody may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Within {
    /// Those who may have had a part.
    pub agents: BTreeSet<AgentId>,
    /// Those that may have been entered.
    pub queues: BTreeSet<QueueId>,
}

impl Within {
    /// The agents' numbers as a JSON list, for SQLite's `json_each`.
    pub(super) fn agent_list(&self) -> String {
        list(self.agents.iter().map(|agent| agent.0))
    }

    fn queue_list(&self) -> String {
        list(self.queues.iter().map(|queue| queue.0))
    }

    /// Whether a record is one of them.
    pub fn has(&self, cdr: &Cdr) -> bool {
        cdr.agents.iter().any(|part| self.agents.contains(&part.agent))
            || cdr.queues.iter().any(|part| self.queues.contains(&part.queue))
    }
}

fn list(ids: impl Iterator<Item = u64>) -> String {
    serde_json::to_string(&ids.map(to_sql).collect::<Vec<_>>()).expect("numbers are JSON")
}

/// A place in a listing, for the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CdrCursor {
    value: i64,
    call: u64,
}

impl CdrCursor {
    /// Reads what `Display` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (value, call) = text.split_once('.')?;
        Some(Self { value: value.parse().ok()?, call: call.parse().ok()? })
    }
}

impl fmt::Display for CdrCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.value, self.call)
    }
}

/// One page of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdrPage {
    /// The records.
    pub cdrs: Vec<Cdr>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<CdrCursor>,
}

impl Store {
    /// The final records of a tenant that pass a filter.
    pub async fn cdrs(&self, tenant: TenantId, filter: &CdrFilter) -> Result<CdrPage, StoreError> {
        let limit = filter.limit.clamp(1, limits::PAGE_ROWS_MAX);
        let mut query = select(tenant, filter, limit);
        let mut rows = query.build().fetch_all(&self.inner.readers).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = match rows.last() {
            Some(row) if more => {
                Some(CdrCursor { value: row.try_get("sorted_by")?, call: from_sql(row.try_get("call_id")?) })
            }
            Some(_) | None => None,
        };
        let cdrs = rows.iter().map(record).collect::<Result<_, _>>()?;
        Ok(CdrPage { cdrs, next })
    }

    /// The final record of one call of a tenant.
    pub async fn cdr(&self, tenant: TenantId, guid: Guid) -> Result<Option<Cdr>, StoreError> {
        let row = sqlx::query("SELECT record FROM cdrs WHERE tenant = ? AND guid = ?")
            .bind(to_sql(tenant.0))
            .bind(guid.to_string())
            .fetch_optional(&self.inner.readers)
            .await?;
        row.as_ref().map(record).transpose()
    }

    /// As [`Store::cdr`], by the number that the call has inside.
    pub async fn cdr_of_call(&self, tenant: TenantId, call: CallId) -> Result<Option<Cdr>, StoreError> {
        let row = sqlx::query("SELECT record FROM cdrs WHERE call_id = ? AND tenant = ?")
            .bind(to_sql(call.0))
            .bind(to_sql(tenant.0))
            .fetch_optional(&self.inner.readers)
            .await?;
        row.as_ref().map(record).transpose()
    }
}

fn select(tenant: TenantId, filter: &CdrFilter, limit: u32) -> QueryBuilder<Sqlite> {
    let column = filter.sort.column();
    let mut query = QueryBuilder::new("SELECT record, call_id, ");
    query.push(column).push(" AS sorted_by FROM cdrs WHERE tenant = ").push_bind(to_sql(tenant.0));
    if let Some(from) = filter.from {
        query.push(" AND started >= ").push_bind(from.0);
    }
    if let Some(to) = filter.to {
        query.push(" AND started < ").push_bind(to.0);
    }
    if let Some(number) = &filter.number {
        query.push(" AND (caller = ").push_bind(number.as_str().to_owned());
        query.push(" OR dialled = ").push_bind(number.as_str().to_owned()).push(")");
    }
    if let Some(queue) = filter.queue {
        query.push(" AND call_id IN (SELECT call_id FROM cdr_queues WHERE tenant = ");
        query.push_bind(to_sql(tenant.0)).push(" AND queue = ").push_bind(to_sql(queue.0)).push(")");
    }
    if let Some(agent) = filter.agent {
        query.push(" AND call_id IN (SELECT call_id FROM cdr_agents WHERE tenant = ");
        query.push_bind(to_sql(tenant.0)).push(" AND agent = ").push_bind(to_sql(agent.0)).push(")");
    }
    if let Some(within) = &filter.within {
        query.push(" AND (call_id IN (SELECT call_id FROM cdr_agents WHERE tenant = ");
        query.push_bind(to_sql(tenant.0)).push(" AND agent IN (SELECT value FROM json_each(");
        query.push_bind(within.agent_list());
        query.push("))) OR call_id IN (SELECT call_id FROM cdr_queues WHERE tenant = ");
        query.push_bind(to_sql(tenant.0)).push(" AND queue IN (SELECT value FROM json_each(");
        query.push_bind(within.queue_list()).push("))))");
    }
    let (order, further) = if filter.ascending { ("ASC", " > (") } else { ("DESC", " < (") };
    if let Some(after) = filter.after {
        query.push(" AND (").push(column).push(", call_id)").push(further);
        query.push_bind(after.value).push(", ").push_bind(to_sql(after.call)).push(")");
    }
    query.push(format_args!(" ORDER BY {column} {order}, call_id {order} LIMIT "));
    // One more than asked for tells whether there is a next page.
    query.push_bind(limit + 1);
    query
}

fn record(row: &SqliteRow) -> Result<Cdr, StoreError> {
    let text: &str = row.try_get("record")?;
    serde_json::from_str(text).map_err(|error| StoreError::Row { table: "cdrs", why: error.to_string() })
}

fn to_json(cdr: &Cdr) -> String {
    serde_json::to_string(cdr).expect("a record holds no map with keys that are not text")
}

pub(super) async fn insert(connection: &mut SqliteConnection, cdr: &Cdr) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO cdrs (call_id, tenant, guid, direction, caller, dialled, cause, started, answered, closed, \
         talk_ms, wait_ms, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(to_sql(cdr.call.0))
    .bind(to_sql(cdr.tenant.0))
    .bind(cdr.guid.to_string())
    .bind(word(&cdr.direction))
    .bind(cdr.caller.as_ref().map(Number::as_str))
    .bind(cdr.dialled.as_str())
    .bind(cdr.cause.as_ref().map(word))
    .bind(cdr.started.0)
    .bind(cdr.answered.map(|wall| wall.0))
    .bind(cdr.closed.0)
    .bind(to_sql(cdr.talk_ms))
    .bind(to_sql(cdr.wait_ms))
    .bind(to_json(cdr))
    .execute(&mut *connection)
    .await?;
    let queues: BTreeSet<QueueId> = cdr.queues.iter().map(|part| part.queue).collect();
    for queue in queues {
        sqlx::query("INSERT INTO cdr_queues (tenant, queue, call_id) VALUES (?, ?, ?)")
            .bind(to_sql(cdr.tenant.0))
            .bind(to_sql(queue.0))
            .bind(to_sql(cdr.call.0))
            .execute(&mut *connection)
            .await?;
    }
    let agents: BTreeSet<AgentId> = cdr.agents.iter().map(|part| part.agent).collect();
    for agent in agents {
        sqlx::query("INSERT INTO cdr_agents (tenant, agent, call_id) VALUES (?, ?, ?)")
            .bind(to_sql(cdr.tenant.0))
            .bind(to_sql(agent.0))
            .bind(to_sql(cdr.call.0))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The record of a call, whichever tenant's: for the fold only.
pub(super) async fn by_call(
    connection: &mut SqliteConnection,
    call: CallId,
) -> Result<Option<Cdr>, StoreError> {
    let row = sqlx::query("SELECT record FROM cdrs WHERE call_id = ?")
        .bind(to_sql(call.0))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(record).transpose()
}

pub(super) async fn replace_record(connection: &mut SqliteConnection, cdr: &Cdr) -> Result<(), StoreError> {
    sqlx::query("UPDATE cdrs SET record = ? WHERE call_id = ?")
        .bind(to_json(cdr))
        .bind(to_sql(cdr.call.0))
        .execute(connection)
        .await?;
    Ok(())
}
