//! Whether what came of it is right: each check is one sentence with its figures.

use crate::board::Board;
use crate::summary::{Recorded, Summary};

/// One check.
pub(crate) struct Check {
    pub(crate) holds: bool,
    pub(crate) says: String,
}

/// How far the length of a file may be from what the index says. Milliseconds.
const LENGTH_SLACK_MS: u64 = 20;

/// All checks, in the order of a call's life.
pub(crate) fn judge(summary: &Summary, board: &Board) -> Vec<Check> {
    let mut checks = of_queue(summary);
    checks.extend(of_records(summary, board));
    checks.extend(of_audio(summary));
    checks.extend(of_the_end(summary, board));
    checks
}

const fn check(holds: bool, says: String) -> Check {
    Check { holds, says }
}

fn of_queue(summary: &Summary) -> Vec<Check> {
    let line = &summary.queue.state;
    let (tally, waiting) = (&line.tally, line.waiting);
    let counted = [tally.answered, tally.abandoned, tally.overflowed, tally.refused];
    let ends: u64 = counted.iter().sum();
    let sum = format!(
        "entered {} = answered, abandoned, overflowed, refused {ends} + waiting {waiting}",
        tally.entered
    );
    let recounted = ["answered", "abandoned", "overflowed", "refused"].map(|end| summary.count(end));
    let same = format!("the queue's counts {counted:?} are those of the call records {recounted:?}");
    vec![
        check(tally.entered > 0, format!("calls were queued: {}", tally.entered)),
        check(tally.offers > 0, format!("agents were offered calls: {}", tally.offers)),
        check(tally.answered > 0, format!("calls were answered: {}", tally.answered)),
        check(tally.entered == ends + waiting, sum),
        check(recounted == counted, same),
    ]
}

fn of_records(summary: &Summary, board: &Board) -> Vec<Check> {
    let (records, started) = (summary.calls.len(), board.started());
    let answered = summary.calls.iter().filter(|call| call.outcome == "answered");
    let all = answered.clone().count();
    let finished = answered.clone().filter(|call| call.disposition.is_some()).count();
    let recorded = answered.filter(|call| call.recording.is_some()).count();
    vec![
        check(records == started, format!("every call has its one final record: {records} of {started}")),
        check(
            finished == all,
            format!("every answered call has its agent's disposition: {finished} of {all}"),
        ),
        check(recorded == all, format!("every answered call was recorded: {recorded} of {all}")),
    ]
}

fn of_audio(summary: &Summary) -> Vec<Check> {
    let judged = summary.recordings().filter(|recording| recording.can_be_judged());
    let verdicts: Vec<bool> = judged.map(Recorded::is_right).collect();
    let (all, right) = (verdicts.len(), verdicts.iter().filter(|right| **right).count());
    let sides = "recordings hold the agent's tone on the left and the caller's on the right";
    let saved = summary.recordings().filter_map(|one| one.sound.map(|sound| (sound.ms, one.indexed_ms)));
    let worst = saved.map(|(file, index)| file.abs_diff(index)).max().unwrap_or(0);
    let heard = summary.ears.iter().filter(|ear| ear.heard_hz == Some(ear.expected_hz)).count();
    let ears = summary.ears.len();
    vec![
        check(right > 0 && right == all, format!("{sides}: {right} of {all}")),
        check(worst <= LENGTH_SLACK_MS, format!("files are as long as the index says, within {worst} ms")),
        check(
            ears > 0 && heard == ears,
            format!("agents and callers heard each other: {heard} of {ears} ears"),
        ),
    ]
}

fn of_the_end(summary: &Summary, board: &Board) -> Vec<Check> {
    let (calls, offers) = summary.live;
    let waiting = summary.queue.state.waiting;
    let mishaps = board.mishaps.join("; ");
    let mishaps = if mishaps.is_empty() { "no request was refused".to_owned() } else { mishaps };
    vec![
        check(
            calls == 0 && offers == 0 && waiting == 0,
            format!("nothing is left live: {calls} calls, {offers} offers, {waiting} waiting"),
        ),
        check(board.disorder == 0, format!("events came once and in order: {}", board.events)),
        check(board.mishaps.is_empty(), mishaps),
    ]
}
