//! The process dies and another goes on.

use expect_test::expect;

use crate::story::check;

#[test]
fn a_call_ends_with_the_process_and_its_legs_get_their_bye() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x is-saved; quietly ann is-saved; 5s; \
         crash; show ann; 30s; show ann",
        expect![[r#"
            5s
              NodeStarted
              RecordingStopped x
              LegCleared x NodeRestarted
              LegCleared 101 NodeRestarted
              WrapUpStarted ann until 35.000s
              AgentDisconnected ann x
              CallCleared x NodeRestarted
                > clear x by dialog of x
                > clear 101 by dialog of ann
            ann: ready, wrap-up until 35.000s, device Idle
            30s
              WrapUpEnded ann
              CallClosed x
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn a_leg_that_ended_just_before_the_crash_is_ended_once_more_and_one_that_ended_long_before_is_not() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x is-saved; quietly ann is-saved; \
         quietly x hangs-up; 31s; ann ready; crash; 2s; ann not-ready break; crash",
        expect![[r#"
            31s
              WrapUpEnded ann
              CallClosed x
            ann ready
              refused: already-so (it is so already)
              NodeStarted
                > clear 101 by dialog of ann
                > clear x by dialog of x
            2s
            ann not-ready break
              AgentNotReady ann not ready: break
              NodeStarted
        "#]],
    );
}

#[test]
fn a_wrap_up_ends_when_it_would_have_ended() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x hangs-up; 20s; crash; show ann; 10s; \
         show ann",
        expect![[r#"
            20s
              NodeStarted
            ann: ready, wrap-up until 30.000s, device Idle
            10s
              WrapUpEnded ann
              CallClosed x
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn a_waiting_call_is_abandoned_and_its_offer_withdrawn() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann not-ready break; quietly y calls 5552; 3s; crash; show ann; \
         count sales; x hangs-up; z calls 5551",
        expect![[r#"
            3s
              NodeStarted
              OfferEnded ann Withdrawn(NodeRestarted)
              LegCleared 101 NodeRestarted
              AgentNotReady ann not ready: break
              WaitingEnded x sales Abandoned after 3000 ms
              LegCleared x NodeRestarted
              CallCleared x NodeRestarted
              CallClosed x
              WaitingEnded y help Abandoned after 3000 ms
              LegCleared y NodeRestarted
              CallCleared y NodeRestarted
              CallClosed y
            ann: not ready: break, idle, device Idle
            sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 1 (1 short), overflowed 0, refused 0, waiting 0, offers 1 (0 expired)
            x hangs-up
            z calls 5551
              CallStarted z Inbound to 5551
              LegAdded z Caller
              LegAnswered z
              CallQueued z sales
                > answer z
                > play to z then music
        "#]],
    );
}

#[test]
fn a_rest_ends_when_it_would_have_ended() {
    check(
        "quietly ann ready; quietly x calls 5552; quietly 20s; 2s; crash; y calls 5552; 3s",
        expect![[r#"
        2s
          NodeStarted
          WaitingEnded x help Abandoned after 22000 ms
          LegCleared x NodeRestarted
          CallCleared x NodeRestarted
          CallClosed x
        y calls 5552
          CallStarted y Inbound to 5552
          LegAdded y Caller
          LegAnswered y
          CallQueued y help
            > answer y
            > play to y then music
        3s
          AgentRestEnded ann
          LegAdded 101 Callee
          OfferMade y to ann
            > ring 101 at 101 from y
    "#]],
    );
}
