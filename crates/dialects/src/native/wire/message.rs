//! Mailboxes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Time};

/// What is in a mailbox, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Messages {
    /// At most 100.
    pub items: Vec<MailboxMessage>,
}

/// A message. Its audio is the recording of the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MailboxMessage {
    /// Its id, which is that of its recording.
    pub id: Id,
    /// Who left it, if known.
    pub caller: Option<String>,
    /// What the caller calls himself.
    pub caller_name: String,
    /// When it was complete.
    pub left: Time,
    /// How long it is. Milliseconds.
    pub audio_ms: u64,
    /// Whether it was heard.
    pub heard: bool,
}

/// Whether a message was heard.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct MarkMessage {
    /// Whether it was.
    pub heard: bool,
}
