//! Sockets around the scripted phones: one task for each phone, with its own SIP port, RTP port and tone.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
pub(crate) use cordial_sim::phone::PhoneEvent;
use cordial_sim::phone::{Habit, Phone, PhoneConfig, PhoneOutput, Placing};
use cordial_sip::Timestamp;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::site::Site;

/// Orders given to a phone and not yet taken.
const ORDERS_MAX: usize = 64;
/// Events told by phones and not yet taken.
const SAID_MAX: usize = 1_024;
const DATAGRAM_MAX: usize = 65_535;
/// Lifetime of a phone's registration. Seconds.
const EXPIRES_S: u32 = 600;
/// A phone without a plan is looked at this often.
const IDLE_LOOK: Duration = Duration::from_secs(1);

/// Whose phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// An agent's, by place in the site.
    Agent(usize),
    /// A caller's, by place in the cast.
    Caller(usize),
}

/// What a phone tells.
pub(crate) struct Said {
    pub(crate) who: Who,
    pub(crate) event: PhoneEvent,
}

/// What a phone's user does.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// Registers.
    Register,
    /// Will treat the next call that rings so.
    Habit(Habit),
    /// Calls somebody.
    Place(Placing),
    /// Ends whatever call there is.
    HangUp,
}

/// All phones. Until [`Cast::enter`] they only have their sockets.
pub(crate) struct Cast {
    agents: Vec<Part>,
    callers: Vec<Part>,
    said: mpsc::Sender<Said>,
    begun: Instant,
}

struct Part {
    sip: SocketAddr,
    tone_hz: u32,
    sockets: Option<Sockets>,
    orders: mpsc::Sender<Order>,
    waiting: Option<mpsc::Receiver<Order>>,
}

struct Sockets {
    sip: UdpSocket,
    rtp: UdpSocket,
    rtp_port: u16,
}

impl Cast {
    /// Opens the sockets of all phones.
    pub(crate) async fn hire(agents: u8, callers: u8) -> Result<(Self, mpsc::Receiver<Said>)> {
        let (said, hear) = mpsc::channel(SAID_MAX);
        let mut cast = Self { agents: Vec::new(), callers: Vec::new(), said, begun: Instant::now() };
        // No tone is another's, and no caller's is the second or third harmonic of an agent's at the same desk.
        for n in 0..u32::from(agents) {
            cast.agents.push(Part::open(450 + 50 * n).await?);
        }
        for n in 0..u32::from(callers) {
            cast.callers.push(Part::open(1_150 + 50 * n).await?);
        }
        Ok((cast, hear))
    }

    pub(crate) const fn agents(&self) -> usize {
        self.agents.len()
    }

    pub(crate) const fn callers(&self) -> usize {
        self.callers.len()
    }

    /// The number that a caller shows: drawn from those kept free for drama (020 7946 0xxx).
    pub(crate) fn caller_number(caller: usize) -> String {
        format!("+442079460{:03}", 101 + caller)
    }

    /// Whose number that is.
    pub(crate) fn caller_of(&self, number: &str) -> Option<usize> {
        (0..self.callers.len()).find(|caller| Self::caller_number(*caller) == number)
    }

    /// The tone that a phone talks in. Hertz.
    pub(crate) fn tone_hz(&self, who: Who) -> u32 {
        self.part(who).tone_hz
    }

    /// Where the carrier's calls come from: each caller has a socket of his own.
    pub(crate) fn carrier_addresses(&self) -> Vec<String> {
        self.callers.iter().map(|part| part.sip.to_string()).collect()
    }

    /// Switches all phones on; those of agents register.
    pub(crate) fn enter(&mut self, site: &Site, server: SocketAddr) {
        let (said, begun) = (self.said.clone(), self.begun);
        let agents = self.agents.iter_mut().zip(&site.agents).enumerate();
        let agents = agents
            .map(|(n, (part, agent))| (Who::Agent(n), part, agent.number.clone(), agent.password.clone()));
        let callers = self.callers.iter_mut().enumerate();
        let callers = callers.map(|(n, part)| (Who::Caller(n), part, Self::caller_number(n), String::new()));
        for (who, part, number, password) in agents.chain(callers) {
            let (Some(sockets), Some(orders)) = (part.sockets.take(), part.waiting.take()) else {
                continue;
            };
            let config = PhoneConfig {
                number,
                domain: site.domain.clone(),
                password,
                sip: part.sip,
                server,
                lines: 1,
                rtp_port: sockets.rtp_port,
                tone_hz: Some(f64::from(part.tone_hz)),
                expires_s: EXPIRES_S,
                challenges: None,
            };
            // Tags and call ids must differ from those of other runs: old packets may still be under way.
            let seed = u64::from(std::process::id()) << 32 | u64::from(part.sip.port());
            let phone = Phone::new(config, seed);
            let said = said.clone();
            tokio::spawn(Desk { who, phone, sockets, said, begun }.run(orders));
            if matches!(who, Who::Agent(_)) {
                part.order(Order::Register);
            }
        }
    }

    /// Has a phone's user do something.
    pub(crate) fn order(&self, who: Who, order: Order) {
        self.part(who).order(order);
    }

    fn part(&self, who: Who) -> &Part {
        match who {
            Who::Agent(n) => &self.agents[n],
            Who::Caller(n) => &self.callers[n],
        }
    }
}

impl Part {
    async fn open(tone_hz: u32) -> Result<Self> {
        let sip = UdpSocket::bind("127.0.0.1:0").await.context("no UDP port for a phone")?;
        let rtp = open_even().await?;
        let rtp_port = rtp.local_addr()?.port();
        let (orders, waiting) = mpsc::channel(ORDERS_MAX);
        let address = sip.local_addr()?;
        let sockets = Some(Sockets { sip, rtp, rtp_port });
        Ok(Self { sip: address, tone_hz, sockets, orders, waiting: Some(waiting) })
    }

    fn order(&self, order: Order) {
        // A phone that takes no orders any more is one whose demonstration is over.
        self.orders.try_send(order).ok();
    }
}

/// RFC 3550 section 11: RTP on an even port, RTCP on the next.
async fn open_even() -> Result<UdpSocket> {
    for _ in 0..64 {
        let socket = UdpSocket::bind("127.0.0.1:0").await.context("no UDP port for a phone")?;
        if socket.local_addr()?.port().is_multiple_of(2) {
            return Ok(socket);
        }
    }
    anyhow::bail!("no even UDP port for a phone")
}

/// A phone with its sockets, and the loop that drives it.
struct Desk {
    who: Who,
    phone: Phone,
    sockets: Sockets,
    said: mpsc::Sender<Said>,
    begun: Instant,
}

impl Desk {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut sip = vec![0; DATAGRAM_MAX];
        let mut rtp = vec![0; DATAGRAM_MAX];
        loop {
            if !self.drain().await {
                return;
            }
            let wake = match self.phone.poll_timeout() {
                Some(at) => self.begun + Duration::from_millis(at.0),
                None => Instant::now() + IDLE_LOOK,
            };
            tokio::select! {
                taken = self.sockets.sip.recv_from(&mut sip) => {
                    if let Ok((length, from)) = taken {
                        self.phone.handle_sip(self.now(), from, &sip[..length]);
                    }
                }
                taken = self.sockets.rtp.recv_from(&mut rtp) => {
                    if let Ok((length, _)) = taken {
                        self.phone.handle_rtp(self.now(), self.sockets.rtp_port, &rtp[..length]);
                    }
                }
                () = tokio::time::sleep_until(wake) => self.phone.handle_timeout(self.now()),
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
            }
        }
    }

    /// Does what the phone wants done; false when nobody listens any more.
    async fn drain(&mut self) -> bool {
        while let Some(output) = self.phone.poll_output() {
            match output {
                // UDP: what is lost is repeated by SIP and not missed by audio.
                PhoneOutput::Sip { to, bytes } => drop(self.sockets.sip.send_to(&bytes, to).await),
                PhoneOutput::Rtp { to, bytes, .. } => drop(self.sockets.rtp.send_to(&bytes, to).await),
                PhoneOutput::Event(event) => {
                    if self.said.send(Said { who: self.who, event }).await.is_err() {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn obey(&mut self, order: Order) {
        let now = self.now();
        match order {
            Order::Register => self.phone.register(now),
            Order::Habit(habit) => self.phone.set_habit(habit, None),
            Order::Place(placing) => {
                self.phone.place(now, placing);
            }
            Order::HangUp => {
                let lines: Vec<_> = self.phone.lines().collect();
                lines.into_iter().for_each(|line| self.phone.hang_up(now, line));
            }
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}
