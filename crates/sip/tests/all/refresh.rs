//! Session timers (RFC 4028): asked for, granted, refreshed, run out.

use cordial_sip::message::{Message, Method, Name, Request, Response};
use cordial_sip::{ClearCause, Config, Event};

use crate::bench::*;
use crate::calls::*;

const TIMER: (&str, &str) = ("Supported", "timer");

fn session_expires(response: &Response) -> Option<&str> {
    response.headers.get(&Name::SessionExpires)
}

/// The requests of one method among what was sent.
fn of_method(messages: &[Message], method: &Method) -> Vec<Request> {
    let requests = messages.iter().filter_map(|message| match message {
        Message::Request(request) if request.method == *method => Some(request.clone()),
        Message::Request(_) | Message::Response(_) => None,
    });
    requests.collect()
}

/// Calls in with these headers, answers; the 200.
fn answered(bench: &mut Bench, given: &[(&str, &str)]) -> (cordial_sip::DialogId, String, Response) {
    bench.trunk_sends(&invite(given));
    let Some(Event::Incoming { dialog, .. }) = bench.ua.poll_event() else { panic!() };
    bench.ua.answer(bench.now, dialog, OFFER.into());
    let ok = responses(&bench.sent())[0].clone();
    let tag = to_tag(&ok);
    bench.trunk_sends(&inside("ACK", 1, &tag, &[], ""));
    bench.events();
    (dialog, tag, ok)
}

#[test]
fn who_refreshes_and_how_often_follows_the_table_of_the_rfc() {
    let check = |given: &[(&str, &str)], wanted: Option<&str>, required: bool| {
        let mut bench = Bench::new();
        let (_, _, ok) = answered(&mut bench, given);
        assert_eq!(session_expires(&ok), wanted, "{given:?}");
        assert_eq!(ok.headers.has_token(&Name::Require, "timer"), required, "{given:?}");
    };
    let expires = |value: &'static str| ("Session-Expires", value);
    check(&[], None, false);
    check(&[TIMER], Some("1800;refresher=uas"), false);
    check(&[TIMER, expires("1200")], Some("1200;refresher=uas"), false);
    check(&[TIMER, expires("1200;refresher=uac")], Some("1200;refresher=uac"), true);
    check(&[TIMER, expires("1200;refresher=uas")], Some("1200;refresher=uas"), false);
    check(&[("Require", "timer"), expires("90;refresher=uac")], Some("90;refresher=uac"), true);
    // Ours is shorter than what is asked, but no shorter than any hop allows.
    check(&[TIMER, ("x", "7200;refresher=uac")], Some("1800;refresher=uac"), true);
    check(&[TIMER, expires("7200;refresher=uac"), ("Min-SE", "3600")], Some("3600;refresher=uac"), true);
    check(&[TIMER, ("Min-SE", "3600")], Some("3600;refresher=uas"), false);
    // A proxy asks for it on behalf of a caller who knows nothing of timers.
    check(&[expires("1200")], Some("1200;refresher=uas"), false);
    check(&[expires("30")], None, false);
    check(&[expires("many")], None, false);
}

#[test]
fn too_short_an_interval_is_answered_422_in_and_outside_of_a_call() {
    let mut bench = Bench::new();
    let refused = bench.response(TRUNK, &invite(&[TIMER, ("Session-Expires", "89")]));
    assert_eq!((refused.code, refused.headers.get(&Name::MinSe)), (422, Some("90")));
    assert_eq!(bench.events(), []);
    let (_, tag, _) = answered(&mut bench, &[TIMER, ("Session-Expires", "90")]);
    for method in ["INVITE", "UPDATE"] {
        let cseq = if method == "INVITE" { 2 } else { 3 };
        let short = inside(method, cseq, &tag, &[TIMER, ("Session-Expires", "30")], "");
        let refused = bench.response(TRUNK, &short);
        assert_eq!((refused.code, refused.headers.get(&Name::MinSe)), (422, Some("90")), "{method}");
        assert_eq!(bench.response(TRUNK, &short).code, 422, "{method} once more");
    }
}

#[test]
fn turned_off_it_is_neither_offered_nor_taken() {
    let mut bench = Bench::with(Config { session_expires_s: 0, ..config() });
    let refused =
        bench.response(TRUNK, &invite(&[("Require", "timer"), ("Call-ID", "x"), ("CSeq", "9 INVITE")]));
    assert_eq!((refused.code, refused.headers.get(&Name::Unsupported)), (420, Some("timer")));
    let (_, _, ok) = answered(&mut bench, &[TIMER, ("Session-Expires", "60")]);
    assert_eq!(session_expires(&ok), None);
    assert_eq!(ok.headers.get(&Name::Supported), Some("100rel, replaces"));
    let (_, out) = call_out(&mut bench);
    assert_eq!(out.headers.get(&Name::SessionExpires), None);
    bench.trunk_sends(&reply(&out, 200, "far", "Session-Expires: 90;refresher=uac\r\n", OFFER));
    assert_eq!(brief(&bench.pass(3_600_000)), [""; 0]);
}

#[test]
fn a_call_of_ours_asks_for_a_timer_and_does_without_where_the_far_end_has_none() {
    let mut bench = Bench::new();
    let (_, out) = call_out(&mut bench);
    assert_eq!(out.headers.get(&Name::SessionExpires), Some("1800"));
    assert!(out.headers.has_token(&Name::Supported, "timer"));
    bench.trunk_sends(&reply(&out, 200, "far", "Contact: <sip:far@192.0.2.9>\r\n", OFFER));
    bench.events();
    assert_eq!(brief(&bench.pass(7_200_000)), [""; 0]);
    assert_eq!(bench.events(), []);
}

#[test]
fn a_422_is_answered_by_one_more_call_with_the_interval_it_demands() {
    let mut bench = Bench::new();
    let (id, out) = call_out(&mut bench);
    let sent = bench.trunk_sends(&reply(&out, 422, "far", "Min-SE: 3600\r\n", ""));
    let again = of_method(&sent, &Method::Invite)[0].clone();
    assert_eq!(again.headers.get(&Name::SessionExpires), Some("3600"));
    assert_eq!(again.headers.get(&Name::MinSe), Some("3600"));
    assert_eq!(again.headers.get(&Name::CallId), out.headers.get(&Name::CallId));
    assert_eq!(again.headers.get(&Name::CSeq), Some("2 INVITE"));
    assert_eq!(again.body, OFFER.as_bytes());
    assert_eq!(bench.events(), []);
    let sent = bench.trunk_sends(&reply(&again, 422, "far", "Min-SE: 7200\r\n", ""));
    assert_eq!(brief(&sent), ["ACK sip:4930@trunk.example"], "not a third time");
    assert!(matches!(bench.events()[..], [Event::Failed { dialog, code: 422, .. }] if dialog == id));
    bench.assert_nothing_left();
}

/// A call of ours with this in its 200.
fn called(bench: &mut Bench, extra: &str) -> (cordial_sip::DialogId, Request) {
    let (id, out) = call_out(bench);
    let extra = format!("Contact: <sip:far@192.0.2.9>\r\n{extra}");
    bench.trunk_sends(&reply(&out, 200, "far", &extra, OFFER));
    bench.events();
    (id, out)
}

#[test]
fn we_refresh_by_update_at_half_the_interval_when_they_allow_it() {
    let mut bench = Bench::new();
    called(&mut bench, "Allow: INVITE, UPDATE\r\nSession-Expires: 100;refresher=uac\r\n");
    assert_eq!(brief(&bench.pass(49_999)), [""; 0]);
    let update = only_request(&bench.pass(1));
    assert_eq!((update.method.clone(), update.body.len()), (Method::Update, 0));
    assert_eq!(update.headers.get(&Name::SessionExpires), Some("100;refresher=uac"));
    assert!(update.headers.get(&Name::Contact).is_some());
    // The 2xx counts from when it comes, and may choose anew: now they refresh.
    bench.trunk_sends(&reply(&update, 200, "", "Session-Expires: 200;refresher=uas\r\n", ""));
    assert_eq!(brief(&bench.pass(167_999)), [""; 0]);
    assert_eq!(brief(&bench.pass(1)), ["BYE sip:far@192.0.2.9"]);
    assert!(matches!(bench.events()[..], [Event::Cleared { cause: ClearCause::Expired, .. }]));
    bench.assert_nothing_left();
}

#[test]
fn we_refresh_by_the_same_description_when_they_do_not_allow_update() {
    let mut bench = Bench::new();
    let (id, out) = called(&mut bench, "Session-Expires: 100;refresher=uac\r\n");
    let again = only_request(&bench.pass(50_000));
    assert_eq!(again.method, Method::Invite);
    assert_eq!(again.body, out.body, "nothing is new in it");
    assert_eq!(again.headers.get(&Name::SessionExpires), Some("100;refresher=uac"));
    let sent = bench.trunk_sends(&reply(&again, 200, "", "Session-Expires: 100;refresher=uac\r\n", OFFER));
    assert_eq!(brief(&sent), ["ACK sip:far@192.0.2.9"]);
    assert_eq!(bench.events(), [Event::ReofferAnswered { dialog: id, body: OFFER.into() }]);
    assert_eq!(brief(&bench.pass(50_000)), ["INVITE sip:far@192.0.2.9"]);
}

#[test]
fn an_update_that_was_promised_and_is_not_served_becomes_a_re_invite() {
    let mut bench = Bench::new();
    called(&mut bench, "Allow: UPDATE\r\nSession-Expires: 100;refresher=uac\r\n");
    let update = only_request(&bench.pass(50_000));
    let sent = bench.trunk_sends(&reply(&update, 405, "", "", ""));
    assert_eq!(brief(&sent), ["INVITE sip:far@192.0.2.9"]);
}

#[test]
fn a_refused_refresh_is_tried_again_until_the_interval_is_over() {
    let mut bench = Bench::new();
    let (id, _) = called(&mut bench, "Allow: UPDATE\r\nSession-Expires: 100;refresher=uac\r\n");
    let mut tries = 0;
    let mut sent = bench.pass(50_000);
    while let Some(update) = of_method(&sent, &Method::Update).first() {
        tries += 1;
        let text = reply(update, [491, 500, 503][tries % 3], "", "", "");
        bench.trunk_sends(&text);
        sent = bench.pass(if tries == 1 { 7_000 } else { 6_250 });
    }
    assert!(tries >= 4, "{tries}");
    bench.pass(60_000);
    let cause = ClearCause::Expired;
    assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause, reason: None }]);
    bench.assert_nothing_left();
}

#[test]
fn a_far_end_that_does_not_answer_our_refresh_is_gone() {
    for extra in ["Allow: UPDATE\r\n", ""] {
        let mut bench = Bench::new();
        let (id, _) = called(&mut bench, &format!("{extra}Session-Expires: 1800;refresher=uac\r\n"));
        let sent = bench.pass(900_000 + 32_000);
        assert_eq!(brief(&sent).last().map(String::as_str), Some("BYE sip:far@192.0.2.9"));
        let cause = ClearCause::Unreachable;
        assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause, reason: None }]);
        bench.assert_nothing_left();
    }
}

#[test]
fn their_refresh_by_update_or_re_invite_puts_the_end_off() {
    let mut bench = Bench::new();
    let (id, tag, _) = answered(&mut bench, &[TIMER, ("Session-Expires", "120;refresher=uac")]);
    let again = [TIMER, ("Session-Expires", "120;refresher=uac")];
    assert_eq!(brief(&bench.pass(79_000)), [""; 0]);
    let ok = bench.response(TRUNK, &inside("UPDATE", 2, &tag, &again, ""));
    assert_eq!((ok.code, session_expires(&ok)), (200, Some("120;refresher=uac")));
    assert!(ok.headers.get(&Name::Contact).is_some());
    assert_eq!(brief(&bench.pass(79_000)), [""; 0]);
    bench.trunk_sends(&inside("INVITE", 3, &tag, &again, OFFER));
    bench.ua.answer_reoffer(bench.now, id, OFFER.into());
    let ok = responses(&bench.sent())[0].clone();
    assert_eq!(session_expires(&ok), Some("120;refresher=uac"));
    bench.trunk_sends(&inside("ACK", 3, &tag, &[], ""));
    bench.events();
    assert_eq!(brief(&bench.pass(87_999)), [""; 0], "32 s before its end");
    let bye = only_request(&bench.pass(1));
    assert_eq!(bye.method, Method::Bye);
    assert_eq!(bye.headers.get(&Name::Reason), Some("SIP;cause=408;text=\"Session timer expired\""));
    let cause = ClearCause::Expired;
    assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause, reason: None }]);
    bench.assert_nothing_left();
}

#[test]
fn a_refresh_that_leaves_it_open_changes_nobodys_part_and_one_without_timer_ends_it() {
    let mut bench = Bench::new();
    let (_, tag, _) = answered(&mut bench, &[TIMER, ("Session-Expires", "120;refresher=uac")]);
    let open = inside("UPDATE", 2, &tag, &[TIMER, ("Session-Expires", "120")], "");
    assert_eq!(session_expires(&bench.response(TRUNK, &open)), Some("120;refresher=uac"));
    let without = inside("UPDATE", 3, &tag, &[], "");
    assert_eq!(session_expires(&bench.response(TRUNK, &without)), None);
    assert_eq!(brief(&bench.pass(600_000)), [""; 0]);
}
