//! `"Name" <uri>;parameters`, as in From, To, Contact, Route.

use std::fmt;

use super::headers::find_outside;
use super::parse::ParseFault;
use super::uri::{Parameters, Uri};

/// A URI with a display name and header parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// Without quotes and escapes.
    pub display: Option<String>,
    /// The address.
    pub uri: Uri,
    /// Those of the header, such as `tag`.
    pub parameters: Parameters,
}

impl NameAddr {
    /// An address and nothing else.
    pub fn new(uri: Uri) -> Self {
        Self { display: None, uri, parameters: Parameters::default() }
    }

    /// Reads one value.
    pub fn parse(text: &str) -> Result<Self, ParseFault> {
        const BROKEN: ParseFault = ParseFault::Value("address");
        let text = text.trim();
        let Some(open) = find_outside(text, '<') else {
            // RFC 3261 section 20.10: without brackets, parameters are the header's, and `?` and `,` may not occur.
            let (uri, parameters) = text.split_once(';').unwrap_or((text, ""));
            if uri.contains(['?', ',']) {
                return Err(BROKEN);
            }
            let uri = Uri::parse(uri.trim_end())?;
            return Ok(Self { display: None, uri, parameters: Parameters::parse(parameters)? });
        };
        let (before, rest) = (text[..open].trim(), &text[open + 1..]);
        let (uri, after) = rest.split_once('>').ok_or(BROKEN)?;
        let parameters = match after.trim_start() {
            "" => "",
            after => after.strip_prefix(';').ok_or(BROKEN)?,
        };
        let display = match before {
            "" => None,
            quoted if quoted.starts_with('"') => Some(unquote(quoted).ok_or(BROKEN)?),
            // Tokens by the grammar; phones write more than that, but never these.
            plain if plain.contains(['"', ',', ';', ':', '>', '\\']) => return Err(BROKEN),
            plain => Some(plain.to_owned()),
        };
        Ok(Self { display, uri: Uri::parse(uri)?, parameters: Parameters::parse(parameters)? })
    }

    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&str> {
        self.parameters.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The same with a `tag`.
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.parameters.set("tag", Some(tag.to_owned()));
        self
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{} ", quote(display))?;
        }
        write!(f, "<{}>{}", self.uri, self.parameters)
    }
}

/// A quoted string; what could end the line is dropped.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars().filter(|character| !matches!(character, '\r' | '\n' | '\0')) {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}

/// The inside of a quoted string that fills the whole text; a bare word stands for itself.
pub(crate) fn unquote(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('"') else {
        return Some(text.to_owned());
    };
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    loop {
        match characters.next()? {
            '\\' => out.push(characters.next()?),
            '"' => return characters.next().is_none().then_some(out),
            character => out.push(character),
        }
    }
}
