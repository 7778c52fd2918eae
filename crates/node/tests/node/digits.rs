//! Digits that come by INFO.

use cordial_media::MediaCommand;
use cordial_node::Output;

use crate::desk::{CARRIER, Desk, header, response, sent_request};

/// The ports that hear digits, with the digits.
fn heard(outputs: &[Output]) -> Vec<(u64, String)> {
    let sent = |output: &Output| match output {
        Output::Media(MediaCommand::SendDtmf { port, digits }) => {
            Some((port.port.0, digits.iter().map(|digit| digit.as_char()).collect()))
        }
        _ => None,
    };
    outputs.iter().filter_map(sent).collect()
}

fn info(cseq: u32, to_tag: &str, digit: &str) -> String {
    let body = format!("Signal={digit}\r\nDuration=160\r\n");
    format!(
        "INFO sip:2000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {CARRIER};branch=z9hG4bKi{cseq}\r\n\
         From: <sip:4711@192.0.2.9>;tag=a\r\nTo: <sip:2000@192.0.2.1>;tag={to_tag}\r\nCall-ID: a@192.0.2.9\r\n\
         CSeq: {cseq} INFO\r\nMax-Forwards: 70\r\nContent-Type: application/dtmf-relay\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_digit_by_info_is_heard_by_whom_its_sender_talks_to_and_a_flood_is_cut() {
    let mut desk = Desk::furnished();
    desk.carrier_calls("sip:2000@192.0.2.1", 1, None);
    let rung = desk.settle();
    let invite = sent_request(&rung, "INVITE").expect("the phone is rung");
    desk.phone_says(&response(&invite, 200));
    let answered = desk.settle();
    let (from, to) = answered
        .iter()
        .find_map(|output| match output {
            Output::Media(MediaCommand::Bridge { a, b }) => Some((a.port.0, b.port.0)),
            _ => None,
        })
        .expect("both talk");
    let ok = sent_request(&answered, "SIP/2.0 200").expect("the carrier is answered");
    let tag = header(&ok, "To").split_once("tag=").expect("a tag").1.to_owned();
    let listener = heard(&desk.carrier_says(&info(2, &tag, "5")));
    assert_eq!(listener.len(), 1);
    assert_eq!(listener[0].1, "5");
    // The phone's port was opened first, the carrier's when its call was answered.
    assert!([from, to].contains(&listener[0].0));
    let invited = header_of_media(&invite);
    assert_eq!(port_of(&rung, invited), Some(listener[0].0), "the phone hears it");
    let flood: usize = (3..203).map(|cseq| heard(&desk.carrier_says(&info(cseq, &tag, "1"))).len()).sum();
    assert_eq!(flood, 31, "what comes faster than keys are pressed is left out");
    desk.now.at.0 += 1_500;
    let later: usize = (203..233).map(|cseq| heard(&desk.carrier_says(&info(cseq, &tag, "2"))).len()).sum();
    assert_eq!(later, 10);
}

/// The RTP port that an INVITE of ours offers.
fn header_of_media(invite: &str) -> u16 {
    let media = invite.lines().find_map(|line| line.strip_prefix("m=audio ")).expect("an offer");
    media.split(' ').next().and_then(|port| port.parse().ok()).expect("a port")
}

/// The worker's name of an RTP port.
fn port_of(outputs: &[Output], rtp: u16) -> Option<u64> {
    outputs.iter().find_map(|output| match output {
        Output::Media(MediaCommand::OpenPort { port, local }) if local.0 == rtp => Some(port.port.0),
        _ => None,
    })
}
