//! The native API over HTTP: `/v1`, health, numbers, and the document that describes it all; and the foreign dialects
//! beside it, each on listeners of its own.
//!
//! Each operation is declared once (`operation`), stands behind one guard (`guard`), and translates by the native
//! dialect. Nothing is decided here that the engine could decide.

mod access;
mod agents;
mod ask;
mod audit;
mod blacklist;
mod calls;
mod codes;
mod conditions;
mod connector;
mod contacts;
mod control;
mod directory;
mod document;
mod entrance;
mod events;
mod fault;
mod filter;
mod guard;
mod guesses;
mod hours;
mod idempotency;
mod leftover;
mod limits;
mod messages;
mod names;
mod operation;
mod outbound;
mod portsip;
mod rates;
mod records;
mod scene;
mod sight;
mod sip;
mod stomp;
mod supervision;
mod system;
mod taps;
mod tickets;
mod waiting;
pub(crate) mod webitel;

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use cordial_dialects::native::limits::BODY_MAX;
use cordial_dialects::native::problem::{Code, Problem};
use cordial_dialects::native::wire::Page;
use cordial_engine::WallTime;
use cordial_sip::ListenerId;

use self::ask::PageOf;
use self::document::Document;
pub(crate) use self::entrance::{Caller, TurnedAway};
use self::fault::No;
use self::guesses::Guesses;
use self::operation::Operation;
use self::rates::Rates;
use self::taps::Taps;
use self::tickets::Tickets;
use crate::config::{self, Face};
use crate::connector::{Door, Rooms};
use crate::handle::Handle;
use crate::health::Health;
use crate::meters::Meters;
use crate::recordings::Library;
use crate::stomp::Embedded;
use crate::streams::web_socket::Hall;
use crate::tap::Tap;

/// What the API is made of.
pub struct Parts {
    /// The door to the node.
    pub handle: Handle,
    /// Whether the process is well.
    pub health: Health,
    /// Numbers for Prometheus.
    pub meters: Meters,
    /// Where requests are shown.
    pub tap: Tap,
    /// The files of recordings.
    pub recordings: Library,
    /// The operator's limits.
    pub limits: config::Limits,
    /// Where SIP is taken, by UDP first.
    pub sip: Vec<SocketAddr>,
    /// The node's ear for SIP over WebSocket.
    pub(crate) sip_sockets: Hall,
    /// The connector's broker, if it is switched on.
    pub(crate) stomp: Option<Embedded>,
    /// Where the connector's requests come in by HTTP, if it is switched on.
    pub(crate) connector: Option<Door>,
    /// The connector's rooms, if it is switched on.
    #[expect(dead_code, reason = "who asks by HTTP comes next")]
    pub(crate) rooms: Option<Rooms>,
}

/// What every request sees; cheap to clone.
#[derive(Clone)]
pub struct State(Arc<Inner>);

/// What all clones of a [`State`] share.
pub struct Inner {
    parts: Parts,
    tickets: Tickets,
    rates: Rates,
    guesses: Guesses,
    taps: Taps,
    document: Document,
    online: webitel::Online,
}

impl Deref for State {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl State {
    /// The state of a router.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let taps = Taps::new(parts.tap.clone());
        Self(Arc::new(Inner {
            parts,
            taps,
            tickets: Tickets::default(),
            rates: Rates::default(),
            guesses: Guesses::default(),
            document: Document::of(&operations()),
            online: webitel::Online::default(),
        }))
    }

    /// The connector's broker, if it is switched on.
    pub(crate) fn embedded(&self) -> Option<&Embedded> {
        self.parts.stomp.as_ref()
    }

    /// Where the connector's requests come in by HTTP, if it is switched on.
    pub(crate) fn connector(&self) -> Option<&Door> {
        self.parts.connector.as_ref()
    }

    /// The largest body that is read. Bytes. The operator's limit is for every dialect; ours have small bodies.
    fn body_max(&self) -> usize {
        self.body_max_of(BODY_MAX)
    }

    /// As [`State::body_max`], where ours is another.
    fn body_max_of(&self, ours: usize) -> usize {
        usize::try_from(self.parts.limits.request_bytes.get()).map_or(ours, |max| max.min(ours))
    }
}

/// Everything that is spoken at one kind of listener; `listener` is its name in flows of SIP.
pub fn router(face: Face, listener: ListenerId, state: State) -> Router {
    let router = match face {
        Face::Native => native(state),
        Face::Portsip => portsip::router(state),
        Face::PortsipWsi => portsip::wsi_router(state),
        Face::Webitel => webitel::router(state),
    };
    router.layer(Extension(listener))
}

/// All operations of our own API, each behind its guard.
fn native(state: State) -> Router {
    let mut router = Router::new();
    for operation in operations() {
        let guard = from_fn_with_state((state.clone(), operation.gate), guard::guard);
        router = router.route(&operation.path, operation.route.route_layer(guard));
    }
    metrics::describe_counter!("cordial_http_requests_total", "HTTP requests by method, path and answer.");
    metrics::describe_histogram!("cordial_http_request_seconds", "How long answers took.");
    router
        .route("/docs/errors/{code}", get(system::error_page))
        .route(sip::PATH, get(sip::connect))
        .route(stomp::PATH, get(stomp::connect))
        .route(connector::PATH, axum::routing::post(connector::take))
        .fallback(async || No::new(Code::NoSuchPath, "see /docs for the paths there are"))
        .method_not_allowed_fallback(async || {
            No::new(Code::MethodNotAllowed, "see /docs for the methods of this path")
        })
        .layer(from_fn(around))
        .with_state(state)
}

/// The OpenAPI document, as `/openapi.json` serves it.
#[must_use]
pub fn openapi_json() -> String {
    String::from_utf8_lossy(&Document::of(&operations()).json).into_owned()
}

fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    all.extend(access::operations());
    all.extend(audit::operations());
    all.extend(directory::operations());
    all.extend(blacklist::operations());
    all.extend(contacts::operations());
    all.extend(codes::operations());
    all.extend(hours::operations());
    all.extend(messages::operations());
    all.extend(outbound::operations());
    all.extend(agents::operations());
    all.extend(calls::operations());
    all.extend(control::operations());
    all.extend(supervision::operations());
    all.extend(waiting::operations());
    all.extend(events::operations());
    all.extend(records::operations());
    all.extend(system::operations());
    all
}

/// What stands around every request, in whichever dialect.
async fn around(request: Request, next: Next) -> Response {
    harden(leftover::heard_out(request, next).await)
}

/// What goes with every answer. Nothing that is answered may be kept by a cache or taken for
/// another kind of file, and a refusal says what it means for the client's connection and for its next try.
fn harden(mut answer: Response) -> Response {
    let status = answer.status();
    let headers = answer.headers_mut();
    // The rest of such a request is not read, so no other can follow it on this connection (RFC 9110 sections 15.5.9
    // and 15.5.14).
    if matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

/// What the wall clock says.
pub(crate) fn wall() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The page of a list that is at hand whole.
fn page<T>(all: Vec<T>, asked: &PageOf, id: impl Fn(&T) -> String) -> Result<Page<T>, No> {
    let limit = asked.limit()?;
    let begin = match &asked.after {
        None => 0,
        Some(after) => {
            let last = all.iter().position(|it| id(it) == *after);
            last.ok_or_else(|| No::field("?after", "must be the next of the page before"))? + 1
        }
    };
    let more = all.len() > begin + limit;
    let items: Vec<T> = all.into_iter().skip(begin).take(limit).collect();
    let next = items.last().filter(|_| more).map(&id);
    Ok(Page { items, next })
}

/// A thing that is not there, or is another tenant's.
fn not_found(what: &str) -> No {
    let (problem, detail) = (
        Problem::refused(&cordial_engine::Refusal::NotFound(cordial_engine::Kind::Tenant)),
        format!("no such {what}"),
    );
    Problem { detail, ..problem }.into()
}

/// The engine granted a command with an answer that this command does not have.
fn odd_answer() -> No {
    No::new(Code::Internal, "the engine answered what was not asked")
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    /// The answers, by status, that have this header when they leave.
    fn statuses_with(name: &header::HeaderName) -> Vec<u16> {
        let mut found = Vec::new();
        for status in (100..600).filter_map(|code| StatusCode::from_u16(code).ok()) {
            let left = harden(status.into_response());
            found.extend(left.headers().contains_key(name).then_some(status.as_u16()));
        }
        found
    }

    #[test]
    fn a_request_that_is_not_read_to_its_end_is_the_last_of_its_connection() {
        assert_eq!(statuses_with(&header::CONNECTION), [408, 413]);
    }

    #[test]
    fn a_refusal_that_passes_says_when_to_ask_again() {
        assert_eq!(statuses_with(&header::RETRY_AFTER), [429, 503]);
    }
}
