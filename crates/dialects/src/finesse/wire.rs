//! What this API answers with. Each thing becomes a tree of elements, in the order of the reference.

mod code;
mod dialog;
mod phone_book;
mod queue;
mod user;

pub use code::{ReasonCode, WrapUpReason};
pub use dialog::{Dialog, MediaProperties, Participant};
pub use phone_book::{Contact, PhoneBook};
pub use queue::{Queue, QueueStatistics};
pub use user::{Team, TeamName, User};

use super::words::{ErrorType, SystemStatus};
use super::xml::Element;
use crate::native::wire::Time;

/// What can be answered with.
pub trait Answer {
    /// As a tree.
    fn element(&self) -> Element;

    /// As a body.
    fn to_xml(&self) -> String {
        self.element().to_xml()
    }
}

/// Where things of this API are. An id may be a name that people chose, of which an address has not every letter.
#[must_use]
pub fn uri(of: &str, id: &str) -> String {
    let mut uri = format!("/finesse/api/{of}/");
    for byte in id.bytes() {
        // RFC 3986, section 3.3: what a segment of a path may have as it is.
        if byte.is_ascii_alphanumeric() || b"-._~@:!$&'()*+,;=".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// The system and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemInfo {
    /// The system's clock.
    pub current_timestamp: Time,
    /// The name of the host that answers.
    pub primary_node: String,
    /// Whether it does its work.
    pub status: SystemStatus,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// Of what kind.
    pub error_type: ErrorType,
    /// A sentence for people.
    pub message: String,
    /// What it is about: a name or an id.
    pub data: String,
}

/// A list of things under one name, for example `Queues`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List<'a, T>(pub &'a [T]);

/// Things that are answered in lists.
pub trait Listed: Answer {
    /// What a list of them is called.
    const LIST: &'static str;
}

impl<T: Listed> Answer for List<'_, T> {
    fn element(&self) -> Element {
        Element::of(T::LIST, self.0.iter().map(Answer::element).collect())
    }
}

impl Answer for SystemInfo {
    fn element(&self) -> Element {
        Element::of(
            "SystemInfo",
            vec![
                Element::leaf("currentTimestamp", whole_seconds(self.current_timestamp)),
                Element::of("primaryNode", vec![Element::leaf("host", &self.primary_node)]),
                Element::leaf("status", self.status),
                // What it tells is in UTC.
                Element::leaf("timezoneOffset", 0),
                Element::leaf("uri", "/finesse/api/SystemInfo"),
            ],
        )
    }
}

impl Answer for ApiError {
    fn element(&self) -> Element {
        Element::of(
            "ApiError",
            vec![
                Element::leaf("ErrorType", self.error_type),
                Element::leaf("ErrorMessage", &self.message),
                Element::leaf("ErrorData", &self.data),
            ],
        )
    }
}

impl Listed for ApiError {
    const LIST: &'static str = "ApiErrors";
}

/// An element that is empty when there is no such thing.
fn optional(name: &str, text: Option<impl ToString>) -> Element {
    Element::leaf(name, text.map(|text| text.to_string()).unwrap_or_default())
}

/// `YYYY-MM-DDThh:mm:ssZ`.
fn whole_seconds(time: Time) -> String {
    let text = time.to_string();
    let (seconds, _) = text.split_once('.').expect("a time has milliseconds");
    format!("{seconds}Z")
}

#[cfg(test)]
mod tests;
