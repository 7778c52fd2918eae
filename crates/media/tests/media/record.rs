//! Recordings: the right voice in the right place, and time kept.

use cordial_media::tone;
use cordial_media::{AtEnd, Codec, MediaCommand, RecordingId};
use expect_test::expect;

use crate::bench::{Bench, Tape, loudest};

fn stop(bench: &mut Bench, recording: RecordingId) -> &Tape {
    bench.command(MediaCommand::StopRecording { recording });
    let tape = &bench.tapes[&recording];
    assert!(tape.ended);
    tape
}

#[test]
fn each_voice_is_in_its_place_with_ten_percent_loss_and_reordering() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcma);
    (bench.loss, bench.late) = (10, 20);
    let recording = bench.record(1, agent, caller);
    bench.run_ms(20_000);
    let tape = stop(&mut bench, recording);
    assert_eq!((loudest(&tape.left), loudest(&tape.right)), (Some(1_300.0), Some(700.0)));
    assert!((tape.seconds() - 20.0).abs() <= 0.040, "{} s", tape.seconds());
    for (side, own, other) in [(&tape.left, 1_300.0, 700.0), (&tape.right, 700.0, 1_300.0)] {
        let levels = tone::tones(side, 8_000, &[own, other]);
        assert!(levels[0].1 > -15.0, "the voice was at -12: {levels:?}");
        assert!(levels[1].1 < -40.0, "the other voice is elsewhere: {levels:?}");
        let silent = side.iter().filter(|s| **s == 0).count() as f64 / side.len() as f64;
        assert!((0.05..0.15).contains(&silent), "only what was lost is silent: {silent}");
    }
}

#[test]
fn late_packets_find_their_place() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcmu);
    let recording = bench.record(1, agent, caller);
    bench.run_ms(100);
    bench.late = 30;
    bench.run_ms(5_000);
    let tape = stop(&mut bench, recording);
    let middle = &tape.left[1_600..38_400];
    assert!(middle.windows(20).all(|w| w.iter().any(|s| *s != 0)), "no gap though a third came 30 ms late");
    let level = tone::tones(middle, 8_000, &[1_300.0])[0].1;
    assert!((level + 12.0).abs() < 0.3, "every sample stands where it was said: {level}");
}

#[test]
fn a_pause_is_left_out_and_marked_with_its_reason() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcmu);
    let recording = bench.record(1, agent, caller);
    bench.run_ms(2_010);
    bench.events();
    bench.command(MediaCommand::PauseRecording { recording, reason: "card number".into() });
    bench.phones[caller].sender.say_tone(2_500.0, -12.0);
    bench.run_ms(3_000);
    bench.phones[caller].sender.say_tone(700.0, -12.0);
    bench.run_ms(40);
    bench.command(MediaCommand::ResumeRecording { recording });
    bench.run_ms(1_990);
    let tape = stop(&mut bench, recording);
    assert!((tape.seconds() - 4.0).abs() <= 0.040, "{} s", tape.seconds());
    let resumed = &tape.right[16_240..16_560];
    let silent = resumed.windows(20).filter(|w| w.iter().all(|s| *s == 0)).count();
    assert_eq!(silent, 0, "the first word after the pause is kept");
    assert!(tone::tones(&tape.right, 8_000, &[2_500.0])[0].1 < -45.0, "nothing said in the pause is kept");
    expect![[r#"
        paused at 16080: card number
        resumed after 24320"#]]
    .assert_eq(&tape.marks.join("\n"));
    expect!["recording 1: stopped, 32000 frames, 24320 paused, Asked"].assert_eq(&bench.events());
}

#[test]
fn a_recording_stopped_in_its_pause_counts_the_pause() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcmu);
    let recording = bench.record(1, agent, caller);
    bench.run_ms(1_000);
    bench.command(MediaCommand::PauseRecording { recording, reason: "é".repeat(150) });
    bench.run_ms(1_000);
    bench.events();
    let tape = stop(&mut bench, recording);
    assert_eq!(tape.marks, [format!("paused at 8000: {}", "é".repeat(100))]);
    expect!["recording 1: stopped, 8000 frames, 8000 paused, Asked"].assert_eq(&bench.events());
}

#[test]
fn silence_has_its_length_too() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.phones[caller].talking = false;
    bench.phones[agent].talking = false;
    let recording = bench.record(1, agent, caller);
    bench.run_ms(3_000);
    let tape = stop(&mut bench, recording);
    assert!((tape.seconds() - 3.0).abs() <= 0.040);
    assert!(tape.left.iter().chain(&tape.right).all(|s| *s == 0));
}

#[test]
fn what_a_party_hears_alone_is_not_recorded() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcmu);
    let recording = bench.record(1, agent, caller);
    bench.play(caller, 1, &["music"], AtEnd::Loop);
    bench.run_ms(2_000);
    let tape = stop(&mut bench, recording);
    for side in [&tape.left, &tape.right] {
        assert!(tone::tones(side, 8_000, &[440.0])[0].1 < -45.0);
    }
}

#[test]
fn a_transfer_puts_the_new_agent_in_the_old_ones_place() {
    let mut bench = Bench::new();
    let (caller, first) = bench.call(Codec::Pcmu, Codec::Pcmu);
    let second = bench.phone(Codec::Pcma, 2_000.0);
    let recording = bench.record(1, first, caller);
    bench.run_ms(2_000);
    bench.bridge(caller, second);
    bench.move_recording(recording, second, &[caller]);
    bench.close(first);
    bench.run_ms(2_000);
    let tape = stop(&mut bench, recording);
    assert_eq!(
        (loudest(&tape.left[..16_000]), loudest(&tape.left[16_800..])),
        (Some(1_300.0), Some(2_000.0))
    );
    assert_eq!(loudest(&tape.right), Some(700.0));
    assert!((tape.seconds() - 4.0).abs() <= 0.040);
}

#[test]
fn a_recording_outlives_one_party_and_ends_with_both() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.record(1, agent, caller);
    bench.run_ms(1_000);
    bench.close(caller);
    bench.run_ms(1_000);
    bench.events();
    bench.close(agent);
    expect![[r#"
        recording 1: stopped, 16000 frames, 0 paused, PortsClosed
        port 2.1: closed"#]]
    .assert_eq(&bench.events());
    let tape = &bench.tapes[&RecordingId(1)];
    assert_eq!(loudest(&tape.left[8_800..]), Some(1_300.0));
    assert_eq!(loudest(&tape.right[8_800..]), None);
}

/// Milliseconds of a side in which a tone is there, looked at in steps of 20 ms.
fn present(side: &[i16], hz: f64) -> Vec<usize> {
    let steps = side.chunks_exact(160).enumerate();
    let loud = steps.filter(|(_, step)| tone::tones(step, 8_000, &[hz])[0].1 > -20.0);
    loud.map(|(n, _)| n * 20).collect()
}

/// Asserts that a tone is heard from one time to another, give or take the lag and a packet, without a gap.
fn assert_heard(side: &[i16], hz: f64, from_ms: usize, to_ms: usize) {
    let present = present(side, hz);
    let (first, last) = (*present.first().expect("heard"), *present.last().expect("heard"));
    assert!(first.abs_diff(from_ms) <= 100 && last.abs_diff(to_ms) <= 100, "{hz}: {first} to {last} ms");
    assert_eq!(present.len(), (last - first) / 20 + 1, "{hz}: a gap in {present:?}");
}

#[test]
fn of_three_parties_each_is_on_its_side_and_none_is_cut_when_one_leaves_and_one_joins() {
    let mut bench = Bench::new();
    let [agent, caller, expert, heir] =
        [1_300.0, 700.0, 2_000.0, 2_600.0].map(|hz| bench.phone(Codec::Pcmu, hz));
    let recording = bench.record_all(1, agent, &[caller, expert]);
    bench.run_ms(2_000);
    bench.phones[expert].talking = false;
    bench.move_recording(recording, agent, &[caller, heir]);
    bench.close(expert);
    bench.run_ms(2_000);
    let tape = stop(&mut bench, recording);
    assert!((tape.seconds() - 4.0).abs() <= 0.040, "{} s", tape.seconds());
    assert_heard(&tape.left, 1_300.0, 0, 4_000);
    assert_heard(&tape.right, 700.0, 0, 4_000);
    assert_heard(&tape.right, 2_000.0, 0, 2_000);
    assert_heard(&tape.right, 2_600.0, 2_000, 4_000);
    for (side, others) in [(&tape.left, &[700.0, 2_000.0, 2_600.0][..]), (&tape.right, &[1_300.0])] {
        for other in others {
            assert_eq!(present(side, *other), [0; 0], "{other} is on the other side");
        }
    }
    // What was said last before a port left stands where it was said: nothing is lost, not even by the lag.
    let level = tone::tones(&tape.right[8_000..15_600], 8_000, &[2_000.0])[0].1;
    assert!((level + 12.0).abs() < 0.3, "{level}");
}

#[test]
fn who_becomes_the_agent_changes_sides() {
    let mut bench = Bench::new();
    let [agent, caller, expert] = [1_300.0, 700.0, 2_000.0].map(|hz| bench.phone(Codec::Pcmu, hz));
    let recording = bench.record_all(1, agent, &[caller, expert]);
    bench.run_ms(2_000);
    bench.move_recording(recording, expert, &[caller]);
    bench.close(agent);
    bench.run_ms(2_000);
    let tape = stop(&mut bench, recording);
    assert_heard(&tape.left, 1_300.0, 0, 2_000);
    assert_heard(&tape.left, 2_000.0, 2_000, 4_000);
    assert_heard(&tape.right, 2_000.0, 0, 2_000);
    assert_heard(&tape.right, 700.0, 0, 4_000);
}

#[test]
fn a_recording_of_several_goes_on_without_those_who_are_not_open_and_ends_with_the_last() {
    let mut bench = Bench::new();
    let [agent, caller, expert, gone] =
        [1_300.0, 700.0, 2_000.0, 2_600.0].map(|hz| bench.phone(Codec::Pcmu, hz));
    bench.close(gone);
    let recording = bench.record_all(1, agent, &[gone, caller, expert, expert]);
    bench.run_ms(500);
    bench.move_recording(recording, gone, &[caller]);
    bench.move_recording(recording, agent, &[gone]);
    bench.move_recording(recording, agent, &[]);
    bench.run_ms(500);
    bench.events();
    for n in [agent, expert] {
        bench.close(n);
    }
    bench.run_ms(500);
    assert_eq!(bench.events(), "port 1.1: closed\nport 3.1: closed");
    bench.close(caller);
    expect![[r#"
        recording 1: stopped, 12000 frames, 0 paused, PortsClosed
        port 2.1: closed"#]]
    .assert_eq(&bench.events());
    let tape = &bench.tapes[&recording];
    assert_heard(&tape.left, 1_300.0, 0, 1_000);
    assert_heard(&tape.right, 700.0, 0, 1_500);
    assert_heard(&tape.right, 2_000.0, 0, 1_000);
    let level = tone::tones(&tape.right[800..7_200], 8_000, &[2_000.0])[0].1;
    assert!((level + 12.0).abs() < 0.3, "named twice, heard once: {level}");
}

#[test]
fn a_recording_that_cannot_be_made_says_so() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.record(1, agent, caller);
    bench.record(1, agent, caller);
    let nobody = cordial_media::PortRef::new(cordial_media::PortId(99), cordial_media::Epoch(1));
    let left = bench.phones[agent].at;
    bench.command(MediaCommand::StartRecording { recording: RecordingId(2), left, right: vec![nobody] });
    expect![[r#"
        recording 1: started
        recording 1: stopped, 0 frames, 0 paused, TooMany
        recording 2: stopped, 0 frames, 0 paused, UnknownPort"#]]
    .assert_eq(&bench.events());
}

#[test]
fn a_worker_that_was_not_run_for_a_while_keeps_the_length() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcmu);
    let recording = bench.record(1, agent, caller);
    bench.run_ms(1_000);
    for n in [caller, agent] {
        bench.phones[n].talking = false;
    }
    bench.awake = false;
    bench.run_ms(7_000);
    bench.awake = true;
    for n in [caller, agent] {
        bench.phones[n].talking = true;
    }
    bench.run_ms(2_000);
    let tape = stop(&mut bench, recording);
    assert!((tape.seconds() - 10.0).abs() <= 0.040, "{} s", tape.seconds());
    assert_eq!(loudest(&tape.left[72_000..]), Some(1_300.0));
}

#[test]
fn a_far_clock_that_drifts_is_followed() {
    let mut bench = Bench::new();
    let (caller, agent) = bench.call(Codec::Pcmu, Codec::Pcmu);
    let recording = bench.record(1, agent, caller);
    // Every fifth packet never leaves the phone, though its clock says that it did not speak: 20 % slow.
    for _ in 0..100 {
        bench.run_ms(80);
        bench.phones[caller].talking = false;
        bench.run_ms(20);
        bench.phones[caller].talking = true;
    }
    let tape = stop(&mut bench, recording);
    assert!((tape.seconds() - 10.0).abs() <= 0.040);
    let silent = tape.right.iter().filter(|s| **s == 0).count() as f64 / tape.right.len() as f64;
    assert!((0.15..0.45).contains(&silent), "the far end said 80 % of the time: {silent}");
}
