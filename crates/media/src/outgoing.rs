//! The stream that a port sends: one SSRC, numbers without jumps, timestamps that follow real time, whoever feeds it.

use crate::id::PortId;
use crate::limits::{EVENT_STRAY_MAX, TIMESTAMP_STRAY_MAX};
use crate::rtp::RtpPacket;
use crate::seed::Seed;
use crate::time::{FRAME_SAMPLES, Timestamp};

/// A stream heard on another port, as long as its numbers run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamKey {
    pub(crate) port: PortId,
    pub(crate) generation: u32,
}

#[derive(Debug)]
pub(crate) struct Outgoing {
    ssrc: u32,
    next_sequence: u16,
    /// The RTP timestamp that stands for `origin`.
    timestamp_origin: u32,
    origin: Timestamp,
    /// End of the latest audio sent; the next feed begins no earlier.
    last_end: u32,
    last_timestamp: u32,
    feed: Feed,
    packets: u64,
    bytes: u64,
}

/// Who fed the latest packet; a change of feed begins a new talkspurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Feed {
    Nothing,
    Player,
    Digits,
    Relay(Relay),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Relay {
    key: StreamKey,
    first_sequence: u16,
    sequence_offset: u16,
    timestamp_offset: u32,
}

/// The header fields of a packet about to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) marker: bool,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
}

impl Outgoing {
    /// Begins at random numbers (RFC 3550 section 5.1).
    pub(crate) fn new(now: Timestamp, seed: &mut Seed) -> Self {
        let timestamp_origin = seed.next_u32();
        Self {
            ssrc: seed.next_u32(),
            next_sequence: seed.next_u32() as u16,
            timestamp_origin,
            origin: now,
            last_end: timestamp_origin,
            last_timestamp: timestamp_origin,
            feed: Feed::Nothing,
            packets: 0,
            bytes: 0,
        }
    }

    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub(crate) fn packets(&self) -> u64 {
        self.packets
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The RTP timestamp of `now`.
    pub(crate) fn clock(&self, now: Timestamp) -> u32 {
        self.timestamp_origin.wrapping_add(now.samples_since(self.origin) as u32)
    }

    /// The next packet of a player.
    pub(crate) fn player_frame(&mut self, now: Timestamp) -> Header {
        let marker = self.feed != Feed::Player;
        self.feed = Feed::Player;
        let timestamp = self.fresh_timestamp(now);
        self.last_end = timestamp.wrapping_add(FRAME_SAMPLES as u32);
        self.last_timestamp = timestamp;
        Header { marker, sequence: self.take_sequence(), timestamp }
    }

    /// The first packet of a digit; the others repeat its timestamp.
    pub(crate) fn digit_begins(&mut self, now: Timestamp) -> Header {
        self.feed = Feed::Digits;
        let timestamp = self.fresh_timestamp(now);
        self.last_timestamp = timestamp;
        Header { marker: true, sequence: self.take_sequence(), timestamp }
    }

    /// A further packet of the digit that began at `timestamp` and lasts `duration` samples so far.
    pub(crate) fn digit_goes_on(&mut self, timestamp: u32, duration: u16) -> Header {
        self.last_end = timestamp.wrapping_add(u32::from(duration));
        Header { marker: false, sequence: self.take_sequence(), timestamp }
    }

    /// A packet of another port's stream. Losses and order there stay visible here; nothing when it is too late.
    pub(crate) fn relayed(
        &mut self,
        now: Timestamp,
        key: StreamKey,
        packet: &RtpPacket<'_>,
        is_event: bool,
    ) -> Option<Header> {
        let mut relay = match self.feed {
            Feed::Relay(relay) if relay.key == key => relay,
            Feed::Relay(_) | Feed::Nothing | Feed::Player | Feed::Digits => {
                return Some(self.begin_relay(now, key, packet));
            }
        };
        let sequence = packet.sequence.wrapping_add(relay.sequence_offset);
        let ahead = sequence.wrapping_sub(self.next_sequence) as i16;
        if ahead < 0 && (sequence.wrapping_sub(relay.first_sequence) as i16) < 0 {
            return None;
        }
        let mut timestamp = packet.timestamp.wrapping_add(relay.timestamp_offset);
        let mut marker = packet.marker;
        let stray = (timestamp.wrapping_sub(self.clock(now)) as i32).unsigned_abs();
        // A held key keeps the timestamp of its beginning for a while.
        let stray_max = if is_event { EVENT_STRAY_MAX } else { TIMESTAMP_STRAY_MAX };
        if stray > stray_max {
            if is_event {
                self.interrupt();
            }
            if ahead < 0 || is_event {
                return None;
            }
            timestamp = self.fresh_timestamp(now);
            // A far clock that runs fast is followed without a break.
            marker |= timestamp != self.last_end;
            relay.timestamp_offset = timestamp.wrapping_sub(packet.timestamp);
            self.feed = Feed::Relay(relay);
        }
        if ahead >= 0 {
            self.next_sequence = sequence.wrapping_add(1);
        }
        if !is_event {
            self.advance(timestamp, packet.payload.len());
        }
        Some(Header { marker, sequence, timestamp })
    }

    /// What is relayed next does not go on from before: a packet in between was not sent on.
    pub(crate) fn interrupt(&mut self) {
        self.feed = match self.feed {
            Feed::Relay(_) => Feed::Nothing,
            other @ (Feed::Nothing | Feed::Player | Feed::Digits) => other,
        };
    }

    /// Counts a packet as sent.
    pub(crate) fn sent(&mut self, payload: usize) {
        self.packets += 1;
        self.bytes += payload as u64;
    }

    fn begin_relay(&mut self, now: Timestamp, key: StreamKey, packet: &RtpPacket<'_>) -> Header {
        let timestamp = self.fresh_timestamp(now);
        let sequence = self.take_sequence();
        self.feed = Feed::Relay(Relay {
            key,
            first_sequence: sequence,
            sequence_offset: sequence.wrapping_sub(packet.sequence),
            timestamp_offset: timestamp.wrapping_sub(packet.timestamp),
        });
        self.advance(timestamp, packet.payload.len());
        Header { marker: true, sequence, timestamp }
    }

    /// Real time, or the end of what was sent when that lies a little ahead of it.
    fn fresh_timestamp(&self, now: Timestamp) -> u32 {
        let clock = self.clock(now);
        let ahead = self.last_end.wrapping_sub(clock) as i32;
        if self.packets > 0 && ahead > 0 { self.last_end } else { clock }
    }

    fn advance(&mut self, timestamp: u32, samples: usize) {
        if self.packets == 0 || timestamp.wrapping_sub(self.last_timestamp) as i32 >= 0 {
            self.last_timestamp = timestamp;
            self.last_end = timestamp.wrapping_add(samples as u32);
        }
    }

    fn take_sequence(&mut self) -> u16 {
        let sequence = self.next_sequence;
        self.next_sequence = sequence.wrapping_add(1);
        sequence
    }
}
