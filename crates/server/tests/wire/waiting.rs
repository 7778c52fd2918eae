//! What a caller who waits hears of the real process, octet by octet, and a callback that outlives it.

use std::net::UdpSocket;
use std::path::Path;

use cordial_media::{SAMPLE_RATE, g711, parse_ulaw_wav, tone};
use cordial_sip::message::Name;
use serde_json::{Value, json};

use crate::hostile::phone::{Phone, audio_of, sdp};
use crate::server::Server;
use crate::talk::{Talk, phone, speak, take};

/// A prompt of the library as it goes to the wire.
fn prompt(name: &str) -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/prompts").join(name).with_extension("wav");
    parse_ulaw_wav(&std::fs::read(path).expect("a prompt of the library")).expect("mu-law")
}

fn contains(octets: &[u8], wanted: &[u8]) -> bool {
    octets.windows(wanted.len()).any(|window| window == wanted)
}

/// The tone that most of the audio is.
fn loudest(octets: &[u8]) -> Option<f64> {
    let samples: Vec<i16> = octets.iter().map(|byte| g711::ULAW_TO_LINEAR[usize::from(*byte)]).collect();
    tone::dominant(&samples, SAMPLE_RATE, &tone::telephone_band()).map(|(hz, _)| hz)
}

fn ear() -> UdpSocket {
    let rtp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    rtp.set_nonblocking(true).expect("a socket that does not wait");
    rtp
}

/// The queue 8000 with that treatment, ann at 2001 logged in and not ready, and a phone of nobody's at 2002.
struct Site {
    server: Server,
    ann: String,
    queue: String,
    desk: Phone,
    lobby: Phone,
}

impl Site {
    async fn open(treatment: Value) -> Self {
        let server = Server::start().await;
        let sales = json!({ "name": "sales", "number": "8000", "record": false, "treatment": treatment });
        let queue = server.add("/v1/queues", sales).await;
        let ann = server.add("/v1/agents", json!({ "name": "ann" })).await;
        server.put(&format!("/v1/agents/{ann}/queues/{queue}"), json!(null)).await;
        let desk = phone(&server, json!({ "number": "2001", "owner": ann })).await;
        let lobby = phone(&server, json!({ "number": "2002" })).await;
        let device = server.get("/v1/devices?number=2001").await["items"][0]["id"].clone();
        server.post(&format!("/v1/agents/{ann}/log-in"), json!({ "device": device })).await;
        Self { server, ann, queue, desk, lobby }
    }

    async fn ready(&self) {
        self.server.post(&format!("/v1/agents/{}/ready", self.ann), json!(null)).await;
    }

    async fn waiting(&self) -> Value {
        self.server.get(&format!("/v1/queues/{}/waiting", self.queue)).await["items"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn a_caller_hears_his_place_in_his_language_and_an_answer_cuts_a_message_short() {
    let message = "en/queue-welcome";
    let site = Site::open(json!({
        "position": "once", "language": "es", "messages": [message], "announce_ms": 5_000,
    }))
    .await;
    let talk = Talk::begin(&site.lobby, "8000");
    let mut octets = Vec::new();
    let place = prompt("es/position-1");
    talk.hear_until(&mut octets, |heard| contains(heard, &place));
    let waiting = site.waiting().await;
    assert_eq!((&waiting[0]["position"], &waiting[0]["caller"]), (&json!(1), &json!("2002")), "{waiting:#}");
    let said = prompt(message);
    let begun = &said[..SAMPLE_RATE as usize];
    talk.hear_until(&mut octets, |heard| contains(heard, begun));
    site.ready().await;
    let rung = site.desk.asked("INVITE");
    let rtp = ear();
    site.desk.answer(&rung, 200, &[], &sdp(rtp.local_addr().expect("a bound socket")));
    site.desk.asked("ACK");
    // What comes after the agent's answer is her voice, in the middle of the message.
    octets.clear();
    speak(&rtp, audio_of(&rung.body), 750.0, 60);
    talk.hear_until(&mut octets, |heard| {
        let last = heard.len().saturating_sub(SAMPLE_RATE as usize / 2);
        heard.len() >= SAMPLE_RATE as usize && loudest(&heard[last..]) == Some(750.0)
    });
    let after = said.len() - begun.len();
    assert!(!contains(&octets, &said[said.len() - after / 4..]), "the message was said to its end");
    talk.hang_up();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn a_caller_hangs_up_for_a_callback_and_is_called_after_a_crash() {
    let menu = json!([{ "key": "1", "choice": { "to": "callback" } }]);
    let mut site = Site::open(json!({ "menu": menu })).await;
    let talk = Talk::begin(&site.lobby, "8000");
    let mut octets = Vec::new();
    let offered = prompt("en/press-1-callback");
    talk.hear_until(&mut octets, |heard| contains(heard, &offered));
    talk.press('1');
    let heard = talk.listen();
    assert!(contains(&heard.octets, &prompt("en/callback")), "he is told so before we hang up");
    let waiting = site.waiting().await;
    assert_eq!((&waiting[0]["callback"], &waiting[1]), (&json!("2002"), &Value::Null), "{waiting:#}");
    site.server.kill_9();
    site.server.restart().await;
    assert_eq!(site.waiting().await[0]["call"], waiting[0]["call"], "the place is there still");
    site.desk.registers();
    site.lobby.registers();
    site.ready().await;
    let rung = site.desk.asked("INVITE");
    let agent = ear();
    site.desk.answer(&rung, 200, &[], &sdp(agent.local_addr().expect("a bound socket")));
    site.desk.asked("ACK");
    let called = site.lobby.asked("INVITE");
    let caller = ear();
    site.lobby.answer(&called, 200, &[], &sdp(caller.local_addr().expect("a bound socket")));
    site.lobby.asked("ACK");
    octets.clear();
    speak(&caller, audio_of(&called.body), 750.0, 60);
    take(&agent, &mut octets);
    let last = octets.len().saturating_sub(SAMPLE_RATE as usize / 2);
    assert_eq!(loudest(&octets[last..]), Some(750.0), "the agent hears whom she called back");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn a_phone_that_can_is_asked_to_answer_a_queues_call_by_itself() {
    let site = Site::open(json!({})).await;
    let device = site.server.get("/v1/devices?number=2001").await["items"][0]["id"].clone();
    let device = format!("/v1/devices/{}", device.as_str().expect("an id"));
    site.server.put(&device, json!({ "number": "2001", "owner": site.ann, "auto_answer": true })).await;
    let queue = json!({ "name": "sales", "number": "8000", "auto_answer": true });
    site.server.put(&format!("/v1/queues/{}", site.queue), queue).await;
    let talk = Talk::begin(&site.lobby, "8000");
    site.ready().await;
    let rung = site.desk.asked("INVITE");
    let said = |name: &str| rung.headers.get(&Name::new(name)).map(str::to_owned);
    assert_eq!(said("Answer-Mode").as_deref(), Some("Auto"));
    assert!(said("Call-Info").is_some_and(|value| value.ends_with(";answer-after=0")), "{rung:?}");
    assert!(said("Alert-Info").is_some_and(|value| value.contains("info=alert-autoanswer")), "{rung:?}");
    talk.hang_up();
}
