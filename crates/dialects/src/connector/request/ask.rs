//! What a client can ask for. Calls (*dialogs*) are named as we named them in events.
#![expect(missing_docs, reason = "fields are named as the parameters of the document")]

/// What a client asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum Ask {
    /// A client that is not logged in says that it is there.
    Hello,
    /// A client that is logged in says so.
    Beat,
    /// From now on events of the agent go to that destination.
    Connect {
        destination: String,
        password: String,
    },
    /// An agent comes to work.
    LogIn {
        password: String,
        extension: String,
    },
    /// The same at a phone that is not on the site; `call_by_call` rings it for each call.
    MobileLogIn {
        password: String,
        extension: String,
        phone: String,
        call_by_call: bool,
    },
    /// What the agent is now.
    State,
    /// Everything about the agent once more.
    Refresh,
    /// To be something else.
    Duty(Duty),
    /// Something for a call.
    Control(Control),
    DialogState {
        dialog: String,
    },
    DialogControls {
        dialog: String,
    },
    Participants {
        dialog: String,
    },
    /// How a contact ended, by the label of a wrap-up reason.
    WrapUp {
        dialog: String,
        label: String,
    },
    Reasons(Reasons),
    LoggedInAgents,
    Phonebooks,
    TeamPhonebooks {
        team: String,
    },
    Contacts {
        book: String,
    },
    Preview {
        dialog: String,
        how: Preview,
    },
    /// Something that only supervisors may.
    Supervise(Supervise),
}

/// What an agent wants to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Gone, with a reason or without.
    LogOut { reason: Option<String> },
    /// Gone, because the client is without a word.
    ForceLogOut,
    /// Ready for calls.
    Ready,
    /// Not ready, with a reason or without.
    NotReady { reason: Option<String> },
    /// After the call wrap-up, and then not ready.
    WorkNotReady,
    /// After the call wrap-up, and then ready.
    WorkReady,
}

/// What is to become of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    MakeCall {
        number: String,
    },
    Answer {
        dialog: String,
    },
    Hold {
        dialog: String,
    },
    Retrieve {
        dialog: String,
    },
    Release {
        dialog: String,
    },
    BlindTransfer {
        extension: String,
        dialog: String,
    },
    Consult {
        extension: String,
        dialog: String,
    },
    CompleteTransfer {
        extension: String,
        dialog: String,
    },
    CompleteConference {
        extension: String,
        dialog: String,
    },
    Variables {
        dialog: String,
        variables: Vec<(String, String)>,
    },
    /// Of the call that the agent has, when none is named.
    PauseRecording {
        dialog: Option<String>,
    },
    ResumeRecording {
        dialog: Option<String>,
    },
}

/// What supervisors may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Supervise {
    Queues,
    Monitor {
        extension: String,
    },
    EndMonitor {
        dialog: String,
    },
    DropParticipant {
        extension: String,
        dialog: String,
    },
    Barge {
        extension: String,
        dialog: String,
    },
    /// Who is in a team, and with `subscribe` what becomes of them.
    TeamUsers {
        team: String,
        subscribe: bool,
    },
    TeamStates {
        team: String,
    },
}

/// Which codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasons {
    /// Why an agent is not ready.
    NotReady,
    /// Why he leaves.
    LogOut,
    /// How a contact ended.
    WrapUp,
}

/// What an agent does with an outbound call that he is shown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preview {
    /// Dials.
    Accept,
    /// Leaves it to another.
    Reject,
    /// Takes it off the list.
    Close,
}

impl Ask {
    /// Whether it is about an agent's state, which a supervisor may ask for and change as well.
    #[must_use]
    pub const fn is_of_state(&self) -> bool {
        matches!(self, Self::State | Self::Duty(_))
    }
}
