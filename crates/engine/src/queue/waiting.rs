//! A call's place in a queue: entered, answered, or refused at the door.

use crate::call::{Cause, Preferred, WaitingEnd};
use crate::engine::Engine;
use crate::entry::{Preference, Priority};
use crate::fact::Fact;
use crate::id::{CallId, QueueId};
use crate::limits::WAITING_MAX;
use crate::time::Timestamp;

impl Engine {
    /// Puts a call into a queue's line, or leads it away when the queue does not take it. The caller is answered only if he waits.
    pub(crate) fn enter_queue(
        &mut self,
        call: CallId,
        queue: QueueId,
        priority: Priority,
        preference: Option<Preference>,
    ) {
        let tenant = self.state.call(call).tenant;
        self.heed_clock(queue);
        if let Some(why) = self.turns_away(queue, self.state.call(call).diverted) {
            return self.turn_away(call, queue, priority, why);
        }
        let line = self.state.queue(queue);
        let places = line.filed.entry.max_waiting.min(WAITING_MAX);
        if line.waiting.len() >= places as usize {
            self.end_waiting(call, queue, WaitingEnd::Refused, 0);
            let to = self.state.queue(queue).filed.entry.when_full.clone();
            return self.lead_away(call, to, priority, Cause::Full);
        }
        self.answer_caller(call);
        let entered = self.now.at;
        let preferred = self.preferred(call, queue, preference);
        self.record(tenant, Fact::CallQueued { call, queue, entered, priority, preferred });
        self.announce_first(call);
    }

    /// The agent whom the number dialled is for, else whom the caller talked to last, if that counts here; the first of them
    /// who is there for the queue's calls.
    fn preferred(&self, call: CallId, queue: QueueId, wanted: Option<Preference>) -> Option<Preferred> {
        let is_there = |wanted: &Preference| {
            self.state.agents.get(&wanted.agent).is_some_and(|agent| agent.serves(queue))
        };
        let Preference { agent, wait_ms } =
            wanted.filter(is_there).or_else(|| self.last_partner(call, queue).filter(is_there))?;
        Some(Preferred { agent, until: Timestamp(self.now.at.0.saturating_add(wait_ms)) })
    }

    fn last_partner(&self, call: CallId, queue: QueueId) -> Option<Preference> {
        let line = self.state.queue(queue);
        let sticky = line.filed.entry.sticky?;
        let caller = self.state.call(call).caller.as_ref()?;
        let agent = line.partner(caller, self.now.at)?;
        Some(Preference { agent, wait_ms: sticky.wait_ms })
    }

    /// The call has waited as long as the queue's service level says.
    pub(crate) fn breach(&mut self, call: CallId) {
        let waiting = self.state.call(call);
        let (tenant, Some(place)) = (waiting.tenant, waiting.place) else { return };
        let line = self.state.queue(place.queue);
        let in_line = u32::try_from(line.waiting.len()).unwrap_or(u32::MAX);
        let (queue, breached) = (place.queue, line.breached + 1);
        self.record(tenant, Fact::ServiceLevelBreached { call, queue, breached, waiting: in_line });
    }

    /// The place ends because an agent took the call.
    pub(crate) fn answer_waiting(&mut self, call: CallId) {
        self.leave_queue(call, WaitingEnd::Answered);
    }

    /// Ends the call's place, if it has one.
    pub(crate) fn leave_queue(&mut self, call: CallId, end: WaitingEnd) {
        if let Some(place) = self.state.call(call).place {
            let waited_ms = self.now.at.millis_since(place.entered);
            self.end_waiting(call, place.queue, end, waited_ms);
        }
    }

    pub(super) fn end_waiting(&mut self, call: CallId, queue: QueueId, end: WaitingEnd, waited_ms: u64) {
        let tenant = self.state.call(call).tenant;
        let fact = Fact::WaitingEnded { call, queue, end, waited_ms };
        self.record(tenant, fact);
    }
}
