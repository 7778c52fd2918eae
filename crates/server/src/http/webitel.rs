//! The Webitel dialect at its own listeners: REST under `/api/v2`, log-in, and the WebSocket.

mod absent;
mod accounts;
mod actions;
mod call_centre;
mod functions;
mod newer;
mod online;
mod session;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{self, ConnectInfo, DefaultBodyLimit, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use cordial_dialects::webitel::account::Account;
use cordial_store::{NewToken, Owner};
use serde_json::{Map, Value, json};

pub(crate) use self::absent::log_out_absent;
pub(super) use self::online::Online;
use super::access::{Known, known, scopes_of};
use super::limits::{LOG_IN_MS, REFUSAL_MAX, REQUEST_TIME};
use super::{Caller, State, TurnedAway, wall};
use crate::callcenter;
use crate::handle::Unavailable;

/// All that is served.
pub(super) fn router(state: State) -> Router {
    let limit = state.body_max();
    Router::new()
        .route("/", get(socket))
        .route("/ws", get(socket))
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .merge(accounts::routes())
        .merge(call_centre::routes())
        .merge(newer::routes())
        .fallback(async |uri: Uri| said(&uri, No::new(404, "path not found!")))
        .method_not_allowed_fallback(async |uri: Uri| said(&uri, No::new(405, "method not allowed")))
        .layer(from_fn(in_time))
        .layer(DefaultBodyLimit::max(limit))
        .layer(from_fn(super::around))
        .with_state(state)
}

/// A no on its way out.
#[derive(Debug)]
struct No {
    status: u16,
    info: String,
}

impl No {
    fn new(status: u16, info: impl Into<String>) -> Self {
        Self { status, info: info.into() }
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!({ "status": "error", "info": self.info }))).into_response()
    }
}

impl From<callcenter::No> for No {
    fn from(no: callcenter::No) -> Self {
        let text = no.text();
        let status = match &no {
            callcenter::No::Unavailable(why) => return (*why).into(),
            callcenter::No::Said(text) if text == cordial_dialects::event_socket::console::DENIED => 403,
            callcenter::No::Said(_) | callcenter::No::Refused(_) if text.contains("not found!") => 404,
            callcenter::No::Said(_) | callcenter::No::Refused(_) => 400,
        };
        Self::new(status, text.trim_end())
    }
}

impl From<Unavailable> for No {
    fn from(why: Unavailable) -> Self {
        let status = match why {
            Unavailable::Overloaded => 429,
            Unavailable::Stopping | Unavailable::Storage => 503,
        };
        Self::new(status, why.to_string())
    }
}

impl From<TurnedAway> for No {
    fn from(turned: TurnedAway) -> Self {
        match turned {
            TurnedAway::Wrong => Self::new(401, "invalid credentials"),
            TurnedAway::TooMuch => Self::new(429, "slow down"),
            TurnedAway::Unavailable => Self::new(503, "nobody can answer now"),
        }
    }
}

impl From<super::fault::No> for No {
    fn from(no: super::fault::No) -> Self {
        TurnedAway::from(no).into()
    }
}

impl From<cordial_store::StoreError> for No {
    fn from(error: cordial_store::StoreError) -> Self {
        // What is wrong with a password is the client's business; what the disk says is the operator's.
        if let cordial_store::StoreError::Password(fault) = &error {
            return Self::new(400, fault.to_string());
        }
        tracing::error!(%error, "the store failed a request");
        Self::new(503, "the store cannot be reached")
    }
}

type Answer = Result<Json<Value>, No>;

/// It is so; `info` is what there is to say of it.
fn ok(info: &Value) -> Json<Value> {
    Json(json!({ "status": "OK", "info": info }))
}

/// Who asks, by `X-Key` and `X-Access-Token`.
struct Entered(Caller);

impl FromRequestParts<State> for Entered {
    type Rejection = No;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, No> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let Some(token) = text("x-access-token") else {
            state.rates.stranger(peer(&parts.extensions)).map_err(TurnedAway::from)?;
            return Err(No::new(401, "log in at /login and send X-Key and X-Access-Token"));
        };
        let caller = enter(state, peer(&parts.extensions), text("x-key"), token).await?;
        Ok(Self(caller))
    }
}

/// Lets in who has a token and, if it is said, its key.
async fn enter(state: &State, peer: IpAddr, key: Option<&str>, token: &str) -> Result<Caller, TurnedAway> {
    let caller = state.enter_by_token(peer, token).await?;
    let is_its_key = key.is_none_or(|key| caller.key().as_deref() == Some(key));
    if is_its_key { Ok(caller) } else { Err(TurnedAway::Wrong) }
}

fn peer(extensions: &axum::http::Extensions) -> IpAddr {
    let info = extensions.get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
}

/// An object in the body; a body that is empty is one without members.
fn object(bytes: &Bytes) -> Result<Map<String, Value>, No> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(No::new(400, "the body must be a JSON object")),
        Err(error) => Err(No::new(400, format!("the body is not JSON: {error}"))),
    }
}

/// A text of a body, under the first of its names that is there.
fn text(body: &Map<String, Value>, names: &[&str]) -> Result<Option<String>, No> {
    let found = names.iter().find_map(|name| Some((name, body.get(*name)?)));
    match found {
        None | Some((_, Value::Null)) => Ok(None),
        Some((_, Value::String(text))) => Ok(Some(text.trim().to_owned())),
        Some((_, Value::Number(number))) => Ok(Some(number.to_string())),
        Some((name, Value::Bool(_) | Value::Array(_) | Value::Object(_))) => {
            Err(No::new(400, format!("{name} must be a text")))
        }
    }
}

/// A text that cannot be left out.
fn needed(body: &Map<String, Value>, names: &[&str]) -> Result<String, No> {
    let name = names.first().copied().unwrap_or_default();
    text(body, names)?
        .filter(|text| !text.is_empty())
        .ok_or_else(|| No::new(400, format!("{name} is required")))
}

/// A no in the form of the protocol that was spoken to.
fn said(uri: &Uri, no: No) -> Response {
    if newer::serves(uri) { newer::Fault(no).into_response() } else { no.into_response() }
}

async fn in_time(request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let answer = tokio::time::timeout(REQUEST_TIME, next.run(request)).await;
    let answer = answer.unwrap_or_else(|_| said(&uri, No::new(408, "it took too long")));
    in_own_words(&uri, answer).await
}

/// What axum refuses by itself (a path, query or body that it cannot take) it says in text of its own.
async fn in_own_words(uri: &Uri, answer: Response) -> Response {
    let is_text =
        answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/"));
    if !answer.status().is_client_error() || !is_text {
        return answer;
    }
    let status = answer.status().as_u16();
    let why = axum::body::to_bytes(answer.into_body(), REFUSAL_MAX).await.unwrap_or_default();
    said(uri, No::new(status, String::from_utf8_lossy(&why)))
}

/// `POST /login`: a key and a token for a name and a password.
async fn log_in(
    extract::State(state): extract::State<State>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Answer {
    state.rates.stranger(peer.ip()).map_err(TurnedAway::from)?;
    let body = object(&body)?;
    let (username, password) = (needed(&body, &["username"])?, needed(&body, &["password"])?);
    let (name, domain) = match username.rsplit_once('@') {
        Some((name, domain)) => (name.to_owned(), domain.to_owned()),
        None => (username.clone(), only_domain(&state).await?),
    };
    let found = known(&state, peer.ip(), &domain, &name, &password).await.map_err(TurnedAway::from)?;
    let Some(Known { tenant, user, roles, .. }) = found else {
        return Err(TurnedAway::Wrong.into());
    };
    let expires = cordial_engine::WallTime(wall().0.saturating_add(LOG_IN_MS));
    let new = NewToken {
        owner: Owner::Tenant(tenant),
        user: Some(user),
        name: "log-in".to_owned(),
        scopes: scopes_of(&roles).into_iter().map(super::access::scope_kept).collect(),
        expires: Some(expires),
    };
    let issued = state.handle().store().create_token(new, wall()).await?;
    let role = cordial_dialects::webitel::account::role_name(&roles);
    Ok(Json(json!({
        "key": issued.id.to_string(),
        "username": format!("{name}@{domain}"),
        "expires": expires.0,
        "token": issued.reveal(),
        "role": role,
        "roleName": role,
        "acl": cordial_dialects::webitel::account::acl(&roles),
    })))
}

/// The domain that is meant when none is said: that of the only tenant.
async fn only_domain(state: &State) -> Result<String, No> {
    let tenants = state.handle().read(|engine, _| engine.tenants()).await?;
    match tenants.as_slice() {
        [only] => Ok(only.domain.clone()),
        [] | [_, _, ..] => Err(No::new(400, "username must be name@domain")),
    }
}

/// `POST /logout`: the token no longer works.
async fn log_out(extract::State(state): extract::State<State>, Entered(caller): Entered) -> Answer {
    let key = caller.key().and_then(|key| cordial_store::TokenId::parse(&key));
    if let Some(key) = key {
        state.handle().store().revoke_token(Owner::Tenant(caller.tenant), key).await?;
    }
    Ok(ok(&json!("logged out")))
}

/// The account of whoever asks, if he is somebody.
async fn own_account(state: &State, caller: &Caller) -> Result<Option<Account>, Unavailable> {
    let (tenant, user) = (caller.tenant, caller.user);
    state.handle().read(move |engine, now| Account::of_user(engine, tenant, user?, now)).await
}

async fn socket(
    extract::State(state): extract::State<State>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    // A browser says where its page is from; pages of others have no business here.
    if let Some(origin) = headers.get(header::ORIGIN)
        && !is_own(origin, headers.get(header::HOST))
    {
        return No::new(403, "this page's origin may not connect").into_response();
    }
    match upgrade {
        Ok(upgrade) => {
            let upgrade = upgrade.max_message_size(session::HEARD_MAX).max_frame_size(session::HEARD_MAX);
            upgrade.on_upgrade(move |socket| session::run(state, peer.ip(), socket))
        }
        Err(_) => No::new(400, "this is a WebSocket").into_response(),
    }
}

/// Whether an origin is the host that was asked.
fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let (Ok(origin), Some(Ok(host))) = (origin.to_str(), host.map(HeaderValue::to_str)) else {
        return false;
    };
    origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host))
}
