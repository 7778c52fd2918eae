//! Supervision: who hears whom, from which call to which, and what becomes of it when somebody leaves.

use expect_test::expect;

use crate::story::check;

/// Ann talks to 4711, whom she has from sales, which records. Cid is at 103.
const TALKS: &str =
    "quietly cid log-in 103; quietly 4711 calls 5551; quietly ann ready; quietly 101 answers; ";

fn talking(rest: &str) -> String {
    format!("{TALKS}{rest}")
}

#[test]
fn a_supervisor_hears_a_call_whispers_and_joins_it() {
    check(
        &talking(
            "103 listens-to 4711; 103 answers; 103 whispers; 103 whispers; 103 listens; 103 barges-in; show cid; 4711 hangs-up; 103 hangs-up",
        ),
        expect![[r#"
            103 listens-to 4711
              CallStarted 103 Internal to 101
              LegAdded 103 Caller
              MonitoringAsked 103 to hear ann
                > ring 103 at 103 from 101
            103 answers
              LegAnswered 103
              MonitoringStarted 103 hears 4711 of ann
                > stop playing to 103
                > let 103 hear 101 4711
            103 whispers
              MonitoringModeSet 103 whispers
                > unbridge 4711 101
                > let 4711 hear 101
                > let 101 hear 4711 103
            103 whispers
              refused: already-so (it is so already)
            103 listens
              MonitoringModeSet 103 listens
                > let 4711 hear nobody
                > let 101 hear nobody
                > bridge 4711 101
            103 barges-in
              CallsJoined 4711 and 103 with 103 Barge
              AgentConnected cid 4711 directly
              LegsMixed 101 4711 103
              CallCleared 103 Normal
              CallClosed 103
                > unbridge 4711 101
                > let 4711 hear 101 103
                > let 101 hear 4711 103
                > let 103 hear 4711 101
                > record on 101 4711 103
            cid: not ready, in call 4711, device Busy
            4711 hangs-up
              LegCleared 4711 Normal
                > let 101 hear nobody
                > let 103 hear nobody
                > bridge 101 103
                > record on 101 103
            103 hangs-up
              LegCleared 103 Normal
              RecordingStopped 4711
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              AgentDisconnected cid 4711
              CallCleared 4711 Normal
                > stop recording
                > clear 101 Normal
        "#]],
    );
}

#[test]
fn a_supervisor_takes_a_call_over() {
    check(
        &talking(
            "103 listens-to 4711; quietly 103 answers; 103 takes-over; show ann; show cid; 4711 hangs-up",
        ),
        expect![[r#"
            103 listens-to 4711
              CallStarted 103 Internal to 101
              LegAdded 103 Caller
              MonitoringAsked 103 to hear ann
                > ring 103 at 103 from 101
            103 takes-over
              CallsJoined 4711 and 103 with 103 TakeOver
              AgentConnected cid 4711 directly
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              LegsBridged 4711 103
              CallCleared 103 Normal
              CallClosed 103
              RecordingStopped 4711
              RecordingStarted 4711
                > clear 101 Normal
                > let 103 hear nobody
                > bridge 4711 103
                > stop recording
                > record 103 4711
            ann: ready, wrap-up until 30.000s, device Idle
            cid: not ready, in call 4711, device Busy
            4711 hangs-up
              LegCleared 4711 Normal
              RecordingStopped 4711
              LegCleared 103 Normal
              AgentDisconnected cid 4711
              CallCleared 4711 Normal
                > stop recording
                > clear 103 Normal
        "#]],
    );
}

#[test]
fn a_supervisor_follows_an_agent_from_call_to_call() {
    check(
        "quietly ann ready; 103 whispers-to ann; 103 answers; quietly 4711 calls 5551; 101 answers; 4711 hangs-up; ann end-wrap-up; quietly 4712 calls 5551; 101 answers; 103 listens; 103 hangs-up; 4712 hangs-up; ann log-out",
        expect![[r#"
            103 whispers-to ann
              CallStarted 103 Internal to 101
              LegAdded 103 Caller
              MonitoringAsked 103 to hear ann from call to call
                > ring 103 at 103 from 101
            103 answers
              LegAnswered 103
              MonitoringWaits 103
                > play to 103 then tones/silence
            101 answers
              LegAnswered 101
              OfferEnded ann Accepted
              WaitingEnded 4711 sales Answered after 0 ms
              AgentConnected ann 4711 sales
              LegsBridged 101 4711
              MonitoringStarted 103 hears 4711 of ann and whispers
              RecordingStarted 4711
                > stop playing to 4711
                > bridge 101 4711
                > unbridge 4711 101
                > stop playing to 103
                > let 103 hear 101 4711
                > let 4711 hear 101
                > let 101 hear 4711 103
                > record 101 4711
            4711 hangs-up
              LegCleared 4711 Normal
              RecordingStopped 4711
              MonitoringWaits 103
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              CallCleared 4711 Normal
                > stop recording
                > let 103 hear nobody
                > play to 103 then tones/silence
                > clear 101 Normal
            ann end-wrap-up
              WrapUpEnded ann
              CallClosed 4711
            101 answers
              LegAnswered 101
              OfferEnded ann Accepted
              WaitingEnded 4712 sales Answered after 0 ms
              AgentConnected ann 4712 sales
              LegsBridged 101 4712
              MonitoringStarted 103 hears 4712 of ann and whispers
              RecordingStarted 4712
                > stop playing to 4712
                > bridge 101 4712
                > unbridge 4712 101
                > stop playing to 103
                > let 103 hear 101 4712
                > let 4712 hear 101
                > let 101 hear 4712 103
                > record 101 4712
            103 listens
              MonitoringModeSet 103 listens
                > let 4712 hear nobody
                > let 101 hear nobody
                > bridge 4712 101
            103 hangs-up
              LegCleared 103 Normal
              CallCleared 103 Normal
              CallClosed 103
            4712 hangs-up
              LegCleared 4712 Normal
              RecordingStopped 4712
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4712
              CallCleared 4712 Normal
                > stop recording
                > clear 101 Normal
            ann log-out
              DutyPending ann logged out
              pending
        "#]],
    );
    check(
        "quietly ann ready; quietly 103 listens-to ann; quietly 103 answers; ann log-out",
        expect![[r#"
        ann log-out
          AgentLoggedOut ann by the operator
          LegCleared 103 Normal
          CallCleared 103 Normal
          CallClosed 103
            > clear 103 Normal
    "#]],
    );
}

#[test]
fn what_is_over_when_the_supervisor_answers_is_not_heard() {
    check(
        &talking("quietly 103 listens-to 4711; 4711 hangs-up; 103 answers"),
        expect![[r#"
        4711 hangs-up
          LegCleared 4711 Normal
          RecordingStopped 4711
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          CallCleared 4711 Normal
            > stop recording
            > clear 101 Normal
        103 answers
          LegAnswered 103
          LegCleared 103 Normal
          CallCleared 103 Normal
          CallClosed 103
            > clear 103 Normal
    "#]],
    );
    check(
        &talking(
            "quietly 103 listens-to ann; 103 rejects; quietly 103 listens-to 4711; 103 is-busy; 4711 hangs-up",
        ),
        expect![[r#"
            103 rejects
              LegCleared 103 Rejected
              CallCleared 103 Rejected
              CallClosed 103
            103 is-busy
              LegCleared 103 Busy
              CallCleared 103 Busy
              CallClosed 103
            4711 hangs-up
              LegCleared 4711 Normal
              RecordingStopped 4711
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              CallCleared 4711 Normal
                > stop recording
                > clear 101 Normal
        "#]],
    );
}

#[test]
fn a_phones_keys_choose_the_part_that_its_supervisor_takes() {
    check(
        &talking(
            "quietly 103 listens-to 4711; quietly 103 answers; 103 presses 5; 103 presses 5; 103 presses 4; 103 presses 9; 103 presses 6; 103 presses 6",
        ),
        expect![[r#"
            103 presses 5
              MonitoringModeSet 103 whispers
                > unbridge 4711 101
                > let 4711 hear 101
                > let 101 hear 4711 103
            103 presses 5
            103 presses 4
              MonitoringModeSet 103 listens
                > let 4711 hear nobody
                > let 101 hear nobody
                > bridge 4711 101
            103 presses 9
            103 presses 6
              CallsJoined 4711 and 103 with 103 Barge
              AgentConnected cid 4711 directly
              LegsMixed 101 4711 103
              CallCleared 103 Normal
              CallClosed 103
                > unbridge 4711 101
                > let 4711 hear 101 103
                > let 101 hear 4711 103
                > let 103 hear 4711 101
                > record on 101 4711 103
            103 presses 6
                > send 1 digits to 4711
                > send 1 digits to 101
        "#]],
    );
}

#[test]
fn who_may_not_be_heard() {
    check(
        &talking(
            "101 listens-to ann; quietly 103 listens-to 4711; 103 listens-to 4711; 103 whispers; 4711 barges-in",
        ),
        expect![[r#"
            101 listens-to ann
              refused: not-permitted (who asks may not do this)
            103 listens-to 4711
              refused: busy (busy)
            103 whispers
              refused: invalid (call: must be a supervisor's)
            4711 barges-in
              refused: invalid (call: must be a supervisor's)
        "#]],
    );
}

#[test]
fn whoever_leaves_a_call_that_is_heard_changes_what_is_heard() {
    check(
        &talking(
            "quietly 103 listens-to 4711; quietly 103 answers; 4711 consults 202; quietly 102 answers; 4711 becomes-a-conference; 102 hangs-up; 101 holds; 101 retrieves; 4711 is-transferred-to 202",
        ),
        expect![[r#"
            4711 consults 202
              CallStarted 101 Internal to 202
              ConsultationStarted 101 for 4711 by 101
              LegMoved 101 from 4711 to 101
              RecordingPaused 4711
              LegAdded 102 Callee
                > unbridge 4711 101
                > play to 4711 then music
                > let 103 hear 4711
                > pause recording
                > ring 102 at 102 from 101
                > play to 101 then tones/ringback
            4711 becomes-a-conference
              CallsJoined 4711 and 101 with 102 Conference
              LegMoved 101 from 101 to 4711
              LegsMixed 4711 102 101
              CallCleared 101 Normal
              CallClosed 101
              RecordingResumed 4711
                > stop playing to 4711
                > unbridge 101 102
                > let 4711 hear 101 102
                > let 101 hear 4711 102
                > let 103 hear 4711 102 101
                > let 102 hear 4711 101
                > resume recording
                > record on 101 4711 102
            102 hangs-up
              LegCleared 102 Normal
              AgentDisconnected bob 4711
                > let 4711 hear nobody
                > let 101 hear nobody
                > bridge 4711 101
                > let 103 hear 4711 101
                > record on 101 4711
            101 holds
              LegHeld 101
              LegsUnbridged 4711 101
                > unbridge 4711 101
                > play to 4711 then music
                > let 103 hear 4711
            101 retrieves
              LegRetrieved 101
              LegsBridged 4711 101
                > bridge 4711 101
                > let 103 hear 4711 101
            4711 is-transferred-to 202
              RecordingStopped 4711
              LegCleared 103 Normal
              CallCleared 103 Normal
              CallClosed 103
              LegsUnbridged 4711 101
              CallTransferred 4711 by ann, 4711 to 202
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              LegAdded 102 Callee
                > stop recording
                > clear 103 Normal
                > unbridge 4711 101
                > clear 101 Normal
                > ring 102 at 102 from 4711
                > play to 4711 then tones/ringback
        "#]],
    );
}

#[test]
fn a_crash_ends_what_a_supervisor_hears() {
    check(
        &talking("quietly 103 whispers-to ann; quietly 103 answers; show ann; crash"),
        expect![[r#"
            ann: ready, in call 4711 of sales, device Busy
              NodeStarted
              RecordingStopped 4711
              LegCleared 4711 NodeRestarted
              LegCleared 101 NodeRestarted
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              CallCleared 4711 NodeRestarted
              LegCleared 103 NodeRestarted
              CallCleared 103 NodeRestarted
              CallClosed 103
        "#]],
    );
}
