//! Consultation, conference and supervision at the real process: baresip talks, and what each end heard tells who heard
//! whom.

use super::held::{assert_hears, talker};
use super::*;
use crate::peers::Baresip;
use crate::server::pause;

/// The tones of the agent, the caller, whom the agent asks, and the supervisor. Hertz.
const AGENT: u32 = 1_300;
const CALLER: u32 = 700;
const ASKED: u32 = 1_000;
const SUPERVISOR: u32 = 1_900;

/// Ann has taken a call of sales; both are baresips.
struct Answered {
    site: Site,
    agent: Baresip,
    caller: Baresip,
    call: String,
}

async fn answered() -> Answered {
    let site = Site::open().await;
    let agent = talker(&site.server, "2004", AGENT, Some(&site.ann)).await;
    let at = json!({ "device": device(&site.server, "2004").await });
    site.server.post(&format!("/v1/agents/{}/log-in", site.ann), at).await;
    site.server.post(&format!("/v1/agents/{}/ready", site.ann), json!(null)).await;
    let made = site.server.post("/v1/devices", json!({ "number": "2005", "digest": "md5" })).await;
    let password = made["secret"]["password"].as_str().expect("a new device has a secret");
    let account = format!("<sip:2005@{}>;auth_pass={password};regint=60", site.server.sip);
    let caller = Baresip::dial("2005", CALLER, &account, &format!("sip:8000@{}", site.server.sip));
    let call = site.server.wait_for_recording_of(1_000).await;
    Answered { site, agent, caller, call }
}

async fn device(server: &Server, number: &str) -> Value {
    server.get(&format!("/v1/devices?number={number}")).await["items"][0]["id"].clone()
}

/// So many packets have come in since.
async fn audio(server: &Server, packets: f64) {
    let heard = async || server.metric("cordial_rtp_packets_total{direction=\"in\"}").await.unwrap_or(0.0);
    let enough = heard().await + packets;
    while heard().await < enough {
        pause().await;
    }
}

/// That many talk in a call.
async fn talking(server: &Server, call: &str, people: usize) {
    let so = |seen: &Value| {
        let legs = seen["legs"].as_array()?;
        let answered = legs.iter().filter(|leg| leg["state"] == "answered").count();
        (seen["phase"]["state"] == "talking" && answered == people).then_some(())
    };
    server.wait_for(&format!("/v1/calls/{call}"), "so many who talk", so).await;
}

/// The call's record, which is final when nobody finishes any more.
async fn record(site: &Site, call: &str) -> Value {
    let server = &site.server;
    server.post(&format!("/v1/agents/{}/clear", site.ann), json!(null)).await;
    let of_call = |seen: &Value| {
        let items = seen["items"].as_array()?;
        items.iter().find(|item| item["id"] == call).cloned()
    };
    server.wait_for("/v1/cdrs", "call record", of_call).await
}

fn tones<const N: usize>(hz: [u32; N]) -> [f64; N] {
    hz.map(f64::from)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn an_agent_asks_confers_and_leaves_and_each_hears_who_he_should() {
    let Answered { site, agent, caller, call } = answered().await;
    let asked = talker(&site.server, "2006", ASKED, None).await;
    let path = format!("/v1/calls/{call}");
    let consultation = site.server.post(&format!("{path}/consult"), json!({ "to": "2006" })).await;
    let other = consultation["id"].as_str().expect("an id").to_owned();
    talking(&site.server, &other, 2).await;
    let seen = site.server.get(&path).await;
    assert_eq!(seen["consultation"]["call"], other.as_str(), "{seen:#}");
    audio(&site.server, 150.0).await;
    for verb in ["swap", "hold", "unhold", "swap"] {
        site.server.post(&format!("{path}/{verb}"), json!(null)).await;
    }
    site.server.post(&format!("{path}/complete"), json!({ "how": "conference" })).await;
    talking(&site.server, &call, 3).await;
    audio(&site.server, 450.0).await;
    site.server.post(&format!("{path}/leave"), json!({ "device": device(&site.server, "2004").await })).await;
    talking(&site.server, &call, 2).await;
    audio(&site.server, 150.0).await;
    site.server.post(&format!("{path}/hang-up"), json!(null)).await;
    assert_hears("the agent", &agent.heard(), &tones([CALLER, ASKED]), &tones([AGENT]));
    assert_hears("the caller", &caller.heard(), &tones([AGENT, ASKED]), &tones([CALLER]));
    assert_hears("who was asked", &asked.heard(), &tones([AGENT, CALLER]), &tones([ASKED]));
    let (_, audio) = site.server.wait_for_saved_recording().await;
    let wav = hound::WavReader::new(std::io::Cursor::new(audio)).expect("a recording is a WAV file");
    let samples: Vec<i16> = wav.into_samples().map(|sample| sample.expect("a whole file")).collect();
    let side = |first: usize| samples.iter().skip(first).step_by(2).copied().collect::<Vec<i16>>();
    assert_hears("left", &side(0), &tones([AGENT]), &tones([CALLER, ASKED]));
    assert_hears("right", &side(1), &tones([CALLER, ASKED]), &tones([AGENT]));
    let cdr = record(&site, &call).await;
    assert_eq!(cdr["consultations"][0]["joined"], "conference", "{cdr:#}");
    assert_eq!(cdr["recordings"][0]["pauses"][0]["reason"], "consultation", "{cdr:#}");
    site.server.wait_for_no_calls().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_supervisor_is_heard_by_whom_he_chooses() {
    for (how, by_caller) in [("listen", None), ("whisper", Some(false)), ("barge", Some(true))] {
        let Answered { site, agent, caller, call } = answered().await;
        let supervisor = talker(&site.server, "2010", SUPERVISOR, None).await;
        let wanted = json!({ "device": device(&site.server, "2010").await, "call": call });
        let own = site.server.post("/v1/supervisions", wanted).await["id"].clone();
        let own = format!("/v1/calls/{}", own.as_str().expect("an id"));
        let hears = |seen: &Value| (seen["phase"]["state"] == "served").then_some(());
        site.server.wait_for(&own, "a supervisor who hears", hears).await;
        if how != "listen" {
            site.server.put(&format!("{own}/supervision"), json!({ "how": how })).await;
        }
        audio(&site.server, 450.0).await;
        site.server.post(&format!("/v1/calls/{call}/hang-up"), json!(null)).await;
        let all = tones([AGENT, CALLER]);
        let sup = tones([SUPERVISOR]);
        assert_hears(how, &supervisor.heard(), &all, &sup);
        match by_caller {
            None => {
                assert_hears("the agent who is heard", &agent.heard(), &all[1..], &sup);
                assert_hears("the caller who is heard", &caller.heard(), &all[..1], &sup);
            }
            Some(by_caller) => {
                assert_hears(how, &agent.heard(), &tones([CALLER, SUPERVISOR]), &all[..1]);
                let there = if by_caller { tones([AGENT, SUPERVISOR]).to_vec() } else { all[..1].to_vec() };
                let absent = if by_caller { &all[1..] } else { &sup[..] };
                assert_hears(how, &caller.heard(), &there, absent);
            }
        }
        let cdr = record(&site, &call).await;
        let joined = if how == "barge" { json!("barge") } else { Value::Null };
        assert_eq!(cdr["supervisions"][0]["joined"], joined, "{cdr:#}");
        site.server.wait_for_no_calls().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_phone_makes_one_call_of_its_two() {
    let site = Site::open().await;
    let first = talker(&site.server, "2003", CALLER, None).await;
    let second = talker(&site.server, "2006", AGENT, None).await;
    let held = Talk::begin(&site.desk, "2003");
    held.hold();
    let asked = Talk::begin(&site.desk, "2006");
    assert_eq!(held.refers_to(&asked), 202);
    let one = |seen: &Value| {
        let items = seen["items"].as_array()?;
        (items.len() == 1 && items[0]["legs"].as_array()?.len() == 2).then(|| items[0]["id"].clone())
    };
    let call = site.server.wait_for("/v1/calls", "one call", one).await;
    let call = call.as_str().expect("an id");
    talking(&site.server, call, 2).await;
    audio(&site.server, 200.0).await;
    site.server.post(&format!("/v1/calls/{call}/hang-up"), json!(null)).await;
    assert_hears("the first", &first.heard(), &tones([AGENT]), &[]);
    assert_hears("the second", &second.heard(), &tones([CALLER]), &[]);
    let cdr = record(&site, call).await;
    assert_eq!(cdr["consultations"][0]["joined"], "transfer", "{cdr:#}");
    assert_eq!(cdr["transfers"][0]["to"]["number"], "2006", "{cdr:#}");
    drop((held, asked));
    site.server.wait_for_no_calls().await;
}
