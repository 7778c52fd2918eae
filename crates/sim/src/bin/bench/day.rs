//! A mixed day: calls arrive, wait, are offered, missed, answered, recorded, abandoned and wrapped up; agents take breaks.

use std::collections::BTreeMap;

use cordial_engine::call::Cause;
use cordial_engine::command::Note;
use cordial_engine::entry::Strategy;
use cordial_engine::id::LegId;
use cordial_engine::{Action, Answer, Command, Event, Fact, Input, Report};
use cordial_sim::chance::Chance;

use super::clock::{measure, print_cost};
use crate::Scale;
use cordial_sim::site::{SEED, Site, at};

const AGENTS: u64 = 200;
/// One for so many agents.
const AGENTS_OF_A_QUEUE: u64 = 20;
/// Between two arrivals for each agent, so that the agents are busy nearly all of the time. Milliseconds.
const PAUSE_MS: u64 = 250_000;

pub(crate) fn facts_of_a_mixed_day(scale: Scale) {
    let calls = scale.of(100_000, 10_000);
    let mut day = Day::begin(AGENTS);
    let before = day.site.engine.last_seq();
    day.live(calls);
    let facts = day.site.engine.last_seq() - before;
    assert!(day.answered > calls * 8 / 10, "a day on which most calls are answered, not {}", day.answered);
    let mut fresh = furnish(AGENTS);
    let spent = measure(|| {
        for (ms, input) in day.tape {
            // What was refused when it was taped is refused again.
            fresh.engine.handle(at(ms), input).ok();
            fresh.drain();
        }
    });
    assert_eq!(fresh.engine.last_seq() - before, facts, "the tape tells the same day");
    let queues = AGENTS / AGENTS_OF_A_QUEUE;
    print_cost(&format!("day: fact ({AGENTS} agents, {queues} queues)"), facts, spent);
    print_cost("day: call", calls, spent);
}

/// A site before such a day, and every event of the day.
pub(crate) fn told(agents: u64, calls: u64) -> (Site, Vec<Event>) {
    let mut day = Day::begin(agents);
    day.keeps = true;
    day.live(calls);
    (furnish(agents), day.told)
}

fn furnish(agents: u64) -> Site {
    Site::furnish(agents, agents.div_ceil(AGENTS_OF_A_QUEUE), Strategy::LongestIdle, true)
}

struct Day {
    site: Site,
    chance: Chance,
    now: u64,
    plans: BTreeMap<(u64, u64), Input>,
    planned: u64,
    tape: Vec<(u64, Input)>,
    answered: u64,
    pause_ms: u64,
    /// Whether events are kept, and they.
    keeps: bool,
    told: Vec<Event>,
}

impl Day {
    fn begin(agents: u64) -> Self {
        Self {
            site: furnish(agents),
            chance: Chance::new(SEED),
            now: 0,
            plans: BTreeMap::new(),
            planned: 0,
            tape: Vec::new(),
            answered: 0,
            pause_ms: PAUSE_MS / agents,
            keeps: false,
            told: Vec::new(),
        }
    }

    fn live(&mut self, calls: u64) {
        for n in 0..calls {
            self.live_until(n * self.pause_ms);
            let arrival = self.site.arrival(n);
            if let Some(Answer::Arrived(_, leg)) = self.take(arrival)
                && self.chance.permille(80)
            {
                let patience = self.chance.within(5_000..=60_000);
                self.plan(patience, Report::LegCleared { leg, cause: Cause::Normal });
            }
            if n % 20 == 0 {
                self.take_a_break();
            }
        }
        self.live_until(self.now + 3_600_000);
    }

    fn live_until(&mut self, end: u64) {
        loop {
            let timer = self.site.engine.poll_timeout().map(|(due, _)| due.0);
            let plan = self.plans.keys().next().map(|(due, _)| *due);
            let Some(next) = timer.into_iter().chain(plan).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            let planned = self.plans.first_entry().filter(|entry| entry.key().0 <= next);
            let input = planned.map_or(Input::Timeout, |entry| entry.remove());
            self.take(input);
        }
        self.now = end;
    }

    fn take(&mut self, input: Input) -> Option<Answer> {
        self.tape.push((self.now, input.clone()));
        let answer = self.site.engine.handle(at(self.now), input).ok();
        while let Some(event) = self.site.engine.poll_event() {
            if let Fact::WrapUpStarted { agent, .. } = event.fact {
                self.answered += 1;
                if self.chance.permille(300) {
                    self.plan_command(10_000, Command::EndWrapUp { agent });
                }
            }
            if let Fact::AgentNotReady { agent, .. } = event.fact {
                let pause = self.chance.within(30_000..=600_000);
                self.plan_command(pause, Command::Ready { agent });
            }
            if self.keeps {
                self.told.push(event);
            }
        }
        while let Some(action) = self.site.engine.poll_action() {
            self.carry_out(&action);
        }
        answer
    }

    fn carry_out(&mut self, action: &Action) {
        if let Action::Ring { leg, .. } = action {
            self.plan(100, Report::LegRinging { leg: *leg, early_media: false });
            self.pick_up(*leg);
        }
        if let Action::Bridge { a, b } = action {
            let talk = self.chance.within(60_000..=300_000);
            let leg = *self.chance.pick(&[*a, *b]).expect("there are two");
            if self.chance.permille(200) {
                self.plan(talk / 3, Report::LegHeld { leg });
                self.plan(talk / 2, Report::LegRetrieved { leg });
            }
            self.plan(talk, Report::LegCleared { leg, cause: Cause::Normal });
        }
        if let Action::StopRecording { recording } = action {
            let (recording, bytes) = (*recording, 2_880_044);
            self.plan(200, Report::RecordingSaved { recording, audio_ms: 180_000, paused_ms: 0, bytes });
        }
    }

    /// Most answer, some decline, some let it ring until the offer expires.
    fn pick_up(&mut self, leg: LegId) {
        let after = self.chance.within(1_000..=6_000);
        match self.chance.within(0..=99) {
            0..=89 => self.plan(after, Report::LegAnswered { leg }),
            90..=93 => self.plan(after, Report::LegCleared { leg, cause: Cause::Busy }),
            _ => {}
        }
    }

    fn take_a_break(&mut self) {
        let agent = *self.chance.pick(&self.site.agents).expect("the site has agents");
        self.plan_command(0, Command::NotReady { agent, reason: None, note: Note::default() });
    }

    fn plan(&mut self, after: u64, report: Report) {
        self.plan_input(after, Input::Report(report));
    }

    fn plan_command(&mut self, after: u64, command: Command) {
        let input = self.site.command(command);
        self.plan_input(after, input);
    }

    fn plan_input(&mut self, after: u64, input: Input) {
        self.planned += 1;
        self.plans.insert((self.now + after, self.planned), input);
    }
}
