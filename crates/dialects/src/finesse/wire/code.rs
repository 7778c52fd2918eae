//! What an operator lets people give as reasons.

use super::{Answer, Listed, uri};
use crate::finesse::words::ReasonCategory;
use crate::finesse::xml::Element;

/// Why somebody is not ready or logged out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonCode {
    /// The id in addresses.
    pub id: String,
    /// What it is for.
    pub category: ReasonCategory,
    /// The number that is counted.
    pub code: String,
    /// What people call it.
    pub label: String,
    /// Whether everybody may give it, of whatever team.
    pub for_all: bool,
    /// Whether the system gives it.
    pub system_code: bool,
}

impl Answer for ReasonCode {
    fn element(&self) -> Element {
        Element::of(
            "ReasonCode",
            vec![
                Element::leaf("uri", uri("ReasonCode", &self.id)),
                Element::leaf("category", self.category),
                Element::leaf("code", &self.code),
                Element::leaf("label", &self.label),
                Element::leaf("forAll", self.for_all),
                Element::leaf("systemCode", self.system_code),
            ],
        )
    }
}

impl Listed for ReasonCode {
    const LIST: &'static str = "ReasonCodes";
}

/// How a call can be finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapUpReason {
    /// The id in addresses.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Whether everybody may give it, of whatever team.
    pub for_all: bool,
}

impl Answer for WrapUpReason {
    fn element(&self) -> Element {
        Element::of(
            "WrapUpReason",
            vec![
                Element::leaf("uri", uri("WrapUpReason", &self.id)),
                Element::leaf("label", &self.label),
                Element::leaf("forAll", self.for_all),
            ],
        )
    }
}

impl Listed for WrapUpReason {
    const LIST: &'static str = "WrapUpReasons";
}
