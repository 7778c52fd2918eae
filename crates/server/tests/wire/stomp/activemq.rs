//! Our side as a client of a broker that we did not write: ActiveMQ, in a process and folder of its own.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cordial_dialects::connector::stomp::client::{Account, Body, Client, Delivery, End, Event};
use cordial_dialects::connector::stomp::frame::{Headers, Version};
use cordial_dialects::connector::stomp::message::AckMode;
use cordial_engine::Timestamp;

use crate::peers::free_port;
use crate::server::pause;

const PATIENCE: Duration = Duration::from_secs(60);

/// A broker that keeps nothing; ended when dropped.
struct ActiveMq {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl ActiveMq {
    fn start() -> Self {
        let (folder, port) = (tempfile::tempdir().expect("a temporary folder"), free_port());
        let log = std::fs::File::create(folder.path().join("log")).expect("the folder can be written");
        let property = |name: &str| format!("-D{name}={}", folder.path().display());
        let process = Command::new("java")
            .args(["-Xmx128m", "-Dactivemq.home=/usr/share/activemq"])
            .args(["activemq.base", "activemq.data", "java.io.tmpdir"].map(property))
            .args(["-jar", "/usr/share/activemq/bin/activemq.jar", "start"])
            .arg(format!("broker:(stomp://127.0.0.1:{port})?persistent=false&useJmx=false"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("java is installed, with Debian's package activemq");
        Self { process, port, folder }
    }

    /// A connection, as soon as the broker takes any.
    async fn connect(&self) -> Line {
        let until = Instant::now() + PATIENCE;
        let io = loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(io) => break io,
                Err(error) if Instant::now() > until => {
                    let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                    panic!("{error}:\n{log}");
                }
                Err(_) => pause().await,
            }
        };
        io.set_nodelay(true).expect("a socket");
        let account = Account { host: "localhost".to_owned(), login: None, passcode: None };
        let mut line = Line { io, client: Client::new(&account, Timestamp(0)), began: Instant::now() };
        let event = line.next();
        let Event::Connected { version: Version::V1_2, server: Some(server) } = event else {
            panic!("{event:?}");
        };
        assert!(server.starts_with("ActiveMQ/"), "{server}");
        line
    }
}

impl Drop for ActiveMq {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// One connection to it.
struct Line {
    io: TcpStream,
    client: Client,
    began: Instant,
}

impl Line {
    fn now(&self) -> Timestamp {
        Timestamp(0).after(self.began.elapsed())
    }

    /// What comes next.
    fn next(&mut self) -> Event {
        self.next_until(Instant::now() + PATIENCE).expect("something in time")
    }

    /// What comes until then; heart-beats are kept meanwhile.
    fn next_until(&mut self, until: Instant) -> Option<Event> {
        let mut piece = [0; 4_096];
        loop {
            while let Some(bytes) = self.client.poll_output() {
                self.io.write_all(&bytes).expect("the broker reads");
            }
            if let Some(event) = self.client.poll_event(self.now()) {
                return Some(event);
            }
            let timer = self.client.poll_timeout().map(|at| self.began + Duration::from_millis(at.0));
            let wait = timer.unwrap_or(until).min(until).saturating_duration_since(Instant::now());
            let wait = wait.max(Duration::from_millis(1));
            self.io.set_read_timeout(Some(wait)).expect("a time above nought");
            match self.io.read(&mut piece) {
                Ok(0) => panic!("the broker closed"),
                Ok(length) => self.client.receive(self.now(), &piece[..length]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => panic!("{error}"),
            }
            if Instant::now() >= until {
                return None;
            }
            if self.client.poll_timeout().is_some_and(|at| at <= self.now()) {
                self.client.handle_timeout(self.now());
            }
        }
    }

    fn send(&mut self, destination: &str, headers: &[(&str, &str)], body: &Body<'_>) {
        let headers: Headers = headers.iter().copied().chain([("receipt", "sent")]).collect();
        self.client.send(self.now(), destination, &headers, body);
        assert_eq!(self.next(), Event::Receipt("sent".to_owned()));
    }

    fn subscribe(&mut self, id: &str, destination: &str, mode: AckMode, selector: Option<&str>) {
        self.client.subscribe(self.now(), id, destination, mode, selector);
    }

    fn message(&mut self) -> Delivery {
        let event = self.next();
        let Event::Message(delivery) = event else {
            panic!("{event:?}");
        };
        delivery
    }

    fn leave(mut self) {
        self.client.disconnect(self.now(), "bye");
        assert_eq!(self.next(), Event::Receipt("bye".to_owned()));
    }
}

#[tokio::test]
#[ignore = "needs ActiveMQ: runs in the gate's stage `wire`"]
async fn a_real_broker_understands_our_client() {
    let broker = ActiveMq::start();
    let mut agent = broker.connect().await;
    let mut connector = broker.connect().await;
    connector.subscribe(
        "requests",
        "/queue/Connector1",
        AckMode::ClientIndividual,
        Some("JMSType <> 'noise'"),
    );
    let odd = "a:b\\c\r\nd";
    let headers =
        [("type", "Login#5000"), ("correlation-id", "c-1"), ("reply-to", "/topic/ann"), ("odd", odd)];
    agent.send("/queue/Connector1", &[("type", "noise")], &Body::Text("not wanted"));
    agent.send("/queue/Connector1", &headers, &Body::Text("Ação,2001"));
    let request = connector.message();
    assert_eq!(
        (request.subscription.as_deref(), request.destination.as_str()),
        (Some("requests"), "/queue/Connector1")
    );
    for (name, value) in headers {
        assert_eq!(request.headers.get(name), Some(value), "{name}");
    }
    // ActiveMQ tells the length of a BytesMessage only: this one is a TextMessage.
    assert_eq!(
        (request.body.as_slice(), request.headers.get("content-length")),
        ("Ação,2001".as_bytes(), None)
    );

    // What is not acknowledged comes again, to the next connection.
    drop(connector);
    let mut connector = broker.connect().await;
    connector.subscribe("again", "/queue/Connector1", AckMode::ClientIndividual, Some("JMSType <> 'noise'"));
    let again = connector.message();
    assert_eq!((again.body, again.headers.get("redelivered")), (request.body, Some("true")));
    let again = Delivery { body: Vec::new(), ..again };
    connector.client.ack(connector.now(), &again);

    agent.subscribe("events", "/topic/ann", AckMode::Auto, None);
    agent.send("/queue/sync", &[], &Body::Text("the broker has taken the subscription before this"));
    connector.send("/topic/ann", &[("correlation-id", "c-1")], &Body::Text("5000#State#READY"));
    let event = agent.message();
    assert_eq!(
        (event.headers.get("correlation-id"), event.body),
        (Some("c-1"), b"5000#State#READY".to_vec())
    );
    connector.send("/topic/ann", &[], &Body::Bytes(b"\0\xff"));
    let bytes = agent.message();
    assert_eq!(
        (bytes.body.as_slice(), bytes.headers.get("content-length")),
        (b"\0\xff".as_slice(), Some("2"))
    );

    // The broker wants to hear from us every second: it cuts the one who is silent meanwhile, and not the other.
    assert_eq!(agent.next_until(Instant::now() + Duration::from_secs(4)), None);
    agent.send("/queue/sync", &[], &Body::Text("still here"));
    agent.leave();
    connector.io.set_read_timeout(Some(PATIENCE)).expect("a time above nought");
    let mut rest = Vec::new();
    if let Err(error) = connector.io.read_to_end(&mut rest) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the broker has cut it");
    }

    // What was acknowledged does not come again; a selector that is none ends the connection.
    let mut last = broker.connect().await;
    last.subscribe("last", "/queue/Connector1", AckMode::Auto, None);
    assert_eq!(last.message().body, b"not wanted");
    last.subscribe("wrong", "/queue/Connector1", AckMode::Auto, Some("a > > b"));
    let event = last.next();
    let Event::Ended(End::Refused { message, .. }) = event else {
        panic!("{event:?}");
    };
    assert!(!message.is_empty());
}
