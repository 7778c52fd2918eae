//! `cordial apply` and `cordial export`: the tenant's directory as one file.
//!
//! The file names things by their names and numbers. What it says of a thing is made so; what it leaves out stays as it
//! is. A second run finds nothing to do.

mod plan;
mod toml;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use self::plan::{Plan, Step, What};
use super::Failure;
use super::api::Api;
use super::kinds::{Kind, each_reference, kinds_of_files};
use super::print::Printer;

/// The ranks of agents in queues, which stand beside the entries.
const TIERS: &str = "tiers";
/// Rounds in which what names each other is made. Two are enough; a third finds nothing to do.
const ROUNDS_MAX: usize = 3;

/// The directory as it is, by names.
pub(super) struct Directory {
    /// For each kind the things by name, as they were read, with names for ids.
    things: BTreeMap<String, BTreeMap<String, Value>>,
    /// The rank of each agent in each of his queues.
    tiers: BTreeMap<(String, String), Value>,
    /// Ids of things by kind and name.
    ids: BTreeMap<(String, String), String>,
}

impl Directory {
    async fn read(api: &Api) -> Result<Self, Failure> {
        let (mut read, mut ids, mut names) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for kind in kinds_of_files() {
            let items = api.list(&kind.plural).await?;
            for item in &items {
                let (id, name) = (text(&item["id"]), text(&item[kind.key]));
                ids.insert((kind.plural.clone(), name.clone()), id.clone());
                names.insert(id, name);
            }
            read.push((kind, items));
        }
        let (mut things, mut tiers) = (BTreeMap::new(), BTreeMap::new());
        for (kind, items) in read {
            let of_kind: &mut BTreeMap<String, Value> = things.entry(kind.plural.clone()).or_default();
            for mut item in items {
                let name = text(&item[kind.key]);
                each_reference("", &mut item, &mut |_, id| names.get(id).cloned());
                if kind.plural == "agents" {
                    for part in item["queues"].as_array().into_iter().flatten() {
                        let rank = json!({"level": part["level"], "position": part["position"], "skill": part["skill"]});
                        tiers.insert((name.clone(), text(&part["queue"])), rank);
                    }
                }
                of_kind.insert(name, item);
            }
        }
        Ok(Self { things, tiers, ids })
    }

    fn thing(&self, kind: &str, name: &str) -> Option<&Value> {
        self.things.get(kind)?.get(name)
    }

    fn id(&self, kind: &str, name: &str) -> Option<&String> {
        self.ids.get(&(kind.to_owned(), name.to_owned()))
    }

    /// A value with ids for names; the names that nothing has.
    fn with_ids(&self, value: &Map<String, Value>) -> (Value, Vec<String>) {
        let (mut body, mut unknown) = (json!({}), Vec::new());
        for (field, value) in value {
            let (mut value, mut known) = (value.clone(), true);
            each_reference(field, &mut value, &mut |kind, name| {
                let id = self.id(kind, name).cloned();
                known &= id.is_some();
                id
            });
            if known {
                body[field] = value;
            } else {
                unknown.push(field.clone());
            }
        }
        (body, unknown)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Writes the directory as a file that [`apply`] takes.
pub(super) async fn export(api: &Api) -> Result<(), Failure> {
    let directory = Directory::read(api).await?;
    let mut out =
        String::from("# The directory of a tenant; see `cordial apply --help`. Secrets are not in it.\n");
    for kind in kinds_of_files() {
        for thing in directory.things.get(&kind.plural).into_iter().flat_map(BTreeMap::values) {
            let mut written = kind.written(thing);
            written.retain(|_, value| !value.is_null());
            toml::write_table(&mut out, &kind.plural, &written);
        }
    }
    for ((agent, queue), rank) in &directory.tiers {
        let mut tier = rank.as_object().cloned().unwrap_or_default();
        tier.insert("agent".to_owned(), json!(agent));
        tier.insert("queue".to_owned(), json!(queue));
        toml::write_table(&mut out, TIERS, &tier);
    }
    print!("{out}");
    Ok(())
}

/// Makes the directory what a file says.
pub(super) async fn apply(
    api: &Api,
    printer: &Printer,
    file: &Path,
    dry_run: bool,
    prune: bool,
) -> Result<(), Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::Refused(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| refused(&error))?;
    let wanted = toml::read(&text).map_err(|error| refused(&error))?;
    let (mut done, mut waiting) = (0, Vec::new());
    for round in 0..ROUNDS_MAX {
        let directory = Directory::read(api).await?;
        let plan = Plan::of(&wanted, &directory, prune).map_err(|error| refused(&error))?;
        waiting.clear();
        for step in &plan.steps {
            if round == 0 {
                let touches = step.touches(api, &directory).await?;
                printer.line(&step.told(&touches), &step.line(&touches));
            }
            if dry_run {
                continue;
            }
            if carry_out(api, &directory, step).await? {
                done += 1;
            } else {
                waiting.push(step.name.clone());
            }
        }
        if dry_run || plan.steps.is_empty() {
            break;
        }
    }
    if !waiting.is_empty() {
        let names = waiting.join(", ");
        return Err(refused(&format!("these name what is neither there nor in the file: {names}")));
    }
    let said = if dry_run {
        "nothing was changed"
    } else if done == 0 {
        "nothing to do"
    } else {
        "done"
    };
    printer.done(said);
    Ok(())
}

/// Carries a step out; `false` when it has to wait for another, or cannot be.
async fn carry_out(api: &Api, directory: &Directory, step: &Step) -> Result<bool, Failure> {
    if step.kind == TIERS {
        return tier(api, directory, step).await;
    }
    let path = format!("/v1/{}", step.kind);
    // Whatever is new is known by now or in the next round; what names it waits for that.
    let (body, unknown) = directory.with_ids(&step.body);
    match step.what {
        What::Create => {
            let names = unknown.iter().any(|field| field == "destination");
            if names {
                return Ok(false);
            }
            api.post(&path, &body).await?;
        }
        What::Change => {
            if !unknown.is_empty() {
                return Ok(false);
            }
            let id = directory.id(&step.kind, &step.was).cloned().unwrap_or_default();
            api.put(&format!("{path}/{id}"), &body).await?;
        }
        What::Remove => {
            let id = directory.id(&step.kind, &step.name).cloned().unwrap_or_default();
            api.delete(&format!("{path}/{id}")).await?;
        }
    }
    Ok(true)
}

async fn tier(api: &Api, directory: &Directory, step: &Step) -> Result<bool, Failure> {
    let (agent, queue) = (text(&step.body["agent"]), text(&step.body["queue"]));
    let (Some(agent), Some(queue)) = (directory.id("agents", &agent), directory.id("queues", &queue)) else {
        return Ok(false);
    };
    let path = format!("/v1/agents/{agent}/queues/{queue}");
    match step.what {
        What::Create | What::Change => {
            let mut rank = step.body.clone();
            rank.retain(|name, _| name != "agent" && name != "queue");
            api.put(&path, &Value::Object(rank)).await?;
        }
        What::Remove => {
            api.delete(&path).await?;
        }
    }
    Ok(true)
}

/// The kind with that plural.
fn find_kind(plural: &str) -> Option<&'static Kind> {
    kinds_of_files().find(|kind| kind.plural == plural)
}
