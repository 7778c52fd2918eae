//! The tasks of the event socket: one that accepts for each listener, and one for each connection.

use std::net::IpAddr;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::event_socket::EventSocket;
use crate::limits::{ACCEPT_PAUSE, STREAM_PROBE};
use crate::streams::book::Book;

/// Accepts until all is to stop; then every connection is cut, as there is nothing to be finished.
pub(super) fn serve(
    socket: TcpListener,
    spoken: EventSocket,
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
                    tracing::warn!(%error, "no event socket connection can be accepted now");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        connections.shutdown().await;
    })
}

fn carry(connections: &mut JoinSet<()>, spoken: &EventSocket, book: &Book, io: TcpStream, peer: IpAddr) {
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
        None => drop(connections.spawn(EventSocket::turn_away(io))),
    }
}
