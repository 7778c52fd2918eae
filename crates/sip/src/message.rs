//! SIP messages: what they hold, read from bytes and written back.
//!
//! A message is a start line, headers in their order, and a body. Header values stay text; the typed readers
//! ([`Uri`], [`NameAddr`], [`Via`], [`Essentials`]) look into them where a decision needs it.

mod essentials;
mod frame;
mod headers;
mod method;
mod name_addr;
mod parse;
mod replaces;
mod uri;
mod via;
mod write;

pub use essentials::Essentials;
pub use frame::{Frame, FrameError, Framer};
pub use headers::{Headers, Name};
pub use method::Method;
pub use name_addr::NameAddr;
pub use parse::{Malformed, ParseFault};
pub use replaces::Replaces;
pub use uri::{Parameters, Scheme, Uri};
pub use via::{BRANCH_COOKIE, Via};

pub(crate) use essentials::parse_number;
pub(crate) use headers::{find_outside, split_outside};
pub(crate) use method::{ALLOW, is_token};
pub(crate) use name_addr::{quote, unquote};
pub(crate) use parse::Read;
pub(crate) use uri::write_host_port;
pub(crate) use write::reason_phrase;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Asks.
    Request(Request),
    /// Answers.
    Response(Response),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// Of whom.
    pub uri: Uri,
    /// In their order.
    pub headers: Headers,
    /// Empty if none.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100 to 699.
    pub code: u16,
    /// The phrase after it.
    pub reason: String,
    /// In their order.
    pub headers: Headers,
    /// Empty if none.
    pub body: Vec<u8>,
}

impl Response {
    /// The answer to a request as far as RFC 3261 section 8.2.6.2 fixes it: Via, From, To with `to_tag` if it
    /// had none, Call-ID, CSeq; Record-Route if it may make a dialog.
    pub fn to_request(request: &Request, code: u16, to_tag: Option<&str>) -> Self {
        let mut headers = Headers::new();
        headers.copy(&request.headers, &Name::Via);
        if request.method == Method::Invite && (101..300).contains(&code) {
            headers.copy(&request.headers, &Name::RecordRoute);
        }
        headers.copy(&request.headers, &Name::From);
        if let Some(to) = request.headers.get(&Name::To) {
            let tagged = match (NameAddr::parse(to), to_tag) {
                (Ok(parsed), Some(tag)) if parsed.tag().is_none() => format!("{to};tag={tag}"),
                (Ok(_), Some(_) | None) | (Err(_), Some(_) | None) => to.to_owned(),
            };
            headers.push(Name::To, tagged);
        }
        headers.copy(&request.headers, &Name::CallId);
        headers.copy(&request.headers, &Name::CSeq);
        Self { code, reason: reason_phrase(code).to_owned(), headers, body: Vec::new() }
    }

    /// 100 to 199.
    pub fn is_provisional(&self) -> bool {
        self.code < 200
    }

    /// 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }
}
