//! What all agents hear who use the Generic Connector, in its three formats.

use cordial_dialects::connector::board::Board;
use cordial_dialects::connector::event::{Format, Told};
use cordial_dialects::floor::Floor;
use cordial_engine::Event;

use super::listener::{Lines, Listener};

/// What is heard, by format.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) seed: String,
    pub(super) long: String,
    pub(super) json: String,
}

/// Each message on a line of its own, behind the login of whom it goes to.
pub(super) fn transcripts(told: &[Event], begins: u64) -> Heard {
    let Some(listener) = Listener::of(told, begins) else { return Heard::default() };
    let mut board = Board::new(Floor::of(&listener.engine, listener.tenant, listener.now));
    let [mut seed, mut long, mut json] = [(); 3].map(|()| Lines::from(begins));
    for event in listener.events {
        for news in board.apply(event) {
            let Some(who) = board.who(news.agent) else { continue };
            let told = Told { to: who.login, full_name: who.full_name, event: news.event };
            let formats = [(Format::Seed, &mut seed), (Format::Long, &mut long), (Format::Json, &mut json)];
            for (format, lines) in formats {
                if let Some(text) = told.encode(format) {
                    lines.add(event.at.0, &format!("{:<8} {text}", told.to));
                }
            }
        }
    }
    Heard { seed: seed.text, long: long.text, json: json.text }
}
