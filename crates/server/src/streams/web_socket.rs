//! One WebSocket that speaks SIP (RFC 7118): each frame is a whole message, so nothing is framed here. The rest is as
//! with other connections.

use std::net::SocketAddr;

use axum::extract::ws::Message;
use cordial_sip::{Flow, ListenerId, StreamId, Transport};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::connection::given_up;
use super::{FromStream, Numbers, Outbox};
use crate::limits::{STREAM_FIRST_MESSAGE_MAX, STREAM_IDLE, STREAM_LINGER, STREAM_WRITE_MAX};
use crate::meters;

/// What WebSockets need to reach the node; cheap to clone.
#[derive(Clone)]
pub(crate) struct Hall {
    pub(crate) node: mpsc::Sender<FromStream>,
    pub(crate) numbers: Numbers,
}

/// Carries messages both ways until the socket or the node ends.
pub(crate) async fn carry<S, E>(hall: &Hall, listener: ListenerId, remote: SocketAddr, socket: S)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message>,
{
    let stream = hall.numbers.next();
    let flow = Flow { transport: Transport::Ws, listener, remote, stream: Some(stream) };
    let (door, Outbox { out, shut }) = super::door();
    if hall.node.send(FromStream::Opened { flow, door }).await.is_err() {
        return;
    }
    let open = meters::connection_opened(flow.transport);
    let (sink, read) = socket.split();
    let why = tokio::select! {
        why = receive(&hall.node, flow, stream, read) => why,
        why = send(sink, out) => why,
        why = given_up(shut) => why,
    };
    drop(open);
    tracing::debug!(%flow, why, "a SIP connection has ended");
    // A node that has ended needs no word.
    hall.node.send(FromStream::Closed { stream }).await.ok();
}

async fn receive<S, E>(
    node: &mpsc::Sender<FromStream>,
    flow: Flow,
    stream: StreamId,
    mut read: SplitStream<S>,
) -> &'static str
where
    S: Stream<Item = Result<Message, E>>,
{
    let mut first = Some(Instant::now() + STREAM_FIRST_MESSAGE_MAX);
    loop {
        let idle = Instant::now() + STREAM_IDLE;
        let heard = match timeout_at(first.unwrap_or(idle), read.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => FromStream::Bytes { flow, bytes: text.as_bytes().to_vec() },
            Ok(Some(Ok(Message::Binary(bytes)))) => FromStream::Bytes { flow, bytes: bytes.to_vec() },
            // A ping is answered beneath us and shows, as a pong does, that somebody is there.
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
            Ok(None | Some(Ok(Message::Close(_)))) => return "the far end closed it",
            Ok(Some(Err(_))) => return "what came is no message",
            Err(_) if first.is_some() => return "no message came",
            Err(_) => FromStream::Idle { stream },
        };
        first = None;
        // Waits while the node has much to do: the far end then waits too.
        if node.send(heard).await.is_err() {
            return "the node has ended";
        }
    }
}

async fn send<S: Sink<Message>>(
    mut sink: SplitSink<S, Message>,
    mut out: mpsc::Receiver<Vec<u8>>,
) -> &'static str {
    while let Some(bytes) = out.recv().await {
        // A message that is text is sent as such (RFC 7118 section 5): some clients read nothing else.
        let message = match String::from_utf8(bytes) {
            Ok(text) => Message::Text(text.into()),
            Err(other) => Message::Binary(other.into_bytes().into()),
        };
        match timeout(STREAM_WRITE_MAX, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return "writing failed",
            Err(_) => return "the far end does not read",
        }
    }
    // Whether the far end still hears the farewell does not matter.
    timeout(STREAM_LINGER, sink.close()).await.ok();
    "given up"
}
