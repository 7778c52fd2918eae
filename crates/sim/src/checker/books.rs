//! An independent fold of the events, and what no event may do.

mod duties;
mod places;
mod recordings;

use std::collections::{BTreeMap, BTreeSet};

use cordial_engine::agent::{Activity, DeviceState, Membership};
use cordial_engine::entry::{Entry, EntryId, Queue as QueueEntry};
use cordial_engine::id::{AgentId, CallId, DeviceId, LegId, OfferId, QueueId, RecordingId, TenantId};
use cordial_engine::{Endpoint, Event, Fact, Timestamp};

use super::Broken;
pub(super) use duties::Agent;
use recordings::Recording;

/// What the events say so far.
#[derive(Clone, Default)]
pub(super) struct Books {
    pub(super) agents: BTreeMap<AgentId, Agent>,
    pub(super) queues: BTreeMap<QueueId, Queue>,
    pub(super) calls: BTreeMap<CallId, Call>,
    pub(super) offers: BTreeMap<OfferId, Offer>,
    devices: BTreeMap<DeviceId, Device>,
    recordings: BTreeMap<RecordingId, Recording>,
    ended_offers: BTreeSet<OfferId>,
    /// The last node start: what was under way then may not be as long as it should.
    started: Timestamp,
    last_at: Timestamp,
}

#[derive(Clone, Default)]
struct Device {
    registered: bool,
    legs: BTreeSet<LegId>,
}

#[derive(Clone)]
pub(super) struct Queue {
    pub(super) tenant: TenantId,
    pub(super) waiting: u64,
    entry: QueueEntry,
    ends: [u64; 6],
    entered: u64,
}

impl Call {
    pub(super) fn legs(&self) -> impl Iterator<Item = LegId> {
        self.legs.keys().copied()
    }
}

#[derive(Clone, Default)]
pub(super) struct Call {
    legs: BTreeMap<LegId, Endpoint>,
    place: Option<(QueueId, Timestamp)>,
    offers: BTreeSet<OfferId>,
    /// Who has it through a queue.
    assigned: Option<AgentId>,
    agents: BTreeMap<AgentId, Option<QueueId>>,
    wrap_ups: BTreeSet<AgentId>,
    cleared: bool,
    /// Whether it is to call somebody back, and has no leg while it waits.
    is_callback: bool,
    /// Where one of its parties asks somebody else.
    consultation: Option<CallId>,
}

#[derive(Clone)]
pub(super) struct Offer {
    call: CallId,
    queue: QueueId,
    agent: AgentId,
    leg: LegId,
    deadline: Timestamp,
}

fn must(holds: bool, rule: &str) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}

impl Queue {
    /// Entered, then the ends: answered, abandoned, overflowed, refused, left by key, called back.
    pub(super) const fn counts(&self) -> [u64; 7] {
        let [answered, abandoned, overflowed, refused, by_key, called_back] = self.ends;
        [self.entered, answered, abandoned, overflowed, refused, by_key, called_back]
    }
}

impl Books {
    /// The recordings whose file nobody has reported yet.
    pub(super) fn recordings(&self) -> impl Iterator<Item = RecordingId> {
        self.recordings.keys().copied()
    }

    pub(super) fn device_state(&self, device: DeviceId) -> DeviceState {
        match self.devices.get(&device) {
            Some(device) if device.registered && device.legs.is_empty() => DeviceState::Idle,
            Some(device) if device.registered => DeviceState::Busy,
            Some(_) | None => DeviceState::Unregistered,
        }
    }

    /// Takes the next event in.
    pub(super) fn read(&mut self, event: &Event) -> Result<(), Broken> {
        must(event.at >= self.last_at, "H6 time went back")?;
        self.last_at = event.at;
        let concerned = agent_of(&event.fact);
        let before = concerned.and_then(|id| self.agents.get(&id)).map(Agent::activity);
        self.read_fact(event)?;
        if let (Some(agent), Some(before)) = (concerned.and_then(|id| self.agents.get_mut(&id)), before)
            && agent.activity() != before
        {
            if agent.device.is_some() {
                agent.spent_ms += event.at.millis_since(agent.activity_since.max(agent.logged_in_at));
            }
            agent.activity_since = event.at;
        }
        Ok(())
    }

    #[expect(clippy::too_many_lines, reason = "one table of all facts; splitting it would need a wildcard")]
    fn read_fact(&mut self, event: &Event) -> Result<(), Broken> {
        let at = event.at;
        match &event.fact {
            Fact::EntryAdded { .. }
            | Fact::EntryChanged { .. }
            | Fact::AgentAssigned { .. }
            | Fact::AgentUnassigned { .. }
            | Fact::MembershipSet { .. }
            | Fact::HandlingSet { .. }
            | Fact::DeviceRegistered { .. }
            | Fact::DeviceUnregistered { .. } => self.read_directory(event)?,
            Fact::AgentLoggedIn { .. }
            | Fact::AgentLoggedOut { .. }
            | Fact::AgentReady { .. }
            | Fact::AgentNotReady { .. }
            | Fact::DutyPending { .. }
            | Fact::AgentRested { .. }
            | Fact::AgentRestEnded { .. } => self.read_duty(event)?,
            Fact::CallStarted { .. }
            | Fact::LegAdded { .. }
            | Fact::LegRinging { .. }
            | Fact::LegAnswered { .. }
            | Fact::LegHeld { .. }
            | Fact::LegRetrieved { .. }
            | Fact::LegCleared { .. }
            | Fact::CallTransferred { .. }
            | Fact::LegMoved { .. }
            | Fact::CallsJoined { .. }
            | Fact::ConsultationStarted { .. }
            | Fact::ConsultationEnded { .. }
            | Fact::CallCleared { .. }
            | Fact::CallClosed { .. } => self.read_call(event)?,
            Fact::AgentConnected { call, agent, leg, queue } => self.connect(*call, *agent, *leg, *queue)?,
            Fact::AgentDisconnected { call, agent } => self.disconnect(*call, *agent)?,
            Fact::CallQueued { .. } | Fact::WaitingEnded { .. } => self.read_place(event)?,
            Fact::CallbackAsked { call, .. } => self.call(*call)?.is_callback = true,
            Fact::OfferMade { .. } => self.make_offer(event)?,
            Fact::OfferEnded { .. } => self.end_offer(event)?,
            Fact::MembershipPending { .. }
            | Fact::WrapUpStarted { .. }
            | Fact::WrapUpExtended { .. }
            | Fact::WrapUpEnded { .. } => {
                self.read_wrap_up(event)?;
            }
            Fact::RecordingStarted { .. }
            | Fact::RecordingPaused { .. }
            | Fact::RecordingResumed { .. }
            | Fact::RecordingStopped { .. }
            | Fact::RecordingSaved { .. }
            | Fact::RecordingFailed { .. } => self.read_recording(event)?,
            Fact::NodeStarted { .. } => self.started = at,
            Fact::TenantAdded { .. }
            | Fact::BlacklistPromptsSet { .. }
            | Fact::CallerBlacklisted { .. }
            | Fact::OutboundRulesSet { .. }
            | Fact::OutboundRefused { .. }
            | Fact::EntryRemoved { .. }
            | Fact::TierSet { .. }
            | Fact::SearchWidened { .. }
            | Fact::CallerTold { .. }
            | Fact::ServiceLevelBreached { .. }
            | Fact::BriefingStarted { .. }
            | Fact::LegSaved { .. }
            | Fact::CallSettingsSet { .. }
            | Fact::CallForwarded { .. }
            | Fact::LegsBridged { .. }
            | Fact::LegsUnbridged { .. }
            | Fact::LegsMixed { .. }
            | Fact::LegMuted { .. }
            | Fact::DigitsSent { .. }
            | Fact::GreetingStarted { .. }
            | Fact::FeatureCodesSet { .. }
            | Fact::AccessNoted { .. }
            | Fact::CalendarTurned { .. }
            | Fact::NightModeSet { .. }
            | Fact::EmergencySet { .. }
            | Fact::FeatureCodeDialled { .. }
            | Fact::CallParked { .. }
            | Fact::ParkingEnded { .. }
            | Fact::MonitoringStarted { .. }
            | Fact::NumberAsked { .. }
            | Fact::LogInAsked { .. }
            | Fact::PinRefused { .. }
            | Fact::AnnouncementStarted { .. }
            | Fact::MailboxReached { .. }
            | Fact::MailboxOpened { .. }
            | Fact::MessagePlayed { .. }
            | Fact::MessageLeft { .. }
            | Fact::MessageMarked { .. }
            | Fact::MessageRemoved { .. }
            | Fact::DispositionSet { .. } => {}
        }
        Ok(())
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    fn read_directory(&mut self, event: &Event) -> Result<(), Broken> {
        match &event.fact {
            Fact::EntryAdded { id, entry, .. } => self.add(event, *id, entry),
            Fact::EntryChanged { id: EntryId::Queue(id), entry: Entry::Queue(entry) } => {
                self.queue(*id)?.entry = (**entry).clone();
            }
            Fact::AgentAssigned { agent, queue, .. } => {
                self.agent(*agent)?.memberships.insert(*queue, Membership::Ready);
            }
            Fact::AgentUnassigned { agent, queue } => {
                self.agent(*agent)?.memberships.remove(queue);
            }
            Fact::MembershipSet { agent, queue, membership } => {
                self.agent(*agent)?.memberships.insert(*queue, *membership);
            }
            Fact::HandlingSet { agent, handling } => self.agent(*agent)?.handling = handling.clone(),
            Fact::DeviceRegistered { device } => self.devices.entry(*device).or_default().registered = true,
            Fact::DeviceUnregistered { device } => {
                self.devices.entry(*device).or_default().registered = false;
            }
            _ => {}
        }
        Ok(())
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    fn read_call(&mut self, event: &Event) -> Result<(), Broken> {
        match &event.fact {
            Fact::CallStarted { call, .. } => {
                must(self.calls.insert(*call, Call::default()).is_none(), "H7 a call started twice")?;
            }
            Fact::LegAdded { call, leg, endpoint, .. } => self.add_leg(*call, *leg, *endpoint)?,
            Fact::LegRinging { call, leg }
            | Fact::LegAnswered { call, leg }
            | Fact::LegHeld { call, leg, .. }
            | Fact::LegRetrieved { call, leg, .. } => {
                must(self.call(*call)?.legs.contains_key(leg), "H7 a leg that the call does not have")?;
            }
            Fact::LegCleared { call, leg, .. } => self.clear_leg(*call, *leg)?,
            Fact::LegMoved { leg, from, to } => self.move_leg(*leg, *from, *to)?,
            Fact::ConsultationStarted { call, of, .. } => {
                let before = self.call(*of)?.consultation.replace(*call);
                must(before.is_none(), "two consultations at once for one call")?;
            }
            Fact::ConsultationEnded { call, of, .. } => {
                let ended = self.call(*of)?.consultation.take();
                must(ended == Some(*call), "a consultation ends that is none")?;
            }
            Fact::CallsJoined { call, from, legs, .. } => {
                self.call(*call)?.consultation = None;
                for leg in legs {
                    self.move_leg(*leg, *from, *call)?;
                    self.move_part(*leg, *from, *call)?;
                }
            }
            // Whoever had it by a queue leaves it or stays as a caller, and another may get it by one.
            Fact::CallTransferred { call, leg, .. } => {
                let call = self.call(*call)?;
                must(call.legs.contains_key(leg), "H7 a leg is led on that the call does not have")?;
                must(call.place.is_none() && call.offers.is_empty(), "H1 who waits is transferred")?;
                (call.assigned, call.is_callback) = (None, false);
            }
            Fact::CallCleared { call, .. } => {
                let call = self.call(*call)?;
                must(call.legs.is_empty(), "H7 a leg outlives its call")?;
                must(call.place.is_none(), "H5 a cleared call still waits")?;
                must(call.offers.is_empty(), "H3 a cleared call is still offered")?;
                must(!call.cleared, "H7 a call cleared twice")?;
                must(call.consultation.is_none(), "a call is cleared for which somebody consults still")?;
                call.cleared = true;
            }
            Fact::CallClosed { call } => {
                let closed = self.calls.remove(call).ok_or("H7 a call that is not open is closed")?;
                must(
                    closed.cleared && closed.wrap_ups.is_empty(),
                    "H7 closed before its last leg or wrap-up",
                )?;
            }
            _ => {}
        }
        Ok(())
    }

    fn agent(&mut self, id: AgentId) -> Result<&mut Agent, Broken> {
        self.agents.get_mut(&id).ok_or_else(|| format!("H12 {id} is not in the directory"))
    }

    fn queue(&mut self, id: QueueId) -> Result<&mut Queue, Broken> {
        self.queues.get_mut(&id).ok_or_else(|| format!("H12 {id} is not in the directory"))
    }

    fn call(&mut self, id: CallId) -> Result<&mut Call, Broken> {
        self.calls.get_mut(&id).ok_or_else(|| format!("H7 {id} is not open"))
    }

    fn add(&mut self, event: &Event, id: EntryId, entry: &Entry) {
        if let EntryId::Agent(id) = id {
            let agent = Agent::new(event.tenant, event.at);
            self.agents.insert(id, agent);
        }
        if let (EntryId::Queue(id), Entry::Queue(entry)) = (id, entry) {
            let (tenant, entry) = (event.tenant, entry.clone());
            self.queues.insert(id, Queue { tenant, waiting: 0, entry: *entry, ends: [0; 6], entered: 0 });
        }
    }

    // Calls

    fn add_leg(&mut self, call: CallId, leg: LegId, endpoint: Endpoint) -> Result<(), Broken> {
        let open = self.call(call)?;
        must(!open.cleared, "H7 a leg is added to a cleared call")?;
        must(open.legs.insert(leg, endpoint).is_none(), "H7 a leg is added twice")?;
        if let Endpoint::Device(device) = endpoint {
            self.devices.entry(device).or_default().legs.insert(leg);
        }
        Ok(())
    }

    fn clear_leg(&mut self, call: CallId, leg: LegId) -> Result<(), Broken> {
        let gone = self.call(call)?.legs.remove(&leg);
        let endpoint = gone.ok_or("H7 a leg clears that is not there")?;
        if let Endpoint::Device(device) = endpoint {
            self.devices.entry(device).or_default().legs.remove(&leg);
        }
        Ok(())
    }

    fn move_leg(&mut self, leg: LegId, from: CallId, to: CallId) -> Result<(), Broken> {
        let endpoint = self.call(from)?.legs.remove(&leg).ok_or("H7 a leg moves that is not there")?;
        let entered = self.call(to)?;
        must(!entered.cleared, "H7 a leg moves to a cleared call")?;
        must(entered.legs.insert(leg, endpoint).is_none(), "H7 a leg moves to where it is")
    }

    /// Who has a call by that leg has another from here on.
    fn move_part(&mut self, leg: LegId, from: CallId, to: CallId) -> Result<(), Broken> {
        let mut agents = self.agents.iter_mut();
        let part = agents.find_map(|(id, agent)| Some((*id, agent.parts.get_mut(&leg)?)));
        if let Some((id, part)) = part {
            must(part.0 == from, "H8 a leg moves by which an agent has another call")?;
            part.0 = to;
            let queue = part.1;
            let left = self.call(from)?;
            left.agents.remove(&id);
            left.assigned.take_if(|assigned| *assigned == id);
            self.call(to)?.agents.insert(id, queue);
        }
        Ok(())
    }

    // At the end of a step

    /// What must be so whenever nothing is half done.
    pub(super) fn at_rest(&self) -> Result<(), Broken> {
        for (id, agent) in &self.agents {
            if let Some(owed) = agent.owed {
                return Err(format!("wrap-up {id} has no wrap-up after {owed:?}"));
            }
            if agent.activity() == Activity::Idle && agent.pending.is_some() {
                return Err(format!("pending {id} is idle and {:?} is still pending", agent.pending));
            }
            if let Some((leg, (call, _))) =
                agent.parts.iter().find(|(leg, (call, _))| !self.reaches(*call, **leg))
            {
                return Err(format!("H8 {id} is in {call} at {leg}, which is not live"));
            }
        }
        for (id, offer) in &self.offers {
            if !self.has_leg(offer.call, offer.leg) {
                return Err(format!("H8 {id} is live and its {} is not", offer.leg));
            }
        }
        for (id, call) in &self.calls {
            let waits_alone = call.is_callback && call.place.is_some();
            if call.legs.is_empty() && !call.cleared && !waits_alone {
                return Err(format!("H7 {id} has no leg and is not cleared"));
            }
            if call.cleared && call.wrap_ups.is_empty() {
                return Err(format!("H7 {id} is over and its record is not closed"));
            }
        }
        Ok(())
    }

    /// Whether the leg is in the call, or where somebody consults for it.
    fn reaches(&self, call: CallId, leg: LegId) -> bool {
        let asked = self.calls.get(&call).and_then(|call| call.consultation);
        self.has_leg(call, leg) || asked.is_some_and(|asked| self.has_leg(asked, leg))
    }

    fn has_leg(&self, call: CallId, leg: LegId) -> bool {
        self.calls.get(&call).is_some_and(|call| call.legs.contains_key(&leg))
    }

    /// Timers that should have fired.
    pub(super) fn overdue(&self, now: Timestamp, up_since: u64, late_ms: u64) -> Result<(), Broken> {
        let late = |due: Timestamp| now.0 > due.0.max(up_since) + late_ms;
        for (id, agent) in &self.agents {
            if let Some((call, _, until)) = agent.wrap_up.filter(|(_, _, until)| late(*until)) {
                return Err(format!("wrap-up {id} is in the wrap-up of {call} that ended at {until:?}"));
            }
        }
        match self.offers.iter().find(|(_, offer)| late(offer.deadline)) {
            Some((id, offer)) => Err(format!("H8 {id} is live after its deadline {:?}", offer.deadline)),
            None => Ok(()),
        }
    }

    /// What is not over when everything should be.
    pub(super) fn unfinished(&self) -> Option<String> {
        let call = self.calls.iter().next().map(|(id, call)| format!("{id} is not closed: {:?}", call.legs));
        let recording = self.recordings.keys().next().map(|id| format!("{id} was never saved"));
        call.or(recording)
    }
}

/// Whose activity a fact can change.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a fact that is not about an agent's activity changes nobody's"
)]
fn agent_of(fact: &Fact) -> Option<AgentId> {
    match fact {
        Fact::AgentConnected { agent, .. }
        | Fact::AgentDisconnected { agent, .. }
        | Fact::OfferMade { agent, .. }
        | Fact::OfferEnded { agent, .. }
        | Fact::WrapUpStarted { agent, .. }
        | Fact::WrapUpExtended { agent, .. }
        | Fact::WrapUpEnded { agent, .. } => Some(*agent),
        _ => None,
    }
}
