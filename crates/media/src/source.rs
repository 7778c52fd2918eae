//! Whom a port believes.
//!
//! RTP carries no proof of origin, so the address is all there is. The SDP's address is believed at any time until
//! somebody else was learned. A different one (the party's NAT) is learned only in a short window, only after a few
//! packets that follow each other, and only when the SDP's address stayed silent. Then the choice is locked.

use std::net::SocketAddr;

use crate::limits::{LEARN_PACKETS, LEARN_WINDOW};
use crate::time::Timestamp;

#[derive(Debug)]
pub(crate) struct SourceLock {
    sdp: SocketAddr,
    window_ends: Timestamp,
    locked: Option<SocketAddr>,
    candidate: Option<Candidate>,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    next_sequence: u16,
    packets: u32,
}

/// What the lock says to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The party's.
    Party,
    /// The party's, and the first from this address.
    NewlyLocked,
    /// Somebody else's, or not yet believed.
    Foreign,
}

impl SourceLock {
    pub(crate) fn new(now: Timestamp, sdp: SocketAddr) -> Self {
        Self { sdp: canonical(sdp), window_ends: now + LEARN_WINDOW, locked: None, candidate: None }
    }

    /// SDP was exchanged once more. The same address keeps what was learned, and gives another chance to learn.
    pub(crate) fn renegotiate(&mut self, now: Timestamp, sdp: SocketAddr) {
        if canonical(sdp) != self.sdp {
            *self = Self::new(now, sdp);
        } else if self.locked.is_none() {
            self.window_ends = now + LEARN_WINDOW;
        }
    }

    /// Decides on a well-formed packet of an agreed payload type. `learn` allows sources other than the SDP's.
    pub(crate) fn admit(
        &mut self,
        now: Timestamp,
        from: SocketAddr,
        ssrc: u32,
        sequence: u16,
        learn: bool,
    ) -> Verdict {
        let from = canonical(from);
        if self.locked == Some(from) {
            return Verdict::Party;
        }
        // The SDP's address wins over a learned one as long as the window is open: an injector that was faster
        // must not keep the party out.
        let window_open = now < self.window_ends;
        if from == self.sdp && (self.locked.is_none() || window_open) {
            return self.lock(from);
        }
        if self.locked.is_some() || !window_open || !learn {
            return Verdict::Foreign;
        }
        let packets = match self.candidate {
            Some(c) if c.from == from && c.ssrc == ssrc && c.next_sequence == sequence => c.packets + 1,
            Some(_) | None => 1,
        };
        if packets >= LEARN_PACKETS {
            return self.lock(from);
        }
        self.candidate = Some(Candidate { from, ssrc, next_sequence: sequence.wrapping_add(1), packets });
        Verdict::Foreign
    }

    /// Whether `from` is the party as far as known, without learning anything.
    pub(crate) fn is_party(&self, from: SocketAddr) -> bool {
        canonical(from) == self.destination()
    }

    /// Whether a report from `from` may be the party's: the host counts, RTCP has a port of its own.
    pub(crate) fn is_party_host(&self, from: SocketAddr) -> bool {
        canonical(from).ip() == self.destination().ip()
    }

    /// Where to send: the locked source, else what SDP said (symmetric RTP, RFC 4961).
    pub(crate) fn destination(&self) -> SocketAddr {
        self.locked.unwrap_or(self.sdp)
    }

    fn lock(&mut self, from: SocketAddr) -> Verdict {
        self.locked = Some(from);
        self.candidate = None;
        Verdict::NewlyLocked
    }
}

/// An IPv4 address that came through an IPv6 socket is the same address.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "192.0.2.1:4000";
    const NAT: &str = "203.0.113.9:61000";
    const STRANGER: &str = "198.51.100.66:4000";

    struct Bench(SourceLock);

    impl Bench {
        fn new() -> Self {
            Self(SourceLock::new(Timestamp(0), SDP.parse().unwrap()))
        }

        fn at(&mut self, ms: u64, from: &str, sequence: u16) -> Verdict {
            self.0.admit(Timestamp(ms * 1_000), from.parse().unwrap(), 1, sequence, true)
        }
    }

    #[test]
    fn the_sdp_address_is_believed_at_once_and_then_alone() {
        let mut lock = Bench::new();
        assert_eq!(lock.at(1, SDP, 1), Verdict::NewlyLocked);
        assert_eq!(lock.at(2, SDP, 2), Verdict::Party);
        for n in 0..20 {
            assert_eq!(lock.at(3, STRANGER, n), Verdict::Foreign);
        }
    }

    #[test]
    fn a_nat_address_is_learned_after_packets_that_follow_each_other() {
        let mut lock = Bench::new();
        assert_eq!(lock.at(0, NAT, 7), Verdict::Foreign);
        assert_eq!(lock.at(20, NAT, 9), Verdict::Foreign, "a gap begins the count anew");
        assert_eq!(lock.at(40, NAT, 10), Verdict::Foreign);
        assert_eq!(lock.at(60, NAT, 11), Verdict::NewlyLocked);
        assert_eq!(lock.0.destination(), NAT.parse().unwrap());
        assert_eq!(lock.at(80, STRANGER, 12), Verdict::Foreign);
    }

    #[test]
    fn nobody_is_learned_after_the_window_but_the_sdp_address_still_counts() {
        let mut lock = Bench::new();
        for n in 0..10 {
            assert_eq!(lock.at(5_000, NAT, n), Verdict::Foreign);
        }
        assert_eq!(lock.at(60_000, SDP, 1), Verdict::NewlyLocked);
    }

    #[test]
    fn the_party_takes_its_place_back_from_a_faster_injector_within_the_window() {
        let mut lock = Bench::new();
        for n in 0..3 {
            lock.at(0, STRANGER, n);
        }
        assert_eq!(lock.0.destination(), STRANGER.parse().unwrap());
        assert_eq!(lock.at(100, SDP, 1), Verdict::NewlyLocked);
        assert_eq!(lock.at(120, STRANGER, 3), Verdict::Foreign);
    }

    #[test]
    fn a_new_offer_with_the_same_address_keeps_the_lock_and_another_address_loses_it() {
        let mut lock = Bench::new();
        for n in 0..3 {
            lock.at(0, NAT, n);
        }
        lock.0.renegotiate(Timestamp(60_000_000), SDP.parse().unwrap());
        assert_eq!(lock.at(60_000, NAT, 4), Verdict::Party);
        lock.0.renegotiate(Timestamp(61_000_000), "192.0.2.2:5000".parse().unwrap());
        assert_eq!(lock.at(61_000, "192.0.2.2:5000", 4), Verdict::NewlyLocked);
        assert_eq!(lock.at(61_000, NAT, 5), Verdict::Foreign);
    }

    #[test]
    fn an_ipv4_address_seen_through_an_ipv6_socket_is_the_same() {
        let mut lock = Bench::new();
        assert_eq!(lock.at(1, "[::ffff:192.0.2.1]:4000", 1), Verdict::NewlyLocked);
    }
}
