//! Calls through the whole node: SIP, engine and media control. The journal acknowledges at once, nobody sends audio.

use std::collections::VecDeque;
use std::hint::black_box;

use cordial_engine::entry::{Entry, Queue};
use cordial_engine::id::{AgentId, DeviceId, QueueId, TenantId};
use cordial_engine::text::Text;
use cordial_engine::{Actor, Answer, Command, EntryId, Input};
use cordial_media::{MediaEvent, Prompts, Timestamp as MediaTime, Worker, WorkerConfig};
use cordial_node::{AskId, Config, DeviceSecret, Node, Output};
use cordial_sim::phone::{Habit, Phone, PhoneEvent, PhoneOutput, Placing};
use cordial_sim::world::name;
use cordial_sip::{Flow, ListenerId, Timestamp, digest};

use super::clock::{measure, print_cost};
use super::signalling::{DOMAIN, NODE, PASSWORD, address, listener, own_number, phone_config};
use crate::Scale;
use cordial_sim::site::{SEED, agent, at, carrier, device, route};

/// Phones of the site.
const PHONES: u64 = 100;
/// Calls begun together.
const TOGETHER: u64 = 50;
/// From one such round to the next; a call rings 50 ms and lasts a second. Milliseconds.
const ROUND_MS: u64 = 2_500;
/// Until the last transactions are forgotten. Milliseconds.
const LINGER_MS: u64 = 130_000;

/// Each of fifty devices calls another, which answers; the caller hangs up.
pub(crate) fn calls_between_two_devices(scale: Scale) {
    let mut town = Town::found();
    town.register_phones();
    play_back("b2bua: call set up and torn down", town, scale, |town, n| {
        let to = own_number(TOGETHER + n);
        town.place(n, to, None);
    });
}

/// Each of fifty callers of a carrier is queued and offered to an agent, who answers; the caller hangs up.
pub(crate) fn calls_through_a_queue(scale: Scale) {
    let mut town = Town::found();
    let queue = town.add_queue();
    for n in 0..PHONES {
        let agent = town.add_agent(n);
        town.must(Command::Assign { agent, queue, tier: None });
    }
    town.register_phones();
    for (agent, device) in town.agents.clone() {
        town.must(Command::LogIn { agent, device });
        town.must(Command::Ready { agent });
    }
    town.add_carrier(queue);
    play_back("queued: call from arrival to record", town, scale, |town, n| {
        town.place(PHONES, "+441000".to_owned(), Some(format!("+4477{n:05}")));
    });
}

/// Tapes rounds of calls, then plays the tape to a fresh node, alone on the clock.
fn play_back(what: &str, mut town: Town, scale: Scale, call: impl Fn(&mut Town, u64)) {
    let rounds = scale.of(400, 20);
    let opening = town.tape.len();
    for _ in 0..rounds {
        (0..TOGETHER).for_each(|n| call(&mut town, n));
        town.run_for(ROUND_MS);
    }
    town.run_for(LINGER_MS);
    let calls = rounds * TOGETHER;
    assert_eq!(town.answered, calls * 2, "each call is answered, as both of its phones say");
    let mut node = new_node();
    let mut outputs = 0;
    let (before, measured) = town.tape.split_at(opening);
    for (ms, deed) in before {
        replay(&mut node, *ms, deed);
    }
    let spent = measure(|| measured.iter().for_each(|(ms, deed)| outputs += replay(&mut node, *ms, deed)));
    assert_eq!(node.last_seq(), town.node.last_seq(), "the tape tells the same story");
    print_cost(what, calls, spent);
    let facts = node.last_seq() - town.facts_before;
    let datagrams = measured.iter().filter(|(_, deed)| matches!(deed, Deed::Datagram(..))).count() as u64;
    let each = |count: u64| count as f64 / calls as f64;
    let (facts, datagrams, outputs) = (each(facts), each(datagrams), each(outputs));
    println!("    each: {datagrams:.1} datagrams in, {facts:.1} facts, {outputs:.1} outputs");
}

/// What is done to the node.
enum Deed {
    Secret(DeviceId, DeviceSecret),
    Ask(Input),
    Datagram(Flow, Vec<u8>),
    Media(MediaEvent),
    Durable(u64),
    Timeout,
}

fn new_node() -> Node {
    let config = Config {
        sip: cordial_sip::Config::new(vec![listener()], DOMAIN),
        media_address: NODE.ip(),
        rtp_ports: 10_000..=59_999,
        version: "bench".to_owned(),
    };
    let mut node = Node::new(config, SEED).expect("the range above has ports");
    node.start(at(0));
    node
}

fn apply(node: &mut Node, ms: u64, deed: &Deed) {
    let now = at(ms);
    match deed {
        Deed::Secret(device, secret) => node.set_device_secret(*device, Some(secret.clone())),
        Deed::Ask(input) => node.handle_command(now, AskId(0), input.clone()),
        Deed::Datagram(flow, bytes) => node.handle_datagram(now, *flow, bytes),
        Deed::Media(event) => node.handle_media(now, event),
        Deed::Durable(seq) => node.handle_durable(now, *seq),
        Deed::Timeout => node.handle_timeout(now),
    }
}

fn replay(node: &mut Node, ms: u64, deed: &Deed) -> u64 {
    apply(node, ms, deed);
    std::iter::from_fn(|| node.poll_output()).map(black_box).count() as u64
}

/// The node among its phones; a carrier, if any, is the last of them.
struct Town {
    node: Node,
    worker: Worker,
    tenant: TenantId,
    phones: Vec<Phone>,
    devices: Vec<DeviceId>,
    agents: Vec<(AgentId, DeviceId)>,
    now: u64,
    inbox: VecDeque<Deed>,
    tape: Vec<(u64, Deed)>,
    answer: Option<Answer>,
    answered: u64,
    facts_before: u64,
}

impl Town {
    fn found() -> Self {
        let silence = |name| (name, vec![0xFF; FRAME]);
        let prompts = Prompts::from_ulaw(["music/hold", "tones/ringback"].map(silence));
        let mut town = Self {
            node: new_node(),
            worker: Worker::new(prompts, WorkerConfig::default(), SEED),
            tenant: TenantId(0),
            phones: Vec::new(),
            devices: Vec::new(),
            agents: Vec::new(),
            now: 0,
            inbox: VecDeque::new(),
            tape: Vec::new(),
            answer: None,
            answered: 0,
            facts_before: 0,
        };
        town.drain_node();
        town.empty_inbox();
        let domain = Text::parse_some(DOMAIN).expect("the domain is short");
        let Answer::Tenant(tenant, _) = town.ask(Input::AddTenant { name: name("one"), domain }) else {
            panic!("a tenant is added")
        };
        town.tenant = tenant;
        (0..PHONES).for_each(|n| town.add_device(n));
        town
    }

    fn add_device(&mut self, n: u64) {
        let own = own_number(n);
        let EntryId::Device(id) = self.add(device(&own)) else { panic!("a device is added") };
        let secret = DeviceSecret {
            ha1_md5: Some(digest::ha1_md5(&own, DOMAIN, PASSWORD)),
            ha1_sha256: Some(digest::ha1_sha256(&own, DOMAIN, PASSWORD)),
        };
        self.inbox.push_back(Deed::Secret(id, secret));
        self.empty_inbox();
        let mut phone = Phone::new(phone_config(&own, address(n), 4), SEED + n);
        phone.set_habit(Habit::Answer { after_ms: 50 }, None);
        self.phones.push(phone);
        self.devices.push(id);
    }

    fn add_agent(&mut self, n: u64) -> AgentId {
        let EntryId::Agent(id) = self.add(agent(&format!("agent {n}"))) else { panic!("an agent is added") };
        self.agents.push((id, self.devices[usize::try_from(n).expect("phones are few")]));
        id
    }

    fn add_queue(&mut self) -> QueueId {
        let queue = Queue { wrap_up_ms: 0, record: false, ..Queue::named(name("sales")) };
        let EntryId::Queue(id) = self.add(queue.into()) else { panic!("a queue is added") };
        id
    }

    fn add_carrier(&mut self, queue: QueueId) {
        let at = address(PHONES);
        self.add(Entry::Trunk(carrier(&at.to_string())));
        self.add(route("+441000", queue));
        self.phones.push(Phone::new(phone_config("carrier", at, 200), SEED + PHONES));
        self.facts_before = self.node.last_seq();
    }

    fn register_phones(&mut self) {
        let now = Timestamp(self.now);
        for n in 0..self.phones.len() {
            self.phones[n].register(now);
            self.drain_phone(n);
        }
        self.run_for(1_000);
        self.facts_before = self.node.last_seq();
    }

    fn place(&mut self, n: u64, to: String, from: Option<String>) {
        let n = usize::try_from(n).expect("phones are few");
        let placing = Placing { to, from, give_up_after_ms: None, hang_up_after_ms: Some(1_000) };
        self.phones[n].place(Timestamp(self.now), placing).expect("a line is free");
        self.drain_phone(n);
    }

    fn must(&mut self, command: Command) -> Answer {
        self.ask(Input::Command { tenant: self.tenant, by: Actor::Operator, command })
    }

    fn add(&mut self, entry: Entry) -> EntryId {
        let Answer::Added(id, _) = self.must(Command::Add(entry)) else { panic!("an entry is added") };
        id
    }

    fn ask(&mut self, input: Input) -> Answer {
        let said = format!("{input:?}");
        self.inbox.push_back(Deed::Ask(input));
        self.empty_inbox();
        self.answer.take().unwrap_or_else(|| panic!("refused: {said}"))
    }

    fn run_for(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            self.empty_inbox();
            let node = self.node.poll_timeout().map(|(due, _)| due.0);
            let phones = self.phones.iter().filter_map(Phone::poll_timeout).map(|due| due.0).min();
            let Some(next) = node.into_iter().chain(phones).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            if node.is_some_and(|due| due <= next) {
                self.inbox.push_back(Deed::Timeout);
            }
            let now = Timestamp(self.now);
            for n in 0..self.phones.len() {
                if self.phones[n].poll_timeout().is_some_and(|due| due <= now) {
                    self.phones[n].handle_timeout(now);
                    self.drain_phone(n);
                }
            }
        }
        self.now = end;
    }

    fn empty_inbox(&mut self) {
        while let Some(deed) = self.inbox.pop_front() {
            apply(&mut self.node, self.now, &deed);
            self.tape.push((self.now, deed));
            self.drain_node();
        }
    }

    fn drain_node(&mut self) {
        let media_now = MediaTime(self.now * 1_000);
        let mut written = None;
        while let Some(output) = self.node.poll_output() {
            match output {
                Output::Transmit(transmit) => {
                    let remote = transmit.flow.remote;
                    let n = self.phones.iter().position(|phone| phone.config().sip == remote);
                    let n = n.expect("the node speaks to phones only");
                    self.phones[n].handle_sip(Timestamp(self.now), NODE, &transmit.bytes);
                    self.drain_phone(n);
                }
                Output::Media(command) => self.worker.handle_command(media_now, command),
                Output::Journal(event) => written = Some(event.seq),
                Output::Answer { result, .. } => self.answer = result.ok(),
                Output::OpenRecording { .. }
                | Output::PlayMessage { .. }
                | Output::Tell(_)
                | Output::CloseStream(_)
                | Output::Bindings { .. } => {}
            }
        }
        if let Some(seq) = written {
            self.inbox.push_front(Deed::Durable(seq));
        }
        while let Some(event) = self.worker.poll_event() {
            self.inbox.push_back(Deed::Media(event));
        }
    }

    fn drain_phone(&mut self, n: usize) {
        let flow = Flow::udp(ListenerId(0), self.phones[n].config().sip);
        while let Some(output) = self.phones[n].poll_output() {
            match output {
                PhoneOutput::Sip { bytes, .. } => self.inbox.push_back(Deed::Datagram(flow, bytes)),
                PhoneOutput::Event(PhoneEvent::Answered { .. }) => self.answered += 1,
                PhoneOutput::Rtp { .. } | PhoneOutput::Event(_) => {}
            }
        }
    }
}

/// Samples of a prompt that nobody hears.
const FRAME: usize = 160;
