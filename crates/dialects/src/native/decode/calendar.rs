//! Opening hours and emergencies, read.

use cordial_engine::Command;
use cordial_engine::entry::{self, Date, Entry, Hours, Zone};
use cordial_engine::id::QueueId;

use super::{EntryBody, Faults, Fields, overflow};
use crate::names::Find;
use crate::native::wire;

impl EntryBody for wire::Calendar {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let name = f.name("/name", &self.name);
        let zone = Zone::parse(&self.zone).or_else(|| f.fault("/zone", "is no IANA time zone"));
        let wire::Week { monday, tuesday, wednesday, thursday, friday, saturday, sunday } = &self.week;
        let week = [
            hours(&mut f, "/week/monday", monday),
            hours(&mut f, "/week/tuesday", tuesday),
            hours(&mut f, "/week/wednesday", wednesday),
            hours(&mut f, "/week/thursday", thursday),
            hours(&mut f, "/week/friday", friday),
            hours(&mut f, "/week/saturday", saturday),
            hours(&mut f, "/week/sunday", sunday),
        ];
        let holidays = self.holidays.iter().enumerate();
        let holidays: Vec<_> =
            holidays.map(|(n, it)| holiday(&mut f, &format!("/holidays/{n}"), it)).collect();
        f.finish(|| {
            Some(Entry::Calendar(Box::new(entry::Calendar {
                name: name?,
                zone: zone?,
                week: {
                    let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = week;
                    [monday?, tuesday?, wednesday?, thursday?, friday?, saturday?, sunday?]
                },
                holidays: holidays.into_iter().collect::<Option<_>>()?,
            })))
        })
    }
}

fn holiday(f: &mut Fields<'_>, at: &str, it: &wire::Holiday) -> Option<entry::Holiday> {
    let name = f.name(&format!("{at}/name"), &it.name);
    let first = date(f, &format!("{at}/first"), &it.first);
    let last = match &it.last {
        Some(last) => date(f, &format!("{at}/last"), last),
        None => first,
    };
    let hours = hours(f, &format!("{at}/hours"), &it.hours);
    Some(entry::Holiday { name: name?, first: first?, last: last?, yearly: it.yearly, hours: hours? })
}

fn date(f: &mut Fields<'_>, at: &str, text: &str) -> Option<Date> {
    // Read back, because a date is also found in longer texts.
    let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
    date.or_else(|| f.fault(at, "must be a date as 2026-12-24"))
}

fn hours(f: &mut Fields<'_>, at: &str, texts: &[String]) -> Option<Vec<Hours>> {
    let read = |(n, text): (usize, &String)| {
        let hours =
            text.split_once('-').and_then(|(from, to)| Some(Hours { from: minute(from)?, to: minute(to)? }));
        hours.or_else(|| f.fault(&format!("{at}/{n}"), "must be hours as 09:00-17:30"))
    };
    // Not `collect::<Option<_>>()` at once, which would stop at the first fault.
    let all: Vec<_> = texts.iter().enumerate().map(read).collect();
    all.into_iter().collect()
}

/// Minutes since midnight of `HH:MM`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60).then_some(hour * 60 + minute).filter(|minute| *minute <= Hours::DAY)
}

/// Throw the emergency switch of a queue, or of all.
pub fn emergency(
    queue: Option<QueueId>,
    body: &wire::NewEmergency,
    find: &dyn Find,
) -> Result<Command, Faults> {
    let mut f = Fields::new(find);
    let to = f.perhaps(body.to.as_ref(), |f, to| {
        overflow(f, to, &["/to/queue", "/to/agent", "/to/number", "/to/prompt"])
    });
    f.finish(|| {
        let emergency = Some(entry::Emergency { to: to? });
        Some(Command::SetEmergency { queue, emergency, waiting: body.waiting })
    })
}
