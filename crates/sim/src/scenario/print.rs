//! What came of a story, as text: facts, SIP ladder, call records, and what each dialect's watchers heard. Names stand for ids, times count from its beginning.

mod connector;
mod listener;
mod portsip;
mod webitel;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cordial_engine::cdr::{CdrChange, CdrFold};
use cordial_engine::{Endpoint, Event, Fact};
use serde_json::Value;

use super::stage::Played;
use crate::world::{NODE, World};

pub(super) fn written(world: &World, begins: u64, registrations: bool) -> Played {
    let names = Names::read(&world.told);
    let told = || world.told.iter().filter(|event| event.at.0 >= begins);
    let facts = told().map(|event| fact_line(event, begins, &names)).collect();
    let mut fold = CdrFold::default();
    let mut records = Vec::new();
    for event in &world.told {
        if let Some(change) = fold.apply(event) {
            records.push(match change {
                CdrChange::Closed(cdr) => {
                    names.plain(&serde_json::to_value(&*cdr).unwrap_or_default(), begins)
                }
                other => names.plain(&Value::String(format!("later: {other:?}")), begins),
            });
        }
    }
    let mut cdr = serde_json::to_string_pretty(&Value::Array(records)).unwrap_or_default();
    cdr.push('\n');
    let portsip = portsip::transcript(&world.told, begins);
    let webitel::Heard { webitel, freeswitch } = webitel::transcripts(&world.told, begins);
    let connector::Heard { seed, long, json } = connector::transcripts(&world.told, begins);
    let sip = ladder(world, begins, registrations);
    Played { facts, sip, cdr, portsip, webitel, freeswitch, seed, long, json }
}

/// `mm:ss.mmm` since the story began.
fn clock(at: u64, begins: u64) -> String {
    let ms = at.saturating_sub(begins);
    format!("{:02}:{:02}.{:03}", ms / 60_000, ms / 1_000 % 60, ms % 1_000)
}

fn fact_line(event: &Event, begins: u64, names: &Names) -> String {
    let by = names.plain(&serde_json::to_value(event.by).unwrap_or_default(), begins);
    let value = serde_json::to_value(&event.fact).unwrap_or_default();
    let (kind, fields) = match &value {
        Value::Object(object) => object.iter().next().map(|(kind, fields)| (kind.clone(), fields.clone())),
        Value::String(kind) => Some((kind.clone(), Value::Null)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
    .unwrap_or_default();
    let mut line = format!("{}  {:<11} {kind:<18}", clock(event.at.0, begins), said(&by));
    if let Value::Object(fields) = names.plain(&fields, begins) {
        let mut fields: Vec<_> = fields.into_iter().collect();
        fields.sort_by_key(|(key, _)| FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()));
        let parts: Vec<String> = fields
            .iter()
            .filter(|(_, value)| !value.is_null() && *value != Value::String(String::new()))
            .map(|(key, value)| format!("{key} {}", said(value)))
            .collect();
        let _infallible = write!(line, " {}", parts.join(", "));
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}

/// A value as a person would say it.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => items.iter().map(said).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => {
            let parts = fields.iter().filter(|(_, value)| !value.is_null());
            parts.map(|(key, value)| format!("{key}({})", said(value))).collect::<Vec<_>>().join(" ")
        }
    }
}

/// What ids are called.
#[derive(Default)]
struct Names {
    by_id: BTreeMap<(&'static str, u64), String>,
}

const KINDS: [(&str, &str); 26] = [
    ("agent", "agent"),
    ("device", "device"),
    ("moved_from", "device"),
    ("trunk", "trunk"),
    ("queue", "queue"),
    ("queue_gave_up", "queue"),
    ("reason", "reason"),
    ("disposition", "disposition"),
    ("Agent", "agent"),
    ("Device", "device"),
    ("Trunk", "trunk"),
    ("Queue", "queue"),
    ("Reason", "reason"),
    ("Disposition", "disposition"),
    ("skill_id", "skill"),
    ("Skill", "skill"),
    ("tenant", "tenant"),
    ("leg", "leg"),
    ("legs", "leg"),
    ("a", "leg"),
    ("b", "leg"),
    ("left", "leg"),
    ("right", "leg"),
    ("call", "call"),
    ("offer", "offer"),
    ("recording", "recording"),
];
/// Fields that a reader looks for before all others.
const FIRST: [&str; 8] = ["offer", "call", "queue", "agent", "device", "leg", "endpoint", "end"];
/// Random, or of no use to a reader.
const LEFT_OUT: [&str; 2] = ["guid", "dialog"];
const INSTANTS: [&str; 3] = ["deadline", "until", "entered"];
const WALL_TIMES: [&str; 5] = ["started", "answered", "cleared", "closed", "set"];

impl Names {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only facts that name something give names")]
    fn read(told: &[Event]) -> Self {
        let mut names = Self::default();
        let mut callers = BTreeMap::new();
        for event in told {
            match &event.fact {
                Fact::TenantAdded { name, .. } => names.add("tenant", event.tenant.0, name.as_str()),
                Fact::EntryAdded { id, entry, .. } => {
                    let value = serde_json::to_value((id, entry)).unwrap_or_default();
                    names.add_entry(&value);
                }
                Fact::CallStarted { call, caller, .. } => {
                    let caller = caller.as_ref().map_or("unknown", |number| number.as_str());
                    callers.insert(*call, caller.to_owned());
                }
                Fact::LegAdded { call, leg, arrived, endpoint, agent, .. } => {
                    let caller = callers.get(call).filter(|_| *arrived && agent.is_none()).cloned();
                    let (kind, id) = match (agent, endpoint) {
                        (Some(agent), _) => ("agent", agent.0),
                        (None, Endpoint::Device(device)) => ("device", device.0),
                        (None, Endpoint::Trunk(trunk)) => ("trunk", trunk.0),
                    };
                    let whose = caller.or_else(|| names.by_id.get(&(kind, id)).cloned()).unwrap_or_default();
                    names.add("leg", leg.0, &format!("{}:{whose}", leg.0));
                }
                _ => {}
            }
        }
        names
    }

    fn add(&mut self, kind: &'static str, id: u64, name: &str) {
        self.by_id.insert((kind, id), name.to_owned());
    }

    /// `[{"Agent": 5}, {"Agent": {"name": "ann", ...}}]`; a device goes by its number.
    fn add_entry(&mut self, value: &Value) {
        let Some((Value::Object(id), Value::Object(entry))) = value.get(0).zip(value.get(1)) else {
            return;
        };
        let (Some((kind, id)), Some((_, entry))) = (id.iter().next(), entry.iter().next()) else {
            return;
        };
        let name = [entry.get("name"), entry.get("number")].into_iter().flatten().find_map(Value::as_str);
        let kind = KINDS.iter().find(|(word, _)| word == kind).map(|(_, kind)| *kind);
        if let (Some(kind), Some(id), Some(name)) = (kind, id.as_u64(), name) {
            self.add(kind, id, name);
        }
    }

    /// The same value without what is random, with names for ids and story time for instants.
    fn plain(&self, value: &Value, begins: u64) -> Value {
        self.plain_under("", value, begins)
    }

    fn plain_under(&self, key: &str, value: &Value, begins: u64) -> Value {
        match value {
            Value::Object(fields) => {
                let kept = fields.iter().filter(|(key, _)| !LEFT_OUT.contains(&key.as_str()));
                kept.map(|(key, value)| (key.clone(), self.plain_under(key, value, begins))).collect()
            }
            Value::Array(items) if key == "answered_by" => ["agent", "offer"]
                .iter()
                .zip(items)
                .map(|(key, item)| self.plain_under(key, item, begins))
                .collect(),
            Value::Array(items) => items.iter().map(|item| self.plain_under(key, item, begins)).collect(),
            Value::Number(number) if WALL_TIMES.contains(&key) => {
                // The wall clock of a story begins at a Monday, 08:00.
                let ms = number.as_i64().unwrap_or_default().rem_euclid(86_400_000).unsigned_abs();
                let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
                Value::String(format!("{hours:02}:{minutes:02}:{:02}.{:03}", ms / 1_000 % 60, ms % 1_000))
            }
            Value::Number(number) => {
                let number = number.as_u64().unwrap_or_default();
                if INSTANTS.contains(&key) {
                    return Value::String(clock(number, begins));
                }
                let kind = KINDS.iter().find(|(word, _)| *word == key).map(|(_, kind)| *kind);
                let name = kind.and_then(|kind| self.by_id.get(&(kind, number)));
                name.map_or_else(|| value.clone(), |name| Value::String(name.clone()))
            }
            Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
        }
    }
}

/// Every SIP message of the story, dialog by dialog in the order of their first.
fn ladder(world: &World, begins: u64, registrations: bool) -> String {
    let name = |address: std::net::SocketAddr| {
        let station = world.stations.iter().find(|station| station.phone.config().sip == address);
        if address == NODE { "cordial" } else { station.map_or("?", |station| &station.name) }
    };
    let mut dialogs: Vec<(&str, String)> = Vec::new();
    for rung in world.rungs.iter().filter(|rung| rung.at >= begins && (registrations || !rung.registers)) {
        let index = dialogs.iter().position(|(call, _)| *call == rung.call).unwrap_or_else(|| {
            dialogs.push((&rung.call, String::new()));
            dialogs.len() - 1
        });
        let fate = match rung.copies {
            0 => "  (lost)",
            1 => "",
            _ => "  (twice)",
        };
        let time = clock(rung.at, begins);
        let _infallible = writeln!(
            dialogs[index].1,
            "{time}  {:>7} -> {:<7}  {}{fate}",
            name(rung.from),
            name(rung.to),
            rung.says
        );
    }
    let ladders = dialogs.iter().enumerate().map(|(n, (_, rungs))| format!("dialog {}\n{rungs}", n + 1));
    ladders.collect::<Vec<_>>().join("\n")
}
