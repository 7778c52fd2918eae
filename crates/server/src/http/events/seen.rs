//! Which events are told to whom of a user's sight: what concerns the agents, queues and calls that he sees.

use std::collections::BTreeSet;

use cordial_dialects::names::EntryKey;
use cordial_engine::id::{AgentId, CallId, QueueId};
use cordial_engine::{EntryId, Event, Fact};

use crate::http::sight::Horizon;

/// Follows what a reader sees, event by event.
///
/// A call is seen from the event on that brings it to an agent or a queue that is seen, so the events before are not
/// told; who comes to it later asks for the call itself.
#[derive(Debug, Default)]
pub(super) struct Seen {
    horizon: Horizon,
    /// Calls of agents who are reached: seen to their end.
    calls: BTreeSet<CallId>,
    /// Calls that wait in a queue that is seen: seen until somebody else's agent takes them.
    waiting: BTreeSet<CallId>,
}

impl Seen {
    /// What is seen now, of which calls that live and calls that wait.
    pub(super) fn new(horizon: Horizon, calls: BTreeSet<CallId>, waiting: BTreeSet<CallId>) -> Self {
        Self { horizon, calls, waiting }
    }

    /// Whether what is seen must be looked up anew once this event is told: it changes who sees what.
    pub(super) fn is_changed_by(event: &Event) -> bool {
        if let Fact::EntryAdded { id, .. } | Fact::EntryChanged { id, .. } | Fact::EntryRemoved { id } =
            &event.fact
        {
            // An import of thousands would be as many looks.
            return !matches!(id, EntryId::Contact(_));
        }
        matches!(
            event.fact,
            Fact::AgentAssigned { .. }
                | Fact::AgentUnassigned { .. }
                | Fact::AgentLoggedIn { .. }
                | Fact::AgentLoggedOut { .. }
        )
    }

    /// What is seen from now on. What was seen until now is seen once more, so that its end is told.
    pub(super) fn widen(&mut self, horizon: &Horizon) {
        self.horizon.entries.extend(&horizon.entries);
        self.horizon.reached.extend(&horizon.reached);
        self.horizon.watched.extend(&horizon.watched);
        self.horizon.managed.extend(&horizon.managed);
    }

    /// Forgets what is seen no more.
    pub(super) fn replace(&mut self, horizon: Horizon) {
        self.horizon = horizon;
    }

    fn entry(&self, key: impl EntryKey) -> bool {
        self.horizon.entries.contains(&key.entry_id())
    }

    fn call(&self, call: CallId) -> bool {
        self.calls.contains(&call) || self.waiting.contains(&call)
    }

    /// Two calls have to do with each other: who sees one sees the other from now on.
    fn both(&mut self, one: CallId, other: CallId) -> bool {
        let sees = self.calls.contains(&one) || self.calls.contains(&other);
        if sees {
            self.calls.extend([one, other]);
        }
        sees || self.call(one) || self.call(other)
    }

    /// A call comes to an agent: if he is reached, it is seen from now on.
    fn call_of(&mut self, call: CallId, agent: AgentId) -> bool {
        if self.horizon.reached.contains(&agent) {
            self.calls.insert(call);
        }
        self.calls.contains(&call)
    }

    fn call_in(&mut self, call: CallId, queue: QueueId) -> bool {
        if self.entry(queue) {
            self.waiting.insert(call);
        }
        self.call(call)
    }

    /// Whether an event is told.
    #[expect(clippy::too_many_lines, reason = "one table of all facts; splitting it would need a wildcard")]
    pub(super) fn tells(&mut self, event: &Event) -> bool {
        match &event.fact {
            Fact::EntryAdded { id, .. } | Fact::EntryChanged { id, .. } | Fact::EntryRemoved { id } => {
                self.horizon.entries.contains(id)
            }
            Fact::TenantAdded { .. }
            | Fact::FeatureCodesSet { .. }
            | Fact::CalendarTurned { .. }
            | Fact::EmergencySet { .. }
            | Fact::NodeStarted { .. } => true,
            Fact::NightModeSet { queue, .. } => self.entry(*queue),
            Fact::OutboundRulesSet { .. }
            | Fact::OutboundRefused { .. }
            | Fact::BlacklistPromptsSet { .. } => false,
            Fact::DeviceRegistered { device } | Fact::DeviceUnregistered { device } => self.entry(*device),
            Fact::AgentAssigned { agent, .. }
            | Fact::TierSet { agent, .. }
            | Fact::AgentUnassigned { agent, .. }
            | Fact::AgentLoggedIn { agent, .. }
            | Fact::AgentLoggedOut { agent, .. }
            | Fact::AgentReady { agent }
            | Fact::AgentNotReady { agent, .. }
            | Fact::DutyPending { agent, .. }
            | Fact::HandlingSet { agent, .. }
            | Fact::CallSettingsSet { agent, .. }
            | Fact::MembershipSet { agent, .. }
            | Fact::MembershipPending { agent, .. }
            | Fact::AgentRested { agent, .. }
            | Fact::AgentRestEnded { agent } => self.entry(*agent),
            Fact::MessageLeft { agent, .. }
            | Fact::MessageMarked { agent, .. }
            | Fact::MessageRemoved { agent, .. } => self.horizon.reached.contains(agent),
            Fact::OfferMade { call, agent, .. }
            | Fact::OfferEnded { call, agent, .. }
            | Fact::MailboxReached { call, agent }
            | Fact::MailboxOpened { call, agent }
            | Fact::MessagePlayed { call, agent, .. }
            | Fact::AgentConnected { call, agent, .. }
            | Fact::AgentDisconnected { call, agent }
            | Fact::WrapUpStarted { call, agent, .. }
            | Fact::WrapUpExtended { call, agent, .. }
            | Fact::NumberAsked { call, agent, .. }
            | Fact::PinRefused { call, agent, .. }
            | Fact::CallForwarded { call, agent, .. }
            | Fact::WrapUpEnded { call, agent }
            | Fact::DispositionSet { call, agent, .. }
            | Fact::RecordingStarted { call, agent, .. }
            | Fact::BriefingStarted { call, agent, .. }
            | Fact::LegAdded { call, agent: Some(agent), .. }
            | Fact::FeatureCodeDialled { call, agent: Some(agent), .. } => self.call_of(*call, *agent),
            Fact::CallQueued { call, queue, .. }
            | Fact::SearchWidened { call, queue, .. }
            | Fact::CallerBlacklisted { call, queue, .. }
            | Fact::CallerTold { call, queue, .. }
            | Fact::ServiceLevelBreached { call, queue, .. }
            | Fact::CallbackAsked { call, queue, .. } => self.call_in(*call, *queue),
            Fact::WaitingEnded { call, .. } => self.waiting.remove(call) || self.calls.contains(call),
            Fact::CallStarted { call, .. }
            | Fact::LegAdded { call, agent: None, .. }
            | Fact::LegRinging { call, .. }
            | Fact::CallTransferred { call, .. }
            | Fact::CallParked { call, .. }
            | Fact::ParkingEnded { call, .. }
            | Fact::LegAnswered { call, .. }
            | Fact::LegHeld { call, .. }
            | Fact::LegRetrieved { call, .. }
            | Fact::LegCleared { call, .. }
            | Fact::LegMuted { call, .. }
            | Fact::VariablesSet { call, .. }
            | Fact::DigitsSent { call, .. }
            | Fact::LegsMixed { call, .. }
            | Fact::LegsBridged { call, .. }
            | Fact::LegsUnbridged { call, .. }
            | Fact::GreetingStarted { call, .. }
            | Fact::FeatureCodeDialled { call, agent: None, .. }
            | Fact::LogInAsked { call, .. }
            | Fact::AnnouncementStarted { call, .. }
            | Fact::CallCleared { call, .. }
            | Fact::RecordingPaused { call, .. }
            | Fact::RecordingResumed { call, .. }
            | Fact::RecordingStopped { call, .. }
            | Fact::RecordingSaved { call, .. }
            | Fact::RecordingFailed { call, .. } => self.call(*call),
            Fact::MonitoringAsked { call, agent, .. } | Fact::MonitoringStarted { call, agent, .. } => {
                // Whether the agent himself is told is for his team to say.
                self.horizon.watched.contains(agent) && self.call_of(*call, *agent)
            }
            Fact::MonitoringWaits { call } | Fact::MonitoringModeSet { call, .. } => self.call(*call),
            Fact::LegMoved { from: one, to: other, .. }
            | Fact::ConsultationStarted { call: one, of: other, .. }
            | Fact::ConsultationEnded { call: one, of: other, .. }
            | Fact::CallsJoined { from: one, call: other, .. } => self.both(*one, *other),
            Fact::CallClosed { call } => self.waiting.remove(call) | self.calls.remove(call),
            Fact::LegSaved { .. } | Fact::AccessNoted { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordial_engine::command::Actor;
    use cordial_engine::entry::EntryId;
    use cordial_engine::id::TenantId;
    use cordial_engine::{Timestamp, WallTime};

    fn event(fact: Fact) -> Event {
        Event {
            seq: 1,
            at: Timestamp(0),
            wall: WallTime(0),
            tenant: TenantId(1),
            by: Actor::Policy,
            origin: None,
            fact,
        }
    }

    #[test]
    fn a_call_is_told_from_when_it_comes_to_somebody_who_is_seen_to_its_end() {
        let mine = AgentId(1);
        let horizon = Horizon {
            entries: [EntryId::Agent(mine)].into(),
            reached: [mine].into(),
            watched: BTreeSet::new(),
            managed: BTreeSet::new(),
        };
        let mut seen = Seen::new(horizon, BTreeSet::new(), BTreeSet::new());
        let mut told = |fact| seen.tells(&event(fact));
        let (call, other) = (CallId(7), CallId(8));
        let recorded = |call, agent| Fact::AgentDisconnected { call, agent };
        assert!(!told(Fact::LegHeld { call, leg: cordial_engine::id::LegId(1), by_command: false }));
        assert!(!told(recorded(other, AgentId(2))));
        assert!(told(recorded(call, mine)));
        assert!(told(Fact::LegHeld { call, leg: cordial_engine::id::LegId(1), by_command: false }));
        assert!(told(Fact::CallClosed { call }));
        assert!(!told(Fact::LegHeld { call, leg: cordial_engine::id::LegId(1), by_command: false }));
        assert!(!told(Fact::AgentReady { agent: AgentId(2) }));
        assert!(told(Fact::AgentReady { agent: mine }));
    }

    #[test]
    fn who_is_heard_by_a_supervisor_is_told_only_where_his_team_says_so() {
        let mine = AgentId(1);
        let fact = || Fact::MonitoringStarted {
            call: CallId(9),
            monitored: CallId(7),
            agent: mine,
            follows: true,
            whispers: false,
        };
        for watched in [false, true] {
            let horizon = Horizon {
                reached: [mine].into(),
                watched: watched.then_some(mine).into_iter().collect(),
                ..Horizon::default()
            };
            let mut seen = Seen::new(horizon, BTreeSet::new(), BTreeSet::new());
            assert_eq!(seen.tells(&event(fact())), watched);
            let waits = Fact::MonitoringWaits { call: CallId(9) };
            assert_eq!(seen.tells(&event(waits)), watched, "what follows is told as the beginning was");
        }
    }
}
