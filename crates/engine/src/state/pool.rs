//! The agents of a queue who could be offered a call now, by level, in the order of the queue's strategy.
//!
//! To put somebody in, to take somebody out and to find the first costs O(log n). A draw among all of a level needs them
//! by number: for that the agents of a level are kept in a list, in no order that means anything.

use core::cmp::Reverse;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{self, Strategy};
use crate::id::AgentId;

/// Agents who are asked together: of one ring and level and, where the better skilled come first, of one skill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Group(u32);

impl Group {
    /// Who needs fewer rings comes before all others; the better skilled come before the others of their level.
    pub(crate) fn new(ring: u8, level: u16, skill: u8) -> Self {
        Self(u32::from(ring) << 24 | u32::from(level) << 8 | u32::from(u8::MAX - skill))
    }

    /// The first group of a level.
    pub(crate) const fn first_of(ring: u8, level: u16) -> Self {
        Self((ring as u32) << 24 | (level as u32) << 8)
    }

    /// How many rings must have opened before they are asked.
    const fn ring(self) -> u8 {
        (self.0 >> 24) as u8
    }

    pub(crate) const fn level(self) -> u16 {
        (self.0 >> 8) as u16
    }

    const fn skill(self) -> u8 {
        u8::MAX - (self.0 & 0xff) as u8
    }
}

/// Where an agent stands in a queue's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Spot {
    pub(crate) group: Group,
    /// What the strategy goes by; less is earlier. Nought where it goes by position alone.
    pub(crate) key: u64,
    pub(crate) position: u16,
    pub(crate) agent: AgentId,
}

impl Spot {
    const fn before_all(group: Group) -> Self {
        Self { group, key: 0, position: 0, agent: AgentId(0) }
    }
}

/// The levels that a call reaches, and how many rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Levels {
    pub(crate) min: u16,
    pub(crate) max: u16,
    /// Those below it are asked together with it.
    pub(crate) raise: u16,
    /// Who needs more rings is not reached.
    pub(crate) ring: u8,
}

/// See the module's first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Pool {
    /// In order.
    Ordered(BTreeSet<Spot>),
    /// By number, for a draw.
    Drawn {
        groups: BTreeMap<Group, Vec<AgentId>>,
        /// Where each is in the list of his group.
        index: BTreeMap<AgentId, usize>,
    },
}

impl Pool {
    pub(crate) const fn new(strategy: Strategy) -> Self {
        match strategy {
            Strategy::Random | Strategy::WeightedRandom => {
                Self::Drawn { groups: BTreeMap::new(), index: BTreeMap::new() }
            }
            Strategy::LongestIdle
            | Strategy::LeastRecent
            | Strategy::RoundRobin
            | Strategy::TopDown
            | Strategy::Sequential
            | Strategy::FewestCalls
            | Strategy::LeastTalk
            | Strategy::RingAll
            | Strategy::RingLevel
            | Strategy::RingProgressively => Self::Ordered(BTreeSet::new()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Ordered(spots) => spots.len(),
            Self::Drawn { index, .. } => index.len(),
        }
    }

    pub(crate) fn insert(&mut self, spot: Spot) {
        match self {
            Self::Ordered(spots) => drop(spots.insert(spot)),
            Self::Drawn { groups, index } => {
                let list = groups.entry(spot.group).or_default();
                index.insert(spot.agent, list.len());
                list.push(spot.agent);
            }
        }
    }

    pub(crate) fn remove(&mut self, spot: &Spot) {
        match self {
            Self::Ordered(spots) => drop(spots.remove(spot)),
            Self::Drawn { groups, index } => {
                let (Some(at), Some(list)) = (index.remove(&spot.agent), groups.get_mut(&spot.group)) else {
                    return;
                };
                list.swap_remove(at);
                if let Some(moved) = list.get(at) {
                    index.insert(*moved, at);
                }
                if list.is_empty() {
                    groups.remove(&spot.group);
                }
            }
        }
    }

    /// Whether anybody is on one of these levels.
    pub(crate) fn has(&self, levels: Levels) -> bool {
        self.groups(levels).next().is_some()
    }

    /// The groups with somebody in them on these levels, the first to be asked first.
    pub(crate) fn groups(&self, levels: Levels) -> impl Iterator<Item = Group> {
        let mut next = (levels.min <= levels.max).then(|| Group::first_of(0, levels.min));
        core::iter::from_fn(move || {
            // Outside of these levels it goes on with the next ring, so a ring costs at most three looks more.
            loop {
                let group = self.next_group(next?).filter(|group| group.ring() <= levels.ring)?;
                if group.level() < levels.min {
                    next = Some(Group::first_of(group.ring(), levels.min));
                } else if group.level() > levels.max {
                    next = group.ring().checked_add(1).map(|ring| Group::first_of(ring, levels.min));
                } else {
                    next = group.0.checked_add(1).map(Group);
                    return Some(group);
                }
            }
        })
    }

    /// The groups of whom the next call's agent is chosen: the lowest, or all that are raised to be asked together. Of
    /// those, where the better skilled come first, the best.
    pub(crate) fn lowest(&self, levels: Levels) -> Vec<Group> {
        let mut groups = self.groups(levels).peekable();
        let Some(first) = groups.peek().copied() else { return Vec::new() };
        if levels.raise <= first.level() {
            return vec![first];
        }
        let raised: Vec<_> = groups
            .take_while(|group| group.ring() == first.ring() && group.level() <= levels.raise)
            .collect();
        let best = raised.iter().map(|group| group.skill()).max();
        raised.into_iter().filter(|group| Some(group.skill()) == best).collect()
    }

    /// A group's agents in order.
    pub(crate) fn spots(&self, group: Group) -> impl Iterator<Item = Spot> {
        const NOBODY: &BTreeSet<Spot> = &BTreeSet::new();
        let spots = match self {
            Self::Ordered(spots) => spots,
            Self::Drawn { .. } => NOBODY,
        };
        spots.range(Spot::before_all(group)..).copied().take_while(move |spot| spot.group == group)
    }

    /// A group's first agent whose position comes after this one's.
    pub(crate) fn after(&self, group: Group, last: Spot) -> Option<Spot> {
        let Self::Ordered(spots) = self else { return None };
        let after = Spot { group, key: 0, ..last };
        let rest = (core::ops::Bound::Excluded(after), core::ops::Bound::Unbounded);
        spots.range(rest).next().copied().filter(|spot| spot.group == group)
    }

    /// A group's agents by number.
    pub(crate) fn listed(&self, group: Group) -> &[AgentId] {
        match self {
            Self::Ordered(_) => &[],
            Self::Drawn { groups, .. } => groups.get(&group).map_or(&[], Vec::as_slice),
        }
    }

    fn next_group(&self, from: Group) -> Option<Group> {
        match self {
            Self::Ordered(spots) => spots.range(Spot::before_all(from)..).next().map(|spot| spot.group),
            Self::Drawn { groups, .. } => groups.range(from..).next().map(|(group, _)| *group),
        }
    }
}

/// A waiting call's turn: the least is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub(crate) urgency: Reverse<u8>,
    /// When it entered, less its head start. Milliseconds; one that began with the journal may be before it.
    pub(crate) since: i64,
    pub(crate) call: crate::id::CallId,
}

/// A call and somebody who could be offered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Match {
    pub(crate) weight: Reverse<u16>,
    pub(crate) turn: Turn,
    pub(crate) queue: crate::id::QueueId,
    /// Who, if the call is for one agent; else whom the strategy chooses.
    pub(crate) agent: Option<AgentId>,
}

/// The step that a call of a queue is at after such a wait.
pub(crate) fn step_after(steps: &[entry::Step], waited_ms: u64) -> u8 {
    let steps = steps.iter().skip(1).take_while(|step| step.after_ms <= waited_ms).count();
    u8::try_from(steps).unwrap_or(u8::MAX)
}
