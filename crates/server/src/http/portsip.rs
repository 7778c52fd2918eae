//! The PortSIP dialect at its own listeners.

mod fault;

use axum::Router;

use self::fault::No;
use super::State;

/// REST, and WSI at `/wsi`.
pub(super) fn router(state: State) -> Router {
    Router::new().fallback(async || No::not_found("path")).with_state(state)
}

/// WSI at the root, where clients of the v16 look for it.
pub(super) fn wsi_router(state: State) -> Router {
    Router::new().fallback(async || No::not_found("path")).with_state(state)
}
