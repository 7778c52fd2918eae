//! A JSON object, read member by member.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::portsip::problem::Problem;

/// An object whose members are taken one by one; whatever is left at the end is not known here.
pub struct Body {
    members: Map<String, Value>,
}

impl Body {
    /// Reads an object; an empty text is an empty one.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self { members: Map::new() });
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) => Ok(Self { members }),
            Ok(_) => Err(Problem::invalid("body", "must be an object")),
            Err(error) => Err(Problem::new(400, "INVALID_JSON", format!("the body is not JSON: {error}"))),
        }
    }

    /// The object that stands in a field.
    pub fn of(value: Value, field: &str) -> Result<Self, Problem> {
        match value {
            Value::Object(members) => Ok(Self { members }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(Problem::invalid(field, "must hold objects"))
            }
        }
    }

    /// A member; `null` is as if it were left out.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        self.members.remove(field).filter(|value| !value.is_null())
    }

    /// A text of at most so many characters.
    pub fn text(&mut self, field: &str, max: usize) -> Result<Option<String>, Problem> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().nth(max).is_none() => Ok(Some(text)),
            Some(_) => Err(Problem::invalid(field, &format!("must be a text of at most {max} characters"))),
        }
    }

    /// Three to sixty-four digits.
    pub fn number(&mut self, field: &str) -> Result<Option<String>, Problem> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) if is_extension(&text) => Ok(Some(text)),
            Some(_) => Err(Problem::invalid(field, "must be 3 to 64 digits")),
        }
    }

    /// A whole number within bounds.
    pub fn whole(&mut self, field: &str, bounds: RangeInclusive<u64>) -> Result<Option<u64>, Problem> {
        let Some(value) = self.take(field) else { return Ok(None) };
        match value.as_u64().filter(|number| bounds.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let (first, last) = bounds.into_inner();
                Err(Problem::invalid(field, &format!("must be a whole number from {first} to {last}")))
            }
        }
    }

    /// Yes or no.
    pub fn flag(&mut self, field: &str) -> Result<Option<bool>, Problem> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(Problem::invalid(field, "must be true or false")),
        }
    }

    /// A list of at most so many things.
    pub fn list(&mut self, field: &str, max: usize) -> Result<Option<Vec<Value>>, Problem> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Array(items)) if items.len() <= max => Ok(Some(items)),
            Some(_) => Err(Problem::invalid(field, &format!("must be a list of at most {max}"))),
        }
    }

    /// A list of texts.
    pub fn texts(&mut self, field: &str, max: usize) -> Result<Option<Vec<String>>, Problem> {
        let text = |value| match value {
            Value::String(text) => Ok(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(Problem::invalid(field, "must be a list of texts"))
            }
        };
        self.list(field, max)?.map(|items| items.into_iter().map(text).collect()).transpose()
    }

    /// Refuses a member that we cannot honour unless it says one of these, which is how it is anyway.
    pub fn only(&mut self, field: &str, so: &[Value]) -> Result<(), Problem> {
        match self.take(field) {
            Some(value) if !so.contains(&value) => {
                let so: Vec<String> = so.iter().map(Value::to_string).collect();
                let why = format!("only {} is supported", so.join(" or "));
                Err(Problem::unsupported(field, &why))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses what nobody asked for.
    pub fn finish(self) -> Result<(), Problem> {
        match self.members.keys().next() {
            Some(field) => Err(Problem::invalid(field, "is not known here")),
            None => Ok(()),
        }
    }
}

/// Whether a text is an extension number of this API.
#[must_use]
pub fn is_extension(text: &str) -> bool {
    (3..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
