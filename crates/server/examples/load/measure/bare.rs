//! What this machine takes for the bare work, without any of ours: the figures of the others are read beside these.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::media::PACKETS_PER_CALL;
use crate::Options;
use crate::audio::Audio;
use crate::figures::tell;
use crate::proc::per;
use crate::server::own_ip;

/// A datagram sent and received by one thread that never sleeps took so long where the peers of `performance.md` were
/// measured. Microseconds.
const ELSEWHERE_US: f64 = 0.83;

/// Bytes of a commit of a few facts: a page of the journal's log.
const COMMIT_BYTES: usize = 4_096;

/// Datagrams through hot sockets, flushed commits, and a relay that does nothing but relay.
pub(crate) fn bare_machine(options: &Options) -> Result<bool> {
    let hot = hot_datagrams(options.of(200_000, 5_000))?;
    tell(
        "a datagram sent and received, nobody sleeping",
        &format!("{hot:.2} us CPU, {:.1} times as much as where the peers were measured", hot / ELSEWHERE_US),
    );
    let flush = flushed_commits(options.of(2_000, 50))?;
    tell("a page appended and flushed", &format!("{flush:.1} us CPU"));
    for calls in options.calls.map_or_else(|| vec![100, 400], |calls| vec![calls]) {
        relay(options, calls)?;
    }
    Ok(true)
}

fn hot_datagrams(count: u64) -> Result<f64> {
    let (from, to) = (UdpSocket::bind((own_ip(), 0))?, UdpSocket::bind((own_ip(), 0))?);
    let target = to.local_addr()?;
    let mut packet = [0; 172];
    let before = thread_time()?;
    for _ in 0..count {
        from.send_to(&packet, target)?;
        to.recv(&mut packet)?;
    }
    Ok(per(thread_time()?.saturating_sub(before), count))
}

fn flushed_commits(count: u64) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let mut file = File::create(folder.path().join("log"))?;
    let before = thread_time()?;
    for _ in 0..count {
        file.write_all(&[1; COMMIT_BYTES])?;
        file.sync_data()?;
    }
    Ok(per(thread_time()?.saturating_sub(before), count))
}

/// The streams of so many calls, through one thread that reads each socket and sends from its neighbour.
fn relay(options: &Options, calls: u64) -> Result<()> {
    let audio = Audio::start(own_ip())?;
    let count = u32::try_from(calls * 2).context("too many calls")?;
    let mut ports = Vec::new();
    for stream in 0..count {
        // What comes in by a stream's socket leaves by its neighbour's, to who listens there.
        ports.push((UdpSocket::bind((own_ip(), 0))?, audio.address(stream ^ 1)));
    }
    for (stream, (socket, _)) in (0..count).zip(&ports) {
        audio.speak(stream, socket.local_addr()?);
    }
    let ends = Arc::new(AtomicBool::new(false));
    let relay = {
        let ends = Arc::clone(&ends);
        std::thread::spawn(move || relay_until(&ends, ports))
    };
    std::thread::park_timeout(Duration::from_secs_f64(options.seconds(10)));
    ends.store(true, Ordering::Relaxed);
    let (spent, relayed) = relay.join().map_err(|_| anyhow::anyhow!("the bare relay failed"))??;
    let heard = audio.take();
    ensure!(heard.streams() == count as usize, "{} of {count} streams were heard", heard.streams());
    tell(
        &format!("{} packets/s through a bare relay, each", calls * PACKETS_PER_CALL),
        &format!("{:.1} us CPU; later by {}", per(spent, relayed), heard.delays.words()),
    );
    Ok(())
}

/// Relays; gives the time spent and the packets.
fn relay_until(ends: &AtomicBool, ports: Vec<(UdpSocket, SocketAddr)>) -> Result<(Duration, u64)> {
    let mut poll = mio::Poll::new()?;
    let mut sockets = Vec::new();
    for (index, (socket, to)) in ports.into_iter().enumerate() {
        socket.set_nonblocking(true)?;
        let mut socket = mio::net::UdpSocket::from_std(socket);
        poll.registry().register(&mut socket, mio::Token(index), mio::Interest::READABLE)?;
        sockets.push((socket, to));
    }
    let mut events = mio::Events::with_capacity(1_024);
    let mut packet = [0; 2_048];
    let (before, mut relayed) = (thread_time()?, 0);
    let began = Instant::now();
    while !ends.load(Ordering::Relaxed) && began.elapsed() < Duration::from_secs(600) {
        poll.poll(&mut events, Some(Duration::from_millis(100)))?;
        for event in &events {
            let index = event.token().0;
            while let Ok((length, _)) = sockets[index].0.recv_from(&mut packet) {
                let (out, to) = (&sockets[index ^ 1].0, sockets[index ^ 1].1);
                // What the system does not take is lost, as any packet may be.
                relayed += u64::from(out.send_to(&packet[..length], to).is_ok());
            }
        }
    }
    Ok((thread_time()?.saturating_sub(before), relayed))
}

/// Processor time of this thread until now.
fn thread_time() -> Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("this system does not count it")?;
    let nanos =
        text.split(' ').next().and_then(|word| word.parse().ok()).context("schedstat is no number")?;
    Ok(Duration::from_nanos(nanos))
}
