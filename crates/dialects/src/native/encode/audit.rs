//! Changes, as the audit tells them.

use cordial_engine::command::Access;
use cordial_engine::fact::{Event, Fact};
use serde_json::{Value, json};

use super::event::{by, message};
use super::{Encoded, entry_id};
use crate::names::Names;
use crate::native::wire::{Audited, Time};

/// One change with the event before that was about the same thing.
pub fn audited(event: &Event, before: Option<&Event>, names: &dyn Names) -> Encoded<Audited> {
    let (operation, after) = told(event, names)?;
    let before = before.map(|before| told(before, names)).transpose()?.and_then(|(_, data)| data);
    let origin = event.origin.clone().unwrap_or_default();
    Ok(Audited {
        seq: event.seq,
        at: Time(event.wall),
        by: by(event.by, names)?,
        token: origin.token.map(|token| token.to_string()),
        address: origin.address.map(|address| address.to_string()),
        operation,
        before,
        after,
    })
}

/// What was done, and what is so since.
fn told(event: &Event, names: &dyn Names) -> Encoded<(String, Option<Value>)> {
    if let Fact::AccessNoted { what } = &event.fact {
        return access(what, names);
    }
    let gone = matches!(
        event.fact,
        Fact::EntryRemoved { .. } | Fact::AgentUnassigned { .. } | Fact::MessageRemoved { .. }
    );
    let Some(message) = message(event, names)? else { return Ok(("untold".to_owned(), None)) };
    let operation = message.name().to_owned();
    let mut told = serde_json::to_value(&message).unwrap_or_default();
    let data = told.get_mut("data").map(Value::take);
    Ok((operation, data.filter(|_| !gone)))
}

fn access(what: &Access, names: &dyn Names) -> Encoded<(String, Option<Value>)> {
    let (operation, data) = match what {
        Access::SecretSet { id } => ("secret_set", json!({ "id": entry_id(names, *id)? })),
        Access::TokenMade { token, name } => {
            ("token_made", json!({ "token": token.as_str(), "name": name.as_str() }))
        }
        Access::TokenEnded { token } => ("token_ended", json!({ "token": token.as_str() })),
        Access::Refused { operation, code } => {
            ("refused", json!({ "operation": operation.as_str(), "code": code.as_str() }))
        }
    };
    Ok((operation.to_owned(), Some(data)))
}
