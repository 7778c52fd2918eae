//! The status table: what Webitel and FreeSWITCH call an agent, as pure functions of the engine's axes.

use cordial_engine::agent::{Absence, DeviceState, Handling};

/// What the table looks at, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes {
    /// The device in use; unregistered when there is none.
    pub device: DeviceState,
    /// What the person wants.
    pub stance: Stance,
    /// What happens to direct calls.
    pub handling: Handling,
    /// What goes on.
    pub doing: Doing,
}

/// What the person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Not at work.
    LoggedOut,
    /// At work and not ready, without a reason: as just after log-in.
    Fresh,
    /// Not ready with a reason.
    Absent(Absence),
    /// There for queue calls.
    Ready,
}

/// What goes on at the agent's, from offers and legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Nothing.
    Nothing,
    /// An offer was made; the phone does not ring yet.
    Reserved,
    /// The phone rings for an offer.
    Receiving,
    /// A call of a queue.
    QueueCall,
    /// A call that the agent placed to the outside.
    Outbound,
    /// Any other call, from its first leg on.
    OtherCall,
    /// Finishing a call.
    WrapUp,
}

/// The statuses of the table, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are named as in the table of docs/dialects/webitel.md")]
pub enum Status {
    LogIn,
    LogOut,
    NonReg,
    Available,
    VoiceMail,
    CallForward,
    Dnd,
    InCall,
    OnTasks,
    OnBreak,
    WrapUp,
}

/// An agent's status in `mod_callcenter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are named as the module names them")]
pub enum FsStatus {
    LoggedOut,
    Available,
    AvailableOnDemand,
    OnBreak,
}

/// An agent's state in `mod_callcenter`; `OutboundCall` is Webitel's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are named as the module names them")]
pub enum FsState {
    Waiting,
    Reserved,
    Receiving,
    InAQueueCall,
    Idle,
    OutboundCall,
}

/// The two FreeSWITCH columns of the table; blank where the table is blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// FS Status.
    pub status: Option<FsStatus>,
    /// FS State.
    pub state: Option<FsState>,
}

/// The state of a device, as Webitel spells it.
#[must_use]
pub const fn device_state(device: DeviceState) -> &'static str {
    match device {
        DeviceState::Unregistered => "NONREG",
        DeviceState::Idle => "ONHOOK",
        DeviceState::Busy => "ISBUSY",
    }
}

/// The one status that is shown: the first that holds.
#[must_use]
pub const fn status(axes: &Axes) -> Status {
    match (axes.stance, axes.device, axes.doing, &axes.handling) {
        (Stance::LoggedOut, _, _, _) => Status::LogOut,
        (_, DeviceState::Unregistered, _, _) => Status::NonReg,
        (
            _,
            _,
            Doing::Reserved | Doing::Receiving | Doing::QueueCall | Doing::Outbound | Doing::OtherCall,
            _,
        ) => Status::InCall,
        (_, _, Doing::WrapUp, _) => Status::WrapUp,
        (_, _, Doing::Nothing, Handling::Busy) => Status::Dnd,
        (_, _, Doing::Nothing, Handling::Voicemail) => Status::VoiceMail,
        (_, _, Doing::Nothing, Handling::Forward(_)) => Status::CallForward,
        (Stance::Absent(Absence::Break), _, Doing::Nothing, Handling::Ring) => Status::OnBreak,
        (Stance::Absent(Absence::Tasks), _, Doing::Nothing, Handling::Ring) => Status::OnTasks,
        (Stance::Ready, _, Doing::Nothing, Handling::Ring) => Status::Available,
        (Stance::Fresh, _, Doing::Nothing, Handling::Ring) => Status::LogIn,
    }
}

/// The FreeSWITCH columns as Webitel shows them.
#[must_use]
pub const fn columns(axes: &Axes) -> Columns {
    use FsState::{Idle, InAQueueCall, OutboundCall, Receiving, Reserved, Waiting};
    use FsStatus::{AvailableOnDemand, LoggedOut, OnBreak};
    let (status, state) = match status(axes) {
        Status::LogIn | Status::WrapUp => (Some(AvailableOnDemand), Some(Idle)),
        Status::LogOut | Status::NonReg | Status::OnTasks => (Some(LoggedOut), None),
        Status::Available => (Some(AvailableOnDemand), Some(Waiting)),
        Status::VoiceMail | Status::CallForward | Status::Dnd => (None, None),
        Status::OnBreak => (Some(OnBreak), Some(Idle)),
        Status::InCall => {
            let state = match axes.doing {
                Doing::Reserved => Reserved,
                Doing::Receiving => Receiving,
                Doing::QueueCall => InAQueueCall,
                Doing::Outbound => OutboundCall,
                Doing::OtherCall | Doing::Nothing | Doing::WrapUp => Idle,
            };
            (Some(AvailableOnDemand), Some(state))
        }
    };
    Columns { status, state }
}

/// The columns as `callcenter_config` shows them, which knows neither blanks nor Webitel's own words.
#[must_use]
pub const fn console(axes: &Axes) -> (FsStatus, FsState) {
    let Columns { status, state } = columns(axes);
    let status = match status {
        Some(status) => status,
        None => FsStatus::LoggedOut,
    };
    let state = match state {
        Some(FsState::OutboundCall) => FsState::Idle,
        Some(state) => state,
        // What a new agent of `mod_callcenter` has: who is logged out is offered nothing in any state.
        None => FsState::Waiting,
    };
    (status, state)
}

impl Status {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::LogIn,
        Self::LogOut,
        Self::NonReg,
        Self::Available,
        Self::VoiceMail,
        Self::CallForward,
        Self::Dnd,
        Self::InCall,
        Self::OnTasks,
        Self::OnBreak,
        Self::WrapUp,
    ];

    /// As the table spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogIn => "LogIn",
            Self::LogOut => "LogOut",
            Self::NonReg => "NonReg",
            Self::Available => "Available",
            Self::VoiceMail => "VoiceMail",
            Self::CallForward => "CallForward",
            Self::Dnd => "DND",
            Self::InCall => "InCall",
            Self::OnTasks => "OnTasks",
            Self::OnBreak => "OnBreak",
            Self::WrapUp => "Wrap-Up",
        }
    }

    /// As it stands in events: upper case, and `NONE` for who is simply available.
    #[must_use]
    pub const fn wire(self) -> &'static str {
        match self {
            Self::LogIn => "LOGIN",
            Self::LogOut => "LOGOUT",
            Self::NonReg => "NONREG",
            Self::Available => "NONE",
            Self::VoiceMail => "VOICEMAIL",
            Self::CallForward => "CALLFORWARD",
            Self::Dnd => "DND",
            Self::InCall => "INCALL",
            Self::OnTasks => "ONTASKS",
            Self::OnBreak => "ONBREAK",
            Self::WrapUp => "WRAPUP",
        }
    }

    /// Reads a status in any case, with or without hyphens, underscores and blanks; `NONE` and `ONHOOK`, as Webitel's
    /// own clients say it, mean available.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters = |text: &str| -> String {
            let kept = text.chars().filter(|c| !matches!(c, '-' | '_' | ' '));
            kept.flat_map(char::to_lowercase).take(LETTERS_MAX).collect()
        };
        let said = letters(text);
        if matches!(said.as_str(), "none" | "onhook" | "ready") {
            return Some(Self::Available);
        }
        Self::ALL.into_iter().find(|status| letters(status.name()) == said)
    }
}

/// Letters of a status that are looked at; every status is shorter.
const LETTERS_MAX: usize = 16;

impl FsStatus {
    /// As the module prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoggedOut => "Logged Out",
            Self::Available => "Available",
            Self::AvailableOnDemand => "Available (On Demand)",
            Self::OnBreak => "On Break",
        }
    }

    /// Reads one as the module does: exactly, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::LoggedOut, Self::Available, Self::AvailableOnDemand, Self::OnBreak];
        all.into_iter().find(|status| status.name().eq_ignore_ascii_case(text))
    }
}

impl FsState {
    /// As the module prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Reserved => "Reserved",
            Self::Receiving => "Receiving",
            Self::InAQueueCall => "In a queue call",
            Self::Idle => "Idle",
            Self::OutboundCall => "Outbound Call",
        }
    }

    /// Reads one of the module's own.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Waiting, Self::Reserved, Self::Receiving, Self::InAQueueCall, Self::Idle];
        all.into_iter().find(|state| state.name().eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
mod tests;
