//! The rules by which a story's queue does not keep a call.

use cordial_engine::Command;
use cordial_engine::entry::{
    AtClosing, Calendar, Conditions, Emergency, Entry, Holiday, Hours, Overflow, Queue, Zone,
};

use super::language::{Step, duration};
use super::stage::{Fault, Stage};
use crate::world::{name, number};

impl Stage {
    /// Sets one rule; `false` when the words are about something else.
    pub(super) fn set_rule(&self, queue: &mut Queue, words: &[&str]) -> Result<bool, Fault> {
        match words {
            ["refuses", "when", when @ ..] => queue.refuse_when = nobody(when)?,
            ["leaves", "when", when @ .., "for", time] => {
                queue.leave_when = nobody(when)?;
                queue.leave_after_ms = duration(time)?;
            }
            ["leaves", "when", when @ ..] => queue.leave_when = nobody(when)?,
            ["open", "by", calendar] => {
                let id = self.calendars.get(*calendar).copied();
                queue.calendar = Some(id.ok_or_else(|| format!("there is no calendar `{calendar}` here"))?);
            }
            ["closed", "then", to @ ..] => queue.when_closed = self.overflow(to)?,
            ["closing", "sends", "away"] => queue.at_closing = AtClosing::SendAway,
            ["emergency", "then", to @ ..] => queue.in_emergency = self.overflow(to)?,
            ["empty", "then", to @ ..] => queue.when_empty = self.overflow(to)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The command that closes queues, or opens them again.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the caller has told the steps apart")]
    pub(super) fn closing(&self, step: &Step) -> Result<Command, Fault> {
        match step {
            Step::Night(queue, on) => Ok(Command::SetNightMode { queue: self.queue(queue)?, on: *on }),
            Step::Emergency { queue, to, on } => {
                let queue = queue.as_ref().map(|queue| self.queue(queue)).transpose()?;
                let words = to.as_ref().map(|to| to.iter().map(String::as_str).collect::<Vec<_>>());
                let to = words.map(|to| self.overflow(&to)).transpose()?;
                let emergency = on.then_some(Emergency { to });
                Ok(Command::SetEmergency { queue, emergency, waiting: true })
            }
            other => Err(format!("{other:?} closes nothing")),
        }
    }

    fn overflow(&self, to: &[&str]) -> Result<Overflow, Fault> {
        match to {
            ["number", other] => Ok(Overflow::Number(number(other))),
            ["announcement", prompt] => Ok(Overflow::Announcement(name(prompt))),
            [other] => Ok(Overflow::Queue(self.queue(other)?)),
            _ => Err(format!("`{}` is none of: QUEUE, number NUMBER, announcement PROMPT", to.join(" "))),
        }
    }
}

fn nobody(when: &[&str]) -> Result<Conditions, Fault> {
    match when {
        ["nobody", "logged", "in"] => Ok(Conditions::NOBODY_LOGGED_IN),
        ["nobody", "ready"] => Ok(Conditions::NOBODY_READY),
        ["nobody", "available"] => Ok(Conditions::NOBODY_AVAILABLE),
        _ => {
            Err(format!("`{}` is none of: nobody logged in, nobody ready, nobody available", when.join(" ")))
        }
    }
}

/// A calendar: open on all days for the hours that are said, but on the holidays.
pub(super) fn calendar(title: &str, zone: &str, traits: &[Vec<String>]) -> Result<Entry, Fault> {
    let zone = Zone::parse(zone).ok_or_else(|| format!("there is no time zone `{zone}`"))?;
    let mut week: [Vec<Hours>; 7] = Default::default();
    let mut holidays = Vec::new();
    for words in traits {
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["daily", span] => {
                let hours = hours(span).ok_or_else(|| format!("`{span}` is not of the form 09:00-17:00"))?;
                week.iter_mut().for_each(|day| day.push(hours));
            }
            ["holiday", day] => {
                let first = day.parse().map_err(|_| format!("`{day}` is no date"))?;
                let title = name("holiday");
                holidays.push(Holiday { name: title, first, last: first, yearly: false, hours: Vec::new() });
            }
            other => {
                return Err(format!("`{}` is none of: daily HH:MM-HH:MM, holiday DATE", other.join(" ")));
            }
        }
    }
    Ok(Entry::Calendar(Box::new(Calendar { name: name(title), zone, week, holidays })))
}

fn hours(span: &str) -> Option<Hours> {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        Some(hour.parse::<u16>().ok()? * 60 + minute.parse::<u16>().ok()?)
    };
    let (from, to) = span.split_once('-')?;
    Some(Hours { from: minute(from)?, to: minute(to)? })
}
