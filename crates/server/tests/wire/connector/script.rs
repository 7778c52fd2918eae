//! One day of two agents and their supervisor, by each of the three ways, while real phones carry the calls. What each hears
//! is the same however it comes.

use serde_json::Value;
use tokio::net::TcpListener;

use super::desk::Desk;
use super::house::{House, PASSWORD};
use crate::broker::Broker;

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

    ann.ask("GetDialogParticipants#ann", &call).await;
    ann.hears(&["ann#ConferenceParticipants#2005,2004"]).await;
    ann.ask("GetDialogStateControls#ann", &call).await;
    ann.hears(&[&format!("ann#ACD_IN#DialogState#ACTIVE#{call}#Ann Lee")]).await;
    ann.hears(&["ann#Control#1,false|2,false|", "|8,true|9,true|10,true|"]).await;
    ann.ask("ZOOMPauseRecording#ann", "").await;
    ann.ask("ZOOMResumeRecording#ann", &call).await;
    sue.ask("silentmonitor#sue", "2004").await;
    let ear = dialog(&sue.hears(&["#InboundCall#ACTIVE#", "CallType:SM#"]).await);
    sue.ask("endsilentmonitor#sue", &ear).await;
    sue.hears(&["#InboundCall#DROP#", &format!("DialogID:{ear}#")]).await;

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
    ann.ask("MakeWorkNotReady#ann", "").await;
    ann.hears(&["#State#WORK#"]).await;
    ann.ask("MakeWorkReady#ann", "").await;
    ann.hears(&["#State#WORK_READY#"]).await;
    ann.ask("UpdateDialogWrapup#ann", &format!("{call},sold")).await;
    ann.ask("GetDialogState#ann", &call).await;
    ann.hears(&["#DialogState#WRAP_UP#"]).await;
    bob.ask("Transfer_sst#bob", &format!("2010,{call}")).await;
    bob.hears(&["#InboundCall#DROP#", &own]).await;
    sue.hears(&["#NewInboundCall#2005#"]).await;
    sue.hears(&["#InboundCall#ACTIVE#", &own, "CallType:ACD_IN"]).await;
    sue.ask("ReleaseCall#sue", &call).await;
    sue.hears(&["#InboundCall#DROP#", &own]).await;
    ann.hears(&["#InboundCall#DROP#", &own]).await;
    ann.hears(&["#State#READY#"]).await;

    ann.ask("MakeCall#ann", "20 06").await;
    let made = dialog(&ann.hears(&["#InboundCall#ACTIVE#", "CallType:AGENT_INSIDE"]).await);
    bob.hears(&["#NewInboundCall#2004#", &format!("DialogID:{made}#")]).await;
    ann.ask("ReleaseCall#ann", &made).await;
    ann.hears(&["#InboundCall#DROP#", &format!("DialogID:{made}#")]).await;
    ann.ask("MakeCall#ann", "9999999").await;
    ann.hears(&["ann#Error#BAD_DESTINATION"]).await;
    ann.ask("force_logout#ann", "").await;
    ann.hears(&["#State#LOGOUT#"]).await;
    sue.hears(&["#State#LOGOUT#", "#ann#"]).await;
    bob.ask("Logout#bob", "").await;
    bob.hears(&["#State#LOGOUT#"]).await;
    sue.hears(&["#State#LOGOUT#", "#bob#"]).await;
    house.server.wait_for_no_calls().await;
    let of_queue = |seen: &Value| {
        let items = seen["items"].as_array()?;
        items.iter().find(|item| item["consultations"].as_array().is_some_and(|all| all.len() == 2)).cloned()
    };
    house.server.wait_for("/v1/cdrs", "call record", of_queue).await
}

/// What the record must say, however it was asked for.
fn check(house: &House, cdr: &Value) {
    assert_eq!(cdr["consultations"][0]["joined"], "conference", "{cdr:#}");
    assert_eq!(cdr["consultations"][1]["joined"], "transfer", "{cdr:#}");
    assert_eq!(cdr["supervisions"][0]["joined"], Value::Null, "{cdr:#}");
    assert_eq!(cdr["supervisions"][1]["joined"], "barge", "{cdr:#}");
    assert_eq!(cdr["recordings"][0]["pauses"][0]["reason"], "asked for by the connector", "{cdr:#}");
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
