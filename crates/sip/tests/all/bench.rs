//! One user agent on a bench: text in, text out.

use std::net::SocketAddr;

use cordial_sip::message::{Message, Name, Request, Response};
use cordial_sip::{
    Account, AccountId, Config, Event, Flow, Listener, ListenerId, Peer, PeerId, PeerTarget, Timestamp,
    Transport, UserAgent, digest,
};

/// Where the trunk's packets come from.
pub(crate) const TRUNK: &str = "192.0.2.9:5060";
/// Where a phone's packets come from.
pub(crate) const PHONE: &str = "203.0.113.7:40000";
pub(crate) const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n";

pub(crate) struct Bench {
    pub(crate) ua: UserAgent,
    pub(crate) now: Timestamp,
    /// Flow of every message sent since last asked.
    pub(crate) flows: Vec<Flow>,
}

pub(crate) fn config() -> Config {
    let listener = Listener {
        id: ListenerId(0),
        transport: Transport::Udp,
        host: "198.51.100.1".to_owned(),
        port: 5060,
        realm: None,
    };
    Config { dialog_ping_ms: 0, ..Config::new(vec![listener], "acme.example") }
}

pub(crate) fn account(id: u64, username: &str, password: &str) -> Account {
    Account {
        id: AccountId(id),
        realm: "acme.example".to_owned(),
        username: username.to_owned(),
        ha1_md5: Some(digest::ha1_md5(username, "acme.example", password)),
        ha1_sha256: Some(digest::ha1_sha256(username, "acme.example", password)),
        may_register: true,
        contacts_max: 3,
    }
}

pub(crate) fn udp(remote: &str) -> Flow {
    Flow::udp(ListenerId(0), remote.parse().unwrap())
}

pub(crate) fn trunk() -> Peer {
    let address: SocketAddr = TRUNK.parse().unwrap();
    Peer {
        id: PeerId(1),
        addresses: vec![(address.ip(), None)],
        inbound: None,
        outbound: None,
        target: Some(PeerTarget { flow: udp(TRUNK), host: "trunk.example".to_owned(), from_host: None }),
    }
}

impl Bench {
    /// With the trunk and the account `ann` (password `secret`).
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(config: Config) -> Self {
        let mut ua = UserAgent::new(config, 7);
        ua.set_peer(trunk());
        ua.set_account(account(1, "ann", "secret"));
        Self { ua, now: Timestamp(1_000_000), flows: Vec::new() }
    }

    /// A datagram from somewhere; what is sent in return.
    pub(crate) fn receive(&mut self, source: &str, text: &str) -> Vec<Message> {
        self.ua.handle_datagram(self.now, udp(source), text.as_bytes());
        self.sent()
    }

    pub(crate) fn trunk_sends(&mut self, text: &str) -> Vec<Message> {
        self.receive(TRUNK, text)
    }

    /// The one response to a datagram from the trunk.
    pub(crate) fn response(&mut self, source: &str, text: &str) -> Response {
        let sent = self.receive(source, text);
        match sent.as_slice() {
            [Message::Response(response)] => response.clone(),
            other => panic!("one response expected, not {other:?}"),
        }
    }

    pub(crate) fn code(&mut self, text: &str) -> u16 {
        self.response(TRUNK, text).code
    }

    pub(crate) fn sent(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        self.flows.clear();
        while let Some(transmit) = self.ua.poll_transmit() {
            // The answer to a keep-alive is no message.
            if transmit.bytes == b"\r\n" {
                continue;
            }
            self.flows.push(transmit.flow);
            messages.push(Message::parse(&transmit.bytes).expect("we send what can be read"));
        }
        messages
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.ua.poll_event()).collect()
    }

    /// Lets time pass, timer by timer; what was sent meanwhile.
    pub(crate) fn pass(&mut self, ms: u64) -> Vec<Message> {
        let end = self.now + ms;
        while let Some((at, _)) = self.ua.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = at;
            self.ua.handle_timeout(at);
        }
        self.now = end;
        self.sent()
    }

    /// Runs all timers out, and asserts that nothing but bindings is left.
    pub(crate) fn assert_nothing_left(&mut self) {
        self.pass(600_000);
        let counts = self.ua.counts();
        let left =
            counts.clients + counts.servers + counts.dialogs + counts.timers + counts.streams + counts.keys;
        assert_eq!(left, 0, "{counts:?}");
    }
}

/// One line per message: `INVITE sip:x` or `200 CSeq`.
pub(crate) fn brief(messages: &[Message]) -> Vec<String> {
    messages
        .iter()
        .map(|message| match message {
            Message::Request(request) => format!("{} {}", request.method, request.uri),
            Message::Response(response) => {
                format!("{} to {}", response.code, response.headers.get(&Name::CSeq).unwrap())
            }
        })
        .collect()
}

/// A request from the trunk with sensible headers; those given take their place, an empty value removes one.
pub(crate) fn request(method: &str, uri: &str, given: &[(&str, &str)], body: &str) -> String {
    let cseq = format!("1 {method}");
    let mut headers: Vec<(&str, &str)> = vec![
        ("Via", "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-1;rport"),
        ("Max-Forwards", "70"),
        ("From", "<sip:+4930123@trunk.example>;tag=far"),
        ("To", "<sip:1000@acme.example>"),
        ("Call-ID", "call-1"),
        ("CSeq", &cseq),
        ("Contact", "<sip:far@192.0.2.9:5060>"),
    ];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/sdp"));
    }
    headers.retain(|(name, _)| !given.iter().any(|(other, _)| other == name));
    headers.extend(given.iter().filter(|(_, value)| !value.is_empty()));
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{method} {uri} SIP/2.0\r\n{lines}Content-Length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn invite(given: &[(&str, &str)]) -> String {
    request("INVITE", "sip:1000@acme.example", given, OFFER)
}

/// A response to a request of ours.
pub(crate) fn reply(request: &Request, code: u16, to_tag: &str, extra: &str, body: &str) -> String {
    let header = |name: Name| request.headers.get(&name).unwrap().to_owned();
    let to = header(Name::To);
    let to = if to.contains("tag=") || to_tag.is_empty() { to } else { format!("{to};tag={to_tag}") };
    format!(
        "SIP/2.0 {code} Whatever\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n{extra}\
         Content-Length: {}\r\n\r\n{body}",
        header(Name::Via),
        header(Name::From),
        header(Name::CallId),
        header(Name::CSeq),
        body.len()
    )
}

pub(crate) fn only_request(messages: &[Message]) -> Request {
    match messages {
        [Message::Request(request)] => request.clone(),
        other => panic!("one request expected, not {:?}", brief(other)),
    }
}

pub(crate) fn responses(messages: &[Message]) -> Vec<Response> {
    messages
        .iter()
        .filter_map(|message| match message {
            Message::Response(response) => Some(response.clone()),
            Message::Request(_) => None,
        })
        .collect()
}

/// The tag of a To header.
pub(crate) fn to_tag(response: &Response) -> String {
    response.headers.get(&Name::To).unwrap().split_once("tag=").expect("a To tag").1.to_owned()
}
