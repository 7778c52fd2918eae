//! Skills: who can do what a queue needs is asked, and who nearly can when a call has waited long enough.

use cordial_engine::command::Command;
use cordial_engine::entry::*;
use cordial_engine::id::*;
use cordial_engine::{Answer, Entry, EntryId, Refusal};
use expect_test::expect;

use crate::story::check_in;
use crate::world::{World, name};

pub(crate) fn skill(world: &mut World, called: &str) -> SkillId {
    match world.add(called, Entry::Skill(Skill { name: name(called) })) {
        EntryId::Skill(id) => id,
        other => panic!("{called} is {other:?}"),
    }
}

fn level(skill: SkillId, level: u8) -> SkillLevel {
    SkillLevel { skill, level }
}

pub(crate) fn give(world: &mut World, agent: &str, skills: Vec<SkillLevel>) {
    let id = world.ids[agent];
    let Some(Entry::Agent(entry)) = world.engine.entry(world.tenant, id) else {
        panic!("{agent} is no agent")
    };
    world.command(Command::Change(id, Entry::Agent(Agent { skills, ..entry }))).0.ok();
}

/// Sales needs French 8, after 20 s French 4, after 40 s none; Bob has French 9, Ann French 5, Cid none.
fn french(world: &mut World) {
    let french = skill(world, "french");
    give(world, "ann", vec![level(french, 5)]);
    give(world, "bob", vec![level(french, 9)]);
    world.change_queue("sales", |queue| {
        queue.skills = vec![level(french, 8)];
        queue.rings = vec![
            Ring { after_ms: 20_000, relax: vec![level(french, 4)] },
            Ring { after_ms: 40_000, relax: vec![level(french, 0)] },
        ];
    });
}

#[test]
fn a_call_goes_to_who_can_before_who_has_been_idle_longer() {
    check_in(
        french,
        "quietly cid ready; quietly ann ready; quietly 60s; quietly bob ready; x calls 5551",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
              LegAdded 102 Callee
              OfferMade x to bob
                > answer x
                > play to x then music
                > ring 102 at 102 from x
        "#]],
    );
}

#[test]
fn a_call_waits_for_who_can_until_less_is_enough() {
    check_in(
        french,
        "quietly cid ready; quietly ann ready; quietly x calls 5551; 20s; quietly ann answers; quietly y calls 5551; 39s; 1s",
        expect![[r#"
            20s
              SearchWidened x Step(1)
              ServiceLevelBreached x 1 of 1
              LegAdded 101 Callee
              OfferMade x to ann
                > ring 101 at 101 from x
            39s
              SearchWidened y Step(1)
              ServiceLevelBreached y 1 of 1
            1s
              SearchWidened y Step(2)
              LegAdded 103 Callee
              OfferMade y to cid
                > ring 103 at 103 from y
        "#]],
    );
}

#[test]
fn with_two_rings_open_the_better_fitting_is_asked_first() {
    check_in(
        french,
        "quietly x calls 5551; quietly 45s; cid ready; quietly ann ready; quietly 5s; quietly bob ready; cid rejects",
        expect![[r#"
            cid ready
              AgentReady cid
              LegAdded 103 Callee
              OfferMade x to cid
                > ring 103 at 103 from x
            cid rejects
              OfferEnded cid Declined
              LegCleared 103 Rejected
              AgentNotReady cid not ready: Declined
              LegAdded 102 Callee
              OfferMade x to bob
                > ring 102 at 102 from x
        "#]],
    );
}

/// Nobody is logged out, and the call that waits is offered at once.
#[test]
fn who_learns_what_a_queue_needs_is_asked_at_once() {
    let mut world = World::new();
    world.furnish();
    french(&mut world);
    let EntryId::Skill(french) = world.ids["french"] else { unreachable!() };
    let cid = world.agent("cid");
    world.granted(Command::Ready { agent: cid });
    world.arrives("5551");
    assert!(world.engine.offers(world.tenant).is_empty(), "cid speaks no French");
    give(&mut world, "cid", vec![level(french, 8)]);
    let offers = world.engine.offers(world.tenant);
    assert_eq!(offers.iter().map(|offer| offer.agent).collect::<Vec<_>>(), [cid]);
    // Who is being asked is asked on, whatever is forgotten meanwhile.
    give(&mut world, "cid", vec![]);
    assert_eq!(world.engine.offers(world.tenant).len(), 1);
    let view = world.engine.agent(world.tenant, cid).unwrap();
    assert_eq!(view.duty, cordial_engine::agent::Duty::Ready);
}

#[test]
fn who_can_never_do_what_a_queue_needs_is_not_asked() {
    let mut world = World::new();
    world.furnish();
    french(&mut world);
    world.change_queue("sales", |queue| queue.rings.truncate(1));
    let cid = world.agent("cid");
    world.granted(Command::Ready { agent: cid });
    world.arrives("5551");
    world.now.0 += 3_600_000;
    while world.engine.poll_timeout().is_some_and(|(due, _)| due <= world.now) {
        world.handle(cordial_engine::Input::Timeout).0.unwrap();
    }
    assert!(world.engine.offers(world.tenant).is_empty());
    world.change_queue("sales", |queue| (queue.rings, queue.skills) = (vec![], vec![]));
    assert_eq!(world.engine.offers(world.tenant).len(), 1, "nothing is needed any more");
}

#[test]
fn skills_and_rings_keep_within_bounds() {
    let mut world = World::new();
    world.furnish();
    french(&mut world);
    let EntryId::Skill(french) = world.ids["french"] else { unreachable!() };
    let EntryId::Queue(sales) = world.ids["sales"] else { unreachable!() };
    let ring = |after_ms, to| Ring { after_ms, relax: vec![level(french, to)] };
    let mut refused = |skills: Vec<SkillLevel>, rings: Vec<Ring>| {
        let entry = Queue { skills, rings, ..Queue::named(name("sales")) };
        world.command(Command::Change(EntryId::Queue(sales), entry.into())).0
    };
    let needs = |to| vec![level(french, to)];
    let skills = |said: Result<Answer, Refusal>| {
        assert!(matches!(said, Err(Refusal::Invalid { field: "skills", .. })), "{said:?}");
    };
    skills(refused(needs(11), vec![]));
    skills(refused(needs(0), vec![]));
    skills(refused([needs(1), needs(2)].concat(), vec![]));
    let rings = |said: Result<Answer, Refusal>| {
        assert!(matches!(said, Err(Refusal::Invalid { field: "rings", .. })), "{said:?}");
    };
    rings(refused(needs(5), vec![ring(0, 4)]));
    rings(refused(needs(5), vec![ring(9, 4), ring(9, 3)]));
    rings(refused(needs(5), vec![ring(9, 5)]));
    rings(refused(needs(5), vec![ring(9, 3), ring(10, 4)]));
    rings(refused(vec![], vec![ring(9, 3)]));
    let seven = (1..=7).map(|n| ring(n, 10 - n as u8)).collect();
    assert_eq!(refused(needs(10), seven), Err(Refusal::LimitReached("rings")));
    assert_eq!(refused(vec![level(SkillId(9_999), 1)], vec![]), Err(Refusal::NotFound(Kind::Skill)));
    let removed = world.command(Command::Remove(EntryId::Skill(french))).0;
    assert_eq!(removed, Err(Refusal::InUse(Kind::Skill, "an agent")));
}
