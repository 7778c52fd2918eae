//! RTCP: sender and receiver reports (RFC 3550 section 6), read and written.

use crate::time::Timestamp;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;

/// Packets of one compound that are looked at; the rest is ignored.
const COMPOUND_MAX: usize = 16;

/// What one party says about a stream that it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReportBlock {
    /// The stream reported on.
    pub(crate) ssrc: u32,
    pub(crate) fraction_lost: u8,
    /// Cumulative; negative when packets were repeated.
    pub(crate) lost: i32,
    pub(crate) extended_highest: u32,
    /// In samples.
    pub(crate) jitter: u32,
    /// The middle of the NTP time of the last sender report heard, or zero.
    pub(crate) last_report: u32,
    /// Time since that report came, in 1/65536 s.
    pub(crate) delay: u32,
}

/// What one party says about what it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SenderPart {
    /// The middle 32 bits of its NTP time.
    pub(crate) ntp_middle: u32,
}

/// A compound, as far as it concerns us.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The sender report of each SSRC that gave one.
    pub(crate) senders: Vec<(u32, SenderPart)>,
    pub(crate) blocks: Vec<ReportBlock>,
}

/// Reads a compound; `None` when a length in it does not fit.
pub(crate) fn parse(bytes: &[u8]) -> Option<Heard> {
    let mut heard = Heard::default();
    let mut rest = bytes;
    for _ in 0..COMPOUND_MAX {
        if rest.is_empty() {
            break;
        }
        let head: [u8; 4] = rest.get(..4)?.try_into().ok()?;
        if head[0] >> 6 != 2 {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([head[2], head[3]])) * 4;
        let body = rest.get(4..)?.get(..length)?;
        let count = usize::from(head[0] & 0x1F);
        match head[1] {
            SENDER_REPORT => {
                let sender = SenderPart { ntp_middle: (word(body, 1)? << 16) | (word(body, 2)? >> 16) };
                heard.senders.push((word(body, 0)?, sender));
                parse_blocks(body.get(24..)?, count, &mut heard.blocks)?;
            }
            RECEIVER_REPORT => {
                word(body, 0)?;
                parse_blocks(body.get(4..)?, count, &mut heard.blocks)?;
            }
            _ => {}
        }
        rest = &rest[4 + length..];
    }
    Some(heard)
}

fn parse_blocks(bytes: &[u8], count: usize, into: &mut Vec<ReportBlock>) -> Option<()> {
    for n in 0..count {
        let block = bytes.get(n * 24..n * 24 + 24)?;
        let loss = word(block, 1)?;
        into.push(ReportBlock {
            ssrc: word(block, 0)?,
            fraction_lost: (loss >> 24) as u8,
            // Sign of 24 bits.
            lost: ((loss << 8) as i32) >> 8,
            extended_highest: word(block, 2)?,
            jitter: word(block, 3)?,
            last_report: word(block, 4)?,
            delay: word(block, 5)?,
        });
    }
    Some(())
}

fn word(bytes: &[u8], n: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(n * 4..n * 4 + 4)?.try_into().ok()?))
}

/// What we say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report<'a> {
    pub(crate) ssrc: u32,
    /// RFC 7022: random per port, says nothing about us.
    pub(crate) name: u64,
    /// Timestamp, packets and bytes sent, when something was sent since the last report.
    pub(crate) sent: Option<(u32, u64, u64)>,
    pub(crate) block: Option<&'a ReportBlock>,
    pub(crate) goodbye: bool,
}

impl Report<'_> {
    /// Appends the compound: report, source description, and goodbye at the end.
    pub(crate) fn write_into(&self, now: Timestamp, into: &mut Vec<u8>) {
        let blocks = u8::from(self.block.is_some());
        let words = u16::from(blocks) * 6;
        match self.sent {
            Some((timestamp, packets, bytes)) => {
                head(blocks, SENDER_REPORT, 6 + words, into);
                let ntp = ntp(now);
                let fields =
                    [self.ssrc, (ntp >> 32) as u32, ntp as u32, timestamp, packets as u32, bytes as u32];
                fields.iter().for_each(|field| into.extend_from_slice(&field.to_be_bytes()));
            }
            None => {
                head(blocks, RECEIVER_REPORT, 1 + words, into);
                into.extend_from_slice(&self.ssrc.to_be_bytes());
            }
        }
        if let Some(block) = self.block {
            let loss = (u32::from(block.fraction_lost) << 24) | (block.lost as u32 & 0x00FF_FFFF);
            let fields =
                [block.ssrc, loss, block.extended_highest, block.jitter, block.last_report, block.delay];
            fields.iter().for_each(|field| into.extend_from_slice(&field.to_be_bytes()));
        }
        // One chunk: SSRC, CNAME of 16 hex digits, and a null that ends and pads it to full words.
        head(1, SOURCE_DESCRIPTION, 6, into);
        into.extend_from_slice(&self.ssrc.to_be_bytes());
        into.extend_from_slice(&[1, 16]);
        into.extend_from_slice(format!("{:016x}", self.name).as_bytes());
        into.extend_from_slice(&[0, 0]);
        if self.goodbye {
            head(1, GOODBYE, 1, into);
            into.extend_from_slice(&self.ssrc.to_be_bytes());
        }
    }
}

fn head(count: u8, packet_type: u8, words: u16, into: &mut Vec<u8>) {
    into.extend_from_slice(&[0x80 | count, packet_type]);
    into.extend_from_slice(&words.to_be_bytes());
}

/// NTP time of the monotonic clock: good for round trips, says nothing of the time of day
/// (RFC 3550 section 6.4.1 allows it for senders without a wall clock).
pub(crate) fn ntp(now: Timestamp) -> u64 {
    let (seconds, micros) = (now.0 / 1_000_000, now.0 % 1_000_000);
    (seconds << 32) | ((micros << 32) / 1_000_000)
}

/// The middle 32 bits of [`ntp`]: 1/65536 s.
pub(crate) fn ntp_middle(now: Timestamp) -> u32 {
    (ntp(now) >> 16) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block() -> ReportBlock {
        ReportBlock {
            ssrc: 5,
            fraction_lost: 25,
            lost: -3,
            extended_highest: 0x1_0005,
            jitter: 44,
            last_report: 0x0102_0304,
            delay: 0x1_0000,
        }
    }

    #[test]
    fn a_written_report_reads_the_same() {
        let now = Timestamp(3_500_000);
        for sent in [Some((1, 2, 3)), None] {
            let mut bytes = Vec::new();
            Report { ssrc: 9, name: 0xABCD, sent, block: Some(&block()), goodbye: true }
                .write_into(now, &mut bytes);
            assert_eq!(bytes.len() % 4, 0);
            let heard = parse(&bytes).unwrap();
            assert_eq!(heard.blocks, [block()]);
            let senders: Vec<_> = heard.senders.iter().map(|(ssrc, s)| (*ssrc, s.ntp_middle)).collect();
            assert_eq!(senders, sent.map(|_| (9, 0x0003_8000)).into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_report_with_more_blocks_than_bytes_is_refused() {
        let mut bytes = Vec::new();
        Report { ssrc: 9, name: 1, sent: None, block: Some(&block()), goodbye: false }
            .write_into(Timestamp(0), &mut bytes);
        bytes[0] |= 0x1F;
        assert_eq!(parse(&bytes), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn a_damaged_report_is_parsed_or_refused_without_panic(at in 0usize..60, value: u8) {
            let mut bytes = Vec::new();
            Report { ssrc: 9, name: 1, sent: Some((1, 2, 3)), block: Some(&block()), goodbye: true }
                .write_into(Timestamp(0), &mut bytes);
            let at = at % bytes.len();
            bytes[at] = value;
            let _ = parse(&bytes);
        }
    }
}
