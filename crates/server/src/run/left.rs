//! Recordings that the process before left without an end: their files are made whole, and each is told as saved or as
//! failed, once.

use cordial_engine::Report;
use cordial_engine::text::Text;
use cordial_store::{StoreError, StoredRecording};

use crate::handle::Handle;
use crate::recordings::{Library, Place};

/// Rescues the files of recordings that were being made when the process ended, and tells the node what became of them.
/// A pause before the end is not counted: nobody is left who knows how long it was. Costs what was left, however many
/// recordings there are.
pub(super) async fn settle(handle: &Handle, library: &Library) -> Result<(), StoreError> {
    let tenants = handle.read(|engine, _| {
        let tenants = engine.tenants();
        tenants.into_iter().map(|tenant| (tenant.id, tenant.guid)).collect::<Vec<_>>()
    });
    handle.store().folded(handle.durable_seq()).await;
    // A node that cannot be asked ends the process; the next start settles.
    for (tenant, guid) in tenants.await.unwrap_or_default() {
        for recording in handle.store().recordings_without_end(tenant).await? {
            let report = what_became(library, Place { tenant: guid, recording: recording.guid }, &recording);
            tracing::warn!(recording = %recording.guid, ?report, "a recording was left without an end");
            // As above.
            handle.report(report).ok();
        }
    }
    Ok(())
}

fn what_became(library: &Library, place: Place, recording: &StoredRecording) -> Report {
    let recording = recording.recording;
    // It may have been whole already, and only its end not been told.
    match library.length(place).or_else(|_| library.rescue(place)) {
        Ok((audio_ms, bytes)) => Report::RecordingSaved { recording, audio_ms, paused_ms: 0, bytes },
        Err(error) => {
            let why = format!("the process ended before anything of it was on the disk ({error})");
            let why: String = why.chars().filter(|c| !c.is_control()).take(255).collect();
            Report::RecordingFailed { recording, why: Text::parse(&why).unwrap_or_default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use cordial_engine::WallTime;
    use cordial_engine::id::{AgentId, CallId, Guid, RecordingId, TenantId};
    use cordial_store::RecordingPhase;

    use super::*;

    fn left(guid: Guid) -> StoredRecording {
        StoredRecording {
            recording: RecordingId(7),
            guid,
            tenant: TenantId(1),
            call: CallId(1),
            call_guid: Guid(9),
            agent: AgentId(1),
            started: WallTime(0),
            phase: RecordingPhase::Recording,
            audio_ms: 0,
            paused_ms: 0,
            bytes: 0,
            why: None,
            file_key: String::new(),
        }
    }

    #[test]
    fn a_recording_left_by_a_crash_is_told_as_saved_when_its_file_can_be_rescued_and_else_as_failed() {
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
        let settled = |guid: Guid| what_became(&library, Place { tenant, recording: guid }, &left(guid));
        // A stop after the rescue, before it is told: the next start finds it whole.
        for saved in [settled(with_file), settled(with_file)] {
            assert!(
                matches!(saved, Report::RecordingSaved { recording: RecordingId(7), audio_ms: 1_000, .. }),
                "{saved:?}"
            );
        }
        let failed = settled(without);
        assert!(matches!(failed, Report::RecordingFailed { recording: RecordingId(7), .. }), "{failed:?}");
    }
}
