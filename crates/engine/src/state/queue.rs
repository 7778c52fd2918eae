//! Queues as applied: who waits, who wants an agent, who could be offered a call, in order.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::{Filed, Place, State};
use crate::call::{CallStep, OfferEnd, WaitingEnd};
use crate::entry;
use crate::fact::{Event, Fact};
use crate::id::{AgentId, CallId, LegId, OfferId, QueueId, TenantId};
use crate::machine::assert_legal;
use crate::offer::{OFFER, OfferStep};
use crate::queue::select::width;
use crate::tally::QueueTally;
use crate::time::Timestamp;
use crate::timer::Timer;

/// A queue with its line and its count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) filed: Filed<entry::Queue>,
    /// Assigned agents.
    pub(crate) agents: BTreeSet<AgentId>,
    /// How many of them are logged in.
    pub(crate) logged_in: usize,
    /// Agents who could be offered a call of this queue now, the longest idle first.
    pub(crate) eligible: BTreeSet<(Timestamp, AgentId)>,
    /// Calls that wait, by the instant they entered.
    pub(crate) waiting: BTreeSet<(Timestamp, CallId)>,
    /// Those of them that want another offer.
    pub(crate) open: BTreeSet<(Timestamp, CallId)>,
    /// What [`State::matchable`] says of this queue.
    matched: Option<(Timestamp, CallId)>,
    pub(crate) tally: QueueTally,
}

/// An offer that is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    pub(crate) tenant: TenantId,
    pub(crate) call: CallId,
    pub(crate) queue: QueueId,
    pub(crate) agent: AgentId,
    pub(crate) leg: LegId,
    pub(crate) deadline: Timestamp,
}

impl Queue {
    pub(super) const fn new(filed: Filed<entry::Queue>) -> Self {
        Self {
            filed,
            agents: BTreeSet::new(),
            logged_in: 0,
            eligible: BTreeSet::new(),
            waiting: BTreeSet::new(),
            open: BTreeSet::new(),
            matched: None,
            tally: QueueTally {
                entered: 0,
                answered: 0,
                abandoned: 0,
                abandoned_short: 0,
                abandoned_in_time: 0,
                overflowed: 0,
                refused: 0,
                answered_in_time: 0,
                answered_wait_ms: 0,
                offers: 0,
                offers_expired: 0,
            },
        }
    }
}

impl State {
    pub(crate) fn queue(&self, id: QueueId) -> &Queue {
        self.queues.get(&id).expect("a queue with calls or agents is not removed")
    }

    pub(super) fn queue_mut(&mut self, id: QueueId) -> &mut Queue {
        self.queues.get_mut(&id).expect("a queue with calls or agents is not removed")
    }

    pub(super) fn enter_queue(&mut self, call: CallId, queue: QueueId, entered: Timestamp) {
        let line = self.queue_mut(queue);
        line.tally.entered += 1;
        line.waiting.insert((entered, call));
        let gives_up = line.filed.entry.max_wait_ms.map(|ms| Timestamp(entered.0.saturating_add(ms)));
        if let Some(due) = gives_up {
            self.set_timer(due, Timer::Wait(call));
        }
        let place = Place { queue, entered, gives_up };
        let waiting = self.call_mut(call);
        waiting.place = Some(place);
        waiting.queue = Some(queue);
        self.enter_call(call, CallStep::Waiting);
        self.reopen(call);
        self.check_tally(queue);
    }

    pub(super) fn leave_queue(&mut self, id: CallId, queue: QueueId, end: WaitingEnd, waited_ms: u64) {
        let call = self.call_mut(id);
        if end == WaitingEnd::Overflowed {
            call.overflows += 1;
        }
        if let Some(place) = call.place.take() {
            self.enter_call(id, CallStep::Setup);
            if let Some(due) = place.gives_up {
                self.clear_timer(due, Timer::Wait(id));
            }
            let line = self.queue_mut(queue);
            line.waiting.remove(&(place.entered, id));
            line.open.remove(&(place.entered, id));
            self.rematch(queue);
        }
        let line = self.queue_mut(queue);
        line.tally.count_end(end, waited_ms, &line.filed.entry);
        self.check_tally(queue);
    }

    pub(super) fn make_offer(&mut self, event: &Event) {
        let &Fact::OfferMade { offer: id, call, queue, agent, leg, deadline } = &event.fact else {
            return;
        };
        let offer = Offer { tenant: event.tenant, call, queue, agent, leg, deadline };
        self.last.offer = self.last.offer.max(id.0);
        self.offers.insert(id, offer);
        self.stop_ring_timer(offer.leg);
        self.leg_mut(offer.leg).offer = Some(id);
        self.set_timer(offer.deadline, Timer::Offer(id));
        self.queue_mut(offer.queue).tally.offers += 1;
        self.call_mut(offer.call).offers.insert(id);
        self.reopen(offer.call);
        self.agent_mut(offer.agent).offer = Some(id);
        self.refresh(offer.agent);
    }

    pub(super) fn end_offer(&mut self, id: OfferId, end: OfferEnd) {
        assert_legal("offer", OFFER, OfferStep::Made, OfferStep::of(end));
        let offer = self.offers.remove(&id).expect("an offer ends once");
        self.clear_timer(offer.deadline, Timer::Offer(id));
        self.leg_mut(offer.leg).offer = None;
        self.call_mut(offer.call).offers.remove(&id);
        self.reopen(offer.call);
        self.agent_mut(offer.agent).offer = None;
        match end {
            OfferEnd::Accepted => {
                self.connect_agent(offer.agent, offer.leg, offer.call, Some(offer.queue));
            }
            OfferEnd::Expired => self.queue_mut(offer.queue).tally.offers_expired += 1,
            OfferEnd::Declined | OfferEnd::Withdrawn(_) => {}
        }
        self.refresh(offer.agent);
    }

    /// Decides anew whether a waiting call wants another offer.
    fn reopen(&mut self, id: CallId) {
        let call = self.call(id);
        let Some(place) = call.place else { return };
        let offers = call.offers.len();
        let line = self.queue_mut(place.queue);
        if offers < width(line.filed.entry.strategy) {
            line.open.insert((place.entered, id));
        } else {
            line.open.remove(&(place.entered, id));
        }
        self.rematch(place.queue);
    }

    /// As [`State::reopen`] for a whole line, after the queue's strategy may have changed.
    pub(super) fn reopen_all(&mut self, queue: QueueId) {
        for (_, call) in self.queue(queue).waiting.clone() {
            self.reopen(call);
        }
    }

    /// Keeps [`State::matchable`] true for one queue.
    pub(super) fn rematch(&mut self, id: QueueId) {
        let line = self.queue_mut(id);
        let first = line.open.first().copied().filter(|_| !line.eligible.is_empty());
        let before = core::mem::replace(&mut line.matched, first);
        if before == first {
            return;
        }
        if let Some((entered, call)) = before {
            self.matchable.remove(&(entered, call, id));
        }
        if let Some((entered, call)) = first {
            self.matchable.insert((entered, call, id));
        }
    }

    fn check_tally(&self, id: QueueId) {
        let queue = self.queue(id);
        debug_assert!(queue.tally.adds_up(queue.waiting.len()), "{id}: {:?}", queue.tally);
    }
}
