//! The worker itself: finds the port, lets it decide, and carries what it heard to partner and recordings.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::command::{AtEnd, MediaCommand};
use crate::event::{MediaEvent, PlayEnding, PortFault, Recorded, RecordingEnding, Transmit};
use crate::id::{LocalSocket, PlayId, PortId, PortRef, PromptName, RecordingId};
use crate::limits::{CATCH_UP_TICKS, MIX_SOURCES_MAX, PLAYLIST_MAX, PORTS_MAX, RECORDINGS_MAX, TAPS_MAX};
use crate::mixer::{Gain, Mixer};
use crate::outbox::Outbox;
use crate::port::{Kind, Port};
use crate::prompts::Prompts;
use crate::recording::Recording;
use crate::rtp;
use crate::seed::Seed;
use crate::time::{TICK, Timestamp};

/// What may differ from one installation to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerConfig {
    /// Whether a source other than the SDP's may be learned at the start of a stream (phones behind NAT).
    pub learn_sources: bool,
    /// Whether RTCP reports are sent.
    pub send_rtcp: bool,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self { learn_sources: true, send_rtcp: true }
    }
}

/// All media of one thread as one deterministic value; see the crate's tour.
#[derive(Debug)]
pub struct Worker {
    prompts: Prompts,
    config: WorkerConfig,
    seed: Seed,
    ports: BTreeMap<PortId, Port>,
    by_socket: BTreeMap<LocalSocket, PortId>,
    recordings: BTreeMap<RecordingId, Recording>,
    mixer: Mixer,
    out: Outbox,
    next_tick: Option<Timestamp>,
}

impl Worker {
    /// Begins with no ports. Equal seeds and equal inputs give equal outputs; in production the seed is random.
    #[must_use]
    pub fn new(prompts: Prompts, config: WorkerConfig, seed: u64) -> Self {
        Self {
            prompts,
            config,
            seed: Seed::new(seed),
            ports: BTreeMap::new(),
            by_socket: BTreeMap::new(),
            recordings: BTreeMap::new(),
            mixer: Mixer::default(),
            out: Outbox::default(),
            next_tick: None,
        }
    }

    /// Carries out one command.
    pub fn handle_command(&mut self, now: Timestamp, command: MediaCommand) {
        match command {
            MediaCommand::OpenPort { port, local } => self.open_port(now, port, local),
            MediaCommand::SetRemote { port, remote } => {
                if let Some(port) = current(&mut self.ports, port) {
                    port.set_remote(now, remote, &mut self.out);
                }
            }
            MediaCommand::Bridge { a, b } => self.bridge(a, b),
            MediaCommand::Unbridge { a, b } => self.unbridge(a, b),
            MediaCommand::Mix { listener, sources } => self.mix(listener, &sources),
            MediaCommand::Play { port, play, playlist, then } => self.play(port, play, &playlist, then),
            MediaCommand::PlayAudio { port, play, audio, then } => self.play_audio(port, play, audio, then),
            MediaCommand::StopPlay { port } => {
                if let Some(port) = current(&mut self.ports, port) {
                    port.stop_play(PlayEnding::Stopped, &mut self.out);
                }
            }
            MediaCommand::SendDtmf { port, digits } => {
                if let Some(port) = current(&mut self.ports, port) {
                    port.send_digits(digits, &mut self.out);
                }
            }
            MediaCommand::DetectDigits { port, on } => {
                if let Some(port) = current(&mut self.ports, port) {
                    port.detect_digits(on);
                }
            }
            MediaCommand::StartRecording { recording, left, right } => {
                self.start_recording(now, recording, left, &right);
            }
            MediaCommand::MoveRecording { recording, left, right } => {
                self.move_recording(recording, left, &right);
            }
            MediaCommand::PauseRecording { recording, reason } => {
                if let Some(recording) = self.recordings.get_mut(&recording) {
                    recording.pause(now, reason, &mut self.out);
                }
            }
            MediaCommand::ResumeRecording { recording } => {
                if let Some(recording) = self.recordings.get_mut(&recording) {
                    recording.resume(now, &mut self.out);
                }
            }
            MediaCommand::StopRecording { recording } => {
                self.stop_recording(now, recording, RecordingEnding::Asked);
            }
            MediaCommand::ClosePort { port } => self.close_port(now, port),
        }
    }

    /// Takes a datagram that came in on the RTP socket `local`.
    pub fn handle_packet(&mut self, now: Timestamp, local: LocalSocket, from: SocketAddr, bytes: &[u8]) {
        if rtp::is_rtcp(bytes) {
            return self.handle_rtcp(now, local, from, bytes);
        }
        let Some(port) = self.by_socket.get(&local).and_then(|id| self.ports.get_mut(id)) else {
            return;
        };
        let Some(heard) = port.hear(now, from, bytes, self.config.learn_sources, &mut self.out) else {
            return;
        };
        if heard.kind == Kind::Audio {
            self.mixer.hear(port.at.port, heard.codec, heard.packet.payload);
            for recording in &port.taps {
                if let Some(recording) = self.recordings.get_mut(recording) {
                    recording.hear(now, port.at.port, &heard.packet, heard.codec, heard.restarted);
                }
            }
        }
        if let Some(partner) = port.partner().and_then(|id| self.ports.get_mut(&id)) {
            partner.relay(now, &heard, &mut self.out);
        }
    }

    /// Takes a datagram that came in on the RTCP socket that belongs to the RTP socket `local`.
    pub fn handle_rtcp(&mut self, now: Timestamp, local: LocalSocket, from: SocketAddr, bytes: &[u8]) {
        if let Some(port) = self.by_socket.get(&local).and_then(|id| self.ports.get_mut(id)) {
            port.hear_report(now, from, bytes);
        }
    }

    /// Does what is due at `now`: players, digits, recordings, reports, silence detection.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        let Some(mut due) = self.next_tick.filter(|due| *due <= now) else {
            return;
        };
        let tick = TICK.as_micros() as u64;
        let behind = now.micros_since(due) / tick + 1;
        due.0 += behind.saturating_sub(CATCH_UP_TICKS) * tick;
        while due <= now {
            for port in self.ports.values_mut() {
                port.tick(due, self.config.send_rtcp, &mut self.seed, &mut self.out);
            }
            for (listener, frame) in self.mixer.tick() {
                if let Some(port) = self.ports.get_mut(&listener) {
                    port.speak_mixed(due, &frame, &mut self.out);
                }
            }
            due.0 += tick;
        }
        let mut behind = Vec::new();
        for (id, recording) in &mut self.recordings {
            if !recording.tick(now, &mut self.out) {
                behind.push(*id);
            }
        }
        for recording in behind {
            self.stop_recording(now, recording, RecordingEnding::WriterBehind);
        }
        self.next_tick = (!self.ports.is_empty()).then_some(due);
    }

    /// When [`Worker::handle_timeout`] wants to be called next; `None` while no port is open.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.next_tick
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.out.poll_transmit()
    }

    /// Gives the buffer of a sent datagram back.
    pub fn recycle(&mut self, buffer: Vec<u8>) {
        self.out.recycle(buffer);
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<MediaEvent> {
        self.out.poll_event()
    }

    /// The next piece of a recording.
    pub fn poll_recorded(&mut self) -> Option<Recorded> {
        self.out.poll_recorded()
    }

    fn open_port(&mut self, now: Timestamp, at: PortRef, local: LocalSocket) {
        let fault = if self.ports.contains_key(&at.port) {
            PortFault::AlreadyOpen
        } else if self.by_socket.contains_key(&local) {
            PortFault::SocketTaken
        } else if self.ports.len() >= PORTS_MAX {
            PortFault::TooManyPorts
        } else {
            self.ports.insert(at.port, Port::open(now, at, local, &mut self.seed));
            self.by_socket.insert(local, at.port);
            self.next_tick.get_or_insert(now + TICK);
            return;
        };
        self.out.event(MediaEvent::PortFailed { port: at, fault });
    }

    fn close_port(&mut self, now: Timestamp, at: PortRef) {
        if current(&mut self.ports, at).is_none() {
            return;
        }
        self.part(at.port);
        let Some(port) = self.ports.remove(&at.port) else {
            return;
        };
        self.by_socket.remove(&port.local);
        self.mixer.remove(at.port);
        for id in &port.taps {
            if let Some(recording) = self.recordings.get_mut(id)
                && !recording.lose(at.port)
            {
                self.stop_recording(now, *id, RecordingEnding::PortsClosed);
            }
        }
        port.close(now, self.config.send_rtcp, &mut self.out);
    }

    fn bridge(&mut self, a: PortRef, b: PortRef) {
        if a.port == b.port || !self.both_current(a, b) {
            return;
        }
        for (one, other) in [(a.port, b.port), (b.port, a.port)] {
            self.part(one);
            if let Some(port) = self.ports.get_mut(&one) {
                port.stop_play(PlayEnding::Bridged, &mut self.out);
                port.enter_bridge(other);
            }
        }
    }

    /// Lets a port hear others; those that are not open, and itself, are left out.
    fn mix(&mut self, listener: PortRef, sources: &[(PortRef, Gain)]) {
        if current(&mut self.ports, listener).is_none() {
            return;
        }
        let heard = sources.iter().take(MIX_SOURCES_MAX).filter(|(source, _)| source.port != listener.port);
        let heard: Vec<(PortId, Gain)> = heard
            .filter_map(|(source, gain)| Some((current(&mut self.ports, *source)?.at.port, *gain)))
            .collect();
        self.mixer.set(listener.port, heard);
    }

    fn unbridge(&mut self, a: PortRef, b: PortRef) {
        if self.both_current(a, b) && self.ports.get(&a.port).and_then(Port::partner) == Some(b.port) {
            self.part(a.port);
        }
    }

    /// Takes a port, and with it its partner, out of their bridge.
    fn part(&mut self, port: PortId) {
        let partner = self.ports.get_mut(&port).and_then(Port::leave_bridge);
        if let Some(partner) = partner.and_then(|id| self.ports.get_mut(&id)) {
            partner.leave_bridge();
        }
    }

    fn play(&mut self, at: PortRef, play: PlayId, playlist: &[PromptName], then: AtEnd) {
        let Some(port) = current(&mut self.ports, at) else {
            return;
        };
        let mut list: Vec<Arc<[u8]>> = Vec::new();
        if playlist.len() <= PLAYLIST_MAX {
            for prompt in playlist {
                match self.prompts.get(prompt) {
                    Some(audio) => list.push(Arc::clone(audio)),
                    None => {
                        let prompt = prompt.clone();
                        self.out.event(MediaEvent::PromptMissing { port: at, play, prompt });
                    }
                }
            }
        }
        if list.is_empty() {
            port.stop_play(PlayEnding::Replaced, &mut self.out);
            self.out.event(MediaEvent::PlayEnded { port: at, play, ending: PlayEnding::Unplayable });
        } else {
            port.play(play, list, then, &mut self.out);
        }
    }

    fn play_audio(&mut self, at: PortRef, play: PlayId, audio: Arc<[u8]>, then: AtEnd) {
        let Some(port) = current(&mut self.ports, at) else {
            return;
        };
        let ending = if port.last_play() > Some(play) {
            PlayEnding::Replaced
        } else if audio.is_empty() {
            port.stop_play(PlayEnding::Replaced, &mut self.out);
            PlayEnding::Unplayable
        } else {
            return port.play(play, vec![audio], then, &mut self.out);
        };
        self.out.event(MediaEvent::PlayEnded { port: at, play, ending });
    }

    fn start_recording(&mut self, now: Timestamp, id: RecordingId, left: PortRef, right: &[PortRef]) {
        let sides = self.open_sides(left, right);
        let ending = if let Some((left, right)) = sides {
            if self.recordings.contains_key(&id)
                || self.recordings.len() >= RECORDINGS_MAX
                || !self.may_tap(id, left, &right)
            {
                RecordingEnding::TooMany
            } else {
                self.recordings.insert(id, Recording::new(now, id, left, &right));
                self.tap(id);
                return self.out.event(MediaEvent::RecordingStarted { recording: id });
            }
        } else {
            RecordingEnding::UnknownPort
        };
        self.out.event(MediaEvent::RecordingStopped { recording: id, frames: 0, paused_frames: 0, ending });
    }

    fn move_recording(&mut self, id: RecordingId, left: PortRef, right: &[PortRef]) {
        let Some((left, right)) = self.open_sides(left, right).filter(|(l, r)| self.may_tap(id, *l, r))
        else {
            return;
        };
        self.untap(id);
        if let Some(recording) = self.recordings.get_mut(&id) {
            recording.move_to(left, &right);
            self.tap(id);
        }
    }

    /// The two sides of a recording as far as their ports are open; nothing unless both have one.
    fn open_sides(&mut self, left: PortRef, right: &[PortRef]) -> Option<(PortId, Vec<PortId>)> {
        let left = current(&mut self.ports, left)?.at.port;
        let right = right.iter().take(MIX_SOURCES_MAX);
        let right: Vec<_> = right.filter_map(|at| Some(current(&mut self.ports, *at)?.at.port)).collect();
        (!right.is_empty()).then_some((left, right))
    }

    fn stop_recording(&mut self, now: Timestamp, id: RecordingId, ending: RecordingEnding) {
        self.untap(id);
        if let Some(recording) = self.recordings.remove(&id) {
            recording.stop(now, ending, &mut self.out);
        }
    }

    fn may_tap(&self, id: RecordingId, left: PortId, right: &[PortId]) -> bool {
        right.iter().chain(&[left]).all(|port| {
            let others = |port: &Port| port.taps.iter().filter(|tapped| **tapped != id).count();
            self.ports.get(port).is_some_and(|port| others(port) < TAPS_MAX)
        })
    }

    fn tap(&mut self, id: RecordingId) {
        for port in self.recordings.get(&id).into_iter().flat_map(Recording::ports) {
            if let Some(port) = self.ports.get_mut(&port).filter(|port| !port.taps.contains(&id)) {
                port.taps.push(id);
            }
        }
    }

    fn untap(&mut self, id: RecordingId) {
        for port in self.recordings.get(&id).into_iter().flat_map(Recording::ports) {
            if let Some(port) = self.ports.get_mut(&port) {
                port.taps.retain(|tapped| *tapped != id);
            }
        }
    }

    /// Whether both ports are open and neither is addressed at a stale epoch.
    fn both_current(&mut self, a: PortRef, b: PortRef) -> bool {
        let fits = |at: PortRef| self.ports.get(&at.port).is_some_and(|port| port.at.epoch <= at.epoch);
        let both = fits(a) && fits(b);
        if both {
            current(&mut self.ports, a);
            current(&mut self.ports, b);
        }
        both
    }
}

/// The port named, unless the epoch is stale. A newer epoch becomes the port's.
fn current(ports: &mut BTreeMap<PortId, Port>, at: PortRef) -> Option<&mut Port> {
    let port = ports.get_mut(&at.port).filter(|port| port.at.epoch <= at.epoch)?;
    port.at.epoch = at.epoch;
    Some(port)
}
