//! The Generic Connector's share of a fact: folding it, finding what is new for whom, and writing that.

use cordial_dialects::connector::board::{Board, News};
use cordial_dialects::connector::event::{Format, Told};
use cordial_dialects::floor::Floor;

use super::clock::{measure, print_cost};
use super::day::told;
use crate::Scale;
use cordial_sim::site::at;

/// All agents have a client. What a fact costs is the same however many they are.
pub(crate) fn news_of_a_mixed_day(scale: Scale) {
    let calls = scale.of(40_000, 4_000);
    for agents in [100, 2_000] {
        let (mut site, events) = told(agents, calls);
        site.drain();
        for (format, word) in [(Format::Seed, "seed"), (Format::Long, "long"), (Format::Json, "json")] {
            let mut board = Board::new(Floor::of(&site.engine, site.tenant, at(0)));
            let (mut messages, mut bytes) = (0, 0);
            let spent = measure(|| {
                for event in &events {
                    for News { agent, event } in board.apply(event) {
                        let who = board.who(agent).expect("an agent of the site");
                        let told = Told { to: who.login, full_name: who.full_name, event };
                        let text = told.encode(format).unwrap_or_default();
                        messages += 1;
                        bytes += text.len() as u64;
                    }
                }
            });
            let facts = events.len() as u64;
            assert!(messages > calls, "a call is told more than once, not {messages} of {calls}");
            print_cost(&format!("connector: fact, {agents} clients, {word}"), facts, spent);
            print_cost(&format!("connector: message of {} bytes", bytes / messages), messages, spent);
        }
    }
}
