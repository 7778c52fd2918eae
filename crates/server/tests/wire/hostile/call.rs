//! A call in progress between two phones, with audio both ways, that tells afterwards what became of it.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cordial_sip::message::{Message, Name, NameAddr};

use super::phone::{Draft, Phone, audio_of, sdp};

/// Length of one packet's audio.
const FRAME: Duration = Duration::from_millis(20);

/// One end's audio: it says one byte over and over and counts what it hears.
pub(crate) struct Ear {
    pub(crate) socket: UdpSocket,
    pub(crate) heard: Arc<AtomicU64>,
    /// Packets that carry anything but the other end's byte.
    pub(crate) strange: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Ear {
    fn open(ip: [u8; 4]) -> Self {
        let socket = UdpSocket::bind((std::net::Ipv4Addr::from(ip), 0)).expect("a free port");
        Self {
            socket,
            heard: Arc::default(),
            strange: Arc::default(),
            stop: Arc::default(),
            threads: Vec::new(),
        }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket")
    }

    /// Speaks `own` to an address fifty times a second, and expects `other`.
    fn speak(&mut self, to: SocketAddr, own: u8, other: u8) {
        let (socket, stop) = (self.socket.try_clone().expect("a second handle"), Arc::clone(&self.stop));
        self.threads.push(std::thread::spawn(move || {
            let mut at = Instant::now();
            for n in 0..u16::MAX {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                socket.send_to(&rtp(n, u32::from(own), 0, own), to).ok();
                at += FRAME;
                beat(at);
            }
        }));
        let (socket, stop) = (self.socket.try_clone().expect("a second handle"), Arc::clone(&self.stop));
        let (heard, strange) = (Arc::clone(&self.heard), Arc::clone(&self.strange));
        socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a time above nought");
        self.threads.push(std::thread::spawn(move || {
            let mut bytes = [0; 2_048];
            while !stop.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut bytes) else {
                    continue;
                };
                let good = from == to && length > 12 && bytes[12..length].iter().all(|byte| *byte == other);
                if good { &heard } else { &strange }.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }

    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    pub(crate) fn strange(&self) -> u64 {
        self.strange.load(Ordering::Relaxed)
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().ok();
        }
    }
}

/// One RTP packet of 20 ms.
pub(crate) fn rtp(sequence: u16, ssrc: u32, payload_type: u8, byte: u8) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.resize(12 + 160, byte);
    packet
}

/// A call in progress.
pub(crate) struct Call {
    pub(crate) caller: Ear,
    pub(crate) callee: Ear,
    /// The caller's INVITE as it was answered.
    pub(crate) invite: Draft,
    /// The To of the answer, with its tag.
    pub(crate) to: String,
    /// The server's Contact.
    pub(crate) target: String,
}

/// What the ends of a call say.
pub(crate) const CALLER_BYTE: u8 = 0x55;
pub(crate) const CALLEE_BYTE: u8 = 0xaa;

impl Call {
    /// Calls a number that rings the other phone, which answers; both begin to speak.
    pub(crate) fn place(caller: &Phone, number: &str, callee: &Phone) -> Self {
        let (mut near, mut far) = (Ear::open([127, 0, 0, 1]), Ear::open([127, 0, 0, 1]));
        let first = caller.invite(number, sdp(near.local()));
        let challenged = caller.ask(&first);
        let invite = match challenged.code {
            401 => {
                caller.acknowledge(&first, &challenged, &first.uri);
                caller.proving(&first, &challenged)
            }
            code => panic!("{} dials {number}: {code}", caller.user),
        };
        let text = caller.text(&invite);
        caller.send(&text);
        let ringing = callee.asked("INVITE");
        let far_port = audio_of(&ringing.body);
        callee.answer(&ringing, 180, &[], "");
        callee.answer(&ringing, 200, &[], &sdp(far.local()));
        callee.asked("ACK");
        let answered = loop {
            match caller.hear(super::phone::PATIENCE).expect("an answer") {
                Message::Response(response) if response.code == 200 => break response,
                Message::Response(response) => assert!(response.code < 200, "{response:?}"),
                Message::Request(_) => {}
            }
        };
        let contact = answered.headers.get(&Name::Contact).map(NameAddr::parse).expect("a Contact");
        let target = contact.expect("a Contact that can be read").uri.to_string();
        caller.acknowledge(&invite, &answered, &target);
        let near_port = audio_of(&answered.body);
        near.speak(near_port, CALLER_BYTE, CALLEE_BYTE);
        far.speak(far_port, CALLEE_BYTE, CALLER_BYTE);
        let to = answered.headers.get(&Name::To).unwrap_or_default().to_owned();
        Self { caller: near, callee: far, invite, to, target }
    }

    /// Hangs up as the caller.
    pub(crate) fn hang_up(&self, caller: &Phone) {
        let bye = Draft {
            method: "BYE".to_owned(),
            uri: self.target.clone(),
            to: self.to.clone(),
            cseq: self.invite.cseq + 1,
            more: String::new(),
            body: String::new(),
            ..self.invite.clone()
        };
        assert_eq!(caller.ask(&bye).code, 200);
    }

    /// Waits until both ends hear each other.
    pub(crate) fn flows(&self) {
        let until = Instant::now() + Duration::from_secs(10);
        while self.caller.heard() < 10 || self.callee.heard() < 10 {
            assert!(Instant::now() < until, "no audio: {} {}", self.caller.heard(), self.callee.heard());
            beat(Instant::now() + FRAME);
        }
    }
}

/// Waits for the instant at which the next frame is spoken: audio has a beat of its own, whatever else happens.
pub(crate) fn beat(at: Instant) {
    while let Some(rest) = at.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero()) {
        std::thread::park_timeout(rest);
    }
}
