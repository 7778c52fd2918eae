//! Calls with the bench's trunk, and requests inside them.

use cordial_sip::{DialogId, Event, Invite, PeerId, Target};

use crate::bench::*;

pub(crate) fn call_out(bench: &mut Bench) -> (DialogId, cordial_sip::message::Request) {
    let target = Target::Peer { id: PeerId(1), user: "4930".to_owned() };
    let invite = Invite {
        target,
        from_user: "1000".to_owned(),
        from_name: None,
        to_user: "4930".to_owned(),
        headers: Vec::new(),
        body: OFFER.into(),
    };
    let id = bench.ua.invite(bench.now, invite);
    (id, only_request(&bench.sent()))
}

/// An arrived call; its dialog.
pub(crate) fn call_in(bench: &mut Bench) -> DialogId {
    assert_eq!(brief(&bench.trunk_sends(&invite(&[]))), ["100 to 1 INVITE"]);
    match bench.events().as_slice() {
        [Event::Incoming { dialog, .. }] => *dialog,
        other => panic!("{other:?}"),
    }
}

/// An arrived call that we answered and they acknowledged; its dialog and our tag.
pub(crate) fn talking(bench: &mut Bench) -> (DialogId, String) {
    let id = call_in(bench);
    bench.ua.answer(bench.now, id, OFFER.into());
    let tag = to_tag(&responses(&bench.sent())[0]);
    let ack = inside("ACK", 1, &tag, &[], "");
    bench.trunk_sends(&ack);
    assert_eq!(bench.events(), [Event::Confirmed { dialog: id, body: None }]);
    (id, tag)
}

/// A request inside the dialog of [`call_in`].
pub(crate) fn inside(method: &str, cseq: u32, our_tag: &str, given: &[(&str, &str)], body: &str) -> String {
    let to = format!("<sip:1000@acme.example>;tag={our_tag}");
    let via = format!("SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-{method}{cseq};rport");
    let cseq = format!("{cseq} {method}");
    let mut headers = vec![("To", to.as_str()), ("Via", via.as_str()), ("CSeq", cseq.as_str())];
    headers.retain(|(name, _)| !given.iter().any(|(other, _)| other == name));
    headers.extend(given);
    request(method, "sip:1000@198.51.100.1:5060", &headers, body)
}
