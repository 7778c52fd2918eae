//! Keys heard as tones in the audio (ITU-T Q.23 and Q.24), for trunks that know no telephone events.
//!
//! Blocks of 12.75 ms that overlap by half are judged each by itself: two of the eight frequencies, one of each group,
//! that hold nearly all that is heard, at levels that fit each other. A key takes as many such blocks in a row as every
//! tone of 40 ms has; speech and music have them singly. It is told when it is let go, as telephone events are.

use std::collections::VecDeque;

use crate::dtmf::{Digit, Key};
use crate::g711::Codec;
use crate::limits::{DTMF_LOST_END, DTMF_TWICE};
use crate::time::{SAMPLE_RATE, Timestamp};

/// Samples of a block: long enough to tell 697 Hz from 770 Hz, short enough to fit a tone of 40 ms several times.
const BLOCK: usize = 102;
const STEP: usize = BLOCK / 2;

/// Blocks in a row that make a key: 40 ms of tone have four at least, 24 ms never.
const HITS: u32 = 4;
/// Blocks in a row without it that end a key: a pause of 40 ms has more, an interruption of 10 ms (Q.24) fewer.
const MISSES: u32 = 4;

/// Samples left out of a stream, from which on it is a pause that was not sent, and not a loss.
const PAUSE_SAMPLES: i32 = 320;

/// The two groups of Q.23 in Hz: 697, 770, 852, 941 and 1209, 1336, 1477, 1633; as twice the cosine of the phase that a
/// sample takes.
const ROWS: [f32; 4] = [1.707_737_8, 1.645_281, 1.568_687, 1.478_204_6];
const COLUMNS: [f32; 4] = [1.164_104, 0.996_370_2, 0.798_618_4, 0.568_532_7];
const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// Either tone's least energy in a block: -39 dBFS, which leaves room below the -25 dBm of Q.24 for twist and
/// frequencies that are a little off.
const ENERGY_MIN: f32 = BLOCK as f32 / 2.0 * 367.0 * 367.0;
/// By how much the lower tone may be louder: 8 dB are to be taken, and 3 dB of its partner are lost off its frequency.
const TWIST: f32 = 12.6;
/// By how much the higher tone may be louder: 4 dB are to be taken, and little of the lower is lost.
const REVERSE_TWIST: f32 = 4.0;
/// By how much a tone stands out of its group: 5 dB. A block has no shape, so that a louder tone of the other group is
/// seen a little everywhere.
const PEAK: f32 = 3.2;
/// The share that both tones have of all that is heard.
const SHARE: f32 = 0.7;

/// Finds keys in one party's audio.
#[derive(Debug)]
pub(crate) struct Detector {
    block: [f32; BLOCK],
    filled: usize,
    /// What the last blocks found, and how many of them.
    row: (Option<Digit>, u32),
    held: Option<Held>,
    /// The RTP timestamp that follows what was heard.
    next: Option<u32>,
    seen: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    digit: Digit,
    /// Blocks from the first to the last in which it was found.
    blocks: u32,
    misses: u32,
}

impl Default for Detector {
    fn default() -> Self {
        Self { block: [0.0; BLOCK], filled: 0, row: (None, 0), held: None, next: None, seen: Timestamp(0) }
    }
}

impl Detector {
    /// Takes a packet of audio. What comes too late for its place is left out.
    pub(crate) fn hear(&mut self, now: Timestamp, timestamp: u32, codec: Codec, payload: &[u8]) -> Vec<Key> {
        let mut keys = Vec::new();
        match self.next.map(|next| timestamp.wrapping_sub(next) as i32) {
            Some(ahead) if ahead < 0 && ahead > -(SAMPLE_RATE as i32) => return keys,
            // A packet or so was lost: the tone around it is one.
            Some(ahead) if (0..PAUSE_SAMPLES).contains(&ahead) => {}
            Some(_) | None => keys.extend(self.restart()),
        }
        self.next = Some(timestamp.wrapping_add(payload.len() as u32));
        self.seen = now;
        let table = codec.to_linear();
        for code in payload {
            self.block[self.filled] = f32::from(table[usize::from(*code)]);
            self.filled += 1;
            if self.filled == BLOCK {
                keys.extend(self.step(judge(&self.block)));
                self.block.copy_within(STEP.., 0);
                self.filled = BLOCK - STEP;
            }
        }
        keys
    }

    /// A key is let go when nothing is heard any more.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Option<Key> {
        if self.held.is_some() && now >= self.seen + DTMF_LOST_END { self.restart() } else { None }
    }

    /// What follows has nothing to do with what was heard.
    pub(crate) fn restart(&mut self) -> Option<Key> {
        let key = self.let_go();
        (self.filled, self.row, self.next) = (0, (None, 0), None);
        key
    }

    fn step(&mut self, found: Option<Digit>) -> Option<Key> {
        let so_far = if self.row.0 == found { self.row.1 } else { 0 };
        self.row = (found, so_far + 1);
        let mut key = None;
        match &mut self.held {
            Some(held) if found == Some(held.digit) => {
                held.blocks += held.misses + 1;
                held.misses = 0;
            }
            Some(held) => {
                held.misses += 1;
                if held.misses == MISSES {
                    key = self.let_go();
                }
            }
            None => {}
        }
        if let (None, Some(digit), true) = (self.held, found, self.row.1 >= HITS) {
            self.held = Some(Held { digit, blocks: self.row.1, misses: 0 });
        }
        key
    }

    fn let_go(&mut self) -> Option<Key> {
        let Held { digit, blocks, .. } = self.held.take()?;
        let samples = BLOCK as u32 + blocks.saturating_sub(1).saturating_mul(STEP as u32);
        Some(Key { digit, duration_ms: samples / 8 })
    }
}

/// The key whose tones a block is.
fn judge(block: &[f32; BLOCK]) -> Option<Digit> {
    let energy: f32 = block.iter().map(|sample| sample * sample).sum();
    if energy < 2.0 * ENERGY_MIN {
        return None;
    }
    let (row, low) = peak(block, &ROWS)?;
    let (column, high) = peak(block, &COLUMNS)?;
    let fit = low <= TWIST * high && high <= REVERSE_TWIST * low;
    if fit && low + high >= SHARE * energy { Digit::parse(KEYS[row][column]) } else { None }
}

/// The one frequency of a group that stands out, and its energy.
fn peak(block: &[f32; BLOCK], group: &[f32; 4]) -> Option<(usize, f32)> {
    let energies = goertzel(block, group);
    let (at, most) = energies.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let alone = energies.iter().enumerate().all(|(other, energy)| other == at || energy * PEAK <= most);
    (alone && most >= ENERGY_MIN).then_some((at, most))
}

/// The energy that a block has at each frequency of a group; that of a pure tone is the block's whole. The four filters
/// go side by side, for each must wait for its own last step.
fn goertzel(block: &[f32; BLOCK], group: &[f32; 4]) -> [f32; 4] {
    let (mut before, mut last) = ([0.0; 4], [0.0; 4]);
    for sample in block {
        for n in 0..4 {
            (before[n], last[n]) = (last[n], sample + group[n] * last[n] - before[n]);
        }
    }
    std::array::from_fn(|n| {
        (last[n] * last[n] + before[n] * before[n] - group[n] * last[n] * before[n]) * 2.0 / BLOCK as f32
    })
}

/// How a key came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As a telephone event.
    Event,
    /// As tones.
    Tones,
}

/// Tells keys that come both ways once: the first way that it came.
#[derive(Debug, Default)]
pub(crate) struct Once {
    /// Keys told of late that have not come the other way.
    told: VecDeque<(Timestamp, Way, Digit)>,
}

impl Once {
    /// Whether a key that was let go now has not come the other way before.
    pub(crate) fn is_new(&mut self, now: Timestamp, way: Way, key: Key) -> bool {
        // An event may be held long after a gateway took its tones out of the audio: its beginning counts.
        let began = Timestamp(now.0.saturating_sub(u64::from(key.duration_ms) * 1_000));
        let twin = |told: &(Timestamp, Way, Digit)| {
            told.1 != way && told.2 == key.digit && told.0 + DTMF_TWICE >= began
        };
        if let Some(at) = self.told.iter().position(twin) {
            self.told.remove(at);
            return false;
        }
        if self.told.len() == TOLD_MAX {
            self.told.pop_front();
        }
        self.told.push_back((now, way, key.digit));
        true
    }
}

/// More keys than anybody presses while one of them is on its two ways.
const TOLD_MAX: usize = 8;
