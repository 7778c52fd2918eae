//! Answering challenges to our own requests.

use super::{Algorithm, DigestFields, response, to_hex};
use crate::directory::{ClientCredentials, Secret};
use crate::message::{Name, Request, Response};

/// The header that answers a challenge, and whether the challenge said that only our nonce was stale.
/// `None` if no challenge is in a realm and algorithm that these credentials are for.
pub(crate) fn answer(
    challenge: &Response,
    credentials: &ClientCredentials,
    request: &Request,
    client_nonce: &str,
) -> Option<(Name, String, bool)> {
    let (from, to) = match challenge.code {
        407 => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
        _ => (Name::WwwAuthenticate, Name::Authorization),
    };
    // RFC 8760 section 2.4: the topmost challenge that we can answer.
    let (fields, algorithm, ha1) = challenge.headers.all(&from).find_map(|value| {
        let fields = DigestFields::parse(value)?;
        let (algorithm, ha1) = usable(&fields, credentials)?;
        Some((fields, algorithm, ha1))
    })?;
    let nonce = fields.get("nonce")?;
    let uri = request.uri.to_string();
    let quality = match fields.get("qop") {
        Some(offered) if offered.split(',').any(|word| word.trim().eq_ignore_ascii_case("auth")) => {
            Some(("00000001", client_nonce))
        }
        // Only auth-int, which we do not speak.
        Some(_) => return None,
        None => None,
    };
    let mut answer = DigestFields::default();
    answer.push("username", &credentials.username);
    answer.push("realm", fields.get("realm")?);
    answer.push("nonce", nonce);
    answer.push("uri", &uri);
    answer.push("response", response(algorithm, &ha1, request.method.as_str(), &uri, nonce, quality));
    answer.push("algorithm", algorithm.as_str());
    if let Some((count, client_nonce)) = quality {
        answer.push("qop", "auth");
        answer.push("nc", count);
        answer.push("cnonce", client_nonce);
    }
    if let Some(opaque) = fields.get("opaque") {
        answer.push("opaque", opaque);
    }
    let stale = fields.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"));
    Some((to, answer.to_value(), stale))
}

/// HA1 in hexadecimal for a challenge, if the credentials are for its realm and algorithm.
fn usable(fields: &DigestFields, credentials: &ClientCredentials) -> Option<(Algorithm, String)> {
    let realm = fields.get("realm")?;
    if credentials.realm.as_deref().is_some_and(|bound| bound != realm) {
        return None;
    }
    let algorithm = fields.algorithm()?;
    let ha1 = match (&credentials.secret, algorithm) {
        (Secret::Password(password), algorithm) => {
            algorithm.hex(&format!("{}:{realm}:{password}", credentials.username))
        }
        (Secret::Ha1 { md5, .. }, Algorithm::Md5) => to_hex(&(*md5)?),
        (Secret::Ha1 { sha256, .. }, Algorithm::Sha256) => to_hex(&(*sha256)?),
    };
    Some((algorithm, ha1))
}
