//! One connection: whole messages in, queued messages out, and nobody who wastes our time or room.

use std::convert::Infallible;

use cordial_sip::message::{Frame, Framer};
use cordial_sip::{Flow, StreamId};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::book::Place;
use super::{FromStream, Outbox};
use crate::limits::{
    STREAM_FIRST_MESSAGE_MAX, STREAM_IDLE, STREAM_LINGER, STREAM_MESSAGE_MAX, STREAM_READ_BYTES,
    STREAM_WRITE_MAX,
};

/// A connection that stands.
pub(crate) struct Connection<S> {
    pub(crate) io: S,
    pub(crate) flow: Flow,
    pub(crate) outbox: Outbox,
    /// Its place among those of its source; none for one that we opened ourselves.
    pub(crate) place: Option<Place>,
}

/// Carries bytes both ways until the connection ends, and gives why it did.
pub(crate) async fn carry<S: AsyncRead + AsyncWrite>(
    connection: Connection<S>,
    node: &mpsc::Sender<FromStream>,
) -> &'static str {
    let Connection { io, flow, outbox, place } = connection;
    let Some(stream) = flow.stream else {
        return "no connection";
    };
    let (read, write) = tokio::io::split(io);
    let Outbox { out, shut } = outbox;
    let reader = Reader { flow, stream, node, place, framer: Framer::default(), unfinished: None };
    tokio::select! {
        why = reader.run(read) => why,
        why = send(write, out) => why,
        why = given_up(shut) => why,
    }
}

/// What is queued when the node gives a connection up may still go out for a moment.
pub(super) async fn given_up(shut: oneshot::Receiver<Infallible>) -> &'static str {
    // Nothing is ever sent: the end of the sender is the message.
    shut.await.ok();
    sleep(STREAM_LINGER).await;
    "given up"
}

async fn send<S: AsyncWrite>(mut io: WriteHalf<S>, mut out: mpsc::Receiver<Vec<u8>>) -> &'static str {
    while let Some(bytes) = out.recv().await {
        let write = async {
            io.write_all(&bytes).await?;
            io.flush().await
        };
        match timeout(STREAM_WRITE_MAX, write).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return "writing failed",
            Err(_) => return "the far end does not read",
        }
    }
    // Whether the far end still hears the farewell does not matter.
    timeout(STREAM_LINGER, io.shutdown()).await.ok();
    "given up"
}

struct Reader<'a> {
    flow: Flow,
    stream: StreamId,
    node: &'a mpsc::Sender<FromStream>,
    place: Option<Place>,
    framer: Framer,
    /// When the message that has begun must be whole.
    unfinished: Option<Instant>,
}

impl Reader<'_> {
    async fn run<S: AsyncRead>(mut self, mut io: ReadHalf<S>) -> &'static str {
        let mut buffer = vec![0; STREAM_READ_BYTES];
        let mut first = self.place.is_some().then(|| Instant::now() + STREAM_FIRST_MESSAGE_MAX);
        loop {
            let idle = Instant::now() + STREAM_IDLE;
            let until = [first, self.unfinished, Some(idle)].into_iter().flatten().min().unwrap_or(idle);
            let read = timeout_at(until, io.read(&mut buffer)).await;
            match read {
                Ok(Ok(0)) => return "the far end closed it",
                Ok(Ok(length)) => match self.take(&buffer[..length]).await {
                    Ok(true) => first = None,
                    Ok(false) => {}
                    Err(why) => return why,
                },
                Ok(Err(_)) => return "reading failed",
                Err(_) if first.is_some_and(|first| first <= until) => return "no message came",
                Err(_) if self.unfinished.is_some() => return "a message took too long",
                Err(_) => {
                    if let Err(why) = self.tell(FromStream::Idle { stream: self.stream }).await {
                        return why;
                    }
                }
            }
        }
    }

    /// Takes what came; true when a message was whole.
    async fn take(&mut self, bytes: &[u8]) -> Result<bool, &'static str> {
        self.framer.push(bytes);
        let (mut whole, mut ping) = (false, false);
        loop {
            match self.framer.next_frame() {
                Ok(Some(Frame::Message(message))) => {
                    whole = true;
                    self.pass(message).await?;
                }
                Ok(Some(Frame::Ping)) => ping = true,
                Ok(None) => break,
                Err(broken) => {
                    // One byte more than a good beginning can have: the user agent sees the same fault, answers as it
                    // can, and has the connection closed.
                    let mut head = broken.head;
                    head.push(b'\n');
                    self.pass(head).await?;
                    sleep(STREAM_LINGER).await;
                    return Err(broken.why);
                }
            }
        }
        if ping {
            // One answer says that we live, however many asked at once.
            self.pass(b"\r\n\r\n".to_vec()).await?;
        }
        if self.framer.is_empty() {
            // Room for a large message is not kept.
            self.framer = Framer::default();
            self.unfinished = None;
        } else if whole || self.unfinished.is_none() {
            self.unfinished = Some(Instant::now() + STREAM_MESSAGE_MAX);
        }
        if whole && let Some(place) = &self.place {
            place.prove();
        }
        Ok(whole)
    }

    async fn pass(&self, bytes: Vec<u8>) -> Result<(), &'static str> {
        self.tell(FromStream::Bytes { flow: self.flow, bytes }).await
    }

    /// Waits while the node has much to do: the far end then waits too.
    async fn tell(&self, what: FromStream) -> Result<(), &'static str> {
        self.node.send(what).await.map_err(|_| "the node has ended")
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use cordial_sip::{ListenerId, Transport};
    use tokio::io::{DuplexStream, duplex};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::streams::{self, Door};

    /// A connection that carries, with all that is around it.
    struct Bench {
        far: DuplexStream,
        door: Door,
        node: mpsc::Receiver<FromStream>,
        ends: JoinHandle<&'static str>,
    }

    const STREAM: StreamId = StreamId(1);

    /// One that we opened, through which so many bytes go before the far end has to read.
    fn carrying(room: usize) -> Bench {
        let (io, far) = duplex(room);
        let (door, outbox) = streams::door();
        let (node, told) = mpsc::channel(8);
        let remote = SocketAddr::from(([192, 0, 2, 1], 5060));
        let flow = Flow { transport: Transport::Tcp, listener: ListenerId(0), remote, stream: Some(STREAM) };
        let connection = Connection { io, flow, outbox, place: None };
        let ends = tokio::spawn(async move { carry(connection, &node).await });
        Bench { far, door, node: told, ends }
    }

    #[tokio::test(start_paused = true)]
    async fn a_far_end_that_does_not_read_is_cut() {
        let bench = carrying(64);
        let begun = Instant::now();
        bench.door.out.try_send(vec![b'x'; 65]).unwrap();
        assert_eq!(bench.ends.await.unwrap(), "the far end does not read");
        assert!(begun.elapsed() >= STREAM_WRITE_MAX && begun.elapsed() < STREAM_WRITE_MAX * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_far_end_that_reads_late_but_in_time_is_kept() {
        let mut bench = carrying(64);
        let mut heard = [0; 65];
        for _ in 0..3 {
            bench.door.out.try_send(vec![b'x'; 65]).unwrap();
            sleep(STREAM_WRITE_MAX / 2).await;
            bench.far.read_exact(&mut heard).await.unwrap();
        }
        assert!(!bench.ends.is_finished());
        drop(bench.door);
        assert_eq!(bench.ends.await.unwrap(), "given up");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_is_told_again_and_again_and_a_keep_alive_counts_as_a_word() {
        let mut bench = carrying(64);
        let mut since = Instant::now();
        for _ in 0..2 {
            assert!(matches!(bench.node.recv().await, Some(FromStream::Idle { stream: STREAM })));
            assert_eq!(since.elapsed().as_secs(), STREAM_IDLE.as_secs());
            since = Instant::now();
        }
        sleep(STREAM_IDLE / 2).await;
        bench.far.write_all(b"\r\n\r\n").await.unwrap();
        assert!(matches!(bench.node.recv().await, Some(FromStream::Bytes { .. })));
        assert!(matches!(bench.node.recv().await, Some(FromStream::Idle { stream: STREAM })));
        assert!(since.elapsed() >= STREAM_IDLE * 3 / 2, "{:?}", since.elapsed());
        assert!(!bench.ends.is_finished(), "whether it is still needed is for the node to say");
    }
}
