//! Media of conferences: each party hears all others, summed.

use cordial_media::{Gain, MediaCommand, PortRef, Prompts, TICK, Timestamp, Worker, WorkerConfig};

use super::clock::{Spent, measure, print_cost};
use super::relay::{drain, local, open, packet, party, turn};
use crate::Scale;
use cordial_sim::site::SEED;

/// Parties of all conferences together.
const PARTIES: u64 = 480;

pub(crate) fn mixed_frames(scale: Scale) {
    let ticks = scale.of(5_000, 200);
    for (size, gain, words) in [
        (3, Gain::UNITY, ""),
        (8, Gain::UNITY, ""),
        (16, Gain::UNITY, ""),
        (16, Gain(128), ", gains of their own"),
    ] {
        let spent = mix(size, gain, ticks);
        print_cost(&format!("conference: mixed frame, {size} parties{words}"), PARTIES * ticks, spent);
    }
}

/// Every party of every conference sends a packet every 20 ms, and is sent one: taking it in, the sum and the encoding.
fn mix(size: u64, gain: Gain, ticks: u64) -> Spent {
    let mut worker = Worker::new(Prompts::default(), WorkerConfig::default(), SEED);
    let ports: Vec<PortRef> = (0..PARTIES).map(|n| open(&mut worker, n)).collect();
    for conference in ports.chunks(size as usize) {
        for listener in conference {
            let others = conference.iter().filter(|other| *other != listener);
            let sources = others.map(|other| (*other, gain)).collect();
            worker.handle_command(Timestamp(0), MediaCommand::Mix { listener: *listener, sources });
        }
    }
    let mut packets: Vec<_> = (0..PARTIES).map(packet).collect();
    let mut sent = 0;
    let spent = measure(|| {
        for tick in 1..=ticks {
            let now = Timestamp(tick * TICK.as_micros() as u64);
            for (port, bytes) in (0..).zip(&mut packets) {
                turn(bytes, tick);
                worker.handle_packet(now, local(port), party(port), bytes);
            }
            worker.handle_timeout(now);
            sent += drain(&mut worker);
        }
    });
    assert!(sent >= PARTIES * ticks, "every party is sent a frame every 20 ms");
    spent
}
