//! Filling the directory: what an administrator does once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use cordial_engine::entry::{self, Entry, EntryId, Name, Queue};
use cordial_engine::id::{AgentId, DeviceId, QueueId, ReasonId, SkillId, TenantId, TrunkId};
use cordial_engine::text::{Number, Text};
use cordial_engine::{Actor, Answer, Command, Input};

use super::{NODE, World};
use crate::phone::{Phone, PhoneConfig};

/// SIP domains, one for each tenant of a world.
pub const DOMAINS: [&str; 2] = ["one.example", "two.example"];

/// RTP port of the first line of every phone; each has its own address.
const PHONE_RTP: u16 = 40_000;
const PASSWORD: &str = "s3cret";

/// A phone in the directory and in the world.
#[derive(Clone, Copy, Debug)]
pub struct Desk {
    /// Its entry.
    pub device: DeviceId,
    /// Its station.
    pub station: usize,
}

/// A carrier in the directory and in the world.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Its entry.
    pub trunk: TrunkId,
    /// Its station.
    pub station: usize,
}

/// A name as the directory takes it; names in stories are short and plain.
pub fn name(text: &str) -> Name {
    Name::parse(text).expect("a story's names are plain words")
}

/// A number as the directory takes it.
pub fn number(text: &str) -> Number {
    Number::parse(text).expect("a story's numbers are digits")
}

impl World {
    /// Asks and runs until the answer is there.
    pub fn must(&mut self, input: Input) -> Answer {
        let said = format!("{input:?}");
        let ask = self.ask(input).expect("the directory is filled while the node runs");
        while self.answer(ask).is_none() {
            assert!(self.violation().is_none(), "{:?}", self.violation());
            self.run_for(1);
        }
        match self.answer(ask) {
            Some(Ok(answer)) => answer.clone(),
            refused => panic!("{said}: {refused:?}"),
        }
    }

    /// Adds a tenant with one of the [`DOMAINS`].
    pub fn add_tenant(&mut self, title: &str, domain: &str) -> TenantId {
        let domain = Text::parse_some(domain).expect("the domains above are short");
        let Answer::Tenant(id, _) = self.must(Input::AddTenant { name: name(title), domain }) else {
            panic!("adding a tenant is answered with the tenant")
        };
        id
    }

    /// Adds an entry.
    pub fn add(&mut self, tenant: TenantId, entry: Entry) -> EntryId {
        let command = Command::Add(entry);
        let Answer::Added(id, _) = self.must(Input::Command { tenant, by: Actor::Operator, command }) else {
            panic!("adding an entry is answered with the entry")
        };
        id
    }

    /// Adds an agent who takes calls of some queues.
    pub fn add_agent(
        &mut self,
        tenant: TenantId,
        agent: &str,
        own: Option<&str>,
        queues: &[QueueId],
    ) -> AgentId {
        let entry = entry::Agent { number: own.map(number), ..entry::Agent::named(name(agent)) };
        let EntryId::Agent(id) = self.add(tenant, Entry::Agent(entry)) else {
            panic!("an agent's entry has an agent's id")
        };
        for queue in queues {
            let command = Command::Assign { agent: id, queue: *queue, tier: None };
            self.must(Input::Command { tenant, by: Actor::Operator, command });
        }
        id
    }

    /// Changes what a device is.
    pub fn change_device(
        &mut self,
        tenant: TenantId,
        device: DeviceId,
        change: impl FnOnce(&mut entry::Device),
    ) {
        let id = EntryId::Device(device);
        let entry = self.node().and_then(|node| node.engine().entry(tenant, id));
        let Some(Entry::Device(mut entry)) = entry else { panic!("a device's id has a device's entry") };
        change(&mut entry);
        let command = Command::Change(id, Entry::Device(entry));
        self.must(Input::Command { tenant, by: Actor::Operator, command });
    }

    /// Enables an agent's mailbox.
    pub fn give_mailbox(&mut self, tenant: TenantId, agent: AgentId) {
        self.change_agent(tenant, agent, |entry| entry.mailbox = Some(entry::Mailbox::default()));
    }

    /// Gives an agent a number of his own.
    pub fn give_number(&mut self, tenant: TenantId, agent: AgentId, number: Number) {
        self.change_agent(tenant, agent, |entry| entry.number = Some(number));
    }

    /// Adds something that agents can do.
    pub fn add_skill(&mut self, tenant: TenantId, skill: &str) -> SkillId {
        let EntryId::Skill(id) = self.add(tenant, Entry::Skill(entry::Skill { name: name(skill) })) else {
            panic!("a skill's entry has a skill's id")
        };
        id
    }

    /// Says what an agent can do, and how well.
    pub fn give_skills(&mut self, tenant: TenantId, agent: AgentId, skills: Vec<entry::SkillLevel>) {
        self.change_agent(tenant, agent, |entry| entry.skills = skills);
    }

    fn change_agent(&mut self, tenant: TenantId, agent: AgentId, change: impl FnOnce(&mut entry::Agent)) {
        let id = EntryId::Agent(agent);
        let entry = self.node().and_then(|node| node.engine().entry(tenant, id));
        let Some(Entry::Agent(mut entry)) = entry else { panic!("an agent's id has an agent's entry") };
        change(&mut entry);
        let command = Command::Change(id, Entry::Agent(entry));
        self.must(Input::Command { tenant, by: Actor::Operator, command });
    }

    /// Gives an agent a user who is a supervisor.
    pub fn make_supervisor(&mut self, tenant: TenantId, agent: AgentId) {
        let id = EntryId::Agent(agent);
        let entry = self.node().and_then(|node| node.engine().entry(tenant, id));
        let Some(Entry::Agent(entry)) = entry else { panic!("an agent's id has an agent's entry") };
        let user = entry::User {
            name: entry.name.clone(),
            roles: [entry::Role::Supervisor].into(),
            teams: None,
            queues: None,
        };
        let EntryId::User(user) = self.add(tenant, Entry::User(user)) else {
            panic!("a user's entry has a user's id")
        };
        let command = Command::Change(id, Entry::Agent(entry::Agent { user: Some(user), ..entry }));
        self.must(Input::Command { tenant, by: Actor::Operator, command });
    }

    /// Adds a queue.
    pub fn add_queue(&mut self, tenant: TenantId, queue: Queue) -> QueueId {
        let EntryId::Queue(id) = self.add(tenant, queue.into()) else {
            panic!("a queue's entry has a queue's id")
        };
        id
    }

    /// Adds a reason.
    pub fn add_reason(&mut self, tenant: TenantId, reason: &str) -> ReasonId {
        let EntryId::Reason(id) = self.add(tenant, Entry::Reason(entry::Reason::named(name(reason)))) else {
            panic!("a reason's entry has a reason's id")
        };
        id
    }

    /// Adds a device and the phone that is it.
    pub fn add_desk(
        &mut self,
        tenant: TenantId,
        domain: &str,
        own: &str,
        who: &str,
        tone_hz: Option<f64>,
    ) -> Desk {
        let entry = entry::Device::numbered(number(own), name(who));
        let EntryId::Device(device) = self.add(tenant, Entry::Device(entry)) else {
            panic!("a device's entry has a device's id")
        };
        self.set_device_secret(device, own, domain, PASSWORD);
        Desk { device, station: self.add_phone(domain, own, who, 2, tone_hz, None) }
    }

    /// Switches a phone on that belongs to a device already in the directory, or to nobody.
    pub fn add_phone(
        &mut self,
        domain: &str,
        own: &str,
        who: &str,
        lines: u16,
        tone_hz: Option<f64>,
        challenges: Option<(String, String)>,
    ) -> usize {
        let config = PhoneConfig {
            number: own.to_owned(),
            domain: domain.to_owned(),
            password: PASSWORD.to_owned(),
            sip: self.next_address(),
            server: NODE,
            lines,
            rtp_port: PHONE_RTP,
            tone_hz,
            expires_s: 120,
            challenges,
        };
        let phone = Phone::new(config, self.chance.number());
        // Nobody but us tells a desk phone that its call is over.
        self.add_station(who, phone.unasking())
    }

    /// Adds a trunk and the carrier behind it. One that challenges asks for digest and is asked for it.
    pub fn add_carrier(
        &mut self,
        tenant: TenantId,
        domain: &str,
        who: &str,
        tone_hz: Option<f64>,
        digest: bool,
    ) -> Line {
        let address = Text::parse_some(&self.next_address().to_string()).expect("an address is short");
        let trunk = entry::Trunk {
            name: name(who),
            address,
            transport: entry::Transport::Udp,
            sources: Vec::new(),
            username: digest.then(|| Text::parse_some(who).expect("a story's names are short")),
            authenticate_inbound: digest,
            outbound_prefixes: vec![number("+44"), number("00")],
            caller_number: Some(number("+441000")),
        };
        let EntryId::Trunk(trunk) = self.add(tenant, Entry::Trunk(trunk)) else {
            panic!("a trunk's entry has a trunk's id")
        };
        let challenges = digest.then(|| (who.to_owned(), PASSWORD.to_owned()));
        let station = self.add_phone(domain, who, who, 200, tone_hz, challenges);
        if digest {
            self.set_trunk_secret(trunk, PASSWORD);
        }
        Line { trunk, station }
    }

    fn next_address(&self) -> SocketAddr {
        let n = u8::try_from(self.stations.len() + 1).expect("a world has fewer than 255 stations");
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 1, 0, n)), 5060)
    }
}
