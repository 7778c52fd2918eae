//! Where guids come from: a keyed one-way function of a seed, so that a stranger who has seen some cannot guess others.

use crate::id::Guid;

/// Draws guids. The same seed at the same place of the journal draws the same guids.
#[derive(Debug)]
pub(crate) struct GuidSource {
    seed: u64,
    drawn: u64,
}

impl GuidSource {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// The next guid. The journal's length is part of it: a process restarted with the same seed does not repeat
    /// the guids of the one before.
    pub(crate) fn draw(&mut self, seq: u64) -> Guid {
        self.drawn += 1;
        let high = sip_hash(self.seed, [seq, self.drawn, 0]);
        let low = sip_hash(self.seed, [seq, self.drawn, 1]);
        Guid(u128::from(high) << 64 | u128::from(low))
    }
}

/// SipHash-2-4 (Aumasson and Bernstein 2012) over three words.
fn sip_hash(seed: u64, words: [u64; 3]) -> u64 {
    let (k0, k1) = (seed, seed.rotate_left(32) ^ 0x9e37_79b9_7f4a_7c15);
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    // The last block of SipHash holds the length of the message in its top byte: 24 bytes.
    for word in words.into_iter().chain([24 << 56]) {
        v[3] ^= word;
        sip_rounds(&mut v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    sip_rounds(&mut v, 4);
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn sip_rounds(v: &mut [u64; 4], rounds: u32) {
    for _ in 0..rounds {
        v[0] = v[0].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(13) ^ v[0];
        v[0] = v[0].rotate_left(32);
        v[2] = v[2].wrapping_add(v[3]);
        v[3] = v[3].rotate_left(16) ^ v[2];
        v[0] = v[0].wrapping_add(v[3]);
        v[3] = v[3].rotate_left(21) ^ v[0];
        v[2] = v[2].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(17) ^ v[2];
        v[2] = v[2].rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn guids_differ_and_the_same_seed_draws_the_same() {
        let draw = |seed, seq| {
            let mut source = GuidSource::new(seed);
            (0..100).map(|_| source.draw(seq)).collect::<BTreeSet<_>>()
        };
        assert_eq!(draw(1, 1).len(), 100);
        assert_eq!(draw(1, 1), draw(1, 1));
        assert!(draw(1, 1).is_disjoint(&draw(2, 1)));
        assert!(draw(1, 1).is_disjoint(&draw(1, 2)), "a restart repeats no guid");
    }
}
