//! Attacks: the real `cordial` process between phones that behave and strangers that do not. `docs/security.md` names the
//! test that stands behind each of its sentences.

mod audio;
mod broker;
pub(crate) mod call;
mod flood;
mod guessing;
mod logs;
pub(crate) mod phone;
mod signalling;
pub(crate) mod site;
mod toll;
mod web;
