//! A furnished node, and a carrier that calls it.

use cordial_engine::agent::Handling;
use cordial_engine::entry::{Agent, Destination, Device, Mailbox, Queue, Route, Trunk};
use cordial_engine::id::{DeviceId, TenantId, TrunkId};
use cordial_engine::text::{Number, Text};
use cordial_engine::{
    Actor, Answer, Command, Entry, EntryId, Event, Input, Now, Report, Timestamp, WallTime,
};
use cordial_media::MediaEvent;
use cordial_node::{AskId, Config, Node, Output};
use cordial_sip::{Binding, Flow, Listener, ListenerId, Transport};

pub(crate) const CARRIER: &str = "192.0.2.9:5060";
pub(crate) const PHONE: &str = "192.0.2.20:5060";
pub(crate) const OTHER_PHONE: &str = "192.0.2.21:5060";
pub(crate) const TARGET: &str = "sip:1000@192.0.2.1";

pub(crate) struct Desk {
    pub(crate) node: Node,
    pub(crate) now: Now,
    tenant: TenantId,
    pub(crate) trunk: TrunkId,
    /// A phone whose number 2000 the carrier may dial.
    pub(crate) phone: DeviceId,
    /// All that was given to the journal.
    pub(crate) journal: Vec<Event>,
    asked: u64,
}

/// The key that all lives of a node share.
fn config() -> Config {
    let listener = Listener {
        id: ListenerId(0),
        transport: Transport::Udp,
        host: "192.0.2.1".to_owned(),
        port: 5060,
        realm: None,
    };
    let key = Some(cordial_sip::Key([1; 32]));
    Config {
        sip: cordial_sip::Config { key, ..cordial_sip::Config::new(vec![listener], "cordial") },
        media_address: [192, 0, 2, 1].into(),
        rtp_ports: 10_000..=10_099,
        version: "test".to_owned(),
    }
}

impl Desk {
    /// A node with a carrier whose number 1000 leads to a queue, all of it durable.
    pub(crate) fn furnished() -> Self {
        Self::with_trunk(None)
    }

    /// The same; with a user name, the carrier must prove itself as well.
    pub(crate) fn with_trunk(username: Option<&str>) -> Self {
        let node = Node::new(config(), 7).expect("the range has ports");
        let now = Now { at: Timestamp(1), wall: WallTime(1) };
        let (tenant, trunk, phone) = (TenantId(0), TrunkId(0), DeviceId(0));
        let mut desk = Self { node, now, tenant, trunk, phone, journal: Vec::new(), asked: 0 };
        desk.node.start(desk.now);
        let name = Text::parse("acme").expect("a name");
        let domain = Text::parse("acme.example").expect("a domain");
        let Answer::Tenant(tenant, _) = desk.ask(Input::AddTenant { name, domain }) else {
            panic!("a tenant was asked for")
        };
        desk.tenant = tenant;
        let trunk = Trunk {
            name: Text::parse("carrier").expect("a name"),
            address: Text::parse(CARRIER).expect("an address"),
            transport: cordial_engine::entry::Transport::Udp,
            sources: Vec::new(),
            username: username.map(|username| Text::parse(username).expect("a user name")),
            authenticate_inbound: username.is_some(),
            outbound_prefixes: vec![Number::parse("00").expect("a number")],
            caller_number: None,
        };
        let EntryId::Trunk(trunk) = desk.add(tenant, Entry::Trunk(trunk)) else {
            panic!("a trunk was asked for")
        };
        desk.trunk = trunk;
        let queue = Queue::named(Text::parse("sales").expect("a name"));
        let EntryId::Queue(queue) = desk.add(tenant, queue.into()) else { panic!("a queue was asked for") };
        let number = Number::parse("1000").expect("a number");
        let destination = Destination::Queue(queue);
        desk.add(tenant, Entry::Route(Route::to(number, destination)));
        desk.phone = desk.add_phone("200", "2000", PHONE);
        desk.settle();
        desk
    }

    /// A registered phone of a number of its own, behind a number that the carrier may dial.
    fn add_phone(&mut self, own: &str, dialled: &str, address: &str) -> DeviceId {
        let number = |number: &str| Number::parse(number).expect("a number");
        let display_name = Text::parse("Ann").expect("a name");
        let device = Device::numbered(number(own), display_name);
        let EntryId::Device(device) = self.add(self.tenant, Entry::Device(device)) else {
            panic!("a device was asked for")
        };
        let destination = Destination::Device(device);
        let route = Route::to(number(dialled), destination);
        self.add(self.tenant, Entry::Route(route));
        let binding = self.binding(own, address);
        self.node.restore_bindings(self.now, device, vec![binding]);
        self.node.handle_report(self.now, Report::DeviceRegistered { device });
        device
    }

    /// A second phone, whose number 2100 the carrier may dial.
    pub(crate) fn add_other_phone(&mut self) {
        self.add_phone("201", "2100", OTHER_PHONE);
        self.settle();
    }

    /// An agent whose calls go to his mailbox, behind a number that the carrier may dial.
    pub(crate) fn add_mailbox(&mut self, dialled: &str) {
        let name = Text::parse("Ann").expect("a name");
        let mailbox = Some(Mailbox::default());
        let agent = Agent { mailbox, ..Agent::named(name) };
        let EntryId::Agent(agent) = self.add(self.tenant, Entry::Agent(agent)) else {
            panic!("an agent was asked for")
        };
        let (tenant, by) = (self.tenant, Actor::Operator);
        let command = Command::SetHandling { agent, handling: Handling::Voicemail };
        self.ask(Input::Command { tenant, by, command });
        let number = Number::parse(dialled).expect("a number");
        let destination = Destination::Agent(agent);
        self.add(tenant, Entry::Route(Route::to(number, destination)));
        self.settle();
    }

    /// What follows from what the worker tells.
    pub(crate) fn worker_tells(&mut self, event: &MediaEvent) -> Vec<Output> {
        self.node.handle_media(self.now, event);
        self.settle()
    }

    /// The phone is to be led to a number.
    pub(crate) fn dials(&mut self, to: &str) -> Vec<Output> {
        self.asked += 1;
        let to = Number::parse(to).expect("a number");
        let command = Command::PlaceCall { device: self.phone, to };
        let input = Input::Command { tenant: self.tenant, by: Actor::Operator, command };
        self.node.handle_command(self.now, AskId(self.asked), input);
        self.settle()
    }

    /// How many calls there are.
    pub(crate) fn calls(&self) -> usize {
        self.node.engine().calls(self.tenant).len()
    }

    fn binding(&self, number: &str, address: &str) -> Binding {
        Binding {
            contact: format!("sip:{number}@{address}"),
            flow: Flow::udp(ListenerId(0), address.parse().expect("an address")),
            expires_at: cordial_sip::Timestamp(self.now.at.0 + 600_000),
            q: 1_000,
            call_id: "r".to_owned(),
            cseq: 1,
            instance: None,
            path: Vec::new(),
        }
    }

    /// The journal has all there is; what is done then.
    pub(crate) fn settle(&mut self) -> Vec<Output> {
        let mut all = self.outputs();
        loop {
            self.node.handle_durable(self.now, self.node.last_seq());
            let more = self.outputs();
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }

    /// The process dies, with only the events up to a number on disk; the next one begins.
    pub(crate) fn crash(&mut self, durable: u64) -> Vec<Output> {
        self.journal.retain(|event| event.seq <= durable);
        self.node = Node::new(config(), 8 + self.asked).expect("the range has ports");
        for event in &self.journal {
            self.node.restore(event);
        }
        let binding = self.binding("200", PHONE);
        self.node.restore_bindings(self.now, self.phone, vec![binding]);
        self.node.start(self.now);
        self.settle()
    }

    /// A message of the phone's.
    pub(crate) fn phone_says(&mut self, text: &str) -> Vec<Output> {
        self.said_by(PHONE, text)
    }

    /// A message from an address.
    pub(crate) fn said_by(&mut self, address: &str, text: &str) -> Vec<Output> {
        let flow = Flow::udp(ListenerId(0), address.parse().expect("an address"));
        self.node.handle_datagram(self.now, flow, text.as_bytes());
        self.outputs()
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
        let outputs: Vec<Output> = std::iter::from_fn(|| self.node.poll_output()).collect();
        for output in &outputs {
            if let Output::Journal(event) = output {
                self.journal.push(event.clone());
            }
        }
        outputs
    }

    /// An INVITE of the carrier for 1000, with one more header line if it has one.
    pub(crate) fn invite(&mut self, cseq: u32, proof: Option<&str>) -> Vec<Output> {
        self.carrier_calls(TARGET, cseq, proof)
    }

    pub(crate) fn carrier_says(&mut self, text: &str) -> Vec<Output> {
        self.said_by(CARRIER, text)
    }

    pub(crate) fn carrier_calls(&mut self, target: &str, cseq: u32, proof: Option<&str>) -> Vec<Output> {
        let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
        let proof = proof.map(|proof| format!("{proof}\r\n")).unwrap_or_default();
        let invite = format!(
            "INVITE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {CARRIER};branch=z9hG4bK{cseq}\r\n\
             From: <sip:4711@192.0.2.9>;tag=a\r\nTo: <{target}>\r\nCall-ID: a@192.0.2.9\r\nCSeq: {cseq} INVITE\r\n\
             Contact: <sip:4711@{CARRIER}>\r\nMax-Forwards: 70\r\n{proof}Content-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        self.carrier_says(&invite)
    }
}

pub(crate) const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

/// The last request of a method that goes out.
pub(crate) fn sent_request(outputs: &[Output], method: &str) -> Option<String> {
    outputs.iter().rev().find_map(|output| match output {
        Output::Transmit(transmit) => Some(String::from_utf8_lossy(&transmit.bytes).into_owned())
            .filter(|text| text.starts_with(&format!("{method} "))),
        _ => None,
    })
}

/// A line of a message.
pub(crate) fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let prefix = format!("{name}: ");
    text.lines().find_map(|line| line.strip_prefix(&prefix)).expect("a header of that name")
}

/// The phone's response to our INVITE.
pub(crate) fn response(invite: &str, code: u16) -> String {
    format!(
        "SIP/2.0 {code} Whatever\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=ann\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:200@{PHONE}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
        header(invite, "Via"),
        header(invite, "From"),
        header(invite, "To"),
        header(invite, "Call-ID"),
        header(invite, "CSeq"),
        SDP.len()
    )
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
