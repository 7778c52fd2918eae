//! The vendor's document: what it says of answers, and which of its operations were visited.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

const DOCUMENT: &str = include_str!("call-queues.openapi.json");

/// The vendor's document.
pub(crate) struct Document {
    /// Method, path and answers, by the operation's name.
    operations: BTreeMap<String, (String, String, Value)>,
    visited: BTreeSet<String>,
}

impl Document {
    pub(crate) fn read() -> Self {
        let document: Value = serde_json::from_str(DOCUMENT).expect("JSON");
        let mut operations = BTreeMap::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let name = operation["operationId"].as_str().expect("a name").to_owned();
                let told = (method.to_uppercase(), path.clone(), operation["responses"].clone());
                operations.insert(name, told);
            }
        }
        Self { operations, visited: BTreeSet::new() }
    }

    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.operations.keys().cloned().collect()
    }

    /// Method and path of an operation.
    pub(crate) fn place(&self, name: &str) -> (String, String) {
        let (method, path, _) = &self.operations[name];
        (method.clone(), path.clone())
    }

    /// Checks an answer against what the document says of it.
    pub(crate) fn check(&mut self, name: &str, status: u16, body: &str) {
        self.visited.insert(name.to_owned());
        let (_, _, answers) = &self.operations[name];
        let answer = answers.get(status.to_string()).or_else(|| answers.get(format!("{}XX", status / 100)));
        let answer = answer.unwrap_or_else(|| panic!("{name}: {status} is not in the document: {body}"));
        if status >= 400 {
            let problem: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{name}: {body}"));
            for fault in problem["errors"].as_array().expect("a list of errors") {
                assert!(fault["code"].is_string() && fault["message"].is_string(), "{name}: {problem}");
            }
            return;
        }
        let schema = &answer["content"]["application/json"]["schema"];
        if schema.is_null() {
            return;
        }
        let told: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{name}: {body}"));
        let validator = jsonschema::validator_for(schema).expect("a schema");
        let faults: Vec<String> = validator.iter_errors(&told).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}: {told}");
        check_known(name, schema, &told);
    }

    /// Fails when an operation was never visited.
    pub(crate) fn all_visited(&self) {
        let missing: Vec<_> = self.names().difference(&self.visited).cloned().collect();
        assert!(missing.is_empty(), "no test visits {missing:?}");
    }
}

/// No answer has a member that the document does not know.
fn check_known(name: &str, schema: &Value, told: &Value) {
    match told {
        Value::Object(members) => {
            for (member, value) in members {
                let known = &schema["properties"][member];
                assert!(!known.is_null(), "{name}: {member} is not in the document");
                check_known(name, known, value);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| check_known(name, &schema["items"], item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
