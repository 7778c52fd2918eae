//! RFC 3261 figure 8: their requests other than INVITE and ACK. Ours are all answered at once, so that the
//! provisional responses of Proceeding do not occur.

use super::{Move, Pace, Step, enter};
use crate::time::Letter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Trying,
    Completed,
    Terminated,
}
use Phase::{Completed, Terminated, Trying};

pub(crate) const LEGAL: &[Move<Phase>] =
    &[(Trying, "send 200-699", Completed), (Completed, "timer J", Terminated)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The same request once more.
    Request,
    SendFinal,
    Timer(Letter),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerOther {
    phase: Phase,
}

impl ServerOther {
    pub(crate) fn start() -> Self {
        Self { phase: Trying }
    }

    pub(crate) fn on(&mut self, input: Input, pace: Pace) -> Vec<Step> {
        match (self.phase, input) {
            (Trying, Input::SendFinal) => {
                self.enter(Completed);
                match pace.unless_reliable(pace.timing.give_up_ms()) {
                    Some(ms) => vec![Step::Send, Step::Set(Letter::J, ms)],
                    None => {
                        self.enter(Terminated);
                        vec![Step::Send, Step::Over]
                    }
                }
            }
            (Completed, Input::Request) => vec![Step::Send],
            (Completed, Input::Timer(Letter::J)) => {
                self.enter(Terminated);
                vec![Step::Over]
            }
            (Trying | Completed | Terminated, Input::Request | Input::SendFinal | Input::Timer(_)) => {
                Vec::new()
            }
        }
    }

    fn enter(&mut self, phase: Phase) {
        enter(LEGAL, &mut self.phase, phase);
    }
}
