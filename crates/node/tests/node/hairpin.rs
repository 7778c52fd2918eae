//! A carrier that sends our own call back to us, as a proxy does: another Request-URI, a Via more, all else as we wrote
//! it. Both sides of it are ours then, with the Call-ID and the tags in common.

use cordial_node::Output;

use crate::desk::{CARRIER, Desk, OTHER_PHONE, PHONE, header, response, sent_request};

/// The phones and the carrier around a desk.
struct Loop {
    desk: Desk,
    /// First lines, and who said them to whom, as they went through the carrier.
    passed: Vec<String>,
}

impl Loop {
    /// Carries what goes out until there is nothing left, and gives what went to the phones.
    fn carry(&mut self, mut outputs: Vec<Output>) -> Vec<Output> {
        let mut to_phones = Vec::new();
        while !outputs.is_empty() {
            let mut next = Vec::new();
            for output in outputs {
                let Output::Transmit(transmit) = &output else { continue };
                if transmit.flow.remote.to_string() != CARRIER {
                    to_phones.push(output);
                    continue;
                }
                let text = String::from_utf8_lossy(&transmit.bytes).into_owned();
                self.passed.push(text.lines().next().unwrap_or_default().to_owned());
                next.extend(self.desk.carrier_says(&through(&text)));
                next.extend(self.desk.settle());
            }
            outputs = next;
        }
        to_phones
    }

    fn said_by(&mut self, phone: &str, text: &str) -> Vec<Output> {
        let mut outputs = self.desk.said_by(phone, text);
        outputs.extend(self.desk.settle());
        self.carry(outputs)
    }
}

/// One message through the carrier.
fn through(text: &str) -> String {
    if text.starts_with("SIP/2.0 ") {
        let (before, rest) = text.split_once("Via: ").expect("its own Via");
        return format!("{before}{}", rest.split_once("\r\n").expect("more headers").1);
    }
    let branch = header(text, "Via").split("branch=").nth(1).expect("a branch").split(';').next();
    let via = format!("Via: SIP/2.0/UDP {CARRIER};branch={}proxy\r\nVia: ", branch.expect("a branch"));
    let text = text.replacen("Via: ", &via, 1).replacen("Max-Forwards: 70", "Max-Forwards: 69", 1);
    match text.strip_prefix("INVITE ").and_then(|rest| rest.split_once(' ')) {
        Some((_, rest)) => format!("INVITE sip:2100@192.0.2.1 {rest}"),
        None => text,
    }
}

/// A response of the second phone.
fn other_response(invite: &str, code: u16) -> String {
    response(invite, code).replace(PHONE, OTHER_PHONE).replace("tag=ann", "tag=bob")
}

/// What a phone says in the call of an INVITE.
fn inside(invite: &str, method: &str, phone: &str, tag: &str) -> String {
    format!(
        "{method} sip:x SIP/2.0\r\nVia: SIP/2.0/UDP {phone};branch=z9hG4bK{tag}{method}\r\nFrom: {};tag={tag}\r\n\
         To: {}\r\nCall-ID: {}\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n",
        header(invite, "To"),
        header(invite, "From"),
        header(invite, "Call-ID"),
    )
}

#[test]
fn a_call_that_the_carrier_sends_back_to_us_rings_whom_it_leads_to_and_is_cleared_on_both_sides() {
    for hangs_up in [PHONE, OTHER_PHONE] {
        let mut around = Loop { desk: Desk::furnished(), passed: Vec::new() };
        around.desk.add_other_phone();
        let placed = around.desk.dials("00442100");
        let ann = sent_request(&around.carry(placed), "INVITE").expect("who dials is rung first");
        let answered = around.said_by(PHONE, &response(&ann, 200));
        let bob = sent_request(&answered, "INVITE").expect("the second phone is rung");
        assert_ne!(header(&bob, "Call-ID"), header(&ann, "Call-ID"));
        around.said_by(OTHER_PHONE, &other_response(&bob, 180));
        let talking = around.said_by(OTHER_PHONE, &other_response(&bob, 200));
        assert!(sent_request(&talking, "ACK").is_some(), "the second phone is acknowledged");
        assert_eq!(around.desk.calls(), 2, "one placed, one come in");
        let (first, tag, other) = if hangs_up == PHONE { (&ann, "ann", &bob) } else { (&bob, "bob", &ann) };
        let ended = around.said_by(hangs_up, &inside(first, "BYE", hangs_up, tag));
        let bye = sent_request(&ended, "BYE").expect("the other phone is told");
        assert_eq!(header(&bye, "Call-ID"), header(other, "Call-ID"));
        let there = if hangs_up == PHONE { OTHER_PHONE } else { PHONE };
        around.said_by(there, &response(&bye, 200));
        assert_eq!(around.desk.calls(), 0);
        let passed = around.passed.iter().map(|line| line.split(" sip:").next().unwrap_or_default());
        let passed: Vec<_> = passed.collect();
        // The second phone's ringing has a description, so it passes as early media, said reliably.
        let early =
            ["INVITE", "SIP/2.0 100 Trying", "SIP/2.0 183 Session Progress", "PRACK", "SIP/2.0 200 OK"];
        let call = ["SIP/2.0 200 OK", "ACK", "BYE", "SIP/2.0 200 OK"];
        assert_eq!(passed, [early.as_slice(), &call].concat(), "hung up by {hangs_up}");
    }
}
