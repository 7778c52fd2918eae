//! The node's door, and the line of what waits for the journal.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use cordial_engine::call::Pin;
use cordial_engine::id::{AgentId, DeviceId, Guid, LegId, RecordingId, TenantId, TrunkId};
use cordial_engine::{
    Action, Answer, Engine, EntryId, Event, Fact, Input, Now, Refusal, Report, Seen, State, Timestamp, Watch,
};
use cordial_media::{MediaCommand, MediaEvent, PlayId, PortId, PortPool};
use cordial_sip::{
    Binding, DialogId, Flow, ListenerId, Mailbox, Shedding, StreamId, Transmit, Transport, UserAgent,
};

use crate::audio::Playing;
use crate::b2bua::Leg;
use crate::directory::{self, DeviceSecret, Secrets, Ways};
use crate::lamp::Lamps;

/// What a node is told once, at construction.
#[derive(Clone, Debug)]
pub struct Config {
    /// The user agent's settings; its realm is the default tenant's domain.
    pub sip: cordial_sip::Config,
    /// The address in our session descriptions.
    pub media_address: IpAddr,
    /// UDP ports for RTP (even) and RTCP (the next odd one).
    pub rtp_ports: RangeInclusive<u16>,
    /// Written into the journal at each start.
    pub version: String,
}

/// What a node can be reached by beside the first listener of its [`Config`] and the address named there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The listeners whose address is one of IPv6; the others' are of IPv4.
    pub ipv6_listeners: BTreeSet<ListenerId>,
    /// An address for our session descriptions of the family that [`Config::media_address`] is not of.
    pub media_address: Option<IpAddr>,
}

/// Why a node cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No even port with an odd one after it.
    #[error(transparent)]
    NoPorts(#[from] cordial_media::NoPorts),
}

/// Names one question, chosen by who asks; [`Output::Answer`] carries it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AskId(pub u64);

/// Whether new calls are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// All.
    Open,
    /// None: there is too much to do. They are answered 503 and may come again soon.
    Overloaded,
    /// As overloaded, and for so long that registrations are turned away as well.
    Flooded,
    /// None: the node is about to stop. Live calls go on.
    Draining,
}

/// Something for the shell to do, in order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a SIP message.
    Transmit(Transmit),
    /// Tell the media worker.
    Media(MediaCommand),
    /// Open a recording's file; the worker's audio for it follows.
    OpenRecording {
        /// Its name towards the worker.
        recording: RecordingId,
        /// Its name in the file system and outside.
        guid: Guid,
        /// In whose folder.
        tenant: TenantId,
    },
    /// Read a message's recording and say [`Node::handle_audio`]. What cannot be read is given without audio.
    PlayMessage {
        /// By which play it will be heard.
        play: PlayId,
        /// Its name in the file system.
        guid: Guid,
        /// In whose folder.
        tenant: TenantId,
    },
    /// Append an event to the journal; say `handle_durable` when it is on disk.
    Journal(Event),
    /// Answer whoever asked; what was granted is durable.
    Answer {
        /// Which question.
        ask: AskId,
        /// The answer.
        result: Result<Answer, Refusal>,
    },
    /// Give a durable event to everyone who listens.
    Tell(Event),
    /// Close a stream whose bytes make no sense.
    CloseStream(StreamId),
    /// Keep a device's bindings for the next start.
    Bindings {
        /// Whose.
        device: DeviceId,
        /// All that now hold.
        bindings: Vec<Binding>,
    },
}

/// How much a node holds; all nought when nothing is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Legs with a dialog.
    pub legs: usize,
    /// Media ports open.
    pub ports: usize,
    /// Plays that run.
    pub plays: usize,
    /// Outputs held back until the journal has their facts.
    pub held: usize,
    /// The user agent's own.
    pub sip: cordial_sip::Counts,
}

/// See the crate's first page.
pub struct Node {
    pub(crate) config: Config,
    pub(crate) reach: Reach,
    pub(crate) engine: Engine,
    pub(crate) agent: UserAgent,
    pub(crate) secrets: Secrets,
    pub(crate) pool: PortPool,
    pub(crate) legs: BTreeMap<LegId, Leg>,
    pub(crate) by_dialog: BTreeMap<DialogId, LegId>,
    pub(crate) by_port: BTreeMap<PortId, LegId>,
    pub(crate) plays: BTreeMap<PlayId, Playing>,
    pub(crate) ports_opened: u64,
    pub(crate) plays_started: u64,
    pub(crate) admission: Admission,
    pub(crate) lamps: Lamps,
    held: VecDeque<(u64, Held)>,
    durable: u64,
    outputs: VecDeque<Output>,
}

/// What waits until the event with the number beside it is durable.
pub(crate) enum Held {
    Tell(Event),
    Action(Action),
    Answer(AskId, Result<Answer, Refusal>),
    Acknowledge(DialogId),
    /// What a device's lamp says.
    Lamp(DeviceId, Option<Mailbox>),
}

impl Node {
    /// An empty node; `seed` decides every guid, tag, branch and nonce.
    pub fn new(config: Config, seed: u64) -> Result<Self, ConfigError> {
        let sip = cordial_sip::Config { hold_ack: true, ..config.sip.clone() };
        Ok(Self {
            engine: Engine::new(seed),
            agent: UserAgent::new(sip, seed),
            secrets: Secrets::default(),
            pool: PortPool::new(config.rtp_ports.clone())?,
            legs: BTreeMap::new(),
            by_dialog: BTreeMap::new(),
            by_port: BTreeMap::new(),
            plays: BTreeMap::new(),
            ports_opened: 0,
            plays_started: 0,
            admission: Admission::Open,
            lamps: Lamps::default(),
            held: VecDeque::new(),
            durable: 0,
            outputs: VecDeque::new(),
            reach: Reach::default(),
            config,
        })
    }

    // Starting

    /// Tells what there is beside the configuration, before anything else.
    pub fn set_reach(&mut self, reach: Reach) {
        self.reach = reach;
    }

    /// Begins from a snapshot; the journal's later events follow by [`Node::restore`].
    pub fn restore_state(&mut self, seed: u64, state: State) {
        self.engine = Engine::from_state(seed, state);
        self.durable = self.engine.last_seq();
    }

    /// Makes one event of the journal true again, in order.
    pub fn restore(&mut self, event: &Event) {
        self.engine.apply(event);
        self.durable = event.seq;
    }

    /// Puts back where a device was before the restart.
    pub fn restore_bindings(&mut self, now: Now, device: DeviceId, bindings: Vec<Binding>) {
        for binding in bindings {
            self.agent.restore_binding(sip_time(now), directory::account(device), binding);
        }
    }

    /// Ends what the process before had live, and begins. Secrets and bindings are told before.
    pub fn start(&mut self, now: Now) {
        directory::sync_all(
            &self.engine,
            &self.secrets,
            &Ways { listeners: &self.config.sip.listeners, reach: &self.reach },
            &mut self.agent,
        );
        self.restore_lamps();
        let version = self.config.version.clone();
        self.engine.recover(now, &version);
        let tenants = self.engine.tenants();
        let devices: Vec<_> = tenants.iter().flat_map(|tenant| self.engine.devices(tenant.id)).collect();
        for device in devices {
            let report = if self.agent.bindings(directory::account(device.id)).is_empty() {
                Report::DeviceUnregistered { device: device.id }
            } else {
                Report::DeviceRegistered { device: device.id }
            };
            self.report(now, report);
        }
        self.settle(now);
    }

    /// Sets or takes away what a device proves itself with.
    pub fn set_device_secret(&mut self, device: DeviceId, secret: Option<DeviceSecret>) {
        match secret {
            Some(secret) => self.secrets.devices.insert(device, secret),
            None => self.secrets.devices.remove(&device),
        };
        self.sync_entry(EntryId::Device(device));
    }

    /// Sets or takes away what [`directory::pin_digest`] says of an agent's PIN.
    pub fn set_agent_pin(&mut self, agent: AgentId, digest: Option<[u8; 32]>) {
        match digest {
            Some(digest) => self.secrets.pins.insert(agent, digest),
            None => self.secrets.pins.remove(&agent),
        };
    }

    /// Whether a PIN is an agent's; who has none has no right one. Takes the same time whatever is wrong with it.
    pub(crate) fn is_pin_of(&self, agent: AgentId, pin: &Pin) -> bool {
        let kept = self.secrets.pins.get(&agent);
        let pressed = directory::pin_digest(agent, pin.as_str());
        let differs = |kept: &[u8; 32]| kept.iter().zip(&pressed).fold(0, |all, (a, b)| all | (a ^ b)) != 0;
        kept.is_some_and(|kept| !differs(kept))
    }

    /// Sets or takes away a trunk's password.
    pub fn set_trunk_secret(&mut self, trunk: TrunkId, password: Option<String>) {
        match password {
            Some(password) => self.secrets.trunks.insert(trunk, password),
            None => self.secrets.trunks.remove(&trunk),
        };
        self.sync_entry(EntryId::Trunk(trunk));
    }

    /// Lets new calls in or not.
    pub fn set_admission(&mut self, admission: Admission) {
        self.admission = admission;
        self.agent.set_shedding(match admission {
            // Whoever calls a node that is about to stop is told by the call's own end of it.
            Admission::Open | Admission::Draining => Shedding::Nothing,
            Admission::Overloaded => Shedding::Calls,
            Admission::Flooded => Shedding::CallsAndRegistrations,
        });
    }

    // What happened

    /// A SIP datagram came in.
    pub fn handle_datagram(&mut self, now: Now, flow: Flow, bytes: &[u8]) {
        self.agent.handle_datagram(sip_time(now), flow, bytes);
        self.settle(now);
    }

    /// Bytes came in on a SIP stream.
    pub fn handle_stream(&mut self, now: Now, flow: Flow, bytes: &[u8]) {
        self.agent.handle_stream(sip_time(now), flow, bytes);
        self.settle(now);
    }

    /// A SIP stream ended or could not be opened.
    pub fn handle_stream_closed(&mut self, now: Now, stream: StreamId) {
        self.agent.handle_stream_closed(sip_time(now), stream);
        self.settle(now);
    }

    /// A connection that was opened for SIP bytes without a stream is not there, or is there no more.
    pub fn handle_connect_failed(&mut self, now: Now, transport: Transport, remote: SocketAddr) {
        self.agent.handle_connect_failed(sip_time(now), transport, remote);
        self.settle(now);
    }

    /// Whether a registration, a call or a transaction needs a SIP stream.
    pub fn uses_stream(&self, stream: StreamId) -> bool {
        self.agent.uses_stream(stream)
    }

    /// Whether a call or a transaction needs a SIP stream to `remote` that the shell opens by itself.
    pub fn uses_remote(&self, transport: Transport, remote: SocketAddr) -> bool {
        self.agent.uses_remote(transport, remote)
    }

    /// The media worker tells something.
    pub fn handle_media(&mut self, now: Now, event: &MediaEvent) {
        self.media_event(now, event);
        self.settle(now);
    }

    /// Somebody asks for something; answered by [`Output::Answer`] once it is durable.
    pub fn handle_command(&mut self, now: Now, ask: AskId, input: Input) {
        let result = self.engine.handle(now, input);
        self.collect();
        self.held.push_back((self.engine.last_seq(), Held::Answer(ask, result)));
        self.settle(now);
    }

    /// The shell itself has something to report, such as a recording's completed file.
    pub fn handle_report(&mut self, now: Now, report: Report) {
        self.report(now, report);
        self.settle(now);
    }

    /// The journal has everything up to `seq`.
    pub fn handle_durable(&mut self, now: Now, seq: u64) {
        self.durable = self.durable.max(seq);
        self.settle(now);
    }

    /// The time named by [`Node::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.agent.poll_timeout().is_some_and(|(at, _)| at.0 <= now.at.0) {
            self.agent.handle_timeout(sip_time(now));
        }
        if self.engine.poll_timeout().is_some_and(|(at, _)| at <= now.at) {
            // The engine never refuses the passing of time.
            self.engine.handle(now, Input::Timeout).ok();
        }
        self.settle(now);
    }

    // What to do

    /// When to call `handle_timeout`, and what for.
    pub fn poll_timeout(&self) -> Option<(Timestamp, &'static str)> {
        let sip = self.agent.poll_timeout().map(|(at, why)| (Timestamp(at.0), why));
        [sip, self.engine.poll_timeout()].into_iter().flatten().min()
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The engine, for queries. Its state may be ahead of the journal by what is not durable yet: answer from it only
    /// when [`Node::last_seq`] as it was then is durable.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Lets a proof watch the engine from inside.
    pub fn watch(&mut self, watch: Watch) {
        self.engine.watch(watch);
    }

    /// The next thing seen since the engine is watched.
    pub fn poll_seen(&mut self) -> Option<Seen> {
        self.engine.poll_seen()
    }

    /// The number of the last event decided.
    pub fn last_seq(&self) -> u64 {
        self.engine.last_seq()
    }

    /// The number of the last event known to be durable.
    pub const fn durable_seq(&self) -> u64 {
        self.durable
    }

    /// How much is held now.
    pub fn counts(&self) -> Counts {
        Counts {
            legs: self.legs.len(),
            ports: self.by_port.len(),
            plays: self.plays.len(),
            held: self.held.len(),
            sip: self.agent.counts(),
        }
    }

    /// SIP datagrams of strangers beyond their rate, dropped unread since the start.
    pub fn shed(&self) -> u64 {
        self.agent.shed()
    }

    // Inside

    pub(crate) fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    /// Tells the engine what became so. What it wants done waits until all that this happening brought is told, so that
    /// a leg's dialog is durable before its 200 leaves.
    pub(crate) fn report(&mut self, now: Now, report: Report) -> Option<Result<Answer, Refusal>> {
        let asks = matches!(
            report,
            Report::LegArrived { .. } | Report::LegReferred { .. } | Report::LegReplaces { .. }
        );
        let result = self.engine.handle(now, Input::Report(report));
        self.collect_events();
        asks.then_some(result)
    }

    /// Acknowledges an answered call when what ends it after a crash is on disk: a phone without an ACK says its 200
    /// again to the next process.
    pub(crate) fn acknowledge_when_durable(&mut self, dialog: DialogId) {
        self.hold(Held::Acknowledge(dialog));
    }

    /// Holds something back until all that is decided so far is durable.
    pub(crate) fn hold(&mut self, held: Held) {
        self.held.push_back((self.engine.last_seq(), held));
    }

    /// Takes the engine's events into the line that waits for the journal.
    fn collect_events(&mut self) {
        let mut lamps = BTreeSet::new();
        while let Some(event) = self.engine.poll_event() {
            lamps.extend(self.lamps_of(&event));
            self.held.push_back((event.seq, Held::Tell(event.clone())));
            self.outputs.push_back(Output::Journal(event));
        }
        self.hold_lamps(lamps);
    }

    /// Takes the engine's events, then its actions, in order.
    fn collect(&mut self) {
        self.collect_events();
        let seq = self.engine.last_seq();
        while let Some(action) = self.engine.poll_action() {
            self.held.push_back((seq, Held::Action(action)));
        }
    }

    /// Runs until nothing moves: SIP's events become facts, durable facts become actions, actions become SIP.
    fn settle(&mut self, now: Now) {
        loop {
            self.collect();
            if let Some(event) = self.agent.poll_event() {
                self.sip_event(now, event);
                continue;
            }
            if self.held.front().is_none_or(|(seq, _)| *seq > self.durable) {
                break;
            }
            if let Some((_, held)) = self.held.pop_front() {
                self.release(now, held);
            }
        }
        while let Some(transmit) = self.agent.poll_transmit() {
            self.outputs.push_back(Output::Transmit(transmit));
        }
    }

    fn release(&mut self, now: Now, held: Held) {
        match held {
            Held::Tell(event) => {
                let ways = &Ways { listeners: &self.config.sip.listeners, reach: &self.reach };
                directory::sync_fact(
                    &self.engine,
                    &self.secrets,
                    ways,
                    &mut self.agent,
                    event.tenant,
                    &event.fact,
                );
                if let Fact::EntryRemoved { id } = event.fact {
                    self.forget_secret(id);
                }
                self.outputs.push_back(Output::Tell(event));
            }
            Held::Action(action) => self.act(now, action),
            Held::Acknowledge(dialog) => self.agent.acknowledge(dialog),
            Held::Lamp(device, mailbox) => self.light(now, device, mailbox),
            Held::Answer(ask, result) => self.outputs.push_back(Output::Answer { ask, result }),
        }
    }

    fn forget_secret(&mut self, id: EntryId) {
        if let EntryId::Device(device) = id {
            self.secrets.devices.remove(&device);
        }
        if let EntryId::Trunk(trunk) = id {
            self.secrets.trunks.remove(&trunk);
        }
    }

    fn sync_entry(&mut self, id: EntryId) {
        for tenant in self.engine.tenants() {
            if let Some(entry) = self.engine.entry(tenant.id, id) {
                let fact = Fact::EntryChanged { id, entry };
                let ways = &Ways { listeners: &self.config.sip.listeners, reach: &self.reach };
                directory::sync_fact(&self.engine, &self.secrets, ways, &mut self.agent, tenant.id, &fact);
            }
        }
    }
}

pub(crate) const fn sip_time(now: Now) -> cordial_sip::Timestamp {
    cordial_sip::Timestamp(now.at.0)
}

pub(crate) const fn media_time(now: Now) -> cordial_media::Timestamp {
    cordial_media::Timestamp(now.at.0 * 1_000)
}
