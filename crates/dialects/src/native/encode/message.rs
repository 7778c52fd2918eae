//! Mailboxes.

use cordial_engine::view::MessageView;

use super::text;
use crate::native::wire::{self, Id, Time};

/// What is in a mailbox.
pub fn messages(messages: &[MessageView]) -> wire::Messages {
    wire::Messages { items: messages.iter().map(message).collect() }
}

fn message(it: &MessageView) -> wire::MailboxMessage {
    wire::MailboxMessage {
        id: Id(it.guid),
        caller: text(it.caller.as_ref()),
        caller_name: it.caller_name.to_string(),
        left: Time(it.left),
        audio_ms: it.audio_ms,
        heard: it.heard,
    }
}
