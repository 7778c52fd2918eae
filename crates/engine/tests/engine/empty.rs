//! Queues that are empty: who is not taken in, who leaves, when, and where they go.

use cordial_engine::command::Command;
use cordial_engine::entry::{Condition, Conditions, Overflow};
use expect_test::expect;

use crate::story::check_in;
use crate::world::{World, number};

/// Sales takes no calls and keeps none when nobody is ready; they go to help.
fn strict(world: &mut World) {
    world.change_queue("sales", |queue| {
        queue.refuse_when = Conditions::NOBODY_READY;
        queue.leave_when = Conditions::NOBODY_READY;
        queue.when_empty = Overflow::Number(number("600"));
    });
}

/// The vectors of Asterisk's `joinempty` and `leavewhenempty`: what an alias lists, in our words. Who is logged out is no
/// member there, so it is always listed; `invalid` devices do not exist here, and `penalty` is `out_of_reach`, which the
/// presets leave to who lists it: most queues reach everybody at once.
#[test]
fn the_presets_are_asterisks_aliases() {
    let ours = |flags: &[&str]| -> Conditions {
        let known = flags.iter().filter_map(|flag| match *flag {
            "paused" => Some(Condition::NotReady),
            "inuse" => Some(Condition::InCall),
            "ringing" => Some(Condition::Ringing),
            "unavailable" => Some(Condition::Unregistered),
            "wrapup" => Some(Condition::WrapUp),
            "penalty" | "invalid" => None,
            other => panic!("{other}"),
        });
        let any = !flags.is_empty();
        known.chain(any.then_some(Condition::LoggedOut)).collect()
    };
    let not_paused: Conditions = [Condition::LoggedOut, Condition::NotReady].into_iter().collect();
    for (alias, join, leave) in [
        ("yes", Conditions::NEVER, not_paused),
        ("no", not_paused, Conditions::NEVER),
        ("strict", Conditions::NOBODY_READY, Conditions::NOBODY_READY),
        ("loose", Conditions::NOBODY_LOGGED_IN, Conditions::NOBODY_LOGGED_IN),
    ] {
        let strict = ["penalty", "paused", "invalid", "unavailable"];
        let (joins, leaves): (&[&str], &[&str]) = match alias {
            "yes" => (&[], &strict[..3]),
            "no" => (&strict[..3], &[]),
            "strict" => (&strict, &strict),
            _ => (&["penalty", "invalid"], &["penalty", "invalid"]),
        };
        assert_eq!((ours(joins), ours(leaves)), (join, leave), "{alias}");
    }
}

#[test]
fn a_call_that_finds_the_queue_empty_goes_where_the_queue_says() {
    check_in(
        strict,
        "x calls 5551; count sales; quietly ann ready; quietly x hangs-up; y calls 5551; z calls 5551",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              WaitingEnded x sales TurnedAway(Empty) after 0 ms
              LegAnswered x
              CallQueued x help
                > answer x
                > play to x then music
            sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 1, waiting 0, offers 0 (0 expired)
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              LegAnswered y
              CallQueued y sales
              LegAdded 101 Callee
              OfferMade y to ann
                > answer y
                > play to y then music
                > ring 101 at 101 from y
            z calls 5551
              CallStarted z Inbound to 5551
              LegAdded z Caller
              LegAnswered z
              CallQueued z sales
                > answer z
                > play to z then music
        "#]],
    );
}

#[test]
fn who_waits_leaves_when_the_last_agent_goes() {
    check_in(
        strict,
        "quietly ann ready; quietly bob ready; quietly x calls 5551; quietly y calls 5551; quietly z calls 5551;
         quietly ann answers; ann not-ready; bob declines; 0s; quietly x hangs-up; count sales",
        expect![[r#"
            ann not-ready
              DutyPending ann not ready
              pending
            bob declines
              OfferEnded bob Declined
              LegCleared 102 Rejected
              AgentNotReady bob not ready: Declined
                > clear 102 Rejected
            0s
              WaitingEnded y sales SentAway(Empty) after 0 ms
              CallQueued y help
              WaitingEnded z sales SentAway(Empty) after 0 ms
              CallQueued z help
                > play to y then music
                > play to z then music
            sales: entered 3, answered 1 (1 in time, 0 ms), abandoned 0 (0 short), overflowed 2, refused 0, waiting 0, offers 2 (0 expired)
        "#]],
    );
}

#[test]
fn who_is_rung_for_a_call_is_there_for_it() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| queue.leave_when = Conditions::NOBODY_AVAILABLE);
        },
        "quietly ann ready; x calls 5551; 2s; y calls 5551; 0s; quietly ann declines; 0s; count sales",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
              LegAdded 101 Callee
              OfferMade x to ann
                > answer x
                > play to x then music
                > ring 101 at 101 from x
            2s
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              LegAnswered y
              CallQueued y sales
                > answer y
                > play to y then music
            0s
              WaitingEnded y sales SentAway(Empty) after 0 ms
              LegCleared y Unreachable
              CallCleared y Unreachable
              CallClosed y
                > clear y Unreachable
            0s
              WaitingEnded x sales SentAway(Empty) after 2000 ms
              LegCleared x Unreachable
              CallCleared x Unreachable
              CallClosed x
                > clear x Unreachable
            sales: entered 2, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 2, refused 0, waiting 0, offers 1 (0 expired)
        "#]],
    );
}

#[test]
fn an_empty_queue_is_left_after_a_while_and_by_no_one_too_early() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| {
                queue.leave_when = Conditions::NOBODY_READY;
                (queue.leave_after_ms, queue.leave_min_wait_ms) = (10_000, 5_000);
            });
        },
        "quietly x calls 5551; 8s; quietly y calls 5551; 1s; quietly ann ready; quietly ann declines; 9s; 1s; 3s;
         quietly z calls 5551; 4s; 1s; count sales",
        expect![[r#"
            8s
            1s
            9s
            1s
              WaitingEnded x sales SentAway(Empty) after 19000 ms
              LegCleared x Unreachable
              CallCleared x Unreachable
              CallClosed x
              WaitingEnded y sales SentAway(Empty) after 11000 ms
              LegCleared y Unreachable
              CallCleared y Unreachable
              CallClosed y
                > clear x Unreachable
                > clear y Unreachable
            3s
            4s
            1s
              WaitingEnded z sales SentAway(Empty) after 5000 ms
              LegCleared z Unreachable
              CallCleared z Unreachable
              CallClosed z
                > clear z Unreachable
            sales: entered 3, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 3, refused 0, waiting 0, offers 1 (0 expired)
        "#]],
    );
}

#[test]
fn a_queue_without_agents_is_empty_and_a_rule_without_conditions_never_holds() {
    check_in(
        |world| {
            for agent in ["ann", "bob", "cid"] {
                let (agent, queue) = (world.agent(agent), world.queue("sales"));
                world.granted(Command::Unassign { agent, queue });
            }
        },
        "x calls 5551; count sales",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
                > answer x
                > play to x then music
            sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 0, waiting 1, offers 0 (0 expired)
        "#]],
    );
    check_in(
        |world| {
            strict(world);
            for agent in ["ann", "bob", "cid"] {
                let (agent, queue) = (world.agent(agent), world.queue("sales"));
                world.granted(Command::Unassign { agent, queue });
            }
        },
        "quietly x calls 5551; count sales",
        expect![[r#"
            sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 1, waiting 0, offers 0 (0 expired)
        "#]],
    );
}

/// Asterisk's `penalty` among `joinempty` and `leavewhenempty`: Bob is free, on a level that calls reach after 20 s.
fn far(world: &mut World) {
    use cordial_engine::entry::{Reach, Tier};
    let (queue, agent) = (world.queue("sales"), world.agent("bob"));
    world.granted(Command::Assign { agent, queue, tier: Some(Tier { level: 5, ..Tier::default() }) });
    for gone in ["ann", "cid"].map(|label| world.agent(label)) {
        world.granted(Command::Unassign { agent: gone, queue });
    }
    world.granted(Command::Ready { agent });
    world.change_queue("sales", |queue| {
        queue.reach = vec![Reach { max_level: 0, ..Reach::ALL }, Reach { after_ms: 20_000, ..Reach::ALL }];
        queue.when_empty = Overflow::Number(number("600"));
    });
}

const OUT_OF_REACH: Conditions = Conditions::of(&[Condition::LoggedOut, Condition::OutOfReach]);

#[test]
fn whom_a_call_does_not_reach_yet_does_not_let_it_in() {
    let refusing = |world: &mut World| {
        far(world);
        world.change_queue("sales", |queue| queue.refuse_when = OUT_OF_REACH);
    };
    check_in(
        refusing,
        "x calls 5551",
        expect![[r#"
        x calls 5551
          CallStarted x Inbound to 5551
          LegAdded x Caller
          WaitingEnded x sales TurnedAway(Empty) after 0 ms
          LegAnswered x
          CallQueued x help
          LegAdded 102 Callee
          OfferMade x to bob
            > answer x
            > play to x then music
            > ring 102 at 102 from x
    "#]],
    );
    let without = |world: &mut World| {
        far(world);
        world.change_queue("sales", |queue| queue.refuse_when = Conditions::NOBODY_LOGGED_IN);
    };
    check_in(
        without,
        "x calls 5551",
        expect![[r#"
        x calls 5551
          CallStarted x Inbound to 5551
          LegAdded x Caller
          LegAnswered x
          CallQueued x sales
            > answer x
            > play to x then music
    "#]],
    );
}

/// Who waits stays when he reaches somebody before the rule has held for as long as it must.
#[test]
fn whom_a_call_does_not_reach_yet_does_not_keep_it() {
    let leaving = |after_ms: u64| {
        move |world: &mut World| {
            far(world);
            world.change_queue("sales", |queue| {
                (queue.leave_when, queue.leave_after_ms) = (OUT_OF_REACH, after_ms);
            });
        }
    };
    check_in(
        leaving(15_000),
        "quietly x calls 5551; 14s; 1s",
        expect![[r#"
        14s
        1s
          WaitingEnded x sales SentAway(Empty) after 15000 ms
          CallQueued x help
          LegAdded 102 Callee
          OfferMade x to bob
            > play to x then music
            > ring 102 at 102 from x
    "#]],
    );
    check_in(
        leaving(25_000),
        "quietly x calls 5551; 19s; 1s; 10s",
        expect![[r#"
        19s
        1s
          SearchWidened x Step(1)
          ServiceLevelBreached x 1 of 1
          LegAdded 102 Callee
          OfferMade x to bob
            > ring 102 at 102 from x
        10s
    "#]],
    );
}

#[test]
fn who_is_never_able_to_do_what_is_needed_is_out_of_reach() {
    use cordial_engine::entry::SkillLevel;
    let skilled = |world: &mut World| {
        let skill = crate::skills::skill(world, "french");
        world.change_queue("sales", |queue| {
            (queue.skills, queue.refuse_when) = (vec![SkillLevel { skill, level: 1 }], OUT_OF_REACH);
        });
        crate::skills::give(world, "bob", vec![SkillLevel { skill, level: 1 }]);
    };
    check_in(
        skilled,
        "x calls 5551; quietly x hangs-up; quietly bob log-out; y calls 5551",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
                > answer x
                > play to x then music
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              WaitingEnded y sales TurnedAway(Empty) after 0 ms
              LegCleared y Unreachable
              CallCleared y Unreachable
              CallClosed y
                > clear y Unreachable
        "#]],
    );
}
