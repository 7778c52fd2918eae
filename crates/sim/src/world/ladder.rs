//! SIP messages as they passed, for a ladder per call.

use std::net::SocketAddr;

use cordial_sip::message::{Message, Method, Name};

/// One SIP message on its way.
#[derive(Clone, Debug)]
pub struct Rung {
    /// When it was sent. Milliseconds.
    pub at: u64,
    /// By whom.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// Its Call-ID.
    pub call: String,
    /// What it says, in one line.
    pub says: String,
    /// Copies that arrive: none when it is lost.
    pub copies: usize,
    /// Whether it belongs to a registration.
    pub registers: bool,
}

impl Rung {
    pub(super) fn new(at: u64, from: SocketAddr, to: SocketAddr, bytes: &[u8], copies: usize) -> Self {
        let parsed = Message::parse(bytes).ok();
        let (says, headers, body) = match &parsed {
            Some(Message::Request(request)) => {
                let user = request.uri.user_text();
                let to = if user.is_empty() { String::new() } else { format!(" {user}") };
                (format!("{}{to}", request.method), Some(&request.headers), &request.body[..])
            }
            Some(Message::Response(response)) => {
                let cseq = response.headers.get(&Name::CSeq).unwrap_or_default();
                let method = cseq.split(' ').next_back().unwrap_or_default();
                (
                    format!("{} {} ({method})", response.code, response.reason),
                    Some(&response.headers),
                    &response.body[..],
                )
            }
            None => ("(not SIP)".to_owned(), None, &[][..]),
        };
        let cseq = headers.and_then(|headers| headers.get(&Name::CSeq)).unwrap_or_default();
        let extras =
            [direction(body), headers.and_then(|headers| headers.get(&Name::Reason)).map(str::to_owned)];
        let extras: String = extras.into_iter().flatten().map(|extra| format!(" [{extra}]")).collect();
        Self {
            at,
            from,
            to,
            call: headers.and_then(|headers| headers.get(&Name::CallId)).unwrap_or_default().to_owned(),
            says: says + &extras,
            copies,
            registers: cseq.ends_with(Method::Register.as_str()),
        }
    }
}

/// Who talks, by the session description in a body.
fn direction(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok().filter(|text| text.starts_with("v="))?;
    let words = ["sendonly", "recvonly", "inactive"];
    let word = words.into_iter().find(|word| text.contains(&format!("a={word}"))).unwrap_or("sdp");
    Some(word.to_owned())
}
