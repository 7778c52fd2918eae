//! Sessions of the Generic Connector at the embedded broker, in this process: who hears what, and who may ask for what.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::site::Site;

const PATIENCE: Duration = Duration::from_secs(20);

/// A client at the broker.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn enter(at: SocketAddr, name: &str, password: &str) -> Self {
        let mut client = Self(BufReader::new(TcpStream::connect(at).await.expect("it listens")));
        client
            .says(&format!("CONNECT\naccept-version:1.2\nhost:/\nlogin:{name}\npasscode:{password}\n\n"))
            .await;
        let connected = client.frame().await;
        assert!(connected.starts_with("CONNECTED\n"), "{connected}");
        client
    }

    /// Enters, and listens to a topic.
    async fn at(at: SocketAddr, name: &str, password: &str, topic: &str) -> Self {
        let mut client = Self::enter(at, name, password).await;
        client.says(&format!("SUBSCRIBE\nid:1\ndestination:/topic/{topic}\nreceipt:s\n\n")).await;
        assert_eq!(client.frame().await, "RECEIPT\nreceipt-id:s\n\n");
        client
    }

    async fn says(&mut self, frame: &str) {
        self.0.write_all(format!("{frame}\0").as_bytes()).await.expect("it reads");
    }

    async fn asks(&mut self, kind: &str, body: &str) {
        self.says(&format!("SEND\ndestination:/queue/Connector1\ntype:{kind}\n\n{body}")).await;
    }

    async fn frame(&mut self) -> String {
        let mut frame = Vec::new();
        loop {
            match timeout(PATIENCE, self.0.read_u8()).await.expect("a frame in time").expect("a frame") {
                0 => return String::from_utf8(frame).expect("text").trim_start().to_owned(),
                byte => frame.push(byte),
            }
        }
    }

    /// What the next message says.
    async fn hears(&mut self) -> String {
        let frame = self.frame().await;
        assert!(frame.starts_with("MESSAGE\n"), "{frame}");
        frame.split_once("\n\n").expect("a body").1.to_owned()
    }

    /// The next messages, without times.
    async fn hears_all<const N: usize>(&mut self) -> [String; N] {
        let mut all = [const { String::new() }; N];
        for one in &mut all {
            *one = timeless(&self.hears().await);
        }
        all
    }

    /// Whatever comes until the client is told that the system is there, which it asks for here.
    async fn hears_until_beat(&mut self, name: &str) -> Vec<String> {
        self.asks(&format!("Beat#{name}"), "").await;
        let mut all = Vec::new();
        loop {
            let heard = self.hears().await;
            if heard == "System#IN_SERVICE" {
                return all;
            }
            all.push(heard);
        }
    }
}

/// A text with its times replaced.
fn timeless(text: &str) -> String {
    let is_time =
        |field: &str| field.len() == 19 && field.as_bytes()[4] == b'-' && field.as_bytes()[13] == b':';
    let fields: Vec<&str> =
        text.split('#').map(|field| if is_time(field) { "TIME" } else { field }).collect();
    fields.join("#")
}

/// The first team of an `AgentInfo`.
fn team_in(info: &str) -> &str {
    info.split_once("TeamCount:1#").and_then(|(_, rest)| rest.split_once(',')).expect("a team").0
}

/// A site where Bob is an agent like Ann, and Sue supervises their team. No calls.
async fn site() -> Site {
    let site = Site::open().await;
    let bob = json!({ "name": "bob", "roles": ["agent"], "password": "bob's password" });
    let bob = site.make("users", bob).await;
    site.make("agents", json!({ "name": "Bob Ray", "user": bob, "team": site.ids.team })).await;
    let sue = json!({ "name": "sue", "roles": ["supervisor"], "teams": [site.ids.team], "password": "sue's password" });
    let sue = site.make("users", sue).await;
    site.make("agents", json!({ "name": "Sue Day", "user": sue, "team": site.ids.team })).await;
    site.make("reasons", json!({ "name": "home", "category": "log_out" })).await;
    let out = format!("/v1/agents/{}/log-out", site.ids.agent);
    site.post(&out, json!({})).await;
    site
}

#[tokio::test]
async fn an_agent_logs_in_and_his_state_is_told_until_he_logs_out() {
    let site = site().await;
    let mut ann = Client::at(site.stomp(), "ann", "long enough", "desk-1").await;
    ann.asks("Hello#desk-1", "null").await;
    assert_eq!(ann.hears().await, "System#IN_SERVICE");
    ann.asks("Connect#ann", "desk-1,long enough").await;
    ann.asks("Login#ann", "long enough,1001").await;
    let info = ann.hears().await;
    let team = team_in(&info);
    assert_eq!(info, format!("ann#AgentInfo#Ann##false#NOT_ALLOWED#TeamCount:1#{team},day#Ann"));
    let expected = [
        "ann#State#LOGGED_IN####TIME#Ann#ann#1001",
        "ann#State#NOT_READY####TIME#Ann#ann#1001",
        "ann#DialogStatus####",
    ];
    assert_eq!(ann.hears_all().await, expected);
    ann.asks("makeready#ann", "").await;
    assert_eq!(ann.hears_all().await, ["ann#State#READY####TIME#Ann#ann#1001"]);
    // It is so already: it is told once more.
    ann.asks("MakeReady# ann ", "null").await;
    assert_eq!(ann.hears_all().await, ["ann#State#READY####TIME#Ann#ann#1001"]);
    ann.asks("reasoncodenotready#ann", "").await;
    let codes = ann.hears().await;
    let code = codes.split_once("Codes:").and_then(|(_, rest)| rest.split_once('#')).expect("codes").0;
    assert_eq!(codes, format!("ann#ReasonCodes#Category:NOT_READY#Codes:{code}#Labels:lunch#Ann"));
    ann.asks("MakeNotReadyWithReason#ann", code).await;
    let not_ready = format!("ann#State#NOT_READY#{code}#lunch##TIME#Ann#ann#1001");
    assert_eq!(ann.hears_all().await, [not_ready.as_str()]);
    ann.asks("MakeNotReadyWithReason#ann", "99").await;
    assert_eq!(ann.hears().await, "ann#Error#MISSING_REASON_CODE");
    ann.asks("GetState#ann", "").await;
    assert_eq!(ann.hears_all().await, [not_ready.as_str()]);
    ann.asks("reasoncodelogout#ann", "").await;
    let codes = ann.hears().await;
    let all = codes.split_once("Codes:").and_then(|(_, rest)| rest.split_once('#')).expect("codes").0;
    let (lunch, home) = all.split_once(',').expect("two codes");
    assert_eq!(codes, format!("ann#ReasonCodes#Category:LOGOUT#Codes:{lunch},{home}#Labels:lunch,home#Ann"));
    ann.asks("wrapupreasoncode#ann", "").await;
    let codes = ann.hears().await;
    assert!(codes.contains("#Category:WrapUp#") && codes.contains("#Labels:sold#"), "{codes}");
    ann.asks("MakeNotReadyWithReason#ann", home).await;
    assert_eq!(ann.hears().await, "ann#Error#MISSING_REASON_CODE");
    ann.asks("logoutwithreason#ann", home).await;
    assert_eq!(ann.hears_all().await, [format!("ann#State#LOGOUT#{home}#home##TIME#Ann#ann#")]);
    assert_eq!(ann.hears_until_beat("desk-1").await, Vec::<String>::new());
}

#[tokio::test]
async fn who_is_refused_is_told_why() {
    let site = site().await;
    let mut ann = Client::at(site.stomp(), "ann", "long enough", "desk-1").await;
    ann.asks("Hello#desk-1", "").await;
    ann.hears().await;
    let refusals = [
        ("GetState#ann", "", "ann#State#RE_LOGIN"),
        ("Connect#ann", "desk-1,wrong", "ann#Error#SUBSCRIPTION_FAILED"),
        ("Login#ann", "wrong,1001", "ann#Error#CF_INVALID_PASSWORD_SPECIFIED"),
        ("Login#ann", "", "ann#Error#MISSING_PASSWORD"),
        ("Login#ann", "long enough", "ann#Error#MISSING_EXTENSION"),
        ("Login#ann", "long enough,10O1", "ann#Error#WRONG_EXTENSION"),
        ("Login#ann", "long enough,4711", "ann#Error#CF_INVALID_LOGON_DEVICE_SPECIFIED"),
        ("Connect#ann", "desk-1,long enough", ""),
        ("MakeReady#ann", "", "ann#Error#CF_INVALID_OBJECT_STATE"),
        ("MakeCall#ann", "4711", "ann#Error#CF_INVALID_OBJECT_STATE"),
        ("HoldCall#ann", "", "ann#Error#NO_DIALOG_ID"),
        ("GetDialogState#ann", "77", "ann#DialogState#NOT_FOUND#77#Ann######"),
        ("MakeCall#ann", " ", "ann#Error#MISSING_NUMBER"),
        ("getteamusers#ann", "1", "ann#Error#AUTHORIZATION_FAILURE"),
        ("getqueuelist#ann", "", "ann#Error#AUTHORIZATION_FAILURE"),
        ("MobileAgentLogin#ann", "long enough,1001,4930,true", "ann#Error#CF_GENERIC_OPERATION"),
        ("AcceptOutboundPreview#ann", "7,ACCEPT", "ann#Error#NO_DIALOG_ID"),
        ("Sing#ann", "", "ann#Error#PLEASE_RETRY"),
        ("GetState#bob", "", "bob#State#RE_LOGIN"),
    ];
    for (kind, body, answer) in refusals {
        ann.asks(kind, body).await;
        if !answer.is_empty() {
            assert_eq!(ann.hears().await, answer, "{kind} {body}");
        }
    }
    assert_eq!(ann.hears_until_beat("desk-1").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_supervisor_hears_of_the_team_and_changes_it() {
    let site = site().await;
    let mut ann = Client::at(site.stomp(), "ann", "long enough", "desk-1").await;
    ann.asks("Connect#ann", "desk-1,long enough").await;
    ann.asks("Login#ann", "long enough,1001").await;
    ann.hears_all::<4>().await;
    let mut sue = Client::at(site.stomp(), "sue", "sue's password", "desk-2").await;
    sue.asks("Connect#sue", "desk-2,sue's password").await;
    sue.asks("Login#sue", "sue's password,1002").await;
    let info = sue.hears().await;
    let team = team_in(&info);
    assert_eq!(info, format!("sue#AgentInfo#Sue#Day#true#NOT_ALLOWED#TeamCount:1#{team},day#Sue Day"));
    assert_eq!(sue.hears().await, format!("sue#TeamInfoIDs#TeamID#{team}#Sue Day"));
    let expected = [
        "sue#TeamInfoNames#TeamName#day#Sue Day",
        "sue#State#LOGGED_IN####TIME#Sue Day#sue#1002",
        "sue#State#NOT_READY####TIME#Sue Day#sue#1002",
        "sue#DialogStatus####",
    ];
    assert_eq!(sue.hears_all().await, expected);
    sue.asks("getteamusers#sue", &format!("{team},true")).await;
    let list = sue.hears().await;
    assert!(list.contains("#FirstName:Ann,LastName:,Extension:1001,LoginId:ann,State:NOT_READY,"), "{list}");
    assert!(list.contains("LoginId:bob,State:LOGOUT"), "{list}");
    sue.asks("getteamusers#sue", "99").await;
    assert_eq!(sue.hears().await, "sue#Error#NOT_FOUND");
    // The member's own id stands in the request.
    sue.asks("MakeReady#ann", "").await;
    assert_eq!(ann.hears_all().await, ["ann#State#READY####TIME#Ann#ann#1001"]);
    let changed = |state: &str| format!("sue#TeamMemberStateChanged#{team}#{state}");
    let expected = ["sue#State#READY####TIME#Ann#ann#1001".to_owned(), changed("READY")];
    assert_eq!(sue.hears_all().await, expected);
    sue.asks("MakeCall#ann", "1002").await;
    assert_eq!(sue.hears().await, "ann#Error#AUTHORIZATION_FAILURE");
    sue.asks("getqueuelist#sue", "").await;
    let queues = sue.hears().await;
    assert!(queues.starts_with("sue#QueueList#QueueName:sales,NotReady:0,"), "{queues}");
    sue.asks("logout#ann", "").await;
    assert_eq!(ann.hears_all().await, ["ann#State#LOGOUT####TIME#Ann#ann#"]);
    let expected = ["sue#State#LOGOUT####TIME#Ann#ann#".to_owned(), changed("LOGOUT")];
    assert_eq!(sue.hears_all().await, expected);
}

#[tokio::test]
async fn nobody_hears_or_commands_a_colleague() {
    let site = site().await;
    let mut ann = Client::at(site.stomp(), "ann", "long enough", "desk-1").await;
    ann.asks("Connect#ann", "desk-1,long enough").await;
    let mut bob = Client::at(site.stomp(), "bob", "bob's password", "desk-1").await;
    ann.asks("Login#ann", "long enough,1001").await;
    ann.hears_all::<4>().await;
    // He listens to her topic, and hears nothing of it; he sends to it, and is cut.
    bob.asks("Hello#desk-1", "").await;
    assert_eq!(bob.hears().await, "System#IN_SERVICE");
    bob.asks("Logout#ann", "").await;
    assert_eq!(bob.hears().await, "ann#Error#AUTHORIZATION_FAILURE");
    bob.says("SEND\ndestination:/topic/desk-1\n\nann#State#LOGOUT").await;
    let refused = bob.frame().await;
    assert!(refused.starts_with("ERROR\nmessage:this destination belongs to the connector"), "{refused}");
    assert_eq!(ann.hears_until_beat("desk-1").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_second_log_in_elsewhere_ends_the_first() {
    let site = site().await;
    let mut first = Client::at(site.stomp(), "ann", "long enough", "desk-1").await;
    first.asks("Connect#ann", "desk-1,long enough").await;
    first.asks("Login#ann", "long enough,1001").await;
    first.hears_all::<4>().await;
    let mut second = Client::at(site.stomp(), "ann", "long enough", "desk-2").await;
    second.asks("Hello#desk-2", "").await;
    second.hears().await;
    second.asks("Login#ann", "long enough,1001").await;
    assert!(second.hears().await.starts_with("ann#AgentInfo#"));
    let expected = ["ann#State#NOT_READY####TIME#Ann#ann#1001", "ann#DialogStatus####"];
    assert_eq!(second.hears_all().await, expected);
    let expected = ["ann#State#LOGOUT####TIME#Ann#ann#1001", "ann#Error#SESSION_INVALIDATED"];
    assert_eq!(first.hears_all().await, expected);
    second.asks("MakeReady#ann", "").await;
    assert_eq!(second.hears_all().await, ["ann#State#READY####TIME#Ann#ann#1001"]);
    // A password that is no longer hers proves nothing any more.
    let path = format!("/v1/users/{}/password", site.ids.user);
    let body = json!({ "password": "another one" }).to_string();
    assert_eq!(site.ask("PUT", &path, &site.token, Some(&body), None, false).await.status, 204);
    let expected = ["ann#State#LOGOUT####TIME#Ann#ann#1001", "ann#Error#SESSION_INVALIDATED"];
    assert_eq!(second.hears_all().await, expected);
    second.asks("GetState#ann", "").await;
    assert_eq!(second.hears().await, "ann#State#RE_LOGIN");
}

#[tokio::test]
async fn each_sees_the_phone_books_that_are_his() {
    let site = site().await;
    let all = site.make("phone-books", json!({ "name": "All" })).await;
    site.make("phone-books", json!({ "name": "Day", "team": site.ids.team })).await;
    let night = site.make("teams", json!({ "name": "night" })).await;
    site.make("phone-books", json!({ "name": "Night", "team": night })).await;
    let lee = json!({ "phone_book": all, "first_name": "Ann", "last_name": "Lee", "number": "+49301", "description": "a, b" });
    site.make("contacts", lee).await;
    let mut ann = Client::at(site.stomp(), "ann", "long enough", "desk-1").await;
    ann.asks("Connect#ann", "desk-1,long enough").await;
    ann.asks("GetPhonebooks#ann", "").await;
    let books = ann.hears().await;
    let ids: Vec<&str> = books.split("id:").skip(1).filter_map(|rest| rest.split('#').next()).collect();
    let [suppliers, first, second] = ids[..] else { panic!("{books}") };
    let expected = format!(
        "ann#Phonebooks#name:suppliers of all,type:GLOBAL,id:{suppliers}#name:All,type:GLOBAL,id:{first}\
         #name:Day,type:TEAM,id:{second}"
    );
    assert_eq!(books, expected);
    ann.asks("GetPhonebookContacts#ann", first).await;
    let contacts = ann.hears().await;
    let expected = "ann#PhonebookContacts#description:a  b,firstName:Ann,lastName:Lee,phoneNumber:+49301,id:";
    assert!(contacts.starts_with(expected), "{contacts}");
    ann.asks("GetPhonebookContacts#ann", second).await;
    assert_eq!(ann.hears().await, "ann#PhonebookContacts#NoContactFound");
    ann.asks("GetPhonebookContacts#ann", "Night").await;
    assert_eq!(ann.hears().await, "ann#Error#NOT_FOUND");
    ann.asks("GetTeamPhonebooks#ann", "day").await;
    assert_eq!(ann.hears().await, format!("ann#TeamPhoneBooks#name:Day,type:TEAM,id:{second}"));
    ann.asks("GetTeamPhonebooks#ann", "night").await;
    assert_eq!(ann.hears().await, "ann#Error#AUTHORIZATION_FAILURE");
}
