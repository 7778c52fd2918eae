//! Attacks by single messages: credentials lured out, names that are not one's own, headers smuggled across.

use std::time::Duration;

use cordial_sip::message::{Message, Name, NameAddr, Request};
use serde_json::json;

use super::phone::{Draft, Phone, sdp, unique};
use super::site::Site;

/// Long enough for what is sent at once; nothing is waited for that is expected.
const AT_ONCE: Duration = Duration::from_millis(700);
const CARRIER_CHALLENGE: &str =
    "Digest realm=\"carrier.example\", nonce=\"lure\", algorithm=MD5, qop=\"auth\"";

/// A trunk for numbers that begin with 49, played by the test.
async fn carrier(site: &Site) -> Phone {
    let carrier = Phone::at([127, 0, 0, 9], site.server.sip, "carrier", "");
    let trunk = json!({
        "name": "carrier", "address": carrier.local().to_string(), "username": "us", "password": "trunk secret",
        "outbound_prefixes": ["49"],
    });
    site.server.post("/v1/trunks", trunk).await;
    carrier
}

/// Begins a call and proves whose it is.
fn dial(caller: &Phone, draft: &Draft) -> Draft {
    let challenged = caller.ask(draft);
    assert_eq!(challenged.code, 401, "{challenged:?}");
    caller.acknowledge(draft, &challenged, &draft.uri);
    let proving = caller.proving(draft, &challenged);
    caller.send(&caller.text(&proving));
    proving
}

fn has_credentials(request: &Request) -> bool {
    [Name::Authorization, Name::ProxyAuthorization].iter().any(|name| request.headers.get(name).is_some())
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn a_device_that_challenges_us_in_a_trunks_realm_gets_no_credentials() {
    let site = Site::open(2).await;
    let _carrier = carrier(&site).await;
    let (caller, thief) = (site.phone(1), site.phone(2));
    caller.registers();
    thief.registers();
    for (code, name) in [(407, Name::ProxyAuthenticate), (401, Name::WwwAuthenticate)] {
        // Our INVITE challenged.
        let draft = caller.invite("3002", sdp(caller.local()));
        dial(&caller, &draft);
        let lured = thief.asked("INVITE");
        thief.answer(&lured, code, &[(name.clone(), CARRIER_CHALLENGE.to_owned())], "");
        let again = thief.asked_within("INVITE", AT_ONCE);
        assert!(again.is_none_or(|request| !has_credentials(&request)), "INVITE after {code}");
        assert!(caller.hear_final().code >= 400);
        // Our BYE challenged, in a call that the thief has answered.
        let draft = caller.invite("3002", sdp(caller.local()));
        let proving = dial(&caller, &draft);
        let ringing = thief.asked("INVITE");
        thief.answer(&ringing, 200, &[], &sdp(thief.local()));
        thief.asked("ACK");
        let answered = caller.hear_final();
        assert_eq!(answered.code, 200);
        let target = answered.headers.get(&Name::Contact).and_then(|text| NameAddr::parse(text).ok());
        let target = target.expect("a Contact").uri.to_string();
        caller.acknowledge(&proving, &answered, &target);
        let bye = Draft {
            method: "BYE".to_owned(),
            uri: target,
            to: answered.headers.get(&Name::To).unwrap_or_default().to_owned(),
            cseq: proving.cseq + 1,
            more: String::new(),
            body: String::new(),
            ..proving
        };
        assert_eq!(caller.ask(&bye).code, 200);
        let bye = thief.asked("BYE");
        thief.answer(&bye, code, &[(name, CARRIER_CHALLENGE.to_owned())], "");
        let again = thief.asked_within("BYE", AT_ONCE);
        assert!(again.is_none_or(|request| !has_credentials(&request)), "BYE after {code}");
    }
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn a_trunk_that_never_stops_challenging_is_answered_twice_at_most() {
    let site = Site::open(1).await;
    let carrier = carrier(&site).await;
    let caller = site.phone(1);
    caller.registers();
    let draft = caller.invite("4930111", sdp(caller.local()));
    dial(&caller, &draft);
    let mut invites = 0;
    while let Some(invite) = carrier.asked_within("INVITE", Duration::from_secs(1)) {
        invites += 1;
        assert!(invites < 10, "a loop");
        assert_eq!(has_credentials(&invite), invites > 1);
        let nonce =
            format!("Digest realm=\"carrier.example\", nonce=\"{}\", qop=\"auth\", stale=true", unique());
        carrier.answer(&invite, 407, &[(Name::ProxyAuthenticate, nonce)], "");
    }
    assert_eq!(invites, 3, "the first, one with credentials, one more because the nonce was stale");
    assert!(caller.hear_final().code >= 400);
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn a_proved_device_speaks_in_its_own_name_alone() {
    let site = Site::open(3).await;
    let (liar, callee, victim) = (site.phone(1), site.phone(2), site.phone(3));
    liar.registers();
    callee.registers();
    victim.registers();
    let mut draft = liar.invite("3002", sdp(liar.local()));
    draft.from = format!("\"The Boss\" <sip:2003@cordial.local>;tag={}", unique());
    draft.more = format!(
        "Contact: <sip:2003@{}>\r\nP-Asserted-Identity: <sip:2003@cordial.local>\r\nP-Preferred-Identity: <sip:2003@cordial.local>\r\n\
         Remote-Party-ID: <sip:2003@cordial.local>\r\nDiversion: <sip:2003@cordial.local>\r\nHistory-Info: <sip:2003@cordial.local>\r\n",
        victim.local()
    );
    dial(&liar, &draft);
    let seen = callee.asked("INVITE");
    let text = String::from_utf8_lossy(&seen.to_bytes()).into_owned();
    assert!(seen.headers.get(&Name::From).is_some_and(|from| from.contains("sip:2001@")), "{text}");
    assert!(!text.contains("2003") && !text.contains("Boss"), "{text}");
    callee.answer(&seen, 486, &[], "");
    // The place of another in the registrar.
    let mut theft = liar.register();
    theft.to = "<sip:2003@cordial.local>".to_owned();
    assert_eq!(liar.ask_proving(&theft).code, 403);
    theft.from = format!("<sip:2003@cordial.local>;tag={}", unique());
    assert_eq!(liar.ask_proving(&theft).code, 403);
    // A Contact that names the victim's phone does not turn calls, and nothing is sent there.
    let mut turned = liar.register();
    turned.more = format!("Contact: {};expires=300\r\n", victim.contact());
    assert_eq!(liar.ask_proving(&turned).code, 200);
    while victim.hear(Duration::from_millis(20)).is_some() {}
    dial(&callee, &callee.invite("3001", sdp(callee.local())));
    liar.asked("INVITE");
    assert!(victim.hear(AT_ONCE).is_none(), "a call for 2001 went to the address that its Contact names");
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn what_is_smuggled_into_headers_does_not_cross() {
    let site = Site::open(2).await;
    let (sender, callee) = (site.phone(1), site.phone(2));
    sender.registers();
    callee.registers();
    let smuggled = [
        "X-Bypass-me : yes\r\n",
        "P-Asserted-Identity : <sip:boss@cordial.local>\r\n",
        "P-Asserted-Identity\t: <sip:boss@cordial.local>\r\n",
        "X-Fold: a\r\n P-Asserted-Identity: <sip:boss@cordial.local>\r\n",
        "X-Bare: a\nP-Asserted-Identity: <sip:boss@cordial.local>\r\n",
        "Subject: s%0d%0aP-Asserted-Identity: <sip:boss@cordial.local>\r\n",
        "X-Escape: \u{1b}[2J\u{9b}31m\r\n",
        "X-Nul: a\0b\r\n",
        "X-Tab: a\u{b}b\r\n",
        "Route: <sip:203.0.113.1;lr>\r\nRecord-Route: <sip:203.0.113.1;lr>\r\n",
        "Authorization: Basic Zm9v\r\nProxy-Authorization: Basic Zm9v\r\nCookie: a\r\n",
    ];
    for more in smuggled {
        let mut draft = sender.invite("3002", sdp(sender.local()));
        draft.from = format!("\"a\\\" <sip:boss@x> \\r\\n\" <sip:2001@cordial.local>;tag={}", unique());
        draft.more += more;
        dial(&sender, &draft);
        let seen = callee.asked("INVITE");
        let text = String::from_utf8_lossy(&seen.to_bytes()).into_owned();
        let lines = |name: &str| {
            let start = format!("{}:", name.to_ascii_lowercase());
            text.lines().filter(|line| line.to_ascii_lowercase().starts_with(&start)).count()
        };
        for name in
            ["P-Asserted-Identity", "Route", "Record-Route", "Authorization", "Proxy-Authorization", "Cookie"]
        {
            assert_eq!(lines(name), 0, "{name} after {more:?}:\n{text}");
        }
        let odd = text.chars().find(|c| c.is_control() && !matches!(c, '\r' | '\n'));
        assert_eq!(odd, None, "after {more:?}:\n{text:?}");
        assert!(seen.headers.get(&Name::From).is_some_and(|from| from.contains("sip:2001@")), "{text}");
        callee.answer(&seen, 486, &[], "");
        callee.asked("ACK");
    }
    for user in ["3002%0d%0aX-Evil:%20yes", "3002%00", "3002\u{9b}31m", "%33%30%30%32%0a"] {
        let mut draft = sender.invite("3002", sdp(sender.local()));
        draft.uri = format!("sip:{user}@cordial.local");
        draft.more += "X-Mark: 1\r\n";
        let answer = sender.ask_proving(&draft);
        assert!(answer.code >= 400, "{user}: {answer:?}");
        let text = String::from_utf8_lossy(&answer.to_bytes()).into_owned();
        assert!(!text.contains("\nX-Evil"), "{text}");
    }
    assert!(callee.hear(AT_ONCE).is_none(), "none of them rang");
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn lengths_that_lie_are_answered_400_and_harm_nobody() {
    let site = Site::open(1).await;
    let phone = site.phone(1);
    for lengths in [
        &["-1"][..],
        &["4294967328"],
        &["99999999999999999999"],
        &["0", "4"],
        &["4, 4"],
        &["0x10"],
        &["+0"],
        &["1 1"],
        &[""],
        &["65536"],
        &["5"],
    ] {
        let draft = phone.register();
        let text = phone.text(&draft);
        let lines: String = lengths.iter().map(|length| format!("Content-Length: {length}\r\n")).collect();
        phone.send(&text.replace("Content-Length: 0\r\n", &lines).replace("\r\n\r\n", "\r\n\r\nbody"));
        match phone.hear(Duration::from_secs(10)) {
            Some(Message::Response(response)) => assert_eq!(response.code, 400, "{lengths:?}: {response:?}"),
            other => panic!("{lengths:?}: {other:?}"),
        }
    }
    phone.registers();
}
