//! A `POST` with an `Idempotency-Key` acts once, however often it is sent within 24 hours.
//!
//! Answers are kept sealed under a key that only the token's bearer has: some of them show a secret that is kept
//! nowhere else.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use cordial_dialects::native::limits::IDEMPOTENCY_KEY_MAX;
use cordial_dialects::native::problem::Code;
use cordial_store::Begun;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fault::No;
use super::guard::Who;
use super::limits::ANSWER_MAX;
use super::{State, wall};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const NONCE: usize = 24;

/// A request that wants to act once.
pub(super) struct Asked {
    pub(super) who: Who,
    pub(super) key: String,
    pub(super) fingerprint: [u8; 32],
}

/// The key that a request bears.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, No> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > IDEMPOTENCY_KEY_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let detail = format!("an idempotency key has 1 to {IDEMPOTENCY_KEY_MAX} visible ASCII characters");
        return Err(No::new(Code::BadRequest, detail));
    }
    Ok(Some(key.to_owned()))
}

/// What makes two requests the same: who, where, what.
pub(super) fn fingerprint(who: &Who, parts: &Parts, body: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [who.token.to_string().as_bytes(), parts.uri.to_string().as_bytes(), body] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// Acts, or answers as the first time.
pub(super) async fn once(state: &State, asked: Asked, next: Next, request: Request) -> Result<Response, No> {
    let store = state.parts.handle.store();
    match store.begin_idempotent(asked.who.tenant, &asked.key, asked.fingerprint, wall()).await? {
        Begun::Fresh => {}
        Begun::Done(sealed) => return replay(&asked, &sealed),
        Begun::InProgress => {
            return Err(No::new(Code::IdempotencyInProgress, "wait for the answer to the first request"));
        }
        Begun::Different => {
            return Err(No::new(Code::IdempotencyMismatch, "use a new key for every new request"));
        }
        Begun::Interrupted => {
            let detail = "look up what it did, then ask with a new key";
            return Err(No::new(Code::IdempotencyInterrupted, detail));
        }
    }
    // A task of its own: when the client goes away, what it asked for is still done and written down.
    let acting = tokio::spawn(act(state.clone(), asked, next, request));
    acting.await.unwrap_or_else(|_| Err(No::new(Code::Internal, "the server failed on this request")))
}

async fn act(state: State, asked: Asked, next: Next, request: Request) -> Result<Response, No> {
    let answer = next.run(request).await;
    let (parts, body) = answer.into_parts();
    let body =
        to_bytes(body, ANSWER_MAX).await.map_err(|_| No::new(Code::Internal, "the answer is too large"))?;
    let store = state.parts.handle.store();
    if is_settled(parts.status) {
        let text = |name| {
            parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned)
        };
        let kept = Kept {
            status: parts.status.as_u16(),
            kind: text(header::CONTENT_TYPE),
            location: text(header::LOCATION),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        store.finish_idempotent(asked.who.tenant, &asked.key, &seal(&asked, &kept)?).await?;
    } else {
        store.abandon_idempotent(asked.who.tenant, &asked.key).await?;
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Whether asking again would be answered alike. What was shed may be granted the next time.
fn is_settled(status: StatusCode) -> bool {
    !status.is_server_error()
        && status != StatusCode::TOO_MANY_REQUESTS
        && status != StatusCode::REQUEST_TIMEOUT
}

#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    kind: Option<String>,
    location: Option<String>,
    body: String,
}

fn cipher(asked: &Asked) -> XChaCha20Poly1305 {
    let mut digest = Sha256::new();
    digest.update(b"cordial idempotent answer");
    digest.update(asked.fingerprint);
    digest.update(asked.who.text.as_bytes());
    let key: [u8; 32] = digest.finalize().into();
    XChaCha20Poly1305::new(&key.into())
}

fn seal(asked: &Asked, kept: &Kept) -> Result<Vec<u8>, No> {
    let failed = || No::new(Code::Internal, "the answer could not be sealed");
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| failed())?;
    let plain = serde_json::to_vec(kept).map_err(|_| failed())?;
    let sealed = cipher(asked).encrypt(&XNonce::from(nonce), plain.as_slice()).map_err(|_| failed())?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn replay(asked: &Asked, sealed: &[u8]) -> Result<Response, No> {
    let unreadable = || No::new(Code::Internal, "the first answer can no longer be read");
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(unreadable)?;
    let plain = cipher(asked).decrypt(&XNonce::from(*nonce), sealed).map_err(|_| unreadable())?;
    let kept: Kept = serde_json::from_slice(&plain).map_err(|_| unreadable())?;
    let status = StatusCode::from_u16(kept.status).map_err(|_| unreadable())?;
    let mut answer = (status, kept.body).into_response();
    let headers = answer.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in [(header::CONTENT_TYPE, kept.kind), (header::LOCATION, kept.location)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(answer)
}
