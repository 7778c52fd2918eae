//! The kinds of entry of the directory as the command line knows them: what can be written of each is read from the
//! document of the API, so that a field which the API learns can be set here at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::Failure;
use super::api::{Api, Seen};
use super::print::Printer;

/// One kind of entry.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    /// As in paths: `queues`.
    pub(super) plural: String,
    /// What it is found by: `name` or `number`.
    pub(super) key: &'static str,
    /// What can be written, secrets apart.
    pub(super) fields: BTreeSet<String>,
}

/// The kinds that others name come first; those that are not listed come before all.
const ORDER: [&str; 11] = [
    "skills",
    "reasons",
    "dispositions",
    "teams",
    "phone-books",
    "queues",
    "users",
    "agents",
    "devices",
    "trunks",
    "routes",
];

/// Fields whose values are ids, by the last name in their path, and the kind that they name.
const REFERENCES: [(&str, &str); 11] = [
    ("skill", "skills"),
    ("calendar", "calendars"),
    ("user", "users"),
    ("phone_book", "phone-books"),
    ("team", "teams"),
    ("teams", "teams"),
    ("queue", "queues"),
    ("queues", "queues"),
    ("agent", "agents"),
    ("owner", "agents"),
    ("device", "devices"),
];

/// All kinds, in the order in which they can be made.
pub(super) fn kinds() -> &'static [Kind] {
    static KINDS: OnceLock<Vec<Kind>> = OnceLock::new();
    KINDS.get_or_init(|| {
        let document: Value = serde_json::from_str(&crate::http::openapi_json()).unwrap_or_default();
        let mut kinds: Vec<Kind> = document["paths"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|it| kind(&document, it))
            .collect();
        let place = |kind: &Kind| ORDER.iter().position(|it| *it == kind.plural).map_or(0, |place| place + 1);
        kinds.sort_by_key(place);
        kinds
    })
}

/// As [`kinds`], of what a file of the directory holds. Contacts are not among it: there are thousands, no name or number
/// is theirs alone, and they have files of their own.
pub(super) fn kinds_of_files() -> impl DoubleEndedIterator<Item = &'static Kind> {
    kinds().iter().filter(|kind| kind.plural != "contacts")
}

/// The kind of a path such as `/v1/queues/{id}`, where an entry can be written.
fn kind(document: &Value, (path, methods): (&String, &Value)) -> Option<Kind> {
    let plural = path.strip_prefix("/v1/")?.strip_suffix("/{id}")?;
    let schema = &methods["put"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let schema = schema.as_str()?.strip_prefix("#/components/schemas/")?;
    let properties = document["components"]["schemas"][schema]["properties"].as_object()?;
    let written = properties.iter().filter(|(_, property)| property["writeOnly"] != true);
    let fields: BTreeSet<String> = written.map(|(name, _)| name.clone()).collect();
    let key = if fields.contains("name") { "name" } else { "number" };
    Some(Kind { plural: plural.to_owned(), key, fields })
}

/// The kind of a plural.
pub(super) fn kind_of(plural: &str) -> Result<&'static Kind, Failure> {
    let found = kinds().iter().find(|kind| kind.plural == plural);
    found.ok_or_else(|| Failure::Internal(format!("the API has no {plural}")))
}

impl Kind {
    /// One of them: `queue`.
    pub(super) fn one(&self) -> &str {
        self.plural.strip_suffix('s').unwrap_or(&self.plural)
    }

    /// What of a thing that was read can be written back.
    pub(super) fn written(&self, read: &Value) -> Map<String, Value> {
        let members = read.as_object().into_iter().flatten();
        members.filter(|(name, _)| self.fields.contains(*name)).map(|(n, v)| (n.clone(), v.clone())).collect()
    }
}

/// The kind that a field names by id, if it does.
fn referenced(field: &str) -> Option<&'static str> {
    REFERENCES.iter().find(|(name, _)| *name == field).map(|(_, kind)| *kind)
}

/// Puts what `put` gives in place of every id, or name, of a value of that field.
pub(super) fn each_reference(
    field: &str,
    value: &mut Value,
    put: &mut impl FnMut(&'static str, &str) -> Option<String>,
) {
    match value {
        Value::String(text) => {
            if let Some(other) = referenced(field).and_then(|kind| put(kind, text)) {
                *text = other;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_reference(field, item, put)),
        Value::Object(members) => {
            for (name, member) in members {
                each_reference(name, member, put);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts ids in place of names, asking the server for each.
async fn named(api: &Api, field: &str, value: &mut Value) -> Result<(), Failure> {
    let mut wanted = Vec::new();
    each_reference(field, value, &mut |kind, name| {
        wanted.push((kind, name.to_owned()));
        None
    });
    let mut ids = BTreeMap::new();
    for (kind, name) in wanted {
        let id = api.id(kind, &name).await?;
        ids.insert((kind, name), id);
    }
    each_reference(field, value, &mut |kind, name| ids.get(&(kind, name.to_owned())).cloned());
    Ok(())
}

/// Shows one thing.
pub(super) async fn show(api: &Api, printer: &Printer, plural: &str, which: &str) -> Result<(), Failure> {
    let id = api.id(plural, which).await?;
    printer.record(&api.get(&format!("/v1/{plural}/{id}")).await?);
    Ok(())
}

/// Changes fields of one thing, and only if nobody else changed it meanwhile.
pub(super) async fn set(
    api: &Api,
    printer: &Printer,
    plural: &str,
    which: &str,
    changes: &[String],
) -> Result<(), Failure> {
    let kind = kind_of(plural)?;
    let path = format!("/v1/{plural}/{}", api.id(plural, which).await?);
    let Seen { value, tag } = api.see(&path).await?;
    let mut entry = Value::Object(kind.written(&value));
    for change in changes {
        let (field, mut value) = read_change(kind, change)?;
        let last = field.rsplit('.').next().unwrap_or(field);
        named(api, last, &mut value).await?;
        put_at(&mut entry, field, value);
    }
    printer.record(&api.put_if(&path, &entry, &tag).await?);
    Ok(())
}

/// `field=value`: JSON where it is JSON, else text.
fn read_change<'a>(kind: &Kind, change: &'a str) -> Result<(&'a str, Value), Failure> {
    let (field, value) = change.split_once('=').ok_or_else(|| {
        Failure::Refused(format!("\"{change}\" is no change; say FIELD=VALUE, such as {}=new", kind.key))
    })?;
    let first = field.split('.').next().unwrap_or_default();
    if !kind.fields.contains(first) {
        let fields: Vec<&str> = kind.fields.iter().map(String::as_str).collect();
        let all = fields.join(", ");
        return Err(Failure::Refused(format!("a {} has no field \"{first}\"; there are: {all}", kind.one())));
    }
    // Names and numbers are text even where they look like a count.
    let is_text = matches!(field, "name" | "number" | "display_name" | "caller_number") && value != "null";
    let parsed = if is_text { None } else { serde_json::from_str(value).ok() };
    Ok((field, parsed.unwrap_or_else(|| json!(value))))
}

/// Puts a value at a path such as `overflow.queue`.
fn put_at(entry: &mut Value, path: &str, value: Value) {
    let mut place = entry;
    for name in path.split('.') {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[name];
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_api_is_known_with_what_can_be_written() {
        let plurals: Vec<&str> = kinds().iter().map(|kind| kind.plural.as_str()).collect();
        for known in ORDER {
            assert!(plurals.contains(&known), "{known} is not in {plurals:?}");
        }
        let queue = kind_of("queues").unwrap();
        assert!(queue.fields.contains("wrap_up_ms") && !queue.fields.contains("state"));
        assert!(!kind_of("users").unwrap().fields.contains("password"), "a secret is no field");
        assert_eq!(
            (kind_of("devices").unwrap().key, kind_of("devices").unwrap().one()),
            ("number", "device")
        );
    }

    #[test]
    fn a_change_names_a_field_and_a_value() {
        let queue = kind_of("queues").unwrap();
        assert_eq!(read_change(queue, "wrap_up_ms=5000").unwrap(), ("wrap_up_ms", json!(5000)));
        assert_eq!(read_change(queue, "number=800").unwrap(), ("number", json!("800")));
        assert_eq!(read_change(queue, "number=null").unwrap(), ("number", Value::Null));
        assert_eq!(read_change(queue, "overflow.to=clear").unwrap(), ("overflow.to", json!("clear")));
        let told = read_change(queue, "colour=red").unwrap_err().to_string();
        assert!(told.starts_with("a queue has no field \"colour\"; there are: at_closing, auto_"), "{told}");
        assert!(read_change(queue, "record").is_err());
        let mut entry = json!({"overflow": {"to": "clear"}});
        put_at(&mut entry, "treatment.music", json!("jazz"));
        assert_eq!(entry, json!({"overflow": {"to": "clear"}, "treatment": {"music": "jazz"}}));
    }
}
