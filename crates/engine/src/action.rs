//! What the world must do. Imperative, done once, never stored: after a restart actions are derived from state.

use crate::call::{Cause, Digits, Pin};
use crate::command::Endpoint;
use crate::entry::Name;
use crate::id::{AgentId, Guid, LegId, RecordingId, TenantId};
use crate::text::Number;

/// One thing for the node to do with SIP or media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Dials a new leg; or dials one that rings anew, in place of what rings for it.
    Ring {
        /// The leg that was added for it.
        leg: LegId,
        /// Whom to ring.
        endpoint: Endpoint,
        /// The user part to ring there: the device's number, or the number beyond the trunk.
        number: Number,
        /// Who is calling, as the rung party shall see it.
        caller: Option<Number>,
        /// The name beside it.
        caller_name: Name,
        /// Whether the device is asked to answer by itself.
        auto_answer: bool,
    },
    /// Tells the caller of an arrived leg that the far end rings; with early media when `heard` names the ringing leg.
    Progress {
        /// The arrived leg.
        leg: LegId,
        /// The leg whose early audio the caller shall hear.
        heard: Option<LegId>,
    },
    /// Answers an arrived leg.
    Answer {
        /// Which.
        leg: LegId,
    },
    /// Ends a leg: by CANCEL, BYE or a final response, whichever fits. The engine has forgotten it already.
    Clear {
        /// Which.
        leg: LegId,
        /// Why, for the response or the Reason header.
        cause: Cause,
    },
    /// Ends a leg of a process that died.
    ClearSaved {
        /// Which.
        leg: LegId,
        /// What [`crate::Report::LegSaved`] brought.
        dialog: String,
    },
    /// Lets two legs hear each other; ends what either was played.
    Bridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Ends a bridge; both legs stay.
    Unbridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Lets a leg hear these, summed, and nobody else; without any it hears nobody. It does not make them hear it.
    Mix {
        /// Who hears.
        listener: LegId,
        /// Whom.
        sources: Vec<LegId>,
    },
    /// Sends digits to a leg, as if the party at its other end had pressed them.
    SendDigits {
        /// Who receives them.
        leg: LegId,
        /// In order.
        digits: Digits,
    },
    /// Goes on with a recording among other legs: agent left, everyone else right.
    MoveRecording {
        /// Which.
        recording: RecordingId,
        /// The agent's leg.
        left: LegId,
        /// The others.
        right: Vec<LegId>,
    },
    /// Plays to a leg, instead of what it was played before.
    Play {
        /// Which.
        leg: LegId,
        /// In order.
        prompts: Vec<Name>,
        /// What follows the last prompt.
        then: AfterPrompts,
    },
    /// Plays a message to a leg, instead of what it was played before; then the engine is told
    /// ([`crate::Report::PromptsEnded`]).
    PlayMessage {
        /// Which leg.
        leg: LegId,
        /// The recording that the message is.
        guid: Guid,
        /// In whose folder.
        tenant: TenantId,
    },
    /// Says whether a PIN is an agent's ([`crate::Report::PinChecked`]). Who has none has no right one.
    CheckPin {
        /// Where it was pressed.
        leg: LegId,
        /// Whose it should be.
        agent: AgentId,
        /// What was pressed.
        pin: Pin,
    },
    /// Ends what a leg is played.
    StopPlay {
        /// Which.
        leg: LegId,
    },
    /// Starts a stereo recording: agent left, everyone else right.
    StartRecording {
        /// Which.
        recording: RecordingId,
        /// Its opaque name outside.
        guid: Guid,
        /// In whose folder.
        tenant: TenantId,
        /// The agent's leg.
        left: LegId,
        /// The other legs.
        right: Vec<LegId>,
    },
    /// Leaves out what is said from here on.
    PauseRecording {
        /// Which.
        recording: RecordingId,
    },
    /// Goes on recording.
    ResumeRecording {
        /// Which.
        recording: RecordingId,
    },
    /// Completes a recording's file.
    StopRecording {
        /// Which.
        recording: RecordingId,
    },
}

/// What follows the last prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterPrompts {
    /// The engine is told ([`crate::Report::PromptsEnded`]).
    Report,
    /// This music, for ever; the library's default when absent.
    Music(Option<Name>),
}
