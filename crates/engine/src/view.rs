//! Plain read-only pictures of the engine's state, for dialects and people. Never serialised as they are: each
//! dialect has a wire twin.

use crate::agent::{
    Activity, Attendance, CallSettings, DeviceState, Duty, Handling, Login, Membership, PendingMembership,
};
pub use crate::call::LegPhase;
use crate::call::{CallAction, Direction, NotKept, Role};
use crate::command::Endpoint;
use crate::entry;
use crate::estimate::WaitEstimate;
use crate::id::{
    AgentId, CalendarId, CallId, DeviceId, Guid, LegId, OfferId, QueueId, RecordingId, TenantId,
};
use crate::outbound::OutboundRules;
use crate::tally::{AgentTally, QueueTally};
use crate::text::Number;
use crate::time::{Timestamp, WallTime};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct TenantView {
    pub id: TenantId,
    pub guid: Guid,
    pub name: entry::Name,
    pub domain: String,
}

/// What a tenant lets out, and what is going out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundView {
    /// What it lets out.
    pub rules: OutboundRules,
    /// Calls out that live.
    pub calls: u32,
    /// Calls out begun within the last sixty seconds.
    pub calls_last_minute: usize,
    /// Talked out today (UTC), by calls, too, that talk still. Milliseconds.
    pub talked_today_ms: u64,
}

/// A device with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct DeviceView {
    pub id: DeviceId,
    pub guid: Guid,
    pub entry: entry::Device,
    pub state: DeviceState,
    pub agent: Option<AgentId>,
    pub legs: Vec<LegId>,
}

/// An agent on all axes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct AgentView {
    pub id: AgentId,
    pub guid: Guid,
    pub entry: entry::Agent,
    pub login: Option<Login>,
    pub device: DeviceState,
    pub duty: Duty,
    pub duty_since: Timestamp,
    pub pending: Option<Duty>,
    pub handling: Handling,
    pub settings: CallSettings,
    pub memberships: Vec<(QueueId, Membership)>,
    /// The agent's rank in each of these queues.
    pub tiers: Vec<(QueueId, entry::Tier)>,
    pub pending_memberships: Vec<(QueueId, PendingMembership)>,
    pub activity: Activity,
    pub activity_since: Timestamp,
    /// The wall time of the later of the two instants above.
    pub since_wall: WallTime,
    /// Whether the agent's leg or the other party's is held.
    pub held: bool,
    /// Until when policy lets the agent rest.
    pub rest_until: Option<Timestamp>,
    pub tally: AgentTally,
}

impl AgentView {
    /// What a queue sees of the agent; `None` when he is not assigned to it.
    pub fn attendance(&self, queue: QueueId) -> Option<Attendance> {
        let membership = self.memberships.iter().find(|(id, _)| *id == queue);
        membership.map(|(_, membership)| Attendance::of(&self.duty, *membership))
    }
}

/// A message in an agent's mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct MessageView {
    pub id: RecordingId,
    /// The recording's name outside.
    pub guid: Guid,
    pub caller: Option<Number>,
    pub caller_name: entry::Name,
    pub left: WallTime,
    pub audio_ms: u64,
    pub heard: bool,
}

/// A calendar, and what it says now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct CalendarView {
    pub id: CalendarId,
    pub guid: Guid,
    pub entry: entry::Calendar,
    pub open: bool,
    /// Until when, if that is within [`entry::HORIZON`]: when it closes, or opens next.
    pub until: Option<WallTime>,
}

/// What a device's lamp says of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lamp {
    /// Messages not heard yet.
    pub new: usize,
    /// The others.
    pub old: usize,
    /// See [`entry::Mailbox::unsolicited`].
    pub unsolicited: bool,
}

/// A queue with its line and its day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct QueueView {
    pub id: QueueId,
    pub guid: Guid,
    pub entry: entry::Queue,
    pub waiting: usize,
    /// The wait of the first in line.
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
    /// How long a caller who entered now would probably wait; `None` when nothing can be said.
    pub estimate: Option<WaitEstimate>,
    /// Why a call that arrived now would not be taken in, if it would not.
    pub turns_away: Option<NotKept>,
    /// Whether it is closed until told otherwise.
    pub night: bool,
    /// The emergency that it is in, apart from the tenant's.
    pub emergency: Option<entry::Emergency>,
    pub tally: QueueTally,
}

/// A waiting call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct PlaceView {
    pub call: CallId,
    /// The instant that its wait counts from.
    pub entered: Timestamp,
    /// 1 is the next.
    pub position: u32,
    /// The number that is to be called back, when nobody is on the line.
    pub callback: Option<Number>,
    /// How much longer it will probably wait; `None` when nothing can be said.
    pub estimate: Option<WaitEstimate>,
}

/// A call with its legs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct CallView {
    pub id: CallId,
    pub guid: Guid,
    pub direction: Direction,
    pub caller: Option<Number>,
    pub caller_name: entry::Name,
    pub dialled: Number,
    pub started: Timestamp,
    pub started_wall: WallTime,
    pub phase: CallPhase,
    pub agent: Option<AgentId>,
    pub legs: Vec<LegView>,
    pub recording: Option<(RecordingId, Guid)>,
    /// Where one of those who talk in it asks somebody else meanwhile.
    pub consultation: Option<ConsultationView>,
    /// The call for which somebody consults in this one.
    pub consults_for: Option<CallId>,
    /// The number that is or was to be called, when it is a callback. It has no leg while it waits.
    pub callback: Option<Number>,
}

/// Where a call is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub enum CallPhase {
    /// Arrived, or being placed; nobody talks yet.
    Setup,
    /// Hears the route's greeting.
    Greeting,
    /// Waits in a queue.
    Waiting { queue: QueueId, entered: Timestamp },
    /// Is served by the engine itself: hears what a feature code came to.
    Served,
    /// At least two legs talk.
    Talking,
    /// Waits in a slot until a phone takes it.
    Parked { slot: u16 },
    /// No leg is left; a wrap-up goes on.
    WrapUp,
}

/// Where somebody asks on behalf of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsultationView {
    /// The call in which he asks.
    pub call: CallId,
    /// His leg, in either of the two.
    pub leg: LegId,
}

/// A parked call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct ParkedView {
    pub slot: u16,
    pub call: CallId,
    /// Who waits.
    pub leg: LegId,
    /// Who parked it.
    pub device: DeviceId,
    pub since: Timestamp,
    /// When the device is rung for it.
    pub until: Timestamp,
}

/// A leg.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct LegView {
    pub id: LegId,
    pub guid: Guid,
    pub role: Role,
    pub endpoint: Endpoint,
    pub agent: Option<AgentId>,
    pub phase: LegPhase,
    pub since: Timestamp,
    pub held_by_phone: bool,
    pub held_by_command: bool,
    /// Whether nobody hears it.
    pub muted: bool,
    /// Whether it has a part in the talking, and is not only rung for it.
    pub talks: bool,
    /// What may be asked for on its behalf now.
    pub actions: Vec<CallAction>,
}

/// An offer that is live.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct OfferView {
    pub id: OfferId,
    pub call: CallId,
    pub queue: QueueId,
    pub agent: AgentId,
    pub leg: LegId,
    pub deadline: Timestamp,
}
