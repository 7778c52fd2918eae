//! What operators and their machines ask: alive, ready, numbers, the tap, the document and its page.

use std::convert::Infallible;

use axum::http::{HeaderName, header};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, extract};
use cordial_dialects::native::problem::Code;
use cordial_dialects::native::wire::{ConsoleAnswer, ConsoleCommand, Scope};

use super::ask::Body;
use super::fault::No;
use super::guard::Who;
use super::limits::HEARTBEAT;
use super::operation::{Operation, get, post};
use super::{Caller, State};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/livez")
            .called("livez", "operation", "Whether the process turns; if not, restart it")
            .open()
            .answers_other(200, Some("text/plain"), "It does.")
            .refuses(&[503])
            .handled_by(livez),
        get("/readyz")
            .called("readyz", "operation", "Whether calls and requests should be sent here")
            .open()
            .answers_other(200, Some("text/plain"), "They should.")
            .refuses(&[503])
            .handled_by(readyz),
        get("/metrics")
            .called("metrics", "operation", "Numbers for Prometheus")
            .open()
            .answers_other(200, Some("text/plain"), "The numbers.")
            .handled_by(metrics),
        get("/openapi.json")
            .called("openapi", "operation", "This document")
            .open()
            .answers_other(200, Some("application/json"), "The document.")
            .handled_by(openapi),
        get("/docs")
            .called("docs", "operation", "This document for people")
            .open()
            .answers_other(200, Some("text/html"), "The page.")
            .handled_by(docs),
        post("/v1/callcenter-config")
            .called(
                "callcenter_config",
                "operation",
                "Runs a command of FreeSWITCH's `callcenter_config` console over agents, tiers and queues",
            )
            .body::<ConsoleCommand>()
            .answers::<ConsoleAnswer>(
                200,
                "What the console prints; a command that is refused prints `-ERR`.",
            )
            .handled_by(callcenter_config),
        get("/v1/tap")
            .called(
                "tap",
                "operation",
                "Shows what clients ask and are answered, live, secrets hidden; server-sent events",
            )
            .needs(&[Scope::Admin])
            .answers_other(
                200,
                Some("text/event-stream"),
                "The stream; each `data` is one request with its answer.",
            )
            .handled_by(tap),
    ]
}

async fn callcenter_config(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Body(body): Body<ConsoleCommand>,
) -> Result<Json<ConsoleAnswer>, No> {
    let caller = Caller::of(&state, &who).await?;
    let answer = crate::callcenter::config(&state.parts.handle, &caller, &body.command).await;
    Ok(Json(ConsoleAnswer { answer }))
}

async fn livez(extract::State(state): extract::State<State>) -> Result<&'static str, No> {
    match state.parts.health.live() {
        Ok(()) => Ok("live\n"),
        Err(why) => Err(No::new(Code::Unavailable, why)),
    }
}

async fn readyz(extract::State(state): extract::State<State>) -> Result<&'static str, No> {
    match state.parts.health.ready().await {
        Ok(()) => Ok("ready\n"),
        Err(why) => Err(No::new(Code::Unavailable, why)),
    }
}

async fn metrics(extract::State(state): extract::State<State>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, state.parts.meters.render().await).into_response()
}

async fn openapi(extract::State(state): extract::State<State>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], state.document.json.clone()).into_response()
}

const POLICY: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

async fn docs(extract::State(state): extract::State<State>) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), POLICY];
    (headers, state.document.page.clone()).into_response()
}

/// The pages that problems point to.
#[derive(rust_embed::RustEmbed)]
#[folder = "../../docs/errors"]
struct ErrorPages;

pub(super) async fn error_page(extract::Path(code): extract::Path<String>) -> Response {
    match ErrorPages::get(&format!("{code}.md")) {
        Some(page) => {
            let kind = [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")];
            (kind, page.data.into_owned()).into_response()
        }
        None => No::new(Code::NoSuchPath, "no code is called so").into_response(),
    }
}

async fn tap(extract::State(state): extract::State<State>, Extension(who): Extension<Who>) -> Response {
    let watch = (state.taps.watch(who.tenant), super::events::token_looks(), state, who);
    let entries = futures_util::stream::unfold(watch, |(mut watcher, mut look, state, who)| async move {
        let entry = loop {
            tokio::select! {
                biased;
                _ = look.tick() => if !who.stands(&state) { return None },
                entry = watcher.next() => break entry?,
            }
        };
        let data = serde_json::to_string(&*entry).ok()?;
        Some((Ok::<_, Infallible>(Sent::default().data(data)), (watcher, look, state, who)))
    });
    let beats = KeepAlive::new().interval(HEARTBEAT);
    Sse::new(entries).keep_alive(beats).into_response()
}
