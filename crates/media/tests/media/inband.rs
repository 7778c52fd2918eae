//! Keys that come as tones (ITU-T Q.23, Q.24): found at any level and twist that lines make, and in nothing else.

use cordial_media::rtp::RtpPacket;
use cordial_media::tone::{self, Sine};
use cordial_media::{Codec, MediaCommand};

use crate::bench::Bench;
use crate::repository;

const ALL: &str = "123A456B789C*0#D";
const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];

/// How a key sounds: each tone's level in dBFS, how far its frequencies are off, how long tone and pause are.
#[derive(Clone, Copy)]
struct Sound {
    low: f64,
    high: f64,
    off: f64,
    tone_ms: usize,
    pause_ms: usize,
}

const USUAL: Sound = Sound { low: -13.0, high: -11.0, off: 1.0, tone_ms: 60, pause_ms: 60 };

fn dialled(keys: &str, sound: Sound) -> Vec<i16> {
    let Sound { low, high, off, tone_ms, pause_ms } = sound;
    let mut samples = vec![0; 8 * pause_ms];
    for key in keys.chars() {
        let at = ALL.find(key).expect("a key of a telephone");
        let low = Sine::samples(LOW[at / 4] * off, low, 8_000, tone_ms * 8);
        let high = Sine::samples(HIGH[at % 4] * off, high, 8_000, tone_ms * 8);
        samples.extend(low.iter().zip(&high).map(|(low, high)| low.saturating_add(*high)));
        samples.resize(samples.len() + 8 * pause_ms, 0);
    }
    samples
}

/// White noise at a level in dBFS, the same every time.
fn noise(count: usize, dbfs: f64, seed: u64) -> Vec<i16> {
    let mut state = seed;
    let peak = 32_767.0 * 10f64.powf(dbfs / 20.0) * (3.0f64 / 2.0).sqrt();
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((state >> 33) as f64 / f64::from(1_u32 << 31)) * 2.0 - 1.0) * peak
    };
    (0..count).map(|_| next() as i16).collect()
}

fn sum(one: &[i16], other: &[i16]) -> Vec<i16> {
    one.iter().zip(other).map(|(a, b)| a.saturating_add(*b)).collect()
}

/// A bench with one phone, whose tones are looked for.
fn listening(codec: Codec) -> Bench {
    let mut bench = Bench::new();
    let n = bench.phone(codec, 700.0);
    bench.phones[n].talking = false;
    bench.command(MediaCommand::DetectDigits { port: bench.phones[n].at, on: true });
    bench
}

/// The phone says this in packets of 20 ms, but for those left out.
fn say(bench: &mut Bench, samples: &[i16], lost: &[usize]) {
    let (local, from, remote) = (bench.phones[0].local, bench.phones[0].address, bench.phones[0].remote);
    for (n, frame) in samples.chunks(160).enumerate() {
        bench.run_ms(20);
        if lost.contains(&n) {
            continue;
        }
        let payload: Vec<u8> = frame.iter().map(|sample| remote.codec.encode(*sample)).collect();
        let mut bytes = Vec::new();
        let (sequence, timestamp) = (n as u16, n as u32 * 160);
        let payload_type = remote.payload_type;
        RtpPacket { payload_type, marker: n == 0, sequence, timestamp, ssrc: 9, payload: &payload }
            .write_into(&mut bytes);
        bench.inject(local, from, &bytes);
    }
    bench.run_ms(300);
}

fn keys(bench: &mut Bench) -> String {
    let told = bench.events();
    let of_keys = told.lines().filter(|line| line.split(' ').count() == 5 && line.ends_with(" ms"));
    of_keys.filter_map(|line| line.split(' ').nth(2)).collect()
}

fn found(codec: Codec, samples: &[i16]) -> String {
    let mut bench = listening(codec);
    say(&mut bench, samples, &[]);
    keys(&mut bench)
}

#[test]
fn every_key_is_found_at_every_level_and_twist_of_a_line() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        // 0 dBm is -3 dBFS; Q.24 asks for -25 dBm, for 4 dB more in the higher tone and 8 dB less.
        for level in [-3.0, -10.0, -20.0, -28.0] {
            for twist in [-8.0, -4.0, 0.0, 4.0] {
                let (low, high) = if twist > 0.0 { (level - twist, level) } else { (level, level + twist) };
                let sound = Sound { low, high, ..USUAL };
                assert_eq!(found(codec, &dialled(ALL, sound)), ALL, "{codec:?} {level} dBFS, twist {twist}");
            }
        }
    }
}

#[test]
fn frequencies_may_be_off_by_one_and_a_half_percent() {
    for off in [0.985, 1.015] {
        for (low, high) in [(-13.0, -13.0), (-10.0, -18.0), (-14.0, -10.0)] {
            let samples = dialled(ALL, Sound { low, high, off, ..USUAL });
            for shift in (0..51).step_by(7) {
                assert_eq!(found(Codec::Pcmu, &samples[shift..]), ALL, "{off} {low} {high} {shift}");
            }
        }
    }
}

#[test]
fn forty_milliseconds_are_a_key_and_a_pause_and_twenty_are_neither() {
    // Wherever a tone falls in a block.
    for shift in 0..51 {
        let shifted = |sound: Sound| {
            let mut samples = vec![0; shift];
            samples.extend(dialled("1594", sound));
            samples
        };
        let shortest = Sound { tone_ms: 40, pause_ms: 40, ..USUAL };
        assert_eq!(found(Codec::Pcmu, &shifted(shortest)), "1594", "{shift}");
        let too_short = Sound { tone_ms: 20, ..USUAL };
        assert_eq!(found(Codec::Pcmu, &shifted(too_short)), "", "{shift}");
    }
    let twice = Sound { tone_ms: 40, pause_ms: 40, ..USUAL };
    assert_eq!(found(Codec::Pcmu, &dialled("55500", twice)), "55500");
}

#[test]
fn an_interruption_or_a_lost_packet_does_not_make_two_keys_of_one() {
    let mut samples = dialled("7", Sound { tone_ms: 200, ..USUAL });
    samples[1_300..1_380].fill(0);
    assert_eq!(found(Codec::Pcmu, &samples), "7");
    let samples = dialled("7", Sound { tone_ms: 200, ..USUAL });
    for lost in 5..12 {
        let mut bench = listening(Codec::Pcmu);
        say(&mut bench, &samples, &[lost]);
        assert_eq!(keys(&mut bench), "7", "without packet {lost}");
    }
}

#[test]
fn a_held_key_is_one_and_its_length_is_told_when_it_ends_or_nothing_more_comes() {
    let mut bench = listening(Codec::Pcmu);
    let samples = dialled("8", Sound { tone_ms: 2_000, ..USUAL });
    bench.run_ms(20);
    bench.events();
    say(&mut bench, &samples, &[]);
    let told = bench.events();
    let line = told.lines().last().unwrap();
    let ms: u32 = line.split(' ').nth(3).unwrap().parse().unwrap();
    assert!(line.starts_with("port 1.1: 8 "), "{line}");
    assert!((1_980..=2_020).contains(&ms), "{told}");
    // The stream stops in the middle of the tone.
    let mut bench = listening(Codec::Pcmu);
    say(&mut bench, &samples[..8_000], &[]);
    assert_eq!(keys(&mut bench), "8");
}

#[test]
fn noise_does_not_hide_a_key_and_is_none() {
    let samples = dialled(ALL, USUAL);
    for seed in 1..=5 {
        // 15 dB below the weaker tone.
        let noisy = sum(&samples, &noise(samples.len(), USUAL.low - 15.0, seed));
        assert_eq!(found(Codec::Pcmu, &noisy), ALL, "{seed}");
        assert_eq!(found(Codec::Pcmu, &noise(80_000, -12.0, seed)), "", "{seed}");
    }
}

#[test]
fn what_is_too_soft_too_lopsided_or_one_tone_alone_is_no_key() {
    for (low, high) in [(-50.0, -50.0), (-10.0, -24.0), (-22.0, -12.0), (-10.0, -90.0), (-90.0, -10.0)] {
        assert_eq!(found(Codec::Pcma, &dialled(ALL, Sound { low, high, ..USUAL })), "", "{low} {high}");
    }
    let between = Sine::samples(733.5, -12.0, 8_000, 8_000);
    let high = Sine::samples(1_336.0, -12.0, 8_000, 8_000);
    assert_eq!(found(Codec::Pcma, &sum(&between, &high)), "", "between 2 and 5");
    let third = Sine::samples(1_000.0, -9.0, 8_000, 20_000);
    assert_eq!(found(Codec::Pcma, &sum(&dialled(ALL, USUAL), &third)), "", "a third tone");
}

#[test]
fn prompts_music_and_tones_of_lines_have_no_keys_in_them() {
    for name in repository::names() {
        let samples = repository::samples(name);
        for gain in [1, 2, 4] {
            let louder: Vec<i16> = samples.iter().map(|sample| sample.saturating_mul(gain)).collect();
            assert_eq!(found(Codec::Pcmu, &louder), "", "{name} times {gain}");
        }
    }
}

/// Vowels: pulses of a voice whose pitch glides, through two resonances that wander where speech has them.
fn voice(seconds: usize, seed: u64) -> Vec<i16> {
    let wander = noise(seconds * 10 + 2, 0.0, seed);
    let at = |n: usize, step: usize, low: f64, high: f64| {
        let (a, b) = (f64::from(wander[n / 800 + step]), f64::from(wander[n / 800 + 1]));
        let mixed = a + (b - a) * (n % 800) as f64 / 800.0;
        low + (high - low) * (mixed / 80_000.0 + 0.5)
    };
    let (mut phase, mut first, mut second) = (0.0, [0.0; 2], [0.0; 2]);
    let resonate = |state: &mut [f64; 2], input: f64, hz: f64, width: f64| {
        let radius = (-std::f64::consts::PI * width / 8_000.0).exp();
        let angle = std::f64::consts::TAU * hz / 8_000.0;
        let output = input + 2.0 * radius * angle.cos() * state[0] - radius * radius * state[1];
        *state = [output, state[0]];
        output
    };
    let raw: Vec<f64> = (0..seconds * 8_000)
        .map(|n| {
            phase += at(n, 0, 90.0, 400.0) / 8_000.0;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase = phase.fract();
            let low = resonate(&mut first, pulse, at(n, 0, 300.0, 1_000.0), 80.0);
            low * 0.3 + resonate(&mut second, pulse, at(n, 1, 1_100.0, 1_700.0), 80.0)
        })
        .collect();
    let peak = raw.iter().fold(0.0_f64, |most, sample| most.max(sample.abs()));
    raw.iter().map(|sample| (sample / peak * 20_000.0) as i16).collect()
}

#[test]
fn a_voice_that_glides_through_all_pitches_presses_no_keys() {
    for seed in 1..=20 {
        let voice = voice(30, seed);
        assert!(tone::level(&voice) > -30.0, "it is loud enough to be taken for a key");
        assert_eq!(found(Codec::Pcmu, &voice), "", "{seed}");
    }
}

#[test]
fn a_key_that_comes_as_tones_and_as_an_event_is_told_once() {
    let event = |bench: &mut Bench, sequence: u16, timestamp: u32, duration: u16, end: bool| {
        let payload = [5, if end { 0x8A } else { 0x0A }, (duration >> 8) as u8, duration as u8];
        let payload_type = bench.phones[0].remote.dtmf_payload_type.unwrap();
        let mut bytes = Vec::new();
        RtpPacket { payload_type, marker: false, sequence, timestamp, ssrc: 9, payload: &payload }
            .write_into(&mut bytes);
        let (local, from) = (bench.phones[0].local, bench.phones[0].address);
        bench.inject(local, from, &bytes);
    };
    let tone = dialled("5", USUAL);
    let mut bench = listening(Codec::Pcmu);
    say(&mut bench, &tone, &[]);
    for n in 0..20 {
        event(&mut bench, 100 + n, 2_000, 160 * (n + 1), n == 19);
        bench.run_ms(20);
    }
    assert_eq!(keys(&mut bench), "5", "the tone first");
    bench.run_ms(1_000);
    event(&mut bench, 121, 20_000, 800, true);
    assert_eq!(keys(&mut bench), "5", "an event alone is a press of its own");
    let mut bench = listening(Codec::Pcmu);
    event(&mut bench, 1, 0, 160, false);
    say(&mut bench, &tone, &[]);
    assert_eq!(keys(&mut bench), "5");
}

#[test]
fn nothing_is_looked_for_unless_asked_and_no_longer_when_told_so() {
    let mut bench = listening(Codec::Pcmu);
    let port = bench.phones[0].at;
    bench.command(MediaCommand::DetectDigits { port, on: false });
    say(&mut bench, &dialled("123", USUAL), &[]);
    assert_eq!(keys(&mut bench), "");
}
