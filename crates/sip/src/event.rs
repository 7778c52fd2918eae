//! What the user agent tells its owner.

use crate::dialog::DialogId;
use crate::directory::{AccountId, PeerId};
use crate::flow::{Flow, StreamId};
use crate::registrar::Binding;

/// Something that happened. For one dialog nothing follows its `Failed` or `Cleared`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A device registered, refreshed, left or lapsed; the list is whole.
    BindingsChanged {
        /// Whose.
        account: AccountId,
        /// All bindings that now hold.
        bindings: Vec<Binding>,
    },
    /// A call arrived. 100 has been sent; ring, answer, reject or clear it.
    Incoming {
        /// Its name from now on.
        dialog: DialogId,
        /// Who proved to be calling.
        from: Origin,
        /// Where the INVITE came from.
        flow: Flow,
        /// User part of the Request-URI: what was dialled.
        request_user: String,
        /// Host part of the Request-URI.
        request_host: String,
        /// The caller's number: an account's own name, or what a peer asserts.
        from_user: String,
        /// The caller's display name; attacker text, as everything from outside.
        from_name: Option<String>,
        /// Headers on the allow-list of [`crate::limits::HEADERS_PASSED`], and `X-` ones.
        headers: Vec<(String, String)>,
        /// The offer; without one, the answer carries ours.
        body: Option<Vec<u8>>,
        /// The dialog of the same account whose place it is to take (RFC 3891).
        replaces: Option<DialogId>,
    },
    /// A provisional answer to our INVITE.
    Progress {
        /// Which.
        dialog: DialogId,
        /// 101 to 199.
        code: u16,
        /// Early media, if any.
        body: Option<Vec<u8>>,
    },
    /// Our INVITE was answered and acknowledged.
    Answered {
        /// Which.
        dialog: DialogId,
        /// The answer to our offer; empty if the far end sent none.
        body: Vec<u8>,
    },
    /// Our INVITE came to nothing.
    Failed {
        /// Which.
        dialog: DialogId,
        /// The final code; 408 when nothing answered, 503 when the transport failed.
        code: u16,
        /// Its reason phrase.
        reason: String,
    },
    /// The ACK for our 2xx arrived.
    Confirmed {
        /// Which.
        dialog: DialogId,
        /// Their answer, if the INVITE came without an offer.
        body: Option<Vec<u8>>,
    },
    /// The far end changes the session: hold, retrieve, new address.
    Reoffered {
        /// Which.
        dialog: DialogId,
        /// Their offer; without one, `answer_reoffer` carries ours.
        body: Option<Vec<u8>>,
    },
    /// Our offer inside the dialog was answered; after a refresh by re-INVITE it is the offer that holds already.
    ReofferAnswered {
        /// Which.
        dialog: DialogId,
        /// Their answer.
        body: Vec<u8>,
    },
    /// Our offer inside the dialog was refused; what held before holds on.
    ReofferFailed {
        /// Which.
        dialog: DialogId,
        /// The final code.
        code: u16,
    },
    /// The dialog is over, not by us.
    Cleared {
        /// Which.
        dialog: DialogId,
        /// Why.
        cause: ClearCause,
        /// The `Reason` header of the request that ended it (RFC 3326).
        reason: Option<String>,
    },
    /// The far end asks us to lead the other party elsewhere, and waits for
    /// [`answer_refer`](crate::UserAgent::answer_refer).
    Referred {
        /// Which.
        dialog: DialogId,
        /// User part of the URI that it names; empty only beside `replaces`.
        to: String,
        /// The dialog of the same account whose far end the other party is to be connected with: an attended transfer
        /// (RFC 5589 section 7).
        replaces: Option<DialogId>,
    },
    /// A digit in an INFO.
    Dtmf {
        /// Which.
        dialog: DialogId,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
        /// How long it was held, in milliseconds, if said.
        duration_ms: Option<u32>,
    },
    /// What arrives on a stream can no longer be told apart: close it, then report it closed.
    StreamBroken {
        /// Which.
        stream: StreamId,
        /// What is wrong.
        why: &'static str,
    },
}

/// Who a request comes from, proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A device, by digest.
    Account(AccountId),
    /// A trunk, by source address and, if it has an account, digest.
    Peer(PeerId),
}

/// Why a dialog ended that we did not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClearCause {
    /// BYE from the far end.
    Bye,
    /// The caller gave up before an answer.
    Cancelled,
    /// Our 2xx was never acknowledged, or a provisional response that had to be.
    NoAck,
    /// The far end does not know the dialog any more (481), does not answer (408), or stays out of reach.
    Unreachable,
    /// The session timer ran out: nobody said in time that the call still stands (RFC 4028).
    Expired,
}
