//! The sockets on which SIP is taken: opened at the start, each with a name of its own in every flow.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use cordial_node::Reach;
use cordial_sip::{Listener, ListenerId, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::config::{Config, Listen, Several};
use crate::limits::{ACCEPT_BACKLOG, SIP_BUFFER};
use crate::run::StartError;

/// One open socket.
pub(crate) struct Listening<S> {
    /// Its name in every flow.
    pub(crate) id: ListenerId,
    /// The socket.
    pub(crate) socket: S,
    /// Where it listens, with the port that the system chose when none was asked for.
    pub(crate) address: SocketAddr,
}

/// All sockets of SIP.
pub(crate) struct SipSockets {
    /// Datagrams. They come first, so that the bindings kept across a restart name the same sockets again when
    /// connections are switched on or off.
    pub(crate) udp: Vec<Listening<UdpSocket>>,
    /// Plain connections.
    pub(crate) tcp: Vec<Listening<TcpListener>>,
    /// Connections under TLS.
    pub(crate) tls: Vec<Listening<TcpListener>>,
}

impl SipSockets {
    /// Opens what the configuration names.
    ///
    /// # Errors
    /// The first that cannot be opened, with its option.
    pub(crate) fn open(config: &Config) -> Result<Self, StartError> {
        let mut ids = 0;
        Ok(Self {
            udp: open_all("sip.udp", &config.sip.udp, &mut ids, open_udp)?,
            tcp: open_all("sip.tcp", &config.sip.tcp, &mut ids, open_tcp)?,
            tls: open_all("sip.tls", &config.sip.tls, &mut ids, open_tcp)?,
        })
    }

    /// Name, transport and address of each, in the order of their names.
    pub(crate) fn all(&self) -> Vec<(ListenerId, Transport, SocketAddr)> {
        let udp = self.udp.iter().map(|socket| (socket.id, Transport::Udp, socket.address));
        let tcp = self.tcp.iter().map(|socket| (socket.id, Transport::Tcp, socket.address));
        let tls = self.tls.iter().map(|socket| (socket.id, Transport::Tls, socket.address));
        udp.chain(tcp).chain(tls).collect()
    }
}

/// How the user agent tells others of our listeners.
pub(crate) fn advertised(config: &Config, all: &[(ListenerId, Transport, SocketAddr)]) -> Vec<Listener> {
    let domain = config.first_tenant.domain.as_str();
    // A browser asks on its own connection, whatever the host; so HTTP at all addresses needs no other name for it.
    let unadvertised = |ip: IpAddr| if ip.is_unspecified() { domain.to_owned() } else { ip.to_string() };
    let listener = |(id, transport, address): &(ListenerId, Transport, SocketAddr)| Listener {
        id: *id,
        transport: *transport,
        host: config.sip.advertised(address.ip()).map_or_else(|| unadvertised(address.ip()), str::to_owned),
        port: address.port(),
        // One realm for all who dial us by address: that of the first tenant, whose devices most likely are meant.
        realm: Some(domain.to_owned()),
    };
    all.iter().map(listener).collect()
}

/// What the node can be reached by beside the first listener and the first address of the audio.
pub(crate) fn reach(config: &Config, all: &[(ListenerId, Transport, SocketAddr)]) -> Reach {
    let ipv6 = all.iter().filter(|(_, _, address)| address.is_ipv6());
    Reach {
        ipv6_listeners: ipv6.map(|(id, ..)| *id).collect(),
        media_address: config.media.ip.all().get(1).map(|ip| ip.get()),
    }
}

fn open_all<S>(
    key: &'static str,
    addresses: &Several<Listen>,
    ids: &mut u16,
    open: impl Fn(SocketAddr) -> io::Result<(S, SocketAddr)>,
) -> Result<Vec<Listening<S>>, StartError> {
    let mut all = Vec::new();
    for address in addresses.all() {
        let address = address.get();
        let (socket, local) = open(address).map_err(|source| StartError::Listen { key, address, source })?;
        all.push(Listening { id: ListenerId(*ids), socket, address: local });
        *ids += 1;
    }
    Ok(all)
}

/// A socket that takes its own family alone: `[::]` and `0.0.0.0` can then stand side by side, and nobody comes with an
/// address that is one family inside the other.
fn bound(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        // Connections of the process before that still fade away must not keep us from starting.
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A UDP socket that does not block.
pub(crate) fn open_udp(address: SocketAddr) -> io::Result<(UdpSocket, SocketAddr)> {
    let socket = bound(address, Type::DGRAM, Protocol::UDP)?;
    // The system gives less without a word when its own limit is lower.
    socket.set_recv_buffer_size(SIP_BUFFER)?;
    let socket: UdpSocket = socket.into();
    let local = socket.local_addr()?;
    Ok((socket, local))
}

/// A TCP socket that takes connections; for the runtime that it is called on.
pub(crate) fn open_tcp(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = bound(address, Type::STREAM, Protocol::TCP)?;
    socket.listen(ACCEPT_BACKLOG)?;
    let socket = TcpListener::from_std(socket.into())?;
    let local = socket.local_addr()?;
    Ok((socket, local))
}
