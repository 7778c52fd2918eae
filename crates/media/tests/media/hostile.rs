//! Strangers, and parties that misbehave.

use std::net::SocketAddr;

use cordial_media::probe::RtpSender;
use cordial_media::rtp::RtpPacket;
use cordial_media::{AtEnd, Codec, MediaCommand, tone};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::bench::Bench;

const STRANGER: &str = "198.51.100.66:4000";

fn stranger() -> (SocketAddr, RtpSender) {
    let mut sender = RtpSender::new(Codec::Pcmu, 0, Some(101), 0x6666_6666);
    sender.say_tone(2_500.0, -3.0);
    (STRANGER.parse().unwrap(), sender)
}

#[test]
fn injected_audio_reaches_neither_the_far_side_nor_the_recording() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcmu);
    let recording = bench.record(1, agent, caller);
    let (from, mut sender) = stranger();
    bench.run_ms(50);
    bench.events();
    for n in 0..200 {
        bench.run_ms(20);
        if n % 50 == 0 {
            sender.press(&crate::bench::digits("9"));
        }
        let Some(packet) = sender.next_packet() else {
            continue;
        };
        for phone in [caller, agent] {
            bench.inject(bench.phones[phone].local, from, &packet);
        }
    }
    assert_eq!(bench.events(), "", "no key, no start, no stall");
    for phone in [caller, agent] {
        assert!(tone::tones(&bench.phones[phone].receiver.heard(), 8_000, &[2_500.0])[0].1 < -45.0);
        assert_eq!(bench.phones[phone].receiver.observed().jumps, 0);
    }
    bench.command(MediaCommand::StopRecording { recording });
    let tape = &bench.tapes[&recording];
    for side in [&tape.left, &tape.right] {
        assert!(tone::tones(side, 8_000, &[2_500.0])[0].1 < -45.0);
    }
    assert!(bench.strays.is_empty(), "nothing was ever sent to the stranger");
    bench.close(caller);
    let statistics = bench.statistics[&bench.phones[caller].at.port];
    assert!(statistics.dropped_foreign >= 180, "{statistics:?}");
    assert_eq!(statistics.packets_lost, 0, "a stranger's numbers are no losses");
}

#[test]
fn a_port_without_a_party_answers_nobody() {
    let mut bench = Bench::new();
    let a = bench.open(Codec::Pcmu);
    let b = bench.phone(Codec::Pcmu, 1_300.0);
    bench.bridge(a, b);
    bench.play(a, 1, &["music"], AtEnd::Loop);
    bench.phones[a].talking = false;
    let (from, mut sender) = stranger();
    for _ in 0..50 {
        bench.run_ms(20);
        let packet = sender.next_packet().unwrap();
        bench.inject(bench.phones[a].local, from, &packet);
    }
    assert!(bench.strays.is_empty() && bench.phones[b].log.is_empty());
    bench.close(a);
    assert!(
        bench.strays.is_empty() && bench.reports.iter().all(|r| r.to.ip() == bench.phones[b].address.ip())
    );
    assert_eq!(bench.statistics[&bench.phones[a].at.port].dropped_unwanted, 50);
}

#[test]
fn a_party_behind_nat_is_learned_and_answered_where_it_is() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.phones[a].address = "203.0.113.7:61234".parse().unwrap();
    bench.run_ms(1_000);
    assert_eq!((bench.heard(a), bench.heard(b)), (Some(1_300.0), Some(700.0)));
    assert!(bench.events().contains("port 1.1: started from 203.0.113.7:61234"));
    // A stranger comes too late.
    let (from, mut sender) = stranger();
    for _ in 0..10 {
        let packet = sender.next_packet().unwrap();
        bench.inject(bench.phones[a].local, from, &packet);
    }
    bench.strays.clear();
    bench.run_ms(200);
    assert!(bench.strays.is_empty());
}

#[test]
fn a_payload_type_that_was_not_agreed_on_is_dropped() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.run_ms(100);
    let heard = bench.phones[b].log.len();
    bench.phones[a].sender.set_codec(Codec::Pcma, 8);
    bench.run_ms(200);
    assert_eq!(bench.phones[b].log.len(), heard);
    bench.close(a);
    assert_eq!(bench.statistics[&bench.phones[a].at.port].dropped_payload_type, 10);
}

#[test]
fn oversized_and_empty_audio_is_dropped_as_malformed() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.phones[a].talking = false;
    let (local, from) = (bench.phones[a].local, bench.phones[a].address);
    for (sequence, length) in [(1, 0), (2, 1_281), (3, 1_280)] {
        let mut bytes = Vec::new();
        let payload = vec![0xFF; length];
        RtpPacket { payload_type: 0, marker: false, sequence, timestamp: 0, ssrc: 1, payload: &payload }
            .write_into(&mut bytes);
        bench.inject(local, from, &bytes);
    }
    bench.inject(local, from, &[0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42]);
    assert_eq!(bench.phones[b].log.len(), 1);
    bench.close(a);
    assert_eq!(bench.statistics[&bench.phones[a].at.port].dropped_malformed, 3);
}

proptest! {
    // The same cases each time: a gate does not throw dice.
    #![proptest_config(ProptestConfig {
        cases: 256,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_datagrams_from_anywhere_do_no_harm(
        datagrams in proptest::collection::vec(
            (any::<bool>(), any::<bool>(), proptest::collection::vec(any::<u8>(), 0..80)), 0..60),
    ) {
        let mut bench = Bench::new();
        let (a, b) = bench.call(Codec::Pcmu, Codec::Pcma);
        bench.record(1, a, b);
        for (from_party, rtcp, mut bytes) in datagrams {
            let (local, party) = (bench.phones[a].local, bench.phones[a].address);
            let from = if from_party { party } else { STRANGER.parse().unwrap() };
            if let Some(first) = bytes.first_mut() {
                *first = 0x80 | (*first & 0x3F);
            }
            if rtcp {
                bench.worker.handle_rtcp(bench.now, local, from, &bytes);
            } else {
                bench.inject(local, from, &bytes);
            }
            bench.run_ms(3);
        }
        prop_assert!(bench.strays.is_empty());
        prop_assert!(bench.tapes.values().all(|tape| tape.seconds() < 1.0));
    }

    /// The party itself lies in every field; the far end's stream stays whole and near real time.
    #[test]
    fn a_party_that_lies_in_every_field_cannot_break_the_far_ends_stream(
        lies in proptest::collection::vec((any::<u16>(), any::<u32>(), 0u32..3, any::<bool>(), any::<bool>()), 1..80),
    ) {
        let mut bench = Bench::new();
        let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
        bench.record(1, a, b);
        bench.phones[a].talking = false;
        let (local, from) = (bench.phones[a].local, bench.phones[a].address);
        for (sequence, timestamp, ssrc, marker, event) in lies {
            bench.run_ms(10);
            let (payload_type, payload): (u8, &[u8]) = if event { (101, &[1, 0x8A, 3, 4]) } else { (0, &[1; 160]) };
            for step in 0..2 {
                let sequence = sequence.wrapping_add(step);
                let mut bytes = Vec::new();
                RtpPacket { payload_type, marker, sequence, timestamp, ssrc, payload }.write_into(&mut bytes);
                bench.inject(local, from, &bytes);
            }
        }
        let seen = bench.phones[b].receiver.observed();
        prop_assert!(seen.streams <= 1);
        let log = &bench.phones[b].log;
        for (at, _, stamp) in log.iter().skip(1) {
            let off = i64::from(stamp.wrapping_sub(log[0].2) as i32) - (at - log[0].0) as i64 / 125;
            prop_assert!((-480_000..=480_000).contains(&off), "{off} samples off real time");
        }
    }
}
