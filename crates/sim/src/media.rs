//! The media path of the simulated shell: the production worker, or a quick stand-in that makes no sound.
//!
//! Most seeds ask whether calls, agents and queues stay right; a worker that mixes and encodes for them would take
//! nearly all of the time. The stand-in answers every command with the events that the worker would give.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use cordial_media::{
    AtEnd, LocalSocket, MediaCommand, MediaEvent, PlayEnding, PlayId, PortId, PortRef, PortStatistics,
    Recorded, RecordingEnding, RecordingId, Timestamp, Transmit, Worker,
};

/// How long every prompt of the stand-in takes.
const PROMPT: Duration = Duration::from_secs(2);

/// See the module's first lines.
pub(crate) enum Media {
    Worker(Box<Worker>),
    Quick(Quick),
}

impl Media {
    pub(crate) fn handle_command(&mut self, now: Timestamp, command: MediaCommand) {
        match self {
            Self::Worker(worker) => worker.handle_command(now, command),
            Self::Quick(quick) => quick.handle_command(now, command),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Timestamp) {
        match self {
            Self::Worker(worker) => worker.handle_timeout(now),
            Self::Quick(quick) => quick.handle_timeout(now),
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Timestamp> {
        match self {
            Self::Worker(worker) => worker.poll_timeout(),
            Self::Quick(quick) => quick.due.keys().next().map(|(at, _)| *at),
        }
    }

    pub(crate) fn poll_event(&mut self) -> Option<MediaEvent> {
        match self {
            Self::Worker(worker) => worker.poll_event(),
            Self::Quick(quick) => quick.events.pop_front(),
        }
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        match self {
            Self::Worker(worker) => worker.poll_transmit(),
            Self::Quick(_) => None,
        }
    }

    pub(crate) fn poll_recorded(&mut self) -> Option<Recorded> {
        match self {
            Self::Worker(worker) => worker.poll_recorded(),
            Self::Quick(quick) => quick.recorded.pop_front(),
        }
    }
}

/// Ports, plays and recordings without audio.
#[derive(Default)]
pub(crate) struct Quick {
    ports: BTreeMap<PortId, QuickPort>,
    due: BTreeMap<(Timestamp, PlayId), PortId>,
    recordings: BTreeMap<RecordingId, QuickRecording>,
    events: VecDeque<MediaEvent>,
    recorded: VecDeque<Recorded>,
}

struct QuickPort {
    port: PortRef,
    local: LocalSocket,
    play: Option<PlayId>,
}

struct QuickRecording {
    ports: Vec<PortId>,
    since: Timestamp,
    running: bool,
    frames: u64,
    paused_frames: u64,
}

impl QuickRecording {
    fn count(&mut self, now: Timestamp) {
        let passed = now.samples_since(self.since);
        self.since = now;
        *(if self.running { &mut self.frames } else { &mut self.paused_frames }) += passed;
    }
}

fn ports_of(left: PortRef, right: &[PortRef]) -> Vec<PortId> {
    right.iter().chain(&[left]).map(|at| at.port).collect()
}

impl Quick {
    fn handle_command(&mut self, now: Timestamp, command: MediaCommand) {
        match command {
            MediaCommand::OpenPort { port, local } => {
                self.ports.insert(port.port, QuickPort { port, local, play: None });
            }
            MediaCommand::SetRemote { .. }
            | MediaCommand::Unbridge { .. }
            | MediaCommand::Mix { .. }
            | MediaCommand::SendDtmf { .. }
            | MediaCommand::DetectDigits { .. } => {}
            MediaCommand::Bridge { a, b } => {
                self.end_play(a.port, PlayEnding::Bridged);
                self.end_play(b.port, PlayEnding::Bridged);
            }
            MediaCommand::Play { port, play, playlist, then } => {
                self.end_play(port.port, PlayEnding::Replaced);
                let Some(open) = self.ports.get_mut(&port.port) else {
                    return;
                };
                open.play = Some(play);
                if then != AtEnd::Loop {
                    let length = PROMPT * u32::try_from(playlist.len().max(1)).unwrap_or(1);
                    self.due.insert((now + length, play), port.port);
                }
            }
            MediaCommand::PlayAudio { port, play, then, .. } => {
                self.handle_command(now, MediaCommand::Play { port, play, playlist: Vec::new(), then });
            }
            MediaCommand::StopPlay { port } => self.end_play(port.port, PlayEnding::Stopped),
            MediaCommand::StartRecording { recording, left, right } => {
                let ports = ports_of(left, &right);
                let started =
                    QuickRecording { ports, since: now, running: true, frames: 0, paused_frames: 0 };
                self.recordings.insert(recording, started);
                self.events.push_back(MediaEvent::RecordingStarted { recording });
            }
            MediaCommand::MoveRecording { recording, left, right } => {
                if let Some(running) = self.recordings.get_mut(&recording) {
                    running.ports = ports_of(left, &right);
                }
            }
            MediaCommand::PauseRecording { recording, .. } => self.set_running(now, recording, false),
            MediaCommand::ResumeRecording { recording } => self.set_running(now, recording, true),
            MediaCommand::StopRecording { recording } => self.stop(now, recording, RecordingEnding::Asked),
            MediaCommand::ClosePort { port } => self.close(now, port.port),
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now) {
            let port = entry.remove();
            self.end_play(port, PlayEnding::Finished);
        }
    }

    fn end_play(&mut self, port: PortId, ending: PlayEnding) {
        let Some(open) = self.ports.get_mut(&port) else {
            return;
        };
        if let Some(play) = open.play.take() {
            self.due.retain(|(_, other), _| *other != play);
            self.events.push_back(MediaEvent::PlayEnded { port: open.port, play, ending });
        }
    }

    fn close(&mut self, now: Timestamp, id: PortId) {
        self.end_play(id, PlayEnding::PortClosed);
        let Some(QuickPort { port, local, .. }) = self.ports.remove(&id) else {
            return;
        };
        let statistics = PortStatistics::default();
        self.events.push_back(MediaEvent::PortClosed { port, local, statistics });
        let silent =
            |recording: &QuickRecording| recording.ports.iter().all(|port| !self.ports.contains_key(port));
        let ended: Vec<_> = self.recordings.iter().filter(|(_, r)| silent(r)).map(|(id, _)| *id).collect();
        for recording in ended {
            self.stop(now, recording, RecordingEnding::PortsClosed);
        }
    }

    fn set_running(&mut self, now: Timestamp, recording: RecordingId, running: bool) {
        if let Some(recording) = self.recordings.get_mut(&recording) {
            recording.count(now);
            recording.running = running;
        }
    }

    fn stop(&mut self, now: Timestamp, id: RecordingId, ending: RecordingEnding) {
        let Some(mut recording) = self.recordings.remove(&id) else {
            return;
        };
        recording.count(now);
        let QuickRecording { frames, paused_frames, .. } = recording;
        self.recorded.push_back(Recorded::End { recording: id, frames, paused_frames });
        self.events.push_back(MediaEvent::RecordingStopped { recording: id, frames, paused_frames, ending });
    }
}
