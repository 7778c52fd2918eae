//! A site of any size as an engine: queues, agents at their devices, and one carrier.

use crate::world::{name, number};
use cordial_engine::entry::{self, AfterMissed, Destination, Entry, Priority, Queue, Route, Strategy, Tier};
use cordial_engine::id::{AgentId, QueueId, TenantId, TrunkId};
use cordial_engine::limits::WAITING_MAX;
use cordial_engine::text::Text;
use cordial_engine::{
    Actor, Answer, Command, Endpoint, Engine, EntryId, Input, Now, Refusal, Report, Timestamp, WallTime,
};

/// The seed of every value measured; what it is does not matter.
pub const SEED: u64 = 1;

/// An engine and who is in it.
pub struct Site {
    /// What is driven.
    pub engine: Engine,
    /// Whose site it is.
    pub tenant: TenantId,
    /// Where callers come from.
    pub trunk: TrunkId,
    /// In the order in which they were hired.
    pub agents: Vec<AgentId>,
    queues: u64,
}

impl Site {
    /// A tenant with a carrier, and nothing else yet.
    pub fn open() -> Self {
        let mut engine = Engine::new(SEED);
        let domain = Text::parse_some("one.example").expect("the domain is short");
        let added = engine.handle(at(0), Input::AddTenant { name: name("one"), domain });
        let Ok(Answer::Tenant(tenant, _)) = added else { panic!("a first tenant is not refused: {added:?}") };
        let mut site = Self { engine, tenant, trunk: TrunkId(0), agents: Vec::new(), queues: 0 };
        let EntryId::Trunk(trunk) = site.add(Entry::Trunk(carrier("10.1.0.1:5060"))) else {
            panic!("a trunk")
        };
        site.trunk = trunk;
        site
    }

    /// Every agent serves one of the queues, is logged in, and ready if asked for.
    pub fn furnish(agents: u64, queues: u64, strategy: Strategy, ready: bool) -> Self {
        let mut site = Self::open();
        let lines: Vec<_> = (0..queues)
            .map(|n| {
                let line = site.add_queue(|queue| queue.strategy = strategy);
                site.add(route(&format!("+44100{n}"), line));
                line
            })
            .collect();
        for n in 0..agents {
            let queue = lines[usize::try_from(n % queues).expect("queues are few")];
            site.add_agent(&[(queue, Tier::default())], ready);
        }
        site.drain();
        site
    }

    /// A call from the carrier to one of the queues.
    pub fn arrival(&self, n: u64) -> Input {
        Input::Report(Report::LegArrived {
            from: Endpoint::Trunk(self.trunk),
            caller: Some(number(&format!("+4477{n:08}"))),
            caller_name: name(""),
            dialled: number(&format!("+44100{}", n % self.queues)),
        })
    }

    /// A command of the tenant.
    pub fn command(&self, command: Command) -> Input {
        Input::Command { tenant: self.tenant, by: Actor::Operator, command }
    }

    /// Throws away what was decided.
    pub fn drain(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            std::hint::black_box(event);
        }
        while let Some(action) = self.engine.poll_action() {
            std::hint::black_box(action);
        }
    }

    /// Commands what is not refused.
    pub fn must(&mut self, command: Command) -> Answer {
        let said = format!("{command:?}");
        let input = self.command(command);
        let answer: Result<Answer, Refusal> = self.engine.handle(at(0), input);
        self.drain();
        answer.unwrap_or_else(|refusal| panic!("{said}: {refusal:?}"))
    }

    /// Adds an entry to the directory.
    pub fn add(&mut self, entry: Entry) -> EntryId {
        let Answer::Added(id, _) = self.must(Command::Add(entry)) else { panic!("an entry is added") };
        id
    }

    /// Adds a queue that lets who misses a call rest; nothing leads to it yet.
    pub fn add_queue(&mut self, change: impl FnOnce(&mut Queue)) -> QueueId {
        let mut queue = Queue {
            max_waiting: WAITING_MAX,
            on_no_answer: AfterMissed::Rest { delay_ms: 5_000 },
            ..Queue::named(name(&format!("queue {}", self.queues)))
        };
        change(&mut queue);
        self.queues += 1;
        let EntryId::Queue(queue) = self.add(queue.into()) else { panic!("a queue") };
        queue
    }

    /// Hires an agent who serves these queues, is logged in at a phone of his own, and ready if asked for.
    pub fn add_agent(&mut self, queues: &[(QueueId, Tier)], ready: bool) -> AgentId {
        let n = self.agents.len();
        let EntryId::Device(device) = self.add(device(&format!("1{n:06}"))) else { panic!("a device") };
        let EntryId::Agent(agent) = self.add(agent(&format!("agent {n}"))) else { panic!("an agent") };
        for (queue, tier) in queues {
            self.must(Command::Assign { agent, queue: *queue, tier: Some(*tier) });
        }
        let registered = Input::Report(Report::DeviceRegistered { device });
        self.engine.handle(at(0), registered).expect("reports are not refused");
        self.must(Command::LogIn { agent, device });
        if ready {
            self.must(Command::Ready { agent });
        }
        self.agents.push(agent);
        agent
    }
}

/// So many milliseconds after the beginning, on both clocks.
pub fn at(ms: u64) -> Now {
    Now { at: Timestamp(ms), wall: WallTime(i64::try_from(ms).unwrap_or(i64::MAX)) }
}

/// A carrier at an address, known by it.
pub fn carrier(address: &str) -> entry::Trunk {
    entry::Trunk {
        name: name("carrier"),
        address: Text::parse_some(address).expect("an address is short"),
        transport: entry::Transport::Udp,
        sources: Vec::new(),
        username: None,
        authenticate_inbound: false,
        outbound_prefixes: vec![number("+44")],
        caller_number: Some(number("+441000")),
    }
}

/// A number from outside that leads to a queue.
pub fn route(dialled: &str, queue: QueueId) -> Entry {
    urgent_route(dialled, queue, 0)
}

/// A number from outside that leads to a queue, with this urgency.
pub fn urgent_route(dialled: &str, queue: QueueId, urgency: u8) -> Entry {
    let priority = Priority { urgency, head_start_ms: 0 };
    Entry::Route(Route { priority, ..Route::to(number(dialled), Destination::Queue(queue)) })
}

/// A phone.
pub fn device(own: &str) -> Entry {
    let display_name = name("desk");
    Entry::Device(entry::Device::numbered(number(own), display_name))
}

/// A person.
pub fn agent(who: &str) -> Entry {
    Entry::Agent(entry::Agent::named(name(who)))
}
