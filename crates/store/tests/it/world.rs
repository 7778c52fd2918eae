//! A store in a folder of its own, and events to put into it.

use std::path::PathBuf;

use cordial_engine::call::{Cause, Direction, Role, WaitingEnd};
use cordial_engine::entry::{Entry, EntryId, Queue};
use cordial_engine::id::{AgentId, CallId, DeviceId, Guid, LegId, QueueId, RecordingId, TenantId};
use cordial_engine::text::{Number, Text};
use cordial_engine::{Actor, Endpoint, Event, Fact, Timestamp, WallTime};
use cordial_store::{Follower, Journal, JournalFailed, Options, Store, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub(crate) const TENANT: TenantId = TenantId(1);
pub(crate) const OTHER: TenantId = TenantId(2);
pub(crate) const NOON: WallTime = WallTime(1_800_000_000_000);

/// A folder with a store's file in it.
pub(crate) struct World {
    pub(crate) folder: TempDir,
}

/// A store whose writer and follower run.
pub(crate) struct Running {
    pub(crate) store: Store,
    pub(crate) journal: Journal,
    pub(crate) writer: JoinHandle<Result<(), JournalFailed>>,
    pub(crate) follower: JoinHandle<Result<(), StoreError>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("var/cordial.db")
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.path(), Options::default()).await.expect("the store opens")
    }

    pub(crate) async fn run(&self) -> Running {
        let store = self.open().await;
        let (writer, journal) = store.writer().await.expect("the writer");
        let follower: Follower = store.follower().await.expect("the follower");
        let durable = journal.durable();
        Running {
            store,
            writer: tokio::spawn(writer.run(|_| {})),
            follower: tokio::spawn(follower.run(durable)),
            journal,
        }
    }

    /// Writes facts and closes everything in good order.
    pub(crate) async fn fill(&self, events: Vec<Event>) {
        let running = self.run().await;
        running.append(events).await;
        running.stop().await;
    }

    /// Changes the file behind the store's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        let options = SqliteConnectOptions::new().filename(self.path());
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the file opens");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the change");
        connection.close().await.expect("the file closes");
    }

    /// Gives every row of the journal these records, behind the store's back.
    pub(crate) async fn replace_journal(&self, wall: i64, checksum: u32, records: &str) {
        let options = SqliteConnectOptions::new().filename(self.path());
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the file opens");
        sqlx::query("UPDATE journal SET wall = ?, checksum = ?, records = ?")
            .bind(wall)
            .bind(checksum)
            .bind(records.as_bytes())
            .execute(&mut connection)
            .await
            .expect("the change");
        connection.close().await.expect("the file closes");
    }
}

impl Running {
    /// Hands over events and waits until they are durable and folded.
    pub(crate) async fn append(&self, events: Vec<Event>) {
        let Some(last) = events.last().map(|event| event.seq) else {
            return;
        };
        for event in events {
            self.journal.append(event).await.expect("the writer lives");
        }
        let mut durable = self.journal.durable();
        durable.wait_for(|seq| *seq >= last).await.expect("the writer lives");
        self.store.folded(last).await;
    }

    /// Ends the writer, then the follower, then closes the store.
    pub(crate) async fn stop(self) {
        drop(self.journal);
        self.writer.await.expect("no panic").expect("all was written");
        self.follower.await.expect("no panic").expect("all was folded");
    }

    /// Ends the tasks where they are, as a kill would.
    pub(crate) async fn crash(self) {
        self.writer.abort();
        self.follower.abort();
        // Both end by the abort; a cancelled task is what is wanted here.
        drop(self.writer.await);
        drop(self.follower.await);
    }
}

pub(crate) fn event(seq: u64, tenant: TenantId, fact: Fact) -> Event {
    Event {
        seq,
        at: Timestamp(seq * 100),
        wall: WallTime(NOON.0 + seq as i64 * 100),
        tenant,
        by: Actor::Policy,
        origin: None,
        fact,
    }
}

/// Events of one tenant from `first` on.
pub(crate) fn events(first: u64, tenant: TenantId, facts: Vec<Fact>) -> Vec<Event> {
    (first..).zip(facts).map(|(seq, fact)| event(seq, tenant, fact)).collect()
}

/// As many small facts as asked for.
pub(crate) fn many(first: u64, count: u64) -> Vec<Event> {
    let ready = |seq| event(seq, TENANT, Fact::AgentReady { agent: AgentId(seq) });
    (first..first + count).map(ready).collect()
}

pub(crate) fn text<const N: usize>(text: &str) -> Text<N> {
    Text::parse(text).expect("a line of text")
}

pub(crate) fn number(text: &str) -> Number {
    Number::parse(text).expect("a number")
}

/// A queue as an entry.
pub(crate) fn queue_added(id: u64, name: &str) -> Fact {
    Fact::EntryAdded {
        id: EntryId::Queue(QueueId(id)),
        guid: Guid(u128::from(id) << 64),
        entry: Entry::from(Queue::named(text(name))),
    }
}

/// The guid of the call that [`call`] makes.
pub(crate) fn call_guid(id: u64) -> Guid {
    Guid(0xca11 << 64 | u128::from(id))
}

/// The guid of its recording.
pub(crate) fn recording_guid(id: u64) -> Guid {
    Guid(0x5ec << 64 | u128::from(id))
}

/// A call that waits in queue 3, is answered by agent `id % 3 + 1`, is recorded and closed; its file is saved after
/// that.
pub(crate) fn call(id: u64) -> Vec<Fact> {
    let call = CallId(id);
    let agent = AgentId(id % 3 + 1);
    let queue = QueueId(3);
    let (a, b) = (LegId(2 * id), LegId(2 * id + 1));
    let recording = RecordingId(id);
    let added = |leg: LegId, role, endpoint, agent: Option<AgentId>| Fact::LegAdded {
        call,
        leg,
        guid: Guid(u128::from(leg.0)),
        role,
        arrived: agent.is_none(),
        endpoint,
        agent,
    };
    let cause = Cause::Normal;
    let trunk = Endpoint::Trunk(cordial_engine::id::TrunkId(1));
    vec![
        Fact::CallStarted {
            call,
            guid: call_guid(id),
            direction: Direction::Inbound,
            caller: Some(number(&format!("+49{id}"))),
            caller_name: text("A caller"),
            dialled: number("100"),
        },
        added(a, Role::Caller, trunk, None),
        Fact::CallQueued {
            call,
            queue,
            entered: Timestamp(0),
            priority: Default::default(),
            preferred: None,
        },
        added(b, Role::Callee, Endpoint::Device(DeviceId(agent.0)), Some(agent)),
        Fact::WaitingEnded { call, queue, end: WaitingEnd::Answered, waited_ms: 10_000 - id },
        Fact::AgentConnected { call, agent, leg: b, queue: Some(queue) },
        Fact::LegsBridged { call, a, b },
        Fact::RecordingStarted { recording, guid: recording_guid(id), call, agent },
        Fact::LegCleared { call, leg: a, cause },
        Fact::RecordingStopped { recording, call },
        Fact::LegCleared { call, leg: b, cause },
        Fact::CallCleared { call, cause },
        Fact::CallClosed { call },
        Fact::RecordingSaved { recording, call, audio_ms: 200, paused_ms: 0, bytes: 6_444 },
    ]
}
