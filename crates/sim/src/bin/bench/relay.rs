//! Media alone: packets of bridged pairs through the worker, neither decoded nor changed but for their header.

use std::hint::black_box;
use std::net::SocketAddr;

use cordial_media::rtp::RtpPacket;
use cordial_media::{
    Codec, Epoch, FRAME_SAMPLES, LocalSocket, MediaCommand, PortId, PortRef, Prompts, RecordingId, Remote,
    TICK, Timestamp, Worker, WorkerConfig,
};

use super::clock::{Spent, measure, print_cost};
use crate::Scale;
use cordial_sim::site::SEED;

/// Where the sequence number lies in an RTP header, and the timestamp.
const SEQUENCE: std::ops::Range<usize> = 2..4;
const TIMESTAMP: std::ops::Range<usize> = 4..8;

pub(crate) fn relayed_packets(scale: Scale) {
    let ticks = scale.of(50_000, 3_000);
    for (calls, recorded) in [(100, false), (1_000, false), (100, true)] {
        let ticks = ticks * 100 / calls;
        let spent = relay(calls, ticks, recorded);
        let words = if recorded { ", recorded" } else { "" };
        print_cost(&format!("relay: packet, {calls} calls{words}"), calls * 2 * ticks, spent);
    }
}

/// Both parties of each call send a packet every 20 ms.
fn relay(calls: u64, ticks: u64, recorded: bool) -> Spent {
    let mut worker = Worker::new(Prompts::default(), WorkerConfig::default(), SEED);
    (0..calls).for_each(|call| connect(&mut worker, call, recorded));
    let mut packets: Vec<_> = (0..calls * 2).map(packet).collect();
    let mut sent = 0;
    let spent = measure(|| {
        for tick in 1..=ticks {
            let now = Timestamp(tick * TICK.as_micros() as u64);
            for (port, bytes) in (0..).zip(&mut packets) {
                turn(bytes, tick);
                worker.handle_packet(now, local(port), party(port), bytes);
                sent += drain(&mut worker);
            }
            worker.handle_timeout(now);
            // Reports of RTCP are no relayed packets.
            drain(&mut worker);
        }
    });
    assert_eq!(sent, calls * 2 * ticks, "every packet reaches the other party");
    spent
}

fn connect(worker: &mut Worker, call: u64, recorded: bool) {
    let now = Timestamp(0);
    let (a, b) = (open(worker, call * 2), open(worker, call * 2 + 1));
    worker.handle_command(now, MediaCommand::Bridge { a, b });
    if recorded {
        let recording = RecordingId(call);
        worker.handle_command(now, MediaCommand::StartRecording { recording, left: a, right: vec![b] });
    }
}

/// A port whose party is known.
pub(super) fn open(worker: &mut Worker, n: u64) -> PortRef {
    let (now, port) = (Timestamp(0), PortRef::new(PortId(n), Epoch(1)));
    worker.handle_command(now, MediaCommand::OpenPort { port, local: local(n) });
    let remote = Remote {
        address: party(n),
        codec: Codec::Pcmu,
        payload_type: 0,
        dtmf_payload_type: Some(101),
        send: true,
        receive: true,
    };
    worker.handle_command(now, MediaCommand::SetRemote { port, remote });
    port
}

/// Datagrams handed out; recorded audio and events are thrown away.
pub(super) fn drain(worker: &mut Worker) -> u64 {
    let mut sent = 0;
    while let Some(transmit) = worker.poll_transmit() {
        sent += 1;
        worker.recycle(black_box(transmit).bytes);
    }
    while let Some(recorded) = worker.poll_recorded() {
        black_box(recorded);
    }
    while let Some(event) = worker.poll_event() {
        black_box(event);
    }
    sent
}

pub(super) fn local(n: u64) -> LocalSocket {
    LocalSocket(10_000 + u16::try_from(n * 2).expect("few enough ports"))
}

pub(super) fn party(n: u64) -> SocketAddr {
    SocketAddr::from(([10, 2, 0, 1], 10_000 + u16::try_from(n * 2).expect("few enough parties")))
}

pub(super) fn packet(n: u64) -> Vec<u8> {
    let payload = [0x55; FRAME_SAMPLES];
    let ssrc = u32::try_from(n).expect("few enough streams");
    let packet =
        RtpPacket { payload_type: 0, marker: false, sequence: 0, timestamp: 0, ssrc, payload: &payload };
    let mut bytes = Vec::new();
    packet.write_into(&mut bytes);
    bytes
}

/// Makes the stream's next packet of the one before.
pub(super) fn turn(bytes: &mut [u8], tick: u64) {
    bytes[SEQUENCE].copy_from_slice(&(tick as u16).to_be_bytes());
    bytes[TIMESTAMP].copy_from_slice(&(tick as u32 * FRAME_SAMPLES as u32).to_be_bytes());
}
