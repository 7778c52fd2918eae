//! The embedded broker of the connector, spoken to by clients that we did not write: stomp.py by TCP and TLS,
//! @stomp/stompjs over WebSocket; and our client, with a broker that we did not write. Strangers and attackers are in
//! `hostile/broker.rs`.

mod activemq;

use std::net::SocketAddr;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::clients::Lines;
use crate::peers::free_port;
use crate::server::Server;

/// The password of the user `ann`.
const PASSWORD: &str = "correct horse battery";

/// A server that speaks STOMP by TCP and TLS at free ports, and has the user `ann`.
pub(crate) async fn server() -> (Server, SocketAddr, SocketAddr) {
    let [plain, tls] = [free_port(), free_port()].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let tables = format!("[connector]\nenabled = true\nlisten = \"{plain}\"\ntls_listen = \"{tls}\"\n");
    let server = Server::start_with_tables(&tables).await;
    let user = json!({ "name": "ann", "roles": ["agent"], "password": PASSWORD });
    server.post("/v1/users", user).await;
    (server, plain, tls)
}

fn check(things: &[Value], told: &Expect) {
    told.assert_eq(&things.iter().map(|thing| format!("{thing}\n")).collect::<String>());
}

#[tokio::test]
#[ignore = "needs pip: runs in the gate's stage `wire`"]
async fn stomp_py_speaks_all_versions_by_tcp_and_tls() {
    let (server, plain, tls) = server().await;
    let certificate = server.data().join("tls.crt").display().to_string();
    let ports = [plain, tls].map(|address| address.port().to_string());
    let arguments = [&ports[0], &ports[1], &certificate, "ann", PASSWORD, server.token()];
    let told = Lines::of("stomp_client.py", &arguments).until(|thing| thing["done"] == true);
    check(
        &told,
        &expect![[r#"
        {"body":"Ação\nsecond line","headers":["greeting","c-1","/queue/b","a:b\\z"],"receipts":["subscribed","sent"],"version":0}
        {"selected":["wanted green","other blue"],"version":0}
        {"transaction":["in none","in the first","last"],"version":0}
        {"back":["3"],"mode":"client","version":0}
        {"bye":true,"version":0}
        {"body":"Ação\nsecond line","headers":["greeting","c-1","/queue/b","a:b\\z"],"receipts":["subscribed","sent"],"version":1}
        {"selected":["wanted green","other blue"],"version":1}
        {"transaction":["in none","in the first","last"],"version":1}
        {"back":["3"],"mode":"client","version":1}
        {"back":["1"],"mode":"client-individual","version":1}
        {"beats":[true,true,true],"version":1}
        {"bye":true,"version":1}
        {"body":"Ação\nsecond line","headers":["greeting","c-1","/queue/b","a:b\\z"],"receipts":["subscribed","sent"],"version":2}
        {"selected":["wanted green","other blue"],"version":2}
        {"transaction":["in none","in the first","last"],"version":2}
        {"back":["3"],"mode":"client","version":2}
        {"back":["1"],"mode":"client-individual","version":2}
        {"beats":[true,true,true],"version":2}
        {"bye":true,"version":2}
        {"body":"under TLS","version":0}
        {"body":"under TLS","version":1}
        {"body":"under TLS","version":2}
        {"refused":"login or passcode is wrong","version":0}
        {"refused":"login or passcode is wrong","version":1}
        {"refused":"login or passcode is wrong","version":2}
        {"done":true}
    "#]],
    );
    assert!(!server.log().contains(PASSWORD) && !server.log().contains(server.token()));
}

#[tokio::test]
#[ignore = "needs npm: runs in the gate's stage `wire`"]
async fn stompjs_speaks_all_versions_over_web_socket() {
    let (server, ..) = server().await;
    let certificate = server.data().join("tls.crt").display().to_string();
    let visit = |address: String| {
        let arguments = [&address, &certificate, "ann@cordial.local", PASSWORD, server.token()];
        Lines::of("stomp_client.js", &arguments).until(|thing| thing["done"] == true)
    };
    let told = visit(format!("ws://{}/stomp", server.http()));
    assert_eq!(visit(format!("wss://{}/stomp", server.https)), told);
    check(
        &told,
        &expect![[r#"
        {"protocol":"v10.stomp","version":"1.0"}
        {"body":"Ação\nsecond line","headers":["greeting","c-1","/queue/b","a:b\\z"],"receipt":"sent","version":"1.0"}
        {"bytes":[0,1,0,255],"version":"1.0"}
        {"transaction":["in none","in the first","last"],"version":"1.0"}
        {"back":["3"],"mode":"client","version":"1.0"}
        {"bye":true,"version":"1.0"}
        {"protocol":"v11.stomp","version":"1.1"}
        {"body":"Ação\nsecond line","headers":["greeting","c-1","/queue/b","a\\cb"],"receipt":"sent","version":"1.1"}
        {"bytes":[0,1,0,255],"version":"1.1"}
        {"transaction":["in none","in the first","last"],"version":"1.1"}
        {"back":["3"],"mode":"client","version":"1.1"}
        {"back":["1"],"mode":"client-individual","version":"1.1"}
        {"beats":[true,true,true],"version":"1.1"}
        {"bye":true,"version":"1.1"}
        {"protocol":"v12.stomp","version":"1.2"}
        {"body":"Ação\nsecond line","headers":["greeting","c-1","/queue/b","a:b\\z"],"receipt":"sent","version":"1.2"}
        {"bytes":[0,1,0,255],"version":"1.2"}
        {"transaction":["in none","in the first","last"],"version":"1.2"}
        {"back":["3"],"mode":"client","version":"1.2"}
        {"back":["1"],"mode":"client-individual","version":"1.2"}
        {"beats":[true,true,true],"version":"1.2"}
        {"bye":true,"version":"1.2"}
        {"refused":"login or passcode is wrong"}
        {"protocol":"v12.stomp","version":"1.2"}
        {"done":true}
    "#]],
    );
}
