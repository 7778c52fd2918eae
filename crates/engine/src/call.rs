//! Calls and their legs.

mod actions;
pub(crate) mod arrive;
mod clear;
mod code;
mod conference;
mod consult;
mod hold;
mod leg;
mod mailbox;
mod monitor;
mod number;
mod park;
mod pick_up;
mod pin;
mod route;
mod talk;
mod transfer;

pub use actions::CallAction;
pub use hold::Digits;
pub use pin::Pin;
pub use transfer::TransferTo;

pub(crate) use mailbox::Service;
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, OfferId, QueueId};
use crate::machine::Moves;
use crate::time::Timestamp;

/// Where a call began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// At a trunk.
    Inbound,
    /// At a device or by API, towards a trunk.
    Outbound,
    /// At a device, towards a device, agent or queue.
    Internal,
}

/// A leg's part: by role, not by person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The leg that arrived, or the device that was rung first to place a call.
    Caller,
    /// The leg that was rung for it.
    Callee,
}

/// Why a leg or call cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody hung up after the answer, or gave up before it.
    Normal,
    /// 486 or 600.
    Busy,
    /// Rang, nobody answered in time.
    NoAnswer,
    /// 603, or declined by API.
    Rejected,
    /// Another leg of the same ring-all or fork answered.
    AnsweredElsewhere,
    /// Not registered, 404, 410, 480.
    Unreachable,
    /// The number leads nowhere or may not be dialled.
    NoRoute,
    /// A queue or limit was full.
    Full,
    /// Any other final response.
    Failed(u16),
    /// The far end vanished: no answer to our requests, or no media.
    Lost,
    /// The process ended under the call.
    NodeRestarted,
}

/// How a place in a queue ended; every place ends exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingEnd {
    /// An agent's offer was accepted.
    Answered,
    /// The caller gave up, or the process ended under the call.
    Abandoned,
    /// The queue gave up.
    Overflowed,
    /// The queue was full on entering.
    Refused,
    /// The caller pressed a key that led him elsewhere.
    LeftByKey,
    /// The caller will be called back, and another call has his place.
    CalledBack,
    /// The queue took no calls on entering.
    TurnedAway(NotKept),
    /// The queue kept it no longer.
    SentAway(NotKept),
}

impl WaitingEnd {
    /// Whether the call never waited: the place ended on entering.
    pub const fn is_at_the_door(self) -> bool {
        match self {
            Self::Refused | Self::TurnedAway(_) => true,
            Self::Answered
            | Self::Abandoned
            | Self::Overflowed
            | Self::LeftByKey
            | Self::CalledBack
            | Self::SentAway(_) => false,
        }
    }

    /// Whether the queue leads the call on: by its own rule, or because the caller pressed a key.
    pub(crate) const fn leads_on(self) -> bool {
        match self {
            Self::Overflowed | Self::Refused | Self::LeftByKey | Self::TurnedAway(_) | Self::SentAway(_) => {
                true
            }
            Self::Answered | Self::Abandoned | Self::CalledBack => false,
        }
    }
}

/// By which rule a queue does not keep a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotKept {
    /// None of its agents is there for the call.
    Empty,
    /// It is closed by its calendar.
    Closed,
    /// It is in night mode.
    Night,
    /// There is an emergency.
    Emergency,
}

/// The one agent whom a waiting call is for, until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferred {
    /// Who.
    pub agent: AgentId,
    /// From when on anybody may have the call.
    pub until: Timestamp,
}

/// Why a waiting call may be offered to more agents, or sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Widening {
    /// It has waited long enough for the step of [`crate::entry::Queue::steps`] with this index.
    Step(u8),
    /// Ring progressively rings one more.
    OneMore,
    /// The agent whom it was for did not come free in time, or is no longer there.
    Anyone,
    /// It has waited so long that it comes before all others.
    Promoted,
}

/// How an offer ended; every offer ends exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferEnd {
    /// The agent answered, and got the call.
    Accepted,
    /// The agent said no.
    Declined,
    /// The agent did not answer in time.
    Expired,
    /// The reason for it went away.
    Withdrawn(Withdrawn),
}

/// How a parked call's place ended; every place ends exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkingEnd {
    /// Somebody took it: by code, by command, or when rung for it.
    Retrieved,
    /// Who was parked gave up, or the process ended under the call.
    Abandoned,
    /// It was cleared by command, or nobody took it although it was rung for often enough.
    Cleared,
}

/// How a consultation ended that did not join its two calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsultationEnd {
    /// Who consulted is back in the call: he ended it, or whom he asked did, was busy or did not answer.
    Returned,
    /// Nobody is left in the call for whom he consulted. The consultation goes on as a call of its own.
    CallerGone,
    /// Who consulted left without having reached anybody.
    AgentGone,
    /// The process ended under the calls.
    NodeRestarted,
}

/// What two calls became one for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joining {
    /// Who was consulted has the call, and who consulted leaves it.
    Transfer,
    /// All of them talk.
    Conference,
}

/// Why an offer was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withdrawn {
    /// The caller gave up.
    CallerGone,
    /// Another agent was quicker: this one, by that offer.
    AnsweredBy(AgentId, OfferId),
    /// The device lost its registration or could not be reached.
    DeviceLost,
    /// The call overflowed or was cleared by command, or the queue rings fewer agents at once now.
    QueueGaveUp(QueueId),
    /// The process ended under the offer.
    NodeRestarted,
}

/// Where a leg is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegPhase {
    /// It came in and is not answered yet.
    Arrived,
    /// We dialled it and have heard nothing yet.
    Dialled,
    /// The far end rings.
    Ringing,
    /// It talks, or is played something.
    Answered,
    /// The far end holds us.
    Held,
}

/// The steps of a leg: its phases and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegStep {
    Arrived,
    Dialled,
    Ringing,
    Answered,
    Held,
    Cleared,
}

/// The legal moves of a leg.
pub(crate) const LEG: Moves<LegStep> = &[
    (LegStep::Arrived, &[LegStep::Answered, LegStep::Cleared]),
    (LegStep::Dialled, &[LegStep::Ringing, LegStep::Answered, LegStep::Cleared]),
    (LegStep::Ringing, &[LegStep::Answered, LegStep::Cleared]),
    (LegStep::Answered, &[LegStep::Held, LegStep::Cleared]),
    (LegStep::Held, &[LegStep::Answered, LegStep::Cleared]),
];

impl LegStep {
    pub(crate) const fn of(phase: LegPhase) -> Self {
        match phase {
            LegPhase::Arrived => Self::Arrived,
            LegPhase::Dialled => Self::Dialled,
            LegPhase::Ringing => Self::Ringing,
            LegPhase::Answered => Self::Answered,
            LegPhase::Held => Self::Held,
        }
    }
}

/// The steps of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallStep {
    Setup,
    Greeting,
    Waiting,
    Briefing,
    Talking,
    Parked,
    Served,
    Cleared,
    Closed,
}

/// The legal moves of a call. A place in a queue that ends leads back to setup: the call then talks, waits elsewhere
/// or clears. So do a briefing to the agent of a call whose caller is yet to be called back, and a transfer.
pub(crate) const CALL: Moves<CallStep> = &[
    (
        CallStep::Setup,
        &[
            CallStep::Greeting,
            CallStep::Waiting,
            CallStep::Briefing,
            CallStep::Talking,
            CallStep::Served,
            CallStep::Cleared,
        ],
    ),
    (CallStep::Greeting, &[CallStep::Setup, CallStep::Waiting, CallStep::Served, CallStep::Cleared]),
    (CallStep::Waiting, &[CallStep::Setup]),
    (CallStep::Talking, &[CallStep::Setup, CallStep::Parked, CallStep::Cleared]),
    (CallStep::Parked, &[CallStep::Talking, CallStep::Cleared]),
    (CallStep::Briefing, &[CallStep::Setup, CallStep::Talking, CallStep::Cleared]),
    (CallStep::Served, &[CallStep::Cleared]),
    (CallStep::Cleared, &[CallStep::Closed]),
];
