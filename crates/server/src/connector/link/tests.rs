use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::task::JoinHandle;

use super::*;
use crate::config::Config;
use crate::connector::Address;

/// The broker's end of a connection, written and read as text.
struct Far {
    io: DuplexStream,
    read: String,
}

impl Far {
    async fn says(&mut self, frame: &str) {
        self.io.write_all(format!("{frame}\0").as_bytes()).await.expect("it reads");
    }

    async fn sends(&mut self, id: u32) {
        self.says(&format!(
            "MESSAGE\nsubscription:requests\nmessage-id:m{id}\nack:a{id}\ndestination:/queue/Connector1\ntype:Beat#{id}\n\n"
        ))
        .await;
    }

    /// The next frame; heart-beats between frames are passed over.
    async fn hears(&mut self) -> String {
        loop {
            if let Some((frame, rest)) = self.read.split_once('\0') {
                let frame = frame.trim_start().to_owned();
                self.read = rest.to_owned();
                return frame;
            }
            let mut bytes = [0; 1_024];
            let length = self.io.read(&mut bytes).await.expect("it stands");
            assert!(length > 0, "it is closed after {:?}", self.read);
            self.read.push_str(std::str::from_utf8(&bytes[..length]).expect("text"));
        }
    }
}

/// A session that was let in, with what the house has of it; one request at a time is taken.
struct Stage {
    link: Link,
    heard: mpsc::Receiver<Heard>,
    line: Line,
}

impl Stage {
    fn new() -> Self {
        let text = "[connector.broker]\nurls = \"stomp://127.0.0.1:61613\"\n";
        let config = Config::parse(Path::new("test"), text).expect("a good configuration");
        let (hear, heard) = mpsc::channel(1);
        let (link, line) = Link::new(config.connector.broker, hear).expect("a random number");
        Self { link, heard, line }
    }

    /// Connects; the broker has seen both subscriptions.
    async fn connect(
        self,
        beats: &str,
    ) -> (Link, mpsc::Receiver<Heard>, Far, JoinHandle<(Line, session::End)>) {
        let Self { link, heard, mut line } = self;
        let (near, io) = tokio::io::duplex(64 * 1_024);
        let mut far = Far { io, read: String::new() };
        let account = Account { host: "broker".to_owned(), login: None, passcode: None };
        let client = Client::new(&account, Timestamp(0));
        let found = Found { carrier: Bytes::new(near), client, began: Instant::now() };
        let task = tokio::spawn(async move {
            let (found, _) = found.enter().await.expect("it is let in");
            let end = Session::new(found, &line.broker, &mut line.ends).run().await;
            (line, end)
        });
        assert!(far.hears().await.starts_with("CONNECT\n"));
        far.says(&format!("CONNECTED\nversion:1.2\nheart-beat:{beats}\n\n")).await;
        assert_eq!(
            far.hears().await,
            "SUBSCRIBE\nid:requests\ndestination:/queue/Connector1\nack:client-individual\n\n"
        );
        assert_eq!(far.hears().await, "SUBSCRIBE\nid:sync\ndestination:/topic/ConnectorSync\nack:auto\n\n");
        (link, heard, far, task)
    }
}

fn post(topic: &str, text: &str) -> Post {
    let (kind, correlation) = (Some("ACD_IN".to_owned()), Some("c-1".to_owned()));
    Post {
        to: Address::Broker(topic.to_owned()),
        text: text.to_owned(),
        kind,
        category: "State",
        correlation,
    }
}

#[tokio::test]
async fn a_request_is_acknowledged_once_the_sessions_have_it_and_events_go_out_meanwhile() {
    let (link, mut heard, mut far, _task) = Stage::new().connect("0,0").await;
    far.sends(1).await;
    far.sends(2).await;
    far.sends(3).await;
    assert_eq!(far.hears().await, "ACK\nid:a1\n\n");
    // The sessions have room for one; the second waits, and what is told does not wait for it.
    link.posts.send(post("desk-1", "1001#State#READY")).await.expect("there is a line");
    let told = "SEND\ndestination:/topic/desk-1\npersistent:false\ncontent-type:text/plain\ncategory:State\n\
                type:ACD_IN\ncorrelation-id:c-1\n\n1001#State#READY";
    assert_eq!(far.hears().await, told);
    for n in 1..=3 {
        let request = heard.recv().await.expect("a request");
        assert_eq!(request.kind, format!("Beat#{n}"));
        if n < 3 {
            assert_eq!(far.hears().await, format!("ACK\nid:a{}\n\n", n + 1));
        }
    }
}

#[tokio::test]
async fn a_request_that_comes_again_is_not_done_again() {
    let (_link, mut heard, mut far, _task) = Stage::new().connect("0,0").await;
    for id in [1, 1, 2] {
        far.sends(id).await;
        assert_eq!(far.hears().await, format!("ACK\nid:a{id}\n\n"));
        if id == 1 {
            heard.try_recv().ok();
        }
    }
    assert_eq!(heard.recv().await.map(|request| request.kind).as_deref(), Some("Beat#2"));
}

#[tokio::test]
async fn what_is_no_request_is_acknowledged_and_the_next_is_heard() {
    let (_link, mut heard, mut far, _task) = Stage::new().connect("0,0").await;
    far.says(
        "MESSAGE\nsubscription:requests\nmessage-id:m1\nack:a1\ndestination:/queue/Connector1\n\nno type",
    )
    .await;
    assert_eq!(far.hears().await, "ACK\nid:a1\n\n");
    far.sends(2).await;
    assert_eq!(heard.recv().await.map(|request| request.kind).as_deref(), Some("Beat#2"));
}

#[tokio::test]
async fn connectors_hear_each_other_and_not_themselves() {
    let (mut link, _heard, mut far, _task) = Stage::new().connect("0,0").await;
    link.sync.tell.send("AgentState#1001###".to_owned()).await.expect("there is a line");
    let own = far.hears().await;
    let (head, text) = own.split_once("\n\n").expect("a body");
    assert!(head.starts_with("SEND\ndestination:/topic/ConnectorSync\n"), "{head}");
    let sender = head.lines().find(|line| line.starts_with("cordialSender:")).expect("who tells it");
    let message = "MESSAGE\nsubscription:sync\nmessage-id:s\ndestination:/topic/ConnectorSync\n";
    far.says(&format!("{message}{sender}\n\n{text}")).await;
    far.says(&format!("{message}\nAgentState#1002###")).await;
    assert_eq!(link.sync.heard.recv().await.as_deref(), Some("AgentState#1002###"));
}

#[tokio::test]
async fn a_client_that_names_another_topic_is_not_told_and_the_rest_is() {
    let (link, _heard, mut far, _task) = Stage::new().connect("0,0").await;
    for topic in ["a,queue://Connector1", "ConnectorSync", "desk-1"] {
        link.posts.send(post(topic, "text")).await.expect("there is a line");
    }
    assert!(far.hears().await.starts_with("SEND\ndestination:/topic/desk-1\n"));
}

#[tokio::test]
async fn all_that_was_told_is_sent_before_we_leave() {
    let (link, _heard, mut far, task) = Stage::new().connect("0,0").await;
    let mut state = link.state.clone();
    assert_eq!(
        *state.wait_for(|state| *state != LinkState::Down).await.expect("a line"),
        LinkState::Up { times: 1 }
    );
    link.posts.send(post("desk-1", "System#OUT_OF_SERVICE")).await.expect("there is a line");
    drop(link);
    assert!(far.hears().await.ends_with("System#OUT_OF_SERVICE"));
    assert_eq!(far.hears().await, "DISCONNECT\nreceipt:bye\n\n");
    far.says("RECEIPT\nreceipt-id:bye\n\n").await;
    let (_, end) = task.await.expect("it ends");
    assert!(matches!(end, session::End::Done), "{end}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_broker_is_lost_and_one_that_we_do_not_listen_to_is_not() {
    let (_link, _heard, mut far, task) = Stage::new().connect("1000,0").await;
    far.sends(1).await;
    far.sends(2).await;
    assert_eq!(far.hears().await, "ACK\nid:a1\n\n");
    // The second waits for room: nothing is read, so nothing can be heard.
    sleep(Duration::from_secs(300)).await;
    assert!(!task.is_finished());

    let (_link, _heard, _far, task) = Stage::new().connect("1000,0").await;
    let began = Instant::now();
    let (_, end) = task.await.expect("it ends");
    assert_eq!(end.to_string(), "the broker was silent for longer than agreed");
    assert_eq!(began.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn what_is_told_without_a_broker_is_dropped_and_the_line_ends_with_its_last_owner() {
    let Stage { link, line, .. } = Stage::new();
    let Line { mut ends, .. } = line;
    link.posts.send(post("desk-1", "text")).await.expect("there is room");
    drop(link);
    ends.turn_away().await;
    assert!(ends.posts.is_empty());
}

#[test]
fn pauses_double_up_to_their_longest_and_are_never_quite_the_same() {
    let mut pause = Pause::default();
    for whole in [1, 2, 4, 8, 16, 30, 30] {
        let whole = Duration::from_secs(whole);
        let next = pause.next();
        assert!(whole * 3 / 4 <= next && next <= whole, "{next:?} of {whole:?}");
    }
}
