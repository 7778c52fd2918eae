//! Messages out of a stream (RFC 3261 section 18.3).

use super::parse::{content_length, headers_of};
use crate::limits::{HEAD_BYTES_MAX, MESSAGE_BYTES_MAX};

/// Input of one stream that is not a whole message yet. Between calls it holds less than one message, and no byte of
/// it is looked at twice: a sender of small pieces costs no more than one of large ones.
#[derive(Clone, Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// What is before has been taken out.
    start: usize,
    /// Up to here no blank line was found.
    searched: usize,
    /// End of the headers and of the message, once known.
    ends: Option<(usize, usize)>,
}

/// What came out of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// One message.
    Message(Vec<u8>),
    /// CRLF CRLF between messages: a keep-alive that wants CRLF back (RFC 5626 section 3.5.1).
    Ping,
}

/// Why a stream cannot go on: where its next message begins is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameError {
    /// Start line and headers as they came, so that an answer can be made.
    pub head: Vec<u8>,
    /// What is wrong.
    pub why: &'static str,
}

impl Framer {
    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether nothing is left over.
    pub fn is_empty(&self) -> bool {
        self.buffer.len() == self.start
    }

    /// The next whole piece. Call until `None` after each `push`.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let frame = self.take_frame()?;
        if frame.is_none() {
            self.buffer.drain(..self.start);
            self.searched = self.searched.saturating_sub(self.start);
            self.ends = self.ends.map(|(head, end)| (head - self.start, end - self.start));
            self.start = 0;
        }
        Ok(frame)
    }

    fn take_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        while self.ends.is_none() {
            match &self.buffer[self.start..] {
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.take_out(self.start + 4);
                    return Ok(Some(Frame::Ping));
                }
                [b'\r'] | [b'\r', b'\n'] | [b'\r', b'\n', b'\r'] => return Ok(None),
                [b'\r', b'\n', ..] => self.take_out(self.start + 2),
                _ => break,
            }
        }
        let Some((_, end)) = self.find_ends()? else {
            return Ok(None);
        };
        if self.buffer.len() < end {
            return Ok(None);
        }
        let message = self.buffer[self.start..end].to_vec();
        self.take_out(end);
        Ok(Some(Frame::Message(message)))
    }

    fn find_ends(&mut self) -> Result<Option<(usize, usize)>, FrameError> {
        if self.ends.is_some() {
            return Ok(self.ends);
        }
        let from = self.searched.saturating_sub(3).max(self.start);
        let found = self.buffer[from..].windows(4).position(|window| window == b"\r\n\r\n");
        self.searched = self.buffer.len();
        let Some(head_end) = found.map(|at| from + at + 4) else {
            return match self.buffer.len() - self.start > HEAD_BYTES_MAX {
                true => Err(self.fail(self.start + HEAD_BYTES_MAX, "headers too long")),
                false => Ok(None),
            };
        };
        // RFC 3261 section 20.14 demands a length on streams; without one there is no body.
        let length = match content_length(&headers_of(&self.buffer[self.start..head_end])) {
            Ok(length) => length.unwrap_or(0),
            Err(_) => return Err(self.fail(head_end, "malformed Content-Length")),
        };
        match head_end.checked_add(length) {
            Some(end) if end - self.start <= MESSAGE_BYTES_MAX => self.ends = Some((head_end, end)),
            Some(_) | None => return Err(self.fail(head_end, "message too large")),
        }
        Ok(self.ends)
    }

    fn take_out(&mut self, end: usize) {
        self.start = end;
        self.searched = end;
        self.ends = None;
    }

    fn fail(&mut self, head_end: usize, why: &'static str) -> FrameError {
        let head = self.buffer[self.start..head_end].to_vec();
        *self = Self::default();
        FrameError { head, why }
    }
}
