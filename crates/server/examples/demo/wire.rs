//! What the demonstration reads of the API's answers.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// One message of `/v1/events`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) seq: u64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) data: Value,
}

impl Event {
    /// A field that is text; empty when it is not.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.data[field].as_str().unwrap_or_default()
    }

    /// The word that says which case a field is, as in `{"kind": "expired"}`.
    pub(crate) fn case(&self, field: &str, tag: &str) -> &str {
        self.data[field][tag].as_str().unwrap_or_default()
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Agent {
    pub(crate) name: String,
    pub(crate) duty: Duty,
    pub(crate) pending: Option<Duty>,
    pub(crate) activity: Activity,
    pub(crate) since: Timestamp,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Duty {
    LoggedOut,
    NotReady { why: Option<Why> },
    Ready,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Why {
    Reason { reason: String },
    NoAnswer,
    Declined,
    Unreachable,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Activity {
    Idle,
    Offered,
    InCall { call: String },
    WrapUp { call: String },
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) service_level_ms: u64,
    pub(crate) state: Line,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) waiting: u64,
    pub(crate) longest_wait_ms: u64,
    pub(crate) logged_in: u64,
    pub(crate) eligible: u64,
    pub(crate) tally: Tally,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Tally {
    pub(crate) entered: u64,
    pub(crate) answered: u64,
    pub(crate) abandoned: u64,
    pub(crate) abandoned_in_time: u64,
    pub(crate) overflowed: u64,
    pub(crate) refused: u64,
    pub(crate) answered_in_time: u64,
    pub(crate) answered_wait_ms: u64,
    pub(crate) offers: u64,
    pub(crate) offers_expired: u64,
}

impl Tally {
    /// SL-IGN: answered within the target / (entered - abandoned within the target); none when nothing counts yet.
    ///
    /// Calls that still wait are left out of the denominator: nobody knows yet on which side they will end.
    pub(crate) fn service_level(&self) -> Option<f64> {
        let ended = self.answered + self.abandoned + self.overflowed + self.refused;
        let counted = ended.saturating_sub(self.abandoned_in_time);
        (counted > 0).then(|| 100.0 * self.answered_in_time as f64 / counted as f64)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) caller: Option<String>,
    pub(crate) started: Timestamp,
    pub(crate) phase: Phase,
    pub(crate) agent: Option<String>,
    pub(crate) recording: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Phase {
    Setup,
    Greeting,
    Waiting { entered: Timestamp },
    Talking,
    WrapUp,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Cdr {
    pub(crate) id: String,
    pub(crate) caller: Option<String>,
    pub(crate) talk_ms: u64,
    pub(crate) cause: Option<Value>,
    pub(crate) queues: Vec<CdrQueue>,
    pub(crate) offers: Vec<CdrOffer>,
    pub(crate) agents: Vec<CdrAgent>,
    pub(crate) dispositions: Vec<CdrDisposition>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CdrQueue {
    pub(crate) end: Option<String>,
    pub(crate) waited_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CdrOffer {
    pub(crate) end: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CdrAgent {
    pub(crate) agent: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CdrDisposition {
    pub(crate) disposition: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Recording {
    pub(crate) id: String,
    pub(crate) call: String,
    pub(crate) agent: String,
    pub(crate) state: RecordingState,
    pub(crate) audio_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct RecordingState {
    pub(crate) kind: String,
}
