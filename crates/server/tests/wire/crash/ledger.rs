//! What the events say of every agent, folded here by the plainest means.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Everything read so far.
#[derive(Default)]
pub(crate) struct Ledger {
    /// The last event read.
    pub(crate) seq: u64,
    /// Reasons, by id.
    pub(crate) names: BTreeMap<String, String>,
    agents: BTreeMap<String, Agent>,
    /// How often an agent was compared.
    pub(crate) compared: usize,
}

struct Agent {
    device: Value,
    duty: String,
    pending: Value,
    handling: Value,
    membership: Value,
    offers: i64,
    calls: i64,
    wraps_up: Value,
}

impl Ledger {
    /// Reads on, up to and with this event.
    pub(crate) fn read(&mut self, events: &[Value], last: u64) {
        for event in events {
            let seq = event["seq"].as_u64().expect("an event has a number");
            let of = |field: &str| event["data"][field].as_str().unwrap_or_default().to_owned();
            let what = event["type"].as_str().expect("an event has a type");
            if what == "heartbeat" || seq > last {
                continue;
            }
            assert!(seq > self.seq, "event {seq} came after {}", self.seq);
            self.seq = seq;
            if what == "entry_added" {
                let entry = &event["data"]["entry"];
                let name = entry["name"].as_str().unwrap_or_default();
                let id = event["data"]["id"].as_str().or(entry["id"].as_str()).unwrap_or_default();
                self.names.insert(id.to_owned(), name.to_owned());
            }
            let agent = of("agent");
            if !agent.is_empty() {
                self.agents.entry(agent).or_default().read(what, &event["data"]);
            }
        }
    }

    /// Whether an agent is shown as told.
    pub(crate) fn compare(&mut self, shown: &Value) -> Result<(), String> {
        self.compared += 1;
        let id = shown["id"].as_str().unwrap_or_default();
        let told = self.agents.get(id).ok_or("nothing was told of this agent")?;
        let activity = match (&told.wraps_up, told.calls, told.offers) {
            (Value::Null, 0, 0) => "idle",
            (Value::Null, 0, _) => "offered",
            (Value::Null, ..) => "in_call",
            _ => "wrap_up",
        };
        let axes = [
            ("device", &shown["device"]["id"], &told.device),
            ("duty", &shown["duty"]["state"], &json!(told.duty)),
            ("pending", &shown["pending"]["state"], &told.pending),
            ("handling", &shown["handling"], &told.handling),
            ("membership", &shown["queues"][0]["membership"], &told.membership),
            ("activity", &shown["activity"]["state"], &json!(activity)),
        ];
        match axes.iter().find(|(_, shown, told)| shown != told) {
            None if ["idle", "wrap_up"].contains(&activity) => Ok(()),
            None => Err(format!("{activity} in a dead call")),
            Some((axis, shown, told)) => Err(format!("{axis} is shown as {shown}, told as {told}")),
        }
    }
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            device: Value::Null,
            duty: "logged_out".to_owned(),
            pending: Value::Null,
            handling: json!({ "mode": "ring" }),
            membership: Value::Null,
            offers: 0,
            calls: 0,
            wraps_up: Value::Null,
        }
    }
}

impl Agent {
    fn read(&mut self, what: &str, data: &Value) {
        match what {
            "agent_assigned" => self.membership = json!("ready"),
            "membership_set" => self.membership = data["membership"].clone(),
            "handling_set" => self.handling = data["handling"].clone(),
            "agent_logged_in" => (self.device, self.duty) = (data["device"].clone(), "not_ready".to_owned()),
            "agent_ready" => self.enter("ready"),
            "agent_not_ready" => self.enter("not_ready"),
            "duty_pending" => self.pending = data["duty"]["state"].clone(),
            "offer_made" => self.offers += 1,
            "offer_ended" => self.offers -= 1,
            "agent_connected" => self.calls += 1,
            "agent_disconnected" => self.calls -= 1,
            "wrap_up_started" => self.wraps_up = data["call"].clone(),
            "wrap_up_ended" => self.wraps_up = Value::Null,
            _ => {}
        }
    }

    fn enter(&mut self, duty: &str) {
        (self.duty, self.pending) = (duty.to_owned(), Value::Null);
    }
}
