//! Feature codes at the real process: a phone dials, and what it hears tells whether it was done.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use cordial_media::{SAMPLE_RATE, g711, tone};
use cordial_sip::message::{Message, Name, NameAddr};
use serde_json::{Value, json};

use crate::hostile::phone::{PATIENCE, Phone, sdp};
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

/// Dials, listens until the server hangs up, and answers its BYE.
fn dial(phone: &Phone, code: &str) -> Heard {
    let rtp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    rtp.set_nonblocking(true).expect("a socket that does not wait");
    let draft = phone.invite(code, sdp(rtp.local_addr().expect("a bound socket")));
    let challenged = phone.ask(&draft);
    assert_eq!(challenged.code, 401, "{code}: {challenged:?}");
    phone.acknowledge(&draft, &challenged, &draft.uri);
    let proving = phone.proving(&draft, &challenged);
    let answer = phone.ask(&proving);
    assert_eq!(answer.code, 200, "{code} is answered: {answer:?}");
    let contact = answer.headers.get(&Name::Contact).expect("a contact");
    let contact = NameAddr::parse(contact).expect("a contact that can be read");
    phone.acknowledge(&proving, &answer, &contact.uri.to_string());
    let mut samples = Vec::new();
    let mut bytes = [0; 2_048];
    let until = Instant::now() + PATIENCE;
    loop {
        while let Ok(length) = rtp.recv(&mut bytes) {
            if length == 172 {
                samples.extend(bytes[12..length].iter().map(|byte| g711::ULAW_TO_LINEAR[usize::from(*byte)]));
            }
        }
        match phone.hear(Duration::from_millis(20)) {
            Some(Message::Request(request)) if request.method.as_str() == "BYE" => {
                phone.answer(&request, 200, &[], "");
                return Heard { samples };
            }
            Some(Message::Request(_) | Message::Response(_)) | None => {}
        }
        assert!(Instant::now() < until, "{code}: nobody hangs up");
    }
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
