//! The user agent with its owner, and what far ends need to know to speak to it convincingly.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use cordial_sip::digest::{self, Algorithm, DigestFields};
use cordial_sip::message::{Essentials, Message, Method, Name, Request, Response};
use cordial_sip::{
    Account, AccountId, Binding, ClientCredentials, Config, DialogId, Event, Flow, Invite, Listener,
    ListenerId, Origin, Peer, PeerId, PeerTarget, Secret, StreamId, Target, Timestamp, Transport, UserAgent,
};

use crate::pieces::Piece;

const fn at(last: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), port)
}

/// Known by its address.
pub(crate) const TRUNK: SocketAddr = at(9, 5060);
/// Where the device is registered.
const PHONE: SocketAddr = at(70, 40_000);
/// Known by nothing.
const STRANGER: SocketAddr = at(66, 6_666);
const SOURCES: [SocketAddr; 3] = [TRUNK, PHONE, STRANGER];

const REALM: &str = "acme.example";
const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n";

/// How far time goes in one step, in milliseconds.
const STEPS_MS: [u64; 8] = [10, 100, 500, 1_000, 4_000, 32_000, 64_000, 300_000];

/// Messages of ours that far ends still remember.
const REMEMBERED_MAX: usize = 8;

/// Timers that one stretch of time may ring: far more than a script can set.
const TIMERS_MAX: usize = 100_000;

/// What one datagram may make us send at once, forks and endings included.
const SENT_AT_ONCE_MAX: usize = 16;

pub(crate) struct Site {
    pub(crate) ua: UserAgent,
    /// Digits heard in INFO.
    pub(crate) keys: usize,
    /// How often it was asked to lead the other party elsewhere.
    pub(crate) referred: usize,
    now: Timestamp,
    /// How often a dialog was to take the place of another.
    pub(crate) replaced: usize,
    /// Dialogs that live, oldest first.
    dialogs: Vec<DialogId>,
    /// Those of them that are the phone's.
    of_phone: BTreeSet<DialogId>,
    over: BTreeSet<DialogId>,
    /// Requests of ours, the latest last.
    ours: Vec<Request>,
    /// Answers of ours to INVITE that have a tag, the latest last.
    answers: Vec<Response>,
    /// The latest challenge.
    nonce: Option<String>,
    branches: u32,
    broken: Vec<StreamId>,
}

impl Site {
    pub(crate) fn new() -> Self {
        let listener = |id: u16, transport, port| Listener {
            id: ListenerId(id),
            transport,
            host: "198.51.100.1".to_owned(),
            port,
            realm: None,
        };
        let listeners = vec![listener(0, Transport::Udp, 5060), listener(1, Transport::Tcp, 5060)];
        let mut ua = UserAgent::new(Config { dialogs_max: 6, ..Config::new(listeners, REALM) }, 7);
        let now = Timestamp(1_000_000);
        let credentials = ClientCredentials {
            username: "us".to_owned(),
            realm: None,
            secret: Secret::Password("ours".to_owned()),
        };
        ua.set_peer(Peer {
            id: PeerId(1),
            addresses: vec![(TRUNK.ip(), None)],
            inbound: None,
            outbound: Some(credentials),
            target: Some(PeerTarget { flow: udp(TRUNK), host: "trunk.example".to_owned(), from_host: None }),
        });
        ua.set_account(Account {
            id: AccountId(1),
            realm: REALM.to_owned(),
            username: "ann".to_owned(),
            ha1_md5: Some(digest::ha1_md5("ann", REALM, "secret")),
            ha1_sha256: Some(digest::ha1_sha256("ann", REALM, "secret")),
            may_register: true,
            contacts_max: 3,
        });
        Self {
            ua,
            keys: 0,
            referred: 0,
            replaced: 0,
            now,
            dialogs: Vec::new(),
            of_phone: BTreeSet::new(),
            over: BTreeSet::new(),
            ours: Vec::new(),
            answers: Vec::new(),
            nonce: None,
            branches: 0,
            broken: Vec::new(),
        }
    }

    pub(crate) fn step(&mut self, piece: Piece<'_>) {
        let source = piece.choose(&SOURCES).unwrap_or(STRANGER);
        match piece.order {
            b'd' => self.datagram(source, piece.rest),
            b's' => self.stream(piece),
            b'x' => self.close_stream(StreamId(u64::from(piece.number % 4))),
            b't' => self.pass(piece.choose(&STEPS_MS).unwrap_or(1)),
            b'r' => self.reply(&piece.text()),
            b'n' => {
                let (method, rest) = split_line(piece.rest);
                let method = String::from_utf8_lossy(method);
                let (head, body) = split_body(rest);
                self.inside(source, method.trim(), &String::from_utf8_lossy(head), body);
            }
            b'p' => self.prove(piece),
            b'i' => self.call_trunk(&piece.text()),
            b'b' => self.call_device(&piece.text()),
            b'k' => self.take_call(),
            b'o' => self.owner(piece),
            _ => {}
        }
    }

    /// A datagram; a request that can be answered is answered, and once.
    fn datagram(&mut self, from: SocketAddr, bytes: &[u8]) {
        let read = Message::parse(bytes);
        self.ua.handle_datagram(self.now, udp(from), bytes);
        let sent = self.drain();
        assert!(sent.len() <= SENT_AT_ONCE_MAX, "{} messages for one", sent.len());
        let Ok(Message::Request(request)) = read else {
            return;
        };
        let finals = sent.iter().filter(|message| is_final_for(message, &request.method)).count();
        if request.method == Method::Ack {
            assert_eq!(finals, 0, "an ACK is not answered");
        } else if [Method::Invite, Method::Update, Method::Prack].contains(&request.method) {
            // Where there is an offer, the final answer is the owner's; what is left open is found by `close`.
            assert!(finals <= 1, "{finals} final answers to one {}", request.method);
        } else {
            assert_eq!(finals, 1, "final answers to {}", String::from_utf8_lossy(bytes));
        }
    }

    fn stream(&mut self, piece: Piece<'_>) {
        let stream = StreamId(u64::from(piece.number % 4));
        let flow = Flow {
            transport: if piece.number & 4 == 0 { Transport::Tcp } else { Transport::Ws },
            listener: ListenerId(1),
            remote: if piece.number & 8 == 0 { TRUNK } else { STRANGER },
            stream: Some(stream),
        };
        self.ua.handle_stream(self.now, flow, piece.rest);
        self.drain();
    }

    fn close_stream(&mut self, stream: StreamId) {
        self.ua.handle_stream_closed(self.now, stream);
        self.drain();
    }

    /// Answers the latest request of ours: `code tag`, headers, an empty line, a body.
    pub(crate) fn reply(&mut self, text: &str) {
        let Some(request) = self.ours.last().cloned() else {
            return;
        };
        let (line, rest) = text.split_once("\r\n").unwrap_or((text, ""));
        let (extra, body) = rest.split_once("\r\n\r\n").unwrap_or((rest, ""));
        let (code, tag) = line.split_once(' ').unwrap_or((line, ""));
        let header = |name: Name| request.headers.get(&name).unwrap_or_default().to_owned();
        let to = header(Name::To);
        let to = if to.contains("tag=") || tag.is_empty() { to } else { format!("{to};tag={tag}") };
        let (via, from, call_id, cseq) =
            (header(Name::Via), header(Name::From), header(Name::CallId), header(Name::CSeq));
        let extra = if extra.is_empty() || extra.ends_with("\r\n") {
            extra.to_owned()
        } else {
            format!("{extra}\r\n")
        };
        let answer = format!(
            "SIP/2.0 {code} Whatever\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq}\r\n{extra}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.datagram(TRUNK, answer.as_bytes());
    }

    /// A request inside the latest dialog that began with a call to us.
    pub(crate) fn inside(&mut self, from: SocketAddr, method: &str, extra: &str, body: &[u8]) {
        let Some(answer) = self.answers.last() else {
            return;
        };
        let header = |name: Name| answer.headers.get(&name).unwrap_or_default().to_owned();
        let (they, we, call_id) = (header(Name::From), header(Name::To), header(Name::CallId));
        // An ACK has the number of its INVITE.
        let number = header(Name::CSeq).split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0u32);
        self.branches += 1;
        let number = if method == "ACK" { number } else { number.saturating_add(self.branches) };
        let branch = self.branches;
        let mut request = format!(
            "{method} sip:us@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK-in{branch}\r\nFrom: {they}\r\n\
             To: {we}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\nMax-Forwards: 70\r\n{extra}\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.datagram(from, &request);
    }

    /// A call from the trunk, answered and acknowledged.
    pub(crate) fn take_call(&mut self) {
        self.branches += 1;
        let n = self.branches;
        let invite = format!(
            "INVITE sip:1000@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP {TRUNK};branch=z9hG4bK-k{n};rport\r\n\
             From: <sip:+4930123@trunk.example>;tag=far{n}\r\nTo: <sip:1000@acme.example>\r\nCall-ID: k{n}\r\n\
             CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:far@192.0.2.9:5060>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{OFFER}",
            OFFER.len()
        );
        self.datagram(TRUNK, invite.as_bytes());
        if let Some(dialog) = self.dialogs.last().copied() {
            self.ua.answer(self.now, dialog, OFFER.as_bytes().to_vec());
            self.drain();
            self.inside(TRUNK, "ACK", "", b"");
        }
    }

    pub(crate) fn call_trunk(&mut self, user: &str) {
        self.invite(Target::Peer { id: PeerId(1), user: user.to_owned() }, user);
    }

    /// A call to a device whose Contact is what the input says.
    fn call_device(&mut self, contact: &str) {
        let binding = Binding {
            contact: contact.to_owned(),
            flow: udp(PHONE),
            expires_at: Timestamp(self.now.0 + 60_000),
            q: 1_000,
            call_id: "b".to_owned(),
            cseq: 1,
            instance: None,
            path: Vec::new(),
        };
        self.invite(Target::Binding { account: AccountId(1), binding: Box::new(binding) }, "ann");
    }

    /// A call to the phone, answered; the INVITE. What far ends remember is as before.
    pub(crate) fn call_phone(&mut self, their_tag: &str) -> Option<Request> {
        self.call_device("sip:ann@192.0.2.70:40000");
        let invite = self.ours.last().cloned();
        self.reply(&format!("200 {their_tag}\r\nContact: <sip:ann@192.0.2.70:40000>\r\n\r\n{OFFER}"));
        invite
    }

    /// The phone refers us elsewhere, inside a call of [`Self::call_phone`].
    pub(crate) fn phone_refers(&mut self, invite: &Request, their_tag: &str, extra: &str) {
        let header = |name: Name| invite.headers.get(&name).unwrap_or_default();
        let (they, we, call_id) = (header(Name::To), header(Name::From), header(Name::CallId));
        self.branches += 1;
        let n = self.branches;
        let request = format!(
            "REFER sip:us@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP {PHONE};branch=z9hG4bK-f{n}\r\n\
             From: {they};tag={their_tag}\r\nTo: {we}\r\nCall-ID: {call_id}\r\nCSeq: {n} REFER\r\n\
             Max-Forwards: 70\r\n{extra}Content-Length: 0\r\n\r\n"
        );
        self.datagram(PHONE, request.as_bytes());
    }

    fn invite(&mut self, target: Target, to_user: &str) {
        let to_phone = matches!(target, Target::Binding { .. });
        let dialog = self.ua.invite(
            self.now,
            Invite {
                target,
                from_user: "+49\"30".to_owned(),
                from_name: Some(to_user.to_owned()),
                to_user: to_user.to_owned(),
                headers: vec![("X-Note".to_owned(), to_user.to_owned())],
                body: OFFER.as_bytes().to_vec(),
            },
        );
        self.dialogs.push(dialog);
        if to_phone {
            self.of_phone.insert(dialog);
        }
        self.drain();
    }

    /// A REGISTER of somebody with a header line of theirs, as often as one may try.
    pub(crate) fn stranger_registers(&mut self, line: &str) {
        self.branches += 1;
        let n = self.branches;
        let text = format!(
            "REGISTER sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP {STRANGER};branch=z9hG4bK-r{n}\r\nFrom: <sip:ann@{REALM}>;tag=r\r\n\
             To: <sip:ann@{REALM}>\r\nCall-ID: r{n}\r\nCSeq: {n} REGISTER\r\nContact: <sip:ann@{STRANGER}>\r\n\
             {line}Content-Length: 0\r\n\r\n"
        );
        self.datagram(STRANGER, text.as_bytes());
    }

    /// The phone sends a request twice: as it is, and with the proof that its challenge asked for.
    fn prove(&mut self, piece: Piece<'_>) {
        let Ok(Message::Request(mut request)) = Message::parse(piece.rest) else {
            return;
        };
        self.nonce = None;
        self.datagram(PHONE, &request.to_bytes());
        let Some(nonce) = self.nonce.take() else {
            return;
        };
        let method = request.method.to_string();
        let uri = request.uri.to_string();
        let ha1: String =
            digest::ha1_sha256("ann", REALM, "secret").iter().map(|byte| format!("{byte:02x}")).collect();
        let proof = digest::response(Algorithm::Sha256, &ha1, &method, &uri, &nonce, Some(("00000001", "c")));
        let value = format!(
            "Digest username=\"ann\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{proof}\", \
             algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"c\""
        );
        self.branches += 1;
        let name = if method == "REGISTER" { Name::Authorization } else { Name::ProxyAuthorization };
        request.headers.set(name, value);
        let via = format!("SIP/2.0/UDP {PHONE};branch=z9hG4bK-p{}", self.branches);
        request.headers.set(Name::Via, via);
        self.datagram(PHONE, &request.to_bytes());
    }

    /// The owner's wishes; number and dialog share a byte.
    fn owner(&mut self, piece: Piece<'_>) {
        let (wish, which) = (piece.number % 10, usize::from(piece.number / 10));
        let Some(dialog) = self.dialogs.get(which % self.dialogs.len().max(1)).copied() else {
            return;
        };
        let (now, body) = (self.now, piece.rest.to_vec());
        match wish {
            0 => self.ua.ring(now, dialog, 180, None),
            1 => self.ua.ring(now, dialog, 183, Some(body)),
            2 => self.ua.answer(now, dialog, body),
            3 => self.ua.reject(now, dialog, 486, &piece.text(), &[("Reason", &piece.text())]),
            4 => self.clear(dialog, Some(&piece.text())),
            5 => self.ua.reoffer(now, dialog, body).unwrap_or_default(),
            6 => self.ua.answer_reoffer(now, dialog, body),
            7 => self.ua.reject_reoffer(now, dialog, 488),
            8 => self.ua.ping(now, dialog),
            _ => {
                // After a crash, what was written about the dialog ends it at the far end.
                if let Some(blob) = self.ua.dialog_blob(dialog) {
                    self.ua.clear_from_blob(now, &blob).expect("a blob of ours can be read");
                }
                let _ = self.ua.clear_from_blob(now, &piece.text());
            }
        }
        self.drain();
        self.pass(0);
    }

    fn clear(&mut self, dialog: DialogId, reason: Option<&str>) {
        self.ua.clear(self.now, dialog, reason);
        self.dialogs.retain(|other| *other != dialog);
        self.over.insert(dialog);
    }

    /// Lets time pass, timer by timer.
    fn pass(&mut self, ms: u64) {
        let until = Timestamp(self.now.0 + ms);
        for _ in 0..TIMERS_MAX {
            let Some((due, _)) = self.ua.poll_timeout().filter(|(due, _)| *due <= until) else {
                self.now = until;
                return;
            };
            self.now = due.max(self.now);
            self.ua.handle_timeout(self.now);
            self.drain();
        }
        panic!("{TIMERS_MAX} timers in {ms} ms");
    }

    /// What is sent, as far as it can be read; events go to their owner.
    fn drain(&mut self) -> Vec<Message> {
        let mut sent = Vec::new();
        loop {
            while let Some(transmit) = self.ua.poll_transmit() {
                assert!(transmit.bytes.len() <= 2 * 65_535);
                match Message::parse(&transmit.bytes) {
                    Ok(message) => {
                        self.remember(&message);
                        sent.push(message);
                    }
                    // An answer to what could not be read may carry what could not be read.
                    Err(_) if transmit.bytes == b"\r\n" || transmit.bytes.starts_with(b"SIP/2.0 4") => {}
                    Err(refused) => {
                        panic!("{}: {:?}", refused.fault, String::from_utf8_lossy(&transmit.bytes))
                    }
                }
            }
            let Some(event) = self.ua.poll_event() else {
                break;
            };
            self.note(&event);
        }
        for stream in std::mem::take(&mut self.broken) {
            self.ua.handle_stream_closed(self.now, stream);
        }
        sent
    }

    fn remember(&mut self, message: &Message) {
        match message {
            Message::Request(request) => {
                if request.method != Method::Ack {
                    keep(&mut self.ours, request.clone());
                }
            }
            Message::Response(response) => {
                for name in [Name::WwwAuthenticate, Name::ProxyAuthenticate] {
                    let fields = response.headers.all(&name).find_map(DigestFields::parse);
                    if let Some(nonce) = fields.as_ref().and_then(|fields| fields.get("nonce")) {
                        self.nonce = Some(nonce.to_owned());
                    }
                }
                let of_invite =
                    Essentials::read(&response.headers).is_ok_and(|read| read.method == Method::Invite);
                if of_invite && response.code > 100 {
                    keep(&mut self.answers, response.clone());
                }
            }
        }
    }

    fn note(&mut self, event: &Event) {
        let (dialog, ends) = match event {
            Event::BindingsChanged { bindings, .. } => {
                assert!(bindings.len() <= 3, "more contacts than the account may have");
                return;
            }
            Event::StreamBroken { stream, .. } => return self.broken.push(*stream),
            Event::Failed { dialog, .. } | Event::Cleared { dialog, .. } => (*dialog, true),
            Event::Incoming { dialog, from, replaces, .. } => {
                self.note_replaced(*replaces);
                self.dialogs.push(*dialog);
                if matches!(from, Origin::Account(_)) {
                    self.of_phone.insert(*dialog);
                }
                (*dialog, false)
            }
            Event::Dtmf { dialog, digit, .. } => {
                assert!("0123456789*#ABCD".contains(*digit));
                self.keys += 1;
                (*dialog, false)
            }
            Event::Referred { dialog, to, replaces } => {
                assert!(!to.is_empty() || replaces.is_some());
                assert_ne!(*replaces, Some(*dialog));
                self.note_replaced(*replaces);
                self.referred += 1;
                self.ua.answer_refer(self.now, *dialog, 202);
                (*dialog, false)
            }
            Event::Progress { dialog, .. }
            | Event::Answered { dialog, .. }
            | Event::Confirmed { dialog, .. }
            | Event::Reoffered { dialog, .. }
            | Event::ReofferAnswered { dialog, .. }
            | Event::ReofferFailed { dialog, .. } => (*dialog, false),
        };
        assert!(!self.over.contains(&dialog), "{event:?} after the end");
        if ends {
            self.over.insert(dialog);
            self.dialogs.retain(|other| *other != dialog);
        }
    }

    /// Only the phone may name a dialog, and none but its own that lives.
    fn note_replaced(&mut self, named: Option<DialogId>) {
        if let Some(named) = named {
            assert!(self.of_phone.contains(&named) && self.dialogs.contains(&named), "{named:?}");
            self.replaced += 1;
        }
    }

    /// Everybody leaves; then nothing is left, which no unanswered request would allow.
    pub(crate) fn close(mut self) {
        let counts = self.ua.counts();
        assert!(counts.dialogs <= 6 + 1, "{counts:?}");
        for dialog in self.dialogs.clone() {
            self.clear(dialog, None);
            self.drain();
        }
        self.ua.remove_account(AccountId(1));
        for stream in 0..4 {
            self.close_stream(StreamId(stream));
        }
        self.pass(700_000);
        let counts = self.ua.counts();
        let left = counts.clients
            + counts.servers
            + counts.dialogs
            + counts.timers
            + counts.bindings
            + counts.streams
            + counts.keys;
        assert_eq!(left, 0, "{counts:?}");
    }
}

fn udp(remote: SocketAddr) -> Flow {
    Flow::udp(ListenerId(0), remote)
}

fn keep<T>(list: &mut Vec<T>, item: T) {
    if list.len() == REMEMBERED_MAX {
        list.remove(0);
    }
    list.push(item);
}

/// Whether this is a final answer to a request of that method.
fn is_final_for(message: &Message, method: &Method) -> bool {
    match message {
        Message::Response(response) => {
            response.code >= 200
                && Essentials::read(&response.headers).is_ok_and(|read| read.method == *method)
        }
        Message::Request(_) => false,
    }
}

fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

fn split_body(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(at) => (&bytes[..at + 2], &bytes[at + 4..]),
        None => (bytes, &[]),
    }
}
