//! Session descriptions as far as telephone audio needs them (RFC 8866), and offer/answer (RFC 3264).
//!
//! ```
//! # use cordial_sip::sdp::{self, LocalMedia, Session};
//! # fn leg(body: &[u8], local: &LocalMedia) -> Result<(), sdp::SdpError> {
//! let offer = Session::parse(body)?;
//! let (answer, agreed) = sdp::answer(&offer, local)?;
//! let bytes = answer.to_bytes(); // for UserAgent::answer
//! let _ = (agreed.remote, agreed.codec, agreed.payload_type, agreed.dtmf, agreed.direction);
//! # let _ = bytes; Ok(()) }
//! ```

mod negotiate;
mod text;

pub use negotiate::{LocalMedia, Negotiated, accept_answer, answer, offer};

use std::net::IpAddr;

/// Media sections in one description. More are an error.
pub const MEDIA_MAX: usize = 16;
/// Formats or mappings of one media section. More are an error.
pub const FORMATS_MAX: usize = 64;
/// Bytes of a description. More are an error.
pub const BYTES_MAX: usize = 16_384;

/// A session description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `o=`: user name, `-` if none.
    pub username: String,
    /// `o=`: id of the session.
    pub id: u64,
    /// `o=`: raised by one with each change.
    pub version: u64,
    /// `o=`: the originator's address, as written.
    pub origin_address: String,
    /// `s=`.
    pub name: String,
    /// `c=` for all media.
    pub connection: Option<IpAddr>,
    /// Direction for all media.
    pub direction: Option<Direction>,
    /// `m=` and what follows each.
    pub media: Vec<Media>,
}

/// One media section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, ...
    pub kind: String,
    /// 0 refuses the section.
    pub port: u16,
    /// `RTP/AVP`, ...
    pub protocol: String,
    /// Payload types, as written.
    pub formats: Vec<String>,
    /// `c=` of this section.
    pub connection: Option<IpAddr>,
    /// `a=rtpmap`.
    pub maps: Vec<RtpMap>,
    /// `a=fmtp`: payload type and parameters.
    pub parameters: Vec<(u8, String)>,
    /// `a=ptime`, in milliseconds.
    pub ptime_ms: Option<u16>,
    /// Direction of this section.
    pub direction: Option<Direction>,
}

/// What a payload type means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpMap {
    /// Payload type.
    pub payload_type: u8,
    /// Encoding name.
    pub name: String,
    /// Clock rate in hertz.
    pub rate: u32,
}

/// Who sends, from the side of whoever wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// The writer only sends: it holds the other.
    SendOnly,
    /// The writer only listens.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// From its two halves.
    pub fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether the writer sends.
    pub fn sends(self) -> bool {
        match self {
            Self::SendRecv | Self::SendOnly => true,
            Self::RecvOnly | Self::Inactive => false,
        }
    }

    /// Whether the writer listens.
    pub fn receives(self) -> bool {
        match self {
            Self::SendRecv | Self::RecvOnly => true,
            Self::SendOnly | Self::Inactive => false,
        }
    }

    /// The same, seen from the other side.
    pub fn mirrored(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both allow.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|direction| direction.as_str() == text)
    }
}

/// The voice codecs spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Codec {
    /// G.711 mu-law, payload type 0.
    Pcmu,
    /// G.711 A-law, payload type 8.
    Pcma,
}

impl Codec {
    /// Its static payload type (RFC 3551).
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// Its encoding name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }
}

/// Why a description cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Not a session description.
    #[error("line {0} of the session description cannot be read")]
    Line(usize),
    /// A limit of this module.
    #[error("the session description has too many {0}")]
    TooMany(&'static str),
    /// No audio over plain RTP.
    #[error("no audio over RTP/AVP is offered")]
    NoAudio,
    /// Audio, but in no codec of ours.
    #[error("no codec in common")]
    NoCodec,
    /// No address, or a name instead of one.
    #[error("the audio has no numeric address")]
    NoAddress,
    /// The answer does not belong to the offer.
    #[error("the answer does not match the offer")]
    Mismatch,
}
