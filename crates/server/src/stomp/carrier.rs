//! What carries STOMP: a stream of bytes, or a WebSocket. On a WebSocket each frame of ours is a message of its own; theirs
//! may be cut as they like.

use std::io;

use axum::extract::ws::{Message, WebSocket};
use futures_util::SinkExt as _;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::limits::STREAM_READ_BYTES;

/// A connection, whatever is beneath.
pub(crate) trait Carrier: Send {
    /// The next bytes; `None` when the far end has closed. Nothing is lost when it is dropped before its end.
    fn read(&mut self) -> impl Future<Output = io::Result<Option<Vec<u8>>>> + Send;

    /// Writes frames or heart-beats.
    fn write(&mut self, frames: Vec<Vec<u8>>) -> impl Future<Output = io::Result<()>> + Send;

    /// Says that nothing more is written.
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}

/// A stream of bytes.
pub(crate) struct Bytes<S> {
    io: S,
    buffer: Box<[u8]>,
}

impl<S> Bytes<S> {
    pub(crate) fn new(io: S) -> Self {
        Self { io, buffer: vec![0; STREAM_READ_BYTES].into() }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Carrier for Bytes<S> {
    async fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let length = self.io.read(&mut self.buffer).await?;
        Ok((length > 0).then(|| self.buffer[..length].to_vec()))
    }

    async fn write(&mut self, frames: Vec<Vec<u8>>) -> io::Result<()> {
        self.io.write_all(&frames.concat()).await?;
        self.io.flush().await
    }

    async fn close(&mut self) {
        // The far end may be gone already.
        self.io.shutdown().await.ok();
    }
}

impl Carrier for WebSocket {
    async fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            match self.recv().await {
                Some(Ok(Message::Text(text))) => return Ok(Some(text.as_bytes().to_vec())),
                Some(Ok(Message::Binary(bytes))) => return Ok(Some(bytes.to_vec())),
                // Answered beneath us.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) | None => return Ok(None),
                Some(Err(error)) => return Err(io::Error::other(error)),
            }
        }
    }

    async fn write(&mut self, frames: Vec<Vec<u8>>) -> io::Result<()> {
        for bytes in frames {
            let message = match String::from_utf8(bytes) {
                Ok(text) => Message::Text(text.into()),
                Err(other) => Message::Binary(other.into_bytes().into()),
            };
            self.feed(message).await.map_err(io::Error::other)?;
        }
        self.flush().await.map_err(io::Error::other)
    }

    async fn close(&mut self) {
        self.send(Message::Close(None)).await.ok();
    }
}
