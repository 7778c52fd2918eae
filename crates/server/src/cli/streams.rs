//! Commands that follow a stream: `cordial events` and `cordial tap`.

use std::time::Duration;

use serde_json::Value;

use super::Failure;
use super::api::Api;
use super::print::Printer;
use crate::tap::TapEntry;

/// Bytes of one message of a stream. A server that sends more is not ours.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// Pause before a stream that was cut is resumed.
const RESUME_AFTER: Duration = Duration::from_millis(500);

/// Shows events; a stream that is cut is resumed after the last event seen.
pub(super) async fn events(
    api: &Api,
    printer: &Printer,
    mut after: Option<u64>,
    count: Option<u64>,
) -> Result<(), Failure> {
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        let path = after.map_or_else(|| "/v1/events".to_owned(), |after| format!("/v1/events?after={after}"));
        let mut stream = Messages::new(api.stream(&path).await?);
        while left > 0
            && let Some(event) = stream.next().await?
        {
            after = event["seq"].as_u64().or(after);
            if event["type"] == "heartbeat" {
                continue;
            }
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let line = format!(
                "{:>8}  {}  {:<22}  {}",
                event["seq"].as_u64().unwrap_or(0),
                text(&event["at"]),
                text(&event["type"]),
                event["data"]
            );
            printer.line(&event, &line);
            left -= 1;
        }
        if left > 0 {
            tokio::time::sleep(RESUME_AFTER).await;
        }
    }
    Ok(())
}

/// Shows what clients ask and are answered.
pub(super) async fn tap(api: &Api, printer: &Printer, count: Option<u64>) -> Result<(), Failure> {
    let mut stream = Messages::new(api.stream("/v1/tap").await?);
    for _ in 0..count.unwrap_or(u64::MAX) {
        let Some(message) = stream.next().await? else {
            return Err(Failure::Unreachable("the server has ended the stream".to_owned()));
        };
        let Ok(entry) = serde_json::from_value::<TapEntry>(message.clone()) else {
            continue;
        };
        printer.line(&message, &tap_line(&entry));
    }
    Ok(())
}

fn tap_line(entry: &TapEntry) -> String {
    let mut line = String::new();
    if entry.missed > 0 {
        line.push_str(&format!("({} not shown)\n", entry.missed));
    }
    line.push_str(&format!(
        "{} {} {} {} -> {} in {}.{:03} ms",
        entry.dialect,
        entry.peer,
        entry.method,
        entry.path,
        entry.code,
        entry.took_us / 1_000,
        entry.took_us % 1_000
    ));
    for (arrow, body) in [("  > ", &entry.asked), ("  < ", &entry.answered)] {
        if !body.is_empty() {
            line.push_str(&format!("\n{arrow}{body}"));
        }
    }
    line
}

/// The messages of a stream of server-sent events.
struct Messages {
    answer: reqwest::Response,
    parser: Parser,
}

impl Messages {
    fn new(answer: reqwest::Response) -> Self {
        Self { answer, parser: Parser::default() }
    }

    /// The next message that is JSON; `None` at the end of the stream.
    async fn next(&mut self) -> Result<Option<Value>, Failure> {
        loop {
            if let Some(data) = self.parser.message() {
                match serde_json::from_str(&data) {
                    Ok(value) => return Ok(Some(value)),
                    Err(_) => continue,
                }
            }
            match self.answer.chunk().await {
                Ok(Some(bytes)) => self.parser.take(&bytes)?,
                // A connection that broke is resumed like one that was ended.
                Ok(None) | Err(_) => return Ok(None),
            }
        }
    }
}

/// Server-sent events, as far as our server uses them: `data` lines up to an empty line.
#[derive(Default)]
struct Parser {
    bytes: Vec<u8>,
    data: String,
}

impl Parser {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.bytes.len() + self.data.len() + bytes.len() > MESSAGE_BYTES_MAX {
            return Err(Failure::Refused("the server sends a message that is too long".to_owned()));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// The data of the next whole message.
    fn message(&mut self) -> Option<String> {
        while let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if let Some(data) = line.strip_prefix("data:") {
                self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
                self.data.push('\n');
            } else if line.is_empty() && !self.data.is_empty() {
                return Some(std::mem::take(&mut self.data));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_wherever_the_bytes_are_cut() {
        let stream =
            ": hello\n\nid: 1\nevent: x\ndata: {\"seq\":1}\n\ndata:{\"a\":\ndata: 2}\r\n\r\ndata: cut";
        for size in 1..=stream.len() {
            let mut parser = Parser::default();
            let mut found = Vec::new();
            for piece in stream.as_bytes().chunks(size) {
                parser.take(piece).unwrap();
                while let Some(message) = parser.message() {
                    found.push(message);
                }
            }
            assert_eq!(found, ["{\"seq\":1}\n", "{\"a\":\n2}\n"], "in pieces of {size}");
        }
    }

    #[test]
    fn a_message_without_end_is_refused() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; MESSAGE_BYTES_MAX / 2];
        parser.take(&piece).unwrap();
        parser.take(&piece).unwrap();
        assert!(parser.take(b"x").is_err());
    }
}
