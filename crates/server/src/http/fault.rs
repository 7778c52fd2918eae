//! How a no leaves: as `application/problem+json`, with `Retry-After` where waiting helps.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cordial_dialects::names::Unnamed;
use cordial_dialects::native::problem::{Code, FieldError, Problem};
use cordial_engine::Refusal;
use cordial_store::StoreError;

use crate::handle::Unavailable;

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct No(Box<Problem>);

impl No {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }

    /// What leaves.
    pub(super) const fn problem(&self) -> &Problem {
        &self.0
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> u16 {
        self.0.status
    }

    /// The same, said of this very case.
    pub(super) fn detailed(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// One field that is not as it should be.
    pub(super) fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Problem::invalid(vec![FieldError::new(pointer, detail)]).into()
    }
}

impl From<Problem> for No {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<Vec<FieldError>> for No {
    fn from(errors: Vec<FieldError>) -> Self {
        Problem::invalid(errors).into()
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Problem::refused(&refusal).into()
    }
}

impl From<Unavailable> for No {
    fn from(unavailable: Unavailable) -> Self {
        let code = match unavailable {
            Unavailable::Overloaded => Code::TooManyRequests,
            Unavailable::Stopping | Unavailable::Storage => Code::Unavailable,
        };
        Self::new(code, unavailable.to_string())
    }
}

impl From<StoreError> for No {
    fn from(error: StoreError) -> Self {
        // What the disk says is the operator's business, not the client's.
        tracing::error!(%error, "the store failed a request");
        Self::new(Code::Unavailable, "the store cannot be reached")
    }
}

impl From<Unnamed> for No {
    fn from(unnamed: Unnamed) -> Self {
        tracing::error!(%unnamed, "a thing could not be named");
        Self::new(Code::Internal, "a thing could not be named")
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&*self.0).expect("a problem holds texts and numbers only");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"cordial\""));
        }
        response
    }
}
