//! The start of a server: what is opened, in which order, and who speaks to whom.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use cordial_engine::{Event, State};
use cordial_media::{MediaEvent, Worker, WorkerConfig};
use cordial_node::Node;
use cordial_store::{Follower, Journal, JournalFailed, Options, Store, Writer};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};

use super::connector::Coming;
use super::restore::{self, Restored};
use super::sockets::{self, Connections, Sockets};
use super::threads::Threads;
use super::{
    Fatal, SNAPSHOT_VERSION, Server, StartError, certificates, first_start, left, random, state_bytes,
    store_path,
};
use crate::bindings::{self, Changed};
use crate::clock::Clock;
use crate::config::Config;
use crate::events::{Page, Pages};
use crate::handle::{Handle, Shared, ToNode};
use crate::health::Health;
use crate::http;
use crate::limits::{BINDINGS_QUEUE_MAX, INBOX_MAX, MEDIA_EVENTS_MAX, MEDIA_ORDERS_MAX, START_FATAL_MAX};
use crate::listeners::Listening;
use crate::media_thread::{MediaDoor, MediaThread};
use crate::meters::{self, Meters};
use crate::node_loop::{Counters, NodeLoop, Pending};
use crate::prompts;
use crate::recordings::{Library, RecordingDoor, RecordingInbox, RecordingWriter};
use crate::stomp::Embedded;
use crate::stomp::broker::Broker;
use crate::streams::web_socket::Hall;
use crate::streams::{FromStream, Streams};
use crate::tap::Tap;

impl Server {
    /// Opens everything, makes true again what the journal says, and begins to serve.
    ///
    /// # Errors
    /// What could not be opened or read.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        meters::start();
        let store = open_store(config).await?;
        let library = open_library(config)?;
        let Sockets { sip, udp, streams, clients, tls } = Sockets::open(config)?;
        let restored = restore::restore(&store, config, &sockets::all(&sip, &clients.web)).await?;
        let clock = Clock::resume(restored.last);
        let (writer, journal) = store.writer().await?;
        // Channels that join more than two parts; the others are made where their ends meet.
        let (told, fatal) = mpsc::channel(8);
        let (to_node, inbox) = mpsc::channel(INBOX_MAX);
        let (media_events, from_media) = mpsc::channel(MEDIA_EVENTS_MAX);
        let (changed, changes) = mpsc::channel(BINDINGS_QUEUE_MAX);
        let (snapshots, pictures) = mpsc::channel(1);
        let (connections, table, from_streams) = Connections::new(config, &tls);
        let live = broadcast::Sender::new(count(config.limits.events_behind.get()));
        let (recordings, recorded) = RecordingDoor::new();
        let (http_stop, http_stopped) = watch::channel(false);
        let health = Health::new(store.clone());
        let handle = new_handle(config, &store, &health, to_node.clone(), &live, &journal);
        let mut threads = Threads::new(told.clone());
        start_recordings(&mut threads, &library, recorded, to_node)?;
        let node_start = NodeStart {
            restored,
            clock,
            inbox,
            from_media,
            journal,
            live,
            changed,
            snapshots,
            streams: table,
            from_streams,
            media: start_media(&mut threads, config, media_events, recordings.clone())?,
            recordings: recordings.clone(),
            health: health.clone(),
            behind_limit: config.limits.journal_behind(),
        };
        let node = node_start.spawn(&mut threads, udp)?;
        let mut tasks = vec![
            tokio::spawn(write_journal(writer, told.clone())),
            tokio::spawn(fold(store.follower().await?, handle.durable())),
            tokio::spawn(write_snapshots(pictures, store.clone())),
            tokio::spawn(bindings::write_behind(changes, store, move || clock.now())),
        ];
        let first_start = match first_start::prepare(config, &handle).await {
            Ok(first_start) => first_start,
            Err(why) => return Err(not_begun(why, fatal).await),
        };
        left::settle(&handle, &library).await?;
        let sip_sockets = connections.hall();
        tasks.extend(connections.start(streams));
        tasks.push(tokio::spawn(certificates::keep(tls.clone(), http_stopped.clone())?));
        let (spoken, coming) = web_state(config, &handle, &health, &library, &sip, sip_sockets)?;
        let served = sockets::serve(config, &spoken, coming, http_stopped, clients, &tls)?;
        Ok(Self {
            handle,
            health,
            sip: sockets::say_where(&sip, &served.http),
            served,
            first_start,
            drain: config.limits.drain(),
            recordings,
            fatal,
            node,
            http_stop,
            tasks,
            threads,
        })
    }
}

async fn open_store(config: &Config) -> Result<Store, StartError> {
    let store = Store::open(&store_path(config), Options::default()).await?;
    if store.torn_bytes() > 0 {
        tracing::warn!(
            bytes = store.torn_bytes(),
            "the journal's log ended in a torn write: the crash cut a commit that nobody was told of; it is dropped"
        );
    }
    Ok(store)
}

/// Why nothing could be asked at the start: most likely because something fatal happened, which is told a little later.
async fn not_begun(why: String, mut fatal: mpsc::Receiver<Fatal>) -> StartError {
    match tokio::time::timeout(START_FATAL_MAX, fatal.recv()).await {
        Ok(Some(fatal)) => StartError::Fatal(fatal),
        Ok(None) | Err(_) => StartError::FirstStart(why),
    }
}

fn new_handle(
    config: &Config,
    store: &Store,
    health: &Health,
    node: mpsc::Sender<ToNode>,
    live: &broadcast::Sender<Arc<Event>>,
    journal: &Journal,
) -> Handle {
    Handle::new(Shared {
        node,
        live: live.downgrade(),
        durable: journal.durable(),
        pages: Arc::new(JournalPages(store.clone())),
        streams: Arc::new(Semaphore::new(count(config.limits.event_streams.get()))),
        store: store.clone(),
        health: health.clone(),
    })
}

/// A limit as a number of things in memory.
pub(super) fn count(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn start_recordings(
    threads: &mut Threads,
    library: &Library,
    recorded: RecordingInbox,
    to_node: mpsc::Sender<ToNode>,
) -> io::Result<()> {
    let tell = move |found: ToNode| {
        // When the node has ended, recovery tells at the next start what became of the recording.
        to_node.blocking_send(found).ok();
    };
    let writer = RecordingWriter::new(library.clone(), recorded, tell);
    threads.spawn("recordings' thread", move || {
        writer.run();
        Ok(())
    })
}

fn start_media(
    threads: &mut Threads,
    config: &Config,
    events: mpsc::Sender<MediaEvent>,
    recordings: RecordingDoor,
) -> Result<MediaDoor, StartError> {
    let prompts = prompts::load(&config.paths.prompts)?;
    let ips: Vec<_> = config.media.ip.all().iter().map(|ip| ip.get()).collect();
    for ip in &ips {
        // Ports are opened call by call; that none ever can be is better known now.
        let address = SocketAddr::new(*ip, 0);
        UdpSocket::bind(address).map_err(|source| StartError::Listen { key: "media.ip", address, source })?;
    }
    let settings = WorkerConfig { learn_sources: config.media.learn_sources, ..WorkerConfig::default() };
    let worker = Worker::new(prompts, settings, u64::from_le_bytes(random()?));
    let orders = sync_channel(MEDIA_ORDERS_MAX);
    let (thread, door) = MediaThread::new(worker, ips, orders, events, recordings)?;
    threads.spawn("media thread", move || thread.run())?;
    Ok(door)
}

fn web_state(
    config: &Config,
    handle: &Handle,
    health: &Health,
    library: &Library,
    sip: &[sockets::Place],
    sip_sockets: Hall,
) -> io::Result<(http::State, Coming)> {
    let (coming, doors) = Coming::new(config);
    let (connector, rooms) = doors.unzip();
    let state = http::State::new(http::Parts {
        handle: handle.clone(),
        health: health.clone(),
        meters: Meters::new(handle.clone(), health.clone()),
        tap: Tap::default(),
        recordings: library.clone(),
        limits: config.limits.clone(),
        sip: sip.iter().map(|(_, _, address)| *address).collect(),
        sip_sockets,
        stomp: embedded(config)?,
        connector,
        rooms,
    });
    Ok((state, coming))
}

/// The broker of the connector's clients, if it is switched on.
fn embedded(config: &Config) -> io::Result<Option<Embedded>> {
    if !config.connector.enabled {
        return Ok(None);
    }
    let broker = Broker::new(u64::from_le_bytes(random()?));
    Ok(Some(Embedded { broker, domain: config.first_tenant.domain.as_str().to_owned() }))
}

async fn write_journal(writer: Writer, fatal: mpsc::Sender<Fatal>) {
    let tell = |failed: JournalFailed| {
        // A full channel means that somebody was first.
        fatal.try_send(Fatal::Journal(failed.to_string())).ok();
    };
    writer.run_telling(|_| (), tell).await;
}

/// Brings the read models up to date behind the journal. They can be made again, so the server outlives their fault.
async fn fold(follower: Follower, durable: watch::Receiver<u64>) {
    if let Err(error) = follower.run(durable).await {
        tracing::error!(%error, "the read models stand still: `cordial rebuild` makes them again");
    }
}

/// What the node's thread takes with it.
struct NodeStart {
    restored: Restored,
    clock: Clock,
    inbox: mpsc::Receiver<ToNode>,
    from_media: mpsc::Receiver<MediaEvent>,
    journal: Journal,
    live: broadcast::Sender<Arc<Event>>,
    changed: mpsc::Sender<Changed>,
    snapshots: mpsc::Sender<(u64, State)>,
    streams: Streams,
    from_streams: mpsc::Receiver<FromStream>,
    media: MediaDoor,
    recordings: RecordingDoor,
    health: Health,
    behind_limit: Duration,
}

impl NodeStart {
    /// Gives the node a thread of its own, and gives it back when that has ended.
    fn spawn(
        self,
        threads: &mut Threads,
        udp: Vec<Listening<UdpSocket>>,
    ) -> io::Result<oneshot::Receiver<Node>> {
        let (ended, node) = oneshot::channel();
        threads.spawn("node's thread", move || {
            let node = self.run(udp)?;
            // Nobody waiting for it means that the process ends anyway.
            ended.send(node).ok();
            Ok(())
        })?;
        Ok(node)
    }

    /// Runs the node on this thread until it is told to stop.
    fn run(self, udp: Vec<Listening<UdpSocket>>) -> Result<Node, Fatal> {
        let broken = |error: io::Error| Fatal::Socket(format!("SIP by UDP: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(broken)?;
        runtime.block_on(async move {
            let Restored { mut node, snapshot, .. } = self.restored;
            node.start(self.clock.now());
            let node_loop = NodeLoop {
                node,
                clock: self.clock,
                udp: udp.into_iter().map(in_runtime).collect::<io::Result<_>>().map_err(broken)?,
                streams: self.streams,
                from_streams: self.from_streams,
                inbox: self.inbox,
                media_events: self.from_media,
                durable: self.journal.durable(),
                journal: self.journal,
                live: self.live,
                bindings: self.changed,
                snapshots: self.snapshots,
                media: self.media,
                recordings: self.recordings,
                health: self.health,
                behind_limit: self.behind_limit,
                pending: Pending::after_snapshot(snapshot),
                counters: Counters::new(),
            };
            node_loop.run().await
        })
    }
}

/// The journal as subscriptions read it.
struct JournalPages(Store);

impl Pages for JournalPages {
    fn page(&self, after: u64, limit: usize) -> Page<'_> {
        Box::pin(async move { self.0.events(after, limit).await.map_err(io::Error::other) })
    }
}

/// Writes pictures of the state until nobody takes any.
async fn write_snapshots(mut pictures: mpsc::Receiver<(u64, State)>, store: Store) {
    while let Some((seq, state)) = pictures.recv().await {
        // A large state takes its time, which other tasks should not wait for.
        let Ok(bytes) = tokio::task::spawn_blocking(move || state_bytes(&state)).await else {
            continue;
        };
        match store.save_snapshot(seq, SNAPSHOT_VERSION, &bytes).await {
            Ok(()) => tracing::info!(seq, bytes = bytes.len(), "a snapshot is written"),
            Err(error) => {
                tracing::warn!(%error, "no snapshot was written: a start reads more of the journal");
            }
        }
    }
}

fn open_library(config: &Config) -> Result<Library, StartError> {
    let path = &config.paths.recordings;
    Library::open_root(path).map_err(|source| StartError::Recordings { path: path.clone(), source })
}

/// A socket as the runtime takes it that this is called on.
fn in_runtime(listening: Listening<UdpSocket>) -> io::Result<Listening<tokio::net::UdpSocket>> {
    let Listening { id, socket, address } = listening;
    Ok(Listening { id, socket: tokio::net::UdpSocket::from_std(socket)?, address })
}
