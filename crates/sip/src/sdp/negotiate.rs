//! Offer and answer (RFC 3264).

use std::net::{IpAddr, SocketAddr};

use super::{Codec, Direction, Media, RtpMap, SdpError, Session};

/// Payload type under which we offer telephone events (RFC 4733).
const DTMF_PAYLOAD_TYPE: u8 = 101;
const PTIME_DEFAULT_MS: u16 = 20;

/// Our end of one leg's audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalMedia {
    /// Where we receive.
    pub address: IpAddr,
    /// The RTP port there.
    pub port: u16,
    /// `o=` id, the same through the leg's life.
    pub id: u64,
    /// `o=` version, one more with each description that differs.
    pub version: u64,
    /// What we speak, the best first.
    pub codecs: Vec<Codec>,
    /// Whether we speak telephone events.
    pub dtmf: bool,
    /// What we are willing to do.
    pub direction: Direction,
}

/// What offer and answer agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Where we send.
    pub remote: SocketAddr,
    /// What we send and receive.
    pub codec: Codec,
    /// Its payload type, both ways.
    pub payload_type: u8,
    /// Payload type of telephone events, if both speak them.
    pub dtmf: Option<u8>,
    /// What we do: `SendOnly` means the far end is held by us, `RecvOnly` that it holds us.
    pub direction: Direction,
    /// Milliseconds of audio the far end wants in a packet.
    pub ptime_ms: u16,
}

impl Negotiated {
    /// Whether the far end wants no audio from us.
    pub fn holds_us(&self) -> bool {
        !self.direction.sends()
    }
}

/// Our offer.
pub fn offer(local: &LocalMedia) -> Session {
    let codecs = local.codecs.iter().map(|codec| (*codec, codec.payload_type()));
    let dtmf = local.dtmf.then_some(DTMF_PAYLOAD_TYPE);
    session(local, vec![audio(local, codecs, dtmf, local.direction)])
}

/// Our answer to their offer, and what is agreed by it. Sections beside the first usable audio are refused.
pub fn answer(offer: &Session, local: &LocalMedia) -> Result<(Session, Negotiated), SdpError> {
    let usable = |media: &Media| media.kind == "audio" && media.protocol == "RTP/AVP" && media.port != 0;
    let chosen = offer.media.iter().position(usable).ok_or(SdpError::NoAudio)?;
    let theirs = &offer.media[chosen];
    let (codec, payload_type) = local
        .codecs
        .iter()
        .find_map(|codec| theirs.payload_type(codec.name()).map(|payload_type| (*codec, payload_type)))
        .ok_or(SdpError::NoCodec)?;
    let dtmf = if local.dtmf { theirs.payload_type("telephone-event") } else { None };
    let (remote, their_direction) = offer.far_end(theirs)?;
    let direction = their_direction.mirrored().and(local.direction);
    let ptime_ms = theirs.ptime_ms.unwrap_or(PTIME_DEFAULT_MS);
    let refused = |media: &Media| Media {
        port: 0,
        connection: None,
        maps: Vec::new(),
        parameters: Vec::new(),
        ptime_ms: None,
        direction: None,
        ..media.clone()
    };
    let mut media: Vec<Media> = offer.media.iter().map(refused).collect();
    media[chosen] = audio(local, [(codec, payload_type)].into_iter(), dtmf, direction);
    Ok((session(local, media), Negotiated { remote, codec, payload_type, dtmf, direction, ptime_ms }))
}

/// What their answer to our offer agrees on.
pub fn accept_answer(offer: &Session, answer: &Session) -> Result<Negotiated, SdpError> {
    if answer.media.len() != offer.media.len() {
        return Err(SdpError::Mismatch);
    }
    let index = offer.media.iter().position(|media| media.kind == "audio").ok_or(SdpError::NoAudio)?;
    let (ours, theirs) = (&offer.media[index], &answer.media[index]);
    if theirs.kind != ours.kind {
        return Err(SdpError::Mismatch);
    }
    if theirs.port == 0 {
        return Err(SdpError::NoAudio);
    }
    let (codec, payload_type) = theirs
        .formats
        .iter()
        .filter_map(|format| format.parse::<u8>().ok())
        .find_map(|payload_type| {
            let codec = [Codec::Pcmu, Codec::Pcma].into_iter().find(|codec| {
                theirs.payload_type(codec.name()) == Some(payload_type)
                    && ours.payload_type(codec.name()).is_some()
            })?;
            Some((codec, payload_type))
        })
        .ok_or(SdpError::NoCodec)?;
    let dtmf =
        ours.payload_type("telephone-event").and_then(|_offered| theirs.payload_type("telephone-event"));
    let (remote, their_direction) = answer.far_end(theirs)?;
    let our_direction = ours.direction.or(offer.direction).unwrap_or(Direction::SendRecv);
    Ok(Negotiated {
        remote,
        codec,
        payload_type,
        dtmf,
        direction: their_direction.mirrored().and(our_direction),
        ptime_ms: theirs.ptime_ms.unwrap_or(PTIME_DEFAULT_MS),
    })
}

impl Session {
    /// The address at which audio is wanted, if one is said.
    pub fn audio_address(&self) -> Option<IpAddr> {
        let audio = self.media.iter().find(|media| media.kind == "audio")?;
        audio.connection.or(self.connection)
    }

    /// Where a section's audio goes, and its direction with the old hold of RFC 2543 (`c=0.0.0.0`) read as
    /// what it meant: do not send to me.
    fn far_end(&self, media: &Media) -> Result<(SocketAddr, Direction), SdpError> {
        let address = media.connection.or(self.connection).ok_or(SdpError::NoAddress)?;
        let mut direction = media.direction.or(self.direction).unwrap_or(Direction::SendRecv);
        if address.is_unspecified() {
            direction = direction.and(Direction::SendOnly);
        }
        Ok((SocketAddr::new(address, media.port), direction))
    }
}

impl Media {
    /// The first listed payload type of an encoding at 8 kHz.
    fn payload_type(&self, name: &str) -> Option<u8> {
        self.formats.iter().filter_map(|format| format.parse::<u8>().ok()).find(|payload_type| {
            match self.maps.iter().find(|map| map.payload_type == *payload_type) {
                Some(map) => map.name.eq_ignore_ascii_case(name) && map.rate == 8_000,
                // RFC 3551: static payload types need no mapping.
                None => [Codec::Pcmu, Codec::Pcma]
                    .iter()
                    .any(|codec| codec.name() == name && codec.payload_type() == *payload_type),
            }
        })
    }
}

fn session(local: &LocalMedia, media: Vec<Media>) -> Session {
    Session {
        username: "-".to_owned(),
        id: local.id,
        version: local.version,
        origin_address: local.address.to_string(),
        name: "-".to_owned(),
        connection: Some(local.address),
        direction: None,
        media,
    }
}

fn audio(
    local: &LocalMedia,
    codecs: impl Iterator<Item = (Codec, u8)>,
    dtmf: Option<u8>,
    direction: Direction,
) -> Media {
    let map = |payload_type: u8, name: &str| RtpMap { payload_type, name: name.to_owned(), rate: 8_000 };
    let mut maps: Vec<RtpMap> = codecs.map(|(codec, payload_type)| map(payload_type, codec.name())).collect();
    maps.extend(dtmf.map(|payload_type| map(payload_type, "telephone-event")));
    Media {
        kind: "audio".to_owned(),
        port: local.port,
        protocol: "RTP/AVP".to_owned(),
        formats: maps.iter().map(|map| map.payload_type.to_string()).collect(),
        connection: None,
        maps,
        parameters: dtmf.map(|payload_type| (payload_type, "0-16".to_owned())).into_iter().collect(),
        ptime_ms: Some(PTIME_DEFAULT_MS),
        direction: Some(direction),
    }
}
