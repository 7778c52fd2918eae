//! Requests that can be answered are answered, each as the RFC says.

use cordial_sip::message::Name;
use cordial_sip::{Event, Flow, ListenerId, StreamId, Transport};

use crate::bench::*;

const ANY: &str = "sip:1000@acme.example";

#[test]
fn each_fault_of_an_invite_has_its_code() {
    let mut bench = Bench::new();
    let mut check = |code: u16, given: &[(&str, &str)]| {
        let response = bench.response(TRUNK, &invite(given));
        assert_eq!(response.code, code, "{given:?}");
        assert!(response.headers.get(&Name::Server).is_some());
        response
    };
    check(400, &[("From", "")]);
    check(400, &[("CSeq", "1 BYE")]);
    check(400, &[("CSeq", "4294967296 INVITE")]);
    check(400, &[("Contact", "")]);
    check(400, &[("Contact", "<http//nonsense")]);
    check(400, &[("Max-Forwards", "many")]);
    check(400, &[("Broken Header", "x")]);
    check(483, &[("Max-Forwards", "0")]);
    let bad_extension = check(420, &[("Require", "100rel, nothing-special")]);
    assert_eq!(bad_extension.headers.get(&Name::Unsupported), Some("nothing-special"));
    let bad_body = check(415, &[("Content-Type", "application/isup")]);
    assert_eq!(bad_body.headers.get(&Name::Accept), Some("application/sdp"));
    check(415, &[("Content-Encoding", "gzip")]);
    bench.assert_nothing_left();
}

#[test]
fn versions_schemes_and_sizes_have_their_codes() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.code(
            &invite(&[]).replace(" SIP/2.0\r\nMax", " SIP/7.0\r\nMax").replacen("SIP/2.0", "SIP/7.0", 1)
        ),
        505
    );
    assert_eq!(bench.code(&request("INVITE", "nobody:x@y", &[], OFFER)), 416);
    let huge = format!("{}{}", invite(&[]), "x".repeat(70_000));
    assert_eq!(bench.code(&huge), 513);
    let short = invite(&[]).replacen("Content-Length: ", "Content-Length: 9", 1);
    assert_eq!(bench.code(&short), 400);
    let two = invite(&[("Content-Length", "3")]);
    assert_eq!(bench.code(&two), 400, "two differing lengths");
    bench.assert_nothing_left();
}

#[test]
fn the_same_request_by_another_way_is_answered_482() {
    let mut bench = Bench::new();
    bench.trunk_sends(&invite(&[]));
    let other_way = invite(&[("Via", "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-other;rport")]);
    assert_eq!(bench.code(&other_way), 482);
    assert_eq!(bench.events().len(), 1);
}

#[test]
fn what_has_no_answer_gets_none() {
    let mut bench = Bench::new();
    for text in [
        "",
        "\r\n\r\n",
        "\0\0",
        "hello",
        "ACK sip:x SIP/2.0\r\n\r\n",
        "SIP/2.0 200 OK\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        assert_eq!(brief(&bench.trunk_sends(text)), [""; 0], "{text:?}");
    }
    assert_eq!(brief(&bench.trunk_sends(&request("ACK", ANY, &[], ""))), [""; 0]);
    bench.assert_nothing_left();
}

#[test]
fn at_the_limit_of_dialogs_a_call_is_answered_503_and_live_ones_go_on() {
    let mut bench = Bench::with(cordial_sip::Config { dialogs_max: 1, ..config() });
    bench.trunk_sends(&invite(&[]));
    let Some(Event::Incoming { dialog, .. }) = bench.ua.poll_event() else { panic!() };
    let second = invite(&[("Call-ID", "c2"), ("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2;rport")]);
    let response = bench.response(TRUNK, &second);
    assert_eq!(response.code, 503);
    assert_eq!(response.headers.get(&Name::RetryAfter), Some("5"));
    bench.ua.answer(bench.now, dialog, OFFER.into());
    assert_eq!(brief(&bench.sent()), ["200 to 1 INVITE"]);
}

#[test]
fn trust_does_not_travel_in_headers() {
    let mut bench = Bench::new();
    let odd = [
        ("X-Bypass-me ", "1"),
        ("P-Asserted-Identity", "\"Eve\u{7}\" <sip:+49777@trunk.example>"),
        ("Diversion", "<sip:+49888@trunk.example>"),
        ("X-Steering", "\u{1b}[2J"),
        ("Authorization", "Digest username=\"x\""),
        ("P-Charging-Vector", "x"),
    ];
    bench.trunk_sends(&invite(&odd));
    let Some(Event::Incoming { from_user, from_name, headers, .. }) = bench.ua.poll_event() else { panic!() };
    assert_eq!((from_user.as_str(), from_name.as_deref()), ("+49777", Some("Eve")));
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["X-Bypass-me", "Diversion"], "and nothing with control characters");
}

fn stream(transport: Transport, id: u64) -> Flow {
    Flow { transport, listener: ListenerId(0), remote: TRUNK.parse().unwrap(), stream: Some(StreamId(id)) }
}

#[test]
fn a_stream_in_pieces_gives_the_same_messages_and_a_ping_gives_a_pong() {
    let mut bench = Bench::new();
    let flow = stream(Transport::Tcp, 4);
    let options = |n: u32| {
        let via = format!("SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK-{n}");
        request("OPTIONS", ANY, &[("Via", &via)], &"b".repeat(60_000))
    };
    let bytes = format!("\r\n\r\n{}\r\n{}\r\n\r\n", options(1), options(2));
    for piece in bytes.as_bytes().chunks(977) {
        bench.ua.handle_stream(bench.now, flow, piece);
    }
    let mut pongs = 0;
    let mut answers = 0;
    while let Some(transmit) = bench.ua.poll_transmit() {
        assert_eq!(transmit.flow, flow);
        match transmit.bytes.as_slice() {
            b"\r\n" => pongs += 1,
            _ => answers += 1,
        }
    }
    assert_eq!((pongs, answers), (2, 2));
    bench.assert_nothing_left();
}

#[test]
fn a_stream_whose_next_message_cannot_be_found_is_cut() {
    for (bytes, why) in [
        (
            request("OPTIONS", ANY, &[], "").replace("Content-Length: 0", "Content-Length: -1"),
            "malformed Content-Length",
        ),
        (request("OPTIONS", ANY, &[("Content-Length", "5")], ""), "malformed Content-Length"),
        (
            request("OPTIONS", ANY, &[], "").replace("Content-Length: 0", "Content-Length: 4294967328"),
            "malformed Content-Length",
        ),
        (
            request("OPTIONS", ANY, &[], "").replace("Content-Length: 0", "Content-Length: 99999999"),
            "message too large",
        ),
        (format!("OPTIONS {}", "x".repeat(40_000)), "headers too long"),
    ] {
        let mut bench = Bench::new();
        bench.ua.handle_stream(bench.now, stream(Transport::Tcp, 9), bytes.as_bytes());
        assert_eq!(bench.events(), [Event::StreamBroken { stream: StreamId(9), why }]);
        bench.assert_nothing_left();
    }
}

#[test]
fn a_trunks_calls_outlive_its_connection() {
    let mut bench = Bench::new();
    let text = invite(&[("Via", "SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK-t")]);
    bench.ua.handle_stream(bench.now, stream(Transport::Tcp, 3), text.as_bytes());
    let Some(Event::Incoming { dialog, .. }) = bench.ua.poll_event() else { panic!() };
    bench.ua.handle_stream_closed(bench.now, StreamId(3));
    assert_eq!(bench.events(), []);
    bench.ua.clear(bench.now, dialog, None);
    bench.assert_nothing_left();
}
