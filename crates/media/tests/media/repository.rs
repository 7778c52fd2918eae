//! The prompts in the repository are what a player needs.

use cordial_media::g711::ULAW_TO_LINEAR;
use cordial_media::{PromptError, PromptName, Prompts, parse_ulaw_wav, tone};

macro_rules! repository {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"), "/../../assets/prompts/", $name, ".wav"
        )))),*]
    };
}

const FILES: &[(&str, &[u8])] = repository![
    "en/greeting",
    "en/queue-welcome",
    "en/please-wait",
    "en/position-1",
    "en/position-2",
    "en/position-3",
    "en/position-4",
    "en/position-5",
    "en/position-more",
    "en/recorded",
    "en/connecting",
    "en/no-agents",
    "en/closed",
    "en/invalid",
    "en/leave-message",
    "en/goodbye",
    "tones/ringback",
    "tones/busy",
    "tones/congestion",
    "tones/beep",
    "tones/silence",
    "music/hold",
];

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

pub(crate) fn samples(name: &str) -> Vec<i16> {
    let prompts = Prompts::load(FILES.iter().copied()).unwrap();
    prompts
        .get(&PromptName::new(name))
        .unwrap()
        .iter()
        .map(|code| ULAW_TO_LINEAR[usize::from(*code)])
        .collect()
}

#[test]
fn every_prompt_loads_and_the_whole_set_is_small() {
    let prompts = Prompts::load(FILES.iter().copied()).unwrap();
    assert_eq!(prompts.names().count(), FILES.len());
    assert!(FILES.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() < 1_500_000);
}

#[test]
fn every_announcement_is_speech_of_a_few_seconds() {
    for (name, _) in FILES.iter().filter(|(name, _)| name.starts_with("en/")) {
        let speech = samples(name);
        assert!((8_000..80_000).contains(&speech.len()), "{name}: {} samples", speech.len());
        assert!((-30.0..-10.0).contains(&tone::level(&speech)), "{name}: {} dBFS", tone::level(&speech));
    }
}

#[test]
fn tones_have_their_pitch_and_cadence() {
    for (name, hz, on, whole) in [
        ("tones/ringback", 425.0, 8_000, 40_000),
        ("tones/busy", 425.0, 4_000, 8_000),
        ("tones/congestion", 425.0, 2_000, 4_000),
        ("tones/beep", 1_000.0, 2_400, 2_400),
    ] {
        let tone_samples = samples(name);
        assert_eq!(tone_samples.len(), whole, "{name}");
        let candidates = [350.0, 425.0, 480.0, 1_000.0, 2_000.0];
        assert_eq!(tone::dominant(&tone_samples[..on], 8_000, &candidates).unwrap().0, hz, "{name}");
        assert!(tone_samples.iter().skip(on + 8).all(|s| *s == 0), "{name} is silent between");
    }
    assert!(samples("tones/silence").iter().all(|s| *s == 0));
}

#[test]
fn the_music_is_even_and_loops_without_a_seam() {
    let music = samples("music/hold");
    assert!((160_000..=240_000).contains(&music.len()), "20 to 30 s");
    assert!((tone::level(&music) + 18.0).abs() < 1.0, "{} dBFS", tone::level(&music));
    for (n, second) in music.chunks(8_000).enumerate() {
        assert!((-23.0..-14.0).contains(&tone::level(second)), "second {n}: {} dBFS", tone::level(second));
    }
    let steps = |pairs: &[i16]| pairs.windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
    let seam = music[music.len() - 1].abs_diff(music[0]);
    assert!(seam <= steps(&music), "a step of {seam} at the seam, {} elsewhere", steps(&music));
}

#[test]
fn a_file_of_another_form_is_refused_with_its_name() {
    let good = FILES[0].1;
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.to_vec();
        change(&mut bytes);
        parse_ulaw_wav(&bytes).unwrap_err()
    };
    assert_eq!(refused(&|b| b[0] = b'X'), PromptError::NotWav);
    assert_eq!(refused(&|b| b[20] = 6), PromptError::WrongFormat { format: 6, tracks: 1, rate: 8_000 });
    assert_eq!(refused(&|b| b[22] = 2), PromptError::WrongFormat { format: 7, tracks: 2, rate: 8_000 });
    assert_eq!(refused(&|b| b[25] = 0), PromptError::WrongFormat { format: 7, tracks: 1, rate: 64 });
    assert_eq!(refused(&|b| b.truncate(5_000)), PromptError::Torn);
    assert_eq!(refused(&|b| b.truncate(30)), PromptError::Torn);
    assert_eq!(refused(&|b| b.resize(2_000_001, 0)), PromptError::TooLong);
    let error = Prompts::load([("en/x", &good[..40])]).unwrap_err();
    assert_eq!(error, (PromptName::new("en/x"), PromptError::Torn));
}
