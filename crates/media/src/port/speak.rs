//! What a port sends: digits, else its play, else what its partner says.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{Heard, Kind, Party, Port};
use crate::command::AtEnd;
use crate::dtmf::{Digit, OrderDone, Send};
use crate::event::{MediaEvent, PlayEnding, Transmit};
use crate::g711::Codec;
use crate::id::PlayId;
use crate::outbox::Outbox;
use crate::outgoing::Header;
use crate::player::{Player, Progress};
use crate::rtp::RtpPacket;
use crate::time::Timestamp;

impl Port {
    /// Sends on what the partner said.
    pub(crate) fn relay(&mut self, now: Timestamp, heard: &Heard<'_>, out: &mut Outbox) {
        let may_send = |party: &&Party| party.remote.send && self.player.is_none() && !self.sender.is_busy();
        let Some(party) = self.party.as_ref().filter(may_send) else {
            self.outgoing.interrupt();
            return;
        };
        let (payload_type, is_event) = match (heard.kind, party.remote.dtmf_payload_type) {
            (Kind::Audio, _) => (party.remote.payload_type, false),
            (Kind::Event, Some(payload_type)) => (payload_type, true),
            // The party cannot take events; the key was told to the node all the same.
            (Kind::Event, None) => return,
        };
        let (to, codec) = (party.lock.destination(), party.remote.codec);
        let Some(header) = self.outgoing.relayed(now, heard.stream, &heard.packet, is_event) else {
            return;
        };
        let mut bytes = self.begin_packet(header, payload_type, out);
        match heard.kind {
            Kind::Audio => heard.codec.translate_into(codec, heard.packet.payload, &mut bytes),
            Kind::Event => bytes.extend_from_slice(heard.packet.payload),
        }
        self.send(to, bytes, out);
    }

    /// Sends 20 ms that were mixed for this port, unless it is played something or bridged.
    pub(crate) fn speak_mixed(&mut self, now: Timestamp, frame: &[i16], out: &mut Outbox) {
        if self.player.is_some() || self.partner.is_some() || self.sender.is_busy() {
            return;
        }
        let target = self.party.as_ref().filter(|p| p.remote.send).map(|p| (p.remote, p.lock.destination()));
        let Some((remote, to)) = target else { return };
        let header = self.outgoing.player_frame(now);
        let mut bytes = self.begin_packet(header, remote.payload_type, out);
        bytes.extend(frame.iter().map(|sample| remote.codec.encode(*sample)));
        self.send(to, bytes, out);
    }

    /// Starts a play in place of the one before.
    pub(crate) fn play(&mut self, play: PlayId, list: Vec<Arc<[u8]>>, then: AtEnd, out: &mut Outbox) {
        self.stop_play(PlayEnding::Replaced, out);
        self.last_play = Some(play);
        self.player = Some(Player::new(play, list, then).going_on(self.music.as_ref()));
    }

    /// The last play that was started here, whether it runs or not.
    pub(crate) fn last_play(&self) -> Option<PlayId> {
        self.last_play
    }

    /// Ends the running play, if any.
    pub(crate) fn stop_play(&mut self, ending: PlayEnding, out: &mut Outbox) {
        if let Some(player) = self.player.take()
            && !player.is_resting()
        {
            out.event(MediaEvent::PlayEnded { port: self.at, play: player.play(), ending });
            if player.repeats() {
                self.music = Some(player);
            }
        }
    }

    pub(crate) fn send_digits(&mut self, digits: Vec<Digit>, out: &mut Outbox) {
        self.sender.queue(digits);
        if self.party.as_ref().is_none_or(|p| p.remote.dtmf_payload_type.is_none() || !p.remote.send) {
            self.abandon_digits(out);
        }
    }

    /// Sends 20 ms of a digit. Says whether digits have the port at this tick.
    pub(super) fn tick_digits(&mut self, now: Timestamp, out: &mut Outbox) -> bool {
        let party = self.party.as_ref().filter(|p| p.remote.send);
        let Some((to, payload_type)) =
            party.and_then(|p| Some((p.lock.destination(), p.remote.dtmf_payload_type?)))
        else {
            self.abandon_digits(out);
            return false;
        };
        let (send, done) = self.sender.tick();
        let (header, event) = match send {
            Send::Idle => {
                self.tell_digits_done(done, out);
                return false;
            }
            Send::Wait => return true,
            Send::Begin(event) => {
                let header = self.outgoing.digit_begins(now);
                self.sender.begun(header.timestamp);
                (header, event)
            }
            Send::GoOn(timestamp, event) => (self.outgoing.digit_goes_on(timestamp, event.duration), event),
        };
        let mut bytes = self.begin_packet(header, payload_type, out);
        bytes.extend_from_slice(&event.to_bytes());
        self.send(to, bytes, out);
        self.tell_digits_done(done, out);
        true
    }

    /// Plays 20 ms. A play goes on in time while its party cannot be sent to.
    pub(super) fn tick_player(&mut self, now: Timestamp, out: &mut Outbox) {
        let Some(player) = &mut self.player else { return };
        let target = self.party.as_ref().filter(|p| p.remote.send).map(|p| (p.remote, p.lock.destination()));
        let codec = target.map_or(Codec::Pcmu, |(remote, _)| remote.codec);
        let mut audio = out.buffer();
        let progress = player.frame(codec, &mut audio);
        let (play, then) = (player.play(), player.then());
        if let Some((remote, to)) = target {
            let header = self.outgoing.player_frame(now);
            let mut bytes = self.begin_packet(header, remote.payload_type, out);
            bytes.extend_from_slice(&audio);
            self.send(to, bytes, out);
        }
        out.recycle(audio);
        if progress == Progress::Ended {
            out.event(MediaEvent::PlayEnded { port: self.at, play, ending: PlayEnding::Finished });
            // Beside a bridge there is something better to hear than silence.
            if then == AtEnd::Stop || self.partner.is_some() {
                self.player = None;
            }
        }
    }

    pub(super) fn report(&mut self, now: Timestamp, goodbye: bool, out: &mut Outbox) {
        let Some(party) = &self.party else { return };
        let to = party.lock.destination();
        let Some(port) = to.port().checked_add(1).filter(|_| party.remote.address.port() != 0) else {
            return;
        };
        if to.ip().is_unspecified() {
            return;
        }
        let mut bytes = out.buffer();
        self.reports.write_into(now, &self.outgoing, &mut self.reception, goodbye, &mut bytes);
        out.transmit(Transmit {
            local: self.local,
            to: SocketAddr::new(to.ip(), port),
            bytes,
            is_rtcp: true,
        });
    }

    fn begin_packet(&self, header: Header, payload_type: u8, out: &mut Outbox) -> Vec<u8> {
        let mut bytes = out.buffer();
        let Header { marker, sequence, timestamp } = header;
        RtpPacket { payload_type, marker, sequence, timestamp, ssrc: self.outgoing.ssrc(), payload: &[] }
            .write_into(&mut bytes);
        bytes
    }

    fn send(&mut self, to: SocketAddr, bytes: Vec<u8>, out: &mut Outbox) {
        self.outgoing.sent(bytes.len() - 12);
        out.transmit(Transmit { local: self.local, to, bytes, is_rtcp: false });
    }

    pub(super) fn abandon_digits(&mut self, out: &mut Outbox) {
        for done in self.sender.abandon() {
            out.event(MediaEvent::DtmfSent { port: self.at, sent: done.sent, unsent: done.unsent });
        }
    }

    fn tell_digits_done(&self, done: Option<OrderDone>, out: &mut Outbox) {
        if let Some(OrderDone { sent, unsent }) = done {
            out.event(MediaEvent::DtmfSent { port: self.at, sent, unsent });
        }
    }
}
