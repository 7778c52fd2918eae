//! When conversations are recorded. How is the media worker's business.

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::command::Answer;
use crate::engine::Engine;
use crate::fact::Fact;
use crate::id::{AgentId, CallId, LegId, RecordingId, TenantId};
use crate::machine::Moves;
use crate::refusal::Refusal;
use crate::text::Text;

/// The steps of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordingStep {
    Started,
    Paused,
    Stopped,
    Saved,
    Failed,
}

/// The legal moves of a recording.
pub(crate) const RECORDING: Moves<RecordingStep> = &[
    (RecordingStep::Started, &[RecordingStep::Paused, RecordingStep::Stopped]),
    (RecordingStep::Paused, &[RecordingStep::Started, RecordingStep::Stopped]),
    (RecordingStep::Stopped, &[RecordingStep::Saved, RecordingStep::Failed]),
];

impl Engine {
    /// Records a conversation from here on: the agent left, everyone else right.
    pub(crate) fn start_recording(&mut self, call: CallId, agent: AgentId, left: LegId, right: Vec<LegId>) {
        let tenant = self.state.call(call).tenant;
        let recording = RecordingId(self.state.last.recording + 1);
        let guid = self.draw_guid();
        let fact = Fact::RecordingStarted { recording, guid, call, agent };
        self.record(tenant, fact);
        self.act(Action::StartRecording { recording, guid, tenant, left, right });
    }

    pub(crate) fn pause_recording(
        &mut self,
        tenant: TenantId,
        call: CallId,
        reason: Text<64>,
    ) -> Result<Answer, Refusal> {
        let recording = self.recorded(tenant, call, RecordingStep::Paused)?;
        let fact = Fact::RecordingPaused { recording, call, reason };
        self.record(tenant, fact);
        self.act(Action::PauseRecording { recording });
        Ok(Answer::Done)
    }

    pub(crate) fn resume_recording(&mut self, tenant: TenantId, call: CallId) -> Result<Answer, Refusal> {
        let recording = self.recorded(tenant, call, RecordingStep::Started)?;
        self.record(tenant, Fact::RecordingResumed { recording, call });
        self.act(Action::ResumeRecording { recording });
        Ok(Answer::Done)
    }

    /// Takes nothing more in; the file is completed if there is a process left to do it.
    pub(crate) fn stop_recording(&mut self, call: CallId, act: bool) {
        let whole = self.state.call(call);
        let tenant = whole.tenant;
        if let Some(recording) = whole.recording {
            self.record(tenant, Fact::RecordingStopped { recording, call });
            if act {
                self.act(Action::StopRecording { recording });
            }
        }
    }

    pub(crate) fn recording_saved(&mut self, id: RecordingId, audio_ms: u64, paused_ms: u64, bytes: u64) {
        let Some((tenant, call)) = self.file_ended(id) else {
            return;
        };
        let fact = Fact::RecordingSaved { recording: id, call, audio_ms, paused_ms, bytes };
        // Filed first: the recording is forgotten once it is saved, and a crash between the two has it saved again.
        self.file_message(tenant, id, audio_ms);
        self.record(tenant, fact);
    }

    pub(crate) fn recording_failed(&mut self, recording: RecordingId, why: Text<255>) {
        let Some((tenant, call)) = self.file_ended(recording) else {
            return;
        };
        self.record(tenant, Fact::RecordingFailed { recording, call, why });
    }

    /// A file that ended before the conversation did has stopped taking it in.
    fn file_ended(&mut self, id: RecordingId) -> Option<(TenantId, CallId)> {
        let recording = self.state.recordings.get(&id)?;
        let (call, tenant, step) = (recording.call, recording.tenant, recording.step);
        match step {
            RecordingStep::Started | RecordingStep::Paused => self.stop_recording(call, false),
            RecordingStep::Stopped | RecordingStep::Saved | RecordingStep::Failed => {}
        }
        Some((tenant, call))
    }

    /// The call's live recording, unless it is in that step already.
    fn recorded(
        &self,
        tenant: TenantId,
        call: CallId,
        wanted: RecordingStep,
    ) -> Result<RecordingId, Refusal> {
        self.owned_call(tenant, call)?;
        let recording = self.state.call(call).recording.ok_or(Refusal::NotRecording)?;
        match self.state.recordings.get(&recording) {
            Some(found) if found.step == wanted => Err(Refusal::AlreadySo),
            Some(_) => Ok(recording),
            None => Err(Refusal::NotRecording),
        }
    }
}
