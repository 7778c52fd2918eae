//! SIP over WebSocket, and those who misuse it. What a browser's phone does there is in `webitel.rs`.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::stranger::request;
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(20);

async fn connect(
    server: &Server,
    protocol: Option<&str>,
) -> Result<(WebSocketStream<TcpStream>, Response), Error> {
    let io = TcpStream::connect(server.http()).await?;
    let mut request = format!("ws://{}/sip", server.http()).into_client_request()?;
    if let Some(protocol) = protocol {
        let protocol = protocol.parse().expect("a header's value");
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
    }
    tokio_tungstenite::client_async(request, io).await
}

/// What comes next; nothing when the server has ended the connection.
async fn hear(socket: &mut WebSocketStream<TcpStream>) -> Option<String> {
    match timeout(PATIENCE, socket.next()).await.expect("a word or an end in time")? {
        Ok(Message::Close(_)) | Err(_) => None,
        Ok(message) => Some(message.to_text().expect("SIP is text").to_owned()),
    }
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn strangers_at_the_web_socket_of_sip_are_answered_or_cut() {
    let server = Server::start().await;
    for protocol in [None, Some("chat"), Some("sipp")] {
        let Err(Error::Http(refusal)) = connect(&server, protocol).await else {
            panic!("{protocol:?}: let in");
        };
        assert_eq!(refusal.status(), 400, "{protocol:?}");
    }
    let plain = reqwest::get(format!("http://{}/sip", server.http())).await.expect("the server answers");
    assert_eq!(plain.status().as_u16(), 400);
    assert!(plain.text().await.expect("a body").contains("SIP over WebSocket"));

    let (mut socket, answer) = connect(&server, Some("chat, sip")).await.expect("a handshake");
    assert_eq!(answer.headers()["sec-websocket-protocol"], "sip");
    for noise in
        [Message::binary(vec![0xff; 60_000]), Message::text("GET / HTTP/1.1\r\n\r\n"), Message::text("")]
    {
        socket.send(noise).await.expect("the server reads");
    }
    socket.send(Message::text("\r\n\r\n")).await.expect("the server reads");
    assert_eq!(hear(&mut socket).await.as_deref(), Some("\r\n"), "nothing before it was worth an answer");
    for request in [Message::text(request("WS")), Message::binary(request("WS"))] {
        socket.send(request).await.expect("the server reads");
        let answer = hear(&mut socket).await.expect("an answer");
        assert!(answer.starts_with("SIP/2.0 ") && answer.contains("Via: SIP/2.0/WS "), "{answer}");
    }
    // It may be cut before all is written.
    socket.send(Message::text("x".repeat(70_000))).await.ok();
    assert_eq!(hear(&mut socket).await, None, "a message beyond the largest ends it");

    let (mut silent, _) = connect(&server, Some("sip")).await.expect("a handshake");
    let since = Instant::now();
    assert_eq!(hear(&mut silent).await, None, "who says nothing is cut");
    assert!(since.elapsed() > Duration::from_secs(5), "cut too early: {:?}", since.elapsed());
}
