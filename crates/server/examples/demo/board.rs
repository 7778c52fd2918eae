//! What is known: folded from the events, with the latest answers of the API beside them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cordial_sim::phone::Heard;

use crate::phones::{Cast, Who};
use crate::site::Site;
use crate::story::{self, Line};
use crate::wire::{Agent, Call, Event, Queue};

/// Lines of the story that are kept for the picture.
const LINES_KEPT: usize = 200;

/// Queue, agents and calls as the API last told them.
pub(crate) struct Picture {
    pub(crate) queue: Queue,
    pub(crate) agents: Vec<Agent>,
    pub(crate) calls: Vec<Call>,
}

/// What one phone heard in one call.
pub(crate) struct Ears {
    pub(crate) call: String,
    pub(crate) who: Who,
    pub(crate) heard: Heard,
}

/// See the module's first lines.
pub(crate) struct Board {
    /// Names of agents, words and reasons, by id.
    names: BTreeMap<String, String>,
    agents: BTreeMap<String, usize>,
    numbers: BTreeMap<String, usize>,
    /// Numbers of callers, by call.
    calls: BTreeMap<String, String>,
    closed: BTreeSet<String>,
    /// Calls whose phones are in it, to know in which call something was heard.
    now: BTreeMap<Who, String>,
    recordings_open: BTreeSet<String>,
    last_seq: u64,
    pub(crate) events: u64,
    pub(crate) disorder: u64,
    pub(crate) lines: VecDeque<Line>,
    pub(crate) ears: Vec<Ears>,
    /// Requests of agents that were refused, and calls that came to nothing.
    pub(crate) mishaps: Vec<String>,
    pub(crate) picture: Option<Picture>,
}

impl Board {
    pub(crate) fn new(site: &Site, cast: &Cast) -> Self {
        let words =
            site.dispositions.iter().chain([&site.lunch]).map(|named| (named.id.clone(), named.name.clone()));
        let agents = site.agents.iter().map(|agent| (agent.id.clone(), agent.name.clone()));
        let devices = site.agents.iter().map(|agent| (agent.device.clone(), agent.number.clone()));
        Self {
            names: words.chain(agents).chain(devices).collect(),
            agents: site.agents.iter().enumerate().map(|(n, agent)| (agent.id.clone(), n)).collect(),
            numbers: (0..cast.callers()).map(|n| (Cast::caller_number(n), n)).collect(),
            calls: BTreeMap::new(),
            closed: BTreeSet::new(),
            now: BTreeMap::new(),
            recordings_open: BTreeSet::new(),
            last_seq: 0,
            events: 0,
            disorder: 0,
            lines: VecDeque::new(),
            ears: Vec::new(),
            mishaps: Vec::new(),
            picture: None,
        }
    }

    /// Takes an event; gives what is worth telling of it.
    pub(crate) fn take(&mut self, event: &Event) -> Option<Line> {
        if event.kind == "heartbeat" {
            return None;
        }
        if event.seq <= self.last_seq {
            self.disorder += 1;
        }
        self.last_seq = event.seq;
        if event.kind == "snapshot" {
            return None;
        }
        self.events += 1;
        let call = event.text("call").to_owned();
        match event.kind.as_str() {
            "call_started" => {
                self.calls.insert(call.clone(), event.text("caller").to_owned());
                if let Some(caller) = self.caller(event) {
                    self.now.insert(Who::Caller(caller), call);
                }
            }
            "agent_connected" => {
                if let Some(agent) = self.agent(event) {
                    self.now.insert(Who::Agent(agent), call);
                }
            }
            "call_closed" => {
                self.closed.insert(call);
            }
            "recording_started" => {
                self.recordings_open.insert(event.text("recording").to_owned());
            }
            "recording_saved" | "recording_failed" => {
                self.recordings_open.remove(event.text("recording"));
            }
            _ => {}
        }
        let line = story::tell(event, self)?;
        self.say(line.clone());
        Some(line)
    }

    /// Something worth telling that is no event of the server.
    pub(crate) fn say(&mut self, line: Line) {
        if self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// A phone's call is over, and this was heard in it.
    pub(crate) fn listen(&mut self, who: Who, heard: Heard) {
        if let Some(call) = self.now.remove(&who) {
            self.ears.push(Ears { call, who, heard });
        }
    }

    /// Whether every call has its final record and every recording its file.
    pub(crate) fn is_settled(&self) -> bool {
        self.closed.len() == self.calls.len() && self.recordings_open.is_empty()
    }

    /// Calls that began.
    pub(crate) fn started(&self) -> usize {
        self.calls.len()
    }

    /// The place in the site of the agent whom an event is about.
    pub(crate) fn agent(&self, event: &Event) -> Option<usize> {
        self.agents.get(event.text("agent")).copied()
    }

    /// The place in the cast of the caller whose call an event is about.
    pub(crate) fn caller(&self, event: &Event) -> Option<usize> {
        self.numbers.get(self.calls.get(event.text("call"))?).copied()
    }

    /// Who calls in a call; empty when it is unknown.
    pub(crate) fn caller_in(&self, call: &str) -> &str {
        self.calls.get(call).map(String::as_str).unwrap_or_default()
    }

    /// What people call a thing.
    pub(crate) fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.get(id).map_or(id, String::as_str)
    }
}
