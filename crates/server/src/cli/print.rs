//! Results, for people or for programs.

use std::io::Write as _;

use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use super::arguments::Form;

/// Shows results in the form that was asked for.
pub struct Printer {
    form: Form,
    colour: bool,
}

/// A column: its title and the path of its value, such as `duty.state`.
pub(crate) type Column = (&'static str, &'static str);

impl Printer {
    pub(super) fn new(form: Form) -> Self {
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
        Self { form, colour: terminal && std::env::var_os("NO_COLOR").is_none() }
    }

    /// Many things of one kind.
    pub(crate) fn list(&self, items: &[Value], columns: &[Column]) {
        match self.form {
            Form::Json => self.json(&Value::Array(items.to_vec())),
            Form::Table => self.out(&self.table(items, columns)),
        }
    }

    /// One thing, member by member.
    pub fn record(&self, value: &Value) {
        match self.form {
            Form::Json => self.json(value),
            Form::Table => {
                let mut lines = Vec::new();
                flatten("", value, &mut lines);
                let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
                let text: Vec<String> =
                    lines.iter().map(|(name, value)| format!("{name:width$}  {value}")).collect();
                self.out(&text.join("\n"));
            }
        }
    }

    /// That something was done, where there is nothing else to show.
    pub(super) fn done(&self, what: &str) {
        match self.form {
            Form::Json => self.json(&serde_json::json!({ "done": what })),
            Form::Table => self.out(what),
        }
    }

    /// One line of a stream: for programs the value, for people `text`.
    pub fn line(&self, value: &Value, text: &str) {
        match self.form {
            Form::Json => self.out(&inert(&value.to_string())),
            Form::Table => self.out(&text.lines().map(plain).collect::<Vec<_>>().join("\n")),
        }
    }

    fn json(&self, value: &Value) {
        self.out(&inert(&serde_json::to_string_pretty(value).expect("a JSON value is JSON")));
    }

    fn out(&self, text: &str) {
        if let Err(error) = writeln!(std::io::stdout(), "{text}") {
            // Whoever read our output has ended (`cordial events | head`): nobody is left to go on for.
            if error.kind() != std::io::ErrorKind::BrokenPipe {
                eprintln!("cordial: standard output cannot be written: {error}");
                std::process::exit(1);
            }
            std::process::exit(0);
        }
    }

    fn table(&self, items: &[Value], columns: &[Column]) -> String {
        let mut table = Table::new();
        table
            .load_preset(comfy_table::presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(columns.iter().map(|(title, _)| title.to_uppercase()));
        for item in items {
            table.add_row(columns.iter().map(|(_, path)| shown(at(item, path))));
        }
        let mut lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
        if let Some(header) = lines.first_mut().filter(|_| self.colour) {
            *header = format!("\u{1b}[1m{header}\u{1b}[0m");
        }
        lines.join("\n")
    }
}

/// The value at a path such as `duty.state`.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, name| &value[name])
}

/// A value in a cell. Text of strangers (a caller's name) must not steer the terminal.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => plain(text),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(_) => plain(&value.to_string()),
    }
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// Whether a terminal would obey a character instead of showing it, or show what follows in another order.
fn steers(c: char) -> bool {
    let reorders = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || reorders
}

/// JSON with its own escapes for what would steer a terminal: DEL and beyond, which JSON allows in a text. The line ends
/// between the values stay.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if steers(c) && c != '\n' {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

fn flatten(prefix: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&name, value, lines);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            lines.push((prefix.to_owned(), shown(value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use serde_json::json;

    #[test]
    fn a_list_is_a_table_with_one_line_for_each_thing() {
        let items = [
            json!({"name": "ann", "duty": {"state": "ready"}, "number": null}),
            json!({"name": "bob\u{1b}[31m", "duty": {"state": "not_ready"}, "number": "101"}),
        ];
        let printer = Printer { form: Form::Table, colour: false };
        let table = printer.table(&items, &[("name", "name"), ("duty", "duty.state"), ("number", "number")]);
        expect![[r#"
             NAME      DUTY       NUMBER
             ann       ready      -
             bob�[31m  not_ready  101"#]]
        .assert_eq(&table);
    }

    #[test]
    fn text_of_strangers_steers_no_terminal_as_json_either_and_stays_the_same_text() {
        let value = json!({ "name": "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}b\n" });
        let shown = inert(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!shown.chars().any(|c| steers(c) && c != '\n'), "{shown:?}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        assert_eq!(plain("a\u{9b}31m\u{202e}b"), "a\u{fffd}31m\u{fffd}b");
    }

    #[test]
    fn one_thing_is_shown_member_by_member() {
        let mut lines = Vec::new();
        flatten(
            "",
            &json!({"device": {"id": "1", "legs": 0}, "secret": {"password": "x"}, "on": true}),
            &mut lines,
        );
        let lines: Vec<String> = lines.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(lines, ["device.id=1", "device.legs=0", "on=yes", "secret.password=x"]);
    }
}
