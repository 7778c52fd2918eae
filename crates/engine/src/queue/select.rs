//! Who gets which call.
//!
//! The heaviest queue comes first, then the most urgent call, then the one that has waited longest; a call that is for one
//! agent waits for him. Who of a queue's agents is asked, its strategy says. All orders are kept by
//! [`State::apply`](crate::State), together with the few queues and agents that have a call and somebody for it, so
//! choosing costs a look at the ends of ordered sets.

use crate::call::{Cause, Widening, Withdrawn};
use crate::command::Actor;
use crate::engine::Engine;
use crate::entry::Strategy;
use crate::fact::Fact;
use crate::id::{AgentId, CallId, QueueId};
use crate::limits::RING_ALL_WIDTH_MAX;
use crate::state::{Group, Levels, Pool, Spot, step_after};

/// The most live offers that one call may have.
pub(crate) const fn width(strategy: Strategy) -> usize {
    match strategy {
        Strategy::RingAll | Strategy::RingLevel | Strategy::RingProgressively => RING_ALL_WIDTH_MAX,
        Strategy::LongestIdle
        | Strategy::LeastRecent
        | Strategy::RoundRobin
        | Strategy::TopDown
        | Strategy::Sequential
        | Strategy::FewestCalls
        | Strategy::LeastTalk
        | Strategy::Random
        | Strategy::WeightedRandom => 1,
    }
}

impl Engine {
    /// Matches whoever can be matched. Each round makes an offer, which takes an agent out of the order.
    pub(crate) fn assign_all(&mut self) {
        self.by = Actor::Policy;
        while let Some(&matched) = self.state.matchable.first() {
            let (queue, call) = (matched.queue, matched.turn.call);
            match matched.agent {
                Some(agent) => self.make_offer(queue, call, agent),
                None => {
                    for agent in self.choose(queue, call) {
                        self.make_offer(queue, call, agent);
                    }
                }
            }
        }
    }

    /// Whom the queue asks next to take a call that reaches somebody: one, or with ring level several.
    fn choose(&mut self, queue: QueueId, call: CallId) -> Vec<AgentId> {
        let by_chance = matches!(
            self.state.queue(queue).filed.entry.strategy,
            Strategy::Random | Strategy::WeightedRandom
        );
        let draw = if by_chance { self.draw() } else { 0 };
        let line = self.state.queue(queue);
        let place = self.state.call(call).place.expect("a call that is matched waits");
        let (pool, levels) = (&line.pool, line.levels(place.step));
        let lowest = pool.lowest(levels);
        let first = match line.filed.entry.strategy {
            Strategy::Random => return drawn(pool, &lowest, draw),
            Strategy::WeightedRandom => return drawn_by_weight(pool, levels, draw),
            Strategy::RingLevel => {
                let all = lowest.iter().flat_map(|group| pool.spots(*group));
                return all.take(RING_ALL_WIDTH_MAX).map(|spot| spot.agent).collect();
            }
            Strategy::RoundRobin => next_by_position(pool, &lowest, line.asked_last),
            Strategy::TopDown => next_in_line(pool, levels, place.asked_last),
            Strategy::LongestIdle
            | Strategy::LeastRecent
            | Strategy::Sequential
            | Strategy::FewestCalls
            | Strategy::LeastTalk
            | Strategy::RingAll
            | Strategy::RingProgressively => first_of(pool, &lowest),
        };
        vec![first.expect("a matchable queue has somebody for its call").agent]
    }

    /// Withdraws the offers that a queue's new strategy no longer allows; the oldest of each call go on.
    pub(crate) fn narrow(&mut self, queue: QueueId, strategy: Strategy) {
        for (_, call) in self.state.queue(queue).waiting.clone() {
            for offer in self.state.call(call).offers.clone().into_iter().skip(width(strategy)) {
                self.withdraw(offer, Withdrawn::QueueGaveUp(queue), Cause::Normal);
            }
        }
    }

    /// A waiting call has waited long enough for another step of whom its queue's calls reach.
    pub(crate) fn reach_further(&mut self, call: CallId) {
        let Some(place) = self.state.call(call).place else { return };
        let waited_ms = self.now.at.millis_since(place.entered);
        let step = step_after(&self.state.queue(place.queue).steps, waited_ms);
        self.widen(call, Widening::Step(step));
    }

    /// A waiting call may be offered to more agents, or sooner.
    pub(crate) fn widen(&mut self, id: CallId, by: Widening) {
        let call = self.state.call(id);
        if let Some(place) = call.place {
            self.record(call.tenant, Fact::SearchWidened { call: id, queue: place.queue, by });
        }
    }

    /// Lets anybody have the calls that are for an agent who does not take calls of their queue any more.
    pub(crate) fn release_callers(&mut self, id: AgentId) {
        let agent = self.state.agent(id);
        let lost = agent.wanted.iter().filter(|wanted| !agent.serves(wanted.queue));
        for call in lost.map(|wanted| wanted.turn.call).collect::<Vec<_>>() {
            self.widen(call, Widening::Anyone);
        }
    }
}

fn first_of(pool: &Pool, groups: &[Group]) -> Option<Spot> {
    let firsts = groups.iter().filter_map(|group| pool.spots(*group).next());
    firsts.min_by_key(|spot| (spot.key, spot.position, spot.agent))
}

/// The next by position after the last, else the first by position.
fn next_by_position(pool: &Pool, groups: &[Group], last: Option<Spot>) -> Option<Spot> {
    let after = |last: Spot| {
        let next = groups.iter().filter_map(move |group| pool.after(*group, last));
        next.min_by_key(|spot| (spot.position, spot.agent))
    };
    last.and_then(after).or_else(|| first_of(pool, groups))
}

/// The next by level and position after the last, else the first.
fn next_in_line(pool: &Pool, levels: Levels, last: Option<Spot>) -> Option<Spot> {
    let after = |last: Spot| {
        let groups = pool.groups(levels).skip_while(move |group| *group < last.group);
        groups.into_iter().find_map(|group| {
            if group == last.group { pool.after(group, last) } else { pool.spots(group).next() }
        })
    };
    last.and_then(after).or_else(|| pool.groups(levels).find_map(|group| pool.spots(group).next()))
}

/// Anyone of these groups, each as likely as the others.
fn drawn(pool: &Pool, groups: &[Group], draw: u64) -> Vec<AgentId> {
    let many: usize = groups.iter().map(|group| pool.listed(*group).len()).sum();
    // What division leaves over favours the first by less than one in 2^44: no queue has more than 2^20 agents.
    let number = draw.checked_rem(many as u64).unwrap_or_default() as usize;
    let all = groups.iter().flat_map(|group| pool.listed(*group));
    all.copied().nth(number).into_iter().collect()
}

/// Who draws the lowest number, when an agent of level n draws from 0 to n + 1: a level's lowest of so many draws is drawn
/// at once, from the distribution of the least of as many.
fn drawn_by_weight(pool: &Pool, levels: Levels, draw: u64) -> Vec<AgentId> {
    let mut chance = draw;
    let mut next = || {
        // SplitMix64 (Steele, Lea and Flood 2014): one draw becomes as many as there are levels.
        chance = chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (chance ^ (chance >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let lowest = |group: Group, draw: u64| {
        let unit = (draw >> 11) as f64 / (1_u64 << 53) as f64;
        let many = pool.listed(group).len() as f64;
        (f64::from(group.level()) + 1.0) * (1.0 - (1.0 - unit).powf(many.recip()))
    };
    let least = pool.groups(levels).map(|group| (lowest(group, next()), group));
    let least = least.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, group)| group);
    let group: Vec<_> = least.into_iter().collect();
    drawn(pool, &group, next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::AgentId;

    const EVERYBODY: Levels = Levels { min: 0, max: u16::MAX, raise: 0, ring: 0 };

    /// How often each of these is drawn, each on a level.
    fn shares(levels: &[u16], draw: impl Fn(&Pool, u64) -> Vec<AgentId>) -> Vec<f64> {
        const DRAWS: u32 = 200_000;
        let mut pool = Pool::new(Strategy::Random);
        for (n, level) in levels.iter().enumerate() {
            let agent = AgentId(n as u64);
            pool.insert(Spot { group: Group::new(0, *level, 0), key: 0, position: 0, agent });
        }
        let mut drawn = vec![0_u32; levels.len()];
        for n in 0..u64::from(DRAWS) {
            // Any number that looks like chance; the engine draws from its guids.
            let chance = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (n << 17);
            for agent in draw(&pool, chance) {
                drawn[agent.0 as usize] += 1;
            }
        }
        drawn.into_iter().map(|drawn| f64::from(drawn) / f64::from(DRAWS)).collect()
    }

    fn assert_close(shares: &[f64], expected: &[f64]) {
        // Four standard deviations of 200,000 draws are at most 0.0045.
        let close = shares.iter().zip(expected).all(|(share, expected)| (share - expected).abs() < 0.0045);
        assert!(close && shares.len() == expected.len(), "{shares:?}, not {expected:?}");
    }

    #[test]
    fn everybody_of_the_lowest_level_is_drawn_as_often() {
        let random = |pool: &Pool, chance| drawn(pool, &pool.lowest(EVERYBODY), chance);
        assert_close(&shares(&[0, 0, 0, 0], random), &[0.25; 4]);
        assert_close(&shares(&[1, 2, 1], random), &[0.5, 0.0, 0.5]);
    }

    /// The chances that Asterisk's `wrandom` gives to these penalties.
    #[test]
    fn a_higher_level_is_drawn_less_often() {
        let weighted = |pool: &Pool, chance| drawn_by_weight(pool, EVERYBODY, chance);
        assert_close(&shares(&[0, 1], weighted), &[0.75, 0.25]);
        assert_close(&shares(&[0, 1, 2], weighted), &[23.0 / 36.0, 8.0 / 36.0, 5.0 / 36.0]);
        assert_close(&shares(&[0, 0, 3], weighted), &[11.0 / 24.0, 11.0 / 24.0, 2.0 / 24.0]);
    }
}
