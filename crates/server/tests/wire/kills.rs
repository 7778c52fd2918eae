//! The real process killed with -9: what was acknowledged is there afterwards, and no phone is left in a dead call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::Server;

/// Kills in the gate, unless the variable `KILLS` says how many.
const KILLS: u64 = 3;
/// Clients that give commands at once.
const CLIENTS: usize = 8;

/// What the server said yes to: entries by id and name, and the last state of each agent.
#[derive(Clone, Default)]
struct Acknowledged {
    reasons: BTreeMap<String, String>,
    ready: BTreeMap<String, bool>,
}

#[tokio::test]
#[ignore = "kills real processes: runs in the gate's stage `wire`"]
async fn every_acknowledged_command_is_there_after_kill_9() {
    let mut server = Server::start().await;
    let mut agents = Vec::new();
    for n in 0..CLIENTS {
        let device = server.add("/v1/devices", json!({ "number": format!("{}", 2_000 + n) })).await;
        let agent = server.add("/v1/agents", json!({ "name": format!("agent {n}") })).await;
        server.post(&format!("/v1/agents/{agent}/log-in"), json!({ "device": device })).await;
        agents.push(agent);
    }
    let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
    let kills = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    for kill in 0..kills {
        let clients: Vec<_> = agents
            .iter()
            .enumerate()
            .map(|(n, agent)| {
                let client = server.client();
                let (agent, acknowledged) = (agent.clone(), Arc::clone(&acknowledged));
                tokio::spawn(async move {
                    for round in 0_u64.. {
                        let name = format!("{kill} {n} {round}");
                        let Some(reason) = client.try_post("/v1/reasons", json!({ "name": name })).await
                        else {
                            return;
                        };
                        let id = reason["id"].as_str().expect("a new thing has an id").to_owned();
                        acknowledged.lock().expect("no client panicked").reasons.insert(id, name);
                        let ready = round % 2 == 0;
                        // From here until the answer either state is right.
                        acknowledged.lock().expect("no client panicked").ready.remove(&agent);
                        let verb = if ready { "ready" } else { "not-ready" };
                        let body = if ready { Value::Null } else { json!({}) };
                        let Some(_) = client.try_post(&format!("/v1/agents/{agent}/{verb}"), body).await
                        else {
                            return;
                        };
                        acknowledged.lock().expect("no client panicked").ready.insert(agent.clone(), ready);
                    }
                })
            })
            .collect();
        // The load runs for a while; where in a commit the kill falls is left to chance on purpose.
        tokio::time::sleep(Duration::from_millis(300 + 170 * (kill % 7))).await;
        server.kill_9();
        for client in clients {
            client.await.expect("a client only stops when the server is gone");
        }
        server.restart().await;
        let acknowledged = acknowledged.lock().expect("no client panicked").clone();
        assert!(
            acknowledged.reasons.len() > 10,
            "the load did not get going: {}",
            acknowledged.reasons.len()
        );
        let found = server.all("/v1/reasons").await;
        let found: BTreeMap<&str, &str> = found
            .iter()
            .filter_map(|reason| Some((reason["id"].as_str()?, reason["name"].as_str()?)))
            .collect();
        for (id, name) in &acknowledged.reasons {
            assert_eq!(
                found.get(id.as_str()),
                Some(&name.as_str()),
                "kill {kill}: reason {id} was acknowledged"
            );
        }
        for (agent, ready) in &acknowledged.ready {
            let seen = server.get(&format!("/v1/agents/{agent}")).await;
            let expected = if *ready { "ready" } else { "not_ready" };
            assert_eq!(seen["duty"]["state"], expected, "kill {kill}: {seen:#}");
        }
    }
}
