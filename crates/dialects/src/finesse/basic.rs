//! Who asks, by HTTP Basic (RFC 7617): the only way in that this API has.

/// A name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// A user's name, or `name@domain`.
    pub name: String,
    /// The password; it may have colons.
    pub password: String,
}

/// Passwords are shown to nobody.
impl core::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads the value of `Authorization`; `None` of another scheme, and of what is no name and password in UTF-8.
    #[must_use]
    pub fn read(header: &str) -> Option<Self> {
        let (scheme, encoded) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(decode(encoded.trim())?).ok()?;
        let (name, password) = text.split_once(':')?;
        let is_there = !name.is_empty() && !text.contains(char::is_control);
        is_there.then(|| Self { name: name.to_owned(), password: password.to_owned() })
    }

    /// The name and, behind the last `@`, the domain if there is one.
    #[must_use]
    pub fn whose(&self) -> (&str, Option<&str>) {
        match self.name.rsplit_once('@') {
            Some((name, domain)) => (name, Some(domain)),
            None => (&self.name, None),
        }
    }
}

/// Base 64 (RFC 4648, section 4); the padding may be missing, as some clients leave it out.
fn decode(text: &str) -> Option<Vec<u8>> {
    let letters = text.trim_end_matches('=').as_bytes();
    if text.len() - letters.len() > 2 || letters.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(letters.len() / 4 * 3 + 2);
    for four in letters.chunks(4) {
        let mut bits = 0_u32;
        for letter in four {
            bits = bits << 6 | sextet(*letter)?;
        }
        bits <<= 6 * (4 - four.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    Some(bytes)
}

fn sextet(letter: u8) -> Option<u32> {
    let value = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<(String, String)> {
        Credentials::read(header).map(|it| (it.name, it.password))
    }

    #[test]
    fn a_name_and_a_password_are_read() {
        let pair = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        // RFC 7617, section 2.
        assert_eq!(read("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), pair("Aladdin", "open sesame"));
        assert_eq!(read("bAsIc  QWxhZGRpbjpvcGVuIHNlc2FtZQ"), pair("Aladdin", "open sesame"));
        // RFC 7617, section 2.1: a pound sign in UTF-8.
        assert_eq!(read("Basic dGVzdDoxMjPCow=="), pair("test", "123£"));
        assert_eq!(read("Basic YTo6Yg=="), pair("a", ":b"));
        assert_eq!(read("Basic YTo="), pair("a", ""));
    }

    #[test]
    fn what_is_no_name_and_password_lets_nobody_in() {
        let none =
            ["", "Basic", "Basic ", "Bearer YTpi", "Basic YWI=", "Basic OmI=", "Basic YTpi!", "Basic Y"];
        for header in none {
            assert_eq!(read(header), None, "{header}");
        }
        // A pound sign in Latin 1, a line feed, three signs of padding.
        for header in ["Basic dGVzdDoxMjOj", "Basic YTpiCg==", "Basic YTo==="] {
            assert_eq!(read(header), None, "{header}");
        }
    }

    #[test]
    fn a_domain_stands_behind_the_last_at_sign() {
        let whose = |name: &str| {
            let it = Credentials { name: name.to_owned(), password: String::new() };
            let (name, domain) = it.whose();
            (name.to_owned(), domain.map(str::to_owned))
        };
        assert_eq!(whose("ann"), ("ann".to_owned(), None));
        assert_eq!(whose("ann@lee@cordial.local"), ("ann@lee".to_owned(), Some("cordial.local".to_owned())));
    }
}
