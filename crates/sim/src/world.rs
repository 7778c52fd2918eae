//! The whole installation in virtual time: the production node, its media, its journal, the network, phones and
//! carriers, driven by one line of events ordered by time and, within an instant, by arrival.

mod ladder;
mod setup;
mod shell;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use cordial_engine::id::{AgentId, DeviceId, Guid, RecordingId, TenantId, TrunkId};
use cordial_engine::{Answer, Event, Input, Now, Refusal, State, Timestamp, WallTime};
use cordial_media::MediaEvent;
use cordial_node::{AskId, DeviceSecret, Node};
use cordial_sip::{Binding, Flow, ListenerId};

use crate::chance::Chance;
use crate::checker::{Checker, Violation};
use crate::crashes::{Crashes, Done, Stops};
use crate::journal::Journal;
use crate::media::Media;
use crate::network::Network;
use crate::phone::{Phone, PhoneEvent, PhoneOutput};
use crate::tamper::Tamper;

pub use ladder::Rung;
pub use setup::{DOMAINS, Desk, Line, name, number};

/// Where Cordial is.
pub const NODE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 5060);
/// 2026-11-23 08:00:00 UTC, a Monday morning.
const WALL_START: i64 = 1_795_420_800_000;

/// What a world is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Everything that happens by chance follows from it.
    pub seed: u64,
    /// How long a commit of the journal takes. Milliseconds.
    pub commit_ms: RangeInclusive<u64>,
    /// Whether the production media worker runs; otherwise its silent stand-in.
    pub audio: bool,
    /// Whether every SIP message is kept for a ladder.
    pub ladder: bool,
    /// After which records another process is started on the journal so far.
    pub crashes: Option<Stops>,
    /// The node's session timer when nobody asks far ends whether they are still there. Seconds.
    pub timer_only_s: Option<u32>,
}

/// A phone or carrier, with the name that stories call it by.
pub struct Station {
    /// Its name.
    pub name: String,
    /// Itself.
    pub phone: Phone,
    /// What happened at it, with the time.
    pub history: Vec<(u64, PhoneEvent)>,
    wake: Option<u64>,
}

/// See the module's first lines.
pub struct World {
    settings: Settings,
    pub(crate) chance: Chance,
    now: u64,
    wall_offset: i64,
    line: BTreeMap<(u64, u64), Happening>,
    happened: u64,
    /// Counts the node's processes; what was meant for an earlier one is dropped.
    life: u64,
    node: Option<Node>,
    media: Media,
    node_wake: Option<u64>,
    media_wake: Option<u64>,
    journal: Journal,
    device_secrets: BTreeMap<DeviceId, DeviceSecret>,
    agent_pins: BTreeMap<AgentId, [u8; 32]>,
    trunk_secrets: BTreeMap<TrunkId, String>,
    bindings: BTreeMap<DeviceId, Vec<Binding>>,
    recordings: BTreeMap<RecordingId, Tape>,
    /// Recordings begun and neither saved nor given up, by what was told.
    unsaved: BTreeSet<RecordingId>,
    asked: BTreeMap<AskId, u64>,
    answers: BTreeMap<AskId, Result<Answer, Refusal>>,
    asks: u64,
    /// Every event told, in order.
    pub told: Vec<Event>,
    /// The network between phones and node.
    pub network: Network,
    /// Phones and carriers.
    pub stations: Vec<Station>,
    by_host: BTreeMap<IpAddr, usize>,
    /// What is watched.
    pub checker: Checker,
    /// What happens elsewhere after every record.
    crashes: Option<Box<Crashes>>,
    /// The live engine's states after the events not yet journalled.
    states: VecDeque<State>,
    pub(crate) tamper: Tamper,
    /// SIP messages, when they are kept.
    pub rungs: Vec<Rung>,
}

/// A recording's file as the simulated writer has it.
#[derive(Clone, Debug)]
pub struct Tape {
    /// Its name outside.
    pub guid: Guid,
    /// In whose folder.
    pub tenant: TenantId,
    /// When it was opened, on the node's clock. Milliseconds.
    pub opened: u64,
    /// Left (agent) and right samples, interleaved, when the worker runs.
    pub samples: Vec<i16>,
}

/// What comes next.
enum Happening {
    Sip { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    Rtp { from: SocketAddr, to: SocketAddr, bytes: Vec<u8>, is_rtcp: bool },
    NodeWake(u64),
    MediaWake(u64),
    PhoneWake(usize),
    Synced(u64),
    Media(u64, MediaEvent),
    TapeWritten { life: u64, recording: RecordingId, audio_ms: u64, paused_ms: u64 },
    Boot,
}

impl World {
    /// An installation at its first start, running, with an empty directory.
    pub(crate) fn new(settings: Settings, tamper: Tamper) -> Self {
        let mut chance = Chance::new(settings.seed);
        let network = Network::new(chance.branch());
        let media = shell::media(&settings, chance.number());
        let mut world = Self {
            chance,
            now: 0,
            wall_offset: WALL_START,
            line: BTreeMap::new(),
            happened: 0,
            life: 0,
            node: None,
            media,
            node_wake: None,
            media_wake: None,
            journal: Journal::default(),
            device_secrets: BTreeMap::new(),
            agent_pins: BTreeMap::new(),
            trunk_secrets: BTreeMap::new(),
            bindings: BTreeMap::new(),
            recordings: BTreeMap::new(),
            unsaved: BTreeSet::new(),
            asked: BTreeMap::new(),
            answers: BTreeMap::new(),
            asks: 0,
            told: Vec::new(),
            network,
            stations: Vec::new(),
            by_host: BTreeMap::new(),
            checker: Checker::new(tamper.is_planted()),
            crashes: settings.crashes.map(|stops| Box::new(Crashes::new(stops))),
            states: VecDeque::new(),
            tamper,
            rungs: Vec::new(),
            settings,
        };
        world.boot();
        world
    }

    /// Milliseconds since the world began.
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// The first thing that was wrong.
    pub fn violation(&self) -> Option<&Violation> {
        let elsewhere = self.crashes.as_ref().and_then(|crashes| crashes.violation());
        elsewhere.or_else(|| self.checker.violation())
    }

    /// What was proved by crashes after records.
    pub fn crashes_done(&self) -> Done {
        self.crashes.as_ref().map(|crashes| crashes.done).unwrap_or_default()
    }

    /// Notes what somebody outside saw wrong.
    pub(crate) fn judge(&mut self, broken: String) {
        self.checker.judge(self.now, Err(broken));
    }

    /// Judges the calm after everything: `left` is what others saw left over.
    pub(crate) fn judge_calm(&mut self, left: Option<String>) {
        if let Some(node) = &self.node {
            self.checker.calm(self.now, node.engine());
        }
        if let Some(what) = left {
            self.judge(format!("left-over {what}"));
        }
    }

    /// Whether phones talk and the production media worker runs.
    pub const fn has_audio(&self) -> bool {
        self.settings.audio
    }

    // What people do

    /// Adds a phone or carrier; it is switched on and does nothing yet.
    pub fn add_station(&mut self, name: &str, phone: Phone) -> usize {
        let index = self.stations.len();
        self.by_host.insert(phone.config().sip.ip(), index);
        self.stations.push(Station { name: name.to_owned(), phone, history: Vec::new(), wake: None });
        index
    }

    /// Lets the user of a phone do something.
    pub fn at_phone<T>(
        &mut self,
        index: usize,
        deed: impl FnOnce(&mut Phone, cordial_sip::Timestamp) -> T,
    ) -> T {
        let now = cordial_sip::Timestamp(self.now);
        let done = deed(&mut self.stations[index].phone, now);
        self.drain_phone(index);
        done
    }

    /// Asks the node for something; nobody answers while it is down.
    pub fn ask(&mut self, input: Input) -> Option<AskId> {
        let now = self.clocks();
        let node = self.node.as_mut()?;
        self.asks += 1;
        let ask = AskId(self.asks);
        node.handle_command(now, ask, input);
        self.asked.insert(ask, node.last_seq());
        self.drain_node();
        Some(ask)
    }

    /// The answer to a question, when it has come.
    pub fn answer(&self, ask: AskId) -> Option<&Result<Answer, Refusal>> {
        self.answers.get(&ask)
    }

    /// Steps the wall clock; durations must not notice.
    pub fn step_wall(&mut self, by_ms: i64) {
        self.wall_offset += by_ms;
    }

    // Time

    /// Runs until an instant; stops early at a violation.
    pub fn run_until(&mut self, until: u64) {
        while self.violation().is_none()
            && self.line.first_key_value().is_some_and(|((at, _), _)| *at <= until)
        {
            self.step();
        }
        self.now = self.now.max(until);
    }

    /// Runs for a while.
    pub fn run_for(&mut self, ms: u64) {
        self.run_until(self.now + ms);
    }

    /// Does the next thing.
    fn step(&mut self) {
        let Some(((at, _), happening)) = self.line.pop_first() else {
            return;
        };
        self.now = self.now.max(at);
        self.happen(happening);
        self.check();
    }

    pub(crate) fn check(&mut self) {
        if let Some(node) = &self.node {
            let all_durable = node.durable_seq() == node.last_seq();
            let tamper = &self.tamper;
            self.checker.end_step(Timestamp(self.now), all_durable.then_some(node.engine()), tamper);
        }
    }

    fn happen(&mut self, happening: Happening) {
        let now = self.clocks();
        match happening {
            Happening::Sip { from, to, bytes } if to == NODE => {
                if let Some(node) = &mut self.node {
                    node.handle_datagram(now, Flow::udp(ListenerId(0), from), &bytes);
                    self.drain_node();
                }
            }
            Happening::Sip { from, to, bytes } => {
                if let Some(index) = self.by_host.get(&to.ip()).copied() {
                    self.at_phone(index, |phone, now| phone.handle_sip(now, from, &bytes));
                }
            }
            Happening::Rtp { from, to, bytes, is_rtcp } => self.rtp(from, to, &bytes, is_rtcp),
            Happening::NodeWake(life) if life == self.life => self.wake_node(now),
            Happening::MediaWake(life) if life == self.life => self.wake_media(),
            Happening::Synced(life) if life == self.life => self.synced(now),
            Happening::Media(life, event) if life == self.life => {
                if let Some(node) = &mut self.node {
                    node.handle_media(now, &event);
                    self.drain_node();
                }
            }
            Happening::TapeWritten { life, recording, audio_ms, paused_ms } if life == self.life => {
                self.report_tape(recording, audio_ms, paused_ms);
            }
            Happening::NodeWake(_)
            | Happening::MediaWake(_)
            | Happening::Synced(_)
            | Happening::Media(..)
            | Happening::TapeWritten { .. } => {}
            Happening::PhoneWake(index) => {
                self.stations[index].wake = None;
                self.at_phone(index, |phone, now| {
                    if phone.poll_timeout().is_some_and(|at| at <= now) {
                        phone.handle_timeout(now);
                    }
                });
            }
            Happening::Boot => self.boot(),
        }
    }

    fn clocks(&self) -> Now {
        let elapsed = i64::try_from(self.now).unwrap_or(i64::MAX);
        Now { at: Timestamp(self.now), wall: WallTime(self.wall_offset.saturating_add(elapsed)) }
    }

    fn plan(&mut self, at: u64, happening: Happening) {
        self.happened += 1;
        self.line.insert((at.max(self.now), self.happened), happening);
    }

    // Phones

    fn drain_phone(&mut self, index: usize) {
        while let Some(output) = self.stations[index].phone.poll_output() {
            match output {
                PhoneOutput::Sip { to, bytes } => {
                    let from = self.stations[index].phone.config().sip;
                    self.send_sip(from, to, &bytes);
                }
                PhoneOutput::Rtp { local_port, to, bytes } => {
                    let from = SocketAddr::new(self.stations[index].phone.config().sip.ip(), local_port);
                    self.send_rtp(from, to, &bytes, false);
                }
                PhoneOutput::Event(event) => {
                    let now = self.now;
                    self.stations[index].history.push((now, event));
                }
            }
        }
        let station = &self.stations[index];
        if let Some(at) = station.phone.poll_timeout().map(|at| at.0)
            && station.wake.is_none_or(|wake| wake > at || wake < self.now)
        {
            self.stations[index].wake = Some(at);
            self.plan(at, Happening::PhoneWake(index));
        }
    }

    // Network

    fn send_sip(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let delays = self.network.carry(from, to, bytes);
        if self.settings.ladder {
            self.rungs.push(Rung::new(self.now, from, to, bytes, delays.len()));
        }
        for delay in delays {
            self.plan(self.now + delay, Happening::Sip { from, to, bytes: bytes.to_vec() });
        }
    }

    fn send_rtp(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8], is_rtcp: bool) {
        for delay in self.network.carry(from, to, bytes) {
            self.plan(self.now + delay, Happening::Rtp { from, to, bytes: bytes.to_vec(), is_rtcp });
        }
    }

    fn rtp(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8], is_rtcp: bool) {
        if to.ip() == NODE.ip() {
            self.media_packet(from, to.port(), bytes, is_rtcp);
        } else if let Some(index) = self.by_host.get(&to.ip()).copied()
            && !is_rtcp
        {
            self.at_phone(index, |phone, now| phone.handle_rtp(now, to.port(), bytes));
        }
    }
}
