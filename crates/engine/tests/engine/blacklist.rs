//! Numbers whose calls queues refuse.

use cordial_engine::blacklist::{BlacklistLevel, BlacklistPrompts, BlacklistedNumber, CallerPlace};
use cordial_engine::command::Command;
use cordial_engine::id::BlacklistedNumberId;
use cordial_engine::{Answer, Entry, EntryId, WallTime};
use expect_test::expect;

use crate::story::check_in;
use crate::world::{World, name, number};

fn blacklist(world: &mut World, caller: &str, change: impl FnOnce(&mut BlacklistedNumber)) {
    let mut entry = BlacklistedNumber {
        number: number(caller),
        level: BlacklistLevel::First,
        until: None,
        enabled: true,
        note: name(""),
        place: CallerPlace::default(),
    };
    change(&mut entry);
    world.add(&format!("blacklisted {caller}"), Entry::BlacklistedNumber(entry));
}

#[test]
fn who_is_on_the_blacklist_reaches_no_queue_and_whoever_else_does() {
    check_in(
        |world| {
            blacklist(world, "x", |_| {});
            blacklist(world, "y", |entry| entry.enabled = false);
            let soon = WallTime(world.clock().wall.0 + 5_000);
            blacklist(world, "z", |entry| entry.until = Some(soon));
        },
        "quietly z calls 5551; x calls 5551; y calls 5551; 6s; z calls 5551",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              CallerBlacklisted x sales
              LegCleared x Rejected
              CallCleared x Rejected
              CallClosed x
                > clear x Rejected
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              LegAnswered y
              CallQueued y sales
                > answer y
                > play to y then music
            6s
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
fn a_caller_on_the_blacklist_hears_the_prompt_of_his_level_and_is_cleared() {
    check_in(
        |world| {
            blacklist(world, "x", |entry| entry.level = BlacklistLevel::Second);
            let prompts = BlacklistPrompts { first: None, second: Some(name("en/refused")) };
            assert_eq!(world.command(Command::SetBlacklistPrompts(prompts)).0, Ok(Answer::Done));
        },
        "x calls 5551; x heard-all",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              CallerBlacklisted x sales
              LegAnswered x
              AnnouncementStarted x en/refused
                > answer x
                > play to x en/refused then tell
            x heard-all
              LegCleared x Normal
              CallCleared x Normal
              CallClosed x
                > clear x Normal
        "#]],
    );
}

#[test]
fn it_counts_what_it_refuses_and_keeps_the_count_when_it_is_changed() {
    let mut world = World::new();
    world.furnish();
    blacklist(&mut world, "x", |_| {});
    let id = world.ids["blacklisted x"];
    let EntryId::BlacklistedNumber(key) = id else { panic!("{id:?}") };
    let refused = |world: &World, key: BlacklistedNumberId| {
        world.engine.blacklist_refused(world.tenant, key).unwrap_or_default()
    };
    let trunk = world.trunk("carrier");
    let mut call = || {
        let report = cordial_engine::Report::LegArrived {
            from: cordial_engine::Endpoint::Trunk(trunk),
            caller: Some(number("x")),
            caller_name: name(""),
            dialled: number("5551"),
        };
        assert!(world.report(report).0.is_ok(), "a call that is refused has arrived");
    };
    call();
    call();
    assert_eq!(refused(&world, key), 2);
    let Some(Entry::BlacklistedNumber(mut entry)) = world.engine.entry(world.tenant, id) else { panic!() };
    entry.note = name("shouts");
    assert_eq!(world.command(Command::Change(id, Entry::BlacklistedNumber(entry))).0, Ok(Answer::Done));
    assert_eq!(refused(&world, key), 2);
}
