//! Events as they are written, and what of ours is told as which.

use std::fmt::Write;

use cordial_engine::call::{NotKept, OfferEnd, WaitingEnd};
use cordial_engine::id::{AgentId, CallId, QueueId};
use cordial_engine::{Event, Fact, WallTime};

use super::table::contact;
use super::{full_name, uuid};
use crate::floor::{Change, Floor, Served, Talk};
use crate::native::wire::Time;
use crate::webitel::status::console;

/// The subclass of everything that the call centre tells.
pub const CALLCENTER: &str = "callcenter::info";

/// One event: headers in order, and perhaps a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// `Event-Name` first.
    pub headers: Vec<(&'static str, String)>,
    /// What `_body` is in JSON.
    pub body: Option<String>,
}

/// How events are written to a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Headers, their values percent-encoded.
    #[default]
    Plain,
    /// An object of the headers.
    Json,
}

impl Format {
    /// As the reply to `event` names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Json => "json",
        }
    }
}

impl Told {
    /// An event of the server itself, with the headers that every event has.
    #[must_use]
    pub fn new(name: &'static str, core: &str, seq: u64, at: WallTime) -> Self {
        let utc = Time(at).to_string();
        let local = utc.get(..19).map(|text| text.replace('T', " ")).unwrap_or_default();
        let headers = vec![
            ("Event-Name", name.to_owned()),
            ("Core-UUID", core.to_owned()),
            ("FreeSWITCH-Hostname", "cordial".to_owned()),
            ("FreeSWITCH-Switchname", "cordial".to_owned()),
            ("Event-Date-Local", local),
            ("Event-Date-GMT", gmt(at)),
            ("Event-Date-Timestamp", at.0.saturating_mul(1_000).to_string()),
            ("Event-Sequence", seq.to_string()),
        ];
        Self { headers, body: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The value of a header; names are alike in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The frame that tells it.
    #[must_use]
    pub fn written(&self, format: Format) -> String {
        let (kind, text) = match format {
            Format::Plain => ("text/event-plain", self.plain()),
            Format::Json => ("text/event-json", self.json()),
        };
        format!("Content-Length: {}\nContent-Type: {kind}\n\n{text}", text.len())
    }

    fn plain(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.headers {
            writeln!(text, "{name}: {}", encoded(value)).expect("memory");
        }
        match &self.body {
            Some(body) => write!(text, "Content-Length: {}\n\n{body}", body.len()).expect("memory"),
            None => text.push('\n'),
        }
        text
    }

    fn json(&self) -> String {
        let string = |value: &str| serde_json::Value::String(value.to_owned());
        let mut object = serde_json::Map::new();
        for (name, value) in &self.headers {
            object.insert((*name).to_owned(), string(value));
        }
        if let Some(body) = &self.body {
            object.insert("Content-Length".to_owned(), string(&body.len().to_string()));
            object.insert("_body".to_owned(), string(body));
        }
        serde_json::Value::Object(object).to_string()
    }
}

/// A value that neither ends its line nor looks like something else.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'~' | b'!' | b'*' | b'\'' | b'(' | b')' | b',' | b'/' | b'$' => {
                text.push(char::from(byte));
            }
            _ => write!(text, "%{byte:02X}").expect("memory"),
        }
    }
    text
}

/// `Thu, 01 Jan 1970 00:00:00 GMT`
fn gmt(at: WallTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let utc = Time(at).to_string();
    let weekday = at.0.div_euclid(86_400_000).rem_euclid(7) as usize;
    let month = utc.get(5..7).and_then(|month| month.parse::<usize>().ok()).unwrap_or(1);
    let part = |from, to| utc.get(from..to).unwrap_or_default();
    let (day, year, clock) = (part(8, 10), part(0, 4), part(11, 19));
    format!("{}, {day} {} {year} {clock} GMT", DAYS[weekday], MONTHS[(month - 1) % 12])
}

/// What the call centre tells of one of our events, brought onto the floor already.
#[must_use]
pub fn callcenter(floor: &Floor, event: &Event, change: Option<&Change>) -> Vec<Told> {
    let telling = Telling { floor, event };
    let mut all = Vec::new();
    // What ends is told before what it makes of the agent; what begins, after it.
    let ends = matches!(event.fact, Fact::AgentDisconnected { .. } | Fact::OfferEnded { .. });
    if ends {
        telling.fact(&mut all);
    }
    if let Some(Change { agent, before, after }) = change {
        let ((status, state), (next_status, next_state)) = (console(before), console(after));
        if status != next_status {
            let told = telling.agent("agent-status-change", *agent);
            all.push(told.with("CC-Agent-Status", next_status.name()));
        }
        if state != next_state {
            let told = telling.agent("agent-state-change", *agent);
            all.push(told.with("CC-Agent-State", next_state.name()));
        }
    }
    if !ends {
        telling.fact(&mut all);
    }
    all
}

struct Telling<'a> {
    floor: &'a Floor,
    event: &'a Event,
}

impl Telling<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "`floor::Part` names every fact; these are told")]
    fn fact(&self, all: &mut Vec<Told>) {
        match &self.event.fact {
            Fact::AgentLoggedIn { agent, moved_from: Some(_), .. } => {
                let contact = self.floor.agents.get(agent).map(|seat| contact(self.floor, seat));
                let told = self.agent("agent-contact-change", *agent);
                all.push(told.with("CC-Agent-Contact", contact.unwrap_or_default()));
            }
            Fact::OfferMade { call, queue, agent, .. } => {
                let told = self.serving("agent-offering", *call, *queue, *agent);
                all.push(self.caller(told, *call));
            }
            Fact::AgentConnected { call, agent, queue: Some(queue), .. } => {
                let told = self.serving("bridge-agent-start", *call, *queue, *agent);
                all.push(self.caller(self.times(told, *call, *agent), *call));
            }
            Fact::AgentDisconnected { call, agent } => self.served(*call, *agent, all),
            Fact::OfferEnded { call, agent, end, .. } => {
                let (Some(cause), Some((queue, _))) = (hangup_cause(*end), self.queued(*call)) else {
                    return;
                };
                let told = self.serving("bridge-agent-fail", *call, queue, *agent);
                let told = told.with("CC-Hangup-Cause", cause).with("CC-Agent-Aborted-Time", self.now());
                all.push(self.caller(self.times(told, *call, *agent), *call));
            }
            Fact::CallQueued { call, queue, .. } => {
                let told = self.queue("member-queue-start", *queue);
                all.push(self.caller(told, *call));
                all.push(self.count(*queue));
            }
            Fact::WaitingEnded { call, queue, end, .. } => {
                if let Some(reason) = cancel_reason(*end) {
                    let told = self.leaving(*call, *queue).with("CC-Cause", "Cancel");
                    all.push(self.caller(told.with("CC-Cancel-Reason", reason), *call));
                }
                all.push(self.count(*queue));
            }
            _ => {}
        }
    }

    /// An agent's part in a queue's call is over, and with it the caller's time in the queue.
    fn served(&self, call: CallId, agent: AgentId, all: &mut Vec<Told>) {
        let answered = self.serves(call, agent).and_then(|served| served.answered);
        let (Some(_), Some((queue, _))) = (answered, self.queued(call)) else {
            return;
        };
        let told = self.serving("bridge-agent-end", call, queue, agent);
        let told = self.times(told, call, agent).with("CC-Bridge-Terminated-Time", self.now());
        all.push(self.caller(told.with("CC-Hangup-Cause", "NORMAL_CLEARING"), call));
        let told = self.leaving(call, queue).with("CC-Cause", "Terminated");
        all.push(self.caller(self.times(told, call, agent), call));
    }

    fn info(&self, action: &'static str) -> Told {
        let core = self.floor.tenant.map(uuid).unwrap_or_default();
        Told::new("CUSTOM", &core, self.event.seq, self.event.wall)
            .with("Event-Subclass", CALLCENTER)
            .with("CC-Action", action)
    }

    fn agent(&self, action: &'static str, agent: AgentId) -> Told {
        self.info(action).with("CC-Agent", self.agent_name(agent))
    }

    fn queue(&self, action: &'static str, queue: QueueId) -> Told {
        let name = self.floor.queues.get(&queue).map_or("", |line| line.name.as_str());
        self.info(action).with("CC-Queue", full_name(name, &self.floor.domain))
    }

    fn serving(&self, action: &'static str, call: CallId, queue: QueueId, agent: AgentId) -> Told {
        let told = self.queue(action, queue).with("CC-Agent", self.agent_name(agent));
        let told = told.with("CC-Agent-System", "single_box");
        match self.serves(call, agent) {
            Some(served) => told.with("CC-Agent-UUID", uuid(served.leg)),
            None => told,
        }
    }

    fn times(&self, told: Told, call: CallId, agent: AgentId) -> Told {
        let Some(Served { called, answered, .. }) = self.serves(call, agent) else {
            return told;
        };
        let told = told.with("CC-Agent-Called-Time", seconds(called));
        let told = match answered {
            Some(answered) => told.with("CC-Agent-Answered-Time", seconds(answered)),
            None => told,
        };
        match self.queued(call) {
            Some((_, joined)) => told.with("CC-Member-Joined-Time", seconds(joined)),
            None => told,
        }
    }

    fn leaving(&self, call: CallId, queue: QueueId) -> Told {
        let told = self.queue("member-queue-end", queue).with("CC-Member-Leaving-Time", self.now());
        match self.queued(call) {
            Some((_, joined)) => told.with("CC-Member-Joined-Time", seconds(joined)),
            None => told,
        }
    }

    fn count(&self, queue: QueueId) -> Told {
        let waiting = self.floor.queues.get(&queue).map_or(0, |line| line.waiting.len());
        self.queue("members-count", queue)
            .with("CC-Count", waiting.to_string())
            .with("CC-Selection", "Single-Queue")
    }

    fn caller(&self, told: Told, call: CallId) -> Told {
        let Some(talk) = self.talk(call) else { return told };
        told.with("CC-Member-UUID", uuid(talk.guid))
            .with("CC-Member-Session-UUID", talk.first_guid.map(uuid).unwrap_or_default())
            .with("CC-Member-CID-Name", talk.caller_name.clone())
            .with("CC-Member-CID-Number", talk.caller.clone())
    }

    fn agent_name(&self, agent: AgentId) -> String {
        let name = self.floor.agents.get(&agent).map_or("", |seat| seat.name.as_str());
        full_name(name, &self.floor.domain)
    }

    fn talk(&self, call: CallId) -> Option<&Talk> {
        self.floor.calls.get(&call)
    }

    fn queued(&self, call: CallId) -> Option<(QueueId, WallTime)> {
        self.talk(call)?.queued
    }

    fn serves(&self, call: CallId, agent: AgentId) -> Option<Served> {
        self.talk(call)?.served.get(&agent).copied()
    }

    fn now(&self) -> String {
        seconds(self.event.wall)
    }
}

/// A wall time as the module writes it: whole seconds since 1970.
#[must_use]
pub fn seconds(at: WallTime) -> String {
    at.0.div_euclid(1_000).to_string()
}

/// Why an agent did not get a call, as the far end's hang-up says it; `None` when he got it.
const fn hangup_cause(end: OfferEnd) -> Option<&'static str> {
    use cordial_engine::call::Withdrawn;
    match end {
        OfferEnd::Accepted => None,
        OfferEnd::Declined => Some("CALL_REJECTED"),
        OfferEnd::Expired => Some("NO_ANSWER"),
        OfferEnd::Withdrawn(Withdrawn::AnsweredBy(..)) => Some("LOSE_RACE"),
        OfferEnd::Withdrawn(Withdrawn::DeviceLost) => Some("USER_NOT_REGISTERED"),
        OfferEnd::Withdrawn(Withdrawn::CallerGone | Withdrawn::QueueGaveUp(_) | Withdrawn::NodeRestarted) => {
            Some("ORIGINATOR_CANCEL")
        }
    }
}

/// Why a caller left the line without an agent; `None` when he got one.
const fn cancel_reason(end: WaitingEnd) -> Option<&'static str> {
    match end {
        WaitingEnd::Answered => None,
        WaitingEnd::Abandoned | WaitingEnd::CalledBack => Some("BREAK_OUT"),
        WaitingEnd::LeftByKey => Some("EXIT_WITH_KEY"),
        WaitingEnd::Overflowed => Some("TIMEOUT"),
        WaitingEnd::SentAway(NotKept::Empty) => Some("NO_AGENT_TIMEOUT"),
        WaitingEnd::SentAway(NotKept::Closed | NotKept::Night | NotKept::Emergency)
        | WaitingEnd::Refused
        | WaitingEnd::TurnedAway(_) => Some("NONE"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn told() -> Told {
        let told =
            Told::new("CUSTOM", "c0", 7, WallTime(1_764_290_096_789)).with("Event-Subclass", CALLCENTER);
        told.with("CC-Agent", "ann@pbx.example").with("CC-Member-CID-Name", "Ä\n\nContent-Length: 9")
    }

    #[test]
    fn a_plain_event_is_percent_encoded_and_a_json_one_an_object() {
        let mut told = told();
        told.body = Some("+OK\n".to_owned());
        expect![[r#"
            Content-Length: 396
            Content-Type: text/event-plain

            Event-Name: CUSTOM
            Core-UUID: c0
            FreeSWITCH-Hostname: cordial
            FreeSWITCH-Switchname: cordial
            Event-Date-Local: 2025-11-28%2000%3A34%3A56
            Event-Date-GMT: Fri,%2028%20Nov%202025%2000%3A34%3A56%20GMT
            Event-Date-Timestamp: 1764290096789000
            Event-Sequence: 7
            Event-Subclass: callcenter%3A%3Ainfo
            CC-Agent: ann%40pbx.example
            CC-Member-CID-Name: %C3%84%0A%0AContent-Length%3A%209
            Content-Length: 4

            +OK
        "#]]
        .assert_eq(&told.written(Format::Plain));
        expect![[r#"
            Content-Length: 408
            Content-Type: text/event-json

            {"CC-Agent":"ann@pbx.example","CC-Member-CID-Name":"Ä\n\nContent-Length: 9","Content-Length":"4","Core-UUID":"c0","Event-Date-GMT":"Fri, 28 Nov 2025 00:34:56 GMT","Event-Date-Local":"2025-11-28 00:34:56","Event-Date-Timestamp":"1764290096789000","Event-Name":"CUSTOM","Event-Sequence":"7","Event-Subclass":"callcenter::info","FreeSWITCH-Hostname":"cordial","FreeSWITCH-Switchname":"cordial","_body":"+OK\n"}"#]].assert_eq(&told.written(Format::Json));
    }

    #[test]
    fn a_caller_cannot_write_headers_of_his_own() {
        assert_eq!(told().written(Format::Plain).matches("\nContent-Length").count(), 0);
    }
}
