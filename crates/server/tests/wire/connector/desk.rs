//! A client of the connector, by each of the three ways that there are: JMS at a broker of the site's, STOMP at ours, and
//! HTTP with calls back.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::broker::Broker;
use crate::jms::JmsClient;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// By which way it comes.
enum Way {
    Jms(JmsClient),
    Stomp(BufReader<TcpStream>),
    Web { http: reqwest::Client, url: String, session: String, at: SocketAddr, calls: mpsc::Receiver<String> },
}

/// A client, and what it heard.
pub(super) struct Desk {
    login: String,
    way: Way,
    unread: VecDeque<String>,
    /// All that was heard, in order.
    pub(super) heard: Vec<String>,
}

impl Desk {
    fn new(login: &str, way: Way) -> Self {
        Self { login: login.to_owned(), way, unread: VecDeque::new(), heard: Vec::new() }
    }

    /// A Java client at a broker; it hears the topic of that name.
    pub(super) async fn jms(login: &str, broker: &Broker, topic: &str) -> Self {
        let mut client = JmsClient::start(login, broker).await;
        client.destination(topic).await;
        Self::new(login, Way::Jms(client))
    }

    /// A client of the embedded broker, as that user.
    pub(super) async fn stomp(login: &str, at: SocketAddr, password: &str, topic: &str) -> Self {
        let mut stream = BufReader::new(TcpStream::connect(at).await.expect("it listens"));
        let entering = format!(
            "CONNECT\naccept-version:1.2\nhost:/\nlogin:{login}\npasscode:{password}\n\n\0\
             SUBSCRIBE\nid:1\ndestination:/topic/{topic}\nreceipt:s\n\n\0"
        );
        stream.write_all(entering.as_bytes()).await.expect("it reads");
        let mut desk = Self::new(login, Way::Stomp(stream));
        assert!(desk.frame().await.starts_with("CONNECTED"), "{login}");
        assert!(desk.frame().await.starts_with("RECEIPT"), "{login}");
        desk
    }

    /// A client by HTTP, which is called back where it listens.
    pub(super) fn web(login: &str, api: SocketAddr, listener: TcpListener) -> Self {
        let at = listener.local_addr().expect("a bound socket");
        let (tell, calls) = mpsc::channel(1_000);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(called_back(stream, tell.clone()));
            }
        });
        let (url, session) = (format!("http://{api}/connector"), format!("session-of-{login}"));
        Self::new(login, Way::Web { http: reqwest::Client::new(), url, session, at, calls })
    }

    /// Sends a request.
    pub(super) async fn ask(&mut self, kind: &str, body: &str) {
        match &mut self.way {
            Way::Jms(client) => client.send(kind, Some(body)),
            Way::Stomp(stream) => {
                let frame = format!("SEND\ndestination:/queue/Connector1\ntype:{kind}\n\n{body}\0");
                stream.write_all(frame.as_bytes()).await.expect("it reads");
            }
            Way::Web { http, url, session, at, .. } => {
                let data = json!({
                    "type": kind,
                    "body": body,
                    "sessionUrl": session,
                    "callbackFqdn": format!("http://{at}"),
                    "callbackEndpoint": "/called",
                });
                let answer =
                    http.post(&*url).json(&json!({ "data": data })).send().await.expect("it answers");
                let (status, text) = (answer.status(), answer.text().await.expect("a whole answer"));
                assert_eq!(status, 202, "{kind}: {text}");
            }
        }
    }

    /// The first message not yet taken that has all of these in it; those before it stay to be taken.
    pub(super) async fn hears(&mut self, parts: &[&str]) -> String {
        let is_it = |text: &String| parts.iter().all(|part| text.contains(part));
        if let Some(at) = self.unread.iter().position(is_it) {
            return self.unread.remove(at).expect("it was found just now");
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let Ok(text) = timeout_at(until, self.next()).await else {
                panic!("{} has not heard {parts:?}, but:\n{}", self.login, self.heard.join("\n"));
            };
            self.heard.push(text.clone());
            if is_it(&text) {
                return text;
            }
            self.unread.push_back(text);
        }
    }

    /// What the way itself is, where a test does more than to ask and hear.
    pub(super) fn java(&mut self) -> &mut JmsClient {
        match &mut self.way {
            Way::Jms(client) => client,
            Way::Stomp(_) | Way::Web { .. } => panic!("{} is no Java client", self.login),
        }
    }

    async fn next(&mut self) -> String {
        match &mut self.way {
            Way::Jms(client) => client.expect("an event", |_| true).await.body.unwrap_or_default(),
            Way::Stomp(_) => {
                let frame = self.frame().await;
                assert!(frame.starts_with("MESSAGE\n"), "{frame}");
                frame.split_once("\n\n").expect("a body").1.to_owned()
            }
            Way::Web { calls, .. } => calls.recv().await.expect("it listens"),
        }
    }

    async fn frame(&mut self) -> String {
        let Way::Stomp(stream) = &mut self.way else { panic!("{} speaks no STOMP", self.login) };
        let mut frame = Vec::new();
        loop {
            match stream.read_u8().await.expect("a frame") {
                0 => return String::from_utf8(frame).expect("text").trim_start().to_owned(),
                byte => frame.push(byte),
            }
        }
    }
}

/// Answers calls of one connection, and passes on what they say.
async fn called_back(mut stream: TcpStream, tell: mpsc::Sender<String>) {
    let mut bytes = Vec::new();
    loop {
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).expect("a length");
            if bytes.len() >= head + 4 + length {
                let body = bytes[head + 4..head + 4 + length].to_vec();
                bytes.drain(..head + 4 + length);
                let answered = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
                if answered.is_err() || tell.send(String::from_utf8(body).expect("text")).await.is_err() {
                    return;
                }
                continue;
            }
        }
        if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
            return;
        }
    }
}
