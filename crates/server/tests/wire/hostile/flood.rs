//! Floods: more requests than can be served, from one address and from many.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use super::call::{Call, rtp};
use super::phone::{Phone, sdp};
use super::site::Site;
use crate::server::Server;

/// How long each flood lasts in the gate, unless the variable `FLOOD_S` says how long. Seconds. (What begins with
/// `CORDIAL_` is configuration, and the server would refuse to start with it.)
const FLOOD_S: u64 = 5;
/// What the process may grow by in a flood. Bytes.
const GROWTH_MAX: u64 = 64 << 20;
/// And in one that comes from a carrier's address: its calls are taken until `limits.dialogs` says no. Bytes.
const TRUNK_GROWTH_MAX: u64 = 512 << 20;
/// The address of a phone that has registered.
const FAMILIAR: [u8; 4] = [127, 0, 0, 3];
/// The address of a trunk.
const TRUNK: [u8; 4] = [127, 0, 0, 77];
/// Within this of the end of a flood a phone is served again.
const SERVED_AGAIN: Duration = Duration::from_secs(2);
/// The watched phones only answer calls: nobody asks them whether they still live, however long the floods last.
const LEFT_ALONE: &str = "ping_s = 0\nsession_expires_s = 0";
/// Where a flood puts a number that is different in each message.
const MARK: &str = "@@@@@@@@@@@@@@@@";

#[derive(Clone, Copy, PartialEq)]
enum Sources {
    One,
    Many,
    /// A phone's that has registered, which is not limited.
    Familiar,
    /// A carrier's, which is not limited either, and whose calls need no password.
    Trunk,
}

impl Sources {
    fn addresses(self) -> Vec<Ipv4Addr> {
        match self {
            Self::One => vec![Ipv4Addr::new(127, 0, 0, 66)],
            Self::Many => (1..=250).map(|n| Ipv4Addr::new(127, 0, 66, n)).collect(),
            Self::Familiar => vec![FAMILIAR.into()],
            Self::Trunk => vec![TRUNK.into()],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Many => "many",
            Self::Familiar => "familiar",
            Self::Trunk => "trunk",
        }
    }
}

/// What a flood is made of.
struct Flood {
    name: &'static str,
    messages: Vec<Vec<u8>>,
    sources: Sources,
}

/// A flood that runs.
struct Running {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
    began: Instant,
}

impl Flood {
    fn start(self, to: SocketAddr) -> Running {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let bind = |ip: &Ipv4Addr| UdpSocket::bind((*ip, 0)).expect("every address of 127/8 is ours");
        let sockets: Vec<UdpSocket> = self.sources.addresses().iter().map(bind).collect();
        let mut messages: Vec<(Vec<u8>, Vec<usize>)> =
            self.messages.into_iter().map(|message| (message.clone(), marks(&message))).collect();
        let thread = std::thread::spawn(move || {
            let mut sent = 0u64;
            while !stopped.load(Ordering::Relaxed) {
                for (message, marks) in &mut messages {
                    let number = format!("{:016x}", sent.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                    for at in marks.iter() {
                        message[*at..*at + MARK.len()].copy_from_slice(number.as_bytes());
                    }
                    let socket = &sockets[(sent % sockets.len() as u64) as usize];
                    // A full queue of the kernel is the end that a flood wants.
                    socket.send_to(message, to).ok();
                    sent += 1;
                }
            }
            sent
        });
        Running { stop, thread, began: Instant::now() }
    }
}

impl Running {
    fn end(self) -> (u64, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        let sent = self.thread.join().expect("the flood does not panic");
        (sent, self.began.elapsed())
    }
}

fn marks(message: &[u8]) -> Vec<usize> {
    let found = message.windows(MARK.len()).enumerate().filter(|(_, bytes)| *bytes == MARK.as_bytes());
    found.map(|(at, _)| at).collect()
}

fn request(method: &str, user: &str, more: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} sip:{user}@cordial.local SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9:5060;rport;branch=z9hG4bK{MARK}\r\n\
         Max-Forwards: 70\r\nFrom: \"flood {MARK}\" <sip:{user}@cordial.local>;tag={MARK}\r\n\
         To: <sip:{user}@cordial.local>\r\nCall-ID: {MARK}@flood\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:{user}@203.0.113.9:5060>\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn registers() -> Vec<Vec<u8>> {
    vec![request("REGISTER", "2001", "", ""), request("REGISTER", &format!("u{MARK}"), "", "")]
}

fn invites() -> Vec<Vec<u8>> {
    let body = sdp(SocketAddr::from(([203, 0, 113, 9], 4_000)));
    let kind = "Content-Type: application/sdp\r\n";
    vec![request("INVITE", "3001", kind, &body), request("INVITE", &format!("u{MARK}"), kind, &body)]
}

fn options() -> Vec<Vec<u8>> {
    vec![request("OPTIONS", "3001", "", "")]
}

/// Everything that does not fit: guesses, an answer to a challenge that was good once, noise, and the largest datagrams.
fn mixed(replayed: &str) -> Vec<Vec<u8>> {
    let guess = format!(
        "Authorization: Digest username=\"2001\", realm=\"cordial.local\", nonce=\"{MARK}\", uri=\"sip:cordial.local\", \
         response=\"{MARK}{MARK}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"{MARK}\"\r\n"
    );
    let huge = format!("X-Filler: {}\r\n", "x".repeat(8_000)).repeat(7);
    let mut all = vec![
        request("REGISTER", "2001", &guess, ""),
        replayed.as_bytes().to_vec(),
        request("INVITE", "3001", &huge, ""),
        request("BYE", "3001", "", ""),
        request("CANCEL", "3001", "", ""),
        request("ACK", "3001", "", ""),
        format!("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK{MARK}\r\n\r\n").into_bytes(),
        vec![0xff; 1_200],
        rtp(1, 1, 0, 0x11),
    ];
    all.extend(registers().into_iter().chain(invites()).chain(options()));
    all
}

/// A phone registered once; this is what it sent.
fn registers_and_tells(phone: &Phone) -> String {
    let draft = phone.register();
    let challenged = phone.ask(&draft);
    let proving = phone.proving(&draft, &challenged);
    assert_eq!(phone.ask(&proving).code, 200);
    phone.text(&proving)
}

/// What a phone is answered that asks until it is challenged, or it has been too long since the flood. What is shed (503)
/// asks again, as a phone does.
fn challenged(phone: &Phone, ended: Instant) -> Option<u16> {
    let mut last = None;
    while last != Some(401) && ended.elapsed() < SERVED_AGAIN {
        let left = SERVED_AGAIN.saturating_sub(ended.elapsed());
        last = phone.ask_within(&phone.register(), left).map(|answer| answer.code);
    }
    last
}

fn flood_seconds() -> u64 {
    let told = std::env::var("FLOOD_S").ok();
    told.map_or(FLOOD_S, |told| told.parse().expect("FLOOD_S is a number of seconds"))
}

/// What is watched while floods run.
struct Watched {
    site: Site,
    caller: Phone,
    callee: Phone,
    /// Has registered before, from an address of its own.
    known: Phone,
    /// Has never been seen.
    new: Phone,
    call: Call,
    /// The least memory seen: a start takes more than what comes after it, which is no room for a flood. Bytes.
    least: Cell<u64>,
}

impl Watched {
    async fn open() -> (Self, String) {
        let site = Site::open_on(Server::start_with(LEFT_ALONE).await, 4).await;
        let (caller, callee) = (site.phone(1), site.phone(2));
        callee.registers();
        caller.registers();
        let known = site.phone_at(FAMILIAR, 3);
        let replayed = registers_and_tells(&known);
        let new = site.phone_at([127, 0, 0, 4], 4);
        let call = Call::place(&caller, "3002", &callee);
        call.flows();
        let address = Ipv4Addr::from(TRUNK).to_string();
        let carrier =
            json!({ "name": "carrier", "address": format!("{address}:5060"), "sources": [address] });
        site.server.post("/v1/trunks", carrier).await;
        let least = Cell::new(site.memory());
        (Self { site, caller, callee, known, new, call, least }, replayed)
    }

    /// Floods and looks at what must not suffer; returns one line of a table.
    async fn endures(&self, flood: Flood) -> String {
        let name = format!("{:<9} {:<8}", flood.name, flood.sources.name());
        let growth_max = if flood.sources == Sources::Trunk { TRUNK_GROWTH_MAX } else { GROWTH_MAX };
        let heard = [self.call.caller.heard(), self.call.callee.heard()];
        self.least.set(self.least.get().min(self.site.memory()));
        let running = flood.start(self.site.server.sip);
        let lasts = Duration::from_secs(flood_seconds());
        let mut slowest_api = Duration::ZERO;
        let mut served = (0, 0);
        while running.began.elapsed() < lasts {
            let asked = Instant::now();
            self.site.server.get("/v1/calls").await;
            slowest_api = slowest_api.max(asked.elapsed());
            let answer = self.known.ask_within(&self.known.register(), Duration::from_millis(400));
            served = (served.0 + u32::from(answer.is_some()), served.1 + 1);
            tokio::time::sleep(Duration::from_millis(100)).await; // The flood goes on; this is how often we look.
        }
        let peak = self.site.memory();
        let (sent, took) = running.end();
        let ended = Instant::now();
        let due = (took.as_millis() / 20) as u64;
        let heard = [self.call.caller.heard() - heard[0], self.call.callee.heard() - heard[1]];
        let old = challenged(&self.known, ended);
        let old_again = ended.elapsed();
        let new = challenged(&self.new, ended);
        let new_again = ended.elapsed();
        let after = self.site.memory();
        self.least.set(self.least.get().min(peak).min(after));
        let growth = peak.max(after) - self.least.get();
        let line = format!(
            "{name}  {:>7} /s  +{:>3} MiB  audio {:>3} %  known phone {}/{} during, {:>4} ms after  new phone {:>4} ms  API {:>4} ms",
            sent * 1_000 / took.as_millis() as u64,
            growth >> 20,
            100 * heard[0].min(heard[1]) / due.max(1),
            served.0,
            served.1,
            old_again.as_millis(),
            new_again.as_millis(),
            slowest_api.as_millis()
        );
        println!("{line}");
        assert_eq!(old, Some(401), "a phone that was known is served again: {line}");
        assert_eq!(new, Some(401), "a phone that is new is served: {line}");
        assert!(growth < growth_max, "memory: {line}");
        assert!(heard.iter().all(|heard| heard * 100 >= due * 90), "audio of a call in progress: {line}");
        for phone in [&self.caller, &self.callee] {
            assert!(
                phone.asked_within("BYE", Duration::from_millis(1)).is_none(),
                "the call was ended: {line}"
            );
        }
        line
    }
}

#[tokio::test]
#[ignore = "floods the machine: runs in the gate's stage `hostile`"]
async fn floods_leave_memory_calls_and_good_phones_as_they_were() {
    let (watched, replayed) = Watched::open().await;
    for (name, messages) in [
        ("REGISTER", registers()),
        ("INVITE", invites()),
        ("OPTIONS", options()),
        ("mixed", mixed(&replayed)),
    ] {
        for sources in [Sources::One, Sources::Many, Sources::Familiar, Sources::Trunk] {
            watched.endures(Flood { name, messages: messages.clone(), sources }).await;
        }
    }
    watched.known.registers();
    watched.new.registers();
    assert_eq!(watched.call.caller.strange() + watched.call.callee.strange(), 0);
    watched.call.hang_up(&watched.caller);
    watched.callee.asked("BYE");
}
