//! The running server as the command line speaks to it: its HTTP API and nothing else.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Failure;
use super::arguments::Arguments;
use crate::config::Config;
use crate::run::random;

/// How long one request may take.
const REQUEST_MAX: Duration = Duration::from_secs(30);
/// Things of a listing asked for at once.
pub(super) const PAGE: usize = 500;
/// Bytes of a secret read from standard input or a file.
const SECRET_BYTES_MAX: u64 = 4_096;

/// A thing as it was read.
pub(super) struct Seen {
    pub(super) value: Value,
    /// What its changes are conditional on.
    pub(super) tag: String,
}

/// What goes with a request.
enum Sent<'a> {
    Nothing,
    Json(&'a Value),
    Csv(Vec<u8>),
}

/// Speaks to the server.
pub(super) struct Api {
    client: reqwest::Client,
    base: String,
    token: String,
}

impl Api {
    pub(super) fn new(arguments: &Arguments, config: &Config) -> Result<Self, Failure> {
        let base = match &arguments.url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", config.http.native),
        };
        let client = reqwest::Client::builder()
            // A proxy of the environment is meant for the world outside, and would see the token.
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .build()
            .map_err(|error| Failure::Internal(error.to_string()))?;
        Ok(Self { client, base, token: token(arguments, config)? })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        Ok(self.ask(Method::GET, path, Sent::Nothing, None).await?.0)
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        Ok(self.ask(Method::POST, path, Sent::Json(body), None).await?.0)
    }

    /// Sends a file of comma-separated values.
    pub(super) async fn post_csv(&self, path: &str, table: Vec<u8>) -> Result<Value, Failure> {
        Ok(self.ask(Method::POST, path, Sent::Csv(table), None).await?.0)
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        Ok(self.ask(Method::PUT, path, Sent::Json(body), None).await?.0)
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        Ok(self.ask(Method::DELETE, path, Sent::Nothing, None).await?.0)
    }

    /// One thing with its tag.
    pub(super) async fn see(&self, path: &str) -> Result<Seen, Failure> {
        let (value, tag) = self.ask(Method::GET, path, Sent::Nothing, None).await?;
        Ok(Seen { value, tag })
    }

    /// Changes a thing if it is as it was seen.
    pub(super) async fn put_if(&self, path: &str, body: &Value, tag: &str) -> Result<Value, Failure> {
        Ok(self.ask(Method::PUT, path, Sent::Json(body), Some(tag)).await?.0)
    }

    /// All things of a listing, page by page.
    pub(super) async fn list(&self, kind: &str) -> Result<Vec<Value>, Failure> {
        self.filtered(kind, "").await
    }

    /// As [`Api::list`], of those only that a filter such as `team=...` lets through.
    pub(super) async fn filtered(&self, kind: &str, filter: &str) -> Result<Vec<Value>, Failure> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get(&format!("/v1/{kind}?{filter}&limit={PAGE}{after}")).await?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={}", escape(next)),
                None => return Ok(items),
            }
        }
    }

    /// The id of the thing that is called so: by name, by number, or by the id itself.
    pub(super) async fn id(&self, kind: &str, which: &str) -> Result<String, Failure> {
        if which.len() == 32 && which.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(which.to_owned());
        }
        if kind == "calls" {
            return Err(Failure::NotFound(format!(
                "\"{which}\" is no call's id, which has 32 hexadecimal digits (see `cordial call list`)"
            )));
        }
        let by = if matches!(kind, "devices" | "routes") { "number" } else { "name" };
        let found = self.get(&format!("/v1/{kind}?{by}={}", escape(which))).await?;
        match found["items"][0]["id"].as_str() {
            Some(id) => Ok(id.to_owned()),
            None => {
                let one = kind.strip_suffix('s').unwrap_or(kind);
                Err(Failure::NotFound(format!(
                    "no {one} has the {by} \"{which}\" (see `cordial {one} list`)"
                )))
            }
        }
    }

    /// A stream of server-sent events.
    pub(super) async fn stream(&self, path: &str) -> Result<reqwest::Response, Failure> {
        let request = self
            .client
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .header("accept", "text/event-stream");
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let code = answer.status();
        Err(refused(code, &answer.json().await.unwrap_or(Value::Null)))
    }

    /// The answer and its tag.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Sent<'_>,
        tag: Option<&str>,
    ) -> Result<(Value, String), Failure> {
        let is_post = method == Method::POST;
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .timeout(REQUEST_MAX);
        if is_post {
            let key: [u8; 16] = random().map_err(|error| Failure::Internal(error.to_string()))?;
            request = request.header("idempotency-key", format!("{:032x}", u128::from_be_bytes(key)));
        }
        request = match body {
            Sent::Nothing => request,
            Sent::Json(body) => request.json(body),
            Sent::Csv(table) => request.header("content-type", "text/csv").body(table),
        };
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        let code = answer.status();
        let tag =
            answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).unwrap_or_default().to_owned();
        let text = answer.text().await.map_err(|error| self.unreachable(&error))?;
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if code.is_success() { Ok((value, tag)) } else { Err(refused(code, &value)) }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        if error.is_builder() {
            let base = &self.base;
            return Failure::Refused(format!(
                "{base:?} is no address of an API such as http://127.0.0.1:8080"
            ));
        }
        let why = if error.is_timeout() {
            "it does not answer in time".to_owned()
        } else if error.is_connect() {
            "nobody answers there; is `cordial serve` running, with the same --config?".to_owned()
        } else {
            error.to_string()
        };
        Failure::Unreachable(format!("{}: {why}", self.base))
    }
}

/// What a problem document says (RFC 9457).
fn refused(code: StatusCode, problem: &Value) -> Failure {
    let title = problem["title"].as_str().unwrap_or_else(|| code.canonical_reason().unwrap_or("refused"));
    let errors = problem["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let mut text = match problem["detail"].as_str() {
        // The fields follow, each with what is wrong.
        Some(detail) if errors.is_empty() && !detail.eq_ignore_ascii_case(title) => {
            format!("{title}: {detail}")
        }
        Some(_) | None => title.to_owned(),
    };
    for error in errors {
        let (pointer, detail) =
            (error["pointer"].as_str().unwrap_or(""), error["detail"].as_str().unwrap_or(""));
        text.push_str(&format!("\n  {}: {detail}", pointer.trim_start_matches('/').replace('/', ".")));
    }
    if let Some(code) = problem["code"].as_str() {
        text.push_str(&format!(" [{code}]"));
    }
    if code == StatusCode::UNAUTHORIZED {
        text.push_str(
            "\n  `cordial token add` makes one; CORDIAL_TOKEN, --token-file or operator.token in the data folder says it",
        );
    }
    match code {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failure::Denied(text),
        StatusCode::NOT_FOUND => Failure::NotFound(text),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Failure::Unreachable(text),
        _ => Failure::Refused(text),
    }
}

/// The token: the environment's, the file's that was named, or the operator's own.
fn token(arguments: &Arguments, config: &Config) -> Result<String, Failure> {
    if let Some(file) = &arguments.token_file {
        return read_token(file);
    }
    match std::env::var("CORDIAL_TOKEN") {
        Ok(token) => Ok(token.trim().to_owned()),
        Err(_) => read_token(&crate::run::token_file(config)),
    }
}

fn read_token(file: &Path) -> Result<String, Failure> {
    let denied = |error: std::io::Error| {
        let file: PathBuf = file.to_owned();
        Failure::Denied(format!(
            "no token: {}: {error}. Name the server's --config (its data folder holds operator.token), or set \
             CORDIAL_TOKEN",
            file.display()
        ))
    };
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(SECRET_BYTES_MAX).read_to_string(&mut text))
        .map_err(denied)?;
    Ok(text.trim().to_owned())
}

/// A secret from standard input, without the line's end.
pub(super) fn secret_from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(SECRET_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::Refused(format!("standard input: {error}")))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(Failure::Refused("standard input holds no password".to_owned()));
    }
    Ok(secret.to_owned())
}

/// An object of the members that were given.
pub(super) fn object(members: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect())
}

/// An empty body.
pub(super) fn nothing() -> Value {
    json!({})
}

/// Text for a query (RFC 3986 section 2.1).
pub(super) fn escape(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_problem_is_told_with_each_field() {
        let problem = json!({
            "type": "/docs/errors/invalid", "title": "invalid", "status": 422, "code": "invalid",
            "detail": "the request is not acceptable",
            "errors": [{"pointer": "/name", "detail": "must not be empty"}],
        });
        let failure = refused(StatusCode::UNPROCESSABLE_ENTITY, &problem);
        expect![[r#"
            invalid
              name: must not be empty [invalid]"#]]
        .assert_eq(&failure.to_string());
        assert_eq!(failure.exit_code(), 1);
    }

    #[test]
    fn each_kind_of_answer_has_its_exit_code() {
        let codes: Vec<u8> = [401, 403, 404, 409, 422, 429, 500, 503]
            .into_iter()
            .map(|code| refused(StatusCode::from_u16(code).unwrap(), &Value::Null).exit_code())
            .collect();
        assert_eq!(codes, [5, 5, 6, 1, 1, 4, 1, 4]);
    }

    #[test]
    fn names_with_any_letters_can_be_asked_for() {
        assert_eq!(escape("Müller & Söhne/1"), "M%C3%BCller%20%26%20S%C3%B6hne%2F1");
    }
}
