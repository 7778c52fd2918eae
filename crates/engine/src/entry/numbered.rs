//! What can be reached by a number.

use serde::{Deserialize, Serialize};

use super::EntryId;
use crate::id::{AgentId, DeviceId, QueueId, RouteId};

/// Whose a number on a tenant's plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Numbered {
    /// A person's own.
    Agent(AgentId),
    /// A phone's or browser's.
    Device(DeviceId),
    /// A queue's.
    Queue(QueueId),
    /// One that leads on.
    Route(RouteId),
}

impl Numbered {
    /// The entry, if it is of a kind that can have a number.
    pub(crate) const fn of(id: EntryId) -> Option<Self> {
        match id {
            EntryId::Agent(id) => Some(Self::Agent(id)),
            EntryId::Device(id) => Some(Self::Device(id)),
            EntryId::Queue(id) => Some(Self::Queue(id)),
            EntryId::Route(id) => Some(Self::Route(id)),
            EntryId::User(_)
            | EntryId::Team(_)
            | EntryId::Trunk(_)
            | EntryId::Reason(_)
            | EntryId::Disposition(_)
            | EntryId::BlacklistedNumber(_)
            | EntryId::Calendar(_)
            | EntryId::Skill(_)
            | EntryId::PhoneBook(_)
            | EntryId::Contact(_) => None,
        }
    }

    /// The entry.
    pub const fn entry_id(self) -> EntryId {
        match self {
            Self::Agent(id) => EntryId::Agent(id),
            Self::Device(id) => EntryId::Device(id),
            Self::Queue(id) => EntryId::Queue(id),
            Self::Route(id) => EntryId::Route(id),
        }
    }
}
