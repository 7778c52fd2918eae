//! Accounts: the user, the agent and the device of one name, as one thing.

use std::collections::BTreeSet;

use cordial_engine::agent::DeviceState;
use cordial_engine::entry::{Entry, EntryId, Role};
use cordial_engine::id::{AgentId, DeviceId, TenantId, UserId};
use cordial_engine::{Engine, Now};
use serde_json::{Map, Value, json};

use super::status::{self, Axes, Columns, FsState, FsStatus, Status};
use crate::event_socket::{full_name, local_name};
use crate::floor::Floor;
use crate::names::EntryKey as _;
use cordial_engine::Kind;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name within the domain.
    pub id: String,
    /// The domain.
    pub domain: String,
    /// The login.
    pub user: Option<UserId>,
    /// What the login may do.
    pub roles: BTreeSet<Role>,
    /// The person who takes calls.
    pub agent: Option<AgentId>,
    /// The phone.
    pub device: Option<DeviceId>,
    /// The state of the phone.
    pub state: DeviceState,
    /// The agent on the axes of the table.
    pub axes: Option<Axes>,
    /// The description beside the status.
    pub description: String,
}

impl Account {
    /// The account of that name, with or without its domain.
    #[must_use]
    pub fn find(engine: &Engine, tenant: TenantId, name: &str, now: Now) -> Option<Self> {
        let floor = Floor::of(engine, tenant, now);
        let local = local_name(name, &floor.domain)?.to_owned();
        Self::of(engine, tenant, &floor, &local)
    }

    /// The account of a login.
    #[must_use]
    pub fn of_user(engine: &Engine, tenant: TenantId, user: UserId, now: Now) -> Option<Self> {
        let Some(Entry::User(entry)) = engine.entry(tenant, EntryId::User(user)) else {
            return None;
        };
        let floor = Floor::of(engine, tenant, now);
        Self::of(engine, tenant, &floor, entry.name.as_str())
    }

    /// All accounts of a tenant, by name.
    #[must_use]
    pub fn all(engine: &Engine, tenant: TenantId, now: Now) -> Vec<Self> {
        let floor = Floor::of(engine, tenant, now);
        let mut names: BTreeSet<String> = floor.users.values().cloned().collect();
        names.extend(floor.agents.values().map(|seat| seat.name.clone()));
        names.extend(floor.devices.values().map(|desk| desk.number.clone()));
        names.iter().filter_map(|name| Self::of(engine, tenant, &floor, name)).collect()
    }

    fn of(engine: &Engine, tenant: TenantId, floor: &Floor, name: &str) -> Option<Self> {
        let find = |kind| engine.find_by_name(tenant, kind, name);
        let user = find(Kind::User).and_then(UserId::of);
        // The agent that the login acts as comes before a namesake.
        let acts_as = user.and_then(|user| engine.agent_of_user(tenant, user));
        let agent = acts_as.or_else(|| find(Kind::Agent).and_then(AgentId::of));
        let logged_in = agent.and_then(|agent| floor.agents.get(&agent)).and_then(|seat| seat.device);
        let device = logged_in.or_else(|| find(Kind::Device).and_then(DeviceId::of));
        if user.is_none() && agent.is_none() && device.is_none() {
            return None;
        }
        let roles = match user.and_then(|user| engine.entry(tenant, EntryId::User(user))) {
            Some(Entry::User(entry)) => entry.roles,
            Some(
                Entry::Agent(_)
                | Entry::Team(_)
                | Entry::Device(_)
                | Entry::Trunk(_)
                | Entry::Queue(_)
                | Entry::Route(_)
                | Entry::Reason(_)
                | Entry::Disposition(_)
                | Entry::Calendar(_),
            )
            | None => BTreeSet::new(),
        };
        Some(Self {
            id: name.to_owned(),
            domain: floor.domain.clone(),
            user,
            roles,
            agent,
            device,
            state: device.and_then(|device| floor.device_state(device)).unwrap_or(DeviceState::Unregistered),
            axes: agent.and_then(|agent| floor.axes(agent)),
            description: agent.map(|agent| floor.note(agent).to_owned()).unwrap_or_default(),
        })
    }

    /// The name with its domain.
    #[must_use]
    pub fn full_name(&self) -> String {
        full_name(&self.id, &self.domain)
    }

    /// The status of the table; who takes no calls has none, and is shown as logged out.
    #[must_use]
    pub fn status(&self) -> Status {
        self.axes.as_ref().map_or(Status::LogOut, status::status)
    }

    /// The FreeSWITCH columns as Webitel shows them.
    #[must_use]
    pub fn columns(&self) -> Columns {
        self.axes.as_ref().map_or(Columns { status: Some(FsStatus::LoggedOut), state: None }, status::columns)
    }

    /// The role's name: what the login may do at most.
    #[must_use]
    pub fn role(&self) -> &'static str {
        role_name(&self.roles)
    }

    /// What is shown to people: the description if there is one, else the status unless it is none, else the state.
    #[must_use]
    pub fn shown(&self) -> &str {
        match (self.description.as_str(), self.status()) {
            ("", Status::Available) => status::device_state(self.state),
            ("", status) => status.wire(),
            (description, _) => description,
        }
    }

    /// As `/api/v2/accounts` lists it.
    #[must_use]
    pub fn json(&self, online: bool) -> Value {
        let Columns { status, state } = self.columns();
        json!({
            "id": self.id,
            "domain": self.domain,
            "scheme": "",
            "role": self.role(),
            "online": online,
            "state": status::device_state(self.state).to_ascii_lowercase(),
            "status": self.status().wire(),
            "status_name": self.status().name(),
            "description": self.description,
            "shown": self.shown(),
            "agent": self.agent.is_some(),
            "cc_agent_status": status.map_or("", FsStatus::name),
            "cc_agent_state": state.map_or("", FsState::name),
        })
    }

    /// As `whoami` and `auth` tell it.
    #[must_use]
    pub fn me(&self) -> Map<String, Value> {
        let Columns { status, state } = self.columns();
        let me = json!({
            "id": self.full_name(),
            "domain": self.domain,
            "roleName": self.role(),
            "state": status::device_state(self.state),
            "status": self.status().wire(),
            "description": self.description,
            "cc-agent": self.agent.is_some(),
            "cc-agent-status": status.map_or("", FsStatus::name),
            "cc-agent-state": state.map_or("", FsState::name),
            "acl": acl(&self.roles),
        });
        me.as_object().cloned().unwrap_or_default()
    }
}

/// The name of what somebody may do at most.
#[must_use]
pub fn role_name(roles: &BTreeSet<Role>) -> &'static str {
    if roles.contains(&Role::Administrator) {
        "admin"
    } else if roles.contains(&Role::Supervisor) {
        "supervisor"
    } else {
        "user"
    }
}

/// What the roles allow, resource by resource: `r` to read, `c`, `u`, `d` to change, `ro`, `uo` for one's own.
#[must_use]
pub fn acl(roles: &BTreeSet<Role>) -> Value {
    let (admin, supervisor) = (roles.contains(&Role::Administrator), roles.contains(&Role::Supervisor));
    let rights = |all: &[&str], some: &[&str], own: &[&str]| {
        if admin {
            json!(all)
        } else if supervisor {
            json!(some)
        } else {
            json!(own)
        }
    };
    json!({
        "account": rights(&["c", "r", "u", "d"], &["r", "u"], &["ro", "uo"]),
        "cc/queue": rights(&["c", "r", "u", "d"], &["r"], &["r"]),
        "cc/tiers": rights(&["c", "r", "u", "d"], &["r"], &["ro"]),
        "cc/members": rights(&["r"], &["r"], &["r"]),
    })
}
