//! Asking the server's API from many tasks at once, each with a token of its own.

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// Questions under way at once.
const TOGETHER: usize = 48;
const PAUSE: Duration = Duration::from_millis(50);
const TRIES_MAX: u32 = 400;
/// Questions put so far.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// The API with a token.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    base: Arc<str>,
    token: Arc<str>,
}

impl Api {
    pub(crate) fn new(server: SocketAddrV4, token: &str) -> Result<Self> {
        let client = Client::builder().no_proxy().build().context("no HTTP client")?;
        Ok(Self { client, base: format!("http://{server}").into(), token: token.into() })
    }

    /// Whether a question without a token is answered with success.
    pub(crate) async fn probe(url: &str) -> bool {
        let Ok(client) = Client::builder().no_proxy().build() else { return false };
        client.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Asks; a server that is too busy is asked again a little later.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        // A server that is too busy to answer may have done it all the same: the same key is not done twice.
        let key = format!("load-{}", ASKED.fetch_add(1, Ordering::Relaxed));
        for _ in 0..TRIES_MAX {
            let url = format!("{}{path}", self.base);
            let mut request = self.client.request(method.clone(), url).bearer_auth(&self.token);
            if method == Method::POST {
                request = request.header("Idempotency-Key", &key);
            }
            if let Some(body) = &body {
                request = request.json(body);
            }
            let answer = request.send().await.with_context(|| format!("{method} {path}"))?;
            let code = answer.status();
            let text = answer.text().await?;
            match code {
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                    tokio::time::sleep(PAUSE).await;
                }
                code if code.is_success() => return Ok(serde_json::from_str(&text).unwrap_or_default()),
                code => bail!("{method} {path}: {code} {text}"),
            }
        }
        bail!("{method} {path}: the server stays too busy")
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Adds a thing and gives its id.
    pub(crate) async fn add(&self, path: &str, body: Value) -> Result<String> {
        let thing = self.post(path, body).await?;
        Ok(thing["id"].as_str().with_context(|| format!("POST {path} gave a thing without id"))?.to_owned())
    }

    /// A crowd of users of the same API: one token may ask only so often.
    pub(crate) async fn crowd(&self) -> Result<Crowd> {
        let mut all = Vec::new();
        for n in 0..TOGETHER {
            let body = json!({ "name": format!("load {n}"), "scopes": ["read", "supervise", "admin"] });
            let token = self.post("/v1/tokens", body).await?;
            let token = token["token"].as_str().context("a new token is shown once")?;
            all.push(Self { token: token.into(), ..self.clone() });
        }
        Ok(Crowd(all))
    }
}

/// Many who ask at once.
pub(crate) struct Crowd(Vec<Api>);

impl Crowd {
    /// Does one deed for each number up to `count`, many at once; gives the results in order.
    pub(crate) async fn each<T, F>(&self, count: usize, deed: impl Fn(Api, usize) -> F) -> Result<Vec<T>>
    where
        F: Future<Output = Result<T>>,
    {
        let (next, deed) = (AtomicUsize::new(0), &deed);
        let hands = self.0.iter().map(|api| {
            let next = &next;
            async move {
                let mut done = Vec::new();
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        return anyhow::Ok(done);
                    }
                    done.push((n, deed(api.clone(), n).await?));
                }
            }
        });
        let mut all: Vec<(usize, T)> =
            futures_util::future::try_join_all(hands).await?.into_iter().flatten().collect();
        all.sort_by_key(|(n, _)| *n);
        Ok(all.into_iter().map(|(_, result)| result).collect())
    }
}
