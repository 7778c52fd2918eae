//! Phones of agents, a carrier and its callers: the scripted phones of the simulator on real sockets.

use std::collections::{BTreeMap, VecDeque};
use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use cordial_sim::phone::{Habit, LineId, Phone, PhoneConfig, PhoneEvent, PhoneOutput, Placing};
use cordial_sip::Timestamp;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use super::ports;

/// Messages whose first lines are kept.
const SPOKEN_MAX: usize = 256;
const DATAGRAM_MAX: usize = 65_535;
/// Lifetime of a registration: longer than a test. Seconds.
const EXPIRES_S: u32 = 3_600;
/// A phone without a plan is looked at this often.
const IDLE_LOOK: Duration = Duration::from_millis(500);

/// One phone, driven by a task of its own.
pub(crate) struct Station {
    phone: Mutex<Phone>,
    kick: Notify,
    begun: Instant,
    /// What happened, and when.
    history: Mutex<Vec<(Instant, PhoneEvent)>>,
    /// The first lines of its last SIP messages, for whoever asks why.
    spoken: Mutex<VecDeque<String>>,
    /// How long its user talks before hanging up; users who are frozen do nothing.
    talk: Option<Duration>,
    frozen: Arc<AtomicBool>,
    /// Audio of line n by the socket n.
    rtp: Vec<StdSocket>,
}

/// What a phone is for.
pub(crate) struct Role {
    pub(crate) number: String,
    pub(crate) domain: String,
    pub(crate) password: String,
    pub(crate) lines: u16,
    /// The tone it talks in; none sends no audio.
    pub(crate) tone_hz: Option<f64>,
    pub(crate) talk: Option<Duration>,
}

impl Station {
    /// Switches a phone on.
    pub(crate) fn on(sip: SocketAddr, role: Role, frozen: &Arc<AtomicBool>) -> Arc<Self> {
        let server = sip;
        let socket = StdSocket::bind("127.0.0.1:0").expect("a UDP port");
        socket.set_nonblocking(true).expect("a UDP socket");
        let sip = socket.local_addr().expect("a bound socket");
        let rtp_port = ports::block_for_phone(role.lines * 2);
        let rtp = (0..role.lines).map(|line| {
            let socket = StdSocket::bind(("127.0.0.1", rtp_port + 2 * line)).expect("the block was free");
            socket.set_nonblocking(true).expect("a UDP socket");
            socket
        });
        let config = PhoneConfig {
            number: role.number,
            domain: role.domain,
            password: role.password,
            sip,
            server,
            lines: role.lines,
            rtp_port,
            tone_hz: role.tone_hz,
            expires_s: EXPIRES_S,
            challenges: None,
        };
        let seed = u64::from(std::process::id()) << 32 | u64::from(sip.port());
        let station = Arc::new(Self {
            phone: Mutex::new(Phone::new(config, seed)),
            kick: Notify::new(),
            begun: Instant::now(),
            history: Mutex::default(),
            spoken: Mutex::default(),
            talk: role.talk,
            frozen: Arc::clone(frozen),
            rtp: rtp.collect(),
        });
        tokio::spawn(Arc::clone(&station).run(UdpSocket::from_std(socket).expect("a UDP socket")));
        station
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.phone().config().sip
    }

    /// Lets its user do something.
    pub(crate) fn deed<T>(&self, deed: impl FnOnce(&mut Phone, Timestamp) -> T) -> T {
        let done = deed(&mut self.phone(), self.now());
        self.kick.notify_one();
        done
    }

    pub(crate) fn register(&self) {
        self.deed(|phone, now| phone.register(now));
    }

    pub(crate) fn answers_after(&self, after_ms: u64) {
        self.deed(|phone, _| phone.set_habit(Habit::Answer { after_ms }, None));
    }

    pub(crate) fn place(&self, placing: Placing) -> Option<LineId> {
        self.deed(|phone, now| phone.place(now, placing))
    }

    pub(crate) fn hang_up<'a>(&self, lines: impl IntoIterator<Item = &'a LineId>) {
        self.deed(|phone, now| lines.into_iter().for_each(|line| phone.hang_up(now, *line)));
    }

    /// The calls there are, dialled ones among them.
    pub(crate) fn lines(&self) -> Vec<LineId> {
        self.phone().lines().collect()
    }

    /// The calls there are, and whether somebody talks in them.
    pub(crate) fn calls(&self) -> Vec<(LineId, &'static str)> {
        let phone = self.phone();
        let step = |line| if phone.is_talking(line) { "talks" } else { "rings, is dialled or ends" };
        phone.lines().map(|line| (line, step(line))).collect()
    }

    /// The calls that talk or ring here.
    pub(crate) fn live(&self) -> Vec<LineId> {
        let phone = self.phone();
        let ringing: Vec<_> = phone.ringing().collect();
        phone.lines().filter(|line| phone.is_talking(*line) || ringing.contains(line)).collect()
    }

    pub(crate) fn talking(&self) -> usize {
        let phone = self.phone();
        phone.lines().filter(|line| phone.is_talking(*line)).count()
    }

    pub(crate) fn ringing(&self) -> usize {
        self.phone().ringing().count()
    }

    /// What happened since the last time this was asked.
    pub(crate) fn take_history(&self) -> Vec<(Instant, PhoneEvent)> {
        std::mem::take(&mut *self.history.lock().expect("no task panicked"))
    }

    /// The first lines of its last SIP messages.
    pub(crate) fn spoken(&self) -> Vec<String> {
        self.spoken.lock().expect("no task panicked").iter().cloned().collect()
    }

    fn note(&self, way: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let wanted = |line: &&str| ["CSeq:", "Call-ID:", "Reason:"].iter().any(|name| line.starts_with(name));
        let first = text.lines().take(1).chain(text.lines().filter(wanted)).collect::<Vec<_>>().join(" | ");
        let mut spoken = self.spoken.lock().expect("no task panicked");
        spoken.push_back(format!("{:>8.3} {way} {first}", self.begun.elapsed().as_secs_f64()));
        if spoken.len() > SPOKEN_MAX {
            spoken.pop_front();
        }
    }

    fn phone(&self) -> MutexGuard<'_, Phone> {
        self.phone.lock().expect("no task panicked")
    }

    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    async fn run(self: Arc<Self>, socket: UdpSocket) {
        let mut datagram = vec![0; DATAGRAM_MAX];
        let mut audio = [0; 2_048];
        let mut hang_ups: BTreeMap<(Instant, LineId), ()> = BTreeMap::new();
        loop {
            for (to, bytes) in self.drain(&mut hang_ups) {
                self.note("out", &bytes);
                // UDP: what is lost is repeated by SIP.
                socket.send_to(&bytes, to).await.ok();
            }
            self.listen(&mut audio);
            let wake = self.phone().poll_timeout().map(|at| self.begun + Duration::from_millis(at.0));
            let hang_up = hang_ups.keys().next().map(|(at, _)| *at);
            let wake = [wake, hang_up].into_iter().flatten().min().unwrap_or(Instant::now() + IDLE_LOOK);
            tokio::select! {
                taken = socket.recv_from(&mut datagram) => {
                    if let Ok((length, from)) = taken {
                        self.note("in", &datagram[..length]);
                        self.phone().handle_sip(self.now(), from, &datagram[..length]);
                    }
                }
                () = tokio::time::sleep_until(wake.into()) => {
                    self.phone().handle_timeout(self.now());
                    while let Some(((at, line), ())) = hang_ups.pop_first() {
                        if at > Instant::now() {
                            hang_ups.insert((at, line), ());
                            break;
                        }
                        if !self.frozen.load(Ordering::SeqCst) {
                            self.phone().hang_up(self.now(), line);
                        }
                    }
                }
                () = self.kick.notified() => {}
            }
        }
    }

    /// Hears what came since the last packet was sent: whoever talks wakes every 20 ms.
    fn listen(&self, audio: &mut [u8]) {
        let first = self.phone().config().rtp_port;
        for (line, socket) in (0_u16..).zip(&self.rtp) {
            while let Ok(length) = socket.recv(audio) {
                self.phone().handle_rtp(self.now(), first + 2 * line, &audio[..length]);
            }
        }
    }

    /// What is to be sent; notes what happened, and when its user will hang up.
    fn drain(&self, hang_ups: &mut BTreeMap<(Instant, LineId), ()>) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut sent = Vec::new();
        let mut phone = self.phone();
        while let Some(output) = phone.poll_output() {
            match output {
                PhoneOutput::Sip { to, bytes } => sent.push((to, bytes)),
                PhoneOutput::Rtp { local_port, to, bytes } => {
                    let first = phone.config().rtp_port;
                    if let Some(socket) = self.rtp.get(usize::from((local_port - first) / 2)) {
                        socket.send_to(&bytes, to).ok();
                    }
                }
                PhoneOutput::Event(event) => {
                    let now = Instant::now();
                    if let (PhoneEvent::Answered { line }, Some(talk)) = (&event, self.talk) {
                        hang_ups.insert((now + talk, *line), ());
                    }
                    self.history.lock().expect("no task panicked").push((now, event));
                }
            }
        }
        sent
    }
}
