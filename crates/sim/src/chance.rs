//! Chance from a seed: the same seed tells the same story.

use std::ops::RangeInclusive;

/// A source of numbers (SplitMix64), good enough for weather and habits; nothing secret is drawn from it.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// Begins the sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// An independent sequence for another purpose.
    pub fn branch(&mut self) -> Self {
        Self::new(self.number())
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Evenly from a range.
    pub fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.number() % (range.end() - range.start() + 1)
    }

    /// Whether something that happens `permille` times in a thousand happens now.
    pub fn permille(&mut self, permille: u32) -> bool {
        self.number() % 1_000 < u64::from(permille)
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let index = usize::try_from(self.number() % u64::try_from(from.len().max(1)).ok()?).ok()?;
        from.get(index)
    }
}
