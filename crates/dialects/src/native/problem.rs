//! Every "no" of the native dialect: RFC 9457 problems with the stable code of a page in `docs/errors/`.

use cordial_engine::refusal::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not granted (RFC 9457), as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The page that explains the code.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/docs/errors/not-found")]
    pub kind: String,
    /// The code in words; the same for every occurrence.
    #[schema(example = "No such thing")]
    pub title: &'static str,
    /// The HTTP status code.
    #[schema(example = 404)]
    pub status: u16,
    /// What was wrong this time.
    pub detail: String,
    /// Stable: the same in every language and release.
    #[schema(example = "not-found")]
    pub code: &'static str,
    /// Which fields of the request were wrong, and how.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// A field of the request that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901) into the body; a query or path parameter stands as `?name` or `{name}`.
    #[schema(example = "/name")]
    pub pointer: String,
    /// What would be right.
    #[schema(example = "must not be empty")]
    pub detail: String,
}

impl FieldError {
    /// A field and what would be right.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// The kinds of problem that a request can meet before it becomes a command, and that a refusal is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request could not be read.
    BadRequest,
    /// No token, or one that does not work.
    Unauthorized,
    /// The token's scopes do not reach so far.
    Forbidden,
    /// No operation has this path.
    NoSuchPath,
    /// No operation of this path has this method.
    MethodNotAllowed,
    /// The request took too long to arrive or to be answered.
    Timeout,
    /// A request with the same idempotency key is under way.
    IdempotencyInProgress,
    /// The server stopped under the first request with this key; what it did must be looked up.
    IdempotencyInterrupted,
    /// The idempotency key was used for another request.
    IdempotencyMismatch,
    /// The body is too large.
    TooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// The range lies outside the file.
    RangeNotSatisfiable,
    /// A field is not as it should be.
    Invalid,
    /// Too many requests.
    TooManyRequests,
    /// We are wrong.
    Internal,
    /// The server is starting, stopping or overloaded.
    Unavailable,
}

impl Code {
    /// All there are.
    pub const ALL: [Self; 16] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NoSuchPath,
        Self::MethodNotAllowed,
        Self::Timeout,
        Self::IdempotencyInProgress,
        Self::IdempotencyInterrupted,
        Self::IdempotencyMismatch,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::RangeNotSatisfiable,
        Self::Invalid,
        Self::TooManyRequests,
        Self::Internal,
        Self::Unavailable,
    ];

    /// HTTP status, code and title.
    pub const fn words(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadRequest => (400, "bad-request", "The request could not be read"),
            Self::Unauthorized => (401, "unauthorized", "A working token is needed"),
            Self::Forbidden => (403, "forbidden", "The token does not allow this"),
            Self::NoSuchPath => (404, "no-such-path", "No operation has this path"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "This path has no such method"),
            Self::Timeout => (408, "timeout", "The request took too long"),
            Self::IdempotencyInProgress => (409, "idempotency-in-progress", "The same request is under way"),
            Self::IdempotencyInterrupted => {
                (409, "idempotency-interrupted", "The server stopped under the first request")
            }
            Self::IdempotencyMismatch => {
                (422, "idempotency-mismatch", "The key was used for another request")
            }
            Self::TooLarge => (413, "too-large", "The body is too large"),
            Self::UnsupportedMediaType => (415, "unsupported-media-type", "The body is not JSON"),
            Self::RangeNotSatisfiable => (416, "range-not-satisfiable", "The range lies outside the file"),
            Self::Invalid => (422, "invalid", "A field is not as it should be"),
            Self::TooManyRequests => (429, "too-many-requests", "Too many requests"),
            Self::Internal => (500, "internal", "The server is at fault"),
            Self::Unavailable => (503, "unavailable", "The server cannot take this now"),
        }
    }
}

impl Problem {
    /// A problem of the request itself.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (status, code, title) = code.words();
        Self::of(status, code, title, detail.into())
    }

    /// Fields that are not as they should be.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.detail),
            several => format!("{} fields are not as they should be", several.len()),
        };
        Self { errors, ..Self::new(Code::Invalid, detail) }
    }

    /// The engine's no.
    pub fn refused(refusal: &Refusal) -> Self {
        let (status, title) = status(refusal);
        let problem = Self::of(status, refusal.code(), title, refusal.to_string());
        let errors = if let Refusal::Invalid { field, why } = refusal {
            vec![FieldError::new(format!("/{field}"), *why)]
        } else {
            Vec::new()
        };
        Self { errors, ..problem }
    }

    fn of(status: u16, code: &'static str, title: &'static str, detail: String) -> Self {
        Self { kind: format!("/docs/errors/{code}"), title, status, detail, code, errors: Vec::new() }
    }
}

/// The HTTP status and the title of a refusal.
const fn status(refusal: &Refusal) -> (u16, &'static str) {
    match refusal {
        Refusal::NotFound(_) => (404, "No such thing"),
        // Verbs answer 200 with `already` instead; this is for the places where nothing else can be said.
        Refusal::AlreadySo => (409, "It is so already"),
        Refusal::PreconditionFailed => (412, "It is not as the condition says"),
        Refusal::Invalid { .. } => (422, "A field is not as it should be"),
        Refusal::Taken(..) => (409, "Another has that name or number"),
        Refusal::InUse(..) => (409, "It is still in use"),
        Refusal::LimitReached(_) => (429, "A limit is reached"),
        Refusal::NotLoggedIn => (409, "The agent is not logged in"),
        Refusal::LoggedInElsewhere => (409, "The agent is logged in at another device"),
        Refusal::DeviceTaken => (409, "Another agent is logged in at that device"),
        Refusal::DeviceUnregistered => (409, "The device is not registered"),
        Refusal::Busy => (409, "Busy"),
        Refusal::NotAssigned => (409, "The agent is not assigned to that queue"),
        Refusal::NotInWrapUp => (409, "The agent is not in wrap-up"),
        Refusal::NoExtension => (409, "The wrap-up cannot be extended"),
        Refusal::OfferEnded => (409, "The offer has ended"),
        Refusal::NotInCall => (409, "The agent has no part in that call"),
        Refusal::HeldAtPhone => (409, "The call is held at the phone"),
        Refusal::OnHold => (409, "The call is on hold"),
        Refusal::AnsweredAtPhoneOnly => (409, "The phone does not answer by itself"),
        Refusal::NotAnswered => (409, "Whom was asked has not answered yet"),
        Refusal::NotConsulting => (409, "No consultation is under way"),
        Refusal::CallClosed => (409, "The call's record is closed"),
        Refusal::NotRecording => (409, "The call is not being recorded"),
        Refusal::NoRoute => (422, "The number leads nowhere"),
        Refusal::DestinationDenied => (403, "The destination is not allowed"),
        Refusal::LedOutAgain => (403, "A caller from outside is not led out again"),
        Refusal::OutboundLimit(_) => (429, "A limit of calls out is reached"),
        Refusal::NoMailbox => (409, "The agent has no mailbox"),
        Refusal::FeatureUnavailable => (409, "The feature is not available"),
        Refusal::NobodyThere => (409, "Nobody is logged in at the device, and it has no owner"),
        Refusal::NotPermitted => (403, "Who asks may not do this"),
        Refusal::WrongPin => (403, "The number and the PIN do not belong together"),
        Refusal::QueueFull => (429, "The queue is full"),
    }
}

#[cfg(test)]
mod tests {
    use cordial_engine::entry::Kind;

    use super::*;

    #[test]
    fn a_refused_field_is_pointed_at() {
        let problem = Problem::refused(&Refusal::Invalid { field: "offer_ms", why: "must be at least 1000" });
        assert_eq!((problem.status, problem.code), (422, "invalid"));
        assert_eq!(problem.errors, [FieldError::new("/offer_ms", "must be at least 1000")]);
        assert_eq!(problem.kind, "/docs/errors/invalid");
    }

    #[test]
    fn a_thing_of_another_tenant_is_not_found() {
        assert_eq!(Problem::refused(&Refusal::NotFound(Kind::Agent)).status, 404);
    }

    #[test]
    fn codes_are_told_apart() {
        let codes: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.words().1).collect();
        assert_eq!(codes.len(), Code::ALL.len());
    }
}
