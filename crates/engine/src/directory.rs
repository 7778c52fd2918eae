//! Deciding what enters the directory, changes in it and leaves it.

mod check;
mod used;

use crate::command::{Access, Answer, Condition};
use crate::engine::Engine;
use crate::entry::{Entry, EntryId, Kind, Name};
use crate::fact::Fact;
use crate::id::{
    AgentId, BlacklistedNumberId, CalendarId, ContactId, DeviceId, DispositionId, PhoneBookId, QueueId,
    ReasonId, RouteId, SkillId, TeamId, TenantId, TrunkId, UserId,
};
use crate::limits::{CALENDARS_MAX, ENTRIES_MAX, TENANTS_MAX, TRUNKS_MAX};
use crate::refusal::Refusal;
use crate::text::Text;

impl Engine {
    pub(crate) fn add_tenant(&mut self, name: Name, domain: &Text<255>) -> Result<Answer, Refusal> {
        if name.as_str().is_empty() {
            return Err(check::invalid("name", "must not be empty"));
        }
        // Host names compare without regard to case (RFC 3261 section 19.1.4).
        let lower = Text::parse_some(&domain.as_str().to_ascii_lowercase());
        let domain = lower.map_err(|_| check::invalid("domain", "must not be empty"))?;
        if self.state.tenants.len() >= TENANTS_MAX {
            return Err(Refusal::LimitReached("tenants"));
        }
        if self.state.tenant_names.contains_key(&name) {
            return Err(Refusal::Taken(Kind::Tenant, "name"));
        }
        if self.state.domains.contains_key(&domain) {
            return Err(Refusal::Taken(Kind::Tenant, "domain"));
        }
        let tenant = TenantId(self.state.last.tenant + 1);
        let guid = self.draw_guid();
        self.record(tenant, Fact::TenantAdded { guid, name, domain });
        Ok(Answer::Tenant(tenant, guid))
    }

    pub(crate) fn add_entry(&mut self, tenant: TenantId, entry: Entry) -> Result<Answer, Refusal> {
        let kind = entry.kind();
        let entries = self.state.tenant(tenant).entries.get(&kind);
        let limit = if kind == Kind::Trunk {
            TRUNKS_MAX
        } else if kind == Kind::Calendar {
            CALENDARS_MAX
        } else {
            ENTRIES_MAX
        };
        if entries.is_some_and(|entries| entries.len() >= limit) {
            return Err(Refusal::LimitReached("entries"));
        }
        self.check_entry(tenant, None, &entry)?;
        let id = id_for(&entry, self.state.last.entry + 1);
        let guid = self.draw_guid();
        self.record(tenant, Fact::EntryAdded { id, guid, entry });
        self.heed_hours(id);
        Ok(Answer::Added(id, guid))
    }

    pub(crate) fn change_entry(
        &mut self,
        tenant: TenantId,
        id: EntryId,
        entry: Entry,
    ) -> Result<Answer, Refusal> {
        let before = self.owned_entry(tenant, id)?;
        if before.kind() != entry.kind() {
            return Err(check::invalid("kind", "must stay what it was"));
        }
        if before == entry {
            return Err(Refusal::AlreadySo);
        }
        self.check_entry(tenant, Some(id), &entry)?;
        if let (EntryId::Queue(queue), Entry::Queue(entry)) = (id, &entry) {
            self.narrow(queue, entry.strategy);
        }
        self.record(tenant, Fact::EntryChanged { id, entry });
        self.heed_hours(id);
        Ok(Answer::Done)
    }

    pub(crate) fn remove_entry(&mut self, tenant: TenantId, id: EntryId) -> Result<Answer, Refusal> {
        self.owned_entry(tenant, id)?;
        if let Some(by) = self.used_by(tenant, id) {
            return Err(Refusal::InUse(id.kind(), by));
        }
        for (agent, queue) in self.assignments_of(id) {
            self.take_off(tenant, agent, queue);
        }
        self.record(tenant, Fact::EntryRemoved { id });
        Ok(Answer::Done)
    }

    /// Refuses when a condition is not so.
    pub(crate) fn is_so(&self, tenant: TenantId, condition: &Condition) -> Result<(), Refusal> {
        let so = match condition {
            Condition::Version(id, versions) => {
                self.owned(tenant, *id)?;
                self.version(tenant, *id).is_some_and(|version| versions.contains(&version))
            }
            Condition::NotAssigned(agent, queue) => {
                self.owned(tenant, EntryId::Agent(*agent))?;
                !self.is_assigned(*agent, *queue)
            }
        };
        if so { Ok(()) } else { Err(Refusal::PreconditionFailed) }
    }

    pub(crate) fn note_access(&mut self, tenant: TenantId, what: Access) -> Result<Answer, Refusal> {
        match &what {
            Access::SecretSet { id } => self.owned(tenant, *id)?,
            Access::TokenMade { .. } | Access::TokenEnded { .. } | Access::Refused { .. } => {}
        }
        self.record(tenant, Fact::AccessNoted { what });
        Ok(Answer::Done)
    }

    /// What an entry that was just written changes of what is open.
    fn heed_hours(&mut self, id: EntryId) {
        match id {
            EntryId::Calendar(calendar) => self.turn_calendar(calendar),
            EntryId::Queue(queue) => self.heed_closing(queue),
            EntryId::User(_)
            | EntryId::Agent(_)
            | EntryId::Team(_)
            | EntryId::Device(_)
            | EntryId::Trunk(_)
            | EntryId::Route(_)
            | EntryId::Reason(_)
            | EntryId::Disposition(_)
            | EntryId::Skill(_)
            | EntryId::PhoneBook(_)
            | EntryId::Contact(_)
            | EntryId::BlacklistedNumber(_) => {}
        }
    }

    /// The entry, if it is this tenant's; other tenants' are not found.
    pub(crate) fn owned_entry(&self, tenant: TenantId, id: EntryId) -> Result<Entry, Refusal> {
        self.owned(tenant, id)?;
        self.state.entry(id).ok_or(Refusal::NotFound(id.kind()))
    }

    /// Refuses ids that are not this tenant's as not found.
    pub(crate) fn owned(&self, tenant: TenantId, id: EntryId) -> Result<(), Refusal> {
        match self.state.owner(id) {
            Some((owner, _)) if owner == tenant => Ok(()),
            Some(_) | None => Err(Refusal::NotFound(id.kind())),
        }
    }

    fn assignments_of(&self, id: EntryId) -> Vec<(AgentId, QueueId)> {
        match id {
            EntryId::Agent(agent) => {
                let queues = self.state.agent(agent).memberships.keys();
                queues.map(|queue| (agent, *queue)).collect()
            }
            EntryId::Queue(queue) => {
                let agents = self.state.queue(queue).agents.iter();
                agents.map(|agent| (*agent, queue)).collect()
            }
            EntryId::User(_)
            | EntryId::Team(_)
            | EntryId::Device(_)
            | EntryId::Trunk(_)
            | EntryId::Route(_)
            | EntryId::Reason(_)
            | EntryId::Disposition(_)
            | EntryId::Skill(_)
            | EntryId::PhoneBook(_)
            | EntryId::Contact(_)
            | EntryId::BlacklistedNumber(_)
            | EntryId::Calendar(_) => Vec::new(),
        }
    }
}

const fn id_for(entry: &Entry, number: u64) -> EntryId {
    match entry {
        Entry::User(_) => EntryId::User(UserId(number)),
        Entry::Agent(_) => EntryId::Agent(AgentId(number)),
        Entry::Team(_) => EntryId::Team(TeamId(number)),
        Entry::Device(_) => EntryId::Device(DeviceId(number)),
        Entry::Trunk(_) => EntryId::Trunk(TrunkId(number)),
        Entry::Queue(_) => EntryId::Queue(QueueId(number)),
        Entry::Route(_) => EntryId::Route(RouteId(number)),
        Entry::Reason(_) => EntryId::Reason(ReasonId(number)),
        Entry::Disposition(_) => EntryId::Disposition(DispositionId(number)),
        Entry::BlacklistedNumber(_) => EntryId::BlacklistedNumber(BlacklistedNumberId(number)),
        Entry::Calendar(_) => EntryId::Calendar(CalendarId(number)),
        Entry::Skill(_) => EntryId::Skill(SkillId(number)),
        Entry::PhoneBook(_) => EntryId::PhoneBook(PhoneBookId(number)),
        Entry::Contact(_) => EntryId::Contact(ContactId(number)),
    }
}
