//! What came of it: call records, waits, service level and recordings, all read back through the API.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;
use comfy_table::{CellAlignment, Table, TableComponent, presets};
use serde_json::Value;

use crate::api::Api;
use crate::audio::{self, Sound};
use crate::board::Board;
use crate::phones::{Cast, Who};
use crate::site::Site;
use crate::story::{number, seconds};
use crate::wire::{Cdr, Page, Queue, Recording};

/// The call records are folded from the journal a moment later; they get this long to come.
const RECORDS_LIMIT: Duration = Duration::from_secs(20);
/// Calls in the table; those before the last of them are only counted.
const ROWS_SHOWN: usize = 40;
const LOOK: Duration = Duration::from_millis(100);

/// One call with its recording.
pub(crate) struct Told {
    pub(crate) caller: String,
    pub(crate) waited_ms: u64,
    pub(crate) agent: Option<String>,
    pub(crate) talked_ms: u64,
    pub(crate) outcome: String,
    pub(crate) missed_offers: usize,
    pub(crate) disposition: Option<String>,
    pub(crate) recording: Option<Recorded>,
}

/// A recording against what it should hold.
pub(crate) struct Recorded {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) sound: Option<Sound>,
    pub(crate) agent_hz: Option<u32>,
    pub(crate) caller_hz: Option<u32>,
    /// What the index says of its length. Milliseconds.
    pub(crate) indexed_ms: u64,
}

/// What a phone heard against what it should have heard.
pub(crate) struct Ear {
    pub(crate) heard_hz: Option<u32>,
    pub(crate) expected_hz: u32,
}

/// See the module's first lines.
pub(crate) struct Summary {
    pub(crate) calls: Vec<Told>,
    pub(crate) queue: Queue,
    /// Calls and offers that are still live.
    pub(crate) live: (usize, usize),
    pub(crate) ears: Vec<Ear>,
    events: u64,
    /// Waits of the answered, and of all. Milliseconds, ascending.
    answered_waits: Vec<u64>,
    waits: Vec<u64>,
}

/// A recording this short may hold too little of the other side to be judged. Milliseconds.
pub(crate) const JUDGED_MS: u64 = 1_000;

impl Recorded {
    /// Whether each side has the tone of the phone that spoke there.
    pub(crate) fn is_right(&self) -> bool {
        let sound = self.sound.as_ref();
        sound.is_some_and(|sound| sound.left_hz == self.agent_hz && sound.right_hz == self.caller_hz)
    }

    pub(crate) fn can_be_judged(&self) -> bool {
        self.sound.is_none_or(|sound| sound.ms >= JUDGED_MS)
    }
}

impl Summary {
    /// Reads everything back.
    pub(crate) async fn gather(api: &Api, site: &Site, cast: &Cast, board: &Board) -> Result<Self> {
        let until = Instant::now() + RECORDS_LIMIT;
        let mut cdrs: Vec<Cdr> = api.all("/v1/cdrs").await?;
        while cdrs.len() < board.started() && Instant::now() < until {
            tokio::time::sleep(LOOK).await;
            cdrs = api.all("/v1/cdrs").await?;
        }
        let live: (Page<Value>, Page<Value>) = (api.get("/v1/calls").await?, api.get("/v1/offers").await?);
        let queue: Queue = api.get(&format!("/v1/queues/{}", site.queue)).await?;
        let mut recordings = BTreeMap::new();
        for recording in api.all::<Recording>("/v1/recordings").await? {
            recordings.insert(recording.call.clone(), recorded(api, cast, site, recording).await?);
        }
        // Newest first as they come; people read stories forwards.
        let mut calls = Vec::new();
        let (mut answered_waits, mut waits) = (Vec::new(), Vec::new());
        for cdr in cdrs.into_iter().rev() {
            for place in &cdr.queues {
                waits.push(place.waited_ms);
                if place.end.as_deref() == Some("answered") {
                    answered_waits.push(place.waited_ms);
                }
            }
            let recording = recordings.remove(&cdr.id).map(|one| with_caller(one, cast, &cdr));
            calls.push(told(&cdr, board, recording));
        }
        answered_waits.sort_unstable();
        waits.sort_unstable();
        let live = (live.0.items.len(), live.1.items.len());
        Ok(Self { calls, queue, live, ears: ears(cast, board), events: board.events, answered_waits, waits })
    }

    /// Places in the queue that ended so, counted from the call records.
    pub(crate) fn count(&self, outcome: &str) -> u64 {
        self.calls.iter().filter(|call| call.outcome == outcome).count() as u64
    }

    /// The recording with most to hear.
    pub(crate) fn longest(&self) -> Option<&Recorded> {
        self.recordings().max_by_key(|recording| recording.sound.map(|sound| sound.ms))
    }

    /// Recordings there are.
    pub(crate) fn recordings(&self) -> impl Iterator<Item = &Recorded> {
        self.calls.iter().filter_map(|call| call.recording.as_ref())
    }
}

async fn recorded(api: &Api, cast: &Cast, site: &Site, recording: Recording) -> Result<Recorded> {
    let saved = recording.state.kind == "saved";
    let sound = if saved {
        let file = api.bytes(&format!("/v1/recordings/{}/audio", recording.id)).await?;
        Some(tokio::task::spawn_blocking(move || audio::measure(file)).await??)
    } else {
        None
    };
    let agent = site.agents.iter().position(|agent| agent.id == recording.agent);
    Ok(Recorded {
        id: recording.id,
        state: recording.state.kind,
        sound,
        agent_hz: agent.map(|agent| cast.tone_hz(Who::Agent(agent))),
        caller_hz: None,
        indexed_ms: recording.audio_ms,
    })
}

fn with_caller(recorded: Recorded, cast: &Cast, cdr: &Cdr) -> Recorded {
    let caller = cdr.caller.as_deref().and_then(|number| cast.caller_of(number));
    Recorded { caller_hz: caller.map(|caller| cast.tone_hz(Who::Caller(caller))), ..recorded }
}

fn told(cdr: &Cdr, board: &Board, recording: Option<Recorded>) -> Told {
    let place = cdr.queues.last();
    let cause =
        || cdr.cause.as_ref().and_then(|cause| cause["kind"].as_str()).unwrap_or("unknown").to_owned();
    let expired = |end: &Value| end["kind"] == "expired";
    Told {
        caller: number(cdr.caller.as_deref().unwrap_or("unknown")),
        waited_ms: cdr.queues.iter().map(|place| place.waited_ms).sum(),
        agent: cdr.agents.last().map(|part| board.name(&part.agent).to_owned()),
        talked_ms: cdr.talk_ms,
        outcome: place.and_then(|place| place.end.clone()).unwrap_or_else(cause),
        missed_offers: cdr.offers.iter().filter(|offer| offer.end.as_ref().is_some_and(expired)).count(),
        disposition: cdr.dispositions.last().map(|word| board.name(&word.disposition).to_owned()),
        recording,
    }
}

/// Who heard whom: the two phones of each conversation against each other's tones.
fn ears(cast: &Cast, board: &Board) -> Vec<Ear> {
    let talked = |who: &Who| matches!(who, Who::Agent(_));
    let mut ears = Vec::new();
    for agent in board.ears.iter().filter(|ears| talked(&ears.who)) {
        let Some(caller) = board.ears.iter().find(|ears| ears.call == agent.call && !talked(&ears.who))
        else {
            continue;
        };
        for (ear, mouth) in [(agent, caller), (caller, agent)] {
            let heard_hz = ear.heard.tone_hz.map(|hz| hz.round() as u32);
            ears.push(Ear { heard_hz, expected_hz: cast.tone_hz(mouth.who) });
        }
    }
    ears
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n", self.table())?;
        let tally = &self.queue.state.tally;
        let mean = |waits: &[u64]| waits.iter().sum::<u64>().checked_div(waits.len() as u64);
        let say = |ms: Option<u64>| ms.map_or_else(|| "-".to_owned(), seconds);
        writeln!(
            f,
            "Waits           answered in {} on average (ASA), all: p50 {}, p90 {}, longest {}",
            say(mean(&self.answered_waits)),
            say(percentile(&self.waits, 50)),
            say(percentile(&self.waits, 90)),
            say(self.waits.last().copied()),
        )?;
        let level = tally.service_level().map_or_else(|| "-".to_owned(), |level| format!("{level:.1} %"));
        writeln!(
            f,
            "Service level   {level} within {} (SL-IGN: answered in time {} / (entered {} - abandoned in time {}))",
            seconds(self.queue.service_level_ms),
            tally.answered_in_time,
            tally.entered,
            tally.abandoned_in_time
        )?;
        writeln!(
            f,
            "Queue           entered {} = answered {} + abandoned {} + overflowed {} + refused {}; offers {}, missed {}",
            tally.entered,
            tally.answered,
            tally.abandoned,
            tally.overflowed,
            tally.refused,
            tally.offers,
            tally.offers_expired
        )?;
        writeln!(f, "Events          {}", self.events)
    }
}

impl Summary {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_style(TableComponent::HeaderLines, '─');
        table.set_style(TableComponent::MiddleHeaderIntersections, '─');
        table.set_header([
            "Caller",
            "Waited",
            "Agent",
            "Talked",
            "Outcome",
            "Disposition",
            "Recorded",
            "Agent | caller",
        ]);
        for call in self.calls.iter().skip(self.calls.len().saturating_sub(ROWS_SHOWN)) {
            table.add_row(row(call));
        }
        for column in [1, 3, 6] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }
}

fn row(call: &Told) -> [String; 8] {
    let dash = || "-".to_owned();
    let missed = match call.missed_offers {
        0 => String::new(),
        missed => format!(", {missed} missed"),
    };
    let recording = call.recording.as_ref();
    [
        call.caller.clone(),
        seconds(call.waited_ms),
        call.agent.clone().unwrap_or_else(dash),
        call.agent.as_ref().map_or_else(dash, |_| seconds(call.talked_ms)),
        format!("{}{missed}", call.outcome),
        call.disposition.clone().unwrap_or_else(dash),
        recording
            .map_or_else(dash, |one| one.sound.map_or_else(|| one.state.clone(), |sound| seconds(sound.ms))),
        recording.map_or_else(String::new, tones),
    ]
}

/// The tones of both sides, and whether they are those of the phones that spoke there.
fn tones(recording: &Recorded) -> String {
    let hz = |hz: Option<u32>| hz.map_or_else(|| "silence".to_owned(), |hz| format!("{hz} Hz"));
    let Some(sound) = recording.sound else {
        return String::new();
    };
    let found = format!("{} | {}", hz(sound.left_hz), hz(sound.right_hz));
    if recording.is_right() {
        format!("{found}  right")
    } else if recording.can_be_judged() {
        format!("{found}  WRONG: {} | {}", hz(recording.agent_hz), hz(recording.caller_hz))
    } else {
        format!("{found}  (too short)")
    }
}

/// The nearest-rank percentile of ascending values.
fn percentile(ascending: &[u64], percent: usize) -> Option<u64> {
    let rank = (ascending.len() * percent).div_ceil(100).max(1);
    ascending.get(rank - 1).copied()
}
