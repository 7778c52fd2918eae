//! What is told because of each fact.

use cordial_engine::call::{Cause, LegPhase, OfferEnd, Role, WaitingEnd};
use cordial_engine::entry::{Entry, EntryId};
use cordial_engine::fact::{Event, Fact};
use cordial_engine::id::{AgentId, CallId, DeviceId, LegId, QueueId};

use super::tell::fail_code;
use super::{Audience, Told, Watch};
use crate::floor::Part;
use crate::portsip::wire::wsi::{CallHeld, CallTold, Message};

impl Watch {
    /// Takes the next event of the tenant in; gives what is to be told.
    pub fn apply(&mut self, event: &Event) -> Vec<Told> {
        let mut telling = Telling { watch: self, event, told: Vec::new() };
        let left = telling.leaving();
        telling.watch.floor.apply(event);
        telling.fact(left);
        telling.told
    }
}

struct Telling<'a> {
    watch: &'a mut Watch,
    event: &'a Event,
    told: Vec<Told>,
}

/// What is needed after an event of how it was before.
#[derive(Clone, Copy, Default)]
struct Left {
    /// Where the agent was logged in, or the leg was.
    device: Option<DeviceId>,
    /// Where the leg was on its way, when it was a callee's.
    callee: Option<LegPhase>,
    /// The caller's place in line.
    position: usize,
}

impl Telling<'_> {
    /// Looks at what the event takes away, and tells of what is gone for good.
    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these take something away")]
    fn leaving(&mut self) -> Left {
        let floor = &self.watch.floor;
        match &self.event.fact {
            Fact::EntryRemoved { id } => self.entry_removed(*id),
            Fact::CallClosed { call } => {
                let message = floor.calls.get(call).map(|talk| self.watch.told(talk, self.event.wall));
                self.tell(Audience::Cdr, message.map(Message::CallCdr));
            }
            Fact::AgentLoggedOut { agent, .. } => {
                let device = floor.agents.get(agent).and_then(|seat| seat.device);
                return Left { device, ..Left::default() };
            }
            Fact::LegCleared { leg, .. } => {
                let Some(party) = floor.legs.get(leg) else { return Left::default() };
                let callee = (party.role == Role::Callee).then_some(party.phase);
                return Left { device: party.device, callee, ..Left::default() };
            }
            Fact::WaitingEnded { call, queue, .. } => {
                let position = floor.queues.get(queue).map_or(0, |line| line.position(*call));
                return Left { position, ..Left::default() };
            }
            _ => {}
        }
        Left::default()
    }

    fn fact(&mut self, left: Left) {
        match Part::of(&self.event.fact) {
            Part::Entry => self.entry(),
            Part::Agent(agent) => self.agent(agent, left),
            Part::Device(device) => self.registered(device),
            Part::Leg(call, leg) => self.leg(call, leg, left),
            Part::Call(call) => self.call(call),
            Part::Line(call, queue) => self.line(call, queue, left),
            Part::Move | Part::Aside(_) | Part::Elsewhere => {}
        }
    }

    fn tell(&mut self, audience: Audience, message: Option<Message>) {
        self.told.extend(message.map(|message| Told { audience, message }));
    }

    fn tell_extension(&mut self, device: DeviceId, message: Option<&Message>, v16: bool) {
        self.tell_numbers(self.watch.numbers_of(device), message, v16);
    }

    fn tell_numbers(&mut self, numbers: Vec<String>, message: Option<&Message>, v16: bool) {
        for number in numbers {
            let audience = if v16 { Audience::ExtensionV16(number) } else { Audience::Extension(number) };
            self.tell(audience, message.cloned());
        }
    }

    /// Tells of an agent whatever is otherwise than before.
    fn refresh(&mut self, id: AgentId) {
        let at = self.event.wall;
        let changed = self.watch.refresh_agent(id, at);
        for queue in &changed {
            let message = self.watch.agent_changed(id, *queue);
            self.tell(Audience::Queue(*queue), message);
        }
        let Some(seat) = self.watch.floor.agents.get(&id) else { return };
        let (presence, device) = (self.watch.presence_of(seat), seat.device);
        if let (Some(device), false) = (device, changed.is_empty()) {
            let message = self.watch.agent_status(id, device, &changed, at);
            self.tell_extension(device, message.as_ref(), false);
        }
        let shown = &mut self.watch.agents.entry(id).or_default().presence;
        let changed = *shown != presence;
        *shown = presence;
        if let (true, Some(device)) = (changed, device) {
            let message = self.watch.presence_told(device, at);
            self.tell_extension(device, message.as_ref(), false);
        }
    }

    fn refresh_phone(&mut self, device: DeviceId) {
        if self.watch.refresh_phone(device, self.event.wall) {
            let message = self.watch.call_status(device);
            self.tell_extension(device, message.as_ref(), false);
        }
    }
}

/// The directory.
impl Telling<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of the directory")]
    fn entry(&mut self) {
        let (id, entry, is_new) = match &self.event.fact {
            Fact::EntryAdded { id, entry, .. } => (*id, entry, true),
            Fact::EntryChanged { id, entry } => (*id, entry, false),
            _ => return,
        };
        if let (EntryId::Queue(id), Entry::Queue(_)) = (id, entry) {
            let (queue_number, tenant_id) = (self.watch.queue_number(id), self.watch.tenant_id());
            let message = if is_new {
                Message::QueueCreated { queue_number, tenant_id }
            } else {
                Message::QueueUpdated { queue_number, tenant_id }
            };
            self.tell(Audience::QueueManagement, Some(message));
        } else if let (EntryId::Device(id), Entry::Device(_)) = (id, entry) {
            if is_new {
                self.watch.phones.insert(id, ("", self.event.wall));
            }
            let message = if is_new { Message::ExtensionCreated } else { Message::ExtensionUpdated };
            let managed = self.watch.managed(id).map(message);
            self.tell(Audience::ExtensionManagement, managed);
        }
    }

    fn entry_removed(&mut self, id: EntryId) {
        if let EntryId::Queue(id) = id {
            let (queue_number, tenant_id) = (self.watch.queue_number(id), self.watch.tenant_id());
            self.tell(Audience::QueueManagement, Some(Message::QueueDestroy { queue_number, tenant_id }));
        } else if let EntryId::Agent(id) = id {
            self.watch.agents.remove(&id);
        } else if let EntryId::Device(id) = id {
            let managed = self.watch.managed(id).map(Message::ExtensionDestroyed);
            self.watch.phones.remove(&id);
            self.tell(Audience::ExtensionManagement, managed);
        }
    }
}

/// Agents and phones.
impl Telling<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of agents")]
    fn agent(&mut self, id: AgentId, left: Left) {
        match &self.event.fact {
            Fact::AgentUnassigned { queue, .. } => {
                self.refresh(id);
                let message = self.watch.agent_removed(id, *queue);
                self.tell(Audience::Queue(*queue), message);
            }
            Fact::AgentLoggedOut { .. } => self.logged_out(id, left.device),
            Fact::AgentLoggedIn { device, moved_from: Some(from), .. } => self.moved(id, *from, *device),
            // Whoever accepted talks from now on; that he is connected is told by the fact that follows.
            Fact::OfferEnded { end: OfferEnd::Accepted, .. } => {}
            _ => self.refresh(id),
        }
    }

    /// Who has left his phone is told of as its extension once more.
    fn logged_out(&mut self, id: AgentId, device: Option<DeviceId>) {
        let shown = self.watch.agents.get(&id);
        let queues: Vec<QueueId> = shown.into_iter().flat_map(|shown| shown.states.keys().copied()).collect();
        self.refresh(id);
        let Some(device) = device else { return };
        let message = self.watch.agent_status(id, device, &queues, self.event.wall);
        self.tell_numbers(self.watch.numbers_with(device, Some(id)), message.as_ref(), false);
    }

    /// Who has moved is told of at both phones: that he left the one, and what he is at the other.
    fn moved(&mut self, id: AgentId, from: DeviceId, to: DeviceId) {
        let at = self.event.wall;
        let left = self.watch.agent_left(id, from, at);
        let before = self.watch.agents.get(&id).and_then(|shown| shown.extension.clone());
        self.refresh(id);
        let shown = self.watch.agents.get(&id);
        let (queues, renamed) = shown.map_or_else(Default::default, |shown| {
            let queues: Vec<QueueId> = shown.states.keys().copied().collect();
            (queues, shown.extension != before)
        });
        // An extension of the agent's own goes with him; one of the phone's stays behind.
        for queue in queues.iter().filter(|_| renamed) {
            let gone = before.clone().and_then(|number| self.watch.extension_left(*queue, number, at));
            self.tell(Audience::Queue(*queue), gone);
            let message = self.watch.agent_changed(id, *queue);
            self.tell(Audience::Queue(*queue), message);
        }
        self.tell_numbers(self.watch.numbers_with(from, None), left.as_ref(), false);
        let message = self.watch.agent_status(id, to, &queues, at);
        self.tell_numbers(self.watch.numbers_with(to, Some(id)), message.as_ref(), false);
        let message = self.watch.presence_told(to, at);
        self.tell_extension(to, message.as_ref(), false);
    }

    fn registered(&mut self, device: DeviceId) {
        if let Some((_, since)) = self.watch.phones.get_mut(&device) {
            *since = self.event.wall;
        }
        let register = self.watch.registered(device, self.event.wall);
        self.tell_extension(device, register.as_ref(), true);
        let message = self.watch.extension_status(&[device]);
        self.tell_extension(device, Some(&message), false);
        if let Some(agent) = self.watch.agent_at(device) {
            self.refresh(agent);
        }
    }
}

/// Calls.
impl Telling<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of calls")]
    fn call(&mut self, id: CallId) {
        let Some(talk) = self.watch.floor.calls.get(&id) else { return };
        match &self.event.fact {
            Fact::CallStarted { .. } => {
                let begun = self.watch.begun(talk, self.event.wall);
                self.tell(Audience::Cdr, Some(Message::CallStart(begun)));
            }
            Fact::CallCleared { cause, .. } => {
                let told = self.watch.told(talk, self.event.wall);
                let message = match (talk.answered, *cause) {
                    (true, _) => Message::CallEnded(told),
                    (false, Cause::NoAnswer) => Message::CallNoanswer(told),
                    (false, cause) => Message::CallFail { call: told, fail_code: fail_code(cause) },
                };
                for device in talk.phones.clone() {
                    self.tell_extension(device, Some(&message), true);
                }
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of legs")]
    fn leg(&mut self, call: CallId, leg: LegId, left: Left) {
        match &self.event.fact {
            Fact::LegAdded { .. } => {
                let Some(device) = self.device_of(leg) else { return };
                self.refresh_phone(device);
                let talk = self.watch.floor.calls.get(&call);
                let begun = talk.map(|talk| self.watch.begun(talk, self.event.wall));
                self.tell_extension(device, begun.map(Message::CallStart).as_ref(), true);
                self.target(call, leg, Message::TargetAdd);
            }
            Fact::LegRinging { .. } => self.target(call, leg, Message::TargetRinging),
            Fact::LegAnswered { .. } => self.leg_answered(call, leg),
            Fact::LegHeld { .. } => self.held(leg, Message::CallHold),
            Fact::LegRetrieved { .. } => self.held(leg, Message::CallUnhold),
            Fact::LegCleared { cause, .. } => {
                let Some(device) = left.device else { return };
                self.refresh_phone(device);
                if let Some(phase) = left.callee {
                    self.target_gone(call, device, phase, *cause);
                }
            }
            _ => {}
        }
    }

    fn device_of(&self, leg: LegId) -> Option<DeviceId> {
        self.watch.floor.legs.get(&leg)?.device
    }

    /// Tells the extensions of a call of one that it is for.
    fn target(&mut self, call: CallId, leg: LegId, message: fn(CallTold) -> Message) {
        let party = self.watch.floor.legs.get(&leg).filter(|party| party.role == Role::Callee);
        if let Some(device) = party.and_then(|party| party.device) {
            self.tell_call(call, Some(device), message);
        }
    }

    fn target_gone(&mut self, call: CallId, device: DeviceId, phase: LegPhase, cause: Cause) {
        match (phase, cause) {
            (LegPhase::Answered | LegPhase::Held, _) => {
                self.tell_call(call, Some(device), Message::TargetEnded);
            }
            (_, Cause::NoAnswer) => self.tell_call(call, Some(device), Message::TargetNoanswer),
            (LegPhase::Arrived | LegPhase::Dialled | LegPhase::Ringing, _) => {
                let fail_code = fail_code(cause);
                self.tell_call(call, Some(device), |call| Message::TargetFail { call, fail_code });
            }
        }
    }

    /// Tells all extensions of a call; `target` is whom it is about, when it is not whom the call is for.
    fn tell_call(
        &mut self,
        call: CallId,
        target: Option<DeviceId>,
        message: impl FnOnce(CallTold) -> Message,
    ) {
        let Some(talk) = self.watch.floor.calls.get(&call) else { return };
        let phones = talk.phones.clone();
        let told = message(self.watch.told_of(talk, target.or(talk.target), self.event.wall));
        for device in phones {
            self.tell_extension(device, Some(&told), true);
        }
    }

    fn leg_answered(&mut self, call: CallId, leg: LegId) {
        if let Some(device) = self.device_of(leg) {
            self.refresh_phone(device);
        }
        let floor = &self.watch.floor;
        let callee = floor.legs.get(&leg).is_some_and(|party| party.role == Role::Callee);
        let Some(talk) = floor.calls.get(&call).filter(|_| callee) else { return };
        let (told, phones) = (self.watch.told(talk, self.event.wall), talk.phones.clone());
        self.tell(Audience::Cdr, Some(Message::CallUpdateInfo(told.clone())));
        for device in phones {
            self.tell_extension(device, Some(&Message::CallEstablished(told.clone())), true);
        }
    }

    fn held(&mut self, leg: LegId, message: fn(CallHeld) -> Message) {
        if let Some((device, held)) = self.watch.held(leg, self.event.wall) {
            self.tell_extension(device, Some(&message(held)), true);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`Part` names every fact; these are of queues")]
    fn line(&mut self, id: CallId, queue: QueueId, left: Left) {
        let (position, reason) = match &self.event.fact {
            Fact::ServiceLevelBreached { breached, waiting, .. } => {
                let message = self.watch.breached(queue, id, *breached, *waiting, self.event.wall);
                return self.tell(Audience::Queue(queue), message);
            }
            Fact::CallQueued { .. } => {
                (self.watch.floor.queues.get(&queue).map_or(0, |line| line.position(id)), "enqueue")
            }
            Fact::WaitingEnded { end, .. } => match end {
                WaitingEnd::Answered => (left.position, "agent_answered"),
                WaitingEnd::Abandoned | WaitingEnd::LeftByKey => (left.position, "hangup"),
                WaitingEnd::CalledBack => (left.position, "callback"),
                WaitingEnd::Overflowed | WaitingEnd::SentAway(_) => (left.position, "overflow"),
                // It never entered.
                WaitingEnd::Refused | WaitingEnd::TurnedAway(_) => return,
            },
            _ => return,
        };
        let message = self.watch.caller_changed(queue, id, position, reason, self.event.wall);
        self.tell(Audience::Queue(queue), message);
        if reason == "overflow" {
            self.tell_call(id, None, Message::CallReroute);
        }
    }
}
