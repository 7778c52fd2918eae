//! An agent's state in one queue: asked for queue by queue, as systems do that keep a state per agent and queue.

use expect_test::expect;

use crate::story::{check, check_in};
use crate::world::World;

fn without_auto_ready(world: &mut World) {
    for queue in ["sales", "help"] {
        world.change_queue(queue, |queue| {
            queue.auto_ready = false;
            queue.auto_not_ready_after_other_call = true;
        });
    }
}

#[test]
fn who_is_ready_in_one_queue_is_not_ready_in_another_by_that() {
    check(
        "ann asks sales ready; show ann; ann asks sales ready; ann asks help ready; ann asks sales not-ready; \
         ann asks help not-ready; ann asks help not-ready; show ann",
        expect![[r#"
            ann asks sales ready
              MembershipSet ann help NotReady
              AgentReady ann
            ann: ready, idle, device Idle
            ann asks sales ready
              refused: already-so (it is so already)
            ann asks help ready
              MembershipSet ann help Ready
            ann asks sales not-ready
              MembershipSet ann sales NotReady
            ann asks help not-ready
              MembershipSet ann help NotReady
              AgentNotReady ann not ready
            ann asks help not-ready
              refused: already-so (it is so already)
            ann: not ready, idle, device Idle
        "#]],
    );
}

#[test]
fn logging_in_to_one_queue_brings_no_other_back_and_makes_ready_if_the_queue_says_so() {
    check(
        "quietly ann log-out; ann asks sales ready; ann asks sales log-in; ann asks sales log-in 102; \
         ann asks sales log-in 101; ann asks sales log-in; ann asks help ready; ann asks sales log-out; \
         ann asks sales log-out; show ann",
        expect![[r#"
            ann asks sales ready
              refused: not-logged-in (the agent is not logged in)
            ann asks sales log-in
              refused: not-logged-in (the agent is not logged in)
            ann asks sales log-in 102
              refused: device-taken (another agent is logged in at that device)
            ann asks sales log-in 101
              MembershipSet ann sales Out
              MembershipSet ann help Out
              AgentLoggedIn ann
              AgentReady ann
              MembershipSet ann sales Ready
            ann asks sales log-in
              refused: already-so (it is so already)
            ann asks help ready
              refused: not-logged-in (the agent is not logged in)
            ann asks sales log-out
              MembershipSet ann sales Out
              AgentNotReady ann not ready
            ann asks sales log-out
              refused: already-so (it is so already)
            ann: not ready, idle, device Idle
        "#]],
    );
    check_in(
        without_auto_ready,
        "quietly ann log-out; ann asks sales log-in 101; show ann",
        expect![[r#"
            ann asks sales log-in 101
              MembershipSet ann sales Out
              MembershipSet ann help Out
              AgentLoggedIn ann
              MembershipSet ann sales NotReady
            ann: not ready, idle, device Idle
        "#]],
    );
}

#[test]
fn what_is_asked_for_in_a_call_is_noted_and_takes_effect_after_it() {
    check(
        "quietly ann asks help ready; quietly x calls 5552; quietly ann answers; ann asks help log-out; \
         ann asks help log-in; ann asks help not-ready; ann asks help not-ready; ann asks help log-out; \
         ann asks sales log-out; x hangs-up; show ann",
        expect![[r#"
            ann asks help log-out
              MembershipPending ann help Some(Out)
              pending
            ann asks help log-in
              MembershipPending ann help None
            ann asks help not-ready
              MembershipPending ann help Some(NotReady)
              pending
            ann asks help not-ready
              refused: already-so (it is so already)
            ann asks help log-out
              MembershipPending ann help Some(Out)
              pending
            ann asks sales log-out
              MembershipPending ann sales Some(Out)
              pending
            x hangs-up
              LegCleared x Normal
              LegCleared 101 Normal
              MembershipSet ann sales Out
              MembershipSet ann help Out
              AgentDisconnected ann x
              CallCleared x Normal
              AgentNotReady ann not ready
              CallClosed x
                > clear 101 Normal
            ann: not ready, idle, device Idle
        "#]],
    );
    check(
        "quietly ann asks sales log-out; quietly ann calls 102; quietly bob answers; ann asks sales log-in; \
         ann asks sales log-out; ann asks sales log-in; bob hangs-up",
        expect![[r#"
            ann asks sales log-in
              MembershipPending ann sales Some(In)
              pending
            ann asks sales log-out
              MembershipPending ann sales None
            ann asks sales log-in
              MembershipPending ann sales Some(In)
              pending
            bob hangs-up
              LegCleared 102 Normal
              LegCleared 101 Normal
              AgentDisconnected ann 101
              AgentDisconnected bob 101
              CallCleared 101 Normal
              MembershipPending ann sales None
              MembershipSet ann help NotReady
              AgentReady ann
              MembershipSet ann sales Ready
              CallClosed 101
                > clear 101 Normal
        "#]],
    );
}

#[test]
fn without_auto_ready_a_call_is_followed_by_a_wrap_up_that_the_agent_ends() {
    check_in(
        |world| {
            without_auto_ready(world);
            world.change_queue("sales", |queue| queue.wrap_up_ms = 0);
        },
        "quietly ann asks sales ready; quietly x calls 5551; quietly ann answers; x hangs-up; ann asks sales not-ready; \
         quietly ann asks sales ready; quietly y calls 5551; quietly ann answers; quietly y hangs-up; \
         ann asks sales log-out; quietly ann asks sales log-in; quietly ann asks sales ready; quietly z calls 5551; \
         quietly ann answers; quietly z hangs-up; ann asks sales ready; show ann",
        expect![[r#"
            x hangs-up
              LegCleared x Normal
              RecordingStopped x
              LegCleared 101 Normal
              WrapUpStarted ann until 3600.000s
              AgentDisconnected ann x
              CallCleared x Normal
                > stop recording
                > clear 101 Normal
            ann asks sales not-ready
              MembershipSet ann sales NotReady
              WrapUpEnded ann
              CallClosed x
              AgentNotReady ann not ready
            ann asks sales log-out
              MembershipSet ann sales Out
              WrapUpEnded ann
              CallClosed y
              AgentNotReady ann not ready
            ann asks sales ready
              WrapUpEnded ann
              CallClosed z
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn who_asks_to_be_ready_after_the_wrap_up_stays_so_without_auto_ready() {
    check_in(
        without_auto_ready,
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly ann hangs-up; \
         ann ready-after-wrap-up; 30s; show ann",
        expect![[r#"
            ann ready-after-wrap-up
              DutyPending ann ready
              pending
            30s
              WrapUpEnded ann
              DutyPending ann nothing
              CallClosed x
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn the_end_of_a_wrap_up_leaves_the_agent_not_ready_without_auto_ready() {
    check_in(
        without_auto_ready,
        "quietly ann asks sales ready; quietly ann asks help ready; quietly x calls 5551; quietly ann answers; \
         quietly x hangs-up; 30s; show ann; ann asks help not-ready; show ann",
        expect![[r#"
            30s
              MembershipSet ann sales NotReady
              WrapUpEnded ann
              CallClosed x
            ann: ready, idle, device Idle
            ann asks help not-ready
              MembershipSet ann help NotReady
              AgentNotReady ann not ready
            ann: not ready, idle, device Idle
        "#]],
    );
}

#[test]
fn after_a_call_of_no_queue_the_agent_is_not_ready_where_the_queue_wants_it() {
    check_in(
        without_auto_ready,
        "quietly ann asks sales ready; quietly x calls 5553; quietly ann answers; x hangs-up; show ann",
        expect![[r#"
            x hangs-up
              LegCleared x Normal
              LegCleared 101 Normal
              MembershipSet ann sales NotReady
              AgentDisconnected ann x
              CallCleared x Normal
              AgentNotReady ann not ready
              CallClosed x
                > clear 101 Normal
            ann: not ready, idle, device Idle
        "#]],
    );
    check_in(
        |world| {
            without_auto_ready(world);
            world.change_queue("help", |queue| queue.auto_ready = true);
        },
        "quietly ann ready; quietly x calls 5553; quietly ann answers; x hangs-up; show ann",
        expect![[r#"
            x hangs-up
              LegCleared x Normal
              LegCleared 101 Normal
              MembershipSet ann sales NotReady
              AgentDisconnected ann x
              CallCleared x Normal
              CallClosed x
                > clear 101 Normal
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn a_wrap_up_can_be_asked_for_after_any_call() {
    check(
        "ann asks sales wrap-up; quietly ann asks help ready; quietly x calls 5553; quietly ann answers; \
         ann asks help wrap-up; ann asks help wrap-up; x hangs-up; ann asks help wrap-up; ann asks help ready",
        expect![[r#"
            ann asks sales wrap-up
              refused: not-in-call (the agent has no part in that call)
            ann asks help wrap-up
              MembershipPending ann help Some(WrapUp)
              pending
            ann asks help wrap-up
              refused: already-so (it is so already)
            x hangs-up
              LegCleared x Normal
              LegCleared 101 Normal
              WrapUpStarted ann until 3600.000s
              AgentDisconnected ann x
              CallCleared x Normal
                > clear 101 Normal
            ann asks help wrap-up
              refused: already-so (it is so already)
            ann asks help ready
              WrapUpEnded ann
              CallClosed x
        "#]],
    );
}

#[test]
fn an_agent_picks_a_waiting_call_that_is_offered_to_another() {
    check(
        "quietly ann ready; quietly x calls 5551; bob picks x; quietly bob ready; bob picks x; bob answers; ann picks x",
        expect![[r#"
            bob picks x
              refused: busy (busy)
            bob picks x
              OfferEnded ann sales gave up
              LegCleared 101 Normal
              LegAdded 102 Callee
              OfferMade x to bob
                > clear 101 Normal
                > ring 102 at 102 from x
            bob answers
              LegAnswered 102
              OfferEnded bob Accepted
              WaitingEnded x sales Answered after 0 ms
              AgentConnected bob x sales
              LegsBridged 102 x
              RecordingStarted x
                > stop playing to x
                > bridge 102 x
                > record 102 x
            ann picks x
              refused: offer-ended (the offer has ended)
        "#]],
    );
}

#[test]
fn who_is_ready_in_no_queue_and_says_ready_is_ready_in_all_that_he_is_in() {
    check(
        "quietly ann asks sales ready; quietly ann asks help log-out; quietly ann asks sales not-ready; ann ready; show ann",
        expect![[r#"
            ann ready
              AgentReady ann
              MembershipSet ann sales Ready
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn a_crash_loses_nothing_of_what_was_noted() {
    check(
        "quietly ann asks help ready; quietly x calls 5552; quietly ann answers; quietly ann asks help log-out; \
         quietly crash; show ann; ann asks help ready",
        expect![[r#"
            ann: not ready, idle, device Idle
            ann asks help ready
              refused: not-logged-in (the agent is not logged in)
        "#]],
    );
}
