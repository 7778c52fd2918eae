//! All transports over IPv6.

use std::fs;
use std::net::Ipv6Addr;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::phone::Phone;
use super::stranger::{options, tls_to};
use crate::peers::{Sipp, free_port};
use crate::server::Server;
use crate::site::Site;

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn phone_and_trunk_call_each_other_over_ipv6() {
    let mut site = Site::open_on(Server::start_dual().await).await;
    let at = Ipv6Addr::LOCALHOST.into();
    site.server.sip.set_ip(at);
    let carrier = free_port();
    let trunk = json!({ "name": "carrier6", "address": format!("[::1]:{carrier}") });
    site.server.post("/v1/trunks", trunk).await;
    let port = free_port();
    let register = site.register(port, &site.secret, 120, 200).at(at);
    register.proving_for(&site.server.sip.to_string()).run().succeeds();
    site.server.wait_for_device(&site.device, "idle").await;
    let phone = Sipp::scenario("phone_answers.xml").at(at).from(port).to(site.server.sip).lasting(200);
    let phone = phone.start();
    site.caller("caller.xml", "3001").at(at).from(carrier).lasting(1_000).run().succeeds();
    phone.succeeds();
    site.server.wait_for_no_calls().await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn a_call_that_comes_by_tcp_over_ipv6_rings_a_phone_through_the_connection_it_opened() {
    let mut site = Site::open_on(Server::start_dual().await).await;
    let at = Ipv6Addr::LOCALHOST.into();
    site.server.sip.set_ip(at);
    let carrier = free_port();
    let trunk = json!({ "name": "carrier6", "address": format!("[::1]:{carrier}"), "transport": "tcp" });
    site.server.post("/v1/trunks", trunk).await;
    let mut phone = Phone::connect(site.server.sip, "2001", &site.secret).await;
    phone.registers().await;
    site.server.wait_for_device(&site.device, "idle").await;
    let caller = site.caller("caller.xml", "3001").at(at).from(carrier).by_tcp().lasting(200).start();
    let invite = phone.asked("INVITE").await;
    let offered = String::from_utf8_lossy(&invite.body).into_owned();
    assert!(offered.contains("c=IN IP6 ::1"), "{offered}");
    phone.answers(&invite).await;
    phone.asked("ACK").await;
    let bye = phone.asked("BYE").await;
    phone.says_yes(&bye).await;
    caller.succeeds();
    site.server.wait_for_no_calls().await;
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn sip_and_the_api_answer_over_ipv6_by_tcp_by_tls_and_by_https() {
    let mut server = Server::start_dual().await;
    for at in [&mut server.sip, &mut server.sips, &mut server.https] {
        at.set_ip(Ipv6Addr::LOCALHOST.into());
    }
    let mut tcp = TcpStream::connect(server.sip).await.expect("the server listens");
    assert!(options(&mut tcp, "TCP").await.starts_with("SIP/2.0 200 "));
    let root = fs::read(server.data().join("tls.crt")).expect("the first start makes a certificate");
    let mut tls = tls_to(server.sips, &root).await.expect("the certificate is for this address");
    assert!(options(&mut tls, "TLS").await.starts_with("SIP/2.0 200 "));
    let mut https = tls_to(server.https, &root).await.expect("the certificate is for this address");
    let ask = format!(
        "GET /v1/calls HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        server.token()
    );
    https.write_all(ask.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    // Some servers end without a farewell of TLS; what counts is what was said before.
    https.read_to_end(&mut answer).await.ok();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
