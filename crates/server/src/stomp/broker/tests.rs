use cordial_dialects::connector::stomp::frame::Headers;
use cordial_dialects::connector::stomp::server::{Event, Session};
use cordial_engine::Timestamp;
use futures_util::FutureExt;
use std::net::Ipv4Addr;

use super::*;

const TENANTS: [TenantId; 2] = [TenantId(1), TenantId(2)];

/// A broker, and ids of subscriptions as sessions give them.
struct Bench {
    broker: Broker,
    subscriptions: Vec<SubscriptionId>,
}

/// One connection.
struct Client {
    session: SessionId,
    visitor: Visitor,
    arrivals: Arrivals,
}

fn destination(text: &str) -> Destination {
    Destination::parse(text).unwrap()
}

fn message(to: &str, body: &str) -> Message {
    let kind = body.split_once('-').map_or("", |(kind, _)| kind);
    Message::new(destination(to), &Headers::default().with("type", kind), body.as_bytes().to_vec())
}

fn text(message: &Message) -> String {
    String::from_utf8_lossy(message.body()).into_owned()
}

impl Bench {
    fn new() -> Self {
        let mut session = Session::new("s".to_owned(), Timestamp(0));
        session.receive(Timestamp(0), b"CONNECT\naccept-version:1.2\n\n\0");
        (0..8).for_each(|n| {
            session
                .receive(Timestamp(0), format!("SUBSCRIBE\nid:{n}\ndestination:/topic/a\n\n\0").as_bytes());
        });
        let mut subscriptions = Vec::new();
        while let Some(event) = session.poll_event(Timestamp(0)) {
            if let Event::Subscribe { subscription, .. } = event {
                subscriptions.push(subscription);
            }
            session.accept(Timestamp(0));
        }
        Self { broker: Broker::new(1), subscriptions }
    }

    fn client(&self, tenant: TenantId) -> Client {
        let (session, _) = self.broker.name();
        let visitor =
            Visitor { tenant, user: None, scopes: BTreeSet::new(), peer: Ipv4Addr::LOCALHOST.into() };
        Client { session, visitor, arrivals: self.broker.enter(session, tenant, None) }
    }

    fn listen(&self, client: &Client, n: usize, to: &str, selector: Option<&str>) -> Result<(), Refused> {
        let selector = selector.map(|text| Selector::parse(text).unwrap());
        self.broker.subscribe(client.session, self.subscriptions[n], &destination(to), selector)
    }

    fn send(&self, client: &Client, to: &str, bodies: &[&str]) -> Result<(), Refused> {
        let messages = bodies.iter().map(|body| message(to, body)).collect();
        self.broker.send(client.session, &client.visitor, messages)
    }

    /// Whether nothing is kept that nobody needs.
    fn is_empty(&self) -> bool {
        let books = self.broker.books();
        books.tenants.is_empty() && books.sessions.is_empty()
    }
}

impl Client {
    fn heard(&mut self) -> Vec<String> {
        let next = || self.arrivals.next().now_or_never().flatten();
        std::iter::from_fn(next).map(|delivery| text(&delivery.message)).collect()
    }
}

#[test]
fn a_topic_goes_to_all_of_the_tenant_who_want_it_and_to_nobody_else() {
    let bench = Bench::new();
    let [mut ann, mut bob, mut eve] =
        [bench.client(TENANTS[0]), bench.client(TENANTS[0]), bench.client(TENANTS[1])];
    bench.listen(&ann, 0, "/topic/a", None).unwrap();
    bench.listen(&bob, 0, "/topic/a", Some("JMSType = 'x'")).unwrap();
    bench.listen(&bob, 1, "/topic/a", Some("JMSType = 'y'")).unwrap();
    bench.listen(&eve, 0, "/topic/a", None).unwrap();
    bench.send(&ann, "/topic/a", &["x-1", "z-2"]).unwrap();
    bench.broker.publish(TENANTS[0], message("/topic/a", "y-3")).unwrap();
    bench.send(&ann, "/topic/b", &["nobody listens"]).unwrap();
    assert_eq!(ann.heard(), ["x-1", "z-2", "y-3"]);
    assert_eq!(bob.heard(), ["x-1", "y-3"]);
    assert_eq!(eve.heard(), [""; 0]);
    bench.broker.publish(TENANTS[1], message("/topic/a", "for eve")).unwrap();
    assert_eq!((ann.heard().len(), eve.heard()), (0, vec!["for eve".to_owned()]));
    [&ann, &bob, &eve].iter().for_each(|client| bench.broker.leave(client.session));
    assert!(bench.is_empty());
}

#[test]
fn a_queue_goes_to_one_in_turn_and_keeps_what_nobody_takes() {
    let bench = Bench::new();
    let [mut ann, mut bob, mut eve] =
        [bench.client(TENANTS[0]), bench.client(TENANTS[0]), bench.client(TENANTS[1])];
    bench.send(&ann, "/queue/q", &["x-1", "y-2", "x-3"]).unwrap();
    bench.listen(&eve, 0, "/queue/q", None).unwrap();
    bench.listen(&bob, 0, "/queue/q", Some("JMSType = 'y'")).unwrap();
    assert_eq!((bob.heard(), eve.heard()), (vec!["y-2".to_owned()], vec![]));
    bench.listen(&ann, 0, "/queue/q", None).unwrap();
    assert_eq!(ann.heard(), ["x-1", "x-3"]);
    bench.send(&ann, "/queue/q", &["y-4", "y-5", "y-6"]).unwrap();
    assert_eq!(
        (ann.heard(), bob.heard()),
        (vec!["y-5".to_owned()], vec!["y-4".to_owned(), "y-6".to_owned()])
    );
    // What comes back is the first that is handed out again.
    bench.broker.unsubscribe(ann.session, bench.subscriptions[0], &[]);
    bench.broker.leave(bob.session);
    bench.send(&ann, "/queue/q", &["last"]).unwrap();
    let back = [message("/queue/q", "y-4"), message("/topic/q", "gone"), message("/queue/q", "y-6")];
    bench.broker.give_back(TENANTS[0], &back.map(Arc::new));
    bench.listen(&ann, 1, "/queue/q", None).unwrap();
    assert_eq!(ann.heard(), ["y-4", "y-6", "last"]);
    [&ann, &eve].iter().for_each(|client| bench.broker.leave(client.session));
    assert!(bench.is_empty());
}

#[test]
fn what_is_attended_to_comes_with_who_asks_and_nobody_else_hears_it() {
    let bench = Bench::new();
    let mut asked = bench.broker.attend(destination("/queue/Connector1"));
    let [mut ann, eve] = [bench.client(TENANTS[0]), bench.client(TENANTS[1])];
    assert_eq!(bench.listen(&ann, 0, "/queue/Connector1", None), Err(Refused::Ours));
    bench.listen(&ann, 0, "/topic/ann", None).unwrap();
    bench.send(&ann, "/queue/Connector1", &["Login"]).unwrap();
    bench.send(&eve, "/queue/Connector1", &["Login"]).unwrap();
    for client in [&ann, &eve] {
        let request = asked.try_recv().unwrap();
        let from = (request.session, request.visitor.tenant, text(&request.message));
        assert_eq!(from, (client.session, client.visitor.tenant, "Login".to_owned()));
    }
    bench.broker.publish(TENANTS[0], message("/topic/ann", "State")).unwrap();
    assert_eq!(ann.heard(), ["State"]);
    let large = "x".repeat(STOMP_REQUEST_BYTES_MAX);
    assert_eq!(bench.send(&ann, "/queue/Connector1", &[&large]), Err(Refused::TooLarge));
    for _ in 0..STOMP_REQUESTS_MAX - 1 {
        bench.send(&ann, "/queue/Connector1", &["Beat"]).unwrap();
    }
    assert_eq!(bench.send(&ann, "/queue/Connector1", &["a", "b"]), Err(Refused::Busy), "all or none");
    bench.send(&ann, "/queue/Connector1", &["a"]).unwrap();
    assert_eq!(bench.send(&ann, "/queue/Connector1", &["b"]), Err(Refused::Busy));
    drop(asked);
    bench.send(&ann, "/queue/Connector1", &["kept"]).unwrap();
    bench.listen(&ann, 1, "/queue/Connector1", None).unwrap();
    assert_eq!(ann.heard(), ["kept"]);
}

#[test]
fn queues_keep_so_much_of_each_tenant() {
    let bench = Bench::new();
    let [ann, eve] = [bench.client(TENANTS[0]), bench.client(TENANTS[1])];
    for n in 0..STOMP_HELD_MAX {
        bench.send(&ann, &format!("/queue/{n}"), &["x"]).unwrap();
    }
    assert_eq!(bench.send(&ann, "/queue/more", &["x"]), Err(Refused::Full));
    assert_eq!(bench.broker.publish(TENANTS[0], message("/queue/more", "x")), Err(Refused::Full));
    bench.send(&ann, "/topic/more", &["x"]).unwrap();
    let large = "x".repeat(1_000_000);
    let taken = (0..20).take_while(|_| bench.send(&eve, "/queue/q", &[&large]).is_ok()).count();
    assert_eq!(taken, STOMP_HELD_BYTES_MAX / 1_000_000);
    bench.listen(&ann, 0, "/queue/0", None).unwrap();
    bench.send(&ann, "/queue/more", &["x"]).unwrap();
}

#[test]
fn who_is_too_slow_is_cut_and_his_messages_go_to_the_next() {
    let bench = Bench::new();
    let mut slow = bench.client(TENANTS[0]);
    let mut quick = bench.client(TENANTS[0]);
    bench.listen(&slow, 0, "/topic/a", None).unwrap();
    bench.listen(&slow, 1, "/queue/q", None).unwrap();
    for _ in 0..STOMP_ARRIVALS_MAX {
        bench.send(&quick, "/topic/a", &["x"]).unwrap();
    }
    bench.listen(&quick, 0, "/queue/q", None).unwrap();
    bench.send(&quick, "/queue/q", &["1", "2"]).unwrap();
    assert_eq!(quick.heard(), ["1", "2"]);
    assert_eq!(slow.heard().len(), STOMP_ARRIVALS_MAX);
    assert!(matches!(slow.arrivals.next().now_or_never(), Some(None)), "it sees that it is cut");
    assert_eq!(bench.listen(&slow, 2, "/topic/a", None), Err(Refused::Gone));

    let full = bench.client(TENANTS[0]);
    bench.listen(&full, 0, "/topic/a", None).unwrap();
    let large = "x".repeat(1_000_000);
    (0..10).for_each(|_| bench.send(&quick, "/topic/a", &[&large]).unwrap());
    assert_eq!(full.arrivals.rest().len(), STOMP_ARRIVALS_BYTES_MAX / 1_000_000);
}
