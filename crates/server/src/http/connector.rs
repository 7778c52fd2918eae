//! `POST /connector`: requests of the Generic Connector's clients that speak HTTP. What comes of them is told by callback.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{self, ConnectInfo, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cordial_dialects::connector::fault;
use serde_json::json;

use super::State;
use super::fault::No;
use super::guard::{in_time, read_body};
use super::limits::REQUEST_TIME;
use crate::connector::{CORRELATION, NotTaken, Wrong};
use crate::limits::STOMP_REQUEST_BYTES_MAX;

/// Where it is.
pub(super) const PATH: &str = "/connector";

/// Takes a request, and says so (202); or says in the connector's own words why not.
pub(super) async fn take(
    extract::State(state): extract::State<State>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let answer = match taken(&state, remote, request).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err((status, why)) => {
            let (code, agent) = (fault::Code::PleaseRetry.word(), "");
            let said = json!({ "type": "Error", "error": code, "description": why, "agentId": agent });
            (status, Json(said)).into_response()
        }
    };
    let code = answer.status().as_u16().to_string();
    let labels = [("method", "POST".to_owned()), ("path", PATH.to_owned()), ("code", code)];
    metrics::counter!("cordial_http_requests_total", &labels).increment(1);
    answer
}

async fn taken(state: &State, remote: SocketAddr, request: Request) -> Result<(), (StatusCode, String)> {
    let Some(door) = state.connector() else {
        let why = "the connector is switched off here: see connector.callback_hosts";
        return Err((StatusCode::NOT_FOUND, why.to_owned()));
    };
    let problem = |no: No| {
        let status = StatusCode::from_u16(no.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, no.problem().detail.clone())
    };
    state.rates.caller(remote.ip()).map_err(problem)?;
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "a request is JSON: application/json".to_owned()));
    }
    let body = in_time(REQUEST_TIME, read_body(STOMP_REQUEST_BYTES_MAX, &parts.headers, body));
    let body = body.await.map_err(problem)?;
    let correlation = parts.headers.get(CORRELATION).and_then(|value| value.to_str().ok());
    door.take(&body, correlation.map(str::to_owned), remote.ip()).map_err(|why| {
        let status = match &why {
            NotTaken::Off | NotTaken::Wrong(Wrong::Host(_)) => StatusCode::FORBIDDEN,
            NotTaken::Wrong(Wrong::Json(_) | Wrong::Member(..)) => StatusCode::BAD_REQUEST,
            NotTaken::Busy => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, why.to_string())
    })
}

/// Whether the body says that it is JSON, or nothing. What a page of a stranger's can make a browser send says another kind.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}
