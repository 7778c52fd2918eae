//! Audio from and to the phones: one thread sends, one listens. Each packet carries when it was sent.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::figures::Delays;

/// Sockets of all phones together: many streams share one, which the server need not know.
const SOCKETS: usize = 16;
const PERIOD: Duration = Duration::from_millis(20);
const SAMPLES: usize = 160;
const HEADER: usize = 12;
/// Begins the payload of a packet of ours: other audio (music, tones) is only counted.
const MARK: [u8; 8] = *b"cordload";
/// The listener looks up this often when nothing comes.
const LOOK: Duration = Duration::from_millis(100);

/// The door to both threads, which end when it is dropped.
pub(crate) struct Audio {
    addresses: Vec<SocketAddr>,
    orders: Sender<Order>,
    heard: Arc<Mutex<Heard>>,
    // Each keeps the port above an RTP port ours, so that reports sent there are not refused.
    _reports: Vec<UdpSocket>,
}

enum Order {
    Start { stream: u32, to: SocketAddr },
    Stop { stream: u32 },
}

/// What arrived.
#[derive(Default)]
pub(crate) struct Heard {
    /// From being handed to the system at one phone until read at the other.
    pub(crate) delays: Delays,
    /// First and last number and count of each stream.
    streams: BTreeMap<u32, (u32, u32, u32)>,
    /// Packets that are not ours.
    pub(crate) other: u64,
}

impl Heard {
    /// Packets of ours that arrived, and how many are missing between the first and the last of each stream.
    pub(crate) fn arrived_and_lost(&self) -> (u64, u64) {
        self.streams.values().fold((0, 0), |(arrived, lost), (first, last, count)| {
            (arrived + u64::from(*count), lost + u64::from((last - first + 1).saturating_sub(*count)))
        })
    }

    /// Streams that were heard at all.
    pub(crate) fn streams(&self) -> usize {
        self.streams.len()
    }
}

impl Audio {
    /// Opens the sockets and starts both threads.
    pub(crate) fn start(ip: Ipv4Addr) -> Result<Self> {
        let (mut sockets, mut reports) = (Vec::new(), Vec::new());
        for _ in 0..SOCKETS * 64 {
            let socket = UdpSocket::bind((ip, 0))?;
            let port = socket.local_addr()?.port();
            if port % 2 == 0
                && let Ok(report) = UdpSocket::bind((ip, port + 1))
            {
                sockets.push(socket);
                reports.push(report);
            }
            if sockets.len() == SOCKETS {
                break;
            }
        }
        anyhow::ensure!(sockets.len() == SOCKETS, "there are no pairs of UDP ports");
        let addresses = sockets.iter().map(UdpSocket::local_addr).collect::<Result<Vec<_>, _>>()?;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (orders, taken) = channel();
        let base = Instant::now();
        let listening = sockets.iter().map(UdpSocket::try_clone).collect::<Result<Vec<_>, _>>()?;
        let ears = Ears::new(listening, base, Arc::clone(&heard))?;
        std::thread::Builder::new().name("listens".to_owned()).spawn(move || ears.run())?;
        let mouth = Mouth { sockets, base, taken, streams: BTreeMap::new(), due: BinaryHeap::new() };
        std::thread::Builder::new().name("sends".to_owned()).spawn(move || mouth.run())?;
        Ok(Self { addresses, orders, heard, _reports: reports })
    }

    /// Where audio for a stream's sender is taken.
    pub(crate) fn address(&self, stream: u32) -> SocketAddr {
        self.addresses[stream as usize % SOCKETS]
    }

    /// Begins to send a stream.
    pub(crate) fn speak(&self, stream: u32, to: SocketAddr) {
        // The thread ends after this door.
        self.orders.send(Order::Start { stream, to }).ok();
    }

    /// Ends a stream.
    pub(crate) fn fall_silent(&self, stream: u32) {
        self.orders.send(Order::Stop { stream }).ok();
    }

    /// What was heard since the last time.
    pub(crate) fn take(&self) -> Heard {
        std::mem::take(&mut *locked(&self.heard))
    }
}

fn locked(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().expect("neither thread panics while it counts")
}

struct Stream {
    to: SocketAddr,
    sent: u32,
}

struct Mouth {
    sockets: Vec<UdpSocket>,
    base: Instant,
    taken: Receiver<Order>,
    streams: BTreeMap<u32, Stream>,
    due: BinaryHeap<Reverse<(Instant, u32)>>,
}

impl Mouth {
    fn run(mut self) {
        let mut rest = PERIOD;
        loop {
            match self.taken.recv_timeout(rest) {
                Ok(Order::Start { stream, to }) => {
                    // Streams begin at different moments of the twenty milliseconds, as calls do.
                    let phase = Duration::from_micros(u64::from(stream) * 7_919 % 20_000);
                    if self.streams.insert(stream, Stream { to, sent: 0 }).is_none() {
                        self.due.push(Reverse((Instant::now() + phase, stream)));
                    }
                }
                Ok(Order::Stop { stream }) => {
                    self.streams.remove(&stream);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            rest = self.speak_all_due();
        }
    }

    /// Sends every packet that is due; gives how long nothing more is.
    fn speak_all_due(&mut self) -> Duration {
        let now = Instant::now();
        while let Some(Reverse((at, stream))) = self.due.peek().copied().filter(|Reverse((at, _))| *at <= now)
        {
            self.due.pop();
            if self.speak(stream) {
                self.due.push(Reverse((at + PERIOD, stream)));
            }
        }
        let next =
            self.due.peek().map_or(PERIOD, |Reverse((at, _))| at.saturating_duration_since(Instant::now()));
        next.min(PERIOD)
    }

    /// Sends a stream's next packet; false when it has ended.
    fn speak(&mut self, id: u32) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else { return false };
        let mut packet = [0x55; HEADER + SAMPLES];
        packet[0] = 0x80;
        packet[1] = if stream.sent == 0 { 0x80 } else { 0 };
        packet[2..4].copy_from_slice(&(stream.sent as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&stream.sent.wrapping_mul(SAMPLES as u32).to_be_bytes());
        packet[8..12].copy_from_slice(&(id + 1).to_be_bytes());
        packet[12..20].copy_from_slice(&MARK);
        packet[20..24].copy_from_slice(&id.to_be_bytes());
        packet[24..28].copy_from_slice(&stream.sent.to_be_bytes());
        stream.sent += 1;
        let nanos = u64::try_from(self.base.elapsed().as_nanos()).unwrap_or(u64::MAX);
        packet[28..36].copy_from_slice(&nanos.to_be_bytes());
        // What the system does not take is lost, and counted as such at the other end.
        self.sockets[id as usize % SOCKETS].send_to(&packet, stream.to).ok();
        true
    }
}

struct Ears {
    sockets: Vec<mio::net::UdpSocket>,
    poll: mio::Poll,
    base: Instant,
    heard: Arc<Mutex<Heard>>,
}

impl Ears {
    fn new(sockets: Vec<UdpSocket>, base: Instant, heard: Arc<Mutex<Heard>>) -> Result<Self> {
        let poll = mio::Poll::new().context("no poll")?;
        let mut listening = Vec::new();
        for (n, socket) in sockets.into_iter().enumerate() {
            socket.set_nonblocking(true)?;
            let mut socket = mio::net::UdpSocket::from_std(socket);
            poll.registry().register(&mut socket, mio::Token(n), mio::Interest::READABLE)?;
            listening.push(socket);
        }
        Ok(Self { sockets: listening, poll, base, heard })
    }

    fn run(mut self) {
        let mut events = mio::Events::with_capacity(SOCKETS);
        let mut buffer = [0; 2_048];
        // One owner left: the door is gone.
        while Arc::strong_count(&self.heard) > 1 {
            if self.poll.poll(&mut events, Some(LOOK)).is_err() {
                continue;
            }
            let mut heard = locked(&self.heard);
            for event in &events {
                let socket = &self.sockets[event.token().0];
                while let Ok((length, _)) = socket.recv_from(&mut buffer) {
                    hear(&mut heard, &buffer[..length], self.base);
                }
            }
        }
    }
}

fn hear(heard: &mut Heard, packet: &[u8], base: Instant) {
    let Some(payload) = packet.get(HEADER..HEADER + 24).filter(|payload| payload[..8] == MARK) else {
        heard.other += 1;
        return;
    };
    let word =
        |at: usize| u32::from_be_bytes([payload[at], payload[at + 1], payload[at + 2], payload[at + 3]]);
    let (stream, number) = (word(8), word(12));
    let sent = Duration::from_nanos(u64::from(word(16)) << 32 | u64::from(word(20)));
    heard.delays.note(base.elapsed().saturating_sub(sent));
    let (_, last, count) = heard.streams.entry(stream).or_insert((number, number, 0));
    *last = (*last).max(number);
    *count += 1;
}
