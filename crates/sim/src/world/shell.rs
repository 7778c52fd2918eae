//! What the server's shell does around the node: carries out its outputs, commits its journal, writes recordings,
//! dies and starts again.

use std::net::SocketAddr;

use cordial_engine::id::{AgentId, DeviceId, RecordingId, TrunkId};
use cordial_engine::text::Text;
use cordial_engine::{Event, Fact, Now, Report, Seen, Timestamp, WallTime, Watch};
use cordial_media::{LocalSocket, Prompts, Recorded, Worker, WorkerConfig};
use cordial_node::{Config, DeviceSecret, Node, Output, pin_digest};
use cordial_sip::{Listener, ListenerId, Transport, digest};

use super::{DOMAINS, Happening, NODE, Settings, Tape, World};
use crate::media::{Media, Quick};

/// How long a process takes to come back. Milliseconds.
const BOOT_MS: u64 = 1_000;
const RTP_PORTS: std::ops::RangeInclusive<u16> = 20_000..=29_999;
/// Bytes of a WAV header, and of one stereo sample.
const WAV_HEADER: u64 = 44;
const FRAME_BYTES: u64 = 4;
/// Stereo samples in a millisecond.
const FRAMES_PER_MS: u64 = 8;

/// The media path of a new process. Its prompts are two seconds each, so that stories can be told in round numbers.
pub(super) fn media(settings: &Settings, seed: u64) -> Media {
    if !settings.audio {
        return Media::Quick(Quick::default());
    }
    let sound = |hz: f64| {
        let mut samples = vec![0; 16_000];
        cordial_media::tone::Sine::new(hz, -20.0, cordial_media::SAMPLE_RATE).fill(&mut samples);
        samples.into_iter().map(|sample| cordial_media::Codec::Pcmu.encode(sample)).collect::<Vec<u8>>()
    };
    let prompts = Prompts::from_ulaw([
        ("music/hold", sound(450.0)),
        ("en/welcome", sound(550.0)),
        ("en/leave-message", sound(600.0)),
        ("tones/beep", sound(1_000.0)),
        ("tones/confirmed", sound(900.0)),
        ("tones/denied", sound(350.0)),
    ]);
    Media::Worker(Box::new(Worker::new(prompts, WorkerConfig::default(), seed)))
}

/// A process that has read nothing yet.
fn new_node(settings: &Settings, seed: u64) -> Node {
    let listener = Listener {
        id: ListenerId(0),
        transport: Transport::Udp,
        host: NODE.ip().to_string(),
        port: NODE.port(),
        realm: None,
    };
    let mut sip = cordial_sip::Config::new(vec![listener], DOMAINS[0]);
    sip.key = Some(cordial_sip::Key([7; 32]));
    if let Some(after_s) = settings.timer_only_s {
        sip.dialog_ping_ms = 0;
        sip.session_expires_s = after_s;
    }
    let config = Config { sip, media_address: NODE.ip(), rtp_ports: RTP_PORTS, version: "sim".to_owned() };
    Node::new(config, seed).expect("the port range above has ports")
}

impl World {
    // The process

    /// Starts a process on what the journal has.
    pub(super) fn boot(&mut self) {
        let seed = self.chance.number();
        self.life += 1;
        (self.node_wake, self.media_wake) = (None, None);
        self.media = media(&self.settings, seed);
        let mut node = new_node(&self.settings, seed);
        node.watch(self.watch());
        self.checker.restarted(self.now, &self.told, self.journal.durable());
        for event in self.journal.durable() {
            node.restore(&self.tamper.restored(self.now, event));
        }
        self.equip(&mut node);
        // Whoever listens resumes by number: events that reached the disk but nobody are read from there.
        let untold = self.journal.durable().get(self.told.len()..).unwrap_or_default().to_vec();
        for event in untold {
            self.tell(event);
        }
        node.start(self.clocks());
        self.node = Some(node);
        self.drain_node();
        self.mend_tapes();
    }

    /// Tells a node that has read the journal what else the disk has.
    fn equip(&self, node: &mut Node) {
        for (device, secret) in &self.device_secrets {
            node.set_device_secret(*device, Some(secret.clone()));
        }
        for (agent, digest) in &self.agent_pins {
            node.set_agent_pin(*agent, Some(*digest));
        }
        for (trunk, password) in &self.trunk_secrets {
            node.set_trunk_secret(*trunk, Some(password.clone()));
        }
        for (device, bindings) in &self.bindings {
            node.restore_bindings(self.clocks(), *device, bindings.clone());
        }
    }

    const fn watch(&self) -> Watch {
        if self.settings.crashes.is_some() { Watch::Everything } else { Watch::Actions }
    }

    /// The process dies at once; it comes back by itself.
    pub fn crash(&mut self) {
        if self.node.take().is_none() {
            return;
        }
        self.life += 1;
        let survivors = self.chance.within(0..=20);
        self.journal.crash(usize::try_from(survivors).unwrap_or_default());
        self.tamper.crashed(&mut self.journal);
        self.asked.clear();
        self.states.clear();
        self.plan(self.now + BOOT_MS, Happening::Boot);
    }

    /// The node, while it runs.
    pub const fn node(&self) -> Option<&Node> {
        self.node.as_ref()
    }

    /// Sets what a device proves itself with, now and at later starts.
    pub fn set_device_secret(&mut self, device: DeviceId, number: &str, domain: &str, password: &str) {
        let secret = DeviceSecret {
            ha1_md5: Some(digest::ha1_md5(number, domain, password)),
            ha1_sha256: Some(digest::ha1_sha256(number, domain, password)),
        };
        self.device_secrets.insert(device, secret.clone());
        if let Some(node) = &mut self.node {
            node.set_device_secret(device, Some(secret));
        }
    }

    /// Sets an agent's PIN, now and at later starts.
    pub fn set_agent_pin(&mut self, agent: AgentId, pin: &str) {
        let digest = pin_digest(agent, pin);
        self.agent_pins.insert(agent, digest);
        if let Some(node) = &mut self.node {
            node.set_agent_pin(agent, Some(digest));
        }
    }

    /// Sets a trunk's password, now and at later starts.
    pub fn set_trunk_secret(&mut self, trunk: TrunkId, password: &str) {
        self.trunk_secrets.insert(trunk, password.to_owned());
        if let Some(node) = &mut self.node {
            node.set_trunk_secret(trunk, Some(password.to_owned()));
        }
    }

    // The node's outputs

    pub(super) fn drain_node(&mut self) {
        while let Some(seen) = self.node.as_mut().and_then(Node::poll_seen) {
            match seen {
                Seen::State(state) => self.states.push_back(*state),
                Seen::Action(seq, action) => self.checker.act(seq, action),
            }
        }
        while let Some(output) = self.node.as_mut().and_then(Node::poll_output) {
            if let Some(output) = self.tamper.output(output) {
                self.carry_out(output);
            }
        }
        self.begin_commit();
        self.drain_media();
        if let Some((at, _)) = self.node.as_ref().and_then(Node::poll_timeout)
            && self.node_wake.is_none_or(|wake| wake > at.0)
        {
            self.node_wake = Some(at.0);
            self.plan(at.0, Happening::NodeWake(self.life));
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Transmit(transmit) => self.send_sip(NODE, transmit.flow.remote, &transmit.bytes),
            Output::Media(command) => self.media.handle_command(self.media_now(), command),
            Output::OpenRecording { recording, guid, tenant } => {
                let opened = self.now;
                self.recordings.insert(recording, Tape { guid, tenant, opened, samples: Vec::new() });
            }
            Output::PlayMessage { play, guid, .. } => {
                let tape = self.recordings.values().find(|tape| tape.guid == guid);
                let samples = tape.map_or(&[][..], |tape| &tape.samples);
                let left = samples.iter().step_by(2).map(|sample| cordial_media::Codec::Pcmu.encode(*sample));
                let audio = left.collect();
                if let Some(node) = &mut self.node {
                    node.handle_audio(play, audio);
                }
            }
            Output::Journal(event) => {
                if let Some(early) = self.tamper.told_early(&event) {
                    self.tell(early);
                }
                self.crash_elsewhere(&event);
                self.journal.append(event);
            }
            Output::Answer { ask, result } => {
                let seq = self.asked.remove(&ask).unwrap_or_default();
                self.checker.acknowledged(self.now, seq, self.journal.last_seq());
                self.answers.insert(ask, result);
            }
            Output::Tell(event) => self.tell(event),
            // Phones here speak over datagrams only.
            Output::CloseStream(_) => {}
            Output::Bindings { device, bindings } => {
                self.bindings.insert(device, bindings);
            }
        }
    }

    /// Lets another process start on the journal up to this event, and has it judged.
    fn crash_elsewhere(&mut self, event: &Event) {
        let Some(mut crashes) = self.crashes.take() else { return };
        let live = self.states.pop_front().expect("a state is seen for each event");
        crashes.read(self.now, event, &live);
        if crashes.is_due(event) {
            let mut node = new_node(&self.settings, event.seq);
            node.restore_state(event.seq, crashes.state().clone());
            self.equip(&mut node);
            let Now { at, wall } = self.clocks();
            let ready = Now {
                at: Timestamp(at.0 + BOOT_MS),
                wall: WallTime(wall.0.saturating_add_unsigned(BOOT_MS)),
            };
            crashes.recover(ready, event, node);
        }
        self.crashes = Some(crashes);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the writer of recordings knows recordings")]
    fn tell(&mut self, event: Event) {
        match &event.fact {
            Fact::RecordingStarted { recording, .. } => drop(self.unsaved.insert(*recording)),
            Fact::RecordingSaved { recording, .. } | Fact::RecordingFailed { recording, .. } => {
                self.unsaved.remove(recording);
            }
            _ => {}
        }
        self.told.push(event.clone());
        for event in self.tamper.told(event) {
            self.checker.take(self.now, &event, self.journal.last_seq());
        }
    }

    pub(super) fn wake_node(&mut self, now: Now) {
        self.node_wake = None;
        if let Some(node) = &mut self.node
            && node.poll_timeout().is_some_and(|(at, _)| at <= now.at)
        {
            node.handle_timeout(now);
        }
        self.drain_node();
    }

    // The journal

    fn begin_commit(&mut self) {
        if self.journal.begin() {
            let delay = self.chance.within(self.settings.commit_ms.clone());
            self.plan(self.now + delay, Happening::Synced(self.life));
        }
    }

    pub(super) fn synced(&mut self, now: Now) {
        let seq = self.journal.synced();
        if let Some(node) = &mut self.node {
            node.handle_durable(now, seq);
        }
        self.drain_node();
    }

    // Media and recordings

    const fn media_now(&self) -> cordial_media::Timestamp {
        cordial_media::Timestamp(self.now * 1_000)
    }

    pub(super) fn wake_media(&mut self) {
        self.media_wake = None;
        let now = self.media_now();
        if self.node.is_some() && self.media.poll_timeout().is_some_and(|at| at <= now) {
            self.media.handle_timeout(now);
        }
        self.drain_media();
    }

    pub(super) fn media_packet(&mut self, from: SocketAddr, port: u16, bytes: &[u8], is_rtcp: bool) {
        let (now, is_up) = (self.media_now(), self.node.is_some());
        if let (Media::Worker(worker), true) = (&mut self.media, is_up) {
            if is_rtcp {
                worker.handle_rtcp(now, LocalSocket(port - 1), from, bytes);
            } else {
                worker.handle_packet(now, LocalSocket(port), from, bytes);
            }
            self.drain_media();
        }
    }

    fn drain_media(&mut self) {
        while let Some(event) = self.media.poll_event() {
            self.plan(self.now, Happening::Media(self.life, event));
        }
        while let Some(piece) = self.media.poll_recorded() {
            self.write(piece);
        }
        while let Some(transmit) = self.media.poll_transmit() {
            let local = transmit.local.0 + u16::from(transmit.is_rtcp);
            self.send_rtp(SocketAddr::new(NODE.ip(), local), transmit.to, &transmit.bytes, transmit.is_rtcp);
        }
        if let Some(at) = self.media.poll_timeout().map(|at| at.0.div_ceil(1_000))
            && self.media_wake.is_none_or(|wake| wake > at)
        {
            self.media_wake = Some(at);
            self.plan(at, Happening::MediaWake(self.life));
        }
    }

    fn write(&mut self, piece: Recorded) {
        let recording = RecordingId(piece.recording().0);
        let Some(tape) = self.recordings.get_mut(&recording) else {
            return;
        };
        match piece {
            Recorded::Audio { samples, .. } => tape.samples.extend(samples),
            Recorded::Silence { .. } | Recorded::Paused { .. } | Recorded::Resumed { .. } => {}
            Recorded::End { frames, paused_frames, .. } => {
                let (audio_ms, paused_ms) = (frames / FRAMES_PER_MS, paused_frames / FRAMES_PER_MS);
                let (life, at) = (self.life, self.now + self.chance.within(5..=30));
                self.plan(at, Happening::TapeWritten { life, recording, audio_ms, paused_ms });
            }
        }
    }

    /// A new process says of every recording that was never saved what became of it: its file holds what was written,
    /// or there is none.
    fn mend_tapes(&mut self) {
        for recording in self.unsaved.clone() {
            match self.recordings.get(&recording).map(|tape| tape.opened) {
                Some(opened) => {
                    let audio_ms = self.now.saturating_sub(opened + BOOT_MS);
                    self.report_tape(recording, audio_ms, 0);
                }
                None => {
                    let why = Text::parse("no audio was written before the restart").unwrap_or_default();
                    let report = Report::RecordingFailed { recording, why };
                    self.report(report);
                }
            }
        }
    }

    fn report(&mut self, report: Report) {
        let now = self.clocks();
        if let Some(node) = &mut self.node {
            node.handle_report(now, report);
        }
        self.drain_node();
    }

    pub(super) fn report_tape(&mut self, recording: RecordingId, audio_ms: u64, paused_ms: u64) {
        let bytes = WAV_HEADER + audio_ms * FRAMES_PER_MS * FRAME_BYTES;
        self.report(Report::RecordingSaved { recording, audio_ms, paused_ms, bytes });
    }

    /// The recordings written so far.
    pub fn tapes(&self) -> impl Iterator<Item = (RecordingId, &Tape)> {
        self.recordings.iter().map(|(id, tape)| (*id, tape))
    }
}
