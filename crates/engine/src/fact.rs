//! What became true. Past tense, journalled, applied, told to everyone.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::agent::{
    CallSettings, Duty, ForwardTo, Handling, Membership, Missed, PendingMembership, WhyLoggedOut,
};
use crate::blacklist::BlacklistPrompts;
use crate::call::{
    Cause, ConsultationEnd, Direction, Joining, OfferEnd, ParkingEnd, Preferred, Role, TransferTo,
    VariableName, VariableValue, WaitingEnd, Widening,
};
use crate::code::{Feature, FeatureCodes};
use crate::command::{Access, Actor, Endpoint, Note, Origin};
use crate::entry::{Emergency, Entry, EntryId, Name, Priority, Tier};
use crate::estimate::WaitRange;
use crate::id::{
    AgentId, BlacklistedNumberId, CalendarId, CallId, DeviceId, DispositionId, Guid, LegId, OfferId, QueueId,
    ReasonId, RecordingId, TenantId,
};
use crate::outbound::{NotOut, OutboundRules};
use crate::text::{Number, Text};
use crate::time::{Timestamp, WallTime};

/// A fact with its order, time, owner and author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the one stream: 1, 2, 3, without gaps.
    pub seq: u64,
    /// When, for durations.
    pub at: Timestamp,
    /// When, for people.
    pub wall: WallTime,
    /// Whose.
    pub tenant: TenantId,
    /// Who brought it about.
    pub by: Actor,
    /// By which token and whence he asked. Events older than this field, and what follows from no request, have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What.
    pub fact: Fact,
}

/// What became true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "fields are named as in the command, entry or glossary that they come from")]
pub enum Fact {
    // Directory
    /// The event's tenant exists.
    TenantAdded { guid: Guid, name: Name, domain: Text<255> },
    /// The directory has a new entry.
    EntryAdded { id: EntryId, guid: Guid, entry: Entry },
    /// An entry was replaced.
    EntryChanged { id: EntryId, entry: Entry },
    /// An entry is gone.
    EntryRemoved { id: EntryId },
    /// What the tenant lets out is this.
    OutboundRulesSet { rules: OutboundRules },
    /// A call was not let out, to the number as it was said. Floods are told in part.
    OutboundRefused { from: Endpoint, number: Number, why: NotOut },
    /// What callers on the blacklist hear is this.
    BlacklistPromptsSet { prompts: BlacklistPrompts },
    /// A caller on the blacklist was kept out of a queue.
    CallerBlacklisted { call: CallId, queue: QueueId, number: BlacklistedNumberId },
    /// What the tenant's devices dial for features is this.
    FeatureCodesSet { codes: FeatureCodes },
    /// A calendar opened or closed, or was looked at anew; it is so until then, as far as one can see, and is looked at
    /// again when `due`.
    CalendarTurned { calendar: CalendarId, open: bool, until: Option<WallTime>, due: Timestamp },
    /// A queue is closed whatever its calendar says, or no more.
    NightModeSet { queue: QueueId, on: bool },
    /// There is an emergency in one queue or in all, or no more.
    EmergencySet { queue: Option<QueueId>, emergency: Option<Emergency> },
    /// An agent may take calls of a queue.
    AgentAssigned {
        agent: AgentId,
        queue: QueueId,
        #[serde(default, skip_serializing_if = "Tier::is_default")]
        tier: Tier,
    },
    /// An agent's rank in a queue changed.
    TierSet { agent: AgentId, queue: QueueId, tier: Tier },
    /// An agent may no longer.
    AgentUnassigned { agent: AgentId, queue: QueueId },

    // Devices
    /// A device can be rung.
    DeviceRegistered { device: DeviceId },
    /// A device cannot be rung.
    DeviceUnregistered { device: DeviceId },

    // Agents
    /// An agent came to work; duty is not ready. With `moved_from` he was there already, at that device, and all that
    /// changes is where.
    AgentLoggedIn {
        agent: AgentId,
        device: DeviceId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        moved_from: Option<DeviceId>,
    },
    /// An agent left; `why` tells on whose wish, `reason` is what was given. Facts older than `why` have none.
    AgentLoggedOut {
        agent: AgentId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<WhyLoggedOut>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<ReasonId>,
    },
    /// An agent is there for queue calls.
    AgentReady { agent: AgentId },
    /// An agent is not there for queue calls; `duty` is [`Duty::NotReady`].
    AgentNotReady { agent: AgentId, duty: Duty },
    /// What the agent shall become after the live offer, call or wrap-up; `None` takes it back. `reason` is a log-out's.
    DutyPending {
        agent: AgentId,
        duty: Option<Duty>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<ReasonId>,
    },
    /// Direct calls are handled so from here on.
    HandlingSet { agent: AgentId, handling: Handling },
    /// What the agent has set for direct calls is this.
    CallSettingsSet { agent: AgentId, settings: CallSettings },
    /// The agent's part in a queue changed.
    MembershipSet { agent: AgentId, queue: QueueId, membership: Membership },
    /// What the agent shall be in a queue after the live offer, call or wrap-up; `None` takes it back.
    MembershipPending { agent: AgentId, queue: QueueId, wish: Option<PendingMembership> },
    /// An agent gets no offers until then (he missed or declined one and policy lets him rest).
    AgentRested { agent: AgentId, until: Timestamp },
    /// That rest is over.
    AgentRestEnded { agent: AgentId },

    // Calls and legs
    /// A call began at a leg that arrived, or by a command.
    CallStarted {
        call: CallId,
        guid: Guid,
        direction: Direction,
        caller: Option<Number>,
        caller_name: Name,
        dialled: Number,
    },
    /// A leg is part of a call, because it arrived or (`arrived` false) because we ring it; `agent` is whose device it
    /// is, when an agent is logged in there.
    LegAdded {
        call: CallId,
        leg: LegId,
        guid: Guid,
        role: Role,
        arrived: bool,
        endpoint: Endpoint,
        agent: Option<AgentId>,
    },
    /// The far end rings.
    LegRinging { call: CallId, leg: LegId },
    /// The leg is answered: by the far end, or by us if it arrived.
    LegAnswered { call: CallId, leg: LegId },
    /// What ends the leg after a crash.
    LegSaved { leg: LegId, dialog: String },
    /// The far end holds us, or (`by_command`) somebody holds the call for it: it hears nobody and nobody hears it. The two
    /// are apart: a leg is held as long as one of them holds.
    LegHeld {
        call: CallId,
        leg: LegId,
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        by_command: bool,
    },
    /// That is over.
    LegRetrieved {
        call: CallId,
        leg: LegId,
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        by_command: bool,
    },
    /// The others hear a leg no more, or again.
    LegMuted { call: CallId, leg: LegId, muted: bool },
    /// Variables of a call were set; those without a value are gone.
    VariablesSet { call: CallId, variables: BTreeMap<VariableName, Option<VariableValue>> },
    /// So many digits were sent on a leg's behalf to the others. Which is told to nobody: they may be a card's.
    DigitsSent { call: CallId, leg: LegId, digits: u8 },
    /// The leg is gone.
    LegCleared { call: CallId, leg: LegId, cause: Cause },
    /// A call that did not reach an agent goes where he wants it to go then.
    CallForwarded { call: CallId, agent: AgentId, missed: Missed, to: ForwardTo },
    /// Two legs hear each other.
    LegsBridged { call: CallId, a: LegId, b: LegId },
    /// They no longer do.
    LegsUnbridged { call: CallId, a: LegId, b: LegId },
    /// These, more than two, hear each other.
    LegsMixed { call: CallId, legs: Vec<LegId> },
    /// A leg leaves a call for another.
    LegMoved { leg: LegId, from: CallId, to: CallId },
    /// A party of the call `of`, at `leg`, asks somebody else in this one; what follows moves it there.
    ConsultationStarted { call: CallId, of: CallId, leg: LegId, device: DeviceId, agent: Option<AgentId> },
    /// That is over, and the two calls are not one.
    ConsultationEnded { call: CallId, of: CallId, end: ConsultationEnd },
    /// Two calls of one device, or of a supervisor and what he hears, are one: these legs of `from` are part of `call`, and
    /// `from` ends. With it ends their consultation, if it was one.
    CallsJoined {
        call: CallId,
        from: CallId,
        legs: Vec<LegId>,
        how: Joining,
        device: DeviceId,
        agent: Option<AgentId>,
    },
    /// The caller hears the route's greeting.
    GreetingStarted { call: CallId, prompt: Name },
    /// A device dialled a feature code, with a number appended or not, for `agent` if somebody is there. It was done,
    /// or refused with this code.
    FeatureCodeDialled {
        call: CallId,
        agent: Option<AgentId>,
        feature: Feature,
        argument: Option<Number>,
        refused: Option<Text<64>>,
    },
    /// The caller is told something, in the order of the prompts; the call ends with it.
    AnnouncementStarted { call: CallId, prompts: Vec<Name> },
    /// The caller is greeted for an agent's mailbox; the recording that follows is a message.
    MailboxReached { call: CallId, agent: AgentId },
    /// An agent's mailbox is played to him.
    MailboxOpened { call: CallId, agent: AgentId },
    /// A message is being played to its owner.
    MessagePlayed { call: CallId, agent: AgentId, message: RecordingId },
    /// The agent who answered a queue's call is told which, before he hears the caller.
    BriefingStarted { call: CallId, agent: AgentId, leg: LegId, prompt: Name },
    /// One of two who talked leaves the call, the device's agent if somebody is there; the other, at `leg`, is its caller
    /// from here on and is led there.
    CallTransferred { call: CallId, leg: LegId, device: DeviceId, agent: Option<AgentId>, to: TransferTo },
    /// A call waits in a slot until somebody takes it; `leg` hears music, `device` parked it. Told anew each time that the
    /// device has been rung for it, `reminded` times by now; the next time will be at `until`.
    CallParked { call: CallId, leg: LegId, slot: u16, device: DeviceId, until: Timestamp, reminded: u8 },
    /// Its place in the slot ended.
    ParkingEnded { call: CallId, slot: u16, end: ParkingEnd },
    /// A device is rung whose user wants to hear, from this call, the one that is `monitored`, or with `follows` whatever the
    /// agent says from then on.
    MonitoringAsked { call: CallId, agent: AgentId, monitored: Option<CallId>, follows: bool, whispers: bool },
    /// A supervisor hears, from this call, what is said in another, which an agent has. With `follows` he will hear the next
    /// one as well; with `whispers` the agent hears him.
    MonitoringStarted {
        call: CallId,
        monitored: CallId,
        agent: AgentId,
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        follows: bool,
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        whispers: bool,
    },
    /// He hears nothing until the agent's next call.
    MonitoringWaits { call: CallId },
    /// From here on the agent hears the supervisor, or no more.
    MonitoringModeSet { call: CallId, whispers: bool },
    /// Who dialled a feature code is asked for the number that belongs to it, and has pressed these digits of it so far.
    NumberAsked { call: CallId, agent: AgentId, feature: Feature, digits: Text<32> },
    /// Who dialled the code of a hot desk is asked for his number, of which he has pressed these digits so far; then, with
    /// `pin`, for his PIN, whose digits are told to nobody. So many PINs were wrong in this call.
    LogInAsked { call: CallId, digits: Text<32>, pin: bool, wrong: u8 },
    /// What was pressed is not the agent's PIN, for the `wrong`th time in a row. With `until` he is locked out of hot desks
    /// until then.
    PinRefused { call: CallId, agent: AgentId, wrong: u8, until: Option<Timestamp> },
    /// An agent has a part in the call now, through the queue or directly, and is in call.
    AgentConnected { call: CallId, agent: AgentId, leg: LegId, queue: Option<QueueId> },
    /// The agent's part in the talking is over.
    AgentDisconnected { call: CallId, agent: AgentId },
    /// All legs are gone.
    CallCleared { call: CallId, cause: Cause },
    /// Last leg and last wrap-up are over: the record is final.
    CallClosed { call: CallId },

    // Queues and offers
    /// A call entered a queue; `entered` is the instant that its wait counts from.
    CallQueued {
        call: CallId,
        queue: QueueId,
        entered: Timestamp,
        #[serde(default, skip_serializing_if = "Priority::is_default")]
        priority: Priority,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        preferred: Option<Preferred>,
    },
    /// A waiting caller is told his place in the line (1 is the next), how long he will probably wait, and one of the
    /// queue's messages in turn.
    CallerTold {
        call: CallId,
        queue: QueueId,
        position: Option<u32>,
        wait: Option<WaitRange>,
        message: Option<u8>,
    },
    /// A call has waited longer than the queue's service level says; so many that wait now have.
    ServiceLevelBreached { call: CallId, queue: QueueId, breached: u32, waiting: u32 },
    /// The caller of the call `of`, which ends, will be called back at his number; this call has his place, until then.
    CallbackAsked { call: CallId, of: CallId, queue: QueueId, number: Number, until: Timestamp },
    /// A waiting call may be offered to more agents, or sooner, than before.
    SearchWidened { call: CallId, queue: QueueId, by: Widening },
    /// Its place in the queue ended, after `waited_ms`.
    WaitingEnded { call: CallId, queue: QueueId, end: WaitingEnd, waited_ms: u64 },
    /// An agent is asked to take a call.
    OfferMade {
        offer: OfferId,
        call: CallId,
        queue: QueueId,
        agent: AgentId,
        leg: LegId,
        deadline: Timestamp,
    },
    /// The asking is over.
    OfferEnded { offer: OfferId, call: CallId, agent: AgentId, end: OfferEnd },

    // After the call
    /// An agent finishes after a call.
    WrapUpStarted { agent: AgentId, call: CallId, queue: QueueId, until: Timestamp },
    /// An agent's wrap-up was lengthened.
    WrapUpExtended { agent: AgentId, call: CallId, until: Timestamp },
    /// The agent has finished.
    WrapUpEnded { agent: AgentId, call: CallId },
    /// How the contact ended, in the agent's word.
    DispositionSet { call: CallId, agent: AgentId, disposition: DispositionId, note: Note },

    // Recordings
    /// A conversation is being recorded.
    RecordingStarted { recording: RecordingId, guid: Guid, call: CallId, agent: AgentId },
    /// What is said is left out.
    RecordingPaused { recording: RecordingId, call: CallId, reason: Text<64> },
    /// What is said is taken in again.
    RecordingResumed { recording: RecordingId, call: CallId },
    /// Nothing more is taken in.
    RecordingStopped { recording: RecordingId, call: CallId },
    /// The file is complete.
    RecordingSaved { recording: RecordingId, call: CallId, audio_ms: u64, paused_ms: u64, bytes: u64 },
    /// The file could not be completed; what exists is kept.
    RecordingFailed { recording: RecordingId, call: CallId, why: Text<255> },

    // Mailboxes
    /// A message is in an agent's mailbox; it is the recording of that guid.
    MessageLeft {
        agent: AgentId,
        message: RecordingId,
        guid: Guid,
        caller: Option<Number>,
        caller_name: Name,
        audio_ms: u64,
    },
    /// A message counts as heard from here on, or no more.
    MessageMarked { agent: AgentId, message: RecordingId, heard: bool },
    /// A message is in the mailbox no more.
    MessageRemoved { agent: AgentId, message: RecordingId },

    /// Something was done about who may come in.
    AccessNoted { what: Access },

    // The installation
    /// The process started on this journal; live calls of the one before are ended by the facts that follow.
    NodeStarted { version: Text<64> },
}
