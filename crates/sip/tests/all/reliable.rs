//! Provisional responses that must not be lost (RFC 3262), from both ends.

use cordial_sip::message::{Message, Method, Name, Request, Response};
use cordial_sip::{ClearCause, DialogId, Event};

use crate::bench::*;
use crate::calls::*;

const REQUIRED: (&str, &str) = ("Require", "100rel");
const SUPPORTED: (&str, &str) = ("Supported", "100rel");

/// A call that arrived with these headers.
fn arrived(bench: &mut Bench, given: &[(&str, &str)]) -> DialogId {
    bench.trunk_sends(&invite(given));
    let Some(Event::Incoming { dialog, .. }) = bench.ua.poll_event() else { panic!() };
    dialog
}

fn rseq(response: &Response) -> u32 {
    assert!(response.headers.has_token(&Name::Require, "100rel"));
    response.headers.get(&Name::RSeq).unwrap().parse().unwrap()
}

/// Their PRACK.
fn prack(cseq: u32, response: &Response, rack: &str, body: &str) -> String {
    inside("PRACK", cseq, &to_tag(response), &[("RAck", rack), ("Contact", "")], body)
}

// What we send

#[test]
fn a_caller_who_demands_it_gets_every_ringing_reliably_and_one_at_a_time() {
    let mut bench = Bench::new();
    let id = arrived(&mut bench, &[REQUIRED]);
    bench.ua.ring(bench.now, id, 180, None);
    let first = responses(&bench.sent())[0].clone();
    assert!(first.headers.get(&Name::Allow).unwrap().contains("UPDATE"));
    bench.ua.ring(bench.now, id, 182, None);
    assert_eq!(brief(&bench.sent()), [""; 0], "the second waits for the PRACK of the first");
    let rack = format!("{} 1 INVITE", rseq(&first));
    assert_eq!(
        brief(&bench.trunk_sends(&prack(2, &first, &rack, ""))),
        ["200 to 2 PRACK", "182 to 1 INVITE"]
    );
    bench.ua.answer(bench.now, id, OFFER.into());
    assert_eq!(brief(&bench.sent()), ["200 to 1 INVITE"], "nothing in the 182 it must wait for");
    assert_eq!(brief(&bench.pass(100)), [""; 0]);
    // A late PRACK is still taken.
    let rack = format!("{} 1 INVITE", rseq(&first) + 1);
    assert_eq!(brief(&bench.trunk_sends(&prack(3, &first, &rack, ""))), ["200 to 3 PRACK"]);
    bench.trunk_sends(&inside("ACK", 1, &to_tag(&first), &[], ""));
    assert_eq!(bench.events(), [Event::Confirmed { dialog: id, body: None }]);
    bench.ua.clear(bench.now, id, None);
    bench.assert_nothing_left();
}

#[test]
fn it_is_sent_again_at_doubling_intervals_until_the_call_is_refused_504() {
    let mut bench = Bench::new();
    let id = arrived(&mut bench, &[REQUIRED]);
    bench.ua.ring(bench.now, id, 180, None);
    bench.sent();
    let mut at = Vec::new();
    for tick in 1..=3_199 {
        let sent = brief(&bench.pass(10));
        if !sent.is_empty() {
            assert_eq!(sent, ["180 to 1 INVITE"]);
            at.push(tick * 10);
        }
    }
    assert_eq!(at, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert_eq!(brief(&bench.pass(10)), ["504 to 1 INVITE"]);
    assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause: ClearCause::NoAck, reason: None }]);
    bench.assert_nothing_left();
}

#[test]
fn a_stray_prack_is_answered_481_and_ends_nothing() {
    let mut bench = Bench::new();
    let id = arrived(&mut bench, &[REQUIRED]);
    bench.ua.ring(bench.now, id, 180, None);
    let first = responses(&bench.sent())[0].clone();
    let number = rseq(&first);
    let stray = [
        format!("{} 1 INVITE", number + 1),
        format!("{number} 2 INVITE"),
        format!("{number} 1 UPDATE"),
        format!("{number} 1 INVITE 7"),
        format!("{number}"),
        String::new(),
    ];
    for (cseq, rack) in (2..).zip(&stray) {
        assert_eq!(bench.code(&prack(cseq, &first, rack, "")), 481, "{rack}");
    }
    assert_eq!(brief(&bench.pass(500)), ["180 to 1 INVITE"], "still waiting");
    let good = format!("{number} 1 INVITE");
    assert_eq!(bench.code(&prack(20, &first, &good, "")), 200);
    assert_eq!(bench.code(&prack(20, &first, &good, "")), 200, "the same once more");
    assert_eq!(bench.code(&prack(21, &first, &good, "")), 481, "but not a second one");
    bench.ua.reject(bench.now, id, 486, "", &[]);
    bench.assert_nothing_left();
}

#[test]
fn an_answer_in_a_183_goes_reliably_and_the_200_waits_and_says_it_no_more() {
    let mut bench = Bench::new();
    let id = arrived(&mut bench, &[SUPPORTED]);
    bench.ua.ring(bench.now, id, 180, None);
    let ringing = responses(&bench.sent())[0].clone();
    assert_eq!(ringing.headers.get(&Name::RSeq), None, "nothing in it is worth it");
    bench.ua.ring(bench.now, id, 183, Some(OFFER.into()));
    let early = responses(&bench.sent())[0].clone();
    bench.ua.answer(bench.now, id, OFFER.into());
    assert_eq!(brief(&bench.sent()), [""; 0]);
    assert_eq!(brief(&bench.pass(500)), ["183 to 1 INVITE"]);
    let rack = format!("{} 1 INVITE", rseq(&early));
    let sent = bench.trunk_sends(&prack(2, &early, &rack, ""));
    assert_eq!(brief(&sent), ["200 to 2 PRACK", "200 to 1 INVITE"]);
    assert_eq!(responses(&sent)[1].body, b"");
    // An ACK with a body answers nothing: offer and answer were complete.
    bench.trunk_sends(&inside("ACK", 1, &to_tag(&early), &[], OFFER));
    assert_eq!(bench.events(), [Event::Confirmed { dialog: id, body: None }]);
    bench.ua.clear(bench.now, id, None);
    bench.assert_nothing_left();
}

#[test]
fn a_call_cancelled_while_its_answer_waits_is_answered_487() {
    let mut bench = Bench::new();
    let id = arrived(&mut bench, &[SUPPORTED]);
    bench.ua.ring(bench.now, id, 183, Some(OFFER.into()));
    bench.ua.answer(bench.now, id, OFFER.into());
    bench.sent();
    let cancel = request("CANCEL", "sip:1000@acme.example", &[("Contact", "")], "");
    assert_eq!(brief(&bench.trunk_sends(&cancel)), ["200 to 1 CANCEL", "487 to 1 INVITE"]);
    assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause: ClearCause::Cancelled, reason: None }]);
    bench.assert_nothing_left();
}

#[test]
fn an_offer_of_ours_in_a_183_is_answered_in_the_prack() {
    let mut bench = Bench::new();
    bench.trunk_sends(&request("INVITE", "sip:1000@acme.example", &[REQUIRED], ""));
    let Some(Event::Incoming { dialog, body: None, .. }) = bench.ua.poll_event() else { panic!() };
    // The first reliable response would have to carry an offer: without one there is none.
    bench.ua.ring(bench.now, dialog, 180, None);
    assert_eq!(brief(&bench.sent()), [""; 0]);
    bench.ua.ring(bench.now, dialog, 183, Some(OFFER.into()));
    let early = responses(&bench.sent())[0].clone();
    let rack = format!("{} 1 INVITE", rseq(&early));
    assert_eq!(brief(&bench.trunk_sends(&prack(2, &early, &rack, "v=0\r\n"))), ["200 to 2 PRACK"]);
    assert_eq!(bench.events(), [Event::ReofferAnswered { dialog, body: "v=0\r\n".into() }]);
    bench.ua.answer(bench.now, dialog, OFFER.into());
    assert_eq!(responses(&bench.sent())[0].body, b"");
}

#[test]
fn a_new_offer_in_a_prack_is_answered_in_its_200() {
    let mut bench = Bench::new();
    let id = arrived(&mut bench, &[SUPPORTED]);
    bench.ua.ring(bench.now, id, 183, Some(OFFER.into()));
    let early = responses(&bench.sent())[0].clone();
    let rack = format!("{} 1 INVITE", rseq(&early));
    assert_eq!(brief(&bench.trunk_sends(&prack(2, &early, &rack, OFFER))), [""; 0]);
    assert_eq!(bench.events(), [Event::Reoffered { dialog: id, body: Some(OFFER.into()) }]);
    bench.ua.answer_reoffer(bench.now, id, "v=0\r\n".into());
    let sent = bench.sent();
    assert_eq!(brief(&sent), ["200 to 2 PRACK"]);
    assert_eq!(responses(&sent)[0].body, b"v=0\r\n");
    bench.ua.clear(bench.now, id, None);
    bench.assert_nothing_left();
}

#[test]
fn a_caller_who_knows_nothing_of_it_gets_ordinary_ringing() {
    let mut bench = Bench::new();
    let id = arrived(&mut bench, &[]);
    bench.ua.ring(bench.now, id, 183, Some(OFFER.into()));
    let early = responses(&bench.sent())[0].clone();
    assert_eq!((early.headers.get(&Name::RSeq), early.headers.get(&Name::Require)), (None, None));
    assert_eq!(brief(&bench.pass(59_000)), [""; 0]);
    bench.ua.answer(bench.now, id, OFFER.into());
    assert_eq!(responses(&bench.sent())[0].body, OFFER.as_bytes());
}

// What we hear

fn reliable(invite: &Request, code: u16, tag: &str, rseq: u32, body: &str) -> String {
    let extra = format!("Require: 100rel\r\nRSeq: {rseq}\r\nContact: <sip:{tag}@192.0.2.9>\r\n");
    reply(invite, code, tag, &extra, body)
}

fn only_prack(messages: &[Message]) -> (String, String, String) {
    let request = only_request(messages);
    assert_eq!(request.method, Method::Prack);
    let header = |name: Name| request.headers.get(&name).unwrap().to_owned();
    (header(Name::RAck), header(Name::CSeq), header(Name::To).split_once("tag=").unwrap().1.to_owned())
}

fn prack_of(rack: &str, cseq: &str, tag: &str) -> (String, String, String) {
    (rack.to_owned(), cseq.to_owned(), tag.to_owned())
}

#[test]
fn every_reliable_response_is_acknowledged_in_order_repeats_and_gaps_are_not() {
    let mut bench = Bench::new();
    let (id, out) = call_out(&mut bench);
    assert!(out.headers.has_token(&Name::Supported, "100rel"));
    let sent = bench.trunk_sends(&reliable(&out, 180, "far", 700, ""));
    assert_eq!(only_request(&sent).uri.to_string(), "sip:far@192.0.2.9");
    assert_eq!(only_prack(&sent), prack_of("700 1 INVITE", "2 PRACK", "far"));
    let prack = only_request(&sent);
    bench.trunk_sends(&reply(&prack, 200, "", "", ""));
    assert_eq!(brief(&bench.trunk_sends(&reliable(&out, 180, "far", 700, ""))), [""; 0], "a repeat");
    assert_eq!(brief(&bench.trunk_sends(&reliable(&out, 183, "far", 702, OFFER))), [""; 0], "a gap");
    assert_eq!(brief(&bench.trunk_sends(&reliable(&out, 183, "far", 699, OFFER))), [""; 0], "from before");
    let sent = bench.trunk_sends(&reliable(&out, 183, "far", 701, OFFER));
    assert_eq!(only_prack(&sent), prack_of("701 1 INVITE", "3 PRACK", "far"));
    let progress = |code: u16, body: Option<&str>| Event::Progress {
        dialog: id,
        code,
        body: body.map(|body| body.as_bytes().to_vec()),
    };
    assert_eq!(bench.events(), [progress(180, None), progress(183, Some(OFFER))]);
    // The 200 says nothing of media: the 183 has.
    bench.trunk_sends(&reply(&out, 200, "far", "Contact: <sip:far@192.0.2.9>\r\n", ""));
    assert_eq!(bench.events(), [Event::Answered { dialog: id, body: OFFER.into() }]);
    bench.ua.clear(bench.now, id, None);
    let bye = only_request(&bench.sent());
    assert_eq!(bye.headers.get(&Name::CSeq), Some("4 BYE"), "after the PRACKs");
}

#[test]
fn each_fork_is_acknowledged_by_itself_and_the_one_that_comes_second_is_cleared() {
    let mut bench = Bench::new();
    let (_, out) = call_out(&mut bench);
    assert_eq!(
        only_prack(&bench.trunk_sends(&reliable(&out, 180, "one", 5, ""))),
        prack_of("5 1 INVITE", "2 PRACK", "one")
    );
    assert_eq!(
        only_prack(&bench.trunk_sends(&reliable(&out, 180, "two", 9, ""))),
        prack_of("9 1 INVITE", "2 PRACK", "two")
    );
    assert_eq!(
        only_prack(&bench.trunk_sends(&reliable(&out, 180, "two", 10, ""))),
        prack_of("10 1 INVITE", "3 PRACK", "two")
    );
    bench.trunk_sends(&reply(&out, 200, "one", "Contact: <sip:one@192.0.2.9>\r\n", OFFER));
    let sent = bench.trunk_sends(&reply(&out, 200, "two", "Contact: <sip:two@192.0.2.9>\r\n", OFFER));
    assert_eq!(brief(&sent), ["ACK sip:two@192.0.2.9", "BYE sip:two@192.0.2.9"]);
    let Message::Request(bye) = &sent[1] else { panic!() };
    assert_eq!(bye.headers.get(&Name::CSeq), Some("4 BYE"));
}

#[test]
fn a_reliable_response_without_a_number_or_a_tag_is_an_ordinary_one() {
    let mut bench = Bench::new();
    let (_, out) = call_out(&mut bench);
    for extra in ["Require: 100rel\r\n", "Require: 100rel\r\nRSeq: 0\r\n", "Require: 100rel\r\nRSeq: x\r\n"] {
        assert_eq!(brief(&bench.trunk_sends(&reply(&out, 180, "far", extra, ""))), [""; 0]);
    }
    let untagged = "Require: 100rel\r\nRSeq: 3\r\n";
    assert_eq!(brief(&bench.trunk_sends(&reply(&out, 180, "", untagged, ""))), [""; 0]);
    assert_eq!(bench.events().len(), 4);
}

#[test]
fn a_prack_is_repeated_until_it_is_answered_and_the_call_does_not_depend_on_it() {
    let mut bench = Bench::new();
    let (id, out) = call_out(&mut bench);
    bench.trunk_sends(&reliable(&out, 180, "far", 1, ""));
    let sent = brief(&bench.pass(40_000));
    assert_eq!(sent.len(), 10, "{sent:?}");
    bench.trunk_sends(&reply(&out, 200, "far", "Contact: <sip:far@192.0.2.9>\r\n", OFFER));
    assert!(matches!(bench.events().last(), Some(Event::Answered { dialog, .. }) if *dialog == id));
    bench.ua.clear(bench.now, id, None);
    bench.assert_nothing_left();
}
