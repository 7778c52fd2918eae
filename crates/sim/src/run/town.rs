//! Who lives in a seed: tenants, queues, agents with their phones, carriers, and the weather.

use cordial_engine::entry::{
    AfterMissed, Conditions, Destination, Disposition, Entry, EntryId, Overflow, Priority, Queue, Reach,
    Ring, Route, SkillLevel, Sticky, Strategy, Tier,
};
use cordial_engine::id::{AgentId, DispositionId, QueueId, ReasonId, SkillId, TenantId};
use cordial_engine::limits::RINGS_MAX;
use cordial_engine::{Actor, Command, Input};

use crate::chance::Chance;
use crate::network::Weather;
use crate::tamper::STRATEGIES;
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
    let mut skilled = chance.clone().branch();
    let skills = ["french", "billing"].map(|title| world.add_skill(tenant, title));
    for n in 0..chance.within(1..=3) {
        let mut queue = draw_queue(chance, n, queues.last().copied());
        draw_needs(&mut skilled, &mut queue, skills);
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
        draw_tiers(world, chance, tenant, agent, &serves);
        draw_skills(world, &mut skilled, tenant, agent, skills);
        let tone = world.has_audio().then_some(1_300.0);
        let desk = world.add_desk(tenant, domain, &format!("10{n}"), &format!("desk {index}.{n}"), tone);
        agents.push((agent, desk));
    }
    let (digest, tone) = (chance.permille(300), world.has_audio().then_some(700.0));
    let carrier = world.add_carrier(tenant, domain, &format!("carrier{index}"), tone, digest);
    add_routes(world, chance, tenant, &queues, agents[0]);
    Company { tenant, agents, queues, reason, disposition, carrier }
}

/// Half of the agents are on one level with one skill everywhere, as in most places.
fn draw_tiers(world: &mut World, chance: &mut Chance, tenant: TenantId, agent: AgentId, serves: &[QueueId]) {
    for queue in serves.iter().copied() {
        if chance.permille(500) {
            continue;
        }
        let (level, position, skill) = (chance.within(0..=2), chance.within(1..=3), chance.within(0..=2));
        let tier = Tier { level: level as u16, position: position as u16, skill: skill as u8 };
        let command = Command::Assign { agent, queue, tier: Some(tier) };
        world.must(Input::Command { tenant, by: Actor::Operator, command });
    }
}

/// A third of the queues need something; in most of these a call that has waited needs less of it.
fn draw_needs(chance: &mut Chance, queue: &mut Queue, skills: [SkillId; 2]) {
    if !chance.permille(350) {
        return;
    }
    for skill in skills {
        if chance.permille(300) {
            continue;
        }
        queue.skills.push(SkillLevel { skill, level: chance.within(1..=3) as u8 });
    }
    let mut after_ms = 0;
    for needed in queue.skills.clone() {
        for level in (0..needed.level).rev() {
            if chance.permille(400) {
                continue;
            }
            after_ms += chance.within(1_000..=6_000);
            queue.rings.push(Ring { after_ms, relax: vec![SkillLevel { level, ..needed }] });
        }
    }
    queue.rings.truncate(RINGS_MAX);
}

fn draw_skills(
    world: &mut World,
    chance: &mut Chance,
    tenant: TenantId,
    agent: AgentId,
    skills: [SkillId; 2],
) {
    let has = skills.into_iter().filter(|_| chance.permille(600)).collect::<Vec<_>>();
    let has = has.into_iter().map(|skill| SkillLevel { skill, level: chance.within(1..=3) as u8 });
    let has: Vec<_> = has.collect();
    if !has.is_empty() {
        world.give_skills(tenant, agent, has);
    }
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
        let destination = Destination::Queue(*queue);
        let plain = Priority::default();
        add_route(world, tenant, &format!("+44100{n}"), greeting, destination, plain);
        // The same queue for those who matter more.
        let urgent =
            Priority { urgency: chance.within(0..=2) as u8, head_start_ms: chance.within(0..=20_000) };
        add_route(world, tenant, &format!("+44101{n}"), None, destination, urgent);
    }
    let plain = Priority::default();
    let welcome = Some(name("en/welcome"));
    add_route(world, tenant, "+44200", None, Destination::Agent(first.0), plain);
    add_route(world, tenant, "+44201", None, Destination::Device(first.1.device), plain);
    add_route(world, tenant, "+44202", welcome, Destination::Clear, plain);
}

fn add_route(
    world: &mut World,
    tenant: TenantId,
    dialled: &str,
    greeting: Option<cordial_engine::entry::Name>,
    destination: Destination,
    priority: Priority,
) {
    let route = Route { greeting, priority, ..Route::to(number(dialled), destination) };
    world.add(tenant, Entry::Route(route));
}

fn draw_queue(chance: &mut Chance, n: u64, earlier: Option<QueueId>) -> Queue {
    let missed = |chance: &mut Chance| match chance.permille(500) {
        true => AfterMissed::NotReady,
        false => AfterMissed::Rest { delay_ms: chance.within(1_000..=8_000) },
    };
    let mut empty = chance.clone().branch();
    Queue {
        number: Some(number(&format!("50{n}"))),
        strategy: draw_strategy(chance),
        offer_ms: chance.within(4_000..=15_000),
        wrap_up_ms: if chance.permille(300) { 0 } else { chance.within(2_000..=20_000) },
        on_no_answer: missed(chance),
        on_decline: missed(chance),
        max_wait_ms: chance.permille(400).then(|| chance.within(10_000..=60_000)),
        overflow: earlier.map_or(Overflow::Clear, Overflow::Queue),
        max_waiting: if chance.permille(300) { 2 } else { 100 },
        record: chance.permille(700),
        reach: draw_reach(chance),
        skip_empty_levels: chance.permille(500),
        skill_first: chance.permille(300),
        progress_ms: chance.within(1_000..=5_000),
        weight: if chance.permille(300) { 1 } else { 0 },
        promote_after_ms: chance.permille(300).then(|| chance.within(5_000..=30_000)),
        sticky: chance
            .permille(300)
            .then(|| Sticky { remember_ms: 600_000, wait_ms: chance.within(1_000..=10_000) }),
        refuse_when: if empty.permille(150) { Conditions::NOBODY_LOGGED_IN } else { Conditions::NEVER },
        leave_when: if empty.permille(150) { Conditions::NOBODY_READY } else { Conditions::NEVER },
        leave_after_ms: empty.within(0..=10_000),
        when_empty: earlier.map_or(Overflow::Clear, Overflow::Queue),
        ..Queue::named(name(&format!("queue {n}")))
    }
}

/// Longest idle and ring all as often as all others together, for that is what most queues do.
fn draw_strategy(chance: &mut Chance) -> Strategy {
    match chance.within(0..=5) {
        0 | 1 => Strategy::LongestIdle,
        2 => Strategy::RingAll,
        _ => *chance.pick(&STRATEGIES).expect("there are twelve"),
    }
}

/// Everybody at once, more levels with time, or the lower ones asked together.
fn draw_reach(chance: &mut Chance) -> Vec<Reach> {
    let step =
        |after_ms, min_level, max_level, raise_level| Reach { after_ms, min_level, max_level, raise_level };
    match chance.within(0..=5) {
        0 => vec![step(0, 0, 0, 0), step(4_000, 0, 1, 0), step(9_000, 0, 2, 0)],
        1 => vec![step(0, 1, 2, 0), step(5_000, 0, 2, 0)],
        2 => vec![step(0, 0, 2, 1), step(5_000, 0, 2, 2)],
        _ => Vec::new(),
    }
}
