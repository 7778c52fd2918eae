//! The floor that a session folds is the floor that the engine shows, after every event of any history.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use cordial_dialects::floor::Floor;
use cordial_dialects::webitel::newer::call::{self, Own};
use cordial_dialects::webitel::newer::channel::Channel;
use cordial_dialects::webitel::newer::channel_state;
use cordial_engine::agent::{Absence, Handling, Membership};
use cordial_engine::call::Cause;
use cordial_engine::command::{Actor, Answer, Command, Endpoint, Input, Report};
use cordial_engine::entry::{
    Agent, Destination, Device, Entry, EntryId, Name, Queue, Route, Strategy, Transport, Trunk,
};
use cordial_engine::id::{AgentId, DeviceId, LegId, OfferId, QueueId, TenantId, TrunkId};
use cordial_engine::text::{Number, Text};
use cordial_engine::{Engine, Now, Timestamp, WallTime};

/// A small centre, and dice.
struct Centre {
    engine: Engine,
    now: u64,
    tenant: TenantId,
    agents: Vec<AgentId>,
    devices: Vec<DeviceId>,
    queue: QueueId,
    trunk: TrunkId,
    dice: u64,
}

fn name(text: &str) -> Name {
    Text::parse(text).unwrap()
}

fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

impl Centre {
    fn now(&self) -> Now {
        Now { at: Timestamp(self.now), wall: WallTime(1_700_000_000_000 + self.now.cast_signed()) }
    }

    fn handle(&mut self, input: Input) -> Option<Answer> {
        let now = self.now();
        let answer = self.engine.handle(now, input).ok();
        while self.engine.poll_action().is_some() {}
        answer
    }

    fn command(&mut self, command: Command) -> Option<Answer> {
        self.handle(Input::Command { tenant: self.tenant, by: Actor::Operator, command })
    }

    fn add(&mut self, entry: Entry) -> EntryId {
        match self.command(Command::Add(entry)) {
            Some(Answer::Added(id, _)) => id,
            other => panic!("not added: {other:?}"),
        }
    }

    /// A number below `sides`, from a generator that is no good for anything else (Knuth's MMIX).
    fn roll(&mut self, sides: usize) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) as usize % sides
    }

    fn pick<T: Copy>(&mut self, things: impl Fn(&Self) -> Vec<T>) -> Option<T> {
        let things = things(self);
        if things.is_empty() {
            return None;
        }
        let at = self.roll(things.len());
        Some(things[at])
    }

    fn open(seed: u64) -> Self {
        let engine = Engine::new(seed);
        let mut centre = Self {
            engine,
            now: 0,
            tenant: TenantId(1),
            agents: Vec::new(),
            devices: Vec::new(),
            queue: QueueId(0),
            trunk: TrunkId(0),
            dice: seed,
        };
        let domain = Text::parse("pbx.example").unwrap();
        centre.handle(Input::AddTenant { name: name("acme"), domain });
        let queue = Queue { strategy: Strategy::RingAll, wrap_up_ms: 5_000, ..Queue::named(name("sales")) };
        let EntryId::Queue(queue) = centre.add(queue.into()) else { unreachable!() };
        centre.queue = queue;
        for who in ["101", "102", "103"] {
            let phone = Device::numbered(number(who), name(who));
            let EntryId::Device(device) = centre.add(Entry::Device(phone)) else { unreachable!() };
            let agent = Agent::named(name(who));
            let EntryId::Agent(agent) = centre.add(Entry::Agent(agent)) else { unreachable!() };
            centre.handle(Input::Report(Report::DeviceRegistered { device }));
            centre.command(Command::Assign { agent, queue, tier: None });
            centre.command(Command::LogIn { agent, device });
            centre.command(Command::Ready { agent });
            centre.devices.push(device);
            centre.agents.push(agent);
        }
        let trunk = Trunk {
            name: name("carrier"),
            address: Text::parse("192.0.2.1:5060").unwrap(),
            transport: Transport::Udp,
            sources: Vec::new(),
            username: None,
            authenticate_inbound: false,
            outbound_prefixes: vec![number("00")],
            caller_number: Some(number("5550")),
        };
        let EntryId::Trunk(trunk) = centre.add(Entry::Trunk(trunk)) else { unreachable!() };
        centre.trunk = trunk;
        let to_queue = Route::to(number("800"), Destination::Queue(queue));
        centre.add(Entry::Route(to_queue));
        while centre.engine.poll_event().is_some() {}
        centre
    }

    fn legs(&self) -> Vec<LegId> {
        self.engine.calls(self.tenant).iter().flat_map(|call| call.legs.iter().map(|leg| leg.id)).collect()
    }

    fn something(&mut self) {
        let (who, at) = (self.roll(3), self.roll(3));
        let (agent, device) = (self.agents[who], self.devices[at]);
        let leg = self.pick(Self::legs).unwrap_or(LegId(1));
        let note = Text::parse("n").unwrap();
        match self.roll(24) {
            0..=3 => self.arrive(Endpoint::Trunk(self.trunk), "800"),
            4 => self.arrive(Endpoint::Device(device), "102"),
            5 => self.arrive(Endpoint::Device(device), "00491"),
            6..=8 => drop(self.handle(Input::Report(Report::LegAnswered { leg }))),
            9 => drop(self.handle(Input::Report(Report::LegRinging { leg, early_media: false }))),
            10 | 11 => drop(self.handle(Input::Report(Report::LegCleared { leg, cause: Cause::Normal }))),
            12 => drop(self.handle(Input::Report(Report::LegHeld { leg }))),
            13 => drop(self.handle(Input::Report(Report::DeviceUnregistered { device }))),
            14 => drop(self.handle(Input::Report(Report::DeviceRegistered { device }))),
            15 => drop(self.command(Command::Ready { agent })),
            16 => drop(self.command(Command::Absent { agent, absence: Absence::Tasks, note })),
            17 => drop(self.command(Command::NotReady { agent, reason: None, note })),
            18 => drop(self.command(Command::LogOut { agent, reason: None })),
            19 => drop(self.command(Command::LogIn { agent, device })),
            20 => {
                let handling = if self.roll(3) == 0 { Handling::Busy } else { Handling::Ring };
                self.command(Command::SetHandling { agent, handling });
            }
            21 => {
                let membership = if self.roll(2) == 0 { Membership::Ready } else { Membership::NotReady };
                self.command(Command::SetMembership { agent, queue: self.queue, membership });
            }
            22 => {
                let offers = |centre: &Self| -> Vec<OfferId> {
                    centre.engine.offers(centre.tenant).iter().map(|offer| offer.id).collect()
                };
                if let Some(offer) = self.pick(offers) {
                    self.command(Command::DeclineOffer { offer });
                }
            }
            _ => {
                self.now += 1_000 * (1 + self.roll(10) as u64);
                self.handle(Input::Timeout);
            }
        }
    }

    fn arrive(&mut self, from: Endpoint, dialled: &str) {
        let (caller, caller_name) = (Some(number("4711")), name("x"));
        let dialled = number(dialled);
        self.handle(Input::Report(Report::LegArrived { from, caller, caller_name, dialled }));
    }
}

#[test]
fn the_fold_of_the_events_is_what_the_engine_shows() {
    let mut changes = 0;
    for seed in 1..=40 {
        let mut centre = Centre::open(seed);
        let mut folded = Floor::of(&centre.engine, centre.tenant, centre.now());
        for step in 0..300 {
            centre.something();
            while let Some(event) = centre.engine.poll_event() {
                changes += usize::from(folded.apply(&event).agent.is_some());
            }
            let shown = Floor::of(&centre.engine, centre.tenant, centre.now());
            for agent in &centre.agents {
                assert_eq!(folded.axes(*agent), shown.axes(*agent), "seed {seed}, step {step}, {agent}");
                assert_eq!(folded.note(*agent), shown.note(*agent), "seed {seed}, step {step}, {agent}");
                let near = Floor::around(&centre.engine, centre.tenant, Some(*agent), None, centre.now());
                assert_eq!(near.axes(*agent), shown.axes(*agent), "seed {seed}, step {step}, {agent}");
                assert!(near.agents.len() == 1 && near.devices.len() <= 1, "only what he has is looked at");
            }
            for device in &centre.devices {
                let states = [folded.device_state(*device), shown.device_state(*device)];
                assert_eq!(states[0], states[1], "seed {seed}, step {step}, {device}");
                assert_eq!(
                    folded.devices[device].legs, shown.devices[device].legs,
                    "seed {seed}, step {step}"
                );
            }
            assert_eq!(folded.queues, shown.queues, "seed {seed}, step {step}");
            assert_eq!(folded.legs, shown.legs, "seed {seed}, step {step}");
            assert_eq!(folded.calls.len(), shown.calls.len(), "seed {seed}, step {step}");
        }
    }
    assert!(changes > 2_000, "only {changes} changes were seen: the histories are too dull");
}

/// The status and the attempt of each event of the channel, and what there is of calls, told as it happened.
#[test]
fn what_the_newer_protocol_tells_adds_up_to_what_is() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 1..=40 {
        let mut centre = Centre::open(seed);
        let mut floor = Floor::of(&centre.engine, centre.tenant, centre.now());
        let (agent, own) = (centre.agents[0], Own { agent: None, device: Some(centre.devices[0]) });
        let mut channel = Channel::of(&floor, agent);
        let mut status = channel_state(&floor.axes(agent).unwrap()).to_owned();
        let mut there: BTreeMap<String, String> = BTreeMap::new();
        for step in 0..300 {
            centre.something();
            while let Some(event) = centre.engine.poll_event() {
                let left = call::leaving(&floor, own, &event);
                let applied = floor.apply(&event);
                for told in channel.told(&floor, &event, &applied) {
                    let text = |name: &str| told[name].as_str().map(str::to_owned);
                    assert_eq!(text("channel").as_deref(), Some("call"));
                    let now = text("status").unwrap();
                    *seen.entry(now.clone()).or_default() += 1;
                    if ["distribute", "bridged", "missed", "wrap_time"].contains(&now.as_str()) {
                        assert!(told["attempt_id"].is_u64(), "seed {seed}, step {step}: {told}");
                    }
                    if now != "missed" {
                        status = now;
                    }
                }
                for told in left.into_iter().chain(call::told(&floor, own, &event)) {
                    let (id, action) = (told["id"].to_string(), told["event"].as_str().unwrap().to_owned());
                    *seen.entry(action.clone()).or_default() += 1;
                    match action.as_str() {
                        "ringing" => assert_eq!(there.insert(id, action), None, "begins once"),
                        "hangup" => assert!(there.remove(&id).is_some(), "ends once"),
                        // That it hears another does not change what it is.
                        "bridge" => assert!(there.contains_key(&id)),
                        _ => assert!(there.insert(id, action).is_some(), "it was there before"),
                    }
                }
            }
            assert_eq!(status, channel_state(&floor.axes(agent).unwrap()), "seed {seed}, step {step}");
            let items = call::items(&floor, own, centre.now().wall);
            let shown = items["items"].as_array().unwrap().iter();
            let shown =
                shown.map(|item| (item["id"].to_string(), item["state"].as_str().unwrap().to_owned()));
            assert_eq!(there, shown.collect(), "seed {seed}, step {step}");
        }
    }
    let all = [
        "active",
        "answered",
        "bridge",
        "bridged",
        "distribute",
        "hangup",
        "hold",
        "missed",
        "offering",
        "ringing",
        "waiting",
        "wrap_time",
    ];
    assert_eq!(seen.keys().map(String::as_str).collect::<Vec<_>>(), all, "{seen:?}");
}
