//! What the worker tells: events for the node, packets for the sockets, audio for the recordings' writer.

use std::net::SocketAddr;

use crate::dtmf::Digit;
use crate::id::{LocalSocket, PlayId, PortRef, PromptName, RecordingId};

/// Something that happened to a port or a recording. Carries the epoch that the port had at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaEvent {
    /// A port could not be opened or used.
    PortFailed {
        /// The port asked for.
        port: PortRef,
        /// What was wrong.
        fault: PortFault,
    },
    /// A port is gone; its socket may be closed and given back to the pool.
    PortClosed {
        /// The port.
        port: PortRef,
        /// Its socket.
        local: LocalSocket,
        /// What passed through it.
        statistics: PortStatistics,
    },
    /// The first packet of the accepted source came in. Told again when SDP moved the party elsewhere.
    MediaStarted {
        /// The port.
        port: PortRef,
        /// Where the party really sends from.
        source: SocketAddr,
    },
    /// Nothing was heard from a party that may talk, for [`crate::limits::STALL_AFTER`]. Told once per silence.
    /// A new `SetRemote` begins the watch anew, without `MediaResumed`.
    MediaStalled {
        /// The port.
        port: PortRef,
        /// How long.
        silent_ms: u64,
        /// Whether anything was ever heard; before the answer of a call silence is normal.
        started: bool,
    },
    /// A stalled party is heard again.
    MediaResumed {
        /// The port.
        port: PortRef,
        /// How long it was silent.
        silent_ms: u64,
    },
    /// A party pressed a key: as a telephone event (RFC 4733), or as tones where they are looked for, told once when it
    /// comes as both. One event per key, told when the key is let go.
    Dtmf {
        /// The port.
        port: PortRef,
        /// The key.
        digit: Digit,
        /// How long it was held.
        duration_ms: u32,
    },
    /// The digits of one `SendDtmf` are through, or could not be sent.
    DtmfSent {
        /// The port.
        port: PortRef,
        /// Digits sent in full.
        sent: usize,
        /// Digits given up: no telephone-event agreed on, the queue was full, or the port was closed.
        unsent: usize,
    },
    /// A prompt of a play does not exist; the others are played.
    PromptMissing {
        /// The port.
        port: PortRef,
        /// The play.
        play: PlayId,
        /// The unknown name.
        prompt: PromptName,
    },
    /// A play is over. Exactly one for each `Play`.
    PlayEnded {
        /// The port.
        port: PortRef,
        /// The play.
        play: PlayId,
        /// Why.
        ending: PlayEnding,
    },
    /// A recording runs.
    RecordingStarted {
        /// The recording.
        recording: RecordingId,
    },
    /// A recording is over, or never began (zero frames). Exactly one for each `StartRecording`.
    RecordingStopped {
        /// The recording.
        recording: RecordingId,
        /// Length in stereo samples at 8 kHz (8,000 to the second).
        frames: u64,
        /// Time left out by pauses, in the same unit.
        paused_frames: u64,
        /// Why.
        ending: RecordingEnding,
    },
}

/// Why a port could not be opened or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortFault {
    /// The port is open already.
    AlreadyOpen,
    /// Another port owns that socket.
    SocketTaken,
    /// [`crate::limits::PORTS_MAX`] ports are open.
    TooManyPorts,
    /// The address cannot be one party's (multicast, broadcast); nothing will be sent or accepted.
    UnusableRemote,
}

/// Why a play ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayEnding {
    /// The last prompt was played (silence may follow).
    Finished,
    /// `StopPlay`.
    Stopped,
    /// Another `Play` took its place.
    Replaced,
    /// The port was bridged.
    Bridged,
    /// The port was closed.
    PortClosed,
    /// Nothing in the list could be played, or the list was longer than [`crate::limits::PLAYLIST_MAX`].
    Unplayable,
}

/// Why a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingEnding {
    /// `StopRecording`.
    Asked,
    /// All its ports were closed.
    PortsClosed,
    /// The agent's port is not open, or none of the others.
    UnknownPort,
    /// The id is in use, or [`crate::limits::RECORDINGS_MAX`] recordings or [`crate::limits::TAPS_MAX`] taps exist.
    TooMany,
    /// [`crate::limits::RECORDED_QUEUE_MAX`] pieces wait for the writer.
    WriterBehind,
}

/// What passed through a port in its life. Told once, on closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PortStatistics {
    /// Packets accepted from the party.
    pub packets_received: u64,
    /// Payload bytes accepted.
    pub bytes_received: u64,
    /// Packets that the party sent and that never came (RFC 3550 appendix A.3).
    pub packets_lost: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Interarrival jitter at the end (RFC 3550 appendix A.8).
    pub jitter_us: u32,
    /// Packets sent to the party.
    pub packets_sent: u64,
    /// Payload bytes sent.
    pub bytes_sent: u64,
    /// Packets refused because a stranger sent them.
    pub dropped_foreign: u64,
    /// Packets refused because their payload type was not agreed on.
    pub dropped_payload_type: u64,
    /// Packets refused because they are no RTP that we understand.
    pub dropped_malformed: u64,
    /// Packets refused because the party is held or there is no far end yet.
    pub dropped_unwanted: u64,
    /// Keys refused because they came faster than [`crate::limits::DTMF_PER_SECOND_MAX`].
    pub dropped_digits: u64,
    /// Packets of ours that the far end reported lost, by its last report.
    pub remote_lost: u64,
    /// Jitter that the far end reported.
    pub remote_jitter_us: u32,
    /// Round trip by the far end's last report, if it gave one.
    pub round_trip_us: Option<u32>,
}

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// From this port's socket.
    pub local: LocalSocket,
    /// To this address.
    pub to: SocketAddr,
    /// The datagram. Give the buffer back with [`crate::Worker::recycle`].
    pub bytes: Vec<u8>,
    /// Send it from the RTCP socket (`local` + 1) instead of the RTP socket.
    pub is_rtcp: bool,
}

/// A piece of a recording, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// Stereo samples, left and right interleaved, 8 kHz.
    Audio {
        /// The recording.
        recording: RecordingId,
        /// An even number of samples.
        samples: Vec<i16>,
    },
    /// Time in which the worker itself did not run, to be written as silence.
    Silence {
        /// The recording.
        recording: RecordingId,
        /// Stereo samples.
        frames: u64,
    },
    /// Audio is left out from here.
    Paused {
        /// The recording.
        recording: RecordingId,
        /// Position in the recording, in stereo samples.
        at_frame: u64,
        /// As given in the command.
        reason: String,
    },
    /// Audio is kept again from here.
    Resumed {
        /// The recording.
        recording: RecordingId,
        /// Length of the pause that ended, in stereo samples.
        paused_frames: u64,
    },
    /// Nothing follows.
    End {
        /// The recording.
        recording: RecordingId,
        /// Length in stereo samples; what was given before adds up to it.
        frames: u64,
        /// Time left out by pauses.
        paused_frames: u64,
    },
}

impl Recorded {
    /// The recording that this piece belongs to.
    #[must_use]
    pub const fn recording(&self) -> RecordingId {
        match self {
            Self::Audio { recording, .. }
            | Self::Silence { recording, .. }
            | Self::Paused { recording, .. }
            | Self::Resumed { recording, .. }
            | Self::End { recording, .. } => *recording,
        }
    }
}
