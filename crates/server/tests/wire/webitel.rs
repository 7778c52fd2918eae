//! The Webitel dialect against the real process: REST, and the WebSocket by a client that we did not write (ws).

use std::net::SocketAddr;

use expect_test::expect;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::clients::Lines;
use crate::peers::{Sipp, free_port};
use crate::server::Server;

/// A site whose queue and account were made through the dialect itself.
struct Site {
    server: Server,
    at: SocketAddr,
    http: reqwest::Client,
    trunk_port: u16,
    /// Key and token of the administrator.
    boss: (String, String),
    /// The phone's password.
    sip: String,
}

impl Site {
    async fn open() -> Self {
        Self::open_with("").await
    }

    /// With further lines for the configuration's table `webitel`.
    async fn open_with(lines: &str) -> Self {
        let at = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let tables = format!("[webitel]\nenabled = true\nlisten = \"{at}\"\n{lines}");
        let server = Server::start_with_tables(&tables).await;
        let boss = json!({
            "name": "boss", "roles": ["administrator", "supervisor"], "password": "a very long word",
        });
        server.post("/v1/users", boss).await;
        let nobody = (String::new(), String::new());
        let http = reqwest::Client::new();
        let mut site = Self { server, at, http, trunk_port: free_port(), boss: nobody, sip: String::new() };
        site.boss = site.log_in("boss").await;
        let account = json!({ "login": "2001", "password": "a very long word", "role": "user" });
        let made = site.ok(Method::POST, "/api/v2/accounts", account).await;
        site.sip = made["info"]["sip"]["password"].as_str().expect("a secret").to_owned();
        // sipp reads the first challenge only, and knows nothing but MD5.
        let device = site.server.get("/v1/devices?number=2001").await["items"][0]["id"].clone();
        let path = format!("/v1/devices/{}", device.as_str().expect("an id"));
        site.server.put(&path, json!({ "number": "2001", "digest": "md5" })).await;
        site.ok(Method::POST, "/api/v2/callcenter/queues", json!({ "name": "sales" })).await;
        let tier = json!({ "agent": "2001@cordial.local", "level": 1, "position": 1 });
        site.ok(Method::POST, "/api/v2/callcenter/queues/sales/tiers", tier).await;
        let trunk = format!("127.0.0.1:{}", site.trunk_port);
        site.server.post("/v1/trunks", json!({ "name": "carrier", "address": trunk })).await;
        site.server.post("/v1/reasons", json!({ "name": "Lunch" })).await;
        let queue = &site.server.get("/v1/queues?name=sales").await["items"][0];
        let (id, mut entry) = (queue["id"].clone(), queue.clone());
        entry["wrap_up_ms"] = json!(700);
        let entry: Value =
            ["name", "strategy", "wrap_up_ms"].map(|name| (name, entry[name].clone())).into_iter().collect();
        site.server.put(&format!("/v1/queues/{}", id.as_str().expect("an id")), entry).await;
        let to_queue = json!({ "number": "1000", "destination": { "to": "queue", "queue": id } });
        site.server.post("/v1/routes", to_queue).await;
        site
    }

    async fn log_in(&self, name: &str) -> (String, String) {
        let body = json!({ "username": format!("{name}@cordial.local"), "password": "a very long word" });
        let (status, answer) = self.ask(Method::POST, "/login", body, None).await;
        assert_eq!(status, 200, "{answer}");
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        (text("key"), text("token"))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Value,
        who: Option<&(String, String)>,
    ) -> (u16, Value) {
        let mut request = self.http.request(method, format!("http://{}{path}", self.at));
        if let Some((key, token)) = who {
            request = request.header("X-Key", key).header("X-Access-Token", token);
        }
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.expect("the server answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("every answer is JSON"))
    }

    async fn ok(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method.clone(), path, body, Some(&self.boss)).await;
        assert_eq!((status, &answer["status"]), (200, &json!("OK")), "{method} {path}: {answer}");
        answer
    }

    fn register(&self, port: u16, expires: u32) -> Sipp {
        Sipp::scenario("register.xml")
            .replaced("EXPIRES", &expires.to_string())
            .replaced("FINAL", "200")
            .from(port)
            .to(self.server.sip)
            .service("2001")
            .credentials("2001", &self.sip)
    }
}

/// Events of accounts as lines.
fn told(things: &[Value]) -> String {
    let line = |thing: &Value| {
        let event = thing["event"].as_object()?;
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(match text("Event-Name").as_str() {
            "ACCOUNT_STATUS" => format!(
                "ACCOUNT_STATUS {} {} [{}] {} / {}",
                text("Account-User-State"),
                text("Account-Status"),
                text("Account-Status-Descript"),
                text("Account-Agent-Status"),
                text("Account-Agent-State")
            ),
            "USER_STATE" => format!("USER_STATE {} {}", text("User-ID"), text("User-State")),
            "CC_AGENT_STATUS" => format!("CC_AGENT_STATUS {} {}", text("CC-Agent"), text("CC-Agent-Status")),
            "CC_AGENT_STATE" => format!("CC_AGENT_STATE {} {}", text("CC-Agent"), text("CC-Agent-State")),
            _ => {
                let data = &thing["event"]["data"];
                format!("{} {} {}", thing["event"]["event"], data["status"], data["state"])
            }
        })
    };
    things.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
#[ignore = "needs sipp and npm: runs in the gate's stage `wire`"]
async fn every_status_of_the_table_is_set_and_told_over_the_websocket() {
    let site = Site::open().await;
    let port = free_port();
    site.register(port, 120).run().succeeds();
    let (key, token) = site.log_in("2001").await;
    let mut client = Lines::of("webitel.js", &[&site.at.port().to_string(), &key, &token]);
    let begun = client.until(|thing| thing["ready"] == true);
    let answers = begun.iter().filter(|thing| thing["event"].is_null()).map(ToString::to_string);
    expect![[r#"
        {"unknown":{"exec-complete":"-ERR","exec-response":{"response":"-ERR: permission denied: auth first"},"exec-uuid":"u1"}}
        {"wrong":{"exec-complete":"-ERR","exec-response":{"response":"-ERR: invalid credentials"},"exec-uuid":"u2"}}
        {"auth":"+OK","login":"2001@cordial.local","ws":1}
        {"all":{"exec-complete":"-ERR","exec-response":{"response":"-ERR: permission denied"},"exec-uuid":"u8"}}
        {"answer":"+OK","description":"just here","fs":"Available (On Demand) / Idle","set":"LOGIN","state":"ONHOOK","status":"LOGIN"}
        {"answer":"+OK","description":"","fs":"Available (On Demand) / Waiting","set":"ONHOOK","state":"ONHOOK","status":"NONE"}
        {"answer":"+OK","description":"lunch until two","fs":"On Break / Idle","set":"ONBREAK lunch until two","state":"ONHOOK","status":"ONBREAK"}
        {"answer":"+OK","description":"letters","fs":"Logged Out / ","set":"OnTasks","state":"ONHOOK","status":"ONTASKS"}
        {"answer":"+OK","description":"meeting","fs":" / ","set":"DND","state":"ONHOOK","status":"DND"}
        {"answer":"+OK","description":"3002","fs":" / ","set":"CALLFORWARD","state":"ONHOOK","status":"CALLFORWARD"}
        {"answer":"-ERR: CallForward: the description must be the number to forward to","description":"3002","fs":" / ","set":"CALLFORWARD","state":"ONHOOK","status":"CALLFORWARD"}
        {"answer":"-ERR the agent has no mailbox","description":"3002","fs":" / ","set":"VOICEMAIL","state":"ONHOOK","status":"CALLFORWARD"}
        {"answer":"-ERR: InCall: it follows from registrations and calls and cannot be set","description":"3002","fs":" / ","set":"INCALL","state":"ONHOOK","status":"CALLFORWARD"}
        {"answer":"-ERR: NonReg: it follows from registrations and calls and cannot be set","description":"3002","fs":" / ","set":"NONREG","state":"ONHOOK","status":"CALLFORWARD"}
        {"answer":"-ERR: Wrap-Up: it follows from registrations and calls and cannot be set","description":"3002","fs":" / ","set":"Wrap-Up","state":"ONHOOK","status":"CALLFORWARD"}
        {"answer":"-ERR: status \"LUNCH\" is not known","description":"3002","fs":" / ","set":"LUNCH","state":"ONHOOK","status":"CALLFORWARD"}
        {"answer":"+OK","description":"","fs":"Logged Out / ","set":"LOGOUT","state":"ONHOOK","status":"LOGOUT"}
        {"complete":"+OK","func":"cc login","response":"+OK"}
        {"complete":"+OK","func":"cc busy","response":"+OK"}
        {"complete":"+OK","func":"cc ready","response":"+OK"}
        {"complete":"+OK","func":"cc tier from user","response":[{"agent":"2001@cordial.local","level":"1","position":"1","queue":"sales@cordial.local","state":"Ready"}]}
        {"complete":"+OK","func":"cc logout","response":"+OK"}
        {"complete":"+OK","func":"login","response":"+OK"}
        {"complete":"+OK","func":"logout","response":"+OK"}
        {"complete":"-ERR","func":"hold","response":"-ERR: hold is not served: this engine does not do it yet"}
        {"complete":"-ERR","func":"transfer","response":"-ERR: channel not found!"}
        {"complete":"-ERR","func":"hangup","response":"-ERR: channel not found!"}
        {"complete":"-ERR","func":"call","response":"-ERR the destination is not allowed"}
        {"complete":"+OK","func":"show_channel","response":{"row_count":0,"rows":[]}}
        {"complete":"-ERR","func":"api account remove","response":"-ERR permission denied"}
        {"complete":"-ERR","func":"fly","response":"fly - not found."}
        {"complete":"+OK","func":"ping","response":"pong"}
        {"ready":true}"#]].assert_eq(&answers.collect::<Vec<_>>().join("\n"));
    let phone = Sipp::scenario("phone_answers.xml").from(port).to(site.server.sip).lasting(200).start();
    Sipp::scenario("caller.xml")
        .from(site.trunk_port)
        .to(site.server.sip)
        .service("1000")
        .lasting(600)
        .run()
        .succeeds();
    phone.succeeds();
    let mut called = client.until(|thing| thing["event"]["Account-Status"] == "WRAPUP");
    called.extend(client.until(|thing| thing["event"]["CC-Agent-State"] == "Waiting"));
    // What came before the calls began and after: an answer may overtake an event.
    let all: Vec<Value> = begun.into_iter().chain(called).collect();
    expect![[r#"
        ACCOUNT_STATUS ONHOOK LOGIN [] Available (On Demand) / Idle
        CC_AGENT_STATUS 2001@cordial.local Available (On Demand)
        CC_AGENT_STATE 2001@cordial.local Idle
        ACCOUNT_STATUS ONHOOK LOGIN [just here] Available (On Demand) / Idle
        ACCOUNT_STATUS ONHOOK NONE [] Available (On Demand) / Waiting
        CC_AGENT_STATE 2001@cordial.local Waiting
        ACCOUNT_STATUS ONHOOK ONBREAK [lunch until two] On Break / Idle
        CC_AGENT_STATUS 2001@cordial.local On Break
        CC_AGENT_STATE 2001@cordial.local Idle
        ACCOUNT_STATUS ONHOOK ONTASKS [letters] Logged Out / 
        CC_AGENT_STATUS 2001@cordial.local Logged Out
        CC_AGENT_STATE 2001@cordial.local Waiting
        ACCOUNT_STATUS ONHOOK DND [letters]  / 
        ACCOUNT_STATUS ONHOOK DND [meeting]  / 
        ACCOUNT_STATUS ONHOOK CALLFORWARD [meeting]  / 
        ACCOUNT_STATUS ONHOOK CALLFORWARD [3002]  / 
        ACCOUNT_STATUS ONHOOK LOGOUT [] Logged Out / 
        ACCOUNT_STATUS ONHOOK LOGIN [] Available (On Demand) / Idle
        CC_AGENT_STATUS 2001@cordial.local Available (On Demand)
        CC_AGENT_STATE 2001@cordial.local Idle
        ACCOUNT_STATUS ONHOOK NONE [] Available (On Demand) / Waiting
        CC_AGENT_STATE 2001@cordial.local Waiting
        ACCOUNT_STATUS ONHOOK LOGIN [] Available (On Demand) / Idle
        CC_AGENT_STATE 2001@cordial.local Idle
        ACCOUNT_STATUS ONHOOK NONE [] Available (On Demand) / Waiting
        CC_AGENT_STATE 2001@cordial.local Waiting
        ACCOUNT_STATUS ONHOOK LOGOUT [] Logged Out / 
        CC_AGENT_STATUS 2001@cordial.local Logged Out
        ACCOUNT_STATUS ONHOOK LOGIN [] Available (On Demand) / Idle
        CC_AGENT_STATUS 2001@cordial.local Available (On Demand)
        CC_AGENT_STATE 2001@cordial.local Idle
        ACCOUNT_STATUS ONHOOK LOGOUT [] Logged Out / 
        CC_AGENT_STATUS 2001@cordial.local Logged Out
        CC_AGENT_STATE 2001@cordial.local Waiting
        ACCOUNT_STATUS ONHOOK LOGIN [] Available (On Demand) / Idle
        CC_AGENT_STATUS 2001@cordial.local Available (On Demand)
        CC_AGENT_STATE 2001@cordial.local Idle
        ACCOUNT_STATUS ONHOOK NONE [] Available (On Demand) / Waiting
        CC_AGENT_STATE 2001@cordial.local Waiting
        USER_STATE 2001 ISBUSY
        ACCOUNT_STATUS ISBUSY INCALL [] Available (On Demand) / Reserved
        CC_AGENT_STATE 2001@cordial.local Reserved
        ACCOUNT_STATUS ISBUSY INCALL [] Available (On Demand) / Receiving
        CC_AGENT_STATE 2001@cordial.local Receiving
        ACCOUNT_STATUS ISBUSY INCALL [] Available (On Demand) / In a queue call
        CC_AGENT_STATE 2001@cordial.local In a queue call
        USER_STATE 2001 ONHOOK
        ACCOUNT_STATUS ONHOOK INCALL [] Available (On Demand) / In a queue call
        ACCOUNT_STATUS ONHOOK WRAPUP [] Available (On Demand) / Idle
        CC_AGENT_STATE 2001@cordial.local Idle
        ACCOUNT_STATUS ONHOOK NONE [] Available (On Demand) / Waiting
        CC_AGENT_STATE 2001@cordial.local Waiting"#]]
    .assert_eq(&told(&all));
    site.register(port, 0).run().succeeds();
    let gone = client.until(|thing| thing["event"]["Account-Status"] == "NONREG");
    expect![[r#"
        USER_STATE 2001 NONREG
        ACCOUNT_STATUS NONREG NONREG [] Logged Out / "#]]
    .assert_eq(&told(&gone));
    site.register(port, 120).run().succeeds();
    client.until(|thing| thing["event"]["Account-Status"] == "NONE");
    client.go_on();
    let acted = client.until(|thing| thing["done"] == true);
    let answers = acted.iter().filter(|thing| thing["event"].is_null()).map(ToString::to_string);
    expect![[r#"
        {"early":{"error":{"code":401,"detail":"authentication_challenge first","id":"app.session.unauthorized","status":"Unauthorized"},"seq_reply":1,"status":"FAIL"}}
        {"hello":"OK","login":"2001@cordial.local"}
        {"action":"cc_agent_session","is":"online","state":"waiting","status":"OK","status_comment":""}
        {"action":"cc_agent_offline","is":"offline","state":"offline","status":"OK","status_comment":""}
        {"action":"cc_agent_waiting","error":"the agent is not logged in","status":"FAIL"}
        {"action":"cc_agent_pause","error":"You can't take a pause right now","status":"FAIL"}
        {"action":"cc_agent_online","error":"on_demand is not served: an agent is ready again after wrap-up","status":"FAIL"}
        {"action":"cc_agent_online","is":"online","state":"waiting","status":"OK","status_comment":""}
        {"action":"cc_agent_pause","is":"pause","state":"break","status":"OK","status_comment":"soup"}
        {"action":"cc_agent_pause","error":"pause cause \"Sailing\" is not known","status":"FAIL"}
        {"action":"cc_agent_waiting","is":"online","state":"waiting","status":"OK","status_comment":""}
        {"action":"cc_agent_online","error":"agent not found!","status":"FAIL"}
        {"action":"fly","error":"fly - not found.","status":"FAIL"}
        {"ping":{"pong":1}}
        {"done":true}"#]].assert_eq(&answers.collect::<Vec<_>>().join("\n"));
    let newer: Vec<Value> =
        acted.iter().filter(|thing| thing["event"]["event"].is_string()).cloned().collect();
    expect![[r#"
        "hello" "NONE" "ONHOOK"
        "agent_status" "offline" "offline"
        "agent_status" "pause" "break"
        "agent_status" "online" "waiting"
        "agent_status" "pause" "break"
        "agent_status" "online" "waiting""#]]
    .assert_eq(&told(&newer));
}

#[tokio::test]
#[ignore = "needs sipp and npm: runs in the gate's stage `wire`"]
async fn rest_answers_as_documented_and_turns_strangers_away() {
    let site = Site::open().await;
    let agent = site.log_in("2001").await;
    let mut lines = Vec::new();
    let mut note =
        |what: &str, (status, answer): (u16, Value)| lines.push(format!("{what}: {status} {answer}"));
    let wrong = json!({ "username": "boss@cordial.local", "password": "wrong" });
    note("wrong password", site.ask(Method::POST, "/login", wrong, None).await);
    note("no body", site.ask(Method::POST, "/login", json!(null), None).await);
    note("a list", site.ask(Method::POST, "/login", json!([1]), None).await);
    note("stranger", site.ask(Method::GET, "/api/v2/accounts", json!(null), None).await);
    let crossed = (agent.0.clone(), site.boss.1.clone());
    note("crossed", site.ask(Method::GET, "/api/v2/accounts", json!(null), Some(&crossed)).await);
    for (who, name) in [(&site.boss, "boss"), (&agent, "agent")] {
        for (method, path, body) in [
            (Method::GET, "/api/v2/accounts", json!(null)),
            (Method::GET, "/api/v2/accounts/2001@cordial.local", json!(null)),
            (Method::GET, "/api/v2/accounts/boss", json!(null)),
            (Method::GET, "/api/v2/accounts/2001@elsewhere.example", json!(null)),
            (Method::PUT, "/api/v2/accounts/2001", json!({ "status": "DND", "description": "meeting" })),
            (Method::PUT, "/api/v2/accounts/2001", json!({ "status": "VoiceMail" })),
            (Method::PUT, "/api/v2/accounts/2001", json!({})),
            (Method::PUT, "/api/v2/accounts/2001", json!({ "role": "emperor" })),
            (Method::POST, "/api/v2/accounts", json!({ "login": "2001" })),
            (Method::GET, "/api/v2/callcenter/queues/sales", json!(null)),
            (Method::GET, "/api/v2/callcenter/queues/nowhere", json!(null)),
            (Method::PATCH, "/api/v2/callcenter/queues/sales", json!({ "strategy": "ring-all" })),
            (Method::PATCH, "/api/v2/callcenter/queues/sales", json!({ "strategy": "psychic" })),
            (Method::PATCH, "/api/v2/callcenter/queues/sales", json!({ "colour": "red" })),
            (Method::GET, "/api/v2/callcenter/queues/sales/tiers", json!(null)),
            (Method::PUT, "/api/v2/callcenter/queues/sales/tiers/2001/level", json!({ "level": 1 })),
            (Method::GET, "/api/v2/callcenter/queues/sales/members", json!(null)),
            (Method::GET, "/api/v2/callcenter/queues/sales/members/count", json!(null)),
            (Method::POST, "/api/v2/callcenter/agent/2001/status", json!({ "status": "On Break" })),
            (Method::POST, "/api/v2/callcenter/agent/2001/status", json!({ "status": "Lunch" })),
            (Method::POST, "/api/v2/callcenter/agent/2001/state", json!({})),
            (Method::POST, "/api/v2/callcenter/agent/2001/state", json!({ "state": "Receiving" })),
            (Method::POST, "/api/v2/callcenter/agent/nobody/status", json!({ "status": "On Break" })),
            (Method::DELETE, "/api/v2/callcenter/queues/sales/tiers/2001", json!(null)),
            (Method::GET, "/api/v2/nothing", json!(null)),
        ] {
            let what = format!("{name} {method} {path} {body}");
            note(&what, site.ask(method, path, body, Some(who)).await);
        }
    }
    let (large, boss) = (json!({ "login": "a".repeat(1 << 20) }), Some(&site.boss));
    note("too large", site.ask(Method::POST, "/api/v2/accounts", large, boss).await);
    note("not text", site.ask(Method::GET, "/api/v2/accounts/%ff", json!(null), boss).await);
    note("log out", site.ask(Method::POST, "/logout", json!(null), Some(&agent)).await);
    note("afterwards", site.ask(Method::GET, "/api/v2/accounts", json!(null), Some(&agent)).await);
    note("remove", site.ask(Method::DELETE, "/api/v2/accounts/2001", json!(null), Some(&site.boss)).await);
    note("removed", site.ask(Method::GET, "/api/v2/accounts/2001", json!(null), Some(&site.boss)).await);
    expect![[r#"
        wrong password: 401 {"info":"invalid credentials","status":"error"}
        no body: 400 {"info":"username is required","status":"error"}
        a list: 400 {"info":"the body must be a JSON object","status":"error"}
        stranger: 401 {"info":"log in at /login and send X-Key and X-Access-Token","status":"error"}
        crossed: 401 {"info":"invalid credentials","status":"error"}
        boss GET /api/v2/accounts null: 200 {"data":{"2001":{"agent":true,"cc_agent_state":"","cc_agent_status":"Logged Out","description":"","domain":"cordial.local","id":"2001","online":false,"role":"user","scheme":"","shown":"LOGOUT","state":"nonreg","status":"LOGOUT","status_name":"LogOut"},"boss":{"agent":false,"cc_agent_state":"","cc_agent_status":"Logged Out","description":"","domain":"cordial.local","id":"boss","online":false,"role":"admin","scheme":"","shown":"LOGOUT","state":"nonreg","status":"LOGOUT","status_name":"LogOut"}},"status":"OK"}
        boss GET /api/v2/accounts/2001@cordial.local null: 200 {"data":{"agent":true,"cc_agent_state":"","cc_agent_status":"Logged Out","description":"","domain":"cordial.local","id":"2001","online":false,"role":"user","scheme":"","shown":"LOGOUT","state":"nonreg","status":"LOGOUT","status_name":"LogOut"},"status":"OK"}
        boss GET /api/v2/accounts/boss null: 200 {"data":{"agent":false,"cc_agent_state":"","cc_agent_status":"Logged Out","description":"","domain":"cordial.local","id":"boss","online":false,"role":"admin","scheme":"","shown":"LOGOUT","state":"nonreg","status":"LOGOUT","status_name":"LogOut"},"status":"OK"}
        boss GET /api/v2/accounts/2001@elsewhere.example null: 404 {"info":"account not found!","status":"error"}
        boss PUT /api/v2/accounts/2001 {"description":"meeting","status":"DND"}: 200 {"info":{"agent":true,"cc_agent_state":"","cc_agent_status":"Logged Out","description":"meeting","domain":"cordial.local","id":"2001","online":false,"role":"user","scheme":"","shown":"meeting","state":"nonreg","status":"NONREG","status_name":"NonReg"},"status":"OK"}
        boss PUT /api/v2/accounts/2001 {"status":"VoiceMail"}: 400 {"info":"-ERR the agent has no mailbox","status":"error"}
        boss PUT /api/v2/accounts/2001 {}: 400 {"info":"status, password or role is required","status":"error"}
        boss PUT /api/v2/accounts/2001 {"role":"emperor"}: 400 {"info":"role must be user, supervisor or admin","status":"error"}
        boss POST /api/v2/accounts {"login":"2001"}: 400 {"info":"-ERR another User has that name","status":"error"}
        boss GET /api/v2/callcenter/queues/sales null: 200 {"info":{"abandoned_resume_allowed":"false","agent_no_answer_status":"On Break","calls_abandoned":"0","calls_answered":"0","discard_abandoned_after":"0","max_wait_time":"0","max_wait_time_with_no_agent":"0","max_wait_time_with_no_agent_time_reached":"0","moh_sound":"","name":"sales@cordial.local","record_template":"","ring_progressively_delay":"10","skip_agents_with_external_calls":"true","strategy":"longest-idle-agent","tier_rule_no_agent_no_wait":"false","tier_rule_wait_multiply_level":"false","tier_rule_wait_second":"0","tier_rules_apply":"false","time_base_score":"queue"},"status":"OK"}
        boss GET /api/v2/callcenter/queues/nowhere null: 404 {"info":"-ERR Queue not found!","status":"error"}
        boss PATCH /api/v2/callcenter/queues/sales {"strategy":"ring-all"}: 200 {"info":{"abandoned_resume_allowed":"false","agent_no_answer_status":"On Break","calls_abandoned":"0","calls_answered":"0","discard_abandoned_after":"0","max_wait_time":"0","max_wait_time_with_no_agent":"0","max_wait_time_with_no_agent_time_reached":"0","moh_sound":"","name":"sales@cordial.local","record_template":"","ring_progressively_delay":"10","skip_agents_with_external_calls":"true","strategy":"ring-all","tier_rule_no_agent_no_wait":"false","tier_rule_wait_multiply_level":"false","tier_rule_wait_second":"0","tier_rules_apply":"false","time_base_score":"queue"},"status":"OK"}
        boss PATCH /api/v2/callcenter/queues/sales {"strategy":"psychic"}: 400 {"info":"strategy \"psychic\" is not known","status":"error"}
        boss PATCH /api/v2/callcenter/queues/sales {"colour":"red"}: 400 {"info":"colour is no property of a queue here","status":"error"}
        boss GET /api/v2/callcenter/queues/sales/tiers null: 200 {"info":[{"agent":"2001@cordial.local","level":"1","position":"1","queue":"sales@cordial.local","state":"Ready"}],"status":"OK"}
        boss PUT /api/v2/callcenter/queues/sales/tiers/2001/level {"level":1}: 200 {"info":"+OK","status":"OK"}
        boss GET /api/v2/callcenter/queues/sales/members null: 200 {"info":[],"status":"OK"}
        boss GET /api/v2/callcenter/queues/sales/members/count null: 200 {"info":0,"status":"OK"}
        boss POST /api/v2/callcenter/agent/2001/status {"status":"On Break"}: 200 {"info":"+OK","status":"OK"}
        boss POST /api/v2/callcenter/agent/2001/status {"status":"Lunch"}: 400 {"info":"-ERR Invalid Agent Status!","status":"error"}
        boss POST /api/v2/callcenter/agent/2001/state {}: 200 {"info":"+OK","status":"OK"}
        boss POST /api/v2/callcenter/agent/2001/state {"state":"Receiving"}: 400 {"info":"-ERR Receiving follows from calls and cannot be set","status":"error"}
        boss POST /api/v2/callcenter/agent/nobody/status {"status":"On Break"}: 404 {"info":"-ERR Agent not found!","status":"error"}
        boss DELETE /api/v2/callcenter/queues/sales/tiers/2001 null: 200 {"info":"+OK","status":"OK"}
        boss GET /api/v2/nothing null: 404 {"info":"path not found!","status":"error"}
        agent GET /api/v2/accounts null: 200 {"data":{"2001":{"agent":true,"cc_agent_state":"","cc_agent_status":"Logged Out","description":"","domain":"cordial.local","id":"2001","online":false,"role":"user","scheme":"","shown":"NONREG","state":"nonreg","status":"NONREG","status_name":"NonReg"}},"status":"OK"}
        agent GET /api/v2/accounts/2001@cordial.local null: 200 {"data":{"agent":true,"cc_agent_state":"","cc_agent_status":"Logged Out","description":"","domain":"cordial.local","id":"2001","online":false,"role":"user","scheme":"","shown":"NONREG","state":"nonreg","status":"NONREG","status_name":"NonReg"},"status":"OK"}
        agent GET /api/v2/accounts/boss null: 404 {"info":"account not found!","status":"error"}
        agent GET /api/v2/accounts/2001@elsewhere.example null: 404 {"info":"account not found!","status":"error"}
        agent PUT /api/v2/accounts/2001 {"description":"meeting","status":"DND"}: 200 {"info":{"agent":true,"cc_agent_state":"","cc_agent_status":"Logged Out","description":"meeting","domain":"cordial.local","id":"2001","online":false,"role":"user","scheme":"","shown":"meeting","state":"nonreg","status":"NONREG","status_name":"NonReg"},"status":"OK"}
        agent PUT /api/v2/accounts/2001 {"status":"VoiceMail"}: 400 {"info":"-ERR the agent has no mailbox","status":"error"}
        agent PUT /api/v2/accounts/2001 {}: 400 {"info":"status, password or role is required","status":"error"}
        agent PUT /api/v2/accounts/2001 {"role":"emperor"}: 403 {"info":"-ERR permission denied","status":"error"}
        agent POST /api/v2/accounts {"login":"2001"}: 403 {"info":"-ERR permission denied","status":"error"}
        agent GET /api/v2/callcenter/queues/sales null: 200 {"info":{"abandoned_resume_allowed":"false","agent_no_answer_status":"On Break","calls_abandoned":"0","calls_answered":"0","discard_abandoned_after":"0","max_wait_time":"0","max_wait_time_with_no_agent":"0","max_wait_time_with_no_agent_time_reached":"0","moh_sound":"","name":"sales@cordial.local","record_template":"","ring_progressively_delay":"10","skip_agents_with_external_calls":"true","strategy":"ring-all","tier_rule_no_agent_no_wait":"false","tier_rule_wait_multiply_level":"false","tier_rule_wait_second":"0","tier_rules_apply":"false","time_base_score":"queue"},"status":"OK"}
        agent GET /api/v2/callcenter/queues/nowhere null: 404 {"info":"-ERR Queue not found!","status":"error"}
        agent PATCH /api/v2/callcenter/queues/sales {"strategy":"ring-all"}: 403 {"info":"-ERR permission denied","status":"error"}
        agent PATCH /api/v2/callcenter/queues/sales {"strategy":"psychic"}: 403 {"info":"-ERR permission denied","status":"error"}
        agent PATCH /api/v2/callcenter/queues/sales {"colour":"red"}: 403 {"info":"-ERR permission denied","status":"error"}
        agent GET /api/v2/callcenter/queues/sales/tiers null: 200 {"info":[],"status":"OK"}
        agent PUT /api/v2/callcenter/queues/sales/tiers/2001/level {"level":1}: 403 {"info":"-ERR permission denied","status":"error"}
        agent GET /api/v2/callcenter/queues/sales/members null: 200 {"info":[],"status":"OK"}
        agent GET /api/v2/callcenter/queues/sales/members/count null: 200 {"info":0,"status":"OK"}
        agent POST /api/v2/callcenter/agent/2001/status {"status":"On Break"}: 200 {"info":"+OK","status":"OK"}
        agent POST /api/v2/callcenter/agent/2001/status {"status":"Lunch"}: 400 {"info":"-ERR Invalid Agent Status!","status":"error"}
        agent POST /api/v2/callcenter/agent/2001/state {}: 200 {"info":"+OK","status":"OK"}
        agent POST /api/v2/callcenter/agent/2001/state {"state":"Receiving"}: 400 {"info":"-ERR Receiving follows from calls and cannot be set","status":"error"}
        agent POST /api/v2/callcenter/agent/nobody/status {"status":"On Break"}: 404 {"info":"-ERR Agent not found!","status":"error"}
        agent DELETE /api/v2/callcenter/queues/sales/tiers/2001 null: 403 {"info":"-ERR permission denied","status":"error"}
        agent GET /api/v2/nothing null: 404 {"info":"path not found!","status":"error"}
        too large: 413 {"info":"Failed to buffer the request body: length limit exceeded","status":"error"}
        not text: 400 {"info":"Invalid URL: Invalid UTF-8 in `id`","status":"error"}
        log out: 200 {"info":"logged out","status":"OK"}
        afterwards: 401 {"info":"invalid credentials","status":"error"}
        remove: 200 {"info":"removed","status":"OK"}
        removed: 404 {"info":"account not found!","status":"error"}"#]].assert_eq(&lines.join("\n"));
    assert!(!site.server.log().contains("a very long word") && !site.server.log().contains(&site.boss.1));
}

#[tokio::test]
#[ignore = "needs sipp and npm: runs in the gate's stage `wire`"]
async fn a_phone_in_a_browser_has_the_same_three_states() {
    let site = Site::open().await;
    let device = site.server.get("/v1/devices?number=2001").await["items"][0]["id"].clone();
    let device = device.as_str().expect("an id");
    let ring = json!({ "number": "1001", "destination": { "to": "device", "device": device } });
    site.server.post("/v1/routes", ring).await;
    let state = async || {
        let account = site.ok(Method::GET, "/api/v2/accounts/2001", json!(null)).await;
        account["data"]["state"].as_str().unwrap_or_default().to_owned()
    };
    let mut states = vec![state().await];
    let certificate = site.server.data().join("tls.crt");
    let address = format!("wss://{}/sip", site.server.https);
    let certificate = certificate.to_str().expect("a name of ours");
    let phone =
        |password: &str| Lines::of("phone.js", &[&address, certificate, "sip:2001@cordial.local", password]);
    let mut told = phone("wrong").until(|thing| thing["phone"] == "refused");
    states.push(state().await);
    let mut client = phone(&site.sip);
    told.extend(client.until(|thing| thing["phone"] == "registered"));
    states.push(state().await);
    let caller = |scenario: &str| {
        let caller = Sipp::scenario(scenario).replaced("EXPECTED", "486").from(site.trunk_port);
        caller.to(site.server.sip).service("1001").lasting(600).start()
    };
    let gives_up = caller("caller_gives_up.xml");
    told.extend(client.until(|thing| thing["phone"] == "rings"));
    states.push(state().await);
    gives_up.succeeds();
    told.extend(client.until(|thing| thing["phone"] == "over"));
    states.push(state().await);
    let declined = caller("caller_refused.xml");
    told.extend(client.until(|thing| thing["phone"] == "rings"));
    states.push(state().await);
    client.go_on();
    declined.succeeds();
    told.extend(client.until(|thing| thing["phone"] == "over"));
    states.push(state().await);
    client.go_on();
    told.extend(client.until(|thing| thing["phone"] == "unregistered"));
    states.push(state().await);
    drop(client);
    let mut client = phone(&site.sip);
    client.until(|thing| thing["phone"] == "registered");
    states.push(state().await);
    // Its tab is closed: nobody says a word, and the connection ends.
    drop(client);
    site.server.wait_for_device(device, "unregistered").await;
    states.push(state().await);
    expect!["nonreg nonreg onhook isbusy onhook isbusy onhook nonreg onhook nonreg"]
        .assert_eq(&states.join(" "));
    let told = told.iter().map(ToString::to_string).collect::<Vec<_>>();
    expect![[r#"
        {"authorized":true,"protocol":"sip"}
        {"code":403,"phone":"refused"}
        {"authorized":true,"protocol":"sip"}
        {"phone":"registered"}
        {"caller":"4711","phone":"rings"}
        {"cause":"Canceled","phone":"over"}
        {"caller":"4711","phone":"rings"}
        {"cause":"Rejected","phone":"over"}
        {"code":200,"phone":"unregistered"}"#]]
    .assert_eq(&told.join("\n"));
}

/// Ids and times in the order in which they first come, so that two runs read the same.
fn named(things: &[Value]) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for thing in things {
        lines.push(shown(thing, "", &mut names));
    }
    lines.join("\n")
}

fn shown(thing: &Value, field: &str, names: &mut Vec<String>) -> String {
    let is_time = field == "timestamp" || field == "timeout" || field.ends_with("_at");
    match thing {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let members = members.map(|(name, value)| format!("{name}: {}", shown(value, name, names)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(item, "", names)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Number(number) if is_time && number.as_i64() > Some(1) => "time".to_owned(),
        Value::String(_) if field == "last_status_change" => "time".to_owned(),
        Value::Number(_) | Value::String(_) if field.ends_with("duration") => "span".to_owned(),
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => {
            let place = names.iter().position(|name| name == text).unwrap_or_else(|| {
                names.push(text.clone());
                names.len() - 1
            });
            format!("id{place}")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => thing.to_string(),
    }
}

#[tokio::test]
#[ignore = "needs sipp and npm: runs in the gate's stage `wire`"]
async fn calls_and_tasks_are_told_in_the_newer_protocol() {
    let site = Site::open().await;
    let port = free_port();
    site.register(port, 120).run().succeeds();
    let (_, token) = site.log_in("2001").await;
    let mut client = Lines::of("webitel_newer.js", &[&site.at.port().to_string(), &token]);
    let begun = client.until(|thing| thing["ready"] == true);
    let answers: Vec<Value> = begun.iter().filter(|thing| thing["event"].is_null()).cloned().collect();
    expect![[r#"
        {action: "subscribe_call", answer: {items: [], next: false}, status: "OK"}
        {action: "cc_agent_tasks", answer: {items: []}, status: "OK"}
        {action: "call_hangup", error: "channel not found!", status: "FAIL"}
        {action: "call_hangup", error: "id is required", status: "FAIL"}
        {action: "call_blind_transfer", error: "channel not found!", status: "FAIL"}
        {action: "call_blind_transfer", error: "destination is required", status: "FAIL"}
        {action: "call_invite", error: "the destination is not allowed", status: "FAIL"}
        {action: "call_invite", error: "destination is required", status: "FAIL"}
        {action: "call_hold", error: "call_hold is not served: this engine does not do it yet", status: "FAIL"}
        {action: "un_subscribe_users_status", answer: {}, status: "OK"}
        {action: "subscribe_chat", error: "subscribe_chat - not found.", status: "FAIL"}
        {ready: true}"#]].assert_eq(&named(&answers));
    let phone = Sipp::scenario("phone_answers.xml").from(port).to(site.server.sip).lasting(200).start();
    // He is hung up on.
    let caller =
        Sipp::scenario("caller_cut.xml").from(site.trunk_port).to(site.server.sip).service("1000").start();
    let mut called = client.until(|thing| thing["event"]["data"]["status"] == "bridged");
    client.go_on();
    called.extend(client.until(|thing| thing["told"] == true));
    called.extend(client.until(|thing| thing["event"]["data"]["status"] == "waiting"));
    caller.succeeds();
    phone.succeeds();
    // Events may overtake answers, so each by itself.
    let (events, answers): (Vec<Value>, Vec<Value>) =
        called.into_iter().partition(|thing| thing["event"].is_object());
    expect![[r#"
        {event: {data: {attempt_id: 1, channel: "call", distribute: {agent_channel_id: id0, agent_id: 4, app_id: "cordial", attempt_id: 1, channel: "call", communication: {destination: "4711", display: "Wire"}, has_reporting: false, member_channel_id: id1, queue_id: 5, queue_name: "sales", status: "distribute", timestamp: time}, status: "distribute", timestamp: time}, event: "channel", seq: 2}}
        {event: {data: {app_id: "cordial", cc_app_id: "", data: {destination: "1000", direction: "inbound", from: {name: "Wire", number: "4711", type: "dest"}, parent_id: id1, payload: {}, queue: {attempt_id: "1", queue_id: "5", queue_name: "sales", queue_type: "inbound", reporting: "false"}, sip_id: "", to: {name: "2001", number: "2001", type: "user"}}, event: "ringing", id: id0, timestamp: time}, event: "call", seq: 3}}
        {event: {data: {attempt_id: 1, channel: "call", offering: {agent_channel_id: id0, agent_id: 4, app_id: "cordial", attempt_id: 1, channel: "call", communication: {destination: "4711", display: "Wire"}, has_reporting: false, member_channel_id: id1, queue_id: 5, queue_name: "sales", status: "offering", timestamp: time}, status: "offering", timestamp: time}, event: "channel", seq: 4}}
        {event: {data: {app_id: "cordial", cc_app_id: "", data: {destination: "1000", direction: "inbound", from: {name: "Wire", number: "4711", type: "dest"}, parent_id: id1, payload: {}, queue: {attempt_id: "1", queue_id: "5", queue_name: "sales", queue_type: "inbound", reporting: "false"}, sip_id: "", to: {name: "2001", number: "2001", type: "user"}}, event: "active", id: id0, timestamp: time}, event: "call", seq: 5}}
        {event: {data: {attempt_id: 1, channel: "call", status: "bridged", timestamp: time}, event: "channel", seq: 6}}
        {event: {data: {app_id: "cordial", cc_app_id: "", data: {bridged_id: id1, payload: {}, queue: {attempt_id: "1", queue_id: "5", queue_name: "sales", queue_type: "inbound", reporting: "false"}, to: {name: "Wire", number: "4711", type: "dest"}}, event: "bridge", id: id0, timestamp: time}, event: "call", seq: 7}}
        {event: {data: {app_id: "cordial", cc_app_id: "", data: {cause: "NORMAL_CLEARING", reporting_at: 0, sip: 200}, event: "hangup", id: id0, timestamp: time}, event: "call", seq: 8}}
        {event: {data: {attempt_id: 1, channel: "call", status: "wrap_time", timestamp: time, wrap_time: {timeout: time}}, event: "channel", seq: 9}}
        {event: {data: {attempt_id: 1, channel: "call", status: "waiting", timestamp: time}, event: "channel", seq: 10}}"#]].assert_eq(&named(&events));
    expect![[r#"
        {action: "cc_agent_tasks", answer: {items: [{agent_channel_id: id0, agent_id: 4, app_id: "cordial", attempt_id: 1, channel: "call", communication: {destination: "4711", display: "Wire"}, duration: span, has_reporting: false, member_channel_id: id1, queue_id: 5, queue_name: "sales", state: "bridged", status: "bridged", timestamp: time}]}, status: "OK"}
        {action: "subscribe_call", answer: {items: [{app_id: "cordial", created_at: time, destination: "1000", direction: "inbound", duration: span, from: {name: "Wire", number: "4711", type: "dest"}, id: id0, parent_id: id1, queue: {attempt_id: "1", queue_id: "5", queue_name: "sales", queue_type: "inbound", reporting: "false"}, sip_id: "", state: "active", timestamp: time, to: {name: "2001", number: "2001", type: "user"}, type: "call", variables: {}}], next: false}, status: "OK"}
        {action: "call_blind_transfer", error: "the destination is not allowed", status: "FAIL"}
        {action: "call_hangup", answer: {}, status: "OK"}
        {told: true}"#]].assert_eq(&named(&answers));
}

#[tokio::test]
#[ignore = "needs sipp and npm: runs in the gate's stage `wire`"]
async fn the_newer_rest_answers_as_its_documents_say() {
    let site = Site::open().await;
    let (_, agent) = site.log_in("2001").await;
    let ask = async |method: Method, path: &str, body: Value, token: &str| {
        let mut request = site.http.request(method.clone(), format!("http://{}{path}", site.at));
        if !token.is_empty() {
            request = request.header("X-Webitel-Access", token);
        }
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.expect("the server answers");
        let status = answer.status().as_u16();
        let answer: Value = answer.json().await.expect("every answer is JSON");
        format!("{method} {path} {body}: {status} {}", shown(&answer, "", &mut Vec::new()))
    };
    let mut lines = Vec::new();
    lines.push(ask(Method::GET, "/call_center/agents", json!(null), "").await);
    lines.push(ask(Method::GET, "/call_center/agents", json!(null), "wrong").await);
    let id = {
        let answer = site.http.get(format!("http://{}/call_center/agents", site.at));
        let answer = answer.header("X-Webitel-Access", &site.boss.1).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        answer["items"][0]["id"].as_str().expect("a text").to_owned()
    };
    let of = |path: &str| format!("/call_center/agents/{id}{path}");
    for (method, path, body) in [
        (Method::GET, of(""), json!(null)),
        (Method::GET, of("/pause_causes"), json!(null)),
        (Method::PATCH, of("/states/waiting"), json!({})),
        (Method::PATCH, of("/status"), json!({ "status": "pause" })),
        (
            Method::PATCH,
            of("/status"),
            json!({ "status": "online", "channels": ["call"], "on_demand": false }),
        ),
        (
            Method::PATCH,
            of("/status"),
            json!({ "status": "pause", "payload": "Lunch", "status_comment": "soup" }),
        ),
        (Method::GET, of(""), json!(null)),
        (Method::PATCH, of("/status"), json!({ "status": "pause", "payload": "Sailing" })),
        (Method::PATCH, of("/states/waiting"), json!({})),
        (Method::PATCH, of("/status"), json!({ "status": "online", "on_demand": true })),
        (Method::PATCH, of("/status"), json!({ "status": "online", "channels": ["chat"] })),
        (Method::PATCH, of("/status"), json!({ "status": "asleep" })),
        (Method::PATCH, of("/status"), json!([])),
        (Method::PATCH, of("/status"), json!({ "status": "offline" })),
    ] {
        let line = ask(method, &path, body, &agent).await;
        lines.push(line.replace(&format!("/agents/{id}"), "/agents/ID"));
    }
    for (path, token) in [
        ("/call_center/users", &site.boss.1),
        ("/call_center/users", &agent),
        ("/call_center/users?q=bo*&size=1&page=1", &site.boss.1),
        ("/call_center/users?size=1", &site.boss.1),
        ("/call_center/agents/999999", &site.boss.1),
        ("/call_center/agents/999999", &agent),
        ("/call_center/agents/x/pause_causes", &agent),
        ("/call_center/agents/%ff", &agent),
        ("/call_center/agents?page=one", &agent),
        ("/call_center/nothing", &agent),
    ] {
        lines.push(ask(Method::GET, path, json!(null), token).await);
    }
    expect![[r#"
        GET /call_center/agents null: 401 {code: 401, detail: "log in at /login and send X-Webitel-Access", id: "app.request.refused", status: "Unauthorized"}
        GET /call_center/agents null: 401 {code: 401, detail: "invalid credentials", id: "app.request.refused", status: "Unauthorized"}
        GET /call_center/agents/ID null: 200 {allow_channels: ["call"], channel: [{channel: "call", state: "waiting"}], description: "", extension: "2001", id: "ID", last_status_change: time, name: "2001", status: "offline", status_duration: span, user: {id: "2", name: "2001"}}
        GET /call_center/agents/ID/pause_causes null: 200 {items: [{duration_min: 0, id: 7, limit_min: 0, name: "Lunch"}]}
        PATCH /call_center/agents/ID/states/waiting {}: 400 {code: 400, detail: "the agent is not logged in", id: "app.request.refused", status: "Bad Request"}
        PATCH /call_center/agents/ID/status {"status":"pause"}: 200 {status: "success"}
        PATCH /call_center/agents/ID/status {"channels":["call"],"on_demand":false,"status":"online"}: 200 {status: "success"}
        PATCH /call_center/agents/ID/status {"payload":"Lunch","status":"pause","status_comment":"soup"}: 200 {status: "success"}
        GET /call_center/agents/ID null: 200 {allow_channels: ["call"], channel: [{channel: "call", state: "waiting"}], description: "", extension: "2001", id: "ID", last_status_change: time, name: "2001", status: "pause", status_duration: span, user: {id: "2", name: "2001"}}
        PATCH /call_center/agents/ID/status {"payload":"Sailing","status":"pause"}: 400 {code: 400, detail: "pause cause \"Sailing\" is not known", id: "app.request.refused", status: "Bad Request"}
        PATCH /call_center/agents/ID/states/waiting {}: 200 {}
        PATCH /call_center/agents/ID/status {"on_demand":true,"status":"online"}: 501 {code: 501, detail: "on_demand is not served: an agent is ready again after wrap-up", id: "app.request.refused", status: "Not Implemented"}
        PATCH /call_center/agents/ID/status {"channels":["chat"],"status":"online"}: 400 {code: 400, detail: "channels must hold call: there is no other", id: "app.request.refused", status: "Bad Request"}
        PATCH /call_center/agents/ID/status {"status":"asleep"}: 400 {code: 400, detail: "status must be online, offline or pause", id: "app.request.refused", status: "Bad Request"}
        PATCH /call_center/agents/ID/status []: 400 {code: 400, detail: "the body must be a JSON object", id: "app.request.refused", status: "Bad Request"}
        PATCH /call_center/agents/ID/status {"status":"offline"}: 200 {status: "success"}
        GET /call_center/users null: 200 {items: [{extension: "2001", id: "2", name: "2001", presence: {status: ""}, status: "offline"}, {extension: "", id: "1", name: "boss", presence: {status: ""}, status: ""}], next: false}
        GET /call_center/users null: 200 {items: [{extension: "2001", id: "2", name: "2001", presence: {status: ""}, status: "offline"}], next: false}
        GET /call_center/users?q=bo*&size=1&page=1 null: 200 {items: [{extension: "", id: "1", name: "boss", presence: {status: ""}, status: ""}], next: false}
        GET /call_center/users?size=1 null: 200 {items: [{extension: "2001", id: "2", name: "2001", presence: {status: ""}, status: "offline"}], next: true}
        GET /call_center/agents/999999 null: 404 {code: 404, detail: "agent not found!", id: "app.request.refused", status: "Not Found"}
        GET /call_center/agents/999999 null: 404 {code: 404, detail: "agent not found!", id: "app.request.refused", status: "Not Found"}
        GET /call_center/agents/x/pause_causes null: 404 {code: 404, detail: "agent not found!", id: "app.request.refused", status: "Not Found"}
        GET /call_center/agents/%ff null: 400 {code: 400, detail: "Invalid URL: Invalid UTF-8 in `id`", id: "app.request.refused", status: "Bad Request"}
        GET /call_center/agents?page=one null: 400 {code: 400, detail: "Failed to deserialize query string: page: invalid digit found in string", id: "app.request.refused", status: "Bad Request"}
        GET /call_center/nothing null: 404 {code: 404, detail: "path not found!", id: "app.request.refused", status: "Not Found"}"#]].assert_eq(&lines.join("\n").replace(&format!("id: \"{id}\""), "id: \"ID\""));
}

/// A socket of the older protocol that has proved itself.
async fn socket(at: SocketAddr, (key, token): &(String, String)) -> WebSocketStream<TcpStream> {
    let io = TcpStream::connect(at).await.expect("the server listens");
    let (mut socket, _) =
        tokio_tungstenite::client_async(format!("ws://{at}/"), io).await.expect("a handshake");
    exec(&mut socket, "auth", json!({ "key": key, "token": token })).await;
    socket
}

async fn exec(socket: &mut WebSocketStream<TcpStream>, func: &str, args: Value) {
    let frame = json!({ "exec-uuid": "1", "exec-func": func, "exec-args": args });
    socket.send(Message::text(frame.to_string())).await.expect("the server reads");
    let answer = socket.next().await.expect("an answer").expect("an answer");
    let answer: Value = serde_json::from_str(answer.to_text().expect("text")).expect("JSON");
    assert_eq!(answer["exec-complete"], "+OK", "{answer}");
}

#[tokio::test]
#[ignore = "asks the real process: runs in the gate's stage `wire`"]
async fn an_agent_is_shown_no_other_by_the_newer_protocol() {
    let site = Site::open().await;
    let account = json!({ "login": "2002", "password": "a very long word", "role": "user" });
    site.ok(Method::POST, "/api/v2/accounts", account).await;
    let list = site.http.get(format!("http://{}/call_center/agents?q=2002", site.at));
    let list = list.header("X-Webitel-Access", &site.boss.1).send().await.expect("an answer");
    let other = list.json::<Value>().await.expect("JSON")["items"][0]["id"].clone();
    let mut io = socket(site.at, &site.log_in("2001").await).await;
    for action in ["cc_agent_session", "cc_agent_tasks", "cc_agent_online"] {
        let frame = json!({ "seq": 1, "action": action, "data": { "agent_id": other } });
        io.send(Message::text(frame.to_string())).await.expect("the server reads");
        let answer = io.next().await.expect("an answer").expect("an answer");
        let answer: Value = serde_json::from_str(answer.to_text().expect("text")).expect("JSON");
        let error = &answer["error"];
        assert_eq!((&error["code"], &error["detail"]), (&json!(404), &json!("agent not found!")), "{answer}");
    }
}

/// Closes a socket, and waits until the server has, too.
async fn leave(mut io: WebSocketStream<TcpStream>) {
    io.close(None).await.expect("it was open");
    while io.next().await.is_some_and(|told| told.is_ok()) {}
}

#[tokio::test]
#[ignore = "needs sipp and npm: runs in the gate's stage `wire`"]
async fn an_agent_whose_last_socket_stays_closed_is_logged_out_where_the_policy_says_so() {
    let site = Site::open_with("log_out_domains = \"CORDIAL.local\"\nlog_out_after_s = 2\n").await;
    let account = json!({ "login": "2002", "password": "a very long word", "role": "user" });
    site.ok(Method::POST, "/api/v2/accounts", account).await;
    let (who, other) = (site.log_in("2001").await, site.log_in("2002").await);
    let duty = async || {
        let agents = site.server.get("/v1/agents?name=2001").await;
        agents["items"][0]["duty"]["state"].clone()
    };
    let logged_out = async |name: &str| {
        let gone = |seen: &Value| (seen["items"][0]["duty"]["state"] == "logged_out").then_some(());
        site.server.wait_for(&format!("/v1/agents?name={name}"), "log-out", gone).await;
    };
    // Another leaves later and has been logged out: whoever was to be before him has been, too.
    let policy_passes = async || {
        let mut io = socket(site.at, &other).await;
        exec(&mut io, "cc login", json!({})).await;
        leave(io).await;
        logged_out("2002").await;
    };
    let (mut first, second) = (socket(site.at, &who).await, socket(site.at, &who).await);
    exec(&mut first, "cc login", json!({})).await;
    assert_eq!(duty().await, "ready");
    leave(first).await;
    policy_passes().await;
    assert_eq!(duty().await, "ready", "another socket is open");
    leave(second).await;
    let third = socket(site.at, &who).await;
    policy_passes().await;
    assert_eq!(duty().await, "ready", "he came back in time");
    leave(third).await;
    logged_out("2001").await;
    let by = |seen: &Value| {
        let items = seen["items"].as_array()?;
        items.iter().find(|item| item.to_string().contains("agent_logged_out")).map(|item| item["by"].clone())
    };
    let by = site.server.wait_for("/v1/audit?limit=50", "log-out in the audit", by).await;
    assert_eq!(by, json!({ "kind": "policy" }));
}
