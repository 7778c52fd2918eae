//! How a no leaves.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cordial_dialects::portsip::problem::Problem;

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct No(Box<Problem>);

impl No {
    pub(super) fn not_found(what: &str) -> Self {
        Problem::not_found(what).into()
    }
}

impl From<Problem> for No {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(&*self.0)).into_response()
    }
}
