//! Attacks on HTTP: requests that are not what they seem, and clients that do not behave.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::site::Site;
use crate::peers::free_port;
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(10);

fn connect(server: &Server) -> TcpStream {
    let address = server.client.base.trim_start_matches("http://");
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time above nought");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time above nought");
    stream
}

/// Everything that comes back until the server closes or is silent.
fn exchange(server: &Server, sent: &[u8]) -> String {
    let mut stream = connect(server);
    // The server may close before it has taken all.
    stream.write_all(sent).ok();
    stream.set_read_timeout(Some(Duration::from_millis(700))).expect("a time above nought");
    let mut heard = Vec::new();
    let mut piece = [0; 4_096];
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        heard.extend_from_slice(&piece[..length]);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

fn codes(heard: &str) -> Vec<u16> {
    let starts = heard.split("HTTP/1.1 ").skip(1);
    starts.filter_map(|rest| rest.get(..3)?.parse().ok()).collect()
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn requests_with_two_ends_are_refused_and_nothing_is_smuggled_behind_them() {
    let site = Site::open(0).await;
    let token = &site.server.client.token;
    let behind = "GET /v1/tokens HTTP/1.1\r\nHost: x\r\n\r\n";
    for framing in [
        "Content-Length: 0\r\nContent-Length: 44\r\n",
        "Content-Length: 0, 44\r\n",
        "Content-Length: +0\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x0\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: 0\r\n X: folded\r\n",
    ] {
        let sent = format!(
            "POST /v1/log-in HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{framing}\r\n{behind}"
        );
        let heard = exchange(&site.server, sent.as_bytes());
        let codes = codes(&heard);
        assert!(
            codes.len() <= 1 && codes.iter().all(|code| (400..500).contains(code)),
            "{framing:?}: {heard}"
        );
    }
    // Both a length and chunks: chunks win and the connection ends (RFC 9112 section 6.1), or it is refused.
    let both = format!(
        "POST /v1/log-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
         0\r\n\r\n{behind}"
    );
    let heard = exchange(&site.server, both.as_bytes());
    assert!(codes(&heard).iter().all(|code| (400..500).contains(code)), "{heard}");
    assert!(!heard.contains("\"items\""), "{heard}");
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn heads_bodies_and_chunks_without_end_are_cut_and_leave_memory_as_it_was() {
    let site = Site::open(0).await;
    let before = site.memory();
    let start = "POST /v1/log-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let one_header = format!("{start}X-Huge: {}\r\n\r\n", "x".repeat(4 << 20));
    let many_headers = format!("{start}{}\r\n", "X-A: b\r\n".repeat(100_000));
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(4 << 20));
    let long_query = format!("GET /v1/calls?after={} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(60_000));
    let told_body = format!("{start}Content-Length: 99999999999\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let chunks = format!("{start}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(200));
    let chunk_size = format!("{start}Transfer-Encoding: chunked\r\n\r\n{}", "0".repeat(4 << 20));
    let extension = format!("{start}Transfer-Encoding: chunked\r\n\r\n1;{}", "x".repeat(4 << 20));
    let deep = format!("{start}Content-Length: 60000\r\n\r\n{}", "[".repeat(60_000));
    for (name, sent) in [
        ("one huge header", one_header),
        ("many headers", many_headers),
        ("a long path", long_path),
        ("a long query", long_query),
        ("a huge body told", told_body),
        ("chunks beyond the largest body", chunks),
        ("a chunk's size without end", chunk_size),
        ("a chunk's extension without end", extension),
        ("brackets without end", deep),
    ] {
        let heard = exchange(&site.server, sent.as_bytes());
        let codes = codes(&heard);
        assert!(codes.iter().all(|code| (400..500).contains(code)) && codes.len() <= 1, "{name}: {heard}");
    }
    let growth = site.memory().saturating_sub(before);
    assert!(growth < 32 << 20, "grown by {} MiB", growth >> 20);
    site.server.get("/v1/calls").await;
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn who_sends_too_large_a_body_whole_before_he_listens_hears_the_refusal_in_every_dialect() {
    let [webitel, portsip, wsi] = [free_port(), free_port(), free_port()];
    let tables = format!(
        "[webitel]\nenabled = true\nlisten = \"127.0.0.1:{webitel}\"\n\
         [portsip]\nenabled = true\nlisten = \"127.0.0.1:{portsip}\"\nwsi = \"127.0.0.1:{wsi}\"\ntls = false\n"
    );
    let server = Server::start_with_tables(&tables).await;
    for (port, path, refusal) in [
        (server.http().port(), "/v1/log-in", "\"code\":\"too-large\""),
        (webitel, "/login", "\"status\":\"error\""),
        (portsip, "/api/login/oauth/token", "TOO_LARGE"),
    ] {
        let length = 8 << 20;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        stream.set_write_timeout(Some(PATIENCE)).expect("a time above nought");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time above nought");
        stream.write_all(head.as_bytes()).expect("the head is taken");
        stream.write_all(&vec![b'a'; length]).unwrap_or_else(|error| panic!("{path}: all is taken: {error}"));
        let mut heard = String::new();
        stream.read_to_string(&mut heard).unwrap_or_else(|error| panic!("{path}: {error}, after {heard}"));
        assert_eq!(codes(&heard), [413], "{path}: {heard}");
        assert!(heard.contains(refusal), "{path}: {heard}");
    }
}

/// Opens many connections that send half a head, or half a body, and asks meanwhile as a good client.
#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn clients_that_never_finish_keep_nobody_else_waiting() {
    let site = Site::open(0).await;
    let before = site.memory();
    let mut open = Vec::new();
    for n in 0..400 {
        let mut stream = connect(&site.server);
        let sent = match n % 3 {
            0 => "GET /v1/calls HTTP/1.1\r\nHost: x\r\nX-",
            1 => {
                "POST /v1/log-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
            }
            _ => "",
        };
        stream.write_all(sent.as_bytes()).ok();
        open.push(stream);
    }
    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let asked = Instant::now();
        site.server.get("/v1/calls").await;
        slowest = slowest.max(asked.elapsed());
    }
    let growth = site.memory().saturating_sub(before);
    println!(
        "slowest of 50 answers beside 400 connections that never finish: {slowest:?}, +{} KiB",
        growth >> 10
    );
    assert!(slowest < Duration::from_secs(2) && growth < 32 << 20);
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn no_path_leads_out_of_the_recordings() {
    let site = Site::open(0).await;
    let folder = site.server.folder.path();
    std::fs::write(folder.join("recordings/secret.wav"), "secret").expect("the folder can be written");
    let token = &site.server.client.token;
    for id in [
        "../secret",
        "..%2fsecret",
        "..%2F..%2Fdata%2Foperator.token",
        "%2e%2e/%2e%2e/etc/passwd",
        "....//....//etc/passwd",
        "..%5c..%5csecret",
        "%00",
        "secret.wav",
        "/etc/passwd",
        "%c0%ae%c0%ae/secret",
    ] {
        for path in [format!("/v1/recordings/{id}/audio"), format!("/v1/recordings/{id}")] {
            let sent = format!(
                "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
            );
            let heard = exchange(&site.server, sent.as_bytes());
            assert!(codes(&heard).iter().all(|code| (400..500).contains(code)), "{path}: {heard}");
            assert!(
                !heard.contains("root:") && !heard.ends_with("secret") && !heard.contains(token.as_str()),
                "{path}: {heard}"
            );
        }
    }
}

/// A frame of a client (RFC 6455 section 5.2), masked with nought.
fn frame(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first, 0xff];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn a_web_socket_needs_a_token_whatever_its_origin_and_its_frames_are_limited() {
    let site = Site::open(0).await;
    let before = site.memory();
    let hello = |more: &str| {
        format!(
            "GET /v1/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
        )
    };
    // A foreign page has nothing that a browser would send along by itself: there are no cookies.
    for more in ["Origin: https://evil.example\r\n", "Origin: null\r\nCookie: token=x\r\n"] {
        assert_eq!(codes(&exchange(&site.server, hello(more).as_bytes())), [401], "{more}");
    }
    let token = format!("Authorization: Bearer {}\r\n", site.server.client.token);
    let piece = |first: u8| [first, 0x81, 0, 0, 0, 0, b'x'];
    let floods: [(&str, Vec<u8>); 4] = [
        ("a frame of 2^63 bytes", frame(0x82, 1 << 62)),
        ("a frame of a gigabyte", frame(0x81, 1 << 30)),
        ("fragments without end", [vec![piece(0x01)], vec![piece(0x00); 500_000]].concat().concat()),
        ("control frames that are too long", frame(0x89, 1 << 20)),
    ];
    for (name, bytes) in floods {
        let mut stream = connect(&site.server);
        stream.write_all(hello(&token).as_bytes()).expect("taken");
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("an answer");
        assert_eq!(&head, b"HTTP/1.1 101", "{name}");
        stream.write_all(&bytes).ok();
        // The stream ends: by a close frame, or cut.
        let until = Instant::now() + PATIENCE;
        let mut rest = [0; 65_536];
        loop {
            match stream.read(&mut rest) {
                Ok(0) => break,
                Ok(_) => assert!(Instant::now() < until, "{name}: still open"),
                Err(error) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{name}: still open");
                    break;
                }
            }
        }
    }
    let growth = site.memory().saturating_sub(before);
    assert!(growth < 32 << 20, "grown by {} MiB", growth >> 20);
    let count = json!(site.server.get("/v1/calls").await["items"].as_array().map(Vec::len));
    assert_eq!(count, json!(0));
}
