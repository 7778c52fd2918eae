//! The Replaces header (RFC 3891 section 6.1): a dialog named by whoever wants to take its place.

use super::parse::ParseFault;
use super::uri::{Parameters, Uri, unescape};

/// A dialog as its far end names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: String,
    /// The tag of who reads the header.
    pub to_tag: String,
    /// The tag of the other end of that dialog.
    pub from_tag: String,
    /// Take its place only as long as it has no final answer.
    pub early_only: bool,
}

const BROKEN: ParseFault = ParseFault::Value("Replaces");

impl Replaces {
    /// Reads the value of a header.
    pub fn parse(value: &str) -> Result<Self, ParseFault> {
        let (call_id, parameters) = value.split_once(';').ok_or(BROKEN)?;
        let call_id = call_id.trim();
        if call_id.is_empty() || call_id.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(BROKEN);
        }
        let parameters = Parameters::parse(parameters)?;
        let tag = |name| parameters.only(name).filter(|tag| !tag.is_empty()).ok_or(BROKEN);
        Ok(Self {
            call_id: call_id.to_owned(),
            to_tag: tag("to-tag")?.to_owned(),
            from_tag: tag("from-tag")?.to_owned(),
            early_only: parameters.get("early-only").is_some(),
        })
    }

    /// The one that a URI carries escaped (RFC 3261 section 19.1.1), if any. Its other headers are left aside: nobody is
    /// bound to honour them (section 19.1.5).
    pub fn of_uri(uri: &Uri) -> Result<Option<Self>, ParseFault> {
        let mut found = None;
        for header in uri.headers.iter().flat_map(|headers| headers.split('&')) {
            let (name, value) = header.split_once('=').unwrap_or((header, ""));
            if !unescape(name).eq_ignore_ascii_case("Replaces") {
                continue;
            }
            if found.replace(Self::parse(&unescape(value))?).is_some() {
                return Err(BROKEN);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaces(call_id: &str, to_tag: &str, from_tag: &str, early_only: bool) -> Replaces {
        let [call_id, to_tag, from_tag] = [call_id, to_tag, from_tag].map(str::to_owned);
        Replaces { call_id, to_tag, from_tag, early_only }
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        for (text, expected) in [
            (
                "98732@sip.example.com ;from-tag=r33th4x0r ;to-tag=ff87ff",
                replaces("98732@sip.example.com", "ff87ff", "r33th4x0r", false),
            ),
            (
                "12adf2f34456gs5;to-tag=12345;from-tag=54321",
                replaces("12adf2f34456gs5", "12345", "54321", false),
            ),
            (
                "87134@171.161.34.23;to-tag=24796;from-tag=0",
                replaces("87134@171.161.34.23", "24796", "0", false),
            ),
            ("a;To-Tag=b;EARLY-ONLY;FROM-tag=c;x=\";\"", replaces("a", "b", "c", true)),
        ] {
            assert_eq!(Replaces::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_dialog_is_refused() {
        for text in [
            "",
            "a",
            ";to-tag=b;from-tag=c",
            "a b;to-tag=b;from-tag=c",
            "a;to-tag=b",
            "a;from-tag=c",
            "a;to-tag=;from-tag=c",
            "a;to-tag;from-tag=c",
            "a;to-tag=b;from-tag=c;to-tag=d",
            "a;to-tag=b;from-tag=\"c",
        ] {
            assert_eq!(
                Replaces::parse(text),
                Err(ParseFault::Value(if text.ends_with("\"c") { "parameters" } else { "Replaces" })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_uri_carries_it_escaped_among_others() {
        let of = |headers: &str| {
            Replaces::of_uri(&Uri::parse(&format!("sip:2006@acme.example{headers}")).unwrap())
        };
        let expected = replaces("a@h", "b", "c", false);
        assert_eq!(of("?Replaces=a%40h%3Bto-tag%3Db%3bfrom-tag%3Dc"), Ok(Some(expected.clone())));
        assert_eq!(
            of("?Require=replaces&r%65places=a%40h%3Bto-tag%3Db%3Bfrom-tag%3Dc&X="),
            Ok(Some(expected))
        );
        assert_eq!(of("?Subject=x"), Ok(None));
        assert_eq!(of(""), Ok(None));
        assert!(of("?Replaces").is_err());
        assert!(
            of("?Replaces=a%0D%0Ab%3Bto-tag%3Db%3Bfrom-tag%3Dc")
                .unwrap()
                .is_some_and(|r| !r.call_id.contains('\r'))
        );
        let twice = "Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc";
        assert!(of(&format!("?{twice}&{twice}")).is_err());
    }
}
