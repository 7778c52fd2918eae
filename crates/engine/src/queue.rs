//! Queues: who waits, who is chosen, and when a queue gives up.

mod announcement;
mod callback;
mod empty;
mod hours;
mod overflow;
mod pick;
pub(crate) mod select;
mod waiting;

pub(crate) use announcement::key_prompt;
