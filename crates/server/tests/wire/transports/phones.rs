//! Phones by TCP that lose the server, or their connection to it.

use std::time::{Duration, Instant};

use cordial_sip::message::Name;
use sqlx::{Connection as _, SqliteConnection};

use super::phone::Phone;
use crate::hostile::phone::{Draft, sdp};
use crate::hostile::site as hostile;
use crate::server::{Server, pause};
use crate::site::Site;

/// Waits until the registration is on disk, which is so a moment after it was answered.
async fn registration_is_kept(server: &Server) {
    let file = server.data().join("cordial.db");
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let database = SqliteConnection::connect(&format!("sqlite:{}?mode=ro", file.display())).await;
        let mut database = database.expect("it can be read beside the server");
        let kept = sqlx::query("SELECT device FROM bindings").fetch_all(&mut database).await;
        if !kept.expect("it can be read beside the server").is_empty() {
            return;
        }
        assert!(Instant::now() < until, "the registration is not kept");
        pause().await;
    }
}

/// A site whose phone had registered by TCP when the power failed, and that stands again; and when it failed.
async fn after_a_power_cut(server: Server) -> (Site, Instant) {
    let mut site = Site::open_on(server).await;
    let mut phone = Phone::connect(site.server.sip, "2001", &site.secret).await;
    phone.registers().await;
    site.server.wait_for_device(&site.device, "idle").await;
    registration_is_kept(&site.server).await;
    site.server.kill_9();
    let cut = Instant::now();
    site.server.restart().await;
    (site, cut)
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn a_phone_of_tcp_is_still_registered_after_a_power_cut_and_a_call_waits_until_it_is_back() {
    let (site, _) = after_a_power_cut(Server::start().await).await;
    let device = site.server.get(&format!("/v1/devices/{}", site.device)).await;
    assert_eq!(device["state"], "idle", "{device:#}");
    let caller = site.caller("caller.xml", "3001").lasting(200).start();
    // The phone's leg is there though nothing leads to the phone yet.
    site.server.wait_for_leg("dialled").await;
    let mut phone = Phone::connect(site.server.sip, "2001", &site.secret).await;
    phone.registers().await;
    let invite = phone.asked("INVITE").await;
    phone.answers(&invite).await;
    phone.asked("ACK").await;
    let bye = phone.asked("BYE").await;
    phone.says_yes(&bye).await;
    caller.succeeds();
    site.server.wait_for_no_calls().await;
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn a_phone_of_tcp_that_does_not_come_back_after_a_power_cut_is_gone_when_its_grace_has_passed() {
    let (site, cut) = after_a_power_cut(Server::start_with("grace_s = 2").await).await;
    site.server.wait_for_device(&site.device, "unregistered").await;
    let after = cut.elapsed();
    assert!(after >= Duration::from_secs(2) && after < Duration::from_secs(20), "{after:?}");
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn a_phone_that_lost_its_connection_in_a_call_hears_its_end_on_the_next() {
    let site = hostile::Site::open(2).await;
    let (device, password) = &site.devices[0];
    let mut phone = Phone::connect(site.server.sip, "2001", password).await;
    phone.registers().await;
    site.server.wait_for_device(device, "idle").await;
    let caller = site.phone(2);
    let draft = caller.invite("3001", sdp(caller.local()));
    let challenged = caller.ask(&draft);
    caller.acknowledge(&draft, &challenged, &draft.uri);
    let draft = caller.proving(&draft, &challenged);
    caller.send(&caller.text(&draft));
    let invite = phone.asked("INVITE").await;
    phone.answers(&invite).await;
    phone.asked("ACK").await;
    let answered = caller.hear_final();
    assert_eq!(answered.code, 200, "{answered:?}");
    let contact = answered.headers.get(&Name::Contact).expect("who answers says where it is");
    let contact = contact.trim_start_matches('<').split('>').next().expect("a URI").to_owned();
    caller.acknowledge(&draft, &answered, &contact);
    drop(phone);
    site.server.wait_for_device(device, "unregistered").await;
    let mut phone = Phone::connect(site.server.sip, "2001", password).await;
    phone.registers().await;
    let to = answered.headers.get(&Name::To).expect("every response has it").to_owned();
    let (more, body) = (String::new(), String::new());
    let bye = Draft { method: "BYE".to_owned(), uri: contact, to, cseq: draft.cseq + 1, more, body, ..draft };
    assert_eq!(caller.ask(&bye).code, 200, "{}", site.server.log());
    let bye = phone.asked("BYE").await;
    assert_eq!(bye.headers.get(&Name::CallId), invite.headers.get(&Name::CallId));
    phone.says_yes(&bye).await;
    site.server.wait_for_no_calls().await;
}
