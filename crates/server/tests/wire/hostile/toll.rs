//! Toll fraud: a stolen device, which proves whose it is, dials at the owner's cost.

use cordial_sip::message::{Request, Response};
use serde_json::{Value, json};

use super::phone::{Draft, Phone, sdp};
use super::site::Site;

/// What may be dialled, and reaches the carrier.
const ALLOWED: [&str; 3] = ["+442079460001", "+442079460002", "+442079460003"];

/// Devices 2001 to 2003 behind one trunk that takes numbers of one country and what begins with a nought; the tenant's
/// rules deny some of them again, and let two calls out at once.
async fn site_with_rules() -> (Site, Phone) {
    let site = Site::open(3).await;
    let carrier = Phone::at([127, 0, 0, 9], site.server.sip, "carrier", "");
    let trunk = json!({
        "name": "carrier", "address": carrier.local().to_string(), "outbound_prefixes": ["+44", "0"],
    });
    site.server.post("/v1/trunks", trunk).await;
    let rules = json!({ "calls": 2, "calls_per_device": 8, "denied": ["+449", "0900"] });
    site.server.put("/v1/outbound", rules).await;
    (site, carrier)
}

/// Dials without waiting for an answer; gives the INVITE that proves whose it is.
fn begin(phone: &Phone, number: &str) -> Draft {
    let draft = phone.invite(number, sdp(phone.local()));
    let challenged = phone.ask(&draft);
    assert_eq!(challenged.code, 401, "{challenged:?}");
    phone.acknowledge(&draft, &challenged, &draft.uri);
    let proving = phone.proving(&draft, &challenged);
    phone.send(&phone.text(&proving));
    proving
}

/// Dials what is refused.
fn refused(phone: &Phone, number: &str) -> Response {
    let invite = begin(phone, number);
    let answer = phone.hear_final();
    phone.acknowledge(&invite, &answer, &invite.uri);
    answer
}

/// The next call that the carrier is sent; it must be for this number. It rings.
fn rings(carrier: &Phone, number: &str) -> Request {
    let invite = carrier.asked("INVITE");
    assert_eq!(invite.uri.user.as_deref(), Some(number), "the carrier was sent something else");
    carrier.answer(&invite, 180, &[], "");
    invite
}

/// The status and the code that a call placed by the API from the device 2000 + n is refused with.
async fn refused_by_api(site: &Site, n: usize, number: &str) -> (u16, String) {
    let request = reqwest::Client::new().post(format!("{}/v1/calls", site.server.client.base));
    let body = json!({ "device": site.devices[n - 1].0, "to": number });
    let answer = request.bearer_auth(&site.server.client.token).json(&body).send().await.expect("an answer");
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.expect("a problem is JSON");
    (status, problem["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn a_stolen_device_reaches_no_number_that_no_trunk_allows_and_none_that_is_denied() {
    let (site, carrier) = site_with_rules().await;
    let thief = site.phone(1);
    thief.registers();
    let not_allowed = ["+881600", "00881600", "+15005550006", "5005550006", "0-0881600", "000881600"];
    let denied = ["+44900123", "0044900123", "+44-900.123", "0900123", "0-900.123"];
    for number in not_allowed.into_iter().chain(denied) {
        assert_eq!(refused(&thief, number).code, 403, "{number}");
        let said = refused_by_api(&site, 1, number).await;
        assert_eq!(said, (403, "destination-denied".to_owned()), "{number}");
    }
    // The first INVITE that the carrier hears is for a number that is allowed: none of the others was sent.
    let invite = begin(&thief, ALLOWED[0]);
    let rung = rings(&carrier, ALLOWED[0]);
    carrier.answer(&rung, 486, &[], "");
    let answer = thief.hear_final();
    assert_eq!(answer.code, 486);
    thief.acknowledge(&invite, &answer, &invite.uri);
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn one_call_out_more_than_the_rules_allow_is_refused_from_every_device() {
    let (site, carrier) = site_with_rules().await;
    let [thief, other, third] = [1, 2, 3].map(|n| site.phone(n));
    [&thief, &other, &third].into_iter().for_each(Phone::registers);
    let first = begin(&thief, ALLOWED[0]);
    let rung = rings(&carrier, ALLOWED[0]);
    begin(&other, ALLOWED[1]);
    rings(&carrier, ALLOWED[1]);
    assert_eq!(site.server.get("/v1/outbound").await["state"]["calls"], 2);
    for phone in [&thief, &other] {
        assert_eq!(refused(phone, ALLOWED[2]).code, 480, "{}", phone.user);
    }
    assert_eq!(refused_by_api(&site, 3, ALLOWED[2]).await, (429, "outbound-limit".to_owned()));
    // When one ends there is room for one, and nothing but that one is sent.
    carrier.answer(&rung, 486, &[], "");
    let answer = thief.hear_final();
    assert_eq!(answer.code, 486);
    thief.acknowledge(&first, &answer, &first.uri);
    begin(&thief, ALLOWED[0]);
    rings(&carrier, ALLOWED[0]);
}
