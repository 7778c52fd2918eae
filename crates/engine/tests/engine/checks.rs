//! The invariants of the house, checked after every input from what anyone can see.

use std::collections::{BTreeMap, BTreeSet};

use cordial_engine::agent::{Activity, DeviceState, Duty, Handling, Membership};
use cordial_engine::call::{OfferEnd, Role, TransferTo};
use cordial_engine::entry::Strategy;
use cordial_engine::fact::Fact;
use cordial_engine::id::*;
use cordial_engine::limits::RING_ALL_WIDTH_MAX;
use cordial_engine::outbound::OutboundRules;
use cordial_engine::text::Number;
use cordial_engine::view::CallPhase;
use cordial_engine::{Action, Endpoint, Engine, EntryId, Event, Now, State};

use crate::doors::Doors;
use crate::matcher::Matcher;

/// What the checks remember of the events so far.
pub(crate) struct Checks {
    follower: Engine,
    owners: BTreeMap<(&'static str, u64), TenantId>,
    live_offers: BTreeSet<OfferId>,
    ended_offers: BTreeSet<OfferId>,
    live_legs: BTreeMap<LegId, CallId>,
    /// Who answered each call from a queue and has it still.
    assigned: BTreeMap<CallId, AgentId>,
    live_calls: BTreeSet<CallId>,
    cleared_calls: BTreeSet<CallId>,
    /// Per queue: places entered, places ended.
    places: BTreeMap<QueueId, (u64, u64)>,
    /// Whether the agent of the last added leg could be offered a call just before.
    was_eligible: BTreeMap<(AgentId, QueueId), bool>,
    outbound: Outbound,
    matcher: Matcher,
    doors: Doors,
}

impl Checks {
    pub(crate) fn new() -> Self {
        Self {
            follower: Engine::new(0),
            owners: BTreeMap::new(),
            live_offers: BTreeSet::new(),
            ended_offers: BTreeSet::new(),
            live_legs: BTreeMap::new(),
            assigned: BTreeMap::new(),
            live_calls: BTreeSet::new(),
            cleared_calls: BTreeSet::new(),
            places: BTreeMap::new(),
            was_eligible: BTreeMap::new(),
            outbound: Outbound::default(),
            matcher: Matcher::default(),
            doors: Doors::default(),
        }
    }

    pub(crate) fn after(&mut self, engine: &Engine, events: &[Event], actions: &[Action]) {
        for event in events {
            self.before_event(event);
            self.outbound.before(&self.follower, event);
            self.matcher.before(&self.follower, event);
            self.doors.before(&self.follower, event);
            self.follower.apply(event);
            self.matcher.fold(&self.follower, event);
            self.doors.fold(&self.follower, event);
            self.fold(event);
            self.check_tenant(event);
        }
        // H9: whoever applies the events knows what the engine knows, and a snapshot keeps all of it.
        assert_eq!(self.follower.state(), engine.state(), "H9");
        let snapshot = serde_json::to_string(engine.state()).unwrap();
        assert_eq!(&serde_json::from_str::<State>(&snapshot).unwrap(), engine.state(), "H9, snapshot");
        for action in actions {
            self.check_action(action);
        }
        for tenant in engine.tenants() {
            check_agents(engine, tenant.id);
            check_calls(engine, tenant.id);
            self.check_queues(engine, tenant.id);
            self.matcher.after(engine, tenant.id);
            self.doors.after(engine, tenant.id);
            self.outbound.check(engine, tenant.id);
        }
    }

    /// H4: who is offered a call could be offered one the instant before his phone was rung for it.
    fn before_event(&mut self, event: &Event) {
        let Fact::LegAdded { agent: Some(agent), .. } = event.fact else {
            return;
        };
        let view = self.follower.agent(event.tenant, agent).unwrap();
        let free = view.duty == Duty::Ready
            && view.pending.is_none()
            && view.activity == Activity::Idle
            && view.device == DeviceState::Idle
            && view.handling == Handling::Ring
            && view.rest_until.is_none();
        for (queue, membership) in view.memberships {
            let eligible = free && membership == Membership::Ready;
            self.was_eligible.insert((agent, queue), eligible);
        }
    }

    fn fold(&mut self, event: &Event) {
        match &event.fact {
            Fact::CallStarted { call, .. } => assert!(self.live_calls.insert(*call)),
            Fact::CallCleared { call, .. } => {
                assert!(self.cleared_calls.insert(*call), "H7: {call} cleared twice");
                assert!(!self.live_legs.values().any(|of| of == call), "H7: a leg of {call} outlives it");
            }
            Fact::CallClosed { call } => {
                assert!(self.cleared_calls.contains(call), "H7: {call} closed before it cleared");
                assert!(self.live_calls.remove(call), "H7: {call} closed twice");
            }
            Fact::LegAdded { call, leg, .. } => assert!(self.live_legs.insert(*leg, *call).is_none()),
            Fact::LegCleared { leg, .. } => assert!(self.live_legs.remove(leg).is_some()),
            Fact::LegMoved { leg, from, to } => assert_eq!(self.live_legs.insert(*leg, *to), Some(*from)),
            Fact::CallsJoined { call, from, legs, .. } => {
                for leg in legs {
                    assert_eq!(self.live_legs.insert(*leg, *call), Some(*from));
                }
                self.assigned.remove(from);
            }
            Fact::AgentConnected { call, agent, queue: Some(_), .. } => {
                let before = self.assigned.insert(*call, *agent);
                assert_eq!(before, None, "H1: {call} is answered by several agents");
            }
            Fact::AgentDisconnected { call, agent } if self.assigned.get(call) == Some(agent) => {
                self.assigned.remove(call);
            }
            Fact::OfferMade { offer, agent, queue, .. } => {
                assert!(self.live_offers.insert(*offer));
                assert!(self.was_eligible[&(*agent, *queue)], "H4: {agent} was not eligible for {queue}");
            }
            Fact::OfferEnded { offer, end, .. } => {
                assert!(self.live_offers.remove(offer), "H3: {offer} ended twice");
                assert!(self.ended_offers.insert(*offer));
                if let OfferEnd::Withdrawn(cordial_engine::call::Withdrawn::AnsweredBy(_, by)) = end {
                    assert!(self.ended_offers.contains(by), "the quicker offer is known");
                }
            }
            Fact::CallQueued { queue, .. } => self.places.entry(*queue).or_default().0 += 1,
            Fact::WaitingEnded { queue, end, .. } => {
                let places = self.places.entry(*queue).or_default();
                places.0 += u64::from(end.is_at_the_door());
                places.1 += 1;
            }
            _other => {}
        }
    }

    /// H12: what an event of one tenant names belongs to that tenant.
    fn check_tenant(&mut self, event: &Event) {
        let json = serde_json::to_value(&event.fact).unwrap();
        let Some(fields) = json.as_object().and_then(|fact| fact.values().next()?.as_object()) else {
            return;
        };
        if let Fact::EntryAdded { id, .. } = event.fact {
            self.owners.insert(("entry", id.number()), event.tenant);
        }
        for (field, value) in fields {
            let kind = match field.as_str() {
                "agent" | "device" | "queue" | "disposition" => "entry",
                "leg" | "a" | "b" => "leg",
                "call" => "call",
                "offer" => "offer",
                "recording" => "recording",
                _other => continue,
            };
            let Some(id) = value.as_u64() else { continue };
            let owner = match kind {
                "entry" => self.owners.get(&(kind, id)).copied().expect("entries are added first"),
                kind => *self.owners.entry((kind, id)).or_insert(event.tenant),
            };
            assert_eq!(owner, event.tenant, "H12: {event:?} names another tenant's {field}");
        }
    }

    fn check_action(&self, action: &Action) {
        let owner_of_leg = |leg: &LegId| self.owners[&("leg", leg.0)];
        match action {
            Action::Ring { leg, endpoint, .. } => {
                let entry = match endpoint {
                    Endpoint::Device(device) => EntryId::Device(*device),
                    Endpoint::Trunk(trunk) => EntryId::Trunk(*trunk),
                };
                let owner = self.owners[&("entry", entry.number())];
                assert_eq!(owner, owner_of_leg(leg), "H12: {action:?}");
            }
            Action::Bridge { a, b } | Action::Unbridge { a, b } => {
                assert_eq!(owner_of_leg(a), owner_of_leg(b), "H12: {action:?}");
            }
            Action::Mix { listener: leg, sources: others }
            | Action::MoveRecording { left: leg, right: others, .. } => {
                let own = owner_of_leg(leg);
                assert!(others.iter().all(|other| owner_of_leg(other) == own), "H12: {action:?}");
            }
            Action::StartRecording { tenant, left, right, .. } => {
                let mut legs = right.iter().chain([left]);
                assert!(legs.all(|leg| owner_of_leg(leg) == *tenant), "H12: {action:?}");
            }
            Action::CheckPin { leg, agent, .. } => {
                assert_eq!(owner_of_leg(leg), self.owners[&("entry", agent.0)], "H12: {action:?}");
            }
            Action::PlayMessage { leg, tenant, .. } => {
                assert_eq!(*tenant, owner_of_leg(leg), "H12: {action:?}");
            }
            Action::Clear { leg, .. } | Action::ClearSaved { leg, .. } => {
                assert!(!self.live_legs.contains_key(leg), "a leg that is cleared is forgotten");
            }
            Action::Progress { .. }
            | Action::Answer { .. }
            | Action::SendDigits { .. }
            | Action::Play { .. }
            | Action::StopPlay { .. }
            | Action::PauseRecording { .. }
            | Action::ResumeRecording { .. }
            | Action::StopRecording { .. } => {}
        }
    }

    /// H5.
    fn check_queues(&self, engine: &Engine, tenant: TenantId) {
        for queue in engine.queues(tenant, cordial_engine::Timestamp(u64::MAX)) {
            assert!(queue.tally.adds_up(queue.waiting), "H5: {:?}", queue.tally);
            let (entered, ended) = self.places.get(&queue.id).copied().unwrap_or_default();
            assert_eq!(
                (entered, entered - ended),
                (queue.tally.entered, queue.waiting as u64),
                "H5, recounted"
            );
        }
    }
}

/// H2, H6 and H8 as agents show them.
fn check_agents(engine: &Engine, tenant: TenantId) {
    let offers = engine.offers(tenant);
    let last = engine.poll_timeout();
    for agent in engine.agents(tenant) {
        let own: Vec<_> = offers.iter().filter(|offer| offer.agent == agent.id).collect();
        assert!(own.len() <= 1, "H2: {} has {} offers", agent.id, own.len());
        match &agent.activity {
            Activity::Idle => assert!(own.is_empty() && agent.pending.is_none(), "H8: {agent:?}"),
            Activity::Offered { offer } => {
                let offer = engine.offer(*offer).expect("H8: an offered agent has a live offer");
                assert!(engine.leg(offer.leg).is_some(), "H8: an offer has a live leg");
                assert!(last.is_some(), "H8: an offer has a deadline");
            }
            Activity::InCall { call, leg, .. } => {
                assert!(engine.call(tenant, *call).is_some(), "H8: {agent:?}");
                assert!(engine.leg(*leg).is_some(), "H8: {agent:?}");
            }
            Activity::WrapUp { call, until, .. } => {
                assert!(engine.call(tenant, *call).is_some(), "H7: the call stays open: {agent:?}");
                assert!(last.is_some_and(|(due, _)| due <= *until), "H8: {agent:?}");
            }
        }
        let logged_out = agent.duty == Duty::LoggedOut;
        assert_eq!(logged_out, agent.login.is_none(), "{agent:?}");
    }
    // One device in use per agent and one agent per device: both say the same of who is where.
    let logins = engine.agents(tenant).into_iter().filter_map(|agent| Some((agent.login?.device, agent.id)));
    let at_devices = engine.devices(tenant).into_iter().filter_map(|device| Some((device.id, device.agent?)));
    let (mut logins, mut at_devices): (Vec<_>, Vec<_>) = (logins.collect(), at_devices.collect());
    logins.sort_unstable();
    at_devices.sort_unstable();
    assert_eq!(logins, at_devices, "H6: who is where");
}

/// H1 and H8 as calls show them.
fn check_calls(engine: &Engine, tenant: TenantId) {
    for call in engine.calls(tenant) {
        let offers = engine.offers(tenant).into_iter().filter(|offer| offer.call == call.id).count();
        match call.phase {
            CallPhase::Waiting { queue, .. } => {
                let queue = engine.queue(tenant, queue, call.started).unwrap();
                let most = match queue.entry.strategy {
                    Strategy::RingAll | Strategy::RingLevel | Strategy::RingProgressively => {
                        RING_ALL_WIDTH_MAX
                    }
                    _one_at_a_time => 1,
                };
                assert!(offers <= most, "H1: {} has {offers} offers", call.id);
                assert!(!call.legs.is_empty() || call.callback.is_some(), "H8: {call:?}");
            }
            CallPhase::Setup
            | CallPhase::Greeting
            | CallPhase::Served
            | CallPhase::Parked { .. }
            | CallPhase::Talking => {
                assert_eq!(offers, 0, "{call:?}");
                assert!(!call.legs.is_empty(), "H8: {call:?}");
            }
            CallPhase::WrapUp => assert!(call.legs.is_empty(), "H7: {call:?}"),
        }
    }
}

/// What goes out, counted naively from the facts.
#[derive(Default)]
struct Outbound {
    /// Every leg that went out: whose, by which device, when it began, was answered and ended.
    legs: BTreeMap<LegId, Out>,
    callers: BTreeMap<CallId, Endpoint>,
    dialled: BTreeMap<CallId, Number>,
    now: Now,
}

struct Out {
    tenant: TenantId,
    by: Option<Endpoint>,
    begun: Now,
    answered: Option<Now>,
    ended: Option<Now>,
}

impl Outbound {
    /// No more goes out than the rules let, as they are at that moment.
    fn before(&mut self, known: &Engine, event: &Event) {
        self.now = Now { at: event.at, wall: event.wall };
        let now = self.now;
        match &event.fact {
            Fact::CallStarted { call, dialled, .. } => {
                self.dialled.insert(*call, dialled.clone());
            }
            Fact::LegAdded { call, role: Role::Caller, endpoint, .. } => {
                self.callers.insert(*call, *endpoint);
            }
            // The agent who takes a callback calls as if he had dialled himself.
            Fact::CallbackAsked { call, number, .. } => {
                self.dialled.insert(*call, number.clone());
            }
            Fact::AgentConnected { call, leg, .. } if !self.callers.contains_key(call) => {
                let near = known.leg(*leg).expect("the agent's leg is there");
                self.callers.insert(*call, near.endpoint);
            }
            // Who asks makes that call.
            Fact::ConsultationStarted { call, leg, .. } => {
                self.callers.insert(*call, known.leg(*leg).expect("who asks is there").endpoint);
            }
            // Who stays makes the call from here on.
            Fact::CallTransferred { call, leg, to, .. } => {
                self.callers.insert(*call, known.leg(*leg).expect("who stays is there").endpoint);
                if let TransferTo::Number(number) = to {
                    self.dialled.insert(*call, number.clone());
                }
            }
            Fact::LegAdded { call, leg, endpoint: Endpoint::Trunk(_), .. } => {
                let rules = known.outbound(event.tenant, now).unwrap().rules;
                let by = self.callers.get(call).copied();
                if !rules.unlimited.contains(&self.dialled[call]) {
                    self.check_limits(event.tenant, by, &rules);
                }
                if !matches!(by, Some(Endpoint::Device(_))) {
                    assert!(rules.lead_out_again, "{leg} is led out again");
                }
                let (tenant, begun) = (event.tenant, now);
                self.legs.insert(*leg, Out { tenant, by, begun, answered: None, ended: None });
            }
            Fact::LegAnswered { leg, .. } => {
                self.legs.entry(*leg).and_modify(|out| out.answered = Some(now));
            }
            Fact::LegCleared { leg, .. } => {
                self.legs.entry(*leg).and_modify(|out| out.ended = Some(now));
            }
            _other => {}
        }
    }

    fn check_limits(&self, tenant: TenantId, by: Option<Endpoint>, rules: &OutboundRules) {
        let of_tenant = || self.legs.values().filter(|out| out.tenant == tenant);
        let live = || of_tenant().filter(|out| out.ended.is_none());
        let of_device = live().filter(|out| out.by == by).count();
        let begun = of_tenant().filter(|out| self.now.at.millis_since(out.begun.at) < 60_000).count();
        assert!(live().count() < rules.calls as usize, "one call out too many");
        assert!(begun < rules.calls_per_minute as usize, "a call out begun too early");
        assert!(self.talked(tenant) < u64::from(rules.minutes_per_day) * 60_000, "too much is talked");
        if let Some(Endpoint::Device(device)) = by {
            assert!(of_device < rules.calls_per_device as usize, "one call out too many of {device}");
        }
    }

    fn check(&self, engine: &Engine, tenant: TenantId) {
        let view = engine.outbound(tenant, self.now).unwrap();
        let of_tenant = || self.legs.values().filter(|out| out.tenant == tenant);
        assert_eq!(view.calls as usize, of_tenant().filter(|out| out.ended.is_none()).count());
        let within = |out: &&Out| self.now.at.millis_since(out.begun.at) < 60_000;
        assert_eq!(view.calls_last_minute, of_tenant().filter(within).count());
        assert_eq!(view.talked_today_ms, self.talked(tenant));
    }

    /// The parts of all talks that lie on the day of now.
    fn talked(&self, tenant: TenantId) -> u64 {
        let into_day = self.now.wall.0.rem_euclid(86_400_000) as u64;
        let midnight = self.now.at.0.saturating_sub(into_day);
        let talks = self.legs.values().filter(|out| out.tenant == tenant);
        let part = |out: &Out| {
            let end = out.ended.unwrap_or(self.now).at.0;
            out.answered.map_or(0, |answered| end.saturating_sub(answered.at.0.max(midnight)))
        };
        talks.map(part).sum()
    }
}
