//! Calendars as applied, and what closes queues besides.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::{Filed, State};
use crate::entry;
use crate::fact::{Event, Fact};
use crate::id::{CalendarId, QueueId};
use crate::time::{Timestamp, WallTime};
use crate::timer::Timer;

/// A calendar, and what it said when it was looked at last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Calendar {
    pub(crate) filed: Filed<entry::Calendar>,
    pub(crate) open: bool,
    /// Until when, as far as one could see.
    pub(crate) until: Option<WallTime>,
    /// When it is looked at again.
    pub(crate) due: Option<Timestamp>,
    /// The queues that go by it.
    pub(crate) queues: BTreeSet<QueueId>,
}

impl Calendar {
    pub(super) const fn new(filed: Filed<entry::Calendar>) -> Self {
        Self { filed, open: false, until: None, due: None, queues: BTreeSet::new() }
    }
}

impl State {
    pub(crate) fn calendar(&self, id: CalendarId) -> &Calendar {
        self.calendars.get(&id).expect("a calendar that something goes by is not removed")
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    pub(super) fn turn(&mut self, event: &Event) {
        match &event.fact {
            Fact::CalendarTurned { calendar, open, until, due } => {
                let turned = self.calendars.get_mut(calendar).expect("the fact names a calendar");
                (turned.open, turned.until) = (*open, *until);
                if let Some(before) = turned.due.replace(*due) {
                    self.clear_timer(before, Timer::Calendar(*calendar));
                }
                self.set_timer(*due, Timer::Calendar(*calendar));
            }
            Fact::NightModeSet { queue, on } => self.queue_mut(*queue).night = *on,
            Fact::EmergencySet { queue: Some(queue), emergency } => {
                self.queue_mut(*queue).emergency = emergency.clone();
            }
            Fact::EmergencySet { queue: None, emergency } => {
                self.tenant_mut(event.tenant).emergency = emergency.clone();
            }
            _ => {}
        }
    }

    pub(super) fn remove_calendar(&mut self, id: CalendarId) {
        if let Some(due) = self.calendars.remove(&id).and_then(|calendar| calendar.due) {
            self.clear_timer(due, Timer::Calendar(id));
        }
    }

    /// A queue goes by another calendar than before.
    pub(super) fn go_by(&mut self, queue: QueueId, before: Option<CalendarId>, after: Option<CalendarId>) {
        if let Some(calendar) = before.and_then(|id| self.calendars.get_mut(&id)) {
            calendar.queues.remove(&queue);
        }
        if let Some(calendar) = after.and_then(|id| self.calendars.get_mut(&id)) {
            calendar.queues.insert(queue);
        }
    }
}
