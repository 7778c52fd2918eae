//! Agents on all axes, and devices and queues with their state.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Agent, Device, DeviceSecret, Emergency, Id, Queue, Time};

/// An agent on all axes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgentState {
    /// The agent's id.
    pub id: Id,
    /// What the directory says.
    #[serde(flatten)]
    pub entry: Agent,
    /// Where the agent is logged in.
    pub device: Option<AgentDevice>,
    /// Whether the person is here for calls of queues.
    pub duty: Duty,
    /// Since when.
    pub duty_since: Time,
    /// What the duty becomes after the live offer, call or wrap-up.
    pub pending: Option<Duty>,
    /// What happens to direct calls.
    pub handling: Handling,
    /// What the agent has set for direct calls that he is rung for.
    pub call_settings: CallSettings,
    /// The queues that the agent is assigned to.
    pub queues: Vec<QueuePart>,
    /// What the agent is doing.
    pub activity: Activity,
    /// Since when.
    pub activity_since: Time,
    /// Until then policy makes no offers.
    pub rest_until: Option<Time>,
    /// The later of `duty_since` and `activity_since`.
    pub since: Time,
    /// What the agent did for queues.
    pub tally: AgentTally,
}

/// What an agent did for queues. Counts are since he logged in; instants are the last ones, however long ago.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct AgentTally {
    /// Calls that he had and that have ended.
    pub calls: u64,
    /// Talked in them. Milliseconds.
    pub talked_ms: u64,
    /// Offers in a row that he did not answer, since he was last ready.
    pub missed: u8,
    /// When he was last offered a call.
    pub offered: Option<Time>,
    /// When he last answered one.
    pub answered: Option<Time>,
    /// When one that he had last ended.
    pub ended: Option<Time>,
}

/// The device where an agent is logged in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgentDevice {
    /// Its id.
    pub id: Id,
    /// What the network says of it.
    pub state: DeviceAxis,
}

/// What the network says of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceAxis {
    /// Cannot be rung.
    Unregistered,
    /// Can be rung.
    Idle,
    /// Has at least one leg.
    Busy,
}

/// Whether the person is here for calls of queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Duty {
    /// Not at work.
    LoggedOut,
    /// At work, but not for queue calls.
    NotReady {
        /// Why; `null` just after log-in.
        why: Option<WhyNotReady>,
        /// In the agent's words.
        note: String,
    },
    /// At work for queue calls.
    Ready,
}

/// What an agent who is not ready by his own choice does meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// Rests.
    #[default]
    Break,
    /// Works on something other than calls.
    Tasks,
}

/// Why an agent is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WhyNotReady {
    /// A reason from the tenant's list.
    Reason {
        /// Which.
        reason: Id,
    },
    /// No reason from the list, only what the agent does meanwhile.
    Absence {
        /// That.
        absence: Absence,
    },
    /// An offer expired.
    NoAnswer,
    /// An offer was declined.
    Declined,
    /// The agent's device could not be reached.
    Unreachable,
    /// The agent's device said that it is busy.
    Busy,
}

/// What an agent shall be for one of his queues, or for all of them at once: duty and membership in one word.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Attend {
    /// What he shall be.
    pub attendance: Attendance,
    /// For which queue; for all when left out.
    #[serde(default)]
    pub queue: Option<Id>,
    /// Where he logs in; needed for `logged_in`.
    #[serde(default)]
    pub device: Option<Id>,
    /// Why not ready, from the tenant's list.
    #[serde(default)]
    pub reason: Option<Id>,
    /// In the agent's words.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub note: String,
}

/// What an agent shall be for a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attendance {
    /// There: logged in at the device unless he is already, and in the queue. Who was logged out comes to that queue alone.
    LoggedIn,
    /// Out of the queue; of all of them: logged out.
    LoggedOut,
    /// There for its calls; ends a wrap-up.
    Ready,
    /// There, but not for its calls.
    NotReady,
}

/// What happens to direct calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Handling {
    /// The device rings.
    Ring,
    /// The caller hears busy.
    Busy,
    /// The caller is asked to leave a message.
    Voicemail,
    /// The call goes to another number.
    Forward {
        /// Which.
        #[schema(min_length = 1, max_length = 64)]
        number: String,
    },
}

/// What an agent has set for direct calls that he is rung for. What is left out is off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallSettings {
    /// Where calls go that find him busy: in a call, finishing one, or his phone says so.
    pub busy: Option<ForwardTo>,
    /// Where calls go that he does not answer in `ring_ms`.
    pub no_answer: Option<ForwardTo>,
    /// Where calls go when he is logged in nowhere, or his phone cannot be reached.
    pub unreachable: Option<ForwardTo>,
}

/// Where a missed call goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
pub enum ForwardTo {
    /// To a number: of a user, a phone or a queue, or outside.
    Number {
        /// Which.
        #[schema(min_length = 1, max_length = 64)]
        number: String,
    },
    /// To the agent's own mailbox.
    Voicemail,
}

/// Why a direct call did not reach an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// He or his phone was busy.
    Busy,
    /// He did not answer.
    NoAnswer,
    /// He was logged in nowhere, or his phone could not be reached.
    Unreachable,
}

/// An agent's part in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueuePart {
    /// Which queue.
    pub queue: Id,
    /// Which part.
    pub membership: Membership,
    /// The agent's rank there.
    #[serde(flatten)]
    pub tier: Tier,
    /// What it becomes after the live offer, call or wrap-up.
    pub pending: Option<PendingMembership>,
}

/// An agent's rank in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tier {
    /// Lower levels are asked first.
    pub level: u16,
    /// The order within a level, for strategies that go by it.
    pub position: u16,
    /// How good the agent is at this queue's calls.
    pub skill: u8,
}

/// The rank that an agent shall have in a queue. What is left out stays, and is 0 for who is new there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub struct AssignAgent {
    /// Lower levels are asked first.
    pub level: Option<u16>,
    /// The order within a level, for strategies that go by it.
    pub position: Option<u16>,
    /// How good the agent is at this queue's calls.
    pub skill: Option<u8>,
}

/// An agent's part in a queue that he is assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
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

/// A change of an agent's part in a queue.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct SetMembership {
    /// What it becomes.
    pub membership: Membership,
}

/// What an agent is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Activity {
    /// Nothing.
    Idle,
    /// Being asked to take a queue's call.
    Offered {
        /// The offer.
        offer: Id,
    },
    /// In a call.
    InCall {
        /// Which.
        call: Id,
        /// The agent's leg.
        leg: Id,
        /// The queue it came through; `null` for other calls.
        queue: Option<Id>,
        /// Whether either side is held.
        held: bool,
    },
    /// Finishing after a queue's call.
    WrapUp {
        /// Of this call.
        call: Id,
        /// Of this queue.
        queue: Id,
        /// When it ends by itself.
        until: Time,
    },
}

/// Where an agent logs in.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct AgentLogIn {
    /// The device that will be rung.
    pub device: Id,
}

/// Why an agent logs out.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
pub struct AgentLogOut {
    /// A reason from the tenant's list, of those for logging out.
    #[serde(default)]
    pub reason: Option<Id>,
}

/// Why an agent becomes not ready.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct AgentNotReady {
    /// A reason from the tenant's list.
    #[serde(default)]
    pub reason: Option<Id>,
    /// Instead of a reason: what the agent does meanwhile.
    #[serde(default)]
    pub absence: Option<Absence>,
    /// In the agent's words.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub note: String,
}

/// What came of a wish about an agent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Outcome {
    /// It was so before.
    pub already: bool,
    /// It is noted and takes effect after the live offer, call or wrap-up.
    pub pending: bool,
    /// The agent as he is now.
    pub agent: AgentState,
}

/// What came of a wish about anything else.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Done {
    /// It was so before.
    pub already: bool,
    /// It is noted and takes effect later.
    pub pending: bool,
}

/// A device with its state.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeviceState {
    /// Its id.
    pub id: Id,
    /// What the directory says.
    #[serde(flatten)]
    pub entry: Device,
    /// What the network says.
    pub state: DeviceAxis,
    /// Who is logged in there.
    pub agent: Option<Id>,
    /// How many legs it has.
    pub legs: usize,
}

/// A device with a new secret, which is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeviceWithSecret {
    /// The device.
    #[serde(flatten)]
    pub device: DeviceState,
    /// What the phone needs.
    pub secret: DeviceSecret,
}

/// A queue with its line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueueState {
    /// Its id.
    pub id: Id,
    /// What the directory says.
    #[serde(flatten)]
    pub entry: Queue,
    /// How it stands.
    pub state: QueueLine,
}

/// How a queue stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueueLine {
    /// Calls waiting.
    pub waiting: usize,
    /// The wait of the first in line. Milliseconds.
    pub longest_wait_ms: u64,
    /// Agents assigned and logged in.
    pub logged_in: usize,
    /// Agents who could be offered a call now.
    pub eligible: usize,
    /// Agents who are at work for its calls, whatever they do now.
    pub staffed: usize,
    /// Of those waiting, how many have waited longer than the service level.
    pub breached: u32,
    /// Of those waiting, how many are to be called back.
    pub callbacks: usize,
    /// How long a caller who entered now would probably wait; `null` when nothing can be said.
    pub estimate: Option<WaitEstimate>,
    /// Why a call that arrived now would not be taken in; `null` when it would be, if there is room.
    pub turns_away: Option<NotKept>,
    /// Whether it is closed until told otherwise.
    pub night: bool,
    /// The emergency that it is in, apart from the tenant's.
    pub emergency: Option<Emergency>,
    /// Counts since the journal began.
    pub tally: Tally,
}

/// How long a caller will probably wait.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct WaitEstimate {
    /// Half of such callers wait no longer. Milliseconds.
    pub median_ms: u64,
    /// Four of five such callers wait no longer. Milliseconds.
    pub p80_ms: u64,
    /// What a caller is told.
    pub range: WaitRange,
}

/// A range of waits as callers are told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitRange {
    /// From how many minutes.
    pub from_minutes: u64,
    /// To how many; `null` in the longest.
    pub to_minutes: Option<u64>,
}

/// A waiting call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Waiting {
    /// Which call.
    pub call: Id,
    /// 1 is the next.
    pub position: u32,
    /// The instant that its wait counts from.
    pub entered: Time,
    /// Who waits.
    pub caller: Option<String>,
    /// What he calls himself.
    pub caller_name: String,
    /// The number that is to be called back, when nobody is on the line.
    pub callback: Option<String>,
    /// How much longer it will probably wait; `null` when nothing can be said.
    pub estimate: Option<WaitEstimate>,
}

/// The counts of a queue. `entered` is always the sum of the ends and those waiting.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Tally {
    /// Calls that entered, refused ones included.
    pub entered: u64,
    /// Ended by an agent who answered.
    pub answered: u64,
    /// Ended by the caller.
    pub abandoned: u64,
    /// Of these, sooner than the short-abandon threshold.
    pub abandoned_short: u64,
    /// Of `abandoned`, within the service level.
    pub abandoned_in_time: u64,
    /// Ended by the queue.
    pub overflowed: u64,
    /// Full on entering.
    pub refused: u64,
    /// Ended by a key that the caller pressed.
    pub left_by_key: u64,
    /// Ended because the caller will be called back; the callback has entered anew.
    pub called_back: u64,
    /// Places held longer than the service level, however they ended.
    pub breached: u64,
    /// Of `answered`, within the service level.
    pub answered_in_time: u64,
    /// Sum of the waits of answered calls. Milliseconds.
    pub answered_wait_ms: u64,
    /// Offers made.
    pub offers: u64,
    /// Offers that expired.
    pub offers_expired: u64,
}

/// By which rule a queue does not keep a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
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
