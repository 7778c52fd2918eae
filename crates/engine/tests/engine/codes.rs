//! Feature codes: what is dialled is done or refused, and said so at the phone.

use cordial_engine::code::{Code, Feature, FeatureCodes};
use cordial_engine::command::Command;
use cordial_engine::entry::{Agent, Device, Team};
use cordial_engine::{Entry, EntryId};
use expect_test::expect;

use crate::story::{check, check_in};
use crate::world::{World, name, number};

/// Makes ann the owner of 104, where nobody is logged in.
fn ann_owns_104(world: &mut World) {
    let owner = Some(world.agent("ann"));
    let device = Device { owner, ..Device::numbered(number("104"), name("ann's")) };
    world.granted(Command::Change(world.ids["104"], Entry::Device(device)));
}

#[test]
fn a_code_is_answered_done_and_confirmed() {
    check(
        "101 calls *36; show ann; 101 heard-all; 101 calls *37; quietly 101 hangs-up; show ann; quietly 101 calls *39; \
         quietly 101 heard-all; show ann",
        expect![[r#"
            101 calls *36
              CallStarted 101 Internal to *36
              LegAdded 101 Caller
              AgentReady ann
              FeatureCodeDialled ann ready, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/ready
                > answer 101
                > play to 101 tones/confirmed en/ready then tell
            ann: ready, idle, device Busy
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
            101 calls *37
              CallStarted 101 Internal to *37
              LegAdded 101 Caller
              AgentNotReady ann not ready
              FeatureCodeDialled ann not_ready, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/not-ready
                > answer 101
                > play to 101 tones/confirmed en/not-ready then tell
            ann: not ready, idle, device Idle
            ann: logged out, idle, device Unregistered
        "#]],
    );
}

#[test]
fn a_code_with_a_number_speaks_of_that_queue_alone() {
    check(
        "quietly 101 calls *36600; quietly 101 heard-all; 101 calls *375551; 101 heard-all; 101 calls *39600#; \
         101 heard-all; 101 calls *36600; 101 heard-all; 101 calls *36; 101 heard-all",
        expect![[r#"
            101 calls *375551
              CallStarted 101 Internal to *375551
              LegAdded 101 Caller
              FeatureCodeDialled ann not_ready 5551, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/not-ready
                > answer 101
                > play to 101 tones/confirmed en/not-ready then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
            101 calls *39600#
              CallStarted 101 Internal to *39600#
              LegAdded 101 Caller
              MembershipSet ann help Out
              AgentNotReady ann not ready
              FeatureCodeDialled ann log_out 600, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/logged-out
                > answer 101
                > play to 101 tones/confirmed en/logged-out then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
            101 calls *36600
              CallStarted 101 Internal to *36600
              LegAdded 101 Caller
              FeatureCodeDialled ann ready 600, refused: not-logged-in
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/not-logged-in
                > answer 101
                > play to 101 tones/denied en/not-logged-in then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
            101 calls *36
              CallStarted 101 Internal to *36
              LegAdded 101 Caller
              MembershipSet ann sales Ready
              AgentReady ann
              FeatureCodeDialled ann ready, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/ready
                > answer 101
                > play to 101 tones/confirmed en/ready then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
        "#]],
    );
}

#[test]
fn a_code_for_a_queue_that_the_caller_is_not_in_is_refused_and_said_so() {
    check(
        "quietly ann unassign help; 101 calls *38600; 101 heard-all; 101 calls *36999; 101 heard-all; 101 calls *36201; \
         101 heard-all",
        expect![[r#"
            101 calls *38600
              CallStarted 101 Internal to *38600
              LegAdded 101 Caller
              FeatureCodeDialled ann log_in 600, refused: not-assigned
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/not-in-queue
                > answer 101
                > play to 101 tones/denied en/not-in-queue then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
            101 calls *36999
              CallStarted 101 Internal to *36999
              LegAdded 101 Caller
              FeatureCodeDialled ann ready 999, refused: not-found
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/no-such-queue
                > answer 101
                > play to 101 tones/denied en/no-such-queue then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
            101 calls *36201
              CallStarted 101 Internal to *36201
              LegAdded 101 Caller
              FeatureCodeDialled ann ready 201, refused: not-found
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/no-such-queue
                > answer 101
                > play to 101 tones/denied en/no-such-queue then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
        "#]],
    );
}

#[test]
fn the_owner_of_a_desk_logs_in_there_and_a_shared_desk_has_nobody() {
    check(
        "104 calls *38; 104 heard-all",
        expect![[r#"
        104 calls *38
          CallStarted 104 Internal to *38
          LegAdded 104 Caller
          FeatureCodeDialled nobody log_in, refused: nobody-there
          LegAnswered 104
          AnnouncementStarted 104 tones/denied, en/nobody-there
            > answer 104
            > play to 104 tones/denied en/nobody-there then tell
        104 heard-all
          LegCleared 104 Normal
          CallCleared 104 Normal
          CallClosed 104
            > clear 104 Normal
    "#]],
    );
    check_in(
        ann_owns_104,
        "104 calls *38; quietly 104 heard-all; quietly ann log-out; 104 calls *38; 104 heard-all; show ann; \
         101 calls *39; quietly 101 heard-all; 104 calls *38600; quietly 104 heard-all; show ann",
        expect![[r#"
            104 calls *38
              CallStarted 104 Internal to *38
              LegAdded 104 Caller
              AgentLoggedIn ann at 104, was at 101
              FeatureCodeDialled ann log_in, done
              LegAnswered 104
              AnnouncementStarted 104 tones/confirmed, en/logged-in
                > answer 104
                > play to 104 tones/confirmed en/logged-in then tell
            104 calls *38
              CallStarted 104 Internal to *38
              LegAdded 104 Caller
              AgentLoggedIn ann
              FeatureCodeDialled ann log_in, done
              LegAnswered 104
              AnnouncementStarted 104 tones/confirmed, en/logged-in
                > answer 104
                > play to 104 tones/confirmed en/logged-in then tell
            104 heard-all
              LegCleared 104 Normal
              CallCleared 104 Normal
              CallClosed 104
                > clear 104 Normal
            ann: not ready, idle, device Idle
            101 calls *39
              CallStarted 101 Internal to *39
              LegAdded 101 Caller
              FeatureCodeDialled nobody log_out, refused: nobody-there
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/nobody-there
                > answer 101
                > play to 101 tones/denied en/nobody-there then tell
            104 calls *38600
              CallStarted 104 Internal to *38600
              LegAdded 104 Caller
              FeatureCodeDialled ann log_in 600, done
              LegAnswered 104
              AnnouncementStarted 104 tones/confirmed, en/logged-in
                > answer 104
                > play to 104 tones/confirmed en/logged-in then tell
            ann: not ready, idle, device Idle
        "#]],
    );
}

/// Makes 101, where ann sits, a desk for whoever comes, and logs bob out of his own phone.
fn hot_101(world: &mut World) {
    let device = Device { hot_desk: true, ..Device::numbered(number("101"), name("ann")) };
    world.granted(Command::Change(world.ids["101"], Entry::Device(device)));
    world.granted(Command::LogOut { agent: world.agent("bob"), reason: None });
}

#[test]
fn who_comes_to_a_hot_desk_logs_out_the_one_who_sat_there() {
    check_in(
        hot_101,
        "quietly ann ready; bob log-in 101; show ann; show bob; x calls 5551; bob ready; bob answers",
        expect![[r#"
            bob log-in 101
              AgentLoggedOut ann for bob
              AgentLoggedIn bob
            ann: logged out, idle, device Unregistered
            bob: not ready, idle, device Idle
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
                > answer x
                > play to x then music
            bob ready
              AgentReady bob
              LegAdded 101 Callee
              OfferMade x to bob
                > ring 101 at 101 from x
            bob answers
              LegAnswered 101
              OfferEnded bob Accepted
              WaitingEnded x sales Answered after 0 ms
              AgentConnected bob x sales
              LegsBridged 101 x
              RecordingStarted x
                > stop playing to x
                > bridge 101 x
                > record 101 x
        "#]],
    );
}

#[test]
fn a_desk_that_is_not_hot_is_kept() {
    check(
        "quietly bob log-out; bob log-in 101; show ann",
        expect![[r#"
        bob log-in 101
          refused: device-taken (another agent is logged in at that device)
        ann: not ready, idle, device Idle
    "#]],
    );
}

#[test]
fn who_works_at_a_hot_desk_keeps_it() {
    check_in(
        hot_101,
        "quietly ann ready; quietly x calls 5551; bob log-in 101; quietly ann answers; bob log-in 101; \
         quietly x hangs-up; bob log-in 101; show ann; 30s; bob log-in 101",
        expect![[r#"
            bob log-in 101
              refused: busy (busy)
            bob log-in 101
              refused: busy (busy)
            bob log-in 101
              refused: busy (busy)
            ann: ready, wrap-up until 30.000s, device Idle
            30s
              WrapUpEnded ann
              CallClosed x
            bob log-in 101
              AgentLoggedOut ann for bob
              AgentLoggedIn bob
        "#]],
    );
}

#[test]
fn a_call_to_the_number_of_a_hot_desk_keeps_who_sits_there() {
    check_in(
        hot_101,
        "quietly 103 calls 101; bob log-in 101; quietly 103 hangs-up; bob log-in 101",
        expect![[r#"
            bob log-in 101
              refused: busy (busy)
            bob log-in 101
              AgentLoggedOut ann for bob
              AgentLoggedIn bob
        "#]],
    );
}

#[test]
fn a_hot_desk_is_left_by_code_and_another_desk_is_not() {
    check_in(
        hot_101,
        "101 calls *71; quietly 101 heard-all; show ann; 101 calls *71; quietly 101 heard-all; 103 calls *71; \
         quietly 103 heard-all; show cid; quietly bob log-in 101; 101 calls *71600",
        expect![[r#"
            101 calls *71
              CallStarted 101 Internal to *71
              LegAdded 101 Caller
              AgentLoggedOut ann
              FeatureCodeDialled ann hot_desk_off, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/logged-out
                > answer 101
                > play to 101 tones/confirmed en/logged-out then tell
            ann: logged out, idle, device Unregistered
            101 calls *71
              CallStarted 101 Internal to *71
              LegAdded 101 Caller
              FeatureCodeDialled nobody hot_desk_off, refused: nobody-there
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/nobody-there
                > answer 101
                > play to 101 tones/denied en/nobody-there then tell
            103 calls *71
              CallStarted 103 Internal to *71
              LegAdded 103 Caller
              FeatureCodeDialled cid hot_desk_off, refused: feature-unavailable
              LegAnswered 103
              AnnouncementStarted 103 tones/denied, en/not-available
                > answer 103
                > play to 103 tones/denied en/not-available then tell
            cid: not ready, idle, device Idle
            101 calls *71600
              CallStarted 101 Internal to *71600
              LegAdded 101 Caller
              FeatureCodeDialled bob hot_desk_off 600, refused: invalid
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/invalid
                > answer 101
                > play to 101 tones/denied en/invalid then tell
        "#]],
    );
}

#[test]
fn who_leaves_a_hot_desk_in_a_wrap_up_leaves_it_afterwards() {
    check_in(
        hot_101,
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x hangs-up; 101 calls *71; \
         quietly 101 heard-all; show ann; 30s; show ann",
        expect![[r#"
            101 calls *71
              CallStarted 101 Internal to *71
              LegAdded 101 Caller
              DutyPending ann logged out
              FeatureCodeDialled ann hot_desk_off, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/afterwards
                > answer 101
                > play to 101 tones/confirmed en/afterwards then tell
            ann: ready, then logged out, wrap-up until 30.000s, device Idle
            30s
              WrapUpEnded ann
              AgentLoggedOut ann
              CallClosed x
            ann: logged out, idle, device Unregistered
        "#]],
    );
}

#[test]
fn a_wish_during_a_call_is_confirmed_for_afterwards() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x hangs-up; 101 calls *37; 101 heard-all; \
         show ann",
        expect![[r#"
            101 calls *37
              CallStarted 101 Internal to *37
              LegAdded 101 Caller
              DutyPending ann not ready
              FeatureCodeDialled ann not_ready, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/afterwards
                > answer 101
                > play to 101 tones/confirmed en/afterwards then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
            ann: ready, then not ready, wrap-up until 30.000s, device Idle
        "#]],
    );
}

#[test]
fn whoever_does_not_want_to_be_disturbed_is_busy_for_every_call_to_the_phone() {
    check(
        "101 calls *78; quietly 101 heard-all; 102 calls 101; 102 calls 201; quietly 101 calls *73; quietly 101 heard-all; \
         102 calls 101; 101 calls *79; quietly 101 heard-all; \
         102 calls 101",
        expect![[r#"
            101 calls *78
              CallStarted 101 Internal to *78
              LegAdded 101 Caller
              HandlingSet ann
              FeatureCodeDialled ann do_not_disturb_on, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/do-not-disturb
                > answer 101
                > play to 101 tones/confirmed en/do-not-disturb then tell
            102 calls 101
              CallStarted 102 Internal to 101
              LegAdded 102 Caller
              LegCleared 102 Busy
              CallCleared 102 Busy
              CallClosed 102
                > clear 102 Busy
            102 calls 201
              CallStarted 102 Internal to 201
              LegAdded 102 Caller
              LegCleared 102 Busy
              CallCleared 102 Busy
              CallClosed 102
                > clear 102 Busy
            102 calls 101
              CallStarted 102 Internal to 101
              LegAdded 102 Caller
              LegCleared 102 Busy
              CallCleared 102 Busy
              CallClosed 102
                > clear 102 Busy
            101 calls *79
              CallStarted 101 Internal to *79
              LegAdded 101 Caller
              HandlingSet ann
              FeatureCodeDialled ann do_not_disturb_off, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/phone-rings
                > answer 101
                > play to 101 tones/confirmed en/phone-rings then tell
            102 calls 101
              CallStarted 102 Internal to 101
              LegAdded 102 Caller
              LegAdded 101 Callee
                > ring 101 at 101 from 102
        "#]],
    );
}

#[test]
fn a_phone_is_forwarded_and_rings_again() {
    check(
        "101 calls *72; quietly 101 hangs-up; 101 calls *72103; quietly 101 heard-all; 102 calls 101; \
         quietly 102 hangs-up; 101 calls *73103; quietly 101 heard-all; 101 calls *73; quietly 101 heard-all; \
         102 calls 101",
        expect![[r#"
            101 calls *72
              CallStarted 101 Internal to *72
              LegAdded 101 Caller
              LegAnswered 101
              NumberAsked ann forward_on
                > answer 101
                > play to 101 en/enter-number tones/beep then tones/silence
            101 calls *72103
              CallStarted 101 Internal to *72103
              LegAdded 101 Caller
              HandlingSet ann
              FeatureCodeDialled ann forward_on 103, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/forwarded
                > answer 101
                > play to 101 tones/confirmed en/forwarded then tell
            102 calls 101
              CallStarted 102 Internal to 101
              LegAdded 102 Caller
              LegAdded 103 Callee
                > ring 103 at 103 from 102
            101 calls *73103
              CallStarted 101 Internal to *73103
              LegAdded 101 Caller
              FeatureCodeDialled ann forward_off 103, refused: invalid
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/invalid
                > answer 101
                > play to 101 tones/denied en/invalid then tell
            101 calls *73
              CallStarted 101 Internal to *73
              LegAdded 101 Caller
              HandlingSet ann
              FeatureCodeDialled ann forward_off, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/phone-rings
                > answer 101
                > play to 101 tones/confirmed en/phone-rings then tell
            102 calls 101
              CallStarted 102 Internal to 101
              LegAdded 102 Caller
              LegAdded 101 Callee
                > ring 101 at 101 from 102
        "#]],
    );
}

#[test]
fn who_forwards_to_the_own_phone_is_rung_there() {
    check(
        "quietly ann handling forward 101; 102 calls 201",
        expect![[r#"
        102 calls 201
          CallStarted 102 Internal to 201
          LegAdded 102 Caller
          LegAdded 101 Callee
            > ring 101 at 101 from 102
    "#]],
    );
    check(
        "quietly ann handling forward 102; quietly bob handling forward 101; 103 calls 101",
        expect![[r#"
            103 calls 101
              refused: no-route (the number leads nowhere)
        "#]],
    );
}

#[test]
fn a_code_that_nothing_can_do_is_denied_and_never_silent() {
    check(
        "101 calls *46; 120s",
        expect![[r#"
        101 calls *46
          CallStarted 101 Internal to *46
          LegAdded 101 Caller
          FeatureCodeDialled ann paging, refused: feature-unavailable
          LegAnswered 101
          AnnouncementStarted 101 tones/denied, en/not-available
            > answer 101
            > play to 101 tones/denied en/not-available then tell
        120s
          LegCleared 101 Normal
          CallCleared 101 Normal
          CallClosed 101
            > clear 101 Normal
    "#]],
    );
}

#[test]
fn only_what_is_in_the_table_is_a_code_and_only_at_a_device() {
    let own = |world: &mut World| {
        let codes = [(Feature::LogOut, Code::parse("#9").unwrap())].into();
        world.granted(Command::SetFeatureCodes(FeatureCodes::new(codes).unwrap()));
    };
    check_in(
        own,
        "101 calls *39; 101 calls #9; x calls #9; 102 places #9",
        expect![[r#"
        101 calls *39
          OutboundRefused 101 to *39: Denied
          refused: destination-denied (the destination is not allowed)
        101 calls #9
          CallStarted 101 Internal to #9
          LegAdded 101 Caller
          AgentLoggedOut ann
          FeatureCodeDialled ann log_out, done
          LegAnswered 101
          AnnouncementStarted 101 tones/confirmed, en/logged-out
            > answer 101
            > play to 101 tones/confirmed en/logged-out then tell
        x calls #9
          refused: no-route (the number leads nowhere)
        102 places #9
          OutboundRefused 102 to #9: Denied
          refused: destination-denied (the destination is not allowed)
    "#]],
    );
}

#[test]
fn a_crash_ends_the_announcement() {
    check(
        "quietly 101 calls *36; quietly 101 is-saved; crash; show ann",
        expect![[r#"
          NodeStarted
          LegCleared 101 NodeRestarted
          CallCleared 101 NodeRestarted
          CallClosed 101
            > clear 101 by dialog of 101
        ann: ready, idle, device Idle
    "#]],
    );
}

/// Puts ann, bob and cid into a team.
fn a_team(world: &mut World) {
    let EntryId::Team(team) =
        world.add("team", Entry::Team(Team { name: name("team"), sees_monitoring: false }))
    else {
        unreachable!()
    };
    for label in ["ann", "bob", "cid"] {
        let id = world.ids[label];
        let Some(Entry::Agent(agent)) = world.engine.entry(world.tenant, id) else { unreachable!() };
        world.granted(Command::Change(id, Entry::Agent(Agent { team: Some(team), ..agent })));
    }
}

#[test]
fn a_call_that_rings_elsewhere_is_picked_up() {
    check(
        "quietly 104 calls 101; quietly 101 rings; 102 calls *97101; show bob; 104 hangs-up; quietly x calls 5553; \
         102 calls *97201; 102 calls *97201; 102 calls *97; quietly 102 hangs-up",
        expect![[r#"
            102 calls *97101
              LegCleared 101 AnsweredElsewhere
              LegAdded 102 Callee
              FeatureCodeDialled bob pick_up 101, done
              LegAnswered 102
              LegAnswered 104
              AgentConnected bob 104 directly
              LegsBridged 104 102
                > clear 101 AnsweredElsewhere
                > answer 102
                > answer 104
                > bridge 104 102
            bob: not ready, in call 104, device Busy
            104 hangs-up
              LegCleared 104 Normal
              LegCleared 102 Normal
              AgentDisconnected bob 104
              CallCleared 104 Normal
              CallClosed 104
                > clear 102 Normal
            102 calls *97201
              LegCleared 101 AnsweredElsewhere
              LegAdded 102 Callee
              FeatureCodeDialled bob pick_up 201, done
              LegAnswered 102
              LegAnswered x
              AgentConnected bob x directly
              LegsBridged x 102
                > clear 101 AnsweredElsewhere
                > answer 102
                > answer x
                > bridge x 102
            102 calls *97201
              CallStarted 102 Internal to *97201
              LegAdded 102 Caller
              FeatureCodeDialled bob pick_up 201, refused: not-found
              LegAnswered 102
              AnnouncementStarted 102 tones/denied, en/no-call
                > answer 102
                > play to 102 tones/denied en/no-call then tell
            102 calls *97
              CallStarted 102 Internal to *97
              LegAdded 102 Caller
              FeatureCodeDialled bob pick_up, refused: invalid
              LegAnswered 102
              AnnouncementStarted 102 tones/denied, en/invalid
                > answer 102
                > play to 102 tones/denied en/invalid then tell
        "#]],
    );
}

#[test]
fn a_call_that_rings_in_the_team_is_picked_up_and_another_is_not() {
    check_in(
        a_team,
        "quietly 103 calls 104; 102 calls *98; quietly 102 heard-all; quietly x calls 5553; 104 calls *98; \
         quietly 104 hangs-up; 102 calls *98",
        expect![[r#"
            102 calls *98
              CallStarted 102 Internal to *98
              LegAdded 102 Caller
              FeatureCodeDialled bob pick_up_group, refused: not-found
              LegAnswered 102
              AnnouncementStarted 102 tones/denied, en/no-call
                > answer 102
                > play to 102 tones/denied en/no-call then tell
            104 calls *98
              CallStarted 104 Internal to *98
              LegAdded 104 Caller
              FeatureCodeDialled nobody pick_up_group, refused: not-found
              LegAnswered 104
              AnnouncementStarted 104 tones/denied, en/no-call
                > answer 104
                > play to 104 tones/denied en/no-call then tell
            102 calls *98
              LegCleared 101 AnsweredElsewhere
              LegAdded 102 Callee
              FeatureCodeDialled bob pick_up_group, done
              LegAnswered 102
              LegAnswered x
              AgentConnected bob x directly
              LegsBridged x 102
                > clear 101 AnsweredElsewhere
                > answer 102
                > answer x
                > bridge x 102
        "#]],
    );
}

#[test]
fn a_call_that_a_queue_offers_is_not_picked_up_by_who_is_not_ready() {
    check(
        "quietly ann ready; quietly x calls 5551; 102 calls *97101",
        expect![[r#"
            102 calls *97101
              CallStarted 102 Internal to *97101
              LegAdded 102 Caller
              FeatureCodeDialled bob pick_up 101, refused: busy
              LegAnswered 102
              AnnouncementStarted 102 tones/denied
                > answer 102
                > play to 102 tones/denied then tell
        "#]],
    );
}
