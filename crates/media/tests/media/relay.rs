//! Two parties and what passes between them.

use cordial_media::probe::RtpSender;
use cordial_media::rtp::RtpPacket;
use cordial_media::{AtEnd, Codec, Epoch, MediaCommand, PortRef, Timestamp};
use expect_test::expect;

use crate::bench::{Bench, MS};

#[test]
fn two_bridged_parties_hear_each_other() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.run_ms(1_000);
    assert_eq!((bench.heard(a), bench.heard(b)), (Some(1_300.0), Some(700.0)));
    let seen = bench.phones[a].receiver.observed();
    assert_eq!((seen.packets, seen.streams, seen.jumps, seen.lost), (50, 1, 0, 0));
    assert_eq!(seen.markers, 1, "one talkspurt");
}

#[test]
fn a_packet_leaves_in_the_same_instant_in_which_it_came() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcma);
    let packet = bench.phones[a].sender.next_packet().unwrap();
    bench.worker.handle_packet(bench.now, bench.phones[a].local, bench.phones[a].address, &packet);
    let sent = bench.worker.poll_transmit().unwrap();
    assert_eq!((sent.local, sent.to, sent.is_rtcp), (bench.phones[b].local, bench.phones[b].address, false));
}

#[test]
fn parties_of_different_laws_and_payload_types_understand_each_other() {
    let mut bench = Bench::new();
    let (a, b) = (bench.phone(Codec::Pcmu, 700.0), bench.open(Codec::Pcma));
    bench.phones[b].remote.payload_type = 96;
    bench.phones[b].sender.set_codec(Codec::Pcma, 96);
    bench.phones[b].sender.say_tone(1_300.0, -12.0);
    bench.phones[b].receiver = cordial_media::probe::RtpReceiver::new(Codec::Pcma, 96, None);
    bench.set_remote(b);
    bench.bridge(a, b);
    bench.run_ms(1_000);
    assert_eq!((bench.heard(a), bench.heard(b)), (Some(1_300.0), Some(700.0)));
    assert_eq!(bench.phones[b].receiver.observed().foreign_payload_types, 0);
    let level = cordial_media::tone::level(&bench.phones[b].receiver.heard());
    assert!((level + 12.0).abs() < 0.3, "the law changes, the loudness does not: {level}");
}

#[test]
fn switching_between_prompt_bridge_and_digits_never_jumps_and_keeps_real_time() {
    let mut bench = Bench::new();
    let (a, b) = (bench.phone(Codec::Pcmu, 700.0), bench.phone(Codec::Pcma, 1_300.0));
    bench.play(a, 1, &["music"], AtEnd::Loop);
    bench.run_ms(333);
    bench.bridge(a, b);
    bench.run_ms(333);
    bench.play(a, 2, &["music"], AtEnd::Loop);
    bench.run_ms(333);
    bench.command(MediaCommand::SendDtmf { port: bench.phones[a].at, digits: crate::bench::digits("12") });
    bench.run_ms(777);
    bench.command(MediaCommand::StopPlay { port: bench.phones[a].at });
    bench.run_ms(333);
    let seen = bench.phones[a].receiver.observed();
    assert_eq!((seen.streams, seen.jumps, seen.backward_timestamps, seen.lost), (1, 0, 0, 0));
    assert_eq!(bench.phones[a].receiver.keys(), crate::bench::digits("12"));
    let log = &bench.phones[a].log;
    let ((began, _, first), (ended, _, last)) = (log[0], log[log.len() - 1]);
    let (real, stamped) = ((ended - began) / 125, u64::from(last.wrapping_sub(first)));
    assert!(real.abs_diff(stamped) <= 320, "{real} samples passed, {stamped} were stamped");
}

#[test]
fn a_new_talkspurt_is_marked() {
    let mut bench = Bench::new();
    let (a, b) = (bench.phone(Codec::Pcmu, 700.0), bench.phone(Codec::Pcmu, 1_300.0));
    bench.play(a, 1, &["music"], AtEnd::Loop);
    bench.run_ms(200);
    assert_eq!(bench.phones[a].receiver.observed().markers, 1);
    bench.bridge(a, b);
    bench.run_ms(200);
    assert_eq!(bench.phones[a].receiver.observed().markers, 2);
}

#[test]
fn losses_and_late_packets_stay_visible_to_the_far_end() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    (bench.loss, bench.late) = (10, 10);
    bench.run_ms(10_000);
    (bench.loss, bench.late) = (0, 0);
    bench.run_ms(200);
    let seen = bench.phones[b].receiver.observed();
    assert!((30..=70).contains(&seen.lost), "about 50 of 500 were lost, {} seen", seen.lost);
    assert_eq!((seen.streams, seen.duplicates), (1, 0));
    bench.close(a);
    let statistics = bench.statistics[&bench.phones[a].at.port];
    assert_eq!(statistics.packets_lost, seen.lost);
    assert!(statistics.jitter_us > 1_000, "{}", statistics.jitter_us);
}

#[test]
fn a_held_party_is_sent_nothing_and_after_the_hold_the_stream_goes_on_without_a_jump() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.run_ms(500);
    (bench.phones[a].remote.send, bench.phones[a].remote.receive) = (false, false);
    bench.set_remote(a);
    let (to_a, to_b) = (bench.phones[a].log.len(), bench.phones[b].log.len());
    bench.run_ms(10_000);
    assert_eq!((bench.phones[a].log.len(), bench.phones[b].log.len()), (to_a, to_b));
    (bench.phones[a].remote.send, bench.phones[a].remote.receive) = (true, true);
    bench.set_remote(a);
    bench.run_ms(500);
    for n in [a, b] {
        assert!(bench.phones[n].log.len() > to_a + 20);
        let seen = bench.phones[n].receiver.observed();
        assert_eq!((seen.streams, seen.jumps, seen.lost, seen.backward_timestamps), (1, 0, 0, 0));
    }
    bench.close(a);
    let statistics = bench.statistics[&bench.phones[a].at.port];
    assert_eq!((statistics.packets_lost, statistics.dropped_unwanted), (0, 500));
}

#[test]
fn a_party_that_is_bridged_again_hears_a_stream_without_a_jump() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    let c = bench.phone(Codec::Pcmu, 2_000.0);
    bench.run_ms(500);
    let unbridge = MediaCommand::Unbridge { a: bench.phones[a].at, b: bench.phones[b].at };
    bench.command(unbridge);
    bench.run_ms(500);
    assert_eq!(bench.phones[a].log.len(), 25);
    bench.bridge(a, b);
    bench.run_ms(500);
    bench.phones[a].receiver.forget();
    bench.bridge(c, a);
    let to_b = bench.phones[b].log.len();
    bench.run_ms(500);
    assert_eq!(bench.heard(a), Some(2_000.0));
    assert_eq!(bench.phones[b].log.len(), to_b, "the party left behind hears nothing");
    let seen = bench.phones[a].receiver.observed();
    assert_eq!((seen.streams, seen.jumps, seen.lost, seen.backward_timestamps), (1, 0, 0, 0));
}

#[test]
fn a_party_that_begins_a_new_stream_is_followed_and_the_far_end_sees_one_stream() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.run_ms(500);
    bench.phones[a].sender = RtpSender::new(Codec::Pcmu, 0, Some(101), 0xFEDC_BA98);
    bench.phones[a].sender.say_tone(900.0, -12.0);
    bench.phones[b].receiver.forget();
    bench.run_ms(500);
    assert_eq!(bench.heard(b), Some(900.0));
    let seen = bench.phones[b].receiver.observed();
    assert_eq!((seen.streams, seen.jumps, seen.backward_timestamps, seen.markers), (1, 0, 0, 2));
}

#[test]
fn a_far_clock_that_leaps_or_races_does_not_leave_real_time_behind() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.phones[a].talking = false;
    let (local, from) = (bench.phones[a].local, bench.phones[a].address);
    let mut timestamp = 0u32;
    for sequence in 0..500u16 {
        bench.run_ms(20);
        // First twice too fast, then one leap of a day.
        timestamp = timestamp.wrapping_add(if sequence == 300 { 691_200_000 } else { 320 });
        let mut bytes = Vec::new();
        RtpPacket { payload_type: 0, marker: false, sequence, timestamp, ssrc: 5, payload: &[0xFF; 160] }
            .write_into(&mut bytes);
        bench.inject(local, from, &bytes);
    }
    let log = &bench.phones[b].log;
    let (first, last) = (log[0], log[log.len() - 1]);
    let ahead = i64::from(last.2.wrapping_sub(first.2)) - (last.0 - first.0) as i64 / 125;
    assert!((0..=8_320).contains(&ahead), "{ahead} samples ahead of real time");
    let seen = bench.phones[b].receiver.observed();
    assert_eq!((seen.jumps, seen.backward_timestamps), (0, 0));
    assert!(seen.markers <= 3, "{} talkspurts", seen.markers);
}

#[test]
fn commands_of_an_old_epoch_are_ignored_and_a_newer_epoch_becomes_the_ports() {
    let mut bench = Bench::new();
    let (a, b) = (bench.phone(Codec::Pcmu, 700.0), bench.phone(Codec::Pcmu, 1_300.0));
    let at = |n: usize, epoch| PortRef::new(bench.phones[n].at.port, Epoch(epoch));
    let (new, old, other) = (at(a, 5), at(a, 1), at(b, 1));
    bench.command(MediaCommand::StopPlay { port: new });
    bench.command(MediaCommand::Bridge { a: old, b: other });
    bench.command(MediaCommand::ClosePort { port: old });
    bench.run_ms(100);
    assert!(bench.phones[b].log.is_empty());
    bench.command(MediaCommand::ClosePort { port: new });
    expect![[r#"
        port 2.1: started from 192.0.2.2:4000
        port 1.5: started from 192.0.2.1:4000
        port 1.5: closed"#]]
    .assert_eq(&bench.events());
}

#[test]
fn a_port_that_cannot_be_opened_or_used_says_so() {
    let mut bench = Bench::new();
    let a = bench.phone(Codec::Pcmu, 700.0);
    let (at, local) = (bench.phones[a].at, bench.phones[a].local);
    bench.command(MediaCommand::OpenPort { port: at, local });
    let other = PortRef::new(cordial_media::PortId(77), Epoch(1));
    bench.command(MediaCommand::OpenPort { port: other, local });
    bench.phones[a].remote.address = "224.0.0.1:4000".parse().unwrap();
    bench.set_remote(a);
    bench.play(a, 1, &["music"], AtEnd::Loop);
    bench.run_ms(100);
    assert!(bench.strays.is_empty());
    expect![[r#"
        port 1.1: failed, AlreadyOpen
        port 77.1: failed, SocketTaken
        port 1.1: failed, UnusableRemote"#]]
    .assert_eq(&bench.events());
}

#[test]
fn a_silent_party_is_reported_once_and_again_when_it_is_heard() {
    let mut bench = Bench::new();
    let a = bench.phone(Codec::Pcmu, 700.0);
    bench.run_ms(100);
    bench.phones[a].talking = false;
    bench.run_ms(12_000);
    bench.phones[a].talking = true;
    bench.run_ms(100);
    bench.phones[a].talking = false;
    bench.phones[a].remote.receive = false;
    bench.set_remote(a);
    bench.run_ms(12_000);
    expect![[r#"
        port 1.1: started from 192.0.2.1:4000
        port 1.1: stalled for 5000 ms, started true
        port 1.1: resumed after 12020 ms"#]]
    .assert_eq(&bench.events());
}

#[test]
fn reports_go_out_about_every_five_seconds_and_those_of_the_far_end_are_counted() {
    let mut bench = Bench::new();
    let (a, _) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.loss = 10;
    bench.run_ms(60_000);
    let to_a: Vec<_> = bench.reports.iter().filter(|r| r.local == bench.phones[a].local).cloned().collect();
    assert!((9..=20).contains(&to_a.len()), "{} reports in a minute", to_a.len());
    let report = &to_a[to_a.len() - 1];
    assert_eq!(report.to, "192.0.2.1:4001".parse().unwrap());
    let word = |n: usize| u32::from_be_bytes(report.bytes[n * 4..n * 4 + 4].try_into().unwrap());
    assert_eq!(report.bytes[1], 200, "a sender report");
    assert_eq!(word(7), bench.phones[a].sender.ssrc(), "about the party's stream");
    assert!((5..60).contains(&(word(8) >> 24)), "about 26/256 lost, not {}", word(8) >> 24);

    // The far end reports 7 lost and 80 samples of jitter, 100 ms after our report, which took 250 ms.
    let (ours, middle) = (word(1), (word(2) << 16) | (word(3) >> 16));
    let mut reply = vec![0x81, 201, 0, 7];
    for field in [bench.phones[a].sender.ssrc(), ours, 7, 0, 80, middle, 6_554] {
        reply.extend_from_slice(&field.to_be_bytes());
    }
    let sent_at = (u64::from(middle) * 1_000_000) >> 16;
    bench.now = Timestamp(sent_at + 350 * MS);
    let (local, party) = (bench.phones[a].local, "192.0.2.1:4001".parse().unwrap());
    bench.worker.handle_rtcp(bench.now, local, "198.51.100.1:4001".parse().unwrap(), &reply);
    bench.worker.handle_rtcp(bench.now, local, party, &reply);
    bench.close(a);
    let statistics = bench.statistics[&bench.phones[a].at.port];
    assert_eq!((statistics.remote_lost, statistics.remote_jitter_us), (7, 10_000));
    assert!(statistics.round_trip_us.unwrap().abs_diff(250_000) < 100, "{:?}", statistics.round_trip_us);
    assert_eq!(statistics.dropped_foreign, 1);
    let goodbye = &bench.reports[bench.reports.len() - 1].bytes;
    assert_eq!(goodbye[goodbye.len() - 8..goodbye.len() - 4], [0x81, 203, 0, 1], "closing says goodbye");
}

#[test]
fn equal_seeds_and_inputs_give_equal_bytes() {
    let story = || {
        let mut bench = Bench::new();
        let (a, b) = bench.call(Codec::Pcmu, Codec::Pcma);
        (bench.loss, bench.late) = (5, 5);
        bench.record(1, a, b);
        bench.run_ms(3_000);
        (
            bench.phones[a].log.clone(),
            bench.reports.clone(),
            bench.tapes.remove(&cordial_media::RecordingId(1)).unwrap().left,
        )
    };
    assert_eq!(story(), story());
}

#[test]
fn a_worker_without_ports_asks_for_no_time() {
    let mut bench = Bench::new();
    assert_eq!(bench.worker.poll_timeout(), None);
    let a = bench.phone(Codec::Pcmu, 700.0);
    assert_eq!(bench.worker.poll_timeout(), Some(Timestamp(bench.now.0 + 20 * MS)));
    bench.run_ms(100);
    bench.close(a);
    bench.run_ms(40);
    assert_eq!(bench.worker.poll_timeout(), None);
}
