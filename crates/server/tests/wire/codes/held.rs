//! What a phone does with the call that it holds and with those of others, at the real process: baresip talks, and what
//! each end heard tells.

use super::*;
use crate::peers::{Baresip, tone_level};
use crate::server::pause;

/// The tones of ann's baresip, of the caller's, and of who must not be heard. Hertz.
const AGENT: u32 = 1_300;
const CALLER: u32 = 700;
const SUPERVISOR: f64 = 2_000.0;

/// A baresip that answers by itself, at a new device.
pub(crate) async fn talker(server: &Server, number: &str, hz: u32, owner: Option<&str>) -> Baresip {
    let device = json!({ "number": number, "digest": "md5", "owner": owner });
    let made = server.post("/v1/devices", device).await;
    let password = made["secret"]["password"].as_str().expect("a new device has a secret");
    let account = format!("<sip:{number}@{}>;auth_pass={password};regint=60;answermode=auto", server.sip);
    let phone = Baresip::start(number, hz, &account);
    server.wait_for_device(made["id"].as_str().expect("an id"), "idle").await;
    phone
}

pub(super) fn assert_hears(who: &str, samples: &[i16], there: &[f64], absent: &[f64]) {
    let quiet = absent.iter().map(|hz| tone_level(samples, *hz)).fold(0.002, f64::max);
    for hz in there {
        let loud = tone_level(samples, *hz);
        assert!(loud > 0.02 && loud > 8.0 * quiet, "{who}: {hz} Hz {loud:.4} beside {quiet:.4}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_held_call_is_parked_and_taken_by_another_phone() {
    let site = Site::open().await;
    let waits = talker(&site.server, "2003", CALLER, None).await;
    let talk = Talk::begin(&site.desk, "2003");
    talk.speak(f64::from(AGENT), 100);
    talk.hold();
    let heard = dial(&site.desk, "*68");
    assert_eq!(heard.tone(), CONFIRMED);
    assert!(heard.speaks(), "the slot is said");
    let parked = site.server.get("/v1/parked").await;
    assert_eq!((&parked["items"][0]["slot"], &parked["items"][1]), (&json!(1), &Value::Null), "{parked:#}");
    assert_eq!(dial(&site.desk, "*68").tone(), DENIED, "it holds nothing any more");
    assert_eq!(dial(&site.lobby, "*887").tone(), DENIED, "nothing is there");

    let taken = Talk::begin(&site.lobby, "*881");
    taken.speak(SUPERVISOR, 150);
    let call = parked["items"][0]["call"].as_str().expect("an id").to_owned();
    site.server.post(&format!("/v1/calls/{call}/hang-up"), json!(null)).await;
    let heard = taken.listen();
    assert_hears("who takes it", &heard.samples(), &[f64::from(CALLER)], &[f64::from(AGENT)]);
    assert_hears("who waited", &waits.heard(), &[f64::from(AGENT), SUPERVISOR], &[]);
    assert_eq!(site.server.get("/v1/parked").await["items"], json!([]));
    let of_call = |seen: &Value| {
        let items = seen["items"].as_array()?;
        items.iter().find(|item| item["id"] == call.as_str()).cloned()
    };
    let cdr = site.server.wait_for("/v1/cdrs", "call record", of_call).await;
    assert_eq!((&cdr["parkings"][0]["slot"], &cdr["parkings"][0]["end"]), (&json!(1), &json!("retrieved")));
    site.server.wait_for_no_calls().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_held_call_is_transferred_and_the_two_who_stay_hear_each_other() {
    let site = Site::open().await;
    let stays = talker(&site.server, "2003", CALLER, None).await;
    let other = talker(&site.server, "2006", AGENT, None).await;
    let _last = talker(&site.server, "2007", AGENT, None).await;
    let talk = Talk::begin(&site.desk, "2003");
    talk.hold();
    assert_eq!(dial(&site.desk, "*549999").tone(), DENIED, "nobody has that number");
    assert_eq!(dial(&site.desk, "*542003").tone(), DENIED, "he talks already");
    let call = site.server.get("/v1/calls").await["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(dial(&site.desk, "*542006").tone(), CONFIRMED);
    let talking = |seen: &Value| {
        let legs = seen["legs"].as_array()?;
        let answered = legs.iter().filter(|leg| leg["state"] == "answered").count();
        (seen["phase"]["state"] == "talking" && answered == 2).then(|| seen.clone())
    };
    let path = format!("/v1/calls/{call}");
    let two = site.server.wait_for(&path, "two who talk", talking).await;
    // Two seconds of audio go both ways.
    let packets =
        async || site.server.metric("cordial_rtp_packets_total{direction=\"in\"}").await.unwrap_or(0.0);
    let enough = packets().await + 200.0;
    while packets().await < enough {
        pause().await;
    }
    // The same by the API: who was called leaves, whichever call it came by.
    let further = json!({ "destination": { "to": "number", "number": "2007" } });
    assert_eq!(site.server.post(&format!("{path}/transfer"), further).await["pending"], false);
    let third = |seen: &Value| talking(seen).filter(|seen| seen["legs"] != two["legs"]);
    site.server.wait_for(&path, "the third who talks", third).await;
    site.server.post(&format!("{path}/hang-up"), json!(null)).await;
    assert_hears("who stayed", &stays.heard(), &[f64::from(AGENT)], &[]);
    assert_hears("to whom he was led", &other.heard(), &[f64::from(CALLER)], &[]);
    let of_call = |seen: &Value| {
        let items = seen["items"].as_array()?;
        items.iter().find(|item| item["id"] == call.as_str()).cloned()
    };
    let cdr = site.server.wait_for("/v1/cdrs", "call record", of_call).await;
    assert_eq!(cdr["transfers"][0]["to"], json!({ "to": "number", "number": "2006" }), "{cdr:#}");
    assert_eq!(cdr["transfers"][1]["to"]["number"], "2007", "{cdr:#}");
    assert_eq!(cdr["transfers"][2], Value::Null, "what was refused is no transfer");
    drop(talk);
    site.server.wait_for_no_calls().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_phone_transfers_its_call_by_itself() {
    let site = Site::open().await;
    let phone = talker(&site.server, "2004", AGENT, None).await;
    let other = talker(&site.server, "2006", CALLER, None).await;
    let talk = Talk::begin(&site.desk, "2004");
    let before = site.server.get("/v1/calls").await["items"][0].clone();
    let path = format!("/v1/calls/{}", before["id"].as_str().expect("an id"));
    phone.does("transfer", &format!("sip:2006@{}", site.server.sip));
    let third = |seen: &Value| {
        let answered = seen["legs"].as_array()?.iter().filter(|leg| leg["state"] == "answered").count();
        (seen["phase"]["state"] == "talking" && answered == 2 && seen["legs"] != before["legs"]).then_some(())
    };
    site.server.wait_for(&path, "the third who talks", third).await;
    talk.speak(SUPERVISOR, 150);
    site.server.post(&format!("{path}/hang-up"), json!(null)).await;
    assert_hears("who stayed", &talk.listen().samples(), &[f64::from(CALLER)], &[]);
    assert_hears("to whom he was led", &other.heard(), &[SUPERVISOR], &[]);
    site.server.wait_for_no_calls().await;
    let device = site.server.get("/v1/devices?number=2004").await["items"][0]["id"].clone();
    site.server.wait_for_device(device.as_str().expect("an id"), "idle").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_supervisor_hears_both_and_neither_hears_him_nor_does_the_recording() {
    let site = Site::open().await;
    let user = json!({ "name": "sue", "roles": ["supervisor"], "password": "correct horse battery" });
    let user = site.server.add("/v1/users", user).await;
    let sue = site.server.add("/v1/agents", json!({ "name": "sue", "user": user })).await;
    let desk = phone(&site.server, json!({ "number": "2010", "owner": sue })).await;

    // Ann takes the calls of a queue at a baresip.
    let agent = talker(&site.server, "2004", AGENT, Some(&site.ann)).await;
    let devices = site.server.get("/v1/devices").await;
    let at = devices["items"].as_array().expect("a list").iter().find(|device| device["number"] == "2004");
    let at = json!({ "device": at.expect("her device")["id"] });
    site.server.post(&format!("/v1/agents/{}/log-in", site.ann), at).await;
    site.server.post(&format!("/v1/agents/{}/ready", site.ann), json!(null)).await;
    let device = json!({ "number": "2005", "digest": "md5" });
    let made = site.server.post("/v1/devices", device).await;
    let password = made["secret"]["password"].as_str().expect("a new device has a secret");
    let account = format!("<sip:2005@{}>;auth_pass={password};regint=60", site.server.sip);
    let caller = Baresip::dial("2005", CALLER, &account, &format!("sip:8000@{}", site.server.sip));
    let call = site.server.wait_for_recording_of(1_000).await;

    assert_eq!(dial(&site.lobby, "*632004").tone(), DENIED, "who is no supervisor hears nothing");
    assert_eq!(dial(&desk, "*63").tone(), DENIED, "whom?");
    let monitor = Talk::begin(&desk, "*632004");
    monitor.speak(SUPERVISOR, 150);
    site.server.post(&format!("/v1/calls/{call}/hang-up"), json!(null)).await;
    // It ends with the call that it hears.
    let heard = monitor.listen();
    let (both, own) = ([f64::from(AGENT), f64::from(CALLER)], [SUPERVISOR]);
    assert_hears("the supervisor", &heard.samples(), &both, &own);
    assert_hears("the agent", &agent.heard(), &both[1..], &own);
    assert_hears("the caller", &caller.heard(), &both[..1], &own);
    let (_, audio) = site.server.wait_for_saved_recording().await;
    let wav = hound::WavReader::new(std::io::Cursor::new(audio)).expect("a recording is a WAV file");
    let samples: Vec<i16> = wav.into_samples().map(|sample| sample.expect("a whole file")).collect();
    let side = |first: usize| samples.iter().skip(first).step_by(2).copied().collect::<Vec<i16>>();
    assert_hears("left", &side(0), &both[..1], &own);
    assert_hears("right", &side(1), &both[1..], &own);
    site.server.wait_for_no_calls().await;
}
