//! A leg's media port: addresses, plays, bridges, recordings.

use std::net::IpAddr;
use std::sync::Arc;

use cordial_engine::call::Cause;
use cordial_engine::entry::Name;
use cordial_engine::id::{Guid, LegId, RecordingId, TenantId};
use cordial_engine::text::Text;
use cordial_engine::{AfterPrompts, Now, Report};
use cordial_media::{
    AtEnd, Digit, Epoch, Gain, LocalSocket, MediaCommand, MediaEvent, PlayEnding, PlayId, PoolExhausted,
    PortId, PortRef, PromptName, Remote,
};
use cordial_sip::sdp::{self, Codec, Direction, LocalMedia, Negotiated, SdpError, Session};

use crate::node::{Node, Output, media_time};

/// What a waiting caller hears when nobody chose anything else.
const MUSIC_DEFAULT: &str = "music/hold";
/// Milliseconds that each digit by INFO takes of its leg's allowance: as long as one takes to be sent on.
const DIGIT_MS: u64 = 150;
/// Digits by INFO that may come at once. More are left out, well before the worker's own queue is full.
const DIGITS_BURST: u64 = 32;
/// Ports live and die with the process, so one epoch does for all of them.
const EPOCH: Epoch = Epoch(1);

/// Our end of a leg's audio.
pub(crate) struct Port {
    pub(crate) port: PortRef,
    local: LocalMedia,
    /// What we said last; an answer is read against it.
    said: Option<Session>,
    /// What was agreed last.
    agreed: Option<Negotiated>,
}

/// A play that runs, and what follows it.
pub(crate) struct Playing {
    leg: LegId,
    then: AfterPrompts,
}

impl Port {
    /// Our offer; each is a new version of the same session.
    pub(crate) fn offer(&mut self) -> Vec<u8> {
        let session = sdp::offer(&self.local);
        self.say(session)
    }

    /// Our answer to their offer, or the same one again if they asked nothing new.
    fn answer(&mut self, offer: &Session) -> Result<(Vec<u8>, Negotiated), SdpError> {
        let (session, agreed) = sdp::answer(offer, &self.local)?;
        Ok((self.say(session), agreed))
    }

    /// RFC 3264 section 8: the version is raised by one with each description that differs, and stays with one that does
    /// not: a refresh is no change.
    fn say(&mut self, mut session: Session) -> Vec<u8> {
        if let Some(said) = &self.said {
            session.version = said.version;
            if session != *said {
                session.version += 1;
            }
        }
        let bytes = session.to_bytes();
        self.said = Some(session);
        bytes
    }

    /// Whether the far end holds us, by what was agreed last.
    pub(crate) fn held(&self) -> bool {
        self.agreed.is_some_and(|agreed| agreed.holds_us())
    }
}

impl Node {
    /// Opens a leg's port if it has none, at our address of the family that its far end speaks.
    pub(crate) fn open_port(
        &mut self,
        now: Now,
        leg: LegId,
        far: Option<IpAddr>,
    ) -> Result<(), PoolExhausted> {
        let first = self.config.media_address;
        let of_its_family =
            |ours: &IpAddr| far.is_some_and(|far| far.to_canonical().is_ipv6() == ours.is_ipv6());
        let address = [Some(first), self.reach.media_address].into_iter().flatten().find(of_its_family);
        let address = address.unwrap_or(first);
        let Some(entry) = self.legs.get_mut(&leg) else {
            return Ok(());
        };
        if entry.port.is_some() {
            return Ok(());
        }
        let local = self.pool.take(media_time(now))?;
        self.ports_opened += 1;
        let port = PortRef::new(PortId(self.ports_opened), EPOCH);
        entry.port = Some(Port {
            port,
            local: LocalMedia {
                address,
                port: local.0,
                id: leg.0,
                version: 1,
                codecs: vec![Codec::Pcmu, Codec::Pcma],
                dtmf: true,
                direction: Direction::SendRecv,
            },
            said: None,
            agreed: None,
        });
        self.by_port.insert(port.port, leg);
        self.push(Output::Media(MediaCommand::OpenPort { port, local }));
        Ok(())
    }

    /// Answers an offer at a leg's port and tells the worker what was agreed.
    pub(crate) fn answer_offer(&mut self, leg: LegId, offer: &Session) -> Result<Vec<u8>, SdpError> {
        let port = self.port_mut(leg).ok_or(SdpError::NoAudio)?;
        let (bytes, agreed) = port.answer(offer)?;
        self.agree(leg, agreed);
        Ok(bytes)
    }

    /// Reads an answer to our last offer and tells the worker what was agreed.
    pub(crate) fn take_answer(&mut self, leg: LegId, body: &[u8]) -> Result<(), SdpError> {
        let answer = Session::parse(body)?;
        let port = self.port_mut(leg).ok_or(SdpError::NoAudio)?;
        let said = port.said.as_ref().ok_or(SdpError::Mismatch)?;
        let agreed = sdp::accept_answer(said, &answer)?;
        self.agree(leg, agreed);
        Ok(())
    }

    fn agree(&mut self, leg: LegId, agreed: Negotiated) {
        let Some(port) = self.port_mut(leg) else { return };
        // A refresh agrees on what holds already: a source that was learned stays learned.
        if port.agreed.replace(agreed) == Some(agreed) {
            return;
        }
        let port = port.port;
        self.push(Output::Media(MediaCommand::SetRemote { port, remote: remote(&agreed) }));
    }

    pub(crate) fn port_mut(&mut self, leg: LegId) -> Option<&mut Port> {
        self.legs.get_mut(&leg)?.port.as_mut()
    }

    fn port_ref(&self, leg: LegId) -> Option<PortRef> {
        Some(self.legs.get(&leg)?.port.as_ref()?.port)
    }

    pub(crate) fn close_port(&mut self, port: &Port) {
        // The plays of a port end with it; their endings concern nobody any more.
        let leg = self.by_port.remove(&port.port.port);
        self.plays.retain(|_, playing| Some(playing.leg) != leg);
        self.push(Output::Media(MediaCommand::ClosePort { port: port.port }));
    }

    // Actions

    pub(crate) fn bridge(&mut self, a: LegId, b: LegId) {
        self.set_bridged(a, Some(b));
        self.set_bridged(b, Some(a));
        if let (Some(a), Some(b)) = (self.port_ref(a), self.port_ref(b)) {
            self.push(Output::Media(MediaCommand::Bridge { a, b }));
        }
    }

    fn set_bridged(&mut self, leg: LegId, with: Option<LegId>) {
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.bridged = with;
        }
    }

    /// A digit that came by INFO is heard by whom the leg talks to, as a telephone event (RFC 4733). What comes faster
    /// than anybody presses keys is left out.
    pub(crate) fn pass_digit(&mut self, now: Now, leg: LegId, digit: char) {
        let Some(digit) = Digit::parse(digit) else { return };
        let Some(from) = self.legs.get_mut(&leg) else { return };
        let next = from.next_digit.max(now.at.0) + DIGIT_MS;
        let Some(to) = from.bridged.filter(|_| next <= now.at.0 + DIGITS_BURST * DIGIT_MS) else {
            return;
        };
        from.next_digit = next;
        // A leg that ended meanwhile has no port.
        if let Some(port) = self.port_ref(to) {
            self.push(Output::Media(MediaCommand::SendDtmf { port, digits: vec![digit] }));
        }
    }

    pub(crate) fn unbridge(&mut self, a: LegId, b: LegId) {
        self.set_bridged(a, None);
        self.set_bridged(b, None);
        if let (Some(a), Some(b)) = (self.port_ref(a), self.port_ref(b)) {
            self.push(Output::Media(MediaCommand::Unbridge { a, b }));
        }
    }

    /// Sends keys to a leg, as telephone events.
    pub(crate) fn send_digits(&mut self, leg: LegId, digits: &str) {
        let digits = digits.chars().filter_map(Digit::parse).collect();
        if let Some(port) = self.port_ref(leg) {
            self.push(Output::Media(MediaCommand::SendDtmf { port, digits }));
        }
    }

    /// Lets a leg hear others, whether they hear it or not.
    pub(crate) fn mix(&mut self, leg: LegId, others: &[LegId]) {
        let Some(listener) = self.port_ref(leg) else { return };
        let heard = others.iter().filter_map(|other| self.port_ref(*other));
        let sources = heard.map(|port| (port, Gain::UNITY)).collect();
        self.push(Output::Media(MediaCommand::Mix { listener, sources }));
    }

    pub(crate) fn play(&mut self, leg: LegId, prompts: &[Name], then: AfterPrompts) {
        let Some(port) = self.port_ref(leg) else { return };
        let named = prompts.iter().map(|name| PromptName::new(name.as_str())).collect::<Vec<_>>();
        let (playlist, at_end, then) = match then {
            AfterPrompts::Music(music) if named.is_empty() => {
                let music = music.as_ref().map_or(MUSIC_DEFAULT, Name::as_str);
                (vec![PromptName::new(music)], AtEnd::Loop, AfterPrompts::Music(None))
            }
            then @ (AfterPrompts::Music(_) | AfterPrompts::Report) => (named, AtEnd::Silence, then),
        };
        let play = self.next_play(leg, then);
        self.push(Output::Media(MediaCommand::Play { port, play, playlist, then: at_end }));
    }

    pub(crate) fn play_message(&mut self, leg: LegId, guid: Guid, tenant: TenantId) {
        if self.port_ref(leg).is_none() {
            return;
        }
        let play = self.next_play(leg, AfterPrompts::Report);
        self.push(Output::PlayMessage { play, guid, tenant });
    }

    fn next_play(&mut self, leg: LegId, then: AfterPrompts) -> PlayId {
        self.plays_started += 1;
        let play = PlayId(self.plays_started);
        self.plays.insert(play, Playing { leg, then });
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.play = Some(play);
        }
        play
    }

    /// Lets audio be heard that was asked for by [`Output::PlayMessage`], if anybody still listens.
    pub fn handle_audio(&mut self, play: PlayId, audio: Arc<[u8]>) {
        let leg = self.plays.get(&play).map(|playing| playing.leg);
        if let Some(port) = leg.and_then(|leg| self.port_ref(leg)) {
            let then = AtEnd::Silence;
            self.push(Output::Media(MediaCommand::PlayAudio { port, play, audio, then }));
        }
    }

    /// A key is the engine's business when nobody else is talked to.
    pub(crate) fn tell_digit(&mut self, now: Now, leg: LegId, digit: char) {
        if self.legs.get(&leg).is_some_and(|leg| leg.bridged.is_none()) {
            self.report(now, Report::Digit { leg, digit });
        }
    }

    pub(crate) fn stop_play(&mut self, leg: LegId) {
        if let Some(port) = self.port_ref(leg) {
            self.push(Output::Media(MediaCommand::StopPlay { port }));
        }
    }

    /// Starts a recording, unless one of its legs went away while the journal was busy: then there is nothing to hear.
    pub(crate) fn start_recording(
        &mut self,
        now: Now,
        recording: RecordingId,
        file: (Guid, TenantId),
        (left, right): (LegId, &[LegId]),
    ) {
        let (Some(left), Some(right)) = (self.port_ref(left), self.port_refs(right).first().copied()) else {
            let why = Text::parse("the call ended before the recording began").unwrap_or_default();
            self.report(now, Report::RecordingFailed { recording, why });
            return;
        };
        let (guid, tenant) = file;
        self.push(Output::OpenRecording { recording, guid, tenant });
        let recording = cordial_media::RecordingId(recording.0);
        self.push(Output::Media(MediaCommand::StartRecording { recording, left, right }));
    }

    /// Goes on with a recording among other legs.
    pub(crate) fn move_recording(&mut self, recording: RecordingId, left: LegId, right: &[LegId]) {
        if let (Some(left), Some(right)) = (self.port_ref(left), self.port_refs(right).first().copied()) {
            let recording = cordial_media::RecordingId(recording.0);
            self.push(Output::Media(MediaCommand::MoveRecording { recording, left, right }));
        }
    }

    fn port_refs(&self, legs: &[LegId]) -> Vec<PortRef> {
        legs.iter().filter_map(|leg| self.port_ref(*leg)).collect()
    }

    // What the worker tells

    pub(crate) fn media_event(&mut self, now: Now, event: &MediaEvent) {
        match *event {
            MediaEvent::PortFailed { port, .. } => {
                if let Some(leg) = self.by_port.get(&port.port).copied() {
                    // A port that never opened is never told closed, so its socket goes back from here.
                    let local = self.port_mut(leg).map(|port| LocalSocket(port.local.port));
                    self.fail_leg(now, leg, Cause::Failed(500));
                    local.and_then(|local| self.pool.give_back(media_time(now), local).ok());
                }
            }
            MediaEvent::PortClosed { local, .. } => {
                // Given back already when `PortFailed` came before.
                self.pool.give_back(media_time(now), local).ok();
            }
            MediaEvent::PlayEnded { play, ending, .. } => self.play_ended(now, play, ending),
            MediaEvent::Dtmf { port, digit, .. } => {
                if let Some(leg) = self.by_port.get(&port.port).copied() {
                    self.tell_digit(now, leg, digit.as_char());
                }
            }
            // Silence may be a phone that died: its dialog is asked. A call on hold is silent and alive.
            MediaEvent::MediaStalled { port, started: true, .. } => {
                if let Some(leg) = self.by_port.get(&port.port).copied() {
                    self.ping_leg(now, leg);
                }
            }
            MediaEvent::MediaStalled { started: false, .. }
            | MediaEvent::MediaStarted { .. }
            | MediaEvent::MediaResumed { .. }
            | MediaEvent::DtmfSent { .. }
            | MediaEvent::PromptMissing { .. }
            | MediaEvent::RecordingStarted { .. }
            | MediaEvent::RecordingStopped { .. } => {}
        }
    }

    fn play_ended(&mut self, now: Now, play: PlayId, ending: PlayEnding) {
        let Some(Playing { leg, then }) = self.plays.remove(&play) else {
            return;
        };
        // It ended while something else was on its way to the same ears: that is what counts.
        if self.legs.get(&leg).is_none_or(|leg| leg.play != Some(play)) {
            return;
        }
        match ending {
            // What cannot be played has been played: a missing prompt never keeps a caller from being served.
            PlayEnding::Finished | PlayEnding::Unplayable => match then {
                AfterPrompts::Report => {
                    self.report(now, Report::PromptsEnded { leg });
                }
                AfterPrompts::Music(Some(music)) => self.play(leg, &[], AfterPrompts::Music(Some(music))),
                AfterPrompts::Music(None) if ending == PlayEnding::Finished => {
                    self.play(leg, &[], AfterPrompts::Music(None));
                }
                AfterPrompts::Music(None) => {}
            },
            PlayEnding::Stopped | PlayEnding::Replaced | PlayEnding::Bridged | PlayEnding::PortClosed => {}
        }
    }
}

fn remote(agreed: &Negotiated) -> Remote {
    Remote {
        address: agreed.remote,
        codec: match agreed.codec {
            Codec::Pcmu => cordial_media::Codec::Pcmu,
            Codec::Pcma => cordial_media::Codec::Pcma,
        },
        payload_type: agreed.payload_type,
        dtmf_payload_type: agreed.dtmf,
        send: agreed.direction.sends(),
        receive: agreed.direction.receives(),
    }
}
