//! `/api/v2/accounts`: listing, making, changing and removing accounts; REST and WebSocket share the deeds.

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::{self, Path};
use axum::routing::get;
use axum::{Json, Router};
use cordial_dialects::native::wire::Scope;
use cordial_dialects::webitel::account::Account;
use cordial_dialects::webitel::socket::status_and_description;
use cordial_dialects::webitel::status::Status;
use cordial_dialects::webitel::wish::Wish;
use cordial_engine::command::Note;
use cordial_engine::entry::{self, Entry, EntryId, Name, Role};
use cordial_engine::id::{AgentId, UserId};
use cordial_engine::text::Number;
use cordial_engine::{Answer as Granted, Command};
use cordial_store::{DeviceSecret, Owner};
use serde_json::{Map, Value, json};

use super::{Answer, Entered, No, State, needed, object, ok, own_account, text};
use crate::callcenter::Desk;
use crate::http::Caller;
use crate::http::wall;

pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v2/accounts", get(list).post(create))
        .route("/api/v2/accounts/{id}", get(show).put(change).delete(remove))
}

async fn list(extract::State(state): extract::State<State>, Entered(caller): Entered) -> Answer {
    let data = listed(&state, &caller).await?;
    Ok(Json(json!({ "status": "OK", "data": data })))
}

async fn create(
    extract::State(state): extract::State<State>,
    Entered(caller): Entered,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    made(&state, &caller, &body).await.map(|info| ok(&info))
}

async fn show(
    extract::State(state): extract::State<State>,
    Entered(caller): Entered,
    Path(id): Path<String>,
) -> Answer {
    let account = seen(&state, &caller, &id).await?;
    let online = state.online.count(caller.tenant, &account.id) > 0;
    Ok(Json(json!({ "status": "OK", "data": account.json(online) })))
}

async fn change(
    extract::State(state): extract::State<State>,
    Entered(caller): Entered,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let account = seen(&state, &caller, &id).await?;
    let mut done = false;
    if let Some(status) = text(&body, &["status"])? {
        let description = text(&body, &["description", "status_desc"])?;
        set_status(&state, &caller, &account, &status, description).await?;
        done = true;
    }
    if let Some(password) = text(&body, &["password"])? {
        set_password(&state, &caller, &account, &password).await?;
        done = true;
    }
    if let Some(role) = text(&body, &["role"])? {
        set_role(&state, &caller, &account, &role).await?;
        done = true;
    }
    if !done {
        return Err(No::new(400, "status, password or role is required"));
    }
    let account = seen(&state, &caller, &id).await?;
    let online = state.online.count(caller.tenant, &account.id) > 0;
    Ok(ok(&account.json(online)))
}

async fn remove(
    extract::State(state): extract::State<State>,
    Entered(caller): Entered,
    Path(id): Path<String>,
) -> Answer {
    removed(&state, &caller, &id).await.map(|()| ok(&json!("removed")))
}

/// Whether somebody may look at others than himself.
pub(super) fn sees_all(caller: &Caller) -> bool {
    caller.scopes.contains(&Scope::Supervise) || caller.scopes.contains(&Scope::Admin)
}

/// The caller's own agent.
pub(super) async fn own_agent(state: &State, caller: &Caller) -> Result<Option<AgentId>, No> {
    let (tenant, user) = (caller.tenant, caller.user);
    Ok(state.handle().read(move |engine, _| engine.agent_of_user(tenant, user?)).await?)
}

/// The agent, if he is the caller's to see; what one may not see is answered as what is not there.
pub(super) async fn seen_agent(state: &State, caller: &Caller, agent: AgentId) -> Result<AgentId, No> {
    let tenant = caller.tenant;
    let there = state.handle().read(move |engine, _| engine.agent(tenant, agent).is_some()).await?;
    let seen = there && (sees_all(caller) || own_agent(state, caller).await? == Some(agent));
    if seen { Ok(agent) } else { Err(no_agent()) }
}

pub(super) fn no_agent() -> No {
    No::new(404, "agent not found!")
}

/// All accounts that the caller may see, by name.
pub(super) async fn listed(state: &State, caller: &Caller) -> Result<Value, No> {
    let tenant = caller.tenant;
    let all = if sees_all(caller) {
        state.handle().read(move |engine, now| Account::all(engine, tenant, now)).await?
    } else {
        own_account(state, caller).await?.into_iter().collect()
    };
    let told = |account: Account| {
        let online = state.online.count(tenant, &account.id) > 0;
        (account.id.clone(), account.json(online))
    };
    Ok(Value::Object(all.into_iter().map(told).collect()))
}

/// An account that the caller may see.
pub(super) async fn seen(state: &State, caller: &Caller, name: &str) -> Result<Account, No> {
    let missing = || No::new(404, "account not found!");
    let (tenant, asked) = (caller.tenant, name.to_owned());
    let found = state.handle().read(move |engine, now| Account::find(engine, tenant, &asked, now)).await?;
    let found = found.ok_or_else(missing)?;
    if sees_all(caller) {
        return Ok(found);
    }
    // What one may not see is answered as what is not there.
    let own = own_account(state, caller).await?;
    if own.is_some_and(|own| own.id == found.id) { Ok(found) } else { Err(missing()) }
}

/// Brings an account into a status.
pub(super) async fn set_status(
    state: &State,
    caller: &Caller,
    account: &Account,
    status: &str,
    description: Option<String>,
) -> Result<(), No> {
    let (status, description) = status_and_description(status, description);
    let unknown = || No::new(400, format!("status {status:?} is not known"));
    let status = Status::parse(&status).ok_or_else(unknown)?;
    let refused = |why: &dyn std::fmt::Display| No::new(400, format!("{}: {why}", status.name()));
    let wish = Wish::of(status, &description).map_err(|why| refused(&why))?;
    let note = Note::parse(&description).map_err(|why| refused(&format!("description {why}")))?;
    let agent = account.agent.ok_or_else(|| No::new(400, "the account takes no calls"))?;
    let desk = Desk { handle: state.handle(), caller };
    desk.may_act_on(agent).await?;
    Ok(desk.grant(agent, &wish, note).await?)
}

/// Makes a user, a device and an agent of one name.
pub(super) async fn made(state: &State, caller: &Caller, body: &Map<String, Value>) -> Result<Value, No> {
    let desk = Desk { handle: state.handle(), caller };
    desk.need(Scope::Admin)?;
    let name = needed(body, &["login", "name", "user"])?;
    let name = name.split('@').next().unwrap_or_default().to_owned();
    let password = text(body, &["password"])?;
    let role = role(text(body, &["role"])?.as_deref().unwrap_or("user"))?;
    let wrong = |why: &dyn std::fmt::Display| No::new(400, format!("login {why}"));
    let number = Number::parse(&name).map_err(|why| wrong(&why))?;
    let name = Name::parse_some(&name).map_err(|why| wrong(&why))?;
    let user =
        Entry::User(entry::User { name: name.clone(), roles: [role].into(), teams: None, queues: None });
    let user = added(&desk, user).await?;
    let device = entry::Device::numbered(number, name.clone());
    let device = match added(&desk, Entry::Device(device)).await {
        Ok(device) => device,
        Err(no) => return Err(undone(&desk, &[user], no).await),
    };
    let EntryId::User(login) = user else {
        return Err(No::new(500, "a user is no user"));
    };
    let agent = entry::Agent { user: Some(login), ..entry::Agent::named(name.clone()) };
    let agent = match added(&desk, Entry::Agent(agent)).await {
        Ok(agent) => agent,
        Err(no) => return Err(undone(&desk, &[device, user], no).await),
    };
    let secrets = async {
        if let Some(password) = &password {
            state.handle().store().set_password(login, password, wall()).await?;
        }
        sip_secret(state, caller, device, name.as_str()).await
    };
    match secrets.await {
        Ok(sip) => Ok(json!({ "id": name.as_str(), "sip": sip })),
        Err(no) => Err(undone(&desk, &[agent, device, user], no).await),
    }
}

/// A secret for the device, shown this once.
async fn sip_secret(state: &State, caller: &Caller, device: EntryId, username: &str) -> Result<Value, No> {
    let EntryId::Device(device) = device else {
        return Err(No::new(500, "a device is no device"));
    };
    let tenant = caller.tenant;
    let view = state.handle().read(move |engine, _| engine.tenant(tenant)).await?;
    let realm = view.map(|view| view.domain).unwrap_or_default();
    let password = DeviceSecret::new_password()?;
    let secret = DeviceSecret::derive(username, &realm, &password);
    state.handle().set_device_secret(device, Some(secret)).await?;
    Ok(json!({ "username": username, "realm": realm, "password": password }))
}

async fn added(desk: &Desk<'_>, entry: Entry) -> Result<EntryId, No> {
    match desk.ask(Command::Add(entry)).await? {
        Granted::Added(id, _) => Ok(id),
        Granted::Done
        | Granted::Pending
        | Granted::Tenant(..)
        | Granted::Call(..)
        | Granted::Arrived(..)
        | Granted::Parked(_) => Err(No::new(500, "the engine answered what was not asked")),
    }
}

/// Takes back what was made before the rest was refused.
async fn undone(desk: &Desk<'_>, made: &[EntryId], why: No) -> No {
    for id in made {
        if desk.ask(Command::Remove(*id)).await.is_err() {
            tracing::warn!(?id, "half an account is left over");
        }
    }
    why
}

/// Removes what an account is made of: the agent first, who names the others.
pub(super) async fn removed(state: &State, caller: &Caller, name: &str) -> Result<(), No> {
    let desk = Desk { handle: state.handle(), caller };
    desk.need(Scope::Admin)?;
    let account = seen(state, caller, name).await?;
    if let Some(agent) = account.agent {
        // Whoever is in a call leaves after it, and his account stays until then.
        desk.grant(agent, &Wish::LogOut, Note::default()).await?;
    }
    let parts = [
        account.agent.map(EntryId::Agent),
        account.device.map(EntryId::Device),
        account.user.map(EntryId::User),
    ];
    for part in parts.into_iter().flatten() {
        desk.ask(Command::Remove(part)).await?;
    }
    if let Some(device) = account.device {
        state.handle().set_device_secret(device, None).await?;
    }
    if let Some(user) = account.user {
        state.handle().store().remove_password(user).await?;
        end_log_ins(state, caller, user).await?;
    }
    Ok(())
}

pub(super) async fn set_password(
    state: &State,
    caller: &Caller,
    account: &Account,
    password: &str,
) -> Result<(), No> {
    Desk { handle: state.handle(), caller }.need(Scope::Admin)?;
    let user = account.user.ok_or_else(|| No::new(400, "the account has no login"))?;
    state.handle().store().set_password(user, password, wall()).await?;
    end_log_ins(state, caller, user).await
}

async fn set_role(state: &State, caller: &Caller, account: &Account, to: &str) -> Result<(), No> {
    let desk = Desk { handle: state.handle(), caller };
    desk.need(Scope::Admin)?;
    let user = account.user.ok_or_else(|| No::new(400, "the account has no login"))?;
    let name = Name::parse_some(&account.id).map_err(|why| No::new(400, why.to_string()))?;
    let roles: BTreeSet<Role> = [role(to)?].into();
    let tenant = caller.tenant;
    let before = state.handle().read(move |engine, _| engine.entry(tenant, EntryId::User(user))).await?;
    let Some(Entry::User(before)) = before else { return Err(No::new(400, "the account has no login")) };
    desk.ask(Command::Change(EntryId::User(user), Entry::User(entry::User { name, roles, ..before })))
        .await?;
    end_log_ins(state, caller, user).await
}

fn role(text: &str) -> Result<Role, No> {
    match text.to_ascii_lowercase().as_str() {
        "admin" | "root" | "administrator" => Ok(Role::Administrator),
        "supervisor" => Ok(Role::Supervisor),
        "user" | "agent" => Ok(Role::Agent),
        _ => Err(No::new(400, "role must be user, supervisor or admin")),
    }
}

/// Ends every token of a user, whose password or rights are others now.
async fn end_log_ins(state: &State, caller: &Caller, user: UserId) -> Result<(), No> {
    let store = state.handle().store();
    let owner = Owner::Tenant(caller.tenant);
    for token in store.tokens(owner) {
        if token.user == Some(user) {
            store.revoke_token(owner, token.id).await?;
        }
    }
    Ok(())
}
