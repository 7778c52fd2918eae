//! Queues: who is offered what, and how a wait ends.

use cordial_engine::command::Command;
use cordial_engine::entry::{AfterMissed, Overflow, Strategy};
use expect_test::expect;

use crate::story::{check, check_in};
use crate::world::number;

#[test]
fn a_call_is_queued_offered_answered_recorded_and_closed() {
    check(
        "ann ready; x calls 5551; ann rings; 3s; ann answers; 10s; x hangs-up; ann says sold x; 30s; ann says sold x; \
         count sales; show ann",
        expect![[r#"
            ann ready
              AgentReady ann
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
            ann rings
              LegRinging 101
            3s
            ann answers
              LegAnswered 101
              OfferEnded ann Accepted
              WaitingEnded x sales Answered after 3000 ms
              AgentConnected ann x sales
              LegsBridged 101 x
              RecordingStarted x
                > stop playing to x
                > bridge 101 x
                > record 101 x
            10s
            x hangs-up
              LegCleared x Normal
              RecordingStopped x
              LegCleared 101 Normal
              WrapUpStarted ann until 43.000s
              AgentDisconnected ann x
              CallCleared x Normal
                > stop recording
                > clear 101 Normal
            ann says sold x
              DispositionSet ann sold
            30s
              WrapUpEnded ann
              CallClosed x
            ann says sold x
              refused: call-closed (the call's record is closed)
            sales: entered 1, answered 1 (1 in time, 3000 ms), abandoned 0 (0 short), overflowed 0, refused 0, waiting 0, offers 1 (0 expired)
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn the_agent_who_is_idle_longest_is_offered_the_call() {
    check(
        "bob ready; 1s; ann ready; 1s; x calls 5551; y calls 5551",
        expect![[r#"
        bob ready
          AgentReady bob
        1s
        ann ready
          AgentReady ann
        1s
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
    "#]],
    );
}

#[test]
fn a_free_agent_takes_the_call_that_waited_longest_over_all_queues() {
    check(
        "x calls 5552; 1s; y calls 5551; 1s; ann ready",
        expect![[r#"
        x calls 5552
          CallStarted x Inbound to 5552
          LegAdded x Caller
          LegAnswered x
          CallQueued x help
            > answer x
            > play to x then music
        1s
        y calls 5551
          CallStarted y Inbound to 5551
          LegAdded y Caller
          LegAnswered y
          CallQueued y sales
            > answer y
            > play to y then music
        1s
        ann ready
          AgentReady ann
          LegAdded 101 Callee
          OfferMade x to ann
            > ring 101 at 101 from x
    "#]],
    );
}

#[test]
fn caller_who_gives_up_withdraws_the_offer() {
    check(
        "quietly ann ready; quietly x calls 5551; 2s; x hangs-up; ann answers; show ann; count sales",
        expect![[r#"
            2s
            x hangs-up
              LegCleared x Normal
              OfferEnded ann Withdrawn(CallerGone)
              LegCleared 101 Normal
              WaitingEnded x sales Abandoned after 2000 ms
              CallCleared x Normal
              CallClosed x
                > clear 101 Normal
            ann answers
            ann: ready, idle, device Idle
            sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 1 (1 short), overflowed 0, refused 0, waiting 0, offers 1 (0 expired)
        "#]],
    );
}

#[test]
fn an_agent_who_does_not_answer_becomes_not_ready_and_the_next_is_rung() {
    check(
        "quietly ann ready; 1s; quietly bob ready; quietly x calls 5551; 20s; show ann; show bob",
        expect![[r#"
            1s
            20s
              OfferEnded ann Expired
              LegCleared 101 NoAnswer
              AgentNotReady ann not ready: NoAnswer
              ServiceLevelBreached x 1 of 1
              LegAdded 102 Callee
              OfferMade x to bob
                > clear 101 NoAnswer
                > ring 102 at 102 from x
            ann: not ready: NoAnswer, idle, device Idle
            bob: ready, offered, device Busy
        "#]],
    );
}

#[test]
fn a_call_that_nobody_answers_keeps_its_place() {
    check(
        "quietly ann ready; quietly x calls 5551; 1s; quietly y calls 5551; 19s; 10s; bob ready",
        expect![[r#"
            1s
            19s
              OfferEnded ann Expired
              LegCleared 101 NoAnswer
              AgentNotReady ann not ready: NoAnswer
              ServiceLevelBreached x 1 of 2
                > clear 101 NoAnswer
            10s
              ServiceLevelBreached y 2 of 2
            bob ready
              AgentReady bob
              LegAdded 102 Callee
              OfferMade x to bob
                > ring 102 at 102 from x
        "#]],
    );
}

#[test]
fn two_agents_answering_at_once_one_wins_and_the_other_is_told_who() {
    check(
        "quietly ann ready; quietly bob ready; x calls 5552; ann answers; bob answers; bob hangs-up; show bob",
        expect![[r#"
            x calls 5552
              CallStarted x Inbound to 5552
              LegAdded x Caller
              LegAnswered x
              CallQueued x help
              LegAdded 101 Callee
              OfferMade x to ann
              LegAdded 102 Callee
              OfferMade x to bob
                > answer x
                > play to x then music
                > ring 101 at 101 from x
                > ring 102 at 102 from x
            ann answers
              LegAnswered 101
              OfferEnded ann Accepted
              OfferEnded bob answered by ann
              LegCleared 102 AnsweredElsewhere
              WaitingEnded x help Answered after 0 ms
              AgentConnected ann x help
              LegsBridged 101 x
                > clear 102 AnsweredElsewhere
                > stop playing to x
                > bridge 101 x
            bob answers
            bob hangs-up
            bob: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn an_agent_who_becomes_ready_while_ring_all_rings_is_rung_too() {
    check(
        "quietly ann ready; quietly x calls 5552; bob ready; bob answers",
        expect![[r#"
        bob ready
          AgentReady bob
          LegAdded 102 Callee
          OfferMade x to bob
            > ring 102 at 102 from x
        bob answers
          LegAnswered 102
          OfferEnded bob Accepted
          OfferEnded ann answered by bob
          LegCleared 101 AnsweredElsewhere
          WaitingEnded x help Answered after 0 ms
          AgentConnected bob x help
          LegsBridged 102 x
            > clear 101 AnsweredElsewhere
            > stop playing to x
            > bridge 102 x
    "#]],
    );
}

#[test]
fn an_agent_at_rest_is_rung_again_only_after_it() {
    check(
        "quietly ann ready; quietly x calls 5552; 20s; show ann; 5s",
        expect![[r#"
            20s
              OfferEnded ann Expired
              LegCleared 101 NoAnswer
              AgentRested ann until 25.000s
              ServiceLevelBreached x 1 of 1
                > clear 101 NoAnswer
            ann: ready, idle, device Idle
            5s
              AgentRestEnded ann
              LegAdded 101 Callee
              OfferMade x to ann
                > ring 101 at 101 from x
        "#]],
    );
}

#[test]
fn ready_ends_a_rest() {
    check(
        "quietly ann ready; quietly x calls 5552; quietly 20s; ann ready; ann ready",
        expect![[r#"
        ann ready
          AgentRestEnded ann
          LegAdded 101 Callee
          OfferMade x to ann
            > ring 101 at 101 from x
        ann ready
          refused: already-so (it is so already)
    "#]],
    );
}

#[test]
fn an_agent_who_declines_by_api_or_at_the_phone_gets_the_queues_policy() {
    check(
        "quietly ann ready; quietly x calls 5551; ann declines; quietly bob ready; bob rejects; ann declines",
        expect![[r#"
            ann declines
              OfferEnded ann Declined
              LegCleared 101 Rejected
              AgentNotReady ann not ready: Declined
                > clear 101 Rejected
            bob rejects
              OfferEnded bob Declined
              LegCleared 102 Rejected
              AgentNotReady bob not ready: Declined
            ann declines
              refused: offer-ended (the offer has ended)
        "#]],
    );
}

#[test]
fn an_agent_who_declines_is_not_offered_the_same_call_in_a_loop() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| {
                queue.on_decline = AfterMissed::Rest { delay_ms: 3_000 };
            });
        },
        "quietly ann ready; quietly x calls 5551; ann is-busy; 2s; 1s",
        expect![[r#"
            ann is-busy
              OfferEnded ann Declined
              LegCleared 101 Busy
              AgentRested ann until 3.000s
            2s
            1s
              AgentRestEnded ann
              LegAdded 101 Callee
              OfferMade x to ann
                > ring 101 at 101 from x
        "#]],
    );
}

#[test]
fn a_device_that_cannot_be_reached_makes_its_agent_not_ready_and_the_call_goes_on() {
    check(
        "quietly ann ready; quietly 1s; quietly bob ready; quietly x calls 5551; ann is-unreachable; show ann",
        expect![[r#"
            ann is-unreachable
              OfferEnded ann Withdrawn(DeviceLost)
              LegCleared 101 Unreachable
              AgentNotReady ann not ready: Unreachable
              LegAdded 102 Callee
              OfferMade x to bob
                > ring 102 at 102 from x
            ann: not ready: Unreachable, idle, device Idle
        "#]],
    );
}

#[test]
fn a_device_that_unregisters_during_an_offer_leaves_its_agents_duty_alone() {
    check(
        "quietly ann ready; quietly 1s; quietly bob ready; quietly x calls 5551; 101 unregisters; show ann; \
         y calls 5551; 101 registers",
        expect![[r#"
            101 unregisters
              DeviceUnregistered 101
              OfferEnded ann Withdrawn(DeviceLost)
              LegCleared 101 Unreachable
              LegAdded 102 Callee
              OfferMade x to bob
                > clear 101 Unreachable
                > ring 102 at 102 from x
            ann: ready, idle, device Unregistered
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              LegAnswered y
              CallQueued y sales
                > answer y
                > play to y then music
            101 registers
              DeviceRegistered 101
              LegAdded 101 Callee
              OfferMade y to ann
                > ring 101 at 101 from y
        "#]],
    );
}

#[test]
fn a_full_queue_refuses_the_call_and_counts_it() {
    check_in(
        |world| world.change_queue("sales", |queue| queue.max_waiting = 1),
        "quietly x calls 5551; y calls 5551; count sales",
        expect![[r#"
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              WaitingEnded y sales Refused after 0 ms
              LegCleared y Full
              CallCleared y Full
              CallClosed y
                > clear y Full
            sales: entered 2, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 1, waiting 1, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn a_call_that_waits_too_long_overflows_to_another_queue_and_then_is_cleared() {
    check_in(
        |world| {
            let help = world.queue("help");
            world.change_queue("sales", |queue| {
                queue.max_wait_ms = Some(10_000);
                queue.overflow = Overflow::Queue(help);
            });
            world.change_queue("help", |queue| queue.max_wait_ms = Some(5_000));
        },
        "quietly ann ready; ann membership help out; quietly x calls 5551; 10s; 5s; count sales; count help",
        expect![[r#"
            ann membership help out
              MembershipSet ann help Out
            10s
              OfferEnded ann sales gave up
              LegCleared 101 Normal
              WaitingEnded x sales Overflowed after 10000 ms
              CallQueued x help
                > clear 101 Normal
                > play to x then music
            5s
              WaitingEnded x help Overflowed after 5000 ms
              LegCleared x NoAnswer
              CallCleared x NoAnswer
              CallClosed x
                > clear x NoAnswer
            sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 1, refused 0, waiting 0, offers 1 (0 expired)
            help: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 1, refused 0, waiting 0, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn two_queues_that_overflow_into_each_other_end_the_call() {
    check_in(
        |world| {
            let (sales, help) = (world.queue("sales"), world.queue("help"));
            for (queue, other) in [("sales", help), ("help", sales)] {
                world.change_queue(queue, |queue| {
                    queue.max_wait_ms = Some(1_000);
                    queue.overflow = Overflow::Queue(other);
                });
            }
        },
        "quietly x calls 5551; quietly 5s; 1s; count sales; count help",
        expect![[r#"
            1s
              WaitingEnded x help Overflowed after 1000 ms
              LegCleared x NoAnswer
              CallCleared x NoAnswer
              CallClosed x
                > clear x NoAnswer
            sales: entered 3, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 3, refused 0, waiting 0, offers 0 (0 expired)
            help: entered 3, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 3, refused 0, waiting 0, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn a_call_that_waits_too_long_goes_on_to_a_number() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| {
                queue.max_wait_ms = Some(10_000);
                queue.overflow = Overflow::Number(number("104"));
            });
        },
        "quietly x calls 5551; 10s; 104 rings; 104 answers; x hangs-up; count sales",
        expect![[r#"
            10s
              WaitingEnded x sales Overflowed after 10000 ms
              LegAdded 104 Callee
                > ring 104 at 104 from x
                > play to x then tones/ringback
            104 rings
              LegRinging 104
            104 answers
              LegAnswered 104
              LegsBridged x 104
                > stop playing to x
                > bridge x 104
            x hangs-up
              LegCleared x Normal
              LegCleared 104 Normal
              CallCleared x Normal
              CallClosed x
                > clear 104 Normal
            sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 1, refused 0, waiting 0, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn a_call_that_finds_a_queue_full_goes_where_that_says_and_not_round_for_ever() {
    check_in(
        |world| {
            let (sales, help) = (world.queue("sales"), world.queue("help"));
            world.change_queue("sales", |queue| {
                (queue.max_waiting, queue.when_full) = (1, Overflow::Queue(help));
            });
            world.change_queue("help", |queue| {
                (queue.max_waiting, queue.when_full) = (1, Overflow::Queue(sales));
            });
        },
        "quietly x calls 5551; y calls 5551; z calls 5551; count sales; count help",
        expect![[r#"
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              WaitingEnded y sales Refused after 0 ms
              LegAnswered y
              CallQueued y help
                > answer y
                > play to y then music
            z calls 5551
              CallStarted z Inbound to 5551
              LegAdded z Caller
              WaitingEnded z sales Refused after 0 ms
              WaitingEnded z help Refused after 0 ms
              WaitingEnded z sales Refused after 0 ms
              WaitingEnded z help Refused after 0 ms
              WaitingEnded z sales Refused after 0 ms
              WaitingEnded z help Refused after 0 ms
              LegCleared z Full
              CallCleared z Full
              CallClosed z
                > clear z Full
            sales: entered 5, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 4, waiting 1, offers 0 (0 expired)
            help: entered 4, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 3, waiting 1, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn a_short_abandon_counts_apart() {
    check(
        "quietly x calls 5551; quietly y calls 5551; 2s; quietly x hangs-up; 28s; quietly y hangs-up; count sales",
        expect![[r#"
            2s
            28s
              ServiceLevelBreached y 1 of 1
            sales: entered 2, answered 0 (0 in time, 0 ms), abandoned 2 (1 short), overflowed 0, refused 0, waiting 0, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn changing_a_queue_drops_no_call_and_logs_nobody_out() {
    check_in(
        |world| world.change_queue("sales", |queue| queue.name = crate::world::name("verkauf")),
        "quietly ann ready; x calls 5551",
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
        "#]],
    );
}

#[test]
fn a_queue_that_becomes_ring_all_rings_everyone_for_who_waits_already() {
    check_in(
        |world| {
            for label in ["ann", "bob"] {
                let agent = world.agent(label);
                world.granted(Command::Ready { agent });
            }
            world.arrives("5551");
            world.change_queue("sales", |queue| queue.strategy = Strategy::RingAll);
        },
        "show ann; show bob",
        expect![[r#"
            ann: ready, offered, device Busy
            bob: ready, offered, device Busy
        "#]],
    );
}

#[test]
fn a_greeting_is_heard_before_the_queue() {
    check(
        "x calls 5554; x heard-all; y calls 5554; 120s; z calls 5555; z heard-all",
        expect![[r#"
            x calls 5554
              CallStarted x Inbound to 5554
              LegAdded x Caller
              LegAnswered x
              GreetingStarted x en/welcome
                > answer x
                > play to x en/welcome then tell
            x heard-all
              CallQueued x sales
                > play to x then music
            y calls 5554
              CallStarted y Inbound to 5554
              LegAdded y Caller
              LegAnswered y
              GreetingStarted y en/welcome
                > answer y
                > play to y en/welcome then tell
            120s
              ServiceLevelBreached x 1 of 1
              CallQueued y sales
                > play to y then music
            z calls 5555
              CallStarted z Inbound to 5555
              LegAdded z Caller
              LegAnswered z
              GreetingStarted z en/closed
                > answer z
                > play to z en/closed then tell
            z heard-all
              LegCleared z Normal
              CallCleared z Normal
              CallClosed z
                > clear z Normal
        "#]],
    );
}

#[test]
fn a_device_calls_a_queue_by_its_number() {
    check(
        "quietly ann ready; 104 calls 600; ann answers; ann hangs-up",
        expect![[r#"
        104 calls 600
          CallStarted 104 Internal to 600
          LegAdded 104 Caller
          LegAnswered 104
          CallQueued 104 help
          LegAdded 101 Callee
          OfferMade 104 to ann
            > answer 104
            > play to 104 then music
            > ring 101 at 101 from 104
        ann answers
          LegAnswered 101
          OfferEnded ann Accepted
          WaitingEnded 104 help Answered after 0 ms
          AgentConnected ann 104 help
          LegsBridged 101 104
            > stop playing to 104
            > bridge 101 104
        ann hangs-up
          LegCleared 101 Normal
          LegCleared 104 Normal
          AgentDisconnected ann 104
          CallCleared 104 Normal
          CallClosed 104
            > clear 104 Normal
    "#]],
    );
}

#[test]
fn a_call_cleared_by_command_counts_as_given_up_by_the_queue() {
    check(
        "quietly ann ready; quietly x calls 5551; x cleared-by-command; x cleared-by-command; count sales",
        expect![[r#"
        x cleared-by-command
          OfferEnded ann sales gave up
          LegCleared 101 Normal
          WaitingEnded x sales Overflowed after 0 ms
          LegCleared x Normal
          CallCleared x Normal
          CallClosed x
            > clear 101 Normal
            > clear x Normal
        x cleared-by-command
          refused: call-closed (the call's record is closed)
        sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 1, refused 0, waiting 0, offers 1 (0 expired)
    "#]],
    );
}

#[test]
fn a_queue_that_is_no_longer_ring_all_lets_one_phone_ring_on() {
    check_in(
        |world| {
            for label in ["ann", "bob"] {
                let agent = world.agent(label);
                world.granted(Command::Ready { agent });
            }
            world.arrives("5552");
            world.change_queue("help", |queue| queue.strategy = Strategy::LongestIdle);
        },
        "show ann; show bob",
        expect![[r#"
            ann: ready, offered, device Busy
            bob: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn an_offer_that_was_withdrawn_does_not_reset_the_idle_clock() {
    check(
        "quietly ann ready; 1s; quietly bob ready; quietly x calls 5551; 1s; quietly x hangs-up; quietly y calls 5551; \
         show ann; show bob",
        expect![[r#"
            1s
            1s
            ann: ready, offered, device Busy
            bob: ready, idle, device Idle
        "#]],
    );
}
