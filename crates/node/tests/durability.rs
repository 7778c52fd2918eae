//! What a caller hears of us waits for the journal.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one output among all")]

use std::net::SocketAddr;

use cordial_engine::entry::{Destination, Queue, Route, Trunk};
use cordial_engine::id::TenantId;
use cordial_engine::text::{Number, Text};
use cordial_engine::{Actor, Answer, Command, Entry, EntryId, Fact, Input, Now, Timestamp, WallTime};
use cordial_node::{Admission, AskId, Config, Node, Output};
use cordial_sip::{Flow, Listener, ListenerId, Transport};

const CARRIER: &str = "192.0.2.9:5060";

struct Desk {
    node: Node,
    now: Now,
    asked: u64,
}

impl Desk {
    /// A node with a carrier whose number 1000 leads to a queue, all of it durable.
    fn furnished() -> Self {
        let listener = Listener {
            id: ListenerId(0),
            transport: Transport::Udp,
            host: "192.0.2.1".to_owned(),
            port: 5060,
            realm: None,
        };
        let config = Config {
            sip: cordial_sip::Config::new(vec![listener], "cordial"),
            media_address: [192, 0, 2, 1].into(),
            rtp_ports: 10_000..=10_099,
            version: "test".to_owned(),
        };
        let node = Node::new(config, 7).expect("the range has ports");
        let mut desk = Self { node, now: Now { at: Timestamp(1), wall: WallTime(1) }, asked: 0 };
        desk.node.start(desk.now);
        let name = Text::parse("acme").expect("a name");
        let domain = Text::parse("acme.example").expect("a domain");
        let Answer::Tenant(tenant, _) = desk.ask(Input::AddTenant { name, domain }) else {
            panic!("a tenant was asked for")
        };
        let trunk = Trunk {
            name: Text::parse("carrier").expect("a name"),
            address: Text::parse(CARRIER).expect("an address"),
            sources: Vec::new(),
            username: None,
            authenticate_inbound: false,
            outbound_prefixes: Vec::new(),
            caller_number: None,
        };
        desk.add(tenant, Entry::Trunk(trunk));
        let queue = Queue::named(Text::parse("sales").expect("a name"));
        let EntryId::Queue(queue) = desk.add(tenant, Entry::Queue(queue)) else {
            panic!("a queue was asked for")
        };
        let number = Number::parse("1000").expect("a number");
        let destination = Destination::Queue(queue);
        desk.add(tenant, Entry::Route(Route { number, greeting: None, destination }));
        desk
    }

    fn add(&mut self, tenant: TenantId, entry: Entry) -> EntryId {
        let by = Actor::Operator;
        let Answer::Added(id, _) = self.ask(Input::Command { tenant, by, command: Command::Add(entry) })
        else {
            panic!("an entry was asked for")
        };
        id
    }

    /// Asks, lets the journal have it, and gives the answer.
    fn ask(&mut self, input: Input) -> Answer {
        self.asked += 1;
        self.node.handle_command(self.now, AskId(self.asked), input);
        let early = self.outputs();
        assert!(!early.iter().any(|output| matches!(output, Output::Answer { .. })), "answered too early");
        self.node.handle_durable(self.now, self.node.last_seq());
        let answer = self.outputs().into_iter().find_map(|output| match output {
            Output::Answer { ask, result } if ask == AskId(self.asked) => Some(result),
            _ => None,
        });
        answer.expect("what is durable is answered").expect("a furnished desk is granted all")
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.node.poll_output()).collect()
    }

    fn invite(&mut self) -> Vec<Output> {
        let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
        let invite = format!(
            "INVITE sip:1000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {CARRIER};branch=z9hG4bKa\r\n\
             From: <sip:4711@192.0.2.9>;tag=a\r\nTo: <sip:1000@192.0.2.1>\r\nCall-ID: a@192.0.2.9\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:4711@{CARRIER}>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        let remote: SocketAddr = CARRIER.parse().expect("an address");
        self.node.handle_datagram(self.now, Flow::udp(ListenerId(0), remote), invite.as_bytes());
        self.outputs()
    }
}

/// The first lines of what goes out by SIP.
fn said(outputs: &[Output]) -> Vec<String> {
    let first_line = |output: &Output| match output {
        Output::Transmit(transmit) => {
            String::from_utf8_lossy(&transmit.bytes).lines().next().map(str::to_owned)
        }
        _ => None,
    };
    outputs.iter().filter_map(first_line).collect()
}

#[test]
fn a_caller_is_answered_only_when_the_journal_has_the_call_and_what_ends_it_after_a_crash() {
    let mut desk = Desk::furnished();
    let outputs = desk.invite();
    assert_eq!(said(&outputs), ["SIP/2.0 100 Trying"]);
    let saved = outputs.iter().find_map(|output| match output {
        Output::Journal(event) if matches!(event.fact, Fact::LegSaved { .. }) => Some(event.seq),
        _ => None,
    });
    let saved = saved.expect("the dialog of a caller is saved on arrival");
    desk.node.handle_durable(desk.now, saved - 1);
    assert_eq!(said(&desk.outputs()), [""; 0], "everything but the saved dialog is durable");
    desk.node.handle_durable(desk.now, saved);
    assert_eq!(said(&desk.outputs()), ["SIP/2.0 200 OK"]);
}

#[test]
fn an_overloaded_node_turns_new_calls_away_at_once_and_says_when_to_come_again() {
    let mut desk = Desk::furnished();
    desk.node.set_admission(Admission::Overloaded);
    let outputs = desk.invite();
    assert_eq!(said(&outputs).last().map(String::as_str), Some("SIP/2.0 503 Service Unavailable"));
    let refusal = outputs.iter().rev().find_map(|output| match output {
        Output::Transmit(transmit) => Some(String::from_utf8_lossy(&transmit.bytes).into_owned()),
        _ => None,
    });
    assert!(refusal.expect("a refusal").contains("Retry-After: 5"));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Journal(_))), "nothing happened");
}
