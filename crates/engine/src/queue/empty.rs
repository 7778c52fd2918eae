//! What a queue does by its rules with calls that it would have kept else: at the door, and with those that wait.

use crate::call::{Cause, NotKept, WaitingEnd, Withdrawn};
use crate::engine::Engine;
use crate::entry::{Overflow, Priority};
use crate::id::{CallId, QueueId};

impl Engine {
    /// Sends away who waits in a queue that has been empty for long enough.
    pub(crate) fn leave_empty(&mut self, queue: QueueId) {
        while let Some(call) = self.state.queue(queue).leaves(self.now.at) {
            self.send_away(call, NotKept::Empty);
        }
    }

    /// A call leaves its place by a rule of its queue, and goes where the rule says.
    pub(super) fn send_away(&mut self, id: CallId, why: NotKept) {
        let call = self.state.call(id);
        let Some(place) = call.place else { return };
        for offer in call.offers.clone() {
            self.withdraw(offer, Withdrawn::QueueGaveUp(place.queue), Cause::Normal);
        }
        let to = self.leads(place.queue, why);
        self.leave_queue(id, WaitingEnd::SentAway(why));
        self.lead_away(id, to, place.priority, Cause::Unreachable);
    }

    /// A call that arrives does not enter by a rule of its queue, and goes where the rule says.
    pub(super) fn turn_away(&mut self, call: CallId, queue: QueueId, priority: Priority, why: NotKept) {
        let to = self.leads(queue, why);
        self.end_waiting(call, queue, WaitingEnd::TurnedAway(why), 0);
        self.lead_away(call, to, priority, Cause::Unreachable);
    }

    /// By which rule a call that arrives now does not enter, unless an emergency led it here.
    pub(crate) fn turns_away(&self, queue: QueueId, diverted: bool) -> Option<NotKept> {
        if self.emergency_of(queue).is_some() && !diverted {
            return Some(NotKept::Emergency);
        }
        let line = self.state.queue(queue);
        let empty = || line.refuses().then_some(NotKept::Empty);
        self.closed(queue).or_else(empty)
    }

    /// Where a queue sends a call that it does not keep for this reason.
    fn leads(&self, queue: QueueId, why: NotKept) -> Overflow {
        let entry = &self.state.queue(queue).filed.entry;
        match why {
            NotKept::Empty => entry.when_empty.clone(),
            NotKept::Closed | NotKept::Night => entry.when_closed.clone(),
            NotKept::Emergency => self.in_emergency(queue),
        }
    }
}
