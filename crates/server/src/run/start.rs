//! The start of a server: what is opened, in which order, and who speaks to whom.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use cordial_engine::{Event, Report, State};
use cordial_media::{MediaEvent, Worker, WorkerConfig};
use cordial_node::Node;
use cordial_sip::Transport;
use cordial_store::{Follower, Journal, Options, Store, Writer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::restore::{self, Restored};
use super::streams::Carriers;
use super::threads::Threads;
use super::web::Web;
use super::{
    Fatal, SNAPSHOT_VERSION, Server, StartError, first_start, left, random, state_bytes, store_path,
};
use crate::bindings::{self, Changed};
use crate::clock::Clock;
use crate::config::Config;
use crate::events::{Page, Pages};
use crate::handle::{Handle, Shared, ToNode};
use crate::health::Health;
use crate::http;
use crate::limits::{
    BINDINGS_QUEUE_MAX, DIALS_MAX, HTTP_UNPROVED_MAX, INBOX_MAX, MEDIA_EVENTS_MAX, MEDIA_ORDERS_MAX,
    START_FATAL_MAX, STREAM_MESSAGES_MAX, STREAM_UNPROVED_MAX, TLS_LOOK,
};
use crate::listeners::{self, Listening, SipSockets};
use crate::media_thread::{MediaDoor, MediaThread};
use crate::meters::{self, Meters};
use crate::node_loop::{Counters, NodeLoop, Pending};
use crate::prompts;
use crate::recordings::{Library, RecordingDoor, RecordingInbox, RecordingWriter};
use crate::streams::book::{Book, Room};
use crate::streams::{FromStream, Numbers, Streams};
use crate::tap::Tap;
use crate::tls::Tls;

impl Server {
    /// Opens everything, makes true again what the journal says, and begins to serve.
    ///
    /// # Errors
    /// What could not be opened or read.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        meters::start();
        let store = Store::open(&store_path(config), Options::default()).await?;
        let library = open_library(config)?;
        let sip_sockets = SipSockets::open(config)?;
        let sip = sip_sockets.all();
        let tls = Tls::open(config)?;
        let web_sockets = open_web(config)?;
        let restored = restore::restore(&store, config, listeners::advertised(config, &sip)).await?;
        let clock = Clock::resume(restored.last);
        let (writer, journal) = store.writer().await?;
        let follower = store.follower().await?;
        // Channels that join more than two parts; the others are made where their ends meet.
        let (told, fatal) = mpsc::channel(8);
        let (to_node, inbox) = mpsc::channel(INBOX_MAX);
        let (media_events, from_media) = mpsc::channel(MEDIA_EVENTS_MAX);
        let (changed, changes) = mpsc::channel(BINDINGS_QUEUE_MAX);
        let (snapshots, pictures) = mpsc::channel(1);
        let (streams_told, from_streams) = mpsc::channel(STREAM_MESSAGES_MAX);
        let (dial, dials) = mpsc::channel(DIALS_MAX);
        let carriers = Carriers {
            node: streams_told,
            numbers: Numbers::default(),
            book: new_book(config),
            tls: tls.clone(),
        };
        let live = broadcast::Sender::new(count(config.limits.events_behind.get()));
        let (recordings, recorded) = RecordingDoor::new();
        let (http_stop, http_stopped) = watch::channel(false);
        let health = Health::new(store.clone());
        let handle = new_handle(config, &store, &health, to_node.clone(), &live, &journal);
        let mut threads = Threads::new(told.clone());
        start_recordings(&mut threads, &library, recorded, to_node)?;
        let media = start_media(&mut threads, config, media_events, recordings.clone())?;
        let node_start = NodeStart {
            restored,
            clock,
            inbox,
            from_media,
            journal,
            live,
            changed,
            snapshots,
            streams: Streams::new(carriers.numbers.clone(), dial),
            from_streams,
            media,
            recordings: recordings.clone(),
            health: health.clone(),
            behind_limit: config.limits.journal_behind(),
        };
        let SipSockets { udp, tcp, tls: tls_sockets } = sip_sockets;
        let node = node_start.spawn(&mut threads, udp)?;
        let mut tasks = vec![
            tokio::spawn(write_journal(writer, told.clone())),
            tokio::spawn(fold(follower, handle.durable())),
            tokio::spawn(write_snapshots(pictures, store.clone())),
            tokio::spawn(bindings::write_behind(changes, store, move || clock.now())),
        ];
        let first_start = match first_start::prepare(config, &handle).await {
            Ok(first_start) => first_start,
            Err(why) => return Err(not_begun(why, fatal).await),
        };
        left::settle(&handle, &library).await?;
        tasks.push(carriers.dial(dials));
        tasks.extend(tcp.into_iter().map(|socket| carriers.accept(socket, Transport::Tcp)));
        tasks.extend(tls_sockets.into_iter().map(|socket| carriers.accept(socket, Transport::Tls)));
        tasks.push(tokio::spawn(keep_tls(tls.clone(), http_stopped.clone())?));
        let router = router(config, &handle, &health, &library);
        let (http, web_tasks) =
            serve_web(Web::new(router, new_web_book(config), http_stopped), web_sockets, &tls);
        let sip: Vec<_> = sip.into_iter().map(|(_, transport, address)| (transport, address)).collect();
        for (transport, address) in &sip {
            tracing::info!(transport = transport.via_token(), %address, "SIP is taken");
        }
        tracing::info!(http = %http[0], "serving");
        Ok(Self {
            handle,
            health,
            sip,
            http,
            first_start,
            drain: config.limits.drain(),
            recordings,
            fatal,
            node,
            http_stop,
            web_tasks,
            tasks,
            threads,
        })
    }
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
fn count(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn start_recordings(
    threads: &mut Threads,
    library: &Library,
    recorded: RecordingInbox,
    to_node: mpsc::Sender<ToNode>,
) -> io::Result<()> {
    let tell = move |report: Report| {
        // When the node has ended, recovery tells at the next start what became of the recording.
        to_node.blocking_send(ToNode::Report(report)).ok();
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
    let ip = config.media.ip.all()[0].get();
    // Ports are opened call by call; that none ever can be is better known now.
    UdpSocket::bind((ip, 0)).map_err(|source| StartError::Listen {
        key: "media.ip",
        address: SocketAddr::new(ip, 0),
        source,
    })?;
    let settings = WorkerConfig { learn_sources: config.media.learn_sources, ..WorkerConfig::default() };
    let worker = Worker::new(prompts, settings, u64::from_le_bytes(random()?));
    let orders = sync_channel(MEDIA_ORDERS_MAX);
    let (thread, door) = MediaThread::new(worker, ip, orders, events, recordings)?;
    threads.spawn("media thread", move || thread.run())?;
    Ok(door)
}

fn router(config: &Config, handle: &Handle, health: &Health, library: &Library) -> axum::Router {
    http::router(http::State::new(http::Parts {
        handle: handle.clone(),
        health: health.clone(),
        meters: Meters::new(handle.clone(), health.clone()),
        tap: Tap::default(),
        recordings: library.clone(),
        limits: config.limits.clone(),
    }))
}

async fn write_journal(writer: Writer, fatal: mpsc::Sender<Fatal>) {
    if let Err(failed) = writer.run(|_| ()).await {
        // A full channel means that somebody was first.
        fatal.try_send(Fatal::Journal(failed.to_string())).ok();
    }
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

/// Serves at each socket; gives where, the plain one first.
fn serve_web(
    web: Web,
    sockets: Vec<(TcpListener, SocketAddr, bool)>,
    tls: &Tls,
) -> (Vec<SocketAddr>, Vec<JoinHandle<()>>) {
    let serve = |(socket, address, under_tls): (TcpListener, SocketAddr, bool)| {
        (address, web.serve(socket, under_tls.then(|| tls.clone())))
    };
    sockets.into_iter().map(serve).unzip()
}

/// Takes up changed certificates: now and then, and at once when the process is told to look (SIGHUP).
fn keep_tls(tls: Tls, mut stopped: watch::Receiver<bool>) -> io::Result<impl Future<Output = ()>> {
    let mut told = Told::new()?;
    Ok(async move {
        loop {
            let anyway = tokio::select! {
                () = told.next() => true,
                () = tokio::time::sleep(TLS_LOOK) => false,
                // A sender that is gone says the same.
                _ = stopped.wait_for(|stopped| *stopped) => return,
            };
            let tls = tls.clone();
            if let Err(error) = tokio::task::spawn_blocking(move || tls.look(anyway)).await {
                tracing::error!(%error, "the certificate was not looked at");
            }
        }
    })
}

/// SIGHUP, where there is one.
#[cfg(unix)]
struct Told(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Told {
    fn new() -> io::Result<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).map(Self)
    }

    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending().await
        }
    }
}

#[cfg(not(unix))]
struct Told;

#[cfg(not(unix))]
impl Told {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}

fn open_library(config: &Config) -> Result<Library, StartError> {
    let path = &config.paths.recordings;
    let fault = |source| StartError::Recordings { path: path.clone(), source };
    let library = Library::open_root(path).map_err(fault)?;
    for rescued in library.rescue_all().map_err(fault)? {
        tracing::warn!(
            tenant = %rescued.place.tenant,
            recording = %rescued.place.recording,
            audio_ms = rescued.audio_ms,
            "a recording that the last stop cut is whole again without its last moments"
        );
    }
    Ok(library)
}

/// A socket as the runtime takes it that this is called on.
fn in_runtime(listening: Listening<UdpSocket>) -> io::Result<Listening<tokio::net::UdpSocket>> {
    let Listening { id, socket, address } = listening;
    Ok(Listening { id, socket: tokio::net::UdpSocket::from_std(socket)?, address })
}

/// Who may have how many SIP connections.
fn new_book(config: &Config) -> Book {
    Book::new(Room {
        all: count(config.limits.sip_connections.get()),
        source: count(config.limits.sip_connections_per_source.get()),
        unproved: STREAM_UNPROVED_MAX,
    })
}

/// Who may have how many HTTP connections.
fn new_web_book(config: &Config) -> Book {
    Book::new(Room {
        all: count(config.limits.http_connections.get()),
        source: count(config.limits.http_connections_per_source.get()),
        unproved: HTTP_UNPROVED_MAX,
    })
}

/// The sockets of HTTP, the plain one first, and whether each is under TLS.
fn open_web(config: &Config) -> Result<Vec<(TcpListener, SocketAddr, bool)>, StartError> {
    let plain = ("http.native", config.http.native.get(), false);
    let tls = config.http.tls.all().iter().map(|listen| ("http.tls", listen.get(), true));
    let open = |(key, address, under_tls)| {
        let opened = listeners::open_tcp(address);
        let (socket, local) = opened.map_err(|source| StartError::Listen { key, address, source })?;
        Ok((socket, local, under_tls))
    };
    std::iter::once(plain).chain(tls).map(open).collect()
}
