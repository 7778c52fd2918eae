//! What stands before every operation: who asks and whether he may, how much and how fast, once or again; and what
//! stands behind it: the tap and the counters.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{self, ConnectInfo, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response as HttpResponse, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cordial_dialects::native::limits::QUERY_MAX;
use cordial_dialects::native::problem::Code;
use cordial_dialects::native::wire::Scope;
use cordial_engine::Actor;
use cordial_engine::command::Origin;
use cordial_engine::id::{TenantId, UserId};
use cordial_engine::text::Text;
use cordial_store::{Identity, Owner, TokenId};

use super::conditions::{self, If};
use super::fault::No;
use super::limits::{ANSWER_MAX, REQUEST_TIME};
use super::{State, access, idempotency, wall};
use crate::handle::Asker;
use crate::tap::{self, TapEntry};

/// What one operation's guard must know.
pub(super) struct Gate {
    pub(super) access: Access,
    pub(super) template: String,
    pub(super) takes_body: bool,
    /// The largest body, where it is not what others have. Bytes.
    pub(super) body_max: Option<usize>,
    pub(super) keyed: bool,
    /// Shows one thing, with a tag.
    pub(super) tagged: bool,
    /// Looks at `If-Match`.
    pub(super) conditional: bool,
}

/// Who may ask.
#[derive(Clone, Copy, Debug)]
pub(super) enum Access {
    /// Anybody.
    Open,
    /// Any token.
    Any,
    /// A token with one of these scopes.
    OneOf(&'static [Scope]),
    /// A token of the installation that may change it.
    Installation,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub(super) tenant: TenantId,
    pub(super) token: TokenId,
    pub(super) user: Option<UserId>,
    pub(super) scopes: BTreeSet<Scope>,
    /// Whence.
    pub(super) peer: IpAddr,
    /// The whole token, for looking again whether it still works.
    pub(super) text: Arc<str>,
}

impl Who {
    pub(super) fn by(&self) -> Asker {
        let actor = self.user.map_or(Actor::Operator, Actor::User);
        let token = Text::parse(&self.token.to_string()).ok();
        Asker::from(actor, Origin { token, address: Some(self.peer) })
    }

    /// Whether the token still works.
    pub(super) fn stands(&self, state: &State) -> bool {
        state.parts.handle.store().authenticate(&self.text, wall()).is_some()
    }
}

/// The address that a request came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// A body that has been read whole, within the limit.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes64(pub(super) Bytes);

/// What a request turned out to be, for the tap.
#[derive(Default)]
struct Heard {
    tenant: Option<TenantId>,
    who: Option<Who>,
    body: Bytes,
}

/// The guard of one operation, around its handler.
pub(super) async fn guard(
    extract::State((state, gate)): extract::State<(State, Arc<Gate>)>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let peer = peer(&request);
    let mut heard = Heard::default();
    let passed = pass(&state, &gate, peer, request, next, &mut heard);
    let answer = in_time(REQUEST_TIME, passed).await.unwrap_or_else(No::into_response);
    if let (StatusCode::FORBIDDEN, Some(who)) = (answer.status(), &heard.who) {
        access::note_refused(&state, who, &format!("{method} {}", gate.template)).await;
    }
    let labels = [
        ("method", method.to_string()),
        ("path", gate.template.clone()),
        ("code", answer.status().as_u16().to_string()),
    ];
    metrics::counter!("cordial_http_requests_total", &labels).increment(1);
    metrics::histogram!("cordial_http_request_seconds").record(started.elapsed());
    // A tenant's administrator sees what his own clients do; who has no working token is nobody's client.
    let taps = state.taps.wanted(heard.tenant);
    // A watcher's own request would be the first that it sees.
    if taps.is_empty() || !gate.template.starts_with("/v1/") || gate.template == "/v1/tap" {
        return answer;
    }
    let (answer, told) = seen(answer).await;
    let entry = TapEntry {
        dialect: "native".to_owned(),
        peer,
        method: method.to_string(),
        path: uri.path().to_owned() + &uri.query().map(shown_query).unwrap_or_default(),
        asked: tap::excerpt(&heard.body),
        code: answer.status().as_u16(),
        answered: told,
        took_us: TapEntry::micros(started.elapsed()),
        missed: 0,
    };
    for tap in taps {
        tap.record(entry.clone());
    }
    answer
}

pub(super) async fn in_time<T>(
    limit: Duration,
    passed: impl Future<Output = Result<T, No>>,
) -> Result<T, No> {
    let late = |_| No::new(Code::Timeout, "the request took too long");
    tokio::time::timeout(limit, passed).await.map_err(late)?
}

async fn pass(
    state: &State,
    gate: &Gate,
    peer: IpAddr,
    request: Request,
    next: Next,
    heard: &mut Heard,
) -> Result<Response, No> {
    let (mut parts, body) = request.into_parts();
    if parts.uri.query().is_some_and(|query| query.len() > QUERY_MAX) {
        return Err(No::new(Code::BadRequest, format!("the query has more than {QUERY_MAX} bytes")));
    }
    let who = admit(state, gate, peer, &parts, heard).await?;
    heard.tenant = who.as_ref().map(|who| who.tenant);
    heard.who.clone_from(&who);
    if gate.takes_body {
        let max = gate.body_max.map_or_else(|| state.body_max(), |max| state.body_max_of(max));
        heard.body = read_body(max, &parts.headers, body).await?;
        parts.extensions.insert(Bytes64(heard.body.clone()));
    }
    if parts.method != Method::GET && !gate.conditional && !If::of(&parts.headers)?.is_empty() {
        return Err(conditions::no_version());
    }
    let key = if gate.keyed { idempotency::key(&parts.headers)? } else { None };
    let fingerprint = |who: &Who| idempotency::fingerprint(who, &parts, &heard.body);
    let asked = who.as_ref().zip(key).map(|(who, key)| idempotency::Asked {
        who: who.clone(),
        fingerprint: fingerprint(who),
        key,
    });
    if let Some(who) = who {
        parts.extensions.insert(who);
    }
    parts.extensions.insert(Peer(peer));
    let headers = gate.tagged.then(|| parts.headers.clone());
    let request = Request::from_parts(parts, Body::empty());
    match (asked, headers) {
        (Some(asked), _) => idempotency::once(state, asked, next, request).await,
        (None, Some(headers)) => conditions::tagged(&headers, next.run(request).await).await,
        (None, None) => Ok(next.run(request).await),
    }
}

pub(super) fn peer(request: &Request) -> IpAddr {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
}

/// Finds out who asks, and whether he may.
async fn admit(
    state: &State,
    gate: &Gate,
    peer: IpAddr,
    parts: &Parts,
    heard: &mut Heard,
) -> Result<Option<Who>, No> {
    if matches!(gate.access, Access::Open) {
        if gate.takes_body {
            state.rates.stranger(peer)?;
        }
        return Ok(None);
    }
    let Some((text, identity)) = identify(state, &parts.headers) else {
        state.rates.stranger(peer)?;
        return Err(No::new(Code::Unauthorized, "send a working token as Authorization: Bearer cordial_…"));
    };
    state.rates.token(identity.token)?;
    let scopes: BTreeSet<Scope> = identity.scopes.iter().map(|scope| access::scope_told(*scope)).collect();
    let checked = check(gate.access, &identity, &scopes);
    if let (Err(_), Owner::Tenant(tenant)) = (&checked, identity.owner) {
        let who = Who { tenant, token: identity.token, user: identity.user, scopes, peer, text };
        heard.who = Some(who);
        return checked.map(|()| None);
    }
    checked?;
    let tenant = match (identity.owner, gate.access) {
        (Owner::Tenant(tenant), _) => tenant,
        // No tenant has the number nought: what the installation asks for itself is nobody's.
        (Owner::Installation, Access::Installation) => TenantId(0),
        (Owner::Installation, Access::Open | Access::Any | Access::OneOf(_)) => only_tenant(state).await?,
    };
    Ok(Some(Who { tenant, token: identity.token, user: identity.user, scopes, peer, text }))
}

pub(super) fn identify(state: &State, headers: &HeaderMap) -> Option<(Arc<str>, Identity)> {
    let text: Arc<str> = match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().into())?
        }
        None => state.tickets.redeem(headers)?,
    };
    let identity = state.parts.handle.store().authenticate(&text, wall())?;
    Some((text, identity))
}

fn check(access: Access, identity: &Identity, scopes: &BTreeSet<Scope>) -> Result<(), No> {
    match access {
        Access::Open | Access::Any => Ok(()),
        Access::OneOf(wanted) if wanted.iter().any(|scope| scopes.contains(scope)) => Ok(()),
        Access::OneOf(wanted) => {
            let words: Vec<&str> = wanted.iter().map(|scope| scope.word()).collect();
            Err(No::new(Code::Forbidden, format!("the token needs the scope {}", words.join(" or "))))
        }
        Access::Installation if identity.owner == Owner::Installation && scopes.contains(&Scope::Admin) => {
            Ok(())
        }
        Access::Installation => Err(No::new(Code::Forbidden, "a token of the installation is needed")),
    }
}

/// A token of the installation speaks for the only tenant, as long as there is but one.
pub(super) async fn only_tenant(state: &State) -> Result<TenantId, No> {
    let tenants = state.parts.handle.read(|engine, _| engine.tenants()).await?;
    match tenants.as_slice() {
        [only] => Ok(only.id),
        [] => Err(No::new(Code::Forbidden, "there is no tenant yet: make one with POST /v1/tenants")),
        [..] => {
            Err(No::new(Code::Forbidden, "there are several tenants: use a token of the one that is meant"))
        }
    }
}

pub(super) async fn read_body(max: usize, headers: &HeaderMap, body: Body) -> Result<Bytes, No> {
    let too_large = || No::new(Code::TooLarge, format!("a body has at most {max} bytes"));
    let told =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|told| told > max as u64) {
        return Err(too_large());
    }
    to_bytes(body, max).await.map_err(|error| {
        let mut source: Option<&dyn std::error::Error> = Some(&error);
        while let Some(cause) = source {
            if cause.is::<http_body_util::LengthLimitError>() {
                return too_large();
            }
            source = cause.source();
        }
        No::new(Code::BadRequest, "the body did not arrive whole")
    })
}

/// The answer's body for the tap, and the answer whole again.
pub(super) async fn seen(answer: Response) -> (Response, String) {
    let kind =
        answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.contains("json") {
        let told =
            if answer.status() == StatusCode::NO_CONTENT { String::new() } else { format!("({kind})") };
        return (answer, told);
    }
    let (parts, body) = answer.into_parts();
    match to_bytes(body, ANSWER_MAX).await {
        Ok(bytes) => {
            let told = tap::excerpt(&bytes);
            (HttpResponse::from_parts(parts, Body::from(bytes)), told)
        }
        Err(_) => (No::new(Code::Internal, "the answer is too large").into_response(), String::new()),
    }
}

pub(super) fn shown_query(query: &str) -> String {
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if tap::is_secret(name) => format!("{name}=(hidden)"),
        Some(_) | None => pair.to_owned(),
    });
    format!("?{}", shown.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_answered_408() {
        let never = std::future::pending();
        let answer = in_time(Duration::from_millis(1), never).await.unwrap_or_else(No::into_response);
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
        let at_once = async { Ok(StatusCode::OK.into_response()) };
        assert_eq!(in_time(REQUEST_TIME, at_once).await.expect("in time").status(), StatusCode::OK);
    }
}
