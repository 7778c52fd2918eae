//! Queues as applied: who waits, who wants an agent, who could be offered a call, in order.

use core::cmp::Reverse;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::call::Callback;
use super::line::Line;
use super::pace::Pace;
use super::place::{Place, PlaceTimers};
use super::pool::{Levels, Match, Pool, Spot, Turn, step_after};
use super::{Filed, State, Vacancy};
use crate::agent::Membership;
use crate::call::{CallStep, NotKept, OfferEnd, WaitingEnd, Widening};
use crate::entry::{self, Strategy};
use crate::estimate::WaitRange;
use crate::fact::{Event, Fact};
use crate::id::{AgentId, CallId, LegId, OfferId, QueueId, TenantId};
use crate::limits::PARTNERS_MAX;
use crate::machine::assert_legal;
use crate::offer::{OFFER, OfferStep};
use crate::queue::select::width;
use crate::tally::QueueTally;
use crate::text::Number;
use crate::time::Timestamp;
use crate::timer::Timer;

/// A queue with its line and its count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) filed: Filed<entry::Queue>,
    /// Whom its calls reach, by how long they have waited.
    pub(crate) steps: Vec<entry::Step>,
    /// Assigned agents.
    pub(crate) agents: BTreeSet<AgentId>,
    /// How many of them are logged in, by level.
    pub(crate) logged_in: BTreeMap<u16, usize>,
    /// Those of them who could be offered a call now.
    pub(crate) pool: Pool,
    /// Where the agent stood who was asked last, for strategies that go on from there.
    pub(crate) asked_last: Option<Spot>,
    /// Calls that wait, by the instant they entered.
    pub(crate) waiting: BTreeSet<(Timestamp, CallId)>,
    /// Those of them that want another offer, by the step that they are at.
    open: Vec<BTreeSet<Turn>>,
    /// What [`State::matchable`] says of this queue.
    matched: Option<Match>,
    /// With whom callers talked last, while that is remembered.
    partners: Partners,
    /// The calls that wait, by their turns.
    pub(crate) line: Line,
    /// Those of them that are to call somebody back, by his number.
    pub(crate) callbacks: BTreeMap<Number, CallId>,
    /// Those of them that have waited longer than the service level.
    pub(crate) breached: u32,
    /// Agents who are at work for its calls, whatever they do now.
    pub(crate) staffed: usize,
    pub(super) pace: Pace,
    pub(crate) vacancy: Vacancy,
    /// Whether it is closed until told otherwise.
    pub(crate) night: bool,
    pub(crate) emergency: Option<entry::Emergency>,
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
    pub(super) fn new(filed: Filed<entry::Queue>) -> Self {
        let steps = filed.entry.steps();
        Self {
            agents: BTreeSet::new(),
            logged_in: BTreeMap::new(),
            pool: Pool::new(filed.entry.strategy),
            asked_last: None,
            waiting: BTreeSet::new(),
            open: vec![BTreeSet::new(); steps.len()],
            steps,
            matched: None,
            partners: Partners::default(),
            line: Line::default(),
            callbacks: BTreeMap::new(),
            breached: 0,
            staffed: 0,
            pace: Pace::default(),
            vacancy: Vacancy::default(),
            night: false,
            emergency: None,
            tally: QueueTally::default(),
            filed,
        }
    }

    /// The levels and rings reached at a step.
    pub(crate) fn levels(&self, step: u8) -> Levels {
        let entry = &self.filed.entry;
        let entry::Step { reach, ring, .. } = self.steps[usize::from(step)];
        let first = self.logged_in.keys().next().copied().filter(|_| entry.skip_empty_levels);
        let max = first.map_or(reach.max_level, |first| reach.max_level.max(first));
        Levels { min: reach.min_level, max, raise: reach.raise_level, ring }
    }

    /// The first call that wants an agent and reaches one.
    fn first_match(&self, id: QueueId) -> Option<Match> {
        let steps = (0_u8..).zip(&self.open);
        let reaching = steps.filter(|(step, open)| !open.is_empty() && self.pool.has(self.levels(*step)));
        let turn = reaching.filter_map(|(_, open)| open.first()).min().copied()?;
        Some(Match { weight: Reverse(self.filed.entry.weight), turn, queue: id, agent: None })
    }

    /// That a call of this queue is for one agent.
    fn wants(&self, id: QueueId, turn: Turn, agent: AgentId) -> Match {
        Match { weight: Reverse(self.filed.entry.weight), turn, queue: id, agent: Some(agent) }
    }

    pub(super) fn count_log_in(&mut self, level: u16) {
        *self.logged_in.entry(level).or_default() += 1;
    }

    pub(super) fn count_log_out(&mut self, level: u16) {
        if let Some(count) = self.logged_in.get_mut(&level) {
            *count -= 1;
            if *count == 0 {
                self.logged_in.remove(&level);
            }
        }
    }

    /// The agent whom a caller talked to last, if that is to be remembered still.
    pub(crate) fn partner(&self, caller: &Number, now: Timestamp) -> Option<AgentId> {
        let sticky = self.filed.entry.sticky?;
        let (agent, at) = self.partners.by_caller.get(caller)?;
        (now.millis_since(*at) <= sticky.remember_ms).then_some(*agent)
    }

    pub(super) fn remember(&mut self, caller: &Number, agent: AgentId, at: Timestamp) {
        if let Some(sticky) = self.filed.entry.sticky {
            self.partners.remember(caller, agent, at, sticky.remember_ms);
        }
    }
}

/// With whom callers talked last; forgotten when it is old, and the oldest first when there are too many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Partners {
    by_caller: BTreeMap<Number, (AgentId, Timestamp)>,
    by_age: BTreeSet<(Timestamp, Number)>,
}

impl Partners {
    fn remember(&mut self, caller: &Number, agent: AgentId, at: Timestamp, remember_ms: u64) {
        if let Some((_, before)) = self.by_caller.insert(caller.clone(), (agent, at)) {
            self.by_age.remove(&(before, caller.clone()));
        }
        self.by_age.insert((at, caller.clone()));
        let is_old = |(since, _): &(Timestamp, Number)| at.millis_since(*since) > remember_ms;
        while self.by_age.len() > PARTNERS_MAX || self.by_age.first().is_some_and(is_old) {
            if let Some((_, caller)) = self.by_age.pop_first() {
                self.by_caller.remove(&caller);
            }
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

    pub(super) fn enter_queue(&mut self, event: &Event) {
        let &Fact::CallQueued { call, queue, entered, priority, preferred } = &event.fact else {
            return;
        };
        let callback = self.call(call).callback.clone();
        let kept_until = callback.as_ref().map(|callback| callback.until);
        let waited_ms = self.at.millis_since(entered);
        let line = self.queue_mut(queue);
        line.tally.entered += 1;
        line.waiting.insert((entered, call));
        let place = Place {
            queue,
            entered,
            priority,
            promoted: false,
            step: 0,
            preferred: preferred.map(|preferred| preferred.agent),
            asked_last: None,
            // A kept place breached the service level, if it did, before the caller asked to be called back.
            breached: kept_until.is_some() && waited_ms >= line.filed.entry.service_level_ms,
            kept_until,
            told: None,
            next_message: 0,
            due: PlaceTimers::default(),
        };
        line.line.insert(place.turn(call));
        line.breached += u32::from(place.breached);
        line.callbacks.extend(callback.map(|callback| (callback.number, call)));
        let waiting = self.call_mut(call);
        waiting.place = Some(place);
        waiting.queue = Some(queue);
        self.enter_call(call, CallStep::Waiting);
        self.change_place_timers(call, |due| due.anyone = preferred.map(|preferred| preferred.until));
        self.set_place_timers(call);
        self.reopen(call);
        self.check_tally(queue);
    }

    pub(super) fn leave_queue(&mut self, event: &Event) {
        let &Fact::WaitingEnded { call: id, queue, end, waited_ms } = &event.fact else {
            return;
        };
        if end == WaitingEnd::TurnedAway(NotKept::Emergency)
            || end == WaitingEnd::SentAway(NotKept::Emergency)
        {
            self.call_mut(id).diverted = true;
        }
        if end.leads_on() {
            self.call_mut(id).overflows += 1;
        }
        if self.call(id).place.is_some() {
            self.close(id);
            self.change_place_timers(id, |due| *due = PlaceTimers::default());
            let place = self.call_mut(id).place.take().expect("it was there");
            self.enter_call(id, CallStep::Setup);
            let number = self.call(id).callback.as_ref().map(|callback| callback.number.clone());
            let line = self.queue_mut(queue);
            line.waiting.remove(&(place.entered, id));
            line.line.remove(&place.turn(id));
            line.breached -= u32::from(place.breached);
            if let Some(number) = number {
                line.callbacks.remove(&number);
            }
        }
        let line = self.queue_mut(queue);
        line.pace.end_wait(end, waited_ms);
        line.tally.count_end(end, waited_ms, &line.filed.entry);
        self.check_tally(queue);
    }

    /// A waiting call may be offered to more agents, or sooner.
    pub(super) fn widen(&mut self, id: CallId, by: Widening) {
        self.close(id);
        let Some(place) = self.call_mut(id).place.as_mut() else { return };
        match by {
            Widening::Step(step) => place.step = step,
            Widening::Anyone => place.preferred = None,
            Widening::Promoted => {
                let (queue, before) = (place.queue, place.turn(id));
                place.promoted = true;
                let after = place.turn(id);
                let line = self.queue_mut(queue);
                line.line.remove(&before);
                line.line.insert(after);
            }
            Widening::OneMore => {}
        }
        if by == Widening::OneMore {
            self.change_place_timers(id, |due| due.one_more = None);
        } else {
            self.set_place_timers(id);
        }
        self.reopen(id);
    }

    /// What happens to a call while it waits, and between that and the talking.
    pub(super) fn apply_waiting(&mut self, fact: &Fact) {
        if let Fact::CallerTold { call, wait, message, .. } = *fact {
            self.tell_caller(call, wait, message);
        } else if let Fact::ServiceLevelBreached { call, queue, .. } = *fact {
            self.breach(call, queue);
        } else if let Fact::CallbackAsked { call, number, until, .. } = fact {
            self.call_mut(*call).callback = Some(Callback { number: number.clone(), until: *until });
        } else if let Fact::BriefingStarted { call, .. } = *fact {
            self.start_briefing(call);
        }
    }

    /// A waiting caller was told something.
    fn tell_caller(&mut self, id: CallId, wait: Option<WaitRange>, message: Option<u8>) {
        let Some(place) = self.call_mut(id).place.as_mut() else { return };
        place.told = wait.or(place.told);
        place.next_message = message.map_or(place.next_message, |message| message.saturating_add(1));
        self.change_place_timers(id, |due| due.announcement = None);
        self.set_place_timers(id);
    }

    /// A call has waited longer than the service level.
    fn breach(&mut self, id: CallId, queue: QueueId) {
        if let Some(place) = self.call_mut(id).place.as_mut() {
            place.breached = true;
        }
        self.set_place_timers(id);
        let line = self.queue_mut(queue);
        line.breached += 1;
        line.tally.breached += 1;
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
        self.close(offer.call);
        let part = self.agent(offer.agent).memberships.get(&offer.queue).copied();
        let line = self.queue_mut(offer.queue);
        let rank = part.map(|part| part.rank(offer.agent, &line.filed.entry));
        line.tally.offers += 1;
        line.asked_last = rank.or(line.asked_last);
        let progress_ms = line.filed.entry.progress_ms;
        let progresses = line.filed.entry.strategy == Strategy::RingProgressively;
        let whole = self.call_mut(offer.call);
        whole.offers.insert(id);
        if let Some(place) = &mut whole.place {
            place.asked_last = rank.or(place.asked_last);
        }
        if progresses {
            let due = Timestamp(self.at.0.saturating_add(progress_ms));
            self.change_place_timers(offer.call, |timers| timers.one_more = Some(due));
        }
        self.reopen(offer.call);
        let wall = self.wall;
        let agent = self.agent_mut(offer.agent);
        agent.offer = Some(id);
        agent.tally.offered = Some(wall);
        self.refresh(offer.agent);
    }

    pub(super) fn end_offer(&mut self, id: OfferId, end: OfferEnd) {
        assert_legal("offer", OFFER, OfferStep::Made, OfferStep::of(end));
        let offer = self.offers.remove(&id).expect("an offer ends once");
        self.clear_timer(offer.deadline, Timer::Offer(id));
        self.leg_mut(offer.leg).offer = None;
        self.close(offer.call);
        let call = self.call_mut(offer.call);
        call.offers.remove(&id);
        // Whom a caller was to get and who did not take him is not asked again before the others.
        if let Some(place) = call.place.as_mut().filter(|place| place.preferred == Some(offer.agent)) {
            place.preferred = None;
            self.set_place_timers(offer.call);
        }
        self.reopen(offer.call);
        self.agent_mut(offer.agent).offer = None;
        match end {
            OfferEnd::Accepted => {
                self.agent_mut(offer.agent).tally.missed = 0;
                self.connect_agent(offer.agent, offer.leg, offer.call, Some(offer.queue));
            }
            OfferEnd::Expired => {
                self.queue_mut(offer.queue).tally.offers_expired += 1;
                let agent = self.agent_mut(offer.agent);
                agent.tally.missed = agent.tally.missed.saturating_add(1);
            }
            OfferEnd::Declined | OfferEnd::Withdrawn(_) => {}
        }
        self.refresh(offer.agent);
    }

    /// Takes a waiting call out of wherever it waits for an agent, before anything of its place or its offers changes.
    fn close(&mut self, id: CallId) {
        let Some(place) = self.call(id).place else { return };
        let turn = place.turn(id);
        if let Some(agent) = place.preferred {
            let wanted = self.queue(place.queue).wants(place.queue, turn, agent);
            self.agent_mut(agent).wanted.remove(&wanted);
            self.match_wanted(agent);
        }
        let line = self.queue_mut(place.queue);
        if line.open[usize::from(place.step)].remove(&turn) {
            self.rematch(place.queue);
        }
        self.set_unoffered(id, false);
    }

    /// Puts a waiting call that wants another offer to where it waits for an agent; see [`State::close`].
    fn reopen(&mut self, id: CallId) {
        let call = self.call(id);
        let Some(place) = call.place else { return };
        let offers = call.offers.len();
        self.set_unoffered(id, offers == 0);
        let strategy = self.queue(place.queue).filed.entry.strategy;
        let wants = match strategy {
            Strategy::RingAll => offers < width(strategy),
            Strategy::RingProgressively => {
                offers == 0 || offers < width(strategy) && place.due.one_more.is_none()
            }
            Strategy::LongestIdle
            | Strategy::LeastRecent
            | Strategy::RoundRobin
            | Strategy::TopDown
            | Strategy::Sequential
            | Strategy::FewestCalls
            | Strategy::LeastTalk
            | Strategy::Random
            | Strategy::WeightedRandom
            | Strategy::RingLevel => offers == 0,
        };
        match place.preferred {
            _ if !wants => {}
            Some(agent) => {
                let wanted = self.queue(place.queue).wants(place.queue, place.turn(id), agent);
                self.agent_mut(agent).wanted.insert(wanted);
                self.match_wanted(agent);
            }
            None => {
                self.queue_mut(place.queue).open[usize::from(place.step)].insert(place.turn(id));
                self.rematch(place.queue);
            }
        }
    }

    /// Changes a queue's entry: every call and agent finds his place in it anew.
    pub(super) fn change_queue(&mut self, id: QueueId, entry: entry::Queue) {
        for (_, call) in self.queue(id).waiting.clone() {
            self.close(call);
        }
        self.go_by(id, self.queue(id).filed.entry.calendar, entry.calendar);
        let line = self.queue_mut(id);
        (line.steps, line.filed.entry) = (entry.steps(), entry);
        let entry = &line.filed.entry;
        (line.pool, line.asked_last) = (Pool::new(entry.strategy), None);
        line.open = vec![BTreeSet::new(); line.steps.len()];
        let (agents, waiting) = (line.agents.clone(), line.waiting.clone());
        for agent in agents {
            if let Some(part) = self.agent_mut(agent).memberships.get_mut(&id) {
                part.spot = None;
            }
            self.qualify(agent, id);
            self.take_up_rules(agent, id);
        }
        self.reset_leaving(id);
        for (entered, call) in waiting {
            let waited_ms = self.at.millis_since(entered);
            let step = step_after(&self.queue(id).steps, waited_ms);
            if let Some(place) = &mut self.call_mut(call).place {
                (place.step, place.asked_last) = (step, None);
            }
            self.set_place_timers(call);
            self.reopen(call);
        }
        self.rematch(id);
    }

    /// Keeps [`State::matchable`] true for one queue.
    pub(super) fn rematch(&mut self, id: QueueId) {
        let line = self.queue_mut(id);
        let first = line.first_match(id);
        let before = core::mem::replace(&mut line.matched, first);
        self.match_instead(before, first);
    }

    /// Keeps [`State::matchable`] true for calls that are for one agent.
    pub(super) fn match_wanted(&mut self, id: AgentId) {
        let agent = self.agent(id);
        let is_ready = |wanted: &&Match| {
            agent.memberships.get(&wanted.queue).is_some_and(|part| part.membership == Membership::Ready)
        };
        let stands = agent.standing.is_some();
        let first = agent.wanted.iter().find(is_ready).copied().filter(|_| stands);
        let before = core::mem::replace(&mut self.agent_mut(id).matched, first);
        self.match_instead(before, first);
    }

    fn match_instead(&mut self, before: Option<Match>, first: Option<Match>) {
        if before == first {
            return;
        }
        if let Some(before) = before {
            self.matchable.remove(&before);
        }
        if let Some(first) = first {
            self.matchable.insert(first);
        }
    }

    fn check_tally(&self, id: QueueId) {
        let queue = self.queue(id);
        debug_assert!(queue.tally.adds_up(queue.waiting.len()), "{id}: {:?}", queue.tally);
    }
}
