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
