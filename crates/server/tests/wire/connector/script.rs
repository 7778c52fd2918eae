//! One day of two agents and their supervisor, by each of the three ways, while real phones carry the calls. What each hears
//! is the same however it comes.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::desk::Desk;
use crate::broker::Broker;
use crate::codes::held::talker;
use crate::peers::{Baresip, free_port};
use crate::server::Server;

/// What all of them log in with.
const PASSWORD: &str = "a good password";

/// A server with a queue (8000) whose calls Ann takes; Bob is of her team, and Sue supervises it. All have phones.
struct House {
    server: Server,
    stomp: SocketAddr,
    /// How a contact ended well.
    sold: String,
    _phones: Vec<Baresip>,
}

impl House {
    async fn open(tables: &str) -> Self {
        Self::calling("", tables).await
    }

    /// One that may call back to these places.
    async fn calling(callbacks: &str, tables: &str) -> Self {
        let stomp = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let formats = "formats = { ann = \"long\", bob = \"long\", sue = \"long\" }";
        let embedded = format!("[connector]\nenabled = true\nlisten = \"{stomp}\"\ntls_listen = \"\"\n");
        let callbacks = format!("callback_hosts = \"{callbacks}\"\n");
        let server = Server::start_with_tables(&format!("{embedded}{callbacks}{formats}\n{tables}")).await;
        let policy = json!({ "name": "sales", "number": "8000", "wrap_up_ms": 3_000 });
        let queue = server.add("/v1/queues", policy).await;
        let sold = server.add("/v1/dispositions", json!({ "name": "sold" })).await;
        let team = server.add("/v1/teams", json!({ "name": "day" })).await;
        let mut phones = Vec::new();
        for (name, full, role, number, hz) in [
            ("ann", "Ann Lee", "agent", "2004", 1_300),
            ("bob", "Bob Ray", "agent", "2006", 1_000),
            ("sue", "Sue Day", "supervisor", "2010", 1_900),
        ] {
            let user = json!({ "name": name, "roles": [role], "password": PASSWORD });
            let user = server.add("/v1/users", user).await;
            let agent = server.add("/v1/agents", json!({ "name": full, "user": user, "team": team })).await;
            if name == "ann" {
                server.put(&format!("/v1/agents/{agent}/queues/{queue}"), json!(null)).await;
            }
            phones.push(talker(&server, number, hz, None).await);
        }
        Self { server, stomp, sold, _phones: phones }
    }

    /// A caller at a phone of his own dials the queue.
    async fn caller(&self) -> Baresip {
        let made = self.server.post("/v1/devices", json!({ "number": "2005", "digest": "md5" })).await;
        let password = made["secret"]["password"].as_str().expect("a new device has a secret");
        let account = format!("<sip:2005@{}>;auth_pass={password};regint=60", self.server.sip);
        Baresip::dial("2005", 700, &account, &format!("sip:8000@{}", self.server.sip))
    }
}

/// The three desks.
struct Desks {
    ann: Desk,
    bob: Desk,
    sue: Desk,
}

/// The call that an event is about.
fn dialog(event: &str) -> String {
    let id = event
        .split('#')
        .find_map(|field| field.strip_prefix("DialogID:").or_else(|| field.strip_prefix("AssDialogID:")));
    id.expect("an event of a call").to_owned()
}

async fn come_in(desk: &mut Desk, name: &str, extension: &str) {
    desk.ask(&format!("Hello#{name}"), "null").await;
    desk.hears(&["System#IN_SERVICE"]).await;
    desk.ask(&format!("Connect#{name}"), &format!("{name},{PASSWORD}")).await;
    desk.ask(&format!("Login#{name}"), &format!("{PASSWORD},{extension}")).await;
    desk.hears(&["#AgentInfo#"]).await;
    desk.hears(&["#DialogStatus#"]).await;
}

/// A call is answered, held, retrieved, asked about, conferred, listened to, joined by the supervisor, left, transferred and
/// finished. Gives the call's record.
async fn day(house: &House, Desks { ann, bob, sue }: &mut Desks) -> Value {
    come_in(sue, "sue", "2010").await;
    let teams = sue.hears(&["#TeamInfoIDs#"]).await;
    let team = teams.split('#').nth(3).expect("a team").to_owned();
    come_in(ann, "ann", "2004").await;
    come_in(bob, "bob", "2006").await;
    sue.ask("getteamusers#sue", &format!("{team},true")).await;
    sue.hears(&["#TeamUsersList#", "LoginId:ann,State:NOT_READY", "LoginId:bob"]).await;
    ann.ask("MakeReady#ann", "").await;
    ann.hears(&["#State#READY#"]).await;
    sue.hears(&["#State#READY#", "#ann#"]).await;

    let _caller = house.caller().await;
    let call = dialog(&ann.hears(&["#NewInboundCall#2005#"]).await);
    let own = format!("DialogID:{call}#");
    ann.hears(&["#State#RESERVED#"]).await;
    ann.hears(&["#InboundCall#ACTIVE#", &own, "CallType:ACD_IN"]).await;
    ann.ask("HoldCall#ann", &call).await;
    ann.hears(&["#InboundCall#HELD#", &own]).await;
    ann.ask("RetrieveCall#ann", &call).await;
    ann.hears(&["#InboundCall#ACTIVE#", &own]).await;

    ann.ask("ConsultCall#ann", &format!("2006,{call}")).await;
    ann.hears(&["#InboundCall#HELD#", &own]).await;
    bob.hears(&["#NewInboundCall#2004#", "CallType:CONSULT_IN"]).await;
    ann.hears(&["#ConsultCall#ACTIVE#"]).await;
    bob.hears(&["#InboundCall#ACTIVE#", "CallType:CONSULT_IN"]).await;
    ann.ask("Conferencecall#ann", &format!("2006,{call}")).await;
    ann.hears(&["#ConsultCall#DROP#"]).await;
    ann.hears(&["#InboundCall#ACTIVE#", &own, "CallType:CONFERENCE#ParticipantsCount:3#"]).await;
    bob.hears(&["#InboundCall#ACTIVE#", &own, "ParticipantsCount:3#"]).await;

    sue.ask("silentmonitor#sue", "2004").await;
    let ear = dialog(&sue.hears(&["#InboundCall#ACTIVE#", "CallType:SM#"]).await);
    sue.ask("bargein#sue", &format!("2004,{ear}")).await;
    sue.hears(&["#InboundCall#ACTIVE#", &own, "ParticipantsCount:4#", "SUPERVISOR_BARGE_IN"]).await;
    sue.ask("dropparticipant#sue", &format!("2006,{call}")).await;
    bob.hears(&["#InboundCall#DROP#", &own]).await;
    sue.ask("ReleaseCall#sue", &call).await;
    sue.hears(&["#InboundCall#DROP#", &own]).await;
    ann.hears(&["#InboundCall#ACTIVE#", &own, "ParticipantsCount:2#"]).await;

    ann.ask("UpdateDialogVariable#ann", &format!("{call},callVariable1=gold")).await;
    ann.hears(&["#InboundCall#ACTIVE#", &own, "callVariable1=gold|"]).await;
    ann.ask("ConsultCall#ann", &format!("2006,{call}")).await;
    ann.hears(&["#ConsultCall#ACTIVE#"]).await;
    ann.ask("TransferCall#ann", &format!("2006,{call}")).await;
    ann.hears(&["#InboundCall#WRAP_UP#", &own]).await;
    bob.hears(&["#InboundCall#ACTIVE#", &own, "callVariable1=gold|"]).await;
    ann.ask("UpdateDialogWrapup#ann", &format!("{call},sold")).await;
    ann.ask("GetDialogState#ann", &call).await;
    ann.hears(&["#DialogState#WRAP_UP#"]).await;
    bob.ask("ReleaseCall#bob", &call).await;
    bob.hears(&["#InboundCall#DROP#", &own]).await;
    ann.hears(&["#InboundCall#DROP#", &own]).await;
    for (name, desk) in [("ann", ann), ("bob", bob)] {
        desk.ask(&format!("Logout#{name}"), "").await;
        desk.hears(&["#State#LOGOUT#"]).await;
        sue.hears(&["#State#LOGOUT#", &format!("#{name}#")]).await;
    }
    house.server.wait_for_no_calls().await;
    let of_queue = |seen: &Value| {
        let items = seen["items"].as_array()?;
        items.iter().find(|item| item["supervisions"].as_array().is_some_and(|all| !all.is_empty())).cloned()
    };
    house.server.wait_for("/v1/cdrs", "call record", of_queue).await
}

/// What the record must say, however it was asked for.
fn check(house: &House, cdr: &Value) {
    assert_eq!(cdr["consultations"][0]["joined"], "conference", "{cdr:#}");
    assert_eq!(cdr["consultations"][1]["joined"], "transfer", "{cdr:#}");
    assert_eq!(cdr["supervisions"][0]["joined"], "barge", "{cdr:#}");
    assert_eq!(cdr["variables"]["callVariable1"], "gold", "{cdr:#}");
    assert_eq!(cdr["dispositions"][0]["disposition"], house.sold.as_str(), "{cdr:#}");
}

async fn day_at(house: &House, mut desks: Desks) {
    check(house, &day(house, &mut desks).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs baresip: runs in the gate's stage `wire`"]
async fn a_day_by_stomp() {
    let house = House::open("").await;
    let desk = async |name| Desk::stomp(name, house.stomp, PASSWORD, name).await;
    let desks = Desks { ann: desk("ann").await, bob: desk("bob").await, sue: desk("sue").await };
    day_at(&house, desks).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs baresip: runs in the gate's stage `wire`"]
async fn a_day_by_http() {
    let listeners = [listener().await, listener().await, listener().await];
    let at: Vec<String> =
        listeners.iter().map(|it| it.local_addr().expect("a bound socket").to_string()).collect();
    let house = House::calling(&at.join(", "), "").await;
    let [ann, bob, sue] = listeners;
    let desk = |name, listener| Desk::web(name, house.server.http(), listener);
    let desks = Desks { ann: desk("ann", ann), bob: desk("bob", bob), sue: desk("sue", sue) };
    day_at(&house, desks).await;
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

/// A server that is a client of this broker.
async fn house_at(broker: &Broker) -> House {
    House::open(&format!("[connector.broker]\nurls = \"stomp://127.0.0.1:{}\"\n", broker.stomp())).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs baresip, ActiveMQ and a JDK: runs in the gate's stage `wire`"]
async fn a_day_by_java_at_the_sites_broker() {
    let broker = Broker::start().await;
    let house = house_at(&broker).await;
    let desk = async |name| Desk::jms(name, &broker, name).await;
    let desks = Desks { ann: desk("ann").await, bob: desk("bob").await, sue: desk("sue").await };
    day_at(&house, desks).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs baresip, ActiveMQ and a JDK: runs in the gate's stage `wire`"]
async fn a_call_goes_on_while_the_broker_is_killed_and_the_client_finds_it_again() {
    let mut broker = Broker::start().await;
    let house = house_at(&broker).await;
    let mut ann = Desk::jms("ann", &broker, "ann").await;
    come_in(&mut ann, "ann", "2004").await;
    ann.ask("MakeReady#ann", "").await;
    let _caller = house.caller().await;
    let call = dialog(&ann.hears(&["#InboundCall#ACTIVE#", "CallType:ACD_IN"]).await);
    broker.kill();
    ann.java().interrupted().await;
    broker.restart().await;
    ann.java().resumed().await;
    ann.hears(&["DESTINATION#ann#RECONNECT"]).await;
    ann.ask("Hello#ann", "").await;
    ann.ask("Connect#ann", &format!("ann,{PASSWORD}")).await;
    ann.ask("Login#ann", &format!("{PASSWORD},2004")).await;
    ann.hears(&["#State#TALKING#"]).await;
    let status = ann.java().expect("her calls", |message| {
        message.body.as_deref() == Some(&format!("ann#DialogStatus#{call}#ACTIVE##"))
    });
    assert_eq!(status.await.jms_type.as_deref(), Some("ACD_IN"));
    ann.ask("ReleaseCall#ann", &call).await;
    ann.hears(&["#InboundCall#WRAP_UP#", &format!("DialogID:{call}#")]).await;
    ann.ask("MakeReady#ann", "").await;
    ann.hears(&["#State#READY#"]).await;
    let cdr = house.server.wait_for_cdr().await;
    let talked = cdr["talk_ms"].as_u64().map(std::time::Duration::from_millis);
    assert!(talked.is_some_and(|talked| talked >= broker.start_took), "the call went on: {cdr:#}");

    // The process is killed: whoever listened is told to come in once more, and is as he was.
    let House { mut server, .. } = house;
    server.kill_9();
    server.restart().await;
    ann.hears(&["DESTINATION#ann#RECONNECT"]).await;
    ann.ask("GetState#ann", "").await;
    ann.ask("Hello#ann", "").await;
    ann.hears(&["System#IN_SERVICE"]).await;
    ann.ask("Connect#ann", &format!("ann,{PASSWORD}")).await;
    ann.ask("GetState#ann", "").await;
    ann.hears(&["#State#READY#", "#2004"]).await;
}
