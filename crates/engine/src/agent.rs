//! The axes of an agent's state, kept apart because every foreign vocabulary cuts them differently.

mod attendance;
mod duty;
mod forward;
mod membership;
mod presence;

pub use forward::{CallSettings, ForwardTo, Missed};
use serde::{Deserialize, Serialize};

use crate::command::{Actor, Note};
use crate::id::{AgentId, CallId, DeviceId, LegId, OfferId, QueueId, ReasonId};
use crate::machine::Moves;
use crate::text::Number;
use crate::time::Timestamp;

/// What the network says of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// No binding.
    Unregistered,
    /// Registered, no leg.
    Idle,
    /// Registered, at least one leg.
    Busy,
}

/// Whether the person is here for calls of queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Not at work.
    LoggedOut,
    /// At work, but not for queue calls.
    NotReady {
        /// Why; `None` just after log-in.
        reason: Option<WhyNotReady>,
        /// In the agent's words.
        note: Note,
    },
    /// At work for queue calls.
    Ready,
}

/// Why an agent is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNotReady {
    /// A reason from the tenant's list.
    Reason(ReasonId),
    /// No reason from the list, only what the agent does meanwhile.
    Absence(Absence),
    /// An offer expired.
    NoAnswer,
    /// An offer was declined at the phone or by API.
    Declined,
    /// The agent's device could not be reached.
    Unreachable,
    /// The agent's device said that it is busy.
    Busy,
}

/// Why an agent is logged out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyLoggedOut {
    /// He asked for it himself: as the user who acts as him, or at a phone where he speaks.
    Asked,
    /// Somebody else asked for it.
    Forced {
        /// Who.
        by: Actor,
    },
    /// Another agent came to the hot desk where he sat.
    DeskTaken {
        /// Who.
        agent: AgentId,
    },
}

/// What an agent who is not ready by his own choice does meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// Rests.
    #[default]
    Break,
    /// Works on something other than calls.
    Tasks,
}

/// What happens to direct calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// The device rings.
    Ring,
    /// The caller hears busy (do not disturb).
    Busy,
    /// The caller is asked to leave a message.
    Voicemail,
    /// The call goes to another number.
    Forward(Number),
}

/// An agent's part in a queue that he is assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// No calls of this queue.
    Out,
    /// In, but no calls now.
    NotReady,
    /// In and for calls.
    Ready,
}

/// What an agent shall be in a queue after the live offer, call or wrap-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingMembership {
    /// Out.
    Out,
    /// In, and ready if the queue makes agents ready who log in.
    In,
    /// In and not ready.
    NotReady,
    /// In wrap-up, after the call.
    WrapUp,
}

/// What an agent asks to be in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueWish {
    /// In; also at this device, when he is logged in nowhere.
    LogIn(Option<DeviceId>),
    /// Out.
    LogOut,
    /// In and ready.
    Ready,
    /// In and not ready.
    NotReady,
    /// In wrap-up after the live call.
    WrapUp,
}

/// What an agent is as seen from one of his queues: duty and membership together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attendance {
    /// Not at work, or not for this queue.
    LoggedOut,
    /// At work, but not for calls of this queue.
    NotReady,
    /// At work for calls of this queue.
    Ready,
}

/// What an agent wants to be for one of his queues, or for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attend {
    /// To be there: logged in at the device unless he is already, and in the queue. Who was not there at all comes to
    /// the queue named, and to no other.
    LogIn {
        /// Where.
        device: DeviceId,
    },
    /// To be out of the queue; of all of them: to be logged out.
    LogOut,
    /// To be there for its calls; ends a wrap-up. Queues that he is logged out of are left alone.
    Ready,
    /// To be there, but not for its calls.
    NotReady {
        /// Why, from the tenant's list.
        reason: Option<ReasonId>,
        /// In the agent's words.
        note: Note,
    },
}

/// What the agent is doing, from offers and legs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// Nothing.
    Idle,
    /// Being asked to take a queue's call.
    Offered {
        /// The offer.
        offer: OfferId,
    },
    /// In a call.
    InCall {
        /// Which.
        call: CallId,
        /// The agent's leg.
        leg: LegId,
        /// The queue it came through; `None` for other calls.
        queue: Option<QueueId>,
    },
    /// Finishing after a queue's call.
    WrapUp {
        /// Of this call.
        call: CallId,
        /// Of this queue.
        queue: QueueId,
        /// Its end; survives restarts.
        until: Timestamp,
    },
}

/// Where an agent is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The device in use.
    pub device: DeviceId,
    /// Since when.
    pub since: Timestamp,
}

/// The steps of [`Duty`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DutyStep {
    LoggedOut,
    NotReady,
    Ready,
}

/// The legal moves of an agent's duty. One comes to work not ready, and goes from one reason to another.
pub(crate) const DUTY: Moves<DutyStep> = &[
    (DutyStep::LoggedOut, &[DutyStep::NotReady]),
    (DutyStep::NotReady, &[DutyStep::NotReady, DutyStep::Ready, DutyStep::LoggedOut]),
    (DutyStep::Ready, &[DutyStep::NotReady, DutyStep::LoggedOut]),
];

impl Duty {
    pub(crate) const fn step(&self) -> DutyStep {
        match self {
            Self::LoggedOut => DutyStep::LoggedOut,
            Self::NotReady { .. } => DutyStep::NotReady,
            Self::Ready => DutyStep::Ready,
        }
    }
}

/// The steps of [`Activity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActivityStep {
    Idle,
    Offered,
    InCall,
    WrapUp,
}

/// The legal moves of an agent's activity. From call to call: a second line is left, the first goes on. From wrap-up
/// to call: a call dialled while finishing the one before.
pub(crate) const ACTIVITY: Moves<ActivityStep> = &[
    (ActivityStep::Idle, &[ActivityStep::Offered, ActivityStep::InCall]),
    (ActivityStep::Offered, &[ActivityStep::Idle, ActivityStep::InCall]),
    (ActivityStep::InCall, &[ActivityStep::Idle, ActivityStep::InCall, ActivityStep::WrapUp]),
    (ActivityStep::WrapUp, &[ActivityStep::Idle, ActivityStep::InCall]),
];

impl Activity {
    pub(crate) const fn step(&self) -> ActivityStep {
        match self {
            Self::Idle => ActivityStep::Idle,
            Self::Offered { .. } => ActivityStep::Offered,
            Self::InCall { .. } => ActivityStep::InCall,
            Self::WrapUp { .. } => ActivityStep::WrapUp,
        }
    }
}
