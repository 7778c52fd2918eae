//! The parser: odd but valid input, round trips, and mutations that must never panic.

use cordial_sip::message::{Essentials, Frame, Framer, Message, Method, Name, NameAddr, Scheme, Uri, Via};
use cordial_sip::sdp::Session;
use proptest::prelude::*;

use crate::bench::*;

fn request_of(bytes: &[u8]) -> cordial_sip::message::Request {
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn compact_folded_and_joined_headers_are_read() {
    let text = "INVITE sip:bob@example.com SIP/2.0\r\nv: SIP/2.0/UDP [2001:db8::1]:5066;branch=z9hG4bKa,\r\n \
                SIP/2.0/TCP b.example ;branch=z9hG4bKb\r\nf: \"A, \\\"B\\\" <C>\" <sip:a@[::1]>;tag=1\r\n\
                t: <sip:bob@example.com>\r\ni: 1\r\nCSeq: 1\tINVITE\r\nSubject: one\r\n\ttwo\r\n  three\r\nl: 0\r\n\r\n";
    let request = request_of(text.as_bytes());
    let vias: Vec<Via> = request.headers.values(&Name::Via).map(|via| Via::parse(via).unwrap()).collect();
    assert_eq!((vias[0].host.as_str(), vias[0].port), ("2001:db8::1", Some(5066)));
    assert_eq!(vias[1].branch(), Some("z9hG4bKb"));
    let essentials = Essentials::read(&request.headers).unwrap();
    assert_eq!(essentials.from.display.as_deref(), Some("A, \"B\" <C>"));
    assert_eq!(essentials.from.uri.host, "::1");
    assert_eq!(request.headers.get(&Name::new("subject")), Some("one two three"));
    let again = request_of(&request.to_bytes());
    assert_eq!(Essentials::read(&again.headers), Ok(essentials));
}

#[test]
fn a_datagram_without_content_length_keeps_its_body_and_one_with_it_loses_the_rest() {
    let text = invite(&[]);
    let without: String =
        text.split_inclusive("\r\n").filter(|line| !line.starts_with("Content-Length")).collect();
    assert_eq!(request_of(without.as_bytes()).body, OFFER.as_bytes());
    assert_eq!(request_of(format!("{text}trailing").as_bytes()).body, OFFER.as_bytes());
}

#[test]
fn uris_are_read_and_written_back() {
    for text in [
        "sip:alice@atlanta.com",
        "sip:alice:secretword@atlanta.com;transport=tcp",
        "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sip:1212@gateway.com",
        "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
        "sip:alice;day=tuesday@atlanta.com",
        "sip:[2001:db8::10]:5070",
        "tel:+358-555-1234567;phone-context=x",
        "urn:service:sos",
    ] {
        assert_eq!(Uri::parse(text).map(|uri| uri.to_string()).as_deref(), Ok(text));
    }
    for text in [
        "",
        "sip:",
        "sip:@host",
        "sip:a@",
        "sip:a b@c",
        "sip:a@host:99999",
        "sip:a@[::1",
        "nocolon",
        "sip:a@h ost",
        ":x",
    ] {
        assert!(Uri::parse(text).is_err(), "{text}");
    }
    assert_eq!(Uri::parse("tel:+49").unwrap().scheme, Scheme::Tel);
    assert_eq!(Uri::sip(Some("a b@c"), "h", None).to_string(), "sip:a%20b%40c@h");
    assert_eq!(Uri::parse("sip:%61%00b@h").unwrap().user_text(), "a%00b", "control characters stay escaped");
}

#[test]
fn what_could_not_be_written_back_is_refused_or_left_out() {
    assert!(Uri::parse("tel:;phone-context=x").is_err(), "a number without digits");
    assert_eq!(Uri::sip(Some(""), "h", None).to_string(), "sip:h");
    for open in ["<sip:a@b>;tag < 9", "sip:a@b;x=\"1", "<sip:a@b>;x=\"1\"2\"", "sip:a@b;x=>"] {
        assert!(NameAddr::parse(open).is_err(), "{open}");
    }
    let instance = NameAddr::parse("<sip:a@b>;+sip.instance=\"<urn:uuid:1;2>\";q=1").unwrap();
    assert_eq!(instance.with_tag("t").tag(), Some("t"));
    let session = b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r x\r\n";
    assert!(Session::parse(session).is_err(), "a carriage return inside a line");
}

#[test]
fn a_deep_fold_does_not_overflow_the_stack() {
    let folds = "\r\n ".repeat(20_000);
    let text = invite(&[]).replacen("Max-Forwards", &format!("Subject: a{folds}b\r\nMax-Forwards"), 1);
    assert_eq!(request_of(text.as_bytes()).headers.get(&Name::new("Subject")), Some("a b"));
}

fn seeds() -> Vec<String> {
    vec![
        invite(&[]),
        request("REGISTER", "sip:acme.example", &[("Contact", "*"), ("Authorization", "Digest realm=\"a\", nc=1")], ""),
        request("ACK", "sip:x@y;lr", &[("Via", "SIP/2.0/UDP a, SIP/2.0/TCP [::1]:5")], ""),
        "SIP/2.0 407 No\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n\
         Call-ID: z\r\nCSeq: 9 INVITE\r\nProxy-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\n\r\n"
            .to_owned(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes changed, cut, doubled: no panic anywhere, and what is read is written and read again the same.
    #[test]
    fn mutated_messages_never_panic_and_round_trip(
        seed in 0usize..4,
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..5, any::<u8>()), 0..12),
        transport in any::<bool>(),
    ) {
        let mut bytes = seeds()[seed].clone().into_bytes();
        for (index, kind, byte) in edits {
            let at = index.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match kind {
                0 if !bytes.is_empty() => bytes[at] = byte,
                1 if !bytes.is_empty() => { bytes.remove(at); }
                2 => bytes.insert(at, b"\r\n\t \",;:<>=@\\[]%"[usize::from(byte) % 16]),
                3 => { let tail = bytes[at..].to_vec(); bytes.extend(tail); bytes.truncate(6_000); }
                _ => bytes.truncate(bytes.len().saturating_sub(usize::from(byte))),
            }
        }
        if let Ok(message) = Message::parse(&bytes) {
            let written = message.to_bytes();
            let again = Message::parse(&written);
            prop_assert!(again.is_ok(), "{:?}", String::from_utf8_lossy(&written));
            prop_assert_eq!(again.unwrap().to_bytes(), written);
        }
        let mut bench = Bench::new();
        if transport {
            bench.ua.handle_datagram(bench.now, udp(TRUNK), &bytes);
        } else {
            let flow = cordial_sip::Flow {
                transport: cordial_sip::Transport::Tcp,
                stream: Some(cordial_sip::StreamId(1)),
                ..udp(TRUNK)
            };
            bench.ua.handle_stream(bench.now, flow, &bytes);
            bench.ua.handle_stream_closed(bench.now, cordial_sip::StreamId(1));
        }
        bench.sent();
        for event in bench.events() {
            if let cordial_sip::Event::Incoming { dialog, .. } = event {
                bench.ua.clear(bench.now, dialog, None);
            }
        }
        bench.ua.remove_account(cordial_sip::AccountId(1));
        bench.assert_nothing_left();
    }

    #[test]
    fn arbitrary_text_never_panics_the_readers(text in "\\PC{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = (Uri::parse(&text).map(|uri| uri.to_string()), NameAddr::parse(&text), Via::parse(&text));
        let _ = (Method::parse(&text), Session::parse(&bytes), Message::parse(&bytes));
        let _ = cordial_sip::digest::DigestFields::parse(&format!("Digest {text}"));
        let mut framer = Framer::default();
        framer.push(&bytes);
        while let Ok(Some(Frame::Message(_) | Frame::Ping)) = framer.next_frame() {}
    }

    /// However a stream is cut into pieces, the same messages come out.
    #[test]
    fn framing_does_not_depend_on_the_pieces(cuts in proptest::collection::vec(1usize..400, 1..20)) {
        let stream = seeds()[..3].concat();
        let mut framer = Framer::default();
        let mut out = Vec::new();
        let mut rest = stream.as_bytes();
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() { break; }
            let (piece, tail) = rest.split_at(cut.min(rest.len()));
            rest = tail;
            framer.push(piece);
            while let Ok(Some(Frame::Message(message))) = framer.next_frame() { out.push(message); }
        }
        prop_assert_eq!(out.concat(), stream.into_bytes());
        prop_assert_eq!(out.len(), 3);
        prop_assert!(framer.is_empty());
    }

    #[test]
    fn session_descriptions_round_trip(text in "(m=audio [0-9]{1,5} RTP/AVP 0 8\r\n(a=[a-z]{4,8}\r\n|a=ptime:[0-9]{1,4}\r\n|c=IN IP4 1.2.3.4\r\n){0,4}){0,3}") {
        let text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\n{text}");
        if let Ok(session) = Session::parse(text.as_bytes()) {
            prop_assert_eq!(Session::parse(&session.to_bytes()), Ok(session));
        }
    }
}
