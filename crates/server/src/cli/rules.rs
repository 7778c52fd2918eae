//! How the command line says by which rules a queue does not keep a call, and where such a call goes.

use serde_json::{Value, json};

use super::Failure;
use super::api::{Api, object};
use super::arguments::{QueueRules, Where};

/// What is said of a queue's rules, as the API says it.
pub(super) async fn queue(api: &Api, rules: &QueueRules) -> Result<Value, Failure> {
    let ms = |seconds: Option<u64>| seconds.map(|seconds| json!(seconds.saturating_mul(1_000)));
    let calendar = match rules.calendar.as_deref() {
        None => None,
        Some("none") => Some(Value::Null),
        Some(name) => Some(json!(api.id("calendars", name).await?)),
    };
    Ok(object([
        ("refuse_when", rules.refuse_when.as_deref().map(conditions)),
        ("leave_when", rules.leave_when.as_deref().map(conditions)),
        ("leave_after_ms", ms(rules.leave_after_s)),
        ("leave_min_wait_ms", ms(rules.leave_min_wait_s)),
        ("when_empty", overflow(api, rules.when_empty.as_ref()).await?),
        ("calendar", calendar),
        ("when_closed", overflow(api, rules.when_closed.as_ref()).await?),
        ("at_closing", rules.at_closing.as_ref().map(|word| json!(word))),
        ("in_emergency", overflow(api, rules.in_emergency.as_ref()).await?),
    ]))
}

/// A preset, or the conditions as they are: the server knows which there are.
fn conditions(words: &[String]) -> Value {
    match words {
        [preset] if preset == "never" => json!([]),
        [preset] if preset == "nobody_logged_in" => json!(["logged_out"]),
        [preset] if preset == "nobody_ready" => json!(["logged_out", "unregistered", "not_ready"]),
        [preset] if preset == "nobody_available" => {
            json!(["logged_out", "unregistered", "not_ready", "in_call", "ringing", "wrap_up", "resting"])
        }
        words => json!(words),
    }
}

/// Where a call goes that a queue does not keep.
pub(super) async fn overflow(api: &Api, to: Option<&Where>) -> Result<Option<Value>, Failure> {
    Ok(match to {
        None => None,
        Some(Where::Clear) => Some(json!({ "to": "clear" })),
        Some(Where::Queue(name)) => Some(json!({ "to": "queue", "queue": api.id("queues", name).await? })),
        Some(Where::Voicemail(name)) => {
            Some(json!({ "to": "voicemail", "agent": api.id("agents", name).await? }))
        }
        Some(Where::Announcement(prompt)) => Some(json!({ "to": "announcement", "prompt": prompt })),
        Some(Where::Number(number)) => Some(json!({ "to": "number", "number": number })),
    })
}
