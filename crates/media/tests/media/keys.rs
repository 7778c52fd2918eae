//! Keys pressed and digits sent.

use cordial_media::{Codec, MediaCommand};
use expect_test::expect;

use crate::bench::{Bench, digits};

#[test]
fn a_key_is_told_once_and_relayed_under_the_far_ends_payload_type() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.run_ms(100);
    bench.events();
    bench.phones[a].sender.press(&digits("5#5"));
    bench.run_ms(1_500);
    expect![[r#"
        port 1.1: 5 120 ms
        port 1.1: # 120 ms
        port 1.1: 5 120 ms"#]]
    .assert_eq(&bench.events());
    assert_eq!(bench.phones[b].receiver.keys(), digits("5#5"));
    let seen = bench.phones[b].receiver.observed();
    assert_eq!((seen.foreign_payload_types, seen.jumps, seen.backward_timestamps), (0, 0, 0));
}

#[test]
fn keys_are_heard_through_loss_and_reordering() {
    let mut bench = Bench::new();
    let (a, _) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.run_ms(100);
    bench.events();
    (bench.loss, bench.late) = (10, 10);
    bench.phones[a].sender.press(&digits("0123456789*#"));
    bench.run_ms(5_000);
    let keys: String = bench.events().lines().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(keys, "0123456789*#");
}

#[test]
fn a_party_without_telephone_events_is_not_sent_any() {
    let mut bench = Bench::new();
    let (a, b) = bench.call(Codec::Pcmu, Codec::Pcmu);
    bench.phones[b].remote.dtmf_payload_type = None;
    bench.set_remote(b);
    bench.phones[a].sender.press(&digits("1"));
    bench.command(MediaCommand::SendDtmf { port: bench.phones[b].at, digits: digits("99") });
    bench.run_ms(500);
    assert!(bench.phones[b].receiver.keys().is_empty());
    assert_eq!(bench.phones[b].receiver.observed().foreign_payload_types, 0);
    expect![[r#"
        port 2.1: digits sent 0, unsent 2
        port 2.1: started from 192.0.2.2:4000
        port 1.1: started from 192.0.2.1:4000
        port 1.1: 1 120 ms"#]]
    .assert_eq(&bench.events());
}

#[test]
fn digits_are_sent_in_order_and_their_end_is_told() {
    let mut bench = Bench::new();
    let (a, _) = bench.call(Codec::Pcma, Codec::Pcma);
    let port = bench.phones[a].at;
    bench.command(MediaCommand::SendDtmf { port, digits: digits("12") });
    bench.command(MediaCommand::SendDtmf { port, digits: digits("A*") });
    bench.run_ms(2_000);
    bench.command(MediaCommand::SendDtmf { port, digits: digits("777") });
    bench.run_ms(300);
    bench.close(a);
    assert_eq!(bench.phones[a].receiver.keys(), digits("12A*7"));
    expect![[r#"
        port 2.1: started from 192.0.2.2:4000
        port 1.1: started from 192.0.2.1:4000
        port 1.1: digits sent 2, unsent 0
        port 1.1: digits sent 2, unsent 0
        port 1.1: digits sent 1, unsent 2
        port 1.1: closed"#]]
    .assert_eq(&bench.events());
}
