//! The embedded broker of the connector, spoken to by clients that we did not write: stomp.py by TCP and TLS,
//! @stomp/stompjs over WebSocket. Strangers and attackers are in `hostile/broker.rs`.

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
    check(&told, &expect![[""]]);
    assert!(!server.log().contains(PASSWORD) && !server.log().contains(server.token()));
}

#[tokio::test]
#[ignore = "needs npm: runs in the gate's stage `wire`"]
async fn stompjs_speaks_all_versions_over_web_socket() {
    let (server, ..) = server().await;
    let certificate = server.data().join("tls.crt").display().to_string();
    for address in [format!("ws://{}/stomp", server.http()), format!("wss://{}/stomp", server.https)] {
        let arguments = [&address, &certificate, "ann@cordial.local", PASSWORD, server.token()];
        let told = Lines::of("stomp_client.js", &arguments).until(|thing| thing["done"] == true);
        check(&told, &expect![[""]]);
    }
}
