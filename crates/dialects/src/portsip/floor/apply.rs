//! What each fact changes on the floor, and what is told because of it.

use cordial_engine::agent::{Duty, Membership};
use cordial_engine::call::{Cause, OfferEnd, Role, WaitingEnd};
use cordial_engine::command::Endpoint;
use cordial_engine::entry::{Entry, EntryId};
use cordial_engine::fact::{Event, Fact};
use cordial_engine::id::{AgentId, CallId, DeviceId, Guid, LegId, QueueId};

use super::tell::fail_code;
use super::{Audience, Call, Floor, Leg, Phone, Queue, Seat, Told};
use crate::portsip::wire::wsi::Message;

impl Floor {
    /// Takes the next event of the tenant in; gives what is to be told.
    pub fn apply(&mut self, event: &Event) -> Vec<Told> {
        let mut telling = Telling { floor: self, event, told: Vec::new() };
        telling.fact();
        telling.told
    }
}

struct Telling<'a> {
    floor: &'a mut Floor,
    event: &'a Event,
    told: Vec<Told>,
}

impl Telling<'_> {
    fn fact(&mut self) {
        match &self.event.fact {
            Fact::EntryAdded { id, guid, entry } => self.entry_added(*id, *guid, entry),
            Fact::EntryChanged { id, entry } => self.entry_changed(*id, entry),
            Fact::EntryRemoved { id } => self.entry_removed(*id),
            Fact::AgentAssigned { .. }
            | Fact::AgentUnassigned { .. }
            | Fact::AgentLoggedIn { .. }
            | Fact::AgentLoggedOut { .. }
            | Fact::AgentReady { .. }
            | Fact::AgentNotReady { .. }
            | Fact::HandlingSet { .. }
            | Fact::MembershipSet { .. }
            | Fact::AgentConnected { .. }
            | Fact::AgentDisconnected { .. }
            | Fact::WrapUpStarted { .. }
            | Fact::WrapUpEnded { .. } => self.agent(),
            Fact::DeviceRegistered { device } => self.registered(*device, true),
            Fact::DeviceUnregistered { device } => self.registered(*device, false),
            Fact::CallStarted { .. }
            | Fact::LegAdded { .. }
            | Fact::LegAnswered { .. }
            | Fact::LegHeld { .. }
            | Fact::LegRetrieved { .. }
            | Fact::LegCleared { .. }
            | Fact::CallCleared { .. }
            | Fact::CallClosed { .. } => self.call(),
            Fact::CallQueued { call, queue, entered, .. } => self.queued(*call, *queue, *entered),
            Fact::WaitingEnded { call, queue, end, .. } => self.left(*call, *queue, *end),
            Fact::OfferMade { agent, .. } => self.offered(*agent, true),
            Fact::OfferEnded { agent, end, .. } => self.offer_ended(*agent, *end),
            // What these say this API does not tell.
            Fact::TenantAdded { .. }
            | Fact::TierSet { .. }
            | Fact::SearchWidened { .. }
            | Fact::OutboundRulesSet { .. }
            | Fact::OutboundRefused { .. }
            | Fact::DutyPending { .. }
            | Fact::MembershipPending { .. }
            | Fact::AgentRested { .. }
            | Fact::AgentRestEnded { .. }
            | Fact::LegRinging { .. }
            | Fact::LegSaved { .. }
            | Fact::LegsBridged { .. }
            | Fact::LegsUnbridged { .. }
            | Fact::GreetingStarted { .. }
            | Fact::FeatureCodesSet { .. }
            | Fact::FeatureCodeDialled { .. }
            | Fact::CallParked { .. }
            | Fact::ParkingEnded { .. }
            | Fact::MonitoringStarted { .. }
            | Fact::NumberAsked { .. }
            | Fact::AnnouncementStarted { .. }
            | Fact::MailboxReached { .. }
            | Fact::MailboxOpened { .. }
            | Fact::MessagePlayed { .. }
            | Fact::MessageLeft { .. }
            | Fact::MessageMarked { .. }
            | Fact::MessageRemoved { .. }
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

    fn tell(&mut self, audience: Audience, message: Option<Message>) {
        self.told.extend(message.map(|message| Told { audience, message }));
    }

    fn tell_extension(&mut self, device: DeviceId, message: Option<&Message>, v16: bool) {
        for number in self.floor.numbers_of(device) {
            let audience = if v16 { Audience::ExtensionV16(number) } else { Audience::Extension(number) };
            self.tell(audience, message.cloned());
        }
    }

    /// Tells of an agent whatever is otherwise than before.
    fn refresh(&mut self, id: AgentId) {
        let at = self.event.wall;
        let changed = self.floor.refresh_agent(id, at);
        for queue in &changed {
            let message = self.floor.agent_changed(id, *queue);
            self.tell(Audience::Queue(*queue), message);
        }
        let device = self.floor.agents.get(&id).and_then(|seat| seat.device);
        if let (Some(device), false) = (device, changed.is_empty()) {
            let message = self.floor.agent_status(id, device, &changed, at);
            self.tell_extension(device, message.as_ref(), false);
        }
        let Some(seat) = self.floor.agents.get(&id) else { return };
        let (presence, device) = (self.floor.presence_of(seat), seat.device);
        let Some(seat) = self.floor.agents.get_mut(&id) else { return };
        if let (true, Some(device)) = (seat.presence != presence, device) {
            let message = self.floor.presence_told(device, at);
            self.tell_extension(device, message.as_ref(), false);
        }
        if let Some(seat) = self.floor.agents.get_mut(&id) {
            seat.presence = presence;
        }
    }

    fn refresh_phone(&mut self, device: DeviceId) {
        if self.floor.refresh_phone(device, self.event.wall) {
            let message = self.floor.call_status(device);
            self.tell_extension(device, message.as_ref(), false);
        }
    }
}

/// The directory.
impl Telling<'_> {
    fn entry_added(&mut self, id: EntryId, guid: Guid, entry: &Entry) {
        self.floor.learn_rest(id, entry);
        if let (EntryId::Queue(id), Entry::Queue(entry)) = (id, entry) {
            self.floor.queues.insert(id, Queue::new(guid, entry));
            let (queue_number, tenant_id) = (self.floor.queue_number(id), self.floor.tenant_id());
            self.tell(Audience::QueueManagement, Some(Message::QueueCreated { queue_number, tenant_id }));
        } else if let (EntryId::Agent(id), Entry::Agent(entry)) = (id, entry) {
            self.floor.agents.insert(id, Seat::new(guid, entry));
        } else if let (EntryId::Device(id), Entry::Device(entry)) = (id, entry) {
            let phone = Phone::new(guid, entry, self.event.wall);
            let managed = self.floor.managed(&phone);
            self.floor.phones.insert(id, phone);
            self.tell(Audience::ExtensionManagement, Some(Message::ExtensionCreated(managed)));
        }
    }

    fn entry_changed(&mut self, id: EntryId, entry: &Entry) {
        self.floor.learn_rest(id, entry);
        if let (EntryId::Queue(id), Entry::Queue(entry)) = (id, entry) {
            if let Some(queue) = self.floor.queues.get_mut(&id) {
                (queue.name, queue.number) = (entry.name.clone(), entry.number.clone());
            }
            let (queue_number, tenant_id) = (self.floor.queue_number(id), self.floor.tenant_id());
            self.tell(Audience::QueueManagement, Some(Message::QueueUpdated { queue_number, tenant_id }));
        } else if let (EntryId::Agent(id), Entry::Agent(entry)) = (id, entry) {
            if let Some(seat) = self.floor.agents.get_mut(&id) {
                (seat.name, seat.number) = (entry.name.clone(), entry.number.clone());
            }
        } else if let (EntryId::Device(id), Entry::Device(entry)) = (id, entry)
            && let Some(phone) = self.floor.phones.get_mut(&id)
        {
            (phone.number, phone.name) = (entry.number.clone(), entry.display_name.clone());
            let managed = self.floor.phones.get(&id).map(|phone| self.floor.managed(phone));
            self.tell(Audience::ExtensionManagement, managed.map(Message::ExtensionUpdated));
        }
    }

    fn entry_removed(&mut self, id: EntryId) {
        if let EntryId::Queue(id) = id {
            let (queue_number, tenant_id) = (self.floor.queue_number(id), self.floor.tenant_id());
            self.floor.queues.remove(&id);
            self.tell(Audience::QueueManagement, Some(Message::QueueDestroy { queue_number, tenant_id }));
        } else if let EntryId::Agent(id) = id {
            self.floor.agents.remove(&id);
        } else if let EntryId::Device(id) = id {
            let managed = self.floor.phones.get(&id).map(|phone| self.floor.managed(phone));
            self.floor.phones.remove(&id);
            self.tell(Audience::ExtensionManagement, managed.map(Message::ExtensionDestroyed));
        } else if let EntryId::Reason(id) = id {
            self.floor.rests.remove(&id);
        }
    }
}

/// Agents and phones.
impl Telling<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this takes its share of them"
    )]
    fn agent(&mut self) {
        if let Fact::AgentUnassigned { agent, queue } = &self.event.fact {
            return self.unassigned(*agent, *queue);
        }
        let Some((id, change)) = self.change() else { return };
        if let Some(seat) = self.floor.agents.get_mut(&id) {
            change.apply(seat);
        }
        match &self.event.fact {
            Fact::AgentLoggedIn { device, .. } => {
                if let Some(phone) = self.floor.phones.get_mut(device) {
                    phone.agent = Some(id);
                }
                self.refresh(id);
            }
            Fact::AgentLoggedOut { .. } => self.logged_out(id),
            _other => self.refresh(id),
        }
    }

    /// The agent whom the fact is about, and what it changes of him.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this takes its share of them"
    )]
    fn change(&self) -> Option<(AgentId, SeatChange)> {
        Some(match &self.event.fact {
            Fact::AgentAssigned { agent, queue, .. } => (*agent, SeatChange::Part(*queue, Membership::Ready)),
            Fact::MembershipSet { agent, queue, membership } => {
                (*agent, SeatChange::Part(*queue, *membership))
            }
            Fact::AgentLoggedIn { agent, device } => (*agent, SeatChange::LoggedIn(*device)),
            Fact::AgentLoggedOut { agent } => (*agent, SeatChange::Duty(Duty::LoggedOut)),
            Fact::AgentReady { agent } => (*agent, SeatChange::Duty(Duty::Ready)),
            Fact::AgentNotReady { agent, duty } => (*agent, SeatChange::Duty(duty.clone())),
            Fact::HandlingSet { agent, handling } => (*agent, SeatChange::Handling(handling.clone())),
            Fact::AgentConnected { agent, call, leg, queue } => {
                (*agent, SeatChange::Connected(*leg, *call, *queue))
            }
            Fact::AgentDisconnected { agent, call } => (*agent, SeatChange::Disconnected(*call)),
            Fact::WrapUpStarted { agent, call, queue, .. } => {
                (*agent, SeatChange::WrapUp(Some((*call, *queue))))
            }
            Fact::WrapUpEnded { agent, .. } => (*agent, SeatChange::WrapUp(None)),
            _other => return None,
        })
    }

    fn unassigned(&mut self, id: AgentId, queue: QueueId) {
        let removed = self.floor.removed_agent(id);
        if let Some(seat) = self.floor.agents.get_mut(&id) {
            seat.memberships.remove(&queue);
        }
        self.refresh(id);
        let message = removed.and_then(|removed| self.floor.agent_removed(removed, queue));
        self.tell(Audience::Queue(queue), message);
    }

    /// Who has left his phone is told of as its extension once more.
    fn logged_out(&mut self, id: AgentId) {
        let Some(seat) = self.floor.agents.get_mut(&id) else { return };
        let device = seat.device.take();
        let queues: Vec<QueueId> = seat.shown.keys().copied().collect();
        self.refresh(id);
        let Some(device) = device else { return };
        let message = self.floor.agent_status(id, device, &queues, self.event.wall);
        self.tell_extension(device, message.as_ref(), false);
        if let Some(phone) = self.floor.phones.get_mut(&device) {
            phone.agent = None;
        }
    }

    fn registered(&mut self, device: DeviceId, registered: bool) {
        let Some(phone) = self.floor.phones.get_mut(&device) else { return };
        (phone.registered, phone.since) = (registered, self.event.wall);
        let agent = phone.agent;
        let message = self.floor.extension_status(&[device]);
        self.tell_extension(device, Some(&message), false);
        if let Some(agent) = agent {
            self.refresh(agent);
        }
    }

    fn offered(&mut self, agent: AgentId, offered: bool) {
        if let Some(seat) = self.floor.agents.get_mut(&agent) {
            seat.offered = offered;
        }
        self.refresh(agent);
    }

    /// Whoever accepted talks from now on; that he is connected is told by the fact that follows.
    fn offer_ended(&mut self, agent: AgentId, end: OfferEnd) {
        if let Some(seat) = self.floor.agents.get_mut(&agent) {
            seat.offered = false;
        }
        match end {
            OfferEnd::Accepted => {}
            OfferEnd::Declined | OfferEnd::Expired | OfferEnd::Withdrawn(_) => self.refresh(agent),
        }
    }
}

/// One change of an agent.
enum SeatChange {
    Part(QueueId, Membership),
    LoggedIn(DeviceId),
    Duty(Duty),
    Handling(cordial_engine::agent::Handling),
    Connected(LegId, CallId, Option<QueueId>),
    Disconnected(CallId),
    WrapUp(Option<(CallId, QueueId)>),
}

impl SeatChange {
    fn apply(self, seat: &mut Seat) {
        match self {
            Self::Part(queue, part) => drop(seat.memberships.insert(queue, part)),
            Self::LoggedIn(device) => {
                seat.device = Some(device);
                seat.duty = Duty::NotReady { reason: None, note: Default::default() };
            }
            Self::Duty(duty) => seat.duty = duty,
            Self::Handling(handling) => seat.handling = handling,
            Self::Connected(leg, call, queue) => drop(seat.parts.insert(leg, (call, queue))),
            Self::Disconnected(call) => seat.parts.retain(|_, (of, _)| *of != call),
            Self::WrapUp(wrap_up) => seat.wrap_up = wrap_up,
        }
    }
}

/// Calls.
impl Telling<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this takes its share of them"
    )]
    fn call(&mut self) {
        match &self.event.fact {
            Fact::CallStarted { call, guid, caller, caller_name, dialled, .. } => {
                let begun = Call {
                    guid: *guid,
                    caller: caller.clone(),
                    caller_name: caller_name.clone(),
                    dialled: dialled.clone(),
                    queued: self.event.wall,
                    legs: Default::default(),
                    phones: Default::default(),
                    target: None,
                    answered: false,
                };
                let message = Message::CallStart(self.floor.begun(&begun, self.event.wall));
                self.floor.calls.insert(*call, begun);
                self.tell(Audience::Cdr, Some(message));
            }
            Fact::LegAdded { call, leg, endpoint, role, arrived, .. } => {
                let added = Leg { endpoint: *endpoint, role: *role };
                self.leg_added(*call, *leg, added, *arrived);
            }
            Fact::LegAnswered { call, leg } => self.leg_answered(*call, *leg),
            Fact::LegHeld { call, leg } => self.held(*call, *leg, Message::CallHold),
            Fact::LegRetrieved { call, leg } => self.held(*call, *leg, Message::CallUnhold),
            Fact::LegCleared { call, leg, .. } => self.leg_cleared(*call, *leg),
            Fact::CallCleared { call, cause } => self.cleared(*call, *cause),
            Fact::CallClosed { call } => {
                if let Some(call) = self.floor.calls.remove(call) {
                    let message = Message::CallCdr(self.floor.told(&call, self.event.wall));
                    self.tell(Audience::Cdr, Some(message));
                }
            }
            _other => {}
        }
    }

    fn leg_added(&mut self, id: CallId, leg: LegId, added: Leg, arrived: bool) {
        let device = if let Endpoint::Device(device) = added.endpoint { Some(device) } else { None };
        let Some(call) = self.floor.calls.get_mut(&id) else { return };
        if added.role == Role::Callee {
            call.target = device;
        }
        call.legs.insert(leg, added);
        let Some(device) = device else { return };
        call.phones.insert(device);
        if let Some(phone) = self.floor.phones.get_mut(&device) {
            // Who dials is in a call; who is dialled is rung.
            phone.legs.insert(leg, arrived);
        }
        self.refresh_phone(device);
        let begun = self.floor.calls.get(&id).map(|call| self.floor.begun(call, self.event.wall));
        self.tell_extension(device, begun.map(Message::CallStart).as_ref(), true);
    }

    fn leg_answered(&mut self, id: CallId, leg: LegId) {
        let Some(call) = self.floor.calls.get_mut(&id) else { return };
        let Some(answered) = call.legs.get(&leg) else { return };
        let callee = answered.role == Role::Callee;
        if let Endpoint::Device(device) = answered.endpoint {
            if callee {
                call.target = Some(device);
            }
            if let Some(phone) = self.floor.phones.get_mut(&device) {
                phone.legs.insert(leg, true);
            }
            self.refresh_phone(device);
        }
        if !callee {
            return;
        }
        let Some(call) = self.floor.calls.get_mut(&id) else { return };
        call.answered = true;
        let phones = call.phones.clone();
        let Some(told) = self.floor.calls.get(&id).map(|call| self.floor.told(call, self.event.wall)) else {
            return;
        };
        self.tell(Audience::Cdr, Some(Message::CallUpdateInfo(told.clone())));
        for device in phones {
            self.tell_extension(device, Some(&Message::CallEstablished(told.clone())), true);
        }
    }

    fn leg_cleared(&mut self, id: CallId, leg: LegId) {
        let Some(call) = self.floor.calls.get_mut(&id) else { return };
        let Some(cleared) = call.legs.remove(&leg) else { return };
        if let Endpoint::Device(device) = cleared.endpoint {
            if let Some(phone) = self.floor.phones.get_mut(&device) {
                phone.legs.remove(&leg);
            }
            self.refresh_phone(device);
        }
    }

    fn held(
        &mut self,
        call: CallId,
        leg: LegId,
        message: fn(crate::portsip::wire::wsi::CallHeld) -> Message,
    ) {
        let call = self.floor.calls.get(&call);
        let held = call.and_then(|call| self.floor.held(call, leg, self.event.wall));
        if let Some((device, held)) = held {
            self.tell_extension(device, Some(&message(held)), true);
        }
    }

    fn cleared(&mut self, id: CallId, cause: Cause) {
        let Some(call) = self.floor.calls.get(&id) else { return };
        let told = self.floor.told(call, self.event.wall);
        let message = match (call.answered, cause) {
            (true, _) => Message::CallEnded(told),
            (false, Cause::NoAnswer) => Message::CallNoanswer(told),
            (false, _) => Message::CallFail { call: told, fail_code: fail_code(cause) },
        };
        for device in call.phones.clone() {
            self.tell_extension(device, Some(&message), true);
        }
    }

    fn queued(&mut self, id: CallId, queue: QueueId, entered: cordial_engine::Timestamp) {
        let at = self.event.wall;
        if let Some(call) = self.floor.calls.get_mut(&id) {
            call.queued = at;
        }
        let Some(line) = self.floor.queues.get_mut(&queue) else { return };
        line.waiting.insert((entered, id));
        let position = line.position(id);
        let message = self.floor.caller_changed(queue, id, position, "enqueue", at);
        self.tell(Audience::Queue(queue), message);
    }

    fn left(&mut self, id: CallId, queue: QueueId, end: WaitingEnd) {
        let reason = match end {
            WaitingEnd::Answered => "agent_answered",
            WaitingEnd::Abandoned => "hangup",
            WaitingEnd::Overflowed => "overflow",
            // It never entered.
            WaitingEnd::Refused => return,
        };
        let Some(line) = self.floor.queues.get_mut(&queue) else { return };
        let position = line.position(id);
        line.waiting.retain(|(_, call)| *call != id);
        let message = self.floor.caller_changed(queue, id, position, reason, self.event.wall);
        self.tell(Audience::Queue(queue), message);
    }
}
