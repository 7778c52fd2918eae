//! A trunk that must prove itself.

use cordial_node::Output;
use cordial_sip::digest::{self, Algorithm, DigestFields};

use crate::desk::{Desk, TARGET, said};

const USER: &str = "carrier-7";

/// The line that answers a 401 among the outputs.
fn proof(outputs: &[Output], algorithm: Algorithm, password: &str) -> String {
    let refusal = outputs.iter().find_map(|output| match output {
        Output::Transmit(transmit) => Some(String::from_utf8_lossy(&transmit.bytes).into_owned()),
        _ => None,
    });
    let refusal = refusal.expect("a challenge");
    let mut challenges = refusal.lines().filter_map(|line| line.strip_prefix("WWW-Authenticate: "));
    let fields = challenges
        .find_map(|value| DigestFields::parse(value).filter(|fields| fields.algorithm() == Some(algorithm)))
        .expect("a challenge of this algorithm");
    let (realm, nonce) = (fields.get("realm").expect("a realm"), fields.get("nonce").expect("a nonce"));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let ha1 = match algorithm {
        Algorithm::Md5 => hex(&digest::ha1_md5(USER, realm, password)),
        Algorithm::Sha256 => hex(&digest::ha1_sha256(USER, realm, password)),
    };
    let (count, ours) = ("00000001", "ours");
    let response = digest::response(algorithm, &ha1, "INVITE", TARGET, nonce, Some((count, ours)));
    format!(
        "Authorization: Digest username=\"{USER}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{TARGET}\", \
         response=\"{response}\", algorithm={}, qop=auth, nc={count}, cnonce=\"{ours}\"",
        algorithm.as_str()
    )
}

/// What the carrier hears after it answered the challenge with this password.
fn heard(algorithm: Algorithm, password: &str) -> Vec<String> {
    let mut desk = Desk::with_trunk(Some(USER));
    desk.node.set_trunk_secret(desk.trunk, Some("secret".to_owned()));
    let challenged = desk.invite(1, None);
    assert_eq!(said(&challenged), ["SIP/2.0 401 Unauthorized"]);
    let proof = proof(&challenged, algorithm, password);
    let mut outputs = desk.invite(2, Some(&proof));
    desk.node.handle_durable(desk.now, desk.node.last_seq());
    outputs.extend(desk.outputs());
    said(&outputs)
}

#[test]
fn its_calls_come_in_with_its_password_by_either_algorithm() {
    assert_eq!(heard(Algorithm::Sha256, "secret"), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
    assert_eq!(heard(Algorithm::Md5, "secret"), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
}

#[test]
fn its_calls_do_not_come_in_with_another_password() {
    assert_eq!(heard(Algorithm::Sha256, "guess"), ["SIP/2.0 403 Forbidden"]);
}

#[test]
fn its_address_alone_is_a_strangers_while_we_do_not_know_its_password() {
    let mut desk = Desk::with_trunk(Some(USER));
    assert_eq!(said(&desk.invite(1, None)), ["SIP/2.0 401 Unauthorized"]);
}
