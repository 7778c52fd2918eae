//! Transactions (RFC 3261 section 17 with the corrections of RFC 6026).
//!
//! One file per figure of the RFC. Each machine is a phase and the steps that an input asks for; it holds no
//! message and no clock. `user_agent` owns the messages, the keys and the timers, and carries the steps out.

pub(crate) mod client_invite;
pub(crate) mod client_other;
pub(crate) mod server_invite;
pub(crate) mod server_other;
#[cfg(test)]
mod states;

use sha2::{Digest as _, Sha256};

use crate::config::Timing;
use crate::message::{Essentials, Method, Request};
use crate::time::Letter;

/// Names a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientId(pub(crate) u64);

/// Names a server transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerId(pub(crate) u64);

/// What a machine asks its owner to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Send the request, or the last response, again or for the first time.
    Send,
    /// Acknowledge a final response other than 2xx.
    SendAck,
    /// Give the message to the transaction user.
    Pass,
    /// Start a timer, so many milliseconds from now.
    Set(Letter, u64),
    /// Stop a timer.
    Stop(Letter),
    /// Tell the transaction user that nothing answered.
    TimedOut,
    /// Tell the transaction user that the transport failed.
    TransportFailed,
    /// Forget the transaction and its timers.
    Over,
}

/// One legal move of a machine and what causes it.
pub(crate) type Move<P> = (P, &'static str, P);

/// Panics on a move that the table does not have: that would be a bug in the machine.
fn enter<P: Copy + PartialEq + std::fmt::Debug>(legal: &[Move<P>], from: &mut P, to: P) {
    let known = legal.iter().any(|(before, _, after)| before == from && *after == to);
    assert!(known, "illegal move {from:?} -> {to:?}");
    *from = to;
}

/// What a path needs to know of its transport and timers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) timing: Timing,
    pub(crate) reliable: bool,
}

impl Pace {
    /// The span of a timer that is zero on reliable transports.
    fn unless_reliable(&self, ms: u64) -> Option<u64> {
        (!self.reliable).then_some(ms)
    }
}

/// What a client transaction is found by: branch and method of CSeq (RFC 3261 section 17.1.3).
pub(crate) type ClientKey = (String, Method);

/// What a server transaction is found by (RFC 3261 section 17.2.3): a digest of it, since a busy registrar keeps
/// a hundred thousand of them for 32 s, and comparing texts that lie all over the memory was a quarter of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerKey(u128);

impl ServerKey {
    /// The key of the transaction that a request belongs to; `method` is INVITE for its ACK and CANCEL.
    pub(crate) fn new(request: &Request, essentials: &Essentials, method: &Method) -> Self {
        let method = method.as_str();
        Self(match essentials.via.branch() {
            Some(branch) => digest(&[&branch.to_ascii_lowercase(), &essentials.via.sent_by(), method]),
            // RFC 2543. The To tag is left out, for an ACK carries ours and its INVITE none.
            None => digest(&[
                &request.uri.to_string(),
                essentials.from.tag().unwrap_or_default(),
                &essentials.call_id,
                &essentials.cseq.to_string(),
                &essentials.via.to_string(),
                method,
            ]),
        })
    }
}

/// What tells that a request came twice by different ways (RFC 3261 section 8.2.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MergeKey(u128);

impl MergeKey {
    /// The key of a request outside of dialogs.
    pub(crate) fn new(essentials: &Essentials) -> Self {
        let Essentials { call_id, from, cseq, method, .. } = essentials;
        Self(digest(&[call_id, from.tag().unwrap_or_default(), &cseq.to_string(), method.as_str()]))
    }
}

/// Texts with their lengths, so that no two lists give the same bytes. Half of SHA-256: nobody finds two lists with the
/// same.
fn digest(texts: &[&str]) -> u128 {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let hash = hash.finalize();
    hash.iter().take(16).fold(0, |half, byte| half << 8 | u128::from(*byte))
}
