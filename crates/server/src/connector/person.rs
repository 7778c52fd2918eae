//! Who a login is: whom it acts as, and whom it supervises.

use std::collections::BTreeSet;

use cordial_dialects::connector::event::{AgentState, AgentWord, Event};
use cordial_dialects::connector::info::Info;
use cordial_engine::Engine;
use cordial_engine::entry::{Entry, EntryId, Kind, Role};
use cordial_engine::id::{AgentId, QueueId, TeamId, TenantId, UserId};

/// A login as the engine knew it when it was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) user: UserId,
    /// The user's name.
    pub(super) login: String,
    /// Whom the user acts as.
    pub(super) agent: Option<AgentId>,
    /// The agent's name, or the user's.
    pub(super) full_name: String,
    /// The agent's own team first, then those that are supervised, with their names.
    pub(super) teams: Vec<(TeamId, String)>,
    reach: Reach,
    /// Whose counts he sees; all when absent.
    queues: Option<BTreeSet<QueueId>>,
    /// In Finesse's words.
    wrap_up_mode: &'static str,
}

/// Whose agents somebody supervises.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reach {
    Nobody,
    Teams(BTreeSet<TeamId>),
    Everybody,
}

impl Person {
    /// Looks a user up.
    pub(super) fn of(engine: &Engine, tenant: TenantId, user: UserId) -> Option<Self> {
        let Entry::User(entry) = engine.entry(tenant, EntryId::User(user))? else { return None };
        let agent = engine.agent_of_user(tenant, user);
        let seat = agent.and_then(|agent| {
            let Entry::Agent(seat) = engine.entry(tenant, EntryId::Agent(agent))? else { return None };
            Some(seat)
        });
        let reach = match (entry.roles.contains(&Role::Supervisor), entry.teams) {
            (false, _) => Reach::Nobody,
            (true, Some(teams)) => Reach::Teams(teams),
            (true, None) => Reach::Everybody,
        };
        let own = seat.as_ref().and_then(|seat| seat.team);
        let mut ids: Vec<TeamId> = own.into_iter().collect();
        ids.extend(reach.teams(engine, tenant).into_iter().filter(|team| Some(*team) != own));
        let named = |id: TeamId| {
            let Entry::Team(team) = engine.entry(tenant, EntryId::Team(id))? else { return None };
            Some((id, team.name.to_string()))
        };
        Some(Self {
            user,
            login: entry.name.to_string(),
            agent,
            full_name: seat.as_ref().map_or(&entry.name, |seat| &seat.name).to_string(),
            teams: ids.into_iter().filter_map(named).collect(),
            reach,
            queues: entry.queues,
            wrap_up_mode: match (agent, seat.and_then(|seat| seat.wrap_up_ms)) {
                (Some(_), Some(own)) => mode(own),
                (Some(agent), None) => mode(longest_wrap_up(engine, tenant, agent)),
                (None, _) => mode(0),
            },
        })
    }

    /// Whether he is another when that entry is.
    pub(super) fn is_made_of(&self, id: EntryId) -> bool {
        let is_his = |team| self.reach == Reach::Everybody || self.teams.iter().any(|(own, _)| *own == team);
        EntryId::User(self.user) == id
            || self.agent.map(EntryId::Agent) == Some(id)
            || matches!(id, EntryId::Team(team) if is_his(team))
    }

    /// Whether he supervises anybody.
    pub(super) fn supervises(&self) -> bool {
        self.reach != Reach::Nobody
    }

    /// Whether he supervises the agents of a team, or those of none.
    pub(super) fn reaches(&self, team: Option<TeamId>) -> bool {
        match (&self.reach, team) {
            (Reach::Nobody, _) | (Reach::Teams(_), None) => false,
            (Reach::Teams(teams), Some(team)) => teams.contains(&team),
            (Reach::Everybody, _) => true,
        }
    }

    /// Whether he sees what is a team's, or everybody's.
    pub(super) fn sees_of(&self, team: Option<TeamId>) -> bool {
        team.is_none_or(|team| self.teams.iter().any(|(own, _)| *own == team))
    }

    /// Whether he sees a queue's counts.
    pub(super) fn sees(&self, queue: QueueId) -> bool {
        self.queues.as_ref().is_none_or(|queues| queues.contains(&queue))
    }

    /// What is told of him when he has logged in: the teams follow for supervisors.
    pub(super) fn told(&self) -> Vec<Event> {
        let (first, last) = self.full_name.split_once(' ').unwrap_or((&self.full_name, ""));
        let teams: Vec<(String, String)> =
            self.teams.iter().map(|(id, name)| (id.0.to_string(), name.clone())).collect();
        let (ids, names) = teams.iter().cloned().unzip();
        let agent = Info::Agent {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            is_supervisor: self.supervises(),
            wrap_up_mode: self.wrap_up_mode.to_owned(),
            teams,
        };
        let all = if self.supervises() {
            vec![agent, Info::TeamIds(ids), Info::TeamNames(names)]
        } else {
            vec![agent]
        };
        all.into_iter().map(Event::Info).collect()
    }

    /// That he is this, of whom there is nothing else to say.
    pub(super) fn is(&self, state: AgentWord) -> AgentState {
        AgentState {
            state,
            login: self.login.clone(),
            full_name: self.full_name.clone(),
            extension: String::new(),
            reason_code: String::new(),
            reason_label: String::new(),
            pending: None,
            since: String::new(),
        }
    }
}

impl Reach {
    fn teams(&self, engine: &Engine, tenant: TenantId) -> Vec<TeamId> {
        match self {
            Self::Nobody => Vec::new(),
            Self::Teams(teams) => teams.iter().copied().collect(),
            Self::Everybody => {
                let all = engine.entry_ids(tenant, Kind::Team);
                all.filter_map(|id| if let EntryId::Team(team) = id { Some(team) } else { None }).collect()
            }
        }
    }
}

/// Finesse's word for what follows a call: time for wrap-up comes by itself, or not at all.
const fn mode(wrap_up_ms: u64) -> &'static str {
    if wrap_up_ms > 0 { "REQUIRED" } else { "NOT_ALLOWED" }
}

fn longest_wrap_up(engine: &Engine, tenant: TenantId, agent: AgentId) -> u64 {
    let queues = engine.entries(tenant, Kind::Queue).into_iter();
    let own = queues.filter_map(|(id, _, entry)| {
        let (EntryId::Queue(id), Entry::Queue(queue)) = (id, entry) else { return None };
        engine.is_assigned(agent, id).then_some(queue.wrap_up_ms)
    });
    own.max().unwrap_or_default()
}
