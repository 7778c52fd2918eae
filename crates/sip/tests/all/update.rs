//! UPDATE (RFC 3311), before and after the answer, with and without an offer.

use cordial_sip::message::Name;
use cordial_sip::{ClearCause, Event, ReofferError};

use crate::bench::*;
use crate::calls::*;

/// A request inside a dialog of [`call_out`], from the far end.
fn from_callee(
    out: &cordial_sip::message::Request,
    method: &str,
    cseq: u32,
    extra: &str,
    body: &str,
) -> String {
    let header = |name: Name| out.headers.get(&name).unwrap().to_owned();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:1000@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-c{method}{cseq}\r\n\
         From: {};tag=far\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n\
         Contact: <sip:moved@192.0.2.9>\r\n{extra}{kind}Content-Length: {}\r\n\r\n{body}",
        header(Name::To),
        header(Name::From),
        header(Name::CallId),
        body.len()
    )
}

#[test]
fn an_update_without_an_offer_moves_the_target_at_once() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    let moved = inside("UPDATE", 2, &tag, &[("Contact", "<sip:new@192.0.2.10>")], "");
    let ok = bench.response(TRUNK, &moved);
    assert_eq!((ok.code, ok.headers.get(&Name::Contact).is_some()), (200, true));
    assert!(ok.headers.get(&Name::Allow).unwrap().contains("UPDATE"));
    assert_eq!(bench.events(), []);
    bench.ua.clear(bench.now, id, None);
    assert_eq!(brief(&bench.sent()), ["BYE sip:new@192.0.2.10"]);
}

#[test]
fn an_offer_in_an_update_is_answered_or_refused_by_the_owner() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    let offer = inside("UPDATE", 2, &tag, &[("Contact", "<sip:new@192.0.2.10>")], OFFER);
    assert_eq!(brief(&bench.trunk_sends(&offer)), [""; 0]);
    assert_eq!(bench.events(), [Event::Reoffered { dialog: id, body: Some(OFFER.into()) }]);
    assert_eq!(bench.ua.reoffer(bench.now, id, OFFER.into()), Err(ReofferError::Pending));
    bench.ua.answer_reoffer(bench.now, id, "v=0\r\n".into());
    let ok = responses(&bench.sent())[0].clone();
    assert_eq!((ok.code, ok.body.as_slice()), (200, "v=0\r\n".as_bytes()));
    assert_eq!(bench.response(TRUNK, &offer), ok, "and once more when asked once more");
    bench.trunk_sends(&inside("UPDATE", 3, &tag, &[], OFFER));
    bench.ua.reject_reoffer(bench.now, id, 488);
    assert_eq!(brief(&bench.sent()), ["488 to 3 UPDATE"]);
    bench.ua.clear(bench.now, id, None);
    bench.assert_nothing_left();
}

#[test]
fn an_offer_that_crosses_one_is_refused_491_or_500() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    bench.trunk_sends(&inside("UPDATE", 2, &tag, &[], OFFER));
    for method in ["UPDATE", "INVITE"] {
        let second =
            bench.response(TRUNK, &inside(method, if method == "UPDATE" { 3 } else { 4 }, &tag, &[], OFFER));
        assert_eq!(second.code, 500, "{method}: theirs has no answer yet");
        let wait_s: u32 = second.headers.get(&Name::RetryAfter).unwrap().parse().unwrap();
        assert!(wait_s <= 10);
    }
    bench.ua.answer_reoffer(bench.now, id, OFFER.into());
    bench.sent();
    bench.ua.reoffer(bench.now, id, OFFER.into()).unwrap();
    bench.sent();
    assert_eq!(bench.code(&inside("UPDATE", 5, &tag, &[], OFFER)), 491, "ours has none");
    assert_eq!(bench.code(&inside("UPDATE", 6, &tag, &[], "")), 200, "no offer, no crossing");
}

#[test]
fn a_call_that_ends_takes_its_unanswered_update_along() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    bench.trunk_sends(&inside("UPDATE", 2, &tag, &[], OFFER));
    bench.ua.clear(bench.now, id, None);
    assert_eq!(brief(&bench.sent()), ["487 to 2 UPDATE", "BYE sip:far@192.0.2.9:5060"]);
    bench.assert_nothing_left();
}

#[test]
fn before_our_answer_an_offer_is_too_early_and_after_a_reliable_one_it_is_not() {
    let mut bench = Bench::new();
    bench.trunk_sends(&invite(&[("Supported", "100rel")]));
    let Some(Event::Incoming { dialog, .. }) = bench.ua.poll_event() else { panic!() };
    bench.ua.ring(bench.now, dialog, 180, None);
    let tag = to_tag(&responses(&bench.sent())[0]);
    assert_eq!(bench.code(&inside("UPDATE", 2, &tag, &[], OFFER)), 500);
    assert_eq!(bench.code(&inside("UPDATE", 3, &tag, &[], "")), 200);
    bench.ua.ring(bench.now, dialog, 183, Some(OFFER.into()));
    bench.sent();
    bench.trunk_sends(&inside(
        "UPDATE",
        4,
        &tag,
        &[("Supported", "timer"), ("Session-Expires", "100")],
        OFFER,
    ));
    assert_eq!(bench.events(), [Event::Reoffered { dialog, body: Some(OFFER.into()) }]);
    bench.ua.answer_reoffer(bench.now, dialog, OFFER.into());
    let ok = responses(&bench.sent())[0].clone();
    assert_eq!(
        (ok.code, ok.headers.get(&Name::SessionExpires)),
        (200, None),
        "no interval before the answer"
    );
    bench.ua.clear(bench.now, dialog, None);
    bench.assert_nothing_left();
}

#[test]
fn whom_we_ring_may_update_ask_and_send_digits_but_not_say_bye() {
    let mut bench = Bench::new();
    let (id, out) = call_out(&mut bench);
    assert_eq!(bench.code(&from_callee(&out, "UPDATE", 1, "", "")), 481, "nobody rings there yet");
    let extra = "Require: 100rel\r\nRSeq: 1\r\nContact: <sip:far@192.0.2.9>\r\n";
    bench.trunk_sends(&reply(&out, 183, "far", "", ""));
    assert_eq!(bench.code(&from_callee(&out, "UPDATE", 2, "", OFFER)), 491, "our offer has no answer");
    bench.trunk_sends(&reply(&out, 183, "far", extra, OFFER));
    bench.events();
    assert_eq!(bench.code(&from_callee(&out, "OPTIONS", 3, "", "")), 200);
    assert_eq!(bench.code(&from_callee(&out, "OPTIONS", 2, "X: a\r\n", "")), 500, "an old number");
    assert_eq!(brief(&bench.trunk_sends(&from_callee(&out, "UPDATE", 4, "", OFFER))), [""; 0]);
    assert_eq!(bench.events(), [Event::Reoffered { dialog: id, body: Some(OFFER.into()) }]);
    bench.ua.answer_reoffer(bench.now, id, OFFER.into());
    assert_eq!(brief(&bench.sent()), ["200 to 4 UPDATE"]);
    let kind = "Content-Type: application/dtmf-relay\r\n";
    let digit = from_callee(&out, "INFO", 5, "", "")
        .replace("Content-Length: 0\r\n\r\n", &format!("{kind}Content-Length: 9\r\n\r\nSignal=7\n"));
    assert_eq!(bench.code(&digit), 200);
    assert_eq!(bench.events(), [Event::Dtmf { dialog: id, digit: '7', duration_ms: None }]);
    assert_eq!(bench.code(&from_callee(&out, "BYE", 6, "", "")), 481);
    assert_eq!(bench.response("192.0.2.200:5060", &from_callee(&out, "UPDATE", 7, "", "")).code, 403);
    // The PRACK goes where the UPDATE moved the far end.
    let second = reply(&out, 180, "far", "Require: 100rel\r\nRSeq: 2\r\n", "");
    assert_eq!(brief(&bench.trunk_sends(&second)), ["PRACK sip:moved@192.0.2.9"]);
    bench.trunk_sends(&reply(&out, 200, "far", "Contact: <sip:far@192.0.2.9>\r\n", ""));
    assert!(matches!(bench.events().last(), Some(Event::Answered { .. })));
    assert_eq!(bench.code(&from_callee(&out, "OPTIONS", 6, "X: b\r\n", "")), 500, "the count goes on");
    assert_eq!(bench.code(&from_callee(&out, "BYE", 8, "", "")), 200);
    let cause = ClearCause::Bye;
    assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause, reason: None }]);
    bench.assert_nothing_left();
}

#[test]
fn an_update_from_elsewhere_is_refused_as_a_re_invite_is() {
    let mut bench = Bench::new();
    let (_, tag) = talking(&mut bench);
    assert_eq!(bench.response("192.0.2.200:5060", &inside("UPDATE", 2, &tag, &[], OFFER)).code, 403);
    assert_eq!(bench.response("192.0.2.200:5060", &inside("INVITE", 3, &tag, &[], OFFER)).code, 403);
    assert_eq!(bench.code(&inside("UPDATE", 4, &tag, &[("Content-Type", "text/plain")], "x")), 415);
    assert_eq!(bench.events(), []);
}
