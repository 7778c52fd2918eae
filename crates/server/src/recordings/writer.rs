//! The thread that writes recordings.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use cordial_engine::Report;
use cordial_engine::text::Text;
use cordial_media::wav::WavWriter;
use cordial_media::{PlayId, Recorded, RecordingId};

use super::{FRAMES_PER_MS, Library, Order, Place, RecordingInbox};
use crate::handle::ToNode;
use crate::limits::{MESSAGE_BYTES_MAX, RECORDINGS_OPEN_MAX};

/// The thread's own things; `report` carries what became of each recording to the node.
pub(crate) struct RecordingWriter<R> {
    library: Library,
    inbox: RecordingInbox,
    report: R,
    files: BTreeMap<RecordingId, Writing>,
}

/// One recording's file.
enum Writing {
    /// Takes audio.
    Open { place: Place, wav: WavWriter<File> },
    /// Could not be begun or went wrong; told already. What follows is left out.
    Failed,
}

impl<R: FnMut(ToNode)> RecordingWriter<R> {
    pub(crate) const fn new(library: Library, inbox: RecordingInbox, report: R) -> Self {
        Self { library, inbox, report, files: BTreeMap::new() }
    }

    /// Writes until nobody can send any more, then completes what is open.
    pub(crate) fn run(mut self) {
        while let Ok(order) = self.inbox.next() {
            match order {
                Order::Open { recording, place } => self.open(recording, place),
                Order::Piece(piece) => self.piece(&piece),
                Order::Play { place, play } => self.play(place, play),
            }
        }
        while let Some((recording, writing)) = self.files.pop_first() {
            if let Writing::Open { place, wav } = writing {
                self.finish(recording, place, wav, None);
            }
        }
    }

    fn play(&mut self, place: Place, play: PlayId) {
        let audio = self.library.heard(place, MESSAGE_BYTES_MAX).unwrap_or_else(|error| {
            tracing::error!(tenant = %place.tenant, recording = %place.recording, %error, "a message cannot be read");
            Vec::new()
        });
        (self.report)(ToNode::Audio(play, audio.into()));
    }

    fn open(&mut self, recording: RecordingId, place: Place) {
        let begun = if self.files.len() >= RECORDINGS_OPEN_MAX {
            Err(io::Error::other("too many recordings are being written"))
        } else {
            self.library.create(place).and_then(WavWriter::begin)
        };
        let writing = match begun {
            Ok(wav) => Writing::Open { place, wav },
            Err(error) => {
                self.fail(recording, place, &error);
                Writing::Failed
            }
        };
        self.files.insert(recording, writing);
    }

    fn piece(&mut self, piece: &Recorded) {
        let recording = piece.recording();
        let Some(writing) = self.files.get_mut(&recording) else {
            tracing::error!(recording = recording.0, "audio of a recording that was never begun");
            return;
        };
        let written = match (&mut *writing, piece) {
            (Writing::Open { wav, .. }, Recorded::Audio { samples, .. }) => wav.write(samples),
            (Writing::Open { wav, .. }, Recorded::Silence { frames, .. }) => wav.write_silence(*frames),
            (_, Recorded::Paused { .. } | Recorded::Resumed { .. } | Recorded::End { .. })
            | (Writing::Failed, Recorded::Audio { .. } | Recorded::Silence { .. }) => Ok(()),
        };
        if let Err(error) = written {
            let broken = std::mem::replace(writing, Writing::Failed);
            if let Writing::Open { place, wav } = broken {
                drop(wav);
                self.fail(recording, place, &error);
            }
        }
        if let Recorded::End { frames, paused_frames, .. } = piece {
            match self.files.remove(&recording) {
                Some(Writing::Open { place, wav }) => {
                    self.finish(recording, place, wav, Some((*frames, *paused_frames)));
                }
                Some(Writing::Failed) | None => {}
            }
            self.inbox.finished();
        }
    }

    /// Completes a file; `promised` is its length and the length of its pauses, unless the worker died before.
    fn finish(
        &mut self,
        recording: RecordingId,
        place: Place,
        wav: WavWriter<File>,
        promised: Option<(u64, u64)>,
    ) {
        let frames = wav.frames();
        let completed =
            wav.finish().and_then(|file| file.sync_all()).and_then(|()| self.library.complete(place));
        let bytes = match completed {
            Ok(bytes) => bytes,
            Err(error) => return self.fail(recording, place, &error),
        };
        let id = cordial_engine::id::RecordingId(recording.0);
        match promised {
            Some((promised, paused)) if promised == frames => {
                (self.report)(ToNode::Report(Report::RecordingSaved {
                    recording: id,
                    audio_ms: frames / FRAMES_PER_MS,
                    paused_ms: paused / FRAMES_PER_MS,
                    bytes,
                }));
            }
            Some((promised, _)) => {
                let missing = promised.saturating_sub(frames) / FRAMES_PER_MS;
                self.tell_failed(
                    recording,
                    place,
                    &format!("the disk was too slow: {missing} ms are missing"),
                );
            }
            None => self.tell_failed(recording, place, "the audio ended before the recording was stopped"),
        }
    }

    /// Tells what went wrong and keeps the part that is on the disk.
    fn fail(&mut self, recording: RecordingId, place: Place, error: &io::Error) {
        let kept = match self.library.rescue(place) {
            Ok((audio_ms, _)) => format!("{audio_ms} ms are kept"),
            Err(_) => "nothing could be kept".to_owned(),
        };
        let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        let what =
            if full { "the disk is full".to_owned() } else { format!("the file cannot be written: {error}") };
        self.tell_failed(recording, place, &format!("{what}; {kept}"));
    }

    fn tell_failed(&mut self, recording: RecordingId, place: Place, why: &str) {
        tracing::error!(tenant = %place.tenant, recording = %place.recording, why, "a recording is incomplete");
        metrics::counter!("cordial_recordings_failed_total").increment(1);
        let plain: String = why.chars().filter(|c| !c.is_control()).take(255).collect();
        (self.report)(ToNode::Report(Report::RecordingFailed {
            recording: cordial_engine::id::RecordingId(recording.0),
            why: Text::parse(&plain).unwrap_or_default(),
        }));
    }
}
