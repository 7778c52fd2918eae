//! What is told over `/v1/events`.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Agent, AgentState, BlacklistPrompts, BlacklistedNumber, Calendar, Call, CallSettings, Cause, Contact,
    Device, DeviceState, Direction, Disposition, Duty, Emergency, Endpoint, ForwardTo, Handling, Id, LegRole,
    Membership, Missed, NotOut, Offer, OutboundRules, PendingMembership, PhoneBook, Priority, Queue,
    QueueState, Reason, Route, Skill, Team, Tier, Time, TransferTo, Trunk, User, WaitRange,
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

/// Why an agent was logged out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WhyLoggedOut {
    /// He asked for it himself: as his user, or at a phone where he speaks.
    Asked,
    /// Somebody else asked for it.
    Forced {
        /// Who.
        by: By,
    },
    /// Another agent came to the hot desk where he sat.
    DeskTaken {
        /// Who.
        agent: Id,
    },
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
    Queue(Box<Queue>),
    Route(Route),
    Reason(Reason),
    Disposition(Disposition),
    /// Something that agents can do.
    Skill(Skill),
    /// A list of people to call.
    PhoneBook(PhoneBook),
    /// Somebody in a phone book.
    Contact(Contact),
    BlacklistedNumber(BlacklistedNumber),
    Calendar(Calendar),
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

/// How a consultation ended that did not join its two calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsultationEnd {
    /// Who consulted is back in the call: he ended it, or whom he asked did, was busy or did not answer.
    Returned,
    /// Nobody is left for whom he consulted; the consultation goes on as a call of its own.
    CallerGone,
    /// Who consulted left without having reached anybody.
    AgentGone,
    /// The process ended under the calls.
    NodeRestarted,
}

/// What two calls became one for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Joining {
    /// Who was consulted has the call, and who consulted leaves it.
    Transfer,
    /// All of them talk.
    Conference,
    /// A supervisor who listened talks with them.
    Barge,
    /// A supervisor who listened has the call, and the agent leaves it.
    TakeOver,
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
    /// The caller pressed a key that led him elsewhere.
    LeftByKey,
    /// The caller will be called back, and another call has his place.
    CalledBack,
    /// The queue was empty on entering.
    TurnedAwayEmpty,
    /// The queue became empty.
    SentAwayEmpty,
    /// The queue was closed on entering.
    TurnedAwayClosed,
    /// The queue closed.
    SentAwayClosed,
    /// The queue was in night mode on entering.
    TurnedAwayNight,
    /// The queue went into night mode.
    SentAwayNight,
    /// There was an emergency on entering.
    TurnedAwayEmergency,
    /// There was an emergency.
    SentAwayEmergency,
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
    /// What callers on the blacklist hear is this.
    BlacklistPromptsSet { prompts: BlacklistPrompts },
    /// A caller was kept out of a queue because of that entry of the blacklist.
    CallerBlacklisted { call: Id, queue: Id, number: Id },
    /// A calendar opened or closed, or was looked at anew; it is so until then, if that is within 400 days.
    CalendarTurned { calendar: Id, open: bool, until: Option<Time> },
    /// A queue is closed whatever its calendar says, or no more.
    NightModeSet { queue: Id, on: bool },
    /// There is an emergency in one queue, or in all; or, with `null`, no more.
    EmergencySet { queue: Option<Id>, emergency: Option<Emergency> },
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
    /// An agent came to work, not ready. With `moved_from` he was there already, at that device, and all that changes is
    /// where: duty, queues and wrap-up stay.
    AgentLoggedIn { agent: Id, device: Id, moved_from: Option<Id> },
    /// An agent left, on whose wish `why` says (`null` where it was not kept yet), for the reason that was given.
    AgentLoggedOut { agent: Id, why: Option<WhyLoggedOut>, reason: Option<Id> },
    /// An agent is there for queue calls.
    AgentReady { agent: Id },
    /// An agent is not there for queue calls.
    AgentNotReady { agent: Id, duty: Duty },
    /// What the agent shall become after the live offer, call or wrap-up; `null` takes it back. `reason` is a log-out's.
    DutyPending { agent: Id, duty: Option<Duty>, reason: Option<Id> },
    /// Direct calls are handled so from here on.
    HandlingSet { agent: Id, handling: Handling },
    /// What the agent has set for direct calls is this.
    CallSettingsSet { agent: Id, settings: CallSettings },
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
    /// The far end holds us, or (`by_command`) somebody holds the call for it. The two are apart: a leg is held as long as
    /// one of them holds.
    LegHeld { call: Id, leg: Id, by_command: bool },
    /// That is over.
    LegRetrieved { call: Id, leg: Id, by_command: bool },
    /// The others hear the leg no more, or again.
    LegMuted { call: Id, leg: Id, muted: bool },
    /// So many digits were sent to the others on a leg's behalf.
    DigitsSent { call: Id, leg: Id, digits: u8 },
    /// These, more than two, hear each other.
    LegsMixed { call: Id, legs: Vec<Id> },
    /// A leg leaves a call for another.
    LegMoved { leg: Id, from: Id, to: Id },
    /// A party of the call `of`, at the leg, asks somebody else in this one.
    ConsultationStarted {
        call: Id,
        of: Id,
        leg: Id,
        device: Id,
        #[serde(skip_serializing_if = "Option::is_none")]
        agent: Option<Id>,
    },
    /// That is over, and the two calls are not one.
    ConsultationEnded { call: Id, of: Id, end: ConsultationEnd },
    /// Two calls of one device, or of a supervisor and what he hears, are one: these legs of `from` are part of `call`, and `from` ends.
    CallsJoined {
        call: Id,
        from: Id,
        legs: Vec<Id>,
        how: Joining,
        device: Id,
        #[serde(skip_serializing_if = "Option::is_none")]
        agent: Option<Id>,
    },
    /// The leg is gone.
    LegCleared { call: Id, leg: Id, cause: Cause },
    /// A call that did not reach an agent goes where he wants it to go then.
    CallForwarded { call: Id, agent: Id, missed: Missed, to: ForwardTo },
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
    /// One of two who talked left the call at this device, the agent if somebody was there; the leg that stays is its caller
    /// from here on, and is led there.
    CallTransferred {
        call: Id,
        leg: Id,
        device: Id,
        #[serde(skip_serializing_if = "Option::is_none")]
        agent: Option<Id>,
        to: TransferTo,
    },
    /// A call waits in a slot until a phone takes it; the leg hears music. Told anew each time that the device, which parked
    /// it, has been rung for it, `reminded` times by now; the next time will be at `until`.
    CallParked { call: Id, leg: Id, slot: u16, device: Id, until: Time, reminded: u8 },
    /// A parked call's place ended.
    ParkingEnded { call: Id, slot: u16, end: ParkingEnd },
    /// A device is rung whose user wants to hear, from this call, the one that is `monitored`, or with `follows` whatever the
    /// agent says from then on.
    MonitoringAsked { call: Id, agent: Id, monitored: Option<Id>, follows: bool, whispers: bool },
    /// A supervisor hears, from this call, what is said in another, which an agent has. With `follows` he will hear the next
    /// one as well; with `whispers` the agent hears him.
    MonitoringStarted { call: Id, monitored: Id, agent: Id, follows: bool, whispers: bool },
    /// He hears nothing until the agent's next call.
    MonitoringWaits { call: Id },
    /// From here on the agent hears the supervisor, or no more.
    MonitoringModeSet { call: Id, whispers: bool },
    /// Variables of a call were set; those that are `null` are gone.
    VariablesSet { call: Id, variables: BTreeMap<String, Option<String>> },
    /// Who dialled a feature code is asked for the number that belongs to it, and has pressed these digits of it so far.
    NumberAsked { call: Id, agent: Id, feature: String, digits: String },
    /// Who dialled the code of a hot desk is asked for his number, of which he has pressed these digits so far; then, with
    /// `pin`, for his PIN, whose digits are told to nobody. So many PINs were wrong in this call.
    LogInAsked { call: Id, digits: String, pin: bool, wrong: u8 },
    /// What was pressed is not the agent's PIN, for the `wrong`th time in a row. With `until` he is locked out of hot desks
    /// until then.
    PinRefused { call: Id, agent: Id, wrong: u8, until: Option<Time> },
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
    /// A waiting caller is told his place in the line (1 is the next), how long he will probably wait, and a message of
    /// the queue, by its number in the list.
    CallerTold { call: Id, queue: Id, position: Option<u32>, wait: Option<WaitRange>, message: Option<u8> },
    /// A call has waited longer than the service level; so many of those waiting now have.
    ServiceLevelBreached { call: Id, queue: Id, breached: u32, waiting: u32 },
    /// The caller of the call `of` will be called back at his number; this call has his place, until then.
    CallbackAsked { call: Id, of: Id, queue: Id, number: String, until: Time },
    /// The agent who answered is told which queue calls, before he hears the caller.
    BriefingStarted { call: Id, agent: Id, leg: Id, prompt: String },
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
    /// An agent's wrap-up was lengthened.
    WrapUpExtended { agent: Id, call: Id, until: Time },
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

macro_rules! names {
    ($($what:ident $name:literal)*) => {
        impl What {
            /// The name on the wire. What is told does not compile until it is named here.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$what { .. } => $name,)*
                }
            }
        }
    };
}

names! {
    Snapshot "snapshot"
    Heartbeat "heartbeat"
    Untold "untold"
    TenantAdded "tenant_added"
    FeatureCodesSet "feature_codes_set"
    BlacklistPromptsSet "blacklist_prompts_set"
    CallerBlacklisted "caller_blacklisted"
    CalendarTurned "calendar_turned"
    NightModeSet "night_mode_set"
    EmergencySet "emergency_set"
    OutboundRulesSet "outbound_rules_set"
    OutboundRefused "outbound_refused"
    EntryAdded "entry_added"
    EntryChanged "entry_changed"
    EntryRemoved "entry_removed"
    AgentAssigned "agent_assigned"
    TierSet "tier_set"
    AgentUnassigned "agent_unassigned"
    DeviceRegistered "device_registered"
    DeviceUnregistered "device_unregistered"
    AgentLoggedIn "agent_logged_in"
    AgentLoggedOut "agent_logged_out"
    AgentReady "agent_ready"
    AgentNotReady "agent_not_ready"
    DutyPending "duty_pending"
    HandlingSet "handling_set"
    CallSettingsSet "call_settings_set"
    MembershipSet "membership_set"
    MembershipPending "membership_pending"
    AgentRested "agent_rested"
    AgentRestEnded "agent_rest_ended"
    CallStarted "call_started"
    LegAdded "leg_added"
    LegRinging "leg_ringing"
    LegAnswered "leg_answered"
    LegHeld "leg_held"
    LegRetrieved "leg_retrieved"
    LegMuted "leg_muted"
    DigitsSent "digits_sent"
    LegsMixed "legs_mixed"
    LegMoved "leg_moved"
    ConsultationStarted "consultation_started"
    ConsultationEnded "consultation_ended"
    CallsJoined "calls_joined"
    LegCleared "leg_cleared"
    CallForwarded "call_forwarded"
    LegsBridged "legs_bridged"
    LegsUnbridged "legs_unbridged"
    GreetingStarted "greeting_started"
    FeatureCodeDialled "feature_code_dialled"
    AnnouncementStarted "announcement_started"
    CallTransferred "call_transferred"
    CallParked "call_parked"
    ParkingEnded "parking_ended"
    MonitoringAsked "monitoring_asked"
    MonitoringStarted "monitoring_started"
    MonitoringWaits "monitoring_waits"
    MonitoringModeSet "monitoring_mode_set"
    VariablesSet "variables_set"
    NumberAsked "number_asked"
    LogInAsked "log_in_asked"
    PinRefused "pin_refused"
    MailboxReached "mailbox_reached"
    MailboxOpened "mailbox_opened"
    MessagePlayed "message_played"
    MessageLeft "message_left"
    MessageMarked "message_marked"
    MessageRemoved "message_removed"
    AgentConnected "agent_connected"
    AgentDisconnected "agent_disconnected"
    CallCleared "call_cleared"
    CallClosed "call_closed"
    CallQueued "call_queued"
    CallerTold "caller_told"
    ServiceLevelBreached "service_level_breached"
    CallbackAsked "callback_asked"
    BriefingStarted "briefing_started"
    SearchWidened "search_widened"
    WaitingEnded "waiting_ended"
    OfferMade "offer_made"
    OfferEnded "offer_ended"
    WrapUpStarted "wrap_up_started"
    WrapUpExtended "wrap_up_extended"
    WrapUpEnded "wrap_up_ended"
    DispositionSet "disposition_set"
    RecordingStarted "recording_started"
    RecordingPaused "recording_paused"
    RecordingResumed "recording_resumed"
    RecordingStopped "recording_stopped"
    RecordingSaved "recording_saved"
    RecordingFailed "recording_failed"
    NodeStarted "node_started"
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
    /// It has waited long enough for this step of the queue's reach and rings.
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
