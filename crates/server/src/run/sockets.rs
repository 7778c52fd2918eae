//! What is listened on, and who serves it.

use std::net::{SocketAddr, UdpSocket};

use cordial_sip::{ListenerId, Transport};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::StartError;
use super::start::count;
use super::streams::Carriers;
use super::web::Web;
use crate::config::{Config, WebListener, Whole};
use crate::http;
use crate::limits::{DIALS_MAX, HTTP_UNPROVED_MAX, STREAM_MESSAGES_MAX, STREAM_UNPROVED_MAX};
use crate::listeners::{self, Listening, SipSockets};
use crate::streams::book::{Book, Room};
use crate::streams::{Dial, FromStream, Numbers, Streams};
use crate::tls::Tls;

/// Name, transport and address of a SIP listener.
pub(super) type Place = (ListenerId, Transport, SocketAddr);

/// A socket of HTTP, and what it is for, with the address that it has.
pub(super) type WebSocket = (TcpListener, WebListener);

/// Everything that is listened on, and the certificates.
pub(super) struct Sockets {
    pub(super) sip: Vec<Place>,
    pub(super) udp: Vec<Listening<UdpSocket>>,
    pub(super) streams: Vec<(Listening<TcpListener>, Transport)>,
    /// Our own in the clear first.
    pub(super) web: Vec<WebSocket>,
    pub(super) tls: Tls,
}

impl Sockets {
    /// Opens what the configuration names.
    pub(super) fn open(config: &Config) -> Result<Self, StartError> {
        let sockets = SipSockets::open(config)?;
        let sip = sockets.all();
        let SipSockets { udp, tcp, tls } = sockets;
        let tcp = tcp.into_iter().map(|socket| (socket, Transport::Tcp));
        let streams = tcp.chain(tls.into_iter().map(|socket| (socket, Transport::Tls))).collect();
        Ok(Self { sip, udp, streams, web: open_web(config)?, tls: Tls::open(config)? })
    }
}

fn open_web(config: &Config) -> Result<Vec<WebSocket>, StartError> {
    let open = |place: WebListener| {
        let WebListener { key, address, .. } = place;
        let opened = listeners::open_tcp(address);
        let (socket, address) = opened.map_err(|source| StartError::Listen { key, address, source })?;
        Ok((socket, WebListener { address, ..place }))
    };
    config.web().into_iter().map(open).collect()
}

/// The tasks of SIP connections before they start.
pub(super) struct Connections {
    carriers: Carriers,
    dials: mpsc::Receiver<Dial>,
}

impl Connections {
    /// Also the node's table of them, and what they tell it.
    pub(super) fn new(config: &Config, tls: &Tls) -> (Self, Streams, mpsc::Receiver<FromStream>) {
        let (node, from_streams) = mpsc::channel(STREAM_MESSAGES_MAX);
        let (dial, dials) = mpsc::channel(DIALS_MAX);
        let numbers = Numbers::default();
        let limits = &config.limits;
        let room = room(limits.sip_connections, limits.sip_connections_per_source, STREAM_UNPROVED_MAX);
        let table = Streams::new(numbers.clone(), dial);
        let carriers = Carriers { node, numbers, book: Book::new(room), tls: tls.clone() };
        (Self { carriers, dials }, table, from_streams)
    }

    /// Begins to accept and to open.
    pub(super) fn start(self, sockets: Vec<(Listening<TcpListener>, Transport)>) -> Vec<JoinHandle<()>> {
        let Self { carriers, dials } = self;
        let accept = |(socket, transport)| carriers.accept(socket, transport);
        std::iter::once(carriers.dial(dials)).chain(sockets.into_iter().map(accept)).collect()
    }
}

/// Serves at each socket what is spoken there; gives where, our own API in the clear first.
pub(super) fn serve_web(
    config: &Config,
    state: &http::State,
    stopped: watch::Receiver<bool>,
    sockets: Vec<WebSocket>,
    tls: &Tls,
) -> (Vec<WebListener>, Vec<JoinHandle<()>>) {
    let limits = &config.limits;
    let room = room(limits.http_connections, limits.http_connections_per_source, HTTP_UNPROVED_MAX);
    let web = Web::new(Book::new(room), stopped);
    let serve = |(socket, place): WebSocket| {
        let router = http::router(place.face, state.clone());
        (place, web.serve(socket, router, place.tls.then(|| tls.clone())))
    };
    sockets.into_iter().map(serve).unzip()
}

/// Logs where all is served.
pub(super) fn say_where(sip: &[Place], http: &[WebListener]) -> Vec<(Transport, SocketAddr)> {
    for (_, transport, address) in sip {
        tracing::info!(transport = transport.via_token(), %address, "serving SIP");
    }
    for WebListener { face, address, .. } in http {
        tracing::info!(?face, %address, "serving HTTP");
    }
    sip.iter().map(|(_, transport, address)| (*transport, *address)).collect()
}

fn room(all: Whole<1, 200_000>, source: Whole<1, 200_000>, unproved: usize) -> Room {
    Room { all: count(all.get()), source: count(source.get()), unproved }
}
