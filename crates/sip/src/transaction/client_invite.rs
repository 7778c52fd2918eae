//! RFC 3261 figure 5, with RFC 6026 figure 1: our INVITE.

use super::{Move, Pace, Step, enter};
use crate::time::Letter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Calling,
    Proceeding,
    Completed,
    Accepted,
    Terminated,
}
use Phase::{Accepted, Calling, Completed, Proceeding, Terminated};

pub(crate) const LEGAL: &[Move<Phase>] = &[
    (Calling, "1xx", Proceeding),
    (Calling, "2xx", Accepted),
    (Calling, "300-699, ACK", Completed),
    (Calling, "timer B or transport error", Terminated),
    (Proceeding, "2xx", Accepted),
    (Proceeding, "300-699, ACK", Completed),
    (Completed, "timer D or transport error", Terminated),
    (Accepted, "timer M", Terminated),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Provisional,
    Success,
    Failure,
    Timer(Letter),
    TransportError,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientInvite {
    pub(crate) phase: Phase,
    interval_ms: u64,
}

impl ClientInvite {
    pub(crate) fn start(pace: Pace) -> (Self, Vec<Step>) {
        let mut steps = vec![Step::Send, Step::Set(Letter::B, pace.timing.give_up_ms())];
        // Section 17.1.1.2: on reliable transports timer A never starts.
        steps.extend(pace.unless_reliable(pace.timing.t1_ms).map(|ms| Step::Set(Letter::A, ms)));
        (Self { phase: Calling, interval_ms: pace.timing.t1_ms }, steps)
    }

    /// One that rang when the process before ended.
    pub(crate) fn restored(pace: Pace) -> Self {
        Self { phase: Proceeding, interval_ms: pace.timing.t1_ms }
    }

    pub(crate) fn on(&mut self, input: Input, pace: Pace) -> Vec<Step> {
        match (self.phase, input) {
            (Calling, Input::Timer(Letter::A)) => {
                self.interval_ms *= 2;
                vec![Step::Send, Step::Set(Letter::A, self.interval_ms)]
            }
            (Calling, Input::Timer(Letter::B)) => {
                self.enter(Terminated);
                vec![Step::TimedOut, Step::Over]
            }
            // Timer B guards only Calling (section 17.1.1.2): a phone may ring longer than 64 T1.
            (Calling, Input::Provisional) => {
                self.enter(Proceeding);
                vec![Step::Stop(Letter::A), Step::Stop(Letter::B), Step::Pass]
            }
            (Proceeding, Input::Provisional) => vec![Step::Pass],
            (Calling | Proceeding, Input::Success) => {
                self.enter(Accepted);
                let wait = Step::Set(Letter::M, pace.timing.give_up_ms());
                vec![Step::Stop(Letter::A), Step::Stop(Letter::B), wait, Step::Pass]
            }
            (Calling | Proceeding, Input::Failure) => {
                self.enter(Completed);
                let mut steps = vec![Step::Stop(Letter::A), Step::Stop(Letter::B), Step::SendAck, Step::Pass];
                match pace.unless_reliable(pace.timing.give_up_ms().max(32_000)) {
                    Some(ms) => steps.push(Step::Set(Letter::D, ms)),
                    None => {
                        self.enter(Terminated);
                        steps.push(Step::Over);
                    }
                }
                steps
            }
            (Calling, Input::TransportError) => {
                self.enter(Terminated);
                vec![Step::TransportFailed, Step::Over]
            }
            (Completed, Input::Failure) => vec![Step::SendAck],
            (Completed, Input::Timer(Letter::D) | Input::TransportError) => {
                self.enter(Terminated);
                vec![Step::Over]
            }
            // RFC 6026: every 2xx, repeated or forked, goes up to be acknowledged.
            (Accepted, Input::Success) => vec![Step::Pass],
            (Accepted, Input::Timer(Letter::M)) => {
                self.enter(Terminated);
                vec![Step::Over]
            }
            (
                Calling | Proceeding | Completed | Accepted | Terminated,
                Input::Provisional
                | Input::Success
                | Input::Failure
                | Input::Timer(_)
                | Input::TransportError,
            ) => Vec::new(),
        }
    }

    fn enter(&mut self, phase: Phase) {
        enter(LEGAL, &mut self.phase, phase);
    }
}
