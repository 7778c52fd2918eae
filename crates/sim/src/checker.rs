//! The invariants of the house (H1 to H9, H12), watched from outside: from the stream of events and from views.
//!
//! Nothing here reads the engine's insides. `books.rs` folds the events on its own and says what no event may do;
//! this file says what must hold at the end of every step, compares the books with the views, keeps a second engine
//! that knows only the events (H9), and says what must be over when everything is calm.

mod aftermath;
mod books;
mod owners;

use cordial_engine::agent::{Activity, DeviceState};
use cordial_engine::{Action, Engine, Event, Timestamp};

use crate::model::Model;
use crate::tamper::Tamper;
use aftermath::Saved;
use books::Books;
use owners::Owners;

/// A rule that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When, since the world began. Milliseconds.
    pub at: u64,
    /// Which rule: `H1` ..., `durable`, `model`, `views`.
    pub rule: String,
    /// What was seen.
    pub what: String,
}

/// A rule, then what was seen instead: `H5 a call waits twice`.
pub(crate) type Broken = String;

/// A timer may be this late. Milliseconds.
const LATE_MS: u64 = 1_000;
/// The second engine is compared after so many steps with news.
const COMPARE_EVERY: u64 = 16;

/// See the module's first lines.
pub struct Checker {
    violation: Option<Violation>,
    books: Books,
    owners: Owners,
    model: Model,
    saved: Saved,
    shadow: Engine,
    /// Whether events came since the last step was judged.
    news: bool,
    steps: u64,
    last_seq: u64,
    up_since: u64,
    /// Whether a planted fault alters what is told. The engine's views would agree with its facts if the fault were
    /// its own, so comparing the two is left out, and so is the second engine.
    altered: bool,
}

impl Checker {
    pub(crate) fn new(altered: bool) -> Self {
        Self {
            violation: None,
            books: Books::default(),
            owners: Owners::default(),
            model: Model::default(),
            saved: Saved::default(),
            shadow: Engine::new(0),
            news: false,
            steps: 0,
            last_seq: 0,
            up_since: 0,
            altered,
        }
    }

    pub(crate) const fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Notes what was wrong, if it is the first.
    pub(crate) fn judge(&mut self, now: u64, result: Result<(), Broken>) {
        if let (None, Err(broken)) = (&self.violation, result) {
            let (rule, what) = broken.split_once(' ').unwrap_or((&broken, ""));
            let (rule, what) = (rule.to_owned(), what.to_owned());
            self.violation = Some(Violation { at: now, rule, what });
        }
    }

    /// Takes an event that was told.
    pub(crate) fn take(&mut self, now: u64, event: &Event, durable: u64) {
        if self.violation.is_some() {
            return;
        }
        self.news = true;
        let result = self.read(event, durable).map_err(|what| format!("{what}; at {event:?}"));
        self.judge(now, result);
        self.last_seq = event.seq;
    }

    fn read(&mut self, event: &Event, durable: u64) -> Result<(), Broken> {
        if event.seq > durable {
            return Err(format!("durable told when only {durable} is on disk"));
        }
        if !self.altered {
            if event.seq != self.last_seq + 1 {
                return Err(format!("H9 told after {}", self.last_seq));
            }
            self.shadow.apply(event);
        }
        self.saved.read(event);
        self.owners.read(event)?;
        self.books.read(event)?;
        self.model.read(event)
    }

    /// Takes an action that was decided when the last event was this.
    pub(crate) fn act(&mut self, seq: u64, action: Action) {
        self.owners.act(seq, action);
    }

    /// A granted command was answered.
    pub(crate) fn acknowledged(&mut self, now: u64, seq: u64, durable: u64) {
        if seq > durable {
            self.judge(now, Err(format!("durable event {seq} acknowledged when only {durable} is on disk")));
        }
    }

    /// A new process starts on a journal: everything told before must be there.
    pub(crate) fn restarted(&mut self, now: u64, told: &[Event], durable: &[Event]) {
        self.up_since = now;
        self.owners.forget_actions();
        let lost = told.iter().zip(durable).position(|(told, kept)| told != kept);
        let lost = lost.or_else(|| (told.len() > durable.len()).then_some(durable.len()));
        if let Some(event) = lost.and_then(|index| told.get(index)) {
            self.judge(now, Err(format!("durable told but not in the journal after the crash: {event:?}")));
        }
    }

    /// Judges a step. The engine is there when all that it decided was told.
    pub(crate) fn end_step(&mut self, now: Timestamp, engine: Option<&Engine>, tamper: &Tamper) {
        let result = self.books.overdue(now, self.up_since, LATE_MS);
        self.judge(now.0, result);
        let Some(engine) = engine.filter(|_| self.news && self.violation.is_none()) else {
            return;
        };
        self.news = false;
        self.steps += 1;
        let result = self
            .books
            .at_rest()
            .and_then(|()| self.model.at_rest())
            .and_then(|()| self.tallies(now, engine, tamper));
        self.judge(now.0, result);
        if !self.altered {
            let result = self
                .views(engine)
                .and_then(|()| self.second_engine(engine, self.steps.is_multiple_of(COMPARE_EVERY)));
            self.judge(now.0, result);
        }
    }

    /// H9: the events alone give the state.
    fn second_engine(&self, engine: &Engine, due: bool) -> Result<(), Broken> {
        if due && self.shadow.state() != engine.state() {
            return Err(format!(
                "H9 the journal up to {} gives another state than the live engine has",
                self.last_seq
            ));
        }
        Ok(())
    }

    /// H5: the queue's own count is what a recount gives.
    fn tallies(&self, now: Timestamp, engine: &Engine, tamper: &Tamper) -> Result<(), Broken> {
        for (id, queue) in &self.books.queues {
            let Some(mut view) = engine.queue(queue.tenant, *id, now) else {
                continue;
            };
            tamper.view(&mut view);
            let tally = view.tally;
            let shown = [
                tally.entered,
                tally.answered,
                tally.abandoned,
                tally.overflowed,
                tally.refused,
                tally.left_by_key,
                tally.called_back,
            ];
            if shown != queue.counts() || view.waiting as u64 != queue.waiting {
                let counted = queue.counts();
                let waiting = (view.waiting, queue.waiting);
                return Err(format!(
                    "H5 {id} shows {shown:?}, a recount gives {counted:?}; waiting {waiting:?}"
                ));
            }
        }
        Ok(())
    }

    /// Views say what the events say.
    fn views(&self, engine: &Engine) -> Result<(), Broken> {
        for (id, agent) in &self.books.agents {
            let Some(view) = engine.agent(agent.tenant, *id) else {
                return Err(format!("views {id} is not shown"));
            };
            let seen = (&view.duty, &view.pending, &view.activity, view.login.map(|login| login.device));
            let device =
                agent.device.map_or(DeviceState::Unregistered, |device| self.books.device_state(device));
            let told = (&agent.duty, &agent.pending, &agent.activity(), agent.device);
            if seen != told || view.device != device {
                return Err(format!(
                    "views {id} is shown as {seen:?} {:?}, told as {told:?} {device:?}",
                    view.device
                ));
            }
            if view.activity_since != agent.activity_since || view.duty_since != agent.duty_since {
                return Err(format!("H6 {id} is shown {view:?}, told since {:?}", agent.activity_since));
            }
        }
        let tenants = engine.tenants();
        let calls: usize = tenants.iter().map(|tenant| engine.calls(tenant.id).len()).sum();
        let offers: usize = tenants.iter().map(|tenant| engine.offers(tenant.id).len()).sum();
        let told = (self.books.calls.len(), self.books.offers.len());
        if (calls, offers) != told {
            return Err(format!("views {calls} calls and {offers} offers are shown, {told:?} told"));
        }
        Ok(())
    }

    /// What must hold when every fault has stopped, every caller has hung up and ten minutes have passed.
    pub(crate) fn calm(&mut self, now: u64, engine: &Engine) {
        let busy = self
            .books
            .agents
            .iter()
            .find(|(_, agent)| agent.activity() != Activity::Idle || agent.pending.is_some());
        let stuck =
            busy.map(|(id, agent)| format!("{id} is {:?}, pending {:?}", agent.activity(), agent.pending));
        let result = match stuck.or_else(|| self.books.unfinished()) {
            Some(what) => Err(format!("H8 {what}")),
            None if self.altered => Ok(()),
            None => self.second_engine(engine, true),
        };
        self.judge(now, result);
    }

    /// The calls that are not closed.
    pub fn live_calls(&self) -> impl Iterator<Item = cordial_engine::id::CallId> {
        self.books.calls.keys().copied()
    }

    /// The legs of a call that live.
    pub fn legs_of(
        &self,
        call: cordial_engine::id::CallId,
    ) -> impl Iterator<Item = cordial_engine::id::LegId> {
        self.books.calls.get(&call).into_iter().flat_map(books::Call::legs)
    }

    /// The offers that are live.
    pub fn live_offers(&self) -> impl Iterator<Item = cordial_engine::id::OfferId> {
        self.books.offers.keys().copied()
    }
}
