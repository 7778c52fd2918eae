//! One call at a phone: its session description and its audio.

use std::net::SocketAddr;
use std::time::Duration;

use cordial_media::probe::{RtpReceiver, RtpSender};
use cordial_media::{Digit, SAMPLE_RATE, tone};
use cordial_sip::sdp::{self, Codec, Direction, LocalMedia, Negotiated, Session};
use cordial_sip::{DialogId, Timestamp};

use super::PhoneConfig;

/// How loud a phone talks. Decibels below full scale.
const LEVEL_DBFS: f64 = -15.0;
const FRAME_MS: u64 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Dialling,
    Ringing,
    Talking,
}

/// What a phone heard in a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// RTP packets taken.
    pub packets: u64,
    /// The loudest tone in what was heard last, if it is audible. Hertz.
    pub tone_hz: Option<f64>,
    /// Keys pressed by the far end.
    pub keys: Vec<Digit>,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) dialog: DialogId,
    pub(super) phase: Phase,
    pub(super) slot: u16,
    pub(super) hang_up_after_ms: Option<u64>,
    /// Their offer, until it is answered.
    pub(super) offered: Option<Session>,
    local: LocalMedia,
    /// Our last description; an answer is read against it.
    said: Option<Session>,
    agreed: Option<Negotiated>,
    tone_hz: Option<f64>,
    ssrc: u32,
    audio: Option<Audio>,
    next_packet: Option<Timestamp>,
}

#[derive(Debug)]
struct Audio {
    sender: RtpSender,
    receiver: RtpReceiver,
}

impl Line {
    pub(super) fn new(config: &PhoneConfig, slot: u16, id: u64, phase: Phase, chance: u64) -> Self {
        Self {
            dialog: DialogId(0),
            phase,
            slot,
            hang_up_after_ms: None,
            offered: None,
            local: LocalMedia {
                address: config.sip.ip(),
                port: config.rtp_port + 2 * slot,
                id,
                version: 1,
                codecs: vec![Codec::Pcmu, Codec::Pcma],
                dtmf: true,
                direction: Direction::SendRecv,
            },
            said: None,
            agreed: None,
            tone_hz: config.tone_hz,
            ssrc: (chance >> 32) as u32,
            audio: None,
            next_packet: None,
        }
    }

    pub(super) const fn local_port(&self) -> u16 {
        self.local.port
    }

    // Session descriptions

    pub(super) fn offer(&mut self) -> Vec<u8> {
        let session = sdp::offer(&self.local);
        self.say(session)
    }

    /// Our answer to the INVITE: to its offer, or our own offer if it brought none.
    pub(super) fn answer_body(&mut self) -> Option<Vec<u8>> {
        match self.offered.clone() {
            // RFC 3264 section 4: what was answered in a 183 is said again unchanged.
            Some(_) if self.said.is_some() => self.said.as_ref().map(Session::to_bytes),
            Some(offer) => self.answer_offer(&offer),
            None => Some(self.offer()),
        }
    }

    pub(super) fn answer_offer(&mut self, offer: &Session) -> Option<Vec<u8>> {
        let (session, agreed) = sdp::answer(offer, &self.local).ok()?;
        let body = self.say(session);
        self.agree(agreed);
        Some(body)
    }

    /// Reads their answer; one that does not fit changes nothing.
    pub(super) fn take_answer(&mut self, body: &[u8]) {
        let agreed = Session::parse(body)
            .ok()
            .zip(self.said.as_ref())
            .and_then(|(answer, said)| sdp::accept_answer(said, &answer).ok());
        if let Some(agreed) = agreed {
            self.agree(agreed);
        }
    }

    /// The offer that holds or retrieves the far end.
    pub(super) fn hold(&mut self, held: bool) -> Vec<u8> {
        self.local.direction = if held { Direction::SendOnly } else { Direction::SendRecv };
        self.offer()
    }

    fn say(&mut self, session: Session) -> Vec<u8> {
        let body = session.to_bytes();
        self.said = Some(session);
        self.local.version += 1;
        body
    }

    fn agree(&mut self, agreed: Negotiated) {
        self.agreed = Some(agreed);
        let Some(tone_hz) = self.tone_hz else { return };
        let codec = match agreed.codec {
            Codec::Pcmu => cordial_media::Codec::Pcmu,
            Codec::Pcma => cordial_media::Codec::Pcma,
        };
        match &mut self.audio {
            Some(audio) => audio.sender.set_codec(codec, agreed.payload_type),
            None => {
                let mut sender = RtpSender::new(codec, agreed.payload_type, agreed.dtmf, self.ssrc);
                sender.say_tone(tone_hz, LEVEL_DBFS);
                let receiver = RtpReceiver::new(codec, agreed.payload_type, agreed.dtmf);
                self.audio = Some(Audio { sender, receiver });
            }
        }
    }

    // Audio

    pub(super) fn begin_talking(&mut self, now: Timestamp) {
        self.phase = Phase::Talking;
        self.begin_sending(now);
    }

    pub(super) fn begin_sending(&mut self, now: Timestamp) {
        if self.audio.is_some() && self.next_packet.is_none() {
            self.next_packet = Some(now);
        }
    }

    pub(super) const fn next_packet_at(&self) -> Option<Timestamp> {
        self.next_packet
    }

    /// The next packet, if it is due.
    pub(super) fn packet_due(&mut self, now: Timestamp) -> Option<(SocketAddr, Vec<u8>)> {
        while let Some(at) = self.next_packet.filter(|at| *at <= now) {
            self.next_packet = Some(at + FRAME_MS);
            let audio = self.audio.as_mut()?;
            let agreed = self.agreed.filter(|agreed| agreed.direction.sends());
            let packet = audio.sender.next_packet();
            if let (Some(agreed), Some(bytes)) = (agreed, packet) {
                return Some((agreed.remote, bytes));
            }
        }
        None
    }

    pub(super) fn hear(&mut self, now: Timestamp, bytes: &[u8]) {
        if let Some(audio) = &mut self.audio {
            let now = cordial_media::Timestamp::default() + Duration::from_millis(now.0);
            // What is no RTP is noise to a phone.
            audio.receiver.take(now, bytes).ok();
        }
    }

    pub(super) fn press(&mut self, digits: &[Digit]) {
        if let Some(audio) = &mut self.audio {
            audio.sender.press(digits);
        }
    }

    pub(super) fn heard(&self) -> Heard {
        let Some(Audio { receiver, .. }) = &self.audio else {
            return Heard::default();
        };
        let samples = receiver.heard();
        // The last two seconds tell whom it heard, whatever was played before.
        let recent = &samples[samples.len().saturating_sub(2 * SAMPLE_RATE as usize)..];
        let loudest = tone::dominant(recent, SAMPLE_RATE, &tone::telephone_band());
        Heard {
            packets: receiver.observed().packets,
            tone_hz: loudest.map(|(hz, _)| hz),
            keys: receiver.keys().to_vec(),
        }
    }
}
