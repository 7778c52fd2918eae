//! Bytes into messages.

use super::essentials::{Essentials, parse_number};
use super::headers::{Headers, Name};
use super::method::{Method, is_token};
use super::uri::Uri;
use super::{Message, Request, Response};
use crate::limits::{HEADERS_MAX, LINE_BYTES_MAX, MESSAGE_BYTES_MAX};

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseFault {
    /// Not SIP at all.
    #[error("not a SIP message")]
    NotSip,
    /// The request or status line.
    #[error("malformed start line")]
    StartLine,
    /// A version other than 2.0.
    #[error("version not supported")]
    Version,
    /// A header line, counted from 1.
    #[error("malformed header line {0}")]
    HeaderLine(usize),
    /// A mandatory header is not there.
    #[error("missing {0}")]
    Missing(&'static str),
    /// A value cannot be read, or stands twice.
    #[error("malformed {0}")]
    Value(&'static str),
    /// Not a number, or two different ones.
    #[error("malformed Content-Length")]
    ContentLength,
    /// Less body than said.
    #[error("body shorter than Content-Length")]
    BodyShort,
    /// Beyond a limit.
    #[error("too many or too long headers")]
    Excess,
    /// Beyond [`MESSAGE_BYTES_MAX`].
    #[error("message too large")]
    TooLarge,
}

impl ParseFault {
    /// The code that says so.
    pub fn code(self) -> u16 {
        match self {
            Self::Version => 505,
            Self::TooLarge => 513,
            Self::NotSip
            | Self::StartLine
            | Self::HeaderLine(_)
            | Self::Missing(_)
            | Self::Value(_)
            | Self::ContentLength
            | Self::BodyShort
            | Self::Excess => 400,
        }
    }
}

/// A message that cannot be used, and what is needed to say so to its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong.
    pub fault: ParseFault,
    /// As far as understood, if it is a request.
    pub request: Option<Box<Request>>,
}

impl Message {
    /// Reads one whole datagram, frame or framed piece of a stream.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Read::parse(bytes).map(|read| match read {
            Read::Request(request, _) => Self::Request(request),
            Read::Response(response) => Self::Response(response),
        })
    }
}

/// A message that was read, a request with its essential headers: what was read once need not be read again.
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart at once; a box would cost every request an allocation"
)]
pub(crate) enum Read {
    Request(Request, Essentials),
    Response(Response),
}

impl Read {
    /// As [`Message::parse`].
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let bytes = trim_leading_crlf(bytes);
        let (head, body) = split_head(bytes);
        let mut lines = Lines { rest: head };
        let start = lines.next().map(String::from_utf8_lossy).unwrap_or_default();
        let mut fault = None;
        let headers = read_headers(lines, &mut fault);
        let mut note = |found: ParseFault| {
            fault.get_or_insert(found);
        };
        if bytes.len() > MESSAGE_BYTES_MAX {
            note(ParseFault::TooLarge);
        }
        let body = match cut_body(&headers, body) {
            Ok(body) => body.to_vec(),
            Err(found) => {
                note(found);
                Vec::new()
            }
        };
        if start.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("SIP/")) {
            let alone = |fault| Malformed { fault, request: None };
            let (code, reason) = status_line(&start).map_err(alone)?;
            return match fault {
                Some(fault) => Err(alone(fault)),
                None => Ok(Self::Response(Response { code, reason, headers, body })),
            };
        }
        let (method, uri, found) =
            request_line(&start).ok_or(Malformed { fault: ParseFault::NotSip, request: None })?;
        let fault = found.or(fault);
        let request = Request { method, uri, headers, body };
        match fault.map_or_else(|| request.essentials(), Err) {
            Err(fault) => Err(Malformed { fault, request: Some(Box::new(request)) }),
            Ok(essentials) => Ok(Self::Request(request, essentials)),
        }
    }
}

impl Request {
    fn essentials(&self) -> Result<Essentials, ParseFault> {
        let essentials = Essentials::read(&self.headers)?;
        if essentials.method == self.method { Ok(essentials) } else { Err(ParseFault::Value("CSeq")) }
    }
}

/// Method, URI, and what is wrong with the line if it is at least recognisable.
fn request_line(line: &str) -> Option<(Method, Uri, Option<ParseFault>)> {
    let (method, rest) = line.split_once(' ')?;
    let method = Method::parse(method)?;
    let (uri, version) = rest.rsplit_once(' ')?;
    if !version.get(..4)?.eq_ignore_ascii_case("SIP/") {
        return None;
    }
    let version_fault = (!version.eq_ignore_ascii_case("SIP/2.0")).then_some(ParseFault::Version);
    match Uri::parse(uri) {
        Ok(uri) => Some((method, uri, version_fault)),
        Err(_) => {
            Some((method, Uri::sip(None, "invalid", None), version_fault.or(Some(ParseFault::StartLine))))
        }
    }
}

fn status_line(line: &str) -> Result<(u16, String), ParseFault> {
    let (version, rest) = line.split_once(' ').ok_or(ParseFault::StartLine)?;
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(ParseFault::Version);
    }
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let code = parse_number(code).filter(|code| (100..700).contains(code)).ok_or(ParseFault::StartLine)?;
    Ok((u16::try_from(code).map_err(|_| ParseFault::StartLine)?, reason.to_owned()))
}

/// Reads on after a broken line, so that an answer can be made from the rest.
fn read_headers(lines: Lines<'_>, fault: &mut Option<ParseFault>) -> Headers {
    let mut headers = Headers::new();
    let mut pending: Option<(Name, String)> = None;
    for (index, line) in lines.enumerate() {
        let Ok(text) = std::str::from_utf8(line) else {
            fault.get_or_insert(ParseFault::HeaderLine(index + 1));
            continue;
        };
        if text.contains('\r') {
            fault.get_or_insert(ParseFault::HeaderLine(index + 1));
            continue;
        }
        if text.starts_with([' ', '\t']) {
            // RFC 3261 section 7.3.1: a folded line continues the one before, as if by one space.
            match &mut pending {
                Some((_, value)) if value.len() + text.len() <= LINE_BYTES_MAX => {
                    let text = text.trim();
                    if !value.is_empty() && !text.is_empty() {
                        value.push(' ');
                    }
                    value.push_str(text);
                }
                Some(_) | None => {
                    fault.get_or_insert(ParseFault::Excess);
                }
            }
            continue;
        }
        if let Some((name, value)) = pending.take() {
            headers.push(name, value);
        }
        if text.len() > LINE_BYTES_MAX || headers.len() >= HEADERS_MAX {
            fault.get_or_insert(ParseFault::Excess);
            continue;
        }
        match text.split_once(':').map(|(name, value)| (name.trim_end(), value.trim())) {
            Some((name, value)) if is_token(name) => pending = Some((Name::new(name), value.to_owned())),
            Some(_) | None => {
                fault.get_or_insert(ParseFault::HeaderLine(index + 1));
            }
        }
    }
    if let Some((name, value)) = pending {
        headers.push(name, value);
    }
    headers
}

/// RFC 3261 section 18.3: what is beyond Content-Length is dropped, what is short of it is a fault, and a datagram
/// without it keeps everything.
fn cut_body<'a>(headers: &Headers, body: &'a [u8]) -> Result<&'a [u8], ParseFault> {
    match content_length(headers)? {
        None => Ok(body),
        Some(length) => body.get(..length).ok_or(ParseFault::BodyShort),
    }
}

/// The one reader of lengths, for datagrams and streams alike.
pub(super) fn content_length(headers: &Headers) -> Result<Option<usize>, ParseFault> {
    let mut found = None;
    for value in headers.all(&Name::ContentLength) {
        let length = parse_number(value).ok_or(ParseFault::ContentLength)? as usize;
        if found.is_some_and(|found| found != length) {
            return Err(ParseFault::ContentLength);
        }
        found = Some(length);
    }
    Ok(found)
}

/// Reads only the headers, for framing.
pub(super) fn headers_of(head: &[u8]) -> Headers {
    let mut lines = Lines { rest: head };
    let _start = lines.next();
    read_headers(lines, &mut None)
}

fn trim_leading_crlf(bytes: &[u8]) -> &[u8] {
    let skip = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    &bytes[skip..]
}

/// Splits at the first empty line.
fn split_head(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == b'\n') {
        let end = from + at + 1;
        match &bytes[end..] {
            [b'\r', b'\n', body @ ..] | [b'\n', body @ ..] => return (&bytes[..end], body),
            _ => from = end,
        }
    }
    (bytes, &[])
}

/// Lines ended by CRLF or, leniently, LF.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = match self.rest.iter().position(|byte| *byte == b'\n') {
            Some(at) => (&self.rest[..at], &self.rest[at + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}
