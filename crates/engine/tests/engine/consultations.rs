//! Consultations and conferences: whom the agent hears, what the caller hears, and who has the call when it is over.

use expect_test::expect;

use crate::story::check;

/// Ann talks to 4711, whom she has from sales, which records.
const TALKS: &str = "quietly 4711 calls 5551; quietly ann ready; quietly 101 answers; ";
/// And asks bob, who has answered.
const CONSULTS: &str = "quietly 4711 consults 202; quietly 102 answers; ";

fn talking(rest: &str) -> String {
    format!("{TALKS}{rest}")
}

fn consulting(rest: &str) -> String {
    format!("{TALKS}{CONSULTS}{rest}")
}

#[test]
fn an_agent_asks_a_colleague_who_then_has_the_caller() {
    check(
        &talking(
            "4711 consults 202; 102 rings; show ann; 102 answers; show ann; show bob; 4711 is-transferred; show ann; show bob; 4711 hangs-up",
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
                > pause recording
                > ring 102 at 102 from 101
                > play to 101 then tones/ringback
            102 rings
              LegRinging 102
            ann: ready, in call 4711 of sales, device Busy
            102 answers
              LegAnswered 102
              AgentConnected bob 101 directly
              LegsBridged 101 102
                > stop playing to 101
                > bridge 101 102
            ann: ready, in call 4711 of sales, device Busy
            bob: not ready, in call 101, device Busy
            4711 is-transferred
              CallsJoined 4711 and 101 with 102 Transfer
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              LegsBridged 4711 102
              CallCleared 101 Normal
              CallClosed 101
              RecordingStopped 4711
              RecordingStarted 4711
                > clear 101 Normal
                > bridge 4711 102
                > stop recording
                > record 102 4711
            ann: ready, wrap-up until 30.000s, device Idle
            bob: not ready, in call 4711, device Busy
            4711 hangs-up
              LegCleared 4711 Normal
              RecordingStopped 4711
              LegCleared 102 Normal
              AgentDisconnected bob 4711
              CallCleared 4711 Normal
                > stop recording
                > clear 102 Normal
        "#]],
    );
}

#[test]
fn a_consultation_that_comes_to_nothing_brings_the_agent_back_with_the_recording() {
    check(
        &talking(
            "4711 consults 202; 102 is-busy; quietly 4711 consults 202; 102 rejects; quietly 4711 consults 202; 60s",
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
            > pause recording
            > ring 102 at 102 from 101
            > play to 101 then tones/ringback
        102 is-busy
          LegCleared 102 Busy
          LegMoved 101 from 101 to 4711
          LegsBridged 4711 101
          ConsultationEnded 101 for 4711 Returned
          RecordingResumed 4711
          CallCleared 101 Busy
          CallClosed 101
            > bridge 4711 101
            > resume recording
        102 rejects
          LegCleared 102 Rejected
          LegMoved 101 from 101 to 4711
          LegsBridged 4711 101
          ConsultationEnded 101 for 4711 Returned
          RecordingResumed 4711
          CallCleared 101 Rejected
          CallClosed 101
            > bridge 4711 101
            > resume recording
        60s
          LegMoved 101 from 101 to 4711
          LegsBridged 4711 101
          ConsultationEnded 101 for 4711 Returned
          RecordingResumed 4711
          LegCleared 102 NoAnswer
          CallCleared 101 NoAnswer
          CallClosed 101
            > bridge 4711 101
            > resume recording
            > clear 102 NoAnswer
    "#]],
    );
    check(
        &consulting("101 cleared-by-command; show ann; show bob"),
        expect![[r#"
        101 cleared-by-command
          LegMoved 101 from 101 to 4711
          LegsBridged 4711 101
          ConsultationEnded 101 for 4711 Returned
          RecordingResumed 4711
          LegCleared 102 Normal
          AgentDisconnected bob 101
          CallCleared 101 Normal
          CallClosed 101
            > unbridge 101 102
            > bridge 4711 101
            > play to 102 then music
            > resume recording
            > clear 102 Normal
        ann: ready, in call 4711 of sales, device Busy
        bob: not ready, idle, device Idle
    "#]],
    );
    check(
        &consulting("102 hangs-up; 4711 hangs-up"),
        expect![[r#"
        102 hangs-up
          LegCleared 102 Normal
          LegMoved 101 from 101 to 4711
          LegsBridged 4711 101
          ConsultationEnded 101 for 4711 Returned
          RecordingResumed 4711
          AgentDisconnected bob 101
          CallCleared 101 Normal
          CallClosed 101
            > bridge 4711 101
            > resume recording
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
fn a_pause_that_the_agent_asked_for_is_not_ended_by_a_consultation() {
    check(
        &talking("quietly 4711 pauses-recording; 4711 consults 202; 102 is-busy"),
        expect![[r#"
        4711 consults 202
          CallStarted 101 Internal to 202
          ConsultationStarted 101 for 4711 by 101
          LegMoved 101 from 4711 to 101
          LegAdded 102 Callee
            > unbridge 4711 101
            > play to 4711 then music
            > ring 102 at 102 from 101
            > play to 101 then tones/ringback
        102 is-busy
          LegCleared 102 Busy
          LegMoved 101 from 101 to 4711
          LegsBridged 4711 101
          ConsultationEnded 101 for 4711 Returned
          CallCleared 101 Busy
          CallClosed 101
            > bridge 4711 101
    "#]],
    );
}

#[test]
fn an_agent_goes_back_and_forth_between_the_two() {
    check(
        &consulting(
            "4711 is-swapped; show ann; 4711 is-swapped; 4711 is-retrieved; 4711 is-swapped by 102; 4711 is-transferred",
        ),
        expect![[r#"
        4711 is-swapped
          LegMoved 101 from 101 to 4711
          LegsBridged 4711 101
          RecordingResumed 4711
            > unbridge 101 102
            > bridge 4711 101
            > play to 102 then music
            > resume recording
        ann: ready, in call 4711 of sales, device Busy
        4711 is-swapped
          LegMoved 101 from 4711 to 101
          LegsBridged 102 101
          RecordingPaused 4711
            > unbridge 4711 101
            > play to 4711 then music
            > bridge 101 102
            > pause recording
        4711 is-retrieved
          LegMoved 101 from 101 to 4711
          LegsBridged 4711 101
          RecordingResumed 4711
            > unbridge 101 102
            > bridge 4711 101
            > play to 102 then music
            > resume recording
        4711 is-swapped by 102
          refused: not-in-call (the agent has no part in that call)
        4711 is-transferred
          CallsJoined 4711 and 101 with 102 Transfer
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          LegsBridged 4711 102
          CallCleared 101 Normal
          CallClosed 101
          RecordingStopped 4711
          RecordingStarted 4711
            > clear 101 Normal
            > bridge 4711 102
            > stop recording
            > record 102 4711
    "#]],
    );
    check(
        &talking(
            "quietly 4711 consults 202; 4711 is-swapped; 4711 is-transferred; 4711 becomes-a-conference; 4711 consults 203; 101 consults 203 by 101",
        ),
        expect![[r#"
        4711 is-swapped
          refused: not-answered (whom was asked has not answered yet)
        4711 is-transferred
          refused: not-answered (whom was asked has not answered yet)
        4711 becomes-a-conference
          refused: not-answered (whom was asked has not answered yet)
        4711 consults 203
          refused: busy (busy)
        101 consults 203 by 101
          refused: invalid (call: must not be a consultation itself)
    "#]],
    );
}

#[test]
fn three_talk_and_anybody_may_leave() {
    check(
        &consulting(
            "4711 becomes-a-conference; show ann; show bob; quietly 4711 is-left by 101; show ann; 102 hangs-up",
        ),
        expect![[r#"
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
            > let 102 hear 4711 101
            > resume recording
            > record on 101 4711 102
        ann: ready, in call 4711 of sales, device Busy
        bob: not ready, in call 4711, device Busy
        ann: ready, wrap-up until 30.000s, device Idle
        102 hangs-up
          LegCleared 102 Normal
          RecordingStopped 4711
          LegCleared 4711 Normal
          AgentDisconnected bob 4711
          CallCleared 4711 Normal
            > stop recording
            > clear 4711 Normal
    "#]],
    );
    check(
        &consulting("quietly 4711 becomes-a-conference; 4711 hangs-up; 101 hangs-up"),
        expect![[r#"
        4711 hangs-up
          LegCleared 4711 Normal
            > let 101 hear nobody
            > let 102 hear nobody
            > bridge 101 102
            > record on 101 102
        101 hangs-up
          LegCleared 101 Normal
          RecordingStopped 4711
          LegCleared 102 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          AgentDisconnected bob 4711
          CallCleared 4711 Normal
            > stop recording
            > clear 102 Normal
    "#]],
    );
    check(
        &consulting(
            "quietly 4711 becomes-a-conference; 4711 drops 102; show bob; 4711 drops 102; 4711 is-left",
        ),
        expect![[r#"
        4711 drops 102
          LegCleared 102 Normal
          AgentDisconnected bob 4711
            > clear 102 Normal
            > let 4711 hear nobody
            > let 101 hear nobody
            > bridge 4711 101
            > record on 101 4711
        bob: not ready, idle, device Idle
        4711 drops 102
          refused: not-in-call (the agent has no part in that call)
        4711 is-left
          RecordingStopped 4711
          LegCleared 4711 Normal
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          CallCleared 4711 Normal
            > stop recording
            > clear 4711 Normal
            > clear 101 Normal
    "#]],
    );
}

#[test]
fn a_conference_grows_and_one_of_it_asks_somebody_else_meanwhile() {
    check(
        &consulting(
            "quietly 4711 becomes-a-conference; 4711 consults 203 by 101; quietly 103 answers; 4711 hangs-up; 4711 becomes-a-conference; 101 hangs-up",
        ),
        expect![[r#"
        4711 consults 203 by 101
          CallStarted 101 Internal to 203
          ConsultationStarted 101 for 4711 by 101
          LegMoved 101 from 4711 to 101
          RecordingPaused 4711
          LegAdded 103 Callee
            > let 4711 hear nobody
            > let 101 hear nobody
            > let 102 hear nobody
            > bridge 4711 102
            > pause recording
            > ring 103 at 103 from 101
            > play to 101 then tones/ringback
        4711 hangs-up
          LegCleared 4711 Normal
            > play to 102 then music
        4711 becomes-a-conference
          CallsJoined 4711 and 101 with 103 Conference
          LegMoved 101 from 101 to 4711
          LegsMixed 102 103 101
          CallCleared 101 Normal
          CallClosed 101
          RecordingResumed 4711
            > unbridge 101 103
            > stop playing to 102
            > let 101 hear 102 103
            > let 102 hear 101 103
            > let 103 hear 101 102
            > resume recording
            > record on 101 102 103
        101 hangs-up
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          RecordingStopped 4711
          RecordingStarted 4711
            > let 102 hear nobody
            > let 103 hear nobody
            > bridge 102 103
            > stop recording
            > record 102 103
    "#]],
    );
}

#[test]
fn a_caller_who_gives_up_leaves_the_two_who_speak_of_him() {
    check(
        &consulting("4711 hangs-up; show ann; show bob; 101 hangs-up; show ann"),
        expect![[r#"
        4711 hangs-up
          LegCleared 4711 Normal
          ConsultationEnded 101 for 4711 CallerGone
          RecordingStopped 4711
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          AgentConnected ann 101 directly
          CallCleared 4711 Normal
            > stop recording
        ann: ready, wrap-up until 30.000s, device Busy
        bob: not ready, in call 101, device Busy
        101 hangs-up
          LegCleared 101 Normal
          LegCleared 102 Normal
          AgentDisconnected ann 101
          AgentDisconnected bob 101
          CallCleared 101 Normal
          CallClosed 101
            > clear 102 Normal
        ann: ready, wrap-up until 30.000s, device Idle
    "#]],
    );
    check(
        &talking("quietly 4711 consults 202; 4711 hangs-up; 102 answers; show ann; 101 hangs-up"),
        expect![[r#"
        4711 hangs-up
          LegCleared 4711 Normal
          ConsultationEnded 101 for 4711 CallerGone
          RecordingStopped 4711
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          CallCleared 4711 Normal
            > stop recording
        102 answers
          LegAnswered 102
          AgentConnected bob 101 directly
          AgentConnected ann 101 directly
          LegsBridged 101 102
            > stop playing to 101
            > bridge 101 102
        ann: ready, wrap-up until 30.000s, device Busy
        101 hangs-up
          LegCleared 101 Normal
          LegCleared 102 Normal
          AgentDisconnected ann 101
          AgentDisconnected bob 101
          CallCleared 101 Normal
          CallClosed 101
            > clear 102 Normal
    "#]],
    );
    check(
        &consulting("quietly 4711 is-swapped; 4711 hangs-up; show ann; 102 hangs-up"),
        expect![[r#"
        4711 hangs-up
          LegCleared 4711 Normal
          LegMoved 101 from 4711 to 101
          LegsBridged 102 101
          RecordingPaused 4711
          ConsultationEnded 101 for 4711 CallerGone
          RecordingStopped 4711
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          AgentConnected ann 101 directly
          CallCleared 4711 Normal
            > bridge 101 102
            > pause recording
            > stop recording
        ann: ready, wrap-up until 30.000s, device Busy
        102 hangs-up
          LegCleared 102 Normal
          LegCleared 101 Normal
          AgentDisconnected ann 101
          AgentDisconnected bob 101
          CallCleared 101 Normal
          CallClosed 101
            > clear 101 Normal
    "#]],
    );
}

#[test]
fn a_caller_is_not_cut_off_when_the_agent_hangs_up() {
    check(
        &consulting("101 hangs-up; show ann; show bob"),
        expect![[r#"
        101 hangs-up
          CallsJoined 4711 and 101 with 102 Transfer
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          LegsBridged 4711 102
          CallCleared 101 Normal
          CallClosed 101
          RecordingStopped 4711
          RecordingStarted 4711
            > bridge 4711 102
            > stop recording
            > record 102 4711
        ann: ready, wrap-up until 30.000s, device Idle
        bob: not ready, in call 4711, device Busy
    "#]],
    );
    check(
        &talking("quietly 4711 consults 202; 101 hangs-up; show ann; 102 answers"),
        expect![[r#"
        101 hangs-up
          ConsultationEnded 101 for 4711 AgentGone
          LegCleared 101 Normal
          LegCleared 102 Normal
          CallCleared 101 Normal
          CallClosed 101
          RecordingStopped 4711
          CallTransferred 4711 by ann, 4711 to 202
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          LegAdded 102 Callee
            > clear 102 Normal
            > stop recording
            > ring 102 at 102 from 4711
            > play to 4711 then tones/ringback
        ann: ready, wrap-up until 30.000s, device Idle
        102 answers
          LegAnswered 102
          AgentConnected bob 4711 directly
          LegsBridged 4711 102
          RecordingStarted 4711
            > stop playing to 4711
            > bridge 4711 102
            > record 102 4711
    "#]],
    );
    check(
        &talking("quietly 4711 consults 600; 101 is-lost; show ann; count sales"),
        expect![[r#"
            101 is-lost
              ConsultationEnded 101 for 4711 AgentGone
              LegCleared 101 Lost
              WaitingEnded 101 help Abandoned after 0 ms
              CallCleared 101 Normal
              CallClosed 101
              RecordingStopped 4711
              CallTransferred 4711 by ann, 4711 to 600
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              CallQueued 4711 help
                > stop recording
                > play to 4711 then music
            ann: ready, wrap-up until 30.000s, device Idle
            sales: entered 1, answered 1 (1 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 0, waiting 0, offers 1 (0 expired)
        "#]],
    );
    check(
        &consulting("quietly 4711 is-swapped; 101 hangs-up; show bob"),
        expect![[r#"
        101 hangs-up
          CallsJoined 4711 and 101 with 102 Transfer
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          LegsBridged 4711 102
          CallCleared 101 Normal
          CallClosed 101
          RecordingStopped 4711
          RecordingStarted 4711
            > bridge 4711 102
            > stop recording
            > record 102 4711
        bob: not ready, in call 4711, device Busy
    "#]],
    );
    check(
        &consulting(
            "quietly 4711 becomes-a-conference; quietly 4711 consults 203 by 101; 101 hangs-up; show ann",
        ),
        expect![[r#"
        101 hangs-up
          ConsultationEnded 101 for 4711 AgentGone
          LegCleared 101 Normal
          LegCleared 103 Normal
          CallCleared 101 Normal
          CallClosed 101
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          RecordingStopped 4711
          RecordingStarted 4711
            > clear 103 Normal
            > stop recording
            > record 102 4711
        ann: ready, wrap-up until 30.000s, device Idle
    "#]],
    );
}

#[test]
fn an_agent_asks_in_another_line_and_hands_the_caller_over() {
    check(
        &talking(
            "4711 consults 600; quietly bob ready; quietly 102 answers; show bob; 4711 is-transferred; show bob; 4711 hangs-up; show ann; show bob",
        ),
        expect![[r#"
        4711 consults 600
          CallStarted 101 Internal to 600
          ConsultationStarted 101 for 4711 by 101
          LegMoved 101 from 4711 to 101
          RecordingPaused 4711
          CallQueued 101 help
            > unbridge 4711 101
            > play to 4711 then music
            > pause recording
            > play to 101 then music
        bob: ready, in call 101 of help, device Busy
        4711 is-transferred
          CallsJoined 4711 and 101 with 102 Transfer
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          LegsBridged 4711 102
          CallCleared 101 Normal
          CallClosed 101
          RecordingStopped 4711
          RecordingStarted 4711
            > clear 101 Normal
            > bridge 4711 102
            > stop recording
            > record 102 4711
        bob: ready, in call 4711 of help, device Busy
        4711 hangs-up
          LegCleared 4711 Normal
          RecordingStopped 4711
          LegCleared 102 Normal
          AgentDisconnected bob 4711
          CallCleared 4711 Normal
            > stop recording
            > clear 102 Normal
        ann: ready, wrap-up until 30.000s, device Idle
        bob: ready, idle, device Idle
    "#]],
    );
}

#[test]
fn a_phone_with_two_calls_makes_one_of_them() {
    check(
        &talking(
            "101 holds; quietly 101 calls 102; quietly 102 answers; show ann; 101 refers-to-its-other-call; show ann; show bob",
        ),
        expect![[r#"
        101 holds
          LegHeld 101
          LegsUnbridged 101 4711
            > unbridge 4711 101
            > play to 4711 then music
        ann: ready, in call 4711 of sales, held, device Busy
        101 refers-to-its-other-call
          CallsJoined 4711 and 101 with 102 Transfer
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          LegCleared 101 Normal
          LegsBridged 4711 102
          AgentDisconnected ann 101
          CallCleared 101 Normal
          CallClosed 101
          RecordingStopped 4711
          RecordingStarted 4711
            > clear 101 Normal
            > clear 101 Normal
            > bridge 4711 102
            > stop recording
            > record 102 4711
        ann: ready, wrap-up until 30.000s, device Idle
        bob: not ready, in call 4711, device Busy
    "#]],
    );
    check(
        &talking(
            "quietly 101 holds; quietly 101 calls 102; 101 refers-to-its-other-call; quietly 102 answers; show bob",
        ),
        expect![[r#"
        101 refers-to-its-other-call
          LegCleared 101 Normal
          LegCleared 102 Normal
          CallCleared 101 Normal
          CallClosed 101
          RecordingStopped 4711
          CallTransferred 4711 by ann, 4711 to 102
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          LegAdded 102 Callee
            > clear 101 Normal
            > clear 102 Normal
            > stop recording
            > clear 101 Normal
            > ring 102 at 102 from 4711
            > play to 4711 then tones/ringback
        bob: not ready, in call 4711, device Busy
    "#]],
    );
    check(
        &talking("quietly 101 holds; quietly 101 calls 102; quietly 102 answers; 4711 is-transferred by 101"),
        expect![[r#"
        4711 is-transferred by 101
          CallsJoined 4711 and 101 with 102 Transfer
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          LegCleared 101 Normal
          LegsBridged 4711 102
          AgentDisconnected ann 101
          CallCleared 101 Normal
          CallClosed 101
          RecordingStopped 4711
          RecordingStarted 4711
            > clear 101 Normal
            > clear 101 Normal
            > bridge 4711 102
            > stop recording
            > record 102 4711
    "#]],
    );
}

#[test]
fn holding_by_command_and_at_the_phone_are_apart() {
    check(
        &talking(
            "4711 is-held; show ann; 4711 is-held; 101 holds; 4711 is-retrieved; 4711 is-retrieved; 101 retrieves; 4711 is-retrieved",
        ),
        expect![[r#"
            4711 is-held
              LegHeld 101 by command
              LegsUnbridged 101 4711
                > unbridge 4711 101
                > play to 4711 then music
                > play to 101 then tones/silence
            ann: ready, in call 4711 of sales, held, device Busy
            4711 is-held
              refused: already-so (it is so already)
            101 holds
              LegHeld 101
                > stop playing to 101
            4711 is-retrieved
              LegRetrieved 101 by command
            4711 is-retrieved
              refused: held-at-phone (the call is held at the phone, and only the phone can take it back)
            101 retrieves
              LegRetrieved 101
              LegsBridged 101 4711
                > bridge 4711 101
            4711 is-retrieved
              refused: already-so (it is so already)
        "#]],
    );
    check(
        &talking("quietly 101 holds; 4711 consults 202; 4711 is-sent 12#"),
        expect![[r#"
        4711 consults 202
          refused: held-at-phone (the call is held at the phone, and only the phone can take it back)
        4711 is-sent 12#
          refused: on-hold (the call is on hold)
    "#]],
    );
    check(
        &talking("quietly 4711 is-held; 4711 consults 202; 102 is-busy"),
        expect![[r#"
            4711 consults 202
              CallStarted 101 Internal to 202
              ConsultationStarted 101 for 4711 by 101
              LegRetrieved 101 by command
              LegMoved 101 from 4711 to 101
              RecordingPaused 4711
              LegAdded 102 Callee
                > stop playing to 101
                > pause recording
                > ring 102 at 102 from 101
                > play to 101 then tones/ringback
            102 is-busy
              LegCleared 102 Busy
              LegMoved 101 from 101 to 4711
              LegsBridged 4711 101
              ConsultationEnded 101 for 4711 Returned
              RecordingResumed 4711
              CallCleared 101 Busy
              CallClosed 101
                > bridge 4711 101
                > resume recording
        "#]],
    );
}

#[test]
fn who_is_muted_hears_and_is_not_heard() {
    check(
        &consulting(
            "4711 becomes-a-conference; 4711 is-muted by 101; 4711 is-muted by 101; 102 hangs-up; 4711 is-heard-again by 101; 4711 is-muted; 4711 is-held; 4711 is-retrieved",
        ),
        expect![[r#"
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
                > let 102 hear 4711 101
                > resume recording
                > record on 101 4711 102
            4711 is-muted by 101
              LegMuted 101 muted
                > let 4711 hear 102
                > let 102 hear 4711
            4711 is-muted by 101
              refused: already-so (it is so already)
            102 hangs-up
              LegCleared 102 Normal
              AgentDisconnected bob 4711
                > let 4711 hear nobody
                > play to 4711 then tones/silence
                > let 101 hear 4711
                > record on 101 4711
            4711 is-heard-again by 101
              LegMuted 101 heard again
                > let 101 hear nobody
                > bridge 4711 101
            4711 is-muted
              LegMuted 101 muted
                > unbridge 4711 101
                > play to 4711 then tones/silence
                > let 101 hear 4711
            4711 is-held
              LegHeld 101 by command
              LegsUnbridged 4711 101
                > let 101 hear nobody
                > play to 4711 then music
                > play to 101 then tones/silence
            4711 is-retrieved
              LegRetrieved 101 by command
              LegsBridged 4711 101
                > stop playing to 101
                > play to 4711 then tones/silence
                > let 101 hear 4711
        "#]],
    );
}

#[test]
fn keys_are_pressed_on_the_agents_behalf() {
    check(
        &talking("4711 is-sent 12#; 4711 is-sent 5 by 102"),
        expect![[r#"
        4711 is-sent 12#
          DigitsSent 101 3
            > send 3 digits to 4711
        4711 is-sent 5 by 102
          refused: not-in-call (the agent has no part in that call)
    "#]],
    );
    check(
        &consulting("quietly 4711 becomes-a-conference; 4711 is-sent 1 by 101"),
        expect![[r#"
        4711 is-sent 1 by 101
          DigitsSent 101 1
            > send 1 digits to 4711
            > send 1 digits to 102
    "#]],
    );
}

#[test]
fn a_call_is_answered_by_command_where_the_phone_answers_by_itself() {
    check(
        "quietly 4711 calls 5551; quietly ann ready; 4711 is-answered-by-command-at 101; quietly 101 answers; 4711 is-answered-by-command-at 101; 4711 is-answered-by-command-at 102",
        expect![[r#"
        4711 is-answered-by-command-at 101
          refused: answered-at-phone-only (the phone does not answer by itself)
        4711 is-answered-by-command-at 101
          refused: already-so (it is so already)
        4711 is-answered-by-command-at 102
          refused: not-in-call (the agent has no part in that call)
    "#]],
    );
}

#[test]
fn a_crash_ends_both_calls_of_a_consultation() {
    check(
        &consulting("show ann; crash"),
        expect![[r#"
            ann: ready, in call 4711 of sales, device Busy
              NodeStarted
              ConsultationEnded 101 for 4711 NodeRestarted
              RecordingStopped 4711
              LegCleared 4711 NodeRestarted
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              CallCleared 4711 NodeRestarted
              LegCleared 101 NodeRestarted
              LegCleared 102 NodeRestarted
              AgentDisconnected bob 101
              CallCleared 101 NodeRestarted
              CallClosed 101
        "#]],
    );
    check(
        &consulting("quietly 4711 becomes-a-conference; show ann; crash"),
        expect![[r#"
            ann: ready, in call 4711 of sales, device Busy
              NodeStarted
              RecordingStopped 4711
              LegCleared 4711 NodeRestarted
              LegCleared 101 NodeRestarted
              LegCleared 102 NodeRestarted
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              AgentDisconnected bob 4711
              CallCleared 4711 NodeRestarted
        "#]],
    );
}

#[test]
fn who_consults_does_not_leave_by_other_ways() {
    check(
        &consulting(
            "4711 is-parked; 101 is-parked; 101 is-transferred-to 203; 101 refers-to 203; 4711 is-left; show ann; 101 is-left by 102; show ann",
        ),
        expect![[r#"
        4711 is-parked
          refused: not-in-call (the agent has no part in that call)
        101 is-parked
          LegsUnbridged 101 102
          CallParked 101 at 1, 101 waits, 0 times rung
          LegCleared 102 Normal
          AgentDisconnected bob 101
            > unbridge 101 102
            > clear 102 Normal
            > play to 101 then music
        101 is-transferred-to 203
          refused: invalid (call: must be a conversation of two)
        101 refers-to 203
          refused: invalid (call: must be a conversation of two)
        4711 is-left
          ConsultationEnded 101 for 4711 CallerGone
          RecordingStopped 4711
          LegCleared 4711 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          CallCleared 4711 Normal
            > stop recording
            > clear 4711 Normal
        ann: ready, wrap-up until 30.000s, device Busy
        101 is-left by 102
          refused: invalid (call: must be a conversation of two)
        ann: ready, wrap-up until 30.000s, device Busy
    "#]],
    );
}

#[test]
fn variables_follow_a_call_through_consultation_and_transfer() {
    check(
        &talking(
            "4711 has-variables account=12 vip=yes; 4711 has-variables account=12; quietly 4711 consults 202; quietly 102 answers; variables 101; 101 has-variables vip=no seen=bob; 4711 is-transferred; variables 4711; 4711 has-variables vip= account=13; variables 4711",
        ),
        expect![[r#"
            4711 has-variables account=12 vip=yes
              VariablesSet 4711 account=12 vip=yes
            4711 has-variables account=12
              refused: already-so (it is so already)
            101: account=12 vip=yes
            101 has-variables vip=no seen=bob
              VariablesSet 101 seen=bob vip=no
            4711 is-transferred
              CallsJoined 4711 and 101 with 102 Transfer
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              LegsBridged 4711 102
              CallCleared 101 Normal
              CallClosed 101
              RecordingStopped 4711
              RecordingStarted 4711
                > clear 101 Normal
                > bridge 4711 102
                > stop recording
                > record 102 4711
            4711: account=12 seen=bob vip=yes
            4711 has-variables vip= account=13
              VariablesSet 4711 account=13 vip=
            4711: account=13 seen=bob
        "#]],
    );
}

#[test]
fn what_is_stuck_says_what_it_waits_for_and_one_command_clears_it() {
    check(
        "quietly 4711 calls 5551; waits 4711; quietly ann ready; waits 4711; waits ann; quietly 101 answers; quietly 4711 consults 202; waits 4711; waits ann; waits 101; ann is-cleared; show ann; ann is-cleared",
        expect![[r#"
            4711 waits for leg 4711 Answered
            4711 waits for an agent of sales
            4711 waits for leg 4711 Answered
            4711 waits for leg 101 Dialled
            4711 waits for offer to ann until 20.000s
            4711 waits for an agent of sales
            ann waits for offer to ann until 20.000s
            4711 waits for leg 4711 Answered
            4711 waits for consultation 101
            ann waits for leg 101 Answered
            101 waits for leg 101 Answered
            101 waits for leg 102 Dialled until 60.000s
            ann is-cleared
              LegMoved 101 from 101 to 4711
              LegsBridged 4711 101
              ConsultationEnded 101 for 4711 Returned
              RecordingResumed 4711
              LegCleared 102 Normal
              CallCleared 101 Normal
              CallClosed 101
              RecordingStopped 4711
              LegCleared 4711 Normal
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              CallCleared 4711 Normal
              WrapUpEnded ann
              CallClosed 4711
                > bridge 4711 101
                > resume recording
                > clear 102 Normal
                > stop recording
                > clear 4711 Normal
                > clear 101 Normal
            ann: ready, idle, device Idle
            ann is-cleared
              refused: already-so (it is so already)
        "#]],
    );
    check(
        &consulting("ann is-cleared; show ann; show bob"),
        expect![[r#"
        ann is-cleared
          LegMoved 101 from 101 to 4711
          LegsBridged 4711 101
          ConsultationEnded 101 for 4711 Returned
          RecordingResumed 4711
          LegCleared 102 Normal
          AgentDisconnected bob 101
          CallCleared 101 Normal
          CallClosed 101
          RecordingStopped 4711
          LegCleared 4711 Normal
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          CallCleared 4711 Normal
          WrapUpEnded ann
          CallClosed 4711
            > unbridge 101 102
            > bridge 4711 101
            > play to 102 then music
            > resume recording
            > clear 102 Normal
            > stop recording
            > clear 4711 Normal
            > clear 101 Normal
        ann: ready, idle, device Idle
        bob: not ready, idle, device Idle
    "#]],
    );
    check(
        &consulting("quietly 4711 is-swapped; ann is-cleared; show ann; show bob"),
        expect![[r#"
        ann is-cleared
          ConsultationEnded 101 for 4711 Returned
          LegCleared 102 Normal
          AgentDisconnected bob 101
          CallCleared 101 Normal
          CallClosed 101
          RecordingStopped 4711
          LegCleared 4711 Normal
          LegCleared 101 Normal
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann 4711
          CallCleared 4711 Normal
          WrapUpEnded ann
          CallClosed 4711
            > clear 102 Normal
            > stop recording
            > clear 4711 Normal
            > clear 101 Normal
        ann: ready, idle, device Idle
        bob: not ready, idle, device Idle
    "#]],
    );
    check(
        &consulting("quietly 4711 becomes-a-conference; ann is-cleared; show ann; show bob; waits 4711"),
        expect![[r#"
            ann is-cleared
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              RecordingStopped 4711
              RecordingStarted 4711
              WrapUpEnded ann
                > clear 101 Normal
                > let 4711 hear nobody
                > let 102 hear nobody
                > bridge 4711 102
                > stop recording
                > record 102 4711
            ann: ready, idle, device Idle
            bob: not ready, in call 4711, device Busy
            4711 waits for leg 4711 Answered
            4711 waits for leg 102 Answered
        "#]],
    );
    check(
        "quietly 4711 calls 5551; quietly ann ready; ann is-cleared; show ann",
        expect![[r#"
        ann is-cleared
          OfferEnded ann Declined
          LegCleared 101 Rejected
          AgentNotReady ann not ready: Declined
            > clear 101 Rejected
        ann: not ready: Declined, idle, device Idle
    "#]],
    );
}
