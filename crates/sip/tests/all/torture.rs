//! Messages with the features of RFC 4475: odd but valid ones are taken, invalid ones refused.

use cordial_sip::message::{Essentials, Message, Method, NameAddr};

use crate::bench::*;

const VIA: &str = "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKx";

fn accepted(text: &str) -> Message {
    Message::parse(text.as_bytes()).unwrap_or_else(|refused| panic!("{:?}\n{text}", refused.fault))
}

fn refused(text: &str) {
    assert!(Message::parse(text.as_bytes()).is_err(), "{text}");
}

/// 3.1.1.1: space, folds, case and order at their oddest.
#[test]
fn a_short_tortuous_invite_is_taken() {
    let text = "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\nTO :\r\n \
        sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\nfrom   : \"J Rosenberg \\\\\\\"\"       \
        <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\nMaX-fOrWaRdS: 0068\r\nCall-ID: w.ha@192.0.2.1\r\n\
        Content-Length   : 3\r\ncseq: 0009\r\n  INVITE\r\nVia  : SIP  /   2.0\r\n /UDP\r\n    \
        192.0.2.2;branch=390skdjuw\r\ns :\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n\
        UnknownHeaderWithUnusualValue: ;;,,;;,;\r\nContent-Type: application/sdp\r\n\
        Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n\
        v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  \
        192.168.255.111   ; branch=\r\n z9hG4bK30239\r\nm:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\
        \r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\nv=0";
    let Message::Request(request) = accepted(text) else { panic!() };
    let essentials = Essentials::read(&request.headers).unwrap();
    assert_eq!(essentials.to.tag(), Some("1918181833n"));
    assert_eq!(essentials.from.display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!((essentials.cseq, essentials.via.host.as_str()), (9, "192.0.2.2"));
    assert_eq!(request.body, b"v=0");
}

#[test]
fn odd_but_valid_messages_are_taken() {
    // 3.1.1.2: every character a token may have, and control characters in a quoted name.
    let method = "!interesting-Method0123456789_*+`.%indeed'~";
    let text = request(
        method,
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        &[
            ("To", "\"BEL:\\\u{7} NUL:\\\0 DEL:\\\u{7f}\" <sip:1@example.com>"),
            (
                "From",
                "token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"ra\\\"nge\";tag=_token",
            ),
            ("extensionHeader-!.%*+_`'~", "\u{ff0c}\u{5927}\u{505c}\u{96fb}"),
        ],
        "",
    );
    let Message::Request(request_read) = accepted(&text) else { panic!() };
    assert_eq!(request_read.method, Method::Other(method.to_owned()));
    // 3.1.1.3 and 3.1.1.5: escapes are not separators.
    accepted(&request(
        "INVITE",
        "sip:sips%3Auser%40example.com@example.net",
        &[("To", "sip:%75se%72@example.com")],
        "",
    ));
    accepted(&request(
        "RE%47IST%45R",
        "sip:registrar.example.com",
        &[("To", "\"%Z%45\" <sip:resource@example.com>")],
        "",
    ));
    accepted(&request("REGISTER", "sip:example.com", &[("To", "sip:null-%00-null@example.com")], ""));
    // 3.1.1.6: no space before the bracket. 3.1.1.10: an empty reason.
    accepted(&request(
        "OPTIONS",
        "sip:user@example.com",
        &[("From", "caller<sip:caller@example.com>;tag=323")],
        "",
    ));
    accepted(&format!(
        "SIP/2.0 100 \r\nVia: {VIA}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: n\r\nCSeq: 3 INVITE\r\n\r\n"
    ));
    // 3.1.1.7: long values. 3.1.1.11: a body after the end. 3.1.1.13: an unknown scheme inside a known header.
    let long = format!("\"{}\" <sip:user@example.com>", "long ".repeat(900));
    accepted(&request("INVITE", "sip:user@example.com", &[("From", &long)], ""));
    accepted(&format!("{}trailing octets", request("REGISTER", "sip:example.com", &[], "")));
    accepted(&request(
        "MESSAGE",
        "sip:kumiko@example.org",
        &[("Content-Type", "multipart/mixed;boundary=7a9cbec02ceef655")],
        "x",
    ));
    accepted(&request("OPTIONS", "soap.beep://192.0.2.103:3002", &[], ""));
    accepted(&request(
        "OPTIONS",
        "sip:t.watson@example.org",
        &[("Via", "SIP/2.0/SCTP 192.0.2.2"), ("Accept", "")],
        "",
    ));
}

#[test]
fn invalid_messages_are_refused() {
    let options = |given: &[(&str, &str)]| request("OPTIONS", "sip:user@example.org", given, "");
    // 3.1.2.1 and 3.1.2.2: extraneous separators. 3.1.2.3: Content-Length too large. 3.1.2.4: negative.
    refused(&options(&[("Via", "SIP/2.0/UDP host example;;branch=z9hG4bK;=x")]));
    refused(&invite(&[]).replacen("Content-Length: ", "Content-Length: 99", 1));
    refused(&options(&[]).replacen("Content-Length: 0", "Content-Length: -999", 1));
    // 3.1.2.5: overlarge numbers. 3.1.2.6: a code beyond all. 3.1.2.7: an open quote.
    refused(&options(&[("CSeq", "36893488147419103232 OPTIONS")]));
    refused("SIP/2.0 4294967301 better not break the receiver\r\n\r\n");
    refused(&options(&[("To", "\"Mr. J. User <sip:j.user@example.com>")]));
    // 3.1.2.8 to 3.1.2.11: brackets and spaces around the Request-URI.
    refused(&request("INVITE", "<sip:user@example.com>", &[], ""));
    refused(&request("INVITE", "sip:user@example.com; lr", &[], ""));
    refused(&request("INVITE", " sip:user@example.com", &[], ""));
    refused(&options(&[]).replacen("org SIP/2.0", "org SIP/2.0 ", 1));
    // 3.1.2.15 and 3.1.2.16: spaces inside brackets, a comma outside quotes.
    refused(&options(&[("To", "\"Watson, Thomas\" < sip:t.watson@example.org >")]));
    refused(&options(&[("From", "Bell, Alexander <sip:a.g.bell@example.com>;tag=43")]));
    // 3.1.2.17 and 3.1.2.18: another version, methods that differ. 3.3.1 and 3.3.8: headers missing or twice.
    refused(&options(&[]).replacen("SIP/2.0\r\n", "SIP/7.0\r\n", 1));
    refused(&options(&[("CSeq", "8 INVITE")]));
    for mandatory in ["Via", "From", "To", "Call-ID", "CSeq"] {
        refused(&options(&[(mandatory, "")]));
    }
    refused(&options(&[("To", "<sip:a@b>"), ("To", "<sip:c@d>")]));
    refused(&options(&[("CSeq", "5 OPTIONS"), ("CSeq", "59 OPTIONS")]));
    refused(&options(&[("Call-ID", "1"), ("Call-ID", "2")]));
    // 3.3.9: two lengths that differ.
    refused(&options(&[("Content-Length", "5")]));
    refused(&options(&[]).replacen("Max-Forwards", "Max\u{fffd}Forwards", 1));
}

/// 3.3.15 and 3.1.2.13: a Contact whose parameters could be the URI's or the header's.
#[test]
fn a_bare_address_may_not_hold_a_question_mark() {
    assert!(NameAddr::parse("sip:user@example.com?Route=%3Csip:sip.example.com%3E").is_err());
    let bare = NameAddr::parse("sip:user@example.com;expires=3").unwrap();
    assert_eq!((bare.parameters.get("expires"), bare.uri.parameters.get("expires")), (Some("3"), None));
}

/// 3.2.1: a branch that is the cookie alone is none.
#[test]
fn a_branch_that_is_only_the_cookie_counts_as_none() {
    let mut bench = Bench::new();
    let text = request("OPTIONS", "sip:a@b", &[("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK")], "");
    assert_eq!(bench.code(&text), 200);
}
