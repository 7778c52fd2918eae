//! How requests are read: bodies, ids in paths, queries. Whatever is wrong is told with the field that has it.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use cordial_dialects::native::limits::{PAGE_DEFAULT, PAGE_MAX};
use cordial_dialects::native::problem::{Code, FieldError};
use cordial_dialects::native::wire::{Id, Time};
use cordial_engine::WallTime;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fault::No;
use super::guard::Bytes64;

/// A JSON body without a member that nobody asked for.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = No;

    async fn from_request(request: Request, _: &S) -> Result<Self, No> {
        let bytes = request.extensions().get::<Bytes64>().cloned().unwrap_or_default();
        if !is_json(request.headers()) {
            return Err(No::new(Code::UnsupportedMediaType, "the body must be application/json"));
        }
        read(&bytes.0).map(Self)
    }
}

/// A JSON body that may be left out; then it is as if it were empty.
pub(super) struct MaybeBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeBody<T> {
    type Rejection = No;

    async fn from_request(request: Request, state: &S) -> Result<Self, No> {
        if request.extensions().get::<Bytes64>().is_none_or(|bytes| bytes.0.is_empty()) {
            return Ok(Self(T::default()));
        }
        Body::from_request(request, state).await.map(|Body(body)| Self(body))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else {
        return false;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, No> {
    // serde would also read a list, member by member; ours are objects.
    if bytes.trim_ascii_start().first() != Some(&b'{')
        && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
    {
        return Err(No::field("", "must be an object"));
    }
    let mut unknown = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut note = |path: serde_ignored::Path<'_>| {
        unknown.push(FieldError::new(pointer_of_dotted(&path.to_string()), "is not known here"));
    };
    let watched = serde_ignored::Deserializer::new(&mut json, &mut note);
    let value: T = serde_path_to_error::deserialize(watched).map_err(|error| {
        let pointer = pointer_of_dotted(&error.path().to_string());
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => No::field(pointer, inner.to_string()),
            serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof
            | serde_json::error::Category::Io => {
                No::new(Code::BadRequest, format!("the body is not JSON: {inner}"))
            }
        }
    })?;
    json.end().map_err(|error| No::new(Code::BadRequest, format!("the body is not JSON: {error}")))?;
    if unknown.is_empty() { Ok(value) } else { Err(unknown.into()) }
}

/// `a.b[0]` or `a.b.0` as a JSON pointer. Member names of ours have neither dots nor brackets.
fn pointer_of_dotted(path: &str) -> String {
    if path == "." {
        return String::new();
    }
    let steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty() && *step != "?");
    steps.fold(String::new(), |pointer, step| pointer + "/" + step)
}

/// Ids in a path.
pub(super) struct At<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = No;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, No> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(_) => Err(No::field("{id}", "must be 32 hexadecimal digits")),
        }
    }
}

/// The query of a path, without a parameter that nobody asked for.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = No;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, No> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            // A parameter that nobody knows would change the answer in a way that nobody asked for, if it were ignored.
            Err(error) if error.body_text().contains("unknown field") => {
                Err(No::new(Code::BadRequest, error.body_text()))
            }
            Err(error) => Err(No::field("?", error.body_text())),
        }
    }
}

/// What can be asked of every list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageOf {
    limit: Option<usize>,
    /// The `next` of the page before.
    pub(super) after: Option<String>,
}

/// A parameter that filters a list, and what it lets through.
pub(super) type Filter = (&'static str, &'static str);

/// What can be asked of a list of the directory. Each kind has some of these; see [`Listing::only`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    limit: Option<usize>,
    pub(super) after: Option<String>,
    pub(super) name: Option<String>,
    pub(super) number: Option<String>,
    pub(super) team: Option<Id>,
    pub(super) queue: Option<Id>,
    pub(super) user: Option<Id>,
    pub(super) owner: Option<Id>,
    pub(super) state: Option<String>,
    pub(super) phone_book: Option<Id>,
}

impl PageOf {
    pub(super) fn limit(&self) -> Result<usize, No> {
        limit(self.limit)
    }
}

impl Listing {
    /// Refuses what was asked and is no filter of this list.
    pub(super) fn only(&self, filters: &[Filter]) -> Result<(), No> {
        let given = [
            ("name", self.name.is_some()),
            ("number", self.number.is_some()),
            ("team", self.team.is_some()),
            ("queue", self.queue.is_some()),
            ("user", self.user.is_some()),
            ("owner", self.owner.is_some()),
            ("state", self.state.is_some()),
            ("phone_book", self.phone_book.is_some()),
        ];
        let known = |name: &str| filters.iter().any(|(filter, _)| *filter == name);
        match given.iter().find(|(name, given)| *given && !known(name)) {
            Some((name, _)) => Err(No::new(Code::BadRequest, format!("this list is not filtered by {name}"))),
            None => Ok(()),
        }
    }

    pub(super) fn limit(&self) -> Result<usize, No> {
        limit(self.limit)
    }
}

/// How many things are wanted on a page.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, No> {
    match asked {
        None => Ok(PAGE_DEFAULT),
        Some(limit) if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(No::field("?limit", format!("must be from 1 to {PAGE_MAX}"))),
    }
}

/// A time in the query, as times are told.
pub(super) fn time(parameter: &str, text: Option<&str>) -> Result<Option<WallTime>, No> {
    let read = |text| {
        let time = Time::parse(text).map(|time| time.0);
        time.ok_or_else(|| No::field(parameter, "must be a time in UTC such as 2026-11-21T07:42:00Z"))
    };
    text.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use cordial_dialects::native::wire;
    use expect_test::{Expect, expect};

    use super::*;

    async fn problem<T: DeserializeOwned>(body: &str, want: Expect) {
        let no = read::<T>(body.as_bytes()).err().expect("a fault");
        let body = axum::body::to_bytes(no.into_response().into_body(), 4096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        want.assert_eq(&format!("{} {} {}", body["status"], body["code"], body["errors"]));
    }

    #[tokio::test]
    async fn a_fault_in_a_body_is_pointed_at() {
        problem::<wire::Team>("{", expect![[r#"400 "bad-request" null"#]]).await;
        problem::<wire::Team>(
            "{}",
            expect![[r#"422 "invalid" [{"detail":"missing field `name` at line 1 column 2","pointer":""}]"#]],
        )
        .await;
        problem::<wire::Team>(r#"{"name":1}"#, expect![[r#"422 "invalid" [{"detail":"invalid type: integer `1`, expected a string at line 1 column 9","pointer":"/name"}]"#]]).await;
        problem::<wire::Queue>(
            r#"{"name":"q","speed":1,"treatment":{"song":2}}"#,
            expect![[r#"422 "invalid" [{"detail":"is not known here","pointer":"/speed"},{"detail":"is not known here","pointer":"/treatment/song"}]"#]],
        )
        .await;
        problem::<wire::Trunk>(r#"{"name":"t","address":"a","sources":["x",2]}"#, expect![[r#"422 "invalid" [{"detail":"invalid type: integer `2`, expected a string at line 1 column 42","pointer":"/sources/1"}]"#]]).await;
    }
}
