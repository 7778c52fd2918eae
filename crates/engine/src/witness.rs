//! What a proof may see of a running engine from inside: the state after every single event, and every action.
//!
//! From outside an engine is seen between two inputs only, and an input brings several events. Whoever proves that the
//! journal alone gives the state at every event needs what the engine itself had there. Nobody watches in production.

use std::collections::VecDeque;

use crate::action::Action;
use crate::state::State;

/// How closely an engine is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watch {
    /// Not at all.
    #[default]
    Nothing,
    /// Its actions are kept.
    Actions,
    /// Its actions, and a copy of the state after each event.
    Everything,
}

/// Something that was seen.
#[derive(Clone, Debug)]
pub enum Seen {
    /// The state right after an event.
    State(Box<State>),
    /// An action, when the last event decided had this number.
    Action(u64, Action),
}

/// Keeps what is seen until it is polled. Whoever watches and does not poll lets it grow.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    pub(crate) watch: Watch,
    seen: VecDeque<Seen>,
}

impl Witness {
    pub(crate) fn see_state(&mut self, state: &State) {
        if self.watch == Watch::Everything {
            self.seen.push_back(Seen::State(Box::new(state.clone())));
        }
    }

    pub(crate) fn see_action(&mut self, seq: u64, action: &Action) {
        if self.watch >= Watch::Actions {
            self.seen.push_back(Seen::Action(seq, action.clone()));
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Seen> {
        self.seen.pop_front()
    }
}
