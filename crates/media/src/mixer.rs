//! What several ports say, summed for each that listens: a matrix of gains, listener by source.
//!
//! Packets come when they come; the sum is made every 20 ms. Each source has a short queue that takes the jitter up: it
//! begins to be heard when two frames are there, and what is more than [`MIX_QUEUE_MAX`] frames late is dropped, so that
//! a clock that runs fast does not become a delay that grows. A source is decoded once, however many listen. In a
//! conference, where all hear all others as loud as they are, there is one sum, less what each says himself.

use std::collections::{BTreeMap, VecDeque};

use crate::g711::Codec;
use crate::id::PortId;
use crate::limits::MIX_QUEUE_MAX;
use crate::time::FRAME_SAMPLES;

/// How loud a source is heard, in 256ths of what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gain(pub u16);

impl Gain {
    /// As loud as it is.
    pub const UNITY: Self = Self(256);

    fn of(self, sample: i16) -> i32 {
        i32::from(sample) * i32::from(self.0) / 256
    }
}

/// Frames of a source that are there before it is heard.
const FRAMES_BEFORE: usize = 2;

/// A source's samples that nobody has heard yet.
#[derive(Debug, Default)]
struct Input {
    samples: VecDeque<i16>,
    /// Whether it is heard, and not gathering still.
    flows: bool,
    /// Its frame at this tick.
    frame: Option<[i16; FRAME_SAMPLES]>,
    /// How many listen to it.
    listeners: usize,
}

impl Input {
    /// The next 20 ms; nothing while too little is there.
    fn advance(&mut self) {
        if self.samples.len() >= FRAMES_BEFORE * FRAME_SAMPLES {
            self.flows = true;
        }
        self.frame = None;
        if !self.flows {
            return;
        }
        if self.samples.is_empty() {
            self.flows = false;
            return;
        }
        let mut frame = [0; FRAME_SAMPLES];
        for sample in &mut frame {
            *sample = self.samples.pop_front().unwrap_or_default();
        }
        self.frame = Some(frame);
    }
}

/// Whom one listener hears.
#[derive(Debug)]
struct Row {
    sources: Vec<(PortId, Gain)>,
    /// The sources and the listener in order, if it hears each once and as loud as it is: who has the same can share
    /// the sum.
    circle: Option<Vec<PortId>>,
}

impl Row {
    fn new(listener: PortId, sources: Vec<(PortId, Gain)>) -> Self {
        let mut circle: Vec<_> = sources.iter().map(|(source, _)| *source).chain([listener]).collect();
        circle.sort_unstable();
        let alike = sources.iter().all(|(_, gain)| *gain == Gain::UNITY);
        let once = circle.windows(2).all(|pair| pair[0] != pair[1]);
        Self { sources, circle: Some(circle).filter(|_| alike && once) }
    }
}

/// 20 ms, summed and not cut yet.
type Sum = [i32; FRAME_SAMPLES];

/// Who hears whom.
#[derive(Debug, Default)]
pub(crate) struct Mixer {
    rows: BTreeMap<PortId, Row>,
    inputs: BTreeMap<PortId, Input>,
}

impl Mixer {
    /// Lets a port hear these from now on, and nobody else.
    pub(crate) fn set(&mut self, listener: PortId, sources: Vec<(PortId, Gain)>) {
        for (source, _) in self.rows.remove(&listener).into_iter().flat_map(|row| row.sources) {
            self.leave(source);
        }
        for (source, _) in &sources {
            self.inputs.entry(*source).or_default().listeners += 1;
        }
        if !sources.is_empty() {
            self.rows.insert(listener, Row::new(listener, sources));
        }
    }

    fn leave(&mut self, source: PortId) {
        if let Some(input) = self.inputs.get_mut(&source) {
            input.listeners -= 1;
            if input.listeners == 0 {
                self.inputs.remove(&source);
            }
        }
    }

    /// Forgets a port that is closed, as a listener and as a source.
    pub(crate) fn remove(&mut self, port: PortId) {
        self.set(port, Vec::new());
        if self.inputs.remove(&port).is_some() {
            self.rows.retain(|listener, row| {
                let mut sources = std::mem::take(&mut row.sources);
                sources.retain(|(source, _)| *source != port);
                *row = Row::new(*listener, sources);
                !row.sources.is_empty()
            });
        }
    }

    /// Takes what a port said, if anybody listens to it here.
    pub(crate) fn hear(&mut self, port: PortId, codec: Codec, payload: &[u8]) {
        let Some(input) = self.inputs.get_mut(&port) else { return };
        let linear = codec.to_linear();
        input.samples.extend(payload.iter().map(|code| linear[usize::from(*code)]));
        let late = input.samples.len().saturating_sub(MIX_QUEUE_MAX * FRAME_SAMPLES);
        input.samples.drain(..late);
    }

    /// Makes the frames of a tick: for each listener the sum of its sources, cut at full scale. A listener whose sources
    /// are all silent has silence.
    pub(crate) fn tick(&mut self) -> Vec<(PortId, [i16; FRAME_SAMPLES])> {
        for input in self.inputs.values_mut() {
            input.advance();
        }
        let mut circles: BTreeMap<&[PortId], Sum> = BTreeMap::new();
        let mut mixed = Vec::with_capacity(self.rows.len());
        for (listener, row) in &self.rows {
            let sum = match row.circle.as_deref() {
                Some(circle) => {
                    let all = circles.entry(circle).or_insert_with(|| self.sum(circle));
                    self.less(*all, *listener)
                }
                None => self.weigh(&row.sources),
            };
            mixed.push((*listener, sum.map(|total| total.clamp(i16::MIN.into(), i16::MAX.into()) as i16)));
        }
        mixed
    }

    fn frame(&self, source: PortId) -> Option<&[i16; FRAME_SAMPLES]> {
        self.inputs.get(&source)?.frame.as_ref()
    }

    fn sum(&self, sources: &[PortId]) -> Sum {
        let mut sum = [0; FRAME_SAMPLES];
        for frame in sources.iter().filter_map(|source| self.frame(*source)) {
            for (total, sample) in sum.iter_mut().zip(frame) {
                *total += i32::from(*sample);
            }
        }
        sum
    }

    fn less(&self, mut sum: Sum, own: PortId) -> Sum {
        for (total, sample) in sum.iter_mut().zip(self.frame(own).into_iter().flatten()) {
            *total -= i32::from(*sample);
        }
        sum
    }

    fn weigh(&self, sources: &[(PortId, Gain)]) -> Sum {
        let mut sum = [0; FRAME_SAMPLES];
        for (source, gain) in sources {
            for (total, sample) in sum.iter_mut().zip(self.frame(*source).into_iter().flatten()) {
                *total += gain.of(*sample);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTENER: PortId = PortId(9);

    fn frames(value: i16, count: usize) -> Vec<u8> {
        vec![Codec::Pcmu.encode(value); FRAME_SAMPLES * count]
    }

    fn heard(mixer: &mut Mixer) -> i16 {
        let mixed = mixer.tick();
        let [(LISTENER, frame)] = mixed.as_slice() else { panic!("{mixed:?}") };
        frame[FRAME_SAMPLES - 1]
    }

    fn near(heard: i16, expected: i32) {
        assert!((i32::from(heard) - expected).abs() <= expected.abs() / 20 + 40, "{heard}, not {expected}");
    }

    #[test]
    fn sources_are_summed_with_their_gains_and_cut_at_full_scale() {
        let mut mixer = Mixer::default();
        let half = Gain(128);
        mixer.set(LISTENER, vec![(PortId(1), Gain::UNITY), (PortId(2), half)]);
        mixer.hear(PortId(1), Codec::Pcmu, &frames(4_000, 2));
        mixer.hear(PortId(2), Codec::Pcmu, &frames(-2_000, 2));
        near(heard(&mut mixer), 3_000);
        mixer.set(LISTENER, vec![(PortId(1), Gain::UNITY), (PortId(2), Gain::UNITY)]);
        for port in [PortId(1), PortId(2)] {
            mixer.hear(port, Codec::Pcmu, &frames(30_000, 3));
        }
        heard(&mut mixer);
        assert_eq!(heard(&mut mixer), i16::MAX);
    }

    #[test]
    fn each_of_a_conference_hears_all_others_whoever_has_gains_of_his_own_beside_them() {
        const SAYS: [i16; 6] = [9_000, -500, 12_000, 15_000, 700, -3_000];
        let loud = |n: usize| Codec::Pcmu.to_linear()[usize::from(Codec::Pcmu.encode(SAYS[n]))];
        let others = |n: usize| (0..SAYS.len()).filter(move |other| *other != n);
        let port = |n: usize| PortId(n as u64);
        let mut mixer = Mixer::default();
        for n in 0..SAYS.len() {
            // The fourth is whispered to; the fifth does not hear the first; all others hear all others.
            let gain = |other: usize| if (n, other) == (3, 0) { Gain(64) } else { Gain::UNITY };
            let heard = others(n).filter(|other| (n, *other) != (4, 0));
            mixer.set(port(n), heard.map(|other| (port(other), gain(other))).collect());
        }
        mixer.set(LISTENER, (0..3).map(|n| (port(n), Gain::UNITY)).collect());
        for (n, value) in SAYS.iter().enumerate() {
            mixer.hear(port(n), Codec::Pcmu, &frames(*value, 2));
        }
        let expected = |n: usize| {
            let weight = |other| match (n, other) {
                (3, 0) => i32::from(loud(other)) / 4,
                (4, 0) => 0,
                (_, other) => i32::from(loud(other)),
            };
            others(n).map(weight).sum::<i32>().clamp(i16::MIN.into(), i16::MAX.into()) as i16
        };
        let mixed: Vec<_> = mixer.tick().into_iter().map(|(at, frame)| (at, frame[7])).collect();
        let mut all: Vec<_> = (0..SAYS.len()).map(|n| (port(n), expected(n))).collect();
        all.push((LISTENER, (0..3).map(loud).sum()));
        assert_eq!(mixed, all);
        assert_eq!(mixed[1].1, i16::MAX, "what is cut is the sum of the others");
        // Who leaves is heard no more, by those who shared his sum neither.
        mixer.remove(port(2));
        let left: Vec<_> = mixer.tick().into_iter().map(|(at, frame)| (at, frame[7])).collect();
        let without =
            |n: usize| others(n).filter(|other| *other != 2).map(|other| i32::from(loud(other))).sum::<i32>();
        assert_eq!((left.len(), left[1]), (6, (port(1), without(1) as i16)));
    }

    #[test]
    fn a_source_gathers_two_frames_then_flows_and_is_never_far_behind() {
        let mut mixer = Mixer::default();
        mixer.set(LISTENER, vec![(PortId(1), Gain::UNITY)]);
        mixer.hear(PortId(1), Codec::Pcmu, &frames(1_000, 1));
        near(heard(&mut mixer), 0);
        mixer.hear(PortId(1), Codec::Pcmu, &frames(1_000, 1));
        near(heard(&mut mixer), 1_000);
        near(heard(&mut mixer), 1_000);
        near(heard(&mut mixer), 0);
        mixer.hear(PortId(1), Codec::Pcmu, &frames(1_000, 100));
        let held = mixer.inputs[&PortId(1)].samples.len();
        assert_eq!(held, MIX_QUEUE_MAX * FRAME_SAMPLES, "the oldest go");
    }

    #[test]
    fn whoever_is_gone_is_forgotten_on_both_sides() {
        let mut mixer = Mixer::default();
        mixer.set(LISTENER, vec![(PortId(1), Gain::UNITY), (PortId(2), Gain::UNITY)]);
        mixer.set(PortId(8), vec![(PortId(1), Gain::UNITY)]);
        mixer.remove(PortId(1));
        assert_eq!(mixer.rows.keys().copied().collect::<Vec<_>>(), [LISTENER]);
        mixer.remove(LISTENER);
        assert!(mixer.rows.is_empty() && mixer.inputs.is_empty());
    }
}
