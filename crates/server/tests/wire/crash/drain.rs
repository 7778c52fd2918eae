//! SIGTERM: calls in progress go on to their own end, new ones are refused, and nobody waits longer than is allowed.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use cordial_sim::phone::{Habit, PhoneEvent, Placing};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::server::{Server, pause};
use super::site::{QUEUE, Site};

const CALLS: usize = 4;
const TONE_HZ: f64 = 440.0;
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than any of these tests.
const FOR_EVER: Duration = Duration::from_secs(600);

/// A site in which four callers talk to four agents, each of whom hangs up after `talk`.
async fn in_calls(drain_s: u64, talk: Duration) -> Site {
    let site = Site::open(Server::start(drain_s).await, CALLS, talk, Some(TONE_HZ)).await;
    for caller in 0..CALLS as u64 {
        site.call(QUEUE, caller);
    }
    let until = Instant::now() + PATIENCE;
    while site.agents.iter().any(|agent| agent.phone.talking() == 0) {
        assert!(Instant::now() < until, "not everybody talks:\n{}", site.server.log());
        pause().await;
    }
    for phone in site.phones() {
        phone.take_history();
    }
    site
}

async fn wait_draining(site: &Site) {
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = site.server.client.ask(Method::GET, "/readyz", json!(null)).await.expect("it lives on");
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            let why = answer.text().await.expect("a whole answer");
            assert!(why.contains("draining"), "{why}");
            return;
        }
        assert!(Instant::now() < until, "it does not drain:\n{}", site.server.log());
        pause().await;
    }
}

/// How each phone's calls ended: by whom, and how many packets of audio its user heard.
fn ends(site: &Site) -> Vec<(bool, u64)> {
    let all = site.phones().flat_map(|phone| phone.take_history());
    all.filter_map(|(_, event)| cleared(&event)).collect()
}

fn cleared(event: &PhoneEvent) -> Option<(bool, u64)> {
    match event {
        PhoneEvent::Cleared { by_user, heard, .. } => Some((*by_user, heard.packets)),
        PhoneEvent::Registered
        | PhoneEvent::Unregistered
        | PhoneEvent::RegistrationRefused { .. }
        | PhoneEvent::Ringing { .. }
        | PhoneEvent::Progress { .. }
        | PhoneEvent::Answered { .. }
        | PhoneEvent::Failed { .. } => None,
    }
}

/// What an INVITE from a trunk is answered with, beyond 100.
fn invite(trunk: &UdpSocket, site: &Site) -> String {
    let (from, to) = (trunk.local_addr().expect("a bound socket"), site.server.sip);
    let text = format!(
        "INVITE sip:{QUEUE}@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKdrain{}\r\nMax-Forwards: 70\r\n\
         From: <sip:late@{from}>;tag=late\r\nTo: <sip:{QUEUE}@{to}>\r\nCall-ID: late@{from}\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:late@{from}>\r\nContent-Length: 0\r\n\r\n",
        from.port()
    );
    trunk.set_read_timeout(Some(PATIENCE)).expect("a UDP socket");
    trunk.send_to(text.as_bytes(), to).expect("loopback takes it");
    let mut answer = [0; 4_096];
    loop {
        let length = trunk.recv(&mut answer).expect("an answer");
        let text = String::from_utf8_lossy(&answer[..length]).into_owned();
        if !text.starts_with("SIP/2.0 100") {
            return text;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ends real processes: runs in the gate's stage `crash`"]
async fn after_sigterm_calls_go_on_to_their_own_end_and_new_ones_are_refused() {
    let talk = Duration::from_secs(5);
    let mut site = in_calls(60, talk).await;
    let trunk = UdpSocket::bind("127.0.0.1:0").expect("a UDP port");
    let address = trunk.local_addr().expect("a bound socket").to_string();
    site.server.client.post("/v1/trunks", json!({ "name": "late", "address": address })).await;
    let device = site.server.client.get("/v1/devices").await["items"][0]["id"].clone();
    let asked = Instant::now();
    site.server.terminate();
    wait_draining(&site).await;

    let refused = invite(&trunk, &site);
    assert!(refused.starts_with("SIP/2.0 503") && refused.contains("\r\nRetry-After: "), "{refused}");
    let body = json!({ "device": device, "to": "1001" });
    let refused = site.server.client.ask(Method::POST, "/v1/calls", body).await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(site.agents.iter().all(|agent| agent.phone.talking() == 1), "a live call was touched");

    assert!(site.server.wait_end().await.success(), "{}", site.server.log());
    assert!(asked.elapsed() > talk / 2, "it did not wait for the calls: {:?}", asked.elapsed());
    let ends = ends(&site);
    let by_agents = ends.iter().filter(|(by_user, _)| *by_user).count();
    assert_eq!((ends.len(), by_agents), (2 * CALLS, CALLS), "every call ended by its agent: {ends:?}");
    // 50 packets a second; most of the talk came through, the part after SIGTERM included.
    assert!(ends.iter().all(|(_, packets)| *packets > 50 * 3), "audio went on: {ends:?}");
    let (code, said) = site.server.cordial("replay");
    assert!(code == Some(0) && said.contains("snapshot      the same"), "{said}");
}

/// Waits until one caller rings at the first agent and another waits in the queue for somebody to be free.
async fn wait_one_rings_and_one_waits(site: &Site) {
    let until = Instant::now() + PATIENCE;
    loop {
        let queue = site.server.client.get(&format!("/v1/queues/{}", site.queue)).await;
        let ringing = site.agents.iter().map(|agent| agent.phone.ringing());
        if ringing.eq([1, 0]) && queue["state"]["waiting"] == 2 {
            return;
        }
        assert!(Instant::now() < until, "{queue:#}\n{}", site.server.log());
        pause().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ends real processes: runs in the gate's stage `crash`"]
async fn after_sigterm_callers_who_wait_or_ring_are_still_answered_and_talk_to_their_own_end() {
    let talk = Duration::from_secs(2);
    let mut site = Site::open(Server::start(60).await, 2, talk, Some(TONE_HZ)).await;
    let second = format!("/v1/agents/{}", site.agents[1].id);
    site.server.client.post(&format!("{second}/not-ready"), json!({})).await;
    site.agents[0].phone.deed(|phone, _| phone.set_habit(Habit::Ignore, None));
    // Rung and waiting for as long as it takes to see both: nobody gives up, and nobody is taken out of the line.
    let policy = json!({ "name": "sales", "offer_ms": 60_000, "max_wait_ms": null, "wrap_up_ms": 60_000 });
    site.server.client.put(&format!("/v1/queues/{}", site.queue), policy).await;
    for caller in ["+442079460001", "+442079460002"] {
        let placing = Placing { to: QUEUE.to_owned(), from: Some(caller.to_owned()), ..Placing::default() };
        site.carrier.place(placing);
    }
    wait_one_rings_and_one_waits(&site).await;
    site.server.terminate();
    wait_draining(&site).await;

    // Who rings is answered, and who waits finds an agent who becomes ready only now.
    site.agents[0].phone.deed(|phone, now| {
        let ringing: Vec<_> = phone.ringing().collect();
        ringing.into_iter().for_each(|line| phone.answer(now, line));
    });
    site.server.client.post(&format!("{second}/ready"), json!(null)).await;
    assert!(site.server.wait_end().await.success(), "{}", site.server.log());

    for agent in &site.agents {
        let history = agent.phone.take_history();
        let ended: Vec<_> = history.iter().filter_map(|(_, event)| cleared(event)).collect();
        assert!(
            matches!(ended[..], [(true, packets)] if packets > 50),
            "answered, talked, hung up: {history:?}"
        );
    }
    let ended: Vec<_> = site.carrier.take_history().iter().filter_map(|(_, event)| cleared(event)).collect();
    assert!(matches!(ended[..], [(false, _), (false, _)]), "both were cleared by their agents: {ended:?}");
    let (code, said) = site.server.cordial("replay");
    assert!(code == Some(0) && said.contains("snapshot      the same"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ends real processes: runs in the gate's stage `crash`"]
async fn a_second_sigterm_clears_the_calls_and_ends_at_once() {
    let mut site = in_calls(600, FOR_EVER).await;
    site.server.terminate();
    wait_draining(&site).await;
    let asked = Instant::now();
    site.server.terminate();
    all_cleared_by_bye(&mut site).await;
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ends real processes: runs in the gate's stage `crash`"]
async fn calls_that_outlast_the_drain_are_cleared_by_bye() {
    let mut site = in_calls(2, FOR_EVER).await;
    let asked = Instant::now();
    site.server.terminate();
    wait_draining(&site).await;
    all_cleared_by_bye(&mut site).await;
    assert!(asked.elapsed() >= Duration::from_secs(2), "{:?}", asked.elapsed());
}

async fn all_cleared_by_bye(site: &mut Site) {
    let live = site.live();
    assert!(site.server.wait_end().await.success(), "{}", site.server.log());
    let left = Site::left_of(&live, Duration::from_secs(5)).await;
    assert!(left.is_empty(), "{}\n{}", left.join("\n"), site.server.log());
    let ends = ends(site);
    assert!(ends.len() == 2 * CALLS && ends.iter().all(|(by_user, _)| !by_user), "{ends:?}");
}
