//! Methods, matched exactly: RFC 3261 section 7.1 makes them case-sensitive.

use std::fmt;

/// What a request asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Begins or changes a call.
    Invite,
    /// Confirms the answer to an INVITE.
    Ack,
    /// Takes an INVITE back.
    Cancel,
    /// Ends a call.
    Bye,
    /// Tells where a device is.
    Register,
    /// Asks what is spoken, or whether anybody is there.
    Options,
    /// Carries something inside a call (RFC 6086).
    Info,
    /// RFC 3262.
    Prack,
    /// RFC 3311.
    Update,
    /// RFC 6665.
    Subscribe,
    /// RFC 6665.
    Notify,
    /// RFC 3903.
    Publish,
    /// RFC 3515.
    Refer,
    /// RFC 3428.
    Message,
    /// Any other token.
    Other(String),
}

const KNOWN: [(Method, &str); 14] = [
    (Method::Invite, "INVITE"),
    (Method::Ack, "ACK"),
    (Method::Cancel, "CANCEL"),
    (Method::Bye, "BYE"),
    (Method::Register, "REGISTER"),
    (Method::Options, "OPTIONS"),
    (Method::Info, "INFO"),
    (Method::Prack, "PRACK"),
    (Method::Update, "UPDATE"),
    (Method::Subscribe, "SUBSCRIBE"),
    (Method::Notify, "NOTIFY"),
    (Method::Publish, "PUBLISH"),
    (Method::Refer, "REFER"),
    (Method::Message, "MESSAGE"),
];

/// The methods we serve, as an `Allow` value.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, REGISTER, OPTIONS, INFO, PRACK, UPDATE, REFER, SUBSCRIBE";

impl Method {
    /// Reads a token.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((method, _)) = KNOWN.iter().find(|(_, name)| *name == text) {
            return Some(method.clone());
        }
        is_token(text).then(|| Self::Other(text.to_owned()))
    }

    /// The token.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Cancel => "CANCEL",
            Self::Bye => "BYE",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Info => "INFO",
            Self::Prack => "PRACK",
            Self::Update => "UPDATE",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Publish => "PUBLISH",
            Self::Refer => "REFER",
            Self::Message => "MESSAGE",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// RFC 3261 section 25.1.
pub(crate) fn is_token(text: &str) -> bool {
    let is_mark = |byte: u8| b"-.!%*_+`'~".contains(&byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte))
}
