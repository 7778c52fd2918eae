//! What a supervisor hears on Webitel's WebSocket who subscribed to everything, and what a client of the event socket hears
//! of `callcenter::info`.

use cordial_dialects::event_socket::event::callcenter;
use cordial_dialects::floor::Floor;
use cordial_dialects::webitel::event::told as happened;
use cordial_engine::Event;
use serde_json::Value;

use super::listener::{Lines, Listener};

/// Headers that every event of the server has, and that say nothing of the story.
const COMMON: [&str; 8] = [
    "Core-UUID",
    "FreeSWITCH-Hostname",
    "FreeSWITCH-Switchname",
    "Event-Date-Local",
    "Event-Date-GMT",
    "Event-Date-Timestamp",
    "Event-Sequence",
    "webitel-event-name",
];

/// What both hear.
pub(super) struct Heard {
    /// Webitel's events, each the JSON of its headers.
    pub(super) webitel: String,
    /// The events of `mod_callcenter`: the action, then its headers.
    pub(super) freeswitch: String,
}

/// Each event on a line of its own.
pub(super) fn transcripts(told: &[Event], begins: u64) -> Heard {
    let Some(listener) = Listener::of(told, begins) else {
        return Heard { webitel: String::new(), freeswitch: String::new() };
    };
    let mut floor = Floor::of(&listener.engine, listener.tenant, listener.now);
    let (mut webitel, mut freeswitch) = (Lines::from(begins), Lines::from(begins));
    for event in listener.events {
        let applied = floor.apply(event);
        // Nobody in a story has a socket open.
        for mut happened in happened(&floor, event, &applied, |_| false) {
            happened.headers.retain(|name, _| !COMMON.contains(&name.as_str()));
            webitel.add(event.at.0, &Value::Object(happened.headers).to_string());
        }
        for told in callcenter(&floor, event, applied.agent.as_ref()) {
            let action = told.header("CC-Action").unwrap_or_default().to_owned();
            let own = told.headers.iter().filter(|(name, _)| name.starts_with("CC-") && *name != "CC-Action");
            let headers: Vec<String> = own.map(|(name, value)| format!("{name}: {value}")).collect();
            freeswitch.add(event.at.0, &format!("{action:<19} {}", headers.join("; ")));
        }
    }
    Heard { webitel: webitel.text, freeswitch: freeswitch.text }
}
