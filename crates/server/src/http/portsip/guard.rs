//! What stands before every operation of REST, as before those of our own API: who asks and whether he may, how much and
//! how fast; and behind it the tap and the counters.

use std::net::IpAddr;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{self, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cordial_dialects::native::limits::QUERY_MAX;
use cordial_dialects::native::wire::Scope;
use cordial_dialects::portsip::problem::Problem;
use cordial_dialects::portsip::routes::{Access, BASE, Op, TOKEN_PATH};
use cordial_store::{Identity, Owner};

use super::fault::No;
use crate::http::guard::{Bytes64, Peer, Who, identify, only_tenant, peer, read_body, seen, shown_query};
use crate::http::limits::REQUEST_TIME;
use crate::http::{State, access};
use crate::tap::{self, TapEntry};

/// The guard of one operation, or of the place where tokens are bought.
pub(super) async fn guard(
    extract::State((state, op)): extract::State<(State, Option<Op>)>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let peer = peer(&request);
    let (method, uri) = (request.method().to_string(), request.uri().clone());
    let mut heard = Heard::default();
    let passed = tokio::time::timeout(REQUEST_TIME, pass(&state, op, peer, request, next, &mut heard));
    let late = Problem::new(408, "TIMEOUT", "the request took too long");
    let answer = passed.await.unwrap_or_else(|_| Err(late.into())).unwrap_or_else(No::into_response);
    let labels = [
        ("method", method.clone()),
        ("path", format!("portsip {BASE}{}", op.map_or(TOKEN_PATH, Op::path))),
        ("code", answer.status().as_u16().to_string()),
    ];
    metrics::counter!("cordial_http_requests_total", &labels).increment(1);
    metrics::histogram!("cordial_http_request_seconds").record(started.elapsed());
    let taps = state.taps.wanted(heard.tenant);
    // What is bought with a password is shown to nobody.
    if taps.is_empty() || op.is_none() {
        return answer;
    }
    let (answer, told) = seen(answer).await;
    let entry = TapEntry {
        dialect: "portsip".to_owned(),
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

/// What a request turned out to be, for the tap.
#[derive(Default)]
struct Heard {
    tenant: Option<cordial_engine::id::TenantId>,
    body: axum::body::Bytes,
}

async fn pass(
    state: &State,
    op: Option<Op>,
    peer: IpAddr,
    request: Request,
    next: Next,
    heard: &mut Heard,
) -> Result<Response, No> {
    let (mut parts, body) = request.into_parts();
    if parts.uri.query().is_some_and(|query| query.len() > QUERY_MAX) {
        return Err(Problem::invalid("query", &format!("has more than {QUERY_MAX} bytes")).into());
    }
    match op {
        Some(op) => {
            let Some((text, identity)) = identify(state, &parts.headers) else {
                state.rates.stranger(peer)?;
                return Err(Problem::unauthorized().into());
            };
            state.rates.token(identity.token)?;
            let who = who(state, text, identity, peer).await?;
            heard.tenant = Some(who.tenant);
            check(op.access(), &who)?;
            parts.extensions.insert(who);
        }
        None => state.rates.stranger(peer)?,
    }
    if op.is_none_or(Op::takes_body) {
        heard.body = read_body(state.body_max(), &parts.headers, body).await?;
        parts.extensions.insert(Bytes64(heard.body.clone()));
    }
    parts.extensions.insert(Peer(peer));
    Ok(next.run(Request::from_parts(parts, Body::empty())).await)
}

/// Whose things a token reaches, and as whom.
pub(super) async fn who(
    state: &State,
    text: std::sync::Arc<str>,
    identity: Identity,
    peer: IpAddr,
) -> Result<Who, No> {
    let tenant = match identity.owner {
        Owner::Tenant(tenant) => tenant,
        Owner::Installation => only_tenant(state).await?,
    };
    let scopes = identity.scopes.iter().map(|scope| access::scope_told(*scope)).collect();
    let scopes = access::reaching_all(state, tenant, identity.user, scopes).await?;
    Ok(Who { tenant, token: identity.token, user: identity.user, scopes, peer, text })
}

/// Whether somebody manages queues: as an administrator of the tenant, or of its queues.
pub(super) fn manages(who: &Who) -> bool {
    who.scopes.contains(&Scope::Admin) || who.scopes.contains(&Scope::Supervise)
}

fn check(access: Access, who: &Who) -> Result<(), Problem> {
    let may = match access {
        Access::Own => who.scopes.contains(&Scope::Agent) || manages(who),
        Access::See => manages(who) || (who.user.is_none() && who.scopes.contains(&Scope::Read)),
        Access::Manage => manages(who),
        Access::Administer => who.scopes.contains(&Scope::Admin),
    };
    let needed = match access {
        Access::Own => "an agent's token is needed",
        Access::See | Access::Manage => "only administrators and queue managers may do this",
        Access::Administer => "only administrators may do this",
    };
    if may { Ok(()) } else { Err(Problem::forbidden(needed)) }
}
