//! Commands about phone books, contacts and reasons.

use std::path::Path;

use cordial_dialects::native::decode::{ContactFile, ContactRow};
use cordial_dialects::native::limits::IMPORT_MAX;
use serde_json::{Value, json};

use super::Failure;
use super::api::{Api, object};
use super::arguments::{ContactVerb, OneContact, PhoneBookVerb, ReasonVerb};
use super::directory::remove;
use super::kinds::{set, show};
use super::print::Printer;

/// Rows that one request takes, so that a long import is seen to go on.
const ROWS_AT_ONCE: usize = 500;

pub(super) async fn phone_book(api: &Api, printer: &Printer, verb: &PhoneBookVerb) -> Result<(), Failure> {
    const KIND: &str = "phone-books";
    match verb {
        PhoneBookVerb::List => {
            printer.list(&api.list(KIND).await?, &[("name", "name"), ("team", "team"), ("id", "id")]);
        }
        PhoneBookVerb::Add { name, team } => {
            let body = object([("name", Some(json!(name))), ("team", perhaps(api, "teams", team).await?)]);
            printer.record(&api.post("/v1/phone-books", &body).await?);
        }
        PhoneBookVerb::Show { which } => show(api, printer, KIND, which).await?,
        PhoneBookVerb::Set { which, changes } => set(api, printer, KIND, which, changes).await?,
        PhoneBookVerb::Remove { which, contacts } => {
            let id = api.id(KIND, which).await?;
            if *contacts {
                api.delete(&format!("/v1/phone-books/{id}/contacts")).await?;
            }
            remove(api, printer, KIND, &id).await?;
        }
    }
    Ok(())
}

pub(super) async fn contact(api: &Api, printer: &Printer, verb: &ContactVerb) -> Result<(), Failure> {
    const KIND: &str = "contacts";
    match verb {
        ContactVerb::List { phone_book } => {
            let columns = [
                ("first name", "first_name"),
                ("last name", "last_name"),
                ("number", "number"),
                ("description", "description"),
                ("id", "id"),
            ];
            printer.list(&contacts(api, phone_book.as_ref()).await?, &columns);
        }
        ContactVerb::Add { number, phone_book, first_name, last_name, description } => {
            let given = |text: &Option<String>| text.as_ref().map(|text| json!(text));
            let body = object([
                ("phone_book", Some(json!(api.id("phone-books", phone_book).await?))),
                ("first_name", given(first_name)),
                ("last_name", given(last_name)),
                ("number", Some(json!(number))),
                ("description", given(description)),
            ]);
            printer.record(&api.post("/v1/contacts", &body).await?);
        }
        ContactVerb::Show(one) => show(api, printer, KIND, &id(api, one).await?).await?,
        ContactVerb::Set { one, changes } => set(api, printer, KIND, &id(api, one).await?, changes).await?,
        ContactVerb::Remove(one) => remove(api, printer, KIND, &id(api, one).await?).await?,
        ContactVerb::Import { file, phone_book } => import(api, printer, file, phone_book).await?,
    }
    Ok(())
}

pub(super) async fn reason(api: &Api, printer: &Printer, verb: &ReasonVerb) -> Result<(), Failure> {
    const KIND: &str = "reasons";
    match verb {
        ReasonVerb::List => {
            let columns = [
                ("name", "name"),
                ("for", "category"),
                ("absence", "absence"),
                ("team", "team"),
                ("id", "id"),
            ];
            printer.list(&api.list(KIND).await?, &columns);
        }
        ReasonVerb::Add { name, category, team } => {
            let body = object([
                ("name", Some(json!(name))),
                ("category", category.map(|category| json!(category.word()))),
                ("team", perhaps(api, "teams", team).await?),
            ]);
            printer.record(&api.post("/v1/reasons", &body).await?);
        }
        ReasonVerb::Show { which } => show(api, printer, KIND, which).await?,
        ReasonVerb::Set { which, changes } => set(api, printer, KIND, which, changes).await?,
        ReasonVerb::Remove { which } => remove(api, printer, KIND, which).await?,
    }
    Ok(())
}

/// The id of a thing that need not be named.
async fn perhaps(api: &Api, kind: &str, which: &Option<String>) -> Result<Option<Value>, Failure> {
    match which {
        Some(which) => Ok(Some(json!(api.id(kind, which).await?))),
        None => Ok(None),
    }
}

async fn contacts(api: &Api, book: Option<&String>) -> Result<Vec<Value>, Failure> {
    match book {
        Some(book) => {
            let book = api.id("phone-books", book).await?;
            api.filtered("contacts", &format!("phone_book={book}")).await
        }
        None => api.list("contacts").await,
    }
}

/// The id of the only contact with that name or number, or the id itself.
async fn id(api: &Api, one: &OneContact) -> Result<String, Failure> {
    let which = one.which.trim();
    if which.len() == 32 && which.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(which.to_owned());
    }
    let all = contacts(api, one.phone_book.as_ref()).await?;
    let found: Vec<&Value> =
        all.iter().filter(|it| full_name(it) == which || it["number"] == which).collect();
    match found.as_slice() {
        [only] => Ok(only["id"].as_str().unwrap_or_default().to_owned()),
        [] => Err(Failure::NotFound(format!(
            "no contact has the name or number \"{which}\" (see `cordial contact list`)"
        ))),
        several => {
            let lines = several.iter().map(|it| {
                let text = |field: &str| it[field].as_str().unwrap_or_default().to_owned();
                format!("\n  {}  {}  {}", text("id"), full_name(it), text("number"))
            });
            Err(Failure::Refused(format!(
                "several contacts are \"{which}\"; say which by id, or the book by --phone-book:{}",
                lines.collect::<String>()
            )))
        }
    }
}

fn full_name(contact: &Value) -> String {
    let names = ["first_name", "last_name"].map(|field| contact[field].as_str().unwrap_or_default());
    names.join(" ").trim().to_owned()
}

async fn import(api: &Api, printer: &Printer, file: &Path, book: &str) -> Result<(), Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::Refused(format!("{}: {error}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| refused(&error))?.len();
    if size > IMPORT_MAX as u64 {
        return Err(refused(&format!("has {size} bytes, and {IMPORT_MAX} are the most")));
    }
    let bytes = std::fs::read(file).map_err(|error| refused(&error))?;
    let read = ContactFile::read(&bytes).map_err(|why| refused(&why))?;
    let book = api.id("phone-books", book).await?;
    let mut total = Total { unchanged: u64::from(read.repeated), ..Total::default() };
    for refusal in &read.refusals {
        total.refuse(refusal.line, json!({ "line": refusal.line, "column": null, "detail": refusal.detail }));
    }
    let mut done = 0;
    for rows in read.rows.chunks(ROWS_AT_ONCE) {
        let table = table(rows).map_err(|error| Failure::Internal(error.to_string()))?;
        total.add(rows, &api.post_csv(&format!("/v1/phone-books/{book}/import"), table).await?);
        done += rows.len();
        if read.rows.len() > ROWS_AT_ONCE {
            eprintln!("{done} of {} rows", read.rows.len());
        }
    }
    total.tell(printer, &read.ignored_columns);
    Ok(())
}

/// Rows as a file again.
fn table(rows: &[ContactRow]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let described = rows.iter().any(|row| row.description.is_some());
    let header = ["number", "first_name", "last_name", "description"];
    let columns = if described { header.len() } else { header.len() - 1 };
    writer.write_record(&header[..columns])?;
    for row in rows {
        let description = row.description.as_deref().unwrap_or_default();
        let fields = [row.number.as_str(), &row.first_name, &row.last_name, description];
        writer.write_record(&fields[..columns])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// What became of all rows.
#[derive(Default)]
struct Total {
    added: u64,
    changed: u64,
    unchanged: u64,
    refused: Vec<(u64, Value)>,
}

impl Total {
    fn refuse(&mut self, line: u64, told: Value) {
        self.refused.push((line, told));
    }

    /// Adds what was done with some rows, whose lines are told as they are in the file.
    fn add(&mut self, rows: &[ContactRow], report: &Value) {
        let count = |field: &str| report[field].as_u64().unwrap_or_default();
        self.added += count("added");
        self.changed += count("changed");
        self.unchanged += count("unchanged");
        for told in report["refusals"].as_array().into_iter().flatten() {
            // A field has no line break, so that the rows stand one below the other, from the second line on.
            let place = told["line"].as_u64().and_then(|line| usize::try_from(line.checked_sub(2)?).ok());
            let line = place.and_then(|place| rows.get(place)).map_or(0, |row| row.line);
            let mut told = told.clone();
            told["line"] = json!(line);
            self.refuse(line, told);
        }
    }

    fn tell(mut self, printer: &Printer, ignored: &[String]) {
        self.refused.sort_by_key(|(line, _)| *line);
        let Self { added, changed, unchanged, refused } = self;
        let refusals: Vec<Value> = refused.into_iter().map(|(_, told)| told).collect();
        let mut text = String::new();
        for told in &refusals {
            let column = told["column"].as_str().map(|column| format!("{column} ")).unwrap_or_default();
            let detail = told["detail"].as_str().unwrap_or_default();
            text.push_str(&format!("line {}: {column}{detail}\n", told["line"]));
        }
        if !ignored.is_empty() {
            text.push_str(&format!("columns that are no contact's: {}\n", ignored.join(", ")));
        }
        let refused = refusals.len();
        text.push_str(&format!("{added} added, {changed} changed, {unchanged} unchanged, {refused} refused"));
        let value = json!({
            "added": added,
            "changed": changed,
            "unchanged": unchanged,
            "refused": refused,
            "refusals": refusals,
            "ignored_columns": ignored,
        });
        printer.line(&value, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_by_the_lines_of_the_file() {
        let file = b"last_name,number\nLee,1\n\n,2\n\"Ray\n\",3\n,4\n";
        let read = ContactFile::read(file).unwrap();
        let text = String::from_utf8(table(&read.rows).unwrap()).unwrap();
        assert_eq!(text, "number,first_name,last_name\n1,,Lee\n2,,\n3,,Ray\n4,,\n");
        let refusal = |line: u64| json!({"line": line, "column": "last_name", "detail": "must not be empty"});
        let mut total = Total::default();
        total.add(&read.rows, &json!({"added": 2, "refused": 2, "refusals": [refusal(3), refusal(5)]}));
        let lines: Vec<u64> = total.refused.iter().map(|(line, _)| *line).collect();
        assert_eq!((total.added, lines), (2, vec![4, 7]));
    }
}
