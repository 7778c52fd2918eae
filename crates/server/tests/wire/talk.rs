//! What a phone hears and says in a call with the real process.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use cordial_media::{Codec, SAMPLE_RATE, g711, tone};
use cordial_sip::message::{Message, Name, NameAddr, Response};
use serde_json::Value;

use crate::hostile::call::beat;
use crate::hostile::phone::{Draft, PATIENCE, Phone, audio_of, sdp};
use crate::server::Server;

/// Long enough for either tone to be told by.
const TONE: Duration = Duration::from_millis(800);

/// What a phone heard between its INVITE and the BYE that ended the announcement.
pub(crate) struct Heard {
    /// The audio as it came, in G.711 mu-law.
    pub(crate) octets: Vec<u8>,
}

impl Heard {
    pub(crate) fn samples(&self) -> Vec<i16> {
        self.octets.iter().map(|byte| g711::ULAW_TO_LINEAR[usize::from(*byte)]).collect()
    }

    /// The tone that it begins with.
    pub(crate) fn tone(&self) -> Option<f64> {
        let samples = self.samples();
        let first = samples.len().min(TONE.as_millis() as usize * SAMPLE_RATE as usize / 1_000);
        let loudest = tone::dominant(&samples[..first], SAMPLE_RATE, &tone::telephone_band());
        loudest.map(|(hz, _)| hz)
    }

    /// Whether something followed the tone that is not silence.
    pub(crate) fn speaks(&self) -> bool {
        let samples = self.samples();
        let after = samples.len().min(SAMPLE_RATE as usize * 16 / 10);
        tone::level(&samples[after..]) > -40.0
    }
}

/// A call that was answered.
pub(crate) struct Talk<'a> {
    phone: &'a Phone,
    invite: Draft,
    answer: Response,
    rtp: UdpSocket,
}

impl<'a> Talk<'a> {
    pub(crate) fn begin(phone: &'a Phone, to: &str) -> Self {
        let rtp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        rtp.set_nonblocking(true).expect("a socket that does not wait");
        let draft = phone.invite(to, sdp(rtp.local_addr().expect("a bound socket")));
        let challenged = phone.ask(&draft);
        assert_eq!(challenged.code, 401, "{to}: {challenged:?}");
        phone.acknowledge(&draft, &challenged, &draft.uri);
        let invite = phone.proving(&draft, &challenged);
        let answer = phone.ask(&invite);
        assert_eq!(answer.code, 200, "{to} is answered: {answer:?}");
        let talk = Self { phone, invite, answer, rtp };
        phone.acknowledge(&talk.invite, &talk.answer, &talk.contact());
        talk
    }

    fn contact(&self) -> String {
        let contact = self.answer.headers.get(&Name::Contact).expect("a contact");
        NameAddr::parse(contact).expect("a contact that can be read").uri.to_string()
    }

    /// A request within the call.
    fn within(&self, method: &str, after: u32) -> Draft {
        Draft {
            method: method.to_owned(),
            uri: self.contact(),
            to: self.answer.headers.get(&Name::To).expect("a To").to_owned(),
            cseq: self.invite.cseq + after,
            more: String::new(),
            body: String::new(),
            ..self.invite.clone()
        }
    }

    /// See [`speak`].
    pub(crate) fn speak(&self, hz: f64, packets: u16) {
        speak(&self.rtp, audio_of(&self.answer.body), hz, packets);
    }

    /// Holds the far end, as a phone does whose user dials somebody else meanwhile.
    pub(crate) fn hold(&self) {
        let here = self.rtp.local_addr().expect("a bound socket");
        let mut hold = self.within("INVITE", 1);
        hold.more = format!("Contact: {}\r\n", self.phone.contact());
        hold.body = sdp(here).replace("o=- 1 1", "o=- 1 2") + "a=sendonly\r\n";
        let held = self.phone.ask(&hold);
        assert_eq!(held.code, 200, "{held:?}");
        self.phone.acknowledge(&hold, &held, &self.contact());
    }

    /// Transfers whom it talks to, to whom it talks to in another call (RFC 5589), and hears what comes of it.
    pub(crate) fn refers_to(&self, other: &Self) -> u16 {
        let tag = |header: &str| header.split(";tag=").nth(1).expect("a tag").to_owned();
        let to = other.answer.headers.get(&Name::To).expect("a To");
        let (call, to_tag, from_tag) = (&other.invite.call_id, tag(to), tag(&other.invite.from));
        let replaces = format!("{call}%3Bto-tag%3D{to_tag}%3Bfrom-tag%3D{from_tag}").replace('@', "%40");
        let mut refer = self.within("REFER", 2);
        let target = other.invite.uri.clone();
        refer.more =
            format!("Contact: {}\r\nRefer-To: <{target}?Replaces={replaces}>\r\n", self.phone.contact());
        self.phone.ask(&refer).code
    }

    /// Presses a key.
    pub(crate) fn press(&self, key: char) {
        let mut press = self.within("INFO", 1);
        press.more = "Content-Type: application/dtmf-relay\r\n".to_owned();
        press.body = format!("Signal={key}\r\nDuration=100\r\n");
        assert_eq!(self.phone.ask(&press).code, 200);
    }

    /// Listens until what was heard so far is as wanted, and gives all of it.
    pub(crate) fn hear_until(&self, octets: &mut Vec<u8>, so: impl Fn(&[u8]) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !so(octets) {
            assert!(Instant::now() < until, "nothing of it is heard in {} octets", octets.len());
            take(&self.rtp, octets);
            beat(Instant::now() + Duration::from_millis(5));
        }
    }

    pub(crate) fn hang_up(self) {
        assert_eq!(self.phone.ask(&self.within("BYE", 1)).code, 200);
    }

    /// Listens until the server hangs up, and answers its BYE.
    pub(crate) fn listen(self) -> Heard {
        let mut octets = Vec::new();
        let until = Instant::now() + PATIENCE;
        loop {
            take(&self.rtp, &mut octets);
            match self.phone.hear(Duration::from_millis(20)) {
                Some(Message::Request(request)) if request.method.as_str() == "BYE" => {
                    self.phone.answer(&request, 200, &[], "");
                    // A process that starts says goodbye once more in the calls of the one before.
                    if request.headers.get(&Name::CallId) == Some(self.invite.call_id.as_str()) {
                        // What was sent before the BYE has come, too.
                        take(&self.rtp, &mut octets);
                        return Heard { octets };
                    }
                }
                Some(Message::Request(_) | Message::Response(_)) | None => {}
            }
            assert!(Instant::now() < until, "nobody hangs up");
        }
    }
}

/// Dials, and hears all until the server hangs up.
pub(crate) fn dial(phone: &Phone, code: &str) -> Heard {
    Talk::begin(phone, code).listen()
}

/// Takes what has come to a socket.
pub(crate) fn take(rtp: &UdpSocket, octets: &mut Vec<u8>) {
    let mut bytes = [0; 2_048];
    while let Ok(length) = rtp.recv(&mut bytes) {
        if length == 172 {
            octets.extend(&bytes[12..length]);
        }
    }
}

/// Says a tone, a packet every 20 ms.
pub(crate) fn speak(rtp: &UdpSocket, to: SocketAddr, hz: f64, packets: u16) {
    let mut sine = tone::Sine::new(hz, -10.0, SAMPLE_RATE);
    let mut at = Instant::now();
    for n in 0..packets {
        let mut samples = [0; 160];
        sine.fill(&mut samples);
        let mut packet = vec![0x80, 0];
        packet.extend(n.to_be_bytes());
        packet.extend((u32::from(n) * 160).to_be_bytes());
        packet.extend(7_u32.to_be_bytes());
        packet.extend(samples.map(|sample| Codec::Pcmu.encode(sample)));
        rtp.send_to(&packet, to).expect("loopback takes it");
        at += Duration::from_millis(20);
        beat(at);
    }
}

/// A new phone, registered.
pub(crate) async fn phone(server: &Server, device: Value) -> Phone {
    let number = device["number"].as_str().expect("a number").to_owned();
    let made = server.post("/v1/devices", device).await;
    let password = made["secret"]["password"].as_str().expect("a new device has a secret");
    let phone = Phone::at([127, 0, 0, 1], server.sip, &number, password);
    phone.registers();
    phone
}
