//! What a caller hears of us waits for the journal.

use cordial_engine::Fact;
use cordial_node::{Admission, Output};

use crate::desk::{Desk, said};

#[test]
fn a_caller_is_answered_only_when_the_journal_has_the_call_and_what_ends_it_after_a_crash() {
    let mut desk = Desk::furnished();
    let outputs = desk.invite(1, None);
    assert_eq!(said(&outputs), ["SIP/2.0 100 Trying"]);
    let saved = outputs.iter().find_map(|output| match output {
        Output::Journal(event) if matches!(event.fact, Fact::LegSaved { .. }) => Some(event.seq),
        _ => None,
    });
    let saved = saved.expect("the dialog of a caller is saved on arrival");
    desk.node.handle_durable(desk.now, saved - 1);
    assert_eq!(said(&desk.outputs()), [""; 0], "everything but the saved dialog is durable");
    desk.node.handle_durable(desk.now, saved);
    assert_eq!(said(&desk.outputs()), ["SIP/2.0 200 OK"]);
}

#[test]
fn an_overloaded_node_turns_new_calls_away_at_once_and_says_when_to_come_again() {
    let mut desk = Desk::furnished();
    desk.node.set_admission(Admission::Overloaded);
    let outputs = desk.invite(1, None);
    assert_eq!(said(&outputs).last().map(String::as_str), Some("SIP/2.0 503 Service Unavailable"));
    let refusal = outputs.iter().rev().find_map(|output| match output {
        Output::Transmit(transmit) => Some(String::from_utf8_lossy(&transmit.bytes).into_owned()),
        _ => None,
    });
    assert!(refusal.expect("a refusal").contains("Retry-After: 5"));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Journal(_))), "nothing happened");
}
