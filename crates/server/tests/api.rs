//! The native API against the real server, in this process: its document, every operation of it, and the streams.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api {
    mod apply;
    mod audit;
    mod broker;
    mod callbacks;
    mod conditions;
    mod connector;
    mod desks;
    mod lists;
    pub(crate) mod phone;
    mod phone_books;
    mod roles;
    pub(crate) mod site;
}

use std::collections::BTreeSet;
use std::time::Duration;

use api::site::{Answer, Site};
use serde_json::{Value, json};

/// One operation, well-formed.
struct Case {
    /// Method and path, as in the document.
    operation: &'static str,
    path: String,
    body: Option<Value>,
    /// What it is answered with.
    status: u16,
    /// A token of this scope alone is not enough; `None` where any is.
    weak: Option<&'static str>,
    /// Whether the ids in the path are A's, so that nobody else finds them.
    owned: bool,
    /// A stream does not end, so its body is not waited for.
    stream: bool,
}

fn case(
    operation: &'static str,
    path: impl Into<String>,
    body: Value,
    status: u16,
    weak: &'static str,
) -> Case {
    let body = if body.is_null() { None } else { Some(body) };
    Case {
        operation,
        path: path.into(),
        body,
        status,
        weak: Some(weak).filter(|weak| !weak.is_empty()),
        owned: operation.contains('{'),
        stream: false,
    }
}

fn streamed(case: Case) -> Case {
    Case { stream: true, ..case }
}

/// Every operation once, in an order in which each finds what it needs.
async fn cases(site: &Site) -> Vec<Case> {
    let a = &site.ids;
    let none = Value::Null;
    let offer = site.live_offer().await;
    let mut all = Vec::new();
    for (kind, id) in [
        ("users", &a.user),
        ("teams", &a.team),
        ("agents", &a.agent),
        ("devices", &a.device),
        ("queues", &a.queue),
        ("trunks", &a.trunk),
        ("routes", &a.route),
        ("reasons", &a.reason),
        ("dispositions", &a.disposition),
        ("skills", &a.skill),
        ("phone-books", &a.phone_book),
        ("contacts", &a.contact),
        ("blacklist", &a.blacklisted),
        ("calendars", &a.calendar),
    ] {
        let operation = |method: &str, one: bool| -> &'static str {
            format!("{method} /v1/{kind}{}", if one { "/{id}" } else { "" }).leak()
        };
        all.push(case(operation("GET", false), format!("/v1/{kind}"), none.clone(), 200, "admin"));
        all.push(case(operation("GET", true), format!("/v1/{kind}/{id}"), none.clone(), 200, "admin"));
        all.push(case(
            operation("POST", false),
            format!("/v1/{kind}"),
            fresh(kind, "new", site),
            201,
            "supervise",
        ));
        let spare = site.make(kind, fresh(kind, "spare", site)).await;
        all.push(case(
            operation("PUT", true),
            format!("/v1/{kind}/{spare}"),
            fresh(kind, "changed", site),
            200,
            "supervise",
        ));
        all.push(case(
            operation("DELETE", true),
            format!("/v1/{kind}/{spare}"),
            none.clone(),
            204,
            "supervise",
        ));
    }
    let agent = |verb: &str| format!("/v1/agents/{}/{verb}", a.agent);
    let call = |verb: &str| format!("/v1/calls/{}/{verb}", a.call);
    let in_queue = format!("/v1/agents/{}/queues/{}", a.idle_agent, a.queue);
    all.extend([
        case(
            "PUT /v1/users/{id}/password",
            format!("/v1/users/{}/password", a.user),
            json!({"password": "a longer word"}),
            204,
            "supervise",
        ),
        case(
            "PUT /v1/agents/{id}/pin",
            format!("/v1/agents/{}/pin", a.agent),
            json!({"pin": "4711"}),
            204,
            "supervise",
        ),
        case(
            "PUT /v1/trunks/{id}/password",
            format!("/v1/trunks/{}/password", a.trunk),
            json!({"password": null}),
            204,
            "supervise",
        ),
        case(
            "POST /v1/devices/{id}/secret",
            format!("/v1/devices/{}/secret", a.spare_device),
            none.clone(),
            200,
            "supervise",
        ),
        case(
            "POST /v1/log-in",
            "/v1/log-in",
            json!({"domain": site.domain, "name": "ann", "password": "a longer word"}),
            201,
            "",
        ),
        case("GET /v1/me", "/v1/me", none.clone(), 200, ""),
        case("GET /v1/audit", "/v1/audit", none.clone(), 200, "read"),
        case("GET /v1/tokens", "/v1/tokens", none.clone(), 200, "read"),
        case("POST /v1/tokens", "/v1/tokens", json!({"name": "crm", "scopes": ["read"]}), 201, "read"),
        case(
            "DELETE /v1/tokens/{token}",
            format!("/v1/tokens/{}", site.spare_token),
            none.clone(),
            204,
            "read",
        ),
        case("POST /v1/tickets", "/v1/tickets", none.clone(), 201, "admin"),
        case(
            "POST /v1/offers/{id}/decline",
            format!("/v1/offers/{offer}/decline"),
            none.clone(),
            200,
            "read",
        ),
        case("POST /v1/agents/{id}/ready", agent("ready"), none.clone(), 200, "read"),
        case(
            "POST /v1/agents/{id}/not-ready",
            agent("not-ready"),
            json!({"reason": a.reason, "note": "soup"}),
            200,
            "admin",
        ),
        case(
            "PUT /v1/agents/{id}/handling",
            agent("handling"),
            json!({"mode": "forward", "number": "2002"}),
            200,
            "read",
        ),
        case(
            "PUT /v1/agents/{id}/call-settings",
            agent("call-settings"),
            json!({"busy": {"to": "number", "number": "2002"}}),
            200,
            "read",
        ),
        case(
            "PUT /v1/agents/{id}/attendance",
            agent("attendance"),
            json!({"attendance": "not_ready", "queue": a.queue, "reason": a.reason}),
            200,
            "read",
        ),
        case("POST /v1/agents/{id}/extend-wrap-up", agent("extend-wrap-up"), none.clone(), 409, "read"),
        case("POST /v1/agents/{id}/end-wrap-up", agent("end-wrap-up"), none.clone(), 409, "read"),
        case("POST /v1/agents/{id}/log-out", agent("log-out"), json!({"reason": a.reason}), 200, "read"),
        case("POST /v1/agents/{id}/log-in", agent("log-in"), json!({"device": a.device}), 200, "read"),
        case(
            "PUT /v1/agents/{id}/queues/{queue}",
            in_queue.clone(),
            json!({"level": 1, "skill": 9}),
            200,
            "supervise",
        ),
        case(
            "PUT /v1/agents/{id}/queues/{queue}/membership",
            format!("{in_queue}/membership"),
            json!({"membership": "out"}),
            200,
            "admin",
        ),
        case("DELETE /v1/agents/{id}/queues/{queue}", in_queue, none.clone(), 200, "supervise"),
        case(
            "GET /v1/queues/{id}/waiting",
            format!("/v1/queues/{}/waiting", a.queue),
            none.clone(),
            200,
            "admin",
        ),
        case("GET /v1/agents/{id}/messages", agent("messages"), none.clone(), 200, "read"),
        // The mailbox is empty here; the wire tests fill one.
        case(
            "PUT /v1/agents/{id}/messages/{message}",
            agent(&format!("messages/{}", a.call)),
            json!({"heard": true}),
            404,
            "read",
        ),
        case(
            "DELETE /v1/agents/{id}/messages/{message}",
            agent(&format!("messages/{}", a.call)),
            none.clone(),
            404,
            "read",
        ),
        case("GET /v1/feature-codes", "/v1/feature-codes", none.clone(), 200, "admin"),
        case(
            "PUT /v1/feature-codes",
            "/v1/feature-codes",
            json!({"codes": {"log_in": "*38", "log_out": "#39"}}),
            200,
            "supervise",
        ),
        // What it takes is no JSON; its own tests send it files.
        case(
            "POST /v1/phone-books/{id}/import",
            format!("/v1/phone-books/{}/import", a.phone_book),
            none.clone(),
            415,
            "supervise",
        ),
        case(
            "DELETE /v1/phone-books/{id}/contacts",
            format!("/v1/phone-books/{}/contacts", a.phone_book),
            none.clone(),
            204,
            "supervise",
        ),
        case("GET /v1/blacklist-prompts", "/v1/blacklist-prompts", none.clone(), 200, "admin"),
        case(
            "PUT /v1/blacklist-prompts",
            "/v1/blacklist-prompts",
            json!({"first": "en/please-wait"}),
            200,
            "supervise",
        ),
        case("GET /v1/outbound", "/v1/outbound", none.clone(), 200, "admin"),
        case("PUT /v1/outbound", "/v1/outbound", json!({"calls": 9, "denied": ["+881"]}), 200, "supervise"),
        case("GET /v1/calls", "/v1/calls", none.clone(), 200, "admin"),
        case("GET /v1/calls/{id}", format!("/v1/calls/{}", a.call), none.clone(), 200, "admin"),
        case("POST /v1/calls", "/v1/calls", json!({"device": a.spare_device, "to": "800"}), 201, "read"),
        case(
            "POST /v1/calls/{id}/recording/pause",
            call("recording/pause"),
            json!({"reason": "card"}),
            409,
            "read",
        ),
        case("POST /v1/calls/{id}/recording/resume", call("recording/resume"), none.clone(), 409, "read"),
        case(
            "PUT /v1/calls/{id}/disposition",
            call("disposition"),
            json!({"disposition": a.disposition, "agent": a.agent}),
            409,
            "read",
        ),
        // It waits in a queue, so nobody can leave it and nobody can take it.
        case("POST /v1/calls/{id}/park", call("park"), none.clone(), 422, "read"),
        case(
            "POST /v1/calls/{id}/transfer",
            call("transfer"),
            json!({"destination": {"to": "number", "number": "999"}}),
            422,
            "read",
        ),
        case(
            "POST /v1/supervisions",
            "/v1/supervisions",
            json!({"device": a.spare_device, "agent": a.agent}),
            409,
            "read",
        ),
        case("PUT /v1/calls/{id}/supervision", call("supervision"), json!({"how": "whisper"}), 422, "read"),
        case(
            "PUT /v1/calls/{id}/variables",
            call("variables"),
            json!({"variables": {"callVariable1": "gold"}}),
            200,
            "read",
        ),
        case("GET /v1/calls/{id}/waits", call("waits"), none.clone(), 200, "admin"),
        case(
            "GET /v1/agents/{id}/waits",
            format!("/v1/agents/{}/waits", a.agent),
            none.clone(),
            200,
            "admin",
        ),
        case(
            "POST /v1/agents/{id}/clear",
            format!("/v1/agents/{}/clear", a.idle_agent),
            none.clone(),
            200,
            "read",
        ),
        case("POST /v1/calls/{id}/answer", call("answer"), json!({"device": a.device}), 409, "read"),
        case("POST /v1/calls/{id}/leave", call("leave"), json!({"device": a.device}), 422, "read"),
        case("POST /v1/calls/{id}/hold", call("hold"), none.clone(), 422, "read"),
        case("POST /v1/calls/{id}/unhold", call("unhold"), none.clone(), 422, "read"),
        case("POST /v1/calls/{id}/mute", call("mute"), none.clone(), 422, "read"),
        case("POST /v1/calls/{id}/unmute", call("unmute"), none.clone(), 422, "read"),
        case("POST /v1/calls/{id}/digits", call("digits"), json!({"digits": "12#"}), 422, "read"),
        case("POST /v1/calls/{id}/consult", call("consult"), json!({"to": "800"}), 422, "read"),
        case("POST /v1/calls/{id}/swap", call("swap"), none.clone(), 409, "read"),
        case("POST /v1/calls/{id}/complete", call("complete"), json!({"how": "conference"}), 409, "read"),
        case(
            "DELETE /v1/calls/{id}/legs/{leg}",
            format!("/v1/calls/{}/legs/{}", a.call, a.agent),
            none.clone(),
            404,
            "read",
        ),
        case("POST /v1/calls/{id}/retrieve", call("retrieve"), json!({"device": a.device}), 422, "read"),
        case("GET /v1/parked", "/v1/parked", none.clone(), 200, "admin"),
        case("POST /v1/calls/{id}/hang-up", call("hang-up"), none.clone(), 200, "read"),
        case(
            "PUT /v1/queues/{id}/night-mode",
            format!("/v1/queues/{}/night-mode", a.queue),
            json!({"on": true}),
            200,
            "read",
        ),
        case(
            "PUT /v1/queues/{id}/emergency",
            format!("/v1/queues/{}/emergency", a.queue),
            json!({"to": {"to": "announcement", "prompt": "en/emergency"}, "waiting": true}),
            200,
            "read",
        ),
        case(
            "DELETE /v1/queues/{id}/emergency",
            format!("/v1/queues/{}/emergency", a.queue),
            none.clone(),
            200,
            "read",
        ),
        case("GET /v1/emergency", "/v1/emergency", none.clone(), 200, "admin"),
        case("PUT /v1/emergency", "/v1/emergency", json!({"waiting": true}), 200, "read"),
        case("DELETE /v1/emergency", "/v1/emergency", none.clone(), 200, "read"),
        case("GET /v1/offers", "/v1/offers", none.clone(), 200, "admin"),
        case("GET /v1/cdrs", "/v1/cdrs", none.clone(), 200, "admin"),
        // Calls end long after this test; the records of real calls are read by the demo and by the wire tests.
        case("GET /v1/cdrs/{id}", format!("/v1/cdrs/{}", a.agent), none.clone(), 404, "admin"),
        case("GET /v1/recordings", "/v1/recordings", none.clone(), 200, "admin"),
        case("GET /v1/recordings/{id}", format!("/v1/recordings/{}", a.agent), none.clone(), 404, "admin"),
        case(
            "GET /v1/recordings/{id}/audio",
            format!("/v1/recordings/{}/audio", a.agent),
            none.clone(),
            404,
            "admin",
        ),
        streamed(case("GET /v1/events", "/v1/events", none.clone(), 200, "admin")),
        streamed(case("GET /v1/tap", "/v1/tap", none.clone(), 200, "read")),
        case("GET /livez", "/livez", none.clone(), 200, ""),
        case("GET /readyz", "/readyz", none.clone(), 200, ""),
        case("GET /metrics", "/metrics", none.clone(), 200, ""),
        case(
            "POST /v1/callcenter-config",
            "/v1/callcenter-config",
            json!({"command": "queue count"}),
            200,
            "",
        ),
        case("GET /openapi.json", "/openapi.json", none.clone(), 200, ""),
        case("GET /docs", "/docs", none.clone(), 200, ""),
        case("GET /v1/tenants", "/v1/tenants", none.clone(), 200, "read"),
        case(
            "POST /v1/tenants",
            "/v1/tenants",
            json!({"name": "Third", "domain": "third.test"}),
            201,
            "read",
        ),
    ]);
    all
}

/// What a new entry of a kind could be.
fn fresh(kind: &str, word: &str, site: &Site) -> Value {
    let number = |base: u32| (base + word.len() as u32).to_string();
    let holiday =
        json!({"name": "Carnival", "first": "2027-02-08", "last": "2027-02-09", "hours": ["09:00-12:00"]});
    match kind {
        "users" => json!({"name": word, "roles": ["agent"], "password": "long enough"}),
        "agents" => json!({"name": word, "team": site.ids.team}),
        "devices" => json!({"number": number(3000), "display_name": word}),
        "queues" => json!({"name": word, "overflow": {"to": "queue", "queue": site.ids.queue}}),
        "trunks" => json!({"name": word, "address": format!("192.0.2.{}:5060", word.len())}),
        "blacklist" => json!({"number": number(6000), "level": "second", "until": "2999-01-01T00:00:00Z"}),
        "routes" => json!({"number": number(5000), "destination": {"to": "queue", "queue": site.ids.queue}}),
        "contacts" => json!({"phone_book": site.ids.phone_book, "last_name": word, "number": number(7000)}),
        "calendars" => json!({"name": word, "zone": "America/Sao_Paulo", "holidays": [holiday]}),
        _ => json!({"name": word}),
    }
}

/// The codes that the document declares for an operation.
fn declared(document: &Value, operation: &str) -> BTreeSet<u16> {
    let (method, path) = operation.split_once(' ').expect("a method and a path");
    let responses = &document["paths"][path][method.to_lowercase()]["responses"];
    let responses = responses.as_object().unwrap_or_else(|| panic!("{operation} is not in the document"));
    responses.keys().map(|code| code.parse().expect("a number")).collect()
}

#[tokio::test]
async fn every_operation_answers_as_its_document_says() {
    let site = Site::open().await;
    let document: Value = serde_json::from_str(&cordial_server::http::openapi_json()).unwrap();
    let cases = cases(&site).await;
    let walked: BTreeSet<String> = cases.iter().map(|case| case.operation.to_owned()).collect();
    let mut there = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        there.extend(
            methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    assert_eq!(walked, there, "every operation of the document has a case, and no other");
    for case in &cases {
        let declared = declared(&document, case.operation);
        let walk = Walk { site: &site, case, declared };
        walk.without_token().await;
        walk.weak_scope().await;
        walk.bad_path().await;
        walk.other_tenant().await;
        walk.bad_body().await;
        walk.valid_and_repeated().await;
    }
}

struct Walk<'a> {
    site: &'a Site,
    case: &'a Case,
    declared: BTreeSet<u16>,
}

impl Walk<'_> {
    fn method(&self) -> &str {
        self.case.operation.split_once(' ').expect("a method and a path").0
    }

    fn needs_token(&self) -> bool {
        self.declared.contains(&401) && self.case.operation != "POST /v1/log-in"
    }

    /// The token that may do it.
    fn token(&self) -> &str {
        if self.case.path.starts_with("/v1/tenants") { &self.site.installation } else { &self.site.token }
    }

    async fn ask(&self, path: &str, token: &str, body: Option<&Value>, key: Option<&str>) -> Answer {
        let text = body.map(Value::to_string);
        let answer = self.site.ask(self.method(), path, token, text.as_deref(), key, self.case.stream).await;
        self.expect_declared(answer)
    }

    fn expect_declared(&self, answer: Answer) -> Answer {
        let operation = self.case.operation;
        assert!(
            self.declared.contains(&answer.status),
            "{operation}: {} is not declared: {}",
            answer.status,
            answer.text
        );
        if answer.status >= 400 {
            assert_eq!(answer.kind, "application/problem+json", "{operation}: {}", answer.text);
            let problem = answer.json();
            assert_eq!(problem["status"], answer.status, "{operation}: {problem}");
            let page = format!("/docs/errors/{}", problem["code"].as_str().expect("a code"));
            assert_eq!(problem["type"], page, "{operation}");
        }
        answer
    }

    #[track_caller]
    fn expect(&self, why: &str, answer: &Answer, status: u16) {
        assert_eq!(answer.status, status, "{} {why}: {}", self.case.operation, answer.text);
    }

    async fn without_token(&self) {
        if self.needs_token() {
            // Strangers may ask a hundred times at once, and there are more operations than that.
            let mut pace = tokio::time::interval(Duration::from_millis(100));
            let answer = loop {
                pace.tick().await;
                let answer = self.ask(&self.case.path, "", self.case.body.as_ref(), None).await;
                if answer.status != 429 {
                    break answer;
                }
            };
            self.expect("without token", &answer, 401);
            assert!(answer.challenge, "{}: a 401 says how to do better", self.case.operation);
        }
    }

    async fn weak_scope(&self) {
        if let Some(weak) = self.case.weak {
            let token = self.site.scoped(weak);
            let answer = self.ask(&self.case.path, &token, self.case.body.as_ref(), None).await;
            self.expect(&format!("with the scope {weak} only"), &answer, 403);
        }
    }

    async fn bad_path(&self) {
        if self.case.operation.contains('{') {
            let template = self.case.operation.split_once(' ').expect("a method and a path").1;
            let crooked = template
                .replace("{id}", "crooked")
                .replace("{queue}", "crooked")
                .replace("{message}", "crooked")
                .replace("{leg}", "crooked")
                .replace("{token}", "crooked");
            let answer = self.ask(&crooked, self.token(), self.case.body.as_ref(), None).await;
            self.expect("with an id that is none", &answer, 422);
            let nobody = "0123456789abcdef0123456789abcdef";
            let unknown = template
                .replace("{id}", nobody)
                .replace("{queue}", nobody)
                .replace("{message}", nobody)
                .replace("{leg}", nobody)
                .replace("{token}", &nobody[..16]);
            let answer = self.ask(&unknown, self.token(), self.case.body.as_ref(), None).await;
            self.expect("with an id that nobody has", &answer, 404);
        }
        if self.method() == "GET" && self.declared.contains(&422) && !self.case.operation.contains('{') {
            let answer = self.ask(&format!("{}?nonsense=1", self.case.path), self.token(), None, None).await;
            self.expect("with a parameter that is not known", &answer, 400);
        }
    }

    async fn other_tenant(&self) {
        if self.case.owned {
            let answer = self.ask(&self.case.path, &self.site.foreign, self.case.body.as_ref(), None).await;
            self.expect("as another tenant", &answer, 404);
        } else if self.method() == "GET" && self.case.weak.is_some() && !self.case.stream {
            let token =
                if self.case.path == "/v1/tenants" { &self.site.installation } else { &self.site.foreign };
            let answer = self.ask(&self.case.path, token, None, None).await;
            self.expect("as another tenant", &answer, 200);
            for id in self.site.ids.all() {
                assert!(!answer.text.contains(id), "{} shows another tenant's {id}", self.case.operation);
            }
        }
    }

    async fn bad_body(&self) {
        let Some(body) = &self.case.body else { return };
        let send = async |text: &str| {
            let (method, path) = (self.method(), &self.case.path);
            self.expect_declared(self.site.ask(method, path, self.token(), Some(text), None, false).await)
        };
        self.expect("with half a body", &send("{\"").await, 400);
        self.expect("with a list", &send("[1]").await, 422);
        let mut more = body.clone();
        more["nonsense"] = json!(1);
        let answer = send(&more.to_string()).await;
        self.expect("with a member that is not known", &answer, 422);
        let pointer = answer.json()["errors"][0]["pointer"].as_str().expect("a pointer").to_owned();
        let tagged = body.get("mode").is_some();
        assert!(pointer == "/nonsense" || tagged, "{}: {}", self.case.operation, answer.text);
        let large = format!("{{\"nonsense\":\"{}\"}}", "x".repeat(70_000));
        self.expect("with too large a body", &send(&large).await, 413);
        let answer = self.site.untyped(self.method(), &self.case.path, self.token(), &body.to_string()).await;
        self.expect("with a body of no kind", &self.expect_declared(answer), 415);
    }

    async fn valid_and_repeated(&self) {
        let (case, body) = (self.case, self.case.body.as_ref());
        let keyed = self.method() == "POST" && self.needs_token();
        let key = keyed.then(|| format!("key-{}", case.operation.replace(' ', "-")));
        let first = self.ask(&case.path, self.token(), body, key.as_deref()).await;
        self.expect("valid", &first, case.status);
        let again = self.ask(&case.path, self.token(), body, key.as_deref()).await;
        match self.method() {
            "POST" if keyed => {
                assert!(again.replayed && !first.replayed, "{} is replayed the second time", case.operation);
                assert_eq!(
                    (again.status, &again.text),
                    (first.status, &first.text),
                    "{} repeated",
                    case.operation
                );
                let other = json!({"name": "another"});
                let answer = self.ask(&case.path, self.token(), Some(&other), key.as_deref()).await;
                self.expect("with a key of another request", &answer, 422);
                assert_eq!(answer.json()["code"], "idempotency-mismatch", "{}", case.operation);
            }
            "DELETE" if case.operation.contains("{queue}") => self.expect("repeated", &again, 409),
            // There is none already.
            "DELETE" if case.operation.ends_with("/emergency") || case.operation.ends_with("/contacts") => {
                self.expect("repeated", &again, case.status);
            }
            "DELETE" => self.expect("repeated", &again, 404),
            _ => self.expect("repeated", &again, case.status),
        }
    }
}

#[test]
fn the_document_that_is_checked_in_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let served = cordial_server::http::openapi_json();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &served).expect("the document can be written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == served,
        "docs/openapi.json differs from the operations: run with UPDATE_OPENAPI=1 and look at the change"
    );
}

#[tokio::test]
async fn what_is_not_there_is_told_as_a_problem() {
    let site = Site::open().await;
    let answer = site.ask("GET", "/v1/nonsense", &site.token, None, None, false).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (404, Some("no-such-path")));
    let answer = site.ask("PATCH", "/v1/teams", &site.token, None, None, false).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (405, Some("method-not-allowed")));
    let answer = site.ask("GET", "/v1/teams?limit=501", &site.token, None, None, false).await;
    assert_eq!((answer.status, answer.json()["errors"][0]["pointer"].as_str()), (422, Some("?limit")));
    let long = format!("/v1/teams?name={}", "x".repeat(3_000));
    assert_eq!(site.ask("GET", &long, &site.token, None, None, false).await.status, 400);
}

#[tokio::test]
async fn lists_page_and_names_find_their_owner() {
    let site = Site::open().await;
    for name in ["one", "two", "three"] {
        site.make("reasons", json!({"name": name})).await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/reasons?limit=2".to_owned();
    loop {
        let page = site.get(&path).await;
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/reasons?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["lunch", "one", "two", "three"]);
    assert_eq!(site.get("/v1/reasons?name=two").await["items"][0]["name"], "two");
    assert_eq!(site.get("/v1/reasons?name=four").await["items"], json!([]));
}

#[tokio::test]
async fn the_scope_agent_reaches_its_own_agent_only() {
    let site = Site::open().await;
    let log_in = json!({"domain": site.domain, "name": "ann", "password": "long enough"});
    let token = site.ask("POST", "/v1/log-in", "", Some(&log_in.to_string()), None, false).await;
    assert_eq!(token.status, 201, "{}", token.text);
    let token = token.json()["token"].as_str().unwrap().to_owned();
    let verb = |agent: &str| format!("/v1/agents/{agent}/ready");
    let own = site.ask("POST", &verb(&site.ids.agent), &token, None, None, false).await;
    assert_eq!(own.status, 200, "{}", own.text);
    let other = site.ask("POST", &verb(&site.ids.idle_agent), &token, None, None, false).await;
    assert_eq!((other.status, other.json()["code"].as_str()), (404, Some("not-found")));
    let wrong = json!({"domain": site.domain, "name": "ann", "password": "long enuff"});
    assert_eq!(site.ask("POST", "/v1/log-in", "", Some(&wrong.to_string()), None, false).await.status, 401);
}

#[tokio::test]
async fn a_wish_that_is_so_already_is_granted_and_says_so() {
    let site = Site::open().await;
    let path = format!("/v1/agents/{}/ready", site.ids.agent);
    let first = site.ask("POST", &path, &site.token, None, None, false).await.json();
    assert_eq!(
        (&first["already"], &first["agent"]["duty"]["state"]),
        (&json!(false), &json!("ready")),
        "{first}"
    );
    let again = site.ask("POST", &path, &site.token, None, None, false).await;
    assert_eq!((again.status, &again.json()["already"]), (200, &json!(true)));
}

#[tokio::test]
async fn the_stream_begins_with_a_snapshot_and_resumes_without_a_gap() {
    let site = Site::open().await;
    let mut live = site.stream("/v1/events").await;
    let snapshot = live.next().await;
    assert_eq!(snapshot["type"], "snapshot");
    assert!(snapshot["data"]["agents"].as_array().unwrap().iter().any(|agent| agent["name"] == "Ann"));
    for name in ["one", "two", "three"] {
        site.make("teams", json!({"name": name})).await;
    }
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(live.next().await);
    }
    assert!(told.iter().all(|message| message["type"] == "entry_added"), "{told:?}");
    assert_eq!(told[2]["data"]["entry"], json!({"kind": "team", "name": "three", "sees_monitoring": false}));
    drop(live);
    // What comes while nobody listens is told afterwards, also of a thing that is gone by then.
    let gone = site.make("teams", json!({"name": "gone"})).await;
    let path = format!("/v1/teams/{gone}");
    assert_eq!(site.ask("DELETE", &path, &site.token, None, None, false).await.status, 204);
    let mut resumed = site.stream(&format!("/v1/events?after={}", told[0]["seq"])).await;
    assert_eq!(resumed.next().await, told[1]);
    assert_eq!(resumed.next().await, told[2]);
    assert_eq!(resumed.next().await["data"]["id"], gone.as_str());
    let removed = resumed.next().await;
    assert_eq!((&removed["type"], &removed["data"]["id"]), (&json!("entry_removed"), &json!(gone)));
}

#[tokio::test]
async fn a_call_that_is_over_is_still_named_to_those_who_resume() {
    let site = Site::open().await;
    let seq = site.stream("/v1/events").await.next().await["seq"].as_u64().unwrap();
    let hang_up = format!("/v1/calls/{}/hang-up", site.ids.call);
    assert_eq!(site.ask("POST", &hang_up, &site.token, None, None, false).await.status, 200);
    let cdrs = site.until("/v1/cdrs", |cdrs| cdrs["items"][0].is_object()).await;
    assert_eq!(cdrs["items"][0]["id"], site.ids.call.as_str());
    let cdr = site.get(&format!("/v1/cdrs/{}", site.ids.call)).await;
    assert_eq!((&cdr, &cdr["queues"][0]["queue"]), (&cdrs["items"][0], &json!(site.ids.queue)));
    let foreign = format!("/v1/cdrs/{}", site.ids.call);
    assert_eq!(site.ask("GET", &foreign, &site.foreign, None, None, false).await.status, 404);
    let mut resumed = site.stream(&format!("/v1/events?after={seq}")).await;
    loop {
        let told = resumed.next().await;
        assert_eq!(told["data"]["call"], site.ids.call.as_str(), "{told}");
        if told["type"] == "call_closed" {
            break;
        }
    }
}

#[tokio::test]
async fn an_event_about_what_nobody_can_name_leaves_a_sign_and_the_stream_goes_on() {
    let site = Site::open().await;
    let seq = site.stream("/v1/events").await.next().await["seq"].as_u64().unwrap();
    let hang_up = format!("/v1/calls/{}/hang-up", site.ids.call);
    assert_eq!(site.ask("POST", &hang_up, &site.token, None, None, false).await.status, 200);
    site.until("/v1/cdrs", |cdrs| cdrs["items"][0].is_object()).await;
    site.lose_records().await;
    let team = site.make("teams", json!({"name": "after"})).await;
    let mut resumed = site.stream(&format!("/v1/events?after={seq}")).await;
    let first = resumed.next().await;
    assert_eq!((&first["type"], &first["data"]), (&json!("untold"), &json!({"missing": "call"})), "{first}");
    let mut last = first;
    while last["type"] == "untold" {
        let next = resumed.next().await;
        assert!(next["seq"].as_u64() > last["seq"].as_u64(), "{next}");
        last = next;
    }
    assert_eq!((&last["type"], &last["data"]["id"]), (&json!("entry_added"), &json!(team)));
}

#[tokio::test]
async fn a_token_that_ends_takes_its_open_streams_with_it() {
    let site = Site::open().await;
    let revoked = site.post("/v1/tokens", json!({"name": "gone", "scopes": ["read", "admin"]})).await;
    let short = json!({"name": "short", "scopes": ["read", "admin"], "expires_in_s": 2});
    let expiring = site.post("/v1/tokens", short).await;
    let open = async |path: &str, token: &Value| {
        let mut stream = site.stream_as(path, token["token"].as_str().unwrap()).await;
        if path == "/v1/events" {
            assert_eq!(stream.next().await["type"], "snapshot");
        }
        stream
    };
    let mut streams = vec![
        open("/v1/events", &revoked).await,
        open("/v1/tap", &revoked).await,
        open("/v1/events", &expiring).await,
        open("/v1/tap", &expiring).await,
    ];
    let mut kept = site.stream("/v1/events").await;
    let path = format!("/v1/tokens/{}", revoked["id"].as_str().unwrap());
    assert_eq!(site.ask("DELETE", &path, &site.token, None, None, false).await.status, 204);
    for stream in &mut streams {
        // The taps have seen that the token was removed; then each stream ends, or `next_or_end` panics.
        while stream.next_or_end().await.is_some() {}
    }
    assert_eq!(kept.next().await["type"], "snapshot");
    site.make("teams", json!({"name": "still told"})).await;
    assert_eq!(kept.next().await["type"], "entry_added");
}

#[tokio::test]
async fn every_code_has_a_page_that_is_served() {
    let site = Site::open().await;
    for code in cordial_dialects::native::problem::Code::ALL {
        let (status, word, title) = code.words();
        let page = site.ask("GET", &format!("/docs/errors/{word}"), "", None, None, false).await;
        assert_eq!((page.status, page.kind.as_str()), (200, "text/markdown; charset=utf-8"), "{word}");
        assert!(page.text.starts_with(&format!("# {word}\n")), "{}", page.text);
        let said = format!("The HTTP server says: *{title}* ({status})\n");
        assert!(page.text.contains(&said) || word == "invalid", "{word}: {}", page.text);
        for part in ["## Meaning", "## Why it happens", "## What to do"] {
            assert!(page.text.contains(part), "{word} has no part {part}");
        }
    }
    assert_eq!(site.ask("GET", "/docs/errors/nonsense", "", None, None, false).await.status, 404);
    assert_eq!(
        site.ask("GET", "/docs/errors/..%2Fdialects%2Fnative", "", None, None, false).await.status,
        404
    );
}

#[tokio::test]
async fn who_asks_too_fast_without_a_token_is_told_to_wait() {
    let site = Site::open().await;
    assert_eq!(site.refused_in_haste(400).await, Some((429, "1".to_owned())));
    // Whoever has a token is not held up by strangers at the same address.
    site.get("/v1/me").await;
}

#[tokio::test]
async fn a_repetition_of_what_is_under_way_does_nothing() {
    let site = Site::open().await;
    let body = json!({"name": "once"}).to_string();
    site.begin("/v1/teams", &body, "k").await;
    let answer = site.ask("POST", "/v1/teams", &site.token, Some(&body), Some("k"), false).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (409, Some("idempotency-in-progress")));
    assert_eq!(site.get("/v1/teams?name=once").await["items"], json!([]));
}

#[tokio::test]
async fn a_websocket_tells_the_same_messages_and_takes_a_ticket_once() {
    let site = Site::open().await;
    let seq = site.stream("/v1/events").await.next().await["seq"].as_u64().unwrap();
    site.make("teams", json!({"name": "told twice"})).await;
    let by_sse = site.stream(&format!("/v1/events?after={seq}")).await.next().await;
    let ticket = site.ask("POST", "/v1/tickets", &site.token, None, None, false).await.json();
    let ticket = ticket["ticket"].as_str().unwrap().to_owned();
    let by_socket = site.first_over_websocket(&format!("/v1/events?after={seq}"), &ticket).await;
    assert_eq!(by_socket.expect("the ticket works"), by_sse);
    assert_eq!(site.first_over_websocket("/v1/events", &ticket).await, Err(401));
}

#[tokio::test]
async fn the_tap_shows_what_was_asked_and_hides_secrets() {
    let site = Site::open().await;
    let mut tap = site.stream("/v1/tap").await;
    site.make("users", json!({"name": "bob", "roles": [], "password": "not to be seen"})).await;
    let entry = tap.next().await;
    assert_eq!(
        (&entry["method"], &entry["path"], &entry["code"]),
        (&json!("POST"), &json!("/v1/users"), &json!(201))
    );
    assert!(!entry.to_string().contains("not to be seen"), "{entry}");
}
