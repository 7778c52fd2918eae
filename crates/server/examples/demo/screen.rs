//! The terminal: a live picture where there is one, else lines.

use std::io::{IsTerminal as _, stdin, stdout};
use std::time::Duration;

use anyhow::{Context, Result};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio::time::Instant;

use crate::board::Board;
use crate::story::{Line, Mood};
use crate::view::{self, Frame};

/// Where the show is seen. Leaves the terminal as it was, also when it is dropped in a panic.
pub(crate) struct Screen {
    picture: Option<DefaultTerminal>,
    begun: Instant,
    colours: bool,
}

impl Screen {
    /// A picture if it is wished for and this is a terminal that a person looks at.
    pub(crate) fn open(wished: bool) -> Result<Self> {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let watched = stdout().is_terminal() && stdin().is_terminal() && !set("CI");
        let able = std::env::var("TERM").is_ok_and(|term| term != "dumb");
        let picture = (wished && watched && able).then(ratatui::try_init);
        let picture = picture.transpose().context("the terminal does not take a picture")?;
        Ok(Self { picture, begun: Instant::now(), colours: stdout().is_terminal() && !set("NO_COLOR") })
    }

    /// Tells a line, where there is no picture.
    pub(crate) fn tell(&self, line: &Line) {
        if self.picture.is_some() {
            return;
        }
        let at = self.begun.elapsed().as_secs_f64();
        let Line { mood, sign, text } = line;
        let colour = match mood {
            Mood::Plain => "",
            Mood::Good => "\x1b[32m",
            Mood::Bad => "\x1b[31m",
            Mood::Quiet => "\x1b[2m",
        };
        if self.colours && !colour.is_empty() {
            println!("{at:6.1}  {colour}{sign} {text}\x1b[0m");
        } else {
            println!("{at:6.1}  {sign} {text}");
        }
    }

    /// Draws the picture, where there is one.
    pub(crate) fn draw(&mut self, frame: &Frame<'_>, board: &Board) -> Result<()> {
        let elapsed = self.begun.elapsed();
        if let Some(terminal) = &mut self.picture {
            terminal
                .draw(|canvas| view::draw(canvas, frame, board, elapsed))
                .context("the picture cannot be drawn")?;
        }
        Ok(())
    }

    /// Whether a key was pressed that asks for the end. In a picture Ctrl-C is a key and no signal.
    pub(crate) fn stop_pressed(&self) -> bool {
        if self.picture.is_none() {
            return false;
        }
        let mut pressed = false;
        while event::poll(Duration::ZERO).unwrap_or(false) {
            let Ok(event) = event::read() else { return pressed };
            if let Event::Key(key) = event
                && key.kind == KeyEventKind::Press
            {
                let control_c =
                    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
                pressed |= control_c || key.code == KeyCode::Char('q');
            }
        }
        pressed
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.picture.is_some() {
            ratatui::restore();
        }
    }
}
