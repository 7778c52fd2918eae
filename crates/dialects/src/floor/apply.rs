//! The floor brought on by one event.

use std::collections::BTreeMap;

use cordial_engine::agent::{Duty, Handling, Membership};
use cordial_engine::call::LegPhase;
use cordial_engine::command::{Endpoint, Note};
use cordial_engine::entry::{Entry, EntryId};
use cordial_engine::id::{AgentId, DeviceId, Guid, LegId};
use cordial_engine::{Event, Fact, Now};

use super::begin::wall;
use super::{Applied, Change, Desk, Floor, Line, Party, Seat, Served, Talk};

impl Floor {
    /// Brings the floor on by an event of its tenant, and tells what that changed: one agent and one device at most.
    pub fn apply(&mut self, event: &Event) -> Applied {
        let (agent, device) = (self.touched(&event.fact), self.device_of(&event.fact));
        let before = agent.and_then(|agent| self.axes(agent));
        let device_before = device.and_then(|device| self.device_state(device));
        let gone = self.leaving(&event.fact);
        self.fold(event);
        let change = agent.zip(before).and_then(|(agent, before)| {
            let after = self.axes(agent)?;
            (before != after).then_some(Change { agent, before, after })
        });
        let device = device.filter(|device| self.device_state(*device) != device_before);
        Applied { agent: change, device, gone }
    }

    /// The device whose state a fact can change.
    #[expect(clippy::wildcard_enum_match_arm, reason = "`touched` names every fact; these concern a device")]
    fn device_of(&self, fact: &Fact) -> Option<DeviceId> {
        match fact {
            Fact::DeviceRegistered { device }
            | Fact::DeviceUnregistered { device }
            | Fact::LegAdded { endpoint: Endpoint::Device(device), .. } => Some(*device),
            Fact::LegCleared { leg, .. } => self.legs.get(leg)?.device,
            _ => None,
        }
    }

    /// The name of a login that a fact removes.
    fn leaving(&self, fact: &Fact) -> Option<String> {
        if let Fact::EntryRemoved { id: EntryId::User(user) } = fact {
            return self.users.get(user).cloned();
        }
        None
    }

    /// The agent whose axes a fact can change.
    fn touched(&self, fact: &Fact) -> Option<AgentId> {
        match fact {
            Fact::AgentLoggedIn { agent, .. }
            | Fact::AgentLoggedOut { agent }
            | Fact::AgentReady { agent }
            | Fact::AgentNotReady { agent, .. }
            | Fact::DutyPending { agent, .. }
            | Fact::HandlingSet { agent, .. }
            | Fact::AgentRested { agent, .. }
            | Fact::AgentRestEnded { agent }
            | Fact::AgentConnected { agent, .. }
            | Fact::AgentDisconnected { agent, .. }
            | Fact::OfferMade { agent, .. }
            | Fact::OfferEnded { agent, .. }
            | Fact::WrapUpStarted { agent, .. }
            | Fact::WrapUpEnded { agent, .. } => Some(*agent),
            Fact::DeviceRegistered { device }
            | Fact::DeviceUnregistered { device }
            | Fact::LegAdded { endpoint: Endpoint::Device(device), .. } => self.agent_at(*device),
            Fact::LegRinging { leg, .. }
            | Fact::LegAnswered { leg, .. }
            | Fact::LegHeld { leg, .. }
            | Fact::LegRetrieved { leg, .. }
            | Fact::LegCleared { leg, .. } => self.agent_at(self.legs.get(leg)?.device?),
            Fact::LegAdded { endpoint: Endpoint::Trunk(_), .. }
            | Fact::TenantAdded { .. }
            | Fact::EntryAdded { .. }
            | Fact::EntryChanged { .. }
            | Fact::EntryRemoved { .. }
            | Fact::FeatureCodesSet { .. }
            | Fact::FeatureCodeDialled { .. }
            | Fact::CallParked { .. }
            | Fact::ParkingEnded { .. }
            | Fact::MonitoringStarted { .. }
            | Fact::NumberAsked { .. }
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
            | Fact::AgentAssigned { .. }
            | Fact::AgentUnassigned { .. }
            | Fact::TierSet { .. }
            | Fact::SearchWidened { .. }
            | Fact::MembershipSet { .. }
            | Fact::CallStarted { .. }
            | Fact::LegSaved { .. }
            | Fact::LegsBridged { .. }
            | Fact::LegsUnbridged { .. }
            | Fact::GreetingStarted { .. }
            | Fact::CallCleared { .. }
            | Fact::CallClosed { .. }
            | Fact::CallQueued { .. }
            | Fact::WaitingEnded { .. }
            | Fact::DispositionSet { .. }
            | Fact::RecordingStarted { .. }
            | Fact::RecordingPaused { .. }
            | Fact::RecordingResumed { .. }
            | Fact::RecordingStopped { .. }
            | Fact::RecordingSaved { .. }
            | Fact::RecordingFailed { .. }
            | Fact::NodeStarted { .. } => None,
        }
    }

    #[expect(clippy::too_many_lines, reason = "every fact is named once")]
    fn fold(&mut self, event: &Event) {
        match &event.fact {
            Fact::EntryAdded { id, guid, entry } => self.added(*id, Some(*guid), entry, event),
            Fact::EntryChanged { id, entry } => self.added(*id, None, entry, event),
            Fact::EntryRemoved { id } => self.removed(*id),
            Fact::AgentAssigned { agent, queue, tier } => self.seat(*agent, |seat| {
                seat.memberships.insert(*queue, Membership::Ready);
                seat.tiers.insert(*queue, *tier);
            }),
            Fact::TierSet { agent, queue, tier } => self.seat(*agent, |seat| {
                seat.tiers.insert(*queue, *tier);
            }),
            Fact::AgentUnassigned { agent, queue } => self.seat(*agent, |seat| {
                seat.memberships.remove(queue);
                seat.tiers.remove(queue);
            }),
            Fact::MembershipSet { agent, queue, membership } => self.seat(*agent, |seat| {
                seat.memberships.insert(*queue, *membership);
            }),
            Fact::DeviceRegistered { device } | Fact::DeviceUnregistered { device } => {
                let registered = matches!(event.fact, Fact::DeviceRegistered { .. });
                self.desk(*device, |desk| desk.registered = registered);
            }
            Fact::AgentLoggedIn { agent, device } => {
                let duty = Duty::NotReady { reason: None, note: Note::default() };
                self.seat(*agent, |seat| {
                    (seat.device, seat.duty, seat.since) = (Some(*device), duty, event.wall);
                });
                self.desk(*device, |desk| desk.agent = Some(*agent));
            }
            Fact::AgentLoggedOut { agent } => {
                let device = self.agents.get(agent).and_then(|seat| seat.device);
                self.seat(*agent, |seat| {
                    (seat.device, seat.duty, seat.since) = (None, Duty::LoggedOut, event.wall);
                });
                if let Some(device) = device {
                    self.desk(device, |desk| desk.agent = None);
                }
            }
            Fact::AgentReady { agent } => {
                self.seat(*agent, |seat| (seat.duty, seat.since) = (Duty::Ready, event.wall));
            }
            Fact::AgentNotReady { agent, duty } => {
                self.seat(*agent, |seat| (seat.duty, seat.since) = (duty.clone(), event.wall));
            }
            Fact::HandlingSet { agent, handling } => {
                self.seat(*agent, |seat| seat.handling = handling.clone());
            }
            Fact::CallStarted { call, guid, direction, caller, caller_name, dialled } => {
                let talk = Talk {
                    guid: *guid,
                    direction: *direction,
                    caller: caller.as_ref().map(|number| number.as_str().to_owned()).unwrap_or_default(),
                    caller_name: caller_name.to_string(),
                    dialled: dialled.as_str().to_owned(),
                    began: event.wall,
                    first: None,
                    first_guid: None,
                    queued: None,
                    waits: false,
                    served: BTreeMap::new(),
                };
                self.calls.insert(*call, talk);
            }
            Fact::LegAdded { call, leg, guid, role, arrived, endpoint, .. } => {
                let device = match endpoint {
                    Endpoint::Device(device) => Some(*device),
                    Endpoint::Trunk(_) => None,
                };
                let phase = if *arrived { LegPhase::Arrived } else { LegPhase::Dialled };
                self.legs.insert(*leg, Party { guid: *guid, call: *call, role: *role, device, phase });
                if let Some(device) = device {
                    self.desk(device, |desk| {
                        desk.legs.insert(*leg);
                    });
                }
                if let Some(talk) = self.calls.get_mut(call).filter(|talk| talk.first.is_none()) {
                    (talk.first, talk.first_guid) = (Some(*leg), Some(*guid));
                }
            }
            Fact::LegRinging { leg, .. } => self.phase(*leg, LegPhase::Ringing),
            Fact::LegAnswered { leg, .. } | Fact::LegRetrieved { leg, .. } => {
                self.phase(*leg, LegPhase::Answered);
            }
            Fact::LegHeld { leg, .. } => self.phase(*leg, LegPhase::Held),
            Fact::LegCleared { leg, .. } => {
                let party = self.legs.remove(leg);
                if let Some(device) = party.and_then(|party| party.device) {
                    self.desk(device, |desk| {
                        desk.legs.remove(leg);
                    });
                }
            }
            Fact::AgentConnected { call, agent, leg, queue } => {
                self.seat(*agent, |seat| {
                    seat.parts.insert(*leg, (*call, *queue));
                });
                if let Some(served) = self.calls.get_mut(call).and_then(|talk| talk.served.get_mut(agent)) {
                    served.answered = Some(event.wall);
                }
            }
            Fact::AgentDisconnected { call, agent } => {
                self.seat(*agent, |seat| seat.parts.retain(|_, (of, _)| of != call));
            }
            Fact::CallQueued { call, queue, entered, .. } => {
                let entered = wall(Now { at: event.at, wall: event.wall }, *entered);
                if let Some(talk) = self.calls.get_mut(call) {
                    (talk.queued, talk.waits) = (Some((*queue, entered)), true);
                }
                if let Some(line) = self.queues.get_mut(queue) {
                    line.waiting += 1;
                }
            }
            Fact::WaitingEnded { call, queue, .. } => {
                let waited = self.calls.get_mut(call).is_some_and(|talk| core::mem::take(&mut talk.waits));
                if let Some(line) = self.queues.get_mut(queue) {
                    line.waiting -= usize::from(waited);
                }
            }
            Fact::OfferMade { offer, call, agent, leg, .. } => {
                self.seat(*agent, |seat| seat.offer = Some((*offer, *leg)));
                if let (Some(talk), Some(party)) = (self.calls.get_mut(call), self.legs.get(leg)) {
                    let served = Served { leg: party.guid, called: event.wall, answered: None };
                    talk.served.insert(*agent, served);
                }
            }
            Fact::OfferEnded { agent, .. } => self.seat(*agent, |seat| seat.offer = None),
            Fact::WrapUpStarted { agent, .. } => self.seat(*agent, |seat| seat.wraps_up = true),
            Fact::WrapUpEnded { agent, .. } => self.seat(*agent, |seat| seat.wraps_up = false),
            Fact::CallClosed { call } => {
                self.calls.remove(call);
            }
            Fact::TenantAdded { .. }
            | Fact::FeatureCodesSet { .. }
            | Fact::FeatureCodeDialled { .. }
            | Fact::CallParked { .. }
            | Fact::ParkingEnded { .. }
            | Fact::MonitoringStarted { .. }
            | Fact::NumberAsked { .. }
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
            | Fact::DutyPending { .. }
            | Fact::AgentRested { .. }
            | Fact::AgentRestEnded { .. }
            | Fact::SearchWidened { .. }
            | Fact::LegSaved { .. }
            | Fact::LegsBridged { .. }
            | Fact::LegsUnbridged { .. }
            | Fact::GreetingStarted { .. }
            | Fact::CallCleared { .. }
            | Fact::DispositionSet { .. }
            | Fact::RecordingStarted { .. }
            | Fact::RecordingPaused { .. }
            | Fact::RecordingResumed { .. }
            | Fact::RecordingStopped { .. }
            | Fact::RecordingSaved { .. }
            | Fact::RecordingFailed { .. }
            | Fact::NodeStarted { .. } => {}
        }
    }

    fn seat(&mut self, agent: AgentId, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.agents.get_mut(&agent) {
            change(seat);
        }
    }

    fn desk(&mut self, device: DeviceId, change: impl FnOnce(&mut Desk)) {
        if let Some(desk) = self.devices.get_mut(&device) {
            change(desk);
        }
    }

    fn phase(&mut self, leg: LegId, phase: LegPhase) {
        if let Some(party) = self.legs.get_mut(&leg) {
            party.phase = phase;
        }
    }

    /// An entry is new, or is otherwise than before; what it does meanwhile stays.
    fn added(&mut self, id: EntryId, guid: Option<Guid>, entry: &Entry, event: &Event) {
        match (id, entry) {
            (EntryId::Agent(id), Entry::Agent(entry)) => {
                let name = entry.name.to_string();
                let seat = self.agents.entry(id).or_insert_with(|| Seat {
                    guid: guid.unwrap_or(Guid(0)),
                    name: String::new(),
                    device: None,
                    duty: Duty::LoggedOut,
                    handling: Handling::Ring,
                    memberships: BTreeMap::new(),
                    tiers: BTreeMap::new(),
                    offer: None,
                    parts: BTreeMap::new(),
                    wraps_up: false,
                    since: event.wall,
                });
                seat.name = name;
            }
            (EntryId::Device(id), Entry::Device(entry)) => {
                let number = entry.number.as_str().to_owned();
                let fresh =
                    || Desk { number: String::new(), registered: false, legs: [].into(), agent: None };
                self.devices.entry(id).or_insert_with(fresh).number = number;
            }
            (EntryId::Queue(id), Entry::Queue(entry)) => {
                let fresh = || Line { name: String::new(), waiting: 0 };
                self.queues.entry(id).or_insert_with(fresh).name = entry.name.to_string();
            }
            (EntryId::User(id), Entry::User(entry)) => {
                self.users.insert(id, entry.name.to_string());
            }
            (EntryId::Reason(id), Entry::Reason(entry)) => {
                self.reasons.insert(id, entry.absence);
            }
            (
                EntryId::User(_)
                | EntryId::Agent(_)
                | EntryId::Team(_)
                | EntryId::Device(_)
                | EntryId::Trunk(_)
                | EntryId::Queue(_)
                | EntryId::Route(_)
                | EntryId::Reason(_)
                | EntryId::Disposition(_),
                _,
            ) => {}
        }
    }

    fn removed(&mut self, id: EntryId) {
        match id {
            EntryId::Agent(id) => drop(self.agents.remove(&id)),
            EntryId::Device(id) => drop(self.devices.remove(&id)),
            EntryId::Queue(id) => {
                self.queues.remove(&id);
                for seat in self.agents.values_mut() {
                    seat.memberships.remove(&id);
                    seat.tiers.remove(&id);
                }
            }
            EntryId::Reason(id) => drop(self.reasons.remove(&id)),
            EntryId::User(id) => drop(self.users.remove(&id)),
            EntryId::Team(_) | EntryId::Trunk(_) | EntryId::Route(_) | EntryId::Disposition(_) => {}
        }
    }
}
