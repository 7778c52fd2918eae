//! Events in words: one line for each that is worth telling.

use Mood::{Bad, Good, Plain, Quiet};

use crate::board::Board;
use crate::wire::Event;

/// How a line feels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Plain,
    Good,
    Bad,
    Quiet,
}

/// One line of the story.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) mood: Mood,
    /// Stands for the mood where there is no colour.
    pub(crate) sign: char,
    pub(crate) text: String,
}

impl Line {
    pub(crate) fn new(mood: Mood, sign: char, text: impl Into<String>) -> Self {
        Self { mood, sign, text: text.into() }
    }
}

/// Milliseconds as people say them.
pub(crate) fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1_000.0)
}

/// A number as people read it: the drama numbers of London in groups.
pub(crate) fn number(digits: &str) -> String {
    match (digits.get(..3), digits.get(3..5), digits.get(5..9), digits.get(9..)) {
        (Some("+44"), Some(area), Some(first), Some(last)) => format!("+44 {area} {first} {last}"),
        (_, _, _, _) => digits.to_owned(),
    }
}

/// The line that tells an event; none for what only the machinery cares about.
pub(crate) fn tell(event: &Event, board: &Board) -> Option<Line> {
    let caller = number(board.caller_in(event.text("call")));
    let agent = board.name(event.text("agent"));
    of_call(event, &caller)
        .or_else(|| of_offer(event, agent, &caller))
        .or_else(|| of_agent(event, board, agent, &caller))
        .or_else(|| of_phone(event, board, agent))
}

fn of_call(event: &Event, caller: &str) -> Option<Line> {
    let ms = |field: &str| seconds(event.data[field].as_u64().unwrap_or_default());
    Some(match (event.kind.as_str(), event.text("end")) {
        ("call_started", _) => Line::new(Plain, '>', format!("{caller} calls {}", event.text("dialled"))),
        ("greeting_started", _) => Line::new(Quiet, ' ', format!("{caller} hears the greeting")),
        ("call_queued", _) => Line::new(Plain, '=', format!("{caller} waits in the queue")),
        ("waiting_ended", "abandoned") => {
            Line::new(Bad, 'x', format!("{caller} gave up after {}", ms("waited_ms")))
        }
        ("waiting_ended", "overflowed") => {
            Line::new(Bad, 'x', format!("the queue gave up on {caller} after {}", ms("waited_ms")))
        }
        ("waiting_ended", "refused") => Line::new(Bad, 'x', format!("the queue was full for {caller}")),
        ("recording_saved", _) => {
            Line::new(Quiet, ' ', format!("the recording of {caller} is saved: {}", ms("audio_ms")))
        }
        ("recording_failed", _) => {
            Line::new(Bad, '!', format!("the recording of {caller} failed: {}", event.text("why")))
        }
        _ => return None,
    })
}

fn of_offer(event: &Event, agent: &str, caller: &str) -> Option<Line> {
    Some(match (event.kind.as_str(), event.case("end", "kind")) {
        ("offer_made", _) => Line::new(Plain, '?', format!("{agent} is rung for {caller}")),
        ("offer_ended", "expired") => Line::new(Bad, '!', format!("{agent} did not answer {caller}")),
        ("offer_ended", "declined") => Line::new(Bad, '!', format!("{agent} declined {caller}")),
        ("offer_ended", "caller_gone") => {
            Line::new(Quiet, ' ', format!("{agent} stops ringing: {caller} is gone"))
        }
        ("offer_ended", "device_lost") => Line::new(Bad, '!', format!("{agent}'s phone cannot be reached")),
        _ => return None,
    })
}

fn of_agent(event: &Event, board: &Board, agent: &str, caller: &str) -> Option<Line> {
    let why = || why(event, board);
    Some(match event.kind.as_str() {
        "agent_connected" => Line::new(Good, '*', format!("{agent} talks with {caller}")),
        "wrap_up_started" => {
            Line::new(Plain, '~', format!("{agent} and {caller} are done; {agent} wraps up"))
        }
        "disposition_set" => {
            let word = board.name(event.text("disposition"));
            Line::new(Plain, '~', format!("{agent}: \"{word}\" for {caller}"))
        }
        "wrap_up_ended" => Line::new(Quiet, ' ', format!("{agent} has wrapped up")),
        "agent_ready" => Line::new(Good, '+', format!("{agent} is ready")),
        "agent_not_ready" => Line::new(Plain, '-', format!("{agent} is not ready{}", why())),
        "duty_pending" if event.data["duty"].is_null() => {
            Line::new(Plain, '-', format!("{agent} takes that back"))
        }
        "duty_pending" => Line::new(Plain, '-', format!("{agent} will not be ready after this{}", why())),
        _ => return None,
    })
}

fn of_phone(event: &Event, board: &Board, agent: &str) -> Option<Line> {
    let phone = board.name(event.text("device"));
    Some(match event.kind.as_str() {
        "device_registered" => Line::new(Quiet, ' ', format!("phone {phone} is registered")),
        "device_unregistered" => Line::new(Bad, '!', format!("phone {phone} is gone")),
        "agent_logged_in" => Line::new(Plain, '+', format!("{agent} is at work with phone {phone}")),
        _ => return None,
    })
}

/// Why somebody is or will be not ready, in brackets.
fn why(event: &Event, board: &Board) -> String {
    let why = &event.data["duty"]["why"];
    match why["kind"].as_str() {
        Some("reason") => format!(" ({})", board.name(why["reason"].as_str().unwrap_or_default())),
        Some("no_answer") => " (did not answer)".to_owned(),
        Some("declined") => " (declined)".to_owned(),
        Some("unreachable") => " (phone not reached)".to_owned(),
        Some(_) | None => String::new(),
    }
}
