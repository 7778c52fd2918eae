//! The registrar, and a phone that reaches it over a bad line.

use cordial_sip::message::{Message, Name, Response};
use cordial_sip::{AccountId, Binding, Event, StreamId, Timestamp, Transport};

use crate::bench::*;
use crate::pair::Dice;

/// A phone: registers `ann`, answering challenges.
pub(crate) struct Phone {
    cseq: u32,
    call_id: String,
    /// Keeps the branches of two phones apart that share a Call-ID.
    salt: u32,
}

impl Phone {
    pub(crate) fn new() -> Self {
        Self { cseq: 0, call_id: "phone".to_owned(), salt: 0 }
    }

    fn text(&mut self, headers: &[(&str, &str)], authorization: &str) -> String {
        self.cseq += 1;
        let cseq = format!("{} REGISTER", self.cseq);
        let via = format!(
            "SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bK{}-{}{};rport",
            self.salt, self.call_id, self.cseq
        );
        let mut given = vec![
            ("Via", via.as_str()),
            ("From", "<sip:ann@acme.example>;tag=p"),
            ("To", "<sip:ann@acme.example>"),
            ("Call-ID", self.call_id.as_str()),
            ("CSeq", cseq.as_str()),
            ("Contact", ""),
            ("Authorization", authorization),
        ];
        given.retain(|(name, _)| !headers.iter().any(|(other, _)| other == name));
        given.extend(headers);
        request("REGISTER", "sip:acme.example", &given, "")
    }

    fn register(&mut self, bench: &mut Bench, headers: &[(&str, &str)]) -> Response {
        let challenged = bench.response(PHONE, &self.text(headers, ""));
        let answer = authorization(&challenged);
        bench.response(PHONE, &self.text(headers, &answer))
    }
}

impl Phone {
    /// All that is sent when the phone has registered.
    pub(crate) fn registers(&mut self, bench: &mut Bench, headers: &[(&str, &str)]) -> Vec<Message> {
        self.registers_by(bench, headers, |bench, text| bench.receive(PHONE, text))
    }

    /// The same by another path.
    pub(crate) fn registers_by(
        &mut self,
        bench: &mut Bench,
        headers: &[(&str, &str)],
        send: impl Fn(&mut Bench, &str) -> Vec<Message>,
    ) -> Vec<Message> {
        let challenged = responses(&send(bench, &self.text(headers, ""))).remove(0);
        let answer = authorization(&challenged);
        let text = self.text(headers, &answer);
        send(bench, &text)
    }
}

pub(crate) fn authorization(challenged: &Response) -> String {
    proof(challenged, "REGISTER", "sip:acme.example")
}

/// What `ann` says to a challenge.
pub(crate) fn proof(challenged: &Response, method: &str, uri: &str) -> String {
    use cordial_sip::digest::{Algorithm, DigestFields, ha1_sha256, response};
    let fields = DigestFields::parse(challenged.headers.get(&Name::WwwAuthenticate).unwrap()).unwrap();
    let nonce = fields.get("nonce").unwrap();
    let ha1: String =
        ha1_sha256("ann", "acme.example", "secret").iter().map(|byte| format!("{byte:02x}")).collect();
    let quality = Some(("00000001", "c"));
    let proof = response(Algorithm::Sha256, &ha1, method, uri, nonce, quality);
    format!(
        "Digest username=\"ann\", realm=\"acme.example\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{proof}\", algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"c\""
    )
}

fn contacts(bench: &Bench) -> Vec<String> {
    bench.ua.bindings(AccountId(1)).iter().map(|binding| binding.contact.clone()).collect()
}

#[test]
fn a_phone_registers_refreshes_and_leaves() {
    let mut bench = Bench::new();
    let mut phone = Phone::new();
    let ok = phone.register(&mut bench, &[("Contact", "<sip:ann@10.0.0.7:5060>;q=0.7"), ("Expires", "120")]);
    assert_eq!(ok.code, 200);
    assert_eq!(ok.headers.get(&Name::Contact), Some("<sip:ann@10.0.0.7:5060>;expires=120"));
    let events = bench.events();
    let [Event::BindingsChanged { account: AccountId(1), bindings }] = events.as_slice() else { panic!() };
    assert_eq!(
        (bindings[0].flow, bindings[0].q),
        (udp(PHONE), 700),
        "behind a NAT: the source, not the Contact"
    );
    bench.pass(60_000);
    phone.register(&mut bench, &[("Contact", "<sip:ann@10.0.0.7:5060>"), ("Expires", "120")]);
    bench.events();
    bench.pass(100_000);
    assert_eq!(contacts(&bench).len(), 1, "refreshed");
    let gone = phone.register(&mut bench, &[("Contact", "<sip:ann@10.0.0.7:5060>;expires=0")]);
    assert_eq!((gone.code, gone.headers.get(&Name::Contact)), (200, None));
    assert_eq!(bench.events(), [Event::BindingsChanged { account: AccountId(1), bindings: vec![] }]);
    bench.assert_nothing_left();
}

#[test]
fn a_binding_that_is_not_refreshed_lapses() {
    let mut bench = Bench::new();
    Phone::new().register(&mut bench, &[("Contact", "<sip:ann@10.0.0.7>"), ("Expires", "60")]);
    bench.events();
    bench.pass(59_999);
    assert_eq!(bench.events(), []);
    bench.pass(1);
    assert_eq!(bench.events(), [Event::BindingsChanged { account: AccountId(1), bindings: vec![] }]);
}

#[test]
fn several_contacts_stand_beside_each_other_up_to_the_limit_and_a_star_clears_them() {
    let mut bench = Bench::new();
    let mut phone = Phone::new();
    phone.register(&mut bench, &[("Contact", "<sip:a@10.0.0.1>;expires=100, <sip:b@10.0.0.2>;expires=200")]);
    phone.register(&mut bench, &[("Contact", "<sip:c@10.0.0.3>")]);
    phone.register(&mut bench, &[("Contact", "<sip:d@10.0.0.4>")]);
    assert_eq!(contacts(&bench), ["sip:b@10.0.0.2", "sip:c@10.0.0.3", "sip:d@10.0.0.4"]);
    assert_eq!(phone.register(&mut bench, &[("Contact", "*")]).code, 400);
    assert_eq!(phone.register(&mut bench, &[("Contact", "*, <sip:x@y>"), ("Expires", "0")]).code, 400);
    assert_eq!(contacts(&bench).len(), 3);
    assert_eq!(phone.register(&mut bench, &[("Contact", "*"), ("Expires", "0")]).code, 200);
    assert_eq!(contacts(&bench).len(), 0);
}

#[test]
fn a_phone_that_restarts_elsewhere_replaces_itself_by_its_instance() {
    let mut bench = Bench::new();
    let contact = |host: &str| format!("<sip:ann@{host}>;+sip.instance=\"<urn:uuid:1>\"");
    Phone::new().register(&mut bench, &[("Contact", &contact("10.0.0.1"))]);
    let mut restarted = Phone { cseq: 0, call_id: "second-life".to_owned(), salt: 0 };
    let ok = restarted.register(&mut bench, &[("Contact", &contact("10.0.0.2"))]);
    assert_eq!(contacts(&bench), ["sip:ann@10.0.0.2"]);
    assert!(ok.headers.get(&Name::Contact).unwrap().ends_with(";+sip.instance=\"<urn:uuid:1>\""));
}

#[test]
fn brevity_disorder_and_foreign_names_are_refused() {
    let mut bench = Bench::new();
    let mut phone = Phone::new();
    let contact = ("Contact", "<sip:ann@10.0.0.7>");
    let brief = phone.register(&mut bench, &[contact, ("Expires", "10")]);
    assert_eq!((brief.code, brief.headers.get(&Name::MinExpires)), (423, Some("60")));
    assert_eq!(phone.register(&mut bench, &[contact]).code, 200);
    // The transactions of its first life are over, its binding is not.
    bench.pass(40_000);
    phone = Phone { salt: 1, ..Phone::new() };
    assert_eq!(phone.register(&mut bench, &[contact]).code, 500);
    let mut other = Phone { cseq: 50, call_id: "other".to_owned(), salt: 0 };
    let forged = other.register(&mut bench, &[contact, ("To", "<sip:bob@acme.example>")]);
    assert_eq!(forged.code, 403);
    let tel = other.register(&mut bench, &[("Contact", "<tel:+49>")]);
    assert_eq!(tel.code, 400);
    assert_eq!(other.register(&mut bench, &[("Contact", "")]).code, 200, "only asks");
    let mut bound = account(1, "ann", "secret");
    bound.may_register = false;
    bench.ua.set_account(bound);
    assert_eq!(other.register(&mut bench, &[contact]).code, 403);
}

#[test]
fn a_path_is_kept_and_a_binding_of_a_stream_has_a_grace_after_a_restart() {
    let mut bench = Bench::new();
    let headers =
        [("Contact", "<sip:ann@10.0.0.7>"), ("Path", "<sip:e.example;lr>"), ("Supported", "outbound, path")];
    let ok = Phone::new().register(&mut bench, &headers);
    assert_eq!(ok.headers.get(&Name::Path), Some("<sip:e.example;lr>"));
    let kept = bench.ua.bindings(AccountId(1))[0].clone();
    assert_eq!(kept.path, ["<sip:e.example;lr>"]);
    let mut flow = kept.flow;
    flow.transport = Transport::Ws;
    flow.stream = Some(StreamId(5));
    let browser = Binding { contact: "sip:x@y.invalid;transport=ws".to_owned(), flow, ..kept.clone() };
    bench.ua.restore_binding(bench.now, AccountId(1), browser.clone());
    bench.events();
    bench.pass(29_999);
    assert_eq!(bench.ua.bindings(AccountId(1)).len(), 2, "it has half a minute to come back");
    bench.pass(1);
    assert_eq!(bench.events(), [Event::BindingsChanged { account: AccountId(1), bindings: vec![kept] }]);
    bench.ua.remove_account(AccountId(1));
    bench.assert_nothing_left();
}

#[test]
fn a_path_that_the_phone_knows_nothing_of_is_refused_420() {
    let mut bench = Bench::new();
    let mut phone = Phone::new();
    let path = [("Contact", "<sip:ann@10.0.0.7>"), ("Path", "<sip:e.example;lr>")];
    let refused = phone.register(&mut bench, &path);
    assert_eq!((refused.code, refused.headers.get(&Name::Unsupported)), (420, Some("path")));
    assert_eq!(contacts(&bench).len(), 0);
    let required = [path[0], path[1], ("Require", "path")];
    assert_eq!(phone.register(&mut bench, &required).code, 200);
}

#[test]
fn answers_to_a_phone_behind_a_nat_go_where_it_came_from_and_tell_it() {
    let mut bench = Bench::new();
    let challenged = bench.response(PHONE, &Phone::new().text(&[("Contact", "<sip:ann@10.0.0.7>")], ""));
    let via = challenged.headers.get(&Name::Via).unwrap();
    assert!(via.ends_with(";rport=40000;received=203.0.113.7"), "{via}");
    assert_eq!(bench.flows, [udp(PHONE)]);
}

#[test]
fn a_phone_registers_through_twenty_percent_loss() {
    for seed in 0..200 {
        let mut bench = Bench::new();
        let mut dice = Dice::new(seed);
        let mut phone = Phone::new();
        let contact = [("Contact", "<sip:ann@10.0.0.7>")];
        let mut text = phone.text(&contact, "");
        let mut registered = false;
        // The phone sends the same request every half second until it hears an answer.
        for _ in 0..60 {
            bench.now = Timestamp(bench.now.0 + 500);
            bench.ua.handle_timeout(bench.now);
            let heard = if dice.percent(20) { Vec::new() } else { bench.receive(PHONE, &text) };
            for message in heard {
                let Message::Response(response) = message else { panic!() };
                match response.code {
                    _ if dice.percent(20) => {}
                    401 => text = phone.text(&contact, &authorization(&response)),
                    200 => registered = true,
                    code => panic!("seed {seed}: {code}"),
                }
            }
            if registered {
                break;
            }
        }
        assert!(registered, "seed {seed}");
        assert_eq!(bench.events().len(), 1, "seed {seed}: one change, however often it was asked");
        bench.assert_nothing_left();
    }
}
