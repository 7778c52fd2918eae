//! Audio and keys from the network, through the worker's own door; and WAV files.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use cordial_media::rtp::RtpPacket;
use cordial_media::{
    AtEnd, Codec, Digit, Epoch, LocalSocket, MediaCommand, MediaEvent, PlayId, PortId, PortRef, PromptName,
    Prompts, Recorded, RecordingId, Remote, Timestamp, Worker, WorkerConfig, parse_ulaw_wav, wav,
};

use crate::pieces::{Piece, pieces};

/// A packet is read or refused; what was read is written so that it reads the same.
pub(crate) fn rtp(bytes: &[u8]) {
    let Ok(packet) = RtpPacket::parse(bytes) else {
        return;
    };
    assert!(packet.payload.len() + 12 <= bytes.len());
    let mut written = Vec::new();
    packet.write_into(&mut written);
    assert_eq!(RtpPacket::parse(&written), Ok(packet));
}

/// Reports of a party that talks: whatever it says, our own reports go on.
pub(crate) fn rtcp(bytes: &[u8]) {
    let mut studio = Studio::new();
    studio.speak(0, 50);
    for piece in bytes.chunks(256).take(8) {
        studio.worker.handle_rtcp(studio.now, LOCALS[0], PARTIES[0], piece);
        studio.pass(1_000);
    }
    studio.pass(6_000);
    assert!(studio.reports > 0, "our reports stopped");
    studio.close();
}

/// Telephone events, eight bytes each: steps of number and timestamp, event, flags, duration.
pub(crate) fn dtmf(bytes: &[u8]) {
    let mut studio = Studio::new();
    studio.speak(0, 3);
    let (mut sequence, mut timestamp) = (1_000u16, 480u32);
    let packets = bytes.chunks_exact(8).take(200);
    let heard = packets.len();
    for fields in packets {
        sequence = sequence.wrapping_add(u16::from(fields[0]));
        timestamp = timestamp.wrapping_add(u32::from(u16::from_be_bytes([fields[1], fields[2]])));
        let payload = &fields[3..7];
        let packet = RtpPacket {
            payload_type: 101,
            marker: fields[7] & 1 != 0,
            sequence,
            timestamp,
            ssrc: 7,
            payload,
        };
        studio.packet(0, &packet);
        studio.pass(u64::from(fields[7] >> 1));
    }
    studio.pass(1_000);
    assert!(studio.keys <= 2 * heard, "{} keys of {heard} packets", studio.keys);
    studio.close();
}

/// The whole worker under a script of packets, commands and time.
pub(crate) fn worker(bytes: &[u8]) {
    let mut studio = Studio::new();
    for piece in pieces(bytes) {
        studio.step(piece);
    }
    studio.close();
}

/// A file is read or refused; one of ours that was set right can be read whole.
pub(crate) fn wav(bytes: &[u8]) {
    if let Ok(audio) = parse_ulaw_wav(bytes) {
        assert!(audio.len() <= bytes.len());
    }
    let mut file = Cursor::new(bytes.to_vec());
    if let Ok((left, right)) = wav::read(&mut file) {
        assert_eq!(left.len(), right.len());
    }
    if let Ok(recovered) = wav::recover(&mut file) {
        let (left, _) = wav::read(&mut file).expect("what was set right can be read");
        assert_eq!(left.len() as u64, recovered.frames);
        assert_eq!(file.get_ref().len(), bytes.len(), "nothing but the header changes");
    }
}

const LOCALS: [LocalSocket; 3] = [LocalSocket(10_000), LocalSocket(10_002), LocalSocket(10_004)];

const fn at(last: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), port)
}

/// Where the parties said that they are.
const PARTIES: [SocketAddr; 3] = [at(1, 4_000), at(2, 4_000), at(3, 4_000)];

/// Nobody's party.
const STRANGER: SocketAddr = at(66, 6_666);

fn port(n: usize) -> PortRef {
    PortRef::new(PortId(n as u64 + 1), Epoch(1))
}

/// A worker with three ports, two of them bridged and recorded.
struct Studio {
    worker: Worker,
    now: Timestamp,
    began: Timestamp,
    keys: usize,
    reports: usize,
    frames: u64,
    recordings: BTreeSet<RecordingId>,
}

impl Studio {
    fn new() -> Self {
        let prompts = Prompts::from_ulaw([("a", vec![0x10; 800]), ("music", vec![0x20; 1_600])]);
        let now = Timestamp(5_000_003);
        let mut studio = Self {
            worker: Worker::new(prompts, WorkerConfig::default(), 1),
            now,
            began: now,
            keys: 0,
            reports: 0,
            frames: 0,
            recordings: BTreeSet::new(),
        };
        for (n, local) in LOCALS.into_iter().enumerate() {
            studio.command(MediaCommand::OpenPort { port: port(n), local });
            studio.set_remote(n, 0);
        }
        studio.command(MediaCommand::Bridge { a: port(0), b: port(1) });
        studio.record(0);
        studio
    }

    fn command(&mut self, command: MediaCommand) {
        self.worker.handle_command(self.now, command);
        self.drain();
    }

    fn set_remote(&mut self, n: usize, bits: u8) {
        let codec = if bits & 1 == 0 { Codec::Pcmu } else { Codec::Pcma };
        let remote = Remote {
            address: if bits & 2 == 0 { PARTIES[n] } else { at(n as u8 + 1, 5_000) },
            codec,
            payload_type: codec.static_payload_type(),
            dtmf_payload_type: (bits & 4 == 0).then_some(101),
            send: bits & 8 == 0,
            receive: bits & 16 == 0,
        };
        self.command(MediaCommand::SetRemote { port: port(n), remote });
    }

    fn record(&mut self, number: u8) {
        let recording = RecordingId(u64::from(number));
        self.recordings.insert(recording);
        self.command(MediaCommand::StartRecording { recording, left: port(0), right: vec![port(1)] });
    }

    /// A party talks for so many packets.
    fn speak(&mut self, n: usize, packets: u16) {
        for sequence in 0..packets {
            let (timestamp, payload) = (u32::from(sequence) * 160, &[0x55; 160][..]);
            let packet = RtpPacket { payload_type: 0, marker: false, sequence, timestamp, ssrc: 7, payload };
            self.packet(n, &packet);
            self.pass(20);
        }
    }

    fn packet(&mut self, n: usize, packet: &RtpPacket<'_>) {
        let mut bytes = Vec::new();
        packet.write_into(&mut bytes);
        self.worker.handle_packet(self.now, LOCALS[n], PARTIES[n], &bytes);
        self.drain();
    }

    fn step(&mut self, piece: Piece<'_>) {
        let n = usize::from(piece.number) % PARTIES.len();
        match piece.order {
            b'p' => self.datagram(n, PARTIES[n], piece.rest),
            b's' => self.datagram(n, STRANGER, piece.rest),
            b'r' => {
                self.worker.handle_rtcp(self.now, LOCALS[n], PARTIES[n], piece.rest);
                self.drain();
            }
            b'f' => self.fields(n, piece.rest),
            b't' => self.pass(u64::from(piece.number) * 7),
            b'T' => self.pass(u64::from(piece.number) * 1_000),
            b'R' => self.set_remote(n, piece.number / 3),
            b'b' => self.command(MediaCommand::Bridge { a: port(n), b: port((n + 1) % 3) }),
            b'u' => self.command(MediaCommand::Unbridge { a: port(n), b: port((n + 1) % 3) }),
            b'P' => {
                let playlist = piece.text().split(',').map(PromptName::new).collect();
                let then = piece.choose(&[AtEnd::Stop, AtEnd::Silence, AtEnd::Loop]).unwrap_or(AtEnd::Stop);
                self.command(MediaCommand::Play { port: port(n), play: PlayId(1), playlist, then });
            }
            b'S' => self.command(MediaCommand::StopPlay { port: port(n) }),
            b'D' => {
                let digits = piece.text().chars().filter_map(Digit::parse).collect();
                self.command(MediaCommand::SendDtmf { port: port(n), digits });
            }
            b'k' => self.command(MediaCommand::DetectDigits { port: port(n), on: piece.number & 4 == 0 }),
            b'x' => self.record(piece.number),
            b'm' => self.command(MediaCommand::MoveRecording {
                recording: RecordingId(0),
                left: port(n),
                right: vec![port((n + 1) % 3), port(usize::from(piece.number / 3) % 4)],
            }),
            b'h' => {
                let reason = piece.text().into_owned();
                self.command(MediaCommand::PauseRecording { recording: RecordingId(0), reason });
            }
            b'g' => self.command(MediaCommand::ResumeRecording { recording: RecordingId(0) }),
            b'e' => {
                self.command(MediaCommand::StopRecording { recording: RecordingId(piece.number.into()) });
            }
            b'c' => self.command(MediaCommand::ClosePort { port: port(n) }),
            b'o' => self.command(MediaCommand::OpenPort { port: port(n), local: LOCALS[n] }),
            _ => {}
        }
    }

    fn datagram(&mut self, n: usize, from: SocketAddr, bytes: &[u8]) {
        self.worker.handle_packet(self.now, LOCALS[n], from, bytes);
        self.drain();
    }

    /// A well-formed packet with any fields: number, timestamp, stream, payload type and marker, payload.
    fn fields(&mut self, n: usize, bytes: &[u8]) {
        let [s0, s1, t0, t1, t2, t3, ssrc, kind, payload @ ..] = bytes else {
            return;
        };
        let packet = RtpPacket {
            payload_type: kind & 0x7F,
            marker: kind & 0x80 != 0,
            sequence: u16::from_be_bytes([*s0, *s1]),
            timestamp: u32::from_be_bytes([*t0, *t1, *t2, *t3]),
            ssrc: u32::from(*ssrc),
            payload,
        };
        self.packet(n, &packet);
        self.pass(20);
    }

    fn pass(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        while let Some(due) = self.worker.poll_timeout().filter(|due| *due <= until) {
            // A long wait is a worker that did not run, which it must stand as well.
            self.now = if ms > 2_000 { until } else { due.max(self.now) };
            self.worker.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    fn drain(&mut self) {
        while let Some(transmit) = self.worker.poll_transmit() {
            let known = LOCALS.iter().position(|local| *local == transmit.local).expect("a port of ours");
            assert!(transmit.bytes.len() <= 1_500);
            // One that was heard may be believed; the stranger sends in everybody's stead.
            let party = transmit.to == PARTIES[known]
                || transmit.to == at(known as u8 + 1, 5_000)
                || transmit.to == STRANGER
                || transmit.to.port() % 2 == 1 && transmit.is_rtcp;
            assert!(party, "{} is nobody's party", transmit.to);
            self.reports += usize::from(transmit.is_rtcp);
            self.worker.recycle(transmit.bytes);
        }
        while let Some(event) = self.worker.poll_event() {
            self.keys += usize::from(matches!(event, MediaEvent::Dtmf { .. }));
        }
        while let Some(recorded) = self.worker.poll_recorded() {
            match recorded {
                Recorded::Audio { samples, .. } => self.frames += samples.len() as u64 / 2,
                Recorded::Silence { frames, .. } => self.frames += frames,
                Recorded::Paused { .. } | Recorded::Resumed { .. } | Recorded::End { .. } => {}
            }
        }
    }

    /// Gives everything up; then nothing is left to do, and no recording is longer than the time that passed.
    fn close(mut self) {
        for n in 0..PARTIES.len() {
            self.command(MediaCommand::ClosePort { port: port(n) });
        }
        self.pass(1_000);
        assert_eq!(self.worker.poll_timeout(), None, "ports are left");
        let passed = self.now.samples_since(self.began) + 8_000;
        let most = passed * self.recordings.len() as u64;
        assert!(self.frames <= most, "{} frames recorded in a time of {passed}", self.frames);
    }
}
