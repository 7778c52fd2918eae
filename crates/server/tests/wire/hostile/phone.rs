//! A SIP end point that does as it is told, good or bad: nothing that it sends is checked by a stack of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cordial_sip::digest::{Algorithm, DigestFields, ha1_md5, ha1_sha256, response};
use cordial_sip::message::{Message, Name, Request, Response};

/// How long a request is sent again before the test gives up (RFC 3261 section 17 gives it 32 s).
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A socket, and what a phone knows.
pub(crate) struct Phone {
    pub(crate) socket: UdpSocket,
    pub(crate) server: SocketAddr,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) domain: String,
}

/// Words that no two messages share.
pub(crate) fn unique() -> String {
    static GIVEN: AtomicU64 = AtomicU64::new(1);
    format!("{:x}x{:x}", std::process::id(), GIVEN.fetch_add(1, Ordering::Relaxed))
}

/// The headers that tell one request from another.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    /// Further header lines, each ended by CRLF.
    pub(crate) more: String,
    pub(crate) body: String,
}

impl Phone {
    /// A phone at a loopback address.
    pub(crate) fn at(ip: [u8; 4], server: SocketAddr, user: &str, password: &str) -> Self {
        let socket = UdpSocket::bind((IpAddr::V4(Ipv4Addr::from(ip)), 0)).expect("a free port");
        Self {
            socket,
            server,
            user: user.to_owned(),
            password: password.to_owned(),
            domain: "cordial.local".to_owned(),
        }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket")
    }

    pub(crate) fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.user, self.local())
    }

    /// A request outside of any dialog, from this phone to a user of its own domain.
    pub(crate) fn draft(&self, method: &str, to: &str) -> Draft {
        let domain = &self.domain;
        Draft {
            method: method.to_owned(),
            uri: format!("sip:{to}@{domain}"),
            from: format!("<sip:{}@{domain}>;tag={}", self.user, unique()),
            to: format!("<sip:{to}@{domain}>"),
            call_id: unique(),
            cseq: 1,
            more: String::new(),
            body: String::new(),
        }
    }

    pub(crate) fn register(&self) -> Draft {
        let mut draft = self.draft("REGISTER", &self.user);
        draft.uri = format!("sip:{}", self.domain);
        draft.more = format!("Contact: {};expires=300\r\n", self.contact());
        draft
    }

    pub(crate) fn invite(&self, to: &str, body: String) -> Draft {
        let mut draft = self.draft("INVITE", to);
        draft.more = format!("Contact: {}\r\n", self.contact());
        draft.body = body;
        draft
    }

    pub(crate) fn text(&self, draft: &Draft) -> String {
        let Draft { method, uri, from, to, call_id, cseq, more, body } = draft;
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {};rport;branch=z9hG4bK{}\r\nMax-Forwards: 70\r\nFrom: {from}\r\n\
             To: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
            self.local(),
            unique(),
            body.len()
        )
    }

    pub(crate) fn send(&self, text: &str) {
        self.socket.send_to(text.as_bytes(), self.server).expect("loopback takes it");
    }

    /// The next message, if one comes in time.
    pub(crate) fn hear(&self, wait: Duration) -> Option<Message> {
        let until = Instant::now() + wait;
        let mut bytes = [0; 65_535];
        loop {
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(left)).expect("a time above nought");
            if let Ok((length, _)) = self.socket.recv_from(&mut bytes)
                && let Ok(message) = Message::parse(&bytes[..length])
            {
                return Some(message);
            }
            if Instant::now() >= until {
                return None;
            }
        }
    }

    /// Waits for a request of this method, passing over everything else.
    pub(crate) fn asked(&self, method: &str) -> Request {
        self.asked_within(method, PATIENCE).unwrap_or_else(|| panic!("no {method} came to {}", self.user))
    }

    pub(crate) fn asked_within(&self, method: &str, wait: Duration) -> Option<Request> {
        let until = Instant::now() + wait;
        while let Some(message) = self.hear(until.saturating_duration_since(Instant::now())) {
            match message {
                Message::Request(request) if request.method.as_str() == method => return Some(request),
                Message::Request(_) | Message::Response(_) => {}
            }
        }
        None
    }

    /// The next final response.
    pub(crate) fn hear_final(&self) -> Response {
        loop {
            match self.hear(PATIENCE) {
                Some(Message::Response(response)) if !response.is_provisional() => return response,
                Some(Message::Response(_) | Message::Request(_)) => {}
                None => panic!("{} hears no answer", self.user),
            }
        }
    }

    /// Sends a request as a stack would, again and again, until its final response has come.
    pub(crate) fn ask(&self, draft: &Draft) -> Response {
        self.ask_within(draft, PATIENCE).unwrap_or_else(|| panic!("no answer to {}", draft.method))
    }

    pub(crate) fn ask_within(&self, draft: &Draft, wait: Duration) -> Option<Response> {
        let text = self.text(draft);
        let (until, mut pause) = (Instant::now() + wait, Duration::from_millis(500));
        let mut again = Instant::now();
        let mut ringing = false;
        loop {
            let now = Instant::now();
            if now >= until {
                return None;
            }
            if now >= again && !ringing {
                self.send(&text);
                again = now + pause;
                pause = (pause * 2).min(Duration::from_secs(4));
            }
            match self.hear(until.min(again.max(now + Duration::from_millis(1))) - now) {
                Some(Message::Response(response)) if is_answer_to(&response, draft) => {
                    if !response.is_provisional() {
                        return Some(response);
                    }
                    ringing = true;
                    again = until;
                }
                Some(Message::Response(_) | Message::Request(_)) | None => {}
            }
        }
    }

    /// Sends a request, and answers its challenge.
    pub(crate) fn ask_proving(&self, draft: &Draft) -> Response {
        let challenged = self.ask(draft);
        if !matches!(challenged.code, 401 | 407) {
            return challenged;
        }
        if draft.method == "INVITE" {
            self.acknowledge(draft, &challenged, &draft.uri);
        }
        self.ask(&self.proving(draft, &challenged))
    }

    /// The draft once more with an answer to the challenge.
    pub(crate) fn proving(&self, draft: &Draft, challenged: &Response) -> Draft {
        let mut again = draft.clone();
        again.cseq += 1;
        again.more += &self.authorization(draft, challenged, &self.user, &self.password);
        again
    }

    pub(crate) fn authorization(
        &self,
        draft: &Draft,
        challenged: &Response,
        user: &str,
        password: &str,
    ) -> String {
        let fields = challenged.headers.all(&Name::WwwAuthenticate).find_map(DigestFields::parse);
        let fields = fields.expect("a challenge that can be read");
        let algorithm = fields.algorithm().expect("an algorithm that we know");
        let (realm, nonce) = (fields.get("realm").expect("a realm"), fields.get("nonce").expect("a nonce"));
        let ha1 = match algorithm {
            Algorithm::Md5 => hex(&ha1_md5(user, realm, password)),
            Algorithm::Sha256 => hex(&ha1_sha256(user, realm, password)),
        };
        let client = unique();
        let quality = Some(("00000001", client.as_str()));
        let proof = response(algorithm, &ha1, &draft.method, &draft.uri, nonce, quality);
        format!(
            "Authorization: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{}\", \
             response=\"{proof}\", algorithm={}, qop=auth, nc=00000001, cnonce=\"{client}\"\r\n",
            draft.uri,
            algorithm.as_str()
        )
    }

    pub(crate) fn acknowledge(&self, draft: &Draft, response: &Response, uri: &str) {
        let ack = Draft {
            method: "ACK".to_owned(),
            uri: uri.to_owned(),
            to: response.headers.get(&Name::To).unwrap_or_default().to_owned(),
            more: String::new(),
            body: String::new(),
            ..draft.clone()
        };
        self.send(&self.text(&ack));
    }

    /// Answers a request.
    pub(crate) fn answer(&self, request: &Request, code: u16, more: &[(Name, String)], body: &str) {
        let mut response = Response::to_request(request, code, Some("phone"));
        response.headers.push(Name::Contact, self.contact());
        for (name, value) in more {
            response.headers.push(name.clone(), value.clone());
        }
        if !body.is_empty() {
            response.headers.push(Name::ContentType, "application/sdp");
            response.body = body.as_bytes().to_vec();
        }
        self.socket.send_to(&response.to_bytes(), self.server).expect("loopback takes it");
    }

    pub(crate) fn registers(&self) {
        let answer = self.ask_proving(&self.register());
        assert_eq!(answer.code, 200, "{} registers: {answer:?}", self.user);
    }
}

fn is_answer_to(response: &Response, draft: &Draft) -> bool {
    let wanted = format!("{} {}", draft.cseq, draft.method);
    response.headers.get(&Name::CSeq) == Some(wanted.as_str())
        && response.headers.get(&Name::CallId) == Some(draft.call_id.as_str())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What we would hear and where.
pub(crate) fn sdp(at: SocketAddr) -> String {
    let family = if at.is_ipv6() { 6 } else { 4 };
    format!(
        "v=0\r\no=- 1 1 IN IP{family} {ip}\r\ns=-\r\nc=IN IP{family} {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
        ip = at.ip(),
        port = at.port()
    )
}

/// Where a session description says that audio is taken.
pub(crate) fn audio_of(body: &[u8]) -> SocketAddr {
    let text = String::from_utf8_lossy(body);
    let find = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).map(str::to_owned);
    let ip = find("c=IN IP4 ").expect("an address").trim().parse().expect("an address");
    let media = find("m=audio ").expect("audio");
    let port = media.split(' ').next().and_then(|port| port.parse().ok()).expect("a port");
    SocketAddr::new(ip, port)
}
