//! The envelope of a request over HTTP.
//!
//! ```json
//! {"data":{"type":"Connect#1001","body":"desk-1,secret","sessionUrl":"s-1",
//!          "callbackFqdn":"https://crm.example.org","callbackEndpoint":"/events"}}
//! ```
//! Members that are not known are passed over. `body` may be absent, `null`, or the text `null`, which are all the same. The two
//! members of the callback come together, and once is enough; without a scheme `https` is meant.

use std::net::IpAddr;

use reqwest::Url;
use serde::Deserialize;

use crate::config::CallbackHost;
use crate::connector::{Heard, Way};
use crate::limits::CALLBACK_URL_BYTES_MAX;

#[derive(Deserialize)]
struct Envelope {
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    r#type: String,
    body: Option<String>,
    session_url: String,
    callback_fqdn: Option<String>,
    callback_endpoint: Option<String>,
}

/// What is wrong with an envelope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    /// It is no such JSON.
    #[error("the envelope cannot be read: {0}")]
    Json(String),
    /// A member is not what it should be.
    #[error("data.{0} {1}")]
    Member(&'static str, &'static str),
    /// The address may not be called.
    #[error("{0} may not be called back: connector.callback_hosts does not name it")]
    Host(String),
}

/// The request in an envelope.
pub(super) fn heard(
    bytes: &[u8],
    correlation: Option<String>,
    peer: IpAddr,
    hosts: &[CallbackHost],
) -> Result<Heard, Wrong> {
    let Envelope { data } = serde_json::from_slice(bytes).map_err(|error| Wrong::Json(error.to_string()))?;
    if data.r#type.is_empty() {
        return Err(Wrong::Member("type", "is empty"));
    }
    if !(1..=CALLBACK_URL_BYTES_MAX).contains(&data.session_url.len()) {
        return Err(Wrong::Member("sessionUrl", "names no session, or is too long"));
    }
    let said = |text: Option<String>| text.filter(|text| !text.is_empty() && text != "null");
    let callback = match (said(data.callback_fqdn), said(data.callback_endpoint)) {
        (Some(host), Some(path)) => Some(address(&host, &path, hosts)?),
        (None, None) => None,
        (None, Some(_)) => return Err(Wrong::Member("callbackFqdn", "is missing")),
        (Some(_), None) => return Err(Wrong::Member("callbackEndpoint", "is missing")),
    };
    Ok(Heard {
        way: Way::Web { session: data.session_url, callback, peer },
        kind: data.r#type,
        body: said(data.body),
        correlation,
        reply_to: None,
        sent: None,
    })
}

/// The address that is called.
fn address(host: &str, path: &str, hosts: &[CallbackHost]) -> Result<Url, Wrong> {
    let bad = |why| Wrong::Member("callbackFqdn", why);
    if host.len() + path.len() > CALLBACK_URL_BYTES_MAX {
        return Err(bad("and data.callbackEndpoint are too long"));
    }
    let host = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    let text = format!("{}/{}", host.trim_end_matches('/'), path.trim_start_matches('/'));
    let mut url = Url::parse(&text).map_err(|_| bad("and data.callbackEndpoint are no address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("is neither of http nor of https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("has a user in it"));
    }
    if !hosts.iter().any(|host| host.has(&url)) {
        return Err(Wrong::Host(url.origin().ascii_serialization()));
    }
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::path::Path;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> Result<Heard, Wrong> {
        let hosts = "[connector]\ncallback_hosts = [\"crm.example.org\", \"127.0.0.1:8080\"]\n";
        let hosts = Config::parse(Path::new("test"), hosts).expect("good hosts").connector.callback_hosts;
        heard(text.as_bytes(), None, IpAddr::V4(Ipv4Addr::LOCALHOST), hosts.all())
    }

    fn callback(host: &str, path: &str) -> Result<Option<Url>, Wrong> {
        let data = serde_json::json!({ "type": "HELLO#d", "sessionUrl": "s", "callbackFqdn": host, "callbackEndpoint": path });
        read(&serde_json::json!({ "data": data }).to_string()).map(|heard| match heard.way {
            Way::Web { callback, .. } => callback,
            Way::Embedded { .. } | Way::Broker => None,
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "the expectation is written where it is used")]
    fn wrong(text: &str, told: Expect) {
        told.assert_eq(&read(text).map(|_| ()).unwrap_err().to_string());
    }

    #[test]
    fn the_documents_own_samples_are_requests() {
        let hello = r#"{"data":{"type":"HELLO#desk-1","body":"null","sessionUrl":"s-1","callbackFqdn":"http://127.0.0.1:8080","callbackEndpoint":"/events"}}"#;
        let hello = read(hello).expect("a request");
        assert_eq!((hello.kind.as_str(), hello.body), ("HELLO#desk-1", None));
        let Way::Web { session, callback, .. } = hello.way else { panic!("it came by HTTP") };
        assert_eq!(
            (session.as_str(), callback.map(String::from)),
            ("s-1", Some("http://127.0.0.1:8080/events".to_owned()))
        );
        let login = r#"{"data":{"type":"Login#1001","body":"secret,42053","sessionUrl":"s-1","more":[1]}}"#;
        let login = read(login).expect("a request");
        assert_eq!(login.body.as_deref(), Some("secret,42053"));
        assert!(matches!(login.way, Way::Web { callback: None, .. }));
    }

    #[test]
    fn what_is_no_envelope_is_told_by_what_is_wrong() {
        wrong("", expect!["the envelope cannot be read: EOF while parsing a value at line 1 column 0"]);
        wrong(
            "[]",
            expect![
                "the envelope cannot be read: invalid length 0, expected struct Envelope with 1 element at line 1 column 2"
            ],
        );
        wrong(
            r#"{"data":{"body":"a"}}"#,
            expect!["the envelope cannot be read: missing field `type` at line 1 column 20"],
        );
        wrong(r#"{"data":{"type":"","sessionUrl":"s"}}"#, expect!["data.type is empty"]);
        wrong(
            r#"{"data":{"type":"Hello#a","sessionUrl":""}}"#,
            expect!["data.sessionUrl names no session, or is too long"],
        );
        wrong(
            r#"{"data":{"type":"Hello#a","sessionUrl":"s","body":{"a":1}}}"#,
            expect!["the envelope cannot be read: invalid type: map, expected a string at line 1 column 50"],
        );
        wrong(
            r#"{"data":{"type":"Hello#a","sessionUrl":"s","callbackFqdn":"crm.example.org"}}"#,
            expect!["data.callbackEndpoint is missing"],
        );
        wrong(
            r#"{"data":{"type":"Hello#a","sessionUrl":"s","callbackEndpoint":"/a"}}"#,
            expect!["data.callbackFqdn is missing"],
        );
    }

    #[test]
    fn only_hosts_of_the_configuration_are_called() {
        let good = |host, path, url: &str| {
            assert_eq!(callback(host, path), Ok(Some(Url::parse(url).expect("a URL"))));
        };
        good("crm.example.org", "events", "https://crm.example.org/events");
        good("http://CRM.example.org/", "/events?a=1#b", "http://crm.example.org/events?a=1");
        good("http://127.1:8080", "//other/", "http://127.0.0.1:8080/other/");
        for (host, path) in [
            ("crm.example.org:8443", "/"),
            ("evil.example.org", "/"),
            ("https://crm.example.org.evil.example", "/"),
            ("http://127.0.0.1", "/"),
            ("http://127.0.0.1:80801", "/"),
            ("http://[::ffff:127.0.0.1]:8080", "/"),
            ("https://crm.example.org@evil.example", "/"),
            ("https://user:secret@crm.example.org", "/"),
            ("https://evil.example\\@crm.example.org", "/"),
            ("ftp://crm.example.org", "/"),
            ("file://", "/etc/passwd"),
            ("https://", "crm.example.org.evil.example/a"),
        ] {
            assert!(callback(host, path).is_err(), "{host} {path}");
        }
    }
}
