//! A site of any size as an engine: queues, agents at their devices, and one carrier.

use cordial_engine::entry::{self, AfterMissed, Destination, Entry, Queue, Route, Strategy};
use cordial_engine::id::{AgentId, QueueId, TenantId, TrunkId};
use cordial_engine::text::Text;
use cordial_engine::{
    Actor, Answer, Command, Endpoint, Engine, EntryId, Input, Now, Refusal, Report, Timestamp, WallTime,
};
use cordial_sim::world::{name, number};

/// The seed of every value measured; what it is does not matter.
pub(crate) const SEED: u64 = 1;

/// An engine and who is in it.
pub(crate) struct Site {
    pub(crate) engine: Engine,
    pub(crate) tenant: TenantId,
    pub(crate) trunk: TrunkId,
    pub(crate) agents: Vec<AgentId>,
    queues: u64,
}

impl Site {
    /// Every agent serves one of the queues, is logged in, and ready if asked for.
    pub(crate) fn furnish(agents: u64, queues: u64, strategy: Strategy, ready: bool) -> Self {
        let mut engine = Engine::new(SEED);
        let domain = Text::parse_some("one.example").expect("the domain is short");
        let added = engine.handle(at(0), Input::AddTenant { name: name("one"), domain });
        let Ok(Answer::Tenant(tenant, _)) = added else { panic!("a first tenant is not refused: {added:?}") };
        let mut site = Self { engine, tenant, trunk: TrunkId(0), agents: Vec::new(), queues };
        site.trunk = site.add_trunk();
        let lines: Vec<_> = (0..queues).map(|n| site.add_queue(n, strategy)).collect();
        for n in 0..agents {
            let queue = lines[usize::try_from(n % queues).expect("queues are few")];
            site.add_agent(n, queue, ready);
        }
        site.drain();
        site
    }

    /// A call from the carrier to one of the queues.
    pub(crate) fn arrival(&self, n: u64) -> Input {
        Input::Report(Report::LegArrived {
            from: Endpoint::Trunk(self.trunk),
            caller: Some(number(&format!("+4477{n:08}"))),
            caller_name: name(""),
            dialled: number(&format!("+44100{}", n % self.queues)),
        })
    }

    /// A command of the tenant.
    pub(crate) fn command(&self, command: Command) -> Input {
        Input::Command { tenant: self.tenant, by: Actor::Operator, command }
    }

    /// Throws away what was decided.
    pub(crate) fn drain(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            std::hint::black_box(event);
        }
        while let Some(action) = self.engine.poll_action() {
            std::hint::black_box(action);
        }
    }

    fn must(&mut self, command: Command) -> Answer {
        let said = format!("{command:?}");
        let input = self.command(command);
        let answer: Result<Answer, Refusal> = self.engine.handle(at(0), input);
        self.drain();
        answer.unwrap_or_else(|refusal| panic!("{said}: {refusal:?}"))
    }

    fn add(&mut self, entry: Entry) -> EntryId {
        let Answer::Added(id, _) = self.must(Command::Add(entry)) else { panic!("an entry is added") };
        id
    }

    fn add_trunk(&mut self) -> TrunkId {
        let EntryId::Trunk(trunk) = self.add(Entry::Trunk(carrier("10.1.0.1:5060"))) else {
            panic!("a trunk")
        };
        trunk
    }

    fn add_queue(&mut self, n: u64, strategy: Strategy) -> QueueId {
        let queue = Queue {
            strategy,
            max_waiting: 100_000,
            on_no_answer: AfterMissed::Rest { delay_ms: 5_000 },
            ..Queue::named(name(&format!("queue {n}")))
        };
        let EntryId::Queue(queue) = self.add(queue.into()) else { panic!("a queue") };
        self.add(route(&format!("+44100{n}"), queue));
        queue
    }

    fn add_agent(&mut self, n: u64, queue: QueueId, ready: bool) {
        let EntryId::Device(device) = self.add(device(&format!("1{n:06}"))) else { panic!("a device") };
        let EntryId::Agent(agent) = self.add(agent(&format!("agent {n}"))) else { panic!("an agent") };
        self.must(Command::Assign { agent, queue, tier: None });
        let registered = Input::Report(Report::DeviceRegistered { device });
        self.engine.handle(at(0), registered).expect("reports are not refused");
        self.must(Command::LogIn { agent, device });
        if ready {
            self.must(Command::Ready { agent });
        }
        self.agents.push(agent);
    }
}

/// So many milliseconds after the beginning, on both clocks.
pub(crate) fn at(ms: u64) -> Now {
    Now { at: Timestamp(ms), wall: WallTime(i64::try_from(ms).unwrap_or(i64::MAX)) }
}

/// A carrier at an address, known by it.
pub(crate) fn carrier(address: &str) -> entry::Trunk {
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
pub(crate) fn route(dialled: &str, queue: QueueId) -> Entry {
    Entry::Route(Route::to(number(dialled), Destination::Queue(queue)))
}

/// A phone.
pub(crate) fn device(own: &str) -> Entry {
    let display_name = name("desk");
    Entry::Device(entry::Device {
        number: number(own),
        display_name,
        digest: entry::Digest::Any,
        owner: None,
    })
}

/// A person.
pub(crate) fn agent(who: &str) -> Entry {
    Entry::Agent(entry::Agent { name: name(who), number: None, user: None, team: None, mailbox: None })
}
