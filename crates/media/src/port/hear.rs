//! What a port takes in: whose packets, of what kind, and whether its party is heard at all.

use std::net::SocketAddr;

use super::{Port, Presence};
use crate::command::Remote;
use crate::dtmf::{EventPayload, Key};
use crate::event::MediaEvent;
use crate::g711::Codec;
use crate::inband::Way;
use crate::limits::{AUDIO_PAYLOAD_MAX, STALL_AFTER};
use crate::outbox::Outbox;
use crate::outgoing::StreamKey;
use crate::reception::Arrival;
use crate::rtp::RtpPacket;
use crate::source::Verdict;
use crate::time::Timestamp;

/// A packet of the party, found good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard<'a> {
    pub(crate) packet: RtpPacket<'a>,
    pub(crate) kind: Kind,
    /// Law of its audio.
    pub(crate) codec: Codec,
    pub(crate) restarted: bool,
    pub(crate) stream: StreamKey,
}

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Audio,
    Event,
}

impl Port {
    /// Decides whether a datagram is the party's and what it is.
    pub(crate) fn hear<'a>(
        &mut self,
        now: Timestamp,
        from: SocketAddr,
        bytes: &'a [u8],
        learn: bool,
        out: &mut Outbox,
    ) -> Option<Heard<'a>> {
        let Ok(packet) = RtpPacket::parse(bytes) else {
            self.statistics.dropped_malformed += 1;
            return None;
        };
        let Some(party) = &mut self.party else {
            self.statistics.dropped_unwanted += 1;
            return None;
        };
        let remote = party.remote;
        let kind = remote.kind_of(packet.payload_type);
        let verdict = match kind {
            Some(_) if remote.receive => party.lock.admit(now, from, packet.ssrc, packet.sequence, learn),
            Some(_) | None if party.lock.is_party(from) => Verdict::Party,
            Some(_) | None => Verdict::Foreign,
        };
        if verdict == Verdict::Foreign {
            self.statistics.dropped_foreign += 1;
            return None;
        }
        let Some(kind) = kind else {
            self.statistics.dropped_payload_type += 1;
            return None;
        };
        if !remote.receive {
            self.statistics.dropped_unwanted += 1;
            self.reception.skip(packet.ssrc, packet.sequence);
            return None;
        }
        if kind == Kind::Audio && !(1..=AUDIO_PAYLOAD_MAX).contains(&packet.payload.len()) {
            self.statistics.dropped_malformed += 1;
            return None;
        }
        if verdict == Verdict::NewlyLocked {
            out.event(MediaEvent::MediaStarted { port: self.at, source: party.lock.destination() });
        }
        self.heard_from_party(now, packet, kind, remote.codec, out)
    }

    /// Takes a report of the party.
    pub(crate) fn hear_report(&mut self, now: Timestamp, from: SocketAddr, bytes: &[u8]) {
        let Some(party) = &self.party else {
            self.statistics.dropped_unwanted += 1;
            return;
        };
        if !party.lock.is_party_host(from) {
            self.statistics.dropped_foreign += 1;
        } else if !self.reports.hear(now, bytes, self.outgoing.ssrc(), self.reception.ssrc()) {
            self.statistics.dropped_malformed += 1;
        }
    }

    fn heard_from_party<'a>(
        &mut self,
        now: Timestamp,
        packet: RtpPacket<'a>,
        kind: Kind,
        codec: Codec,
        out: &mut Outbox,
    ) -> Option<Heard<'a>> {
        let Arrival::Fresh { extended, restarted } = self.reception.note(packet.ssrc, packet.sequence) else {
            return None;
        };
        self.statistics.packets_received += 1;
        self.statistics.bytes_received += packet.payload.len() as u64;
        self.be_present(now, out);
        if restarted {
            let key = self.listener.restart(now);
            self.tell_key(now, Way::Event, key, out);
            let key = self.detector.as_mut().and_then(|detector| detector.restart());
            self.tell_key(now, Way::Tones, key, out);
        }
        match kind {
            Kind::Audio => {
                self.reception.measure(now, packet.timestamp);
                let detector = self.detector.as_mut();
                let keys = detector.map(|it| it.hear(now, packet.timestamp, codec, packet.payload));
                for key in keys.into_iter().flatten() {
                    self.tell_key(now, Way::Tones, Some(key), out);
                }
            }
            Kind::Event => {
                let Some(payload) = EventPayload::parse(packet.payload) else {
                    self.statistics.dropped_malformed += 1;
                    return None;
                };
                for key in self.listener.hear(now, extended, packet.timestamp, payload) {
                    self.tell_key(now, Way::Event, key, out);
                }
            }
        }
        let stream = StreamKey { port: self.at.port, generation: self.reception.generation() };
        Some(Heard { packet, kind, codec, restarted, stream })
    }

    fn be_present(&mut self, now: Timestamp, out: &mut Outbox) {
        match self.presence {
            Presence::Stalled { since } => {
                out.event(MediaEvent::MediaResumed { port: self.at, silent_ms: now.millis_since(since) });
            }
            Presence::Excused | Presence::Watched { .. } => {}
        }
        self.presence = Presence::Watched { since: now };
        self.started = true;
    }

    pub(super) fn watch(&mut self, now: Timestamp, out: &mut Outbox) {
        match self.presence {
            Presence::Watched { since } if now >= since + STALL_AFTER => {
                let silent_ms = now.millis_since(since);
                out.event(MediaEvent::MediaStalled { port: self.at, silent_ms, started: self.started });
                self.presence = Presence::Stalled { since };
            }
            Presence::Watched { .. } | Presence::Excused | Presence::Stalled { .. } => {}
        }
    }

    /// Tells a key that was let go, unless it is or will be told as it came the other way.
    pub(super) fn tell_key(&mut self, now: Timestamp, way: Way, key: Option<Key>, out: &mut Outbox) {
        let Some(key) = key else { return };
        let held = way == Way::Tones && self.listener.holds(key.digit);
        if !held && self.once.is_new(now, way, key) {
            let Key { digit, duration_ms } = key;
            out.event(MediaEvent::Dtmf { port: self.at, digit, duration_ms });
        }
    }
}

impl Remote {
    /// What a payload type stands for, if it was agreed on.
    fn kind_of(&self, payload_type: u8) -> Option<Kind> {
        if payload_type == self.payload_type {
            Some(Kind::Audio)
        } else if Some(payload_type) == self.dtmf_payload_type {
            Some(Kind::Event)
        } else {
            None
        }
    }
}
