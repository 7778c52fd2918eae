//! The tasks of HTTP connections: one that accepts for each listener, and one for each connection.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::limits::{ACCEPT_PAUSE, HTTP_HEAD_BYTES_MAX, HTTP_HEAD_MAX, HTTP_WRITE_MAX, TLS_HANDSHAKE_MAX};
use crate::meters;
use crate::streams::book::{Book, Place};
use crate::tls::Tls;

/// What all tasks of HTTP have in common, whatever is spoken; cheap to clone.
#[derive(Clone)]
pub(super) struct Web {
    book: Book,
    stopped: watch::Receiver<bool>,
}

/// What is spoken at one socket, and how; cheap to clone.
#[derive(Clone)]
struct Served {
    routed: TowerToHyperService<Router>,
    tls: Option<Tls>,
}

impl Web {
    pub(super) const fn new(book: Book, stopped: watch::Receiver<bool>) -> Self {
        Self { book, stopped }
    }

    /// Serves at a socket until all is to stop, and then until the last request is answered.
    pub(super) fn serve(&self, socket: TcpListener, router: Router, tls: Option<Tls>) -> JoinHandle<()> {
        let (web, served) = (self.clone(), Served { routed: TowerToHyperService::new(router), tls });
        tokio::spawn(async move { web.accept_all(socket, served).await })
    }

    async fn accept_all(mut self, socket: TcpListener, served: Served) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                Some(_) = connections.join_next() => continue,
                () = told(&mut self.stopped) => break,
            };
            match accepted {
                Ok((io, remote)) => match self.book.admit(remote.ip()) {
                    Some((place, word)) => {
                        let (web, served) = (self.clone(), served.clone());
                        connections.spawn(async move {
                            tokio::select! {
                                () = web.connection(io, remote, served, place) => {}
                                () = word.wait() => {}
                            }
                        });
                    }
                    None => meters::http_refused(),
                },
                Err(error) => {
                    tracing::warn!(%error, "no HTTP connection can be accepted now");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(socket);
        while connections.join_next().await.is_some() {}
    }

    async fn connection(self, io: TcpStream, remote: SocketAddr, served: Served, place: Place) {
        if let Err(error) = io.set_nodelay(true) {
            tracing::debug!(%error, "a connection is not set up as it should be");
        }
        let Served { routed, tls } = served;
        let Some(tls) = tls else {
            return self.carry(io, remote, routed, place).await;
        };
        match timeout(TLS_HANDSHAKE_MAX, TlsAcceptor::from(tls.ours()).accept(io)).await {
            Ok(Ok(io)) => self.carry(io, remote, routed, place).await,
            Ok(Err(error)) => tracing::debug!(%remote, %error, "no TLS"),
            Err(_) => tracing::debug!(%remote, "no TLS in time"),
        }
    }

    async fn carry<S>(mut self, io: S, remote: SocketAddr, routed: TowerToHyperService<Router>, place: Place)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let place = Arc::new(place);
        // The place goes with the socket: a WebSocket outlives the request that it was.
        let io = Timed { io, _place: Arc::clone(&place), limit: HTTP_WRITE_MAX, stalled: None };
        let service = service_fn(move |mut request: Request<Incoming>| {
            place.prove();
            request.extensions_mut().insert(ConnectInfo(remote));
            routed.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HTTP_HEAD_MAX)
            .max_buf_size(HTTP_HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = told(&mut self.stopped) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%remote, %error, "an HTTP connection was cut");
        }
    }
}

/// Ends when all is to stop; a sender that is gone says the same.
async fn told(stopped: &mut watch::Receiver<bool>) {
    stopped.wait_for(|stopped| *stopped).await.ok();
}

/// A socket that fails when its reader takes nothing for too long, and that holds its place in the book.
struct Timed<S> {
    io: S,
    _place: Arc<Place>,
    /// How long nothing may be taken.
    limit: Duration,
    /// Runs while nothing can be written.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Timed<S> {
    fn watched<T>(&mut self, context: &mut Context<'_>, wrote: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.stalled = None;
            return wrote;
        }
        let limit = self.limit;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(limit)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.io).poll_write(context, bytes);
        self.watched(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.io).poll_write_vectored(context, pieces);
        self.watched(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wrote = Pin::new(&mut self.io).poll_flush(context);
        self.watched(context, wrote)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wrote = Pin::new(&mut self.io).poll_shutdown(context);
        self.watched(context, wrote)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::streams::book::Room;

    #[tokio::test]
    async fn a_reader_who_takes_nothing_is_cut_and_frees_its_place() {
        let book = Book::new(Room { all: 1, source: 1, unproved: 1 });
        let (place, _word) = book.admit([192, 0, 2, 1].into()).unwrap();
        // Ours to write to; the other end is held and never read.
        let (io, _reader) = tokio::io::duplex(1_024);
        let mut io = Timed { io, _place: Arc::new(place), limit: Duration::from_millis(1), stalled: None };
        io.write_all(&[0; 1_024]).await.unwrap();
        let cut = io.write_all(&[0; 1]).await.unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::TimedOut);
        drop(io);
        assert_eq!(book.count(), 0);
    }
}
