//! The read models: rows for people's questions, folded from the journal and written behind it.
//!
//! They are never the truth: `rebuild` makes them again from the journal and tells every difference.

pub mod audit;
pub mod cdr;
pub mod directory;
mod fold;
pub mod follow;
pub mod rebuild;
pub mod recording;

/// The word that serde writes for a value without fields.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
        Ok(_) | Err(_) => String::new(),
    }
}
