//! Opening hours against a walk that looks at every minute, where clocks are put forward and back.

use cordial_engine::WallTime;
use cordial_engine::entry::{Calendar, Holiday, Hours, Zone};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::world::name;

const MINUTE: i64 = 60_000;

fn hours(from: u16, to: u16) -> Hours {
    Hours { from, to }
}

fn calendar(zone: &str, week: [Vec<Hours>; 7]) -> Calendar {
    let zone = Zone::parse(zone).expect("a zone of the database");
    Calendar { name: name("office"), zone, week, holidays: Vec::new() }
}

/// Open on all days for these hours.
fn daily(zone: &str, hours: &[Hours]) -> Calendar {
    calendar(zone, std::array::from_fn(|_| hours.to_vec()))
}

fn at(text: &str) -> WallTime {
    WallTime(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn told(at: Option<WallTime>) -> String {
    at.map_or("never".to_owned(), |at| jiff::Timestamp::from_millisecond(at.0).unwrap().to_string())
}

/// Whether it is open, said without anything of the calendar's own.
fn naive_is_open(calendar: &Calendar, at: WallTime) -> bool {
    let zone = TimeZone::get(calendar.zone.name()).unwrap();
    let there = jiff::Timestamp::from_millisecond(at.0).unwrap().to_zoned(zone);
    let minute = there.hour() as u16 * 60 + there.minute() as u16;
    let is_on = |holiday: &&Holiday| {
        let mut day = holiday.first;
        loop {
            let same = (day.month(), day.day()) == (there.month(), there.day());
            if same && (holiday.yearly || day.year() == there.year()) {
                return true;
            }
            if day == holiday.last {
                return false;
            }
            day = day.tomorrow().unwrap();
        }
    };
    let of_day = match calendar.holidays.iter().find(is_on) {
        Some(holiday) => &holiday.hours,
        None => &calendar.week[there.weekday().to_monday_zero_offset() as usize],
    };
    of_day.iter().any(|hours| (hours.from..hours.to).contains(&minute))
}

/// The next minute at which it opens or closes, found by looking at each.
fn naive_next_change(calendar: &Calendar, from: WallTime, minutes: i64) -> Option<WallTime> {
    let is_open = naive_is_open(calendar, from);
    let first = (from.0 / MINUTE + 1) * MINUTE;
    let mut all = (0..minutes).map(|n| WallTime(first + n * MINUTE));
    all.find(|at| naive_is_open(calendar, *at) != is_open)
}

#[test]
fn hours_are_half_open_and_of_the_place() {
    let office = daily("Europe/Berlin", &[hours(9 * 60, 12 * 60), hours(13 * 60, 17 * 60)]);
    for (instant, open) in [
        ("2026-07-01T06:59:59.999Z", false),
        ("2026-07-01T07:00:00Z", true),
        ("2026-07-01T09:59:59.999Z", true),
        ("2026-07-01T10:00:00Z", false),
        ("2026-07-01T11:00:00Z", true),
        ("2026-07-01T15:00:00Z", false),
        ("2026-01-01T07:30:00Z", false),
        ("2026-01-01T08:00:00Z", true),
    ] {
        assert_eq!(office.is_open(at(instant)), open, "{instant}");
    }
}

#[test]
fn what_a_clock_skips_does_not_open_and_what_it_repeats_opens_twice() {
    let small_hours = daily("Europe/Berlin", &[hours(2 * 60 + 30, 3 * 60 + 30)]);
    // 02:00 becomes 03:00: half an hour is left, and it begins where the gap ends.
    let spring = told(small_hours.next_change(at("2026-03-28T23:00:00Z")));
    assert_eq!(spring, "2026-03-29T01:00:00Z");
    assert_eq!(told(small_hours.next_change(at("2026-03-29T01:00:00Z"))), "2026-03-29T01:30:00Z");
    // 03:00 becomes 02:00: open from 02:30, closed at the turn, open again from the second 02:30.
    let mut autumn = vec![at("2026-10-24T23:00:00Z")];
    for _ in 0..4 {
        autumn.extend(small_hours.next_change(*autumn.last().unwrap()));
    }
    let autumn: Vec<_> = autumn.into_iter().skip(1).map(|at| told(Some(at))).collect();
    assert_eq!(
        autumn,
        ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]
    );
}

#[test]
fn midnight_that_does_not_exist_and_a_day_that_does_not_exist() {
    // In São Paulo the clock went from 00:00 to 01:00.
    let day = daily("America/Sao_Paulo", &[hours(0, 60), hours(8 * 60, 18 * 60)]);
    assert!(!day.is_open(at("2017-10-15T03:00:00Z")));
    assert_eq!(told(day.next_change(at("2017-10-15T02:00:00Z"))), "2017-10-15T10:00:00Z");
    // Samoa went from the end of 29 December 2011 to the beginning of the 31st.
    let friday = calendar("Pacific/Apia", {
        let mut week: [Vec<Hours>; 7] = Default::default();
        week[4] = vec![hours(0, Hours::DAY)];
        week
    });
    assert_eq!(told(friday.next_change(at("2011-12-29T12:00:00Z"))), "2012-01-05T10:00:00Z");
}

#[test]
fn holidays_come_before_the_week_and_yearly_ones_each_year() {
    let holiday = |title: &str, first: Date, last: Date, yearly, hours: &[Hours]| Holiday {
        name: name(title),
        first,
        last,
        yearly,
        hours: hours.to_vec(),
    };
    let mut office = daily("Europe/Berlin", &[hours(9 * 60, 17 * 60)]);
    office.holidays = vec![
        holiday("inventory", date(2026, 12, 30), date(2026, 12, 30), false, &[hours(10 * 60, 11 * 60)]),
        holiday("christmas", date(2020, 12, 24), date(2021, 1, 6), true, &[]),
    ];
    assert_eq!(told(office.next_change(at("2026-12-23T17:00:00Z"))), "2026-12-30T09:00:00Z");
    assert_eq!(told(office.next_change(at("2026-12-30T10:00:00Z"))), "2027-01-07T08:00:00Z");
    assert_eq!(told(office.next_change(at("2027-12-23T17:00:00Z"))), "2028-01-07T08:00:00Z");
}

#[test]
fn what_never_turns_says_so() {
    assert_eq!(daily("Etc/UTC", &[hours(0, Hours::DAY)]).next_change(at("2026-01-01T00:00:00Z")), None);
    let closed = daily("Etc/UTC", &[]);
    assert_eq!(closed.next_opening(at("2026-01-01T00:00:00Z")), None);
    assert!(Zone::parse("Europe/Nowhere").is_none());
    assert_eq!(Zone::parse("europe/berlin").unwrap().name(), "Europe/Berlin");
}

/// Hours of a day, in order and apart.
fn day() -> impl Strategy<Value = Vec<Hours>> {
    proptest::collection::btree_set(0..=Hours::DAY, 0..7).prop_map(|edges| {
        let edges: Vec<u16> = edges.into_iter().collect();
        edges.chunks_exact(2).map(|pair| hours(pair[0], pair[1])).collect()
    })
}

/// Around where clocks were put: gaps, folds, half an hour at Lord Howe, midnight in São Paulo and Havana, a whole day at
/// Apia, a fold without summer time in Moscow.
const TURNS: [(&str, &str); 12] = [
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/Sao_Paulo", "2017-10-15T03:00:00Z"),
    ("America/Sao_Paulo", "2018-02-18T02:00:00Z"),
    ("America/Sao_Paulo", "2026-02-18T02:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("America/Havana", "2026-11-01T05:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Europe/Moscow", "2014-10-25T22:00:00Z"),
    ("America/New_York", "2026-12-31T23:00:00Z"),
    ("Asia/Kathmandu", "2026-06-01T00:00:00Z"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_next_change_is_the_one_that_a_walk_over_all_minutes_finds(
        turn in 0..TURNS.len(),
        before_minutes in -4_000..4_000_i64,
        week in proptest::collection::vec(day(), 7),
        holiday in proptest::option::of((day(), -3..3_i32, 0..4_i32, any::<bool>())),
    ) {
        let (zone, turn) = TURNS[turn];
        let from = WallTime(at(turn).0 - before_minutes * MINUTE);
        let mut office = calendar(zone, week.try_into().expect("seven days"));
        if let Some((hours, days, more, yearly)) = holiday {
            let there = jiff::Timestamp::from_millisecond(from.0).unwrap();
            let around = there.to_zoned(TimeZone::get(zone).unwrap()).date();
            let first = around.checked_add(jiff::Span::new().days(days)).unwrap();
            let last = first.checked_add(jiff::Span::new().days(more)).unwrap();
            office.holidays = vec![Holiday { name: name("day"), first, last, yearly, hours }];
        }
        prop_assert_eq!(office.is_open(from), naive_is_open(&office, from));
        let walked = naive_next_change(&office, from, 9 * 1_440);
        let found = office.next_change(from);
        match walked {
            Some(walked) => prop_assert_eq!(told(found), told(Some(walked))),
            None => prop_assert!(found.is_none_or(|found| found.0 > from.0 + 9 * 1_440 * MINUTE)),
        }
    }
}
