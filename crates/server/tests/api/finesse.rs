//! Finesse's REST API in this process: what each may read and ask for, and what is refused to whom.

use reqwest::header;
use serde_json::{Value, json};

use super::site::Site;

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    kind: String,
    challenge: String,
    allow: String,
    text: String,
}

impl Answer {
    /// The text of the first element of that name.
    fn has(&self, name: &str) -> &str {
        let (_, rest) =
            self.text.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name}: {}", self.text));
        rest.split_once("</").expect("its end").0
    }

    /// The refusal, as `status type [data]`.
    fn refused(&self) -> String {
        assert_eq!(self.kind, "application/xml;charset=UTF-8", "{self:?}");
        assert!(self.text.starts_with("<ApiErrors><ApiError><ErrorType>"), "{self:?}");
        assert!(!self.has("ErrorMessage").is_empty(), "{self:?}");
        let data = self
            .text
            .split_once("<ErrorData>")
            .map_or("", |(_, rest)| rest.split("</").next().expect("an end"));
        format!("{} {} [{data}]", self.status, self.has("ErrorType"))
    }
}

/// Somebody with a name and a password.
#[derive(Clone, Copy)]
struct Client<'a> {
    site: &'a Site,
    name: &'a str,
    password: &'a str,
}

impl<'a> Client<'a> {
    const fn new(site: &'a Site, name: &'a str, password: &'a str) -> Self {
        Self { site, name, password }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/finesse/api/{path}", self.site.url());
        let request = reqwest::Client::new().request(method.parse().expect("a method"), url);
        request.basic_auth(self.name, Some(self.password))
    }

    async fn get(&self, path: &str) -> Answer {
        read(self.request("GET", path)).await
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = self.request(method, path).header(header::CONTENT_TYPE, "application/xml");
        read(request.body(body.to_owned())).await
    }

    async fn put(&self, path: &str, body: &str) -> Answer {
        self.send("PUT", path, body).await
    }

    /// Asks for it, and it is granted.
    async fn does(&self, method: &str, path: &str, body: &str) {
        let answer = self.send(method, path, body).await;
        assert_eq!((answer.status, answer.text.as_str()), (202, ""), "{method} {path} {body}");
    }

    /// Wants to be something.
    async fn is_to_be(&self, who: &str, inside: &str) {
        self.does("PUT", &format!("User/{who}"), &format!("<User>{inside}</User>")).await;
    }

    async fn state(&self, who: &str) -> String {
        self.get(&format!("User/{who}")).await.has("state").to_owned()
    }
}

async fn read(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.expect("an answer");
    let header = |name: header::HeaderName| {
        answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    Answer {
        status: answer.status().as_u16(),
        kind: header(header::CONTENT_TYPE),
        challenge: header(header::WWW_AUTHENTICATE),
        allow: header(header::ALLOW),
        text: answer.text().await.expect("a whole answer"),
    }
}

/// A dialog's action for one's own extension.
fn act(own: &str, action: &str, more: &str) -> String {
    format!(
        "<Dialog><targetMediaAddress>{own}</targetMediaAddress><requestedAction>{action}</requestedAction>{more}</Dialog>"
    )
}

fn make(action: &str, from: &str, to: &str, more: &str) -> String {
    let addresses = format!("<fromAddress>{from}</fromAddress><toAddress>{to}</toAddress>");
    format!("<Dialog><requestedAction>{action}</requestedAction>{addresses}{more}</Dialog>")
}

/// A site where Bob is an agent like Ann, Sue supervises their team, and Eve another. Ann is logged out.
async fn site() -> Site {
    let site = Site::open_with("finesse = true").await;
    let bob = json!({ "name": "bob", "roles": ["agent"], "password": "bob's password" });
    let bob = site.make("users", bob).await;
    site.make("agents", json!({ "name": "Bob Ray", "user": bob, "team": site.ids.team })).await;
    let sue = json!({ "name": "sue", "roles": ["supervisor"], "teams": [site.ids.team], "password": "sue's password" });
    let sue = site.make("users", sue).await;
    site.make("agents", json!({ "name": "Sue Day", "user": sue, "team": site.ids.team })).await;
    let night = site.make("teams", json!({ "name": "night" })).await;
    let eve =
        json!({ "name": "eve", "roles": ["supervisor"], "teams": [night], "password": "eve's password" });
    site.make("users", eve).await;
    site.make("phone-books", json!({ "name": "Night", "team": night })).await;
    site.make("reasons", json!({ "name": "home", "category": "log_out" })).await;
    site.make("reasons", json!({ "name": "night break", "category": "not_ready", "team": night })).await;
    site.post(&format!("/v1/agents/{}/log-out", site.ids.agent), json!({})).await;
    site
}

fn ann(site: &Site) -> Client<'_> {
    Client::new(site, "ann", "long enough")
}

fn bob(site: &Site) -> Client<'_> {
    Client::new(site, "bob", "bob's password")
}

fn sue(site: &Site) -> Client<'_> {
    Client::new(site, "sue", "sue's password")
}

fn eve(site: &Site) -> Client<'_> {
    Client::new(site, "eve", "eve's password")
}

/// The id in the first address of that kind.
fn id_in<'a>(text: &'a str, of: &str) -> &'a str {
    let (_, rest) =
        text.split_once(&format!("/finesse/api/{of}/")).unwrap_or_else(|| panic!("no {of}: {text}"));
    rest.split(['<', '/']).next().expect("an id")
}

#[tokio::test]
async fn an_agent_logs_in_changes_his_state_and_logs_out() {
    let site = site().await;
    let ann = ann(&site);
    let out = ann.get("User/ann").await;
    assert_eq!((out.status, out.kind.as_str()), (200, "application/xml;charset=UTF-8"));
    assert_eq!((out.has("state"), out.has("loginId"), out.has("teamName")), ("LOGOUT", "ann", "day"));
    assert!(out.text.starts_with("<User><uri>/finesse/api/User/ann</uri><dialogs>/finesse/api/User/ann/Dialogs</dialogs><extension/>"), "{out:?}");
    assert!(out.text.contains("<roles><role>Agent</role></roles>"), "{out:?}");
    ann.is_to_be("ann", "<state>LOGIN</state><extension>1001</extension>").await;
    let fresh = ann.get("User/ann").await;
    assert_eq!((fresh.has("state"), fresh.has("extension")), ("NOT_READY", "1001"));
    assert!(!fresh.text.contains("reasonCode") && fresh.has("stateChangeTime").ends_with('Z'), "{fresh:?}");
    // What is so already is granted.
    ann.is_to_be("ann", "<state>LOGIN</state><extension>1001</extension>").await;
    ann.is_to_be("ann", "<state>READY</state>").await;
    ann.is_to_be("ann", "<state>READY</state>").await;
    assert_eq!(ann.state("ann").await, "READY");
    let codes = ann.get("User/ann/ReasonCodes?category=NOT_READY").await;
    assert_eq!(codes.text.matches("<ReasonCode>").count(), 1, "those of her team and of all: {codes:?}");
    assert_eq!(
        (codes.has("label"), codes.has("forAll"), codes.has("systemCode")),
        ("lunch", "true", "false")
    );
    let lunch = id_in(&codes.text, "ReasonCode");
    ann.is_to_be("ann", &format!("<state>NOT_READY</state><reasonCodeId>{lunch}</reasonCodeId>")).await;
    let away = ann.get("User/ann").await;
    assert_eq!(
        (away.has("state"), away.has("reasonCodeId"), away.has("label")),
        ("NOT_READY", lunch, "lunch")
    );
    let codes = ann.get("User/ann/ReasonCodes?category=logout").await;
    assert!(
        codes.text.contains("<label>lunch</label>") && codes.text.contains("<label>home</label>"),
        "{codes:?}"
    );
    assert!(codes.text.contains("<category>LOGOUT</category>"), "{codes:?}");
    ann.is_to_be("ann", &format!("<state>LOGOUT</state><reasonCodeId>{lunch}</reasonCodeId>")).await;
    assert_eq!(ann.state("ann").await, "LOGOUT");
}

#[tokio::test]
async fn what_a_user_cannot_be_is_refused_with_its_reason() {
    let site = site().await;
    let ann = ann(&site);
    let refusals = [
        ("<state>READY</state>", "400 Invalid State [ann]"),
        ("<state>LOGIN</state>", "400 Parameter Missing [extension]"),
        ("<state>LOGIN</state><extension>4711</extension>", "400 Invalid Input [4711]"),
        ("<state>TALKING</state>", "400 Invalid Input [TALKING]"),
        ("<state>ASLEEP</state>", "400 Invalid Input [state]"),
        ("", "400 Parameter Missing [state]"),
        ("<state>NOT_READY</state><reasonCodeId>x</reasonCodeId>", "400 Invalid Input [reasonCodeId]"),
        ("<state>NOT_READY</state><reasonCodeId>99</reasonCodeId>", "400 Invalid Input [ann]"),
    ];
    for (inside, expected) in refusals {
        let answer = ann.put("User/ann", &format!("<User>{inside}</User>")).await;
        assert_eq!(answer.refused(), expected, "{inside}");
    }
    for path in ["User/ann/ReasonCodes", "User/ann/ReasonCodes?category="] {
        let expected = if path.ends_with('=') { "400 Invalid Input" } else { "400 Parameter Missing" };
        assert_eq!(ann.get(path).await.refused(), format!("{expected} [category]"), "{path}");
    }
    let call = ann.send("POST", "User/ann/Dialogs", &make("MAKE_CALL", "1001", "1002", "")).await;
    assert_eq!(call.refused(), "400 Invalid State [ann]", "she is logged in at no phone");
}

#[tokio::test]
async fn nobody_is_let_in_without_the_right_password() {
    let site = site().await;
    let url = format!("{}/finesse/api/User/ann", site.url());
    let nobody = read(reqwest::Client::new().get(&url)).await;
    assert_eq!(nobody.refused(), "401 Authorization Failure []");
    assert_eq!(nobody.challenge, "Basic realm=\"cordial\", charset=\"UTF-8\"");
    for header in ["Basic", "Basic !", "Bearer YTpi", "Basic YW5u"] {
        let answer = read(reqwest::Client::new().get(&url).header("authorization", header)).await;
        assert_eq!(answer.refused(), "401 Authorization Failure []", "{header}");
    }
    for (name, password) in
        [("ann", "wrong enough"), ("nobody", "long enough"), ("ann@other.test", "long enough")]
    {
        let answer = Client::new(&site, name, password).get("User/ann").await;
        assert_eq!(answer.refused(), "401 Authorization Failure []", "{name}");
    }
    let full = format!("ann@{}", site.domain);
    assert_eq!(Client::new(&site, &full, "long enough").get("User/ann").await.status, 200);
    // An administrator is neither an agent nor a supervisor.
    let admin = json!({ "name": "root", "roles": ["administrator"], "password": "root's password" });
    site.make("users", admin).await;
    let root = Client::new(&site, "root", "root's password").get("SystemInfo").await;
    assert_eq!(root.refused(), "401 Authorization Failure []");
}

#[tokio::test]
async fn a_password_that_is_changed_works_no_more_at_once() {
    let site = site().await;
    assert_eq!(ann(&site).get("User/ann").await.status, 200);
    assert_eq!(ann(&site).get("User/ann").await.status, 200);
    let path = format!("/v1/users/{}/password", site.ids.user);
    let body = json!({ "password": "another one" }).to_string();
    assert_eq!(site.ask("PUT", &path, &site.token, Some(&body), None, false).await.status, 204);
    assert_eq!(ann(&site).get("User/ann").await.status, 401);
    assert_eq!(Client::new(&site, "ann", "another one").get("User/ann").await.status, 200);
}

#[tokio::test]
async fn passwords_are_not_guessed_at_line_speed_and_right_ones_are_not_slowed_down() {
    let site = site().await;
    // So many that each with its slow hash would be counted as a stranger and refused.
    for _ in 0..150 {
        assert_eq!(ann(&site).get("SystemInfo").await.status, 200);
    }
    let mut refused = 0;
    for n in 0..60 {
        let answer = Client::new(&site, "bob", &format!("guess {n}")).get("User/bob").await;
        assert!(matches!(answer.status, 401 | 429), "{answer:?}");
        refused += u32::from(answer.status == 429);
        if answer.status == 429 {
            assert_eq!(answer.refused(), "429 Generic Error []");
        }
    }
    assert!(refused > 20, "{refused} of 60 guesses were refused unlooked at");
    // Not even the right one is looked at, so that guessing goes no faster by what is recognised.
    assert_eq!(bob(&site).get("User/bob").await.status, 429);
    // She was right from there before, and is not concerned.
    assert_eq!(ann(&site).get("User/ann").await.status, 200);
}

#[tokio::test]
async fn an_agent_sees_and_changes_nobody_else() {
    let site = site().await;
    let (ann, bob) = (ann(&site), bob(&site));
    ann.is_to_be("ann", "<state>LOGIN</state><extension>1001</extension>").await;
    bob.is_to_be("bob", "<state>LOGIN</state><extension>1002</extension>").await;
    ann.does("POST", "User/ann/Dialogs", &make("MAKE_CALL", "1001", "1002", "")).await;
    let call = id_in(&ann.get("User/ann/Dialogs").await.text, "Dialog").to_owned();
    let not_his = "401 Invalid Authorization User Specified [ann]";
    let kinds = ["", "/Dialogs", "/Queues", "/ReasonCodes?category=LOGOUT", "/WrapUpReasons", "/PhoneBooks"];
    for of in kinds {
        assert_eq!(bob.get(&format!("User/ann{of}")).await.refused(), not_his, "{of}");
    }
    // Nor does he learn who there is.
    let nobody = bob.get("User/nobody").await;
    assert_eq!(nobody.refused(), "401 Invalid Authorization User Specified [nobody]");
    assert_eq!(bob.put("User/ann", "<User><state>LOGOUT</state></User>").await.refused(), not_his);
    let for_her = bob.send("POST", "User/ann/Dialogs", &make("MAKE_CALL", "1002", "1001", "")).await;
    assert_eq!(for_her.refused(), not_his);
    let from_hers = bob.send("POST", "User/bob/Dialogs", &make("MAKE_CALL", "1001", "1001", "")).await;
    assert_eq!(from_hers.refused(), "400 Invalid Input [fromAddress]");
    for (own, action) in [("1002", "DROP"), ("1002", "HOLD"), ("1002", "RETRIEVE"), ("1002", "ANSWER")] {
        let answer = bob.put(&format!("Dialog/{call}"), &act(own, action, "")).await;
        assert_eq!(answer.refused(), format!("404 Not Found [{call}]"), "{action}");
    }
    let as_her = bob.put(&format!("Dialog/{call}"), &act("1001", "DROP", "")).await;
    assert_eq!(as_her.refused(), "400 Invalid Input [targetMediaAddress]");
    assert_eq!(bob.get(&format!("Dialog/{call}")).await.refused(), "404 Not Found [dialog]");
    assert_eq!(bob.get("Team/1").await.refused(), "401 Invalid Supervisor [1]");
    let drop = bob.put(&format!("Dialog/{call}"), &act("1001", "PARTICIPANT_DROP", "")).await;
    assert_eq!(drop.refused(), format!("401 Authorization Failure [{call}]"));
    for action in ["SILENT_MONITOR", "BARGE_CALL"] {
        let uri = format!("<associatedDialogUri>/finesse/api/Dialog/{call}</associatedDialogUri>");
        let answer = bob.send("POST", "User/bob/Dialogs", &make(action, "1002", "1001", &uri)).await;
        assert_eq!(answer.refused(), "401 Authorization Failure [bob]", "{action}");
    }
    assert_eq!(ann.state("ann").await, "NOT_READY", "nothing of it was done");
    assert_eq!(id_in(&ann.get("User/ann/Dialogs").await.text, "Dialog"), call);
}

#[tokio::test]
async fn a_supervisor_reads_and_changes_the_own_team_and_no_other() {
    let site = site().await;
    let (ann, sue, eve) = (ann(&site), sue(&site), eve(&site));
    ann.is_to_be("ann", "<state>LOGIN</state><extension>1001</extension>").await;
    let own = sue.get("User/sue").await;
    assert!(own.text.contains("<role>Agent</role><role>Supervisor</role>"), "{own:?}");
    let team = own.has("teamId").to_owned();
    assert!(
        own.text.contains(&format!(
            "<teams><Team><uri>/finesse/api/Team/{team}</uri><id>{team}</id><name>day</name>"
        )),
        "{own:?}"
    );
    sue.is_to_be("ann", "<state>READY</state>").await;
    assert_eq!(sue.state("ann").await, "READY");
    let here = sue.get(&format!("Team/{team}")).await;
    assert_eq!((here.has("name"), here.text.matches("<User>").count()), ("day", 1), "{here:?}");
    assert!(here.text.contains("<loginId>ann</loginId>"), "{here:?}");
    let all = sue.get(&format!("Team/{team}?includeLoggedOutAgents=true")).await;
    assert_eq!(all.text.matches("<User>").count(), 3, "{all:?}");
    for of in ["/Dialogs", "/Queues", "/WrapUpReasons", "/PhoneBooks"] {
        assert_eq!(sue.get(&format!("User/ann{of}")).await.status, 200, "{of}");
    }
    let no_log_in = sue.put("User/ann", "<User><state>LOGIN</state><extension>1001</extension></User>").await;
    assert_eq!(no_log_in.refused(), "401 Invalid Authorization User Specified [ann]");
    assert_eq!(sue.get("User/nobody").await.refused(), "404 User Not Found [nobody]");
    assert_eq!(sue.get("Team/99").await.refused(), "404 Not Found [team]");
    assert_eq!(sue.get("Team/x").await.refused(), "404 Not Found [team]");
    for not_hers in ["User/ann", "User/ann/Dialogs"] {
        assert_eq!(eve.get(not_hers).await.refused(), "401 Invalid Supervisor [ann]");
    }
    let other = eve.put("User/ann", "<User><state>LOGOUT</state></User>").await;
    assert_eq!(other.refused(), "401 Invalid Supervisor [ann]");
    assert_eq!(eve.get(&format!("Team/{team}")).await.refused(), format!("401 Invalid Supervisor [{team}]"));
    // She takes no calls herself.
    let eves = eve.get("User/eve").await;
    assert_eq!((eves.status, eves.has("state"), eves.has("loginName")), (200, "UNKNOWN", "eve"));
    assert_eq!(eve.get("User/eve/Dialogs").await.text, "<Dialogs/>");
    let in_vain = eve.put("User/eve", "<User><state>READY</state></User>").await;
    assert_eq!(in_vain.refused(), "404 User Not Found [eve]");
    sue.is_to_be("ann", "<state>LOGOUT</state>").await;
    assert_eq!(ann.state("ann").await, "LOGOUT");
}

#[tokio::test]
async fn an_agent_calls_and_hangs_up_before_anybody_answers() {
    let site = site().await;
    let ann = ann(&site);
    ann.is_to_be("ann", "<state>LOGIN</state><extension>1001</extension>").await;
    assert_eq!(ann.get("User/ann/Dialogs").await.text, "<Dialogs/>");
    ann.does("POST", "User/ann/Dialogs", &make("MAKE_CALL", "1001", "1002", "")).await;
    let dialogs = ann.get("User/ann/Dialogs").await;
    let call = id_in(&dialogs.text, "Dialog").to_owned();
    // Her own phone is rung first.
    assert_eq!((dialogs.has("fromAddress"), dialogs.has("toAddress")), ("1001", "1002"));
    assert_eq!((dialogs.has("callType"), dialogs.has("mediaAddress")), ("AGENT_INSIDE", "1001"));
    let states: Vec<&str> =
        dialogs.text.split("<state>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!(states, ["INITIATING", "INITIATING"], "{dialogs:?}");
    assert!(
        dialogs.text.contains("<actions><action>DROP</action><action>UPDATE_CALL_DATA</action></actions>"),
        "{dialogs:?}"
    );
    assert_eq!(
        ann.get(&format!("Dialog/{call}")).await.text,
        dialogs.text.replace("<Dialogs>", "").replace("</Dialogs>", "")
    );
    assert_eq!(sue(&site).get(&format!("Dialog/{call}")).await.status, 200);
    assert_eq!(eve(&site).get(&format!("Dialog/{call}")).await.refused(), "404 Not Found [dialog]");
    let path = format!("Dialog/{call}");
    let data = "<Dialog><requestedAction>UPDATE_CALL_DATA</requestedAction><mediaProperties><callvariables>\
                <CallVariable><name>callVariable1</name><value>&lt;gold&gt; &amp; more</value></CallVariable></callvariables></mediaProperties></Dialog>";
    ann.does("PUT", &path, data).await;
    let told = ann.get(&path).await;
    assert!(
        told.text.contains("<name>callVariable1</name><value>&lt;gold&gt; &amp; more</value>"),
        "{told:?}"
    );
    let refusals = [
        (act("1001", "HOLD", ""), "400 Invalid State [CALL]"),
        (act("1001", "ACCEPT", ""), "400 Invalid Input [ACCEPT]"),
        (act("1001", "MAKE_CALL", ""), "400 Invalid Input [MAKE_CALL]"),
        (act("1001", "CONSULT_CALL", ""), "400 Parameter Missing [toAddress]"),
        (act("1001", "TRANSFER_SST", ""), "400 Parameter Missing [toAddress]"),
        (act("1001", "SEND_DTMF", ""), "400 Parameter Missing [dtmfString]"),
        (act("1001", "UPDATE_CALL_DATA", ""), "400 Parameter Missing [mediaProperties]"),
        (act("1001", "UPDATE_CALL_DATA", "<wrapUpReason>no such</wrapUpReason>"), "400 Invalid Input [CALL]"),
        (act("4711", "DROP", ""), "400 Invalid Input [targetMediaAddress]"),
        (
            "<Dialog><requestedAction>DROP</requestedAction></Dialog>".to_owned(),
            "400 Parameter Missing [targetMediaAddress]",
        ),
        ("<User><state>READY</state></User>".to_owned(), "400 Bad Request []"),
    ];
    for (body, expected) in refusals {
        assert_eq!(
            ann.put(&path, &body).await.refused(),
            expected.replace("[CALL]", &format!("[{call}]")),
            "{body}"
        );
    }
    let keys =
        "<actionParams><ActionParam><name>dtmfString</name><value>12#</value></ActionParam></actionParams>";
    assert_eq!(
        ann.put(&path, &act("1001", "SEND_DTMF", keys)).await.status,
        400,
        "nobody is there to hear it"
    );
    assert_eq!(ann.put("Dialog/99", &act("1001", "SEND_DTMF", keys)).await.refused(), "404 Not Found [call]");
    ann.does("PUT", &path, &act("1001", "DROP", "")).await;
    assert_eq!(ann.get("User/ann/Dialogs").await.text, "<Dialogs/>");
    assert_eq!(ann.get(&path).await.refused(), "404 Not Found [dialog]");
    let nowhere = ann.send("POST", "User/ann/Dialogs", &make("MAKE_CALL", "1001", "x", "")).await;
    assert_eq!(nowhere.refused(), "400 Invalid Input [ann]");
    let missing =
        "<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>1001</fromAddress></Dialog>";
    assert_eq!(
        ann.send("POST", "User/ann/Dialogs", missing).await.refused(),
        "400 Parameter Missing [toAddress]"
    );
    let drop = ann.send("POST", "User/ann/Dialogs", &make("DROP", "1001", "1", "")).await;
    assert_eq!(drop.refused(), "400 Invalid Input [DROP]");
}

#[tokio::test]
async fn a_call_of_a_queue_rings_and_is_declined() {
    let site = site().await;
    let ann = ann(&site);
    ann.is_to_be("ann", "<state>LOGIN</state><extension>1001</extension>").await;
    site.live_offer().await;
    let reserved = ann.get("User/ann").await;
    assert_eq!(reserved.has("state"), "RESERVED");
    site.ring();
    let is_rung = |leg: &Value| leg["state"] == "ringing";
    site.until("/v1/calls", |calls| {
        let legs = calls["items"][0]["legs"].as_array();
        legs.is_some_and(|legs| legs.iter().any(is_rung))
    })
    .await;
    let dialogs = ann.get("User/ann/Dialogs").await;
    let call = id_in(&dialogs.text, "Dialog").to_owned();
    assert_eq!(
        (dialogs.has("callType"), dialogs.has("queueName"), dialogs.has("queueNumber")),
        ("ACD_IN", "sales", "800")
    );
    assert_eq!((dialogs.has("fromAddress"), dialogs.has("DNIS")), ("4477", "4400"));
    let parties: Vec<&str> = dialogs.text.split("<Participant>").skip(1).collect();
    let [caller, own] = parties[..] else { panic!("{dialogs:?}") };
    assert!(caller.starts_with("<actions/><mediaAddress>4477</mediaAddress><mediaAddressType/>"), "{caller}");
    assert!(caller.contains("<state>INITIATED</state>"), "{caller}");
    let rings = "<actions><action>ANSWER</action></actions><mediaAddress>1001</mediaAddress><mediaAddressType>AGENT_DEVICE</mediaAddressType>";
    assert!(own.starts_with(rings) && own.contains("<state>ALERTING</state>"), "{own}");
    assert!(own.ends_with("</participants><state>ALERTING</state></Dialog></Dialogs>"), "{own}");
    let queues = ann.get("User/ann/Queues").await;
    assert_eq!(
        (queues.has("name"), queues.has("callsInQueue"), queues.has("agentsReady")),
        ("sales", "1", "0")
    );
    let queue = format!("Queue/{}", id_in(&queues.text, "Queue"));
    assert_eq!(ann.get(&queue).await.has("callsInQueue"), "1");
    assert_eq!(sue(&site).get(&queue).await.has("callsInQueue"), "1");
    assert_eq!(bob(&site).get(&queue).await.refused(), "404 Not Found [queue]", "it is none of his");
    assert_eq!(sue(&site).get("Queue/99").await.refused(), "404 Not Found [queue]");
    let path = format!("Dialog/{call}");
    // Her phone does not answer by itself.
    assert_eq!(
        ann.put(&path, &act("1001", "ANSWER", "")).await.refused(),
        format!("400 Invalid State [{call}]")
    );
    ann.does("PUT", &path, &act("1001", "DROP", "")).await;
    assert_eq!(ann.get("User/ann/Dialogs").await.text, "<Dialogs/>");
    let declined = ann.get("User/ann").await;
    assert_eq!(
        (declined.has("state"), declined.has("reasonCodeId"), declined.has("systemCode")),
        ("NOT_READY", "32751", "true")
    );
}

#[tokio::test]
async fn phone_books_reasons_and_the_system_are_told() {
    let site = site().await;
    let ann = ann(&site);
    let reasons = ann.get("User/ann/WrapUpReasons").await;
    assert!(
        reasons.text.starts_with("<WrapUpReasons><WrapUpReason><uri>/finesse/api/WrapUpReason/"),
        "{reasons:?}"
    );
    assert_eq!((reasons.has("label"), reasons.has("forAll")), ("sold", "true"));
    let day = site.make("phone-books", json!({ "name": "Day", "team": site.ids.team })).await;
    for n in 1..=3 {
        let contact = json!({ "phone_book": day, "first_name": "Lee", "last_name": n.to_string(), "number": format!("+4930{n}") });
        site.make("contacts", contact).await;
    }
    let books = ann.get("User/ann/PhoneBooks").await;
    let names: Vec<&str> =
        books.text.split("<name>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert!(names.contains(&"Day") && !names.contains(&"Night"), "{names:?}");
    assert!(books.text.contains("<name>Day</name><type>TEAM</type>"), "{books:?}");
    assert!(books.text.contains("<type>GLOBAL</type>"), "{books:?}");
    let last = books.text.rsplit_once("<contacts>/finesse/api/").expect("contacts").1;
    let contacts = last.split('<').next().expect("an address");
    let all = ann.get(contacts).await;
    assert_eq!((all.text.matches("<Contact>").count(), all.has("phoneNumber")), (3, "+49301"), "{all:?}");
    let ranged = async |range: &str| read(ann.request("GET", contacts).header(header::RANGE, range)).await;
    assert_eq!(ranged("objects=2-3").await.has("lastName"), "2");
    assert_eq!(ranged("objects=2-2").await.text.matches("<Contact>").count(), 1);
    assert_eq!(ranged("objects=9-10").await.text, "<Contacts/>");
    assert_eq!(ranged("bytes=0-1").await.text, all.text);
    for wrong in ["objects=0-1", "objects=2-1", "objects=x"] {
        assert_eq!(ranged(wrong).await.refused(), "400 Invalid Input [Range]", "{wrong}");
    }
    assert_eq!(eve(&site).get(contacts).await.refused(), "404 Not Found [phone book]");
    let system = ann.get("SystemInfo").await;
    assert_eq!((system.has("status"), system.has("host")), ("IN_SERVICE", "127.0.0.1"));
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_xml() {
    let site = site().await;
    let ann = ann(&site);
    let bombs = [
        "",
        "READY",
        "<User>",
        "<User><state>READY</state></User><User/>",
        "<!DOCTYPE User><User><state>READY</state></User>",
        "<!DOCTYPE User [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><User><state>&b;</state></User>",
        "<!DOCTYPE User [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><User><state>&x;</state></User>",
        "<User><state>&b;</state></User>",
        "<?xml version=\"1.0\" encoding=\"utf-16\"?><User><state>READY</state></User>",
    ];
    for body in bombs {
        assert_eq!(ann.put("User/ann", body).await.refused(), "400 Bad Request []", "{body}");
    }
    let deep = format!("{}{}", "<User>".repeat(1_000), "</User>".repeat(1_000));
    assert_eq!(ann.put("User/ann", &deep).await.refused(), "400 Bad Request []");
    let large = format!("<User><state>READY</state><x>{}</x></User>", "x".repeat(1_024 * 1_024));
    assert_eq!(ann.put("User/ann", &large).await.refused(), "413 Bad Request []");
    let body = "<User><state>READY</state></User>";
    for kind in ["text/plain", "application/json", "application/x-www-form-urlencoded", ""] {
        let answer = read(ann.request("PUT", "User/ann").header(header::CONTENT_TYPE, kind).body(body)).await;
        assert_eq!(answer.refused(), "415 Bad Request []", "{kind}");
    }
    let untold = read(ann.request("PUT", "User/ann").body(body)).await;
    assert_eq!(untold.refused(), "415 Bad Request []", "a stranger's page can send that by her browser");
    let latin = read(
        ann.request("PUT", "User/ann").header(header::CONTENT_TYPE, "text/xml; charset=utf-8").body(body),
    )
    .await;
    assert_eq!(latin.refused(), "400 Invalid State [ann]", "it was read");
    for (method, path, allow) in [
        ("DELETE", "User/ann", "GET,HEAD,PUT"),
        ("POST", "User/ann", "GET,HEAD,PUT"),
        ("PUT", "SystemInfo", "GET,HEAD"),
        ("POST", "Dialog/1", "GET,HEAD,PUT"),
    ] {
        let answer = ann.send(method, path, body).await;
        assert_eq!(
            (answer.refused().as_str(), answer.allow.as_str()),
            ("405 Bad Request []", allow),
            "{method} {path}"
        );
    }
    for path in ["", "Users", "User", "User/ann/", "User/ann/Songs", "Dialog/1/2"] {
        assert_eq!(ann.get(path).await.refused(), "404 Not Found [path]", "{path}");
    }
    for path in ["User/%FF", "Dialog/%C3%28"] {
        assert_eq!(ann.get(path).await.refused(), "400 Bad Request []", "{path}");
    }
    assert_eq!(ann.get("Dialog/99999999999999999999999").await.refused(), "404 Not Found [dialog]");
    assert_eq!(ann.get(&format!("SystemInfo?{}", "x".repeat(20_000))).await.refused(), "400 Bad Request []");
}

#[tokio::test]
async fn what_people_are_called_is_told_as_it_is() {
    let site = site().await;
    let odd = json!({ "name": "o'neill & søn <1>", "roles": ["agent"], "password": "odd password" });
    let odd = site.make("users", odd).await;
    site.make("agents", json!({ "name": "Ó <Néill> & Søn", "user": odd })).await;
    let client = Client::new(&site, "o'neill & søn <1>", "odd password");
    let user = client.get("User/o'neill%20&%20s%C3%B8n%20%3C1%3E").await;
    assert_eq!(
        (user.status, user.has("firstName"), user.has("lastName")),
        (200, "Ó", "&lt;Néill&gt; &amp; Søn")
    );
    let dialogs = user.has("dialogs").replace("&amp;", "&");
    let path = dialogs.strip_prefix("/finesse/api/").expect("an address");
    assert_eq!(client.get(path).await.text, "<Dialogs/>");
}

#[tokio::test]
async fn where_it_is_switched_off_it_says_so() {
    let site = Site::open().await;
    for path in ["User/ann", "SystemInfo", "", "anything"] {
        let answer = ann(&site).get(path).await;
        assert_eq!(answer.refused(), "404 Not Found []");
        assert!(answer.has("ErrorMessage").contains("connector.finesse"), "{answer:?}");
    }
}
