use std::sync::Mutex;

use cordial_engine::text::Text;
use cordial_engine::{Actor, Fact, Timestamp, WallTime};

use super::*;

type Meanwhile = Box<dyn FnOnce(&FakeJournal) + Send>;

/// A journal in memory that can be appended to between pages.
#[derive(Default)]
struct FakeJournal {
    events: Mutex<Vec<Event>>,
    /// Run after each page is read: what becomes durable "meanwhile".
    meanwhile: Mutex<VecDeque<Meanwhile>>,
}

impl FakeJournal {
    fn append(&self, tenant: u64) -> Event {
        let mut events = self.events.lock().unwrap();
        let event = Event {
            seq: events.len() as u64 + 1,
            at: Timestamp(0),
            wall: WallTime(0),
            tenant: TenantId(tenant),
            by: Actor::Policy,
            origin: None,
            fact: Fact::NodeStarted { version: Text::parse("1").unwrap() },
        };
        events.push(event.clone());
        event
    }

    fn meanwhile(&self, then: impl FnOnce(&Self) + Send + 'static) {
        self.meanwhile.lock().unwrap().push_back(Box::new(then));
    }
}

impl Pages for FakeJournal {
    fn page(&self, after: u64, limit: usize) -> Page<'_> {
        let page = {
            let events = self.events.lock().unwrap();
            events.iter().filter(|event| event.seq > after).take(limit).cloned().collect()
        };
        if let Some(then) = self.meanwhile.lock().unwrap().pop_front() {
            then(self);
        }
        Box::pin(async move { Ok(page) })
    }
}

struct Bench {
    journal: Arc<FakeJournal>,
    live: broadcast::Sender<Arc<Event>>,
}

impl Bench {
    fn new(keeps: usize) -> Self {
        Self { journal: Arc::default(), live: broadcast::Sender::new(keeps) }
    }

    /// Makes an event durable and tells it.
    fn tell(&self, tenant: u64) -> u64 {
        let event = self.journal.append(tenant);
        let seq = event.seq;
        self.live.send(Arc::new(event)).ok();
        seq
    }

    fn subscribe(&self, tenant: u64, after: u64) -> Subscription {
        let pages: Arc<dyn Pages> = self.journal.clone();
        Subscription::new(TenantId(tenant), after, pages, self.live.downgrade(), None)
    }
}

async fn take(subscription: &mut Subscription, count: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    for _ in 0..count {
        seen.push(subscription.next().await.expect("not cut").seq);
    }
    seen
}

#[tokio::test]
async fn journal_and_live_join_without_gap_or_repeat() {
    let bench = Bench::new(64);
    for _ in 0..PAGE_EVENTS + 10 {
        bench.tell(1);
    }
    // An event that becomes durable between the last page and the moment in which live events are kept, one that is
    // told while the closing pages are read, and one that comes after.
    let live = bench.live.clone();
    bench.journal.meanwhile(|_| ());
    bench.journal.meanwhile(|journal| {
        journal.append(1);
    });
    bench.journal.meanwhile(move |journal| {
        live.send(Arc::new(journal.append(1))).ok();
    });
    let mut subscription = bench.subscribe(1, 3);
    let all = PAGE_EVENTS as u64 + 12;
    let seen = take(&mut subscription, usize::try_from(all).unwrap() - 3).await;
    assert_eq!(seen, (4..=all).collect::<Vec<_>>());
    assert_eq!(bench.tell(1), all + 1);
    assert_eq!(take(&mut subscription, 1).await, [all + 1]);
}

#[tokio::test]
async fn events_of_other_tenants_are_not_told() {
    let bench = Bench::new(64);
    for tenant in [1, 2, 1, 2, 2, 1] {
        bench.tell(tenant);
    }
    let mut subscription = bench.subscribe(2, 0);
    assert_eq!(take(&mut subscription, 3).await, [2, 4, 5]);
    bench.tell(1);
    bench.tell(2);
    assert_eq!(take(&mut subscription, 1).await, [8]);
}

#[tokio::test]
async fn a_slow_subscriber_is_cut_and_resumes_where_it_was() {
    let bench = Bench::new(4);
    bench.tell(1);
    let mut subscription = bench.subscribe(1, 0);
    assert_eq!(take(&mut subscription, 1).await, [1]);
    // Waiting for what has not happened yet makes it live.
    let nothing = tokio::select! {
        biased;
        event = subscription.next() => event,
        () = std::future::ready(()) => None,
    };
    assert!(nothing.is_none());
    bench.tell(1);
    assert_eq!(take(&mut subscription, 1).await, [2]);
    for _ in 0..100 {
        bench.tell(1);
    }
    assert!(subscription.next().await.is_none(), "too slow, so cut");
    assert!(subscription.next().await.is_none(), "and it stays cut");
    let mut again = bench.subscribe(1, 2);
    assert_eq!(take(&mut again, 100).await, (3..=102).collect::<Vec<_>>());
}

#[tokio::test]
async fn dropping_a_wait_loses_nothing() {
    let bench = Bench::new(16);
    let mut subscription = bench.subscribe(1, 0);
    for seq in 1..=5 {
        // The wait is polled once and dropped, as `select!` does.
        let waited = tokio::select! {
            biased;
            event = subscription.next() => event.map(|event| event.seq),
            () = std::future::ready(()) => None,
        };
        assert_eq!(waited, None);
        bench.tell(1);
        assert_eq!(take(&mut subscription, 1).await, [seq]);
    }
}

#[tokio::test]
async fn the_stream_ends_when_the_process_stops() {
    let bench = Bench::new(16);
    bench.tell(1);
    let mut subscription = bench.subscribe(1, 0);
    assert_eq!(take(&mut subscription, 1).await, [1]);
    drop(bench);
    assert!(subscription.next().await.is_none());
}
