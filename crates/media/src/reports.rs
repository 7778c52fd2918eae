//! When a port reports, and what the far end reported about us.

use crate::limits::RTCP_INTERVAL;
use crate::outgoing::Outgoing;
use crate::reception::Reception;
use crate::rtcp::{self, Report, ReportBlock};
use crate::seed::Seed;
use crate::time::Timestamp;

/// A round trip beyond a minute is a wrong clock, not a far place.
const ROUND_TRIP_MAX: u32 = 60 << 16;

#[derive(Debug)]
pub(crate) struct Reports {
    due: Timestamp,
    name: u64,
    packets_reported: u64,
    /// Middle of the NTP time in the party's last sender report, and when it came.
    last_heard: Option<(u32, Timestamp)>,
    remote_lost: u64,
    remote_jitter: u32,
    round_trip_us: Option<u32>,
}

impl Reports {
    pub(crate) fn new(now: Timestamp, seed: &mut Seed) -> Self {
        Self {
            due: next(now, seed),
            name: seed.next_u64(),
            packets_reported: 0,
            last_heard: None,
            remote_lost: 0,
            remote_jitter: 0,
            round_trip_us: None,
        }
    }

    pub(crate) fn is_due(&mut self, now: Timestamp, seed: &mut Seed) -> bool {
        let due = now >= self.due;
        if due {
            self.due = next(now, seed);
        }
        due
    }

    /// Takes a compound of the party. Says whether it could be read.
    #[must_use]
    pub(crate) fn hear(&mut self, now: Timestamp, bytes: &[u8], ours: u32, theirs: Option<u32>) -> bool {
        let Some(heard) = rtcp::parse(bytes) else {
            return false;
        };
        for (ssrc, sender) in heard.senders {
            if Some(ssrc) == theirs {
                self.last_heard = Some((sender.ntp_middle, now));
            }
        }
        for block in heard.blocks {
            if block.ssrc == ours {
                self.remote_lost = u64::try_from(block.lost).unwrap_or(0);
                self.remote_jitter = block.jitter;
                self.round_trip_us = round_trip(now, &block).or(self.round_trip_us);
            }
        }
        true
    }

    /// Packets lost, jitter in samples and round trip as the far end saw them.
    pub(crate) fn remote_view(&self) -> (u64, u32, Option<u32>) {
        (self.remote_lost, self.remote_jitter, self.round_trip_us)
    }

    /// Appends our report on both directions.
    pub(crate) fn write_into(
        &mut self,
        now: Timestamp,
        outgoing: &Outgoing,
        reception: &mut Reception,
        goodbye: bool,
        into: &mut Vec<u8>,
    ) {
        let (last_report, delay) = self.last_heard.map_or((0, 0), |(middle, heard_at)| {
            let delay = (now.micros_since(heard_at) << 16) / 1_000_000;
            (middle, u32::try_from(delay).unwrap_or(u32::MAX))
        });
        let block = reception.ssrc().map(|ssrc| ReportBlock {
            ssrc,
            fraction_lost: reception.take_fraction_lost(),
            // RFC 3550 appendix A.3 clamps to 24 bits.
            lost: i32::try_from(reception.lost()).unwrap_or(i32::MAX).min(0x7F_FFFF),
            extended_highest: reception.extended_highest(),
            jitter: reception.jitter(),
            last_report,
            delay,
        });
        let packets = outgoing.packets();
        let sent =
            (packets > self.packets_reported).then(|| (outgoing.clock(now), packets, outgoing.bytes()));
        self.packets_reported = packets;
        Report { ssrc: outgoing.ssrc(), name: self.name, sent, block: block.as_ref(), goodbye }
            .write_into(now, into);
    }
}

/// RFC 3550 section 6.2: half to one and a half intervals, so that ports do not report all at once.
fn next(now: Timestamp, seed: &mut Seed) -> Timestamp {
    let interval = RTCP_INTERVAL.as_micros() as u64;
    Timestamp(now.0.saturating_add(interval / 2 + seed.next_u64() % interval))
}

/// RFC 3550 section 6.4.1: arrival less the delay at the far end less our report's time.
fn round_trip(now: Timestamp, block: &ReportBlock) -> Option<u32> {
    if block.last_report == 0 {
        return None;
    }
    let trip = rtcp::ntp_middle(now).wrapping_sub(block.last_report).wrapping_sub(block.delay);
    (trip < ROUND_TRIP_MAX).then(|| ((u64::from(trip) * 1_000_000) >> 16) as u32)
}
