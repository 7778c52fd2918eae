//! What is to be done to make the directory what a file says, and whom it touches.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::toml::Wanted;
use super::{Directory, TIERS, find_kind, text};
use crate::cli::Failure;
use crate::cli::api::Api;
use crate::cli::kinds::{Kind, kinds_of_files};

/// What is done to one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Create,
    Change,
    Remove,
}

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) what: What,
    pub(super) kind: String,
    /// What it is called in the file.
    pub(super) name: String,
    /// What it is called until now.
    pub(super) was: String,
    /// What is written: all of it, by names.
    pub(super) body: Map<String, Value>,
    /// What becomes different: field, from, to.
    changes: Vec<(String, Value, Value)>,
}

/// All steps, in an order in which each finds what it needs.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
}

impl Plan {
    /// The difference between what is wanted and what is.
    pub(super) fn of(wanted: &Wanted, directory: &Directory, prune: bool) -> Result<Self, String> {
        let mut plan = Self::default();
        for (kind, _) in wanted {
            if kind != TIERS && find_kind(kind).is_none() {
                let known: Vec<&str> = kinds_of_files().map(|kind| kind.plural.as_str()).collect();
                return Err(format!("there are no {kind}; there are {}, {TIERS}", known.join(", ")));
            }
        }
        for kind in kinds_of_files() {
            for (_, things) in wanted.iter().filter(|(plural, _)| *plural == kind.plural) {
                for thing in things {
                    plan.entry(kind, thing, directory)?;
                }
            }
        }
        for (_, tiers) in wanted.iter().filter(|(plural, _)| plural == TIERS) {
            for tier in tiers {
                plan.tier(tier, directory)?;
            }
        }
        if prune {
            plan.prune(wanted, directory);
        }
        Ok(plan)
    }

    fn entry(
        &mut self,
        kind: &Kind,
        thing: &Map<String, Value>,
        directory: &Directory,
    ) -> Result<(), String> {
        let name = thing.get(kind.key).and_then(Value::as_str);
        let name = name.ok_or_else(|| format!("each of [[{}]] needs its {}", kind.plural, kind.key))?;
        let was = thing.get("was").and_then(Value::as_str);
        let mut says = thing.clone();
        says.retain(|field, _| field != "was" && field != "clear");
        for field in thing.get("clear").and_then(Value::as_array).into_iter().flatten() {
            says.insert(text(field), Value::Null);
        }
        if let Some(unknown) = says.keys().find(|field| !kind.fields.contains(*field)) {
            return Err(format!("{} {name} has no field {unknown}", kind.one()));
        }
        let old = was.filter(|_| directory.thing(&kind.plural, name).is_none());
        let found = old.unwrap_or(name);
        let step = |what, body, changes| Step {
            what,
            kind: kind.plural.clone(),
            name: name.to_owned(),
            was: found.to_owned(),
            body,
            changes,
        };
        let Some(is) = directory.thing(&kind.plural, found) else {
            self.steps.push(step(What::Create, says, Vec::new()));
            return Ok(());
        };
        let mut body = kind.written(is);
        let mut changes = Vec::new();
        for (field, value) in says {
            let before = body.get(&field).cloned().unwrap_or_default();
            if !says_so(&value, &before) {
                changes.push((field.clone(), before, value.clone()));
                body.insert(field, value);
            }
        }
        if !changes.is_empty() {
            self.steps.push(step(What::Change, body, changes));
        }
        Ok(())
    }

    fn tier(&mut self, tier: &Map<String, Value>, directory: &Directory) -> Result<(), String> {
        let member = |name: &str| tier.get(name).map(text).filter(|text| !text.is_empty());
        let (Some(agent), Some(queue)) = (member("agent"), member("queue")) else {
            return Err("each of [[tiers]] needs its agent and its queue".to_owned());
        };
        let is = directory.tiers.get(&(agent.clone(), queue.clone()));
        let mut changes = Vec::new();
        for (field, value) in tier.iter().filter(|(field, _)| *field != "agent" && *field != "queue") {
            let before = is.map(|is| is[field].clone()).unwrap_or_default();
            if before != *value {
                changes.push((field.clone(), before, value.clone()));
            }
        }
        let what = if is.is_none() { What::Create } else { What::Change };
        if what == What::Create || !changes.is_empty() {
            let name = format!("{agent} in {queue}");
            let (kind, was) = (TIERS.to_owned(), name.clone());
            self.steps.push(Step { what, kind, name, was, body: tier.clone(), changes });
        }
        Ok(())
    }

    /// Removes what the file does not name, of the kinds that it names; first what names others.
    fn prune(&mut self, wanted: &Wanted, directory: &Directory) {
        let removed = |kind: &str, name: String, body: Map<String, Value>| Step {
            what: What::Remove,
            kind: kind.to_owned(),
            was: name.clone(),
            name,
            body,
            changes: Vec::new(),
        };
        if let Some((_, tiers)) = wanted.iter().find(|(kind, _)| kind == TIERS) {
            let named: BTreeSet<_> =
                tiers.iter().map(|tier| (text(&tier["agent"]), text(&tier["queue"]))).collect();
            for key in directory.tiers.keys().filter(|key| !named.contains(*key)) {
                let body = json!({"agent": key.0, "queue": key.1});
                let body = body.as_object().cloned().unwrap_or_default();
                self.steps.push(removed(TIERS, format!("{} in {}", key.0, key.1), body));
            }
        }
        for kind in kinds_of_files().rev() {
            let Some((_, things)) = wanted.iter().find(|(plural, _)| *plural == kind.plural) else {
                continue;
            };
            let named: BTreeSet<String> = things
                .iter()
                .flat_map(|thing| [thing.get(kind.key), thing.get("was")])
                .flatten()
                .map(text)
                .collect();
            let there = directory.things.get(&kind.plural).into_iter().flatten();
            for (name, _) in there.filter(|(name, _)| !named.contains(*name)) {
                self.steps.push(removed(&kind.plural, name.clone(), Map::new()));
            }
        }
    }
}

/// Whether what is wanted is so: members that it leaves out are as they are.
fn says_so(wanted: &Value, is: &Value) -> bool {
    match (wanted, is) {
        (Value::Object(wanted), Value::Object(is)) => {
            wanted.iter().all(|(name, value)| says_so(value, is.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(wanted), Value::Array(is)) => {
            wanted.len() == is.len() && wanted.iter().zip(is).all(|(wanted, is)| says_so(wanted, is))
        }
        (wanted, is) => wanted == is,
    }
}

impl Step {
    /// Whom the step touches that is at work now: calls that wait or go on, and agents who are logged in.
    pub(super) async fn touches(&self, api: &Api, directory: &Directory) -> Result<Vec<String>, Failure> {
        let (kind, name) = match self.kind.as_str() {
            TIERS => ("agents", text(&self.body["agent"])),
            kind => (kind, self.was.clone()),
        };
        let Some(id) = directory.id(kind, &name) else { return Ok(Vec::new()) };
        let mut touched = Vec::new();
        let filter = match kind {
            "queues" => "queue",
            "agents" => "agent",
            "teams" => "team",
            _ => "",
        };
        if matches!(filter, "queue" | "agent") {
            let calls = api.filtered("calls", &format!("{filter}={id}")).await?;
            let doing = if filter == "queue" { "waits" } else { "goes on" };
            touched.extend(calls.iter().map(|call| format!("call {} {doing}", text(&call["id"]))));
        }
        let agents = match filter {
            "queue" | "team" => api.filtered("agents", &format!("{filter}={id}")).await?,
            "agent" => directory.thing("agents", &name).cloned().into_iter().collect(),
            _ => directory.thing(kind, &name).and_then(|it| holder(it, directory)).into_iter().collect(),
        };
        let at_work = agents.iter().filter(|agent| agent["duty"]["state"] != "logged_out");
        touched.extend(at_work.map(|agent| {
            let state = text(&agent["duty"]["state"]).replace('_', " ");
            format!("agent {} is {state}", text(&agent["name"]))
        }));
        Ok(touched)
    }

    /// The step for people.
    pub(super) fn line(&self, touches: &[String]) -> String {
        let one = self.kind.strip_suffix('s').unwrap_or(&self.kind);
        let mut line = match self.what {
            What::Create => format!("create {one} {}", self.name),
            What::Change if self.was != self.name => format!("change {one} {} (now {})", self.was, self.name),
            What::Change => format!("change {one} {}", self.name),
            What::Remove => format!("remove {one} {}", self.name),
        };
        for (field, from, to) in &self.changes {
            line.push_str(&format!("\n  {field}: {from} -> {to}"));
        }
        for touched in touches {
            line.push_str(&format!("\n  touches {touched}"));
        }
        line
    }

    /// The step for programs.
    pub(super) fn told(&self, touches: &[String]) -> Value {
        let what = match self.what {
            What::Create => "create",
            What::Change => "change",
            What::Remove => "remove",
        };
        let changes =
            self.changes.iter().map(|(field, from, to)| json!({"field": field, "from": from, "to": to}));
        json!({
            "do": what, "kind": self.kind, "name": self.name, "was": self.was,
            "changes": changes.collect::<Vec<_>>(), "touches": touches,
        })
    }
}

/// The agent who is logged in at a device, as it was read.
fn holder(device: &Value, directory: &Directory) -> Option<Value> {
    directory.thing("agents", device["agent"].as_str()?).cloned()
}
