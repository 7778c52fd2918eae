//! What a caller hears of us waits for the journal.

use cordial_engine::{Fact, Report};
use cordial_node::{Admission, Output};

use crate::desk::{Desk, PHONE, header, response, said, sent_request};

const ANN: &str = "sip:2000@192.0.2.1";

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
    assert_eq!(said(&outputs), ["SIP/2.0 503 Service Unavailable"], "not even tried");
    let refusal = outputs.iter().rev().find_map(|output| match output {
        Output::Transmit(transmit) => Some(String::from_utf8_lossy(&transmit.bytes).into_owned()),
        _ => None,
    });
    assert!(refusal.expect("a refusal").contains("Retry-After: 5"));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Journal(_))), "nothing happened");
}

/// A desk whose phone was sent this INVITE for the carrier's call.
fn ringing() -> (Desk, String) {
    let mut desk = Desk::furnished();
    desk.carrier_calls(ANN, 1, None);
    let invite = sent_request(&desk.settle(), "INVITE").expect("the phone is rung");
    (desk, invite)
}

fn saved(outputs: &[Output]) -> usize {
    let is_saved = |output: &&Output| matches!(output, Output::Journal(event) if matches!(event.fact, Fact::LegSaved { .. }));
    outputs.iter().filter(is_saved).count()
}

#[test]
fn a_phone_that_rings_at_a_crash_is_cancelled() {
    let (mut desk, invite) = ringing();
    let ringing = desk.phone_says(&response(&invite, 180));
    assert_eq!(saved(&ringing), 1);
    assert_eq!(saved(&desk.phone_says(&response(&invite, 180))), 0, "once for a leg");
    let said_after = desk.crash(desk.node.last_seq());
    let cancel = sent_request(&said_after, "CANCEL").expect("the phone is told");
    for name in ["Via", "From", "To", "Call-ID"] {
        assert_eq!(header(&cancel, name), header(&invite, name));
    }
    assert_eq!(header(&cancel, "CSeq"), "1 CANCEL");
    let first_line = |text: &str| text.lines().next().map(|line| line.replace("CANCEL", "INVITE"));
    assert_eq!(first_line(&cancel), first_line(&invite));
    let end = response(&invite, 487);
    assert_eq!(said(&desk.phone_says(&end)), [format!("ACK sip:200@{PHONE} SIP/2.0")]);
}

#[test]
fn a_phone_that_answers_hears_so_only_when_what_ends_its_leg_is_on_disk() {
    let (mut desk, invite) = ringing();
    let before = desk.node.last_seq();
    let answered = desk.phone_says(&response(&invite, 200));
    assert_eq!(saved(&answered), 1);
    assert_eq!(sent_request(&answered, "ACK"), None);
    assert!(sent_request(&desk.settle(), "ACK").is_some());
    // A crash before: the phone is not acknowledged, says its 200 again, and hears the end.
    let (mut desk, invite) = ringing();
    desk.phone_says(&response(&invite, 200));
    assert_eq!(sent_request(&desk.crash(before), "BYE"), None);
    let ended = [format!("ACK sip:200@{PHONE} SIP/2.0"), format!("BYE sip:200@{PHONE} SIP/2.0")];
    assert_eq!(said(&desk.phone_says(&response(&invite, 200))), ended);
    // A crash after: the journal knows.
    let (mut desk, invite) = ringing();
    desk.phone_says(&response(&invite, 200));
    desk.settle();
    let bye = sent_request(&desk.crash(desk.node.last_seq()), "BYE").expect("the phone is told");
    assert_eq!(header(&bye, "Call-ID"), header(&invite, "Call-ID"));
}

#[test]
fn a_bye_that_may_be_lost_with_the_process_is_said_again_by_the_next() {
    for (after_ms, again) in [(31_000, true), (40_000, false)] {
        let (mut desk, invite) = ringing();
        desk.phone_says(&response(&invite, 200));
        desk.settle();
        let gone = format!(
            "BYE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP {PHONE};branch=z9hG4bKbye\r\nFrom: {};tag=ann\r\nTo: {}\r\n\
             Call-ID: {}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
            header(&invite, "To"),
            header(&invite, "From"),
            header(&invite, "Call-ID"),
        );
        desk.phone_says(&gone);
        assert!(sent_request(&desk.settle(), "BYE").is_none(), "the carrier has not acknowledged yet");
        desk.now.at.0 += after_ms;
        desk.now.wall.0 += i64::try_from(after_ms).expect("a short while");
        desk.node.handle_report(desk.now, Report::DeviceUnregistered { device: desk.phone });
        desk.settle();
        let said = said(&desk.crash(desk.node.last_seq()));
        assert_eq!(said.iter().any(|line| line.starts_with("BYE")), again, "{after_ms}: {said:?}");
    }
}
