//! What the node asks of the worker.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::dtmf::Digit;
use crate::g711::Codec;
use crate::id::{LocalSocket, PlayId, PortRef, PromptName, RecordingId};
use crate::mixer::Gain;

/// One order. None is answered directly: what came of it is seen in [`crate::MediaEvent`].
///
/// A command that names an unknown port, or an epoch older than the port's, is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaCommand {
    /// Begin to own `local`. Nothing is sent or accepted before [`MediaCommand::SetRemote`].
    OpenPort {
        /// The new port.
        port: PortRef,
        /// Its RTP socket, taken from the node's [`crate::PortPool`].
        local: LocalSocket,
    },
    /// What the far end's SDP said. Sent again on each new offer or answer; holding is a change of direction.
    ///
    /// A new address opens the source-learning window again, and so does the same address as long as nobody was heard:
    /// send it once more when the call is answered.
    SetRemote {
        /// The port.
        port: PortRef,
        /// Where and in what form its party talks.
        remote: Remote,
    },
    /// Let two ports hear each other. Ends the plays and former bridges of both.
    Bridge {
        /// One party.
        a: PortRef,
        /// The other.
        b: PortRef,
    },
    /// End the bridge between these two, if they are bridged to each other.
    Unbridge {
        /// One party.
        a: PortRef,
        /// The other.
        b: PortRef,
    },
    /// Let a port hear several others, summed, instead of what it heard before by this command; without any it hears
    /// nothing by it. None of them hears the port. A play of its own goes before it, and so does a bridge.
    Mix {
        /// Who hears.
        listener: PortRef,
        /// Whom, and how loud each.
        sources: Vec<(PortRef, Gain)>,
    },
    /// Play prompts to a port, one after the other, replacing the play before.
    /// While a play runs the port hears it instead of its bridge. It goes on in time even while its party cannot be
    /// sent to (held, or no SDP yet), so that a flow never hangs on it.
    Play {
        /// Who hears it.
        port: PortRef,
        /// Named again in the ending.
        play: PlayId,
        /// The prompts; an unknown name is skipped and reported.
        playlist: Vec<PromptName>,
        /// What follows the last prompt.
        then: AtEnd,
    },
    /// Play audio that is no prompt to a port, as [`MediaCommand::Play`] does. It may have taken its time to come: when
    /// the port was given another play meanwhile, whose id is higher, that one goes on and this one is replaced.
    PlayAudio {
        /// Who hears it.
        port: PortRef,
        /// Named again in the ending.
        play: PlayId,
        /// Mu-law codes, 8 kHz; without any it is unplayable.
        audio: Arc<[u8]>,
        /// What follows.
        then: AtEnd,
    },
    /// End the running play of a port.
    StopPlay {
        /// The port.
        port: PortRef,
    },
    /// Send digits as RFC 4733 events, after those still being sent.
    SendDtmf {
        /// Who receives them.
        port: PortRef,
        /// The digits in order.
        digits: Vec<Digit>,
    },
    /// Look for keys in what a party says (tones in the audio, ITU-T Q.24), or no longer; a new port does not. For trunks that
    /// agree on no telephone events: speech is seldom taken for a key, and costs something to look at. Keys are told by
    /// [`crate::MediaEvent::Dtmf`] as those that come as telephone events are.
    DetectDigits {
        /// The port.
        port: PortRef,
        /// Whether to.
        on: bool,
    },
    /// Begin a stereo recording of what the agent says on one side, and what everyone else says, summed, on the other.
    /// Ports that are not open are left out; it ends at once with `UnknownPort` when the agent's is not, or no other.
    StartRecording {
        /// The new recording.
        recording: RecordingId,
        /// The agent.
        left: PortRef,
        /// Everyone else, up to [`crate::limits::MIX_SOURCES_MAX`]; more are left out.
        right: Vec<PortRef>,
    },
    /// Go on recording other ports into the same recording (after a transfer, or when somebody comes or goes). What was
    /// said before is kept, of those who stay and of those who left. Ports that are not open are left out; ignored when
    /// the agent's is not, or no other.
    MoveRecording {
        /// A running recording.
        recording: RecordingId,
        /// The agent from now on.
        left: PortRef,
        /// Everyone else from now on, up to [`crate::limits::MIX_SOURCES_MAX`]; more are left out.
        right: Vec<PortRef>,
    },
    /// Keep nothing until [`MediaCommand::ResumeRecording`]. The time is left out of the recording.
    PauseRecording {
        /// A running recording.
        recording: RecordingId,
        /// Why, kept as a mark; cut at [`crate::limits::PAUSE_REASON_MAX`].
        reason: String,
    },
    /// End a pause.
    ResumeRecording {
        /// A paused recording.
        recording: RecordingId,
    },
    /// End a recording.
    StopRecording {
        /// A running or paused recording.
        recording: RecordingId,
    },
    /// Give up a port; its socket may be closed when [`crate::MediaEvent::PortClosed`] is seen.
    ClosePort {
        /// The port.
        port: PortRef,
    },
}

/// The far end as negotiated by SDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote {
    /// Address and port of the media line.
    pub address: SocketAddr,
    /// The one audio codec agreed on.
    pub codec: Codec,
    /// Its payload type (0 for PCMU and 8 for PCMA unless the offer mapped it elsewhere).
    pub payload_type: u8,
    /// Payload type of `telephone-event/8000`, if agreed on.
    pub dtmf_payload_type: Option<u8>,
    /// Whether we may send (the far end's direction is `sendrecv` or `recvonly`).
    pub send: bool,
    /// Whether we accept (the far end's direction is `sendrecv` or `sendonly`).
    pub receive: bool,
}

/// What a play does after its last prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// Stop; the port hears its bridge again, or nothing.
    Stop,
    /// Keep the stream alive with silence until stopped or bridged (at once when bridged).
    Silence,
    /// Begin the list again (music on hold); ends only by command. What interrupted it may be followed by the same list: it
    /// then goes on where it was.
    Loop,
}
