//! Blind transfers: by command and by code, to whom they lead, and what is refused so that nobody is cut off.

use cordial_engine::agent::{CallSettings, ForwardTo};
use cordial_engine::command::Command;
use cordial_engine::entry::{Agent, Mailbox};
use cordial_engine::{Entry, EntryId};
use expect_test::expect;

use crate::story::{check, check_in};
use crate::world::World;

/// Ann talks to 4711, whom she has from sales, which records.
const TALKS: &str = "quietly 4711 calls 5551; quietly ann ready; quietly 101 answers; ";

fn talking(rest: &str) -> String {
    format!("{TALKS}{rest}")
}

fn with_mailbox(world: &mut World) {
    let id = EntryId::Agent(world.agent("bob"));
    let Some(Entry::Agent(bob)) = world.engine.entry(world.tenant, id) else { panic!("bob") };
    let bob = Agent { mailbox: Some(Mailbox::default()), ..bob };
    world.granted(Command::Change(id, Entry::Agent(bob)));
}

fn with_mailbox_for_missed_calls(world: &mut World) {
    with_mailbox(world);
    let unreachable = Some(ForwardTo::Voicemail);
    let settings = CallSettings { unreachable, ..CallSettings::default() };
    world.granted(Command::SetCallSettings { agent: world.agent("bob"), settings });
}

#[test]
fn a_caller_is_led_to_another_agent_and_who_led_him_finishes() {
    check(
        &talking(
            "4711 is-transferred-to 202; show ann; 102 rings; 102 answers; show bob; 4711 hangs-up; show bob",
        ),
        expect![[r#"
            4711 is-transferred-to 202
              RecordingStopped 4711
              LegsUnbridged 101 4711
              CallTransferred 4711 by ann, 4711 to 202
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              LegAdded 102 Callee
                > stop recording
                > unbridge 101 4711
                > clear 101 Normal
                > ring 102 at 102 from 4711
                > play to 4711 then tones/ringback
            ann: ready, wrap-up until 30.000s, device Idle
            102 rings
              LegRinging 102
            102 answers
              LegAnswered 102
              AgentConnected bob 4711 directly
              LegsBridged 4711 102
              RecordingStarted 4711
                > stop playing to 4711
                > bridge 4711 102
                > record 102 4711
            bob: not ready, in call 4711, device Busy
            4711 hangs-up
              LegCleared 4711 Normal
              RecordingStopped 4711
              LegCleared 102 Normal
              AgentDisconnected bob 4711
              CallCleared 4711 Normal
                > stop recording
                > clear 102 Normal
            bob: not ready, idle, device Idle
        "#]],
    );
}

#[test]
fn a_held_call_is_transferred_by_code_with_a_number_or_asked_for_one() {
    check(
        &talking("101 holds; 101 calls *54202; 101 heard-all; 102 answers; 4711 hangs-up"),
        expect![[r#"
            101 holds
              LegHeld 101
              LegsUnbridged 101 4711
                > unbridge 4711 101
                > play to 4711 then music
            101 calls *54202
              CallStarted 101 Internal to *54202
              LegAdded 101 Caller
              RecordingStopped 4711
              CallTransferred 4711 by ann, 4711 to 202
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              LegAdded 102 Callee
              FeatureCodeDialled ann transfer 202, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > stop recording
                > clear 101 Normal
                > ring 102 at 102 from 4711
                > play to 4711 then tones/ringback
                > answer 101
                > play to 101 tones/confirmed then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
            102 answers
              LegAnswered 102
              AgentConnected bob 4711 directly
              LegsBridged 4711 102
              RecordingStarted 4711
                > stop playing to 4711
                > bridge 4711 102
                > record 102 4711
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
    check(
        &talking(
            "quietly 101 holds; 101 calls *54; 101 presses 2; quietly 101 presses 0; quietly 101 presses 2; 101 presses #",
        ),
        expect![[r#"
            101 calls *54
              CallStarted 101 Internal to *54
              LegAdded 101 Caller
              LegAnswered 101
              NumberAsked ann transfer
                > answer 101
                > play to 101 en/enter-number tones/beep then tones/silence
            101 presses 2
              NumberAsked ann transfer 2
                > play to 101 then tones/silence
            101 presses #
              RecordingStopped 4711
              CallTransferred 4711 by ann, 4711 to 202
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              LegAdded 102 Callee
              FeatureCodeDialled ann transfer 202, done
              AnnouncementStarted 101 tones/confirmed
                > stop recording
                > clear 101 Normal
                > ring 102 at 102 from 4711
                > play to 4711 then tones/ringback
                > play to 101 tones/confirmed then tell
        "#]],
    );
}

#[test]
fn a_phone_transfers_by_itself_and_a_trunk_does_not() {
    check(
        &talking(
            "4711 refers-to 202; 101 refers-to 999; 101 holds; 101 refers-to 202; 102 answers; 4711 hangs-up",
        ),
        expect![[r#"
            4711 refers-to 202
              refused: not-permitted (who asks may not do this)
            101 refers-to 999
              OutboundRefused carrier to 999: Denied
              refused: destination-denied (the destination is not allowed)
            101 holds
              LegHeld 101
              LegsUnbridged 101 4711
                > unbridge 4711 101
                > play to 4711 then music
            101 refers-to 202
              RecordingStopped 4711
              CallTransferred 4711 by ann, 4711 to 202
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              LegAdded 102 Callee
                > stop recording
                > clear 101 Normal
                > ring 102 at 102 from 4711
                > play to 4711 then tones/ringback
            102 answers
              LegAnswered 102
              AgentConnected bob 4711 directly
              LegsBridged 4711 102
              RecordingStarted 4711
                > stop playing to 4711
                > bridge 4711 102
                > record 102 4711
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
fn a_caller_is_led_into_another_line_and_may_wait_and_leave_there() {
    check(
        &talking("4711 is-transferred-to 600; show ann; 4711 hangs-up"),
        expect![[r#"
            4711 is-transferred-to 600
              RecordingStopped 4711
              LegsUnbridged 101 4711
              CallTransferred 4711 by ann, 4711 to 600
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              CallQueued 4711 help
                > stop recording
                > unbridge 101 4711
                > clear 101 Normal
                > play to 4711 then music
            ann: ready, wrap-up until 30.000s, device Idle
            4711 hangs-up
              LegCleared 4711 Normal
              WaitingEnded 4711 help Abandoned after 0 ms
              CallCleared 4711 Normal
        "#]],
    );
}

#[test]
fn a_caller_is_led_to_a_mailbox() {
    check_in(
        with_mailbox,
        &talking("quietly 101 holds; 101 calls *55202; 4711 heard-all; 4711 hangs-up"),
        expect![[r#"
            101 calls *55202
              CallStarted 101 Internal to *55202
              LegAdded 101 Caller
              RecordingStopped 4711
              CallTransferred 4711 by ann, 4711 to the mailbox of bob
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              MailboxReached 4711 bob
              FeatureCodeDialled ann transfer_to_voicemail 202, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed
                > stop recording
                > clear 101 Normal
                > play to 4711 en/leave-message tones/beep then tell
                > answer 101
                > play to 101 tones/confirmed then tell
            4711 heard-all
              RecordingStarted 4711
                > record 4711 4711
                > play to 4711 then tones/silence
            4711 hangs-up
              LegCleared 4711 Normal
              RecordingStopped 4711
              CallCleared 4711 Normal
                > stop recording
        "#]],
    );
}

#[test]
fn whom_an_agent_called_is_the_caller_of_what_follows() {
    check(
        "quietly 101 calls 004912; quietly carrier answers; 101 is-transferred-to 202; 102 answers; carrier hangs-up",
        expect![[r#"
            101 is-transferred-to 202
              LegsUnbridged 101 carrier
              CallTransferred 101 by ann, carrier to 202
              LegCleared 101 Normal
              AgentDisconnected ann 101
              LegAdded 102 Callee
                > unbridge 101 carrier
                > clear 101 Normal
                > ring 102 at 102 from 004912
                > play to carrier then tones/ringback
            102 answers
              LegAnswered 102
              AgentConnected bob 101 directly
              LegsBridged carrier 102
                > stop playing to carrier
                > bridge carrier 102
            carrier hangs-up
              LegCleared carrier Normal
              LegCleared 102 Normal
              AgentDisconnected bob 101
              CallCleared 101 Normal
              CallClosed 101
                > clear 102 Normal
        "#]],
    );
}

#[test]
fn what_would_cut_somebody_off_is_refused_and_the_talk_goes_on() {
    check(
        &talking(
            "4711 is-transferred-to 999; 4711 is-transferred-to 101; 4711 is-transferred-to 004912; 4711 holds; \
             4711 is-transferred-to 202; 4711 retrieves; quietly 102 unregisters; 4711 is-transferred-to 102; \
             103 calls *54202; 4711 hangs-up",
        ),
        expect![[r#"
            4711 is-transferred-to 999
              OutboundRefused carrier to 999: Denied
              refused: destination-denied (the destination is not allowed)
            4711 is-transferred-to 101
              refused: busy (busy)
            4711 is-transferred-to 004912
              OutboundRefused carrier to 004912: LedOutAgain
              refused: led-out-again (a caller from outside is not led out again)
            4711 holds
              LegHeld 4711
              LegsUnbridged 101 4711
                > unbridge 4711 101
                > play to 101 then music
            4711 is-transferred-to 202
              refused: invalid (call: must not be held by the party that stays)
            4711 retrieves
              LegRetrieved 4711
              LegsBridged 101 4711
                > bridge 4711 101
            4711 is-transferred-to 102
              refused: device-unregistered (the device is not registered)
            103 calls *54202
              CallStarted 103 Internal to *54202
              LegAdded 103 Caller
              FeatureCodeDialled cid transfer 202, refused: not-found
              LegAnswered 103
              AnnouncementStarted 103 tones/denied, en/no-call
                > answer 103
                > play to 103 tones/denied en/no-call then tell
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
fn an_agent_whom_a_queue_gave_the_call_is_not_led_into_another() {
    check(
        "quietly 104 calls 600; quietly ann ready; quietly 101 answers; quietly 104 holds; 104 calls *54202",
        expect![[r#"
            104 calls *54202
              CallStarted 104 Internal to *54202
              LegAdded 104 Caller
              FeatureCodeDialled nobody transfer 202, refused: not-permitted
              LegAnswered 104
              AnnouncementStarted 104 tones/denied, en/not-permitted
                > answer 104
                > play to 104 tones/denied en/not-permitted then tell
        "#]],
    );
}

#[test]
fn who_is_away_or_busy_and_has_his_calls_taken_elsewhere_can_be_transferred_to() {
    check_in(
        with_mailbox_for_missed_calls,
        &talking("quietly 102 unregisters; 4711 is-transferred-to 202; 4711 hangs-up"),
        expect![[r#"
            4711 is-transferred-to 202
              RecordingStopped 4711
              LegsUnbridged 101 4711
              CallTransferred 4711 by ann, 4711 to 202
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann 4711
              CallForwarded 4711 by bob Unreachable to Voicemail
              MailboxReached 4711 bob
                > stop recording
                > unbridge 101 4711
                > clear 101 Normal
                > play to 4711 en/leave-message tones/beep then tell
            4711 hangs-up
              LegCleared 4711 Normal
              CallCleared 4711 Normal
        "#]],
    );
}

/// Both are needed until the record is closed, whoever has the call by then.
#[test]
fn neither_an_agent_nor_a_queue_is_removed_while_a_call_lives_that_they_had_a_part_in() {
    check(
        &talking(
            "quietly ann membership help out; quietly 4711 is-transferred-to 600; quietly ann end-wrap-up; \
             quietly ann log-out; quietly 5551 is-removed; quietly 5553 is-removed; quietly 5554 is-removed; \
             ann is-removed; sales is-removed; 4711 hangs-up; ann is-removed; sales is-removed",
        ),
        expect![[r#"
            ann is-removed
              refused: in-use (this Agent is still in use by a call)
            sales is-removed
              refused: in-use (this Queue is still in use by a call)
            4711 hangs-up
              LegCleared 4711 Normal
              WaitingEnded 4711 help Abandoned after 0 ms
              CallCleared 4711 Normal
              CallClosed 4711
            ann is-removed
              AgentUnassigned ann sales
              AgentUnassigned ann help
              EntryRemoved
            sales is-removed
              AgentUnassigned bob sales
              AgentUnassigned cid sales
              EntryRemoved
        "#]],
    );
}

#[test]
fn whoever_is_called_and_does_not_answer_ends_the_call() {
    check(
        &talking("quietly 4711 is-transferred-to 202; 102 is-busy; show ann"),
        expect![[r#"
        102 is-busy
          LegCleared 102 Busy
          LegCleared 4711 Busy
          CallCleared 4711 Busy
            > clear 4711 Busy
        ann: ready, wrap-up until 30.000s, device Idle
    "#]],
    );
}
