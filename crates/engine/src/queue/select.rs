//! Who gets which call.
//!
//! A queue offers to the agent who has been idle longest; an agent who becomes free takes the call that has waited
//! longest over all his queues. Both orders are kept by [`State::apply`](crate::State), together with the few queues
//! that have a call and an agent for each other, so choosing costs a look at the ends of ordered sets.

use crate::call::{Cause, Withdrawn};
use crate::command::Actor;
use crate::engine::Engine;
use crate::entry::Strategy;
use crate::id::QueueId;
use crate::limits::RING_ALL_WIDTH_MAX;

/// The most live offers that one call may have.
pub(crate) const fn width(strategy: Strategy) -> usize {
    match strategy {
        Strategy::LongestIdle => 1,
        Strategy::RingAll => RING_ALL_WIDTH_MAX,
    }
}

impl Engine {
    /// Matches whoever can be matched. Each round makes an offer, which takes an agent out of the order.
    pub(crate) fn assign_all(&mut self) {
        self.by = Actor::Policy;
        while let Some(&(_, call, queue)) = self.state.matchable.first() {
            let eligible = &self.state.queue(queue).eligible;
            let (_, agent) = *eligible.first().expect("a matchable queue has an eligible agent");
            self.make_offer(queue, call, agent);
        }
    }

    /// Withdraws the offers that a queue's new strategy no longer allows; the oldest of each call go on.
    pub(crate) fn narrow(&mut self, queue: QueueId, strategy: Strategy) {
        for (_, call) in self.state.queue(queue).waiting.clone() {
            for offer in self.state.call(call).offers.clone().into_iter().skip(width(strategy)) {
                self.withdraw(offer, Withdrawn::QueueGaveUp(queue), Cause::Normal);
            }
        }
    }
}
