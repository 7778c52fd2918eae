//! Headers in their order.

use std::fmt;

use crate::limits::VALUES_MAX;

/// The name of a header: one this crate looks at, or another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as its header is")]
pub enum Name {
    Accept,
    Allow,
    Authorization,
    CSeq,
    CallId,
    Contact,
    ContentEncoding,
    ContentLength,
    ContentType,
    Expires,
    From,
    MaxForwards,
    MinExpires,
    MinSe,
    Path,
    ProxyAuthenticate,
    ProxyAuthorization,
    RAck,
    RSeq,
    Reason,
    RecordRoute,
    Require,
    RetryAfter,
    Route,
    Server,
    SessionExpires,
    Supported,
    To,
    Unsupported,
    UserAgent,
    Via,
    WwwAuthenticate,
    /// Any other, as written.
    Other(String),
}

/// Name, how it is written, and its compact form (RFC 3261 section 7.3.3).
const KNOWN: [(Name, &str, &str); 32] = [
    (Name::Via, "Via", "v"),
    (Name::From, "From", "f"),
    (Name::To, "To", "t"),
    (Name::CallId, "Call-ID", "i"),
    (Name::CSeq, "CSeq", ""),
    (Name::Contact, "Contact", "m"),
    (Name::MaxForwards, "Max-Forwards", ""),
    (Name::ContentLength, "Content-Length", "l"),
    (Name::ContentType, "Content-Type", "c"),
    (Name::RecordRoute, "Record-Route", ""),
    (Name::Route, "Route", ""),
    (Name::Allow, "Allow", ""),
    (Name::Supported, "Supported", "k"),
    (Name::UserAgent, "User-Agent", ""),
    (Name::Server, "Server", ""),
    (Name::Expires, "Expires", ""),
    (Name::Authorization, "Authorization", ""),
    (Name::ProxyAuthorization, "Proxy-Authorization", ""),
    (Name::WwwAuthenticate, "WWW-Authenticate", ""),
    (Name::ProxyAuthenticate, "Proxy-Authenticate", ""),
    (Name::Require, "Require", ""),
    (Name::Unsupported, "Unsupported", ""),
    (Name::Accept, "Accept", ""),
    (Name::ContentEncoding, "Content-Encoding", "e"),
    (Name::MinExpires, "Min-Expires", ""),
    (Name::SessionExpires, "Session-Expires", "x"),
    (Name::MinSe, "Min-SE", ""),
    (Name::RAck, "RAck", ""),
    (Name::RSeq, "RSeq", ""),
    (Name::Path, "Path", ""),
    (Name::Reason, "Reason", ""),
    (Name::RetryAfter, "Retry-After", ""),
];

/// Compact forms of headers that are only passed on or ignored.
const COMPACT_OTHERS: [(&str, &str); 4] =
    [("s", "Subject"), ("o", "Event"), ("r", "Refer-To"), ("u", "Allow-Events")];

impl Name {
    /// From any spelling.
    pub fn new(text: &str) -> Self {
        let is = |written: &str| text.eq_ignore_ascii_case(written);
        if let Some((name, ..)) = KNOWN.iter().find(|(_, long, compact)| is(long) || is(compact)) {
            return name.clone();
        }
        let long = COMPACT_OTHERS.iter().find(|(compact, _)| is(compact)).map(|(_, long)| *long);
        Self::Other(long.unwrap_or(text).to_owned())
    }

    /// As it is written on the wire.
    pub fn as_str(&self) -> &str {
        if let Self::Other(text) = self {
            return text;
        }
        KNOWN.iter().find(|(name, ..)| name == self).map_or("", |(_, long, _)| *long)
    }

    fn same(&self, other: &Self) -> bool {
        if let (Self::Other(one), Self::Other(two)) = (self, other) {
            one.eq_ignore_ascii_case(two)
        } else {
            self == other
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Headers in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    lines: Vec<(Name, String)>,
}

impl Headers {
    /// None yet.
    pub fn new() -> Self {
        Self { lines: Vec::with_capacity(16) }
    }

    /// Adds one at the end.
    pub fn push(&mut self, name: Name, value: impl Into<String>) {
        self.lines.push((name, value.into()));
    }

    /// Puts one in place of all of its name.
    pub fn set(&mut self, name: Name, value: impl Into<String>) {
        self.remove(&name);
        self.push(name, value);
    }

    /// Puts one before all others.
    pub fn push_front(&mut self, name: Name, value: impl Into<String>) {
        self.lines.insert(0, (name, value.into()));
    }

    /// Removes all of a name.
    pub fn remove(&mut self, name: &Name) {
        self.lines.retain(|(other, _)| !other.same(name));
    }

    /// Adds all of a name from elsewhere.
    pub fn copy(&mut self, from: &Self, name: &Name) {
        for value in from.all(name) {
            self.push(name.clone(), value);
        }
    }

    /// The first of a name.
    pub fn get(&self, name: &Name) -> Option<&str> {
        self.lines.iter().find(|(other, _)| other.same(name)).map(|(_, value)| value.as_str())
    }

    /// The first of a name, to change.
    pub(crate) fn get_mut(&mut self, name: &Name) -> Option<&mut String> {
        self.lines.iter_mut().find(|(other, _)| other.same(name)).map(|(_, value)| value)
    }

    /// All lines of a name.
    pub fn all<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a str> {
        self.lines.iter().filter(move |(other, _)| other.same(name)).map(|(_, value)| value.as_str())
    }

    /// All comma-separated values of a name, over all its lines.
    pub fn values<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a str> {
        self.all(name).flat_map(|line: &'a str| split_outside(line, ',')).take(VALUES_MAX)
    }

    /// Whether one of the comma-separated values is this token.
    pub fn has_token(&self, name: &Name, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token))
    }

    /// All lines.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.lines.iter().map(|(name, value)| (name, value.as_str()))
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// Splits at a separator outside of quotes and angle brackets; parts are trimmed, empty ones skipped.
pub(crate) fn split_outside<'a>(text: &'a str, separator: char) -> impl Iterator<Item = &'a str> + use<'a> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        loop {
            let text = rest?;
            let part = match find_outside(text, separator) {
                Some(at) => {
                    rest = Some(&text[at + separator.len_utf8()..]);
                    text[..at].trim()
                }
                None => {
                    rest = None;
                    text.trim()
                }
            };
            if !part.is_empty() {
                return Some(part);
            }
        }
    })
}

/// Where a character first stands outside of quotes and angle brackets.
pub(crate) fn find_outside(text: &str, wanted: char) -> Option<usize> {
    let (mut quoted, mut escaped, mut angled) = (false, false, false);
    for (at, character) in text.char_indices() {
        if quoted {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
            continue;
        }
        if character == wanted && !angled {
            return Some(at);
        }
        match character {
            '"' => quoted = true,
            '<' => angled = true,
            '>' => angled = false,
            _ => {}
        }
    }
    None
}
