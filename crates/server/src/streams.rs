//! SIP by connections, as the node's loop sees it: a table of those that are open, each with a bounded queue towards a
//! task of its own. The tasks frame what comes in and watch over time and room; they know nothing of calls.

pub(crate) mod book;
pub(crate) mod connection;
pub(crate) mod web_socket;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cordial_sip::{Flow, StreamId, Transmit, Transport};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::limits::STREAM_QUEUE_MAX;

/// What the connections tell the node. Of one connection it comes in order.
pub(crate) enum FromStream {
    /// Somebody connected.
    Opened { flow: Flow, door: Door },
    /// A whole message, a keep-alive, or what cannot be told apart any more.
    Bytes { flow: Flow, bytes: Vec<u8> },
    /// Nothing came for a long time.
    Idle { stream: StreamId },
    /// It is gone, or could not be opened.
    Closed { stream: StreamId },
}

/// Our side of one connection. Dropped, it lets the connection send what is queued and then end.
pub(crate) struct Door {
    out: mpsc::Sender<Vec<u8>>,
    _open: oneshot::Sender<Infallible>,
}

/// The connection's side of its [`Door`].
pub(crate) struct Outbox {
    out: mpsc::Receiver<Vec<u8>>,
    /// Ends when the door is dropped.
    shut: oneshot::Receiver<Infallible>,
}

/// A door and what is behind it.
pub(crate) fn door() -> (Door, Outbox) {
    let (out, outbox) = mpsc::channel(STREAM_QUEUE_MAX);
    let (open, shut) = oneshot::channel();
    (Door { out, _open: open }, Outbox { out: outbox, shut })
}

/// Gives each connection a number that no other ever has.
#[derive(Clone, Default)]
pub(crate) struct Numbers(Arc<AtomicU64>);

impl Numbers {
    pub(crate) fn next(&self) -> StreamId {
        StreamId(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// A connection to be opened.
pub(crate) struct Dial {
    pub(crate) flow: Flow,
    pub(crate) outbox: Outbox,
}

/// The connections that are open or being opened.
pub(crate) struct Streams {
    open: BTreeMap<StreamId, Open>,
    /// Those that we opened, by where they lead. A connection that somebody else opened is never used for what is meant
    /// for its address: nobody proved there to be who lives at it.
    ours: BTreeMap<(Transport, SocketAddr), StreamId>,
    numbers: Numbers,
    dial: mpsc::Sender<Dial>,
}

struct Open {
    flow: Flow,
    door: Door,
}

/// What could not be sent, and what that says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The far end of a connection does not read, or has just gone: it is to be given up.
    Stream(StreamId),
    /// No connection to there can be opened.
    Remote(Transport, SocketAddr),
}

impl Streams {
    pub(crate) const fn new(numbers: Numbers, dial: mpsc::Sender<Dial>) -> Self {
        Self { open: BTreeMap::new(), ours: BTreeMap::new(), numbers, dial }
    }

    /// Takes a connection that somebody opened.
    pub(crate) fn opened(&mut self, flow: Flow, door: Door) {
        if let Some(stream) = flow.stream {
            self.open.insert(stream, Open { flow, door });
        }
    }

    /// Whether a connection is still ours to use; what comes from one that we gave up is not heard any more.
    pub(crate) fn is_open(&self, stream: StreamId) -> bool {
        self.open.contains_key(&stream)
    }

    /// Where a connection leads that we opened.
    pub(crate) fn led_to(&self, stream: StreamId) -> Option<(Transport, SocketAddr)> {
        let flow = self.open.get(&stream)?.flow;
        let to = (flow.transport, flow.remote);
        (self.ours.get(&to) == Some(&stream)).then_some(to)
    }

    /// Queues a message on its connection, or on a new one.
    pub(crate) fn send(&mut self, transmit: Transmit) -> Result<(), Lost> {
        let Transmit { flow, bytes } = transmit;
        let known = flow.stream.or_else(|| self.ours.get(&(flow.transport, flow.remote)).copied());
        let Some(stream) = known else {
            return self.dial(flow, bytes);
        };
        // One that is gone was told to be; whoever still answers on it has nobody to tell.
        let Some(open) = self.open.get(&stream) else {
            return Ok(());
        };
        match open.door.out.try_send(bytes) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => Err(Lost::Stream(stream)),
        }
    }

    fn dial(&mut self, flow: Flow, bytes: Vec<u8>) -> Result<(), Lost> {
        let stream = self.numbers.next();
        let (door, outbox) = door();
        let flow = Flow { stream: Some(stream), ..flow };
        // The first place in a new queue is free.
        door.out.try_send(bytes).ok();
        if self.dial.try_send(Dial { flow, outbox }).is_err() {
            return Err(Lost::Remote(flow.transport, flow.remote));
        }
        self.open.insert(stream, Open { flow, door });
        self.ours.insert((flow.transport, flow.remote), stream);
        Ok(())
    }

    /// Gives up a connection: what is queued still goes out. Gives where it led if we had opened it; nothing when it was
    /// given up before.
    pub(crate) fn close(&mut self, stream: StreamId) -> Option<Given> {
        let open = self.open.remove(&stream)?;
        let to = (open.flow.transport, open.flow.remote);
        if self.ours.get(&to) == Some(&stream) {
            self.ours.remove(&to);
            return Some(Given::Ours(to.0, to.1));
        }
        Some(Given::Theirs)
    }
}

/// Who had opened a connection that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// We, to there.
    Ours(Transport, SocketAddr),
    /// The far end.
    Theirs,
}

#[cfg(test)]
mod tests {
    use cordial_sip::ListenerId;

    use super::*;

    #[test]
    fn a_far_end_for_whom_too_much_is_queued_is_to_be_given_up() {
        let (dial, _dials) = mpsc::channel(1);
        let mut streams = Streams::new(Numbers::default(), dial);
        let stream = StreamId(1);
        let remote = SocketAddr::from(([192, 0, 2, 1], 5060));
        let flow = Flow { transport: Transport::Tcp, listener: ListenerId(0), remote, stream: Some(stream) };
        let (door, _outbox) = door();
        streams.opened(flow, door);
        let mut send = || streams.send(Transmit { flow, bytes: b"SIP".to_vec() });
        for _ in 0..STREAM_QUEUE_MAX {
            assert_eq!(send(), Ok(()));
        }
        assert_eq!(send(), Err(Lost::Stream(stream)));
        assert_eq!(streams.close(stream), Some(Given::Theirs));
        // Nobody is left to be told.
        assert_eq!(streams.send(Transmit { flow, bytes: b"SIP".to_vec() }), Ok(()));
    }
}
