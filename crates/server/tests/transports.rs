//! SIP by connections and over IPv6, HTTPS, and those who misuse them: the real `cordial` process on real sockets.

#[expect(dead_code, reason = "shared with the tests of `wire`")]
#[path = "wire/peers.rs"]
mod peers;
#[expect(dead_code, reason = "shared with the tests of `wire`")]
#[path = "wire/server.rs"]
mod server;
#[expect(dead_code, reason = "shared with the tests of `wire`")]
#[path = "wire/site.rs"]
mod site;

use peers::{Baresip, free_port};
use site::Site;

/// The phone of device 2001, reached through the connection that it opened itself.
fn phone_by(site: &Site, transport: &str) -> Baresip {
    let account = format!(
        "<sip:2001@{};transport={transport}>;auth_pass={};regint=60;answermode=auto",
        site.server.sip, site.secret
    );
    Baresip::start("phone", 1_300, &account)
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn a_phone_registers_over_tcp_with_digest_and_is_gone_with_its_connection() {
    let site = Site::open().await;
    let port = free_port();
    site.register(port, "wrong", 120, 403).by_tcp().run().succeeds();
    site.register(port, &site.secret, 120, 200).by_tcp().run().succeeds();
    site.server.wait_for_device(&site.device, "unregistered").await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn a_call_that_comes_by_tcp_rings_a_phone_through_the_tcp_connection_it_opened() {
    let site = Site::open().await;
    let phone = phone_by(&site, "tcp");
    site.server.wait_for_device(&site.device, "idle").await;
    site.caller("caller.xml", "3001").by_tcp().lasting(1_500).run().succeeds();
    site.server.wait_for_no_calls().await;
    let cdr = site.server.wait_for_cdr().await;
    assert_eq!(cdr["cause"]["kind"], serde_json::json!("normal"), "{cdr:#}");
    drop(phone);
    site.server.wait_for_device(&site.device, "unregistered").await;
}
