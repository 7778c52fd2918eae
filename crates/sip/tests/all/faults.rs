//! Twelve faults that hit ordinary calls elsewhere, one section each.

use cordial_sip::message::{Message, Method, Name};
use cordial_sip::{ClearCause, Event, Invite, Target};

use crate::bench::*;
use crate::calls::*;

// 1

#[test]
fn an_ack_for_a_refusal_matches_the_invite_and_ends_its_retransmission() {
    let mut bench = Bench::new();
    let id = call_in(&mut bench);
    bench.ua.reject(bench.now, id, 486, "", &[]);
    let tag = to_tag(&responses(&bench.sent())[0]);
    assert_eq!(brief(&bench.pass(600)), ["486 to 1 INVITE"], "repeated until acknowledged");
    // The ACK of a refusal has the branch of its INVITE.
    let ack = inside("ACK", 1, &tag, &[("Via", "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-1;rport")], "");
    bench.trunk_sends(&ack);
    assert_eq!(brief(&bench.pass(40_000)), [""; 0]);
    bench.assert_nothing_left();
}

// 2

#[test]
fn a_call_may_ring_longer_than_timer_b() {
    let mut bench = Bench::new();
    let (id, invite) = call_out(&mut bench);
    bench.trunk_sends(&reply(&invite, 180, "far", "", ""));
    assert_eq!(brief(&bench.pass(120_000)), [""; 0], "no retransmission, no end");
    assert_eq!(bench.events(), [Event::Progress { dialog: id, code: 180, body: None }]);
    let ok = reply(&invite, 200, "far", "Contact: <sip:far@192.0.2.9>\r\n", OFFER);
    assert_eq!(brief(&bench.trunk_sends(&ok)), ["ACK sip:far@192.0.2.9"]);
    assert_eq!(bench.events(), [Event::Answered { dialog: id, body: OFFER.into() }]);
}

// 3

#[test]
fn our_ack_for_a_refusal_has_their_to_tag_the_branch_and_the_route_set() {
    let mut bench = Bench::new();
    let binding = cordial_sip::Binding {
        contact: "sip:ann@10.0.0.7:5060".to_owned(),
        flow: udp(PHONE),
        expires_at: bench.now + 60_000,
        q: 1_000,
        call_id: "r".to_owned(),
        cseq: 1,
        instance: None,
        path: vec!["<sip:edge.example;lr>".to_owned()],
    };
    let invite = Invite {
        target: Target::Binding { account: cordial_sip::AccountId(1), binding: Box::new(binding) },
        from_user: "1000".to_owned(),
        from_name: Some("Queue \"sales\"".to_owned()),
        to_user: "ann".to_owned(),
        headers: vec![("X-Call".to_owned(), "7".to_owned()), ("Route".to_owned(), "<sip:evil>".to_owned())],
        body: OFFER.into(),
    };
    let id = bench.ua.invite(bench.now, invite);
    let invite = only_request(&bench.sent());
    assert_eq!(invite.headers.all(&Name::Route).collect::<Vec<_>>(), ["<sip:edge.example;lr>"]);
    assert_eq!(invite.headers.get(&Name::new("x-call")), Some("7"));
    let ack = only_request(&bench.receive(PHONE, &reply(&invite, 486, "far", "", "")));
    assert_eq!(ack.method, Method::Ack);
    assert!(ack.headers.get(&Name::To).unwrap().ends_with(";tag=far"));
    for name in [Name::Via, Name::Route, Name::From, Name::CallId] {
        assert_eq!(ack.headers.get(&name), invite.headers.get(&name), "{name}");
    }
    let failed = Event::Failed { dialog: id, code: 486, reason: "Whatever".to_owned() };
    assert_eq!(bench.events(), [failed]);
    bench.assert_nothing_left();
}

// 4

#[test]
fn a_resent_2xx_is_acknowledged_again() {
    let mut bench = Bench::new();
    let (_, invite) = call_out(&mut bench);
    let ok = reply(&invite, 200, "far", "Contact: <sip:far@192.0.2.9>\r\n", OFFER);
    let first = bench.trunk_sends(&ok);
    assert_eq!(bench.events().len(), 1);
    bench.pass(5_000);
    assert_eq!(bench.trunk_sends(&ok), first);
    assert_eq!(bench.events(), []);
}

#[test]
fn a_resent_invite_after_our_2xx_is_no_second_call() {
    let mut bench = Bench::new();
    let (_, _) = talking(&mut bench);
    assert_eq!(brief(&bench.trunk_sends(&invite(&[]))), [""; 0]);
    assert_eq!(bench.events(), []);
}

#[test]
fn our_2xx_is_resent_until_its_ack_and_then_the_dialog_is_ended() {
    let mut bench = Bench::new();
    let id = call_in(&mut bench);
    bench.ua.answer(bench.now, id, OFFER.into());
    bench.sent();
    let sent = brief(&bench.pass(32_100));
    assert_eq!(sent.iter().filter(|line| *line == "200 to 1 INVITE").count(), 10);
    assert_eq!(sent.last().map(String::as_str), Some("BYE sip:far@192.0.2.9:5060"));
    assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause: ClearCause::NoAck, reason: None }]);
    bench.assert_nothing_left();
}

// 5

#[test]
fn a_hairpin_call_works() {
    let mut bench = Bench::new();
    let (out, invite) = call_out(&mut bench);
    // The trunk sends our own INVITE back to us, one Via more on top.
    let mut looped = invite.clone();
    let via = "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKloop;rport";
    looped.headers.push_front(Name::Via, via);
    let text = String::from_utf8(looped.to_bytes()).unwrap();
    assert_eq!(brief(&bench.trunk_sends(&text)), ["100 to 1 INVITE"]);
    let Some(Event::Incoming { dialog: back, .. }) = bench.ua.poll_event() else { panic!() };
    bench.ua.answer(bench.now, back, OFFER.into());
    let sent = bench.sent();
    let [Message::Response(ok)] = sent.as_slice() else { panic!("{sent:?}") };
    // The trunk takes its Via off and hands the answer to the caller, which is us.
    let mut back_home = ok.clone();
    back_home.headers.remove(&Name::Via);
    back_home.headers.push_front(Name::Via, invite.headers.get(&Name::Via).unwrap());
    let text = String::from_utf8(back_home.to_bytes()).unwrap();
    let ack = only_request(&bench.trunk_sends(&text));
    assert_eq!(bench.events(), [Event::Answered { dialog: out, body: OFFER.into() }]);
    bench.trunk_sends(&String::from_utf8(ack.to_bytes()).unwrap());
    assert_eq!(bench.events(), [Event::Confirmed { dialog: back, body: None }]);
}

#[test]
fn equal_branches_of_two_hosts_do_not_collide() {
    let mut bench = Bench::new();
    call_in(&mut bench);
    let other = invite(&[
        ("Via", "SIP/2.0/UDP 192.0.2.77:5060;branch=z9hG4bK-1;rport"),
        ("Call-ID", "call-2"),
        ("From", "<sip:2@trunk.example>;tag=two"),
    ]);
    assert_eq!(brief(&bench.trunk_sends(&other)), ["100 to 1 INVITE"]);
    assert_eq!(bench.events().len(), 1);
}

#[test]
fn a_call_by_rfc_2543_rules_is_taken_answered_and_acknowledged() {
    let mut bench = Bench::new();
    let old = [("Via", "SIP/2.0/UDP 192.0.2.9:5060")];
    bench.trunk_sends(&invite(&old));
    let Some(Event::Incoming { dialog, .. }) = bench.ua.poll_event() else { panic!() };
    bench.ua.reject(bench.now, dialog, 603, "No thanks", &[]);
    let response = responses(&bench.sent())[0].clone();
    assert_eq!((response.code, response.reason.as_str()), (603, "No thanks"));
    assert_eq!(brief(&bench.trunk_sends(&invite(&old))), ["603 to 1 INVITE"], "the same call");
    let to = format!("<sip:1000@acme.example>;tag={}", to_tag(&response));
    bench.trunk_sends(&request("ACK", "sip:1000@acme.example", &[old[0], ("To", &to)], ""));
    assert_eq!(brief(&bench.pass(40_000)), [""; 0]);
    bench.assert_nothing_left();
}

// 6

#[test]
fn responses_copy_record_route_carry_any_header_and_name_their_flow() {
    let mut bench = Bench::new();
    let route = [("Record-Route", "<sip:a.example;lr>, \"B, really\" <sip:b.example;lr>")];
    bench.trunk_sends(&invite(&route));
    let Some(Event::Incoming { dialog, .. }) = bench.ua.poll_event() else { panic!() };
    bench.ua.ring(bench.now, dialog, 180, None);
    let ringing = responses(&bench.sent())[0].clone();
    assert_eq!(ringing.headers.values(&Name::RecordRoute).count(), 2);
    assert_eq!(bench.flows, [udp(TRUNK)]);
    bench.ua.reject(bench.now, dialog, 503, "", &[("Retry-After", "30"), ("X-Why", "full")]);
    let busy = responses(&bench.sent())[0].clone();
    assert_eq!(busy.headers.get(&Name::RetryAfter), Some("30"));
    assert_eq!(busy.headers.get(&Name::new("X-Why")), Some("full"));
}

#[test]
fn without_rport_a_response_goes_to_the_port_of_the_via() {
    let mut bench = Bench::new();
    let text = request("OPTIONS", "sip:a@b", &[("Via", "SIP/2.0/UDP far.example:5099;branch=z9hG4bKq")], "");
    let response = bench.response("192.0.2.9:1234", &text);
    assert_eq!(bench.flows, [udp("192.0.2.9:5099")]);
    let via = response.headers.get(&Name::Via).unwrap();
    assert_eq!(via, "SIP/2.0/UDP far.example:5099;branch=z9hG4bKq;received=192.0.2.9");
}

// 7

#[test]
fn a_rejected_outbound_call_leaves_nothing_behind() {
    let mut bench = Bench::new();
    for code in [302, 404, 486, 503, 603] {
        let (_, invite) = call_out(&mut bench);
        bench.trunk_sends(&reply(&invite, code, "far", "", ""));
    }
    assert_eq!(bench.events().len(), 5);
    assert_eq!(bench.ua.counts().dialogs, 0);
    // Not even a timer outlives the transactions.
    bench.pass(33_000);
    assert_eq!(bench.ua.counts(), cordial_sip::Counts::default());
}

#[test]
fn an_unanswered_outbound_call_fails_with_408_and_leaves_nothing_behind() {
    let mut bench = Bench::new();
    let (id, _) = call_out(&mut bench);
    assert_eq!(bench.pass(32_000).len(), 6, "timer A doubles");
    let reason = "Request Timeout".to_owned();
    assert_eq!(bench.events(), [Event::Failed { dialog: id, code: 408, reason }]);
    bench.assert_nothing_left();
}

// 8: see also parser.rs

#[test]
fn unknown_methods_are_answered_501_and_known_ones_not_served_405_or_489() {
    let mut bench = Bench::new();
    let mut code = |method: &str| bench.code(&request(method, "sip:1000@acme.example", &[], ""));
    assert_eq!(code("CHAT"), 501);
    assert_eq!(code("MESSAGE"), 405);
    assert_eq!(code("REFER"), 405);
    assert_eq!(code("SUBSCRIBE"), 489);
    assert_eq!(code("NOTIFY"), 489);
    assert_eq!(code("INFO"), 481);
    assert_eq!(code("UPDATE"), 481);
    assert_eq!(code("BYE"), 481);
    assert_eq!(code("CANCEL"), 481);
    assert_eq!(code("OPTIONS"), 200);
    bench.assert_nothing_left();
}

// 9: see digest.rs

// 10

#[test]
fn a_reinvite_moves_the_remote_target() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    let moved = inside("INVITE", 2, &tag, &[("Contact", "<sip:new@192.0.2.10>")], OFFER);
    assert_eq!(brief(&bench.trunk_sends(&moved)), ["100 to 2 INVITE"]);
    assert_eq!(bench.events(), [Event::Reoffered { dialog: id, body: Some(OFFER.into()) }]);
    bench.ua.answer_reoffer(bench.now, id, OFFER.into());
    assert_eq!(brief(&bench.sent()), ["200 to 2 INVITE"]);
    bench.trunk_sends(&inside("ACK", 2, &tag, &[], ""));
    bench.ua.clear(bench.now, id, Some("Q.850;cause=16"));
    let bye = only_request(&bench.sent());
    assert_eq!(bye.uri.to_string(), "sip:new@192.0.2.10");
    assert_eq!(bye.headers.get(&Name::Reason), Some("Q.850;cause=16"));
    bench.trunk_sends(&reply(&bye, 200, "", "", ""));
    bench.assert_nothing_left();
}

#[test]
fn a_request_older_than_one_served_is_answered_500() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    assert_eq!(bench.code(&inside("OPTIONS", 5, &tag, &[], "")), 200);
    assert_eq!(bench.code(&inside("BYE", 4, &tag, &[], "")), 500);
    assert_eq!(bench.events(), []);
    let bye = inside("BYE", 6, &tag, &[("Reason", "SIP;cause=200")], "");
    assert_eq!(bench.code(&bye), 200);
    let reason = Some("SIP;cause=200".to_owned());
    assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause: ClearCause::Bye, reason }]);
    assert_eq!(bench.code(&bye), 200, "a resent BYE is answered again");
    bench.assert_nothing_left();
}

#[test]
fn a_second_fork_that_answers_is_acknowledged_and_cleared() {
    let mut bench = Bench::new();
    let (id, invite) = call_out(&mut bench);
    bench.trunk_sends(&reply(&invite, 200, "one", "Contact: <sip:one@192.0.2.9>\r\n", OFFER));
    let sent = bench.trunk_sends(&reply(&invite, 200, "two", "Contact: <sip:two@192.0.2.9>\r\n", OFFER));
    assert_eq!(brief(&sent), ["ACK sip:two@192.0.2.9", "BYE sip:two@192.0.2.9"]);
    let Message::Request(bye) = &sent[1] else { panic!() };
    assert!(bye.headers.get(&Name::To).unwrap().ends_with("tag=two"));
    assert_eq!(bench.events(), [Event::Answered { dialog: id, body: OFFER.into() }]);
}

#[test]
fn routes_with_display_names_are_followed_loosely_in_reverse_order() {
    let mut bench = Bench::new();
    let (id, invite) = call_out(&mut bench);
    let extra =
        "Record-Route: \"B, b\" <sip:b.example;lr>, <sip:a.example;lr>\r\nContact: <sip:far@10.1.1.1>\r\n";
    bench.trunk_sends(&reply(&invite, 200, "far", extra, OFFER));
    bench.ua.clear(bench.now, id, None);
    let bye = only_request(&bench.sent());
    assert_eq!(bye.uri.to_string(), "sip:far@10.1.1.1");
    let routes: Vec<_> = bye.headers.all(&Name::Route).collect();
    assert_eq!(routes, ["<sip:a.example;lr>", "\"B, b\" <sip:b.example;lr>"]);
}

#[test]
fn the_routes_of_a_call_that_came_in_are_followed_in_their_own_order() {
    let mut bench = Bench::new();
    let routes = [
        ("Record-Route", "\"A, a\" <sip:a.example;lr>"),
        ("Record-Route", "<sip:b.example;lr>"),
        ("Contact", "<sip:far@10.1.1.1>"),
    ];
    bench.trunk_sends(&invite(&routes));
    let Some(Event::Incoming { dialog, .. }) = bench.ua.poll_event() else { panic!() };
    bench.ua.answer(bench.now, dialog, OFFER.into());
    let tag = to_tag(&responses(&bench.sent())[0]);
    bench.trunk_sends(&inside("ACK", 1, &tag, &[], ""));
    bench.ua.clear(bench.now, dialog, None);
    let bye = only_request(&bench.sent());
    // Who was called keeps the order (RFC 3261 section 12.1.1); only the caller turns it round.
    assert_eq!(bye.uri.to_string(), "sip:far@10.1.1.1");
    let followed: Vec<_> = bye.headers.all(&Name::Route).collect();
    assert_eq!(followed, ["\"A, a\" <sip:a.example;lr>", "<sip:b.example;lr>"]);
}

#[test]
fn a_strict_router_gets_itself_as_request_uri() {
    let mut bench = Bench::new();
    let (id, invite) = call_out(&mut bench);
    let extra = "Record-Route: <sip:old.example>\r\nContact: <sip:far@10.1.1.1>\r\n";
    bench.trunk_sends(&reply(&invite, 200, "far", extra, OFFER));
    bench.ua.clear(bench.now, id, None);
    let bye = only_request(&bench.sent());
    assert_eq!(bye.uri.to_string(), "sip:old.example");
    assert_eq!(bye.headers.get(&Name::Route), Some("<sip:far@10.1.1.1>"));
}

// 11

#[test]
fn methods_are_matched_exactly() {
    let mut bench = Bench::new();
    for method in ["INVITED", "invite", "Invite", "BYEBYE", "ACKNOWLEDGE"] {
        assert_eq!(bench.code(&request(method, "sip:1000@acme.example", &[], "")), 501, "{method}");
    }
    assert_eq!(bench.events(), []);
    bench.assert_nothing_left();
}

// 12: see parser.rs

// Crossings

#[test]
fn a_200_that_crosses_our_cancel_is_acknowledged_and_cleared() {
    let mut bench = Bench::new();
    let (id, invite) = call_out(&mut bench);
    bench.trunk_sends(&reply(&invite, 180, "far", "", ""));
    bench.ua.clear(bench.now, id, None);
    let cancel = only_request(&bench.sent());
    assert_eq!(cancel.method, Method::Cancel);
    assert_eq!(cancel.headers.get(&Name::Via), invite.headers.get(&Name::Via));
    let ok = reply(&invite, 200, "far", "Contact: <sip:far@192.0.2.9>\r\n", OFFER);
    let sent = bench.trunk_sends(&ok);
    assert_eq!(brief(&sent), ["ACK sip:far@192.0.2.9", "BYE sip:far@192.0.2.9"]);
    assert!(bench.events().iter().all(|event| matches!(event, Event::Progress { .. })));
    bench.assert_nothing_left();
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new();
    let (id, invite) = call_out(&mut bench);
    bench.ua.clear(bench.now, id, None);
    assert_eq!(brief(&bench.sent()), [""; 0]);
    let sent = brief(&bench.trunk_sends(&reply(&invite, 100, "", "", "")));
    assert_eq!(sent, ["CANCEL sip:4930@trunk.example"]);
    assert_eq!(
        brief(&bench.trunk_sends(&reply(&invite, 487, "far", "", ""))),
        ["ACK sip:4930@trunk.example"]
    );
    assert_eq!(bench.events(), []);
    bench.assert_nothing_left();
}

#[test]
fn a_cancelled_call_is_answered_487_and_reported_once() {
    let mut bench = Bench::new();
    let id = call_in(&mut bench);
    let cancel = request("CANCEL", "sip:1000@acme.example", &[("Contact", "")], "");
    assert_eq!(brief(&bench.receive(TRUNK, &cancel)), ["200 to 1 CANCEL", "487 to 1 INVITE"]);
    assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause: ClearCause::Cancelled, reason: None }]);
    assert_eq!(brief(&bench.receive(TRUNK, &cancel)), ["200 to 1 CANCEL"]);
    // What the owner still says of it does nothing.
    bench.ua.answer(bench.now, id, OFFER.into());
    bench.ua.clear(bench.now, id, None);
    assert_eq!(brief(&bench.sent()), [""; 0]);
    bench.assert_nothing_left();
}

#[test]
fn a_cancel_from_elsewhere_is_answered_481() {
    let mut bench = Bench::new();
    call_in(&mut bench);
    let cancel = request("CANCEL", "sip:1000@acme.example", &[("Contact", "")], "");
    assert_eq!(bench.response("192.0.2.200:5060", &cancel).code, 481);
    assert_eq!(bench.events(), []);
}

#[test]
fn a_bye_for_an_answer_without_ack_waits_for_the_ack() {
    let mut bench = Bench::new();
    let id = call_in(&mut bench);
    bench.ua.answer(bench.now, id, OFFER.into());
    let tag = to_tag(&responses(&bench.sent())[0]);
    bench.ua.clear(bench.now, id, Some("SIP;cause=200"));
    assert_eq!(brief(&bench.sent()), [""; 0]);
    assert_eq!(brief(&bench.trunk_sends(&inside("ACK", 1, &tag, &[], ""))), ["BYE sip:far@192.0.2.9:5060"]);
    assert_eq!(bench.events(), []);
    bench.assert_nothing_left();
}

#[test]
fn glare_is_answered_491_and_our_offer_comes_again() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    bench.ua.reoffer(bench.now, id, OFFER.into()).unwrap();
    let ours = only_request(&bench.sent());
    let theirs = inside("INVITE", 2, &tag, &[], OFFER);
    assert_eq!(brief(&bench.trunk_sends(&theirs)), ["491 to 2 INVITE"]);
    let refused = bench.trunk_sends(&reply(&ours, 491, "", "", ""));
    assert_eq!(brief(&refused), ["ACK sip:far@192.0.2.9:5060"]);
    assert_eq!(bench.ua.reoffer(bench.now, id, OFFER.into()), Err(cordial_sip::ReofferError::Pending));
    let again = bench.pass(2_000);
    let again = again.iter().find_map(|message| match message {
        Message::Request(request) if request.method == Method::Invite => Some(request.clone()),
        Message::Request(_) | Message::Response(_) => None,
    });
    bench.trunk_sends(&reply(&again.expect("a second try"), 200, "", "", OFFER));
    assert_eq!(bench.events(), [Event::ReofferAnswered { dialog: id, body: OFFER.into() }]);
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut bench = Bench::new();
    bench.trunk_sends(&request("INVITE", "sip:1000@acme.example", &[], ""));
    let Some(Event::Incoming { dialog, body: None, .. }) = bench.ua.poll_event() else { panic!() };
    bench.ua.answer(bench.now, dialog, OFFER.into());
    let tag = to_tag(&responses(&bench.sent())[0]);
    bench.trunk_sends(&inside("ACK", 1, &tag, &[], "v=0\r\n"));
    assert_eq!(bench.events(), [Event::Confirmed { dialog, body: Some("v=0\r\n".into()) }]);
}

#[test]
fn a_far_end_that_forgot_the_dialog_is_noticed_by_the_ping() {
    let mut bench = Bench::with(cordial_sip::Config { dialog_ping_ms: 60_000, ..config() });
    let (id, _) = talking(&mut bench);
    let sent = bench.pass(60_000);
    let [Message::Request(ping), ..] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(ping.method, Method::Options);
    bench.trunk_sends(&reply(ping, 481, "", "", ""));
    assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause: ClearCause::Unreachable, reason: None }]);
    bench.assert_nothing_left();
}

#[test]
fn a_far_end_that_is_dead_is_noticed_by_the_ping() {
    let mut bench = Bench::with(cordial_sip::Config { dialog_ping_ms: 60_000, ..config() });
    let (id, _) = talking(&mut bench);
    bench.pass(60_000 + 32_000);
    assert_eq!(bench.events(), [Event::Cleared { dialog: id, cause: ClearCause::Unreachable, reason: None }]);
    bench.assert_nothing_left();
}

#[test]
fn a_blob_ends_a_dialog_of_an_earlier_life() {
    let mut bench = Bench::new();
    let (id, _) = talking(&mut bench);
    let blob = bench.ua.dialog_blob(id).unwrap();
    let mut next_life = Bench::new();
    next_life.ua.clear_from_blob(next_life.now, &blob).unwrap();
    let bye = only_request(&next_life.sent());
    bench.ua.clear(bench.now, id, None);
    let ordinary = only_request(&bench.sent());
    for name in [Name::From, Name::To, Name::CallId] {
        assert_eq!(bye.headers.get(&name), ordinary.headers.get(&name));
    }
    assert_eq!(bye.uri, ordinary.uri);
    for cut in 0..blob.len() {
        let _refused_or_harmless = next_life.ua.clear_from_blob(next_life.now, &blob[..cut]);
    }
    assert!(next_life.ua.clear_from_blob(next_life.now, "9\tx").is_err());
}

#[test]
fn a_digit_in_an_info_is_reported_once() {
    let mut bench = Bench::new();
    let (id, tag) = talking(&mut bench);
    let kind = [("Content-Type", "application/dtmf-relay")];
    let info = inside("INFO", 2, &tag, &kind, "Signal=5\r\nDuration=160\r\n");
    assert_eq!(bench.code(&info), 200);
    assert_eq!(bench.code(&info), 200);
    assert_eq!(bench.events(), [Event::Dtmf { dialog: id, digit: '5', duration_ms: Some(160) }]);
}

#[test]
fn a_request_inside_a_dialog_from_elsewhere_is_refused() {
    let mut bench = Bench::new();
    let (_, tag) = talking(&mut bench);
    assert_eq!(bench.response("192.0.2.200:5060", &inside("BYE", 2, &tag, &[], "")).code, 403);
    assert_eq!(bench.code(&inside("BYE", 2, "wrong", &[], "")), 481);
    assert_eq!(bench.events(), []);
}

#[test]
fn a_call_that_rings_beyond_the_limit_has_failed_and_is_cancelled() {
    let mut bench = Bench::new();
    let (id, invite) = call_out(&mut bench);
    bench.trunk_sends(&reply(&invite, 180, "far", "", ""));
    let sent = brief(&bench.pass(300_000));
    assert_eq!(sent, ["CANCEL sip:4930@trunk.example"]);
    let events = bench.events();
    assert!(matches!(events.last(), Some(Event::Failed { dialog, code: 408, .. }) if *dialog == id));
    // Not even the CANCEL is answered.
    bench.assert_nothing_left();
    assert_eq!(bench.events(), []);
}

#[test]
fn a_ringing_answer_is_repeated_every_minute_so_that_proxies_keep_waiting() {
    let mut bench = Bench::new();
    let id = call_in(&mut bench);
    bench.ua.ring(bench.now, id, 183, Some(OFFER.into()));
    assert_eq!(responses(&bench.sent())[0].body, OFFER.as_bytes());
    assert_eq!(brief(&bench.pass(180_000)), ["183 to 1 INVITE"; 3]);
    bench.ua.clear(bench.now, id, None);
    assert_eq!(brief(&bench.sent()), ["480 to 1 INVITE"]);
    bench.assert_nothing_left();
}
