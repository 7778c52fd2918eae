//! The directory as applied: entries by id, and per tenant the indexes that find them.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::{Agent, Calendar, Outbound, Queue, State};
use crate::blacklist::{BlacklistPrompts, BlacklistedNumber};
use crate::code::FeatureCodes;
use crate::entry::{self, Entry, EntryId, Kind, Name, Numbered};
use crate::id::{AgentId, CallId, ContactId, Guid, LegId, TenantId, UserId};
use crate::limits::CLOSED_CALLS_KEPT;
use crate::text::{Number, Text};

/// A number on the blacklist, with how many calls it has refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Blacklisted {
    pub(crate) filed: Filed<BlacklistedNumber>,
    pub(crate) refused: u64,
}

/// A phone book with whom it lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PhoneBook {
    pub(crate) filed: Filed<entry::PhoneBook>,
    /// By [`entry::Contact::place`].
    pub(crate) contacts: BTreeMap<String, ContactId>,
}

/// An entry with its owner and its name outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Filed<T> {
    pub(crate) tenant: TenantId,
    pub(crate) guid: Guid,
    pub(crate) entry: T,
}

/// A tenant and what finds its things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tenant {
    pub(crate) guid: Guid,
    pub(crate) name: Name,
    pub(crate) domain: Text<255>,
    pub(crate) entries: BTreeMap<Kind, BTreeSet<EntryId>>,
    pub(crate) guids: BTreeMap<Guid, EntryId>,
    /// The number of the event that last changed an entry, by the entry's bare number, which no other kind shares.
    pub(crate) versions: BTreeMap<u64, u64>,
    /// By [`Entry::key`].
    pub(crate) keys: BTreeMap<Kind, BTreeMap<String, EntryId>>,
    /// Whom a number reaches from a device.
    pub(crate) plan: BTreeMap<Number, Numbered>,
    pub(crate) agent_of_user: BTreeMap<UserId, AgentId>,
    pub(crate) calls: BTreeMap<CallId, Guid>,
    pub(crate) call_guids: BTreeMap<Guid, CallId>,
    /// The calls closed last, for a clear answer to who comes too late.
    pub(crate) closed: BTreeSet<CallId>,
    pub(crate) outbound: Outbound,
    pub(crate) codes: FeatureCodes,
    pub(crate) blacklist_prompts: BlacklistPrompts,
    pub(crate) emergency: Option<entry::Emergency>,
    /// The parked calls by slot.
    #[serde(default)]
    pub(crate) parked: BTreeMap<u16, CallId>,
}

/// A device with what the network says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) filed: Filed<entry::Device>,
    pub(crate) registered: bool,
    pub(crate) agent: Option<AgentId>,
    pub(crate) legs: BTreeSet<LegId>,
    /// Whom it called last, codes left out.
    #[serde(default)]
    pub(crate) dialled_last: Option<Number>,
    /// Who called it last.
    #[serde(default)]
    pub(crate) called_last: Option<Number>,
}

impl Device {
    /// Whether it can be rung now.
    pub(crate) fn is_idle(&self) -> bool {
        self.registered && self.legs.is_empty()
    }
}

impl Tenant {
    pub(super) fn new(guid: Guid, name: Name, domain: Text<255>) -> Self {
        Self {
            guid,
            name,
            domain,
            entries: BTreeMap::new(),
            guids: BTreeMap::new(),
            versions: BTreeMap::new(),
            keys: BTreeMap::new(),
            plan: BTreeMap::new(),
            agent_of_user: BTreeMap::new(),
            calls: BTreeMap::new(),
            call_guids: BTreeMap::new(),
            closed: BTreeSet::new(),
            outbound: Outbound::default(),
            codes: FeatureCodes::default(),
            blacklist_prompts: BlacklistPrompts::default(),
            emergency: None,
            parked: BTreeMap::new(),
        }
    }

    pub(super) fn close_call(&mut self, call: CallId) {
        if let Some(guid) = self.calls.remove(&call) {
            self.call_guids.remove(&guid);
        }
        self.closed.insert(call);
        if self.closed.len() > CLOSED_CALLS_KEPT {
            self.closed.pop_first();
        }
    }

    fn index(&mut self, id: EntryId, entry: &Entry) {
        if let Some(key) = entry.key() {
            self.keys.entry(id.kind()).or_default().insert(key.to_owned(), id);
        }
        if let (Some(number), Some(owner)) = (entry.number(), Numbered::of(id)) {
            self.plan.insert(number.clone(), owner);
        }
        if let (EntryId::Agent(agent), Entry::Agent(entry::Agent { user: Some(user), .. })) = (id, entry) {
            self.agent_of_user.insert(*user, agent);
        }
        if let (EntryId::Trunk(trunk), Entry::Trunk(entry)) = (id, entry) {
            self.outbound.allow(trunk, &entry.outbound_prefixes);
        }
    }

    fn unindex(&mut self, id: EntryId, entry: &Entry) {
        if let Some(key) = entry.key() {
            self.keys.entry(id.kind()).or_default().remove(key);
        }
        if let Some(number) = entry.number() {
            self.plan.remove(number);
        }
        if let Entry::Agent(entry::Agent { user: Some(user), .. }) = entry {
            self.agent_of_user.remove(user);
        }
        if let (EntryId::Trunk(trunk), Entry::Trunk(entry)) = (id, entry) {
            self.outbound.disallow(trunk, &entry.outbound_prefixes);
        }
    }
}

impl State {
    /// The tenant that owns something live. Facts name existing tenants only.
    pub(crate) fn tenant(&self, id: TenantId) -> &Tenant {
        self.tenants.get(&id).expect("a fact made the tenant before anything of it")
    }

    pub(super) fn tenant_mut(&mut self, id: TenantId) -> &mut Tenant {
        self.tenants.get_mut(&id).expect("a fact made the tenant before anything of it")
    }

    pub(super) fn add_tenant(&mut self, id: TenantId, guid: Guid, name: &Name, domain: &Text<255>) {
        self.last.tenant = self.last.tenant.max(id.0);
        self.tenant_names.insert(name.clone(), id);
        self.domains.insert(domain.clone(), id);
        self.tenants.insert(id, Tenant::new(guid, name.clone(), domain.clone()));
    }

    pub(super) fn add_entry(&mut self, tenant: TenantId, id: EntryId, guid: Guid, entry: &Entry) {
        self.last.entry = self.last.entry.max(id.number());
        let version = self.seq;
        let owner = self.tenant_mut(tenant);
        owner.versions.insert(id.number(), version);
        owner.entries.entry(id.kind()).or_default().insert(id);
        owner.guids.insert(guid, id);
        owner.index(id, entry);
        match (id, entry.clone()) {
            (EntryId::User(id), Entry::User(entry)) => {
                self.users.insert(id, Filed { tenant, guid, entry });
            }
            (EntryId::Agent(id), Entry::Agent(entry)) => {
                let agent = Agent::new(Filed { tenant, guid, entry }, self.at, self.wall);
                self.agents.insert(id, agent);
            }
            (EntryId::Team(id), Entry::Team(entry)) => {
                self.teams.insert(id, Filed { tenant, guid, entry });
            }
            (EntryId::Device(id), Entry::Device(entry)) => {
                let device = Device {
                    filed: Filed { tenant, guid, entry },
                    registered: false,
                    agent: None,
                    legs: BTreeSet::new(),
                    dialled_last: None,
                    called_last: None,
                };
                self.devices.insert(id, device);
            }
            (EntryId::Trunk(id), Entry::Trunk(entry)) => {
                self.trunks.insert(id, Filed { tenant, guid, entry });
            }
            (EntryId::Queue(id), Entry::Queue(entry)) => {
                self.go_by(id, None, entry.calendar);
                self.queues.insert(id, Queue::new(Filed { tenant, guid, entry: *entry }));
            }
            (EntryId::Route(id), Entry::Route(entry)) => {
                self.routes.insert(id, Filed { tenant, guid, entry });
            }
            (EntryId::Reason(id), Entry::Reason(entry)) => {
                self.reasons.insert(id, Filed { tenant, guid, entry });
            }
            (EntryId::Disposition(id), Entry::Disposition(entry)) => {
                self.dispositions.insert(id, Filed { tenant, guid, entry });
            }
            (EntryId::PhoneBook(id), Entry::PhoneBook(entry)) => {
                let filed = Filed { tenant, guid, entry };
                self.phone_books.insert(id, PhoneBook { filed, contacts: BTreeMap::new() });
            }
            (EntryId::Contact(id), Entry::Contact(entry)) => {
                self.put_contact(id, &entry);
                self.contacts.insert(id, Filed { tenant, guid, entry: *entry });
            }
            (EntryId::Skill(id), Entry::Skill(entry)) => {
                self.skills.insert(id, Filed { tenant, guid, entry });
            }
            (EntryId::BlacklistedNumber(id), Entry::BlacklistedNumber(entry)) => {
                self.blacklist.insert(id, Blacklisted { filed: Filed { tenant, guid, entry }, refused: 0 });
            }
            (EntryId::Calendar(id), Entry::Calendar(entry)) => {
                self.calendars.insert(id, Calendar::new(Filed { tenant, guid, entry: *entry }));
            }
            (id, entry) => unreachable!("{id:?} is not a {:?}", entry.kind()),
        }
    }

    pub(super) fn change_entry(&mut self, tenant: TenantId, id: EntryId, entry: &Entry) {
        let before = self.entry(id).expect("only what exists is changed");
        let version = self.seq;
        let owner = self.tenant_mut(tenant);
        owner.versions.insert(id.number(), version);
        owner.unindex(id, &before);
        owner.index(id, entry);
        match (id, entry.clone()) {
            (EntryId::User(id), Entry::User(entry)) => replace(self.users.get_mut(&id), entry),
            (EntryId::Agent(id), Entry::Agent(entry)) => {
                replace(self.agents.get_mut(&id).map(|a| &mut a.filed), entry);
                self.qualify_everywhere(id);
            }
            (EntryId::Team(id), Entry::Team(entry)) => replace(self.teams.get_mut(&id), entry),
            (EntryId::Device(id), Entry::Device(entry)) => {
                replace(self.devices.get_mut(&id).map(|d| &mut d.filed), entry);
            }
            (EntryId::Trunk(id), Entry::Trunk(entry)) => replace(self.trunks.get_mut(&id), entry),
            (EntryId::Queue(id), Entry::Queue(entry)) => {
                self.change_queue(id, *entry);
            }
            (EntryId::Route(id), Entry::Route(entry)) => replace(self.routes.get_mut(&id), entry),
            (EntryId::Reason(id), Entry::Reason(entry)) => replace(self.reasons.get_mut(&id), entry),
            (EntryId::Disposition(id), Entry::Disposition(entry)) => {
                replace(self.dispositions.get_mut(&id), entry);
            }
            (EntryId::Skill(id), Entry::Skill(entry)) => replace(self.skills.get_mut(&id), entry),
            (EntryId::PhoneBook(id), Entry::PhoneBook(entry)) => {
                replace(self.phone_books.get_mut(&id).map(|book| &mut book.filed), entry);
            }
            (EntryId::Contact(id), Entry::Contact(entry)) => {
                self.take_contact_out(id);
                self.put_contact(id, &entry);
                replace(self.contacts.get_mut(&id), *entry);
            }
            (EntryId::BlacklistedNumber(id), Entry::BlacklistedNumber(entry)) => {
                replace(self.blacklist.get_mut(&id).map(|blacklisted| &mut blacklisted.filed), entry);
            }
            (EntryId::Calendar(id), Entry::Calendar(entry)) => {
                replace(self.calendars.get_mut(&id).map(|calendar| &mut calendar.filed), *entry);
            }
            (id, entry) => unreachable!("{id:?} is not a {:?}", entry.kind()),
        }
    }

    pub(super) fn remove_entry(&mut self, tenant: TenantId, id: EntryId) {
        let before = self.entry(id).expect("only what exists is removed");
        let guid = self.guid(id).expect("only what exists is removed");
        let owner = self.tenant_mut(tenant);
        owner.unindex(id, &before);
        owner.guids.remove(&guid);
        owner.versions.remove(&id.number());
        owner.entries.entry(id.kind()).or_default().remove(&id);
        match id {
            EntryId::User(id) => drop(self.users.remove(&id)),
            EntryId::Agent(id) => drop(self.agents.remove(&id)),
            EntryId::Team(id) => drop(self.teams.remove(&id)),
            EntryId::Device(id) => drop(self.devices.remove(&id)),
            EntryId::Trunk(id) => drop(self.trunks.remove(&id)),
            EntryId::Queue(id) => {
                let queue = self.queues.remove(&id);
                self.go_by(id, queue.and_then(|queue| queue.filed.entry.calendar), None);
            }
            EntryId::Route(id) => drop(self.routes.remove(&id)),
            EntryId::Reason(id) => drop(self.reasons.remove(&id)),
            EntryId::Disposition(id) => drop(self.dispositions.remove(&id)),
            EntryId::Skill(id) => drop(self.skills.remove(&id)),
            EntryId::PhoneBook(id) => drop(self.phone_books.remove(&id)),
            EntryId::Contact(id) => {
                self.take_contact_out(id);
                self.contacts.remove(&id);
            }
            EntryId::BlacklistedNumber(id) => drop(self.blacklist.remove(&id)),
            EntryId::Calendar(id) => self.remove_calendar(id),
        }
    }

    /// The entry, whoever owns it.
    pub(crate) fn entry(&self, id: EntryId) -> Option<Entry> {
        Some(match id {
            EntryId::User(id) => Entry::User(self.users.get(&id)?.entry.clone()),
            EntryId::Agent(id) => Entry::Agent(self.agents.get(&id)?.filed.entry.clone()),
            EntryId::Team(id) => Entry::Team(self.teams.get(&id)?.entry.clone()),
            EntryId::Device(id) => Entry::Device(self.devices.get(&id)?.filed.entry.clone()),
            EntryId::Trunk(id) => Entry::Trunk(self.trunks.get(&id)?.entry.clone()),
            EntryId::Queue(id) => Entry::from(self.queues.get(&id)?.filed.entry.clone()),
            EntryId::Route(id) => Entry::Route(self.routes.get(&id)?.entry.clone()),
            EntryId::Reason(id) => Entry::Reason(self.reasons.get(&id)?.entry.clone()),
            EntryId::Disposition(id) => Entry::Disposition(self.dispositions.get(&id)?.entry.clone()),
            EntryId::Skill(id) => Entry::Skill(self.skills.get(&id)?.entry.clone()),
            EntryId::PhoneBook(id) => Entry::PhoneBook(self.phone_books.get(&id)?.filed.entry.clone()),
            EntryId::Contact(id) => Entry::Contact(Box::new(self.contacts.get(&id)?.entry.clone())),
            EntryId::BlacklistedNumber(id) => {
                Entry::BlacklistedNumber(self.blacklist.get(&id)?.filed.entry.clone())
            }
            EntryId::Calendar(id) => Entry::Calendar(Box::new(self.calendars.get(&id)?.filed.entry.clone())),
        })
    }

    /// The entry's owner and its name outside.
    pub(crate) fn owner(&self, id: EntryId) -> Option<(TenantId, Guid)> {
        fn of<T>(filed: &Filed<T>) -> (TenantId, Guid) {
            (filed.tenant, filed.guid)
        }
        match id {
            EntryId::User(id) => self.users.get(&id).map(of),
            EntryId::Agent(id) => self.agents.get(&id).map(|agent| of(&agent.filed)),
            EntryId::Team(id) => self.teams.get(&id).map(of),
            EntryId::Device(id) => self.devices.get(&id).map(|device| of(&device.filed)),
            EntryId::Trunk(id) => self.trunks.get(&id).map(of),
            EntryId::Queue(id) => self.queues.get(&id).map(|queue| of(&queue.filed)),
            EntryId::Route(id) => self.routes.get(&id).map(of),
            EntryId::Reason(id) => self.reasons.get(&id).map(of),
            EntryId::Disposition(id) => self.dispositions.get(&id).map(of),
            EntryId::Skill(id) => self.skills.get(&id).map(of),
            EntryId::PhoneBook(id) => self.phone_books.get(&id).map(|book| of(&book.filed)),
            EntryId::Contact(id) => self.contacts.get(&id).map(of),
            EntryId::BlacklistedNumber(id) => self.blacklist.get(&id).map(|entry| of(&entry.filed)),
            EntryId::Calendar(id) => self.calendars.get(&id).map(|calendar| of(&calendar.filed)),
        }
    }

    fn put_contact(&mut self, id: ContactId, contact: &entry::Contact) {
        let book = self.phone_books.get_mut(&contact.phone_book);
        let book = book.expect("a book with contacts is not removed");
        book.contacts.insert(contact.place(), id);
    }

    fn take_contact_out(&mut self, id: ContactId) {
        let contact = &self.contacts.get(&id).expect("only what exists is taken out").entry;
        let book = self.phone_books.get_mut(&contact.phone_book);
        book.expect("a book with contacts is not removed").contacts.remove(&contact.place());
    }

    pub(crate) fn guid(&self, id: EntryId) -> Option<Guid> {
        self.owner(id).map(|(_, guid)| guid)
    }

    pub(super) fn set_registered(&mut self, id: crate::id::DeviceId, registered: bool) {
        let device = self.devices.get_mut(&id).expect("the fact names a device");
        device.registered = registered;
        if let Some(agent) = device.agent {
            self.refresh(agent);
        }
    }
}

fn replace<T>(filed: Option<&mut Filed<T>>, entry: T) {
    filed.expect("only what exists is changed").entry = entry;
}
