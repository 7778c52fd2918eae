//! Sine tones made and found: the eyes of tests, of the demo's summary and of scripted phones.

use std::f64::consts::TAU;

/// A sine that goes on where it stopped.
#[derive(Debug, Clone)]
pub struct Sine {
    hz: f64,
    amplitude: f64,
    rate: f64,
    sample: u64,
}

impl Sine {
    /// A tone of `hz` at `rate` samples per second; 0 dBFS is a sine that just does not clip.
    #[must_use]
    pub fn new(hz: f64, level_dbfs: f64, rate: u32) -> Self {
        let amplitude = f64::from(i16::MAX) * 10f64.powf(level_dbfs.min(0.0) / 20.0);
        Self { hz, amplitude, rate: f64::from(rate), sample: 0 }
    }

    /// The next samples of the tone.
    pub fn fill(&mut self, samples: &mut [i16]) {
        for sample in samples {
            // The phase is computed from the position, so that it never drifts.
            let phase = (self.sample as f64 * self.hz / self.rate).fract();
            *sample = (self.amplitude * (TAU * phase).sin()).round() as i16;
            self.sample += 1;
        }
    }

    /// `count` samples from the beginning of the tone.
    #[must_use]
    pub fn samples(hz: f64, level_dbfs: f64, rate: u32, count: usize) -> Vec<i16> {
        let mut samples = vec![0; count];
        Self::new(hz, level_dbfs, rate).fill(&mut samples);
        samples
    }
}

/// The tones a phone of ours may send: every 50 Hz of the telephone band.
#[must_use]
pub fn telephone_band() -> Vec<f64> {
    (6..=66).map(|n| f64::from(n) * 50.0).collect()
}

/// Level in dBFS of each candidate frequency in `samples`, in the order given. No samples: minus infinity.
///
/// Goertzel's filter over windows of 25 ms, whose powers are averaged: lost packets, which break the phase, lower a
/// level and do not hide it. The window's shape (Hann) tells tones that lie more than 80 Hz apart and finds one that
/// lies 25 Hz beside its candidate.
#[must_use]
pub fn tones(samples: &[i16], rate: u32, candidates: &[f64]) -> Vec<(f64, f64)> {
    let length = (rate as usize / 40).clamp(1, samples.len().max(1));
    let shape: Vec<f64> = (0..length).map(|n| 1.0 - (TAU * (n as f64 + 0.5) / length as f64).cos()).collect();
    let windows = (samples.len() / length).max(1) as f64;
    candidates
        .iter()
        .map(|hz| {
            let power: f64 = samples
                .chunks_exact(length)
                .map(|window| goertzel(window, &shape, hz / f64::from(rate)))
                .sum();
            (*hz, 10.0 * (power / windows).log10())
        })
        .collect()
}

/// The strongest candidate, if it is louder than -50 dBFS.
#[must_use]
pub fn dominant(samples: &[i16], rate: u32, candidates: &[f64]) -> Option<(f64, f64)> {
    const AUDIBLE_DBFS: f64 = -50.0;
    tones(samples, rate, candidates)
        .into_iter()
        .filter(|(_, level)| *level > AUDIBLE_DBFS)
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Root mean square level in dBFS, where a full sine is 0; silence is minus infinity.
#[must_use]
pub fn level(samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    let full = f64::from(i16::MAX).powi(2) / 2.0;
    10.0 * (energy / samples.len().max(1) as f64 / full).log10()
}

/// Power of one frequency, given in cycles per sample; 1.0 for a full sine. The shape's mean is one.
fn goertzel(samples: &[i16], shape: &[f64], frequency: f64) -> f64 {
    let coefficient = 2.0 * (TAU * frequency).cos();
    let (mut before, mut last) = (0.0, 0.0);
    for (sample, weight) in samples.iter().zip(shape) {
        (before, last) = (last, f64::from(*sample) * weight + coefficient * last - before);
    }
    let power = last * last + before * before - coefficient * last * before;
    let full = f64::from(i16::MAX) * samples.len() as f64 / 2.0;
    power.max(0.0) / (full * full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_at_its_frequency_and_level() {
        let samples = Sine::samples(700.0, -18.0, 8_000, 8_000);
        let (hz, level) = dominant(&samples, 8_000, &telephone_band()).unwrap();
        assert_eq!(hz, 700.0);
        assert!((level + 18.0).abs() < 0.1, "{level}");
        assert!((super::level(&samples) + 18.0).abs() < 0.1);
    }

    #[test]
    fn the_louder_of_two_tones_dominates_and_both_are_measured() {
        let (loud, soft) =
            (Sine::samples(1_300.0, -12.0, 8_000, 4_000), Sine::samples(700.0, -20.0, 8_000, 4_000));
        let both: Vec<i16> = loud.iter().zip(&soft).map(|(a, b)| a + b).collect();
        assert_eq!(dominant(&both, 8_000, &telephone_band()).unwrap().0, 1_300.0);
        let levels: Vec<i64> = tones(&both, 8_000, &[700.0, 1_300.0, 2_000.0])
            .iter()
            .map(|(_, level)| level.round() as i64)
            .collect();
        assert_eq!(levels[..2], [-20, -12]);
        assert!(levels[2] < -60);
    }

    #[test]
    fn a_tone_between_two_candidates_is_found_at_the_nearer_one() {
        for (hz, nearest) in [(440.0, 450.0), (1_010.0, 1_000.0), (3_080.0, 3_100.0)] {
            let found = dominant(&Sine::samples(hz, -18.0, 8_000, 8_000), 8_000, &telephone_band()).unwrap();
            assert_eq!(found.0, nearest);
            assert!(found.1 > -21.5, "{hz} Hz: {found:?}");
        }
    }

    #[test]
    fn silence_has_no_dominant_tone() {
        assert_eq!(dominant(&[0; 800], 8_000, &telephone_band()), None);
        assert_eq!(dominant(&[], 8_000, &telephone_band()), None);
    }

    #[test]
    fn a_tone_made_in_pieces_is_the_tone_made_at_once() {
        let mut sine = Sine::new(440.0, -6.0, 8_000);
        let mut pieces = vec![0; 1_000];
        pieces.chunks_mut(160).for_each(|piece| sine.fill(piece));
        assert_eq!(pieces, Sine::samples(440.0, -6.0, 8_000, 1_000));
    }
}
