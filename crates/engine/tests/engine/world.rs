//! A small contact centre to tell stories about.

use std::collections::BTreeMap;

use cordial_engine::command::Command;
use cordial_engine::entry::*;
use cordial_engine::id::*;
use cordial_engine::outbound::OutboundRules;
use cordial_engine::text::{Number, Text};
use cordial_engine::{
    Action, Actor, Answer, Endpoint, Engine, Entry, EntryId, Event, Fact, Input, Now, Refusal, Report,
    Timestamp, WallTime,
};

use crate::checks::Checks;

pub(crate) fn name<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::parse(text).unwrap()
}

pub(crate) fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

/// An engine with its clock, its journal, a follower that applies it, and checks after every input.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: Timestamp,
    /// By how much the clock on the wall was put forward.
    pub(crate) wall_ahead_ms: i64,
    pub(crate) tenant: TenantId,
    pub(crate) journal: Vec<Event>,
    pub(crate) checks: Checks,
    pub(crate) ids: BTreeMap<String, EntryId>,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut world = Self {
            engine: Engine::new(7),
            now: Timestamp(0),
            wall_ahead_ms: 0,
            tenant: TenantId::INSTALLATION,
            journal: Vec::new(),
            checks: Checks::new(),
            ids: BTreeMap::new(),
        };
        world.add_tenant("acme");
        world
    }

    pub(crate) fn add_tenant(&mut self, called: &str) -> TenantId {
        let input = Input::AddTenant { name: name(called), domain: name(&format!("{called}.example")) };
        match self.handle(input).0 {
            Ok(Answer::Tenant(tenant, _)) => self.tenant = tenant,
            other => panic!("{other:?}"),
        }
        self.tenant
    }

    pub(crate) fn clock(&self) -> Now {
        Now { at: self.now, wall: WallTime(1_700_000_000_000 + self.wall_ahead_ms + self.now.0 as i64) }
    }

    /// Handles an input, checks everything, and gives back what followed.
    pub(crate) fn handle(&mut self, input: Input) -> (Result<Answer, Refusal>, Vec<Event>, Vec<Action>) {
        let result = self.engine.handle(self.clock(), input);
        let (events, actions) = self.drain();
        if result.is_err() {
            let told = |event: &Event| matches!(event.fact, Fact::OutboundRefused { .. });
            assert!(events.iter().all(told), "a refusal changes nothing, but that it is told: {events:?}");
        }
        (result, events, actions)
    }

    pub(crate) fn drain(&mut self) -> (Vec<Event>, Vec<Action>) {
        let events: Vec<Event> = std::iter::from_fn(|| self.engine.poll_event()).collect();
        let actions: Vec<Action> = std::iter::from_fn(|| self.engine.poll_action()).collect();
        self.journal.extend(events.iter().cloned());
        self.checks.after(&self.engine, &events, &actions);
        (events, actions)
    }

    pub(crate) fn command(&mut self, command: Command) -> (Result<Answer, Refusal>, Vec<Event>, Vec<Action>) {
        let tenant = self.tenant;
        self.handle(Input::Command { tenant, by: Actor::Operator, command })
    }

    pub(crate) fn report(&mut self, report: Report) -> (Result<Answer, Refusal>, Vec<Event>, Vec<Action>) {
        self.handle(Input::Report(report))
    }

    pub(crate) fn granted(&mut self, command: Command) {
        self.command(command).0.expect("the command is granted");
    }

    /// A call comes in on the trunk.
    pub(crate) fn arrives(&mut self, dialled: &str) {
        let report = Report::LegArrived {
            from: Endpoint::Trunk(self.trunk("carrier")),
            caller: None,
            caller_name: name(""),
            dialled: number(dialled),
        };
        self.report(report).0.expect("the call is taken");
    }

    pub(crate) fn add(&mut self, label: &str, entry: Entry) -> EntryId {
        match self.command(Command::Add(entry)).0 {
            Ok(Answer::Added(id, _)) => {
                self.ids.insert(label.to_owned(), id);
                id
            }
            other => panic!("{label}: {other:?}"),
        }
    }

    pub(crate) fn agent(&self, label: &str) -> AgentId {
        match self.ids[label] {
            EntryId::Agent(id) => id,
            other => panic!("{label} is {other:?}"),
        }
    }

    pub(crate) fn device(&self, label: &str) -> DeviceId {
        match self.ids[label] {
            EntryId::Device(id) => id,
            other => panic!("{label} is {other:?}"),
        }
    }

    pub(crate) fn queue(&self, label: &str) -> QueueId {
        match self.ids[label] {
            EntryId::Queue(id) => id,
            other => panic!("{label} is {other:?}"),
        }
    }

    pub(crate) fn trunk(&self, label: &str) -> TrunkId {
        match self.ids[label] {
            EntryId::Trunk(id) => id,
            other => panic!("{label} is {other:?}"),
        }
    }

    /// Fills the current tenant: agents ann, bob and cid at 101, 102 and 103, logged in and not ready; 104 is nobody's;
    /// queues sales (longest idle) and help (ring all) with everyone in both; a trunk with a route to each.
    pub(crate) fn furnish(&mut self) {
        for (agent, device) in [("ann", "101"), ("bob", "102"), ("cid", "103"), ("", "104")] {
            let phone = Device::numbered(number(device), name(agent));
            self.add(device, Entry::Device(phone));
            let device = self.device(device);
            self.report(Report::DeviceRegistered { device }).0.expect("a report is never refused");
        }
        let sales = Queue::named(name("sales"));
        let help = Queue {
            strategy: Strategy::RingAll,
            number: Some(number("600")),
            wrap_up_ms: 0,
            record: false,
            on_no_answer: AfterMissed::Rest { delay_ms: 5_000 },
            ..Queue::named(name("help"))
        };
        let (EntryId::Queue(sales), EntryId::Queue(help)) =
            (self.add("sales", sales.into()), self.add("help", help.into()))
        else {
            unreachable!()
        };
        for (agent, extension, device) in
            [("ann", "201", "101"), ("bob", "202", "102"), ("cid", "203", "103")]
        {
            let entry = Agent { number: Some(number(extension)), ..Agent::named(name(agent)) };
            self.add(agent, Entry::Agent(entry));
            let agent = self.agent(agent);
            for queue in [sales, help] {
                self.granted(Command::Assign { agent, queue, tier: None });
            }
            let device = self.device(device);
            self.granted(Command::LogIn { agent, device });
        }
        self.add("break", Entry::Reason(Reason::named(name("break"))));
        self.add("lunch", Entry::Reason(Reason::named(name("lunch"))));
        self.add("sold", Entry::Disposition(Disposition { name: name("sold") }));
        let carrier = Trunk {
            name: name("carrier"),
            address: name("192.0.2.1:5060"),
            transport: Transport::Udp,
            sources: vec![name("192.0.2.2")],
            username: None,
            authenticate_inbound: false,
            outbound_prefixes: vec![number("00")],
            caller_number: Some(number("5550")),
        };
        self.add("carrier", Entry::Trunk(carrier));
        self.route("5551", None, Destination::Queue(sales));
        self.route("5552", None, Destination::Queue(help));
        self.route("5553", None, Destination::Agent(self.agent("ann")));
        self.route("5554", Some("en/welcome"), Destination::Queue(sales));
        self.route("5555", Some("en/closed"), Destination::Clear);
    }

    fn route(&mut self, dialled: &str, greeting: Option<&str>, destination: Destination) {
        let route = Route { greeting: greeting.map(name), ..Route::to(number(dialled), destination) };
        self.add(dialled, Entry::Route(route));
    }

    /// Changes a queue of the directory.
    pub(crate) fn change_queue(&mut self, label: &str, change: impl FnOnce(&mut Queue)) {
        let id = self.ids[label];
        let Some(Entry::Queue(mut queue)) = self.engine.entry(self.tenant, id) else {
            panic!("{label} is no queue")
        };
        change(&mut queue);
        assert_eq!(self.command(Command::Change(id, Entry::Queue(queue))).0, Ok(Answer::Done));
    }

    /// Changes what the current tenant lets out.
    pub(crate) fn change_rules(&mut self, change: impl FnOnce(&mut OutboundRules)) {
        let mut rules = self.engine.outbound(self.tenant, self.clock()).unwrap().rules;
        change(&mut rules);
        self.granted(Command::SetOutboundRules(rules));
    }

    /// The process dies; another reads the journal and recovers.
    pub(crate) fn crash(&mut self) -> (Vec<Event>, Vec<Action>) {
        self.engine = Engine::new(8);
        for event in &self.journal {
            self.engine.apply(event);
        }
        self.engine.recover(self.clock(), "1.0");
        self.drain()
    }
}
