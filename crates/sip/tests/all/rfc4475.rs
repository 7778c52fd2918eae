//! All messages of RFC 4475 as they stand there: what the RFC asks, and what we do.

use std::fmt::Write as _;

use cordial_sip::message::Message;
use expect_test::expect;

use crate::bench::*;

/// One message.
struct Torture {
    name: &'static str,
    verdict: &'static str,
    bytes: Vec<u8>,
}

fn all() -> Vec<Torture> {
    let text = include_str!("rfc4475.txt");
    let messages = text.split("\n== ").skip(1).map(|part| {
        let (head, lines) = part.split_once('\n').unwrap();
        let words: Vec<&str> = head.split(' ').collect();
        let [name, _clause, verdict] = words.as_slice() else { panic!("{head}") };
        Torture { name, verdict, bytes: bytes_of(lines) }
    });
    messages.collect()
}

/// RFC 4475 section 2: lines that are one, octets in hexadecimal, repetitions.
fn bytes_of(lines: &str) -> Vec<u8> {
    let mut joined = String::new();
    let mut in_one_line = false;
    for line in lines.trim_end_matches('\n').split('\n').chain(lines.ends_with("\n\n").then_some("")) {
        match line {
            "<allOneLine>" => in_one_line = true,
            "</allOneLine>" => {
                in_one_line = false;
                joined.push_str("\r\n");
            }
            line if in_one_line => joined.push_str(line),
            line => joined.extend([line, "\r\n"]),
        }
    }
    let mut bytes = Vec::new();
    let mut rest = joined.as_str();
    while let Some((before, tag)) = rest.split_once('<') {
        bytes.extend_from_slice(before.as_bytes());
        if let Some((digits, after)) = tag.strip_prefix("hex>").and_then(|tag| tag.split_once("</hex>")) {
            let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            bytes.extend(pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()));
            rest = after;
        } else if let Some((inside, after)) =
            tag.strip_prefix("repeat count=").and_then(|tag| tag.split_once("</repeat>"))
        {
            let (count, text) = inside.split_once('>').unwrap();
            bytes.extend_from_slice(text.repeat(count.parse().unwrap()).as_bytes());
            rest = after;
        } else {
            bytes.push(b'<');
            rest = tag;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// What the reader says, and what a stranger who sends it is answered.
fn ours(torture: &Torture) -> (bool, String) {
    let read = Message::parse(&torture.bytes);
    let mut bench = Bench::new();
    bench.ua.handle_datagram(bench.now, udp(PHONE), &torture.bytes);
    let mut answers = Vec::new();
    while let Some(transmit) = bench.ua.poll_transmit() {
        let line = String::from_utf8_lossy(&transmit.bytes).lines().next().unwrap_or_default().to_owned();
        answers.push(line.trim_start_matches("SIP/2.0 ").to_owned());
    }
    let said = match &read {
        Ok(_) => "taken".to_owned(),
        Err(refused) => refused.fault.to_string(),
    };
    (read.is_ok(), format!("{said} -> {}", answers.join(", ")))
}

#[test]
fn every_message_of_rfc_4475_is_read_and_answered_as_the_rfc_asks() {
    let mut table = String::new();
    let mut wrong = Vec::new();
    for torture in all() {
        let (taken, answer) = ours(&torture);
        writeln!(table, "{:<10} {:<6} {answer}", torture.name, torture.verdict).unwrap();
        let is_answered_4xx = answer.split(" -> ").nth(1).is_some_and(|code| code.starts_with(['4', '5']));
        let fits = match torture.verdict {
            "take" => taken,
            // A response that is dropped is refused as much as a response can be.
            "refuse" => {
                !taken || is_answered_4xx || torture.bytes.starts_with(b"SIP/2.0 ") && answer.ends_with("-> ")
            }
            "either" => true,
            other => panic!("{other}"),
        };
        if !fits {
            wrong.push(torture.name);
        }
    }
    expect![[r#"
        wsinv      take   taken -> 481 Call/Transaction Does Not Exist
        intmeth    take   taken -> 501 Not Implemented
        esc01      take   taken -> 401 Unauthorized
        escnull    take   taken -> 401 Unauthorized
        esc02      take   taken -> 501 Not Implemented
        lwsdisp    take   taken -> 200 OK
        longreq    take   taken -> 401 Unauthorized
        dblreq     take   taken -> 401 Unauthorized
        semiuri    take   taken -> 200 OK
        transports take   taken -> 200 OK
        mpart01    take   taken -> 405 Method Not Allowed
        unreason   take   taken -> 
        noreason   take   taken -> 
        badinv01   refuse taken -> 401 Unauthorized
        clerr      refuse body shorter than Content-Length -> 400 Bad Request: body shorter than Content-Length
        ncl        refuse malformed Content-Length -> 400 Bad Request: malformed Content-Length
        scalar02   refuse malformed CSeq -> 400 Bad Request: malformed CSeq
        scalarlg   refuse taken -> 
        quotbal    refuse malformed URI -> 400 Bad Request: malformed URI
        ltgtruri   either malformed start line -> 400 Bad Request: malformed start line
        lwsruri    either malformed start line -> 400 Bad Request: malformed start line
        lwsstart   either malformed start line -> 400 Bad Request: malformed start line
        trws       either not a SIP message -> 
        escruri    either taken -> 401 Unauthorized
        baddate    either taken -> 401 Unauthorized
        regbadct   refuse taken -> 401 Unauthorized
        badaspec   either malformed URI -> 400 Bad Request: malformed URI
        baddn      either malformed address -> 400 Bad Request: malformed address
        badvers    refuse version not supported -> 
        mismatch01 refuse malformed CSeq -> 400 Bad Request: malformed CSeq
        mismatch02 refuse malformed CSeq -> 400 Bad Request: malformed CSeq
        bigcode    refuse malformed start line -> 
        badbranch  take   taken -> 200 OK
        insuf      refuse missing Call-ID -> 400 Bad Request: missing Call-ID
        unkscm     take   taken -> 416 Unsupported URI Scheme
        novelsc    take   taken -> 416 Unsupported URI Scheme
        unksm2     take   taken -> 401 Unauthorized
        bext01     take   taken -> 420 Bad Extension
        invut      take   taken -> 415 Unsupported Media Type
        regaut01   take   taken -> 401 Unauthorized
        multi01    refuse malformed CSeq -> 400 Bad Request: malformed CSeq
        mcl01      refuse malformed Content-Length -> 400 Bad Request: malformed Content-Length
        bcast      take   taken -> 
        zeromf     take   taken -> 483 Too Many Hops
        cparam01   take   taken -> 401 Unauthorized
        cparam02   take   taken -> 401 Unauthorized
        regescrt   take   taken -> 401 Unauthorized
        sdp01      take   taken -> 401 Unauthorized
        inv2543    take   taken -> 400 Bad Request: Contact
    "#]].assert_eq(&table);
    assert!(wrong.is_empty(), "{wrong:?}\n{table}");
}
