//! Peer relations (RFC 3261 section 12).

pub(crate) mod reliable;
pub(crate) mod timer;

use crate::directory::{AccountId, PeerId};
use crate::event::Origin;
use crate::flow::Flow;
use crate::message::{Headers, Method, Name, NameAddr, Request, Uri};
use crate::registrar::Binding;
use crate::time::Timestamp;
use crate::transaction::{ClientId, Move, ServerId};
use reliable::Reliable;
use timer::{Terms, TimerAsk};

/// Names a dialog of this user agent; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DialogId(pub u64);

/// A call to make.
#[derive(Clone, Debug)]
pub struct Invite {
    /// Whom to ring.
    pub target: Target,
    /// User part of From.
    pub from_user: String,
    /// Display name in From.
    pub from_name: Option<String>,
    /// User part of To. The Request-URI's user comes from the target.
    pub to_user: String,
    /// More headers; those not on [`crate::limits::HEADERS_PASSED`] and not `X-` are dropped.
    pub headers: Vec<(String, String)>,
    /// Our offer.
    pub body: Vec<u8>,
}

/// Whom to ring.
#[derive(Clone, Debug)]
pub enum Target {
    /// A registered device, at one of its bindings.
    Binding {
        /// Whose.
        account: AccountId,
        /// Where.
        binding: Box<Binding>,
    },
    /// A number behind a trunk.
    Peer {
        /// The trunk.
        id: PeerId,
        /// User part of the Request-URI.
        user: String,
    },
    /// A URI reached over a known path.
    Uri {
        /// The Request-URI.
        uri: String,
        /// The path.
        flow: Flow,
    },
}

/// Why an offer inside a dialog was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReofferError {
    /// It never was, or is over.
    #[error("no such dialog")]
    NoSuchDialog,
    /// It is not confirmed yet.
    #[error("the dialog is not confirmed yet")]
    NotConfirmed,
    /// An earlier offer of either side is not answered yet.
    #[error("an earlier offer is not answered yet")]
    Pending,
}

/// Why a blob cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// Not written by this program, or by a newer one.
    #[error("not a dialog blob of a known version")]
    Unknown,
    /// Cut short or altered.
    #[error("the blob's {0} cannot be read")]
    Field(&'static str),
}

/// Where a dialog is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Calling,
    Cancelling,
    Incoming,
    Answered,
    Leaving,
    Confirmed,
    Gone,
}
use Phase::{Answered, Calling, Cancelling, Confirmed, Gone, Incoming, Leaving};

pub(crate) const LEGAL: &[Move<Phase>] = &[
    (Calling, "2xx: ACK", Confirmed),
    (Calling, "300-699 or nothing", Gone),
    (Calling, "clear, rang too long, or device lost: CANCEL", Cancelling),
    (Cancelling, "2xx: ACK, BYE; else nothing", Gone),
    (Incoming, "answer: 2xx", Answered),
    (Incoming, "reject, CANCEL, BYE", Gone),
    (Answered, "ACK", Confirmed),
    (Answered, "clear", Leaving),
    (Answered, "no ACK: BYE; BYE", Gone),
    (Leaving, "ACK or no ACK: BYE; BYE", Gone),
    (Confirmed, "clear: BYE; BYE; 481; 408; out of reach", Gone),
];

/// A phase and what is true in it.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Our INVITE has no final response.
    Calling { invite: ClientId },
    /// The owner no longer wants it. CANCEL waits for a provisional (RFC 3261 section 9.1).
    Cancelling { invite: ClientId, sent: bool, reason: Option<String> },
    /// Their INVITE has no final response.
    Incoming { invite: ServerId, cseq: u32, had_offer: bool },
    /// Our 2xx has no ACK.
    Answered { answer: Unacked },
    /// Cleared by the owner before the ACK, which BYE must wait for (RFC 3261 section 15).
    Leaving { answer: Unacked, reason: Option<String> },
    /// Both sides know.
    Confirmed { offering: Offering },
}

/// Who is changing a confirmed dialog's session.
#[derive(Clone, Debug)]
pub(crate) enum Offering {
    Nobody,
    /// Our re-INVITE has no final response.
    Ours,
    /// Theirs has none.
    Theirs {
        invite: ServerId,
        cseq: u32,
        had_offer: bool,
        contact: Option<Uri>,
    },
    /// Our 2xx to theirs has no ACK.
    Unacked(Unacked),
}

/// A 2xx of ours that waits for its ACK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unacked {
    pub(crate) invite: ServerId,
    /// CSeq of the INVITE and its ACK.
    pub(crate) cseq: u32,
    /// Without an offer in the INVITE, the ACK brings an answer.
    pub(crate) had_offer: bool,
    pub(crate) interval_ms: u64,
}

/// An offer to be repeated after glare (RFC 3261 section 14.1).
#[derive(Clone, Debug)]
pub(crate) struct Glare {
    pub(crate) body: Vec<u8>,
    pub(crate) tried: u8,
}

/// What every request inside a dialog is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    pub(crate) call_id: String,
    /// With our tag.
    pub(crate) local: NameAddr,
    /// With their tag once known.
    pub(crate) remote: NameAddr,
    /// Their Contact: the remote target.
    pub(crate) target: Uri,
    /// The route set, as Route values.
    pub(crate) routes: Vec<String>,
    /// The path to the next hop.
    pub(crate) flow: Flow,
    /// CSeq of our last request.
    pub(crate) cseq: u32,
    /// The trunk at the other end, whose challenges we may answer.
    pub(crate) peer: Option<PeerId>,
    /// The device at the other end, which may come back by another path.
    pub(crate) account: Option<AccountId>,
    /// Its `+sip.instance`, if it has one.
    pub(crate) instance: Option<String>,
    /// The stream of `flow` is gone and nothing else leads there yet.
    pub(crate) lost: bool,
    /// User part of our Contact.
    pub(crate) contact_user: String,
}

impl Relation {
    pub(crate) fn local_tag(&self) -> &str {
        self.local.tag().unwrap_or_default()
    }

    /// Whether a device is reached, if at all, by a connection to its Contact: its own is gone.
    pub(crate) fn by_contact(&self) -> bool {
        let no_stream = self.flow.transport.is_reliable() && self.flow.stream.is_none();
        self.account.is_some() && no_stream && !self.lost
    }

    /// A request inside the dialog; Via and what the method needs are added by the caller.
    pub(crate) fn request(&self, method: Method, cseq: u32) -> Request {
        let mut headers = Headers::new();
        let mut uri = self.target.clone();
        let mut routes = self.routes.clone();
        // RFC 3261 section 12.2.1.1: a strict router wants itself in the Request-URI.
        let first = routes.first().and_then(|route| NameAddr::parse(route).ok());
        if let Some(first) = first.filter(|first| first.uri.parameters.get("lr").is_none()) {
            routes.remove(0);
            routes.push(format!("<{uri}>"));
            uri = first.uri;
        }
        for route in routes {
            headers.push(Name::Route, route);
        }
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, self.local.to_string());
        headers.push(Name::To, self.remote.to_string());
        headers.push(Name::CallId, self.call_id.clone());
        headers.push(Name::CSeq, format!("{cseq} {method}"));
        Request { method, uri, headers, body: Vec::new() }
    }

    /// Takes over what a 2xx to our INVITE says of the far end (RFC 3261 section 12.1.2).
    pub(crate) fn established_by(mut self, response: &Headers, to: &NameAddr) -> Self {
        self.remote = to.clone();
        self.routes = response.values(&Name::RecordRoute).map(str::to_owned).collect();
        self.routes.reverse();
        self.refresh_target(response);
        self
    }

    /// RFC 3261 section 12.2: the Contact of a re-INVITE or of its 2xx is the new remote target.
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        if let Some(contact) =
            headers.values(&Name::Contact).next().and_then(|value| NameAddr::parse(value).ok())
        {
            self.target = contact.uri;
        }
    }
}

/// A dialog, or what is to become one.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) relation: Relation,
    pub(crate) state: State,
    /// Whether we sent the INVITE: the owner of the Call-ID waits longer after glare.
    pub(crate) ours: bool,
    /// Who the far end proved to be, or was called as.
    pub(crate) origin: Option<Origin>,
    /// CSeq of their last request.
    pub(crate) remote_cseq: Option<u32>,
    pub(crate) glare: Option<Glare>,
    /// Our INVITE whose 2xx is not acknowledged yet, for the owner has not said so.
    pub(crate) held_ack: Option<ClientId>,
    /// Questions in a row, whether the far end lives, that could not even be sent.
    pub(crate) unreached: u8,
    pub(crate) upkeep: Upkeep,
    /// Our provisional responses, where they are acknowledged.
    pub(crate) reliable: Reliable,
    /// Their UPDATE or PRACK with an offer that has no answer.
    pub(crate) updating: Option<OpenRequest>,
    /// Their REFER that the owner has not answered.
    pub(crate) referring: Option<OpenRequest>,
}

/// What keeps a dialog alive beyond the call's own requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upkeep {
    /// Whether the far end takes UPDATE.
    pub(crate) update: bool,
    /// What their last INVITE or UPDATE asks of the timer, until it is answered.
    pub(crate) asked: TimerAsk,
    /// The timer that runs.
    pub(crate) terms: Option<Terms>,
    /// When our last request that refreshes it was first sent.
    pub(crate) asked_at: Timestamp,
    /// Our description as it holds: a refresh by re-INVITE says it again.
    pub(crate) said: Vec<u8>,
}

impl Upkeep {
    /// Notes what a message of the far end allows; one that does not say changes nothing.
    pub(crate) fn note_allowed(&mut self, headers: &Headers) {
        if headers.get(&Name::Allow).is_some() {
            self.update = headers.has_token(&Name::Allow, Method::Update.as_str());
        }
    }
}

/// A request of theirs, no INVITE, that its owner has yet to answer.
#[derive(Clone, Debug)]
pub(crate) struct OpenRequest {
    pub(crate) transaction: ServerId,
    pub(crate) request: Box<Request>,
}

impl Dialog {
    /// One that our INVITE begins.
    pub(crate) fn of_ours(relation: Relation, state: State, origin: Option<Origin>) -> Self {
        Self {
            relation,
            state,
            ours: true,
            origin,
            remote_cseq: None,
            glare: None,
            held_ack: None,
            unreached: 0,
            upkeep: Upkeep::default(),
            reliable: Reliable::default(),
            updating: None,
            referring: None,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.state {
            State::Calling { .. } => Calling,
            State::Cancelling { .. } => Cancelling,
            State::Incoming { .. } => Incoming,
            State::Answered { .. } => Answered,
            State::Leaving { .. } => Leaving,
            State::Confirmed { .. } => Confirmed,
        }
    }

    /// Changes state; panics on a move that the table does not have, which would be a bug here.
    pub(crate) fn enter(&mut self, state: State) {
        let from = self.phase();
        self.state = state;
        assert_legal(from, self.phase());
    }

    /// The INVITE transaction of theirs that has no final response.
    pub(crate) fn unanswered(&self) -> Option<ServerId> {
        match &self.state {
            State::Incoming { invite, .. }
            | State::Confirmed { offering: Offering::Theirs { invite, .. } } => Some(*invite),
            State::Calling { .. }
            | State::Cancelling { .. }
            | State::Answered { .. }
            | State::Leaving { .. }
            | State::Confirmed { offering: Offering::Nobody | Offering::Ours | Offering::Unacked(_) } => None,
        }
    }

    /// The INVITE transactions that still have something to say by the dialog's path: ours, theirs.
    pub(crate) fn invites(&self) -> (Option<ClientId>, Option<ServerId>) {
        match &self.state {
            State::Calling { invite } | State::Cancelling { invite, .. } => (Some(*invite), None),
            State::Incoming { invite, .. }
            | State::Confirmed { offering: Offering::Theirs { invite, .. } } => (None, Some(*invite)),
            State::Answered { answer }
            | State::Leaving { answer, .. }
            | State::Confirmed { offering: Offering::Unacked(answer) } => (None, Some(answer.invite)),
            State::Confirmed { offering: Offering::Nobody | Offering::Ours } => (None, None),
        }
    }

    /// The 2xx of ours that waits for an ACK.
    pub(crate) fn unacked(&mut self) -> Option<&mut Unacked> {
        match &mut self.state {
            State::Answered { answer }
            | State::Leaving { answer, .. }
            | State::Confirmed { offering: Offering::Unacked(answer) } => Some(answer),
            State::Calling { .. }
            | State::Cancelling { .. }
            | State::Incoming { .. }
            | State::Confirmed { offering: Offering::Nobody | Offering::Ours | Offering::Theirs { .. } } => {
                None
            }
        }
    }
}

/// See [`Dialog::enter`]; removal is a move to `Gone`.
pub(crate) fn assert_legal(from: Phase, to: Phase) {
    let same = from == to && matches!(from, Confirmed);
    let known = same || LEGAL.iter().any(|(before, _, after)| *before == from && *after == to);
    assert!(known, "illegal move {from:?} -> {to:?}");
}
