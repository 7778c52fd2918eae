//! Direct calls, calls placed by command, hold, and the number plan.

use expect_test::expect;

use crate::story::check;

#[test]
fn a_device_calls_a_device() {
    check(
        "101 calls 102; bob rings; bob answers; 5s; 101 hangs-up; show bob",
        expect![[r#"
        101 calls 102
          CallStarted 101 Internal to 102
          LegAdded 101 Caller
          LegAdded 102 Callee
            > ring 102 at 102 from 101
        bob rings
          LegRinging 102
            > ringing to 101
        bob answers
          LegAnswered 102
          LegAnswered 101
          AgentConnected bob 101 directly
          AgentConnected ann 101 directly
          LegsBridged 101 102
            > answer 101
            > bridge 101 102
        5s
        101 hangs-up
          LegCleared 101 Normal
          LegCleared 102 Normal
          AgentDisconnected ann 101
          AgentDisconnected bob 101
          CallCleared 101 Normal
          CallClosed 101
            > clear 102 Normal
        bob: not ready, idle, device Idle
    "#]],
    );
}

#[test]
fn a_route_leads_to_an_agent_wherever_logged_in() {
    check(
        "x calls 5553; ann rings early; ann answers; show ann; x hangs-up",
        expect![[r#"
        x calls 5553
          CallStarted x Inbound to 5553
          LegAdded x Caller
          LegAdded 101 Callee
            > ring 101 at 101 from x
        ann rings early
          LegRinging 101
            > ringing to x hearing 101
        ann answers
          LegAnswered 101
          LegAnswered x
          AgentConnected ann x directly
          LegsBridged x 101
            > answer x
            > bridge x 101
        ann: not ready, in call x, device Busy
        x hangs-up
          LegCleared x Normal
          LegCleared 101 Normal
          AgentDisconnected ann x
          CallCleared x Normal
          CallClosed x
            > clear 101 Normal
    "#]],
    );
}

#[test]
fn a_device_that_is_offered_a_call_is_busy_for_direct_calls() {
    check(
        "quietly ann ready; quietly x calls 5551; 104 calls 101; ann answers",
        expect![[r#"
        104 calls 101
          CallStarted 104 Internal to 101
          LegAdded 104 Caller
          LegCleared 104 Busy
          CallCleared 104 Busy
          CallClosed 104
            > clear 104 Busy
        ann answers
          LegAnswered 101
          OfferEnded ann Accepted
          WaitingEnded x sales Answered after 0 ms
          AgentConnected ann x sales
          LegsBridged 101 x
          RecordingStarted x
            > stop playing to x
            > bridge 101 x
            > record 101 x
    "#]],
    );
}

#[test]
fn an_agent_in_a_direct_call_is_offered_nothing_and_has_no_wrap_up() {
    check(
        "quietly ann ready; quietly 104 calls 201; quietly ann answers; x calls 5551; show ann; ann not-ready break; \
         104 hangs-up; show ann",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
                > answer x
                > play to x then music
            ann: ready, in call 104, device Busy
            ann not-ready break
              DutyPending ann not ready: break
              pending
            104 hangs-up
              LegCleared 104 Normal
              LegCleared 101 Normal
              AgentDisconnected ann 104
              CallCleared 104 Normal
              AgentNotReady ann not ready: break
              CallClosed 104
                > clear 101 Normal
            ann: not ready: break, idle, device Idle
        "#]],
    );
}

#[test]
fn a_call_dialled_on_a_second_line_during_an_offer_upsets_nothing() {
    check(
        "quietly ann ready; quietly x calls 5551; 101 calls 104; 104 answers; show ann; quietly 104 hangs-up; show ann; \
         20s; show ann",
        expect![[r#"
            101 calls 104
              CallStarted 101 Internal to 104
              LegAdded 101 Caller
              LegAdded 104 Callee
                > ring 104 at 104 from 101
            104 answers
              LegAnswered 104
              LegAnswered 101
              AgentConnected ann 101 directly
              LegsBridged 101 104
                > answer 101
                > bridge 101 104
            ann: ready, offered, device Busy
            ann: ready, offered, device Busy
            20s
              OfferEnded ann Expired
              LegCleared 101 NoAnswer
              AgentNotReady ann not ready: NoAnswer
              ServiceLevelBreached x 1 of 1
                > clear 101 NoAnswer
            ann: not ready: NoAnswer, idle, device Idle
        "#]],
    );
}

#[test]
fn a_call_dialled_during_wrap_up_leaves_the_wrap_up_alone() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x hangs-up; quietly 101 calls 104; \
         104 answers; show ann; 30s; show ann; 104 hangs-up",
        expect![[r#"
            104 answers
              LegAnswered 104
              LegAnswered 101
              AgentConnected ann 101 directly
              LegsBridged 101 104
                > answer 101
                > bridge 101 104
            ann: ready, wrap-up until 30.000s, device Busy
            30s
              WrapUpEnded ann
              CallClosed x
            ann: ready, in call 101, device Busy
            104 hangs-up
              LegCleared 104 Normal
              LegCleared 101 Normal
              AgentDisconnected ann 101
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
        "#]],
    );
}

#[test]
fn busy_no_answer_and_unreachable_reach_the_caller() {
    check(
        "101 calls 102; bob is-busy; 101 calls 102; 60s; quietly 102 unregisters; 101 calls 102; \
         101 calls 102; quietly cid log-out; 101 calls 203",
        expect![[r#"
            101 calls 102
              CallStarted 101 Internal to 102
              LegAdded 101 Caller
              LegAdded 102 Callee
                > ring 102 at 102 from 101
            bob is-busy
              LegCleared 102 Busy
              LegCleared 101 Busy
              CallCleared 101 Busy
              CallClosed 101
                > clear 101 Busy
            101 calls 102
              CallStarted 101 Internal to 102
              LegAdded 101 Caller
              LegAdded 102 Callee
                > ring 102 at 102 from 101
            60s
              LegCleared 101 NoAnswer
              LegCleared 102 NoAnswer
              CallCleared 101 NoAnswer
              CallClosed 101
                > clear 101 NoAnswer
                > clear 102 NoAnswer
            101 calls 102
              CallStarted 101 Internal to 102
              LegAdded 101 Caller
              LegCleared 101 Unreachable
              CallCleared 101 Unreachable
              CallClosed 101
                > clear 101 Unreachable
            101 calls 102
              CallStarted 101 Internal to 102
              LegAdded 101 Caller
              LegCleared 101 Unreachable
              CallCleared 101 Unreachable
              CallClosed 101
                > clear 101 Unreachable
            101 calls 203
              CallStarted 101 Internal to 203
              LegAdded 101 Caller
              LegCleared 101 Unreachable
              CallCleared 101 Unreachable
              CallClosed 101
                > clear 101 Unreachable
        "#]],
    );
}

#[test]
fn a_phone_that_somebody_is_logged_in_at_follows_his_wishes() {
    check(
        "ann handling busy; 104 calls 101; ann handling forward 102; 104 calls 101; quietly 104 hangs-up; \
         quietly ann handling ring; quietly ann breaks; 104 calls 101; quietly 104 hangs-up; quietly ann ready; \
         quietly x calls 5551; quietly ann answers; quietly ann hangs-up; show ann; 104 calls 101",
        expect![[r#"
            ann handling busy
              HandlingSet ann
            104 calls 101
              CallStarted 104 Internal to 101
              LegAdded 104 Caller
              LegCleared 104 Busy
              CallCleared 104 Busy
              CallClosed 104
                > clear 104 Busy
            ann handling forward 102
              HandlingSet ann
            104 calls 101
              CallStarted 104 Internal to 101
              LegAdded 104 Caller
              LegAdded 102 Callee
                > ring 102 at 102 from 104
            104 calls 101
              CallStarted 104 Internal to 101
              LegAdded 104 Caller
              LegAdded 101 Callee
                > ring 101 at 101 from 104
            ann: ready, wrap-up until 30.000s, device Idle
            104 calls 101
              CallStarted 104 Internal to 101
              LegAdded 104 Caller
              LegCleared 104 Busy
              CallCleared 104 Busy
              CallClosed 104
                > clear 104 Busy
        "#]],
    );
}

#[test]
fn forwarding_is_followed_but_not_in_a_ring() {
    check(
        "quietly ann handling forward 202; 104 calls 201; quietly 104 hangs-up; quietly bob handling forward 201; \
         104 calls 201; quietly bob handling busy; 104 calls 201",
        expect![[r#"
            104 calls 201
              CallStarted 104 Internal to 201
              LegAdded 104 Caller
              LegAdded 102 Callee
                > ring 102 at 102 from 104
            104 calls 201
              refused: no-route (the number leads nowhere)
            104 calls 201
              CallStarted 104 Internal to 201
              LegAdded 104 Caller
              LegCleared 104 Busy
              CallCleared 104 Busy
              CallClosed 104
                > clear 104 Busy
        "#]],
    );
}

#[test]
fn a_device_dials_out_only_where_a_trunk_may() {
    check(
        "101 calls 004912345; carrier rings; carrier answers; show ann; 102 calls 118; x calls 004912345",
        expect![[r#"
            101 calls 004912345
              CallStarted 101 Outbound to 004912345
              LegAdded 101 Caller
              LegAdded carrier Callee
                > ring carrier at 004912345 from 5550
            carrier rings
              LegRinging carrier
                > ringing to 101
            carrier answers
              LegAnswered carrier
              LegAnswered 101
              AgentConnected ann 101 directly
              LegsBridged 101 carrier
                > answer 101
                > bridge 101 carrier
            ann: not ready, in call 101, device Busy
            102 calls 118
              OutboundRefused 102 to 118: Denied
              refused: destination-denied (the destination is not allowed)
            x calls 004912345
              refused: no-route (the number leads nowhere)
        "#]],
    );
}

#[test]
fn a_call_is_placed_by_ringing_the_device_first() {
    check(
        "101 places 104; 101 places 104; 101 answers; 104 rings; 104 answers; 101 hangs-up",
        expect![[r#"
            101 places 104
              CallStarted 101 Internal to 104
              LegAdded 101 Caller
                > ring 101 at 101 from 104
            101 places 104
              refused: busy (busy)
            101 answers
              LegAnswered 101
              LegAdded 104 Callee
                > ring 104 at 104 from 101
                > play to 101 then tones/ringback
            104 rings
              LegRinging 104
            104 answers
              LegAnswered 104
              AgentConnected ann 101 directly
              LegsBridged 101 104
                > stop playing to 101
                > bridge 101 104
            101 hangs-up
              LegCleared 101 Normal
              LegCleared 104 Normal
              AgentDisconnected ann 101
              CallCleared 101 Normal
              CallClosed 101
                > clear 104 Normal
        "#]],
    );
}

#[test]
fn a_placed_call_ends_when_either_side_cannot_be_had() {
    check(
        "101 places 004912345; 101 rejects; 101 places 004912345; quietly 101 answers; carrier is-busy; 101 places 118; \
         quietly 104 unregisters; 104 places 101",
        expect![[r#"
            101 places 004912345
              CallStarted 101 Outbound to 004912345
              LegAdded 101 Caller
                > ring 101 at 101 from 004912345
            101 rejects
              LegCleared 101 Rejected
              CallCleared 101 Rejected
              CallClosed 101
            101 places 004912345
              CallStarted 101 Outbound to 004912345
              LegAdded 101 Caller
                > ring 101 at 101 from 004912345
            carrier is-busy
              LegCleared carrier Busy
              LegCleared 101 Busy
              CallCleared 101 Busy
              CallClosed 101
                > clear 101 Busy
            101 places 118
              OutboundRefused 101 to 118: Denied
              refused: destination-denied (the destination is not allowed)
            104 places 101
              refused: device-unregistered (the device is not registered)
        "#]],
    );
}

#[test]
fn hold_from_the_phone_plays_music_to_the_other_party() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; ann holds; show ann; x holds; ann retrieves; \
         x retrieves; ann hangs-up",
        expect![[r#"
            ann holds
              LegHeld 101
              LegsUnbridged 101 x
                > unbridge x 101
                > play to x then music
            ann: ready, in call x of sales, held, device Busy
            x holds
              LegHeld x
                > stop playing to x
            ann retrieves
              LegRetrieved 101
                > play to 101 then music
            x retrieves
              LegRetrieved x
              LegsBridged 101 x
                > bridge x 101
            ann hangs-up
              LegCleared 101 Normal
              RecordingStopped x
              LegCleared x Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann x
              CallCleared x Normal
                > stop recording
                > clear x Normal
        "#]],
    );
}

#[test]
fn a_recording_is_paused_and_resumed() {
    check(
        "quietly ann ready; quietly x calls 5551; x pauses-recording; quietly ann answers; x pauses-recording; \
         x pauses-recording; x resumes-recording; x resumes-recording; quietly x hangs-up; x pauses-recording",
        expect![[r#"
            x pauses-recording
              refused: not-recording (the call is not being recorded)
            x pauses-recording
              RecordingPaused x
                > pause recording
            x pauses-recording
              refused: already-so (it is so already)
            x resumes-recording
              RecordingResumed x
                > resume recording
            x resumes-recording
              refused: already-so (it is so already)
            x pauses-recording
              refused: not-recording (the call is not being recorded)
        "#]],
    );
}

#[test]
fn a_far_end_that_vanished_ends_the_call_like_any_other() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; ann is-lost; show ann",
        expect![[r#"
        ann is-lost
          LegCleared 101 Lost
          RecordingStopped x
          LegCleared x Lost
          WrapUpStarted ann until 30.000s
          AgentDisconnected ann x
          CallCleared x Lost
            > stop recording
            > clear x Lost
        ann: ready, wrap-up until 30.000s, device Idle
    "#]],
    );
}

#[test]
fn a_report_about_a_leg_that_is_gone_is_ignored() {
    check(
        "101 calls 104; 101 hangs-up; 104 answers; 104 rings; 104 hangs-up; 104 holds",
        expect![[r#"
        101 calls 104
          CallStarted 101 Internal to 104
          LegAdded 101 Caller
          LegAdded 104 Callee
            > ring 104 at 104 from 101
        101 hangs-up
          LegCleared 101 Normal
          LegCleared 104 Normal
          CallCleared 101 Normal
          CallClosed 101
            > clear 104 Normal
        104 answers
        104 rings
        104 hangs-up
        104 holds
    "#]],
    );
}

#[test]
fn a_number_that_is_no_route_is_refused_to_a_trunk() {
    check(
        "x calls 101; x calls 9999",
        expect![[r#"
        x calls 101
          refused: no-route (the number leads nowhere)
        x calls 9999
          refused: no-route (the number leads nowhere)
    "#]],
    );
}
