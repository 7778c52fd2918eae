//! A day of the same people by Finesse's REST API alone, while real phones carry the calls. What comes of what they ask for
//! they see by reading.

use std::net::UdpSocket;
use std::time::Duration;

use cordial_sip::message::Name;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::house::{House, PASSWORD};
use crate::hostile::phone::sdp;
use crate::server::{Server, pause};
use crate::talk::{Talk, phone};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of somebody at a phone.
struct Client {
    http: reqwest::Client,
    base: String,
    name: &'static str,
    extension: &'static str,
}

impl Client {
    fn of(server: &Server, name: &'static str, extension: &'static str) -> Self {
        let base = format!("http://{}/finesse/api", server.http());
        Self { http: reqwest::Client::new(), base, name, extension }
    }

    async fn get(&self, path: &str) -> String {
        let request = self.http.get(format!("{}/{path}", self.base)).basic_auth(self.name, Some(PASSWORD));
        let answer = request.send().await.expect("it answers");
        let (status, text) = (answer.status(), answer.text().await.expect("a whole answer"));
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: String) {
        let request = self.http.request(method, format!("{}/{path}", self.base));
        let request = request.basic_auth(self.name, Some(PASSWORD)).header(CONTENT_TYPE, "application/xml");
        let answer = request.body(body.clone()).send().await.expect("it answers");
        let (status, text) = (answer.status(), answer.text().await.expect("a whole answer"));
        assert_eq!((status.as_u16(), text.as_str()), (202, ""), "{path} {body}");
    }

    /// Wants to be something.
    async fn is_to_be(&self, inside: &str) {
        let body = format!("<User>{inside}</User>");
        self.send(reqwest::Method::PUT, &format!("User/{}", self.name), body).await;
    }

    async fn logs_in(&self) {
        self.is_to_be(&format!("<state>LOGIN</state><extension>{}</extension>", self.extension)).await;
    }

    /// Begins a call of his own.
    async fn calls(&self, action: &str, to: &str, more: &str) {
        let body = format!(
            "<Dialog><requestedAction>{action}</requestedAction><fromAddress>{}</fromAddress><toAddress>{to}</toAddress>{more}</Dialog>",
            self.extension
        );
        self.send(reqwest::Method::POST, &format!("User/{}/Dialogs", self.name), body).await;
    }

    /// Does something with a call that he has.
    async fn acts(&self, call: &str, action: &str, more: &str) {
        self.acts_on(call, self.extension, action, more).await;
    }

    async fn acts_on(&self, call: &str, target: &str, action: &str, more: &str) {
        let body = format!(
            "<Dialog><targetMediaAddress>{target}</targetMediaAddress><requestedAction>{action}</requestedAction>{more}</Dialog>"
        );
        self.send(reqwest::Method::PUT, &format!("Dialog/{call}"), body).await;
    }

    async fn until(&self, path: &str, what: &str, so: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let seen = self.get(path).await;
            if so(&seen) {
                return seen;
            }
            assert!(Instant::now() < until, "{} waits for {what}: {seen}", self.name);
            pause().await;
        }
    }

    /// His calls, as soon as it is so.
    async fn dialogs(&self, what: &str, so: impl Fn(&[Dialog]) -> bool) -> Vec<Dialog> {
        let path = format!("User/{}/Dialogs", self.name);
        let read = |text: &str| text.split("<Dialog>").skip(1).map(Dialog::read).collect::<Vec<_>>();
        read(&self.until(&path, what, |text| so(&read(text))).await)
    }

    /// The only call that he has, once his part of it is so.
    async fn only(&self, state: &str) -> Dialog {
        let own = self.extension;
        let so = |all: &[Dialog]| all.len() == 1 && all[0].part(own).is_some_and(|part| part.state == state);
        self.dialogs(state, so).await.pop().expect("one")
    }

    async fn state(&self, state: &str) -> String {
        let told = format!("<state>{state}</state>");
        self.until(&format!("User/{}", self.name), state, |text| text.contains(&told)).await
    }
}

/// A call as it is told.
#[derive(Debug)]
struct Dialog {
    id: String,
    text: String,
    parts: Vec<Part>,
}

/// Somebody in it.
#[derive(Debug)]
struct Part {
    address: String,
    state: String,
    actions: Vec<String>,
}

impl Dialog {
    fn read(text: &str) -> Self {
        let part = |text: &str| Part {
            address: inside(text, "mediaAddress"),
            state: inside(text, "state"),
            actions: text.split("<action>").skip(1).map(|rest| first(rest).to_owned()).collect(),
        };
        let parts = text.split("<Participant>").skip(1).map(part).collect();
        Self { id: inside(text, "id"), text: text.to_owned(), parts }
    }

    fn part(&self, address: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.address == address)
    }

    /// Of whoever has that extension.
    fn state(&self, address: &str) -> &str {
        self.part(address).map_or("", |part| &part.state)
    }
}

fn inside(text: &str, name: &str) -> String {
    let (_, rest) = text.split_once(&format!("<{name}>")).unwrap_or_default();
    first(rest).to_owned()
}

fn first(rest: &str) -> &str {
    rest.split('<').next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs baresip: runs in the gate's stage `wire`"]
async fn a_day_by_finesse() {
    let house = House::open("").await;
    house.server.add("/v1/reasons", json!({ "name": "lunch" })).await;
    let (ann, bob) = (Client::of(&house.server, "ann", "2004"), Client::of(&house.server, "bob", "2006"));
    let sue = Client::of(&house.server, "sue", "2010");
    for client in [&ann, &bob, &sue] {
        client.logs_in().await;
        client.state("NOT_READY").await;
    }
    ann.is_to_be("<state>READY</state>").await;
    ann.state("READY").await;

    let _caller = house.caller().await;
    let call = ann.only("ACTIVE").await;
    assert!(call.text.contains("<callType>ACD_IN</callType>"), "{call:?}");
    assert_eq!((call.state("2005"), call.parts.len()), ("ACTIVE", 2), "{call:?}");
    ann.state("TALKING").await;
    ann.acts(&call.id, "HOLD", "").await;
    let held = ann.only("HELD").await;
    assert_eq!(
        held.part("2004").expect("hers").actions,
        ["RETRIEVE", "DROP", "UPDATE_CALL_DATA"],
        "{held:?}"
    );
    ann.state("HOLD").await;
    ann.acts(&call.id, "RETRIEVE", "").await;
    ann.only("ACTIVE").await;

    let asked = consult(&ann, &bob, &call.id).await;
    // Back and forth between the two.
    for (to, other) in [(&call.id, &asked), (&asked, &call.id)] {
        ann.acts(to, "RETRIEVE", "").await;
        let so = |all: &[Dialog]| {
            let is = |id: &String, state| all.iter().any(|it| it.id == *id && it.state("2004") == state);
            is(to, "ACTIVE") && is(other, "HELD")
        };
        ann.dialogs("the other call", so).await;
    }
    ann.acts(&call.id, "CONFERENCE", "").await;
    let conference = ann.only("ACTIVE").await;
    assert_eq!((conference.id.as_str(), conference.parts.len()), (call.id.as_str(), 3), "{conference:?}");
    assert_eq!(bob.only("ACTIVE").await.id, call.id);
    ann.acts(
        &call.id,
        "SEND_DTMF",
        "<actionParams><ActionParam><name>dtmfString</name><value>1</value></ActionParam></actionParams>",
    )
    .await;

    sue.calls("SILENT_MONITOR", "2004", "").await;
    let ear = sue.only("ACTIVE").await;
    assert!(ear.text.contains("<callType>SM</callType>"), "{ear:?}");
    assert_eq!(ear.part("2010").expect("hers").actions, ["DROP"]);
    let heard = format!("<associatedDialogUri>/finesse/api/Dialog/{}</associatedDialogUri>", call.id);
    sue.calls("BARGE_CALL", "2004", &heard).await;
    sue.dialogs("four who talk", |all| all.len() == 1 && all[0].id == call.id && all[0].parts.len() == 4)
        .await;
    sue.acts_on(&call.id, "2006", "PARTICIPANT_DROP", "").await;
    bob.dialogs("none", <[_]>::is_empty).await;
    sue.acts(&call.id, "DROP", "").await;
    sue.dialogs("none", <[_]>::is_empty).await;

    let data = "<mediaProperties><callvariables><CallVariable><name>callVariable1</name><value>gold</value></CallVariable></callvariables></mediaProperties>";
    ann.acts(&call.id, "UPDATE_CALL_DATA", data).await;
    let two = ann.only("ACTIVE").await;
    assert!(two.parts.len() == 2 && two.text.contains("<value>gold</value>"), "{two:?}");
    consult(&ann, &bob, &call.id).await;
    ann.acts(&call.id, "TRANSFER", "").await;
    let finishes = ann.only("WRAP_UP").await;
    assert_eq!(finishes.part("2004").expect("hers").actions, ["UPDATE_CALL_DATA"]);
    ann.state("WORK_READY").await;
    ann.acts(&call.id, "UPDATE_CALL_DATA", "<wrapUpReason>sold</wrapUpReason>").await;
    let codes = ann.get("User/ann/ReasonCodes?category=NOT_READY").await;
    let lunch = inside(&codes, "code");
    ann.is_to_be(&format!("<state>NOT_READY</state><reasonCodeId>{lunch}</reasonCodeId>")).await;
    let away = ann.state("NOT_READY").await;
    assert_eq!(
        (inside(&away, "reasonCodeId"), inside(&away, "label")),
        (lunch, "lunch".to_owned()),
        "{away}"
    );
    // What is left of it Bob sends away blindly, to his supervisor.
    let left = bob.only("ACTIVE").await;
    assert_eq!(left.id, call.id);
    bob.acts(&call.id, "TRANSFER_SST", "<toAddress>2010</toAddress>").await;
    bob.dialogs("none", <[_]>::is_empty).await;
    assert_eq!(sue.only("ACTIVE").await.id, call.id);
    sue.acts(&call.id, "DROP", "").await;
    for client in [&ann, &bob, &sue] {
        client.dialogs("none", <[_]>::is_empty).await;
        client.is_to_be("<state>LOGOUT</state>").await;
        client.state("LOGOUT").await;
    }
    house.server.wait_for_no_calls().await;
    check(&house, &record(&house).await);
}

/// Ann asks Bob while the caller waits. Gives the call in which she does.
async fn consult(ann: &Client, bob: &Client, call: &str) -> String {
    ann.acts(call, "CONSULT_CALL", "<toAddress>2006</toAddress>").await;
    let asked = bob.only("ACTIVE").await;
    assert!(asked.text.contains("<callType>CONSULT_IN</callType>"), "{asked:?}");
    let both =
        ann.dialogs("both calls", |all| all.len() == 2 && all.iter().any(|it| it.id == asked.id)).await;
    let waits = both.iter().find(|it| it.id == call).expect("the caller's");
    assert_eq!(
        waits.part("2004").expect("hers").actions,
        ["RETRIEVE", "DROP", "UPDATE_CALL_DATA", "TRANSFER", "CONFERENCE"],
        "{both:?}"
    );
    let asks = both.iter().find(|it| it.id == asked.id).expect("the consultation");
    let of = format!("<associatedDialogUri>/finesse/api/Dialog/{call}</associatedDialogUri>");
    assert!(asks.state("2004") == "ACTIVE" && asks.text.contains(&of), "{asks:?}");
    asked.id
}

/// The record of the queue's call.
async fn record(house: &House) -> Value {
    let of_queue = |seen: &Value| {
        let items = seen["items"].as_array()?;
        items.iter().find(|item| item["supervisions"].as_array().is_some_and(|all| !all.is_empty())).cloned()
    };
    house.server.wait_for("/v1/cdrs", "call record", of_queue).await
}

/// What the record must say.
fn check(house: &House, cdr: &Value) {
    assert_eq!(cdr["consultations"][0]["joined"], "conference", "{cdr:#}");
    assert_eq!(cdr["consultations"][1]["joined"], "transfer", "{cdr:#}");
    assert_eq!(cdr["supervisions"][0]["joined"], "barge", "{cdr:#}");
    assert_eq!(cdr["variables"]["callVariable1"], "gold", "{cdr:#}");
    assert_eq!(cdr["dispositions"][0]["disposition"], house.sold.as_str(), "{cdr:#}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn a_phone_that_can_answers_when_finesse_asks_it_to() {
    let server = Server::start_with_tables("[connector]\nfinesse = true\n").await;
    let queue = server.add("/v1/queues", json!({ "name": "sales", "number": "8000" })).await;
    let user = json!({ "name": "ann", "roles": ["agent"], "password": PASSWORD });
    let user = server.add("/v1/users", user).await;
    let agent = server.add("/v1/agents", json!({ "name": "Ann", "user": user })).await;
    server.put(&format!("/v1/agents/{agent}/queues/{queue}"), json!(null)).await;
    let desk = phone(&server, json!({ "number": "2001", "auto_answer": true })).await;
    let lobby = phone(&server, json!({ "number": "2002" })).await;
    let ann = Client::of(&server, "ann", "2001");
    ann.logs_in().await;
    ann.is_to_be("<state>READY</state>").await;
    let talk = Talk::begin(&lobby, "8000");
    let rung = desk.asked("INVITE");
    desk.answer(&rung, 180, &[], "");
    let call = ann.only("ALERTING").await;
    assert_eq!(call.part("2001").expect("hers").actions, ["ANSWER"], "{call:?}");
    ann.acts(&call.id, "ANSWER", "").await;
    // It is rung once more, and asked to answer by itself.
    let cancel = desk.asked("CANCEL");
    desk.answer(&cancel, 200, &[], "");
    desk.answer(&rung, 487, &[], "");
    let again = desk.asked("INVITE");
    assert_eq!(again.headers.get(&Name::new("Answer-Mode")), Some("Auto"), "{again:?}");
    let rtp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    desk.answer(&again, 200, &[], &sdp(rtp.local_addr().expect("a bound socket")));
    desk.asked("ACK");
    let active = ann.only("ACTIVE").await;
    assert_eq!((active.id.as_str(), active.state("2002")), (call.id.as_str(), "ACTIVE"), "{active:?}");
    talk.hang_up();
    ann.dialogs("none", <[_]>::is_empty).await;
}
