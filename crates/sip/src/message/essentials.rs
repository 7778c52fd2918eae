//! The six headers that every message must have (RFC 3261 section 8.1.1), read once.

use super::headers::{Headers, Name};
use super::method::Method;
use super::name_addr::NameAddr;
use super::parse::ParseFault;
use super::via::Via;

/// What identifies a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Essentials {
    /// The topmost Via.
    pub via: Via,
    /// Who asks.
    pub from: NameAddr,
    /// Who is asked.
    pub to: NameAddr,
    /// Call-ID.
    pub call_id: String,
    /// Number of CSeq.
    pub cseq: u32,
    /// Method of CSeq.
    pub method: Method,
}

impl Essentials {
    /// Reads them; each must be there once (Via at least once).
    pub fn read(headers: &Headers) -> Result<Self, ParseFault> {
        let via = headers.values(&Name::Via).next().ok_or(ParseFault::Missing("Via"))?;
        let cseq = single(headers, &Name::CSeq, "CSeq")?;
        let (number, method) = cseq.split_once([' ', '\t']).ok_or(ParseFault::Value("CSeq"))?;
        // RFC 3261 section 8.1.1.5: less than 2^31.
        let number = parse_number(number).filter(|number| *number < 1 << 31);
        let call_id = single(headers, &Name::CallId, "Call-ID")?;
        if call_id.is_empty() || call_id.contains(char::is_whitespace) {
            return Err(ParseFault::Value("Call-ID"));
        }
        Ok(Self {
            via: Via::parse(via)?,
            from: NameAddr::parse(single(headers, &Name::From, "From")?)?,
            to: NameAddr::parse(single(headers, &Name::To, "To")?)?,
            call_id: call_id.to_owned(),
            cseq: number.ok_or(ParseFault::Value("CSeq"))?,
            method: Method::parse(method.trim()).ok_or(ParseFault::Value("CSeq"))?,
        })
    }
}

fn single<'a>(headers: &'a Headers, name: &'a Name, word: &'static str) -> Result<&'a str, ParseFault> {
    let mut all = headers.all(name);
    let first = all.next().ok_or(ParseFault::Missing(word))?;
    match all.next() {
        Some(_) => Err(ParseFault::Value(word)),
        None => Ok(first),
    }
}

/// Decimal digits and nothing else: no sign, no overflow.
pub(crate) fn parse_number(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
