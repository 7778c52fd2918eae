//! RFC 3261 figure 6: our requests other than INVITE and ACK.

use super::{Move, Pace, Step, enter};
use crate::time::Letter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}
use Phase::{Completed, Proceeding, Terminated, Trying};

pub(crate) const LEGAL: &[Move<Phase>] = &[
    (Trying, "1xx", Proceeding),
    (Trying, "200-699", Completed),
    (Trying, "timer F or transport error", Terminated),
    (Proceeding, "200-699", Completed),
    (Proceeding, "timer F or transport error", Terminated),
    (Completed, "timer K", Terminated),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Provisional,
    Final,
    Timer(Letter),
    TransportError,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientOther {
    phase: Phase,
    interval_ms: u64,
}

impl ClientOther {
    pub(crate) fn start(pace: Pace) -> (Self, Vec<Step>) {
        let mut steps = vec![Step::Send, Step::Set(Letter::F, pace.timing.give_up_ms())];
        steps.extend(pace.unless_reliable(pace.timing.t1_ms).map(|ms| Step::Set(Letter::E, ms)));
        (Self { phase: Trying, interval_ms: pace.timing.t1_ms }, steps)
    }

    pub(crate) fn on(&mut self, input: Input, pace: Pace) -> Vec<Step> {
        match (self.phase, input) {
            (Trying, Input::Timer(Letter::E)) => {
                self.interval_ms = (self.interval_ms * 2).min(pace.timing.t2_ms);
                vec![Step::Send, Step::Set(Letter::E, self.interval_ms)]
            }
            // Section 17.1.2.2: once a provisional came, at T2.
            (Proceeding, Input::Timer(Letter::E)) => {
                vec![Step::Send, Step::Set(Letter::E, pace.timing.t2_ms)]
            }
            (Trying | Proceeding, Input::Timer(Letter::F)) => {
                self.enter(Terminated);
                vec![Step::TimedOut, Step::Over]
            }
            (Trying | Proceeding, Input::TransportError) => {
                self.enter(Terminated);
                vec![Step::TransportFailed, Step::Over]
            }
            (Trying, Input::Provisional) => {
                self.enter(Proceeding);
                vec![Step::Pass]
            }
            (Proceeding, Input::Provisional) => vec![Step::Pass],
            (Trying | Proceeding, Input::Final) => {
                self.enter(Completed);
                let mut steps = vec![Step::Stop(Letter::E), Step::Stop(Letter::F), Step::Pass];
                match pace.unless_reliable(pace.timing.t4_ms) {
                    Some(ms) => steps.push(Step::Set(Letter::K, ms)),
                    None => {
                        self.enter(Terminated);
                        steps.push(Step::Over);
                    }
                }
                steps
            }
            (Completed, Input::Timer(Letter::K)) => {
                self.enter(Terminated);
                vec![Step::Over]
            }
            (
                Trying | Proceeding | Completed | Terminated,
                Input::Provisional | Input::Final | Input::Timer(_) | Input::TransportError,
            ) => Vec::new(),
        }
    }

    fn enter(&mut self, phase: Phase) {
        enter(LEGAL, &mut self.phase, phase);
    }
}
