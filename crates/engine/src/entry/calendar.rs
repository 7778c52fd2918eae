//! Opening hours: what the wall clock of a place says of an instant.
//!
//! Everything here is a function of its arguments. The time zone database is the one that the program was built with, so the
//! same instant is open or closed on every machine.

use core::time::Duration;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp as Moment, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Name;
use crate::time::WallTime;

/// How far ahead [`Calendar::next_change`] looks.
pub const HORIZON: Duration = Duration::from_secs(400 * 86_400);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// When a queue or number is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Unique within the tenant.
    pub name: Name,
    /// Whose wall clock counts.
    pub zone: Zone,
    /// The hours of each day, Monday first.
    pub week: [Vec<Hours>; 7],
    /// Days with hours of their own. Of several that fall on one day the first counts.
    pub holidays: Vec<Holiday>,
}

/// A stretch of a day, by the wall clock: from a minute on, up to and without another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hours {
    /// Minutes since midnight.
    pub from: u16,
    /// Minutes since midnight, at most [`Hours::DAY`]: the end of the day.
    pub to: u16,
}

impl Hours {
    /// The minutes of a day.
    pub const DAY: u16 = 24 * 60;

    const fn holds(self, minute: u16) -> bool {
        self.from <= minute && minute < self.to
    }
}

/// A day, or several together, with hours of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// For people.
    pub name: Name,
    /// The first day.
    pub first: Date,
    /// The last day, itself included.
    pub last: Date,
    /// Whether it comes again each year on the same days of the month.
    pub yearly: bool,
    /// When it is open nevertheless; empty closes the whole day.
    pub hours: Vec<Hours>,
}

impl Holiday {
    fn is_on(&self, day: Date) -> bool {
        if !self.yearly {
            return self.first <= day && day <= self.last;
        }
        let of_year = |date: Date| (date.month(), date.day());
        let (first, last, day) = (of_year(self.first), of_year(self.last), of_year(day));
        // From Christmas to the sixth of January it goes over the end of the year.
        if first <= last { first <= day && day <= last } else { first <= day || day <= last }
    }
}

impl Calendar {
    /// Whether it is open at an instant. In an hour that the clock goes through twice, it is twice what that hour is.
    pub fn is_open(&self, at: WallTime) -> bool {
        let there = self.zone.rules.to_datetime(instant(at));
        let minute = u16::from(there.hour().unsigned_abs()) * 60 + u16::from(there.minute().unsigned_abs());
        self.hours_of(there.date()).iter().any(|hours| hours.holds(minute))
    }

    /// When it next is open that is closed at an instant, or closed that is open; `None` if not within [`HORIZON`].
    pub fn next_change(&self, at: WallTime) -> Option<WallTime> {
        let is_open = self.is_open(at);
        let mut from = instant(at);
        let horizon = from.saturating_add(HORIZON).ok()?;
        while from < horizon {
            let to = from.saturating_add(DAY).ok()?;
            let edges = self.edges(from, to).into_iter().map(wall);
            if let Some(change) = edges.into_iter().find(|edge| self.is_open(*edge) != is_open) {
                return Some(change);
            }
            from = to;
        }
        None
    }

    /// When it next is open, for people: now, if it is. `None` if not within [`HORIZON`].
    pub fn next_opening(&self, at: WallTime) -> Option<WallTime> {
        if self.is_open(at) { Some(at) } else { self.next_change(at) }
    }

    fn hours_of(&self, day: Date) -> &[Hours] {
        let holiday = self.holidays.iter().find(|holiday| holiday.is_on(day));
        let weekday = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
        holiday.map_or(&self.week[weekday], |holiday| &holiday.hours)
    }

    /// All instants after `from` and up to `to`, a day later, at which it may open or close, in order: where hours of a day
    /// begin or end, and where the clock is put forward or back.
    fn edges(&self, from: Moment, to: Moment) -> Vec<Moment> {
        let rules = &self.zone.rules;
        let today = rules.to_datetime(from).date();
        let mut edges: Vec<Moment> = rules.following(from).map(|turn| turn.timestamp()).take(4).collect();
        // A clock is never put by more than a day: these days hold whatever the day ahead may show.
        for days in -1..=2_i64 {
            let Ok(day) = today.checked_add(days.days()) else { continue };
            let hours = self.hours_of(day).iter().flat_map(|hours| [hours.from, hours.to]);
            for minute in hours.chain([0]) {
                edges.extend(self.instants(day, minute));
            }
        }
        edges.retain(|edge| from < *edge && *edge <= to);
        edges.sort_unstable();
        edges
    }

    /// The instants at which the clock shows that: none when it is put forward past it, two when it is put back.
    fn instants(&self, day: Date, minute: u16) -> impl Iterator<Item = Moment> {
        let shown = day.at(0, 0, 0, 0).checked_add(i64::from(minute).minutes()).ok();
        let offsets = shown.map(|shown| match self.zone.rules.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
            AmbiguousOffset::Gap { .. } => [None, None],
            AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
        });
        let offsets = offsets.into_iter().flatten().flatten();
        offsets.filter_map(move |offset| offset.to_timestamp(shown?).ok())
    }
}

fn instant(at: WallTime) -> Moment {
    Moment::from_millisecond(at.0).unwrap_or(if at.0 < 0 { Moment::MIN } else { Moment::MAX })
}

fn wall(at: Moment) -> WallTime {
    WallTime(at.as_millisecond())
}

/// A time zone by its IANA name, with its rules.
#[derive(Clone)]
pub struct Zone {
    name: Box<str>,
    rules: TimeZone,
}

impl Zone {
    /// The zone of this name in the database that the program was built with.
    pub fn parse(name: &str) -> Option<Self> {
        let rules = TimeZoneDatabase::bundled().get(name).ok()?;
        // As the database spells it.
        let name = rules.iana_name()?.into();
        Some(Self { name, rules })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl core::fmt::Debug for Zone {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Box::<str>::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| serde::de::Error::custom(format!("no such time zone: {name}")))
    }
}
