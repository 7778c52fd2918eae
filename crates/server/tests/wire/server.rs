//! The real program in a process and folder of its own, and its API.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::peers::free_port;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `cordial serve`; stopped and removed when dropped.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) client: Client,
    /// Where phones and trunks reach it.
    pub(crate) sip: SocketAddr,
    /// The same under TLS.
    pub(crate) sips: SocketAddr,
    /// The API under TLS.
    pub(crate) https: SocketAddr,
}

impl Server {
    /// Starts the program on free loopback ports and waits until it is ready.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// As [`Server::start`], with further lines for the configuration's table `sip`.
    pub(crate) async fn start_with(sip_lines: &str) -> Self {
        Self::start_at(false, sip_lines, "").await
    }

    /// As [`Server::start`], with further tables for the configuration.
    pub(crate) async fn start_with_tables(tables: &str) -> Self {
        Self::start_at(false, "", tables).await
    }

    /// As [`Server::start`], on the loopback address of IPv6 as well.
    pub(crate) async fn start_dual() -> Self {
        Self::start_at(true, "", "").await
    }

    async fn start_at(ipv6: bool, sip_lines: &str, tables: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (sip, sips, http, https) = (free_port(), free_port(), free_port(), free_port());
        let rtp = rtp_block();
        let media = if ipv6 { "127.0.0.1, ::1" } else { "127.0.0.1" };
        let at = |port: u16| match ipv6 {
            false => format!("127.0.0.1:{port}"),
            true => format!("127.0.0.1:{port}, [::1]:{port}"),
        };
        let config = format!(
            "[sip]\nudp = \"{0}\"\ntcp = \"{0}\"\ntls = \"{1}\"\n{sip_lines}\n\
             [http]\nnative = \"127.0.0.1:{http}\"\ntls = \"{2}\"\n\
             [media]\nip = \"{media}\"\nrtp_ports = \"{3}-{4}\"\n\
             [paths]\ndata = \"{folder}/data\"\nrecordings = \"{folder}/recordings\"\n{tables}\n",
            at(sip),
            at(sips),
            at(https),
            rtp,
            rtp + 399,
            folder = folder.path().display()
        );
        std::fs::write(folder.path().join("cordial.toml"), config).expect("the folder can be written");
        let base = format!("http://127.0.0.1:{http}");
        let client = Client { http: reqwest::Client::new(), base, token: String::new() };
        let [sip, sips, https] = [sip, sips, https].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let mut server = Self { process: spawn(folder.path()), folder, client, sip, sips, https };
        server.wait_ready().await;
        let token = server.folder.path().join("data/operator.token");
        let token = std::fs::read_to_string(token).expect("the first start writes a token");
        server.client.token = token.trim().to_owned();
        server
    }

    /// Ends the process as a power cut would.
    pub(crate) fn kill_9(&mut self) {
        self.process.kill().expect("our own child");
        self.process.wait().expect("our own child");
    }

    /// Starts the program again on what the one before left.
    pub(crate) async fn restart(&mut self) {
        self.process = spawn(self.folder.path());
        self.wait_ready().await;
    }

    async fn wait_ready(&mut self) {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(code) = self.process.try_wait().expect("our own child") {
                panic!("the program ended with {code}:\n{}", self.log());
            }
            let ready = self.client.http.get(format!("{}/readyz", self.client.base)).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(Instant::now() < until, "not ready in {PATIENCE:?}:\n{}", self.log());
            pause().await;
        }
    }

    /// Where it keeps its journal and keys.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Where its API is, in the clear.
    pub(crate) fn http(&self) -> SocketAddr {
        let address = self.client.base.strip_prefix("http://").and_then(|address| address.parse().ok());
        address.expect("the base is an address")
    }

    /// The token of its API.
    pub(crate) fn token(&self) -> &str {
        &self.client.token
    }

    /// Tells it to look at its files again.
    pub(crate) fn hang_up(&self) {
        let told = Command::new("kill").args(["-HUP", &self.process.id().to_string()]).status();
        assert!(told.expect("every Unix has it").success());
    }

    /// A client of its own for another task.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    async fn read(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let answer = self.client.ask(method.clone(), path, body).await.expect("the server answers");
        let code = answer.status();
        let text = answer.text().await.expect("a whole answer");
        assert!(code.is_success(), "{method} {path}: {code} {text}\n{}", self.log());
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.read(reqwest::Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.read(reqwest::Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        self.read(reqwest::Method::PUT, path, body).await
    }

    /// Posts a new thing and gives its id.
    pub(crate) async fn add(&self, path: &str, body: Value) -> String {
        self.post(path, body).await["id"].as_str().expect("a new thing has an id").to_owned()
    }

    /// One line of `/metrics`, named with its labels.
    pub(crate) async fn metric(&self, line: &str) -> Option<f64> {
        let answer = self.client.ask(reqwest::Method::GET, "/metrics", Value::Null).await;
        let text = answer.expect("the server answers").text().await.expect("a whole answer");
        text.lines().find_map(|said| said.strip_prefix(line)?.trim().parse().ok())
    }

    /// All items of a listing, page by page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get(&format!("{path}?limit=500{after}")).await;
            items.extend(page["items"].as_array().expect("a listing has items").iter().cloned());
            let Some(next) = page["next"].as_str() else {
                return items;
            };
            after = format!("&after={next}");
        }
    }

    /// Asks again and again until `found` sees what it looks for.
    pub(crate) async fn wait_for<T>(&self, path: &str, what: &str, found: impl Fn(&Value) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            let seen = self.get(path).await;
            if let Some(found) = found(&seen) {
                return found;
            }
            assert!(Instant::now() < until, "no {what} in {PATIENCE:?}: {seen:#}\n{}", self.log());
            pause().await;
        }
    }

    pub(crate) async fn wait_for_device(&self, device: &str, state: &str) {
        let path = format!("/v1/devices/{device}");
        self.wait_for(&path, state, |seen| (seen["state"] == state).then_some(())).await;
    }

    pub(crate) async fn wait_for_no_calls(&self) {
        let none = |seen: &Value| seen["items"].as_array()?.is_empty().then_some(());
        self.wait_for("/v1/calls", "end of all calls", none).await;
    }

    pub(crate) async fn wait_for_leg(&self, state: &str) {
        let held = |seen: &Value| {
            let calls = seen["items"].as_array()?;
            let mut legs = calls.iter().filter_map(|call| call["legs"].as_array()).flatten();
            legs.any(|leg| leg["state"] == state).then_some(())
        };
        self.wait_for("/v1/calls", state, held).await;
    }

    pub(crate) async fn wait_for_agent(&self, agent: &str, activity: &str) {
        let path = format!("/v1/agents/{agent}");
        self.wait_for(&path, activity, |seen| (seen["activity"]["state"] == activity).then_some(())).await;
    }

    /// The call that is being recorded.
    pub(crate) async fn wait_for_recorded_call(&self) -> String {
        let recorded = |seen: &Value| {
            let call = seen["items"].get(0)?;
            call["recording"].as_str()?;
            Some(call["id"].as_str()?.to_owned())
        };
        self.wait_for("/v1/calls", "recorded call", recorded).await
    }

    pub(crate) async fn wait_for_offer(&self) -> String {
        let first = |seen: &Value| seen["items"].get(0)?["id"].as_str().map(str::to_owned);
        self.wait_for("/v1/offers", "offer", first).await
    }

    pub(crate) async fn wait_for_cdr(&self) -> Value {
        self.wait_for("/v1/cdrs", "call record", |seen| seen["items"].get(0).cloned()).await
    }

    /// Waits until a recording has run for so many milliseconds.
    pub(crate) async fn wait_for_recording_of(&self, ms: u64) -> String {
        let call = self.wait_for_recorded_call().await;
        tokio::time::sleep(Duration::from_millis(ms)).await; // The conversation itself: this much of it is recorded.
        call
    }

    /// The first recording whose file is complete, and the file.
    pub(crate) async fn wait_for_saved_recording(&self) -> (Value, Vec<u8>) {
        let saved = |seen: &Value| {
            let recording = seen["items"].get(0)?;
            (recording["state"]["kind"] == "saved").then(|| recording.clone())
        };
        let recording = self.wait_for("/v1/recordings", "saved recording", saved).await;
        let id = recording["id"].as_str().expect("a recording has an id");
        let audio =
            self.client.ask(reqwest::Method::GET, &format!("/v1/recordings/{id}/audio"), Value::Null).await;
        let audio = audio.expect("the server answers");
        assert!(audio.status().is_success(), "{}", audio.status());
        (recording.clone(), audio.bytes().await.expect("the whole file").to_vec())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; what matters is that nothing of ours is left.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The API with a token, for one more task.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) token: String,
}

impl Client {
    async fn ask(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Value,
    ) -> reqwest::Result<reqwest::Response> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if !body.is_null() {
            request = request.json(&body);
        }
        request.send().await
    }

    /// Posts, and gives the answer, which must be a yes; `None` when the server is gone before it has answered. Asked to
    /// slow down, it asks again a little later, as a good client does.
    pub(crate) async fn try_post(&self, path: &str, body: Value) -> Option<Value> {
        loop {
            let answer = self.ask(reqwest::Method::POST, path, body.clone()).await.ok()?;
            let code = answer.status();
            let text = answer.text().await.ok()?;
            if code == reqwest::StatusCode::TOO_MANY_REQUESTS {
                pause().await;
                continue;
            }
            assert!(code.is_success(), "{path}: {code} {text}");
            return Some(serde_json::from_str(&text).unwrap_or_default());
        }
    }
}

fn spawn(folder: &Path) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"));
    let log = log.expect("the folder can be written");
    Command::new(env!("CARGO_BIN_EXE_cordial"))
        .args(["serve", "--config"])
        .arg(folder.join("cordial.toml"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("the program starts")
}

pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(25)).await;
}

/// A block of 400 RTP ports below the system's ephemeral ports, another for each server of each test process.
fn rtp_block() -> u16 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static BLOCKS: AtomicU32 = AtomicU32::new(0);
    let block = (std::process::id() + BLOCKS.fetch_add(1, Ordering::Relaxed)) % 20;
    16_000 + 400 * block as u16
}
