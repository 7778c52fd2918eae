//! When a queue takes no calls whoever is there: by its calendar, in night mode, in an emergency.

use crate::call::NotKept;
use crate::command::{Actor, Answer};
use crate::engine::Engine;
use crate::entry::{AtClosing, Emergency, EntryId, HORIZON, Kind, Overflow};
use crate::fact::Fact;
use crate::id::{CalendarId, CallId, QueueId, TenantId};
use crate::refusal::Refusal;
use crate::time::Timestamp;

impl Engine {
    /// Looks what the wall clock says to a calendar, and does what follows.
    pub(crate) fn turn_calendar(&mut self, id: CalendarId) {
        let by = core::mem::replace(&mut self.by, Actor::Policy);
        let calendar = self.state.calendar(id);
        let (tenant, wall) = (calendar.filed.tenant, self.now.wall);
        let (open, until) = (calendar.filed.entry.is_open(wall), calendar.filed.entry.next_change(wall));
        let queues: Vec<QueueId> = calendar.queues.iter().copied().collect();
        let ahead = until.map_or(HORIZON.as_millis() as u64, |until| (until.0 - wall.0).unsigned_abs());
        let due = Timestamp(self.now.at.0.saturating_add(ahead.max(1)));
        self.record(tenant, Fact::CalendarTurned { calendar: id, open, until, due });
        for queue in queues {
            self.heed_closing(queue);
        }
        self.by = by;
    }

    /// Turns the calendars that say something else by now: the clock may have been set, or the process away.
    pub(crate) fn turn_calendars(&mut self) {
        for id in self.state.calendars.keys().copied().collect::<Vec<_>>() {
            let calendar = self.state.calendar(id);
            let entry = &calendar.filed.entry;
            let wall = self.now.wall;
            let said = (calendar.open, calendar.until);
            if calendar.due.is_none() || said != (entry.is_open(wall), entry.next_change(wall)) {
                self.turn_calendar(id);
            }
        }
    }

    /// A queue's calendar is heeded as the clock stands now, should it have been set since.
    pub(super) fn heed_clock(&mut self, queue: QueueId) {
        let Some(id) = self.state.queue(queue).filed.entry.calendar else { return };
        let calendar = self.state.calendar(id);
        if calendar.filed.entry.is_open(self.now.wall) != calendar.open {
            self.turn_calendar(id);
        }
    }

    /// Nobody waits in a closed queue that says so.
    pub(crate) fn heed_closing(&mut self, queue: QueueId) {
        let Some(why) = self.closed(queue) else { return };
        match self.state.queue(queue).filed.entry.at_closing {
            AtClosing::Serve => {}
            AtClosing::SendAway => self.send_all_away(queue, why),
        }
    }

    pub(crate) fn set_night_mode(
        &mut self,
        tenant: TenantId,
        queue: QueueId,
        on: bool,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Queue(queue))?;
        if self.state.queue(queue).night == on {
            return Err(Refusal::AlreadySo);
        }
        self.record(tenant, Fact::NightModeSet { queue, on });
        self.heed_closing(queue);
        Ok(Answer::Done)
    }

    pub(crate) fn set_emergency(
        &mut self,
        tenant: TenantId,
        queue: Option<QueueId>,
        emergency: Option<Emergency>,
        waiting: bool,
    ) -> Result<Answer, Refusal> {
        if let Some(queue) = queue {
            self.owned(tenant, EntryId::Queue(queue))?;
        }
        if let Some(to) = emergency.as_ref().and_then(|emergency| emergency.to.as_ref()) {
            self.check_overflow(tenant, queue.map(EntryId::Queue), "to", to)?;
        }
        let before = match queue {
            Some(queue) => &self.state.queue(queue).emergency,
            None => &self.state.tenant(tenant).emergency,
        };
        let send = waiting && emergency.is_some();
        match (*before == emergency, send) {
            (true, false) => return Err(Refusal::AlreadySo),
            (true, true) => {}
            (false, _) => self.record(tenant, Fact::EmergencySet { queue, emergency }),
        }
        if send {
            for queue in queue.map_or_else(|| self.queues_of(tenant), |queue| vec![queue]) {
                self.send_all_away(queue, NotKept::Emergency);
            }
        }
        Ok(Answer::Done)
    }

    /// By which rule the queue takes no call now, if it is the clock's or a person's.
    pub(super) fn closed(&self, queue: QueueId) -> Option<NotKept> {
        let line = self.state.queue(queue);
        let by_clock = line.filed.entry.calendar.is_some_and(|id| !self.state.calendar(id).open);
        if by_clock { Some(NotKept::Closed) } else { line.night.then_some(NotKept::Night) }
    }

    /// The emergency that a queue is in: its own, or that of all.
    pub(super) fn emergency_of(&self, queue: QueueId) -> Option<&Emergency> {
        let line = self.state.queue(queue);
        line.emergency.as_ref().or(self.state.tenant(line.filed.tenant).emergency.as_ref())
    }

    /// Where calls go in an emergency.
    pub(super) fn in_emergency(&self, queue: QueueId) -> Overflow {
        let named = self.emergency_of(queue).and_then(|emergency| emergency.to.clone());
        named.unwrap_or_else(|| self.state.queue(queue).filed.entry.in_emergency.clone())
    }

    /// Whom an emergency led here waits on: where he is, is where it sends people.
    fn send_all_away(&mut self, queue: QueueId, why: NotKept) {
        let waiting: Vec<CallId> = self.state.queue(queue).waiting.iter().map(|(_, call)| *call).collect();
        for call in waiting {
            if why != NotKept::Emergency || !self.state.call(call).diverted {
                self.send_away(call, why);
            }
        }
    }

    fn queues_of(&self, tenant: TenantId) -> Vec<QueueId> {
        let entries = self.state.tenant(tenant).entries.get(&Kind::Queue).into_iter().flatten();
        entries.map(|id| QueueId(id.number())).collect()
    }
}
