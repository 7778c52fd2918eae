//! Who comes to a hot desk says who he is by keys: his number, then his PIN.

use cordial_engine::command::{Access, Command};
use cordial_engine::entry::{Device, Entry};
use expect_test::expect;

use crate::story::check_in;
use crate::world::{World, name, number};

/// 104 is a desk for whoever comes, and bob has gone home.
fn hot_104(world: &mut World) {
    let device = Device { hot_desk: true, ..Device::numbered(number("104"), name("desk")) };
    world.granted(Command::Change(world.ids["104"], Entry::Device(device)));
    world.granted(Command::LogOut { agent: world.agent("bob"), reason: None });
}

/// As [`hot_104`], and ann has sat down there.
fn ann_at_104(world: &mut World) {
    hot_104(world);
    world.granted(Command::LogIn { agent: world.agent("ann"), device: world.device("104") });
}

#[test]
fn who_presses_his_number_and_his_pin_is_logged_in() {
    check_in(
        hot_104,
        "104 calls *70; 104 presses 2; quietly 104 presses 0; quietly 104 presses *; quietly 104 presses 2; \
         104 presses #; 104 presses 1; 104 presses 2; quietly 104 presses 3; quietly 104 presses 4; 104 presses #; \
         104 has-pin-of bob; 104 heard-all; show bob",
        expect![[r#"
            104 calls *70
              CallStarted 104 Internal to *70
              LegAdded 104 Caller
              LegAnswered 104
              LogInAsked , 0 wrong
                > answer 104
                > play to 104 en/enter-number tones/beep then tones/silence
            104 presses 2
              LogInAsked 2, 0 wrong
                > play to 104 then tones/silence
            104 presses #
              LogInAsked 202 and a PIN, 0 wrong
                > play to 104 en/enter-pin tones/beep then tones/silence
            104 presses 1
                > play to 104 then tones/silence
            104 presses 2
            104 presses #
                > check 4 keys at 104 for bob
            104 has-pin-of bob
              AgentLoggedIn bob
              FeatureCodeDialled bob hot_desk_on 202, done
              AnnouncementStarted 104 tones/confirmed, en/logged-in
                > play to 104 tones/confirmed en/logged-in then tell
            104 heard-all
              LegCleared 104 Normal
              CallCleared 104 Normal
              CallClosed 104
                > clear 104 Normal
            bob: not ready, idle, device Idle
        "#]],
    );
}

#[test]
fn a_number_behind_the_code_is_not_asked_for_and_a_pause_ends_one_that_is_pressed() {
    check_in(
        hot_104,
        "104 calls *70202; quietly 104 hangs-up; quietly 104 calls *70; quietly 104 presses 2; quietly 104 presses 0; \
         quietly 104 presses 2; 4s; 15s",
        expect![[r#"
            104 calls *70202
              CallStarted 104 Internal to *70202
              LegAdded 104 Caller
              LegAnswered 104
              LogInAsked 202 and a PIN, 0 wrong
                > answer 104
                > play to 104 en/enter-pin tones/beep then tones/silence
            4s
              LogInAsked 202 and a PIN, 0 wrong
                > play to 104 en/enter-pin tones/beep then tones/silence
            15s
              FeatureCodeDialled nobody hot_desk_on 202, refused: invalid
              AnnouncementStarted 104 tones/denied, en/invalid
                > play to 104 tones/denied en/invalid then tell
        "#]],
    );
}

#[test]
fn the_third_wrong_pin_is_the_last_and_locks_the_agent_out_for_a_time() {
    check_in(
        hot_104,
        "quietly 104 calls *70202; quietly 104 presses 9; quietly 104 presses #; 104 has-no-pin-of bob; \
         quietly 104 presses #; quietly 104 has-no-pin-of bob; quietly 104 presses #; 104 has-no-pin-of bob; \
         quietly 104 hangs-up; quietly 104 calls *70202; 104 presses #; 104 hangs-up; 899s; quietly 104 calls *70202; \
         104 presses #; quietly 104 hangs-up; 1s; quietly 104 calls *70202; 104 presses #; 104 has-pin-of bob",
        expect![[r#"
            104 has-no-pin-of bob
              PinRefused bob 1
              LogInAsked 202 and a PIN, 1 wrong
                > play to 104 tones/denied tones/beep then tones/silence
            104 has-no-pin-of bob
              PinRefused bob 3, locked out until 900.000s
              FeatureCodeDialled nobody hot_desk_on 202, refused: wrong-pin
              AnnouncementStarted 104 tones/denied, en/wrong-pin
                > play to 104 tones/denied en/wrong-pin then tell
            104 presses #
              LogInAsked 202 and a PIN, 1 wrong
                > play to 104 tones/denied tones/beep then tones/silence
            104 hangs-up
              LegCleared 104 Normal
              CallCleared 104 Normal
              CallClosed 104
            899s
            104 presses #
              LogInAsked 202 and a PIN, 1 wrong
                > play to 104 tones/denied tones/beep then tones/silence
            1s
            104 presses #
                > check 0 keys at 104 for bob
            104 has-pin-of bob
              AgentLoggedIn bob
              FeatureCodeDialled bob hot_desk_on 202, done
              AnnouncementStarted 104 tones/confirmed, en/logged-in
                > play to 104 tones/confirmed en/logged-in then tell
        "#]],
    );
}

#[test]
fn wrong_pins_count_over_calls_until_one_is_right() {
    check_in(
        hot_104,
        "quietly 104 calls *70202; quietly 104 presses #; 104 has-no-pin-of bob; quietly 104 presses #; \
         104 has-no-pin-of bob; quietly 104 hangs-up; quietly 104 calls *70202; quietly 104 presses #; \
         quietly 104 has-pin-of bob; quietly 104 heard-all; quietly bob log-out; quietly 104 calls *70202; \
         quietly 104 presses #; 104 has-no-pin-of bob; quietly 104 hangs-up; quietly 104 calls *70202; \
         quietly 104 presses #; quietly 104 has-no-pin-of bob; quietly 104 presses #; 104 has-no-pin-of bob",
        expect![[r#"
            104 has-no-pin-of bob
              PinRefused bob 1
              LogInAsked 202 and a PIN, 1 wrong
                > play to 104 tones/denied tones/beep then tones/silence
            104 has-no-pin-of bob
              PinRefused bob 2
              LogInAsked 202 and a PIN, 2 wrong
                > play to 104 tones/denied tones/beep then tones/silence
            104 has-no-pin-of bob
              PinRefused bob 1
              LogInAsked 202 and a PIN, 1 wrong
                > play to 104 tones/denied tones/beep then tones/silence
            104 has-no-pin-of bob
              PinRefused bob 3, locked out until 900.000s
              LogInAsked 202 and a PIN, 2 wrong
                > play to 104 tones/denied tones/beep then tones/silence
        "#]],
    );
}

#[test]
fn a_number_that_is_nobodys_sounds_like_one_with_another_pin() {
    check_in(
        hot_104,
        "104 calls *70299; 104 presses #; quietly 104 presses #; 104 presses #",
        expect![[r#"
        104 calls *70299
          CallStarted 104 Internal to *70299
          LegAdded 104 Caller
          LegAnswered 104
          LogInAsked 299 and a PIN, 0 wrong
            > answer 104
            > play to 104 en/enter-pin tones/beep then tones/silence
        104 presses #
          LogInAsked 299 and a PIN, 1 wrong
            > play to 104 tones/denied tones/beep then tones/silence
        104 presses #
          FeatureCodeDialled nobody hot_desk_on 299, refused: wrong-pin
          AnnouncementStarted 104 tones/denied, en/wrong-pin
            > play to 104 tones/denied en/wrong-pin then tell
    "#]],
    );
}

#[test]
fn a_new_pin_lets_in_who_was_locked_out() {
    let mut world = World::new();
    world.furnish();
    hot_104(&mut world);
    let id = world.ids["bob"];
    let told = |world: &mut World| {
        let device = world.device("104");
        let dialled = number("*70202");
        let from = cordial_engine::Endpoint::Device(device);
        let arrived =
            cordial_engine::Report::LegArrived { from, caller: None, caller_name: name(""), dialled };
        let Ok(cordial_engine::Answer::Arrived(_, leg)) = world.report(arrived).0 else { panic!("a leg") };
        let actions = world.report(cordial_engine::Report::Digit { leg, digit: '#' }).2;
        let asked = actions.iter().any(|action| matches!(action, cordial_engine::Action::CheckPin { .. }));
        (leg, asked)
    };
    let (leg, asked) = told(&mut world);
    assert!(asked);
    for _ in 0..3 {
        let agent = world.agent("bob");
        let wrong = cordial_engine::Report::PinChecked { leg, agent, right: false };
        assert!(world.report(wrong).0.is_ok());
    }
    assert!(!told(&mut world).1, "who is locked out has no right PIN");
    world.granted(Command::NoteAccess(Access::SecretSet { id }));
    assert!(told(&mut world).1);
}

#[test]
fn who_sat_at_the_desk_makes_room_unless_he_works() {
    check_in(
        ann_at_104,
        "quietly 104 calls *70202; quietly 104 presses #; 104 has-pin-of bob; quietly 104 heard-all; show ann; \
         quietly ann log-in 104; quietly ann ready; quietly x calls 5551; quietly 104 calls *70202; \
         quietly 104 presses #; 104 has-pin-of bob",
        expect![[r#"
            104 has-pin-of bob
              AgentLoggedOut ann for bob
              AgentLoggedIn bob
              FeatureCodeDialled bob hot_desk_on 202, done
              AnnouncementStarted 104 tones/confirmed, en/logged-in
                > play to 104 tones/confirmed en/logged-in then tell
            ann: logged out, idle, device Unregistered
            104 has-pin-of bob
              FeatureCodeDialled bob hot_desk_on 202, refused: busy
              AnnouncementStarted 104 tones/denied
                > play to 104 tones/denied then tell
        "#]],
    );
}

#[test]
fn who_is_logged_in_elsewhere_moves_and_a_desk_of_ones_own_is_not_asked() {
    check_in(
        hot_104,
        "quietly 104 calls *70203; quietly 104 presses #; 104 has-pin-of cid; show cid; 101 calls *70",
        expect![[r#"
            104 has-pin-of cid
              AgentLoggedIn cid at 104, was at 103
              FeatureCodeDialled cid hot_desk_on 203, done
              AnnouncementStarted 104 tones/confirmed, en/logged-in
                > play to 104 tones/confirmed en/logged-in then tell
            cid: not ready, idle, device Busy
            101 calls *70
              CallStarted 101 Internal to *70
              LegAdded 101 Caller
              FeatureCodeDialled nobody hot_desk_on, refused: feature-unavailable
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/not-available
                > answer 101
                > play to 101 tones/denied en/not-available then tell
        "#]],
    );
}

#[test]
fn a_pin_that_is_pressed_is_in_no_fact() {
    let mut world = World::new();
    world.furnish();
    hot_104(&mut world);
    let from = cordial_engine::Endpoint::Device(world.device("104"));
    let dialled = number("*70202");
    let arrived = cordial_engine::Report::LegArrived { from, caller: None, caller_name: name(""), dialled };
    let Ok(cordial_engine::Answer::Arrived(_, leg)) = world.report(arrived).0 else { panic!("a leg") };
    let before = serde_json::to_string(world.engine.state()).unwrap();
    for digit in "86753".chars() {
        let (_, events, _) = world.report(cordial_engine::Report::Digit { leg, digit });
        assert_eq!(events, [], "nobody is told of a key");
    }
    assert_eq!(serde_json::to_string(world.engine.state()).unwrap(), before, "nor is it kept");
    let actions = world.report(cordial_engine::Report::Digit { leg, digit: '#' }).2;
    let [cordial_engine::Action::CheckPin { pin, .. }] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!((pin.as_str(), format!("{pin:?}").as_str()), ("86753", "Pin"));
    assert!(!format!("{:?}", world.engine).contains("86753"));
}
