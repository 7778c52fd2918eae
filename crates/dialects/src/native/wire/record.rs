//! Call records and recordings. Offsets (`…_ms` beside a part) count from the start of the call.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Cause, ConsultationEnd, Direction, Endpoint, Id, Joining, LegRole, OfferEnd, ParkingEnd, Time,
    TransferTo, WaitingEnd,
};

/// The record of one call; final when its last leg and last wrap-up are over.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Cdr {
    /// The call's id.
    pub id: Id,
    /// Where it began.
    pub direction: Direction,
    /// Who called.
    pub caller: Option<String>,
    /// What the caller calls himself.
    pub caller_name: String,
    /// What was dialled.
    pub dialled: String,
    /// When it began.
    pub started: Time,
    /// When two parties first heard each other.
    pub answered: Option<Time>,
    /// When its last leg was gone.
    pub cleared: Option<Time>,
    /// When its last wrap-up was over.
    pub closed: Time,
    /// Start to first conversation. Milliseconds.
    pub answered_ms: Option<u64>,
    /// Start to last leg gone. Milliseconds.
    pub cleared_ms: Option<u64>,
    /// Start to final record. Milliseconds.
    pub closed_ms: u64,
    /// Time with two parties hearing each other. Milliseconds.
    pub talk_ms: u64,
    /// Time with nobody hearing another, because a party holds or asks somebody else. Milliseconds.
    pub hold_ms: u64,
    /// Sum of the waits in queues. Milliseconds.
    pub wait_ms: u64,
    /// Sum of the wrap-ups. Milliseconds.
    pub wrap_ms: u64,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// The places it had in queues.
    pub queues: Vec<CdrQueue>,
    /// Its legs.
    pub segments: Vec<CdrSegment>,
    /// The offers made for it.
    pub offers: Vec<CdrOffer>,
    /// Who had a part in it.
    pub agents: Vec<CdrAgent>,
    /// The slots it was parked in.
    pub parkings: Vec<CdrParking>,
    /// How it was transferred, in order.
    pub transfers: Vec<CdrTransfer>,
    /// Where its parties asked others, in order.
    pub consultations: Vec<CdrConsultation>,
    /// Who heard it as a supervisor, in order.
    pub supervisions: Vec<CdrSupervision>,
    /// What applications kept with it at the end.
    pub variables: BTreeMap<String, String>,
    /// The call for which somebody consulted in this one.
    pub consulted_for: Option<Id>,
    /// The last word of each agent.
    pub dispositions: Vec<CdrDisposition>,
    /// Its recordings.
    pub recordings: Vec<CdrRecording>,
    /// Parts left out because there were too many.
    pub left_out: u64,
}

/// One place in a queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct CdrQueue {
    pub queue: Id,
    pub entered_ms: u64,
    pub end: Option<WaitingEnd>,
    pub waited_ms: u64,
}

/// One place in a slot for parked calls.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct CdrParking {
    pub slot: u16,
    /// Who parked it.
    pub device: Id,
    pub parked_ms: u64,
    pub ended_ms: Option<u64>,
    pub end: Option<ParkingEnd>,
}

/// One transfer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct CdrTransfer {
    /// From which device.
    pub device: Id,
    /// By whom, if somebody was there.
    pub agent: Option<Id>,
    pub to: TransferTo,
    pub transferred_ms: u64,
}

/// A supervisor's ear on the call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CdrSupervision {
    /// The supervisor's own call; its record says who he is.
    pub call: Id,
    /// When he began to hear.
    pub started_ms: u64,
    /// How he came to talk in it, if he did.
    pub joined: Option<Joining>,
}

/// One consultation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct CdrConsultation {
    /// The call in which somebody else was asked.
    pub call: Id,
    /// From which device.
    pub device: Id,
    /// By whom, if somebody was there.
    pub agent: Option<Id>,
    pub started_ms: u64,
    pub ended_ms: Option<u64>,
    /// What the two calls became one for, if they did.
    pub joined: Option<Joining>,
    /// How it ended, if they did not.
    pub end: Option<ConsultationEnd>,
}

/// A leg's stretch within the call.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct CdrSegment {
    pub leg: Id,
    pub role: LegRole,
    pub endpoint: Endpoint,
    pub agent: Option<Id>,
    pub added_ms: u64,
    pub ringing_ms: Option<u64>,
    pub answered_ms: Option<u64>,
    pub cleared_ms: Option<u64>,
    pub cause: Option<Cause>,
    /// When it left for another call. It may be back, in a stretch of its own.
    pub moved_ms: Option<u64>,
}

/// One agent asked once.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct CdrOffer {
    pub offer: Id,
    pub queue: Id,
    pub agent: Id,
    pub made_ms: u64,
    pub ended_ms: Option<u64>,
    pub end: Option<OfferEnd>,
}

/// An agent's part in the talking.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct CdrAgent {
    pub agent: Id,
    pub queue: Option<Id>,
    pub connected_ms: u64,
    pub disconnected_ms: Option<u64>,
    pub wrap_ms: u64,
}

/// How the contact ended, in one agent's word.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct CdrDisposition {
    pub agent: Id,
    pub disposition: Id,
    pub note: String,
    pub set: Time,
}

/// A recording within a call's record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CdrRecording {
    /// Its id.
    pub id: Id,
    /// The agent who is heard in it.
    pub agent: Id,
    /// When it began, from the start of the call. Milliseconds.
    pub started_ms: u64,
    /// How far it is.
    pub state: RecordingState,
    /// Audio in the file; 0 until it is saved. Milliseconds.
    pub audio_ms: u64,
    /// Time left out by pauses. Milliseconds.
    pub paused_ms: u64,
    /// Size of the file; 0 until it is saved. Bytes.
    pub bytes: u64,
    /// The pauses.
    pub pauses: Vec<Pause>,
}

/// A recording.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Recording {
    /// Its id.
    pub id: Id,
    /// Its call.
    pub call: Id,
    /// The agent who is heard in it.
    pub agent: Id,
    /// When it began.
    pub started: Time,
    /// How far it is.
    pub state: RecordingState,
    /// Audio in the file; 0 until it is saved. Milliseconds.
    pub audio_ms: u64,
    /// Time left out by pauses. Milliseconds.
    pub paused_ms: u64,
    /// Size of the file; 0 until it is saved. Bytes.
    pub bytes: u64,
}

/// How far a recording is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordingState {
    /// What is said is taken in.
    Recording,
    /// What is said is left out.
    Paused,
    /// The file is not complete yet.
    Stopped,
    /// The file is complete.
    Saved,
    /// The file could not be completed; what exists is kept.
    Failed {
        /// For the operator.
        why: String,
    },
}

/// A stretch left out of a recording.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "named as in the glossary")]
pub struct Pause {
    pub reason: String,
    pub from_ms: u64,
    pub to_ms: Option<u64>,
}
