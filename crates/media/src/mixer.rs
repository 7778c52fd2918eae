//! What several ports say, summed for each that listens: a matrix of gains, listener by source.
//!
//! Packets come when they come; the sum is made every 20 ms. Each source has a short queue that takes the jitter up: it
//! begins to be heard when two frames are there, and what is more than [`MIX_QUEUE_MAX`] frames late is dropped, so that
//! a clock that runs fast does not become a delay that grows. A source is decoded once, however many listen.

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

/// Who hears whom.
#[derive(Debug, Default)]
pub(crate) struct Mixer {
    rows: BTreeMap<PortId, Vec<(PortId, Gain)>>,
    inputs: BTreeMap<PortId, Input>,
}

impl Mixer {
    /// Lets a port hear these from now on, and nobody else.
    pub(crate) fn set(&mut self, listener: PortId, sources: Vec<(PortId, Gain)>) {
        for (source, _) in self.rows.remove(&listener).unwrap_or_default() {
            self.leave(source);
        }
        for (source, _) in &sources {
            self.inputs.entry(*source).or_default().listeners += 1;
        }
        if !sources.is_empty() {
            self.rows.insert(listener, sources);
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
            self.rows.retain(|_, sources| {
                sources.retain(|(source, _)| *source != port);
                !sources.is_empty()
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
        let mix = |(listener, sources): (&PortId, &Vec<(PortId, Gain)>)| {
            let mut sum = [0_i32; FRAME_SAMPLES];
            for (source, gain) in sources {
                let frame = self.inputs.get(source).and_then(|input| input.frame.as_ref());
                for (total, sample) in sum.iter_mut().zip(frame.into_iter().flatten()) {
                    *total += gain.of(*sample);
                }
            }
            (*listener, sum.map(|total| total.clamp(i16::MIN.into(), i16::MAX.into()) as i16))
        };
        self.rows.iter().map(mix).collect()
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
