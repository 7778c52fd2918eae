//! Asking the API, and following its events.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::wire::{Event, Page};

/// One question may take this long; the machine may be loaded.
const PATIENCE: Duration = Duration::from_secs(20);
/// A question that the server was too busy for is put again, with the same idempotency key.
const TRIES_MAX: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// Events told and not yet taken; beyond it the stream waits.
const EVENTS_MAX: usize = 4_096;
/// A frame of the stream that is longer is no event of ours. Bytes.
const FRAME_MAX: usize = 16 << 20;

/// The API as one token sees it.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    base: Arc<str>,
    token: Arc<str>,
    asked: Arc<AtomicU64>,
}

impl Api {
    pub(crate) fn new(server: SocketAddr, token: &str) -> Result<Self> {
        // Whatever proxy the environment names, the server is on this machine.
        let client = Client::builder().no_proxy().build().context("no HTTP client")?;
        let base = format!("http://{server}");
        Ok(Self { client, base: base.into(), token: token.into(), asked: Arc::default() })
    }

    /// The same server with another token.
    pub(crate) fn acting_with(&self, token: &str) -> Self {
        Self { token: token.into(), ..self.clone() }
    }

    /// Where it is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether a question without a token is answered with success.
    pub(crate) async fn probe(url: &str) -> bool {
        let Ok(client) = Client::builder().no_proxy().timeout(PATIENCE).build() else {
            return false;
        };
        client.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let answer = self.ask(Method::GET, path, None).await?;
        let text = answer.text().await.with_context(|| format!("GET {path}: the answer broke off"))?;
        serde_json::from_str(&text).with_context(|| format!("GET {path} was answered with {text}"))
    }

    pub(crate) async fn bytes(&self, path: &str) -> Result<Vec<u8>> {
        let answer = self.ask(Method::GET, path, None).await?;
        Ok(answer.bytes().await.with_context(|| format!("GET {path}: the answer broke off"))?.to_vec())
    }

    /// A whole list, page by page.
    pub(crate) async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let page: Page<T> = self.get(&format!("{path}?limit=100{after}")).await?;
            all.extend(page.items);
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(all),
            }
        }
    }

    /// Does something; gives the answer.
    pub(crate) async fn post(&self, path: &str, body: Option<Value>) -> Result<Value> {
        read(self.ask(Method::POST, path, body).await?).await
    }

    /// Puts something in its place; gives the answer.
    pub(crate) async fn put(&self, path: &str, body: Option<Value>) -> Result<Value> {
        read(self.ask(Method::PUT, path, body).await?).await
    }

    /// Adds a thing and gives its id.
    pub(crate) async fn add(&self, path: &str, body: Value) -> Result<String> {
        let thing = self.post(path, Some(body)).await?;
        let id = thing["id"].as_str().with_context(|| format!("POST {path} gave a thing without id"))?;
        Ok(id.to_owned())
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Response> {
        let key = format!("demo-{}", self.asked.fetch_add(1, Ordering::Relaxed));
        let mut tries = 1;
        loop {
            let url = format!("{}{path}", self.base);
            let mut request =
                self.client.request(method.clone(), url).bearer_auth(&self.token).timeout(PATIENCE);
            if method == Method::POST {
                request = request.header("Idempotency-Key", &key);
            }
            if let Some(body) = &body {
                request = request.json(body);
            }
            let again = tries < TRIES_MAX;
            match request.send().await {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) if again && is_busy(answer.status()) => {}
                Ok(answer) => bail!("{method} {path}: {}", problem(answer).await),
                Err(_) if again => {}
                Err(error) => return Err(error).with_context(|| format!("{method} {path}")),
            }
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Every event from now on, in order and without a gap: a stream that breaks is taken up where it broke.
    pub(crate) fn follow(&self) -> mpsc::Receiver<Event> {
        let (told, events) = mpsc::channel(EVENTS_MAX);
        let api = self.clone();
        tokio::spawn(async move {
            let mut last = None;
            while !told.is_closed() {
                // Why it broke is of no interest while it can be taken up again; the server's end is seen elsewhere.
                api.follow_once(&mut last, &told).await.ok();
                tokio::time::sleep(PAUSE).await;
            }
        });
        events
    }

    async fn follow_once(&self, last: &mut Option<u64>, told: &mpsc::Sender<Event>) -> Result<()> {
        let after = last.map(|seq| format!("?after={seq}")).unwrap_or_default();
        let request = self.client.get(format!("{}/v1/events{after}", self.base)).bearer_auth(&self.token);
        let mut answer = request.header("Accept", "text/event-stream").send().await?.error_for_status()?;
        let mut text = Vec::new();
        while let Some(piece) = answer.chunk().await? {
            text.extend(piece.iter().filter(|byte| **byte != b'\r'));
            while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                let frame: Vec<u8> = text.drain(..end + 2).collect();
                let Some(event) = event_in(&frame)? else { continue };
                *last = Some(event.seq);
                told.send(event).await?;
            }
            if text.len() > FRAME_MAX {
                bail!("an endless event");
            }
        }
        Ok(())
    }
}

/// The event in one frame of server-sent events; none in a comment.
fn event_in(frame: &[u8]) -> Result<Option<Event>> {
    let text = String::from_utf8_lossy(frame);
    let data: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
    if data.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&data.join("\n"))?))
}

fn is_busy(code: StatusCode) -> bool {
    code == StatusCode::TOO_MANY_REQUESTS || code == StatusCode::SERVICE_UNAVAILABLE
}

async fn read(answer: Response) -> Result<Value> {
    let text = answer.text().await.context("the answer broke off")?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("the answer is no JSON: {text}"))
}

/// A refusal as its problem document says it.
async fn problem(answer: Response) -> String {
    let code = answer.status();
    let text = answer.text().await.unwrap_or_default();
    match serde_json::from_str::<Value>(&text) {
        Ok(problem) => {
            let part = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
            let errors = problem.get("errors").map(|errors| format!(" {errors}")).unwrap_or_default();
            format!("{} {} ({}){errors}", code.as_u16(), part("code"), part("detail"))
        }
        Err(_) => format!("{code} {text}"),
    }
}
