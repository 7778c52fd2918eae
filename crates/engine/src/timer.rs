//! What the engine waits for. A timer is set and cleared by facts, so a restart neither loses nor repeats one.

use serde::{Deserialize, Serialize};

use crate::call::Widening;
use crate::engine::Engine;
use crate::id::{AgentId, CalendarId, CallId, LegId, OfferId, QueueId};

/// Something that becomes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Timer {
    /// The agent did not answer in time.
    Offer(OfferId),
    /// The wrap-up is over.
    WrapUp(AgentId),
    /// The agent gets offers again.
    Rest(AgentId),
    /// The far end of a leg that is no offer did not answer in time.
    Ring(LegId),
    /// The caller waited too long.
    Wait(CallId),
    /// The waiting call reaches further.
    Reach(CallId),
    /// Ring progressively rings one more.
    OneMore(CallId),
    /// The waiting call is no longer for one agent only.
    Anyone(CallId),
    /// The waiting call comes before all others.
    Promotion(CallId),
    /// A calendar opens or closes.
    Calendar(CalendarId),
    /// Who waits leaves the empty queue.
    Leave(QueueId),
    /// The greeting should long have ended.
    Greeting(CallId),
    /// The waiting caller is told something again.
    Announcement(CallId),
    /// The call has waited as long as the queue's service level says.
    ServiceLevel(CallId),
    /// The parked call has waited long.
    Parked(CallId),
}

impl Timer {
    /// What is being waited for, in a word or two, for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Offer(_) => "offer",
            Self::WrapUp(_) => "wrap-up",
            Self::Rest(_) => "rest",
            Self::Ring(_) => "ring",
            Self::Wait(_) => "longest wait",
            Self::Reach(_) => "reach",
            Self::OneMore(_) => "one more",
            Self::Anyone(_) => "preferred agent",
            Self::Promotion(_) => "promotion",
            Self::Calendar(_) => "calendar",
            Self::Leave(_) => "empty queue",
            Self::Greeting(_) => "greeting",
            Self::Announcement(_) => "announcement",
            Self::ServiceLevel(_) => "service level",
            Self::Parked(_) => "parked",
        }
    }
}

impl Engine {
    /// Does everything that is due. Every timer clears itself by the facts that its firing records.
    pub(crate) fn fire_due(&mut self) {
        while let Some(&(due, timer)) = self.state.timers.first() {
            if due > self.now.at {
                return;
            }
            match timer {
                Timer::Offer(offer) => self.expire_offer(offer),
                Timer::WrapUp(agent) => self.end_wrap_up(agent),
                Timer::Rest(agent) => self.end_rest(agent),
                Timer::Ring(leg) => self.give_up_ringing(leg),
                Timer::Wait(call) => self.overflow(call),
                Timer::Reach(call) => self.reach_further(call),
                Timer::OneMore(call) => self.widen(call, Widening::OneMore),
                Timer::Anyone(call) => self.widen(call, Widening::Anyone),
                Timer::Promotion(call) => self.widen(call, Widening::Promoted),
                Timer::Calendar(calendar) => self.turn_calendar(calendar),
                Timer::Leave(queue) => self.leave_empty(queue),
                Timer::Greeting(call) => self.end_greeting(call),
                Timer::Announcement(call) => self.announce_again(call),
                Timer::ServiceLevel(call) => self.breach(call),
                Timer::Parked(call) => self.remind_of_parked(call),
            }
            assert!(!self.state.timers.contains(&(due, timer)), "{timer:?} fired and is still set");
        }
    }
}
