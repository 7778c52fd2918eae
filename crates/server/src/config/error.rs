//! Faults of a configuration, told with file, line, key and what would be right.

use std::fmt;
use std::path::Path;

use figment::error::Kind;
use toml_edit::Document;

/// One fault, as it is shown to the person who wrote the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}{what}")]
pub struct ConfigError {
    place: Place,
    what: String,
}

/// Where the fault is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(String),
    Line(String, usize),
    Environment(String),
    Nowhere,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{file}: "),
            Self::Line(file, line) => write!(f, "{file}:{line}: "),
            Self::Environment(variable) => write!(f, "environment variable {variable}: "),
            Self::Nowhere => Ok(()),
        }
    }
}

impl ConfigError {
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let what = if error.kind() == std::io::ErrorKind::InvalidData {
            "this is not TOML: it is no text in UTF-8".to_owned()
        } else {
            format!("cannot be read: {error}")
        };
        Self { place: Place::File(path.display().to_string()), what }
    }
}

/// The text that a fault is looked up in.
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// Tells a fault of TOML itself with its line.
    pub(super) fn check_syntax(&self) -> Result<(), ConfigError> {
        let Err(error) = Document::parse(self.text) else {
            return Ok(());
        };
        let line = self.line_of(error.span().map_or(0, |span| span.start));
        let what = format!("this is not TOML: {}", error.message().trim().replace('\n', ", "));
        Err(ConfigError { place: Place::Line(self.name(), line), what })
    }

    /// A fault that we found ourselves in the value of `key`.
    pub(super) fn at(&self, key: &str, wrong: &str) -> ConfigError {
        ConfigError { place: self.place(key), what: format!("{key}: {wrong}") }
    }

    /// What figment found.
    pub(super) fn explain(&self, error: &figment::Error) -> ConfigError {
        let from_environment = error.metadata.as_ref().is_some_and(|from| from.name.contains("environment"));
        let mut path = error.path.clone();
        let what = match &error.kind {
            Kind::UnknownField(key, known) => {
                if path.last() != Some(key) {
                    path.push(key.clone());
                }
                unknown(&path, known)
            }
            Kind::InvalidType(found, wanted) | Kind::InvalidValue(found, wanted) => {
                let wanted = match wanted.as_str() {
                    "a boolean" => "true or false",
                    "path string" => "a path such as \"/var/lib/cordial\"",
                    wanted if wanted.starts_with("struct ") => "a table",
                    wanted => wanted,
                };
                format!("expected {wanted}, found {}", shown(found))
            }
            Kind::Message(_)
            | Kind::InvalidLength(..)
            | Kind::UnknownVariant(..)
            | Kind::MissingField(_)
            | Kind::DuplicateField(_)
            | Kind::ISizeOutOfRange(_)
            | Kind::USizeOutOfRange(_)
            | Kind::Unsupported(_)
            | Kind::UnsupportedKey(..) => error.kind.to_string(),
        };
        let key = path.join(".");
        let place = if from_environment {
            Place::Environment(format!("CORDIAL_{}", path.join("__").to_uppercase()))
        } else {
            self.place(&key)
        };
        ConfigError { place, what: format!("{key}: {what}") }
    }

    fn place(&self, key: &str) -> Place {
        match self.line(key) {
            Some(line) => Place::Line(self.name(), line),
            None if self.text.is_empty() => Place::Nowhere,
            None => Place::File(self.name()),
        }
    }

    fn name(&self) -> String {
        self.file.display().to_string()
    }

    /// The line on which `table.option` is written, or else its table.
    fn line(&self, key: &str) -> Option<usize> {
        let document = Document::parse(self.text).ok()?;
        let mut table: &dyn toml_edit::TableLike = document.as_table();
        let mut start = None;
        for part in key.split('.') {
            // What is missing is told where its table begins.
            let Some((key, item)) = table.get_key_value(part) else {
                break;
            };
            start = key.span().or(item.span());
            match item.as_table_like() {
                Some(inner) => table = inner,
                None => break,
            }
        }
        start.map(|span| self.line_of(span.start))
    }

    fn line_of(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }
}

/// "no such option" with the nearest one that exists.
fn unknown(path: &[String], known: &[&str]) -> String {
    let written = path.last().map_or("", String::as_str);
    let nearest = known
        .iter()
        .map(|option| (distance(written, option), *option))
        .filter(|(distance, option)| *distance <= 1 + option.len() / 3 || written.starts_with(option))
        .min();
    match nearest {
        Some((_, option)) => format!("no such option; did you mean \"{option}\"?"),
        None => format!("no such option; there are {}", known.join(", ")),
    }
}

fn shown(found: &figment::error::Actual) -> String {
    use figment::error::Actual;
    match found {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Char(value) => format!("{value:?}"),
        Actual::Str(value) => format!("{value:?}"),
        Actual::Seq => "a list".to_owned(),
        Actual::Map => "a table".to_owned(),
        Actual::Bytes(_)
        | Actual::Unit
        | Actual::Option
        | Actual::NewtypeStruct
        | Actual::Enum
        | Actual::UnitVariant
        | Actual::NewtypeVariant
        | Actual::TupleVariant
        | Actual::StructVariant
        | Actual::Other(_) => found.to_string(),
    }
}

/// Letters to add, drop, change or swap with their neighbour to come from `a` to `b`.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let change = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}
