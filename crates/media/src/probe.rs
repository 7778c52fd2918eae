//! The two ends of an RTP stream for scripted phones: a sender that talks in a tone, a receiver that listens.

use std::collections::VecDeque;

use crate::dtmf::{Digit, DtmfListener, DtmfSender, EventPayload, Key, Send};
use crate::g711::Codec;
use crate::limits::HEARD_MAX;
use crate::reception::{Arrival, Reception};
use crate::rtp::{RtpError, RtpPacket};
use crate::time::{FRAME_SAMPLES, SAMPLE_RATE, Timestamp};
use crate::tone::Sine;

/// Makes the packets of one phone, one for every 20 ms.
#[derive(Debug)]
pub struct RtpSender {
    codec: Codec,
    payload_type: u8,
    dtmf_payload_type: Option<u8>,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    voice: Option<Sine>,
    digits: DtmfSender,
    talking: bool,
}

impl RtpSender {
    /// A silent phone; `ssrc` also gives its first sequence number and timestamp.
    #[must_use]
    pub fn new(codec: Codec, payload_type: u8, dtmf_payload_type: Option<u8>, ssrc: u32) -> Self {
        Self {
            codec,
            payload_type,
            dtmf_payload_type,
            ssrc,
            sequence: (ssrc >> 8) as u16,
            timestamp: ssrc.wrapping_mul(2_654_435_761),
            voice: None,
            digits: DtmfSender::default(),
            talking: false,
        }
    }

    /// Talks in a tone from now on.
    pub fn say_tone(&mut self, hz: f64, level_dbfs: f64) {
        self.voice = Some(Sine::new(hz, level_dbfs, SAMPLE_RATE));
    }

    /// Sends silence from now on.
    pub fn say_nothing(&mut self) {
        self.voice = None;
    }

    /// Presses keys; they take the place of audio until they are through. Nothing without a payload type for them.
    pub fn press(&mut self, digits: &[Digit]) {
        if self.dtmf_payload_type.is_some() {
            self.digits.queue(digits.to_vec());
        }
    }

    /// Speaks another codec from now on (after a new answer).
    pub fn set_codec(&mut self, codec: Codec, payload_type: u8) {
        (self.codec, self.payload_type) = (codec, payload_type);
    }

    /// The stream's SSRC.
    #[must_use]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The packet of the next 20 ms; nothing between two keys.
    pub fn next_packet(&mut self) -> Option<Vec<u8>> {
        let timestamp = self.timestamp;
        self.timestamp = timestamp.wrapping_add(FRAME_SAMPLES as u32);
        let (timestamp, event, marker) = match self.digits.tick().0 {
            Send::Idle => return Some(self.audio(timestamp)),
            Send::Wait => return None,
            Send::Begin(event) => {
                self.digits.begun(timestamp);
                (timestamp, event, true)
            }
            Send::GoOn(timestamp, event) => (timestamp, event, false),
        };
        self.talking = false;
        let payload_type = self.dtmf_payload_type?;
        Some(self.packet(payload_type, timestamp, marker, &event.to_bytes()))
    }

    fn audio(&mut self, timestamp: u32) -> Vec<u8> {
        let mut samples = [0; FRAME_SAMPLES];
        if let Some(voice) = &mut self.voice {
            voice.fill(&mut samples);
        }
        let codes = samples.map(|sample| self.codec.encode(sample));
        let marker = !std::mem::replace(&mut self.talking, true);
        self.packet(self.payload_type, timestamp, marker, &codes)
    }

    fn packet(&mut self, payload_type: u8, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        let mut bytes = Vec::with_capacity(12 + payload.len());
        RtpPacket { payload_type, marker, sequence, timestamp, ssrc: self.ssrc, payload }
            .write_into(&mut bytes);
        bytes
    }
}

/// What a receiver saw in the stream; a relay that works leaves all but `packets` at zero or one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Observed {
    /// Packets taken.
    pub packets: u64,
    /// Streams seen; a peer that keeps its SSRC shows one.
    pub streams: u32,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets whose sequence number did not follow the one before (losses, reordering and jumps).
    pub jumps: u64,
    /// Audio packets whose timestamp did not lie after the one before although their number did.
    pub backward_timestamps: u64,
    /// Packets of a payload type that was not agreed on.
    pub foreign_payload_types: u64,
    /// Packets with the marker bit.
    pub markers: u64,
}

/// Listens to the stream that a phone receives.
#[derive(Debug)]
pub struct RtpReceiver {
    codec: Codec,
    payload_type: u8,
    dtmf_payload_type: Option<u8>,
    reception: Reception,
    listener: DtmfListener,
    last: Option<(u16, u32)>,
    heard: VecDeque<i16>,
    keys: Vec<Digit>,
    observed: Observed,
}

impl RtpReceiver {
    /// A receiver of one codec and, if agreed on, of keys.
    #[must_use]
    pub fn new(codec: Codec, payload_type: u8, dtmf_payload_type: Option<u8>) -> Self {
        Self {
            codec,
            payload_type,
            dtmf_payload_type,
            reception: Reception::default(),
            listener: DtmfListener::default(),
            last: None,
            heard: VecDeque::new(),
            keys: Vec::new(),
            observed: Observed::default(),
        }
    }

    /// Takes a datagram.
    ///
    /// # Errors
    /// When it is not RTP.
    pub fn take(&mut self, now: Timestamp, bytes: &[u8]) -> Result<(), RtpError> {
        let packet = RtpPacket::parse(bytes)?;
        let is_audio = packet.payload_type == self.payload_type;
        if !is_audio && Some(packet.payload_type) != self.dtmf_payload_type {
            self.observed.foreign_payload_types += 1;
            return Ok(());
        }
        let Arrival::Fresh { extended, restarted } = self.reception.note(packet.ssrc, packet.sequence) else {
            return Ok(());
        };
        self.observed.packets += 1;
        self.observed.markers += u64::from(packet.marker);
        if restarted {
            self.observed.streams += 1;
            self.last = None;
            let key = self.listener.restart(now);
            self.keys.extend(key.map(|k| k.digit));
        }
        if let Some((sequence, timestamp)) = self.last {
            let follows = packet.sequence == sequence.wrapping_add(1);
            self.observed.jumps += u64::from(!follows);
            let backward = is_audio && follows && packet.timestamp.wrapping_sub(timestamp) as i32 <= 0;
            self.observed.backward_timestamps += u64::from(backward);
        }
        self.last = Some((packet.sequence, packet.timestamp));
        if is_audio {
            self.hear(packet.payload);
        } else if let Some(payload) = EventPayload::parse(packet.payload) {
            let keys = self.listener.hear(now, extended, packet.timestamp, payload);
            self.keys.extend(keys.into_iter().flatten().map(|Key { digit, .. }| digit));
        }
        Ok(())
    }

    /// What was heard, in order of arrival, at 8 kHz; at most the last minute.
    #[must_use]
    pub fn heard(&self) -> Vec<i16> {
        self.heard.iter().copied().collect()
    }

    /// Forgets what was heard, to listen to a new part of the story.
    pub fn forget(&mut self) {
        self.heard.clear();
    }

    /// Keys heard, in order.
    #[must_use]
    pub fn keys(&self) -> &[Digit] {
        &self.keys
    }

    /// What the stream looked like.
    #[must_use]
    pub fn observed(&self) -> Observed {
        Observed { lost: self.reception.lost(), duplicates: self.reception.duplicates(), ..self.observed }
    }

    fn hear(&mut self, codes: &[u8]) {
        let table = self.codec.to_linear();
        self.heard.extend(codes.iter().map(|code| table[usize::from(*code)]));
        let excess = self.heard.len().saturating_sub(HEARD_MAX);
        self.heard.drain(..excess);
    }
}
