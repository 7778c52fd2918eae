//! All phones of the site and the carrier's callers in one loop on one thread: what is due, what came, what follows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Result;
use mio::net::UdpSocket;

use crate::audio::Audio;
use crate::figures::Delays;
use crate::sip::Seen;
use crate::site::Device;

pub(crate) mod callers;
pub(crate) mod phones;

use callers::Call;
use phones::{Freed, Leg, Registration};

/// Sockets of the phones, and as many of the carrier: a socket's buffer holds some ninety messages.
pub(crate) const SOCKETS: usize = 8;
/// Times a request is sent before it is given up (RFC 3261 section 17.1: timers B and F end at 64 T1).
const TRIES_MAX: u8 = 7;
/// RFC 3261 section 17.1.1.1.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);

/// How phones and callers behave.
#[derive(Clone, Copy)]
pub(crate) struct Habits {
    /// From the 180 of a phone until its 200.
    pub(crate) ring: Duration,
    /// From the caller's ACK until he hangs up; never when left out.
    pub(crate) caller_talks: Option<Duration>,
    /// From the 200 of a phone until it hangs up; never when left out.
    pub(crate) phone_talks: Option<Duration>,
    /// Whether both sides send audio.
    pub(crate) audio: bool,
}

impl Habits {
    /// Answers at once and stays.
    pub(crate) const STAY: Self =
        Self { ring: Duration::ZERO, caller_talks: None, phone_talks: None, audio: false };
}

/// What was counted.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) registered: u64,
    pub(crate) placed: u64,
    pub(crate) answered: u64,
    /// Calls whose BYE was answered.
    pub(crate) ended: u64,
    /// Calls that were refused, by code, and how many of them said when to try again.
    pub(crate) refused: BTreeMap<u16, u64>,
    pub(crate) told_when: u64,
    /// Registrations left out because that device's last was not done yet.
    pub(crate) skipped: u64,
    /// Requests given up without a last answer.
    pub(crate) given_up: u64,
    pub(crate) sent_again: u64,
    /// INVITEs that reached phones.
    pub(crate) offered: u64,
    /// From a caller's INVITE to the phone's INVITE.
    pub(crate) offer: Delays,
    /// From a caller's INVITE to his 200.
    pub(crate) set_up: Delays,
    /// From a phone's BYE to the next INVITE to it.
    pub(crate) freed: Delays,
    /// From the first REGISTER to its 200.
    pub(crate) registration: Delays,
}

impl Counts {
    /// Calls of which nothing more is to come.
    pub(crate) fn over(&self) -> u64 {
        self.ended + self.given_up + self.refused.values().sum::<u64>()
    }

    /// Registrations of which nothing more is to come.
    pub(crate) fn settled(&self) -> u64 {
        self.registered + self.skipped + self.given_up + self.refused.values().sum::<u64>()
    }
}

/// What is done again and again.
#[derive(Clone, Copy)]
pub(crate) enum Deed {
    /// The next device registers.
    Register,
    /// The next device of the first half calls its pair in the second.
    CallPair,
    /// A caller of the carrier dials the queue.
    CallQueue,
}

struct Plan {
    deed: Deed,
    every: Duration,
    next: Instant,
    left: u64,
}

/// Whose request is under way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whose {
    Registration(usize),
    Call(usize),
    Leg(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    SendAgain(Whose, u32),
    Answer(usize),
    CallerHangsUp(usize),
    PhoneHangsUp(usize),
}

/// A message that is sent until it is answered.
#[derive(Default)]
pub(crate) struct Sending {
    bytes: Vec<u8>,
    round: u32,
    tries: u8,
}

impl Sending {
    /// It was answered.
    pub(crate) fn done(&mut self) {
        self.bytes = Vec::new();
        self.round += 1;
    }
}

/// Which socket.
#[derive(Clone, Copy)]
pub(crate) enum Wire {
    Phone(usize),
    Carrier(usize),
}

/// Phones and callers.
pub(crate) struct Floor {
    pub(crate) server: SocketAddr,
    pub(crate) domain: String,
    pub(crate) habits: Habits,
    pub(crate) counts: Counts,
    pub(crate) audio: Audio,
    phones: Vec<UdpSocket>,
    carrier: Vec<UdpSocket>,
    addresses: Vec<SocketAddr>,
    poll: mio::Poll,
    timers: BinaryHeap<Reverse<(Instant, Timer)>>,
    plan: Option<Plan>,
    pub(crate) devices: Vec<Device>,
    by_number: HashMap<String, usize>,
    registrations: Vec<Registration>,
    calls: Vec<Call>,
    legs: Vec<Leg>,
    leg_of: HashMap<String, usize>,
    freed: Vec<Freed>,
    turn: usize,
}

impl Floor {
    /// Opens the sockets.
    pub(crate) fn open(ip: Ipv4Addr, server: SocketAddr) -> Result<Self> {
        let poll = mio::Poll::new()?;
        let (mut sockets, mut addresses) = (Vec::new(), Vec::new());
        for n in 0..2 * SOCKETS {
            let mut socket = UdpSocket::bind(SocketAddr::new(ip.into(), 0))?;
            poll.registry().register(&mut socket, mio::Token(n), mio::Interest::READABLE)?;
            addresses.push(socket.local_addr()?);
            sockets.push(socket);
        }
        Ok(Self {
            server,
            domain: String::new(),
            habits: Habits::STAY,
            counts: Counts::default(),
            audio: Audio::start(ip)?,
            carrier: sockets.split_off(SOCKETS),
            phones: sockets,
            addresses,
            poll,
            timers: BinaryHeap::new(),
            plan: None,
            devices: Vec::new(),
            by_number: HashMap::new(),
            registrations: Vec::new(),
            calls: Vec::new(),
            legs: Vec::new(),
            leg_of: HashMap::new(),
            freed: Vec::new(),
            turn: 0,
        })
    }

    /// Gives the phones their numbers.
    pub(crate) fn hand_out(&mut self, domain: &str, devices: &[Device]) {
        self.domain = domain.to_owned();
        self.devices = devices.to_vec();
        self.by_number = devices.iter().enumerate().map(|(n, device)| (device.number.clone(), n)).collect();
        self.registrations = devices.iter().map(|_| Registration::default()).collect();
        self.freed = vec![None; devices.len()];
    }

    /// Where the carrier calls from.
    pub(crate) fn carrier_addresses(&self) -> &[SocketAddr] {
        &self.addresses[SOCKETS..]
    }

    pub(crate) fn own(&self, wire: Wire) -> SocketAddr {
        match wire {
            Wire::Phone(n) => self.addresses[n % SOCKETS],
            Wire::Carrier(n) => self.addresses[SOCKETS + n % SOCKETS],
        }
    }

    pub(crate) fn send(&self, wire: Wire, bytes: &[u8]) {
        let socket = match wire {
            Wire::Phone(n) => &self.phones[n % SOCKETS],
            Wire::Carrier(n) => &self.carrier[n % SOCKETS],
        };
        // What the system does not take is lost and sent again.
        socket.send_to(bytes, self.server).ok();
    }

    /// Sends a message, and again until it is answered.
    pub(crate) fn send_until_answered(&mut self, whose: Whose, wire: Wire, bytes: Vec<u8>) {
        self.send(wire, &bytes);
        let sending = self.sending(whose);
        sending.bytes = bytes;
        sending.round += 1;
        sending.tries = 1;
        let round = sending.round;
        self.after(T1, Timer::SendAgain(whose, round));
    }

    pub(crate) fn after(&mut self, rest: Duration, timer: Timer) {
        self.timers.push(Reverse((Instant::now() + rest, timer)));
    }

    fn sending(&mut self, whose: Whose) -> &mut Sending {
        match whose {
            Whose::Registration(n) => &mut self.registrations[n].sending,
            Whose::Call(n) => &mut self.calls[n].sending,
            Whose::Leg(n) => &mut self.legs[n].sending,
        }
    }

    fn send_again(&mut self, whose: Whose, round: u32) {
        let wire = match whose {
            Whose::Registration(n) => Wire::Phone(n),
            Whose::Call(n) => self.calls[n].wire,
            Whose::Leg(n) => Wire::Phone(self.legs[n].device),
        };
        let sending = self.sending(whose);
        if sending.round != round || sending.bytes.is_empty() {
            return;
        }
        if sending.tries == TRIES_MAX {
            sending.done();
            self.counts.given_up += 1;
            self.gave_up(whose);
            return;
        }
        let rest = (T1 * (1 << sending.tries)).min(T2);
        sending.tries += 1;
        let bytes = std::mem::take(&mut sending.bytes);
        self.send(wire, &bytes);
        self.sending(whose).bytes = bytes;
        self.counts.sent_again += 1;
        self.after(rest, Timer::SendAgain(whose, round));
    }

    fn gave_up(&mut self, whose: Whose) {
        match whose {
            Whose::Registration(n) => self.registrations[n].begun = None,
            Whose::Call(n) => self.call_is_over(n),
            Whose::Leg(n) => self.leg_is_over(n),
        }
    }

    /// Does a deed so many times, `rate` times a second, while the loop runs.
    pub(crate) fn plan(&mut self, deed: Deed, rate: f64, count: u64) {
        let every = Duration::from_secs_f64(1.0 / rate);
        self.plan = Some(Plan { deed, every, next: Instant::now(), left: count });
    }

    /// Whether everything planned was begun.
    pub(crate) fn is_planless(&self) -> bool {
        self.plan.as_ref().is_none_or(|plan| plan.left == 0)
    }

    /// Turns for so long.
    pub(crate) fn run_for(&mut self, time: Duration) -> Result<()> {
        self.run_until(time, |_| false).map(|_| ())
    }

    /// Turns until something is so, at most for so long; gives whether it became so.
    pub(crate) fn run_until(&mut self, most: Duration, so: impl Fn(&Self) -> bool) -> Result<bool> {
        let until = Instant::now() + most;
        let mut events = mio::Events::with_capacity(4 * SOCKETS);
        loop {
            self.keep_to_plan();
            self.fire();
            self.drain();
            if so(self) {
                return Ok(true);
            }
            let now = Instant::now();
            if now >= until {
                return Ok(false);
            }
            let timer = self.timers.peek().map(|Reverse((at, _))| *at);
            let plan = self.plan.as_ref().filter(|plan| plan.left > 0).map(|plan| plan.next);
            let wake = timer.into_iter().chain(plan).min().unwrap_or(until).min(until);
            let rest = wake.saturating_duration_since(now);
            match self.poll.poll(&mut events, Some(rest)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error.into()),
                Ok(()) | Err(_) => {}
            }
        }
    }

    fn keep_to_plan(&mut self) {
        let now = Instant::now();
        while let Some(plan) = self.plan.as_mut().filter(|plan| plan.left > 0 && plan.next <= now) {
            plan.next += plan.every;
            plan.left -= 1;
            let deed = plan.deed;
            self.turn += 1;
            match deed {
                Deed::Register => self.register((self.turn - 1) % self.devices.len()),
                Deed::CallPair => self.call_pair(self.turn - 1),
                Deed::CallQueue => self.call_queue(self.turn - 1),
            }
        }
    }

    fn fire(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((_, timer))) =
            self.timers.peek().copied().filter(|Reverse((at, _))| *at <= now)
        {
            self.timers.pop();
            match timer {
                Timer::SendAgain(whose, round) => self.send_again(whose, round),
                Timer::Answer(leg) => self.answer_leg(leg),
                Timer::CallerHangsUp(call) => self.hang_up_call(call),
                Timer::PhoneHangsUp(leg) => self.hang_up_leg(leg),
            }
        }
    }

    fn drain(&mut self) {
        let mut buffer = [0; 8_192];
        for n in 0..2 * SOCKETS {
            loop {
                let (socket, wire) = match n.checked_sub(SOCKETS) {
                    None => (&self.phones[n], Wire::Phone(n)),
                    Some(n) => (&self.carrier[n], Wire::Carrier(n)),
                };
                let Ok((length, _)) = socket.recv_from(&mut buffer) else { break };
                let now = Instant::now();
                if let Some(seen) = Seen::read(&buffer[..length]) {
                    self.hear(now, wire, &seen);
                }
            }
        }
    }

    fn hear(&mut self, now: Instant, wire: Wire, seen: &Seen<'_>) {
        let Some(code) = seen.code() else {
            return self.hear_request(now, wire, seen);
        };
        let numbered = |mark: char| seen.call_id.strip_prefix(mark)?.split('.').next()?.parse::<usize>().ok();
        if let Some(call) = numbered('c').filter(|n| *n < self.calls.len()) {
            self.call_answered(now, call, code, seen);
        } else if let Some(device) = numbered('r').filter(|n| *n < self.registrations.len()) {
            self.registration_answered(now, device, code, seen);
        } else if let Some(leg) = self.leg_of.get(seen.call_id).copied().filter(|_| code >= 200) {
            self.leg_is_over(leg);
        }
    }
}
