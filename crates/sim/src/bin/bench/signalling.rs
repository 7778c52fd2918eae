//! SIP alone: registrations, and one message read and written.

use std::hint::black_box;
use std::net::SocketAddr;

use cordial_sim::phone::{Phone, PhoneConfig, PhoneOutput};
use cordial_sip::message::Message;
use cordial_sip::{
    Account, AccountId, Config, Flow, Listener, ListenerId, Timestamp, Transport, UserAgent, digest,
};

use super::clock::{measure, print_cost};
use crate::Scale;
use cordial_sim::site::SEED;

pub(crate) const NODE: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 5060);
pub(crate) const DOMAIN: &str = "one.example";
pub(crate) const PASSWORD: &str = "s3cret";

const INVITE: &[u8] = b"INVITE sip:+441000@one.example SIP/2.0\r\n\
Via: SIP/2.0/UDP 10.1.0.1:5060;rport;branch=z9hG4bK3f1e9a7c55d20b81\r\nMax-Forwards: 70\r\n\
From: \"Ann Caller\" <sip:+447700900123@10.1.0.1>;tag=8f2c11d0\r\nTo: <sip:+441000@one.example>\r\n\
Call-ID: 6b1d2f0e-7a31-4c55-9d10-1f2e3d4c5b6a@10.1.0.1\r\nCSeq: 102 INVITE\r\n\
Contact: <sip:+447700900123@10.1.0.1:5060>\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE, INFO, UPDATE\r\n\
Supported: timer, replaces\r\nUser-Agent: carrier\r\nP-Asserted-Identity: <sip:+447700900123@10.1.0.1>\r\n\
Content-Type: application/sdp\r\nContent-Length: 215\r\n\r\n\
v=0\r\no=- 1700000000 1700000000 IN IP4 10.1.0.1\r\ns=-\r\nc=IN IP4 10.1.0.1\r\nt=0 0\r\n\
m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n";

pub(crate) fn invite_parsed_and_written(scale: Scale) {
    let times = scale.of(500_000, 50_000);
    let bytes = whole(INVITE);
    let spent = measure(|| {
        for _ in 0..times {
            let message = Message::parse(black_box(&bytes)).expect("the message above is well formed");
            black_box(message.to_bytes());
        }
    });
    print_cost("parse: one INVITE with SDP read and written", times, spent);
}

/// The message with a Content-Length that fits its body.
fn whole(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).expect("the message above is text");
    let (head, body) = text.split_once("\r\n\r\n").expect("the message above has a body");
    let (head, _) = head.rsplit_once(' ').expect("the length is the last word of the head");
    format!("{head} {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub(crate) fn registration_with_digest(scale: Scale) {
    for (word, sha256) in [("MD5", false), ("SHA-256", true)] {
        let (accounts, rounds) = scale.of((5_000, 20), (1_000, 10));
        let tape = tape_registrations(accounts, rounds, sha256);
        let mut registrar = registrar(accounts, sha256);
        let spent = measure(|| {
            for (now, flow, bytes) in &tape {
                hear(&mut registrar, *now, *flow, bytes, |transmit| drop(black_box(transmit)));
            }
        });
        assert_eq!(registrar.counts().bindings as u64, accounts, "every phone is registered");
        let units = accounts * rounds;
        assert_eq!(tape.len() as u64, units * 2, "each registers by two requests");
        print_cost(&format!("register: {accounts} devices, {word}, challenge included"), units, spent);
    }
}

type Datagram = (Timestamp, Flow, Vec<u8>);

/// Every phone registers, leaves the nonce to grow old, and registers anew: 401 and 200 each time.
fn tape_registrations(accounts: u64, rounds: u64, sha256: bool) -> Vec<Datagram> {
    let mut registrar = registrar(accounts, sha256);
    let mut tape = Vec::new();
    for round in 0..rounds {
        for n in 0..accounts {
            let now = Timestamp((round * accounts + n) * 2);
            let mut phone =
                Phone::new(phone_config(&own_number(n), address(n), 1), SEED + round * accounts + n);
            phone.register(now);
            while let Some(output) = phone.poll_output() {
                let PhoneOutput::Sip { bytes, .. } = output else { continue };
                let flow = Flow::udp(ListenerId(0), address(n));
                hear(&mut registrar, now, flow, &bytes, |reply| phone.handle_sip(now, NODE, &reply));
                tape.push((now, flow, bytes));
            }
        }
    }
    tape
}

fn hear(agent: &mut UserAgent, now: Timestamp, flow: Flow, bytes: &[u8], mut reply: impl FnMut(Vec<u8>)) {
    if agent.poll_timeout().is_some_and(|(due, _)| due <= now) {
        agent.handle_timeout(now);
    }
    agent.handle_datagram(now, flow, bytes);
    while let Some(event) = agent.poll_event() {
        black_box(event);
    }
    while let Some(transmit) = agent.poll_transmit() {
        reply(transmit.bytes);
    }
}

fn registrar(accounts: u64, sha256: bool) -> UserAgent {
    let mut agent = UserAgent::new(Config::new(vec![listener()], DOMAIN), SEED);
    for n in 0..accounts {
        let username = own_number(n);
        agent.set_account(Account {
            id: AccountId(n + 1),
            realm: DOMAIN.to_owned(),
            ha1_md5: (!sha256).then(|| digest::ha1_md5(&username, DOMAIN, PASSWORD)),
            ha1_sha256: sha256.then(|| digest::ha1_sha256(&username, DOMAIN, PASSWORD)),
            username,
            may_register: true,
            contacts_max: 8,
        });
    }
    agent
}

/// The one socket of everything measured here.
pub(crate) fn listener() -> Listener {
    let (host, port) = (NODE.ip().to_string(), NODE.port());
    Listener { id: ListenerId(0), transport: Transport::Udp, host, port, realm: None }
}

/// The nth phone's number.
pub(crate) fn own_number(n: u64) -> String {
    format!("1{n:06}")
}

/// The nth phone's own host.
pub(crate) fn address(n: u64) -> SocketAddr {
    let [.., a, b] = u16::try_from(n).expect("fewer phones than addresses").to_be_bytes();
    SocketAddr::from(([10, 1, a, b], 5060))
}

/// A phone that is silent.
pub(crate) fn phone_config(own: &str, sip: SocketAddr, lines: u16) -> PhoneConfig {
    PhoneConfig {
        number: own.to_owned(),
        domain: DOMAIN.to_owned(),
        password: PASSWORD.to_owned(),
        sip,
        server: NODE,
        lines,
        rtp_port: 40_000,
        tone_hz: None,
        expires_s: 3_600,
        challenges: None,
    }
}
