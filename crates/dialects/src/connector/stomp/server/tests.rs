use std::time::Duration;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::connector::stomp::limits::{
    SUBSCRIPTIONS_MAX, TRANSACTION_STEPS_MAX, TRANSACTIONS_MAX, UNACKNOWLEDGED_MAX,
};

const BEGIN: Timestamp = Timestamp(1_000);

/// A session whose owner says yes to all but the destination `/topic/theirs`, and hands every message to all who listen.
struct Bench {
    session: Session,
    now: Timestamp,
    listening: Vec<(SubscriptionId, Destination, Option<Selector>)>,
    told: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        let session = Session::new("s1".to_owned(), BEGIN);
        Self { session, now: BEGIN, listening: Vec::new(), told: Vec::new() }
    }

    fn connected(version: &str) -> Self {
        let mut bench = Self::new();
        bench.says(&format!("CONNECT|accept-version:{version}"));
        bench.told.clear();
        bench
    }

    /// Frames with `|` for each end of line, `||` before the body; each ends with its own nought.
    fn says(&mut self, frames: &str) {
        for frame in frames.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (head, body) = frame.split_once("||").unwrap_or((frame, ""));
            let bytes = format!("{}\n\n{body}\0\n", head.replace('|', "\n"));
            self.hears(bytes.as_bytes());
        }
    }

    fn hears(&mut self, bytes: &[u8]) {
        self.session.receive(self.now, bytes);
        while let Some(event) = self.session.poll_event(self.now) {
            self.owner(event);
        }
        self.writes();
    }

    fn owner(&mut self, event: Event) {
        match event {
            Event::Connect(who) => {
                self.told.push(format!("({who:?})"));
                self.session.accept(self.now);
            }
            Event::Subscribe { destination, .. } if destination.name() == "theirs" => {
                self.session.refuse("no such destination");
            }
            Event::Subscribe { subscription, destination, selector } => {
                self.listening.push((subscription, destination, selector));
                self.session.accept(self.now);
            }
            Event::Unsubscribed { subscription, unacknowledged } => {
                self.listening.retain(|(there, ..)| *there != subscription);
                self.told.push(format!("({} come back)", unacknowledged.len()));
            }
            Event::Send(messages) => {
                self.session.accept(self.now);
                messages.into_iter().for_each(|message| self.hand_on(message));
            }
        }
    }

    fn hand_on(&mut self, message: Message) {
        let message = Arc::new(message);
        for (subscription, destination, selector) in &self.listening {
            let wanted = selector.as_ref().is_none_or(|selector| selector.wants(message.headers()));
            if destination == message.destination() && wanted {
                self.session.deliver(self.now, *subscription, &message);
            }
        }
    }

    fn passes(&mut self, time: Duration) {
        let until = self.now.after(time);
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= until) {
            self.now = at;
            self.session.handle_timeout(at);
            self.writes();
        }
        self.now = until;
    }

    fn writes(&mut self) {
        while let Some(bytes) = self.session.poll_output() {
            let text = String::from_utf8_lossy(&bytes).replace('\0', "").replace('\n', "|");
            let text = text.trim_end_matches('|').replace(env!("CARGO_PKG_VERSION"), "0");
            self.told.push(if text.is_empty() { "beat".to_owned() } else { text });
        }
    }

    fn told(mut self, told: &Expect) {
        let over = if self.session.is_over() { "over" } else { "open" };
        self.told.push(over.to_owned());
        told.assert_eq(&self.told.join("\n"));
    }
}

fn check(version: &str, frames: &str, told: &Expect) {
    let mut bench = Bench::connected(version);
    bench.says(frames);
    bench.told(told);
}

#[test]
fn the_best_version_that_both_speak_is_chosen() {
    for (connect, expected) in [
        (
            "CONNECT",
            expect![[r#"
            (LogIn { login: None, host: None, .. })
            CONNECTED|version:1.0|session:s1|server:Cordial/0
            open"#]],
        ),
        (
            "STOMP|accept-version:1.1,1.0|host:a|login:ann|passcode:secret|heart-beat:0,5000",
            expect![[r#"
            (LogIn { login: Some("ann"), host: Some("a"), .. })
            CONNECTED|version:1.1|session:s1|server:Cordial/0|heart-beat:1000,10000
            open"#]],
        ),
        (
            "CONNECT|accept-version:1.0,1.1,1.2,2.0|receipt:no",
            expect![[r#"
            (LogIn { login: None, host: None, .. })
            CONNECTED|version:1.2|session:s1|server:Cordial/0|heart-beat:1000,10000
            open"#]],
        ),
        (
            "CONNECT|accept-version:0.9,2.0",
            expect![[r#"
            ERROR|version:1.0,1.1,1.2|message:the supported versions are 1.0, 1.1 and 1.2|content-type:text/plain|content-length:43||the supported versions are 1.0, 1.1 and 1.2
            over"#]],
        ),
        (
            "CONNECT|accept-version:1.2|heart-beat:often",
            expect![[r#"
            ERROR|message:heart-beat is not two numbers of milliseconds|content-type:text/plain|content-length:45||heart-beat is not two numbers of milliseconds
            over"#]],
        ),
    ] {
        let mut bench = Bench::new();
        bench.says(connect);
        bench.told(&expected);
    }
}

#[test]
fn a_topic_gives_what_is_sent_to_it() {
    check(
        "1.2",
        r"SUBSCRIBE|id:0|destination:/topic/a|receipt:r1
          SUBSCRIBE|id:1|destination:/topic/a|selector:JMSType = 'x'
          SEND|destination:/topic/a|type:x|reply-to:/queue/b|odd:a\cb\n|receipt:r2|content-type:text/plain||hello
          SEND|destination:/topic/a|type:y||{}
          UNSUBSCRIBE|id:0|receipt:r3
          SEND|destination:/topic/a|type:y||{}
          DISCONNECT|receipt:r4
          SEND|destination:/topic/a|type:x||nobody reads this",
        &expect![[r#"
            RECEIPT|receipt-id:r1
            RECEIPT|receipt-id:r2
            MESSAGE|subscription:0|message-id:s1-1|destination:/topic/a|type:x|reply-to:/queue/b|odd:a\cb\n|content-type:text/plain|content-length:5||hello
            MESSAGE|subscription:1|message-id:s1-2|destination:/topic/a|type:x|reply-to:/queue/b|odd:a\cb\n|content-type:text/plain|content-length:5||hello
            MESSAGE|subscription:0|message-id:s1-3|destination:/topic/a|type:y|content-length:2||{}
            (0 come back)
            RECEIPT|receipt-id:r3
            RECEIPT|receipt-id:r4
            over"#]],
    );
}

#[test]
fn the_oldest_version_names_no_subscriptions() {
    check(
        "1.0",
        "SUBSCRIBE|destination: /queue/a|ack:client
         SEND|destination:/queue/a||one
         SEND|destination:/queue/a||two
         ACK|message-id:s1-2|receipt:r
         UNSUBSCRIBE|destination:/queue/a
         NACK|message-id:s1-1",
        &expect![[r#"
            MESSAGE|message-id:s1-1|ack:s1-1|destination:/queue/a|content-length:3||one
            MESSAGE|message-id:s1-2|ack:s1-2|destination:/queue/a|content-length:3||two
            RECEIPT|receipt-id:r
            (0 come back)
            ERROR|message:NACK is no frame of a client in this version|content-type:text/plain|content-length:44||NACK is no frame of a client in this version
            over"#]],
    );
}

#[test]
fn messages_are_acknowledged_with_all_before_or_each_for_itself() {
    let sent = "SEND|destination:/queue/a||1\nSEND|destination:/queue/a||2\nSEND|destination:/queue/a||3\n";
    for (version, mode, ack, left) in [
        ("1.2", "client", "ACK|id:s1-2", 1),
        ("1.2", "client-individual", "ACK|id:s1-2", 2),
        ("1.2", "client-individual", "NACK|id:s1-1", 2),
        ("1.1", "client", "NACK|subscription:x|message-id:s1-3", 0),
        ("1.1", "client-individual", "ACK|subscription:x|message-id:s1-3", 2),
        ("1.2", "client", "BEGIN|transaction:t\nACK|id:s1-3|transaction:t", 3),
        ("1.2", "client", "BEGIN|transaction:t\nACK|id:s1-3|transaction:t\nABORT|transaction:t", 3),
        ("1.2", "client", "BEGIN|transaction:t\nACK|id:s1-3|transaction:t\nCOMMIT|transaction:t", 0),
        ("1.2", "auto", "", 0),
    ] {
        let mut bench = Bench::connected(version);
        bench.says(&format!("SUBSCRIBE|id:x|destination:/queue/a|ack:{mode}\n{sent}{ack}"));
        assert!(!bench.session.is_over(), "{ack}: {:?}", bench.told);
        assert_eq!(bench.session.unacknowledged().len(), left, "{version} {mode} {ack}");
    }
}

#[test]
fn what_is_not_acknowledged_comes_back_when_its_subscription_ends() {
    check(
        "1.2",
        "SUBSCRIBE|id:x|destination:/queue/a|ack:client-individual
         SUBSCRIBE|id:y|destination:/queue/b|ack:client
         SEND|destination:/queue/a||1
         SEND|destination:/queue/b||2
         SEND|destination:/queue/a||3
         ACK|id:s1-1
         UNSUBSCRIBE|id:x
         ACK|id:s1-2|receipt:r",
        &expect![[r#"
            MESSAGE|subscription:x|message-id:s1-1|ack:s1-1|destination:/queue/a|content-length:1||1
            MESSAGE|subscription:y|message-id:s1-2|ack:s1-2|destination:/queue/b|content-length:1||2
            MESSAGE|subscription:x|message-id:s1-3|ack:s1-3|destination:/queue/a|content-length:1||3
            (1 come back)
            RECEIPT|receipt-id:r
            open"#]],
    );
}

#[test]
fn a_transaction_takes_effect_whole_or_not_at_all() {
    check(
        "1.2",
        "SUBSCRIBE|id:0|destination:/topic/a
         BEGIN|transaction:t1|receipt:begun
         BEGIN|transaction:t2
         SEND|destination:/topic/a|transaction:t1|receipt:held||1
         SEND|destination:/topic/a|transaction:t2||never
         SEND|destination:/topic/a||first
         SEND|destination:/topic/a|transaction:t1||2
         ABORT|transaction:t2
         COMMIT|transaction:t1|receipt:done
         COMMIT|transaction:t1",
        &expect![[r#"
            RECEIPT|receipt-id:begun
            RECEIPT|receipt-id:held
            MESSAGE|subscription:0|message-id:s1-1|destination:/topic/a|content-length:5||first
            RECEIPT|receipt-id:done
            MESSAGE|subscription:0|message-id:s1-2|destination:/topic/a|content-length:1||1
            MESSAGE|subscription:0|message-id:s1-3|destination:/topic/a|content-length:1||2
            ERROR|message:there is no such transaction|content-type:text/plain|content-length:28||there is no such transaction
            over"#]],
    );
}

#[test]
fn what_a_client_does_wrong_is_told_and_ends_the_connection() {
    let long = "x".repeat(NAME_BYTES_MAX + 1);
    let wrong = [
        "CONNECT|accept-version:1.2",
        "CONNECTED|version:1.2",
        "MESSAGE|destination:/topic/a",
        "BEGIN|transaction:t||body",
        "SEND||no destination",
        "SEND|destination:elsewhere||x",
        "SEND|destination:/topic/a|transaction:none||x",
        "SUBSCRIBE|destination:/topic/a",
        "SUBSCRIBE|id:0",
        "SUBSCRIBE|id:|destination:/topic/a",
        &format!("SUBSCRIBE|id:{long}|destination:/topic/a"),
        "SUBSCRIBE|id:0|destination:/topic/a|ack:often",
        "SUBSCRIBE|id:0|destination:/topic/a|selector:a >",
        "SUBSCRIBE|id:0|destination:/topic/theirs",
        "SUBSCRIBE|id:0|destination:/topic/a\nSUBSCRIBE|id:0|destination:/topic/b",
        "UNSUBSCRIBE|id:0",
        "UNSUBSCRIBE|destination:/topic/a",
        "ACK",
        "ACK|id:s1-1",
        "ACK|id:s2-99999999999999999999999",
        "NACK|message-id:s1-1|subscription:0",
        "BEGIN",
        "BEGIN|transaction:t\nBEGIN|transaction:t",
        "COMMIT|transaction:t",
        "ABORT|transaction:t",
        "JUMP",
        r"SEND|a:\t",
        &format!("BEGIN|transaction:t|receipt:{long}"),
    ];
    let told = wrong.map(|frames| {
        let mut bench = Bench::connected("1.2");
        bench.says(frames);
        assert!(bench.session.is_over(), "{frames}");
        let shown: String = frames.chars().take(50).collect();
        let error = bench.told.pop().unwrap_or_default();
        assert!(error.starts_with("ERROR|message:"), "{frames}: {error}");
        format!("{}: {}", shown.replace('\n', " "), error.split('|').nth(1).unwrap_or_default())
    });
    expect![[r#"
        CONNECT|accept-version:1.2: message:the connection is connected already
        CONNECTED|version:1.2: message:CONNECTED is no frame of a client in this version
        MESSAGE|destination:/topic/a: message:MESSAGE is no frame of a client in this version
        BEGIN|transaction:t||body: message:BEGIN has no body
        SEND||no destination: message:the header destination is missing
        SEND|destination:elsewhere||x: message:a destination is /queue/NAME or /topic/NAME, a name at most 256 bytes of text without blanks, * and >
        SEND|destination:/topic/a|transaction:none||x: message:there is no such transaction
        SUBSCRIBE|destination:/topic/a: message:the header id is missing
        SUBSCRIBE|id:0: message:the header destination is missing
        SUBSCRIBE|id:|destination:/topic/a: message:the header id is missing
        SUBSCRIBE|id:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: message:the header id is longer than 256 bytes
        SUBSCRIBE|id:0|destination:/topic/a|ack:often: message:ack is auto, client or client-individual
        SUBSCRIBE|id:0|destination:/topic/a|selector:a >: message:the selector should go on with =, <> or IN where it says ">"
        SUBSCRIBE|id:0|destination:/topic/theirs: message:no such destination
        SUBSCRIBE|id:0|destination:/topic/a SUBSCRIBE|id:0: message:there is such a subscription already
        UNSUBSCRIBE|id:0: message:there is no such subscription
        UNSUBSCRIBE|destination:/topic/a: message:the header id is missing
        ACK: message:the header id is missing
        ACK|id:s1-1: message:no such message waits to be acknowledged
        ACK|id:s2-99999999999999999999999: message:no such message waits to be acknowledged
        NACK|message-id:s1-1|subscription:0: message:the header id is missing
        BEGIN: message:the header transaction is missing
        BEGIN|transaction:t BEGIN|transaction:t: message:there is such a transaction already
        COMMIT|transaction:t: message:there is no such transaction
        ABORT|transaction:t: message:there is no such transaction
        JUMP: message:the command is unknown
        SEND|a:\t: message:a header holds an undefined escape
        BEGIN|transaction:t|receipt:xxxxxxxxxxxxxxxxxxxxxx: message:the header receipt is longer than 256 bytes"#]].assert_eq(&told.join("\n"));
}

#[test]
fn an_error_names_the_receipt_that_was_asked_for() {
    check(
        "1.1",
        "SUBSCRIBE|id:0|destination:/topic/theirs|receipt:r\nBEGIN|transaction:t",
        &expect![[r#"
        ERROR|message:no such destination|content-type:text/plain|receipt-id:r|content-length:19||no such destination
        over"#]],
    );
}

#[test]
fn nothing_is_done_before_the_client_has_connected() {
    for verb in Verb::ALL.iter().filter(|verb| !matches!(verb, Verb::Connect | Verb::Stomp)) {
        let mut bench = Bench::new();
        bench.says(&format!("{verb}|destination:/topic/a|id:0|transaction:t|message-id:s1-1"));
        assert!(bench.session.is_over(), "{verb}");
        assert!(bench.told[0].starts_with("ERROR|message:CONNECT comes first"), "{}", bench.told[0]);
    }
}

#[test]
fn one_connection_holds_only_so_much() {
    let subscribe = |n: usize| format!("SUBSCRIBE|id:{n}|destination:/queue/a|ack:client\n");
    let begin = |n: usize| format!("BEGIN|transaction:{n}\n");
    let send = |_: usize| "SEND|destination:/queue/a||x\n".to_owned();
    let held = |_: usize| "SEND|destination:/queue/a|transaction:0||x\n".to_owned();
    let first =
        |text: String| move |n: usize, rest: String| if n == 0 { format!("{text}{rest}") } else { rest };
    let (listening, begun) = (first(subscribe(0)), first(begin(0)));
    for (most, frame, why) in [
        (SUBSCRIPTIONS_MAX, Box::new(subscribe) as Box<dyn Fn(usize) -> String>, "subscriptions"),
        (TRANSACTIONS_MAX, Box::new(begin), "transactions"),
        (UNACKNOWLEDGED_MAX, Box::new(move |n| listening(n, send(n))), "not acknowledged"),
        (TRANSACTION_STEPS_MAX, Box::new(move |n| begun(n, held(n))), "a transaction has more"),
    ] {
        let mut bench = Bench::connected("1.2");
        (0..most).for_each(|n| bench.says(&frame(n)));
        assert!(!bench.session.is_over(), "{why}: {:?}", bench.told.last());
        bench.says(&frame(most));
        assert!(bench.session.is_over() && bench.told.last().is_some_and(|last| last.contains(why)), "{why}");
    }
    let body = "x".repeat(1_000_000);
    for (begin, header) in
        [("SUBSCRIBE|id:0|destination:/queue/a|ack:client", ""), ("BEGIN|transaction:0", "|transaction:0")]
    {
        let mut bench = Bench::connected("1.2");
        bench.says(begin);
        let many = (0..20).take_while(|_| {
            bench.says(&format!("SEND|destination:/queue/a{header}||{body}"));
            bench.told.clear();
            !bench.session.is_over()
        });
        assert!(many.count() < 10, "{begin}");
    }
}

#[test]
fn who_does_not_connect_or_does_not_finish_a_frame_is_given_up() {
    let mut silent = Bench::new();
    silent.passes(CONNECT_TIME_MAX - Duration::from_millis(1));
    silent.hears(b"CONNECT\nlo");
    silent.passes(Duration::from_millis(1));
    silent.told(&expect![[r#"
        ERROR|message:a frame was not whole in time|content-type:text/plain|content-length:29||a frame was not whole in time
        over"#]]);

    let mut slow = Bench::connected("1.2");
    slow.hears(b"SEND\ndestination:/topic/a\n\n");
    slow.passes(FRAME_TIME_MAX - Duration::from_millis(1));
    slow.hears(b"x");
    slow.passes(Duration::from_millis(1));
    slow.told(&expect![[r#"
        ERROR|message:a frame was not whole in time|content-type:text/plain|content-length:29||a frame was not whole in time
        over"#]]);

    let mut steady = Bench::connected("1.2");
    for _ in 0..5 {
        steady
            .hears(b"x\0SEND\ndestination:/topic/a\n\n"[if steady.now == BEGIN { 2 } else { 0 }..].as_ref());
        steady.passes(FRAME_TIME_MAX - Duration::from_millis(1));
    }
    assert!(!steady.session.is_over(), "each frame has its own time");
}

#[test]
fn heart_beats_are_sent_and_missed() {
    let mut bench = Bench::new();
    bench.says("CONNECT|accept-version:1.1|heart-beat:15000,8000");
    bench.told.clear();
    bench.passes(Duration::from_millis(12_000));
    bench.hears(b"\n");
    bench.passes(Duration::from_millis(29_999));
    assert!(!bench.session.is_over());
    bench.passes(Duration::from_millis(1));
    bench.told(&expect![[r#"
        beat
        beat
        beat
        beat
        beat
        beat
        ERROR|message:nothing was heard for longer than agreed|content-type:text/plain|content-length:40||nothing was heard for longer than agreed
        over"#]]);

    let mut never = Bench::connected("1.2");
    never.passes(Duration::from_secs(100_000));
    never.told(&expect!["open"]);
}

#[test]
fn the_owner_can_end_it_at_any_time() {
    let mut bench = Bench::connected("1.2");
    bench.session.receive(bench.now, b"SUBSCRIBE\nid:0\ndestination:/topic/a\nreceipt:r\n\n\0");
    assert!(bench.session.poll_event(bench.now).is_some());
    bench.session.end("too slow");
    bench.session.end("again");
    bench.writes();
    bench.told(&expect![[r#"
        ERROR|message:too slow|content-type:text/plain|content-length:8||too slow
        over"#]]);
}

#[test]
fn a_password_is_not_shown() {
    let who = LogIn { login: Some("ann".to_owned()), passcode: Some("secret".to_owned()), host: None };
    assert!(!format!("{who:?}").contains("secret"));
}

proptest! {
    #[test]
    fn no_bytes_in_any_pieces_upset_a_session(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "CONNECT\naccept-version:1.2\n\n\0", "CONNECT\n\n\0", "\n", "\0", "SEND\n", "destination:/topic/a\n", "id:1\n", "ack:client\n",
                    "\n\n", "SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0", "SEND\ndestination:/topic/a\n\nx\0", "BEGIN\ntransaction:1\n\n\0",
                    "COMMIT\ntransaction:1\n\n\0", "ACK\nid:s1-1\n\n\0", "content-length:2\n",
                ]).prop_map(|text| text.as_bytes().to_vec()),
                prop::collection::vec(any::<u8>(), 0..6),
            ],
            0..20,
        ),
        pause in 0..20_000_u64,
    ) {
        let mut bench = Bench::new();
        for piece in pieces {
            bench.hears(&piece);
            bench.passes(Duration::from_millis(pause));
        }
        let errors = bench.told.iter().filter(|told| told.starts_with("ERROR")).count();
        prop_assert!(errors <= 1);
        prop_assert_eq!(errors == 1, bench.session.is_over());
    }
}
