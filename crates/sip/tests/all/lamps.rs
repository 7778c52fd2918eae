//! Lamps of phones: subscribed to, told without asking, and never of somebody else's messages.

use cordial_sip::message::{Message, Name, Request, Response};
use cordial_sip::{AccountId, Flow, Mailbox, StreamId, Transport};

use crate::bench::*;
use crate::registrar::{Phone, proof};

const ANN: AccountId = AccountId(1);
const ACCOUNT: &str = "sip:ann@acme.example";

fn mailbox(new: usize, old: usize) -> Option<Mailbox> {
    Some(Mailbox { dialled: Some("*57".to_owned()), new, old, unsolicited: true })
}

/// A SUBSCRIBE of ann's phone; its dialog's To is given once it has one.
fn subscribe(cseq: u32, given: &[(&str, &str)], authorization: &str) -> String {
    let (cseq, via) = (
        format!("{cseq} SUBSCRIBE"),
        format!("SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKs{cseq}{};rport", authorization.len()),
    );
    let mut headers = vec![
        ("Via", via.as_str()),
        ("From", "<sip:ann@acme.example>;tag=lamp"),
        ("To", "<sip:ann@acme.example>"),
        ("Call-ID", "lamp-1"),
        ("CSeq", cseq.as_str()),
        ("Contact", "<sip:ann@10.0.0.7:5060>"),
        ("Event", "message-summary"),
        ("Accept", "application/simple-message-summary"),
        ("Authorization", authorization),
    ];
    headers.retain(|(name, _)| !given.iter().any(|(other, _)| other == name));
    headers.extend(given);
    request("SUBSCRIBE", ACCOUNT, &headers, "")
}

/// What follows when the phone has proved itself: the answer, and the NOTIFY if one comes.
fn subscribed(bench: &mut Bench, cseq: u32, given: &[(&str, &str)]) -> (Response, Option<Request>) {
    let challenged = bench.response(PHONE, &subscribe(cseq, given, ""));
    assert_eq!(challenged.code, 401, "whoever subscribes proves himself");
    let proof = proof(&challenged, "SUBSCRIBE", ACCOUNT);
    let sent = bench.receive(PHONE, &subscribe(cseq + 1, given, &proof));
    let mut sent = sent.into_iter();
    let Some(Message::Response(answer)) = sent.next() else { panic!("an answer comes first") };
    let notify = sent.next().map(|message| match message {
        Message::Request(request) => request,
        Message::Response(response) => panic!("{response:?}"),
    });
    assert_eq!(sent.next(), None);
    (answer, notify)
}

fn told(notify: &Request) -> (String, String) {
    let state = notify.headers.get(&Name::new("Subscription-State")).unwrap().to_owned();
    (state, String::from_utf8(notify.body.clone()).unwrap())
}

fn ok(bench: &mut Bench, notify: &Request) -> Vec<Message> {
    bench.receive(PHONE, &reply(notify, 200, "", "", ""))
}

#[test]
fn a_phone_that_subscribes_is_told_at_once_and_with_every_change() {
    let mut bench = Bench::new();
    bench.ua.set_mailbox(bench.now, ANN, mailbox(2, 1));
    let (answer, notify) = subscribed(&mut bench, 1, &[("Expires", "600")]);
    assert_eq!((answer.code, answer.headers.get(&Name::Expires)), (200, Some("600")));
    let notify = notify.expect("told at once");
    assert_eq!(notify.method.as_str(), "NOTIFY");
    assert_eq!(notify.headers.get(&Name::new("Event")), Some("message-summary"));
    assert_eq!(notify.headers.get(&Name::ContentType), Some("application/simple-message-summary"));
    let (state, body) = told(&notify);
    assert_eq!(state, "active;expires=600");
    assert_eq!(
        body,
        "Messages-Waiting: yes\r\nMessage-Account: sip:*57@acme.example\r\nVoice-Message: 2/1 (0/0)\r\n"
    );

    // Two changes while the first is on its way are one when it has been taken.
    bench.ua.set_mailbox(bench.now, ANN, mailbox(1, 2));
    bench.ua.set_mailbox(bench.now, ANN, mailbox(0, 3));
    assert_eq!(brief(&bench.sent()), [""; 0], "one at a time");
    let next = only_request(&ok(&mut bench, &notify));
    assert_eq!(told(&next).1.lines().next(), Some("Messages-Waiting: no"));
    assert!(next.headers.get(&Name::CSeq) > notify.headers.get(&Name::CSeq), "in order");
    assert_eq!(ok(&mut bench, &next), []);
    bench.ua.set_mailbox(bench.now, ANN, mailbox(0, 3));
    assert_eq!(bench.sent(), [], "nothing changed");
}

#[test]
fn a_subscription_is_refreshed_ended_and_lapses() {
    let mut bench = Bench::new();
    bench.ua.set_mailbox(bench.now, ANN, mailbox(1, 0));
    let (answer, notify) = subscribed(&mut bench, 1, &[("Expires", "100")]);
    ok(&mut bench, &notify.unwrap());
    let to = answer.headers.get(&Name::To).unwrap().to_owned();
    bench.pass(50_000);
    let (answer, notify) = subscribed(&mut bench, 3, &[("Expires", "100"), ("To", &to)]);
    assert_eq!((answer.code, told(&notify.clone().unwrap()).0), (200, "active;expires=100".to_owned()));
    ok(&mut bench, &notify.unwrap());
    bench.pass(60_000);
    assert_eq!(bench.ua.counts().subscriptions, 1, "refreshed");

    let (answer, notify) = subscribed(&mut bench, 5, &[("Expires", "0"), ("To", &to)]);
    let notify = notify.unwrap();
    assert_eq!((answer.code, told(&notify).0), (200, "terminated;reason=timeout".to_owned()));
    ok(&mut bench, &notify);
    assert_eq!(bench.ua.counts().subscriptions, 0);
    assert_eq!(bench.response(PHONE, &subscribe(9, &[("To", &to)], "")).code, 481);

    let (_, notify) = subscribed(&mut bench, 11, &[("Expires", "60"), ("Call-ID", "lamp-2")]);
    ok(&mut bench, &notify.unwrap());
    let last = only_request(&bench.pass(60_000));
    assert_eq!(told(&last).0, "terminated;reason=timeout", "nobody refreshed it");
    ok(&mut bench, &last);
    assert_eq!(bench.ua.counts().subscriptions, 0);
    bench.assert_nothing_left();
}

#[test]
fn who_asks_wrongly_is_refused() {
    let mut bench = Bench::new();
    let refused = bench.response(PHONE, &subscribe(1, &[("Event", "presence")], ""));
    assert_eq!(refused.code, 489);
    assert_eq!(refused.headers.get(&Name::new("Allow-Events")), Some("message-summary"));
    assert_eq!(bench.response(PHONE, &subscribe(3, &[("Event", "")], "")).code, 489);
    assert_eq!(bench.response(PHONE, &subscribe(5, &[("Accept", "text/plain")], "")).code, 406);
    let (answer, notify) = subscribed(&mut bench, 7, &[("Expires", "5")]);
    assert_eq!((answer.code, answer.headers.get(&Name::MinExpires), notify), (423, Some("60"), None));
    // Somebody else's lamp.
    bench.ua.set_account(account(2, "bob", "other"));
    let bob = subscribe(9, &[], "").replace("SUBSCRIBE sip:ann@", "SUBSCRIBE sip:bob@");
    let challenged = bench.response(PHONE, &bob);
    let proof = proof(&challenged, "SUBSCRIBE", "sip:bob@acme.example");
    let bob = subscribe(10, &[], &proof).replace("SUBSCRIBE sip:ann@", "SUBSCRIBE sip:bob@");
    assert_eq!(bench.response(PHONE, &bob).code, 403);
    // A trunk is known by its address, and has no lamp.
    assert_eq!(bench.response(TRUNK, &subscribe(11, &[], "")).code, 403);
    assert_eq!(bench.ua.counts().subscriptions, 0);
    bench.assert_nothing_left();
}

#[test]
fn a_ninth_subscription_ends_the_one_that_ends_first() {
    let mut bench = Bench::new();
    for n in 0..8 {
        let call_id = format!("lamp-{n}");
        let expires = (100 + n).to_string();
        let (_, notify) =
            subscribed(&mut bench, 1, &[("Call-ID", &call_id), ("Expires", &expires), ("Via", &via(n))]);
        ok(&mut bench, &notify.unwrap());
    }
    assert_eq!(bench.ua.counts().subscriptions, 8);
    let challenged = bench.response(PHONE, &subscribe(1, &[("Call-ID", "ninth"), ("Via", &via(8))], ""));
    let proof = proof(&challenged, "SUBSCRIBE", ACCOUNT);
    let sent = bench.receive(PHONE, &subscribe(2, &[("Call-ID", "ninth"), ("Via", &via(9))], &proof));
    let [Message::Request(ended), Message::Response(answer), Message::Request(first)] = sent.as_slice()
    else {
        panic!("{:?}", brief(&sent))
    };
    assert_eq!(told(ended).0, "terminated;reason=probation;retry-after=600");
    assert_eq!(ended.headers.get(&Name::CallId), Some("lamp-0"));
    assert_eq!((answer.code, first.headers.get(&Name::CallId)), (200, Some("ninth")));
    assert_eq!(bench.ua.counts().subscriptions, 8);
}

fn via(n: u32) -> String {
    format!("SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKninth{n};rport")
}

#[test]
fn who_does_not_know_of_its_subscription_has_none() {
    let mut bench = Bench::new();
    let (_, notify) = subscribed(&mut bench, 1, &[]);
    bench.receive(PHONE, &reply(&notify.unwrap(), 481, "", "", ""));
    assert_eq!(bench.ua.counts().subscriptions, 0);
    let (_, notify) = subscribed(&mut bench, 3, &[("Call-ID", "lamp-2")]);
    assert!(notify.is_some());
    bench.pass(32_000);
    assert_eq!(bench.ua.counts().subscriptions, 0, "nobody answers");
    bench.assert_nothing_left();
}

#[test]
fn a_registered_phone_is_told_without_asking_where_its_mailbox_says_so() {
    let mut bench = Bench::new();
    bench.ua.set_mailbox(bench.now, ANN, mailbox(1, 0));
    let mut phone = Phone::new();
    let contact = [("Contact", "<sip:ann@10.0.0.7:5060>"), ("Expires", "600")];
    let sent = phone.registers(&mut bench, &contact);
    let [Message::Response(registered), Message::Request(notify)] = sent.as_slice() else {
        panic!("{:?}", brief(&sent))
    };
    assert_eq!((registered.code, notify.uri.to_string().as_str()), (200, "sip:ann@10.0.0.7:5060"));
    assert_eq!(bench.flows, [udp(PHONE); 2]);
    assert_eq!(told(notify).0, "terminated;reason=noresource");
    ok(&mut bench, notify);
    assert_eq!(phone.registers(&mut bench, &contact).len(), 1, "it knows");
    bench.ua.set_mailbox(bench.now, ANN, mailbox(0, 1));
    let notify = only_request(&bench.sent());
    assert!(told(&notify).1.starts_with("Messages-Waiting: no"));

    // Nobody took it: it is told again when it registers, and no sooner.
    assert!(bench.pass(32_000).iter().all(|repeat| only_request(std::slice::from_ref(repeat)) == notify));
    assert_eq!(bench.pass(10_000), []);
    let sent = phone.registers(&mut bench, &contact);
    let [_, Message::Request(again)] = sent.as_slice() else { panic!("{:?}", brief(&sent)) };
    // What a phone cannot be told it is not told again.
    bench.receive(PHONE, &reply(again, 405, "x", "", ""));
    assert_eq!(phone.registers(&mut bench, &contact).len(), 1);

    // The lamp stands for nobody any more.
    bench.ua.set_mailbox(bench.now, ANN, None);
    let last = only_request(&bench.sent());
    assert_eq!(told(&last).1, "Messages-Waiting: no\r\n");
    ok(&mut bench, &last);

    let quiet = Mailbox { unsolicited: false, ..mailbox(5, 0).unwrap() };
    bench.ua.set_mailbox(bench.now, ANN, Some(quiet));
    assert_eq!(bench.sent(), [], "only who subscribes is told");
    let (_, notify) = subscribed(&mut bench, 1, &[]);
    ok(&mut bench, &notify.unwrap());
    bench.ua.set_mailbox(bench.now, ANN, mailbox(6, 0));
    assert_eq!(bench.sent().len(), 1, "who subscribed is told once, not twice");
}

#[test]
fn a_lamp_on_a_stream_that_ends_is_told_when_the_phone_is_back() {
    let mut bench = Bench::new();
    let tcp = |n: u64| Flow { transport: Transport::Tcp, stream: Some(StreamId(n)), ..udp(PHONE) };
    let mut phone = Phone::new();
    let contact = [("Contact", "<sip:ann@10.0.0.7:5060;transport=tcp>"), ("Expires", "600")];
    let by = |bench: &mut Bench, flow: Flow, text: &str| {
        bench.ua.handle_stream(bench.now, flow, text.as_bytes());
        bench.sent()
    };
    phone.registers_by(&mut bench, &contact, |bench, text| by(bench, tcp(1), text));
    let challenged = responses(&by(&mut bench, tcp(1), &subscribe(1, &[], ""))).remove(0);
    let proof = proof(&challenged, "SUBSCRIBE", ACCOUNT);
    let sent = by(&mut bench, tcp(1), &subscribe(2, &[], &proof));
    let [Message::Response(_), Message::Request(notify)] = sent.as_slice() else { panic!("{sent:?}") };
    by(&mut bench, tcp(1), &reply(notify, 200, "", "", ""));
    bench.ua.handle_stream_closed(bench.now, StreamId(1));
    bench.ua.set_mailbox(bench.now, ANN, mailbox(1, 0));
    assert_eq!(bench.sent(), [], "no way to it");
    let sent = phone.registers_by(&mut bench, &contact, |bench, text| by(bench, tcp(2), text));
    let [Message::Response(_), Message::Request(notify)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(bench.flows, [tcp(2); 2]);
    assert!(told(notify).0.starts_with("active"), "by the same subscription");
    assert!(told(notify).1.starts_with("Messages-Waiting: yes"));
}
