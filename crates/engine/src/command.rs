//! What is asked for, and what the network reports. A command may be refused; a report is simply so.

use core::net::IpAddr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::agent::{Absence, Attend, CallSettings, Handling, Membership, QueueWish};
use crate::blacklist::BlacklistPrompts;
use crate::call::{Cause, Digits, Joining, Monitored, Supervision, TransferTo, VariableName, VariableValue};
use crate::code::FeatureCodes;
use crate::entry::{Emergency, Entry, EntryId, Name, Tier};
use crate::id::{
    AgentId, CallId, DeviceId, DispositionId, Guid, LegId, OfferId, QueueId, ReasonId, RecordingId, TenantId,
    TrunkId, UserId,
};
use crate::outbound::OutboundRules;
use crate::text::{Number, Text};

/// What an agent writes beside a reason or a disposition.
pub type Note = Text<1024>;

/// One thing that happened to the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Somebody asks for something within a tenant.
    Command {
        /// Whose things are meant; ids of other tenants are not found.
        tenant: TenantId,
        /// Who asks.
        by: Actor,
        /// What.
        command: Command,
    },
    /// As [`Input::Command`], by somebody of whom more is known.
    Request {
        /// Whose things are meant; ids of other tenants are not found.
        tenant: TenantId,
        /// Who asks.
        by: Actor,
        /// By which token and whence; kept with every event that follows.
        origin: Origin,
        /// What.
        command: Command,
    },
    /// A new tenant is asked for, by the installation's operator.
    AddTenant {
        /// Unique on the installation.
        name: Name,
        /// The SIP domain whose devices are this tenant's.
        domain: Text<255>,
    },
    /// The network says what became so.
    Report(Report),
    /// The time asked for by `poll_timeout` has come.
    Timeout,
}

/// Who asked for something; kept with every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A logged-in user.
    User(UserId),
    /// An API token that stands for no user, or the operator's command line.
    Operator,
    /// A device: by feature code, or by what its SIP requests did.
    Device(DeviceId),
    /// The network: a trunk, a registration that ran out, media.
    Network,
    /// The engine's own policy: timers, no-answer rules, recovery.
    Policy,
}

/// Whence something was asked for; kept with every event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The id of the token, which is no secret.
    pub token: Option<Text<16>>,
    /// The address of the client.
    pub address: Option<IpAddr>,
}

/// What must be so for a command to be granted, looked at in the same step as the command itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The entry has one of these versions; see [`crate::Engine::version`].
    Version(EntryId, Vec<u64>),
    /// The agent may not take calls of the queue yet.
    NotAssigned(AgentId, QueueId),
}

/// What is done outside the engine's own state and must stay known: who may come in, and who tried to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// A password or secret of an entry was set or removed. What it is is nobody's business.
    SecretSet {
        /// Whose.
        id: EntryId,
    },
    /// A token was made.
    TokenMade {
        /// Its id, which is no secret.
        token: Text<16>,
        /// What people call it.
        name: Name,
    },
    /// A token was ended.
    TokenEnded {
        /// Its id.
        token: Text<16>,
    },
    /// Somebody asked for what he may not do. Told in part when it is asked for in haste.
    Refused {
        /// What for: method and path.
        operation: Text<255>,
        /// The code that it was refused with.
        code: Text<64>,
    },
}

/// Something asked for. Imperative; may be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Does what is asked if something is so; else it is [`crate::Refusal::PreconditionFailed`].
    If(Condition, Box<Self>),
    /// Keeps that something was done about access.
    NoteAccess(Access),
    /// Adds an entry to the directory. Answer: [`Answer::Added`].
    Add(Entry),
    /// Replaces an entry; its kind stays what it was.
    Change(EntryId, Entry),
    /// Removes an entry that nothing live needs.
    Remove(EntryId),
    /// Changes what the tenant lets out.
    SetOutboundRules(OutboundRules),
    /// Changes what the tenant's devices dial for features.
    SetFeatureCodes(FeatureCodes),
    /// Changes what callers on the blacklist hear.
    SetBlacklistPrompts(BlacklistPrompts),
    /// Closes a queue until told otherwise, or takes that back.
    SetNightMode {
        /// Which.
        queue: QueueId,
        /// Whether it is closed.
        on: bool,
    },
    /// Throws the emergency switch of one queue or of the tenant, or takes it back.
    SetEmergency {
        /// Which; all when absent.
        queue: Option<QueueId>,
        /// `None` takes it back.
        emergency: Option<Emergency>,
        /// Whether the calls that wait go too.
        waiting: bool,
    },
    /// Lets an agent take calls of a queue, or gives him another rank there; the membership begins as in and ready.
    Assign {
        /// Who.
        agent: AgentId,
        /// Which queue.
        queue: QueueId,
        /// His rank there; `None` keeps the one that he has.
        tier: Option<Tier>,
    },
    /// Takes an agent off a queue; calls in progress go on.
    Unassign {
        /// Who.
        agent: AgentId,
        /// Which queue.
        queue: QueueId,
    },
    /// Logs an agent in at a device, not ready; who is logged in already moves there, as he is.
    LogIn {
        /// Who.
        agent: AgentId,
        /// Where.
        device: DeviceId,
    },
    /// Logs an agent out; pending while an offer, a call or a wrap-up is live.
    LogOut {
        /// Who.
        agent: AgentId,
        /// Why, from the tenant's list.
        reason: Option<ReasonId>,
    },
    /// Makes an agent ready; ends a wrap-up at once; pending while an offer or call is live.
    Ready {
        /// Who.
        agent: AgentId,
    },
    /// Makes an agent not ready; pending while an offer, a call or a wrap-up is live.
    NotReady {
        /// Who.
        agent: AgentId,
        /// Why, from the tenant's list.
        reason: Option<ReasonId>,
        /// In the agent's words.
        note: Note,
    },
    /// As [`Command::NotReady`], for no reason of the tenant's list.
    Absent {
        /// Who.
        agent: AgentId,
        /// For a break or for other work.
        absence: Absence,
        /// In the agent's words.
        note: Note,
    },
    /// Changes what happens to direct calls to an agent.
    SetHandling {
        /// Who.
        agent: AgentId,
        /// What happens.
        handling: Handling,
    },
    /// Changes all that an agent has set for direct calls.
    SetCallSettings {
        /// Who.
        agent: AgentId,
        /// What.
        settings: CallSettings,
    },
    /// Changes an agent's part in a queue that he is assigned to.
    SetMembership {
        /// Who.
        agent: AgentId,
        /// Which queue.
        queue: QueueId,
        /// Out, in and not ready, in and ready.
        membership: Membership,
    },
    /// Changes what an agent is in one queue, and leaves what he is in his others; pending while an offer, a call or a
    /// wrap-up is in its way.
    AskInQueue {
        /// Who.
        agent: AgentId,
        /// Which queue.
        queue: QueueId,
        /// What he asks to be there.
        wish: QueueWish,
    },
    /// Changes what an agent is for one of his queues, or for all of them at once, as one says who knows agents only
    /// queue by queue. What his other queues see stays as it is.
    Attend {
        /// Who.
        agent: AgentId,
        /// Which queue; all when absent.
        queue: Option<QueueId>,
        /// What he wants.
        how: Attend,
    },
    /// Says whether a message in an agent's mailbox was heard.
    MarkMessage {
        /// Whose mailbox.
        agent: AgentId,
        /// Which message.
        message: RecordingId,
        /// Whether it was.
        heard: bool,
    },
    /// Takes a message out of an agent's mailbox; its recording stays with its call.
    RemoveMessage {
        /// Whose mailbox.
        agent: AgentId,
        /// Which message.
        message: RecordingId,
    },
    /// Lengthens a wrap-up by what its queue allows; once.
    ExtendWrapUp {
        /// Whose.
        agent: AgentId,
    },
    /// Makes an agent ready after the wrap-up that goes on, whatever was to follow it; without one it is [`Command::Ready`].
    ReadyAfterWrapUp {
        /// Who.
        agent: AgentId,
    },
    /// Ends a wrap-up before its time; what was pending takes effect, else the queue says what follows.
    EndWrapUp {
        /// Who.
        agent: AgentId,
    },
    /// Offers a waiting call to an agent out of turn, who must be one whom the queue could offer it.
    Pick {
        /// Who.
        agent: AgentId,
        /// Which call.
        call: CallId,
    },
    /// Refuses an offer without touching the phone.
    DeclineOffer {
        /// Which.
        offer: OfferId,
    },
    /// Says how a contact ended; until the call's record is closed, the last word counts.
    SetDisposition {
        /// Which call.
        call: CallId,
        /// Whose word.
        agent: AgentId,
        /// The word.
        disposition: DispositionId,
        /// In the agent's words.
        note: Note,
    },
    /// Rings a device, and when it is answered dials on its behalf. Answer: [`Answer::Call`].
    PlaceCall {
        /// The device that is rung first.
        device: DeviceId,
        /// Whom it wants to reach.
        to: Number,
    },
    /// Clears a call with all its legs.
    ClearCall {
        /// Which.
        call: CallId,
    },
    /// Lets a call wait where any phone can take it. Answer: [`Answer::Parked`].
    ParkCall {
        /// Which; two parties talk in it.
        call: CallId,
        /// The device that leaves it; when absent, that of its agent, else the one that was rung.
        device: Option<DeviceId>,
        /// Where it waits; the lowest free slot when absent.
        slot: Option<u16>,
    },
    /// Rings a device for a parked call. Answer: [`Answer::Done`].
    RetrieveCall {
        /// Which.
        call: CallId,
        /// Who is rung.
        device: DeviceId,
    },
    /// Leads a party of a call elsewhere, whose other party leaves it.
    TransferCall {
        /// Which; two parties talk in it.
        call: CallId,
        /// The device that leaves it; when absent, that of its agent, else the one that was rung.
        device: Option<DeviceId>,
        /// Where to.
        to: TransferTo,
    },
    /// Answers for a device that rings, and that answers by itself when it is asked to.
    AnswerCall {
        /// Which.
        call: CallId,
        /// Which of the devices that ring for it.
        device: DeviceId,
    },
    /// Holds a call for one of the devices that talk in it, or takes that back. Back in a call for which it asks somebody
    /// else meanwhile, it holds that other call instead.
    HoldCall {
        /// Which.
        call: CallId,
        /// For whom; when absent, for the device of its agent, else the one that was rung.
        device: Option<DeviceId>,
        /// Whether it is to be held.
        hold: bool,
    },
    /// Lets the others of a call hear a device no more, or again.
    MuteCall {
        /// Which.
        call: CallId,
        /// Whom; as in [`Command::HoldCall`].
        device: Option<DeviceId>,
        /// Whether nobody is to hear it.
        muted: bool,
    },
    /// Presses keys on behalf of a device, for the others of the call to receive.
    SendDigits {
        /// In which.
        call: CallId,
        /// For whom; as in [`Command::HoldCall`].
        device: Option<DeviceId>,
        /// Which.
        digits: Digits,
    },
    /// Ends a device's part in a call: of two who talk both leave, of more the others talk on.
    LeaveCall {
        /// Which.
        call: CallId,
        /// Whose; as in [`Command::HoldCall`].
        device: Option<DeviceId>,
    },
    /// Ends the part of any of those who talk in a call, likewise.
    DropParty {
        /// Which call.
        call: CallId,
        /// Which of its legs.
        leg: LegId,
    },
    /// Lets a device ask somebody else, in a call of its own; the others of the call hear music meanwhile. When the new call
    /// ends, whoever ends it, the device is back. Answer: [`Answer::Call`].
    Consult {
        /// For which call.
        call: CallId,
        /// Who asks; as in [`Command::HoldCall`].
        device: Option<DeviceId>,
        /// Whom.
        to: Number,
    },
    /// Takes who consults from the one of his two calls to the other.
    SwapCalls {
        /// Either of the two.
        call: CallId,
        /// Who consults.
        device: Option<DeviceId>,
    },
    /// Makes one call of a call and its consultation. To transfer, also of any two calls of one device.
    JoinCalls {
        /// Either of the two.
        call: CallId,
        /// Who consults.
        device: Option<DeviceId>,
        /// What for.
        how: Joining,
    },
    /// Rings a device whose user then hears an agent, or a call. Answer: [`Answer::Call`].
    Monitor {
        /// Who is rung.
        device: DeviceId,
        /// Whom he wants to hear.
        whom: Monitored,
        /// Whether the agent hears him from the beginning.
        whispers: bool,
    },
    /// Changes what part a supervisor takes in the call that he hears.
    Supervise {
        /// His own call.
        call: CallId,
        /// What part.
        how: Supervision,
    },
    /// Sets some variables of a call, and takes those away that have no value; the others stay.
    SetVariables {
        /// Which.
        call: CallId,
        /// Which variables.
        variables: BTreeMap<VariableName, Option<VariableValue>>,
    },
    /// Ends whatever an agent waits for: an offer is declined, calls are left (of two who talk both leave), a wrap-up ends.
    ClearAgent {
        /// Who.
        agent: AgentId,
    },
    /// Stops taking audio into the call's recording until resumed.
    PauseRecording {
        /// Which call.
        call: CallId,
        /// Why, kept with the recording.
        reason: Text<64>,
    },
    /// Goes on with a paused recording.
    ResumeRecording {
        /// Which call.
        call: CallId,
    },
}

/// What the network or the media path says became so. A report about something that is no longer there is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A device has at least one binding now.
    DeviceRegistered {
        /// Which.
        device: DeviceId,
    },
    /// A device's last binding is gone.
    DeviceUnregistered {
        /// Which.
        device: DeviceId,
    },
    /// A call comes in. Answer: [`Answer::Arrived`], or a refusal that the node turns into a final response.
    LegArrived {
        /// Whence.
        from: Endpoint,
        /// Who calls: the authenticated device's own number, or what the trunk says.
        caller: Option<Number>,
        /// What the caller calls himself.
        caller_name: Name,
        /// What was dialled.
        dialled: Number,
    },
    /// The far end of a leg that we dialled rings.
    LegRinging {
        /// Which.
        leg: LegId,
        /// Whether it sends audio already (a 183 with a session description).
        early_media: bool,
    },
    /// The far end of a leg that we dialled answered.
    LegAnswered {
        /// Which.
        leg: LegId,
    },
    /// What is needed to end an answered leg after the process died, opaque to the engine.
    LegSaved {
        /// Which.
        leg: LegId,
        /// At most 4 KiB.
        dialog: String,
    },
    /// The far end put us on hold.
    LegHeld {
        /// Which.
        leg: LegId,
    },
    /// The far end took us off hold.
    LegRetrieved {
        /// Which.
        leg: LegId,
    },
    /// The far end cleared its leg, or it could not be reached.
    LegCleared {
        /// Which.
        leg: LegId,
        /// Why.
        cause: Cause,
    },
    /// The far end transfers its call by itself. Answer: [`Answer::Done`], or a refusal that the node tells it.
    LegReferred {
        /// Which.
        leg: LegId,
        /// Where to.
        to: Number,
    },
    /// The far end transfers its call to the party of another call that it has. Answer: as [`Report::LegReferred`].
    LegReplaces {
        /// Its leg of the one.
        leg: LegId,
        /// Its leg of the other.
        other: LegId,
    },
    /// The far end pressed a key.
    Digit {
        /// Which.
        leg: LegId,
        /// `0` to `9`, `A` to `D`, `*` or `#`.
        digit: char,
    },
    /// What came of [`crate::Action::CheckPin`].
    PinChecked {
        /// Where it was pressed.
        leg: LegId,
        /// Whose it should be.
        agent: AgentId,
        /// Whether it is.
        right: bool,
    },
    /// All prompts that were to be played to a leg have been played.
    PromptsEnded {
        /// Which.
        leg: LegId,
    },
    /// A recording's file is complete.
    RecordingSaved {
        /// Which.
        recording: RecordingId,
        /// Audio in it. Milliseconds.
        audio_ms: u64,
        /// Time left out by pauses. Milliseconds.
        paused_ms: u64,
        /// Its size. Bytes.
        bytes: u64,
    },
    /// A recording's file could not be written to its end; what exists is kept.
    RecordingFailed {
        /// Which.
        recording: RecordingId,
        /// For the operator.
        why: Text<255>,
    },
}

/// Anything that can be rung or that a call can come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// A phone or browser.
    Device(DeviceId),
    /// A carrier or peer.
    Trunk(TrunkId),
}

/// What a granted command says back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Done,
    /// It is noted and takes effect after the live offer, call or wrap-up.
    Pending,
    /// A tenant was added.
    Tenant(TenantId, Guid),
    /// An entry was added.
    Added(EntryId, Guid),
    /// A call was placed.
    Call(CallId, Guid),
    /// A call came in and this is its first leg.
    Arrived(CallId, LegId),
    /// A call is parked in this slot.
    Parked(u16),
}
