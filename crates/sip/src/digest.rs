//! Digest access authentication (RFC 3261 section 22 as updated by RFC 8760): hashes, headers, both sides.

mod client;
mod guard;

pub(crate) use client::answer;
pub(crate) use guard::{Guard, Shape, Verdict};

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::message::{quote, unquote};

/// The hash of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// RFC 2617; what browsers' stacks and old phones know.
    Md5,
    /// RFC 8760.
    Sha256,
}

impl Algorithm {
    /// As it stands in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256].into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(text))
    }

    fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => to_hex(&Md5::digest(text.as_bytes())),
            Self::Sha256 => to_hex(&Sha256::digest(text.as_bytes())),
        }
    }
}

/// MD5 of `username:realm:password`: what an [`Account`](crate::Account) keeps instead of the password.
pub fn ha1_md5(username: &str, realm: &str, password: &str) -> [u8; 16] {
    Md5::digest(format!("{username}:{realm}:{password}").as_bytes()).into()
}

/// SHA-256 of `username:realm:password`.
pub fn ha1_sha256(username: &str, realm: &str, password: &str) -> [u8; 32] {
    Sha256::digest(format!("{username}:{realm}:{password}").as_bytes()).into()
}

/// The `response` of RFC 7616 section 3.4.1; `quality` is nonce count and client nonce when `qop=auth`.
pub fn response(
    algorithm: Algorithm,
    ha1_hex: &str,
    method: &str,
    uri: &str,
    nonce: &str,
    quality: Option<(&str, &str)>,
) -> String {
    let ha2 = algorithm.hex(&format!("{method}:{uri}"));
    match quality {
        Some((count, client_nonce)) => {
            algorithm.hex(&format!("{ha1_hex}:{nonce}:{count}:{client_nonce}:auth:{ha2}"))
        }
        None => algorithm.hex(&format!("{ha1_hex}:{nonce}:{ha2}")),
    }
}

/// The parameters after `Digest`, as in challenges and answers to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestFields {
    fields: Vec<(String, String)>,
}

impl DigestFields {
    /// Reads a header value; `None` for other schemes and for what cannot be read.
    pub fn parse(value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once([' ', '\t'])?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let mut fields: Vec<(String, String)> = Vec::new();
        for part in crate::message::split_outside(rest, ',') {
            let (name, value) = part.split_once('=')?;
            let name = name.trim().to_ascii_lowercase();
            // A field that stands twice could be read differently by two readers.
            if fields.len() == crate::limits::PARAMETERS_MAX || fields.iter().any(|(other, _)| *other == name)
            {
                return None;
            }
            fields.push((name, unquote(value.trim())?));
        }
        Some(Self { fields })
    }

    /// A field, without its quotes.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The algorithm; MD5 if none is named.
    pub fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::parse(self.get("algorithm").unwrap_or("MD5"))
    }

    fn push(&mut self, name: &str, value: impl Into<String>) {
        self.fields.push((name.to_owned(), value.into()));
    }

    /// The header value. Which fields are quoted follows RFC 7616 sections 3.3 and 3.4.
    fn to_value(&self) -> String {
        let mut out = String::from("Digest ");
        for (index, (name, value)) in self.fields.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let bare = matches!(name.as_str(), "algorithm" | "nc" | "stale")
                || name == "qop" && self.get("response").is_some();
            let value = if bare { value.clone() } else { quote(value) };
            let _infallible = write!(out, "{separator}{name}={value}");
        }
        out
    }
}

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four: u8| char::from(DIGITS[usize::from(four)]);
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(byte & 15));
    }
    out
}

/// Compares without telling by its time where the first difference is.
fn same_secret(one: &str, two: &str) -> bool {
    one.len() == two.len()
        && one.bytes().zip(two.bytes()).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests;
