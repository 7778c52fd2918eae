//! Feature codes at the real process: a phone dials, and what it hears tells whether it was done.

mod held;
mod lamp;

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use cordial_media::{Codec, SAMPLE_RATE, g711, tone};
use cordial_sip::message::{Message, Name, NameAddr, Response};
use serde_json::{Value, json};

use crate::hostile::call::beat;
use crate::hostile::phone::{Draft, PATIENCE, Phone, audio_of, sdp};
use crate::server::Server;

/// What a yes and a no begin with. Hertz.
const CONFIRMED: Option<f64> = Some(900.0);
const DENIED: Option<f64> = Some(350.0);
/// Long enough for either tone to be told by.
const TONE: Duration = Duration::from_millis(800);

/// What a phone heard between its INVITE and the BYE that ended the announcement.
struct Heard {
    samples: Vec<i16>,
}

impl Heard {
    fn tone(&self) -> Option<f64> {
        let first = self.samples.len().min(TONE.as_millis() as usize * SAMPLE_RATE as usize / 1_000);
        let loudest = tone::dominant(&self.samples[..first], SAMPLE_RATE, &tone::telephone_band());
        loudest.map(|(hz, _)| hz)
    }

    /// Whether something followed the tone that is not silence.
    fn speaks(&self) -> bool {
        let after = self.samples.len().min(SAMPLE_RATE as usize * 16 / 10);
        tone::level(&self.samples[after..]) > -40.0
    }
}

/// A call that was answered.
struct Talk<'a> {
    phone: &'a Phone,
    invite: Draft,
    answer: Response,
    rtp: UdpSocket,
}

impl<'a> Talk<'a> {
    fn begin(phone: &'a Phone, to: &str) -> Self {
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

    /// Says a tone, a packet every 20 ms.
    fn speak(&self, hz: f64, packets: u16) {
        let to = audio_of(&self.answer.body);
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
            self.rtp.send_to(&packet, to).expect("loopback takes it");
            at += Duration::from_millis(20);
            beat(at);
        }
    }

    /// Holds the far end, as a phone does whose user dials somebody else meanwhile.
    fn hold(&self) {
        let here = self.rtp.local_addr().expect("a bound socket");
        let mut hold = self.within("INVITE", 1);
        hold.more = format!("Contact: {}\r\n", self.phone.contact());
        hold.body = sdp(here).replace("o=- 1 1", "o=- 1 2") + "a=sendonly\r\n";
        let held = self.phone.ask(&hold);
        assert_eq!(held.code, 200, "{held:?}");
        self.phone.acknowledge(&hold, &held, &self.contact());
    }

    fn hang_up(self) {
        assert_eq!(self.phone.ask(&self.within("BYE", 1)).code, 200);
    }

    /// Listens until the server hangs up, and answers its BYE.
    fn listen(self) -> Heard {
        let mut samples = Vec::new();
        let mut bytes = [0; 2_048];
        let until = Instant::now() + PATIENCE;
        loop {
            while let Ok(length) = self.rtp.recv(&mut bytes) {
                if length == 172 {
                    let linear = |byte: &u8| g711::ULAW_TO_LINEAR[usize::from(*byte)];
                    samples.extend(bytes[12..length].iter().map(linear));
                }
            }
            match self.phone.hear(Duration::from_millis(20)) {
                Some(Message::Request(request)) if request.method.as_str() == "BYE" => {
                    self.phone.answer(&request, 200, &[], "");
                    // A process that starts says goodbye once more in the calls of the one before.
                    if request.headers.get(&Name::CallId) == Some(self.invite.call_id.as_str()) {
                        return Heard { samples };
                    }
                }
                Some(Message::Request(_) | Message::Response(_)) | None => {}
            }
            assert!(Instant::now() < until, "nobody hangs up");
        }
    }
}

fn dial(phone: &Phone, code: &str) -> Heard {
    Talk::begin(phone, code).listen()
}

/// Queues sales (8000), which ann takes calls of, and help (8001), which she does not; her phone, and one of nobody's.
struct Site {
    server: Server,
    ann: String,
    desk: Phone,
    lobby: Phone,
}

impl Site {
    async fn open() -> Self {
        let server = Server::start().await;
        let sales = server.add("/v1/queues", json!({ "name": "sales", "number": "8000" })).await;
        server.add("/v1/queues", json!({ "name": "help", "number": "8001" })).await;
        let ann = server.add("/v1/agents", json!({ "name": "ann" })).await;
        server.put(&format!("/v1/agents/{ann}/queues/{sales}"), json!(null)).await;
        let desk = phone(&server, json!({ "number": "2001", "owner": ann })).await;
        let lobby = phone(&server, json!({ "number": "2002" })).await;
        Self { server, ann, desk, lobby }
    }

    async fn agent(&self) -> Value {
        self.server.get(&format!("/v1/agents/{}", self.ann)).await
    }

    async fn duty(&self) -> Value {
        self.agent().await["duty"]["state"].clone()
    }
}

async fn phone(server: &Server, device: Value) -> Phone {
    let number = device["number"].as_str().expect("a number").to_owned();
    let made = server.post("/v1/devices", device).await;
    let password = made["secret"]["password"].as_str().expect("a new device has a secret");
    let phone = Phone::at([127, 0, 0, 1], server.sip, &number, password);
    phone.registers();
    phone
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn an_agent_works_by_codes_and_hears_that_it_is_so() {
    let site = Site::open().await;
    for (code, duty) in
        [("*38", "not_ready"), ("%2A36", "ready"), ("*378000%23", "not_ready"), ("*39", "logged_out")]
    {
        let heard = dial(&site.desk, code);
        assert_eq!(heard.tone(), CONFIRMED, "{code}");
        assert!(heard.speaks(), "{code} is answered in words, too");
        assert_eq!(site.duty().await, duty, "{code}: {:#}", site.agent().await);
    }
    let cdr = site.server.wait_for_cdr().await;
    assert_eq!((&cdr["direction"], &cdr["caller"]), (&json!("internal"), &json!("2001")), "{cdr:#}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn what_cannot_be_is_denied_and_said_so() {
    let site = Site::open().await;
    assert_eq!(dial(&site.desk, "*36").tone(), DENIED, "nobody is ready who is not logged in");
    assert_eq!(dial(&site.desk, "*38").tone(), CONFIRMED);
    for code in ["*388001", "*368999", "*46"] {
        let heard = dial(&site.desk, code);
        assert_eq!(heard.tone(), DENIED, "{code}");
        assert!(heard.speaks(), "{code} is refused in words, too");
    }
    assert_eq!(dial(&site.lobby, "*38").tone(), DENIED, "a phone of nobody's logs nobody in");
    assert_eq!(site.duty().await, "not_ready", "nothing of it changed anything");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn the_table_of_codes_is_the_tenants_own() {
    let site = Site::open().await;
    let table = site.server.put("/v1/feature-codes", json!({ "codes": { "log_in": "#1" } })).await;
    assert_eq!(table["codes"], json!({ "log_in": "#1" }));
    assert_eq!(dial(&site.desk, "%231").tone(), CONFIRMED);
    assert_eq!(site.duty().await, "not_ready");
    let draft = site.desk.invite("*39", sdp(site.desk.local()));
    assert_eq!(site.desk.ask_proving(&draft).code, 403, "what is no code is a number that leads nowhere");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn a_message_is_left_outlives_a_crash_and_is_heard_at_the_phone() {
    let mut site = Site::open().await;
    assert_eq!(dial(&site.desk, "*21").tone(), DENIED, "there is no mailbox yet");
    site.server.put(&format!("/v1/agents/{}", site.ann), json!({ "name": "ann", "mailbox": {} })).await;
    assert_eq!(dial(&site.desk, "*21").tone(), CONFIRMED);
    let talk = Talk::begin(&site.lobby, "2001");
    // The greeting takes less than four seconds; what is said from the tone on is the message.
    talk.speak(750.0, 350);
    talk.hang_up();
    let messages = format!("/v1/agents/{}/messages", site.ann);
    let left = site.server.wait_for(&messages, "message", |seen| seen["items"].get(0).cloned()).await;
    assert_eq!((&left["caller"], &left["heard"]), (&json!("2002"), &json!(false)), "{left:#}");
    assert!(left["audio_ms"].as_u64().is_some_and(|ms| (1_000..7_000).contains(&ms)), "{left:#}");
    site.server.kill_9();
    site.server.restart().await;
    site.desk.registers();
    let heard = dial(&site.desk, "*57");
    assert_eq!(heard.tone(), Some(750.0), "the message in the caller's own voice");
    assert!(heard.speaks(), "and then that there is no other");
    let told = site.server.get(&messages).await;
    assert_eq!(told["items"][0]["heard"], json!(true), "{told:#}");
    // While it is played once more, 7 removes it.
    let talk = Talk::begin(&site.desk, "*57");
    let mut press = talk.within("INFO", 1);
    press.more = "Content-Type: application/dtmf-relay\r\n".to_owned();
    press.body = "Signal=7\r\nDuration=100\r\n".to_owned();
    assert_eq!(talk.phone.ask(&press).code, 200);
    talk.listen();
    let told = site.server.get(&messages).await;
    assert_eq!(told["items"], json!([]), "{told:#}");
}
