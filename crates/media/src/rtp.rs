//! RTP packets (RFC 3550 section 5.1), read and written.

use thiserror::Error;

use crate::limits::DATAGRAM_MAX;

const FIXED_HEADER: usize = 12;

/// One RTP packet; contributing sources, extension and padding are checked and left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// What the payload is, as agreed by SDP (7 bits).
    pub payload_type: u8,
    /// First packet after silence, or of an event.
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Sampling instant of the first sample.
    pub timestamp: u32,
    /// The stream.
    pub ssrc: u32,
    /// Audio or event, without padding.
    pub payload: &'a [u8],
}

/// Why a datagram is not an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RtpError {
    /// Shorter than the fixed header.
    #[error("shorter than an RTP header")]
    TooShort,
    /// Longer than [`DATAGRAM_MAX`].
    #[error("longer than {DATAGRAM_MAX} bytes")]
    TooLong,
    /// Not RTP version 2 (STUN, DTLS and noise end here).
    #[error("not RTP version 2")]
    Version,
    /// The list of contributing sources passes the end.
    #[error("contributing sources pass the end")]
    Sources,
    /// The header extension passes the end.
    #[error("header extension passes the end")]
    Extension,
    /// The padding is zero or longer than what it pads.
    #[error("padding longer than the payload")]
    Padding,
}

impl<'a> RtpPacket<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// When the datagram is not RTP; no length in it is believed unchecked.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtpError> {
        if bytes.len() > DATAGRAM_MAX {
            return Err(RtpError::TooLong);
        }
        let (header, rest) = bytes.split_at_checked(FIXED_HEADER).ok_or(RtpError::TooShort)?;
        if header[0] >> 6 != 2 {
            return Err(RtpError::Version);
        }
        let sources = usize::from(header[0] & 0x0F) * 4;
        let mut payload = rest.get(sources..).ok_or(RtpError::Sources)?;
        if header[0] & 0x10 != 0 {
            let (head, rest) = payload.split_at_checked(4).ok_or(RtpError::Extension)?;
            let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
            payload = rest.get(words * 4..).ok_or(RtpError::Extension)?;
        }
        if header[0] & 0x20 != 0 {
            let padding = usize::from(*payload.last().ok_or(RtpError::Padding)?);
            if padding == 0 || padding > payload.len() {
                return Err(RtpError::Padding);
            }
            payload = &payload[..payload.len() - padding];
        }
        Ok(Self {
            payload_type: header[1] & 0x7F,
            marker: header[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([header[2], header[3]]),
            timestamp: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
            ssrc: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
            payload,
        })
    }

    /// Appends the packet to `into`, with the plain twelve-byte header.
    pub fn write_into(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&[0x80, (u8::from(self.marker) << 7) | (self.payload_type & 0x7F)]);
        into.extend_from_slice(&self.sequence.to_be_bytes());
        into.extend_from_slice(&self.timestamp.to_be_bytes());
        into.extend_from_slice(&self.ssrc.to_be_bytes());
        into.extend_from_slice(self.payload);
    }
}

/// Whether a datagram on an RTP socket is RTCP (RFC 5761 section 4: packet types 192 to 223).
#[must_use]
pub(crate) fn is_rtcp(bytes: &[u8]) -> bool {
    bytes.len() >= 2 && bytes[0] >> 6 == 2 && (192..=223).contains(&bytes[1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        RtpPacket { payload_type: 8, marker: true, sequence: 7, timestamp: 9, ssrc: 11, payload }
            .write_into(&mut bytes);
        bytes
    }

    #[test]
    fn sources_extension_and_padding_are_stripped() {
        let mut bytes = plain(&[]);
        bytes[0] = 0x80 | 0x20 | 0x10 | 2;
        bytes.extend_from_slice(&[0; 8]); // two contributing sources
        bytes.extend_from_slice(&[0xBE, 0xDE, 0, 1, 1, 2, 3, 4]); // one word of extension
        bytes.extend_from_slice(&[0x55, 0x66, 0, 0, 3]); // two bytes of payload, three of padding
        assert_eq!(RtpPacket::parse(&bytes).unwrap().payload, [0x55, 0x66]);
    }

    #[test]
    fn lengths_that_pass_the_end_are_refused() {
        let with = |first: u8, tail: &[u8]| {
            let mut bytes = plain(tail);
            bytes[0] = first;
            RtpPacket::parse(&bytes).unwrap_err()
        };
        assert_eq!(with(0x82, &[0; 7]), RtpError::Sources);
        assert_eq!(with(0x90, &[0; 3]), RtpError::Extension);
        assert_eq!(with(0x90, &[0, 0, 0xFF, 0xFF, 1]), RtpError::Extension);
        assert_eq!(with(0xA0, &[]), RtpError::Padding);
        assert_eq!(with(0xA0, &[1, 2, 0]), RtpError::Padding);
        assert_eq!(with(0xA0, &[1, 2, 4]), RtpError::Padding);
        assert_eq!(with(0x40, &[0; 20]), RtpError::Version);
        assert_eq!(RtpPacket::parse(&[0x80; 11]), Err(RtpError::TooShort));
        assert_eq!(RtpPacket::parse(&[0x80; DATAGRAM_MAX + 1]), Err(RtpError::TooLong));
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(packet) = RtpPacket::parse(&bytes) {
                prop_assert!(packet.payload.len() + FIXED_HEADER <= bytes.len());
            }
        }

        #[test]
        fn a_written_packet_reads_the_same(
            payload_type in 0u8..128, marker: bool, sequence: u16, timestamp: u32, ssrc: u32,
            payload in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let packet = RtpPacket { payload_type, marker, sequence, timestamp, ssrc, payload: &payload };
            let mut bytes = Vec::new();
            packet.write_into(&mut bytes);
            prop_assert_eq!(RtpPacket::parse(&bytes), Ok(packet));
        }
    }
}
