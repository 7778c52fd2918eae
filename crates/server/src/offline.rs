//! Commands that look at the files themselves, while no server runs on them.

mod doctor;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cordial_engine::id::Guid;
use cordial_engine::{Engine, Event, Fact};
use cordial_store::{Options, Rebuild, Store, StoreError};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cli::{Failure, Printer};
use crate::config::Config;
use crate::limits::PAGE_EVENTS;
use crate::run::{SNAPSHOT_VERSION, state_bytes, store_path};

pub use doctor::doctor;

/// Applies the journal again and shows its events and the state that they lead to. Where a snapshot was taken on the
/// way, the state must be the same there.
///
/// # Errors
/// When the journal cannot be read, is not whole, or leads to another state than a snapshot says.
pub async fn replay(
    config: &Config,
    printer: &Printer,
    until: Option<u64>,
    call: Option<&str>,
) -> Result<(), Failure> {
    let store = open(config).await?;
    let mut shown = match call {
        None => Shown::All,
        Some(call) => Shown::Call(CallEvents::of(call)?),
    };
    let until = until.unwrap_or(u64::MAX);
    let snapshot = store.latest_snapshot().await.map_err(store_failed)?;
    let snapshot = snapshot.filter(|snapshot| snapshot.version == SNAPSHOT_VERSION && snapshot.seq <= until);
    let mut engine = Engine::new(0);
    let mut agrees = None;
    let mut seq = 0;
    'journal: loop {
        let page = store.events(seq, PAGE_EVENTS).await.map_err(store_failed)?;
        if page.is_empty() {
            break;
        }
        for event in &page {
            if event.seq > until {
                break 'journal;
            }
            engine.apply(event);
            seq = event.seq;
            if shown.wants(event) {
                printer.line(&event_value(event), &event_line(event));
            }
            if let Some(snapshot) = snapshot.as_ref().filter(|snapshot| snapshot.seq == seq) {
                agrees = Some(snapshot.bytes == state_bytes(engine.state()));
            }
        }
    }
    let snapshot = match agrees {
        None => "none",
        Some(true) => "the same",
        Some(false) => "another state",
    };
    printer.record(
        &json!({ "events": seq, "state_sha256": hash(&state_bytes(engine.state())), "snapshot": snapshot }),
    );
    if agrees == Some(false) {
        return Err(Failure::Refused("the journal leads to another state than the snapshot says".to_owned()));
    }
    Ok(())
}

/// Which events are shown.
enum Shown {
    All,
    Call(CallEvents),
}

impl Shown {
    fn wants(&mut self, event: &Event) -> bool {
        match self {
            Self::All => true,
            Self::Call(call) => call.takes(event),
        }
    }
}

/// Finds the events of one call.
struct CallEvents {
    guid: Guid,
    call: Option<u64>,
    legs: BTreeSet<u64>,
}

impl CallEvents {
    fn of(call: &str) -> Result<Self, Failure> {
        let wrong = || Failure::Refused(format!("--call {call:?}: a call's id is 32 hexadecimal digits"));
        Ok(Self { guid: Guid::parse(call).ok_or_else(wrong)?, call: None, legs: BTreeSet::new() })
    }

    /// Whether the event names the call or one of its legs.
    fn takes(&mut self, event: &Event) -> bool {
        if let Fact::CallStarted { call, guid, .. } = &event.fact
            && *guid == self.guid
        {
            self.call = Some(call.0);
        }
        let Some(call) = self.call else { return false };
        let fact = serde_json::to_value(&event.fact).expect("a fact is JSON");
        let members = fact.as_object().and_then(|fact| fact.values().next()).unwrap_or(&Value::Null);
        let leg = members["leg"].as_u64();
        let ours = members["call"].as_u64() == Some(call) || leg.is_some_and(|leg| self.legs.contains(&leg));
        if ours && let Some(leg) = leg {
            self.legs.insert(leg);
        }
        ours
    }
}

fn event_value(event: &Event) -> Value {
    serde_json::to_value(event).expect("an event is JSON")
}

/// An event in one line. Numbers of people are shown by their last two characters.
fn event_line(event: &Event) -> String {
    format!("{:>8}  {:>12?}  {}  {:?}  {:?}", event.seq, event.at, event.tenant, event.by, event.fact)
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

/// Makes the read models again and compares them with the present ones.
///
/// # Errors
/// When they differ, or the store cannot be read.
pub async fn rebuild(config: &Config, printer: &Printer, replace: bool) -> Result<(), Failure> {
    let store = open(config).await?;
    // What the last stop left unfolded is no difference.
    let last = store.last_seq().await.map_err(store_failed)?;
    store.follower().await.map_err(store_failed)?.catch_up(last).await.map_err(store_failed)?;
    let mode = if replace { Rebuild::Replace } else { Rebuild::Compare };
    let report = store.rebuild(mode).await.map_err(store_failed)?;
    for difference in &report.differences {
        let text = difference.to_string();
        printer.line(&json!({ "difference": text }), &text);
    }
    let rows: serde_json::Map<String, Value> =
        report.rows.iter().map(|(table, rows)| ((*table).to_owned(), json!(rows))).collect();
    printer.record(&json!({
        "up_to_event": report.seq,
        "rows": rows,
        "differences": report.differing,
        "replaced": report.replaced,
    }));
    if report.differing > 0 && !report.replaced {
        return Err(Failure::Refused(format!(
            "{} rows are not as the journal says; `cordial rebuild --replace` puts them right",
            report.differing
        )));
    }
    Ok(())
}

async fn open(config: &Config) -> Result<Store, Failure> {
    let path = store_path(config);
    if !path.exists() {
        return Err(Failure::Store(format!("{}: there is no store yet", path.display())));
    }
    let opened = Store::open(&path, Options::default()).await;
    opened.map_err(|error| Failure::Store(format!("paths.data = {:?}: {error}", config.paths.data)))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn store_failed(error: StoreError) -> Failure {
    Failure::Store(error.to_string())
}
