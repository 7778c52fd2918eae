//! Attacks: the real `cordial` process between phones that behave and strangers that do not. `docs/security.md` names the
//! test that stands behind each of its sentences.

mod hostile {
    mod audio;
    mod call;
    mod flood;
    mod guessing;
    mod logs;
    mod phone;
    mod signalling;
    mod site;
    mod web;
}

#[expect(dead_code, reason = "the proofs with foreign programs need more of it than these")]
#[path = "wire/peers.rs"]
mod peers;
#[expect(dead_code, reason = "the proofs with foreign programs need more of it than these")]
#[path = "wire/server.rs"]
mod server;
