//! Who has how many connections: limits in all, for each source, and for those who have not said anything whole yet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// In all. For one more the oldest who has said nothing whole makes place; without such a one it is refused.
    pub(crate) all: usize,
    /// From one source. One more is refused.
    pub(crate) source: usize,
    /// From one source that have said nothing whole yet. For one more the oldest of them makes place, so that many
    /// half-open ones cannot keep out a good one beside them.
    pub(crate) unproved: usize,
}

/// The book; cheap to clone.
#[derive(Clone)]
pub(crate) struct Book(Arc<Mutex<Pages>>);

struct Pages {
    room: Room,
    all: usize,
    last: u64,
    sources: BTreeMap<IpAddr, Source>,
    /// By age.
    unproved: BTreeMap<u64, (IpAddr, oneshot::Sender<()>)>,
}

#[derive(Default)]
struct Source {
    all: usize,
    unproved: BTreeSet<u64>,
}

/// A place in the book, free again when dropped.
pub(crate) struct Place {
    book: Book,
    source: IpAddr,
    number: u64,
}

/// The word that somebody else needs a place more.
pub(crate) struct PushedOut(oneshot::Receiver<()>);

impl Book {
    pub(crate) fn new(room: Room) -> Self {
        let (sources, unproved) = (BTreeMap::new(), BTreeMap::new());
        Self(Arc::new(Mutex::new(Pages { room, all: 0, last: 0, sources, unproved })))
    }

    /// A place for one connection, if there is room.
    pub(crate) fn admit(&self, from: IpAddr) -> Option<(Place, PushedOut)> {
        let source = source(from);
        let mut pages = self.pages();
        let room = pages.room;
        let (taken, unproved) = pages.sources.get(&source).map_or((0, None), |taken| {
            let oldest = taken.unproved.first().copied();
            (taken.all, oldest.filter(|_| taken.unproved.len() >= room.unproved))
        });
        if taken >= room.source {
            return None;
        }
        if let Some(oldest) = unproved {
            pages.push_out(oldest);
        } else if pages.all >= room.all {
            let oldest = pages.unproved.first_key_value().map(|(number, _)| *number)?;
            pages.push_out(oldest);
        }
        pages.last += 1;
        pages.all += 1;
        let number = pages.last;
        let (tell, pushed_out) = oneshot::channel();
        pages.unproved.insert(number, (source, tell));
        let entry = pages.sources.entry(source).or_default();
        entry.all += 1;
        entry.unproved.insert(number);
        drop(pages);
        Some((Place { book: self.clone(), source, number }, PushedOut(pushed_out)))
    }

    /// Connections now.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.pages().all
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // Nothing in here panics half-way, so the numbers are right even then.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    /// Tells an unproved connection that it must go.
    fn push_out(&mut self, number: u64) {
        if let Some(tell) = self.settle(number) {
            // It may be about to go by itself.
            tell.send(()).ok();
        }
    }

    /// A connection is not unproved any more.
    fn settle(&mut self, number: u64) -> Option<oneshot::Sender<()>> {
        let (source, tell) = self.unproved.remove(&number)?;
        if let Some(source) = self.sources.get_mut(&source) {
            source.unproved.remove(&number);
        }
        Some(tell)
    }
}

impl Place {
    /// The connection has said something whole: it is not pushed out any more.
    pub(crate) fn prove(&self) {
        self.book.pages().settle(self.number);
    }
}

impl PushedOut {
    /// Ends when somebody else needs the place more; never once it is proved.
    pub(crate) async fn wait(self) {
        if self.0.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut pages = self.book.pages();
        pages.settle(self.number);
        pages.all -= 1;
        if let Some(source) = pages.sources.get_mut(&self.source) {
            source.all -= 1;
            if source.all == 0 {
                pages.sources.remove(&self.source);
            }
        }
    }
}

/// Who counts as one source: an address, or the network that one IPv6 host has to itself (64 bits).
fn source(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const ROOM: Room = Room { all: 4, source: 3, unproved: 2 };

    fn from(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_oldest_who_said_nothing_makes_place_for_one_more_of_its_source() {
        let book = Book::new(ROOM);
        let (_first, told_first) = book.admit(from("192.0.2.1")).unwrap();
        let (_second, told_second) = book.admit(from("192.0.2.1")).unwrap();
        let _third = book.admit(from("192.0.2.1")).unwrap();
        assert!(told_first.wait().now_or_never().is_some());
        assert!(told_second.wait().now_or_never().is_none());
        assert!(book.admit(from("192.0.2.1")).is_none(), "three from one source are the limit");
    }

    #[test]
    fn who_said_something_whole_is_not_pushed_out() {
        let book = Book::new(ROOM);
        let (proved, told) = book.admit(from("192.0.2.1")).unwrap();
        proved.prove();
        let _others = [book.admit(from("192.0.2.1")).unwrap(), book.admit(from("192.0.2.1")).unwrap()];
        assert!(told.wait().now_or_never().is_none());
    }

    #[test]
    fn when_all_places_are_taken_a_silent_one_makes_place_and_without_one_nobody_comes_in() {
        let book = Book::new(ROOM);
        let mut four: Vec<_> = (1..=4).map(|n| book.admit(from(&format!("192.0.2.{n}"))).unwrap()).collect();
        let (fifth, _) = book.admit(from("192.0.2.5")).unwrap();
        let (first, told) = four.remove(0);
        assert!(told.wait().now_or_never().is_some());
        fifth.prove();
        four.iter().for_each(|(place, _)| place.prove());
        assert!(book.admit(from("192.0.2.6")).is_none());
        drop((first, four));
        assert!(book.admit(from("192.0.2.6")).is_some());
        drop(fifth);
        assert_eq!(book.count(), 0);
    }

    #[test]
    fn one_ipv6_network_is_one_source() {
        assert_eq!(source(from("2001:db8::1:2:3:4")), source(from("2001:db8::ffff")));
        assert_ne!(source(from("2001:db8:0:1::1")), source(from("2001:db8::1")));
        assert_eq!(source(from("::ffff:192.0.2.1")), from("192.0.2.1"));
    }
}
