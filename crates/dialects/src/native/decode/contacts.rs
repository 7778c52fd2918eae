//! Phone books and contacts, from bodies and from files of comma-separated values.

use std::collections::BTreeSet;

use cordial_engine::entry::{self, Entry};
use cordial_engine::id::{PhoneBookId, TeamId};
use csv::{ByteRecord, ReaderBuilder};

use super::{EntryBody, Faults, Fields};
use crate::names::Find;
use crate::native::limits::{IMPORT_COLUMNS_MAX, IMPORT_ROWS_MAX};
use crate::native::wire::{self, Id, RowRefusal};

impl EntryBody for wire::PhoneBook {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let name = f.name("/name", &self.name);
        let team = f.perhaps(self.team, |f, id| f.entry::<TeamId>("/team", id));
        f.finish(|| Some(Entry::PhoneBook(entry::PhoneBook { name: name?, team: team? })))
    }
}

impl EntryBody for wire::Contact {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let phone_book = f.entry::<PhoneBookId>("/phone_book", self.phone_book);
        let first_name = f.text("/first_name", &self.first_name);
        let last_name = f.text("/last_name", &self.last_name);
        let number = f.number("/number", &self.number);
        let description = f.text("/description", &self.description);
        f.finish(|| {
            Some(Entry::Contact(Box::new(entry::Contact {
                phone_book: phone_book?,
                first_name: first_name?,
                last_name: last_name?,
                number: number?,
                description: description?,
            })))
        })
    }
}

/// A file of contacts: a header, then one contact per row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactFile {
    /// Each name with a number once, as it stands first.
    pub rows: Vec<ContactRow>,
    /// Rows that say what an earlier one said.
    pub repeated: u32,
    /// Rows that are no text.
    pub refusals: Vec<RowRefusal>,
    /// Columns that are none of a contact's.
    pub ignored_columns: Vec<String>,
}

/// One contact of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRow {
    /// Where the row begins; the first line of the file is 1.
    pub line: u64,
    /// As it stands there.
    pub first_name: String,
    /// As it stands there.
    pub last_name: String,
    /// Without the blanks and brackets that people write into numbers.
    pub number: String,
    /// Absent when the file has no such column.
    pub description: Option<String>,
}

/// Counts the lines of a file.
///
/// A record's own position has them wrong where lines end in CR LF or are empty: it is where the record before it ended.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// Where a record begins, which comes after those that were asked for before.
    fn of(&mut self, record: &ByteRecord) -> u64 {
        let begin = record.position().and_then(|place| usize::try_from(place.byte()).ok()).unwrap_or(self.at);
        while let Some(byte) = self.bytes.get(self.at) {
            let ends_line = match byte {
                b'\n' => true,
                b'\r' => self.bytes.get(self.at + 1) != Some(&b'\n'),
                _ => false,
            };
            if self.at >= begin && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(ends_line);
            self.at += 1;
        }
        self.line
    }
}

/// The columns of a contact; a file need not have all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    FirstName,
    LastName,
    Number,
    Description,
}

impl Column {
    const ALL: [Self; 4] = [Self::FirstName, Self::LastName, Self::Number, Self::Description];

    /// By its name, whatever the case and whatever stands between its words.
    fn named(name: &str) -> Option<Self> {
        let letters = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
        match letters.collect::<String>().as_str() {
            "firstname" => Some(Self::FirstName),
            "lastname" => Some(Self::LastName),
            "number" | "phonenumber" => Some(Self::Number),
            "description" => Some(Self::Description),
            _ => None,
        }
    }
}

impl ContactFile {
    /// Reads a file in UTF-8, with or without a byte order mark. Where the header has a semicolon and no comma,
    /// semicolons separate: spreadsheets of half the world write them.
    ///
    /// # Errors
    /// What keeps the file as a whole from being read.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
        let header = lines.find(|line| !line.is_empty()).unwrap_or_default();
        let semicolons = header.contains(&b';') && !header.contains(&b',');
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(if semicolons { b';' } else { b',' })
            .from_reader(bytes);
        let mut records = reader.byte_records();
        let mut file = Self::default();
        let header = match records.next() {
            None => return Err("there is no header with the names of the columns".to_owned()),
            Some(header) => header.map_err(|error| error.to_string())?,
        };
        let places = file.columns(&header)?;
        let mut seen = BTreeSet::new();
        let mut lines = Lines { bytes, at: 0, line: 1 };
        for (count, record) in records.enumerate() {
            if count >= IMPORT_ROWS_MAX {
                return Err(format!("there are more than {IMPORT_ROWS_MAX} rows"));
            }
            let record = record.map_err(|error| error.to_string())?;
            let line = lines.of(&record);
            file.take(&places, &record, line, &mut seen);
        }
        Ok(file)
    }

    /// Which field of a row is which column.
    fn columns(&mut self, header: &ByteRecord) -> Result<Vec<Option<Column>>, String> {
        if header.len() > IMPORT_COLUMNS_MAX {
            return Err(format!("there are more than {IMPORT_COLUMNS_MAX} columns"));
        }
        let mut places = Vec::new();
        for name in header {
            let name = String::from_utf8_lossy(name);
            let column = Column::named(&name);
            if column.is_some() && places.contains(&column) {
                return Err(format!("the column {} is there twice", name.trim()));
            }
            if column.is_none() {
                self.ignored_columns.push(name.trim().chars().take(64).collect());
            }
            places.push(column);
        }
        if !places.contains(&Some(Column::Number)) {
            return Err("the first row must name the columns, one of them number".to_owned());
        }
        Ok(places)
    }

    fn take(
        &mut self,
        places: &[Option<Column>],
        record: &ByteRecord,
        line: u64,
        seen: &mut BTreeSet<(String, String, String)>,
    ) {
        let field = |wanted: Column| {
            let place = places.iter().position(|column| *column == Some(wanted))?;
            Some(std::str::from_utf8(record.get(place).unwrap_or_default()).map(str::trim))
        };
        let [Ok(first_name), Ok(last_name), Ok(number), Ok(description)] =
            Column::ALL.map(|it| field(it).transpose())
        else {
            let detail = "must be text in UTF-8".to_owned();
            self.refusals.push(RowRefusal { line, column: None, detail });
            return;
        };
        // Spreadsheets leave rows of separators behind.
        if [first_name, last_name, number, description].into_iter().flatten().all(str::is_empty) {
            return;
        }
        // Cells have lines where fields have one.
        let own = |text: Option<&str>| text.unwrap_or_default().replace(['\r', '\n'], " ");
        let mut number = own(number);
        number.retain(|c| !c.is_whitespace() && !matches!(c, '(' | ')'));
        let (first_name, last_name) = (own(first_name), own(last_name));
        if seen.insert((last_name.clone(), first_name.clone(), number.clone())) {
            let description = description.map(|text| own(Some(text)));
            self.rows.push(ContactRow { line, first_name, last_name, number, description });
        } else {
            self.repeated += 1;
        }
    }
}

impl ContactRow {
    /// As it is written to that book.
    pub fn body(&self, phone_book: Id) -> wire::Contact {
        wire::Contact {
            phone_book,
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            number: self.number.clone(),
            description: self.description.clone().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "tests hand their expectations over")]
    fn check(file: impl AsRef<[u8]>, want: Expect) {
        let told = match ContactFile::read(file.as_ref()) {
            Err(why) => why,
            Ok(file) => {
                let rows = file.rows.iter().map(|row| {
                    let ContactRow { line, first_name, last_name, number, description } = row;
                    format!("{line}: {first_name}|{last_name}|{number}|{description:?}\n")
                });
                let refused = file.refusals.iter().map(|no| format!("{}: {}\n", no.line, no.detail));
                let rest = format!("repeated {}, ignored {:?}", file.repeated, file.ignored_columns);
                rows.chain(refused).collect::<String>() + &rest
            }
        };
        want.assert_eq(&told);
    }

    #[test]
    fn columns_are_found_by_name_in_any_order_and_case() {
        check(
            "Phone Number,LAST_NAME,firstName,Fax\r\n+49 (30) 123 456,Lee,\"Ann, Dr.\",1\r\n,,,\r\n\r\n0177,,Bob\r\n",
            expect![[r#"
                2: Ann, Dr.|Lee|+4930123456|None
                5: Bob||0177|None
                repeated 0, ignored ["Fax"]"#]],
        );
    }

    #[test]
    fn a_file_of_a_spreadsheet_may_have_a_mark_and_semicolons() {
        check(
            "\u{feff}number;first name;description\n1;Ann;\"two\nlines, here\"\n2;Bob;x\n1;Ann;y\n",
            expect![[r#"
                2: Ann||1|Some("two lines, here")
                4: Bob||2|Some("x")
                repeated 1, ignored []"#]],
        );
    }

    #[test]
    fn what_is_no_text_is_refused_by_line() {
        check(
            b"number,last_name\n1,Ann\n2,M\xfcller\n3,Bob\n",
            expect![[r#"
                2: |Ann|1|None
                4: |Bob|3|None
                3: must be text in UTF-8
                repeated 0, ignored []"#]],
        );
    }

    #[test]
    fn a_file_without_a_number_or_with_too_much_is_refused_whole() {
        check("", expect!["there is no header with the names of the columns"]);
        check("Ann,Lee,1\n", expect!["the first row must name the columns, one of them number"]);
        check("number,Number\n", expect!["the column Number is there twice"]);
        check(",".repeat(300), expect!["there are more than 64 columns"]);
        let long = "number\n".to_owned() + &"1\n".repeat(IMPORT_ROWS_MAX + 1);
        check(long, expect!["there are more than 10000 rows"]);
    }
}
