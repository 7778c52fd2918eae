//! What came in on a port: order, losses and jitter of the party's stream (RFC 3550 appendices A.1, A.3, A.8).

use crate::limits::SEQUENCE_JUMP_MAX;
use crate::time::Timestamp;

/// Packets behind the highest that may still come in late; the width of the window against repetition.
const WINDOW: u64 = 64;
/// RFC 3550 appendix A.1 `MAX_MISORDER`.
const MISORDER_MAX: u16 = 100;
/// Interarrival differences beyond 10 s say nothing about the network.
const TRANSIT_STEP_MAX: u32 = 80_000;

/// What to make of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// New. `extended` counts packets across wraps; `restarted` says that numbers and time begin anew here.
    Fresh { extended: u64, restarted: bool },
    /// Came before, or far too late to tell.
    Repeated,
    /// The number jumped; believed when the next one follows it.
    Unsettled,
}

/// The state of the stream being received.
#[derive(Debug, Default)]
pub(crate) struct Reception {
    stream: Option<Stream>,
    /// Packets expected and received in streams before this one.
    earlier_expected: u64,
    received: u64,
    duplicates: u64,
    /// Counts restarts, so that a relay knows when to set its numbers anew.
    generation: u32,
    reported_expected: u64,
    reported_received: u64,
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    first: u64,
    highest: u64,
    /// Bit n: packet `highest - n` came in.
    seen: u64,
    /// A jump to this number would be believed.
    suspect: Option<u16>,
    transit: Option<u32>,
    /// Jitter in sixteenths of a sample.
    jitter: u64,
}

impl Reception {
    /// Takes note of a packet of the accepted source.
    pub(crate) fn note(&mut self, ssrc: u32, sequence: u16) -> Arrival {
        let arrival = match &mut self.stream {
            Some(stream) if stream.ssrc == ssrc => stream.place(sequence),
            Some(_) | None => Place::Anew,
        };
        match arrival {
            Place::At(extended) => {
                self.received += 1;
                Arrival::Fresh { extended, restarted: false }
            }
            Place::Anew => {
                self.earlier_expected = self.expected();
                // Beginning one wrap up leaves room for packets that arrive late.
                let first = 0x1_0000 + u64::from(sequence);
                self.stream = Some(Stream {
                    ssrc,
                    first,
                    highest: first,
                    seen: 1,
                    suspect: None,
                    transit: None,
                    jitter: 0,
                });
                self.received += 1;
                self.generation = self.generation.wrapping_add(1);
                Arrival::Fresh { extended: first, restarted: true }
            }
            Place::Taken => {
                self.duplicates += 1;
                Arrival::Repeated
            }
            Place::Doubtful => Arrival::Unsettled,
        }
    }

    /// Takes note of a packet that the port did not want. What follows does not go on from before.
    pub(crate) fn skip(&mut self, ssrc: u32, sequence: u16) {
        self.note(ssrc, sequence);
        self.generation = self.generation.wrapping_add(1);
    }

    /// Measures jitter; for audio only, because the packets of one event share their timestamp.
    pub(crate) fn measure(&mut self, now: Timestamp, timestamp: u32) {
        let Some(stream) = &mut self.stream else { return };
        let transit = ((now.0 / 125) as u32).wrapping_sub(timestamp);
        if let Some(before) = stream.transit.replace(transit) {
            let step = (transit.wrapping_sub(before) as i32).unsigned_abs();
            if step < TRANSIT_STEP_MAX {
                stream.jitter =
                    stream.jitter + u64::from(step) - ((stream.jitter + 8) >> 4).min(stream.jitter);
            }
        }
    }

    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|s| s.ssrc)
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    pub(crate) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Packets that never came, so far.
    pub(crate) fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// Jitter in samples.
    pub(crate) fn jitter(&self) -> u32 {
        self.stream.as_ref().map_or(0, |s| u32::try_from(s.jitter >> 4).unwrap_or(u32::MAX))
    }

    /// Highest sequence number with the count of wraps above it, for a report.
    pub(crate) fn extended_highest(&self) -> u32 {
        self.stream.as_ref().map_or(0, |s| (s.highest - 0x1_0000) as u32)
    }

    /// The share lost since the last report, in 1/256 (RFC 3550 appendix A.3).
    pub(crate) fn take_fraction_lost(&mut self) -> u8 {
        let expected = self.expected().saturating_sub(self.reported_expected);
        let received = self.received.saturating_sub(self.reported_received);
        (self.reported_expected, self.reported_received) = (self.expected(), self.received);
        let lost = expected.saturating_sub(received);
        (lost << 8).checked_div(expected).map_or(0, |share| u8::try_from(share).unwrap_or(u8::MAX))
    }

    fn expected(&self) -> u64 {
        self.earlier_expected + self.stream.as_ref().map_or(0, |s| s.highest - s.first + 1)
    }
}

enum Place {
    At(u64),
    Anew,
    Taken,
    Doubtful,
}

impl Stream {
    fn place(&mut self, sequence: u16) -> Place {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        let behind = ahead.wrapping_neg();
        if ahead == 0 {
            return Place::Taken;
        }
        if ahead <= SEQUENCE_JUMP_MAX {
            let step = u64::from(ahead);
            self.highest += step;
            self.seen = if step < WINDOW { self.seen << step | 1 } else { 1 };
            self.suspect = None;
            return Place::At(self.highest);
        }
        if behind <= MISORDER_MAX {
            let back = u64::from(behind);
            let bit = if back < WINDOW {
                1 << back
            } else {
                return Place::Taken;
            };
            if self.seen & bit != 0 {
                return Place::Taken;
            }
            self.seen |= bit;
            let extended = self.highest - back;
            // A packet from before the first one heard widens what was expected.
            self.first = self.first.min(extended);
            return Place::At(extended);
        }
        if self.suspect == Some(sequence) {
            return Place::Anew;
        }
        self.suspect = Some(sequence.wrapping_add(1));
        Place::Doubtful
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(reception: &mut Reception, sequence: u16) -> bool {
        matches!(reception.note(1, sequence), Arrival::Fresh { restarted: false, .. })
    }

    #[test]
    fn losses_are_counted_across_a_wrap_and_late_packets_are_no_losses() {
        let mut reception = Reception::default();
        assert_eq!(reception.note(1, 65_533), Arrival::Fresh { extended: 0x1_FFFD, restarted: true });
        assert!(fresh(&mut reception, 65_535));
        assert!(fresh(&mut reception, 2));
        assert_eq!(reception.lost(), 3);
        assert!(fresh(&mut reception, 0), "65534, 0 and 1 were missing; 0 came late");
        assert_eq!(reception.lost(), 2);
        assert_eq!(reception.extended_highest(), 0x1_0002);
        assert_eq!(reception.take_fraction_lost(), (2 * 256 / 6) as u8);
        assert_eq!(reception.take_fraction_lost(), 0);
    }

    #[test]
    fn a_packet_that_comes_twice_is_taken_once() {
        let mut reception = Reception::default();
        reception.note(1, 10);
        assert!(fresh(&mut reception, 12) && fresh(&mut reception, 11));
        for again in [10, 11, 12] {
            assert_eq!(reception.note(1, again), Arrival::Repeated);
        }
        assert_eq!((reception.duplicates(), reception.lost()), (3, 0));
    }

    #[test]
    fn a_jump_is_believed_only_when_the_next_number_follows() {
        let mut reception = Reception::default();
        reception.note(1, 10);
        assert_eq!(reception.note(1, 30_000), Arrival::Unsettled);
        assert!(fresh(&mut reception, 11), "one stray number does not move the stream");
        assert_eq!(reception.note(1, 40_000), Arrival::Unsettled);
        assert!(matches!(reception.note(1, 40_001), Arrival::Fresh { restarted: true, .. }));
        assert_eq!(reception.lost(), 0);
    }

    #[test]
    fn steady_packets_have_no_jitter_and_unsteady_ones_have() {
        let (mut steady, mut unsteady) = (Reception::default(), Reception::default());
        for n in 0..200u32 {
            for (reception, wobble) in [(&mut steady, 0), (&mut unsteady, u64::from(n % 2) * 10_000)] {
                reception.note(1, n as u16);
                reception.measure(Timestamp(u64::from(n) * 20_000 + wobble), n * 160);
            }
        }
        assert_eq!(steady.jitter(), 0);
        assert!((75..=80).contains(&unsteady.jitter()), "10 ms are 80 samples, not {}", unsteady.jitter());
    }
}
