//! How this API says no: a list of errors, each with a code in capitals and a sentence.

use serde::Serialize;

/// A no on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The HTTP status.
    #[serde(skip)]
    pub status: u16,
    /// What is wrong; never empty.
    pub errors: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Problem {
    /// One thing that is wrong.
    #[must_use]
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, errors: vec![Fault { code, message: message.into() }] }
    }

    /// A thing that is not there, or is another tenant's.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(404, "NOT_FOUND", format!("no such {what}"))
    }
}
