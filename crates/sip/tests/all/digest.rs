//! Digest on both sides (RFC 8760).

use cordial_sip::digest::{Algorithm, DigestFields, ha1_md5, ha1_sha256, response};
use cordial_sip::message::{Name, Response};
use cordial_sip::{ClientCredentials, Config, Event, Invite, Origin, PeerId, Secret, Target};

use crate::bench::*;

const URI: &str = "sip:acme.example";

/// A REGISTER of a user of acme.example, each with its own branch and CSeq.
fn register(user: &str, cseq: u32, authorization: &str) -> String {
    register_from("10.0.0.7:5060", user, cseq, authorization)
}

/// One attempt to register.
pub(crate) struct Guess<'a> {
    pub(crate) source: &'a str,
    pub(crate) name: &'a str,
    pub(crate) password: &'a str,
}

impl Guess<'_> {
    /// The answer to it.
    pub(crate) fn code(&self, bench: &mut Bench, cseq: u32) -> u16 {
        let asked = register_from(self.source, self.name, cseq * 2, "");
        let challenged = bench.response(self.source, &asked);
        let answer = authorize(&challenged, Algorithm::Md5, self.name, self.password, "00000001");
        bench.response(self.source, &register_from(self.source, self.name, cseq * 2 + 1, &answer)).code
    }
}

/// The same with a Via and Call-ID of its own for each sender.
pub(crate) fn register_from(sender: &str, user: &str, cseq: u32, authorization: &str) -> String {
    let record = format!("<sip:{user}@acme.example>");
    let from = format!("{record};tag=reg");
    let via = format!("SIP/2.0/UDP {sender};branch=z9hG4bKr{user}{cseq};rport");
    let call = format!("reg-{sender}");
    let number = format!("{cseq} REGISTER");
    let given = [
        ("Via", via.as_str()),
        ("From", from.as_str()),
        ("To", record.as_str()),
        ("Call-ID", call.as_str()),
        ("CSeq", number.as_str()),
        ("Contact", "<sip:ann@10.0.0.7:5060>;expires=300"),
        ("Authorization", authorization),
    ];
    request("REGISTER", URI, &given, "")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Answers the challenge of an algorithm to a REGISTER.
fn authorize(challenged: &Response, algorithm: Algorithm, user: &str, password: &str, count: &str) -> String {
    authorize_for(("REGISTER", URI), challenged, algorithm, (user, password), count)
}

/// The same to any request, of a method and URI.
pub(crate) fn authorize_for(
    (method, uri): (&str, &str),
    challenged: &Response,
    algorithm: Algorithm,
    (user, password): (&str, &str),
    count: &str,
) -> String {
    let fields = challenged
        .headers
        .all(&Name::WwwAuthenticate)
        .filter_map(DigestFields::parse)
        .find(|fields| fields.algorithm() == Some(algorithm))
        .expect("a challenge of that algorithm");
    let (realm, nonce) = (fields.get("realm").unwrap(), fields.get("nonce").unwrap());
    let ha1 = match algorithm {
        Algorithm::Md5 => hex(&ha1_md5(user, realm, password)),
        Algorithm::Sha256 => hex(&ha1_sha256(user, realm, password)),
    };
    let proof = response(algorithm, &ha1, method, uri, nonce, Some((count, "c1")));
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{proof}\", \
         algorithm={}, qop=auth, nc={count}, cnonce=\"c1\"",
        algorithm.as_str()
    )
}

fn is_stale(response: &Response) -> bool {
    response.headers.get(&Name::WwwAuthenticate).and_then(DigestFields::parse).unwrap().get("stale")
        == Some("true")
}

#[test]
fn both_algorithms_are_offered_sha_256_first_and_both_are_accepted() {
    let mut bench = Bench::new();
    let challenged = bench.response(PHONE, &register("ann", 1, ""));
    assert_eq!(challenged.code, 401);
    let offered: Vec<_> = challenged
        .headers
        .all(&Name::WwwAuthenticate)
        .map(|value| DigestFields::parse(value).unwrap().algorithm().unwrap())
        .collect();
    assert_eq!(offered, [Algorithm::Sha256, Algorithm::Md5]);
    assert_eq!(bench.ua.counts().servers, 0, "a challenge leaves nothing behind");
    for (cseq, algorithm, count) in [(2, Algorithm::Sha256, "00000001"), (3, Algorithm::Md5, "00000002")] {
        let answer = authorize(&challenged, algorithm, "ann", "secret", count);
        assert_eq!(bench.response(PHONE, &register("ann", cseq, &answer)).code, 200);
    }
}

#[test]
fn the_nonce_count_is_hexadecimal_may_jump_and_is_used_once() {
    let mut bench = Bench::new();
    let challenged = bench.response(PHONE, &register("ann", 1, ""));
    let mut cseq = 1;
    let mut outcome = |count: &str| {
        cseq += 1;
        let answer = authorize(&challenged, Algorithm::Md5, "ann", "secret", count);
        let response = bench.response(PHONE, &register("ann", cseq, &answer));
        (response.code, response.code == 401 && is_stale(&response))
    };
    assert_eq!(outcome("00000009"), (200, false));
    assert_eq!(outcome("0000000a"), (200, false));
    assert_eq!(outcome("0000000a"), (401, true), "a replay is refused");
    assert_eq!(outcome("00000003"), (200, false), "late but new");
    assert_eq!(outcome("00000003"), (401, true));
    assert_eq!(outcome("000000ff"), (200, false));
    assert_eq!(outcome("00000009"), (401, true), "behind the window");
    assert_eq!(outcome("00000000"), (403, false));
    assert_eq!(outcome("0000000g"), (403, false));
}

#[test]
fn an_old_nonce_is_answered_stale() {
    let mut bench = Bench::new();
    let challenged = bench.response(PHONE, &register("ann", 1, ""));
    bench.pass(300_000);
    let answer = authorize(&challenged, Algorithm::Md5, "ann", "secret", "00000001");
    let again = bench.response(PHONE, &register("ann", 2, &answer));
    assert_eq!((again.code, is_stale(&again)), (401, true));
    let answer = authorize(&again, Algorithm::Md5, "ann", "secret", "00000001");
    assert_eq!(bench.response(PHONE, &register("ann", 3, &answer)).code, 200);
}

#[test]
fn a_nonce_of_an_earlier_life_is_stale_and_nothing_is_told_of_the_answer() {
    let mut bench = Bench::new();
    let mut earlier = Bench::with(config());
    earlier.ua = cordial_sip::UserAgent::new(config(), 8);
    earlier.ua.set_account(account(1, "ann", "secret"));
    let challenged = earlier.response(PHONE, &register("ann", 1, ""));
    let right = authorize(&challenged, Algorithm::Md5, "ann", "secret", "00000001");
    let response = bench.response(PHONE, &register("ann", 2, &right));
    assert_eq!((response.code, is_stale(&response)), (401, true));
    let wrong = authorize(&challenged, Algorithm::Md5, "ann", "guess", "00000001");
    let response = bench.response(PHONE, &register("ann", 3, &wrong));
    assert_eq!((response.code, is_stale(&response)), (401, true));
}

#[test]
fn a_name_that_does_not_exist_looks_like_one_that_does() {
    let mut bench = Bench::new();
    let mut seen = |user: &str| {
        let challenged = bench.response(PHONE, &register(user, 1, ""));
        let answer = authorize(&challenged, Algorithm::Sha256, user, "guess", "00000001");
        let refused = bench.response(PHONE, &register(user, 2, &answer));
        let names = |response: &Response| {
            response.headers.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>()
        };
        (challenged.code, names(&challenged), refused.code, names(&refused))
    };
    assert_eq!(seen("ann"), seen("nobody"));
}

#[test]
fn passwords_cannot_be_tried_at_line_speed() {
    let mut bench = Bench::new();
    let challenged = bench.response(PHONE, &register("ann", 1, ""));
    let attempt = |bench: &mut Bench, cseq: u32, password: &str| {
        let count = format!("{cseq:08x}");
        let answer = authorize(&challenged, Algorithm::Md5, "ann", password, &count);
        bench.response(PHONE, &register("ann", cseq, &answer)).code
    };
    let codes: Vec<u16> = (2..32).map(|cseq| attempt(&mut bench, cseq, "guess")).collect();
    assert_eq!(codes.iter().filter(|code| **code == 403).count(), 20);
    assert_eq!(codes.last(), Some(&503));
    bench.pass(10_000);
    assert_eq!(attempt(&mut bench, 40, "secret"), 200);
}

#[test]
fn answers_without_qop_are_refused_unless_allowed_and_then_work_once() {
    for allowed in [false, true] {
        let mut bench = Bench::with(Config { digest_without_qop: allowed, ..config() });
        let challenged = bench.response(PHONE, &register("ann", 1, ""));
        let fields =
            challenged.headers.all(&Name::WwwAuthenticate).filter_map(DigestFields::parse).next().unwrap();
        let nonce = fields.get("nonce").unwrap();
        let ha1 = hex(&ha1_md5("ann", "acme.example", "secret"));
        let proof = response(Algorithm::Md5, &ha1, "REGISTER", URI, nonce, None);
        let answer = format!(
            "Digest username=\"ann\", realm=\"acme.example\", nonce=\"{nonce}\", uri=\"{URI}\", response=\"{proof}\""
        );
        let first = bench.response(PHONE, &register("ann", 2, &answer)).code;
        let second = bench.response(PHONE, &register("ann", 3, &answer)).code;
        assert_eq!((first, second), if allowed { (200, 401) } else { (403, 403) });
    }
}

#[test]
fn an_invite_of_a_stranger_is_challenged_and_the_proved_name_is_the_callers() {
    let mut bench = Bench::new();
    let call = |cseq: &str, branch: &str, answer: &str| {
        invite(&[
            ("From", "\"The Boss\" <sip:boss@acme.example>;tag=x"),
            ("Via", &format!("SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK{branch};rport")),
            ("CSeq", cseq),
            ("Authorization", answer),
        ])
    };
    let challenged = bench.response(PHONE, &call("1 INVITE", "a", ""));
    assert_eq!(challenged.code, 401);
    let fields =
        challenged.headers.all(&Name::WwwAuthenticate).filter_map(DigestFields::parse).last().unwrap();
    let nonce = fields.get("nonce").unwrap();
    let uri = "sip:1000@acme.example";
    let ha1 = hex(&ha1_md5("ann", "acme.example", "secret"));
    let proof = response(Algorithm::Md5, &ha1, "INVITE", uri, nonce, Some(("00000001", "c")));
    let answer = format!(
        "Digest username=\"ann\", realm=\"acme.example\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{proof}\", \
         qop=auth, nc=00000001, cnonce=\"c\""
    );
    assert_eq!(brief(&bench.receive(PHONE, &call("2 INVITE", "b", &answer))), ["100 to 2 INVITE"]);
    let Some(Event::Incoming { from, from_user, from_name, .. }) = bench.ua.poll_event() else { panic!() };
    assert_eq!(from, Origin::Account(cordial_sip::AccountId(1)));
    assert_eq!((from_user.as_str(), from_name), ("ann", None));
}

fn trunk_with_credentials(realm: Option<&str>) -> cordial_sip::Peer {
    let credentials = ClientCredentials {
        username: "cordial".to_owned(),
        realm: realm.map(str::to_owned),
        secret: Secret::Password("pw".to_owned()),
    };
    cordial_sip::Peer { outbound: Some(credentials), ..trunk() }
}

fn dial(bench: &mut Bench) -> cordial_sip::message::Request {
    let invite = Invite {
        target: Target::Peer { id: PeerId(1), user: "49".to_owned() },
        from_user: "1".to_owned(),
        from_name: None,
        to_user: "49".to_owned(),
        headers: Vec::new(),
        body: OFFER.into(),
    };
    bench.ua.invite(bench.now, invite);
    only_request(&bench.sent())
}

/// The request that follows a 407, if one does.
fn after_407(
    bench: &mut Bench,
    sent: &cordial_sip::message::Request,
    challenge: &str,
) -> Option<cordial_sip::message::Request> {
    let extra = format!("Proxy-Authenticate: {challenge}\r\n");
    let sent = bench.trunk_sends(&reply(sent, 407, "far", &extra, ""));
    match sent.as_slice() {
        [_ack] => None,
        [_ack, cordial_sip::message::Message::Request(retried)] => Some(retried.clone()),
        other => panic!("{:?}", brief(other)),
    }
}

#[test]
fn a_trunks_challenge_is_answered_once_and_once_more_when_stale() {
    let mut bench = Bench::new();
    bench.ua.set_peer(trunk_with_credentials(Some("trunk")));
    let first = dial(&mut bench);
    let challenge = "Digest realm=\"trunk\", nonce=\"n1\", qop=\"auth\"";
    let second = after_407(&mut bench, &first, challenge).expect("answered");
    assert_eq!(second.headers.get(&Name::CSeq), Some("2 INVITE"));
    let fields = DigestFields::parse(second.headers.get(&Name::ProxyAuthorization).unwrap()).unwrap();
    let ha1 = hex(&ha1_md5("cordial", "trunk", "pw"));
    let quality = Some((fields.get("nc").unwrap(), fields.get("cnonce").unwrap()));
    let proof = response(Algorithm::Md5, &ha1, "INVITE", "sip:49@trunk.example", "n1", quality);
    assert_eq!(fields.get("response"), Some(proof.as_str()));
    let third =
        after_407(&mut bench, &second, "Digest realm=\"trunk\", nonce=\"n2\", qop=\"auth\", stale=true");
    let third = third.expect("answered when stale");
    assert_eq!(after_407(&mut bench, &third, "Digest realm=\"trunk\", nonce=\"n3\", stale=true"), None);
    assert!(matches!(bench.events().as_slice(), [Event::Failed { code: 407, .. }]));
    bench.assert_nothing_left();
}

#[test]
fn a_second_challenge_that_is_not_stale_is_final() {
    let mut bench = Bench::new();
    bench.ua.set_peer(trunk_with_credentials(None));
    let first = dial(&mut bench);
    let second = after_407(&mut bench, &first, "Digest realm=\"any\", nonce=\"n1\"").unwrap();
    assert_eq!(after_407(&mut bench, &second, "Digest realm=\"any\", nonce=\"n2\""), None);
}

#[test]
fn another_realms_challenge_is_not_answered() {
    let mut bench = Bench::new();
    bench.ua.set_peer(trunk_with_credentials(Some("trunk")));
    let first = dial(&mut bench);
    assert_eq!(after_407(&mut bench, &first, "Digest realm=\"elsewhere\", nonce=\"n1\""), None);
    assert!(matches!(bench.events().as_slice(), [Event::Failed { code: 407, .. }]));
}

#[test]
fn a_challenged_bye_is_sent_again_with_credentials() {
    let mut bench = Bench::new();
    bench.ua.set_peer(trunk_with_credentials(Some("trunk")));
    let invite = dial(&mut bench);
    bench.trunk_sends(&reply(&invite, 200, "far", "Contact: <sip:far@192.0.2.9>\r\n", OFFER));
    let Some(Event::Answered { dialog, .. }) = bench.ua.poll_event() else { panic!() };
    bench.ua.clear(bench.now, dialog, None);
    let bye = only_request(&bench.sent());
    let extra = "Proxy-Authenticate: Digest realm=\"trunk\", nonce=\"n\", qop=\"auth\"\r\n";
    let again = only_request(&bench.trunk_sends(&reply(&bye, 407, "", extra, "")));
    assert_eq!(again.headers.get(&Name::CSeq), Some("3 BYE"));
    assert!(again.headers.get(&Name::ProxyAuthorization).is_some());
    bench.trunk_sends(&reply(&again, 200, "", "", ""));
    bench.assert_nothing_left();
}

/// A call of the trunk's own account from elsewhere than its address: the trunk may call so, but our secret is for its
/// address alone.
#[test]
fn a_challenge_in_a_call_that_came_from_elsewhere_than_the_trunks_address_is_not_answered() {
    let mut bench = Bench::new();
    let own = cordial_sip::AccountId(1);
    bench.ua.set_peer(cordial_sip::Peer {
        addresses: Vec::new(),
        inbound: Some(own),
        ..trunk_with_credentials(None)
    });
    let call = |cseq: &str, branch: &str, answer: &str| {
        invite(&[
            ("From", "<sip:ann@acme.example>;tag=x"),
            ("Contact", "<sip:ann@203.0.113.7:40000>"),
            ("Via", &format!("SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK{branch};rport")),
            ("CSeq", cseq),
            ("Authorization", answer),
        ])
    };
    let challenged = bench.response(PHONE, &call("1 INVITE", "a", ""));
    let fields = challenged.headers.get(&Name::WwwAuthenticate).and_then(DigestFields::parse).unwrap();
    let (nonce, uri) = (fields.get("nonce").unwrap(), "sip:1000@acme.example");
    let ha1 = hex(&ha1_md5("ann", "acme.example", "secret"));
    let proof = response(Algorithm::Md5, &ha1, "INVITE", uri, nonce, Some(("00000001", "c")));
    let answer = format!(
        "Digest username=\"ann\", realm=\"acme.example\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{proof}\", \
         qop=auth, nc=00000001, cnonce=\"c\""
    );
    bench.receive(PHONE, &call("2 INVITE", "b", &answer));
    let Some(Event::Incoming { dialog, from: Origin::Peer(_), .. }) = bench.ua.poll_event() else { panic!() };
    bench.ua.answer(bench.now, dialog, OFFER.into());
    let answered = bench.sent();
    let [cordial_sip::message::Message::Response(answered)] = answered.as_slice() else { panic!() };
    let to = answered.headers.get(&Name::To).unwrap().to_owned();
    let ack = [
        ("From", "<sip:ann@acme.example>;tag=x"),
        ("To", to.as_str()),
        ("Via", "SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKc;rport"),
        ("CSeq", "2 ACK"),
    ];
    bench.receive(PHONE, &request("ACK", "sip:198.51.100.1", &ack, ""));
    bench.ua.clear(bench.now, dialog, None);
    let bye = only_request(&bench.sent());
    let extra = "Proxy-Authenticate: Digest realm=\"trunk\", nonce=\"n\", qop=\"auth\"\r\n";
    assert_eq!(brief(&bench.receive(PHONE, &reply(&bye, 407, "", extra, ""))), [""; 0]);
}

/// A stranger may not make us sign a challenge of our trunk's realm (a BYE challenged inside a call that he sent us).
#[test]
fn a_challenge_from_elsewhere_is_never_answered_with_a_trunks_secret() {
    let mut bench = Bench::new();
    bench.ua.set_peer(trunk_with_credentials(Some("trunk")));
    let target = Target::Uri { uri: "sip:x@203.0.113.66".to_owned(), flow: udp("203.0.113.66:5060") };
    let invite = Invite {
        target,
        from_user: "1".to_owned(),
        from_name: None,
        to_user: "x".to_owned(),
        headers: Vec::new(),
        body: OFFER.into(),
    };
    let id = bench.ua.invite(bench.now, invite);
    let invite = only_request(&bench.sent());
    let extra = "Proxy-Authenticate: Digest realm=\"trunk\", nonce=\"n\", qop=\"auth\"\r\n";
    let sent = bench.receive("203.0.113.66:5060", &reply(&invite, 407, "far", extra, ""));
    assert_eq!(brief(&sent), ["ACK sip:x@203.0.113.66"]);
    assert!(matches!(bench.events().as_slice(), [Event::Failed { dialog, code: 407, .. }] if *dialog == id));
}
