//! Kill -9 under load, again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cordial_sim::phone::PhoneEvent;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::server::{Client, Server, pause};
use super::site::{GREETING, Site};

/// Kills in the gate, unless the variable `KILLS` says how many.
const KILLS: u64 = 10;
const AGENTS: usize = 50;
const CALLS_PER_SECOND: u64 = 20;
/// Agents who change their minds by the API all the time.
const RESTLESS: usize = 10;
/// Each time that so many minds were changed, a reason is added: hundreds of kills stay far below the reasons that there
/// may be (`cordial_engine::limits::ENTRIES_MAX`).
const CHANGES_PER_REASON: u64 = 40;
/// Callers who try again and again from the moment that the process starts.
const TRY_EVERY: Duration = Duration::from_millis(15);
/// From process start to the first INVITE answered.
const START_MAX: Duration = Duration::from_millis(1_500);
/// Phones of dead calls must have heard of it within this of the start.
const CLEARED_MAX: Duration = Duration::from_secs(10);
/// What the write-ahead log may come to, however often the process dies. Bytes; one life writes about 8 MiB.
const LOG_MAX: u64 = 64 << 20;
/// How long agents talk, at least.
const TALK: Duration = Duration::from_millis(900);

/// What the server said yes to.
#[derive(Default)]
struct Acknowledged {
    reasons: BTreeMap<String, String>,
    /// The last wish granted to each agent and axis; none while one is under way.
    wishes: BTreeMap<(String, &'static str), Value>,
    granted: u64,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "kills real processes under load: runs in the gate's stage `crash`"]
async fn killed_under_load_nothing_acknowledged_is_lost_and_no_phone_is_left_in_a_call() {
    let mut site = Site::open(Server::start(60).await, AGENTS, TALK, None).await;
    let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
    let mut ledger = Ledger::default();
    let mut starts = Vec::new();
    let mut cut = [0; 3];
    let kills = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    for kill in 0..kills {
        let clients = start_clients(&site, kill, &acknowledged);
        // Where in a call and in a commit the kill falls is left to chance on purpose.
        site.load(CALLS_PER_SECOND, Duration::from_millis(2_500 + 137 * (kill % 7))).await;
        site.freeze(true);
        for (count, phones) in
            cut.iter_mut().zip([site.carrier.talking(), agents(&site, true), agents(&site, false)])
        {
            *count += phones;
        }
        let live = site.live();
        site.server.kill_9();
        for client in clients {
            client.await.expect("a client only stops when the server is gone");
        }
        let since = Timestamp::now();
        starts.push(first_answer(&mut site).await);
        site.server.wait_ready().await;
        let left = Site::left_of(&live, CLEARED_MAX).await;
        assert!(left.is_empty(), "kill {kill}: legs are left up: {}\n{}", left.join("\n"), site.server.log());
        // A caller whose INVITE nobody had answered says it again, and the new process takes it as the call that it is.
        site.quiet().await;
        site.wait_no_legs().await;
        let at_rest = since.duration_until(Timestamp::now()).unsigned_abs();
        judge(&site, since, &acknowledged, &mut ledger, kill).await;
        site.freeze(false);
        let judged = since.duration_until(Timestamp::now()).unsigned_abs() - at_rest;
        println!(
            "kill {} of {kills}: first INVITE answered after {:.0?}, at rest after {at_rest:.0?}, judged in {judged:.0?}, \
             event {}, log {} MiB",
            kill + 1,
            starts[starts.len() - 1],
            ledger.seq,
            site.server.log_bytes() >> 20,
        );
        assert!(site.server.log_bytes() < LOG_MAX, "a log that nobody folds makes every start slower");
    }
    report(starts, cut, &acknowledged.lock().expect("no client panicked"), &ledger);
}

fn agents(site: &Site, talking: bool) -> usize {
    site.agents.iter().map(|agent| if talking { agent.phone.talking() } else { agent.phone.ringing() }).sum()
}

/// Clients that give commands at once and note what was granted.
fn start_clients(
    site: &Site,
    kill: u64,
    acknowledged: &Arc<Mutex<Acknowledged>>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let restless = site.agents.iter().take(RESTLESS).enumerate();
    restless
        .map(|(n, agent)| {
            let (client, agent, queue) = (site.server.client.clone(), agent.id.clone(), site.queue.clone());
            let acknowledged = Arc::clone(acknowledged);
            tokio::spawn(async move {
                for round in 0_u64.. {
                    let name = format!("{kill} {n} {round}");
                    if give(&client, &agent, &queue, name, round, &acknowledged).await.is_none() {
                        return;
                    }
                }
            })
        })
        .collect()
}

/// Now and then a new reason, then a wish on one of the agent's axes; `None` when the server is gone.
async fn give(
    client: &Client,
    agent: &str,
    queue: &str,
    name: String,
    round: u64,
    acknowledged: &Mutex<Acknowledged>,
) -> Option<()> {
    let lock = || acknowledged.lock().expect("no client panicked");
    if round.is_multiple_of(CHANGES_PER_REASON) {
        let reason = client.try_ask(Method::POST, "/v1/reasons", json!({ "name": name })).await?;
        let id = reason["id"].as_str().expect("a new thing has an id").to_owned();
        let mut acknowledged = lock();
        acknowledged.reasons.insert(id, name);
        acknowledged.granted += 1;
    }
    let yes = (round / 3).is_multiple_of(2);
    let at = format!("/v1/agents/{agent}");
    let (axis, wish, method, path, body) = match round % 3 {
        0 if yes => ("duty", json!("ready"), Method::POST, format!("{at}/ready"), Value::Null),
        0 => ("duty", json!("not_ready"), Method::POST, format!("{at}/not-ready"), json!({})),
        1 => {
            let handling = json!({ "mode": if yes { "ring" } else { "busy" } });
            ("handling", handling.clone(), Method::PUT, format!("{at}/handling"), handling)
        }
        _ => {
            let membership = json!(if yes { "ready" } else { "not_ready" });
            let path = format!("{at}/queues/{queue}/membership");
            ("membership", membership.clone(), Method::PUT, path, json!({ "membership": membership }))
        }
    };
    // From here until the answer either state is right.
    lock().wishes.remove(&(agent.to_owned(), axis));
    if wish == json!("ready") && axis == "duty" {
        // Who is ready in none of his queues and becomes ready is ready in each.
        lock().wishes.remove(&(agent.to_owned(), "membership"));
    }
    client.try_ask(method, &path, body).await?;
    let mut acknowledged = lock();
    acknowledged.wishes.insert((agent.to_owned(), axis), wish);
    acknowledged.granted += 1;
    Some(())
}

/// Starts the process; gives how long it took until a caller was answered.
async fn first_answer(site: &mut Site) -> Duration {
    site.carrier.take_history();
    let begun = Instant::now();
    site.server.spawn_again();
    let mut tried = BTreeSet::new();
    loop {
        let placed = cordial_sim::phone::Placing { to: GREETING.to_owned(), ..Default::default() };
        tried.extend(site.carrier.place(placed));
        tokio::time::sleep(TRY_EVERY).await;
        let is_answer =
            |event: &PhoneEvent| tried.iter().any(|line| *event == PhoneEvent::Answered { line: *line });
        let history = site.carrier.take_history();
        if let Some((at, _)) = history.into_iter().find(|(_, event)| is_answer(event)) {
            site.carrier.hang_up(&tried);
            return at - begun;
        }
        assert!(!site.server.has_ended(), "it has ended:\n{}", site.server.log());
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody is answered:\n{}", site.server.log());
    }
}

/// What the API shows when nobody is in a call or offered one, which none may be that began before `since`. One may begin
/// afterwards: a caller who gave up before anybody heard him may not say so until he is heard (RFC 3261 section 9.1); his
/// INVITE comes again by itself, and is a call for a moment.
async fn shown_at_rest(site: &Site, since: Timestamp, kill: u64) -> Value {
    let until = Instant::now() + CLEARED_MAX;
    loop {
        let shown = site.server.client.events(None, |_| true).await.remove(0);
        let list = |name: &str| shown["data"][name].as_array().expect("a list").iter();
        let is_new = |call: &&Value| {
            let started = call["started"].as_str().and_then(|started| started.parse().ok());
            started.is_some_and(|started: Timestamp| started >= since)
        };
        for call in list("calls").filter(|call| call["legs"] != json!([])) {
            assert!(is_new(&call), "kill {kill}: a leg outlived the process: {call:#}");
        }
        for offer in list("offers") {
            let is_new = list("calls").filter(is_new).any(|call| call["id"] == offer["call"]);
            assert!(is_new, "kill {kill}: an offer outlived the process: {offer:#}");
        }
        if list("offers").len() == 0 && list("calls").all(|call| call["legs"] == json!([])) {
            return shown;
        }
        assert!(Instant::now() < until, "kill {kill}: calls come again and again: {shown:#}");
        pause().await;
    }
}

/// Compares what the API shows with what it told and with what it granted.
async fn judge(
    site: &Site,
    since: Timestamp,
    acknowledged: &Mutex<Acknowledged>,
    ledger: &mut Ledger,
    kill: u64,
) {
    let api = &site.server.client;
    let shown = shown_at_rest(site, since, kill).await;
    // One more fact, so that the stream has an end to be recognised by.
    let last = api.add("/v1/reasons", json!({ "name": format!("after kill {kill}") })).await;
    let is_last =
        |event: &Value| event["data"]["id"] == json!(last) || event["data"]["entry"]["id"] == json!(last);
    let told = api.events(Some(ledger.seq), is_last).await;
    ledger.read(&told, shown["seq"].as_u64().expect("a number"));
    let shown = &shown["data"];
    for agent in shown["agents"].as_array().expect("a list") {
        ledger.compare(agent).unwrap_or_else(|what| panic!("kill {kill}: {what}: {agent:#}"));
    }
    let acknowledged = acknowledged.lock().expect("no client panicked");
    for ((agent, axis), wish) in &acknowledged.wishes {
        let agents = shown["agents"].as_array().expect("a list");
        let agent = agents.iter().find(|shown| shown["id"] == json!(agent)).expect("an agent");
        let is = match *axis {
            "duty" if agent["pending"].is_null() => &agent["duty"]["state"],
            "duty" => &agent["pending"]["state"],
            "handling" => &agent["handling"],
            _ => &agent["queues"][0]["membership"],
        };
        assert_eq!(is, wish, "kill {kill}: {axis} was acknowledged: {agent:#}");
    }
    for (id, name) in &acknowledged.reasons {
        assert_eq!(ledger.names.get(id), Some(name), "kill {kill}: reason {id} was acknowledged");
    }
}

fn report(mut starts: Vec<Duration>, cut: [usize; 3], acknowledged: &Acknowledged, ledger: &Ledger) {
    starts.sort_unstable();
    let at = |permille: usize| starts[(starts.len() * permille / 1_000).min(starts.len() - 1)];
    let (half, p99, max) = (at(500), at(990), at(1_000));
    println!(
        "{} kills: start to first INVITE answered p50 {half:.0?}, p99 {p99:.0?}, longest {max:.0?}; acknowledged \
         commands {}, {} of them new reasons (lost 0); agents compared {} (wrong 0); legs cut: {} callers, {} agents talking, {} ringing \
         (left up 0); {} events read",
        starts.len(),
        acknowledged.granted,
        acknowledged.reasons.len(),
        ledger.compared,
        cut[0],
        cut[1],
        cut[2],
        ledger.seq,
    );
    assert!(acknowledged.granted > 20 * starts.len() as u64, "the clients did not get going");
    assert!(cut[1] > starts.len() && cut[2] > 0, "the calls did not get going: {cut:?}");
    assert!(p99 < START_MAX, "from start to the first INVITE answered: {starts:?}");
}
