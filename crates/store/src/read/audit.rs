//! Who changed what, when and whence: the events that tell a change, each with the one before of the same thing.

use cordial_engine::command::Access;
use cordial_engine::id::{TenantId, UserId};
use cordial_engine::{Actor, EntryId, Event, Fact, WallTime};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row as _};

use super::directory::DirectoryKind;
use crate::codec::{Codec, name};
use crate::database::Store;
use crate::error::StoreError;
use crate::int::to_sql;
use crate::limits;

/// Which changes, and how many of them.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Made at or after.
    pub from: Option<WallTime>,
    /// Made before.
    pub to: Option<WallTime>,
    /// By this user.
    pub user: Option<UserId>,
    /// Of this entry.
    pub entry: Option<EntryId>,
    /// Of this operation, as APIs call it: `entry_changed`, `secret_set`.
    pub operation: Option<String>,
    /// Older than this one, the last of the page before.
    pub after: Option<u64>,
    /// Changes wanted, at most [`limits::PAGE_ROWS_MAX`].
    pub limit: u32,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// What told it.
    pub event: Event,
    /// What told the one before of the same thing.
    pub before: Option<Event>,
}

/// One page of changes, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// The changes.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<u64>,
}

impl Store {
    /// The changes in a tenant that pass a filter, newest first.
    pub async fn audit(&self, tenant: TenantId, filter: &AuditFilter) -> Result<AuditPage, StoreError> {
        let limit = filter.limit.clamp(1, limits::PAGE_ROWS_MAX);
        let mut query = QueryBuilder::new(
            "SELECT it.record AS record, old.record AS before FROM audit it LEFT JOIN audit old ON old.seq = it.before \
             WHERE it.tenant = ",
        );
        query.push_bind(to_sql(tenant.0));
        if let Some(from) = filter.from {
            query.push(" AND it.wall >= ").push_bind(from.0);
        }
        if let Some(to) = filter.to {
            query.push(" AND it.wall < ").push_bind(to.0);
        }
        if let Some(user) = filter.user {
            query.push(" AND it.user_id = ").push_bind(to_sql(user.0));
        }
        if let Some(entry) = filter.entry {
            let (kind, id) = DirectoryKind::of(entry);
            query.push(" AND it.kind = ").push_bind(kind.as_str());
            query.push(" AND it.id = ").push_bind(to_sql(id));
        }
        if let Some(operation) = &filter.operation {
            query.push(" AND it.operation = ").push_bind(operation.clone());
        }
        if let Some(after) = filter.after {
            query.push(" AND it.seq < ").push_bind(to_sql(after));
        }
        query.push(" ORDER BY it.seq DESC LIMIT ").push_bind(limit + 1);
        let rows = query.build().fetch_all(&self.inner.readers).await?;
        let more = rows.len() > limit as usize;
        let mut entries = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        entries.truncate(limit as usize);
        let last = entries.last().map(|last| last.event.seq);
        Ok(AuditPage { entries, next: last.filter(|_| more) })
    }
}

fn read(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    let decode = |text: &str| {
        let event = Codec::CURRENT.decode(text);
        event.map_err(|error| StoreError::Row { table: "audit", why: error.to_string() })
    };
    let before: Option<&str> = row.try_get("before")?;
    Ok(AuditEntry { event: decode(row.try_get("record")?)?, before: before.map(decode).transpose()? })
}

/// What a fact changed, if it tells a change that somebody may have to answer for.
struct Subject {
    /// The same for every fact about the same thing.
    of: String,
    entry: Option<EntryId>,
}

impl Subject {
    fn entry(id: EntryId, part: &str) -> Self {
        let (kind, number) = DirectoryKind::of(id);
        Self { of: format!("{}-{number}{part}", kind.as_str()), entry: Some(id) }
    }

    fn thing(of: impl Into<String>) -> Self {
        Self { of: of.into(), entry: None }
    }

    #[expect(clippy::too_many_lines, reason = "one table of all facts; splitting it would need a wildcard")]
    fn of(fact: &Fact) -> Option<Self> {
        let agent = |id, part: &str| Some(Self::entry(EntryId::Agent(id), part));
        match fact {
            Fact::TenantAdded { .. } => Some(Self::thing("tenant")),
            Fact::EntryAdded { id, .. } | Fact::EntryChanged { id, .. } | Fact::EntryRemoved { id } => {
                Some(Self::entry(*id, ""))
            }
            Fact::OutboundRulesSet { .. } => Some(Self::thing("outbound")),
            Fact::FeatureCodesSet { .. } => Some(Self::thing("feature-codes")),
            Fact::MonitoringStarted { monitored, .. } => {
                Some(Self::thing(format!("call-{} heard", monitored.0)))
            }
            Fact::NightModeSet { queue, .. } => Some(Self::entry(EntryId::Queue(*queue), " night")),
            Fact::EmergencySet { .. } => Some(Self::thing("emergency")),
            Fact::BlacklistPromptsSet { .. } => Some(Self::thing("blacklist-prompts")),
            Fact::AgentAssigned { agent: id, queue, .. }
            | Fact::TierSet { agent: id, queue, .. }
            | Fact::AgentUnassigned { agent: id, queue } => agent(*id, &format!(" tier queue-{}", queue.0)),
            Fact::MembershipSet { agent: id, queue, .. } => agent(*id, &format!(" part queue-{}", queue.0)),
            Fact::AgentLoggedIn { agent: id, .. }
            | Fact::AgentLoggedOut { agent: id, .. }
            | Fact::AgentReady { agent: id }
            | Fact::AgentNotReady { agent: id, .. } => agent(*id, " duty"),
            Fact::HandlingSet { agent: id, .. } => agent(*id, " handling"),
            Fact::PinRefused { agent: id, .. } => agent(*id, " pin"),
            Fact::CallSettingsSet { agent: id, .. } => agent(*id, " call-settings"),
            Fact::MessageMarked { agent: id, message, .. } | Fact::MessageRemoved { agent: id, message } => {
                agent(*id, &format!(" message-{}", message.0))
            }
            Fact::DispositionSet { call, agent: id, .. } => agent(*id, &format!(" call-{}", call.0)),
            Fact::RecordingPaused { recording, .. } | Fact::RecordingResumed { recording, .. } => {
                Some(Self::thing(format!("recording-{}", recording.0)))
            }
            Fact::AccessNoted { what: Access::SecretSet { id } } => Some(Self::entry(*id, " secret")),
            Fact::AccessNoted { what: Access::TokenMade { token, .. } | Access::TokenEnded { token } } => {
                Some(Self::thing(format!("token-{token}")))
            }
            Fact::AccessNoted { what: Access::Refused { .. } } => Some(Self::thing("refused")),
            Fact::OutboundRefused { .. }
            | Fact::DeviceRegistered { .. }
            | Fact::DeviceUnregistered { .. }
            | Fact::DutyPending { .. }
            | Fact::MembershipPending { .. }
            | Fact::AgentRested { .. }
            | Fact::AgentRestEnded { .. }
            | Fact::CallStarted { .. }
            | Fact::LegAdded { .. }
            | Fact::LegRinging { .. }
            | Fact::LegAnswered { .. }
            | Fact::LegSaved { .. }
            | Fact::LegHeld { .. }
            | Fact::LegRetrieved { .. }
            | Fact::LegCleared { .. }
            | Fact::CallForwarded { .. }
            | Fact::LegsBridged { .. }
            | Fact::LegsUnbridged { .. }
            | Fact::GreetingStarted { .. }
            | Fact::FeatureCodeDialled { .. }
            | Fact::AnnouncementStarted { .. }
            | Fact::MailboxReached { .. }
            | Fact::MailboxOpened { .. }
            | Fact::MessagePlayed { .. }
            | Fact::MessageLeft { .. }
            | Fact::AgentConnected { .. }
            | Fact::AgentDisconnected { .. }
            | Fact::CallCleared { .. }
            | Fact::CallClosed { .. }
            | Fact::CallQueued { .. }
            | Fact::SearchWidened { .. }
            | Fact::BriefingStarted { .. }
            | Fact::CallerTold { .. }
            | Fact::ServiceLevelBreached { .. }
            | Fact::CallbackAsked { .. }
            | Fact::WaitingEnded { .. }
            | Fact::OfferMade { .. }
            | Fact::OfferEnded { .. }
            | Fact::WrapUpStarted { .. }
            | Fact::WrapUpExtended { .. }
            | Fact::WrapUpEnded { .. }
            | Fact::CallerBlacklisted { .. }
            | Fact::CalendarTurned { .. }
            | Fact::CallTransferred { .. }
            | Fact::LegMuted { .. }
            | Fact::DigitsSent { .. }
            | Fact::LegsMixed { .. }
            | Fact::LegMoved { .. }
            | Fact::ConsultationStarted { .. }
            | Fact::ConsultationEnded { .. }
            | Fact::CallsJoined { .. }
            | Fact::CallParked { .. }
            | Fact::ParkingEnded { .. }
            | Fact::NumberAsked { .. }
            | Fact::LogInAsked { .. }
            | Fact::RecordingStarted { .. }
            | Fact::RecordingStopped { .. }
            | Fact::RecordingSaved { .. }
            | Fact::RecordingFailed { .. }
            | Fact::NodeStarted { .. } => None,
        }
    }

    /// Whether one fact of it says what it was before the next one.
    fn has_past(fact: &Fact) -> bool {
        !matches!(fact, Fact::AccessNoted { .. })
    }
}

/// What APIs call a fact: its name in snake case; of what was noted about access, its kind.
fn operation(fact: &Fact) -> String {
    if let Fact::AccessNoted { what } = fact {
        return super::word(what);
    }
    let mut words = String::new();
    for letter in name(fact).chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

pub(super) async fn fold(connection: &mut SqliteConnection, event: &Event) -> Result<(), StoreError> {
    let Some(subject) = Subject::of(&event.fact) else { return Ok(()) };
    let before: Option<i64> = if Subject::has_past(&event.fact) {
        sqlx::query_scalar("SELECT seq FROM audit WHERE tenant = ? AND subject = ? ORDER BY seq DESC LIMIT 1")
            .bind(to_sql(event.tenant.0))
            .bind(&subject.of)
            .fetch_optional(&mut *connection)
            .await?
    } else {
        None
    };
    let user = match event.by {
        Actor::User(user) => Some(to_sql(user.0)),
        Actor::Operator | Actor::Device(_) | Actor::Network | Actor::Policy => None,
    };
    let entry = subject.entry.map(DirectoryKind::of);
    sqlx::query(
        "INSERT INTO audit (seq, tenant, wall, user_id, operation, kind, id, subject, before, record) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(to_sql(event.seq))
    .bind(to_sql(event.tenant.0))
    .bind(event.wall.0)
    .bind(user)
    .bind(operation(&event.fact))
    .bind(entry.map(|(kind, _)| kind.as_str()))
    .bind(entry.map(|(_, id)| to_sql(id)))
    .bind(&subject.of)
    .bind(before)
    .bind(Codec::CURRENT.encode(event))
    .execute(connection)
    .await?;
    Ok(())
}
