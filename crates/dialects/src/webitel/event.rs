//! Events of accounts and agents, with the headers that Webitel's documents name.

use cordial_engine::agent::DeviceState;
use cordial_engine::id::{AgentId, DeviceId};
use cordial_engine::{Event, Fact};
use serde_json::{Map, Value};

use super::status::{self, Axes, Columns, FsState, FsStatus, console};
use crate::event_socket::event::{Told, callcenter};
use crate::event_socket::full_name;
use crate::floor::{Applied, Floor, Seat};

/// One event on its way to sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Its name, by which it is subscribed to.
    pub name: String,
    /// Whose it is: the local name of the account, when it is one account's.
    pub account: Option<String>,
    /// The headers.
    pub headers: Map<String, Value>,
}

impl Happened {
    /// Something about one account.
    #[must_use]
    pub fn about(name: &str, account: &str) -> Self {
        Self { name: name.to_owned(), account: Some(account.to_owned()), headers: Map::new() }
            .with("Event-Name", name)
            .with("webitel-event-name", if name.starts_with("CC_") { "agent" } else { "account" })
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), Value::String(value.into()));
        self
    }
}

/// What is told of one of our events, brought onto the floor already. `online` says who has a socket open.
#[must_use]
pub fn told(floor: &Floor, event: &Event, applied: &Applied, online: impl Fn(&str) -> bool) -> Vec<Happened> {
    let mut all = Vec::new();
    if let Some(device) = applied.device {
        all.extend(user_state(floor, device));
    }
    if let Some(agent) = spoken_of(event, applied) {
        all.extend(account_status(floor, agent, &online));
    }
    if let Some(change) = &applied.agent {
        all.extend(agent_changes(floor, change.agent, &change.before, &change.after));
    }
    all.extend(comings_and_goings(floor, event, applied));
    let call_centre = callcenter(floor, event, applied.agent.as_ref());
    all.extend(call_centre.into_iter().map(|told| of_call_centre(floor, told)));
    all
}

/// The agent whose account's event is due: the axes changed, or what he wrote beside his status did, or his phone.
fn spoken_of(event: &Event, applied: &Applied) -> Option<AgentId> {
    // Sessions of who has moved learn of it so, though his status is what it was.
    if let Fact::AgentNotReady { agent, .. } | Fact::AgentLoggedIn { agent, moved_from: Some(_), .. } =
        &event.fact
    {
        return Some(*agent);
    }
    let shown = |axes: &Axes| (status::status(axes), status::columns(axes), axes.device);
    let change = applied.agent.as_ref().filter(|change| shown(&change.before) != shown(&change.after));
    change.map(|change| change.agent)
}

fn user_state(floor: &Floor, device: DeviceId) -> Option<Happened> {
    let desk = floor.devices.get(&device)?;
    let state = status::device_state(floor.device_state(device)?);
    let happened = Happened::about("USER_STATE", &desk.number)
        .with("User-ID", desk.number.clone())
        .with("User-Domain", floor.domain.clone())
        .with("User-State", state)
        .with("presence_id", full_name(&desk.number, &floor.domain));
    Some(happened)
}

/// `webitel::account_status`.
fn account_status(floor: &Floor, agent: AgentId, online: &impl Fn(&str) -> bool) -> Option<Happened> {
    let seat = floor.agents.get(&agent)?;
    let axes = floor.axes(agent)?;
    let Columns { status, state } = status::columns(&axes);
    let happened = Happened::about("ACCOUNT_STATUS", &seat.name)
        .with("Event-Subclass", "webitel::account_status")
        .with("Account-User", seat.name.clone())
        .with("Account-User-State", status::device_state(phone_state(floor, seat)))
        .with("Account-Role", "user")
        .with("Account-Domain", floor.domain.clone())
        .with("Account-Scheme", "")
        .with("Account-Status", status::status(&axes).wire())
        .with("Account-Status-Descript", floor.note(agent))
        .with("Account-Online", online(&seat.name).to_string())
        .with("Account-Skills", "")
        .with("Account-Agent-State", state.map_or("", FsState::name))
        .with("Account-Agent-Status", status.map_or("", FsStatus::name))
        .with("presence_id", full_name(&seat.name, &floor.domain));
    Some(happened)
}

/// The state of an account's phone: the one in use, else the namesake.
fn phone_state(floor: &Floor, seat: &Seat) -> DeviceState {
    floor.phone_of(seat).and_then(|device| floor.device_state(device)).unwrap_or(DeviceState::Unregistered)
}

fn agent_changes(floor: &Floor, agent: AgentId, before: &Axes, after: &Axes) -> Vec<Happened> {
    let Some(seat) = floor.agents.get(&agent) else {
        return Vec::new();
    };
    let name = full_name(&seat.name, &floor.domain);
    let ((status, state), (next_status, next_state)) = (console(before), console(after));
    let mut all = Vec::new();
    if status != next_status {
        let happened = Happened::about("CC_AGENT_STATUS", &seat.name).with("CC-Agent", name.clone());
        all.push(happened.with("CC-Agent-Status", next_status.name()));
    }
    if state != next_state {
        let happened = Happened::about("CC_AGENT_STATE", &seat.name).with("CC-Agent", name);
        all.push(happened.with("CC-Agent-State", next_state.name()));
    }
    all
}

fn comings_and_goings(floor: &Floor, event: &Event, applied: &Applied) -> Option<Happened> {
    let about = |name, user: &str| {
        Happened::about(name, user)
            .with("User-ID", user)
            .with("User-Domain", floor.domain.clone())
            .with("User-State", "NONREG")
    };
    if let Fact::EntryAdded { entry: cordial_engine::Entry::User(user), .. } = &event.fact {
        return Some(about("USER_CREATE", user.name.as_str()));
    }
    applied.gone.as_ref().map(|user| about("USER_DESTROY", user))
}

/// An event of the call centre, as Webitel passes it on: its name is the action's.
fn of_call_centre(floor: &Floor, told: Told) -> Happened {
    let action = told.header("CC-Action").unwrap_or_default().to_ascii_uppercase();
    let name = format!("CC::{action}");
    let account =
        told.header("CC-Agent").and_then(|agent| crate::event_socket::local_name(agent, &floor.domain));
    let account = account.map(str::to_owned);
    let mut headers: Map<String, Value> =
        told.headers.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
    headers.insert("Event-Name".to_owned(), Value::String(name.clone()));
    headers.insert("webitel-event-name".to_owned(), Value::String("server".to_owned()));
    Happened { name, account, headers }
}
