//! The event socket, spoken to by a client that we did not write (modesl), and by strangers on a bare socket.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use expect_test::expect;
use serde_json::Value;

use crate::clients::Lines;
use crate::peers::{Sipp, free_port};
use crate::server::Server;
use crate::site::Site;

const PATIENCE: Duration = Duration::from_secs(30);

/// A server that speaks the event socket at a free port.
async fn server() -> (Server, SocketAddr) {
    let at = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let tables = format!("[event_socket]\nenabled = true\nlisten = \"{at}\"\n");
    (Server::start_with_tables(&tables).await, at)
}

/// Events as lines: what varies from run to run is left out.
fn told(things: &[Value]) -> String {
    let event = |thing: &Value| {
        let headers = thing["event"].as_object()?;
        let shown = headers.iter().filter(|(name, _)| {
            let varies = name.contains("UUID") || name.contains("Time") || *name == "CC-Agent-System";
            name.starts_with("CC-") && *name != "CC-Action" && !varies
        });
        let shown = shown.map(|(name, value)| format!(" {name}={}", value.as_str().unwrap_or("?")));
        Some(format!("{}{}", headers["CC-Action"].as_str()?, shown.collect::<String>()))
    };
    things.iter().filter_map(event).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
#[ignore = "needs sipp and npm: runs in the gate's stage `wire`"]
async fn a_client_that_we_did_not_write_commands_and_listens() {
    let (server, at) = server().await;
    let site = Site::open_on(server).await;
    let port = site.phone_registered().await;
    let mut client =
        Lines::of("event_socket.js", &[&at.port().to_string(), site.server.token(), "sales@cordial.local"]);
    let begun = client.until(|thing| thing["ready"] == true);
    let answers = begun.iter().filter(|thing| thing["event"].is_null()).map(ToString::to_string);
    expect![[r#"
        {"refused":"-ERR invalid"}
        {"subscribed":"+OK event listener enabled json"}
        {"answer":"+OK\n","command":"agent add 2001@cordial.local callback"}
        {"answer":"-ERR Agent already exist!\n","command":"agent add 2001@cordial.local callback"}
        {"answer":"+OK\n","command":"agent set contact 2001@cordial.local user/2001@cordial.local"}
        {"answer":"Logged Out","command":"agent get status 2001@cordial.local"}
        {"answer":"Waiting","command":"agent get state 2001@cordial.local"}
        {"answer":"+OK\n","command":"tier add sales@cordial.local 2001@cordial.local 1 1"}
        {"answer":"-ERR Tier already exist!\n","command":"tier add sales@cordial.local 2001@cordial.local 1 1"}
        {"answer":"queue|agent|state|level|position\nsales@cordial.local|2001@cordial.local|Ready|1|1\n+OK\n","command":"tier list"}
        {"answer":"+OK\n","command":"agent set status 2001@cordial.local 'On Break'"}
        {"answer":"On Break","command":"agent get status 2001@cordial.local"}
        {"answer":"Idle","command":"agent get state 2001@cordial.local"}
        {"answer":"-ERR Invalid Agent Status!\n","command":"agent set status 2001@cordial.local 'Lunch'"}
        {"answer":"-ERR Agent not found!\n","command":"agent set status nobody 'On Break'"}
        {"answer":"+OK\n","command":"agent set status 2001@cordial.local 'Available (On Demand)'"}
        {"answer":"Available (On Demand)","command":"agent get status 2001@cordial.local"}
        {"answer":"Waiting","command":"agent get state 2001@cordial.local"}
        {"answer":"1\n","command":"queue count"}
        {"answer":"1\n","command":"queue count agents sales@cordial.local"}
        {"answer":"1\n","command":"queue count agents sales@cordial.local 'Available (On Demand)' Waiting"}
        {"answer":"0\n","command":"queue count agents sales@cordial.local 'On Break'"}
        {"answer":"0\n","command":"queue count members sales@cordial.local"}
        {"answer":"+OK\n","command":"queue list members sales@cordial.local"}
        {"answer":"+OK\n","command":"queue load sales@cordial.local"}
        {"answer":"-ERR Invalid Queue not found!\n","command":"queue load nowhere"}
        {"answer":"+OK\n","command":"tier set level sales@cordial.local 2001@cordial.local 7"}
        {"answer":"+OK\n","command":"tier set position sales@cordial.local 2001@cordial.local 3"}
        {"answer":"-ERR Invalid!\n","command":"tier set level sales@cordial.local 2001@cordial.local -1"}
        {"answer":"queue|agent|state|level|position\nsales@cordial.local|2001@cordial.local|Ready|7|3\n+OK\n","command":"queue list tiers sales@cordial.local"}
        {"answer":"-ERR Invalid!\n","command":"agent"}
        {"ready":true}"#]].assert_eq(&answers.collect::<Vec<_>>().join("\n"));
    let phone = Sipp::scenario("phone_answers.xml").from(port).to(site.server.sip).lasting(200).start();
    site.caller("caller.xml", "1000").lasting(1_000).run().succeeds();
    phone.succeeds();
    let rest = client.until(|thing| !thing["bye"].is_null());
    let all: Vec<Value> = begun.into_iter().chain(rest).collect();
    expect![[r#"
        agent-status-change CC-Agent=2001@cordial.local CC-Agent-Status=Available (On Demand)
        agent-state-change CC-Agent=2001@cordial.local CC-Agent-State=Idle
        agent-status-change CC-Agent=2001@cordial.local CC-Agent-Status=On Break
        agent-status-change CC-Agent=2001@cordial.local CC-Agent-Status=Available (On Demand)
        agent-state-change CC-Agent=2001@cordial.local CC-Agent-State=Waiting
        member-queue-start CC-Member-CID-Name=Wire CC-Member-CID-Number=4711 CC-Queue=sales@cordial.local
        members-count CC-Count=1 CC-Queue=sales@cordial.local CC-Selection=Single-Queue
        agent-state-change CC-Agent=2001@cordial.local CC-Agent-State=Reserved
        agent-offering CC-Agent=2001@cordial.local CC-Member-CID-Name=Wire CC-Member-CID-Number=4711 CC-Queue=sales@cordial.local
        agent-state-change CC-Agent=2001@cordial.local CC-Agent-State=Receiving
        members-count CC-Count=0 CC-Queue=sales@cordial.local CC-Selection=Single-Queue
        agent-state-change CC-Agent=2001@cordial.local CC-Agent-State=In a queue call
        bridge-agent-start CC-Agent=2001@cordial.local CC-Member-CID-Name=Wire CC-Member-CID-Number=4711 CC-Queue=sales@cordial.local
        bridge-agent-end CC-Agent=2001@cordial.local CC-Hangup-Cause=NORMAL_CLEARING CC-Member-CID-Name=Wire CC-Member-CID-Number=4711 CC-Queue=sales@cordial.local
        member-queue-end CC-Cause=Terminated CC-Member-CID-Name=Wire CC-Member-CID-Number=4711 CC-Queue=sales@cordial.local
        agent-state-change CC-Agent=2001@cordial.local CC-Agent-State=Waiting"#]].assert_eq(&told(&all));
    let job = all.iter().find_map(|thing| thing["job"].as_str()).expect("the job's answer");
    let columns: Vec<&str> = job.lines().next().expect("a head").split('|').collect();
    let row: Vec<&str> = job.lines().nth(1).expect("a row").split('|').collect();
    assert_eq!((columns.len(), columns[0], columns[5]), (row.len(), "name", "status"));
    assert_eq!((row[0], row[4]), ("2001@cordial.local", "user/2001@cordial.local"));
    let figures: BTreeMap<&str, &str> = columns.iter().copied().zip(row.iter().copied()).collect();
    assert_eq!((figures["calls_answered"], figures["no_answer_count"]), ("1", "0"));
    let end = all.iter().find(|thing| thing["event"]["CC-Action"] == "bridge-agent-end").expect("told");
    for (column, header) in [
        ("last_offered_call", "CC-Agent-Called-Time"),
        ("last_bridge_start", "CC-Agent-Answered-Time"),
        ("last_bridge_end", "CC-Bridge-Terminated-Time"),
    ] {
        assert_eq!(Value::from(figures[column]), end["event"][header], "{column}");
    }
    let talked =
        ["last_bridge_end", "last_bridge_start"].map(|it| figures[it].parse::<i64>().expect("seconds"));
    // Both ends are cut to seconds, and so is what lies between.
    let talk_time = figures["talk_time"].parse::<i64>().expect("seconds");
    assert!((talked[0] - talked[1] - 1..=talked[0] - talked[1]).contains(&talk_time), "{figures:?}");
    let start = all.iter().find(|thing| thing["event"]["CC-Action"] == "bridge-agent-start").expect("told");
    for header in [
        "CC-Agent-UUID",
        "CC-Agent-Called-Time",
        "CC-Agent-Answered-Time",
        "CC-Member-Joined-Time",
        "CC-Member-UUID",
        "CC-Member-Session-UUID",
        "Event-Subclass",
        "Event-Sequence",
        "Core-UUID",
    ] {
        assert!(
            start["event"][header].as_str().is_some_and(|value| !value.is_empty()),
            "{header}: {start:#}"
        );
    }
}

/// What a bare socket hears until the far end closes.
fn heard(at: SocketAddr, said: &[u8]) -> String {
    let mut io = TcpStream::connect(at).expect("somebody listens");
    io.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
    io.write_all(said).expect("it is taken");
    let mut heard = Vec::new();
    // A reset after the farewell is as good an end as any.
    io.read_to_end(&mut heard).ok();
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
#[ignore = "starts the program: runs in the gate's stage `wire`"]
async fn strangers_at_the_event_socket_learn_nothing_and_hold_nothing() {
    let (server, at) = server().await;
    expect![[r#"
        Content-Type: auth/request

        Content-Type: command/reply
        Reply-Text: -ERR command not found

        Content-Type: command/reply
        Reply-Text: -ERR invalid

        Content-Type: text/disconnect-notice
        Content-Disposition: disconnect
        Content-Length: 23

        Disconnected, goodbye.
    "#]]
    .assert_eq(&heard(at, b"api callcenter_config agent list\n\nauth ClueCon\n\n"));
    for said in [
        b"sendevent X\nContent-Length: -1\n\n".as_slice(),
        b"auth x\nContent-Length: 3\nContent-Length: 4\n\n",
        b"\xff\xff\n\n",
        &[b'a'; 20_000],
    ] {
        let heard = heard(at, said);
        assert!(heard.ends_with("Disconnected, goodbye.\n"), "{heard}");
        assert!(!heard.contains("api/response"), "{heard}");
    }
    let begun = std::time::Instant::now();
    assert!(heard(at, b"auth ").starts_with("Content-Type: auth/request"));
    assert!(begun.elapsed() >= Duration::from_secs(8), "a slow log-in is given its time, and no more");
    let token = server.token();
    let read_only =
        server.post("/v1/tokens", serde_json::json!({ "name": "look", "scopes": ["read"] })).await;
    let read_only = read_only["token"].as_str().expect("a token");
    let ask = |token: &str, asked: &str| heard(at, format!("auth {token}\n\n{asked}\n\nexit\n\n").as_bytes());
    assert!(ask(token, "api callcenter_config queue count").contains("\n\n0\n"));
    assert!(ask(read_only, "api callcenter_config queue count").contains("\n\n0\n"));
    assert!(
        ask(read_only, "api callcenter_config agent add x callback").contains("-ERR permission denied\n")
    );
    assert!(!server.log().contains(token) && !server.log().contains(read_only), "a secret is in the log");
}
