//! The connector's errors: stable codes, what raises each, and what a client may show.

use cordial_engine::Refusal;
use cordial_engine::entry::Kind;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $word:literal;)*) => {
        /// An error code, as in the system document.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All of them, in the order of the document.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As it is written in messages.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

codes! {
    /// The called device is not valid.
    InvalidCalledDevice "CF_INVALID_CALLED_DEVICE";
    /// The calling device is not valid.
    InvalidCallingDevice "CF_INVALID_CALLING_DEVICE";
    /// The call that the request is about is not the one that is active.
    InvalidConnectionForActiveCall "CF_INVALID_CONNECTION_ID_FOR_ACTIVE_CALL";
    /// A consultation cannot be begun or completed now.
    InvalidConsultType "CF_INVALID_CONSULT_TYPE";
    /// The account is locked out.
    AccountLockedOut "CF_AGENT_ACCOUNT_LOCKED_OUT";
    /// The device is not known.
    InvalidDeviceIdentifier "CF_INVALID_CSTA_DEVICE_IDENTIFIER";
    /// The extension is in use.
    ResourceBusy "CF_RESOURCE_BUSY";
    /// Nobody may log in at that extension.
    InvalidLogonDevice "CF_INVALID_LOGON_DEVICE_SPECIFIED";
    /// The request is rejected, and nothing more can be said.
    UnspecifiedRejection "CF_GENERIC_UNSPECIFIED_REJECTION";
    /// What the request is about is in the wrong state for it.
    InvalidObjectState "CF_INVALID_OBJECT_STATE";
    /// The password is wrong.
    InvalidPassword "CF_INVALID_PASSWORD_SPECIFIED";
    /// A limit is reached.
    ResourceAvailability "CF_GENERIC_SYSTEM_RESOURCE_AVAILABILITY";
    /// The call is not known.
    InvalidCallId "E_CTI_INVALID_CALLID";
    /// The agent is not known.
    UserNotFound "USER_NOT_FOUND";
    /// Something went wrong, and it is not clear what.
    GeneralError "GENERAL_ERROR";
    /// The operation failed.
    GenericOperation "CF_GENERIC_OPERATION";
    /// The number leads nowhere, or may not be dialled.
    BadDestination "BAD_DESTINATION";
    /// We cannot be reached.
    Down "DOWN";
    /// More agents are logged in than the licence allows.
    LicensesExceeded "LICENSES_EXCEEDED";
    /// The request has no extension.
    MissingExtension "MISSING_EXTENSION";
    /// The request has no number to dial.
    MissingNumber "MISSING_NUMBER";
    /// The request has no password.
    MissingPassword "MISSING_PASSWORD";
    /// The request has no reason code, and needs one.
    MissingReasonCode "MISSING_REASON_CODE";
    /// The request names no call, or one that the agent does not have.
    NoDialogId "NO_DIALOG_ID";
    /// We took too long.
    NotReachable "NOT_REACHABLE";
    /// The request cannot be read, came too late, or could not be handled now.
    PleaseRetry "PLEASE_RETRY";
    /// The credentials of a `Connect` are wrong.
    SubscriptionFailed "SUBSCRIPTION_FAILED";
    /// The same, of a subscription.
    UnableToSubscribe "UNABLE_TO_SUBSCRIBE_TO_FINESSE";
    /// The extension has letters in it.
    WrongExtension "WRONG_EXTENSION";
    /// The agent has logged in from another destination.
    SessionInvalidated "SESSION_INVALIDATED";
    /// The system is not there; only in the table of user messages.
    FinesseUnavailable "FINESSE_UNAVAILABLE";
    /// Only in the table of user messages.
    GenericError "GENERIC_ERROR";
    /// Whoever asks is no supervisor of that team.
    AuthorizationFailure "AUTHORIZATION_FAILURE";
    /// The team or the phone book is not known.
    NotFound "NOT_FOUND";
}

impl Code {
    /// What a refusal of the engine is called here.
    #[must_use]
    pub const fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::NotFound(Kind::Agent | Kind::User) => Self::UserNotFound,
            Refusal::NotFound(Kind::Call | Kind::Leg) | Refusal::CallClosed | Refusal::NotInCall => {
                Self::NoDialogId
            }
            Refusal::NotFound(Kind::Device) => Self::InvalidDeviceIdentifier,
            Refusal::NotFound(_) => Self::NotFound,
            Refusal::DeviceUnregistered => Self::UnspecifiedRejection,
            Refusal::DeviceTaken | Refusal::LoggedInElsewhere => Self::ResourceBusy,
            Refusal::NotAnswered | Refusal::NotConsulting => Self::InvalidConsultType,
            Refusal::NoRoute
            | Refusal::DestinationDenied
            | Refusal::LedOutAgain
            | Refusal::NoMailbox
            | Refusal::QueueFull => Self::BadDestination,
            Refusal::LimitReached(_) | Refusal::OutboundLimit(_) => Self::ResourceAvailability,
            Refusal::NotPermitted => Self::AuthorizationFailure,
            Refusal::WrongPin => Self::InvalidPassword,
            Refusal::NobodyThere => Self::InvalidCallingDevice,
            Refusal::HeldAtPhone
            | Refusal::OnHold
            | Refusal::AnsweredAtPhoneOnly
            | Refusal::Busy
            | Refusal::AlreadySo
            | Refusal::NotLoggedIn
            | Refusal::NotInWrapUp
            | Refusal::NotRecording
            | Refusal::OfferEnded
            | Refusal::NotAssigned
            | Refusal::NoExtension
            | Refusal::Invalid { .. } => Self::InvalidObjectState,
            Refusal::PreconditionFailed
            | Refusal::Taken(..)
            | Refusal::InUse(..)
            | Refusal::FeatureUnavailable => Self::GenericOperation,
        }
    }

    /// The code of a word, for tests and for whoever reads messages of ours.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_word_of_its_own() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.word()), Some(*code));
        }
        assert_eq!(Code::parse("no such code"), None);
    }

    #[test]
    fn refusals_are_told_by_what_a_client_can_do_about_them() {
        assert_eq!(Code::of(&Refusal::NotFound(Kind::Call)).word(), "NO_DIALOG_ID");
        assert_eq!(Code::of(&Refusal::NoRoute).word(), "BAD_DESTINATION");
        assert_eq!(
            Code::of(&Refusal::LimitReached("calls")).word(),
            "CF_GENERIC_SYSTEM_RESOURCE_AVAILABILITY"
        );
        assert_eq!(Code::of(&Refusal::DeviceTaken).word(), "CF_RESOURCE_BUSY");
    }
}
