//! Java clients at a real broker. What stands between them and the connector is proved by itself: that it carries all of
//! a message, and goes on after the broker was gone.

mod desk;
mod finesse;
mod house;
mod script;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::broker::Broker;
use crate::jms::{JmsClient, Message};
use crate::peers::free_port;
use crate::server::{Server, pause};

/// Blanks, lines, backslashes and letters beyond ASCII: what a line by line protocol could lose.
const AWKWARD: &str = "10\\n López,\n\r Ação = 1 ";

fn has_type(jms_type: &str) -> impl Fn(&Message) -> bool {
    move |message| message.jms_type.as_deref() == Some(jms_type)
}

#[tokio::test]
#[ignore = "needs ActiveMQ and a JDK: runs in the gate's stage `wire`"]
async fn a_java_client_reaches_a_queue_through_the_broker() {
    let mut broker = Broker::start().await;
    println!("the broker started in {:?} and has {} MB", broker.start_took, broker.memory() >> 20);
    let mut connector = JmsClient::start("the connector", &broker).await;
    let mut agent = JmsClient::start("the agent", &broker).await;
    connector.serve("Connector1").await;
    agent.destination("desk-1").await;

    agent.correlate("c-1");
    agent.reply_to("desk-1");
    agent.send("Login#1001", Some(AWKWARD));
    let request = connector.expect("a request", has_type("Login#1001")).await;
    let expected = Message {
        from: "queue://Connector1".to_owned(),
        kind: "text".to_owned(),
        jms_type: Some("Login#1001".to_owned()),
        correlation: Some("c-1".to_owned()),
        category: None,
        reply: Some("topic://desk-1".to_owned()),
        body: Some(AWKWARD.to_owned()),
    };
    assert_eq!(request, expected);

    connector.correlate("c-1");
    connector.category("State");
    connector.tell("desk-1", "1001#State#NOT_READY");
    let event = agent.expect("an answer", |message| message.body.is_some()).await;
    let expected = Message {
        from: "topic://desk-1".to_owned(),
        kind: "text".to_owned(),
        jms_type: None,
        correlation: Some("c-1".to_owned()),
        category: Some("State".to_owned()),
        reply: None,
        body: Some("1001#State#NOT_READY".to_owned()),
    };
    assert_eq!(event, expected);

    // What was asked for once is not asked for again.
    agent.send("Hello# desk-1", None);
    let hello = connector.expect("a null body", has_type("Hello# desk-1")).await;
    assert_eq!((hello.body, hello.correlation, hello.reply), (None, None, None));
    agent.send("Logout#1001", Some(""));
    let logout = connector.expect("an empty body", has_type("Logout#1001")).await;
    assert_eq!(logout.body.as_deref(), Some(""));
    agent.send_bytes("MakeCall#1001", "Ação");
    let bytes = connector.expect("a BytesMessage", has_type("MakeCall#1001")).await;
    assert_eq!((bytes.kind.as_str(), bytes.body.as_deref()), ("bytes", Some("Ação")));
    connector.serve("Connector2").await;
    agent.queue("Connector2");
    agent.send("Beat#desk-1", None);
    let beat = connector.expect("a request to the other queue", has_type("Beat#desk-1")).await;
    assert_eq!(beat.from, "queue://Connector2");

    broker.kill();
    agent.interrupted().await;
    connector.interrupted().await;
    // It waits in the client until the broker is back.
    agent.send("GetState#1001", None);
    broker.restart().await;
    println!("the broker started again in {:?}", broker.start_took);
    connector.resumed().await;
    connector.expect("the request that waited", has_type("GetState#1001")).await;
    connector.tell("desk-1", "1001#State#READY");
    let is_ready = |message: &Message| message.body.as_deref() == Some("1001#State#READY");
    agent.expect("an event after the restart", is_ready).await;
    agent.quit().await;
    connector.quit().await;
}

#[tokio::test]
#[ignore = "needs ActiveMQ and a JDK: runs in the gate's stage `wire`"]
async fn what_stomp_sends_is_text_in_java_unless_it_tells_its_length() {
    let broker = Broker::start().await;
    let mut agent = JmsClient::start("the agent", &broker).await;
    agent.destination("desk-1").await;
    let mut stomp = TcpStream::connect(("127.0.0.1", broker.stomp())).expect("it listens");
    stomp.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let event = "SEND\ndestination:/topic/desk-1\ntype:OUT\ncorrelation-id:c-2\ncategory:a\\cb\n";
    let frames = format!(
        "CONNECT\naccept-version:1.2\nhost:wire\n\n\0{event}\nLópez\0{event}content-length:6\n\nLópez\0\
         DISCONNECT\nreceipt:end\n\n\0"
    );
    stomp.write_all(frames.as_bytes()).expect("it reads");
    for kind in ["text", "bytes"] {
        let message = agent.expect("an event", |_| true).await;
        let expected = Message {
            from: "topic://desk-1".to_owned(),
            kind: kind.to_owned(),
            jms_type: Some("OUT".to_owned()),
            correlation: Some("c-2".to_owned()),
            category: Some("a:b".to_owned()),
            reply: None,
            body: Some("López".to_owned()),
        };
        assert_eq!(message, expected);
    }
    let mut answers = String::new();
    stomp.read_to_string(&mut answers).expect("it closes after the receipt");
    assert!(answers.contains("RECEIPT\nreceipt-id:end\n"), "{answers}");
}

/// What the program tells a Java client: text, without a JMSType.
fn told(correlation: Option<&str>, category: &str, body: &str) -> Message {
    Message {
        from: "topic://desk-1".to_owned(),
        kind: "text".to_owned(),
        jms_type: None,
        correlation: correlation.map(str::to_owned),
        category: Some(category.to_owned()),
        reply: None,
        body: Some(body.to_owned()),
    }
}

/// Waits until the program says that it has found its broker for the `times`th time.
async fn found(server: &Server, times: f64) {
    while server.metric("cordial_connector_broker_connects_total ").await != Some(times)
        || server.metric("cordial_connector_broker_up ").await != Some(1.0)
    {
        pause().await;
    }
}

#[tokio::test]
#[ignore = "needs ActiveMQ and a JDK: runs in the gate's stage `wire`"]
async fn the_program_hears_and_tells_java_clients_through_the_broker_and_finds_it_again_by_itself() {
    let mut broker = Broker::start().await;
    let passcode = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(passcode.path(), "no log shows this\n").expect("it can be written");
    // Nobody listens at the first address.
    let tables = format!(
        "[connector.broker]\nurls = [\"stomp://127.0.0.1:{}\", \"stomp://127.0.0.1:{}\"]\nlogin = \"cordial\"\n\
         passcode_file = {:?}\n",
        free_port(),
        broker.stomp(),
        passcode.path().display().to_string()
    );
    let server = Server::start_with_tables(&tables).await;
    let mut agent = JmsClient::start("the agent", &broker).await;
    agent.destination("desk-1").await;

    agent.correlate("c-1");
    agent.send("Hello# desk-1", None);
    let system = agent.expect("an answer", |_| true).await;
    assert_eq!(system, told(Some("c-1"), "system", "System#IN_SERVICE"));
    agent.send_bytes("Beat#desk-1", "null");
    let system = agent.expect("an answer to a BytesMessage", |_| true).await;
    assert_eq!(system, told(None, "system", "System#IN_SERVICE"));
    // Where the answer goes whose request names no destination, JMSReplyTo says.
    agent.reply_to("desk-1");
    agent.correlate("c-2");
    agent.send("GetState#1001", None);
    let re_login = agent.expect("an answer to who is not logged in", |_| true).await;
    assert_eq!(re_login.body.as_deref(), Some("1001#State#RE_LOGIN"));
    assert_eq!(re_login.correlation.as_deref(), Some("c-2"));
    // What is no request keeps nothing after it from being heard.
    agent.send("", Some("no type"));
    // A destination with a comma would be several, and this one a queue: the requests' own.
    agent.send("Hello#a,queue://Connector1", None);
    agent.send("Beat#desk-1", None);
    agent.expect("an answer after those", |_| true).await;

    broker.kill();
    agent.interrupted().await;
    broker.restart().await;
    found(&server, 2.0).await;
    agent.resumed().await;
    agent.correlate("c-3");
    agent.send("Beat#desk-1", None);
    let system = agent.expect("an answer after the restart", |_| true).await;
    assert_eq!(system, told(Some("c-3"), "system", "System#IN_SERVICE"));
    agent.quit().await;
    let log = server.log();
    for line in ["cannot be reached there", "connected to the site's broker", "the site's broker is lost"] {
        assert!(log.contains(line), "{line}: {log}");
    }
    assert!(!log.contains("no log shows this"), "{log}");
}
