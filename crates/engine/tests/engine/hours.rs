//! Queues that are closed whoever is there: by a calendar, in night mode, in an emergency.

use cordial_engine::call::NotKept;
use cordial_engine::command::Command;
use cordial_engine::entry::{AtClosing, Calendar, Destination, Entry, EntryId, Hours, Overflow, Zone};
use cordial_engine::id::CalendarId;
use cordial_engine::{Kind, Refusal};
use expect_test::expect;

use crate::story::check_in;
use crate::world::{World, name, number};

/// The world begins at 22:13:20 UTC. Open until 22:14 and from 22:15 on, until midnight.
fn office() -> Calendar {
    let hours = |from, to| Hours { from, to };
    let evening = vec![hours(22 * 60, 22 * 60 + 14), hours(22 * 60 + 15, Hours::DAY)];
    Calendar {
        name: name("office"),
        zone: Zone::parse("Etc/UTC").unwrap(),
        week: std::array::from_fn(|_| evening.clone()),
        holidays: Vec::new(),
    }
}

fn add_office(world: &mut World) -> CalendarId {
    let EntryId::Calendar(id) = world.add("office", Entry::Calendar(Box::new(office()))) else {
        unreachable!()
    };
    id
}

/// Sales goes by the office's hours, and sends who comes too late to help.
fn with_hours(at_closing: AtClosing) -> impl FnOnce(&mut World) {
    move |world| {
        let calendar = add_office(world);
        world.change_queue("sales", |queue| {
            (queue.calendar, queue.at_closing) = (Some(calendar), at_closing);
            queue.when_closed = Overflow::Number(number("600"));
        });
    }
}

#[test]
fn a_queue_closes_and_opens_with_its_calendar() {
    check_in(
        with_hours(AtClosing::Serve),
        "quietly x calls 5551; 39s; 1s; count sales; y calls 5551; 59s; 1s; quietly z calls 5551; count sales",
        expect![[r#"
            39s
              ServiceLevelBreached x 1 of 1
            1s
              CalendarTurned
            sales: entered 1, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 0, waiting 1, offers 0 (0 expired)
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              WaitingEnded y sales TurnedAway(Closed) after 0 ms
              LegAnswered y
              CallQueued y help
                > answer y
                > play to y then music
            59s
              ServiceLevelBreached y 1 of 1
            1s
              CalendarTurned
            sales: entered 3, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 1, waiting 2, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn at_closing_who_waits_goes_where_the_queue_says() {
    check_in(
        with_hours(AtClosing::SendAway),
        "quietly ann ready; quietly x calls 5551; quietly y calls 5551; quietly ann answers; quietly z calls 5551; 40s;
         count sales",
        expect![[r#"
            40s
              ServiceLevelBreached y 1 of 2
              ServiceLevelBreached z 2 of 2
              CalendarTurned
              WaitingEnded y sales SentAway(Closed) after 40000 ms
              CallQueued y help
              WaitingEnded z sales SentAway(Closed) after 40000 ms
              CallQueued z help
                > play to y then music
                > play to z then music
            sales: entered 3, answered 1 (1 in time, 0 ms), abandoned 0 (0 short), overflowed 2, refused 0, waiting 0, offers 1 (0 expired)
        "#]],
    );
}

#[test]
fn in_night_mode_a_queue_is_closed_until_told_otherwise() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| {
                queue.when_closed = Overflow::Announcement(name("en/closed"));
            });
        },
        "quietly x calls 5551; night sales on; night sales on; y calls 5551; crash; z calls 5551; night sales off;
         v calls 5551",
        expect![[r#"
            night sales on
              NightModeSet
            night sales on
              refused: already-so (it is so already)
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              WaitingEnded y sales TurnedAway(Night) after 0 ms
              LegAnswered y
              AnnouncementStarted y en/closed
                > answer y
                > play to y en/closed then tell
              NodeStarted
              WaitingEnded x sales Abandoned after 0 ms
              LegCleared x NodeRestarted
              CallCleared x NodeRestarted
              CallClosed x
              LegCleared y NodeRestarted
              CallCleared y NodeRestarted
              CallClosed y
            z calls 5551
              CallStarted z Inbound to 5551
              LegAdded z Caller
              WaitingEnded z sales TurnedAway(Night) after 0 ms
              LegAnswered z
              AnnouncementStarted z en/closed
                > answer z
                > play to z en/closed then tell
            night sales off
              NightModeSet
            v calls 5551
              CallStarted v Inbound to 5551
              LegAdded v Caller
              LegAnswered v
              CallQueued v sales
                > answer v
                > play to v then music
        "#]],
    );
}

#[test]
fn an_emergency_sends_every_call_elsewhere_and_lets_it_stay_there() {
    check_in(
        |_| {},
        "quietly x calls 5551; emergency all 600; y calls 5551; emergency all 600 waiting; z calls 600; count help;
         emergency all over; v calls 5551; count sales",
        expect![[r#"
            emergency all 600
              EmergencySet
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              WaitingEnded y sales TurnedAway(Emergency) after 0 ms
              LegAnswered y
              CallQueued y help
                > answer y
                > play to y then music
            emergency all 600 waiting
              WaitingEnded x sales SentAway(Emergency) after 0 ms
              CallQueued x help
                > play to x then music
            z calls 600
              refused: no-route (the number leads nowhere)
            help: entered 2, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 0, refused 0, waiting 2, offers 0 (0 expired)
            emergency all over
              EmergencySet
            v calls 5551
              CallStarted v Inbound to 5551
              LegAdded v Caller
              LegAnswered v
              CallQueued v sales
                > answer v
                > play to v then music
            sales: entered 3, answered 0 (0 in time, 0 ms), abandoned 0 (0 short), overflowed 1, refused 1, waiting 1, offers 0 (0 expired)
        "#]],
    );
}

#[test]
fn an_emergency_of_one_queue_goes_where_that_queue_says() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| {
                queue.in_emergency = Overflow::Announcement(name("en/emergency"));
            });
        },
        "quietly x calls 5551; emergency sales waiting; y calls 5552; z calls 5551; emergency sales over;
         emergency sales over",
        expect![[r#"
            emergency sales waiting
              EmergencySet
              WaitingEnded x sales SentAway(Emergency) after 0 ms
              AnnouncementStarted x en/emergency
                > play to x en/emergency then tell
            y calls 5552
              CallStarted y Inbound to 5552
              LegAdded y Caller
              LegAnswered y
              CallQueued y help
                > answer y
                > play to y then music
            z calls 5551
              CallStarted z Inbound to 5551
              LegAdded z Caller
              WaitingEnded z sales TurnedAway(Emergency) after 0 ms
              LegAnswered z
              AnnouncementStarted z en/emergency
                > answer z
                > play to z en/emergency then tell
            emergency sales over
              EmergencySet
            emergency sales over
              refused: already-so (it is so already)
        "#]],
    );
}

#[test]
fn a_number_that_is_closed_leads_elsewhere() {
    check_in(
        |world| {
            let calendar = add_office(world);
            let help = world.queue("help");
            let id = world.ids["5554"];
            let Some(Entry::Route(mut route)) = world.engine.entry(world.tenant, id) else { unreachable!() };
            route.calendar = Some(calendar);
            route.closed_greeting = Some(name("en/closed"));
            route.when_closed = Destination::Queue(help);
            world.granted(Command::Change(id, Entry::Route(route)));
        },
        "quietly x calls 5554; 40s; y calls 5554; y heard-all; 60s; z calls 5554",
        expect![[r#"
            40s
              CalendarTurned
            y calls 5554
              CallStarted y Inbound to 5554
              LegAdded y Caller
              LegAnswered y
              GreetingStarted y en/closed
                > answer y
                > play to y en/closed then tell
            y heard-all
              CallQueued y help
                > play to y then music
            60s
              ServiceLevelBreached y 1 of 1
              CalendarTurned
            z calls 5554
              CallStarted z Inbound to 5554
              LegAdded z Caller
              LegAnswered z
              GreetingStarted z en/welcome
                > answer z
                > play to z en/welcome then tell
        "#]],
    );
}

#[test]
fn a_calendar_says_when_it_turns_and_heeds_a_clock_that_was_set() {
    let mut world = World::new();
    world.furnish();
    with_hours(AtClosing::Serve)(&mut world);
    let EntryId::Calendar(id) = world.ids["office"] else { unreachable!() };
    let shown = |world: &World| {
        let view = world.engine.calendar(world.tenant, id).unwrap();
        (view.open, view.until.map(|until| until.0 - 1_700_000_000_000))
    };
    assert_eq!(shown(&world), (true, Some(40_000)));
    // The clock of the machine is put forward by fifty seconds: what is closed by it now is closed.
    world.wall_ahead_ms = 50_000;
    world.arrives("5551");
    assert_eq!(shown(&world), (false, Some(100_000)));
    let sales = world.engine.queue(world.tenant, world.queue("sales"), world.now).unwrap();
    assert_eq!(sales.turns_away, Some(NotKept::Closed));
    // And back: a restart looks too.
    world.wall_ahead_ms = 0;
    world.crash();
    assert_eq!(shown(&world), (true, Some(40_000)));
}

#[test]
fn what_a_calendar_may_not_say_is_refused() {
    let mut world = World::new();
    world.furnish();
    with_hours(AtClosing::Serve)(&mut world);
    let id = world.ids["office"];
    let mut refused = |change: &dyn Fn(&mut Calendar)| {
        let mut calendar = office();
        change(&mut calendar);
        world.command(Command::Change(id, Entry::Calendar(Box::new(calendar)))).0.unwrap_err().to_string()
    };
    let hours = |from, to| Hours { from, to };
    let day = |first, last, hours: &[Hours]| cordial_engine::entry::Holiday {
        name: name("day"),
        first,
        last,
        yearly: false,
        hours: hours.to_vec(),
    };
    let (one, other) = (jiff::civil::date(2026, 1, 1), jiff::civil::date(2026, 1, 2));
    let far = jiff::civil::date(2027, 1, 2);
    let told = [
        refused(&|calendar| calendar.week[0] = vec![hours(60, 60)]),
        refused(&|calendar| calendar.week[0] = vec![hours(60, 1_441)]),
        refused(&|calendar| calendar.week[0] = vec![hours(60, 120), hours(119, 180)]),
        refused(&|calendar| calendar.week[0] = (0..9).map(|n| hours(n * 2, n * 2 + 1)).collect()),
        refused(&|calendar| calendar.holidays = vec![day(other, one, &[])]),
        refused(&|calendar| calendar.holidays = vec![day(one, far, &[])]),
        refused(&|calendar| calendar.holidays = vec![day(one, one, &[hours(2, 1)])]),
        refused(&|calendar| calendar.holidays = vec![day(one, one, &[]); 201]),
    ];
    expect![[r#"
        week: must have hours that end after they begin, at 24:00 at the latest
        week: must have hours that end after they begin, at 24:00 at the latest
        week: must have the hours of a day in order and without overlap
        the limit of hours of a day is reached
        holidays: must not end before they begin
        holidays: must each have at most 366 days
        holidays: must have hours that end after they begin, at 24:00 at the latest
        the limit of holidays is reached"#]]
    .assert_eq(&told.join("\n"));
    assert_eq!(world.command(Command::Remove(id)).0, Err(Refusal::InUse(Kind::Calendar, "a queue")));
}
