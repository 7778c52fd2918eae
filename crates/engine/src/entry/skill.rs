//! Skills: what agents can do, what a queue's calls need, and how that need relaxes while a call waits.

use serde::{Deserialize, Serialize};

use super::{Name, Queue, Reach};
use crate::id::SkillId;

/// Something that agents can do more or less well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// Unique within the tenant.
    pub name: Name,
}

/// How well somebody can do something, or has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillLevel {
    /// What. Named apart from [`super::Tier::skill`], which is a number.
    #[serde(rename = "skill_id")]
    pub skill: SkillId,
    /// From 1 to [`crate::limits::SKILL_LEVEL_MAX`], the best; in a ring also 0, by which the skill is needed no more.
    pub level: u8,
}

/// What a waiting call needs less of from some wait on. Rings add up: each relaxes what those before it left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    /// From this wait on. Milliseconds.
    pub after_ms: u64,
    /// The lower levels that are enough then, of skills that the queue needs.
    pub relax: Vec<SkillLevel>,
}

/// Whom a call of a queue reaches from some wait on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// From this wait on; nought for the first. Milliseconds.
    pub after_ms: u64,
    /// The levels.
    pub reach: Reach,
    /// How many of the queue's rings: those who need them are reached.
    pub ring: u8,
}

impl Queue {
    /// How many rings must have relaxed what the queue needs before somebody with these skills has it; `None` is never.
    pub fn ring_of(&self, skills: &[SkillLevel]) -> Option<u8> {
        // A need only ever relaxes, so whoever meets it in a ring meets it in all later ones.
        let mut rings = self.skills.iter().map(|needed| {
            let has = skills.iter().find(|has| has.skill == needed.skill).map_or(0, |has| has.level);
            if has >= needed.level {
                return Some(0);
            }
            let is_enough = |ring: &Ring| {
                ring.relax.iter().any(|relaxed| relaxed.skill == needed.skill && relaxed.level <= has)
            };
            let first = self.rings.iter().position(is_enough)?;
            u8::try_from(first + 1).ok()
        });
        rings.try_fold(0, |outermost, ring| Some(outermost.max(ring?)))
    }

    /// Whom a waiting call reaches, step by step: the levels of [`Queue::reach`] and the rings on one line of time.
    pub fn steps(&self) -> Vec<Step> {
        let reached = self.reach.iter().map(|reach| reach.after_ms);
        let mut instants: Vec<u64> =
            reached.chain(self.rings.iter().map(|ring| ring.after_ms)).chain([0]).collect();
        instants.sort_unstable();
        instants.dedup();
        let step = |after_ms: u64| {
            let reach = self.reach.iter().rev().find(|reach| reach.after_ms <= after_ms).copied();
            let rings = self.rings.iter().take_while(|ring| ring.after_ms <= after_ms).count();
            let ring = u8::try_from(rings).unwrap_or(u8::MAX);
            Step { after_ms, reach: reach.unwrap_or(Reach::ALL), ring }
        };
        instants.into_iter().map(step).collect()
    }
}
