//! Where bytes come from and go to.

use std::fmt;
use std::net::SocketAddr;

/// Names one of the shell's listening sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListenerId(pub u16);

/// Names one accepted or opened connection; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(pub u64);

/// The transports of RFC 3261 section 18 and RFC 7118.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A plain stream.
    Tcp,
    /// A stream under TLS.
    Tls,
    /// WebSocket frames, each a whole message; under TLS or not.
    Ws,
}

impl Transport {
    /// Whether the transport itself delivers what is sent.
    pub fn is_reliable(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp | Self::Tls | Self::Ws => true,
        }
    }

    /// The word used in a Via.
    pub fn via_token(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            // RFC 7118 section 5.2: browsers are told WSS only by the scheme of their own URL.
            Self::Ws => "WSS",
        }
    }

    /// The value of a URI's `transport` parameter, where one is needed.
    pub fn uri_parameter(self) -> Option<&'static str> {
        match self {
            Self::Udp => None,
            Self::Tcp => Some("tcp"),
            Self::Tls => Some("tls"),
            Self::Ws => Some("ws"),
        }
    }

    /// The port meant when none is written.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 443,
        }
    }
}

/// One path between us and a far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// How the bytes travel.
    pub transport: Transport,
    /// Our end.
    pub listener: ListenerId,
    /// Their end, as seen by the socket.
    pub remote: SocketAddr,
    /// The connection, on stream transports.
    pub stream: Option<StreamId>,
}

impl Flow {
    /// A datagram path.
    pub fn udp(listener: ListenerId, remote: SocketAddr) -> Self {
        Self { transport: Transport::Udp, listener, remote, stream: None }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.transport.via_token(), self.remote)?;
        match self.stream {
            Some(StreamId(id)) => write!(f, " #{id}"),
            None => Ok(()),
        }
    }
}

/// Bytes to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub flow: Flow,
    /// What: one whole message, or a keep-alive.
    pub bytes: Vec<u8>,
}
