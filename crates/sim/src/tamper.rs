//! Faults planted on purpose, to show that the checkers would find them.
//!
//! The production code stays as it is. A fault is played at the seams between the node and the world, where a bug of
//! that kind would show: in what is told, what is sent, what a view says, what a journal gives back.

use std::collections::BTreeMap;

use cordial_engine::agent::Duty;
use cordial_engine::call::{OfferEnd, Widening};
use cordial_engine::entry::{Entry, Strategy};
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
    /// Queues choose by another strategy than they have.
    WrongStrategy,
    /// An agent is asked as one of a level that he is not on.
    WrongLevel,
    /// A queue is heavier or lighter than it is said to be.
    WrongWeight,
    /// A call has its turn as if it were less urgent than it is.
    ForgottenUrgency,
    /// A call is kept for nobody, as if it were for one agent.
    WrongPreference,
    /// A call reaches further than it does.
    EarlyReach,
    /// A call that has waited long enough to come first does not.
    ForgottenPromotion,
    /// One more is rung before it is time.
    EarlyOneMore,
    /// An agent is asked as if he could do something else than he can.
    WrongSkill,
}

impl Fault {
    /// All there are, with their name on the command line and the rules that may find them.
    pub const ALL: [(Self, &'static str, &'static [&'static str]); 23] = [
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
        (Self::WrongStrategy, "wrong-strategy", &["model", "H1"]),
        (Self::WrongLevel, "wrong-level", &["model"]),
        (Self::WrongWeight, "wrong-weight", &["model"]),
        (Self::ForgottenUrgency, "forgotten-urgency", &["model"]),
        (Self::WrongPreference, "wrong-preference", &["model"]),
        (Self::EarlyReach, "early-reach", &["model"]),
        (Self::ForgottenPromotion, "forgotten-promotion", &["model"]),
        (Self::EarlyOneMore, "early-one-more", &["model"]),
        (Self::WrongSkill, "wrong-skill", &["model"]),
    ];
}

/// Every way in which a queue can choose.
pub(crate) const STRATEGIES: [Strategy; 12] = [
    Strategy::LongestIdle,
    Strategy::RingAll,
    Strategy::LeastRecent,
    Strategy::RoundRobin,
    Strategy::TopDown,
    Strategy::Sequential,
    Strategy::FewestCalls,
    Strategy::LeastTalk,
    Strategy::Random,
    Strategy::WeightedRandom,
    Strategy::RingLevel,
    Strategy::RingProgressively,
];

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
    /// Who is being asked.
    asked: BTreeMap<OfferId, AgentId>,
    ghost: Option<String>,
    seed: u64,
}

impl Tamper {
    /// Plants a fault; the seed says which occasion it takes.
    pub(crate) fn plant(fault: Option<Fault>, seed: u64) -> Self {
        Self { fault, patience: seed % 3, seed, ..Self::default() }
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
        if self.chooses_by_other_rules(&mut event) {
            return Vec::new();
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

    /// Tells listeners other rules for choosing than the engine went by, or (true) keeps from them that a call's changed.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a fault alters the facts that it is about")]
    fn chooses_by_other_rules(&mut self, event: &mut Event) -> bool {
        match &mut event.fact {
            Fact::EntryAdded { entry: Entry::Queue(queue), .. } => {
                // Of each queue: in most of them another rule would have chosen the same agents.
                if self.fault == Some(Fault::WrongStrategy) {
                    queue.strategy = self.other_strategy(queue.strategy);
                }
                if self.plays(Fault::WrongWeight) {
                    queue.weight = 1 - queue.weight.min(1);
                }
            }
            Fact::EntryChanged { entry: Entry::Agent(agent), .. }
                if !agent.skills.is_empty() && self.plays(Fault::WrongSkill) =>
            {
                agent.skills.clear();
            }
            Fact::TierSet { tier, .. } if self.plays(Fault::WrongLevel) => tier.level = 2 - tier.level.min(2),
            Fact::CallQueued { priority, .. }
                if priority.urgency > 0 && self.plays(Fault::ForgottenUrgency) =>
            {
                priority.urgency = 0;
            }
            Fact::CallQueued { preferred: preferred @ Some(_), .. } if self.plays(Fault::WrongPreference) => {
                *preferred = None;
            }
            Fact::SearchWidened { by: Widening::Step(_), .. } => return self.plays(Fault::EarlyReach),
            Fact::SearchWidened { by: Widening::Promoted, .. } => {
                return self.plays(Fault::ForgottenPromotion);
            }
            Fact::SearchWidened { by: Widening::OneMore, .. } => return self.plays(Fault::EarlyOneMore),
            _ => {}
        }
        false
    }

    /// Which other one is the seed's choice.
    fn other_strategy(&self, than: Strategy) -> Strategy {
        let others: Vec<_> = STRATEGIES.into_iter().filter(|strategy| *strategy != than).collect();
        others[usize::try_from(self.seed / 3).unwrap_or_default() % others.len()]
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
            Fact::OfferMade { offer, agent, .. } => {
                self.asked.insert(*offer, *agent);
            }
            Fact::OfferEnded { offer, .. } => {
                self.asked.remove(offer);
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

    /// Somebody whose phone is busy with something else than an offer.
    fn busy_agent(&self, tenant: TenantId, but: AgentId) -> Option<AgentId> {
        let is_asked = |agent: &AgentId| self.asked.values().any(|asked| asked == agent);
        let busy = self
            .legs
            .values()
            .flatten()
            .find(|agent| **agent != but && !is_asked(agent) && self.tenants.get(agent) == Some(&tenant));
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
