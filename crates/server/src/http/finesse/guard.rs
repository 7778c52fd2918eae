//! What stands before every operation, as before those of our own API: whether it is spoken here at all, who asks, how much
//! and how fast; and behind it the tap and the counters.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{self, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cordial_dialects::finesse::basic::Credentials;
use cordial_dialects::finesse::limits::BODY_BYTES_MAX;
use cordial_dialects::finesse::words::ErrorType;
use cordial_dialects::native::limits::QUERY_MAX;
use cordial_engine::Actor;
use cordial_engine::command::Origin;
use cordial_engine::id::TenantId;

use super::fault::No;
use super::visitor::Visitor;
use super::{BASE, Finesse};
use crate::connector::Person;
use crate::handle::Asker;
use crate::http::State;
use crate::http::access::known_again;
use crate::http::guard::{Bytes64, peer, read_body, seen, shown_query};
use crate::http::limits::REQUEST_TIME;
use crate::tap::{self, TapEntry};

/// What a request turned out to be, for the tap.
#[derive(Default)]
struct Heard {
    tenant: Option<TenantId>,
    body: Bytes,
}

/// The guard of what is at one path.
pub(super) async fn guard(
    extract::State((state, path)): extract::State<(State, &'static str)>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let peer = peer(&request);
    let (method, uri) = (request.method().to_string(), request.uri().clone());
    let mut heard = Heard::default();
    let passed = tokio::time::timeout(REQUEST_TIME, pass(&state, request, next, &mut heard));
    let late = |_| Err(No::of_http(StatusCode::REQUEST_TIMEOUT, "the request took too long"));
    let answer = passed.await.unwrap_or_else(late).unwrap_or_else(No::into_response);
    let labels = [
        ("method", method.clone()),
        ("path", format!("{BASE}{path}")),
        ("code", answer.status().as_u16().to_string()),
    ];
    metrics::counter!("cordial_http_requests_total", &labels).increment(1);
    metrics::histogram!("cordial_http_request_seconds").record(started.elapsed());
    let taps = state.taps.wanted(heard.tenant);
    if taps.is_empty() {
        return answer;
    }
    let (answer, told) = seen(answer).await;
    let entry = TapEntry {
        dialect: "finesse".to_owned(),
        peer,
        method,
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

async fn pass(state: &State, request: Request, next: Next, heard: &mut Heard) -> Result<Response, No> {
    let Some(finesse) = &state.parts.finesse else {
        let off = "Finesse's API is switched off here: see connector.finesse";
        return Err(No::new(ErrorType::NotFound, off, ""));
    };
    let peer = peer(&request);
    let (mut parts, body) = request.into_parts();
    if parts.uri.query().is_some_and(|query| query.len() > QUERY_MAX) {
        let long = format!("the query has more than {QUERY_MAX} bytes");
        return Err(No::new(ErrorType::BadRequest, &long, ""));
    }
    let visitor = visitor(state, finesse, peer, &parts).await?;
    heard.tenant = Some(visitor.tenant);
    if matches!(parts.method, Method::PUT | Method::POST) {
        if !is_xml(&parts.headers) {
            let other = "the body must be application/xml";
            return Err(No::of_http(StatusCode::UNSUPPORTED_MEDIA_TYPE, other));
        }
        heard.body = read_body(state.body_max_of(BODY_BYTES_MAX), &parts.headers, body).await?;
        parts.extensions.insert(Bytes64(heard.body.clone()));
    }
    parts.extensions.insert(visitor);
    Ok(next.run(Request::from_parts(parts, Body::empty())).await)
}

/// Finds out who asks.
async fn visitor(
    state: &State,
    finesse: &Finesse,
    peer: std::net::IpAddr,
    parts: &Parts,
) -> Result<Visitor, No> {
    // One address may speak for many agents.
    state.rates.caller(peer)?;
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(credentials) = given.and_then(Credentials::read) else {
        state.rates.stranger(peer)?;
        let needed = "send a user's name and password as Authorization: Basic";
        return Err(No::new(ErrorType::AuthorizationFailure, needed, ""));
    };
    let (name, domain) = credentials.whose();
    let domain = domain.unwrap_or(&finesse.domain);
    let wrong = |why| No::new(ErrorType::AuthorizationFailure, why, "");
    let known = known_again(state, peer, domain, name, &credentials.password).await?;
    let known = known.ok_or_else(|| wrong("the name or the password is wrong"))?;
    let (tenant, user) = (known.tenant, known.user);
    let person = state.handle().read(move |engine, _| Person::of(engine, tenant, user)).await?;
    let person = person.filter(|person| person.agent.is_some() || person.supervises());
    let person = person.ok_or_else(|| wrong("the user is neither an agent nor a supervisor"))?;
    let origin = Origin { token: None, address: Some(peer) };
    Ok(Visitor {
        tenant,
        person: Arc::new(person),
        by: Asker::from(Actor::User(user), origin),
        rooms: finesse.rooms.clone(),
    })
}

/// Whether a body says that it is XML. A browser sends the password that it knows with whatever a stranger's page makes it
/// send, and what such a page can make it send without asking is of another kind, or of none.
fn is_xml(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/xml") || kind.eq_ignore_ascii_case("text/xml")
}
