//! The thread of the audio: it owns the RTP sockets and drives the media worker, and does nothing else.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError};
use std::time::{Duration, Instant};

use cordial_media::limits::DATAGRAM_MAX;
use cordial_media::{LocalSocket, MediaCommand, MediaEvent, PortFault, Timestamp, Transmit, Worker};
use metrics::Counter;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use tokio::sync::mpsc;

use crate::limits::TURN_MAX;
use crate::recordings::{Order, RecordingDoor};
use crate::run::Fatal;

/// RTP sockets have the token of their port number and family, so this one names no socket.
const WAKER: Token = Token(0);

/// A socket's port and whether it is one of IPv6.
type Place = (u16, bool);

/// The token of a socket.
fn token((port, ipv6): Place) -> Token {
    Token(usize::from(port) | usize::from(ipv6) << 16)
}

/// The socket of a token.
fn place(token: Token) -> Option<Place> {
    Some((u16::try_from(token.0 & 0xffff).ok()?, token.0 >> 16 == 1))
}

/// Where orders for the thread are put. The thread ends when it is dropped.
pub(crate) struct MediaDoor {
    /// `None` only while it is being dropped.
    orders: Option<SyncSender<MediaCommand>>,
    has_orders: bool,
    waker: Arc<Waker>,
}

impl MediaDoor {
    /// Gives an order; fails when the thread has ended or does not keep up at all. It is carried out after
    /// [`MediaDoor::carry_out`].
    pub(crate) fn order(&mut self, command: MediaCommand) -> Result<(), ()> {
        self.has_orders = true;
        match self.orders.as_ref().map(|orders| orders.try_send(command)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => Err(()),
        }
    }

    /// Wakes the thread if it has orders: once for all that were given together.
    pub(crate) fn carry_out(&mut self) -> Result<(), ()> {
        if std::mem::take(&mut self.has_orders) { self.waker.wake().map_err(|_| ()) } else { Ok(()) }
    }
}

impl Drop for MediaDoor {
    fn drop(&mut self) {
        // The thread sleeps without a limit while no port is open: it must see that nobody is left.
        self.orders = None;
        if let Err(error) = self.waker.wake() {
            tracing::warn!(%error, "the media thread cannot be woken");
        }
    }
}

/// The thread's own things.
pub(crate) struct MediaThread {
    worker: Worker,
    poll: Poll,
    waker: Arc<Waker>,
    /// One, or one of each family: a port is opened on all, for a call may move from one family to the other.
    ips: Vec<IpAddr>,
    started: Instant,
    sockets: BTreeMap<Place, UdpSocket>,
    orders: Receiver<MediaCommand>,
    events: mpsc::Sender<MediaEvent>,
    recordings: RecordingDoor,
    dropped_events: u64,
    // Looked up by their labels once, not for each packet.
    packets_in: Counter,
    packets_out: Counter,
}

impl MediaThread {
    /// Prepares the thread and its door.
    pub(crate) fn new(
        worker: Worker,
        ips: Vec<IpAddr>,
        orders: (SyncSender<MediaCommand>, Receiver<MediaCommand>),
        events: mpsc::Sender<MediaEvent>,
        recordings: RecordingDoor,
    ) -> io::Result<(Self, MediaDoor)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let door = MediaDoor { orders: Some(orders.0), has_orders: false, waker: Arc::clone(&waker) };
        let thread = Self {
            worker,
            poll,
            waker,
            ips,
            started: Instant::now(),
            sockets: BTreeMap::new(),
            orders: orders.1,
            events,
            recordings,
            dropped_events: 0,
            packets_in: metrics::counter!("cordial_rtp_packets_total", "direction" => "in"),
            packets_out: metrics::counter!("cordial_rtp_packets_total", "direction" => "out"),
        };
        Ok((thread, door))
    }

    /// Turns until the node is gone.
    pub(crate) fn run(mut self) -> Result<(), Fatal> {
        let broken = |error: io::Error| Fatal::Socket(format!("waiting for audio: {error}"));
        let mut ready = Events::with_capacity(1_024);
        let mut buffer = [0; DATAGRAM_MAX + 1];
        loop {
            let wait = self.worker.poll_timeout().map(|at| self.until(at));
            match self.poll.poll(&mut ready, wait) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result.map_err(broken)?,
            }
            for event in &ready {
                if event.token() != WAKER {
                    self.receive(event.token(), &mut buffer);
                }
            }
            if !self.take_orders() {
                return Ok(());
            }
            let now = self.now();
            if self.worker.poll_timeout().is_some_and(|at| at <= now) {
                self.worker.handle_timeout(now);
            }
            if !self.settle() {
                return Ok(());
            }
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// The kernel waits in whole milliseconds; rounding up keeps the loop from spinning through the last one.
    fn until(&self, at: Timestamp) -> Duration {
        Duration::from_millis(at.micros_since(self.now()).div_ceil(1_000))
    }

    /// Everything that waits at a socket: mio tells once (edge-triggered), so the socket is emptied.
    fn receive(&mut self, token: Token, buffer: &mut [u8]) {
        let Some(place) = place(token) else { return };
        let (port, _) = place;
        let local = LocalSocket(port & !1);
        let (mut packets, is_rtcp) = (0, port % 2 == 1);
        // A socket that was closed in this same turn.
        while let Some(socket) = self.sockets.get(&place) {
            match socket.recv_from(buffer) {
                Ok((length, from)) => {
                    packets += 1;
                    let now = self.now();
                    if is_rtcp {
                        self.worker.handle_rtcp(now, local, from, &buffer[..length]);
                    } else {
                        self.worker.handle_packet(now, local, from, &buffer[..length]);
                    }
                    // Relayed at once: audio does not wait for a full socket.
                    self.send();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // An ICMP error of a packet sent before: the far end's port is closed.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => {
                    tracing::warn!(port, %error, "receiving audio failed");
                    break;
                }
            }
            if packets >= TURN_MAX {
                // A flooded socket must not starve the others: it is asked again in the next turn.
                self.again(place);
                break;
            }
        }
        if packets > 0 {
            self.packets_in.increment(packets as u64);
        }
    }

    /// Makes mio tell again that a socket is readable.
    fn again(&mut self, place: Place) {
        if let Some(socket) = self.sockets.get_mut(&place)
            && let Err(error) = self.poll.registry().reregister(socket, token(place), Interest::READABLE)
        {
            tracing::warn!(port = place.0, %error, "an RTP socket is lost");
        }
    }

    /// Carries out what the node ordered; false when the node is gone.
    fn take_orders(&mut self) -> bool {
        for _ in 0..4_096 {
            match self.orders.try_recv() {
                Ok(command) => self.order(command),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        // More wait: come back without sleeping.
        self.waker.wake().is_ok()
    }

    fn order(&mut self, command: MediaCommand) {
        let now = self.now();
        if let MediaCommand::OpenPort { port, local } = &command
            && let Err(error) = self.open(*local)
        {
            tracing::warn!(%port, local = local.0, %error, "an RTP port cannot be opened");
            self.tell(MediaEvent::PortFailed { port: *port, fault: PortFault::SocketTaken });
            return;
        }
        self.worker.handle_command(now, command);
    }

    /// Opens the pair of sockets of a port, on each address.
    fn open(&mut self, local: LocalSocket) -> io::Result<()> {
        let mut opened = Vec::with_capacity(4);
        for ip in &self.ips {
            for port in [local.0, local.0 | 1] {
                let place = (port, ip.is_ipv6());
                // The worker says what is wrong with a port that is opened twice.
                if self.sockets.contains_key(&place) {
                    continue;
                }
                let mut socket = UdpSocket::bind(SocketAddr::new(*ip, port))?;
                self.poll.registry().register(&mut socket, token(place), Interest::READABLE)?;
                opened.push((place, socket));
            }
        }
        self.sockets.extend(opened);
        Ok(())
    }

    fn close(&mut self, local: LocalSocket) {
        for place in [(local.0, false), (local.0 | 1, false), (local.0, true), (local.0 | 1, true)] {
            if let Some(mut socket) = self.sockets.remove(&place)
                && let Err(error) = self.poll.registry().deregister(&mut socket)
            {
                tracing::debug!(port = place.0, %error, "closing an RTP socket");
            }
        }
    }

    /// Sends, tells and hands over what the worker has; false when the node is gone.
    fn settle(&mut self) -> bool {
        self.send();
        while let Some(recorded) = self.worker.poll_recorded() {
            self.recordings.send(Order::Piece(recorded));
        }
        while let Some(event) = self.worker.poll_event() {
            if let MediaEvent::PortClosed { local, statistics, .. } = &event {
                metrics::counter!("cordial_rtp_dropped_foreign_total").increment(statistics.dropped_foreign);
                metrics::counter!("cordial_rtp_lost_total").increment(statistics.packets_lost);
                self.close(*local);
            }
            self.tell(event);
        }
        !self.events.is_closed()
    }

    fn tell(&mut self, event: MediaEvent) {
        // The node never waits for this thread, so waiting for the node here ends.
        if self.events.blocking_send(event).is_err() {
            self.dropped_events += 1;
        }
    }

    fn send(&mut self) {
        let mut sent = 0;
        while let Some(transmit) = self.worker.poll_transmit() {
            sent += u64::from(self.transmit(&transmit));
            self.worker.recycle(transmit.bytes);
        }
        if sent > 0 {
            self.packets_out.increment(sent);
        }
    }

    /// A packet that cannot be sent now is lost, as any packet may be.
    fn transmit(&self, transmit: &Transmit) -> bool {
        let port = if transmit.is_rtcp { transmit.local.0 | 1 } else { transmit.local.0 };
        let Some(socket) = self.sockets.get(&(port, transmit.to.is_ipv6())) else {
            return false;
        };
        match socket.send_to(&transmit.bytes, transmit.to) {
            Ok(_) => true,
            Err(error) => {
                tracing::trace!(port, %error, "a packet was not sent");
                false
            }
        }
    }
}
