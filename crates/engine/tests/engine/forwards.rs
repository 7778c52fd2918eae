//! Direct calls that an agent misses: where they go on busy, on no answer and when he cannot be reached.

use cordial_engine::Entry;
use cordial_engine::command::Command;
use cordial_engine::entry::{Agent, Mailbox};
use expect_test::expect;

use crate::story::{check, check_in};
use crate::world::World;

/// Gives ann a mailbox, and 5 s of ringing before her calls go on.
fn ann_has_a_mailbox(world: &mut World) {
    let id = world.ids["ann"];
    let Some(Entry::Agent(agent)) = world.engine.entry(world.tenant, id) else { unreachable!() };
    let mailbox = Some(Mailbox::default());
    world.granted(Command::Change(id, Entry::Agent(Agent { mailbox, ring_ms: 5_000, ..agent })));
}

#[test]
fn a_call_to_a_busy_phone_goes_to_the_number() {
    check(
        "quietly ann settings busy=102; quietly ann breaks; quietly 103 calls 101; quietly 101 answers; x calls 5553; \
         102 answers",
        expect![[r#"
            x calls 5553
              CallStarted x Inbound to 5553
              LegAdded x Caller
              CallForwarded x by ann Busy to Number(…02)
              LegAdded 102 Callee
                > ring 102 at 102 from x
            102 answers
              LegAnswered 102
              LegAnswered x
              AgentConnected bob x directly
              LegsBridged x 102
                > answer x
                > bridge x 102
        "#]],
    );
}

#[test]
fn a_phone_that_says_busy_is_busy_and_one_that_declines_is_not() {
    check(
        "quietly ann settings busy=102; quietly ann breaks; 103 calls 201; 101 is-busy; quietly 103 hangs-up; 103 calls 201; \
         101 rejects",
        expect![[r#"
            103 calls 201
              CallStarted 103 Internal to 201
              LegAdded 103 Caller
              LegAdded 101 Callee
                > ring 101 at 101 from 103
            101 is-busy
              LegCleared 101 Busy
              CallForwarded 103 by ann Busy to Number(…02)
              LegAdded 102 Callee
                > ring 102 at 102 from 103
            103 calls 201
              CallStarted 103 Internal to 201
              LegAdded 103 Caller
              LegAdded 101 Callee
                > ring 101 at 101 from 103
            101 rejects
              LegCleared 101 Rejected
              LegCleared 103 Rejected
              CallCleared 103 Rejected
              CallClosed 103
                > clear 103 Rejected
        "#]],
    );
}

#[test]
fn a_call_that_nobody_answers_goes_on_after_the_agents_own_time() {
    check_in(
        ann_has_a_mailbox,
        "quietly ann settings no-answer=voicemail; x calls 5553; 101 rings; 4999ms; 1ms; x heard-all",
        expect![[r#"
            x calls 5553
              CallStarted x Inbound to 5553
              LegAdded x Caller
              LegAdded 101 Callee
                > ring 101 at 101 from x
            101 rings
              LegRinging 101
                > ringing to x
            4999ms
            1ms
              LegCleared 101 NoAnswer
              CallForwarded x by ann NoAnswer to Voicemail
              LegAnswered x
              MailboxReached x ann
                > clear 101 NoAnswer
                > answer x
                > play to x en/leave-message tones/beep then tell
            x heard-all
              RecordingStarted x
                > record x x
                > play to x then tones/silence
        "#]],
    );
}

#[test]
fn without_a_forward_a_phone_rings_as_long_as_ever() {
    check_in(
        ann_has_a_mailbox,
        "quietly ann settings busy=voicemail; quietly x calls 5553; quietly 101 rings; 59s; 1s",
        expect![[r#"
            59s
            1s
              LegCleared x NoAnswer
              LegCleared 101 NoAnswer
              CallCleared x NoAnswer
              CallClosed x
                > clear x NoAnswer
                > clear 101 NoAnswer
        "#]],
    );
}

#[test]
fn an_agent_who_is_not_there_cannot_be_reached() {
    check(
        "quietly ann settings unreachable=102; quietly bob breaks; quietly ann log-out; 103 calls 201; quietly 103 hangs-up; \
         ann log-in 101; quietly 101 unregisters; 103 calls 201; quietly 103 hangs-up; quietly 101 registers; 103 calls 201; \
         101 is-unreachable",
        expect![[r#"
            103 calls 201
              CallStarted 103 Internal to 201
              LegAdded 103 Caller
              CallForwarded 103 by ann Unreachable to Number(…02)
              LegAdded 102 Callee
                > ring 102 at 102 from 103
            ann log-in 101
              AgentLoggedIn ann
            103 calls 201
              CallStarted 103 Internal to 201
              LegAdded 103 Caller
              CallForwarded 103 by ann Unreachable to Number(…02)
              LegAdded 102 Callee
                > ring 102 at 102 from 103
            103 calls 201
              CallStarted 103 Internal to 201
              LegAdded 103 Caller
              LegAdded 101 Callee
                > ring 101 at 101 from 103
            101 is-unreachable
              LegCleared 101 Unreachable
              CallForwarded 103 by ann Unreachable to Number(…02)
              LegAdded 102 Callee
                > ring 102 at 102 from 103
        "#]],
    );
}

#[test]
fn whoever_finishes_a_call_is_busy() {
    check(
        "quietly ann settings busy=103; quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x hangs-up; \
         102 calls 201; quietly 102 hangs-up; 102 calls 101",
        expect![[r#"
            102 calls 201
              CallStarted 102 Internal to 201
              LegAdded 102 Caller
              CallForwarded 102 by ann Busy to Number(…03)
              LegAdded 103 Callee
                > ring 103 at 103 from 102
            102 calls 101
              CallStarted 102 Internal to 101
              LegAdded 102 Caller
              CallForwarded 102 by ann Busy to Number(…03)
              LegAdded 103 Callee
                > ring 103 at 103 from 102
        "#]],
    );
}

#[test]
fn do_not_disturb_and_a_forward_of_all_calls_come_first() {
    check(
        "quietly ann settings busy=103; quietly ann handling busy; 102 calls 201; quietly ann handling forward 103; \
         102 calls 201",
        expect![[r#"
            102 calls 201
              CallStarted 102 Internal to 201
              LegAdded 102 Caller
              LegCleared 102 Busy
              CallCleared 102 Busy
              CallClosed 102
                > clear 102 Busy
            102 calls 201
              CallStarted 102 Internal to 201
              LegAdded 102 Caller
              LegAdded 103 Callee
                > ring 103 at 103 from 102
        "#]],
    );
}

#[test]
fn forwards_in_a_ring_end_because_nobody_forwards_a_call_twice() {
    check(
        "quietly ann breaks; quietly bob breaks; quietly ann settings busy=202; quietly bob settings busy=201; \
         103 calls 201; 101 is-busy; 102 is-busy; 101 is-busy",
        expect![[r#"
            103 calls 201
              CallStarted 103 Internal to 201
              LegAdded 103 Caller
              LegAdded 101 Callee
                > ring 101 at 101 from 103
            101 is-busy
              LegCleared 101 Busy
              CallForwarded 103 by ann Busy to Number(…02)
              LegAdded 102 Callee
                > ring 102 at 102 from 103
            102 is-busy
              LegCleared 102 Busy
              CallForwarded 103 by bob Busy to Number(…01)
              LegAdded 101 Callee
                > ring 101 at 101 from 103
            101 is-busy
              LegCleared 101 Busy
              LegCleared 103 Busy
              CallCleared 103 Busy
              CallClosed 103
                > clear 103 Busy
        "#]],
    );
}

#[test]
fn who_forwards_to_a_phone_of_his_own_lets_it_ring() {
    check(
        "quietly ann breaks; quietly ann settings no-answer=101; 103 calls 101; 20s; 60s",
        expect![[r#"
            103 calls 101
              CallStarted 103 Internal to 101
              LegAdded 103 Caller
              LegAdded 101 Callee
                > ring 101 at 101 from 103
            20s
              LegCleared 101 NoAnswer
              CallForwarded 103 by ann NoAnswer to Number(…01)
              LegAdded 101 Callee
                > clear 101 NoAnswer
                > ring 101 at 101 from 103
            60s
              LegCleared 103 NoAnswer
              LegCleared 101 NoAnswer
              CallCleared 103 NoAnswer
              CallClosed 103
                > clear 103 NoAnswer
                > clear 101 NoAnswer
        "#]],
    );
}

#[test]
fn what_a_queue_offers_is_not_forwarded() {
    check(
        "quietly ann settings busy=103 no-answer=103 unreachable=103; quietly bob breaks; quietly ann ready; x calls 5551; \
         101 is-busy",
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
            101 is-busy
              OfferEnded ann Declined
              LegCleared 101 Busy
              AgentNotReady ann not ready: Busy
        "#]],
    );
}

#[test]
fn a_caller_from_outside_is_not_forwarded_outside() {
    check(
        "quietly ann breaks; quietly ann settings busy=00491; x calls 5553; 101 is-busy; quietly 103 calls 201; 101 is-busy",
        expect![[r#"
            x calls 5553
              CallStarted x Inbound to 5553
              LegAdded x Caller
              LegAdded 101 Callee
                > ring 101 at 101 from x
            101 is-busy
              LegCleared 101 Busy
              CallForwarded x by ann Busy to Number(…91)
              OutboundRefused carrier to 00491: LedOutAgain
              LegCleared x NoRoute
              CallCleared x NoRoute
              CallClosed x
                > clear x NoRoute
            101 is-busy
              LegCleared 101 Busy
              CallForwarded 103 by ann Busy to Number(…91)
              LegAdded carrier Callee
                > ring carrier at 00491 from 5550
        "#]],
    );
}

#[test]
fn codes_switch_each_kind_and_leave_the_others() {
    check_in(
        ann_has_a_mailbox,
        "101 calls *90102; quietly 101 heard-all; 101 calls *41; quietly 101 heard-all; 101 calls *42; quietly 101 heard-all; \
         101 calls *91; quietly 101 heard-all; 101 calls *94; 101 presses 1; 101 presses 0; 101 presses #; \
         quietly 101 heard-all; 101 calls *95; quietly 101 heard-all; 101 calls *35",
        expect![[r#"
            101 calls *90102
              CallStarted 101 Internal to *90102
              LegAdded 101 Caller
              CallSettingsSet ann CallSettings { busy: Some(Number(…02)), no_answer: None, unreachable: None }
              FeatureCodeDialled ann forward_busy_on 102, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/forwarded
                > answer 101
                > play to 101 tones/confirmed en/forwarded then tell
            101 calls *41
              CallStarted 101 Internal to *41
              LegAdded 101 Caller
              CallSettingsSet ann CallSettings { busy: Some(Number(…02)), no_answer: Some(Voicemail), unreachable: None }
              FeatureCodeDialled ann voicemail_no_answer_on, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/voicemail-on
                > answer 101
                > play to 101 tones/confirmed en/voicemail-on then tell
            101 calls *42
              CallStarted 101 Internal to *42
              LegAdded 101 Caller
              FeatureCodeDialled ann voicemail_busy_off, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > answer 101
                > play to 101 tones/confirmed then tell
            101 calls *91
              CallStarted 101 Internal to *91
              LegAdded 101 Caller
              CallSettingsSet ann CallSettings { busy: None, no_answer: Some(Voicemail), unreachable: None }
              FeatureCodeDialled ann forward_busy_off, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > answer 101
                > play to 101 tones/confirmed then tell
            101 calls *94
              CallStarted 101 Internal to *94
              LegAdded 101 Caller
              LegAnswered 101
              NumberAsked ann forward_unreachable_on
                > answer 101
                > play to 101 en/enter-number tones/beep then tones/silence
            101 presses 1
              NumberAsked ann forward_unreachable_on 1
                > play to 101 then tones/silence
            101 presses 0
              NumberAsked ann forward_unreachable_on 10
            101 presses #
              CallSettingsSet ann CallSettings { busy: None, no_answer: Some(Voicemail), unreachable: Some(Number(…10)) }
              FeatureCodeDialled ann forward_unreachable_on 10, done
              AnnouncementStarted 101 tones/confirmed, en/forwarded
                > play to 101 tones/confirmed en/forwarded then tell
            101 calls *95
              CallStarted 101 Internal to *95
              LegAdded 101 Caller
              CallSettingsSet ann CallSettings { busy: None, no_answer: Some(Voicemail), unreachable: None }
              FeatureCodeDialled ann forward_unreachable_off, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > answer 101
                > play to 101 tones/confirmed then tell
            101 calls *35
              CallStarted 101 Internal to *35
              LegAdded 101 Caller
              CallSettingsSet ann CallSettings { busy: None, no_answer: None, unreachable: None }
              FeatureCodeDialled ann voicemail_no_answer_off, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > answer 101
                > play to 101 tones/confirmed then tell
        "#]],
    );
}

#[test]
fn a_mailbox_that_there_is_not_is_no_place_to_forward_to() {
    check(
        "ann settings busy=voicemail; 101 calls *40",
        expect![[r#"
            ann settings busy=voicemail
              refused: no-mailbox (the agent has no mailbox)
            101 calls *40
              CallStarted 101 Internal to *40
              LegAdded 101 Caller
              FeatureCodeDialled ann voicemail_busy_on, refused: no-mailbox
              LegAnswered 101
              AnnouncementStarted 101 tones/denied, en/no-mailbox
                > answer 101
                > play to 101 tones/denied en/no-mailbox then tell
        "#]],
    );
}
