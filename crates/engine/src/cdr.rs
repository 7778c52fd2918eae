//! Call detail records: one per call, folded from events and final when the call is closed.
//!
//! Durations are taken from the monotonic clock, the four wall times are for people. Offsets (`…_ms` of a segment, an
//! offer, a pause) count from the start of the call. The fold holds open calls only; what a recording's file became
//! after the record was final is given out as an amendment to it.

mod fold;

use serde::{Deserialize, Serialize};

pub use fold::{CdrFold, recording_end};

use crate::call::{
    Cause, ConsultationEnd, Direction, Joining, OfferEnd, ParkingEnd, Role, TransferTo, WaitingEnd,
};
use crate::command::{Endpoint, Note};
use crate::entry::Name;
use crate::id::{
    AgentId, CallId, DeviceId, DispositionId, Guid, LegId, OfferId, QueueId, RecordingId, TenantId,
};
use crate::text::{Number, Text};
use crate::time::WallTime;

/// Entries of one kind (segments, offers, ...) in one record. Beyond it the oldest that came to nothing is left out
/// and counted in [`Cdr::left_out`].
pub const ENTRIES_MAX: usize = 256;

/// The record of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cdr {
    /// The call.
    pub call: CallId,
    /// Its name outside.
    pub guid: Guid,
    /// Whose.
    pub tenant: TenantId,
    /// Where it began.
    pub direction: Direction,
    /// Who called, if known.
    pub caller: Option<Number>,
    /// What the caller calls himself.
    pub caller_name: Name,
    /// What was dialled.
    pub dialled: Number,
    /// When it began.
    pub started: WallTime,
    /// When two parties first heard each other.
    pub answered: Option<WallTime>,
    /// When its last leg was gone.
    pub cleared: Option<WallTime>,
    /// When its last wrap-up was over and the record became final; until then, of the last fact counted.
    pub closed: WallTime,
    /// Start to first conversation.
    pub answered_ms: Option<u64>,
    /// Start to last leg gone.
    pub cleared_ms: Option<u64>,
    /// Start to final record.
    pub closed_ms: u64,
    /// Time with two parties hearing each other.
    pub talk_ms: u64,
    /// Time with nobody hearing another, because a party holds or asks somebody else.
    pub hold_ms: u64,
    /// Sum of the waits in queues.
    pub wait_ms: u64,
    /// Sum of the wrap-ups.
    pub wrap_ms: u64,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// The places it had in queues, in order.
    pub queues: Vec<QueuePart>,
    /// Its legs, in order of joining.
    pub segments: Vec<Segment>,
    /// The offers made for it, in order.
    pub offers: Vec<OfferPart>,
    /// Who had a part in it, in order of connecting.
    pub agents: Vec<AgentPart>,
    /// The slots it was parked in, in order. Records older than this field say nothing of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parkings: Vec<ParkingPart>,
    /// How it was transferred, in order. Records older than this field say nothing of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<TransferPart>,
    /// Where its parties asked others, in order. Records older than this field say nothing of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consultations: Vec<ConsultationPart>,
    /// The call for which somebody consulted in this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consulted_for: Option<CallId>,
    /// The last word of each agent.
    pub dispositions: Vec<DispositionPart>,
    /// Its recordings.
    pub recordings: Vec<RecordingPart>,
    /// Entries left out at [`ENTRIES_MAX`].
    pub left_out: u64,
}

/// One place in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePart {
    /// Which queue.
    pub queue: QueueId,
    /// When the wait began.
    pub entered_ms: u64,
    /// How it ended; `None` only while it lasts.
    pub end: Option<WaitingEnd>,
    /// How long it lasted.
    pub waited_ms: u64,
}

/// A leg's stretch within the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The leg.
    pub leg: LegId,
    /// Its name outside.
    pub guid: Guid,
    /// Its part.
    pub role: Role,
    /// Whether it arrived; else it was rung.
    pub arrived: bool,
    /// Where it led.
    pub endpoint: Endpoint,
    /// Whose device it was.
    pub agent: Option<AgentId>,
    /// When it joined.
    pub added_ms: u64,
    /// When it rang.
    pub ringing_ms: Option<u64>,
    /// When it was answered.
    pub answered_ms: Option<u64>,
    /// When it was gone.
    pub cleared_ms: Option<u64>,
    /// Why it was gone.
    pub cause: Option<Cause>,
    /// When it left for another call. It may be back, in a stretch of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_ms: Option<u64>,
}

/// One agent asked once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferPart {
    /// The offer.
    pub offer: OfferId,
    /// For which queue.
    pub queue: QueueId,
    /// Who was asked.
    pub agent: AgentId,
    /// When.
    pub made_ms: u64,
    /// When the asking was over.
    pub ended_ms: Option<u64>,
    /// How.
    pub end: Option<OfferEnd>,
}

/// An agent's part in the talking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentPart {
    /// Who.
    pub agent: AgentId,
    /// Through which queue; `None` for a direct call.
    pub queue: Option<QueueId>,
    /// From when.
    pub connected_ms: u64,
    /// Until when.
    pub disconnected_ms: Option<u64>,
    /// Time for finishing after it.
    pub wrap_ms: u64,
}

/// One place in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkingPart {
    /// Which slot.
    pub slot: u16,
    /// Who parked it.
    pub device: DeviceId,
    /// When.
    pub parked_ms: u64,
    /// When that ended.
    pub ended_ms: Option<u64>,
    /// How; `None` only while it lasts.
    pub end: Option<ParkingEnd>,
}

/// One transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferPart {
    /// From which device.
    pub device: DeviceId,
    /// By whom, if somebody was there.
    pub agent: Option<AgentId>,
    /// Where to.
    pub to: TransferTo,
    /// When.
    pub transferred_ms: u64,
}

/// One consultation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsultationPart {
    /// The call in which somebody else was asked.
    pub call: CallId,
    /// From which device.
    pub device: DeviceId,
    /// By whom, if somebody was there.
    pub agent: Option<AgentId>,
    /// When it began. That it was one may be known only when it ends, where a phone has two calls.
    pub started_ms: u64,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// How; `None` only while it lasts.
    pub end: Option<ConsultationOutcome>,
}

/// What a consultation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsultationOutcome {
    /// The two calls became one.
    Joined(Joining),
    /// They did not.
    Ended(ConsultationEnd),
}

/// How the contact ended, in one agent's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispositionPart {
    /// Whose word.
    pub agent: AgentId,
    /// The word.
    pub disposition: DispositionId,
    /// What was written beside it.
    pub note: Note,
    /// When it was said.
    pub set: WallTime,
}

/// A recording of the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingPart {
    /// Which.
    pub recording: RecordingId,
    /// Its name outside.
    pub guid: Guid,
    /// The agent who is heard in it.
    pub agent: AgentId,
    /// When it began.
    pub started_ms: u64,
    /// How far it is.
    pub state: RecordingState,
    /// Audio in the file; nought until it is saved.
    pub audio_ms: u64,
    /// Time left out by pauses.
    pub paused_ms: u64,
    /// Size of the file; nought until it is saved.
    pub bytes: u64,
    /// The pauses, with their reasons.
    pub pauses: Vec<Pause>,
}

/// How far a recording is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// What is said is taken in.
    Recording,
    /// What is said is left out.
    Paused,
    /// Nothing more is taken in; the file is not complete yet.
    Stopped,
    /// The file is complete.
    Saved,
    /// The file could not be completed, for this reason; what exists is kept.
    Failed(Text<255>),
}

/// A stretch left out of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why.
    pub reason: Text<64>,
    /// From when.
    pub from_ms: u64,
    /// Until when; `None` only while it lasts.
    pub to_ms: Option<u64>,
}

/// What became of a recording's file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are named as in the facts that they come from")]
pub enum RecordingEnd {
    /// It is complete.
    Saved { audio_ms: u64, paused_ms: u64, bytes: u64 },
    /// It could not be completed.
    Failed { why: Text<255> },
}

/// What an event means for the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CdrChange {
    /// A record is final.
    Closed(Box<Cdr>),
    /// The file of a recording was finished after its call's record: apply [`Cdr::end_recording`].
    RecordingEnded {
        /// The call, which is closed.
        call: CallId,
        /// Which recording.
        recording: RecordingId,
        /// What became of its file.
        end: RecordingEnd,
    },
}

impl Cdr {
    /// Notes what became of a recording's file.
    pub fn end_recording(&mut self, recording: RecordingId, end: RecordingEnd) {
        let Some(part) = self.recordings.iter_mut().find(|part| part.recording == recording) else {
            return;
        };
        match end {
            RecordingEnd::Saved { audio_ms, paused_ms, bytes } => {
                part.state = RecordingState::Saved;
                part.audio_ms = audio_ms;
                part.paused_ms = paused_ms;
                part.bytes = bytes;
            }
            RecordingEnd::Failed { why } => part.state = RecordingState::Failed(why),
        }
    }
}
