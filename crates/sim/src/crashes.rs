//! A crash after every single record: what the journal gives is what the live engine had, and what a new process makes
//! of it is right.
//!
//! The live run goes on undisturbed. At each record of its journal another process is started on the journal up to that
//! record, with the secrets and bindings that the disk has then; it recovers, is judged, and is thrown away. One engine
//! is carried along by `apply` alone, so that no journal is read twice, and its state is compared whole (`==`) with the
//! copy that the live engine gave of its own at that record.

use cordial_engine::state::State;
use cordial_engine::text::Text;
use cordial_engine::{Engine, Event, Input, Now, Report, Seen, Timestamp, Watch};
use cordial_node::{Node, Output};

use crate::checker::{Checker, Violation};
use crate::tamper::{Fault, Tamper};

/// See the module's first lines.
pub(crate) struct Crashes {
    /// Has read the journal up to the record, and nothing else.
    base: Checker,
    stops: Stops,
    tamper: Tamper,
    /// What was done so far.
    pub(crate) done: Done,
    violation: Option<Violation>,
}

/// Which records a run stops after: number `first` and every `step`th after it. Runs of the same seed side by side
/// share the records of one hour.
#[derive(Clone, Copy, Debug)]
pub struct Stops {
    /// The first record.
    pub first: u64,
    /// Every so many.
    pub step: u64,
    /// Planted in what the new processes read and do.
    pub fault: Option<Fault>,
}

/// How much was proved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Records whose state was compared with the live engine's.
    pub compared: u64,
    /// Crashes recovered from.
    pub crashes: u64,
    /// Facts that the recoveries recorded.
    pub facts: u64,
    /// Calls that they ended.
    pub calls: u64,
    /// Legs of dead processes that they sent BYE to.
    pub byes: u64,
    /// The most calls at one crash.
    pub calls_max: usize,
}

impl Crashes {
    pub(crate) fn new(stops: Stops) -> Self {
        let tamper = Tamper::plant(stops.fault, 0);
        Self { base: Checker::new(false), stops, tamper, done: Done::default(), violation: None }
    }

    pub(crate) const fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Reads the next record, and compares what the journal gives with what the live engine has.
    pub(crate) fn read(&mut self, at: u64, event: &Event, live: &State) {
        self.base.take(at, &self.tamper.restored(at, event), event.seq);
        if self.violation.is_none() && self.base.state() != live {
            let what =
                format!("the journal up to {} gives another state than the live engine has", event.seq);
            self.violation = Some(Violation { at, rule: "H9".to_owned(), what });
        }
        self.done.compared += 1;
    }

    /// Whether the process is to be stopped after the last record.
    pub(crate) fn is_due(&self, event: &Event) -> bool {
        self.violation.is_none() && event.seq % self.stops.step == self.stops.first % self.stops.step
    }

    /// What a new process has applied when it has read the journal.
    pub(crate) const fn state(&self) -> &State {
        self.base.state()
    }

    /// Lets a process that has read the journal recover, and judges it.
    pub(crate) fn recover(&mut self, now: Now, after: &Event, mut node: Node) {
        let mut checker = self.base.fork(now.at.0);
        let live = self.base.live_calls().count();
        let saved = self.base.saved_legs();
        node.watch(Watch::Actions);
        node.start(now);
        let byes = self.drain(now, &mut node, &mut checker);
        checker.end_step(now.at, Some(node.engine()), &Tamper::default());
        checker.judge_recovery(now, &self.base, node.engine());
        if byes < saved {
            checker.judge(now.at.0, Err(format!("ghost {saved} answered legs were saved, {byes} got BYE")));
        }
        self.run_out(now, node.engine(), &mut checker);
        self.done.crashes += 1;
        self.done.calls += live as u64;
        self.done.calls_max = self.done.calls_max.max(live);
        self.done.byes += byes as u64;
        if let Some(found) = checker.violation() {
            let what = format!("{} (after a crash at record {}: {:?})", found.what, after.seq, after.fact);
            self.violation = Some(Violation { what, ..found.clone() });
        }
    }

    /// Carries out what a starting node wants, with a disk that is quick. Gives how many BYEs it sent.
    fn drain(&mut self, now: Now, node: &mut Node, checker: &mut Checker) -> usize {
        let mut byes = 0;
        loop {
            while let Some(seen) = node.poll_seen() {
                if let Seen::Action(seq, action) = seen {
                    checker.act(seq, action);
                }
            }
            let mut last = None;
            while let Some(output) = node.poll_output() {
                let Some(output) = self.tamper.output(output) else { continue };
                match output {
                    Output::Journal(event) => {
                        last = Some(event.seq);
                        self.done.facts += 1;
                        for event in self.tamper.told(event) {
                            checker.take(now.at.0, &event, event.seq);
                        }
                    }
                    Output::Transmit(transmit) => byes += usize::from(transmit.bytes.starts_with(b"BYE ")),
                    Output::Media(_)
                    | Output::OpenRecording { .. }
                    | Output::PlayMessage { .. }
                    | Output::Answer { .. }
                    | Output::Tell(_)
                    | Output::CloseStream(_)
                    | Output::Bindings { .. } => {}
                }
            }
            match last {
                Some(seq) => node.handle_durable(now, seq),
                None => return byes,
            }
        }
    }

    /// Lets the time pass that wrap-ups and rests still have: nobody and nothing may be left over.
    fn run_out(&mut self, mut now: Now, recovered: &Engine, checker: &mut Checker) {
        let mut engine = Engine::from_state(0, recovered.state().clone());
        for recording in checker.unsaved_recordings().collect::<Vec<_>>() {
            let why = Text::parse("the process ended").unwrap_or_default();
            // A report is never refused.
            engine.handle(now, Input::Report(Report::RecordingFailed { recording, why })).ok();
        }
        loop {
            while let Some(event) = engine.poll_event() {
                self.done.facts += 1;
                checker.take(now.at.0, &event, event.seq);
            }
            let Some((due, _)) = engine.poll_timeout() else { break };
            now.at = Timestamp(now.at.0.max(due.0));
            // The engine never refuses the passing of time.
            engine.handle(now, Input::Timeout).ok();
        }
        checker.end_step(now.at, Some(&engine), &Tamper::default());
        checker.calm(now.at.0, &engine);
    }
}
