//! What a queue does with a call that waited too long.

use crate::call::{Cause, WaitingEnd, Withdrawn};
use crate::engine::Engine;
use crate::entry::Overflow;
use crate::id::CallId;
use crate::limits::OVERFLOWS_MAX;

impl Engine {
    /// The queue gives up: the call goes where the queue says, at most [`OVERFLOWS_MAX`] times.
    pub(crate) fn overflow(&mut self, id: CallId) {
        let call = self.state.call(id);
        let Some(place) = call.place else { return };
        let overflows = call.overflows;
        for offer in call.offers.clone() {
            self.withdraw(offer, Withdrawn::QueueGaveUp(place.queue), Cause::Normal);
        }
        self.leave_queue(id, WaitingEnd::Overflowed);
        match self.state.queue(place.queue).filed.entry.overflow {
            Overflow::Queue(next) if overflows < OVERFLOWS_MAX => self.enter_queue(id, next, place.priority),
            Overflow::Voicemail(agent) => self.reach_mailbox(id, agent),
            Overflow::Queue(_) | Overflow::Clear => self.clear_call(id, Cause::NoAnswer),
        }
    }
}
