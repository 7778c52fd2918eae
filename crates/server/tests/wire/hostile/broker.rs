//! Attacks on the embedded broker: frames that are none, that never end, that ask for too much; clients that do not read.
//! That no tenant reaches another's destinations is in `tests/api/broker.rs`.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::site::Site;
use crate::stomp;

/// Longer than any frame may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn connect(at: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time above nought");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time above nought");
    stream
}

/// Everything that comes back until the server closes.
fn rest(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let mut piece = [0; 65_536];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => heard.extend_from_slice(&piece[..length]),
            // Cut while we still sent.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("still open: {error}, after {}", String::from_utf8_lossy(&heard)),
        }
    }
    String::from_utf8_lossy(&heard).into_owned()
}

/// A client that has connected.
fn connected(at: SocketAddr, token: &str, version: &str) -> TcpStream {
    let mut stream = connect(at);
    let frame = format!("CONNECT\naccept-version:{version}\npasscode:{token}\n\n\0");
    stream.write_all(frame.as_bytes()).expect("taken");
    let answer = frame_of(&mut stream);
    assert!(answer.starts_with("CONNECTED\n"), "{answer}");
    stream
}

/// The next frame, where one at a time is waited for. Its end is a nought: nothing in these tests has one inside.
fn frame_of(stream: &mut TcpStream) -> String {
    let (mut frame, mut piece) = (Vec::new(), [0; 65_536]);
    while frame.last() != Some(&0) {
        let length = stream.read(&mut piece).expect("a frame");
        assert!(length > 0, "closed after {}", String::from_utf8_lossy(&frame));
        frame.extend_from_slice(&piece[..length]);
    }
    frame.pop();
    String::from_utf8_lossy(&frame).trim_start().to_owned()
}

/// Frames that are wrong whatever the version.
fn wrong() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut add = |frame: &str| all.push(frame.as_bytes().to_vec());
    for verb in ["send", "Send", "SEND ", " SEND", "SENDX", "", "GET / HTTP/1.1", "SUBSCRIBE:x", "\u{fffd}"] {
        add(&format!("{verb}\ndestination:/topic/a\n\nx\0"));
    }
    for verb in ["CONNECTED", "MESSAGE", "RECEIPT", "ERROR"] {
        add(&format!("{verb}\nversion:1.2\nmessage-id:1\ndestination:/topic/a\n\n\0"));
    }
    for length in ["-1", "+1", "", "0x10", "1e3", "1 2", "1048577", "99999999999999999999999999"] {
        add(&format!("SEND\ndestination:/topic/a\ncontent-length:{length}\n\nx\0"));
    }
    for (length, body) in [("1", "xx"), ("0", "x"), ("3", "xx\0x")] {
        add(&format!("SEND\ndestination:/topic/a\ncontent-length:{length}\n\n{body}\0\0\0\0"));
    }
    for header in ["nothing", ":value", "a\0:b", "a:b\0c"] {
        add(&format!("SEND\ndestination:/topic/a\n{header}\n\nx\0"));
    }
    add(&format!("SEND\n{}\nx\0", (0..65).map(|n| format!("h{n}:v\n")).collect::<String>()));
    add(&format!("SEND\n{}\nx\0", "h:v\n".repeat(100_000)));
    add(&format!("SEND\ndestination:/topic/{}\n\nx\0", "a".repeat(8_200)));
    add(&format!("SEND\ndestination:/topic/a\n{}:b\n\nx\0", "a".repeat(4 << 20)));
    add(&"A".repeat(4 << 20));
    add(&format!("SEND\ndestination:/topic/a\n\n{}", "x".repeat(4 << 20)));
    add(&"\0".repeat(1 << 20));
    all.push(b"SEND\ndestination:/topic/\xff\xfe\n\nx\0".to_vec());
    all.push(vec![0xff; 100_000]);
    all.push(vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]);
    all.push([vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3], vec![b'\n'; 10]].concat());
    all
}

/// What is wrong before anybody has connected.
fn wrong_from_strangers() -> Vec<Vec<u8>> {
    let mut all = wrong();
    for verb in ["SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "BEGIN", "COMMIT", "ABORT", "DISCONNECT"]
    {
        all.push(format!("{verb}\nid:1\ntransaction:t\ndestination:/topic/a\nreceipt:r\n\n\0").into_bytes());
    }
    for headers in [
        "accept-version:1.3,2.0",
        "accept-version:",
        "accept-version:1.2\nheart-beat:x",
        "accept-version:1.2\nheart-beat:1",
        "accept-version:1.1\nheart-beat:-1,0",
        "accept-version:1.1\nheart-beat:1,2,3",
        "accept-version:1.2\npasscode:wrong",
        "accept-version:1.2\nlogin:ann\npasscode:wrong",
        "accept-version:1.2\nlogin:ann@nowhere\npasscode:wrong",
        "accept-version:1.2\nlogin:../ann\nhost:cordial.local\npasscode:wrong",
        "login:\npasscode:",
        "",
    ] {
        all.push(
            format!("CONNECT\n{headers}{}\n\0", if headers.is_empty() { "" } else { "\n" }).into_bytes(),
        );
    }
    all.push(b"CONNECT\naccept-version:1.2\n\na body\0".to_vec());
    all
}

/// What is wrong from somebody who has connected.
fn wrong_from_clients(version: &str) -> Vec<Vec<u8>> {
    let mut all = wrong();
    let mut add = |frame: String| all.push(frame.into_bytes());
    let long = "x".repeat(300);
    add("CONNECT\naccept-version:1.2\n\n\0".to_owned());
    add("STOMP\naccept-version:1.2\n\n\0".to_owned());
    let elsewhere = [
        "",
        "/",
        "/queue/",
        "/topic/",
        "topic/a",
        "/Topic/a",
        "/exchange/a",
        "/temp-queue/a",
        "/topic/>",
        "/topic/*",
        "/topic/a b",
        "/queue/a\tb",
        "queue://a",
        "//queue/a",
        &format!("/topic/{long}"),
    ];
    for destination in elsewhere {
        add(format!("SEND\ndestination:{destination}\n\nx\0"));
        add(format!("SUBSCRIBE\nid:1\ndestination:{destination}\n\n\0"));
    }
    for frame in
        ["UNSUBSCRIBE\nid:1", "ACK", "NACK", "BEGIN", "COMMIT", "ABORT", "COMMIT\ntransaction:t", "SEND"]
    {
        add(format!("{frame}\n\n\0"));
    }
    for id in ["", "1", "x-1", "0000000000000000-0-1", "-1", "18446744073709551616"] {
        add(format!("ACK\nid:{id}\nmessage-id:{id}\nsubscription:1\n\n\0"));
    }
    add("SEND\ndestination:/topic/a\ntransaction:t\n\nx\0".to_owned());
    add(format!("BEGIN\ntransaction:{long}\n\n\0"));
    add(format!("BEGIN\ntransaction:t\nreceipt:{long}\n\n\0"));
    add(format!("SUBSCRIBE\nid:{long}\ndestination:/topic/a\n\n\0"));
    add("SUBSCRIBE\nid:1\ndestination:/topic/a\nack:maybe\n\n\0".to_owned());
    add("SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0".repeat(2));
    add("BEGIN\ntransaction:t\n\n\0".repeat(2));
    let deep = format!("{}a = 'b'{}", "(".repeat(2_000), ")".repeat(2_000));
    let endless = vec!["a = 'b'"; 500].join(" OR ");
    for selector in ["a", "a = b", "a > 'b'", "'", "1=1", "a = 'b' --", "NOT a = 'b'", &deep, &endless] {
        add(format!("SUBSCRIBE\nid:1\ndestination:/topic/a\nselector:{selector}\n\n\0"));
    }
    // More than one connection may have.
    add((0..200).map(|n| format!("SUBSCRIBE\nid:{n}\ndestination:/topic/a\n\n\0")).collect());
    add((0..50).map(|n| format!("BEGIN\ntransaction:{n}\n\n\0")).collect());
    let held = "SEND\ndestination:/topic/a\ntransaction:t\n\nx\0".repeat(1_000);
    add(format!("BEGIN\ntransaction:t\n\n\0{held}"));
    let large = format!("SEND\ndestination:/topic/a\ntransaction:t\n\n{}\0", "x".repeat(1 << 20));
    add(format!("BEGIN\ntransaction:t\n\n\0{}", large.repeat(6)));
    let taken = "SEND\ndestination:/topic/own\n\nx\0".repeat(1_500);
    add(format!("SUBSCRIBE\nid:1\ndestination:/topic/own\nack:client\n\n\0{taken}"));
    if version != "1.0" {
        for escape in ["\\t", "\\", "\\x", "\\:", "\\N", "\\0"] {
            add(format!("SEND\ndestination:/topic/a\nodd:{escape}\n\nx\0"));
        }
        add("SUBSCRIBE\ndestination:/topic/a\n\n\0".to_owned());
    }
    all
}

/// Sends it, and says what is wrong with how it was taken: one `ERROR` ends the connection, and nothing was done.
fn refused(mut stream: TcpStream, frame: &[u8]) -> Result<(), String> {
    // The server may end it before it has taken all.
    stream.write_all(frame).ok();
    let heard = rest(&mut stream);
    let errors = heard.matches("ERROR\n").count();
    // What was still being sent when the server closed can take the farewell with it.
    if errors == 1 || (heard.is_empty() && frame.len() > 60_000) { Ok(()) } else { Err(heard) }
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn hostile_frames_are_refused_one_by_one_and_leave_memory_as_it_was() {
    let (server, at, _) = stomp::server().await;
    let site = Site::open_on(server, 0).await;
    let token = site.server.token().to_owned();
    let mut bystander = connected(at, &token, "1.2");
    bystander.write_all(b"SUBSCRIBE\nid:0\ndestination:/topic/good\n\n\0").expect("taken");
    // Some begin and never end; they are looked at last, when their time is over.
    let begun = Instant::now();
    let slow: Vec<TcpStream> = (0..30)
        .map(|n| {
            let (mut stream, frame) = match n % 3 {
                0 => (connect(at), "CONNECT\naccept-version:1.2\npass"),
                1 => (connected(at, &token, "1.2"), "SEND\ndestination:/topic/a\ncontent-length:100\n\nx"),
                _ => (connected(at, &token, "1.1"), "SUBSCRIBE\nid:1\ndesti"),
            };
            stream.write_all(frame.as_bytes()).expect("taken");
            stream
        })
        .collect();
    let before = site.memory();
    let (mut count, mut badly) = (0, Vec::new());
    let mut judge = |frame: &[u8], verdict: Result<(), String>| {
        count += 1;
        if let Err(heard) = verdict {
            let shown: String = String::from_utf8_lossy(frame).chars().take(80).collect();
            badly.push(format!("{shown:?}: {heard:?}"));
        }
    };
    for frame in wrong_from_strangers() {
        judge(&frame, refused(connect(at), &frame));
    }
    for version in ["1.0", "1.1", "1.2"] {
        for frame in wrong_from_clients(version) {
            judge(&frame, refused(connected(at, &token, version), &frame));
        }
    }
    // Ends of line are heart-beats, however many.
    let mut beating = connected(at, &token, "1.2");
    beating.write_all(&vec![b'\n'; 4 << 20]).expect("taken");
    beating.write_all(b"DISCONNECT\nreceipt:r\n\n\0").expect("taken");
    assert_eq!(frame_of(&mut beating), "RECEIPT\nreceipt-id:r\n\n");
    for mut stream in slow {
        let heard = rest(&mut stream);
        judge(b"a frame without end", if heard.contains("not whole in time") { Ok(()) } else { Err(heard) });
    }
    assert!(begun.elapsed() >= Duration::from_secs(10), "a slow one is given its time");
    let growth = site.memory().saturating_sub(before);
    println!("{count} hostile frames, +{} KiB", growth >> 10);
    assert!(badly.is_empty(), "{} taken wrongly:\n{}", badly.len(), badly.join("\n"));
    assert!(count >= 200, "{count} frames");
    assert!(growth < 32 << 20, "grown by {} MiB", growth >> 20);
    bystander.write_all(b"SEND\ndestination:/topic/good\n\nstill here\0").expect("taken");
    assert!(frame_of(&mut bystander).ends_with("\n\nstill here"));
    assert!(!site.server.log().contains("panicked"), "{}", site.server.log());
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn who_does_not_read_is_cut_and_keeps_nobody_else_waiting() {
    let (server, at, _) = stomp::server().await;
    let site = Site::open_on(server, 0).await;
    let token = site.server.token().to_owned();
    let mut good = connected(at, &token, "1.2");
    good.write_all(b"SUBSCRIBE\nid:0\ndestination:/topic/news\n\n\0").expect("taken");
    let before = site.memory();
    let mut deaf: Vec<TcpStream> = (0..20).map(|_| connected(at, &token, "1.2")).collect();
    for stream in &mut deaf {
        stream.write_all(b"SUBSCRIBE\nid:0\ndestination:/topic/news\nreceipt:r\n\n\0").expect("taken");
        assert_eq!(frame_of(stream), "RECEIPT\nreceipt-id:r\n\n");
    }
    let news = format!("SEND\ndestination:/topic/news\n\n{}\0", "n".repeat(100_000));
    let mut slowest = Duration::ZERO;
    for _ in 0..300 {
        let sent = Instant::now();
        good.write_all(news.as_bytes()).expect("taken");
        assert!(frame_of(&mut good).starts_with("MESSAGE\n"));
        slowest = slowest.max(sent.elapsed());
    }
    let growth = site.memory().saturating_sub(before);
    println!("slowest of 300 messages beside 20 who do not read: {slowest:?}, +{} KiB", growth >> 10);
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    // What the kernel took for them, and at most 4 MiB that all share.
    assert!(growth < 32 << 20, "grown by {} MiB", growth >> 20);
    for stream in &mut deaf {
        let heard = rest(stream);
        assert!(heard.starts_with("MESSAGE\n"), "all that fitted came, and then an end");
    }
}
