//! Faults planted on purpose, to show that the checkers would find them.
//!
//! The production code stays as it is. A fault is played at the seams between the node and the world, where a bug of
//! that kind would show: in what is told, what is sent, what a view says, what a journal gives back.

use std::collections::BTreeMap;

use cordial_engine::agent::Duty;
use cordial_engine::call::OfferEnd;
use cordial_engine::id::{AgentId, CallId, LegId, OfferId, QueueId, TenantId};
use cordial_engine::view::QueueView;
use cordial_engine::{Event, Fact};
use cordial_node::Output;

use crate::journal::Journal;

/// A planted fault, and the rules of which one must find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A conversation ends and no wrap-up begins.
    LostWrapUp,
    /// A call is offered to a second agent while the first is being rung.
    DoubleOffer,
    /// An agent whose device is busy is offered a call.
    BusyOffer,
    /// An offer that was taken back stays live for the agent.
    StuckReservation,
    /// A leg is gone for us and its phone is never told.
    GhostLeg,
    /// What a new process says to end the calls of the one before is never sent.
    SilentRestart,
    /// A caller who gave up is counted twice.
    MiscountedAbandon,
    /// A later caller is served first.
    WrongOrder,
    /// A break asked for during a call is forgotten after it.
    ForgottenPending,
    /// An event is told before it is on disk.
    ToldTooEarly,
    /// A restart ends wrap-ups.
    RecoveryForgetsWrapUp,
    /// A fact of one tenant names another's agent.
    TenantLeak,
    /// Half of a conversation is missing in its recording.
    ShortRecording,
    /// The disk loses what was acknowledged.
    LostAcknowledged,
}

impl Fault {
    /// All there are, with their name on the command line and the rules that may find them.
    pub const ALL: [(Self, &'static str, &'static [&'static str]); 14] = [
        (Self::LostWrapUp, "lost-wrap-up", &["wrap-up"]),
        (Self::DoubleOffer, "double-offer", &["H1", "H2"]),
        (Self::BusyOffer, "busy-offer", &["H4"]),
        (Self::StuckReservation, "stuck-reservation", &["H2", "H3", "H8"]),
        (Self::GhostLeg, "ghost-leg", &["ghost"]),
        (Self::SilentRestart, "silent-restart", &["ghost"]),
        (Self::MiscountedAbandon, "miscounted-abandon", &["H5"]),
        (Self::WrongOrder, "wrong-order", &["model"]),
        (Self::ForgottenPending, "forgotten-pending", &["pending"]),
        (Self::ToldTooEarly, "told-too-early", &["durable"]),
        (Self::RecoveryForgetsWrapUp, "recovery-forgets-wrap-up", &["wrap-up"]),
        (Self::TenantLeak, "tenant-leak", &["H12"]),
        (Self::ShortRecording, "short-recording", &["recording"]),
        (Self::LostAcknowledged, "lost-acknowledged", &["durable"]),
    ];
}

/// Plays one fault at the seams, or none.
#[derive(Default)]
pub(crate) struct Tamper {
    fault: Option<Fault>,
    /// How many more occasions pass before the fault is played.
    patience: u64,
    played: bool,
    tenants: BTreeMap<AgentId, TenantId>,
    legs: BTreeMap<LegId, Option<AgentId>>,
    waiting: Vec<(QueueId, CallId)>,
    ghost: Option<String>,
}

impl Tamper {
    /// Plants a fault; the seed says which occasion it takes.
    pub(crate) fn plant(fault: Option<Fault>, seed: u64) -> Self {
        Self { fault, patience: seed % 3, ..Self::default() }
    }

    pub(crate) const fn is_planted(&self) -> bool {
        self.fault.is_some()
    }

    /// Whether this is the occasion on which the fault is played; it is played once.
    fn plays(&mut self, fault: Fault) -> bool {
        if self.fault != Some(fault) || self.played {
            return false;
        }
        let now = self.patience == 0;
        self.patience = self.patience.saturating_sub(1);
        self.played = now;
        now
    }

    /// What listeners are told instead of an event.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a fault alters the facts that it is about")]
    pub(crate) fn told(&mut self, mut event: Event) -> Vec<Event> {
        if self.fault.is_none() {
            return vec![event];
        }
        let mut more = Vec::new();
        let pending_comes = self.pending_comes(&event);
        let original = event.clone();
        let kept = match &mut event.fact {
            Fact::WrapUpStarted { .. } => !self.plays(Fault::LostWrapUp),
            Fact::OfferEnded { end: OfferEnd::Withdrawn(_), .. } => !self.plays(Fault::StuckReservation),
            Fact::AgentNotReady { duty: Duty::NotReady { reason: Some(_), .. }, .. } if pending_comes => {
                !self.plays(Fault::ForgottenPending)
            }
            Fact::RecordingSaved { audio_ms, .. } if *audio_ms > 5_000 => {
                *audio_ms /= if self.plays(Fault::ShortRecording) { 2 } else { 1 };
                true
            }
            Fact::OfferMade { call, queue, agent, .. } => {
                let (call_id, queue_id, agent_id) = (*call, *queue, *agent);
                if let Some(later) = self.later_call(queue_id, call_id)
                    && self.plays(Fault::WrongOrder)
                {
                    *call = later;
                }
                if let Some(busy) = self.busy_agent(event.tenant, agent_id)
                    && self.plays(Fault::BusyOffer)
                {
                    *agent = busy;
                }
                if let Some(foreign) =
                    self.tenants.iter().find(|(_, tenant)| **tenant != event.tenant).map(|(id, _)| *id)
                    && self.plays(Fault::TenantLeak)
                {
                    *agent = foreign;
                }
                if let Some(other) = self.other_agent(event.tenant, agent_id)
                    && self.plays(Fault::DoubleOffer)
                {
                    more.push(second_offer(&original, other));
                }
                true
            }
            _ => true,
        };
        self.note(&event);
        let mut events = if kept { vec![event] } else { Vec::new() };
        events.extend(more);
        events
    }

    /// An event told before its commit.
    pub(crate) fn told_early(&mut self, event: &Event) -> Option<Event> {
        let is_decision = matches!(event.fact, Fact::OfferMade { .. });
        (is_decision && self.plays(Fault::ToldTooEarly)).then(|| event.clone())
    }

    /// What the world gets instead of an output.
    pub(crate) fn output(&mut self, output: Output) -> Option<Output> {
        if self.fault == Some(Fault::SilentRestart)
            && let Output::Transmit(transmit) = &output
            && String::from_utf8_lossy(&transmit.bytes).contains("text=\"Restarted\"")
        {
            return None;
        }
        if self.fault == Some(Fault::GhostLeg)
            && let Output::Transmit(transmit) = &output
            && transmit.bytes.starts_with(b"BYE ")
        {
            let call_id = String::from_utf8_lossy(&transmit.bytes)
                .lines()
                .find_map(|line| line.strip_prefix("Call-ID: ").map(str::to_owned));
            if self.ghost.is_none() && self.plays(Fault::GhostLeg) {
                self.ghost.clone_from(&call_id);
            }
            if self.ghost.is_some() && self.ghost == call_id {
                return None;
            }
        }
        Some(output)
    }

    /// What a new process reads instead of a journalled event.
    pub(crate) fn restored(&self, now: u64, event: &Event) -> Event {
        let mut event = event.clone();
        if self.fault == Some(Fault::RecoveryForgetsWrapUp)
            && let Fact::WrapUpStarted { until, .. } = &mut event.fact
            && until.0 > now
        {
            *until = event.at;
        }
        event
    }

    /// What a crash does to the disk.
    pub(crate) fn crashed(&mut self, journal: &mut Journal) {
        if self.plays(Fault::LostAcknowledged) {
            journal.durable_mut().pop();
        }
    }

    /// What a queue's view says.
    pub(crate) fn view(&self, view: &mut QueueView) {
        if self.fault == Some(Fault::MiscountedAbandon) && view.tally.abandoned > 0 {
            view.tally.abandoned += 1;
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only what the faults need is noted")]
    fn note(&mut self, event: &Event) {
        match &event.fact {
            Fact::EntryAdded { id: cordial_engine::EntryId::Agent(agent), .. } => {
                self.tenants.insert(*agent, event.tenant);
            }
            Fact::LegAdded { leg, agent, .. } => {
                self.legs.insert(*leg, *agent);
            }
            Fact::LegCleared { leg, .. } => {
                self.legs.remove(leg);
            }
            Fact::CallQueued { call, queue, .. } => self.waiting.push((*queue, *call)),
            Fact::WaitingEnded { call, .. } => self.waiting.retain(|(_, other)| other != call),
            _ => {}
        }
    }

    /// Whether a not ready with a reason of the tenant's own comes by itself, not at once on demand.
    fn pending_comes(&self, event: &Event) -> bool {
        self.fault == Some(Fault::ForgottenPending)
            && !matches!(event.by, cordial_engine::Actor::Operator)
            && matches!(
                &event.fact,
                Fact::AgentNotReady {
                    duty: Duty::NotReady { reason: Some(cordial_engine::agent::WhyNotReady::Reason(_)), .. },
                    ..
                }
            )
    }

    fn later_call(&self, queue: QueueId, call: CallId) -> Option<CallId> {
        let mut line = self.waiting.iter().filter(|(of, _)| *of == queue).map(|(_, call)| *call);
        line.find(|other| *other == call)?;
        line.next()
    }

    fn busy_agent(&self, tenant: TenantId, but: AgentId) -> Option<AgentId> {
        let busy = self
            .legs
            .values()
            .flatten()
            .find(|agent| **agent != but && self.tenants.get(agent) == Some(&tenant));
        busy.copied()
    }

    fn other_agent(&self, tenant: TenantId, but: AgentId) -> Option<AgentId> {
        self.tenants.iter().find(|(agent, of)| **of == tenant && **agent != but).map(|(agent, _)| *agent)
    }
}

/// The same call offered to somebody else as well.
fn second_offer(event: &Event, other: AgentId) -> Event {
    let mut second = event.clone();
    if let Fact::OfferMade { offer, agent, .. } = &mut second.fact {
        *offer = OfferId(offer.0 + 1_000_000);
        *agent = other;
    }
    second
}
