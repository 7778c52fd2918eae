//! From the floor to messages.

use cordial_engine::agent::{Duty, Handling, WhyNotReady};
use cordial_engine::call::Cause;
use cordial_engine::command::Endpoint;
use cordial_engine::id::{AgentId, CallId, DeviceId, LegId, QueueId};
use cordial_engine::text::Number;
use cordial_engine::time::WallTime;

use super::{Call, Floor, Phone, Seat};
use crate::portsip::state::Rest;
use crate::portsip::wire::wsi::{
    AgentStatus, CallBegun, CallHeld, CallTold, ExtensionStatus, ManagedExtension, Message, QueueAgent,
    RemovedAgent, UpdatedCaller, Waiting,
};

/// A wall time in UNIX seconds.
pub(super) fn seconds(at: WallTime) -> String {
    at.0.div_euclid(1_000).to_string()
}

fn text(number: Option<&Number>) -> String {
    number.map(|number| number.as_str().to_owned()).unwrap_or_default()
}

/// What a subscriber hears at once.
impl Floor {
    /// The queue with this number or id.
    #[must_use]
    pub fn queue_called(&self, name: &str) -> Option<QueueId> {
        let guid = cordial_engine::id::Guid::parse(name);
        let is = |queue: &&super::Queue| {
            queue.number.as_ref().is_some_and(|own| own.as_str() == name) || guid == Some(queue.guid)
        };
        self.queues.iter().find(|(_, queue)| is(queue)).map(|(id, _)| *id)
    }

    /// The phone that is an extension with this number, or that its person uses.
    #[must_use]
    pub fn extension_called(&self, number: &str) -> Option<DeviceId> {
        let own = self.phones.iter().find(|(_, phone)| phone.number.as_str() == number);
        let seat = || {
            let is = |seat: &&Seat| seat.number.as_ref().is_some_and(|own| own.as_str() == number);
            self.agents.values().find(is)?.device
        };
        own.map(|(id, _)| *id).or_else(seat)
    }

    /// All queues.
    #[must_use]
    pub fn queues(&self) -> Vec<QueueId> {
        self.queues.keys().copied().collect()
    }

    /// The queues of an agent.
    #[must_use]
    pub fn queues_of(&self, agent: AgentId) -> Vec<QueueId> {
        self.agents.get(&agent).into_iter().flat_map(|seat| seat.memberships.keys().copied()).collect()
    }

    /// The agent at a phone.
    #[must_use]
    pub fn agent_at(&self, device: DeviceId) -> Option<AgentId> {
        self.phones.get(&device)?.agent
    }

    /// A queue as it is.
    #[must_use]
    pub fn queue_status(&self, id: QueueId) -> Option<Message> {
        let queue = self.queues.get(&id)?;
        let waiting = |(position, (_, id)): (usize, &(_, CallId))| {
            let call = self.calls.get(id)?;
            Some(Waiting {
                position: (position + 1).to_string(),
                session_id: call.guid.to_string(),
                caller_number: text(call.caller.as_ref()),
                caller_name: call.caller_name.to_string(),
                timestamp: seconds(call.queued),
                kind: "normal",
            })
        };
        let agents = self.agents.iter().filter(|(_, seat)| seat.memberships.contains_key(&id));
        Some(Message::QueueStatus {
            tenant_id: self.tenant.to_string(),
            queue_id: queue.guid.to_string(),
            queue_number: text(queue.number.as_ref()),
            queue_name: queue.name.to_string(),
            waiting_list: queue.waiting.iter().enumerate().filter_map(waiting).collect(),
            agents: agents.filter_map(|(agent, _)| self.queue_agent(*agent, id)).collect(),
        })
    }

    /// Extensions as they are.
    #[must_use]
    pub fn extension_status(&self, devices: &[DeviceId]) -> Message {
        let status = |id: &DeviceId| {
            let phone = self.phones.get(id)?;
            let (presence, presence_note) = self.presence_at(phone);
            Some(ExtensionStatus {
                extension: self.aor(phone),
                extension_id: self.extension_id(phone),
                call_status: phone.status,
                online: phone.registered,
                presence,
                presence_note,
                push_online: false,
                time: seconds(phone.since),
            })
        };
        let status = devices.iter().filter_map(status).collect();
        Message::ExtensionStatus { status, tenant_id: self.tenant.to_string() }
    }

    /// All extensions.
    #[must_use]
    pub fn extensions(&self) -> Vec<DeviceId> {
        self.phones.keys().copied().collect()
    }

    /// The numbers under which an extension can be subscribed to.
    #[must_use]
    pub fn numbers_of(&self, device: DeviceId) -> Vec<String> {
        let Some(phone) = self.phones.get(&device) else { return Vec::new() };
        let own = phone.agent.and_then(|agent| self.agents.get(&agent)?.number.as_ref());
        std::iter::once(&phone.number).chain(own).map(|number| number.as_str().to_owned()).collect()
    }

    /// All queues, for those who manage them.
    #[must_use]
    pub fn queues_there(&self) -> Vec<Message> {
        let created = |queue: &super::Queue| Message::QueueCreated {
            queue_number: text(queue.number.as_ref()),
            tenant_id: self.tenant.to_string(),
        };
        self.queues.values().map(created).collect()
    }

    /// All extensions, for those who manage them.
    #[must_use]
    pub fn extensions_there(&self) -> Vec<Message> {
        self.phones.values().map(|phone| Message::ExtensionCreated(self.managed(phone))).collect()
    }
}

/// The pieces of messages.
impl Floor {
    pub(super) fn queue_agent(&self, id: AgentId, queue: QueueId) -> Option<QueueAgent> {
        let seat = self.agents.get(&id)?;
        let (status, since) = seat.shown.get(&queue)?;
        let call = seat.call().and_then(|call| self.calls.get(&call));
        Some(QueueAgent {
            state: status.word(),
            agent_extension_number: self.extension_of(seat)?,
            session_id: call.map(|call| call.guid.to_string()).unwrap_or_default(),
            caller_number: call.map(|call| text(call.caller.as_ref())).unwrap_or_default(),
            caller_name: call.map(|call| call.caller_name.to_string()).unwrap_or_default(),
            timestamp: seconds(*since),
        })
    }

    pub(super) fn removed_agent(&self, id: AgentId) -> Option<RemovedAgent> {
        let agent_extension_number = self.extension_of(self.agents.get(&id)?)?;
        Some(RemovedAgent { agent_extension_number })
    }

    pub(super) fn agent_changed(&self, id: AgentId, queue: QueueId) -> Option<Message> {
        let updated = self.queue_agent(id, queue)?;
        Some(Message::QueueAgentStatus {
            tenant_id: self.tenant.to_string(),
            queue_id: self.queues.get(&queue)?.guid.to_string(),
            updated_agents: vec![updated],
            removed_agents: Vec::new(),
        })
    }

    pub(super) fn agent_removed(&self, removed: RemovedAgent, queue: QueueId) -> Option<Message> {
        Some(Message::QueueAgentStatus {
            tenant_id: self.tenant.to_string(),
            queue_id: self.queues.get(&queue)?.guid.to_string(),
            updated_agents: Vec::new(),
            removed_agents: vec![removed],
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
        let call = self.calls.get(&call)?;
        Some(Message::QueueCallerStatus {
            tenant_id: self.tenant.to_string(),
            queue_id: self.queues.get(&queue)?.guid.to_string(),
            updated_callers: vec![UpdatedCaller {
                position: position.to_string(),
                session_id: call.guid.to_string(),
                caller_number: text(call.caller.as_ref()),
                reason,
                timestamp: seconds(at),
                kind: "normal",
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
        let seat = self.agents.get(&id)?;
        let phone = self.phones.get(&device)?;
        let status = |queue: &QueueId| {
            let (status, _) = seat.shown.get(queue)?;
            let number = text(self.queues.get(queue)?.number.as_ref());
            Some(AgentStatus { queue_number: number, status: status.word() })
        };
        Some(Message::ExtensionAgentStatus {
            agent_status: queues.iter().filter_map(status).collect(),
            extension: self.aor(phone),
            extension_id: self.extension_id(phone),
            tenant_id: self.tenant.to_string(),
            time: seconds(at),
        })
    }

    pub(super) fn call_status(&self, device: DeviceId) -> Option<Message> {
        let phone = self.phones.get(&device)?;
        Some(Message::ExtensionCall {
            extension: self.aor(phone),
            call_status: phone.status,
            tenant_id: self.tenant.to_string(),
            extension_id: self.extension_id(phone),
            time: seconds(phone.since),
        })
    }

    pub(super) fn presence_told(&self, device: DeviceId, at: WallTime) -> Option<Message> {
        let phone = self.phones.get(&device)?;
        let (presence, presence_note) = self.presence_at(phone);
        Some(Message::ExtensionPresence {
            extension: self.aor(phone),
            presence,
            presence_note,
            tenant_id: self.tenant.to_string(),
            extension_id: self.extension_id(phone),
            time: seconds(at),
        })
    }

    pub(super) fn presence_of(&self, seat: &Seat) -> (&'static str, String) {
        let rest = |reason| self.rests.get(&reason).copied();
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

    fn presence_at(&self, phone: &Phone) -> (&'static str, String) {
        let seat = phone.agent.and_then(|agent| self.agents.get(&agent));
        seat.map_or(("ONLINE", String::new()), |seat| self.presence_of(seat))
    }

    pub(super) fn managed(&self, phone: &Phone) -> ManagedExtension {
        let seat = phone.agent.and_then(|agent| self.agents.get(&agent));
        ManagedExtension {
            extension_number: phone.number.as_str().to_owned(),
            disp_name: phone.name.to_string(),
            email: String::new(),
            extension_id: self.extension_id(phone),
            tenant_id: self.tenant.to_string(),
            username: seat.map(|seat| seat.name.to_string()).unwrap_or_default(),
            enabled: true,
        }
    }

    pub(super) fn begun(&self, call: &Call, at: WallTime) -> CallBegun {
        let session = call.guid.to_string();
        CallBegun {
            call_id: session.clone(),
            callee: call.dialled.as_str().to_owned(),
            caller: text(call.caller.as_ref()),
            caller_display_name: call.caller_name.to_string(),
            cdr_id: session.clone(),
            direction: "ext",
            request_id: session.clone(),
            session_id: session,
            tenant_id: self.tenant.to_string(),
            time: seconds(at),
        }
    }

    pub(super) fn told(&self, call: &Call, at: WallTime) -> CallTold {
        let session = call.guid.to_string();
        let target = call.target.and_then(|device| self.phones.get(&device)).map(|phone| self.aor(phone));
        CallTold {
            call_id: session.clone(),
            call_target: target.unwrap_or_else(|| call.dialled.as_str().to_owned()),
            callee: call.dialled.as_str().to_owned(),
            caller: text(call.caller.as_ref()),
            session_id: session,
            tenant_id: self.tenant.to_string(),
            time: seconds(at),
        }
    }

    pub(super) fn held(&self, call: &Call, leg: LegId, at: WallTime) -> Option<(DeviceId, CallHeld)> {
        let Endpoint::Device(device) = call.legs.get(&leg)?.endpoint else { return None };
        let other = call.legs.iter().find(|(id, _)| **id != leg).map(|(_, leg)| leg.endpoint);
        let peer = match other {
            Some(Endpoint::Device(other)) => self.phones.get(&other).map(|phone| self.aor(phone)),
            Some(Endpoint::Trunk(_)) | None => None,
        };
        let session = call.guid.to_string();
        let held = CallHeld {
            aor: self.aor(self.phones.get(&device)?),
            call_id: session.clone(),
            peer_aor: peer.unwrap_or_else(|| text(call.caller.as_ref())),
            session_id: session,
            tenant_id: self.tenant.to_string(),
            time: seconds(at),
        };
        Some((device, held))
    }

    pub(super) fn queue_number(&self, id: QueueId) -> String {
        self.queues.get(&id).map(|queue| text(queue.number.as_ref())).unwrap_or_default()
    }

    pub(super) fn tenant_id(&self) -> String {
        self.tenant.to_string()
    }

    fn extension_of(&self, seat: &Seat) -> Option<String> {
        let phone = || Some(&self.phones.get(&seat.device?)?.number);
        seat.number.as_ref().or_else(phone).map(|number| number.as_str().to_owned())
    }

    fn aor(&self, phone: &Phone) -> String {
        let seat = phone.agent.and_then(|agent| self.agents.get(&agent));
        let number = seat.and_then(|seat| seat.number.as_ref()).unwrap_or(&phone.number);
        format!("sip:{}@{}", number.as_str(), self.domain)
    }

    fn extension_id(&self, phone: &Phone) -> String {
        let seat = phone.agent.and_then(|agent| self.agents.get(&agent));
        seat.map_or(phone.guid, |seat| seat.guid).to_string()
    }
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
