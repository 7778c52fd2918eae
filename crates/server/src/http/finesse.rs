//! Finesse's REST API below `/finesse/api` of our own addresses, for clients that call it beside the connector or instead of
//! it. How things are it reads from the board of the connector's sessions ([`reads`]); what it asks for is done as for such
//! a session, with the same rights ([`writes`]). What comes of it is told by our own event streams, not by XMPP.

mod fault;
mod guard;
mod reads;
mod visitor;
mod writes;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, any, get, post};

use self::fault::No;
use super::State;
use crate::connector::Rooms;

/// What it is made of.
#[derive(Clone)]
pub(crate) struct Finesse {
    /// Where the boards are.
    pub(crate) rooms: Rooms,
    /// The domain of users who name none.
    pub(crate) domain: String,
}

const BASE: &str = "/finesse/api";

/// All of it; where it is switched off, that it is.
pub(super) fn routes(state: &State) -> Router<State> {
    let operations: [(&'static str, MethodRouter<State>); 11] = [
        ("/SystemInfo", get(reads::system)),
        ("/User/{id}", get(reads::user).put(writes::user)),
        ("/User/{id}/Dialogs", get(reads::dialogs).merge(post(writes::new_dialog))),
        ("/User/{id}/Queues", get(reads::queues)),
        ("/User/{id}/ReasonCodes", get(reads::reason_codes)),
        ("/User/{id}/WrapUpReasons", get(reads::wrap_up_reasons)),
        ("/User/{id}/PhoneBooks", get(reads::phone_books)),
        ("/Dialog/{id}", get(reads::dialog).put(writes::dialog)),
        ("/Team/{id}", get(reads::team)),
        ("/Queue/{id}", get(reads::queue)),
        ("/PhoneBook/{id}/Contacts", get(reads::contacts)),
    ];
    let found = operations.map(|(path, methods)| (path, methods.fallback(async || No::method())));
    let nowhere = ["", "/", "/{*rest}"].map(|path| (path, any(nowhere)));
    let mut router = Router::new();
    for (path, methods) in found.into_iter().chain(nowhere) {
        let guard = from_fn_with_state((state.clone(), path), guard::guard);
        router = router.route(&format!("{BASE}{path}"), methods.layer(guard));
    }
    router
}

async fn nowhere() -> No {
    No::not_found("path")
}
