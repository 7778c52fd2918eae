//! Recordings are as long as the talk, less the pauses.

use cordial_engine::id::RecordingId;
use cordial_engine::{Event, Fact, Timestamp};

use super::{Books, Broken, must};

#[derive(Clone)]
pub(super) struct Recording {
    since: Timestamp,
    running: bool,
    stopped: bool,
    audio_ms: u64,
    started: Timestamp,
}

/// The journal and the media thread may delay the beginning and the end of a recording. Milliseconds.
const RECORDING_SLACK_MS: u64 = 1_200;

impl Recording {
    pub(super) fn turn(&mut self, at: Timestamp, running: bool) {
        if self.running {
            self.audio_ms += at.millis_since(self.since);
        }
        (self.since, self.running) = (at, running);
    }
}

impl Books {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    pub(super) fn read_recording(&mut self, event: &Event) -> Result<(), Broken> {
        let at = event.at;
        match &event.fact {
            Fact::RecordingStarted { recording, .. } => {
                let begun = Recording { since: at, running: true, stopped: false, audio_ms: 0, started: at };
                let twice = self.recordings.insert(*recording, begun).is_some();
                must(!twice, "recording a recording starts twice")?;
            }
            Fact::RecordingPaused { recording, .. } => self.recording(*recording)?.turn(at, false),
            Fact::RecordingResumed { recording, .. } => self.recording(*recording)?.turn(at, true),
            Fact::RecordingStopped { recording, .. } => {
                let recording = self.recording(*recording)?;
                recording.turn(at, false);
                recording.stopped = true;
            }
            Fact::RecordingSaved { recording, audio_ms, .. } => {
                let node_started = self.started;
                let kept = self.recording(*recording)?;
                must(kept.stopped, "recording a recording is saved that runs")?;
                let off_by = audio_ms.abs_diff(kept.audio_ms);
                let whole = kept.started >= node_started;
                must(
                    !whole || off_by <= RECORDING_SLACK_MS,
                    "recording a recording is not as long as the talk",
                )?;
                self.recordings.remove(recording);
            }
            Fact::RecordingFailed { recording, .. } => {
                self.recordings.remove(recording);
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn recording(&mut self, id: RecordingId) -> Result<&mut Recording, Broken> {
        self.recordings.get_mut(&id).ok_or_else(|| format!("recording {id} is not under way"))
    }
}
