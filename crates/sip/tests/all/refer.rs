//! REFER inside a dialog (RFC 3515): what is told of it, and what is refused.

use cordial_sip::Event;
use cordial_sip::message::{Message, Name};

use crate::bench::*;
use crate::calls::*;

const TO: (&str, &str) = ("Refer-To", "<sip:2006@acme.example>");

fn refer(cseq: u32, tag: &str, given: &[(&str, &str)]) -> String {
    inside("REFER", cseq, tag, given, "")
}

#[test]
fn who_refers_is_told_once_and_for_all_when_the_owner_has_done_it() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    let asked = refer(2, &tag, &[TO]);
    assert_eq!(brief(&bench.trunk_sends(&asked)), [""; 0], "the owner is asked first");
    assert_eq!(bench.events(), [Event::Referred { dialog: id, to: "2006".to_owned(), replaces: None }]);
    assert_eq!(brief(&bench.trunk_sends(&refer(3, &tag, &[TO]))), ["403 to 3 REFER"], "one at a time");
    bench.ua.answer_refer(bench.now, id, 202);
    let sent = bench.sent();
    assert_eq!(brief(&sent), ["202 to 2 REFER", "NOTIFY sip:far@192.0.2.9:5060"]);
    assert!(responses(&sent)[0].headers.get(&Name::Contact).is_some());
    let Some(Message::Request(notify)) = sent.get(1) else { panic!() };
    let header = |name: &str| notify.headers.get(&Name::new(name)).unwrap();
    assert_eq!(header("Event"), "refer");
    assert_eq!(header("Subscription-State"), "terminated;reason=noresource");
    assert_eq!(header("Content-Type"), "message/sipfrag;version=2.0");
    assert_eq!(notify.body, b"SIP/2.0 200 OK\r\n");
    bench.trunk_sends(&reply(notify, 200, "", "", ""));
    assert_eq!(brief(&bench.trunk_sends(&asked)), ["202 to 2 REFER"], "once more when asked once more");
    bench.ua.answer_refer(bench.now, id, 202);
    assert_eq!(brief(&bench.sent()), [""; 0]);
    bench.ua.clear(bench.now, id, None);
    assert_eq!(brief(&bench.sent()), ["BYE sip:far@192.0.2.9:5060"]);
    bench.assert_nothing_left();
}

#[test]
fn who_wants_no_word_gets_none_and_a_refusal_has_none() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    bench.trunk_sends(&refer(2, &tag, &[TO, ("Refer-Sub", "false;x=y")]));
    bench.ua.answer_refer(bench.now, id, 202);
    assert_eq!(brief(&bench.sent()), ["202 to 2 REFER"]);
    bench.trunk_sends(&refer(3, &tag, &[TO]));
    bench.ua.answer_refer(bench.now, id, 486);
    assert_eq!(brief(&bench.sent()), ["486 to 3 REFER"]);
    bench.ua.clear(bench.now, id, None);
    bench.assert_nothing_left();
}

#[test]
fn what_cannot_be_called_is_refused_without_the_owner() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    bench.events();
    for (cseq, code, given) in [
        (2, 400, &[] as &[_]),
        (3, 400, &[("Refer-To", "<sip:2006")]),
        (4, 400, &[TO, TO]),
        (5, 416, &[("Refer-To", "<mailto:ann@acme.example>")]),
        (6, 404, &[("Refer-To", "<sip:acme.example>")]),
        (7, 481, &[("Refer-To", "<sip:2006@acme.example?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>")]),
        (8, 400, &[("Refer-To", "<sip:2006@acme.example?Replaces=a%3Bto-tag%3Db>")]),
        (9, 400, &[TO, ("Replaces", "a;to-tag=b;from-tag=c")]),
    ] {
        assert_eq!(bench.code(&refer(cseq, &tag, given)), code, "{given:?}");
    }
    assert_eq!(bench.events(), []);
    assert_eq!(bench.code(&refer(10, "another", &[TO])), 481);
    bench.ua.clear(bench.now, id, None);
    bench.assert_nothing_left();
}

#[test]
fn a_call_that_ends_takes_its_unanswered_refer_along() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    bench.trunk_sends(&refer(2, &tag, &[TO]));
    bench.ua.clear(bench.now, id, None);
    assert_eq!(brief(&bench.sent()), ["487 to 2 REFER", "BYE sip:far@192.0.2.9:5060"]);
    bench.ua.answer_refer(bench.now, id, 202);
    assert_eq!(brief(&bench.sent()), [""; 0]);
    bench.assert_nothing_left();
}

#[test]
fn a_compact_name_and_a_telephone_uri_are_read() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    bench.trunk_sends(&refer(2, &tag, &[("r", "<tel:+4930123>")]));
    assert_eq!(bench.events(), [Event::Referred { dialog: id, to: "+4930123".to_owned(), replaces: None }]);
    bench.ua.answer_refer(bench.now, id, 404);
    bench.ua.clear(bench.now, id, None);
    bench.assert_nothing_left();
}
