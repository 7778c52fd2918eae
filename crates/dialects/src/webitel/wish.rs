//! What a wish for a status asks of the engine.

use cordial_engine::Command;
use cordial_engine::agent::{Absence, Handling};
use cordial_engine::command::Note;
use cordial_engine::id::{AgentId, DeviceId};
use cordial_engine::text::Number;

use super::status::{FsState, FsStatus, Status};

/// A status that a person can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// At work, not ready.
    LogIn,
    /// Not at work.
    LogOut,
    /// Ready.
    Available,
    /// A break.
    OnBreak,
    /// Other work.
    OnTasks,
    /// Nobody gets through.
    Dnd,
    /// Direct calls go to the mailbox; the engine says whether there is one.
    VoiceMail,
    /// Direct calls go elsewhere.
    CallForward(Number),
}

/// Why a status cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWish {
    /// It follows from registrations and calls.
    #[error("it follows from registrations and calls and cannot be set")]
    Derived,
    /// A forward needs a number.
    #[error("the description must be the number to forward to")]
    NoNumber,
}

impl Wish {
    /// The wish for a status of Webitel; the description is the number of a forward.
    ///
    /// # Errors
    /// When there is no such wish.
    pub fn of(status: Status, description: &str) -> Result<Self, NoWish> {
        Ok(match status {
            Status::LogIn => Self::LogIn,
            Status::LogOut => Self::LogOut,
            Status::Available => Self::Available,
            Status::OnBreak => Self::OnBreak,
            Status::OnTasks => Self::OnTasks,
            Status::Dnd => Self::Dnd,
            Status::CallForward => {
                Self::CallForward(Number::parse(description.trim()).map_err(|_| NoWish::NoNumber)?)
            }
            Status::VoiceMail => Self::VoiceMail,
            Status::NonReg | Status::InCall | Status::WrapUp => return Err(NoWish::Derived),
        })
    }

    /// The wish for a status of `mod_callcenter`. Both kinds of available are one: an agent who is ready is ready again
    /// when his wrap-up ends.
    #[must_use]
    pub const fn of_fs_status(status: FsStatus) -> Self {
        match status {
            FsStatus::LoggedOut => Self::LogOut,
            FsStatus::Available | FsStatus::AvailableOnDemand => Self::Available,
            FsStatus::OnBreak => Self::OnBreak,
        }
    }

    /// The wish for a state of `mod_callcenter`; `None` for those that follow from calls.
    #[must_use]
    pub const fn of_fs_state(state: FsState) -> Option<Self> {
        match state {
            FsState::Waiting => Some(Self::Available),
            FsState::Idle => Some(Self::LogIn),
            FsState::Reserved | FsState::Receiving | FsState::InAQueueCall | FsState::OutboundCall => None,
        }
    }

    /// Whether the agent must be logged in for it.
    #[must_use]
    pub const fn at_work(&self) -> bool {
        !matches!(self, Self::LogOut)
    }

    /// The commands, in order. What is so already is refused as that and passed over. `device` is where to log in when
    /// the agent is not.
    #[must_use]
    pub fn commands(&self, agent: AgentId, device: Option<DeviceId>, note: Note) -> Vec<Command> {
        let login = device.filter(|_| self.at_work()).map(|device| Command::LogIn { agent, device });
        let handling = match self {
            Self::LogOut => None,
            Self::LogIn | Self::Available | Self::OnBreak | Self::OnTasks => Some(Handling::Ring),
            Self::Dnd => Some(Handling::Busy),
            Self::VoiceMail => Some(Handling::Voicemail),
            Self::CallForward(number) => Some(Handling::Forward(number.clone())),
        };
        let not_ready = |note| Command::NotReady { agent, reason: None, note };
        let duty = match self {
            Self::LogOut => Command::LogOut { agent, reason: None },
            Self::Available => Command::Ready { agent },
            Self::OnBreak => Command::Absent { agent, absence: Absence::Break, note },
            Self::OnTasks => Command::Absent { agent, absence: Absence::Tasks, note },
            // Nobody is offered a queue's call whose phone does not ring; not ready keeps the description.
            Self::LogIn | Self::Dnd | Self::VoiceMail | Self::CallForward(_) => not_ready(note),
        };
        let handling = handling.map(|handling| Command::SetHandling { agent, handling });
        handling.into_iter().chain(login).chain([duty]).collect()
    }
}
