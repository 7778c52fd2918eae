//! What clients of the APIs sent and what they were answered, live, with secrets hidden.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::limits::{TAP_ENTRIES_MAX, TAP_EXCERPT_BYTES_MAX};

/// Where entries are recorded and watched; cheap to clone. Costs nothing while nobody watches.
#[derive(Clone, Debug)]
pub struct Tap {
    entries: broadcast::Sender<Arc<TapEntry>>,
}

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapEntry {
    /// Which API was spoken, such as `native`.
    pub dialect: String,
    /// Who asked.
    pub peer: IpAddr,
    /// The method.
    pub method: String,
    /// Path and query; values of secret parameters hidden.
    pub path: String,
    /// The beginning of the request's body; secrets hidden.
    pub asked: String,
    /// The answer's code.
    pub code: u16,
    /// The beginning of the answer's body; secrets hidden.
    pub answered: String,
    /// How long the answer took. Microseconds.
    pub took_us: u64,
    /// Entries that this watcher missed before this one.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub missed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_nought(number: &u64) -> bool {
    *number == 0
}

impl Default for Tap {
    fn default() -> Self {
        Self { entries: broadcast::Sender::new(TAP_ENTRIES_MAX) }
    }
}

impl Tap {
    /// Whether anybody watches; when not, an entry need not be built.
    #[must_use]
    pub fn wanted(&self) -> bool {
        self.entries.receiver_count() > 0
    }

    /// Shows an entry to everyone who watches.
    pub fn record(&self, entry: TapEntry) {
        // Nobody watching is the usual case.
        self.entries.send(Arc::new(entry)).ok();
    }

    /// Watches from now on.
    #[must_use]
    pub fn watch(&self) -> Watcher {
        Watcher { entries: self.entries.subscribe(), missed: 0 }
    }
}

/// One watcher's stream.
#[derive(Debug)]
pub struct Watcher {
    entries: broadcast::Receiver<Arc<TapEntry>>,
    missed: u64,
}

impl Watcher {
    /// The next entry, which also says how many were missed before it; `None` when the process stops.
    pub async fn next(&mut self) -> Option<Arc<TapEntry>> {
        loop {
            match self.entries.recv().await {
                Ok(entry) if self.missed == 0 => return Some(entry),
                Ok(entry) => {
                    let missed = std::mem::take(&mut self.missed);
                    return Some(Arc::new(TapEntry { missed, ..(*entry).clone() }));
                }
                Err(broadcast::error::RecvError::Lagged(missed)) => self.missed += missed,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

/// The beginning of a body as text, with the values of secret members hidden.
#[must_use]
pub fn excerpt(body: &[u8]) -> String {
    if let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(body) {
        hide(&mut value);
        return cut(&value.to_string());
    }
    // What is no JSON may still hold a secret somewhere, and only its size is safe to show.
    if body.is_empty() { String::new() } else { format!("({} bytes that are not JSON)", body.len()) }
}

/// Whether a member or parameter of this name holds a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    const WORDS: &[&str] = &["password", "secret", "token", "ticket", "authorization", "key", "ha1"];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Hides the values of secret members, whatever their shape.
fn hide(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                if is_secret(name) && !value.is_null() {
                    *value = "(hidden)".into();
                } else {
                    hide(value);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(hide),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

fn cut(text: &str) -> String {
    if text.len() <= TAP_EXCERPT_BYTES_MAX {
        return text.to_owned();
    }
    let end = (0..=TAP_EXCERPT_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}… ({} bytes)", &text[..end], text.len())
}

impl TapEntry {
    /// [`TapEntry::took_us`] of a duration.
    #[must_use]
    pub fn micros(took: Duration) -> u64 {
        u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn entry(code: u16) -> TapEntry {
        TapEntry {
            dialect: "native".into(),
            peer: [127, 0, 0, 1].into(),
            method: "GET".into(),
            path: "/v1/me".into(),
            asked: String::new(),
            code,
            answered: String::new(),
            took_us: 1,
            missed: 0,
        }
    }

    #[test]
    fn secrets_are_hidden_at_every_depth() {
        let body = br#"{"name":"ann","password":"hunter2","device":{"secret":{"password":"x"}},"list":[{"token":"t"}],"secret":null}"#;
        expect![[r#"{"device":{"secret":"(hidden)"},"list":[{"token":"(hidden)"}],"name":"ann","password":"(hidden)","secret":null}"#]]
            .assert_eq(&excerpt(body));
    }

    #[test]
    fn a_body_that_is_no_json_shows_its_size_only() {
        assert_eq!(excerpt(b"password=hunter2"), "(16 bytes that are not JSON)");
        assert_eq!(excerpt(b""), "");
    }

    #[test]
    fn a_long_body_is_cut_at_a_character() {
        let body = serde_json::to_vec(&"ж".repeat(4_000)).unwrap();
        let shown = excerpt(&body);
        assert!(shown.len() < TAP_EXCERPT_BYTES_MAX + 32, "{}", shown.len());
        assert!(shown.ends_with("… (8002 bytes)"), "{shown}");
    }

    #[tokio::test]
    async fn a_slow_watcher_is_told_how_many_it_missed() {
        let tap = Tap::default();
        let mut watcher = tap.watch();
        for _ in 0..TAP_ENTRIES_MAX + 3 {
            tap.record(entry(200));
        }
        assert_eq!(watcher.next().await.unwrap().missed, 3);
        assert_eq!(watcher.next().await.unwrap().missed, 0);
    }

    #[test]
    fn nothing_is_wanted_while_nobody_watches() {
        let tap = Tap::default();
        assert!(!tap.wanted());
        let watcher = tap.watch();
        assert!(tap.wanted());
        drop(watcher);
        tap.record(entry(200));
        assert!(!tap.wanted());
    }
}
