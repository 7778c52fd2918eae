//! What a phone does with the call that it holds, and with those of others: parks it, takes it, hears it, answers it.

use std::collections::BTreeSet;

use cordial_engine::code::{Feature, FeatureCodes};
use cordial_engine::command::Command;
use cordial_engine::entry::{Agent, Role, Team, User};
use cordial_engine::id::TeamId;
use cordial_engine::{Answer, Endpoint, Entry, EntryId, Fact, Report};
use expect_test::expect;

use crate::story::{check, check_in};
use crate::world::{World, name, number};

/// Ann talks to 4711, and holds him.
const HOLDS: &str = "quietly 4711 calls 5551; quietly ann ready; quietly 101 answers; quietly 101 holds; ";

fn held(rest: &str) -> String {
    format!("{HOLDS}{rest}")
}

/// Makes bob a supervisor of everybody.
fn bob_supervises(world: &mut World) {
    supervises(world, None);
}

fn supervises(world: &mut World, teams: Option<BTreeSet<TeamId>>) {
    let user = User { name: name("bob"), roles: [Role::Supervisor].into(), teams, queues: None };
    let Ok(Answer::Added(EntryId::User(user), _)) = world.command(Command::Add(Entry::User(user))).0 else {
        panic!("a user is added")
    };
    let id = world.agent("bob");
    let Some(Entry::Agent(bob)) = world.engine.entry(world.tenant, EntryId::Agent(id)) else { panic!("bob") };
    let bob = Agent { user: Some(user), ..bob };
    world.granted(Command::Change(EntryId::Agent(id), Entry::Agent(bob)));
}

#[test]
fn a_held_call_is_parked_and_another_phone_takes_it() {
    check(
        &held("101 calls *68; 101 heard-all; show ann; 104 calls *88; 4711 hangs-up"),
        expect![[r#"
            101 calls *68
              CallStarted 101 Internal to *68
              LegAdded 101 Caller
              RecordingStopped 4711
              CallParked 4711 at 1, 4711 waits, 0 times rung
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              FeatureCodeDialled ann park, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/parked, en/digit-1
                > stop recording
                > clear 101 Normal
                > play to 4711 then music
                > answer 101
                > play to 101 tones/confirmed en/parked en/digit-1 then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
            ann: ready, wrap-up until 30.000s, device Idle
            104 calls *88
              LegAdded 104 Callee
              FeatureCodeDialled nobody retrieve, done
              LegAnswered 104
              ParkingEnded 4711 at 1 Retrieved
              LegsBridged 104 4711
                > answer 104
                > stop playing to 4711
                > bridge 104 4711
            4711 hangs-up
              LegCleared 4711 Normal
              LegCleared 104 Normal
              CallCleared 4711 Normal
                > clear 104 Normal
        "#]],
    );
}

#[test]
fn whoever_takes_a_parked_call_has_it_directly_even_who_had_it_by_a_queue() {
    check(
        &held(
            "quietly 101 calls *687; quietly 101 heard-all; ann end-wrap-up; 101 calls *887; show ann; 4711 hangs-up; show ann",
        ),
        expect![[r#"
            ann end-wrap-up
              WrapUpEnded ann
            101 calls *887
              LegAdded 101 Callee
              FeatureCodeDialled ann retrieve 7, done
              LegAnswered 101
              ParkingEnded 4711 at 7 Retrieved
              AgentConnected ann 4711 directly
              LegsBridged 101 4711
              RecordingStarted 4711
                > answer 101
                > stop playing to 4711
                > bridge 101 4711
                > record 101 4711
            ann: ready, in call 4711, device Busy
            4711 hangs-up
              LegCleared 4711 Normal
              RecordingStopped 4711
              LegCleared 101 Normal
              AgentDisconnected ann 4711
              CallCleared 4711 Normal
              CallClosed 4711
                > stop recording
                > clear 101 Normal
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn slots_are_given_from_the_lowest_and_what_cannot_be_parked_or_taken_is_denied() {
    check(
        "quietly 104 calls 102; quietly 102 answers; quietly 102 holds; quietly 102 calls *682; \
         quietly 102 heard-all; 102 calls *68; quietly 102 heard-all; 103 calls *883; quietly 103 heard-all; 104 calls *88; \
         quietly 104 hangs-up; 102 calls *680; quietly 102 heard-all",
        expect![[r#"
            102 calls *68
              CallStarted 102 Internal to *68
              LegAdded 102 Caller
              FeatureCodeDialled bob park, refused: not-found
              LegAnswered 102
              AnnouncementStarted 102 tones/denied, en/no-call
                > answer 102
                > play to 102 tones/denied en/no-call then tell
            103 calls *883
              CallStarted 103 Internal to *883
              LegAdded 103 Caller
              FeatureCodeDialled cid retrieve 3, refused: not-found
              LegAnswered 103
              AnnouncementStarted 103 tones/denied, en/no-call
                > answer 103
                > play to 103 tones/denied en/no-call then tell
            104 calls *88
              CallStarted 104 Internal to *88
              LegAdded 104 Caller
              FeatureCodeDialled nobody retrieve, refused: not-found
              LegAnswered 104
              AnnouncementStarted 104 tones/denied, en/no-call
                > answer 104
                > play to 104 tones/denied en/no-call then tell
            102 calls *680
              CallStarted 102 Internal to *680
              LegAdded 102 Caller
              FeatureCodeDialled bob park 0, refused: not-found
              LegAnswered 102
              AnnouncementStarted 102 tones/denied, en/no-call
                > answer 102
                > play to 102 tones/denied en/no-call then tell
        "#]],
    );
}

#[test]
fn nobody_takes_it_so_the_phone_that_parked_it_is_rung_and_in_the_end_it_is_cleared() {
    check(
        &held(
            "quietly 101 calls *68; quietly 101 heard-all; 120s; 101 rings; 60s; 60s; 101 is-busy; 120s; 60s; 60s; show ann",
        ),
        expect![[r#"
            120s
              WrapUpEnded ann
              CallParked 4711 at 1, 4711 waits, 1 times rung
              LegAdded 101 Callee
                > ring 101 at 101 from 4711
            101 rings
              LegRinging 101
            60s
              LegCleared 101 NoAnswer
                > clear 101 NoAnswer
            60s
              CallParked 4711 at 1, 4711 waits, 2 times rung
              LegAdded 101 Callee
                > ring 101 at 101 from 4711
            101 is-busy
              LegCleared 101 Busy
            120s
              CallParked 4711 at 1, 4711 waits, 3 times rung
              LegAdded 101 Callee
                > ring 101 at 101 from 4711
            60s
              LegCleared 101 NoAnswer
                > clear 101 NoAnswer
            60s
              ParkingEnded 4711 at 1 Cleared
              LegCleared 4711 NoAnswer
              CallCleared 4711 NoAnswer
              CallClosed 4711
                > clear 4711 NoAnswer
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn the_phone_that_parked_it_answers_when_it_is_rung() {
    check(
        &held("quietly 101 calls *68; quietly 101 heard-all; quietly 120s; 101 answers; 101 hangs-up"),
        expect![[r#"
            101 answers
              LegAnswered 101
              ParkingEnded 4711 at 1 Retrieved
              AgentConnected ann 4711 directly
              LegsBridged 101 4711
              RecordingStarted 4711
                > stop playing to 4711
                > bridge 101 4711
                > record 101 4711
            101 hangs-up
              LegCleared 101 Normal
              RecordingStopped 4711
              LegCleared 4711 Normal
              AgentDisconnected ann 4711
              CallCleared 4711 Normal
              CallClosed 4711
                > stop recording
                > clear 4711 Normal
        "#]],
    );
}

#[test]
fn a_caller_who_gives_up_while_parked_ends_the_call_and_whoever_is_rung_for_it() {
    check(
        &held(
            "quietly 101 calls *68; quietly 101 heard-all; 4711 is-retrieved-by 104; 4711 is-retrieved-by 102; 4711 hangs-up",
        ),
        expect![[r#"
            4711 is-retrieved-by 104
              LegAdded 104 Callee
                > ring 104 at 104 from 4711
            4711 is-retrieved-by 102
              refused: busy (busy)
            4711 hangs-up
              LegCleared 4711 Normal
              ParkingEnded 4711 at 1 Abandoned
              LegCleared 104 Normal
              CallCleared 4711 Normal
                > clear 104 Normal
        "#]],
    );
}

#[test]
fn by_command_a_call_that_nobody_holds_is_parked_and_a_phone_is_rung_for_it() {
    check(
        "quietly 4711 calls 5551; quietly ann ready; quietly 101 answers; 4711 is-parked 5; 4711 is-parked; \
         4711 is-retrieved-by 104; 104 answers; 4711 cleared-by-command",
        expect![[r#"
            4711 is-parked 5
              RecordingStopped 4711
              LegsUnbridged 101 4711
              CallParked 4711 at 5, 4711 waits, 0 times rung
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
                > stop recording
                > unbridge 101 4711
                > clear 101 Normal
                > play to 4711 then music
            4711 is-parked
              refused: invalid (call: must be a conversation of two)
            4711 is-retrieved-by 104
              LegAdded 104 Callee
                > ring 104 at 104 from 4711
            104 answers
              LegAnswered 104
              ParkingEnded 4711 at 5 Retrieved
              LegsBridged 104 4711
                > stop playing to 4711
                > bridge 104 4711
            4711 cleared-by-command
              LegCleared 4711 Normal
              LegCleared 104 Normal
              CallCleared 4711 Normal
                > clear 4711 Normal
                > clear 104 Normal
        "#]],
    );
}

#[test]
fn a_parked_call_ends_with_the_process_and_leaves_its_slot() {
    check(
        &held("quietly 101 calls *68; crash; quietly 104 registers; 104 calls *88"),
        expect![[r#"
          NodeStarted
          ParkingEnded 4711 at 1 Abandoned
          LegCleared 4711 NodeRestarted
          CallCleared 4711 NodeRestarted
          LegCleared 101 NodeRestarted
          CallCleared 101 NodeRestarted
          CallClosed 101
        104 calls *88
          CallStarted 104 Internal to *88
          LegAdded 104 Caller
          FeatureCodeDialled nobody retrieve, refused: not-found
          LegAnswered 104
          AnnouncementStarted 104 tones/denied, en/no-call
            > answer 104
            > play to 104 tones/denied en/no-call then tell
    "#]],
    );
}

#[test]
fn a_supervisor_hears_a_call_until_it_ends_and_nobody_else_does() {
    check_in(
        bob_supervises,
        "quietly 4711 calls 5551; quietly ann ready; quietly 101 answers; 103 calls *63201; quietly 103 heard-all; \
         102 calls *63; quietly 102 heard-all; 102 calls *63203; quietly 102 heard-all; 102 calls *63201; 4711 hangs-up",
        expect![[r#"
            103 calls *63201
              CallStarted 103 Internal to *63201
              LegAdded 103 Caller
              FeatureCodeDialled cid monitor 201, refused: not-permitted
              LegAnswered 103
              AnnouncementStarted 103 tones/denied, en/not-permitted
                > answer 103
                > play to 103 tones/denied en/not-permitted then tell
            102 calls *63
              CallStarted 102 Internal to *63
              LegAdded 102 Caller
              FeatureCodeDialled bob monitor, refused: invalid
              LegAnswered 102
              AnnouncementStarted 102 tones/denied, en/invalid
                > answer 102
                > play to 102 tones/denied en/invalid then tell
            102 calls *63203
              CallStarted 102 Internal to *63203
              LegAdded 102 Caller
              FeatureCodeDialled bob monitor 203, refused: not-found
              LegAnswered 102
              AnnouncementStarted 102 tones/denied, en/no-call
                > answer 102
                > play to 102 tones/denied en/no-call then tell
            102 calls *63201
              CallStarted 102 Internal to *63201
              LegAdded 102 Caller
              LegAnswered 102
              FeatureCodeDialled bob monitor 201, done
              MonitoringStarted 102 hears 4711 of ann
                > answer 102
                > stop playing to 102
                > let 102 hear 101 4711
            4711 hangs-up
              LegCleared 4711 Normal
              RecordingStopped 4711
              LegCleared 102 Normal
              CallCleared 102 Normal
              CallClosed 102
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              CallCleared 4711 Normal
                > stop recording
                > clear 102 Normal
                > clear 101 Normal
        "#]],
    );
    check_in(
        bob_supervises,
        "quietly 4711 calls 5551; quietly ann ready; quietly 101 answers; quietly 102 calls *63101; 102 hangs-up; \
         quietly 102 calls *63101; quietly 101 holds; 101 calls *68",
        expect![[r#"
            102 hangs-up
              LegCleared 102 Normal
              CallCleared 102 Normal
              CallClosed 102
            101 calls *68
              CallStarted 101 Internal to *68
              LegAdded 101 Caller
              RecordingStopped 4711
              LegCleared 102 Normal
              CallCleared 102 Normal
              CallClosed 102
              CallParked 4711 at 1, 4711 waits, 0 times rung
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              FeatureCodeDialled ann park, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/parked, en/digit-1
                > stop recording
                > clear 102 Normal
                > clear 101 Normal
                > play to 4711 then music
                > answer 101
                > play to 101 tones/confirmed en/parked en/digit-1 then tell
        "#]],
    );
}

#[test]
fn a_queues_call_that_rings_at_another_is_answered_by_who_could_be_offered_it() {
    check(
        "quietly ann ready; quietly 4711 calls 5551; 104 calls *97101; quietly 104 heard-all; 102 calls *97101; \
         quietly 102 heard-all; quietly bob ready; 102 calls *97101; show ann; show bob; 4711 hangs-up",
        expect![[r#"
            104 calls *97101
              CallStarted 104 Internal to *97101
              LegAdded 104 Caller
              FeatureCodeDialled nobody pick_up 101, refused: not-logged-in
              LegAnswered 104
              AnnouncementStarted 104 tones/denied, en/not-logged-in
                > answer 104
                > play to 104 tones/denied en/not-logged-in then tell
            102 calls *97101
              CallStarted 102 Internal to *97101
              LegAdded 102 Caller
              FeatureCodeDialled bob pick_up 101, refused: busy
              LegAnswered 102
              AnnouncementStarted 102 tones/denied
                > answer 102
                > play to 102 tones/denied then tell
            102 calls *97101
              OfferEnded ann sales gave up
              LegCleared 101 AnsweredElsewhere
              LegAdded 102 Callee
              OfferMade 4711 to bob
              FeatureCodeDialled bob pick_up 101, done
              LegAnswered 102
              OfferEnded bob Accepted
              WaitingEnded 4711 sales Answered after 0 ms
              AgentConnected bob 4711 sales
              LegsBridged 102 4711
              RecordingStarted 4711
                > clear 101 AnsweredElsewhere
                > answer 102
                > stop playing to 4711
                > bridge 102 4711
                > record 102 4711
            ann: ready, idle, device Idle
            bob: ready, in call 4711 of sales, device Busy
            4711 hangs-up
              LegCleared 4711 Normal
              RecordingStopped 4711
              LegCleared 102 Normal
              WrapUpStarted bob until 30.000s
              AgentDisconnected bob 4711
              CallCleared 4711 Normal
                > stop recording
                > clear 102 Normal
        "#]],
    );
}

#[test]
fn the_number_to_forward_to_is_pressed_when_it_is_not_dialled() {
    check(
        "101 calls *72; 101 presses 2; 101 presses *; 101 presses 0; 101 presses 2; 101 presses #; quietly 101 heard-all; \
         quietly 101 calls *73; quietly 101 heard-all; quietly 101 calls *72; quietly 101 presses 7; 3s; 101 presses 1; 4s; \
         quietly 101 heard-all; 101 calls *72; 15s",
        expect![[r#"
            101 calls *72
              CallStarted 101 Internal to *72
              LegAdded 101 Caller
              LegAnswered 101
              NumberAsked ann forward_on
                > answer 101
                > play to 101 en/enter-number tones/beep then tones/silence
            101 presses 2
              NumberAsked ann forward_on 2
                > play to 101 then tones/silence
            101 presses *
            101 presses 0
              NumberAsked ann forward_on 20
            101 presses 2
              NumberAsked ann forward_on 202
            101 presses #
              HandlingSet ann
              FeatureCodeDialled ann forward_on 202, done
              AnnouncementStarted 101 tones/confirmed, en/forwarded
                > play to 101 tones/confirmed en/forwarded then tell
            3s
            101 presses 1
              NumberAsked ann forward_on 71
            4s
              HandlingSet ann
              FeatureCodeDialled ann forward_on 71, done
              AnnouncementStarted 101 tones/confirmed, en/forwarded
                > play to 101 tones/confirmed en/forwarded then tell
            101 calls *72
              CallStarted 101 Internal to *72
              LegAdded 101 Caller
              LegAnswered 101
              NumberAsked ann forward_on
                > answer 101
                > play to 101 en/enter-number tones/beep then tones/silence
            15s
              FeatureCodeDialled ann forward_on, refused: invalid
              AnnouncementStarted 101 tones/denied, en/invalid
                > play to 101 tones/denied en/invalid then tell
        "#]],
    );
}

#[test]
fn a_phone_calls_again_whom_it_called_and_who_called_it() {
    check(
        "101 calls *66; quietly 101 heard-all; quietly 101 calls 104; quietly 101 hangs-up; 101 calls *66; \
         quietly 101 hangs-up; 104 calls *69; quietly 104 hangs-up; 104 calls *691; quietly 104 heard-all",
        expect![[r#"
            101 calls *66
              CallStarted 101 Internal to *66
              LegAdded 101 Caller
              FeatureCodeDialled ann redial, refused: not-found
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/no-call
                > answer 101
                > play to 101 tones/denied en/no-call then tell
            101 calls *66
              CallStarted 101 Internal to 104
              LegAdded 101 Caller
              FeatureCodeDialled ann redial 104, done
              LegAdded 104 Callee
                > ring 104 at 104 from 101
            104 calls *69
              CallStarted 104 Internal to 101
              LegAdded 104 Caller
              FeatureCodeDialled nobody call_back_last 101, done
              LegAdded 101 Callee
                > ring 101 at 101 from 104
            104 calls *691
              CallStarted 104 Internal to *691
              LegAdded 104 Caller
              FeatureCodeDialled nobody call_back_last 1, refused: invalid
              LegAnswered 104
              AnnouncementStarted 104 tones/denied, en/invalid
                > answer 104
                > play to 104 tones/denied en/invalid then tell
        "#]],
    );
}

#[test]
fn the_held_call_is_recorded_and_not_recorded_by_code_and_all_calls_are_reset() {
    check(
        &held(
            "101 calls *44; quietly 101 heard-all; 101 calls *48; quietly 101 heard-all; 101 calls *49; \
             quietly 101 heard-all; 101 calls *45; quietly 101 heard-all; 101 calls *44; quietly 101 heard-all; 101 calls *12; \
             quietly 101 heard-all; 101 calls *45",
        ),
        expect![[r#"
            101 calls *44
              CallStarted 101 Internal to *44
              LegAdded 101 Caller
              FeatureCodeDialled ann recording_start, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > answer 101
                > play to 101 tones/confirmed then tell
            101 calls *48
              CallStarted 101 Internal to *48
              LegAdded 101 Caller
              RecordingPaused 4711
              FeatureCodeDialled ann recording_pause, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > pause recording
                > answer 101
                > play to 101 tones/confirmed then tell
            101 calls *49
              CallStarted 101 Internal to *49
              LegAdded 101 Caller
              RecordingResumed 4711
              FeatureCodeDialled ann recording_resume, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > resume recording
                > answer 101
                > play to 101 tones/confirmed then tell
            101 calls *45
              CallStarted 101 Internal to *45
              LegAdded 101 Caller
              RecordingStopped 4711
              FeatureCodeDialled ann recording_stop, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > stop recording
                > answer 101
                > play to 101 tones/confirmed then tell
            101 calls *44
              CallStarted 101 Internal to *44
              LegAdded 101 Caller
              RecordingStarted 4711
              FeatureCodeDialled ann recording_start, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > record 101 4711
                > answer 101
                > play to 101 tones/confirmed then tell
            101 calls *12
              CallStarted 101 Internal to *12
              LegAdded 101 Caller
              RecordingStopped 4711
              LegCleared 4711 Normal
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              CallCleared 4711 Normal
              FeatureCodeDialled ann reset_calls, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > stop recording
                > clear 4711 Normal
                > clear 101 Normal
                > answer 101
                > play to 101 tones/confirmed then tell
            101 calls *45
              CallStarted 101 Internal to *45
              LegAdded 101 Caller
              FeatureCodeDialled ann recording_stop, refused: not-found
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/no-call
                > answer 101
                > play to 101 tones/denied en/no-call then tell
        "#]],
    );
}

/// What the first word at the phone says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Yes,
    No,
    /// Something else is done than saying yes or no: who dialled is asked for a number.
    Asks,
}

/// Every code of the default table is carried out or denied with the tone: alone, and with a number appended.
#[test]
fn no_code_is_answered_by_silence() {
    let mut done = Vec::new();
    for (feature, code) in FeatureCodes::default().iter() {
        for argument in ["", "201"] {
            let mut world = World::new();
            world.furnish();
            let device = world.device("101");
            let dialled = number(&format!("{}{argument}", code.as_str()));
            let from = Endpoint::Device(device);
            let arrived = Report::LegArrived { from, caller: None, caller_name: name(""), dialled };
            let (answer, events, _) = world.report(arrived);
            assert!(matches!(answer, Ok(Answer::Arrived(..))), "{feature:?} {argument}: {answer:?}");
            let said = events.iter().find_map(|event| match &event.fact {
                Fact::AnnouncementStarted { prompts, .. } => match prompts[0].as_str() {
                    "tones/confirmed" => Some(Said::Yes),
                    "tones/denied" => Some(Said::No),
                    other => panic!("{feature:?} {argument} begins with {other}"),
                },
                Fact::NumberAsked { .. } | Fact::LogInAsked { .. } => Some(Said::Asks),
                _other => None,
            });
            let said = said.unwrap_or_else(|| panic!("{feature:?} {argument}: nothing is said: {events:?}"));
            let refused = events
                .iter()
                .any(|event| matches!(&event.fact, Fact::FeatureCodeDialled { refused: Some(_), .. }));
            assert_eq!(
                refused,
                said == Said::No,
                "{feature:?} {argument}: the record says what the phone heard"
            );
            if said != Said::No {
                done.push(format!("{}{argument}", feature.word()));
            }
        }
    }
    assert_eq!(Feature::ALL.len(), FeatureCodes::default().iter().count());
    expect!["ready not_ready log_in log_out do_not_disturb_on do_not_disturb_off forward_on forward_on201 forward_off voicemail_off transfer transfer_to_voicemail forward_busy_on forward_busy_on201 forward_busy_off voicemail_busy_off forward_no_answer_on forward_no_answer_on201 forward_no_answer_off voicemail_no_answer_off forward_unreachable_on forward_unreachable_on201 forward_unreachable_off reset_calls"].assert_eq(&done.join(" "));
}

#[test]
fn a_supervisor_of_other_teams_hears_nobody_else() {
    check_in(
        |world| {
            let EntryId::Team(night) = world.add("night", Entry::Team(Team { name: name("night") })) else {
                panic!("a team")
            };
            supervises(world, Some([night].into()));
        },
        "quietly 4711 calls 5551; quietly ann ready; quietly 101 answers; 102 calls *63201",
        expect![[r#"
            102 calls *63201
              CallStarted 102 Internal to *63201
              LegAdded 102 Caller
              FeatureCodeDialled bob monitor 201, refused: not-permitted
              LegAnswered 102
              AnnouncementStarted 102 tones/denied, en/not-permitted
                > answer 102
                > play to 102 tones/denied en/not-permitted then tell
        "#]],
    );
}
