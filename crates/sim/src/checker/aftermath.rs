//! What must hold right after a new process has recovered from the death of another.

use std::collections::BTreeSet;

use cordial_engine::agent::{Activity, DeviceState, Duty};
use cordial_engine::id::{LegId, RecordingId};
use cordial_engine::{Engine, Event, Fact, Now, State, Timestamp};

use super::books::{Agent, Books};
use super::{Broken, Checker};

/// The legs that a new process can send BYE to.
#[derive(Clone, Default)]
pub(super) struct Saved {
    saved: BTreeSet<LegId>,
    answered: BTreeSet<LegId>,
}

impl Saved {
    #[expect(clippy::wildcard_enum_match_arm, reason = "legs are read here and nothing else")]
    pub(super) fn read(&mut self, event: &Event) {
        match &event.fact {
            Fact::LegSaved { leg, .. } => drop(self.saved.insert(*leg)),
            Fact::LegAnswered { leg, .. } => drop(self.answered.insert(*leg)),
            Fact::LegCleared { leg, .. } => {
                self.saved.remove(leg);
                self.answered.remove(leg);
            }
            _ => {}
        }
    }
}

impl Checker {
    /// A copy that goes on by itself as the checker of a new process.
    pub(crate) fn fork(&self, up_since: u64) -> Self {
        Self {
            violation: self.violation.clone(),
            books: self.books.clone(),
            owners: self.owners.clone(),
            model: self.model.clone(),
            saved: self.saved.clone(),
            shadow: Engine::from_state(0, self.shadow.state().clone()),
            up_since,
            ..*self
        }
    }

    /// What the events so far give.
    pub(crate) const fn state(&self) -> &State {
        self.shadow.state()
    }

    /// How many live legs are answered and can be sent BYE after a crash.
    pub(crate) fn saved_legs(&self) -> usize {
        self.saved.saved.intersection(&self.saved.answered).count()
    }

    /// The recordings whose file nobody has reported yet.
    pub(crate) fn unsaved_recordings(&self) -> impl Iterator<Item = RecordingId> {
        self.books.recordings()
    }

    /// Judges what a recovery made of what `before` knew: every call is over, every agent is where he should be, and
    /// the events say so too.
    pub(crate) fn judge_recovery(&mut self, now: Now, before: &Self, engine: &Engine) {
        let result = self
            .second_engine(engine, true)
            .and_then(|()| nothing_is_live(engine))
            .and_then(|()| self.agents_are_right(now, &before.books));
        self.judge(now.at.0, result);
    }

    fn agents_are_right(&self, now: Now, before: &Books) -> Result<(), Broken> {
        for (id, was) in &before.agents {
            let Some(is) = self.books.agents.get(id) else {
                return Err(format!("recovery {id} is gone"));
            };
            let activity = activity_after(now.at, was, before);
            let (duty, pending) = match &was.pending {
                Some(pending) if activity == Activity::Idle => (pending, &None),
                Some(_) | None => (&was.duty, &was.pending),
            };
            let device = if *duty == Duty::LoggedOut { None } else { was.device };
            if (&is.activity(), &is.duty, &is.pending, is.device) != (&activity, duty, pending, device) {
                let seen = (is.activity(), &is.duty, &is.pending, is.device);
                return Err(format!(
                    "recovery {id} is {seen:?}, should be {:?}",
                    (activity, duty, pending, device)
                ));
            }
            if device.is_some_and(|device| self.books.device_state(device) == DeviceState::Busy) {
                return Err(format!("recovery {id} has a busy device and no call"));
            }
        }
        Ok(())
    }
}

fn nothing_is_live(engine: &Engine) -> Result<(), Broken> {
    for tenant in engine.tenants() {
        if let Some(offer) = engine.offers(tenant.id).first() {
            return Err(format!("recovery an offer is live: {offer:?}"));
        }
        let calls = engine.calls(tenant.id);
        if let Some(call) = calls.iter().find(|call| !call.legs.is_empty()) {
            return Err(format!("recovery only wrap-ups go on: {call:?}"));
        }
    }
    Ok(())
}

/// A wrap-up goes on to its end; talk that came through a queue is followed by that queue's wrap-up; all else is over.
fn activity_after(now: Timestamp, was: &Agent, before: &Books) -> Activity {
    if let Some((call, queue, until)) = was.wrap_up {
        return Activity::WrapUp { call, queue, until };
    }
    let through_queue = was.parts.values().find_map(|(call, queue)| Some((*call, (*queue)?)));
    let follows = through_queue.and_then(|(call, queue)| {
        before.wrap_up_after(was, Some(queue)).map(|(queue, ms)| (call, queue, ms))
    });
    match follows {
        Some((call, queue, ms)) => Activity::WrapUp { call, queue, until: Timestamp(now.0 + ms) },
        None => Activity::Idle,
    }
}
