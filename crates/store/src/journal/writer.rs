//! The one who appends: a task that owns the journal's connection and commits in groups.
//!
//! A fact that comes while nothing else is to be written is committed at once. Facts that come during a commit wait
//! for the next and go together; commits begin a millisecond apart, and five when facts come in crowds, because a
//! commit's price is the disk's, not the facts'.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cordial_engine::Event;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{Mutex, mpsc, watch};

use super::{Batch, close};
use crate::codec::Codec;
use crate::database::{Store, locked};
use crate::error::{JournalClosed, JournalFailed, StoreError, TryAppendError};
use crate::limits;

impl Store {
    /// The journal's writer, once, and the handle that gives it facts. The writer ends when the last handle is gone
    /// and everything is on the disk.
    pub async fn writer(&self) -> Result<(Writer, Journal), StoreError> {
        let last = self.last_seq().await?;
        let connection = locked(&self.inner.journal).take().ok_or(StoreError::WriterTaken)?;
        let (sender, queue) = mpsc::channel(limits::WRITER_QUEUE_MAX);
        let durable = watch::Sender::new(last);
        let backlog = Arc::new(Backlog::new());
        let journal = Journal { sender, durable: durable.subscribe(), backlog: Arc::clone(&backlog) };
        let writer = Writer {
            path: self.inner.path.clone(),
            codec: self.inner.codec,
            connection,
            turn: Arc::clone(&self.inner.turn),
            queue,
            durable,
            last,
            backlog,
            begun: None,
            loaded: false,
        };
        Ok((writer, journal))
    }
}

/// Gives facts to the writer. Clones share it.
#[derive(Clone)]
pub struct Journal {
    sender: mpsc::Sender<Queued>,
    durable: watch::Receiver<u64>,
    backlog: Arc<Backlog>,
}

struct Queued {
    event: Event,
    since: Instant,
}

impl Journal {
    /// Hands over the next event; waits while the queue is full.
    pub async fn append(&self, event: Event) -> Result<(), JournalClosed> {
        self.sender.send(Queued::now(event)).await.map_err(|_| JournalClosed)
    }

    /// As [`Journal::append`], for a thread of its own.
    pub fn append_blocking(&self, event: Event) -> Result<(), JournalClosed> {
        self.sender.blocking_send(Queued::now(event)).map_err(|_| JournalClosed)
    }

    /// Hands over the next event if there is room.
    pub fn try_append(&self, event: Event) -> Result<(), TryAppendError> {
        self.sender.try_send(Queued::now(event)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => TryAppendError::Full,
            mpsc::error::TrySendError::Closed(_) => TryAppendError::Closed,
        })
    }

    /// The last event on the disk, and news of it.
    pub fn durable(&self) -> watch::Receiver<u64> {
        self.durable.clone()
    }

    /// How long the oldest fact that is not on the disk has waited; nought when there is none.
    pub fn backlog_age(&self) -> Duration {
        self.backlog.age()
    }

    /// Whether new work should be shed ([`limits::BACKLOG_AGE_MAX`]).
    pub fn is_behind(&self) -> bool {
        self.backlog_age() >= limits::BACKLOG_AGE_MAX
    }
}

impl Queued {
    fn now(event: Event) -> Self {
        Self { event, since: Instant::now() }
    }
}

/// Owns the journal's connection.
pub struct Writer {
    path: PathBuf,
    codec: Codec,
    connection: SqliteConnection,
    turn: Arc<Mutex<()>>,
    queue: mpsc::Receiver<Queued>,
    durable: watch::Sender<u64>,
    last: u64,
    backlog: Arc<Backlog>,
    /// When the last commit began.
    begun: Option<Instant>,
    loaded: bool,
}

impl Writer {
    /// Writes until the last [`Journal`] is gone. After each commit `on_durable` hears the last event that is on the
    /// disk. An error means that the process must end: what the disk holds after a failed flush is unknown, and
    /// trying again would only hide it.
    pub async fn run(self, on_durable: impl FnMut(u64) + Send) -> Result<(), JournalFailed> {
        let mut failed = None;
        self.run_telling(on_durable, |why| failed = Some(why)).await;
        failed.map_or(Ok(()), Err)
    }

    /// As [`Writer::run`], but an error is told before anybody can notice that the journal has closed.
    pub async fn run_telling(
        mut self,
        mut on_durable: impl FnMut(u64) + Send,
        on_failed: impl FnOnce(JournalFailed) + Send,
    ) {
        let mut batch = Vec::with_capacity(limits::BATCH_FACTS_MAX);
        while self.gather(&mut batch).await {
            self.begun = Some(Instant::now());
            self.loaded = batch.len() >= limits::LOADED_FACTS;
            if let Err(why) = self.commit(&batch).await {
                return on_failed(JournalFailed { path: self.path.clone(), durable: self.last, why });
            }
            self.last += batch.len() as u64;
            batch.clear();
            self.durable.send_replace(self.last);
            on_durable(self.last);
        }
        self.backlog.clear();
        close(self.connection).await;
    }

    /// Waits for the next batch; false when there will be none.
    async fn gather(&mut self, batch: &mut Vec<Event>) -> bool {
        if self.queue.is_empty() {
            self.backlog.clear();
        }
        let mut taken = Vec::new();
        if self.queue.recv_many(&mut taken, limits::BATCH_FACTS_MAX).await == 0 {
            return false;
        }
        let since = taken[0].since;
        self.backlog.oldest_is(since);
        let spaced = self.begun.map(|begun| begun + limits::COMMIT_EVERY);
        let widened = self.loaded.then_some(since + limits::BATCH_WAIT_MAX);
        // Who has a whole batch already gains nothing by waiting.
        if let Some(until) =
            spaced.max(widened).filter(|_| taken.len() + self.queue.len() < limits::BATCH_FACTS_MAX)
        {
            tokio::time::sleep_until(until.into()).await;
            let room = limits::BATCH_FACTS_MAX - taken.len();
            let more = std::iter::from_fn(|| self.queue.try_recv().ok());
            taken.extend(more.take(room));
        }
        batch.extend(taken.into_iter().map(|queued| queued.event));
        true
    }

    async fn commit(&mut self, events: &[Event]) -> Result<(), String> {
        for (event, expected) in events.iter().zip(self.last + 1..) {
            if event.seq != expected {
                return Err(format!("event {} came where {expected} was due", event.seq));
            }
        }
        let row = Batch::of(&self.codec, events)?;
        let _turn = self.turn.lock().await;
        row.insert(&mut self.connection).await.map_err(|error| error.to_string())
    }
}

/// Since when the oldest fact waits, readable from any thread.
struct Backlog {
    base: Instant,
    /// Microseconds after `base`, and one; nought when nothing waits.
    oldest: AtomicU64,
}

impl Backlog {
    fn new() -> Self {
        Self { base: Instant::now(), oldest: AtomicU64::new(0) }
    }

    fn oldest_is(&self, since: Instant) {
        let micros = since.saturating_duration_since(self.base).as_micros();
        let micros = u64::try_from(micros).unwrap_or(u64::MAX - 1);
        self.oldest.store(micros + 1, Ordering::Relaxed);
    }

    fn clear(&self) {
        self.oldest.store(0, Ordering::Relaxed);
    }

    fn age(&self) -> Duration {
        match self.oldest.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => self.base.elapsed().saturating_sub(Duration::from_micros(since - 1)),
        }
    }
}
