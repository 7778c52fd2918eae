//! What a queue does with a call that it does not keep.

use crate::call::{Cause, WaitingEnd, Withdrawn};
use crate::engine::Engine;
use crate::entry::{Overflow, Priority};
use crate::id::CallId;
use crate::limits::OVERFLOWS_MAX;

impl Engine {
    /// The queue gives up: the call goes where the queue says.
    pub(crate) fn overflow(&mut self, id: CallId) {
        let call = self.state.call(id);
        let Some(place) = call.place else { return };
        // Whoever was to be called back has hung up: there is nobody to lead elsewhere.
        let call_waits_alone = call.callback.is_some();
        for offer in call.offers.clone() {
            self.withdraw(offer, Withdrawn::QueueGaveUp(place.queue), Cause::Normal);
        }
        self.leave_queue(id, WaitingEnd::Overflowed);
        if call_waits_alone {
            return self.clear_call(id, Cause::NoAnswer);
        }
        let to = self.state.queue(place.queue).filed.entry.overflow.clone();
        self.lead_away(id, to, place.priority, Cause::NoAnswer);
    }

    /// Leads a call on that a queue did not keep, at most [`OVERFLOWS_MAX`] times; then, or when there is nowhere to go, it
    /// is cleared with the cause.
    pub(crate) fn lead_away(&mut self, id: CallId, to: Overflow, priority: Priority, cause: Cause) {
        // The place that it has just lost is counted already.
        let once_more = self.state.call(id).overflows <= OVERFLOWS_MAX;
        match to {
            Overflow::Queue(next) if once_more => self.enter_queue(id, next, priority, None),
            Overflow::Number(number) if once_more => self.lead_to_number(id, &number, None),
            Overflow::Announcement(prompt) => self.announce(id, vec![prompt]),
            Overflow::Voicemail(agent) => self.reach_mailbox(id, agent),
            Overflow::Queue(_) | Overflow::Number(_) | Overflow::Clear => self.clear_call(id, cause),
        }
    }
}
