//! Too much to do: new work is turned away without state, what belongs to calls goes on.

use cordial_sip::message::Name;
use cordial_sip::{Event, Shedding};

use crate::bench::*;

fn register() -> String {
    let given = [("To", "<sip:ann@acme.example>"), ("From", "<sip:ann@acme.example>;tag=p")];
    request("REGISTER", "sip:acme.example", &given, "")
}

#[test]
fn a_call_that_would_begin_is_told_when_to_come_again_and_leaves_nothing_behind() {
    let mut bench = Bench::new();
    bench.ua.set_shedding(Shedding::Calls);
    let answer = bench.response(TRUNK, &invite(&[]));
    assert_eq!((answer.code, answer.headers.get(&Name::RetryAfter)), (503, Some("5")));
    assert_eq!(bench.events(), []);
    bench.assert_nothing_left();
}

#[test]
fn registrations_are_turned_away_last() {
    let mut bench = Bench::new();
    bench.ua.set_shedding(Shedding::Calls);
    assert_eq!(bench.response(PHONE, &register()).code, 401, "looked at as ever");
    bench.ua.set_shedding(Shedding::CallsAndRegistrations);
    let answer = bench.response(PHONE, &register().replace("z9hG4bK", "z9hG4bKagain"));
    assert_eq!((answer.code, answer.headers.get(&Name::RetryAfter)), (503, Some("5")));
}

#[test]
fn an_invite_sent_again_belongs_to_the_call_that_it_began_before() {
    let mut bench = Bench::new();
    assert_eq!(brief(&bench.trunk_sends(&invite(&[]))), ["100 to 1 INVITE"]);
    assert!(matches!(bench.events().as_slice(), [Event::Incoming { .. }]));
    bench.ua.set_shedding(Shedding::CallsAndRegistrations);
    assert_eq!(brief(&bench.trunk_sends(&invite(&[]))), ["100 to 1 INVITE"]);
}
