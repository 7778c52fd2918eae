//! Mailboxes: a message is left, filed when its audio is complete, played and removed.

use cordial_engine::command::Command;
use cordial_engine::entry::{Agent, Mailbox, Overflow};
use cordial_engine::{Entry, Refusal};
use expect_test::expect;

use crate::story::{check, check_in};
use crate::world::World;

/// Enables ann's mailbox.
fn a_mailbox(world: &mut World) {
    let id = world.ids["ann"];
    let Some(Entry::Agent(agent)) = world.engine.entry(world.tenant, id) else { unreachable!() };
    let mailbox = Some(Mailbox::default());
    world.granted(Command::Change(id, Entry::Agent(Agent { mailbox, ..agent })));
}

#[test]
fn a_caller_leaves_a_message_and_the_owner_hears_it() {
    check_in(
        a_mailbox,
        "101 calls *21; quietly 101 heard-all; x calls 5553; x heard-all; 7s; x hangs-up; saved 1 7000; 101 calls *57; \
         101 heard-all; 101 heard-all; quietly 101 calls *57; 101 hangs-up; quietly 101 calls *34; quietly 101 heard-all; \
         102 calls 101",
        expect![[r#"
            101 calls *21
              CallStarted 101 Internal to *21
              LegAdded 101 Caller
              HandlingSet ann
              FeatureCodeDialled ann voicemail_on, done
              LegAnswered 101
              AnnouncementStarted 101 tones/confirmed, en/voicemail-on
                > answer 101
                > play to 101 tones/confirmed en/voicemail-on then tell
            x calls 5553
              CallStarted x Inbound to 5553
              LegAdded x Caller
              LegAnswered x
              MailboxReached x ann
                > answer x
                > play to x en/leave-message tones/beep then tell
            x heard-all
              RecordingStarted x
                > record x x
                > play to x then tones/silence
            7s
            x hangs-up
              LegCleared x Normal
              RecordingStopped x
              CallCleared x Normal
              CallClosed x
                > stop recording
            saved 1 7000
              MessageLeft ann 1 from x, 7000 ms
              RecordingSaved x
            101 calls *57
              CallStarted 101 Internal to *57
              LegAdded 101 Caller
              FeatureCodeDialled ann voicemail, done
              LegAnswered 101
              MailboxOpened 101 ann
              MessagePlayed ann 1
                > answer 101
                > play a message to 101
            101 heard-all
              MessageMarked ann 1 heard
              AnnouncementStarted 101 en/no-more-messages
                > play to 101 en/no-more-messages then tell
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
            101 hangs-up
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
            102 calls 101
              CallStarted 102 Internal to 101
              LegAdded 102 Caller
              LegAdded 101 Callee
                > ring 101 at 101 from 102
        "#]],
    );
}

#[test]
fn keys_end_a_message_and_go_through_a_mailbox() {
    check_in(
        a_mailbox,
        "quietly ann handling voicemail; quietly x calls 5553; quietly x heard-all; x presses #; quietly saved 1 3000; \
         quietly y calls 5553; quietly y heard-all; quietly y hangs-up; quietly saved 2 3000; quietly 101 calls *57; \
         101 presses 1; 101 presses *; 101 presses 7; 101 presses #; 101 presses #; 101 heard-all",
        expect![[r#"
            x presses #
              RecordingStopped x
              LegCleared x Normal
              CallCleared x Normal
              CallClosed x
                > stop recording
                > clear x Normal
            101 presses 1
            101 presses *
              MessagePlayed ann 1
                > play a message to 101
            101 presses 7
              MessageRemoved ann 1
              MessagePlayed ann 2
                > play a message to 101
            101 presses #
              MessageMarked ann 2 heard
              AnnouncementStarted 101 en/no-more-messages
                > play to 101 en/no-more-messages then tell
            101 presses #
            101 heard-all
              LegCleared 101 Normal
              CallCleared 101 Normal
              CallClosed 101
                > clear 101 Normal
        "#]],
    );
}

#[test]
fn who_hangs_up_at_the_tone_leaves_no_message_and_who_never_ends_is_cut() {
    check_in(
        a_mailbox,
        "quietly ann handling voicemail; quietly x calls 5553; quietly x heard-all; quietly x hangs-up; saved 1 400; \
         quietly y calls 5553; quietly y heard-all; 180s; quietly saved 2 180000; quietly 101 calls *57; 101 heard-all; \
         crash",
        expect![[r#"
            saved 1 400
              RecordingSaved x
            180s
              RecordingStopped y
              LegCleared y Normal
              CallCleared y Normal
              CallClosed y
                > stop recording
                > clear y Normal
            101 heard-all
              MessageMarked ann 2 heard
              AnnouncementStarted 101 en/no-more-messages
                > play to 101 en/no-more-messages then tell
              NodeStarted
              LegCleared 101 NodeRestarted
              CallCleared 101 NodeRestarted
              CallClosed 101
        "#]],
    );
}

#[test]
fn a_message_that_a_crash_cut_short_is_kept() {
    check_in(
        a_mailbox,
        "quietly ann handling voicemail; quietly x calls 5553; quietly x heard-all; 5s; crash; saved 1 4500",
        expect![[r#"
            5s
              NodeStarted
              RecordingStopped x
              LegCleared x NodeRestarted
              CallCleared x NodeRestarted
              CallClosed x
            saved 1 4500
              MessageLeft ann 1 from x, 4500 ms
              RecordingSaved x
        "#]],
    );
}

#[test]
fn an_agent_without_a_mailbox_takes_no_messages() {
    check(
        "ann handling voicemail; 101 calls *21; quietly 101 heard-all; 101 calls *57",
        expect![[r#"
        ann handling voicemail
          refused: no-mailbox (the agent has no mailbox)
        101 calls *21
          CallStarted 101 Internal to *21
          LegAdded 101 Caller
          FeatureCodeDialled ann voicemail_on, refused: no-mailbox
          LegAnswered 101
          AnnouncementStarted 101 tones/denied, en/no-mailbox
            > answer 101
            > play to 101 tones/denied en/no-mailbox then tell
        101 calls *57
          CallStarted 101 Internal to *57
          LegAdded 101 Caller
          FeatureCodeDialled ann voicemail, refused: no-mailbox
          LegAnswered 101
          AnnouncementStarted 101 tones/denied, en/no-mailbox
            > answer 101
            > play to 101 tones/denied en/no-mailbox then tell
    "#]],
    );
}

#[test]
fn a_queue_overflows_to_a_mailbox() {
    let overflowing = |world: &mut World| {
        a_mailbox(world);
        let ann = world.agent("ann");
        world.change_queue("sales", |queue| {
            queue.max_wait_ms = Some(30_000);
            queue.overflow = Overflow::Voicemail(ann);
        });
    };
    check_in(
        overflowing,
        "quietly x calls 5551; 30s; x heard-all; quietly x hangs-up; saved 1 2000; count sales",
        expect![[r#"
            30s
              ServiceLevelBreached x 1 of 1
              WaitingEnded x sales Overflowed after 30000 ms
              MailboxReached x ann
                > play to x en/leave-message tones/beep then tell
            x heard-all
              RecordingStarted x
                > record x x
                > play to x then tones/silence
            saved 1 2000
              MessageLeft ann 1 from x, 2000 ms
              RecordingSaved x
            sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 1, refused 0, waiting 0, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn what_a_mailbox_still_needs_is_not_removed() {
    let mut world = World::new();
    world.furnish();
    let bob = world.agent("bob");
    let id = world.ids["sales"];
    let Some(Entry::Queue(mut queue)) = world.engine.entry(world.tenant, id) else { unreachable!() };
    queue.overflow = Overflow::Voicemail(bob);
    assert_eq!(world.command(Command::Change(id, Entry::Queue(queue))).0, Err(Refusal::NoMailbox));
}
