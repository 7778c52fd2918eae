//! The newer protocol's REST, below `/call_center`, with its token in `X-Webitel-Access` and its way of saying no. As its
//! documents have it, 64-bit numbers are texts.

use axum::body::Bytes;
use axum::extract::{self, FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use axum::{Json, Router};
use cordial_dialects::floor::Floor;
use cordial_dialects::webitel::account::Account;
use cordial_dialects::webitel::newer::{self, Act};
use cordial_engine::agent::DeviceState;
use cordial_engine::entry::{Entry, EntryId};
use cordial_engine::id::{AgentId, TenantId, UserId};
use cordial_engine::view::AgentView;
use cordial_engine::{Engine, Now};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::accounts::{no_agent, own_agent, seen_agent, sees_all};
use super::actions::Acting;
use super::{No, State, TurnedAway, enter, object, own_account, peer};
use crate::callcenter::home;
use crate::http::Caller;

/// Items of a page when nothing is said, and at most.
const PAGE: (usize, usize) = (40, 1_000);

/// What all of it lies below.
const ROOT: &str = "/call_center/";

/// Whether a path is of this protocol.
pub(super) fn serves(uri: &Uri) -> bool {
    uri.path().starts_with(ROOT)
}

pub(super) fn routes() -> Router<State> {
    let agents = format!("{ROOT}agents");
    Router::new()
        .route(&agents, get(list))
        .route(&format!("{agents}/{{id}}"), get(show))
        .route(&format!("{agents}/{{id}}/status"), patch(set_status))
        .route(&format!("{agents}/{{id}}/states/waiting"), patch(set_waiting))
        .route(&format!("{agents}/{{id}}/pause_causes"), get(pause_causes))
        .route(&format!("{ROOT}users"), get(users))
}

/// A no in the newer form.
pub(super) struct Fault(pub(super) No);

impl<T: Into<No>> From<T> for Fault {
    fn from(no: T) -> Self {
        Self(no.into())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let Self(No { status, info }) = self;
        let detail = info.trim_start_matches("-ERR ");
        let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (code, Json(newer::fault(status, "app.request.refused", detail))).into_response()
    }
}

type Answer = Result<Json<Value>, Fault>;

/// Who asks, by `X-Webitel-Access`.
struct Session(Caller);

impl FromRequestParts<State> for Session {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Fault> {
        let Some(token) = parts.headers.get("x-webitel-access").and_then(|value| value.to_str().ok()) else {
            state.rates.stranger(peer(&parts.extensions)).map_err(TurnedAway::from)?;
            return Err(No::new(401, "log in at /login and send X-Webitel-Access").into());
        };
        Ok(Self(enter(state, peer(&parts.extensions), None, token).await?))
    }
}

/// What part of a list is wanted.
#[derive(Deserialize)]
struct Asked {
    /// From 1.
    page: Option<usize>,
    size: Option<usize>,
    /// What the name contains.
    q: Option<String>,
}

impl Asked {
    /// The page of what is sorted already.
    fn page(&self, all: Vec<(String, Value)>) -> Json<Value> {
        let size = self.size.unwrap_or(PAGE.0).clamp(1, PAGE.1);
        let skipped = self.page.unwrap_or(1).saturating_sub(1).saturating_mul(size);
        let wanted = self.q.as_deref().unwrap_or_default().trim_matches('*').to_lowercase();
        let found = all.into_iter().filter(|(name, _)| name.to_lowercase().contains(&wanted));
        let mut items: Vec<Value> = found.skip(skipped).take(size + 1).map(|(_, item)| item).collect();
        let next = items.len() > size;
        items.truncate(size);
        Json(json!({ "items": items, "next": next }))
    }
}

type At = extract::State<State>;

async fn list(extract::State(state): At, Session(caller): Session, Query(asked): Query<Asked>) -> Answer {
    let own = own_agent(&state, &caller).await?;
    let (tenant, all) = (caller.tenant, sees_all(&caller));
    let agents = state.handle().read(move |engine, now| {
        let floor = Floor::of(engine, tenant, now);
        let seen = engine.agents(tenant).into_iter().filter(|agent| all || own == Some(agent.id));
        let told = |agent: AgentView| {
            Some((agent.entry.name.to_string(), told(engine, tenant, &floor, &agent, now)?))
        };
        seen.filter_map(told).collect::<Vec<_>>()
    });
    Ok(asked.page(agents.await?))
}

async fn show(extract::State(state): At, Session(caller): Session, Path(id): Path<String>) -> Answer {
    let (tenant, agent) = (caller.tenant, seen(&state, &caller, &id).await?);
    let shown = state.handle().read(move |engine, now| {
        let floor = Floor::around(engine, tenant, Some(agent), home(engine, tenant, agent), now);
        told(engine, tenant, &floor, &engine.agent(tenant, agent)?, now)
    });
    Ok(Json(shown.await?.ok_or_else(no_agent)?))
}

/// `{status, on_demand, channels, payload, status_comment}`, carried out as the socket's action of that name.
async fn set_status(
    extract::State(state): At,
    Session(caller): Session,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut data = object(&body)?;
    let action = match data.get("status").and_then(Value::as_str) {
        Some("online") => "cc_agent_online",
        Some("offline") => "cc_agent_offline",
        Some("pause") => "cc_agent_pause",
        Some(_) | None => return Err(No::new(400, "status must be online, offline or pause").into()),
    };
    if data.get("channels").and_then(Value::as_array).is_some_and(|all| !all.contains(&json!("call"))) {
        return Err(No::new(400, "channels must hold call: there is no other").into());
    }
    data.remove("status");
    act(&state, &caller, &id, action, data).await?;
    Ok(Json(json!({ "status": "success" })))
}

async fn set_waiting(extract::State(state): At, Session(caller): Session, Path(id): Path<String>) -> Answer {
    act(&state, &caller, &id, "cc_agent_waiting", Map::new()).await?;
    Ok(Json(json!({})))
}

async fn act(
    state: &State,
    caller: &Caller,
    id: &str,
    action: &str,
    mut data: Map<String, Value>,
) -> Result<(), Fault> {
    seen(state, caller, id).await?;
    data.insert("agent_id".to_owned(), json!(id));
    let account = own_account(state, caller).await?;
    let acting = Acting { state, caller, account: account.as_ref() };
    match acting.run(&Act { seq: 0, action: action.to_owned(), data }).await {
        Some(done) => Ok(done.map(drop)?),
        None => Err(No::new(501, format!("{action} - not found.")).into()),
    }
}

/// The reasons that the agent may give.
async fn pause_causes(extract::State(state): At, Session(caller): Session, Path(id): Path<String>) -> Answer {
    let (tenant, agent) = (caller.tenant, seen(&state, &caller, &id).await?);
    let items = state.handle().read(move |engine, _| {
        let causes =
            engine.reasons_of(tenant, agent).filter(|(_, reason)| reason.category.is_for_not_ready());
        let told = causes.map(|(id, reason)| {
            json!({ "id": id.0, "name": reason.name.as_str(), "limit_min": 0, "duration_min": 0 })
        });
        told.collect::<Vec<_>>()
    });
    Ok(Json(json!({ "items": items.await? })))
}

async fn users(extract::State(state): At, Session(caller): Session, Query(asked): Query<Asked>) -> Answer {
    let tenant = caller.tenant;
    let accounts = if sees_all(&caller) {
        state.handle().read(move |engine, now| Account::all(engine, tenant, now)).await?
    } else {
        own_account(&state, &caller).await?.into_iter().collect()
    };
    let users = state.handle().read(move |engine, _| {
        let user =
            |account: &Account| Some((account.id.clone(), user(engine, tenant, account, account.user?)));
        accounts.iter().filter_map(user).collect::<Vec<_>>()
    });
    Ok(asked.page(users.await?))
}

fn user(engine: &Engine, tenant: TenantId, account: &Account, id: UserId) -> Value {
    let phone = account.device.and_then(|device| engine.device(tenant, device));
    let duty = account.agent.and_then(|agent| engine.agent(tenant, agent)).map(|agent| agent.duty);
    let status = duty.zip(account.axes.as_ref()).map(|(duty, axes)| newer::agent_status(&duty, axes));
    let presence = match account.state {
        DeviceState::Unregistered => "",
        DeviceState::Idle => "sip",
        DeviceState::Busy => "sip,busy",
    };
    json!({
        "id": id.0.to_string(),
        "name": account.id,
        "extension": phone.map(|phone| phone.entry.number.as_str().to_owned()).unwrap_or_default(),
        "presence": { "status": presence },
        "status": status.unwrap_or_default(),
    })
}

/// An agent as lists show him.
fn told(engine: &Engine, tenant: TenantId, floor: &Floor, agent: &AgentView, now: Now) -> Option<Value> {
    let (seat, axes) = (floor.agents.get(&agent.id)?, floor.axes(agent.id)?);
    let login = agent.entry.user.and_then(|id| {
        let Entry::User(user) = engine.entry(tenant, EntryId::User(id))? else { return None };
        Some(json!({ "id": id.0.to_string(), "name": user.name.as_str() }))
    });
    let extension =
        seat.number.clone().or_else(|| Some(floor.devices.get(&floor.phone_of(seat)?)?.number.clone()));
    Some(json!({
        "id": agent.id.0.to_string(),
        "name": agent.entry.name.as_str(),
        "user": login,
        "status": newer::agent_status(&agent.duty, &axes),
        "description": "",
        "last_status_change": seat.since.0.to_string(),
        "status_duration": ((now.wall.0 - seat.since.0).max(0) / 1_000).to_string(),
        "channel": [{ "channel": "call", "state": newer::channel_state(&axes) }],
        "allow_channels": ["call"],
        "extension": extension.unwrap_or_default(),
    }))
}

/// The agent with that id, if he is the caller's to see.
async fn seen(state: &State, caller: &Caller, id: &str) -> Result<AgentId, No> {
    seen_agent(state, caller, AgentId(id.parse().map_err(|_| no_agent())?)).await
}
