//! A worker, some phones, a network between them, and a clock that is a number.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use cordial_media::probe::{RtpReceiver, RtpSender};
use cordial_media::tone::{self, Sine};
use cordial_media::{
    Codec, Digit, Epoch, LocalSocket, MediaCommand, MediaEvent, PlayId, PortId, PortRef, PortStatistics,
    Prompts, Recorded, RecordingId, Remote, Timestamp, Transmit, Worker, WorkerConfig,
};

pub(crate) const MS: u64 = 1_000;

pub(crate) struct Bench {
    pub(crate) worker: Worker,
    pub(crate) now: Timestamp,
    pub(crate) phones: Vec<Phone>,
    /// Datagrams to addresses that no phone has.
    pub(crate) strays: Vec<Transmit>,
    pub(crate) reports: Vec<Transmit>,
    pub(crate) tapes: BTreeMap<RecordingId, Tape>,
    pub(crate) statistics: BTreeMap<PortId, PortStatistics>,
    /// Percent of packets lost on the way to the worker.
    pub(crate) loss: u64,
    /// Percent of packets that come 30 ms later than they should.
    pub(crate) late: u64,
    /// Whether the worker's own clock calls are made.
    pub(crate) awake: bool,
    events: Vec<String>,
    on_the_way: BTreeMap<(u64, u64), (usize, Vec<u8>)>,
    chance: u64,
}

pub(crate) struct Phone {
    pub(crate) at: PortRef,
    pub(crate) local: LocalSocket,
    /// Where it really sends from.
    pub(crate) address: SocketAddr,
    pub(crate) remote: Remote,
    pub(crate) talking: bool,
    pub(crate) sender: RtpSender,
    pub(crate) receiver: RtpReceiver,
    /// Arrival time, sequence number and timestamp of every packet that it was sent.
    pub(crate) log: Vec<(u64, u16, u32)>,
    phase: u64,
}

/// A recording as its writer gets it.
#[derive(Default)]
pub(crate) struct Tape {
    pub(crate) left: Vec<i16>,
    pub(crate) right: Vec<i16>,
    pub(crate) marks: Vec<String>,
    pub(crate) ended: bool,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let prompts = Prompts::from_ulaw([
            ("a", vec![0x10; 800]),
            ("b", vec![0x20; 800]),
            (
                "music",
                Sine::samples(440.0, -12.0, 8_000, 8_000).iter().map(|s| Codec::Pcmu.encode(*s)).collect(),
            ),
        ]);
        Self {
            worker: Worker::new(prompts, WorkerConfig::default(), 1),
            now: Timestamp(5_000_003),
            phones: Vec::new(),
            strays: Vec::new(),
            reports: Vec::new(),
            tapes: BTreeMap::new(),
            statistics: BTreeMap::new(),
            loss: 0,
            late: 0,
            awake: true,
            events: Vec::new(),
            on_the_way: BTreeMap::new(),
            chance: 42,
        }
    }

    /// A phone with an open port whose SDP is known; it talks in a tone.
    pub(crate) fn phone(&mut self, codec: Codec, hz: f64) -> usize {
        let n = self.open(codec);
        self.phones[n].sender.say_tone(hz, -12.0);
        self.set_remote(n);
        n
    }

    /// A phone with an open port that has heard of no SDP.
    pub(crate) fn open(&mut self, codec: Codec) -> usize {
        let n = self.phones.len();
        let at = PortRef::new(PortId(n as u64 + 1), Epoch(1));
        let local = LocalSocket(10_000 + 2 * n as u16);
        let address: SocketAddr = format!("192.0.2.{}:4000", n + 1).parse().unwrap();
        let payload_type = codec.static_payload_type();
        let dtmf_payload_type = Some(101 - n as u8);
        let remote = Remote { address, codec, payload_type, dtmf_payload_type, send: true, receive: true };
        self.phones.push(Phone {
            at,
            local,
            address,
            remote,
            talking: true,
            sender: RtpSender::new(
                codec,
                payload_type,
                dtmf_payload_type,
                0x1234_5678 + 0x0101_0101 * n as u32,
            ),
            receiver: RtpReceiver::new(codec, payload_type, dtmf_payload_type),
            log: Vec::new(),
            phase: 7 * n as u64 % 20,
        });
        self.command(MediaCommand::OpenPort { port: at, local });
        n
    }

    /// Two bridged phones that talk in 700 Hz and 1300 Hz.
    pub(crate) fn call(&mut self, a: Codec, b: Codec) -> (usize, usize) {
        let (a, b) = (self.phone(a, 700.0), self.phone(b, 1_300.0));
        self.bridge(a, b);
        (a, b)
    }

    pub(crate) fn command(&mut self, command: MediaCommand) {
        self.worker.handle_command(self.now, command);
        self.drain();
    }

    pub(crate) fn set_remote(&mut self, n: usize) {
        let Phone { at, remote, .. } = self.phones[n];
        self.command(MediaCommand::SetRemote { port: at, remote });
    }

    pub(crate) fn bridge(&mut self, a: usize, b: usize) {
        let (a, b) = (self.phones[a].at, self.phones[b].at);
        self.command(MediaCommand::Bridge { a, b });
    }

    pub(crate) fn play(&mut self, n: usize, play: u64, playlist: &[&str], then: cordial_media::AtEnd) {
        let playlist = playlist.iter().map(|name| (*name).into()).collect();
        self.command(MediaCommand::Play { port: self.phones[n].at, play: PlayId(play), playlist, then });
    }

    pub(crate) fn close(&mut self, n: usize) {
        self.command(MediaCommand::ClosePort { port: self.phones[n].at });
    }

    pub(crate) fn record(&mut self, recording: u64, left: usize, right: usize) -> RecordingId {
        self.record_all(recording, left, &[right])
    }

    pub(crate) fn record_all(&mut self, recording: u64, left: usize, right: &[usize]) -> RecordingId {
        let recording = RecordingId(recording);
        let (left, right) = (self.phones[left].at, right.iter().map(|n| self.phones[*n].at).collect());
        self.command(MediaCommand::StartRecording { recording, left, right });
        recording
    }

    pub(crate) fn move_recording(&mut self, recording: RecordingId, left: usize, right: &[usize]) {
        let (left, right) = (self.phones[left].at, right.iter().map(|n| self.phones[*n].at).collect());
        self.command(MediaCommand::MoveRecording { recording, left, right });
    }

    /// Lets time pass, millisecond by millisecond.
    pub(crate) fn run_ms(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now = Timestamp(self.now.0 + MS);
            self.talk();
            while let Some(entry) = self.on_the_way.first_entry().filter(|e| e.key().0 <= self.now.0) {
                let (n, bytes) = entry.remove();
                let (local, from) = (self.phones[n].local, self.phones[n].address);
                self.inject(local, from, &bytes);
            }
            if self.awake && self.worker.poll_timeout().is_some_and(|due| due <= self.now) {
                self.worker.handle_timeout(self.now);
            }
            self.drain();
        }
    }

    /// A datagram from anywhere.
    pub(crate) fn inject(&mut self, local: LocalSocket, from: SocketAddr, bytes: &[u8]) {
        self.worker.handle_packet(self.now, local, from, bytes);
        self.drain();
    }

    /// Events since the last look, one a line.
    pub(crate) fn events(&mut self) -> String {
        std::mem::take(&mut self.events).join("\n")
    }

    /// The loudest tone that a phone heard since it last forgot.
    pub(crate) fn heard(&self, n: usize) -> Option<f64> {
        loudest(&self.phones[n].receiver.heard())
    }

    fn talk(&mut self) {
        for n in 0..self.phones.len() {
            let phone = &mut self.phones[n];
            if !phone.talking || self.now.0 / MS % 20 != phone.phase {
                continue;
            }
            let Some(packet) = phone.sender.next_packet() else {
                continue;
            };
            if self.percent() < self.loss {
                continue;
            }
            let delay = if self.percent() < self.late { 30 * MS } else { 0 };
            self.chance += 1;
            self.on_the_way.insert((self.now.0 + delay, self.chance), (n, packet));
        }
    }

    fn percent(&mut self) -> u64 {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % 100
    }

    fn drain(&mut self) {
        while let Some(transmit) = self.worker.poll_transmit() {
            if transmit.is_rtcp {
                self.reports.push(transmit);
                continue;
            }
            match self.phones.iter_mut().find(|p| p.address == transmit.to && p.local == transmit.local) {
                Some(phone) => {
                    phone.receiver.take(self.now, &transmit.bytes).unwrap();
                    let b = &transmit.bytes;
                    let timestamp = u32::from_be_bytes([b[4], b[5], b[6], b[7]]);
                    phone.log.push((self.now.0, u16::from_be_bytes([b[2], b[3]]), timestamp));
                    self.worker.recycle(transmit.bytes);
                }
                None => self.strays.push(transmit),
            }
        }
        while let Some(event) = self.worker.poll_event() {
            if let MediaEvent::PortClosed { port, statistics, .. } = &event {
                self.statistics.insert(port.port, *statistics);
            }
            self.events.push(line(&event));
        }
        while let Some(piece) = self.worker.poll_recorded() {
            self.tapes.entry(piece.recording()).or_default().take(piece);
        }
    }
}

impl Tape {
    fn take(&mut self, piece: Recorded) {
        assert!(!self.ended, "nothing follows the end");
        match piece {
            Recorded::Audio { samples, .. } => {
                assert!(samples.len().is_multiple_of(2));
                self.left.extend(samples.iter().step_by(2));
                self.right.extend(samples.iter().skip(1).step_by(2));
            }
            Recorded::Silence { frames, .. } => {
                self.marks.push(format!("{frames} frames of silence"));
                self.left.extend((0..frames).map(|_| 0));
                self.right.extend((0..frames).map(|_| 0));
            }
            Recorded::Paused { at_frame, reason, .. } => {
                self.marks.push(format!("paused at {at_frame}: {reason}"));
            }
            Recorded::Resumed { paused_frames, .. } => {
                self.marks.push(format!("resumed after {paused_frames}"));
            }
            Recorded::End { frames, .. } => {
                assert_eq!(frames, self.left.len() as u64, "the pieces add up");
                self.ended = true;
            }
        }
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.left.len() as f64 / 8_000.0
    }
}

pub(crate) fn loudest(samples: &[i16]) -> Option<f64> {
    tone::dominant(samples, 8_000, &tone::telephone_band()).map(|(hz, _)| hz)
}

pub(crate) fn digits(text: &str) -> Vec<Digit> {
    text.chars().map(|key| Digit::parse(key).unwrap()).collect()
}

fn line(event: &MediaEvent) -> String {
    match event {
        MediaEvent::PortFailed { port, fault } => format!("{port}: failed, {fault:?}"),
        MediaEvent::PortClosed { port, .. } => format!("{port}: closed"),
        MediaEvent::MediaStarted { port, source } => format!("{port}: started from {source}"),
        MediaEvent::MediaStalled { port, silent_ms, started } => {
            format!("{port}: stalled for {silent_ms} ms, started {started}")
        }
        MediaEvent::MediaResumed { port, silent_ms } => format!("{port}: resumed after {silent_ms} ms"),
        MediaEvent::Dtmf { port, digit, duration_ms } => {
            format!("{port}: {} {duration_ms} ms", digit.as_char())
        }
        MediaEvent::DtmfSent { port, sent, unsent } => format!("{port}: digits sent {sent}, unsent {unsent}"),
        MediaEvent::PromptMissing { port, play, prompt } => format!("{port}: play {} lacks {prompt}", play.0),
        MediaEvent::PlayEnded { port, play, ending } => format!("{port}: play {} ended, {ending:?}", play.0),
        MediaEvent::RecordingStarted { recording } => format!("recording {}: started", recording.0),
        MediaEvent::RecordingStopped { recording, frames, paused_frames, ending } => {
            format!("recording {}: stopped, {frames} frames, {paused_frames} paused, {ending:?}", recording.0)
        }
    }
}
