//! Taking the place of a dialog (RFC 3891), by INVITE and by REFER: who may name which, and what others learn of it.

use cordial_sip::digest::Algorithm;
use cordial_sip::message::{Message, Name, NameAddr, Request};
use cordial_sip::{AccountId, Binding, DialogId, Event, Invite, Target, Timestamp};

use crate::bench::*;
use crate::calls;
use crate::digest::authorize_for;

/// Where the phone of `ben`, another account, is.
const OTHER_PHONE: &str = "203.0.113.8:40000";

/// A call of ours to a phone.
struct Call {
    dialog: DialogId,
    phone: &'static str,
    invite: Request,
    their_tag: &'static str,
}

impl Call {
    fn header(&self, name: &Name) -> &str {
        self.invite.headers.get(name).expect("every INVITE has it")
    }

    fn call_id(&self) -> &str {
        self.header(&Name::CallId)
    }

    fn our_tag(&self) -> String {
        let from = NameAddr::parse(self.header(&Name::From)).expect("our own From");
        from.tag().expect("our tag").to_owned()
    }

    fn replaces(&self) -> String {
        format!("{};to-tag={};from-tag={}", self.call_id(), self.our_tag(), self.their_tag)
    }

    /// The other party of this call asks us to do something, as often as `cseq` says.
    fn refer(&self, cseq: u32, refer_to: &str) -> String {
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bK-{}{cseq};rport", self.phone, self.their_tag);
        let from = format!("{};tag={}", self.header(&Name::To), self.their_tag);
        let to = self.header(&Name::From);
        let cseq = format!("{cseq} REFER");
        let given = [
            ("Via", via.as_str()),
            ("From", &from),
            ("To", to),
            ("Call-ID", self.call_id()),
            ("CSeq", &cseq),
            ("Refer-To", refer_to),
        ];
        request("REFER", "sip:us@198.51.100.1:5060", &given, "")
    }
}

fn refer_to(replaces: &str) -> String {
    let escaped = replaces.replace('@', "%40").replace(';', "%3B").replace('=', "%3D");
    format!("<sip:2006@acme.example?Replaces={escaped}>")
}

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.ua.set_account(account(2, "ben", "secret"));
    bench
}

fn ring(bench: &mut Bench, account: u64, phone: &'static str, their_tag: &'static str) -> Call {
    let binding = Binding {
        contact: format!("sip:phone@{phone}"),
        flow: udp(phone),
        expires_at: Timestamp(bench.now.0 + 600_000),
        q: 1_000,
        call_id: "b".to_owned(),
        cseq: 1,
        instance: None,
        path: Vec::new(),
    };
    let dialog = bench.ua.invite(
        bench.now,
        Invite {
            target: Target::Binding { account: AccountId(account), binding: Box::new(binding) },
            from_user: "1000".to_owned(),
            from_name: None,
            to_user: "phone".to_owned(),
            headers: Vec::new(),
            body: OFFER.into(),
        },
    );
    let invite = only_request(&bench.sent());
    bench.receive(phone, &reply(&invite, 180, their_tag, "", ""));
    bench.events();
    Call { dialog, phone, invite, their_tag }
}

fn talk(bench: &mut Bench, account: u64, phone: &'static str, their_tag: &'static str) -> Call {
    let call = ring(bench, account, phone, their_tag);
    let contact = format!("Contact: <sip:phone@{phone}>\r\n");
    bench.receive(phone, &reply(&call.invite, 200, their_tag, &contact, OFFER));
    bench.events();
    call
}

fn end(mut bench: Bench, calls: &[&Call]) {
    for call in calls {
        bench.ua.clear(bench.now, call.dialog, None);
        for message in bench.sent() {
            let Message::Request(ours) = message else { continue };
            bench.receive(call.phone, &reply(&ours, 200, call.their_tag, "", ""));
            if ours.method == cordial_sip::message::Method::Cancel {
                bench.receive(call.phone, &reply(&call.invite, 487, call.their_tag, "", ""));
            }
        }
    }
    bench.assert_nothing_left();
}

#[test]
fn a_refer_names_the_call_with_whom_was_consulted() {
    let mut bench = bench();
    let held = talk(&mut bench, 1, PHONE, "held");
    let consulted = talk(&mut bench, 1, PHONE, "consulted");
    assert_eq!(brief(&bench.receive(PHONE, &held.refer(1, &refer_to(&consulted.replaces())))), [""; 0]);
    let to = "2006".to_owned();
    let replaces = Some(consulted.dialog);
    assert_eq!(bench.events(), [Event::Referred { dialog: held.dialog, to, replaces }]);
    bench.ua.answer_refer(bench.now, held.dialog, 202);
    let told = bench.sent();
    assert_eq!(brief(&told), ["202 to 1 REFER", "NOTIFY sip:phone@203.0.113.7:40000"]);
    let Some(Message::Request(notify)) = told.get(1) else { panic!() };
    bench.receive(PHONE, &reply(notify, 200, "", "", ""));
    // A phone that has no name for whom it consulted names the dialog alone.
    let nameless = refer_to(&consulted.replaces()).replace("2006@", "");
    bench.receive(PHONE, &held.refer(2, &nameless));
    assert_eq!(bench.events(), [Event::Referred { dialog: held.dialog, to: String::new(), replaces }]);
    bench.ua.answer_refer(bench.now, held.dialog, 603);
    end(bench, &[&held, &consulted]);
}

#[test]
fn the_call_may_still_ring_and_what_must_ring_is_refused_when_it_does_not() {
    let mut bench = bench();
    let held = talk(&mut bench, 1, PHONE, "held");
    let rings = ring(&mut bench, 1, PHONE, "rings");
    let early = |call: &Call| refer_to(&format!("{};early-only", call.replaces()));
    bench.receive(PHONE, &held.refer(1, &early(&rings)));
    let (to, replaces) = ("2006".to_owned(), Some(rings.dialog));
    assert_eq!(bench.events(), [Event::Referred { dialog: held.dialog, to, replaces }]);
    bench.ua.answer_refer(bench.now, held.dialog, 486);
    bench.sent();
    let talks = talk(&mut bench, 1, PHONE, "talks");
    assert_eq!(bench.response(PHONE, &held.refer(2, &early(&talks))).code, 486);
    assert_eq!(bench.events(), []);
    end(bench, &[&held, &rings, &talks]);
}

#[test]
fn a_dialog_of_others_is_as_unknown_as_none() {
    let mut bench = bench();
    let held = talk(&mut bench, 1, PHONE, "held");
    let another = talk(&mut bench, 2, OTHER_PHONE, "another");
    let (trunk, tag) = calls::talking(&mut bench);
    let of_trunk = format!("call-1;to-tag={tag};from-tag=far");
    let swapped = format!("{};to-tag={};from-tag={}", held.call_id(), "held", held.our_tag());
    let nothing = "nothing;to-tag=a;from-tag=b".to_owned();
    let unknown = bench.response(PHONE, &held.refer(1, &refer_to(&nothing)));
    for (cseq, replaces) in (2..).zip([another.replaces(), of_trunk.clone(), swapped]) {
        let told = bench.response(PHONE, &held.refer(cseq, &refer_to(&replaces)));
        assert_eq!((told.code, &told.reason), (481, &unknown.reason), "{replaces}");
    }
    assert_eq!(bench.response(PHONE, &held.refer(5, &refer_to(&held.replaces()))).code, 400, "itself");
    // The trunk names nobody's dialogs, its own neither.
    for (cseq, replaces) in (2..).zip([held.replaces(), of_trunk, nothing]) {
        let refer_to = refer_to(&replaces);
        assert_eq!(bench.code(&calls::inside("REFER", cseq, &tag, &[("Refer-To", &refer_to)], "")), 481);
    }
    assert_eq!(bench.events(), []);
    bench.ua.clear(bench.now, trunk, None);
    bench.sent();
    end(bench, &[&held, &another]);
}

/// An INVITE of the phone of `ann` with a Replaces header: the answer to it, once proved.
fn invite_of_ann(bench: &mut Bench, n: u32, replaces: &[&str]) -> Option<u16> {
    let call_id = format!("pickup{n}");
    let asked = |cseq: u32, authorization: &str| {
        let via = format!("SIP/2.0/UDP {PHONE};branch=z9hG4bK-pickup{cseq};rport");
        let cseq = format!("{cseq} INVITE");
        let mut given = vec![
            ("Via", via.as_str()),
            ("From", "<sip:ann@acme.example>;tag=phone"),
            ("Call-ID", &call_id),
            ("CSeq", &cseq),
            ("Require", "replaces"),
            ("Authorization", authorization),
        ];
        given.extend(replaces.iter().map(|value| ("Replaces", *value)));
        invite(&given)
    };
    let challenge = bench.response(PHONE, &asked(n, ""));
    assert_eq!(challenge.code, 401, "nobody learns anything unproved");
    let target = ("INVITE", "sip:1000@acme.example");
    let answer = authorize_for(target, &challenge, Algorithm::Md5, ("ann", "secret"), "00000001");
    let sent = bench.receive(PHONE, &asked(n + 1, &answer));
    responses(&sent).last().map(|response| response.code)
}

#[test]
fn an_invite_takes_the_place_of_a_call_of_its_own_account() {
    let mut bench = bench();
    let talks = talk(&mut bench, 1, PHONE, "talks");
    let rings = ring(&mut bench, 1, PHONE, "rings");
    for (n, call, extra) in [(1, &talks, ""), (3, &rings, ""), (5, &rings, ";early-only")] {
        assert_eq!(invite_of_ann(&mut bench, n, &[&format!("{}{extra}", call.replaces())]), Some(100));
        match bench.events().as_slice() {
            [Event::Incoming { dialog, replaces: Some(named), .. }] => {
                assert_eq!(*named, call.dialog);
                bench.ua.reject(bench.now, *dialog, 501, "", &[]);
                bench.sent();
            }
            other => panic!("{other:?}"),
        }
    }
    end(bench, &[&talks, &rings]);
}

#[test]
fn an_invite_that_may_not_is_refused_with_the_code_of_the_rfc() {
    let mut bench = bench();
    let talks = talk(&mut bench, 1, PHONE, "talks");
    let another = talk(&mut bench, 2, OTHER_PHONE, "another");
    let early = format!("{};early-only", talks.replaces());
    let (mine, theirs) = (talks.replaces(), another.replaces());
    for (n, code, replaces) in [
        (1, 481, vec![theirs.as_str()]),
        (3, 481, vec!["nothing;to-tag=a;from-tag=b"]),
        (5, 486, vec![early.as_str()]),
        (7, 400, vec!["nothing;to-tag=a"]),
        (9, 400, vec![mine.as_str(), mine.as_str()]),
    ] {
        assert_eq!(invite_of_ann(&mut bench, n, &replaces), Some(code), "{replaces:?}");
    }
    assert_eq!(bench.code(&invite(&[("Replaces", &mine)])), 481, "of the trunk");
    assert_eq!(bench.events(), []);
    end(bench, &[&talks, &another]);
}

#[test]
fn a_call_that_its_phone_makes_is_not_taken_over_while_it_rings_elsewhere() {
    let mut bench = bench();
    assert_eq!(invite_of_ann(&mut bench, 1, &[]), Some(100));
    let [Event::Incoming { dialog, replaces: None, .. }] = *bench.events().as_slice() else { panic!() };
    bench.ua.ring(bench.now, dialog, 180, None);
    let tag = to_tag(&responses(&bench.sent())[0]);
    let named = format!("pickup1;to-tag={tag};from-tag=phone");
    assert_eq!(invite_of_ann(&mut bench, 3, &[&named]), Some(481), "RFC 3891 section 3");
    bench.ua.reject(bench.now, dialog, 486, "", &[]);
    bench.assert_nothing_left();
}
