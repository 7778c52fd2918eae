//! The real program in a process and a folder of its own, ended in every way that a process can end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ports;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Ports for audio: 800 parties.
const RTP_PORTS: u16 = 1_600;
/// The one exit code of a store that cannot be used (`cordial --help`).
pub(crate) const STORE_TROUBLE: i32 = 7;

/// A running `cordial serve`; stopped and removed when dropped.
pub(crate) struct Server {
    process: Child,
    folder: tempfile::TempDir,
    pub(crate) client: Client,
    /// Where phones and trunks reach it.
    pub(crate) sip: SocketAddr,
}

impl Server {
    /// Starts the program for the first time; a stop waits so many seconds for calls.
    pub(crate) async fn start(drain_s: u64) -> Self {
        Self::start_under(&[], drain_s).await
    }

    /// As [`Server::start`], with another program before it that becomes it.
    pub(crate) async fn start_under(before: &[&str], drain_s: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (sip, http, rtp) = (ports::free(), ports::free(), ports::block_for_server(RTP_PORTS));
        let config = format!(
            "[sip]\nudp = \"127.0.0.1:{sip}\"\ntcp = \"\"\ntls = \"\"\n[http]\nnative = \"127.0.0.1:{http}\"\ntls = \"\"\n[media]\nrtp_ports = \"{rtp}-{}\"\n\
             [paths]\ndata = \"{folder}/data\"\nrecordings = \"{folder}/recordings\"\n[limits]\ndrain_s = {drain_s}\n",
            rtp + RTP_PORTS - 1,
            folder = folder.path().display()
        );
        std::fs::write(folder.path().join("cordial.toml"), config).expect("the folder can be written");
        let http_client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let base = format!("http://127.0.0.1:{http}");
        let client = Client { http: http_client, base, token: String::new() };
        let sip = SocketAddr::from(([127, 0, 0, 1], sip));
        let mut server = Self { process: spawn(folder.path(), before), folder, client, sip };
        server.wait_ready().await;
        let token = std::fs::read_to_string(server.data().join("operator.token"));
        server.client.token = token.expect("the first start writes a token").trim().to_owned();
        server
    }

    /// Starts the program again on what the one before left, and does not wait for it.
    pub(crate) fn spawn_again(&mut self) {
        self.process = spawn(self.folder.path(), &[]);
    }

    /// As [`Server::spawn_again`], and waits until it wants work.
    pub(crate) async fn restart(&mut self) {
        self.spawn_again();
        self.wait_ready().await;
    }

    /// Ends the process as a power cut would.
    pub(crate) fn kill_9(&mut self) {
        self.process.kill().expect("our own child");
        self.process.wait().expect("our own child");
    }

    /// Asks it to end. The standard library only kills; the shell can do this by itself.
    pub(crate) fn terminate(&self) {
        let line = format!("kill -TERM {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &line]).status().expect("a shell").success());
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.try_wait().expect("our own child").is_some()
    }

    /// Waits for its end.
    pub(crate) async fn wait_end(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(how) = self.process.try_wait().expect("our own child") {
                return how;
            }
            assert!(Instant::now() < until, "it has not ended in {PATIENCE:?}:\n{}", self.log());
            pause().await;
        }
    }

    /// Starts it, waits for its end, and gives what it said: for a start that is to be refused.
    pub(crate) async fn start_refused(&mut self) -> (Option<i32>, String) {
        let said = self.log().len();
        self.spawn_again();
        let how = self.wait_end().await;
        (how.code(), self.log().split_off(said))
    }

    pub(crate) async fn wait_ready(&mut self) {
        let until = Instant::now() + PATIENCE;
        while !self.client.probe("/readyz").await {
            if let Some(code) = self.process.try_wait().expect("our own child") {
                panic!("the program ended with {code}:\n{}", self.log());
            }
            assert!(Instant::now() < until, "not ready in {PATIENCE:?}:\n{}", self.log());
            pause().await;
        }
    }

    /// Another command of the program on the same folder.
    pub(crate) fn cordial(&self, line: &str) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_cordial"))
            .args(line.split(' '))
            .arg("--config")
            .arg(self.folder.path().join("cordial.toml"))
            .stdin(Stdio::null())
            .output()
            .expect("the program starts");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The write-ahead log of its store. Bytes.
    pub(crate) fn log_bytes(&self) -> u64 {
        std::fs::metadata(self.data().join("cordial.db-wal")).map_or(0, |log| log.len())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; what matters is that nothing of ours is left.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The API with the operator's token.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    pub(crate) async fn ask(
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

    async fn probe(&self, path: &str) -> bool {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Asks for something that must be granted.
    async fn must(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let answer = self.ask(method.clone(), path, body).await.expect("the server answers");
        let code = answer.status();
        let text = answer.text().await.expect("a whole answer");
        assert!(code.is_success(), "{method} {path}: {code} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.must(reqwest::Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.must(reqwest::Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        self.must(reqwest::Method::PUT, path, body).await
    }

    /// Posts a new thing and gives its id.
    pub(crate) async fn add(&self, path: &str, body: Value) -> String {
        self.post(path, body).await["id"].as_str().expect("a new thing has an id").to_owned()
    }

    /// The answer, which must be a yes; `None` when the server is gone before it has answered, or says that it cannot
    /// write any more. Asked to slow down, it asks again a little later, as a good client does.
    pub(crate) async fn try_ask(&self, method: reqwest::Method, path: &str, body: Value) -> Option<Value> {
        loop {
            let answer = self.ask(method.clone(), path, body.clone()).await.ok()?;
            let code = answer.status();
            let text = answer.text().await.ok()?;
            let said: Value = serde_json::from_str(&text).unwrap_or_default();
            // A limit that is reached is 429 as well, and stays reached.
            if said["code"] == "too-many-requests" {
                pause().await;
                continue;
            }
            if code == reqwest::StatusCode::SERVICE_UNAVAILABLE {
                return None;
            }
            assert!(code.is_success() || code == reqwest::StatusCode::CONFLICT, "{path}: {code} {text}");
            return Some(said);
        }
    }

    /// The events after number `after`, up to the first that `ends`.
    pub(crate) async fn events(&self, after: Option<u64>, ends: impl Fn(&Value) -> bool) -> Vec<Value> {
        let after = after.map(|seq| format!("?after={seq}")).unwrap_or_default();
        let answer = self.ask(reqwest::Method::GET, &format!("/v1/events{after}"), Value::Null).await;
        let mut answer = answer.expect("the server answers").error_for_status().expect("a stream");
        let mut events = Vec::new();
        let mut text = String::new();
        while let Some(piece) = answer.chunk().await.expect("the stream goes on") {
            text.push_str(core::str::from_utf8(&piece).expect("events are text"));
            while let Some(end) = text.find("\n\n") {
                let frame: String = text.drain(..end + 2).collect();
                let data = frame.lines().find_map(|line| line.strip_prefix("data:"));
                let Some(data) = data else { continue };
                let event: Value = serde_json::from_str(data.trim()).expect("an event is JSON");
                let is_last = ends(&event);
                events.push(event);
                if is_last {
                    return events;
                }
            }
        }
        panic!("the stream ended before what was looked for");
    }
}

fn spawn(folder: &Path, before: &[&str]) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"));
    let log = log.expect("the folder can be written");
    let program = env!("CARGO_BIN_EXE_cordial");
    let mut words = before.iter().copied().chain([program]);
    Command::new(words.next().expect("there is one"))
        .args(words)
        .args(["serve", "--config"])
        .arg(folder.join("cordial.toml"))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("the program starts")
}

pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}
