//! What a process says of the calls of the one before, and what it says to their answers.

use cordial_sip::message::{Message, Name, Request};
use cordial_sip::{AccountId, Config, DialogId, Event, Invite, Key, PeerId, Target};

use crate::bench::*;

/// The key that all lives share.
fn keyed(key: u8) -> Config {
    Config { key: Some(Key([key; 32])), ..config() }
}

fn call_out(bench: &mut Bench) -> (DialogId, Request) {
    let invite = Invite {
        target: Target::Peer { id: PeerId(1), user: "4930".to_owned() },
        from_user: "1000".to_owned(),
        from_name: None,
        to_user: "4930".to_owned(),
        headers: Vec::new(),
        body: OFFER.into(),
    };
    let dialog = bench.ua.invite(bench.now, invite);
    (dialog, only_request(&bench.sent()))
}

fn answer(invite: &Request) -> String {
    reply(invite, 200, "far", "Contact: <sip:far@192.0.2.9>\r\n", OFFER)
}

#[test]
fn an_ack_that_is_held_goes_when_the_owner_says_so_or_before_a_bye() {
    for told in [true, false] {
        let mut bench = Bench::with(Config { hold_ack: true, ..config() });
        let (dialog, invite) = call_out(&mut bench);
        assert_eq!(brief(&bench.trunk_sends(&answer(&invite))), [""; 0]);
        assert_eq!(bench.events(), [Event::Answered { dialog, body: OFFER.into() }]);
        assert_eq!(brief(&bench.trunk_sends(&answer(&invite))), [""; 0], "nor when it comes again");
        if told {
            bench.ua.acknowledge(dialog);
            assert_eq!(brief(&bench.sent()), ["ACK sip:far@192.0.2.9"]);
            assert_eq!(brief(&bench.trunk_sends(&answer(&invite))), ["ACK sip:far@192.0.2.9"]);
            bench.ua.acknowledge(dialog);
            assert_eq!(brief(&bench.sent()), [""; 0]);
        }
        bench.ua.clear(bench.now, dialog, None);
        let owed = ["ACK sip:far@192.0.2.9", "BYE sip:far@192.0.2.9"];
        assert_eq!(brief(&bench.sent()), owed[usize::from(told)..]);
        bench.assert_nothing_left();
    }
}

#[test]
fn a_call_that_rang_at_a_crash_is_taken_back_and_its_answer_is_seen_to() {
    let mut bench = Bench::with(keyed(1));
    let (dialog, invite) = call_out(&mut bench);
    bench.trunk_sends(&reply(&invite, 180, "far", "", ""));
    let blob = bench.ua.dialog_blob(dialog).unwrap();
    for crossed in [false, true] {
        let mut next = Bench::with(keyed(1));
        next.ua.clear_from_blob(next.now, &blob).unwrap();
        let cancel = only_request(&next.sent());
        assert_eq!(cancel.method, cordial_sip::message::Method::Cancel);
        assert_eq!(cancel.uri, invite.uri);
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::Route] {
            assert_eq!(cancel.headers.get(&name), invite.headers.get(&name), "{name}");
        }
        assert_eq!(cancel.headers.get(&Name::CSeq), Some("1 CANCEL"));
        let sent = match crossed {
            false => next.trunk_sends(&reply(&invite, 487, "far", "", "")),
            true => next.trunk_sends(&answer(&invite)),
        };
        let said: &[_] = match crossed {
            false => &["ACK sip:4930@trunk.example"],
            true => &["ACK sip:far@192.0.2.9", "BYE sip:far@192.0.2.9"],
        };
        assert_eq!(brief(&sent), said);
        if let Some(Message::Request(bye)) = sent.get(1) {
            assert_eq!(bye.headers.get(&Name::CSeq), Some("65538 BYE"), "beyond any PRACK while it rang");
        }
        assert_eq!(next.events(), []);
        next.assert_nothing_left();
    }
}

#[test]
fn an_answer_to_an_invite_of_an_earlier_life_is_acknowledged_and_cleared() {
    let mut bench = Bench::with(keyed(1));
    let (_, invite) = call_out(&mut bench);
    let mut next = Bench::with(keyed(1));
    let sent = next.trunk_sends(&answer(&invite));
    assert_eq!(brief(&sent), ["ACK sip:far@192.0.2.9", "BYE sip:far@192.0.2.9"]);
    let Message::Request(bye) = &sent[1] else { panic!() };
    assert_eq!(bye.headers.get(&Name::CSeq), Some("65537 BYE"));
    assert_eq!(bye.headers.get(&Name::From), invite.headers.get(&Name::From));
    assert!(bye.headers.get(&Name::To).unwrap().ends_with(";tag=far"));
    assert_eq!(brief(&next.trunk_sends(&answer(&invite))), ["ACK sip:far@192.0.2.9"], "one BYE at a time");
    let fork = reply(&invite, 200, "two", "Contact: <sip:two@192.0.2.9>\r\n", OFFER);
    assert_eq!(brief(&next.trunk_sends(&fork)), ["ACK sip:two@192.0.2.9", "BYE sip:two@192.0.2.9"]);
    assert_eq!(next.events(), []);
    next.assert_nothing_left();
}

#[test]
fn a_forged_answer_gets_nothing() {
    let mut bench = Bench::with(keyed(1));
    let (dialog, invite) = call_out(&mut bench);
    let mut forged = invite.clone();
    forged.headers.set(Name::CallId, "another");
    let mut cut = invite.clone();
    cut.headers.set(Name::Via, "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKäöü");
    let mut next = Bench::with(keyed(1));
    for text in [
        answer(&forged),
        answer(&cut),
        reply(&invite, 180, "far", "", ""),
        reply(&invite, 486, "far", "", ""),
        reply(&invite, 200, "", "", OFFER),
        answer(&invite).replace("1 INVITE", "1 OPTIONS"),
    ] {
        assert_eq!(brief(&next.receive("203.0.113.66:5060", &text)), [""; 0], "{text}");
    }
    let mut stranger = Bench::with(keyed(2));
    assert_eq!(brief(&stranger.trunk_sends(&answer(&invite))), [""; 0], "another key");
    // Nor is one while the call lives.
    bench.trunk_sends(&answer(&invite));
    bench.pass(60_000);
    assert_eq!(brief(&bench.trunk_sends(&answer(&invite))), [""; 0]);
    bench.ua.clear(bench.now, dialog, None);
    bench.assert_nothing_left();
}

#[test]
fn answers_of_an_earlier_life_are_taken_at_a_limited_rate() {
    let mut bench = Bench::with(keyed(1));
    let (_, invite) = call_out(&mut bench);
    let mut next = Bench::with(keyed(1));
    let flood = |next: &mut Bench, count: usize, salt: &str| {
        let forks = (0..count).map(|fork| reply(&invite, 200, &format!("{salt}{fork}"), "", OFFER));
        forks.map(|text| next.trunk_sends(&text).len()).filter(|sent| *sent > 0).count()
    };
    let burst = cordial_sip::limits::STRAYS_BURST as usize;
    assert_eq!(flood(&mut next, 2 * burst, "a"), burst);
    next.pass(100 * cordial_sip::limits::STRAY_MS);
    assert_eq!(flood(&mut next, burst, "b"), 100);
    next.assert_nothing_left();
}

#[test]
fn a_device_whose_stream_ended_with_the_process_hears_when_it_registers_again_that_its_call_is_over() {
    for rings in [true, false] {
        let mut browser = crate::streams::Browser::new();
        let dialog = crate::streams::bring(&mut browser, if rings { "ringing" } else { "answered by it" });
        let blob = browser.bench.ua.dialog_blob(dialog).unwrap();
        browser.bench = Bench::new();
        browser.bench.ua.clear_from_blob(browser.bench.now, &blob).unwrap();
        assert_eq!(brief(&browser.bench.sent()), [""; 0]);
        let said = if rings { "CANCEL" } else { "BYE" };
        assert_eq!(browser.comes_back(), [format!("{said} sip:ann@ann.invalid;transport=ws")]);
        assert_eq!(browser.bench.ua.bindings(AccountId(1)).len(), 1);
        browser.bench.assert_nothing_left();
    }
}

#[test]
fn a_call_to_a_device_that_lost_its_stream_with_the_process_waits_for_it() {
    for (back, cleared) in [(true, false), (false, false), (false, true)] {
        let mut browser = crate::streams::Browser::new();
        let account = AccountId(1);
        let binding = browser.bench.ua.bindings(account)[0].clone();
        browser.bench = Bench::new();
        browser.bench.ua.restore_binding(browser.bench.now, account, binding);
        let (dialog, sent) = browser.is_rung();
        assert_eq!(brief(&sent), [""; 0]);
        assert_eq!(browser.bench.events(), []);
        if back {
            assert_eq!(browser.comes_back(), ["INVITE sip:ann@ann.invalid;transport=ws"]);
        } else if cleared {
            browser.bench.ua.clear(browser.bench.now, dialog, None);
            assert_eq!(browser.comes_back(), [""; 0]);
        } else {
            browser.bench.pass(30_000);
            let reason = "Temporarily Unavailable".to_owned();
            let gone = Event::BindingsChanged { account, bindings: Vec::new() };
            assert_eq!(browser.bench.events(), [Event::Failed { dialog, code: 480, reason }, gone]);
        }
        browser.bench.ua.clear(browser.bench.now, dialog, None);
        browser.bench.assert_nothing_left();
    }
}

#[test]
fn a_call_to_a_device_whose_contact_nobody_listens_at_after_a_restart_waits_for_it() {
    for back in [true, false] {
        let mut browser = crate::streams::tcp_browser();
        let account = AccountId(1);
        let binding = browser.bench.ua.bindings(account)[0].clone();
        let (transport, remote) = (binding.flow.transport, binding.flow.remote);
        browser.bench = Bench::new();
        browser.bench.ua.restore_binding(browser.bench.now, account, binding);
        let (dialog, sent) = browser.is_rung();
        let tried = format!("INVITE sip:ann@{PHONE};transport=tcp");
        assert_eq!(brief(&sent), std::slice::from_ref(&tried), "it may listen there");
        browser.bench.ua.handle_connect_failed(browser.bench.now, transport, remote);
        assert_eq!(browser.bench.events(), [], "the call is not lost");
        if back {
            assert_eq!(browser.comes_back(), [tried]);
        } else {
            browser.bench.pass(30_000);
            let reason = "Temporarily Unavailable".to_owned();
            let gone = Event::BindingsChanged { account, bindings: Vec::new() };
            assert_eq!(browser.bench.events(), [Event::Failed { dialog, code: 480, reason }, gone]);
        }
        browser.bench.ua.clear(browser.bench.now, dialog, None);
        browser.bench.pass(600_000);
        browser.bench.assert_nothing_left();
    }
}

#[test]
fn a_blob_of_the_first_version_still_ends_its_dialog() {
    let mut bench = Bench::new();
    let blob = "1\tcall-1\t<sip:1000@acme.example>;tag=us\t<sip:far@trunk.example>;tag=far\t\
                sip:far@192.0.2.9:5060\t3\t1\tUDP\t0\t192.0.2.9:5060\t<sip:edge.example;lr>";
    bench.ua.clear_from_blob(bench.now, blob).unwrap();
    let bye = only_request(&bench.sent());
    assert_eq!(brief(&[Message::Request(bye.clone())]), ["BYE sip:far@192.0.2.9:5060"]);
    assert_eq!(bye.headers.get(&Name::Route), Some("<sip:edge.example;lr>"));
}
