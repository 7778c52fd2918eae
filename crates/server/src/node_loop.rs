//! The loop that owns the node: it alone reads and changes the contact centre.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordial_engine::{Answer, Event, Refusal, State};
use cordial_media::{MediaCommand, MediaEvent};
use cordial_node::{Admission, AskId, Node, Output};
use cordial_sip::{Flow, ListenerId, Transmit};
use cordial_store::Journal;
use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::bindings::Changed;
use crate::clock::Clock;
use crate::handle::{Release, ToNode};
use crate::health::{Gate, Health};
use crate::limits::{BEHIND_LOOK, DATAGRAM_MAX, HEARTBEAT, SNAPSHOT_EVENTS, TURN_MAX};
use crate::media_thread::MediaDoor;
use crate::meters;
use crate::recordings::{self, RecordingDoor};
use crate::run::Fatal;

/// Everything that the loop owns or speaks to.
pub(crate) struct NodeLoop {
    pub(crate) node: Node,
    pub(crate) clock: Clock,
    pub(crate) socket: UdpSocket,
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
}

/// What waits: answers for those who asked, and looks that saw something not durable yet.
#[derive(Default)]
pub(crate) struct Pending {
    asked: u64,
    answers: BTreeMap<AskId, oneshot::Sender<Result<Answer, Refusal>>>,
    reads: VecDeque<(u64, Release)>,
    /// The last event of each batch given to the journal, and when; only those not durable yet.
    journalled: VecDeque<(u64, Instant)>,
    draining: bool,
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
                received = self.socket.recv_from(&mut datagram) => {
                    self.datagrams(received, &mut datagram)?;
                }
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

    fn datagrams(
        &mut self,
        first: io::Result<(usize, std::net::SocketAddr)>,
        buffer: &mut [u8],
    ) -> Result<(), Fatal> {
        let mut received = first;
        for _ in 0..TURN_MAX {
            match received {
                Ok((length, from)) => {
                    meters::sip_message("in", &buffer[..length]);
                    let flow = Flow::udp(ListenerId(0), from);
                    self.node.handle_datagram(self.clock.now(), flow, &buffer[..length]);
                    self.settle()?;
                }
                // An ICMP error of a datagram sent before (RFC 3261 section 18.4): the transaction's timer finds out.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(Fatal::Socket(format!("receiving SIP: {error}"))),
            }
            received = self.socket.try_recv_from(buffer);
        }
        Ok(())
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
            ToNode::Report(report) => self.node.handle_report(now, report),
            ToNode::DeviceSecret(device, secret) => self.node.set_device_secret(device, secret),
            ToNode::TrunkSecret(trunk, password) => self.node.set_trunk_secret(trunk, password),
            ToNode::Drain => {
                self.pending.draining = true;
                self.node.set_admission(Admission::Draining);
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
        while let Some(output) = self.node.poll_output() {
            self.carry_out(output)?;
        }
        let (last, durable) = (self.node.last_seq(), self.node.durable_seq());
        if last > journalled_before {
            self.pending.journalled.push_back((last, Instant::now()));
        }
        while let Some((_, since)) = self.pending.journalled.pop_front_if(|(seq, _)| *seq <= durable) {
            meters::journal_commit(since.elapsed());
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

    fn admit(&mut self) {
        let behind = self.pending.journalled.front().map_or(Duration::ZERO, |(_, since)| since.elapsed());
        let before = self.health.gate();
        let gate = self.health.set_behind(behind, self.behind_limit);
        if gate == before {
            return;
        }
        match gate {
            Gate::Behind => {
                tracing::warn!(?behind, "the journal is behind: new calls and requests are refused");
            }
            Gate::Open => tracing::info!("the journal has caught up"),
        }
        if !self.pending.draining {
            self.node.set_admission(match gate {
                Gate::Open => Admission::Open,
                Gate::Behind => Admission::Overloaded,
            });
        }
    }

    fn carry_out(&mut self, output: Output) -> Result<(), Fatal> {
        match output {
            Output::Transmit(transmit) => self.transmit(&transmit),
            Output::Media(command) => self.order(command)?,
            Output::OpenRecording { recording, guid, tenant } => self.open_recording(recording, guid, tenant),
            Output::Journal(event) => {
                self.journal.try_append(event).map_err(|error| Fatal::Journal(error.to_string()))?;
            }
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
            // There are no stream listeners: only UDP is listened on.
            Output::CloseStream(_) => {}
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
        let Some(tenant) = self.node.engine().tenant(tenant) else {
            unreachable!("a recording's tenant exists: tenants are never removed");
        };
        self.recordings.send(recordings::Order::Open {
            recording: cordial_media::RecordingId(recording.0),
            place: recordings::Place { tenant: tenant.guid, recording: guid },
        });
    }

    fn order(&self, command: MediaCommand) -> Result<(), Fatal> {
        self.media.order(command).map_err(|()| Fatal::Ended("media thread (it takes no more orders)"))
    }

    /// A datagram that the socket does not take now is lost like any other: SIP sends it again (RFC 3261 section 17).
    fn transmit(&self, transmit: &Transmit) {
        meters::sip_message("out", &transmit.bytes);
        if let Err(error) = self.socket.try_send_to(&transmit.bytes, transmit.flow.remote) {
            tracing::debug!(flow = %transmit.flow, %error, "a SIP datagram was not sent");
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
