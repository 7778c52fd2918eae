//! Who is asked: every strategy against the naive matcher, and against what other systems do.

use cordial_engine::call::Cause;
use cordial_engine::command::Command;
use cordial_engine::entry::*;
use cordial_engine::id::*;
use cordial_engine::{Endpoint, Entry, EntryId, Fact, Input, Refusal, Report, Timestamp};
use proptest::prelude::{ProptestConfig, any, proptest};

use crate::world::{World, name, number};

/// A queue of agents who are ready, and numbers that lead to it, each more urgent than the one before.
struct Floor {
    world: World,
    queues: [QueueId; 2],
    agents: Vec<AgentId>,
}

impl Floor {
    fn new(agents: usize, tiers: impl Fn(usize) -> Tier, change: impl Fn(usize, &mut Queue)) -> Self {
        let mut world = World::new();
        let mut queues = Vec::new();
        for (n, called) in ["first", "second"].into_iter().enumerate() {
            let mut queue = Queue {
                wrap_up_ms: 0,
                record: false,
                on_no_answer: AfterMissed::Rest { delay_ms: 1_000 },
                on_decline: AfterMissed::Rest { delay_ms: 1_000 },
                ..Queue::named(name(called))
            };
            change(n, &mut queue);
            let EntryId::Queue(id) = world.add(called, queue.into()) else { unreachable!() };
            queues.push(id);
            for urgency in 0..3 {
                let route = Route {
                    priority: Priority { urgency, head_start_ms: 0 },
                    ..Route::to(number(&format!("{n}{urgency}")), Destination::Queue(id))
                };
                world.add(route.number.clone().as_str(), Entry::Route(route));
            }
        }
        let carrier = Trunk {
            name: name("carrier"),
            address: name("192.0.2.1:5060"),
            transport: Transport::Udp,
            sources: vec![],
            username: None,
            authenticate_inbound: false,
            outbound_prefixes: vec![],
            caller_number: None,
        };
        world.add("carrier", Entry::Trunk(carrier));
        for called in ["s0", "s1"] {
            crate::skills::skill(&mut world, called);
        }
        let queues = [queues[0], queues[1]];
        let mut floor = Self { world, queues, agents: Vec::new() };
        for n in 0..agents {
            floor.hire(n, tiers(n));
        }
        floor
    }

    fn hire(&mut self, n: usize, tier: Tier) {
        let world = &mut self.world;
        let (label, phone) = (format!("a{n}"), format!("{}", 100 + n));
        let device = Device::numbered(number(&phone), name(&label));
        world.add(&phone, Entry::Device(device));
        let device = world.device(&phone);
        world.report(Report::DeviceRegistered { device }).0.expect("a report is never refused");
        let agent = Agent::named(name(&label));
        world.add(&label, Entry::Agent(agent));
        let agent = world.agent(&label);
        for queue in self.queues {
            world.granted(Command::Assign { agent, queue, tier: Some(tier) });
        }
        world.granted(Command::LogIn { agent, device });
        world.granted(Command::Ready { agent });
        self.agents.push(agent);
        // Nobody has been idle as long as anybody else.
        self.pass(1);
    }

    fn pass(&mut self, ms: u64) {
        let until = Timestamp(self.world.now.0 + ms);
        while let Some((due, _)) = self.world.engine.poll_timeout().filter(|(due, _)| *due <= until) {
            self.world.now = self.world.now.max(due);
            self.world.handle(Input::Timeout).0.expect("a timeout is never refused");
        }
        self.world.now = until;
    }

    /// A call comes in; gives who is asked to take it, in order.
    fn calls(&mut self, dialled: &str, caller: Option<&str>) -> Vec<usize> {
        let report = Report::LegArrived {
            from: Endpoint::Trunk(self.world.trunk("carrier")),
            caller: caller.map(number),
            caller_name: name(""),
            dialled: number(dialled),
        };
        let from = self.world.journal.len();
        self.world.report(report).0.expect("the call is taken");
        self.asked_since(from)
    }

    /// Whom the events from this one on ask.
    fn asked_since(&self, from: usize) -> Vec<usize> {
        let asked = self.world.journal[from..].iter().filter_map(|event| match &event.fact {
            Fact::OfferMade { agent, .. } => self.agents.iter().position(|other| other == agent),
            _other => None,
        });
        asked.collect()
    }

    /// The legs of the agent's phone.
    fn legs(&self, n: usize) -> Vec<LegId> {
        let device = self.world.device(&format!("{}", 100 + n));
        self.world.engine.device(self.world.tenant, device).expect("a device").legs
    }

    fn answers(&mut self, n: usize) {
        for leg in self.legs(n) {
            self.world.report(Report::LegAnswered { leg }).0.expect("a report is never refused");
        }
    }

    /// The agent's phone ends what it has: an offer or a call. Gives who is asked thereupon.
    fn clears(&mut self, n: usize, cause: Cause) -> Vec<usize> {
        let from = self.world.journal.len();
        for leg in self.legs(n) {
            self.world.report(Report::LegCleared { leg, cause }).0.expect("a report is never refused");
        }
        self.asked_since(from)
    }
}

const STRATEGIES: [Strategy; 12] = [
    Strategy::LongestIdle,
    Strategy::LeastRecent,
    Strategy::RoundRobin,
    Strategy::TopDown,
    Strategy::Sequential,
    Strategy::FewestCalls,
    Strategy::LeastTalk,
    Strategy::Random,
    Strategy::WeightedRandom,
    Strategy::RingAll,
    Strategy::RingLevel,
    Strategy::RingProgressively,
];

const fn reach(after_ms: u64, min_level: u16, max_level: u16, raise_level: u16) -> Reach {
    Reach { after_ms, min_level, max_level, raise_level }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// The checks behind [`World::handle`] look at every offer: whose turn it was, and who was to be asked.
    #[test]
    fn every_offer_goes_to_whom_it_should_and_nobody_waits_for_whom_somebody_is_free(
        strategies in [0..12_usize, 0..12],
        rules in [0..5_usize, 0..5],
        sticky in any::<bool>(),
        levels in proptest::collection::vec((0..3_u16, 0..3_u16, 0..3_u8), 1..7),
        needs in proptest::collection::vec((0..2_usize, 1..4_u8, 0..9_000_u64), 0..3),
        steps in proptest::collection::vec((0..12_u8, any::<u8>(), any::<u8>(), 0..4_000_u64), 1..120),
    ) {
        let tier = |n: usize| {
            let (level, position, skill) = levels[n];
            Tier { level, position, skill }
        };
        let mut floor = Floor::new(levels.len(), tier, |n, queue| {
            queue.strategy = STRATEGIES[strategies[n]];
            queue.reach = match rules[n] {
                0 => vec![reach(0, 0, 0, 0), reach(4_000, 0, 1, 0), reach(9_000, 0, 2, 0)],
                1 => vec![reach(0, 1, 2, 0), reach(3_000, 0, 2, 0)],
                2 => vec![reach(0, 0, 2, 1), reach(5_000, 0, 2, 2)],
                _all => Vec::new(),
            };
            (queue.skip_empty_levels, queue.skill_first) = (rules[n] == 0, sticky);
            (queue.weight, queue.promote_after_ms) = (rules[n] as u16 % 2, Some(12_000));
            queue.progress_ms = 2_000;
            queue.sticky = sticky.then_some(Sticky { remember_ms: 600_000, wait_ms: 5_000 });
        });
        let skill = |floor: &Floor, n: usize| match floor.world.ids[&format!("s{n}")] {
            EntryId::Skill(skill) => skill,
            other => unreachable!("{other:?}"),
        };
        // What the first queue needs falls by one level after another.
        let mut needed: Vec<SkillLevel> = Vec::new();
        let mut relaxed = Vec::new();
        for (which, level, after_ms) in needs {
            let skill = skill(&floor, which);
            if needed.iter().all(|need| need.skill != skill) {
                needed.push(SkillLevel { skill, level });
                relaxed.extend((0..level).map(|n| (after_ms + u64::from(n) * 1_500 + 1, SkillLevel { skill, level: level - n - 1 })));
            }
        }
        relaxed.sort_by_key(|(after_ms, _)| *after_ms);
        relaxed.dedup_by_key(|(after_ms, _)| *after_ms);
        let rings = relaxed.into_iter().map(|(after_ms, to)| Ring { after_ms, relax: vec![to] });
        if !needed.is_empty() {
            floor.world.change_queue("first", |queue| (queue.skills, queue.rings) = (needed, rings.take(5).collect()));
        }
        for (what, a, b, ms) in steps {
            let n = usize::from(a) % levels.len();
            match what {
                0..=3 => drop(floor.calls(&format!("{}{}", a % 2, b % 3), Some(["01", "02", "03"][usize::from(b) % 3]))),
                4 | 5 => floor.answers(n),
                6 | 7 => drop(floor.clears(n, if b % 2 == 0 { Cause::Normal } else { Cause::Rejected })),
                8 => {
                    let (agent, queue) = (floor.agents[n], floor.queues[usize::from(b) % 2]);
                    let tier = Tier { level: u16::from(b) % 3, position: u16::from(a) % 2, skill: b % 3 };
                    floor.world.command(Command::Assign { agent, queue, tier: Some(tier) }).0.ok();
                }
                9 => {
                    let skills = (0..2).filter(|which| a >> which & 1 == 1).map(|which| SkillLevel {
                        skill: skill(&floor, which),
                        level: b % 3 + 1,
                    });
                    let skills = skills.collect();
                    crate::skills::give(&mut floor.world, &format!("a{n}"), skills);
                }
                _ready => floor.world.command(Command::Ready { agent: floor.agents[n] }).0.map(drop).unwrap_or_default(),
            }
            floor.pass(ms);
        }
    }
}

const NOBODY: [usize; 0] = [];

/// Agents of one queue, each on his level; the other queue is not used.
fn floor_of(levels: &[u16], change: impl Fn(&mut Queue)) -> Floor {
    let tier = |n: usize| Tier { level: levels[n], position: 0, skill: 0 };
    Floor::new(levels.len(), tier, |n, queue| {
        if n == 0 {
            change(queue);
        }
    })
}

/// A call that is taken and ended: who took it.
fn served(floor: &mut Floor) -> usize {
    let asked = floor.calls("00", None);
    let agent = asked[0];
    floor.answers(agent);
    floor.pass(1_000);
    floor.clears(agent, Cause::Normal);
    agent
}

fn ready(floor: &mut Floor, n: usize, ready: bool) {
    let agent = floor.agents[n];
    let command = if ready {
        Command::Ready { agent }
    } else {
        Command::NotReady { agent, reason: None, note: name("") }
    };
    floor.world.command(command).0.expect("granted");
}

/// Asterisk's `rrmemory`: call by call, who was unavailable and who is rung.
#[test]
fn round_robin_remembers_as_asterisk_does() {
    let mut floor = floor_of(&[0; 4], |queue| queue.strategy = Strategy::RoundRobin);
    let rung: Vec<_> = (0..8).map(|_| served(&mut floor)).collect();
    assert_eq!(rung, [0, 1, 2, 3, 0, 1, 2, 3]);
    let mut floor = floor_of(&[0; 4], |queue| queue.strategy = Strategy::RoundRobin);
    let mut rung = Vec::new();
    for away in [&[][..], &[1], &[], &[1, 2, 3], &[], &[]] {
        away.iter().for_each(|n| ready(&mut floor, *n, false));
        rung.push(served(&mut floor));
        away.iter().for_each(|n| ready(&mut floor, *n, true));
    }
    assert_eq!(rung, [0, 2, 3, 0, 1, 2]);
}

/// FreeSWITCH's tier rules: the levels that have agents, how long a call has waited, whether the wait is multiplied, and the
/// levels that it reaches.
const TIER_RULES: [(&[u16], u64, bool, &[u16]); 42] = [
    (&[1, 2, 3], 0, true, &[1]),
    (&[1, 2, 3], 0, false, &[1]),
    (&[1, 2, 3], 29, true, &[1]),
    (&[1, 2, 3], 29, false, &[1]),
    (&[1, 2, 3], 30, true, &[1]),
    (&[1, 2, 3], 30, false, &[1, 2, 3]),
    (&[1, 2, 3], 59, true, &[1]),
    (&[1, 2, 3], 59, false, &[1, 2, 3]),
    (&[1, 2, 3], 60, true, &[1, 2]),
    (&[1, 2, 3], 60, false, &[1, 2, 3]),
    (&[1, 2, 3], 89, true, &[1, 2]),
    (&[1, 2, 3], 89, false, &[1, 2, 3]),
    (&[1, 2, 3], 90, true, &[1, 2, 3]),
    (&[1, 2, 3], 90, false, &[1, 2, 3]),
    (&[1, 3], 0, true, &[1]),
    (&[1, 3], 0, false, &[1]),
    (&[1, 3], 29, true, &[1]),
    (&[1, 3], 29, false, &[1]),
    (&[1, 3], 30, true, &[1]),
    (&[1, 3], 30, false, &[1, 3]),
    (&[1, 3], 59, true, &[1]),
    (&[1, 3], 59, false, &[1, 3]),
    (&[1, 3], 60, true, &[1]),
    (&[1, 3], 60, false, &[1, 3]),
    (&[1, 3], 89, true, &[1]),
    (&[1, 3], 89, false, &[1, 3]),
    (&[1, 3], 90, true, &[1, 3]),
    (&[1, 3], 90, false, &[1, 3]),
    (&[2, 3], 0, true, &[2]),
    (&[2, 3], 0, false, &[2]),
    (&[2, 3], 29, true, &[2]),
    (&[2, 3], 29, false, &[2]),
    (&[2, 3], 30, true, &[2]),
    (&[2, 3], 30, false, &[2, 3]),
    (&[2, 3], 59, true, &[2]),
    (&[2, 3], 59, false, &[2, 3]),
    (&[2, 3], 60, true, &[2]),
    (&[2, 3], 60, false, &[2, 3]),
    (&[2, 3], 89, true, &[2]),
    (&[2, 3], 89, false, &[2, 3]),
    (&[2, 3], 90, true, &[2, 3]),
    (&[2, 3], 90, false, &[2, 3]),
];

#[test]
fn a_call_reaches_the_tiers_that_freeswitch_scans() {
    for (levels, waited_s, multiply, reached) in TIER_RULES {
        let mut seen = Vec::new();
        for (n, level) in levels.iter().enumerate() {
            let mut floor = floor_of(levels, |queue| {
                queue.reach = Reach::tier_rules(30_000, multiply);
                queue.skip_empty_levels = true;
            });
            // The others are there and not ready, which counts as there.
            (0..levels.len()).filter(|other| *other != n).for_each(|other| ready(&mut floor, other, false));
            let mut asked = floor.calls("00", None);
            let from = floor.world.journal.len();
            floor.pass(waited_s * 1_000);
            asked.extend(floor.asked_since(from));
            if asked.contains(&n) {
                seen.push(*level);
            }
        }
        assert_eq!(seen, reached, "{levels:?} after {waited_s} s, multiplied: {multiply}");
    }
}

/// Asterisk's queue weight: agent 0 is in both queues, agent 1 in the heavy one alone.
#[test]
fn a_heavier_queue_comes_first_to_an_agent_of_both() {
    for (waiting, heavy_agents, gets_light) in [(1, 1, false), (1, 2, true), (0, 1, true)] {
        let mut floor = Floor::new(
            heavy_agents,
            |_| Tier::default(),
            |n, queue| {
                (queue.weight, queue.strategy) = (if n == 0 { 1 } else { 5 }, Strategy::Sequential);
            },
        );
        if heavy_agents == 2 {
            let (agent, queue) = (floor.agents[1], floor.queues[0]);
            floor.world.granted(Command::Unassign { agent, queue });
            // The one who can do both is asked by the heavy queue only when the other cannot.
            let (agent, queue) = (floor.agents[0], floor.queues[1]);
            floor.world.granted(Command::Assign {
                agent,
                queue,
                tier: Some(Tier { position: 1, ..Tier::default() }),
            });
        }
        (0..heavy_agents).for_each(|n| ready(&mut floor, n, false));
        let light = floor.calls("00", None);
        (0..waiting).for_each(|_| drop(floor.calls("10", None)));
        assert!(light.is_empty());
        let from = floor.world.journal.len();
        (0..heavy_agents).rev().for_each(|n| ready(&mut floor, n, true));
        let offered = floor.world.journal[from..].iter().any(|event| {
            matches!(event.fact, Fact::OfferMade { queue, agent, .. } if queue == floor.queues[0] && agent == floor.agents[0])
        });
        assert_eq!(offered, gets_light, "{waiting} wait for {heavy_agents}");
    }
}

/// FreeSWITCH's base score: (joined, head start) in seconds, and the order of service.
#[test]
fn a_head_start_counts_as_time_waited() {
    let mut floor = floor_of(&[0], |_| ());
    ready(&mut floor, 0, false);
    let mut calls = Vec::new();
    for (joined, head_start) in [(100, 0), (150, 60), (160, 50)] {
        let id = floor.world.ids["00"];
        let Some(Entry::Route(mut route)) = floor.world.engine.entry(floor.world.tenant, id) else {
            panic!("a route")
        };
        route.priority = Priority { urgency: 0, head_start_ms: head_start * 1_000 };
        floor.world.command(Command::Change(id, Entry::Route(route))).0.ok();
        floor.pass(joined * 1_000 - floor.world.now.0);
        floor.calls("00", None);
        calls.push(floor.world.engine.calls(floor.world.tenant).last().expect("it waits").id);
    }
    ready(&mut floor, 0, true);
    let mut order = Vec::new();
    for _ in 0..3 {
        let offers = floor.world.engine.offers(floor.world.tenant);
        order.push(calls.iter().position(|call| *call == offers[0].call).expect("one of them"));
        floor.answers(0);
        floor.clears(0, Cause::Normal);
    }
    assert_eq!(order, [1, 0, 2], "joined less head start: 90, 100, 110");
}

#[test]
fn the_least_recent_are_those_who_had_no_call_then_those_whose_call_ended_first() {
    let mut floor = floor_of(&[0, 0, 2], |queue| queue.strategy = Strategy::LeastRecent);
    let served: Vec<_> = (0..5).map(|_| served(&mut floor)).collect();
    assert_eq!(
        served,
        [0, 1, 0, 1, 0],
        "a level is a level: the third is not asked while the others are free"
    );
}

#[test]
fn ring_level_rings_a_level_and_the_next_when_nobody_takes_it() {
    let mut floor = floor_of(&[0, 0, 1], |queue| queue.strategy = Strategy::RingLevel);
    assert_eq!(floor.calls("00", None), [0, 1]);
    assert_eq!(floor.clears(0, Cause::Rejected), NOBODY, "the other still rings");
    assert_eq!(floor.clears(1, Cause::Rejected), [2]);
}

#[test]
fn ring_progressively_rings_one_more_each_time() {
    let mut floor = floor_of(&[1, 0, 0], |queue| queue.strategy = Strategy::RingProgressively);
    assert_eq!(floor.calls("00", None), [1]);
    for (after_ms, asked) in [(9_999, &[][..]), (1, &[2]), (9_998, &[]), (2, &[0])] {
        let from = floor.world.journal.len();
        floor.pass(after_ms);
        assert_eq!(floor.asked_since(from), asked);
    }
}

#[test]
fn a_caller_gets_the_agent_of_last_time_or_after_a_while_anybody() {
    let sticky = Sticky { remember_ms: 3_600_000, wait_ms: 5_000 };
    let mut floor = floor_of(&[0, 0], |queue| queue.sticky = Some(sticky));
    assert_eq!(floor.calls("00", Some("0177")), [0]);
    floor.answers(0);
    floor.pass(1_000);
    floor.clears(0, Cause::Normal);
    assert_eq!(floor.calls("00", Some("0177")), [0], "though the other has been idle longer");
    floor.answers(0);
    floor.pass(1_000);
    // Another call of his waits for him while he talks, and then for anybody.
    assert_eq!(floor.calls("00", Some("0177")), NOBODY);
    let from = floor.world.journal.len();
    floor.pass(4_999);
    assert_eq!(floor.asked_since(from), NOBODY);
    floor.pass(1);
    assert_eq!(floor.asked_since(from), [1]);
    // When he leaves, nobody waits for him any longer.
    floor.answers(1);
    assert_eq!(floor.calls("00", Some("0178")), NOBODY);
    floor.clears(1, Cause::Normal);
    floor.answers(1);
    assert_eq!(floor.calls("00", Some("0177")), NOBODY, "the other was the last, and talks");
    ready(&mut floor, 1, false);
    assert_eq!(floor.clears(0, Cause::Normal), [0]);
}

#[test]
fn calls_of_a_number_are_for_its_agent_first_and_after_a_while_for_anybody() {
    let sticky = Sticky { remember_ms: 3_600_000, wait_ms: 5_000 };
    let mut floor = floor_of(&[0, 0], |queue| queue.sticky = Some(sticky));
    let id = floor.world.ids["00"];
    let preference = Some(Preference { agent: floor.agents[1], wait_ms: 3_000 });
    let route = Route { preference, ..Route::to(number("00"), Destination::Queue(floor.queues[0])) };
    floor.world.granted(Command::Change(id, Entry::Route(route)));
    assert_eq!(floor.calls("00", Some("0177")), [1], "though the other has been idle longer");
    floor.answers(1);
    // While he talks, the next waits for him, and then for anybody.
    assert_eq!(floor.calls("00", Some("0178")), NOBODY);
    let from = floor.world.journal.len();
    floor.pass(2_999);
    assert_eq!(floor.asked_since(from), NOBODY);
    floor.pass(1);
    assert_eq!(floor.asked_since(from), [0]);
    floor.answers(0);
    floor.clears(0, Cause::Normal);
    floor.clears(1, Cause::Normal);
    // The number comes before the agent of last time; when its agent is not there, he does not.
    assert_eq!(floor.calls("00", Some("0178")), [1]);
    assert_eq!(floor.clears(1, Cause::Rejected), [0]);
    floor.answers(0);
    floor.clears(0, Cause::Normal);
    ready(&mut floor, 1, false);
    assert_eq!(floor.calls("00", Some("0179")), [0], "nobody waits for who is not there");
    let agent = EntryId::Agent(floor.agents[1]);
    floor.world.granted(Command::LogOut { agent: floor.agents[1], reason: None });
    let refused = floor.world.command(Command::Remove(agent));
    assert_eq!(refused.0.unwrap_err(), Refusal::InUse(Kind::Agent, "a route"));
}

#[test]
fn top_down_goes_on_from_whom_it_asked_and_begins_anew_with_each_caller() {
    let mut floor = floor_of(&[0, 0, 1], |queue| queue.strategy = Strategy::TopDown);
    ready(&mut floor, 0, false);
    assert_eq!(floor.calls("00", None), [1]);
    ready(&mut floor, 0, true);
    assert_eq!(floor.clears(1, Cause::Rejected), [2], "0 comes before 1, who has been asked");
    assert_eq!(floor.clears(2, Cause::Rejected), [0], "the last was asked: from the first");
    floor.pass(5_000);
    assert_eq!(floor.calls("00", None), [1], "another caller has his own");
}
