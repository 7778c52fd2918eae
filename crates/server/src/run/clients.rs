//! The tasks of clients that speak on bare connections (the event socket, STOMP): one that accepts for each listener, and
//! one for each connection.

use std::net::IpAddr;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::event_socket::EventSocket;
use crate::limits::{ACCEPT_PAUSE, STREAM_PROBE, TLS_HANDSHAKE_MAX};
use crate::stomp::carrier::Bytes;
use crate::stomp::{Stomp, no_room};
use crate::streams::book::{Book, Place};
use crate::tls::Tls;

/// What is spoken on such connections; cheap to clone.
pub(super) trait Spoken: Clone + Send + Sync + 'static {
    /// Its name in the log.
    const NAME: &'static str;

    /// Speaks with one client until there is an end.
    fn speak(&self, io: TcpStream, peer: IpAddr, place: &Place) -> impl Future<Output = ()> + Send;

    /// Tells a client that there is no room for it.
    fn turn_away(&self, io: TcpStream) -> impl Future<Output = ()> + Send;
}

/// Accepts until all is to stop; then every connection is cut, as there is nothing to be finished.
pub(super) fn serve<S: Spoken>(
    socket: TcpListener,
    spoken: S,
    book: Book,
    mut stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                Some(_) = connections.join_next() => continue,
                _ = stopped.wait_for(|stopped| *stopped) => break,
            };
            match accepted {
                Ok((io, remote)) => carry(&mut connections, &spoken, &book, io, remote.ip()),
                Err(error) => {
                    tracing::warn!(%error, spoken = S::NAME, "no connection can be accepted now");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        connections.shutdown().await;
    })
}

fn carry<S: Spoken>(connections: &mut JoinSet<()>, spoken: &S, book: &Book, io: TcpStream, peer: IpAddr) {
    let probes = TcpKeepalive::new().with_time(STREAM_PROBE).with_interval(STREAM_PROBE / 6);
    let set = io.set_nodelay(true).and_then(|()| SockRef::from(&io).set_tcp_keepalive(&probes));
    if let Err(error) = set {
        tracing::debug!(%error, "a connection is not set up as it should be");
    }
    let spoken = spoken.clone();
    match book.admit(peer) {
        Some((place, word)) => {
            connections.spawn(async move {
                tokio::select! {
                    () = spoken.speak(io, peer, &place) => {}
                    () = word.wait() => {}
                }
            });
        }
        None => drop(connections.spawn(async move { spoken.turn_away(io).await })),
    }
}

impl Spoken for EventSocket {
    const NAME: &'static str = "the event socket";

    async fn speak(&self, io: TcpStream, peer: IpAddr, place: &Place) {
        self.speak(io, peer, place).await;
    }

    async fn turn_away(&self, io: TcpStream) {
        Self::turn_away(io).await;
    }
}

/// STOMP, in the clear or under TLS.
#[derive(Clone)]
pub(super) struct StompHere {
    pub(super) stomp: Stomp,
    pub(super) tls: Option<Tls>,
}

impl Spoken for StompHere {
    const NAME: &'static str = "STOMP";

    async fn speak(&self, io: TcpStream, peer: IpAddr, place: &Place) {
        let Some(tls) = &self.tls else {
            return self.stomp.speak(Bytes::new(io), peer, Some(place)).await;
        };
        match timeout(TLS_HANDSHAKE_MAX, TlsAcceptor::from(tls.ours()).accept(io)).await {
            Ok(Ok(io)) => self.stomp.speak(Bytes::new(io), peer, Some(place)).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS"),
            Err(_) => tracing::debug!(%peer, "no TLS in time"),
        }
    }

    async fn turn_away(&self, mut io: TcpStream) {
        if self.tls.is_none() {
            // It may have gone already; either way there is nothing more to say.
            io.write_all(&no_room()).await.ok();
        }
    }
}
