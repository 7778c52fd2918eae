//! The part of the floor that a fact is about.

use cordial_engine::Fact;
use cordial_engine::id::{AgentId, CallId, DeviceId, LegId, QueueId};

/// The part of the floor that a fact is about.
///
/// Every fact is named here, once for all foreign events: a new one does not compile until it is said what of the floor
/// it changes, or that foreign sessions are told nothing of it. What reads a part may then leave out what is no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An entry of the directory.
    Entry,
    /// An agent: what he is on all axes, or his rank or part in a queue.
    Agent(AgentId),
    /// A device and its bindings.
    Device(DeviceId),
    /// A leg of a call.
    Leg(CallId, LegId),
    /// A call as a whole.
    Call(CallId),
    /// Legs that go from one call to another.
    Move,
    /// A call's time in a queue.
    Line(CallId, QueueId),
    /// What goes on beside a call: who asks for it elsewhere, who hears it, what is kept with it.
    Aside(CallId),
    /// Nothing that foreign sessions are told of.
    Elsewhere,
}

impl Part {
    /// Which part a fact is about.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one table of all facts; splitting it would need a wildcard")]
    pub const fn of(fact: &Fact) -> Self {
        match fact {
            Fact::EntryAdded { .. } | Fact::EntryChanged { .. } | Fact::EntryRemoved { .. } => Self::Entry,
            Fact::AgentAssigned { agent, .. }
            | Fact::AgentUnassigned { agent, .. }
            | Fact::TierSet { agent, .. }
            | Fact::MembershipSet { agent, .. }
            | Fact::AgentLoggedIn { agent, .. }
            | Fact::AgentLoggedOut { agent, .. }
            | Fact::AgentReady { agent }
            | Fact::AgentNotReady { agent, .. }
            | Fact::HandlingSet { agent, .. }
            | Fact::OfferMade { agent, .. }
            | Fact::OfferEnded { agent, .. }
            | Fact::AgentConnected { agent, .. }
            | Fact::AgentDisconnected { agent, .. }
            | Fact::WrapUpStarted { agent, .. }
            | Fact::WrapUpExtended { agent, .. }
            | Fact::DutyPending { agent, .. }
            | Fact::WrapUpEnded { agent, .. } => Self::Agent(*agent),
            Fact::DeviceRegistered { device } | Fact::DeviceUnregistered { device } => Self::Device(*device),
            Fact::LegAdded { call, leg, .. }
            | Fact::LegRinging { call, leg, .. }
            | Fact::LegAnswered { call, leg }
            | Fact::LegHeld { call, leg, .. }
            | Fact::LegRetrieved { call, leg, .. }
            | Fact::LegCleared { call, leg, .. } => Self::Leg(*call, *leg),
            Fact::LegMoved { .. } | Fact::CallsJoined { .. } => Self::Move,
            Fact::CallStarted { call, .. } | Fact::CallCleared { call, .. } | Fact::CallClosed { call } => {
                Self::Call(*call)
            }
            Fact::CallQueued { call, queue, .. }
            | Fact::CallbackAsked { call, queue, .. }
            | Fact::ServiceLevelBreached { call, queue, .. }
            | Fact::WaitingEnded { call, queue, .. } => Self::Line(*call, *queue),
            Fact::MonitoringAsked { call, .. }
            | Fact::MonitoringStarted { call, .. }
            | Fact::MonitoringWaits { call }
            | Fact::MonitoringModeSet { call, .. }
            | Fact::VariablesSet { call, .. }
            | Fact::ConsultationStarted { call, .. }
            | Fact::ConsultationEnded { call, .. } => Self::Aside(*call),
            Fact::TenantAdded { .. }
            | Fact::CallSettingsSet { .. }
            | Fact::CallForwarded { .. }
            | Fact::CallTransferred { .. }
            | Fact::CallParked { .. }
            | Fact::ParkingEnded { .. }
            | Fact::NumberAsked { .. }
            | Fact::LogInAsked { .. }
            | Fact::PinRefused { .. }
            | Fact::CalendarTurned { .. }
            | Fact::NightModeSet { .. }
            | Fact::EmergencySet { .. }
            | Fact::AccessNoted { .. }
            | Fact::BlacklistPromptsSet { .. }
            | Fact::CallerBlacklisted { .. }
            | Fact::FeatureCodesSet { .. }
            | Fact::FeatureCodeDialled { .. }
            | Fact::AnnouncementStarted { .. }
            | Fact::MembershipPending { .. }
            | Fact::MailboxReached { .. }
            | Fact::MailboxOpened { .. }
            | Fact::MessagePlayed { .. }
            | Fact::MessageLeft { .. }
            | Fact::MessageMarked { .. }
            | Fact::MessageRemoved { .. }
            | Fact::OutboundRulesSet { .. }
            | Fact::OutboundRefused { .. }
            | Fact::AgentRested { .. }
            | Fact::AgentRestEnded { .. }
            | Fact::SearchWidened { .. }
            | Fact::CallerTold { .. }
            | Fact::BriefingStarted { .. }
            | Fact::LegSaved { .. }
            | Fact::LegsBridged { .. }
            | Fact::LegsUnbridged { .. }
            | Fact::LegsMixed { .. }
            | Fact::LegMuted { .. }
            | Fact::DigitsSent { .. }
            | Fact::GreetingStarted { .. }
            | Fact::DispositionSet { .. }
            | Fact::RecordingStarted { .. }
            | Fact::RecordingPaused { .. }
            | Fact::RecordingResumed { .. }
            | Fact::RecordingStopped { .. }
            | Fact::RecordingSaved { .. }
            | Fact::RecordingFailed { .. }
            | Fact::NodeStarted { .. } => Self::Elsewhere,
        }
    }
}
