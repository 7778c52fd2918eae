//! What happens when no port for audio is left.

use cordial_node::Output;

use crate::desk::{Desk, header, said};

/// The range in the desk's configuration.
const PORTS: u32 = 50;

#[test]
fn a_call_for_which_no_port_is_left_is_turned_away_and_told_when_to_come_again() {
    let mut desk = Desk::furnished();
    for call in 1..=PORTS {
        desk.invite(call, None);
        assert_eq!(said(&desk.settle()), ["SIP/2.0 200 OK"], "call {call} is answered by the queue");
    }
    let journalled = desk.node.last_seq();
    let outputs = desk.invite(PORTS + 1, None);
    assert_eq!(said(&outputs), ["SIP/2.0 100 Trying", "SIP/2.0 503 Service Unavailable"]);
    let Some(Output::Transmit(refusal)) = outputs.last() else { panic!("the refusal goes out last") };
    let seconds: u32 =
        header(&String::from_utf8_lossy(&refusal.bytes), "Retry-After").parse().expect("seconds");
    assert!(seconds > 0);
    assert_eq!(desk.node.last_seq(), journalled, "nothing was decided about it");
}
