//! A phone by TCP that does as it is told.

use std::net::SocketAddr;
use std::time::Duration;

use cordial_sip::message::{Frame, Framer, Message, Name, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::hostile::phone;

const PATIENCE: Duration = Duration::from_secs(20);

/// SIP by one connection, from either end of it.
pub(crate) struct Wire<S> {
    io: S,
    framer: Framer,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(io: S) -> Self {
        Self { io, framer: Framer::default() }
    }

    pub(crate) async fn say(&mut self, bytes: &[u8]) {
        self.io.write_all(bytes).await.expect("the server reads");
        self.io.flush().await.expect("the server reads");
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> Message {
        timeout(PATIENCE, self.next()).await.expect("the server speaks in time")
    }

    async fn next(&mut self) -> Message {
        let mut bytes = [0; 4_096];
        loop {
            match self.framer.next_frame().expect("the server's messages can be told apart") {
                Some(Frame::Message(message)) => return Message::parse(&message).expect("a good message"),
                Some(Frame::Ping) => {}
                None => {
                    let length = self.io.read(&mut bytes).await.expect("the connection stands");
                    assert_ne!(length, 0, "the server has closed the connection");
                    self.framer.push(&bytes[..length]);
                }
            }
        }
    }

    /// Waits for a request of this method, passing over everything else.
    pub(crate) async fn asked(&mut self, method: &str) -> Request {
        loop {
            match self.hear().await {
                Message::Request(request) if request.method.as_str() == method => return request,
                Message::Request(_) | Message::Response(_) => {}
            }
        }
    }

    /// The next final response.
    async fn hear_final(&mut self) -> Response {
        loop {
            match self.hear().await {
                Message::Response(response) if !response.is_provisional() => return response,
                Message::Request(_) | Message::Response(_) => {}
            }
        }
    }
}

/// A phone whose only way to the server is the connection that it opened.
pub(crate) struct Phone {
    wire: Wire<TcpStream>,
    local: SocketAddr,
    /// Writes what it says; its own socket is never used.
    drafts: phone::Phone,
}

impl Phone {
    pub(crate) async fn connect(server: SocketAddr, user: &str, password: &str) -> Self {
        let io = TcpStream::connect(server).await.expect("the server listens");
        let local = io.local_addr().expect("a connected socket");
        let drafts = phone::Phone::at([127, 0, 0, 1], server, user, password);
        Self { wire: Wire::new(io), local, drafts }
    }

    pub(crate) async fn registers(&mut self) {
        let draft = self.drafts.register();
        let challenged = self.ask(&draft).await;
        let proved = self.drafts.proving(&draft, &challenged);
        let answer = self.ask(&proved).await;
        assert_eq!(answer.code, 200, "{answer:?}");
    }

    async fn ask(&mut self, draft: &phone::Draft) -> Response {
        let text = self.drafts.text(draft).replace("SIP/2.0/UDP ", "SIP/2.0/TCP ");
        let text = text.replace(&self.drafts.local().to_string(), &self.local.to_string());
        self.wire.say(text.as_bytes()).await;
        self.wire.hear_final().await
    }

    pub(crate) async fn asked(&mut self, method: &str) -> Request {
        self.wire.asked(method).await
    }

    /// Answers a call.
    pub(crate) async fn answers(&mut self, invite: &Request) {
        let body = phone::sdp(SocketAddr::new(self.local.ip(), 9));
        let mut answer = Response::to_request(invite, 200, Some("phone"));
        answer.headers.push(Name::Contact, format!("<sip:phone@{};transport=tcp>", self.local));
        answer.headers.push(Name::ContentType, "application/sdp");
        answer.body = body.into_bytes();
        self.wire.say(&answer.to_bytes()).await;
    }

    /// Says 200 to any other request.
    pub(crate) async fn says_yes(&mut self, request: &Request) {
        self.wire.say(&Response::to_request(request, 200, None).to_bytes()).await;
    }
}
