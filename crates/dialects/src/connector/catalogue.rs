//! What an agent's status bar says: the texts of the system document's table of user messages, verbatim. Where its row is
//! blank nothing is said.

use super::event::{AgentWord, CallWord};
use super::fault::Code;

/// What is said of an error.
#[must_use]
pub const fn of_error(code: Code) -> Option<&'static str> {
    match code {
        Code::LicensesExceeded => Some("License exceeded, please contact system administrator."),
        Code::SubscriptionFailed => Some("Invalid LoginId / Password."),
        Code::MissingExtension => Some("Extension is missing."),
        Code::MissingPassword => Some("Password not set, please contact system administrator."),
        Code::InvalidLogonDevice => Some("Incorrect phone extension."),
        Code::UnspecifiedRejection => Some("Please reset your phone and try again"),
        Code::ResourceBusy => Some("Phone extension is already in use"),
        Code::FinesseUnavailable => {
            Some("System is not available, it will connect automatically once available.")
        }
        Code::GenericError | Code::PleaseRetry => Some("An error occurred, please try again later."),
        Code::NoDialogId => Some("Invalid operation or call not found."),
        Code::InvalidCalledDevice
        | Code::InvalidCallingDevice
        | Code::InvalidConnectionForActiveCall
        | Code::InvalidConsultType
        | Code::AccountLockedOut
        | Code::InvalidDeviceIdentifier
        | Code::InvalidObjectState
        | Code::InvalidPassword
        | Code::ResourceAvailability
        | Code::InvalidCallId
        | Code::UserNotFound
        | Code::GeneralError
        | Code::GenericOperation
        | Code::BadDestination
        | Code::Down
        | Code::MissingNumber
        | Code::MissingReasonCode
        | Code::NotReachable
        | Code::UnableToSubscribe
        | Code::WrongExtension
        | Code::SessionInvalidated
        | Code::AuthorizationFailure
        | Code::NotFound => None,
    }
}

/// What is said of the agent's state.
#[must_use]
pub const fn of_state(state: AgentWord) -> Option<&'static str> {
    match state {
        AgentWord::ReLogIn => Some("Reconnecting, please wait..."),
        AgentWord::LogOut => Some("You are Logged out"),
        AgentWord::LoggedIn => Some("You are Logged in"),
        AgentWord::Ready => Some("Your State: Ready"),
        AgentWord::NotReady => Some("Your State: Not Ready"),
        AgentWord::Reserved => Some("Your are Reserved, an inbound call is coming."),
        AgentWord::Talking => Some("You are talking."),
        AgentWord::Work => Some("Wrap up -> Not Ready"),
        AgentWord::WorkReady => Some("Wrap up -> Ready"),
        AgentWord::Unknown => Some("An error occurred, please refresh your browser."),
        AgentWord::Hold => Some("Call is on hold."),
        AgentWord::ReservedOutbound | AgentWord::ReservedOutboundPreview => None,
    }
}

/// What is said of a call.
#[must_use]
pub const fn of_call(state: CallWord) -> Option<&'static str> {
    match state {
        CallWord::Initiating => Some("Call is initiated.."),
        CallWord::Alerting => Some("Call is ringing.."),
        CallWord::Active => Some("Call is active.."),
        CallWord::Failed => Some("Call has failed.."),
        CallWord::Drop => Some("Call has been released.."),
        CallWord::Accepted => Some("Call is accepted.."),
        CallWord::Initiated | CallWord::Held | CallWord::WrapUp | CallWord::NotFound => None,
    }
}

/// What is said of a consultation.
#[must_use]
pub const fn of_consultation(state: CallWord) -> Option<&'static str> {
    match state {
        CallWord::Active => Some("Consult call is active.."),
        CallWord::Alerting => Some("Consult call is ringing.."),
        CallWord::Failed => Some("Consult call has failed.."),
        CallWord::Drop => Some("Consult call has dropped."),
        CallWord::Initiating
        | CallWord::Initiated
        | CallWord::Held
        | CallWord::Accepted
        | CallWord::WrapUp
        | CallWord::NotFound => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_the_document_says() {
        assert_eq!(of_error(Code::NoDialogId), Some("Invalid operation or call not found."));
        assert_eq!(of_error(Code::Down), None);
        assert_eq!(of_state(AgentWord::Reserved), Some("Your are Reserved, an inbound call is coming."));
        assert_eq!(of_call(CallWord::Initiated), None, "a blank row");
        assert_eq!(of_consultation(CallWord::Drop), Some("Consult call has dropped."));
    }
}
