//! The typed "no" to a command. Each has a stable code and a page in `docs/errors/`.

use crate::entry::Kind;
use crate::outbound::OutboundLimit;

/// Why a command was not granted. Not an error in our software.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The thing is unknown in this tenant.
    #[error("no such {0:?}")]
    NotFound(Kind),
    /// It is so already; a dialect may call that success.
    #[error("it is so already")]
    AlreadySo,
    /// What the command was conditional on is not so.
    #[error("it has changed meanwhile")]
    PreconditionFailed,
    /// A value is not acceptable.
    #[error("{field}: {why}")]
    Invalid {
        /// The field, as in [`crate::entry`].
        field: &'static str,
        /// What would be right.
        why: &'static str,
    },
    /// Another entry of this kind has that name or number.
    #[error("another {0:?} has that {1}")]
    Taken(Kind, &'static str),
    /// Something live or another entry still needs it.
    #[error("this {0:?} is still in use by {1}")]
    InUse(Kind, &'static str),
    /// A limit of [`crate::limits`] is reached.
    #[error("the limit of {0} is reached")]
    LimitReached(&'static str),
    /// The agent is not logged in.
    #[error("the agent is not logged in")]
    NotLoggedIn,
    /// The agent is logged in already, and this is neither a device of his own nor a hot desk, so that he does not move.
    #[error("the agent is logged in at another device")]
    LoggedInElsewhere,
    /// Another agent is logged in at that device.
    #[error("another agent is logged in at that device")]
    DeviceTaken,
    /// The device has no binding, so it cannot be rung.
    #[error("the device is not registered")]
    DeviceUnregistered,
    /// The device or agent cannot take another call now.
    #[error("busy")]
    Busy,
    /// The agent is not assigned to that queue.
    #[error("the agent is not assigned to that queue")]
    NotAssigned,
    /// The agent is not in wrap-up.
    #[error("the agent is not in wrap-up")]
    NotInWrapUp,
    /// The wrap-up was lengthened already, or its queue does not allow it.
    #[error("the wrap-up cannot be extended")]
    NoExtension,
    /// The offer has ended: somebody else took it, it expired, or the caller gave up.
    #[error("the offer has ended")]
    OfferEnded,
    /// The agent has no part in that call.
    #[error("the agent has no part in that call")]
    NotInCall,
    /// The phone holds the call, and only the phone can take that back.
    #[error("the call is held at the phone, and only the phone can take it back")]
    HeldAtPhone,
    /// The call is on hold.
    #[error("the call is on hold")]
    OnHold,
    /// The phone does not answer by itself: somebody has to pick it up.
    #[error("the phone does not answer by itself")]
    AnsweredAtPhoneOnly,
    /// Whom was asked has not answered yet.
    #[error("whom was asked has not answered yet")]
    NotAnswered,
    /// Nobody else is being asked for this call.
    #[error("no consultation is under way for this call")]
    NotConsulting,
    /// The call's record is closed.
    #[error("the call's record is closed")]
    CallClosed,
    /// The call is not being recorded.
    #[error("the call is not being recorded")]
    NotRecording,
    /// What was dialled leads nowhere for this caller.
    #[error("the number leads nowhere")]
    NoRoute,
    /// Nobody may be dialled there from here (default deny).
    #[error("the destination is not allowed")]
    DestinationDenied,
    /// A caller from outside may not be led outside again.
    #[error("a caller from outside is not led out again")]
    LedOutAgain,
    /// A limit of the tenant's [`crate::outbound::OutboundRules`] is reached.
    #[error("the limit of {} is reached", .0.words())]
    OutboundLimit(OutboundLimit),
    /// The agent has no mailbox.
    #[error("the agent has no mailbox")]
    NoMailbox,
    /// Nothing here can do what was dialled for.
    #[error("the feature is not available")]
    FeatureUnavailable,
    /// Nobody is logged in at the device, and it has no owner.
    #[error("nobody is logged in at the device, and it has no owner")]
    NobodyThere,
    /// Who asks may not do this.
    #[error("who asks may not do this")]
    NotPermitted,
    /// The number and the PIN do not belong together, or the agent is locked out.
    #[error("the number and the PIN do not belong together")]
    WrongPin,
    /// The queue takes no more calls.
    #[error("the queue is full")]
    QueueFull,
}

impl Refusal {
    /// The stable code: the same in every language and release, and the name of its page in `docs/errors/`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not-found",
            Self::AlreadySo => "already-so",
            Self::PreconditionFailed => "precondition-failed",
            Self::Invalid { .. } => "invalid",
            Self::Taken(..) => "taken",
            Self::InUse(..) => "in-use",
            Self::LimitReached(_) => "limit-reached",
            Self::NotLoggedIn => "not-logged-in",
            Self::LoggedInElsewhere => "logged-in-elsewhere",
            Self::DeviceTaken => "device-taken",
            Self::DeviceUnregistered => "device-unregistered",
            Self::Busy => "busy",
            Self::NotAssigned => "not-assigned",
            Self::NotInWrapUp => "not-in-wrap-up",
            Self::NoExtension => "no-extension",
            Self::OfferEnded => "offer-ended",
            Self::NotInCall => "not-in-call",
            Self::HeldAtPhone => "held-at-phone",
            Self::OnHold => "on-hold",
            Self::AnsweredAtPhoneOnly => "answered-at-phone-only",
            Self::NotAnswered => "not-answered",
            Self::NotConsulting => "not-consulting",
            Self::CallClosed => "call-closed",
            Self::NotRecording => "not-recording",
            Self::NoRoute => "no-route",
            Self::DestinationDenied => "destination-denied",
            Self::LedOutAgain => "led-out-again",
            Self::OutboundLimit(_) => "outbound-limit",
            Self::NoMailbox => "no-mailbox",
            Self::FeatureUnavailable => "feature-unavailable",
            Self::NobodyThere => "nobody-there",
            Self::NotPermitted => "not-permitted",
            Self::WrongPin => "wrong-pin",
            Self::QueueFull => "queue-full",
        }
    }
}
