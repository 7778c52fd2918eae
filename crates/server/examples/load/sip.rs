//! Just enough SIP to drive a server hard: one pass over a message that the server wrote, and messages as templates.

use std::io::Write as _;
use std::net::SocketAddr;

use cordial_sip::digest::{Algorithm, DigestFields, response};

/// What is read of a message from the server. It writes full header names, so no others are looked for.
#[derive(Default)]
pub(crate) struct Seen<'a> {
    /// The first line.
    pub(crate) start: &'a str,
    pub(crate) vias: Vec<&'a str>,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) call_id: &'a str,
    pub(crate) cseq: &'a str,
    pub(crate) contact: &'a str,
    /// The first challenge that MD5 answers.
    pub(crate) challenge: Option<DigestFields>,
    pub(crate) retry_after: bool,
    pub(crate) body: &'a str,
}

impl<'a> Seen<'a> {
    /// Reads a message; `None` for what is no text.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let mut seen = Self { start: lines.next()?, body, ..Self::default() };
        for line in lines {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "via" => seen.vias.push(value),
                "from" => seen.from = value,
                "to" => seen.to = value,
                "call-id" => seen.call_id = value,
                "cseq" => seen.cseq = value,
                "contact" => seen.contact = value,
                "retry-after" => seen.retry_after = true,
                "www-authenticate" | "proxy-authenticate" if seen.challenge.is_none() => {
                    seen.challenge = DigestFields::parse(value)
                        .filter(|fields| fields.algorithm() == Some(Algorithm::Md5));
                }
                _ => {}
            }
        }
        Some(seen)
    }

    /// The code of a response; nothing for a request.
    pub(crate) fn code(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request, or the one that a response answers.
    pub(crate) fn method(&self) -> &'a str {
        let words =
            if self.code().is_some() { self.cseq.split(' ').nth(1) } else { self.start.split(' ').next() };
        words.unwrap_or_default()
    }

    /// The request's own address.
    pub(crate) fn uri(&self) -> &'a str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    /// Where audio is to be sent, as the session description says.
    pub(crate) fn audio(&self) -> Option<SocketAddr> {
        let line = |start: &str| self.body.split("\r\n").find_map(|line| line.strip_prefix(start));
        let port: u16 = line("m=audio ")?.split(' ').next()?.parse().ok()?;
        Some(SocketAddr::new(line("c=IN IP4 ")?.trim().parse().ok()?, port))
    }
}

/// The user part of the address in a header value: `"A" <sip:123@host>;tag=x` gives `123`.
pub(crate) fn user_of(value: &str) -> &str {
    let address = value.split_once("sip:").map_or("", |(_, rest)| rest);
    address.split(['@', '>', ';']).next().unwrap_or_default()
}

/// The address between the angle brackets.
pub(crate) fn uri_of(value: &str) -> &str {
    value.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(value, |(uri, _)| uri)
}

/// What the requests of one dialog or registration have in common.
pub(crate) struct Outline<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) own: SocketAddr,
    pub(crate) branch: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) call_id: &'a str,
    pub(crate) cseq: u32,
    /// The user part of our Contact.
    pub(crate) user: &'a str,
    /// Further header lines, each with its end.
    pub(crate) more: &'a str,
    pub(crate) body: &'a str,
}

impl Outline<'_> {
    /// The message.
    pub(crate) fn write(&self) -> Vec<u8> {
        let Self { method, uri, own, branch, from, to, call_id, cseq, user, more, body } = self;
        let mut out = Vec::with_capacity(700 + body.len());
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        // Writing into a vector cannot fail.
        write!(
            out,
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:{user}@{own}>\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok();
        out
    }
}

/// An answer to a request: its headers come back as they were, with our tag.
pub(crate) fn answer(request: &Seen<'_>, code: &str, tag: &str, contact: &str, body: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(700 + body.len());
    write!(out, "SIP/2.0 {code}\r\n").ok();
    for via in &request.vias {
        write!(out, "Via: {via}\r\n").ok();
    }
    let tag =
        if tag.is_empty() || request.to.contains(";tag=") { String::new() } else { format!(";tag={tag}") };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    write!(
        out,
        "From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n{contact}{kind}Content-Length: {}\r\n\r\n{body}",
        request.from,
        request.to,
        request.call_id,
        request.cseq,
        body.len()
    )
    .ok();
    out
}

/// A session description: G.711 mu-law and digits.
pub(crate) fn description(audio: SocketAddr) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n",
        ip = audio.ip(),
        port = audio.port()
    )
}

/// The header that answers a challenge.
pub(crate) fn proof(
    code: u16,
    challenge: &DigestFields,
    method: &str,
    uri: &str,
    user: &str,
    ha1: &str,
) -> String {
    let name = if code == 407 { "Proxy-Authorization" } else { "Authorization" };
    let field = |name| challenge.get(name).unwrap_or_default();
    let (realm, nonce) = (field("realm"), field("nonce"));
    let right = response(Algorithm::Md5, ha1, method, uri, nonce, Some(("00000001", "0a4f113b")));
    format!(
        "{name}: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{right}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"0a4f113b\"\r\n"
    )
}
