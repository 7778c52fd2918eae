//! What a far end may ask of a dialog: reliable ringing (RFC 3262) and session timers (RFC 4028).

use crate::peers::Sipp;
use crate::server::Server;
use crate::site::Site;

/// Intervals short enough to wait for; nobody is asked whether he is still there.
const SHORT_TIMER: &str = "ping_s = 0\nsession_expires_s = 4\nsession_expires_min_s = 2";

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn early_audio_is_acknowledged_by_prack_on_both_sides_of_a_call() {
    let site = Site::open().await;
    let port = site.phone_registered().await;
    let phone = Sipp::scenario("phone_sends_183.xml").from(port).to(site.server.sip).lasting(500).start();
    site.caller("caller_demands_prack.xml", "3001").lasting(500).run().succeeds();
    phone.succeeds();
    site.server.wait_for_no_calls().await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_call_is_refreshed_by_update_or_by_the_same_description_once_more() {
    let site = Site::open_on(Server::start_with(SHORT_TIMER).await).await;
    site.caller("caller_takes_updates.xml", "1000").run().succeeds();
    site.caller("caller_takes_re_invites.xml", "1000").run().succeeds();
    site.server.wait_for_no_calls().await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `wire`"]
async fn a_call_that_nobody_refreshes_is_ended() {
    let site = Site::open_on(Server::start_with(SHORT_TIMER).await).await;
    site.caller("caller_never_refreshes.xml", "1000").run().succeeds();
    site.server.wait_for_no_calls().await;
    let cdr = site.server.wait_for_cdr().await;
    assert_eq!(cdr["queues"][0]["end"], serde_json::json!("abandoned"), "{cdr:#}");
}
