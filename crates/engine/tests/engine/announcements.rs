//! What a waiting caller hears and chooses, and what the agent hears who answers him.

use cordial_engine::command::Command;
use cordial_engine::entry::{Choice, MenuKey, Overflow, Queue, Told};
use cordial_engine::{EntryId, Refusal};
use expect_test::expect;

use crate::story::check_in;
use crate::world::{World, name};

fn key(key: char, choice: Choice) -> MenuKey {
    MenuKey { key, prompt: None, choice }
}

fn with_callback(queue: &mut Queue) {
    queue.treatment.menu = vec![key('1', Choice::Callback)];
}

#[test]
fn a_caller_is_told_his_place_and_the_queue_says_its_messages_in_turn() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| {
                queue.service_level_ms = 0;
                queue.treatment.greeting = Some(name("en/welcome"));
                queue.treatment.position = Told::Again;
                queue.treatment.messages = vec![name("en/we-are-green"), name("en/web")];
                queue.treatment.announce_ms = 30_000;
                queue.treatment.language = Some(name("es"));
            });
        },
        "x calls 5551; 10s; y calls 5551; 20s; x hangs-up; 10s; 50s; ann ready; ann answers; 60s",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
              CallerTold x position 1
                > answer x
                > play to x en/welcome es/position-1 then music
            10s
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              LegAnswered y
              CallQueued y sales
              CallerTold y position 2
                > answer y
                > play to y en/welcome es/position-2 then music
            20s
              CallerTold x position 1 message 0
                > play to x en/we-are-green es/position-1 then music
            x hangs-up
              LegCleared x Normal
              WaitingEnded x sales Abandoned after 30000 ms
              CallCleared x Normal
              CallClosed x
            10s
              CallerTold y position 1 message 0
                > play to y en/we-are-green es/position-1 then music
            50s
              CallerTold y position 1 message 1
                > play to y en/web es/position-1 then music
            ann ready
              AgentReady ann
              LegAdded 101 Callee
              OfferMade y to ann
                > ring 101 at 101 from y
            ann answers
              LegAnswered 101
              OfferEnded ann Accepted
              WaitingEnded y sales Answered after 80000 ms
              AgentConnected ann y sales
              LegsBridged 101 y
              RecordingStarted y
                > stop playing to y
                > bridge 101 y
                > record 101 y
            60s
        "#]],
    );
}

#[test]
fn the_wait_is_told_as_a_range_once_something_is_known_of_it() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| {
                queue.service_level_ms = 0;
                queue.wrap_up_ms = 30_000;
                queue.treatment.wait = Told::Again;
                queue.treatment.announce_ms = 60_000;
            });
        },
        "quietly ann ready; quietly w calls 5551; quietly ann answers; quietly 200s; x calls 5551; quietly w hangs-up;
         quietly 30s; quietly ann answers; quietly 10s; y calls 5551; z calls 5551; 60s",
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
              LegAnswered y
              CallQueued y sales
              CallerTold y 5 to Some(10) minutes
                > answer y
                > play to y en/wait-5-10 then music
            z calls 5551
              CallStarted z Inbound to 5551
              LegAdded z Caller
              LegAnswered z
              CallQueued z sales
              CallerTold z 10 to Some(15) minutes
                > answer z
                > play to z en/wait-10-15 then music
            60s
              CallerTold y 5 to Some(10) minutes
              CallerTold z 10 to Some(15) minutes
                > play to y en/wait-5-10 then music
                > play to z en/wait-10-15 then music
        "#]],
    );
}

#[test]
fn a_call_that_waits_past_the_service_level_is_told_once() {
    check_in(
        |world| world.change_queue("sales", |queue| queue.service_level_ms = 15_000),
        "quietly x calls 5551; 10s; quietly y calls 5551; 20s; quietly x hangs-up; 60s; quietly z calls 5551; 15s",
        expect![[r#"
            10s
            20s
              ServiceLevelBreached x 1 of 2
              ServiceLevelBreached y 2 of 2
            60s
            15s
              ServiceLevelBreached z 2 of 2
        "#]],
    );
}

#[test]
fn a_key_leads_a_caller_out_of_the_line() {
    check_in(
        |world| {
            let help = world.queue("help");
            world.change_queue("sales", |queue| {
                let other = MenuKey {
                    prompt: Some(name("en/for-help")),
                    ..key('3', Choice::Leave(Overflow::Queue(help)))
                };
                queue.treatment.menu = vec![other];
            });
            world.change_queue("help", |queue| queue.max_wait_ms = Some(60_000));
        },
        "quietly ann ready; x calls 5551; x presses 1; x presses 3; count sales; count help",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
              LegAdded 101 Callee
              OfferMade x to ann
                > answer x
                > play to x en/for-help then music
                > ring 101 at 101 from x
            x presses 1
            x presses 3
              OfferEnded ann sales gave up
              LegCleared 101 Normal
              WaitingEnded x sales LeftByKey after 0 ms
              CallQueued x help
              LegAdded 101 Callee
              OfferMade x to ann
                > clear 101 Normal
                > play to x then music
                > ring 101 at 101 from x
            sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 0, waiting 0, offers 1 (0 expired)
            help: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 0, waiting 1, offers 1 (0 expired)
        "#]],
    );
}

#[test]
fn a_caller_who_hangs_up_for_a_callback_keeps_his_place() {
    check_in(
        |world| world.change_queue("sales", with_callback),
        "quietly 00491 calls 5551; quietly 10s; quietly y calls 5551; 00491 presses 1; 00491 heard-all; 20s;
         ann ready; ann answers; carrier rings; carrier answers; 30s; carrier hangs-up; count sales",
        expect![[r#"
            00491 presses 1
              WaitingEnded 00491 sales CalledBack after 10000 ms
              CallStarted 00491 Outbound to 5551
              CallbackAsked 00491 at 00491 until 14410.000s
              CallQueued 00491 sales
              AnnouncementStarted 00491 en/callback
                > play to 00491 en/callback then tell
            00491 heard-all
              LegCleared 00491 Normal
              CallCleared 00491 Normal
              CallClosed 00491
                > clear 00491 Normal
            20s
              ServiceLevelBreached 00491 1 of 2
              ServiceLevelBreached y 2 of 2
            ann ready
              AgentReady ann
              LegAdded 101 Callee
              OfferMade 00491 to ann
                > ring 101 at 101 from 00491
            ann answers
              LegAnswered 101
              OfferEnded ann Accepted
              WaitingEnded 00491 sales Answered after 30000 ms
              AgentConnected ann 00491 sales
              LegAdded carrier Callee
                > ring carrier at 00491 from 5550
                > play to 101 then tones/ringback
            carrier rings
              LegRinging carrier
            carrier answers
              LegAnswered carrier
              LegsBridged 101 carrier
              RecordingStarted 00491
                > stop playing to 101
                > bridge 101 carrier
                > record 101 carrier
            30s
            carrier hangs-up
              LegCleared carrier Normal
              RecordingStopped 00491
              LegCleared 101 Normal
              WrapUpStarted ann until 90.000s
              AgentDisconnected ann 00491
              CallCleared 00491 Normal
                > stop recording
                > clear 101 Normal
            sales: entered 3, answered 1 (0 in time, 30000 ms), abandoned 0 (0 short), overflowed 0, refused 0, waiting 1, offers 1 (0 expired)
        "#]],
    );
}

#[test]
fn who_does_not_answer_when_called_back_has_had_his_turn() {
    check_in(
        |world| world.change_queue("sales", with_callback),
        "quietly 00491 calls 5551; quietly 00491 presses 1; quietly 00491 heard-all; quietly ann ready; quietly ann answers;
         carrier is-busy; count sales",
        expect![[r#"
            carrier is-busy
              LegCleared carrier Busy
              LegCleared 101 Busy
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 00491
              CallCleared 00491 Busy
                > clear 101 Busy
            sales: entered 2, answered 1 (1 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 0, waiting 0, offers 1 (0 expired)
        "#]],
    );
}

#[test]
fn a_callback_is_asked_for_once_for_each_number() {
    check_in(
        |world| world.change_queue("sales", with_callback),
        "quietly 00491 calls 5551; quietly 00491 presses 1; quietly 00491 heard-all; 00491 calls 5551; 00491 presses 1; count sales",
        expect![[r#"
            00491 calls 5551
              CallStarted 00491 Inbound to 5551
              LegAdded 00491 Caller
              LegAnswered 00491
              CallQueued 00491 sales
                > answer 00491
                > play to 00491 en/press-1-callback then music
            00491 presses 1
              WaitingEnded 00491 sales CalledBack after 0 ms
              AnnouncementStarted 00491 en/callback
                > play to 00491 en/callback then tell
            sales: entered 3, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 0, waiting 1, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn nobody_is_called_back_where_nobody_may_dial() {
    check_in(
        |world| world.change_queue("sales", with_callback),
        "quietly +881123 calls 5551; +881123 presses 1",
        expect![[r#"
            +881123 presses 1
                > play to +881123 en/callback-not-possible then music
        "#]],
    );
}

#[test]
fn a_callback_outlives_the_process_and_expires() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| {
                with_callback(queue);
                queue.callback_ms = 600_000;
                queue.max_wait_ms = Some(60_000);
            });
        },
        "quietly 00491 calls 5551; quietly 10s; quietly 00491 presses 1; quietly 5s; crash; 200s; 500s; count sales",
        expect![[r#"
              NodeStarted
              LegCleared 00491 NodeRestarted
              CallCleared 00491 NodeRestarted
              CallClosed 00491
            200s
              ServiceLevelBreached 00491 1 of 1
            500s
              WaitingEnded 00491 sales Overflowed after 610000 ms
              CallCleared 00491 NoAnswer
              CallClosed 00491
            sales: entered 2, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 1, refused 0, waiting 0, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn an_offer_of_a_callback_ends_with_the_process_and_the_place_does_not() {
    check_in(
        |world| world.change_queue("sales", with_callback),
        "quietly ann ready; quietly bob ready; quietly 00491 calls 5551; quietly 00491 presses 1; quietly 00491 heard-all;
         crash; quietly ann answers; carrier answers",
        expect![[r#"
              NodeStarted
              OfferEnded ann Withdrawn(NodeRestarted)
              LegCleared 101 NodeRestarted
              LegAdded 101 Callee
              OfferMade 00491 to ann
                > ring 101 at 101 from 00491
            carrier answers
              LegAnswered carrier
              LegsBridged 101 carrier
              RecordingStarted 00491
                > stop playing to 101
                > bridge 101 carrier
                > record 101 carrier
        "#]],
    );
}

#[test]
fn an_agent_hears_which_queue_calls_before_he_hears_the_caller() {
    check_in(
        |world| world.change_queue("sales", |queue| queue.briefing = Some(name("en/sales"))),
        "quietly ann ready; quietly x calls 5551; ann answers; 101 heard-all",
        expect![[r#"
            ann answers
              LegAnswered 101
              OfferEnded ann Accepted
              WaitingEnded x sales Answered after 0 ms
              AgentConnected ann x sales
              BriefingStarted ann en/sales
                > play to 101 en/sales then tell
            101 heard-all
              LegsBridged 101 x
              RecordingStarted x
                > stop playing to x
                > bridge 101 x
                > record 101 x
        "#]],
    );
}

#[test]
fn a_briefing_that_nobody_hears_the_end_of_ends_by_itself_and_a_caller_may_leave_it() {
    check_in(
        |world| world.change_queue("sales", |queue| queue.briefing = Some(name("en/sales"))),
        "quietly ann ready; quietly x calls 5551; quietly ann answers; 15s; quietly x hangs-up; quietly ann end-wrap-up;
         quietly y calls 5551; quietly ann answers; y hangs-up",
        expect![[r#"
            15s
              LegsBridged 101 x
              RecordingStarted x
                > stop playing to x
                > bridge 101 x
                > record 101 x
            y hangs-up
              LegCleared y Normal
              LegCleared 101 Normal
              WrapUpStarted ann until 45.000s
              AgentDisconnected ann y
              CallCleared y Normal
                > clear 101 Normal
        "#]],
    );
}

#[test]
fn an_agent_is_told_of_a_callback_and_then_the_caller_is_called() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| {
                with_callback(queue);
                queue.briefing = Some(name("en/sales"));
            });
        },
        "quietly 00491 calls 5551; quietly 00491 presses 1; quietly 00491 heard-all; quietly ann ready; ann answers; 101 heard-all",
        expect![[r#"
            ann answers
              LegAnswered 101
              OfferEnded ann Accepted
              WaitingEnded 00491 sales Answered after 0 ms
              AgentConnected ann 00491 sales
              BriefingStarted ann en/sales
                > play to 101 en/sales then tell
            101 heard-all
              LegAdded carrier Callee
                > ring carrier at 00491 from 5550
                > play to 101 then tones/ringback
        "#]],
    );
}

#[test]
fn a_queue_with_a_menu_that_says_nothing_is_refused() {
    let mut world = World::new();
    world.furnish();
    let id = world.ids["sales"];
    let Some(cordial_engine::Entry::Queue(sales)) = world.engine.entry(world.tenant, id) else {
        unreachable!()
    };
    let mut refused = |change: &dyn Fn(&mut Queue)| {
        let mut queue = (*sales).clone();
        change(&mut queue);
        world.command(Command::Change(id, queue.into())).0.expect_err("it is refused")
    };
    let silent = refused(&|queue| queue.treatment.menu = vec![key('3', Choice::Callback)]);
    assert!(matches!(silent, Refusal::Invalid { field: "treatment", .. }), "{silent}");
    let twice =
        refused(&|queue| queue.treatment.menu = vec![key('1', Choice::Callback), key('1', Choice::Callback)]);
    assert!(matches!(twice, Refusal::Invalid { field: "treatment", .. }), "{twice}");
    let folder = refused(&|queue| queue.treatment.language = Some(name("../en")));
    assert!(matches!(folder, Refusal::Invalid { field: "treatment", .. }), "{folder}");
    let EntryId::Queue(own) = id else { unreachable!() };
    let circle = refused(&|queue| {
        let prompt = Some(name("en/again"));
        queue.treatment.menu = vec![MenuKey { prompt, ..key('3', Choice::Leave(Overflow::Queue(own))) }];
    });
    assert!(matches!(circle, Refusal::Invalid { field: "treatment", .. }), "{circle}");
    let often = refused(&|queue| queue.treatment.announce_ms = 4_999);
    assert!(matches!(often, Refusal::Invalid { field: "treatment", .. }), "{often}");
    let never = refused(&|queue| queue.callback_ms = 0);
    assert!(matches!(never, Refusal::Invalid { field: "callback_ms", .. }), "{never}");
}
