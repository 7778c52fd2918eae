//! SIP by connections and over IPv6, HTTPS, and those who misuse them.

mod browsers;
mod ipv6;
mod outbound;
mod phone;
mod phones;
pub(crate) mod stranger;

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::peers::{Baresip, Sipp, free_port};
use crate::server::{Server, pause};
use crate::site::Site;
use serde_json::json;
use stranger::{closed_within, make_certificate, options, reads, tls_to};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// The phone of device 2001, reached through the connection that it opened itself.
fn phone_by(site: &Site, transport: &str, at: SocketAddr) -> Baresip {
    let account =
        format!("<sip:2001@{at};transport={transport}>;auth_pass={};regint=60;answermode=auto", site.secret);
    Baresip::start("phone", 1_300, &account)
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn a_phone_registers_over_tcp_with_digest_and_is_gone_with_its_connection() {
    let site = Site::open().await;
    let port = free_port();
    site.register(port, "wrong", 120, 403).by_tcp().run().succeeds();
    site.register(port, &site.secret, 120, 200).by_tcp().run().succeeds();
    site.server.wait_for_device(&site.device, "unregistered").await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn a_call_that_comes_by_tcp_rings_a_phone_through_the_tcp_connection_it_opened() {
    let site = Site::open().await;
    let phone = phone_by(&site, "tcp", site.server.sip);
    site.server.wait_for_device(&site.device, "idle").await;
    site.caller("caller.xml", "3001").by_tcp().lasting(1_500).run().succeeds();
    site.server.wait_for_no_calls().await;
    let cdr = site.server.wait_for_cdr().await;
    assert_eq!(cdr["cause"]["kind"], json!("normal"), "{cdr:#}");
    drop(phone);
    site.server.wait_for_device(&site.device, "unregistered").await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn a_phone_registers_over_tls_and_is_called_through_its_connection() {
    let site = Site::open().await;
    let _phone = phone_by(&site, "tls", site.server.sips);
    site.server.wait_for_device(&site.device, "idle").await;
    site.caller("caller.xml", "3001").lasting(1_500).run().succeeds();
    site.server.wait_for_no_calls().await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn a_call_leads_out_over_a_tcp_connection_to_the_trunk_that_the_server_opens() {
    let site = Site::open().await;
    let at = "127.0.0.2".parse().expect("an address");
    let port = free_port();
    let trunk = json!({
        "name": "tcp", "address": format!("{at}:{port}"), "transport": "tcp", "outbound_prefixes": ["00"]
    });
    let trunk = site.server.post("/v1/trunks", trunk).await;
    assert_eq!(trunk["transport"], json!("tcp"), "{trunk:#}");
    let carrier = Sipp::scenario("phone_answers.xml").at(at).from(port).by_tcp().to(site.server.sip);
    let carrier = carrier.lasting(200).start();
    let account = format!("<sip:2001@{}>;auth_pass={};regint=60", site.server.sip, site.secret);
    let _phone = Baresip::dial("phone", 700, &account, &format!("sip:0044123@{}", site.server.sip));
    let until = Instant::now() + Duration::from_secs(20);
    let call = loop {
        let calls = site.server.all("/v1/calls").await;
        let answered = |call: &serde_json::Value| {
            let legs = call["legs"]
                .as_array()
                .map_or(0, |legs| legs.iter().filter(|leg| leg["state"] == "answered").count());
            legs == 2
        };
        if let Some(call) = calls.into_iter().find(answered) {
            break call;
        }
        assert!(Instant::now() < until, "the trunk does not answer");
        pause().await;
    };
    let call = call["id"].as_str().expect("a call has an id");
    site.server.post(&format!("/v1/calls/{call}/hang-up"), json!(null)).await;
    carrier.succeeds();
    site.server.wait_for_no_calls().await;
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn a_trunk_where_nobody_listens_fails_the_call_at_once() {
    let site = Site::open().await;
    let trunk = json!({
        "name": "gone", "address": format!("127.0.0.2:{}", free_port()), "transport": "tcp",
        "outbound_prefixes": ["00"]
    });
    site.server.post("/v1/trunks", trunk).await;
    let account = format!("<sip:2001@{}>;auth_pass={};regint=60", site.server.sip, site.secret);
    let started = Instant::now();
    let _phone = Baresip::dial("phone", 700, &account, &format!("sip:0044123@{}", site.server.sip));
    let cdr = site.server.wait_for_cdr().await;
    assert!(started.elapsed() < Duration::from_secs(10), "timer B was waited for: {cdr:#}");
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn a_new_certificate_is_shown_to_new_connections_and_old_ones_live_on() {
    let server = Server::start().await;
    let first = fs::read(server.data().join("tls.crt")).expect("the first start makes a certificate");
    let mut old = tls_to(server.sips, &first).await.expect("the certificate is for this address");
    assert!(options(&mut old, "TLS").await.starts_with("SIP/2.0 "));
    let (certificate, key) = make_certificate("127.0.0.1");
    fs::write(server.data().join("tls.crt"), &certificate).expect("the folder can be written");
    fs::write(server.data().join("tls.key"), &key).expect("the folder can be written");
    server.hang_up();
    let until = Instant::now() + Duration::from_secs(10);
    let mut new = loop {
        match tls_to(server.sips, certificate.as_bytes()).await {
            Ok(new) => break new,
            Err(error) => assert!(Instant::now() < until, "the new certificate is not shown: {error}"),
        }
    };
    assert!(tls_to(server.sips, &first).await.is_err(), "the old certificate is still shown");
    assert!(options(&mut new, "TLS").await.starts_with("SIP/2.0 "));
    assert!(options(&mut old, "TLS").await.starts_with("SIP/2.0 "), "the old connection lives on");
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn https_answers_as_http_does() {
    let server = Server::start().await;
    let root = fs::read(server.data().join("tls.crt")).expect("the first start makes a certificate");
    for (token, code) in [(server.token(), "200"), ("none", "401")] {
        let mut https = tls_to(server.https, &root).await.expect("the certificate is for this address");
        let ask = format!(
            "GET /v1/calls HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        https.write_all(ask.as_bytes()).await.expect("the server reads");
        let mut answer = Vec::new();
        // Some servers end without a farewell of TLS; what counts is what was said before.
        https.read_to_end(&mut answer).await.ok();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")), "{answer}");
    }
}

#[tokio::test]
#[ignore = "needs sipp or baresip: runs in the gate's stage `transports`"]
async fn two_hundred_half_open_connections_from_its_address_do_not_keep_a_phone_out() {
    let site = Site::open().await;
    let mut half_open = Vec::new();
    for n in 0..200 {
        let mut io = TcpStream::connect(site.server.sip).await.expect("the system takes connections");
        if n % 2 == 0 {
            io.write_all(b"REGISTER sip:").await.ok();
        }
        half_open.push(io);
    }
    let started = Instant::now();
    site.register(free_port(), &site.secret, 120, 200).by_tcp().run().succeeds();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let mut cut = 0;
    for io in &mut half_open {
        cut += usize::from(closed_within(io, Duration::from_millis(10)).await);
    }
    assert!(cut >= 150, "the oldest make place: {cut} of 200 are cut");
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn one_address_has_no_more_connections_than_its_share_and_another_is_served_beside_it() {
    let server = Server::start_with_tables("[limits]\nsip_connections_per_source = 8").await;
    let refused = "cordial_sip_connections_refused_total{transport=\"tcp\"}";
    let mut proved = Vec::new();
    for _ in 0..8 {
        let mut io = TcpStream::connect(server.sip).await.expect("the server listens");
        assert!(options(&mut io, "TCP").await.starts_with("SIP/2.0 "));
        proved.push(io);
    }
    assert_eq!(server.metric(refused).await, None);
    let mut ninth = TcpStream::connect(server.sip).await.expect("the system takes connections");
    assert!(closed_within(&mut ninth, Duration::from_secs(5)).await, "the ninth is let in");
    assert_eq!(server.metric(refused).await, Some(1.0));
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 3], 0))).expect("all of 127.0.0.0/8 is ours");
    let mut other = socket.connect(server.sip).await.expect("the server listens");
    assert!(options(&mut other, "TCP").await.starts_with("SIP/2.0 "), "another address is served");
    for io in &mut proved {
        assert!(options(io, "TCP").await.starts_with("SIP/2.0 "), "those before are kept");
    }
    // A place that is given back is free again, as soon as the server has seen the end.
    drop(proved.pop());
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let mut io = TcpStream::connect(server.sip).await.expect("the server listens");
        if io.write_all(stranger::request("TCP").as_bytes()).await.is_ok() && io.read_u8().await.is_ok() {
            return;
        }
        assert!(Instant::now() < until, "the place is not free again");
    }
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn a_keep_alive_is_answered_and_a_message_in_many_pieces_is_understood() {
    let server = Server::start().await;
    let mut io = TcpStream::connect(server.sip).await.expect("the server listens");
    for piece in stranger::request("TCP").as_bytes().chunks(7) {
        io.write_all(piece).await.expect("the server reads");
        io.flush().await.expect("the server reads");
    }
    assert!(reads(&mut io, b"\r\n\r\n").await.starts_with("SIP/2.0 "));
    io.write_all(b"\r\n\r\n").await.expect("the server reads");
    assert_eq!(reads(&mut io, b"\r\n").await, "\r\n");
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn a_sender_of_one_byte_a_second_is_cut() {
    let server = Server::start().await;
    let mut io = TcpStream::connect(server.sip).await.expect("the server listens");
    let started = Instant::now();
    for byte in stranger::request("TCP").bytes() {
        // The slowness itself is what is tried here.
        if io.write_all(&[byte]).await.is_err() || closed_within(&mut io, Duration::from_secs(1)).await {
            assert!(started.elapsed() > Duration::from_secs(5), "cut too early");
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "nobody cuts it");
    }
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn what_cannot_be_told_apart_is_refused_and_its_connection_closed() {
    let server = Server::start().await;
    let good = stranger::request("TCP");
    let long_header = format!("OPTIONS sip:a SIP/2.0\r\nX-Long: {}", "x".repeat(40_000));
    for (what, bytes, answer) in [
        ("noise", vec![0xff; 40_000], None),
        ("headers without an end", long_header.into_bytes(), None),
        (
            "too large a body",
            good.replace("Content-Length: 0", "Content-Length: 99999999").into_bytes(),
            Some("SIP/2.0 "),
        ),
        (
            "a negative length",
            good.replace("Content-Length: 0", "Content-Length: -1").into_bytes(),
            Some("SIP/2.0 400"),
        ),
    ] {
        let mut io = TcpStream::connect(server.sip).await.expect("the server listens");
        // It may be closed before all is written.
        io.write_all(&bytes).await.ok();
        let mut heard = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(8), io.read_to_end(&mut heard)).await;
        assert!(ended.is_ok(), "{what}: not closed");
        let heard = String::from_utf8_lossy(&heard).into_owned();
        assert!(answer.is_none_or(|answer| heard.starts_with(answer)), "{what}: {heard}");
    }
    let mut io = TcpStream::connect(server.sip).await.expect("the server listens");
    assert!(options(&mut io, "TCP").await.starts_with("SIP/2.0 "), "the next one is served");
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn an_http_client_that_dribbles_its_headers_is_cut_and_so_is_a_silent_tls_client() {
    let server = Server::start().await;
    let http = server.http();
    let dribble = async {
        let mut io = TcpStream::connect(http).await.expect("the server listens");
        io.write_all(b"GET /livez HTTP/1.1\r\n").await.expect("the server reads");
        let started = Instant::now();
        while io.write_all(b"X-A: b\r\n").await.is_ok() {
            if closed_within(&mut io, Duration::from_secs(1)).await {
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(25), "nobody cuts it");
        }
    };
    let silent = async {
        for at in [server.https, server.sips] {
            let mut io = TcpStream::connect(at).await.expect("the server listens");
            assert!(closed_within(&mut io, Duration::from_secs(15)).await, "{at}: nobody cuts it");
        }
    };
    tokio::join!(dribble, silent);
}
