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
async fn a_log_in_at_another_device_of_his_moves_the_agent_as_he_is() {
    let site = Site::open().await;
    let (ann, old, new) = (&site.ids.agent, &site.ids.device, &site.ids.spare_device);
    let log_in = format!("/v1/agents/{ann}/log-in");
    let there = json!({"device": new}).to_string();
    let refused = site.ask("POST", &log_in, &site.token, Some(&there), None, false).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("logged-in-elsewhere")));

    let desk = format!("/v1/devices/{new}");
    let number = site.get(&desk).await["number"].clone();
    let own = json!({"number": number, "owner": ann}).to_string();
    assert_eq!(site.ask("PUT", &desk, &site.token, Some(&own), None, false).await.status, 200);
    let before = site.get(&format!("/v1/agents/{ann}")).await;
    let mut events = site.stream("/v1/events").await;
    let moved = site.post(&log_in, json!({"device": new})).await;
    let told = loop {
        let event = events.next().await;
        if event["type"] == "agent_logged_in" {
            break event;
        }
    };
    assert_eq!(told["data"], json!({"agent": ann, "device": new, "moved_from": old}));
    let after = &moved["agent"];
    assert_eq!(after["device"]["id"], new.as_str());
    for kept in ["duty", "queues", "handling", "since"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!(site.get(&format!("/v1/devices/{old}")).await["agent"], json!(null));
    let kept = "/v1/audit?limit=1&operation=agent_logged_in";
    site.until(kept, |page| page["items"][0]["after"] == told["data"]).await;
}

#[tokio::test]
async fn a_pin_is_set_and_removed_and_never_shown() {
    let site = Site::open().await;
    let ann = &site.ids.agent;
    let path = format!("/v1/agents/{ann}/pin");
    let put = async |body: &str| site.ask("PUT", &path, &site.token, Some(body), None, false).await;
    assert_eq!(put(r#"{"pin":"80217643"}"#).await.status, 204);
    for wrong in ["123", "1234567890123", "12a4", "１２３４", ""] {
        let refused = put(&json!({ "pin": wrong }).to_string()).await;
        assert_eq!((refused.status, &refused.json()["code"]), (422, &json!("invalid")), "{wrong}");
        assert_eq!(refused.json()["errors"][0]["pointer"], "/pin");
    }
    let noted = "/v1/audit?limit=1&operation=secret_set";
    site.until(noted, |page| page["items"][0]["after"]["id"] == ann.as_str()).await;
    let said = [site.get(noted).await, site.get(&format!("/v1/agents/{ann}")).await];
    assert!(!said.iter().any(|said| said.to_string().contains("80217643")));
    assert_eq!(put(r#"{"pin":null}"#).await.status, 204);
    let elsewhere = format!("/v1/agents/{}/pin", site.ids.queue);
    let unknown = site.ask("PUT", &elsewhere, &site.token, Some(r#"{"pin":"1234"}"#), None, false).await;
    assert_eq!(unknown.status, 404);
    let reader = site.scoped("read");
    assert_eq!(site.ask("PUT", &path, &reader, Some(r#"{"pin":"1234"}"#), None, false).await.status, 403);
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
