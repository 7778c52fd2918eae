//! Who lives in a seed: tenants, queues, agents with their phones, carriers, and the weather.

use cordial_engine::entry::{
    AfterMissed, Conditions, Destination, Disposition, Entry, EntryId, Overflow, Queue, Route, Strategy,
};
use cordial_engine::id::{AgentId, DispositionId, QueueId, ReasonId, TenantId};

use crate::chance::Chance;
use crate::network::Weather;
use crate::world::{DOMAINS, Desk, Line, Settings, World, name, number};

/// One company of a seed.
pub(super) struct Company {
    pub(super) tenant: TenantId,
    pub(super) agents: Vec<(AgentId, Desk)>,
    pub(super) queues: Vec<QueueId>,
    pub(super) reason: ReasonId,
    pub(super) disposition: DispositionId,
    pub(super) carrier: Line,
}

/// What may go wrong in a seed.
#[derive(Clone, Debug)]
pub(super) struct Climate {
    pub(super) weather: Weather,
    pub(super) crashes: bool,
    pub(super) cuts: bool,
    pub(super) clock_steps: bool,
    pub(super) power_cuts: bool,
}

impl Climate {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let weather = match chance.within(0..=9) {
            0..=4 => Weather::FAIR,
            5..=7 => {
                Weather { loss_permille: 30, repeat_permille: 20, reorder_permille: 20, delay_ms: 2..=30 }
            }
            _ => {
                Weather { loss_permille: 150, repeat_permille: 50, reorder_permille: 100, delay_ms: 5..=120 }
            }
        };
        Self {
            weather,
            crashes: chance.permille(350),
            cuts: chance.permille(250),
            clock_steps: chance.permille(300),
            power_cuts: chance.permille(250),
        }
    }

    /// Whether the network itself never loses anything.
    pub(super) fn is_fair(&self) -> bool {
        self.weather == Weather::FAIR && !self.cuts
    }
}

pub(super) fn settings(seed: u64, chance: &mut Chance) -> Settings {
    let commit_ms = match chance.within(0..=9) {
        0..=6 => 0..=5,
        7..=8 => 20..=80,
        _ => 100..=400,
    };
    let audio = seed.is_multiple_of(20);
    Settings { seed, commit_ms, audio, ladder: false, crashes: None, timer_only_s: None }
}

pub(super) fn company(world: &mut World, chance: &mut Chance, index: usize) -> Company {
    let domain = DOMAINS[index];
    let tenant = world.add_tenant(&format!("company {index}"), domain);
    let mut queues: Vec<QueueId> = Vec::new();
    for n in 0..chance.within(1..=3) {
        let queue = draw_queue(chance, n, queues.last().copied());
        queues.push(world.add_queue(tenant, queue));
    }
    let reason = world.add_reason(tenant, "lunch");
    let entry = Entry::Disposition(Disposition { name: name("sold") });
    let EntryId::Disposition(disposition) = world.add(tenant, entry) else {
        panic!("a disposition's entry has a disposition's id")
    };
    let people = if index == 0 { chance.within(2..=8) } else { chance.within(1..=2) };
    let mut agents = Vec::new();
    for n in 0..people {
        let mut serves: Vec<QueueId> = queues.iter().copied().filter(|_| chance.permille(700)).collect();
        if serves.is_empty() {
            serves.push(queues[0]);
        }
        let agent = world.add_agent(tenant, &format!("agent {n}"), Some(&format!("30{n}")), &serves);
        let tone = world.has_audio().then_some(1_300.0);
        let desk = world.add_desk(tenant, domain, &format!("10{n}"), &format!("desk {index}.{n}"), tone);
        agents.push((agent, desk));
    }
    let (digest, tone) = (chance.permille(300), world.has_audio().then_some(700.0));
    let carrier = world.add_carrier(tenant, domain, &format!("carrier{index}"), tone, digest);
    add_routes(world, chance, tenant, &queues, agents[0]);
    Company { tenant, agents, queues, reason, disposition, carrier }
}

fn add_routes(
    world: &mut World,
    chance: &mut Chance,
    tenant: TenantId,
    queues: &[QueueId],
    first: (AgentId, Desk),
) {
    for (n, queue) in queues.iter().enumerate() {
        let greeting = chance.permille(300).then(|| name("en/welcome"));
        add_route(world, tenant, &format!("+44100{n}"), greeting, Destination::Queue(*queue));
    }
    let welcome = Some(name("en/welcome"));
    add_route(world, tenant, "+44200", None, Destination::Agent(first.0));
    add_route(world, tenant, "+44201", None, Destination::Device(first.1.device));
    add_route(world, tenant, "+44202", welcome, Destination::Clear);
}

fn add_route(
    world: &mut World,
    tenant: TenantId,
    dialled: &str,
    greeting: Option<cordial_engine::entry::Name>,
    destination: Destination,
) {
    world.add(tenant, Entry::Route(Route { greeting, ..Route::to(number(dialled), destination) }));
}

fn draw_queue(chance: &mut Chance, n: u64, earlier: Option<QueueId>) -> Queue {
    let missed = |chance: &mut Chance| match chance.permille(500) {
        true => AfterMissed::NotReady,
        false => AfterMissed::Rest { delay_ms: chance.within(1_000..=8_000) },
    };
    let mut empty = chance.clone().branch();
    Queue {
        number: Some(number(&format!("50{n}"))),
        strategy: if chance.permille(300) { Strategy::RingAll } else { Strategy::LongestIdle },
        offer_ms: chance.within(4_000..=15_000),
        wrap_up_ms: if chance.permille(300) { 0 } else { chance.within(2_000..=20_000) },
        on_no_answer: missed(chance),
        on_decline: missed(chance),
        max_wait_ms: chance.permille(400).then(|| chance.within(10_000..=60_000)),
        overflow: earlier.map_or(Overflow::Clear, Overflow::Queue),
        max_waiting: if chance.permille(300) { 2 } else { 100 },
        record: chance.permille(700),
        refuse_when: if empty.permille(150) { Conditions::NOBODY_LOGGED_IN } else { Conditions::NEVER },
        leave_when: if empty.permille(150) { Conditions::NOBODY_READY } else { Conditions::NEVER },
        leave_after_ms: empty.within(0..=10_000),
        when_empty: earlier.map_or(Overflow::Clear, Overflow::Queue),
        ..Queue::named(name(&format!("queue {n}")))
    }
}
