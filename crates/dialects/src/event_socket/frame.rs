//! Requests out of a stream of bytes.

use super::limits::{BODY_BYTES_MAX, HEAD_BYTES_MAX, HEADERS_MAX};

/// One request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The first line.
    pub line: String,
    /// The headers behind it, as they were written.
    pub headers: Vec<(String, String)>,
    /// The body that a `Content-Length` announced.
    pub body: Vec<u8>,
}

/// Why a stream can no longer be told apart; the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// The line and headers are too long.
    #[error("the request is too long")]
    HeadTooLong,
    /// There are too many headers.
    #[error("the request has too many headers")]
    TooManyHeaders,
    /// `Content-Length` is no number, stands there twice with two values, or announces too much.
    #[error("the Content-Length is not acceptable")]
    BadLength,
    /// Not UTF-8.
    #[error("the request is not UTF-8")]
    NotText,
}

/// Takes bytes, gives requests. What it holds is bounded: a request that grows too long is an error.
#[derive(Debug, Default)]
pub struct Framer {
    bytes: Vec<u8>,
    /// How far the buffer was searched for the end of a head.
    searched: usize,
    /// A head whose body is not whole yet, and the body's length.
    head: Option<(Frame, usize)>,
}

impl Framer {
    /// Takes what came. To be emptied by [`Framer::take`] before more is read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether a request has begun and is not whole.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.head.is_some() || self.bytes.iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
    }

    /// The next whole request.
    ///
    /// # Errors
    /// When the stream cannot be told apart any more.
    pub fn take(&mut self) -> Result<Option<Frame>, BadFrame> {
        if self.head.is_none() {
            self.head = self.take_head()?;
        }
        let Some((mut frame, length)) = self.head.take() else {
            return Ok(None);
        };
        if self.bytes.len() < length {
            self.head = Some((frame, length));
            return Ok(None);
        }
        frame.body = self.bytes.drain(..length).collect();
        Ok(Some(frame))
    }

    fn take_head(&mut self) -> Result<Option<(Frame, usize)>, BadFrame> {
        let blank = self.bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if self.searched == 0 {
            self.bytes.drain(..blank);
        }
        let Some((end, next)) = self.head_end() else {
            // The last three bytes may be the beginning of the end.
            self.searched = self.bytes.len().saturating_sub(3);
            return if self.bytes.len() > HEAD_BYTES_MAX { Err(BadFrame::HeadTooLong) } else { Ok(None) };
        };
        if end > HEAD_BYTES_MAX {
            return Err(BadFrame::HeadTooLong);
        }
        let head: Vec<u8> = self.bytes.drain(..next).take(end).collect();
        self.searched = 0;
        let head = String::from_utf8(head).map_err(|_| BadFrame::NotText)?;
        parse(&head).map(Some)
    }

    /// Where the head ends, and where what follows it begins.
    fn head_end(&self) -> Option<(usize, usize)> {
        let bytes = &self.bytes;
        let mut at = self.searched;
        while let Some(found) = bytes.get(at..)?.iter().position(|byte| *byte == b'\n') {
            let end = at + found;
            match (bytes.get(end + 1), bytes.get(end + 2)) {
                (Some(b'\n'), _) => return Some((end, end + 2)),
                (Some(b'\r'), Some(b'\n')) => return Some((end, end + 3)),
                (Some(_) | None, _) => at = end + 1,
            }
        }
        None
    }
}

fn parse(head: &str) -> Result<(Frame, usize), BadFrame> {
    let mut lines = head.split('\n').map(|line| line.trim_end_matches('\r'));
    let line = lines.next().unwrap_or_default().trim().to_owned();
    let mut headers = Vec::new();
    let mut length = None;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        if headers.len() >= HEADERS_MAX {
            return Err(BadFrame::TooManyHeaders);
        }
        if name.eq_ignore_ascii_case("Content-Length") {
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let said: usize = value.parse().ok().filter(|_| digits).ok_or(BadFrame::BadLength)?;
            if said > BODY_BYTES_MAX || length.is_some_and(|before| before != said) {
                return Err(BadFrame::BadLength);
            }
            length = Some(said);
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    Ok((Frame { line, headers, body: Vec::new() }, length.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> Result<Vec<Frame>, BadFrame> {
        let mut framer = Framer::default();
        let mut frames = Vec::new();
        for piece in pieces {
            framer.push(piece);
            while let Some(frame) = framer.take()? {
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    #[test]
    fn requests_come_whole_however_they_are_cut() {
        let stream =
            b"\n\nauth x\n\nbgapi status\r\nJob-UUID: 7\r\n\r\nsendevent A\nContent-Length: 3\n\nabcexit\n\n";
        let whole = all(&[stream]).expect("frames");
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(all(&bytes).expect("frames"), whole);
        let lines: Vec<&str> = whole.iter().map(|frame| frame.line.as_str()).collect();
        assert_eq!(lines, ["auth x", "bgapi status", "sendevent A", "exit"]);
        assert_eq!(whole[1].headers, [("Job-UUID".to_owned(), "7".to_owned())]);
        assert_eq!(whole[2].body, b"abc");
    }

    #[test]
    fn a_length_that_is_none_ends_the_connection() {
        for length in ["-1", "+3", "", "1e3", "99999999999999999999999", "65537", "0x10"] {
            let stream = format!("sendevent A\nContent-Length: {length}\n\n");
            assert_eq!(all(&[stream.as_bytes()]), Err(BadFrame::BadLength), "{length}");
        }
        assert_eq!(all(&[b"x\nContent-Length: 1\nContent-Length: 2\n\n"]), Err(BadFrame::BadLength));
    }

    #[test]
    fn what_never_ends_is_given_up() {
        let long = vec![b'a'; HEAD_BYTES_MAX + 1];
        assert_eq!(all(&[&long]), Err(BadFrame::HeadTooLong));
        let mut headers = b"x\n".to_vec();
        (0..=HEADERS_MAX).for_each(|_| headers.extend_from_slice(b"a: b\n"));
        headers.push(b'\n');
        assert_eq!(all(&[&headers]), Err(BadFrame::TooManyHeaders));
        assert_eq!(all(&[b"\xff\xfe\n\n"]), Err(BadFrame::NotText));
    }
}
