//! A client of WSI that follows the vendor's documentation to the letter.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::site::{PASSWORD, Site, text};

/// One connection.
pub(crate) struct Client(WebSocketStream<TcpStream>);

impl Client {
    pub(crate) async fn connect(at: SocketAddr, path: &str) -> Self {
        let io = TcpStream::connect(at).await.expect("the server listens");
        let (socket, _) =
            tokio_tungstenite::client_async(format!("ws://{at}{path}"), io).await.expect("a handshake");
        Self(socket)
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("the server reads");
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> Value {
        self.hear_or_end().await.expect("not the end")
    }

    /// The next message, or `None` at the end.
    pub(crate) async fn hear_or_end(&mut self) -> Option<Value> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(10), self.0.next()).await;
            match next.expect("a message within ten seconds") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Says something and gives the answer.
    pub(crate) async fn ask(&mut self, message: Value) -> Value {
        self.say(message).await;
        self.hear().await
    }

    /// The next message of this kind.
    async fn hear_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.hear().await;
            if message["event_type"] == kind {
                return message;
            }
        }
    }
}

/// The members of an object, and that each is a text, a number or whatever is given.
#[track_caller]
fn members(value: &Value, wanted: &[(&str, &str)]) {
    let there: BTreeSet<(&str, &str)> = value
        .as_object()
        .unwrap_or_else(|| panic!("{value} is no object"))
        .iter()
        .map(|(name, value)| {
            let kind = match value {
                Value::Null => "null",
                Value::Bool(_) => "bool",
                Value::Number(_) => "number",
                Value::String(_) => "text",
                Value::Array(_) => "list",
                Value::Object(_) => "object",
            };
            (name.as_str(), kind)
        })
        .collect();
    assert_eq!(there, wanted.iter().copied().collect(), "{value}");
}

fn texts<'a>(names: &[&'a str]) -> Vec<(&'a str, &'static str)> {
    names.iter().map(|name| (*name, "text")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_believed_by_each_form_of_the_document_and_by_nothing_else() {
    let site = Site::open().await;
    let administrator = site.installation_token().await;
    let good = [
        json!({"command": "auth", "username": "root", "domain": site.domain, "password": PASSWORD}),
        json!({"command": "auth", "extension_number": "101", "domain": site.domain, "password": site.sip_passwords[0]}),
        json!({"command": "auth", "username": "admin", "password": administrator}),
        json!({"command": "auth", "access_token": site.token}),
    ];
    for auth in &good {
        let mut client = Client::connect(site.rest, "/wsi").await;
        let mut asked = auth.clone();
        asked["id"] = json!("1");
        assert_eq!(client.ask(asked).await, json!({"command": "auth", "id": "1", "status": 0}), "{auth}");
        let mut client = Client::connect(site.wsi_v16, "/").await;
        assert_eq!(client.ask(auth.clone()).await, json!({"status": 0}), "{auth}");
    }
    let no = "access_token , username , domain or password error";
    let mut client = Client::connect(site.rest, "/wsi").await;
    let mut older = Client::connect(site.wsi_v16, "/").await;
    for auth in [
        json!({"command": "auth", "id": "2", "username": "root", "domain": site.domain, "password": "wrong one"}),
        json!({"command": "auth", "id": "2", "extension_number": "101", "domain": site.domain, "password": "wrong"}),
        json!({"command": "auth", "id": "2", "username": "admin", "password": "wrong"}),
        json!({"command": "auth", "id": "2", "access_token": "wrong"}),
    ] {
        let told = client.ask(auth.clone()).await;
        assert_eq!(told, json!({"command": "auth", "error": no, "id": "2", "status": -1}), "{auth}");
        assert_eq!(older.ask(auth).await, json!({"error": "name or password error", "status": -1}));
    }
    let told = client.ask(json!({"command": "subscribe", "topics": ["cdr_events"]})).await;
    assert_eq!(told["status"], -1, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_told_as_it_is_and_then_as_it_changes() {
    let site = Site::open().await;
    site.assign(&["201", "202"]).await;
    let waiting = site.call("448001", None);
    let mut client = Client::connect(site.rest, "/wsi").await;
    client
        .ask(json!({"command": "auth", "username": "boss", "domain": site.domain, "password": PASSWORD}))
        .await;
    let subscribe = json!({"command": "subscribe", "id": 5, "topics": ["queue_events"], "queues": ["8001", site.queues[1]]});
    assert_eq!(client.ask(subscribe).await, json!({"command": "subscribe", "id": 5, "status": 0}));
    let sales = client.hear().await;
    members(
        &sales,
        &[
            &texts(&["event_type", "tenant_id", "queue_id", "queue_number", "queue_name"])[..],
            &[("waiting_list", "list"), ("agents", "list")],
        ]
        .concat(),
    );
    assert_eq!((&sales["event_type"], &sales["queue_number"]), (&json!("queue_status"), &json!("8001")));
    let caller = &sales["waiting_list"][0];
    members(caller, &texts(&["position", "session_id", "caller_number", "caller_name", "timestamp", "type"]));
    assert_eq!(
        (&caller["position"], &caller["caller_number"], &caller["type"]),
        (&json!("1"), &json!("4477"), &json!("normal"))
    );
    let agent = &sales["agents"][0];
    let members_of_agent = texts(&[
        "state",
        "agent_extension_number",
        "session_id",
        "caller_number",
        "caller_name",
        "timestamp",
    ]);
    members(agent, &members_of_agent);
    assert_eq!((&agent["state"], &agent["agent_extension_number"]), (&json!("NOT_READY"), &json!("201")));
    assert_eq!(client.hear().await["queue_number"], "8002");

    site.set("201", "READY").await;
    let ready = client.hear().await;
    members(
        &ready,
        &[
            &texts(&["event_type", "queue_id", "tenant_id"])[..],
            &[("updated_agents", "list"), ("removed_agents", "list")],
        ]
        .concat(),
    );
    assert_eq!(ready["updated_agents"][0]["state"], "READY");
    site.answers(0);
    let left = client.hear().await;
    members(
        &left,
        &[&texts(&["event_type", "tenant_id", "queue_id"])[..], &[("updated_callers", "list")]].concat(),
    );
    members(
        &left["updated_callers"][0],
        &texts(&["position", "session_id", "caller_number", "reason", "timestamp", "type"]),
    );
    assert_eq!(left["updated_callers"][0]["reason"], "agent_answered");
    let talks = client.hear().await;
    members(&talks["updated_agents"][0], &members_of_agent);
    assert_eq!(talks["updated_agents"][0]["state"], "QUEUE_CALL");
    assert_eq!(talks["updated_agents"][0]["session_id"], caller["session_id"]);
    assert_eq!(talks["updated_agents"][0]["caller_number"], "4477");
    let second = site.call("448001", None);
    assert_eq!(client.hear().await["updated_callers"][0]["reason"], "enqueue");
    second.hang_up();
    assert_eq!(client.hear().await["updated_callers"][0]["reason"], "hangup");
    waiting.hang_up();
    assert_eq!(client.hear().await["updated_agents"][0]["state"], "READY");

    site.assign(&["201"]).await;
    let removed = client.hear().await;
    assert_eq!(removed["removed_agents"], json!([{"agent_extension_number": "202"}]));
    let unsubscribe = json!({"command": "unsubscribe", "topics": ["queue_events"], "queues": ["8001"]});
    assert_eq!(client.ask(unsubscribe).await, json!({"command": "unsubscribe", "status": 0}));
    site.set("201", "NOT_READY").await;
    let mut other = Client::connect(site.rest, "/wsi").await;
    other.ask(json!({"command": "auth", "access_token": site.token})).await;
    let told = client.ask(json!({"command": "unsubscribe", "topics": ["cdr_events"], "id": "last"})).await;
    assert_eq!(told["id"], "last", "nothing was told in between");
}

#[tokio::test(flavor = "multi_thread")]
async fn extensions_are_told_as_they_are_and_then_as_they_change() {
    let site = Site::open().await;
    site.assign(&["201"]).await;
    let mut client = Client::connect(site.wsi_v16, "/").await;
    client.ask(json!({"command": "auth", "extension_number": "102", "domain": site.domain, "password": site.sip_passwords[1]})).await;
    let subscribe =
        json!({"command": "subscribe", "topics": ["extension_events"], "extensions": ["201", "103"]});
    assert_eq!(client.ask(subscribe).await["status"], 0);
    let status = client.hear().await;
    members(&status, &[("event_type", "text"), ("status", "list"), ("tenant_id", "text")]);
    members(
        &status["status"][0],
        &[
            &texts(&["extension", "extension_id", "call_status", "presence", "presence_note", "time"])[..],
            &[("online", "bool"), ("push_online", "bool")],
        ]
        .concat(),
    );
    assert_eq!(status["status"][0]["extension"], format!("sip:201@{}", site.domain));
    assert_eq!(
        (&status["status"][0]["online"], &status["status"][0]["call_status"]),
        (&json!(true), &json!(""))
    );

    site.set("201", "READY").await;
    let agent = client.hear_of("extension_agent_status").await;
    members(
        &agent,
        &[
            &texts(&["event_type", "extension", "extension_id", "tenant_id", "time"])[..],
            &[("agent_status", "list")],
        ]
        .concat(),
    );
    assert_eq!(agent["agent_status"], json!([{"queue_number": "8001", "status": "READY"}]));
    site.set("201", "LUNCH").await;
    let presence = client.hear_of("extension_presence").await;
    members(
        &presence,
        &texts(&[
            "event_type",
            "extension",
            "presence",
            "presence_note",
            "tenant_id",
            "extension_id",
            "time",
        ]),
    );
    assert_eq!(presence["presence"], "LUNCH");

    let call = site.call("44201", Some(0));
    let rings = client.hear_of("extension_call").await;
    members(&rings, &texts(&["event_type", "extension", "call_status", "tenant_id", "extension_id", "time"]));
    assert_eq!(rings["call_status"], "RINGING");
    let start = client.hear_of("call_start").await;
    members(
        &start,
        &texts(&[
            "event_type",
            "call_id",
            "callee",
            "caller",
            "caller_display_name",
            "cdr_id",
            "direction",
            "request_id",
            "session_id",
            "tenant_id",
            "time",
        ]),
    );
    let target = client.hear_of("target_add").await;
    assert_eq!(
        (&target["call_target"], &target["call_id"]),
        (&json!(format!("sip:201@{}", site.domain)), &start["call_id"])
    );
    assert_eq!(client.hear_of("target_ringing").await["call_id"], start["call_id"]);
    assert_eq!(client.hear_of("extension_call").await["call_status"], "ON_CALL");
    let told = texts(&[
        "event_type",
        "call_id",
        "call_target",
        "callee",
        "caller",
        "session_id",
        "tenant_id",
        "time",
    ]);
    members(&client.hear_of("call_established").await, &told);
    call.hang_up();
    assert_eq!(client.hear_of("extension_call").await["call_status"], "");
    let ended = client.hear_of("target_ended").await;
    members(&ended, &told);
    assert_eq!(ended["call_target"], format!("sip:201@{}", site.domain));
    members(&client.hear_of("call_ended").await, &told);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_each_extension_that_a_queue_asks_is_told_on_the_v16_address() {
    let site = Site::open().await;
    site.assign(&["201"]).await;
    let onward = json!({"action": "FORWARD_TO_NUMBER", "number": "8002"});
    site.change_queue(json!({"ring_time": 1, "no_answer_forward_rule": onward})).await;
    let mut newer = Client::connect(site.rest, "/wsi").await;
    let mut client = Client::connect(site.wsi_v16, "/").await;
    for client in [&mut newer, &mut client] {
        client.ask(json!({"command": "auth", "access_token": site.token})).await;
        let subscribe =
            json!({"command": "subscribe", "topics": ["extension_events"], "extensions": ["201"]});
        assert_eq!(client.ask(subscribe).await["status"], 0);
    }
    let target = texts(&[
        "event_type",
        "call_id",
        "call_target",
        "callee",
        "caller",
        "session_id",
        "tenant_id",
        "time",
    ]);
    let ann = json!(format!("sip:201@{}", site.domain));
    site.set("201", "READY").await;
    let call = site.call("448001", None);

    site.refuses(0, 486);
    let failed = client.hear_of("target_fail").await;
    members(&failed, &[&target[..], &[("fail_code", "number")]].concat());
    assert_eq!((&failed["call_target"], &failed["fail_code"]), (&ann, &json!(486)));
    assert_eq!(failed["caller"], "4477");

    site.lets_ring(0);
    let missed = client.hear_of("target_noanswer").await;
    members(&missed, &target);
    assert_eq!((&missed["call_target"], &missed["session_id"]), (&ann, &failed["session_id"]));

    // Nobody is left in the queue, so that it sends the caller on.
    site.set("201", "LOGGED_OUT").await;
    let sent = client.hear_of("call_reroute").await;
    members(&sent, &target);
    assert_eq!(sent["session_id"], failed["session_id"]);
    call.waits_for_hang_up();
    // On the newer address nothing was said of single calls.
    site.set("201", "LOGGED_IN").await;
    loop {
        let message = newer.hear().await;
        let kind = text(&message["event_type"]);
        assert!(kind.starts_with("extension_"), "{message}");
        if kind == "extension_agent_status" && message["agent_status"][0]["status"] == "LOGGED_OUT" {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_an_extension_registers_and_leaves_is_told_on_the_v16_address() {
    let site = Site::open().await;
    let mut client = Client::connect(site.wsi_v16, "/").await;
    client.ask(json!({"command": "auth", "access_token": site.token})).await;
    let subscribe = json!({"command": "subscribe", "topics": ["extension_events"], "extensions": ["103"]});
    assert_eq!(client.ask(subscribe).await["status"], 0);
    let extension = json!(format!("sip:103@{}", site.domain));
    for (expires, online, contacts) in [(0, false, "removed_contacts"), (300, true, "registration_contacts")]
    {
        site.registers(2, expires);
        let told = client.hear_of("extension_register").await;
        members(
            &told,
            &[
                &texts(&["event_type", "extension", "extension_id", "tenant_id", "time"])[..],
                &[(contacts, "list")],
            ]
            .concat(),
        );
        assert_eq!(told["extension"], extension);
        let status = client.hear_of("extension_status").await;
        assert_eq!(status["status"][0]["online"], json!(online), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_manage_are_told_of_queues_extensions_and_calls() {
    let site = Site::open().await;
    let mut client = Client::connect(site.rest, "/wsi").await;
    client
        .ask(json!({"command": "auth", "username": "root", "domain": site.domain, "password": PASSWORD}))
        .await;
    let topics = json!(["queue_management_events", "extension_management_events", "cdr_events"]);
    assert_eq!(client.ask(json!({"command": "subscribe", "topics": topics})).await["status"], 0);
    for number in ["8001", "8002"] {
        let there = client.hear().await;
        members(&there, &texts(&["event_type", "queue_number", "tenant_id"]));
        assert_eq!((&there["event_type"], &there["queue_number"]), (&json!("queue_created"), &json!(number)));
    }
    for number in ["101", "102", "103"] {
        let there = client.hear().await;
        assert_eq!(
            (&there["event_type"], &there["extension_number"]),
            (&json!("extension_created"), &json!(number))
        );
    }
    let queue = json!({"name": "New", "extension_number": "8009", "polling_strategy": "RING_SIMULTANEOUSLY"});
    site.ask("POST", "/api/call_queues", Some(queue)).await;
    assert_eq!(client.hear().await["event_type"], "queue_created");
    site.ask("POST", "/api/call_queues/8009", Some(json!({"name": "Newer"}))).await;
    assert_eq!(client.hear().await["event_type"], "queue_updated");
    site.ask("POST", "/api/call_queues/8009/destroy", None).await;
    let gone = client.hear().await;
    assert_eq!((&gone["event_type"], &gone["queue_number"]), (&json!("queue_destroy"), &json!("8009")));
    let call = site.call("44201", Some(0));
    let session = client.hear_of("call_start").await["session_id"].clone();
    assert_eq!(client.hear_of("call_update_info").await["session_id"], session);
    call.hang_up();
    assert_eq!(client.hear_of("call_cdr").await["session_id"], session);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_is_told_of_its_own_queues_only_and_the_system_of_all_tenants() {
    let site = Site::open().await;
    site.assign(&["201"]).await;
    let mut ann = Client::connect(site.rest, "/wsi").await;
    ann.ask(json!({"command": "auth", "extension_number": "101", "domain": site.domain, "password": site.sip_passwords[0]})).await;
    let own = json!({"command": "subscribe", "topics": ["queue_events"], "queues": ["8001"]});
    assert_eq!(ann.ask(own).await["status"], 0);
    assert_eq!(ann.hear().await["queue_number"], "8001");
    for refused in [
        json!({"command": "subscribe", "topics": ["queue_events"], "queues": ["8001", "8002"]}),
        json!({"command": "subscribe", "topics": ["cdr_events"]}),
        json!({"command": "subscribe", "topics": ["queue_management_events"]}),
        json!({"command": "subscribe", "topics": ["global_queue_events"]}),
    ] {
        let told = ann.ask(refused).await;
        assert_eq!((&told["error"], &told["status"]), (&json!("permission denied"), &json!(-1)), "{told}");
    }
    for (wrong, why) in [
        (
            json!({"command": "subscribe", "topics": ["queue_events"], "queues": ["8999"]}),
            "no such queue: 8999",
        ),
        (
            json!({"command": "subscribe", "topics": ["extension_events"], "extensions": ["999"]}),
            "no such extension: 999",
        ),
        (json!({"command": "subscribe", "topics": ["weather"]}), "topics: \"weather\" is not known here"),
        (json!({"command": "subscribe"}), "topics: is needed"),
        (json!({"command": "sing"}), "command: \"sing\" is not known here"),
        (json!([1]), "body: must be an object"),
    ] {
        assert_eq!(ann.ask(wrong).await["error"], why);
    }
    let mut system = Client::connect(site.rest, "/wsi").await;
    let administrator = site.installation_token().await;
    system.ask(json!({"command": "auth", "username": "admin", "password": administrator})).await;
    let told = system.ask(json!({"command": "subscribe", "topics": ["queue_events"]})).await;
    assert_eq!(told["status"], -1);
    let told = system
        .ask(json!({"command": "subscribe", "topics": ["global_queue_events"], "tenants": ["nobody"]}))
        .await;
    assert_eq!(told["error"], "no such tenant: nobody");
    let mut manager = Client::connect(site.rest, "/wsi").await;
    manager.ask(json!({"command": "auth", "access_token": site.token})).await;
    manager.ask(json!({"command": "subscribe", "topics": ["queue_events"], "queues": ["8001"]})).await;
    let tenant = text(&manager.hear().await["tenant_id"]);
    let told = system
        .ask(json!({"command": "subscribe", "topics": ["global_queue_events"], "tenants": [tenant]}))
        .await;
    assert_eq!(told["status"], 0, "{told}");
    assert_eq!(system.hear().await["queue_number"], "8001");
    assert_eq!(system.hear().await["queue_number"], "8002");
    site.set("201", "READY").await;
    for client in [&mut ann, &mut system, &mut manager] {
        assert_eq!(client.hear().await["updated_agents"][0]["state"], "READY");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_no_longer_be_told_is_told_no_more() {
    let site = Site::open().await;
    let made =
        site.native("POST", "/v1/tokens", Some(json!({"name": "wallboard", "scopes": ["read"]}))).await;
    let mut client = Client::connect(site.rest, "/wsi").await;
    client.ask(json!({"command": "auth", "access_token": made["token"]})).await;
    client.ask(json!({"command": "subscribe", "topics": ["cdr_events"]})).await;
    site.native("DELETE", &format!("/v1/tokens/{}", text(&made["id"])), None).await;
    assert_eq!(client.hear_or_end().await, None);
    let mut client = Client::connect(site.rest, "/wsi").await;
    let big = json!({"command": "auth", "username": "x".repeat(70_000), "password": "y"});
    client.say(big).await;
    assert_eq!(client.hear_or_end().await, None, "more than a message may have");
}
