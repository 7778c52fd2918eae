//! Conditional requests (RFC 9110 section 13): a tag for what is shown, and changes of what was seen and nothing newer.
//!
//! A tag is `"<version>.<digest>"`: the version of what was written, as the engine keeps it, and a digest of what is
//! shown, which for agents, queues and devices holds their state, too. `If-None-Match` compares all of it. `If-Match`
//! compares the version: an agent who became busy meanwhile is no reason to refuse a change of his name.

use axum::body::{Body, to_bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cordial_dialects::native::problem::{Code, Problem};
use cordial_engine::Refusal;
use cordial_engine::command::{Command, Condition};
use cordial_engine::entry::EntryId;
use cordial_engine::id::{AgentId, QueueId};
use sha2::{Digest as _, Sha256};

use super::fault::No;
use super::limits::ANSWER_MAX;

/// The version of an entry that is shown, told by a handler to [`tagged`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Version(pub(super) u64);

/// What a request depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct If {
    /// `If-Match`: the versions that may be changed.
    versions: Option<Vec<u64>>,
    /// `If-None-Match: *`: only what is not there yet.
    absent: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for If {
    type Rejection = No;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, No> {
        Self::of(&parts.headers)
    }
}

impl If {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, No> {
        let mut versions = None;
        if let Some(tags) = list(headers, &header::IF_MATCH)? {
            // `*` is any version: that the thing is there at all is looked at anyway.
            if tags != ["*"] {
                // A weak tag never matches here (section 13.1.1), nor one that we did not make.
                versions = Some(tags.iter().filter_map(|tag| version(tag)).collect());
            }
        }
        let absent = list(headers, &header::IF_NONE_MATCH)?.is_some_and(|tags| tags == ["*"]);
        Ok(Self { versions, absent })
    }

    /// Whether nothing is asked.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The command, conditional on the version of an entry; that entry is there, so it is never absent.
    pub(super) fn unchanged(self, id: EntryId, command: Command) -> Result<Command, No> {
        if self.absent {
            return Err(Refusal::PreconditionFailed.into());
        }
        Ok(match self.versions {
            Some(versions) => Command::If(Condition::Version(id, versions), Box::new(command)),
            None => command,
        })
    }

    /// The command that assigns an agent, conditional on the agent's version and on that he is not assigned.
    pub(super) fn unassigned(self, agent: AgentId, queue: QueueId, command: Command) -> Result<Command, No> {
        let absent = self.absent;
        let command = Self { absent: false, ..self }.unchanged(EntryId::Agent(agent), command)?;
        Ok(if absent {
            Command::If(Condition::NotAssigned(agent, queue), Box::new(command))
        } else {
            command
        })
    }
}

/// The tags of a header, or `*`; `None` without the header.
fn list(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Vec<String>>, No> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| unreadable(name))?;
        if text.trim() == "*" {
            return Ok(Some(vec!["*".to_owned()]));
        }
        tags.extend(tags_of(text).ok_or_else(|| unreadable(name))?);
    }
    Ok(Some(tags))
}

/// The tags of a list, each as it is written; `None` when it is none. A tag may hold commas, and a list no tag.
fn tags_of(list: &str) -> Option<Vec<String>> {
    let mut tags = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let opened = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let end = rest.len() - opened.len() + opened.find('"')? + 1;
        let (tag, after) = rest.split_at(end);
        tags.push(tag.to_owned());
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
    Some(tags)
}

fn unreadable(name: &HeaderName) -> No {
    No::new(Code::BadRequest, format!("{name} must be * or a list of tags in quotation marks"))
}

fn version(tag: &str) -> Option<u64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.split_once('.')?.0.parse().ok()
}

/// The answer with its tag; 304 without a body when the client has it already.
pub(super) async fn tagged(headers: &HeaderMap, answer: Response) -> Result<Response, No> {
    let json = answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if answer.status() != StatusCode::OK || !json {
        return Ok(answer);
    }
    let known = list(headers, &header::IF_NONE_MATCH)?.unwrap_or_default();
    let (mut parts, body) = answer.into_parts();
    let body = to_bytes(body, ANSWER_MAX).await;
    let body = body.map_err(|_| No::new(Code::Internal, "the answer is too large"))?;
    let digest = Sha256::digest(&body);
    let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let version = parts.extensions.get::<Version>().map_or(0, |version| version.0);
    let tag = format!("\"{version}.{digest}\"");
    let value = HeaderValue::from_str(&tag).map_err(|_| No::new(Code::Internal, "a tag has odd letters"))?;
    parts.headers.insert(header::ETAG, value.clone());
    // Section 13.1.2: compared weakly.
    let is_known = |it: &String| it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag;
    if known.iter().any(is_known) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, value)]).into_response());
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// That a condition is set on what has no version.
pub(super) fn no_version() -> No {
    let detail = "what this changes has no version; ask without If-Match";
    No::from(Problem::refused(&Refusal::PreconditionFailed)).detailed(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: HeaderName, value: &str) -> Result<If, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
        If::of(&headers).map_err(|no| no.status())
    }

    #[test]
    fn a_condition_is_a_star_or_tags_and_weak_tags_match_nothing() {
        let of = |versions: &[u64]| Ok(If { versions: Some(versions.to_vec()), absent: false });
        assert_eq!(read(header::IF_MATCH, "\"12.ab\""), of(&[12]));
        assert_eq!(read(header::IF_MATCH, "\"12.ab\", \"13.cd\""), of(&[12, 13]));
        assert_eq!(read(header::IF_MATCH, "W/\"12.ab\""), of(&[]));
        assert_eq!(read(header::IF_MATCH, "\"theirs\""), of(&[]));
        assert_eq!(read(header::IF_MATCH, "*"), Ok(If::default()));
        assert_eq!(read(header::IF_NONE_MATCH, "*"), Ok(If { versions: None, absent: true }));
        assert_eq!(read(header::IF_NONE_MATCH, "\"12.ab\""), Ok(If::default()));
        // RFC 9110, section 5.6.1: a recipient takes an empty list for one.
        assert_eq!(read(header::IF_MATCH, ""), of(&[]));
        for crooked in ["12", "\"12", "*, \"12.ab\""] {
            assert_eq!(read(header::IF_MATCH, crooked), Err(400), "{crooked}");
        }
    }

    #[test]
    fn a_list_of_tags_is_read_with_commas_in_them() {
        let read = |list: &str| tags_of(list);
        let tags = |tags: &[&str]| Some(tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(""), tags(&[]));
        assert_eq!(read("\"7.ab\""), tags(&["\"7.ab\""]));
        assert_eq!(read("W/\"a,b\" ,\"\""), tags(&["W/\"a,b\"", "\"\""]));
        for wrong in ["a", "\"a", "\"a\" \"b\"", "W/a", "*, \"a\""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
