//! The tasks of SIP connections: one that accepts for each listener, one that opens, and one for each connection.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};

use cordial_sip::{Flow, ListenerId, Transport};
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::limits::{ACCEPT_PAUSE, DIAL_MAX, STREAM_PROBE, TLS_HANDSHAKE_MAX};
use crate::listeners::Listening;
use crate::meters;
use crate::streams::book::{Book, Place};
use crate::streams::connection::{self, Connection};
use crate::streams::{self, Dial, FromStream, Numbers};
use crate::tls::Tls;

/// What all tasks of connections have in common; cheap to clone.
#[derive(Clone)]
pub(super) struct Carriers {
    pub(super) node: mpsc::Sender<FromStream>,
    pub(super) numbers: Numbers,
    pub(super) book: Book,
    pub(super) tls: Tls,
}

impl Carriers {
    /// Accepts on a socket until the node has ended.
    pub(super) fn accept(&self, listening: Listening<TcpListener>, transport: Transport) -> JoinHandle<()> {
        let carriers = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = carriers.accept_all(listening.socket, listening.id, transport) => {}
                () = carriers.node.closed() => {}
            }
        })
    }

    async fn accept_all(&self, socket: TcpListener, listener: ListenerId, transport: Transport) {
        loop {
            match socket.accept().await {
                Ok((io, remote)) => self.accepted(io, remote, listener, transport),
                Err(error) if one_connection_failed(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, transport = transport.via_token(), "no connection can be accepted now");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn accepted(&self, io: TcpStream, remote: SocketAddr, listener: ListenerId, transport: Transport) {
        let Some((place, word)) = self.book.admit(remote.ip()) else {
            meters::connection_refused(transport);
            tracing::debug!(%remote, "a SIP connection is refused: there are too many");
            return;
        };
        prepare(&io);
        let flow = Flow { transport, listener, remote, stream: Some(self.numbers.next()) };
        let carriers = self.clone();
        tokio::spawn(async move {
            if transport == Transport::Tls {
                let mut word = pin!(word.wait());
                let handshake = timeout(TLS_HANDSHAKE_MAX, TlsAcceptor::from(carriers.tls.ours()).accept(io));
                let io = tokio::select! {
                    io = handshake => io,
                    () = &mut word => return,
                };
                match io {
                    Ok(Ok(io)) => carriers.taken(io, flow, place, word).await,
                    Ok(Err(error)) => tracing::debug!(%flow, %error, "no TLS"),
                    Err(_) => tracing::debug!(%flow, "no TLS in time"),
                }
            } else {
                carriers.taken(io, flow, place, pin!(word.wait())).await;
            }
        });
    }

    async fn taken<S: AsyncRead + AsyncWrite>(
        &self,
        io: S,
        flow: Flow,
        place: Place,
        word: Pin<&mut impl Future<Output = ()>>,
    ) {
        let (door, outbox) = streams::door();
        if self.node.send(FromStream::Opened { flow, door }).await.is_ok() {
            tokio::select! {
                () = self.carry(Connection { io, flow, outbox, place: Some(place) }) => {}
                () = word => self.gone(flow).await,
            }
        }
    }

    /// Opens connections until the node has ended.
    pub(super) fn dial(&self, mut dials: mpsc::Receiver<Dial>) -> JoinHandle<()> {
        let carriers = self.clone();
        tokio::spawn(async move {
            while let Some(dial) = dials.recv().await {
                let carriers = carriers.clone();
                tokio::spawn(async move { carriers.dialled(dial).await });
            }
        })
    }

    async fn dialled(&self, dial: Dial) {
        let Dial { flow, outbox } = dial;
        let opened = match timeout(DIAL_MAX, self.connect(flow)).await {
            Ok(opened) => opened,
            Err(_) => Err("it takes too long".to_owned()),
        };
        match opened {
            Ok(Opened::Plain(io)) => self.carry(Connection { io, flow, outbox, place: None }).await,
            Ok(Opened::Tls(io)) => self.carry(Connection { io, flow, outbox, place: None }).await,
            Err(why) => {
                tracing::warn!(%flow, why, "a SIP connection cannot be opened");
                self.gone(flow).await;
            }
        }
    }

    async fn connect(&self, flow: Flow) -> Result<Opened, String> {
        let io = TcpStream::connect(flow.remote).await.map_err(|error| error.to_string())?;
        prepare(&io);
        if flow.transport != Transport::Tls {
            return Ok(Opened::Plain(io));
        }
        let tls = self.tls.clone();
        let theirs = tokio::task::spawn_blocking(move || tls.theirs()).await;
        let theirs = theirs.map_err(|error| error.to_string())?.map_err(|fault| fault.to_string())?;
        let name = ServerName::from(flow.remote.ip());
        let io = TlsConnector::from(theirs).connect(name, io).await.map_err(|error| error.to_string())?;
        Ok(Opened::Tls(Box::new(io)))
    }

    async fn carry<S: AsyncRead + AsyncWrite>(&self, connection: Connection<S>) {
        let flow = connection.flow;
        let open = meters::connection_opened(flow.transport);
        let why = connection::carry(connection, &self.node).await;
        drop(open);
        tracing::debug!(%flow, why, "a SIP connection has ended");
        self.gone(flow).await;
    }

    async fn gone(&self, flow: Flow) {
        if let Some(stream) = flow.stream {
            // A node that has ended needs no word.
            self.node.send(FromStream::Closed { stream }).await.ok();
        }
    }
}

/// A connection that we opened.
enum Opened {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// SIP's messages are small and wait for each other, and a far end that vanished must be noticed some time.
fn prepare(io: &TcpStream) {
    let probes = TcpKeepalive::new().with_time(STREAM_PROBE).with_interval(STREAM_PROBE / 6);
    let set = io.set_nodelay(true).and_then(|()| SockRef::from(io).set_tcp_keepalive(&probes));
    if let Err(error) = set {
        tracing::debug!(%error, "a connection is not set up as it should be");
    }
}

/// Whether the fault is that of the connection that came, not of the socket or the system.
fn one_connection_failed(error: &io::Error) -> bool {
    [io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset]
        .contains(&error.kind())
}
