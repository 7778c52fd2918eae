//! An agent is at one device: a log-in at another phone of his moves him there, and he keeps all that he is.

use cordial_engine::command::Command;
use cordial_engine::entry::{Device, Entry};
use expect_test::expect;

use crate::story::check_in;
use crate::world::{World, name, number};

/// Makes 104 another phone of ann's.
fn ann_has_two(world: &mut World) {
    let owner = Some(world.agent("ann"));
    let device = Device { owner, ..Device::numbered(number("104"), name("ann's second")) };
    world.granted(Command::Change(world.ids["104"], Entry::Device(device)));
}

/// As [`ann_has_two`], and 102, where bob sits, is a desk for whoever comes.
fn and_102_is_hot(world: &mut World) {
    ann_has_two(world);
    let device = Device { hot_desk: true, ..Device::numbered(number("102"), name("bob")) };
    world.granted(Command::Change(world.ids["102"], Entry::Device(device)));
}

#[test]
fn who_logs_in_at_another_phone_of_his_moves_there_as_he_is() {
    check_in(
        ann_has_two,
        "quietly ann ready; ann log-in 104; show ann; x calls 5551; quietly ann answers; quietly x hangs-up; show ann",
        expect![[r#"
            ann log-in 104
              AgentLoggedIn ann at 104, was at 101
            ann: ready, idle, device Idle
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
              LegAdded 104 Callee
              OfferMade x to ann
                > answer x
                > play to x then music
                > ring 104 at 104 from x
            ann: ready, wrap-up until 30.000s, device Idle
        "#]],
    );
}

#[test]
fn a_wrap_up_and_what_is_pending_move_with_him() {
    check_in(
        ann_has_two,
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x hangs-up; quietly ann not-ready break; \
         ann log-in 104; show ann; 30s; show ann",
        expect![[r#"
            ann log-in 104
              AgentLoggedIn ann at 104, was at 101
            ann: ready, then not ready: break, wrap-up until 30.000s, device Idle
            30s
              WrapUpEnded ann
              AgentNotReady ann not ready: break
              CallClosed x
            ann: not ready: break, idle, device Idle
        "#]],
    );
}

#[test]
fn who_logs_in_elsewhere_while_a_log_out_is_pending_stays_and_moves() {
    check_in(
        ann_has_two,
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x hangs-up; quietly ann log-out; \
         ann log-in 104; show ann; 30s; show ann",
        expect![[r#"
            ann log-in 104
              DutyPending ann nothing
              AgentLoggedIn ann at 104, was at 101
            ann: ready, wrap-up until 30.000s, device Idle
            30s
              WrapUpEnded ann
              CallClosed x
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn nobody_moves_away_from_an_offer_a_call_or_a_phone_in_use() {
    check_in(
        ann_has_two,
        "quietly ann ready; quietly x calls 5551; ann log-in 104; quietly ann answers; ann log-in 104; \
         quietly x hangs-up; quietly 30s; quietly 103 calls 101; ann log-in 104; quietly 103 hangs-up; ann log-in 104",
        expect![[r#"
            ann log-in 104
              refused: busy (busy)
            ann log-in 104
              refused: busy (busy)
            ann log-in 104
              refused: busy (busy)
            ann log-in 104
              AgentLoggedIn ann at 104, was at 101
        "#]],
    );
}

#[test]
fn a_hot_desk_can_be_moved_to_and_nobody_elses_phone() {
    check_in(
        and_102_is_hot,
        "ann log-in 103; ann log-in 102; show ann; show bob; bob log-in 101; bob log-in 102; show ann",
        expect![[r#"
            ann log-in 103
              refused: logged-in-elsewhere (the agent is logged in at another device)
            ann log-in 102
              AgentLoggedOut bob for ann
              AgentLoggedIn ann at 102, was at 101
            ann: not ready, idle, device Idle
            bob: logged out, idle, device Unregistered
            bob log-in 101
              AgentLoggedIn bob
            bob log-in 102
              AgentLoggedOut ann for bob
              AgentLoggedIn bob at 102, was at 101
            ann: logged out, idle, device Unregistered
        "#]],
    );
}

#[test]
fn who_cannot_move_makes_nobody_leave_a_hot_desk() {
    check_in(
        and_102_is_hot,
        "quietly ann ready; quietly x calls 5551; ann log-in 102; show bob",
        expect![[r#"
            ann log-in 102
              refused: busy (busy)
            bob: not ready, idle, device Idle
        "#]],
    );
}

#[test]
fn a_code_at_another_phone_of_his_acts_for_him_and_a_log_in_brings_him_there() {
    check_in(
        ann_has_two,
        "104 calls *36; quietly 104 heard-all; show ann; 104 calls *38; quietly 104 heard-all; 103 calls 201; \
         quietly 103 hangs-up; quietly ann log-out; 103 calls 201",
        expect![[r#"
            104 calls *36
              CallStarted 104 Internal to *36
              LegAdded 104 Caller
              AgentReady ann
              FeatureCodeDialled ann ready, done
              LegAnswered 104
              AnnouncementStarted 104 tones/confirmed, en/ready
                > answer 104
                > play to 104 tones/confirmed en/ready then tell
            ann: ready, idle, device Idle
            104 calls *38
              CallStarted 104 Internal to *38
              LegAdded 104 Caller
              AgentLoggedIn ann at 104, was at 101
              FeatureCodeDialled ann log_in, done
              LegAnswered 104
              AnnouncementStarted 104 tones/confirmed, en/logged-in
                > answer 104
                > play to 104 tones/confirmed en/logged-in then tell
            103 calls 201
              CallStarted 103 Internal to 201
              LegAdded 103 Caller
              LegAdded 104 Callee
                > ring 104 at 104 from 103
            103 calls 201
              CallStarted 103 Internal to 201
              LegAdded 103 Caller
              LegCleared 103 Unreachable
              CallCleared 103 Unreachable
              CallClosed 103
                > clear 103 Unreachable
        "#]],
    );
}

#[test]
fn talk_and_calls_are_counted_on() {
    check_in(
        |world| {
            ann_has_two(world);
            world.change_queue("sales", |queue| {
                (queue.strategy, queue.wrap_up_ms) = (cordial_engine::entry::Strategy::FewestCalls, 0);
            });
        },
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x hangs-up; quietly bob ready; \
         ann log-in 104; y calls 5551",
        expect![[r#"
            ann log-in 104
              AgentLoggedIn ann at 104, was at 101
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              LegAnswered y
              CallQueued y sales
              LegAdded 102 Callee
              OfferMade y to bob
                > answer y
                > play to y then music
                > ring 102 at 102 from y
        "#]],
    );
}
