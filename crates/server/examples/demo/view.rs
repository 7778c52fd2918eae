//! The live picture: the queue, the agents, the calls, and what happens in words.

use std::time::Duration;

use jiff::Timestamp;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Row, Table, Wrap};

use crate::api::Api;
use crate::board::{Board, Picture};
use crate::folder::Folder;
use crate::site::NUMBER;
use crate::story::{self, Mood, number, seconds};
use crate::wire::{Activity, Agent, Call, Duty, Phase, Why};

/// What the picture shows besides the board.
pub(crate) struct Frame<'a> {
    pub(crate) title: &'a str,
    pub(crate) addresses: &'a [String],
    pub(crate) ending: bool,
}

/// Where things are, ready to be pasted.
pub(crate) fn addresses(api: &Api, folder: &Folder) -> Vec<String> {
    vec![
        format!("API     {}/v1   (described at {}/docs)", api.base(), api.base()),
        format!("Try     curl -sH @{} {}/v1/agents", folder.header().display(), api.base()),
        format!("Audio   {}", folder.recordings().display()),
    ]
}

pub(crate) fn draw(canvas: &mut ratatui::Frame<'_>, frame: &Frame<'_>, board: &Board, elapsed: Duration) {
    let rows =
        board.picture.as_ref().map_or(3, |picture| picture.agents.len().max(picture.calls.len()).max(3));
    let tables = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2).min(canvas.area().height / 2);
    let below = u16::try_from(frame.addresses.len()).unwrap_or(u16::MAX).saturating_add(1);
    let parts = [
        Constraint::Length(1),
        Constraint::Length(4),
        Constraint::Length(tables),
        Constraint::Min(3),
        Constraint::Length(below),
    ];
    let [head, queue, people, words, foot] = Layout::vertical(parts).areas(canvas.area());
    canvas.render_widget(header(frame, board, elapsed, head.width), head);
    if let Some(picture) = &board.picture {
        canvas.render_widget(line_of(picture), queue);
        let [left, right] = Layout::horizontal([Constraint::Fill(9), Constraint::Fill(11)]).areas(people);
        canvas.render_widget(agents(picture, board), left);
        canvas.render_widget(calls(picture, board), right);
    }
    canvas.render_widget(happenings(board, words), words);
    canvas.render_widget(footer(frame), foot);
}

fn header(frame: &Frame<'_>, board: &Board, elapsed: Duration, width: u16) -> Paragraph<'static> {
    let state = if frame.ending { "coming to an end" } else { "live" };
    let left = format!(" Cordial   {}", frame.title);
    let clock = format!("{:02}:{:02}", elapsed.as_secs() / 60, elapsed.as_secs() % 60);
    let right = format!("{} events   {state}   {clock} ", board.events);
    let gap = usize::from(width).saturating_sub(left.chars().count() + right.chars().count());
    Paragraph::new(format!("{left}{}{right}", " ".repeat(gap)))
        .style(Style::new().add_modifier(Modifier::REVERSED))
}

fn line_of(picture: &Picture) -> Paragraph<'static> {
    let queue = &picture.queue;
    let (line, tally) = (&queue.state, &queue.state.tally);
    let level = tally.service_level().map_or_else(|| "-".to_owned(), |level| format!("{level:.0} %"));
    let late = line.longest_wait_ms > queue.service_level_ms;
    let longest = if line.waiting == 0 { "-".to_owned() } else { seconds(line.longest_wait_ms) };
    let longest = if late { format!("{longest} !").red().bold() } else { longest.bold() };
    let first = vec![
        Span::raw("waiting "),
        line.waiting.to_string().bold(),
        Span::raw("   longest "),
        longest,
        Span::raw("   free agents "),
        format!("{} of {}", line.eligible, line.logged_in).bold(),
        Span::raw("   service level "),
        level.bold(),
        format!(" within {}", seconds(queue.service_level_ms)).dim(),
    ];
    let second = format!(
        "entered {} = answered {} + gave up {} + overflowed {} + refused {} + waiting {}     offers {}, missed {}",
        tally.entered,
        tally.answered,
        tally.abandoned,
        tally.overflowed,
        tally.refused,
        line.waiting,
        tally.offers,
        tally.offers_expired
    );
    let title = format!(" Queue {} {} ", queue.name, NUMBER);
    Paragraph::new(vec![Line::from(first), Line::from(second).dim()])
        .block(Block::bordered().title(title.bold()))
}

fn agents(picture: &Picture, board: &Board) -> Table<'static> {
    let rows = picture.agents.iter().map(|agent| {
        let (sign, colour) = mark(agent);
        Row::new([
            Line::from(Span::styled(sign, Style::new().fg(colour))),
            Line::from(agent.name.clone()).bold(),
            Line::from(doing(agent, board)),
            Line::from(age(agent.since)).right_aligned(),
        ])
    });
    let widths = [Constraint::Length(1), Constraint::Length(5), Constraint::Fill(1), Constraint::Length(5)];
    Table::new(rows, widths).block(Block::bordered().title(" Agents ".bold()))
}

/// A sign for those who see no colour, and a colour.
const fn mark(agent: &Agent) -> (&'static str, Color) {
    match (&agent.activity, &agent.duty) {
        (Activity::InCall { .. }, _) => ("*", Color::Green),
        (Activity::Offered, _) => ("?", Color::Yellow),
        (Activity::WrapUp { .. }, _) => ("~", Color::Cyan),
        (Activity::Idle, Duty::Ready) => ("+", Color::Blue),
        (Activity::Idle, Duty::NotReady { .. } | Duty::LoggedOut) => ("-", Color::Red),
    }
}

fn doing(agent: &Agent, board: &Board) -> String {
    let now = match &agent.activity {
        Activity::Idle => duty(&agent.duty, board),
        Activity::Offered => "phone rings".to_owned(),
        Activity::InCall { call } => format!("talks, {}", last_digits(board.caller_in(call))),
        Activity::WrapUp { call } => format!("wraps up, {}", last_digits(board.caller_in(call))),
    };
    match &agent.pending {
        Some(pending) => format!("{now}; then {}", duty(pending, board)),
        None => now,
    }
}

fn duty(duty: &Duty, board: &Board) -> String {
    match duty {
        Duty::LoggedOut => "logged out".to_owned(),
        Duty::Ready => "ready".to_owned(),
        Duty::NotReady { why: None } => "not ready".to_owned(),
        Duty::NotReady { why: Some(Why::Reason { reason }) } => format!("not ready ({})", board.name(reason)),
        Duty::NotReady { why: Some(Why::NoAnswer) } => "not ready (missed a call)".to_owned(),
        Duty::NotReady { why: Some(Why::Declined) } => "not ready (declined)".to_owned(),
        Duty::NotReady { why: Some(Why::Unreachable) } => "not ready (unreachable)".to_owned(),
    }
}

fn last_digits(number: &str) -> &str {
    number.get(number.len().saturating_sub(4)..).unwrap_or(number)
}

fn calls(picture: &Picture, board: &Board) -> Table<'static> {
    let rows = picture.calls.iter().map(|call| {
        let caller = number(call.caller.as_deref().unwrap_or("unknown"));
        let (state, since) = stage(call, board);
        Row::new([
            Line::from(caller),
            Line::from(state),
            Line::from(if call.recording.is_some() { "rec".red() } else { "".into() }),
            Line::from(age(since)).right_aligned(),
        ])
    });
    let widths = [Constraint::Length(16), Constraint::Fill(1), Constraint::Length(3), Constraint::Length(5)];
    Table::new(rows, widths).block(Block::bordered().title(" Calls ".bold()))
}

/// Where a call is on its way, and since when.
fn stage(call: &Call, board: &Board) -> (String, Timestamp) {
    let agent = call.agent.as_deref().map(|agent| board.name(agent)).unwrap_or_default();
    match &call.phase {
        Phase::Setup => ("arrives".to_owned(), call.started),
        Phase::Greeting => ("greeting".to_owned(), call.started),
        Phase::Waiting { entered } => ("waits".to_owned(), *entered),
        Phase::Talking => (format!("talks with {agent}"), call.started),
        Phase::WrapUp => (format!("over; {agent} wraps up"), call.started),
    }
}

/// How long ago, in whole seconds.
fn age(since: Timestamp) -> String {
    let seconds = Timestamp::now().duration_since(since).as_secs().max(0);
    if seconds < 100 { format!("{seconds} s") } else { format!("{}:{:02}", seconds / 60, seconds % 60) }
}

fn happenings(board: &Board, area: Rect) -> Paragraph<'static> {
    let room = usize::from(area.height.saturating_sub(2));
    let lines = board.lines.iter().skip(board.lines.len().saturating_sub(room));
    let lines: Vec<Line<'static>> = lines.map(happening).collect();
    Paragraph::new(lines).block(Block::bordered().title(" What happens ".bold()))
}

fn happening(line: &story::Line) -> Line<'static> {
    let style = match line.mood {
        Mood::Plain => Style::new(),
        Mood::Good => Style::new().fg(Color::Green),
        Mood::Bad => Style::new().fg(Color::Red),
        Mood::Quiet => Style::new().add_modifier(Modifier::DIM),
    };
    Line::styled(format!("{} {}", line.sign, line.text), style)
}

fn footer(frame: &Frame<'_>) -> Paragraph<'static> {
    let keys = if frame.ending { "Ctrl-C again: do not wait" } else { "Ctrl-C: end, with a summary" };
    let lines = frame.addresses.iter().cloned().map(Line::from).chain([Line::from(keys).dim()]);
    Paragraph::new(lines.collect::<Vec<_>>()).wrap(Wrap { trim: false })
}
