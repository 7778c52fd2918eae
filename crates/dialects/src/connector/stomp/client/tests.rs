use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::connector::stomp::server;

const BEGIN: Timestamp = Timestamp(1_000);

fn account() -> Account {
    let (login, passcode) = (Some("cordial".to_owned()), Some("secret".to_owned()));
    Account { host: "broker".to_owned(), login, passcode }
}

fn written(client: &mut Client) -> String {
    let mut all = String::new();
    while let Some(bytes) = client.poll_output() {
        let text = String::from_utf8_lossy(&bytes).replace('\0', "^@").replace('\n', "|");
        all.push_str(&format!("{text}\n"));
    }
    all
}

fn events(client: &mut Client, now: Timestamp, bytes: &[u8]) -> Vec<Event> {
    client.receive(now, bytes);
    std::iter::from_fn(|| client.poll_event(now)).collect()
}

fn connected(version: &str) -> Client {
    let mut client = Client::new(&account(), BEGIN);
    let answer = format!("CONNECTED\nversion:{version}\nheart-beat:20000,4000\n\n\0\n");
    assert_eq!(events(&mut client, BEGIN, answer.as_bytes()).len(), 1);
    written(&mut client);
    client
}

#[test]
fn what_is_written_is_what_a_broker_reads() {
    let mut client = Client::new(&account(), BEGIN);
    client.subscribe(BEGIN, "too early", "/queue/a", AckMode::Auto, None);
    let answer = b"CONNECTED\nserver:ActiveMQ/5.17.2\nheart-beat:0,0\nsession:ID:x\nversion:1.2\n\n\0\n";
    let told = events(&mut client, BEGIN, answer);
    let server = Some("ActiveMQ/5.17.2".to_owned());
    assert_eq!(told, [Event::Connected { version: Version::V1_2, server }]);
    client.subscribe(
        BEGIN,
        "requests",
        "/queue/Connector1",
        AckMode::ClientIndividual,
        Some("JMSType <> 'x'"),
    );
    let headers = Headers::default().with("type", "a:b").with("receipt", "r1").with("content-length", "7");
    client.send(BEGIN, "/topic/ann", &headers, &Body::Text("State#READY"));
    client.send(BEGIN, "/topic/ann", &Headers::default(), &Body::Text("a\0b"));
    client.send(BEGIN, "/topic/ann", &Headers::default(), &Body::Bytes(b"abc"));
    client.unsubscribe(BEGIN, "requests");
    client.disconnect(BEGIN, "bye");
    expect![[r#"
        CONNECT|accept-version:1.0,1.1,1.2|host:broker|login:cordial|passcode:secret|heart-beat:1000,10000||^@
        SUBSCRIBE|id:requests|destination:/queue/Connector1|ack:client-individual|selector:JMSType <> 'x'||^@
        SEND|destination:/topic/ann|type:a\cb|receipt:r1||State#READY^@
        SEND|destination:/topic/ann|content-length:3||a^@b^@
        SEND|destination:/topic/ann|content-length:3||abc^@
        UNSUBSCRIBE|id:requests||^@
        DISCONNECT|receipt:bye||^@
    "#]]
    .assert_eq(&written(&mut client));
}

#[test]
fn messages_are_acknowledged_as_their_version_wants() {
    let mut all = String::new();
    for version in ["1.0", "1.1", "1.2"] {
        let mut client = connected(version);
        let message =
            b"MESSAGE\nsubscription:0\nmessage-id:m1\nack:a1\ndestination:/queue/a\ntype:x\n\nbody\0\n";
        let told = events(&mut client, BEGIN, message);
        let [Event::Message(delivery)] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert_eq!(
            (delivery.destination.as_str(), delivery.body.as_slice()),
            ("/queue/a", b"body".as_slice())
        );
        client.ack(BEGIN, delivery);
        client.nack(BEGIN, delivery);
        all.push_str(&format!("{version}\n{}", written(&mut client)));
    }
    expect![[r#"
        1.0
        ACK|message-id:m1||^@
        1.1
        ACK|message-id:m1|subscription:0||^@
        NACK|message-id:m1|subscription:0||^@
        1.2
        ACK|id:a1||^@
        NACK|id:a1||^@
    "#]]
    .assert_eq(&all);
}

#[test]
fn whatever_ends_a_connection_is_told_once() {
    let error =
        b"ERROR\nmessage:User name [cordial] or password is invalid.\n\njava.lang.SecurityException\n\0\n";
    for (bytes, end) in [
        (error.as_slice(), "the broker says: User name [cordial] or password is invalid."),
        (b"MESSAGE\n\n\0", "the broker sent MESSAGE where it should not"),
        (b"CONNECTED\nversion:9.9\n\n\0", "the broker speaks another version"),
        (b"CONNECTED\nversion:1.2\nheart-beat:x\n\n\0", "the broker's heart-beat is not two numbers"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the command is unknown"),
    ] {
        let mut client = Client::new(&account(), BEGIN);
        let told = events(&mut client, BEGIN, bytes);
        let [Event::Ended(why)] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert_eq!(why.to_string(), end);
        assert_eq!((events(&mut client, BEGIN, b"x\0"), client.poll_timeout()), (vec![], None));
    }
}

#[test]
fn a_broker_that_is_slow_or_silent_is_given_up() {
    let mut client = Client::new(&account(), BEGIN);
    let late = BEGIN.after(CONNECT_TIME_MAX);
    assert_eq!(client.poll_timeout(), Some(late));
    client.handle_timeout(late);
    assert_eq!(client.poll_event(late), Some(Event::Ended(End::TooSlow)));

    let mut client = connected("1.1");
    let at = BEGIN.after(Duration::from_millis(3_000));
    assert_eq!(client.poll_timeout(), Some(at), "it wants to hear every four seconds");
    client.handle_timeout(at);
    assert_eq!(written(&mut client), "|\n");
    let silent = BEGIN.after(Duration::from_millis(40_000));
    client.handle_timeout(silent);
    assert_eq!(client.poll_event(silent), Some(Event::Ended(End::Silent)));
}

#[test]
fn a_client_and_a_session_of_ours_understand_each_other() {
    let (mut client, mut session) =
        (Client::new(&account(), BEGIN), server::Session::new("s".to_owned(), BEGIN));
    let mut heard = Vec::new();
    let mut listening = None;
    for step in 0..6 {
        match step {
            1 => client.subscribe(BEGIN, "a", "/topic/a", AckMode::Client, Some("JMSType = 'x'")),
            2 => {
                let headers =
                    Headers::default().with("type", "x").with("odd", "a:b\\c\r\n").with("receipt", "r");
                client.send(BEGIN, "/topic/a", &headers, &Body::Text("Ação"));
            }
            4 => client.disconnect(BEGIN, "bye"),
            _ => {}
        }
        while let Some(bytes) = client.poll_output() {
            session.receive(BEGIN, &bytes);
        }
        while let Some(event) = session.poll_event(BEGIN) {
            match event {
                server::Event::Unsubscribed { .. } => continue,
                server::Event::Connect(who) => assert_eq!(who.passcode.as_deref(), Some("secret")),
                server::Event::Subscribe { subscription, .. } => listening = Some(subscription),
                server::Event::Send(messages) => {
                    let [message] = <[_; 1]>::try_from(messages).expect("one");
                    session.deliver(BEGIN, listening.expect("subscribed before"), &Arc::new(message));
                }
            }
            session.accept(BEGIN);
        }
        while let Some(bytes) = session.poll_output() {
            for event in events(&mut client, BEGIN, &bytes) {
                if let Event::Message(delivery) = &event {
                    assert_eq!(delivery.headers.get("odd"), Some("a:b\\c\r\n"));
                    assert_eq!(delivery.body, "Ação".as_bytes());
                    client.ack(BEGIN, delivery);
                }
                heard.push(event);
            }
        }
    }
    assert!(matches!(&heard[0], Event::Connected { version: Version::V1_2, .. }), "{heard:?}");
    assert!(
        heard.contains(&Event::Receipt("r".to_owned())) && heard.contains(&Event::Receipt("bye".to_owned()))
    );
    assert_eq!(session.unacknowledged().len(), 0);
}

#[test]
fn a_password_is_not_shown() {
    assert!(!format!("{:?}", account()).contains("secret"));
}

proptest! {
    #[test]
    fn no_bytes_upset_a_client(pieces in prop::collection::vec(
        prop_oneof![
            prop::sample::select(vec!["CONNECTED\nversion:1.2\nheart-beat:1,1\n\n\0", "MESSAGE\n", "\n\n", "\0", "RECEIPT\nreceipt-id:1\n\n\0", "ERROR\n\n\0"])
                .prop_map(|text| text.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..6),
        ],
        0..16,
    )) {
        let mut client = Client::new(&account(), BEGIN);
        let all: Vec<Event> = pieces.iter().flat_map(|piece| events(&mut client, BEGIN, piece)).collect();
        let ends = all.iter().filter(|event| matches!(event, Event::Ended(_))).count();
        prop_assert!(ends <= 1);
        prop_assert!(ends == 0 || matches!(all.last(), Some(Event::Ended(_))));
    }
}
