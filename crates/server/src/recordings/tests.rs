use std::io::Write;
use std::sync::mpsc::channel;

use cordial_engine::Report;
use expect_test::expect;

use super::*;
use crate::handle::ToNode;

fn place(tenant: u128, recording: u128) -> Place {
    Place { tenant: Guid(tenant), recording: Guid(recording) }
}

/// Runs the writer over the orders and gives its reports.
fn run(library: &Library, orders: Vec<Order>) -> Vec<Report> {
    let (door, inbox) = RecordingDoor::new();
    orders.into_iter().for_each(|order| door.send(order));
    drop(door);
    let (reports, told) = channel();
    RecordingWriter::new(library.clone(), inbox, move |report| {
        if let ToNode::Report(report) = report {
            reports.send(report).unwrap();
        }
    })
    .run();
    told.iter().collect()
}

fn audio(recording: u64, frames: usize) -> Order {
    let samples = (0..frames).flat_map(|i| [i16::try_from(i % 100).unwrap(), -1]).collect();
    Order::Piece(Recorded::Audio { recording: RecordingId(recording), samples })
}

fn end(recording: u64, frames: u64) -> Order {
    Order::Piece(Recorded::End { recording: RecordingId(recording), frames, paused_frames: 80 })
}

#[test]
fn a_recording_is_written_and_told_with_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::open_root(folder.path()).unwrap();
    let place = place(1, 2);
    let open = Order::Open { recording: RecordingId(7), place };
    let silence = Order::Piece(Recorded::Silence { recording: RecordingId(7), frames: 800 });
    let told = run(&library, vec![open, audio(7, 1_600), silence, end(7, 2_400)]);
    expect![[r#"
        [
            RecordingSaved {
                recording: recording-7,
                audio_ms: 300,
                paused_ms: 10,
                bytes: 9644,
            },
        ]
    "#]]
    .assert_debug_eq(&told);
    let (left, right) = wav::read(&mut library.open(place.tenant, place.recording).unwrap()).unwrap();
    assert_eq!((left.len(), left[99], right[99], right[2_000]), (2_400, 99, -1, 0));
    library.check(place).unwrap();
    assert_eq!(library.length(place).unwrap(), (300, 9_644));
}

#[test]
fn missing_audio_is_told_and_the_rest_kept() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::open_root(folder.path()).unwrap();
    let open = Order::Open { recording: RecordingId(1), place: place(1, 2) };
    let told = run(&library, vec![open, audio(1, 1_600), end(1, 8_000)]);
    expect![[r#"
        [
            RecordingFailed {
                recording: recording-1,
                why: "the disk was too slow: 800 ms are missing",
            },
        ]
    "#]]
    .assert_debug_eq(&told);
    library.check(place(1, 2)).unwrap();
}

#[test]
fn a_file_that_cannot_be_begun_is_told_once_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::open_root(folder.path()).unwrap();
    let open = |recording| Order::Open { recording: RecordingId(recording), place: place(1, 2) };
    run(&library, vec![open(1), audio(1, 800), end(1, 800)]);
    let told = run(&library, vec![open(2), audio(2, 1_600), end(2, 1_600)]);
    assert!(matches!(told.as_slice(), [Report::RecordingFailed { .. }]), "{told:?}");
    let (left, _) = wav::read(&mut library.open(Guid(1), Guid(2)).unwrap()).unwrap();
    assert_eq!(left.len(), 800, "the first recording is untouched");
}

#[test]
fn a_torn_file_is_rescued_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::open_root(folder.path()).unwrap();
    let mut file = library.create(place(3, 4)).unwrap();
    // A header that promises nothing, and half a second and a bit more behind it: what a kill leaves.
    wav::WavWriter::begin(&mut file).unwrap();
    file.write_all(&vec![1; 4_000 * 4 + 3]).unwrap();
    drop(file);
    assert_eq!(library.rescue(place(3, 4)).unwrap(), (500, 44 + 16_003));
    let (left, _) = wav::read(&mut library.open(Guid(3), Guid(4)).unwrap()).unwrap();
    assert_eq!(left.len(), 4_000);
    assert_eq!(library.rescue(place(3, 4)).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn another_tenants_recording_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::open_root(folder.path()).unwrap();
    let open = Order::Open { recording: RecordingId(1), place: place(1, 2) };
    run(&library, vec![open, audio(1, 8), end(1, 8)]);
    assert!(library.open(Guid(1), Guid(2)).is_ok());
    assert_eq!(library.open(Guid(9), Guid(2)).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_folder_cannot_lead_out_of_it() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join(place(1, 2).whole()), b"RIFF....WAVE").unwrap();
    std::fs::write(outside.path().join("secret"), b"secret").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let library = Library::open_root(folder.path()).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join(place(1, 2).folder())).unwrap();
    assert!(library.open(Guid(1), Guid(2)).is_err(), "a tenant's folder that is a link outside");
    assert!(library.create(place(1, 3)).is_err());
    std::fs::create_dir(folder.path().join(place(5, 6).folder())).unwrap();
    let link = folder.path().join(place(5, 6).folder()).join(place(5, 6).whole());
    std::os::unix::fs::symlink(outside.path().join("secret"), link).unwrap();
    assert!(library.open(Guid(5), Guid(6)).is_err(), "a recording that is a link outside");
}
