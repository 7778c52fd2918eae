//! Lists: filters of fields, and pages that hold together while things come and go.

use serde_json::json;

use super::site::Site;

async fn names(site: &Site, path: &str) -> Vec<String> {
    let items = site.get(path).await["items"].as_array().unwrap().clone();
    items.iter().map(|it| it["name"].as_str().or(it["number"].as_str()).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn agents_devices_and_calls_are_filtered_by_their_fields() {
    let site = Site::open().await;
    let (a, none) = (&site.ids, [""; 0]);
    assert_eq!(names(&site, &format!("/v1/agents?team={}", a.team)).await, ["Ann"]);
    assert_eq!(names(&site, "/v1/agents?state=logged_out").await, ["Ben"]);
    assert_eq!(names(&site, "/v1/agents?state=not_ready").await, ["Ann"]);
    assert_eq!(names(&site, &format!("/v1/agents?user={}", a.user)).await, ["Ann"]);
    assert_eq!(names(&site, &format!("/v1/agents?queue={}", a.queue)).await, none);
    let assign = format!("/v1/agents/{}/queues/{}", a.idle_agent, a.queue);
    assert_eq!(site.ask("PUT", &assign, &site.token, None, None, false).await.status, 200);
    assert_eq!(names(&site, &format!("/v1/agents?queue={}", a.queue)).await, ["Ben"]);
    assert_eq!(names(&site, &format!("/v1/agents?queue={}&state=ready", a.queue)).await, none);
    assert_eq!(names(&site, "/v1/devices?state=idle").await, ["1001", "1002"]);
    assert_eq!(names(&site, &format!("/v1/devices?owner={}", a.agent)).await, none);
    let waiting = site.get(&format!("/v1/calls?queue={}", a.queue)).await;
    assert_eq!(waiting["items"][0]["id"], a.call.as_str());
    assert_eq!(site.get(&format!("/v1/calls?agent={}", a.idle_agent)).await["items"], json!([]));
}

#[tokio::test]
async fn a_filter_that_a_list_does_not_have_is_refused() {
    let site = Site::open().await;
    for (path, status) in [
        ("/v1/teams?state=ready", 400),
        ("/v1/agents?number=1", 400),
        ("/v1/calls?phase=talking", 400),
        ("/v1/agents?state=asleep", 422),
        ("/v1/agents?team=0123456789abcdef0123456789abcdef", 422),
        ("/v1/cdrs?from=yesterday", 422),
    ] {
        let answer = site.ask("GET", path, &site.token, None, None, false).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
}
