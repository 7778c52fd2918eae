//! Calls, legs, offers, recordings and call records.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Joining, Time};

/// A live call with its legs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Call {
    /// Its id.
    pub id: Id,
    /// Where it began.
    pub direction: Direction,
    /// Who calls.
    pub caller: Option<String>,
    /// What the caller calls himself.
    pub caller_name: String,
    /// What was dialled.
    pub dialled: String,
    /// When it began.
    pub started: Time,
    /// Where it is on its way.
    pub phase: CallPhase,
    /// Who has it, or is finishing after it.
    pub agent: Option<Id>,
    /// Its recording, when it is being recorded.
    pub recording: Option<Id>,
    /// The number that is or was to be called, when it is a callback. It has no leg while it waits.
    pub callback: Option<String>,
    /// Where one of those who talk in it asks somebody else meanwhile.
    pub consultation: Option<Consultation>,
    /// The call for which somebody consults in this one.
    pub consults_for: Option<Id>,
    /// Its legs.
    pub legs: Vec<Leg>,
}

/// Where somebody asks on behalf of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Consultation {
    /// The call in which he asks.
    pub call: Id,
    /// His leg, in either of the two.
    pub leg: Id,
}

/// Where a call began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// At a trunk.
    Inbound,
    /// At a device or by API, towards a trunk.
    Outbound,
    /// At a device, towards a device, agent or queue.
    Internal,
}

/// Where a call is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CallPhase {
    /// Nobody talks yet.
    Setup,
    /// Hears the greeting.
    Greeting,
    /// Hears what a feature code came to.
    Served,
    /// Waits in a queue.
    Waiting {
        /// Which.
        queue: Id,
        /// Since when.
        entered: Time,
    },
    /// At least two legs talk.
    Talking,
    /// Waits in a slot until a phone takes it.
    Parked {
        /// Which.
        slot: u16,
    },
    /// No leg is left; a wrap-up goes on.
    WrapUp,
}

/// One party's part in a call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Leg {
    /// Its id.
    pub id: Id,
    /// By role, not by person.
    pub role: LegRole,
    /// What is at its far end.
    pub endpoint: Endpoint,
    /// Who is logged in there.
    pub agent: Option<Id>,
    /// Where it is on its way.
    pub state: LegPhase,
    /// Since when.
    pub since: Time,
    /// Whether its phone holds the call; only the phone can take that back.
    pub held_by_phone: bool,
    /// Whether the call is held for it by command.
    pub held_by_command: bool,
    /// Whether nobody hears it.
    pub muted: bool,
    /// What may be asked for on its behalf now.
    pub actions: Vec<CallAction>,
}

/// Something that may be asked for on behalf of a party of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "named as the operations are")]
pub enum CallAction {
    Answer,
    Leave,
    Hold,
    Unhold,
    Mute,
    Unmute,
    SendDigits,
    Transfer,
    Park,
    Consult,
    Swap,
    CompleteTransfer,
    CompleteConference,
}

/// A leg's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegRole {
    /// Arrived, or was rung first to place a call.
    Caller,
    /// Was rung for it.
    Callee,
}

/// Where a leg is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "named as in the glossary")]
pub enum LegPhase {
    Arrived,
    Dialled,
    Ringing,
    Answered,
    Held,
}

/// What is at the far end of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Endpoint {
    /// A phone or browser.
    Device {
        /// Which.
        id: Id,
    },
    /// A carrier or peer.
    Trunk {
        /// Which.
        id: Id,
    },
}

/// A call that is to be placed: the device is rung, and when it is answered the number is dialled for it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewCall {
    /// Rung first.
    pub device: Id,
    /// Dialled then.
    #[schema(min_length = 1, max_length = 64, example = "+442071234567")]
    pub to: String,
}

/// How a contact ended.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SetDisposition {
    /// The word.
    pub disposition: Id,
    /// In the agent's words.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub note: String,
    /// Whose word; left out, the agent of the token's user.
    #[serde(default)]
    pub agent: Option<Id>,
}

/// A parked call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Parked {
    /// What is dialled after the code that takes it.
    pub slot: u16,
    /// The call.
    pub call: Id,
    /// Who parked it, and is rung when nobody takes it.
    pub device: Id,
    /// Since when it waits.
    pub since: Time,
    /// When that device is rung.
    pub until: Time,
}

/// Where a call is parked.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ParkCall {
    /// The device that leaves the call; that of its agent, else the one that was rung, when left out.
    #[serde(default)]
    pub device: Option<Id>,
    /// The slot; the lowest free one when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 99)]
    pub slot: Option<u16>,
}

/// Where a call goes that one of its two parties leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
pub enum TransferTo {
    /// To a number: of a user, a phone or a queue, or outside.
    Number {
        /// Which.
        #[schema(min_length = 1, max_length = 64)]
        number: String,
    },
    /// To an agent's mailbox.
    Mailbox {
        /// Whose.
        agent: Id,
    },
}

/// How a call is transferred.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct TransferCall {
    /// Where to.
    pub destination: TransferTo,
    /// The device that leaves the call; that of its agent, else the one that was rung, when left out.
    #[serde(default)]
    pub device: Option<Id>,
}

/// Which of the parties of a call is meant.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
pub struct Line {
    /// The device. When left out: the one where the token's own agent is logged in; for others, that of the call's agent, else
    /// the one that was rung.
    #[serde(default)]
    pub device: Option<Id>,
}

/// Keys to press.
#[derive(Clone, Deserialize, ToSchema)]
pub struct SendDigits {
    /// `0` to `9`, `A` to `D`, `*` and `#`. They are told to nobody.
    #[schema(min_length = 1, max_length = 32, example = "1234#")]
    pub digits: String,
    /// On whose behalf; as in the other operations of a call.
    #[serde(default)]
    pub device: Option<Id>,
}

/// Whom to ask.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Consult {
    /// A number: of a user, a phone or a queue, or outside.
    #[schema(min_length = 1, max_length = 64)]
    pub to: String,
    /// Who asks; as in the other operations of a call.
    #[serde(default)]
    pub device: Option<Id>,
}

/// What a call and its consultation become one for.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct CompleteConsultation {
    /// What for.
    pub how: Joining,
    /// Who consults; as in the other operations of a call.
    #[serde(default)]
    pub device: Option<Id>,
}

/// Who takes a parked call.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct RetrieveCall {
    /// The device that is rung for it.
    pub device: Id,
}

/// Why a recording is paused.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct PauseRecording {
    /// Kept with the recording.
    #[serde(default)]
    #[schema(max_length = 64, example = "card number")]
    pub reason: String,
}

/// A live offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Offer {
    /// Its id.
    pub id: Id,
    /// Which call.
    pub call: Id,
    /// Through which queue.
    pub queue: Id,
    /// Who is asked.
    pub agent: Id,
    /// Until when.
    pub deadline: Time,
}

/// Why a leg or call cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// Somebody hung up after the answer, or gave up before it.
    Normal,
    /// Busy.
    Busy,
    /// Rang, nobody answered in time.
    NoAnswer,
    /// Declined.
    Rejected,
    /// Somebody else answered the same offer.
    AnsweredElsewhere,
    /// Not registered or unknown at the far end.
    Unreachable,
    /// The number leads nowhere or may not be dialled.
    NoRoute,
    /// A queue or limit was full.
    Full,
    /// Any other final response.
    Failed {
        /// The SIP status code.
        code: u16,
    },
    /// The far end vanished.
    Lost,
    /// The process ended under the call.
    NodeRestarted,
}
