//! Provisional responses that must not be lost (RFC 3262): what each end of one remembers.

use std::collections::VecDeque;

use super::Relation;
use crate::message::{Headers, Name};

/// The option tag.
pub(crate) const RELIABLE: &str = "100rel";

/// Our provisional responses to their INVITE.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reliable {
    pub(crate) wish: Wish,
    /// RSeq of the last one; nought before the first.
    pub(crate) rseq: u32,
    /// The last one has no PRACK yet.
    pub(crate) waiting: Option<Waiting>,
    /// What goes out after that PRACK: code and description.
    pub(crate) next: VecDeque<(u16, Option<Vec<u8>>)>,
    /// The owner's answer, which waits for that PRACK.
    pub(crate) answer: Option<Vec<u8>>,
    pub(crate) exchange: Exchange,
}

/// What the caller's INVITE says of reliable provisional responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wish {
    #[default]
    Unknown,
    Supported,
    Required,
}

/// A reliable provisional response without PRACK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// CSeq of the INVITE.
    pub(crate) cseq: u32,
    pub(crate) interval_ms: u64,
    /// Whether it carried a description, for which a 2xx must wait.
    pub(crate) described: bool,
}

/// How far offer and answer have come in reliable responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Exchange {
    #[default]
    Open,
    /// Our offer is out; the PRACK brings the answer.
    Offered,
    /// Both are known; no 2xx says it again.
    Done,
}

impl Wish {
    pub(crate) fn read(headers: &Headers) -> Self {
        if headers.has_token(&Name::Require, RELIABLE) {
            Self::Required
        } else if headers.has_token(&Name::Supported, RELIABLE) {
            Self::Supported
        } else {
            Self::Unknown
        }
    }
}

/// A dialog that a provisional response to our INVITE began (RFC 3261 section 12.1): one for each fork.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    /// With a CSeq of its own.
    pub(crate) relation: Relation,
    /// CSeq of their last request in it.
    pub(crate) remote_cseq: Option<u32>,
    /// RSeq of their last reliable response that we took; nought before the first.
    pub(crate) rseq: u32,
    /// Their answer, if it came reliably.
    pub(crate) answer: Option<Vec<u8>>,
    /// Whether they take UPDATE.
    pub(crate) update: bool,
}

impl Early {
    pub(crate) fn new(relation: Relation) -> Self {
        Self { relation, remote_cseq: None, rseq: 0, answer: None, update: false }
    }

    pub(crate) fn tag(&self) -> &str {
        self.relation.remote.tag().unwrap_or_default()
    }
}
