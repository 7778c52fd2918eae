//! How a no leaves: as `ApiErrors`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cordial_dialects::finesse::request::Misfit;
use cordial_dialects::finesse::wire::{Answer, ApiError, List};
use cordial_dialects::finesse::words::ErrorType;

use crate::handle::Unavailable;
use crate::http::fault;

/// An error on its way out.
#[derive(Debug)]
pub(super) struct No {
    /// Where HTTP has a status that the reference does not.
    status: Option<StatusCode>,
    error: ApiError,
}

impl No {
    /// `about` is the name or id that it is about.
    pub(super) fn new(error_type: ErrorType, message: &str, about: &str) -> Self {
        ApiError { error_type, message: message.to_owned(), data: about.to_owned() }.into()
    }

    /// There is no such thing, or whoever asks does not see it.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(ErrorType::NotFound, &format!("there is no such {what}"), what)
    }

    pub(super) fn method() -> Self {
        Self::of_http(StatusCode::METHOD_NOT_ALLOWED, "this path has no such method")
    }

    /// What HTTP itself has a status for.
    pub(super) fn of_http(status: StatusCode, message: &str) -> Self {
        Self { status: Some(status), ..Self::new(ErrorType::BadRequest, message, "") }
    }
}

impl From<ApiError> for No {
    fn from(error: ApiError) -> Self {
        Self { status: None, error }
    }
}

impl From<Misfit> for No {
    fn from(misfit: Misfit) -> Self {
        misfit.error().into()
    }
}

/// What every dialect's guard has in common says no in our own words; here in those of this one.
impl From<fault::No> for No {
    fn from(no: fault::No) -> Self {
        let status = StatusCode::from_u16(no.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let error_type = match status.as_u16() {
            401 => ErrorType::AuthorizationFailure,
            429 => ErrorType::GenericError,
            400..=499 => ErrorType::BadRequest,
            503 => ErrorType::ServiceUnavailable,
            _ => ErrorType::InternalServerError,
        };
        Self { status: Some(status), ..Self::new(error_type, &no.problem().detail, "") }
    }
}

impl From<Unavailable> for No {
    fn from(unavailable: Unavailable) -> Self {
        fault::No::from(unavailable).into()
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let told = StatusCode::from_u16(self.error.error_type.http());
        let status = self.status.unwrap_or(told.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        let mut response = (status, xml(&List(&[self.error]))).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        }
        response
    }
}

/// How whoever asks says who he is.
const CHALLENGE: &str = "Basic realm=\"cordial\", charset=\"UTF-8\"";

/// Something that is answered.
pub(super) fn xml(answer: &impl Answer) -> Response {
    ([(header::CONTENT_TYPE, "application/xml;charset=UTF-8")], answer.to_xml()).into_response()
}
