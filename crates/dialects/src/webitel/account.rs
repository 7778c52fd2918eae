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
        let domain = engine.tenant(tenant)?.domain;
        Self::named(engine, tenant, local_name(name, &domain)?, now)
    }

    fn named(engine: &Engine, tenant: TenantId, name: &str, now: Now) -> Option<Self> {
        let keys = Keys::of(engine, tenant, name)?;
        let floor = Floor::around(engine, tenant, keys.agent, keys.device, now);
        Some(Self::on(engine, tenant, &floor, keys))
    }

    /// The account of a login.
    #[must_use]
    pub fn of_user(engine: &Engine, tenant: TenantId, user: UserId, now: Now) -> Option<Self> {
        let Some(Entry::User(entry)) = engine.entry(tenant, EntryId::User(user)) else {
            return None;
        };
        Self::named(engine, tenant, entry.name.as_str(), now)
    }

    /// All accounts of a tenant, by name.
    #[must_use]
    pub fn all(engine: &Engine, tenant: TenantId, now: Now) -> Vec<Self> {
        let floor = Floor::of(engine, tenant, now);
        let mut names: BTreeSet<&str> = floor.users.values().map(String::as_str).collect();
        names.extend(floor.agents.values().map(|seat| seat.name.as_str()));
        names.extend(floor.devices.values().map(|desk| desk.number.as_str()));
        let keys = names.into_iter().filter_map(|name| Keys::of(engine, tenant, name));
        keys.map(|keys| Self::on(engine, tenant, &floor, keys)).collect()
    }

    fn on(engine: &Engine, tenant: TenantId, floor: &Floor, keys: Keys) -> Self {
        let Keys { name, user, agent, device } = keys;
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
                | Entry::Skill(_)
                | Entry::PhoneBook(_)
                | Entry::Contact(_)
                | Entry::BlacklistedNumber(_)
                | Entry::Calendar(_),
            )
            | None => BTreeSet::new(),
        };
        Self {
            id: name,
            domain: floor.domain.clone(),
            user,
            roles,
            agent,
            device,
            state: device.and_then(|device| floor.device_state(device)).unwrap_or(DeviceState::Unregistered),
            axes: agent.and_then(|agent| floor.axes(agent)),
            description: agent.map(|agent| floor.note(agent).to_owned()).unwrap_or_default(),
        }
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

/// What an account is put together from.
struct Keys {
    name: String,
    user: Option<UserId>,
    agent: Option<AgentId>,
    device: Option<DeviceId>,
}

impl Keys {
    /// What has this name; `None` when nothing has.
    fn of(engine: &Engine, tenant: TenantId, name: &str) -> Option<Self> {
        let find = |kind| engine.find_by_name(tenant, kind, name);
        let user = find(Kind::User).and_then(UserId::of);
        // The agent that the login acts as comes before a namesake.
        let acts_as = user.and_then(|user| engine.agent_of_user(tenant, user));
        let agent = acts_as.or_else(|| find(Kind::Agent).and_then(AgentId::of));
        let used = agent.and_then(|agent| engine.agent(tenant, agent)?.login).map(|login| login.device);
        let device = used.or_else(|| find(Kind::Device).and_then(DeviceId::of));
        let some = user.is_some() || agent.is_some() || device.is_some();
        some.then(|| Self { name: name.to_owned(), user, agent, device })
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
