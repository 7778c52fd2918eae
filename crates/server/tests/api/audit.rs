//! Who changed what.

use serde_json::{Value, json};

use super::site::Site;

/// The newest change, once it is the one that is wanted: the audit is written behind the journal.
async fn newest(site: &Site, query: &str, so: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/v1/audit?limit=1{query}");
    site.until(&path, |page| so(&page["items"][0])).await["items"][0].clone()
}

#[tokio::test]
async fn a_change_is_told_with_who_whence_before_and_after() {
    let site = Site::open().await;
    let user = site
        .make("users", json!({"name": "root", "roles": ["administrator"], "password": "long enough"}))
        .await;
    let token = site.log_in("root", "long enough").await;
    let queue = format!("/v1/queues/{}", site.ids.queue);
    let body = json!({"name": "sales", "number": "800", "wrap_up_ms": 7000}).to_string();
    assert_eq!(site.ask("PUT", &queue, &token, Some(&body), None, false).await.status, 200);
    let query = format!("&operation=entry_changed&entry={}", site.ids.queue);
    let told = newest(&site, &query, Value::is_object).await;
    assert_eq!(told["by"], json!({"kind": "user", "id": user}), "{told}");
    assert_eq!(told["token"], token.split('_').nth(1).unwrap(), "{told}");
    assert_eq!(told["address"], "127.0.0.1", "{told}");
    assert_ne!(told["before"]["entry"]["wrap_up_ms"], json!(7000), "{told}");
    assert_eq!(told["after"]["entry"]["wrap_up_ms"], json!(7000), "{told}");
    assert_eq!(newest(&site, &format!("&user={user}"), Value::is_object).await["seq"], told["seq"]);
    let spare = site.make("teams", json!({"name": "spare"})).await;
    let path = format!("/v1/teams/{spare}");
    assert_eq!(site.ask("DELETE", &path, &site.token, None, None, false).await.status, 204);
    let gone = newest(&site, "&operation=entry_removed", Value::is_object).await;
    assert_eq!((&gone["before"]["entry"]["name"], &gone["after"]), (&json!("spare"), &Value::Null), "{gone}");
    assert_eq!(gone["by"], json!({"kind": "operator"}));
}

#[tokio::test]
async fn secrets_and_tokens_are_told_and_not_shown() {
    let site = Site::open().await;
    let path = format!("/v1/users/{}/password", site.ids.user);
    let body = json!({"password": "not to be seen"}).to_string();
    assert_eq!(site.ask("PUT", &path, &site.token, Some(&body), None, false).await.status, 204);
    newest(&site, "&operation=secret_set", |it| it["after"]["id"] == site.ids.user.as_str()).await;
    let made = site.post("/v1/tokens", json!({"name": "crm", "scopes": ["read"]})).await;
    let secret = made["token"].as_str().unwrap().rsplit('_').next().unwrap().to_owned();
    let told = newest(&site, "&operation=token_made", |it| it["after"]["token"] == made["id"]).await;
    assert_eq!(told["after"]["name"], "crm");
    let path = format!("/v1/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(site.ask("DELETE", &path, &site.token, None, None, false).await.status, 204);
    newest(&site, "&operation=token_ended", |it| it["after"]["token"] == made["id"]).await;
    let all = site.get("/v1/audit?limit=500").await.to_string();
    assert!(!all.contains("not to be seen") && !all.contains(&secret), "{all}");
}

#[tokio::test]
async fn attempts_that_are_refused_are_told_but_not_without_end() {
    let site = Site::open().await;
    let token = site.log_in("ann", "long enough").await;
    let path = format!("/v1/queues/{}", site.ids.queue);
    for _ in 0..100 {
        assert_eq!(site.ask("DELETE", &path, &token, None, None, false).await.status, 403);
    }
    // Behind the last of them, so that all are there.
    let last = site.make("teams", json!({"name": "last"})).await;
    newest(&site, "", |it| it["after"]["id"] == last.as_str()).await;
    let told = newest(&site, "&operation=refused", Value::is_object).await;
    assert_eq!(told["after"], json!({"operation": "DELETE /v1/queues/{id}", "code": "forbidden"}));
    assert_eq!(told["by"], json!({"kind": "user", "id": site.ids.user}));
    let all = site.get("/v1/audit?operation=refused&limit=500").await;
    let count = all["items"].as_array().unwrap().len();
    assert!((60..=63).contains(&count), "{count} of a hundred are told");
}

#[tokio::test]
async fn pages_of_the_audit_follow_each_other_without_gap_or_repetition() {
    let site = Site::open().await;
    let last = site.make("teams", json!({"name": "last"})).await;
    newest(&site, "", |it| it["after"]["id"] == last.as_str()).await;
    let mut seen = Vec::new();
    let mut path = "/v1/audit?limit=5".to_owned();
    loop {
        let page = site.get(&path).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["seq"].as_u64().unwrap()));
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/audit?limit=5&after={next}"),
            None => break,
        }
    }
    assert!(seen.len() > 10 && seen.is_sorted_by(|a, b| a > b), "{seen:?}");
}
