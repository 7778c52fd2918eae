//! Hot desks: who comes to one logs out who sat there.

use serde_json::json;

use super::site::Site;

#[tokio::test]
async fn who_logs_in_at_a_hot_desk_takes_the_place_of_an_idle_agent() {
    let site = Site::open().await;
    let (ann, ben) = (&site.ids.agent, &site.ids.idle_agent);
    let log_in = format!("/v1/agents/{ben}/log-in");
    let at_desk = json!({"device": site.ids.device}).to_string();
    let refused = site.ask("POST", &log_in, &site.token, Some(&at_desk), None, false).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("device-taken")));

    let desk = format!("/v1/devices/{}", site.ids.device);
    let hot = json!({"number": "1001", "hot_desk": true}).to_string();
    assert_eq!(site.ask("PUT", &desk, &site.token, Some(&hot), None, false).await.status, 200);
    assert_eq!(site.get(&desk).await["hot_desk"], true);

    let mut events = site.stream("/v1/events").await;
    assert_eq!(site.post(&log_in, json!({"device": site.ids.device})).await["agent"]["id"], ben.as_str());
    let out = loop {
        let event = events.next().await;
        if event["type"] == "agent_logged_out" {
            break event;
        }
    };
    assert_eq!((&out["data"]["agent"], &out["by"]["kind"]), (&json!(ann), &json!("policy")), "{out}");
    assert_eq!(out["data"]["why"], json!({"kind": "desk_taken", "agent": ben}), "{out}");
    let ann = site.get(&format!("/v1/agents/{ann}")).await;
    assert_eq!((&ann["duty"]["state"], &ann["device"]["id"]), (&json!("logged_out"), &json!(null)), "{ann}");
    assert_eq!(site.get(&format!("/v1/agents/{ben}")).await["device"]["id"], site.ids.device.as_str());
}

#[tokio::test]
async fn who_is_offered_a_call_keeps_his_hot_desk() {
    let site = Site::open().await;
    let desk = format!("/v1/devices/{}", site.ids.device);
    let hot = json!({"number": "1001", "hot_desk": true}).to_string();
    assert_eq!(site.ask("PUT", &desk, &site.token, Some(&hot), None, false).await.status, 200);
    site.live_offer().await;
    let log_in = format!("/v1/agents/{}/log-in", site.ids.idle_agent);
    let at_desk = json!({"device": site.ids.device}).to_string();
    let refused = site.ask("POST", &log_in, &site.token, Some(&at_desk), None, false).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("busy")), "{}", refused.text);
}
