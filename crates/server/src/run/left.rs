//! Recordings that the process before left without an end: each is told as saved or as failed, once.

use cordial_engine::Report;
use cordial_engine::id::{Guid, TenantId};
use cordial_engine::text::Text;
use cordial_store::{RecordingFilter, RecordingPhase, StoreError, StoredRecording};

use crate::handle::Handle;
use crate::limits::RECORDINGS_PAGE;
use crate::recordings::Library;

/// Tells the node what became of recordings whose file was not complete when the process ended. Their files were
/// rescued before. A pause before the end is not counted: nobody is left who knows how long it was.
pub(super) async fn settle(handle: &Handle, library: &Library) -> Result<(), StoreError> {
    let tenants = handle.read(|engine, _| {
        let tenants = engine.tenants();
        tenants.into_iter().map(|tenant| (tenant.id, tenant.guid)).collect::<Vec<_>>()
    });
    handle.store().folded(handle.durable_seq()).await;
    // A node that cannot be asked ends the process; the next start settles.
    for (tenant, guid) in tenants.await.unwrap_or_default() {
        settle_tenant(handle, library, tenant, guid).await?;
    }
    Ok(())
}

async fn settle_tenant(
    handle: &Handle,
    library: &Library,
    tenant: TenantId,
    folder: Guid,
) -> Result<(), StoreError> {
    let mut filter = RecordingFilter { limit: RECORDINGS_PAGE, ..RecordingFilter::default() };
    loop {
        let page = handle.store().recordings(tenant, &filter).await?;
        let mut left = page.recordings.iter().filter(|recording| is_left(recording)).peekable();
        // Newest first, and every start settles what it finds: beyond a whole page without any there are none.
        let last = left.peek().is_none();
        for recording in left {
            let report = what_became(library, folder, recording);
            tracing::warn!(recording = %recording.guid, ?report, "a recording was left without an end");
            // As above.
            handle.report(report).ok();
        }
        match page.next {
            Some(next) if !last => filter.after = Some(next),
            Some(_) | None => return Ok(()),
        }
    }
}

const fn is_left(recording: &StoredRecording) -> bool {
    match recording.phase {
        RecordingPhase::Recording | RecordingPhase::Paused | RecordingPhase::Stopped => true,
        RecordingPhase::Saved | RecordingPhase::Failed => false,
    }
}

fn what_became(library: &Library, folder: Guid, recording: &StoredRecording) -> Report {
    match library.length(folder, recording.guid) {
        Ok((audio_ms, bytes)) => {
            Report::RecordingSaved { recording: recording.recording, audio_ms, paused_ms: 0, bytes }
        }
        Err(error) => {
            let why = format!("the process ended before anything of it was on the disk ({error})");
            let why: String = why.chars().filter(|c| !c.is_control()).take(255).collect();
            Report::RecordingFailed {
                recording: recording.recording,
                why: Text::parse(&why).unwrap_or_default(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cordial_engine::WallTime;
    use cordial_engine::id::{AgentId, CallId, RecordingId};

    use super::*;

    fn left(guid: u128, phase: RecordingPhase) -> StoredRecording {
        StoredRecording {
            recording: RecordingId(7),
            guid: Guid(guid),
            tenant: TenantId(1),
            call: CallId(1),
            call_guid: Guid(9),
            agent: AgentId(1),
            started: WallTime(0),
            phase,
            audio_ms: 0,
            paused_ms: 0,
            bytes: 0,
            why: None,
            file_key: String::new(),
        }
    }

    #[test]
    fn a_recording_left_by_a_crash_is_told_as_saved_when_its_file_was_rescued_and_else_as_failed() {
        let folder = tempfile::tempdir().unwrap();
        let (tenant, with_file, without) = (Guid(1), Guid(2), Guid(3));
        std::fs::create_dir(folder.path().join(tenant.to_string())).unwrap();
        let part = folder.path().join(tenant.to_string()).join(format!("{with_file}.wav.part"));
        let mut file =
            std::fs::OpenOptions::new().read(true).write(true).create_new(true).open(part).unwrap();
        cordial_media::wav::WavWriter::begin(&mut file).unwrap();
        // A second of audio behind a header that promises nothing: what a kill leaves.
        std::io::Write::write_all(&mut file, &[0; 8_000 * 4]).unwrap();
        let library = Library::open_root(folder.path()).unwrap();
        assert_eq!(library.rescue_all().unwrap().len(), 1);
        let saved = what_became(&library, tenant, &left(with_file.0, RecordingPhase::Stopped));
        assert!(
            matches!(saved, Report::RecordingSaved { recording: RecordingId(7), audio_ms: 1_000, .. }),
            "{saved:?}"
        );
        let failed = what_became(&library, tenant, &left(without.0, RecordingPhase::Recording));
        assert!(matches!(failed, Report::RecordingFailed { recording: RecordingId(7), .. }), "{failed:?}");
    }

    #[test]
    fn only_recordings_without_an_end_are_left() {
        use RecordingPhase::{Failed, Paused, Recording, Saved, Stopped};
        let left: Vec<bool> =
            [Recording, Paused, Stopped, Saved, Failed].map(|phase| is_left(&left(2, phase))).into();
        assert_eq!(left, [true, true, true, false, false]);
    }
}
