//! The waiting calls of a queue in the order of their turns, with the count of those before each.
//!
//! Turns are kept in sorted chunks of bounded length: to put one in or out moves at most a chunk, and to count those before
//! one adds up the lengths of the chunks before it (some 400 of them at 100,000 calls, a fraction of a microsecond).

use serde::{Deserialize, Serialize};

use super::pool::Turn;

/// A chunk longer than this is split in two.
const CHUNK_MAX: usize = 512;

/// See the module's first line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Each sorted and none empty; all of one come before all of the next.
    chunks: Vec<Vec<Turn>>,
}

impl Line {
    pub(crate) fn insert(&mut self, turn: Turn) {
        let chunk = self.chunk_of(&turn).min(self.chunks.len().saturating_sub(1));
        let Some(list) = self.chunks.get_mut(chunk) else {
            return self.chunks.push(vec![turn]);
        };
        let at = list.partition_point(|other| *other < turn);
        list.insert(at, turn);
        if list.len() > CHUNK_MAX {
            let second = list.split_off(CHUNK_MAX / 2);
            self.chunks.insert(chunk + 1, second);
        }
    }

    pub(crate) fn remove(&mut self, turn: &Turn) {
        let chunk = self.chunk_of(turn);
        let Some(list) = self.chunks.get_mut(chunk) else { return };
        let Ok(at) = list.binary_search(turn) else { return };
        list.remove(at);
        if list.is_empty() {
            self.chunks.remove(chunk);
        }
    }

    /// How many come before it.
    pub(crate) fn before(&self, turn: &Turn) -> usize {
        let chunk = self.chunk_of(turn);
        let whole: usize = self.chunks.iter().take(chunk).map(Vec::len).sum();
        whole + self.chunks.get(chunk).map_or(0, |list| list.partition_point(|other| other < turn))
    }

    /// Whose turn is next.
    pub(crate) fn first(&self) -> Option<&Turn> {
        self.chunks.first().and_then(|list| list.first())
    }

    /// Those after so many, in order.
    pub(crate) fn from(&self, skipped: usize) -> impl Iterator<Item = &Turn> {
        self.chunks.iter().flatten().skip(skipped)
    }

    /// The chunk where a turn is or would be; past the end when it comes after all.
    fn chunk_of(&self, turn: &Turn) -> usize {
        self.chunks.partition_point(|list| list.last().is_some_and(|last| last < turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::CallId;
    use core::cmp::Reverse;
    use std::collections::BTreeSet;

    #[test]
    fn it_counts_as_a_plain_list_does() {
        let (mut line, mut plain) = (Line::default(), BTreeSet::new());
        let mut chance = 1_u64;
        for step in 0..6_000_u64 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let drawn = chance >> 33;
            let turn = Turn {
                urgency: Reverse((drawn % 3) as u8),
                since: (drawn % 900) as i64,
                call: CallId(drawn % 7),
            };
            // It grows to some thousand turns, and shrinks to none.
            if step < 4_000 && !drawn.is_multiple_of(3) {
                if plain.insert(turn) {
                    line.insert(turn);
                }
            } else {
                let out = if step < 4_000 { Some(turn) } else { plain.first().copied() };
                out.iter().filter(|turn| plain.remove(turn)).for_each(|turn| line.remove(turn));
            }
            let probe = plain.range(turn..).next().copied().unwrap_or(turn);
            assert_eq!(line.before(&probe), plain.range(..probe).count(), "step {step}");
            assert_eq!(line.first(), plain.first());
        }
        assert_eq!((line, plain.len()), (Line::default(), 0));
    }
}
