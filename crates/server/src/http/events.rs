//! `/v1/events`: every fact of the tenant, over WebSocket or as server-sent events, the same messages either way.

mod seen;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::pin;

use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, extract};
use cordial_dialects::native::encode;
use cordial_dialects::native::problem::Code;
use cordial_dialects::native::wire::{Message, Scope, Time, What};
use cordial_engine::Event;
use cordial_engine::entry::EntryId;
use serde::Deserialize;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use utoipa::openapi::schema::Type;

use self::seen::Seen;
use super::ask::Asked;
use super::fault::No;
use super::guard::Who;
use super::limits::{HEARD_MAX, HEARTBEAT, SEND_TIME, TOKEN_LOOK};
use super::names::Teller;
use super::operation::{Operation, get};
use super::scene::{LookError, Scene, parties};
use super::sight::Sight;
use super::{State, wall};
use crate::events::Subscription;

/// The subprotocol of the stream.
const PROTOCOL: &str = "cordial.v1";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/v1/events")
            .called(
                "events",
                "events",
                "Tells every fact: a WebSocket when asked to upgrade, else server-sent events",
            )
            .needs(&[Scope::Read])
            .query("after", Type::Integer, "The last `seq` seen; left out, the first message is a snapshot.")
            .header("Last-Event-ID", "As `after`, as browsers send it when they reconnect.")
            .answers::<Message>(
                200,
                "The stream, `text/event-stream`: `id` is `seq`, `event` is `type`, `data` the message.",
            )
            .answers_other(101, None, "The WebSocket; each text is one message.")
            .handled_by(events),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    after: Option<u64>,
}

async fn events(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Asked(since): Asked<Since>,
    headers: HeaderMap,
    upgrade: Option<Upgrade>,
) -> Result<Response, No> {
    let last_seen = match headers.get("last-event-id") {
        None => None,
        Some(id) => {
            let id = id.to_str().ok().and_then(|id| id.parse().ok());
            Some(id.ok_or_else(|| No::field("Last-Event-ID", "must be a seq"))?)
        }
    };
    let tail = Tail::open(state, who, since.after.or(last_seen)).await?;
    Ok(match upgrade {
        Some(Upgrade(upgrade)) => upgrade
            .protocols([PROTOCOL])
            .max_message_size(HEARD_MAX)
            .max_frame_size(HEARD_MAX)
            .on_upgrade(|socket| over_socket(tail, socket)),
        None => {
            let messages = futures_util::stream::unfold(tail, |mut tail| async move {
                let message = tail.next().await?;
                let sent =
                    Sent::default().id(message.seq.to_string()).event(message.name()).data(written(&message));
                Some((Ok::<_, Infallible>(sent), tail))
            });
            let mut answer = Sse::new(messages).into_response();
            answer.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
            answer
        }
    })
}

/// A request to upgrade; a plain request is none, and is answered with server-sent events.
struct Upgrade(WebSocketUpgrade);

impl extract::OptionalFromRequestParts<State> for Upgrade {
    type Rejection = No;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &State,
    ) -> Result<Option<Self>, No> {
        if !parts.headers.contains_key(axum::http::header::SEC_WEBSOCKET_KEY) {
            return Ok(None);
        }
        let upgrade =
            <WebSocketUpgrade as extract::FromRequestParts<State>>::from_request_parts(parts, state).await;
        let upgrade = upgrade.map_err(|rejection| No::new(Code::BadRequest, rejection.body_text()))?;
        Ok(Some(Self(upgrade)))
    }
}

fn written(message: &Message) -> String {
    serde_json::to_string(message).expect("a message holds texts, numbers and lists only")
}

/// What one reader is still to be told.
struct Tail {
    state: State,
    who: Who,
    teller: Teller,
    subscription: Subscription,
    first: Option<Message>,
    /// The last `seq` told.
    last: u64,
    /// When the next heartbeat is due.
    beat: Instant,
    /// When the token is looked at again.
    look: Interval,
    /// What the reader sees, if it is not everything of the tenant.
    seen: Option<Seen>,
}

impl Tail {
    async fn open(state: State, who: Who, after: Option<u64>) -> Result<Self, No> {
        let seen = seen_now(&state, &who).await?;
        let (first, last) = match after {
            Some(after) if after > state.parts.handle.durable_seq() => {
                return Err(No::field("?after", "lies in the future"));
            }
            Some(after) => (None, after),
            None => {
                let message = snapshot(&state, &who).await?;
                let seq = message.seq;
                (Some(message), seq)
            }
        };
        let subscription = state.parts.handle.subscribe(who.tenant, Some(last)).await?;
        let mut teller = Teller::new(state.clone(), who.tenant);
        teller.learn_live().await?;
        let (beat, look) = (Instant::now() + HEARTBEAT, token_looks());
        Ok(Self { state, who, teller, subscription, first, last, beat, look, seen })
    }

    /// The next message, a heartbeat in silence; `None` when the reader is too slow, its token no longer works, or the
    /// server stops. The reader resumes after the last `seq` that it saw. Not to be dropped while waiting: an event that
    /// is being told would be lost.
    async fn next(&mut self) -> Option<Message> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let event = tokio::select! {
                // The token first: whatever has piled up meanwhile is not for one that no longer works.
                biased;
                _ = self.look.tick() => if self.who.stands(&self.state) { continue } else { return None },
                event = self.subscription.next() => event?,
                () = tokio::time::sleep_until(self.beat) => {
                    self.beat = Instant::now() + HEARTBEAT;
                    return Some(Message { seq: self.last, at: Time(wall()), by: None, what: What::Heartbeat });
                }
            };
            if !self.tells(&event).await? {
                continue;
            }
            // A store or a node that does not answer ends the stream; the reader comes back when it does.
            if let Some(message) = self.teller.tell(&event).await.ok()? {
                self.last = message.seq;
                self.beat = Instant::now() + HEARTBEAT;
                return Some(message);
            }
        }
    }
}

impl Tail {
    /// Whether the reader is told of an event; `None` when nobody can tell.
    async fn tells(&mut self, event: &Event) -> Option<bool> {
        let Some(seen) = &mut self.seen else { return Some(true) };
        if !Seen::is_changed_by(event) {
            return Some(seen.tells(event));
        }
        // Told by what was seen before as by what is seen then: of whoever leaves one's sight the leaving is told.
        let horizon = self.state.look(&self.who, |scene| Ok(scene.horizon())).await.ok()?;
        let Some(horizon) = horizon else {
            self.seen = None;
            return Some(true);
        };
        seen.widen(&horizon);
        let told = seen.tells(event);
        seen.replace(horizon);
        Some(told)
    }
}

/// What a reader sees; `None` for everything of the tenant.
async fn seen_now(state: &State, who: &Who) -> Result<Option<Seen>, No> {
    let look = |scene: &Scene<'_>| {
        let Some(horizon) = scene.horizon() else { return Ok(None) };
        let calls = scene.engine.calls(scene.tenant);
        let (mut reached, mut waiting) = (BTreeSet::new(), BTreeSet::new());
        for call in calls.iter().filter(|call| scene.sees_call(call)) {
            let own = parties(call).any(|agent| horizon.reached.contains(&agent));
            if own {
                reached.insert(call.id)
            } else {
                waiting.insert(call.id)
            };
        }
        Ok(Some(Seen::new(horizon, reached, waiting)))
    };
    state.look(who, look).await
}

/// When a stream looks at its token.
pub(super) fn token_looks() -> Interval {
    let mut looks = tokio::time::interval_at(Instant::now() + TOKEN_LOOK, TOKEN_LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

async fn snapshot(state: &State, who: &Who) -> Result<Message, No> {
    let Who { tenant, user, scopes, .. } = who.clone();
    let seen = state.parts.handle.snapshot(move |engine, now| {
        let sight = Sight::of(engine, tenant, user, &scopes);
        let scene = Scene { engine, now, tenant, sight };
        let (mut agents, mut queues) = (engine.agents(tenant), engine.queues(tenant, now.at));
        let (mut calls, mut offers) = (engine.calls(tenant), engine.offers(tenant));
        let mut devices = engine.devices(tenant);
        agents.retain(|it| scene.sees(EntryId::Agent(it.id)));
        queues.retain(|it| scene.sees(EntryId::Queue(it.id)));
        calls.retain(|it| scene.sees_call(it));
        offers.retain(|it| scene.sees_offer(it));
        devices.retain(|it| scene.sees(EntryId::Device(it.id)));
        let told = encode::snapshot(&agents, &queues, &calls, &offers, &devices, now, &scene);
        told.map(|told| (now, told)).map_err(LookError::from)
    });
    let (seq, told) = seen.await?;
    let (now, told) = told.map_err(|_| No::new(Code::Internal, "the snapshot could not be told"))?;
    Ok(Message { seq, at: Time(now.wall), by: None, what: What::Snapshot(Box::new(told)) })
}

/// Sends until the reader goes away, is too slow, or there is nothing more to tell.
async fn over_socket(mut tail: Tail, mut socket: WebSocket) {
    loop {
        let mut next = pin!(tail.next());
        let message = loop {
            tokio::select! {
                message = &mut next => break message,
                heard = socket.recv() => match heard {
                    // Pings are answered beneath; what else is said is not read.
                    Some(Ok(Frame::Text(_) | Frame::Binary(_) | Frame::Ping(_) | Frame::Pong(_))) => {}
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
                },
            }
        };
        let Some(message) = message else { break };
        let sent = socket.send(Frame::Text(written(&message).into()));
        if !matches!(tokio::time::timeout(SEND_TIME, sent).await, Ok(Ok(()))) {
            return;
        }
    }
    let close = CloseFrame { code: close_code::AGAIN, reason: "resume after the last seq".into() };
    // The reader may be gone already; either way this is the last that it hears.
    tokio::time::timeout(SEND_TIME, socket.send(Frame::Close(Some(close)))).await.ok();
}
