//! What is listened on, and who serves it.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use cordial_sip::{ListenerId, Transport};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::StartError;
use super::clients::{self, StompHere};
use super::connector::{self, Coming};
use super::start::count;
use super::streams::Carriers;
use super::web::Web;
use crate::config::{Config, Face, Listen, WebListener, Whole};
use crate::event_socket::EventSocket;
use crate::http;
use crate::limits::{
    DIALS_MAX, EVENT_SOCKET_CONNECTIONS_MAX, EVENT_SOCKET_PER_SOURCE_MAX, EVENT_SOCKET_UNPROVED_MAX,
    HTTP_UNPROVED_MAX, STOMP_CONNECTIONS_MAX, STOMP_PER_SOURCE_MAX, STOMP_UNPROVED_MAX, STREAM_MESSAGES_MAX,
    STREAM_UNPROVED_MAX,
};
use crate::listeners::{self, Listening, SipSockets};
use crate::stomp::Stomp;
use crate::stomp::broker::Broker;
use crate::streams::book::{Book, Room};
use crate::streams::web_socket::Hall;
use crate::streams::{Dial, FromStream, Numbers, Streams};
use crate::tls::Tls;

/// Name, transport and address of a SIP listener.
pub(super) type Place = (ListenerId, Transport, SocketAddr);

/// A socket of HTTP with its name in flows of SIP, and what it is for, with the address that it has.
pub(super) type WebSocket = (ListenerId, TcpListener, WebListener);

/// A socket of the event socket, and where it is.
pub(super) type EventListener = (TcpListener, SocketAddr);

/// A socket of STOMP, where it is, and whether it is under TLS.
pub(super) type StompListener = (TcpListener, SocketAddr, bool);

/// What clients that are no phones connect to.
pub(super) struct ClientSockets {
    /// Our own in the clear first.
    pub(super) web: Vec<WebSocket>,
    pub(super) event_sockets: Vec<EventListener>,
    pub(super) stomp: Vec<StompListener>,
}

/// Everything that is listened on, and the certificates.
pub(super) struct Sockets {
    pub(super) sip: Vec<Place>,
    pub(super) udp: Vec<Listening<UdpSocket>>,
    pub(super) streams: Vec<(Listening<TcpListener>, Transport)>,
    pub(super) clients: ClientSockets,
    pub(super) tls: Tls,
}

impl Sockets {
    /// Opens what the configuration names.
    pub(super) fn open(config: &Config) -> Result<Self, StartError> {
        let sockets = SipSockets::open(config)?;
        let sip = sockets.all();
        // Those of HTTP are named behind all others, so that they name the same when HTTP is changed.
        let web = open_web(config, sip.len())?;
        let SipSockets { udp, tcp, tls } = sockets;
        let tcp = tcp.into_iter().map(|socket| (socket, Transport::Tcp));
        let streams = tcp.chain(tls.into_iter().map(|socket| (socket, Transport::Tls))).collect();
        Ok(Self {
            sip,
            udp,
            streams,
            clients: ClientSockets {
                web,
                event_sockets: open_event_sockets(config)?,
                stomp: open_stomp(config)?,
            },
            tls: Tls::open(config)?,
        })
    }
}

/// Where SIP is taken, by WebSocket too.
pub(super) fn all(sip: &[Place], web: &[WebSocket]) -> Vec<Place> {
    let native = web.iter().filter(|(_, _, place)| place.face == Face::Native);
    let web = native.map(|(id, _, place)| (*id, Transport::Ws, place.address));
    sip.iter().copied().chain(web).collect()
}

fn open_web(config: &Config, before: usize) -> Result<Vec<WebSocket>, StartError> {
    let open = |(id, place): (ListenerId, WebListener)| {
        let WebListener { key, address, .. } = place;
        let opened = listeners::open_tcp(address);
        let (socket, address) = opened.map_err(|source| StartError::Listen { key, address, source })?;
        Ok((id, socket, WebListener { address, ..place }))
    };
    let ids = (before..).map_while(|id| u16::try_from(id).ok()).map(ListenerId);
    ids.zip(config.web()).map(open).collect()
}

fn open_event_sockets(config: &Config) -> Result<Vec<EventListener>, StartError> {
    let open = |listen: &Listen| {
        let (key, address) = ("event_socket.listen", listen.get());
        listeners::open_tcp(address).map_err(|source| StartError::Listen { key, address, source })
    };
    let listen = config.event_socket.listen.all();
    listen.iter().filter(|_| config.event_socket.enabled).map(open).collect()
}

fn open_stomp(config: &Config) -> Result<Vec<StompListener>, StartError> {
    let connector = &config.connector;
    let plain = connector.listen.all().iter().map(|listen| ("connector.listen", listen, false));
    let tls = connector.tls_listen.all().iter().map(|listen| ("connector.tls_listen", listen, true));
    let open = |(key, listen, tls): (&'static str, &Listen, bool)| {
        let address = listen.get();
        let opened = listeners::open_tcp(address);
        let (socket, address) = opened.map_err(|source| StartError::Listen { key, address, source })?;
        Ok((socket, address, tls))
    };
    plain.chain(tls).filter(|_| connector.enabled).map(open).collect()
}

/// Speaks STOMP at each socket; gives where.
fn serve_stomp(
    state: &http::State,
    stopped: &watch::Receiver<bool>,
    sockets: Vec<StompListener>,
    tls: &Tls,
) -> (Vec<SocketAddr>, Vec<JoinHandle<()>>) {
    let Some(embedded) = state.embedded() else {
        return (Vec::new(), Vec::new());
    };
    let book = Book::new(Room {
        all: STOMP_CONNECTIONS_MAX,
        source: STOMP_PER_SOURCE_MAX,
        unproved: STOMP_UNPROVED_MAX,
    });
    let stomp = Stomp::new(state.clone(), embedded.clone());
    let serve = |(socket, address, under_tls): StompListener| {
        tracing::info!(%address, tls = under_tls, "speaking STOMP");
        let here = StompHere { stomp: stomp.clone(), tls: under_tls.then(|| tls.clone()) };
        (address, clients::serve(socket, here, book.clone(), stopped.clone()))
    };
    sockets.into_iter().map(serve).unzip()
}

/// Speaks the event socket at each socket; gives where.
fn serve_event_sockets(
    config: &Config,
    state: &http::State,
    stopped: &watch::Receiver<bool>,
    sockets: Vec<EventListener>,
) -> (Vec<SocketAddr>, Vec<JoinHandle<()>>) {
    let book = Book::new(Room {
        all: EVENT_SOCKET_CONNECTIONS_MAX,
        source: EVENT_SOCKET_PER_SOURCE_MAX,
        unproved: EVENT_SOCKET_UNPROVED_MAX,
    });
    let domain = config.first_tenant.domain.as_str();
    let serve = |(socket, address): EventListener| {
        let spoken = EventSocket::new(state.clone(), domain.to_owned());
        tracing::info!(%address, "speaking the event socket");
        (address, clients::serve(socket, spoken, book.clone(), stopped.clone()))
    };
    sockets.into_iter().map(serve).unzip()
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

    /// What WebSockets reach the node by.
    pub(super) fn hall(&self) -> Hall {
        Hall { node: self.carriers.node.clone(), numbers: self.carriers.numbers.clone() }
    }

    /// Begins to accept and to open.
    pub(super) fn start(self, sockets: Vec<(Listening<TcpListener>, Transport)>) -> Vec<JoinHandle<()>> {
        let Self { carriers, dials } = self;
        let accept = |(socket, transport)| carriers.accept(socket, transport);
        std::iter::once(carriers.dial(dials)).chain(sockets.into_iter().map(accept)).collect()
    }
}

/// What serves clients that are no phones.
pub(super) struct Served {
    /// Our own API in the clear first.
    pub(super) http: Vec<WebListener>,
    pub(super) event_sockets: Vec<SocketAddr>,
    pub(super) stomp: Vec<SocketAddr>,
    /// Of the clients that speak STOMP, wherever.
    pub(super) broker: Option<Broker>,
    pub(super) tasks: Vec<JoinHandle<()>>,
}

/// Serves HTTP, the event socket and STOMP.
pub(super) fn serve(
    config: &Config,
    state: &http::State,
    coming: Coming,
    stopped: watch::Receiver<bool>,
    ClientSockets { web, event_sockets, stomp }: ClientSockets,
    tls: &Tls,
) -> io::Result<Served> {
    let (stomp, stomp_tasks) = serve_stomp(state, &stopped, stomp, tls);
    let (event_sockets, mut tasks) = serve_event_sockets(config, state, &stopped, event_sockets);
    let absent = http::webitel::log_out_absent(state.clone(), config.webitel.clone(), stopped.clone());
    tasks.push(tokio::spawn(absent));
    tasks.extend(connector::start(config, state, coming, stopped.clone(), tls)?);
    let (http, web_tasks) = serve_web(config, state, stopped, web, tls);
    tasks.extend(web_tasks.into_iter().chain(stomp_tasks));
    let broker = state.embedded().map(|embedded| embedded.broker.clone());
    Ok(Served { http, event_sockets, stomp, broker, tasks })
}

/// Serves at each socket what is spoken there; gives where, our own API in the clear first.
fn serve_web(
    config: &Config,
    state: &http::State,
    stopped: watch::Receiver<bool>,
    sockets: Vec<WebSocket>,
    tls: &Tls,
) -> (Vec<WebListener>, Vec<JoinHandle<()>>) {
    let limits = &config.limits;
    let room = room(limits.http_connections, limits.http_connections_per_source, HTTP_UNPROVED_MAX);
    let web = Web::new(Book::new(room), stopped);
    let serve = |(id, socket, place): WebSocket| {
        let router = http::router(place.face, id, state.clone());
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
