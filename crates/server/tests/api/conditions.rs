//! Conditional requests: what was seen is changed, and nothing newer.

use serde_json::{Value, json};

use super::site::Site;
use crate::cases;

#[tokio::test]
async fn one_of_two_who_read_the_same_entry_changes_it() {
    let site = Site::open().await;
    let path = format!("/v1/teams/{}", site.ids.team);
    let seen = site.with(("GET", &path), None, &[]).await;
    assert_eq!(seen.status, 200);
    assert!(seen.tag.starts_with('"') && seen.tag.ends_with('"'), "{seen:?}");
    let body = |name: &str| json!({"name": name}).to_string();
    let tag = [("if-match", seen.tag.as_str())];
    let (one, two) = (body("one"), body("two"));
    let (one, two) = tokio::join!(
        site.with(("PUT", &path), Some(&one), &tag),
        site.with(("PUT", &path), Some(&two), &tag)
    );
    let mut answers = [one.status, two.status];
    answers.sort_unstable();
    assert_eq!(answers, [200, 412], "{one:?} {two:?}");
    let refused = if one.status == 412 { &one } else { &two };
    assert_eq!(refused.json()["code"], "precondition-failed");
    let stale = site.with(("DELETE", &path), None, &tag).await;
    assert_eq!(stale.status, 412, "{}", stale.text);
    let spare = site.make("teams", json!({"name": "spare"})).await;
    let path = format!("/v1/teams/{spare}");
    let seen = site.with(("GET", &path), None, &[]).await;
    let weak = format!("W/{}", seen.tag);
    assert_eq!(site.with(("DELETE", &path), None, &[("if-match", &weak)]).await.status, 412);
    let tags = format!("\"1.0\", {}", seen.tag);
    assert_eq!(site.with(("DELETE", &path), None, &[("if-match", &tags)]).await.status, 204);
    // What is not there is not found, whatever the condition.
    assert_eq!(site.with(("DELETE", &path), None, &[("if-match", "*")]).await.status, 404);
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again_until_it_is_another() {
    let site = Site::open().await;
    for (kind, id) in [("reasons", &site.ids.reason), ("teams", &site.ids.team)] {
        let path = format!("/v1/{kind}/{id}");
        let seen = site.with(("GET", &path), None, &[]).await;
        let again = site.with(("GET", &path), None, &[("if-none-match", &seen.tag)]).await;
        assert_eq!((again.status, again.text.as_str(), &again.tag), (304, "", &seen.tag), "{kind}");
        let weak = format!("\"9.9\", W/{}", seen.tag);
        assert_eq!(site.with(("GET", &path), None, &[("if-none-match", &weak)]).await.status, 304);
    }
    let agent = format!("/v1/agents/{}", site.ids.idle_agent);
    let seen = site.with(("GET", &agent), None, &[]).await;
    let busy = json!({"mode": "busy"}).to_string();
    let handling = format!("{agent}/handling");
    assert_eq!(site.with(("PUT", &handling), Some(&busy), &[]).await.status, 200);
    let shown = site.with(("GET", &agent), None, &[("if-none-match", &seen.tag)]).await;
    assert_eq!(shown.status, 200, "a state is shown, too");
    // What was written is still what it was.
    let body = json!({"name": "Benjamin"}).to_string();
    let renamed = site.with(("PUT", &agent), Some(&body), &[("if-match", &seen.tag)]).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
}

#[tokio::test]
async fn an_assignment_can_be_made_only_where_there_is_none() {
    let site = Site::open().await;
    let path = format!("/v1/agents/{}/queues/{}", site.ids.idle_agent, site.ids.queue);
    let new = [("if-none-match", "*")];
    assert_eq!(site.with(("PUT", &path), None, &new).await.status, 200);
    let again = site.with(("PUT", &path), None, &new).await;
    assert_eq!((again.status, &again.json()["code"]), (412, &json!("precondition-failed")));
    assert_eq!(site.with(("PUT", &path), None, &[]).await.status, 200);
}

#[tokio::test]
async fn every_change_with_a_stale_tag_is_refused() {
    let site = Site::open().await;
    let mut met = 0;
    for case in &cases(&site).await {
        let (method, _) = case.operation.split_once(' ').expect("a method and a path");
        if !matches!(method, "PUT" | "DELETE") {
            continue;
        }
        let body = case.body.as_ref().map(Value::to_string);
        let stale = [("if-match", "\"1.0123456789abcdef\"")];
        let answer = site.with((method, &case.path), body.as_deref(), &stale).await;
        let gone = case.status == 404;
        assert!(answer.status == 412 || gone, "{}: {} {}", case.operation, answer.status, answer.text);
        met += 1;
    }
    assert!(met > 25, "{met} operations change something");
}
