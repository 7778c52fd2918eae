//! How a no leaves.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cordial_dialects::portsip::problem::Problem;
use cordial_engine::Refusal;
use cordial_store::StoreError;

use crate::handle::Unavailable;
use crate::http::fault;

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct No(Box<Problem>);

impl From<Problem> for No {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Problem::refused(&refusal).into()
    }
}

/// What every dialect's guard has in common says no in our own words; here in those of this one.
impl From<fault::No> for No {
    fn from(no: fault::No) -> Self {
        let problem = no.problem();
        let code = problem.code.to_ascii_uppercase().replace('-', "_");
        Problem::new(problem.status, code, problem.detail.clone()).into()
    }
}

impl From<Unavailable> for No {
    fn from(unavailable: Unavailable) -> Self {
        fault::No::from(unavailable).into()
    }
}

impl From<StoreError> for No {
    fn from(error: StoreError) -> Self {
        fault::No::from(error).into()
    }
}

impl No {
    /// What leaves.
    pub(super) const fn problem(&self) -> &Problem {
        &self.0
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&*self.0)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
