//! The WebSocket's frames: `exec-uuid`, `exec-func`, `exec-args` and what answers them.

use serde_json::{Map, Value, json};

/// Characters of a name or a value in the arguments. A longer one is refused.
pub const VALUE_MAX: usize = 1_024;

/// A call of a function.
#[derive(Clone, PartialEq)]
pub struct Exec {
    /// What the client calls the request; comes back with the answer.
    pub uuid: Value,
    /// The function.
    pub func: String,
    /// Its arguments.
    pub args: Map<String, Value>,
}

impl Exec {
    /// Reads a frame; `None` when it is none.
    #[must_use]
    pub fn parse(frame: &Value) -> Option<Self> {
        let func = frame.get("exec-func")?.as_str()?.trim();
        let func = func.split_whitespace().collect::<Vec<_>>().join(" ");
        let uuid = frame.get("exec-uuid").filter(|uuid| uuid.is_string() || uuid.is_number());
        let args = frame.get("exec-args").and_then(Value::as_object).cloned().unwrap_or_default();
        (func.len() <= VALUE_MAX).then(|| Self { uuid: uuid.cloned().unwrap_or(Value::Null), func, args })
    }

    /// A text among the arguments, under the first of its names that is there. Numbers are texts, too.
    #[must_use]
    pub fn text(&self, names: &[&str]) -> Option<String> {
        let found = names.iter().find_map(|name| self.args.get(*name).filter(|value| !value.is_null()))?;
        let text = match found {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        (text.len() <= VALUE_MAX).then_some(text)
    }

    /// Whether an argument is true, or says so.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.text(&[name]).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// It is granted, with this beside it.
    #[must_use]
    pub fn ok(&self, response: &Value) -> Value {
        self.answer("+OK", response)
    }

    /// It is refused, in these words.
    #[must_use]
    pub fn refused(&self, why: &str) -> Value {
        let why = why.trim_end();
        let why = if why.starts_with('-') { why.to_owned() } else { format!("-ERR: {why}") };
        self.answer("-ERR", &json!({ "response": why }))
    }

    /// Nobody knows the function.
    #[must_use]
    pub fn unknown(&self) -> Value {
        self.answer("-ERR", &json!({ "response": format!("{} - not found.", self.func) }))
    }

    fn answer(&self, complete: &str, response: &Value) -> Value {
        json!({ "exec-uuid": self.uuid, "exec-complete": complete, "exec-response": response })
    }
}

/// Passwords and tokens are not shown.
impl core::fmt::Debug for Exec {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Exec({}, {:?})", self.func, self.args.keys().collect::<Vec<_>>())
    }
}

/// What is said to who does not prove himself in time, before the socket is closed.
#[must_use]
pub fn disconnect() -> Value {
    json!({ "webitel-event-name": "account", "Event-Name": "DISCONNECT" })
}

/// A status and its description out of one value such as `ONBREAK lunch until two`; either may come apart.
#[must_use]
pub fn status_and_description(value: &str, description: Option<String>) -> (String, String) {
    let (status, rest) = value.trim().split_once(char::is_whitespace).unwrap_or((value.trim(), ""));
    // `Wrap Up` and `In Call` are two words.
    if super::status::Status::parse(value).is_some() {
        return (value.trim().to_owned(), description.unwrap_or_default());
    }
    (status.to_owned(), description.unwrap_or_else(|| rest.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_may_have_its_description_behind_it() {
        let read = |value: &str| status_and_description(value, None);
        assert_eq!(read("ONBREAK lunch until two"), ("ONBREAK".to_owned(), "lunch until two".to_owned()));
        assert_eq!(read(" DND "), ("DND".to_owned(), String::new()));
        assert_eq!(read("Wrap Up"), ("Wrap Up".to_owned(), String::new()));
        assert_eq!(
            status_and_description("ONBREAK", Some("tea".to_owned())),
            ("ONBREAK".to_owned(), "tea".to_owned())
        );
    }

    #[test]
    fn frames_that_are_none_are_not_read() {
        for frame in [json!(null), json!([]), json!({}), json!({"exec-func": 1}), json!({"exec-uuid": "u"})] {
            assert_eq!(Exec::parse(&frame), None, "{frame}");
        }
        let frame = json!({"exec-uuid": {"a": 1}, "exec-func": "cc   login", "exec-args": [1]});
        let exec = Exec::parse(&frame).expect("a frame");
        assert_eq!((exec.func.as_str(), &exec.uuid, exec.args.len()), ("cc login", &Value::Null, 0));
        assert_eq!(
            exec.unknown(),
            json!({"exec-uuid": null, "exec-complete": "-ERR", "exec-response": {"response": "cc login - not found."}})
        );
    }
}
