//! The names that both directions share, each a table of a variant and its word.

/// Declares an enum whose variants each have one word, and the way there and back.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them, in the order of the reference.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its word on the wire.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What a word means, in any case.
            #[must_use]
            pub fn read(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word().eq_ignore_ascii_case(word))
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                out.write_str(self.word())
            }
        }
    };
}

words! {
    /// What a user is, or asks to be.
    UserState {
        /// Asked for and never told: it leads to `NOT_READY`.
        Login = "LOGIN",
        /// Not at work.
        Logout = "LOGOUT",
        /// At work and not there for calls of queues.
        NotReady = "NOT_READY",
        /// There for calls of queues.
        Ready = "READY",
        /// Offered a call.
        Reserved = "RESERVED",
        /// Offered a call that a campaign made.
        ReservedOutbound = "RESERVED_OUTBOUND",
        /// Offered a lead to look at first.
        ReservedOutboundPreview = "RESERVED_OUTBOUND_PREVIEW",
        /// In a call.
        Talking = "TALKING",
        /// In a call that waits.
        Hold = "HOLD",
        /// Finishing a call, not ready after it.
        Work = "WORK",
        /// Finishing a call, ready after it.
        WorkReady = "WORK_READY",
        /// Nobody knows.
        Unknown = "UNKNOWN",
    }
}

words! {
    /// What a `<Dialog>` asks for, and what a participant may ask for now. The first twenty are the reference's list, by
    /// whose places clients count.
    DialogAction {
        /// Take the lead of a preview.
        Accept = "ACCEPT",
        /// Answer what rings.
        Answer = "ANSWER",
        /// Be heard in the call of another.
        BargeCall = "BARGE_CALL",
        /// Call back no more.
        CancelScheduledCallback = "CANCEL_SCHEDULED_CALLBACK",
        /// Close the lead of a preview.
        Close = "CLOSE",
        /// Join the consult call to the call.
        Conference = "CONFERENCE",
        /// Ask somebody while the call waits.
        ConsultCall = "CONSULT_CALL",
        /// Leave.
        Drop = "DROP",
        /// Send tones.
        SendDtmf = "SEND_DTMF",
        /// Let the call wait.
        Hold = "HOLD",
        /// Call somebody.
        MakeCall = "MAKE_CALL",
        /// Make another leave.
        ParticipantDrop = "PARTICIPANT_DROP",
        /// Say what answered.
        Reclassify = "RECLASSIFY",
        /// Give the lead of a preview back.
        Reject = "REJECT",
        /// Go on with what waits.
        Retrieve = "RETRIEVE",
        /// Record the call.
        StartRecording = "START_RECORDING",
        /// Join caller and consulted, and leave.
        Transfer = "TRANSFER",
        /// Send the call away at once.
        TransferSst = "TRANSFER_SST",
        /// Set variables or the wrap-up reason of the call.
        UpdateCallData = "UPDATE_CALL_DATA",
        /// Call back at another time.
        UpdateScheduledCallback = "UPDATE_SCHEDULED_CALLBACK",
        /// Hear the call of another.
        SilentMonitor = "SILENT_MONITOR",
    }
}

impl DialogAction {
    /// As [`Self::read`]; the reference's list calls [`Self::SendDtmf`] `DTMF`, its table of what is allowed `SEND_DTMF`.
    #[must_use]
    pub fn read_either(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("DTMF") { Some(Self::SendDtmf) } else { Self::read(word) }
    }
}

words! {
    /// What a call is.
    DialogState {
        /// Off hook.
        Initiating = "INITIATING",
        /// Dialling.
        Initiated = "INITIATED",
        /// Ringing.
        Alerting = "ALERTING",
        /// Somebody is in it.
        Active = "ACTIVE",
        /// It came to nothing.
        Failed = "FAILED",
        /// Nobody is in it any more.
        Dropped = "DROPPED",
        /// The lead of a preview was taken.
        Accepted = "ACCEPTED",
    }
}

words! {
    /// What one party of a call is.
    ParticipantState {
        /// Off hook.
        Initiating = "INITIATING",
        /// Dialling.
        Initiated = "INITIATED",
        /// Rung.
        Alerting = "ALERTING",
        /// Talking.
        Active = "ACTIVE",
        /// Has put the call on hold.
        Held = "HELD",
        /// Was not reached.
        Failed = "FAILED",
        /// Finishing the call.
        WrapUp = "WRAP_UP",
        /// Gone.
        Dropped = "DROPPED",
        /// Has taken the lead of a preview.
        Accepted = "ACCEPTED",
    }
}

words! {
    /// Whether and when a user finishes calls.
    WrapUpMode {
        /// After every call, with a reason.
        Required = "REQUIRED",
        /// When asked for during the call.
        Optional = "OPTIONAL",
        /// Never.
        NotAllowed = "NOT_ALLOWED",
        /// After every call, and not before it has a reason.
        RequiredWithWrapUpData = "REQUIRED_WITH_WRAP_UP_DATA",
    }
}

words! {
    /// What a reason code is for.
    ReasonCategory {
        /// Why not ready.
        NotReady = "NOT_READY",
        /// Why logged out.
        Logout = "LOGOUT",
    }
}

words! {
    /// Whose a phone book is.
    PhoneBookType {
        /// Everybody's.
        Global = "GLOBAL",
        /// A team's.
        Team = "TEAM",
    }
}

words! {
    /// Whether the system does its work.
    SystemStatus {
        /// It does.
        InService = "IN_SERVICE",
        /// It does some of it.
        PartialService = "PARTIAL_SERVICE",
        /// It does not.
        OutOfService = "OUT_OF_SERVICE",
    }
}

words! {
    /// What is wrong, in an error.
    ErrorType {
        /// The body cannot be read.
        BadRequest = "Bad Request",
        /// Anything else.
        GenericError = "Generic Error",
        /// Something in it means nothing.
        InvalidInput = "Invalid Input",
        /// Not in the state that things are in.
        InvalidState = "Invalid State",
        /// Something is not in it.
        ParameterMissing = "Parameter Missing",
        /// Nobody, or nobody who may.
        AuthorizationFailure = "Authorization Failure",
        /// Somebody else's.
        InvalidAuthorizationUserSpecified = "Invalid Authorization User Specified",
        /// Not that user's supervisor.
        InvalidSupervisor = "Invalid Supervisor",
        /// There is no such thing.
        NotFound = "Not Found",
        /// There is no such user.
        UserNotFound = "User Not Found",
        /// A fault of ours.
        InternalServerError = "Internal Server Error",
        /// Not now.
        ServiceUnavailable = "Service Unavailable",
    }
}

impl ErrorType {
    /// The HTTP status that it comes with. The reference has `Invalid State` under 401 as well.
    #[must_use]
    pub fn http(self) -> u16 {
        match self {
            Self::BadRequest
            | Self::GenericError
            | Self::InvalidInput
            | Self::InvalidState
            | Self::ParameterMissing => 400,
            Self::AuthorizationFailure
            | Self::InvalidAuthorizationUserSpecified
            | Self::InvalidSupervisor => 401,
            Self::NotFound | Self::UserNotFound => 404,
            Self::InternalServerError => 500,
            Self::ServiceUnavailable => 503,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_read_as_it_is_written_and_stands_where_clients_count() {
        for action in DialogAction::ALL {
            assert_eq!(DialogAction::read_either(&action.word().to_lowercase()), Some(*action));
        }
        let place =
            |word| 1 + DialogAction::ALL.iter().position(|action| action.word() == word).expect("known");
        assert_eq!([place("ACCEPT"), place("HOLD"), place("UPDATE_SCHEDULED_CALLBACK")], [1, 10, 20]);
        assert_eq!(DialogAction::read_either("DTMF"), Some(DialogAction::SendDtmf));
        assert_eq!(DialogAction::read_either("DANCE"), None);
    }

    #[test]
    fn every_kind_of_error_has_the_http_status_of_the_reference() {
        let said: Vec<String> = ErrorType::ALL.iter().map(|kind| format!("{} {kind}", kind.http())).collect();
        expect_test::expect![[r#"
            400 Bad Request
            400 Generic Error
            400 Invalid Input
            400 Invalid State
            400 Parameter Missing
            401 Authorization Failure
            401 Invalid Authorization User Specified
            401 Invalid Supervisor
            404 Not Found
            404 User Not Found
            500 Internal Server Error
            503 Service Unavailable
        "#]]
        .assert_eq(&(said.join("\n") + "\n"));
    }
}
