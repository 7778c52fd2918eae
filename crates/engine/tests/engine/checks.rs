//! The invariants of the house, checked after every input from what anyone can see.

use std::collections::{BTreeMap, BTreeSet};

use cordial_engine::agent::{Activity, DeviceState, Duty, Handling, Membership};
use cordial_engine::call::{OfferEnd, WaitingEnd};
use cordial_engine::entry::Strategy;
use cordial_engine::fact::Fact;
use cordial_engine::id::*;
use cordial_engine::limits::RING_ALL_WIDTH_MAX;
use cordial_engine::view::CallPhase;
use cordial_engine::{Action, Endpoint, Engine, EntryId, Event, State};

/// What the checks remember of the events so far.
pub(crate) struct Checks {
    follower: Engine,
    owners: BTreeMap<(&'static str, u64), TenantId>,
    live_offers: BTreeSet<OfferId>,
    ended_offers: BTreeSet<OfferId>,
    live_legs: BTreeMap<LegId, CallId>,
    live_calls: BTreeSet<CallId>,
    cleared_calls: BTreeSet<CallId>,
    /// Per queue: places entered, places ended.
    places: BTreeMap<QueueId, (u64, u64)>,
    /// Whether the agent of the last added leg could be offered a call just before.
    was_eligible: BTreeMap<(AgentId, QueueId), bool>,
}

impl Checks {
    pub(crate) fn new() -> Self {
        Self {
            follower: Engine::new(0),
            owners: BTreeMap::new(),
            live_offers: BTreeSet::new(),
            ended_offers: BTreeSet::new(),
            live_legs: BTreeMap::new(),
            live_calls: BTreeSet::new(),
            cleared_calls: BTreeSet::new(),
            places: BTreeMap::new(),
            was_eligible: BTreeMap::new(),
        }
    }

    pub(crate) fn after(&mut self, engine: &Engine, events: &[Event], actions: &[Action]) {
        for event in events {
            self.before_event(event);
            self.follower.apply(event);
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
                places.0 += u64::from(*end == WaitingEnd::Refused);
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
            Action::StartRecording { tenant, left, right, .. } => {
                assert_eq!((*tenant, *tenant), (owner_of_leg(left), owner_of_leg(right)), "H12: {action:?}");
            }
            Action::Clear { leg, .. } | Action::ClearSaved { leg, .. } => {
                assert!(!self.live_legs.contains_key(leg), "a leg that is cleared is forgotten");
            }
            Action::Progress { .. }
            | Action::Answer { .. }
            | Action::Play { .. }
            | Action::StopPlay { .. }
            | Action::PauseRecording { .. }
            | Action::ResumeRecording { .. }
            | Action::StopRecording { .. } => {}
        }
    }

    /// H5, and nobody waits for whom somebody is free.
    fn check_queues(&self, engine: &Engine, tenant: TenantId) {
        let offers = engine.offers(tenant);
        for queue in engine.queues(tenant, cordial_engine::Timestamp(u64::MAX)) {
            assert!(queue.tally.adds_up(queue.waiting), "H5: {:?}", queue.tally);
            let (entered, ended) = self.places.get(&queue.id).copied().unwrap_or_default();
            assert_eq!(
                (entered, entered - ended),
                (queue.tally.entered, queue.waiting as u64),
                "H5, recounted"
            );
            let here: Vec<_> = offers.iter().filter(|offer| offer.queue == queue.id).collect();
            let wanting = match queue.entry.strategy {
                Strategy::LongestIdle => queue.waiting > here.len(),
                Strategy::RingAll => queue.waiting > 0 && here.len() < RING_ALL_WIDTH_MAX,
            };
            assert!(!(wanting && queue.eligible > 0), "{} has a call and an agent for it", queue.id);
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
}

/// H1 and H8 as calls show them.
fn check_calls(engine: &Engine, tenant: TenantId) {
    let agents = engine.agents(tenant);
    for call in engine.calls(tenant) {
        let assigned = agents.iter().filter(|agent| match agent.activity {
            Activity::InCall { call: of, queue, .. } => of == call.id && queue.is_some(),
            Activity::Idle | Activity::Offered { .. } | Activity::WrapUp { .. } => false,
        });
        assert!(assigned.count() <= 1, "H1: {} has several agents", call.id);
        let offers = engine.offers(tenant).into_iter().filter(|offer| offer.call == call.id).count();
        match call.phase {
            CallPhase::Waiting { queue, .. } => {
                let queue = engine.queue(tenant, queue, call.started).unwrap();
                let most = match queue.entry.strategy {
                    Strategy::LongestIdle => 1,
                    Strategy::RingAll => RING_ALL_WIDTH_MAX,
                };
                assert!(offers <= most, "H1: {} has {offers} offers", call.id);
                assert!(!call.legs.is_empty(), "H8: {call:?}");
            }
            CallPhase::Setup | CallPhase::Greeting | CallPhase::Talking => {
                assert_eq!(offers, 0, "{call:?}");
                assert!(!call.legs.is_empty(), "H8: {call:?}");
            }
            CallPhase::WrapUp => assert!(call.legs.is_empty(), "H7: {call:?}"),
        }
    }
}
