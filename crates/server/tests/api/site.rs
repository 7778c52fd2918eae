//! A server in this process with two tenants, and the hands of a client.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

use cordial_engine::WallTime;
use cordial_server::config::Config;
use cordial_server::run::Server;
use cordial_store::{Begun, NewToken, Owner, Scope};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, SqliteConnection};

use super::phone::{self, Phone};

/// The things of the first tenant.
#[derive(Default)]
pub(crate) struct Ids {
    pub(crate) user: String,
    pub(crate) team: String,
    pub(crate) agent: String,
    pub(crate) idle_agent: String,
    pub(crate) device: String,
    pub(crate) spare_device: String,
    pub(crate) queue: String,
    pub(crate) calendar: String,
    pub(crate) trunk: String,
    pub(crate) route: String,
    pub(crate) reason: String,
    pub(crate) disposition: String,
    pub(crate) skill: String,
    pub(crate) phone_book: String,
    pub(crate) contact: String,
    pub(crate) blacklisted: String,
    pub(crate) call: String,
}

impl Ids {
    pub(crate) fn all(&self) -> [&str; 17] {
        [
            &self.user,
            &self.team,
            &self.agent,
            &self.idle_agent,
            &self.device,
            &self.spare_device,
            &self.queue,
            &self.calendar,
            &self.trunk,
            &self.route,
            &self.reason,
            &self.disposition,
            &self.skill,
            &self.phone_book,
            &self.contact,
            &self.blacklisted,
            &self.call,
        ]
    }
}

/// The server, its tenants' tokens, and what the first tenant has.
pub(crate) struct Site {
    pub(crate) ids: Ids,
    pub(crate) domain: String,
    /// All scopes, first tenant.
    pub(crate) token: String,
    /// All scopes, second tenant.
    pub(crate) foreign: String,
    /// The installation's.
    pub(crate) installation: String,
    /// The id of a token that may be removed.
    pub(crate) spare_token: String,
    /// For asking again and again, so that the others' rates are not used up.
    patient: String,
    scoped: BTreeMap<String, String>,
    http: SocketAddr,
    client: reqwest::Client,
    _server: Server,
    phones: Vec<Phone>,
    _carrier: UdpSocket,
    _folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) replayed: bool,
    pub(crate) challenge: bool,
    pub(crate) tag: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Site {
    /// Starts the server and fills the first tenant: Ann is logged in at a registered phone, and one call waits.
    pub(crate) async fn open() -> Self {
        Self::open_with("").await
    }

    /// As [`Site::open`], with further lines for the configuration's table `connector`.
    pub(crate) async fn open_with(connector: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut server = Server::start(&config(folder.path(), connector)).await.expect("the server starts");
        let first = server.take_first_start().expect("nobody was here before");
        let new = NewToken {
            owner: Owner::Installation,
            user: None,
            name: "test".to_owned(),
            scopes: Scope::ALL.into(),
            expires: None,
        };
        let issued = server.handle().store().create_token(new, WallTime(0)).await.expect("a token");
        let (sip, http) = (server.sip(), server.http());
        let carrier = phone::socket();
        let mut site = Self {
            ids: Ids::default(),
            domain: first.domain,
            token: first.token,
            foreign: String::new(),
            installation: issued.reveal(),
            spare_token: String::new(),
            patient: String::new(),
            scoped: BTreeMap::new(),
            http,
            client: reqwest::Client::new(),
            _server: server,
            phones: Vec::new(),
            _carrier: carrier,
            _folder: folder,
        };
        site.fill(sip).await;
        site
    }

    async fn fill(&mut self, sip: SocketAddr) {
        for scope in ["read", "supervise", "admin"] {
            let made = self.post("/v1/tokens", json!({"name": scope, "scopes": [scope]})).await;
            self.scoped.insert(scope.to_owned(), text(&made["token"]));
            self.spare_token =
                text(&self.post("/v1/tokens", json!({"name": "spare", "scopes": ["read"]})).await["id"]);
        }
        let patient = json!({"name": "patient", "scopes": ["read", "supervise", "admin"]});
        self.patient = text(&self.post("/v1/tokens", patient).await["token"]);
        let other = json!({"name": "Other", "domain": "other.test"}).to_string();
        let other = self.ask("POST", "/v1/tenants", &self.installation, Some(&other), None, false).await;
        self.foreign = text(&other.json()["token"]);
        let user = json!({"name": "ann", "roles": ["agent"], "password": "long enough"});
        self.ids.user = self.make("users", user).await;
        self.ids.team = self.make("teams", json!({"name": "day"})).await;
        let ann = json!({"name": "Ann", "user": self.ids.user, "team": self.ids.team});
        self.ids.agent = self.make("agents", ann).await;
        self.ids.idle_agent = self.make("agents", json!({"name": "Ben"})).await;
        let device = self.post("/v1/devices", json!({"number": "1001"})).await;
        self.ids.device = text(&device["id"]);
        let spare = self.post("/v1/devices", json!({"number": "1002"})).await;
        self.ids.spare_device = text(&spare["id"]);
        self.ids.queue = self.make("queues", json!({"name": "sales", "number": "800"})).await;
        let week = json!({"monday": ["09:00-12:00", "13:00-24:00"]});
        let calendar = json!({"name": "office", "zone": "Europe/Berlin", "week": week});
        self.ids.calendar = self.make("calendars", calendar).await;
        self.ids.reason = self.make("reasons", json!({"name": "lunch", "category": "both"})).await;
        self.ids.disposition = self.make("dispositions", json!({"name": "sold"})).await;
        self.ids.skill = self.make("skills", json!({"name": "french"})).await;
        self.ids.phone_book = self.make("phone-books", json!({"name": "suppliers of all"})).await;
        let contact = json!({"phone_book": self.ids.phone_book, "first_name": "Zoe", "number": "0177"});
        self.ids.contact = self.make("contacts", contact).await;
        self.ids.blacklisted = self.make("blacklist", json!({"number": "4666"})).await;
        let address = self._carrier.local_addr().expect("a bound socket").to_string();
        self.ids.trunk = self.make("trunks", json!({"name": "carrier", "address": address})).await;
        let route = json!({"number": "4400", "destination": {"to": "queue", "queue": self.ids.queue}});
        self.ids.route = self.make("routes", route).await;
        for secret in [&device["secret"], &spare["secret"]] {
            let (user, realm, password) = (&secret["username"], &secret["realm"], &secret["password"]);
            self.phones.push(Phone::register(sip, &text(user), &text(realm), &text(password)));
        }
        let log_in = format!("/v1/agents/{}/log-in", self.ids.agent);
        self.post(&log_in, json!({"device": self.ids.device})).await;
        phone::invite(&self._carrier, sip, "4400");
        let calls = self.until("/v1/calls", |calls| calls["items"][0]["phase"]["state"] == "waiting").await;
        self.ids.call = text(&calls["items"][0]["id"]);
    }

    /// Makes Ann ready for the queue, and waits until the waiting call is offered to her.
    pub(crate) async fn live_offer(&self) -> String {
        let assign = format!("/v1/agents/{}/queues/{}", self.ids.agent, self.ids.queue);
        assert_eq!(self.ask("PUT", &assign, &self.token, None, None, false).await.status, 200);
        let ready = format!("/v1/agents/{}/ready", self.ids.agent);
        assert_eq!(self.ask("POST", &ready, &self.token, None, None, false).await.status, 200);
        let offers = self.until("/v1/offers", |offers| offers["items"][0].is_object()).await;
        text(&offers["items"][0]["id"])
    }

    /// Waits until Ann's phone is rung, and lets it say that it rings.
    pub(crate) fn ring(&self) {
        self.phones[0].ring();
    }

    /// Where STOMP is spoken.
    pub(crate) fn stomp(&self) -> SocketAddr {
        self._server.stomp()[0]
    }

    /// Where the API is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// The token that a name and a password buy.
    pub(crate) async fn log_in(&self, name: &str, password: &str) -> String {
        let body = json!({"domain": self.domain, "name": name, "password": password}).to_string();
        let answer = self.ask("POST", "/v1/log-in", "", Some(&body), None, false).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        text(&answer.json()["token"])
    }

    /// A token of one scope.
    pub(crate) fn scoped(&self, scope: &str) -> String {
        self.scoped[scope].clone()
    }

    /// Asks until it is so; panics with the last answer after five seconds.
    pub(crate) async fn until(&self, path: &str, so: impl Fn(&Value) -> bool) -> Value {
        let deadline = std::time::Instant::now() + Duration::from_secs(5);
        // A token may ask 200 times a second: whoever asks as fast as he can is told to slow down when the answer takes long.
        let mut pace = tokio::time::interval(Duration::from_millis(10));
        loop {
            let answer = self.ask("GET", path, &self.patient, None, None, false).await;
            // Whoever asks in a loop is told to slow down.
            assert!(matches!(answer.status, 200 | 429), "{path}: {}", answer.text);
            let seen = answer.json();
            if answer.status == 200 && so(&seen) {
                return seen;
            }
            assert!(std::time::Instant::now() < deadline, "{path} stays {seen}");
            pace.tick().await;
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, &self.token, None, None, false).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.ask("POST", path, &self.token, Some(&body.to_string()), None, false).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
        answer.json()
    }

    /// Makes an entry and gives its id.
    pub(crate) async fn make(&self, kind: &str, body: Value) -> String {
        text(&self.post(&format!("/v1/{kind}"), body).await["id"])
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&str>,
        key: Option<&str>,
        stream: bool,
    ) -> Answer {
        let mut request = self.request(method, path, token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        read(request, stream).await
    }

    /// A request with further headers, by the first tenant's token.
    pub(crate) async fn with(
        &self,
        (method, path): (&str, &str),
        body: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.request(method, path, &self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        read(request, false).await
    }

    /// A body of some kind, by the first tenant's token.
    pub(crate) async fn send_as(&self, kind: &str, path: &str, body: &str) -> Answer {
        let request = self.request("POST", path, &self.token).header("content-type", kind);
        read(request.body(body.to_owned()), false).await
    }

    /// A body that does not say what it is.
    pub(crate) async fn untyped(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        read(self.request(method, path, token).body(body.to_owned()), false).await
    }

    fn request(&self, method: &str, path: &str, token: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, format!("http://{}{path}", self.http));
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    /// Opens a stream of server-sent events.
    pub(crate) async fn stream(&self, path: &str) -> Stream {
        self.stream_as(path, &self.token).await
    }

    /// As [`Site::stream`], with another token.
    pub(crate) async fn stream_as(&self, path: &str, token: &str) -> Stream {
        let answer = self.request("GET", path, token).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Stream { answer, rest: String::new() }
    }

    /// The code of a refusal with `Retry-After`, after so many requests without a token.
    pub(crate) async fn refused_in_haste(&self, requests: usize) -> Option<(u16, String)> {
        for _ in 0..requests {
            let answer = self.request("GET", "/v1/me", "").send().await.expect("an answer");
            if answer.status() != 401 {
                let wait = answer.headers().get("retry-after").and_then(|wait| wait.to_str().ok());
                return Some((answer.status().as_u16(), wait.unwrap_or_default().to_owned()));
            }
        }
        None
    }

    /// Takes an idempotency key for a request, as if it were being acted on.
    pub(crate) async fn begin(&self, path: &str, body: &str, key: &str) {
        let id = self.token.split('_').nth(1).expect("a token has an id");
        let mut digest = Sha256::new();
        for part in [id, path, body] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let handle = self._server.handle();
        let tenant = handle.read(|engine, _| engine.tenants()[0].id).await.expect("the first tenant");
        let now = std::time::UNIX_EPOCH.elapsed().expect("a clock after 1970").as_millis();
        let now = WallTime(i64::try_from(now).expect("a clock before the year 300 million"));
        let begun = handle.store().begin_idempotent(tenant, key, digest.finalize().into(), now).await;
        assert_eq!(begun.expect("the store answers"), Begun::Fresh);
    }

    /// Removes the record of every closed call, as no client can.
    pub(crate) async fn lose_records(&self) {
        let file = self._folder.path().join("data/cordial.db");
        let mut database =
            SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.expect("it opens");
        sqlx::query("DELETE FROM cdrs").execute(&mut database).await.expect("the rows go");
    }

    /// The first message over a WebSocket, or the code with which it is refused.
    pub(crate) async fn first_over_websocket(&self, path: &str, ticket: &str) -> Result<Value, u16> {
        let (http, path, ticket) = (self.http, path.to_owned(), ticket.to_owned());
        let first = move || handshake(http, &path, &ticket).map(|mut reader| frame(&mut reader));
        tokio::task::spawn_blocking(first).await.expect("no panic")
    }
}

/// RFC 6455 by hand: the handshake, or the code with which it is refused.
fn handshake(http: SocketAddr, path: &str, ticket: &str) -> Result<BufReader<TcpStream>, u16> {
    let mut socket = TcpStream::connect(http).expect("the server listens");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    let handshake = format!(
        "GET {path} HTTP/1.1\r\nHost: {http}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: cordial.v1, cordial.ticket.{ticket}\r\n\r\n"
    );
    socket.write_all(handshake.as_bytes()).expect("the server reads");
    let mut reader = BufReader::new(socket);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_ascii_lowercase());
    }
    let code: u16 = head[0].split(' ').nth(1).expect("a code").parse().expect("a number");
    if code != 101 {
        return Err(code);
    }
    assert!(head.contains(&"sec-websocket-protocol: cordial.v1".to_owned()), "{head:?}");
    Ok(reader)
}

/// The next message: one unmasked text frame.
fn frame(reader: &mut BufReader<TcpStream>) -> Value {
    let mut byte = [0; 2];
    reader.read_exact(&mut byte).expect("a frame");
    assert_eq!(byte[0], 0x81, "one whole text");
    let length = match byte[1] {
        126 => {
            let mut length = [0; 2];
            reader.read_exact(&mut length).expect("a length");
            u64::from(u16::from_be_bytes(length))
        }
        127 => {
            let mut length = [0; 8];
            reader.read_exact(&mut length).expect("a length");
            u64::from_be_bytes(length)
        }
        length => u64::from(length),
    };
    let mut text = String::new();
    reader.take(length).read_to_string(&mut text).expect("a text");
    serde_json::from_str(&text).expect("a message")
}

/// A stream of server-sent events.
pub(crate) struct Stream {
    answer: reqwest::Response,
    rest: String,
}

impl Stream {
    /// The next message.
    pub(crate) async fn next(&mut self) -> Value {
        self.next_or_end().await.expect("not the end")
    }

    /// The next message, or `None` at the end of the stream.
    pub(crate) async fn next_or_end(&mut self) -> Option<Value> {
        loop {
            if let Some((block, rest)) = self.rest.split_once("\n\n") {
                let data = block.lines().find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
                self.rest = rest.to_owned();
                if let Some(data) = data {
                    return Some(serde_json::from_str(&data).expect("a message"));
                }
                continue;
            }
            let piece = tokio::time::timeout(Duration::from_secs(5), self.answer.chunk()).await;
            let piece = piece.expect("a message or the end within five seconds").expect("no fault")?;
            self.rest.push_str(std::str::from_utf8(&piece).expect("text"));
        }
    }
}

async fn read(request: reqwest::RequestBuilder, stream: bool) -> Answer {
    let answer = request.send().await.expect("an answer");
    let header = |name: &str| {
        answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (status, kind) = (answer.status().as_u16(), header("content-type"));
    let (replayed, challenge) =
        (header("idempotency-replayed") == "true", !header("www-authenticate").is_empty());
    let tag = header("etag");
    let text = if stream && status == 200 { String::new() } else { answer.text().await.expect("a body") };
    Answer { status, kind, text, replayed, challenge, tag }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn config(folder: &Path, connector: &str) -> Config {
    let rtp = rtp_block();
    let text = format!(
        "[sip]\nudp = \"127.0.0.1:0\"\ntcp = \"\"\ntls = \"\"\n[http]\nnative = \"127.0.0.1:0\"\ntls = \"\"\n\
         [connector]\nenabled = true\nlisten = \"127.0.0.1:0\"\ntls_listen = \"\"\n{connector}\n[media]\nrtp_ports = \"{rtp}-{}\"\n\
         [paths]\ndata = \"{folder}/data\"\nrecordings = \"{folder}/recordings\"\n",
        rtp + 99,
        folder = folder.display()
    );
    Config::parse(Path::new("test.toml"), &text).expect("a good configuration")
}

/// A hundred ports for media: another block for each site of this process.
fn rtp_block() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    20_000 + (std::process::id() % 100) * 200 + NEXT.fetch_add(1, Ordering::Relaxed) % 20 * 1_000
}
