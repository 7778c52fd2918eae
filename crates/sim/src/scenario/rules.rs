//! The rules by which a story's queue does not keep a call.

use cordial_engine::entry::{Conditions, Overflow, Queue};

use super::language::duration;
use super::stage::{Fault, Stage};
use crate::world::number;

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
            ["empty", "then", to @ ..] => queue.when_empty = self.overflow(to)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn overflow(&self, to: &[&str]) -> Result<Overflow, Fault> {
        match to {
            ["number", other] => Ok(Overflow::Number(number(other))),
            [other] => Ok(Overflow::Queue(self.queue(other)?)),
            _ => Err(format!("`{}` is neither QUEUE nor `number NUMBER`", to.join(" "))),
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
