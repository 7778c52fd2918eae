//! Prompts and music.

use cordial_media::tone::Sine;
use cordial_media::{AtEnd, Codec, MediaCommand, PlayId};
use expect_test::expect;

use crate::bench::Bench;

/// Plays to a party and tells the events of the play and how many packets went out in two seconds.
fn played(playlist: &[&str], then: AtEnd) -> String {
    let mut bench = Bench::new();
    let a = bench.phone(Codec::Pcmu, 700.0);
    bench.phones[a].talking = false;
    bench.play(a, 1, playlist, then);
    bench.run_ms(2_000);
    format!("{}\n{} packets", bench.events(), bench.phones[a].log.len())
}

#[test]
fn a_list_of_prompts_is_played_to_its_end() {
    expect![[r#"
        port 1.1: play 1 ended, Finished
        10 packets"#]]
    .assert_eq(&played(&["a", "b"], AtEnd::Stop));
}

#[test]
fn silence_keeps_the_stream_alive_after_the_end() {
    expect![[r#"
        port 1.1: play 1 ended, Finished
        100 packets"#]]
    .assert_eq(&played(&["a", "b"], AtEnd::Silence));
}

#[test]
fn audio_that_is_no_prompt_is_played_unless_it_comes_too_late() {
    let mut bench = Bench::new();
    let a = bench.phone(Codec::Pcmu, 700.0);
    bench.phones[a].talking = false;
    let audio = |bench: &mut Bench, play: u64, audio: &[u8]| {
        let (port, audio) = (bench.phones[a].at, audio.into());
        bench.command(MediaCommand::PlayAudio { port, play: PlayId(play), audio, then: AtEnd::Stop });
    };
    audio(&mut bench, 1, &[0x55; 320]);
    bench.run_ms(100);
    bench.play(a, 3, &["music"], AtEnd::Loop);
    audio(&mut bench, 2, &[0x55; 320]);
    bench.run_ms(100);
    audio(&mut bench, 4, &[]);
    expect![[r#"
        port 1.1: play 1 ended, Finished
        port 1.1: play 2 ended, Replaced
        port 1.1: play 3 ended, Replaced
        port 1.1: play 4 ended, Unplayable"#]]
    .assert_eq(&bench.events());
}

#[test]
fn music_goes_on() {
    expect![[r#"

        100 packets"#]]
    .assert_eq(&played(&["a", "music"], AtEnd::Loop));
}

#[test]
fn music_goes_on_behind_an_announcement_where_it_was() {
    let mut bench = Bench::new();
    let a = bench.phone(Codec::Pcmu, 700.0);
    bench.phones[a].talking = false;
    bench.play(a, 1, &["music"], AtEnd::Loop);
    bench.run_ms(130);
    bench.play(a, 2, &["a"], AtEnd::Silence);
    bench.run_ms(100);
    bench.play(a, 3, &["music"], AtEnd::Loop);
    bench.run_ms(200);
    let heard = bench.phones[a].receiver.heard();
    let decoded = |code: u8| Codec::Pcmu.to_linear()[usize::from(code)];
    let announced = decoded(0x10);
    let music: Vec<i16> = heard.iter().copied().filter(|sample| *sample != announced).collect();
    assert_eq!(heard.len() - music.len(), 800, "the announcement is whole");
    let whole = Sine::samples(440.0, -12.0, 8_000, 8_000);
    let expected = whole.iter().map(|sample| decoded(Codec::Pcmu.encode(*sample)));
    assert_eq!(music, expected.take(music.len()).collect::<Vec<_>>());
}

#[test]
fn an_unknown_prompt_is_reported_and_skipped() {
    expect![[r#"
        port 1.1: play 1 lacks nowhere
        port 1.1: play 1 ended, Finished
        5 packets"#]]
    .assert_eq(&played(&["nowhere", "a"], AtEnd::Stop));
    expect![[r#"
        port 1.1: play 1 lacks nowhere
        port 1.1: play 1 ended, Unplayable
        0 packets"#]]
    .assert_eq(&played(&["nowhere"], AtEnd::Loop));
    expect![[r#"
        port 1.1: play 1 ended, Unplayable
        0 packets"#]]
    .assert_eq(&played(&["a"; 33], AtEnd::Loop));
}

#[test]
fn every_play_ends_exactly_once() {
    let mut bench = Bench::new();
    let (a, b) = (bench.phone(Codec::Pcmu, 700.0), bench.phone(Codec::Pcmu, 1_300.0));
    bench.run_ms(30);
    bench.events();
    bench.play(a, 1, &["music"], AtEnd::Loop);
    bench.play(a, 2, &["a"], AtEnd::Silence);
    bench.run_ms(300);
    bench.play(a, 3, &["music"], AtEnd::Loop);
    bench.command(MediaCommand::StopPlay { port: bench.phones[a].at });
    bench.command(MediaCommand::StopPlay { port: bench.phones[a].at });
    bench.play(a, 4, &["music"], AtEnd::Loop);
    bench.bridge(a, b);
    bench.play(a, 5, &["music"], AtEnd::Loop);
    bench.close(a);
    expect![[r#"
        port 1.1: play 1 ended, Replaced
        port 1.1: play 2 ended, Finished
        port 1.1: play 3 ended, Stopped
        port 1.1: play 4 ended, Bridged
        port 1.1: play 5 ended, PortClosed
        port 1.1: closed"#]]
    .assert_eq(&bench.events());
}

#[test]
fn a_play_beside_a_bridge_is_heard_instead_of_it_and_then_the_bridge_again() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.play(a, 1, &["music"], AtEnd::Silence);
    bench.run_ms(950);
    assert_eq!((bench.heard(a), bench.heard(b)), (Some(450.0), Some(700.0)));
    bench.run_ms(100);
    bench.phones[a].receiver.forget();
    bench.run_ms(500);
    assert_eq!(bench.heard(a), Some(1_300.0));
}

#[test]
fn an_alaw_party_hears_the_same_music() {
    let mut bench = Bench::new();
    let a = bench.phone(Codec::Pcma, 700.0);
    bench.play(a, 1, &["music"], AtEnd::Loop);
    bench.run_ms(3_000);
    let heard = bench.phones[a].receiver.heard();
    assert_eq!(heard.len(), 24_000);
    let level = cordial_media::tone::tones(&heard, 8_000, &[440.0])[0].1;
    assert!((level + 12.0).abs() < 0.3, "no seam breaks the tone: {level}");
}

#[test]
fn a_play_goes_on_in_time_while_its_party_cannot_be_sent_to() {
    let mut bench = Bench::new();
    let a = bench.phone(Codec::Pcmu, 700.0);
    bench.phones[a].talking = false;
    bench.phones[a].remote.send = false;
    bench.set_remote(a);
    bench.play(a, 1, &["a"], AtEnd::Stop);
    bench.run_ms(200);
    assert!(bench.phones[a].log.is_empty());
    assert_eq!(bench.events(), "port 1.1: play 1 ended, Finished");
}
