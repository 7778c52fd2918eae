//! TOML in and out, as far as a directory needs it.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use toml_edit::{Document, Item, Table};

/// The tables of a file: for each kind the things that it lists.
pub(super) type Wanted = Vec<(String, Vec<Map<String, Value>>)>;

/// Reads a file of `[[kind]]` tables.
pub(super) fn read(text: &str) -> Result<Wanted, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let mut wanted = Vec::new();
    for (kind, item) in document.as_table() {
        let Some(tables) = item.as_array_of_tables() else {
            return Err(format!("{kind} must be a list of tables: [[{kind}]]"));
        };
        let things = tables.iter().map(of_table).collect::<Result<Vec<_>, _>>()?;
        wanted.push((kind.to_owned(), things));
    }
    Ok(wanted)
}

fn of_table(table: &Table) -> Result<Map<String, Value>, String> {
    table.iter().map(|(name, item)| Ok((name.to_owned(), of_item(name, item)?))).collect()
}

fn of_item(name: &str, item: &Item) -> Result<Value, String> {
    match item {
        Item::Value(value) => of_value(name, value),
        Item::Table(table) => Ok(Value::Object(of_table(table)?)),
        Item::ArrayOfTables(tables) => {
            let tables = tables.iter().map(|table| of_table(table).map(Value::Object));
            Ok(Value::Array(tables.collect::<Result<_, _>>()?))
        }
        Item::None => Err(format!("{name} has no value")),
    }
}

fn of_value(name: &str, value: &toml_edit::Value) -> Result<Value, String> {
    use toml_edit::Value as Toml;
    match value {
        Toml::String(text) => Ok(json!(text.value())),
        Toml::Integer(number) => Ok(json!(number.value())),
        Toml::Boolean(yes) => Ok(json!(yes.value())),
        Toml::Array(items) => {
            Ok(Value::Array(items.iter().map(|item| of_value(name, item)).collect::<Result<_, _>>()?))
        }
        Toml::InlineTable(table) => {
            let members = table.iter().map(|(name, value)| Ok((name.to_owned(), of_value(name, value)?)));
            Ok(Value::Object(members.collect::<Result<_, String>>()?))
        }
        Toml::Float(_) | Toml::Datetime(_) => {
            Err(format!("{name} must be text, a whole number, true or false"))
        }
    }
}

/// Writes one thing as a `[[kind]]` table.
pub(super) fn write_table(out: &mut String, kind: &str, members: &Map<String, Value>) {
    let _ = writeln!(out, "\n[[{kind}]]");
    // The name first, for people.
    let first = |name: &&String| !matches!(name.as_str(), "name" | "number" | "agent");
    let mut names: Vec<&String> = members.keys().collect();
    names.sort_by_key(|name| (first(name), *name));
    for name in names {
        let _ = writeln!(out, "{name} = {}", written(&members[name]));
    }
}

/// A value on one line. Absent members are left out: TOML has no word for nothing.
fn written(value: &Value) -> String {
    match value {
        // JSON's escapes are TOML's, but for DEL, which JSON does not escape and TOML forbids.
        Value::String(_) => value.to_string().replace('\u{7f}', "\\u007F"),
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let some = members.iter().filter(|(_, value)| !value.is_null());
            let all: Vec<String> = some.map(|(name, value)| format!("{name} = {}", written(value))).collect();
            format!("{{ {} }}", all.join(", "))
        }
        Value::Null => "\"\"".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let thing = json!({
            "name": "Sales \"A\"\n\u{7f}ü", "number": "800", "record": true, "offer_ms": 15000,
            "overflow": {"to": "queue", "queue": "Other"}, "reach": [{"after_ms": 0}, {"after_ms": 9}], "teams": []
        });
        let mut out = String::new();
        write_table(&mut out, "queues", thing.as_object().unwrap());
        assert!(out.starts_with("\n[[queues]]\nname = "), "{out}");
        assert_eq!(read(&out).unwrap(), [("queues".to_owned(), vec![thing.as_object().unwrap().clone()])]);
    }

    #[test]
    fn what_is_no_directory_is_refused_with_the_reason() {
        assert!(read("[[queues]\n").is_err());
        assert_eq!(read("[queues]\nname = 1\n").unwrap_err(), "queues must be a list of tables: [[queues]]");
        assert!(read("[[queues]]\nweight = 1.5\n").unwrap_err().starts_with("weight must be"));
    }
}
