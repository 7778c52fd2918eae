//! Frames out of a stream of bytes, and frames as bytes.
//!
//! The versions differ in what a header may hold: 1.0 escapes nothing, 1.1 line feeds, colons and backslashes, 1.2 carriage
//! returns as well. `CONNECT`, `STOMP` and `CONNECTED` escape nothing in any of them, since the version is not agreed yet.

use core::fmt;

use super::limits::{BODY_BYTES_MAX, HEADERS_MAX, LINE_BYTES_MAX};

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.0, also meant by who names none.
    #[default]
    V1_0,
    /// 1.1.
    V1_1,
    /// 1.2.
    V1_2,
}

impl Version {
    /// All of them, as `accept-version` lists them.
    pub const ALL: &str = "1.0,1.1,1.2";

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::V1_0, Self::V1_1, Self::V1_2].into_iter().find(|version| version.as_str() == text)
    }
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a frame is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Verb {
            $($(#[$doc])* $name,)*
        }

        impl Verb {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

commands! {
    /// A client connects.
    Connect = "CONNECT",
    /// A client connects, in a word that no other protocol has.
    Stomp = "STOMP",
    /// The server has let it in.
    Connected = "CONNECTED",
    /// A message for a destination.
    Send = "SEND",
    /// From now on messages of a destination are wanted.
    Subscribe = "SUBSCRIBE",
    /// They no longer are.
    Unsubscribe = "UNSUBSCRIBE",
    /// A message was taken.
    Ack = "ACK",
    /// A message was not taken.
    Nack = "NACK",
    /// A transaction begins.
    Begin = "BEGIN",
    /// A transaction takes effect.
    Commit = "COMMIT",
    /// A transaction is forgotten.
    Abort = "ABORT",
    /// The client leaves.
    Disconnect = "DISCONNECT",
    /// A message of a subscription.
    Message = "MESSAGE",
    /// What the client asked to be told of is done.
    Receipt = "RECEIPT",
    /// The client did wrong; the connection ends.
    Error = "ERROR",
}

impl Verb {
    /// Whether the frame stands before the agreement on a version.
    const fn opens(self) -> bool {
        matches!(self, Self::Connect | Self::Stomp | Self::Connected)
    }
}

/// Headers in their order, each name once: the first of several is the one that holds (1.1 and 1.2, "Repeated Header
/// Entries").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value of a header.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(its, _)| its == name).map(|(_, value)| value.as_str())
    }

    /// Adds a header unless one of that name is there.
    pub fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        if self.get(&name).is_none() {
            self.0.push((name, value.into()));
        }
    }

    /// The same with one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.add(name, value);
        self
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Bytes of all names and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(all: I) -> Self {
        let mut headers = Self::default();
        all.into_iter().for_each(|(name, value)| headers.add(name, value));
        headers
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is for.
    pub verb: Verb,
    /// Its headers, unescaped.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
}

impl Frame {
    /// A frame without a body.
    #[must_use]
    pub const fn new(verb: Verb, headers: Headers) -> Self {
        Self { verb, headers, body: Vec::new() }
    }

    /// The frame as bytes. What a version cannot write in a header (a line feed in 1.0, a nought in any) becomes a blank.
    /// A length is not added: see [`Frame::with_length`].
    #[must_use]
    pub fn encode(&self, version: Version) -> Vec<u8> {
        let version = if self.verb.opens() { Version::V1_0 } else { version };
        let mut bytes = Vec::with_capacity(128 + self.headers.bytes() + self.body.len());
        bytes.extend_from_slice(self.verb.as_str().as_bytes());
        bytes.push(b'\n');
        self.headers.iter().for_each(|(name, value)| write_header(name, value, version, &mut bytes));
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        bytes.push(0);
        bytes
    }

    /// The same with a `content-length`, so that its body may hold noughts.
    #[must_use]
    pub fn with_length(mut self) -> Self {
        self.headers.add("content-length", self.body.len().to_string());
        self
    }
}

/// Writes a header with its end of line, as a version wants it.
pub(super) fn write_header(name: &str, value: &str, version: Version, into: &mut Vec<u8>) {
    escape(name, version, true, into);
    into.push(b':');
    escape(value, version, false, into);
    into.push(b'\n');
}

fn escape(text: &str, version: Version, is_name: bool, into: &mut Vec<u8>) {
    let escapes = version > Version::V1_0;
    for byte in text.bytes() {
        match byte {
            0 => into.push(b' '),
            b'\n' if escapes => into.extend_from_slice(b"\\n"),
            b'\n' => into.push(b' '),
            b':' if escapes => into.extend_from_slice(b"\\c"),
            b':' if is_name => into.push(b' '),
            b'\\' if escapes => into.extend_from_slice(b"\\\\"),
            b'\r' if version == Version::V1_2 => into.extend_from_slice(b"\\r"),
            // Where it has no escape it could be taken for the end of the line.
            b'\r' => into.push(b' '),
            other => into.push(other),
        }
    }
}

/// Why a stream can no longer be told apart; the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// The line of the command or of a header is too long.
    #[error("a line is longer than {LINE_BYTES_MAX} bytes")]
    LineTooLong,
    /// There are too many headers.
    #[error("a frame has more than {HEADERS_MAX} headers")]
    TooManyHeaders,
    /// The body is, or would be, too long.
    #[error("a body is longer than {BODY_BYTES_MAX} bytes")]
    BodyTooLong,
    /// The command is none of the protocol.
    #[error("the command is unknown")]
    UnknownCommand,
    /// A header has no colon, or no name.
    #[error("a header is not a name, a colon and a value")]
    BadHeader,
    /// A header holds an escape that the version does not have.
    #[error("a header holds an undefined escape")]
    BadEscape,
    /// A header or command is not UTF-8, or holds a nought.
    #[error("a header is not text")]
    NotText,
    /// `content-length` is no number.
    #[error("the content-length is no number")]
    BadLength,
    /// Behind so many bytes as `content-length` says there is no nought.
    #[error("the body is not as long as its content-length says")]
    WrongLength,
}

/// Takes bytes, gives frames. What it holds is bounded: a frame that grows too long is an error.
#[derive(Debug, Default)]
pub struct Decoder {
    version: Version,
    bytes: Vec<u8>,
    /// What was taken out of `bytes` already.
    taken: usize,
    /// How far behind `taken` the end of the line or body was looked for in vain.
    searched: usize,
    /// The frame whose end has not come yet.
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    verb: Verb,
    headers: Headers,
    /// Header lines that came, repeated ones too.
    lines: usize,
    /// Known once the headers are whole.
    body: Option<Body>,
}

#[derive(Clone, Copy, Debug)]
enum Body {
    Length(usize),
    UntilNought,
}

impl Decoder {
    /// Takes what came. To be emptied by [`Decoder::take`] before more is read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// From now on the far end speaks this version.
    pub const fn speak(&mut self, version: Version) {
        self.version = version;
    }

    /// Whether a frame has begun and is not whole.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun.is_some() || self.rest().iter().any(|byte| !is_beat(*byte))
    }

    /// The next whole frame. Ends of line between frames are heart-beats and passed over.
    ///
    /// # Errors
    /// When the stream cannot be told apart any more.
    pub fn take(&mut self) -> Result<Option<Frame>, BadFrame> {
        if self.begun.is_none() && !self.take_command()? {
            return Ok(None);
        }
        while self.begun.as_ref().is_some_and(|begun| begun.body.is_none()) {
            if !self.take_header()? {
                return Ok(None);
            }
        }
        let Some(Begun { verb, headers, body: Some(end), .. }) = self.begun.take() else {
            return Ok(None);
        };
        match self.take_body(end)? {
            Some(body) => {
                self.let_go();
                Ok(Some(Frame { verb, headers, body }))
            }
            None => {
                self.begun = Some(Begun { verb, headers, lines: 0, body: Some(end) });
                Ok(None)
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    /// Room for a large frame is not kept.
    fn let_go(&mut self) {
        if self.taken == self.bytes.len() {
            (self.bytes, self.taken) = (Vec::new(), 0);
        }
    }

    fn take_command(&mut self) -> Result<bool, BadFrame> {
        if self.searched == 0 {
            self.taken += self.rest().iter().take_while(|byte| is_beat(**byte)).count();
            self.let_go();
        }
        let Some(line) = self.take_line()? else {
            return Ok(false);
        };
        // What opens a connection may end its lines as 1.2 allows, whatever is agreed on then.
        let bare = line.strip_suffix(b"\r").unwrap_or(&line);
        let verb = Verb::ALL.iter().copied().find(|verb| verb.as_str().as_bytes() == bare);
        let verb = verb.filter(|verb| bare.len() == line.len() || self.may_return(*verb));
        let verb = verb.ok_or(BadFrame::UnknownCommand)?;
        self.begun = Some(Begun { verb, headers: Headers::default(), lines: 0, body: None });
        Ok(true)
    }

    /// Whether a carriage return before a line feed belongs to the end of the line.
    fn may_return(&self, verb: Verb) -> bool {
        self.version == Version::V1_2 || verb.opens()
    }

    /// Takes a header, or the end of all headers; false when its line is not whole yet.
    fn take_header(&mut self) -> Result<bool, BadFrame> {
        let Some(mut line) = self.take_line()? else {
            return Ok(false);
        };
        let version = self.version;
        let Some(verb) = self.begun.as_ref().map(|begun| begun.verb) else {
            return Ok(false);
        };
        if self.may_return(verb) && line.last() == Some(&b'\r') {
            line.pop();
        }
        let Some(begun) = &mut self.begun else {
            return Ok(false);
        };
        if line.is_empty() {
            begun.body = Some(end_of_body(&mut begun.headers, verb, version)?);
            return Ok(true);
        }
        begun.lines += 1;
        if begun.lines > HEADERS_MAX {
            return Err(BadFrame::TooManyHeaders);
        }
        let line = String::from_utf8(line).map_err(|_| BadFrame::NotText)?;
        if line.contains('\0') {
            return Err(BadFrame::NotText);
        }
        let (name, value) = line.split_once(':').ok_or(BadFrame::BadHeader)?;
        let version = if verb.opens() { Version::V1_0 } else { version };
        let (name, value) = (unescape(name, version)?, unescape(value, version)?);
        // Blanks around a name may be left out in 1.0, and nothing may be left.
        if name.is_empty() || (version == Version::V1_0 && name.trim_matches(' ').is_empty()) {
            return Err(BadFrame::BadHeader);
        }
        begun.headers.add(name, value);
        Ok(true)
    }

    /// The next line without its line feed.
    fn take_line(&mut self) -> Result<Option<Vec<u8>>, BadFrame> {
        let rest = self.rest();
        let unseen = rest.get(self.searched..).unwrap_or_default();
        let Some(found) = unseen.iter().position(|byte| *byte == b'\n') else {
            let length = rest.len();
            self.searched = length;
            return if length > LINE_BYTES_MAX { Err(BadFrame::LineTooLong) } else { Ok(None) };
        };
        let end = self.searched + found;
        if end > LINE_BYTES_MAX {
            return Err(BadFrame::LineTooLong);
        }
        let line = rest[..end].to_vec();
        self.taken += end + 1;
        self.searched = 0;
        Ok(Some(line))
    }

    fn take_body(&mut self, end: Body) -> Result<Option<Vec<u8>>, BadFrame> {
        let rest = self.rest();
        let length = match end {
            Body::Length(length) => match rest.get(length) {
                Some(0) => length,
                Some(_) => return Err(BadFrame::WrongLength),
                None => return Ok(None),
            },
            Body::UntilNought => {
                let unseen = rest.get(self.searched..).unwrap_or_default();
                match unseen.iter().position(|byte| *byte == 0) {
                    Some(found) => self.searched + found,
                    None => {
                        let length = rest.len();
                        self.searched = length;
                        return if length > BODY_BYTES_MAX { Err(BadFrame::BodyTooLong) } else { Ok(None) };
                    }
                }
            }
        };
        if length > BODY_BYTES_MAX {
            return Err(BadFrame::BodyTooLong);
        }
        let body = rest[..length].to_vec();
        self.taken += length + 1;
        self.searched = 0;
        Ok(Some(body))
    }
}

/// How the body of a frame with these headers ends. Who speaks 1.0 may put blanks around values, as its
/// specification shows; later versions forbid to trim any.
fn end_of_body(headers: &mut Headers, verb: Verb, version: Version) -> Result<Body, BadFrame> {
    let is_1_0 = if verb.opens() {
        headers.get("accept-version").is_none() && headers.get("version").is_none()
    } else {
        version == Version::V1_0
    };
    if is_1_0 {
        *headers =
            headers.iter().map(|(name, value)| (name.trim_matches(' '), value.trim_matches(' '))).collect();
    }
    let Some(length) = headers.get("content-length") else {
        return Ok(Body::UntilNought);
    };
    if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadFrame::BadLength);
    }
    // A number beyond all bounds is too long as well.
    let length: usize = length.parse().unwrap_or(usize::MAX);
    if length > BODY_BYTES_MAX { Err(BadFrame::BodyTooLong) } else { Ok(Body::Length(length)) }
}

fn unescape(text: &str, version: Version) -> Result<String, BadFrame> {
    if version == Version::V1_0 || !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match (letters.next(), version) {
                (Some('n'), _) => '\n',
                (Some('c'), _) => ':',
                (Some('\\'), _) => '\\',
                (Some('r'), Version::V1_2) => '\r',
                (Some(_) | None, _) => return Err(BadFrame::BadEscape),
            },
            other => other,
        });
    }
    Ok(plain)
}

const fn is_beat(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
