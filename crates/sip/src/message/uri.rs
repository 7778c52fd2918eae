//! URIs (RFC 3261 section 19.1, RFC 3966 as far as a number goes).

use std::fmt;

use super::headers::split_outside;
use super::name_addr::unquote;
use super::parse::ParseFault;
use crate::limits::PARAMETERS_MAX;

/// What kind of URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`; the number is the user.
    Tel,
    /// Something else, whose rest is kept as the host.
    Other(String),
}

/// A URI. Its user part stays escaped as it came, so that it is written back unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    /// What kind.
    pub scheme: Scheme,
    /// Escaped, with a password if there was one.
    pub user: Option<String>,
    /// A name or an address; IPv6 without its brackets.
    pub host: String,
    /// If written.
    pub port: Option<u16>,
    /// After `;`.
    pub parameters: Parameters,
    /// After `?`, unread.
    pub headers: Option<String>,
}

impl Uri {
    /// Reads a URI that stands alone.
    pub fn parse(text: &str) -> Result<Self, ParseFault> {
        const BROKEN: ParseFault = ParseFault::Value("URI");
        if text.bytes().any(|byte| byte <= b' ' || matches!(byte, b'<' | b'>' | b'"' | 0x7f)) {
            return Err(BROKEN);
        }
        let (scheme, rest) = text.split_once(':').ok_or(BROKEN)?;
        let is_scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if rest.is_empty() || scheme.is_empty() || !scheme.bytes().all(is_scheme_byte) {
            return Err(BROKEN);
        }
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "sip" => Scheme::Sip,
            "sips" => Scheme::Sips,
            "tel" => Scheme::Tel,
            _ => Scheme::Other(scheme.to_owned()),
        };
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::parse_sip(scheme, rest).ok_or(BROKEN),
            Scheme::Tel => {
                let (number, parameters) = rest.split_once(';').unwrap_or((rest, ""));
                if number.is_empty() {
                    return Err(BROKEN);
                }
                Ok(Self {
                    scheme,
                    user: Some(number.to_owned()),
                    host: String::new(),
                    port: None,
                    parameters: Parameters::parse(parameters)?,
                    headers: None,
                })
            }
            Scheme::Other(_) => Ok(Self::bare(scheme, None, rest.to_owned(), None)),
        }
    }

    fn parse_sip(scheme: Scheme, rest: &str) -> Option<Self> {
        // The user part may hold `;` and `?`, the host part may not hold `@`.
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, rest),
        };
        if user == Some("") {
            return None;
        }
        let (rest, headers) = match rest.split_once('?') {
            Some((rest, headers)) => (rest, Some(headers.to_owned())),
            None => (rest, None),
        };
        let (host_port, parameters) = rest.split_once(';').unwrap_or((rest, ""));
        let (host, port) = parse_host_port(host_port)?;
        let parameters = Parameters::parse(parameters).ok()?;
        Some(Self { scheme, user: user.map(str::to_owned), host, port, parameters, headers })
    }

    fn bare(scheme: Scheme, user: Option<String>, host: String, port: Option<u16>) -> Self {
        Self { scheme, user, host, port, parameters: Parameters::default(), headers: None }
    }

    /// A `sip:` URI of its parts. The user is escaped as needed, an empty one is none; `host` may carry a port.
    pub fn sip(user: Option<&str>, host: &str, port: Option<u16>) -> Self {
        let user = user.filter(|user| !user.is_empty());
        let (host, own_port) = parse_host_port(host).unwrap_or_else(|| (host.to_owned(), None));
        Self::bare(Scheme::Sip, user.map(escape_user), host, port.or(own_port))
    }

    /// The user part without escapes and password; empty if there is none. Control characters stay escaped.
    pub fn user_text(&self) -> String {
        let user = self.user.as_deref().unwrap_or_default();
        let user = user.split_once(':').map_or(user, |(user, _password)| user);
        unescape(user)
    }

    /// RFC 3261 section 19.1.4, as far as bindings need it: scheme, user, host, port.
    pub fn same_place(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.user_text() == other.user_text()
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.port == other.port
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match &self.scheme {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
            Scheme::Tel => {
                write!(f, "tel:{}", self.user.as_deref().unwrap_or_default())?;
                return self.parameters.fmt(f);
            }
            Scheme::Other(scheme) => return write!(f, "{scheme}:{}", self.host),
        };
        write!(f, "{scheme}:")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        write_host_port(f, &self.host, self.port)?;
        self.parameters.fmt(f)?;
        match &self.headers {
            Some(headers) => write!(f, "?{headers}"),
            None => Ok(()),
        }
    }
}

/// `;name=value` lists. Values stay as written, quotes included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    list: Vec<(String, Option<String>)>,
}

impl Parameters {
    /// Reads what follows the first `;`.
    pub fn parse(text: &str) -> Result<Self, ParseFault> {
        let mut list = Vec::new();
        for part in split_outside(text, ';') {
            if list.len() == PARAMETERS_MAX {
                return Err(ParseFault::Value("parameters"));
            }
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim_end(), Some(value.trim_start().to_owned())),
                None => (part, None),
            };
            if name.is_empty() || is_open(name) || value.as_deref().is_some_and(is_open_value) {
                return Err(ParseFault::Value("parameters"));
            }
            list.push((name.to_owned(), value));
        }
        Ok(Self { list })
    }

    /// A parameter's value; `Some("")` if it has none.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.list.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(value.as_deref().unwrap_or_default())
    }

    /// The value of a parameter that is there exactly once.
    pub(super) fn only(&self, name: &str) -> Option<&str> {
        let mut all = self.list.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        match (all.next(), all.next()) {
            (Some((_, value)), None) => value.as_deref(),
            (Some(_) | None, _) => None,
        }
    }

    /// Puts a parameter in place of one of that name, or at the end.
    pub fn set(&mut self, name: &str, value: Option<String>) {
        match self.list.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.list.push((name.to_owned(), value)),
        }
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.list {
            match value {
                Some(value) => write!(f, ";{name}={value}")?,
                None => write!(f, ";{name}")?,
            }
        }
        Ok(())
    }
}

/// Whether a text would swallow what is written behind it.
fn is_open(text: &str) -> bool {
    text.contains(['<', '>', '"'])
}

/// The same of a value, which may be a quoted string.
fn is_open_value(value: &str) -> bool {
    if value.starts_with('"') { unquote(value).is_none() } else { is_open(value) }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`; spaces around the colon are tolerated, as RFC 4475 3.1.1.1 has it.
pub(crate) fn parse_host_port(text: &str) -> Option<(String, Option<u16>)> {
    let text = text.trim();
    let (host, rest) = match text.strip_prefix('[') {
        Some(inner) => {
            let (host, rest) = inner.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, rest)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let host = host.trim_end();
    let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_host_byte) {
        return None;
    }
    let port = match rest.trim_start() {
        "" => None,
        rest => Some(rest.strip_prefix(':')?.trim_start().parse().ok()?),
    };
    Some((host.to_owned(), port))
}

pub(crate) fn write_host_port(out: &mut impl fmt::Write, host: &str, port: Option<u16>) -> fmt::Result {
    if host.contains(':') {
        write!(out, "[{host}]")?;
    } else {
        out.write_str(host)?;
    }
    match port {
        Some(port) => write!(out, ":{port}"),
        None => Ok(()),
    }
}

/// RFC 3261 section 25.1: `unreserved` and `user-unreserved` stand as they are.
fn escape_user(user: &str) -> String {
    let mut out = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

pub(super) fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = if bytes[at] == b'%' { hex(at + 1).zip(hex(at + 2)) } else { None };
        match escaped.map(|(high, low)| (high * 16 + low) as u8) {
            Some(byte) if !byte.is_ascii_control() => {
                out.push(byte);
                at += 3;
            }
            Some(_) | None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}
