//! Loopback ports that nobody has, below the system's ephemeral ones and never given out twice by one process.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// A port for UDP and TCP.
pub(crate) fn free() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id() * 37 + GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = 29_000 + (next % 3_500) as u16;
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The first of so many UDP ports in a row for a server's audio.
pub(crate) fn block_for_server(ports: u16) -> u16 {
    block(9_000, 21_000, ports)
}

/// The first of so many UDP ports in a row for a phone's audio: apart from those that a server opens call by call.
pub(crate) fn block_for_phone(ports: u16) -> u16 {
    block(21_000, 29_000, ports)
}

fn block(from: u16, to: u16, ports: u16) -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let places = u32::from((to - from) / ports);
    loop {
        let place = (std::process::id() + GIVEN.fetch_add(1, Ordering::Relaxed)) % places;
        let first = from + ports * place as u16;
        if (first..first + ports).all(|port| UdpSocket::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
}
