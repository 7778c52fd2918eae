//! Names for display, kept after their entries are removed: an old record still says who it was.

use std::borrow::Cow;

use cordial_engine::id::{Guid, TenantId};
use cordial_engine::{Entry, EntryId};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::database::Store;
use crate::error::StoreError;
use crate::int::{column, guid_column, to_sql};
use crate::limits;

/// What a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each kind is documented at its type in the engine")]
pub enum DirectoryKind {
    Tenant,
    User,
    Agent,
    Team,
    Device,
    Trunk,
    Queue,
    Route,
    Reason,
    Disposition,
    Skill,
    PhoneBook,
    Contact,
    BlacklistedNumber,
    Calendar,
}

impl DirectoryKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::User => "user",
            Self::Agent => "agent",
            Self::Team => "team",
            Self::Device => "device",
            Self::Trunk => "trunk",
            Self::Queue => "queue",
            Self::Route => "route",
            Self::Reason => "reason",
            Self::Disposition => "disposition",
            Self::Skill => "skill",
            Self::PhoneBook => "phone_book",
            Self::Contact => "contact",
            Self::BlacklistedNumber => "blacklisted_number",
            Self::Calendar => "calendar",
        }
    }

    /// The kind and the bare number of an entry's id.
    pub const fn of(id: EntryId) -> (Self, u64) {
        match id {
            EntryId::User(id) => (Self::User, id.0),
            EntryId::Agent(id) => (Self::Agent, id.0),
            EntryId::Team(id) => (Self::Team, id.0),
            EntryId::Device(id) => (Self::Device, id.0),
            EntryId::Trunk(id) => (Self::Trunk, id.0),
            EntryId::Queue(id) => (Self::Queue, id.0),
            EntryId::Route(id) => (Self::Route, id.0),
            EntryId::Reason(id) => (Self::Reason, id.0),
            EntryId::Disposition(id) => (Self::Disposition, id.0),
            EntryId::Skill(id) => (Self::Skill, id.0),
            EntryId::PhoneBook(id) => (Self::PhoneBook, id.0),
            EntryId::Contact(id) => (Self::Contact, id.0),
            EntryId::BlacklistedNumber(id) => (Self::BlacklistedNumber, id.0),
            EntryId::Calendar(id) => (Self::Calendar, id.0),
        }
    }
}

/// What people call a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryName {
    /// The bare number of its id.
    pub id: u64,
    /// Its name outside.
    pub guid: Guid,
    /// Its last name.
    pub name: String,
    /// Whether it is gone.
    pub removed: bool,
}

impl Store {
    /// The names of one kind in a tenant after `after` (nought for the first page), removed ones included, at most
    /// [`limits::DIRECTORY_PAGE_MAX`].
    pub async fn directory(
        &self,
        tenant: TenantId,
        kind: DirectoryKind,
        after: u64,
    ) -> Result<Vec<DirectoryName>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM directory WHERE tenant = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?",
        )
        .bind(to_sql(tenant.0))
        .bind(kind.as_str())
        .bind(to_sql(after))
        .bind(limits::DIRECTORY_PAGE_MAX)
        .fetch_all(&self.inner.readers)
        .await?;
        rows.iter().map(read).collect()
    }

    /// What one thing of a tenant is or was called.
    pub async fn directory_name(
        &self,
        tenant: TenantId,
        id: EntryId,
    ) -> Result<Option<DirectoryName>, StoreError> {
        let (kind, id) = DirectoryKind::of(id);
        let row = sqlx::query("SELECT * FROM directory WHERE tenant = ? AND kind = ? AND id = ?")
            .bind(to_sql(tenant.0))
            .bind(kind.as_str())
            .bind(to_sql(id))
            .fetch_optional(&self.inner.readers)
            .await?;
        row.as_ref().map(read).transpose()
    }
}

fn read(row: &SqliteRow) -> Result<DirectoryName, StoreError> {
    Ok(DirectoryName {
        id: column(row, "id")?,
        guid: guid_column(row, "directory", "guid")?,
        name: row.try_get("name")?,
        removed: row.try_get("removed")?,
    })
}

fn display_name(entry: &Entry) -> Cow<'_, str> {
    Cow::Borrowed(match entry {
        Entry::User(user) => user.name.as_str(),
        Entry::Agent(agent) => agent.name.as_str(),
        Entry::Team(team) => team.name.as_str(),
        Entry::Device(device) if device.display_name.as_str().is_empty() => device.number.as_str(),
        Entry::Device(device) => device.display_name.as_str(),
        Entry::Trunk(trunk) => trunk.name.as_str(),
        Entry::Queue(queue) => queue.name.as_str(),
        Entry::Route(route) => route.number.as_str(),
        Entry::Reason(reason) => reason.name.as_str(),
        Entry::Disposition(disposition) => disposition.name.as_str(),
        Entry::Skill(skill) => skill.name.as_str(),
        Entry::BlacklistedNumber(entry) => entry.number.as_str(),
        Entry::PhoneBook(book) => book.name.as_str(),
        Entry::Contact(contact) => return Cow::Owned(contact.full_name()),
        Entry::Calendar(calendar) => calendar.name.as_str(),
    })
}

pub(super) async fn put_tenant(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    guid: Guid,
    name: &cordial_engine::entry::Name,
) -> Result<(), StoreError> {
    insert(connection, tenant, (DirectoryKind::Tenant, tenant.0), guid, name.as_str()).await
}

pub(super) async fn put(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    id: EntryId,
    guid: Guid,
    entry: &Entry,
) -> Result<(), StoreError> {
    insert(connection, tenant, DirectoryKind::of(id), guid, &display_name(entry)).await
}

async fn insert(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    id: (DirectoryKind, u64),
    guid: Guid,
    name: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO directory (kind, id, tenant, guid, name, removed) VALUES (?, ?, ?, ?, ?, 0)")
        .bind(id.0.as_str())
        .bind(to_sql(id.1))
        .bind(to_sql(tenant.0))
        .bind(guid.to_string())
        .bind(name)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn rename(
    connection: &mut SqliteConnection,
    id: EntryId,
    entry: &Entry,
) -> Result<(), StoreError> {
    let (kind, id) = DirectoryKind::of(id);
    sqlx::query("UPDATE directory SET name = ? WHERE kind = ? AND id = ?")
        .bind(display_name(entry))
        .bind(kind.as_str())
        .bind(to_sql(id))
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn mark_removed(connection: &mut SqliteConnection, id: EntryId) -> Result<(), StoreError> {
    let (kind, id) = DirectoryKind::of(id);
    sqlx::query("UPDATE directory SET removed = 1 WHERE kind = ? AND id = ?")
        .bind(kind.as_str())
        .bind(to_sql(id))
        .execute(connection)
        .await?;
    Ok(())
}
