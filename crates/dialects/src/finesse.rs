//! Cisco Finesse's REST API, which clients of the connector often call directly: XML over HTTP under `/finesse/api/`.
//!
//! # A tour
//!
//! **XML.** Bodies are trees of elements with text and without attributes ([`xml`]). What a stranger sends is bounded in
//! size and depth, has no document type and knows no entities but the five that XML itself has.
//!
//! **Asking.** Two bodies ask for something: `PUT User/{id}` with a `<User>` for a state, `POST User/{id}/Dialogs` and
//! `PUT Dialog/{id}` with a `<Dialog>` for an action on a call ([`request`]). What was asked for is answered with 202 and
//! an empty body; what became of it is told as an event.
//!
//! **Reading.** Every `GET` answers with one of the things of [`wire`]: a user, a call (*dialog*) with its participants
//! and what each may do now, a team, queues with their counts, codes, phone books, the system; or with errors.
//!
//! **Between.** What is asked for becomes what the connector's sessions know to do, and their codes become this API's
//! errors ([`ask`]); what is answered comes from their board ([`show`]). Who asks says so with every request ([`basic`]).
//!
//! **Words.** Both directions share the names of states, actions and codes ([`words`]).

pub mod ask;
pub mod basic;
pub mod limits;
pub mod request;
pub mod show;
pub mod wire;
pub mod words;
pub mod xml;
