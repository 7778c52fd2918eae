//! Streams that end, and connections that do not come about.

use cordial_sip::message::{Message, Method};
use cordial_sip::{
    DialogId, Event, Flow, Invite, ListenerId, Peer, PeerId, PeerTarget, StreamId, Target, Transport,
};

use crate::bench::*;

pub(crate) fn stream(remote: &str, id: u64) -> Flow {
    let remote = remote.parse().unwrap();
    Flow { transport: Transport::Tcp, listener: ListenerId(0), remote, stream: Some(StreamId(id)) }
}

/// A path on which the shell opens a connection.
fn opened(remote: &str) -> Flow {
    Flow { stream: None, ..stream(remote, 0) }
}

/// A trunk reached by TCP.
fn tcp_trunk() -> Peer {
    let target = PeerTarget { flow: opened(TRUNK), host: "trunk.example".to_owned(), from_host: None };
    Peer { target: Some(target), ..trunk() }
}

fn dial(bench: &mut Bench) -> DialogId {
    let invite = Invite {
        target: Target::Peer { id: PeerId(1), user: "4930".to_owned() },
        from_user: "1000".to_owned(),
        from_name: None,
        to_user: "4930".to_owned(),
        headers: Vec::new(),
        body: OFFER.into(),
    };
    bench.ua.invite(bench.now, invite)
}

#[test]
fn a_trunk_that_cannot_be_connected_to_fails_what_waits_for_it_and_nothing_else() {
    let mut bench = Bench::new();
    bench.ua.set_peer(tcp_trunk());
    let calls = [dial(&mut bench), dial(&mut bench)];
    bench.sent();
    assert_eq!(bench.flows, [opened(TRUNK); 2]);
    let remote = opened(TRUNK).remote;
    bench.ua.handle_connect_failed(bench.now, Transport::Tls, remote);
    bench.ua.handle_connect_failed(bench.now, Transport::Tcp, "192.0.2.9:5061".parse().unwrap());
    assert_eq!(bench.events(), [], "another transport, another port");
    bench.ua.handle_connect_failed(bench.now, Transport::Tcp, remote);
    let reason = "Service Unavailable".to_owned();
    let failed = calls.map(|dialog| Event::Failed { dialog, code: 503, reason: reason.clone() });
    assert_eq!(bench.events(), failed);
    bench.assert_nothing_left();
}

#[test]
fn a_call_to_a_trunk_lives_on_when_its_connection_is_lost_and_opens_another() {
    let mut bench = Bench::new();
    bench.ua.set_peer(tcp_trunk());
    let dialog = dial(&mut bench);
    let invite = only_request(&bench.sent());
    let ok = reply(&invite, 200, "far", "Contact: <sip:far@192.0.2.9;transport=tcp>\r\n", OFFER);
    bench.ua.handle_stream(bench.now, stream(TRUNK, 4), ok.as_bytes());
    bench.sent();
    bench.events();
    bench.ua.handle_stream_closed(bench.now, StreamId(4));
    bench.ua.handle_connect_failed(bench.now, Transport::Tcp, opened(TRUNK).remote);
    assert_eq!(bench.events(), []);
    bench.ua.reoffer(bench.now, dialog, OFFER.into()).unwrap();
    assert_eq!(brief(&bench.sent()), ["INVITE sip:far@192.0.2.9;transport=tcp"]);
    assert_eq!(bench.flows, [opened(TRUNK)]);
    bench.ua.handle_connect_failed(bench.now, Transport::Tcp, opened(TRUNK).remote);
    assert_eq!(bench.events(), [Event::ReofferFailed { dialog, code: 503 }], "the call itself goes on");
    bench.ua.clear(bench.now, dialog, None);
    let sent = bench.sent();
    assert!(matches!(sent.as_slice(), [Message::Request(bye)] if bye.method == Method::Bye));
    assert_eq!(bench.flows, [opened(TRUNK)]);
    bench.assert_nothing_left();
}

/// The browser `ann`, on one stream after another.
pub(crate) struct Browser {
    pub(crate) bench: Bench,
    flow: Flow,
    cseq: u32,
    /// Of its dialog: ours and its own part.
    our_tag: String,
    contact: String,
}

/// Where a browser says it is: nowhere one could connect to.
const CONTACT: &str = "<sip:ann@ann.invalid;transport=ws>";
const NUMBER: &str = "sip:1000@acme.example";

impl Browser {
    pub(crate) fn new() -> Self {
        let bench = Bench::with(cordial_sip::Config { dialog_ping_ms: 60_000, ..config() });
        let mut browser = Self {
            bench,
            flow: stream(PHONE, 3),
            cseq: 0,
            our_tag: String::new(),
            contact: CONTACT.to_owned(),
        };
        browser.flow.transport = Transport::Ws;
        assert_eq!(browser.registers(), [""; 0]);
        browser
    }

    fn says(&mut self, text: &str) -> Vec<Message> {
        self.bench.ua.handle_stream(self.bench.now, self.flow, text.as_bytes());
        let sent = self.bench.sent();
        assert!(self.bench.flows.iter().all(|flow| *flow == self.flow), "{:?}", self.bench.flows);
        sent
    }

    /// A request, proved if that is asked for; what comes back.
    fn asks(&mut self, method: &str, uri: &str, given: &[(&str, &str)], body: &str) -> Vec<Message> {
        let mut proof = String::new();
        loop {
            self.cseq += 1;
            let number = format!("{} {method}", self.cseq);
            let via = format!("SIP/2.0/WSS ann.invalid;branch=z9hG4bK-{}", self.cseq);
            let contact = self.contact.clone();
            let mut headers = vec![
                ("Via", via.as_str()),
                ("CSeq", number.as_str()),
                ("From", "<sip:ann@acme.example>;tag=ann"),
                ("Contact", contact.as_str()),
                ("Authorization", proof.as_str()),
            ];
            headers.retain(|(name, _)| !given.iter().any(|(other, _)| other == name));
            headers.extend(given);
            let sent = self.says(&request(method, uri, &headers, body));
            match responses(&sent).first() {
                Some(challenge) if challenge.code == 401 => {
                    proof = crate::registrar::proof(challenge, method, uri);
                }
                Some(_) | None => return sent,
            }
        }
    }

    /// Registers; what it hears beside the answer.
    fn registers(&mut self) -> Vec<String> {
        let given = [("To", "<sip:ann@acme.example>"), ("Call-ID", "registration")];
        let sent = self.asks("REGISTER", "sip:acme.example", &given, "");
        let (answer, more): (Vec<_>, Vec<_>) = sent.into_iter().partition(|message| {
            matches!(message, Message::Response(response)
                if response.headers.get(&cordial_sip::message::Name::CSeq).unwrap().ends_with("REGISTER"))
        });
        assert_eq!(responses(&answer)[0].code, 200);
        assert!(matches!(self.bench.events().as_slice(), [.., Event::BindingsChanged { bindings, .. }]
            if bindings.len() == 1));
        brief(&more)
    }

    fn inside(&mut self, method: &str, body: &str) -> Vec<Message> {
        let to = format!("<{NUMBER}>;tag={}", self.our_tag);
        self.asks(method, NUMBER, &[("To", &to)], body)
    }

    /// ACK of the last INVITE.
    fn acknowledges(&mut self) {
        self.cseq -= 1;
        self.inside("ACK", "");
    }

    /// Its stream ends; what the owner hears of it.
    fn is_cut_off(&mut self) -> Vec<Event> {
        self.bench.events();
        self.bench.sent();
        self.bench.ua.handle_stream_closed(self.bench.now, self.flow.stream.unwrap());
        self.bench.ua.handle_stream_closed(self.bench.now, self.flow.stream.unwrap());
        assert_eq!(brief(&self.bench.sent()), [""; 0], "nothing names the stream any more");
        let mut events = self.bench.events();
        let gone = Event::BindingsChanged { account: cordial_sip::AccountId(1), bindings: Vec::new() };
        assert_eq!(events.pop(), Some(gone));
        events
    }

    pub(crate) fn comes_back(&mut self) -> Vec<String> {
        self.flow.stream = Some(StreamId(4));
        self.registers()
    }

    fn calls(&mut self) -> DialogId {
        let sent = self.asks("INVITE", NUMBER, &[], OFFER);
        assert_eq!(responses(&sent)[0].code, 100);
        let Some(Event::Incoming { dialog, .. }) = self.bench.ua.poll_event() else { panic!() };
        self.bench.ua.ring(self.bench.now, dialog, 180, None);
        self.our_tag = to_tag(&responses(&self.bench.sent())[0]);
        dialog
    }

    fn is_called(&mut self) -> (DialogId, cordial_sip::message::Request) {
        let (dialog, sent) = self.is_rung();
        (dialog, only_request(&sent))
    }

    pub(crate) fn is_rung(&mut self) -> (DialogId, Vec<Message>) {
        let account = cordial_sip::AccountId(1);
        let binding = Box::new(self.bench.ua.bindings(account)[0].clone());
        let invite = Invite {
            target: Target::Binding { account, binding },
            from_user: "1000".to_owned(),
            from_name: None,
            to_user: "ann".to_owned(),
            headers: Vec::new(),
            body: OFFER.into(),
        };
        let dialog = self.bench.ua.invite(self.bench.now, invite);
        (dialog, self.bench.sent())
    }

    fn answers(&mut self, invite: &cordial_sip::message::Request, code: u16) {
        self.says(&reply(invite, code, "far", &format!("Contact: {}\r\n", self.contact), OFFER));
    }
}

/// Brings a call into a state.
pub(crate) fn bring(browser: &mut Browser, state: &str) -> DialogId {
    if let "calling" | "ringing" | "cancelling" | "cancelled" | "answered by it" | "offering" | "asking" =
        state
    {
        let (dialog, invite) = browser.is_called();
        let now = browser.bench.now;
        match state {
            "calling" => {}
            "ringing" => browser.answers(&invite, 180),
            "cancelling" => browser.bench.ua.clear(now, dialog, None),
            "cancelled" => {
                browser.answers(&invite, 180);
                browser.bench.ua.clear(now, dialog, None);
            }
            _ => {
                browser.answers(&invite, 200);
                if state == "offering" {
                    browser.bench.ua.reoffer(now, dialog, OFFER.into()).unwrap();
                } else if state == "asking" {
                    browser.bench.ua.ping(now, dialog);
                }
            }
        }
        return dialog;
    }
    let dialog = browser.calls();
    let now = browser.bench.now;
    if state != "arrived" {
        browser.bench.ua.answer(now, dialog, OFFER.into());
        browser.bench.sent();
    }
    match state {
        "arrived" | "answered" => {}
        "leaving" => browser.bench.ua.clear(now, dialog, None),
        _ => browser.acknowledges(),
    }
    if let "offered" | "offer answered" = state {
        browser.inside("INVITE", OFFER);
        if state == "offer answered" {
            browser.bench.ua.answer_reoffer(now, dialog, OFFER.into());
        }
    }
    dialog
}

/// State; what the owner hears at the loss; what the browser hears when it is back; what it hears when the owner then
/// ends the call.
const LOSSES: [(&str, &str, &str, &str); 13] = [
    ("calling", "failed 503", "", ""),
    ("ringing", "failed 503", "CANCEL", ""),
    ("cancelling", "", "", ""),
    ("cancelled", "", "CANCEL", ""),
    ("answered by it", "", "", "BYE"),
    ("offering", "reoffer failed 503", "", "BYE"),
    ("asking", "", "", "BYE"),
    ("arrived", "", "", "480"),
    ("answered", "", "", ""),
    ("leaving", "", "", ""),
    ("confirmed", "", "", "BYE"),
    ("offered", "", "", "487 BYE"),
    ("offer answered", "", "", "BYE"),
];

/// The words above.
fn words(events: &[Event], dialog: DialogId) -> String {
    let word = |event: &Event| {
        if let Event::Failed { dialog: of, code, .. } = event {
            assert_eq!(*of, dialog);
            return format!("failed {code}");
        }
        if let Event::ReofferFailed { code, .. } = event {
            return format!("reoffer failed {code}");
        }
        format!("{event:?}")
    };
    events.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn first_words(lines: &[String]) -> String {
    lines.iter().filter_map(|line| line.split(' ').next()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_device_that_loses_its_stream_in_any_state_comes_back_to_its_call() {
    for (state, lost, back, cleared) in LOSSES {
        let mut browser = Browser::new();
        let dialog = bring(&mut browser, state);
        assert_eq!(words(&browser.is_cut_off(), dialog), lost, "{state}: lost");
        assert_eq!(first_words(&browser.comes_back()), back, "{state}: back");
        browser.bench.ua.clear(browser.bench.now, dialog, None);
        let sent = browser.bench.sent();
        assert_eq!(first_words(&brief(&sent)), cleared, "{state}: cleared");
        assert!(browser.bench.flows.iter().all(|flow| *flow == browser.flow), "{state}");
        browser.bench.assert_nothing_left();
    }
}

#[test]
fn a_device_that_loses_its_stream_in_any_state_and_stays_away_leaves_nothing_behind() {
    for (state, lost, ..) in LOSSES {
        let mut browser = Browser::new();
        let dialog = bring(&mut browser, state);
        assert_eq!(words(&browser.is_cut_off(), dialog), lost, "{state}: lost");
        if state == "arrived" {
            browser.bench.ua.answer(browser.bench.now, dialog, OFFER.into());
        }
        assert_eq!(
            brief(&browser.bench.pass(600_000)),
            [""; 0],
            "{state}: nothing names a stream that is gone"
        );
        let told_over = browser.bench.events().iter().any(|event| matches!(event, Event::Cleared { .. }));
        let owner_knows = matches!(state, "calling" | "ringing" | "cancelling" | "cancelled" | "leaving");
        assert_eq!(told_over, !owner_knows, "{state}: found out in time");
        browser.bench.assert_nothing_left();
    }
}

#[test]
fn a_call_ended_while_its_device_is_out_of_reach_is_ended_there_when_it_is_back() {
    let mut browser = Browser::new();
    let dialog = bring(&mut browser, "answered by it");
    browser.is_cut_off();
    browser.bench.ua.clear(browser.bench.now, dialog, Some("SIP;cause=200"));
    assert_eq!(brief(&browser.bench.sent()), [""; 0]);
    assert_eq!(browser.comes_back(), ["BYE sip:ann@ann.invalid;transport=ws"]);
    assert_eq!(browser.registers(), [""; 0], "once");
    browser.bench.assert_nothing_left();
}

/// A desk phone by TCP that names the port of its connection, where nobody listens once it is gone.
pub(crate) fn tcp_browser() -> Browser {
    let mut browser = Browser::new();
    browser.bench.ua.handle_stream_closed(browser.bench.now, browser.flow.stream.unwrap());
    browser.bench.events();
    browser.flow = stream(PHONE, 5);
    browser.contact = format!("<sip:ann@{PHONE};transport=tcp>");
    browser.registers();
    browser
}

#[test]
fn a_device_whose_contact_is_the_port_of_its_lost_stream_hears_the_end_on_the_next() {
    let mut browser = tcp_browser();
    let dialog = bring(&mut browser, "answered by it");
    browser.is_cut_off();
    assert_eq!(browser.comes_back(), [""; 0]);
    browser.bench.ua.clear(browser.bench.now, dialog, None);
    assert_eq!(first_words(&brief(&browser.bench.sent())), "BYE");
    assert_eq!(browser.bench.flows, [browser.flow]);
    browser.bench.assert_nothing_left();
}

#[test]
fn a_device_whose_contact_nobody_listens_at_hears_when_it_is_back_what_was_said_there() {
    for ends in ["before", "after"] {
        let mut browser = tcp_browser();
        let dialog = bring(&mut browser, "answered by it");
        browser.is_cut_off();
        browser.bench.ua.clear(browser.bench.now, dialog, None);
        assert_eq!(first_words(&brief(&browser.bench.sent())), "BYE");
        assert_eq!(browser.bench.flows, [opened(PHONE)], "its Contact is tried");
        let refused = |browser: &mut Browser| {
            let remote = opened(PHONE).remote;
            browser.bench.ua.handle_connect_failed(browser.bench.now, Transport::Tcp, remote);
        };
        let heard = if ends == "before" {
            refused(&mut browser);
            browser.comes_back()
        } else {
            assert_eq!(browser.comes_back(), [""; 0]);
            refused(&mut browser);
            brief(&browser.bench.sent())
        };
        assert_eq!(first_words(&heard), "BYE", "the connection is refused {ends} it is back");
        assert_eq!(browser.registers(), [""; 0], "once");
        browser.bench.assert_nothing_left();
    }
}

#[test]
fn a_device_that_registers_anew_before_its_old_stream_ends_keeps_its_call() {
    let mut browser = Browser::new();
    let instance = format!("{CONTACT};+sip.instance=\"<urn:uuid:1>\"");
    let given =
        [("To", "<sip:ann@acme.example>"), ("Call-ID", "registration"), ("Contact", instance.as_str())];
    browser.asks("REGISTER", "sip:acme.example", &given, "");
    let dialog = bring(&mut browser, "answered by it");
    browser.flow.stream = Some(StreamId(4));
    browser.asks("REGISTER", "sip:acme.example", &given, "");
    browser.bench.events();
    browser.bench.ua.reoffer(browser.bench.now, dialog, OFFER.into()).unwrap();
    let offer = only_request(&browser.bench.sent());
    assert_eq!(browser.bench.flows, [browser.flow]);
    browser.bench.ua.handle_stream_closed(browser.bench.now, StreamId(3));
    browser.answers(&offer, 200);
    assert_eq!(browser.bench.events(), [Event::ReofferAnswered { dialog, body: OFFER.into() }]);
    browser.bench.ua.clear(browser.bench.now, dialog, None);
    browser.bench.assert_nothing_left();
}

#[test]
fn an_invite_whose_stream_is_closed_at_once_rings_on_and_is_answered_by_a_new_connection_to_its_sender() {
    let mut bench = Bench::new();
    let lonely = Peer { target: None, ..trunk() };
    bench.ua.set_peer(lonely);
    let text = invite(&[("Via", "SIP/2.0/TCP 10.9.9.9:5097;branch=z9hG4bK-t")]);
    bench.ua.handle_stream(bench.now, stream("192.0.2.9:40001", 3), text.as_bytes());
    let Some(Event::Incoming { dialog, .. }) = bench.ua.poll_event() else { panic!() };
    bench.sent();
    bench.ua.handle_stream_closed(bench.now, StreamId(3));
    assert_eq!(bench.events(), []);
    bench.ua.answer(bench.now, dialog, OFFER.into());
    assert_eq!(brief(&bench.sent()), ["200 to 1 INVITE"]);
    // RFC 3261 section 18.2.2: the address it came from, never the one it names.
    assert_eq!(bench.flows, [opened("192.0.2.9:5097")]);
    bench.ua.handle_connect_failed(bench.now, Transport::Tcp, "192.0.2.9:5097".parse().unwrap());
    bench.pass(40_000);
    assert!(matches!(
        bench.events().as_slice(),
        [Event::Cleared { cause: cordial_sip::ClearCause::NoAck, .. }]
    ));
    bench.assert_nothing_left();
}

#[test]
fn an_invite_to_a_trunk_that_rings_already_is_answered_by_another_connection() {
    let mut bench = Bench::new();
    bench.ua.set_peer(tcp_trunk());
    let dialog = dial(&mut bench);
    let invite = only_request(&bench.sent());
    bench.ua.handle_stream(bench.now, stream(TRUNK, 4), reply(&invite, 180, "far", "", "").as_bytes());
    bench.ua.handle_stream_closed(bench.now, StreamId(4));
    bench.ua.handle_connect_failed(bench.now, Transport::Tcp, opened(TRUNK).remote);
    assert!(matches!(bench.events().as_slice(), [Event::Progress { .. }]));
    let ok = reply(&invite, 200, "far", "Contact: <sip:far@192.0.2.9>\r\n", OFFER);
    bench.ua.handle_stream(bench.now, stream("192.0.2.9:40001", 5), ok.as_bytes());
    assert_eq!(brief(&bench.sent()), ["ACK sip:far@192.0.2.9"]);
    assert_eq!(bench.events(), [Event::Answered { dialog, body: OFFER.into() }]);
}
