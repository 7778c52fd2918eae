//! A phone of a few lines: it registers and rings for ever; and a carrier that sends one INVITE.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// A phone that registered. It never answers.
pub(crate) struct Phone {
    socket: UdpSocket,
}

impl Phone {
    /// Registers by SHA-256 digest (RFC 8760), or panics with what the server said.
    pub(crate) fn register(server: SocketAddr, user: &str, realm: &str, password: &str) -> Self {
        let socket = socket();
        let local = socket.local_addr().expect("a bound socket");
        let register = |cseq: u32, authorization: &str| {
            format!(
                "REGISTER sip:{realm} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKreg{cseq};rport\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:{user}@{realm}>;tag=r1\r\nTo: <sip:{user}@{realm}>\r\n\
                 Call-ID: reg-{user}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{local}>\r\nExpires: 600\r\n\
                 {authorization}Content-Length: 0\r\n\r\n"
            )
        };
        let challenge = ask(&socket, server, &register(1, ""));
        let line =
            challenge.lines().find(|line| line.starts_with("WWW-Authenticate") && line.contains("SHA-256"));
        let line = line.unwrap_or_else(|| panic!("no SHA-256 challenge: {challenge}"));
        let nonce = line.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a nonce");
        let hash =
            |text: String| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let secret = hash(format!("{user}:{realm}:{password}"));
        let request = hash(format!("REGISTER:sip:{realm}"));
        let response = hash(format!("{secret}:{nonce}:00000001:c1:auth:{request}"));
        let authorization = format!(
            "Authorization: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"sip:{realm}\", \
             response=\"{response}\", algorithm=SHA-256, cnonce=\"c1\", qop=auth, nc=00000001\r\n"
        );
        let answer = ask(&socket, server, &register(2, &authorization));
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        Self { socket }
    }
}

impl Phone {
    /// Waits until it is rung, and says that it rings.
    pub(crate) fn ring(&self) {
        let mut bytes = [0; 4096];
        loop {
            let (length, from) = self.socket.recv_from(&mut bytes).expect("a request within five seconds");
            let invite = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if !invite.starts_with("INVITE ") {
                continue;
            }
            let told = ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| {
                let line = invite.lines().find(|line| line.starts_with(&format!("{name}: ")));
                let tag = if name == "To" { ";tag=ringing" } else { "" };
                format!("{}{tag}\r\n", line.expect("a header that every request has"))
            });
            let ringing = format!("SIP/2.0 180 Ringing\r\n{}Content-Length: 0\r\n\r\n", told.concat());
            self.socket.send_to(ringing.as_bytes(), from).expect("loopback takes it");
            return;
        }
    }
}

/// A carrier's socket.
pub(crate) fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a loopback port");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    socket
}

/// Sends a call for `number` and waits until the server has taken it.
pub(crate) fn invite(socket: &UdpSocket, server: SocketAddr, number: &str) {
    let local = socket.local_addr().expect("a bound socket");
    let offer = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n\
         a=rtpmap:8 PCMA/8000\r\n",
        local.port()
    );
    let text = format!(
        "INVITE sip:{number}@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKinv{number};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:4477@{local}>;tag=i{number}\r\nTo: <sip:{number}@{server}>\r\n\
         Call-ID: inv-{number}-{local}\r\nCSeq: 1 INVITE\r\nContact: <sip:4477@{local}>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{offer}",
        offer.len()
    );
    let answer = ask(socket, server, &text);
    assert!(answer.starts_with("SIP/2.0 100") || answer.starts_with("SIP/2.0 200"), "{answer}");
}

fn ask(socket: &UdpSocket, server: SocketAddr, text: &str) -> String {
    socket.send_to(text.as_bytes(), server).expect("loopback takes it");
    let mut bytes = [0; 4096];
    let length = socket.recv(&mut bytes).expect("an answer within five seconds");
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}
