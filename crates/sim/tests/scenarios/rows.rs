//! Each row of the two systems' tables of states has a story whose transcripts show it; the dialects' pages list them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cordial_dialects::portsip::state::ARROWS;
use cordial_dialects::webitel::status::Status;
use serde_json::Value;

const BEGIN: &str = "<!-- stories: begin -->";
const END: &str = "<!-- stories: end -->";

/// A story, by its file's name, and its time at which a row is shown.
type Shown = (String, String);

/// The FreeSWITCH columns of each status, as the system's table has them; the states of a call one by one.
const COLUMNS: &[(Status, &str, &[&str])] = &[
    (Status::LogIn, "Available (On Demand)", &["Idle"]),
    (Status::LogOut, "Logged Out", &[""]),
    (Status::NonReg, "Logged Out", &[""]),
    (Status::Available, "Available (On Demand)", &["Waiting"]),
    (Status::VoiceMail, "", &[""]),
    (Status::CallForward, "", &[""]),
    (Status::Dnd, "", &[""]),
    (
        Status::InCall,
        "Available (On Demand)",
        &["Reserved", "Receiving", "In a queue call", "Outbound Call", "Idle"],
    ),
    (Status::OnTasks, "Logged Out", &[""]),
    (Status::OnBreak, "On Break", &["Idle"]),
    (Status::WrapUp, "Available (On Demand)", &["Idle"]),
];

#[test]
fn each_row_of_webitels_tables_has_a_story() {
    let mut seen = BTreeMap::new();
    for (story, at, line) in transcripts("webitel") {
        let message: Value = serde_json::from_str(&line).expect("an event is JSON");
        let header = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let row = match message["Event-Name"].as_str() {
            Some("ACCOUNT_STATUS") => {
                [header("Account-Status"), header("Account-Agent-Status"), header("Account-Agent-State")]
            }
            Some("USER_STATE") => [header("User-State"), String::new(), String::new()],
            _ => continue,
        };
        seen.entry(row).or_insert((story, at));
    }
    let mut table = "| Row | FS status | FS state | Story | At |\n|---|---|---|---|---|\n".to_owned();
    let mut add = |row: &str, key: [&str; 3]| {
        let (story, at) = found(&seen, &key.map(str::to_owned));
        table += &format!("| {row} | {} | {} | `{story}` | {at} |\n", key[1], key[2]);
    };
    for state in ["NONREG", "ONHOOK", "ISBUSY"] {
        add(state, [state, "", ""]);
    }
    for status in Status::ALL {
        let columns = COLUMNS.iter().find(|(of, ..)| *of == status).expect("every status is in the table");
        for state in columns.2 {
            add(status.name(), [status.wire(), columns.1, state]);
        }
    }
    compare("webitel", &table);
}

#[test]
fn each_arrow_of_portsips_diagram_has_a_story() {
    let mut seen: BTreeMap<[String; 2], Shown> = BTreeMap::new();
    let mut states: BTreeMap<(String, String, String), String> = BTreeMap::new();
    for (story, at, line) in transcripts("portsip") {
        let message: Value = serde_json::from_str(&line).expect("a message is JSON");
        for agent in message["updated_agents"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (queue, number) = (text(&message["queue_id"]), text(&agent["agent_extension_number"]));
            // Before anything is told of him, nobody is logged in.
            let state =
                states.entry((story.clone(), queue, number)).or_insert_with(|| "LOGGED_OUT".to_owned());
            let next = text(&agent["state"]);
            let arrow = [std::mem::replace(state, next.clone()), next];
            seen.entry(arrow).or_insert((story.clone(), at.clone()));
        }
    }
    let mut table = "| From | To | Story | At |\n|---|---|---|---|\n".to_owned();
    for (from, to) in ARROWS.iter().flat_map(|(from, to)| to.iter().map(|to| (from.word(), to.word()))) {
        let (story, at) = found(&seen, &[from.to_owned(), to.to_owned()]);
        table += &format!("| {from} | {to} | `{story}` | {at} |\n");
    }
    compare("portsip", &table);
}

fn found<'a, K: Ord + core::fmt::Debug>(seen: &'a BTreeMap<K, Shown>, row: &K) -> &'a Shown {
    seen.get(row).unwrap_or_else(|| panic!("no story shows {row:?}"))
}

/// The kept lines of every transcript of a dialect: story, time, what was said. Stories about states come first.
fn transcripts(extension: &str) -> Vec<(String, String, String)> {
    let mut paths: Vec<PathBuf> =
        super::stories().into_iter().map(|story| story.with_extension(extension)).collect();
    paths.sort_by_key(|path| (!name(path).starts_with("states-"), name(path)));
    let lines = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let split = |line: &str| {
            line.split_once("  ").map(|(at, said)| (name(path), at.to_owned(), said.trim().to_owned()))
        };
        text.lines().filter_map(split).collect::<Vec<_>>()
    };
    paths.iter().flat_map(lines).collect()
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn compare(dialect: &str, table: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/dialects/{dialect}.md"));
    let text = std::fs::read_to_string(&page).expect("each dialect has a page");
    let (before, rest) = text.split_once(BEGIN).expect("the page has a place for the stories");
    let (kept, after) = rest.split_once(END).expect("the place for the stories ends");
    if super::UPDATE.iter().any(|name| std::env::var(name).is_ok()) {
        let text = format!("{before}{BEGIN}\n{table}{END}{after}");
        return std::fs::write(&page, text).expect("the repository can be written");
    }
    assert!(
        kept.trim() == table.trim(),
        "docs/dialects/{dialect}.md lists other stories than show its rows; cargo xtask scenario --update\n{table}"
    );
}
