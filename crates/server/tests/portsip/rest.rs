//! Every operation of the vendor's document against the real server, every answer checked against it; and tokens.

use std::collections::BTreeSet;

use cordial_dialects::portsip::routes::Op;
use serde_json::{Value, json};

use crate::document::Document;
use crate::site::{Answer, PASSWORD, Site, password_form, text};

/// Asks by the names of the document and checks what comes back.
struct Walk<'a> {
    site: &'a Site,
    document: Document,
}

impl Walk<'_> {
    async fn ask_as(
        &mut self,
        token: &str,
        name: &str,
        ids: &[&str],
        query: &str,
        body: Option<Value>,
    ) -> Answer {
        let (method, path) = self.document.place(name);
        let mut ids = ids.iter();
        let filled: Vec<&str> = path
            .split('/')
            .map(|step| if step.starts_with('{') { ids.next().expect("an id for each name") } else { step })
            .collect();
        let path = format!("/api{}{query}", filled.join("/"));
        let answer = self.site.ask_as(token, &method, &path, body).await;
        self.document.check(name, answer.status, &answer.text);
        answer
    }

    async fn ask(&mut self, name: &str, ids: &[&str], body: Option<Value>) -> Answer {
        let token = self.site.token.clone();
        self.ask_as(&token, name, ids, "", body).await
    }

    #[track_caller]
    fn expect(&self, answer: &Answer, status: u16, contains: &str) {
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.text.contains(contains), "{} does not say {contains}", answer.text);
    }
}

#[test]
fn the_operations_are_those_of_the_document_two_of_v16_and_one_of_v22_4() {
    let ours: BTreeSet<String> = Op::ALL.iter().map(|op| op.name().to_owned()).collect();
    let mut theirs = Document::read().names();
    theirs.extend(["loginQueueAgent", "logoutQueueAgent", "getManyQueueAgentStatus"].map(str::to_owned));
    assert_eq!(ours, theirs);
    let document = Document::read();
    for op in Op::ALL.iter().filter(|op| document.names().contains(op.name())) {
        assert_eq!((op.method().to_owned(), op.path().to_owned()), document.place(op.name()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_visited_and_answers_as_the_document_says() {
    let site = Site::open().await;
    let mut walk = Walk { site: &site, document: Document::read() };
    queues(&mut walk).await;
    agents(&mut walk).await;
    waiting(&mut walk).await;
    servers(&mut walk).await;
    rest(&mut walk).await;
    walk.document.all_visited();
}

async fn queues(walk: &mut Walk<'_>) {
    let all = json!({
        "name": "Claims", "extension_number": "8003", "polling_strategy": "RING_SIMULTANEOUSLY", "ring_time": 25,
        "max_callers": 50, "max_waiting_time": 60, "agent_auto_ready": false, "sla_time": 30, "language": "en-US",
        "agent_auto_not_ready_after_non_acd_call": false, "inform_position": "DISABLE", "enable_callback": false,
        "no_answer_forward_rule": {"action": "FORWARD_TO_NUMBER", "number": "8002"},
        "intro_type": "NORMAL", "intro_prompt_file_id": "en/please-wait", "moh_prompt_file_id": "music",
    });
    let made = walk.ask("createQueue", &[], Some(all.clone())).await;
    walk.expect(&made, 200, "id");
    let id = text(&made.json()["id"]);
    let shown = walk.ask("showQueue", &[&id], None).await.json();
    for field in
        ["name", "extension_number", "polling_strategy", "ring_time", "max_callers", "max_waiting_time"]
    {
        assert_eq!(shown[field], all[field], "{field}");
    }
    for field in ["agent_auto_ready", "agent_auto_not_ready_after_non_acd_call", "sla_time", "intro_type"] {
        assert_eq!(shown[field], all[field], "{field}");
    }
    assert_eq!(shown["no_answer_forward_rule"], all["no_answer_forward_rule"]);
    assert_eq!(shown["intro_prompt_file_name"], "en/please-wait");
    assert_eq!(walk.ask("showQueue", &["8003"], None).await.json()["id"], shown["id"], "found by its number");
    let again = walk.ask("createQueue", &[], Some(all)).await;
    walk.expect(&again, 400, "ALREADY_EXISTS");
    let bare = walk.ask("createQueue", &[], Some(json!({"name": "x"}))).await;
    walk.expect(&bare, 400, "extension_number");
    for (field, value) in [
        ("inform_position", json!("SOMETIMES")),
        ("callback_mode", json!("TIMEOUT")),
        ("language", json!("tlh")),
        ("night_mode_forward_rule", json!({"action": "FORWARD_TO_NUMBER"})),
        ("polling_strategy", json!("DANCE")),
        ("intro_type", json!("FULL")),
        ("no_answer_forward_rule", json!({"action": "FORWARD_TO_VOICEMAIL"})),
        ("ring_time", json!(0)),
        ("ring_time", json!(301)),
        ("max_waiting_time", json!("long")),
        ("colour", json!("red")),
    ] {
        let refused = walk.ask("updateQueue", &[&id], Some(json!({ field: value }))).await;
        walk.expect(&refused, 400, field);
    }
    let outside = json!({"action": "FORWARD_TO_NUMBER", "number": "0049301234"});
    let answer = walk.ask("updateQueue", &[&id], Some(json!({ "no_answer_forward_rule": outside }))).await;
    walk.expect(&answer, 200, "");
    assert_eq!(walk.ask("showQueue", &[&id], None).await.json()["no_answer_forward_rule"], outside);
    let night = json!({"wait_when_no_agents_online": true, "night_mode_forward_rule": outside});
    assert_eq!(shown["wait_when_no_agents_online"], false, "as when nothing is said");
    let answer = walk.ask("updateQueue", &[&id], Some(night.clone())).await;
    walk.expect(&answer, 200, "");
    let shown = walk.ask("showQueue", &[&id], None).await.json();
    for field in ["wait_when_no_agents_online", "night_mode_forward_rule"] {
        assert_eq!(shown[field], night[field], "{field}");
    }
    let told = json!({"inform_position": "PERIODICALLY", "enable_callback": true, "language": "es"});
    let answer = walk.ask("updateQueue", &[&id], Some(told.clone())).await;
    walk.expect(&answer, 200, "");
    let shown = walk.ask("showQueue", &[&id], None).await.json();
    for field in ["inform_position", "enable_callback", "language"] {
        assert_eq!(shown[field], told[field], "{field}");
    }
    let changed =
        json!({"name": "Claims EU", "ring_time": 30, "no_answer_forward_rule": {"action": "HANGUP"}});
    let answer = walk.ask("updateQueue", &[&id], Some(changed.clone())).await;
    walk.expect(&answer, 200, "");
    let answer = walk.ask("updateQueue", &[&id], Some(changed)).await;
    walk.expect(&answer, 200, "");
    let shown = walk.ask("showQueue", &[&id], None).await.json();
    assert_eq!((&shown["name"], &shown["max_callers"]), (&json!("Claims EU"), &json!(50)));
    for strategy in [
        "PRIORITIZED_HUNT",
        "CYCLIC_HUNT",
        "LEAST_WORKED_HUNT",
        "SKILL_BASED_ROUTING_PRIORITIZED_HUNT",
        "SKILL_BASED_ROUTING_CYCLIC_HUNT",
        "SKILL_BASED_ROUTING_LEAST_WORKED_HUNT",
        "RING_SIMULTANEOUSLY",
    ] {
        let body = json!({"polling_strategy": strategy, "sticky_routing_duration": 7});
        let answer = walk.ask("updateQueue", &[&id], Some(body)).await;
        walk.expect(&answer, 200, "");
        let shown = walk.ask("showQueue", &[&id], None).await.json();
        assert_eq!(shown["polling_strategy"], strategy);
        assert_eq!(
            (&shown["enable_sticky_routing"], &shown["sticky_routing_duration"]),
            (&json!(true), &json!(7))
        );
    }
    let token = walk.site.token.clone();
    let listed =
        walk.ask_as(&token, "listQueues", &[], "?search=claims&orderby=name&skip=0&top=1", None).await;
    assert_eq!((listed.json()["count"].as_u64(), &listed.json()["items"][0]["id"]), (Some(1), &json!(id)));
    let wrong = walk.ask_as(&token, "listQueues", &[], "?top=1000", None).await;
    walk.expect(&wrong, 400, "top");
    assert_eq!(walk.ask("getQueueStatus", &[&id], None).await.json()["status"], "ONLINE");
    let answer = walk.ask("deleteQueue", &[&id], None).await;
    walk.expect(&answer, 204, "");
    let answer = walk.ask("deleteQueue", &[&id], None).await;
    walk.expect(&answer, 404, "NOT_FOUND");
}

async fn agents(walk: &mut Walk<'_>) {
    let list = json!({"items": [{"extension_number": "201", "skill_level": 1}, {"extension_number": "202"}]});
    let answer = walk.ask("updateQueueAgentList", &["8001"], Some(list)).await;
    walk.expect(&answer, 200, "");
    let listed = walk.ask("listQueueAgents", &["8001"], None).await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2), "{listed}");
    let unknown = json!({"items": [{"extension_number": "299"}]});
    let answer = walk.ask("updateQueueAgentList", &["8001"], Some(unknown)).await;
    walk.expect(&answer, 404, "NOT_FOUND");
    let levels = json!({"items": [{"extension_number": "201", "skill_level": 101}]});
    let answer = walk.ask("updateQueueAgentList", &["8001"], Some(levels)).await;
    walk.expect(&answer, 400, "skill_level");
    let levels =
        json!([{"extension_number": "202", "skill_level": 9}, {"extension_number": "201", "skill_level": 7}]);
    walk.ask("updateQueueAgentList", &["8001"], Some(json!({"items": levels}))).await;
    let listed = walk.ask("listQueueAgents", &["8001"], None).await.json();
    for n in [0, 1] {
        for member in ["extension_number", "skill_level"] {
            assert_eq!(listed["items"][n][member], levels[n][member], "in the order given: {listed}");
        }
    }
    for (status, then) in
        [("READY", "READY"), ("NOT_READY", "NOT_READY"), ("LUNCH", "LUNCH"), ("BREAK", "BREAK")]
    {
        let answer = walk.ask("setQueueAgentStatus", &["8001", "201"], Some(json!({"status": status}))).await;
        walk.expect(&answer, 200, "");
        let shown = walk.ask("showQueueAgent", &["8001", "201"], None).await.json();
        assert_eq!(shown["status"], then, "{shown}");
    }
    let answer = walk.ask("setQueueAgentStatus", &["8001", "201"], Some(json!({"status": "HAPPY"}))).await;
    walk.expect(&answer, 400, "status");
    let answer = walk.ask("setQueueAgentStatus", &["8001", "201"], Some(json!({"status": "WRAP_UP"}))).await;
    walk.expect(&answer, 400, "NOT_IN_CALL");
    let answer = walk.ask("showQueueAgent", &["8002", "201"], None).await;
    walk.expect(&answer, 404, "NOT_FOUND");
    let answer = walk.ask("showQueueAgent", &["8001", "abc"], None).await;
    walk.expect(&answer, 404, "NOT_FOUND");
    for (verb, then) in [("logout", "LOGGED_OUT"), ("login", "READY")] {
        let answer = walk.site.ask("POST", &format!("/api/call_queues/8001/agents/201/{verb}"), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(walk.ask("showQueueAgent", &["8001", "201"], None).await.json()["status"], then);
    }
    states(walk).await;
    let ann = walk.site.log_in("ann").await;
    let own = walk.ask_as(&ann, "listCurrentUserBelongedCallQueues", &[], "", None).await.json();
    let queue = text(&own["items"][0]["id"]);
    let wish = Some(json!({"status": "NOT_READY"}));
    let answer = walk.ask_as(&ann, "setCurrentUserCallQueueAgentStatus", &[&queue], "", wish).await;
    walk.expect(&answer, 200, "");
    let shown = walk.ask_as(&ann, "getCurrentUserCallQueueAgentStatus", &[&queue], "", None).await.json();
    assert_eq!(shown["status"], "NOT_READY");
    let user = walk.site.users[0].clone();
    let answer = walk.ask_as(&ann, "showQueue", &[&queue], "", None).await;
    walk.expect(&answer, 403, "FORBIDDEN");
    let boss = walk.site.log_in("boss").await;
    let answer = walk.ask_as(&boss, "createQueue", &[], "", Some(json!({}))).await;
    walk.expect(&answer, 403, "FORBIDDEN");
    walk.ask_as(&boss, "listUserBelongedCallQueues", &[&user], "", None).await;
    let wish = Some(json!({"status": "READY"}));
    let answer = walk.ask_as(&boss, "setUserCallQueueAgentStatus", &[&user, &queue], "", wish).await;
    walk.expect(&answer, 200, "");
    let shown = walk.ask_as(&boss, "getUserCallQueueAgentStatus", &[&user, &queue], "", None).await.json();
    assert_eq!(shown["status"], "READY");
}

/// Each of the states of many is what the document says of one.
async fn states(walk: &mut Walk<'_>) {
    let path = "/api/call_queues/8001/agents/status/get_many";
    for (body, numbers) in [
        (None, vec!["202", "201"]),
        (Some(json!({})), vec!["202", "201"]),
        (Some(json!({"items": []})), vec![]),
        (Some(json!({"items": ["201", "202"]})), vec!["201", "202"]),
        (Some(json!({"items": ["299", "201"]})), vec!["201"]),
    ] {
        let answer = walk.site.ask("POST", path, body).await;
        walk.expect(&answer, 200, "items");
        let items = answer.json()["items"].as_array().expect("a list").clone();
        assert_eq!(items.iter().map(|item| text(&item["extension_number"])).collect::<Vec<_>>(), numbers);
        for (item, number) in items.iter().zip(numbers) {
            walk.document.check("showQueueAgent", 200, &item.to_string());
            assert_eq!(walk.ask("showQueueAgent", &["8001", number], None).await.json(), *item);
        }
    }
    for (body, contains) in [
        (json!({"items": ["ann"]}), "items"),
        (json!({"items": "201"}), "items"),
        (json!({"items": [201]}), "items"),
        (json!({"numbers": []}), "numbers"),
    ] {
        let answer = walk.site.ask("POST", path, Some(body)).await;
        walk.expect(&answer, 400, contains);
    }
    let answer = walk.site.ask("POST", &path.replace("8001", "8999"), None).await;
    walk.expect(&answer, 404, "NOT_FOUND");
    let ann = walk.site.log_in("ann").await;
    let answer = walk.site.ask_as(&ann, "POST", path, None).await;
    walk.expect(&answer, 403, "FORBIDDEN");
}

/// Ann is ready and rings; Ben takes the call from her by picking it up.
async fn waiting(walk: &mut Walk<'_>) {
    walk.site.set("201", "NOT_READY").await;
    let call = walk.site.call("448001", None);
    let line = walk.ask("getQueueWaitingList", &["8001"], None).await.json();
    let session = text(&line["items"][0]["session_id"]);
    let ann = walk.site.log_in("ann").await;
    let answer = walk.ask_as(&ann, "pickupQueueWaiting", &["8001", &session], "", None).await;
    walk.expect(&answer, 400, "AGENT_LOGGED_OUT");
    walk.site.set("202", "READY").await;
    walk.site.set("201", "READY").await;
    let answer = walk.ask("pickupQueueWaiting", &["8001", &session], None).await;
    walk.expect(&answer, 403, "FORBIDDEN");
    walk.site.answers(1);
    call.hang_up();
    let answer = walk.ask_as(&ann, "pickupQueueWaiting", &["8001", &session], "", None).await;
    walk.expect(&answer, 404, "NOT_FOUND");
    // Alone and not rung, for her phone is taken from her: she picks it up once she is free.
    walk.site.set("202", "NOT_READY").await;
}

async fn servers(walk: &mut Walk<'_>) {
    let listed = walk.ask("listCallQueueServers", &[], None).await.json();
    assert_eq!(listed["count"], 1);
    let id = text(&listed["items"][0]["id"]);
    let shown = walk.ask("showCallQueueServer", &[&id], None).await.json();
    assert_eq!((&shown["type"], &shown["ipv4"]), (&json!("INTERNAL"), &json!("127.0.0.1")));
    let status = walk.ask("getCallQueueServerStatus", &[&id], None).await.json();
    assert_eq!(status["status"], "ONLINE");
    assert!(status["memory_usage"].as_u64().is_some_and(|used| (1..=100).contains(&used)), "{status}");
    let answer = walk.ask("createCallQueueServer", &[], Some(json!({"name": "other"}))).await;
    walk.expect(&answer, 400, "NOT_SUPPORTED");
    let answer = walk.ask("updateCallQueueServer", &[&id], Some(json!({"enabled": true}))).await;
    walk.expect(&answer, 200, "");
    let answer = walk.ask("updateCallQueueServer", &[&id], Some(json!({"enabled": false}))).await;
    walk.expect(&answer, 400, "enabled");
    let answer = walk.ask("deleteCallQueueServer", &[&id], None).await;
    walk.expect(&answer, 400, "IN_USE");
    let answer = walk.ask("deleteCallQueueServer", &["nobody"], None).await;
    walk.expect(&answer, 404, "NOT_FOUND");
}

async fn rest(walk: &mut Walk<'_>) {
    for name in ["listExclusiveNumberCallQueues", "listAgentsOfExclusiveNumberInQueue"] {
        let answer = walk.ask(name, &["1", "2"], None).await;
        walk.expect(&answer, 404, "NOT_FOUND");
    }
    for name in ["setAgentsForExclusiveNumber", "removeAllAgentsOfQueueForExclusiveNumber"] {
        let answer = walk.ask(name, &["1", "2"], Some(json!({"items": ["201"]}))).await;
        walk.expect(&answer, 404, "NOT_FOUND");
    }
    blacklist(walk).await;
}

/// The carrier calls as 4477.
async fn blacklist(walk: &mut Walk<'_>) {
    let number = json!({
        "number": "4477", "level": "FIRST", "longitude": "13.4", "latitude": "52.5", "address": "Berlin, =1",
        "expire_at": "2999-07-21T17:32:28Z", "trigger_times": 0, "enabled": true, "description": "=shouts, often",
    });
    let made = walk.ask("createQueueBlacklistedNumber", &[], Some(number.clone())).await;
    walk.expect(&made, 200, "id");
    let id = text(&made.json()["id"]);
    let again = walk.ask("createQueueBlacklistedNumber", &[], Some(number.clone())).await;
    walk.expect(&again, 400, "ALREADY_EXISTS");
    for (field, value) in
        [("level", json!("THIRD")), ("expire_at", json!("soon")), ("trigger_times", json!(9))]
    {
        let mut wrong = number.clone();
        wrong[field] = value;
        let answer = walk.ask("createQueueBlacklistedNumber", &[], Some(wrong)).await;
        walk.expect(&answer, 400, field);
    }
    assert_eq!(walk.site.refused("448001"), 603, "a queue refuses the number");
    let mut shown = walk.ask("showQueueBlacklistedNumber", &[&id], None).await.json();
    assert_eq!(shown["trigger_times"], 1);
    assert_eq!(walk.ask("listQueueBlacklistedNumbers", &[], None).await.json(), json!({"items": [shown]}));
    shown["trigger_times"] = json!(0);
    shown.as_object_mut().expect("an object").remove("id");
    assert_eq!(shown, number);
    let export = walk.ask("exportQueueBlacklistedNumbers", &[], None).await;
    walk.expect(&export, 200, "number,level");
    walk.expect(
        &export,
        200,
        "4477,FIRST,13.4,52.5,\"Berlin, =1\",2999-07-21T17:32:28Z,1,true,\"'=shouts, often\"",
    );
    let off = json!({"enabled": false, "level": "SECOND"});
    let answer = walk.ask("updateQueueBlacklistedNumber", &[&id], Some(off)).await;
    walk.expect(&answer, 200, "");
    walk.site.call("448001", None).hang_up();
    prompts(walk, &id).await;
    let answer = walk.ask("deleteQueueBlacklistedNumber", &[&id], None).await;
    walk.expect(&answer, 204, "");
    for name in ["showQueueBlacklistedNumber", "updateQueueBlacklistedNumber", "deleteQueueBlacklistedNumber"]
    {
        let body = if name.starts_with("update") { Some(json!({"level": "FIRST"})) } else { None };
        let answer = walk.ask(name, &[&id], body).await;
        walk.expect(&answer, 404, "NOT_FOUND");
    }
    walk.site.call("448001", None).hang_up();
}

async fn prompts(walk: &mut Walk<'_>, id: &str) {
    let none = json!({"enable_level1": false, "enable_level2": false});
    assert_eq!(walk.ask("getCallQueueBlacklistPrompts", &[], None).await.json(), none);
    let answer = walk.ask("updateCallQueueBlacklistPrompts", &[], Some(json!({"enable_level2": true}))).await;
    walk.expect(&answer, 400, "level2_prompt_file_id");
    let on = json!({"enable_level2": true, "level2_prompt_file_id": "en/please-wait"});
    let answer = walk.ask("updateCallQueueBlacklistPrompts", &[], Some(on)).await;
    walk.expect(&answer, 200, "");
    let shown = walk.ask("getCallQueueBlacklistPrompts", &[], None).await.json();
    assert_eq!(
        (&shown["enable_level2"], &shown["level2_prompt_file_name"]),
        (&json!(true), &json!("en/please-wait"))
    );
    let answer = walk.ask("updateQueueBlacklistedNumber", &[id], Some(json!({"enabled": true}))).await;
    walk.expect(&answer, 200, "");
    // Answered, told, and cleared by us.
    walk.site.call("448001", None).waits_for_hang_up();
    assert_eq!(walk.ask("showQueueBlacklistedNumber", &[id], None).await.json()["trigger_times"], 2);
    let answer =
        walk.ask("updateCallQueueBlacklistPrompts", &[], Some(json!({"enable_level2": false}))).await;
    walk.expect(&answer, 200, "");
    assert_eq!(walk.ask("getCallQueueBlacklistPrompts", &[], None).await.json(), none);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_bought_used_and_renewed_as_the_document_says() {
    let site = Site::open().await;
    let bought = site.form(&password_form("root", &site.domain, PASSWORD)).await;
    assert_eq!(bought.status, 200, "{}", bought.text);
    let unescaped = password_form("root", &site.domain, PASSWORD).replace('+', " ");
    assert_eq!(site.form(&unescaped).await.status, 200, "as curl sends it");
    let bought = bought.json();
    assert_eq!((&bought["expires_in"], &bought["token_type"]), (&json!(1800), &json!("Bearer")));
    let (access, refresh) = (text(&bought["access_token"]), text(&bought["refresh_token"]));
    assert_eq!(site.ask_as(&access, "GET", "/api/call_queues", None).await.status, 200);
    assert_eq!(site.ask_as(&refresh, "GET", "/api/call_queues", None).await.status, 403, "it renews only");
    let renewed = site.form(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    let access = text(&renewed.json()["access_token"]);
    assert_eq!(site.ask_as(&access, "GET", "/api/call_queues", None).await.status, 200);
    let failed = r#"{"errors":[{"code":"UNAUTHORIZED","message":"Login failed, authentication error"}]}"#;
    for form in [
        format!("grant_type=refresh_token&refresh_token={refresh}"),
        format!("grant_type=refresh_token&refresh_token={access}"),
        password_form("root", &site.domain, "something else"),
        password_form("nobody", &site.domain, PASSWORD),
        password_form("root", "elsewhere.test", PASSWORD),
        password_form("admin", "", "cordial_0011223344556677_00"),
    ] {
        let answer = site.form(&form).await;
        assert_eq!((answer.status, answer.text.as_str()), (400, failed), "{form}");
    }
    // As a client sends it that escapes nothing.
    let odd = "blank #4 {é}|+%2B";
    let user =
        json!({"name": "odd", "roles": ["agent"], "password": odd.replace('+', " ").replace("%2B", "+")});
    site.native("POST", "/v1/users", Some(user)).await;
    let form = format!("grant_type=password&username=odd&domain={}&password={odd}", site.domain);
    assert_eq!(site.form(&form).await.status, 200);
    assert_eq!(site.form(&form.replace('#', "")).await.status, 400);
    let administrator = site.installation_token().await;
    let answer = site.form(&password_form("admin", "", &administrator)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for form in ["", "grant_type=magic", "{\"grant_type\": \"password\"}"] {
        assert_eq!(site.form(form).await.status, 400, "{form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_told_in_the_vendors_form() {
    let site = Site::open().await;
    let told = async |answer: Answer| {
        let fault = answer.json()["errors"][0].clone();
        (answer.status, text(&fault["code"]))
    };
    let none = site.ask_as("", "GET", "/api/call_queues", None).await;
    assert_eq!(told(none).await, (401, "UNAUTHORIZED".to_owned()));
    let path = site.ask("GET", "/api/nowhere", None).await;
    assert_eq!(told(path).await, (404, "NOT_FOUND".to_owned()));
    let method = site.ask("DELETE", "/api/call_queues", None).await;
    assert_eq!(told(method).await, (405, "METHOD_NOT_ALLOWED".to_owned()));
    let query = site.ask("GET", "/api/call_queues?colour=red", None).await;
    assert_eq!(told(query).await, (400, "INVALID_PARAMETER".to_owned()));
    let list = site.ask("POST", "/api/call_queues", Some(json!([]))).await;
    assert_eq!(told(list).await, (400, "INVALID_PARAMETER".to_owned()));
    let long = site.ask("POST", "/api/call_queues", Some(json!({"name": "x".repeat(300_000)}))).await;
    assert_eq!(told(long).await, (413, "TOO_LARGE".to_owned()));
    let text = site.client.post(format!("http://{}/api/call_queues", site.rest)).bearer_auth(&site.token);
    let answer = text.body("{\"name\"").send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 400);
    assert!(answer.text().await.expect("a body").contains("INVALID_JSON"));
    assert_eq!(site.ask("GET", "/v1/queues", None).await.status, 404, "our own API is not served here");
}
