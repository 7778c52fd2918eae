//! A furnished node, and a carrier that calls it.

use std::net::SocketAddr;

use cordial_engine::entry::{Destination, Queue, Route, Trunk};
use cordial_engine::id::{TenantId, TrunkId};
use cordial_engine::text::{Number, Text};
use cordial_engine::{Actor, Answer, Command, Entry, EntryId, Input, Now, Timestamp, WallTime};
use cordial_node::{AskId, Config, Node, Output};
use cordial_sip::{Flow, Listener, ListenerId, Transport};

pub(crate) const CARRIER: &str = "192.0.2.9:5060";
pub(crate) const TARGET: &str = "sip:1000@192.0.2.1";

pub(crate) struct Desk {
    pub(crate) node: Node,
    pub(crate) now: Now,
    pub(crate) trunk: TrunkId,
    asked: u64,
}

impl Desk {
    /// A node with a carrier whose number 1000 leads to a queue, all of it durable.
    pub(crate) fn furnished() -> Self {
        Self::with_trunk(None)
    }

    /// The same; with a user name, the carrier must prove itself as well.
    pub(crate) fn with_trunk(username: Option<&str>) -> Self {
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
        let now = Now { at: Timestamp(1), wall: WallTime(1) };
        let mut desk = Self { node, now, trunk: TrunkId(0), asked: 0 };
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
            username: username.map(|username| Text::parse(username).expect("a user name")),
            authenticate_inbound: username.is_some(),
            outbound_prefixes: Vec::new(),
            caller_number: None,
        };
        let EntryId::Trunk(trunk) = desk.add(tenant, Entry::Trunk(trunk)) else {
            panic!("a trunk was asked for")
        };
        desk.trunk = trunk;
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

    pub(crate) fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.node.poll_output()).collect()
    }

    /// An INVITE of the carrier for 1000, with one more header line if it has one.
    pub(crate) fn invite(&mut self, cseq: u32, proof: Option<&str>) -> Vec<Output> {
        let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
        let proof = proof.map(|proof| format!("{proof}\r\n")).unwrap_or_default();
        let invite = format!(
            "INVITE {TARGET} SIP/2.0\r\nVia: SIP/2.0/UDP {CARRIER};branch=z9hG4bK{cseq}\r\n\
             From: <sip:4711@192.0.2.9>;tag=a\r\nTo: <{TARGET}>\r\nCall-ID: a@192.0.2.9\r\nCSeq: {cseq} INVITE\r\n\
             Contact: <sip:4711@{CARRIER}>\r\nMax-Forwards: 70\r\n{proof}Content-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        let remote: SocketAddr = CARRIER.parse().expect("an address");
        self.node.handle_datagram(self.now, Flow::udp(ListenerId(0), remote), invite.as_bytes());
        self.outputs()
    }
}

/// The first lines of what goes out by SIP.
pub(crate) fn said(outputs: &[Output]) -> Vec<String> {
    let first_line = |output: &Output| match output {
        Output::Transmit(transmit) => {
            String::from_utf8_lossy(&transmit.bytes).lines().next().map(str::to_owned)
        }
        _ => None,
    };
    outputs.iter().filter_map(first_line).collect()
}
