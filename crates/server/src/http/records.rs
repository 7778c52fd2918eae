//! What is over: call records and recordings.

use std::io::SeekFrom;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, extract};
use cordial_dialects::names::{Named, Names};
use cordial_dialects::native::encode;
use cordial_dialects::native::problem::Code;
use cordial_dialects::native::wire::{self, Id, Page, Scope, Time};
use cordial_engine::WallTime;
use cordial_engine::entry::EntryId;
use cordial_engine::id::{AgentId, QueueId, RecordingId};
use cordial_engine::text::Number;
use cordial_store::{CdrCursor, CdrFilter, RecordingFilter, RecordingPhase, StoredRecording};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use utoipa::openapi::schema::Type;

use super::ask::{Asked, At, limit, time};
use super::fault::No;
use super::guard::Who;
use super::limits::AUDIO_PIECE;
use super::names::Teller;
use super::operation::{Operation, get};
use super::{State, not_found};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/v1/cdrs")
            .called("list_cdrs", "records", "Lists the records of closed calls, newest first")
            .needs(&[Scope::Read])
            .paged()
            .query("from", Type::String, "Begun at or after this time.")
            .query("to", Type::String, "Begun before this time.")
            .query("queue", Type::String, "Entered this queue.")
            .query("agent", Type::String, "This agent had a part in it.")
            .query("number", Type::String, "Called from or to this number.")
            .answers_page::<wire::Cdr>()
            .handled_by(list_cdrs),
        get("/v1/cdrs/{id}")
            .called("get_cdr", "records", "Shows the record of a closed call")
            .needs(&[Scope::Read])
            .answers::<wire::Cdr>(200, "The record.")
            .handled_by(read_cdr),
        get("/v1/recordings")
            .called("list_recordings", "records", "Lists recordings, newest first")
            .needs(&[Scope::Read])
            .paged()
            .query("from", Type::String, "Begun at or after this time.")
            .query("to", Type::String, "Begun before this time.")
            .query("agent", Type::String, "Of this agent.")
            .query("call", Type::String, "Of this call.")
            .answers_page::<wire::Recording>()
            .handled_by(list_recordings),
        get("/v1/recordings/{id}")
            .called("get_recording", "records", "Shows a recording")
            .needs(&[Scope::Read])
            .answers::<wire::Recording>(200, "As it is.")
            .handled_by(read_recording),
        get("/v1/recordings/{id}/audio")
            .called(
                "get_recording_audio",
                "records",
                "The audio of a recording: agent left, everyone else right",
            )
            .needs(&[Scope::Read])
            .header(
                "Range",
                "One range of bytes (RFC 9110 section 14); anything else is answered with the whole.",
            )
            .answers_other(200, Some("audio/wav"), "The whole file.")
            .answers_other(206, Some("audio/wav"), "The range.")
            .refuses(&[409, 416])
            .handled_by(audio),
    ]
}

/// What can be asked of the list of records.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CdrsAsked {
    limit: Option<usize>,
    after: Option<String>,
    from: Option<String>,
    to: Option<String>,
    queue: Option<Id>,
    agent: Option<Id>,
    number: Option<String>,
}

/// What can be asked of the list of recordings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordingsAsked {
    limit: Option<usize>,
    after: Option<String>,
    from: Option<String>,
    to: Option<String>,
    agent: Option<Id>,
    call: Option<Id>,
}

async fn list_cdrs(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Asked(asked): Asked<CdrsAsked>,
) -> Result<Json<Page<wire::Cdr>>, No> {
    let after = asked.after.as_deref();
    let after = after.map(|after| CdrCursor::parse(after).ok_or_else(not_a_cursor)).transpose()?;
    let number = asked.number.as_deref().map(Number::parse).transpose();
    let number = number.map_err(|error| No::field("?number", error.to_string()))?;
    let (agent, queue, within) = state
        .look(&who, move |scene| {
            let agent = asked.agent.map(|id| scene.named::<AgentId>("?agent", id)).transpose()?;
            let queue = asked.queue.map(|id| scene.named::<QueueId>("?queue", id)).transpose()?;
            Ok((agent, queue, scene.horizon().map(|horizon| horizon.within())))
        })
        .await?;
    let filter = CdrFilter {
        from: time("?from", asked.from.as_deref())?,
        to: time("?to", asked.to.as_deref())?,
        queue,
        agent,
        number,
        within,
        after,
        limit: limit(asked.limit)? as u32,
        ..CdrFilter::default()
    };
    let found = state.parts.handle.store().cdrs(who.tenant, &filter).await?;
    let mut teller = Teller::new(state, who.tenant);
    let mut items = Vec::with_capacity(found.cdrs.len());
    for cdr in &found.cdrs {
        items.push(teller.named(|book| encode::cdr(cdr, book)).await?);
    }
    Ok(Json(Page { items, next: found.next.map(|next| next.to_string()) }))
}

fn not_a_cursor() -> No {
    No::field("?after", "must be the next of the page before")
}

async fn read_cdr(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
) -> Result<Json<wire::Cdr>, No> {
    let horizon = state.look(&who, |scene| Ok(scene.horizon())).await?;
    let cdr = state.parts.handle.store().cdr(who.tenant, id.0).await?;
    let cdr = cdr.filter(|cdr| horizon.is_none_or(|horizon| horizon.within().has(cdr)));
    let cdr = cdr.ok_or_else(|| not_found("record"))?;
    let mut teller = Teller::new(state, who.tenant);
    teller.named(|book| encode::cdr(&cdr, book)).await.map(Json)
}

async fn list_recordings(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Asked(asked): Asked<RecordingsAsked>,
) -> Result<Json<Page<wire::Recording>>, No> {
    let after = asked.after.as_deref().map(|after| cursor(after).ok_or_else(not_a_cursor)).transpose()?;
    let (agent, within) = state
        .look(&who, move |scene| {
            let agent = asked.agent.map(|id| scene.named::<AgentId>("?agent", id)).transpose()?;
            Ok((agent, scene.horizon().map(|horizon| horizon.within())))
        })
        .await?;
    let filter = RecordingFilter {
        from: time("?from", asked.from.as_deref())?,
        to: time("?to", asked.to.as_deref())?,
        agent,
        call: asked.call.map(|call| call.0),
        within,
        after,
        limit: limit(asked.limit)? as u32,
    };
    let found = state.parts.handle.store().recordings(who.tenant, &filter).await?;
    let mut teller = Teller::new(state, who.tenant);
    let mut items = Vec::with_capacity(found.recordings.len());
    for recording in &found.recordings {
        items.push(told(recording, &mut teller).await?);
    }
    let next = found.next.map(|(started, recording)| format!("{}-{}", started.0, recording.0));
    Ok(Json(Page { items, next }))
}

fn cursor(text: &str) -> Option<(WallTime, RecordingId)> {
    let (started, recording) = text.split_once('-')?;
    Some((WallTime(started.parse().ok()?), RecordingId(recording.parse().ok()?)))
}

async fn told(recording: &StoredRecording, teller: &mut Teller) -> Result<wire::Recording, No> {
    let agent = Named::Entry(EntryId::Agent(recording.agent));
    let agent = teller.named(|book| book.need(agent).map(Id)).await?;
    Ok(wire::Recording {
        id: Id(recording.guid),
        call: Id(recording.call_guid),
        agent,
        started: Time(recording.started),
        state: match recording.phase {
            RecordingPhase::Recording => wire::RecordingState::Recording,
            RecordingPhase::Paused => wire::RecordingState::Paused,
            RecordingPhase::Stopped => wire::RecordingState::Stopped,
            RecordingPhase::Saved => wire::RecordingState::Saved,
            RecordingPhase::Failed => {
                wire::RecordingState::Failed { why: recording.why.clone().unwrap_or_default() }
            }
        },
        audio_ms: recording.audio_ms,
        paused_ms: recording.paused_ms,
        bytes: recording.bytes,
    })
}

async fn find(state: &State, who: &Who, id: Id) -> Result<StoredRecording, No> {
    let horizon = state.look(who, |scene| Ok(scene.horizon())).await?;
    let found = state.parts.handle.store().recording(who.tenant, id.0).await?;
    let seen = |it: &StoredRecording| horizon.is_none_or(|horizon| horizon.reached.contains(&it.agent));
    let found = found.filter(seen);
    found.ok_or_else(|| not_found("recording"))
}

async fn read_recording(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
) -> Result<Json<wire::Recording>, No> {
    let recording = find(&state, &who, id).await?;
    let mut teller = Teller::new(state, who.tenant);
    told(&recording, &mut teller).await.map(Json)
}

async fn audio(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
    request: Request,
) -> Result<Response, No> {
    let recording = find(&state, &who, id).await?;
    let tenant = state.look(&who, |scene| Ok(scene.engine.tenant(scene.tenant))).await?;
    let tenant = tenant.ok_or_else(|| not_found("tenant"))?.guid;
    let library = state.parts.recordings.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let file = library.open(tenant, recording.guid)?;
        let length = file.metadata()?.len();
        Ok::<_, std::io::Error>((file, length))
    });
    let (file, length) = match opened.await {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(No::from(cordial_engine::Refusal::Busy).detailed("the recording is not complete yet"));
        }
        Ok(Err(_)) | Err(_) => return Err(No::new(Code::Unavailable, "the recording cannot be read")),
    };
    send(tokio::fs::File::from_std(file), length, request.headers()).await
}

async fn send(mut file: tokio::fs::File, length: u64, headers: &HeaderMap) -> Result<Response, No> {
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let (status, first, count) = match range.map_or(Range::Whole, |range| Range::of(range, length)) {
        Range::Whole => (StatusCode::OK, 0, length),
        Range::Part { first, count } => (StatusCode::PARTIAL_CONTENT, first, count),
        Range::Outside => {
            let mut no =
                No::new(Code::RangeNotSatisfiable, format!("the file has {length} bytes")).into_response();
            if let Ok(value) = format!("bytes */{length}").parse() {
                no.headers_mut().insert(header::CONTENT_RANGE, value);
            }
            return Ok(no);
        }
    };
    let unreadable = |_| No::new(Code::Unavailable, "the recording cannot be read");
    file.seek(SeekFrom::Start(first)).await.map_err(unreadable)?;
    let pieces = futures_util::stream::unfold(file.take(count), |mut file| async move {
        let mut piece = vec![0; AUDIO_PIECE];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(read) => {
                piece.truncate(read);
                Some((Ok(Bytes::from(piece)), file))
            }
            Err(error) => Some((Err(error), file)),
        }
    });
    let mut answer = (status, Body::from_stream(pieces)).into_response();
    let told = answer.headers_mut();
    let mut tell = |name, value: String| value.parse().ok().map(|value| told.insert(name, value));
    tell(header::CONTENT_TYPE, "audio/wav".to_owned());
    tell(header::CONTENT_LENGTH, count.to_string());
    tell(header::ACCEPT_RANGES, "bytes".to_owned());
    if status == StatusCode::PARTIAL_CONTENT {
        tell(header::CONTENT_RANGE, format!("bytes {first}-{}/{length}", first + count - 1));
    }
    Ok(answer)
}

/// What is wanted of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    Whole,
    Part { first: u64, count: u64 },
    Outside,
}

impl Range {
    /// RFC 9110 section 14.1.2. Several ranges, other units and what cannot be read may be ignored (section 14.2).
    fn of(text: &str, length: u64) -> Self {
        let Some((first, last)) = text.strip_prefix("bytes=").and_then(|set| set.trim().split_once('-'))
        else {
            return Self::Whole;
        };
        let whole = |digits: &str| -> Option<u64> {
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                None
            } else {
                digits.parse().ok()
            }
        };
        match (whole(first), whole(last)) {
            (Some(first), _) if first >= length && (last.is_empty() || whole(last).is_some()) => {
                Self::Outside
            }
            (Some(first), None) if last.is_empty() => Self::Part { first, count: length - first },
            (Some(first), Some(last)) if last >= first => {
                Self::Part { first, count: last.min(length - 1) - first + 1 }
            }
            (None, Some(0)) if first.is_empty() => Self::Outside,
            (None, Some(count)) if first.is_empty() && length > 0 => {
                let count = count.min(length);
                Self::Part { first: length - count, count }
            }
            (None | Some(_), None | Some(_)) => Self::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_understood_and_anything_else_is_the_whole() {
        let part = |first, count| Range::Part { first, count };
        assert_eq!(Range::of("bytes=0-99", 1000), part(0, 100));
        assert_eq!(Range::of("bytes=990-2000", 1000), part(990, 10));
        assert_eq!(Range::of("bytes=5-", 1000), part(5, 995));
        assert_eq!(Range::of("bytes=-10", 1000), part(990, 10));
        assert_eq!(Range::of("bytes=-5000", 1000), part(0, 1000));
        assert_eq!(Range::of("bytes=1000-", 1000), Range::Outside);
        assert_eq!(Range::of("bytes=-0", 1000), Range::Outside);
        assert_eq!(Range::of("bytes=0-0", 0), Range::Outside);
        for ignored in
            ["", "bytes=", "bytes=a-b", "bytes=9-2", "bytes=0-1,4-5", "lines=1-2", "bytes=+1-2", "bytes=--1"]
        {
            assert_eq!(Range::of(ignored, 1000), Range::Whole, "{ignored}");
        }
        assert_eq!(Range::of("bytes=18446744073709551616-", 1000), Range::Whole);
    }
}
