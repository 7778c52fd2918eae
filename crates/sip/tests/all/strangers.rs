//! What strangers may spend: messages, and guesses.

use cordial_sip::digest::DigestFields;
use cordial_sip::limits::{GUESSED_NAME_BURST, STRANGER_BURST, WRONG_ANSWERS_BURST};
use cordial_sip::message::Name;

use crate::bench::*;
use crate::digest::{Guess, register_from};

const OTHER: &str = "198.51.100.77:5060";

fn options(n: u64) -> String {
    let via = format!("SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKo{n};rport");
    request("OPTIONS", "sip:acme.example", &[("Via", &via), ("CSeq", "1 OPTIONS")], "")
}

#[test]
fn a_flood_of_one_address_is_dropped_unread_and_nobody_else_is_concerned() {
    let mut bench = Bench::new();
    let mut answered = 0;
    for n in 0..STRANGER_BURST * 4 {
        answered += bench.receive(PHONE, &options(n)).len() as u64;
    }
    assert_eq!(answered, STRANGER_BURST);
    assert_eq!(bench.ua.shed(), STRANGER_BURST * 3);
    assert_eq!(bench.receive(OTHER, &options(1)).len(), 1, "another stranger is answered");
    assert_eq!(bench.receive(TRUNK, &options(2)).len(), 1, "a trunk is answered");
    bench.pass(1_000);
    let answered: usize = (0..200).map(|n| bench.receive(PHONE, &options(n)).len()).sum();
    assert_eq!(answered, 100, "so many are looked at in a second");
}

#[test]
fn who_has_proved_himself_is_not_counted() {
    let mut bench = Bench::new();
    let proved = Guess { source: PHONE, name: "ann", password: "secret" };
    assert_eq!(proved.code(&mut bench, 1), 200);
    let answered: usize = (0..STRANGER_BURST * 2).map(|n| bench.receive(PHONE, &options(n)).len()).sum();
    assert_eq!(answered as u64, STRANGER_BURST * 2);
}

#[test]
fn an_answer_to_a_challenge_that_went_elsewhere_spends_nobodys_attempts() {
    let mut bench = Bench::new();
    let challenged = bench.response(OTHER, &register_from(OTHER, "ann", 1, ""));
    let value = challenged.headers.get(&Name::WwwAuthenticate).unwrap();
    let nonce = DigestFields::parse(value).unwrap().get("nonce").unwrap().to_owned();
    // Sent with the address of the phone as if it came from there.
    for n in 2..2 + WRONG_ANSWERS_BURST as u32 * 2 {
        let forged = format!(
            "Digest username=\"ann\", realm=\"acme.example\", nonce=\"{nonce}\", uri=\"sip:acme.example\", \
             response=\"00\", algorithm=MD5, qop=auth, nc={n:08x}, cnonce=\"c\""
        );
        assert_eq!(bench.response(PHONE, &register_from(PHONE, "ann", n, &forged)).code, 401);
    }
    let right = Guess { source: PHONE, name: "ann", password: "secret" };
    assert_eq!(right.code(&mut bench, 100), 200, "the phone itself is not locked out");
}

#[test]
fn a_name_guessed_from_everywhere_leaves_each_address_one_attempt_and_its_owner_in() {
    for name in ["ann", "nobody"] {
        let mut bench = Bench::new();
        if name == "ann" {
            let home = Guess { source: PHONE, name, password: "secret" };
            assert_eq!(home.code(&mut bench, 1), 200);
        }
        let mut refused = 0;
        for host in 1..=GUESSED_NAME_BURST as u32 {
            let source = format!("192.0.2.{host}:999");
            let source = if host == 9 { "192.0.2.210:999" } else { source.as_str() };
            refused += u32::from(Guess { source, name, password: "guess" }.code(&mut bench, 2) == 403);
        }
        assert_eq!(u64::from(refused), GUESSED_NAME_BURST);
        let guess = Guess { source: OTHER, name, password: "guess" };
        assert_eq!(guess.code(&mut bench, 2), 403, "{name}: the first attempt is looked at");
        assert_eq!(guess.code(&mut bench, 3), 503, "{name}: no second one");
        bench.pass(30_000);
        assert_eq!(guess.code(&mut bench, 4), 503, "{name}: not even after half a minute");
        if name == "ann" {
            let owner = Guess { source: "203.0.113.200:5060", name, password: "secret" };
            assert_eq!(owner.code(&mut bench, 5), 200, "the owner comes in from a new address");
            let home = Guess { source: PHONE, name, password: "secret" };
            assert_eq!(home.code(&mut bench, 6), 200, "and from home");
        }
    }
}

#[test]
fn guesses_of_a_neighbour_behind_the_same_address_do_not_lock_a_registered_device_out() {
    let mut bench = Bench::new();
    assert_eq!(Guess { source: PHONE, name: "ann", password: "secret" }.code(&mut bench, 1), 200);
    let neighbour = Guess { source: "203.0.113.7:50000", name: "bob", password: "guess" };
    let codes: Vec<u16> = (2..40).map(|cseq| neighbour.code(&mut bench, cseq)).collect();
    assert_eq!(codes.iter().filter(|code| **code == 403).count() as u64, WRONG_ANSWERS_BURST);
    assert_eq!(Guess { source: PHONE, name: "ann", password: "secret" }.code(&mut bench, 50), 200);
}
