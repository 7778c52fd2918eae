//! The tasks of SIP connections: one that accepts for each listener, one that opens, and one for each connection.

use std::io;
use std::net::SocketAddr;

use cordial_sip::{Flow, ListenerId, Transport};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::limits::{ACCEPT_PAUSE, DIAL_MAX, STREAM_PROBE};
use crate::listeners::Listening;
use crate::meters;
use crate::streams::book::Book;
use crate::streams::connection::{self, Connection};
use crate::streams::{self, Dial, FromStream, Numbers};

/// What all tasks of connections have in common; cheap to clone.
#[derive(Clone)]
pub(super) struct Carriers {
    pub(super) node: mpsc::Sender<FromStream>,
    pub(super) numbers: Numbers,
    pub(super) book: Book,
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
        let Some(place) = self.book.admit(remote.ip()) else {
            meters::connection_refused(transport);
            tracing::debug!(%remote, "a SIP connection is refused: there are too many");
            return;
        };
        prepare(&io);
        let flow = Flow { transport, listener, remote, stream: Some(self.numbers.next()) };
        let carriers = self.clone();
        tokio::spawn(async move {
            let (door, outbox) = streams::door();
            if carriers.node.send(FromStream::Opened { flow, door }).await.is_ok() {
                carriers.carry(Connection { io, flow, outbox, place: Some(place) }).await;
            }
        });
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
        match timeout(DIAL_MAX, TcpStream::connect(flow.remote)).await {
            Ok(Ok(io)) => {
                prepare(&io);
                self.carry(Connection { io, flow, outbox, place: None }).await;
            }
            Ok(Err(error)) => self.not_opened(flow, &error.to_string()).await,
            Err(_) => self.not_opened(flow, "it takes too long").await,
        }
    }

    async fn not_opened(&self, flow: Flow, why: &str) {
        tracing::warn!(%flow, why, "a SIP connection cannot be opened");
        self.gone(flow).await;
    }

    async fn carry(&self, connection: Connection<TcpStream>) {
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
