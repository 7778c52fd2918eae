//! Calls from and to programs that we did not write: `sipp` and `baresip`.

use crate::peers::{Baresip, Sipp, free_port, tone_level};
use crate::server::Server;
use crate::site::Site;
use serde_json::json;

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_phone_registers_with_digest_and_a_wrong_password_does_not() {
    let site = Site::open().await;
    let port = free_port();
    site.register(port, &site.secret, 120, 200).run().succeeds();
    site.server.wait_for_device(&site.device, "idle").await;
    site.register(port, "wrong", 120, 403).run().succeeds();
    site.register(port, &site.secret, 0, 200).run().succeeds();
    site.server.wait_for_device(&site.device, "unregistered").await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_queued_call_is_offered_answered_and_recorded_in_a_cdr() {
    let site = Site::open().await;
    let port = site.phone_registered().await;
    site.agent_ready().await;
    let phone = Sipp::scenario("phone_answers.xml").from(port).to(site.server.sip).lasting(200).start();
    site.caller("caller.xml", "1000").lasting(1_500).run().succeeds();
    phone.succeeds();
    let cdr = site.server.wait_for_cdr().await;
    assert_eq!(cdr["queues"][0]["end"], json!("answered"), "{cdr:#}");
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_caller_who_gives_up_withdraws_the_ringing() {
    let site = Site::open().await;
    let port = site.phone_registered().await;
    let phone = Sipp::scenario("phone_rings.xml").from(port).to(site.server.sip).start();
    site.caller("caller_gives_up.xml", "3001").lasting(300).run().succeeds();
    phone.succeeds();
    site.server.wait_for_no_calls().await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_busy_phone_makes_its_caller_hear_busy() {
    let site = Site::open().await;
    let port = site.phone_registered().await;
    let phone = Sipp::scenario("phone_busy.xml").from(port).to(site.server.sip).start();
    site.caller("caller_refused.xml", "3001").replaced("EXPECTED", "486").run().succeeds();
    phone.succeeds();
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn an_agent_who_does_not_answer_becomes_not_ready_and_the_caller_keeps_waiting() {
    let site = Site::open().await;
    let port = site.phone_registered().await;
    let agent = site.agent_ready().await;
    let phone = Sipp::scenario("phone_rings.xml").from(port).to(site.server.sip).start();
    site.caller("caller.xml", "1000").lasting(4_000).run().succeeds();
    phone.succeeds();
    let agent = site.server.get(&format!("/v1/agents/{agent}")).await;
    assert_eq!(agent["duty"]["state"], json!("not_ready"), "{agent:#}");
    assert_eq!(agent["duty"]["why"]["kind"], json!("no_answer"), "{agent:#}");
    let cdr = site.server.wait_for_cdr().await;
    assert_eq!(cdr["queues"][0]["end"], json!("abandoned"), "{cdr:#}");
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_number_that_leads_nowhere_is_answered_404() {
    let site = Site::open().await;
    site.caller("caller_refused.xml", "9999").replaced("EXPECTED", "404").run().succeeds();
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn hold_and_retrieve_by_re_invite_are_answered_and_seen() {
    let site = Site::open().await;
    let port = site.phone_registered().await;
    site.agent_ready().await;
    let phone = Sipp::scenario("phone_answers.xml").from(port).to(site.server.sip).start();
    let caller = site.caller("caller_holds.xml", "1000").lasting(1_000).start();
    site.server.wait_for_leg("held").await;
    caller.succeeds();
    phone.succeeds();
    site.server.wait_for_no_calls().await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_hundred_calls_survive_ten_percent_loss() {
    // sipp takes a repeated 200 to its INVITE for the one to its BYE, and then is gone with the BYE lost: the server finds
    // out by asking, or after 32 s without ACK.
    let site = Site::open_on(Server::start_with("ping_s = 5").await).await;
    let caller = site.caller("caller.xml", "1000").lasting(500).calls(100, 20).losing(10);
    let report = caller.run();
    report.succeeds();
    site.server.wait_for_no_calls().await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn tones_of_caller_and_agent_reach_the_far_ends_and_the_right_channels() {
    let site = Site::open().await;
    let phone = Baresip::start(
        "agent",
        1_300,
        &format!("<sip:2001@{}>;auth_pass={};regint=60;answermode=auto", site.server.sip, site.secret),
    );
    site.server.wait_for_device(&site.device, "idle").await;
    site.agent_ready().await;
    let caller = site.server.post("/v1/devices", json!({ "number": "2002", "digest": "md5" })).await;
    let caller_secret = caller["secret"]["password"].as_str().expect("a new device has a secret");
    site.server
        .post(
            "/v1/routes",
            json!({ "number": "1500", "destination": { "to": "queue", "queue": site.queue } }),
        )
        .await;
    let dialler = Baresip::dial(
        "caller",
        700,
        &format!("<sip:2002@{}>;auth_pass={caller_secret};regint=60", site.server.sip),
        &format!("sip:1500@{}", site.server.sip),
    );
    let call = site.server.wait_for_recording_of(3_000).await;
    site.server.post(&format!("/v1/calls/{call}/hang-up"), json!(null)).await;
    let (recording, audio) = site.server.wait_for_saved_recording().await;
    let heard_by_agent = phone.heard();
    let heard_by_caller = dialler.heard();

    let wav = hound::WavReader::new(std::io::Cursor::new(audio)).expect("a recording is a WAV file");
    assert_eq!((wav.spec().channels, wav.spec().sample_rate), (2, 8_000), "{recording:#}");
    let samples: Vec<i16> = wav.into_samples().map(|sample| sample.expect("a whole file")).collect();
    assert!(samples.len() > 2 * 8_000 * 2, "at least two seconds: {}", samples.len() / 2);
    let left: Vec<i16> = samples.iter().step_by(2).copied().collect();
    let right: Vec<i16> = samples.iter().skip(1).step_by(2).copied().collect();
    for (name, samples, there, absent) in [
        ("agent hears the caller", &heard_by_agent, 700.0, 1_300.0),
        ("caller hears the agent", &heard_by_caller, 1_300.0, 700.0),
        ("left is the agent", &left, 1_300.0, 700.0),
        ("right is the caller", &right, 700.0, 1_300.0),
    ] {
        let (loud, quiet) = (tone_level(samples, there), tone_level(samples, absent));
        assert!(loud > 0.02 && loud > 20.0 * quiet, "{name}: {there} Hz {loud:.4}, {absent} Hz {quiet:.4}");
    }
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_recording_is_paused_and_a_disposition_set_and_wrap_up_ended_by_api() {
    let site = Site::open().await;
    let port = site.phone_registered().await;
    let agent = site.agent_ready().await;
    let queue = format!("/v1/queues/{}", site.queue);
    let mut policy = site.server.get(&queue).await;
    for told in ["id", "state"] {
        policy.as_object_mut().expect("a queue is an object").remove(told);
    }
    policy["wrap_up_ms"] = json!(60_000);
    site.server.put(&queue, policy).await;
    let sold = site.server.add("/v1/dispositions", json!({ "name": "sold" })).await;
    let phone = Sipp::scenario("phone_answers.xml").from(port).to(site.server.sip).start();
    let caller = site.caller("caller.xml", "1000").lasting(3_000).start();
    let call = site.server.wait_for_recorded_call().await;
    site.server.post(&format!("/v1/calls/{call}/recording/pause"), json!({ "reason": "card" })).await;
    site.server.post(&format!("/v1/calls/{call}/recording/resume"), json!({})).await;
    let word = json!({ "disposition": sold, "agent": agent, "note": "two boxes" });
    site.server.put(&format!("/v1/calls/{call}/disposition"), word).await;
    let asked = site.server.post(&format!("/v1/agents/{agent}/not-ready"), json!({ "note": "tea" })).await;
    assert_eq!(asked["pending"], json!(true), "{asked:#}");
    caller.succeeds();
    phone.succeeds();
    site.server.wait_for_agent(&agent, "wrap_up").await;
    let ended = site.server.post(&format!("/v1/agents/{agent}/end-wrap-up"), json!({})).await;
    assert_eq!(ended["agent"]["duty"]["state"], json!("not_ready"), "{ended:#}");
    let cdr = site.server.wait_for_cdr().await;
    assert_eq!(cdr["dispositions"][0]["disposition"], json!(sold), "{cdr:#}");
    assert_eq!(cdr["recordings"][0]["pauses"][0]["reason"], json!("card"), "{cdr:#}");
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn an_offer_declined_by_api_stops_the_ringing_and_the_caller_keeps_waiting() {
    let site = Site::open().await;
    let port = site.phone_registered().await;
    let agent = site.agent_ready().await;
    let phone = Sipp::scenario("phone_rings.xml").from(port).to(site.server.sip).start();
    let caller = site.caller("caller.xml", "1000").lasting(2_000).start();
    let offer = site.server.wait_for_offer().await;
    site.server.post(&format!("/v1/offers/{offer}/decline"), json!(null)).await;
    phone.succeeds();
    let agent = site.server.get(&format!("/v1/agents/{agent}")).await;
    assert_eq!(agent["duty"]["why"]["kind"], json!("declined"), "{agent:#}");
    caller.succeeds();
    let cdr = site.server.wait_for_cdr().await;
    assert_eq!(cdr["queues"][0]["end"], json!("abandoned"), "{cdr:#}");
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_call_of_a_killed_process_is_ended_by_the_next_one() {
    let mut site = Site::open().await;
    let caller = site.caller("caller_cut.xml", "1000").start();
    site.server.wait_for_leg("answered").await;
    site.server.kill_9();
    site.server.restart().await;
    caller.succeeds();
    let cdr = site.server.wait_for_cdr().await;
    assert_eq!(cdr["cause"]["kind"], json!("node_restarted"), "{cdr:#}");
}
