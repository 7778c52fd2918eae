//! Attacks: the real `cordial` process between phones that behave and strangers that do not. `docs/security.md` names the
//! test that stands behind each of its sentences.

mod hostile {
    mod call;
    mod flood;
    mod phone;
    mod signalling;
    mod site;
}

#[expect(dead_code, reason = "the proofs with foreign programs need more of it than these")]
#[path = "wire/peers.rs"]
mod peers;
#[expect(dead_code, reason = "the proofs with foreign programs need more of it than these")]
#[path = "wire/server.rs"]
mod server;
