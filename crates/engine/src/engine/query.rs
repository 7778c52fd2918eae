//! Plain read-only pictures for dialects and people. Every look-up is within a tenant.

use super::Engine;
use crate::agent::{Activity, DeviceState};
use crate::blacklist::BlacklistPrompts;
use crate::call::{CallStep, LegPhase};
use crate::code::FeatureCodes;
use crate::entry::{self, Emergency, Entry, EntryId, Kind, Numbered};
use crate::id::{
    AgentId, BlacklistedNumberId, CalendarId, CallId, ContactId, DeviceId, Guid, LegId, OfferId, PhoneBookId,
    QueueId, ReasonId, RecordingId, TeamId, TenantId, UserId,
};
use crate::recording::RecordingStep;
use crate::state::{Agent, Device, Message, Parked};
use crate::text::Number;
use crate::time::{Now, Timestamp};
use crate::view::{
    AgentView, CalendarView, CallPhase, CallView, ConsultationView, DeviceView, Lamp, LegView, MessageView,
    OfferView, OutboundView, ParkedView, PlaceView, QueueView, SupervisionView, TenantView,
};

/// The directory.
impl Engine {
    /// All tenants.
    pub fn tenants(&self) -> Vec<TenantView> {
        self.state.tenants.keys().filter_map(|id| self.tenant(*id)).collect()
    }

    /// One tenant.
    pub fn tenant(&self, id: TenantId) -> Option<TenantView> {
        let tenant = self.state.tenants.get(&id)?;
        Some(TenantView {
            id,
            guid: tenant.guid,
            name: tenant.name.clone(),
            domain: tenant.domain.as_str().to_owned(),
        })
    }

    /// What a tenant lets out, and what is going out.
    pub fn outbound(&self, id: TenantId, now: Now) -> Option<OutboundView> {
        let outbound = &self.state.tenants.get(&id)?.outbound;
        Some(OutboundView {
            rules: outbound.rules.clone(),
            calls: outbound.live(),
            calls_last_minute: outbound.begun_within_minute(now.at),
            talked_today_ms: outbound.talked_ms(now),
        })
    }

    /// What callers on the tenant's blacklist hear.
    pub fn blacklist_prompts(&self, id: TenantId) -> Option<&BlacklistPrompts> {
        Some(&self.state.tenants.get(&id)?.blacklist_prompts)
    }

    /// How many calls a number on the blacklist has refused.
    pub fn blacklist_refused(&self, tenant: TenantId, id: BlacklistedNumberId) -> Option<u64> {
        let entry = self.state.blacklist.get(&id)?;
        (entry.filed.tenant == tenant).then_some(entry.refused)
    }

    /// What the tenant's devices dial for features.
    pub fn feature_codes(&self, id: TenantId) -> Option<&FeatureCodes> {
        self.state.tenants.get(&id).map(|tenant| &tenant.codes)
    }

    /// The emergency that all of the tenant's queues are in.
    pub fn emergency(&self, id: TenantId) -> Option<&Emergency> {
        self.state.tenants.get(&id).and_then(|tenant| tenant.emergency.as_ref())
    }

    /// One calendar, and whether it is open.
    pub fn calendar(&self, tenant: TenantId, id: CalendarId) -> Option<CalendarView> {
        let calendar = self.state.calendars.get(&id).filter(|calendar| calendar.filed.tenant == tenant)?;
        Some(CalendarView {
            id,
            guid: calendar.filed.guid,
            entry: calendar.filed.entry.clone(),
            open: calendar.open,
            until: calendar.until,
        })
    }

    /// Whose devices live in a SIP domain; case does not matter.
    pub fn tenant_by_domain(&self, domain: &str) -> Option<TenantId> {
        let domain = crate::text::Text::parse(&domain.to_ascii_lowercase()).ok()?;
        self.state.domains.get(&domain).copied()
    }

    /// The entry of that kind with that guid.
    pub fn find(&self, tenant: TenantId, kind: Kind, guid: Guid) -> Option<EntryId> {
        let id = *self.state.tenants.get(&tenant)?.guids.get(&guid)?;
        (id.kind() == kind).then_some(id)
    }

    /// The entry with that guid, of whatever kind.
    pub fn find_any(&self, tenant: TenantId, guid: Guid) -> Option<EntryId> {
        self.state.tenants.get(&tenant)?.guids.get(&guid).copied()
    }

    /// The entry of that kind with that name; devices and routes are found by their number.
    pub fn find_by_name(&self, tenant: TenantId, kind: Kind, name: &str) -> Option<EntryId> {
        let keys = self.state.tenants.get(&tenant)?.keys.get(&kind)?;
        keys.get(name).copied()
    }

    /// Whom a number on the tenant's plan reaches.
    pub fn find_by_number(&self, tenant: TenantId, number: &Number) -> Option<Numbered> {
        self.state.tenants.get(&tenant)?.plan.get(number).copied()
    }

    /// The agent that a login acts as.
    pub fn agent_of_user(&self, tenant: TenantId, user: UserId) -> Option<AgentId> {
        self.state.tenants.get(&tenant)?.agent_of_user.get(&user).copied()
    }

    /// The reasons that an agent may give, of whatever category, in the order in which they were added.
    pub fn reasons_of(
        &self,
        tenant: TenantId,
        agent: AgentId,
    ) -> impl Iterator<Item = (ReasonId, &entry::Reason)> {
        let team = self.team_of(tenant, agent);
        let reasons = self.entry_ids(tenant, Kind::Reason).filter_map(|id| {
            let EntryId::Reason(id) = id else { return None };
            Some((id, &self.state.reasons.get(&id)?.entry))
        });
        reasons.filter(move |(_, reason)| reason.team.is_none() || reason.team == team)
    }

    /// The phone books of a tenant, in the order in which they were added.
    pub fn phone_books(&self, tenant: TenantId) -> impl Iterator<Item = (PhoneBookId, &entry::PhoneBook)> {
        let ids = self.entry_ids(tenant, Kind::PhoneBook);
        ids.filter_map(|id| {
            let EntryId::PhoneBook(id) = id else { return None };
            Some((id, &self.state.phone_books.get(&id)?.filed.entry))
        })
    }

    /// The phone books that an agent sees: the global ones and his team's.
    pub fn phone_books_of(
        &self,
        tenant: TenantId,
        agent: AgentId,
    ) -> impl Iterator<Item = (PhoneBookId, &entry::PhoneBook)> {
        let team = self.team_of(tenant, agent);
        self.phone_books(tenant).filter(move |(_, book)| book.team.is_none() || book.team == team)
    }

    /// The contacts of a phone book by last name, first name and number. Costs as much as the book has.
    pub fn contacts_of(
        &self,
        tenant: TenantId,
        book: PhoneBookId,
    ) -> impl Iterator<Item = (ContactId, &entry::Contact)> {
        let book = self.state.phone_books.get(&book).filter(|book| book.filed.tenant == tenant);
        let ids = book.into_iter().flat_map(|book| book.contacts.values());
        ids.filter_map(|id| Some((*id, &self.state.contacts.get(id)?.entry)))
    }

    /// The contact of a phone book with exactly this name and number.
    pub fn find_contact(&self, tenant: TenantId, wanted: &entry::Contact) -> Option<ContactId> {
        let book = self.state.phone_books.get(&wanted.phone_book)?;
        if book.filed.tenant != tenant {
            return None;
        }
        book.contacts.get(&wanted.place()).copied()
    }

    /// The name of an entry outside.
    pub fn guid(&self, id: EntryId) -> Option<Guid> {
        self.state.guid(id)
    }

    /// One entry.
    pub fn entry(&self, tenant: TenantId, id: EntryId) -> Option<Entry> {
        self.owned_entry(tenant, id).ok()
    }

    /// The version of an entry: the number of the event that made it what it is.
    pub fn version(&self, tenant: TenantId, id: EntryId) -> Option<u64> {
        self.state.tenants.get(&tenant)?.versions.get(&id.number()).copied()
    }

    /// The ids of all entries of a kind, in the order in which they were added.
    pub fn entry_ids(&self, tenant: TenantId, kind: Kind) -> impl Iterator<Item = EntryId> + '_ {
        self.ids(tenant, kind).copied()
    }

    /// All entries of a kind, in the order in which they were added.
    pub fn entries(&self, tenant: TenantId, kind: Kind) -> Vec<(EntryId, Guid, Entry)> {
        let tenant = self.state.tenants.get(&tenant);
        let ids = tenant.and_then(|tenant| tenant.entries.get(&kind));
        let filed = |id: &EntryId| Some((*id, self.state.guid(*id)?, self.state.entry(*id)?));
        ids.into_iter().flatten().filter_map(filed).collect()
    }
}

/// People and devices.
impl Engine {
    /// One agent.
    pub fn agent(&self, tenant: TenantId, id: AgentId) -> Option<AgentView> {
        let agent = self.state.agents.get(&id)?;
        (agent.filed.tenant == tenant).then(|| self.agent_view(id, agent))
    }

    /// The team of an agent of that tenant, if he is in one.
    pub fn team_of(&self, tenant: TenantId, id: AgentId) -> Option<TeamId> {
        let agent = self.state.agents.get(&id).filter(|agent| agent.filed.tenant == tenant)?;
        agent.filed.entry.team
    }

    /// Whether an agent may take calls of a queue.
    pub fn is_assigned(&self, agent: AgentId, queue: QueueId) -> bool {
        self.state.agents.get(&agent).is_some_and(|agent| agent.memberships.contains_key(&queue))
    }

    /// Who may take calls of a queue.
    pub fn assigned_to(&self, queue: QueueId) -> impl Iterator<Item = AgentId> + '_ {
        self.state.queues.get(&queue).into_iter().flat_map(|queue| queue.agents.iter().copied())
    }

    /// What is in an agent's mailbox, the oldest first.
    pub fn messages(&self, tenant: TenantId, id: AgentId) -> Option<Vec<MessageView>> {
        let agent = self.state.agents.get(&id).filter(|agent| agent.filed.tenant == tenant)?;
        let view = |(id, message): (&RecordingId, &Message)| MessageView {
            id: *id,
            guid: message.guid,
            caller: message.caller.clone(),
            caller_name: message.caller_name.clone(),
            left: message.left,
            audio_ms: message.audio_ms,
            heard: message.heard,
        };
        Some(agent.messages.iter().map(view).collect())
    }

    /// Who speaks from a device: who is logged in there, else whose desk it stands on.
    pub fn person(&self, id: DeviceId) -> Option<AgentId> {
        self.state.devices.contains_key(&id).then(|| self.person_at(id)).flatten()
    }

    /// What a device's lamp says: that of the mailbox of who speaks from it, if he has one.
    pub fn lamp(&self, id: DeviceId) -> Option<Lamp> {
        let agent = self.state.agents.get(&self.person(id)?)?;
        let mailbox = agent.filed.entry.mailbox.as_ref()?;
        let new = agent.messages.values().filter(|message| !message.heard).count();
        Some(Lamp { new, old: agent.messages.len() - new, unsolicited: mailbox.unsolicited })
    }

    /// All agents of a tenant.
    pub fn agents(&self, tenant: TenantId) -> Vec<AgentView> {
        let entries = self.ids(tenant, Kind::Agent);
        entries.filter_map(|id| self.agent(tenant, AgentId(id.number()))).collect()
    }

    /// One device.
    pub fn device(&self, tenant: TenantId, id: DeviceId) -> Option<DeviceView> {
        let device = self.state.devices.get(&id)?;
        (device.filed.tenant == tenant).then(|| DeviceView {
            id,
            guid: device.filed.guid,
            entry: device.filed.entry.clone(),
            state: device_state(device),
            agent: device.agent,
            legs: device.legs.iter().copied().collect(),
        })
    }

    /// All devices of a tenant.
    pub fn devices(&self, tenant: TenantId) -> Vec<DeviceView> {
        let entries = self.ids(tenant, Kind::Device);
        entries.filter_map(|id| self.device(tenant, DeviceId(id.number()))).collect()
    }

    fn agent_view(&self, id: AgentId, agent: &Agent) -> AgentView {
        let device = agent.login.and_then(|login| self.state.devices.get(&login.device));
        AgentView {
            id,
            guid: agent.filed.guid,
            entry: agent.filed.entry.clone(),
            login: agent.login,
            device: device.map_or(DeviceState::Unregistered, device_state),
            duty: agent.duty.clone(),
            duty_since: agent.duty_since,
            pending: agent.pending.clone(),
            handling: agent.handling.clone(),
            settings: agent.settings.clone(),
            memberships: agent.memberships.iter().map(|(queue, part)| (*queue, part.membership)).collect(),
            tiers: agent.memberships.iter().map(|(queue, part)| (*queue, part.tier)).collect(),
            pending_memberships: agent
                .pending_memberships
                .iter()
                .map(|(queue, wish)| (*queue, *wish))
                .collect(),
            activity: agent.activity.clone(),
            activity_since: agent.activity_since,
            since_wall: agent.since_wall,
            held: self.is_held(&agent.activity),
            rest_until: agent.rest_until,
            tally: agent.tally,
        }
    }

    fn is_held(&self, activity: &Activity) -> bool {
        let held = |leg: &LegId| self.state.leg(*leg).phase == LegPhase::Held;
        match activity {
            Activity::InCall { call, .. } => self.state.call(*call).legs.iter().any(held),
            Activity::Idle | Activity::Offered { .. } | Activity::WrapUp { .. } => false,
        }
    }

    fn ids(&self, tenant: TenantId, kind: Kind) -> impl Iterator<Item = &EntryId> {
        let tenant = self.state.tenants.get(&tenant);
        tenant.and_then(|tenant| tenant.entries.get(&kind)).into_iter().flatten()
    }
}

/// Queues, calls and offers.
impl Engine {
    /// One queue as it stands at `now`.
    pub fn queue(&self, tenant: TenantId, id: QueueId, now: Timestamp) -> Option<QueueView> {
        let queue = self.state.queues.get(&id)?;
        let longest = queue.waiting.first().map_or(0, |(entered, _)| now.millis_since(*entered));
        (queue.filed.tenant == tenant).then(|| QueueView {
            id,
            guid: queue.filed.guid,
            entry: queue.filed.entry.clone(),
            waiting: queue.waiting.len(),
            longest_wait_ms: longest,
            logged_in: queue.logged_in.values().sum(),
            eligible: queue.pool.len(),
            staffed: queue.staffed,
            breached: queue.breached,
            callbacks: queue.callbacks.len(),
            estimate: self.state.wait_estimate(queue, None, now),
            turns_away: self.turns_away(id, false),
            night: queue.night,
            emergency: queue.emergency.clone(),
            tally: queue.tally,
        })
    }

    /// All queues of a tenant as they stand at `now`.
    pub fn queues(&self, tenant: TenantId, now: Timestamp) -> Vec<QueueView> {
        let entries = self.ids(tenant, Kind::Queue);
        entries.filter_map(|id| self.queue(tenant, QueueId(id.number()), now)).collect()
    }

    /// The calls that wait in a queue and since when, the first first.
    pub fn line(&self, tenant: TenantId, id: QueueId) -> Vec<(CallId, Timestamp)> {
        let queue = self.state.queues.get(&id).filter(|queue| queue.filed.tenant == tenant);
        let line = queue.map(|queue| queue.waiting.iter());
        line.into_iter().flatten().map(|(entered, call)| (*call, *entered)).collect()
    }

    /// Some of the calls that wait in a queue as they stand at `now`, in the order of their turns, from the one after that
    /// position on.
    pub fn places(
        &self,
        tenant: TenantId,
        id: QueueId,
        now: Timestamp,
        after: u32,
        most: usize,
    ) -> Vec<PlaceView> {
        let Some(queue) = self.state.queues.get(&id).filter(|queue| queue.filed.tenant == tenant) else {
            return Vec::new();
        };
        let place = |(position, call): (u32, CallId)| {
            let waiting = self.state.calls.get(&call)?;
            Some(PlaceView {
                call,
                entered: waiting.place?.entered,
                position,
                callback: waiting.callback.as_ref().map(|callback| callback.number.clone()),
                estimate: self.state.wait_estimate(queue, Some(call), now),
            })
        };
        let turns = queue.line.from(after as usize).map(|turn| turn.call);
        (after.saturating_add(1)..).zip(turns).take(most).filter_map(place).collect()
    }

    /// The agents who are assigned to a queue.
    pub fn queue_agents(&self, tenant: TenantId, id: QueueId) -> Vec<AgentView> {
        let queue = self.state.queues.get(&id).filter(|queue| queue.filed.tenant == tenant);
        let agents = queue.map(|queue| queue.agents.iter());
        agents.into_iter().flatten().filter_map(|id| self.agent(tenant, *id)).collect()
    }

    /// One call whose record is not closed.
    pub fn call(&self, tenant: TenantId, id: CallId) -> Option<CallView> {
        let call = self.state.calls.get(&id).filter(|call| call.tenant == tenant)?;
        let by_queue = self.state.part_by_queue(id).map(|(agent, _)| agent);
        let agent = by_queue.or_else(|| self.state.parts_in(id).next().map(|(agent, _)| agent));
        let had_by_queue = call.agents.iter().find(|(_, queue)| queue.is_some());
        let had = had_by_queue.or(call.agents.iter().next()).map(|(agent, _)| *agent);
        let recording = call.recording.and_then(|id| Some((id, self.state.recordings.get(&id)?.guid)));
        Some(CallView {
            id,
            guid: call.guid,
            direction: call.direction,
            caller: call.caller.clone(),
            caller_name: call.caller_name.clone(),
            dialled: call.dialled.clone(),
            started: call.started,
            started_wall: call.started_wall,
            phase: match (call.step, call.place) {
                (CallStep::Waiting, Some(place)) => {
                    CallPhase::Waiting { queue: place.queue, entered: place.entered }
                }
                (CallStep::Setup | CallStep::Waiting | CallStep::Briefing, _) => CallPhase::Setup,
                (CallStep::Greeting, _) => CallPhase::Greeting,
                (CallStep::Served, _) => CallPhase::Served,
                (CallStep::Talking, _) => CallPhase::Talking,
                (CallStep::Parked, _) => {
                    let slot = call.parked.map(|parked| parked.slot);
                    slot.map_or(CallPhase::Setup, |slot| CallPhase::Parked { slot })
                }
                (CallStep::Cleared | CallStep::Closed, _) => CallPhase::WrapUp,
            },
            agent: agent.or(had),
            legs: call.legs.iter().filter_map(|leg| self.leg(*leg)).collect(),
            recording,
            consultation: call.consultation.map(|it| ConsultationView { call: it.call, leg: it.leg }),
            consults_for: call.consults_for,
            supervision: self.watch_of(id).map(|watch| SupervisionView {
                agent: watch.agent,
                call: watch.call,
                follows: watch.follows,
                whispers: watch.whispers,
            }),
            variables: call.variables.clone(),
            callback: call.callback.as_ref().map(|callback| callback.number.clone()),
        })
    }

    /// All calls of a tenant whose records are not closed, the oldest first.
    pub fn calls(&self, tenant: TenantId) -> Vec<CallView> {
        let calls = self.state.tenants.get(&tenant).map(|tenant| tenant.calls.keys());
        calls.into_iter().flatten().filter_map(|id| self.call(tenant, *id)).collect()
    }

    /// The parked calls of a tenant, by slot.
    pub fn parked(&self, id: TenantId) -> Vec<ParkedView> {
        let slots = self.state.tenants.get(&id).map(|tenant| tenant.parked.values());
        let view = |call: &CallId| {
            let Parked { slot, leg, device, since, until, .. } = self.state.calls.get(call)?.parked?;
            Some(ParkedView { slot, call: *call, leg, device, since, until })
        };
        slots.into_iter().flatten().filter_map(view).collect()
    }

    /// The call with that name outside, if its record is not closed.
    pub fn call_by_guid(&self, tenant: TenantId, guid: Guid) -> Option<CallView> {
        let id = *self.state.tenants.get(&tenant)?.call_guids.get(&guid)?;
        self.call(tenant, id)
    }

    /// The call that a live leg is part of, with its tenant.
    pub fn call_of_leg(&self, leg: LegId) -> Option<(TenantId, CallId)> {
        self.state.legs.get(&leg).map(|leg| (leg.tenant, leg.call))
    }

    /// A live leg, whoever owns it: for the node, which owns all.
    pub fn leg(&self, id: LegId) -> Option<LegView> {
        let leg = self.state.legs.get(&id)?;
        Some(LegView {
            id,
            guid: leg.guid,
            role: leg.role,
            endpoint: leg.endpoint,
            agent: leg.agent,
            phase: leg.phase,
            since: leg.since,
            held_by_phone: leg.held_by_phone,
            held_by_command: leg.held_by_command,
            muted: leg.muted,
            actions: self.allowed(id),
            talks: self.state.call(leg.call).members.contains(&id),
        })
    }

    /// A live offer, whoever owns it. For people, ask [`Engine::offers`] of their tenant.
    pub fn offer(&self, id: OfferId) -> Option<OfferView> {
        let offer = self.state.offers.get(&id)?;
        Some(OfferView {
            id,
            call: offer.call,
            queue: offer.queue,
            agent: offer.agent,
            leg: offer.leg,
            deadline: offer.deadline,
        })
    }

    /// The live offers of a tenant.
    pub fn offers(&self, tenant: TenantId) -> Vec<OfferView> {
        let own = self.state.offers.iter().filter(|(_, offer)| offer.tenant == tenant);
        own.filter_map(|(id, _)| self.offer(*id)).collect()
    }

    /// Recordings that have stopped and of which nobody has yet said that the file is complete. After a restart the
    /// shell completes these files and reports each.
    pub fn unsaved_recordings(&self) -> Vec<(TenantId, RecordingId, Guid)> {
        let stopped = self.state.recordings.iter().filter(|(_, it)| it.step == RecordingStep::Stopped);
        stopped.map(|(id, it)| (it.tenant, *id, it.guid)).collect()
    }
}

fn device_state(device: &Device) -> DeviceState {
    match (device.registered, device.legs.is_empty()) {
        (false, _) => DeviceState::Unregistered,
        (true, true) => DeviceState::Idle,
        (true, false) => DeviceState::Busy,
    }
}
