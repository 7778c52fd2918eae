//! The loop that owns the node: it alone reads and changes the contact centre.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use cordial_engine::{Answer, Event, Refusal, State};
use cordial_media::{MediaCommand, MediaEvent};
use cordial_node::{Admission, AskId, Node, Output};
use cordial_sip::{Flow, StreamId, Transmit, Transport};
use cordial_store::Journal;
use metrics::Histogram;
use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::bindings::Changed;
use crate::clock::Clock;
use crate::handle::{Release, ToNode};
use crate::health::{Gate, Health};
use crate::limits::{
    BEHIND_LOOK, DATAGRAM_MAX, FLOOD_TOLD_EVERY, FLOODED_AFTER, HEARTBEAT, OVERLOADED_AFTER, SNAPSHOT_EVENTS,
    TURN_MAX,
};
use crate::listeners::Listening;
use crate::media_thread::MediaDoor;
use crate::meters::{self, SipCounters};
use crate::recordings::{self, RecordingDoor};
use crate::run::Fatal;
use crate::streams::{FromStream, Given, Lost, Streams};

const MEDIA_GONE: Fatal = Fatal::Ended("media thread (it takes no more orders)");

/// Everything that the loop owns or speaks to.
pub(crate) struct NodeLoop {
    pub(crate) node: Node,
    pub(crate) clock: Clock,
    pub(crate) udp: Vec<Listening<UdpSocket>>,
    pub(crate) streams: Streams,
    pub(crate) from_streams: mpsc::Receiver<FromStream>,
    pub(crate) inbox: mpsc::Receiver<ToNode>,
    pub(crate) media_events: mpsc::Receiver<MediaEvent>,
    pub(crate) durable: watch::Receiver<u64>,
    pub(crate) journal: Journal,
    pub(crate) live: broadcast::Sender<Arc<Event>>,
    pub(crate) bindings: mpsc::Sender<Changed>,
    /// Pictures of the state, each with the number of the last event in it.
    pub(crate) snapshots: mpsc::Sender<(u64, State)>,
    pub(crate) media: MediaDoor,
    pub(crate) recordings: RecordingDoor,
    pub(crate) health: Health,
    pub(crate) behind_limit: Duration,
    pub(crate) pending: Pending,
    pub(crate) counters: Counters,
}

/// What the loop counts.
pub(crate) struct Counters {
    sip_in: SipCounters,
    sip_out: SipCounters,
    commits: Histogram,
}

impl Counters {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            sip_in: SipCounters::new("in"),
            sip_out: SipCounters::new("out"),
            commits: meters::journal_commits(),
        }
    }
}

/// What waits: answers for those who asked, and looks that saw something not durable yet.
#[derive(Default)]
pub(crate) struct Pending {
    asked: u64,
    answers: BTreeMap<AskId, oneshot::Sender<Result<Answer, Refusal>>>,
    reads: VecDeque<(u64, Release)>,
    /// Facts of this turn for the journal: given together, they are committed together.
    facts: Vec<Event>,
    /// The last event of each batch given to the journal, and when; only those not durable yet.
    journalled: VecDeque<(u64, Instant)>,
    draining: bool,
    /// Connections to be closed when all outputs are carried out.
    closing: Vec<StreamId>,
    /// The UDP socket that is looked at first, so that a flooded one does not starve the others.
    udp_turn: usize,
    /// Datagrams dropped unread as told last, and when.
    flood_told: (u64, Option<Instant>),
    /// The UDP socket that no turn has emptied, and since when: more comes than can be done.
    unread: Option<(usize, Instant)>,
    admission: Option<Admission>,
    /// The last event in the last picture that was handed over.
    snapshot: u64,
}

impl Pending {
    /// Nothing waits yet; the state began from a snapshot of this event.
    pub(crate) fn after_snapshot(snapshot: u64) -> Self {
        Self { snapshot, ..Self::default() }
    }
}

impl NodeLoop {
    /// Turns until it is told to stop, then gives the node back for its last snapshot.
    pub(crate) async fn run(mut self) -> Result<Node, Fatal> {
        let mut datagram = vec![0; DATAGRAM_MAX];
        self.settle()?;
        loop {
            let wake = tokio::time::Instant::from_std(self.wake());
            tokio::select! {
                socket = readable(&self.udp, self.pending.udp_turn) => {
                    self.pending.udp_turn = socket + 1;
                    self.datagrams(socket, &mut datagram)?;
                }
                Some(told) = self.from_streams.recv() => self.streams_told(told)?,
                message = self.inbox.recv() => {
                    if self.messages(message).is_break() {
                        break;
                    }
                }
                Some(event) = self.media_events.recv() => self.media_events(&event),
                changed = self.durable.changed() => {
                    changed.map_err(|_| Fatal::Journal("its writer has ended".to_owned()))?;
                    let seq = *self.durable.borrow_and_update();
                    self.node.handle_durable(self.clock.now(), seq);
                }
                () = tokio::time::sleep_until(wake) => {
                    let now = self.clock.now();
                    if self.node.poll_timeout().is_some_and(|(at, _)| at <= now.at) {
                        self.node.handle_timeout(now);
                    }
                }
            }
            self.settle()?;
        }
        self.flush().await?;
        Ok(self.node)
    }

    /// When to turn again although nothing came.
    fn wake(&self) -> Instant {
        let rest = if self.pending.journalled.is_empty() { HEARTBEAT } else { BEHIND_LOOK };
        let rest = Instant::now() + rest;
        self.node.poll_timeout().map_or(rest, |(at, _)| self.clock.instant(at).min(rest))
    }

    fn datagrams(&mut self, socket: usize, buffer: &mut [u8]) -> Result<(), Fatal> {
        for _ in 0..TURN_MAX {
            let Listening { id, socket: open, .. } = &self.udp[socket];
            match open.try_recv_from(buffer) {
                Ok((length, from)) => {
                    self.counters.sip_in.count(&buffer[..length]);
                    let flow = Flow::udp(*id, from);
                    self.node.handle_datagram(self.clock.now(), flow, &buffer[..length]);
                    self.settle()?;
                }
                // An ICMP error of a datagram sent before (RFC 3261 section 18.4): the transaction's timer finds out.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.pending.unread = self.pending.unread.filter(|(other, _)| *other != socket);
                    return Ok(());
                }
                Err(error) => return Err(Fatal::Socket(format!("receiving SIP: {error}"))),
            }
        }
        self.tell_flood();
        self.pending.unread.get_or_insert_with(|| (socket, Instant::now()));
        Ok(())
    }

    fn streams_told(&mut self, first: FromStream) -> Result<(), Fatal> {
        let mut told = Some(first);
        for _ in 0..TURN_MAX {
            let Some(some) = told else {
                return Ok(());
            };
            self.stream_told(some);
            self.settle()?;
            told = self.from_streams.try_recv().ok();
        }
        told.map_or(Ok(()), |last| {
            self.stream_told(last);
            Ok(())
        })
    }

    fn stream_told(&mut self, told: FromStream) {
        match told {
            FromStream::Opened { flow, door } => self.streams.opened(flow, door),
            FromStream::Bytes { flow, bytes } => {
                // What was given up is not heard any more, even if it still speaks.
                if flow.stream.is_some_and(|stream| self.streams.is_open(stream)) {
                    self.counters.sip_in.count(&bytes);
                    self.node.handle_stream(self.clock.now(), flow, &bytes);
                }
            }
            FromStream::Idle { stream } => {
                if !self.in_use(stream) {
                    self.close_stream(stream);
                }
            }
            FromStream::Closed { stream } => self.close_stream(stream),
        }
    }

    /// Whether a registration, a call or a transaction needs a connection.
    fn in_use(&self, stream: StreamId) -> bool {
        self.node.uses_stream(stream)
            || self
                .streams
                .led_to(stream)
                .is_some_and(|(transport, remote)| self.node.uses_remote(transport, remote))
    }

    /// Gives up a connection that has ended, or shall.
    fn close_stream(&mut self, stream: StreamId) {
        match self.streams.close(stream) {
            Some(Given::Theirs) => self.node.handle_stream_closed(self.clock.now(), stream),
            Some(Given::Ours(transport, remote)) => {
                self.node.handle_stream_closed(self.clock.now(), stream);
                self.node.handle_connect_failed(self.clock.now(), transport, remote);
            }
            None => {}
        }
    }

    /// Tells the node that what it sent on a connection will not arrive.
    fn lost(&mut self, lost: Lost) {
        match lost {
            Lost::Stream(stream) => self.close_stream(stream),
            Lost::Remote(transport, remote) => {
                self.node.handle_connect_failed(self.clock.now(), transport, remote);
            }
        }
    }

    /// Counts what was dropped unread, and says so now and then: a line for each would be a flood of its own.
    fn tell_flood(&mut self) {
        let shed = self.node.shed();
        meters::sip_shed(shed);
        let (told, since) = self.pending.flood_told;
        if shed > told && since.is_none_or(|since| since.elapsed() >= FLOOD_TOLD_EVERY) {
            tracing::warn!(datagrams = shed - told, "a flood: datagrams of strangers are dropped unread");
            self.pending.flood_told = (shed, Some(Instant::now()));
        }
    }

    fn messages(&mut self, first: Option<ToNode>) -> ControlFlow<()> {
        let mut message = first;
        for _ in 0..TURN_MAX {
            // All who could ask are gone.
            let Some(some) = message else {
                return ControlFlow::Break(());
            };
            self.message(some)?;
            message = match self.inbox.try_recv() {
                Ok(more) => Some(more),
                Err(_) => return ControlFlow::Continue(()),
            };
        }
        match message {
            Some(last) => self.message(last),
            None => ControlFlow::Break(()),
        }
    }

    fn message(&mut self, message: ToNode) -> ControlFlow<()> {
        let now = self.clock.now();
        match message {
            ToNode::Ask { input, answer } => {
                self.pending.asked += 1;
                let ask = AskId(self.pending.asked);
                self.pending.answers.insert(ask, answer);
                self.node.handle_command(now, ask, input);
            }
            ToNode::Read(look) => {
                let release = look(self.node.engine(), now);
                self.pending.reads.push_back((self.node.last_seq(), release));
            }
            ToNode::Audio(play, audio) => self.node.handle_audio(play, audio),
            ToNode::Report(report) => self.node.handle_report(now, report),
            ToNode::DeviceSecret(device, secret) => self.node.set_device_secret(device, secret),
            ToNode::AgentPin(agent, digest) => self.node.set_agent_pin(agent, digest),
            ToNode::TrunkSecret(trunk, password) => self.node.set_trunk_secret(trunk, password),
            ToNode::Drain => {
                self.pending.draining = true;
            }
            ToNode::Stop => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    fn media_events(&mut self, first: &MediaEvent) {
        self.node.handle_media(self.clock.now(), first);
        for _ in 1..TURN_MAX {
            let Ok(event) = self.media_events.try_recv() else {
                return;
            };
            self.node.handle_media(self.clock.now(), &event);
        }
    }

    /// Does what the node wants done, and tells how far behind the journal is.
    fn settle(&mut self) -> Result<(), Fatal> {
        let journalled_before =
            self.pending.journalled.back().map_or(self.node.durable_seq(), |(seq, _)| *seq);
        loop {
            while let Some(output) = self.node.poll_output() {
                self.carry_out(output)?;
            }
            // Only now, so that the answer which says what was wrong still goes out.
            let Some(stream) = self.pending.closing.pop() else {
                break;
            };
            self.close_stream(stream);
        }
        for event in self.pending.facts.drain(..) {
            self.journal.try_append(event).map_err(|error| Fatal::Journal(error.to_string()))?;
        }
        self.media.carry_out().map_err(|()| MEDIA_GONE)?;
        let (last, durable) = (self.node.last_seq(), self.node.durable_seq());
        if last > journalled_before {
            self.pending.journalled.push_back((last, Instant::now()));
        }
        while let Some((_, since)) = self.pending.journalled.pop_front_if(|(seq, _)| *seq <= durable) {
            self.counters.commits.record(since.elapsed());
        }
        while self.pending.reads.front().is_some_and(|(seq, _)| *seq <= durable) {
            if let Some((_, release)) = self.pending.reads.pop_front() {
                release();
            }
        }
        self.take_picture(last, durable);
        self.admit();
        self.health.beat();
        Ok(())
    }

    /// Hands over a picture of the state now and then; only of one that is durable.
    fn take_picture(&mut self, last: u64, durable: u64) {
        if last != durable || last.saturating_sub(self.pending.snapshot) < SNAPSHOT_EVENTS {
            return;
        }
        // While the one before is still being written, a later turn tries again.
        if let Ok(place) = self.snapshots.try_reserve() {
            self.pending.snapshot = last;
            place.send((last, self.node.engine().state().clone()));
        }
    }

    /// Lets new work in, or turns it away while the journal or this loop itself is behind.
    fn admit(&mut self) {
        let behind = self.pending.journalled.front().map_or(Duration::ZERO, |(_, since)| since.elapsed());
        let before = self.health.gate();
        let gate = self.health.set_behind(behind, self.behind_limit);
        if gate != before {
            match gate {
                Gate::Behind => {
                    tracing::warn!(?behind, "the journal is behind: new calls and requests are refused");
                }
                Gate::Open => tracing::info!("the journal has caught up"),
            }
        }
        let unread = self.pending.unread.map_or(Duration::ZERO, |(_, since)| since.elapsed());
        let admission = admission(self.pending.draining, gate, unread);
        if self.pending.admission != Some(admission) {
            self.pending.admission = Some(admission);
            self.node.set_admission(admission);
        }
    }

    fn carry_out(&mut self, output: Output) -> Result<(), Fatal> {
        match output {
            Output::Transmit(transmit) => self.transmit(transmit),
            Output::Media(command) => self.order(command)?,
            Output::OpenRecording { recording, guid, tenant } => self.open_recording(recording, guid, tenant),
            Output::PlayMessage { play, guid, tenant } => {
                let place = self.place(tenant, guid);
                self.recordings.send(recordings::Order::Play { place, play });
            }
            Output::Journal(event) => self.pending.facts.push(event),
            Output::Answer { ask, result } => {
                if let Some(answer) = self.pending.answers.remove(&ask) {
                    // Whoever asked may have gone away meanwhile.
                    answer.send(result).ok();
                }
            }
            Output::Tell(event) => {
                meters::event(&event);
                // Nobody listening is an ordinary case.
                self.live.send(Arc::new(event)).ok();
            }
            Output::CloseStream(stream) => self.pending.closing.push(stream),
            Output::Bindings { device, bindings } => {
                if self.bindings.try_send(Changed { device, bindings }).is_err() {
                    tracing::warn!(%device, "too many bindings wait for the store; kept with the next REGISTER");
                }
            }
        }
        Ok(())
    }

    fn open_recording(
        &mut self,
        recording: cordial_engine::id::RecordingId,
        guid: cordial_engine::id::Guid,
        tenant: cordial_engine::id::TenantId,
    ) {
        let place = self.place(tenant, guid);
        let recording = cordial_media::RecordingId(recording.0);
        self.recordings.send(recordings::Order::Open { recording, place });
    }

    fn place(
        &self,
        tenant: cordial_engine::id::TenantId,
        recording: cordial_engine::id::Guid,
    ) -> recordings::Place {
        let Some(tenant) = self.node.engine().tenant(tenant) else {
            unreachable!("a recording's tenant exists: tenants are never removed");
        };
        recordings::Place { tenant: tenant.guid, recording }
    }

    fn order(&mut self, command: MediaCommand) -> Result<(), Fatal> {
        self.media.order(command).map_err(|()| MEDIA_GONE)
    }

    fn transmit(&mut self, transmit: Transmit) {
        self.counters.sip_out.count(&transmit.bytes);
        match transmit.flow.transport {
            Transport::Udp => self.transmit_datagram(&transmit),
            Transport::Ws if transmit.flow.stream.is_none() => {
                tracing::debug!(flow = %transmit.flow, "nobody can connect to a browser");
            }
            Transport::Tcp | Transport::Tls | Transport::Ws => {
                if let Err(lost) = self.streams.send(transmit) {
                    self.lost(lost);
                }
            }
        }
    }

    /// A datagram that the socket does not take now is lost like any other: SIP sends it again (RFC 3261 section 17).
    fn transmit_datagram(&self, transmit: &Transmit) {
        let flow = transmit.flow;
        let fits = |address: SocketAddr| address.is_ipv6() == flow.remote.is_ipv6();
        // A binding of an earlier start may name a listener that is no more: any of its family does.
        let socket = self
            .udp
            .iter()
            .filter(|socket| fits(socket.address))
            .min_by_key(|socket| socket.id != flow.listener);
        let Some(Listening { socket, .. }) = socket else {
            tracing::debug!(%flow, "there is no UDP listener of this family");
            return;
        };
        if let Err(error) = socket.try_send_to(&transmit.bytes, flow.remote) {
            tracing::debug!(%flow, %error, "a SIP datagram was not sent");
        }
    }

    /// Waits until everything decided is durable, and does what then follows.
    async fn flush(&mut self) -> Result<(), Fatal> {
        loop {
            self.settle()?;
            if self.node.durable_seq() >= self.node.last_seq() {
                return Ok(());
            }
            self.durable.changed().await.map_err(|_| Fatal::Journal("its writer has ended".to_owned()))?;
            let seq = *self.durable.borrow_and_update();
            self.node.handle_durable(self.clock.now(), seq);
        }
    }
}

/// Who is let in. A node that drains turns calls away in any case: a flood beside that has to be shed as cheaply as ever,
/// or the calls that still go on suffer from it.
fn admission(draining: bool, gate: Gate, unread: Duration) -> Admission {
    if unread >= FLOODED_AFTER {
        Admission::Flooded
    } else if gate == Gate::Behind || unread >= OVERLOADED_AFTER {
        Admission::Overloaded
    } else if draining {
        Admission::Draining
    } else {
        Admission::Open
    }
}

/// The first of the sockets that has something, from number `first` on.
async fn readable(sockets: &[Listening<UdpSocket>], first: usize) -> usize {
    std::future::poll_fn(|context| {
        let mut turns = (0..sockets.len()).map(|turn| (first + turn) % sockets.len());
        let ready = turns.find(|socket| sockets[*socket].socket.poll_recv_ready(context).is_ready());
        ready.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_shed_during_a_drain_as_at_any_other_time() {
        let calm = Duration::ZERO;
        assert_eq!(admission(false, Gate::Open, calm), Admission::Open);
        assert_eq!(admission(true, Gate::Open, calm), Admission::Draining);
        for draining in [false, true] {
            assert_eq!(admission(draining, Gate::Behind, calm), Admission::Overloaded);
            assert_eq!(admission(draining, Gate::Open, OVERLOADED_AFTER), Admission::Overloaded);
            assert_eq!(admission(draining, Gate::Open, FLOODED_AFTER), Admission::Flooded);
        }
    }
}
