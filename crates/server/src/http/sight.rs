//! What somebody may see and change of his tenant: the one place where the rights of users are looked up.
//!
//! A token says by its scopes what may be done at all; for a token that stands for a user, his teams and queues say on
//! whom. What may not be seen is answered like what does not exist.

use std::collections::BTreeSet;

use cordial_dialects::names::EntryKey;
use cordial_dialects::native::wire::Scope;
use cordial_engine::Engine;
use cordial_engine::entry::{Entry, EntryId, Kind};
use cordial_engine::id::{AgentId, DeviceId, QueueId, TeamId, TenantId, UserId};
use cordial_engine::view::{CallPhase, CallView};
use cordial_store::Within;

use super::scene::parties;

/// How far somebody sees. Looked up anew for each request, so that a change of rights holds at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    /// Sees everything of the tenant.
    whole: bool,
    user: Option<UserId>,
    /// The agent of his own user.
    own: Option<AgentId>,
    /// Whose agents he supervises.
    teams: Bound<TeamId>,
    /// Which queues he manages.
    queues: Bound<QueueId>,
}

/// Some of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Bound<K> {
    All,
    These(BTreeSet<K>),
}

impl<K: Ord> Bound<K> {
    const NONE: Self = Self::These(BTreeSet::new());

    fn of(these: Option<BTreeSet<K>>) -> Self {
        these.map_or(Self::All, Self::These)
    }

    fn has(&self, key: &K) -> bool {
        match self {
            Self::All => true,
            Self::These(these) => these.contains(key),
        }
    }
}

impl Sight {
    /// Everything: of what the server itself looks up.
    pub(super) const WHOLE: Self =
        Self { whole: true, user: None, own: None, teams: Bound::All, queues: Bound::All };

    /// How far a token with these scopes sees, which stands for that user or for none.
    pub(super) fn of(
        engine: &Engine,
        tenant: TenantId,
        user: Option<UserId>,
        scopes: &BTreeSet<Scope>,
    ) -> Self {
        let has = |scope| scopes.contains(&scope);
        let Some(user) = user else { return Self::WHOLE };
        let own = engine.agent_of_user(tenant, user);
        if has(Scope::Admin) {
            return Self { user: Some(user), own, ..Self::WHOLE };
        }
        let Some(Entry::User(entry)) = engine.entry(tenant, EntryId::User(user)) else {
            return Self { whole: false, user: None, own: None, teams: Bound::NONE, queues: Bound::NONE };
        };
        // Who may do nothing but look looks at what he would supervise.
        let looks_only = !has(Scope::Agent) && !has(Scope::Manage);
        let teams = if has(Scope::Supervise) || looks_only { Bound::of(entry.teams) } else { Bound::NONE };
        let queues = if has(Scope::Manage) { Bound::of(entry.queues) } else { Bound::NONE };
        Self { whole: teams == Bound::All, user: Some(user), own, teams, queues }
    }

    /// Whether nothing of the tenant is hidden.
    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// The agent of his own user.
    pub(super) const fn own(&self) -> Option<AgentId> {
        self.own
    }

    /// Whether he sees an entry, which is the tenant's.
    pub(super) fn sees(&self, engine: &Engine, tenant: TenantId, id: EntryId) -> bool {
        if self.whole {
            return true;
        }
        match id {
            EntryId::Agent(agent) => self.sees_agent(engine, tenant, agent),
            EntryId::Queue(queue) => self.sees_queue(engine, tenant, queue),
            EntryId::Device(device) => self.sees_device(engine, tenant, device),
            EntryId::Team(team) => {
                let own = self.own.and_then(|own| engine.team_of(tenant, own));
                self.teams.has(&team) || own == Some(team)
            }
            EntryId::User(user) => self.user == Some(user),
            EntryId::Reason(_) | EntryId::Disposition(_) | EntryId::Calendar(_) | EntryId::Skill(_) => true,
            EntryId::PhoneBook(_) => match engine.entry(tenant, id) {
                Some(Entry::PhoneBook(book)) => {
                    book.team.is_none_or(|team| self.sees(engine, tenant, EntryId::Team(team)))
                }
                Some(_) | None => false,
            },
            EntryId::Contact(_) => match engine.entry(tenant, id) {
                Some(Entry::Contact(contact)) => {
                    self.sees(engine, tenant, EntryId::PhoneBook(contact.phone_book))
                }
                Some(_) | None => false,
            },
            EntryId::Trunk(_) | EntryId::Route(_) | EntryId::BlacklistedNumber(_) => false,
        }
    }

    /// Whether an agent is his own, or one whom he supervises.
    pub(super) fn reaches(&self, engine: &Engine, tenant: TenantId, agent: AgentId) -> bool {
        self.own == Some(agent) || self.supervises(engine, tenant, agent)
    }

    /// Whether he is told when a supervisor hears an agent: of his own he is if the team says so.
    fn sees_monitoring(&self, engine: &Engine, tenant: TenantId, agent: AgentId) -> bool {
        let team = |agent| {
            let entry = engine.entry(tenant, EntryId::Team(engine.team_of(tenant, agent)?))?;
            if let Entry::Team(team) = entry { Some(team.sees_monitoring) } else { None }
        };
        self.supervises(engine, tenant, agent) || (self.own == Some(agent) && team(agent).unwrap_or_default())
    }

    /// Whether he may act on an agent who need not be his own.
    pub(super) fn supervises(&self, engine: &Engine, tenant: TenantId, agent: AgentId) -> bool {
        match &self.teams {
            Bound::All => true,
            Bound::These(teams) => engine.team_of(tenant, agent).is_some_and(|team| teams.contains(&team)),
        }
    }

    /// Whether he may change a queue.
    pub(super) fn manages(&self, queue: QueueId) -> bool {
        self.queues.has(&queue)
    }

    fn sees_agent(&self, engine: &Engine, tenant: TenantId, agent: AgentId) -> bool {
        // Who manages a queue chooses its agents from all there are; he sees them, but not their calls.
        self.queues != Bound::NONE || self.reaches(engine, tenant, agent)
    }

    fn sees_queue(&self, engine: &Engine, tenant: TenantId, queue: QueueId) -> bool {
        self.manages(queue)
            || self.own.is_some_and(|own| engine.is_assigned(own, queue))
            || engine.assigned_to(queue).any(|agent| self.supervises(engine, tenant, agent))
    }

    /// A device that is nobody's is everybody's: somebody may log in there.
    fn sees_device(&self, engine: &Engine, tenant: TenantId, device: DeviceId) -> bool {
        let Some(view) = engine.device(tenant, device) else { return false };
        let mut whose = view.agent.into_iter().chain(view.entry.owner).peekable();
        whose.peek().is_none() || whose.any(|agent| self.reaches(engine, tenant, agent))
    }

    /// Whether he sees a live call: one of an agent whom he reaches, or one that waits where he sees the queue.
    pub(super) fn sees_call(&self, engine: &Engine, tenant: TenantId, call: &CallView) -> bool {
        self.whole
            || parties(call).any(|agent| self.reaches(engine, tenant, agent))
            || match call.phase {
                CallPhase::Waiting { queue, .. } => self.sees_queue(engine, tenant, queue),
                CallPhase::Setup
                | CallPhase::Greeting
                | CallPhase::Served
                | CallPhase::Parked { .. }
                | CallPhase::Talking
                | CallPhase::WrapUp => false,
            }
    }

    /// Everything that he sees now; `None` for all of it.
    pub(super) fn horizon(&self, engine: &Engine, tenant: TenantId) -> Option<Horizon> {
        if self.whole {
            return None;
        }
        let seen = |kind| {
            let ids = engine.entry_ids(tenant, kind);
            ids.filter(|id| self.sees(engine, tenant, *id)).collect::<BTreeSet<EntryId>>()
        };
        let mut entries = BTreeSet::new();
        for kind in [
            Kind::User,
            Kind::Agent,
            Kind::Team,
            Kind::Device,
            Kind::Queue,
            Kind::Reason,
            Kind::Disposition,
            Kind::Skill,
            // Contacts come by the thousand and change nobody's rights: only who sees everything is told of them.
            Kind::PhoneBook,
        ] {
            entries.extend(seen(kind));
        }
        let agents = engine.entry_ids(tenant, Kind::Agent).filter_map(AgentId::of);
        let reached = agents.filter(|agent| self.reaches(engine, tenant, *agent)).collect();
        let agents = engine.entry_ids(tenant, Kind::Agent).filter_map(AgentId::of);
        let watched = agents.filter(|agent| self.sees_monitoring(engine, tenant, *agent)).collect();
        let queues = engine.entry_ids(tenant, Kind::Queue).filter_map(QueueId::of);
        let managed = queues.filter(|queue| self.manages(*queue)).collect();
        Some(Horizon { entries, reached, watched, managed })
    }
}

/// What a [`Sight`] came to at one instant, for what is asked of the store and for streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Horizon {
    /// Everything of the directory that is seen.
    pub(super) entries: BTreeSet<EntryId>,
    /// The agents whose calls are seen.
    pub(super) reached: BTreeSet<AgentId>,
    /// The agents of whom it is seen that a supervisor hears them.
    pub(super) watched: BTreeSet<AgentId>,
    /// The queues whose calls are seen whoever took them.
    pub(super) managed: BTreeSet<QueueId>,
}

impl Horizon {
    /// The records of calls that are seen.
    pub(super) fn within(&self) -> Within {
        Within { agents: self.reached.clone(), queues: self.managed.clone() }
    }
}
