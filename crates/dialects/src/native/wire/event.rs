//! What is told over `/v1/events`.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Agent, AgentState, Call, Cause, Device, DeviceState, Direction, Disposition, Duty, Endpoint, Handling,
    Id, LegRole, Membership, NotOut, Offer, OutboundRules, PendingMembership, Priority, Queue, QueueState,
    Reason, Route, Team, Tier, Time, Trunk, User,
};

/// One message of the stream. `seq` rises strictly; it is not contiguous, because other tenants share the journal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Message {
    /// Resume with the last one seen.
    pub seq: u64,
    /// When it became so.
    pub at: Time,
    /// Who brought it about; absent in `snapshot`, `heartbeat` and `untold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// Who brought a fact about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum By {
    /// A user.
    User {
        /// Which.
        id: Id,
    },
    /// A token that stands for no user, or the operator's command line.
    Operator,
    /// A device, by what it dialled or did.
    Device {
        /// Which.
        id: Id,
    },
    /// The network.
    Network,
    /// The engine's own policy.
    Policy,
}

/// Everything as it stands at one `seq`; the events that follow change it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Snapshot {
    /// All agents.
    pub agents: Vec<AgentState>,
    /// All queues.
    pub queues: Vec<QueueState>,
    /// All live calls.
    pub calls: Vec<Call>,
    /// All live offers.
    pub offers: Vec<Offer>,
    /// All devices.
    pub devices: Vec<DeviceState>,
}

/// An entry of the directory with its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each kind is documented at its type")]
pub enum Entry {
    User(User),
    Agent(Agent),
    Team(Team),
    Device(Device),
    Trunk(Trunk),
    Queue(Queue),
    Route(Route),
    Reason(Reason),
    Disposition(Disposition),
}

/// How a parked call's place ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParkingEnd {
    /// Somebody took it.
    Retrieved,
    /// Who was parked gave up.
    Abandoned,
    /// It was cleared by command, or nobody took it although it was rung for often enough.
    Cleared,
}

/// How a place in a queue ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitingEnd {
    /// An agent answered.
    Answered,
    /// The caller gave up.
    Abandoned,
    /// The queue gave up.
    Overflowed,
    /// The queue was full on entering.
    Refused,
}

/// How an offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OfferEnd {
    /// The agent answered and got the call.
    Accepted,
    /// The agent said no.
    Declined,
    /// The agent did not answer in time.
    Expired,
    /// Withdrawn: the caller gave up.
    CallerGone,
    /// Withdrawn: another agent was quicker.
    AnsweredBy {
        /// Who.
        agent: Id,
        /// By which offer.
        offer: Id,
    },
    /// Withdrawn: the device could not be reached any more.
    DeviceLost,
    /// Withdrawn: the call overflowed or was cleared by command.
    QueueGaveUp {
        /// Which queue it waited in.
        queue: Id,
    },
    /// Withdrawn: the process ended under it.
    NodeRestarted,
}

/// What became true: one variant per fact of the engine, and three of the stream itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields are named as in the command, entry or glossary that they come from")]
pub enum What {
    /// Everything as it stands; the first message when `after` was not given.
    Snapshot(Box<Snapshot>),
    /// Nothing new; `seq` is the last one told.
    Heartbeat,
    /// Something became true of a thing that can no longer be named; look at the lists. A fault of the server.
    Untold { missing: String },
    /// The tenant exists.
    TenantAdded { id: Id, name: String, domain: String },
    /// What the tenant's devices dial for features is this.
    FeatureCodesSet { codes: BTreeMap<String, String> },
    /// What the tenant lets out is this.
    OutboundRulesSet { rules: OutboundRules },
    /// A call was not let out, to the number as it was said. Of a flood of them some are told: at most 60 a minute.
    OutboundRefused { from: Endpoint, number: String, why: NotOut },
    /// The directory has a new entry.
    EntryAdded { id: Id, entry: Entry },
    /// An entry was replaced.
    EntryChanged { id: Id, entry: Entry },
    /// An entry is gone.
    EntryRemoved { id: Id },
    /// An agent may take calls of a queue.
    AgentAssigned { agent: Id, queue: Id, tier: Tier },
    /// An agent's rank in a queue changed.
    TierSet { agent: Id, queue: Id, tier: Tier },
    /// An agent may no longer.
    AgentUnassigned { agent: Id, queue: Id },
    /// A device can be rung.
    DeviceRegistered { device: Id },
    /// A device cannot be rung.
    DeviceUnregistered { device: Id },
    /// An agent came to work, not ready.
    AgentLoggedIn { agent: Id, device: Id },
    /// An agent left.
    AgentLoggedOut { agent: Id },
    /// An agent is there for queue calls.
    AgentReady { agent: Id },
    /// An agent is not there for queue calls.
    AgentNotReady { agent: Id, duty: Duty },
    /// What the agent shall become after the live offer, call or wrap-up; `null` takes it back.
    DutyPending { agent: Id, duty: Option<Duty> },
    /// Direct calls are handled so from here on.
    HandlingSet { agent: Id, handling: Handling },
    /// The agent's part in a queue changed.
    MembershipSet { agent: Id, queue: Id, membership: Membership },
    /// What the agent shall be in a queue after the live offer, call or wrap-up; `null` takes it back.
    MembershipPending { agent: Id, queue: Id, wish: Option<PendingMembership> },
    /// An agent gets no offers until then.
    AgentRested { agent: Id, until: Time },
    /// That rest is over.
    AgentRestEnded { agent: Id },
    /// A call began.
    CallStarted {
        call: Id,
        direction: Direction,
        caller: Option<String>,
        caller_name: String,
        dialled: String,
    },
    /// A leg is part of a call, because it arrived or because we ring it.
    LegAdded { call: Id, leg: Id, role: LegRole, arrived: bool, endpoint: Endpoint, agent: Option<Id> },
    /// The far end rings.
    LegRinging { call: Id, leg: Id },
    /// The leg is answered.
    LegAnswered { call: Id, leg: Id },
    /// The far end holds us.
    LegHeld { call: Id, leg: Id },
    /// The far end took us off hold.
    LegRetrieved { call: Id, leg: Id },
    /// The leg is gone.
    LegCleared { call: Id, leg: Id, cause: Cause },
    /// Two legs hear each other.
    LegsBridged { call: Id, a: Id, b: Id },
    /// They no longer do.
    LegsUnbridged { call: Id, a: Id, b: Id },
    /// The caller hears the greeting.
    GreetingStarted { call: Id, prompt: String },
    /// A device dialled a feature code, alone or with a number appended, for the agent who is there. It was done, or
    /// refused with this code.
    FeatureCodeDialled {
        call: Id,
        agent: Option<Id>,
        feature: String,
        argument: Option<String>,
        refused: Option<String>,
    },
    /// The caller is told something, and the call ends with it.
    AnnouncementStarted { call: Id, prompts: Vec<String> },
    /// A call waits in a slot until a phone takes it; the leg hears music. Told anew each time that the device, which parked
    /// it, has been rung for it, `reminded` times by now; the next time will be at `until`.
    CallParked { call: Id, leg: Id, slot: u16, device: Id, until: Time, reminded: u8 },
    /// A parked call's place ended.
    ParkingEnded { call: Id, slot: u16, end: ParkingEnd },
    /// A supervisor hears, from this call, what the two say in another, which an agent has.
    MonitoringStarted { call: Id, monitored: Id, agent: Id },
    /// Who dialled a feature code is asked for the number that belongs to it, and has pressed these digits of it so far.
    NumberAsked { call: Id, agent: Id, feature: String, digits: String },
    /// The caller is greeted for an agent's mailbox.
    MailboxReached { call: Id, agent: Id },
    /// An agent's mailbox is played to him.
    MailboxOpened { call: Id, agent: Id },
    /// A message is being played to its owner.
    MessagePlayed { call: Id, agent: Id, message: Id },
    /// A message is in an agent's mailbox; its id is that of its recording.
    MessageLeft { agent: Id, message: Id, caller: Option<String>, caller_name: String, audio_ms: u64 },
    /// A message counts as heard from here on, or no more.
    MessageMarked { agent: Id, message: Id, heard: bool },
    /// A message is in the mailbox no more.
    MessageRemoved { agent: Id, message: Id },
    /// An agent is in the call now.
    AgentConnected { call: Id, agent: Id, leg: Id, queue: Option<Id> },
    /// The agent's part in the talking is over.
    AgentDisconnected { call: Id, agent: Id },
    /// All legs are gone.
    CallCleared { call: Id, cause: Cause },
    /// The record is final.
    CallClosed { call: Id },
    /// A call entered a queue; its wait counts from `entered`.
    CallQueued {
        call: Id,
        queue: Id,
        entered: Time,
        priority: Priority,
        /// The one agent whom the call is for, and until when.
        preferred: Option<Preferred>,
    },
    /// A waiting call may be offered to more agents, or sooner, than before.
    SearchWidened { call: Id, queue: Id, by: Widening },
    /// Its place in the queue ended.
    WaitingEnded { call: Id, queue: Id, end: WaitingEnd, waited_ms: u64 },
    /// An agent is asked to take a call.
    OfferMade { offer: Id, call: Id, queue: Id, agent: Id, leg: Id, deadline: Time },
    /// The asking is over.
    OfferEnded { offer: Id, call: Id, agent: Id, end: OfferEnd },
    /// An agent finishes after a call.
    WrapUpStarted { agent: Id, call: Id, queue: Id, until: Time },
    /// The agent has finished.
    WrapUpEnded { agent: Id, call: Id },
    /// How the contact ended.
    DispositionSet { call: Id, agent: Id, disposition: Id, note: String },
    /// A conversation is being recorded.
    RecordingStarted { recording: Id, call: Id, agent: Id },
    /// What is said is left out.
    RecordingPaused { recording: Id, call: Id, reason: String },
    /// What is said is taken in again.
    RecordingResumed { recording: Id, call: Id },
    /// Nothing more is taken in.
    RecordingStopped { recording: Id, call: Id },
    /// The file is complete.
    RecordingSaved { recording: Id, call: Id, audio_ms: u64, paused_ms: u64, bytes: u64 },
    /// The file could not be completed; what exists is kept.
    RecordingFailed { recording: Id, call: Id, why: String },
    /// The process started.
    NodeStarted { version: String },
}

impl Message {
    /// The name of what is told, as it stands in `type`.
    pub const fn name(&self) -> &'static str {
        self.what.name()
    }
}

impl What {
    /// The name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Snapshot(_) => "snapshot",
            Self::Heartbeat => "heartbeat",
            Self::Untold { .. } => "untold",
            Self::TenantAdded { .. } => "tenant_added",
            Self::FeatureCodesSet { .. } => "feature_codes_set",
            Self::OutboundRulesSet { .. } => "outbound_rules_set",
            Self::OutboundRefused { .. } => "outbound_refused",
            Self::EntryAdded { .. } => "entry_added",
            Self::EntryChanged { .. } => "entry_changed",
            Self::EntryRemoved { .. } => "entry_removed",
            Self::AgentAssigned { .. } => "agent_assigned",
            Self::TierSet { .. } => "tier_set",
            Self::AgentUnassigned { .. } => "agent_unassigned",
            Self::DeviceRegistered { .. } => "device_registered",
            Self::DeviceUnregistered { .. } => "device_unregistered",
            Self::AgentLoggedIn { .. } => "agent_logged_in",
            Self::AgentLoggedOut { .. } => "agent_logged_out",
            Self::AgentReady { .. } => "agent_ready",
            Self::AgentNotReady { .. } => "agent_not_ready",
            Self::DutyPending { .. } => "duty_pending",
            Self::HandlingSet { .. } => "handling_set",
            Self::MembershipSet { .. } => "membership_set",
            Self::MembershipPending { .. } => "membership_pending",
            Self::AgentRested { .. } => "agent_rested",
            Self::AgentRestEnded { .. } => "agent_rest_ended",
            Self::CallStarted { .. } => "call_started",
            Self::LegAdded { .. } => "leg_added",
            Self::LegRinging { .. } => "leg_ringing",
            Self::LegAnswered { .. } => "leg_answered",
            Self::LegHeld { .. } => "leg_held",
            Self::LegRetrieved { .. } => "leg_retrieved",
            Self::LegCleared { .. } => "leg_cleared",
            Self::LegsBridged { .. } => "legs_bridged",
            Self::LegsUnbridged { .. } => "legs_unbridged",
            Self::GreetingStarted { .. } => "greeting_started",
            Self::FeatureCodeDialled { .. } => "feature_code_dialled",
            Self::AnnouncementStarted { .. } => "announcement_started",
            Self::CallParked { .. } => "call_parked",
            Self::ParkingEnded { .. } => "parking_ended",
            Self::MonitoringStarted { .. } => "monitoring_started",
            Self::NumberAsked { .. } => "number_asked",
            Self::MailboxReached { .. } => "mailbox_reached",
            Self::MailboxOpened { .. } => "mailbox_opened",
            Self::MessagePlayed { .. } => "message_played",
            Self::MessageLeft { .. } => "message_left",
            Self::MessageMarked { .. } => "message_marked",
            Self::MessageRemoved { .. } => "message_removed",
            Self::AgentConnected { .. } => "agent_connected",
            Self::AgentDisconnected { .. } => "agent_disconnected",
            Self::CallCleared { .. } => "call_cleared",
            Self::CallClosed { .. } => "call_closed",
            Self::CallQueued { .. } => "call_queued",
            Self::SearchWidened { .. } => "search_widened",
            Self::WaitingEnded { .. } => "waiting_ended",
            Self::OfferMade { .. } => "offer_made",
            Self::OfferEnded { .. } => "offer_ended",
            Self::WrapUpStarted { .. } => "wrap_up_started",
            Self::WrapUpEnded { .. } => "wrap_up_ended",
            Self::DispositionSet { .. } => "disposition_set",
            Self::RecordingStarted { .. } => "recording_started",
            Self::RecordingPaused { .. } => "recording_paused",
            Self::RecordingResumed { .. } => "recording_resumed",
            Self::RecordingStopped { .. } => "recording_stopped",
            Self::RecordingSaved { .. } => "recording_saved",
            Self::RecordingFailed { .. } => "recording_failed",
            Self::NodeStarted { .. } => "node_started",
        }
    }
}

/// The one agent whom a waiting call is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Preferred {
    /// Who.
    pub agent: Id,
    /// From when on anybody may have the call.
    pub until: Time,
}

/// Why a waiting call may be offered to more agents, or sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Widening {
    /// It has waited long enough for this step of the queue's reach.
    Step {
        /// Its index, from 0.
        step: u8,
    },
    /// One more is rung.
    OneMore,
    /// The agent whom it was for did not come free in time, or left.
    Anyone,
    /// It has waited so long that it comes before all others.
    Promoted,
}
