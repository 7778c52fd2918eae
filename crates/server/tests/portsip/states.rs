//! The whole table of an agent's states in a queue: every arrow of it is gone, and no other.

use std::collections::BTreeSet;

use cordial_dialects::portsip::state::ARROWS;
use serde_json::json;

use crate::site::{Site, text};
use crate::wsi::Client;

/// What is told of Ann in queue 8001, one state after the other.
struct Watcher {
    client: Client,
    state: String,
    arrows: BTreeSet<(String, String)>,
}

impl Watcher {
    async fn open(site: &Site) -> Self {
        let mut client = Client::connect(site.rest, "/wsi").await;
        client.say(json!({"command": "auth", "access_token": site.token})).await;
        assert_eq!(client.hear().await["status"], 0);
        client.say(json!({"command": "subscribe", "topics": ["queue_events"], "queues": ["8001"]})).await;
        assert_eq!(client.hear().await["status"], 0);
        let snapshot = client.hear().await;
        Self { client, state: text(&snapshot["agents"][0]["state"]), arrows: BTreeSet::new() }
    }

    /// Waits until Ann is in this state, and notes every arrow on the way.
    async fn until(&mut self, state: &str) {
        while self.state != state {
            let message = self.client.hear().await;
            if message["event_type"] == "queue_agent_status" {
                for agent in message["updated_agents"].as_array().expect("a list") {
                    let next = text(&agent["state"]);
                    self.arrows.insert((std::mem::replace(&mut self.state, next.clone()), next));
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_arrow_is_possible_and_no_other() {
    let site = Site::open().await;
    site.assign(&["201"]).await;
    let mut ann = Watcher::open(&site).await;
    assert_eq!(ann.state, "NOT_READY");
    with_auto_ready(&site, &mut ann).await;
    site.change_queue(json!({"agent_auto_ready": false})).await;
    without_auto_ready(&site, &mut ann).await;
    let drawn: BTreeSet<(String, String)> = ARROWS
        .iter()
        .flat_map(|(from, to)| to.iter().map(|to| (from.word().to_owned(), to.word().to_owned())))
        .collect();
    assert_eq!(ann.arrows, drawn);
}

async fn with_auto_ready(site: &Site, ann: &mut Watcher) {
    for (wish, state) in [
        ("LOGGED_OUT", "LOGGED_OUT"),
        ("LOGGED_IN", "READY"),
        ("LOGGED_OUT", "LOGGED_OUT"),
        ("LOGGED_IN", "READY"),
        ("NOT_READY", "NOT_READY"),
        ("READY", "READY"),
    ] {
        site.set("201", wish).await;
        ann.until(state).await;
    }
    // A queue's call, after which she is ready by herself.
    let call = site.call("448001", None);
    site.answers(0);
    ann.until("QUEUE_CALL").await;
    call.hang_up();
    ann.until("READY").await;
    // Another, in which she asks to be out.
    let call = site.call("448001", None);
    site.answers(0);
    ann.until("QUEUE_CALL").await;
    site.set("201", "LOGGED_OUT").await;
    call.hang_up();
    ann.until("LOGGED_OUT").await;
    site.set("201", "LOGGED_IN").await;
    ann.until("READY").await;
    // Calls of no queue.
    let call = site.call("44201", Some(0));
    ann.until("OTHER_CALL").await;
    call.hang_up();
    ann.until("READY").await;
    let call = site.call("44201", Some(0));
    ann.until("OTHER_CALL").await;
    site.set("201", "LOGGED_OUT").await;
    call.hang_up();
    ann.until("LOGGED_OUT").await;
}

async fn without_auto_ready(site: &Site, ann: &mut Watcher) {
    site.set("201", "LOGGED_IN").await;
    ann.until("NOT_READY").await;
    let call = site.call("44201", Some(0));
    ann.until("OTHER_CALL").await;
    call.hang_up();
    ann.until("NOT_READY").await;
    for after in ["READY", "NOT_READY", "LOGGED_OUT"] {
        site.set("201", "READY").await;
        ann.until("READY").await;
        let call = site.call("448001", None);
        site.answers(0);
        ann.until("QUEUE_CALL").await;
        call.hang_up();
        ann.until("WRAP_UP").await;
        site.set("201", after).await;
        ann.until(after).await;
    }
    site.set("201", "LOGGED_IN").await;
    site.set("201", "READY").await;
    ann.until("READY").await;
    // Not ready after a call of no queue, unless she asks for a wrap-up.
    let call = site.call("44201", Some(0));
    ann.until("OTHER_CALL").await;
    call.hang_up();
    ann.until("NOT_READY").await;
    let call = site.call("44201", Some(0));
    ann.until("OTHER_CALL").await;
    site.set("201", "WRAP_UP").await;
    call.hang_up();
    ann.until("WRAP_UP").await;
    site.set("201", "NOT_READY").await;
    ann.until("NOT_READY").await;
    site.set("201", "LOGGED_OUT").await;
    ann.until("LOGGED_OUT").await;
}
