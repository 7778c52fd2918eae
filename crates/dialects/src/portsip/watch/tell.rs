//! From the floor to messages.

use cordial_engine::agent::{Duty, Handling, WhyNotReady};
use cordial_engine::call::Cause;
use cordial_engine::id::{AgentId, CallId, DeviceId, LegId, QueueId};
use cordial_engine::time::WallTime;

use super::{Watch, call_of};
use crate::floor::{Desk, Line, Seat, Talk};
use crate::portsip::state::Rest;
use crate::portsip::state::Status;
use crate::portsip::wire::wsi::{
    AgentStatus, CallBegun, CallHeld, CallTold, ExtensionStatus, ManagedExtension, Message, QueueAgent,
    RemovedAgent, UpdatedCaller, Waiting,
};

/// A wall time in UNIX seconds.
pub(super) fn seconds(at: WallTime) -> String {
    at.0.div_euclid(1_000).to_string()
}

fn text(number: Option<&String>) -> String {
    number.cloned().unwrap_or_default()
}

/// What a subscriber hears at once.
impl Watch {
    /// The queue with this number or id.
    #[must_use]
    pub fn queue_called(&self, name: &str) -> Option<QueueId> {
        let guid = cordial_engine::id::Guid::parse(name);
        let is = |line: &Line| line.number.as_deref() == Some(name) || guid == Some(line.guid);
        self.floor.queues.iter().find(|(_, line)| is(line)).map(|(id, _)| *id)
    }

    /// The phone that is an extension with this number, or that its person uses.
    #[must_use]
    pub fn extension_called(&self, number: &str) -> Option<DeviceId> {
        let is = |seat: &&Seat| seat.number.as_deref() == Some(number);
        let seat = || self.floor.agents.values().find(is)?.device;
        self.floor.phone_called(number).or_else(seat)
    }

    /// All queues.
    #[must_use]
    pub fn queues(&self) -> Vec<QueueId> {
        self.floor.queues.keys().copied().collect()
    }

    /// The queues of an agent.
    #[must_use]
    pub fn queues_of(&self, agent: AgentId) -> Vec<QueueId> {
        self.floor.agents.get(&agent).into_iter().flat_map(|seat| seat.memberships.keys().copied()).collect()
    }

    /// The agent at a phone.
    #[must_use]
    pub fn agent_at(&self, device: DeviceId) -> Option<AgentId> {
        self.floor.agent_at(device)
    }

    /// A queue as it is.
    #[must_use]
    pub fn queue_status(&self, id: QueueId) -> Option<Message> {
        let queue = self.floor.queues.get(&id)?;
        let waiting = |(position, (_, id)): (usize, &(_, CallId))| {
            let call = self.floor.calls.get(id)?;
            Some(Waiting {
                position: (position + 1).to_string(),
                session_id: call.guid.to_string(),
                caller_number: call.caller.clone(),
                caller_name: call.caller_name.clone(),
                timestamp: call.queued.map(|(_, since)| seconds(since)).unwrap_or_default(),
                kind: kind(call),
            })
        };
        let agents = self.floor.agents.iter().filter(|(_, seat)| seat.memberships.contains_key(&id));
        Some(Message::QueueStatus {
            tenant_id: self.tenant_id(),
            queue_id: queue.guid.to_string(),
            queue_number: text(queue.number.as_ref()),
            queue_name: queue.name.clone(),
            waiting_list: queue.waiting.iter().enumerate().filter_map(waiting).collect(),
            agents: agents.filter_map(|(agent, _)| self.queue_agent(*agent, id)).collect(),
        })
    }

    /// Extensions as they are.
    #[must_use]
    pub fn extension_status(&self, devices: &[DeviceId]) -> Message {
        let status = |id: &DeviceId| {
            let phone = self.floor.devices.get(id)?;
            let (presence, presence_note) = self.presence_at(phone);
            Some(ExtensionStatus {
                extension: self.aor(phone),
                extension_id: self.extension_id(phone),
                call_status: self.shown_of(*id).0,
                online: phone.registered,
                presence,
                presence_note,
                push_online: false,
                time: seconds(self.shown_of(*id).1),
            })
        };
        let status = devices.iter().filter_map(status).collect();
        Message::ExtensionStatus { status, tenant_id: self.tenant_id() }
    }

    /// All extensions.
    #[must_use]
    pub fn extensions(&self) -> Vec<DeviceId> {
        self.floor.devices.keys().copied().collect()
    }

    /// The numbers under which an extension can be subscribed to.
    #[must_use]
    pub fn numbers_of(&self, device: DeviceId) -> Vec<String> {
        self.numbers_with(device, self.agent_at(device))
    }

    /// As [`Watch::numbers_of`], when this agent is at it.
    pub(super) fn numbers_with(&self, device: DeviceId, agent: Option<AgentId>) -> Vec<String> {
        let Some(phone) = self.floor.devices.get(&device) else { return Vec::new() };
        let own = agent.and_then(|agent| self.floor.agents.get(&agent)?.number.as_ref());
        std::iter::once(&phone.number).chain(own).cloned().collect()
    }

    /// All queues, for those who manage them.
    #[must_use]
    pub fn queues_there(&self) -> Vec<Message> {
        let created = |queue: &Line| Message::QueueCreated {
            queue_number: text(queue.number.as_ref()),
            tenant_id: self.tenant_id(),
        };
        self.floor.queues.values().map(created).collect()
    }

    /// All extensions, for those who manage them.
    #[must_use]
    pub fn extensions_there(&self) -> Vec<Message> {
        let created = |id: &DeviceId| self.managed(*id).map(Message::ExtensionCreated);
        self.floor.devices.keys().filter_map(created).collect()
    }
}

/// The pieces of messages.
impl Watch {
    pub(super) fn queue_agent(&self, id: AgentId, queue: QueueId) -> Option<QueueAgent> {
        let seat = self.floor.agents.get(&id)?;
        let shown = self.agents.get(&id)?;
        let (status, since) = shown.states.get(&queue)?;
        let call = call_of(seat).and_then(|call| self.floor.calls.get(&call));
        Some(QueueAgent {
            state: status.word(),
            agent_extension_number: shown.extension.clone()?,
            session_id: call.map(|call| call.guid.to_string()).unwrap_or_default(),
            caller_number: call.map(|call| call.caller.clone()).unwrap_or_default(),
            caller_name: call.map(|call| call.caller_name.clone()).unwrap_or_default(),
            timestamp: seconds(*since),
        })
    }

    pub(super) fn agent_changed(&self, id: AgentId, queue: QueueId) -> Option<Message> {
        let updated = self.queue_agent(id, queue)?;
        Some(Message::QueueAgentStatus {
            tenant_id: self.tenant_id(),
            queue_id: self.floor.queues.get(&queue)?.guid.to_string(),
            updated_agents: vec![updated],
            removed_agents: Vec::new(),
        })
    }

    /// A phone at which nobody serves the queue any more.
    pub(super) fn extension_left(&self, queue: QueueId, number: String, at: WallTime) -> Option<Message> {
        Some(Message::QueueAgentStatus {
            tenant_id: self.tenant_id(),
            queue_id: self.floor.queues.get(&queue)?.guid.to_string(),
            updated_agents: vec![QueueAgent {
                state: Status::LoggedOut.word(),
                agent_extension_number: number,
                session_id: String::new(),
                caller_number: String::new(),
                caller_name: String::new(),
                timestamp: seconds(at),
            }],
            removed_agents: Vec::new(),
        })
    }

    pub(super) fn agent_removed(&self, id: AgentId, queue: QueueId) -> Option<Message> {
        let agent_extension_number = self.agents.get(&id)?.extension.clone()?;
        Some(Message::QueueAgentStatus {
            tenant_id: self.tenant_id(),
            queue_id: self.floor.queues.get(&queue)?.guid.to_string(),
            updated_agents: Vec::new(),
            removed_agents: vec![RemovedAgent { agent_extension_number }],
        })
    }

    pub(super) fn caller_changed(
        &self,
        queue: QueueId,
        call: CallId,
        position: usize,
        reason: &'static str,
        at: WallTime,
    ) -> Option<Message> {
        let call = self.floor.calls.get(&call)?;
        Some(Message::QueueCallerStatus {
            tenant_id: self.tenant_id(),
            queue_id: self.floor.queues.get(&queue)?.guid.to_string(),
            updated_callers: vec![UpdatedCaller {
                position: position.to_string(),
                session_id: call.guid.to_string(),
                caller_number: call.caller.clone(),
                reason,
                timestamp: seconds(at),
                kind: kind(call),
            }],
        })
    }

    /// The states of the agent at a phone in those of his queues that changed.
    pub(super) fn agent_status(
        &self,
        id: AgentId,
        device: DeviceId,
        queues: &[QueueId],
        at: WallTime,
    ) -> Option<Message> {
        let number = self.floor.agents.get(&id)?.number.as_ref();
        let number = number.or(self.floor.devices.get(&device).map(|phone| &phone.number))?;
        let status = |queue: &QueueId| Some((*queue, self.agents.get(&id)?.states.get(queue)?.0));
        self.status_of(id, number, queues.iter().filter_map(status), at)
    }

    /// That an agent serves no queue at a phone any more.
    pub(super) fn agent_left(&self, id: AgentId, device: DeviceId, at: WallTime) -> Option<Message> {
        let phone = self.floor.devices.get(&device)?;
        let queues = self.agents.get(&id)?.states.keys();
        self.status_of(id, &phone.number, queues.map(|queue| (*queue, Status::LoggedOut)), at)
    }

    fn status_of(
        &self,
        id: AgentId,
        number: &str,
        queues: impl Iterator<Item = (QueueId, Status)>,
        at: WallTime,
    ) -> Option<Message> {
        let status = |(queue, status): (QueueId, Status)| {
            let queue_number = text(self.floor.queues.get(&queue)?.number.as_ref());
            Some(AgentStatus { queue_number, status: status.word() })
        };
        Some(Message::ExtensionAgentStatus {
            agent_status: queues.filter_map(status).collect(),
            extension: self.address(number),
            extension_id: self.floor.agents.get(&id)?.guid.to_string(),
            tenant_id: self.tenant_id(),
            time: seconds(at),
        })
    }

    /// What a phone does, and since when.
    fn shown_of(&self, device: DeviceId) -> (&'static str, WallTime) {
        self.phones.get(&device).copied().unwrap_or_default()
    }

    pub(super) fn call_status(&self, device: DeviceId) -> Option<Message> {
        let phone = self.floor.devices.get(&device)?;
        let (call_status, since) = self.shown_of(device);
        Some(Message::ExtensionCall {
            extension: self.aor(phone),
            call_status,
            tenant_id: self.tenant_id(),
            extension_id: self.extension_id(phone),
            time: seconds(since),
        })
    }

    pub(super) fn presence_told(&self, device: DeviceId, at: WallTime) -> Option<Message> {
        let phone = self.floor.devices.get(&device)?;
        let (presence, presence_note) = self.presence_at(phone);
        Some(Message::ExtensionPresence {
            extension: self.aor(phone),
            presence,
            presence_note,
            tenant_id: self.tenant_id(),
            extension_id: self.extension_id(phone),
            time: seconds(at),
        })
    }

    pub(super) fn presence_of(&self, seat: &Seat) -> (&'static str, String) {
        let rest = |reason| Rest::named(&self.floor.reasons.get(&reason)?.name);
        let presence = match (&seat.handling, &seat.duty) {
            (Handling::Busy, _) => "DO_NOT_DISTURB",
            (_, Duty::NotReady { reason: Some(WhyNotReady::Reason(reason)), .. }) => match rest(*reason) {
                Some(Rest::Lunch) => "LUNCH",
                Some(Rest::Break) | None => "AWAY",
            },
            (
                Handling::Ring | Handling::Forward(_) | Handling::Voicemail,
                Duty::LoggedOut | Duty::NotReady { .. } | Duty::Ready,
            ) => "ONLINE",
        };
        let note =
            if let Duty::NotReady { note, .. } = &seat.duty { note.to_string() } else { String::new() };
        (presence, note)
    }

    fn presence_at(&self, phone: &Desk) -> (&'static str, String) {
        let seat = phone.agent.and_then(|agent| self.floor.agents.get(&agent));
        seat.map_or(("ONLINE", String::new()), |seat| self.presence_of(seat))
    }

    pub(super) fn managed(&self, id: DeviceId) -> Option<ManagedExtension> {
        let phone = self.floor.devices.get(&id)?;
        let seat = phone.agent.and_then(|agent| self.floor.agents.get(&agent));
        Some(ManagedExtension {
            extension_number: phone.number.clone(),
            disp_name: phone.name.clone(),
            email: String::new(),
            extension_id: self.extension_id(phone),
            tenant_id: self.tenant_id(),
            username: seat.map(|seat| seat.name.clone()).unwrap_or_default(),
            enabled: true,
        })
    }

    pub(super) fn begun(&self, call: &Talk, at: WallTime) -> CallBegun {
        let session = call.guid.to_string();
        CallBegun {
            call_id: session.clone(),
            callee: call.dialled.clone(),
            caller: call.caller.clone(),
            caller_display_name: call.caller_name.clone(),
            cdr_id: session.clone(),
            direction: "ext",
            request_id: session.clone(),
            session_id: session,
            tenant_id: self.tenant_id(),
            time: seconds(at),
        }
    }

    pub(super) fn told(&self, call: &Talk, at: WallTime) -> CallTold {
        self.told_of(call, call.target, at)
    }

    /// A caller who has waited too long.
    pub(super) fn breached(
        &self,
        queue: QueueId,
        call: CallId,
        breached: u32,
        waiting: u32,
        at: WallTime,
    ) -> Option<Message> {
        let line = self.floor.queues.get(&queue)?;
        Some(Message::QueueSlaBreached {
            queue_id: line.guid.to_string(),
            tenant_id: self.tenant_id(),
            caller: self.floor.calls.get(&call)?.caller.clone(),
            total_callers_breached: breached,
            sla_time_secs: line.service_level_ms.div_ceil(1_000),
            waiting_callers: waiting,
            timestamp: seconds(at),
        })
    }

    /// That a phone registered, or is registered no longer.
    pub(super) fn registered(&self, device: DeviceId, at: WallTime) -> Option<Message> {
        let phone = self.floor.devices.get(&device)?;
        Some(Message::ExtensionRegister {
            extension: self.aor(phone),
            extension_id: self.extension_id(phone),
            registration_contacts: phone.registered.then_some([]),
            removed_contacts: (!phone.registered).then_some([]),
            tenant_id: self.tenant_id(),
            time: seconds(at),
        })
    }

    pub(super) fn told_of(&self, call: &Talk, target: Option<DeviceId>, at: WallTime) -> CallTold {
        let session = call.guid.to_string();
        let target = target.and_then(|device| self.floor.devices.get(&device)).map(|phone| self.aor(phone));
        CallTold {
            call_id: session.clone(),
            call_target: target.unwrap_or_else(|| call.dialled.clone()),
            callee: call.dialled.clone(),
            caller: call.caller.clone(),
            session_id: session,
            tenant_id: self.tenant_id(),
            time: seconds(at),
        }
    }

    pub(super) fn held(&self, leg: LegId, at: WallTime) -> Option<(DeviceId, CallHeld)> {
        let party = self.floor.legs.get(&leg)?;
        let (device, call) = (party.device?, self.floor.calls.get(&party.call)?);
        let other = call.legs.iter().find(|id| **id != leg).and_then(|id| self.floor.legs.get(id)?.device);
        let peer = other.and_then(|other| self.floor.devices.get(&other)).map(|phone| self.aor(phone));
        let session = call.guid.to_string();
        let held = CallHeld {
            aor: self.aor(self.floor.devices.get(&device)?),
            call_id: session.clone(),
            peer_aor: peer.unwrap_or_else(|| call.caller.clone()),
            session_id: session,
            tenant_id: self.tenant_id(),
            time: seconds(at),
        };
        Some((device, held))
    }

    pub(super) fn queue_number(&self, id: QueueId) -> String {
        self.floor.queues.get(&id).map(|queue| text(queue.number.as_ref())).unwrap_or_default()
    }

    pub(super) fn tenant_id(&self) -> String {
        self.floor.tenant.map(|tenant| tenant.to_string()).unwrap_or_default()
    }

    pub(super) fn extension_of(&self, seat: &Seat) -> Option<String> {
        let phone = || Some(&self.floor.devices.get(&seat.device?)?.number);
        seat.number.as_ref().or_else(phone).cloned()
    }

    fn aor(&self, phone: &Desk) -> String {
        let seat = phone.agent.and_then(|agent| self.floor.agents.get(&agent));
        self.address(seat.and_then(|seat| seat.number.as_ref()).unwrap_or(&phone.number))
    }

    fn address(&self, number: &str) -> String {
        format!("sip:{number}@{}", self.floor.domain)
    }

    fn extension_id(&self, phone: &Desk) -> String {
        let seat = phone.agent.and_then(|agent| self.floor.agents.get(&agent));
        seat.map_or(phone.guid, |seat| seat.guid).to_string()
    }
}

/// What a caller waits for.
const fn kind(call: &Talk) -> &'static str {
    if call.is_callback { "callback" } else { "normal" }
}

/// The SIP code that stands for why a call came to nothing.
pub(super) const fn fail_code(cause: Cause) -> u16 {
    match cause {
        Cause::Normal | Cause::AnsweredElsewhere => 487,
        Cause::Busy => 486,
        Cause::NoAnswer => 408,
        Cause::Rejected => 603,
        Cause::Unreachable => 480,
        Cause::NoRoute => 404,
        Cause::Full => 503,
        Cause::Failed(code) => code,
        Cause::Lost | Cause::NodeRestarted => 500,
    }
}
