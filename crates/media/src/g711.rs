//! G.711: the two companding laws, by table.

use crate::time::FRAME_SAMPLES;

/// One of the two laws of ITU-T G.711.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// Mu-law (North America, Japan).
    Pcmu,
    /// A-law (elsewhere).
    Pcma,
}

/// Mu-law code to 16-bit sample.
pub const ULAW_TO_LINEAR: [i16; 256] = decode_table(Codec::Pcmu);
/// A-law code to 16-bit sample.
pub const ALAW_TO_LINEAR: [i16; 256] = decode_table(Codec::Pcma);
/// Mu-law code to the nearest A-law code.
pub const ULAW_TO_ALAW: [u8; 256] = translate_table(Codec::Pcmu);
/// A-law code to the nearest mu-law code.
pub const ALAW_TO_ULAW: [u8; 256] = translate_table(Codec::Pcma);

impl Codec {
    /// The code for silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcmu => 0xFF,
            Self::Pcma => 0xD5,
        }
    }

    /// One frame of silence.
    #[must_use]
    pub const fn silent_frame(self) -> [u8; FRAME_SAMPLES] {
        [self.silence(); FRAME_SAMPLES]
    }

    /// The static payload type (RFC 3551 section 6).
    #[must_use]
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// Its table from code to sample.
    #[must_use]
    pub const fn to_linear(self) -> &'static [i16; 256] {
        match self {
            Self::Pcmu => &ULAW_TO_LINEAR,
            Self::Pcma => &ALAW_TO_LINEAR,
        }
    }

    /// The code nearest to a sample.
    #[must_use]
    pub const fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcmu => encode_ulaw(sample),
            Self::Pcma => encode_alaw(sample),
        }
    }

    /// The table that turns this law's codes into `other`'s, or nothing when both are the same.
    #[must_use]
    pub fn translation(self, other: Self) -> Option<&'static [u8; 256]> {
        match (self, other) {
            (Self::Pcmu, Self::Pcma) => Some(&ULAW_TO_ALAW),
            (Self::Pcma, Self::Pcmu) => Some(&ALAW_TO_ULAW),
            (Self::Pcmu, Self::Pcmu) | (Self::Pcma, Self::Pcma) => None,
        }
    }

    /// Appends `codes` of this law to `into` as codes of `other`.
    pub fn translate_into(self, other: Self, codes: &[u8], into: &mut Vec<u8>) {
        match self.translation(other) {
            Some(table) => into.extend(codes.iter().map(|code| table[usize::from(*code)])),
            None => into.extend_from_slice(codes),
        }
    }
}

/// G.711 table 2: bias 33 (132 in 16 bits), eight segments, all bits inverted.
const fn encode_ulaw(sample: i16) -> u8 {
    const BIAS: i32 = 132;
    const CLIP: i32 = 32_635;
    // Negative values are mirrored by complement, as in ITU-T G.191 (`ulaw_compress`, `alaw_compress`).
    let (sign, magnitude) = if sample < 0 { (0x80, !(sample as i32)) } else { (0, sample as i32) };
    let magnitude = (if magnitude > CLIP { CLIP } else { magnitude }) + BIAS;
    let segment = 31 - (magnitude as u32).leading_zeros() as i32 - 7;
    let step = (magnitude >> (segment + 3)) & 0x0F;
    !((sign | (segment << 4) | step) as u8)
}

const fn decode_ulaw(code: u8) -> i16 {
    let code = !code;
    let segment = (code >> 4) & 0x07;
    let magnitude = ((((code & 0x0F) as i32) << 3) + 132) << segment;
    let sample = magnitude - 132;
    (if code & 0x80 == 0 { sample } else { -sample }) as i16
}

/// G.711 table 1: sixteen linear steps, seven doubling segments, even bits inverted.
const fn encode_alaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 { (0, !(sample as i32) >> 4) } else { (0x80, sample as i32 >> 4) };
    let code = if magnitude < 16 {
        magnitude
    } else {
        let segment = 31 - (magnitude as u32).leading_zeros() as i32 - 3;
        (segment << 4) | ((magnitude >> (segment - 1)) & 0x0F)
    };
    ((sign | code) as u8) ^ 0x55
}

const fn decode_alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = (code >> 4) & 0x07;
    let step = ((code & 0x0F) as i32) << 4;
    let magnitude = if segment == 0 { step + 8 } else { (step + 264) << (segment - 1) };
    (if code & 0x80 == 0 { -magnitude } else { magnitude }) as i16
}

const fn decode_table(codec: Codec) -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match codec {
            Codec::Pcmu => decode_ulaw(code as u8),
            Codec::Pcma => decode_alaw(code as u8),
        };
        code += 1;
    }
    table
}

const fn translate_table(from: Codec) -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match from {
            Codec::Pcmu => encode_alaw(ULAW_TO_LINEAR[code]),
            Codec::Pcma => encode_ulaw(ALAW_TO_LINEAR[code]),
        };
        code += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decoding as ITU-T G.711 states it: 14-bit (mu) and 13-bit (A) values, here scaled to 16 bits.
    fn formula(codec: Codec, code: u8) -> i32 {
        match codec {
            Codec::Pcmu => {
                let code = i32::from(!code);
                let (segment, step) = ((code >> 4) & 7, code & 15);
                let value = 2i32.pow(segment as u32) * (2 * step + 33) - 33;
                4 * if code & 0x80 == 0 { value } else { -value }
            }
            Codec::Pcma => {
                let code = i32::from(code ^ 0x55);
                let (segment, step) = ((code >> 4) & 7, code & 15);
                let value =
                    if segment == 0 { 2 * step + 1 } else { 2i32.pow(segment as u32 - 1) * (2 * step + 33) };
                8 * if code & 0x80 == 0 { -value } else { value }
            }
        }
    }

    /// Encoding as the loops of ITU-T G.191 do it.
    fn reference(codec: Codec, sample: i16) -> u8 {
        let magnitude = if sample < 0 { !sample } else { sample };
        match codec {
            Codec::Pcmu => {
                let absolute = ((magnitude >> 2) + 33).min(0x1FFF);
                let (mut rest, mut segment) = (absolute >> 6, 1);
                while rest != 0 {
                    segment += 1;
                    rest >>= 1;
                }
                let code = ((8 - segment) << 4) | (0xF - ((absolute >> segment) & 0xF));
                code as u8 | if sample >= 0 { 0x80 } else { 0 }
            }
            Codec::Pcma => {
                let mut rest = magnitude >> 4;
                if rest > 15 {
                    let mut segment = 1;
                    while rest > 31 {
                        rest >>= 1;
                        segment += 1;
                    }
                    rest = (rest - 16) + (segment << 4);
                }
                (rest as u8 | if sample >= 0 { 0x80 } else { 0 }) ^ 0x55
            }
        }
    }

    #[test]
    fn all_256_codes_decode_as_the_standard_says() {
        for codec in [Codec::Pcmu, Codec::Pcma] {
            for code in 0..=255u8 {
                let sample = codec.to_linear()[usize::from(code)];
                assert_eq!(i32::from(sample), formula(codec, code), "{codec:?} {code:#x}");
            }
        }
    }

    #[test]
    fn all_65536_samples_encode_as_the_standard_says() {
        for codec in [Codec::Pcmu, Codec::Pcma] {
            for sample in i16::MIN..=i16::MAX {
                assert_eq!(codec.encode(sample), reference(codec, sample), "{codec:?} {sample}");
            }
        }
    }

    #[test]
    fn a_code_decoded_and_encoded_is_the_same_code() {
        for codec in [Codec::Pcmu, Codec::Pcma] {
            for code in 0..=255u8 {
                let again = codec.encode(codec.to_linear()[usize::from(code)]);
                // Mu-law has two zeros.
                let expected = if codec == Codec::Pcmu && code == 0x7F { 0xFF } else { code };
                assert_eq!(again, expected, "{codec:?} {code:#x}");
            }
        }
    }

    #[test]
    fn translation_stays_within_one_step_and_silence_stays_silent() {
        for (from, to) in [(Codec::Pcmu, Codec::Pcma), (Codec::Pcma, Codec::Pcmu)] {
            let table = from.translation(to).unwrap();
            for code in 0..=255u8 {
                let before = i32::from(from.to_linear()[usize::from(code)]);
                let after = i32::from(to.to_linear()[usize::from(table[usize::from(code)])]);
                assert!(
                    (before - after).abs() <= 16.max(before.abs() / 24),
                    "{from:?} {code:#x}: {before} {after}"
                );
            }
            let silence = to.to_linear()[usize::from(table[usize::from(from.silence())])];
            assert!(silence.abs() <= 8, "{silence}");
        }
        assert_eq!(Codec::Pcmu.translation(Codec::Pcmu), None);
    }
}
