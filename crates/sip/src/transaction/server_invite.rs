//! RFC 3261 figure 7, with RFC 6026 figure 2: their INVITE.

use super::{Move, Pace, Step, enter};
use crate::time::Letter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Proceeding,
    Completed,
    Confirmed,
    Accepted,
    Terminated,
}
use Phase::{Accepted, Completed, Confirmed, Proceeding, Terminated};

pub(crate) const LEGAL: &[Move<Phase>] = &[
    (Proceeding, "send 2xx", Accepted),
    (Proceeding, "send 300-699", Completed),
    (Completed, "ACK", Confirmed),
    (Completed, "timer H", Terminated),
    (Confirmed, "timer I", Terminated),
    (Accepted, "timer L", Terminated),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The same INVITE once more.
    Request,
    Ack,
    SendProvisional,
    SendSuccess,
    SendFailure,
    Timer(Letter),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerInvite {
    pub(crate) phase: Phase,
    interval_ms: u64,
}

impl ServerInvite {
    pub(crate) fn start(pace: Pace) -> Self {
        Self { phase: Proceeding, interval_ms: pace.timing.t1_ms }
    }

    pub(crate) fn on(&mut self, input: Input, pace: Pace) -> Vec<Step> {
        match (self.phase, input) {
            (Proceeding, Input::Request | Input::SendProvisional) => vec![Step::Send],
            (Proceeding, Input::SendSuccess) => {
                self.enter(Accepted);
                vec![Step::Send, Step::Set(Letter::L, pace.timing.give_up_ms())]
            }
            (Proceeding, Input::SendFailure) => {
                self.enter(Completed);
                let mut steps = vec![Step::Send, Step::Set(Letter::H, pace.timing.give_up_ms())];
                steps.extend(pace.unless_reliable(self.interval_ms).map(|ms| Step::Set(Letter::G, ms)));
                steps
            }
            (Completed, Input::Request) => vec![Step::Send],
            (Completed, Input::Timer(Letter::G)) => {
                self.interval_ms = (self.interval_ms * 2).min(pace.timing.t2_ms);
                vec![Step::Send, Step::Set(Letter::G, self.interval_ms)]
            }
            (Completed, Input::Ack) => {
                self.enter(Confirmed);
                let mut steps = vec![Step::Stop(Letter::G), Step::Stop(Letter::H)];
                match pace.unless_reliable(pace.timing.t4_ms) {
                    Some(ms) => steps.push(Step::Set(Letter::I, ms)),
                    None => {
                        self.enter(Terminated);
                        steps.push(Step::Over);
                    }
                }
                steps
            }
            (Completed, Input::Timer(Letter::H))
            | (Confirmed, Input::Timer(Letter::I))
            | (Accepted, Input::Timer(Letter::L)) => {
                self.enter(Terminated);
                vec![Step::Over]
            }
            // RFC 6026: the INVITE once more is absorbed; the 2xx is sent again by the dialog alone.
            (Accepted, Input::SendSuccess) => vec![Step::Send],
            (
                Proceeding | Completed | Confirmed | Accepted | Terminated,
                Input::Request
                | Input::Ack
                | Input::SendProvisional
                | Input::SendSuccess
                | Input::SendFailure
                | Input::Timer(_),
            ) => Vec::new(),
        }
    }

    fn enter(&mut self, phase: Phase) {
        enter(LEGAL, &mut self.phase, phase);
    }
}
