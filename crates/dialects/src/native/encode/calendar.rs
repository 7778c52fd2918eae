//! Opening hours and emergencies, told.

use cordial_engine::entry::{self, Hours};
use cordial_engine::view::CalendarView;

use super::{Encoded, overflow};
use crate::names::Names;
use crate::native::wire::{self, Id, Time};

/// A calendar with what it says now.
pub fn calendar(view: &CalendarView) -> wire::CalendarState {
    let state = wire::Opening { open: view.open, until: view.until.map(Time) };
    wire::CalendarState { id: Id(view.guid), entry: calendar_entry(&view.entry), state }
}

pub(super) fn calendar_entry(it: &entry::Calendar) -> wire::Calendar {
    let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] =
        it.week.each_ref().map(|day| hours(day));
    let holiday = |holiday: &entry::Holiday| wire::Holiday {
        name: holiday.name.to_string(),
        first: holiday.first.to_string(),
        last: (holiday.last != holiday.first).then(|| holiday.last.to_string()),
        yearly: holiday.yearly,
        hours: hours(&holiday.hours),
    };
    wire::Calendar {
        name: it.name.to_string(),
        zone: it.zone.name().to_owned(),
        week: wire::Week { monday, tuesday, wednesday, thursday, friday, saturday, sunday },
        holidays: it.holidays.iter().map(holiday).collect(),
    }
}

fn hours(day: &[Hours]) -> Vec<String> {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    day.iter().map(|hours| format!("{}-{}", clock(hours.from), clock(hours.to))).collect()
}

pub(super) const fn at_closing(it: entry::AtClosing) -> wire::AtClosing {
    match it {
        entry::AtClosing::Serve => wire::AtClosing::Serve,
        entry::AtClosing::SendAway => wire::AtClosing::SendAway,
    }
}

/// An emergency.
pub fn emergency(it: &entry::Emergency, names: &dyn Names) -> Encoded<wire::Emergency> {
    Ok(wire::Emergency { to: it.to.as_ref().map(|to| overflow(to, names)).transpose()? })
}
