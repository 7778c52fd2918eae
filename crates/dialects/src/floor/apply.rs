//! The floor brought on by one event.

use std::collections::{BTreeMap, BTreeSet};

use cordial_engine::agent::{Duty, Membership};
use cordial_engine::call::{Joining, LegPhase, Role};
use cordial_engine::command::{Endpoint, Note};
use cordial_engine::entry::{Entry, EntryId};
use cordial_engine::id::{AgentId, CallId, DeviceId, Guid, LegId, QueueId};
use cordial_engine::{Event, Fact, Now, WallTime};

use super::begin::wall;
use super::{Applied, Change, Consultation, Desk, Ear, Floor, Line, Part, Party, Reason, Seat, Served, Talk};

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
    fn device_of(&self, fact: &Fact) -> Option<DeviceId> {
        match (Part::of(fact), fact) {
            (Part::Device(device), _) => Some(device),
            (Part::Leg(..), Fact::LegAdded { endpoint: Endpoint::Device(device), .. }) => Some(*device),
            (Part::Leg(_, leg), _) => self.legs.get(&leg)?.device,
            (
                Part::Entry
                | Part::Agent(_)
                | Part::Call(_)
                | Part::Move
                | Part::Line(..)
                | Part::Aside(_)
                | Part::Elsewhere,
                _,
            ) => None,
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
        match Part::of(fact) {
            Part::Agent(agent) => Some(agent),
            Part::Device(_) | Part::Leg(..) => self.agent_at(self.device_of(fact)?),
            Part::Entry | Part::Call(_) | Part::Move | Part::Line(..) | Part::Aside(_) | Part::Elsewhere => {
                None
            }
        }
    }

    fn fold(&mut self, event: &Event) {
        match Part::of(&event.fact) {
            Part::Entry => self.fold_entry(event),
            Part::Agent(agent) => self.fold_agent(agent, event),
            Part::Device(device) => {
                let registered = matches!(event.fact, Fact::DeviceRegistered { .. });
                self.desk(device, |desk| desk.registered = registered);
            }
            Part::Leg(call, leg) => self.fold_leg(call, leg, event),
            Part::Call(call) => self.fold_call(call, event),
            Part::Move => self.fold_move(&event.fact),
            Part::Line(call, queue) => self.fold_line(call, queue, event),
            Part::Aside(_) => self.fold_aside(&event.fact),
            Part::Elsewhere => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of the directory")]
    fn fold_entry(&mut self, event: &Event) {
        match &event.fact {
            Fact::EntryAdded { id, guid, entry } => self.added(*id, Some(*guid), entry, event.wall),
            Fact::EntryChanged { id, entry } => self.added(*id, None, entry, event.wall),
            Fact::EntryRemoved { id } => self.removed(*id),
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of agents")]
    fn fold_agent(&mut self, agent: AgentId, event: &Event) {
        match &event.fact {
            Fact::AgentLoggedIn { device, moved_from, .. } => {
                if let Some(from) = moved_from {
                    self.desk(*from, |desk| desk.agent = None);
                }
                self.desk(*device, |desk| desk.agent = Some(agent));
            }
            Fact::AgentLoggedOut { .. } => {
                if let Some(device) = self.agents.get(&agent).and_then(|seat| seat.device) {
                    self.desk(device, |desk| desk.agent = None);
                }
            }
            Fact::AgentConnected { call, .. } => {
                let served = self.calls.get_mut(call).and_then(|talk| talk.served.get_mut(&agent));
                if let Some(served) = served {
                    served.answered = Some(event.wall);
                }
            }
            Fact::OfferMade { call, leg, .. } => {
                if let (Some(talk), Some(party)) = (self.calls.get_mut(call), self.legs.get(leg)) {
                    let served = Served { leg: party.guid, called: event.wall, answered: None };
                    talk.served.insert(agent, served);
                }
            }
            _ => {}
        }
        self.seat(agent, |seat| seat.fold(event));
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of legs")]
    fn fold_leg(&mut self, call: CallId, leg: LegId, event: &Event) {
        match &event.fact {
            Fact::LegAdded { guid, role, arrived, endpoint, .. } => {
                let device = match endpoint {
                    Endpoint::Device(device) => Some(*device),
                    Endpoint::Trunk(_) => None,
                };
                let phase = if *arrived { LegPhase::Arrived } else { LegPhase::Dialled };
                let (guid, role) = (*guid, *role);
                let party =
                    Party { guid, call, role, device, phase, holds: 0, barged: false, called_as: None };
                self.add_leg(leg, party);
            }
            Fact::LegRinging { .. } => self.phase(leg, LegPhase::Ringing),
            Fact::LegAnswered { .. } => {
                self.phase(leg, LegPhase::Answered);
                let party = self.legs.get(&leg).filter(|party| party.role == Role::Callee);
                if let (Some(party), Some(talk)) = (party, self.calls.get_mut(&call)) {
                    talk.target = party.device.or(talk.target);
                    talk.answered = true;
                }
            }
            Fact::LegRetrieved { .. } | Fact::LegHeld { .. } => {
                if let Some(party) = self.legs.get_mut(&leg) {
                    let held = matches!(event.fact, Fact::LegHeld { .. });
                    party.holds = if held { party.holds + 1 } else { party.holds.saturating_sub(1) };
                    party.phase = if party.holds > 0 { LegPhase::Held } else { LegPhase::Answered };
                }
            }
            Fact::LegCleared { .. } => {
                let party = self.legs.remove(&leg);
                if let Some(device) = party.and_then(|party| party.device) {
                    self.desk(device, |desk| {
                        desk.legs.remove(&leg);
                    });
                }
                if let Some(talk) = self.calls.get_mut(&call) {
                    talk.legs.remove(&leg);
                }
            }
            _ => {}
        }
    }

    /// Legs go to another call, and whom it has answered with them.
    fn fold_move(&mut self, fact: &Fact) {
        let (legs, from, to) = if let Fact::LegMoved { leg, from, to } = fact {
            (core::slice::from_ref(leg), from, to)
        } else if let Fact::CallsJoined { call, from, legs, .. } = fact {
            self.end_consultation(*from);
            // Who has a part in what ends has it in what goes on. Who consults keeps his own: his leg only visits.
            let seats = self.agents.values_mut().flat_map(|seat| &mut seat.parts);
            seats
                .filter(|(leg, (of, _))| of == from && legs.contains(leg))
                .for_each(|(_, part)| part.0 = *call);
            (legs.as_slice(), from, call)
        } else {
            return;
        };
        let barged = matches!(fact, Fact::CallsJoined { how: Joining::Barge | Joining::TakeOver, .. });
        for leg in legs {
            let Some(party) = self.legs.get_mut(leg) else { continue };
            party.call = *to;
            party.barged |= barged;
            if party.role == Role::Callee && party.called_as.is_none() {
                party.called_as = self.calls.get(from).map(|talk| talk.dialled.clone());
            }
            let (guid, device) = (party.guid, party.device);
            let mut moved = None;
            if let Some(talk) = self.calls.get_mut(from) {
                talk.legs.remove(leg);
                let agent =
                    talk.served.iter().find(|(_, served)| served.leg == guid).map(|(agent, _)| *agent);
                moved = agent.and_then(|agent| Some((agent, talk.served.remove(&agent)?)));
            }
            if let Some(talk) = self.calls.get_mut(to) {
                talk.legs.insert(*leg);
                talk.phones.extend(device);
                talk.served.extend(moved);
            }
        }
    }

    fn fold_aside(&mut self, fact: &Fact) {
        if let Fact::ConsultationStarted { call, of, leg, .. } = fact {
            self.consult(*call, *of, *leg);
        } else if let Fact::ConsultationEnded { call, .. } = fact {
            self.end_consultation(*call);
        } else if let Fact::VariablesSet { call, variables } = fact {
            let Some(talk) = self.calls.get_mut(call) else { return };
            for (name, value) in variables {
                match value {
                    Some(value) => {
                        talk.variables.insert(name.as_str().to_owned(), value.as_str().to_owned());
                    }
                    None => drop(talk.variables.remove(name.as_str())),
                }
            }
        } else if let Fact::MonitoringAsked { call, agent, monitored, .. } = fact {
            self.hears(*call, Ear { agent: *agent, call: *monitored });
        } else if let Fact::MonitoringStarted { call, agent, monitored, .. } = fact {
            self.hears(*call, Ear { agent: *agent, call: Some(*monitored) });
        } else if let Fact::MonitoringWaits { call } = fact
            && let Some(ear) = self.calls.get_mut(call).and_then(|talk| talk.ear.as_mut())
        {
            ear.call = None;
        }
    }

    fn hears(&mut self, call: CallId, ear: Ear) {
        if let Some(talk) = self.calls.get_mut(&call) {
            talk.ear = Some(ear);
        }
    }

    /// At `leg`, a party of the call `of` asks in another.
    pub(super) fn consult(&mut self, call: CallId, of: CallId, leg: LegId) {
        if let Some(talk) = self.calls.get_mut(&call) {
            talk.consults_for = Some(of);
        }
        if let Some(talk) = self.calls.get_mut(&of) {
            talk.consultation = Some(Consultation { call, leg });
        }
    }

    /// A call is no more one of two that belong together.
    fn end_consultation(&mut self, call: CallId) {
        let Some(talk) = self.calls.get_mut(&call) else { return };
        let (of, asks) = (talk.consults_for.take(), talk.consultation.take());
        if let Some(talk) = of.and_then(|of| self.calls.get_mut(&of)) {
            talk.consultation = None;
        }
        if let Some(talk) = asks.and_then(|asks| self.calls.get_mut(&asks.call)) {
            talk.consults_for = None;
        }
    }

    /// A leg of a call that is known, as it is.
    pub(super) fn add_leg(&mut self, leg: LegId, party: Party) {
        if let Some(device) = party.device {
            self.desk(device, |desk| {
                desk.legs.insert(leg);
            });
        }
        if let Some(talk) = self.calls.get_mut(&party.call) {
            if talk.first.is_none() {
                (talk.first, talk.first_guid) = (Some(leg), Some(party.guid));
            }
            talk.legs.insert(leg);
            talk.phones.extend(party.device);
            if party.role == Role::Callee {
                talk.target = party.device;
            }
        }
        self.legs.insert(leg, party);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of calls")]
    fn fold_call(&mut self, call: CallId, event: &Event) {
        match &event.fact {
            Fact::CallStarted { guid, direction, caller, caller_name, dialled, .. } => {
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
                    waits: None,
                    is_callback: false,
                    legs: BTreeSet::new(),
                    phones: BTreeSet::new(),
                    target: None,
                    answered: false,
                    served: BTreeMap::new(),
                    consultation: None,
                    consults_for: None,
                    ear: None,
                    variables: BTreeMap::new(),
                };
                self.calls.insert(call, talk);
            }
            Fact::CallClosed { .. } => {
                self.end_consultation(call);
                self.calls.remove(&call);
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of queues")]
    fn fold_line(&mut self, call: CallId, queue: QueueId, event: &Event) {
        let Some(talk) = self.calls.get_mut(&call) else { return };
        let line = self.queues.get_mut(&queue);
        match &event.fact {
            Fact::CallQueued { entered, .. } => {
                let since = wall(Now { at: event.at, wall: event.wall }, *entered);
                (talk.queued, talk.waits) = (Some((queue, since)), Some(*entered));
                if let Some(line) = line {
                    line.waiting.insert((*entered, call));
                }
            }
            Fact::CallbackAsked { .. } => talk.is_callback = true,
            Fact::WaitingEnded { .. } => {
                if let (Some(entered), Some(line)) = (talk.waits.take(), line) {
                    line.waiting.remove(&(entered, call));
                }
            }
            _ => {}
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
    pub(super) fn added(&mut self, id: EntryId, guid: Option<Guid>, entry: &Entry, at: WallTime) {
        match (id, entry) {
            (EntryId::Agent(id), Entry::Agent(entry)) => {
                let guid = guid.unwrap_or(Guid(0));
                let seat = self.agents.entry(id).or_insert_with(|| Seat::new(guid, at));
                seat.name = entry.name.to_string();
                seat.number = entry.number.as_ref().map(|number| number.as_str().to_owned());
                (seat.user, seat.team) = (entry.user, entry.team);
            }
            (EntryId::Device(id), Entry::Device(entry)) => {
                let desk = self.devices.entry(id).or_insert_with(|| Desk {
                    guid: guid.unwrap_or(Guid(0)),
                    number: String::new(),
                    name: String::new(),
                    registered: false,
                    legs: BTreeSet::new(),
                    agent: None,
                });
                let number = entry.number.as_str().to_owned();
                self.numbers.remove(&core::mem::replace(&mut desk.number, number.clone()));
                self.numbers.insert(number, id);
                desk.name = entry.display_name.to_string();
            }
            (EntryId::Queue(id), Entry::Queue(entry)) => {
                let line = self.queues.entry(id).or_insert_with(|| Line {
                    guid: guid.unwrap_or(Guid(0)),
                    name: String::new(),
                    number: None,
                    service_level_ms: 0,
                    auto_ready: true,
                    waiting: BTreeSet::new(),
                });
                line.name = entry.name.to_string();
                (line.service_level_ms, line.auto_ready) = (entry.service_level_ms, entry.auto_ready);
                line.number = entry.number.as_ref().map(|number| number.as_str().to_owned());
            }
            (EntryId::User(id), Entry::User(entry)) => {
                self.users.insert(id, entry.name.to_string());
            }
            (EntryId::Team(id), Entry::Team(entry)) => {
                self.teams.insert(id, entry.name.to_string());
            }
            (EntryId::Reason(id), Entry::Reason(entry)) => {
                let (category, absence) = (entry.category, entry.absence);
                let reason = Reason { name: entry.name.to_string(), category, absence };
                self.reasons.insert(id, reason);
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
                | EntryId::Disposition(_)
                | EntryId::Skill(_)
                | EntryId::PhoneBook(_)
                | EntryId::Contact(_)
                | EntryId::BlacklistedNumber(_)
                | EntryId::Calendar(_),
                _,
            ) => {}
        }
    }

    fn removed(&mut self, id: EntryId) {
        match id {
            EntryId::Agent(id) => drop(self.agents.remove(&id)),
            EntryId::Device(id) => {
                if let Some(desk) = self.devices.remove(&id) {
                    self.numbers.remove(&desk.number);
                }
            }
            EntryId::Queue(id) => {
                self.queues.remove(&id);
                for seat in self.agents.values_mut() {
                    seat.memberships.remove(&id);
                    seat.tiers.remove(&id);
                }
            }
            EntryId::Reason(id) => drop(self.reasons.remove(&id)),
            EntryId::User(id) => drop(self.users.remove(&id)),
            EntryId::Team(id) => drop(self.teams.remove(&id)),
            EntryId::Trunk(_)
            | EntryId::Route(_)
            | EntryId::Disposition(_)
            | EntryId::Skill(_)
            | EntryId::PhoneBook(_)
            | EntryId::Contact(_)
            | EntryId::BlacklistedNumber(_)
            | EntryId::Calendar(_) => {}
        }
    }
}

impl Seat {
    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of agents")]
    fn fold(&mut self, event: &Event) {
        match &event.fact {
            Fact::AgentAssigned { queue, tier, .. } => {
                self.memberships.insert(*queue, Membership::Ready);
                self.tiers.insert(*queue, *tier);
            }
            Fact::TierSet { queue, tier, .. } => drop(self.tiers.insert(*queue, *tier)),
            Fact::AgentUnassigned { queue, .. } => {
                self.memberships.remove(queue);
                self.tiers.remove(queue);
            }
            Fact::MembershipSet { queue, membership, .. } => {
                self.memberships.insert(*queue, *membership);
            }
            Fact::AgentLoggedIn { device, moved_from, .. } => {
                self.device = Some(*device);
                if moved_from.is_none() {
                    self.wants(Duty::NotReady { reason: None, note: Note::default() }, event);
                }
            }
            Fact::AgentLoggedOut { .. } => {
                self.device = None;
                self.wants(Duty::LoggedOut, event);
            }
            Fact::AgentReady { .. } => self.wants(Duty::Ready, event),
            Fact::AgentNotReady { duty, .. } => self.wants(duty.clone(), event),
            Fact::DutyPending { duty, .. } => self.pending.clone_from(duty),
            Fact::HandlingSet { handling, .. } => self.handling = handling.clone(),
            Fact::AgentConnected { call, leg, queue, .. } => {
                self.parts.insert(*leg, (*call, *queue));
            }
            Fact::AgentDisconnected { call, .. } => self.parts.retain(|_, (of, _)| of != call),
            Fact::OfferMade { offer, leg, .. } => self.offer = Some((*offer, *leg)),
            Fact::OfferEnded { .. } => self.offer = None,
            Fact::WrapUpStarted { call, queue, .. } => self.wrap_up = Some((*call, *queue)),
            Fact::WrapUpEnded { .. } => self.wrap_up = None,
            _ => {}
        }
    }

    fn wants(&mut self, duty: Duty, event: &Event) {
        (self.duty, self.pending, self.since) = (duty, None, event.wall);
    }
}
