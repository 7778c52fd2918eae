//! Causes and refusals as SIP codes, and back (RFC 3261 section 21, RFC 3326).

use cordial_engine::Refusal;
use cordial_engine::call::Cause;
use cordial_sip::ClearCause;

/// Why a leg that we dialled came to nothing, from its final response.
pub(crate) const fn from_final(code: u16) -> Cause {
    match code {
        486 | 600 => Cause::Busy,
        603 | 607 => Cause::Rejected,
        // 408 is also what the transaction layer says when nothing answered at all.
        404 | 408 | 410 | 480 | 604 => Cause::Unreachable,
        487 => Cause::Normal,
        code => Cause::Failed(code),
    }
}

/// Why a dialog ended that we did not end.
pub(crate) const fn from_clear(cause: ClearCause) -> Cause {
    match cause {
        ClearCause::Bye | ClearCause::Cancelled => Cause::Normal,
        ClearCause::NoAck | ClearCause::Unreachable | ClearCause::Expired => Cause::Lost,
    }
}

/// The final response to a caller whose leg is cleared before it was answered.
pub(crate) const fn to_final(cause: Cause) -> (u16, &'static str) {
    match cause {
        Cause::Normal | Cause::NoAnswer | Cause::AnsweredElsewhere | Cause::Unreachable => {
            (480, "Temporarily Unavailable")
        }
        Cause::Busy | Cause::Full => (486, "Busy Here"),
        Cause::Rejected => (603, "Decline"),
        Cause::NoRoute => (404, "Not Found"),
        Cause::Failed(code @ 400..=699) => (code, "Call Failed"),
        Cause::Failed(_) | Cause::Lost => (500, "Server Internal Error"),
        Cause::NodeRestarted => (503, "Service Unavailable"),
    }
}

/// The `Reason` header of a CANCEL or BYE; a phone shows no missed call for one answered elsewhere.
pub(crate) const fn to_reason(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::AnsweredElsewhere => Some("SIP;cause=200;text=\"Call completed elsewhere\""),
        Cause::NodeRestarted => Some("SIP;cause=503;text=\"Service restarted\""),
        Cause::Full => Some("SIP;cause=486;text=\"Queue full\""),
        Cause::NoRoute => Some("SIP;cause=404;text=\"Not Found\""),
        Cause::Normal
        | Cause::Busy
        | Cause::NoAnswer
        | Cause::Rejected
        | Cause::Unreachable
        | Cause::Failed(_)
        | Cause::Lost => None,
    }
}

/// The final response to a caller whom the engine does not let in.
pub(crate) const fn refused(refusal: &Refusal) -> (u16, &'static str) {
    match refusal {
        Refusal::NoRoute | Refusal::NotFound(_) => (404, "Not Found"),
        Refusal::DestinationDenied | Refusal::LedOutAgain | Refusal::NotPermitted | Refusal::WrongPin => {
            (403, "Forbidden")
        }
        Refusal::Busy | Refusal::QueueFull => (486, "Busy Here"),
        // Not 503: a phone would take its next server, or come again at once. Not 486: the called party is not busy.
        Refusal::DeviceUnregistered | Refusal::NotLoggedIn | Refusal::OutboundLimit(_) => {
            (480, "Temporarily Unavailable")
        }
        Refusal::LimitReached(_) => (503, "Service Unavailable"),
        Refusal::AlreadySo
        | Refusal::PreconditionFailed
        | Refusal::Invalid { .. }
        | Refusal::Taken(..)
        | Refusal::InUse(..)
        | Refusal::LoggedInElsewhere
        | Refusal::DeviceTaken
        | Refusal::NotAssigned
        | Refusal::NotInWrapUp
        | Refusal::NoExtension
        | Refusal::OfferEnded
        | Refusal::NotInCall
        | Refusal::HeldAtPhone
        | Refusal::OnHold
        | Refusal::AnsweredAtPhoneOnly
        | Refusal::NotAnswered
        | Refusal::NotConsulting
        | Refusal::CallClosed
        | Refusal::NotRecording
        | Refusal::NoMailbox
        | Refusal::FeatureUnavailable
        | Refusal::NobodyThere => (500, "Server Internal Error"),
    }
}
