//! The lamp of a phone says whether messages wait: to sipp, which subscribes, and to a phone that never asked.

use cordial_sip::message::Name;

use super::*;
use crate::peers::{Sipp, free_port};

/// Passes over all but the next NOTIFY, takes it, and gives what it says.
fn told(phone: &Phone) -> String {
    let notify = phone.asked("NOTIFY");
    assert_eq!(notify.headers.get(&Name::new("Event")), Some("message-summary"));
    phone.answer(&notify, 200, &[], "");
    String::from_utf8(notify.body).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_lamp_is_lit_by_a_message_and_goes_out_when_it_is_heard() {
    let mut site = Site::open().await;
    let agent = format!("/v1/agents/{}", site.ann);
    site.server.put(&agent, json!({ "name": "ann", "mailbox": {} })).await;
    let dark =
        "Messages-Waiting: no\r\nMessage-Account: sip:*57@cordial.local\r\nVoice-Message: 0/0 (0/0)\r\n";
    assert_eq!(told(&site.desk), dark, "she has a mailbox now");

    // A second phone on her desk, which subscribes.
    let device = json!({ "number": "2003", "owner": site.ann, "digest": "md5" });
    let made = site.server.post("/v1/devices", device).await;
    let password = made["secret"]["password"].as_str().expect("a new device has a secret");
    let second = Sipp::scenario("phone_subscribes.xml").from(free_port()).to(site.server.sip);
    let second = second.service("2003").credentials("2003", password);
    let second = second.proving_for("2003@cordial.local").start();

    assert_eq!(dial(&site.desk, "*21").tone(), CONFIRMED);
    let talk = Talk::begin(&site.lobby, "2001");
    talk.speak(750.0, 350);
    talk.hang_up();
    assert!(told(&site.desk).starts_with("Messages-Waiting: yes"));
    second.succeeds();

    // The state is right again after a crash, at the next registration.
    site.server.kill_9();
    site.server.restart().await;
    let register = site.desk.register();
    let challenged = site.desk.ask(&register);
    site.desk.send(&site.desk.text(&site.desk.proving(&register, &challenged)));
    assert!(told(&site.desk).starts_with("Messages-Waiting: yes"));

    let message = site.server.get(&format!("{agent}/messages")).await["items"][0]["id"].clone();
    let heard = format!("{agent}/messages/{}", message.as_str().expect("an id"));
    site.server.put(&heard, json!({ "heard": true })).await;
    let summary = told(&site.desk);
    assert!(summary.contains("Voice-Message: 0/1 (0/0)"), "{summary}");
}
