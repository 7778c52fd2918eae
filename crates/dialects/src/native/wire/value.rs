//! Values that occur everywhere: ids, times, pages.

use core::fmt;

use cordial_engine::id::Guid;
use cordial_engine::time::{Now, Timestamp, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The name of a thing: 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[0-9a-f]{32}$", example = "5b0c1e8f7a6d4c3b9e2f1a0d8c7b6a59")]
pub struct Id(pub Guid);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A moment for people: RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-21T07:42:00.123Z")]
pub struct Time(pub WallTime);

impl Time {
    /// The wall time of a monotonic instant, reckoned from a pair of clocks read together.
    pub const fn of(now: Now, at: Timestamp) -> Self {
        let offset = at.0 as i128 - now.at.0 as i128;
        Self(WallTime((now.wall.0 as i128 + offset) as i64))
    }
}

impl Time {
    /// Reads RFC 3339 in UTC, with or without a fraction of a second.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let digits =
            fraction.len() <= 9 && !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
        let millis: i64 = format!("{fraction}00").get(..3).filter(|_| digits)?.parse().ok()?;
        let days = days(year, month, day);
        let legal = hour < 24 && minute < 60 && second < 60 && civil(days) == (year, month, day);
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
        legal.then_some(Self(WallTime(seconds * 1_000 + millis)))
    }
}

/// Three numbers of so many digits.
fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let mut numbers = [0; 3];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        *number = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("must be a time such as 2026-11-21T07:42:00Z"))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.0;
        let (days, in_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
        let (year, month, day) = civil(days);
        let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
        let (second, milli) = (in_day / 1000 % 60, in_day % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of its year and month lengths follow one line.
const fn civil(days: i64) -> (i64, i64, i64) {
    let from_era_0 = days + 719_468;
    let era = from_era_0.div_euclid(146_097);
    let in_era = from_era_0.rem_euclid(146_097);
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// The opposite of [`civil`]; a day that there is not gives another's.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let in_era = year - era * 400;
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let in_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719_468
}

/// One page of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Page<T> {
    /// The things, oldest first; CDRs and recordings newest first.
    pub items: Vec<T>,
    /// Give it as `after` to see the next page; `null` when there is none.
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_is_written_as_rfc_3339_across_leap_days_and_before_1970() {
        let written = |millis| Time(WallTime(millis)).to_string();
        assert_eq!(written(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(written(951_782_400_123), "2000-02-29T00:00:00.123Z");
        assert_eq!(written(4_107_542_399_999), "2100-02-28T23:59:59.999Z");
        assert_eq!(written(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
        for millis in [0, -1, 951_782_400_123, 4_107_542_399_999, 4_107_542_400_000] {
            assert_eq!(Time::parse(&written(millis)), Some(Time(WallTime(millis))));
        }
    }

    #[test]
    fn a_time_that_is_none_is_not_read() {
        assert_eq!(Time::parse("1970-01-01T00:00:01Z"), Some(Time(WallTime(1000))));
        assert_eq!(Time::parse("1970-01-01T00:00:01.5Z"), Some(Time(WallTime(1500))));
        for text in [
            "",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-02-30T00:00:00Z",
            "1970-13-01T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:+0:00Z",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_and_no_day_that_there_is_not() {
        for millis in [0, -1, 951_782_400_123, 4_107_542_399_999, 4_107_542_400_000, 1_795_420_803_005] {
            assert_eq!(Time::parse(&Time(WallTime(millis)).to_string()), Some(Time(WallTime(millis))));
        }
        assert_eq!(Time::parse("2017-07-21T17:32:28Z"), Some(Time(WallTime(1_500_658_348_000))));
        for wrong in
            ["", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01"]
        {
            assert_eq!(Time::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Time::parse("2026-01-01T00:00:00.Z"), None);
        assert_eq!(Time::parse("+026-01-01T00:00:00Z"), None);
    }

    #[test]
    fn an_instant_before_and_after_now_has_its_own_wall_time() {
        let now = Now { at: Timestamp(5_000), wall: WallTime(100_000) };
        assert_eq!(Time::of(now, Timestamp(4_000)), Time(WallTime(99_000)));
        assert_eq!(Time::of(now, Timestamp(7_000)), Time(WallTime(102_000)));
    }
}
