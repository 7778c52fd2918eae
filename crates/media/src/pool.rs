//! The pool of RTP ports: a value that the node owns.

use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::id::LocalSocket;
use crate::limits::{PORT_QUARANTINE, PORT_QUARANTINE_MIN};
use crate::time::Timestamp;

/// Even ports of a range (RTP; the odd one above each is its RTCP), each given to one owner at a time.
///
/// A returned port rests for [`PORT_QUARANTINE`], and the longest-rested port is taken first: a far end that goes on
/// sending after its call ended must not be heard in the next one. When no other is left, [`PORT_QUARANTINE_MIN`] is
/// enough, so that a range carries as many calls as it has ports however often they change.
#[derive(Debug, Clone)]
pub struct PortPool {
    rested: VecDeque<LocalSocket>,
    /// With the instant of its return; the first rests longest.
    resting: VecDeque<(Timestamp, LocalSocket)>,
    taken: BTreeSet<LocalSocket>,
}

/// The range holds no even port with its odd neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the RTP port range holds no pair of an even and the next odd port")]
pub struct NoPorts;

/// Every port is in use or was until just now; the call cannot be taken (503).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no RTP port is free: {taken} in use, {resting} resting")]
pub struct PoolExhausted {
    /// Ports in use.
    pub taken: usize,
    /// Ports resting.
    pub resting: usize,
}

/// The port was not taken from this pool, or was given back already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("RTP port {0:?} is not in use")]
pub struct NotTaken(pub LocalSocket);

impl PortPool {
    /// A pool of the even ports in `range` whose odd neighbour lies in it too.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(range: RangeInclusive<u16>) -> Result<Self, NoPorts> {
        let end = *range.end();
        let rested: VecDeque<_> =
            range.filter(|port| port % 2 == 0 && *port != 0 && *port < end).map(LocalSocket).collect();
        if rested.is_empty() {
            return Err(NoPorts);
        }
        Ok(Self { rested, resting: VecDeque::new(), taken: BTreeSet::new() })
    }

    /// Takes the longest-rested port.
    ///
    /// # Errors
    /// When every port is in use or was until just now.
    pub fn take(&mut self, now: Timestamp) -> Result<LocalSocket, PoolExhausted> {
        self.wake(now);
        let exhausted = PoolExhausted { taken: self.taken.len(), resting: self.resting.len() };
        let socket = self.rested.pop_front().or_else(|| self.hurry(now)).ok_or(exhausted)?;
        self.taken.insert(socket);
        Ok(socket)
    }

    /// Gives a port back; it rests before it is taken again.
    ///
    /// # Errors
    /// When the port was not taken.
    pub fn give_back(&mut self, now: Timestamp, socket: LocalSocket) -> Result<(), NotTaken> {
        if !self.taken.remove(&socket) {
            return Err(NotTaken(socket));
        }
        self.resting.push_back((now, socket));
        Ok(())
    }

    /// Whether a port could be taken now.
    #[must_use]
    pub fn has_room(&self, now: Timestamp) -> bool {
        !self.rested.is_empty()
            || self.resting.front().is_some_and(|(returned, _)| *returned + PORT_QUARANTINE_MIN <= now)
    }

    /// Ports in use.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.taken.len()
    }

    fn wake(&mut self, now: Timestamp) {
        while let Some((_, socket)) =
            self.resting.pop_front_if(|(returned, _)| *returned + PORT_QUARANTINE <= now)
        {
            self.rested.push_back(socket);
        }
    }

    /// The longest-resting port, if it has rested for the least time.
    fn hurry(&mut self, now: Timestamp) -> Option<LocalSocket> {
        let rested_enough = |resting: &mut (Timestamp, LocalSocket)| resting.0 + PORT_QUARANTINE_MIN <= now;
        self.resting.pop_front_if(rested_enough).map(|(_, socket)| socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_returned_port_rests_for_thirty_seconds_while_another_is_free() {
        let mut pool = PortPool::new(10_000..=10_005).unwrap();
        let [first, second, third] = [0; 3].map(|at| pool.take(Timestamp(at)).unwrap());
        pool.give_back(Timestamp(SECOND), first).unwrap();
        pool.give_back(Timestamp(30 * SECOND), second).unwrap();
        assert_eq!(pool.take(Timestamp(31 * SECOND)), Ok(first));
        pool.give_back(Timestamp(31 * SECOND), third).unwrap();
        assert_eq!(pool.take(Timestamp(60 * SECOND)), Ok(second));
    }

    #[test]
    fn a_returned_port_rests_for_two_seconds_when_no_other_is_free() {
        let mut pool = PortPool::new(10_000..=10_001).unwrap();
        let socket = pool.take(Timestamp(0)).unwrap();
        assert_eq!(socket, LocalSocket(10_000));
        pool.give_back(Timestamp(SECOND), socket).unwrap();
        let early = Timestamp(3 * SECOND - 1);
        assert!(!pool.has_room(early));
        assert_eq!(pool.take(early), Err(PoolExhausted { taken: 0, resting: 1 }));
        assert!(pool.has_room(Timestamp(3 * SECOND)));
        assert_eq!(pool.take(Timestamp(3 * SECOND)), Ok(socket));
        assert!(!pool.has_room(Timestamp(100 * SECOND)), "it is in use");
    }

    #[test]
    fn only_even_ports_with_an_odd_neighbour_are_given() {
        let mut pool = PortPool::new(10_001..=10_006).unwrap();
        let mut given = Vec::new();
        while let Ok(socket) = pool.take(Timestamp(0)) {
            given.push(socket.0);
        }
        assert_eq!(given, [10_002, 10_004]);
        assert_eq!(PortPool::new(10_001..=10_002).unwrap_err(), NoPorts);
        assert_eq!(PortPool::new(65_534..=65_535).unwrap().take(Timestamp(0)), Ok(LocalSocket(65_534)));
    }

    #[test]
    fn the_longest_rested_port_is_taken_first() {
        let mut pool = PortPool::new(10_000..=10_005).unwrap();
        let first = pool.take(Timestamp(0)).unwrap();
        pool.give_back(Timestamp(0), first).unwrap();
        let later = Timestamp(60 * SECOND);
        let order: Vec<_> = (0..3).map(|_| pool.take(later).unwrap().0).collect();
        assert_eq!(order, [10_002, 10_004, 10_000]);
    }

    #[test]
    fn a_port_is_given_back_once() {
        let mut pool = PortPool::new(10_000..=10_009).unwrap();
        let socket = pool.take(Timestamp(0)).unwrap();
        pool.give_back(Timestamp(0), socket).unwrap();
        assert_eq!(pool.give_back(Timestamp(0), socket), Err(NotTaken(socket)));
    }
}
