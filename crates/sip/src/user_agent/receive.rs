//! Bytes in: datagrams, streams, and what cannot be read.

use super::UserAgent;
use super::asked::Asked;
use crate::event::Event;
use crate::flow::{Flow, Transport};
use crate::limits::STREAMS_MAX;
use crate::message::{Frame, Malformed, Method, Read};
use crate::time::Timestamp;

impl UserAgent {
    /// A datagram arrived.
    pub fn handle_datagram(&mut self, now: Timestamp, flow: Flow, bytes: &[u8]) {
        // CRLF alone keeps a NAT open.
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b'\0')) {
            return;
        }
        // Before a byte is read: what a flood costs is what is done for each of its messages.
        let address = flow.remote.ip();
        if flow.transport == Transport::Udp
            && !self.strangers.admits(now, address, self.directory.has_peer_at(address))
        {
            return;
        }
        self.handle_message(now, flow, bytes);
    }

    /// Bytes arrived on a stream; a WebSocket shell passes each frame's payload.
    ///
    /// When the stream cannot go on, [`Event::StreamBroken`] asks the owner to close it.
    pub fn handle_stream(&mut self, now: Timestamp, flow: Flow, bytes: &[u8]) {
        let Some(stream) = flow.stream else {
            return;
        };
        if flow.transport == Transport::Ws {
            // RFC 7118 section 5: one frame, one message; CRLF CRLF is a keep-alive there too (RFC 7118 section 6).
            if bytes == b"\r\n\r\n" {
                self.transmit(flow, b"\r\n".to_vec());
                return;
            }
            return self.handle_datagram(now, flow, bytes);
        }
        let mut framer = match self.streams.remove(&stream) {
            Some(framer) => framer,
            None if self.streams.len() >= STREAMS_MAX => return,
            None => Default::default(),
        };
        framer.push(bytes);
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(message))) => self.handle_message(now, flow, &message),
                Ok(Some(Frame::Ping)) => self.transmit(flow, b"\r\n".to_vec()),
                Ok(None) => break,
                Err(broken) => {
                    self.handle_message(now, flow, &broken.head);
                    self.events.push_back(Event::StreamBroken { stream, why: broken.why });
                    return;
                }
            }
        }
        if !framer.is_empty() {
            self.streams.insert(stream, framer);
        }
    }

    fn handle_message(&mut self, now: Timestamp, flow: Flow, bytes: &[u8]) {
        match Read::parse(bytes) {
            Ok(Read::Request(request, essentials)) => {
                self.handle_request(now, Asked::new(request, essentials, flow));
            }
            Ok(Read::Response(response)) => self.handle_response(now, flow, &response),
            Err(Malformed { fault, request: Some(request) }) if request.method != Method::Ack => {
                self.refuse_malformed(*request, flow, fault);
            }
            // Responses, ACKs and noise have no answer.
            Err(Malformed { .. }) => {}
        }
    }
}
