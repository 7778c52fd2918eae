//! The Generic Connector over HTTP, in this process: what is taken, what is refused, and who is called back.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use cordial_server::config::Config;
use cordial_server::run::Server;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

/// A message that a client was told.
#[derive(Debug)]
struct Call {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Call {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A client's own server, which notes who calls. Below `/away` it sends callers elsewhere, below `/large` it answers more
/// than anybody reads, and below `/closing` it closes each connection.
struct Client {
    at: SocketAddr,
    calls: mpsc::Receiver<Call>,
}

impl Client {
    async fn open() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = socket.local_addr().unwrap();
        let (note, calls) = mpsc::channel(1_000);
        let router = Router::new().fallback(noted).with_state(note);
        tokio::spawn(async move { axum::serve(socket, router).await });
        Self { at, calls }
    }

    async fn next(&mut self) -> Call {
        timeout(PATIENCE, self.calls.recv()).await.expect("a call in time").expect("a call")
    }
}

async fn noted(
    State(note): State<mpsc::Sender<Call>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.to_string();
    let body = String::from_utf8(body.to_vec()).unwrap();
    note.send(Call { path: path.clone(), headers, body }).await.unwrap();
    match path.as_str() {
        "/away" => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response(),
        "/large" => "x".repeat(1_000_000).into_response(),
        "/closing" => [(header::CONNECTION, "close")].into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

/// A server whose connector may call back at `hosts`; none: the connector is switched off or on as `more` says.
async fn server(hosts: &str, more: &str) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[sip]\nudp = \"127.0.0.1:0\"\ntcp = \"\"\ntls = \"\"\n[http]\nnative = \"127.0.0.1:0\"\ntls = \"\"\n\
         [connector]\ncallback_hosts = \"{hosts}\"\nlisten = \"127.0.0.1:0\"\ntls_listen = \"\"\n{more}"
    );
    let mut config = Config::parse(std::path::Path::new("test"), &text).unwrap();
    config.paths.data = folder.path().join("data");
    config.paths.recordings = folder.path().join("recordings");
    (Server::start(&config).await.unwrap(), folder)
}

async fn post(server: &Server, kind: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
    let url = format!("http://{}/connector", server.http());
    let request = reqwest::Client::new().post(url).header("content-type", kind);
    let answer = request.header("x-connector-correlation", "c-1").body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn envelope(kind: &str, body: &str, at: SocketAddr, path: &str) -> Value {
    let host = format!("http://{at}");
    json!({ "data": { "type": kind, "body": body, "sessionUrl": "s-1", "callbackFqdn": host, "callbackEndpoint": path } })
}

async fn asks(server: &Server, envelope: Value) {
    assert_eq!(post(server, "application/json", envelope.to_string()).await, (202, String::new()));
}

#[tokio::test]
async fn a_client_over_http_asks_and_is_called_back_in_the_order_of_what_it_asked() {
    let mut client = Client::open().await;
    let (server, _folder) = server(&client.at.to_string(), "").await;
    asks(&server, envelope("HELLO#desk-1", "null", client.at, "events?a=1")).await;
    let call = client.next().await;
    assert_eq!(
        (call.path.as_str(), call.body.as_str()),
        ("/events?a=1", r#"{"status":"IN_SERVICE","type":"System"}"#)
    );
    assert_eq!(call.header("host"), client.at.to_string());
    assert_eq!(call.header("content-type"), "application/json");
    assert_eq!(
        (call.header("x-connector-category"), call.header("x-connector-correlation")),
        ("system", "c-1")
    );
    // More than can be told at once: one after the other, none twice, none lost. The address is known by then.
    for n in 0..100 {
        asks(&server, json!({ "data": { "type": format!("GetState#{n}"), "sessionUrl": "s-1" } })).await;
    }
    for n in 0..100 {
        let told: Value = serde_json::from_str(&client.next().await.body).unwrap();
        assert_eq!((&told["state"], &told["agentId"]), (&json!("RE_LOGIN"), &json!(n.to_string())));
    }
}

#[tokio::test]
async fn nobody_is_called_whom_the_configuration_does_not_name_and_no_redirection_is_followed() {
    let mut client = Client::open().await;
    let stranger = Client::open().await;
    let (server, _folder) = server(&client.at.to_string(), "").await;
    let refused = envelope("HELLO#desk-1", "null", stranger.at, "/").to_string();
    let (status, text) = post(&server, "application/json", refused).await;
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &told["type"], &told["error"]), (403, &json!("Error"), &json!("PLEASE_RETRY")));
    assert_eq!(
        told["description"],
        format!("http://{} may not be called back: connector.callback_hosts does not name it", stranger.at)
    );
    asks(&server, envelope("HELLO#desk-1", "null", client.at, "/away")).await;
    assert_eq!(client.next().await.path, "/away");
    asks(&server, envelope("HELLO#desk-1", "null", client.at, "/here")).await;
    // Had a redirection been followed, its call would stand before this one or beside it.
    assert_eq!(client.next().await.path, "/here");
    assert!(client.calls.try_recv().is_err());
    let mut calls = stranger.calls;
    assert!(calls.try_recv().is_err());
}

#[tokio::test]
async fn a_client_is_told_the_next_however_it_answers() {
    let mut client = Client::open().await;
    let (server, _folder) = server(&client.at.to_string(), "").await;
    for path in ["/large", "/closing", "/away"] {
        for _ in 0..5 {
            asks(&server, envelope("HELLO#desk-1", "null", client.at, path)).await;
        }
        for _ in 0..5 {
            assert_eq!(client.next().await.path, path);
        }
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_the_connectors_own_words() {
    let client = Client::open().await;
    let (server, _folder) = server(&client.at.to_string(), "").await;
    let large = envelope("HELLO#desk-1", &"x".repeat(70_000), client.at, "/").to_string();
    let good = envelope("HELLO#desk-1", "null", client.at, "/").to_string();
    for (kind, body, expected) in [
        ("application/json", "{\"data\":".to_owned(), 400),
        ("application/json", "[]".to_owned(), 400),
        ("application/json", "\u{0}".to_owned(), 400),
        ("application/json", json!({ "data": { "type": "HELLO#desk-1" } }).to_string(), 400),
        ("application/json", large, 413),
        // A page of a stranger's can make a browser send this without asking us first.
        ("text/plain", good.clone(), 415),
        ("application/x-www-form-urlencoded", good, 415),
    ] {
        let (status, text) = post(&server, kind, body).await;
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &told["error"]), (expected, &json!("PLEASE_RETRY")), "{text}");
    }
}

#[tokio::test]
async fn where_it_is_switched_off_it_is_said_how_to_switch_it_on() {
    for (more, expected) in [("", 404), ("enabled = true\n", 403)] {
        let (server, _folder) = server("", more).await;
        let (status, text) = post(&server, "application/json", "{}").await;
        assert_eq!(status, expected, "{text}");
        assert!(text.contains("connector.callback_hosts"), "{text}");
    }
}
