//! The files of recordings, and the thread that writes them.
//!
//! A recording's place is made of two guids and nothing else, under a root that is opened once: no text of a caller,
//! an agent or a client ever becomes part of a path, and a link in the folder cannot lead out of it.

mod writer;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvError, SyncSender, sync_channel};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use cordial_engine::id::Guid;
use cordial_media::{Codec, PlayId, Recorded, RecordingId, wav};

use crate::limits::RECORDED_QUEUE_MAX;

pub(crate) use writer::RecordingWriter;

/// Bytes of a WAV header as we write it.
const HEADER_BYTES: u64 = 44;
/// Bytes of one stereo sample.
const FRAME_BYTES: u64 = 4;
/// Stereo samples of one millisecond.
const FRAMES_PER_MS: u64 = 8;
/// Orders kept free for beginnings and endings when audio comes faster than the disk takes it.
const RESERVED: usize = RECORDED_QUEUE_MAX / 4;

/// Where one recording lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Whose folder.
    pub tenant: Guid,
    /// Which file.
    pub recording: Guid,
}

impl Place {
    fn folder(self) -> String {
        self.tenant.to_string()
    }

    /// While it is being written, and for ever when nobody could finish it.
    fn part(self) -> String {
        format!("{}.wav.part", self.recording)
    }

    fn whole(self) -> String {
        format!("{}.wav", self.recording)
    }
}

/// All recordings; cheap to clone. No path leaves it.
#[derive(Clone, Debug)]
pub struct Library {
    root: Arc<Dir>,
}

impl Library {
    /// The recordings in the folder `root`, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or opened.
    pub fn open_root(root: &Path) -> io::Result<Self> {
        private_folder(root)?;
        Ok(Self { root: Arc::new(Dir::open_ambient_dir(root, ambient_authority())?) })
    }

    /// Opens a finished recording for reading.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(&self, tenant: Guid, recording: Guid) -> io::Result<File> {
        let place = Place { tenant, recording };
        let folder = self.root.open_dir(place.folder())?;
        Ok(folder.open(place.whole())?.into_std())
    }

    /// Length in milliseconds and size in bytes of a finished recording.
    pub(crate) fn length(&self, place: Place) -> io::Result<(u64, u64)> {
        let bytes = self.open(place.tenant, place.recording)?.metadata()?.len();
        Ok((bytes.saturating_sub(HEADER_BYTES) / FRAME_BYTES / FRAMES_PER_MS, bytes))
    }

    /// The left side of a finished recording, as it goes to a phone: mu-law codes, at most `bytes_max` of them.
    ///
    /// # Errors
    /// When it is not there or not readable.
    pub(crate) fn heard(&self, place: Place, bytes_max: usize) -> io::Result<Vec<u8>> {
        let mut file = self.open(place.tenant, place.recording)?;
        file.seek(io::SeekFrom::Start(HEADER_BYTES))?;
        let mut samples = Vec::new();
        file.take(bytes_max as u64 * FRAME_BYTES).read_to_end(&mut samples)?;
        let left =
            samples.chunks_exact(FRAME_BYTES as usize).map(|both| i16::from_le_bytes([both[0], both[1]]));
        Ok(left.map(|sample| Codec::Pcmu.encode(sample)).collect())
    }

    /// Begins a file; refuses to touch one that is there.
    fn create(&self, place: Place) -> io::Result<File> {
        self.root.create_dir_all(place.folder())?;
        let folder = self.root.open_dir(place.folder())?;
        if folder.try_exists(place.whole())? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the recording exists already"));
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        // What people say is nobody else's business on this machine.
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(folder.open_with(place.part(), &options)?.into_std())
    }

    /// Gives a file that is complete on disk its final name.
    fn complete(&self, place: Place) -> io::Result<u64> {
        let folder = self.root.open_dir(place.folder())?;
        folder.rename(place.part(), &folder, place.whole())?;
        // The name is as durable as the audio only when the folder is flushed too.
        folder.open(".")?.sync_all()?;
        Ok(folder.metadata(place.whole())?.len())
    }

    /// Sets the header of a file right that a crash left unfinished, and gives it its final name; its last moments are
    /// lost. Length in milliseconds and size in bytes. A file that cannot be rescued is left as it is.
    pub(crate) fn rescue(&self, place: Place) -> io::Result<(u64, u64)> {
        let folder = self.root.open_dir(place.folder())?;
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let mut file = folder.open_with(place.part(), &options)?;
        let recovered = wav::recover(&mut file).map_err(|error| match error {
            wav::WavError::Io(error) => error,
            wav::WavError::NotOurs => io::Error::new(io::ErrorKind::InvalidData, error.to_string()),
        })?;
        file.sync_all()?;
        let bytes = self.complete(place)?;
        Ok((recovered.frames / FRAMES_PER_MS, bytes))
    }

    /// Whether a finished recording is a WAV file that can be played; for `cordial doctor`.
    ///
    /// # Errors
    /// When it is not there or not readable.
    pub fn check(&self, place: Place) -> io::Result<()> {
        let mut head = [0; 12];
        let mut file = self.open(place.tenant, place.recording)?;
        file.read_exact(&mut head)?;
        file.rewind()?;
        if head.starts_with(b"RIFF") && head.ends_with(b"WAVE") {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "no WAV file"))
        }
    }
}

/// Makes a folder that only its owner can enter; one that is there keeps its rights.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

/// What the writing thread is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Begin a file; its audio follows.
    Open { recording: RecordingId, place: Place },
    /// A piece of a recording that was begun.
    Piece(Recorded),
    /// Read a finished recording, for somebody to hear.
    Play { place: Place, play: PlayId },
}

/// Where orders for the writing thread are put; cheap to clone. Never waits: audio and signalling go on whatever the
/// disk does.
#[derive(Clone)]
pub(crate) struct RecordingDoor {
    orders: SyncSender<Order>,
    waiting: Arc<AtomicUsize>,
    unfinished: Arc<AtomicUsize>,
}

/// The other end of a [`RecordingDoor`].
pub(crate) struct RecordingInbox {
    orders: Receiver<Order>,
    waiting: Arc<AtomicUsize>,
    unfinished: Arc<AtomicUsize>,
}

impl RecordingDoor {
    /// A door and its inbox.
    pub(crate) fn new() -> (Self, RecordingInbox) {
        let (orders, inbox) = sync_channel(RECORDED_QUEUE_MAX);
        let (waiting, unfinished) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let inbox = RecordingInbox {
            orders: inbox,
            waiting: Arc::clone(&waiting),
            unfinished: Arc::clone(&unfinished),
        };
        (Self { orders, waiting, unfinished }, inbox)
    }

    /// Hands an order over. Audio that finds the queue full is left out; the writer then tells the recording as
    /// failed, because its length is not what it should be.
    pub(crate) fn send(&self, order: Order) {
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting >= RECORDED_QUEUE_MAX - RESERVED && matches!(order, Order::Piece(Recorded::Audio { .. })) {
            metrics::counter!("cordial_recording_pieces_dropped_total").increment(1);
            return;
        }
        if matches!(order, Order::Open { .. }) {
            self.unfinished.fetch_add(1, Ordering::Relaxed);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if self.orders.try_send(order).is_err() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            tracing::error!("the recordings' thread takes no more orders");
        }
    }

    /// Recordings begun and not yet finished.
    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished.load(Ordering::Relaxed)
    }
}

impl RecordingInbox {
    fn next(&self) -> Result<Order, RecvError> {
        let order = self.orders.recv()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(order)
    }

    fn finished(&self) {
        self.unfinished.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
