//! How this API says no: a list of errors, each with a code in capitals and a sentence.

use cordial_engine::refusal::Refusal;
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
    pub code: String,
    /// For people.
    pub message: String,
}

impl Problem {
    /// One thing that is wrong.
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, errors: vec![Fault { code: code.into(), message: message.into() }] }
    }

    /// A thing that is not there, or is another tenant's.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(404, "NOT_FOUND", format!("no such {what}"))
    }

    /// A field of the request that is not as it should be.
    #[must_use]
    pub fn invalid(field: &str, why: &str) -> Self {
        Self::new(400, "INVALID_PARAMETER", format!("{field}: {why}"))
    }

    /// Something that this API has and we do not.
    #[must_use]
    pub fn unsupported(field: &str, why: &str) -> Self {
        Self::new(400, "NOT_SUPPORTED", format!("{field}: {why}"))
    }

    /// Wrong name or password.
    #[must_use]
    pub fn log_in_failed() -> Self {
        Self::new(400, "UNAUTHORIZED", "Login failed, authentication error")
    }

    /// No token, or one that does not work.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(401, "UNAUTHORIZED", "send a working access_token as Authorization: Bearer")
    }

    /// The token does not reach so far.
    #[must_use]
    pub fn forbidden(why: &str) -> Self {
        Self::new(403, "FORBIDDEN", why)
    }

    /// The engine's no.
    #[must_use]
    pub fn refused(refusal: &Refusal) -> Self {
        let (status, code) = words(refusal);
        let message = if let Refusal::Invalid { field, why } = refusal {
            format!("{}: {why}", wire_name(field))
        } else if let Refusal::Taken(_, field) = refusal {
            format!("{}: another has it", wire_name(field))
        } else {
            refusal.to_string()
        };
        Self::new(status, code, message)
    }
}

/// What this API calls a field of ours.
fn wire_name(field: &str) -> &str {
    match field {
        "offer_ms" => "ring_time",
        "max_wait_ms" => "max_waiting_time",
        "max_waiting" => "max_callers",
        "service_level_ms" => "sla_time",
        "number" => "extension_number",
        "overflow" | "when_empty" => "no_answer_forward_rule",
        "when_closed" => "night_mode_forward_rule",
        "strategy" => "polling_strategy",
        other => other,
    }
}

const fn words(refusal: &Refusal) -> (u16, &'static str) {
    match refusal {
        Refusal::NotFound(_) => (404, "NOT_FOUND"),
        Refusal::Invalid { .. } => (400, "INVALID_PARAMETER"),
        Refusal::Taken(..) => (400, "ALREADY_EXISTS"),
        Refusal::InUse(..) => (400, "IN_USE"),
        Refusal::LimitReached(_) | Refusal::OutboundLimit(_) | Refusal::QueueFull => (429, "LIMIT_REACHED"),
        Refusal::NotLoggedIn => (400, "AGENT_LOGGED_OUT"),
        Refusal::LoggedInElsewhere | Refusal::DeviceTaken => (400, "EXTENSION_IN_USE"),
        Refusal::DeviceUnregistered => (400, "EXTENSION_OFFLINE"),
        Refusal::NotAssigned => (404, "NOT_FOUND"),
        Refusal::NotInWrapUp
        | Refusal::NoExtension
        | Refusal::NotInCall
        | Refusal::HeldAtPhone
        | Refusal::OnHold
        | Refusal::AnsweredAtPhoneOnly
        | Refusal::NotAnswered
        | Refusal::NotConsulting => (400, "NOT_IN_CALL"),
        Refusal::Busy => (400, "BUSY"),
        Refusal::OfferEnded | Refusal::CallClosed => (404, "NOT_FOUND"),
        // Callers of this API are told that it is so with 200; this is for the places where nothing else can be said.
        Refusal::AlreadySo => (400, "ALREADY_SO"),
        Refusal::PreconditionFailed => (412, "CHANGED_MEANWHILE"),
        Refusal::NoMailbox => (404, "NOT_FOUND"),
        Refusal::FeatureUnavailable => (400, "NOT_AVAILABLE"),
        Refusal::NobodyThere => (400, "AGENT_LOGGED_OUT"),
        Refusal::NotRecording => (400, "NOT_RECORDING"),
        Refusal::NotPermitted | Refusal::WrongPin => (403, "NOT_PERMITTED"),
        Refusal::NoRoute | Refusal::DestinationDenied | Refusal::LedOutAgain => {
            (403, "DESTINATION_NOT_ALLOWED")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_called_as_this_api_calls_it() {
        let problem = Problem::refused(&Refusal::Invalid { field: "offer_ms", why: "must be at least 1000" });
        assert_eq!(problem.errors[0].message, "ring_time: must be at least 1000");
    }

    #[test]
    fn a_no_has_the_vendors_form() {
        assert_eq!(
            serde_json::to_string(&Problem::log_in_failed()).unwrap(),
            r#"{"errors":[{"code":"UNAUTHORIZED","message":"Login failed, authentication error"}]}"#
        );
    }
}
